//! `repro get`: one file or folder out of a capture.

use super::files::subtree;
use crate::{
    archive::{
        self, read_error,
        tree::{Existing, Tree, check},
    },
    capture::{
        catalog,
        objects::Contents,
        tiles::{Lost, Manifest},
    },
    error::{Error, Kind, Result},
    pipeline::{
        entry::{Content, Entry, check_path, total_size},
        progress::{Unit, Until},
        record::Record,
    },
    process::quote_sh,
    world::World,
};
use std::{
    io::{BufRead, Read, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};
use tempfile::TempDir;

/// What the owner may do with a directory, as a mode: list it, change it, go through it.
const OWNER: u32 = 0o700;

/// Where a file goes.
pub enum Destination {
    /// A path that must not exist, or a directory that does: then below it, under the file's own name.
    Path(PathBuf),
    /// A stream; for one file only.
    Stream(Box<dyn Write + Send>),
}

/// What was taken out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The path in the capture.
    pub path: String,
    /// Where it is now; `None` for a stream.
    pub to: Option<PathBuf>,
    /// How many files.
    pub files: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// What the manifest has lost of it: entries of a folder that nobody knows of now, or modes and times.
    pub lost: Vec<Lost>,
}

/// Takes out one file or one folder. What is written to a path is verified, and whole but for what the manifest has lost of
/// a folder, or not there; a stream is cut off where damage is found.
///
/// # Errors
/// `NotFound`, `Exists`, `Usage` (a folder into a stream), `Corrupt`, those of the store, I/O.
pub async fn get(world: &World, id: &str, path: &str, destination: Destination) -> Result<Taken> {
    let _progress = Until(&*world.progress);
    let record = catalog::find(&world.store, id).await?.record;
    let Manifest { entries, frames, lost } = subtree(world, &record, path).await?;
    let first = entries[0].clone();
    let name = first.display().into_owned();
    let base = first.path.rsplit(|b| *b == b'/').next().unwrap_or_default();
    let files = entries.iter().filter(|e| e.is_file()).count() as u64;
    let bytes = total_size(&entries);
    match destination {
        Destination::Stream(_) if !first.is_file() => Err(Error::new(Kind::Usage, format!("{name} is not a file"))
            .hint(format!("name a directory to put it in: ci-tool repro get {} {path} --to DIR", record.id))),
        Destination::Stream(out) => {
            stream(&record, Contents::open(&world.store, &record, frames).await?, first, out).await?;
            Ok(Taken { path: name, to: None, files, bytes, lost })
        }
        Destination::Path(to) => {
            check_path(base)?;
            if to.as_os_str().to_string_lossy().ends_with('/') && !to.is_dir() {
                return Err(Error::new(Kind::NotFound, format!("there is no directory {}", to.display()))
                    .hint(format!("make it first: mkdir -p {}", quote_sh([&to]))));
            }
            let to = if to.is_dir() { to.join(archive::tree::os_path(base)?) } else { to };
            if std::fs::symlink_metadata(&to).is_ok() {
                return Err(Error::new(Kind::Exists, format!("{} is there already", to.display()))
                    .hint("name another place with --to"));
            }
            place(world, &record, Contents::open(&world.store, &record, frames).await?, entries, &to).await?;
            Ok(Taken { path: name, to: Some(to), files, bytes, lost })
        }
    }
}

async fn stream(record: &Record, contents: Contents, entry: Entry, out: Box<dyn Write + Send>) -> Result<()> {
    let out = Mutex::new(out);
    let work = move || {
        let deliver = |entry: &Entry, content: Result<&mut dyn BufRead>| {
            let mut out = out.lock().unwrap_or_else(PoisonError::into_inner);
            copy(entry, content?, &mut **out)
        };
        contents.read(&[&entry], 1, &deliver)
    };
    blocking(work).await.map_err(|e| damage_hint(e, record))
}

/// What to do about a file that is damaged in the store.
fn damage_hint(error: Error, record: &Record) -> Error {
    match error.kind() {
        Kind::Corrupt if error.hints().is_empty() => {
            error.hint(format!("`ci-tool repro verify {}` says what is still whole", record.id))
        }
        _ => error,
    }
}

fn copy(entry: &Entry, content: &mut dyn Read, out: &mut dyn Write) -> Result<()> {
    let Content::File { hash, .. } = &entry.content else { return Ok(()) };
    let mut found = blake3::Hasher::new();
    let mut block = vec![0; 64 << 10];
    loop {
        let n = content.read(&mut block).map_err(|e| read_error(&format!("the content of {}", entry.display()), e))?;
        if n == 0 {
            break;
        }
        found.update(&block[..n]);
        out.write_all(&block[..n])
            .map_err(|e| Error::new(Kind::Internal, format!("writing {}", entry.display())).with_source(e))?;
    }
    out.flush().map_err(|e| Error::new(Kind::Internal, format!("writing {}", entry.display())).with_source(e))?;
    if found.finalize().as_bytes() == hash {
        return Ok(());
    }
    Err(Error::new(
        Kind::Corrupt,
        format!("the content of {} is damaged: do not use what was written", entry.display()),
    ))
}

/// Writes into a temporary directory beside the destination, and renames the whole when it is whole.
async fn place(world: &World, record: &Record, contents: Contents, mut entries: Vec<Entry>, to: &Path) -> Result<()> {
    let parent = to.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !parent.is_dir() {
        return Err(Error::new(Kind::NotFound, format!("{} is no directory to put it in", parent.display()))
            .hint(format!("make it first: mkdir -p {}", quote_sh([parent]))));
    }
    let staging = tempfile::Builder::new().prefix(".ci-tool-get-").tempdir_in(parent);
    let staging = staging.map_err(|e| Error::io("making a directory in", parent, e))?;
    let parents = entries[0].path.iter().rposition(|b| *b == b'/').map_or(0, |slash| slash + 1);
    for entry in &mut entries {
        entry.path = entry.path[parents..].into();
        // A link whose first name is not taken along is a file of its own.
        if let Content::File { link, .. } = &mut entry.content {
            *link = None;
        }
    }
    let name = archive::tree::os_path(&entries[0].path)?;
    let tree = Tree::open(staging.path(), Existing::Refuse)?;
    // Moving a folder changes its `..`: until it is in its place it has to be writable.
    let mode = entries[0].mode;
    if entries[0].content == Content::Directory {
        entries[0].mode |= OWNER;
    }
    let narrow = entries[0].mode != mode;
    let staged = Staged::new(staging, &entries)?;
    check(&entries, tree.folds_case(), cfg!(windows))?;
    let progress = Arc::clone(&world.progress);
    progress.phase("fetching", Some(total_size(&entries)), Unit::Bytes);
    blocking(move || {
        tree.directories(&entries)?;
        let files: Vec<&Entry> = entries.iter().filter(|e| e.is_file()).collect();
        contents.read(&files, archive::threads(), &|entry, content| {
            tree.file(entry, content?)?;
            progress.advance(entry.size);
            Ok(())
        })?;
        tree.finish(&entries, |_| true)?;
        Ok(())
    })
    .await
    .map_err(|e| damage_hint(e, record))?;
    std::fs::rename(staged.dir.path().join(name), to).map_err(|e| Error::io("putting in place", to, e))?;
    // Its time is what it was: that of its content.
    if narrow { set_mode(to, mode).map_err(|e| Error::io("setting the mode of", to, e)) } else { Ok(()) }
}

/// A temporary directory and the directories in it, which are made writable before it is removed.
struct Staged {
    dir: TempDir,
    directories: Vec<PathBuf>,
}

impl Staged {
    fn new(dir: TempDir, entries: &[Entry]) -> Result<Staged> {
        let directories = entries.iter().filter(|entry| entry.content == Content::Directory);
        let directories = directories.map(|entry| Ok(dir.path().join(archive::tree::os_path(&entry.path)?)));
        Ok(Staged { directories: directories.collect::<Result<_>>()?, dir })
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // What is above comes first. Nothing is left of them once the folder is in its place.
        for directory in &self.directories {
            if set_mode(directory, OWNER).is_err() {
                break;
            }
        }
    }
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) -> std::io::Result<()> {
    Ok(())
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|e| Error::new(Kind::Internal, "a thread died").with_source(e))?
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn what_is_removed_is_writable_before() {
        let entry = |path: &str| Entry {
            path: path.as_bytes().into(),
            size: 0,
            mode: 0o555,
            mtime: 0,
            content: Content::Directory,
        };
        let dir = tempfile::tempdir().unwrap();
        let kept = dir.path().to_owned();
        std::fs::create_dir_all(kept.join("a/b")).unwrap();
        for path in ["a/b", "a"] {
            set_mode(&kept.join(path), 0o555).unwrap();
        }
        let mut staged = Staged::new(dir, &[entry("a"), entry("a/b"), entry("never/made")]).unwrap();
        // Kept, to be looked at.
        staged.dir.disable_cleanup(true);
        drop(staged);
        for path in ["a", "a/b"] {
            let mode = std::fs::metadata(kept.join(path)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, OWNER, "{path}");
        }
        std::fs::remove_dir_all(kept).unwrap();
    }
}
