//! What can be asked for now. Pure.

use super::super::{
    plan::Need,
    session::{Fate, Session, Tracked},
};
use crate::pipeline::run::{Run, State, Verdict};
use std::collections::{HashMap, HashSet};

/// How often an item is asked for again when its run came to nothing, by how it did.
const COLLAPSED: usize = 5;
const INFRA: usize = 2;
/// Whoever interrupts a command means to go on with it.
const INTERRUPTED: usize = 1000;
const EXPIRED: usize = 1;

/// What an engine allows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Limits {
    /// How many requests for one job at one revision may wait at once.
    pub waiting_apart: Option<usize>,
    /// How many runs there may be at once.
    pub at_once: Option<usize>,
}

/// What to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Ask for an item.
    Send {
        /// Its number.
        item: usize,
        /// Which request for it this is, from 1.
        attempt: usize,
        /// The runs whose files it needs.
        needs: Vec<Run>,
    },
    /// Give an item up.
    Block {
        /// Its number.
        item: usize,
        /// Why.
        why: String,
    },
}

/// What can be done now. `busy` are the items that something is being done about, `outside` are the runs of others that
/// items wait for, by id, as they were last seen. One of them that waits takes the place of one of ours: where requests are
/// folded, either would be folded into the other.
pub fn steps(session: &Session, limits: Limits, busy: &HashSet<usize>, outside: &HashMap<String, Run>) -> Vec<Step> {
    let mut steps = Vec::new();
    if session.cancelling.is_some() {
        let waiting = session.items.iter().filter(|t| t.state() == State::Expected && !busy.contains(&t.item.number));
        steps.extend(waiting.map(|t| Step::Block { item: t.item.number, why: "it was not wanted any more".into() }));
        return steps;
    }
    let mut open = busy.len();
    let mut waiting: HashMap<(&str, &str), usize> = HashMap::new();
    for tracked in &session.items {
        let lane = waiting.entry((&tracked.item.job, &tracked.item.revision)).or_default();
        if busy.contains(&tracked.item.number) {
            *lane += 1;
        } else {
            open += usize::from(tracked.attempts.iter().any(is_open));
            *lane += tracked.attempts.iter().filter(|attempt| waits(&attempt.fate)).count();
        }
    }
    for run in outside.values().filter(|run| run.state == State::Pending) {
        if let Some(revision) = &run.revision {
            *waiting.entry((&run.job, revision)).or_default() += 1;
        }
    }
    for tracked in &session.items {
        let item = tracked.item.number;
        if busy.contains(&item) {
            continue;
        }
        let Some(attempt) = next_attempt(tracked) else { continue };
        let needs = match needs(session, tracked, outside) {
            Needs::There(needs) => needs,
            Needs::Never(why) => {
                steps.push(Step::Block { item, why });
                continue;
            }
            Needs::Waiting => continue,
        };
        let lane = waiting.entry((&tracked.item.job, &tracked.item.revision)).or_default();
        let folded =
            tracked.attempts.iter().any(|a| matches!(a.fate, Fate::Taken { folded: true, .. }) && waits(&a.fate));
        if folded || limits.waiting_apart.is_some_and(|most| *lane >= most) {
            continue;
        }
        if limits.at_once.is_some_and(|most| open >= most) {
            break;
        }
        *lane += 1;
        open += 1;
        steps.push(Step::Send { item, attempt, needs });
    }
    steps
}

/// The items that something is still to be asked for.
pub(super) fn wanting(session: &Session) -> impl Iterator<Item = &Tracked> {
    session.items.iter().filter(|tracked| next_attempt(tracked).is_some())
}

/// Whether nothing more will be asked for, for this item.
pub fn is_settled(tracked: &Tracked) -> bool {
    tracked.state().is_over() && next_attempt(tracked).is_none()
}

fn is_open(attempt: &super::super::session::Attempt) -> bool {
    match &attempt.fate {
        Fate::Taken { run, folded } => !folded && !run.state.is_over(),
        Fate::Sending | Fate::Uncertain { .. } => true,
        Fate::NotTaken { .. } => false,
    }
}

/// Whether a request may still be folded into another one.
fn waits(fate: &Fate) -> bool {
    match fate {
        Fate::Taken { run, .. } => run.state == State::Pending,
        Fate::Sending | Fate::Uncertain { .. } => true,
        Fate::NotTaken { .. } => false,
    }
}

/// The number of the request that is to be sent for an item; none when there is one already, or nothing would come of it.
fn next_attempt(tracked: &Tracked) -> Option<usize> {
    if tracked.blocked.is_some() {
        return None;
    }
    let Some(last) = tracked.attempts.last() else { return Some(1) };
    let number = tracked.attempts.len();
    match &last.fate {
        Fate::NotTaken { refused: false, .. } => Some(number),
        Fate::NotTaken { .. } | Fate::Sending | Fate::Uncertain { .. } => None,
        Fate::Taken { .. } => {
            let state = tracked.state();
            let often = match state {
                State::Coalesced => COLLAPSED,
                State::Infra => INFRA,
                State::Interrupted => INTERRUPTED,
                State::Expired => EXPIRED,
                _ => return None,
            };
            let so_far = tracked.attempts.iter().filter(|attempt| match &attempt.fate {
                Fate::Taken { folded: true, .. } => state == State::Coalesced,
                Fate::Taken { run, .. } => run.state_at(&tracked.item.revision) == state,
                _ => false,
            });
            (so_far.count() <= often).then_some(number + 1)
        }
    }
}

enum Needs {
    There(Vec<Run>),
    Waiting,
    Never(String),
}

fn needs(session: &Session, tracked: &Tracked, outside: &HashMap<String, Run>) -> Needs {
    let mut there = Vec::new();
    let mut waiting = false;
    for need in &tracked.item.needs {
        let (job, state, run) = match need {
            Need::Item(number) => match session.items.get(*number) {
                Some(other) if !is_settled(other) => (&other.item.job, State::Expected, None),
                Some(other) => (&other.item.job, other.state(), other.run()),
                None => continue,
            },
            Need::Run(run) => {
                let seen = outside.get(&run.id).unwrap_or(run);
                (&seen.job, seen.state_at(&tracked.item.revision), Some(seen))
            }
        };
        match state.evidence() {
            Some(Verdict::Passed) => there.extend(run.cloned()),
            None if !state.is_over() => waiting = true,
            Some(Verdict::Failed) | None => {
                let url = run.and_then(|run| run.url.as_deref()).map(|url| format!(": {url}")).unwrap_or_default();
                return Needs::Never(format!("{job}, which it needs, is {state} there{url}"));
            }
        }
    }
    if waiting { Needs::Waiting } else { Needs::There(there) }
}

#[cfg(test)]
#[path = "ready_tests.rs"]
mod tests;
