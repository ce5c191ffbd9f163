//! `ci-tool trigger fill`.

use super::{
    act::{Act, ActArgs, Done},
    ground::EngineArgs,
    jobs::jobs_at_revision,
    report, vcs,
};
use crate::{
    cli::Session,
    error::{Error, Kind, Result},
    ops::trigger::{
        begin::Begin,
        drive::Next,
        jobs,
        plan::{PassedOver, Wanted, Why},
        session::Verb,
    },
};
use serde_json::json;
use std::num::NonZeroUsize;

/// Run every job that a revision lacks
///
/// The jobs are the engine's at the revision; on this machine those of ci-tool.yaml there. A job whose only runs were folded
/// into others, stopped, or ended by a broken machine is lacking, too.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool trigger fill HEAD\n  ci-tool trigger fill v1.4 --engine ci --except 'nightly-*' --dry-run"
)]
pub struct Args {
    /// The revision
    #[arg(value_name = "REV")]
    revision: String,
    /// Leave out the jobs whose names match this glob; can be repeated
    #[arg(long, value_name = "GLOB")]
    except: Vec<String>,
    /// How many runs of each job the revision should have
    #[arg(long, value_name = "N", default_value = "1")]
    times: NonZeroUsize,
    #[command(flatten)]
    engine: EngineArgs,
    #[command(flatten)]
    act: ActArgs,
}

/// Runs the verb.
pub(super) async fn run(session: &Session, args: Args) -> Result<u8> {
    let revision = vcs::open(session).await?.resolve(&args.revision).await?;
    let configured = jobs_at_revision(session, &*vcs::open(session).await?, &revision.id).await?;
    let known = configured.clone().unwrap_or_else(|| session.config.trigger.jobs.clone());
    let base = args.engine.open_to_start(session, args.act.dry_run, known).await?;
    let ground = base.ground();
    let except = crate::config::globs("--except", &args.except)?;
    let all = jobs::at(&ground, &revision.id, configured).await?;
    if all.is_empty() {
        return Err(Error::new(Kind::NotFound, format!("there are no jobs at {}", revision.short()))
            .hint("in ci-tool.yaml: jobs: {unit: {run: make test}}, or name an engine: --engine NAME"));
    }
    let all: Vec<_> = all.into_iter().filter(|job| !except.is_match(&job.name)).collect();
    if all.is_empty() {
        return Err(Error::new(Kind::Usage, "--except leaves no job")
            .hint(format!("`ci-tool trigger jobs {}` lists the jobs", args.revision)));
    }
    let branch = base.vcs.branch_of(&revision.id).await?;
    let (blocked, ready): (Vec<_>, Vec<_>) = all.into_iter().partition(|job| job.blocked.is_some());
    let wanted = ready.iter().map(|job| Wanted {
        job: job.name.clone(),
        times: args.times.get(),
        branch: branch.clone(),
        ..Wanted::default()
    });
    let wanted: Vec<Wanted> = wanted.collect();
    let begin = Begin {
        verb: Verb::Fill,
        engine: base.engine.name().into(),
        title: format!("every job at {}", revision.short()),
        same: json!([revision.id, args.times, args.except]),
        hunt: None,
        place: base.place()?,
        jobs: base.defined(ready.iter().map(|job| job.name.as_str())),
        budget: args.act.budget(session),
        fresh: args.act.new,
    };
    let act = Act { session, args: &args.act, base: &base, begin, next: &|_| Next::Wait };
    let plan = async || {
        let mut plan = ground.plan(&wanted, std::slice::from_ref(&revision)).await?;
        plan.passed_over.extend(blocked.into_iter().map(|job| PassedOver {
            job: job.name,
            revision: revision.id.clone(),
            why: Why::Blocked { why: job.blocked.unwrap_or_default() },
        }));
        Ok(plan)
    };
    match act.run(plan).await? {
        Done::Nothing(code) => Ok(code),
        Done::Session(owned) => Ok(report::session(session, &owned.session, act.waits())),
    }
}
