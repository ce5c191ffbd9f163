//! CI systems that run jobs: one trait, and one module a system.

pub mod azure_devops;
pub mod bar;
pub mod buildbot;
pub mod github;
pub mod helix;
pub mod jenkins;
pub mod local;
mod open;
mod spec;
pub mod treeherder;

pub use open::open;
pub use spec::{Kind as EngineKind, Spec};

use crate::{
    error::{Error, Kind, Result},
    pipeline::{
        job::{Job, Parameter},
        run::Run,
    },
    process::Stop,
};
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, io::Write, path::PathBuf, time::Duration};

/// A CI system.
#[async_trait]
pub trait Engine: Send + Sync {
    /// Its name in the configuration.
    fn name(&self) -> &str;

    /// What it can do.
    fn abilities(&self) -> Abilities;

    /// Proves address, credentials and permissions. Changes nothing. What cannot be proved is told, never assumed.
    async fn check(&self) -> Vec<Check>;

    /// Every job that it has; at a revision where its jobs are a matter of the revision.
    ///
    /// # Errors
    /// `Denied`, `Transient`; `Corrupt`, naming the field, for an answer of a shape that is not known.
    async fn jobs(&self, revision: Option<&str>) -> Result<Vec<Job>>;

    /// Asks for a run. An error means that the request was **not** taken and may be sent again: after what its cause
    /// [`crate::error::RetryAfter`] says, where it has one.
    ///
    /// # Errors
    /// `NotFound` for a job that is not there, with suggestions; `Usage` for a parameter that it does not take or a revision
    /// that it does not have; `Denied`; `Transient`.
    async fn submit(&self, request: &Request) -> Result<Submitted>;

    /// Looks for what became of a request whose answer was lost.
    ///
    /// # Errors
    /// When the engine's lists could not be read: it is still not known.
    async fn find(&self, request: &Request) -> Result<Found>;

    /// Looks at runs again. The answers have the order of the question. A run that the engine does not know any more comes
    /// back as [`crate::pipeline::run::State::Expired`], with the reason in `detail`.
    ///
    /// # Errors
    /// `Denied`, `Transient`, `Corrupt`.
    async fn observe(&self, runs: &[Run]) -> Result<Vec<Run>>;

    /// The runs of a job, the latest first: those that wait and run included, whoever asked for them.
    ///
    /// # Errors
    /// `NotFound` for a job that is not there, with suggestions; `Denied`, `Transient`, `Corrupt`.
    async fn runs(&self, query: &Query) -> Result<Vec<Run>>;

    /// Stops a run, or takes it back while it waits. One that is over stays as it is.
    ///
    /// # Errors
    /// `Denied`, `Transient`, `Unsupported`.
    async fn cancel(&self, run: &Run) -> Result<()>;

    /// Writes a run's log, as far as there is one.
    ///
    /// # Errors
    /// `NotFound` when it has none; `Denied`, `Transient`.
    async fn log(&self, run: &Run, to: &mut (dyn Write + Send)) -> Result<()>;

    /// The files that a run made.
    ///
    /// # Errors
    /// `Denied`, `Transient`, `Corrupt`, `Unsupported`.
    async fn artifacts(&self, run: &Run) -> Result<Vec<Artifact>>;

    /// Writes one of them.
    ///
    /// # Errors
    /// `NotFound`, `Denied`, `Transient`.
    async fn fetch(&self, artifact: &Artifact, to: &mut (dyn Write + Send)) -> Result<()>;

    /// Lets go of what was kept for a run that nobody follows any more: a temporary ref, a tree that was held. Safe to repeat.
    ///
    /// # Errors
    /// `Denied`, `Transient`.
    async fn release(&self, _run: &Run) -> Result<()> {
        Ok(())
    }

    /// Lets go of what was kept for runs that are over and that nobody followed to their end: after a crash, or when nobody
    /// waited. Returns how much that was.
    ///
    /// # Errors
    /// `Denied`, `Transient`.
    async fn sweep(&self) -> Result<usize> {
        Ok(0)
    }

    /// Where the tree is that is held for a run ([`Request::hold`]); `None` when none is.
    fn held(&self, _run: &Run) -> Option<PathBuf> {
        None
    }

    /// Waits until a run may have changed, at most so long.
    async fn changed(&self, at_most: Duration) {
        tokio::time::sleep(at_most).await;
    }
}

/// What an engine can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Abilities {
    /// Whether it starts runs, or only tells of them.
    pub submits: bool,
    /// Whether its runs end with this process.
    pub in_process: bool,
    /// Whether every request carries its key, so that one whose answer was lost can be found.
    pub carries_keys: bool,
    /// How many requests for one job at one revision may wait at once without being folded into one; `None` is any number.
    pub waiting_apart: Option<usize>,
    /// How many runs it may have at once; `None` leaves it to the engine.
    pub at_once: Option<usize>,
    /// How many submissions may be under way at once.
    pub submissions: usize,
    /// How often to look, at most.
    pub poll: Duration,
}

/// What to run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Request {
    /// The job, by the engine's name.
    pub job: String,
    /// The revision, whole.
    pub revision: String,
    /// A branch that holds it, where the engine wants one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Parameters (`--param`).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// Variables (`--env`).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// What makes sending twice one run: `ci-tool-SESSION-NUMBER-ATTEMPT`, of `[a-z0-9-]`.
    pub key: String,
    /// Runs whose files it needs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Run>,
    /// Whether its tree is to be kept as it is when it fails, until [`Engine::release`]. Only where trees are on this machine.
    #[serde(default)]
    pub hold: bool,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Submitted {
    /// It is there.
    Run(Run),
    /// The engine answered with a run that was asked for before.
    Folded(Run),
    /// The answer was lost, for this reason: it may be there or not.
    Uncertain(String),
}

/// What the engine's lists say of a request whose answer was lost.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "there is one a lost answer")]
pub enum Found {
    /// It arrived.
    Run(Run),
    /// It did not: the lists are complete and do not have its key.
    Absent,
    /// They cannot say: the engine keeps no key. The runs are those that it may be.
    Unknown(Vec<Run>),
}

/// Which runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// The job, by the engine's name.
    pub job: String,
    /// Only at these revisions; `None` is all.
    pub revisions: Option<Vec<String>>,
    /// Only those with these parameters and no others; an engine whose lists do not tell parameters gives all.
    pub parameters: BTreeMap<String, String>,
    /// The same for variables.
    pub env: BTreeMap<String, String>,
    /// Only those that were asked for since.
    pub since: Option<Timestamp>,
    /// How many at most; `None` reads to the end of the engine's lists.
    pub limit: Option<usize>,
}

/// A file that a run made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// What the engine finds it by.
    pub id: String,
    /// The run.
    pub run: String,
    /// Its path or name.
    pub name: String,
    /// Its size in bytes, where the engine says.
    pub size: Option<u64>,
    /// Where people get it.
    pub url: Option<String>,
}

/// One thing that was to be proved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What: `address`, `credentials`, `permission to …`.
    pub what: String,
    /// Whether it holds; `None` where it cannot be told without changing something.
    pub holds: Option<bool>,
    /// What was seen.
    pub seen: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// Where an engine finds what it needs besides its settings.
#[derive(Clone)]
pub struct Surroundings {
    /// Its name in the configuration.
    pub name: String,
    /// The environment of this process: secrets are read from the variables that the settings name.
    pub env: BTreeMap<String, String>,
    /// The client for its calls.
    pub client: crate::http::Client,
    /// Where the user is: in a repository, perhaps.
    pub directory: PathBuf,
    /// The folder for what can be made again.
    pub cache: PathBuf,
    /// The jobs of the configuration.
    pub jobs: BTreeMap<String, crate::pipeline::job::JobSpec>,
    /// The time.
    pub now: fn() -> Timestamp,
    /// Raised when everything has to stop.
    pub stop: Stop,
}

/// The error for a job that is not there, with the names that are nearest.
pub fn no_such_job<'n>(engine: &str, asked: &str, names: impl IntoIterator<Item = &'n str>) -> Error {
    let mut near: Vec<(usize, &str)> = names
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&asked.to_lowercase(), &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= asked.chars().count().max(4) / 2 || name.contains(asked))
        .collect();
    near.sort_unstable();
    let near: Vec<&str> = near.into_iter().take(3).map(|(_, name)| name).collect();
    let error = Error::new(Kind::NotFound, format!("the engine {engine} has no job {asked:?}"));
    let list = format!("`ci-tool trigger jobs HEAD --engine {engine}` lists the jobs");
    if near.is_empty() { error.hint(list) } else { error.hint(format!("did you mean {}? {list}", near.join(", "))) }
}

/// Checks a request's parameters against those that a job declares.
///
/// # Errors
/// `Usage`, naming the parameter: one that is not declared, a value that is none of its choices, one that is required and
/// not given, or variables for a job that takes none.
pub fn check_parameters(job: &Job, request: &Request) -> Result<()> {
    let refuse = |message: String, hint: String| Err(Error::new(Kind::Usage, message).hint(hint));
    if !request.env.is_empty() && !job.takes_env {
        let names: Vec<&str> = request.env.keys().map(String::as_str).collect();
        return refuse(
            format!("the job {} takes no variables: {} cannot be set", job.name, names.join(", ")),
            "give --param where the job declares a parameter, and leave out --env".into(),
        );
    }
    let Some(declared) = &job.parameters else { return Ok(()) };
    let listed = |declared: &[Parameter]| match declared {
        [] => "it takes no parameters".to_owned(),
        some => format!("it takes {}", some.iter().map(|p| p.name.as_str()).collect::<Vec<_>>().join(", ")),
    };
    for (name, value) in &request.parameters {
        let Some(parameter) = declared.iter().find(|parameter| parameter.name == *name) else {
            return refuse(format!("the job {} has no parameter {name:?}", job.name), listed(declared));
        };
        if !parameter.choices.is_empty() && !parameter.choices.contains(value) {
            let choices = parameter.choices.join(", ");
            return refuse(
                format!("the parameter {name} of the job {} cannot be {value:?}", job.name),
                format!("it is one of {choices}"),
            );
        }
    }
    let missing =
        declared.iter().find(|p| p.required && p.default.is_none() && !request.parameters.contains_key(&p.name));
    match missing {
        Some(parameter) => refuse(
            format!("the job {} needs the parameter {:?}", job.name, parameter.name),
            format!("--param {}=VALUE", parameter.name),
        ),
        None => Ok(()),
    }
}
