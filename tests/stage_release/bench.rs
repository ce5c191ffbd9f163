//! A copy of the example, a store, and containers to publish to.

use crate::{
    sandbox::{Call, Ran, Running, Sandbox, until},
    support::azurite,
};
use ci_tool::store::{self, Body, Handle, Key, Precondition};
use futures::TryStreamExt;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

/// The builds of the handover.
pub const IDS: [&str; 4] = ["--bar-build-id", "269450", "--build-id", "2503100"];
/// Where the manifest of the handover is.
pub const MANIFEST: &str = "stage/handovers/269450-2503100.json";
/// The pipeline that makes it.
pub const PREPARE: &str = "prepare-artifacts.yaml";
/// The pipeline that publishes it.
pub const VALIDATE: &str = "validate-publish.yaml";
const CONNECTION: &str = "AZURE_STORAGE_CONNECTION_STRING";

/// All of it.
pub struct Bench {
    pub sandbox: Sandbox,
    runtime: tokio::runtime::Runtime,
    env: Vec<(&'static str, String)>,
    /// What the URLs of the containers begin with.
    containers: String,
}

impl Bench {
    /// In directories.
    pub fn local() -> Bench {
        let sandbox = Sandbox::new();
        let store = format!("file://{}", sandbox.path("store").display());
        let containers = format!("file://{}/", sandbox.work().join("published").display());
        Bench::of(sandbox, vec![("CI_TOOL_STORE", store)], containers)
    }

    /// In Azurite.
    pub fn azure() -> Bench {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let url = |what: &str| format!("az://{}/{what}{n}", azurite::ACCOUNT);
        let env = vec![("CI_TOOL_STORE", url("release")), (CONNECTION, azurite::connection_string())];
        Bench::of(Sandbox::new(), env, url("published") + "/")
    }

    fn of(sandbox: Sandbox, mut env: Vec<(&'static str, String)>, containers: String) -> Bench {
        env.push(("XDG_CACHE_HOME", sandbox.path("cache").display().to_string()));
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/release");
        for entry in fs::read_dir(example).unwrap() {
            let path = entry.unwrap().path();
            sandbox.write(path.file_name().unwrap().to_str().unwrap(), fs::read(&path).unwrap());
        }
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let bench = Bench { sandbox, runtime, env, containers };
        bench.mend(VALIDATE, "./published/", &bench.containers);
        bench
    }

    /// Replaces a text wherever it stands in a file, where it must stand.
    #[track_caller]
    pub fn mend(&self, file: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.sandbox.work().join(file)).unwrap();
        assert!(text.contains(from), "{file}: {from}");
        self.sandbox.write(file, text.replace(from, to));
    }

    /// The URL of a container.
    pub fn container(&self, name: &str) -> String {
        format!("{}{name}", self.containers)
    }

    /// A call of `ci-tool stage`.
    pub fn call(&self, args: &[&str]) -> Call {
        self.env.iter().fold(self.sandbox.tool(["stage"]).args(args), |call, (name, value)| call.env(name, value))
    }

    /// Runs `ci-tool stage ARGS`, once nobody else drives the run.
    pub fn stage(&self, args: &[&str]) -> Ran {
        let mut ran = self.call(args).run();
        until("the run is let go", || {
            let held = ran.stderr.contains("opening the journal");
            if held {
                ran = self.call(args).run();
            }
            !held
        });
        ran
    }

    /// Prepares, with a pipeline after it that does nothing, and waits for that one, too.
    pub fn prepare(&self, more: &[&str]) -> Ran {
        self.sandbox.write("nothing.yaml", "pipeline: nothing\nstages: {nothing: {run: 'true'}}\n");
        self.mend(PREPARE, "start: validate-publish.yaml", "start: nothing.yaml");
        let ran = self.prepare_again(more).ok();
        self.settled("nothing", "succeeded");
        ran
    }

    /// Prepares as the file is.
    pub fn prepare_again(&self, more: &[&str]) -> Ran {
        self.stage(&[&["prepare", PREPARE], &IDS[..], more].concat())
    }

    /// Waits until the latest run of a pipeline is where it is to be, and gives back what is told of it.
    pub fn settled(&self, pipeline: &str, outcome: &str) -> Value {
        let mut found = Value::Null;
        until(&format!("{pipeline}: {outcome}"), || {
            let runs = self.runs();
            let Some(run) = runs.iter().find(|run| run["pipeline"] == pipeline) else { return false };
            let Some(id) = run["run"].as_str().filter(|_| run["outcome"] == outcome) else { return false };
            found = self.status(id);
            found["outcome"] == outcome
        });
        found
    }

    /// The runs, the latest first.
    pub fn runs(&self) -> Vec<Value> {
        let listed = self.call(&["status", "--output", "json"]).run().ok().json();
        listed["runs"].as_array().unwrap().clone()
    }

    /// Where a run stands.
    pub fn status(&self, run: &str) -> Value {
        self.call(&["status", run, "--output", "json"]).run().json()
    }

    /// Validates the handover.
    pub fn validate(&self, more: &[&str]) -> Ran {
        self.stage(&[&["validate", VALIDATE], &IDS[..], more].concat())
    }

    /// Starts to.
    pub fn validating(&self, more: &[&str]) -> Running {
        self.call(&[&["validate", VALIDATE], &IDS[..], more].concat()).spawn()
    }

    fn open(&self, url: &str) -> Handle {
        let env = |name: &str| self.env.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
        store::open(url, &env).unwrap()
    }

    /// The store of runs and of content.
    pub fn store(&self) -> Handle {
        self.open(&self.env[0].1)
    }

    /// What an object holds.
    pub fn get(&self, key: &str) -> Option<Vec<u8>> {
        let keys = vec![Key::new(key).unwrap()];
        self.runtime.block_on(self.store().get_many(keys)).unwrap().remove(0).map(Vec::from)
    }

    /// Replaces an object.
    pub fn put(&self, key: &str, bytes: Vec<u8>) {
        let (key, body) = (Key::new(key).unwrap(), Body::Bytes(bytes.into()));
        self.runtime.block_on(self.store().put(&key, body, Precondition::None)).unwrap();
    }

    /// Lets go what a killed process held, as the store does two minutes later.
    pub fn let_go(&self, run: &str) {
        self.runtime.block_on(self.store().drop_lease(&format!("stage-run-{run}"))).unwrap();
    }

    /// The files in a container.
    pub fn published(&self, name: &str) -> BTreeMap<String, Vec<u8>> {
        if self.containers.starts_with("file:") && !self.sandbox.work().join("published").join(name).exists() {
            return BTreeMap::new();
        }
        let target = self.open(&self.container(name));
        self.runtime.block_on(async {
            let all: Vec<_> = target.list("", None).try_collect().await.unwrap();
            let files = all.into_iter().map(|meta| meta.key).filter(|key| !key.as_str().starts_with("ci-tool-"));
            let files: Vec<Key> = files.collect();
            let bytes = target.get_many(files.clone()).await.unwrap();
            files.iter().zip(bytes).map(|(key, bytes)| (key.to_string(), bytes.unwrap().to_vec())).collect()
        })
    }

    /// How many files are in the containers of packages, checksums and installers.
    pub fn counts(&self, profile: &str) -> [usize; 3] {
        ["packages", "checksums", "installers"].map(|name| self.published(&format!("{profile}/{name}")).len())
    }
}

/// What is told of a stage.
#[track_caller]
pub fn stage<'a>(run: &'a Value, name: &str) -> &'a Value {
    let stages = run["stages"].as_array().unwrap();
    stages.iter().find(|stage| stage["name"] == name).unwrap_or_else(|| panic!("no {name} in {run}"))
}

/// Holds where stages are.
#[track_caller]
pub fn holds(run: &Value, states: &[(&str, &str)]) {
    for (name, state) in states {
        assert_eq!(stage(run, name)["state"], *state, "{name}: {run:#}");
    }
}

/// Holds that the reason of a stage has a text.
#[track_caller]
pub fn because(run: &Value, name: &str, text: &str) {
    let why = stage(run, name)["why"].as_str().unwrap_or_default();
    assert!(why.contains(text), "{name}: no {text:?} in {why:?}");
}
