//! `ci-tool repro save`.

mod job;
mod report;

use self::job::{Log, job};
use crate::{
    capture::save::{Happened, Mark, Request, When, decide, job_name, keep, mark, save},
    capture::{bases, history::Keep, walk::check_patterns},
    cli::{Session, exit, global::Change, out::Out},
    config::parse_format,
    error::{Error, Kind, Result},
    pipeline::{duration, id::Id, record::Format},
    process::{Stop, StopReason, exit_at_once, stop_signals},
    world::World,
};
use clap::ValueEnum;
use std::{ffi::OsString, path::PathBuf, time::Duration};

/// Run a job and save its environment when it fails
///
/// The command's output passes through unchanged and is saved as the log; the exit code is the command's own. Without a
/// command, saves what is there: as a CI's post step, tell what happened with --exit-code, --log and --failed-command; a job
/// that ended with 0 is then saved only with --when always.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool repro save -- make test\n  ci-tool repro save --exit-code 2 --log build.log --job unit"
)]
pub struct Args {
    /// The job's directory
    #[arg(long, value_name = "DIR", default_value = ".")]
    workspace: PathBuf,
    /// The job's name, if not the CI's
    #[arg(long, value_name = "NAME")]
    job: Option<String>,
    /// Who is to be asked about the capture, if not who started the job
    #[arg(long, value_name = "WHO")]
    owner: Option<String>,
    /// A further directory to save; may be given again
    #[arg(long, value_name = "DIR")]
    also: Vec<PathBuf>,
    /// How to store the files: chunks, or zip or 7z for people without ci-tool [default: chunks]
    #[arg(long, value_name = "FORMAT", value_parser = format)]
    format: Option<Format>,
    /// A capture of another job whose content need not be stored again (chunks); may be given again
    #[arg(long, value_name = "ID")]
    base: Vec<String>,
    /// How many captures of one failure to keep with their files, or all; a further one has only its log, unless the run was
    /// marked or --when is always [default: 3]
    #[arg(long, value_name = "N|all", value_parser = captures)]
    keep_per_signature: Option<Keep>,
    /// What not to save, in gitignore syntax; may be given again
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
    /// How long to keep it, for example 36h or 14d
    #[arg(long, value_name = "DURATION", value_parser = length)]
    retain: Option<Duration>,
    /// When to save: default failure where it is known whether the job failed, else always
    #[arg(long, value_name = "WHEN")]
    when: Option<WhenArg>,
    /// Stop the command and all it started after this long, and save
    #[arg(long, value_name = "DURATION", value_parser = length, requires = "command")]
    timeout: Option<Duration>,
    /// A file with the job's output, as a post step
    #[arg(long, value_name = "FILE", conflicts_with = "command")]
    log: Option<PathBuf>,
    /// The job's exit code, as a post step; an empty one is unknown
    #[arg(long, value_name = "N", conflicts_with = "command", allow_negative_numbers = true, value_parser = exit_code)]
    exit_code: Option<ExitCode>,
    /// The command that failed, as a post step
    #[arg(long, value_name = "TEXT", conflicts_with = "command")]
    failed_command: Option<String>,
    #[command(flatten)]
    change: Change,
    /// The command and its arguments
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum WhenArg {
    /// The job failed
    Failure,
    /// Whatever happened
    Always,
    /// The job failed and a capture was requested: CI_TOOL_REPRO, AutoSaveReproEnv, ReproBuild, or repro.jobs
    Requested,
}

/// An exit code as a CI tells it: `None` where the variable that should hold it was empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ExitCode(Option<i32>);

/// Reads any 32 bits: Windows has codes like 3221225477 that some print without a sign.
fn exit_code(text: &str) -> Result<ExitCode, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(ExitCode(None));
    }
    let unsigned = || text.parse().ok().map(u32::cast_signed);
    let code = text.parse().ok().or_else(unsigned);
    code.map(|code| ExitCode(Some(code))).ok_or_else(|| "an exit code is a number".to_owned())
}

fn format(text: &str) -> Result<Format, String> {
    parse_format(text).map_err(|e| format!("{}; {}", e.message(), e.hints().join("; ")))
}

fn captures(text: &str) -> Result<Keep, String> {
    text.parse().map_err(|e: Error| format!("{}; {}", e.message(), e.hints().join("; ")))
}

pub(super) fn length(text: &str) -> Result<Duration, String> {
    duration::parse(text).map_err(|e| format!("{}; {}", e.message(), e.hints().join("; ")))
}

/// Runs the verb.
pub(super) async fn run(session: &Session, args: Args) -> Result<u8> {
    let out = session.out.clone();
    let name = name(session, &args);
    let given_up = format!("{name} was not saved: given up after a second interrupt");
    let stop = stop_signals(move || {
        out.warn(&given_up);
        exit_at_once();
    })?;
    let world = session.world_with(args.change.dry_run, stop.clone());
    if args.command.is_empty() {
        return saved_now(session, &world?, &args, &name).await;
    }
    if args.change.dry_run {
        return Err(Error::new(Kind::Usage, "a dry run does not run the command")
            .hint("leave out --dry-run, or leave out the command to see what would be saved"));
    }
    // A workspace that is not there, or an address that is none, is a mistake in the call: nothing has been run yet.
    let directory = std::fs::canonicalize(&args.workspace).ok().filter(|d| d.is_dir()).ok_or_else(|| {
        Error::new(Kind::NotFound, format!("the workspace {} is not a directory", args.workspace.display()))
            .hint("name the job's directory: --workspace DIR")
    })?;
    // A mistake in a pattern is no news to hear after a job of hours.
    check_patterns(&session.config.repro.exclude).map_err(|e| e.context("reading repro.exclude"))?;
    check_patterns(&args.exclude)?;
    // Nor is one in the name of a base.
    let bases = match &world {
        Ok(world) => named_bases(session, world, &args).await?,
        Err(_) => Vec::new(),
    };
    // A store that cannot be used must not keep the job from running: the step fails or passes as it would without us.
    let (world, log) = match world.and_then(|world| Ok((Log::begin(&world)?, world))) {
        Ok((log, world)) => (Ok(world), Some(log)),
        Err(error) if error.kind() == Kind::Usage => return Err(error),
        Err(error) => (Err(error), None),
    };
    let when = wanted(session, &args, When::Failure);
    let mark = mark(&session.env, &name, &session.config.repro.jobs);
    if decide(when, Some(true), mark).save {
        match &world {
            Ok(_) => drop(tokio::spawn(tell_of_interrupt(session.out.clone(), stop.clone()))),
            Err(error) => session.out.warn(&format!("{name} runs, but cannot be saved: {}", whole(error))),
        }
    }
    let job = job(session, &args, &directory, log, stop).await;
    let decision = decide(when, job.happened.failed(), mark);
    if !decision.save {
        session.out.note(&format!("{name} was not saved: {}", decision.why));
        return Ok(job.code);
    }
    let result = match world {
        Ok(world) => {
            let request = request(session, &args, Wanted { when, mark, bases }, job.happened);
            let saved = save(&world, &request).await;
            saved.map(|saved| report::report(session, &world, &saved, true))
        }
        Err(error) => Err(error),
    };
    if let Err(error) = result {
        session.out.error(&error);
        session.out.warn(&format!("{name}: the environment was not saved; the exit code is the command's own"));
    }
    Ok(job.code)
}

async fn saved_now(session: &Session, world: &World, args: &Args, name: &str) -> Result<u8> {
    let exit_code = args.exit_code.and_then(|ExitCode(code)| code);
    if args.exit_code == Some(ExitCode(None)) {
        session.out.warn("--exit-code is empty, so that nobody knows whether the job failed: is the variable set?");
    }
    let happened = Happened {
        failed_command: args.failed_command.clone(),
        exit_code,
        log: args.log.clone(),
        ..Happened::default()
    };
    let default = if happened.failed().is_some() { When::Failure } else { When::Always };
    let when = wanted(session, args, default);
    let mark = mark(&session.env, name, &session.config.repro.jobs);
    let decision = decide(when, happened.failed(), mark);
    if !decision.save {
        session.out.note(&format!("{name} was not saved: {}", decision.why));
        return Ok(exit::DONE);
    }
    let bases = named_bases(session, world, args).await?;
    let request = request(session, args, Wanted { when, mark, bases }, happened);
    let mut stop = world.stop.clone();
    let saved = tokio::select! {
        saved = save(world, &request) => saved?,
        _ = stop.requested() => return Err(Error::new(Kind::Interrupted, format!("the save of {name} was interrupted"))
            .hint("nothing of it is visible; `ci-tool repro gc` removes what it wrote")),
    };
    report::report(session, world, &saved, false);
    Ok(if saved.unreadable().next().is_some() { exit::PARTLY } else { exit::DONE })
}

/// Says at the first interrupt that the work goes on.
async fn tell_of_interrupt(out: Out, mut stop: Stop) {
    if stop.requested().await == StopReason::Interrupt {
        out.note("interrupted: saving; again to give up");
    }
}

/// An error with its causes in one line.
fn whole(error: &Error) -> String {
    std::iter::once(error.message().to_owned()).chain(error.causes()).collect::<Vec<_>>().join(": ")
}

/// The name that the job will be listed by.
fn name(session: &Session, args: &Args) -> String {
    let workspace = std::fs::canonicalize(&args.workspace).unwrap_or_else(|_| args.workspace.clone());
    job_name(args.job.as_deref(), &session.ci(), &workspace)
}

fn wanted(session: &Session, args: &Args, default: When) -> When {
    let flag = args.when.map(|when| match when {
        WhenArg::Failure => When::Failure,
        WhenArg::Always => When::Always,
        WhenArg::Requested => When::Requested,
    });
    flag.or(session.config.repro.when).unwrap_or(default)
}

/// The captures that --base names. A store that does not answer now must not keep the job from running.
async fn named_bases(session: &Session, world: &World, args: &Args) -> Result<Vec<Id>> {
    if args.base.is_empty() {
        return Ok(Vec::new());
    }
    if args.format.unwrap_or(session.config.repro.format) != Format::Chunks {
        return Err(Error::new(Kind::Usage, "only chunks use content of other captures: --base needs --format chunks")
            .hint("leave out --base or --format"));
    }
    match bases::named(&world.store, &args.base).await {
        Err(error) if !matches!(error.kind(), Kind::Usage | Kind::NotFound) => {
            session.out.warn(&format!("saving without --base {}: {}", args.base.join(" "), whole(&error)));
            Ok(Vec::new())
        }
        found => found,
    }
}

/// What was decided before the save.
struct Wanted {
    when: When,
    mark: Option<Mark>,
    bases: Vec<Id>,
}

fn request(session: &Session, args: &Args, wanted: Wanted, happened: Happened) -> Request {
    let config = &session.config.repro;
    let mut exclude = config.exclude.clone();
    exclude.extend(args.exclude.iter().cloned());
    Request {
        workspace: args.workspace.clone(),
        also: args.also.clone(),
        job: args.job.clone(),
        owner: args.owner.clone().or_else(|| config.owner.clone()),
        format: args.format.unwrap_or(config.format),
        keep: keep(wanted.when, wanted.mark, args.keep_per_signature, config.keep_per_signature),
        bases: wanted.bases,
        exclude,
        exact: config.exact.clone(),
        rules: config.rules.clone(),
        retain: args.retain.unwrap_or(config.retain),
        dump: config.dump.clone(),
        tools: config.tools.clone(),
        ready: config.ready.clone(),
        happened,
    }
}
