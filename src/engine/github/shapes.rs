//! What GitHub answers, as far as it is used: REST API, version 2022-11-28.

use jiff::Timestamp;
use serde::Deserialize;

/// A page of `GET …/actions/workflows`.
#[derive(Debug, Deserialize)]
pub(super) struct Workflows {
    pub workflows: Vec<Workflow>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Workflow {
    pub id: u64,
    pub name: String,
    pub path: String,
    pub state: WorkflowState,
    pub html_url: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum WorkflowState {
    Active,
    Deleted,
    DisabledFork,
    DisabledInactivity,
    DisabledManually,
}

/// A page of `GET …/actions/runs` and `GET …/actions/workflows/ID/runs`.
#[derive(Debug, Deserialize)]
pub(super) struct Runs {
    pub workflow_runs: Vec<WorkflowRun>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct WorkflowRun {
    pub id: u64,
    pub workflow_id: u64,
    pub head_branch: Option<String>,
    pub head_sha: String,
    pub event: String,
    pub status: Status,
    pub conclusion: Option<Conclusion>,
    pub run_attempt: Option<u32>,
    pub html_url: Option<String>,
    pub created_at: Timestamp,
    pub run_started_at: Option<Timestamp>,
    pub updated_at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    Requested,
    Queued,
    Pending,
    Waiting,
    InProgress,
    Completed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Conclusion {
    Success,
    Failure,
    Neutral,
    Cancelled,
    Skipped,
    TimedOut,
    ActionRequired,
    Stale,
    StartupFailure,
}

/// A page of `GET …/actions/runs/ID/jobs`.
#[derive(Debug, Deserialize)]
pub(super) struct Jobs {
    pub jobs: Vec<RunJob>,
}

/// A job of a run. Its id is that of its check run, too.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct RunJob {
    pub id: u64,
    pub name: String,
    pub conclusion: Option<Conclusion>,
    #[serde(default)]
    pub steps: Vec<Step>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Step {
    pub conclusion: Option<Conclusion>,
}

/// An element of `GET …/check-runs/ID/annotations`.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Annotation {
    pub message: Option<String>,
}

/// What a dispatch answers that was asked for details.
#[derive(Debug, Deserialize)]
pub(super) struct Dispatched {
    pub workflow_run_id: u64,
    pub html_url: Option<String>,
}

/// An element of `GET …/git/matching-refs/…`.
#[derive(Debug, Deserialize)]
pub(super) struct Ref {
    #[serde(rename = "ref")]
    pub name: String,
    pub object: Object,
}

#[derive(Debug, Deserialize)]
pub(super) struct Object {
    pub sha: String,
}

/// An element of `GET …/activity`.
#[derive(Debug, Deserialize)]
pub(super) struct Activity {
    pub timestamp: Timestamp,
}

/// A page of `GET …/actions/runs/ID/artifacts`.
#[derive(Debug, Deserialize)]
pub(super) struct Artifacts {
    pub artifacts: Vec<RunArtifact>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RunArtifact {
    pub id: u64,
    pub name: String,
    pub size_in_bytes: u64,
    pub expired: bool,
}

/// `GET /repos/OWNER/NAME`.
#[derive(Debug, Deserialize)]
pub(super) struct Repository {
    pub full_name: String,
    pub permissions: Option<Permissions>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Permissions {
    pub push: bool,
}
