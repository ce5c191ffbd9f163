//! Python packages, each installed once under `target/` in an environment of its own.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

/// The Python that has a release of a package, which may name extras (`package[extra]`). Test processes that run at once install it once; it appears whole or not at all.
///
/// # Panics
/// When it cannot be installed, saying what is needed.
pub fn with(package: &str, version: &str) -> PathBuf {
    let servers = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-servers");
    let name = package.split('[').next().unwrap_or(package);
    let to = servers.join(format!("{name}-{version}"));
    let python = to.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    fs::create_dir_all(&servers).unwrap();
    let lock = File::create(servers.join(format!("{name}.lock"))).unwrap();
    lock.lock().unwrap();
    // An environment knows its own place, so that it is made there; this file says that it is whole.
    let whole = to.join("whole");
    if !whole.exists() {
        let _ = fs::remove_dir_all(&to);
        run(Command::new(if cfg!(windows) { "python" } else { "python3" }).args(["-m", "venv"]).arg(&to));
        run(Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
            .arg(format!("{package}=={version}")));
        File::create(whole).unwrap();
    }
    python
}

fn run(command: &mut Command) {
    let skip = format!("install Python 3 with venv, or set {}=1", crate::support::SKIP_SERVERS);
    let output = command.output().unwrap_or_else(|e| panic!("{command:?} does not start ({e}): {skip}"));
    assert!(output.status.success(), "{command:?}: {} {skip}", String::from_utf8_lossy(&output.stderr));
}
