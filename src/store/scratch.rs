//! Directories for files on their way: each is guarded by a lock file that dies with its owner, so that what a killed
//! process left behind can be told from what a living one uses.

use super::platform;
use crate::error::{Error, Kind, Result};
use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

const LOCK: &str = "lock";

/// A directory `PARENT/<random>` with the lock `PARENT/<random>.lock`; both go when it is dropped.
#[derive(Debug)]
pub struct Scratch {
    dir: PathBuf,
    lock_path: PathBuf,
    _lock: File,
}

impl Scratch {
    /// Makes a directory under `parent`, which is created when missing.
    ///
    /// # Errors
    /// I/O.
    pub fn new(parent: &Path) -> Result<Scratch> {
        fs::create_dir_all(parent).map_err(|e| Error::io("creating", parent, e))?;
        loop {
            let name = random_name()?;
            let lock_path = parent.join(&name).with_extension(LOCK);
            let Some(lock) = try_lock(&lock_path).map_err(|e| Error::io("locking", &lock_path, e))? else { continue };
            let dir = parent.join(name);
            platform::create_private_dir(&dir).map_err(|e| Error::io("creating", &dir, e))?;
            return Ok(Scratch { dir, lock_path, _lock: lock });
        }
    }

    /// Makes a directory on this machine's temporary disk, for stores that have no disk of their own.
    ///
    /// # Errors
    /// I/O.
    pub fn temporary() -> Result<Scratch> {
        let parent = temporary_parent();
        platform::create_private_dir(&parent).map_err(|e| Error::io("creating", &parent, e))?;
        Scratch::new(&parent)
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed now is the next sweep's.
        let _ = fs::remove_dir_all(&self.dir);
        let _ = fs::remove_file(&self.lock_path);
    }
}

/// The directory of the one scratch in `slot`, made when it is first asked for.
///
/// # Errors
/// Those of `make`.
pub fn lazily(slot: &Mutex<Option<Scratch>>, make: impl FnOnce() -> Result<Scratch>) -> Result<PathBuf> {
    // A panic between two calls leaves nothing half-done in an option.
    let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
    let scratch = match slot.take() {
        Some(scratch) => scratch,
        None => make()?,
    };
    Ok(slot.insert(scratch).dir().to_owned())
}

/// The parent of the directories that [`Scratch::temporary`] makes.
pub fn temporary_parent() -> PathBuf {
    std::env::temp_dir().join(format!("ci-tool-scratch-{}", platform::user_tag()))
}

/// Removes the directories under `parent` whose owner is dead. Returns the bytes of the files removed.
///
/// # Errors
/// I/O; a missing `parent`, or something that vanishes meanwhile, is none.
pub fn sweep(parent: &Path) -> Result<u64> {
    let entries = match fs::read_dir(parent) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(e) => return Err(Error::io("listing", parent, e)),
    };
    let mut freed = 0;
    for entry in entries {
        let path = entry.map_err(|e| Error::io("listing", parent, e))?.path();
        // A directory without a lock file and a lock file without a directory are both halves of a dead owner.
        let dir = path.with_extension("");
        let lock_path = dir.with_extension(LOCK);
        let Some(_lock) = try_lock(&lock_path).map_err(|e| Error::io("locking", &lock_path, e))? else { continue };
        freed += size_of_tree(&dir);
        gone(fs::remove_dir_all(&dir)).map_err(|e| Error::io("removing", &dir, e))?;
        gone(fs::remove_file(&lock_path)).map_err(|e| Error::io("removing", &lock_path, e))?;
    }
    Ok(freed)
}

/// Locks the file at `path`, creating it when missing; `None` when somebody else has it, or it is another user's.
fn try_lock(path: &Path) -> io::Result<Option<File>> {
    let file = match File::options().create(true).truncate(false).write(true).open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::PermissionDenied && path.exists() => return Ok(None),
        Err(e) => return Err(e),
    };
    match file.try_lock() {
        Ok(()) if platform::names(path, &file)? => Ok(Some(file)),
        Ok(()) | Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(e)) => Err(e),
    }
}

/// Ten random characters for a name that no other process chooses.
pub(super) fn random_name() -> Result<String> {
    let mut bytes = [0; 10];
    getrandom::fill(&mut bytes)
        .map_err(|e| Error::new(Kind::Internal, "drawing a random name").with_source(e.to_string()))?;
    Ok(bytes.iter().map(|b| char::from(b"abcdefghijklmnopqrstuvwxyz234567"[usize::from(b % 32)])).collect())
}

fn gone(result: io::Result<()>) -> io::Result<()> {
    result.or_else(|e| if e.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(e) })
}

fn size_of_tree(dir: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(dir) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(meta) if meta.is_dir() => size_of_tree(&entry.path()),
            Ok(meta) => meta.len(),
            Err(_) => 0,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_takes_what_dead_owners_left_and_spares_the_living() {
        let parent = tempfile::tempdir().unwrap();
        let living = Scratch::new(parent.path()).unwrap();
        fs::write(living.dir().join("f"), "x").unwrap();
        fs::create_dir_all(parent.path().join("dead/sub")).unwrap();
        fs::write(parent.path().join("dead/sub/f"), "12345").unwrap();
        fs::write(parent.path().join("dead.lock"), "").unwrap();
        fs::create_dir(parent.path().join("lockless")).unwrap();
        fs::write(parent.path().join("dirless.lock"), "").unwrap();

        assert_eq!(sweep(parent.path()).unwrap(), 5);
        assert!(living.dir().join("f").exists());
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 2);
        drop(living);
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }

    #[test]
    fn sweeping_a_directory_that_does_not_exist_frees_nothing() {
        assert_eq!(sweep(Path::new("/nonexistent/scratch")).unwrap(), 0);
    }
}
