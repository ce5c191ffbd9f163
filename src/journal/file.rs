//! A journal in a local file.

use super::lines::{self, Header};
use crate::error::{Error, Kind, Result};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, SeekFrom, Write},
    marker::PhantomData,
    path::{Path, PathBuf},
};

/// A file of records, owned by one process at a time. The lock is on `PATH.lock`, because Windows lets nobody read a
/// locked file, and a journal must be readable while it is written. The lock ends with the process, however that ends.
#[derive(Debug)]
pub struct FileJournal<T> {
    path: PathBuf,
    file: File,
    /// Up to here the file is whole lines, in bytes.
    len: u64,
    /// Whether the file's own entry in its directory is on disk.
    entry_synced: bool,
    /// Something half-written could not be taken back.
    broken: bool,
    _lock: File,
    _records: PhantomData<fn(T)>,
}

impl<T: Serialize + DeserializeOwned> FileJournal<T> {
    /// Opens or makes a journal, and reads its records. A last line that was cut off by a crash is dropped for good.
    /// `purpose` tells others what holds the journal ("bisecting 3f2a..9c1d, process 4711").
    ///
    /// # Errors
    /// `Exists` when another process holds it, with its purpose where the system lets that be read; `Corrupt` with file
    /// and line for anything but a torn end; `Unsupported` for a feature of a later version; I/O.
    pub fn open(path: &Path, purpose: &str) -> Result<(Self, Vec<T>)> {
        let lock = lock(path, purpose)?;
        let mut file = private().open(path).map_err(|e| Error::io("opening", path, e))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|e| Error::io("reading", path, e))?;
        let whole = lines::whole(&bytes);
        let records = if whole.is_empty() { Vec::new() } else { lines::records(&path.to_string_lossy(), whole)? };
        let len = whole.len() as u64;
        if whole.len() < bytes.len() {
            cut(&mut file, len).map_err(|e| Error::io("dropping the torn last line of", path, e))?;
        }
        let path = path.to_path_buf();
        let mut journal =
            FileJournal { path, file, len, entry_synced: false, broken: false, _lock: lock, _records: PhantomData };
        if len == 0 {
            journal.write(&lines::line(&Header::new(None))?)?;
        }
        Ok((journal, records))
    }

    /// Reads the records of a journal that another process may be writing. No file is no records.
    ///
    /// # Errors
    /// As [`FileJournal::open`], without `Exists`.
    pub fn read(path: &Path) -> Result<Vec<T>> {
        match fs::read(path) {
            Ok(bytes) if lines::whole(&bytes).is_empty() => Ok(Vec::new()),
            Ok(bytes) => lines::records(&path.to_string_lossy(), lines::whole(&bytes)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(e) => Err(Error::io("reading", path, e)),
        }
    }

    /// Writes a record. It survives the death of this process, not that of the machine.
    ///
    /// # Errors
    /// I/O; the record is then not in the journal.
    pub fn append(&mut self, record: &T) -> Result<()> {
        self.append_all(std::slice::from_ref(record))
    }

    /// Writes records at once, as [`FileJournal::append`] writes one.
    ///
    /// # Errors
    /// I/O; none of them is then in the journal.
    pub fn append_all(&mut self, records: &[T]) -> Result<()> {
        let lines = records.iter().map(lines::line).collect::<Result<Vec<_>>>()?;
        self.write(&lines.concat())
    }

    /// Writes a record that is on the disk when this returns.
    ///
    /// # Errors
    /// I/O; when the disk failed the record may be in the journal.
    pub fn append_synced(&mut self, record: &T) -> Result<()> {
        self.append(record)?;
        self.sync()
    }

    /// Brings what was appended to the disk.
    ///
    /// # Errors
    /// I/O.
    pub fn sync(&mut self) -> Result<()> {
        sync(&self.file, &self.path, &mut self.entry_synced)
    }

    /// What brings the file to the disk while others write to it.
    ///
    /// # Errors
    /// When the system opens no more files.
    pub(super) fn syncer(&self) -> Result<Syncer> {
        let file = self.file.try_clone().map_err(|e| Error::io("opening", &self.path, e))?;
        Ok(Syncer { file, path: self.path.clone(), entry_synced: self.entry_synced })
    }

    fn write(&mut self, line: &[u8]) -> Result<()> {
        if self.broken {
            return Err(Error::new(
                Kind::Internal,
                format!("writing {}: an earlier write failed", self.path.display()),
            )
            .hint("run the command again: it drops what is half-written, and goes on"));
        }
        if let Err(error) = self.file.write_all(line) {
            // The next record must not be glued to half of this one.
            self.broken = cut(&mut self.file, self.len).is_err();
            return Err(Error::io("writing", &self.path, error));
        }
        self.len += line.len() as u64;
        Ok(())
    }
}

/// Brings a journal's file to the disk.
pub(super) struct Syncer {
    file: File,
    path: PathBuf,
    entry_synced: bool,
}

impl Syncer {
    /// As [`FileJournal::sync`]: everything that was appended before.
    ///
    /// # Errors
    /// I/O.
    pub fn sync(&mut self) -> Result<()> {
        sync(&self.file, &self.path, &mut self.entry_synced)
    }
}

fn sync(file: &File, path: &Path, entry_synced: &mut bool) -> Result<()> {
    file.sync_data().map_err(|e| Error::io("syncing", path, e))?;
    if !*entry_synced {
        sync_entry(path).map_err(|e| Error::io("syncing the directory of", path, e))?;
        *entry_synced = true;
    }
    Ok(())
}

/// Windows opens no file for appending and for truncating, so that the position is kept here.
fn cut(file: &mut File, len: u64) -> io::Result<()> {
    file.set_len(len)?;
    file.seek(SeekFrom::Start(len)).map(drop)
}

/// Opens or makes a file that on Unix only its owner reads: records may hold the values of variables.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn lock(path: &Path, purpose: &str) -> Result<File> {
    let mut name = OsString::from(path);
    name.push(".lock");
    let lock_path = PathBuf::from(name);
    let mut file = private().open(&lock_path).map_err(|e| Error::io("opening", &lock_path, e))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(held(path, &lock_path)),
        Err(TryLockError::Error(e)) => return Err(Error::io("locking", &lock_path, e)),
    }
    let written = file.set_len(0).and_then(|()| file.write_all(purpose.as_bytes()));
    written.map_err(|e| Error::io("writing", &lock_path, e))?;
    Ok(file)
}

fn held(path: &Path, lock_path: &Path) -> Error {
    let holder = fs::read_to_string(lock_path).unwrap_or_default();
    let holder = if holder.is_empty() { "another process" } else { holder.as_str() };
    Error::new(Kind::Exists, format!("opening the journal {}: it is held by {holder}", path.display()))
        .hint("wait until that has ended, or stop it")
}

#[cfg(unix)]
fn sync_entry(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

/// Directories cannot be synced; NTFS journals its entries itself.
#[cfg(not(unix))]
fn sync_entry(_: &Path) -> io::Result<()> {
    Ok(())
}
