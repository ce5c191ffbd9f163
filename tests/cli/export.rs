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
    let id = sandbox.save_with(["--log", "job.log", "--failed-command", "make"]);
    let to = sandbox.path("job.zip");
    let ran = sandbox.repro(["export", &id, "--to", to.to_str().unwrap()]).ok();
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
}

#[test]
fn a_file_that_cannot_be_is_a_mistake_with_a_hint_and_a_dry_run_writes_none() {
    let sandbox = Sandbox::new();
    let id = sandbox.save();
    let before = tree(&sandbox.work());
    for (args, code, text) in [
        (vec!["--to", "job.tar"], 2, "job.tar does not say which archive"),
        (vec!["--to", "job.zip", "--format", "7z"], 2, "job.zip says zip"),
        (vec!["--to", "-"], 2, "standard output"),
        (vec!["--to", "no/such/x.zip"], 1, "writing no/such/x.zip: there is no directory no/such"),
        (vec!["--to", "a.txt", "--format", "zip", "--dry-run"], 1, "a.txt is there already"),
    ] {
        sandbox.repro(["export", &id].iter().chain(&args)).fails(code, &[text]);
    }
    sandbox.repro(["export", &id, "--format", "rar", "--to", "x"]).code(2).says(&["possible values: zip, 7z"]);
    let dry = sandbox.repro(["export", &id, "--to", "job.7z", "--dry-run"]).ok().silent();
    assert_eq!(dry.text(), format!("would write 6 files and folders of {id}, 27 B, into job.7z\n"));
    assert_eq!(tree(&sandbox.work()), before);
}
