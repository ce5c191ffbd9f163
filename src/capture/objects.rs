//! A capture's objects in the store: their keys, and reading them from threads that work on bytes.

use crate::{
    archive::Blob,
    error::{Context, Error, Kind, Result},
    pipeline::{
        entry::Entry,
        id::Id,
        manifest::{Blob as TileBlob, Tile, Top, decode_tile},
        record::{Part, Record},
    },
    store::{Handle, Key},
};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use std::ops::Range;

/// Tiles asked for at once.
const TILES_AT_ONCE: usize = 8;
/// A manifest up to this size is fetched in one piece when all of it is wanted.
const MANIFEST_WHOLE: u64 = 64 << 20;

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
        let meta = store.head(&key).await.map_err(|e| missing(e, part))?;
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
    let bytes = async { store.get(&key, None).await?.bytes().await }.await.map_err(|e| missing(e, part))?;
    if blake3::hash(&bytes).to_hex().as_str() != part.blake3 {
        return Err(Error::new(Kind::Corrupt, format!("the object {key} is damaged: its hash is not the one saved"))
            .hint("`ci-tool repro verify ID` says what of the capture is still whole"));
    }
    Ok(bytes)
}

/// Reads all entries.
///
/// # Errors
/// `Corrupt`, those of the store.
pub async fn read_manifest(store: &Handle, record: &Record) -> Result<Vec<Entry>> {
    let top = record.parts.top()?;
    if top.len() > MANIFEST_WHOLE {
        return read_tiles(store, record, &top.tiles).await;
    }
    let Some(part) = &record.parts.manifest else { return Ok(Vec::new()) };
    let key = part_key(part)?;
    let bytes = async { store.get(&key, None).await?.bytes().await }.await.map_err(|e| missing(e, part))?;
    let slice = |blob: &TileBlob| {
        let range = usize::try_from(blob.offset).ok()?..usize::try_from(blob.offset + blob.len).ok()?;
        bytes.get(range).ok_or(()).ok()
    };
    let mut entries = Vec::new();
    for tile in &top.tiles {
        let (Some(content), Some(metadata)) = (slice(&tile.content), slice(&tile.metadata)) else {
            return Err(Error::new(Kind::Corrupt, format!("the manifest {key} ended early"))
                .hint("`ci-tool repro verify ID` says what of the capture is still whole"));
        };
        entries.extend(decode_tile(tile, content, metadata)?);
    }
    in_order(entries)
}

/// Reads the entries of some tiles.
///
/// # Errors
/// As [`read_manifest`].
pub async fn read_tiles(store: &Handle, record: &Record, tiles: &[Tile]) -> Result<Vec<Entry>> {
    let Some(part) = &record.parts.manifest else { return Ok(Vec::new()) };
    let key = part_key(part)?;
    let one = |tile: Tile| {
        let (store, key) = (store.clone(), key.clone());
        async move {
            let read = async |blob: &TileBlob| store.get(&key, Some(blob.range())).await?.bytes().await;
            let (content, metadata) = (read(&tile.content).await?, read(&tile.metadata).await?);
            decode_tile(&tile, &content, &metadata)
        }
    };
    let read: Vec<Vec<Entry>> = stream::iter(tiles.to_vec())
        .map(one)
        .buffered(TILES_AT_ONCE)
        .try_collect()
        .await
        .map_err(|e| missing(e, part))?;
    in_order(read.concat())
}

/// The manifest's top index.
///
/// # Errors
/// `Corrupt`, `Unsupported`, naming the capture.
pub fn top(record: &Record) -> Result<Top> {
    record.parts.top().context(|| format!("reading the manifest of {}", record.id))
}

fn in_order(entries: Vec<Entry>) -> Result<Vec<Entry>> {
    if entries.is_sorted_by(|a, b| a.path < b.path) {
        Ok(entries)
    } else {
        Err(Error::new(Kind::Corrupt, "the manifest's tiles are out of order"))
    }
}

/// An object that a complete capture names and that is not there is damage, not a typing error.
fn missing(error: Error, part: &Part) -> Error {
    if error.kind() != Kind::NotFound {
        return error;
    }
    Error::new(Kind::Corrupt, format!("the object {} of the capture is missing from the store", part.key))
        .hint("`ci-tool repro list` shows whether the capture was removed meanwhile")
        .with_source(error)
}
