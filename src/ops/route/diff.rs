//! `route diff`: which recorded jobs would go elsewhere under other rules.

use super::{
    decide::{Silent, attempt},
    job::Job,
    lines,
    rules::Rules,
};
use crate::error::{Error, Kind, Result};
use serde::{Serialize, Serializer};
use std::{
    collections::{BTreeMap, HashMap},
    io::BufRead,
};

/// Where a job goes under some rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Side<'a> {
    /// To a queue.
    Queue {
        /// Its name.
        queue: &'a str,
        /// Where it lives.
        subscription: &'a str,
    },
    /// Nowhere.
    Failed {
        /// The kind of the error.
        #[serde(serialize_with = "kind")]
        error: Kind,
    },
}

fn kind<S: Serializer>(kind: &Kind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.as_str())
}

impl Side<'_> {
    /// Whether the job goes nowhere.
    pub fn failed(&self) -> bool {
        matches!(self, Side::Failed { .. })
    }
}

impl std::fmt::Display for Side<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Side::Queue { queue, subscription } => write!(f, "{queue} in {subscription}"),
            Side::Failed { error } => write!(f, "fails ({})", error.as_str()),
        }
    }
}

/// A job that goes elsewhere.
#[derive(Debug, Serialize)]
pub struct Move<'a> {
    /// Where it goes under the old rules.
    pub from: Side<'a>,
    /// Where it goes under the new.
    pub to: Side<'a>,
    /// Its line in the jobs, from 1.
    pub line: u64,
    /// The job, without its variables.
    pub job: &'a Job,
}

/// Jobs that go elsewhere, from one queue to another.
#[derive(Debug, Serialize)]
pub struct Group<'a> {
    /// Where they go under the old rules.
    pub from: Side<'a>,
    /// Where they go under the new.
    pub to: Side<'a>,
    /// How many.
    pub count: u64,
    /// The first of them, without its variables.
    pub example: Job,
    /// Its line in the jobs, from 1.
    pub line: u64,
}

/// What becomes of the jobs.
#[derive(Debug, Default, Serialize)]
pub struct Moves<'a> {
    /// How many jobs there are.
    pub jobs: u64,
    /// How many go from a queue to another.
    pub moved: u64,
    /// How many begin to fail.
    pub broken: u64,
    /// How many cease to fail.
    pub mended: u64,
    /// How many fail under both.
    pub failing: u64,
    /// How many lines are no jobs.
    pub unreadable: u64,
    /// The first of those, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreadable_line: Option<u64>,
    /// Those that go elsewhere: the most first, then in the order of the jobs.
    pub groups: Vec<Group<'a>>,
}

impl Moves<'_> {
    /// Whether no job goes elsewhere.
    pub fn is_none(&self) -> bool {
        self.groups.is_empty()
    }
}

/// A queue's number in rules, or what kind of error there was: small, and one for each spelling of a name.
type Key = Result<u32, Kind>;

/// Decides each line of `jobs`, JSON as for `route batch`, under both rules, and calls `each` for those that go elsewhere.
/// Memory grows with the pairs of queues, not with the jobs.
///
/// # Errors
/// Those of reading and of `each`.
pub fn diff<'r>(
    old: &'r Rules,
    new: &'r Rules,
    jobs: impl BufRead,
    mut each: impl FnMut(&Move<'_>) -> Result<()>,
) -> Result<Moves<'r>> {
    let mut moves = Moves::default();
    let mut groups: HashMap<(Key, Key), Group<'r>> = HashMap::new();
    let mut line = 0;
    lines::each(jobs, |text| {
        line += 1;
        if text.iter().all(u8::is_ascii_whitespace) {
            return Ok(());
        }
        let Ok(job) = serde_json::from_slice::<Job>(text) else {
            moves.unreadable += 1;
            moves.unreadable_line.get_or_insert(line);
            return Ok(());
        };
        // They have told what they have to tell, and secrets may be among them.
        let job = Job { variables: BTreeMap::new(), ..job.settle() };
        moves.jobs += 1;
        let keys = (key(old, &job), key(new, &job));
        let (from, to) = (side(old, keys.0), side(new, keys.1));
        match (from.failed(), to.failed()) {
            (true, true) => {
                moves.failing += 1;
                return Ok(());
            }
            (false, false) if same(from, to) => return Ok(()),
            (false, false) => moves.moved += 1,
            (false, true) => moves.broken += 1,
            (true, false) => moves.mended += 1,
        }
        each(&Move { from, to, line, job: &job })?;
        let count = &mut groups.entry(keys).or_insert_with(|| Group { from, to, count: 0, example: job, line }).count;
        *count += 1;
        Ok(())
    })?;
    moves.groups = groups.into_values().collect();
    moves.groups.sort_by_key(|group| (std::cmp::Reverse(group.count), group.line));
    Ok(moves)
}

fn key(rules: &Rules, job: &Job) -> Key {
    attempt(rules, job, &mut Silent).map(|decision| decision.queue).map_err(|error| error.kind())
}

fn side(rules: &Rules, key: Key) -> Side<'_> {
    match key {
        Ok(number) => {
            let queue = rules.queue(number);
            Side::Queue { queue: &queue.name, subscription: &queue.subscription }
        }
        Err(error) => Side::Failed { error },
    }
}

/// Whether a job runs at the same place: names compare without case.
fn same(from: Side<'_>, to: Side<'_>) -> bool {
    match (from, to) {
        (Side::Queue { queue: a, subscription: x }, Side::Queue { queue: b, subscription: y }) => {
            a.eq_ignore_ascii_case(b) && x == y
        }
        _ => false,
    }
}

/// Opens a file of jobs for reading.
///
/// # Errors
/// `NotFound`, `Denied`, `Internal`.
pub fn open(path: &std::path::Path) -> Result<impl BufRead + use<>> {
    let file = std::fs::File::open(path).map_err(|e| {
        Error::io("reading the jobs", path, e).hint("jobs are lines of JSON, as `ci-tool route batch` reads them")
    })?;
    Ok(std::io::BufReader::with_capacity(1 << 18, file))
}
