//! `engine`.

use crate::sandbox::Sandbox;
use serde_json::json;

fn repository(configuration: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.program("git", ["init", "-q"]).run().ok();
    sandbox.write("ci-tool.yaml", configuration);
    sandbox
}

#[test]
fn the_list_names_engines_without_their_secrets() {
    let password = ["pass", "word"].concat();
    let sandbox = repository(&format!(
        "trigger: {{engine: ci}}\nengines: {{ci: {{kind: buildbot, url: 'https://ada:{password}@ci.example.org/x?a=b'}}}}"
    ));
    let ran = sandbox.tool(["engine", "list"]).run().ok().silent();
    assert_eq!(ran.text(), "ci     buildbot  https://ci.example.org/x  default\nlocal  local     -\n");
    let listed = sandbox.tool(["engine", "list", "--output", "json"]).run().ok().json();
    assert_eq!(listed["engines"][1], json!({"name": "local", "kind": "local", "address": null, "default": false}));
}

#[test]
fn what_holds_and_what_does_not_is_told() {
    let sandbox = repository("jobs: {unit: {run: 'true'}}\nengines: {ci: {kind: buildbot}}");
    sandbox.tool(["engine", "check", "local"]).run().ok().prints(&["repository", "1 with a command"]);
    sandbox.tool(["engine", "check"]).run().code(5).prints(&["settings"]);
    let secret = "engines: {ci: {kind: github, repository: ada/x, token_env: MISSING}}";
    repository(secret).tool(["engine", "check", "ci"]).run().code(4).prints(&["MISSING"]);
    sandbox.tool(["engine", "check", "cj"]).run().fails(2, &["there is no engine \"cj\"", "ci, local"]);
    sandbox.tool(["engine", "check", "local"]).dir(sandbox.path("home")).run().code(5).prints(&["repository"]);
}

#[test]
fn renamed_vanished_and_new_jobs_are_named_once() {
    let sandbox = repository("jobs: {unit-tests: {run: 'true'}, docs: {run: 'true'}}");
    let check =
        |more: &[&str]| sandbox.tool(["engine", "check", "local", "--output", "json"]).args(more).run().ok().json();
    check(&["--dry-run"]);
    assert!(!sandbox.store().exists(), "a dry run remembers nothing");
    assert_eq!(check(&[])["engines"][0]["jobs"], json!({"gone": [], "new": []}));

    sandbox.write("ci-tool.yaml", "jobs: {unit-test: {run: 'true'}, lint: {run: 'true'}}");
    let changed = json!({
        "gone": [
            {"name": "docs", "known_from": ["last_look"]},
            {"name": "unit-tests", "known_from": ["last_look"], "renamed_to": "unit-test"},
        ],
        "new": ["lint"],
    });
    assert_eq!(check(&["--dry-run"])["engines"][0]["jobs"], changed);
    assert_eq!(check(&[])["engines"][0]["jobs"], changed);
    assert_eq!(check(&[])["engines"][0]["jobs"], json!({"gone": [], "new": []}));
}
