//! Bad input and damage: a clear error that names the object, a hint, the right exit code, and nothing changed.

use crate::{
    plant,
    sandbox::{Ran, Sandbox},
    unprivileged, write_record,
};
use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

/// The verbs that take an id, with what else they need.
fn verbs(id: &str) -> Vec<Vec<&str>> {
    vec![
        vec!["show", id],
        vec!["files", id],
        vec!["get", id, "a.txt", "--to", "-"],
        vec!["restore", id, "--into", "../again"],
        vec!["verify", id],
        vec!["diff", id, id],
        vec!["export", id, "--to", "../x.zip"],
        vec!["extend", id, "1d"],
        vec!["decommission", id, "--yes"],
    ]
}

#[test]
fn an_id_that_names_no_or_many_captures_changes_nothing() {
    let sandbox = Sandbox::new();
    plant(&sandbox, "abcaaaaaaa", |_| {});
    plant(&sandbox, "abcbbbbbbb", |_| {});
    let before = sandbox.snapshot();
    for (id, code, texts) in [
        ("zzzzzzzzzz", 1, vec!["no capture zzzzzzzzzz in ", "repro list"]),
        ("abc", 2, vec!["the id abc is ambiguous: abcaaaaaaa, abcbbbbbbb", "type more"]),
        ("no/such id!", 2, vec!["\"no/such id!\" is not an id"]),
        ("", 2, vec!["is not an id"]),
        ("aaaaaaaaaaaaaaaa", 2, vec!["is not an id"]),
    ] {
        for args in verbs(id) {
            sandbox.repro(&args).fails(code, &texts);
        }
    }
    assert_eq!(sandbox.snapshot(), before);
    assert!(!sandbox.path("again").exists() && !sandbox.path("x.zip").exists());
}

/// A record without its checksum, as somebody writes it by hand.
fn unchecked(record: &str) -> String {
    format!("{}}}", &record[..record.rfind(",\"check\":").unwrap()])
}

#[test]
fn a_capture_of_a_newer_version_is_refused() {
    let sandbox = Sandbox::new();
    let mut newer = Vec::new();
    for (id, from, to) in
        [("aaaaaaaaaa", "\"schema\":1", "\"schema\":9"), ("bbbbbbbbbb", "[\"zip\"]", "[\"holograms\"]")]
    {
        plant(&sandbox, id, |_| {});
        let path = sandbox.object(&format!("captures/{id}"));
        let text = unchecked(&fs::read_to_string(path).unwrap()).replace(from, to);
        write_record(&sandbox, id, text.as_bytes());
        newer.push(id);
    }
    let before = sandbox.snapshot();
    for (id, what) in [("aaaaaaaaaa", "format 9"), ("bbbbbbbbbb", "the feature holograms")] {
        for args in verbs(id) {
            sandbox.repro(&args).fails(1, &[what, "a newer ci-tool wrote it"]);
        }
    }
    sandbox.repro(["gc"]).fails(1, &["nothing was removed"]);
    assert_eq!(sandbox.snapshot(), before);
}

#[test]
fn a_store_without_permission_is_denied() {
    let sandbox = Sandbox::new();
    let id = sandbox.save();
    let closed = |mode| {
        for dir in ["", "objects", "objects/captures+"] {
            fs::set_permissions(sandbox.store().join(dir), fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    closed(0o700);
    if !rustix::process::geteuid().is_root() {
        closed(0o000);
    }
    let mut said: Vec<Ran> =
        vec![unprivileged(&sandbox, "repro list"), unprivileged(&sandbox, "repro save --exit-code 1")];
    said.extend(["show", "verify", "extend"].map(|verb| {
        let more = if verb == "extend" { " 1d" } else { "" };
        unprivileged(&sandbox, &format!("repro {verb} {id}{more}"))
    }));
    let job = unprivileged(&sandbox, "repro save -- sh -c 'exit 7'");
    closed(0o755);
    for ran in said {
        ran.fails(4, &["store", "Permission denied", "permission on "]);
    }
    job.code(7).says(&["Permission denied", "the environment was not saved"]);
    assert_eq!(sandbox.ids(), [id]);
}

/// What was done to an object.
#[derive(Debug, Clone, Copy)]
enum Harm {
    Flip,
    Truncate,
    Remove,
}

const HARMS: [Harm; 3] = [Harm::Flip, Harm::Truncate, Harm::Remove];

/// Saves with a log, and damages one object.
fn damaged(sandbox: &Sandbox, object: &str, harm: Harm, format: &str) -> String {
    sandbox.write("job.log", "said so\n".repeat(100));
    // Not to be compressed: a byte in the middle is a byte of its content.
    let mut noise = vec![0; 3 << 20];
    blake3::Hasher::new().finalize_xof().fill(&mut noise);
    sandbox.write("noise.bin", noise);
    let id = sandbox.save_with(["--log", "job.log", "--format", format]);
    let path: PathBuf = sandbox.object(&format!("data/{id}/{object}"));
    let mut bytes = fs::read(&path).unwrap();
    match harm {
        Harm::Flip => {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0x55;
        }
        Harm::Truncate => bytes.truncate(bytes.len() / 2),
        Harm::Remove => {
            fs::remove_file(&path).unwrap();
            return id;
        }
    }
    fs::write(path, bytes).unwrap();
    id
}

#[test]
fn a_damaged_archive_is_named_with_what_can_still_be_restored() {
    for format in ["zip", "7z"] {
        for harm in HARMS {
            let sandbox = Sandbox::new();
            let object = format!("workspace.{format}");
            let id = damaged(&sandbox, &object, harm, format);
            let ran = sandbox.repro(["verify", &id]).code(5).says(&["files can still be restored"]);
            ran.prints(&[&format!("damaged object data/{id}/{object}: "), "damaged file workspace/noise.bin: "]);
            let json = sandbox.repro(["verify", &id, "--output", "json"]).code(5).json();
            assert_eq!(json["whole"], false);
            sandbox.repro(["show", &id, "--log"]).ok().prints(&["said so"]);
            let named = if matches!(harm, Harm::Remove) { &object } else { "noise.bin" };
            sandbox.repro(["get", &id, "noise.bin", "--to", "../noise.bin"]).fails(1, &[named]);
            assert!(!sandbox.path("noise.bin").exists());
            if matches!(harm, Harm::Flip) && format == "zip" {
                sandbox
                    .repro(["restore", &id, "--into", "../again"])
                    .code(3)
                    .says(&["not restored: workspace/noise.bin"]);
                assert_eq!(fs::read(sandbox.path("again/workspace/a.txt")).unwrap(), b"hello\n");
                assert!(!sandbox.path("again/workspace/noise.bin").exists());
                let readme = fs::read_to_string(sandbox.path("again/REPRO.md")).unwrap();
                assert!(
                    readme.contains("## Damaged in the store") && readme.contains("- `workspace/noise.bin`: "),
                    "{readme}"
                );
                sandbox
                    .repro(["export", &id, "--to", "../x.zip"])
                    .code(3)
                    .says(&["not in the archive: workspace/noise.bin"]);
            }
        }
    }
}

#[test]
fn a_damaged_manifest_is_named() {
    for harm in HARMS {
        let sandbox = Sandbox::new();
        let id = damaged(&sandbox, "manifest", harm, "zip");
        let ran = sandbox.repro(["verify", &id]).code(5);
        ran.prints(&[&format!("damaged object data/{id}/manifest: "), "nothing can be restored"]);
        sandbox.repro(["show", &id]).ok();
        for args in
            [vec!["files", &id], vec!["restore", &id, "--into", "../again"], vec!["get", &id, "a.txt", "--to", "-"]]
        {
            sandbox.repro(&args).fails(1, &["manifest"]);
        }
        assert!(!sandbox.path("again").exists());
    }
}

#[test]
fn a_folder_whose_manifest_is_damaged_is_taken_as_far_as_it_is_known() {
    let sandbox = Sandbox::new();
    for n in 0..1500 {
        sandbox.write(&format!("many/{n}"), format!("file {n}"));
    }
    let id = sandbox.save();
    let manifest = sandbox.object(&format!("data/{id}/manifest"));
    let mut bytes = fs::read(&manifest).unwrap();
    let half = bytes.len() / 2;
    bytes[half..].fill(0);
    fs::write(&manifest, bytes).unwrap();
    let args = ["get", &id, "many", "--to", "../many", "--output", "json"];
    let ran = sandbox.repro(args).code(3).says(&["not taken: the ", " are lost: the manifest data/"]);
    let (json, there) = (ran.json(), fs::read_dir(sandbox.path("many")).unwrap().count());
    assert!(json["files"] == there && (1..1500).contains(&there), "{json} {there}");
    assert_eq!(json["lost"][0]["what"], "entries");
}

#[test]
fn damaged_details_are_named_and_files_still_come_out() {
    for harm in HARMS {
        let sandbox = Sandbox::new();
        let id = damaged(&sandbox, "details.json", harm, "zip");
        sandbox.repro(["verify", &id]).code(5).prints(&[&format!("damaged object data/{id}/details.json: ")]);
        sandbox.repro(["show", &id]).fails(1, &["details.json"]);
        sandbox.repro(["files", &id]).ok();
        assert_eq!(sandbox.repro(["get", &id, "a.txt", "--to", "-"]).ok().text(), "hello\n");
        sandbox
            .repro(["restore", &id, "--into", "../again"])
            .code(3)
            .says(&["REPRO.md and the scripts", "details.json"]);
        assert_eq!(fs::read(sandbox.path("again/workspace/a.txt")).unwrap(), b"hello\n");
        assert!(!sandbox.path("again/REPRO.md").exists());
        sandbox.repro(["restore", &id, "--into", "../run", "--run"]).fails(1, &["details.json"]);
    }
}

#[test]
fn a_damaged_log_is_named_and_the_tree_is_restored() {
    for harm in HARMS {
        let sandbox = Sandbox::new();
        let id = damaged(&sandbox, "log.zst", harm, "zip");
        sandbox.repro(["verify", &id]).code(5).prints(&[&format!("damaged object data/{id}/log.zst: ")]);
        sandbox.repro(["show", &id]).ok();
        assert_eq!(sandbox.repro(["show", &id, "--log"]).fails(1, &["log.zst"]).text(), "");
        sandbox.repro(["restore", &id, "--into", "../again"]).code(3).says(&["not restored: job.log"]);
        assert_eq!(fs::read(sandbox.path("again/workspace/a.txt")).unwrap(), b"hello\n");
    }
}

#[test]
fn a_damaged_record_is_named_and_the_others_are_listed() {
    for harm in [Harm::Flip, Harm::Truncate] {
        let sandbox = Sandbox::new();
        let (id, other) = (sandbox.save(), sandbox.save());
        let path = sandbox.object(&format!("captures/{id}"));
        let mut bytes = fs::read(&path).unwrap();
        match harm {
            Harm::Flip => bytes[0] ^= 0x55,
            _ => bytes.truncate(bytes.len() / 2),
        }
        fs::write(&path, bytes).unwrap();
        let before = sandbox.snapshot();
        for args in verbs(&id) {
            sandbox.repro(&args).fails(1, &[&format!("the record of {id} is damaged"), &format!("data/{id}/")]);
        }
        sandbox.repro(["gc"]).fails(1, &[&id, "nothing was removed"]);
        assert_eq!(sandbox.snapshot(), before);
        assert!(sandbox.repro(["list"]).code(3).text().contains(&other));
        sandbox.repro(["verify", &other]).ok();
    }
}

#[test]
fn a_damaged_index_in_the_record_is_named() {
    let sandbox = Sandbox::new();
    let id = sandbox.save();
    let path = sandbox.object(&format!("captures/{id}"));
    let mut record: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    record.as_object_mut().unwrap().remove("check");
    for top in ["AAAA", "no base64!"] {
        record["parts"]["top"] = top.into();
        fs::write(&path, record.to_string()).unwrap();
        sandbox.repro(["files", &id]).fails(1, &["index is damaged"]);
        sandbox.repro(["restore", &id, "--into", "../again"]).fails(1, &["index is damaged"]);
        sandbox.repro(["verify", &id]).code(5).prints(&["index is damaged"]);
        sandbox.repro(["show", &id]).ok();
    }
}

#[test]
fn a_pattern_that_is_none_is_refused_before_the_job() {
    let sandbox = Sandbox::new();
    let args = ["save", "--exclude", "a{", "--", "sh", "-c", "echo ran; exit 3"];
    sandbox.repro(args).fails(2, &["a{"]).prints(&[]);
    let ran = sandbox.repro(args);
    assert!(!ran.text().contains("ran"), "the job was run");
}
