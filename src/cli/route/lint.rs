//! `ci-tool route lint`.

use super::job::RulesArgs;
use crate::{
    cli::{Session, exit, out},
    error::Result,
    ops::route::{lint::lint, rules::Finding},
};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};

/// Find what is wrong with the rules, or looks wrong
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool route lint\n  ci-tool route lint --rules rules.yaml --strict --output json",
    after_help = "Ends with 5 when there is an error, with --strict also when there is a warning."
)]
pub(super) struct Args {
    /// Let warnings count as errors do
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    rules: RulesArgs,
}

/// Runs the verb.
pub(super) fn run(session: &Session, args: &Args) -> Result<u8> {
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let linted = lint(&args.rules.path(session)?, today)?;
    let passes = linted.passes(args.strict);
    let out = &session.out;
    if out.is_json() {
        let findings: Vec<Value> = linted.findings.iter().map(value).collect();
        out.json(&json!({ "schema": 1, "rules": linted.hash, "passes": passes, "findings": findings }));
    } else {
        let lines: Vec<String> = linted.findings.iter().map(line).collect();
        out.text(&lines.join("\n"));
        let errors = linted.findings.iter().filter(|finding| finding.error).count();
        let warnings = out::count(linted.findings.len() - errors, "warning", "warnings");
        out.note(&format!("{}, {warnings}", out::count(errors, "error", "errors")));
    }
    Ok(if passes { exit::DONE } else { exit::NEGATIVE })
}

fn level(finding: &Finding) -> &'static str {
    if finding.error { "error" } else { "warning" }
}

fn value(finding: &Finding) -> Value {
    json!({
        "level": level(finding),
        "code": finding.code,
        "file": finding.place.file.display().to_string(),
        "line": finding.place.line,
        "message": finding.message,
    })
}

fn line(finding: &Finding) -> String {
    let message = finding.message.replace(['\n', '\r'], " ");
    format!("{}: {} [{}]: {message}", finding.place, level(finding), finding.code)
}
