//! A capture's objects in the store: their keys, and reading them from threads that work on bytes.

pub use super::tiles::{Manifest, read_manifest};

use crate::{
    archive::{
        self, Blob, Deliver,
        chunks::{self, PackSource},
    },
    error::{Context, Error, Kind, Result},
    pipeline::{
        entry::Entry,
        frames::{Frames, PackName},
        id::Id,
        manifest::Top,
        record::{Format, Part, Record},
    },
    store::{Handle, Key},
};
use bytes::Bytes;
use futures::TryStreamExt;
use std::{
    collections::BTreeSet,
    fs::File,
    io::{Seek, Write},
    ops::Range,
};

/// The key of a capture's record.
///
/// # Errors
/// Never for an id.
pub fn record_key(id: &str) -> Result<Key> {
    Key::new(format!("captures/{id}"))
}

/// The beginning of the keys of everything else that belongs to a capture.
pub fn data_prefix(id: &Id) -> String {
    format!("data/{id}/")
}

/// The key of one of a capture's objects.
///
/// # Errors
/// `Usage` when the name is no key.
pub fn data_key(id: &Id, name: &str) -> Result<Key> {
    Key::new(format!("data/{id}/{name}"))
}

/// The key under which a job's captures are found, the latest first.
///
/// # Errors
/// `Usage` when the job's key is no key.
pub fn job_entry_key(record: &Record) -> Result<Key> {
    let descending = i64::MAX - record.created.as_millisecond();
    Key::new(format!("jobs/{}/{descending:019}-{}", record.job.key, record.id))
}

/// The name of the manifest's object.
pub const MANIFEST: &str = "manifest";

/// The name of a pack's object.
pub fn pack_name(number: u32) -> String {
    format!("pack-{number:05}")
}

/// Reads a capture's files, however they are stored, from plain threads.
pub struct Contents {
    format: Format,
    archive: Option<StoredBlob>,
    /// The key of the archive, for when it is not there.
    missing: String,
    frames: Frames,
    packs: StoredPacks,
}

impl Contents {
    /// Opens the content of a capture whose entries name places in `frames`. Must be called inside the async runtime.
    ///
    /// An archive that is missing makes every file of it damaged.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn open(store: &Handle, record: &Record, frames: Frames) -> Result<Contents> {
        let archive = match &record.parts.archive {
            Some(part) => match StoredBlob::open(store, part).await {
                Ok(blob) => Some(blob),
                // Every file is told so; what else the capture holds is still of use.
                Err(e) if e.kind() == Kind::Corrupt => None,
                Err(e) => return Err(e),
            },
            None => None,
        };
        let missing = record.parts.archive.as_ref().map(|part| part.key.clone()).unwrap_or_default();
        let packs = StoredPacks { store: store.clone(), runtime: tokio::runtime::Handle::current() };
        Ok(Contents { format: record.format, archive, missing, frames, packs })
    }

    /// Hands the content of the files among `entries` to `deliver`. See [`archive::read`].
    ///
    /// # Errors
    /// What `deliver` returns.
    pub fn read(&self, entries: &[&Entry], threads: usize, deliver: &Deliver<'_>) -> Result<()> {
        match (self.format, &self.archive) {
            (Format::Chunks, _) => chunks::read(&self.packs, &self.frames, entries, threads, deliver),
            (format, Some(archive)) => archive::read(format, archive, entries, threads, deliver),
            (_, None) => entries.iter().filter(|e| e.is_file()).try_for_each(|entry| {
                deliver(
                    entry,
                    Err(Error::new(Kind::Corrupt, format!("the archive {} is missing from the store", self.missing))),
                )
            }),
        }
    }

    /// The keys of the packs, of this capture or of others, that keep some files among `entries` from being read.
    ///
    /// # Errors
    /// Those of the store.
    pub fn damaged_packs(&self, entries: &[&Entry]) -> Result<BTreeSet<String>> {
        let mut keys = BTreeSet::new();
        for entry in entries {
            for name in chunks::damaged_packs(&self.packs, &self.frames, entry)? {
                keys.insert(data_key(&name.owner, &pack_name(name.number))?.to_string());
            }
        }
        Ok(keys)
    }
}

struct StoredPacks {
    store: Handle,
    runtime: tokio::runtime::Handle,
}

impl PackSource for StoredPacks {
    fn read_at(&self, pack: &PackName, range: Range<u64>) -> Result<Bytes> {
        let key = data_key(&pack.owner, &pack_name(pack.number))?;
        let wanted = range.end - range.start;
        let bytes = self.runtime.block_on(async { self.store.get(&key, Some(range)).await?.bytes().await });
        // A range that begins past the end is a pack that was cut short.
        let ended = || Error::new(Kind::Corrupt, format!("the pack {key} ended early"));
        match bytes {
            Ok(bytes) if bytes.len() as u64 == wanted => Ok(bytes),
            Ok(_) => Err(ended()),
            Err(e) if e.kind() == Kind::Usage => Err(ended()),
            Err(e) => Err(missing(e, &key)),
        }
    }
}

/// One object of a capture, read by ranges from plain threads.
pub struct StoredBlob {
    store: Handle,
    key: Key,
    len: u64,
    runtime: tokio::runtime::Handle,
}

impl StoredBlob {
    /// Opens an object. Must be called inside the async runtime.
    ///
    /// # Errors
    /// `Corrupt` when its key is none or it is not there; those of the store.
    pub async fn open(store: &Handle, part: &Part) -> Result<StoredBlob> {
        let key = part_key(part)?;
        let meta = store.head(&key).await.map_err(|e| missing(e, &key))?;
        Ok(StoredBlob { store: store.clone(), key, len: meta.size, runtime: tokio::runtime::Handle::current() })
    }
}

impl Blob for StoredBlob {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, range: Range<u64>) -> Result<Bytes> {
        let wanted = range.end - range.start;
        let bytes = self.runtime.block_on(async { self.store.get(&self.key, Some(range)).await?.bytes().await })?;
        if bytes.len() as u64 != wanted {
            return Err(Error::new(Kind::Corrupt, format!("the object {} ended early", self.key)));
        }
        Ok(bytes)
    }
}

/// The key of a part.
///
/// # Errors
/// `Corrupt` when the record holds no key there.
pub fn part_key(part: &Part) -> Result<Key> {
    Key::new(part.key.clone())
        .map_err(|e| Error::new(Kind::Corrupt, "the record names an object that cannot exist").with_source(e))
}

/// Reads a small part whole and checks it.
///
/// # Errors
/// `Corrupt` when it is missing or not what was written; those of the store.
pub async fn read_part(store: &Handle, part: &Part) -> Result<Bytes> {
    let key = part_key(part)?;
    let bytes = async { store.get(&key, None).await?.bytes().await }.await.map_err(|e| missing(e, &key))?;
    if blake3::hash(&bytes).to_hex().as_str() != part.blake3 {
        return Err(damaged(&key));
    }
    Ok(bytes)
}

/// Copies a part of any size into a file without a name, checks it, and gives the file back at its beginning.
///
/// # Errors
/// `Corrupt` when it is missing or not what was written; those of the store; I/O.
pub async fn download(store: &Handle, part: &Part) -> Result<File> {
    let key = part_key(part)?;
    let failed = |e| Error::new(Kind::Internal, format!("copying the object {key} into a file")).with_source(e);
    // Who may only read the store has no place of its own there.
    let file = store.scratch().ok().and_then(|dir| tempfile::tempfile_in(dir).ok());
    let mut file = file.map_or_else(tempfile::tempfile, Ok).map_err(failed)?;
    let mut hash = blake3::Hasher::new();
    let mut stream = store.get(&key, None).await.map_err(|e| missing(e, &key))?.stream;
    while let Some(bytes) = stream.try_next().await? {
        hash.update(&bytes);
        file.write_all(&bytes).map_err(failed)?;
    }
    if hash.finalize().to_hex().as_str() != part.blake3 {
        return Err(damaged(&key));
    }
    file.rewind().map_err(failed)?;
    Ok(file)
}

fn damaged(key: &Key) -> Error {
    Error::new(Kind::Corrupt, format!("the object {key} is damaged: its hash is not the one saved"))
        .hint("`ci-tool repro verify ID` says what of the capture is still whole")
}

/// The manifest's top index.
///
/// # Errors
/// `Corrupt`, `Unsupported`, naming the capture.
pub fn top(record: &Record) -> Result<Top> {
    record.parts.top().context(|| format!("reading the manifest of {}", record.id))
}

/// An object that a complete capture names and that is not there is damage, not a typing error.
pub(super) fn missing(error: Error, key: &Key) -> Error {
    if error.kind() != Kind::NotFound {
        return error;
    }
    Error::new(Kind::Corrupt, format!("the object {key} of the capture is missing from the store"))
        .hint("`ci-tool repro list` shows whether the capture was removed meanwhile")
        .with_source(error)
}
