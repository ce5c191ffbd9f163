//! Leases of a local store: a file that its holders lock, shared, as long as they live.

use super::{
    layout::{Layout, failure},
    objects::{Share, lock},
};
use crate::{
    error::Result,
    store::{Lease, platform},
};
use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

/// A held lease; the last holder removes the file.
#[derive(Debug)]
pub struct Held {
    layout: Layout,
    path: PathBuf,
    file: File,
}

impl Lease for Held {}

impl Drop for Held {
    fn drop(&mut self) {
        // An unlocked file that stays is a lapsed lease, which is what this says anyway.
        if self.file.unlock().is_ok() {
            let _ = forget(&self.layout, &self.path);
        }
    }
}

/// Takes the lease file at `path`.
///
/// # Errors
/// I/O.
pub fn hold(layout: &Layout, path: PathBuf) -> Result<Held> {
    fs::create_dir_all(&layout.leases).map_err(|e| failure("creating", &layout.leases, e))?;
    let take = || -> io::Result<File> {
        loop {
            let file = File::options().create(true).truncate(false).write(true).open(&path)?;
            file.lock_shared()?;
            // Somebody may have forgotten the lapsed lease between the open and the lock.
            if platform::names(&path, &file)? {
                return Ok(file);
            }
        }
    };
    let file = take().map_err(|e| failure("taking the lease", &path, e))?;
    Ok(Held { layout: layout.clone(), path, file })
}

/// Whether nobody holds the lease file at `path`.
///
/// # Errors
/// I/O.
pub fn lapsed(layout: &Layout, path: &Path) -> Result<bool> {
    if !path.exists() {
        return Ok(true);
    }
    // Two that test at once would each take the other for a holder.
    let _alone = lock(layout, Share::Alone)?;
    Ok(!matches!(free(path)?, State::Held))
}

/// Removes the lease file at `path` unless it is held.
///
/// # Errors
/// I/O.
pub fn forget(layout: &Layout, path: &Path) -> Result<()> {
    if !path.exists() {
        return Ok(());
    }
    let _alone = lock(layout, Share::Alone)?;
    match free(path)? {
        State::Free(_lock) => fs::remove_file(path).map_err(|e| failure("removing", path, e)),
        State::Held | State::Missing => Ok(()),
    }
}

/// Removes the lease files that nobody holds. One that nobody holds says what a missing one says.
///
/// # Errors
/// I/O.
pub fn sweep(layout: &Layout) -> Result<()> {
    let entries = match fs::read_dir(&layout.leases) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(failure("listing", &layout.leases, e)),
    };
    for entry in entries {
        forget(layout, &entry.map_err(|e| failure("listing", &layout.leases, e))?.path())?;
    }
    Ok(())
}

enum State {
    Missing,
    Held,
    Free(#[allow(dead_code, reason = "held for its lock")] File),
}

fn free(path: &Path) -> Result<State> {
    let file = match File::options().write(true).open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(State::Missing),
        Err(e) => return Err(failure("testing the lease", path, e)),
    };
    match file.try_lock() {
        Ok(()) => Ok(State::Free(file)),
        Err(TryLockError::WouldBlock) => Ok(State::Held),
        Err(TryLockError::Error(e)) => Err(failure("testing the lease", path, e)),
    }
}
