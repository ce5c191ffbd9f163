//! How a run goes on after a failure, an answer, a crash, a mended file.

use super::bench::{Bench, VALIDATE, because, holds, stage};
use crate::sandbox::until;

pub fn a_failure_is_passed_over_at_its_gate_and_the_release_rejected(bench: &Bench) {
    bench.prepare(&[]);
    let failing = ["--substitute", "required_validation=exit 3", "--output", "json"];
    let run = bench.validate(&failing).code(8).json();
    let id = run["run"].as_str().unwrap();
    holds(&run, &[("required_validation", "failed"), ("required_validation_override", "waiting_for_approval")]);
    holds(&run, &[("publish_signed_assets", "waiting"), ("source_code_validation", "succeeded")]);
    assert_eq!(bench.counts("production"), [0, 0, 0]);

    let flake = "known flake, bug 123";
    let over = ["override", id, "required_validation", "--by", "maria", "--reason", flake];
    bench.stage(&over).code(8).says(&["recorded for required_validation_override, by maria"]);
    let run = bench.status(id);
    holds(&run, &[("required_validation", "failed"), ("required_validation_override", "overridden")]);
    assert_eq!(stage(&run, "required_validation")["substituted"], "exit 3");
    because(&run, "required_validation_override", flake);
    assert_eq!(bench.counts("production"), [2, 1, 0]);
    bench.stage(&over).fails(2, &["required_validation is overridden already"]);

    let no = ["reject", id, "test_team_sign_off", "--by", "jan", "--reason", "the installer is broken"];
    bench.stage(&no).code(5);
    let run = bench.status(id);
    assert_eq!(run["outcome"], "failed");
    holds(&run, &[("test_team_sign_off", "failed"), ("staging_ring", "blocked")]);
    let explained = bench.stage(&["explain", id, "staging_ring", "--output", "json"]).ok().json();
    assert!(explained["reasons"].to_string().contains("test_team_sign_off"), "{explained}");
    assert_eq!(bench.counts("production"), [2, 1, 0]);
}

pub fn a_substitute_is_marked_and_vouches_for_nothing(bench: &Bench) {
    bench.prepare(&[]);
    let tried = ["--profile", "test", "--substitute", "required_validation=touch tried", "--output", "json"];
    let run = bench.validate(&tried).code(8).json();
    assert!(bench.sandbox.work().join("tried").exists());
    assert_eq!(stage(&run, "required_validation")["substituted"], "touch tried");
    assert_eq!(stage(&run, "validation")["substituted"], serde_json::Value::Null);
    bench.stage(&["status", run["run"].as_str().unwrap()]).code(8).prints(&["substituted: touch tried"]);
    // What did another thing than its work did not succeed at its work.
    bench.validate(&["--skip", "required_validation"]).fails(2, &["stands on required_validation"]);
    let again = bench.validate(&["--failed", "--profile", "test", "--output", "json"]).code(8).json();
    holds(&again, &[("validation", "skipped"), ("required_validation", "succeeded")]);
    assert_eq!(stage(&again, "required_validation")["substituted"], serde_json::Value::Null);
}

pub fn a_killed_run_is_resumed_as_a_new_attempt(bench: &Bench) {
    bench.prepare(&[]);
    let work = bench.sandbox.work();
    let slow = "vs_insertion=echo once | tee -a times; until [ -f go ]; do sleep 0.02; done";
    let mut running = bench.validating(&["--substitute", slow]);
    until("the stage runs", || work.join("times").exists());
    let run = bench.status("latest");
    let id = run["run"].as_str().unwrap();
    let log = bench.sandbox.path(&format!("cache/ci-tool/stage-logs/{id}/vs_insertion.1.log"));
    until("it wrote something", || log.metadata().is_ok_and(|log| log.len() > 0));
    running.kill();
    assert_eq!(running.wait().code, None);
    let run = bench.status(id);
    holds(&run, &[("vs_insertion", "running"), ("required_validation", "succeeded")]);
    bench.let_go(id);

    bench.sandbox.write("go", "");
    let resumed = bench.stage(&["resume", id, "--output", "json"]).code(8).json();
    holds(&resumed, &[("vs_insertion", "succeeded"), ("publish_signed_assets", "succeeded")]);
    let attempts = |name: &str| stage(&resumed, name)["attempts"].as_u64();
    assert_eq!((attempts("vs_insertion"), attempts("required_validation")), (Some(2), Some(1)));
    assert_eq!(std::fs::read_to_string(work.join("times")).unwrap(), "once\nonce\n");
    assert_eq!(bench.counts("production"), [2, 1, 0]);

    let explained = bench.stage(&["explain", id, "vs_insertion", "--output", "json"]).ok().json();
    let tried = explained["attempts"].as_array().unwrap();
    let states: Vec<_> = tried.iter().map(|tried| tried["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["interrupted", "succeeded"]);
    for tried in tried {
        assert!(bench.get(tried["log"].as_str().unwrap()).is_some(), "{tried}");
    }
}

pub fn a_mended_file_is_taken_up_and_both_are_kept(bench: &Bench) {
    bench.prepare(&[]);
    bench.sandbox.write("blocked", "no directory");
    let right = bench.container("production/packages");
    bench.mend(VALIDATE, &right, "./blocked/packages");
    let run = bench.validate(&["--output", "json"]).code(8).json();
    let id = run["run"].as_str().unwrap();
    holds(&run, &[("publish_signed_assets", "failed")]);

    bench.mend(VALIDATE, "./blocked/packages", &right);
    // From another directory than the one that it was begun in.
    let elsewhere = bench.call(&["resume", id, "--output", "json"]).dir(bench.sandbox.path("home")).run();
    let resumed = elsewhere.code(8).json();
    holds(&resumed, &[("publish_signed_assets", "succeeded"), ("publish_post_signing_assets", "succeeded")]);
    let attempts = |name: &str| stage(&resumed, name)["attempts"].as_u64();
    assert_eq!((attempts("publish_signed_assets"), attempts("publish_post_signing_assets")), (Some(2), Some(1)));
    let mended = &resumed["mended"][0];
    let differs = mended["differs"].as_array().unwrap();
    assert!(differs.len() == 1 && differs[0].as_str().unwrap().starts_with("publish_signed_assets does"), "{mended}");
    for (hash, target) in [("from", "./blocked/packages"), ("to", right.as_str())] {
        let kept = bench.get(&format!("stage/pipelines/{}", mended[hash].as_str().unwrap())).unwrap();
        assert!(String::from_utf8(kept).unwrap().contains(target), "{hash}");
    }
    assert_eq!(bench.counts("production"), [2, 1, 0]);
}
