//! `ci-tool repro files`.

use crate::{
    cli::{
        Session, exit,
        out::{Align, Table},
    },
    error::Result,
    ops::repro::files::{Listed, WORKSPACE, files},
    pipeline::entry::{Content, Entry, display},
};
use jiff::Timestamp;
use serde_json::{Value, json};

/// List the files of a capture
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  ci-tool repro files k3v9\n  ci-tool repro files k3v9 'build/logs/**'")]
pub struct Args {
    /// The capture, by the beginning of its id
    id: String,
    /// Only what matches, in the workspace; `workspace/…` and `also/…` begin at the top
    glob: Option<String>,
}

/// Runs the verb.
pub(super) async fn run(session: &Session, args: Args) -> Result<u8> {
    let world = session.world(false)?;
    let Listed { record, entries, lost } = files(&world, &args.id, args.glob.as_deref()).await?;
    let out = &session.out;
    lost.iter().for_each(|lost| out.warn(lost.error().message()));
    let done = if lost.is_empty() { exit::DONE } else { exit::PARTLY };
    if out.is_json() {
        let files: Vec<Value> = entries.iter().map(entry).collect();
        out.json(&json!({ "schema": 1, "id": record.id, "files": files }));
        return Ok(done);
    }
    let mut table =
        Table::new(&[("MODE", Align::Left), ("SIZE", Align::Right), ("MODIFIED", Align::Left), ("PATH", Align::Left)]);
    entries.iter().for_each(|e| table.row(row(e)));
    out.table(&table);
    if let (Some(glob), true) = (&args.glob, entries.is_empty()) {
        out.note(&format!("nothing in {} matches {glob}; `*` stays in one folder, `**` goes below", record.id));
    }
    Ok(done)
}

fn row(entry: &Entry) -> Vec<String> {
    let path = entry.display();
    let path = path.strip_prefix(WORKSPACE).unwrap_or(&path);
    let (kind, suffix) = match &entry.content {
        Content::Directory => ('d', "/".to_owned()),
        Content::Symlink { target } => ('l', format!(" -> {}", display(target))),
        Content::File { link: Some(first), .. } => {
            ('h', format!(" = {}", display(first).trim_start_matches(WORKSPACE)))
        }
        Content::File { .. } => ('-', String::new()),
    };
    vec![format!("{kind}{:04o}", entry.mode), entry.size.to_string(), modified(entry), format!("{path}{suffix}")]
}

fn entry(entry: &Entry) -> Value {
    let mut value = json!({
        "path": entry.display(),
        "mode": format!("{:04o}", entry.mode),
        "size": entry.size,
        "modified": modified(entry),
    });
    match &entry.content {
        Content::Directory => value["type"] = "directory".into(),
        Content::Symlink { target } => {
            value["type"] = "symlink".into();
            value["target"] = display(target).into();
        }
        Content::File { hash, link, sparse, .. } => {
            value["type"] = "file".into();
            value["blake3"] = blake3::Hash::from_bytes(*hash).to_hex().as_str().into();
            value["sparse"] = (*sparse).into();
            value["link"] = link.as_ref().map(|l| display(l).into_owned()).into();
        }
    }
    value
}

fn modified(entry: &Entry) -> String {
    let seconds = entry.mtime.div_euclid(1_000_000_000);
    Timestamp::from_second(seconds).map_or_else(|_| "-".into(), |t| t.to_string())
}
