//! `repro diff`.

use crate::sandbox::{Sandbox, id_of};
use std::fs;

fn save(sandbox: &Sandbox, value: &str) -> String {
    let call = sandbox.tool(["repro", "save", "--job", "unit", "--exit-code", "1", "--output", "json"]);
    id_of(&call.env("FLAVOUR", value).run().ok().json())
}

#[test]
fn what_differs_is_told_and_nothing_else() {
    let sandbox = Sandbox::new();
    let first = save(&sandbox, "sweet");
    sandbox.write("a.txt", "other\n");
    sandbox.write("new.txt", "");
    fs::remove_file(sandbox.work().join("logs/test.log")).unwrap();
    let second = save(&sandbox, "sour");
    let ran = sandbox.repro(["diff", &first, &second]).ok().silent();
    snapbox::assert_data_eq!(
        ran.text(),
        snapbox::str![[r#"
~ environment FLAVOUR: sweet → sour
~ file workspace/a.txt: 6 bytes 0[..] → 6 bytes 0[..]
- file workspace/logs/test.log: 11 bytes 0[..]
+ file workspace/new.txt: 0 bytes 0[..]

"#]]
    );
    let json = sandbox.repro(["diff", &first, &second, "--output", "json"]).ok().json();
    let expected = serde_json::json!(
        {"area": "environment", "name": "FLAVOUR", "change": "changed", "before": "sweet", "after": "sour"});
    assert_eq!(json["differences"][0], expected);
    assert_eq!(json["differences"].as_array().unwrap().len(), 4);
}

#[test]
fn a_capture_does_not_differ_from_itself() {
    let sandbox = Sandbox::new();
    let id = sandbox.save();
    assert_eq!(sandbox.repro(["diff", &id, &id]).ok().silent().text(), "no difference\n");
    sandbox.repro(["diff", &id, "zzzzzzzzzz"]).fails(1, &["no capture zzzzzzzzzz"]);
}
