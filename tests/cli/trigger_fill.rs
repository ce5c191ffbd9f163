//! `trigger fill` on this machine.

use crate::project::{Project, runs};

const JOBS: &str = r#"
trigger: {at_once: 1}
jobs:
  build: {run: 'NOTE mkdir out && ls src > out/list', artifacts: ['out/**']}
  lint: {run: 'NOTE true'}
  test: {run: 'NOTE test -s out/list && ! test -e src/7.txt', needs: [build]}
  test-more: {run: 'NOTE grep -q "^3.txt" out/list', needs: [build]}
"#;

#[test]
fn what_lacks_is_run_and_a_build_serves_all_that_need_it() {
    let project = Project::new(JOBS);
    project.trigger("range c4 --job lint").ok();
    let shown = project.trigger("fill c4 --dry-run").ok();
    shown.prints(&["1  after build\n", "0  it has 1\n"]).says(&["3 runs", "1 passed over"]);
    project.trigger("fill c4").ok().says(&["every job at", "3 requested, 3 ran, 3 passed"]);
    let mut ran = project.ran();
    assert_eq!(ran[..2], ["lint c4", "build c4"]);
    ran.sort();
    assert_eq!(ran, ["build c4", "lint c4", "test c4", "test-more c4"]);
    project.trigger("fill c4").ok().says(&["nothing is to be triggered"]);
    assert_eq!(project.ran().len(), 4);
}

#[test]
fn a_build_that_failed_takes_what_needs_it_along_and_says_so() {
    let project = Project::new(&JOBS.replace("mkdir out", "test ! -e src/5.txt && mkdir out"));
    let ran = project.trigger("fill c5 --except lint").code(5);
    ran.says(&["test at", "(build, which it needs, is failed there"]).prints(&["test       ", "1 skipped"]);
    assert_eq!(project.ran(), runs("build", "5"));
    // It is not built again, and that is said before anything is asked for.
    let again = project.trigger("fill c5 --except lint").code(5).says(&["nothing is to be triggered"]);
    again.prints(&["build, which it needs, failed there"]);
    assert_eq!(project.ran().len(), 1);
}

#[test]
fn a_job_that_needs_another_brings_it_along_wherever_it_is_asked_for() {
    let project = Project::new(JOBS);
    project.trigger("range c5..c7 --job test --times 2").code(5);
    assert_eq!(project.ran(), ["build c6", "test c6", "test c6", "build c7", "test c7", "test c7"]);
    let again = project.trigger("until-failure c6 --job test --max 2").ok();
    again.says(&["2 passes and no failure"]);
    assert_eq!(project.ran()[6..], ["test c6", "test c6"]);
}

#[test]
fn the_jobs_are_those_of_the_revision() {
    let project = Project::new(JOBS);
    project.repository.git(&["add", "ci-tool.yaml"]);
    project.repository.git(&["commit", "--quiet", "--message=configured"]);
    project.configure("jobs: {later: {run: 'NOTE true'}}");
    let planned = project.trigger("fill HEAD --dry-run --output json").ok().json();
    let jobs: Vec<_> = planned["plan"]["items"].as_array().unwrap().iter().map(|item| item["job"].clone()).collect();
    assert_eq!(jobs, ["build", "lint", "test", "test-more"]);
    assert_eq!(project.planned("fill c1"), ["later c1"]);
    let listed = project.trigger("jobs HEAD --output json").ok().json();
    assert_eq!(listed["jobs"].as_array().unwrap().len(), 4);
    assert_eq!(listed["jobs"][0]["name"], "build");
}

#[test]
fn nothing_to_fill_with_is_said() {
    let project = Project::new("jobs: {}");
    project.trigger("fill c1").fails(1, &["there are no jobs at", "in ci-tool.yaml: jobs:"]);
    project.configure(JOBS);
    project.trigger("fill c1 --except *").fails(2, &["--except leaves no job", "`ci-tool trigger jobs c1`"]);
    project.trigger("fill c1 --except [").fails(2, &["--except holds a glob that is none"]);
    assert_eq!(project.ran(), Vec::<String>::new());
}
