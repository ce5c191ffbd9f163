//! `ci-tool repro save`.

mod job;
mod report;

use self::job::{Log, job};
use crate::{
    cli::{Session, exit, global::Change},
    config::parse_format,
    error::{Error, Kind, Result},
    ops::{
        World,
        repro::save::{Happened, Request, When, decide, job_name, mark, save},
    },
    pipeline::{duration, record::Format},
    process::{exit_at_once, stop_signals},
};
use clap::ValueEnum;
use std::{ffi::OsString, fs::File, path::PathBuf, time::Duration};

/// Run a job and save its environment when it fails
///
/// The command's output passes through unchanged and is saved as the log; the exit code is the command's own. Without a
/// command, saves what is there: as a CI's post step, tell what happened with --exit-code, --log and --failed-command.
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
    /// How to store the files: zip or 7z
    #[arg(long, value_name = "FORMAT", value_parser = format)]
    format: Option<Format>,
    /// What not to save, in gitignore syntax; may be given again
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
    /// How long to keep it, for example 36h or 14d
    #[arg(long, value_name = "DURATION", value_parser = length)]
    retain: Option<Duration>,
    /// When to save: default failure with a command, always without
    #[arg(long, value_name = "WHEN")]
    when: Option<WhenArg>,
    /// Stop the command and all it started after this long, and save
    #[arg(long, value_name = "DURATION", value_parser = length, requires = "command")]
    timeout: Option<Duration>,
    /// A file with the job's output, as a post step
    #[arg(long, value_name = "FILE", conflicts_with = "command")]
    log: Option<PathBuf>,
    /// The job's exit code, as a post step
    #[arg(long, value_name = "N", conflicts_with = "command", allow_negative_numbers = true)]
    exit_code: Option<i32>,
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

fn format(text: &str) -> Result<Format, String> {
    parse_format(text).map_err(|e| format!("{}; {}", e.message(), e.hints().join("; ")))
}

pub(super) fn length(text: &str) -> Result<Duration, String> {
    duration::parse(text).map_err(|e| format!("{}; {}", e.message(), e.hints().join("; ")))
}

/// Runs the verb.
pub(super) async fn run(session: &Session, args: Args) -> Result<u8> {
    let stop = stop_signals(exit_at_once)?;
    let world = session.world_with(args.change.dry_run, stop.clone());
    if args.command.is_empty() {
        return saved_now(session, &world?, &args).await;
    }
    if args.change.dry_run {
        return Err(Error::new(Kind::Usage, "a dry run does not run the command")
            .hint("leave out --dry-run, or leave out the command to see what would be saved"));
    }
    // A workspace that is not there is a mistake in the call: nothing has been run yet.
    let directory = std::fs::canonicalize(&args.workspace).ok().filter(|d| d.is_dir()).ok_or_else(|| {
        Error::new(Kind::NotFound, format!("the workspace {} is not a directory", args.workspace.display()))
            .hint("name the job's directory: --workspace DIR")
    })?;
    // A store that cannot be used must not keep the job from running: the step fails or passes as it would without us.
    let (world, log) = match world.and_then(|world| Ok((Log::begin(&world)?, world))) {
        Ok((log, world)) => (Ok(world), Some(log)),
        Err(error) => (Err(error), None),
    };
    let job = job(session, &args, &directory, log, stop).await;
    let decision =
        decide(wanted(session, &args, When::Failure), job.happened.failed(), marked(session, &args).as_deref());
    if !decision.save {
        session.out.note(&format!("not saved: {}", decision.why));
        return Ok(job.code);
    }
    let result = match world {
        Ok(world) => {
            let saved = save(&world, &request(session, &args, job.happened)).await;
            saved.map(|saved| report::report(session, &world, &saved, true))
        }
        Err(error) => Err(error),
    };
    if let Err(error) = result {
        session.out.error(&error);
        session.out.warn("the environment was not saved; the exit code is the command's own");
    }
    Ok(job.code)
}

async fn saved_now(session: &Session, world: &World, args: &Args) -> Result<u8> {
    let happened = Happened {
        failed_command: args.failed_command.clone(),
        exit_code: args.exit_code,
        log: args.log.clone(),
        ..Happened::default()
    };
    let decision = decide(wanted(session, args, When::Always), happened.failed(), marked(session, args).as_deref());
    if !decision.save {
        session.out.note(&format!("not saved: {}", decision.why));
        return Ok(exit::DONE);
    }
    if let Some(log) = &happened.log {
        File::open(log).map_err(|e| {
            Error::io("opening the log", log, e).hint("--log takes the file that holds the job's output")
        })?;
    }
    let request = request(session, args, happened);
    let mut stop = world.stop.clone();
    let saved = tokio::select! {
        saved = save(world, &request) => saved?,
        _ = stop.requested() => return Err(Error::new(Kind::Interrupted, "the save was interrupted")
            .hint("nothing of it is visible; `ci-tool repro gc` removes what it wrote")),
    };
    report::report(session, world, &saved, false);
    Ok(if saved.unreadable().next().is_some() { exit::PARTLY } else { exit::DONE })
}

fn wanted(session: &Session, args: &Args, default: When) -> When {
    let flag = args.when.map(|when| match when {
        WhenArg::Failure => When::Failure,
        WhenArg::Always => When::Always,
        WhenArg::Requested => When::Requested,
    });
    flag.or(session.config.repro.when).unwrap_or(default)
}

fn marked(session: &Session, args: &Args) -> Option<String> {
    let workspace = std::fs::canonicalize(&args.workspace).unwrap_or_else(|_| args.workspace.clone());
    mark(&session.env, &job_name(args.job.as_deref(), &session.ci(), &workspace), &session.config.repro.jobs)
}

fn request(session: &Session, args: &Args, happened: Happened) -> Request {
    let config = &session.config.repro;
    let mut exclude = config.exclude.clone();
    exclude.extend(args.exclude.iter().cloned());
    Request {
        workspace: args.workspace.clone(),
        also: args.also.clone(),
        job: args.job.clone(),
        owner: args.owner.clone().or_else(|| config.owner.clone()),
        format: args.format.unwrap_or(config.format),
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
