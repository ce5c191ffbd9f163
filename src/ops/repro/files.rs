//! `repro files`: what is in a capture.

use crate::{
    capture::{
        catalog,
        objects::{Manifest, read_manifest, read_tiles, top},
    },
    error::{Error, Kind, Result},
    ops::World,
    pipeline::{entry::Entry, record::Record},
};
use globset::GlobBuilder;

/// The root whose name need not be typed.
pub const WORKSPACE: &str = "workspace/";

/// Lists the entries that match a glob (all of them without one): in the workspace, or from the top when the glob begins
/// with `workspace/` or `also/`. Only the parts of the manifest that can match are read.
///
/// # Errors
/// As [`catalog::find`]; `Usage` for a glob that is none; `Corrupt`.
pub async fn files(world: &World, id: &str, glob: Option<&str>) -> Result<(Record, Vec<Entry>)> {
    let record = catalog::find(&world.store, id).await?.record;
    let Some(glob) = glob else {
        let manifest = read_manifest(&world.store, &record).await?;
        return Ok((record, manifest.entries));
    };
    let full = from_top(glob);
    let matcher = GlobBuilder::new(&full).literal_separator(true).build();
    let matcher = matcher
        .map_err(|e| {
            Error::new(Kind::Usage, format!("{glob:?} is not a glob"))
                .with_source(e)
                .hint("for example 'build/logs/**' or '**/*.log'")
        })?
        .compile_matcher();
    let entries = below(world, &record, literal(&full)).await?.entries;
    let matches = |entry: &Entry| matcher.is_match(crate::archive::tree::os_path(&entry.path).unwrap_or_default());
    Ok((record, entries.into_iter().filter(matches).collect()))
}

/// The entry with this path and everything below it. A path without `workspace/` or `also/` is the workspace's.
///
/// # Errors
/// `NotFound`, with names that are near; `Corrupt`; those of the store.
pub async fn subtree(world: &World, record: &Record, path: &str) -> Result<Manifest> {
    let full = from_top(path.trim_end_matches('/'));
    let Manifest { mut entries, frames } = below(world, record, &full).await?;
    let inside =
        |entry: &Entry| entry.path.strip_prefix(full.as_bytes()).is_some_and(|rest| rest.is_empty() || rest[0] == b'/');
    let near = nearest(&entries, &full);
    entries.retain(inside);
    if entries.is_empty() {
        let error = Error::new(Kind::NotFound, format!("capture {} has no file {path}", record.id));
        let id = &record.id;
        return Err(match near {
            Some(near) => error.hint(format!("did you mean {near}? `ci-tool repro files {id}` lists all")),
            None => error.hint(format!("`ci-tool repro files {id}` lists what it has")),
        });
    }
    Ok(Manifest { entries, frames })
}

/// What a path or glob means, seen from the top.
fn from_top(path: &str) -> String {
    let path = path.trim_start_matches("./");
    match path {
        "" | "." | "workspace" => WORKSPACE.trim_end_matches('/').into(),
        _ if path.starts_with(WORKSPACE) || path.starts_with("also/") => path.into(),
        _ => format!("{WORKSPACE}{path}"),
    }
}

/// The directories of a glob that hold no wildcard.
fn literal(glob: &str) -> &str {
    let meta = glob.find(['*', '?', '[', '{', '\\']).unwrap_or(glob.len());
    if meta == glob.len() { glob } else { glob[..meta].rfind('/').map_or("", |at| &glob[..at]) }
}

async fn below(world: &World, record: &Record, path: &str) -> Result<Manifest> {
    let top = top(record)?;
    let tiles = if path.is_empty() { &top.tiles[..] } else { top.subtree(path.as_bytes()) };
    if tiles.len() == top.tiles.len() {
        return read_manifest(&world.store, record).await;
    }
    read_tiles(&world.store, record, &top, tiles).await
}

fn nearest(entries: &[Entry], path: &str) -> Option<String> {
    let names = entries.iter().take(5000).map(Entry::display);
    let (distance, shown) =
        names.map(|name| (strsim::damerau_levenshtein(&name, path), name)).min_by_key(|(d, _)| *d)?;
    (distance <= 4).then(|| shown.strip_prefix(WORKSPACE).unwrap_or(&shown).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_literal_part_of_a_glob_narrows_the_search() {
        for (glob, expected) in [
            ("workspace/build/logs/**", "workspace/build/logs"),
            ("workspace/*.log", "workspace"),
            ("workspace/a{b,c}/d", "workspace"),
            ("workspace/plain/file.txt", "workspace/plain/file.txt"),
            ("**/x", ""),
        ] {
            assert_eq!(literal(glob), expected);
        }
    }

    #[test]
    fn the_workspace_need_not_be_typed() {
        for (path, expected) in [
            ("build/x", "workspace/build/x"),
            ("./build/x", "workspace/build/x"),
            ("workspace/build", "workspace/build"),
            ("also/home/x", "also/home/x"),
            (".", "workspace"),
            ("**/*.log", "workspace/**/*.log"),
        ] {
            assert_eq!(from_top(path), expected);
        }
    }
}
