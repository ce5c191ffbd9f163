//! `ci-tool trigger revisions`.

use super::{vcs, which::WhichArgs};
use crate::{
    cli::{
        Session, exit, out,
        out::{Align, Table},
    },
    error::Result,
    vcs::Revision,
};
use serde::Serialize;

/// List the revisions of a range, the oldest first
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool trigger revisions v1.4..main --first-parent\n  ci-tool trigger revisions main --back 20 --path 'src/**' --output json"
)]
pub struct Args {
    #[command(flatten)]
    which: WhichArgs,
    /// List the paths that each changed
    #[arg(long)]
    paths: bool,
}

#[derive(Debug, Serialize)]
struct Listing {
    schema: u32,
    revisions: Vec<Revision>,
}

/// Runs the verb.
pub(super) async fn run(session: &Session, args: Args) -> Result<u8> {
    let vcs = vcs::open(session).await?;
    let revisions = args.which.select(&*vcs, true).await?;
    let out = &session.out;
    if out.is_json() {
        out.json(&Listing { schema: 1, revisions });
        return Ok(exit::DONE);
    }
    let mut table = Table::new(&[
        ("REVISION", Align::Left),
        ("DATE", Align::Left),
        ("AUTHOR", Align::Left),
        ("PATHS", Align::Right),
        ("SUBJECT", Align::Left),
    ]);
    revisions.iter().for_each(|revision| table.row(row(revision)));
    match args.paths {
        true => out.text(&with_paths(&table.render(false), &revisions)),
        false => out.table(&table),
    }
    out.note(&out::count(revisions.len(), "revision", "revisions"));
    Ok(exit::DONE)
}

/// The paths of each revision under its line.
fn with_paths(lines: &str, revisions: &[Revision]) -> String {
    let mut text = String::new();
    for (line, revision) in lines.lines().zip(revisions) {
        text.push_str(&format!("{line}\n"));
        // A line break in a name must not look like two.
        revision.paths.iter().for_each(|path| text.push_str(&format!("    {}\n", path.replace(['\n', '\r'], " "))));
    }
    text
}

fn row(revision: &Revision) -> [String; 5] {
    let name = match revision.number {
        Some(number) => format!("{} ({number})", revision.short()),
        None => revision.short().into(),
    };
    [
        name,
        revision.date.to_string(),
        revision.author.clone(),
        revision.paths.len().to_string(),
        revision.subject.clone(),
    ]
}
