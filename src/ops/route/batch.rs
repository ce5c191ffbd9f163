//! `route batch`: a decision a line.

use super::{decide::decide, job::Job, lines, report::Report, rules::Rules};
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
pub fn batch(rules: &Rules, input: impl BufRead, mut output: impl Write) -> Result<Counts> {
    let mut counts = Counts::default();
    lines::each(input, |line| {
        one(rules, line, &mut output, &mut counts)
            .and_then(|()| output.write_all(b"\n"))
            .map_err(|e| failed("writing the decisions", e))
    })?;
    output.flush().map_err(|e| failed("writing the decisions", e))?;
    Ok(counts)
}

/// Decides one line and writes the answer without a line break.
///
/// # Errors
/// Those of writing.
pub fn one(rules: &Rules, line: &[u8], output: &mut impl Write, counts: &mut Counts) -> std::io::Result<()> {
    if line.iter().all(u8::is_ascii_whitespace) {
        return Ok(());
    }
    let job = serde_json::from_slice::<Job>(line).map_err(|e| Error::new(Kind::Usage, format!("this is no job: {e}")));
    let job = job.map(Job::settle);
    let decided = job.as_ref().map_err(brief).and_then(|job| decide(rules, job).map_err(|e| brief(&e)));
    match decided {
        Ok(decision) => {
            counts.decided += 1;
            counts.redirected += u64::from(decision.redirected());
            serde_json::to_writer(output, &Report::new(rules, &decision)).map_err(Into::into)
        }
        Err(error) => {
            counts.failed += 1;
            serde_json::to_writer(output, &json!({ "error": error })).map_err(Into::into)
        }
    }
}

fn brief(error: &Error) -> serde_json::Value {
    json!({ "kind": error.kind().as_str(), "message": error.message(), "hints": error.hints() })
}

fn failed(what: &str, error: std::io::Error) -> Error {
    Error::new(Kind::Internal, what).with_source(error)
}
