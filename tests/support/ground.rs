//! A repository, a configuration and a cache for the local engine.

use ci_tool::{
    engine::{Spec, Surroundings, local::Local},
    http::Client,
    pipeline::job::JobSpec,
    process::{Stop, Stopper},
};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// A repository with some history, and what is around an engine on it.
pub struct Ground {
    dir: tempfile::TempDir,
    /// The jobs of the configuration.
    pub jobs: BTreeMap<String, JobSpec>,
    /// Raises the flag that stops everything.
    pub stopper: Stopper,
    stop: Stop,
}

impl Ground {
    /// An empty repository.
    pub fn new() -> Ground {
        let dir = tempfile::tempdir().unwrap();
        let (stopper, stop) = Stop::channel();
        let ground = Ground { dir, jobs: BTreeMap::new(), stopper, stop };
        ground.repository("repo");
        ground
    }

    /// A path beside the repository.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join(name)
    }

    /// Makes another repository beside it.
    pub fn repository(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(&path).unwrap();
        self.git_in(&path, &["init", "--quiet", "--initial-branch=main"]);
        path
    }

    /// The repository.
    pub fn repo(&self) -> PathBuf {
        self.path("repo")
    }

    /// Runs git in the repository.
    pub fn git(&self, args: &[&str]) -> String {
        self.git_in(&self.repo(), args)
    }

    /// Runs git.
    pub fn git_in(&self, dir: &Path, args: &[&str]) -> String {
        let output = Command::new("git").args(args).current_dir(dir).env_clear().envs(self.env()).output().unwrap();
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Writes files and commits them. Returns the revision.
    pub fn commit(&self, files: &[(&str, &str)]) -> String {
        self.commit_in(&self.repo(), files)
    }

    /// As [`Ground::commit`], in another repository.
    pub fn commit_in(&self, dir: &Path, files: &[(&str, &str)]) -> String {
        for (name, text) in files {
            let path = dir.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        self.git_in(dir, &["add", "--all"]);
        self.git_in(dir, &["commit", "--quiet", "--allow-empty", "--message=x"]);
        self.git_in(dir, &["rev-parse", "HEAD"])
    }

    /// Adds a job with a command.
    pub fn job(&mut self, name: &str, run: &str) -> &mut JobSpec {
        let spec = JobSpec { run: Some(run.into()), ..JobSpec::default() };
        self.jobs.entry(name.into()).or_insert(spec)
    }

    /// An environment that the machine's settings do not reach.
    pub fn env(&self) -> BTreeMap<String, String> {
        let mut env: BTreeMap<String, String> =
            std::env::vars().filter(|(name, _)| !name.starts_with("GIT_")).collect();
        for (name, value) in [
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_AUTHOR_NAME", "A"),
            ("GIT_AUTHOR_EMAIL", "author@example.org"),
            ("GIT_COMMITTER_NAME", "C"),
            ("GIT_COMMITTER_EMAIL", "committer@example.org"),
            ("PLACE", &self.path("").to_string_lossy()),
        ] {
            env.insert(name.into(), value.into());
        }
        env
    }

    /// What is around an engine.
    pub fn around(&self) -> Surroundings {
        Surroundings {
            name: "local".into(),
            env: self.env(),
            client: Client::new(),
            directory: self.repo(),
            cache: self.path("cache"),
            jobs: self.jobs.clone(),
            now: jiff::Timestamp::now,
            stop: self.stop.clone(),
        }
    }

    /// An engine with room for so many runs at once.
    pub fn engine(&self, at_once: usize) -> Local {
        Local::open(&Spec { at_once: Some(at_once), ..Spec::default() }, &self.around()).unwrap()
    }
}
