//! `ci-tool repro get`.

use super::lost;
use crate::{
    cli::{Session, exit, out},
    error::Result,
    ops::repro::get::{Destination, get},
};
use serde_json::json;
use std::path::PathBuf;

/// Get one file or folder out of a capture
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool repro get k3v9 build/logs/test.log --to -\n  ci-tool repro get k3v9 build/logs --to ./logs"
)]
pub struct Args {
    /// The capture, by the beginning of its id
    id: String,
    /// The file or folder, in the workspace
    path: String,
    /// Where to put it: a path, a folder, or - for standard output
    #[arg(long, value_name = "DEST", default_value = ".")]
    to: PathBuf,
}

/// Runs the verb.
pub(super) async fn run(session: &Session, args: Args) -> Result<u8> {
    let world = session.world(false)?;
    let destination =
        if args.to.as_os_str() == "-" { Destination::Stream(session.out.stream()) } else { Destination::Path(args.to) };
    let taken = get(&world, &args.id, &args.path, destination).await?;
    taken.lost.iter().for_each(|lost| session.out.warn(&format!("not taken: {}", lost.error().message())));
    let done = if taken.lost.is_empty() { exit::DONE } else { exit::PARTLY };
    let Some(to) = &taken.to else { return Ok(done) };
    if session.out.is_json() {
        session.out.json(&json!({
            "schema": 1,
            "path": taken.path,
            "to": to,
            "files": taken.files,
            "bytes": taken.bytes,
            "lost": lost::values(&taken.lost),
        }));
    } else {
        session.out.note(&format!("{} is at {} ({})", taken.path, to.display(), out::bytes(taken.bytes)));
    }
    Ok(done)
}
