//! What a build's status, result and timeline say of it.

use super::shapes::{Build, Record, Timeline};
use crate::{
    error::{Error, Kind, Result},
    pipeline::run::State,
};

/// What Azure DevOps itself writes into a job, in lower case, when its machine is lost or never came. Tasks can write what they
/// like, so that their messages are no proof of that.
const LOST: [&str; 9] = [
    "stopped hearing from agent",
    "lost communication with the server",
    "did not connect within the allotted time",
    "abandoned due to an infrastructure failure",
    "was abandoned",
    "no agent found in pool",
    "no agent could be found",
    "the remote provider was unable to process the request",
    "failed to provision",
];
/// What it writes into a job or a task that took longer than it may.
const TOO_LONG: [&str; 2] = ["ran longer than the maximum time of", "the task has timed out"];
/// How much of a message is told, in characters.
const TOLD: usize = 300;

/// Whether only the timeline tells why it ended: a job that failed is told from a machine that was lost.
pub fn needs_timeline(build: &Build) -> bool {
    build.status == "completed" && matches!(build.result.as_deref(), Some("failed" | "canceled"))
}

/// The state of a build, and why.
///
/// A build that failed is [`State::Failed`] as soon as one job failed by itself; where none did, one that took too long makes
/// it [`State::TimedOut`]; where all were lost, or could not check out, it is [`State::Infra`]. One that never began because
/// its file is wrong has failed: the file is a part of the revision.
///
/// # Errors
/// `Corrupt`, naming the field, for a word that is not known.
pub fn state(build: &Build, timeline: Option<&Timeline>) -> Result<(State, Option<String>)> {
    let unknown = |field: &str, value: &str| {
        let message = format!("the build {} has the {field} {value:?}, which is not known", build.id);
        Error::new(Kind::Corrupt, message).hint("look at it in Azure DevOps; a newer ci-tool may know it")
    };
    let waits = match build.status.as_str() {
        "notStarted" | "none" => Some((State::Pending, None)),
        "postponed" => Some((State::Pending, Some("it is postponed: its pipeline is paused".to_owned()))),
        "inProgress" => Some((State::Running, None)),
        "cancelling" => Some((State::Running, Some("it is being cancelled".to_owned()))),
        "completed" => None,
        other => return Err(unknown("status", other)),
    };
    if let Some(waits) = waits {
        return Ok(waits);
    }
    let empty = Timeline::default();
    let why = causes(timeline.unwrap_or(&empty));
    match build.result.as_deref() {
        Some("succeeded") => Ok((State::Succeeded, None)),
        Some("partiallySucceeded") => Ok((State::SucceededWithIssues, None)),
        Some("canceled") => Ok(why.too_long.map_or((State::Cancelled, None), |why| (State::TimedOut, Some(why)))),
        Some("failed") => Ok(match (why.own, why.too_long, why.lost) {
            (Some(own), ..) => (State::Failed, Some(own).filter(|own| !own.is_empty())),
            (None, Some(why), _) => (State::TimedOut, Some(why)),
            (None, None, Some(why)) => (State::Infra, Some(why)),
            (None, None, None) => (State::Failed, invalid(build)),
        }),
        Some("none") => Ok((State::Infra, Some("it ended without a result".into()))),
        Some(other) => Err(unknown("result", other)),
        None => Err(unknown("result", "")),
    }
}

/// Why jobs did not succeed: the first of each sort.
#[derive(Default)]
pub struct Causes {
    /// A job's own failure.
    pub own: Option<String>,
    /// It took longer than it may.
    pub too_long: Option<String>,
    /// Its machine was lost, or it could not check out.
    pub lost: Option<String>,
}

/// Why the jobs of a stage did not succeed.
pub fn causes_in(timeline: &Timeline, stage: &Record) -> Causes {
    let inside = timeline.records.iter().filter(|record| is_in(timeline, record, stage)).cloned();
    causes(&Timeline { records: inside.collect() })
}

fn causes(timeline: &Timeline) -> Causes {
    let mut causes = Causes::default();
    let bad = |record: &Record| matches!(record.result.as_deref(), Some("failed" | "canceled" | "abandoned"));
    for job in timeline.records.iter().filter(|record| record.kind == "Job" && bad(record)) {
        let inside: Vec<&Record> = timeline.records.iter().filter(|record| is_in(timeline, record, job)).collect();
        let one_of = |sort: &'static [&str]| {
            move |message: &String| sort.iter().any(|known| message.to_lowercase().contains(known))
        };
        let failed = |kind: fn(&Record) -> bool| {
            inside.iter().find(|record| kind(record) && record.result.as_deref() == Some("failed")).copied()
        };
        if let Some(message) = inside.iter().flat_map(|record| messages(record)).find(one_of(&TOO_LONG)) {
            causes.too_long.get_or_insert(message);
        } else if let Some(message) = messages(job).find(one_of(&LOST)) {
            causes.lost.get_or_insert(message);
        } else if job.result.as_deref() == Some("abandoned") {
            causes.lost.get_or_insert(format!("the job {} was abandoned", job.name));
        } else if let Some(step) = failed(is_checkout) {
            let why = messages(step).next().unwrap_or_else(|| "it failed".into());
            causes.lost.get_or_insert(format!("{}: {why}", step.name));
        } else if job.result.as_deref() == Some("failed") {
            let step = failed(|record| record.kind == "Task").unwrap_or(job);
            let why = messages(step).next().map(|why| format!("{}: {why}", step.name));
            causes.own.get_or_insert(why.unwrap_or_default());
        }
    }
    causes
}

/// Whether a record is another, or somewhere below it.
pub fn is_in(timeline: &Timeline, record: &Record, job: &Record) -> bool {
    let above = |record: &&Record| {
        let parent = record.parent_id.as_deref()?;
        timeline.records.iter().find(|other| other.id == parent)
    };
    // A tree is never deeper than its records are many; what is no tree must end as well.
    std::iter::successors(Some(record), above).take(8).any(|other| other.id == job.id)
}

fn is_checkout(record: &Record) -> bool {
    let task = record.task.as_ref().is_some_and(|task| task.name == "Checkout");
    record.kind == "Task" && (task || record.name.starts_with("Checkout ") || record.name == "Get sources")
}

/// The errors of a record.
pub fn messages(record: &Record) -> impl Iterator<Item = String> {
    let errors = record.issues.iter().filter(|issue| issue.kind == "error");
    errors.filter_map(|issue| issue.message.as_deref()).map(|message| message.chars().take(TOLD).collect())
}

fn invalid(build: &Build) -> Option<String> {
    let wrong = build.validation_results.iter().find(|validation| validation.result == "error")?;
    Some(format!("it never began: {}", wrong.message.chars().take(TOLD).collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn build(status: &str, result: Option<&str>) -> Build {
        serde_json::from_value(json!({ "id": 1, "status": status, "result": result })).unwrap()
    }

    /// A job in a phase, with a task in it.
    fn job(id: &str, result: &str, issue: &str, task: (&str, &str, &str)) -> Vec<Value> {
        let (name, task_result, task_issue) = task;
        let issues = |text: &str| match text {
            "" => json!(null),
            text => {
                json!([{ "type": "warning", "message": "lost communication with the server" }, { "type": "error", "message": text }])
            }
        };
        // A warning alone says nothing.
        let job = json!({ "id": id, "parentId": "phase", "type": "Job", "name": id, "result": result, "issues": issues(issue) });
        let task = json!({ "id": format!("{id}t"), "parentId": id, "type": "Task", "name": name, "result": task_result,
                           "issues": issues(task_issue), "task": { "name": "CmdLine" } });
        vec![job, task]
    }

    #[test]
    fn states_are_told_apart() {
        use State::*;
        for (status, result, expected) in [
            ("none", None, Some(Pending)),
            ("notStarted", None, Some(Pending)),
            ("postponed", None, Some(Pending)),
            ("inProgress", None, Some(Running)),
            ("cancelling", None, Some(Running)),
            ("completed", Some("succeeded"), Some(Succeeded)),
            ("completed", Some("partiallySucceeded"), Some(SucceededWithIssues)),
            ("completed", Some("failed"), Some(Failed)),
            ("completed", Some("canceled"), Some(Cancelled)),
            ("completed", Some("none"), Some(Infra)),
            ("completed", Some("weird"), None),
            ("completed", None, None),
            ("weird", None, None),
        ] {
            let found = state(&build(status, result), None);
            match expected {
                Some(expected) => assert_eq!(found.unwrap().0, expected, "{status} {result:?}"),
                None => {
                    let error = found.unwrap_err();
                    let field = if status == "completed" { "result" } else { "status" };
                    assert_eq!((error.kind(), error.message().contains(field)), (Kind::Corrupt, true), "{error}");
                }
            }
        }
    }

    #[test]
    fn a_machine_that_was_lost_is_no_failure_of_the_job() {
        let lost = "We stopped hearing from agent a1. Verify the agent machine is running";
        let long = "The job running on agent a1 ran longer than the maximum time of 60 minutes.";
        let fine = ("build", "succeeded", "");
        let own = || job("own", "failed", "", ("test", "failed", "Bash exited with code '1'."));
        for (records, result, expected, told) in [
            (own(), "failed", State::Failed, "test: Bash exited"),
            (job("a", "failed", lost, fine), "failed", State::Infra, "stopped hearing"),
            (job("a", "abandoned", "", fine), "failed", State::Infra, "abandoned"),
            (job("a", "canceled", long, fine), "failed", State::TimedOut, "longer than"),
            (job("a", "canceled", long, fine), "canceled", State::TimedOut, "longer than"),
            (
                job("a", "failed", "", ("test", "failed", "The task has timed out.")),
                "failed",
                State::TimedOut,
                "timed out",
            ),
            (
                job("a", "failed", "", ("Checkout r@main to s", "failed", "Git fetch failed")),
                "failed",
                State::Infra,
                "Git fetch",
            ),
            ([own(), job("a", "failed", lost, fine)].concat(), "failed", State::Failed, "test"),
            (
                [job("a", "failed", lost, fine), job("b", "canceled", long, fine)].concat(),
                "failed",
                State::TimedOut,
                "longer",
            ),
        ] {
            let timeline: Timeline = serde_json::from_value(json!({ "records": records })).unwrap();
            let (found, why) = state(&build("completed", Some(result)), Some(&timeline)).unwrap();
            assert_eq!(found, expected, "{records:?}");
            assert!(why.as_deref().unwrap_or_default().contains(told), "{why:?} for {records:?}");
        }
    }

    #[test]
    fn a_file_that_is_wrong_at_a_revision_is_a_failure_of_that_revision() {
        let mut build = build("completed", Some("failed"));
        build.validation_results =
            serde_json::from_value(json!([{ "result": "error", "message": "/ci.yml: unexpected value 'stpes'" }]))
                .unwrap();
        let (found, why) = state(&build, None).unwrap();
        assert_eq!((found, why.is_some_and(|why| why.contains("stpes"))), (State::Failed, true));
    }
}
