//! Reading, writing and deleting one object of a local store. Everything here blocks.

use super::layout::{Layout, failure};
use crate::{
    error::{Error, Kind, Result},
    store::{Body, Etag, Key, Meta, Precondition, platform, scratch},
};
use jiff::Timestamp;
use std::{
    fs::{self, File, Metadata},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// How often a write makes its directory again after a concurrent delete removed it.
const MKDIR_TRIES: usize = 100;

/// Writes an object; temporary files go to `scratch`.
///
/// # Errors
/// Those of [`crate::store::Store::put`].
pub fn put(layout: &Layout, scratch: &Path, key: &Key, body: &Body, pre: &Precondition) -> Result<Etag> {
    let to = layout.object(key)?;
    // Spares a large copy; the answer that counts is the one at publication.
    if *pre == Precondition::MustNotExist && to.exists() {
        return Err(exists(key));
    }
    let moved = match body {
        Body::File { path, len, movable: true } => take(path, *len, &to, key, layout, pre)?,
        _ => None,
    };
    if let Some(etag) = moved {
        return Ok(etag);
    }
    let from = scratch.join(scratch::random_name()?);
    let put = fill(&from, body).and_then(|()| publish(&from, &to, key, layout, pre));
    if put.is_err() {
        // The error that is reported matters more than a file that the next sweep takes.
        let _ = fs::remove_file(&from);
    }
    put
}

/// Opens an object.
///
/// # Errors
/// `NotFound`, `Denied`.
pub fn open(layout: &Layout, key: &Key) -> Result<(File, Meta)> {
    let path = layout.object(key)?;
    let read = || {
        let file = File::open(&path)?;
        let meta = file.metadata()?;
        Ok((file, meta))
    };
    let (file, meta) = read().map_err(|e| missing_or(key, "reading", &path, e))?;
    Ok((file, describe(key.clone(), &meta)?))
}

/// An object's metadata.
///
/// # Errors
/// `NotFound`, `Denied`.
pub fn head(layout: &Layout, key: &Key) -> Result<Meta> {
    let path = layout.object(key)?;
    let meta = fs::metadata(&path).map_err(|e| missing_or(key, "reading", &path, e))?;
    describe(key.clone(), &meta)
}

/// Reads a small object whole; `None` when it is missing.
///
/// # Errors
/// `Denied`, I/O.
pub fn read(layout: &Layout, key: &Key) -> Result<Option<Vec<u8>>> {
    let path = layout.object(key)?;
    match fs::read(&path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(failure("reading", &path, e)),
    }
}

/// Deletes an object and the directories that this empties.
///
/// # Errors
/// `Denied`, I/O.
pub fn delete(layout: &Layout, key: &Key) -> Result<()> {
    let path = layout.object(key)?;
    if !path.exists() {
        return Ok(());
    }
    let _shared = lock(layout, Share::Shared)?;
    match fs::remove_file(&path) {
        Ok(()) => {}
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(failure("deleting", &path, e)),
    }
    // Stops at the first directory that is in use or already gone; a writer whose directory goes makes it again.
    path.ancestors().skip(1).take_while(|dir| *dir != layout.objects).all(|dir| fs::remove_dir(dir).is_ok());
    Ok(())
}

/// Metadata of an object from that of its file.
///
/// # Errors
/// `Corrupt` for a time that no calendar holds.
pub fn describe(key: Key, meta: &Metadata) -> Result<Meta> {
    let modified = meta
        .modified()
        .ok()
        .and_then(|t| Timestamp::try_from(t).ok())
        .ok_or_else(|| Error::new(Kind::Corrupt, format!("object {key} has no usable time of modification")))?;
    Ok(Meta { size: meta.len(), etag: etag(meta, modified), modified, key })
}

/// How the store's lock is taken.
#[derive(Debug, Clone, Copy)]
pub enum Share {
    /// By several writers that check nothing.
    Shared,
    /// By one that checks and then acts.
    Alone,
}

/// Takes the store's lock until the file is dropped.
///
/// # Errors
/// I/O.
pub fn lock(layout: &Layout, share: Share) -> Result<File> {
    let take = || {
        let file = File::options().create(true).truncate(false).write(true).open(&layout.lock)?;
        match share {
            Share::Shared => file.lock_shared()?,
            Share::Alone => file.lock()?,
        }
        Ok(file)
    };
    take().map_err(|e| failure("locking", &layout.lock, e))
}

/// Moves the caller's file into place; `None` when it must be copied.
fn take(from: &Path, len: u64, to: &Path, key: &Key, layout: &Layout, pre: &Precondition) -> Result<Option<Etag>> {
    let meta = fs::symlink_metadata(from).map_err(|e| failure("reading", from, e))?;
    if !meta.is_file() {
        return Ok(None);
    }
    check_length(from, len, meta.len())?;
    // Opened for writing because Windows sets times only through such a handle; who may not write gets a copy.
    let Ok(file) = File::options().write(true).open(from) else { return Ok(None) };
    stamp(&file, from)?;
    match publish(from, to, key, layout, pre) {
        Ok(etag) => Ok(Some(etag)),
        Err(e) if crosses_devices(&e) => Ok(None),
        Err(e) => Err(e),
    }
}

fn crosses_devices(error: &Error) -> bool {
    let io = std::error::Error::source(error).and_then(|s| s.downcast_ref::<io::Error>());
    io.is_some_and(|e| e.kind() == io::ErrorKind::CrossesDevices)
}

fn fill(path: &Path, body: &Body) -> Result<()> {
    let mut file = File::create_new(path).map_err(|e| failure("creating", path, e))?;
    match body {
        Body::Bytes(bytes) => file.write_all(bytes).map_err(|e| failure("writing", path, e))?,
        Body::File { path: source, len, .. } => {
            let from = File::open(source).map_err(|e| failure("reading", source, e))?;
            // One byte more than promised shows a file that grew.
            let copied =
                io::copy(&mut from.take(len.saturating_add(1)), &mut file).map_err(|e| failure("writing", path, e))?;
            check_length(source, *len, copied)?;
        }
    }
    stamp(&file, path)
}

fn check_length(path: &Path, promised: u64, found: u64) -> Result<()> {
    if promised == found {
        return Ok(());
    }
    let text = format!("{} changed while being stored: {promised} bytes announced, {found} found", path.display());
    Err(Error::new(Kind::Internal, text))
}

/// Gives the file a time of its own: the kernel's clock ticks every few milliseconds and inodes are reused, so that two
/// writes could otherwise look like one.
fn stamp(file: &File, path: &Path) -> Result<()> {
    let mut salt = [0; 2];
    getrandom::fill(&mut salt)
        .map_err(|e| Error::new(Kind::Internal, "drawing a random number").with_source(e.to_string()))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let below_a_microsecond = now.subsec_nanos() % 1000;
    let time = now - Duration::from_nanos(below_a_microsecond.into())
        + Duration::from_nanos(u64::from(u16::from_le_bytes(salt)) % 1000);
    file.set_modified(UNIX_EPOCH + time).map_err(|e| failure("setting the time of", path, e))
}

fn etag(meta: &Metadata, modified: Timestamp) -> Etag {
    Etag(format!("{:x}-{:x}-{:x}", modified.as_nanosecond(), platform::identity(meta), meta.len()))
}

/// Makes the finished file `from` the object, when the precondition holds.
fn publish(from: &Path, to: &Path, key: &Key, layout: &Layout, pre: &Precondition) -> Result<Etag> {
    let staged = fs::metadata(from).map_err(|e| failure("reading", from, e))?;
    let etag = describe(key.clone(), &staged)?.etag;
    let _lock = match pre {
        // Nobody replaces or deletes what exists without the lock, so creating needs none.
        Precondition::MustNotExist => None,
        Precondition::None => Some(lock(layout, Share::Shared)?),
        Precondition::IfMatch(expected) => {
            let alone = lock(layout, Share::Alone)?;
            check_version(layout, key, expected)?;
            Some(alone)
        }
    };
    for _ in 0..MKDIR_TRIES {
        let renamed = match pre {
            Precondition::MustNotExist => rename_new(from, to, layout),
            _ => fs::rename(from, to),
        };
        match renamed {
            Ok(()) => return Ok(etag),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => return Err(exists(key)),
            Err(e) if e.kind() == io::ErrorKind::NotFound && from.exists() => make_parent(to)?,
            Err(e) => return Err(failure("writing", to, e)),
        }
    }
    Err(Error::new(Kind::Transient, format!("writing object {key}: its directory is removed again and again")))
}

fn check_version(layout: &Layout, key: &Key, expected: &Etag) -> Result<()> {
    let found = match head(layout, key) {
        Ok(meta) => Some(meta.etag),
        Err(e) if e.kind() == Kind::NotFound => None,
        Err(e) => return Err(e),
    };
    if found.as_ref() == Some(expected) {
        return Ok(());
    }
    let now = if found.is_some() { "was replaced meanwhile" } else { "does not exist any more" };
    Err(Error::new(Kind::Precondition, format!("writing object {key}: it {now}")))
}

/// Renames, and fails with `AlreadyExists` when there is something at `to`.
fn rename_new(from: &Path, to: &Path, layout: &Layout) -> io::Result<()> {
    let path = tempfile::TempPath::try_from_path(from)?;
    match path.persist_noclobber(to) {
        Ok(()) => Ok(()),
        Err(e) => {
            // The file is the caller's as long as it was not taken.
            let from: PathBuf = e.path.keep().map_err(|e| e.error)?;
            match e.error.kind() {
                // Some network and removable file systems have neither hard links nor an exclusive rename.
                io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput => rename_checked(&from, to, layout),
                _ => Err(e.error),
            }
        }
    }
}

fn rename_checked(from: &Path, to: &Path, layout: &Layout) -> io::Result<()> {
    let _alone = lock(layout, Share::Alone).map_err(io::Error::other)?;
    if to.exists() { Err(io::ErrorKind::AlreadyExists.into()) } else { fs::rename(from, to) }
}

fn make_parent(path: &Path) -> Result<()> {
    let Some(dir) = path.parent() else { return Ok(()) };
    match fs::create_dir_all(dir) {
        // A delete removed a directory between two steps of this; the caller tries again.
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists) => Ok(()),
        other => other.map_err(|e| failure("creating", dir, e)),
    }
}

fn exists(key: &Key) -> Error {
    Error::new(Kind::Exists, format!("object {key} exists already"))
}

fn missing_or(key: &Key, action: &str, path: &Path, source: io::Error) -> Error {
    match source.kind() {
        io::ErrorKind::NotFound => Error::new(Kind::NotFound, format!("object {key} does not exist")),
        _ => failure(action, path, source),
    }
}
