//! What differs between two pipelines, and between two runs. Pure.

use super::{
    pipeline::{Pipeline, Stage, Work},
    plan::kind,
    report::{Report, Row, said},
    run::Run,
};
use crate::pipeline::duration::show;
use jiff::Timestamp;
use serde::Serialize;
use std::{collections::BTreeSet, fmt, time::Duration};

/// Times that differ by less are the same, in parts of the longer one.
const ALIKE: f64 = 0.1;

/// Something that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The stage; none where it is the whole.
    pub stage: Option<String>,
    /// What of it.
    pub what: &'static str,
    /// How it was.
    pub before: Option<String>,
    /// How it is.
    pub after: Option<String>,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(stage) = &self.stage {
            write!(f, "{stage}: ")?;
        }
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => write!(f, "{} {before} → {after}", self.what),
            (None, Some(after)) => write!(f, "+ {} {after}", self.what),
            (Some(before), None) => write!(f, "- {} {before}", self.what),
            (None, None) => f.write_str(self.what),
        }
    }
}

/// What differs between two versions of a pipeline, by stage.
pub fn pipelines(before: &Pipeline, after: &Pipeline) -> Vec<Change> {
    let mut changes = Vec::new();
    let whole = |p: &Pipeline| [format!("{:?}", p.pools), format!("{:?}", p.env), format!("{:?}", p.engine)];
    for (what, (before, after)) in
        ["pools", "env", "engine"].into_iter().zip(whole(before).into_iter().zip(whole(after)))
    {
        push(&mut changes, None, what, Some(before), Some(after));
    }
    for name in names(&before.stages, &after.stages) {
        let find = |p: &Pipeline| p.stages.iter().find(|stage| stage.name == name).map(|stage| aspects(p, stage));
        match (find(before), find(after)) {
            (Some(before), Some(after)) => {
                for ((what, before), (_, after)) in before.into_iter().zip(after) {
                    push(&mut changes, Some(&name), what, before, after);
                }
            }
            (None, Some(_)) => push(&mut changes, None, "stage", None, Some(name)),
            (_, None) => push(&mut changes, None, "stage", Some(name), None),
        }
    }
    changes
}

/// What differs between two runs: the pipelines' files, how they were begun, and each stage.
pub fn runs(before: (&Pipeline, &Run), after: (&Pipeline, &Run), now: Timestamp) -> Vec<Change> {
    let mut changes = pipelines(before.0, after.0);
    let opened = |run: &Run| {
        let handover = run.opening.handover.as_ref().map(|id| format!("{}/{}", id.bar_build_id, id.build_id));
        [Some(run.opening.profile.as_str().to_owned()), handover, run.opening.by.clone(), run.opening.reason.clone()]
    };
    let whats = ["profile", "handover", "by", "reason"];
    for (what, (before, after)) in whats.into_iter().zip(opened(before.1).into_iter().zip(opened(after.1))) {
        push(&mut changes, None, what, before, after);
    }
    let reports = (Report::of(before.0, before.1, now), Report::of(after.0, after.1, now));
    for row in &reports.0.stages {
        let Some(other) = reports.1.stages.iter().find(|other| other.name == row.name) else { continue };
        let told = told(before.1, row).into_iter().zip(told(after.1, other));
        for ((what, before), (_, after)) in told {
            push(&mut changes, Some(&row.name), what, before, after);
        }
        if let (Some(took), Some(other)) = (row.took, other.took)
            && !alike(took, other)
        {
            push(&mut changes, Some(&row.name), "took", Some(show(took)), Some(show(other)));
        }
    }
    changes
}

fn push(
    changes: &mut Vec<Change>,
    stage: Option<&String>,
    what: &'static str,
    before: Option<String>,
    after: Option<String>,
) {
    if before != after {
        changes.push(Change { stage: stage.cloned(), what, before, after });
    }
}

/// The names of both, in the order of the first, then of the second.
fn names(before: &[Stage], after: &[Stage]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    before.iter().chain(after).map(|stage| stage.name.clone()).filter(|name| seen.insert(name.clone())).collect()
}

/// What a run tells of a stage besides its time.
fn told(run: &Run, row: &Row) -> [(&'static str, Option<String>); 6] {
    let last = run.stages.get(&row.name).and_then(|told| told.attempts.last());
    let answers: Vec<String> = row.answers.iter().map(said).collect();
    [
        ("state", Some(row.state.to_string())),
        ("attempts", Some(row.attempts.to_string())),
        ("left out", run.opening.left_out.get(&row.name).map(ToString::to_string)),
        ("command run", last.map(|last| last.command.clone())),
        ("inputs", last.and_then(|last| last.fingerprint.clone())),
        ("answers", (!answers.is_empty()).then(|| answers.join("; "))),
    ]
}

fn alike(one: Duration, other: Duration) -> bool {
    one.abs_diff(other) <= one.max(other).mul_f64(ALIKE).max(Duration::from_secs(1))
}

/// What can differ in a stage, each thing in words.
fn aspects(pipeline: &Pipeline, stage: &Stage) -> Vec<(&'static str, Option<String>)> {
    let name = |&at: &usize| pipeline.stages[at].name.clone();
    let list = |items: Vec<String>| (!items.is_empty()).then(|| items.join(", "));
    let (does, says) = work(pipeline, &stage.work);
    vec![
        ("title", stage.title.clone()),
        ("needs", list(stage.needs.iter().map(name).collect())),
        ("work", Some(does.into())),
        ("command", says),
        ("directory", stage.directory.clone()),
        ("env", list(stage.env.iter().map(|(name, value)| format!("{name}={value}")).collect())),
        ("pool", stage.pool.clone()),
        ("expect", stage.expect.map(show)),
        ("timeout", stage.timeout.map(show)),
        ("retries", Some(stage.retries.to_string())),
        ("rerun", Some(if stage.rerun { "always" } else { "never" }.into())),
        ("declared inputs", list(stage.inputs.clone())),
        ("outputs", list(stage.outputs.iter().map(|output| format!("{output:?}")).collect())),
        ("sbom", stage.sbom.clone()),
        ("signs", stage.signs.clone()),
        ("issues", list(stage.issues.iter().map(ToString::to_string).collect())),
    ]
}

fn work(pipeline: &Pipeline, work: &Work) -> (&'static str, Option<String>) {
    let says = match work {
        Work::Command(command) | Work::Start(command) => Some(command.clone()),
        Work::Gate { of } => Some(format!("over {}", pipeline.stages[*of].name)),
        Work::Approval { by, timeout, on_timeout } => {
            let timeout = timeout.map_or_else(|| "no time-out".into(), show);
            Some(format!("by [{}], {timeout}, {on_timeout:?}", by.join(", ")))
        }
        // Lines move whenever a file is edited: they are no difference.
        Work::Publish(targets) => {
            let target = |t: &super::pipeline::Target| {
                format!("{:?} of {:?} to {:?} under {:?}", t.files, t.container, t.to, t.under)
            };
            Some(targets.iter().map(target).collect::<Vec<_>>().join("; "))
        }
        Work::Job { engine, name, revision, parameters } => {
            Some(format!("{name} of {engine:?} at {revision:?} with {parameters:?}"))
        }
        Work::Nothing => None,
    };
    (kind(work), says)
}

#[cfg(test)]
#[path = "diff_tests.rs"]
mod tests;
