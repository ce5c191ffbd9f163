//! Starting a pipeline or a classic build.

use super::{
    AzureDevops,
    shapes::{Build, Definition, KEY_VARIABLE, PipelineRun, Preview},
    status,
};
use crate::{
    engine::{Request, Submitted, check_parameters},
    error::{Error, Kind, Result},
    http::{Failure, Repeat},
    pipeline::{
        job::Job,
        run::{Run, State},
    },
};
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeMap, HashSet},
    sync::{MutexGuard, PoisonError},
};

impl AzureDevops {
    pub(super) async fn start(&self, request: &Request) -> Result<Submitted> {
        let definition = self.definition(&request.job).await?;
        let job = definition.job();
        refuse_blocked(&job)?;
        check_parameters(&job, request)?;
        self.preview(definition, request).await?;
        let keyed = !self.keyless().contains(&definition.id);
        let result = self.post(definition, request, keyed).await;
        match result {
            // It was refused for the key alone, or for it among others: nothing began.
            Err(error) if keyed && refused_key(&error) => {
                tracing::warn!(
                    "the pipeline {} does not let {KEY_VARIABLE} be set: a lost answer cannot be found again",
                    job.name
                );
                self.keyless().insert(definition.id);
                self.post(definition, request, false).await
            }
            other => other,
        }
    }

    /// Asks what a pipeline would be with the parameters, which starts nothing: Azure DevOps knows the parameters of its file
    /// only at a revision. Asked once for the same.
    async fn preview(&self, definition: &Definition, request: &Request) -> Result<()> {
        let body = pipeline_body(definition, request, false);
        if !definition.is_yaml() || body.get("templateParameters").is_none() {
            return Ok(());
        }
        let asked = format!("{} {body}", definition.id);
        let previewed = || self.previewed.lock().unwrap_or_else(PoisonError::into_inner);
        if previewed().contains(&asked) {
            return Ok(());
        }
        // The place of its own, not the option of the other: a server that did not know the option would start a run.
        let url = self.api.url(&["pipelines", &definition.id.to_string(), "preview"], &[]);
        let what = "a look at a pipeline with its parameters";
        let answer = self
            .api
            .post(&url, &body, Repeat::Safe, what)
            .await
            .map_err(|error| explain(error, definition, request))?;
        let Preview { final_yaml: _ } = self.api.read(&answer, what)?;
        previewed().insert(asked);
        Ok(())
    }

    async fn post(&self, definition: &Definition, request: &Request, keyed: bool) -> Result<Submitted> {
        let id = definition.id.to_string();
        let (url, body) = if definition.is_yaml() {
            (self.api.url(&["pipelines", &id, "runs"], &[]), pipeline_body(definition, request, keyed))
        } else {
            (self.api.url(&["build", "builds"], &[]), build_body(definition, request, keyed))
        };
        let what = "a new run";
        let answer = match self.api.post(&url, &body, Repeat::Unsafe, what).await {
            Ok(answer) => answer,
            Err(error) if error.cause::<Failure>().is_some_and(Failure::may_have_arrived) => {
                return Ok(Submitted::Uncertain(error.causes().pop().unwrap_or_default()));
            }
            Err(error) => return Err(explain(error, definition, request)),
        };
        // From here on it is taken: what cannot be read is no refusal.
        let run = if definition.is_yaml() {
            self.api.read(&answer, what).map(of_pipeline)
        } else {
            self.api.read(&answer, what).map(of_build)
        };
        Ok(match run {
            Ok(run) => Submitted::Run(Run {
                job: request.job.clone(),
                revision: Some(request.revision.clone()),
                key: keyed.then(|| request.key.clone()),
                ..run
            }),
            Err(error) => Submitted::Uncertain(error.to_string()),
        })
    }

    fn keyless(&self) -> MutexGuard<'_, HashSet<u64>> {
        self.keyless.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Refuses a job that Azure DevOps does not start.
pub(super) fn refuse_blocked(job: &Job) -> Result<()> {
    let Some(why) = &job.blocked else { return Ok(()) };
    Err(Error::new(Kind::Usage, format!("the job {} cannot be started: {why}", job.name))
        .hint("enable it in its settings in Azure DevOps"))
}

pub(super) fn of_pipeline(run: PipelineRun) -> Run {
    Run {
        got_revision: run.resources.repositories.get("self").and_then(|own| own.version.clone()),
        url: run.links.unwrap_or_default().web.map(|link| link.href),
        queued: run.created_date,
        ..Run::new(run.id.to_string(), "", State::Pending)
    }
}

fn of_build(build: Build) -> Run {
    Run {
        got_revision: build.source_version.filter(|version| !version.is_empty()),
        url: build.links.unwrap_or_default().web.map(|link| link.href),
        queued: build.queue_time,
        ..Run::new(build.id.to_string(), "", State::Pending)
    }
}

/// The branch, as a ref: the request's, or the definition's own.
fn branch(definition: &Definition, request: &Request) -> Option<String> {
    match &request.branch {
        Some(branch) if branch.starts_with("refs/") => Some(branch.clone()),
        Some(branch) => Some(format!("refs/heads/{branch}")),
        None => definition.repository.as_ref()?.default_branch.clone(),
    }
}

/// The variables of a run, and the template parameters: a parameter that is a variable of the definition is set as one.
fn values<'r>(
    definition: &Definition,
    request: &'r Request,
    keyed: bool,
) -> (BTreeMap<&'r str, &'r str>, BTreeMap<&'r str, &'r str>) {
    let given = request.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let (mut variables, templates): (BTreeMap<_, _>, BTreeMap<_, _>) =
        given.partition(|(name, _)| !definition.is_yaml() || definition.may_set(name));
    variables.extend(request.env.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    variables.extend(keyed.then_some((KEY_VARIABLE, request.key.as_str())));
    (variables, templates)
}

fn pipeline_body(definition: &Definition, request: &Request, keyed: bool) -> Value {
    let (variables, templates) = values(definition, request, keyed);
    let mut own = json!({ "version": request.revision });
    if let Some(branch) = branch(definition, request) {
        own["refName"] = branch.into();
    }
    let mut body = json!({ "resources": { "repositories": { "self": own } } });
    if !templates.is_empty() {
        body["templateParameters"] = json!(templates);
    }
    if !variables.is_empty() {
        let variables: Map<String, Value> =
            variables.into_iter().map(|(name, value)| (name.to_owned(), json!({ "value": value }))).collect();
        body["variables"] = variables.into();
    }
    body
}

fn build_body(definition: &Definition, request: &Request, keyed: bool) -> Value {
    let (variables, _) = values(definition, request, keyed);
    let mut body = json!({ "definition": { "id": definition.id }, "sourceVersion": request.revision });
    if let Some(branch) = branch(definition, request) {
        body["sourceBranch"] = branch.into();
    }
    if !variables.is_empty() {
        // The API wants an object as text.
        body["parameters"] = json!(variables).to_string().into();
    }
    body
}

fn refused_key(error: &Error) -> bool {
    matches!(error.cause::<Failure>(), Some(Failure::Status { status: 400, said, .. }) if said.contains(KEY_VARIABLE))
}

/// Says of a refusal what it is about.
fn explain(error: Error, definition: &Definition, request: &Request) -> Error {
    if status(&error) != Some(400) {
        return error;
    }
    let names = request.parameters.keys().chain(request.env.keys()).cloned().collect::<Vec<_>>().join(", ");
    let hint = match names.as_str() {
        "" => format!("check that the repository of {} has {}", definition.job_name(), request.revision),
        names => format!(
            "check {names}: a pipeline takes the parameters of its file at {}, and variables that it declares as settable at queue time",
            request.revision
        ),
    };
    error.context(format!("the job {} was refused at {}", definition.job_name(), request.revision)).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(kind: u32) -> Definition {
        serde_json::from_value(json!({
            "id": 7, "name": "unit", "path": "\\nightly", "process": { "type": kind },
            "variables": { "word": { "value": "x", "allowOverride": true }, "fixed": { "value": "y" } },
            "repository": { "defaultBranch": "refs/heads/trunk" },
        }))
        .unwrap()
    }

    fn request() -> Request {
        let map = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).into(), (*b).into())).collect();
        Request {
            job: "nightly/unit".into(),
            revision: "abc".into(),
            parameters: map(&[("word", "a \"b\""), ("config", "debug")]),
            env: map(&[("RUST_LOG", "trace")]),
            key: "ci-tool-s-1-1".into(),
            ..Request::default()
        }
    }

    #[test]
    fn a_pipeline_gets_template_parameters_and_variables_apart() {
        assert_eq!(
            pipeline_body(&definition(2), &request(), true),
            json!({
                "resources": { "repositories": { "self": { "refName": "refs/heads/trunk", "version": "abc" } } },
                "templateParameters": { "config": "debug" },
                "variables": { "word": { "value": "a \"b\"" }, "RUST_LOG": { "value": "trace" },
                               "ci_tool_key": { "value": "ci-tool-s-1-1" } },
            })
        );
    }

    #[test]
    fn a_classic_build_gets_them_as_text() {
        let request = Request { branch: Some("next".into()), ..request() };
        let body = build_body(&definition(1), &request, false);
        let parameters: Value = serde_json::from_str(body["parameters"].as_str().unwrap()).unwrap();
        assert_eq!(parameters, json!({ "word": "a \"b\"", "config": "debug", "RUST_LOG": "trace" }));
        assert_eq!((&body["sourceBranch"], &body["sourceVersion"]), (&json!("refs/heads/next"), &json!("abc")));
        assert_eq!(definition(1).job_name(), "nightly/unit");
    }
}
