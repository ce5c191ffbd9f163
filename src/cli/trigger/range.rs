//! `ci-tool trigger range`.

use super::{
    act::{Act, ActArgs, Done},
    ground::EngineArgs,
    report,
    what::WhatArgs,
    which::WhichArgs,
};
use crate::{
    cli::{Session, out::count},
    error::Result,
    ops::trigger::{begin::Begin, drive::Next, session::Verb},
};
use serde_json::json;
use std::num::NonZeroUsize;

/// Run jobs at each revision of a range, until each has so many runs
///
/// --times is what a revision should have in all: what has run, runs and waits is counted, whoever asked for it.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool trigger range v1.0..main --job unit --times 3\n  ci-tool trigger range HEAD~5..HEAD --run 'make test' --dry-run",
    after_help = "Ends with 0 when all passed, 5 when something failed, 8 when not all is over, 3 when some came to nothing."
)]
pub struct Args {
    #[command(flatten)]
    which: WhichArgs,
    #[command(flatten)]
    what: WhatArgs,
    /// How many runs of each job a revision should have
    #[arg(long, value_name = "N", default_value = "1", help_heading = "Jobs")]
    times: NonZeroUsize,
    #[command(flatten)]
    engine: EngineArgs,
    #[command(flatten)]
    act: ActArgs,
}

/// Runs the verb.
pub(super) async fn run(session: &Session, args: Args) -> Result<u8> {
    args.what.check(session, &args.engine)?;
    let jobs = args.what.jobs(&session.config.trigger.jobs);
    let base = args.engine.open_to_start(session, args.act.dry_run, jobs).await?;
    let revisions = args.which.select(&*base.vcs, false).await?;
    let wanted = args.what.wanted(&base, &revisions, args.times.get()).await?;
    let names = args.what.names().join(", ");
    let ids: Vec<&str> = revisions.iter().map(|revision| revision.id.as_str()).collect();
    let begin = Begin {
        verb: Verb::Range,
        engine: base.engine.name().into(),
        title: format!("{names} at {}", count(revisions.len(), "revision", "revisions")),
        same: json!([args.what.names(), ids, args.times, args.what.param, args.what.env]),
        hunt: None,
        place: base.place()?,
        jobs: base.defined(args.what.names()),
        budget: args.act.budget(session),
        fresh: args.act.new,
    };
    let act = Act { session, args: &args.act, base: &base, begin, next: &|_| Next::Wait };
    match act.run(async || base.ground().plan(&wanted, &revisions).await).await? {
        Done::Nothing(code) => Ok(code),
        Done::Session(owned) => Ok(report::session(session, &owned.session, act.waits())),
    }
}
