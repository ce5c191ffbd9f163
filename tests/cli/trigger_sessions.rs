//! Sessions: their records, and `trigger watch`, `list`, `cancel` and `resolve`.

use crate::{
    project::{JOBS, Project},
    sandbox::until,
};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeSet;

/// A job that goes on until there is a file `go` beside the workspace.
const SLOW: &str = r#"
trigger: {at_once: 1}
jobs:
  slow: {run: 'NOTE while ! test -e GO; do sleep 0.02; done'}
"#;

fn slow() -> Project {
    let project = Project::new("");
    project.configure(&SLOW.replace("GO", &project.sandbox.path("go").display().to_string()));
    project
}

#[test]
fn a_session_is_a_file_that_others_can_read() {
    let project = Project::new(JOBS);
    project.trigger("range c4..c6 --job unit").code(5);
    let records = project.records();
    let (header, records) = records.split_first().unwrap();
    assert_eq!(*header, serde_json::json!({ "schema": 1, "requires": [] }));
    let events: Vec<&str> = records.iter().map(|record| record["event"].as_str().unwrap()).collect();
    assert_eq!((events[0], events[1], *events.last().unwrap()), ("opened", "planned", "ended"));
    let kinds: BTreeSet<&str> = events.iter().copied().collect();
    assert_eq!(kinds, ["ended", "opened", "planned", "seen", "submitted", "submitting"].into());
    let times: Vec<Timestamp> = records.iter().map(|record| record["at"].as_str().unwrap().parse().unwrap()).collect();
    assert!(times.is_sorted());
    let opened = &records[0];
    assert_eq!((&opened["verb"], &opened["engine"]), (&Value::from("range"), &Value::from("local")));
    let submitting = records.iter().find(|record| record["event"] == "submitting").unwrap();
    assert_eq!(submitting["key"], format!("ci-tool-{}-0000-1", project.session()));
}

#[test]
fn a_session_that_is_over_is_told_again_and_left_alone() {
    let project = Project::new(JOBS);
    project.trigger("list").ok().says(&["there are no sessions"]);
    let told = project.trigger("range c3..c5 --job unit").code(5).text();
    let id = project.session();
    let before = project.everything();
    assert_eq!(project.trigger(&format!("watch {}", &id[..4])).code(5).text(), told);
    project.trigger(&format!("cancel {id}")).ok().says(&["is over: there is nothing to stop"]);
    let resolve = project.trigger(&format!("resolve {id} 1 --resend"));
    resolve.fails(2, &["is not uncertain: it is failed"]);
    project.trigger(&format!("resolve {id} 7 --drop")).fails(1, &["has no request 7", "from 0 to 1"]);
    project.is_unchanged(&before);
    let json = project.trigger("list --output json").ok().json();
    assert_eq!(
        (&json["sessions"][0]["outcome"], &json["sessions"][0]["ended"]),
        (&Value::from("failed"), &Value::from(true))
    );
    let listed = project.trigger("list").ok().text();
    assert!(listed.contains("range  unit at 2 revisions  2  1  1  failed"), "{listed}");
    project.trigger("list --open").ok().prints(&[]).says(&["no session is open"]);
    assert_eq!(project.trigger(&format!("watch {id} --output json")).code(5).json()["session"]["ended"], true);
}

#[test]
fn another_process_can_follow_a_session_and_cancel_it() {
    let project = slow();
    let mut driven = project.spawn("range c5..c8 --job slow");
    until("the first run has begun", || project.ran() == ["slow c6"]);
    let id = project.session();
    project.trigger("list --open").ok().prints(&["open\n"]);
    project.trigger(&format!("watch {id} --timeout 0s")).code(8);
    let again = project.trigger("range c5..c8 --job slow");
    again.fails(1, &["being driven by another process", &format!("ci-tool trigger watch {id}")]);
    project.trigger(&format!("resolve {id} 0 --drop")).fails(1, &["being driven by another process"]);
    let shown = project.trigger(&format!("cancel {id} --dry-run")).ok().says(&["3 runs would be stopped"]);
    assert_eq!(shown.text().lines().count(), 3);
    assert!(!driven.ended());
    project.trigger(&format!("cancel {id}")).ok().says(&["the process that drives"]);
    let ran = driven.wait().code(3).says(&["the rest is stopped: somebody cancelled it"]);
    ran.says(&["3 requested, 0 ran, 1 cancelled, 2 came to nothing"]);
    assert_eq!(project.ran(), ["slow c6"]);
    project.trigger(&format!("watch {id}")).code(3);
    project.trigger("list").ok().prints(&["cancelled\n"]);
    // What was cancelled is asked for anew.
    std::fs::write(project.sandbox.path("go"), "").unwrap();
    project.trigger("range c5..c8 --job slow").ok();
}

#[test]
fn the_same_command_goes_on_where_it_was_interrupted() {
    let project = slow();
    let driven = project.spawn("range c5..c8 --job slow");
    until("the first run has begun", || project.ran() == ["slow c6"]);
    let killed = project.sandbox.program("kill", ["-INT", &driven.id().to_string()]).run();
    killed.ok();
    driven.wait().fails(130, &["was interrupted", "the same command goes on with it"]);
    let id = project.session();
    std::fs::write(project.sandbox.path("go"), "").unwrap();
    let ran = project.trigger("range c5..c8 --job slow").ok();
    ran.says(&[&format!("going on with the session {id}"), "3 requested, 3 ran, 3 passed"]);
    assert_eq!(project.ran(), ["slow c6", "slow c6", "slow c7", "slow c8"]);
    assert_eq!(project.session(), id);
    project.trigger("range c5..c8 --job slow").ok().says(&["nothing is to be triggered"]);
}

#[test]
fn a_session_that_nobody_drives_is_watched_to_its_end_or_cancelled() {
    let project = slow();
    for (verb, code, runs) in [("cancel", 0, 1), ("watch", 0, 4)] {
        let driven = project.spawn("range c5..c8 --job slow --new");
        until("the first run has begun", || project.ran().len() == 1 && project.ran() == ["slow c6"]);
        project.sandbox.program("kill", ["-KILL", &driven.id().to_string()]).run().ok();
        driven.wait_raw();
        if verb == "watch" {
            std::fs::write(project.sandbox.path("go"), "").unwrap();
        }
        let id = project.session();
        project.trigger(&format!("{verb} {id}")).code(code);
        assert_eq!(project.ran().len(), runs, "{verb}");
        std::fs::remove_file(project.sandbox.path("ran")).unwrap();
    }
}

#[test]
fn a_name_that_means_no_session_is_a_mistake() {
    let project = Project::new(JOBS);
    let before = project.everything();
    for verb in ["watch", "cancel", "resolve"] {
        let more = if verb == "resolve" { " 0 --drop" } else { "" };
        let ran = project.trigger(&format!("{verb} k3v9{more}"));
        ran.fails(1, &["there is no session k3v9", "`ci-tool trigger list` shows"]);
        project.trigger(&format!("{verb} l!{more}")).code(2);
    }
    project.is_unchanged(&before);
}

/// A process that has this argument.
#[cfg(target_os = "linux")]
fn runs_with(argument: &str) -> bool {
    let listed = std::fs::read_dir("/proc").unwrap().flatten();
    let mut lines = listed.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines.any(|line| line.split(|byte| *byte == 0).any(|one| one == argument.as_bytes()))
}

#[cfg(target_os = "linux")]
#[test]
fn no_job_outlives_a_session_however_that_ends() {
    for (number, more) in ["", " --timeout 2s"].into_iter().enumerate() {
        let marker = format!("7{number}.{:09}", std::process::id());
        let project = Project::new(&format!("jobs: {{slow: {{run: 'NOTE sleep {marker}; true'}}}}\n"));
        let driven = project.spawn(&format!("range c5..c6 --job slow{more}"));
        until("the job runs", || runs_with(&marker));
        if more.is_empty() {
            project.sandbox.program("kill", ["-TERM", &driven.id().to_string()]).run().ok();
        }
        driven.wait_raw();
        assert!(!runs_with(&marker), "{more:?}: the job lives");
    }
}
