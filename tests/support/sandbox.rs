//! The real binary in a clean environment, with a home, a store and a workspace of its own.

use serde_json::Value;
use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs,
    io::Read,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// The longest that one call of the binary may take.
const LIMIT: Duration = Duration::from_secs(60);
/// How often a condition is looked at.
const TICK: Duration = Duration::from_millis(5);

/// A directory of its own; gone when dropped.
pub struct Sandbox {
    dir: tempfile::TempDir,
}

impl Sandbox {
    /// Makes the directories. The workspace holds `a.txt`, `logs/test.log` and `logs/deep/trace.log`.
    pub fn new() -> Sandbox {
        let dir = tempfile::Builder::new().prefix("ci-tool-test-").tempdir().unwrap();
        let sandbox = Sandbox { dir };
        for name in ["home", "work", "tmp"] {
            fs::create_dir(sandbox.path(name)).unwrap();
        }
        sandbox.write("a.txt", "hello\n");
        sandbox.write("logs/test.log", "FAILED one\n");
        sandbox.write("logs/deep/trace.log", "at line 7\n");
        sandbox
    }

    /// A path in the sandbox, without links: as the binary prints it.
    pub fn path(&self, name: &str) -> PathBuf {
        fs::canonicalize(self.dir.path()).unwrap().join(name)
    }

    /// The workspace.
    pub fn work(&self) -> PathBuf {
        self.path("work")
    }

    /// The default store.
    pub fn store(&self) -> PathBuf {
        self.path("data/ci-tool/store")
    }

    /// The file of an object in the store.
    pub fn object(&self, key: &str) -> PathBuf {
        self.store().join("objects").join(key.replace('/', "+/"))
    }

    /// Writes a file of the workspace.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.work().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// The binary, called in the workspace.
    pub fn tool<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Call {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ci-tool"));
        command.args(args);
        self.clean(command)
    }

    /// Any other program in the same environment.
    pub fn program<S: AsRef<OsStr>>(&self, name: impl AsRef<OsStr>, args: impl IntoIterator<Item = S>) -> Call {
        let mut command = Command::new(name);
        command.args(args);
        self.clean(command)
    }

    fn clean(&self, mut command: Command) -> Call {
        command.env_clear().current_dir(self.work()).stdin(Stdio::null());
        // Windows starts nothing without SystemRoot.
        for name in ["PATH", "SystemRoot", "PATHEXT"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        for (name, place) in [("HOME", "home"), ("XDG_DATA_HOME", "data"), ("XDG_CONFIG_HOME", "config")] {
            command.env(name, self.path(place));
        }
        command.env("TMPDIR", self.path("tmp")).env("LANG", "C.UTF-8");
        Call { command, shown: Vec::new() }
    }

    /// Runs `ci-tool repro ARGS…`.
    pub fn repro<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Ran {
        self.tool(["repro"]).args(args).run()
    }

    /// Saves the workspace as a failed post step and returns the capture's id.
    pub fn save(&self) -> String {
        self.save_with::<&str>([])
    }

    /// As [`Sandbox::save`], with more arguments.
    pub fn save_with<S: AsRef<OsStr>>(&self, more: impl IntoIterator<Item = S>) -> String {
        let args = ["repro", "save", "--job", "unit", "--exit-code", "1", "--output", "json"];
        id_of(&self.tool(args).args(more).run().ok().json())
    }

    /// The ids in the store, the latest first.
    pub fn ids(&self) -> Vec<String> {
        let listed = self.repro(["list", "--output", "json"]).ok().json();
        listed["captures"].as_array().unwrap().iter().map(id_of).collect()
    }

    /// The id of the only capture.
    pub fn only(&self) -> String {
        let ids = self.ids();
        assert_eq!(ids.len(), 1, "{ids:?}");
        ids[0].clone()
    }

    /// Everything in the store: path → bytes.
    pub fn snapshot(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        tree(&self.store())
    }
}

/// The `id` of a JSON object.
pub fn id_of(value: &Value) -> String {
    value["id"].as_str().unwrap_or_else(|| panic!("no id in {value}")).to_owned()
}

/// All files below a directory: path → bytes. Directories have none; one that does not exist is empty.
pub fn tree(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let Ok(entries) = fs::read_dir(dir) else { return found };
    for entry in entries {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            found.insert(entry.path(), Vec::new());
            found.append(&mut tree(&entry.path()));
        } else if kind.is_file() {
            found.insert(entry.path(), fs::read(entry.path()).unwrap());
        } else {
            found.insert(entry.path(), fs::read_link(entry.path()).unwrap().into_os_string().into_encoded_bytes());
        }
    }
    found
}

/// Waits until `done`, for at most the time that a call may take.
pub fn until(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + LIMIT;
    while !done() {
        assert!(Instant::now() < end, "waited too long: {what}");
        thread::sleep(TICK);
    }
}

/// A call that is about to be made.
pub struct Call {
    command: Command,
    shown: Vec<String>,
}

impl Call {
    /// Adds arguments.
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Call {
        self.command.args(args);
        self
    }

    /// Sets a variable.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Call {
        self.command.env(name, value);
        self
    }

    /// Sets variables.
    pub fn envs<'a>(mut self, pairs: impl IntoIterator<Item = &'a (&'a str, &'a str)>) -> Call {
        self.command.envs(pairs.into_iter().copied());
        self
    }

    /// Sets the working directory.
    pub fn dir(mut self, dir: impl AsRef<Path>) -> Call {
        self.command.current_dir(dir);
        self
    }

    /// Starts it.
    pub fn spawn(mut self) -> Running {
        self.shown = std::iter::once(self.command.get_program())
            .chain(self.command.get_args())
            .map(|s| s.to_string_lossy().into_owned())
            .collect();
        let mut child = self.command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = drain(child.stdout.take().unwrap());
        let stderr = drain(child.stderr.take().unwrap());
        Running { child, stdout, stderr, shown: self.shown.join(" ") }
    }

    /// Runs it to its end.
    pub fn run(self) -> Ran {
        self.spawn().wait()
    }
}

fn drain(mut pipe: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).unwrap();
        bytes
    })
}

/// A call under way.
pub struct Running {
    child: Child,
    stdout: JoinHandle<Vec<u8>>,
    stderr: JoinHandle<Vec<u8>>,
    shown: String,
}

impl Running {
    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended.
    pub fn ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Ends it as nothing can be prepared for.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
    }

    /// Waits for its end; kills it when that takes too long.
    pub fn wait(self) -> Ran {
        let shown = self.shown.clone();
        let (code, stdout, stderr) = self.wait_raw();
        Ran { code, stdout, stderr: String::from_utf8_lossy(&stderr).into_owned(), shown }
    }

    /// As [`Running::wait`]: the exit code and both streams as bytes.
    pub fn wait_raw(mut self) -> (Option<i32>, Vec<u8>, Vec<u8>) {
        let end = Instant::now() + LIMIT;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if Instant::now() > end {
                let _ = self.child.kill();
                let _ = self.child.wait();
                panic!("{} did not end within {LIMIT:?}", self.shown);
            }
            thread::sleep(TICK);
        };
        (status.code(), self.stdout.join().unwrap(), self.stderr.join().unwrap())
    }
}

/// What a call did.
#[derive(Debug)]
pub struct Ran {
    /// The exit code; none when a signal ended it.
    pub code: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: String,
    pub shown: String,
}

impl Ran {
    /// Holds the exit code.
    #[track_caller]
    pub fn code(self, expected: i32) -> Ran {
        assert_eq!(self.code, Some(expected), "{}\n{}\n{}", self.shown, self.text(), self.stderr);
        self
    }

    /// Holds that it succeeded.
    #[track_caller]
    pub fn ok(self) -> Ran {
        self.code(0)
    }

    /// Standard output as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Standard output as one JSON document with a `schema`.
    #[track_caller]
    pub fn json(&self) -> Value {
        let value: Value =
            serde_json::from_slice(&self.stdout).unwrap_or_else(|e| panic!("{}: {e}: {}", self.shown, self.text()));
        assert_eq!(value["schema"], 1, "{value}");
        value
    }

    /// Holds that standard error has every one of the texts.
    #[track_caller]
    pub fn says(self, texts: &[&str]) -> Ran {
        for text in texts {
            assert!(self.stderr.contains(text), "{}: no {text:?} in:\n{}", self.shown, self.stderr);
        }
        self
    }

    /// Holds that standard output has every one of the texts.
    #[track_caller]
    pub fn prints(self, texts: &[&str]) -> Ran {
        for text in texts {
            assert!(self.text().contains(text), "{}: no {text:?} in:\n{}", self.shown, self.text());
        }
        self
    }

    /// Holds that it failed with this code, said these texts, and ended with a hint.
    #[track_caller]
    pub fn fails(self, code: i32, texts: &[&str]) -> Ran {
        let ran = self.code(code).says(texts);
        let last = ran.stderr.lines().last().unwrap_or_default().to_owned();
        assert!(last.starts_with("hint: "), "{}: the last line is no hint:\n{}", ran.shown, ran.stderr);
        ran
    }

    /// Holds that nothing was said on standard error.
    #[track_caller]
    pub fn silent(self) -> Ran {
        assert_eq!(self.stderr, "", "{}", self.shown);
        self
    }
}
