//! From what Treeherder says of a job to what it proves.

use super::shapes::{Outcome, Progress, Row};
use crate::pipeline::run::State;

/// Where a job is, and why where that needs a word.
pub(super) fn state(row: &Row) -> (State, Option<String>) {
    if let Some(into) = &row.job_coalesced_to_guid {
        return (State::Coalesced, Some(format!("it was folded into {into}")));
    }
    let (state, detail) = match (row.state, row.result) {
        (Progress::Unscheduled, _) => (State::Expected, None),
        (Progress::Pending, _) => (State::Pending, None),
        (Progress::Running, _) => (State::Running, None),
        (Progress::Completed, result) => match result {
            Outcome::Success => (State::Succeeded, None),
            Outcome::Testfailed => (State::Failed, Some("its tests failed")),
            Outcome::Busted => (State::Failed, Some("it is busted")),
            Outcome::Skipped => (State::Skipped, None),
            Outcome::Exception => (State::Infra, Some("it ended with an exception of the machinery")),
            Outcome::Retry => (State::Infra, Some("it was given up and run again")),
            Outcome::Usercancel => (State::Cancelled, None),
            Outcome::Superseded => (State::Coalesced, Some("a later one superseded it")),
            Outcome::Unknown => (State::Infra, Some("Treeherder does not know how it ended")),
        },
    };
    (state, detail.map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_and_results_have_one_state_each() {
        for (progress, result, into, expected) in [
            ("unscheduled", "unknown", None, State::Expected),
            ("pending", "unknown", None, State::Pending),
            ("running", "unknown", None, State::Running),
            ("completed", "success", None, State::Succeeded),
            ("completed", "testfailed", None, State::Failed),
            ("completed", "busted", None, State::Failed),
            ("completed", "skipped", None, State::Skipped),
            ("completed", "exception", None, State::Infra),
            ("completed", "retry", None, State::Infra),
            ("completed", "usercancel", None, State::Cancelled),
            ("completed", "superseded", None, State::Coalesced),
            ("completed", "unknown", None, State::Infra),
            ("completed", "success", Some("guid"), State::Coalesced),
        ] {
            let row = Row {
                id: 1,
                job_type_name: "unit".into(),
                platform: "linux".into(),
                push_id: 1,
                state: serde_json::from_value(progress.into()).unwrap(),
                result: serde_json::from_value(result.into()).unwrap(),
                tier: Some(1),
                submit_timestamp: 0,
                start_timestamp: 0,
                end_timestamp: 0,
                job_coalesced_to_guid: into.map(str::to_owned),
                task_id: None,
                retry_id: None,
            };
            assert_eq!(state(&row).0, expected, "{progress} {result} {into:?}");
        }
    }
}
