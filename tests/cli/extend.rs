//! `repro extend`.

use crate::{plant, sandbox::Sandbox};
use jiff::{SignedDuration, Timestamp};

fn expires(sandbox: &Sandbox, id: &str) -> Timestamp {
    let shown = sandbox.repro(["list", "--output", "json"]).ok().json();
    let captures = shown["captures"].as_array().unwrap();
    captures.iter().find(|c| c["id"] == id).unwrap()["expires"].as_str().unwrap().parse().unwrap()
}

#[test]
fn the_expiry_moves_from_where_it_is() {
    let sandbox = Sandbox::new();
    let id = sandbox.save();
    let before = expires(&sandbox, &id);
    let ran = sandbox.repro(["extend", &id, "7d", "--quiet"]).ok().silent();
    let after = expires(&sandbox, &id);
    assert_eq!(after.duration_since(before), SignedDuration::from_hours(7 * 24));
    assert_eq!(ran.text(), format!("{id} is kept until {}\n", seconds(after)));
    sandbox.repro(["verify", &id]).ok();
}

#[test]
fn an_expired_capture_is_kept_from_now_on() {
    let sandbox = Sandbox::new();
    plant(&sandbox, "aaaaaaaaaa", |r| r.expires = r.created);
    let before = Timestamp::now();
    let json = sandbox.repro(["extend", "aaaa", "36h", "--output", "json"]).ok().silent().json();
    assert_eq!((&json["dry_run"], &json["capture"]["state"]), (&false.into(), &"kept".into()));
    let left = expires(&sandbox, "aaaaaaaaaa").duration_since(before);
    assert!((36..=37).contains(&left.as_hours()), "{left}");
}

#[test]
fn a_dry_run_changes_nothing() {
    let sandbox = Sandbox::new();
    let id = sandbox.save();
    let before = sandbox.snapshot();
    sandbox.repro(["extend", &id, "7d", "--dry-run"]).ok().prints(&["would be kept until"]);
    let json = sandbox.repro(["extend", &id, "7d", "--dry-run", "--output", "json"]).ok().json();
    assert_eq!(json["dry_run"], true);
    assert_eq!(sandbox.snapshot(), before);
}

#[test]
fn a_duration_that_is_none_changes_nothing() {
    let sandbox = Sandbox::new();
    let id = sandbox.save();
    let before = sandbox.snapshot();
    for bad in ["7", "week", "-7d", "99999999999d"] {
        let ran = sandbox.repro(["extend", &id, bad]);
        assert_eq!(ran.code, Some(2), "{bad}: {}", ran.stderr);
    }
    assert_eq!(sandbox.snapshot(), before);
}

/// A time as people are shown it.
fn seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap()
}
