//! `repro files`: what is in a capture.

use super::show::details;
use crate::{
    capture::{
        catalog,
        objects::top,
        tiles::{Loss, Lost, Manifest, read_tiles},
    },
    error::{Error, Kind, Result},
    pipeline::{
        details::SavedRoot,
        entry::{Content, Entry},
        record::Record,
    },
    world::World,
};
use globset::GlobBuilder;

/// The root whose name need not be typed.
pub const WORKSPACE: &str = "workspace/";

/// What was listed.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The capture's record.
    pub record: Record,
    /// The entries that match, in path order.
    pub entries: Vec<Entry>,
    /// What of the manifest cannot be read, and may hide others.
    pub lost: Vec<Lost>,
}

/// Lists the entries that match a glob (all of them without one): in the workspace, or from the top when the glob begins
/// with `workspace/` or `also/`; a directory's name lists what is in it. An absolute path is that of the job's machine. Only the parts of the manifest that can match are read.
///
/// # Errors
/// As [`catalog::find`]; `Usage` for a glob that is none; `Corrupt`.
pub async fn files(world: &World, id: &str, glob: Option<&str>) -> Result<Listed> {
    let record = catalog::find(&world.store, id).await?.record;
    let Some(glob) = glob else {
        let Manifest { entries, lost, .. } = below(world, &record, "").await?;
        return Ok(Listed { record, entries, lost });
    };
    let full = from_top(&relative(world, &record, glob).await?);
    let full = full.trim_end_matches('/').to_owned();
    let matcher = GlobBuilder::new(&full).literal_separator(true).build();
    let matcher = matcher
        .map_err(|e| {
            Error::new(Kind::Usage, format!("{glob:?} is not a glob"))
                .with_source(e)
                .hint("for example 'build/logs/**' or '**/*.log'")
        })?
        .compile_matcher();
    let Manifest { mut entries, mut lost, .. } = below(world, &record, literal(&full)).await?;
    let plain = literal(&full) == full;
    let inside = |entry: &Entry| {
        plain && entry.path.strip_prefix(full.as_bytes()).is_some_and(|rest| rest.first() == Some(&b'/'))
    };
    // Of a directory that is named in full, what is in it is wanted, not itself.
    let itself = |entry: &Entry| !plain || entry.content != Content::Directory;
    let matches = |entry: &Entry| {
        let path = crate::archive::tree::os_path(&entry.path).unwrap_or_default();
        inside(entry) || matcher.is_match(path) && itself(entry)
    };
    entries.retain(matches);
    lost.retain(|lost| concerns(lost, literal(&full).as_bytes(), &entries));
    Ok(Listed { record, entries, lost })
}

/// Whether a loss concerns what was looked for: hides what may be at `path` and below it, or takes the modes and times of
/// some of `entries`, which were found there.
fn concerns(lost: &Lost, path: &[u8], entries: &[Entry]) -> bool {
    match lost.loss {
        Loss::Entries => path.is_empty() || lost.touches(path),
        Loss::Metadata => entries.iter().any(|entry| lost.holds(&entry.path)),
    }
}

/// The entry with this path and everything below it, in path order. A path without `workspace/` or `also/` is the
/// workspace's. Of a directory some entries may be lost, even its own, which is then made up; times that are lost are
/// the present.
///
/// # Errors
/// `NotFound`, with names that are near; `Corrupt`, also when all that there may be is lost; those of the store.
pub async fn subtree(world: &World, record: &Record, path: &str) -> Result<Manifest> {
    let full = from_top(&relative(world, record, path.trim_end_matches('/')).await?);
    let mut manifest = below(world, record, &full).await?;
    let entries = &mut manifest.entries;
    let inside =
        |entry: &Entry| entry.path.strip_prefix(full.as_bytes()).is_some_and(|rest| rest.is_empty() || rest[0] == b'/');
    let near = nearest(entries, &full);
    entries.retain(inside);
    manifest.lost.retain(|lost| concerns(lost, full.as_bytes(), entries));
    if let (true, Some(lost)) = (entries.is_empty(), manifest.lost.first()) {
        return Err(lost.error().context(format!("looking for {path}")));
    }
    if entries.is_empty() {
        let error = Error::new(Kind::NotFound, format!("capture {} has no file {path}", record.id));
        let id = &record.id;
        if path == "job.log" && record.parts.log.is_some() {
            return Err(error.hint(format!("the job's output is no file of the tree: ci-tool repro show {id} --log")));
        }
        return Err(match near {
            Some(near) => error.hint(format!("did you mean {near}? `ci-tool repro files {id}` lists all")),
            None => error.hint(format!("`ci-tool repro files {id}` lists what it has")),
        });
    }
    let itself = entries.first().filter(|entry| *entry.path == *full.as_bytes());
    match itself.map(|entry| &entry.content) {
        None => {
            let content = Content::Directory;
            entries.insert(0, Entry { path: full.into_bytes().into(), size: 0, mode: 0o755, mtime: 0, content });
        }
        Some(Content::Directory) => {}
        // Of anything but a directory there is no more than itself.
        Some(_) => manifest.lost.retain(|lost| lost.loss == Loss::Metadata),
    }
    manifest.stamp((world.now)());
    Ok(manifest)
}

/// A path without the directory that was saved: an absolute one is looked up among those of the job's machine.
async fn relative(world: &World, record: &Record, path: &str) -> Result<String> {
    if !path.starts_with('/') {
        return Ok(path.to_owned());
    }
    let roots = details(world, record).await?.roots;
    below_root(path, &roots).ok_or_else(|| {
        let saved: Vec<&str> = roots.iter().map(|root| root.path.as_str()).collect();
        Error::new(Kind::NotFound, format!("{path} was not saved in capture {}", record.id))
            .hint(format!("saved is what lies in {}", saved.join(", ")))
    })
}

fn below_root(path: &str, roots: &[SavedRoot]) -> Option<String> {
    let below = |root: &SavedRoot| {
        let rest = path.strip_prefix(root.path.trim_end_matches('/'))?;
        (rest.is_empty() || rest.starts_with('/')).then(|| (root.path.len(), format!("{}{rest}", root.prefix)))
    };
    // The longest: a tree inside another is its own.
    roots.iter().filter_map(below).max().map(|(_, path)| path)
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
    let tiles = if path.is_empty() { 0..top.tiles.len() } else { top.subtree(path.as_bytes()) };
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
    fn an_absolute_path_is_found_in_the_innermost_directory_that_was_saved() {
        let root = |prefix: &str, path: &str| SavedRoot { prefix: prefix.into(), path: path.into() };
        let roots = [root("workspace", "/ci/job"), root("also/cache", "/ci/job/cache")];
        for (path, expected) in [
            ("/ci/job/a.txt", Some("workspace/a.txt")),
            ("/ci/job", Some("workspace")),
            ("/ci/job/cache/x", Some("also/cache/x")),
            ("/ci/job2/x", None),
        ] {
            assert_eq!(below_root(path, &roots).as_deref(), expected, "{path}");
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
