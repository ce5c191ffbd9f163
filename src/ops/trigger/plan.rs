//! What to run: every request, and what is passed over and why. Pure.

use crate::{
    error::{Error, Kind, Result},
    pipeline::run::{Run, State, Verdict},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, HashMap},
    fmt,
};

/// How many runs a plan may hold, whatever the budget: it is kept in memory.
pub const PLANNED_MAX: usize = 100_000;

/// A run that is wanted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Its number in its session, from 0.
    pub number: usize,
    /// The job, by the engine's name.
    pub job: String,
    /// The revision, whole.
    pub revision: String,
    /// A branch that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Parameters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// Variables.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// What it has to wait for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Need>,
    /// Whether its tree is held when it fails.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hold: bool,
}

/// What an item has to wait for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// An item of the same session, by number.
    Item(usize),
    /// A run that somebody else asked for. One that passed is there already.
    Run(Box<Run>),
}

/// A revision that gets no further run of a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PassedOver {
    /// The job.
    pub job: String,
    /// The revision.
    pub revision: String,
    /// Why.
    pub why: Why,
}

/// Why a revision gets no run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It has as many as it should.
    Enough {
        /// How many it has, in every state that counts.
        have: usize,
        /// How many of these failed.
        failed: usize,
        /// How many of these are not over.
        open: usize,
    },
    /// What it needs failed at this revision.
    UpstreamFailed {
        /// The job that it needs.
        job: String,
        /// The run that failed.
        run: String,
    },
    /// The engine cannot start it.
    Blocked {
        /// What it says.
        why: String,
    },
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::Enough { have, failed: 0, open: 0 } => write!(f, "it has {have}"),
            Why::Enough { have, failed, open: 0 } => write!(f, "it has {have}: {failed} failed"),
            Why::Enough { have, failed: 0, open } => write!(f, "it has {have}: {open} not over"),
            Why::Enough { have, failed, open } => write!(f, "it has {have}: {failed} failed, {open} not over"),
            Why::UpstreamFailed { job, run } => write!(f, "{job}, which it needs, failed there ({run})"),
            Why::Blocked { why } => f.write_str(why),
        }
    }
}

/// A plan.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// What is asked for.
    pub items: Vec<Item>,
    /// What is not, and why.
    pub passed_over: Vec<PassedOver>,
    /// What it will take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Estimate>,
    /// What is to be said of it: a permanent failure, a limit that was reached.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What a plan will take, told from the runs that there were.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Machine time in seconds.
    pub seconds: f64,
    /// How many finished runs that was told from.
    pub samples: usize,
}

/// The runs of one job that count at each revision, by what they say.
#[derive(Debug, Clone, Default)]
pub struct History {
    at: HashMap<String, Vec<Run>>,
    seconds: Vec<f64>,
}

impl History {
    /// Sorts runs by their revision: the one that they really had, and the one asked for where the engine does not say.
    pub fn new(runs: impl IntoIterator<Item = Run>) -> History {
        let mut history = History::default();
        for run in runs {
            if run.state.evidence().is_some() {
                history.seconds.extend(run.seconds());
            }
            let asked = run.revision.clone();
            let Some(revision) = asked.or_else(|| run.got_revision.clone()) else { continue };
            history.at.entry(revision).or_default().push(run);
        }
        history
    }

    /// Whether there are no runs.
    pub fn is_empty(&self) -> bool {
        self.at.is_empty()
    }

    /// The runs at a revision, the latest first.
    pub fn at(&self, revision: &str) -> &[Run] {
        self.at.get(revision).map_or(&[], Vec::as_slice)
    }

    /// How many of a revision's runs count.
    pub fn have(&self, revision: &str) -> usize {
        self.at(revision).iter().filter(|run| run.state_at(revision).counts()).count()
    }

    /// What a revision's runs prove: failed when any did, passed when some did and none failed.
    pub fn verdict(&self, revision: &str) -> Option<Verdict> {
        let verdicts = || self.at(revision).iter().filter_map(|run| run.state_at(revision).evidence());
        let failed = verdicts().any(|verdict| verdict == Verdict::Failed);
        if failed { Some(Verdict::Failed) } else { verdicts().next() }
    }

    /// The state that tells most of a revision: a proof before what may become one, that before what says nothing.
    pub fn state(&self, revision: &str) -> State {
        let states = self.at(revision).iter().map(|run| run.state_at(revision));
        states.min_by_key(|state| rank(*state)).unwrap_or(State::NeverScheduled)
    }

    /// Whether some run of a revision is not over.
    pub fn open(&self, revision: &str) -> Option<&Run> {
        self.at(revision).iter().find(|run| !run.state.is_over())
    }

    /// How long so many more runs take, by the mean of the finished ones.
    pub fn estimate(&self, runs: usize) -> Option<Estimate> {
        let samples = self.seconds.len();
        let mean = self.seconds.iter().sum::<f64>() / samples.max(1) as f64;
        (samples > 0).then_some(Estimate { seconds: mean * runs as f64, samples })
    }
}

/// How much a state tells; the least number tells most.
fn rank(state: State) -> usize {
    const ORDER: [State; 15] = [
        State::Failed,
        State::TimedOut,
        State::Succeeded,
        State::SucceededWithIssues,
        State::Running,
        State::Pending,
        State::Uncertain,
        State::Expected,
        State::Infra,
        State::Interrupted,
        State::Cancelled,
        State::Expired,
        State::Skipped,
        State::Coalesced,
        State::NeverScheduled,
    ];
    ORDER.iter().position(|one| *one == state).unwrap_or(ORDER.len())
}

/// What is wanted of one job.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The job, by the engine's name.
    pub job: String,
    /// How many runs a revision should have in all.
    pub times: usize,
    /// Parameters for each.
    pub parameters: BTreeMap<String, String>,
    /// Variables for each.
    pub env: BTreeMap<String, String>,
    /// A branch that holds the revisions.
    pub branch: Option<String>,
    /// Whether trees are held when a run fails.
    pub hold: bool,
}

impl Wanted {
    /// Whether nothing is given for the job.
    pub fn is_plain(&self) -> bool {
        self.parameters.is_empty() && self.env.is_empty()
    }
}

/// A job that has to be there first, and its runs.
pub struct Upstream<'a> {
    /// The job, by the engine's name.
    pub job: &'a str,
    /// Its runs.
    pub history: &'a History,
    /// What it needs in turn, by the places in the list of all.
    pub needs: Vec<usize>,
}

impl Plan {
    /// Adds the runs that revisions lack: as many more of each as it should have in all, less those that have run, run or
    /// wait. Where the job needs another one that a revision lacks, that is added once before. `upstream` is every job that it
    /// needs, in turn, what is needed first; `direct` are the places there of those that it needs itself.
    ///
    /// # Errors
    /// `Usage` beyond [`PLANNED_MAX`] runs.
    pub fn want<'r>(
        &mut self,
        wanted: &Wanted,
        revisions: impl IntoIterator<Item = &'r str>,
        history: &History,
        upstream: &[Upstream<'_>],
        direct: &[usize],
    ) -> Result<()> {
        for revision in revisions {
            let have = history.have(revision);
            let lacking = wanted.times.saturating_sub(have);
            let pass_over = |why| PassedOver { job: wanted.job.clone(), revision: revision.into(), why };
            if lacking == 0 {
                let states = || history.at(revision).iter().map(|run| run.state_at(revision));
                let failed = states().filter(|state| state.evidence() == Some(Verdict::Failed)).count();
                let open = states().filter(|state| state.counts() && !state.is_over()).count();
                self.passed_over.push(pass_over(Why::Enough { have, failed, open }));
                continue;
            }
            let needs = match self.needs(revision, wanted, upstream, direct) {
                Ok(needs) => needs,
                Err(why) => {
                    self.passed_over.push(pass_over(why));
                    continue;
                }
            };
            affordable(self.items.len().saturating_add(lacking))?;
            for _ in 0..lacking {
                self.push(&wanted.job, revision, wanted, needs.clone());
            }
        }
        Ok(())
    }

    /// What has to be there before: present, waited for, or added. The reason why it never will be.
    fn needs(
        &mut self,
        revision: &str,
        wanted: &Wanted,
        upstream: &[Upstream<'_>],
        direct: &[usize],
    ) -> Result<Vec<Need>, Why> {
        let direct = || direct.iter().filter_map(|at| upstream.get(*at));
        let failed = direct().find_map(|up| {
            let good = up.history.verdict(revision) == Some(Verdict::Passed) || passed(up.history, revision).is_some();
            let run = up.history.at(revision).iter().find(|run| run.state_at(revision).evidence().is_some())?;
            let open = up.history.open(revision).is_some();
            (!good && !open).then(|| Why::UpstreamFailed { job: up.job.into(), run: run.id.clone() })
        });
        if let Some(failed) = failed {
            return Err(failed);
        }
        let mut needs = Vec::new();
        for up in direct() {
            needs.push(match (passed(up.history, revision), up.history.open(revision)) {
                (Some(run), _) | (None, Some(run)) => Need::Run(Box::new(run.clone())),
                (None, None) => Need::Item(match self.planned(up.job, revision) {
                    Some(number) => number,
                    None => {
                        let before = self.needs(revision, wanted, upstream, &up.needs)?;
                        let plain = Wanted { branch: wanted.branch.clone(), ..Wanted::default() };
                        self.push(up.job, revision, &plain, before)
                    }
                }),
            });
        }
        Ok(needs)
    }

    fn planned(&self, job: &str, revision: &str) -> Option<usize> {
        self.items.iter().rposition(|item| item.job == job && item.revision == revision).map(|at| self.items[at].number)
    }

    fn push(&mut self, job: &str, revision: &str, wanted: &Wanted, needs: Vec<Need>) -> usize {
        let number = self.items.len();
        self.items.push(Item {
            number,
            job: job.into(),
            revision: revision.into(),
            branch: wanted.branch.clone(),
            parameters: wanted.parameters.clone(),
            env: wanted.env.clone(),
            needs,
            hold: wanted.hold,
        });
        number
    }

    /// Adds the estimate of another part.
    pub fn estimated(&mut self, more: Option<Estimate>) {
        self.estimate = match (self.estimate, more) {
            (Some(a), Some(b)) => Some(Estimate { seconds: a.seconds + b.seconds, samples: a.samples + b.samples }),
            (one, other) => one.or(other),
        };
    }
}

/// Refuses more runs than a plan may hold.
///
/// # Errors
/// `Usage`.
pub fn affordable(runs: usize) -> Result<()> {
    if runs <= PLANNED_MAX {
        return Ok(());
    }
    Err(Error::new(Kind::Usage, format!("this would plan more than {PLANNED_MAX} runs, and no command may"))
        .hint("take fewer revisions, or fewer runs of each"))
}

/// The latest run of a revision that passed.
fn passed<'h>(history: &'h History, revision: &str) -> Option<&'h Run> {
    history.at(revision).iter().find(|run| run.state_at(revision).evidence() == Some(Verdict::Passed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(revision: &str, state: State) -> Run {
        Run { revision: Some(revision.into()), ..Run::new(format!("{revision}-{state:?}"), "unit", state) }
    }

    fn wanted(times: usize) -> Wanted {
        Wanted { job: "unit".into(), times, ..Wanted::default() }
    }

    fn asked(plan: &Plan) -> Vec<(&str, &str)> {
        plan.items.iter().map(|item| (item.job.as_str(), item.revision.as_str())).collect()
    }

    #[test]
    fn a_revision_gets_what_it_lacks_and_no_more() {
        use State::*;
        for (states, times, expected) in [
            (&[][..], 3, 3),
            (&[Succeeded, Failed], 3, 1),
            (&[Running, Pending, Uncertain], 3, 0),
            (&[Succeeded; 5], 3, 0),
            (&[Coalesced, Infra, Cancelled, Interrupted, Skipped, Expired], 2, 2),
            (&[TimedOut, SucceededWithIssues], 2, 0),
        ] {
            let history = History::new(states.iter().map(|state| run("a", *state)));
            let mut plan = Plan::default();
            plan.want(&wanted(times), ["a"], &history, &[], &[]).unwrap();
            assert_eq!(plan.items.len(), expected, "{states:?} of {times}");
            assert_eq!(plan.passed_over.is_empty(), expected > 0, "{states:?} of {times}");
        }
    }

    #[test]
    fn more_than_a_plan_may_hold_is_refused_before_it_is_there() {
        for (times, planned) in [(PLANNED_MAX, true), (PLANNED_MAX + 1, false), (usize::MAX, false)] {
            let mut plan = Plan::default();
            let result = plan.want(&wanted(times), ["a"], &History::default(), &[], &[]);
            assert_eq!(result.is_ok(), planned, "{times}");
        }
    }

    #[test]
    fn a_run_that_had_another_revision_is_not_one_of_this() {
        let other = Run { got_revision: Some("b".into()), ..run("a", State::Succeeded) };
        let mut plan = Plan::default();
        plan.want(&wanted(1), ["a"], &History::new([other]), &[], &[]).unwrap();
        assert_eq!(asked(&plan), [("unit", "a")]);
    }

    #[test]
    fn the_state_of_what_is_needed_decides() {
        use State::*;
        let present = |need: &Need| matches!(need, Need::Run(run) if run.state == Succeeded);
        let waiting = |need: &Need| matches!(need, Need::Run(run) if run.state == Running);
        let built = |need: &Need| *need == Need::Item(0);
        type Holds<'a> = &'a dyn Fn(&Need) -> bool;
        let cases: [(&[State], usize, Option<Holds<'_>>); 7] = [
            (&[Succeeded], 0, Some(&present)),
            (&[Failed, Succeeded], 0, Some(&present)),
            (&[Running], 0, Some(&waiting)),
            (&[Failed, Running], 0, Some(&waiting)),
            (&[], 1, Some(&built)),
            (&[Coalesced, Infra], 1, Some(&built)),
            (&[Failed], 0, None),
        ];
        for (states, builds, need) in cases {
            let builds_before = History::new(states.iter().map(|state| run("a", *state)));
            let upstream = [Upstream { job: "build", history: &builds_before, needs: Vec::new() }];
            let mut plan = Plan::default();
            plan.want(&wanted(2), ["a"], &History::default(), &upstream, &[0]).unwrap();
            assert_eq!(plan.items.iter().filter(|item| item.job == "build").count(), builds, "{states:?}");
            let tests: Vec<&Item> = plan.items.iter().filter(|item| item.job == "unit").collect();
            match need {
                Some(holds) => assert!(tests.len() == 2 && tests.iter().all(|t| holds(&t.needs[0])), "{states:?}"),
                None => assert!(
                    tests.is_empty() && matches!(plan.passed_over[0].why, Why::UpstreamFailed { .. }),
                    "{states:?}"
                ),
            }
        }
    }

    #[test]
    fn what_is_needed_in_turn_is_built_once_and_first() {
        let none = History::default();
        let upstream = [
            Upstream { job: "setup", history: &none, needs: Vec::new() },
            Upstream { job: "build", history: &none, needs: vec![0] },
        ];
        let mut plan = Plan::default();
        plan.want(&wanted(2), ["a", "b"], &none, &upstream, &[1]).unwrap();
        let expected = ["setup", "build", "unit", "unit"];
        let expected: Vec<_> = ["a", "b"].iter().flat_map(|r| expected.map(|job| (job, *r))).collect();
        assert_eq!(asked(&plan), expected);
        assert!(plan.items.iter().enumerate().all(|(at, item)| item.number == at));
    }
}
