//! Failed tests, from the reports in the workspace.

use crate::{
    capture::{
        content::place,
        tests_found::{is_report_name, parse},
        walk::Root,
    },
    pipeline::{
        details::{FailedTestRecord, Ready},
        entry::Entry,
    },
    process::quote_sh,
};
use jiff::Timestamp;
use std::{fs, path::Path};

/// Reports that are read at most, the latest first: a workspace may hold those of years.
const REPORTS_MAX: usize = 500;
/// A larger report is passed over, in bytes.
const REPORT_MAX: u64 = 32 << 20;
/// Failed tests that are kept.
const TESTS_MAX: usize = 1000;

/// A failed test, and when its report was written.
pub(super) struct Reported {
    pub test: FailedTestRecord,
    /// In nanoseconds since 1970.
    pub mtime: i64,
}

/// The tests that this run tells of: those whose reports were written since it began. All, where nobody knows when it began.
pub(super) fn since(reported: &[Reported], began: Option<Timestamp>) -> Vec<FailedTestRecord> {
    let recent = |r: &&Reported| began.is_none_or(|began| i128::from(r.mtime) >= began.as_nanosecond());
    reported.iter().filter(recent).map(|r| r.test.clone()).collect()
}

/// Reads the reports among the entries of the roots.
pub(super) fn failed_tests(roots: &[Root], entries: &[Entry], ready: &Ready) -> Vec<Reported> {
    let mut reports: Vec<&Entry> = entries
        .iter()
        .filter(|e| e.is_file() && e.size <= REPORT_MAX && std::str::from_utf8(&e.path).is_ok_and(is_report_name))
        .collect();
    reports.sort_by_key(|e| std::cmp::Reverse(e.mtime));
    reports.truncate(REPORTS_MAX);
    let found = reports.iter().flat_map(|entry| {
        let bytes = place(roots, &entry.path).and_then(|path: std::path::PathBuf| read(&path)).unwrap_or_default();
        parse(&bytes).into_iter().map(|test| {
            let suite = test.suite.unwrap_or_default();
            let command = ready.run_test.as_ref().map(|template| run_alone(template, &suite, &test.name));
            let report = entry.display().into_owned();
            let test = FailedTestRecord { suite, name: test.name, report, message: test.message, command };
            Reported { test, mtime: entry.mtime }
        })
    });
    let mut all: Vec<_> = found.take(TESTS_MAX).collect();
    all.sort_by(|Reported { test: a, .. }, Reported { test: b, .. }| {
        (&a.suite, &a.name, &a.report).cmp(&(&b.suite, &b.name, &b.report))
    });
    all
}

fn read(path: &Path) -> Option<Vec<u8>> {
    fs::read(path).ok()
}

/// The job's template with the names put in, quoted: a test's name is somebody else's text.
fn run_alone(template: &str, suite: &str, name: &str) -> String {
    // Both at once, so that a suite called `{name}` stays what it is.
    let mut out = String::new();
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (key, value) = if rest.starts_with("{suite}") { ("{suite}", suite) } else { ("{name}", name) };
        match rest.strip_prefix(key) {
            Some(after) => {
                out.push_str(&quote_sh([value]));
                rest = after;
            }
            None => {
                out.push('{');
                rest = &rest[1..];
            }
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_written_since_the_run_began_is_of_this_run() {
        let reported = [("old", 6), ("then", 7), ("new", 8)].map(|(name, mtime)| {
            let (suite, report) = (String::new(), String::new());
            Reported {
                test: FailedTestRecord { suite, name: name.into(), report, message: None, command: None },
                mtime,
            }
        });
        let began = |nanosecond| Timestamp::from_nanosecond(nanosecond).ok();
        for (began, expected) in [
            (began(7), &["then", "new"][..]),
            (began(9), &[]),
            (Some(Timestamp::MIN), &["old", "then", "new"]),
            (None, &["old", "then", "new"]),
        ] {
            let names: Vec<String> = since(&reported, began).into_iter().map(|test| test.name).collect();
            assert_eq!(names, expected, "{began:?}");
        }
    }

    #[test]
    fn names_are_put_in_quoted() {
        for (template, suite, name, expected) in [
            ("pytest {suite}::{name}", "a.b", "test_x", "pytest a.b::test_x"),
            ("run {name}", "", "it's $(rm -rf /)", "run 'it'\\''s $(rm -rf /)'"),
            ("run {suite} {name} {other}", "{name}", "x", "run '{name}' x {other}"),
        ] {
            assert_eq!(run_alone(template, suite, name), expected);
        }
    }
}
