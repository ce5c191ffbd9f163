//! `ci-tool repro extend`.

use super::{
    list::{seconds, summary},
    save::length,
};
use crate::{
    cli::{Session, exit, global::Change},
    error::Result,
    ops::repro::extend::extend,
};
use serde_json::json;
use std::time::Duration;

/// Keep a capture longer
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  ci-tool repro extend k3v9 7d\n  ci-tool repro extend k3v9 36h --dry-run")]
pub struct Args {
    /// The capture, by the beginning of its id
    id: String,
    /// How much longer: from its expiry, or from now when that has passed
    #[arg(value_parser = length)]
    duration: Duration,
    #[command(flatten)]
    change: Change,
}

/// Runs the verb.
pub(super) async fn run(session: &Session, args: Args) -> Result<u8> {
    let world = session.world(args.change.dry_run)?;
    let record = extend(&world, &args.id, args.duration).await?;
    if session.out.is_json() {
        let capture = summary(&record, (world.now)());
        session.out.json(&json!({ "schema": 1, "dry_run": world.dry_run, "capture": capture }));
    } else {
        let verb = if world.dry_run { "would be kept" } else { "is kept" };
        session.out.text(&format!("{} {verb} until {}", record.id, seconds(record.expires)));
    }
    Ok(exit::DONE)
}
