//! `trigger until-failure` on this machine.

use crate::project::Project;
use std::fs;

/// `rare` fails the fourth time that it is run anywhere.
const JOBS: &str = r#"
trigger: {at_once: 1}
jobs:
  rare: {run: 'NOTE echo "take $(wc -l < RAN) $COLOUR" | tee made; test $(wc -l < RAN) -lt 4', env: {COLOUR: green}}
  pass: {run: 'NOTE true'}
"#;

fn project() -> Project {
    let project = Project::new("");
    project.configure(&JOBS.replace("RAN", &project.sandbox.path("ran").display().to_string()));
    project
}

#[test]
fn the_first_failure_ends_it_with_its_log() {
    let project = project();
    let before = project.everything();
    let shown = project.trigger("until-failure c8 --job rare --batch 3 --max 9 --dry-run").ok();
    shown.says(&["at most 9 runs, 3 at a time, for a time that no earlier run tells", "a dry run"]);
    project.is_unchanged(&before);
    let ran = project.trigger("until-failure c8 --job rare --batch 3 --max 9").code(5);
    let ran = ran.prints(&["take 4 green\n", "3 succeeded, 1 failed, 2 skipped"]);
    ran.says(&["failed; its log:", "the rest is stopped: a run failed", "it failed after 3 passes"]);
    assert_eq!(project.ran().len(), 4);
    let listed = project.trigger("list").ok().text();
    assert!(listed.contains("until-failure  rare at") && listed.trim_end().ends_with("failed"), "{listed}");
}

#[test]
fn what_was_saved_fails_again_when_it_is_restored() {
    let project = project();
    let ran = project.trigger("until-failure c8 --job rare --save").code(5);
    let id = project.sandbox.only();
    ran.says(&[&format!("the environment was saved: ci-tool repro restore {id}")]);
    project.sandbox.repro(["restore", &id, "--into", "../again"]).ok();
    let again = project.sandbox.path("again");
    // The tree of the run that failed, with what it made, beside what the revision holds.
    assert_eq!(fs::read_to_string(again.join("workspace/made")).unwrap(), "take 4 green\n");
    assert_eq!(fs::read_to_string(again.join("workspace/src/8.txt")).unwrap(), "change 8");
    assert_eq!(fs::read_to_string(again.join("job.log")).unwrap(), "take 4 green\n");
    let rerun = project.sandbox.program("sh", ["./rerun.sh"]).dir(&again).run().code(1);
    assert_eq!(rerun.text(), "take 5 green\n");
    assert_eq!(project.ran().last().unwrap(), "rare c8");
    // The next run has its tree, as the revision is.
    project.sandbox.tool(["trigger", "range", "c7", "--run", "test ! -e made"]).run().ok();
}

#[test]
fn passes_alone_say_how_often_it_may_fail_at_most() {
    let project = project();
    let ran = project.trigger("until-failure c8 --job pass --batch 4 --max 10").ok();
    ran.says(&["10 requested, 10 ran, 10 passed", "below 25.9 % at 95 % confidence"]);
    // What ran before counts for nothing: it is asked for again.
    project.trigger("until-failure c8 --job pass --max 1 --output json").ok().json();
    assert_eq!(project.ran().len(), 11);
}

#[test]
fn what_cannot_be_hunted_is_refused() {
    let project = project();
    let before = project.everything();
    for (line, code, says) in [
        ("until-failure c8 --job rare --job pass", 2, "one job is run until it fails"),
        ("until-failure c8 --job rare --max 9 --budget 8", 2, "this would start 9 runs, and the budget is 8"),
        ("until-failure c9 --job rare", 1, "no revision is called c9"),
        ("until-failure c8 --job raer", 1, "has no job \"raer\""),
    ] {
        project.trigger(line).fails(code, &[says]);
    }
    project.trigger("until-failure c8 --job rare --batch 0").code(2);
    project.is_unchanged(&before);
}
