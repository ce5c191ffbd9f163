//! What is checked before anything is done.

use super::bench::{Bench, IDS, MANIFEST, because, holds, stage};
use serde_json::Value;

const PACKAGE: &str = "signed/packages/Example.Core.1.0.0.nupkg";

fn manifest(bench: &Bench) -> Value {
    serde_json::from_slice(&bench.get(MANIFEST).unwrap()).unwrap()
}

/// The hash of a file of a handover.
fn hash(handover: &Value, path: &str) -> String {
    let files = handover["files"].as_array().unwrap();
    let file = files.iter().find(|file| file["path"] == path).unwrap_or_else(|| panic!("{path} in {handover}"));
    file["sha256"].as_str().unwrap().to_owned()
}

pub fn a_tampered_artifact_is_refused_before_a_run_begins(bench: &Bench) {
    bench.prepare(&[]);
    let sha256 = hash(&manifest(bench), PACKAGE);
    let key = format!("stage/content/{}/{sha256}", &sha256[..2]);
    let good = bench.get(&key).unwrap();
    let mut bad = good.clone();
    *bad.last_mut().unwrap() ^= 1;
    bench.put(&key, bad);
    let runs = bench.runs();
    let elsewhere = |place: &str| {
        let args = [&["validate", super::bench::VALIDATE], &IDS[..]].concat();
        bench.call(&args).env("XDG_CACHE_HOME", bench.sandbox.path(place)).run()
    };
    elsewhere("one").code(1).says(&[PACKAGE]);
    assert_eq!(bench.runs(), runs);
    assert_eq!(bench.counts("production"), [0, 0, 0]);
    bench.put(&key, good);
    elsewhere("one").code(8);
}

pub fn a_handover_of_another_key_is_refused_before_a_run_begins(bench: &Bench) {
    let openssl = |args: &[&str]| bench.sandbox.program("openssl", args).run().ok();
    for name in ["ours", "theirs"] {
        openssl(&["genpkey", "-algorithm", "ed25519", "-out", &format!("{name}.pem")]);
        openssl(&["pkey", "-in", &format!("{name}.pem"), "-pubout", "-out", &format!("{name}.pub")]);
    }
    bench.prepare(&["--key-file", "ours.pem"]);
    let runs = bench.runs();
    let wrong = bench.validate(&["--public-key-file", "theirs.pub"]);
    wrong.fails(4, &["no known key signed the attestation"]);
    assert_eq!(bench.runs(), runs);
    bench
        .validate(&["--public-key-file", "theirs.pub", "--public-key-file", "ours.pub"])
        .code(8)
        .says(&["attested by"]);
}

pub fn what_is_prepared_again_is_signed_once(bench: &Bench) {
    bench.prepare(&[]);
    let first = (bench.get(MANIFEST), std::fs::read(bench.sandbox.work().join(PACKAGE)).unwrap());
    // As on a machine that has nothing yet.
    std::fs::remove_dir_all(bench.sandbox.work().join("signed")).unwrap();
    for more in [&[][..], &["--rerun"]] {
        let again = bench.prepare_again(&[more, &["--output", "json"]].concat()).ok().json();
        holds(&again, &[("prep", "succeeded"), ("signing", "up_to_date"), ("start_validate_publish", "succeeded")]);
        because(&again, "signing", "nothing changed since the run");
        assert_eq!(first, (bench.get(MANIFEST), std::fs::read(bench.sandbox.work().join(PACKAGE)).unwrap()));
    }
    assert_eq!(bench.get(&MANIFEST.replace(".json", ".0002.json")), None);
}

pub fn what_is_signed_again_takes_the_place_of_the_first(bench: &Bench) {
    bench.prepare(&[]);
    bench.prepare_again(&["--resign"]).code(2).says(&["--reason"]);
    let why = "the certificate was revoked";
    let again = ["--resign", "--reason", why, "--by", "maria", "--output", "json"];
    let again = bench.prepare_again(&again).ok().json();
    holds(&again, &[("signing", "succeeded")]);
    let second: Value = serde_json::from_slice(&bench.get(&MANIFEST.replace(".json", ".0002.json")).unwrap()).unwrap();
    assert_ne!(hash(&manifest(bench), PACKAGE), hash(&second, PACKAGE));
    assert_eq!(second["resigned"], serde_json::json!({"by": "maria", "reason": why}));
    // The second counts from now on, and what goes out is what it says.
    bench.validate(&[]).code(8);
    let out = bench.published("production/packages");
    let file = std::fs::read(bench.sandbox.work().join(PACKAGE)).unwrap();
    assert_eq!(out.values().filter(|bytes| **bytes == file).count(), 1, "{:?}", out.keys());
}

pub fn a_skip_is_free_unless_production_stands_on_it(bench: &Bench) {
    bench.prepare(&[]);
    bench.validate(&["--profile", "test", "--skip", "required_validation"]).code(8);
    let runs = bench.runs();
    for more in [&[][..], &["--by", "maria"], &["--reason", "why not"]] {
        let args = [&["--skip", "required_validation"], more].concat();
        bench.validate(&args).fails(2, &["publishing to production stands on required_validation"]);
    }
    let around = ["--until", "publish_signed_assets", "--only", "publish_signed_assets"];
    bench.validate(&around).fails(2, &["stands on required_validation"]);
    assert_eq!(bench.runs(), runs, "nothing is recorded");
    // Nor does a run that published nothing vouch for what it left out.
    bench.validate(&["--only", "source_code_validation", "--substitute", "source_code_validation=exit 1"]).code(5);
    bench.validate(&["--failed"]).fails(2, &["stands on", "required_validation"]);

    let named = ["--skip", "required_validation", "--by", "maria", "--reason", "bug 123", "--output", "json"];
    let named = bench.validate(&named).code(8).json();
    assert_eq!((&named["by"], &named["reason"]), (&"maria".into(), &"bug 123".into()));
    holds(&named, &[("required_validation", "skipped"), ("publish_signed_assets", "succeeded")]);
    bench.validate(&["--only", "publish_signed_assets"]).fails(2, &["stands on required_validation"]);

    // What it stands on succeeded: whoever publishes again owes no reason.
    let whole = bench.validate(&["--output", "json"]).code(8).json();
    assert_eq!(stage(&whole, "required_validation")["state"], "succeeded");
    let only = bench.validate(&["--only", "publish_signed_assets", "--output", "json"]).ok().json();
    because(&only, "publish_signed_assets", "0 published, 2 were there already");
}
