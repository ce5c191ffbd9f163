//! What a run of Azure DevOps says, as stages are told of here. Pure.

use crate::{
    engine::azure_devops::pipelines::{Outcome, Progress, RunSeen, StageSeen},
    ops::stage::{
        run::{Attempt, Passed, Question, Run, Told},
        select::Reason,
        state::State,
    },
    pipeline::run,
};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// A run there.
#[derive(Debug, Clone, Serialize)]
pub struct Observed {
    /// Its number there.
    pub id: u64,
    /// Where people look at it.
    pub url: Option<String>,
    /// Where it is, as a whole.
    pub state: run::State,
    /// Why.
    pub why: Option<String>,
    /// When it was asked for.
    pub queued: Option<Timestamp>,
    /// When something last happened, as far as it is told.
    pub changed: Option<Timestamp>,
    /// Its stages; none before it begins.
    pub stages: Vec<StageObserved>,
}

/// A stage of a run there.
#[derive(Debug, Clone, Serialize)]
pub struct StageObserved {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub state: State,
    /// Which time, from 1.
    pub attempt: usize,
    /// When it began.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Why.
    pub why: Option<String>,
    /// What is told of it, with every attempt.
    pub told: Told,
}

/// What a run says. `left_out` is what it was begun without.
///
/// Azure DevOps says of a stage that was deselected and of one whose condition did not hold that it was skipped, and lets what
/// needs it go on only in the first case. The first are those of `left_out`: [`State::Skipped`]. The others are
/// [`State::Blocked`].
pub fn observed(seen: &RunSeen, left_out: &BTreeMap<String, Reason>) -> Observed {
    let times = seen.stages.iter().flat_map(|stage| [stage.started, stage.ended]);
    let changed = times.chain([seen.queued, seen.started, seen.ended]).flatten().max();
    // What Azure DevOps gives no time for did not happen before the run was asked for.
    let since = seen.queued.or(seen.started).unwrap_or(Timestamp::UNIX_EPOCH);
    Observed {
        id: seen.id,
        url: seen.url.clone(),
        state: seen.state,
        why: seen.why.clone(),
        queued: seen.queued,
        changed,
        stages: seen.stages.iter().map(|stage| stage_observed(seen.id, stage, left_out, since)).collect(),
    }
}

/// A run there in the form of a run here: what status, explain and diff read. `begun` is what was recorded here.
pub fn run(begun: Run, observed: &Observed) -> Run {
    let Run { opening, engine_run, chain, .. } = begun;
    let opened = observed.queued.unwrap_or(Timestamp::UNIX_EPOCH);
    let stages = observed.stages.iter().map(|stage| (stage.name.clone(), stage.told.clone()));
    Run {
        hash: opening.hash.clone(),
        opened,
        changed: observed.changed.unwrap_or(opened),
        stages: stages.collect(),
        mended: Vec::new(),
        cancelled: (observed.state == run::State::Cancelled)
            .then(|| observed.why.clone().unwrap_or_else(|| "it was cancelled in Azure DevOps".into())),
        engine_run,
        chain,
        opening,
    }
}

fn stage_observed(run: u64, stage: &StageSeen, left_out: &BTreeMap<String, Reason>, since: Timestamp) -> StageObserved {
    let (state, why) = state(stage, left_out.get(&stage.name));
    let mut told = Told::default();
    let earlier = stage.before.iter().filter_map(|before| before.seen.as_deref());
    for seen in earlier {
        // It was to run: nobody deselected what there is a further attempt of.
        told.attempts.extend(attempt(run, seen, self::state(seen, None)));
    }
    match attempt(run, stage, (state, why.clone())).filter(|_| state != State::Blocked && state != State::Skipped) {
        Some(attempt) => told.attempts.push(attempt),
        None if state != State::Waiting => {
            let at = stage.ended.unwrap_or(since);
            told.passed = Some(Passed { state, why: why.clone(), at, made: Vec::new() });
        }
        // It waits again, after an attempt that ended.
        None if !told.attempts.is_empty() => {
            let at = told.attempts.last().and_then(|attempt| attempt.ended).unwrap_or(since);
            told.passed = Some(Passed { state, why: None, at, made: Vec::new() });
        }
        None => {}
    }
    if state == State::WaitingForApproval {
        told.passed = None;
        let at = stage.waits.iter().filter_map(|(_, at)| *at).min();
        told.asked = Some(Question { at: at.or(stage.started).unwrap_or(since), until: None });
    }
    StageObserved {
        name: stage.name.clone(),
        state,
        attempt: stage.attempt,
        started: stage.started,
        ended: stage.ended,
        why,
        told,
    }
}

/// What a stage's record says; nothing of one that did not begin.
fn attempt(run: u64, stage: &StageSeen, (state, why): (State, Option<String>)) -> Option<Attempt> {
    Some(Attempt {
        begun: stage.started?,
        ended: stage.ended,
        state,
        why,
        exit_code: None,
        command: format!("stage {} of the run {run}", stage.name),
        mark: String::new(),
        host: String::new(),
        made: Vec::new(),
        fingerprint: None,
    })
}

fn state(stage: &StageSeen, left_out: Option<&Reason>) -> (State, Option<String>) {
    let why = || stage.why.clone();
    match stage.progress {
        Progress::Pending | Progress::Running if !stage.waits.is_empty() => (State::WaitingForApproval, None),
        Progress::Pending => (State::Waiting, None),
        Progress::Running => (State::Running, None),
        Progress::Completed(Outcome::Skipped) if left_out.is_some() => {
            (State::Skipped, left_out.map(ToString::to_string))
        }
        // However it says that nobody said yes: what needs the stage does not go on.
        Progress::Completed(Outcome::Failed | Outcome::Skipped | Outcome::Canceled) if stage.refused => {
            (State::Failed, Some("its approval was refused, or nobody answered in time".into()))
        }
        Progress::Completed(Outcome::Skipped) => {
            let condition = stage.condition.as_deref().unwrap_or("Azure DevOps does not say which");
            (State::Blocked, Some(format!("its condition did not hold: {condition}")))
        }
        Progress::Completed(Outcome::Succeeded) => (State::Succeeded, None),
        Progress::Completed(Outcome::SucceededWithIssues) => (State::SucceededWithIssues, why()),
        Progress::Completed(Outcome::Failed | Outcome::Canceled) if stage.too_long => (State::TimedOut, why()),
        Progress::Completed(Outcome::Failed) => (State::Failed, why()),
        Progress::Completed(Outcome::Canceled) => (State::Cancelled, why()),
        Progress::Completed(Outcome::Abandoned) => (State::Interrupted, why()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::azure_devops::pipelines::Before;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn stage(progress: Progress) -> StageSeen {
        let over = matches!(progress, Progress::Completed(_));
        StageSeen {
            title: "Sign".into(),
            name: "sign".into(),
            progress,
            attempt: 1,
            started: (progress != Progress::Pending).then(|| at(10)),
            ended: over.then(|| at(20)),
            why: over.then(|| "because".to_owned()),
            too_long: false,
            condition: None,
            waits: Vec::new(),
            refused: false,
            log: None,
            before: Vec::new(),
        }
    }

    fn seen(stage: StageSeen) -> RunSeen {
        RunSeen {
            id: 7,
            pipeline: None,
            number: "20240501.7".into(),
            version: None,
            state: run::State::Running,
            why: None,
            url: None,
            queued: Some(at(0)),
            started: Some(at(1)),
            ended: None,
            stages: vec![stage],
        }
    }

    #[test]
    fn what_is_told_of_a_stage_and_its_state_are_the_same() {
        use Outcome::*;
        let done = |outcome| stage(Progress::Completed(outcome));
        let skipped = || StageSeen { started: None, ended: None, ..done(Skipped) };
        let waits = |stage| StageSeen { waits: vec![("a".into(), Some(at(5)))], ..stage };
        for (stage, left_out, expected, told) in [
            (stage(Progress::Pending), false, State::Waiting, None),
            (stage(Progress::Pending), true, State::Waiting, None),
            (stage(Progress::Running), false, State::Running, None),
            (waits(stage(Progress::Pending)), false, State::WaitingForApproval, None),
            (waits(stage(Progress::Running)), false, State::WaitingForApproval, None),
            (done(Succeeded), false, State::Succeeded, None),
            (done(SucceededWithIssues), false, State::SucceededWithIssues, Some("because")),
            (done(Failed), false, State::Failed, Some("because")),
            (StageSeen { too_long: true, ..done(Failed) }, false, State::TimedOut, Some("because")),
            (StageSeen { too_long: true, ..done(Canceled) }, false, State::TimedOut, Some("because")),
            (done(Canceled), false, State::Cancelled, Some("because")),
            (StageSeen { started: None, ..done(Canceled) }, false, State::Cancelled, Some("because")),
            (done(Abandoned), false, State::Interrupted, Some("because")),
            (StageSeen { refused: true, ..done(Failed) }, false, State::Failed, Some("approval")),
            (StageSeen { refused: true, ..skipped() }, false, State::Failed, Some("approval")),
            (skipped(), true, State::Skipped, Some("--skip")),
            (skipped(), false, State::Blocked, Some("condition")),
            (
                StageSeen { condition: Some("succeeded(), False".into()), ..skipped() },
                false,
                State::Blocked,
                Some("False"),
            ),
            (done(Skipped), true, State::Skipped, Some("--skip")),
            (done(Skipped), false, State::Blocked, Some("condition")),
        ] {
            let reasons: BTreeMap<_, _> = left_out.then(|| ("sign".to_owned(), Reason::Skip)).into_iter().collect();
            let found = observed(&seen(stage.clone()), &reasons).stages.remove(0);
            assert_eq!((found.state, found.told.state()), (expected, expected), "{stage:?}");
            assert!(found.why.as_deref().unwrap_or_default().contains(told.unwrap_or_default()), "{:?}", found.why);
            assert_eq!(found.why.is_some(), told.is_some(), "{stage:?}");
        }
    }

    #[test]
    fn every_attempt_is_told_and_the_last_counts() {
        let failed = stage(Progress::Completed(Outcome::Failed));
        let before = Before { timeline: "t".into(), record: "r".into(), seen: Some(Box::new(failed)) };
        let unknown = Before { seen: None, ..before.clone() };
        for (progress, times, expected) in [
            (Progress::Completed(Outcome::Succeeded), 2, State::Succeeded),
            (Progress::Running, 2, State::Running),
            (Progress::Pending, 1, State::Waiting),
        ] {
            let mut again = stage(progress);
            again.started = again.started.map(|_| at(30));
            again.ended = again.ended.map(|_| at(40));
            let again = StageSeen { attempt: 3, before: vec![unknown.clone(), before.clone()], ..again };
            let found = observed(&seen(again), &BTreeMap::new()).stages.remove(0);
            assert_eq!((found.told.attempts.len(), found.told.state(), found.attempt), (times, expected, 3));
            assert_eq!(found.told.attempts[0].state, State::Failed);
        }
    }
}
