//! What is published, where to, and how often.

use super::bench::{Bench, VALIDATE, because, holds, stage};

/// The stages that publish before anybody is asked.
const EARLY: [&str; 2] = ["publish_post_signing_assets", "publish_signed_assets"];

pub fn approved_one_by_one_the_release_comes_to_its_end(bench: &Bench) {
    let prepared = bench.prepare_again(&["--output", "json"]).ok().json();
    holds(
        &prepared,
        &[("signing", "succeeded"), ("prep_override", "skipped"), ("start_validate_publish", "succeeded")],
    );
    because(&prepared, "start_validate_publish", "5 files handed over");
    let run = bench.settled("validate-publish", "waiting for approval");
    let id = run["run"].as_str().unwrap().to_owned();
    assert_eq!(run["handover"], prepared["handover"], "{run}");

    let approve = |name: &str| bench.stage(&["approve", &id, name, "--by", "maria"]);
    let done = approve("test_team_sign_off").code(8);
    done.says(&["sign_off_for_finalizing_release waits: ci-tool stage approve"]);
    let run = bench.status(&id);
    assert_eq!(stage(&run, "test_team_sign_off")["answers"][0]["by"], "maria");
    holds(&run, &[("staging_ring", "succeeded"), ("publish_cti_validated_assets", "waiting")]);
    holds(&run, &EARLY.map(|stage| (stage, "succeeded")));
    assert_eq!(bench.counts("production"), [2, 1, 0]);

    approve("sign_off_for_finalizing_release").code(8);
    assert_eq!(bench.counts("production"), [2, 1, 1]);
    assert!(!bench.sandbox.work().join("rings/handoff.txt").exists());
    approve("approve_publishing_dotnetcsinternal").ok().prints(&["succeeded: took"]);
    assert!(bench.sandbox.work().join("rings/handoff.txt").exists());

    let run = bench.status(&id);
    assert_eq!(run["outcome"], "succeeded");
    assert!(run["stages"].as_array().unwrap().iter().all(|stage| {
        let gate = stage["name"].as_str().unwrap().ends_with("_override");
        stage["state"] == if gate { "skipped" } else { "succeeded" }
    }));
    assert_eq!(bench.counts("test"), [0, 0, 0]);
    bench.stage(&["approve", &id, "test_team_sign_off", "--by", "maria"]).fails(2, &["does not wait for an answer"]);
}

pub fn publishing_again_uploads_nothing(bench: &Bench) {
    bench.prepare(&[]);
    bench.validate(&[]).code(8);
    let before = bench.published("production/packages");
    assert_eq!(before.len(), 2, "{:?}", before.keys());
    let again = bench.validate(&["--output", "json"]).code(8).json();
    because(&again, "publish_signed_assets", "0 published, 2 were there already");
    because(&again, "publish_post_signing_assets", "0 published, 1 were there already");
    assert_eq!(bench.published("production/packages"), before);
}

pub fn a_publish_that_failed_is_done_again_by_failed(bench: &Bench) {
    bench.prepare(&[]);
    let blocked = bench.sandbox.write("blocked", "no directory");
    bench.mend(VALIDATE, &bench.container("production/packages"), "./blocked/packages");
    let first = bench.validate(&["--output", "json"]).code(8).json();
    let [ok, failed] = EARLY;
    holds(&first, &[(ok, "succeeded"), (failed, "failed"), ("vs_insertion", "succeeded")]);
    assert_eq!(bench.counts("production"), [0, 1, 0]);

    std::fs::remove_file(blocked).unwrap();
    // A run for other containers is none to go on from.
    bench.validate(&["--failed", "--profile", "test"]).fails(2, &["no earlier run of validate-publish"]);
    let second = bench.validate(&["--failed", "--output", "json"]).code(8).json();
    holds(&second, &[(ok, "skipped"), (failed, "succeeded"), ("validation", "skipped"), ("vs_insertion", "skipped")]);
    because(&second, "validation", &format!("succeeded in the run {}", first["run"].as_str().unwrap()));
    assert_eq!(stage(&second, "required_validation")["attempts"], 0);
}

pub fn a_target_of_the_other_profile_is_refused(bench: &Bench) {
    bench.prepare(&[]);
    bench.validate(&[]).code(8);
    let (production, test) = (bench.container("production/packages"), bench.container("test/packages"));
    let before = bench.published("production/packages");
    bench.mend(VALIDATE, &test, &production);
    let shared = bench.validate(&["--profile", "test", "--output", "json"]).code(8).json();
    because(&shared, "publish_signed_assets", "is for test, and");

    // Not even a file that says nothing of production gets there: the container itself does.
    let both = format!("{{test: {production}, production: {production}}}");
    bench.mend(VALIDATE, &both, &format!("{{test: {production}}}"));
    let marked = bench.validate(&["--profile", "test", "--output", "json"]).code(8).json();
    holds(&marked, &[("publish_signed_assets", "failed"), ("publish_post_signing_assets", "succeeded")]);
    because(&marked, "publish_signed_assets", "it is for production");
    assert_eq!(bench.published("production/packages"), before);
}

pub fn the_test_profile_publishes_to_the_test_containers_only(bench: &Bench) {
    let prepared = bench.prepare_again(&["--profile", "test", "--output", "json"]).ok().json();
    assert_eq!(prepared["profile"], "test");
    let run = bench.settled("validate-publish", "waiting for approval");
    assert_eq!(run["profile"], "test", "what is started goes where the one that starts it goes");
    let id = run["run"].as_str().unwrap();
    for name in ["test_team_sign_off", "sign_off_for_finalizing_release"] {
        bench.stage(&["approve", id, name, "--by", "maria"]).code(8);
    }
    assert_eq!((bench.counts("test"), bench.counts("production")), ([2, 1, 1], [0, 0, 0]));
}
