//! Running the job: its output passed on and kept, its whole tree stopped when its time is up.

use super::Args;
use crate::{
    capture::save::Happened,
    cli::{Session, out},
    error::{Error, Kind, Result},
    pipeline::{ci, duration},
    process::{Command, Exit, Status, Stdin, Stop, StopReason, run},
    world::World,
};
use std::{
    ffi::{OsStr, OsString},
    fs::File,
    io::{self, BufWriter, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// How long a command that we time out may take to end in good order.
const GRACE: Duration = Duration::from_secs(10);
/// The share of its CI's grace that a command may use up; the save needs the rest.
const GRACE_SHARE: u32 = 4;

/// A job that has ended.
pub(super) struct Job {
    /// What it did.
    pub happened: Happened,
    /// The exit code to end with: its own.
    pub code: u8,
}

/// Where the command's output is kept until it is saved.
pub(super) struct Log {
    path: PathBuf,
    file: File,
}

impl Log {
    /// Begins a log in the store's scratch directory.
    ///
    /// # Errors
    /// I/O, those of the store.
    pub fn begin(world: &World) -> Result<Log> {
        let path = world.store.scratch()?.join("job.log");
        let file = File::create(&path).map_err(|e| Error::io("creating the log", &path, e))?;
        Ok(Log { path, file })
    }
}

/// Runs the command in the workspace and keeps its output. A command that cannot be started has failed, as in a shell: 127
/// when it is not there, 126 when it cannot be executed.
pub(super) async fn job(session: &Session, args: &Args, directory: &Path, log: Option<Log>, stop: Stop) -> Job {
    let (path, file) = log.map(|log| (log.path, log.file)).unzip();
    let keep = file.map(|file| Box::new(BufWriter::new(file)) as Box<dyn Write + Send>);
    let command = Command {
        program: program(&args.command[0], directory),
        args: args.command[1..].to_vec(),
        dir: directory.to_owned(),
        env: None,
        timeout: args.timeout,
        grace: match session.ci().system {
            ci::CiSystem::None => GRACE,
            system => (ci::grace_period(system) / GRACE_SHARE).min(GRACE),
        },
        stdin: Stdin::Inherit,
    };
    let mut happened = Happened {
        command: args.command.iter().map(|s| s.to_string_lossy().into_owned()).collect(),
        directory: Some(directory.to_owned()),
        log: path,
        ..Happened::default()
    };
    let started = Instant::now();
    let code = match run(&command, out::tee(keep), stop).await {
        Ok(exit) => {
            if let Some(error) = &exit.output_error {
                session.out.error(error);
            }
            fill(&mut happened, &exit);
            if let Some(reason) = exit.stopped {
                let how = how_stopped(reason, args.timeout);
                session.out.note(&how);
                if let Some(log) = &happened.log
                    && let Err(error) = append(log, &how)
                {
                    session.out.error(&Error::io("adding to the log", log, error));
                }
            }
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
    Job { happened, code: u8::try_from(code).unwrap_or(1) }
}

/// `./build.sh` means the workspace's, wherever we were called.
fn program(named: &OsStr, directory: &Path) -> OsString {
    let path = Path::new(named);
    if path.components().count() > 1 && path.is_relative() {
        directory.join(path).into_os_string()
    } else {
        named.into()
    }
}

/// What ended the command, by the name that its user knows it by.
fn how_stopped(reason: StopReason, timeout: Option<Duration>) -> String {
    let by = |unix, windows| if cfg!(windows) { windows } else { unix };
    match reason {
        StopReason::Timeout => {
            let limit = duration::show(timeout.unwrap_or_default()).replace(".0s", "s");
            format!("stopped after {limit} (--timeout)")
        }
        StopReason::Interrupt => format!("stopped by {}", by("SIGINT", "Ctrl-C")),
        StopReason::Terminate => format!("stopped by {}", by("SIGTERM", "Ctrl-Break")),
        StopReason::Hangup => format!("stopped by {}", by("SIGHUP", "the closing of the console")),
        StopReason::Cancelled => "stopped: its result is no longer wanted".into(),
    }
}

/// Adds a line to the end of a log, whose last line may lack its end.
fn append(log: &Path, line: &str) -> io::Result<()> {
    let mut file = File::options().read(true).append(true).open(log)?;
    let mut last = [b'\n'];
    if file.metadata()?.len() > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    let newline = if last == [b'\n'] { "" } else { "\n" };
    file.write_all(format!("{newline}ci-tool: {line}\n").as_bytes())
}

fn fill(happened: &mut Happened, exit: &Exit) {
    happened.duration = Some(exit.duration);
    if let Status::Signal(signal) = exit.status {
        happened.signal = Some(signal);
    }
    let name = |reason| match reason {
        StopReason::Interrupt => "interrupt",
        StopReason::Terminate => "terminate",
        StopReason::Hangup => "hangup",
        StopReason::Timeout => "timeout",
        StopReason::Cancelled => "cancelled",
    };
    happened.stopped = exit.stopped.map(|reason| name(reason).to_owned());
}
