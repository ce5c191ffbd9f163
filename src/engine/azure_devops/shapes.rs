//! What Azure DevOps answers, as far as it is read here: REST API 7.1, areas `build` and `pipelines`.

use crate::pipeline::job::{Job, Parameter};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

/// The variable that carries a request's key.
pub const KEY_VARIABLE: &str = "ci_tool_key";
/// `process.type` of a pipeline that is described by a file in the repository.
const YAML: u32 = 2;

/// A list.
#[derive(Debug, Deserialize)]
pub struct List<T> {
    /// What is in it.
    pub value: Vec<T>,
}

/// A pipeline, or a classic build: both are definitions.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Definition {
    /// Its number, which is the pipeline's number, too.
    pub id: u64,
    /// Its name, unique in its folder.
    pub name: String,
    /// Its folder: `\` or `\some\folder`.
    pub path: String,
    /// `enabled`, `paused`, `disabled`.
    pub queue_status: Option<String>,
    /// How it is described.
    pub process: Process,
    /// Its variables; those of a file in the repository are not among them.
    #[serde(default, deserialize_with = "or_null")]
    pub variables: BTreeMap<String, Variable>,
    /// Where it gets its sources.
    pub repository: Option<Repository>,
    /// Where people look at it.
    #[serde(rename = "_links")]
    pub links: Option<Links>,
}

/// How a definition is described.
#[derive(Debug, Clone, Deserialize)]
pub struct Process {
    /// 1 is classic, 2 is YAML.
    #[serde(rename = "type")]
    pub kind: u32,
}

/// A variable of a definition.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Variable {
    /// What it is unless set; a secret's is not told.
    pub value: Option<String>,
    /// Whether it may be set for a run.
    #[serde(default)]
    pub allow_override: bool,
    /// Whether it is a secret.
    #[serde(default)]
    pub is_secret: bool,
}

/// Where a definition gets its sources.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Repository {
    /// `refs/heads/main`.
    pub default_branch: Option<String>,
}

/// Links.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Links {
    /// For people.
    pub web: Option<Link>,
}

/// A link.
#[derive(Debug, Clone, Deserialize)]
pub struct Link {
    /// Where to.
    pub href: String,
}

impl Definition {
    /// The name that a job is asked for by: with its folder, where it is in one, written with `/`.
    pub fn job_name(&self) -> String {
        let folder = self.path.trim_matches('\\').replace('\\', "/");
        if folder.is_empty() { self.name.clone() } else { format!("{folder}/{}", self.name) }
    }

    /// Whether a file in the repository describes it.
    pub fn is_yaml(&self) -> bool {
        self.process.kind == YAML
    }

    /// Whether a variable is declared so that a run may set it.
    pub fn may_set(&self, variable: &str) -> bool {
        self.variables.get(variable).is_some_and(|v| v.allow_override)
    }

    /// The job. A YAML pipeline's template parameters are a matter of the file at the revision, so that its parameters are
    /// not known; a classic build's are the variables that may be set.
    pub fn job(&self) -> Job {
        let settable = self.variables.iter().filter(|(name, v)| v.allow_override && *name != KEY_VARIABLE);
        let parameters = settable.map(|(name, variable)| Parameter {
            name: name.clone(),
            default: variable.value.clone().filter(|_| !variable.is_secret),
            ..Parameter::default()
        });
        let blocked = match self.queue_status.as_deref() {
            None | Some("enabled") => None,
            Some(other) => Some(format!("it is {other} in Azure DevOps")),
        };
        Job {
            name: self.job_name(),
            id: self.id.to_string(),
            parameters: (!self.is_yaml()).then(|| parameters.collect()),
            takes_env: true,
            blocked,
            hidden: false,
            url: self.links.clone().unwrap_or_default().web.map(|link| link.href),
        }
    }
}

/// A build: a run of a pipeline has the same number.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Build {
    /// Its number.
    pub id: u64,
    /// What people call it, and what a resource of another pipeline is pinned to.
    pub build_number: Option<String>,
    /// What it is a build of.
    pub definition: Option<DefinitionReference>,
    /// Read by [`super::states`].
    pub status: String,
    /// Read by [`super::states`].
    pub result: Option<String>,
    /// When it was asked for.
    pub queue_time: Option<Timestamp>,
    /// When it began.
    pub start_time: Option<Timestamp>,
    /// When it ended.
    pub finish_time: Option<Timestamp>,
    /// The commit that it has.
    pub source_version: Option<String>,
    /// The variables that were set for it: an object, as text.
    pub parameters: Option<String>,
    /// What was wrong with it before it began.
    #[serde(default, deserialize_with = "or_null")]
    pub validation_results: Vec<Validation>,
    /// Where people look at it.
    #[serde(rename = "_links")]
    pub links: Option<Links>,
}

/// What a build is a build of.
#[derive(Debug, Clone, Deserialize)]
pub struct DefinitionReference {
    /// Its number.
    pub id: u64,
}

/// What was wrong with a build before it began.
#[derive(Debug, Clone, Deserialize)]
pub struct Validation {
    /// `ok`, `warning`, `error`.
    pub result: String,
    /// Why.
    #[serde(default)]
    pub message: String,
}

/// What starting a pipeline answers, and what is known of its run.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PipelineRun {
    /// The build's number.
    pub id: u64,
    /// When it was asked for.
    pub created_date: Option<Timestamp>,
    /// The variables that were set for it.
    #[serde(default, deserialize_with = "or_null")]
    pub variables: BTreeMap<String, SetVariable>,
    /// What it uses.
    #[serde(default, deserialize_with = "or_null")]
    pub resources: Resources,
    /// Where people look at it.
    #[serde(rename = "_links")]
    pub links: Option<Links>,
}

/// A variable that was set for a run.
#[derive(Debug, Deserialize)]
pub struct SetVariable {
    /// Its value; a secret's is not told.
    pub value: Option<String>,
}

/// What a run uses.
#[derive(Debug, Default, Deserialize)]
pub struct Resources {
    /// By name: `self` is the one that holds the pipeline.
    #[serde(default, deserialize_with = "or_null")]
    pub repositories: BTreeMap<String, UsedRepository>,
}

/// A repository that a run uses.
#[derive(Debug, Deserialize)]
pub struct UsedRepository {
    /// The commit.
    pub version: Option<String>,
}

/// What looking at a pipeline without starting it answers.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Preview {
    /// The file with its templates filled in. Its presence proves that nothing was started.
    pub final_yaml: String,
}

/// What happened in a build.
#[derive(Debug, Default, Deserialize)]
pub struct Timeline {
    /// Stages, phases, jobs, tasks: a tree.
    pub records: Vec<Record>,
}

/// A stage, phase, job or task.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// What its children name.
    pub id: String,
    /// What it is in.
    pub parent_id: Option<String>,
    /// `Stage`, `Phase`, `Job`, `Task`, `Checkpoint`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// For people.
    pub name: String,
    /// What it is called in the file; the same for every attempt.
    pub identifier: Option<String>,
    /// `pending`, `inProgress`, `completed`.
    pub state: Option<String>,
    /// Which time it ran, from 1.
    pub attempt: Option<usize>,
    /// Where the times before are told.
    #[serde(default, deserialize_with = "or_null")]
    pub previous_attempts: Vec<PreviousAttempt>,
    /// When it began.
    pub start_time: Option<Timestamp>,
    /// When it ended.
    pub finish_time: Option<Timestamp>,
    /// What its condition came to: `Evaluating: succeeded(), Result: = False`.
    pub result_code: Option<String>,
    /// Its log.
    pub log: Option<Log>,
    /// `succeeded`, `failed`, `canceled`, `abandoned`, `skipped`, …
    pub result: Option<String>,
    /// Errors and warnings.
    #[serde(default, deserialize_with = "or_null")]
    pub issues: Vec<Issue>,
    /// Which task it is.
    pub task: Option<Task>,
}

/// A time that something ran before.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PreviousAttempt {
    /// The timeline that tells it.
    pub timeline_id: Option<String>,
    /// The record in that timeline.
    pub record_id: Option<String>,
}

/// An error or a warning.
#[derive(Debug, Clone, Deserialize)]
pub struct Issue {
    /// `error`, `warning`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it says.
    pub message: Option<String>,
}

/// Which task.
#[derive(Debug, Clone, Deserialize)]
pub struct Task {
    /// `Checkout`, `CmdLine`, …
    pub name: String,
}

/// A log of a build.
#[derive(Debug, Clone, Deserialize)]
pub struct Log {
    /// Its number in the build.
    pub id: u64,
}

/// Files of a build.
#[derive(Debug, Deserialize)]
pub struct BuildArtifact {
    /// Their name.
    pub name: String,
    /// Where they are.
    pub resource: ArtifactResource,
}

/// Files of a run, with an address that is good for a while for whoever has it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunArtifact {
    /// The address.
    pub signed_content: Option<SignedUrl>,
}

/// An address that is good for a while.
#[derive(Debug, Deserialize)]
pub struct SignedUrl {
    /// A secret.
    pub url: String,
}

/// An approval that somebody is asked for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Approval {
    /// Its number, a UUID: that of its record in the timeline.
    pub id: String,
    /// Read by [`super::pipelines`].
    pub status: String,
    /// What people are told.
    pub instructions: Option<String>,
    /// Who is asked.
    #[serde(default, deserialize_with = "or_null")]
    pub steps: Vec<ApprovalStep>,
}

/// One person or group that is asked.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalStep {
    /// Who.
    pub assigned_approver: Option<Identity>,
}

/// A person or a group.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// The name.
    pub display_name: Option<String>,
}

/// Where files are.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ArtifactResource {
    /// `PipelineArtifact`, `Container`, `FilePath` (a share, which cannot be fetched), …
    #[serde(rename = "type")]
    pub kind: String,
    /// Where a zip of them is.
    pub download_url: Option<String>,
    /// More, by kind: `artifactsize`, in bytes.
    #[serde(default, deserialize_with = "or_null")]
    pub properties: BTreeMap<String, String>,
}

impl Build {
    /// The variables that were set for it; `None` where it does not say.
    pub fn variables(&self) -> Option<BTreeMap<String, serde_json::Value>> {
        serde_json::from_str(self.parameters.as_deref()?).ok()
    }
}

/// What is absent and what is `null` are both nothing.
fn or_null<'de, T: Default + Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}
