//! `repro get`.

use crate::sandbox::{Sandbox, tree};
use std::fs;

#[test]
fn a_file_goes_to_standard_output_byte_for_byte() {
    let sandbox = Sandbox::new();
    let bytes: Vec<u8> = (0..=255).cycle().take(200_000).collect();
    sandbox.write("all.bin", &bytes);
    let id = sandbox.save();
    for path in ["all.bin", "./all.bin", "workspace/all.bin"] {
        let ran = sandbox.repro(["get", &id, path, "--to", "-", "--quiet"]).ok().silent();
        assert!(ran.stdout == bytes, "{path}");
    }
}

#[test]
fn files_and_folders_go_to_a_path_or_into_a_folder() {
    let sandbox = Sandbox::new();
    let id = sandbox.save();
    let out = sandbox.path("out");
    fs::create_dir(&out).unwrap();
    let to = |name: &str| out.join(name).to_str().unwrap().to_owned();

    sandbox.repro(["get", &id, "logs/test.log", "--to", &to("mine.log")]).ok();
    assert_eq!(fs::read(out.join("mine.log")).unwrap(), b"FAILED one\n");
    sandbox.repro(["get", &id, "a.txt", "--to", &to("")]).ok();
    assert_eq!(fs::read(out.join("a.txt")).unwrap(), b"hello\n");
    let ran = sandbox.repro(["get", &id, "logs", "--to", &to("logs"), "--output", "json"]).ok().json();
    assert_eq!((&ran["files"], &ran["bytes"]), (&2.into(), &21.into()));
    assert_eq!(fs::read(out.join("logs/deep/trace.log")).unwrap(), b"at line 7\n");
    let quiet = sandbox.tool(["repro", "get", &id, "logs/deep", "--quiet"]).dir(&out).run().ok().silent();
    assert_eq!(quiet.text(), "");
    assert!(out.join("deep/trace.log").is_file());
}

#[test]
fn nothing_is_overwritten_and_nothing_stays_behind() {
    let sandbox = Sandbox::new();
    let id = sandbox.save();
    let out = sandbox.path("out");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("a.txt"), "mine").unwrap();
    let before = tree(&out);
    let to = |name: &str| out.join(name).to_str().unwrap().to_owned();
    sandbox.repro(["get", &id, "a.txt", "--to", &to("a.txt")]).fails(1, &["a.txt"]);
    sandbox.repro(["get", &id, "a.tx", "--to", &to("x")]).fails(1, &["has no file a.tx", "did you mean a.txt?"]);
    sandbox.repro(["get", &id, "a.txt", "--to", &to("no/such/x")]).fails(1, &["no directory"]);
    assert_eq!(tree(&out), before);
    sandbox.repro(["get", &id, "logs", "--to", "-"]).fails(2, &["logs"]);
}

#[test]
fn a_directory_that_is_missing_and_a_log_that_is_no_file_are_told_with_what_to_do() {
    let sandbox = Sandbox::new();
    sandbox.write("../said", "so");
    let id = sandbox.save_with(["--log", "../said"]);
    sandbox.repro(["get", &id, "a.txt", "--to", "new/"]).fails(1, &["no directory new/", "mkdir -p new/"]);
    sandbox.repro(["get", &id, "a.txt", "--to", "new/x"]).fails(1, &["mkdir -p new"]);
    sandbox.repro(["get", &id, "job.log"]).fails(1, &["has no file job.log", "--log"]);
    let absolute = sandbox.work().join("a.txt").display().to_string();
    assert_eq!(sandbox.repro(["get", &id, &absolute, "--to", "-"]).ok().text(), "hello\n");
}
