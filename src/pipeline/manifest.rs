//! The manifest: the entries of a capture as path-ordered tiles, and the top index that finds them.
//!
//! A tile holds up to 64 KiB of entries before compression, as two blobs: *content* (path, kind, size, hash, location)
//! and *metadata* (mode, mtime), so that a tree that was only checked out again has the same content blobs. Tiles end
//! where the hash of a path says so, not at a fixed count: an entry added early moves no later border. Numbers are
//! LEB128; a signed number is zigzagged first. Each blob is one zstd frame, and the top index has its BLAKE3.

use crate::{
    error::{Error, Kind, Result},
    pipeline::entry::{Content, Entry, Location, check_path, display},
};
use std::ops::Range;

/// Most bytes of one blob before compression.
pub const TILE_MAX: usize = 64 * 1024;
/// From here on a tile ends at the next path whose hash says so.
const TILE_MIN: usize = 24 * 1024;
/// One path in 64 ends a tile: at about 60 bytes an entry, 4 KiB past the minimum on average.
const BORDER_MASK: u8 = 63;
const VERSION: u64 = 1;
const LEVEL: i32 = 3;

const DIRECTORY: u64 = 0;
const FILE: u64 = 1;
const SYMLINK: u64 = 2;
const SPARSE: u64 = 1 << 4;
const LINKED: u64 = 1 << 5;

/// Where one blob of a tile lies in the manifest object, and its checksum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// Offset in bytes.
    pub offset: u64,
    /// Length in bytes.
    pub len: u64,
    /// The first 16 bytes of the blob's BLAKE3.
    pub checksum: [u8; 16],
}

impl Blob {
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
    /// The tiles in path order.
    pub tiles: Vec<Tile>,
}

impl Top {
    /// The tile that would hold `path`.
    pub fn find(&self, path: &[u8]) -> Option<&Tile> {
        let after = self.tiles.partition_point(|tile| &*tile.first <= path);
        after.checked_sub(1).map(|i| &self.tiles[i])
    }

    /// The tiles that can hold `path` itself and everything below it.
    pub fn subtree(&self, path: &[u8]) -> &[Tile] {
        let start = self.tiles.partition_point(|tile| &*tile.first <= path).saturating_sub(1);
        // `0` follows `/`: the first text after everything that begins with `path/`.
        let mut end_key = path.to_vec();
        end_key.push(b'0');
        let end = self.tiles.partition_point(|tile| *tile.first < *end_key);
        &self.tiles[start..end.max(start)]
    }

    /// Bytes of the manifest object that the tiles cover.
    pub fn len(&self) -> u64 {
        self.tiles
            .iter()
            .map(|t| (t.content.offset + t.content.len).max(t.metadata.offset + t.metadata.len))
            .max()
            .unwrap_or(0)
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
        number(&mut out, self.tiles.len() as u64);
        let mut previous: &[u8] = b"";
        for tile in &self.tiles {
            prefixed(&mut out, previous, &tile.first);
            previous = &tile.first;
            number(&mut out, tile.entries);
            for blob in [&tile.content, &tile.metadata] {
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
    /// `Corrupt` when it is damaged, `Unsupported` when a newer version wrote it.
    pub fn decode(bytes: &[u8]) -> Result<Top> {
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
        let count = reader.number()?;
        let mut tiles: Vec<Tile> = Vec::new();
        for _ in 0..count {
            let previous = tiles.last().map(|t| t.first.clone()).unwrap_or_default();
            let first = reader.prefixed(&previous)?;
            let entries = reader.number()?;
            let content = reader.blob()?;
            let metadata = reader.blob()?;
            tiles.push(Tile { first, entries, content, metadata });
        }
        reader.end()?;
        Ok(Top { tiles })
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
}

impl Builder {
    /// Adds the next entry.
    ///
    /// # Errors
    /// `Internal` when paths are not strictly rising: that is a defect of the caller.
    pub fn push(&mut self, entry: &Entry) -> Result<()> {
        if (self.entries > 0 || !self.top.is_empty()) && *entry.path <= *self.last_path {
            return Err(Error::new(
                Kind::Internal,
                format!("the manifest's entry {} is out of order", entry.display()),
            ));
        }
        let worst = entry.path.len() + 64 + extra_len(entry);
        let full = self.content.len() + worst > TILE_MAX || self.metadata.len() + 20 > TILE_MAX;
        let border = self.content.len() >= TILE_MIN && blake3::hash(&entry.path).as_bytes()[0] & BORDER_MASK == 0;
        if full || border {
            self.cut()?;
        }
        if self.first.is_none() {
            self.first = Some(entry.path.clone());
            self.last_path.clear();
            self.last_mtime = 0;
        }
        put_content(&mut self.content, &self.last_path, entry);
        number(&mut self.metadata, u64::from(entry.mode));
        number(&mut self.metadata, zigzag(entry.mtime.wrapping_sub(self.last_mtime)));
        self.last_path = entry.path.to_vec();
        self.last_mtime = entry.mtime;
        self.entries += 1;
        Ok(())
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
        let content = append(&mut self.object, &std::mem::take(&mut self.content))?;
        let metadata = append(&mut self.object, &std::mem::take(&mut self.metadata))?;
        self.top.tiles.push(Tile { first, entries: std::mem::take(&mut self.entries), content, metadata });
        Ok(())
    }
}

/// Reads one tile from its two blobs.
///
/// # Errors
/// `Corrupt` when a checksum, a border or a path is not what it must be.
pub fn decode_tile(tile: &Tile, content: &[u8], metadata: &[u8]) -> Result<Vec<Entry>> {
    let what = format!("the manifest's tile at {:?}", display(&tile.first));
    let content = open_blob(&tile.content, content, &what)?;
    let metadata = open_blob(&tile.metadata, metadata, &what)?;
    let mut content = Reader { bytes: &content, what: &what };
    let mut metadata = Reader { bytes: &metadata, what: &what };
    let mut entries: Vec<Entry> = Vec::new();
    let mut mtime = 0i64;
    for _ in 0..tile.entries {
        let previous: &[u8] = entries.last().map(|e| &*e.path).unwrap_or_default();
        let mut entry = take_content(&mut content, previous)?;
        check_path(&entry.path)?;
        if !entries.is_empty() && *entry.path <= *previous {
            return Err(damaged(&what));
        }
        entry.mode = u32::try_from(metadata.number()?).map_err(|_| damaged(&what))?;
        mtime = mtime.wrapping_add(unzigzag(metadata.number()?));
        entry.mtime = mtime;
        entries.push(entry);
    }
    content.end()?;
    metadata.end()?;
    if entries.first().is_some_and(|e| e.path != tile.first) {
        return Err(damaged(&what));
    }
    Ok(entries)
}

fn extra_len(entry: &Entry) -> usize {
    match &entry.content {
        Content::Directory => 0,
        Content::File { link, .. } => 40 + link.as_ref().map_or(0, |l| l.len() + 4),
        Content::Symlink { target } => target.len() + 4,
    }
}

fn put_content(out: &mut Vec<u8>, previous: &[u8], entry: &Entry) {
    prefixed(out, previous, &entry.path);
    match &entry.content {
        Content::Directory => number(out, DIRECTORY),
        Content::Symlink { target } => {
            number(out, SYMLINK);
            bytes(out, target);
        }
        Content::File { hash, sparse, link, location } => {
            let flags = if *sparse { SPARSE } else { 0 } | if link.is_some() { LINKED } else { 0 };
            number(out, FILE | flags);
            number(out, entry.size);
            out.extend_from_slice(hash);
            for n in [u64::from(location.part), location.offset, location.stored, u64::from(location.method)] {
                number(out, n);
            }
            if let Some(link) = link {
                bytes(out, link);
            }
        }
    }
}

fn take_content(reader: &mut Reader<'_>, previous: &[u8]) -> Result<Entry> {
    let path = reader.prefixed(previous)?;
    let kind = reader.number()?;
    let mut size = 0;
    let content = match kind & 15 {
        DIRECTORY => Content::Directory,
        SYMLINK => Content::Symlink { target: reader.bytes()?.into() },
        FILE => {
            size = reader.number()?;
            let hash = reader.array()?;
            let part = u32::try_from(reader.number()?).map_err(|_| damaged(reader.what))?;
            let (offset, stored) = (reader.number()?, reader.number()?);
            let method = u8::try_from(reader.number()?).map_err(|_| damaged(reader.what))?;
            let link = if kind & LINKED != 0 { Some(reader.bytes()?.into()) } else { None };
            Content::File {
                hash,
                sparse: kind & SPARSE != 0,
                link,
                location: Location { part, offset, stored, method },
            }
        }
        _ => return Err(damaged(reader.what)),
    };
    Ok(Entry { path, size, mode: 0, mtime: 0, content })
}

fn append(object: &mut Vec<u8>, raw: &[u8]) -> Result<Blob> {
    let frame = compress(raw)?;
    let blob = Blob { offset: object.len() as u64, len: frame.len() as u64, checksum: checksum(&frame) };
    object.extend_from_slice(&frame);
    Ok(blob)
}

fn open_blob(blob: &Blob, bytes: &[u8], what: &str) -> Result<Vec<u8>> {
    if checksum(bytes) != blob.checksum {
        return Err(damaged(what));
    }
    zstd::bulk::decompress(bytes, TILE_MAX * 2).map_err(|e| damaged(what).with_source(e))
}

fn compress(raw: &[u8]) -> Result<Vec<u8>> {
    zstd::bulk::compress(raw, LEVEL).map_err(|e| Error::new(Kind::Internal, "compressing the manifest").with_source(e))
}

fn checksum(bytes: &[u8]) -> [u8; 16] {
    let mut out = [0; 16];
    out.copy_from_slice(&blake3::hash(bytes).as_bytes()[..16]);
    out
}

fn damaged(what: &str) -> Error {
    Error::new(Kind::Corrupt, format!("{what} is damaged"))
        .hint("`ci-tool repro verify ID` says what of the capture is still whole")
}

fn number(out: &mut Vec<u8>, mut n: u64) {
    while n >= 128 {
        out.push(n as u8 | 128);
        n >>= 7;
    }
    out.push(n as u8);
}

fn zigzag(n: i64) -> u64 {
    ((n << 1) ^ (n >> 63)) as u64
}

fn unzigzag(n: u64) -> i64 {
    (n >> 1) as i64 ^ -((n & 1) as i64)
}

fn bytes(out: &mut Vec<u8>, text: &[u8]) {
    number(out, text.len() as u64);
    out.extend_from_slice(text);
}

fn prefixed(out: &mut Vec<u8>, previous: &[u8], text: &[u8]) {
    let shared = previous.iter().zip(text).take_while(|(a, b)| a == b).count();
    number(out, shared as u64);
    bytes(out, &text[shared..]);
}

struct Reader<'a> {
    bytes: &'a [u8],
    what: &'a str,
}

impl<'a> Reader<'a> {
    fn number(&mut self) -> Result<u64> {
        let mut n = 0u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.bytes.split_first().ok_or_else(|| damaged(self.what))?;
            self.bytes = rest;
            n |= u64::from(byte & 127) << shift;
            if byte < 128 {
                return Ok(n);
            }
        }
        Err(damaged(self.what))
    }

    fn take(&mut self, len: u64) -> Result<&'a [u8]> {
        let len = usize::try_from(len).ok().filter(|len| *len <= self.bytes.len()).ok_or_else(|| damaged(self.what))?;
        let (head, rest) = self.bytes.split_at(len);
        self.bytes = rest;
        Ok(head)
    }

    fn bytes(&mut self) -> Result<&'a [u8]> {
        let len = self.number()?;
        self.take(len)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N as u64)?);
        Ok(out)
    }

    fn prefixed(&mut self, previous: &[u8]) -> Result<Box<[u8]>> {
        let shared =
            usize::try_from(self.number()?).ok().filter(|n| *n <= previous.len()).ok_or_else(|| damaged(self.what))?;
        Ok([&previous[..shared], self.bytes()?].concat().into())
    }

    fn blob(&mut self) -> Result<Blob> {
        let (offset, len) = (self.number()?, self.number()?);
        offset.checked_add(len).ok_or_else(|| damaged(self.what))?;
        Ok(Blob { offset, len, checksum: self.array()? })
    }

    fn end(&self) -> Result<()> {
        if self.bytes.is_empty() { Ok(()) } else { Err(damaged(self.what)) }
    }
}

#[cfg(test)]
#[path = "manifest_tests.rs"]
mod tests;
