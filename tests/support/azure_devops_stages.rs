//! Pipelines with stages: which run as their needs allow, wait for approval, and are tried again.

use super::{
    JSON, State,
    wire::{Refusal, allowed, bad, fields, list, object, one},
    world::{Build, PROJECT},
};
use crate::http::Reply;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A stage of a pipeline: the results of its attempts, the last one's for all that follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    pub name: &'static str,
    pub needs: &'static [&'static str],
    pub approval: bool,
    pub ends: &'static [&'static str],
}

/// The stages of the pipeline `release`.
pub const RELEASE: &[Stage] = &[
    Stage { name: "validation", needs: &[], approval: false, ends: &["succeeded"] },
    Stage { name: "required_validation", needs: &[], approval: false, ends: &["failed", "succeeded"] },
    Stage { name: "publish", needs: &["required_validation"], approval: false, ends: &["succeeded"] },
    Stage { name: "sign_off", needs: &["validation"], approval: true, ends: &["succeeded"] },
    Stage { name: "finalize", needs: &["sign_off"], approval: false, ends: &["succeededWithIssues"] },
];
/// A stage that ends as no API says.
pub const STRANGE: &[Stage] = &[Stage { name: "odd", needs: &[], approval: false, ends: &["WEIRD"] }];

/// Where a stage of a build is.
#[derive(Debug, Clone)]
pub struct Run {
    stage: Stage,
    deselected: bool,
    state: &'static str,
    result: Option<&'static str>,
    attempt: usize,
    approval: &'static str,
    /// Records of earlier attempts; the timeline of each is `earlier-ATTEMPT`.
    earlier: Vec<Value>,
}

impl Run {
    fn satisfied(&self) -> bool {
        self.deselected || matches!(self.result, Some("succeeded" | "succeededWithIssues"))
    }

    fn approval_id(&self) -> String {
        format!("approval-{}", self.stage.name)
    }
}

/// The stages of a new build.
pub fn begun(stages: &[Stage], skip: &[String]) -> Vec<Run> {
    let run = |stage: &Stage| {
        let deselected = skip.iter().any(|name| name == stage.name);
        let (state, result) = if deselected { ("completed", Some("skipped")) } else { ("pending", None) };
        let approval = if stage.approval { "pending" } else { "none" };
        Run { stage: stage.clone(), deselected, state, result, attempt: 1, approval, earlier: Vec::new() }
    };
    stages.iter().map(run).collect()
}

/// Goes on by a step, as every look makes it; says how the whole is.
pub fn advance(runs: &mut [Run], cancelling: bool) -> (&'static str, Option<&'static str>) {
    let before = runs.to_vec();
    let need = |name: &str| before.iter().find(|run| run.stage.name == name).unwrap();
    for run in &mut *runs {
        let needs: Vec<&Run> = run.stage.needs.iter().map(|name| need(name)).collect();
        (run.state, run.result) = match run.state {
            "completed" => continue,
            _ if cancelling => ("completed", Some("canceled")),
            "inProgress" => ("completed", Some(run.stage.ends[(run.attempt - 1).min(run.stage.ends.len() - 1)])),
            _ if run.approval == "rejected" => ("completed", Some("skipped")),
            _ if needs.iter().any(|need| need.state == "completed" && !need.satisfied()) => {
                ("completed", Some("skipped"))
            }
            _ if needs.iter().all(|need| need.satisfied()) && matches!(run.approval, "none" | "approved") => {
                ("inProgress", None)
            }
            _ => continue,
        };
    }
    let all = |result: &str| runs.iter().any(|run| run.result == Some(result));
    match runs.iter().all(|run| run.state == "completed") {
        false => ("inProgress", None),
        true if all("canceled") => ("completed", Some("canceled")),
        true if all("failed") => ("completed", Some("failed")),
        true => ("completed", Some("succeeded")),
    }
}

/// The records of a build's stages, or of an earlier timeline.
pub fn timeline(build: &Build, id: Option<&str>) -> Option<Value> {
    let records: Vec<Value> = match id {
        None => build.stages.iter().flat_map(|run| records(run, &build.queued.to_string())).collect(),
        Some(id) => {
            build.stages.iter().flat_map(|run| &run.earlier).filter(|r| r["id"].as_str() == Some(id)).cloned().collect()
        }
    };
    (!records.is_empty()).then(|| json!({ "id": id.unwrap_or("t"), "changeId": 5, "records": records }))
}

fn records(run: &Run, at: &str) -> Vec<Value> {
    let id = run.stage.name;
    let record = |id: &str, parent: Option<&str>, kind: &str, state: &str, result: Option<&str>| {
        json!({ "id": id, "parentId": parent, "type": kind, "name": id, "identifier": id, "state": state, "result": result,
                "attempt": run.attempt, "issues": [], "previousAttempts": [], "task": null })
    };
    let mut stage = record(id, None, "Stage", run.state, run.result);
    if run.result != Some("skipped") && run.state != "pending" {
        stage["startTime"] = at.into();
        if run.state == "completed" {
            stage["finishTime"] = at.into();
        }
    }
    if run.result == Some("skipped") && !run.deselected {
        stage["resultCode"] = "Evaluating: succeeded(), Result: = False".into();
    }
    let previous =
        |record: &Value| json!({ "attempt": record["attempt"], "timelineId": record["id"], "recordId": record["id"] });
    stage["previousAttempts"] = run.earlier.iter().map(previous).collect();
    let mut records = vec![stage];
    if run.stage.approval {
        let open = run.approval == "pending";
        let result = if run.approval == "rejected" { "failed" } else { "succeeded" };
        let (state, result) = if open { ("inProgress", None) } else { ("completed", Some(result)) };
        records.push(record(&format!("{id}-c"), Some(id), "Checkpoint", state, result));
        // Nobody is asked before it is its turn; here they always are.
        records.push(record(&run.approval_id(), Some(&format!("{id}-c")), "Checkpoint.Approval", state, result));
    }
    if run.result == Some("failed") {
        let mut task = record(&format!("{id}-t"), Some(&format!("{id}-j")), "Task", "completed", run.result);
        task["issues"] = json!([{ "type": "error", "category": "General", "message": "Bash exited with code '1'." }]);
        records.extend([record(&format!("{id}-j"), Some(id), "Job", "completed", run.result), task]);
    }
    records
}

/// `PATCH build/builds/ID/stages/NAME`.
pub fn change(build: &mut Build, name: &str, body: &Map<String, Value>) -> Result<Reply, Refusal> {
    fields(body, &["state", "forceRetryAllJobs"])?;
    let stage = build.stages.iter().position(|run| run.stage.name == name);
    let stage = stage.ok_or((404, "StageNotFoundException", format!("The stage {name} was not found.")))?;
    match (body.get("state").and_then(Value::as_str), build.stages[stage].state) {
        (Some("cancel"), "completed") => return Err(bad(format!("the stage {name} is completed"))),
        (Some("cancel"), _) => {
            let run = &mut build.stages[stage];
            (run.state, run.result) = ("completed", Some("canceled"));
        }
        (Some("retry"), "completed") => {
            let run = &build.stages[stage];
            let mut record = records(run, &build.queued.to_string()).remove(0);
            record["id"] = format!("earlier-{name}-{}", run.attempt).into();
            let run = &mut build.stages[stage];
            run.earlier.push(record);
            (run.state, run.result, run.attempt, run.deselected) = ("pending", None, run.attempt + 1, false);
            for run in build.stages.iter_mut().filter(|run| run.result == Some("skipped") && !run.deselected) {
                (run.state, run.result) = ("pending", None);
            }
            (build.status, build.result) = ("inProgress", None);
        }
        (Some("retry"), _) => return Err(bad(format!("the stage {name} is not in a state that can be retried"))),
        (other, _) => return Err(bad(format!("the state {other:?} cannot be set"))),
    }
    Ok(Reply::Answer(200, String::new(), vec![]))
}

/// `GET pipelines/approvals`.
pub fn approvals(state: &State, query: &BTreeMap<String, String>) -> Result<Reply, Refusal> {
    allowed(query, &["approvalIds", "$expand", "userIds", "state", "top"])?;
    let wanted: Option<Vec<&str>> = query.get("approvalIds").map(|ids| ids.split(',').collect());
    let all = state.builds.iter().flat_map(|build| &build.stages).filter(|run| run.stage.approval);
    let wanted = all.filter(|run| wanted.as_ref().is_none_or(|ids| ids.contains(&run.approval_id().as_str())));
    Ok(list(wanted.map(approval).collect(), None))
}

/// `PATCH pipelines/approvals`.
pub fn approve(state: &mut State, body: &[u8]) -> Result<Reply, Refusal> {
    let updates: Vec<Value> = serde_json::from_slice(body).map_err(|e| bad(format!("the body is no list: {e}")))?;
    let mut done = Vec::new();
    for update in &updates {
        fields(object(update)?, &["approvalId", "status", "comment"])?;
        let id = update["approvalId"].as_str().unwrap_or_default();
        let mut all = state.builds.iter_mut().flat_map(|build| &mut build.stages);
        let run = all.find(|run| run.stage.approval && run.approval_id() == id);
        let run = run.ok_or((404, "ApprovalNotFoundException", format!("The approval {id} was not found.")))?;
        if run.approval != "pending" {
            return Err(bad(format!("The approval {id} is completed.")));
        }
        run.approval = match update["status"].as_str() {
            Some("approved") => "approved",
            Some("rejected") => "rejected",
            other => return Err(bad(format!("the status {other:?} cannot be set"))),
        };
        done.push(approval(run));
    }
    Ok(list(done, None))
}

fn approval(run: &Run) -> Value {
    json!({ "id": run.approval_id(), "status": run.approval, "createdOn": "2024-05-01T10:00:00.12Z", "executionOrder": "anyOrder",
            "instructions": "look at the dashboard", "minRequiredApprovers": 1, "blockedApprovers": [],
            "steps": [{ "assignedApprover": { "displayName": "Release managers", "id": "g" }, "status": run.approval, "order": 1 }] })
}

/// `GET pipelines/P/runs/R/artifacts`: an address that is signed, and good for whoever has it.
pub fn signed(build: &Build, query: &BTreeMap<String, String>, base: &str) -> Result<Reply, Refusal> {
    allowed(query, &["artifactName", "$expand"])?;
    let name = query.get("artifactName").ok_or_else(|| bad("no artifactName".into()))?;
    if !build.artifacts.iter().any(|(known, _)| known == name) {
        return Err((404, "ArtifactNotFoundException", format!("Artifact {name} was not found.")));
    }
    let mut artifact =
        json!({ "name": name, "url": format!("{base}/{PROJECT}/_apis/pipelines/1/runs/{}/artifacts", build.id) });
    if query.get("$expand").map(String::as_str) == Some("signedContent") {
        let url = format!("{base}/_signed/{}/{name}?urlSignature=s", build.id);
        artifact["signedContent"] = json!({ "url": url, "signatureExpires": "2034-05-01T10:00:00Z" });
    }
    Ok(one(artifact))
}

/// What is behind a signed address. Credentials have no business there.
pub fn content(state: &State, build: &str, name: &str, authorized: bool) -> Reply {
    let known = state.builds.iter().find(|known| known.id.to_string() == build);
    let bytes = known.and_then(|build| build.artifacts.iter().find(|(known, _)| known == name));
    match bytes {
        Some(_) if authorized => Reply::Answer(400, JSON.into(), b"{\"message\": \"two credentials\"}".to_vec()),
        Some((_, bytes)) => Reply::Answer(200, "content-type: application/zip\r\n".into(), bytes.clone()),
        None => Reply::Answer(404, JSON.into(), vec![]),
    }
}
