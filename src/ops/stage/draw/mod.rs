//! Pipelines, plans and runs as drawings: Mermaid, Graphviz, and a page of their own. Pure.

mod dot;
mod html;
mod layout;
mod mermaid;

pub use dot::dot;
pub use html::html;
pub use mermaid::{MARK, mermaid};

use super::{
    graph::Graph,
    pipeline::{Pipeline, Work},
    plan::Plan,
    report::Report,
    state::State,
};
use std::time::Duration;

/// What is drawn.
#[derive(Debug, Clone)]
pub struct Drawing {
    /// What stands above it.
    pub title: String,
    /// A few words about the whole, one thing a line.
    pub summary: Vec<String>,
    /// The stages.
    pub nodes: Vec<Node>,
    /// How they need each other.
    pub graph: Graph,
}

/// A stage that is drawn.
#[derive(Debug, Clone)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// What people call it.
    pub title: Option<String>,
    /// What it is.
    pub shape: Shape,
    /// Where it is; `Waiting` where nothing runs yet.
    pub state: State,
    /// How long it is expected to take.
    pub expect: Option<Duration>,
    /// When it began or would begin, from the beginning of the whole.
    pub begins: Option<Duration>,
    /// How long it took; where nothing runs yet, as expected.
    pub took: Option<Duration>,
    /// Whether it made the whole as long as it is.
    pub critical: bool,
    /// Why it is where it is.
    pub why: Option<String>,
}

/// What a stage is, as far as a drawing tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// It works.
    Work,
    /// It lets a person pass over the failure of a stage.
    Gate {
        /// The stage.
        of: usize,
    },
    /// It waits for a person.
    Approval,
}

impl Drawing {
    /// Draws what a run would do.
    pub fn planned(pipeline: &Pipeline, plan: &Plan) -> Drawing {
        let nodes = pipeline.stages.iter().zip(&plan.stages).map(|(stage, planned)| Node {
            name: stage.name.clone(),
            title: stage.title.clone(),
            shape: shape(&stage.work),
            state: if planned.runs { State::Waiting } else { State::Skipped },
            expect: stage.expect,
            begins: Some(planned.begins),
            took: stage.expect.filter(|_| planned.runs),
            critical: planned.critical,
            why: planned.left_out.as_ref().map(ToString::to_string),
        });
        Drawing {
            title: plan.pipeline.clone(),
            summary: vec![format!("critical path: {}", plan.critical_path.join(" → "))],
            nodes: nodes.collect(),
            graph: Graph::new(&pipeline.stages),
        }
    }

    /// Draws a run.
    pub fn told(pipeline: &Pipeline, report: &Report) -> Drawing {
        let nodes = pipeline.stages.iter().zip(&report.stages).map(|(stage, row)| Node {
            name: stage.name.clone(),
            title: stage.title.clone(),
            shape: shape(&stage.work),
            state: row.state,
            expect: stage.expect,
            begins: row
                .begun
                .or(row.ended)
                .and_then(|begun| Duration::try_from(begun.duration_since(report.opened)).ok()),
            took: row.took,
            critical: report.critical_path.contains(&stage.name),
            why: row.why.clone(),
        });
        Drawing {
            title: format!("{} {}", report.pipeline, report.run),
            summary: vec![
                format!("begun {}, {}", report.opened, report.profile.as_str()),
                format!("critical path: {}", report.critical_path.join(" → ")),
            ],
            nodes: nodes.collect(),
            graph: Graph::new(&pipeline.stages),
        }
    }
}

fn shape(work: &Work) -> Shape {
    match work {
        Work::Gate { of } => Shape::Gate { of: *of },
        Work::Approval { .. } => Shape::Approval,
        _ => Shape::Work,
    }
}

/// The colour of a state. Colour never stands alone: the state's name is beside it.
fn colour(state: State) -> &'static str {
    match state {
        State::Waiting => "#f3f4f6",
        State::Blocked => "#d1d5db",
        State::Running => "#bfdbfe",
        State::WaitingForApproval => "#e9d5ff",
        State::Succeeded => "#bbf7d0",
        State::SucceededWithIssues => "#fef08a",
        State::Failed => "#fecaca",
        State::TimedOut => "#fed7aa",
        State::Cancelled => "#e7d7c9",
        State::Interrupted => "#fbcfe8",
        State::Skipped => "#ffffff",
        State::Overridden => "#fde68a",
        State::UpToDate => "#a5f3fc",
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
