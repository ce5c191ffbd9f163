//! `ci-tool stage`: one file a verb.

mod plan;
mod which;

use super::Session;
use crate::{error::Result, pipeline::duration};
use clap::Subcommand;
use std::time::Duration;

/// The verbs of `stage`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    Plan(plan::Args),
}

/// Runs a verb and returns the exit code.
pub(super) async fn run(session: Session, verb: Verb) -> Result<u8> {
    match verb {
        Verb::Plan(args) => plan::run(&session, args).await,
    }
}

/// A time for people; `-` for none.
fn span(duration: Duration) -> String {
    if duration.is_zero() { "-".into() } else { duration::show(duration) }
}
