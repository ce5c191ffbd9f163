//! A real Buildbot, installed once under `target/`: a master and a worker for every test, ended with it.

#[path = "../losing.rs"]
pub mod losing;

use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// The pinned releases: the newest, and the last of the series before.
pub const NEWEST: &str = "4.3.0";
pub const BEFORE: &str = "3.11.9";
const STARTS_WITHIN: Duration = Duration::from_secs(90);
const REVISIONS: usize = 10;
/// The first revision at which the job `verdict` fails.
pub const BROKEN: usize = 6;
const MASTER_CFG: &str = include_str!("master.cfg");

/// Runs a script of Twisted, and ends with its standard input, so that it outlives a killed test process by nothing.
const WRAPPER: &str = "import os, sys, threading
def end():
    sys.stdin.buffer.read()
    os._exit(0)
threading.Thread(target=end, daemon=True).start()
sys.argv = ['twistd', '--nodaemon', '--no_save', '--pidfile=', '--python=' + sys.argv[1]]
from twisted.scripts.twistd import run
run()
";
const MASTER: &str = "import os
from buildbot.master import BuildMaster
from twisted.application import service
application = service.Application('buildmaster')
BuildMaster(os.path.dirname(os.path.abspath(__file__)), 'master.cfg', None).setServiceParent(application)
";
const WORKER: &str = "import json, os
from buildbot_worker.bot import Worker
from twisted.application import service
here = os.path.dirname(os.path.abspath(__file__))
settings = json.load(open(os.path.join(here, 'settings.json')))
application = service.Application('worker')
Worker('127.0.0.1', settings['pb'], 'w1', settings['worker_password'], here, 600, maxdelay=1).setServiceParent(application)
";

/// The user who may start runs, and one who may not. Both have [`password`].
pub const ADMIN: &str = "robot@example.org";
pub const GUEST: &str = "guest@example.org";

/// The password of both, made at run time so that no scanner takes it for a secret.
pub fn password() -> String {
    "pass".repeat(3)
}

/// How a Buildbot is set up.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// [`NEWEST`] or [`BEFORE`].
    pub release: &'static str,
    /// Whether only [`ADMIN`] may start runs; otherwise everybody.
    pub auth: bool,
    /// How long a login lasts, in seconds; 0 is Buildbot's own week.
    pub session_seconds: u64,
    /// Whether requests that are alike are folded while they wait, as is Buildbot's default.
    pub collapse: bool,
    /// Whether the worker is started at once.
    pub worker: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options { release: NEWEST, auth: false, session_seconds: 0, collapse: true, worker: true }
    }
}

/// A running master with one worker, and a Git repository with a linear history. Its jobs: `pass`, `build` and `unit`, which
/// pass; `fail`; `verdict` (fails since [`BROKEN`]); `fourth` (fails from its fourth build on); `gate` (ends after
/// [`Buildbot::open_gate`]); `slow` (runs until it is stopped); `word` (takes a parameter `word`); `hang` (is ended for its
/// silence; its parameter `level` is of small letters); `two` (has the codebases `main` and `tools`) and `unforced` (cannot be
/// started from outside). Ends when it is dropped.
pub struct Buildbot {
    /// The address.
    pub url: String,
    /// The revisions, the oldest first.
    pub revisions: Vec<String>,
    port: u16,
    python: PathBuf,
    directory: tempfile::TempDir,
    master: Mutex<Option<Child>>,
    worker: Mutex<Option<Child>>,
}

impl Buildbot {
    /// Starts one.
    ///
    /// # Panics
    /// When it cannot be installed or started, saying what is needed.
    pub fn start(options: Options) -> Buildbot {
        let installed = installed(options.release);
        let directory = directory();
        let revisions = repository(directory.path());
        let ports = [free(), free()];
        let url = format!("http://127.0.0.1:{}/", ports[0].local_addr().unwrap().port());
        // The ports are free between here and the master's bind; another process rarely takes one, and then the start fails.
        let [www, pb] = ports.map(|port| port.local_addr().unwrap().port());
        let users = BTreeMap::from([(ADMIN, password()), (GUEST, password())]);
        let settings = json!({
            "repository": directory.path().join("repository"), "url": url, "www": www, "pb": pb,
            "worker_password": password(), "collapse": options.collapse, "session_seconds": options.session_seconds,
            "users": if options.auth { json!(users) } else { Value::Null }, "admin": ADMIN,
        });
        for (name, program) in [("master", MASTER), ("worker", WORKER)] {
            let home = directory.path().join(name);
            fs::create_dir_all(home.join("info")).unwrap();
            fs::write(home.join("start.tac"), program).unwrap();
            fs::write(home.join("settings.json"), settings.to_string()).unwrap();
        }
        let home = directory.path().join("master");
        fs::write(home.join("master.cfg"), MASTER_CFG).unwrap();
        fs::copy(installed.join("empty/state.sqlite"), home.join("state.sqlite")).unwrap();
        let python = installed.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
        let (master, worker) = (Mutex::new(None), Mutex::new(None));
        let buildbot = Buildbot { url, revisions, port: www, python, directory, master, worker };
        buildbot.start_master();
        if options.worker {
            buildbot.start_worker();
        }
        buildbot
    }

    /// The port of its web server.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The repository.
    pub fn repository(&self) -> PathBuf {
        self.directory.path().join("repository")
    }

    /// Kills the worker: what it ran is lost, and begins again when there is one.
    pub fn stop_worker(&self) {
        end(&self.worker);
        self.wait("no worker", |buildbot| buildbot.connected() == Some(false));
    }

    /// Starts the worker, and waits until the master has it.
    pub fn start_worker(&self) {
        *lock(&self.worker) = Some(self.spawn("worker"));
        self.wait("a worker", |buildbot| buildbot.connected() == Some(true));
    }

    /// Kills the master.
    pub fn stop_master(&self) {
        end(&self.master);
    }

    /// Starts the master, and waits until it answers.
    pub fn start_master(&self) {
        *lock(&self.master) = Some(self.spawn("master"));
        self.wait("an answer", |buildbot| buildbot.connected().is_some());
    }

    /// Kills the master in the middle of what it does, and starts it again on the same port. The worker comes back by itself.
    pub fn restart_master(&self) {
        self.stop_master();
        self.start_master();
        if lock(&self.worker).is_some() {
            self.wait("the worker again", |buildbot| buildbot.connected() == Some(true));
        }
    }

    /// Lets the builds of the job `gate` end.
    pub fn open_gate(&self) {
        fs::write(self.directory.path().join("worker/open"), "").unwrap();
    }

    /// Starts a job at a revision, as a person would on the master's page. The job's form must be the plain one.
    pub fn force(&self, job: &str, revision: &str, reason: &str) {
        let builders = self.list("/builders", "builders").unwrap();
        let builder = builders.iter().find(|builder| builder["name"] == job).unwrap();
        // The branch that we name, too: Buildbot folds only what is alike.
        let params =
            json!({"builderid": builder["builderid"], "branch": "main", "revision": revision, "reason": reason});
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": "force", "params": params}).to_string();
        let head = format!("POST /api/v2/forceschedulers/force-{job} HTTP/1.0\r\nContent-Type: application/json");
        let answer = self.ask(&format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len())).unwrap();
        assert!(answer.get("result").is_some(), "{answer}");
    }

    /// Every request that was ever taken: job, revision and key.
    pub fn runs(&self) -> Vec<(String, String, String)> {
        let read = |path: &str, name: &str| self.list(path, name).unwrap_or_else(|| panic!("no {name}"));
        // First, since each has its set when it is there.
        let requests = read("/buildrequests?property=reason&order=buildrequestid", "buildrequests");
        let (builders, sets) = (read("/builders", "builders"), read("/buildsets", "buildsets"));
        let of = |list: &[Value], id: &str, wanted: &Value| list.iter().find(|one| one[id] == *wanted).unwrap().clone();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let run = |request: Value| {
            let builder = of(&builders, "builderid", &request["builderid"]);
            let set = of(&sets, "bsid", &request["buildsetid"]);
            let (stamp, key) = (&set["sourcestamps"][0], &request["properties"]["reason"][0]);
            (text(&builder["name"]), text(&stamp["revision"]), text(key))
        };
        requests.into_iter().map(run).collect()
    }

    /// What a list of the interface holds, for example `builds` at `/builds?property=*`.
    pub fn list(&self, path: &str, name: &str) -> Option<Vec<Value>> {
        self.ask(&format!("GET /api/v2{path} HTTP/1.0\r\nAccept: application/json\r\n\r\n"))?[name].as_array().cloned()
    }

    fn ask(&self, request: &str) -> Option<Value> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
    }

    /// Whether the worker is connected, where the master answers.
    fn connected(&self) -> Option<bool> {
        let workers = self.list("/workers", "workers")?;
        Some(workers.iter().any(|worker| worker["connected_to"].as_array().is_some_and(|to| !to.is_empty())))
    }

    fn spawn(&self, name: &str) -> Child {
        let home = self.directory.path().join(name);
        let log = File::options().create(true).append(true).open(home.join("log")).unwrap();
        Command::new(&self.python)
            .args(["-c", WRAPPER, "start.tac"])
            .current_dir(&home)
            .env_remove("PYTHONPATH")
            .env("GIT_CONFIG_GLOBAL", home.join("gitconfig"))
            .stdin(Stdio::piped())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap()
    }

    fn wait(&self, what: &str, there: impl Fn(&Buildbot) -> bool) {
        let until = Instant::now() + STARTS_WITHIN;
        while !there(self) {
            let over =
                |child: &Mutex<Option<Child>>| lock(child).as_mut().is_some_and(|c| c.try_wait().unwrap().is_some());
            if Instant::now() > until || over(&self.master) || over(&self.worker) {
                let log = |name: &str| fs::read_to_string(self.directory.path().join(name)).unwrap_or_default();
                panic!("Buildbot has not {what}:\n{}\n{}", log("master/log"), log("worker/log"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Buildbot {
    fn drop(&mut self) {
        end(&self.worker);
        end(&self.master);
    }
}

/// In memory where that is possible: a master waits for its disk at every step of a build.
fn directory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn lock(child: &Mutex<Option<Child>>) -> MutexGuard<'_, Option<Child>> {
    child.lock().unwrap_or_else(PoisonError::into_inner)
}

fn end(child: &Mutex<Option<Child>>) {
    let Some(mut child) = lock(child).take() else { return };
    let _ = child.kill();
    let _ = child.wait();
}

fn free() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

/// A bare repository with a linear history; its revisions, the oldest first.
fn repository(directory: &Path) -> Vec<String> {
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]);
        let output = git.args(arguments).current_dir(directory).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    git(&["init", "-q", "-b", "main", "work"]);
    for n in 0..REVISIONS {
        if n == BROKEN {
            fs::write(directory.join("work/broken"), "").unwrap();
            git(&["-C", "work", "add", "broken"]);
        }
        git(&["-C", "work", "commit", "-q", "--allow-empty", "-m", &format!("change {n}")]);
    }
    git(&["clone", "-q", "--bare", "work", "repository"]);
    git(&["-C", "work", "log", "--reverse", "--format=%H"]).lines().map(str::to_owned).collect()
}

/// The directory of the installation: a virtual environment, and the database of a master that has done nothing. Test
/// processes that run at once install it once; it appears whole or not at all.
fn installed(release: &str) -> PathBuf {
    let servers = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-servers");
    let to = servers.join(format!("buildbot-{release}"));
    fs::create_dir_all(&servers).unwrap();
    let lock = File::create(servers.join(format!("buildbot-{release}.lock"))).unwrap();
    lock.lock().unwrap();
    if !to.exists() {
        let from = tempfile::tempdir_in(&servers).unwrap();
        let needed = "install Python 3.11 or newer with venv, or set CI_TOOL_SKIP_SERVERS=1";
        let run = |program: &Path, arguments: &[&str]| {
            let output = Command::new(program).args(arguments).current_dir(from.path()).output();
            let output = output.unwrap_or_else(|e| panic!("{} does not start ({e}): {needed}", program.display()));
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{} {arguments:?}: {errors}\n{needed}", program.display());
        };
        run(Path::new(if cfg!(windows) { "python" } else { "python3" }), &["-m", "venv", "."]);
        let python = from.path().join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
        let packages = ["buildbot", "buildbot-worker", "buildbot-www"].map(|name| format!("{name}=={release}"));
        let mut install = vec!["-m", "pip", "install", "--quiet"];
        install.extend(packages.iter().map(String::as_str));
        run(&python, &install);
        let create = "import sys; from buildbot.scripts.runner import run; sys.argv = ['buildbot', 'create-master', '-q', 'empty']; run()";
        run(&python, &["-c", create]);
        fs::rename(from.keep(), &to).unwrap();
    }
    to
}
