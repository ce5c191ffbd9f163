//! `ci-tool trigger`: one file a verb.

mod act;
mod artifacts;
mod backfill;
mod cancel;
mod fill;
pub(super) mod ground;
mod hidden;
mod jobs;
mod list;
mod live;
mod range;
mod report;
mod resolve;
mod revisions;
mod status;
mod until_failure;
mod vcs;
mod watch;
mod what;
mod which;

use super::Session;
use crate::error::Result;
use clap::Subcommand;

/// The verbs of `trigger`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    Range(range::Args),
    Backfill(backfill::Args),
    Fill(fill::Args),
    UntilFailure(until_failure::Args),
    Jobs(jobs::Args),
    Revisions(revisions::Args),
    Watch(watch::Args),
    #[command(alias = "ls")]
    List(list::Args),
    Cancel(cancel::Args),
    Resolve(resolve::Args),
    Status(status::Args),
    Hidden(hidden::Args),
    Artifacts(artifacts::Args),
}

/// Runs a verb and returns the exit code.
pub(super) async fn run(session: Session, verb: Verb) -> Result<u8> {
    match verb {
        Verb::Range(args) => range::run(&session, args).await,
        Verb::Backfill(args) => backfill::run(&session, args).await,
        Verb::Fill(args) => fill::run(&session, args).await,
        Verb::UntilFailure(args) => until_failure::run(&session, args).await,
        Verb::Jobs(args) => jobs::run(&session, args).await,
        Verb::Revisions(args) => revisions::run(&session, args).await,
        Verb::Watch(args) => watch::run(&session, args).await,
        Verb::List(args) => list::run(&session, args).await,
        Verb::Cancel(args) => cancel::run(&session, args).await,
        Verb::Resolve(args) => resolve::run(&session, args).await,
        Verb::Status(args) => status::run(&session, args).await,
        Verb::Hidden(args) => hidden::run(&session, args).await,
        Verb::Artifacts(args) => artifacts::run(&session, args).await,
    }
}
