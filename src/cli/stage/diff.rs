//! `ci-tool stage diff`.

use super::told::told;
use crate::{
    cli::{Session, exit},
    error::Result,
    ops::stage::diff::runs,
};
use jiff::Timestamp;
use serde_json::json;

/// Tell two runs apart: their files, and each stage's state, time, command and inputs
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool stage diff k3v9 7m2x\n  ci-tool stage diff k3v9 latest --output json",
    after_help = "Times that differ by less than a tenth, or a second, count as the same. Ends with 0, whether they differ or not."
)]
pub struct Args {
    /// A run, by the beginning of its id
    first: String,
    /// Another
    second: String,
}

/// Runs the verb.
pub(super) async fn run(session: &Session, args: Args) -> Result<u8> {
    let world = session.world(true)?;
    let (first, second) = (told(session, &world, &args.first).await?, told(session, &world, &args.second).await?);
    let changes = runs((&first.0, &first.1), (&second.0, &second.1), Timestamp::now());
    if session.out.is_json() {
        session.out.json(&json!({ "schema": 1, "changes": changes }));
    } else if changes.is_empty() {
        session.out.text("no difference");
    } else {
        let lines: Vec<String> = changes.iter().map(|change| change.to_string().replace(['\n', '\r'], " ")).collect();
        session.out.text(&lines.join("\n"));
    }
    Ok(exit::DONE)
}
