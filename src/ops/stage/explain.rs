//! Why a stage of a run is where it is: every reason that the records give. Pure.

use super::{
    graph::Graph,
    pipeline::{Pipeline, Work},
    report::{Report, recorded, said},
    run::{Answer, Attempt, Passed, Question, Run},
    select::Reason,
    state::State,
};
use crate::error::Result;
use jiff::Timestamp;
use serde::Serialize;

/// Everything that is known of a stage of a run.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    /// The stage.
    pub stage: String,
    /// Where it is.
    pub state: State,
    /// Why, in sentences.
    pub reasons: Vec<String>,
    /// What it needs.
    pub needs: Vec<Need>,
    /// Why it was left out, where it was.
    pub left_out: Option<Reason>,
    /// How it was passed over.
    pub passed: Option<Passed>,
    /// Each time that it ran.
    pub attempts: Vec<Tried>,
    /// The question that waits.
    pub asked: Option<Question>,
    /// Every answer that there ever was.
    pub answers: Vec<Answer>,
}

/// What a stage needs.
#[derive(Debug, Clone, Serialize)]
pub struct Need {
    /// The stage.
    pub stage: String,
    /// Where it is.
    pub state: State,
    /// Whether that is enough.
    pub satisfied: bool,
}

/// A time that a stage ran.
#[derive(Debug, Clone, Serialize)]
pub struct Tried {
    /// Which, from 1.
    pub attempt: usize,
    /// The key of its log in the store.
    pub log: String,
    /// The rest.
    #[serde(flatten)]
    pub told: Attempt,
}

/// Explains a stage.
///
/// # Errors
/// `Usage` for one that is not there, with suggestions.
pub fn explain(pipeline: &Pipeline, run: &Run, stage: &str, now: Timestamp) -> Result<Explanation> {
    let at = pipeline.stage(stage)?;
    let graph = Graph::new(&pipeline.stages);
    let report = Report::of(pipeline, run, now);
    let states = recorded(pipeline, run);
    let told = run.stages.get(stage).cloned().unwrap_or_default();
    let need = |&need: &usize| Need {
        stage: pipeline.stages[need].name.clone(),
        state: report.stages[need].state,
        satisfied: states[need].satisfies(),
    };
    let attempts = told.attempts.iter().enumerate().map(|(at, attempt)| Tried {
        attempt: at + 1,
        log: format!("stage/logs/{}/{stage}.{}.zst", run.opening.run, at + 1),
        told: attempt.clone(),
    });
    let mut explanation = Explanation {
        stage: stage.to_owned(),
        state: report.stages[at].state,
        reasons: Vec::new(),
        needs: graph.needs(at).iter().map(need).collect(),
        left_out: run.opening.left_out.get(stage).cloned(),
        attempts: attempts.collect(),
        passed: told.passed,
        asked: told.asked,
        answers: told.answers,
    };
    explanation.reasons = reasons(pipeline, run, at, &explanation, report.stages[at].why.as_deref());
    Ok(explanation)
}

fn reasons(pipeline: &Pipeline, run: &Run, at: usize, told: &Explanation, why: Option<&str>) -> Vec<String> {
    let stage = &pipeline.stages[at];
    let mut reasons = Vec::new();
    if let Some(reason) = &told.left_out {
        let weight = match (&run.opening.by, &run.opening.reason) {
            (Some(by), Some(reason)) => format!(" ({by}: {reason})"),
            (Some(by), None) => format!(" ({by})"),
            _ => String::new(),
        };
        reasons.push(format!("it was left out: {reason}{weight}; what needs it goes on"));
    }
    match told.state {
        State::Blocked => reasons.extend(why.map(|why| format!("it cannot begin: {why}"))),
        State::Waiting => {
            let open: Vec<String> = told
                .needs
                .iter()
                .filter(|need| !need.satisfied)
                .map(|need| format!("{} is {}", need.stage, need.state))
                .collect();
            reasons.push(match open.is_empty() {
                true => "everything that it needs is there: it begins when the run is driven on".into(),
                false => format!("it waits: {}", open.join(", ")),
            });
        }
        State::WaitingForApproval => {
            let until = told.asked.as_ref().and_then(|asked| asked.until);
            reasons.push(match until {
                Some(until) => format!("a person is asked, until {until}"),
                None => "a person is asked, for as long as it takes".into(),
            });
        }
        _ => {}
    }
    if let Work::Gate { of } = stage.work {
        let over = &pipeline.stages[of].name;
        reasons.push(format!("it is a gate: offered only when {over} failed or succeeded with issues"));
    }
    if let Some(passed) = told.passed.as_ref().filter(|passed| passed.state != State::Waiting) {
        let why = passed.why.clone().unwrap_or_else(|| "nobody said why".into());
        reasons.push(format!("{} at {}: {why}", passed.state, passed.at));
    }
    reasons.extend(told.answers.iter().map(|answer| format!("{} at {}", said(answer), answer.at)));
    if let Some(command) = run.opening.substituted.get(&stage.name) {
        reasons.push(format!("its work was substituted for this run: {command}"));
    }
    if !told.attempts.is_empty() {
        reasons.push(freshness(stage.inputs.is_empty(), run.opening.rerun).into());
    }
    for mended in run.mended.iter().filter(|mended| mended.differs.iter().any(|line| mentions(line, &stage.name))) {
        let differs: Vec<&str> =
            mended.differs.iter().filter(|line| mentions(line, &stage.name)).map(String::as_str).collect();
        reasons.push(format!("its pipeline was mended at {}: {}", mended.at, differs.join("; ")));
    }
    reasons
}

/// Why a stage that ran was not passed over as up to date.
fn freshness(no_inputs: bool, rerun: bool) -> &'static str {
    match (no_inputs, rerun) {
        (true, _) => "it declares no inputs, so that nobody can know it to be up to date",
        (false, true) => "whether it is up to date was not asked: --rerun",
        (false, false) => "it was not up to date: no run succeeded with these inputs and this command",
    }
}

/// Whether a line speaks of a stage: its name stands first.
fn mentions(line: &str, stage: &str) -> bool {
    line.strip_prefix(stage).is_some_and(|rest| rest.starts_with([':', ' ']) || rest.is_empty())
}
