//! PyGithub, installed once under `target/`, as a second opinion on the fake.

use super::{
    fake::{self, Fake},
    support::SKIP_SERVERS,
};
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

/// The pinned release.
const VERSION: &str = "2.10.0";

/// Runs the client against a fake.
///
/// # Panics
/// When the client cannot be installed, saying what is needed, or does not understand the fake.
pub fn check(fake: &Fake) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/github_client.py");
    let output = Command::new(installed())
        .arg(script)
        .args([&fake.url(), fake::REPOSITORY, &fake.revisions()[1]])
        .env("HUB", fake::token())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The Python that has the client. Test processes that run at once install it once; only a whole one has the mark.
fn installed() -> PathBuf {
    let servers = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-servers");
    let to = servers.join(format!("pygithub-{VERSION}"));
    let python = to.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    fs::create_dir_all(&servers).unwrap();
    let lock = File::create(servers.join("pygithub.lock")).unwrap();
    lock.lock().unwrap();
    // A virtual environment holds its own path and cannot be moved into place.
    let mark = to.join("complete");
    if !mark.exists() {
        let system = if cfg!(windows) { "python" } else { "python3" };
        run(Command::new(system).args(["-m", "venv", "--clear"]).arg(&to));
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet", &format!("PyGithub=={VERSION}")]));
        File::create(mark).unwrap();
    }
    python
}

fn run(command: &mut Command) {
    let output = command
        .output()
        .unwrap_or_else(|e| panic!("{command:?} does not start ({e}): install Python 3 or set {SKIP_SERVERS}=1"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}; without a network set {SKIP_SERVERS}=1");
}
