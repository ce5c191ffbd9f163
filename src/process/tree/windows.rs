//! Trees on Windows: a job object, which nothing inside can leave.

use super::super::{Command, StopReason, tee::Pipe};
use process_wrap::tokio::{ChildWrapper, CommandWrap, JobObject};
use std::{ffi::OsStr, io, time::Duration};

pub struct Members;

pub fn spawn(mut command: CommandWrap, _: &Command) -> io::Result<(Box<dyn ChildWrapper>, Members)> {
    Ok((command.wrap(JobObject).spawn()?, Members))
}

/// An anonymous pipe cannot be read without blocking here: there stay two.
pub fn join_outputs(_: &mut tokio::process::Command) -> io::Result<Option<Pipe>> {
    Ok(None)
}

impl Members {
    /// There is no signal that every program understands.
    pub fn ask(&mut self, _: StopReason) -> bool {
        false
    }

    pub fn ask_rest(&mut self) {}

    /// Terminating a job is atomic.
    pub fn alive(&mut self) -> bool {
        false
    }

    /// Not known: the job is terminated to be sure.
    pub fn has_rest(&mut self) -> bool {
        true
    }

    pub fn kill(&mut self, child: &mut dyn ChildWrapper) {
        let _ = child.start_kill();
    }
}

/// The jobs cannot be reached from here; what shares our console gets its Ctrl-C itself.
pub fn kill_all() {}

/// A job object ends with the process that holds it: nothing is left.
pub fn kill_having(_: &str, _: &OsStr, _: Duration) -> bool {
    true
}
