//! What makes two failures the same: the job, the command that failed, and the failed tests that it reported or the end of its
//! log; both, where the reports may be of an earlier run.

use crate::pipeline::details::FailedTestRecord;
use regex::Regex;
use std::{
    collections::BTreeSet,
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::Path,
    sync::LazyLock,
};

/// Lines at the end of a log that tell failures apart; more would tell every run apart.
const LINES: usize = 20;
/// Bytes at the end of a log in which they are looked for.
const TAIL: u64 = 64 << 10;

/// What changes from run to run though the failure is the same, and what stands for it. Order matters: the specific first.
static NORMAL: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    [
        // Terminal control sequences (ECMA-48, 5.4).
        (r"\x1b\[[0-?]*[ -/]*[@-~]", ""),
        (r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b", "<uuid>"),
        (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?", "<time>"),
        (r"\b\d\d?:\d\d:\d\d(?:[.,]\d+)?\b", "<time>"),
        (r"\b0x[0-9a-fA-F]+\b", "<hex>"),
        (r"\b[0-9a-f]{12,64}\b", "<hex>"),
        (r"(?:/tmp|/var/tmp|/var/folders|[A-Z]:\\[^ ]*\\Temp)[/\\][^\s:'\x22]+", "<tmp>"),
        (r"\d+(?:[.,]\d+)*", "<n>"),
    ]
    .into_iter()
    .filter_map(|(pattern, stands_for)| Some((Regex::new(pattern).ok()?, stands_for)))
    .collect()
});

/// What a failure has in common with its repetitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Signature {
    /// 16 hex digits.
    pub hash: String,
    /// Whether a test that this run reported or a line of its log stands behind it; else all that is known for certain is
    /// that the command failed.
    pub telling: bool,
}

/// What is known of a failure.
#[derive(Clone, Copy)]
pub(super) struct Failure<'a> {
    pub job_key: &'a str,
    pub command: Option<&'a str>,
    pub tests: Tests<'a>,
    pub log: Option<&'a Path>,
    pub workspace: &'a str,
}

/// Failed tests.
#[derive(Clone, Copy)]
pub(super) enum Tests<'a> {
    /// This run reported them: they say more than its log.
    Current(&'a [FailedTestRecord]),
    /// Reports tell of them that may be as old as the sources.
    Undated(&'a [FailedTestRecord]),
}

/// The failure's signature.
pub(super) fn signature(failure: &Failure<'_>) -> Signature {
    let lines = || {
        let text = failure.log.and_then(|path| tail(path).ok());
        text.map(|text| normal(&text, failure.workspace)).unwrap_or_default()
    };
    let (names, lines, reported) = match failure.tests {
        Tests::Current(tests @ [_, ..]) => (names(tests), Vec::new(), true),
        Tests::Current([]) => (Vec::new(), lines(), false),
        Tests::Undated(tests) => (names(tests), lines(), false),
    };
    let mut hash = blake3::Hasher::new();
    let what = names.iter().chain(&lines).map(String::as_str);
    for part in [failure.job_key, failure.command.unwrap_or_default()].into_iter().chain(what) {
        hash.update(part.as_bytes());
        hash.update(&[0]);
    }
    Signature { hash: hash.finalize().to_hex()[..16].to_owned(), telling: reported || !lines.is_empty() }
}

fn names(tests: &[FailedTestRecord]) -> Vec<String> {
    let names: BTreeSet<(&str, &str)> = tests.iter().map(|t| (t.suite.as_str(), t.name.as_str())).collect();
    names.into_iter().map(|(suite, name)| format!("{suite}\u{1f}{name}")).collect()
}

fn tail(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let len = file.metadata()?.len();
    file.seek(SeekFrom::Start(len.saturating_sub(TAIL)))?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The last lines of a log without what differs from run to run.
fn normal(text: &str, workspace: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(LINES)..]
        .iter()
        .map(|line| {
            let line = if workspace.len() > 3 { line.replace(workspace, "<workspace>") } else { (*line).to_owned() };
            NORMAL.iter().fold(line, |text, (from, to)| from.replace_all(&text, *to).into_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Failure<'_> =
        Failure { job_key: "key", command: Some("make"), tests: Tests::Current(&[]), log: None, workspace: "/ws" };

    fn with_log(failure: Failure<'_>, log: &str) -> Signature {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        std::fs::write(&path, log).unwrap();
        signature(&Failure { log: Some(&path), ..failure })
    }

    fn of(log: &str, workspace: &str) -> String {
        with_log(Failure { workspace, ..NOTHING }, log).hash
    }

    fn test(name: &str) -> FailedTestRecord {
        FailedTestRecord {
            suite: "s".into(),
            name: name.into(),
            report: "r".into(),
            message: Some("differs".into()),
            command: None,
        }
    }

    #[test]
    fn what_differs_from_run_to_run_does_not_count() {
        let first = "2026-11-20T07:00:01.123Z start\n/ci/a1/src/x.c:12: error: boom\n\x1b[31mFAILED\x1b[0m in 3.21 s at 0x7ffe12\n";
        let second = "2026-11-21T09:30:59Z start\n/agent/_work/2/src/x.c:14: error: boom\nFAILED in 4 s at 0x55aa\n\n";
        assert_eq!(of(first, "/ci/a1"), of(second, "/agent/_work/2"));
        let other = second.replace("boom", "bang");
        assert_ne!(of(first, "/ci/a1"), of(&other, "/agent/_work/2"));
    }

    #[test]
    fn only_the_end_of_a_log_counts() {
        let end = "same\n".repeat(LINES);
        assert_eq!(of(&format!("one\n{end}"), "/ws"), of(&format!("another\n{end}"), "/ws"));
    }

    #[test]
    fn tests_are_told_by_their_names_in_any_order() {
        let sign = |tests: &[FailedTestRecord]| signature(&Failure { tests: Tests::Current(tests), ..NOTHING });
        assert_eq!(sign(&[test("a"), test("b")]), sign(&[test("b"), test("a"), test("a")]));
        assert_ne!(sign(&[test("a")]), sign(&[test("b")]));
    }

    #[test]
    fn the_log_counts_unless_this_run_reported_tests() {
        let tests = [test("a")];
        for (tests, counts) in
            [(Tests::Current(&tests), false), (Tests::Current(&[]), true), (Tests::Undated(&tests), true)]
        {
            let [boom, bang] = ["boom", "bang"].map(|log| with_log(Failure { tests, ..NOTHING }, log).hash);
            assert_eq!(boom != bang, counts);
        }
        let undated = |tests| with_log(Failure { tests: Tests::Undated(tests), ..NOTHING }, "boom").hash;
        assert_ne!(undated(&tests), undated(&[test("b")]));
    }

    #[test]
    fn only_tests_of_this_run_and_lines_tell_failures_apart() {
        let tests = [test("a")];
        for (what, tests, log, telling) in [
            ("no log", Tests::Current(&[]), None, false),
            ("an empty log", Tests::Current(&[]), Some(""), false),
            ("a blank log", Tests::Current(&[]), Some(" \n\n"), false),
            ("a log", Tests::Current(&[]), Some("\nboom\n"), true),
            ("a report", Tests::Current(&tests), None, true),
            ("a report that may be old", Tests::Undated(&tests), None, false),
            ("a log beside it", Tests::Undated(&tests), Some("boom"), true),
        ] {
            let failure = Failure { tests, ..NOTHING };
            let found = log.map_or_else(|| signature(&failure), |log| with_log(failure, log));
            assert_eq!(found.telling, telling, "{what}");
        }
        let missing = Path::new("/nowhere/at/all");
        assert!(!signature(&Failure { log: Some(missing), ..NOTHING }).telling);
    }
}
