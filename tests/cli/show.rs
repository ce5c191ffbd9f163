//! `repro show`.

use crate::{plant, sandbox::Sandbox};

#[test]
fn everything_about_a_capture_is_shown() {
    let sandbox = Sandbox::new();
    let id = sandbox.save_with(["--owner", "ada", "--failed-command", "make test", "--exclude", "*.tmp"]);
    let ran = sandbox.repro(["show", &id]).ok().silent();
    let mut redactions = snapbox::Redactions::new();
    redactions.insert("[ID]", id.clone()).unwrap();
    redactions.insert("[WORK]", sandbox.work()).unwrap();
    let beginning: String =
        ran.text().lines().take_while(|l| !l.starts_with("machine")).map(|l| format!("{l}\n")).collect();
    snapbox::Assert::new().redact_with(redactions).eq(
        beginning,
        snapbox::str![[r#"
capture      [ID] (kept, chunks)
job          unit
ci           none
owner        ada
saved        [..] ([..] ago)
expires      [..] (in 14d)
command      make test
directory    [WORK]
outcome      exit 1

"#]],
    );
    let contents = "6 files and folders, 27 B";
    ran.prints(&["machine ", contents, "environment ", "tree         workspace was ", "excluded\n  *.tmp\n\n"]);
}

#[test]
fn json_has_the_record_and_the_details() {
    let sandbox = Sandbox::new();
    let id = sandbox.save();
    let shown = sandbox.repro(["show", &id, "--output", "json"]).ok().silent().json();
    assert_eq!(shown["capture"]["id"], id.as_str());
    assert_eq!(shown["capture"]["outcome"]["exit_code"], 1);
    assert_eq!(shown["capture"]["totals"]["entries"], 6);
    assert_eq!(shown["details"]["environment"]["LANG"], "C.UTF-8");
    assert_eq!(shown["details"]["roots"][0]["prefix"], "workspace");
}

#[test]
fn an_id_may_be_shortened_and_written_in_capitals() {
    let sandbox = Sandbox::new();
    let id = sandbox.save();
    for text in [&id[..4], &id.to_uppercase(), &format!("{}…", &id[..6])] {
        sandbox.repro(["show", text]).ok().prints(&[&id]);
    }
}

#[test]
fn a_beginning_that_only_one_visible_capture_has_is_enough() {
    let sandbox = Sandbox::new();
    let id = sandbox.save();
    let hidden = format!("{}{}", &id[..4], if id.ends_with("000000") { "111111" } else { "000000" });
    plant(&sandbox, &hidden, |r| r.state = ci_tool::pipeline::record::State::Open);
    sandbox.repro(["show", &id[..4]]).ok().prints(&[&id]);
}

#[test]
fn a_told_log_is_shown_byte_for_byte() {
    let sandbox = Sandbox::new();
    let bytes: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    sandbox.write("job.log", &bytes);
    let id = sandbox.save_with(["--log", "job.log"]);
    let ran = sandbox.repro(["show", &id, "--log"]).ok().silent();
    assert!(ran.stdout == bytes);
    let without = sandbox.save();
    assert_eq!(sandbox.repro(["show", &without, "--log"]).ok().says(&["has no log"]).text(), "");
}

#[test]
fn a_dump_is_shown_by_its_name_or_command_and_what_is_not_there_is_told() {
    let sandbox = Sandbox::new();
    sandbox.write("ci-tool.yaml", "repro: {dump: ['echo one', 'exit 3']}\n");
    let id = sandbox.save();
    for name in ["echo-one", "dump/echo-one.txt", "echo one"] {
        assert_eq!(sandbox.repro(["show", &id, "--dump", name]).ok().silent().text(), "one\n", "{name}");
    }
    sandbox.repro(["show", &id, "--dump", "two"]).fails(1, &["has no dump two", "echo-one, exit-3"]);
    let again = sandbox.path("again");
    sandbox.repro(["restore", &id, "--into", again.to_str().unwrap()]).ok();
    assert_eq!(std::fs::read_to_string(again.join("dump/echo-one.txt")).unwrap(), "one\n");
    let readme = std::fs::read_to_string(again.join("REPRO.md")).unwrap();
    assert!(readme.contains("- `dump/exit-3.txt`: `exit 3`, exit 3\n"), "{readme}");
}

#[test]
fn compressed_files_are_counted_because_they_are_not_searched() {
    let sandbox = Sandbox::new();
    sandbox.write("a.zip", "");
    sandbox.write(".git/objects/ab/cd", "");
    sandbox.write(".git/objects/ab/ce", "");
    let id = sandbox.save();
    let title = "not searched for secrets, being compressed";
    let expected = format!("{title}\n  2 files of git's objects\n  1 archive or compressed file\n");
    sandbox.repro(["show", &id]).ok().prints(&[&expected]);
    let json = sandbox.repro(["show", &id, "--output", "json"]).ok().json();
    assert_eq!(json["not_searched"].as_array().unwrap().len(), 2);
}

#[test]
fn a_directory_has_no_links_and_says_what_to_do_instead() {
    let sandbox = Sandbox::new();
    let id = sandbox.save();
    sandbox.repro(["show", &id, "--links", "1h"]).fails(1, &["no download links", "repro export"]);
}
