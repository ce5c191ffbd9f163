//! `route audit`: whether jobs ran where the rules would have sent them.

mod metrics;
#[cfg(test)]
mod tests;

pub use metrics::{metrics, write};

use super::{
    decide::{By, decide},
    job::Branch,
    queue_id::QueueId,
    rules::{RedirectionKind, Rules},
    usage::Use,
};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::{BTreeSet, HashMap};

/// Branches and repositories that a finding lists at most.
const LISTED: usize = 16;
/// Queues that the rules do not know and that are told apart at most: usage can be of anything.
const UNKNOWN_MAX: usize = 1000;

/// What is wrong, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// Servicing jobs ran on a queue though it has a servicing twin.
    Leak,
    /// Jobs ran on a queue whose twin they should have gone to, and there is none.
    MissingTwin,
    /// Jobs ran on another team's queue, or not on that of their own.
    WrongTeam,
    /// Jobs ran on a queue that the rules do not know.
    UnknownQueue,
    /// No job ran on a twin, and none should have.
    UnusedTwin,
}

impl FindingKind {
    /// All of them.
    pub const ALL: [FindingKind; 5] = [
        FindingKind::Leak,
        FindingKind::MissingTwin,
        FindingKind::WrongTeam,
        FindingKind::UnknownQueue,
        FindingKind::UnusedTwin,
    ];

    /// The name in JSON and in metrics, in `snake_case`.
    pub fn as_str(self) -> &'static str {
        match self {
            FindingKind::Leak => "leak",
            FindingKind::MissingTwin => "missing_twin",
            FindingKind::WrongTeam => "wrong_team",
            FindingKind::UnknownQueue => "unknown_queue",
            FindingKind::UnusedTwin => "unused_twin",
        }
    }
}

/// Something that is wrong with one queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What.
    pub kind: FindingKind,
    /// The queue that jobs ran on, or the twin that none did.
    pub queue: String,
    /// The queue that they should have run on; for one that the rules do not know, the one that is spelled most like it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub should: Option<String>,
    /// Jobs, branches, an example.
    #[serde(flatten)]
    pub jobs: Tally,
}

/// The jobs of a finding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// How many.
    pub jobs: u64,
    /// Their branches, or those that pull requests were for; at most 16.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub branches: BTreeSet<String>,
    /// Their repositories; at most 16.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub repositories: BTreeSet<String>,
    /// When the last one ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<Timestamp>,
    /// What the CI calls the last one that has an id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
}

impl Tally {
    fn add(&mut self, row: &Use) {
        self.jobs = self.jobs.saturating_add(row.count);
        if let Branch::Known(branch) = row.job.deciding_branch() {
            list(&mut self.branches, branch);
        }
        if let Some(repository) = row.job.short_repository() {
            list(&mut self.repositories, repository);
        }
        let latest = self.last.is_none_or(|last| row.time >= last);
        if row.id.is_some() && (latest || self.example.is_none()) {
            self.example.clone_from(&row.id);
        }
        self.last = self.last.max(Some(row.time));
    }
}

fn list(names: &mut BTreeSet<String>, name: &str) {
    if names.len() < LISTED && !names.contains(name) {
        names.insert(name.to_owned());
    }
}

/// What an audit found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Audit {
    /// The worst first, then those of most jobs.
    pub findings: Vec<Finding>,
    /// Jobs in the period.
    pub jobs: u64,
    /// Jobs before it, which do not count.
    pub earlier: u64,
    /// Pull requests without a target, and jobs without a branch: nobody knows whether they are for a servicing branch.
    pub unclear: u64,
    /// Jobs on queues that the rules do not know and that are more than are told apart.
    #[serde(skip_serializing_if = "is_zero")]
    pub unlisted: u64,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// Hears of jobs one after the other, and keeps what is wrong: as much as there are queues, however many jobs.
#[derive(Debug)]
pub struct Auditor<'a> {
    rules: &'a Rules,
    since: Option<Timestamp>,
    known: HashMap<(FindingKind, u32, Should), Tally>,
    unknown: HashMap<String, Tally>,
    /// By number: whether jobs ran on the queue, or should have.
    used: Vec<bool>,
    audit: Audit,
}

/// The queue that jobs should have run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Should {
    /// One that there is.
    Queue(u32),
    /// The twin under a redirection, which there is not.
    Twin(u16),
}

impl<'a> Auditor<'a> {
    /// Begins. Jobs before `since` do not count.
    pub fn new(rules: &'a Rules, since: Option<Timestamp>) -> Auditor<'a> {
        let audit = Audit { findings: Vec::new(), jobs: 0, earlier: 0, unclear: 0, unlisted: 0 };
        let used = vec![false; rules.queues.len()];
        Auditor { rules, since, known: HashMap::new(), unknown: HashMap::new(), used, audit }
    }

    /// Takes a row into account.
    pub fn see(&mut self, row: &Use) {
        if self.since.is_some_and(|since| row.time < since) {
            self.audit.earlier = self.audit.earlier.saturating_add(row.count);
            return;
        }
        if row.count == 0 {
            return;
        }
        self.audit.jobs = self.audit.jobs.saturating_add(row.count);
        let name = QueueId::parse(&row.job.queue).map_or(row.job.queue.as_str(), |id| id.name);
        let Some(ran_on) = self.rules.find(name) else { return self.unknown(name, row) };
        self.used[ran_on as usize] = true;
        // The queue is there, so that this cannot fail.
        let Ok(decision) = decide(self.rules, &row.job) else { return };
        let unclear = matches!(row.job.deciding_branch(), Branch::NoTarget | Branch::Unknown);
        if unclear && !matches!(decision.by, By::OnPremises | By::Exempt | By::Already(_)) {
            self.audit.unclear = self.audit.unclear.saturating_add(row.count);
        }
        let number = |rule: &str| self.rules.redirections.iter().position(|r| r.name.value == rule);
        let (kind, should) = match decision.by {
            By::Redirection(rule) => {
                self.used[decision.queue as usize] = true;
                let servicing =
                    number(rule).is_some_and(|n| self.rules.redirections[n].kind == RedirectionKind::Servicing);
                (if servicing { FindingKind::Leak } else { FindingKind::WrongTeam }, Should::Queue(decision.queue))
            }
            By::MissingTwin(rule) => match number(rule) {
                Some(n) => (FindingKind::MissingTwin, Should::Twin(n as u16)),
                None => return,
            },
            By::Standard if self.is_others(ran_on, row) => {
                (FindingKind::WrongTeam, Should::Queue(self.rules.standard_of(ran_on)))
            }
            _ => return,
        };
        self.known.entry((kind, ran_on, should)).or_default().add(row);
    }

    /// Whether the queue is a team's, and the repository is known to be none of it.
    fn is_others(&self, queue: u32, row: &Use) -> bool {
        let Some((n, Some(_))) = self.rules.queue(queue).twin_of else { return false };
        let redirection = &self.rules.redirections[usize::from(n)];
        redirection.kind == RedirectionKind::Team
            && row.job.short_repository().is_some_and(|repository| !redirection.repositories.has(repository))
    }

    fn unknown(&mut self, name: &str, row: &Use) {
        let name = name.to_ascii_lowercase();
        if self.unknown.len() == UNKNOWN_MAX && !self.unknown.contains_key(&name) {
            self.audit.unlisted = self.audit.unlisted.saturating_add(row.count);
            return;
        }
        self.unknown.entry(name).or_default().add(row);
    }

    /// Ends, and says what is wrong.
    pub fn finish(self) -> Audit {
        let rules = self.rules;
        let mut audit = self.audit;
        let known = self.known.into_iter().map(|((kind, queue, should), jobs)| Finding {
            kind,
            queue: rules.queue(queue).name.clone(),
            should: Some(match should {
                Should::Queue(number) => rules.queue(number).name.clone(),
                Should::Twin(n) => {
                    let standard = rules.queue(rules.standard_of(queue));
                    format!("{}{}", standard.name, rules.redirections[usize::from(n)].suffix.value)
                }
            }),
            jobs,
        });
        let unknown = self.unknown.into_iter().map(|(queue, jobs)| {
            let should = rules.nearest(&queue).map(str::to_owned);
            Finding { kind: FindingKind::UnknownQueue, queue, should, jobs }
        });
        let unused = rules.queues.iter().zip(self.used).filter(|(queue, used)| {
            let on_premises = queue.on_premises
                || queue.twin_of.is_some_and(|(_, base)| base.is_some_and(|n| rules.queue(n).on_premises));
            queue.twin_of.is_some() && !used && !on_premises
        });
        let unused = unused.map(|(queue, _)| Finding {
            kind: FindingKind::UnusedTwin,
            queue: queue.name.clone(),
            should: None,
            jobs: Tally::default(),
        });
        audit.findings = known.chain(unknown).chain(unused).collect();
        audit.findings.sort_by(|a, b| {
            let key = |f: &Finding| (f.kind, std::cmp::Reverse(f.jobs.jobs));
            key(a).cmp(&key(b)).then_with(|| (&a.queue, &a.should).cmp(&(&b.queue, &b.should)))
        });
        audit
    }
}

impl Audit {
    /// How many findings there are of a kind.
    pub fn count(&self, kind: FindingKind) -> usize {
        self.findings.iter().filter(|f| f.kind == kind).count()
    }
}
