//! The decision log, of the service and of the commands.

use super::service::{JOB, Place, records, until};
use std::{io::Write, process::Stdio};

#[test]
fn every_decision_is_a_record_without_secrets() {
    let place = Place::new();
    let service = place.serve(&["--log", "log.jsonl"]);
    let secret = format!("{}{}", "hunter", "2-and-more-of-it");
    let job = format!(
        r#"{{"queue": "q", "branch": "release/5.0", "repository": "https://u:{secret}@h/o/r",
            "variables": {{"DEPLOY_TOKEN": "{secret}", "colour": "red"}}}}"#
    );
    let decided = service.ask("POST", "/v1/decide", &job).expect(200).json();
    service.ask("POST", "/v1/batch", "{\"queue\": \"nowhere\"}\n{\"queue\": \"lonely\"}\n").expect(200);
    until("the records are written", || place.read("log.jsonl").lines().count() == 3);
    let records = records(&place.path("log.jsonl"));
    assert_eq!(records[0]["result"]["queue"], decided["queue"]);
    assert_eq!(records[0]["rules"], decided["rules"]);
    assert_eq!(records[0]["input"]["variables"], serde_json::json!({ "colour": "red" }));
    assert!(records[0]["trace"].as_array().is_some_and(|steps| steps.iter().any(|s| s["rule"] == "to-svc")));
    assert_eq!(records[1]["result"]["error"]["kind"], "not_found");
    assert_eq!(records[2]["result"]["queue"], "lonely");
    assert!(!place.read("log.jsonl").contains(&secret));
    let ids: std::collections::BTreeSet<_> = records.iter().map(|r| r["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 3);
}

#[test]
fn commands_log_as_the_service_does() {
    let place = Place::new();
    place.write("ci-tool.yaml", "route: {rules: rules.yaml, log: configured.jsonl}\n");
    assert!(place.route(&["--queue", "q", "--branch", "main"]).output().unwrap().status.success());
    assert!(
        place.route(&["--queue", "q", "--branch", "main", "--log", "named.jsonl"]).output().unwrap().status.success()
    );
    let mut batch =
        place.route(&["batch"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    batch.stdin.take().unwrap().write_all(format!("{JOB}\n{JOB}\n").as_bytes()).unwrap();
    assert!(batch.wait_with_output().unwrap().status.success());
    assert_eq!(records(&place.path("named.jsonl")).len(), 1);
    let records = records(&place.path("configured.jsonl"));
    let queues: Vec<_> = records.iter().map(|r| r["result"]["queue"].as_str().unwrap()).collect();
    assert_eq!(queues, ["q", "q.svc", "q.svc"]);
}

#[test]
fn a_log_that_cannot_be_written_stops_no_job() {
    let place = Place::new();
    let ran = place.route(&["--queue", "q", "--branch", "main", "--log", "none/log"]).output().unwrap();
    let said = String::from_utf8(ran.stderr).unwrap();
    assert!(ran.status.success() && said.contains("not logged"), "{said}");
    assert_eq!(ran.stdout, b"q\n");
}

#[cfg(unix)]
#[test]
fn a_log_that_was_moved_is_begun_anew_on_a_hangup() {
    let place = Place::new();
    let service = place.serve(&["--log", "log.jsonl"]);
    service.decide();
    until("the first record is written", || place.read("log.jsonl").lines().count() == 1);
    std::fs::rename(place.path("log.jsonl"), place.path("log.1")).unwrap();
    service.signal(rustix::process::Signal::HUP);
    until("the file is there again", || place.path("log.jsonl").exists());
    service.decide();
    until("the second record is written", || place.read("log.jsonl").lines().count() == 1);
    assert_eq!(records(&place.path("log.1")).len(), 1);
}

#[cfg(unix)]
#[test]
fn a_log_that_takes_nothing_any_more_does_not_keep_the_service_from_ending() {
    let place = Place::new();
    let pipe = place.path("log");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    // Both ends, so that nobody waits for the other to open it; it is never read.
    let _held = std::fs::File::options().read(true).write(true).open(&pipe).unwrap();
    let service = place.serve(&["--log", "log"]);
    service.ask("POST", "/v1/batch", &format!("{JOB}\n").repeat(2000)).expect(200);
    service.signal(rustix::process::Signal::TERM);
    until("people are told", || service.said("decisions are not logged"));
    assert_eq!(service.wait(), Some(0));
}
