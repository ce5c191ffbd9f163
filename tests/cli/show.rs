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
capture      [ID] (kept, zip)
job          unit
ci           none
owner        ada
saved        [..] ([..] ago)
expires      [..] (in 13d)
command      make test
directory    [WORK]
outcome      exit 1

"#]],
    );
    let contents = "6 files and folders, 27 B";
    ran.prints(&["machine ", contents, "environment ", "tree         workspace was ", "excluded\n  *.tmp\n"]);
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
