//! `ci-tool stage explain`.

use super::{span, status::at, told::told};
use crate::{
    cli::{Session, exit},
    error::Result,
    ops::stage::explain::{Explanation, Tried, explain},
};
use jiff::Timestamp;
use serde::Serialize;

/// Say why a stage of a run is where it is
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool stage explain k3v9 publish_signed_assets\n  ci-tool stage explain latest signing --output json"
)]
pub struct Args {
    /// A run, by the beginning of its id; `latest` is the latest
    run: String,
    /// The stage
    stage: String,
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    #[serde(flatten)]
    explanation: &'a Explanation,
}

/// Runs the verb.
pub(super) async fn run(session: &Session, args: Args) -> Result<u8> {
    let (pipeline, run) = told(session, &session.world(true)?, &args.run).await?;
    let explanation = explain(&pipeline, &run, &args.stage, Timestamp::now())?;
    match session.out.is_json() {
        true => session.out.json(&Document { schema: 1, explanation: &explanation }),
        false => session.out.text(&text(&explanation)),
    }
    Ok(exit::DONE)
}

fn text(told: &Explanation) -> String {
    let mut lines = vec![format!("{}: {}", told.stage, told.state)];
    lines.extend(told.reasons.iter().map(|reason| format!("  {reason}")));
    for need in &told.needs {
        let enough = if need.satisfied { "" } else { ", which is not enough" };
        lines.push(format!("  needs {}: {}{enough}", need.stage, need.state));
    }
    for tried in &told.attempts {
        lines.extend(attempt(tried));
    }
    lines.iter().map(|line| line.replace(['\n', '\r'], " ")).collect::<Vec<_>>().join("\n")
}

fn attempt(tried: &Tried) -> Vec<String> {
    let told = &tried.told;
    let took = told.ended.and_then(|ended| ended.duration_since(told.begun).try_into().ok()).map(span);
    let code = told.exit_code.map(|code| format!(", exit code {code}")).unwrap_or_default();
    let took = took.map(|took| format!(" after {took}")).unwrap_or_default();
    let why = told.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    vec![
        format!("  attempt {} at {}: {}{took}{code}{why}", tried.attempt, at(told.begun), told.state),
        format!("    command: {}", told.command),
        format!("    log: {}", tried.log),
    ]
}
