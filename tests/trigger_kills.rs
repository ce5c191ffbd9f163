//! `trigger`, killed with SIGKILL wherever a CI can see it: in the end every revision has the runs that were asked for, and
//! not one more.
#![cfg(unix)]

#[path = "support/mod.rs"]
#[allow(dead_code, reason = "this suite needs no proxy")]
mod support;

#[path = "support/http.rs"]
#[allow(dead_code, reason = "shared by suites of which each needs a part")]
mod http;
#[path = "support/loopback.rs"]
#[allow(dead_code, reason = "the benchmark needs the rest")]
mod loopback;
#[path = "support/repository.rs"]
#[allow(dead_code, reason = "shared by suites of which each needs a part")]
mod repository;
#[path = "support/sandbox.rs"]
#[allow(dead_code, reason = "shared by suites of which each needs a part")]
mod sandbox;

use ci_tool::store::{self, Handle};
use libtest_mimic::{Failed, Trial};
use loopback::{Fate, Loopback, Moment};
use repository::Repository;
use rustix::process::{Pid, Signal, kill_process};
use sandbox::{Ran, Sandbox, until};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fs,
    path::PathBuf,
    process::ExitCode,
    sync::{Arc, LazyLock, Mutex},
    thread,
    time::Duration,
};
use support::azurite;

const REVISIONS: usize = 10;
const TIMES: usize = 4;
const RUNS: usize = REVISIONS * TIMES;
const POINTS: usize = 30;
/// The command. The revision before the first of the range is `c0`.
const RANGE: [&str; 10] =
    ["trigger", "range", "c0..c10", "--job", "unit", "--times", "4", "--engine", "loopback", "--output=json"];

fn main() -> ExitCode {
    let trials = vec![
        trial(
            "a_session_killed_before_any_request_has_exactly_the_runs_asked_for",
            a_session_killed_before_any_request_has_exactly_the_runs_asked_for,
        ),
        trial(
            "a_session_killed_before_any_answer_has_exactly_the_runs_asked_for",
            a_session_killed_before_any_answer_has_exactly_the_runs_asked_for,
        ),
        trial("a_watch_that_drives_can_be_killed_too", a_watch_that_drives_can_be_killed_too),
        trial(
            "of_two_processes_with_the_same_command_one_drives_and_the_other_says_so",
            of_two_processes_with_the_same_command_one_drives_and_the_other_says_so,
        ),
        trial(
            "of_many_processes_with_the_same_command_that_start_at_once_one_drives",
            of_many_processes_with_the_same_command_that_start_at_once_one_drives,
        ),
        trial(
            "local_runs_of_a_killed_process_end_before_their_tree_is_used_again",
            local_runs_of_a_killed_process_end_before_their_tree_is_used_again,
        ),
    ];
    let on_azurite = vec![trial("a_session_killed_on_azure_goes_on_once_its_lease_is_over", on_azure)];
    support::run(trials, on_azurite, azurite::stop)
}

fn trial(name: &str, check: fn()) -> Trial {
    Trial::test(name, move || -> Result<(), Failed> {
        check();
        Ok(())
    })
}

/// A history that every session here reads.
static HISTORY: LazyLock<(tempfile::TempDir, PathBuf)> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let (repository, _) = Repository::with(dir.path(), &Repository::linear(REVISIONS + 1));
    let path = repository.dir;
    (dir, path)
});

/// When a process dies: at one of its requests, counted from 1.
#[derive(Debug, Clone, Copy)]
struct Kill {
    request: usize,
    moment: Moment,
}

/// The process that the CI talks to, and what is to happen to it.
#[derive(Default)]
struct Victim {
    pid: Option<i32>,
    requests: usize,
    kill: Option<Kill>,
}

impl Victim {
    /// Sees a request.
    fn sees(&mut self, moment: Moment) -> Fate {
        self.requests += usize::from(moment == Moment::Arrived);
        let now = self.kill.is_some_and(|kill| kill.request == self.requests && kill.moment == moment);
        match self.pid.and_then(Pid::from_raw).filter(|_| now) {
            Some(pid) => {
                kill_process(pid, Signal::KILL).unwrap();
                Fate::Lost
            }
            None => Fate::Goes,
        }
    }
}

/// A CI, a machine of its own, and the process there.
struct Bench {
    /// The variables that lead to the store; without them it is a directory.
    store: Vec<(&'static str, String)>,
    sandbox: Sandbox,
    loopback: Loopback,
    victim: Arc<Mutex<Victim>>,
}

impl Bench {
    fn new() -> Bench {
        let victim = Arc::new(Mutex::new(Victim::default()));
        let seen = victim.clone();
        let eye = move |_, moment| seen.lock().unwrap().sees(moment);
        let loopback = Loopback::watched(Duration::from_millis(2), Box::new(eye));
        let sandbox = Sandbox::new();
        fs::create_dir_all(sandbox.path("config/ci-tool")).unwrap();
        fs::write(sandbox.path("config/ci-tool/config.yaml"), loopback.config(4)).unwrap();
        Bench { store: Vec::new(), sandbox, loopback, victim }
    }

    fn call(&self, args: &[&str]) -> sandbox::Call {
        let call = self.sandbox.tool(args).dir(&HISTORY.1);
        self.store.iter().fold(call, |call, (name, value)| call.env(name, value))
    }

    /// Runs a command that nobody kills.
    fn tool(&self, args: &[&str]) -> Ran {
        self.call(args).run()
    }

    /// Starts a command that dies as told.
    fn spawn(&self, args: &[&str], kill: Option<Kill>) -> sandbox::Running {
        let mut victim = self.victim.lock().unwrap();
        let running = self.call(args).spawn();
        *victim = Victim { pid: i32::try_from(running.id()).ok(), requests: 0, kill };
        running
    }

    /// Runs a command until it survives, dying once a kill; returns how it ended and how often it died.
    fn until_it_survives(&self, args: &[&str], kills: &[Kill]) -> (Ran, usize) {
        let mut kills: VecDeque<Kill> = kills.iter().copied().collect();
        let mut deaths = 0;
        loop {
            let kill = kills.pop_front();
            let ran = self.spawn(args, kill).wait();
            if ran.code.is_some() {
                return (ran, deaths);
            }
            deaths += 1;
            assert!(kill.is_some(), "something else killed it: {}", ran.stderr);
        }
    }

    /// Holds that every revision has just the runs that were asked for.
    #[track_caller]
    fn exactly(&self, what: &str) {
        let runs = self.loopback.runs();
        let keys: BTreeSet<&String> = runs.iter().map(|(_, key)| key).collect();
        let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
        runs.iter().for_each(|(revision, _)| *counts.entry(revision).or_default() += 1);
        assert_eq!((counts.len(), runs.len(), keys.len()), (REVISIONS, RUNS, RUNS), "{what}: {counts:?}");
        assert!(counts.values().all(|count| *count == TIMES), "{what}: {counts:?}");
    }
}

fn with_wait() -> Vec<&'static str> {
    RANGE.iter().copied().chain(["--wait"]).collect()
}

/// How many requests a session makes that nobody kills.
fn requests() -> usize {
    let bench = Bench::new();
    bench.until_it_survives(&with_wait(), &[]).0.ok();
    bench.exactly("undisturbed");
    bench.loopback.asked()
}

/// Kills sessions at points spread over all their requests, every third twice.
fn at_points(moment: Moment) {
    let all = requests();
    assert!(all > RUNS + 6, "{all} requests: planning, submitting, looking");
    let one = |point: usize| {
        let mut request = 1 + point * (all - 1) / (POINTS - 1);
        let (bench, kills, ran) = loop {
            let bench = Bench::new();
            let (first, again) = (Kill { request, moment }, Kill { request: 1 + point % 7, moment });
            let kills = if point.is_multiple_of(3) { vec![first, again] } else { vec![first] };
            let (ran, deaths) = bench.until_it_survives(&with_wait(), &kills);
            if deaths >= 1 {
                break (bench, kills, ran.ok());
            }
            // How often a session looks is a matter of time: one that looked less ends before the point, and has another.
            assert!(bench.loopback.asked() < request, "{first:?} of {all} never came");
            request -= 1;
        };
        bench.exactly(&format!("{kills:?}\n{}", ran.stderr));
        let summary = &ran.json()["summary"];
        assert_eq!((&summary["ran"], &summary["passed"]), (&RUNS.into(), &RUNS.into()), "{kills:?}: {summary}");
    };
    thread::scope(|scope| (0..POINTS).for_each(|point| drop(scope.spawn(move || one(point)))));
}

fn a_session_killed_before_any_request_has_exactly_the_runs_asked_for() {
    at_points(Moment::Arrived);
}

fn a_session_killed_before_any_answer_has_exactly_the_runs_asked_for() {
    at_points(Moment::Done);
}

fn a_watch_that_drives_can_be_killed_too() {
    let one = |point: usize| {
        let bench = Bench::new();
        let submissions = Kill { request: 12 + 3 * point, moment: Moment::Done };
        assert_eq!(bench.spawn(&RANGE, Some(submissions)).wait().code, None);
        let listed = bench.tool(&["trigger", "list", "--output=json"]).ok().json();
        let id = listed["sessions"][0]["session"].as_str().unwrap_or_else(|| panic!("{listed}")).to_owned();
        let kills = [2, 20, 1].map(|request| Kill { request: request + point, moment: Moment::Done });
        let (ran, deaths) = bench.until_it_survives(&["trigger", "watch", &id], &kills);
        ran.ok();
        assert!(deaths >= 2, "{deaths}");
        bench.exactly(&format!("{point}"));
    };
    thread::scope(|scope| (0..4).for_each(|point| drop(scope.spawn(move || one(point)))));
}

fn of_two_processes_with_the_same_command_one_drives_and_the_other_says_so() {
    let bench = Bench::new();
    let first = bench.spawn(&with_wait(), None);
    until("the first has begun to ask", || bench.loopback.runs().len() > 4);
    bench.tool(&with_wait()).code(1).says(&["is being driven by another process", "trigger watch"]);
    first.wait().ok();
    bench.exactly("one after the other");
}

fn of_many_processes_with_the_same_command_that_start_at_once_one_drives() {
    let bench = Bench::new();
    let args = with_wait();
    let all: Vec<_> = (0..6).map(|_| bench.sandbox.tool(&args).dir(&HISTORY.1).spawn()).collect();
    let ended: Vec<Ran> = all.into_iter().map(sandbox::Running::wait).collect();
    let (drove, others): (Vec<Ran>, Vec<Ran>) = ended.into_iter().partition(|ran| ran.code == Some(0));
    assert_eq!(drove.len(), 1, "{drove:?} {others:?}");
    for other in others {
        other.code(1).says(&["another process", "ci-tool trigger watch"]);
    }
    bench.exactly("at once");
}

/// What a killed process ran lives on, and must not disturb who takes its tree: each run here says that it begins, writes to a
/// file of its tree for a while, and fails when another one does.
fn local_runs_of_a_killed_process_end_before_their_tree_is_used_again() {
    const TIMES: usize = 12;
    let sandbox = Sandbox::new();
    let (began, done) = (sandbox.path("began"), sandbox.path("done"));
    let script = format!(
        "echo $CI_TOOL_RUN $$ >>'{}'; for n in 1 2 3 4 5 6; do echo $CI_TOOL_RUN >mine; sleep 0.05; \
         grep -qx $CI_TOOL_RUN mine || exit 1; done; echo $CI_TOOL_RUN >>'{}'",
        began.display(),
        done.display()
    );
    let lines = |path: &PathBuf| -> Vec<String> {
        fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
    };
    let args = ["trigger", "range", "c9..c10", "--run", &script, "--times", "12", "--output=json"];
    // Each time a few runs more have begun, so that it dies while some run, and others wait or are over.
    for kill in [1, 4, 7] {
        let running = sandbox.tool(args).dir(&HISTORY.1).spawn();
        until("some have begun", || lines(&began).len() >= kill);
        kill_process(Pid::from_raw(running.id().cast_signed()).unwrap(), Signal::KILL).unwrap();
        assert_eq!(running.wait().code, None);
    }
    let ran = sandbox.tool(args).dir(&HISTORY.1).run().ok();
    assert_eq!(ran.json()["summary"]["passed"], TIMES, "{}", ran.stderr);
    if cfg!(target_os = "linux") {
        let lives = |line: &String| {
            let environ = format!("/proc/{}/environ", line.split(' ').nth(1).unwrap());
            let environ = String::from_utf8_lossy(&fs::read(environ).unwrap_or_default()).into_owned();
            environ.contains(sandbox.path("").to_str().unwrap())
        };
        assert_eq!(lines(&began).iter().filter(|line| lives(line)).count(), 0, "nothing of it lives on");
    }
    let passed: BTreeSet<String> = lines(&done).into_iter().collect();
    assert!(passed.len() >= TIMES, "{passed:?}");
}

/// Where the store is no directory, a killed process is known to be dead when its lease is over, two minutes later: until
/// then the same command says that another process drives the session. Here the lease is taken away instead.
fn on_azure() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let one = |point: usize, url: String| {
        let mut bench = Bench::new();
        bench.store =
            vec![("CI_TOOL_STORE", url.clone()), ("AZURE_STORAGE_CONNECTION_STRING", azurite::connection_string())];
        let env = |name: &str| (name == "AZURE_STORAGE_CONNECTION_STRING").then(azurite::connection_string);
        let store: Handle = store::open(&url, &env).unwrap();
        let moment = if point.is_multiple_of(2) { Moment::Arrived } else { Moment::Done };
        for request in [8, 9 + point, 3] {
            if bench.spawn(&with_wait(), Some(Kill { request: request + point, moment })).wait().code.is_some() {
                break;
            }
            bench.tool(&with_wait()).code(1).says(&["is being driven by another process"]);
            let listed = bench.tool(&["trigger", "list", "--output=json"]).ok().json();
            let id = listed["sessions"][0]["session"].as_str().unwrap_or_else(|| panic!("{listed}")).to_owned();
            runtime.block_on(store.drop_lease(&format!("session-{id}"))).unwrap();
        }
        bench.tool(&with_wait()).ok();
        bench.exactly(&format!("{point}"));
    };
    let one = &one;
    let url = |point: usize| format!("az://{}/trigger-kills-{point}", azurite::ACCOUNT);
    thread::scope(|scope| (0..4).for_each(|point| drop(scope.spawn(move || one(point, url(point))))));
}
