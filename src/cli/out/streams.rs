//! Our own standard streams, as a command's.

use crate::process::Tee;
use std::io::{self, Write};

/// Passes a command's output to our own standard output and error, and to `log`. Where these two are one file (a terminal,
/// `2>&1`), so are the command's: only then is their order kept.
pub fn tee(log: Option<Box<dyn Write + Send>>) -> Tee {
    let stderr = (!one_output()).then(|| Box::new(io::stderr()) as Box<dyn Write + Send>);
    Tee { stdout: Box::new(io::stdout()), stderr, log }
}

/// Whether our standard output and error are the same file.
#[cfg(unix)]
fn one_output() -> bool {
    use rustix::fs::fstat;
    match (fstat(io::stdout()), fstat(io::stderr())) {
        (Ok(out), Ok(err)) => (out.st_dev, out.st_ino) == (err.st_dev, err.st_ino),
        _ => false,
    }
}

#[cfg(not(unix))]
fn one_output() -> bool {
    false
}
