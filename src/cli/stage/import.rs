//! `ci-tool stage import`.

use super::into::IntoArgs;
use crate::{
    cli::{Session, exit},
    error::{Error, Result},
    ops::stage::import::import,
};
use std::path::PathBuf;

/// Make a pipeline file from a Mermaid drawing
///
/// The drawing tells names, needs, times, gates (a diamond, or a name that ends with _override) and approvals (a stadium, or
/// words such as sign-off). What each stage does is yet to be written: until then it fails.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool stage import release.mmd --to release.yaml\n  ci-tool stage import release.mmd > release.yaml"
)]
pub struct Args {
    /// A Mermaid flowchart
    #[arg(value_name = "FILE.mmd")]
    drawing: PathBuf,
    #[command(flatten)]
    into: IntoArgs,
}

/// Runs the verb.
pub(super) fn run(session: &Session, args: &Args) -> Result<u8> {
    let text = std::fs::read_to_string(&args.drawing)
        .map_err(|error| Error::io("reading the drawing", &args.drawing, error))?;
    args.into.put(session, "pipeline", &import(&args.drawing, &text)?)?;
    Ok(exit::DONE)
}
