//! Reading what is on this disk already, from a directory that nobody vouches for.

use super::{BLOCK, os_path, platform};
use crate::error::{Error, Result};
use cap_std::{
    ambient_authority,
    fs::{Dir, File, OpenOptions},
};
use std::{
    io::{BufRead, BufReader},
    path::Path,
};

/// A directory whose files may be what is wanted. It is only read, and nothing outside it is. Usable from many threads.
pub struct Seed {
    root: Dir,
}

impl Seed {
    /// Opens the directory, which must exist.
    ///
    /// # Errors
    /// I/O.
    pub fn open(path: &Path) -> Result<Seed> {
        let root = Dir::open_ambient_dir(path, ambient_authority()).map_err(|e| Error::io("opening", path, e))?;
        Ok(Seed { root })
    }

    /// The directory of this name in it, if there is one.
    pub fn below(&self, name: &str) -> Option<Seed> {
        Some(Seed { root: self.root.open_dir(name).ok()? })
    }

    /// The content of the regular file at `path`, where it has `size` bytes. It may be anything, and change while it is
    /// read: whoever takes it verifies it.
    pub fn content(&self, path: &[u8], size: u64) -> Option<impl BufRead + use<>> {
        let file = self.regular(path, size)?;
        let room = usize::try_from(size).unwrap_or(BLOCK).clamp(1, BLOCK);
        Some(BufReader::with_capacity(room, file))
    }

    fn regular(&self, path: &[u8], size: u64) -> Option<File> {
        let mut options = OpenOptions::new();
        platform::without_waiting(options.read(true));
        let file = self.root.open_with(os_path(path).ok()?, &options).ok()?;
        let found = file.metadata().ok()?;
        (found.is_file() && found.len() == size).then_some(file)
    }
}
