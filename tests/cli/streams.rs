//! What holds for every verb: help, mistakes, closed pipes, errors as JSON.

use crate::sandbox::Sandbox;
use std::process::{Command, Stdio};

const VERBS: [&str; 12] =
    ["save", "list", "show", "files", "get", "restore", "verify", "diff", "export", "extend", "decommission", "gc"];

#[test]
fn help_leads_with_two_examples() {
    let sandbox = Sandbox::new();
    for verb in VERBS {
        let text = sandbox.repro([verb, "--help"]).ok().silent().text();
        let examples: Vec<&str> = text.lines().take_while(|line| !line.is_empty()).skip(1).collect();
        assert_eq!(examples.len(), 2, "{verb}: {text}");
        let command = format!("  ci-tool repro {verb}");
        assert!(examples.iter().all(|e| e.starts_with(&command)), "{verb}: {text}");
    }
}

#[test]
fn a_wrong_flag_is_a_mistake_and_goes_to_standard_error() {
    let sandbox = Sandbox::new();
    for verb in VERBS {
        let ran = sandbox.repro([verb, "--no-such-flag"]).code(2).says(&["--no-such-flag"]);
        assert_eq!(ran.text(), "", "{verb}");
    }
}

#[test]
fn an_error_is_one_json_object_when_json_is_asked_for() {
    let sandbox = Sandbox::new();
    for args in [
        vec!["show", "zzzz"],
        vec!["files", "zzzz"],
        vec!["get", "zzzz", "x"],
        vec!["restore", "zzzz"],
        vec!["verify", "zzzz"],
        vec!["diff", "zzzz", "yyyy"],
        vec!["export", "zzzz", "--to", "x.zip"],
        vec!["extend", "zzzz", "1d"],
        vec!["decommission", "zzzz"],
    ] {
        let ran = sandbox.repro(args.iter().chain(&["--output", "json"])).code(1);
        assert_eq!(ran.text(), "");
        let error: serde_json::Value =
            serde_json::from_str(&ran.stderr).unwrap_or_else(|e| panic!("{e}: {}", ran.stderr));
        assert_eq!(error["kind"], "not_found", "{args:?}");
        assert!(error["message"].as_str().unwrap().contains("zzzz"), "{error}");
        assert!(!error["hints"].as_array().unwrap().is_empty(), "{error}");
        assert!(error["causes"].is_array(), "{error}");
    }
    let usage = sandbox.repro(["save", "--workspace", "no/such", "--output", "json"]).code(1);
    assert!(serde_json::from_str::<serde_json::Value>(&usage.stderr).is_ok(), "{}", usage.stderr);
    assert!(!sandbox.path("data").exists(), "a mistake made a store");
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let sandbox = Sandbox::new();
    sandbox.write("large.bin", vec![7; 4 << 20]);
    sandbox.write("job.log", vec![b'x'; 4 << 20]);
    for n in 0..500 {
        sandbox.write(&format!("many/{n:0100}"), "");
    }
    let id = sandbox.save_with(["--log", "job.log"]);
    for args in [
        vec!["list"],
        vec!["show", &id],
        vec!["show", &id, "--log"],
        vec!["files", &id],
        vec!["get", &id, "large.bin", "--to", "-"],
        vec!["verify", &id],
        vec!["files", &id, "--output", "json"],
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ci-tool"));
        command
            .args(["--quiet", "repro"])
            .args(&args)
            .env("XDG_DATA_HOME", sandbox.path("data"))
            .env_remove("CI_TOOL_STORE");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let said = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&said.stderr), "", "{args:?}");
        assert_eq!(said.status.code(), Some(0), "{args:?}");
    }
}

#[test]
fn an_unknown_setting_is_refused_with_a_suggestion() {
    let sandbox = Sandbox::new();
    sandbox.write("ci-tool.yaml", "repro:\n  retian: 3d\n");
    sandbox.repro(["list"]).fails(2, &["ci-tool.yaml", "retian", "retain"]);
    sandbox.write("ci-tool.yaml", "repro:\n  retain: soon\n");
    sandbox.repro(["list"]).fails(2, &["repro.retain", "ci-tool.yaml", "soon"]);
    sandbox.repro(["list", "--config", "no.yaml"]).fails(2, &["no.yaml"]);
}
