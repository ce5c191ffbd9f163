//! `repro files`.

use crate::sandbox::Sandbox;

fn paths(sandbox: &Sandbox, args: &[&str]) -> Vec<String> {
    let listed = sandbox.repro(["files", "--output", "json"].iter().chain(args)).ok().json();
    let path = |f: &serde_json::Value| f["path"].as_str().unwrap().to_owned();
    listed["files"].as_array().unwrap().iter().map(path).collect()
}

#[test]
fn globs_choose_files() {
    let sandbox = Sandbox::new();
    let also = sandbox.path("cache");
    std::fs::create_dir(&also).unwrap();
    std::fs::write(also.join("c.bin"), "c").unwrap();
    let id = sandbox.save_with(["--also", also.to_str().unwrap()]);
    for (glob, expected) in [
        ("logs/**", vec!["workspace/logs/deep", "workspace/logs/deep/trace.log", "workspace/logs/test.log"]),
        ("logs/*.log", vec!["workspace/logs/test.log"]),
        ("**/*.log", vec!["workspace/logs/deep/trace.log", "workspace/logs/test.log"]),
        ("a.txt", vec!["workspace/a.txt"]),
        ("workspace/a.*", vec!["workspace/a.txt"]),
        ("also/cache/*", vec!["also/cache/c.bin"]),
        ("logs/deep", vec!["workspace/logs/deep/trace.log"]),
        ("logs/deep/", vec!["workspace/logs/deep/trace.log"]),
        (&format!("{}/logs/deep", sandbox.work().display()), vec!["workspace/logs/deep/trace.log"]),
        (&format!("{}/*.txt", sandbox.work().display()), vec!["workspace/a.txt"]),
        ("nothing/**", vec![]),
    ] {
        assert_eq!(paths(&sandbox, &[&id, glob]), expected, "{glob}");
    }
    assert_eq!(paths(&sandbox, &[&id]).len(), 8);
}

#[test]
fn the_table_says_mode_size_time_and_path() {
    let sandbox = Sandbox::new();
    let id = sandbox.save();
    let ran = sandbox.repro(["files", &id, "a.*"]).ok().silent();
    snapbox::assert_data_eq!(
        ran.text(),
        snapbox::str![[r#"
-0[..]  6  20[..]Z  a.txt

"#]]
    );
}

#[test]
fn a_glob_that_matches_nothing_explains_itself() {
    let sandbox = Sandbox::new();
    let id = sandbox.save();
    let ran = sandbox.repro(["files", &id, "*.nothing"]).ok().says(&["matches *.nothing"]);
    assert_eq!(ran.text(), "");
    sandbox.repro(["files", &id, "*.nothing", "--quiet"]).ok().silent();
    sandbox.repro(["files", &id, "[a"]).fails(2, &["\"[a\" is not a glob"]);
}

#[test]
fn a_path_that_was_not_saved_says_what_was() {
    let sandbox = Sandbox::new();
    let id = sandbox.save();
    let work = sandbox.work().display().to_string();
    sandbox.repro(["files", &id, "/no/such"]).fails(1, &["/no/such was not saved", &work]);
}
