//! From what GitHub says of a run to what it proves.

use super::shapes::{Conclusion, RunJob, Status};
use crate::{
    error::{Error, Kind, Result},
    pipeline::run::State,
};

/// What is known of a run's end besides its conclusion.
#[derive(Debug, Default)]
pub(super) struct Ending<'a> {
    /// Its jobs.
    pub jobs: &'a [RunJob],
    /// What GitHub wrote beside the jobs that ended badly.
    pub notes: &'a [String],
    /// Whether it was stopped from here.
    pub ours: bool,
    /// Whether there is a later run of the same workflow.
    pub superseded: bool,
}

/// Where a run is, and why where that needs a word; a conclusion that [`needs_more`] is preliminary.
///
/// # Errors
/// `Corrupt` for a run that is over without a conclusion.
pub(super) fn state(status: Status, conclusion: Option<Conclusion>) -> Result<(State, Option<&'static str>)> {
    Ok(match (status, conclusion) {
        (Status::InProgress, _) => (State::Running, None),
        (Status::Waiting, _) => {
            (State::Pending, Some("it waits for the rules of an environment: somebody's review, a time"))
        }
        (Status::Requested | Status::Queued | Status::Pending, _) => (State::Pending, None),
        (Status::Completed, None) => {
            return Err(Error::new(Kind::Corrupt, "a run is completed and its conclusion is null"));
        }
        (Status::Completed, Some(conclusion)) => match conclusion {
            Conclusion::Success => (State::Succeeded, None),
            Conclusion::Neutral => (State::SucceededWithIssues, Some("its conclusion is neutral")),
            Conclusion::Failure => (State::Failed, None),
            Conclusion::TimedOut => (State::TimedOut, None),
            Conclusion::Cancelled => (State::Cancelled, None),
            Conclusion::Skipped => (State::Skipped, None),
            Conclusion::ActionRequired => (State::Pending, Some("somebody has to allow it to run")),
            Conclusion::Stale => (State::Expired, Some("GitHub gave it up as stale")),
            Conclusion::StartupFailure => (State::Infra, Some("GitHub could not start it: see its workflow file")),
        },
    })
}

/// Whether the conclusion alone does not tell what happened.
pub(super) fn needs_more(state: State) -> bool {
    matches!(state, State::Failed | State::Cancelled)
}

/// The jobs whose notes say why a run ended as it did: those that failed without a failed step, and those that were cancelled.
pub(super) fn to_be_explained(jobs: &[RunJob]) -> impl Iterator<Item = &RunJob> {
    jobs.iter().filter(|job| match job.conclusion {
        Some(Conclusion::Failure) => !has_failed_step(job),
        Some(Conclusion::Cancelled) => true,
        _ => false,
    })
}

/// Tells the ends apart that GitHub calls by one name: a failure from a lost runner, a cancellation from a time limit and from
/// a concurrency group.
pub(super) fn judge(state: State, ending: &Ending<'_>) -> (State, Option<String>) {
    let note = |words: &[&str]| ending.notes.iter().find(|note| words.iter().any(|word| note.contains(word))).cloned();
    let failed: Vec<&RunJob> = ending.jobs.iter().filter(|job| job.conclusion == Some(Conclusion::Failure)).collect();
    match state {
        State::Failed if !failed.is_empty() && !failed.iter().any(|job| has_failed_step(job)) => {
            let why = ending.notes.first().cloned();
            (State::Infra, why.or_else(|| Some("a job failed and none of its steps did".into())))
        }
        State::Cancelled if ending.ours => (State::Cancelled, None),
        State::Cancelled => {
            if let Some(why) = note(&["exceeded the maximum execution time"]) {
                return (State::TimedOut, Some(why));
            }
            if let Some(why) = note(&["higher priority waiting request"]) {
                return (State::Coalesced, Some(why));
            }
            if let Some(why) = note(&["lost communication", "shutdown signal"]) {
                return (State::Infra, Some(why));
            }
            let begun = ending.jobs.iter().any(|job| !job.steps.is_empty());
            match !begun && ending.superseded {
                true => (State::Coalesced, Some("it never began, and a later run of the workflow is there".into())),
                false => (State::Cancelled, None),
            }
        }
        other => (other, None),
    }
}

fn has_failed_step(job: &RunJob) -> bool {
    job.steps.iter().any(|step| matches!(step.conclusion, Some(Conclusion::Failure | Conclusion::TimedOut)))
}

#[cfg(test)]
mod tests {
    use super::super::shapes::Step;
    use super::*;

    #[test]
    fn statuses_and_conclusions_have_one_state_each() {
        for (status, conclusion, expected) in [
            ("queued", None, State::Pending),
            ("requested", None, State::Pending),
            ("pending", None, State::Pending),
            ("waiting", None, State::Pending),
            ("in_progress", None, State::Running),
            ("completed", Some("success"), State::Succeeded),
            ("completed", Some("neutral"), State::SucceededWithIssues),
            ("completed", Some("failure"), State::Failed),
            ("completed", Some("timed_out"), State::TimedOut),
            ("completed", Some("cancelled"), State::Cancelled),
            ("completed", Some("skipped"), State::Skipped),
            ("completed", Some("action_required"), State::Pending),
            ("completed", Some("stale"), State::Expired),
            ("completed", Some("startup_failure"), State::Infra),
        ] {
            let status = serde_json::from_value(status.into()).unwrap();
            let conclusion = conclusion.map(|name| serde_json::from_value(name.into()).unwrap());
            assert_eq!(state(status, conclusion).unwrap().0, expected, "{status:?} {conclusion:?}");
        }
        assert_eq!(state(Status::Completed, None).unwrap_err().kind(), Kind::Corrupt);
    }

    #[test]
    fn ends_that_have_one_name_are_told_apart() {
        use Conclusion::{Cancelled, Failure, Success};
        let job = |conclusion, steps: &[Option<Conclusion>]| RunJob {
            id: 1,
            name: "j".into(),
            conclusion: Some(conclusion),
            steps: steps.iter().map(|conclusion| Step { conclusion: *conclusion }).collect(),
        };
        let note = |text: &str| vec![text.to_owned()];
        let limit = note("The job has exceeded the maximum execution time of 1m0s");
        let group = note("Canceling since a higher priority waiting request for 'ci' exists");
        let lost = note("The hosted runner lost communication with the server.");
        for (what, from, jobs, notes, ours, superseded, expected) in [
            ("a step failed", State::Failed, vec![job(Failure, &[Some(Failure)])], vec![], false, false, State::Failed),
            (
                "lost",
                State::Failed,
                vec![job(Failure, &[Some(Success), None])],
                lost.clone(),
                false,
                false,
                State::Infra,
            ),
            ("no step", State::Failed, vec![job(Success, &[]), job(Failure, &[])], vec![], false, false, State::Infra),
            (
                "one of two lost",
                State::Failed,
                vec![job(Failure, &[Some(Failure)]), job(Failure, &[None])],
                lost.clone(),
                false,
                false,
                State::Failed,
            ),
            ("no jobs", State::Failed, vec![], vec![], false, false, State::Failed),
            ("ours", State::Cancelled, vec![], vec![], true, true, State::Cancelled),
            ("by hand, waiting", State::Cancelled, vec![], vec![], false, false, State::Cancelled),
            ("superseded", State::Cancelled, vec![], vec![], false, true, State::Coalesced),
            ("begun", State::Cancelled, vec![job(Cancelled, &[None])], vec![], false, true, State::Cancelled),
            ("group", State::Cancelled, vec![job(Cancelled, &[None])], group, false, false, State::Coalesced),
            ("limit", State::Cancelled, vec![job(Cancelled, &[None])], limit, false, true, State::TimedOut),
            ("lost, cancelled", State::Cancelled, vec![job(Cancelled, &[None])], lost, false, false, State::Infra),
        ] {
            let ending = Ending { jobs: &jobs, notes: &notes, ours, superseded };
            assert_eq!(judge(from, &ending).0, expected, "{what}");
        }
    }
}
