//! Whole pipeline runs: started with stages left out and resources pinned, looked at stage by stage, approved, retried.
//!
//! *Keys.* A run's key travels as the variable `ci_tool_run`. A pipeline that does not let it be set is started without it,
//! and a lost answer then stays unknown.

mod approvals;
mod files;
mod seen;

pub use approvals::{Answer, Approval};
pub use seen::{Before, Outcome, Progress, RunSeen, StageSeen};

use super::{
    AzureDevops,
    find::Sought,
    shapes::{Build, Definition, PipelineRun, Preview, Timeline},
    states, status,
    submit::{of_pipeline, refuse_blocked},
};
use crate::{
    engine::{Engine, Found, Spec, Submitted, Surroundings},
    error::{Error, Kind, Result},
    http::{Failure, Repeat},
    pipeline::run::{Run, State},
};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The variable that carries a run's key.
pub const RUN_VARIABLE: &str = "ci_tool_run";

/// The pipelines of a project.
pub struct Pipelines {
    engine: AzureDevops,
}

/// What a run is started with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Start {
    /// What finds it again when the answer is lost.
    pub key: String,
    /// The branch; the pipeline's own where there is none.
    pub branch: Option<String>,
    /// The commit; the branch's head where there is none.
    pub version: Option<String>,
    /// Stages that are deselected: what needs them goes on.
    pub stages_to_skip: BTreeSet<String>,
    /// The parameters of its file.
    pub template_parameters: BTreeMap<String, String>,
    /// Variables.
    pub variables: BTreeMap<String, String>,
    /// Which run of another pipeline each resource takes its files from: its number for people, by the resource's alias.
    pub pinned: BTreeMap<String, String>,
}

/// What is asked of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Run what failed in it again.
    Retry,
    /// Run all of it again.
    RetryAll,
    /// Stop it.
    Cancel,
}

impl Pipelines {
    /// Takes the settings that [`AzureDevops::open`] takes. Calls nobody.
    ///
    /// # Errors
    /// Those of [`AzureDevops::open`].
    pub fn open(spec: &Spec, around: &Surroundings) -> Result<Pipelines> {
        Ok(Pipelines { engine: AzureDevops::open(spec, around)? })
    }

    /// The engine's name in the configuration.
    pub fn name(&self) -> &str {
        self.engine.name()
    }

    /// The file that a run would follow, with its templates filled in. Starts nothing.
    ///
    /// # Errors
    /// `NotFound` for a pipeline that is not there; `Usage` for what it does not take; `Denied`, `Transient`, `Corrupt`.
    pub async fn preview(&self, pipeline: &str, start: &Start) -> Result<String> {
        let definition = self.definition(pipeline).await?;
        // The place of its own, not the option of the other: a server that did not know the option would start a run.
        let url = self.engine.api.url(&["pipelines", &definition.id.to_string(), "preview"], &[]);
        let what = "a look at a pipeline";
        let body = body(definition, start, false);
        let answer = self.engine.api.post(&url, &body, Repeat::Safe, what).await;
        let answer = answer.map_err(|error| explain(error, pipeline))?;
        Ok(self.engine.api.read::<Preview>(&answer, what)?.final_yaml)
    }

    /// Starts a run. An error means that nothing began.
    ///
    /// # Errors
    /// As [`Pipelines::preview`].
    pub async fn start(&self, pipeline: &str, start: &Start) -> Result<Submitted> {
        let definition = self.definition(pipeline).await?;
        refuse_blocked(&definition.job())?;
        match self.post(definition, start, true).await {
            Err(error) if refused_key(&error) => {
                tracing::warn!("the pipeline {pipeline} does not let {RUN_VARIABLE} be set: a lost answer stays lost");
                self.post(definition, start, false).await
            }
            other => other,
        }
        .map_err(|error| explain(error, pipeline))
    }

    async fn post(&self, definition: &Definition, start: &Start, keyed: bool) -> Result<Submitted> {
        let url = self.engine.api.url(&["pipelines", &definition.id.to_string(), "runs"], &[]);
        let what = "a new run";
        let answer = match self.engine.api.post(&url, &body(definition, start, keyed), Repeat::Unsafe, what).await {
            Ok(answer) => answer,
            Err(error) if error.cause::<Failure>().is_some_and(Failure::may_have_arrived) => {
                return Ok(Submitted::Uncertain(error.causes().pop().unwrap_or_default()));
            }
            Err(error) => return Err(error),
        };
        // From here on it is taken: what cannot be read is no refusal.
        Ok(match self.engine.api.read::<PipelineRun>(&answer, what) {
            Ok(run) => Submitted::Run(Run {
                job: definition.job_name(),
                key: keyed.then(|| start.key.clone()),
                ..of_pipeline(run)
            }),
            Err(error) => Submitted::Uncertain(error.to_string()),
        })
    }

    /// Looks for a run whose answer was lost, among those that were asked for since a time.
    ///
    /// # Errors
    /// When the lists could not be read: it is still not known.
    pub async fn find(&self, pipeline: &str, key: &str, since: Timestamp) -> Result<Found> {
        let definition = self.definition(pipeline).await?;
        let could_be = |build: &Build| build.queue_time.is_none_or(|queued| queued >= since);
        let run = |build: Build| Run {
            queued: build.queue_time,
            url: build.links.unwrap_or_default().web.map(|link| link.href),
            ..Run::new(build.id.to_string(), definition.job_name(), State::Pending)
        };
        Ok(match self.engine.seek(definition, (RUN_VARIABLE, key), could_be).await? {
            Sought::Found(build) => Found::Run(Run { key: Some(key.to_owned()), ..run(build) }),
            Sought::Absent => Found::Absent,
            Sought::Unknown(builds) => Found::Unknown(builds.into_iter().map(run).collect()),
        })
    }

    /// A run with its stages and what is known of their earlier attempts.
    ///
    /// # Errors
    /// `NotFound` for a run that is not there; `Corrupt`, naming the field, for what is not known; `Denied`, `Transient`.
    pub async fn look(&self, run: u64) -> Result<RunSeen> {
        let api = &self.engine.api;
        let build: Build = api.get(&api.url(&["build", "builds", &run.to_string()], &[]), "a run").await?;
        let timeline = self.timeline(run, None).await?.unwrap_or_default();
        let (state, why) = states::state(&build, Some(&timeline))?;
        let mut stages = seen::stages(&timeline)?;
        let earlier: BTreeSet<String> = stages.iter().flat_map(|s| &s.before).map(|b| b.timeline.clone()).collect();
        for id in earlier {
            // The service forgets old ones before the run.
            if let Some(timeline) = self.timeline(run, Some(&id)).await? {
                seen::fill(&mut stages, &id, &timeline)?;
            }
        }
        Ok(RunSeen {
            id: build.id,
            pipeline: build.definition.map(|definition| definition.id),
            number: build.build_number.unwrap_or_default(),
            version: build.source_version.filter(|version| !version.is_empty()),
            state,
            why,
            url: build.links.unwrap_or_default().web.map(|link| link.href),
            queued: build.queue_time,
            started: build.start_time,
            ended: build.finish_time,
            stages,
        })
    }

    async fn timeline(&self, run: u64, id: Option<&str>) -> Result<Option<Timeline>> {
        let api = &self.engine.api;
        let run = run.to_string();
        let mut path = vec!["build", "builds", run.as_str(), "timeline"];
        path.extend(id);
        match api.get_if_any(&api.url(&path, &[]), "the stages of a run").await {
            Err(error) if id.is_some() && error.kind() == Kind::NotFound => Ok(None),
            other => other,
        }
    }

    /// Asks for a change of a stage. Sent once: when the answer is lost, the stage is looked at.
    ///
    /// # Errors
    /// `NotFound` for a stage that is not there, with those that are; `Usage` when it cannot be had; `Transient` when nobody
    /// knows what became of it; `Denied`, `Corrupt`.
    pub async fn change(&self, run: u64, stage: &str, change: Change) -> Result<()> {
        let before = self.look(run).await?.stage(stage)?.clone();
        match (change, before.progress) {
            (Change::Cancel, Progress::Completed(_)) => return Ok(()),
            (Change::Retry | Change::RetryAll, Progress::Pending | Progress::Running) => {
                return Err(Error::new(Kind::Usage, format!("the stage {stage} of the run {run} has not ended"))
                    .hint("wait for it, or cancel it first"));
            }
            _ => {}
        }
        let body = match change {
            Change::Retry => json!({ "state": "retry", "forceRetryAllJobs": false }),
            Change::RetryAll => json!({ "state": "retry", "forceRetryAllJobs": true }),
            Change::Cancel => json!({ "state": "cancel" }),
        };
        let api = &self.engine.api;
        let url = api.url(&["build", "builds", &run.to_string(), "stages", stage], &[]);
        match api.patch(&url, &body, Repeat::Unsafe, "a change of a stage").await {
            Err(error) if error.cause::<Failure>().is_some_and(Failure::may_have_arrived) => {
                let now = self.look(run).await?;
                let now = now.stage(stage)?;
                let over = matches!(now.progress, Progress::Completed(_));
                let done = if change == Change::Cancel { over } else { now.attempt > before.attempt || !over };
                if done { Ok(()) } else { Err(error) }
            }
            other => other.map(drop),
        }
    }

    /// Stops a run. One that is over stays as it is.
    ///
    /// # Errors
    /// `Denied`, `Transient`.
    pub async fn cancel(&self, run: u64) -> Result<()> {
        self.engine.cancel(&Run::new(run.to_string(), "", State::Running)).await
    }

    /// A pipeline by its number or its name.
    async fn definition(&self, pipeline: &str) -> Result<&Definition> {
        let all = self.engine.all_definitions().await?;
        let number = pipeline.parse().ok();
        match all.iter().find(|definition| Some(definition.id) == number) {
            Some(found) if found.is_yaml() => Ok(found),
            Some(classic) => Err(not_staged(classic)),
            None => match self.engine.definition(pipeline).await? {
                found if found.is_yaml() => Ok(found),
                classic => Err(not_staged(classic)),
            },
        }
    }
}

fn not_staged(definition: &Definition) -> Error {
    let message = format!("{} is a classic build, which has no stages", definition.job_name());
    Error::new(Kind::Unsupported, message).hint("name a pipeline that a YAML file describes")
}

fn body(definition: &Definition, start: &Start, keyed: bool) -> Value {
    let set = |values: &BTreeMap<String, String>, field: &str| -> Map<String, Value> {
        values.iter().map(|(name, value)| (name.clone(), json!({ field: value }))).collect()
    };
    let branch = start.branch.as_ref().map(|branch| match branch.starts_with("refs/") {
        true => branch.clone(),
        false => format!("refs/heads/{branch}"),
    });
    let branch = branch.or_else(|| definition.repository.as_ref()?.default_branch.clone());
    let mut own = Map::new();
    own.extend(branch.map(|branch| ("refName".to_owned(), branch.into())));
    own.extend(start.version.clone().map(|version| ("version".to_owned(), version.into())));
    let mut variables = start.variables.clone();
    if keyed {
        variables.insert(RUN_VARIABLE.into(), start.key.clone());
    }
    let mut body = json!({ "resources": { "repositories": { "self": own } } });
    if !start.pinned.is_empty() {
        body["resources"]["pipelines"] = set(&start.pinned, "version").into();
    }
    if !start.stages_to_skip.is_empty() {
        body["stagesToSkip"] = json!(start.stages_to_skip);
    }
    if !start.template_parameters.is_empty() {
        body["templateParameters"] = json!(start.template_parameters);
    }
    if !variables.is_empty() {
        body["variables"] = set(&variables, "value").into();
    }
    body
}

fn refused_key(error: &Error) -> bool {
    matches!(error.cause::<Failure>(), Some(Failure::Status { status: 400, said, .. }) if said.contains(RUN_VARIABLE))
}

/// Says of a refusal what it is about.
fn explain(error: Error, pipeline: &str) -> Error {
    match status(&error) {
        Some(400) => error
            .context(format!("the pipeline {pipeline} was refused"))
            .hint("check the stages, parameters, variables and resources that its file declares"),
        _ => error,
    }
}
