//! The manifest: the entries of a capture as path-ordered tiles, and the top index that finds them.
//!
//! A tile holds up to 64 KiB of entries before compression, as two blobs: *content* (path, kind, size, hash, location)
//! and *metadata* (mode, mtime), so that a tree that was only checked out again has the same content blobs. Tiles end
//! where the hash of a path says so, not at a fixed count: an entry added early moves no later border. Numbers are
//! LEB128; a signed number is zigzagged first. Each blob is one zstd frame, and the top index has its BLAKE3.
//! A content blob begins with a table of the frames that its entries use, so that it means the same in every capture and
//! can be shared: the top index names the capture whose manifest object holds it. `docs/chunks.md` has it to the byte.

mod bytes;
mod table;
mod tile;

pub use tile::Tiles;

use crate::{
    error::{Error, Kind, Result},
    pipeline::{entry::Entry, frames::Frames, id::Id},
};
use bytes::{Budget, PATH_MAX, Reader, checksum, compress, damaged, number, prefixed, zigzag};
use std::{collections::HashMap, ops::Range};
use table::{Table, owner_number};
use tile::{extra_len, put_content, put_more, runs, texts};

/// Most bytes of one blob before compression.
pub const TILE_MAX: usize = 64 * 1024;
/// From here on a tile ends at the next path whose hash says so.
const TILE_MIN: usize = 24 * 1024;
/// One path in 64 ends a tile: at about 60 bytes an entry, 4 KiB past the minimum on average.
const BORDER_MASK: u8 = 63;
const VERSION: u64 = 1;

/// Where one blob of a tile lies in the manifest object, and its checksum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// Whose manifest object: 0 is the capture's own, any other number is one of [`Top::owners`], counted from 1.
    pub owner: u32,
    /// Offset in bytes.
    pub offset: u64,
    /// Length in bytes.
    pub len: u64,
    /// The first 16 bytes of the blob's BLAKE3.
    pub checksum: [u8; 16],
}

impl Blob {
    /// Whether `bytes` are what was written.
    pub fn is_sound(&self, bytes: &[u8]) -> bool {
        checksum(bytes) == self.checksum
    }

    /// The blob's bytes in the manifest object.
    pub fn range(&self) -> Range<u64> {
        self.offset..self.offset + self.len
    }
}

/// One tile in the top index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// The path of its first entry.
    pub first: Box<[u8]>,
    /// How many entries it has.
    pub entries: u64,
    /// Paths, kinds, sizes, hashes, locations.
    pub content: Blob,
    /// Modes and times.
    pub metadata: Blob,
}

/// The top index: small enough to travel in the capture's record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Top {
    /// Other captures whose manifest objects hold tiles of this one.
    pub owners: Vec<Id>,
    /// The tiles in path order.
    pub tiles: Vec<Tile>,
}

impl Top {
    /// The tiles that can hold `path` itself and everything below it.
    pub fn subtree(&self, path: &[u8]) -> Range<usize> {
        // A file with very many frames begins a tile, and goes on in tiles that begin with its own path as well: the last
        // of them, which can hold other entries, means nothing without the ones before.
        let last = self.tiles.partition_point(|tile| &*tile.first <= path).saturating_sub(1);
        let start = self.tiles.get(last).map_or(0, |last| self.tiles.partition_point(|tile| tile.first < last.first));
        // `0` follows `/`: the first text after everything that begins with `path/`.
        let mut end_key = path.to_vec();
        end_key.push(b'0');
        let end = self.tiles.partition_point(|tile| *tile.first < *end_key);
        start..end.max(start)
    }

    /// Bytes of all tiles.
    pub fn len(&self) -> u64 {
        self.tiles.iter().fold(0, |sum, t| t.content.len.saturating_add(t.metadata.len).saturating_add(sum))
    }

    /// The capture whose manifest object holds a blob; `None` for this capture's own.
    ///
    /// # Errors
    /// `Corrupt` when the index names nobody.
    pub fn owner(&self, blob: &Blob) -> Result<Option<&Id>> {
        match (blob.owner as usize).checked_sub(1) {
            None => Ok(None),
            Some(at) => Ok(Some(self.owners.get(at).ok_or_else(|| damaged("the manifest's index"))?)),
        }
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.tiles.is_empty()
    }

    /// The index as bytes (one zstd frame).
    ///
    /// # Errors
    /// `Internal` if zstd fails.
    pub fn encode(&self) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        number(&mut out, VERSION);
        number(&mut out, self.owners.len() as u64);
        self.owners.iter().for_each(|owner| out.extend_from_slice(owner.as_str().as_bytes()));
        number(&mut out, self.tiles.len() as u64);
        let mut previous: &[u8] = b"";
        for tile in &self.tiles {
            prefixed(&mut out, previous, &tile.first);
            previous = &tile.first;
            number(&mut out, tile.entries);
            for blob in [&tile.content, &tile.metadata] {
                number(&mut out, u64::from(blob.owner));
                number(&mut out, blob.offset);
                number(&mut out, blob.len);
                out.extend_from_slice(&blob.checksum);
            }
        }
        compress(&out)
    }

    /// Reads what [`Top::encode`] wrote.
    ///
    /// # Errors
    /// `Corrupt` when it is damaged or its paths take more memory than those of any capture, `Unsupported` when a newer version wrote it.
    pub fn decode(bytes: &[u8]) -> Result<Top> {
        Top::decode_within(bytes, Budget::default())
    }

    fn decode_within(bytes: &[u8], mut budget: Budget) -> Result<Top> {
        // Half a million entries make about 1,500 tiles; 64 MiB is far beyond any real index.
        let raw =
            zstd::bulk::decompress(bytes, 64 << 20).map_err(|e| damaged("the manifest's index").with_source(e))?;
        let mut reader = Reader { bytes: &raw, what: "the manifest's index" };
        let version = reader.number()?;
        if version != VERSION {
            return Err(Error::new(
                Kind::Unsupported,
                format!("the manifest has version {version}, this ci-tool reads {VERSION}"),
            )
            .hint("a newer ci-tool wrote it: use that version to read it"));
        }
        let owners = (0..reader.number()?).map(|_| reader.id()).collect::<Result<Vec<Id>>>()?;
        let count = reader.number()?;
        let mut tiles: Vec<Tile> = Vec::new();
        for _ in 0..count {
            let previous = tiles.last().map(|t| t.first.clone()).unwrap_or_default();
            let first = reader.prefixed(&previous)?;
            budget.take(first.len()).ok_or_else(|| damaged(reader.what))?;
            let entries = reader.number()?;
            let content = reader.blob()?;
            let metadata = reader.blob()?;
            tiles.push(Tile { first, entries, content, metadata });
        }
        reader.end()?;
        Ok(Top { owners, tiles })
    }
}

/// Turns entries into the manifest object and its top index.
#[derive(Debug, Default)]
pub struct Builder {
    object: Vec<u8>,
    top: Top,
    content: Vec<u8>,
    metadata: Vec<u8>,
    first: Option<Box<[u8]>>,
    entries: u64,
    last_path: Vec<u8>,
    last_mtime: i64,
    table: Table,
    known: HashMap<[u8; 16], (Id, Blob)>,
    budget: Budget,
}

impl Builder {
    /// A builder that does not write again what the manifest of the capture `owner` holds already.
    pub fn sharing(mut self, owner: &Id, top: &Top) -> Result<Builder> {
        for tile in &top.tiles {
            let holder = top.owner(&tile.content)?.unwrap_or(owner).clone();
            self.known.insert(tile.content.checksum, (holder, tile.content.clone()));
        }
        Ok(self)
    }

    /// Adds the next entry of an archive without frames.
    ///
    /// # Errors
    /// As [`Builder::push_placed`].
    pub fn push(&mut self, entry: &Entry) -> Result<()> {
        self.push_placed(entry, &Frames::default())
    }

    /// Adds the next entry, whose content is where `frames` says.
    ///
    /// # Errors
    /// `Unsupported` when the path is longer, or the entries take more memory, than a reader accepts. `Internal` when paths
    /// are not strictly rising, or a frame is unknown: that is a defect of the caller.
    pub fn push_placed(&mut self, entry: &Entry, frames: &Frames) -> Result<()> {
        if (self.entries > 0 || !self.top.is_empty()) && *entry.path <= *self.last_path {
            return Err(Error::new(
                Kind::Internal,
                format!("the manifest's entry {} is out of order", entry.display()),
            ));
        }
        let accepted = entry.path.len() <= PATH_MAX && self.budget.take(texts(entry)).is_some();
        if !accepted {
            let text = format!("the entry {:.100} has too long a path, or there are too many", entry.display());
            return Err(Error::new(Kind::Unsupported, text).hint("leave out what is not needed: --exclude GLOB"));
        }
        let runs = runs(entry, frames)?;
        if runs.len() > 1 {
            // So that who looks for the file finds all of it where its path says.
            self.cut()?;
        }
        self.room(entry, runs.first().map_or(0, |run| run.len()), true)?;
        put_content(&mut self.content, &self.last_path, entry, runs.first().copied(), frames, &mut self.table)?;
        self.metadata(entry);
        for more in runs.iter().skip(1) {
            self.room(entry, more.len(), false)?;
            put_more(&mut self.content, &self.last_path, entry, more, frames, &mut self.table)?;
            self.metadata(entry);
        }
        Ok(())
    }

    /// Begins another tile where this entry must or may not stand in the present one.
    fn room(&mut self, entry: &Entry, run: usize, may_cut: bool) -> Result<()> {
        let worst = entry.path.len() + 64 + extra_len(entry) + run * 4 + Table::worst(run.max(1));
        let full = self.content.len() + self.table.len() + worst > TILE_MAX || self.metadata.len() + 20 > TILE_MAX;
        let border = self.content.len() >= TILE_MIN && blake3::hash(&entry.path).as_bytes()[0] & BORDER_MASK == 0;
        if full || (border && may_cut) {
            self.cut()?;
        }
        if self.first.is_none() {
            self.first = Some(entry.path.clone());
            self.last_path.clear();
            self.last_mtime = 0;
        }
        Ok(())
    }

    fn metadata(&mut self, entry: &Entry) {
        number(&mut self.metadata, u64::from(entry.mode));
        number(&mut self.metadata, zigzag(entry.mtime.wrapping_sub(self.last_mtime)));
        self.last_path = entry.path.to_vec();
        self.last_mtime = entry.mtime;
        self.entries += 1;
    }

    /// Ends the manifest: its object and its top index.
    ///
    /// # Errors
    /// `Internal` if zstd fails.
    pub fn finish(mut self) -> Result<(Vec<u8>, Top)> {
        self.cut()?;
        Ok((self.object, self.top))
    }

    fn cut(&mut self) -> Result<()> {
        let Some(first) = self.first.take() else { return Ok(()) };
        let mut raw = std::mem::take(&mut self.table).encode();
        raw.append(&mut self.content);
        let frame = compress(&raw)?;
        let content = match self.known.get(&checksum(&frame)) {
            Some((owner, known)) => Blob { owner: owner_number(&mut self.top.owners, owner), ..known.clone() },
            None => append(&mut self.object, frame),
        };
        let metadata = append(&mut self.object, compress(&std::mem::take(&mut self.metadata))?);
        self.top.tiles.push(Tile { first, entries: std::mem::take(&mut self.entries), content, metadata });
        Ok(())
    }
}

fn append(object: &mut Vec<u8>, frame: Vec<u8>) -> Blob {
    let blob = Blob { owner: 0, offset: object.len() as u64, len: frame.len() as u64, checksum: checksum(&frame) };
    object.extend_from_slice(&frame);
    blob
}

#[cfg(test)]
mod tests;
