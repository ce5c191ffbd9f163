//! Azure DevOps, the service and the server: pipelines and classic builds. REST API 7.1, areas `build` and `pipelines`.
//!
//! *Credentials.* A personal access token goes as the password of a user without a name, or of the one of `user_env`. One of
//! three parts between dots is a token of Entra or of a running job (`System.AccessToken`) and goes as Bearer.
//!
//! *Keys.* A request's key travels as the variable `ci_tool_key`. Where the organization limits what may be set for a run, each
//! pipeline has to declare it as settable; one that does not is started without, and a lost answer then stays uncertain.
//!
//! *Needs.* What another run made reaches a pipeline by its own `resources`; a request's `needs` only put it after them.

mod api;
mod files;
mod find;
pub mod pipelines;
mod shapes;
mod states;
mod submit;

use super::{Abilities, Artifact, Check, Engine, Found, Query, Request, Spec, Submitted, Surroundings, no_such_job};
use crate::{
    error::{Error, Kind, Result},
    http::{Failure, Repeat, Url},
    pipeline::{
        job::Job,
        run::{Run, State},
    },
};
use api::Api;
pub(super) use api::field_at;
use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use shapes::{Build, Definition, KEY_VARIABLE, List, Timeline};
use std::{
    collections::{HashMap, HashSet},
    io::Write,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::OnceCell;

/// How many builds are asked for by number in one call: an address holds no more than about 2,000 characters.
const AT_ONCE: usize = 100;
const CALLS: usize = 8;
/// How many builds a page may have.
const PAGE: usize = 1000;
const SUBMISSIONS: usize = 4;
const POLL: Duration = Duration::from_secs(15);

/// A project of Azure DevOps.
pub struct AzureDevops {
    api: Api,
    submissions: usize,
    /// Fetched once: what the jobs declare.
    definitions: OnceCell<Vec<Definition>>,
    /// Definitions that refused the key.
    keyless: Mutex<HashSet<u64>>,
    /// Parameters that were looked at with their revision.
    previewed: Mutex<HashSet<String>>,
    /// How builds ended that did not succeed, while they have not begun again.
    ends: Mutex<HashMap<u64, End>>,
}

/// When, how and why a build ended.
type End = (Option<Timestamp>, State, Option<String>);

impl AzureDevops {
    /// Takes the settings `url` (`https://dev.azure.com/ORGANIZATION`, or a server's collection), `project`, `token_env` and
    /// perhaps `user_env`. Calls nobody.
    ///
    /// # Errors
    /// `Usage` for settings that are missing or those of another system; `Denied` for a variable that is not set.
    pub fn open(spec: &Spec, around: &Surroundings) -> Result<AzureDevops> {
        spec.only(&around.name, &["project", "token_env", "user_env"])?;
        Ok(AzureDevops {
            api: Api::open(spec, around)?,
            submissions: spec.at_once.unwrap_or(SUBMISSIONS).max(1),
            definitions: OnceCell::new(),
            keyless: Mutex::default(),
            previewed: Mutex::default(),
            ends: Mutex::default(),
        })
    }

    /// Every pipeline and classic build, whole.
    async fn read_definitions(&self) -> Result<Vec<Definition>> {
        let query = [("includeAllProperties", "true"), ("queryOrder", "definitionNameAscending"), ("$top", "100")];
        self.api.pages(self.api.url(&["build", "definitions"], &query), "its pipelines").all().await
    }

    async fn all_definitions(&self) -> Result<&Vec<Definition>> {
        self.definitions.get_or_try_init(|| self.read_definitions()).await
    }

    async fn definition(&self, job: &str) -> Result<&Definition> {
        let all = self.all_definitions().await?;
        let found = all.iter().find(|definition| definition.job_name() == job);
        found.ok_or_else(|| {
            let names: Vec<String> = all.iter().map(Definition::job_name).collect();
            no_such_job(&self.api.engine, job, names.iter().map(String::as_str))
        })
    }

    /// A build as a run. Reads its timeline when that alone tells why it ended.
    async fn run(&self, build: Build, job: &str) -> Result<Run> {
        let (state, detail) = self.state(&build).await?;
        let version = build.source_version.clone().filter(|version| !version.is_empty());
        Ok(Run {
            revision: version.clone(),
            got_revision: version,
            detail,
            key: build.variables().and_then(|set| Some(set.get(KEY_VARIABLE)?.as_str()?.to_owned())),
            url: build.links.unwrap_or_default().web.map(|link| link.href),
            queued: build.queue_time,
            started: build.start_time,
            ended: build.finish_time,
            ..Run::new(build.id.to_string(), job, state)
        })
    }

    async fn state(&self, build: &Build) -> Result<(State, Option<String>)> {
        if !states::needs_timeline(build) {
            return states::state(build, None);
        }
        let ends = || self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        // A build whose jobs are run again ends another time.
        if let Some((_, state, why)) = ends().get(&build.id).filter(|(when, ..)| *when == build.finish_time) {
            return Ok((*state, why.clone()));
        }
        let url = self.api.url(&["build", "builds", &build.id.to_string(), "timeline"], &[]);
        let timeline: Option<Timeline> = self.api.get_if_any(&url, "what happened in a build").await?;
        let (state, why) = states::state(build, timeline.as_ref())?;
        if timeline.is_some() {
            ends().insert(build.id, (build.finish_time, state, why.clone()));
        }
        Ok((state, why))
    }

    /// A run as it is now.
    async fn observed(&self, run: Run, build: Option<Build>) -> Result<Run> {
        let Some(build) = build else {
            let detail =
                Some("Azure DevOps does not have the build any more: it was deleted, or kept long enough".into());
            return Ok(Run { state: State::Expired, detail, ..run });
        };
        let seen = self.run(build, &run.job).await?;
        Ok(Run {
            revision: run.revision.or(seen.revision),
            key: seen.key.or(run.key),
            exit_code: run.exit_code,
            data: run.data,
            ..seen
        })
    }

    /// Builds by their numbers, which stand between commas; those that are there.
    async fn builds(&self, ids: String) -> Result<Vec<Build>> {
        let url = self.api.url(&["build", "builds"], &[("buildIds", &ids)]);
        let list: List<Build> = self.api.get(&url, "builds").await?;
        Ok(list.value)
    }

    /// Where a definition's builds are listed, the latest first.
    fn list(&self, definition: &Definition, top: usize, since: Option<Timestamp>) -> Url {
        let (id, top, since) = (definition.id.to_string(), top.to_string(), since.map(|since| since.to_string()));
        let mut query = vec![("definitions", id.as_str()), ("queryOrder", "queueTimeDescending"), ("$top", &top)];
        query.extend(since.as_deref().map(|since| ("minTime", since)));
        self.api.url(&["build", "builds"], &query)
    }
}

#[async_trait]
impl Engine for AzureDevops {
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
        let check = |what: &str, holds, seen: String| Check { what: what.into(), holds, seen, hint: None };
        let definitions = match self.read_definitions().await {
            Ok(definitions) => definitions,
            Err(error) => {
                let seen = std::iter::once(error.to_string()).chain(error.causes()).collect::<Vec<_>>().join(": ");
                let hint = error.hints().first().cloned();
                let hint = hint.or_else(|| Some("check url and project, and that the server runs".into()));
                let failed = |what: &str| Check { hint: hint.clone(), ..check(what, Some(false), seen.clone()) };
                return match error.kind() {
                    Kind::Denied => {
                        vec![check("address", Some(true), "Azure DevOps answers".into()), failed("credentials")]
                    }
                    _ => vec![failed("address"), check("credentials", None, "not asked".into())],
                };
            }
        };
        let all = definitions.len();
        let with_key = definitions.iter().filter(|definition| definition.may_set(KEY_VARIABLE)).count();
        vec![
            check("address", Some(true), "Azure DevOps answers".into()),
            check("credentials", Some(true), format!("{all} pipelines can be read")),
            Check {
                hint: Some("the token needs the scope Build (read & execute)".into()),
                ..check("permission to start jobs", None, "cannot be told without starting one".into())
            },
            Check {
                hint: (with_key < all).then(|| {
                    format!("declare the variable {KEY_VARIABLE} in each pipeline, as settable at queue time")
                }),
                ..check(
                    "lost answers are found again",
                    (with_key == all).then_some(true),
                    format!("{with_key} of {all} pipelines declare the variable {KEY_VARIABLE}"),
                )
            },
        ]
    }

    async fn jobs(&self, _revision: Option<&str>) -> Result<Vec<Job>> {
        Ok(self.read_definitions().await?.iter().map(Definition::job).collect())
    }

    async fn submit(&self, request: &Request) -> Result<Submitted> {
        self.start(request).await
    }

    async fn find(&self, request: &Request) -> Result<Found> {
        self.look_for(request).await
    }

    async fn observe(&self, runs: &[Run]) -> Result<Vec<Run>> {
        // What is no number was never a build here, and would spoil the question for the others.
        let ids: Vec<&str> = runs.iter().map(|run| run.id.as_str()).filter(|id| id.parse::<u64>().is_ok()).collect();
        let questions: Vec<String> = ids.chunks(AT_ONCE).map(|ids| ids.join(",")).collect();
        let found: Vec<Vec<Build>> =
            stream::iter(questions).map(|ids| self.builds(ids)).buffered(CALLS).try_collect().await?;
        let found: HashMap<String, Build> = found.into_iter().flatten().map(|b| (b.id.to_string(), b)).collect();
        let pairs: Vec<(Run, Option<Build>)> =
            runs.iter().map(|run| (run.clone(), found.get(&run.id).cloned())).collect();
        stream::iter(pairs).map(|(run, build)| self.observed(run, build)).buffered(CALLS).try_collect().await
    }

    async fn runs(&self, query: &Query) -> Result<Vec<Run>> {
        let definition = self.definition(&query.job).await?;
        let limit = query.limit.unwrap_or(usize::MAX);
        // Without a filter of ours no more than wanted is asked for.
        let top = if query.revisions.is_none() { limit.clamp(1, PAGE) } else { PAGE };
        let wanted = |build: &Build| {
            let at = query
                .revisions
                .as_ref()
                .is_none_or(|all| build.source_version.as_ref().is_some_and(|version| all.contains(version)));
            at && query.since.is_none_or(|since| build.queue_time.is_none_or(|queued| queued >= since))
        };
        let mut builds: Vec<Build> = Vec::new();
        let mut pages = self.api.pages(self.list(definition, top, query.since), "the builds of a pipeline");
        while builds.len() < limit {
            let Some(page) = pages.next().await? else { break };
            builds.extend(page.into_iter().filter(&wanted).take(limit - builds.len()));
        }
        stream::iter(builds).map(|build| self.run(build, &query.job)).buffered(CALLS).try_collect().await
    }

    async fn cancel(&self, run: &Run) -> Result<()> {
        let over = match self.builds(number(run)?.to_owned()).await?.first() {
            Some(build) => build.status == "completed",
            None => true,
        };
        if over {
            return Ok(());
        }
        let url = self.api.url(&["build", "builds", &run.id], &[]);
        let body = serde_json::json!({ "status": "cancelling" });
        let result = self.api.patch(&url, &body, Repeat::Safe, "the end of a build").await.map(drop);
        match result {
            // It ended, or was deleted, between the two calls.
            Err(error) if matches!(status(&error), Some(400 | 404 | 409)) => {
                match self.builds(run.id.clone()).await?.first() {
                    Some(build) if build.status != "completed" => Err(error),
                    _ => Ok(()),
                }
            }
            other => other,
        }
    }

    async fn log(&self, run: &Run, to: &mut (dyn Write + Send)) -> Result<()> {
        self.write_logs(number(run)?, to).await
    }

    async fn artifacts(&self, run: &Run) -> Result<Vec<Artifact>> {
        self.list_artifacts(number(run)?).await
    }

    async fn fetch(&self, artifact: &Artifact, to: &mut (dyn Write + Send)) -> Result<()> {
        self.write_artifact(artifact, to).await
    }
}

fn number(run: &Run) -> Result<&str> {
    match run.id.parse::<u64>() {
        Ok(_) => Ok(&run.id),
        Err(_) => Err(Error::new(Kind::NotFound, format!("no build of Azure DevOps has the id {:?}", run.id))
            .hint("its builds have numbers")),
    }
}

/// The status that a call was refused with.
fn status(error: &Error) -> Option<u16> {
    match error.cause::<Failure>()? {
        Failure::Status { status, .. } => Some(*status),
        _ => None,
    }
}
