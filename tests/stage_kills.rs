//! A run of 20 stages by the real program, killed with SIGKILL wherever it may be: resumed, it publishes everything exactly
//! once, does nothing again that was done, and leaves nothing of what died alive.
#![cfg(target_os = "linux")]

#[path = "support/sandbox.rs"]
#[allow(dead_code, reason = "shared by suites of which each needs a part")]
mod sandbox;

use sandbox::{Call, Sandbox, until};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fmt::Write,
    fs,
    os::unix::fs::MetadataExt,
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

const STAGES: usize = 20;
/// More records than the run has.
const RECORDS: usize = 200;
const INSTANTS: u32 = 24;
const FILES: usize = 3;
/// It must not run again by itself. Nothing needs it.
const NEVER: &str = "s07";
/// What leave something running that has left their group.
const LEAVING: [usize; 3] = [3, 8, 13];

fn publishes(stage: usize) -> bool {
    stage % 5 == 4
}

/// Every stage that runs a command notes its name and attempt in `ran.log`.
fn pipeline() -> String {
    let mut text = String::from("pipeline: killed\npools: {publish: 2}\nstages:\n");
    for stage in 0..STAGES {
        let needs = [stage.checked_sub(2), stage.checked_sub(3)];
        let needs = needs.into_iter().flatten().map(|need| format!("s{need:02}")).filter(|need| need != NEVER);
        let needs = needs.collect::<Vec<_>>().join(", ");
        writeln!(text, "  s{stage:02}:\n    needs: [{needs}]").unwrap();
        if publishes(stage) {
            let to = format!("./published/s{stage:02}");
            writeln!(text, "    pool: publish\n    publish: [{{container: packages, to: {{production: {to}}}}}]")
                .unwrap();
            continue;
        }
        let leave = if LEAVING.contains(&stage) { "setsid sleep 300 & " } else { "" };
        writeln!(text, "    run: '{leave}echo \"$CI_TOOL_STAGE $CI_TOOL_ATTEMPT\" >> ran.log'").unwrap();
    }
    text.replace(&format!("  {NEVER}:\n"), &format!("  {NEVER}:\n    rerun: never\n"))
}

const MAKE: &str = "pipeline: make
kind: prepare
stages:
  make:
    run: 'mkdir -p out; for n in 1 2 3; do echo $n > out/$n; done'
    outputs: [{files: 'out/*', container: packages}]
  hand_over: {needs: [make], start: after.yaml}
";

/// Where a stage is, and how often it was begun.
type Stages = BTreeMap<String, (String, u64)>;

struct Bench {
    sandbox: Sandbox,
    /// The latest run before the one that is looked at.
    before: String,
}

impl Bench {
    /// With a handover to publish from.
    fn new() -> Bench {
        let sandbox = Sandbox::new();
        sandbox.write("make.yaml", MAKE);
        sandbox.write("after.yaml", "pipeline: after\nstages:\n  nothing: {}\n");
        sandbox.write("killed.yaml", pipeline());
        sandbox.tool(["stage", "prepare", "make.yaml", "--bar-build-id", "1", "--build-id", "2"]).run().ok();
        // What was started in the background ends by itself.
        let over = |runs: &Value| {
            let mut runs = runs["runs"].as_array().unwrap().iter();
            runs.any(|run| run["pipeline"] == "after" && run["outcome"] == "succeeded")
        };
        until("the pipeline that was started", || {
            over(&sandbox.tool(["stage", "status", "--output", "json"]).run().ok().json())
        });
        let mut bench = Bench { sandbox, before: String::new() };
        bench.before = bench.latest().0;
        bench
    }

    fn validate(&self) -> Call {
        // What an earlier run published or noted is none of this one's.
        let _ = fs::remove_dir_all(self.sandbox.path("work/published"));
        let _ = fs::remove_file(self.sandbox.path("work/ran.log"));
        self.sandbox.tool(["stage", "validate", "killed.yaml", "--bar-build-id", "1"])
    }

    fn latest(&self) -> (String, Stages) {
        let status = self.sandbox.tool(["stage", "status", "latest", "--output", "json"]).run().json();
        let rows = status["stages"].as_array().unwrap_or_else(|| panic!("{status}"));
        let row = |row: &Value| {
            let [name, state] = ["name", "state"].map(|key| row[key].as_str().unwrap().to_owned());
            (name, (state, row["attempts"].as_u64().unwrap()))
        };
        (status["run"].as_str().unwrap().to_owned(), rows.iter().map(row).collect())
    }

    /// The attempts of a stage that noted something.
    fn ran(&self, stage: &str) -> Vec<String> {
        let noted = fs::read_to_string(self.sandbox.path("work/ran.log")).unwrap_or_default();
        let of_stage = noted.lines().filter_map(|line| line.strip_prefix(stage)?.strip_prefix(' '));
        of_stage.map(str::to_owned).collect()
    }

    /// The files that were published, without what the target says of itself: path → which file it is and when it was put.
    fn published(&self) -> BTreeMap<PathBuf, (u64, i64, i64)> {
        let all = sandbox::tree(&self.sandbox.path("work/published"));
        let own = |path: &PathBuf| path.is_file() && path.components().any(|part| part.as_os_str() == "out+");
        let all = all.into_keys().filter(own).filter(|path| !path.to_string_lossy().contains("ledger"));
        all.map(|path| {
            let meta = fs::metadata(&path).unwrap();
            (path, (meta.ino(), meta.mtime(), meta.mtime_nsec()))
        })
        .collect()
    }

    /// Resumes what was killed, and holds what comes of it to what was there. Returns whether a run was there at all.
    fn resumed(&mut self, when: &str) -> bool {
        let (run, before) = self.latest();
        if run == self.before {
            assert!(self.published().is_empty() && !self.sandbox.path("work/ran.log").exists(), "{when}: lost work");
            return false;
        }
        self.before.clone_from(&run);
        let put = self.published();
        let interrupted = before[NEVER].0 == "running";
        let resumed = self.sandbox.tool(["stage", "resume", "latest"]).run();
        assert_eq!(resumed.code, Some(if interrupted { 5 } else { 0 }), "{when}: {}", resumed.stderr);
        let (same, after) = self.latest();
        assert_eq!(same, run, "{when}");
        for (stage, (state, attempts)) in &before {
            let expected = match state.as_str() {
                "running" if stage == NEVER => ("interrupted", *attempts),
                "succeeded" => ("succeeded", *attempts),
                "running" | "waiting" => ("succeeded", attempts + 1),
                other => panic!("{when}: {stage} was {other}"),
            };
            assert_eq!((after[stage].0.as_str(), after[stage].1), expected, "{when}: {stage} was {state}");
            let ran = self.ran(stage);
            let number: usize = stage[1..].parse().unwrap();
            match (publishes(number), state.as_str()) {
                (true, _) => assert_eq!(ran, [""; 0], "{when}: {stage}"),
                (false, "succeeded" | "waiting") => assert_eq!(ran, ["1"], "{when}: {stage} was {state}"),
                (false, _) if stage == NEVER => assert!(ran.len() <= 1, "{when}: {stage} {ran:?}"),
                // The first attempt may have died before it noted anything.
                (false, _) => assert!(ran == ["1", "2"] || ran == ["2"], "{when}: {stage} {ran:?}"),
            }
        }
        let now = self.published();
        let targets = (0..STAGES).filter(|stage| publishes(*stage)).count();
        assert_eq!(now.len(), targets * FILES, "{when}: {now:?}");
        for (path, was) in &put {
            assert_eq!(now.get(path), Some(was), "{when}: {} was put again", path.display());
        }
        assert_eq!(alive(&run), Vec::<String>::new(), "{when}: something of the run is alive");
        true
    }

    /// Kills a run at each of its records in turn, until it survives.
    fn at_every_record(&mut self, kill: &str) {
        let mut resumed = 0;
        for record in 1..=RECORDS {
            let plan = format!("{kill}={record}");
            let ran = self.validate().env("CI_TOOL_FAULTS", &plan).run();
            if ran.code.is_some() {
                assert_eq!(ran.code, Some(0), "{plan}: {}", ran.stderr);
                assert!(resumed >= 2 * (STAGES - 2), "resumed {resumed} times");
                return;
            }
            resumed += usize::from(self.resumed(&plan));
        }
        panic!("it did not survive {RECORDS} records");
    }
}

/// The processes whose environment says that they belong to a run.
fn alive(run: &str) -> Vec<String> {
    let mark = format!("CI_TOOL_STAGE_MARK={run}-");
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let environments = processes.filter_map(|process| fs::read(process.path().join("environ")).ok());
    let marks = environments.filter_map(|all| {
        let mut variables = all.split(|byte| *byte == 0).map(String::from_utf8_lossy);
        variables.find(|variable| variable.starts_with(&mark)).map(|mark| mark.into_owned())
    });
    marks.collect()
}

#[test]
fn a_run_killed_before_any_record_publishes_once_and_does_nothing_again() {
    Bench::new().at_every_record("kill-at-record");
}

#[test]
fn a_run_killed_after_any_record_publishes_once_and_does_nothing_again() {
    Bench::new().at_every_record("kill-after-record");
}

#[test]
fn a_run_killed_at_any_instant_publishes_once_and_does_nothing_again() {
    let mut bench = Bench::new();
    let started = Instant::now();
    bench.validate().run().ok();
    let whole = started.elapsed();
    bench.before = bench.latest().0;
    let mut resumed = 0;
    for n in 0..INSTANTS {
        // Spread over the run, and away from any rhythm of its own.
        let instant = whole.mul_f64(f64::from(n * 7 % INSTANTS) / f64::from(INSTANTS) + 0.02);
        let started = Instant::now();
        let mut run = bench.validate().spawn();
        while started.elapsed() < instant && !run.ended() {
            thread::sleep(Duration::from_micros(200));
        }
        run.kill();
        if run.wait_raw().0.is_some() {
            bench.before = bench.latest().0;
            continue;
        }
        resumed += u32::from(bench.resumed(&format!("after {instant:?} of {whole:?}")));
    }
    assert!(resumed >= INSTANTS / 4, "only {resumed} were there to resume");
}
