//! `ci-tool repro export`.

use crate::{
    cli::{Session, exit, out},
    config::parse_format,
    error::Result,
    ops::repro::export::export,
    pipeline::record::Format,
};
use serde_json::json;
use std::path::PathBuf;

/// Write a capture into one archive, for people without ci-tool
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool repro export k3v9 --format zip --to job.zip\n  ci-tool repro export k3v9 --format 7z --to job.7z"
)]
pub struct Args {
    /// The capture, by the beginning of its id
    id: String,
    /// zip or 7z
    #[arg(long, value_name = "FORMAT", default_value = "zip", value_parser = |text: &str| parse_format(text).map_err(|e| format!("{}; {}", e.message(), e.hints().join("; "))))]
    format: Format,
    /// The archive; must not exist
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

/// Runs the verb.
pub(super) async fn run(session: &Session, args: Args) -> Result<u8> {
    let world = session.world(false)?;
    let exported = export(&world, &args.id, args.format, &args.to).await?;
    let out = &session.out;
    for (path, why) in &exported.failed {
        out.warn(&format!("not in the archive: {path}: {why}"));
    }
    if out.is_json() {
        let failed: Vec<&String> = exported.failed.iter().map(|(path, _)| path).collect();
        out.json(
            &json!({ "schema": 1, "id": exported.record.id, "to": args.to, "bytes": exported.len, "failed": failed }),
        );
    } else {
        out.note(&format!("{} is in {} ({})", exported.record.id, args.to.display(), out::bytes(exported.len)));
    }
    Ok(if exported.failed.is_empty() { exit::DONE } else { exit::PARTLY })
}
