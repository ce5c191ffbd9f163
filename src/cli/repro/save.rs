//! `ci-tool repro save`.

use crate::{
    cli::{Session, exit, global::Change, out},
    config::parse_format,
    error::{Error, Kind, Result},
    ops::{
        World,
        repro::save::{Happened, Request, Saved, When, decide, job_name, mark, save},
    },
    pipeline::{ci, duration, record::Format},
    process::{
        self, Command, Exit, Status, Stdin, Stop, StopReason, Tee, exit_at_once, run as run_command, stop_signals,
    },
};
use clap::ValueEnum;
use serde_json::json;
use std::{
    ffi::OsString,
    fs::File,
    io::{self, BufWriter},
    path::PathBuf,
    time::Duration,
};

/// How long a command that we time out may take to end in good order.
const GRACE: Duration = Duration::from_secs(10);
/// The share of its CI's grace that a command may use up; the save needs the rest.
const GRACE_SHARE: u32 = 4;

/// Run a job and save its environment when it fails
///
/// The command's output passes through unchanged and is saved as the log; the exit code is the command's own. Without a
/// command, saves what is there: as a CI's post step, tell what happened with --exit-code, --log and --failed-command.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "  ci-tool repro save -- make test\n  ci-tool repro save --exit-code 2 --log build.log --job unit"
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
    if args.command.is_empty() {
        return saved_now(session, &session.world_with(args.change.dry_run, stop)?, &args).await;
    }
    if args.change.dry_run {
        return Err(Error::new(Kind::Usage, "a dry run does not run the command")
            .hint("leave out --dry-run, or leave out the command to see what would be saved"));
    }
    // A workspace that is not there is a mistake in the call: nothing has been run yet.
    if !args.workspace.is_dir() {
        return Err(Error::new(
            Kind::NotFound,
            format!("the workspace {} is not a directory", args.workspace.display()),
        )
        .hint("name the job's directory: --workspace DIR"));
    }
    // The job runs whatever becomes of the store.
    let (world, log) = match session.world_with(false, stop.clone()).and_then(|world| Ok((new_log(&world)?, world))) {
        Ok((log, world)) => (Ok(world), Some(log)),
        Err(error) => (Err(error), None),
    };
    let job = run_job(session, &args, stop, log).await?;
    let code = job.code;
    let decision =
        decide(wanted(session, &args, When::Failure), job.happened.failed(), marked(session, &args).as_deref());
    if !decision.save {
        session.out.note(&format!("not saved: {}", decision.why));
        return Ok(code);
    }
    let saved = async {
        let world = world?;
        Ok((save(&world, &request(session, &args, job.happened)).await?, world))
    };
    match saved.await {
        Ok((saved, world)) => report(session, &world, &saved),
        // The step must fail as it would have without us; what went wrong here is said, not returned.
        Err::<_, Error>(error) => {
            session.out.error(&error);
            session.out.warn("the environment was not saved; the exit code is the command's own");
        }
    }
    Ok(code)
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
    report(session, world, &saved);
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

struct Job {
    happened: Happened,
    code: u8,
}

/// Where the command's output is kept until it is saved.
fn new_log(world: &World) -> Result<(PathBuf, File)> {
    let path = world.store.scratch()?.join("job.log");
    let file = File::create(&path).map_err(|e| Error::io("creating the log", &path, e))?;
    Ok((path, file))
}

/// Runs the command in the workspace, its output passed on and kept in the log.
async fn run_job(session: &Session, args: &Args, stop: Stop, log: Option<(PathBuf, File)>) -> Result<Job> {
    let text = |s: &OsString| s.to_string_lossy().into_owned();
    let directory =
        std::fs::canonicalize(&args.workspace).map_err(|e| Error::io("opening the workspace", &args.workspace, e))?;
    let (log, file) = log.unzip();
    let command = Command {
        program: program(&args.command[0], &directory),
        args: args.command[1..].to_vec(),
        dir: directory.clone(),
        env: None,
        timeout: args.timeout,
        grace: match session.ci().system {
            ci::CiSystem::None => GRACE,
            system => (ci::grace_period(system) / GRACE_SHARE).min(GRACE),
        },
        stdin: Stdin::Inherit,
    };
    let tee = Tee {
        stdout: Box::new(io::stdout()),
        stderr: Box::new(io::stderr()),
        log: file.map(|file| Box::new(BufWriter::new(file)) as _),
    };
    let mut happened = Happened {
        command: args.command.iter().map(text).collect(),
        directory: Some(directory),
        log,
        ..Happened::default()
    };
    let started = std::time::Instant::now();
    let code = match run_command(&command, tee, stop).await {
        Ok(exit) => {
            if let Some(error) = &exit.output_error {
                session.out.error(error);
            }
            fill(&mut happened, &exit);
            exit.code()
        }
        Err(error) => {
            session.out.error(&error);
            match error.kind() {
                Kind::NotFound => 127,
                Kind::Denied => 126,
                _ => 125,
            }
        }
    };
    happened.exit_code = Some(code);
    happened.duration.get_or_insert(started.elapsed());
    // Windows has exit codes beyond a byte: what does not fit must still not look like success.
    Ok(Job { happened, code: u8::try_from(code).unwrap_or(if code == 0 { 0 } else { 1 }) })
}

/// `./build.sh` means the workspace's, wherever we were called.
fn program(named: &OsString, directory: &std::path::Path) -> OsString {
    let path = std::path::Path::new(named);
    if path.components().count() > 1 && path.is_relative() {
        directory.join(path).into_os_string()
    } else {
        named.clone()
    }
}

fn fill(happened: &mut Happened, exit: &Exit) {
    happened.duration = Some(exit.duration);
    if let Status::Signal(signal) = exit.status {
        happened.signal = Some(signal);
    }
    happened.stopped = exit.stopped.map(|reason| {
        match reason {
            StopReason::Interrupt => "interrupt",
            StopReason::Terminate => "terminate",
            StopReason::Hangup => "hangup",
            StopReason::Timeout => "timeout",
            StopReason::Cancelled => "cancelled",
        }
        .to_owned()
    });
}

/// Says what was saved. With a command, stdout is the command's: the report goes to stderr, unless JSON was asked for.
fn report(session: &Session, world: &World, saved: &Saved) {
    let (out, record) = (&session.out, &saved.record);
    let restore = format!("ci-tool repro restore {}{}", record.id, store_flag(session));
    let expires = record.expires.to_string();
    for problem in saved.unreadable() {
        out.warn(&format!("not saved: {}: {}", problem.path, problem.detail));
    }
    if !session.not_text.is_empty() {
        out.warn(&format!("variables that are not Unicode were not saved: {}", session.not_text.join(", ")));
    }
    if session.ci().system != ci::CiSystem::None && world.store.local_dir().is_some() && !world.dry_run {
        out.warn("the store is on this agent's disk and goes when the agent goes: name another with --store or CI_TOOL_STORE");
    }
    if out.is_json() {
        return out.json(&json!({
            "schema": 1,
            "dry_run": world.dry_run,
            "id": record.id,
            "job": record.job.name,
            "entries": record.totals.entries,
            "bytes": record.totals.bytes,
            "stored": record.totals.stored,
            "removed": record.totals.removed,
            "problems": record.totals.problems,
            "took_ms": u64::try_from(saved.took.as_millis()).unwrap_or(u64::MAX),
            "store": world.store.url(),
            "expires": expires,
            "restore": restore,
        }));
    }
    let totals = &record.totals;
    let files = format!("{} files and folders, {}", totals.entries, out::bytes(totals.bytes));
    if world.dry_run {
        return out.text(&format!(
            "would save {files} of {} into {}; it would expire {expires}",
            record.job.name,
            world.store.url()
        ));
    }
    let mut lines = vec![
        format!("saved {} ({}, {})", record.id, record.job.name, record.outcome.show()),
        format!("  {files}, stored as {} in {}", out::bytes(totals.stored), duration::show(saved.took)),
        format!("  in {}, until {expires}", world.store.url()),
    ];
    if totals.removed > 0 {
        lines.push(format!("  {} secrets were removed: `ci-tool repro show {}` names them", totals.removed, record.id));
    }
    if totals.problems > 0 {
        lines.push(format!(
            "  {} files were left out or changed meanwhile: `ci-tool repro show {}`",
            totals.problems, record.id
        ));
    }
    lines.push(format!("give it back: {restore}"));
    out.note(&lines.join("\n"));
}

/// What a command must say to find the same store.
pub(super) fn store_flag(session: &Session) -> String {
    match &session.config.store {
        Some(url) => format!(" --store {}", process::quote_sh([crate::store::redact(url)])),
        None => String::new(),
    }
}
