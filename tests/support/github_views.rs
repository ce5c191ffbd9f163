//! What the fake GitHub shows of its workflows, branches and runs: the shapes of the REST API, version 2022-11-28.

use super::{Mood, REPOSITORY};
use serde_json::{Map, Value, json};

/// Its workflows: file, name, state, and what is below `on:`.
pub const WORKFLOWS: [(&str, &str, &str, &str); 9] = [
    ("pass", "Passes", "active", "on: workflow_dispatch\n"),
    ("fail", "Fails", "active", "on: [push, workflow_dispatch]\n"),
    ("slow", "Slow", "active", "on:\n  workflow_dispatch:\n"),
    ("word", "Words", "active", "on:\n  workflow_dispatch:\n    inputs:\n      word:\n        description: one\n"),
    ("lost", "Loses its runner", "active", "on: workflow_dispatch\n"),
    ("timed", "Takes too long", "active", "on: workflow_dispatch\n"),
    ("grouped", "Has a concurrency group", "active", "on: workflow_dispatch\n"),
    ("pushed", "Only pushes", "active", "on: push\n"),
    ("disabled", "Disabled", "disabled_manually", "on: workflow_dispatch\n"),
];
/// The number of the first workflow, and of the first run.
pub const FIRST: (u64, u64) = (501, 30_000_001);

pub struct Run {
    pub id: u64,
    pub workflow: usize,
    pub branch: String,
    pub revision: String,
    pub inputs: Map<String, Value>,
    pub looks: usize,
    pub stopped: bool,
    pub superseded: bool,
    /// How many lists leave it out.
    pub late: usize,
    pub attempt: u32,
    pub event: &'static str,
}

pub fn workflow(at: usize) -> Value {
    let (file, name, state, _) = WORKFLOWS[at];
    json!({
        "id": FIRST.0 + at as u64, "node_id": "W_1", "name": name, "path": format!(".github/workflows/{file}.yml"),
        "state": state, "created_at": "2020-01-08T23:48:37.000-08:00", "updated_at": "2020-01-08T23:50:21.000-08:00",
        "url": format!("https://api.github.com/repos/{REPOSITORY}/actions/workflows/{}", FIRST.0 + at as u64),
        "html_url": format!("https://github.com/{REPOSITORY}/blob/main/.github/workflows/{file}.yml"),
        "badge_url": format!("https://github.com/{REPOSITORY}/workflows/{name}/badge.svg"),
    })
}

pub fn reference(name: &str, sha: &str) -> Value {
    let object = json!({ "type": "commit", "sha": sha, "url": "https://api.github.com/" });
    let url = format!("https://api.github.com/repos/{REPOSITORY}/git/refs/{name}");
    json!({ "ref": format!("refs/{name}"), "node_id": "R_1", "url": url, "object": object })
}

/// The status and the conclusion of a run.
pub fn status(run: &Run, mood: &Mood) -> (&'static str, Option<&'static str>) {
    let name = WORKFLOWS[run.workflow].0;
    match (name, run.looks) {
        _ if run.stopped || run.superseded => ("completed", Some("cancelled")),
        (_, 0 | 1) => ("queued", None),
        ("slow", _) | (_, 2) => ("in_progress", None),
        _ if mood.conclusion.is_some() => ("completed", mood.conclusion),
        ("fail" | "lost", _) => ("completed", Some("failure")),
        ("timed", _) => ("completed", Some("cancelled")),
        _ => ("completed", Some("success")),
    }
}

/// Its times count from the start of a year, by its number.
pub fn time(run: &Run, seconds: u64) -> String {
    let second = (run.id - FIRST.1) * 60 + seconds;
    format!("2026-01-01T{:02}:{:02}:{:02}Z", second / 3600 % 24, second / 60 % 60, second % 60)
}

pub fn show(run: &Run, mood: &Mood) -> Value {
    let (status, conclusion) = status(run, mood);
    let at = workflow(run.workflow);
    let url = format!("https://api.github.com/repos/{REPOSITORY}/actions/runs/{}", run.id);
    json!({
        "id": run.id, "name": at["name"], "node_id": "WFR_1", "head_branch": run.branch, "head_sha": run.revision,
        "path": at["path"], "run_number": run.id - FIRST.1 + 1, "run_attempt": run.attempt, "event": run.event,
        "display_title": at["name"], "status": status, "conclusion": conclusion, "workflow_id": at["id"],
        "url": url, "jobs_url": format!("{url}/jobs"), "logs_url": format!("{url}/logs"),
        "cancel_url": format!("{url}/cancel"), "rerun_url": format!("{url}/rerun"), "artifacts_url": format!("{url}/artifacts"),
        "html_url": format!("https://github.com/{REPOSITORY}/actions/runs/{}", run.id),
        "created_at": time(run, 0), "run_started_at": time(run, 1), "updated_at": time(run, 30), "pull_requests": [],
    })
}

/// A run's jobs: one, which has none of its steps where the run never began.
pub fn jobs(run: &Run, mood: &Mood) -> Vec<Value> {
    let (status, conclusion) = status(run, mood);
    let step = |conclusion: Option<&str>| json!({ "name": "run", "number": 1, "status": "completed", "conclusion": conclusion });
    let steps: Vec<Value> = match (WORKFLOWS[run.workflow].0, conclusion) {
        _ if run.looks < 2 => vec![],
        ("lost", _) => vec![step(Some("success")), step(None)],
        (_, conclusion) => vec![step(conclusion)],
    };
    let id = format!("{}7", run.id).parse::<u64>().unwrap();
    vec![json!({
        "id": id, "run_id": run.id, "name": "build", "status": status, "conclusion": conclusion, "steps": steps,
        "head_sha": run.revision, "started_at": time(run, 1), "completed_at": time(run, 30), "run_attempt": run.attempt,
        "check_run_url": format!("https://api.github.com/repos/{REPOSITORY}/check-runs/{id}"),
    })]
}

pub fn annotations(run: &Run, mood: &Mood) -> Value {
    let note = |message: &str| json!([{ "path": ".github", "annotation_level": "failure", "message": message }]);
    match WORKFLOWS[run.workflow].0 {
        "lost" => {
            note("The hosted runner lost communication with the server. Anything in your workflow that terminates it")
        }
        "timed" => {
            note("The job running on runner GitHub Actions 2 has exceeded the maximum execution time of 1 minutes.")
        }
        "grouped" if run.superseded && mood.says_why => {
            note("Canceling since a higher priority waiting request for 'grouped' exists")
        }
        _ => json!([]),
    }
}
