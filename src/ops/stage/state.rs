//! Where a stage is.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Where a stage is. No two of these are ever shown as one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It was not begun, and may still be.
    Waiting,
    /// It was not begun, and something that it needs came to nothing.
    Blocked,
    /// It runs.
    Running,
    /// It waits for a person.
    WaitingForApproval,
    /// It did what it should.
    Succeeded,
    /// It did, with something to look at.
    SucceededWithIssues,
    /// It did not.
    Failed,
    /// It took longer than it may.
    TimedOut,
    /// Somebody stopped it.
    Cancelled,
    /// Whoever ran it died, and it must not be run again by itself.
    Interrupted,
    /// It was left out on purpose: what needs it goes on.
    Skipped,
    /// A person said that its failure is to be passed over.
    Overridden,
    /// Its inputs and its command are those of an earlier run that succeeded.
    UpToDate,
}

impl State {
    /// Every state.
    pub const ALL: [State; 13] = [
        State::Waiting,
        State::Blocked,
        State::Running,
        State::WaitingForApproval,
        State::Succeeded,
        State::SucceededWithIssues,
        State::Failed,
        State::TimedOut,
        State::Cancelled,
        State::Interrupted,
        State::Skipped,
        State::Overridden,
        State::UpToDate,
    ];

    /// The name in `snake_case`, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Waiting => "waiting",
            State::Blocked => "blocked",
            State::Running => "running",
            State::WaitingForApproval => "waiting_for_approval",
            State::Succeeded => "succeeded",
            State::SucceededWithIssues => "succeeded_with_issues",
            State::Failed => "failed",
            State::TimedOut => "timed_out",
            State::Cancelled => "cancelled",
            State::Interrupted => "interrupted",
            State::Skipped => "skipped",
            State::Overridden => "overridden",
            State::UpToDate => "up_to_date",
        }
    }

    /// Whether what needs the stage may go on: skipping is a dependency satisfied.
    pub fn satisfies(self) -> bool {
        matches!(
            self,
            State::Succeeded | State::SucceededWithIssues | State::Skipped | State::Overridden | State::UpToDate
        )
    }

    /// Whether it came to an end that does not satisfy.
    pub fn is_bad(self) -> bool {
        matches!(self, State::Failed | State::TimedOut | State::Cancelled | State::Interrupted)
    }

    /// Whether a person may pass over it: it failed, or succeeded with issues.
    pub fn may_be_overridden(self) -> bool {
        matches!(
            self,
            State::Failed | State::TimedOut | State::Interrupted | State::SucceededWithIssues | State::Overridden
        )
    }

    /// Whether it was begun and ended, or will not be begun.
    pub fn is_over(self) -> bool {
        self.satisfies() || self.is_bad()
    }
}

impl fmt::Display for State {
    /// For people: words, `up-to-date`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            State::UpToDate => f.pad("up-to-date"),
            other => f.pad(&other.as_str().replace('_', " ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_states_look_the_same() {
        let shown: std::collections::BTreeSet<String> = State::ALL.iter().map(State::to_string).collect();
        let written: std::collections::BTreeSet<&str> = State::ALL.iter().map(|state| state.as_str()).collect();
        assert_eq!((shown.len(), written.len()), (State::ALL.len(), State::ALL.len()));
        for state in State::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
            assert!(!(state.satisfies() && state.is_bad()), "{state}");
        }
    }
}
