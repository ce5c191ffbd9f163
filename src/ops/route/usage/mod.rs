//! Which jobs ran on which queue: files of usage, read a row at a time.
//!
//! A file is CSV, whose header names its columns, or JSON lines with the same names: `queue`, `branch`, `repository` and
//! `time`, and optionally `reason`, `pr_target`, `count` (jobs that the row stands for, 1 unless told) and `id`. A `.csv` is
//! CSV, a `.jsonl`, `.ndjson` or `.json` is JSON lines; of any other, and of standard input, the first byte tells.

mod csv;
mod json_lines;
#[cfg(test)]
pub(super) mod tests;

use super::job::Job;
use crate::error::{Error, Kind, Result};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
};

/// The columns that a row must have.
pub const REQUIRED: [&str; 4] = ["queue", "branch", "repository", "time"];
/// Those that it may have.
pub const OPTIONAL: [&str; 4] = ["reason", "pr_target", "count", "id"];
/// A longer row is refused, in bytes: a quote was opened and never closed.
const ROW_MAX: usize = 1 << 20;

/// One row: jobs that ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// What is known of them; `queue` is the one that they ran on.
    pub job: Job,
    /// When.
    pub time: Timestamp,
    /// How many.
    pub count: u64,
    /// What the CI calls one of them.
    pub id: Option<String>,
}

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv,
    JsonLines,
}

/// Reads files in order and hands over each row; `-` is `stdin`. Holds one row at a time. Returns how many there were.
///
/// # Errors
/// `Usage` with file and line for the first row that is none, `NotFound`, and those of reading.
pub fn read(files: &[PathBuf], mut stdin: impl BufRead, mut each: impl FnMut(&Use)) -> Result<u64> {
    let mut rows = 0;
    for path in files {
        if path.as_os_str() == "-" {
            rows += read_from(path, "standard input", &mut stdin, &mut each)?;
            continue;
        }
        let file = File::open(path).map_err(|e| Error::io("reading the usage", path, e).hint(shape()))?;
        rows += read_from(path, &path.display().to_string(), &mut BufReader::new(file), &mut each)?;
    }
    Ok(rows)
}

fn read_from(path: &Path, name: &str, input: &mut impl BufRead, each: &mut impl FnMut(&Use)) -> Result<u64> {
    let format = match named(path) {
        Some(format) => format,
        None => guessed(input).map_err(|e| failed(name, e))?.ok_or_else(|| {
            Error::new(Kind::Usage, format!("{name} is empty: neither CSV nor JSON lines")).hint(shape())
        })?,
    };
    match format {
        Format::Csv => csv::read(name, input, each),
        Format::JsonLines => json_lines::read(name, input, each),
    }
}

/// The format that a file's name tells.
fn named(path: &Path) -> Option<Format> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "csv" => Some(Format::Csv),
        "json" | "jsonl" | "ndjson" => Some(Format::JsonLines),
        _ => None,
    }
}

/// The format that the first bytes tell; none when there are none.
fn guessed(input: &mut impl BufRead) -> io::Result<Option<Format>> {
    let start = input.fill_buf()?;
    let start = start.strip_prefix(BOM).unwrap_or(start);
    Ok(match start.iter().find(|b| !b.is_ascii_whitespace()) {
        None => None,
        Some(b'{') => Some(Format::JsonLines),
        Some(_) => Some(Format::Csv),
    })
}

const BOM: &[u8] = b"\xef\xbb\xbf";

/// A row as text, in either format.
#[derive(Debug, Default)]
struct Raw<'a> {
    queue: &'a str,
    branch: &'a str,
    repository: &'a str,
    time: &'a str,
    reason: &'a str,
    pr_target: &'a str,
    id: &'a str,
    count: u64,
}

impl Raw<'_> {
    /// The row, or what is wrong with it.
    fn parse(&self) -> Result<Use, String> {
        let some = |text: &str| Some(text.trim()).filter(|t| !t.is_empty()).map(str::to_owned);
        let queue = some(self.queue).ok_or("its queue is empty")?;
        let time = time(self.time.trim())
            .ok_or_else(|| format!("{:?} is no time: write it as 2026-11-03T14:05:00Z", self.time))?;
        let job = Job {
            queue,
            branch: some(self.branch),
            repository: some(self.repository),
            reason: some(self.reason),
            pr_target: some(self.pr_target),
            ..Job::default()
        };
        Ok(Use { job, time, count: self.count, id: some(self.id) })
    }
}

/// RFC 3339, or a day or a day and time in UTC.
fn time(text: &str) -> Option<Timestamp> {
    text.parse::<Timestamp>().ok().or_else(|| {
        let civil: DateTime = text.parse().ok()?;
        civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    })
}

fn bad(name: &str, line: u64, what: impl std::fmt::Display) -> Error {
    Error::new(Kind::Usage, format!("{name}:{line}: {what}")).hint(shape())
}

fn failed(name: &str, error: io::Error) -> Error {
    Error::io("reading the usage", Path::new(name), error)
}

fn shape() -> String {
    format!("usage has the columns {} and may have {}", REQUIRED.join(", "), OPTIONAL.join(", "))
}
