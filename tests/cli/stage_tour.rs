//! The README's tour of `stage`, in a copy of `examples/release`.

use crate::{
    readme,
    sandbox::{Sandbox, until},
    stage::release,
};
use serde_json::Value;

#[test]
fn every_command_of_the_tour_does_what_it_says() {
    let sandbox = release();
    let runs = || {
        let listed = sandbox.tool(["stage", "status", "--output", "json"]).run().ok().json();
        listed["runs"].as_array().unwrap().clone()
    };
    let lines = readme::commands("stage");
    let verbs: Vec<&str> = lines.iter().map(|line| verb(line)).collect();
    let every = [
        "plan", "prepare", "status", "approve", "reject", "validate", "explain", "override", "resume", "graph",
        "import",
    ];
    assert!(every.iter().all(|verb| verbs.contains(verb)), "{verbs:?}");
    for line in &lines {
        let id = runs().first().map(|run| text(run, "run")).unwrap_or_default();
        let ran = readme::run(&sandbox, &sandbox.work(), line, &id);
        match verb(line) {
            "plan" if line.contains("--skip") => ran.prints(&["expected: 4h 20m", "3h 20m"]),
            "prepare" => {
                ran.prints(&["5 files handed over", "stage-logs/background/269450-2503100-"]);
                asked(&sandbox, &runs);
                continue;
            }
            "approve" => ran.prints(&["succeeded by maria"]),
            "reject" => ran.prints(&["failed by maria: bug 124"]),
            "validate" if line.contains("--failed") => ran.prints(&[&format!("succeeded in the run {id}")]),
            "validate" => ran.prints(&["substituted: exit 1"]),
            "explain" => ran.prints(&["publish_signed_assets: skipped"]),
            "override" => ran.prints(&["overridden by maria: known flake, bug 123"]),
            _ => continue,
        };
    }
    assert_eq!(runs().len(), 4);
    // What was tried went where things are tried.
    for profile in ["test", "production"] {
        let marked = format!("published/{profile}/packages");
        assert!(sandbox.work().join(marked).exists(), "{profile}");
    }
    let page = std::fs::read_to_string(sandbox.work().join("run.html")).unwrap();
    assert!(page.contains("data-stage=\"required_validation\""), "{page}");
}

fn verb(line: &str) -> &str {
    line.split_whitespace().nth(2).unwrap()
}

fn text(run: &Value, field: &str) -> String {
    run[field].as_str().unwrap().to_owned()
}

/// Waits until the validation that was started in the background asks for its first approval, and its process has ended.
fn asked(sandbox: &Sandbox, runs: &dyn Fn() -> Vec<Value>) {
    until("the validation in the background asks", || {
        let latest = runs().into_iter().next().unwrap();
        let waits = text(&latest, "outcome") == "waiting for approval";
        waits && sandbox.tool(["stage", "resume", "latest"]).run().code == Some(8)
    });
}

#[test]
fn what_was_tried_says_nothing_of_what_is_real() {
    let sandbox = Sandbox::new();
    sandbox.write("p.yaml", "stages:\n  check: {run: exit 0}\n  bad: {run: exit 3}\n");
    let validate = |more: &[&str]| sandbox.tool(["stage", "validate", "p.yaml"]).args(more).run();
    validate(&["--profile", "test", "--substitute", "check=exit 0"]).code(5);
    validate(&["--failed"]).fails(2, &["no earlier run of p"]);
    // Another command succeeded in its place: the stage's own has not run yet.
    let state = || {
        let told = validate(&["--failed", "--profile", "test", "--output", "json"]).code(5).json();
        told["stages"][0]["state"].as_str().unwrap().to_owned()
    };
    assert_eq!([state(), state()], ["succeeded", "skipped"]);
}
