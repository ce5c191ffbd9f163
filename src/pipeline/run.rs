//! A job's runs: their states, and what each state says.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

/// Where a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The engine never had it.
    NeverScheduled,
    /// It will be asked for when what it needs is there.
    Expected,
    /// Waiting for a machine.
    Pending,
    /// On a machine.
    Running,
    /// Passed.
    Succeeded,
    /// Passed, with something to look at: warnings, an unstable build.
    SucceededWithIssues,
    /// Failed by itself.
    Failed,
    /// Ended by the machinery around it: a lost worker, a broken checkout. Says nothing of the revision.
    Infra,
    /// Took longer than it may.
    TimedOut,
    /// Somebody stopped it.
    Cancelled,
    /// Whoever ran it died.
    Interrupted,
    /// The engine answered it with another run. Not done.
    Coalesced,
    /// The engine decided not to run it.
    Skipped,
    /// It waited longer than the engine keeps requests.
    Expired,
    /// Submitted, but the answer was lost: it may run or not.
    Uncertain,
}

impl State {
    /// Every state.
    pub const ALL: [State; 15] = [
        State::NeverScheduled,
        State::Expected,
        State::Pending,
        State::Running,
        State::Succeeded,
        State::SucceededWithIssues,
        State::Failed,
        State::Infra,
        State::TimedOut,
        State::Cancelled,
        State::Interrupted,
        State::Coalesced,
        State::Skipped,
        State::Expired,
        State::Uncertain,
    ];

    /// The name, in `snake_case` as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            State::NeverScheduled => "never_scheduled",
            State::Expected => "expected",
            State::Pending => "pending",
            State::Running => "running",
            State::Succeeded => "succeeded",
            State::SucceededWithIssues => "succeeded_with_issues",
            State::Failed => "failed",
            State::Infra => "infra",
            State::TimedOut => "timed_out",
            State::Cancelled => "cancelled",
            State::Interrupted => "interrupted",
            State::Coalesced => "coalesced",
            State::Skipped => "skipped",
            State::Expired => "expired",
            State::Uncertain => "uncertain",
        }
    }

    /// Whether nothing more will happen.
    pub fn is_over(self) -> bool {
        !matches!(self, State::NeverScheduled | State::Expected | State::Pending | State::Running | State::Uncertain)
    }

    /// What a run in this state says of its revision: that the job passes there, that it fails, or nothing. A run that took
    /// too long failed: hangs are regressions, too.
    pub fn evidence(self) -> Option<Verdict> {
        match self {
            State::Succeeded | State::SucceededWithIssues => Some(Verdict::Passed),
            State::Failed | State::TimedOut => Some(Verdict::Failed),
            _ => None,
        }
    }

    /// Whether a run in this state is one of the N that a revision should have: it has said something, or still may.
    pub fn counts(self) -> bool {
        self.evidence().is_some()
            || matches!(self, State::Expected | State::Pending | State::Running | State::Uncertain)
    }
}

impl fmt::Display for State {
    /// For people: words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.as_str().replace('_', " "))
    }
}

/// What a run proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The job passes at the revision.
    Passed,
    /// The job fails at the revision.
    Failed,
}

/// A run, as an engine knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// What the engine finds it by: opaque to everybody else. A later look may give another one (a queued request that became
    /// a build), which replaces it.
    pub id: String,
    /// The job, by the engine's name.
    pub job: String,
    /// The revision that it was asked for, where the engine says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// The revision that it really had, where the engine says. Another than the one asked for means that it says nothing of
    /// that one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub got_revision: Option<String>,
    /// Where it is.
    pub state: State,
    /// Why, where the state alone does not say: the worker that was lost, the run that it was folded into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The key that it was submitted with, where the engine kept it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Where people look at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// When it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queued: Option<Timestamp>,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// The exit code of its command, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// The measurements that it reported, by name. Empty where the engine has none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub data: BTreeMap<String, f64>,
}

impl Run {
    /// A run of which nothing more is known.
    pub fn new(id: impl Into<String>, job: impl Into<String>, state: State) -> Run {
        Run {
            id: id.into(),
            job: job.into(),
            revision: None,
            got_revision: None,
            state,
            detail: None,
            key: None,
            url: None,
            queued: None,
            started: None,
            ended: None,
            exit_code: None,
            data: BTreeMap::new(),
        }
    }

    /// The state as far as it concerns the revision asked for: a run that really had another one was coalesced.
    pub fn state_at(&self, revision: &str) -> State {
        match &self.got_revision {
            Some(got) if got != revision && self.state.is_over() => State::Coalesced,
            _ => self.state,
        }
    }

    /// How long it was on a machine, in seconds.
    pub fn seconds(&self) -> Option<f64> {
        let (started, ended) = (self.started?, self.ended?);
        Some(ended.duration_since(started).as_secs_f64().max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_proves_nothing_is_not_counted_and_what_may_still_happen_is() {
        for state in State::ALL {
            let (counts, over) = match state {
                State::Succeeded | State::SucceededWithIssues | State::Failed | State::TimedOut => (true, true),
                State::Expected | State::Pending | State::Running | State::Uncertain => (true, false),
                State::NeverScheduled => (false, false),
                State::Infra
                | State::Cancelled
                | State::Interrupted
                | State::Coalesced
                | State::Skipped
                | State::Expired => (false, true),
            };
            assert_eq!((state.counts(), state.is_over()), (counts, over), "{state}");
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
    }

    #[test]
    fn a_run_of_another_revision_was_coalesced() {
        for (got, state, expected) in [
            (None, State::Succeeded, State::Succeeded),
            (Some("a"), State::Succeeded, State::Succeeded),
            (Some("b"), State::Succeeded, State::Coalesced),
            (Some("b"), State::Failed, State::Coalesced),
            (Some("b"), State::Running, State::Running),
        ] {
            let run = Run { got_revision: got.map(str::to_owned), ..Run::new("1", "unit", state) };
            assert_eq!(run.state_at("a"), expected, "{got:?} {state}");
        }
    }
}
