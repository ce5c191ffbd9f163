//! A clone of a Buildbot's repository, and what the master has, by its own lists.

use crate::{
    real::Buildbot,
    sandbox::{Call, Ran, Running, Sandbox},
};
use serde_json::Value;
use std::{
    fs,
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

/// The longest that anything here takes, on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);
/// How often the master is asked: each answer is work for it.
const TICK: Duration = Duration::from_millis(50);

/// Where somebody works with `ci-tool`: a clone, a home and a store of its own.
pub struct Desk<'b> {
    pub bb: &'b Buildbot,
    pub sandbox: Sandbox,
}

/// A build, as the master tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Build {
    pub request: u64,
    /// What it checked out.
    pub revision: String,
    /// The result: 0 succeeded, 2 failed, 6 cancelled; none while it runs.
    pub result: Option<u64>,
}

impl<'b> Desk<'b> {
    /// One with these lines in its configuration besides the engine's.
    pub fn new(bb: &'b Buildbot, jobs: &str) -> Desk<'b> {
        Desk::with(bb, "", jobs)
    }

    /// As [`Desk::new`], with settings of the engine.
    pub fn with(bb: &'b Buildbot, settings: &str, jobs: &str) -> Desk<'b> {
        let desk = Desk { bb, sandbox: Sandbox::new() };
        let clone = desk.clone_dir().display().to_string();
        let from = bb.repository().display().to_string();
        desk.sandbox.program("git", ["clone", "--quiet", &from, &clone]).run().ok();
        let config = format!("engines:\n  bb: {{kind: buildbot, url: {}{settings}}}\n{jobs}", bb.url);
        fs::write(desk.clone_dir().join("ci-tool.yaml"), config).unwrap();
        desk
    }

    fn clone_dir(&self) -> PathBuf {
        self.sandbox.path("clone")
    }

    /// `ci-tool trigger ARGS…` in the clone; the words of `line` are the arguments, and `@N` in them is the revision N.
    pub fn call(&self, line: &str) -> Call {
        let words = line.split_whitespace().map(|word| {
            let mut word = word.to_owned();
            for (number, revision) in self.bb.revisions.iter().enumerate() {
                word = word.replace(&format!("@{number}"), revision);
            }
            word
        });
        self.sandbox.tool(["trigger"]).args(words).dir(self.clone_dir())
    }

    /// Runs it on the Buildbot.
    pub fn on(&self, line: &str) -> Ran {
        self.call(&format!("{line} --engine bb")).run()
    }

    /// Starts it on the Buildbot.
    pub fn begin(&self, line: &str) -> Running {
        self.call(&format!("{line} --engine bb")).spawn()
    }

    /// Runs what needs no engine named.
    pub fn run(&self, line: &str) -> Ran {
        self.call(line).run()
    }

    /// The latest session.
    pub fn session(&self) -> String {
        let listed = self.run("list --output json").ok().json();
        listed["sessions"][0]["session"].as_str().unwrap().to_owned()
    }

    /// The revision of a number.
    pub fn revision(&self, at: usize) -> &str {
        &self.bb.revisions[at]
    }

    /// The short name of a revision.
    pub fn short(&self, at: usize) -> &str {
        &self.bb.revisions[at][..10]
    }

    /// The builds of a job at a revision.
    pub fn builds_at(&self, job: &str, at: usize) -> Vec<Build> {
        builds(self.bb, job).into_iter().filter(|build| build.revision == self.revision(at)).collect()
    }

    /// How many builds of a job succeeded at each of these revisions.
    pub fn passed(&self, job: &str, at: impl IntoIterator<Item = usize>) -> Vec<usize> {
        let passed = |at| self.builds_at(job, at).iter().filter(|build| build.result == Some(0)).count();
        at.into_iter().map(passed).collect()
    }

    /// How many requests for a job were ever made by `ci-tool`, at each of these revisions.
    pub fn requests(&self, job: &str, at: impl IntoIterator<Item = usize>) -> Vec<usize> {
        let runs = self.bb.runs();
        let ours = |at: usize| {
            let revision = self.revision(at);
            runs.iter().filter(move |(j, r, key)| j == job && r == revision && key.starts_with("ci-tool-"))
        };
        at.into_iter().map(|at| ours(at).count()).collect()
    }

    /// Starts a job as somebody else, and waits for its end.
    pub fn history(&self, job: &str, at: usize) {
        self.bb.force(job, self.revision(at), "by hand");
        let ended = || self.builds_at(job, at).iter().any(|build| build.result.is_some());
        until("the build of somebody else to end", ended);
    }
}

/// The builds of a job, the oldest first.
pub fn builds(bb: &Buildbot, job: &str) -> Vec<Build> {
    let builders = bb.list("/builders", "builders").unwrap_or_default();
    let Some(id) = builders.iter().find(|b| b["name"] == job).map(|b| b["builderid"].clone()) else { return vec![] };
    let path = format!("/builders/{id}/builds?property=got_revision&order=buildid");
    let build = |build: Value| Build {
        request: build["buildrequestid"].as_u64().unwrap(),
        revision: build["properties"]["got_revision"][0].as_str().unwrap_or_default().to_owned(),
        result: build["results"].as_u64(),
    };
    bb.list(&path, "builds").unwrap_or_default().into_iter().map(build).collect()
}

/// How many requests of anybody wait for a worker or run.
pub fn open(bb: &Buildbot) -> usize {
    bb.list("/buildrequests?complete=false", "buildrequests").unwrap().len()
}

/// Waits until `done`.
pub fn until(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + LIMIT;
    while !done() {
        assert!(Instant::now() < end, "waited too long: {what}");
        thread::sleep(TICK);
    }
}
