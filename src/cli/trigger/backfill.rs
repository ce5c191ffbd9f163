//! `ci-tool trigger backfill`.

use super::{
    act::{Act, ActArgs, Done},
    ground::EngineArgs,
    report,
    what::WhatArgs,
    which::few,
};
use crate::{
    cli::{Session, exit},
    error::{Error, Kind, Result},
    ops::trigger::{
        backfill::{Answer, Asked, Span, plan, span},
        begin::Begin,
        drive::Next,
        session::Verb,
    },
    vcs::Walk,
};
use serde_json::json;
use std::{cell::RefCell, num::NonZeroUsize};

/// Run a job between the bad revision and the last good one, where it has not run
///
/// Looks back so many revisions as --max-revisions says, else one and a half of the job's usual intervals, else 20. A job that
/// passed at none of them is failing for good: nothing is triggered, and it ends with 5.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool trigger backfill HEAD --job unit\n  ci-tool trigger backfill HEAD --job perf --times 5 --until-data --plus 1"
)]
pub struct Args {
    /// The bad revision
    #[arg(value_name = "REV")]
    revision: String,
    #[command(flatten)]
    what: WhatArgs,
    /// How many runs a revision should have
    #[arg(long, value_name = "N", default_value = "1", help_heading = "Jobs")]
    times: NonZeroUsize,
    /// Look back so many revisions at most, REV included
    #[arg(long, value_name = "N", value_parser = few::<NonZeroUsize>, help_heading = "Revisions")]
    max_revisions: Option<NonZeroUsize>,
    /// Only so many of the revisions between, evenly spaced
    #[arg(long, value_name = "N", help_heading = "Revisions")]
    slices: Option<NonZeroUsize>,
    /// For measurements: REV and everything before it back to the last revision that has data
    #[arg(long, help_heading = "Revisions", conflicts_with = "slices")]
    until_data: bool,
    /// With --until-data: so many revisions more
    #[arg(long, value_name = "N", default_value = "0", requires = "until_data", help_heading = "Revisions")]
    plus: usize,
    /// Follow only the first parent of a merge
    #[arg(long, help_heading = "Revisions")]
    first_parent: bool,
    /// Only revisions that changed this path or glob; can be repeated
    #[arg(long, value_name = "GLOB", help_heading = "Revisions")]
    path: Vec<String>,
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
    let bad = base.vcs.resolve(&args.revision).await?;
    let mut wanted = args.what.wanted(&base, std::slice::from_ref(&bad), args.times.get()).await?;
    let (Some(wanted), true) = (wanted.pop(), wanted.is_empty()) else {
        return Err(Error::new(Kind::Usage, "one job is backfilled at a time").hint("give --job once"));
    };
    let walk = Walk { first_parent: args.first_parent, paths: args.path.clone(), with_paths: false };
    let asked = Asked {
        bad: bad.id.clone(),
        wanted,
        max: args.max_revisions.map(NonZeroUsize::get),
        slices: args.slices.map(NonZeroUsize::get),
        until_data: args.until_data.then_some(args.plus),
        walk,
    };
    let name = asked.wanted.job.clone();
    let begin = Begin {
        verb: Verb::Backfill,
        engine: base.engine.name().into(),
        title: format!("{name} back from {}", bad.short()),
        same: json!([
            name,
            bad.id,
            args.times,
            asked.max,
            asked.slices,
            asked.until_data,
            args.what.param,
            args.what.env
        ]),
        hunt: None,
        place: base.place()?,
        jobs: base.defined(args.what.names()),
        budget: args.act.budget(session),
        fresh: args.act.new,
    };
    let act = Act { session, args: &args.act, base: &base, begin, next: &|_| Next::Wait };
    let ground = base.ground();
    let answer = RefCell::new(Answer::Runs);
    let planned = async || {
        let (plan, found) = plan(&ground, &asked).await?;
        *answer.borrow_mut() = found;
        Ok(plan)
    };
    let done = act.run(planned).await?;
    let answer = answer.into_inner();
    let wanted = !args.act.dry_run && asked.until_data.is_none() && matches!(answer, Answer::Runs | Answer::Known);
    let found = if wanted { span(&ground, &asked).await? } else { None };
    let code = match done {
        Done::Nothing(code) => match answer {
            Answer::NeverPassed { .. } => exit::NEGATIVE,
            Answer::Known => exit::NEGATIVE,
            _ => code,
        },
        Done::Session(owned) => {
            let more = [("span".to_owned(), json!(found))].into_iter().collect();
            report::with(session, &owned.session, act.waits(), more)
        }
    };
    tell_span(session, &name, found);
    Ok(code)
}

fn tell_span(session: &Session, job: &str, span: Option<Span>) {
    let Some(Span { good, bad, unknown }) = span else { return };
    let first = format!("{} {} by {}", bad.short(), bad.subject, bad.author);
    let told = match unknown {
        0 => format!("{job} passed last at {}, and fails since {first}", good.short()),
        _ => format!("{job} passed last at {}, and fails at {first}; {unknown} between say nothing yet", good.short()),
    };
    match session.out.is_json() {
        true => session.out.note(&told),
        false => session.out.text(&told),
    }
}
