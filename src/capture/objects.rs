//! A capture's objects in the store: their keys, and reading them from threads that work on bytes.

use crate::{
    archive::{
        self, Blob, Deliver,
        chunks::{self, PackSource},
    },
    capture::history,
    error::{Context, Error, Kind, Result},
    pipeline::{
        entry::Entry,
        frames::{Frames, PackName},
        id::Id,
        manifest::{Blob as TileBlob, Tile, Top, decode_tile},
        record::{Format, Part, Record},
    },
    store::{Handle, Key},
};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use std::{collections::BTreeSet, ops::Range};

/// Requests for tiles that are on their way at once.
const TILES_AT_ONCE: usize = 8;
/// Bytes between two tiles that are cheaper to read than a second request.
const TILES_GAP: u64 = 64 << 10;
/// Most bytes of tiles asked for with one request.
const TILES_SPAN: u64 = 4 << 20;
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
        return Err(Error::new(Kind::Corrupt, format!("the object {key} is damaged: its hash is not the one saved"))
            .hint("`ci-tool repro verify ID` says what of the capture is still whole"));
    }
    Ok(bytes)
}

/// The entries of a capture, or some of them, and what their locations mean.
#[derive(Debug, Clone, Default)]
pub struct Manifest {
    /// The entries in path order.
    pub entries: Vec<Entry>,
    /// The frames they name.
    pub frames: Frames,
}

/// Reads all entries.
///
/// # Errors
/// `Unsupported` for a capture without files, with the command that restores another of the same failure; `Corrupt`, those of
/// the store.
pub async fn read_manifest(store: &Handle, record: &Record) -> Result<Manifest> {
    if !record.has_tree() {
        return Err(history::no_tree(store, record).await);
    }
    let top = record.parts.top()?;
    if top.len() > MANIFEST_WHOLE {
        return read_tiles(store, record, &top, &top.tiles).await;
    }
    // Every object that holds tiles of this manifest: its own, and those of captures before it.
    let mut objects = Vec::new();
    for key in manifest_keys(record, &top)? {
        objects.push(async { store.get(&key, None).await?.bytes().await }.await.map_err(|e| missing(e, &key))?);
    }
    let slice = |blob: &TileBlob| {
        let range = usize::try_from(blob.offset).ok()?..usize::try_from(blob.offset + blob.len).ok()?;
        objects.get(blob.owner as usize)?.get(range)
    };
    let mut manifest = Manifest::default();
    for tile in &top.tiles {
        let (Some(content), Some(metadata)) = (slice(&tile.content), slice(&tile.metadata)) else {
            return Err(ended_early(record));
        };
        decode_tile(tile, content, metadata, &mut manifest.frames, &mut manifest.entries)?;
    }
    Ok(manifest)
}

/// The keys of the manifest objects, of this capture or of others, that hold tiles of this one which are damaged.
///
/// # Errors
/// `Corrupt` when the index itself is damaged; those of the store.
pub async fn damaged_manifests(store: &Handle, record: &Record) -> Result<Vec<Key>> {
    let top = record.parts.top()?;
    let mut damaged = Vec::new();
    for (owner, key) in manifest_keys(record, &top)?.into_iter().enumerate() {
        let bytes = match async { store.get(&key, None).await?.bytes().await }.await {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == Kind::NotFound => Bytes::new(),
            Err(e) => return Err(e),
        };
        let sound = |blob: &TileBlob| {
            let range = usize::try_from(blob.offset).ok()?..usize::try_from(blob.range().end).ok()?;
            Some(blob.is_sound(bytes.get(range)?))
        };
        let mut blobs = top.tiles.iter().flat_map(|tile| [&tile.content, &tile.metadata]);
        if blobs.any(|blob| blob.owner as usize == owner && sound(blob) != Some(true)) {
            damaged.push(key);
        }
    }
    Ok(damaged)
}

/// Reads the entries of some tiles of the index `top`, neighbours with one request.
///
/// # Errors
/// As [`read_manifest`].
pub async fn read_tiles(store: &Handle, record: &Record, top: &Top, tiles: &[Tile]) -> Result<Manifest> {
    let keys = manifest_keys(record, top)?;
    let one = |span: Span| {
        let key = keys.get(span.owner as usize).ok_or_else(|| damaged_index(record));
        async move {
            let key = key?;
            let bytes = async { store.get(key, Some(span.range.clone())).await?.bytes().await }.await;
            match bytes {
                Ok(bytes) => Ok((span, bytes)),
                // It begins past the end.
                Err(e) if e.kind() == Kind::Usage => Err(ended_early(record)),
                Err(e) => Err(missing(e, key)),
            }
        }
    };
    let read: Vec<(Span, Bytes)> = stream::iter(spans(tiles)).map(one).buffered(TILES_AT_ONCE).try_collect().await?;
    let slice = |blob: &TileBlob| {
        let after = read.partition_point(|(span, _)| (span.owner, span.range.start) <= (blob.owner, blob.offset));
        let (span, bytes) = read.get(after.checked_sub(1)?)?;
        let start = usize::try_from(blob.offset - span.range.start).ok()?;
        bytes.get(start..start.checked_add(usize::try_from(blob.len).ok()?)?)
    };
    let mut manifest = Manifest::default();
    for tile in tiles {
        let (Some(content), Some(metadata)) = (slice(&tile.content), slice(&tile.metadata)) else {
            return Err(ended_early(record));
        };
        decode_tile(tile, content, metadata, &mut manifest.frames, &mut manifest.entries)?;
    }
    Ok(manifest)
}

/// Bytes of a manifest object that one request fetches.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Span {
    owner: u32,
    range: Range<u64>,
}

/// What to ask for to have the blobs of `tiles`: sorted, near ones together.
fn spans(tiles: &[Tile]) -> Vec<Span> {
    let mut blobs: Vec<&TileBlob> = tiles.iter().flat_map(|tile| [&tile.content, &tile.metadata]).collect();
    blobs.sort_unstable_by_key(|blob| (blob.owner, blob.offset));
    let mut spans: Vec<Span> = Vec::new();
    for blob in blobs {
        let end = blob.range().end;
        match spans.last_mut() {
            Some(Span { owner, range })
                if *owner == blob.owner
                    && blob.offset.saturating_sub(range.end) <= TILES_GAP
                    && end.saturating_sub(range.start) <= TILES_SPAN =>
            {
                range.end = range.end.max(end);
            }
            _ => spans.push(Span { owner: blob.owner, range: blob.range() }),
        }
    }
    spans
}

fn ended_early(record: &Record) -> Error {
    Error::new(Kind::Corrupt, format!("the manifest of {} ended early", record.id))
        .hint("`ci-tool repro verify ID` says what of the capture is still whole")
}

/// The manifest objects that an index speaks of, by their number there.
fn manifest_keys(record: &Record, top: &Top) -> Result<Vec<Key>> {
    let own = match &record.parts.manifest {
        Some(part) => part_key(part)?,
        None => data_key(&record.id, MANIFEST)?,
    };
    let others = top.owners.iter().map(|owner| data_key(owner, MANIFEST));
    std::iter::once(Ok(own)).chain(others).collect()
}

fn damaged_index(record: &Record) -> Error {
    Error::new(Kind::Corrupt, format!("the manifest's index of {} is damaged", record.id))
}

/// The manifest's top index.
///
/// # Errors
/// `Corrupt`, `Unsupported`, naming the capture.
pub fn top(record: &Record) -> Result<Top> {
    record.parts.top().context(|| format!("reading the manifest of {}", record.id))
}

/// An object that a complete capture names and that is not there is damage, not a typing error.
fn missing(error: Error, key: &Key) -> Error {
    if error.kind() != Kind::NotFound {
        return error;
    }
    Error::new(Kind::Corrupt, format!("the object {key} of the capture is missing from the store"))
        .hint("`ci-tool repro list` shows whether the capture was removed meanwhile")
        .with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_tiles_are_fetched_together() {
        let blob = |owner, offset, len| TileBlob { owner, offset, len, checksum: [0; 16] };
        let tile = |content, metadata| Tile { first: Box::default(), entries: 1, content, metadata };
        let far = 2_000 + TILES_GAP + 1;
        let tiles = [
            tile(blob(0, 0, 100), blob(0, 100, 10)),
            tile(blob(1, 500, 100), blob(0, 110, 10)),
            tile(blob(1, 1_900, 100), blob(0, 120, 10)),
            tile(blob(1, far, 100), blob(0, 130, 10)),
            tile(blob(1, 500, 100), blob(0, 140, TILES_SPAN)),
        ];
        let span = |owner, start, end| Span { owner, range: Range { start, end } };
        let expected = [span(0, 0, 140), span(0, 140, 140 + TILES_SPAN), span(1, 500, 2_000), span(1, far, far + 100)];
        assert_eq!(spans(&tiles), expected);
    }
}
