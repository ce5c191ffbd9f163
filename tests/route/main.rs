//! Decisions: a table of cases, properties, and the verbs that hold rules against cases and jobs.

#[path = "../support/sandbox.rs"]
#[allow(dead_code, reason = "shared by suites of which each needs a part")]
mod sandbox;

#[cfg(target_os = "linux")]
mod batch;
mod cases;
mod diff;
mod explain;
mod lint;
mod properties;
mod queues;
mod table;

use std::path::{Path, PathBuf};

/// A file beside this one.
fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/route").join(name)
}

/// The directory with the example.
fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/route")
}
