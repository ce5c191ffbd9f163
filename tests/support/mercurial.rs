//! A real Mercurial that serves a repository with a pushlog: installed once under `target/`, ended with its value.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// The pinned release.
const VERSION: &str = "7.2.4";
const NEEDED: &str = "install Python 3 with pip, or set CI_TOOL_SKIP_SERVERS=1";

/// A repository.
pub struct Mercurial {
    dir: PathBuf,
    packages: PathBuf,
}

impl Mercurial {
    /// Makes a repository.
    ///
    /// # Panics
    /// When Mercurial cannot be installed, saying what is needed.
    pub fn init(dir: &Path) -> Mercurial {
        let mercurial = Mercurial { dir: dir.into(), packages: installed() };
        mercurial.hg(&["init"]);
        mercurial
    }

    /// What `hg` says.
    pub fn hg(&self, args: &[&str]) -> String {
        let output = self.command(args).output().unwrap();
        assert!(output.status.success(), "hg {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Makes changesets in a line and returns their hashes: number N, from 0, is called `rN` and adds the file `nfN`.
    pub fn line(&self, count: usize) -> Vec<String> {
        self.hg(&["debugbuilddag", "--new-file", &format!("+{count}")]);
        self.hg(&["log", "--rev", "0:", "--template", "{node}\n"]).lines().map(str::to_owned).collect()
    }

    /// Serves it. The pushes are `[number, date, user, [changeset, …]]`.
    pub fn serve(&self, pushes: &serde_json::Value) -> Served {
        fs::write(self.dir.join(".hg/pushes.json"), pushes.to_string()).unwrap();
        let extension = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/pushlog_ext.py");
        let extension = format!("extensions.pushes={}", extension.display());
        // Standard output is not read beyond its first line.
        let log = self.dir.join(".hg/access").display().to_string();
        let place = ["--address", "127.0.0.1", "--port", "0", "--prefix", "repo", "--accesslog", &log];
        let args = [&["serve", "--config", &extension], &place[..]].concat();
        let mut child = self.command(&args).stdout(Stdio::piped()).spawn().unwrap();
        // `listening at http://localhost:PORT/repo/ (bound to 127.0.0.1:PORT)`
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim_end().trim_end_matches(')').rsplit_once(':').map(|(_, port)| port.to_owned());
        let served = Served { child, url: format!("http://127.0.0.1:{}/repo", port.clone().unwrap_or_default()) };
        assert!(port.is_some_and(|port| port.parse::<u16>().is_ok()), "hg serve says {line:?}");
        served
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("python3");
        command.arg(self.packages.join("bin/hg")).args(args).current_dir(&self.dir).stdin(Stdio::null());
        command.env("PYTHONPATH", &self.packages).env("HGRCPATH", OsString::new()).env("HGENCODING", "UTF-8");
        command.env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONUNBUFFERED", "1");
        command
    }
}

/// A running server.
pub struct Served {
    child: Child,
    /// The address of the repository.
    pub url: String,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The directory of the packages. Test processes that run at once install them once; they appear whole or not at all.
fn installed() -> PathBuf {
    let servers = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-servers");
    let to = servers.join(format!("mercurial-{VERSION}"));
    fs::create_dir_all(&servers).unwrap();
    let lock = File::create(servers.join("mercurial.lock")).unwrap();
    lock.lock().unwrap();
    if !to.exists() {
        let from = tempfile::tempdir_in(&servers).unwrap();
        let output = Command::new("python3")
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"])
            .arg(from.path())
            .arg(format!("mercurial=={VERSION}"))
            .output()
            .unwrap_or_else(|e| panic!("python3 does not start ({e}): {NEEDED}"));
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "pip cannot install mercurial {VERSION}: {errors}\n{NEEDED}");
        fs::rename(from.keep(), &to).unwrap();
    }
    to
}
