//! `repro decommission`.

use crate::{plant, sandbox::Sandbox};
use ci_tool::pipeline::record::State;
use serde_json::json;
use std::path::Path;

/// What in the store belongs to a capture.
fn remains(sandbox: &Sandbox, id: &str) -> Vec<String> {
    let names = sandbox.snapshot().into_keys().map(|path: std::path::PathBuf| path.display().to_string());
    names.filter(|name| name.contains(id)).collect()
}

fn files(sandbox: &Sandbox) -> usize {
    sandbox.snapshot().keys().filter(|path| path.is_file() && path.file_name() != Some("lock".as_ref())).count()
}

#[test]
fn everything_that_only_it_needed_is_gone() {
    for format in ["chunks", "zip", "7z"] {
        let sandbox = Sandbox::new();
        // An archive needs nothing of the other.
        let (id, other) = (sandbox.save_with(["--format", format]), sandbox.save_with(["--format", "zip"]));
        assert!(remains(&sandbox, &id).len() >= 5);
        let ran = sandbox.repro(["decommission", &id[..6], "--yes", "--quiet"]).ok().silent();
        assert!(ran.text().starts_with(&format!("{id} is gone: ")), "{}", ran.text());
        assert_eq!(remains(&sandbox, &id), Vec::<String>::new());
        sandbox.repro(["verify", &other]).ok();
        sandbox.repro(["decommission", &other, "--yes"]).ok();
        assert_eq!(files(&sandbox), 0, "{format}");
        sandbox.repro(["show", &id]).fails(1, &["no capture"]);
    }
}

#[test]
fn without_a_terminal_it_fails_and_names_the_flag() {
    let sandbox = Sandbox::new();
    let id = sandbox.save();
    let before = sandbox.snapshot();
    sandbox.repro(["decommission", &id]).fails(2, &["no terminal", "--yes"]);
    assert_eq!(sandbox.snapshot(), before);
}

#[test]
fn a_dry_run_tells_and_changes_nothing() {
    let sandbox = Sandbox::new();
    let id = sandbox.save();
    let before = sandbox.snapshot();
    let ran = sandbox.repro(["decommission", &id, "--dry-run"]).ok().silent();
    assert!(ran.text().starts_with(&format!("would remove {id} (unit, exit 1, ")), "{}", ran.text());
    let json = sandbox.repro(["decommission", &id, "--dry-run", "--output", "json"]).ok().json();
    assert_eq!((&json["dry_run"], &json["removed"][0]["id"]), (&true.into(), &id.into()));
    assert_eq!(sandbox.snapshot(), before);
}

#[test]
fn all_names_are_checked_before_any_is_removed() {
    let sandbox = Sandbox::new();
    let id = sandbox.save();
    let before = sandbox.snapshot();
    sandbox.repro(["decommission", &id, "zzzzzzzzzz", "--yes"]).fails(1, &["no capture zzzzzzzzzz"]);
    assert_eq!(sandbox.snapshot(), before);
    sandbox.repro(["decommission", "--yes"]).code(2);
    sandbox.repro(["decommission", &id, "--expired", "--yes"]).code(2);
}

#[test]
fn expired_removes_what_is_due_and_nothing_else() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.repro(["decommission", "--expired"]).ok().says(&["nothing to remove"]).text(), "");
    let none = sandbox.repro(["decommission", "--expired", "--output", "json", "--quiet"]).ok().silent().json();
    assert_eq!(none, json!({"schema": 1, "dry_run": false, "removed": []}));
    let id = sandbox.save();
    plant(&sandbox, "aaaaaaaaaa", |r| r.expires = r.created);
    let json = sandbox.repro(["decommission", "--expired", "--yes", "--output", "json"]).ok().json();
    assert_eq!(json["removed"].as_array().unwrap().len(), 1, "{json}");
    assert_eq!(json["removed"][0]["id"], "aaaaaaaaaa");
    assert_eq!(sandbox.ids(), [id]);
}

#[test]
fn an_interrupted_removal_is_finished_by_the_next_without_asking() {
    let sandbox = Sandbox::new();
    let id = sandbox.save();
    plant(&sandbox, "aaaaaaaaaa", |r| r.state = State::Retiring);
    let note = sandbox.object("retiring/aaaaaaaaaa");
    std::fs::create_dir_all(note.parent().map(Path::new).unwrap()).unwrap();
    std::fs::write(note, "").unwrap();
    sandbox.repro(["show", "aaaaaaaaaa"]).fails(1, &["is being removed"]);
    sandbox.repro(["decommission", "--expired"]).ok().prints(&["aaaaaaaaaa is gone"]);
    assert_eq!(remains(&sandbox, "aaaaaaaaaa"), Vec::<String>::new());
    assert_eq!(sandbox.ids(), [id]);
}
