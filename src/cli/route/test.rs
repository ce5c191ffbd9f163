//! `ci-tool route test`.

use super::job::RulesArgs;
use crate::{
    cli::{Session, exit, out},
    error::{Error, Result},
    ops::route::{
        cases::{self, Held},
        coverage::{Coverage, Item},
        junit::{junit, sentence},
    },
};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Steps of a decision that are shown of a case that failed.
const STEPS: usize = 4;

/// Hold cases against the rules, and say what of the rules they cover
///
/// FILE is YAML: `cases: [{name: …, job: {queue: …, branch: …}, expect: {queue: …, rule: …}}]`. Of `expect`, `queue` is
/// needed, and `subscription`, `rule`, `reason` are looked at where they are written; where no `event` is written, there
/// must be none. `expect: {error: not_found}` is for a queue that is not in the rules.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool route test tests.yaml\n  ci-tool route test tests.yaml --coverage 90 --junit route.xml",
    after_help = "Ends with 5 when a case failed, or less is covered than --coverage asks for."
)]
pub(super) struct Args {
    /// The cases
    file: PathBuf,
    /// How much of the rules the cases have to cover, in per cent
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    coverage: Option<u8>,
    /// Also write a JUnit report
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    #[command(flatten)]
    rules: RulesArgs,
}

/// Runs the verb.
pub(super) fn run(session: &Session, args: &Args) -> Result<u8> {
    let cases = cases::read(&args.file)?;
    let rules = args.rules.load(session)?;
    let (held, coverage) = cases::run(&rules, cases);
    if let Some(path) = &args.junit {
        let report = junit(&args.file.display().to_string(), &held)?;
        std::fs::write(path, report).map_err(|e| Error::io("writing the report", path, e))?;
    }
    let failed = held.iter().filter(|held| !held.passed()).count();
    let enough = args.coverage.is_none_or(|bound| coverage.percent() >= bound);
    let passes = failed == 0 && enough;
    if session.out.is_json() {
        session.out.json(&json!({
            "schema": 1,
            "rules": rules.hash,
            "passes": passes,
            "cases": held.iter().map(case).collect::<Vec<_>>(),
            "coverage": {
                "percent": coverage.percent(),
                "items": coverage.items.iter().map(item).collect::<Vec<_>>(),
            },
        }));
    } else {
        session.out.text(&text(&held, &coverage));
        if let (false, Some(bound)) = (enough, args.coverage) {
            session.out.warn(&format!("{} % is covered, which is less than {bound} %", coverage.percent()));
        }
    }
    Ok(if passes { exit::DONE } else { exit::NEGATIVE })
}

fn case(held: &Held) -> Value {
    json!({
        "name": held.case.name,
        "at": held.case.place.to_string(),
        "passed": held.passed(),
        "differences": held.differences,
        "trace": held.trace,
    })
}

fn item(item: &Item) -> Value {
    let at = item.place.as_ref().map(ToString::to_string);
    json!({ "kind": item.kind, "name": item.name, "at": at, "covered": item.covered })
}

fn text(held: &[Held], coverage: &Coverage) -> String {
    let mut lines = Vec::new();
    let failed: Vec<&Held> = held.iter().filter(|held| !held.passed()).collect();
    for held in &failed {
        lines.push(format!("FAILED {}: {}", held.case.place, held.case.name));
        lines.extend(held.differences.iter().map(|difference| format!("  {}", sentence(difference))));
        let last = held.trace.len().saturating_sub(STEPS);
        let mark = |matched| if matched { "✓" } else { "·" };
        lines.extend(held.trace[last..].iter().map(|s| format!("    {} {}: {}", mark(s.matched), s.rule, s.why)));
    }
    for item in coverage.items.iter().filter(|item| !item.covered) {
        let place = item.place.as_ref().map(|place| format!(" at {place}")).unwrap_or_default();
        lines.push(format!("not covered: {} {}{place}", item.kind.replace('_', " "), item.name));
    }
    let passed = out::count(held.len() - failed.len(), "case", "cases");
    let (covered, all) = (coverage.covered(), coverage.items.len());
    lines.push(format!(
        "{passed} passed, {} failed; {covered} of {all} covered ({} %)",
        failed.len(),
        coverage.percent()
    ));
    lines.join("\n")
}
