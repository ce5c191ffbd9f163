//! The service as a process on a free port, with rules of its own.

use super::client::{Answer, Client};
use std::{
    fs,
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

/// The longest that anything is waited for.
pub const LIMIT: Duration = Duration::from_secs(30);
const TICK: Duration = Duration::from_millis(5);

/// Rules with a servicing redirection whose suffix is given: decisions under two of them differ in every part.
pub fn rules(suffix: &str) -> String {
    format!(
        "standard: A\nredirections:\n  - {{name: to-{suffix}, kind: servicing, suffix: .{suffix}, subscription: {suffix}}}\n\
         queues:\n  q: {{}}\n  q.{suffix}: {{base: q}}\n  lonely: {{}}\n"
    )
}

/// A job that [`rules`] redirect.
pub const JOB: &str = r#"{"queue": "q", "branch": "release/5.0"}"#;

/// Waits until something holds.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + LIMIT;
    while !holds() {
        assert!(Instant::now() < end, "waited too long: {what}");
        thread::sleep(TICK);
    }
}

/// A directory with rules and a configuration; gone when dropped.
pub struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Place {
        let place = Place { dir: tempfile::tempdir().unwrap() };
        place.write("ci-tool.yaml", "route: {rules: rules.yaml}\n");
        place.write("rules.yaml", &rules("svc"));
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Writes a file at once: nobody sees half of it.
    pub fn write(&self, name: &str, text: &str) {
        let new = self.path(&format!("{name}.new"));
        fs::write(&new, text).unwrap();
        fs::rename(new, self.path(name)).unwrap();
    }

    /// `ci-tool route ARGS…` in this directory.
    pub fn route(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ci-tool"));
        command.arg("route").args(args).env_clear().current_dir(self.dir.path()).stdin(Stdio::null());
        for name in ["PATH", "SystemRoot"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.env("HOME", self.dir.path()).env("XDG_CONFIG_HOME", self.path("none"));
        command
    }

    /// Starts the service with more arguments.
    pub fn serve(&self, args: &[&str]) -> Service {
        self.serve_with(args, |_| ())
    }

    /// As [`Place::serve`], with more of the process set.
    pub fn serve_with(&self, args: &[&str], more: impl FnOnce(&mut Command)) -> Service {
        let mut command = self.route(&["serve", "--listen", "127.0.0.1:0"]);
        command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
        more(&mut command);
        let mut child = command.spawn().unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let (mut errors, heard) = (child.stderr.take().unwrap(), Arc::clone(&said));
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = errors.read(&mut bytes) {
                heard.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
        });
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").map(|address| address.parse().unwrap());
        let address = address.unwrap_or_else(|| panic!("{line:?}: {}", said.lock().unwrap()));
        Service { child, address, said }
    }
}

/// A service that runs; killed when dropped.
pub struct Service {
    child: Child,
    pub address: SocketAddr,
    said: Arc<Mutex<String>>,
}

impl Service {
    pub fn client(&self) -> Client {
        Client::connect(self.address)
    }

    /// One request on a connection of its own.
    pub fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        self.client().ask(method, path, body)
    }

    /// A decision on [`JOB`].
    pub fn decide(&self) -> serde_json::Value {
        self.ask("POST", "/v1/decide", JOB).expect(200).json()
    }

    /// The value of a metric with its labels, as it is written.
    pub fn metric(&self, series: &str) -> Option<f64> {
        let text = self.ask("GET", "/metrics", "").expect(200).text();
        text.lines().find_map(|line| line.strip_prefix(series)?.trim().parse().ok())
    }

    /// Whether it said something on standard error.
    pub fn said(&self, text: &str) -> bool {
        self.said.lock().unwrap().contains(text)
    }

    #[cfg(unix)]
    pub fn signal(&self, signal: rustix::process::Signal) {
        let id = rustix::process::Pid::from_raw(self.child.id() as i32).unwrap();
        rustix::process::kill_process(id, signal).unwrap();
    }

    /// Waits for its end and returns the exit code.
    #[cfg(unix)]
    pub fn wait(mut self) -> Option<i32> {
        until("the service ends", || self.child.try_wait().unwrap().is_some());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The lines of a file of JSON lines.
pub fn records(path: &Path) -> Vec<serde_json::Value> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}
