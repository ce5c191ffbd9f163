//! `ci-tool route audit`.

use super::{
    job::RulesArgs,
    usage::{Period, nothing},
};
use crate::{
    cli::{
        Session, exit,
        out::{self, Align, Table},
    },
    error::Result,
    ops::route::{
        audit::{self, Audit, Auditor, Finding, FindingKind},
        usage,
    },
};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::{collections::BTreeSet, io, path::PathBuf};

/// Find jobs that ran where they should not have
///
/// The usage says which jobs ran on which queue: CSV with a header, or JSON lines with the same names: queue, branch,
/// repository, time, and optionally reason, pr_target, count and id. Nothing on premises and no exempt repository is a finding.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool route audit --usage usage.csv --since 200d\n  ci-tool route audit --usage usage.csv --metrics /var/lib/node_exporter/ci_tool_route.prom",
    after_help = "Ends with 5 when there are findings:\n  leak           servicing jobs ran on a queue though it has a servicing twin\n  missing_twin   jobs ran on a queue whose twin they belong on, and there is none\n  wrong_team     jobs ran on another team's queue, or not on that of their own\n  unknown_queue  jobs ran on a queue that the rules do not know\n  unused_twin    no job ran on a twin, and none should have"
)]
pub(super) struct Args {
    /// Files of usage; - is standard input
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    usage: Vec<PathBuf>,
    #[command(flatten)]
    period: Period,
    /// Also write the number of findings for Prometheus's textfile collector
    #[arg(long, value_name = "FILE")]
    metrics: Option<PathBuf>,
    #[command(flatten)]
    rules: RulesArgs,
}

/// Runs the verb.
pub(super) fn run(session: &Session, args: &Args) -> Result<u8> {
    let rules = args.rules.load(session)?;
    let since = args.period.start(Timestamp::now())?;
    let mut auditor = Auditor::new(&rules, since);
    usage::read(&args.usage, io::stdin().lock(), |row| auditor.see(row))?;
    let audit = auditor.finish();
    if audit.jobs == 0 {
        // No findings in nothing would be taken for all is well.
        return Err(nothing(audit.earlier));
    }
    if let Some(path) = &args.metrics {
        audit::write(path, &audit::metrics(&audit))?;
    }
    let out = &session.out;
    if out.is_json() {
        let mut value = json!(audit);
        if let Value::Object(map) = &mut value {
            map.insert("schema".into(), 1.into());
            map.insert("rules".into(), json!(rules.hash));
            map.insert("since".into(), json!(since));
        }
        out.json(&value);
    } else {
        out.table(&table(&audit));
        say(session, &audit);
    }
    Ok(if audit.findings.is_empty() { exit::DONE } else { exit::NEGATIVE })
}

fn table(audit: &Audit) -> Table {
    let mut table = Table::new(&[
        ("FINDING", Align::Left),
        ("QUEUE", Align::Left),
        ("SHOULD BE", Align::Left),
        ("JOBS", Align::Right),
        ("BRANCHES", Align::Left),
        ("REPOSITORIES", Align::Left),
        ("LAST", Align::Left),
        ("EXAMPLE", Align::Left),
    ]);
    for Finding { kind, queue, should, jobs } in &audit.findings {
        let should = match (kind, should) {
            (_, None) => "-".into(),
            (FindingKind::MissingTwin, Some(name)) => format!("{name} (missing)"),
            (FindingKind::UnknownQueue, Some(name)) => format!("{name}?"),
            (_, Some(name)) => name.clone(),
        };
        table.row([
            kind.as_str().into(),
            queue.clone(),
            should,
            jobs.jobs.to_string(),
            names(&jobs.branches),
            names(&jobs.repositories),
            jobs.last.map_or_else(|| "-".into(), |last| last.strftime("%Y-%m-%d").to_string()),
            jobs.example.clone().unwrap_or_else(|| "-".into()),
        ]);
    }
    table
}

/// Up to three; JSON has more.
fn names(all: &BTreeSet<String>) -> String {
    let mut text = all.iter().take(3).map(String::as_str).collect::<Vec<_>>().join(", ");
    match all.len() {
        0 => text.push('-'),
        1..=3 => {}
        n => text.push_str(&format!(" and {} more", n - 3)),
    }
    text
}

fn say(session: &Session, audit: &Audit) {
    let out = &session.out;
    if audit.unclear > 0 {
        let jobs = out::count(audit.unclear, "job has", "jobs have");
        out.warn(&format!("{jobs} no branch, or no target of a pull request: whether they leaked is not known"));
    }
    if audit.unlisted > 0 {
        let jobs = out::count(audit.unlisted, "more job", "more jobs");
        out.warn(&format!("{jobs} ran on further queues that the rules do not know"));
    }
    let findings = out::count(audit.findings.len() as u64, "finding", "findings");
    out.note(&format!("{findings} in {}", out::count(audit.jobs, "job", "jobs")));
    if audit.count(FindingKind::MissingTwin) > 0 {
        out.note("`ci-tool route queues generate --suffix SUFFIX --used-by FILE` writes the missing twins");
    }
}
