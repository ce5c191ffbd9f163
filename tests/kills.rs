//! The real program, killed with SIGKILL: whatever it was doing, a capture is whole or invisible, and what is dead goes.
#![cfg(unix)]

#[allow(dead_code, reason = "this suite needs no proxy")]
mod support;
#[path = "support/trees.rs"]
mod trees;

use ci_tool::store::{self, Handle};
use futures::TryStreamExt;
use libtest_mimic::{Failed, Trial};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitCode, ExitStatus, Output, Stdio},
    thread,
};
use support::azurite;
use trees::Data;

/// More store calls than any command here makes.
const CALLS: u64 = 200;

fn main() -> ExitCode {
    let trials = vec![
        trial("a_save_killed_at_any_call_is_whole_or_nothing", save_at_every_call),
        trial("a_decommission_killed_at_any_call_is_finished_by_the_next", decommission_at_every_call),
        trial("a_collection_killed_at_any_call_is_finished_by_the_next", gc_at_every_call),
        trial("an_extension_killed_at_any_call_happened_or_not", extend_at_every_call),
        trial("a_save_killed_at_any_instant_is_whole_or_nothing", save_at_any_instant),
        trial("a_decommission_killed_at_any_instant_is_finished_by_the_next", decommission_at_any_instant),
    ];
    let on_azurite = vec![trial("a_save_killed_at_any_call_is_whole_or_nothing_on_azure", save_at_every_call_on_azure)];
    support::run(trials, on_azurite, azurite::stop)
}

fn trial(name: &str, check: fn()) -> Trial {
    Trial::test(name, move || -> Result<(), Failed> {
        check();
        Ok(())
    })
}

/// A workspace, a store, and the program in an empty environment.
struct Bench {
    dir: tempfile::TempDir,
    url: String,
    connection: Option<String>,
}

impl Bench {
    fn local() -> Bench {
        let dir = tempfile::tempdir().unwrap();
        let url = dir.path().join("store").display().to_string();
        Bench::new(dir, url, None)
    }

    fn new(dir: tempfile::TempDir, url: String, connection: Option<String>) -> Bench {
        let workspace = dir.path().join("workspace");
        fs::create_dir_all(workspace.join("sub")).unwrap();
        fs::create_dir(dir.path().join("tmp")).unwrap();
        trees::write(&workspace.join("noise"), &Data::Noise(300_000, 1));
        trees::write(&workspace.join("sub/text"), &Data::Text(50_000));
        Bench { dir, url, connection }
    }

    fn store(&self) -> PathBuf {
        self.dir.path().join("store")
    }

    fn command(&self, arguments: &[&str], faults: Option<String>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ci-tool"));
        command.env_clear().env("HOME", self.dir.path()).env("TMPDIR", self.dir.path().join("tmp"));
        command.args(["--store", &self.url, "--output", "json", "repro"]).args(arguments).current_dir(self.dir.path());
        command.envs(faults.map(|plan| ("CI_TOOL_FAULTS", plan)));
        command.envs(self.connection.clone().map(|text| ("AZURE_STORAGE_CONNECTION_STRING", text)));
        command.stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str], faults: Option<String>) -> Output {
        self.command(arguments, faults).output().unwrap()
    }

    fn must(&self, arguments: &[&str]) -> serde_json::Value {
        let output = self.run(arguments, None);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?} ends with {:?}: {errors}", output.status);
        serde_json::from_slice(&output.stdout).unwrap_or_default()
    }

    fn save(&self) -> String {
        self.must(&SAVE)["id"].as_str().unwrap().to_owned()
    }

    /// The captures that are listed, each of which must be whole.
    fn whole(&self) -> BTreeSet<String> {
        let listed = self.must(&["list"]);
        let captures = listed["captures"].as_array().unwrap_or_else(|| panic!("{listed}"));
        let ids: BTreeSet<String> = captures.iter().map(|c| c["id"].as_str().unwrap().to_owned()).collect();
        ids.iter().for_each(|id| drop(self.must(&["verify", id])));
        ids
    }

    /// Collects what is dead: afterwards every file in the store belongs to a live capture.
    fn clean(&self) -> BTreeSet<String> {
        self.must(&["gc"]);
        let live = self.whole();
        let stray: Vec<_> = files(&self.store())
            .into_keys()
            .filter(|path| {
                *path != self.store().join("lock") && !live.iter().any(|id| path.to_string_lossy().contains(id))
            })
            .collect();
        assert!(stray.is_empty(), "nobody needs {stray:?}");
        live
    }

    /// Kills a command before and after each of its store calls in turn, until it survives. `between` looks after each.
    fn at_every_call(&self, arguments: impl Fn() -> Vec<String>, between: impl Fn(&str)) {
        for when in ["kill-at", "kill-after"] {
            let mut survived = false;
            let mut kills = 0;
            for call in 1..=CALLS {
                let arguments = arguments();
                let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
                let plan = format!("{when}={call}");
                let output = self.run(&arguments, Some(plan.clone()));
                survived = !killed(output.status);
                kills += u32::from(!survived);
                let text = String::from_utf8_lossy(&output.stderr);
                assert!(!survived || output.status.success(), "{plan}: {:?} {text}", output.status);
                between(&plan);
                if survived {
                    break;
                }
            }
            assert!(survived && kills >= 2, "{when}: killed {kills} times");
        }
    }
}

const SAVE: [&str; 3] = ["save", "--workspace", "workspace"];

fn owned(arguments: &[&str]) -> Vec<String> {
    arguments.iter().map(|a| (*a).to_owned()).collect()
}

fn killed(status: ExitStatus) -> bool {
    status.signal() == Some(9)
}

/// All files below a directory with their sizes.
fn files(dir: &Path) -> BTreeMap<PathBuf, u64> {
    let mut found = BTreeMap::new();
    // What vanishes while it is looked at is not there.
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        match entry.metadata() {
            Ok(meta) if meta.is_dir() => found.extend(files(&path)),
            Ok(meta) => drop(found.insert(path, meta.len())),
            Err(_) => {}
        }
    }
    found
}

fn save_at_every_call() {
    let bench = Bench::local();
    let mut before = BTreeSet::new();
    bench.at_every_call(|| owned(&SAVE), |_| drop(bench.clean()));
    before.extend(bench.clean());
    assert!(before.len() >= 2, "the saves that survived are there");
}

fn decommission_at_every_call() {
    let bench = Bench::local();
    let other = bench.save();
    let victim = std::cell::RefCell::new(String::new());
    let arguments = || {
        *victim.borrow_mut() = bench.save();
        owned(&["decommission", &victim.borrow(), "--yes"])
    };
    bench.at_every_call(arguments, |plan| {
        let victim = victim.borrow();
        bench.whole();
        bench.must(&["decommission", "--expired", "--yes"]);
        let live = bench.whole();
        assert!(live.contains(&other));
        let left: Vec<_> =
            files(&bench.store()).into_keys().filter(|path| path.to_string_lossy().contains(&**victim)).collect();
        assert!(live.contains(&*victim) || left.is_empty(), "{plan}: {left:?}");
        bench.clean();
        if live.contains(&*victim) {
            bench.must(&["decommission", &victim, "--yes"]);
        }
    });
    assert_eq!(bench.clean(), BTreeSet::from([other]));
}

fn gc_at_every_call() {
    let bench = Bench::local();
    let live = bench.save();
    // What dies late leaves most.
    let dead =
        (1..=CALLS).take_while(|call| killed(bench.run(&SAVE, Some(format!("kill-at={call}"))).status)).last().unwrap();
    bench.clean();
    let arguments = || {
        for call in [dead, dead - 2] {
            assert!(killed(bench.run(&SAVE, Some(format!("kill-at={call}"))).status));
        }
        owned(&["gc"])
    };
    bench.at_every_call(arguments, |_| assert!(bench.clean().contains(&live)));
}

fn extend_at_every_call() {
    let bench = Bench::local();
    let id = bench.save();
    let expected = BTreeSet::from([id.clone()]);
    bench.at_every_call(|| owned(&["extend", &id, "20d"]), |_| assert_eq!(bench.clean(), expected));
}

/// Starts a command and kills it when the store has been seen in `states` states; returns the states seen.
fn kill_after(bench: &Bench, arguments: &[&str], states: usize) -> usize {
    let mut child: Child = bench.command(arguments, None).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let (mut seen, mut last) = (0, files(&bench.store()));
    loop {
        if child.try_wait().unwrap().is_some() {
            return seen;
        }
        let now = files(&bench.store());
        if now != last {
            (seen, last) = (seen + 1, now);
        }
        if seen >= states {
            child.kill().unwrap();
            child.wait().unwrap();
            return seen;
        }
        thread::yield_now();
    }
}

/// The n-th of a fixed series of numbers below `limit`.
fn pick(n: u64, limit: usize) -> usize {
    usize::from_le_bytes(trees::noise(8, n * 2 + 7).try_into().unwrap()) % limit
}

fn save_at_any_instant() {
    let bench = Bench::local();
    for n in 0..20 {
        trees::write(&bench.dir.path().join(format!("workspace/n{n:02}")), &Data::Noise(150_000, n));
    }
    let most = kill_after(&bench, &SAVE, usize::MAX);
    let id = bench.clean().into_iter().next().unwrap();
    bench.must(&["decommission", &id, "--yes"]);
    assert!(most >= 4, "only {most} states were seen");
    for n in 0..50 {
        kill_after(&bench, &SAVE, 1 + pick(n, most));
        for id in bench.clean() {
            bench.must(&["decommission", &id, "--yes"]);
        }
    }
}

fn decommission_at_any_instant() {
    let bench = Bench::local();
    let mut id = bench.save();
    let most = kill_after(&bench, &["decommission", &id, "--yes"], usize::MAX);
    assert!(most >= 1);
    for n in 0..50 {
        if !bench.whole().contains(&id) {
            id = bench.save();
        }
        kill_after(&bench, &["decommission", &id, "--yes"], 1 + pick(n, most));
        bench.must(&["decommission", "--expired", "--yes"]);
        bench.clean();
    }
}

fn save_at_every_call_on_azure() {
    let url = format!("az://{}/kills", azurite::ACCOUNT);
    let bench = Bench::new(tempfile::tempdir().unwrap(), url.clone(), Some(azurite::connection_string()));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let env = |name: &str| (name == "AZURE_STORAGE_CONNECTION_STRING").then(azurite::connection_string);
    let store: Handle = store::open(&url, &env).unwrap();
    let keys = || -> Vec<String> {
        runtime.block_on(store.list("", None).map_ok(|meta| meta.key.to_string()).try_collect()).unwrap()
    };
    bench.at_every_call(
        || owned(&SAVE),
        |plan| {
            let live = bench.whole();
            // A minute or two must pass until a lease lapses by itself; a lease that is gone has lapsed.
            for id in keys().iter().filter_map(|key| key.strip_prefix("captures/")) {
                runtime.block_on(store.drop_lease(id)).unwrap();
            }
            bench.must(&["gc"]);
            assert_eq!(bench.whole(), live, "{plan}");
            let stray: Vec<_> = keys().into_iter().filter(|key| !live.iter().any(|id| key.contains(id))).collect();
            assert!(stray.is_empty(), "{plan}: nobody needs {stray:?}");
            let scratch = files(&bench.dir.path().join("tmp"));
            assert!(scratch.is_empty(), "{plan}: {scratch:?}");
        },
    );
}
