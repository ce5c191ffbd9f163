//! `route diff`.

use crate::sandbox::Sandbox;
use ci_tool::{
    error::Kind,
    ops::route::{
        diff::{Side, diff},
        rules::Rules,
    },
};
use std::io::{BufReader, Read};

const OLD: &str = "\
standard: HelixProd
redirections:
  - {name: servicing, kind: servicing, suffix: .svc, subscription: dncenghelix-02}
queues:
  q:
  q.svc:
  bare:
  goes:
";
const NEW: &str = "\
standard: HelixProd
redirections:
  - {name: servicing, kind: servicing, suffix: .svc, subscription: dncenghelix-02}
queues:
  Q:
  q.svc: {subscription: Elsewhere}
  bare:
  bare.svc:
  comes:
";
const JOBS: &str = r#"{"queue": "q", "branch": "release/5.0"}
{"queue": "bare", "branch": "release/5.0", "repository": "dotnet/sdk"}

{"queue": "q", "branch": "main"}
{"queue": "bare", "branch": "release/6.0"}
{"queue": "goes"}
{"queue": "comes"}
{"queue": "neither"}
{"queue": "BARE", "branch": "release/7.0"}
"#;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("old.yaml", OLD);
    sandbox.write("new.yaml", NEW);
    sandbox.write("jobs.jsonl", JOBS);
    sandbox
}

const DIFF: [&str; 6] = ["route", "diff", "old.yaml", "new.yaml", "--jobs", "jobs.jsonl"];

#[test]
fn jobs_that_go_elsewhere_are_counted_by_where_from_and_where_to() {
    let sandbox = sandbox();
    let ran = sandbox.tool(DIFF).run().ok();
    let shown: Vec<String> = ran.text().lines().map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        shown,
        [
            "3 bare in HelixProd → bare.svc in dncenghelix-02 line 2: bare on release/5.0 of dotnet/sdk",
            "1 q.svc in dncenghelix-02 → q.svc in Elsewhere line 1: q on release/5.0",
            "1 goes in HelixProd → fails (not_found) line 6: goes",
            "1 fails (not_found) → comes in HelixProd line 7: comes",
        ]
    );
    ran.says(&["4 of 8 jobs would move; 1 would begin to fail; 1 would cease to fail; 1 fail under both"]);
    let json = sandbox.tool(DIFF).args(["--output", "json"]).run().ok().silent().json();
    assert_eq!((&json["moved"], &json["broken"], &json["mended"]), (&4.into(), &1.into(), &1.into()));
    let group = &json["groups"][0];
    assert_eq!((&group["count"], &group["to"]["queue"]), (&3.into(), &"bare.svc".into()));
    assert_eq!(json["groups"][2]["to"]["error"], "not_found");
}

#[test]
fn every_job_that_moves_can_be_listed() {
    let sandbox = sandbox();
    let text = sandbox.tool(DIFF).args(["--list"]).run().ok().text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 6, "{text}");
    assert_eq!(lines[3], "6: goes in HelixProd → fails (not_found): goes");
    let text = sandbox.tool(DIFF).args(["--list"]).args(["--output", "json"]).run().ok().silent().text();
    let last: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!((&last["line"], &last["job"]["queue"]), (&9.into(), &"BARE".into()));
    assert_eq!((&last["schema"], &last["to"]["subscription"]), (&1.into(), &"dncenghelix-02".into()));
}

#[test]
fn the_exit_code_tells_what_was_found() {
    let sandbox = sandbox();
    sandbox.tool(DIFF).args(["--exit-code"]).run().code(5);
    let same = ["route", "diff", "old.yaml", "old.yaml", "--jobs", "jobs.jsonl", "--exit-code"];
    assert_eq!(sandbox.tool(same).run().ok().text(), "");
    sandbox.write("jobs.jsonl", "{\"queue\": \"q\"}\nnot json\n");
    sandbox.tool(same).run().code(3).says(&["0 of 1 job would move", "1 line is no job, the first of them 2"]);
    let missing = ["route", "diff", "old.yaml", "new.yaml", "--jobs", "nope.jsonl"];
    sandbox.tool(missing).run().fails(1, &["nope.jsonl"]);
    // Standard input, which is empty here.
    sandbox.tool(["route", "diff", "old.yaml", "new.yaml", "--jobs", "-"]).run().ok().says(&["0 of 0 jobs"]);
}

#[test]
fn variables_decide_and_are_not_shown() {
    let sandbox = sandbox();
    let secret = format!("hush{}", "-hush".repeat(3));
    sandbox.write(
        "jobs.jsonl",
        format!(r#"{{"queue": "bare", "variables": {{"BUILD_SOURCEBRANCH": "release/5.0", "note": "{secret}"}}}}"#),
    );
    for more in [&["--output", "json"][..], &["--output", "json", "--list"], &["--list"], &[]] {
        let text = sandbox.tool(DIFF).args(more).run().ok().text();
        assert!(text.contains("release/5.0") && !text.contains("hush"), "{more:?}: {text}");
    }
}

/// The same lines again and again, which would not fit in memory as a whole if they were kept.
struct Repeat {
    left: usize,
    at: usize,
}

impl Read for Repeat {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.left == 0 {
            return Ok(0);
        }
        let n = (&JOBS.as_bytes()[self.at..]).read(buffer)?;
        self.at += n;
        if self.at == JOBS.len() {
            (self.at, self.left) = (0, self.left - 1);
        }
        Ok(n)
    }
}

#[test]
fn of_many_jobs_one_of_each_pair_is_kept() {
    let sandbox = sandbox();
    let load = |name: &str| Rules::load(&sandbox.work().join(name)).unwrap();
    let (old, new) = (load("old.yaml"), load("new.yaml"));
    let mut listed = 0;
    let jobs = BufReader::new(Repeat { left: 2000, at: 0 });
    let moves = diff(&old, &new, jobs, |_| {
        listed += 1;
        Ok(())
    })
    .unwrap();
    assert_eq!((moves.jobs, moves.moved, moves.failing, listed), (16_000, 8_000, 2_000, 12_000));
    assert_eq!(moves.groups.len(), 4);
    assert_eq!((moves.groups[0].count, moves.groups[0].line), (6_000, 2));
    assert_eq!(moves.groups[3].from, Side::Failed { error: Kind::NotFound });
}
