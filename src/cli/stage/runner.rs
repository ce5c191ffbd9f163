//! A run in a CI's job: stages' output in groups, annotations, the job's summary.

use super::span;
use crate::{
    cli::{
        Session, exit,
        out::{Loud, Out, has_groups},
    },
    ops::stage::{
        execute::Watcher,
        pipeline::Pipeline,
        report::{Report, Row},
        run::Run,
        state::State,
    },
    pipeline::{ci::CiSystem, markdown::text},
};
use jiff::Timestamp;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// Bytes of a stage's lines that wait for its end; beyond, they are printed before it.
const WAITING: usize = 1 << 20;

/// Tells a person each change and each line as it comes. In a CI that folds groups the lines of a stage wait for its end, since
/// stages run beside each other and groups do not.
pub(super) struct Lines {
    out: Out,
    system: CiSystem,
    waiting: Mutex<HashMap<String, Waiting>>,
}

/// Lines of a stage that were not printed yet.
#[derive(Default)]
struct Waiting {
    lines: Vec<String>,
    bytes: usize,
}

impl Lines {
    /// Tells the screen of a session.
    pub fn new(session: &Session) -> Lines {
        Lines { out: session.out.clone(), system: session.ci().system, waiting: Mutex::default() }
    }

    fn group(&self, stage: &str, title: &str) -> bool {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(stage);
        let lines = waiting.unwrap_or_default().lines;
        !lines.is_empty() && self.out.group(self.system, title, &lines, Timestamp::now())
    }
}

impl Watcher for Lines {
    fn changed(&self, stage: &str, state: State, why: Option<&str>) {
        let why = why.map(|why| format!(": {why}")).unwrap_or_default();
        let title = format!("[{stage}] {state}{why}");
        if !self.group(stage, &title) {
            self.out.note(&title);
        }
    }

    fn line(&self, stage: &str, line: &str) {
        let line = format!("[{stage}] {line}");
        if !has_groups(self.system) {
            return self.out.note(&line);
        }
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let of_stage = waiting.entry(stage.to_owned()).or_default();
        of_stage.bytes += line.len();
        of_stage.lines.push(line);
        if of_stage.bytes > WAITING {
            drop(waiting);
            self.group(stage, &format!("[{stage}] goes on"));
        }
    }
}

/// Annotates what came to nothing or is to be looked at, and hands the job's summary over.
pub(super) fn tell(session: &Session, pipeline: &Pipeline, run: &Run, code: u8) {
    let system = session.ci().system;
    if system == CiSystem::None || session.out.is_json() {
        return;
    }
    let report = Report::of(pipeline, run, Timestamp::now());
    for row in &report.stages {
        if let Some(loud) = loud(row.state) {
            let why = row.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            session.out.annotation(system, loud, &format!("{}: {} {}{why}", report.pipeline, row.name, row.state));
        }
    }
    let loud = match code {
        exit::NEGATIVE => Some(Loud::Error),
        exit::DONE => None,
        _ => Some(Loud::Warning),
    };
    session.out.summary(system, &session.env, loud, &summary(&report));
}

fn loud(state: State) -> Option<Loud> {
    match state {
        state if state.is_bad() => Some(Loud::Error),
        State::Overridden | State::SucceededWithIssues => Some(Loud::Warning),
        _ => None,
    }
}

/// The job's summary, in Markdown.
fn summary(report: &Report) -> String {
    let mut lines = vec![
        format!("### {}, run {} ({})\n", text(&report.pipeline), report.run, report.profile.as_str()),
        "| stage | state | took | why |".to_owned(),
        "|---|---|---:|---|".to_owned(),
    ];
    lines.extend(report.stages.iter().map(|row: &Row| {
        let took = row.took.map_or_else(|| "-".to_owned(), span);
        format!("| {} | {} | {took} | {} |", text(&row.name), row.state, text(row.why.as_deref().unwrap_or_default()))
    }));
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_to_nothing_is_an_error_and_what_is_to_be_looked_at_a_warning() {
        for state in State::ALL {
            let expected = match state {
                State::Failed | State::TimedOut | State::Cancelled | State::Interrupted => Some(Loud::Error),
                State::Overridden | State::SucceededWithIssues => Some(Loud::Warning),
                _ => None,
            };
            assert_eq!(loud(state), expected, "{state}");
        }
    }
}
