//! What came of a session. Pure.

use super::{
    plan::{PassedOver, Why},
    session::Session,
};
use crate::pipeline::run::{State, Verdict};
use serde::Serialize;

/// Counts, in runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// How many were to be there.
    pub requested: usize,
    /// How many said something.
    pub ran: usize,
    /// How many of these passed.
    pub passed: usize,
    /// How many of these failed.
    pub failed: usize,
    /// How many requests the engine answered with another run.
    pub collapsed: usize,
    /// How many wait or run.
    pub open: usize,
    /// How many are still to be asked for.
    pub expected: usize,
    /// How many may be there or not.
    pub uncertain: usize,
    /// How many were stopped.
    pub cancelled: usize,
    /// How many came to nothing: machines, refusals, what they need.
    pub nothing: usize,
}

/// What a session comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Everything ran and passed.
    Passed,
    /// Something failed.
    Failed,
    /// Not everything is over.
    Pending,
    /// Not everything ran, and what did passed.
    Partly,
}

impl Summary {
    /// Counts a session's items.
    pub fn of(session: &Session) -> Summary {
        let mut summary = Summary { requested: session.items.len(), ..Summary::default() };
        for tracked in &session.items {
            summary.collapsed += tracked.collapsed();
            let state = tracked.state();
            let count = match (state.evidence(), state) {
                (Some(Verdict::Passed), _) => &mut summary.passed,
                (Some(Verdict::Failed), _) => &mut summary.failed,
                (None, State::Pending | State::Running) => &mut summary.open,
                (None, State::Expected | State::NeverScheduled) => &mut summary.expected,
                (None, State::Uncertain) => &mut summary.uncertain,
                (None, State::Cancelled) => &mut summary.cancelled,
                (None, _) => &mut summary.nothing,
            };
            *count += 1;
        }
        summary.ran = summary.passed + summary.failed;
        summary
    }

    /// Adds what revisions had already.
    pub fn with<'p>(mut self, passed_over: impl IntoIterator<Item = &'p PassedOver>) -> Summary {
        for passed_over in passed_over {
            let (have, failed, open) = match passed_over.why {
                Why::Enough { have, failed, open } => (have, failed, open),
                // What it needs failed: it would, too.
                Why::UpstreamFailed { .. } => {
                    self.requested += 1;
                    self.failed += 1;
                    continue;
                }
                // What is not there says nothing.
                Why::Blocked { .. } => {
                    self.requested += 1;
                    self.nothing += 1;
                    continue;
                }
            };
            self.requested += have;
            self.failed += failed;
            self.open += open;
            self.passed += have.saturating_sub(failed + open);
            self.ran += have.saturating_sub(open);
        }
        self
    }

    /// Adds what revisions had before a session began. What was not over then is no part of the session, and nobody looked again.
    pub fn after<'p>(self, passed_over: impl IntoIterator<Item = &'p PassedOver>) -> Summary {
        let (open, requested) = (self.open, self.requested);
        let all = self.with(passed_over);
        let theirs = all.open - open;
        Summary { open, requested: (all.requested - theirs).max(requested), ..all }
    }

    /// What it comes to. A failure counts before everything else is over: it will not go away.
    pub fn outcome(&self) -> Outcome {
        match self {
            Summary { failed: 1.., .. } => Outcome::Failed,
            Summary { open: 1.., .. } | Summary { expected: 1.., .. } => Outcome::Pending,
            _ if self.passed == self.requested => Outcome::Passed,
            _ => Outcome::Partly,
        }
    }
}
