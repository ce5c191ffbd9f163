//! `trigger backfill` on this machine.

use crate::project::{JOBS, Project, runs};
use serde_json::json;

#[test]
fn what_lies_between_good_and_bad_is_run_and_the_first_bad_one_named() {
    let project = Project::new(JOBS);
    project.trigger("range c2 --job unit").ok();
    project.trigger("range c7 --job unit").code(5);
    let before = project.everything();
    let shown = project.trigger("backfill c7 --job unit --dry-run").ok();
    shown.says(&[&format!("unit passed last at {} (looked back 20 revisions)", project.short(2)), "4 runs"]);
    project.is_unchanged(&before);
    let answer = format!("unit passed last at {}, and fails since {} change 5", project.short(4), project.short(5));
    project
        .trigger("backfill c7 --job unit")
        .code(5)
        .says(&["4 requested, 4 ran, 2 passed, 2 failed"])
        .prints(&[&answer]);
    assert_eq!(project.ran()[2..], runs("unit", "3 4 5 6"));
    project.trigger("backfill c7 --job unit").code(5).says(&["nothing is to be triggered"]).prints(&[&answer]);
    assert_eq!(project.ran().len(), 6);
}

#[test]
fn a_bad_revision_that_has_not_run_is_run_too_and_telling_it_again_is_no_mistake() {
    let project = Project::new(JOBS);
    project.trigger("range c3 --job unit").ok();
    let answer = format!("fails since {} change 5", project.short(5));
    for _ in 0..2 {
        project.trigger("backfill c6 --job unit").code(5).prints(&[&answer]);
    }
    assert_eq!(project.ran(), runs("unit", "3 4 5 6"));
}

#[test]
fn a_job_that_never_passed_is_failing_for_good() {
    let project = Project::new(JOBS);
    project.trigger("range c4..c7 --job unit").code(5);
    let before = project.everything();
    let says = format!("permanent failure: unit passed at none of 3 revisions back to {}", project.short(5));
    for flags in ["", " --dry-run"] {
        let ran = project.trigger(&format!("backfill c7 --job unit --max-revisions 3{flags}"));
        assert_eq!(ran.code(5).says(&[&says]).text(), "");
    }
    project.is_unchanged(&before);
}

#[test]
fn a_job_that_passes_or_never_ran_is_not_backfilled() {
    let project = Project::new(JOBS);
    project.trigger("range c3 --job unit").ok();
    project.trigger("backfill c3 --job unit").ok().says(&["unit passes at", "nothing to backfill"]);
    let never = format!("no run of pass says anything at 9 revisions back to {}", project.short(0));
    let hint = format!("ci-tool trigger range {} --job pass", project.short(0));
    project.trigger("backfill c8 --job pass").fails(1, &[&never, &hint]);
    assert_eq!(project.ran(), runs("unit", "3"));
}

#[test]
fn slices_leave_the_rest_and_the_answer_says_how_much_is_not_known() {
    let project = Project::new(JOBS);
    project.trigger("range c0 --job unit").ok();
    project.trigger("range c8 --job unit").code(5);
    let ran = project.trigger("backfill c8 --job unit --slices 3").code(5);
    assert_eq!(project.ran()[2..], runs("unit", "1 4 7"));
    let [good, bad] = [4, 7].map(|number| project.short(number));
    ran.prints(&[&format!("passed last at {good}, and fails at {bad} change 7 by Ada; 2 between say nothing yet")]);
    // The slices are a backfill's own: it may not go on from there by itself.
    let session = project.session();
    let refused = project.trigger("backfill c7 --job unit");
    refused.fails(2, &[&format!("come from the backfill {session}"), &format!("ci-tool trigger watch {session}")]);
    project.trigger(&format!("watch {session}")).code(5);
    project.trigger("backfill c8 --job unit").code(5).prints(&[&format!("fails since {}", project.short(5))]);
}

#[test]
fn the_depth_follows_how_often_the_job_runs() {
    let project = Project::new(&JOBS.replace("5.txt'}", "5.txt', interval: 2}"));
    project.trigger("range c2 --job unit").ok();
    project.trigger("range c8 --job unit").code(5);
    // One and a half of two, and the bad revision itself.
    project.trigger("backfill c8 --job unit").code(5).says(&["passed at none of 4 revisions"]);
    let planned = project.planned("backfill c8 --job unit --max-revisions 9");
    assert_eq!(planned, runs("unit", "3 4 5 6 7"));
    project.configure(&JOBS.replace("5.txt'}", "5.txt', interval: 4}"));
    let ran =
        project.trigger("backfill c8 --job unit --dry-run").ok().says(&["looked back 1.5 × its usual interval of 4"]);
    assert_eq!(ran.text().lines().count(), 5);
}

#[test]
fn measurements_are_made_back_to_the_last_one() {
    let project = Project::new(JOBS);
    project
        .trigger("backfill c6 --job perf --until-data")
        .fails(1, &["no measurement of perf was found in 7 revisions"]);
    let first = project.trigger("range c2 --job perf --output json").ok().json();
    assert_eq!(first["session"]["items"][0]["attempts"][0]["run"]["data"], json!({ "value": 1.5 }));
    assert_eq!(project.planned("backfill c6 --job perf --until-data"), runs("perf", "3 4 5 6"));
    project.trigger("backfill c6 --job perf --until-data --plus 1 --times 2").ok();
    // One more of what has data, two of each further one.
    assert_eq!(project.ran()[1..], runs("perf", "1 1 2 3 3 4 4 5 5 6 6"));
}

#[test]
fn a_clone_that_ends_before_a_good_revision_is_told_to_fetch() {
    let project = Project::new(JOBS);
    let from = format!("file://{}", project.repository.dir.display());
    project.sandbox.program("git", ["clone", "--quiet", "--depth=2", &from, "clone"]).run().ok();
    let clone = project.sandbox.work().join("clone");
    let call = |line: &str| project.sandbox.tool(["trigger"]).args(line.split_whitespace()).dir(&clone);
    std::fs::copy(project.sandbox.work().join("ci-tool.yaml"), clone.join("ci-tool.yaml")).unwrap();
    call("range HEAD --job unit").run().code(5);
    call("backfill HEAD --job unit").run().fails(1, &["history ends here after 2 revisions", "git fetch --unshallow"]);
}
