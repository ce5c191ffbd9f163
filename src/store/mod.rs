//! Where bytes live: objects under keys, written whole or not at all.
//!
//! Implementations: [`local`] (a directory) and [`azure`] (Azure Blob Storage). Wrappers: [`retry`], [`fault`],
//! [`dry_run`]. [`open`] turns a URL into the stack that the commands use.

mod address;
pub mod azure;
pub mod dry_run;
pub mod fault;
pub mod local;
pub(crate) mod platform;
pub mod retry;
mod scratch;

pub use address::{Env, default_dir, open, redact};

use crate::error::{Error, Kind, Result};
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use jiff::Timestamp;
use std::{fmt, ops::Range, path::PathBuf, sync::Arc, time::Duration};

/// An object's name: segments of `[a-z0-9._-]` joined by `/`, no empty segment, no `.` or `..`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

impl Key {
    /// Checks and makes a key.
    ///
    /// # Errors
    /// `Usage` when the text is not a key.
    pub fn new(text: impl Into<String>) -> Result<Self> {
        let text = text.into();
        let ok = text.len() <= 1000
            && text.split('/').all(|s| {
                !s.is_empty()
                    && s != "."
                    && s != ".."
                    && s.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-'))
            });
        if ok { Ok(Key(text)) } else { Err(Error::new(Kind::Usage, format!("{text:?} is not an object key"))) }
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An opaque version of an object; changes with every write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Etag(pub String);

/// What must hold for a `put` to happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Precondition {
    /// Write whatever is there.
    None,
    /// Fail with `Exists` when the object exists.
    MustNotExist,
    /// Fail with `Precondition` unless the object has this version.
    IfMatch(Etag),
}

/// What a `put` writes; can be read again from the start for a retry.
#[derive(Debug, Clone)]
pub enum Body {
    /// Bytes in memory.
    Bytes(Bytes),
    /// A file, opened anew at each try.
    File {
        /// Where it is.
        path: PathBuf,
        /// Its length in bytes; a file that turns out shorter or longer is an error.
        len: u64,
        /// Whether the store may take the file itself (rename it) instead of copying it.
        movable: bool,
    },
}

impl Body {
    /// The length in bytes.
    pub fn len(&self) -> u64 {
        match self {
            Body::Bytes(b) => b.len() as u64,
            Body::File { len, .. } => *len,
        }
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T: Into<Bytes>> From<T> for Body {
    fn from(bytes: T) -> Self {
        Body::Bytes(bytes.into())
    }
}

/// An object's key, size, version and time of last write by the store's clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meta {
    /// The key.
    pub key: Key,
    /// Whole size in bytes, also when a range was asked for.
    pub size: u64,
    /// The version.
    pub etag: Etag,
    /// Last write.
    pub modified: Timestamp,
}

/// An object being read.
pub struct Object {
    /// Its metadata.
    pub meta: Meta,
    /// The bytes asked for, in order. All chunks come from the one version in `meta`.
    pub stream: BoxStream<'static, Result<Bytes>>,
}

impl Object {
    /// Reads the rest into memory.
    ///
    /// # Errors
    /// Those of the stream.
    pub async fn bytes(self) -> Result<Bytes> {
        use futures::TryStreamExt;
        let chunks: Vec<Bytes> = self.stream.try_collect().await?;
        Ok(if chunks.len() == 1 { chunks.into_iter().next().unwrap_or_default() } else { chunks.concat().into() })
    }
}

/// Says that the holder is alive; let go on drop.
pub trait Lease: Send + Sync {}

/// When something is told of an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// It is about to be done.
    Before,
    /// It was done.
    After,
}

/// A place for objects. Nothing is ever visible half-written: a reader sees the old object, the new one, or none.
#[async_trait]
pub trait Store: Send + Sync + fmt::Debug {
    /// The store's address for messages, without secrets.
    fn url(&self) -> String;

    /// Writes an object whole.
    ///
    /// # Errors
    /// `Exists`, `Precondition`, `Denied`, `Transient`, `Internal` (a full disk, a body that cannot be read).
    async fn put(&self, key: &Key, body: Body, pre: Precondition) -> Result<Etag>;

    /// Reads an object, or `range` of it. A range past the end is cut; one that starts at or past the end of a
    /// non-empty request is `Usage`. An empty range gives no bytes. The stream resumes after a broken connection
    /// from where it stood, and fails with `Precondition` when the object was replaced meanwhile.
    ///
    /// # Errors
    /// `NotFound`, `Denied`, `Transient`, `Precondition` as above.
    async fn get(&self, key: &Key, range: Option<Range<u64>>) -> Result<Object>;

    /// An object's metadata.
    ///
    /// # Errors
    /// `NotFound`, `Denied`, `Transient`.
    async fn head(&self, key: &Key) -> Result<Meta>;

    /// The objects whose key starts with the text `prefix` (not only whole segments) and comes after `start_after`,
    /// in byte order of their keys. An empty store is an empty list.
    fn list(&self, prefix: &str, start_after: Option<&str>) -> BoxStream<'static, Result<Meta>>;

    /// Reads many small objects whole, in the order given; one that is missing is `None`.
    ///
    /// # Errors
    /// The first error other than `NotFound`.
    async fn get_many(&self, keys: Vec<Key>) -> Result<Vec<Option<Bytes>>>;

    /// Deletes an object; one that is not there is no error.
    ///
    /// # Errors
    /// `Denied`, `Transient`.
    async fn delete(&self, key: &Key) -> Result<()>;

    /// A link that anyone can read the object by until `valid` has passed; `None` where the store has no such thing.
    ///
    /// # Errors
    /// `Denied` when the credentials cannot sign.
    async fn signed_url(&self, key: &Key, valid: Duration) -> Result<Option<String>>;

    /// Takes the lease `name` and keeps it until the guard is dropped or the process dies: a file lock locally, an
    /// object `leases/NAME` renewed every 20 s elsewhere. Several holders are allowed; a lease is a sign of life, not a lock.
    ///
    /// # Errors
    /// As `put`.
    async fn hold_lease(&self, name: &str) -> Result<Box<dyn Lease>>;

    /// Whether nobody holds the lease `name`: nobody locks the file locally; elsewhere the object is missing or older
    /// than 120 s by the store's own clock.
    ///
    /// # Errors
    /// As `get`.
    async fn lease_lapsed(&self, name: &str) -> Result<bool>;

    /// Forgets a lease that lapsed.
    ///
    /// # Errors
    /// As `delete`.
    async fn drop_lease(&self, name: &str) -> Result<()>;

    /// A directory for files on their way into the store, on the same disk where that helps; swept by [`Store::sweep`]
    /// after its owner died.
    ///
    /// # Errors
    /// I/O.
    fn scratch(&self) -> Result<PathBuf>;

    /// The directory on this machine that the store is, where it is one: absolute, and without links once it exists.
    fn local_dir(&self) -> Option<PathBuf> {
        None
    }

    /// Is told before and after something is appended to a journal in a file beside this store, which is no call of it:
    /// where faults are injected, this may be the process's end.
    fn records(&self, _: Moment) {}

    /// Removes what dead writers left behind that is no object: temporary files, scratch directories, leases that lapsed.
    /// Returns the bytes of files freed.
    ///
    /// # Errors
    /// I/O; something that vanishes meanwhile is no error.
    async fn sweep(&self) -> Result<u64>;
}

/// The handle that everything above the store room passes around.
pub type Handle = Arc<dyn Store>;

/// The part of an object of `size` bytes that `range` asks for, by the rules of [`Store::get`].
///
/// # Errors
/// `Usage` for a range that starts past the end.
fn window(key: &Key, range: Option<Range<u64>>, size: u64) -> Result<Range<u64>> {
    match range {
        None => Ok(0..size),
        Some(r) if r.is_empty() => Ok(0..0),
        Some(r) if r.start < size => Ok(r.start..r.end.min(size)),
        Some(r) => {
            let text = format!("bytes from {} of object {key} were asked for, which has {size}", r.start);
            Err(Error::new(Kind::Usage, text))
        }
    }
}
