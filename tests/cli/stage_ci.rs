//! What `ci-tool stage` says to the runner of a CI's job.

use crate::sandbox::Sandbox;
use std::fs;

const PIPELINE: &str = "stages:
  evil: {run: \"printf '::error::no\\\\n##vso[task.setvariable variable=A]b\\\\n'\"}
  bad: {run: exit 3}
  odd: {run: exit 4, issues: [4]}
";

#[test]
fn each_runner_has_groups_annotations_and_a_summary_and_stages_say_nothing_to_it() {
    for (variables, group, error, warning) in [
        (
            [("GITHUB_ACTIONS", "true"), ("CI", "true")],
            "::group::[evil] succeeded\n[evil] ::error::no\n[evil] # #vso[task.setvariable variable=A]b\n::endgroup::\n",
            "::error::p: bad failed: it ended with 3",
            "::warning::p: odd succeeded with issues: it ended with 4",
        ),
        (
            [("TF_BUILD", "True"), ("CI", "true")],
            "##[group][evil] succeeded\n[evil] ::error::no\n[evil] # #vso[task.setvariable variable=A]b\n##[endgroup]\n",
            "##vso[task.logissue type=error]p: bad failed: it ended with 3",
            "##vso[task.logissue type=warning]p: odd succeeded with issues: it ended with 4",
        ),
    ] {
        let sandbox = Sandbox::new();
        sandbox.write("p.yaml", PIPELINE);
        let summary = sandbox.path("summary.md");
        let call = sandbox.tool(["stage", "validate", "p.yaml"]).envs(&variables);
        let ran =
            call.env("GITHUB_STEP_SUMMARY", &summary).env("AGENT_TEMPDIRECTORY", sandbox.path("tmp")).run().code(5);
        let ran = ran.says(&[group, error, warning, "[bad] failed: it ended with 3"]);
        if variables[0].0 == "GITHUB_ACTIONS" {
            let text = fs::read_to_string(&summary).unwrap();
            assert!(text.contains("| bad | failed |") && text.contains("| it ended with 3 |"), "{text}");
        } else {
            ran.prints(&["##vso[task.uploadsummary]"]);
        }
    }
}

#[test]
fn documents_are_for_scripts_and_terminals_are_for_people() {
    let sandbox = Sandbox::new();
    sandbox.write("p.yaml", PIPELINE);
    let validate = ["stage", "validate", "p.yaml"];
    let json = sandbox.tool(validate).args(["--output", "json"]).env("GITHUB_ACTIONS", "true").run().code(5);
    assert!(json.json()["stages"].is_array() && !json.stderr.contains("::"), "{}", json.stderr);
    let plain = sandbox.tool(validate).run().code(5).says(&["[evil] ::error::no\n"]);
    assert!(!plain.stderr.contains("group"), "{}", plain.stderr);
}
