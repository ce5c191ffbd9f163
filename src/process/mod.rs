//! Spawning commands, passing on and keeping their output, timing them out, killing their whole tree.
//!
//! [`run`] is the way to run somebody's command. Whatever the command starts belongs to its *tree*: its process group
//! on Unix, on Linux also what left the group, its job object on Windows. A command that is stopped leaves nothing of
//! its tree alive; one that ends by itself leaves its background processes alone, as a shell does.

mod output;
mod quote;
mod signals;
mod stop;
mod tee;
mod tree;

pub use output::{Output, output};
pub use quote::{quote_powershell, quote_sh};
pub use signals::{exit_at_once, service_signals, stop_signals};
pub use stop::{Stop, StopReason, Stopper};
pub use tee::Tee;
pub use tree::{kill_all, kill_having};

use crate::error::{Error, Kind, Result};
use std::{
    collections::BTreeMap,
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    process::ExitStatus,
    time::Duration,
};
use tokio::time::{Instant, sleep_until, timeout_at};
use tree::Tree;

/// How long pipes that a background process still holds are read after the command itself ended.
const DRAIN: Duration = Duration::from_millis(500);
/// How long the end of a killed process is waited for; only one stuck inside the kernel takes longer.
const DEATH: Duration = Duration::from_secs(10);

/// What the command reads as its standard input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stdin {
    /// Nothing: end of file at once.
    Null,
    /// Ours. When that is a terminal, the command stays in our process group so that it may read from it.
    Inherit,
}

/// A command to run.
#[derive(Debug, Clone)]
pub struct Command {
    /// The program: a path, or a name that is looked up in `PATH`.
    pub program: OsString,
    /// Its arguments, without the program itself.
    pub args: Vec<OsString>,
    /// The working directory.
    pub dir: PathBuf,
    /// The whole environment; `None` inherits ours. On Linux one variable that marks the tree is added.
    pub env: Option<BTreeMap<OsString, OsString>>,
    /// The longest it may take before it is stopped.
    pub timeout: Option<Duration>,
    /// How long a stopped command may take to end in good order before it is killed. Windows kills at once.
    pub grace: Duration,
    /// Its standard input.
    pub stdin: Stdin,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It returned this code.
    Code(i32),
    /// This signal ended it (Unix).
    Signal(i32),
}

/// How a command ended.
#[derive(Debug)]
pub struct Exit {
    /// How the command itself ended.
    pub status: Status,
    /// From the start to the end of the command, without what its background processes took.
    pub duration: Duration,
    /// Why it was stopped; `None` when it ended by itself.
    pub stopped: Option<StopReason>,
    /// The first failure to write its output somewhere, other than that nobody read it any more.
    pub output_error: Option<Error>,
}

impl Exit {
    /// The exit code by the convention of shells and `timeout(1)`: the code itself, 128 + the signal, 124 for a time-out. A
    /// hangup, which the command hears of as SIGTERM, ends it with 129 all the same.
    pub fn code(&self) -> i32 {
        match (self.stopped, self.status) {
            (Some(StopReason::Timeout), _) => 124,
            (Some(StopReason::Hangup), Status::Signal(_)) => 129,
            (_, Status::Code(code)) => code,
            (_, Status::Signal(signal)) => 128 + signal,
        }
    }
}

/// Runs a command to its end, or stops its whole tree on its time-out or when `stop` says so: SIGTERM (SIGINT for an
/// interrupt), then SIGKILL to whatever is left after the grace. A dropped future kills the tree at once.
///
/// # Errors
/// `NotFound` when the program does not exist (a shell's 127), `Denied` when it cannot be executed (a shell's 126),
/// `Usage` when the working directory does not exist, `Internal` when the system refuses to make a process.
pub async fn run(cmd: &Command, tee: Tee, stop: Stop) -> Result<Exit> {
    run_with(cmd, tee, stop, Rest::Left).await
}

/// Runs a command as [`run`] does, and kills what it leaves alive in the background when it ends by itself.
///
/// # Errors
/// Those of [`run`].
pub async fn run_whole(cmd: &Command, tee: Tee, stop: Stop) -> Result<Exit> {
    run_with(cmd, tee, stop, Rest::Killed).await
}

/// What becomes of the background processes of a command that ended by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    Left,
    Killed,
}

async fn run_with(cmd: &Command, tee: Tee, mut stop: Stop, rest: Rest) -> Result<Exit> {
    let started = Instant::now();
    let mut tree = Tree::spawn(cmd, tee.stderr.is_none()).map_err(|e| spawn_error(cmd, e))?;
    let mut pumps = tee.start(tree.take_stdout(), tree.take_stderr());
    let timed_out = async {
        match cmd.timeout {
            Some(limit) => sleep_until(started + limit).await,
            None => std::future::pending().await,
        }
    };

    let mut stopped = None;
    let status = tokio::select! {
        biased;
        status = tree.wait() => status.map_err(|e| wait_error(cmd, e))?,
        reason = async { tokio::select! { r = stop.requested() => r, () = timed_out => StopReason::Timeout } } => {
            stopped = Some(reason);
            end(&mut tree, cmd, reason).await?
        }
    };
    let duration = started.elapsed();
    if stopped.is_none() && rest == Rest::Killed && tree.has_rest() {
        tree.kill(DEATH).await;
    }

    let deadline = Instant::now() + DRAIN;
    let output_error = if stopped.is_some() {
        pumps.finish_or_abandon(deadline, 2 * DRAIN).await
    } else {
        // Our own reader may be slow (a pager), so that only the user ends the wait for it.
        tokio::select! {
            biased;
            error = pumps.finish(deadline) => error,
            reason = stop.requested() => {
                stopped = Some(reason);
                tree.kill(DEATH).await;
                None
            }
        }
    };
    tree.release();
    Ok(Exit { status: convert(status), duration, stopped, output_error })
}

/// Asks the tree to end, then makes it.
async fn end(tree: &mut Tree, cmd: &Command, reason: StopReason) -> Result<ExitStatus> {
    let deadline = Instant::now() + cmd.grace;
    if tree.ask(reason) && timeout_at(deadline, tree.wait()).await.is_ok() {
        // A shell's background jobs ignore SIGINT, and what left the group has heard nothing yet.
        tree.ask_rest();
        tree.gone_by(deadline).await;
    }
    tree.kill(DEATH).await;
    match timeout_at(Instant::now() + DEATH, tree.wait()).await {
        Ok(status) => status.map_err(|e| wait_error(cmd, e)),
        Err(_) => Err(Error::new(Kind::Internal, format!("killing {}: it does not end", show(cmd)))
            .hint("a process stuck in the kernel, often on a network disk, ends only when that answers")),
    }
}

#[cfg(unix)]
fn convert(status: ExitStatus) -> Status {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => Status::Code(code),
        (None, signal) => Status::Signal(signal.unwrap_or_default()),
    }
}

#[cfg(not(unix))]
fn convert(status: ExitStatus) -> Status {
    Status::Code(status.code().unwrap_or(1))
}

fn show(cmd: &Command) -> String {
    cmd.program.to_string_lossy().into_owned()
}

fn wait_error(cmd: &Command, error: io::Error) -> Error {
    Error::new(Kind::Internal, format!("waiting for {}", show(cmd))).with_source(error)
}

fn spawn_error(cmd: &Command, error: io::Error) -> Error {
    let name = show(cmd);
    if !cmd.dir.is_dir() {
        return Error::new(Kind::Usage, format!("running {name}: {} is not a directory", cmd.dir.display()))
            .hint("name a working directory that exists");
    }
    if let Err(error) = cmd.dir.join(".").metadata() {
        return Error::io(&format!("running {name}: entering the directory"), &cmd.dir, error)
            .hint(format!("let this user enter it (`chmod u+x {}`), or name another", cmd.dir.display()));
    }
    if error.kind() == io::ErrorKind::NotFound {
        // The kernel says `not found` for a script whose interpreter is missing, too.
        if Path::new(&cmd.program).components().count() > 1 && cmd.dir.join(&cmd.program).exists() {
            return Error::new(Kind::NotFound, format!("running {name}: its interpreter does not exist"))
                .hint(format!("look at the first line of {name}"))
                .with_source(error);
        }
        return Error::new(Kind::NotFound, format!("running {name}: there is no such program"))
            .hint(format!("check the spelling, and that PATH has the directory of {name}"))
            .with_source(error);
    }
    if error.kind() == io::ErrorKind::PermissionDenied || is_no_executable(&error) {
        return Error::new(Kind::Denied, format!("running {name}: it is not executable"))
            .hint(format!("make it executable (`chmod +x {name}`), or name its interpreter before it"))
            .with_source(error);
    }
    Error::new(Kind::Internal, format!("running {name}")).with_source(error)
}

#[cfg(unix)]
fn is_no_executable(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::NOEXEC.raw_os_error())
}

#[cfg(not(unix))]
fn is_no_executable(error: &io::Error) -> bool {
    const BAD_EXE_FORMAT: i32 = 193; // ERROR_BAD_EXE_FORMAT
    error.raw_os_error() == Some(BAD_EXE_FORMAT)
}
