//! `repro save --when`, and what the CIs are known by.

use crate::sandbox::Sandbox;
use std::fs;

#[test]
fn when_and_marks_decide() {
    let sandbox = Sandbox::new();
    let config = sandbox.path("jobs.yaml");
    fs::write(&config, "repro:\n  jobs: ['nightly-*']\n").unwrap();
    let mark = ("CI_TOOL_REPRO", "1");
    let none = ("NOTHING", "");
    for (when, code, mark, job, saved) in [
        (None, 1, none, "unit", true),
        (None, 0, none, "unit", false),
        (Some("failure"), 1, none, "unit", true),
        (Some("failure"), 0, mark, "unit", false),
        (Some("always"), 0, none, "unit", true),
        (Some("requested"), 1, none, "unit", false),
        (Some("requested"), 0, mark, "unit", false),
        (Some("requested"), 1, mark, "unit", true),
        (Some("requested"), 1, ("AutoSaveReproEnv", "true"), "unit", true),
        (Some("requested"), 1, ("AUTOSAVEREPROENV", "True"), "unit", true),
        (Some("requested"), 1, ("ReproBuild", "true"), "unit", true),
        (Some("requested"), 1, ("ReproBuild", "False"), "unit", false),
        (Some("requested"), 1, none, "nightly-linux", true),
    ] {
        let before = sandbox.ids().len();
        let when: Vec<&str> = when.into_iter().flat_map(|w| ["--when", w]).collect();
        let call = sandbox.tool(["repro", "save", "--job", job, "--config", config.to_str().unwrap()]).args(&when);
        let ran = call.args(["--", "sh", "-c", &format!("exit {code}")]).env(mark.0, mark.1).run().code(code);
        let case = format!("{when:?} {code} {mark:?} {job}");
        assert_eq!(sandbox.ids().len() - before, usize::from(saved), "{case}");
        assert_eq!(ran.stderr.contains("not saved: "), !saved, "{case}: {}", ran.stderr);
    }
}

#[test]
fn the_configuration_and_the_environment_say_when_too() {
    let sandbox = Sandbox::new();
    sandbox.write("ci-tool.yaml", "repro:\n  when: always\n  retain: 36h\n  owner: team@example.org\n");
    sandbox.repro(["save", "--", "true"]).ok().says(&["saved "]);
    sandbox.repro(["list"]).ok().prints(&["team@example.org", "in 36h"]);
    let call = sandbox.tool(["repro", "save", "--", "sh", "-c", "exit 1"]).env("CI_TOOL_REPRO_WHEN", "requested");
    call.run().code(1).says(&["not saved"]);
    assert_eq!(sandbox.ids().len(), 1);
}

/// What a CI sets, and what `show` says of it.
type Case = (&'static [(&'static str, &'static str)], &'static [&'static str]);

#[test]
fn every_ci_is_known_by_its_own_variables() {
    let sandbox = Sandbox::new();
    let event = sandbox.path("event.json");
    fs::write(&event, r#"{"pull_request":{"number":7,"head":{"sha":"beef"},"base":{"ref":"main"}}}"#).unwrap();
    let cases: [Case; 7] = [
        (
            &[
                ("JENKINS_URL", "https://ci.example.org/"),
                ("JOB_NAME", "server/build/jdk=17,os=linux"),
                ("BUILD_NUMBER", "42"),
                ("BUILD_URL", "https://ci.example.org/job/server/42/"),
                ("GIT_COMMIT", "cafe01"),
                ("GIT_URL", "https://example.org/o/r.git"),
                ("CHANGE_ID", "9"),
                ("CHANGE_TARGET", "main"),
                ("CHANGE_BRANCH", "fix"),
            ],
            &[
                "ci           jenkins",
                "job          server/build",
                "build        42",
                "page         https://ci.example.org/job/server/42/",
                "commit       cafe01",
                "repository   https://example.org/o/r.git",
                "pull request 9 into main",
                "branch       fix",
            ],
        ),
        (
            &[
                ("TF_BUILD", "True"),
                ("SYSTEM_COLLECTIONURI", "https://dev.azure.com/org/"),
                ("SYSTEM_TEAMPROJECT", "db"),
                ("BUILD_DEFINITIONNAME", "nightly"),
                ("SYSTEM_JOBNAME", "linux"),
                ("BUILD_BUILDID", "991"),
                ("BUILD_BUILDNUMBER", "20260101.4"),
                ("BUILD_SOURCEVERSION", "cafe02"),
                ("BUILD_SOURCEBRANCH", "refs/heads/main"),
                ("BUILD_REQUESTEDFOREMAIL", "ada@example.org"),
            ],
            &[
                "ci           azure-pipelines",
                "job          nightly/linux",
                "build        20260101.4",
                "page         https://dev.azure.com/org/db/_build/results?buildId=991",
                "commit       cafe02",
                "branch       main",
                "owner        ada@example.org",
            ],
        ),
        (
            &[
                ("GITHUB_ACTIONS", "true"),
                ("GITHUB_SERVER_URL", "https://github.com"),
                ("GITHUB_REPOSITORY", "o/r"),
                ("GITHUB_WORKFLOW", "ci"),
                ("GITHUB_JOB", "test"),
                ("GITHUB_RUN_ID", "77"),
                ("GITHUB_RUN_NUMBER", "5"),
                ("GITHUB_RUN_ATTEMPT", "2"),
                ("GITHUB_SHA", "cafe03"),
                ("GITHUB_REF_NAME", "main"),
                ("GITHUB_ACTOR", "ada"),
            ],
            &[
                "ci           github",
                "job          ci/test",
                "build        5",
                "page         https://github.com/o/r/actions/runs/77/attempts/2",
                "repository   https://github.com/o/r",
                "commit       cafe03",
                "pull request 7 into main",
                "owner        ada",
            ],
        ),
        (
            &[
                ("GITLAB_CI", "true"),
                ("CI_SERVER_URL", "https://gitlab.example.org"),
                ("CI_JOB_NAME", "test: [linux, 17]"),
                ("CI_JOB_URL", "https://gitlab.example.org/g/p/-/jobs/1"),
                ("CI_PIPELINE_IID", "12"),
                ("CI_COMMIT_SHA", "cafe04"),
                ("CI_MERGE_REQUEST_IID", "3"),
                ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
                ("GITLAB_USER_LOGIN", "ada"),
            ],
            &[
                "ci           gitlab",
                "job          test\n",
                "build        12",
                "page         https://gitlab.example.org/g/p/-/jobs/1",
                "commit       cafe04",
                "pull request 3 into main",
                "owner        ada",
            ],
        ),
        (
            &[
                ("BUILDKITE", "true"),
                ("BUILDKITE_PIPELINE_SLUG", "server"),
                ("BUILDKITE_STEP_KEY", "unit-tests"),
                ("BUILDKITE_BUILD_NUMBER", "8"),
                ("BUILDKITE_BUILD_URL", "https://buildkite.com/o/server/builds/8"),
                ("BUILDKITE_COMMIT", "cafe05"),
                ("BUILDKITE_BRANCH", "main"),
                ("BUILDKITE_PULL_REQUEST", "false"),
                ("BUILDKITE_REPO", "git@github.com:o/r.git"),
            ],
            &[
                "ci           buildkite",
                "job          unit-tests",
                "build        8",
                "page         https://buildkite.com/o/server/builds/8",
                "commit       cafe05",
                "repository   git@github.com:o/r.git",
            ],
        ),
        (
            &[
                ("BUILDBOT", "true"),
                ("BUILDBOT_URL", "https://bb.example.org/"),
                ("BUILDBOT_BUILDERNAME", "linux-gcc"),
                ("BUILDBOT_BUILDNUMBER", "1201"),
                ("BUILDBOT_GOT_REVISION", "cafe06"),
                ("BUILDBOT_BRANCH", "10.11"),
                ("BUILDBOT_OWNER", "ada@example.org"),
            ],
            &[
                "ci           buildbot",
                "job          linux-gcc",
                "build        1201",
                "commit       cafe06",
                "branch       10.11",
                "owner        ada@example.org",
            ],
        ),
        (
            &[
                ("HELIX_WORKITEM_ID", "w1"),
                ("HELIX_WORKITEM_FRIENDLYNAME", "System.Tests"),
                ("HELIX_CORRELATION_ID", "c0ffee"),
            ],
            &["ci           helix", "job          System.Tests", "build        c0ffee"],
        ),
    ];
    for (env, expected) in cases {
        let ran = sandbox
            .tool(["repro", "save", "--exit-code", "1", "--output", "json"])
            .envs(env)
            .env("GITHUB_EVENT_PATH", &event)
            .run()
            .ok();
        let id = crate::sandbox::id_of(&ran.json());
        sandbox.repro(["show", &id]).ok().prints(expected);
    }
    // A Buildbot that sets nothing is told by flags.
    let ran =
        sandbox.repro(["save", "--exit-code", "1", "--job", "linux-gcc", "--owner", "ada", "--output", "json"]).ok();
    let id = crate::sandbox::id_of(&ran.json());
    sandbox.repro(["show", &id]).ok().prints(&["ci           none", "job          linux-gcc", "owner        ada"]);
}
