//! `ci-tool route`: one file a verb.

mod audit;
mod batch;
mod decide;
mod diff;
mod explain;
mod generate;
mod helix;
mod job;
mod lint;
mod log;
mod lookup;
mod queues;
mod serve;
mod submit;
mod test;
mod usage;

use super::Session;
use crate::error::Result;
use clap::Subcommand;

/// The arguments of `route`: those of one decision, or a verb.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
#[group(id = "route")]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    decide: decide::Args,
}

/// The verbs of `route`.
#[derive(Debug, Subcommand)]
enum Verb {
    Explain(explain::Args),
    Batch(batch::Args),
    Serve(serve::Args),
    Test(test::Args),
    Lint(lint::Args),
    Diff(diff::Args),
    Audit(audit::Args),
    Submit(submit::Args),
    #[command(subcommand)]
    Queues(queues::Verb),
}

/// Runs a verb and returns the exit code.
pub(super) async fn run(session: Session, args: Args) -> Result<u8> {
    match args.verb {
        None => decide::run(&session, args.decide).await,
        Some(Verb::Explain(args)) => explain::run(&session, args).await,
        Some(Verb::Batch(args)) => batch::run(&session, &args),
        Some(Verb::Serve(args)) => serve::run(&session, args).await,
        Some(Verb::Test(args)) => test::run(&session, &args),
        Some(Verb::Lint(args)) => lint::run(&session, &args),
        Some(Verb::Diff(args)) => diff::run(&session, &args),
        Some(Verb::Audit(args)) => audit::run(&session, &args),
        Some(Verb::Submit(args)) => submit::run(&session, args).await,
        Some(Verb::Queues(verb)) => queues::run(&session, verb),
    }
}
