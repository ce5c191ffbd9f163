//! Which stages of a pipeline a run is to do: `--skip`, `--only`, `--from`, `--until`, `--failed`. Pure.

use super::{
    graph::Graph,
    pipeline::{Pipeline, Profile, Work},
    state::State,
};
use crate::error::{Error, Kind, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the command line says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Leave these out: what needs them goes on.
    pub skip: Vec<String>,
    /// Do only these.
    pub only: Vec<String>,
    /// Do these and what needs them.
    pub from: Vec<String>,
    /// Do these and what they need.
    pub until: Vec<String>,
    /// Do what did not succeed in an earlier run.
    pub failed: bool,
}

/// Why a stage is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It was named.
    Skip,
    /// Others were named.
    NotAmong(String),
    /// It succeeded in an earlier run, which is named.
    Succeeded(String),
    /// It did not run in an earlier run, which is named, and what needs it went on there all the same.
    Was {
        /// How it ended there.
        state: State,
        /// The run.
        run: String,
    },
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Reason::Skip => f.write_str("skipped by --skip"),
            Reason::NotAmong(flag) => write!(f, "left out by {flag}"),
            Reason::Succeeded(run) => write!(f, "succeeded in the run {run}"),
            Reason::Was { state, run } => write!(f, "{state} in the run {run}"),
        }
    }
}

/// How stages ended in an earlier run, by name.
#[derive(Debug, Clone, Default)]
pub struct Earlier {
    /// The run.
    pub run: String,
    /// How they ended.
    pub states: BTreeMap<String, State>,
}

/// Why each stage is left out; `None` for those that are done. A stage that is left out counts as a need that is satisfied.
///
/// `--skip` leaves out what it names. `--only`, `--from` and `--until` each leave out all but what they mean; together all but
/// what each of them means. `--failed` leaves out what succeeded in the earlier run, unless something that it needs is done
/// again.
///
/// # Errors
/// `Usage` for a stage that is not there, with suggestions; for `--failed` without an earlier run; when nothing is left.
pub fn select(pipeline: &Pipeline, asked: &Asked, earlier: Option<&Earlier>) -> Result<Vec<Option<Reason>>> {
    let graph = Graph::new(&pipeline.stages);
    let find = |names: &[String]| names.iter().map(|name| pipeline.stage(name)).collect::<Result<Vec<usize>>>();
    let mut left_out: Vec<Option<Reason>> = vec![None; pipeline.stages.len()];
    let (only, from, until) = (find(&asked.only)?, find(&asked.from)?, find(&asked.until)?);
    let sets = [
        ("--only", only.clone(), vec![false; graph.len()]),
        ("--from", from.clone(), graph.descendants(&from)),
        ("--until", until.clone(), graph.ancestors(&until)),
    ];
    for (flag, named, beyond) in sets {
        if named.is_empty() {
            continue;
        }
        for (stage, reason) in left_out.iter_mut().enumerate() {
            if !named.contains(&stage) && !beyond[stage] {
                reason.get_or_insert_with(|| Reason::NotAmong(flag.into()));
            }
        }
    }
    // Before what succeeded: a stage that is skipped is not done again, so that nothing has to be because of it.
    for stage in find(&asked.skip)? {
        left_out[stage] = Some(Reason::Skip);
    }
    if asked.failed {
        let Some(earlier) = earlier else {
            return Err(Error::new(Kind::Usage, format!("no earlier run of {} is there to take up", pipeline.name))
                .hint("leave --failed away"));
        };
        carry_over(pipeline, &graph, earlier, &mut left_out);
    }
    if left_out.iter().all(Option::is_some) {
        let error = Error::new(Kind::Usage, format!("nothing of {} is left to do", pipeline.name));
        return Err(error.hint("`ci-tool stage plan` shows what each flag leaves out"));
    }
    Ok(left_out)
}

/// Leaves out what succeeded before, as long as everything that it needs is left out, too.
fn carry_over(pipeline: &Pipeline, graph: &Graph, earlier: &Earlier, left_out: &mut [Option<Reason>]) {
    for stage in graph.order() {
        let name = &pipeline.stages[stage].name;
        let satisfied = earlier.states.get(name).filter(|state| state.satisfies());
        let again = graph.needs(stage).iter().any(|&need| left_out[need].is_none());
        if let Some(&state) = satisfied.filter(|_| !again) {
            let run = earlier.run.clone();
            let reason = match state {
                State::Skipped | State::Overridden => Reason::Was { state, run },
                _ => Reason::Succeeded(run),
            };
            left_out[stage].get_or_insert(reason);
        }
    }
}

/// The stages left out, however it was said, that a stage which publishes to production needs, and that never succeeded with
/// the same content: whoever leaves these out has to say who and why. Gates check nothing, and do not weigh.
pub fn weighty(
    pipeline: &Pipeline,
    left_out: &[Option<Reason>],
    profile: Profile,
    succeeded: &dyn Fn(&str) -> bool,
) -> Vec<usize> {
    let publishes = |stage: &usize| match &pipeline.stages[*stage].work {
        Work::Publish(targets) => profile == Profile::Production && left_out[*stage].is_none() && !targets.is_empty(),
        _ => false,
    };
    let publishing: Vec<usize> = (0..pipeline.stages.len()).filter(publishes).collect();
    let above = Graph::new(&pipeline.stages).ancestors(&publishing);
    let weighs = |stage: &usize| {
        let is_gate = matches!(pipeline.stages[*stage].work, Work::Gate { .. });
        above[*stage] && left_out[*stage].is_some() && !is_gate && !succeeded(&pipeline.stages[*stage].name)
    };
    (0..pipeline.stages.len()).filter(weighs).collect()
}

#[cfg(test)]
#[path = "select_tests.rs"]
mod tests;
