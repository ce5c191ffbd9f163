//! `ci-tool route` without a verb: one decision.

use super::{
    helix::HelixArgs,
    job::{JobArgs, RulesArgs},
    log::LogArgs,
    lookup::LookupArgs,
};
use crate::{
    cli::{Session, exit},
    error::Result,
    http::Client,
    ops::route::{
        confirm::confirm,
        decide::trace,
        lookup::Cause,
        report::{Report, Steps},
    },
};
use serde_json::{Value, json};
use tokio::time::Instant;

/// The arguments of one decision.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    rules: RulesArgs,
    #[command(flatten)]
    job: JobArgs,
    #[command(flatten)]
    lookup: LookupArgs,
    #[command(flatten)]
    helix: HelixArgs,
    #[command(flatten)]
    log: LogArgs,
}

/// Decides.
pub(super) async fn run(session: &Session, args: Args) -> Result<u8> {
    let rules = args.rules.load(session)?;
    let client = Client::new();
    let helix = args.helix.connect(session, &client)?;
    let deadline = Instant::now() + args.lookup.deadline(session)?;
    let (job, failed) = args.lookup.job(session, &client, &args.job, deadline).await?;
    let mut steps = Steps::default();
    let decided = trace(&rules, &job, &mut steps);
    let decision = args.log.unless_decided(session, &rules, &job, decided, &steps)?;
    let decision = confirm(&rules, decision, helix.as_ref(), deadline, &mut steps).await;
    let report = Report::new(&rules, &decision);
    args.log.record(session, &rules, &job, json!(report), &steps);
    let out = &session.out;
    if out.is_json() {
        let mut value = json!(report);
        if let Value::Object(map) = &mut value {
            map.insert("schema".into(), 1.into());
            if args.lookup.job_url.is_some() {
                map.insert("lookup".into(), json!({ "ok": failed.is_none(), "cause": failed.map(Cause::as_str) }));
            }
            map.insert("trace".into(), json!(steps.0));
        }
        out.json(&value);
    } else {
        out.text(&report.queue.to_string());
        if let Some(event) = &report.event {
            out.warn(&event.message);
        }
        let machines = report.scale_set.map(|s| format!(", scale set {s}")).unwrap_or_default();
        out.note(&format!("by {}, in {}{machines}", report.rule, report.subscription));
    }
    Ok(exit::DONE)
}
