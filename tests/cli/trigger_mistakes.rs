//! What a person gets wrong: exit code, what is named, a way out, and nothing changed.

use crate::{
    project::{JOBS, Project},
    repository::Repository,
};
use std::fs;

/// Engines of which none is ever reached.
const ENGINES: &str = r#"
engines:
  jenkins: {kind: jenkins, url: 'http://127.0.0.1:9', user_env: CI_USER, token_env: CI_PASS}
  mozilla: {kind: treeherder, project: autoland, url: 'http://127.0.0.1:9'}
  odd: {kind: buildbot, url: 'http://127.0.0.1:9', project: x}
  hub: {kind: github}
  here: {kind: local}
"#;

#[test]
fn a_mistake_is_named_with_the_way_out_and_changes_nothing() {
    let project = Project::new(&format!("{JOBS}{ENGINES}"));
    let before = project.everything();
    for (line, code, says) in [
        ("range c1..c3 --job unti", 1, ["the engine local has no job \"unti\"", "did you mean unit?"]),
        ("range c1..c3 --job zzz", 1, ["no job \"zzz\"", "`ci-tool trigger jobs HEAD --engine local` lists"]),
        ("range c3..c3 --job unit", 2, ["nothing lies between c3 and c3", "name an older revision"]),
        ("range c3..c1 --job unit", 2, ["the range c3..c1 is reversed", "write c1..c3"]),
        ("range c1..nope --job unit", 1, ["no revision is called nope", "git fetch"]),
        ("range c1..c3 --job unit --path docs", 2, ["changed docs", "--path"]),
        ("backfill nope --job unit", 1, ["no revision is called nope", "git fetch"]),
        ("backfill c1 --job unit --job pass", 2, ["one job is backfilled at a time", "--job once"]),
        ("fill nope", 1, ["no revision is called nope", "git fetch"]),
        ("jobs nope", 1, ["no revision is called nope", "git fetch"]),
        ("range c1..c3 --job unit --engine jenkin", 2, ["no engine \"jenkin\"", "did you mean jenkins?"]),
        ("range c1..c3 --job unit --engine xyz", 2, ["no engine \"xyz\"", "there are here, hub, jenkins, local"]),
        (
            "range c1..c3 --job unit --engine jenkins",
            4,
            ["the variable CI_PASS, which the engine jenkins needs", "export CI_PASS="],
        ),
        ("jobs c3 --engine jenkins", 4, ["the variable CI_PASS", "export CI_PASS="]),
        ("range c1..c3 --job unit --engine odd", 2, ["the engine odd has no setting project", "it knows url, at_once"]),
        ("fill c3 --engine hub", 2, ["the engine hub names no repository", "repository: OWNER/NAME"]),
        ("range c1..c3 --run true --engine jenkins", 2, ["not on jenkins", "--engine local"]),
        ("until-failure c3 --run true --engine mozilla", 2, ["not on mozilla", "--engine local"]),
        ("range c1..c3 --job unit --engine mozilla", 1, ["the engine mozilla only tells of runs", "--engine NAME"]),
        ("backfill c3 --job unit --engine mozilla", 1, ["only tells of runs", "--engine NAME"]),
        ("fill c3 --engine mozilla", 1, ["only tells of runs", "--engine NAME"]),
        ("until-failure c3 --job unit --engine mozilla", 1, ["only tells of runs", "--engine NAME"]),
    ] {
        for more in ["", " --dry-run"] {
            if more.is_empty() || !line.starts_with("jobs") {
                project.trigger(&format!("{line}{more}")).fails(code, &says);
            }
        }
    }
    project.is_unchanged(&before);
    assert_eq!(project.ran(), Vec::<String>::new());
}

#[test]
fn mistakes_are_data_for_scripts() {
    let project = Project::new(JOBS);
    let ran = project.trigger("range c1..c3 --job unti --output json").code(1);
    let error: serde_json::Value = serde_json::from_str(&ran.stderr).unwrap();
    assert_eq!(error["kind"], "not_found");
    assert!(error["hints"][0].as_str().unwrap().starts_with("did you mean unit?"), "{error}");
    assert_eq!(ran.text(), "");
}

#[test]
fn engines_and_jobs_that_make_no_sense_are_named() {
    let project = Project::new(JOBS);
    for (config, says) in [
        (
            "jobs: {a: {run: x, needs: [b]}, b: {run: y, needs: [a]}}",
            ["reading the job a", "it needs itself: a needs b needs a"],
        ),
        ("jobs: {a: {run: x, needs: [a]}}", ["it needs itself: a needs a", "take one of these needs away"]),
        ("jobs: {a: {run: x, measure: 'n: [0-9]+'}}", ["no group named value", "?P<value>"]),
        ("jobs: {a: {run: x, timeout: soon}}", ["reading the job a", "soon"]),
        ("jobs: {a: {rum: x}}", ["rum", "did you mean `run`?"]),
        ("engines: {ci: {url: 'https://ci.example.org'}}", ["the engine ci has no kind", "kind: local, buildbot"]),
        ("engines: {ci: {kind: jenkinx}}", ["jenkinx", "jenkins"]),
        ("engines: {ci: {kind: jenkins, tokn_env: X}}", ["tokn_env", "did you mean `token_env`?"]),
    ] {
        project.configure(config);
        project.trigger("range c1..c3 --job a").code(2).says(&says);
    }
}

#[test]
fn places_without_history_say_so() {
    let project = Project::new(JOBS);
    let config = project.sandbox.work().join("ci-tool.yaml");
    let ceiling = project.sandbox.path("").display().to_string();
    let empty = project.sandbox.path("empty");
    fs::create_dir(&empty).unwrap();
    let call = |line: &str| {
        let call = project.sandbox.tool(["trigger"]).args(line.split_whitespace()).args(["--config"]).args([&config]);
        call.dir(&empty).env("GIT_CEILING_DIRECTORIES", &ceiling).run()
    };
    let verbs = ["range a..b --job unit", "backfill HEAD --job unit", "fill HEAD", "until-failure HEAD --job unit"];
    for line in verbs {
        call(line).fails(2, &["no git repository holds"]);
    }
    Repository::init(&empty);
    for line in verbs {
        call(line).fails(1, &["no revision is called"]);
    }
    assert!(!project.sandbox.path("home/.cache").exists());
}
