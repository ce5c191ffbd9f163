//! `route batch`, with the file that Linux has for a full disk.

use crate::sandbox::Sandbox;

#[test]
fn a_log_that_cannot_be_written_is_said_once_and_stops_nothing() {
    const JOBS: usize = 2000;
    let sandbox = Sandbox::new();
    sandbox.write("rules.yaml", "standard: s\nqueues:\n  q:\n");
    sandbox.write("jobs.jsonl", "{\"queue\": \"q\"}\n".repeat(JOBS));
    let batch = format!("'{}' route batch --rules rules.yaml --log \"$1\" < jobs.jsonl", env!("CARGO_BIN_EXE_ci-tool"));
    let run = |log: &str| sandbox.program("sh", ["-c", &batch, "sh", log]).run().ok();
    let ran = run("/dev/full");
    assert_eq!(ran.text().lines().count(), JOBS);
    assert_eq!(ran.stderr.matches("decisions are not logged").count(), 1, "{}", ran.stderr);
    // So much is written in more than one piece.
    run("log.jsonl");
    let log = std::fs::read_to_string(sandbox.work().join("log.jsonl")).unwrap();
    assert!(log.lines().count() == JOBS && log.len() > 2 * 64 * 1024, "{}", log.len());
}
