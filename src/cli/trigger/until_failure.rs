//! `ci-tool trigger until-failure`.

use super::{
    act::{Act, ActArgs, Done},
    ground::{Base, EngineArgs},
    live::name,
    report,
    what::WhatArgs,
};
use crate::{
    capture::{
        history::Keep,
        save::{Happened, MARKS, Request, save},
    },
    cli::{
        Session,
        out::{self, count},
    },
    error::{Context, Error, Kind, Result},
    ops::trigger::{
        begin::Begin,
        plan::{Plan, Wanted, affordable},
        session::{self, Hunt, Tracked, Verb},
        summary::Summary,
        until_failure::{first_batch, next, rate_below},
    },
    pipeline::run::Run,
    vcs::Revision,
};
use serde_json::json;
use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    num::NonZeroUsize,
    path::Path,
};

/// Of a log, what is shown, in bytes from its end.
const SHOWN: u64 = 64 << 10;

/// Run a job at one revision until it fails
///
/// Asks for a batch at a time; at the first failure the rest is stopped, and the run and its log are shown. When nothing fails,
/// says what so many passes prove.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool trigger until-failure HEAD --job flaky --batch 5 --max 100\n  ci-tool trigger until-failure HEAD --job flaky --save      # then: ci-tool repro restore ID",
    after_help = "Ends with 5 when it failed, 0 when it did not, 8 when not all is over, 3 when some runs came to nothing."
)]
pub struct Args {
    /// The revision
    #[arg(value_name = "REV")]
    revision: String,
    #[command(flatten)]
    what: WhatArgs,
    /// How many runs are asked for at once
    #[arg(long, value_name = "N", default_value = "5", help_heading = "Jobs")]
    batch: NonZeroUsize,
    /// How many runs in all
    #[arg(long, value_name = "N", default_value = "100", help_heading = "Jobs")]
    max: NonZeroUsize,
    /// Save the environment of the run that failed, as `repro save` does; another engine's job is told to by CI_TOOL_REPRO
    #[arg(long, help_heading = "Jobs")]
    save: bool,
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
    let revision = base.vcs.resolve(&args.revision).await?;
    let wanted = wanted(&args, &base, &revision).await?;
    let hunt = Hunt { batch: args.batch.get(), max: args.max.get() };
    affordable(hunt.max)?;
    let begin = Begin {
        verb: Verb::UntilFailure,
        engine: base.engine.name().into(),
        title: format!("{} at {} until it fails", wanted.job, revision.short()),
        same: json!([wanted.job, revision.id, hunt, args.save, wanted.parameters, wanted.env]),
        hunt: Some(hunt),
        place: base.place()?,
        jobs: base.defined(args.what.names()),
        budget: args.act.budget(session).max(if args.act.budget.is_none() { 100 } else { 0 }),
        fresh: args.act.new,
    };
    let act = Act { session, args: &args.act, base: &base, begin, next: &next };
    let ground = base.ground();
    let plan = async || plan(&ground, &wanted, &revision, hunt).await;
    let owned = match act.run(plan).await? {
        Done::Nothing(code) => return Ok(code),
        Done::Session(owned) => owned,
    };
    let told = &owned.session;
    let saved = match told.failed().next() {
        Some(failed) => show(session, &base, failed, args.save).await?,
        None => None,
    };
    let code = report::session(session, told, act.waits());
    conclude(session, told);
    if let Some(id) = saved {
        session.out.note(&format!("the environment was saved: ci-tool repro restore {id}"));
    }
    for tracked in &told.items {
        if let Some(run) = tracked.run().filter(|_| tracked.item.hold) {
            base.engine.release(run).await?;
        }
    }
    Ok(code)
}

/// What is wanted: with `--save` its tree is held, or the job is told to save it.
async fn wanted(args: &Args, base: &Base, revision: &Revision) -> Result<Wanted> {
    let mut all = args.what.wanted(base, std::slice::from_ref(revision), 1).await?;
    let (Some(mut wanted), true) = (all.pop(), all.is_empty()) else {
        return Err(Error::new(Kind::Usage, "one job is run until it fails").hint("give --job once"));
    };
    if !args.save {
        return Ok(wanted);
    }
    if base.engine.abilities().in_process {
        wanted.hold = true;
        return Ok(wanted);
    }
    let job = base.ground().job(&wanted, Some(&revision.id)).await?;
    let declared = job.parameters.iter().flatten().find(|parameter| MARKS.contains(&parameter.name.as_str()));
    match declared {
        Some(parameter) => {
            let value = parameter.choices.iter().find(|choice| *choice == "true").map_or("1", String::as_str);
            wanted.parameters.insert(parameter.name.clone(), value.to_owned());
        }
        None if job.takes_env => {
            wanted.env.insert(MARKS[0].into(), "1".into());
        }
        None => {
            let message = format!("the job {} cannot be told to save its environment", job.name);
            return Err(Error::new(Kind::Usage, message)
                .hint(format!("declare a parameter {} in it, or leave --save away", MARKS[0])));
        }
    }
    Ok(wanted)
}

/// The first batch, with the builds that it needs.
async fn plan(
    ground: &crate::ops::trigger::ground::Ground<'_>,
    wanted: &Wanted,
    revision: &Revision,
    hunt: Hunt,
) -> Result<Plan> {
    // What ran before is no part of the hunt: it is asked for whatever there is.
    let have = ground.history(wanted, &[&revision.id]).await?.have(&revision.id);
    let one = Wanted { times: have + 1, ..wanted.clone() };
    let mut plan = ground.plan(&[one], std::slice::from_ref(revision)).await?;
    let estimate = ground.history(wanted, &[&revision.id]).await?.estimate(hunt.max);
    if let Some(item) = plan.items.pop() {
        let before = plan.items.len();
        plan.items.extend(first_batch(item, hunt).into_iter().map(|mut item| {
            item.number += before;
            item
        }));
    }
    plan.estimate = estimate;
    Ok(plan)
}

/// Shows the run that failed and its log, and saves its environment where that is wanted. Returns the capture.
async fn show(session: &Session, base: &Base, failed: &Tracked, wanted: bool) -> Result<Option<String>> {
    let Some(run) = failed.run() else { return Ok(None) };
    let out = &session.out;
    let mut log = tempfile::NamedTempFile::new()
        .map_err(|e| Error::new(Kind::Internal, "making a file for the log").with_source(e))?;
    match base.engine.log(run, log.as_file_mut()).await {
        Ok(()) => {}
        Err(error) => out.warn(&format!("the log of {}: {}", name(failed), error.message())),
    }
    let _ = log.flush();
    if !out.is_json() {
        let (bytes, whole) = end(log.path()).unwrap_or((Vec::new(), true));
        out.note(&format!("{} failed; its log{}:", name(failed), if whole { "" } else { ", the end of it" }));
        out.bytes(&bytes);
    }
    match (wanted, base.engine.held(run)) {
        (true, Some(tree)) => {
            let spec = base.jobs.get(&run.job);
            let happened = Happened {
                command: spec
                    .and_then(|spec| spec.run.clone())
                    .map(|run| vec!["sh".into(), "-c".into(), run])
                    .unwrap_or_default(),
                directory: spec.and_then(|spec| spec.directory.as_ref()).map(|directory| tree.join(directory)),
                exit_code: run.exit_code,
                duration: run.seconds().map(std::time::Duration::from_secs_f64),
                log: Some(log.path().to_path_buf()),
                ..Happened::default()
            };
            let mut world = base.world.clone();
            world.env.extend(spec.into_iter().flat_map(|spec| spec.env.clone()));
            world.env.extend(failed.item.parameters.clone());
            world.env.extend(failed.item.env.clone());
            world.env.extend(
                [("CI", "true"), ("CI_TOOL_JOB", &run.job), ("CI_TOOL_REVISION", &failed.item.revision)]
                    .map(|(name, value)| (name.into(), value.into())),
            );
            let saved = save(&world, &request(session, run, tree, happened)).await;
            let saved = saved.context(|| format!("saving the environment of {}", name(failed)))?;
            Ok(Some(saved.record.id.to_string()))
        }
        (true, None) if base.engine.abilities().in_process => {
            out.warn("the tree of the run that failed is gone: its environment was not saved");
            Ok(None)
        }
        _ => Ok(None),
    }
}

/// The last [`SHOWN`] bytes of a file, and whether that is all of it.
fn end(file: &Path) -> io::Result<(Vec<u8>, bool)> {
    let mut file = File::open(file)?;
    let from = file.metadata()?.len().saturating_sub(SHOWN);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(SHOWN).read_to_end(&mut bytes)?;
    Ok((bytes, from == 0))
}

fn request(session: &Session, run: &Run, tree: std::path::PathBuf, happened: Happened) -> Request {
    let config = &session.config.repro;
    Request {
        workspace: tree,
        also: Vec::new(),
        job: Some(run.job.clone()),
        owner: config.owner.clone(),
        format: config.format,
        // Who asks for this run's environment wants its files, whatever is there already.
        keep: Keep::All,
        bases: Vec::new(),
        // Its .git is a pointer into the cache, where others go on working.
        exclude: config.exclude.iter().cloned().chain(["/.git".to_owned()]).collect(),
        exact: config.exact.clone(),
        rules: config.rules.clone(),
        retain: config.retain,
        dump: config.dump.clone(),
        tools: config.tools.clone(),
        ready: config.ready.clone(),
        happened,
    }
}

/// Says what the passes prove.
fn conclude(session: &Session, told: &session::Session) {
    let summary = Summary::of(told);
    let job = told.items.last().map(|tracked| tracked.item.job.as_str()).unwrap_or_default();
    let own = told.items.iter().filter(|tracked| tracked.item.job == job);
    let passed =
        own.filter(|tracked| tracked.state().evidence() == Some(crate::pipeline::run::Verdict::Passed)).count();
    if summary.failed > 0 {
        session.out.note(&format!("it failed after {}", count(passed, "pass", "passes")));
    } else if passed > 0 {
        let rate = rate_below(passed) * 100.0;
        let passes = out::count(passed, "pass", "passes");
        session.out.note(&format!("{passes} and no failure: the failure rate is below {rate:.1} % at 95 % confidence"));
    }
}
