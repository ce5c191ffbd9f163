//! `ci-tool trigger`: one file a verb.

mod act;
mod ground;
mod live;
mod range;
mod report;
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
    Range(range::Args),
    Revisions(revisions::Args),
}

/// Runs a verb and returns the exit code.
pub(super) async fn run(session: Session, verb: Verb) -> Result<u8> {
    match verb {
        Verb::Range(args) => range::run(&session, args).await,
        Verb::Revisions(args) => revisions::run(&session, args).await,
    }
}
