//! A repository with a regression, and jobs that write down each of their runs.

use crate::{
    repository::{Commit, Repository},
    sandbox::{Ran, Running, Sandbox, tree},
};
use serde_json::Value;
use std::{collections::BTreeMap, fs, path::PathBuf};

/// Jobs that fail from `c5` on, always pass, and measure.
pub const JOBS: &str = r#"
trigger: {at_once: 1}
jobs:
  unit: {run: 'NOTE ! test -e src/5.txt'}
  pass: {run: 'NOTE true'}
  perf: {run: 'NOTE echo "score: 1.5"', measure: 'score: (?P<value>[0-9.]+)'}
"#;

/// A repository of the commits `c0` to `c8` in the workspace; `main` is at the last.
pub struct Project {
    pub sandbox: Sandbox,
    pub repository: Repository,
    hashes: Vec<String>,
}

impl Project {
    /// With this `ci-tool.yaml`. In its commands `NOTE` writes the run down.
    pub fn new(config: &str) -> Project {
        Project::with(config, &Repository::linear(9))
    }

    /// With other commits.
    pub fn with(config: &str, commits: &[Commit]) -> Project {
        let sandbox = Sandbox::new();
        let (repository, hashes) = Repository::with(&sandbox.work(), commits);
        let project = Project { sandbox, repository, hashes };
        project.configure(config);
        project
    }

    /// Writes `ci-tool.yaml`.
    pub fn configure(&self, config: &str) {
        let note = format!("echo \"$CI_TOOL_JOB $CI_TOOL_REVISION\" >> {};", self.sandbox.path("ran").display());
        self.sandbox.write("ci-tool.yaml", config.replace("NOTE", &note));
    }

    /// Runs `ci-tool trigger LINE`, its words between blanks.
    pub fn trigger(&self, line: &str) -> Ran {
        self.sandbox.tool(["trigger"]).args(line.split_whitespace()).run()
    }

    /// Starts it.
    pub fn spawn(&self, line: &str) -> Running {
        self.sandbox.tool(["trigger"]).args(line.split_whitespace()).spawn()
    }

    /// What the dry run of a command would start: `JOB cN`, in order.
    pub fn planned(&self, line: &str) -> Vec<String> {
        let ran = self.trigger(&format!("{line} --dry-run --output json")).ok().json();
        let items = ran["plan"]["items"].as_array().unwrap().iter();
        items.map(|item| self.named(item["job"].as_str().unwrap(), item["revision"].as_str().unwrap())).collect()
    }

    /// The runs that there were: `JOB cN`, in order.
    pub fn ran(&self) -> Vec<String> {
        let text = fs::read_to_string(self.sandbox.path("ran")).unwrap_or_default();
        text.lines().map(|line| line.split_once(' ').unwrap()).map(|(job, hash)| self.named(job, hash)).collect()
    }

    /// The first ten digits of the name of `cN`.
    pub fn short(&self, number: usize) -> &str {
        &self.hashes[number][..10]
    }

    fn named(&self, job: &str, hash: &str) -> String {
        format!("{job} c{}", self.hashes.iter().position(|known| known == hash).unwrap())
    }

    /// The records of the latest session.
    pub fn records(&self) -> Vec<Value> {
        let path = self.sandbox.store().join(format!("journals/session/{}.ndjson", self.session()));
        let text = fs::read_to_string(path).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The id of the latest session.
    pub fn session(&self) -> String {
        let listed = self.trigger("list --output json").ok().json();
        listed["sessions"][0]["session"].as_str().unwrap().to_owned()
    }

    /// All that a command may leave behind: path → bytes.
    pub fn everything(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut all = self.sandbox.snapshot();
        all.append(&mut tree(&self.sandbox.path("home")));
        all.append(&mut tree(&self.sandbox.work()));
        // Who held one last is no change.
        all.retain(|path, _| path.extension().is_none_or(|end| end != "lock"));
        all
    }

    /// Holds that nothing was changed, made or removed since.
    #[track_caller]
    pub fn is_unchanged(&self, before: &BTreeMap<PathBuf, Vec<u8>>) {
        let now = self.everything();
        let differs = |path: &&PathBuf| before.get(*path) != now.get(*path);
        let changed: Vec<&PathBuf> = before.keys().chain(now.keys()).filter(differs).collect();
        assert!(changed.is_empty(), "{changed:#?}");
    }
}

/// `JOB cN` for numbers between blanks.
pub fn runs(job: &str, numbers: &str) -> Vec<String> {
    numbers.split_whitespace().map(|number| format!("{job} c{number}")).collect()
}
