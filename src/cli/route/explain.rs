//! `ci-tool route explain`.

use super::{
    helix::HelixArgs,
    job::{JobArgs, RulesArgs},
    lookup::LookupArgs,
};
use crate::{
    cli::{
        Session, exit,
        out::{Align, Table},
    },
    error::Result,
    http::Client,
    ops::route::{
        confirm::confirm,
        decide::{trace, unreached},
        report::{Report, Steps},
    },
};
use serde_json::json;
use tokio::time::Instant;

/// Show every rule, whether it matched, and why
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool route explain --queue windows.10.amd64.open --branch release/5.0\n  ci-tool route explain --queue windows.10.amd64.open --pr-target main --repository dotnet/runtime --output json"
)]
pub(super) struct Args {
    #[command(flatten)]
    rules: RulesArgs,
    #[command(flatten)]
    job: JobArgs,
    #[command(flatten)]
    lookup: LookupArgs,
    #[command(flatten)]
    helix: HelixArgs,
}

/// Runs the verb.
pub(super) async fn run(session: &Session, args: Args) -> Result<u8> {
    let rules = args.rules.load(session)?;
    let client = Client::new();
    let helix = args.helix.connect(session, &client)?;
    let deadline = Instant::now() + args.lookup.deadline(session)?;
    let (job, _) = args.lookup.job(session, &client, &args.job, deadline).await?;
    let mut steps = Steps::default();
    let decision = trace(&rules, &job, &mut steps)?;
    let decision = confirm(&rules, decision, helix.as_ref(), deadline, &mut steps).await;
    unreached(&rules, &job, &decision, &mut steps);
    let report = Report::new(&rules, &decision);
    let out = &session.out;
    if out.is_json() {
        out.json(&json!({ "schema": 1, "job": job, "decision": report, "trace": steps.0 }));
        return Ok(exit::DONE);
    }
    let mut table = Table::new(&[("", Align::Left), ("RULE", Align::Left), ("WHY", Align::Left)]);
    for step in &steps.0 {
        table.row([if step.matched { "✓" } else { "·" }.into(), step.rule.clone(), step.why.clone()]);
    }
    out.table(&table);
    if let Some(event) = &report.event {
        out.warn(&event.message);
    }
    let machines = report.scale_set.map(|s| format!(", scale set {s}")).unwrap_or_default();
    out.text(&format!("→ {} by {}, in {}{machines}", report.queue, report.rule, report.subscription));
    Ok(exit::DONE)
}
