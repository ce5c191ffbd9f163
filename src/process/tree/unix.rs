//! Trees on Unix: a process group, and what left it.

use super::super::{Command, Stdin, StopReason, tee::Pipe};
#[cfg(target_os = "linux")]
use super::linux as strays;
#[cfg(not(target_os = "linux"))]
use super::other_unix as strays;
use process_wrap::tokio::{ChildWrapper, CommandWrap, ProcessGroup};
use rustix::process::{Pid, Signal, kill_process, kill_process_group, test_kill_process_group};
use std::{
    collections::HashSet,
    ffi::{OsStr, OsString},
    io::{self, IsTerminal},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// The variable that marks every process of a tree. Trees inside trees add theirs after a `:`.
pub const MARKER: &str = "CI_TOOL_PROCESS_TREE";

/// The commands that run now. Held while one is spawned, so that no child of ours is ever taken for a stray.
static RUNS: Mutex<Vec<Run>> = Mutex::new(Vec::new());
static NEXT: AtomicU64 = AtomicU64::new(0);
/// Set once nothing may start any more.
static ENDING: AtomicBool = AtomicBool::new(false);

/// What identifies a tree.
#[derive(Debug, Clone)]
pub struct Run {
    /// The command itself.
    pub main: Pid,
    /// Whether it leads a group of its own.
    pub leads: bool,
    /// Its part of the variable [`MARKER`].
    pub marker: String,
    /// When it started, in clock ticks since boot.
    pub start: u64,
}

/// What was seen in a tree, by process id and start. Once its parent is dead, a process can no longer be placed by it.
pub type Seen = HashSet<(i32, u64)>;

/// A tree that runs. While there is one, this process adopts the orphans below it.
pub struct Members {
    run: Run,
    seen: Seen,
}

pub fn spawn(mut command: CommandWrap, cmd: &Command) -> io::Result<(Box<dyn ChildWrapper>, Members)> {
    // A background group cannot read from a terminal: it would be stopped.
    let leads = cmd.stdin == Stdin::Null || !io::stdin().is_terminal();
    if leads {
        command.wrap(ProcessGroup::leader());
    }
    let marker = format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let outer = match &cmd.env {
        Some(env) => env.get(OsStr::new(MARKER)).cloned(),
        None => std::env::var_os(MARKER),
    };
    command.command_mut().env(MARKER, join(outer, &marker));

    let mut runs = runs();
    if ENDING.load(Ordering::Relaxed) {
        return Err(io::Error::other("this process is about to end"));
    }
    strays::adopt(true);
    let child = command.spawn().inspect_err(|_| strays::adopt(!runs.is_empty()))?;
    let main = child.id().and_then(|id| Pid::from_raw(id.cast_signed())).ok_or(io::ErrorKind::NotFound)?;
    let run = Run { main, leads, marker, start: strays::start_time(main) };
    runs.push(run.clone());
    Ok((child, Members { run, seen: Seen::new() }))
}

/// Gives the command one pipe for both outputs.
pub fn join_outputs(command: &mut tokio::process::Command) -> io::Result<Option<Pipe>> {
    let (reader, writer) = io::pipe()?;
    command.stdout(writer.try_clone()?).stderr(writer);
    Ok(Some(Box::new(tokio::net::unix::pipe::Receiver::from_owned_fd(reader.into())?)))
}

impl Members {
    pub fn ask(&mut self, reason: StopReason) -> bool {
        let signal = if reason == StopReason::Interrupt { Signal::INT } else { Signal::TERM };
        let Run { main, leads, .. } = self.run;
        self.alive();
        // That a process is gone already is what is wanted, here and below.
        let _ = if leads { kill_process_group(main, signal) } else { kill_process(main, signal) };
        true
    }

    pub fn ask_rest(&mut self) {
        send(&self.run, &runs(), &mut self.seen, Signal::TERM);
    }

    pub fn kill(&mut self, _: &mut dyn ChildWrapper) {
        send(&self.run, &runs(), &mut self.seen, Signal::KILL);
    }

    pub fn alive(&mut self) -> bool {
        let living = strays::living(&self.run, &runs(), &mut self.seen);
        // Where /proc tells nothing the group does; it counts zombies, too.
        !living.is_empty() || (!strays::SEES && self.run.leads && test_kill_process_group(self.run.main).is_ok())
    }
}

impl Members {
    /// As [`Members::alive`], for a command that was waited for; mostly without looking at every process of the system.
    pub fn has_rest(&mut self) -> bool {
        let in_group = self.run.leads && test_kill_process_group(self.run.main).is_ok();
        let alone = || strays::orphanless(&runs());
        in_group || (!alone() && self.alive())
    }
}

impl Drop for Members {
    fn drop(&mut self) {
        let mut runs = runs();
        strays::reap(&runs);
        runs.retain(|run| run.marker != self.run.marker);
        strays::adopt(!runs.is_empty());
    }
}

pub fn kill_all() {
    const LIMIT: Duration = Duration::from_secs(1);
    let deadline = Instant::now() + LIMIT;
    let runs = runs();
    ENDING.store(true, Ordering::Relaxed);
    let mut seen = vec![Seen::new(); runs.len()];
    // Orphans are seen as ours only when their parent is dead.
    while runs.iter().zip(&mut seen).map(|(run, seen)| send(run, &runs, seen, Signal::KILL)).fold(false, |a, b| a | b) {
        if Instant::now() >= deadline {
            return;
        }
        thread::sleep(super::GLANCE);
    }
}

pub fn kill_having(name: &str, value: &OsStr, limit: Duration) -> bool {
    let deadline = Instant::now() + limit;
    loop {
        let left = strays::having(name, value);
        if left.is_empty() {
            return true;
        }
        for pid in left {
            // One that ended meanwhile is what was wanted.
            let _ = kill_process(pid, Signal::KILL);
        }
        if Instant::now() >= deadline {
            return false;
        }
        thread::sleep(super::GLANCE);
    }
}

/// Sends a signal to everything in the tree, and returns whether any of it is known to have been alive.
fn send(run: &Run, runs: &[Run], seen: &mut Seen, signal: Signal) -> bool {
    let living = strays::living(run, runs, seen);
    if run.leads {
        let _ = kill_process_group(run.main, signal);
    }
    for pid in &living {
        let _ = kill_process(*pid, signal);
    }
    !living.is_empty()
}

fn runs() -> MutexGuard<'static, Vec<Run>> {
    RUNS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn join(outer: Option<OsString>, marker: &str) -> OsString {
    let mut all = outer.map_or_else(OsString::new, |mut outer| {
        outer.push(":");
        outer
    });
    all.push(marker);
    all
}
