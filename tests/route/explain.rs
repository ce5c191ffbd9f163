//! `route explain`.

use crate::{file, sandbox::Sandbox};

/// The redirections of `rules.yaml`.
const REDIRECTIONS: [&str; 3] = ["servicing", "runtime", "xaml"];

/// The steps, as `rule: why`, that `explain` tells of a job, and what decided.
fn explain(job: &[&str]) -> (String, Vec<String>) {
    let sandbox = Sandbox::new();
    let call = sandbox.tool(["route", "explain", "--output", "json", "--rules"]).args([file("rules.yaml")]).args(job);
    let told = call.run().ok().silent().json();
    let step = |s: &serde_json::Value| format!("{}: {}", s["rule"].as_str().unwrap(), s["why"].as_str().unwrap());
    let steps = told["trace"].as_array().unwrap().iter().map(step).collect();
    (told["decision"]["reason"].as_str().unwrap().to_owned(), steps)
}

#[test]
fn every_redirection_is_told_of_once_whatever_decides() {
    let open = "windows.10.amd64.open";
    let cases: [(&str, &[&str], &str); 10] = [
        ("redirected", &["--queue", open, "--branch", "release/5.0"], "runtime: does not match: the repository is not"),
        (
            "redirected",
            &["--queue", open, "--branch", "release/5.0", "--repository", "dotnet/runtime"],
            "runtime: would match, but servicing decided: the repository dotnet/runtime is one of it",
        ),
        (
            "redirected",
            &["--queue", open, "--branch", "main", "--repository", "dotnet/runtime"],
            "xaml: does not match: the repository dotnet/runtime is not one of it",
        ),
        (
            "already",
            &["--queue", "windows.10.amd64.open.svc", "--branch", "main", "--repository", "dotnet/runtime"],
            "runtime: would match, but servicing decided",
        ),
        (
            "missing_twin",
            &["--queue", "debian.11.amd64.open", "--branch", "release/5.0"],
            "xaml: does not match: the repository is not known",
        ),
        (
            "missing_twin",
            &["--queue", "debian.11.amd64.open.svc", "--branch", "main"],
            "servicing: debian.11.amd64.open.svc is asked for by its name",
        ),
        ("missing_twin", &["--queue", "debian.11.amd64.open.xaml"], "xaml: the repository is not known"),
        (
            "on_premises",
            &["--queue", "osx.13.arm64.open", "--branch", "release/5.0", "--repository", "dotnet/runtime"],
            "servicing: would match, but (on-premises) decided: release/5.0 is",
        ),
        (
            "exempt",
            &["--queue", open, "--branch", "release/5.0", "--repository", "dotnet/performance"],
            "servicing: would match, but (exempt) decided",
        ),
        ("standard", &["--queue", open, "--branch", "main"], "servicing: main is"),
    ];
    for (reason, job, step) in cases {
        let (decided, steps) = explain(job);
        assert_eq!(decided, reason, "{job:?}");
        for name in REDIRECTIONS {
            let told = steps.iter().filter(|step| step.starts_with(&format!("{name}: "))).count();
            assert_eq!(told, 1, "{name} of {job:?}: {steps:?}");
        }
        assert!(steps.iter().any(|told| told.starts_with(step)), "{step} of {job:?}: {steps:?}");
    }
}

#[test]
fn what_was_not_reached_is_marked_as_no_match() {
    let sandbox = Sandbox::new();
    let job = ["--queue", "osx.13.arm64.open", "--branch", "release/5.0"];
    let ran = sandbox.tool(["route", "explain", "--rules"]).args([file("rules.yaml")]).args(job).run().ok();
    let text = ran.text();
    let marked = |mark: &str, rule: &str| text.lines().any(|l| l.starts_with(mark) && l.contains(rule));
    assert!(marked("✓", "(on-premises)") && marked("·", "servicing") && marked("·", "runtime"), "{text}");
}
