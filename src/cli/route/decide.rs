//! `ci-tool route` without a verb: one decision.

use super::{
    job::{JobArgs, RulesArgs},
    log::LogArgs,
};
use crate::{
    cli::{Session, exit},
    error::Result,
    ops::route::{
        decide::trace,
        report::{Report, Steps},
    },
};
use serde_json::{Value, json};

/// The arguments of one decision.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    rules: RulesArgs,
    #[command(flatten)]
    job: JobArgs,
    #[command(flatten)]
    log: LogArgs,
}

/// Decides.
pub(super) async fn run(session: &Session, args: Args) -> Result<u8> {
    let rules = args.rules.load(session)?;
    let job = args.job.job(session)?;
    let mut steps = Steps::default();
    let decision = trace(&rules, &job, &mut steps)?;
    let report = Report::new(&rules, &decision);
    args.log.record(session, &rules, &job);
    let out = &session.out;
    if out.is_json() {
        let mut value = json!(report);
        if let Value::Object(map) = &mut value {
            map.insert("schema".into(), 1.into());
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
