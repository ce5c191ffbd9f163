//! `ci-tool repro verify`.

use super::lost;
use crate::{
    cli::{Session, exit, out},
    error::Result,
    ops::repro::verify::{Damage, verify},
};
use serde_json::{Value, json};

/// Check that every byte of a capture is what was saved
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool repro verify k3v9\n  ci-tool repro verify k3v9 --output json",
    after_help = "Ends with 5 when something is damaged."
)]
pub struct Args {
    /// The capture, by the beginning of its id
    id: String,
}

/// Runs the verb.
pub(super) async fn run(session: &Session, args: Args) -> Result<u8> {
    let world = session.world(false)?;
    let found = verify(&world, &args.id).await?;
    let out = &session.out;
    if out.is_json() {
        let list =
            |damage: &[Damage]| damage.iter().map(|d| json!({ "what": d.what, "why": d.why })).collect::<Vec<Value>>();
        out.json(&json!({
            "schema": 1,
            "id": found.id,
            "whole": found.is_whole(),
            "files": found.files,
            "bytes": found.bytes,
            "damaged_objects": list(&found.objects),
            "damaged_files": list(&found.damaged),
            "lost": lost::values(&found.lost),
        }));
    } else if found.is_whole() {
        out.text(&format!("{} is whole: {} files, {}", found.id, found.files, out::bytes(found.bytes)));
    } else {
        let lines = found.objects.iter().map(|d| ("object", d)).chain(found.damaged.iter().map(|d| ("file", d)));
        let mut lines: Vec<String> = lines.map(|(what, d)| format!("damaged {what} {}: {}", d.what, d.why)).collect();
        lines.extend(found.lost.iter().map(|lost| lost.error().message().to_owned()));
        out.text(&lines.join("\n"));
        let good = found.files.saturating_sub(found.damaged.len() as u64);
        out.note(&format!("{good} of {} files can still be restored: ci-tool repro restore {}", found.files, found.id));
    }
    Ok(if found.is_whole() { exit::DONE } else { exit::NEGATIVE })
}
