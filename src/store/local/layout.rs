//! Where a local store keeps what: `objects/`, `leases/`, `scratch/` and the file `lock`.
//!
//! A key's directories carry the mark `+`, because `a` and `a/b` may both be objects.

use crate::{
    error::{Error, Kind, Result},
    store::Key,
};
use std::{
    io,
    path::{Path, PathBuf},
};

/// Ends the name of a directory; no key holds it.
pub const DIR_MARK: char = '+';

/// The paths of a local store.
#[derive(Debug, Clone)]
pub struct Layout {
    /// The store's directory, as given.
    pub root: PathBuf,
    /// The parent of all objects.
    pub objects: PathBuf,
    /// The parent of all lease files.
    pub leases: PathBuf,
    /// The parent of all scratch directories.
    pub scratch: PathBuf,
    /// Locked by whoever writes: shared to replace or delete, exclusively to check and then replace.
    pub lock: PathBuf,
}

impl Layout {
    /// The layout under `root`.
    pub fn new(root: &Path) -> Layout {
        Layout {
            root: root.to_owned(),
            objects: root.join("objects"),
            leases: root.join("leases"),
            scratch: root.join("scratch"),
            lock: root.join("lock"),
        }
    }

    /// The file that holds an object.
    ///
    /// # Errors
    /// `Unsupported` on Windows for a segment that Windows cannot name.
    pub fn object(&self, key: &Key) -> Result<PathBuf> {
        #[cfg(windows)]
        refuse_device_names(key)?;
        Ok(self.objects.join(relative(key.as_str())))
    }

    /// The file that is locked while a lease is held.
    ///
    /// # Errors
    /// `Usage` for a name that could not be part of a key.
    pub fn lease(&self, name: &str) -> Result<PathBuf> {
        let key = Key::new(name)?;
        Ok(self.leases.join(key.as_str().replace('/', &DIR_MARK.to_string())))
    }
}

/// The path below `objects` of a key, or of a prefix that ends before a `/`.
pub fn relative(key: &str) -> PathBuf {
    let mark = format!("{DIR_MARK}/");
    PathBuf::from(key.replace('/', &mark))
}

/// An I/O error of the store, with what a missing permission calls for.
pub fn failure(action: &str, path: &Path, source: io::Error) -> Error {
    let blocked = source.kind() == io::ErrorKind::NotADirectory;
    let error = Error::io(action, path, source);
    match error.kind() {
        _ if blocked => error.hint("a file is where the store needs a directory: name another store with --store"),
        Kind::Denied => {
            error.hint(format!("give this user read and write permission on {}, or name another store", path.display()))
        }
        _ => error,
    }
}

#[cfg(windows)]
fn refuse_device_names(key: &Key) -> Result<()> {
    let bad = |s: &str| {
        let stem = s.split('.').next().unwrap_or(s);
        let port = |p: &str| stem.len() == 4 && stem.starts_with(p) && stem.as_bytes()[3].is_ascii_digit();
        s.ends_with('.') || matches!(stem, "con" | "prn" | "aux" | "nul") || port("com") || port("lpt")
    };
    match key.as_str().split('/').find(|s| bad(s)) {
        Some(s) => Err(Error::new(Kind::Unsupported, format!("Windows cannot name the part {s:?} of the key {key}"))),
        None => Ok(()),
    }
}
