//! `repro list`.

use crate::{plant, sandbox::Sandbox, write_record};
use ci_tool::pipeline::record::State;
use jiff::SignedDuration;
use serde_json::json;

#[test]
fn an_empty_store_lists_nothing_and_is_not_created() {
    let sandbox = Sandbox::new();
    let ran = sandbox.repro(["list"]).ok().says(&["no captures in ", "it does not exist"]);
    assert_eq!(ran.text(), "");
    sandbox.repro(["list", "--quiet"]).ok().silent();
    assert_eq!(sandbox.repro(["list", "--output", "json"]).ok().json(), json!({"schema": 1, "captures": []}));
    assert!(!sandbox.path("data").exists());
}

#[test]
fn the_table_has_a_line_a_capture_the_latest_first_and_no_header() {
    let sandbox = Sandbox::new();
    plant(&sandbox, "aaaaaaaaaa", |r| {
        r.created -= SignedDuration::from_hours(50);
        r.expires -= SignedDuration::from_hours(24 + 2);
        r.job.name = "lint".into();
    });
    plant(&sandbox, "bbbbbbbbbb", |r| {
        r.owner = Some("ada@example.org".into());
        r.job.build = Some("42".into());
        r.revision.commit = Some("0123456789abcdef".into());
        r.outcome.signal = Some(9);
        r.totals.bytes = 3 << 20;
    });
    let ran = sandbox.repro(["list"]).ok().silent();
    snapbox::assert_data_eq!(
        ran.text(),
        snapbox::str![[r#"
bbbbbbbbbb  unit  42  signal 9  0123456789  ada@example.org  1h ago  expires in 24h  3.00 MiB  kept
aaaaaaaaaa  lint  -   exit 1    -           -                2d ago  expired 2h ago       0 B  expired

"#]]
    );
}

#[test]
fn filters_choose() {
    let sandbox = Sandbox::new();
    plant(&sandbox, "aaaaaaaaaa", |r| {
        r.owner = Some("Ada@example.org".into());
        r.revision.commit = Some("cafe01".into());
        r.created -= SignedDuration::from_hours(30);
    });
    plant(&sandbox, "bbbbbbbbbb", |r| {
        r.job.name = "nightly/linux".into();
        r.expires -= SignedDuration::from_hours(48);
    });
    for (args, expected) in [
        (vec![], "ba"),
        (vec!["--owner", "ada"], "a"),
        (vec!["--owner", "grace"], ""),
        (vec!["--job", "nightly/*"], "b"),
        (vec!["--job", "un?t"], "a"),
        (vec!["--commit", "CAFE"], "a"),
        (vec!["--older-than", "1d"], "a"),
        (vec!["--newer-than", "2h"], "b"),
        (vec!["--expired"], "b"),
        (vec!["--expired", "--job", "unit"], ""),
    ] {
        let listed = sandbox.repro(["list", "--output", "json"].iter().chain(&args)).ok().json();
        let first = |c: &serde_json::Value| c["id"].as_str().unwrap()[..1].to_owned();
        let found: String = listed["captures"].as_array().unwrap().iter().map(first).collect();
        assert_eq!(found, expected, "{args:?}");
    }
}

#[test]
fn filters_that_match_nothing_say_how_much_there_is() {
    let sandbox = Sandbox::new();
    plant(&sandbox, "aaaaaaaaaa", |_| {});
    plant(&sandbox, "bbbbbbbbbb", |_| {});
    plant(&sandbox, "cccccccccc", |r| r.state = State::Open);
    sandbox.repro(["list", "--owner", "grace"]).ok().says(&["none of 2 captures in ", " matches"]);
}

#[test]
fn only_what_is_complete_is_listed() {
    let sandbox = Sandbox::new();
    for (id, state) in [("aaaaaaaaaa", State::Open), ("bbbbbbbbbb", State::Aborted), ("cccccccccc", State::Retiring)] {
        plant(&sandbox, id, |r| r.state = state);
    }
    assert_eq!(sandbox.ids(), Vec::<String>::new());
}

#[test]
fn a_record_that_cannot_be_read_is_told_beside_the_others() {
    let sandbox = Sandbox::new();
    plant(&sandbox, "aaaaaaaaaa", |_| {});
    write_record(&sandbox, "bbbbbbbbbb", b"{");
    let ran = sandbox.repro(["list"]).fails(3, &["the record of bbbbbbbbbb is damaged"]);
    assert!(ran.text().starts_with("aaaaaaaaaa"), "{}", ran.text());
}

#[test]
fn a_job_name_of_somebody_else_stays_on_its_line() {
    let sandbox = Sandbox::new();
    plant(&sandbox, "aaaaaaaaaa", |r| r.job.name = "evil\n\u{1b}[2Jjob".into());
    let text = sandbox.repro(["list"]).ok().text();
    assert_eq!(text.lines().count(), 1, "{text:?}");
    assert!(!text.contains('\u{1b}'), "{text:?}");
}

#[test]
fn a_bad_filter_is_a_mistake() {
    let sandbox = Sandbox::new();
    sandbox.repro(["list", "--job", "[a"]).code(2).says(&["--job"]);
    sandbox.repro(["list", "--newer-than", "7"]).code(2).says(&["--newer-than"]);
}
