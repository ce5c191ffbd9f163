//! What Buildbot's results mean.

use super::shapes::{Build, BuildRequest, Outcome, Step};
use crate::pipeline::run::State;

/// Where a request is, and why where the state alone does not say. A request lives through several builds when its worker or
/// its master is lost: the newest counts.
pub(super) fn state(request: &BuildRequest, newest: Option<&Build>) -> (State, Option<String>) {
    let Some(build) = newest else { return without_build(request) };
    let told = || Some(build.state_string.clone());
    if !build.complete {
        return (State::Running, None);
    }
    match build.results {
        Some(Outcome::Success) => (State::Succeeded, None),
        Some(Outcome::Warnings) => (State::SucceededWithIssues, told()),
        Some(Outcome::Failure) if build.state_string.contains("(timed out)") => (State::TimedOut, told()),
        Some(Outcome::Failure) => (State::Failed, told()),
        Some(Outcome::Skipped) => (State::Skipped, told()),
        Some(Outcome::Retry) if !request.complete => {
            (State::Pending, Some(format!("build {} was lost; Buildbot starts another", build.number)))
        }
        Some(Outcome::Exception | Outcome::Retry) | None => (State::Infra, told()),
        Some(Outcome::Cancelled) => (State::Cancelled, told()),
    }
}

fn without_build(request: &BuildRequest) -> (State, Option<String>) {
    if !request.complete {
        return (State::Pending, None);
    }
    match request.results {
        // The buildset of such a request says 0, as if it had succeeded.
        Some(Outcome::Skipped) => {
            (State::Coalesced, Some("folded into a later request for the same job and revision".into()))
        }
        Some(Outcome::Cancelled) => (State::Cancelled, Some("taken back while it waited".into())),
        Some(Outcome::Exception | Outcome::Retry) | None => {
            (State::Infra, Some("Buildbot ended it without a build".into()))
        }
        Some(_) => (State::Expired, Some("Buildbot does not have its build any more".into())),
    }
}

/// The name of the step that was to check out, when it was the first that failed. Buildbot tells no kind of step: the names
/// are those of its own source steps (`git`, `git-CODEBASE`) and what people call theirs.
pub(super) fn broken_checkout(steps: &[Step]) -> Option<&str> {
    const SOURCES: [&str; 17] = [
        "bitbucket",
        "bk",
        "bzr",
        "checkout",
        "clone",
        "cvs",
        "darcs",
        "fetch",
        "gerrit",
        "git",
        "gitlab",
        "hg",
        "mercurial",
        "mtn",
        "p4",
        "repo",
        "svn",
    ];
    let failed = steps.iter().find(|s| matches!(s.results, Some(Outcome::Failure | Outcome::Exception)))?;
    let first = failed.name.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    SOURCES.contains(&first.to_ascii_lowercase().as_str()).then_some(failed.name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn request(complete: bool, results: Option<Outcome>) -> BuildRequest {
        BuildRequest {
            buildrequestid: 1,
            buildsetid: 1,
            builderid: 1,
            complete,
            results,
            submitted_at: Timestamp::UNIX_EPOCH,
            complete_at: None,
            properties: None,
        }
    }

    fn build(complete: bool, results: Option<Outcome>, state_string: &str) -> Build {
        Build {
            buildid: 1,
            number: 1,
            builderid: 1,
            buildrequestid: 1,
            complete,
            results,
            started_at: Timestamp::UNIX_EPOCH,
            complete_at: None,
            state_string: state_string.into(),
            properties: None,
        }
    }

    #[test]
    fn a_request_without_a_build_waits_or_never_ran() {
        for (complete, results, expected) in [
            (false, None, State::Pending),
            (true, Some(Outcome::Skipped), State::Coalesced),
            (true, Some(Outcome::Cancelled), State::Cancelled),
            (true, Some(Outcome::Exception), State::Infra),
            (true, None, State::Infra),
            (true, Some(Outcome::Success), State::Expired),
        ] {
            let (state, detail) = state(&request(complete, results), None);
            assert_eq!((state, detail.is_some()), (expected, complete), "{complete} {results:?}");
        }
    }

    #[test]
    fn the_newest_build_tells_where_a_request_is() {
        for (over, complete, results, told, expected) in [
            (false, false, None, "", State::Running),
            (true, true, Some(Outcome::Success), "", State::Succeeded),
            // Builds end a moment before their requests.
            (false, true, Some(Outcome::Success), "", State::Succeeded),
            (true, true, Some(Outcome::Warnings), "", State::SucceededWithIssues),
            (true, true, Some(Outcome::Failure), "failed 'run' (failure)", State::Failed),
            (true, true, Some(Outcome::Failure), "failed 'run' (failure) (timed out)", State::TimedOut),
            (true, true, Some(Outcome::Skipped), "", State::Skipped),
            (true, true, Some(Outcome::Exception), "", State::Infra),
            (false, true, Some(Outcome::Retry), "", State::Pending),
            (true, true, Some(Outcome::Retry), "", State::Infra),
            (true, true, Some(Outcome::Cancelled), "", State::Cancelled),
            (true, true, None, "", State::Infra),
        ] {
            let seen = state(&request(over, results), Some(&build(complete, results, told))).0;
            assert_eq!(seen, expected, "{over} {complete} {results:?}");
        }
    }

    #[test]
    fn a_broken_checkout_is_known_by_the_first_step_that_failed() {
        let step = |name: &str, results| Step { stepid: 1, name: name.into(), results: Some(results), urls: vec![] };
        for (steps, expected) in [
            (vec![("worker_preparation", Outcome::Success), ("git", Outcome::Failure)], Some("git")),
            (vec![("git-tools", Outcome::Exception), ("run", Outcome::Failure)], Some("git-tools")),
            (vec![("Checkout source", Outcome::Failure)], Some("Checkout source")),
            (vec![("git", Outcome::Success), ("run", Outcome::Failure)], None),
            (vec![("run", Outcome::Failure), ("git_1", Outcome::Failure)], None),
            (vec![("github-status", Outcome::Failure)], None),
            (vec![], None),
        ] {
            let steps: Vec<Step> = steps.into_iter().map(|(name, results)| step(name, results)).collect();
            assert_eq!(broken_checkout(&steps), expected, "{steps:?}");
        }
    }
}
