//! `ci-tool repro export`.

use crate::{
    cli::{Session, exit, global::Change, out},
    error::Result,
    ops::repro::export::{Exported, Request, export},
    pipeline::record::Format,
};
use clap::ValueEnum;
use serde_json::json;
use std::path::PathBuf;

/// Write a capture into one archive, for people without ci-tool
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool repro export k3v9 --to job.zip\n  ci-tool repro export k3v9 --to job.7z --dry-run"
)]
pub struct Args {
    /// The capture, by the beginning of its id
    id: String,
    /// The archive's format [default: what the suffix of FILE says]
    #[arg(long, value_name = "FORMAT", value_enum)]
    format: Option<Archive>,
    /// The archive, .zip or .7z; must not exist
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    #[command(flatten)]
    change: Change,
}

/// What other people's programs open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Archive {
    Zip,
    #[value(name = "7z")]
    SevenZ,
}

impl From<Archive> for Format {
    fn from(archive: Archive) -> Format {
        match archive {
            Archive::Zip => Format::Zip,
            Archive::SevenZ => Format::SevenZ,
        }
    }
}

/// Runs the verb.
pub(super) async fn run(session: &Session, args: Args) -> Result<u8> {
    let world = session.world(args.change.dry_run)?;
    let request = Request { id: args.id, format: args.format.map(Format::from), to: args.to };
    let exported = export(&world, &request).await?;
    let out = &session.out;
    for (path, why) in &exported.failed {
        out.warn(&format!("not in the archive: {path}: {why}"));
    }
    let Exported { record, entries, len, .. } = &exported;
    let to = request.to.display();
    if out.is_json() {
        let failed: Vec<&String> = exported.failed.iter().map(|(path, _)| path).collect();
        out.json(&json!({
            "schema": 1,
            "dry_run": world.dry_run,
            "id": record.id,
            "to": request.to,
            "format": exported.format,
            "entries": entries,
            "bytes": len,
            "failed": failed,
        }));
    } else if world.dry_run {
        let size = out::bytes(record.totals.bytes);
        out.text(&format!("would write {entries} files and folders of {}, {size}, into {to}", record.id));
    } else {
        out.note(&format!("{} is in {to} ({})", record.id, out::bytes(*len)));
    }
    Ok(if exported.failed.is_empty() { exit::DONE } else { exit::PARTLY })
}
