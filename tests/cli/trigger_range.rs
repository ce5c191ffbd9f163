//! `trigger range` on this machine.

use crate::{
    project::{JOBS, Project, runs},
    repository::Commit,
};
use serde_json::json;
use std::fs;

const RANGE: &str = "range c2..c7 --job unit";

/// A table without where the logs of failures are.
fn without_logs(table: &str) -> String {
    table.lines().map(|line| format!("{}\n", line.split("  /").next().unwrap_or_default().trim_end())).collect()
}

#[test]
fn each_revision_gets_as_many_runs_as_it_lacks() {
    let project = Project::new(JOBS);
    let ran = project.trigger(RANGE).code(5).says(&["5 requested, 5 ran, 2 passed, 3 failed"]);
    let row = |number: usize, what: &str| format!("unit  {}  {what}\n", project.short(number));
    let rows = |what: [&str; 5]| (3..8).zip(what).map(|(number, what)| row(number, what)).collect::<String>();
    assert_eq!(without_logs(&ran.text()), rows(["1 succeeded", "1 succeeded", "1 failed", "1 failed", "1 failed"]));
    assert_eq!(project.ran(), runs("unit", "3 4 5 6 7"));

    let again = project.trigger(RANGE).code(5).says(&["nothing is to be triggered", "2 passed, 3 failed"]);
    assert_eq!(
        again.text(),
        rows(["it has 1", "it has 1", "it has 1: 1 failed", "it has 1: 1 failed", "it has 1: 1 failed"])
    );
    assert_eq!(project.ran().len(), 5);

    project.trigger("range c2..c4 --job unit --times 3").ok();
    assert_eq!(project.ran()[5..], runs("unit", "3 3 4 4"));
    let all = project.trigger("range c3..c5 --job unit --times 3 --output json").code(5).json();
    assert_eq!(
        all["summary"],
        json!({ "requested": 5, "ran": 5, "passed": 3, "failed": 2, "collapsed": 0, "open": 0, "expected": 0,
            "uncertain": 0, "cancelled": 0, "nothing": 0 })
    );
    assert_eq!(all["outcome"], "failed");
}

#[test]
fn the_flags_choose_the_revisions() {
    let project = Project::new(JOBS);
    fs::write(project.sandbox.path("suspects"), "c5\nc2\n").unwrap();
    let suspects = format!("--revisions-file {}", project.sandbox.path("suspects").display());
    for (flags, expected) in [
        ("c0.. --every 3", "2 5 8"),
        ("c0.. --slices 3", "1 5 8"),
        ("c0.. --max-revisions 2", "7 8"),
        ("c6 --back 2", "4 5 6"),
        ("c6 --delta 1", "5 6 7"),
        ("c6 --from c5", "5 6"),
        ("c0.. --path src/4.txt --path src/6*", "4 6"),
        (suspects.as_str(), "5 2"),
    ] {
        assert_eq!(project.planned(&format!("range {flags} --job unit")), runs("unit", expected), "{flags}");
    }
}

#[test]
fn only_the_first_parents_of_merges_when_asked() {
    let commit = |at: i64, parents: &[usize]| Commit {
        parents: parents.to_vec(),
        date: 1_795_132_800 + 3600 * at,
        paths: vec![format!("src/{at}.txt")],
    };
    let commits = [commit(0, &[]), commit(1, &[0]), commit(2, &[0]), commit(3, &[1, 2])];
    let project = Project::with(JOBS, &commits);
    assert_eq!(project.planned("range c0..c3 --job unit").len(), 3);
    assert_eq!(project.planned("range c0..c3 --job unit --first-parent"), runs("unit", "1 3"));
}

#[test]
fn a_dry_run_says_what_and_why_and_changes_nothing() {
    let project = Project::new(JOBS);
    project.trigger("range c3..c5 --job unit").code(5);
    let before = project.everything();
    let ran = project.trigger("range c2..c7 --job unit --times 1 --dry-run").ok();
    let ran = ran.says(&[
        "3 runs, about ",
        "of machine time by 2 earlier runs; 2 passed over",
        "a dry run on local: nothing was triggered",
    ]);
    let row = |number: usize, what: &str| format!("unit  {}  {what}\n", project.short(number));
    let expected = [(3, "1"), (6, "1"), (7, "1"), (4, "0  it has 1"), (5, "0  it has 1: 1 failed")];
    assert_eq!(ran.text(), expected.map(|(number, what)| row(number, what)).concat());
    let planned = project.trigger("range c2..c7 --job unit --dry-run --output json").ok().json();
    assert_eq!((&planned["dry_run"], &planned["plan"]["estimate"]["samples"]), (&json!(true), &json!(2)));
    project.trigger("range c7..c8 --job pass --dry-run").ok().says(&["1 run, for a time that no earlier run tells\n"]);
    project.is_unchanged(&before);
    assert_eq!(project.ran().len(), 2);
}

#[test]
fn more_than_the_budget_is_refused_with_the_number() {
    let project = Project::new(JOBS);
    let before = project.everything();
    for line in [format!("{RANGE} --times 4 --budget 19"), format!("{RANGE} --times 4 --budget 19 --dry-run")] {
        let ran = project.trigger(&line);
        ran.fails(2, &["this would start 20 runs, and the budget is 19", "--budget 20 allows them"]);
    }
    project.configure(&JOBS.replace("at_once: 1", "budget: 3"));
    project.trigger(RANGE).fails(2, &["5 runs, and the budget is 3"]);
    project.configure(JOBS);
    project.is_unchanged(&before);
    assert_eq!(project.trigger(&format!("{RANGE} --times 20 --budget 99")).code, Some(2));
    project.trigger("range c2..c4 --job unit --budget 2").ok();
}

const GIVEN: &str = r#"
jobs:
  unit:
    run: 'NOTE echo "$WORD $MORE" >> said; cat said; test "$WORD" != bad'
    parameters: {WORD: plain, MODE: x}
    env: {MORE: nothing}
  must: {run: 'NOTE test "$HERE" = yes', parameters: {HERE: null}}
"#;

#[test]
fn what_is_given_reaches_the_job_and_makes_it_another() {
    let project = Project::new(GIVEN);
    project.trigger("range c1 --job unit").ok();
    project.trigger("range c1 --job unit --param WORD=bad --env MORE=some").code(5);
    let hunted = project.trigger("until-failure c1 --job unit --param WORD=bad --env MORE=some").code(5);
    hunted.prints(&["bad some\n"]);
    let counted = project.ran().len();
    // What ran otherwise counts for nothing, in either direction.
    project.trigger("range c1 --job unit --param WORD=bad --env MORE=some").code(5);
    project.trigger("range c1 --job unit --param WORD=plain").ok().says(&["nothing is to be triggered"]);
    project.trigger("range c1 --job unit").ok().says(&["nothing is to be triggered"]);
    assert_eq!(project.ran().len(), counted);
    project.trigger("range c1 --job unit --param MODE=y").ok();
    project.trigger("range c1 --job must --param HERE=yes --times 2").ok();
    project.trigger("range c1 --job must --param HERE=yes --times 2").ok().says(&["nothing is to be triggered"]);
    assert_eq!(project.ran().len(), counted + 3);
}

#[test]
fn parameters_that_a_job_does_not_take_are_refused_with_those_that_it_does() {
    let project = Project::new(GIVEN);
    let before = project.everything();
    for (line, says) in [
        ("range c1 --job unit --param WROD=x", ["no parameter \"WROD\"", "it takes MODE, WORD"]),
        ("until-failure c1 --job must --param X=1", ["no parameter \"X\"", "it takes HERE"]),
        ("backfill c1 --job must", ["must needs the parameter \"HERE\"", "--param HERE=VALUE"]),
    ] {
        project.trigger(line).fails(2, &says);
    }
    project.trigger("range c1 --job unit --param =x").code(2).says(&["write NAME=VALUE"]);
    project.is_unchanged(&before);
}

#[test]
fn a_command_is_a_job_of_its_own() {
    let project = Project::new("jobs: {}");
    let run = |line: &str| {
        project
            .sandbox
            .tool(["trigger", "range"])
            .args(line.split_whitespace())
            .args(["--run", "test ! -e src/5.txt"])
            .run()
    };
    let ran = run("c3..c5").code(5);
    assert_eq!(
        without_logs(&ran.text()),
        format!(
            "test ! -e src/5.txt  {}  1 succeeded\ntest ! -e src/5.txt  {}  1 failed\n",
            project.short(4),
            project.short(5)
        )
    );
    run("c3..c5").code(5).says(&["nothing is to be triggered"]);
    run("c3..c5 --job x").code(2).says(&["cannot be used with"]);
}

#[test]
fn a_repository_is_only_read() {
    let project = Project::new(JOBS);
    let seen = |project: &Project| {
        let status = project.repository.git(&["status", "--porcelain"]);
        (status, project.repository.git(&["for-each-ref"]), project.repository.git(&["worktree", "list"]))
    };
    let before = seen(&project);
    project.trigger(RANGE).code(5);
    assert_eq!(seen(&project), before);
}
