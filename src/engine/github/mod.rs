//! GitHub Actions: workflows that are started by hand (`workflow_dispatch`).
//!
//! A dispatch takes a branch or a tag, never a revision, so that each run has a branch of its own, `ci-tool/KEY`, which is the
//! key of the request besides. GitHub takes it for a push like any other: a workflow with a bare `on: push` runs, too, unless
//! it has `branches-ignore: ["ci-tool/**"]`.

mod api;
mod files;
mod jobs;
mod pace;
mod refs;
mod runs;
mod shapes;
mod states;
mod submit;
mod workflow;

use super::{Abilities, Artifact, Check, Engine, Found, Query, Request, Spec, Submitted, Surroundings};
use crate::{
    error::{Error, Kind, Result},
    http::{self, Method},
    pipeline::{job::Job, run::Run},
};
use api::{Api, refusal};
use async_trait::async_trait;
use jiff::Timestamp;
use shapes::{Repository, Workflow};
use std::{
    collections::{HashMap, HashSet},
    io::Write,
    sync::{Mutex, PoisonError, atomic::AtomicBool},
    time::Duration,
};
use tokio::sync::OnceCell;
use workflow::Dispatch;

/// Where the API is unless an address is given.
const HOSTED: &str = "https://api.github.com";
/// How many calls of one question may be under way at once.
const AT_ONCE: usize = 8;
/// How many submissions may be, unless the settings say so: each is three writes, of which GitHub takes 80 a minute.
const SUBMISSIONS: usize = 4;
/// Between two looks: with 5,000 requests an hour, this leaves most of them to others.
const POLL: Duration = Duration::from_secs(10);
/// How often a run may be run again ("Re-running workflows and jobs").
const RERUNS: u32 = 50;
const NEEDED: &str = "the token needs the permissions Actions and Contents of the repository, read and write";

/// What each workflow takes, by its number and the revision; `None` where it has no file there.
type Dispatches = HashMap<(u64, Option<String>), Option<Dispatch>>;

/// GitHub Actions of one repository.
pub struct Github {
    api: Api,
    submissions: usize,
    /// The input that gets the revision.
    revision_input: Option<String>,
    now: fn() -> Timestamp,
    workflows: OnceCell<Vec<Workflow>>,
    dispatches: Mutex<Dispatches>,
    /// The runs that were stopped from here.
    stopped: Mutex<HashSet<u64>>,
    /// Whether the server does not know `return_run_details`.
    without_details: AtomicBool,
}

impl Github {
    /// The engine of a repository. Calls nobody.
    ///
    /// # Errors
    /// `Usage` for settings that are missing, of another system, or wrong; `Denied` for a token whose variable is not set.
    pub fn open(spec: &Spec, around: &Surroundings) -> Result<Github> {
        let engine = &around.name;
        spec.only(engine, &["token_env", "repository", "revision_parameter"])?;
        let hosted = Spec { url: Some(HOSTED.to_owned()), ..Spec::default() };
        let base = if spec.url.is_some() { spec.address(engine)? } else { hosted.address(engine)? };
        let written = spec.repository.as_deref().unwrap_or_default();
        let Some((owner, name)) = written.split_once('/').filter(|(owner, name)| is_name(owner) && is_name(name))
        else {
            return Err(Error::new(Kind::Usage, format!("the engine {engine} names no repository"))
                .hint(format!("in ci-tool.yaml: engines: {{{engine}: {{repository: OWNER/NAME}}}}")));
        };
        let token = spec.credentials(engine, &around.env)?.map(|(_, token)| token);
        if token.is_some() {
            http::may_have_token(&base)?;
        }
        let mut repository = base;
        // An address with http or https has a path.
        if let Ok(mut segments) = repository.path_segments_mut() {
            segments.pop_if_empty().extend(["repos", owner, name]);
        }
        let pace = pace::Pace::default();
        Ok(Github {
            api: Api { client: around.client.clone(), engine: engine.clone(), repository, token, pace },
            submissions: spec.at_once.unwrap_or(SUBMISSIONS),
            revision_input: spec.revision_parameter.clone(),
            now: around.now,
            workflows: OnceCell::new(),
            dispatches: Mutex::default(),
            stopped: Mutex::default(),
            without_details: AtomicBool::new(false),
        })
    }

    /// Runs the failed jobs of a run again, as the same run. This does not make it two runs: for that, submit.
    ///
    /// # Errors
    /// `Unsupported` after fifty times, which is all that GitHub allows; `NotFound`, `Denied`, `Transient`.
    pub async fn rerun_failed(&self, run: &Run) -> Result<()> {
        let doing = format!("running the failed jobs of the run {} again", run.id);
        let seen: shapes::WorkflowRun = self.api.get(&self.run_url(&run.id, &[]), &doing).await?;
        if seen.run_attempt.unwrap_or(1) > RERUNS {
            let text = format!("the run {} has been run again {RERUNS} times, which is all that GitHub allows", run.id);
            return Err(Error::new(Kind::Unsupported, text).hint("submit the job at its revision for another run"));
        }
        let url = self.run_url(&run.id, &["rerun-failed-jobs"]);
        self.api.make(&url, &serde_json::json!({}), &doing).await.map(drop)
    }

    fn run_url(&self, id: &str, more: &[&str]) -> http::Url {
        self.api.url(&[&["actions", "runs", id], more].concat(), &[])
    }

    fn stopped(&self) -> std::sync::MutexGuard<'_, HashSet<u64>> {
        // Every state that a panic could leave behind is a valid one.
        self.stopped.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a text can be an owner's or a repository's name.
fn is_name(text: &str) -> bool {
    !matches!(text, "" | "." | "..") && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

#[async_trait]
impl Engine for Github {
    fn name(&self) -> &str {
        &self.api.engine
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            submits: true,
            in_process: false,
            carries_keys: true,
            waiting_apart: None,
            at_once: None,
            submissions: self.submissions,
            poll: POLL,
        }
    }

    async fn check(&self) -> Vec<Check> {
        let answer = self.api.answer(&self.api.repository, "asking for the repository").await;
        let seen = answer.and_then(|answer| {
            let repository: Repository = self.api.read(&answer.body, "asking for the repository")?;
            Ok((repository, answer.header("x-oauth-scopes").map(str::to_owned)))
        });
        match seen {
            Ok((repository, scopes)) => self.checks(&repository, scopes.as_deref()),
            Err(error) => vec![self.unanswered(&error)],
        }
    }

    async fn jobs(&self, revision: Option<&str>) -> Result<Vec<Job>> {
        self.all_jobs(revision).await
    }

    async fn submit(&self, request: &Request) -> Result<Submitted> {
        self.dispatch(request).await
    }

    async fn find(&self, request: &Request) -> Result<Found> {
        self.look_for(request).await
    }

    async fn observe(&self, runs: &[Run]) -> Result<Vec<Run>> {
        self.look_again(runs).await
    }

    async fn runs(&self, query: &Query) -> Result<Vec<Run>> {
        self.runs_of(query).await
    }

    async fn cancel(&self, run: &Run) -> Result<()> {
        let doing = format!("stopping the run {}", run.id);
        let Some(id) = self.number_of(run).await? else {
            return Err(Error::new(Kind::Transient, format!("{doing}: GitHub has not made it yet"))
                .hint("try again in a few seconds"));
        };
        self.stopped().insert(id);
        let ended = self.api.end(Method::POST, &self.run_url(&id.to_string(), &["cancel"]), &doing).await;
        match ended {
            Err(error) if error.kind() == Kind::Exists => {
                // It was over before: whoever ended it, it was not this.
                self.stopped().remove(&id);
                Ok(())
            }
            other => other,
        }
    }

    async fn log(&self, run: &Run, to: &mut (dyn Write + Send)) -> Result<()> {
        self.write_log(run, to).await
    }

    async fn artifacts(&self, run: &Run) -> Result<Vec<Artifact>> {
        self.artifacts_of(run).await
    }

    async fn fetch(&self, artifact: &Artifact, to: &mut (dyn Write + Send)) -> Result<()> {
        let url = self.api.url(&["actions", "artifacts", &artifact.id, "zip"], &[]);
        self.api.download(&url, &format!("reading the artifact {}", artifact.name), to).await
    }

    /// Deletes the run's branch.
    async fn sweep(&self) -> Result<usize> {
        Github::sweep(self).await
    }

    async fn release(&self, run: &Run) -> Result<()> {
        match &run.key {
            Some(key) => self.drop_ref(key).await,
            None => Ok(()),
        }
    }
}

impl Github {
    /// What an answer about the repository proves.
    fn checks(&self, repository: &Repository, scopes: Option<&str>) -> Vec<Check> {
        let what =
            |what: &str, holds, seen: String, hint: Option<String>| Check { what: what.into(), holds, seen, hint };
        let mut checks = vec![what("address", Some(true), format!("{} answers", repository.full_name), None)];
        if self.api.token.is_none() {
            let hint =
                format!("name the variable that holds one: engines: {{{}: {{token_env: NAME}}}}", self.api.engine);
            checks.push(what("credentials", Some(false), "there is no token".into(), Some(hint)));
            return checks;
        }
        checks.push(what("credentials", Some(true), "the token is taken".into(), None));
        let may = match (repository.permissions.as_ref().map(|may| may.push), scopes) {
            (Some(false), _) => (Some(false), "the user may not write to the repository".to_owned()),
            (Some(true), Some(scopes)) if scopes.split(',').any(|scope| scope.trim() == "repo") => {
                (Some(true), "the user may write, and the token has the scope repo".to_owned())
            }
            (Some(true), _) => (None, "the user may write; whether the token may is only told by a run".to_owned()),
            (None, _) => (None, "GitHub does not say what the token may do".to_owned()),
        };
        let hint = (may.0 != Some(true)).then(|| NEEDED.to_owned());
        checks.push(what("permission to start jobs", may.0, may.1, hint));
        checks
    }

    /// What it proves that there was no answer about the repository.
    fn unanswered(&self, error: &Error) -> Check {
        let (what, hint) = match refusal(error) {
            Some((401, _)) => ("credentials", "the token has expired or is none: make a new one".to_owned()),
            Some((403, _)) => ("credentials", NEEDED.to_owned()),
            Some((404, _)) => (
                "repository",
                "check OWNER/NAME, and that the token may see it: GitHub hides what it may not".to_owned(),
            ),
            _ => ("address", error.hints().first().cloned().unwrap_or_else(|| "check the address".into())),
        };
        let seen = std::iter::once(error.message().to_owned()).chain(error.causes()).collect::<Vec<_>>().join(": ");
        Check { what: what.into(), holds: Some(false), seen, hint: Some(hint) }
    }
}
