//! `ci-tool repro gc`.

use crate::{
    cli::{Session, exit, global::Change, out},
    error::Result,
    ops::repro::gc::gc,
};
use serde_json::{Value, json};

/// Remove what dead saves and removals left behind
///
/// Captures stay, also those past their expiry: `ci-tool repro decommission --expired` removes them.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  ci-tool repro gc\n  ci-tool repro gc --store az://account/container --dry-run")]
pub struct Args {
    #[command(flatten)]
    change: Change,
}

/// Runs the verb.
pub(super) async fn run(session: &Session, args: Args) -> Result<u8> {
    let world = session.world(args.change.dry_run)?;
    let collected = gc(&world).await?;
    let out = &session.out;
    if out.is_json() {
        let captures: Vec<Value> =
            collected.captures.iter().map(|(id, bytes)| json!({ "id": id, "bytes": bytes })).collect();
        out.json(&json!({
            "schema": 1,
            "dry_run": world.dry_run,
            "removed": captures,
            "temporary_bytes": collected.temporary,
            "at_work": collected.alive,
            "expired": collected.expired,
        }));
        return Ok(exit::DONE);
    }
    let verb = if world.dry_run { "would remove" } else { "removed" };
    let bytes: u64 = collected.captures.iter().map(|(_, bytes)| bytes).sum::<u64>() + collected.temporary;
    let captures = out::count(collected.captures.len(), "capture", "captures");
    let mut text = format!("{verb} the remains of {captures}, {}", out::bytes(bytes));
    if collected.alive > 0 {
        text.push_str(&format!("; {} at work", out::count(collected.alive, "save is", "saves are")));
    }
    out.text(&text);
    if collected.expired > 0 {
        let expired = out::count(collected.expired, "capture is past its expiry", "captures are past their expiry");
        out.note(&format!("{expired}: `ci-tool repro decommission --expired` removes what is"));
    }
    Ok(exit::DONE)
}
