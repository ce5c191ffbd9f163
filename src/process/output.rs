//! Running a command for what it says.

use super::{Command, Exit, Stop, Tee, run};
use crate::error::Result;
use std::{
    io::{self, Write},
    sync::{Arc, Mutex, PoisonError},
};

/// What a command wrote, and how it ended.
#[derive(Debug)]
pub struct Output {
    /// How it ended.
    pub exit: Exit,
    /// All of its standard output.
    pub stdout: Vec<u8>,
    /// All of its standard error.
    pub stderr: Vec<u8>,
}

/// Runs a command as [`run`] does, and keeps its output in memory.
///
/// # Errors
/// Those of [`run`].
pub async fn output(cmd: &Command, stop: Stop) -> Result<Output> {
    let (stdout, stderr) = (Kept::default(), Kept::default());
    let tee = Tee { stdout: Box::new(stdout.clone()), stderr: Some(Box::new(stderr.clone())), log: None };
    let exit = run(cmd, tee, stop).await?;
    Ok(Output { exit, stdout: stdout.take(), stderr: stderr.take() })
}

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
