//! `ci-tool repro`: one file a verb.

mod save;

use super::Session;
use crate::error::Result;
use clap::Subcommand;

/// The verbs of `repro`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Run a job and save its environment when it fails
    Save(save::Args),
}

/// Runs a verb and returns the exit code.
pub(super) async fn run(session: Session, verb: Verb) -> Result<u8> {
    match verb {
        Verb::Save(args) => save::run(&session, args).await,
    }
}
