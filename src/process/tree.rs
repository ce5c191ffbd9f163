//! A command and everything it started.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(all(unix, not(target_os = "linux")))]
mod other_unix;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as sys;
#[cfg(windows)]
use windows as sys;

use super::{Command, Stdin, StopReason, tee::Pipe};
use process_wrap::tokio::{ChildWrapper, CommandWrap};
use std::{
    ffi::OsStr,
    io,
    process::{ExitStatus, Stdio},
    thread,
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// How often a dying tree is looked at.
const GLANCE: Duration = Duration::from_millis(5);
/// How long a drop, which blocks its thread, goes on looking for what is left.
const DROP: Duration = Duration::from_millis(200);

/// A running command. Dropping it kills the tree, unless it was released.
pub(super) struct Tree {
    child: Box<dyn ChildWrapper>,
    members: sys::Members,
    /// Both outputs, where they are one.
    joined: Option<Pipe>,
    released: bool,
}

impl Tree {
    /// Starts the command with both outputs piped, through one pipe where they are `together` and the system can.
    pub(super) fn spawn(cmd: &Command, together: bool) -> io::Result<Tree> {
        let mut command = tokio::process::Command::new(&cmd.program);
        command.args(&cmd.args).current_dir(&cmd.dir).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.stdin(match cmd.stdin {
            Stdin::Null => Stdio::null(),
            Stdin::Inherit => Stdio::inherit(),
        });
        if let Some(env) = &cmd.env {
            command.env_clear().envs(env);
        }
        let joined = if together { sys::join_outputs(&mut command)? } else { None };
        let (child, members) = sys::spawn(CommandWrap::from(command), cmd)?;
        Ok(Tree { child, members, joined, released: false })
    }

    /// What it writes to its standard output, and to both where they are one.
    pub(super) fn take_stdout(&mut self) -> Option<Pipe> {
        self.joined.take().or_else(|| Some(Box::new(self.child.stdout().take()?)))
    }

    /// What it writes to its standard error.
    pub(super) fn take_stderr(&mut self) -> Option<Pipe> {
        Some(Box::new(self.child.stderr().take()?))
    }

    /// Waits for the command itself, not for what it started. May be dropped and called again.
    pub(super) async fn wait(&mut self) -> io::Result<ExitStatus> {
        // The wrapper's own `wait` would wait for the whole group.
        self.child.inner_mut().wait().await
    }

    /// Asks the command's group to end in good order. False where the system has no such thing.
    pub(super) fn ask(&mut self, reason: StopReason) -> bool {
        self.members.ask(reason)
    }

    /// Asks everything that is still alive to end.
    pub(super) fn ask_rest(&mut self) {
        self.members.ask_rest();
    }

    /// Whether anything is alive after the command itself was waited for.
    pub(super) fn has_rest(&mut self) -> bool {
        self.members.has_rest()
    }

    /// Waits until nothing is alive, but not after `deadline`.
    pub(super) async fn gone_by(&mut self, deadline: Instant) {
        while self.members.alive() && Instant::now() < deadline {
            sleep(GLANCE).await;
        }
    }

    /// Kills everything, again and again until nothing is alive, but not for longer than `limit`.
    pub(super) async fn kill(&mut self, limit: Duration) {
        let deadline = Instant::now() + limit;
        loop {
            self.members.kill(&mut *self.child);
            // The command itself stays a zombie, and a member of its group, until it was waited for.
            let _ = self.child.inner_mut().try_wait();
            if !self.members.alive() || Instant::now() >= deadline {
                return;
            }
            sleep(GLANCE).await;
        }
    }

    /// Leaves what is alive alone.
    pub(super) fn release(mut self) {
        self.released = true;
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let deadline = std::time::Instant::now() + DROP;
        while !self.released {
            self.members.kill(&mut *self.child);
            let _ = self.child.inner_mut().try_wait();
            if !self.members.alive() || std::time::Instant::now() >= deadline {
                return;
            }
            thread::sleep(GLANCE);
        }
    }
}

/// Kills the trees of all running commands, for a process that is about to end, and refuses to start others. Blocks until
/// they are gone, at most for a second. Windows does it by itself when this process ends.
pub fn kill_all() {
    sys::kill_all();
}

/// Kills every process whose environment gives the variable `name` this `value`, but for this one: what a process left
/// running that was killed itself. Blocks until they are gone, at most for `limit`; false when some are not. Where there is no
/// `/proc`, on Unix, none is found; on Windows there is none.
pub fn kill_having(name: &str, value: &OsStr, limit: Duration) -> bool {
    sys::kill_having(name, value, limit)
}
