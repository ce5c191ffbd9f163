//! `ci-tool route batch`.

use super::{
    job::RulesArgs,
    log::{Log, LogArgs},
};
use crate::{
    cli::{Session, exit, out},
    error::Result,
    ops::route::batch::batch_heard,
};
use std::io;

/// Decide a job a line: JSON in, JSON out
///
/// Each line of standard input is an object with `queue` and what is known of `reason`, `branch`, `pr_target`,
/// `repository` and `variables`. Line N of the output answers line N: a decision, or `error`.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool route batch < jobs.jsonl > decisions.jsonl\n  echo '{\"queue\": \"windows.10.amd64.open\", \"branch\": \"release/5.0\"}' | ci-tool route batch",
    after_help = "Ends with 3 when a line could not be decided."
)]
pub(super) struct Args {
    #[command(flatten)]
    rules: RulesArgs,
    #[command(flatten)]
    log: LogArgs,
}

/// Runs the verb.
pub(super) fn run(session: &Session, args: &Args) -> Result<u8> {
    let rules = args.rules.load(session)?;
    let mut log = args.log.open(session)?;
    let (input, output) = (io::stdin().lock(), io::BufWriter::new(session.out.stream()));
    let counts = batch_heard(&rules, input, output, |job| {
        log.iter_mut().for_each(|log| log.record(&rules, &job));
        Ok(())
    });
    // What was decided is logged, also when the input ends in an error.
    log.into_iter().for_each(Log::finish);
    let counts = counts?;
    let jobs = out::count(counts.decided, "job", "jobs");
    let failed = match counts.failed {
        0 => String::new(),
        n => format!("; {} could not be", out::count(n, "line", "lines")),
    };
    session.out.note(&format!("{jobs} decided, {} redirected{failed}", counts.redirected));
    Ok(if counts.failed == 0 { exit::DONE } else { exit::PARTLY })
}
