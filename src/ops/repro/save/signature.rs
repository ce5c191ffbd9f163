//! What makes two failures the same: the job, the command that failed, and its failed tests or the end of its log.

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
    /// Whether a test's name or a log stands behind it; else all that is known is that the command failed.
    pub telling: bool,
}

/// The failure's signature. `None` for a job that did not fail: nothing repeats then.
pub(super) fn signature(
    job_key: &str,
    command: Option<&str>,
    failed: Option<bool>,
    tests: &[FailedTestRecord],
    log: Option<&Path>,
    workspace: &str,
) -> Option<Signature> {
    if failed != Some(true) {
        return None;
    }
    let log = log.and_then(|path| tail(path).ok());
    let telling = !tests.is_empty() || log.is_some();
    let what = if tests.is_empty() {
        log.map(|text| normal(&text, workspace)).unwrap_or_default()
    } else {
        let names: BTreeSet<(&str, &str)> = tests.iter().map(|t| (t.suite.as_str(), t.name.as_str())).collect();
        names.into_iter().map(|(suite, name)| format!("{suite}\u{1f}{name}")).collect()
    };
    let mut hash = blake3::Hasher::new();
    for part in [job_key, command.unwrap_or_default()].into_iter().chain(what.iter().map(String::as_str)) {
        hash.update(part.as_bytes());
        hash.update(&[0]);
    }
    Some(Signature { hash: hash.finalize().to_hex()[..16].to_owned(), telling })
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

    fn of(log: &str, workspace: &str) -> String {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        std::fs::write(&path, log).unwrap();
        signature("key", Some("make"), Some(true), &[], Some(&path), workspace).unwrap().hash
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
    fn failed_tests_count_more_than_the_log_and_success_has_none() {
        let test = |name: &str| FailedTestRecord {
            suite: "s".into(),
            name: name.into(),
            report: "r".into(),
            message: Some("differs".into()),
            command: None,
        };
        let sign = |tests: &[FailedTestRecord]| signature("key", None, Some(true), tests, None, "/ws");
        assert_eq!(sign(&[test("a"), test("b")]), sign(&[test("b"), test("a"), test("a")]));
        assert_ne!(sign(&[test("a")]), sign(&[test("b")]));
        assert_eq!(signature("key", None, Some(false), &[test("a")], None, "/ws"), None);
        assert_eq!(signature("key", None, None, &[], None, "/ws"), None);
    }

    #[test]
    fn without_a_test_or_a_log_failures_cannot_be_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let (empty, missing) = (dir.path().join("log"), dir.path().join("missing"));
        std::fs::write(&empty, "").unwrap();
        for (log, telling) in [(None, false), (Some(&missing), false), (Some(&empty), true)] {
            let found = signature("key", Some("make"), Some(true), &[], log.map(|p| p.as_path()), "/ws").unwrap();
            assert_eq!(found.telling, telling, "{log:?}");
        }
    }
}
