//! `route batch`: a decision a line.

use super::{
    decide::{Decision, Silent, attempt},
    job::Job,
    lines,
    report::Report,
    rules::Rules,
};
use crate::error::{Error, Kind, Result};
use serde_json::json;
use std::io::{BufRead, Write};

/// How many jobs were decided.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Decided.
    pub decided: u64,
    /// Sent elsewhere than was asked for.
    pub redirected: u64,
    /// No jobs, or jobs whose queue is not in the rules.
    pub failed: u64,
}

/// Decides each line of `input`, which holds JSON of a [`Job`], and writes a line for each: the decision, or `error`. Empty
/// lines stay empty, so that line N answers line N.
///
/// # Errors
/// Only those of reading and writing; what is wrong with a line is said in its place.
pub fn batch(rules: &Rules, input: impl BufRead, output: impl Write) -> Result<Counts> {
    batch_heard(rules, input, output, |_| Ok(()))
}

/// As [`batch`], and hands over each job that was asked about.
///
/// # Errors
/// As [`batch`], and those of `asked`.
pub fn batch_heard(
    rules: &Rules,
    input: impl BufRead,
    mut output: impl Write,
    mut asked: impl FnMut(Job) -> Result<()>,
) -> Result<Counts> {
    let mut counts = Counts::default();
    lines::each(input, |line| {
        let job = heard(rules, line, &mut output, &mut counts, |_| ())
            .and_then(|job| output.write_all(b"\n").map(|()| job))
            .map_err(|e| failed("writing the decisions", e))?;
        job.map_or(Ok(()), &mut asked)
    })?;
    output.flush().map_err(|e| failed("writing the decisions", e))?;
    Ok(counts)
}

/// Decides one line and writes the answer without a line break.
///
/// # Errors
/// Those of writing.
pub fn one(rules: &Rules, line: &[u8], output: &mut impl Write, counts: &mut Counts) -> std::io::Result<()> {
    heard(rules, line, output, counts, |_| ()).map(drop)
}

/// As [`one`]: `decided` hears of the decision, and the job is returned when the line is one.
///
/// # Errors
/// As [`one`].
pub fn heard(
    rules: &Rules,
    line: &[u8],
    output: &mut impl Write,
    counts: &mut Counts,
    decided: impl FnOnce(&Decision<'_>),
) -> std::io::Result<Option<Job>> {
    if line.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    let job = match read(line) {
        Ok(job) => job,
        Err(error) => {
            counts.failed += 1;
            serde_json::to_writer(output, &brief(&error))?;
            return Ok(None);
        }
    };
    match attempt(rules, &job, &mut Silent) {
        Ok(decision) => {
            counts.decided += 1;
            counts.redirected += u64::from(decision.redirected());
            decided(&decision);
            serde_json::to_writer(output, &Report::new(rules, &decision))?;
        }
        Err(error) => {
            counts.failed += 1;
            serde_json::to_writer(output, &brief(&error))?;
        }
    }
    Ok(Some(job))
}

/// Reads a job, and takes what its variables tell.
///
/// # Errors
/// `Usage`.
pub fn read(json: &[u8]) -> Result<Job> {
    let job = serde_json::from_slice::<Job>(json);
    job.map(Job::settle).map_err(|e| {
        Error::new(Kind::Usage, format!("this is no job: {e}")).hint(
            "a job is an object with `queue` and any of `reason`, `branch`, `pr_target`, `repository`, `variables`",
        )
    })
}

/// An error as the answer to a job.
pub fn brief(error: &Error) -> serde_json::Value {
    json!({ "error": { "kind": error.kind().as_str(), "message": error.message(), "hints": error.hints() } })
}

fn failed(what: &str, error: std::io::Error) -> Error {
    Error::new(Kind::Internal, what).with_source(error)
}
