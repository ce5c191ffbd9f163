//! A run as people look at it: where each stage is and why, how long it took against what was expected, what made it so long.
//! Pure.

use super::{
    advance::{blocker, shown},
    graph::Graph,
    pipeline::{Pipeline, Profile},
    run::{Answer, HandoverId, Mended, Run, Told},
    state::State,
};
use crate::pipeline::id::Id;
use jiff::Timestamp;
use serde::{Serialize, Serializer};
use std::time::Duration;

/// A run.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The run.
    pub run: Id,
    /// The pipeline's name.
    pub pipeline: String,
    /// Where its file was.
    pub file: String,
    /// Where it publishes.
    pub profile: Profile,
    /// The handover that it works on.
    pub handover: Option<HandoverId>,
    /// When it was begun.
    pub opened: Timestamp,
    /// When something last happened.
    pub changed: Timestamp,
    /// Who left out what production stands on.
    pub by: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Why it was stopped.
    pub cancelled: Option<String>,
    /// The times that it was taken up with another file.
    pub mended: Vec<Mended>,
    /// The stages, in the order of the file.
    pub stages: Vec<Row>,
    /// The stages that made it as long as it was: each began when the one before had ended.
    pub critical_path: Vec<String>,
    /// From its beginning to the last end; while it runs, until now.
    #[serde(rename = "took_seconds", serialize_with = "seconds")]
    pub took: Duration,
    /// How long what was not left out was expected to take.
    #[serde(rename = "expected_seconds", serialize_with = "seconds")]
    pub expected: Duration,
}

/// A stage of a run.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub state: State,
    /// How often it was begun.
    pub attempts: usize,
    /// When the last attempt began.
    pub begun: Option<Timestamp>,
    /// When it last ended, was passed over, or was answered.
    pub ended: Option<Timestamp>,
    /// How long the last attempt took, so far.
    #[serde(rename = "took_seconds", serialize_with = "maybe_seconds")]
    pub took: Option<Duration>,
    /// How long it was expected to take.
    #[serde(rename = "expected_seconds", serialize_with = "maybe_seconds")]
    pub expected: Option<Duration>,
    /// How much later it could have ended without making the whole later.
    #[serde(rename = "slack_seconds", serialize_with = "maybe_seconds")]
    pub slack: Option<Duration>,
    /// The command that it ran instead of its own.
    pub substituted: Option<String>,
    /// What people said, the last last.
    pub answers: Vec<Answer>,
    /// Why it is where it is.
    pub why: Option<String>,
}

impl Report {
    /// Tells a run of a pipeline as it stands at an instant.
    pub fn of(pipeline: &Pipeline, run: &Run, now: Timestamp) -> Report {
        let graph = Graph::new(&pipeline.stages);
        let recorded = recorded(pipeline, run);
        let states = shown(&pipeline.stages, &graph, &recorded);
        let times = Times::of(pipeline, run, &graph, now);
        let slack = times.slack(&graph);
        let row = |(at, stage): (usize, &super::pipeline::Stage)| {
            let told = run.stages.get(&stage.name);
            let last = told.and_then(|told| told.attempts.last());
            Row {
                name: stage.name.clone(),
                state: states[at],
                attempts: told.map_or(0, |told| told.attempts.len()),
                begun: last.map(|last| last.begun),
                ended: told.and_then(ended),
                took: last.map(|last| since(last.begun, last.ended.unwrap_or(now))),
                expected: stage.expect,
                slack: slack[at],
                substituted: run.opening.substituted.get(&stage.name).cloned(),
                answers: told.map(|told| told.answers.clone()).unwrap_or_default(),
                why: why(pipeline, run, &graph, &recorded, &states, at),
            }
        };
        let takes = pipeline.stages.iter().map(|stage| match run.opening.left_out.contains_key(&stage.name) {
            true => 0.0,
            false => stage.expect.unwrap_or_default().as_secs_f64(),
        });
        let expected = graph.ends(&takes.collect::<Vec<_>>()).into_iter().fold(0.0, f64::max);
        let name = |stage: usize| pipeline.stages[stage].name.clone();
        let last = times.ends.iter().flatten().max().copied();
        let left_out = |stage: &usize| run.opening.left_out.contains_key(&pipeline.stages[*stage].name);
        let path = times.path(&graph).into_iter().filter(|stage| !left_out(stage));
        Report {
            run: run.opening.run.clone(),
            pipeline: run.opening.pipeline.clone(),
            file: run.opening.file.clone(),
            profile: run.opening.profile,
            handover: run.opening.handover.clone(),
            opened: run.opened,
            changed: run.changed,
            by: run.opening.by.clone(),
            reason: run.opening.reason.clone(),
            cancelled: run.cancelled.clone(),
            mended: run.mended.clone(),
            stages: pipeline.stages.iter().enumerate().map(row).collect(),
            critical_path: path.map(name).collect(),
            took: last.map_or(Duration::ZERO, |last| since(run.opened, last)),
            expected: Duration::from_secs_f64(expected),
        }
    }

    /// Whether nothing runs, and nothing waits for a person or may still be begun, unless the run was stopped.
    pub fn is_over(&self) -> bool {
        if self.cancelled.is_some() {
            return self.stages.iter().all(|row| row.state != State::Running);
        }
        self.stages.iter().all(|row| row.state.is_over() || row.state == State::Blocked)
    }

    /// Whether something came to nothing, or the run was stopped.
    pub fn is_bad(&self) -> bool {
        self.cancelled.is_some() || self.stages.iter().any(|row| row.state.is_bad() || row.state == State::Blocked)
    }
}

/// Where each stage is by the records; what the command line left out is skipped, also before a record says so.
pub fn recorded(pipeline: &Pipeline, run: &Run) -> Vec<State> {
    let mut states = run.states(pipeline);
    for (stage, state) in pipeline.stages.iter().zip(&mut states) {
        if !run.stages.contains_key(&stage.name) && run.opening.left_out.contains_key(&stage.name) {
            *state = State::Skipped;
        }
    }
    states
}

/// When a stage last came to an end: an attempt's, being passed over, an answer. What is to be done again has not.
fn ended(told: &Told) -> Option<Timestamp> {
    if told.state() == State::Waiting {
        return None;
    }
    let attempt = told.attempts.last().and_then(|attempt| attempt.ended);
    let passed = told.passed.as_ref().map(|passed| passed.at);
    [attempt, passed, told.answers.last().map(|answer| answer.at)].into_iter().flatten().max()
}

fn why(
    pipeline: &Pipeline,
    run: &Run,
    graph: &Graph,
    recorded: &[State],
    states: &[State],
    at: usize,
) -> Option<String> {
    let name = &pipeline.stages[at].name;
    let told = run.stages.get(name);
    let mut parts: Vec<String> = Vec::new();
    if states[at] == State::Blocked {
        let blocker = blocker(graph, recorded, at)?;
        parts.push(format!("{} {}", pipeline.stages[blocker].name, states[blocker]));
    }
    if let Some(told) = told {
        // An answer is shown for ever; beside it, why the stage needed one.
        parts.extend(told.answers.iter().map(said));
        if let Some(question) = &told.asked {
            let until = question.until.map(|until| format!(" until {until}"));
            parts.push(format!("asked{}", until.unwrap_or_default()));
        }
        let passed = told.passed.as_ref().and_then(|passed| passed.why.clone());
        let attempt = told.attempts.last().and_then(|attempt| attempt.why.clone());
        parts.extend(if told.state() == State::Running { None } else { passed.or(attempt) });
    }
    let left_out = run.opening.left_out.get(name).filter(|_| states[at] == State::Skipped && parts.is_empty());
    parts.extend(left_out.map(ToString::to_string));
    parts.extend(run.opening.substituted.get(name).map(|command| format!("substituted: {command}")));
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// What somebody said, for people.
pub fn said(answer: &Answer) -> String {
    let reason = answer.reason.as_ref().map(|reason| format!(": {reason}"));
    format!("{} by {}{}", answer.state, answer.by, reason.unwrap_or_default())
}

/// When each stage began and ended: by its last attempt, or from the end of what it needs to the answer.
struct Times {
    begins: Vec<Option<Timestamp>>,
    ends: Vec<Option<Timestamp>>,
}

impl Times {
    fn of(pipeline: &Pipeline, run: &Run, graph: &Graph, now: Timestamp) -> Times {
        let count = graph.len();
        let mut times = Times { begins: vec![None; count], ends: vec![None; count] };
        for at in graph.order() {
            let Some(told) = run.stages.get(&pipeline.stages[at].name) else { continue };
            let attempt = told.attempts.last();
            let runs = attempt.is_some_and(|attempt| attempt.ended.is_none());
            let end = if runs || told.asked.is_some() { Some(now) } else { ended(told) };
            let ready = graph.needs(at).iter().filter_map(|&need| times.ends[need]).max();
            let begin = attempt.map(|attempt| attempt.begun).or(ready).or(end);
            times.ends[at] = end;
            times.begins[at] = begin.min(end);
        }
        times
    }

    /// Back from the stage that ended last, each time to the need that ended last.
    fn path(&self, graph: &Graph) -> Vec<usize> {
        let last = |among: &mut dyn Iterator<Item = usize>| {
            among
                .filter(|&stage| self.ends[stage].is_some())
                .max_by_key(|&stage| (self.ends[stage], std::cmp::Reverse(stage)))
        };
        let first = last(&mut (0..graph.len()));
        let mut path: Vec<usize> =
            std::iter::successors(first, |&stage| last(&mut graph.needs(stage).iter().copied())).collect();
        path.reverse();
        path
    }

    fn slack(&self, graph: &Graph) -> Vec<Option<Duration>> {
        let Some(whole) = self.ends.iter().flatten().max().copied() else { return vec![None; graph.len()] };
        let mut latest = vec![whole; graph.len()];
        for at in graph.order().into_iter().rev() {
            for &next in graph.needed_by(at) {
                if let (Some(begin), Some(end)) = (self.begins[next], self.ends[next]) {
                    latest[at] = latest[at].min(latest[next] - end.duration_since(begin));
                }
            }
        }
        latest.iter().zip(&self.ends).map(|(latest, end)| end.map(|end| since(end, *latest))).collect()
    }
}

fn since(begin: Timestamp, end: Timestamp) -> Duration {
    // A clock that was set back makes nothing take less than no time.
    Duration::try_from(end.duration_since(begin)).unwrap_or_default()
}

fn seconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}

fn maybe_seconds<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    duration.map(|duration| duration.as_secs_f64()).serialize(serializer)
}

#[cfg(test)]
#[path = "report_tests.rs"]
mod tests;
