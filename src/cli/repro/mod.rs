//! `ci-tool repro`: one file a verb.

mod decommission;
mod diff;
mod export;
mod extend;
mod files;
mod gc;
mod get;
mod list;
mod lost;
mod restore;
mod save;
mod show;
mod signatures;
mod stats;
mod verify;

use super::Session;
use crate::error::Result;
use clap::Subcommand;

/// The verbs of `repro`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    Save(save::Args),
    #[command(alias = "ls")]
    List(list::Args),
    Show(show::Args),
    Files(files::Args),
    Get(get::Args),
    Restore(restore::Args),
    Verify(verify::Args),
    Diff(diff::Args),
    Export(export::Args),
    Extend(extend::Args),
    #[command(aliases = ["rm", "delete"])]
    Decommission(decommission::Args),
    Stats(stats::Args),
    Gc(gc::Args),
}

/// Runs a verb and returns the exit code.
pub(super) async fn run(session: Session, verb: Verb) -> Result<u8> {
    match verb {
        Verb::Save(args) => save::run(&session, args).await,
        Verb::List(args) => list::run(&session, args).await,
        Verb::Show(args) => show::run(&session, args).await,
        Verb::Files(args) => files::run(&session, args).await,
        Verb::Get(args) => get::run(&session, args).await,
        Verb::Restore(args) => restore::run(&session, args).await,
        Verb::Verify(args) => verify::run(&session, args).await,
        Verb::Diff(args) => diff::run(&session, args).await,
        Verb::Export(args) => export::run(&session, args).await,
        Verb::Extend(args) => extend::run(&session, args).await,
        Verb::Decommission(args) => decommission::run(&session, args).await,
        Verb::Stats(args) => stats::run(&session, args).await,
        Verb::Gc(args) => gc::run(&session, args).await,
    }
}
