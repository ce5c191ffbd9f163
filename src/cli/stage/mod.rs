//! `ci-tool stage`: one file a verb.

mod covers;
mod diff;
mod doing;
mod explain;
mod graph;
mod import;
mod into;
mod plan;
mod remote;
mod resume;
mod runner;
mod status;
mod told;
mod validate;
mod which;

use super::Session;
use crate::{error::Result, pipeline::duration};
use clap::Subcommand;
use std::time::Duration;

/// The verbs of `stage`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    Plan(plan::Args),
    Prepare(validate::PrepareArgs),
    Validate(validate::ValidateArgs),
    Resume(resume::ResumeArgs),
    Override(resume::OverrideArgs),
    Approve(resume::ApproveArgs),
    Reject(resume::RejectArgs),
    Graph(graph::Args),
    Import(import::Args),
    Status(status::Args),
    Explain(explain::Args),
    Diff(diff::Args),
}

/// Runs a verb and returns the exit code.
pub(super) async fn run(session: Session, verb: Verb) -> Result<u8> {
    match verb {
        Verb::Plan(args) => plan::run(&session, args).await,
        Verb::Prepare(args) => validate::prepare(&session, args).await,
        Verb::Validate(args) => validate::validate(&session, args).await,
        Verb::Resume(args) => resume::resume(&session, args).await,
        Verb::Override(args) => resume::pass_over(&session, args).await,
        Verb::Approve(args) => resume::approve(&session, args).await,
        Verb::Reject(args) => resume::reject(&session, args).await,
        Verb::Graph(args) => graph::run(&session, args).await,
        Verb::Import(args) => import::run(&session, &args),
        Verb::Status(args) => status::run(&session, args).await,
        Verb::Explain(args) => explain::run(&session, args).await,
        Verb::Diff(args) => diff::run(&session, args).await,
    }
}

/// A time for people; `-` for none.
fn span(duration: Duration) -> String {
    if duration.is_zero() { "-".into() } else { duration::show(duration) }
}
