//! What a run would do: which stages run and why the others do not, how long it takes, and what can never run. Pure.

use super::{
    graph::Graph,
    pipeline::{Half, OnTimeout, Pipeline, Profile, Stage, Work},
    select::{Asked, Earlier, Reason, select, weighty},
};
use crate::error::{Error, Kind, Result};
use serde::{Serialize, Serializer};
use std::{collections::BTreeMap, time::Duration};

/// What a plan is made for.
#[derive(Debug, Clone)]
pub struct Wish {
    /// What the command line leaves out.
    pub asked: Asked,
    /// The run whose failures are done again.
    pub earlier: Option<Earlier>,
    /// Where it would publish.
    pub profile: Profile,
    /// The stages whose work is another command, by name.
    pub substitutes: BTreeMap<String, String>,
    /// Sets of stages: how long would it take without each set?
    pub what_if: Vec<Vec<String>>,
}

/// What a run would do.
#[derive(Debug, Clone, Serialize)]
pub struct Plan {
    /// The pipeline's name.
    pub pipeline: String,
    /// The file.
    pub file: String,
    /// The hash of its text.
    pub hash: String,
    /// Which half of a release it is.
    pub kind: Half,
    /// Where it would publish.
    pub profile: Profile,
    /// The stages, in the order of the file.
    pub stages: Vec<Planned>,
    /// The stages that make it as long as it is, in order.
    pub critical_path: Vec<String>,
    /// How long it takes, as far as anybody said.
    #[serde(rename = "expected_seconds", serialize_with = "seconds")]
    pub expected: Duration,
    /// The stages that run, work, and for which nobody said how long.
    pub without_expectation: Vec<String>,
    /// How long it would take without more stages.
    pub what_if: Vec<WhatIf>,
    /// The stages that are left out although production stands on them: `--by` and `--reason` are asked for.
    pub weighty: Vec<String>,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

/// A stage in a plan.
#[derive(Debug, Clone, Serialize)]
pub struct Planned {
    /// Its name.
    pub name: String,
    /// Its line in the file.
    pub line: u64,
    /// What it does, in a word.
    pub work: &'static str,
    /// The stages that it needs.
    pub needs: Vec<String>,
    /// Whether it runs.
    pub runs: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_out: Option<Reason>,
    /// The command that it runs instead of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub substituted: Option<String>,
    /// How long it is expected to take.
    #[serde(rename = "expected_seconds", serialize_with = "maybe_seconds")]
    pub expect: Option<Duration>,
    /// When it begins at the earliest, from the run's beginning.
    #[serde(rename = "begins_seconds", serialize_with = "seconds")]
    pub begins: Duration,
    /// How much longer it may take without making the whole longer.
    #[serde(rename = "slack_seconds", serialize_with = "seconds")]
    pub slack: Duration,
    /// Whether it makes the whole as long as it is.
    pub critical: bool,
}

/// How long it would take without some stages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WhatIf {
    /// The stages.
    pub without: Vec<String>,
    /// How long.
    #[serde(rename = "expected_seconds", serialize_with = "seconds")]
    pub expected: Duration,
}

/// What is wrong with a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The stage.
    pub stage: String,
    /// The line, from 1.
    pub line: u64,
    /// What sort of mistake, in a word.
    pub code: &'static str,
    /// Whether something can never run; the rest only looks wrong.
    pub error: bool,
    /// For people.
    pub message: String,
}

/// Says what a run of a pipeline would do.
///
/// # Errors
/// Those of [`select`]; `Usage` for an unknown stage in `what_if`.
pub fn plan(pipeline: &Pipeline, wish: &Wish) -> Result<Plan> {
    let left_out = select(pipeline, &wish.asked, wish.earlier.as_ref())?;
    let graph = Graph::new(&pipeline.stages);
    let runs: Vec<bool> = left_out.iter().map(Option::is_none).collect();
    let takes = expected(&pipeline.stages, &runs);
    let (ends, slack) = (graph.ends(&takes), graph.slack(&takes));
    let path = graph.critical_path(&takes);
    let mut critical = vec![false; graph.len()];
    path.iter().for_each(|&stage| critical[stage] = runs[stage]);
    let name = |stage: usize| pipeline.stages[stage].name.clone();
    let succeeded = |name: &str| {
        wish.earlier.as_ref().is_some_and(|earlier| earlier.states.get(name).is_some_and(|state| state.satisfies()))
    };
    let stages = pipeline.stages.iter().enumerate().map(|(at, stage)| Planned {
        name: stage.name.clone(),
        line: stage.line,
        work: kind(&stage.work),
        needs: stage.needs.iter().copied().map(name).collect(),
        runs: runs[at],
        left_out: left_out[at].clone(),
        substituted: wish.substitutes.get(&stage.name).cloned(),
        expect: stage.expect,
        begins: duration(ends[at] - takes[at]),
        slack: duration(slack[at]),
        critical: critical[at],
    });
    let what_if = wish.what_if.iter().map(|without| {
        let mut runs = runs.clone();
        for stage in without {
            runs[pipeline.stage(stage)?] = false;
        }
        Ok(WhatIf { without: without.clone(), expected: whole(&graph.ends(&expected(&pipeline.stages, &runs))) })
    });
    let unsaid = |at: &usize| {
        let stage = &pipeline.stages[*at];
        let works = !matches!(stage.work, Work::Gate { .. } | Work::Approval { .. } | Work::Nothing);
        runs[*at] && works && stage.expect.is_none()
    };
    Ok(Plan {
        pipeline: pipeline.name.clone(),
        file: pipeline.path.display().to_string(),
        hash: pipeline.hash.clone(),
        kind: pipeline.half,
        profile: wish.profile,
        stages: stages.collect(),
        critical_path: path.iter().filter(|&&stage| runs[stage]).copied().map(name).collect(),
        expected: whole(&ends),
        without_expectation: (0..graph.len()).filter(unsaid).map(name).collect(),
        what_if: what_if.collect::<Result<_>>()?,
        weighty: weighty(pipeline, &left_out, wish.profile, &succeeded).into_iter().map(name).collect(),
        findings: findings(pipeline, &graph, &runs, wish),
    })
}

/// Reads `STAGE=COMMAND`.
///
/// # Errors
/// `Usage` without a command, for an unknown stage, for one that is named twice, and for one that waits for a person.
pub fn substitutes(pipeline: &Pipeline, texts: &[String]) -> Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for text in texts {
        let wrong = |message: String| {
            Error::new(Kind::Usage, message).hint("write STAGE=COMMAND: signing='cp -r built signed'")
        };
        let (stage, command) = match text.split_once('=') {
            Some((stage, command)) if !command.trim().is_empty() => (stage, command),
            _ => return Err(wrong(format!("{text:?} substitutes nothing"))),
        };
        let work = &pipeline.stages[pipeline.stage(stage)?].work;
        if matches!(work, Work::Gate { .. } | Work::Approval { .. }) {
            return Err(wrong(format!("{stage} waits for a person: no command takes that person's place"))
                .hint(format!("leave it out: --skip {stage}")));
        }
        if found.insert(stage.to_owned(), command.to_owned()).is_some() {
            return Err(wrong(format!("{stage} is substituted twice")));
        }
    }
    Ok(found)
}

/// What a stage does, in a word.
pub fn kind(work: &Work) -> &'static str {
    match work {
        Work::Command(_) => "run",
        Work::Job { .. } => "job",
        Work::Gate { .. } => "override",
        Work::Approval { .. } => "approval",
        Work::Publish(_) => "publish",
        Work::Start(_) => "start",
        Work::Nothing => "nothing",
    }
}

/// How many seconds each stage takes; what does not run takes none.
fn expected(stages: &[Stage], runs: &[bool]) -> Vec<f64> {
    let takes = |(stage, runs): (&Stage, &bool)| match (runs, stage.expect) {
        (true, Some(expect)) => expect.as_secs_f64(),
        _ => 0.0,
    };
    stages.iter().zip(runs).map(takes).collect()
}

fn whole(ends: &[f64]) -> Duration {
    duration(ends.iter().copied().fold(0.0, f64::max))
}

fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

fn findings(pipeline: &Pipeline, graph: &Graph, runs: &[bool], wish: &Wish) -> Vec<Finding> {
    let mut found: Vec<Option<Finding>> = vec![None; graph.len()];
    // The stages that never succeed, and those among them that not even fail: a gate over those is never offered.
    let (mut never, mut never_begins) = (vec![false; graph.len()], vec![false; graph.len()]);
    for at in graph.order() {
        let stage = &pipeline.stages[at];
        if !runs[at] {
            continue;
        }
        let gate = match stage.work {
            Work::Gate { of } => Some(of),
            _ => None,
        };
        let stuck =
            graph.needs(at).iter().copied().find(|&need| never[need] && (Some(need) != gate || never_begins[need]));
        let finding = match stuck {
            Some(need) => {
                never_begins[at] = true;
                let why = format!("it needs {}, which can never succeed", pipeline.stages[need].name);
                Some(("unreachable", true, stage.line, why))
            }
            None if wish.substitutes.contains_key(&stage.name) => None,
            None => own_finding(pipeline, stage, wish.profile),
        };
        if let Some((code, error, line, message)) = finding {
            never[at] = error;
            found[at] = Some(Finding { stage: stage.name.clone(), line, code, error, message });
        }
    }
    found.into_iter().flatten().collect()
}

/// What is wrong with a stage by itself: a code, whether it can never succeed, the line, and a text.
fn own_finding(pipeline: &Pipeline, stage: &Stage, profile: Profile) -> Option<(&'static str, bool, u64, String)> {
    match &stage.work {
        Work::Gate { of } => {
            let over = &pipeline.stages[*of];
            match over.work {
                Work::Nothing => {
                    let message = format!("it is never offered: {} does nothing, which cannot fail", over.name);
                    Some(("never-offered", false, stage.line, message))
                }
                Work::Gate { of } => {
                    let meant = &pipeline.stages[of].name;
                    let message = format!("it is never offered: {} is a gate itself; override {meant}", over.name);
                    Some(("never-offered", false, stage.line, message))
                }
                _ => None,
            }
        }
        Work::Approval { by, timeout, on_timeout } => {
            let message = if !by.is_empty() && by.iter().all(|name| name.trim().is_empty()) {
                "nobody may approve it: `by` names nobody"
            } else if *on_timeout == OnTimeout::Reject && timeout.is_some_and(|timeout| timeout.is_zero()) {
                "nobody can approve it: it is rejected after no time at all"
            } else {
                return None;
            };
            Some(("never-approved", true, stage.line, message.into()))
        }
        Work::Publish(targets) => {
            if let Some(target) = targets.iter().find(|target| !target.to.contains_key(&profile)) {
                let message = format!("it publishes nowhere under the profile {}", profile.as_str());
                return Some(("no-target", true, target.line, message));
            }
            let both = |to: &BTreeMap<Profile, String>| to.get(&Profile::Test) == to.get(&Profile::Production);
            let target = targets.iter().find(|target| both(&target.to))?;
            Some(("same-target", true, target.line, "it publishes to one place under both profiles".into()))
        }
        _ => match (stage.expect, stage.timeout) {
            (Some(expect), Some(timeout)) if timeout < expect => {
                Some(("times-out", false, stage.line, "it may take less time than it is expected to".into()))
            }
            _ => None,
        },
    }
}

fn seconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(duration.as_secs())
}

fn maybe_seconds<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    duration.map(|duration| duration.as_secs()).serialize(serializer)
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
