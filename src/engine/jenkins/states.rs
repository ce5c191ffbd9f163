//! What the results of Jenkins say.

use super::shapes::{Action, Build, checked_out};
use crate::{
    error::{Error, Kind, Result},
    pipeline::run::State,
};

/// The action that says who or what stopped a build.
const INTERRUPTED: &str = "jenkins.model.InterruptedBuildAction";
/// The cause of the pipeline step `timeout`.
const TIMED_OUT: &str = "TimeoutStepExecution$ExceededTimeout";
/// The causes of a pipeline whose agent is gone: `RemovedNodeCause`, `RemovedNodeTimeoutCause`.
const AGENT_LOST: &str = "ExecutorStepExecution$RemovedNode";

/// Where a build is, and why where the state alone does not say. `checks_out` tells whether builds of its job say what they
/// checked out.
///
/// A build that was aborted says why only where the pipeline knows: a time-out set by a plugin of a freestyle job looks like
/// somebody's stop. A failure of a job that checks out, in a build that checked nothing out, is not evidence.
///
/// # Errors
/// `Corrupt` for a result that is not known.
pub fn of(build: &Build, checks_out: bool) -> Result<(State, Option<String>)> {
    // A pipeline may have a result while it still runs.
    if build.building {
        return Ok((State::Running, None));
    }
    let cause = |class: &str| {
        interruptions(&build.actions).find(|(name, _)| name.contains(class)).map(|(_, why)| why.to_owned())
    };
    let stopped = || interruptions(&build.actions).next().map(|(_, why)| why.to_owned());
    Ok(match build.result.as_deref() {
        Some("SUCCESS") => (State::Succeeded, None),
        Some("UNSTABLE") => (State::SucceededWithIssues, Some("unstable".into())),
        Some("NOT_BUILT") => (State::Skipped, Some("not built".into())),
        Some("FAILURE" | "ABORTED") if cause(AGENT_LOST).is_some() => (State::Infra, cause(AGENT_LOST)),
        Some("FAILURE" | "ABORTED") if cause(TIMED_OUT).is_some() => (State::TimedOut, cause(TIMED_OUT)),
        Some("ABORTED") => (State::Cancelled, Some(stopped().unwrap_or_else(|| "stopped, or out of time".into()))),
        Some("FAILURE") if checks_out && checked_out(&build.actions).next().is_none() => {
            (State::Infra, Some("it ended before anything was checked out".into()))
        }
        Some("FAILURE") => (State::Failed, None),
        None => (State::Infra, Some("it ended without a result".into())),
        Some(other) => {
            return Err(Error::new(
                Kind::Corrupt,
                format!("the field result of build {} is {other:?}, which is no result of Jenkins", build.number),
            ));
        }
    })
}

fn interruptions(actions: &[Action]) -> impl Iterator<Item = (&str, &str)> {
    let stops = actions.iter().filter(|action| action.class.as_deref() == Some(INTERRUPTED));
    stops.flat_map(|action| &action.causes).map(|cause| {
        (cause.class.as_deref().unwrap_or_default(), cause.short_description.as_deref().unwrap_or("stopped"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn results_are_told_apart() {
        let by = |class: &str| json!([{ "_class": INTERRUPTED, "causes": [{ "_class": class, "shortDescription": "why" }] }]);
        let at = json!([{ "_class": "hudson.plugins.git.util.BuildData", "lastBuiltRevision": { "SHA1": "a" } }]);
        let timeout = by("org.jenkinsci.plugins.workflow.steps.TimeoutStepExecution$ExceededTimeout");
        let lost = by("org.jenkinsci.plugins.workflow.support.steps.ExecutorStepExecution$RemovedNodeCause");
        let person = by("jenkins.model.CauseOfInterruption$UserInterruption");
        let started = json!([{ "_class": "hudson.model.CauseAction", "causes": [{ "shortDescription": "Started" }] }]);
        for (building, result, actions, expected) in [
            (true, json!(null), &at, Some((State::Running, None))),
            (true, json!("FAILURE"), &at, Some((State::Running, None))),
            (false, json!("SUCCESS"), &at, Some((State::Succeeded, None))),
            (false, json!("UNSTABLE"), &at, Some((State::SucceededWithIssues, Some("unstable")))),
            (false, json!("FAILURE"), &at, Some((State::Failed, None))),
            (false, json!("FAILURE"), &started, Some((State::Infra, Some("it ended before anything was checked out")))),
            (false, json!("NOT_BUILT"), &at, Some((State::Skipped, Some("not built")))),
            (false, json!("ABORTED"), &person, Some((State::Cancelled, Some("why")))),
            (false, json!("ABORTED"), &started, Some((State::Cancelled, Some("stopped, or out of time")))),
            (false, json!("ABORTED"), &timeout, Some((State::TimedOut, Some("why")))),
            (false, json!("FAILURE"), &lost, Some((State::Infra, Some("why")))),
            (false, json!(null), &at, Some((State::Infra, Some("it ended without a result")))),
            (false, json!("WEIRD"), &at, None),
        ] {
            let build = json!({
                "number": 1, "queueId": 1, "building": building, "result": result, "timestamp": 0, "duration": 0,
                "actions": actions
            });
            let found = of(&serde_json::from_value(build).unwrap(), true);
            let found = found.as_ref().ok().map(|(state, detail)| (*state, detail.as_deref()));
            assert_eq!(found, expected, "{building} {result} {actions}");
        }
    }

    #[test]
    fn a_job_that_tells_no_revision_fails_all_the_same() {
        let build = json!({
            "number": 1, "queueId": 1, "building": false, "result": "FAILURE", "timestamp": 0, "duration": 0
        });
        assert_eq!(of(&serde_json::from_value(build).unwrap(), false).unwrap(), (State::Failed, None));
    }

    #[test]
    fn a_result_that_is_missing_is_not_one_that_is_not_yet_known() {
        let build = json!({ "number": 1, "queueId": 1, "building": false, "timestamp": 0, "duration": 0 });
        let error = serde_json::from_value::<Build>(build).unwrap_err();
        assert!(error.to_string().contains("result"), "{error}");
    }
}
