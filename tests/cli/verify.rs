//! `repro verify`. What damage looks like is in `errors`.

use crate::sandbox::Sandbox;

#[test]
fn a_whole_capture_is_said_to_be_whole() {
    let sandbox = Sandbox::new();
    for format in ["chunks", "zip", "7z"] {
        let id = sandbox.save_with(["--format", format]);
        let ran = sandbox.repro(["verify", &id, "--quiet"]).ok().silent();
        assert_eq!(ran.text(), format!("{id} is whole: 3 files, 27 B\n"));
        let json = sandbox.repro(["verify", &id, "--output", "json"]).ok().json();
        let expected = serde_json::json!({
            "schema": 1, "id": id, "whole": true, "files": 3, "bytes": 27, "damaged_objects": [], "damaged_files": [], "lost": [],
        });
        assert_eq!(json, expected);
    }
}
