//! `ci-tool trigger hidden`.

use super::ground::EngineArgs;
use crate::{
    cli::{
        Session, exit, out,
        out::{Align, Table},
    },
    error::Result,
    ops::trigger::{
        hidden::{Hidden, find},
        jobs,
    },
};
use jiff::SignedDuration;
use serde_json::json;

/// List the jobs that run for nobody: those whose failures are not shown, and those that have failed for days
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool trigger hidden --engine ci\n  ci-tool trigger hidden --days 30 --exit-code",
    after_help = "Ends with 0; with --exit-code, with 5 when there are such jobs. A job that has not run for 30 days is left out."
)]
pub struct Args {
    /// For how many days a job has to have failed without passing once
    #[arg(long, value_name = "M", default_value = "7", value_parser = clap::value_parser!(u32).range(1..=36500))]
    days: u32,
    /// The revision whose jobs are looked at, where jobs are a matter of the revision
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    at: String,
    /// End with 5 when there are such jobs
    #[arg(long)]
    exit_code: bool,
    #[command(flatten)]
    engine: EngineArgs,
}

/// Runs the verb.
pub(super) async fn run(session: &Session, args: Args) -> Result<u8> {
    let base = args.engine.open(session, true).await?;
    let out = &session.out;
    let look = async {
        let revision = base.vcs.resolve(&args.at).await?;
        let ground = base.ground();
        let jobs = jobs::at(&ground, &revision.id, None).await?;
        out.note(&format!(
            "looking at the runs of {} on {}",
            out::count(jobs.len(), "job", "jobs"),
            base.engine.name()
        ));
        find(&ground, &jobs, SignedDuration::from_hours(i64::from(args.days) * 24)).await
    };
    let found = session.reading(&base.world, look).await?;
    for (job, error) in &found.unknown {
        out.warn(&format!("the runs of {job} are not known: {}", error.in_full()));
    }
    if out.is_json() {
        let unknown: Vec<_> =
            found.unknown.iter().map(|(job, error)| json!({ "job": job, "why": error.in_full() })).collect();
        out.json(&json!({ "schema": 1, "engine": base.engine.name(), "jobs": found.hidden, "unknown": unknown }));
    } else {
        let mut table = Table::new(&[
            ("JOB", Align::Left),
            ("WHY", Align::Left),
            ("FAILED", Align::Right),
            ("RAN", Align::Right),
            ("LAST", Align::Left),
            ("URL", Align::Left),
        ]);
        found.hidden.iter().for_each(|hidden| table.row(row(hidden)));
        out.table(&table);
        out.note(&format!("{} for nobody", out::count(found.hidden.len(), "job runs", "jobs run")));
    }
    Ok(match (args.exit_code && !found.hidden.is_empty(), found.unknown.is_empty()) {
        (true, _) => exit::NEGATIVE,
        (false, true) => exit::DONE,
        (false, false) => exit::PARTLY,
    })
}

fn row(hidden: &Hidden) -> [String; 6] {
    let unseen = hidden.unseen.then(|| "nobody is told of its failures".to_owned());
    let before = if hidden.since_before { " or earlier" } else { "" };
    let failing = hidden.failing_since.map(|since| format!("failing since {since}{before}"));
    [
        hidden.job.clone(),
        unseen.into_iter().chain(failing).collect::<Vec<_>>().join(", "),
        hidden.failed.to_string(),
        hidden.ran.to_string(),
        hidden.last.to_string(),
        hidden.url.clone().unwrap_or_else(|| "-".into()),
    ]
}
