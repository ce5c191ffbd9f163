//! Prometheus's own checker of rules: the one in `PATH`, or Debian's, unpacked once under `target/` without being installed.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

/// The package that has it.
const PACKAGE: &str = "prometheus";

/// Runs it in a directory and returns what it printed.
///
/// # Panics
/// When it is not there and cannot be fetched, saying what is needed, and when it refuses.
pub fn promtool(dir: &Path, args: &[&str]) -> String {
    let output = Command::new(program()).args(args).current_dir(dir).output().unwrap();
    let said = [output.stdout, output.stderr].map(|s| String::from_utf8_lossy(&s).into_owned()).concat();
    assert!(output.status.success(), "promtool {}: {said}", args.join(" "));
    said
}

fn program() -> PathBuf {
    if Command::new("promtool").arg("--version").output().is_ok_and(|o| o.status.success()) {
        return "promtool".into();
    }
    unpacked()
}

/// The file out of the package. Test processes that run at once fetch it once; it appears whole or not at all.
fn unpacked() -> PathBuf {
    let servers = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-servers");
    let to = servers.join("promtool");
    fs::create_dir_all(&servers).unwrap();
    let lock = File::create(servers.join("promtool.lock")).unwrap();
    lock.lock().unwrap();
    if !to.exists() {
        let from = tempfile::tempdir_in(&servers).unwrap();
        let package = download(from.path());
        let tree = from.path().join("tree");
        run(Command::new("dpkg").arg("-x").arg(package).arg(&tree)).unwrap_or_else(|said| panic!("{said}"));
        fs::rename(tree.join("usr/bin/promtool"), &to).unwrap();
    }
    to
}

/// Fetches the package with the system's lists, or where there are none, with lists of our own: neither needs root.
fn download(to: &Path) -> PathBuf {
    let options = [("Dir::State::Lists", "lists"), ("Dir::Cache", "cache")].map(|(option, name)| {
        let dir = to.join(name);
        fs::create_dir_all(dir.join("partial")).unwrap();
        format!("{option}={}", dir.display())
    });
    let apt = |own: bool, args: &[&str]| {
        let mut command = Command::new("apt-get");
        if own {
            command.args(options.iter().flat_map(|option| ["-o", option]));
        }
        run(command.args(["-q", "-o", "Debug::NoLocking=1"]).args(args).current_dir(to))
    };
    apt(false, &["download", PACKAGE])
        .or_else(|_| apt(true, &["update"]).and_then(|()| apt(true, &["download", PACKAGE])))
        .unwrap_or_else(|said| panic!("{said}\ninstall promtool, or set CI_TOOL_SKIP_SERVERS=1"));
    let mut files = fs::read_dir(to).unwrap().map(|entry| entry.unwrap().path());
    files.find(|path| path.extension().is_some_and(|e| e == "deb")).expect("apt-get downloads a package")
}

fn run(command: &mut Command) -> Result<(), String> {
    let shown = format!("{command:?}");
    let output = command.output().map_err(|e| format!("{shown}: {e}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("{shown}: {}", String::from_utf8_lossy(&output.stderr))),
    }
}
