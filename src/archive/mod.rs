//! A directory tree as bytes: `zip` and `7z`, and putting entries back on disk.
//!
//! An archive is written from entries in path order whose content a [`Source`] gives, and read back by the locations
//! that the writer left in the entries. Both run on plain threads and hold a bounded number of bytes, however much there is.

pub mod chunks;
mod flow;
mod group;
pub mod sevenz;
pub mod spans;
pub mod tree;
mod workers;
pub mod zip;

use crate::{
    error::{Error, Kind, Result},
    pipeline::{entry::Entry, progress::Progress, record::Format},
};
use bytes::Bytes;
use std::{
    fs::File,
    io::{self, BufRead, Read},
    ops::Range,
    path::Path,
};

/// Gives the content of entries while an archive is written. Called from many threads.
pub trait Source: Sync {
    /// Opens an entry's content. `None` leaves the entry out of the archive; the source has noted why.
    fn open<'a>(&'a self, entry: &Entry) -> Option<Box<dyn Read + Send + 'a>>;
    /// As [`Source::open`], but may put the beginning of the content, up to 1 MiB, behind what `out` holds: the reader gives
    /// what follows. Nothing is put there when it returns `None`.
    fn open_behind<'a>(&'a self, entry: &Entry, _out: &mut Vec<u8>) -> Option<Box<dyn Read + Send + 'a>> {
        self.open(entry)
    }
    /// Notes that reading broke off; the entry is left out, or kept as far as it was read where the format cannot take it back.
    fn failed(&self, entry: &Entry, error: io::Error, kept: bool);
}

/// Bytes that can be read at any place, from any plain thread (never from a worker of the async runtime).
pub trait Blob: Sync {
    /// The whole length in bytes.
    fn len(&self) -> u64;
    /// Whether it has no bytes.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The bytes of a range that lies inside.
    ///
    /// # Errors
    /// Those of the place the bytes come from; `Corrupt` when it ends early.
    fn read_at(&self, range: Range<u64>) -> Result<Bytes>;
}

/// Takes an entry's content, or why it cannot be had. An error returned stops everything. The content is buffered: what is
/// unpacked already need not be copied to be hashed and written.
pub type Deliver<'a> = dyn Fn(&Entry, Result<&mut dyn BufRead>) -> Result<()> + Sync + 'a;

/// What an archive is written with.
pub struct WriteOptions<'a> {
    /// A directory for temporary files.
    pub scratch: &'a Path,
    /// Hears of bytes read.
    pub progress: &'a dyn Progress,
    /// How many threads read and compress.
    pub threads: usize,
}

/// Writes an archive of `entries` (in path order) to `out`, and returns those that are in it, with size, hash and location.
///
/// # Errors
/// I/O on `out` or the scratch directory. What the source cannot give is left out, no error.
pub fn write(
    format: Format,
    entries: Vec<Entry>,
    source: &dyn Source,
    out: &File,
    options: &WriteOptions<'_>,
) -> Result<Vec<Entry>> {
    match format {
        Format::Chunks => Err(Error::new(Kind::Internal, "chunks are not written into one file")),
        Format::Zip => zip::write(entries, source, out, options),
        Format::SevenZ => sevenz::write(entries, source, out, options),
    }
}

/// Reads the files among `entries` (in path order) and hands each to `deliver`, from many threads and in no particular order.
/// A file whose bytes are damaged is delivered as its error, and the others are still read.
///
/// # Errors
/// What `deliver` returns.
pub fn read(format: Format, blob: &dyn Blob, entries: &[&Entry], threads: usize, deliver: &Deliver<'_>) -> Result<()> {
    match format {
        Format::Chunks => Err(Error::new(Kind::Internal, "chunks are not read from one file")),
        Format::Zip => zip::read(blob, entries, threads, deliver),
        Format::SevenZ => sevenz::read(blob, entries, threads, deliver),
    }
}

/// How many threads work on bytes here.
pub fn threads() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from)
}

/// The crate's error inside an I/O error, or the I/O error as damage to `what`.
pub fn read_error(what: &str, error: io::Error) -> Error {
    match error.downcast::<Error>() {
        Ok(error) => error,
        Err(error) => Error::new(Kind::Corrupt, format!("{what} is damaged")).with_source(error),
    }
}
