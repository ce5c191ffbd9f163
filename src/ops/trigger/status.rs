//! How jobs stand at revisions: runs, what is still to be asked for, and why there is neither.

mod look;

pub use look::{Sessions, View, look};

use super::plan::History;
use crate::{
    pipeline::run::{Run, State, Verdict},
    vcs::Revision,
};
use jiff::Timestamp;
use serde::{Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};

/// Jobs over revisions.
#[derive(Debug, Clone, Serialize)]
pub struct Grid {
    /// The revisions, the oldest first.
    pub revisions: Vec<Revision>,
    /// The jobs, by the engine's names.
    pub jobs: Vec<String>,
    /// Every cell: a revision's are together, in the order of the jobs.
    pub cells: Vec<Cell>,
    /// What is to be said of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// A job at a revision.
#[derive(Debug, Clone, Serialize)]
pub struct Cell {
    /// The job.
    pub job: String,
    /// The revision, whole.
    pub revision: String,
    /// How it stands.
    pub state: Standing,
    /// Why that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// How many runs sessions still mean to ask for, or have asked for without an answer.
    pub expected: usize,
    /// The runs that the engine has, the latest first, each in the state that it has at this revision.
    pub runs: Vec<Run>,
}

/// How a job stands at a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It has this state; [`State::NeverScheduled`] is that nobody asked for it.
    Is(State),
    /// There is no such job at the revision.
    NoSuchJob,
    /// The engine could not say, or does not remember.
    Unknown,
}

impl Standing {
    /// The name, in `snake_case` as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Standing::Is(state) => state.as_str(),
            Standing::NoSuchJob => "no_such_job",
            Standing::Unknown => "unknown",
        }
    }
}

impl Serialize for Standing {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Grid {
    /// The cells of a revision, by its place.
    pub fn row(&self, revision: usize) -> &[Cell] {
        let width = self.jobs.len();
        self.cells.get(revision * width..(revision + 1) * width).unwrap_or_default()
    }

    /// Whether some job failed at some revision.
    pub fn failed(&self) -> bool {
        let failed =
            |cell: &Cell| matches!(cell.state, Standing::Is(state) if state.evidence() == Some(Verdict::Failed));
        self.cells.iter().any(failed)
    }
}

impl Cell {
    /// How many runs there are in each state, those expected among them.
    pub fn counts(&self) -> BTreeMap<State, usize> {
        let mut counts = BTreeMap::new();
        self.runs.iter().for_each(|run| *counts.entry(run.state).or_default() += 1);
        if self.expected > 0 {
            *counts.entry(State::Expected).or_default() += self.expected;
        }
        counts
    }
}

/// A job's name and a revision's.
type At = (String, String);

/// Everything that cells are told from.
#[derive(Debug, Default)]
struct Seen {
    /// What the engine said of each job's runs, or why it did not.
    runs: BTreeMap<String, Result<History, String>>,
    /// The keys of the requests that sessions have sent without an answer, and of none for those they mean to send.
    expected: BTreeMap<At, Vec<Option<String>>>,
    /// A run that the journal has of a job at a revision, and the engine does not any more.
    journal: BTreeMap<At, String>,
    /// Jobs that are not there at a revision.
    absent: BTreeSet<At>,
    /// When the engine's list of a job's runs begins, where that is known to be all that it remembers.
    begins: BTreeMap<String, Timestamp>,
}

impl Seen {
    fn grid(&self, revisions: &[Revision], jobs: Vec<String>, notes: Vec<String>) -> Grid {
        let cells = revisions.iter().flat_map(|revision| jobs.iter().map(|job| self.cell(job, revision))).collect();
        Grid { revisions: revisions.to_vec(), jobs, cells, notes }
    }

    fn cell(&self, job: &str, revision: &Revision) -> Cell {
        let at = (job.to_owned(), revision.id.clone());
        let (history, failure) = match self.runs.get(job) {
            Some(Ok(history)) => (Some(history), None),
            Some(Err(why)) => (None, Some(why.clone())),
            None => (None, None),
        };
        let own = |run: &Run| Run { state: run.state_at(&revision.id), ..run.clone() };
        let runs: Vec<Run> = history.map_or(&[][..], |history| history.at(&revision.id)).iter().map(own).collect();
        // A request whose answer was lost may have arrived.
        let lacking = |key: &&Option<String>| key.is_none() || runs.iter().all(|run| run.key != **key);
        let expected = self.expected.get(&at).into_iter().flatten().filter(lacking).count();
        let (state, why) = match (runs.is_empty(), failure) {
            (_, Some(why)) => (Standing::Unknown, Some(why)),
            (false, None) => (Standing::Is(history.map_or(State::NeverScheduled, |h| h.state(&revision.id))), None),
            (true, None) if expected > 0 => (Standing::Is(State::Expected), None),
            (true, None) => self.without_runs(&at, revision),
        };
        Cell { job: at.0, revision: at.1, state, why, expected, runs }
    }

    fn without_runs(&self, at: &At, revision: &Revision) -> (Standing, Option<String>) {
        if let Some(run) = self.journal.get(at) {
            return (Standing::Unknown, Some(format!("the engine does not know the run {run} any more")));
        }
        if self.absent.contains(at) {
            return (Standing::NoSuchJob, None);
        }
        match self.begins.get(&at.0) {
            Some(begins) if *begins > revision.date => (
                Standing::Unknown,
                Some(format!("the engine's list of its runs begins at {begins}, after the revision")),
            ),
            _ => (Standing::Is(State::NeverScheduled), None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn revision(id: &str, date: i64) -> Revision {
        let date = Timestamp::from_second(date).unwrap();
        Revision { id: id.into(), number: None, author: "ada".into(), date, subject: String::new(), paths: Vec::new() }
    }

    fn run(state: State, got: Option<&str>) -> Run {
        let key = Some("key".to_owned());
        Run { revision: Some("a".into()), got_revision: got.map(str::to_owned), key, ..Run::new("1", "unit", state) }
    }

    fn at() -> At {
        ("unit".into(), "a".into())
    }

    #[test]
    fn what_nobody_asked_for_is_not_what_nobody_knows() {
        type Change = fn(&mut Seen);
        let cases: [(&str, Change, Standing, usize); 11] = [
            ("nothing", |_| {}, Standing::Is(State::NeverScheduled), 0),
            ("absent", |s| s.absent.extend([at()]), Standing::NoSuchJob, 0),
            ("no answer", |s| drop(s.runs.insert("unit".into(), Err("503".into()))), Standing::Unknown, 0),
            (
                "begins later",
                |s| s.begins.extend([("unit".into(), Timestamp::from_second(101).unwrap())]),
                Standing::Unknown,
                0,
            ),
            (
                "begins before",
                |s| s.begins.extend([("unit".into(), Timestamp::from_second(99).unwrap())]),
                Standing::Is(State::NeverScheduled),
                0,
            ),
            ("forgotten", |s| drop(s.journal.insert(at(), "7".into())), Standing::Unknown, 0),
            ("planned", |s| drop(s.expected.insert(at(), vec![None, None])), Standing::Is(State::Expected), 2),
            (
                "planned and absent",
                |s| {
                    s.absent.insert(at());
                    s.expected.insert(at(), vec![None]);
                },
                Standing::Is(State::Expected),
                1,
            ),
            (
                "arrived after all",
                |s| {
                    s.runs.insert("unit".into(), Ok(History::new([run(State::Running, None)])));
                    s.expected.insert(at(), vec![Some("key".into()), Some("other".into())]);
                },
                Standing::Is(State::Running),
                1,
            ),
            (
                "of another revision",
                |s| drop(s.runs.insert("unit".into(), Ok(History::new([run(State::Succeeded, Some("b"))])))),
                Standing::Is(State::Coalesced),
                0,
            ),
            (
                "a failure among others",
                |s| {
                    let runs = [run(State::Succeeded, None), run(State::Failed, None), run(State::Infra, None)];
                    s.runs.insert("unit".into(), Ok(History::new(runs)));
                    s.absent.insert(at());
                },
                Standing::Is(State::Failed),
                0,
            ),
        ];
        for (name, change, state, expected) in cases {
            let mut seen = Seen::default();
            seen.runs.insert("unit".into(), Ok(History::default()));
            change(&mut seen);
            let cell = seen.cell("unit", &revision("a", 100));
            assert_eq!((cell.state, cell.expected), (state, expected), "{name}");
            assert_eq!(cell.why.is_some(), state == Standing::Unknown, "{name}");
        }
    }

    #[test]
    fn a_grid_has_a_cell_for_every_job_at_every_revision() {
        let mut seen = Seen::default();
        seen.runs.insert("unit".into(), Ok(History::new([run(State::Failed, None), run(State::Succeeded, None)])));
        let revisions = [revision("a", 1), revision("b", 2)];
        let grid = seen.grid(&revisions, vec!["build".into(), "unit".into()], Vec::new());
        let row: Vec<&str> = grid.row(0).iter().map(|cell| cell.state.as_str()).collect();
        assert_eq!(row, ["never_scheduled", "failed"]);
        assert_eq!(grid.row(0)[1].counts(), BTreeMap::from([(State::Succeeded, 1), (State::Failed, 1)]));
        assert!(grid.row(2).is_empty());
        assert!(grid.failed() && grid.row(1).iter().all(|cell| cell.state == Standing::Is(State::NeverScheduled)));
    }
}
