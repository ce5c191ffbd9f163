//! `ci-tool stage status`.

use super::{span, told::told};
use crate::{
    cli::{
        Session, exit,
        out::{Align, Out, Table},
    },
    error::Result,
    ops::stage::{
        pipeline::Pipeline,
        report::{Report, Row},
        run::{self, EngineRun, Run},
        state::State,
    },
};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

/// Show where a run stands, or list the latest runs
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool stage status\n  ci-tool stage status latest --output json",
    after_help = "For one run ends with 0 when all of it is done, 5 when something came to nothing, 8 when it goes on."
)]
pub struct Args {
    /// A run, by the beginning of its id; `latest` is the latest
    run: Option<String>,
    /// List at most so many
    #[arg(long, value_name = "N", default_value = "20", conflicts_with = "run")]
    limit: usize,
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    outcome: &'static str,
    /// The engine's run, where an engine drives the stages.
    #[serde(skip_serializing_if = "Option::is_none")]
    engine_run: Option<&'a EngineRun>,
    #[serde(flatten)]
    report: &'a Report,
}

/// Runs the verb.
pub(super) async fn run(session: &Session, args: Args) -> Result<u8> {
    match args.run {
        Some(run) => one(session, &run).await,
        None => list(session, args.limit).await,
    }
}

async fn one(session: &Session, text: &str) -> Result<u8> {
    let (pipeline, run) = told(session, &session.world(true)?, text).await?;
    Ok(show(session, &pipeline, &run))
}

/// Prints where a run stands, and returns the exit code that says it.
pub(super) fn show(session: &Session, pipeline: &Pipeline, run: &Run) -> u8 {
    let report = Report::of(pipeline, run, Timestamp::now());
    let outcome = outcome(&report);
    match session.out.is_json() {
        true => {
            let engine_run = run.engine_run.as_ref();
            session.out.json(&Document { schema: 1, outcome, engine_run, report: &report });
        }
        false => print(&session.out, &report, run.engine_run.as_ref()),
    }
    match (report.is_over(), report.is_bad()) {
        (true, false) => exit::DONE,
        (true, true) => exit::NEGATIVE,
        (false, _) => exit::PENDING,
    }
}

/// What became of a run, in a word.
fn outcome(report: &Report) -> &'static str {
    let any = |state: State| report.stages.iter().any(|row| row.state == state);
    match (report.is_over(), report.is_bad()) {
        (true, _) if report.cancelled.is_some() => "cancelled",
        (true, true) => "failed",
        (true, false) => "succeeded",
        (false, _) if any(State::Running) => "running",
        (false, _) if any(State::WaitingForApproval) => "waiting for approval",
        (false, _) => "open",
    }
}

fn print(out: &Out, report: &Report, engine_run: Option<&EngineRun>) {
    let mut table = Table::new(&[
        ("STAGE", Align::Left),
        ("STATE", Align::Left),
        ("ATTEMPT", Align::Right),
        ("TOOK", Align::Right),
        ("EXPECTED", Align::Right),
        ("SLACK", Align::Right),
        ("WHY", Align::Left),
    ]);
    report.stages.iter().for_each(|stage| table.row(row(stage)));
    out.table(&table);
    let mut lines = vec![
        format!("run {} of {}, {}, begun {}", report.run, report.pipeline, report.profile.as_str(), at(report.opened)),
        format!("{}: took {} of {} expected", outcome(report), span(report.took), span(report.expected)),
    ];
    if let Some(EngineRun { engine, id, url }) = engine_run {
        let url = url.as_ref().map(|url| format!(": {url}")).unwrap_or_default();
        lines.push(format!("driven by {engine} as its run {id}{url}"));
    }
    if let Some(id) = &report.handover {
        lines.push(format!("handover: BAR build {}, build {}", id.bar_build_id, id.build_id));
    }
    if !report.critical_path.is_empty() {
        lines.push(format!("critical path: {}", report.critical_path.join(" → ")));
    }
    if let Some(by) = &report.by {
        let reason = report.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        lines.push(format!("begun by {by}{reason}"));
    }
    if let Some(why) = &report.cancelled {
        lines.push(format!("cancelled: {why}"));
    }
    for mended in &report.mended {
        lines.push(format!("the file was mended at {}: {}", at(mended.at), mended.differs.join("; ")));
    }
    out.text(&lines.join("\n"));
}

fn row(row: &Row) -> [String; 7] {
    let maybe = |time: Option<std::time::Duration>| time.map_or_else(|| "-".into(), span);
    [
        row.name.clone(),
        row.state.to_string(),
        if row.attempts == 0 { "-".into() } else { row.attempts.to_string() },
        maybe(row.took),
        maybe(row.expected),
        maybe(row.slack),
        row.why.clone().unwrap_or_default(),
    ]
}

/// A time for people, in UTC.
pub(super) fn at(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

async fn list(session: &Session, limit: usize) -> Result<u8> {
    let world = session.world(true)?;
    let out = &session.out;
    let mut reports = Vec::new();
    for listed in run::list(&world, limit).await? {
        match told(session, &world, listed.id.as_str()).await {
            Ok((pipeline, run)) => reports.push(Report::of(&pipeline, &run, Timestamp::now())),
            Err(error) => out.warn(&format!("{}: {}", error.message(), error.causes().join(": "))),
        }
    }
    if out.is_json() {
        let rows: Vec<_> = reports
            .iter()
            .map(|report| {
                json!({
                    "run": report.run,
                    "pipeline": report.pipeline,
                    "profile": report.profile,
                    "opened": report.opened,
                    "changed": report.changed,
                    "outcome": outcome(report),
                })
            })
            .collect();
        out.json(&json!({ "schema": 1, "runs": rows }));
        return Ok(exit::DONE);
    }
    let mut table = Table::new(&[
        ("RUN", Align::Left),
        ("BEGUN", Align::Left),
        ("PIPELINE", Align::Left),
        ("PROFILE", Align::Left),
        ("DONE", Align::Right),
        ("STATE", Align::Left),
    ]);
    for report in &reports {
        let done = report.stages.iter().filter(|row| row.state.satisfies()).count();
        table.row([
            report.run.to_string(),
            at(report.opened),
            report.pipeline.clone(),
            report.profile.as_str().into(),
            format!("{done}/{}", report.stages.len()),
            outcome(report).into(),
        ]);
    }
    out.table(&table);
    if reports.is_empty() {
        out.note("there are no runs; `ci-tool stage prepare` and `ci-tool stage validate` begin one");
    }
    Ok(exit::DONE)
}
