//! Failures that repeat: a few captures have the files, the others only their log.

use crate::{
    plant,
    sandbox::{Ran, Sandbox, id_of},
};
use ci_tool::{
    capture::objects::job_entry_key,
    pipeline::{
        id::Id,
        record::{Format, REPEATS, Record},
    },
};
use jiff::{SignedDuration, Timestamp};
use std::{
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

/// Saves the workspace as a failed post step whose log ends with `line`.
fn fail(sandbox: &Sandbox, line: &str, more: &[&str]) -> Ran {
    let log = sandbox.path("tmp/build.log");
    fs::write(&log, format!("building\n{line}\n")).unwrap();
    let log = log.to_str().unwrap();
    let args = ["repro", "save", "--job", "unit", "--exit-code", "1", "--output", "json", "--log", log];
    sandbox.tool(args).args(more).run().ok()
}

/// As [`fail`]: the capture's id, and the ids of those it repeats.
fn failed(sandbox: &Sandbox, line: &str, more: &[&str]) -> (String, Vec<String>) {
    let saved = fail(sandbox, line, more).json();
    let ids = saved["repeats"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned());
    (id_of(&saved), ids.collect())
}

/// The latest first.
fn three(sandbox: &Sandbox) -> Vec<String> {
    let mut ids: Vec<String> = (0..3)
        .map(|n| {
            let (id, repeats) = failed(sandbox, "error: boom", &[]);
            assert_eq!(repeats, [""; 0], "{n}");
            id
        })
        .collect();
    ids.reverse();
    ids
}

fn record(sandbox: &Sandbox, id: &str) -> Record {
    Record::from_json(id, &fs::read(sandbox.object(&format!("captures/{id}"))).unwrap()).unwrap()
}

#[test]
fn the_fourth_of_a_kind_has_only_its_log_and_names_the_others() {
    let sandbox = Sandbox::new();
    let earlier = three(&sandbox);
    let dry = fail(&sandbox, "error: boom", &["--dry-run"]).json();
    assert_eq!(dry["repeats"].as_array().unwrap().len(), 3);
    let ran = fail(&sandbox, "error: boom", &[]);
    let restore = format!("ci-tool repro restore {}", earlier[0]);
    assert_eq!(ran.json()["restore"], restore.as_str());
    assert_eq!(ran.json()["totals"]["entries"], 0);
    let id = id_of(&ran.json());
    let verified = sandbox.repro(["verify", &id]).ok();
    assert_eq!(String::from_utf8_lossy(&verified.stdout).trim(), format!("{id} is whole: 0 files, 0 B"));
    let found = record(&sandbox, &id);
    assert_eq!(found.repeats.iter().map(Id::as_str).collect::<Vec<_>>(), earlier);
    assert!(found.requires.iter().any(|feature| feature == REPEATS));
    let parts: Vec<&str> = found.parts.all().map(|part| part.key.rsplit('/').next().unwrap()).collect();
    assert_eq!(parts, ["log.zst", "details.json"]);

    let names = earlier.join(", ");
    sandbox.repro(["show", &id]).ok().silent().prints(&["(kept, no files)", &format!("repeats      {names}")]);
    assert_eq!(sandbox.repro(["show", &id, "--log"]).ok().text(), "building\nerror: boom\n");
    let shown = sandbox.repro(["show", &id, "--output", "json"]).ok().json();
    assert_eq!(shown["capture"]["repeats"], serde_json::json!(earlier));
    let listed = sandbox.repro(["list"]).ok().text();
    assert_eq!(listed.lines().map(|line| line.contains("no files")).collect::<Vec<_>>(), [true, false, false, false]);
    let by = sandbox.repro(["list", "--by-signature", "--output", "json"]).ok().json();
    assert_eq!(
        (&by["signatures"][0]["count"], &by["signatures"][0]["whole"]),
        (&4.into(), &serde_json::json!(earlier))
    );
    let by = sandbox.repro(["list", "--by-signature"]).ok().text();
    assert_eq!(by.split_whitespace().skip(1).take(3).collect::<Vec<_>>(), ["4", "3", "unit"]);
    assert!(by.contains(&earlier[0]), "{by}");
    let stats = sandbox.repro(["stats", "--output", "json"]).ok().json();
    assert_eq!((&stats["all"]["captures"], &stats["all"]["repeats"]), (&4.into(), &1.into()));
    sandbox.repro(["extend", &id, "1d"]).ok();
}

#[test]
fn the_files_of_a_repeat_are_refused_with_the_command_that_restores_them() {
    let sandbox = Sandbox::new();
    let earlier = three(&sandbox);
    let (id, repeats) = failed(&sandbox, "error: boom", &[]);
    assert_eq!(repeats, earlier);
    let refused = |hint: &str| {
        for args in [
            vec!["files", &id],
            vec!["files", &id, "logs/**"],
            vec!["get", &id, "a.txt", "--to", "-"],
            vec!["restore", &id, "--into", "../again"],
            vec!["export", &id, "--to", "../again.zip"],
            vec!["diff", &id, &earlier[2]],
            vec!["diff", &earlier[2], &id],
        ] {
            let reason = format!("the same failure was saved in {}", earlier.join(", "));
            sandbox.repro(&args).fails(1, &[&format!("capture {id} has only its log"), &reason, hint]);
        }
        assert!(!sandbox.path("again").exists() && !sandbox.path("again.zip").exists());
    };
    refused(&format!("ci-tool repro restore {}", earlier[0]));
    sandbox.repro(["decommission", &earlier[0], "--yes"]).ok();
    refused(&format!("ci-tool repro restore {}", earlier[1]));
    sandbox.repro(["restore", &earlier[1], "--into", "../whole"]).ok();
}

#[test]
fn a_repeat_goes_without_a_trace() {
    let sandbox = Sandbox::new();
    let earlier = three(&sandbox);
    for format in ["chunks", "zip"] {
        let (id, repeats) = failed(&sandbox, "error: boom", &["--format", format]);
        assert_eq!(repeats, earlier);
        sandbox.repro(["gc"]).ok();
        sandbox.repro(["show", &id]).ok();
        sandbox.repro(["decommission", &id, "--yes"]).ok();
        assert!(!sandbox.snapshot().keys().any(|path| path.to_string_lossy().contains(&id)), "{format}");
    }
    for id in &earlier {
        sandbox.repro(["verify", id]).ok();
    }
}

#[test]
fn what_is_another_failure_or_was_asked_for_is_saved_whole() {
    let sandbox = Sandbox::new();
    let earlier = three(&sandbox);
    assert_eq!(failed(&sandbox, "error: boom", &[]).1, earlier);
    for (line, more) in [
        ("error: bang", vec![]),
        ("error: boom", vec!["--keep-per-signature", "all"]),
        ("error: boom", vec!["--when", "always"]),
        ("error: boom", vec!["--keep-per-signature", "9"]),
    ] {
        let (id, repeats) = failed(&sandbox, line, &more);
        assert_eq!((record(&sandbox, &id).totals.entries, repeats.len()), (6, 0), "{line} {more:?}");
    }
    sandbox.write("junit.xml", REPORT);
    assert_eq!(failed(&sandbox, "error: boom", &[]).1, [""; 0]);
}

/// A report of a failed test.
const REPORT: &str = r#"<testsuite><testcase classname="s" name="one"><failure/></testcase></testsuite>"#;

#[test]
fn a_report_that_was_there_before_does_not_make_failures_the_same() {
    let sandbox = Sandbox::new();
    let fixture = sandbox.write("tests/data/junit.xml", REPORT);
    let hour_ago = SystemTime::now() - Duration::from_secs(3600);
    fs::File::options().write(true).open(fixture).unwrap().set_modified(hour_ago).unwrap();
    fs::write(sandbox.path("tmp/report"), REPORT).unwrap();
    let repeats = |script: &str, output: &str| {
        fs::write(sandbox.path("tmp/output"), output).unwrap();
        let script = format!("cat ../tmp/output; {script} exit 1");
        let call = sandbox.tool(["repro", "save", "--keep-per-signature", "1", "--", "sh", "-c", &script]);
        call.run().code(1).stderr.contains("without files")
    };
    for (script, output, expected) in [
        ("", "boom", false),
        ("", "bang", false),
        ("", "boom", true),
        ("cat ../tmp/report > junit.xml;", "boom", false),
        ("cat ../tmp/report > junit.xml;", "bang", true),
    ] {
        assert_eq!(repeats(script, output), expected, "{script} {output}");
    }
    // Nobody says when the command of a post step began.
    let told = |line| failed(&sandbox, line, &["--keep-per-signature", "1"]).1.len();
    assert_eq!(["boom", "bang", "boom"].map(told), [0, 0, 1]);
}

#[test]
fn a_run_that_was_marked_is_saved_whole() {
    let sandbox = Sandbox::new();
    let job = |mark: &[(&str, &str)]| {
        let call = sandbox.tool(["repro", "save", "--keep-per-signature", "1", "--", "sh", "-c", "echo boom; exit 1"]);
        call.envs(mark).run().code(1)
    };
    job(&[]).says(&["saved ", "give it back: "]);
    let first = sandbox.only();
    let restore = format!("the same failure is kept in {first}: ci-tool repro restore {first}");
    job(&[]).says(&["saved without files: ", &restore]);
    let marked = job(&[("CI_TOOL_REPRO", "1")]).says(&["give it back: "]);
    assert!(!marked.stderr.contains("without files"), "{}", marked.stderr);
}

#[test]
fn the_next_is_saved_whole_once_one_of_the_kept_is_gone_or_expired() {
    let sandbox = Sandbox::new();
    let earlier = three(&sandbox);
    sandbox.repro(["decommission", &earlier[1], "--yes"]).ok();
    let (fourth, repeats) = failed(&sandbox, "error: boom", &[]);
    assert_eq!(repeats, [""; 0]);
    let kept = [&fourth, &earlier[0], &earlier[2]].map(String::as_str);
    assert_eq!(failed(&sandbox, "error: boom", &[]).1, kept);
    let mut old = record(&sandbox, &earlier[2]);
    old.expires = old.created;
    crate::write_record(&sandbox, &earlier[2], &old.to_json().unwrap());
    assert_eq!(failed(&sandbox, "error: boom", &[]).1, [""; 0]);
}

#[test]
fn failures_that_nothing_tells_apart_are_all_saved_whole() {
    let sandbox = Sandbox::new();
    for _ in 0..5 {
        let id = sandbox.save();
        sandbox.repro(["files", &id]).ok();
    }
}

#[test]
fn a_flood_of_repeats_hides_neither_the_kept_nor_the_bases() {
    let sandbox = Sandbox::new();
    let earlier = three(&sandbox);
    let model = record(&sandbox, &earlier[0]);
    for n in 0..40_u8 {
        let id = Id::from_random([n, n >> 5, 7, 7, 7, 7, 7, 7, 7, 7]);
        plant(&sandbox, id.as_str(), |planted| {
            planted.format = Format::Chunks;
            planted.requires = vec!["chunks".into(), REPEATS.into()];
            (planted.job, planted.signature) = (model.job.clone(), model.signature.clone());
            planted.created = Timestamp::now() + SignedDuration::from_secs(i64::from(n));
            planted.repeats = earlier.iter().map(|id| Id::try_from(id.clone()).unwrap()).collect();
            touch(&sandbox.object(job_entry_key(planted).unwrap().as_str()));
        });
    }
    assert_eq!(failed(&sandbox, "error: boom", &[]).1, earlier);
    sandbox.write("new.txt", "not stored yet");
    let (id, repeats) = failed(&sandbox, "error: bang", &[]);
    assert_eq!(repeats, [""; 0]);
    let needs = record(&sandbox, &id).parts.needs;
    assert!(needs.iter().any(|key| key.contains("/pack-")), "{needs:?}");
}

fn touch(path: &Path) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, "").unwrap();
}

#[test]
fn the_content_of_a_named_base_is_not_stored_again() {
    let sandbox = Sandbox::new();
    let base = sandbox.save();
    let save = |more: &[&str]| sandbox.tool(["repro", "save", "--job", "lint", "--exit-code", "1"]).args(more).run();
    let id = id_of(&save(&["--base", &base[..6], "--output", "json"]).ok().json());
    let found = record(&sandbox, &id).parts;
    assert!(found.packs.is_empty() && found.needs.iter().any(|key| key.contains(&base)), "{:?}", found.needs);
    sandbox.repro(["verify", &id]).ok();
}

#[test]
fn a_base_that_cannot_be_one_is_refused_before_the_job_runs() {
    let sandbox = Sandbox::new();
    let (zip, chunks) = (sandbox.save_with(["--format", "zip"]), sandbox.save());
    for (more, code, what) in [
        (vec!["--base", "zzzzzzzzzz"], 1, "no capture zzzzzzzzzz"),
        (vec!["--base", "!"], 2, "is not an id"),
        (vec!["--base", &zip], 2, "it is stored as zip"),
        (vec!["--base", &chunks, "--format", "zip"], 2, "--base needs --format chunks"),
    ] {
        let command = ["save"].iter().chain(&more).chain(&["--", "touch", "ran"]).collect::<Vec<_>>();
        sandbox.repro(command).fails(code, &[what]);
        sandbox.repro(["save", "--exit-code", "1"].iter().chain(&more)).fails(code, &[what]);
    }
    assert!(!sandbox.work().join("ran").exists());
    assert_eq!(sandbox.ids().len(), 2);
}

#[test]
fn a_number_of_captures_that_is_none_is_refused() {
    let sandbox = Sandbox::new();
    for wrong in ["0", "-1", "some"] {
        let args = format!("--keep-per-signature={wrong}");
        sandbox.repro(["save", &args]).code(2).says(&["--keep-per-signature", "from 1 on, or all"]);
    }
}
