//! What is known of a job: what it declares, and how a revision and a key reach it.

use super::shapes::{self, Definition, checked_out, parameter};
use super::{id::Id, states};
use crate::{
    error::{Error, Kind, Result},
    pipeline::{
        job::{Job, Parameter},
        run::{Run, State},
    },
};
use jiff::Timestamp;

/// The parameter that carries the key where the settings name none.
const KEY: &str = "CI_TOOL_KEY";
/// The parameters that may carry the revision where the settings name none: the first that a job declares.
const REVISIONS: [&str; 5] = ["REVISION", "GIT_COMMIT", "COMMIT", "BRANCH", "SHA"];

/// The parameters that the settings name.
#[derive(Debug, Clone, Default)]
pub struct Names {
    pub key: Option<String>,
    pub revision: Option<String>,
}

/// A job, and what of it belongs to the engine.
#[derive(Debug, Clone)]
pub struct Known {
    /// As others see it: without the parameters that the engine fills in.
    pub job: Job,
    /// The parameter that carries the key.
    pub key: Option<String>,
    /// The parameter that carries the revision.
    pub revision: Option<String>,
    /// Whether its builds say what they checked out.
    pub checks_out: bool,
}

impl Known {
    /// Reads a job. `None` for a folder.
    pub fn of(shape: &shapes::Job, names: &Names) -> Option<Known> {
        if shape.jobs.is_some() {
            return None;
        }
        let declared: Vec<&Definition> = shape.property.iter().flat_map(|p| &p.parameter_definitions).collect();
        let takes_text = |name: &str| declared.iter().any(|d| d.name == name && choices(d).is_empty());
        let named = |name: &Option<String>, usual: &[&str]| match name {
            Some(name) => Some(name.clone()).filter(|name| takes_text(name)),
            None => usual.iter().find(|name| takes_text(name)).map(|name| (*name).to_owned()),
        };
        let (key, revision) = (named(&names.key, &[KEY]), named(&names.revision, &REVISIONS));
        let ours = |name: &String| Some(name) == key.as_ref() || Some(name) == revision.as_ref();
        let theirs = declared.iter().filter(|d| !ours(&d.name) && d.sort != "FileParameterDefinition");
        let wanted = names.revision.clone().unwrap_or_else(|| REVISIONS.join(", "));
        let blocked = match (shape.buildable, &revision) {
            (Some(true), Some(_)) => None,
            (Some(true), None) => Some(format!("it declares no text parameter for the revision ({wanted})")),
            _ => Some("it is disabled, or cannot be built".to_owned()),
        };
        let job = Job {
            name: shape.full_name.clone(),
            id: shape.full_name.clone(),
            parameters: Some(theirs.map(|d| declaration(d)).collect()),
            takes_env: false,
            blocked,
            hidden: false,
            url: shape.url.clone(),
        };
        let scm = shape.scm.as_ref().and_then(|scm| scm.class.as_deref());
        let tells = shape.last_successful_build.as_ref().is_some_and(|b| checked_out(&b.actions).next().is_some());
        Some(Known { job, key, revision, checks_out: tells || scm.is_some_and(|scm| scm.ends_with("GitSCM")) })
    }

    /// A build as a run.
    ///
    /// # Errors
    /// `Corrupt` for a result or a time that is none.
    pub fn run_of_build(&self, build: &shapes::Build) -> Result<Run> {
        let (state, detail) = states::of(build, self.checks_out)?;
        let over = state.is_over();
        let ended = over.then(|| at("duration", build.timestamp.saturating_add(build.duration))).transpose()?;
        let revision = self.value(&build.actions, &self.revision).filter(|value| is_revision(value));
        // A pipeline checks out its libraries, too.
        let mut got = checked_out(&build.actions);
        let asked = revision.as_deref();
        let got_revision = checked_out(&build.actions).find(|sha| Some(*sha) == asked).or_else(|| got.next());
        Ok(Run {
            got_revision: got_revision.map(str::to_owned),
            detail,
            key: self.value(&build.actions, &self.key),
            url: build.url.clone(),
            started: Some(at("timestamp", build.timestamp)?),
            ended,
            revision,
            ..Run::new(Id::Build(self.job.name.clone(), build.number).to_string(), &self.job.name, state)
        })
    }

    /// An item that waits, or was taken out of the queue, as a run.
    ///
    /// # Errors
    /// `Corrupt` for a time that is none.
    pub fn run_of_item(&self, item: &shapes::Item) -> Result<Run> {
        let (state, detail) = match item.cancelled {
            Some(true) => (State::Cancelled, Some("taken out of the queue".to_owned())),
            _ => (State::Pending, item.why.clone()),
        };
        Ok(Run {
            revision: self.value(&item.actions, &self.revision).filter(|value| is_revision(value)),
            key: self.value(&item.actions, &self.key),
            detail,
            queued: Some(at("inQueueSince", item.in_queue_since)?),
            ..Run::new(Id::Queue(item.id).to_string(), &self.job.name, state)
        })
    }

    fn value(&self, actions: &[shapes::Action], name: &Option<String>) -> Option<String> {
        parameter(actions, name.as_deref()?)?.text().filter(|value| !value.is_empty())
    }
}

/// Whether a value is a revision rather than a branch or a tag: a whole hash of Git or Mercurial.
fn is_revision(value: &str) -> bool {
    matches!(value.len(), 40 | 64) && value.bytes().all(|b| b.is_ascii_hexdigit())
}

fn declaration(definition: &Definition) -> Parameter {
    Parameter {
        name: definition.name.clone(),
        // Jenkins fills in the default, or nothing.
        required: false,
        choices: choices(definition),
        default: definition.default_parameter_value.as_ref().and_then(shapes::Value::text),
    }
}

/// Jenkins reads every text but `true` as false.
fn choices(definition: &Definition) -> Vec<String> {
    match definition.sort.as_str() {
        "BooleanParameterDefinition" => vec!["true".into(), "false".into()],
        _ => definition.choices.clone(),
    }
}

fn at(field: &str, milliseconds: i64) -> Result<Timestamp> {
    Timestamp::from_millisecond(milliseconds)
        .map_err(|e| Error::new(Kind::Corrupt, format!("the field {field} is no time: {milliseconds}")).with_source(e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn known(declared: Value, names: &Names) -> Known {
        let job =
            json!({ "fullName": "a/b", "buildable": true, "property": [{}, { "parameterDefinitions": declared }] });
        Known::of(&serde_json::from_value(job).unwrap(), names).unwrap()
    }

    fn text(name: &str) -> Value {
        json!({ "name": name, "type": "StringParameterDefinition", "defaultParameterValue": { "value": "x" } })
    }

    #[test]
    fn the_parameters_for_key_and_revision_are_found_and_kept_from_others() {
        let choice = json!({ "name": "COMMIT", "type": "ChoiceParameterDefinition", "choices": ["a", "b"] });
        let named = Names { key: Some("K".into()), revision: Some("REV".into()) };
        for (names, declared, key, revision, others) in [
            (
                Names::default(),
                vec![text("SHA"), text("REVISION"), text("w")],
                None,
                Some("REVISION"),
                vec!["SHA", "w"],
            ),
            (Names::default(), vec![text("CI_TOOL_KEY"), text("SHA")], Some("CI_TOOL_KEY"), Some("SHA"), vec![]),
            (Names::default(), vec![choice], None, None, vec!["COMMIT"]),
            (named.clone(), vec![text("REV"), text("K"), text("REVISION")], Some("K"), Some("REV"), vec!["REVISION"]),
            (named, vec![text("REVISION")], None, None, vec!["REVISION"]),
        ] {
            let known = known(Value::Array(declared), &names);
            assert_eq!((known.key.as_deref(), known.revision.as_deref()), (key, revision));
            let parameters = known.job.parameters.unwrap();
            assert_eq!(parameters.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), others);
            assert_eq!(known.job.blocked.is_some(), revision.is_none());
        }
    }

    #[test]
    fn a_folder_is_no_job_and_a_disabled_job_is_blocked() {
        let folder = json!({ "fullName": "a", "jobs": [{ "name": "b" }] });
        assert!(Known::of(&serde_json::from_value(folder).unwrap(), &Names::default()).is_none());
        let off =
            json!({ "fullName": "a", "buildable": false, "property": [{ "parameterDefinitions": [text("SHA")] }] });
        assert!(Known::of(&serde_json::from_value(off).unwrap(), &Names::default()).unwrap().job.blocked.is_some());
    }

    #[test]
    fn of_several_checkouts_the_one_asked_for_counts() {
        let (a, b, c) = ("a".repeat(40), "b".repeat(40), "c".repeat(40));
        let known = known(json!([text("REVISION")]), &Names::default());
        let builds = |asked: &str, got: &[&str]| {
            let checkouts = got.iter().map(|sha| json!({ "lastBuiltRevision": { "SHA1": sha } }));
            let asked = json!({ "parameters": [{ "name": "REVISION", "value": asked }] });
            let build = json!({
                "number": 1, "queueId": 1, "building": false, "result": "SUCCESS", "timestamp": 1000, "duration": 500,
                "actions": checkouts.chain([asked, json!({})]).collect::<Vec<_>>()
            });
            known.run_of_build(&serde_json::from_value(build).unwrap()).unwrap()
        };
        for (asked, got, expected) in [
            (&a, vec![b.as_str(), a.as_str()], (Some(&a), Some(&a), State::Succeeded)),
            (&a, vec![b.as_str(), c.as_str()], (Some(&a), Some(&b), State::Coalesced)),
            (&a, vec![], (Some(&a), None, State::Succeeded)),
            (&"main".to_owned(), vec![b.as_str()], (None, Some(&b), State::Coalesced)),
        ] {
            let run = builds(asked, &got);
            assert_eq!((run.revision.as_ref(), run.got_revision.as_ref(), run.state_at(&a)), expected);
            assert_eq!(run.seconds(), Some(0.5));
        }
    }
}
