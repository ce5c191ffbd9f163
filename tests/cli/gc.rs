//! `repro gc`.

use crate::{plant, sandbox::Sandbox, write_record};
use ci_tool::pipeline::record::State;
use std::fs;

fn leave(sandbox: &Sandbox, id: &str, state: State) {
    plant(sandbox, id, |r| r.state = state);
    let data = sandbox.object(&format!("data/{id}/workspace.zip"));
    fs::create_dir_all(data.parent().unwrap()).unwrap();
    fs::write(data, "half").unwrap();
}

#[test]
fn what_dead_saves_left_is_removed_and_captures_stay() {
    let sandbox = Sandbox::new();
    let id = sandbox.save();
    leave(&sandbox, "aaaaaaaaaa", State::Open);
    leave(&sandbox, "bbbbbbbbbb", State::Retiring);
    let before = sandbox.snapshot();
    let dry = sandbox.repro(["gc", "--dry-run", "--output", "json"]).ok().silent().json();
    assert_eq!((&dry["dry_run"], dry["removed"].as_array().unwrap().len()), (&true.into(), 2));
    assert_eq!(sandbox.snapshot(), before);

    let ran = sandbox.repro(["gc", "--quiet"]).ok().silent();
    assert_eq!(ran.text(), "removed the remains of 2 captures, 8 B\n");
    let left = sandbox.snapshot();
    assert!(
        !left.keys().any(|p| p.to_string_lossy().contains("aaaaaaaaaa") || p.to_string_lossy().contains("bbbbbbbbbb"))
    );
    sandbox.repro(["verify", &id]).ok();
    assert_eq!(sandbox.repro(["gc"]).ok().text(), "removed the remains of 0 captures, 0 B\n");
}

#[test]
fn a_record_that_cannot_be_read_stops_everything() {
    let sandbox = Sandbox::new();
    leave(&sandbox, "aaaaaaaaaa", State::Open);
    write_record(&sandbox, "bbbbbbbbbb", b"{");
    let before = sandbox.snapshot();
    sandbox.repro(["gc"]).fails(1, &["nothing was removed"]);
    assert_eq!(sandbox.snapshot(), before);
}

#[test]
fn an_empty_store_has_nothing_to_collect() {
    let sandbox = Sandbox::new();
    let json = sandbox.repro(["gc", "--output", "json"]).ok().silent().json();
    assert_eq!((&json["temporary_bytes"], &json["at_work"]), (&0.into(), &0.into()));
    assert!(!sandbox.path("data").exists());
}

#[test]
fn expired_captures_stay_and_the_command_that_removes_them_is_told() {
    let sandbox = Sandbox::new();
    plant(&sandbox, "aaaaaaaaaa", |r| r.expires = r.created);
    sandbox.repro(["gc"]).ok().says(&["1 capture is past its expiry", "decommission --expired"]);
    assert_eq!(sandbox.ids(), ["aaaaaaaaaa"]);
}
