//! What the Azure DevOps of the tests has: a repository, pipelines, and builds that end when they are looked at.

use super::stages;
use jiff::{Timestamp, ToSpan};
use serde_json::{Map, Value, json};

/// The project's name.
pub const PROJECT: &str = "widgets";
const BRANCH: &str = "refs/heads/main";

/// What is wrong with the file of a pipeline that ends as [`Ends::Invalid`].
pub const INVALID: &str = "/ci/broken.yml (Line: 3, Col: 1): Unexpected value 'stpes'";

/// How a job's builds end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// With a result that the API knows, or one that it does not.
    With(&'static str),
    /// Failed: its agent was lost.
    Lost,
    /// Cancelled by the server: it took too long.
    TooLong,
    /// Failed before it began: its file is wrong. Only a push makes such a build; a request is refused.
    Invalid,
    /// When it is stopped.
    Never,
}

/// A pipeline, or a classic build.
#[derive(Debug, Clone)]
pub struct Definition {
    pub id: u64,
    pub name: &'static str,
    pub path: &'static str,
    pub yaml: bool,
    /// The parameters of its file.
    pub templates: &'static [&'static str],
    /// The variables that may be set for a run.
    pub variables: &'static [&'static str],
    pub queue_status: &'static str,
    pub ends: Ends,
    pub stages: &'static [stages::Stage],
}

/// A build.
#[derive(Debug, Clone)]
pub struct Build {
    pub id: u64,
    pub definition: Definition,
    pub version: String,
    pub branch: String,
    pub variables: Map<String, Value>,
    pub templates: Map<String, Value>,
    pub status: &'static str,
    pub result: Option<&'static str>,
    pub queued: Timestamp,
    /// Its stages, where its pipeline has some.
    pub stages: Vec<stages::Run>,
    /// What it left behind, besides `drop`: each artifact's name and zip.
    pub artifacts: Vec<(String, Vec<u8>)>,
    /// Looks since it was taken.
    looks: i32,
}

/// Every pipeline.
pub fn definitions() -> Vec<Definition> {
    use Ends::*;
    let plain = |id, name, ends| Definition {
        id,
        name,
        path: "\\",
        yaml: true,
        templates: &[],
        variables: &["ci_tool_key"],
        queue_status: "enabled",
        ends,
        stages: &[],
    };
    let staged = |id, name, stages| Definition {
        variables: &["ci_tool_key", "ci_tool_run"],
        templates: &["bar", "build"],
        stages,
        ..plain(id, name, Never)
    };
    vec![
        plain(1, "pass", With("succeeded")),
        plain(2, "fail", With("failed")),
        plain(3, "slow", Never),
        Definition { templates: &["word"], ..plain(4, "word", With("succeeded")) },
        Definition {
            path: "\\nightly",
            yaml: false,
            variables: &["ci_tool_key", "word"],
            ..plain(5, "classic", With("succeeded"))
        },
        Definition { variables: &[], ..plain(6, "keyless", With("succeeded")) },
        plain(7, "lost", Lost),
        plain(8, "long", TooLong),
        plain(9, "weird", With("WEIRD")),
        plain(10, "broken", Invalid),
        plain(11, "shaky", With("partiallySucceeded")),
        Definition { queue_status: "disabled", ..plain(12, "off", With("succeeded")) },
        staged(13, "release", stages::RELEASE),
        staged(14, "strange", stages::STRANGE),
    ]
}

impl Definition {
    /// The name that `ci-tool` has for it.
    pub fn job(&self) -> String {
        format!("{}/{}", self.path.trim_matches('\\'), self.name).trim_start_matches('/').to_owned()
    }

    /// As the API shows it, whole or as a reference.
    pub fn json(&self, base: &str, whole: bool) -> Value {
        let mut value = json!({
            "id": self.id, "name": self.name, "path": self.path, "type": "build", "queueStatus": self.queue_status,
            "revision": 3, "uri": format!("vstfs:///Build/Definition/{}", self.id),
            "project": { "id": "11111111-2222-3333-4444-555555555555", "name": PROJECT, "state": "wellFormed" },
            "_links": { "web": { "href": format!("{base}/{PROJECT}/_build/definition?definitionId={}", self.id) } },
            "createdDate": "2024-05-01T10:00:00.123Z", "quality": "definition",
        });
        if whole {
            let variables = self
                .variables
                .iter()
                .map(|name| ((*name).to_owned(), json!({ "value": "default", "allowOverride": true })));
            value["process"] = if self.yaml {
                json!({ "yamlFilename": format!("ci/{}.yml", self.name), "type": 2 })
            } else {
                json!({ "phases": [{ "name": "Agent job 1", "steps": [], "jobAuthorizationScope": 1 }], "type": 1 })
            };
            value["variables"] = variables.collect::<Map<String, Value>>().into();
            value["repository"] = json!({ "id": "r1", "type": "TfsGit", "name": PROJECT, "defaultBranch": BRANCH });
        }
        value
    }
}

impl Build {
    pub fn new(
        id: u64,
        definition: &Definition,
        version: String,
        variables: Map<String, Value>,
        templates: Map<String, Value>,
        queued: Timestamp,
    ) -> Build {
        let branch = BRANCH.to_owned();
        let definition = definition.clone();
        Build {
            id,
            definition,
            version,
            branch,
            variables,
            templates,
            status: "notStarted",
            result: None,
            queued,
            stages: Vec::new(),
            artifacts: Vec::new(),
            looks: 0,
        }
    }

    /// Goes on: what is looked at begins, and ends with the second look. `known` says whether its revision exists.
    pub fn advance(&mut self, known: bool) {
        if self.status == "completed" {
            return;
        }
        self.looks += 1;
        if !self.stages.is_empty() {
            (self.status, self.result) = stages::advance(&mut self.stages, self.status == "cancelling");
            return;
        }
        let ends = if known { self.definition.ends } else { Ends::With("failed") };
        (self.status, self.result) = match (self.status, ends, self.looks) {
            ("cancelling", ..) => ("completed", Some("canceled")),
            (_, Ends::Invalid, _) => ("completed", Some("failed")),
            (_, Ends::Never, _) | (_, _, 1) => ("inProgress", None),
            (_, Ends::With(result), _) => ("completed", Some(result)),
            (_, Ends::Lost, _) => ("completed", Some("failed")),
            (_, Ends::TooLong, _) => ("completed", Some("canceled")),
        };
    }

    fn started(&self) -> bool {
        self.status != "notStarted" && self.definition.ends != Ends::Invalid
    }

    /// As the area `build` shows it.
    pub fn json(&self, base: &str) -> Value {
        let web = format!("{base}/{PROJECT}/_build/results?buildId={}", self.id);
        let mut value = json!({
            "id": self.id, "buildNumber": format!("20240501.{}", self.id), "status": self.status, "queueTime": self.queued.to_string(),
            "definition": self.definition.json(base, false), "sourceBranch": self.branch, "sourceVersion": self.version,
            "reason": "manual", "priority": "normal", "tags": [], "properties": {}, "templateParameters": self.templates,
            "url": format!("{base}/{PROJECT}/_apis/build/Builds/{}", self.id), "uri": format!("vstfs:///Build/Build/{}", self.id),
            "repository": { "id": "r1", "type": "TfsGit" }, "validationResults": [], "plans": [{ "planId": "p" }],
            "_links": { "web": { "href": web } },
        });
        if !self.variables.is_empty() {
            value["parameters"] = Value::from(Value::Object(self.variables.clone()).to_string());
        }
        if self.started() {
            value["startTime"] = self.queued.saturating_add(1.second()).unwrap().to_string().into();
        }
        if self.status == "completed" {
            value["result"] = self.result.into();
            value["finishTime"] = self.queued.saturating_add(3.seconds()).unwrap().to_string().into();
        }
        if self.definition.ends == Ends::Invalid {
            value["validationResults"] = json!([{ "result": "error", "message": INVALID }]);
        }
        value
    }

    /// As the area `pipelines` shows it.
    pub fn run_json(&self, base: &str) -> Value {
        let variables = self.variables.iter().map(|(name, value)| (name.clone(), json!({ "value": value })));
        let state = if self.status == "completed" { "completed" } else { "inProgress" };
        json!({
            "id": self.id, "name": format!("20240501.{}", self.id), "state": state, "createdDate": self.queued.to_string(),
            "pipeline": { "id": self.definition.id, "name": self.definition.name, "folder": self.definition.path, "revision": 3 },
            "variables": variables.collect::<Map<String, Value>>(), "templateParameters": self.templates,
            "resources": { "repositories": { "self": {
                "repository": { "id": "r1", "type": "azureReposGit" }, "refName": self.branch, "version": self.version } } },
            "_links": { "web": { "href": format!("{base}/{PROJECT}/_build/results?buildId={}", self.id) } },
        })
    }

    /// What happened in it; nothing where it never began.
    pub fn timeline(&self, known: bool) -> Option<Value> {
        if !self.started() {
            return None;
        }
        let record =
            |id: &str, parent: Option<&str>, kind: &str, name: &str, result: Option<&str>, issue: Option<&str>| {
                let issues: Vec<Value> = issue
                    .iter()
                    .map(|text| json!({ "type": "error", "category": "General", "message": text, "data": {} }))
                    .collect();
                let state = if result.is_some() { "completed" } else { "inProgress" };
                json!({ "id": id, "parentId": parent, "type": kind, "name": name, "state": state, "result": result,
                    "attempt": 1, "issues": issues, "previousAttempts": [], "task": null, "workerName": "agent 1" })
            };
        if !self.stages.is_empty() {
            return stages::timeline(self, None);
        }
        let result = self.result;
        let (job, task): (Option<&str>, Option<&str>) = match self.definition.ends {
            _ if !known => (None, Some("Git fetch failed with exit code 128")),
            Ends::Lost => (
                Some(
                    "We stopped hearing from agent agent 1. Verify the agent machine is running and has a healthy network connection.",
                ),
                None,
            ),
            Ends::TooLong => {
                (Some("The job running on agent agent 1 ran longer than the maximum time of 60 minutes."), None)
            }
            _ if result == Some("failed") => (None, Some("Bash exited with code '1'.")),
            _ => (None, None),
        };
        let step = if known { "run the tests" } else { "Checkout widgets@main to s" };
        Some(json!({ "id": "t", "changeId": 5, "records": [
            record("s", None, "Stage", "__default", result, None),
            record("p", Some("s"), "Phase", "Job", result, None),
            record("j", Some("p"), "Job", "Job", result, job),
            record("k", Some("j"), "Task", step, result, task),
        ]}))
    }

    /// Its logs.
    pub fn logs(&self) -> Vec<Vec<String>> {
        if !self.started() {
            return vec![];
        }
        let values = self.variables.iter().chain(&self.templates);
        let values = values.map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()));
        vec![
            vec![format!("##[section]Starting: {}", self.definition.name)],
            values.chain([format!("at {}", self.version)]).collect(),
        ]
    }
}
