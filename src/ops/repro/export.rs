//! `repro export`: a capture as one archive for people without this tool.

use super::restore::{self, Layout};
use crate::{
    archive::{self, Source, WriteOptions},
    capture::{catalog, walk},
    error::{Error, Kind, Result},
    pipeline::{
        entry::Entry,
        progress::{Unit, Until},
        record::{Format, Record},
    },
    process::quote_sh,
    world::World,
};
use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// What is to be written.
#[derive(Debug, Clone)]
pub struct Request {
    /// The capture, by the beginning of its id.
    pub id: String,
    /// The format; none is what the suffix of the file says.
    pub format: Option<Format>,
    /// The file.
    pub to: PathBuf,
}

/// What was written.
#[derive(Debug, Clone)]
pub struct Exported {
    /// The capture's record.
    pub record: Record,
    /// The archive's format.
    pub format: Format,
    /// How many files and folders of the capture are in it.
    pub entries: usize,
    /// What is damaged in the store and so not in the archive, and why.
    pub failed: Vec<(String, String)>,
    /// The archive's size in bytes; 0 after a dry run.
    pub len: u64,
}

/// Writes the tree and the scripts as `restore` would lay them out into one archive. The file appears whole or not at all.
///
/// # Errors
/// `Usage` for a file whose suffix says no format or another one; `Exists` when the file is there; `NotFound` when its
/// directory is not; as [`restore::restore`].
pub async fn export(world: &World, request: &Request) -> Result<Exported> {
    let _progress = Until(&*world.progress);
    let to = request.to.as_path();
    let format = format_of(to, request.format)?;
    let record = catalog::find(&world.store, &request.id).await?.record;
    if std::fs::symlink_metadata(to).is_ok() {
        return Err(
            Error::new(Kind::Exists, format!("{} is there already", to.display())).hint("name another file with --to")
        );
    }
    let parent = to.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !parent.is_dir() {
        let text = format!("writing {}: there is no directory {}", to.display(), parent.display());
        return Err(Error::new(Kind::NotFound, text).hint(format!("make it first: mkdir -p {}", quote_sh([parent]))));
    }
    if world.dry_run {
        let into = parent.join(format!(".ci-tool-export-{}", record.id));
        let options = restore::Options { into, layout: Layout::Portable, ..restore::Options::default() };
        let entries = restore::restore(world, record.id.as_str(), &options).await?.entries.len();
        return Ok(Exported { record, format, entries, failed: vec![], len: 0 });
    }
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
    let count = entries.len();
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
    let lost = restored.lost.iter().map(|lost| (lost.to_string(), lost.error().message().to_owned()));
    let failed =
        restored.failed.into_iter().map(|(path, error)| (path, error.message().to_owned())).chain(lost).collect();
    Ok(Exported { record, format, entries: count, failed, len })
}

/// The format that the file's suffix and the one asked for agree on.
fn format_of(to: &Path, asked: Option<Format>) -> Result<Format> {
    if to.as_os_str() == "-" {
        return Err(Error::new(Kind::Usage, "an archive is not written to standard output")
            .hint("name a file: --to job.zip; single files go there: ci-tool repro get ID PATH --to -"));
    }
    let suffix = to.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    let told = [Format::Zip, Format::SevenZ].into_iter().find(|format| format.as_str() == suffix);
    let shown = to.display();
    match (told, asked) {
        (Some(told), Some(asked)) if told != asked => {
            let text = format!("{shown} says {}, and --format says {}", told.as_str(), asked.as_str());
            Err(Error::new(Kind::Usage, text).hint("leave out --format, or name a file with that suffix"))
        }
        (Some(format), _) | (None, Some(format)) => Ok(format),
        (None, None) => Err(Error::new(Kind::Usage, format!("the name {shown} does not say which archive to write"))
            .hint("end it in .zip or .7z, or say --format zip or --format 7z")),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_suffix_says_the_format_and_a_flag_may_not_contradict_it() {
        let (zip, seven) = (Some(Format::Zip), Some(Format::SevenZ));
        for (to, asked, expected) in [
            ("job.zip", None, zip),
            ("a/JOB.ZIP", None, zip),
            ("job.7z", None, seven),
            ("job.7z", seven, seven),
            ("job", zip, zip),
            ("job.zip", seven, None),
            ("job.tar", None, None),
            ("zip", None, None),
            ("-", zip, None),
        ] {
            let found = format_of(Path::new(to), asked);
            let hinted = found.as_ref().err().is_none_or(|e| e.kind() == Kind::Usage && !e.hints().is_empty());
            assert!(hinted && found.ok() == expected, "{to} {asked:?}");
        }
    }
}
