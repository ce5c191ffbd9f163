use super::*;
use std::{io::Read, path::Path};

/// One job on a day that has nothing to it.
pub(in crate::ops::route) fn row(queue: &str, branch: &str, repository: &str) -> Use {
    let some = |text: &str| Some(text.to_owned()).filter(|t| !t.is_empty());
    let job = Job { queue: queue.into(), branch: some(branch), repository: some(repository), ..Job::default() };
    Use { job, time: "2026-11-01T00:00:00Z".parse().unwrap(), count: 1, id: None }
}

fn rows(name: &str, text: &[u8]) -> Result<Vec<Use>> {
    let mut all = Vec::new();
    // A byte at a time, as a slow pipe gives it.
    let mut input = BufReader::with_capacity(4, text);
    let count = read_from(Path::new(name), name, &mut input, &mut |row: &Use| all.push(row.clone()))?;
    assert_eq!(count, all.len() as u64);
    Ok(all)
}

#[test]
fn both_formats_say_the_same() {
    let mut expected = row("q", "release/5.0", "a/b");
    expected.job.reason = Some("PullRequest".into());
    expected.job.pr_target = Some("main".into());
    expected.count = 7;
    expected.id = Some("x, \"y\"".into());
    let header = "queue,branch,repository,time,reason,pr_target,count,id";
    let line = "q,release/5.0,a/b,2026-11-01T00:00:00Z,PullRequest,main,7,\"x, \"\"y\"\"\"";
    let json = r#"{"queue":"q","branch":"release/5.0","repository":"a/b","time":"2026-11-01","reason":"PullRequest","pr_target":"main","count":7,"id":"x, \"y\""}"#;
    for (name, text) in [
        ("u.csv", format!("{header}\n{line}\n")),
        ("u.csv", format!("\u{feff}{header}\r\n{line}\r\n")),
        ("u.CSV", format!("{header}\n\n{line}")),
        ("-", format!("{header}\n{line}\n")),
        ("u.txt", format!("{}\n{line}\n", header.to_uppercase())),
        ("u.jsonl", format!("{json}\n")),
        ("u.ndjson", format!("\u{feff}\n{json}\r\n\r\n")),
        ("-", format!("\n {json}")),
    ] {
        assert_eq!(rows(name, text.as_bytes()).unwrap(), std::slice::from_ref(&expected), "{name}: {text:?}");
    }
}

#[test]
fn what_is_not_told_is_not_known() {
    let told = rows("u.csv", b"time,queue,repository,branch\n2026-11-01 00:00,q,, \n").unwrap();
    assert_eq!(told, [row("q", "", "")]);
    let told = rows("u.jsonl", br#"{"queue":"q","time":"2026-11-01T01:00:00+01:00","branch":null}"#).unwrap();
    assert_eq!(told, [row("q", "", "")]);
}

#[test]
fn what_is_wrong_is_named_with_file_and_line() {
    let long = format!("queue,branch,repository,time\nq,\"{}", "x".repeat(2 << 20));
    let cases: [(&str, &[u8], &str); 19] = [
        ("u.csv", b"", "u.csv:1: the column \"queue\" is missing"),
        ("u.csv", b"queue,branch,time\n", "u.csv:1: the column \"repository\" is missing"),
        ("u.csv", b"queue,brnch,repository,time\n", "u.csv:1: \"brnch\" is no column of usage; is it \"branch\"?"),
        ("u.csv", b"queue,queue,branch,repository,time\n", "u.csv:1: the column \"queue\" is there twice"),
        (
            "u.csv",
            b"queue,branch,repository,time\nq,b,r,2026-11-01\nq,b,r\n",
            "u.csv:3: the row has 3 fields where the header has 4",
        ),
        ("u.csv", b"queue,branch,repository,time\n\nq,b,r,soon\n", "u.csv:3: \"soon\" is no time"),
        ("u.csv", b"queue,branch,repository,time\n\"q\n\",b,r,2026-11-01\nq,b,r,\n", "u.csv:4: \"\" is no time"),
        ("u.csv", b"queue,branch,repository,time\nq,b,r,2026-02-30\n", "u.csv:2: \"2026-02-30\" is no time"),
        ("u.csv", b"queue,branch,repository,time\n,b,r,2026-11-01\n", "u.csv:2: its queue is empty"),
        ("u.csv", b"queue,branch,repository,time,count\nq,b,r,2026-11-01,-1\n", "u.csv:2: \"-1\" is no count"),
        ("u.csv", b"queue,branch,repository,time\nq,\xff,r,2026-11-01\n", "u.csv:2: the row is not UTF-8"),
        ("u.csv", b"queue,branch,repository,time\r\nq,b,r,2026-11-01\r\nq,b,r,soon\r\n", "u.csv:3: \"soon\""),
        ("u.csv", b"queue,branch,repository,time\nq,b,r,soon", "u.csv:2: \"soon\""),
        ("u.csv", long.as_bytes(), "u.csv:2: the row is longer than 1048576 bytes"),
        (
            "u.jsonl",
            b"{\"queue\":\"q\",\"time\":\"2026-11-01\"}\n{\"queue\":\"q\"}\n",
            "u.jsonl:2: this is no row of usage: missing field `time`",
        ),
        (
            "u.jsonl",
            b"{\"queue\":\"q\",\"tme\":\"2026-11-01\"}\n",
            "u.jsonl:1: this is no row of usage: unknown field `tme`",
        ),
        ("u.jsonl", b"\n[1]\n", "u.jsonl:2: this is no row"),
        ("u.jsonl", b"{\"queue\":\"q\",\"time\":\"now\"}\n", "u.jsonl:1: \"now\" is no time"),
        ("u", b" \n", "u is empty"),
    ];
    for (name, text, expected) in cases {
        let error = rows(name, text).unwrap_err();
        let shown = String::from_utf8_lossy(&text[..text.len().min(80)]).into_owned();
        assert!(error.message().starts_with(expected), "{shown:?}: {error}");
        assert_eq!((error.kind(), error.hints().len()), (Kind::Usage, 1), "{shown:?}");
    }
}

#[test]
fn rows_are_handed_over_one_by_one() {
    // Were they collected first, reading would run into the end of this.
    struct Endless(u64);
    impl Read for Endless {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            let line = match self.0 {
                0 => b"queue,branch,repository,time\n".as_slice(),
                1..1000 => b"q,b,r,2026-11-01\n",
                _ => return Err(io::Error::other("the end")),
            };
            self.0 += 1;
            to[..line.len()].copy_from_slice(line);
            Ok(line.len())
        }
    }
    let mut seen = 0;
    let mut input = BufReader::new(Endless(0));
    let error = read_from(Path::new("u.csv"), "u.csv", &mut input, &mut |_: &Use| seen += 1).unwrap_err();
    assert_eq!((seen, error.message()), (999, "reading the usage u.csv"));
}

#[test]
fn files_are_read_in_order_and_standard_input_among_them() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.csv");
    std::fs::write(&path, "queue,branch,repository,time\na,b,r,2026-11-01\n").unwrap();
    let stdin: &[u8] = b"{\"queue\":\"b\",\"time\":\"2026-11-01\"}";
    let mut queues = Vec::new();
    let count = read(&[path.clone(), "-".into(), path], stdin, |row| queues.push(row.job.queue.clone())).unwrap();
    assert_eq!((count, queues.join("")), (3, "aba".into()));
    let error = read(&[dir.path().join("none.csv")], &b""[..], |_| {}).unwrap_err();
    assert_eq!(error.kind(), Kind::NotFound);
}
