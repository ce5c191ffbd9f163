//! `repro export`.

use crate::sandbox::{Sandbox, tree};
use std::{collections::BTreeSet, fs, io::Read};

fn names(zip: &std::path::Path) -> BTreeSet<String> {
    zip::ZipArchive::new(fs::File::open(zip).unwrap())
        .unwrap()
        .file_names()
        .map(|name| name.unwrap().into_owned())
        .collect()
}

#[test]
fn the_archive_has_the_tree_the_log_and_the_scripts() {
    let sandbox = Sandbox::new();
    sandbox.write("job.log", "said so\n");
    let id = sandbox.save_with(["--log", "job.log"]);
    let to = sandbox.path("job.zip");
    let ran = sandbox.repro(["export", &id, "--format", "zip", "--to", to.to_str().unwrap()]).ok();
    assert_eq!(ran.text(), "");
    let found = names(&to);
    for name in ["workspace/a.txt", "workspace/logs/deep/trace.log", "job.log", "REPRO.md", "rerun.sh", "rerun.ps1"] {
        assert!(found.contains(name), "{name} is not in {found:?}");
    }
    assert!(!found.iter().any(|name| name.starts_with(".ci-tool")), "{found:?}");
    let mut archive = zip::ZipArchive::new(fs::File::open(&to).unwrap()).unwrap();
    let mut text = String::new();
    archive.by_name("workspace/logs/test.log").unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "FAILED one\n");
}

#[test]
fn json_says_where_and_how_large() {
    let sandbox = Sandbox::new();
    let id = sandbox.save();
    let to = sandbox.path("job.7z");
    let args = ["export", &id, "--format", "7z", "--to", to.to_str().unwrap(), "--quiet", "--output", "json"];
    let json = sandbox.repro(args).ok().silent().json();
    let bytes = fs::read(&to).unwrap();
    assert!(bytes.starts_with(b"7z\xbc\xaf\x27\x1c"));
    assert_eq!((json["bytes"].as_u64(), &json["failed"]), (Some(bytes.len() as u64), &serde_json::json!([])));
}

#[test]
fn an_existing_file_is_not_replaced_and_nothing_stays_behind() {
    let sandbox = Sandbox::new();
    let id = sandbox.save();
    let out = sandbox.path("out");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("job.zip"), "mine").unwrap();
    let before = tree(&out);
    let to = out.join("job.zip");
    sandbox.repro(["export", &id, "--to", to.to_str().unwrap()]).fails(1, &["is there already"]);
    assert_eq!(tree(&out), before);
    sandbox.repro(["export", &id, "--format", "rar", "--to", "x"]).code(2).says(&["\"rar\" is not a format"]);
    sandbox.repro(["export", &id, "--to", "no/such/x.zip"]).code(1).says(&["no/such"]);
}
