//! What the timeline of a run says of its stages. Pure.

use crate::{
    engine::azure_devops::{
        shapes::{Record, Timeline},
        states,
    },
    error::{Error, Kind, Result},
    pipeline::run::State,
};
use jiff::Timestamp;

/// A run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunSeen {
    /// Its number.
    pub id: u64,
    /// The pipeline's number.
    pub pipeline: Option<u64>,
    /// Its number for people, to which resources of other pipelines are pinned.
    pub number: String,
    /// The commit that it has.
    pub version: Option<String>,
    /// Where it is.
    pub state: State,
    /// Why.
    pub why: Option<String>,
    /// Where people look at it.
    pub url: Option<String>,
    /// When it was asked for.
    pub queued: Option<Timestamp>,
    /// When it began.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Its stages; none before it begins.
    pub stages: Vec<StageSeen>,
}

/// A stage of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageSeen {
    /// What people call it.
    pub title: String,
    /// What its file calls it: by this it is retried and cancelled.
    pub name: String,
    /// Where it is.
    pub progress: Progress,
    /// Which time, from 1.
    pub attempt: usize,
    /// When it began.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// The first reason of its not succeeding.
    pub why: Option<String>,
    /// Whether that is that it took too long.
    pub too_long: bool,
    /// What its condition came to, where that was told.
    pub condition: Option<String>,
    /// The approvals that wait: each one's number, and since when.
    pub waits: Vec<(String, Option<Timestamp>)>,
    /// Whether an approval was refused, or nobody answered.
    pub refused: bool,
    /// The number of its log.
    pub log: Option<u64>,
    /// The times before, the first first.
    pub before: Vec<Before>,
}

/// A time that a stage ran before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Before {
    /// The timeline that tells it.
    pub timeline: String,
    /// The record there.
    pub record: String,
    /// What it told; `None` where it is told no more.
    pub seen: Option<Box<StageSeen>>,
}

/// Where a stage is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// It has not begun.
    Pending,
    /// It runs.
    Running,
    /// It is over.
    Completed(Outcome),
}

/// How a stage ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It did what it should.
    Succeeded,
    /// It did, with warnings.
    SucceededWithIssues,
    /// It did not.
    Failed,
    /// Somebody, or a time-out, stopped it.
    Canceled,
    /// It was deselected, or its condition did not hold.
    Skipped,
    /// Its machine was lost.
    Abandoned,
}

impl RunSeen {
    /// A stage.
    ///
    /// # Errors
    /// `NotFound`, with those that are there.
    pub fn stage(&self, name: &str) -> Result<&StageSeen> {
        self.stages.iter().find(|stage| stage.name == name).ok_or_else(|| {
            let error = Error::new(Kind::NotFound, format!("the run {} has no stage {name:?}", self.id));
            match self.stages.as_slice() {
                [] => error.hint("it has not begun"),
                some => {
                    let names: Vec<&str> = some.iter().map(|stage| stage.name.as_str()).collect();
                    error.hint(format!("it has {}", names.join(", ")))
                }
            }
        })
    }
}

/// The stages of a timeline, in the order in which they began; those that did not, last.
pub fn stages(timeline: &Timeline) -> Result<Vec<StageSeen>> {
    let records = timeline.records.iter().filter(|record| record.kind == "Stage");
    let mut stages = records.map(|record| stage(timeline, record)).collect::<Result<Vec<_>>>()?;
    stages.sort_by_key(|stage| stage.started.unwrap_or(Timestamp::MAX));
    Ok(stages)
}

/// Puts what an earlier timeline tells where the stages refer to it.
pub fn fill(stages: &mut [StageSeen], id: &str, timeline: &Timeline) -> Result<()> {
    for before in stages.iter_mut().flat_map(|stage| &mut stage.before).filter(|before| before.timeline == id) {
        let record = timeline.records.iter().find(|record| record.id == before.record);
        before.seen = record.map(|record| stage(timeline, record)).transpose()?.map(Box::new);
    }
    Ok(())
}

fn stage(timeline: &Timeline, record: &Record) -> Result<StageSeen> {
    let progress = progress(record)?;
    let approvals: Vec<&Record> = timeline
        .records
        .iter()
        .filter(|other| other.kind == "Checkpoint.Approval" && states::is_in(timeline, other, record))
        .collect();
    let open = |approval: &&&Record| approval.state.as_deref() != Some("completed");
    let bad = matches!(
        progress,
        Progress::Completed(
            Outcome::Failed | Outcome::Canceled | Outcome::Abandoned | Outcome::Skipped | Outcome::SucceededWithIssues
        )
    );
    let causes = if bad { states::causes_in(timeline, record) } else { states::Causes::default() };
    let too_long = causes.own.is_none() && causes.too_long.is_some();
    let why = causes.own.or(causes.too_long).or(causes.lost).filter(|why| !why.is_empty());
    let mut before: Vec<Before> = Vec::new();
    for earlier in &record.previous_attempts {
        if let (Some(timeline), Some(id)) = (&earlier.timeline_id, &earlier.record_id) {
            before.push(Before { timeline: timeline.clone(), record: id.clone(), seen: None });
        }
    }
    Ok(StageSeen {
        title: record.name.clone(),
        name: record.identifier.clone().unwrap_or_else(|| record.name.clone()),
        progress,
        attempt: record.attempt.unwrap_or(1).max(1),
        started: record.start_time,
        ended: record.finish_time,
        why: why.or_else(|| states::messages(record).next()),
        too_long,
        condition: record.result_code.clone(),
        waits: match progress {
            Progress::Completed(_) => Vec::new(),
            _ => approvals.iter().filter(open).map(|a| (a.id.clone(), a.start_time)).collect(),
        },
        refused: approvals.iter().any(|approval| approval.result.as_deref() == Some("failed")),
        log: record.log.as_ref().map(|log| log.id),
        before,
    })
}

fn progress(record: &Record) -> Result<Progress> {
    let unknown = |field: &str, value: Option<&str>| {
        let message = format!(
            "the stage {} has the {field} {:?}, which is not known",
            record.identifier.as_ref().unwrap_or(&record.name),
            value.unwrap_or_default()
        );
        Error::new(Kind::Corrupt, message).hint("look at it in Azure DevOps; a newer ci-tool may know it")
    };
    Ok(match record.state.as_deref() {
        Some("pending") => Progress::Pending,
        Some("inProgress") => Progress::Running,
        Some("completed") => Progress::Completed(match record.result.as_deref() {
            Some("succeeded") => Outcome::Succeeded,
            Some("succeededWithIssues") => Outcome::SucceededWithIssues,
            Some("failed") => Outcome::Failed,
            Some("canceled") => Outcome::Canceled,
            Some("skipped") => Outcome::Skipped,
            Some("abandoned") => Outcome::Abandoned,
            other => return Err(unknown("result", other)),
        }),
        other => return Err(unknown("state", other)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn one(record: Value, more: &[Value]) -> Result<StageSeen> {
        let mut stage = json!({ "id": "s", "type": "Stage", "name": "Sign it", "identifier": "sign", "attempt": 1 });
        let fields = record.as_object().unwrap().clone();
        stage.as_object_mut().unwrap().extend(fields);
        let records = [&[stage][..], more].concat();
        let timeline = json!({ "records": records });
        Ok(stages(&serde_json::from_value(timeline).unwrap())?.remove(0))
    }

    #[test]
    fn every_state_and_result_is_told_apart_and_no_other_is_taken() {
        for (state, result, expected) in [
            ("pending", None, Ok(Progress::Pending)),
            ("inProgress", None, Ok(Progress::Running)),
            ("completed", Some("succeeded"), Ok(Progress::Completed(Outcome::Succeeded))),
            ("completed", Some("succeededWithIssues"), Ok(Progress::Completed(Outcome::SucceededWithIssues))),
            ("completed", Some("failed"), Ok(Progress::Completed(Outcome::Failed))),
            ("completed", Some("canceled"), Ok(Progress::Completed(Outcome::Canceled))),
            ("completed", Some("skipped"), Ok(Progress::Completed(Outcome::Skipped))),
            ("completed", Some("abandoned"), Ok(Progress::Completed(Outcome::Abandoned))),
            ("completed", Some("excused"), Err("result \"excused\"")),
            ("completed", None, Err("result \"\"")),
            ("resting", None, Err("state \"resting\"")),
        ] {
            let found = one(json!({ "state": state, "result": result }), &[]);
            match expected {
                Ok(expected) => assert_eq!(found.unwrap().progress, expected),
                Err(field) => {
                    let error = found.unwrap_err();
                    assert_eq!((error.kind(), error.message().contains(field)), (Kind::Corrupt, true), "{error}");
                    assert!(error.message().contains("the stage sign"), "{error}");
                }
            }
        }
    }

    #[test]
    fn only_an_approval_of_the_stage_that_is_open_is_waited_for() {
        let checkpoint =
            |id: &str, stage: &str| json!({ "id": id, "parentId": stage, "type": "Checkpoint", "name": "c" });
        let approval = |id: &str, checkpoint: &str, state: &str, result: Option<&str>| json!({ "id": id, "parentId": checkpoint, "type": "Checkpoint.Approval", "name": "a", "state": state, "result": result });
        let other = json!({ "id": "o", "type": "Stage", "name": "other", "state": "pending" });
        let more = [
            checkpoint("c", "s"),
            approval("mine", "c", "inProgress", None),
            approval("answered", "c", "completed", Some("succeeded")),
            other,
            checkpoint("d", "o"),
            approval("theirs", "d", "inProgress", None),
        ];
        let seen = one(json!({ "state": "pending" }), &more).unwrap();
        assert_eq!((seen.waits, seen.refused), (vec![("mine".to_owned(), None)], false));
        let more = [checkpoint("c", "s"), approval("mine", "c", "completed", Some("failed"))];
        let seen = one(json!({ "state": "completed", "result": "failed" }), &more).unwrap();
        assert_eq!((seen.waits, seen.refused), (vec![], true));
    }
}
