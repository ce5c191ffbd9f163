//! `ci-tool stage plan`.

use super::{
    covers,
    graph::Format,
    span, told,
    which::{TryArgs, WhichArgs},
};
use crate::{
    cli::{
        Session, exit,
        out::{Align, Out, Table, count},
    },
    error::Result,
    ops::stage::{
        draw::Drawing,
        pipeline::Pipeline,
        plan::{Finding, Plan, Planned, Wish, plan, substitutes},
    },
};
use serde::Serialize;
use std::{path::PathBuf, time::Duration};

/// Show what a run would do: what runs, what does not and why, how long it takes; writes nothing
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool stage plan release/validate-publish.yaml --skip validation\n  ci-tool stage plan release/validate-publish.yaml --what-if validation --output json\n  ci-tool stage plan prepare.yaml --with validate.yaml --covers old.yaml",
    after_help = "Ends with 5 when a stage can never run, or when not every stage of OLD is there exactly once."
)]
pub struct Args {
    /// The pipeline's file
    pipeline: PathBuf,
    #[command(flatten)]
    which: WhichArgs,
    /// Do what did not succeed in this run [default: the latest of the pipeline]
    #[arg(long, value_name = "RUN", num_args = 0..=1, default_missing_value = "latest")]
    failed: Option<String>,
    #[command(flatten)]
    trial: TryArgs,
    /// Tell also how long it would take without these stages; may be repeated
    #[arg(long, value_name = "STAGE[,STAGE…]")]
    what_if: Vec<String>,
    /// Draw the plan instead
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Instead, prove that this pipeline and those of --with hold every stage of OLD exactly once
    #[arg(long, value_name = "OLD")]
    covers: Option<PathBuf>,
    /// A pipeline that runs after this one; may be repeated
    #[arg(long, value_name = "PIPELINE", requires = "covers")]
    with: Vec<PathBuf>,
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    #[serde(flatten)]
    plan: &'a Plan,
}

/// Runs the verb.
pub(super) async fn run(session: &Session, args: Args) -> Result<u8> {
    let pipeline = Pipeline::read(&args.pipeline)?;
    if let Some(old) = &args.covers {
        let with = args.with.iter().map(|path| Pipeline::read(path));
        let all = std::iter::once(Ok(pipeline)).chain(with).collect::<Result<Vec<_>>>()?;
        return covers::run(session, old, &all);
    }
    let earlier = match &args.failed {
        Some(run) => told::earlier(session, &session.world(true)?, &pipeline, run).await?,
        None => None,
    };
    let wish = Wish {
        asked: args.which.asked(args.failed.is_some()),
        earlier,
        profile: args.trial.profile(&pipeline),
        substitutes: substitutes(&pipeline, &args.trial.substitute)?,
        what_if: args.what_if.iter().map(|set| set.split(',').map(str::to_owned).collect()).collect(),
    };
    show(session, &pipeline, &wish, args.format)
}

/// Prints what a run would do, and returns the exit code.
pub(super) fn show(session: &Session, pipeline: &Pipeline, wish: &Wish, format: Option<Format>) -> Result<u8> {
    let plan = plan(pipeline, wish)?;
    match format {
        Some(format) => session.out.bytes(format.draw(&Drawing::planned(pipeline, &plan)).as_bytes()),
        None if session.out.is_json() => session.out.json(&Document { schema: 1, plan: &plan }),
        None => print(&session.out, &plan),
    }
    Ok(if plan.findings.iter().any(|finding| finding.error) { exit::NEGATIVE } else { exit::DONE })
}

fn print(out: &Out, plan: &Plan) {
    let mut table = Table::new(&[
        ("STAGE", Align::Left),
        ("DOES", Align::Left),
        ("BEGINS", Align::Right),
        ("EXPECTED", Align::Right),
        ("SLACK", Align::Right),
        ("WHY", Align::Left),
    ]);
    plan.stages.iter().for_each(|stage| table.row(row(stage)));
    out.table(&table);
    let mut lines = vec![
        format!("expected: {}", span(plan.expected)),
        format!("critical path: {}", plan.critical_path.join(" → ")),
    ];
    for what_if in &plan.what_if {
        lines.push(format!("without {}: {}", what_if.without.join(", "), span(what_if.expected)));
    }
    lines.extend(plan.findings.iter().map(|finding| line(plan, finding)));
    out.text(&lines.join("\n"));
    if !plan.without_expectation.is_empty() {
        let stages = count(plan.without_expectation.len(), "stage", "stages");
        out.note(&format!("nobody said how long {stages} take: {}", plan.without_expectation.join(", ")));
    }
    if !plan.weighty.is_empty() {
        let left_out = plan.weighty.join(", ");
        out.warn(&format!("production stands on {left_out}: a run without needs --by and --reason"));
    }
}

fn row(stage: &Planned) -> [String; 6] {
    let why = match (&stage.left_out, &stage.substituted) {
        (Some(reason), _) => reason.to_string(),
        (None, Some(command)) => format!("substituted: {command}"),
        (None, None) if stage.critical => "critical".into(),
        (None, None) => String::new(),
    };
    let does = if stage.runs { stage.work } else { "skip" };
    let time = |time: Option<Duration>| time.filter(|_| stage.runs).map_or_else(|| "-".into(), span);
    let [begins, expected, slack] = [Some(stage.begins), stage.expect, Some(stage.slack)].map(time);
    [stage.name.clone(), does.into(), begins, expected, slack, why]
}

fn line(plan: &Plan, finding: &Finding) -> String {
    let level = if finding.error { "error" } else { "warning" };
    let Finding { stage, line, code, message, .. } = finding;
    format!("{}:{line}: {level} [{code}]: {stage}: {message}", plan.file)
}
