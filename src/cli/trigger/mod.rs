//! `ci-tool trigger`: one file a verb.

mod ground;
mod jobs;
mod revisions;
mod vcs;
mod what;
mod which;

use super::Session;
use crate::error::Result;
use clap::Subcommand;

/// The verbs of `trigger`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    Revisions(revisions::Args),
    Jobs(jobs::Args),
}

/// Runs a verb and returns the exit code.
pub(super) async fn run(session: Session, verb: Verb) -> Result<u8> {
    match verb {
        Verb::Revisions(args) => revisions::run(&session, args).await,
        Verb::Jobs(args) => jobs::run(&session, args).await,
    }
}
