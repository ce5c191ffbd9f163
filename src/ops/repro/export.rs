//! `repro export`: a capture as one archive for people without this tool.

use super::restore::{self, Layout};
use crate::{
    archive::{self, Source, WriteOptions},
    capture::{catalog, walk},
    error::{Error, Kind, Result},
    ops::World,
    pipeline::{
        entry::Entry,
        progress::Unit,
        record::{Format, Record},
    },
};
use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// What was written.
#[derive(Debug, Clone)]
pub struct Exported {
    /// The capture's record.
    pub record: Record,
    /// Files that are damaged in the store and so not in the archive.
    pub failed: Vec<(String, String)>,
    /// The archive's size in bytes.
    pub len: u64,
}

/// Writes the tree and the scripts as `restore` would lay them out into one archive. The file appears whole or not at all.
///
/// # Errors
/// `Exists` when the file is there; as [`restore::restore`].
pub async fn export(world: &World, id: &str, format: Format, to: &Path) -> Result<Exported> {
    let record = catalog::find(&world.store, id).await?.record;
    if std::fs::symlink_metadata(to).is_ok() {
        return Err(
            Error::new(Kind::Exists, format!("{} is there already", to.display())).hint("name another file with --to")
        );
    }
    let parent = to.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let staging = tempfile::Builder::new().prefix(".ci-tool-export-").tempdir_in(parent);
    let staging = staging.map_err(|e| Error::io("making a directory in", parent, e))?;
    let tree = staging.path().join("tree");
    let options = restore::Options { into: tree.clone(), layout: Layout::Portable, ..restore::Options::default() };
    let restored = restore::restore(world, record.id.as_str(), &options).await?;
    let out = staging.path().join("archive");
    let progress = Arc::clone(&world.progress);
    progress.phase("packing", Some(record.totals.bytes), Unit::Bytes);
    let scratch = staging.path().to_owned();
    let entries = restored.entries;
    let archive = out.clone();
    let work = move || {
        let file = File::create(&archive).map_err(|e| Error::io("creating", &archive, e))?;
        let options = WriteOptions { scratch: &scratch, progress: &*progress, threads: archive::threads() };
        let entries = with_documents(&tree, entries)?;
        let source = Restored { tree, error: Mutex::new(None) };
        archive::write(format, entries, &source, &file, &options)?;
        match source.error.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error),
            None => Ok(file.metadata().map_err(|e| Error::io("reading", &archive, e))?.len()),
        }
    };
    let len = tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| Error::new(Kind::Internal, "a thread died").with_source(e))??;
    // A hard link fails where somebody has put a file meanwhile; a rename would replace it.
    std::fs::hard_link(&out, to)
        .or_else(|e| match e.kind() {
            io::ErrorKind::AlreadyExists => Err(e),
            _ => std::fs::rename(&out, to),
        })
        .map_err(|e| Error::io("putting in place", to, e))?;
    let failed = restored.failed.into_iter().map(|(path, error)| (path, error.message().to_owned())).collect();
    Ok(Exported { record, failed, len })
}

/// Adds what lies beside the tree (README, scripts) to its entries, in path order.
fn with_documents(tree: &Path, mut entries: Vec<Entry>) -> Result<Vec<Entry>> {
    let root = walk::Root { path: tree.to_owned(), prefix: "x".into() };
    let walked = walk::walk(
        &[root],
        &walk::WalkOptions { exclude: vec!["/workspace/".into(), "/also/".into()], skip: vec![] },
        1,
    )?;
    for mut entry in walked.entries {
        if let Some(below) = entry.path.strip_prefix(b"x/") {
            entry.path = below.into();
            entries.push(entry);
        }
    }
    entries.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(entries)
}

struct Restored {
    tree: PathBuf,
    error: Mutex<Option<Error>>,
}

impl Restored {
    fn note(&self, entry: &Entry, error: io::Error) {
        let error = Error::io("reading", &self.tree.join(&*entry.display()), error);
        self.error.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }
}

impl Source for Restored {
    fn open<'a>(&'a self, entry: &Entry) -> Option<Box<dyn Read + Send + 'a>> {
        let path = self.tree.join(archive::tree::os_path(&entry.path).ok()?);
        match File::open(&path) {
            Ok(file) => Some(Box::new(file)),
            Err(error) => {
                self.note(entry, error);
                None
            }
        }
    }

    fn failed(&self, entry: &Entry, error: io::Error, _: bool) {
        self.note(entry, error);
    }
}
