//! The README's commands, run as they stand there.

use crate::sandbox::{Ran, Sandbox};
use std::{fs, path::Path};

/// The commands of a noun, in order, with their comments.
pub fn commands(noun: &str) -> Vec<String> {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let ours = readme.lines().map(str::trim).filter(|line| line.starts_with(&format!("ci-tool {noun}")));
    ours.map(str::to_owned).collect()
}

/// Runs one by a shell in a directory, and holds the exit code: that of a comment `ends with N`, else 0. `k3v9` is an id.
#[track_caller]
pub fn run(sandbox: &Sandbox, dir: &Path, line: &str, id: &str) -> Ran {
    let command = line.replacen("ci-tool", &format!("'{}'", env!("CARGO_BIN_EXE_ci-tool")), 1).replace("k3v9", id);
    let code = line.rsplit_once("ends with ").map_or(0, |(_, code)| code.parse().unwrap());
    sandbox.program("sh", ["-c", &command]).dir(dir).run().code(code)
}
