//! The manifest: the entries of a capture as path-ordered tiles, and the top index that finds them.
//!
//! A tile holds up to 64 KiB of entries before compression, as two blobs: *content* (path, kind, size, hash, location)
//! and *metadata* (mode, mtime), so that a tree that was only checked out again has the same content blobs. Tiles end
//! where the hash of a path says so, not at a fixed count: an entry added early moves no later border. Numbers are
//! LEB128; a signed number is zigzagged first. Each blob is one zstd frame, and the top index has its BLAKE3.
//! A content blob begins with a table of the frames that its entries use, so that it means the same in every capture and
//! can be shared: the top index names the capture whose manifest object holds it. `docs/chunks.md` has it to the byte.

use crate::{
    error::{Error, Kind, Result},
    pipeline::{
        entry::{Content, Entry, Location, check_path, display},
        frames::{Frame, Frames, IN_FRAME, PackName, RUN},
        id::{self, Id},
    },
};
use std::{collections::HashMap, ops::Range};

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
/// More frames of the file before, which has too many for one entry.
const MORE: u64 = 3;
const SPARSE: u64 = 1 << 4;
const LINKED: u64 = 1 << 5;
/// Frames of a file in one entry, at most: about 13 KiB.
const RUN_MAX: usize = 512;

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
    pub fn subtree(&self, path: &[u8]) -> &[Tile] {
        // A file with very many frames goes on in tiles that begin with its own path.
        let start = self.tiles.partition_point(|tile| &*tile.first < path).saturating_sub(1);
        // `0` follows `/`: the first text after everything that begins with `path/`.
        let mut end_key = path.to_vec();
        end_key.push(b'0');
        let end = self.tiles.partition_point(|tile| *tile.first < *end_key);
        &self.tiles[start..end.max(start)]
    }

    /// Bytes of all tiles.
    pub fn len(&self) -> u64 {
        self.tiles.iter().map(|t| t.content.len + t.metadata.len).sum()
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
        let owners = (0..reader.number()?).map(|_| reader.id()).collect::<Result<Vec<Id>>>()?;
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
    /// `Internal` when paths are not strictly rising, or a frame is unknown: that is a defect of the caller.
    pub fn push_placed(&mut self, entry: &Entry, frames: &Frames) -> Result<()> {
        if (self.entries > 0 || !self.top.is_empty()) && *entry.path <= *self.last_path {
            return Err(Error::new(
                Kind::Internal,
                format!("the manifest's entry {} is out of order", entry.display()),
            ));
        }
        let runs = runs(entry, frames)?;
        self.room(entry, runs.first().map_or(0, |run| run.len()), true)?;
        put_content(&mut self.content, &self.last_path, entry, runs.first().copied(), frames, &mut self.table)?;
        self.metadata(entry);
        for more in runs.iter().skip(1) {
            self.room(entry, more.len(), false)?;
            prefixed(&mut self.content, &self.last_path, &entry.path);
            number(&mut self.content, MORE);
            put_run(&mut self.content, more, frames, &mut self.table)?;
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

/// Reads one tile from its two blobs and adds its entries and frames to those of the tiles before it.
///
/// # Errors
/// `Corrupt` when a checksum, a border or a path is not what it must be.
pub fn decode_tile(
    tile: &Tile,
    content: &[u8],
    metadata: &[u8],
    frames: &mut Frames,
    entries: &mut Vec<Entry>,
) -> Result<()> {
    let what = format!("the manifest's tile at {:?}", display(&tile.first));
    let content = open_blob(&tile.content, content, &what)?;
    let metadata = open_blob(&tile.metadata, metadata, &what)?;
    let mut content = Reader { bytes: &content, what: &what };
    let mut metadata = Reader { bytes: &metadata, what: &what };
    let numbers = Table::decode(&mut content, frames)?;
    let mut path: Box<[u8]> = Box::default();
    let mut mtime = 0i64;
    for at in 0..tile.entries {
        let taken = take_content(&mut content, &path, &numbers, frames)?;
        let (Taken::Entry(Entry { path: here, .. }) | Taken::More(here, _)) = &taken;
        if at == 0 && *here != tile.first {
            return Err(damaged(&what));
        }
        path = here.clone();
        let mut entry = match taken {
            Taken::Entry(entry) => entry,
            Taken::More(path, run) => {
                more(entries, &path, &run, frames).ok_or_else(|| damaged(&what))?;
                metadata.number()?;
                mtime = mtime.wrapping_add(unzigzag(metadata.number()?));
                continue;
            }
        };
        check_path(&entry.path)?;
        if entries.last().is_some_and(|last| *entry.path <= *last.path) {
            return Err(damaged(&what));
        }
        entry.mode = u32::try_from(metadata.number()?).map_err(|_| damaged(&what))?;
        mtime = mtime.wrapping_add(unzigzag(metadata.number()?));
        entry.mtime = mtime;
        entries.push(entry);
    }
    content.end()?;
    metadata.end()
}

/// Adds frames to the file that the entries end with.
fn more(entries: &mut [Entry], path: &[u8], run: &[u32], frames: &mut Frames) -> Option<()> {
    let last = entries.last_mut().filter(|last| *last.path == *path)?;
    let Content::File { location, .. } = &mut last.content else { return None };
    // Only the run that was read last can grow in place.
    let grows = location.method == RUN && u64::from(location.part) + location.stored == frames.runs.len() as u64;
    grows.then(|| {
        frames.run(run);
        location.stored += run.len() as u64;
    })
}

fn extra_len(entry: &Entry) -> usize {
    match &entry.content {
        Content::Directory => 0,
        Content::File { link, .. } => 40 + link.as_ref().map_or(0, |l| l.len() + 4),
        Content::Symlink { target } => target.len() + 4,
    }
}

fn put_content(
    out: &mut Vec<u8>,
    previous: &[u8],
    entry: &Entry,
    run: Option<&[u32]>,
    frames: &Frames,
    table: &mut Table,
) -> Result<()> {
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
            number(out, u64::from(location.method));
            match location.method {
                IN_FRAME => {
                    let frame = table.number(location.part, frames).ok_or_else(|| unknown_frame(entry))?;
                    number(out, u64::from(frame));
                    number(out, location.offset);
                }
                RUN => put_run(out, run.unwrap_or_default(), frames, table)?,
                _ => [u64::from(location.part), location.offset, location.stored]
                    .into_iter()
                    .for_each(|n| number(out, n)),
            }
            if let Some(link) = link {
                bytes(out, link);
            }
        }
    }
    Ok(())
}

fn put_run(out: &mut Vec<u8>, run: &[u32], frames: &Frames, table: &mut Table) -> Result<()> {
    number(out, run.len() as u64);
    for frame in run {
        let unknown = || Error::new(Kind::Internal, "the manifest names an unknown frame");
        number(out, u64::from(table.number(*frame, frames).ok_or_else(unknown)?));
    }
    Ok(())
}

/// What stands next in a tile.
enum Taken {
    Entry(Entry),
    More(Box<[u8]>, Vec<u32>),
}

fn take_content(reader: &mut Reader<'_>, previous: &[u8], numbers: &[u32], frames: &mut Frames) -> Result<Taken> {
    let path = reader.prefixed(previous)?;
    let kind = reader.number()?;
    let mut size = 0;
    let content = match kind & 15 {
        MORE => return Ok(Taken::More(path, take_run(reader, numbers)?)),
        DIRECTORY => Content::Directory,
        SYMLINK => Content::Symlink { target: reader.bytes()?.into() },
        FILE => {
            size = reader.number()?;
            let hash = reader.array()?;
            let method = u8::try_from(reader.number()?).map_err(|_| damaged(reader.what))?;
            let location = match method {
                IN_FRAME => {
                    let part = *numbers.get(reader.small()? as usize).ok_or_else(|| damaged(reader.what))?;
                    Location { part, offset: reader.number()?, stored: size, method }
                }
                RUN => {
                    let run = take_run(reader, numbers)?;
                    Location { part: frames.run(&run), offset: 0, stored: run.len() as u64, method }
                }
                _ => Location { part: reader.small()?, offset: reader.number()?, stored: reader.number()?, method },
            };
            let link = if kind & LINKED != 0 { Some(reader.bytes()?.into()) } else { None };
            Content::File { hash, sparse: kind & SPARSE != 0, link, location }
        }
        _ => return Err(damaged(reader.what)),
    };
    Ok(Taken::Entry(Entry { path, size, mode: 0, mtime: 0, content }))
}

fn take_run(reader: &mut Reader<'_>, numbers: &[u32]) -> Result<Vec<u32>> {
    let count = reader.number()?;
    let mut run = Vec::new();
    for _ in 0..count {
        run.push(*numbers.get(reader.small()? as usize).ok_or_else(|| damaged(reader.what))?);
    }
    Ok(run)
}

fn append(object: &mut Vec<u8>, frame: Vec<u8>) -> Blob {
    let blob = Blob { owner: 0, offset: object.len() as u64, len: frame.len() as u64, checksum: checksum(&frame) };
    object.extend_from_slice(&frame);
    blob
}

fn owner_number(owners: &mut Vec<Id>, owner: &Id) -> u32 {
    let at = owners.iter().position(|o| o == owner).unwrap_or_else(|| {
        owners.push(owner.clone());
        owners.len() - 1
    });
    at as u32 + 1
}

/// The frames of a file that has a run of them, in pieces that fit an entry.
fn runs<'a>(entry: &Entry, frames: &'a Frames) -> Result<Vec<&'a [u32]>> {
    match &entry.content {
        Content::File { location, .. } if location.method == RUN => {
            let run = frames.of_run(location.part, location.stored).ok_or_else(|| unknown_frame(entry))?;
            Ok(run.chunks(RUN_MAX).collect())
        }
        _ => Ok(Vec::new()),
    }
}

fn unknown_frame(entry: &Entry) -> Error {
    Error::new(Kind::Internal, format!("the manifest's entry {} names an unknown frame", entry.display()))
}

/// The frames that a tile uses, numbered within the tile.
#[derive(Debug, Default)]
struct Table {
    owners: Vec<Id>,
    packs: Vec<(u32, u32)>,
    frames: Vec<Frame>,
    numbers: HashMap<(u32, u32), u32>,
    pack_numbers: HashMap<u32, u32>,
}

impl Table {
    /// Bytes that `count` more frames take, at most.
    fn worst(count: usize) -> usize {
        count * 36 + 24
    }

    fn len(&self) -> usize {
        self.owners.len() * id::LEN + self.packs.len() * 10 + self.frames.len() * 36 + 16
    }

    fn number(&mut self, frame: u32, frames: &Frames) -> Option<u32> {
        let (found, name) = frames.find(frame)?;
        let key = (found.pack, found.offset);
        if let Some(number) = self.numbers.get(&key) {
            return Some(*number);
        }
        let pack = match self.pack_numbers.get(&found.pack) {
            Some(pack) => *pack,
            None => {
                let owner = owner_number(&mut self.owners, &name.owner) - 1;
                let pack = self.packs.len() as u32;
                self.packs.push((owner, name.number));
                self.pack_numbers.insert(found.pack, pack);
                pack
            }
        };
        let number = self.frames.len() as u32;
        self.frames.push(Frame { pack, ..*found });
        self.numbers.insert(key, number);
        Some(number)
    }

    fn encode(self) -> Vec<u8> {
        let mut out = Vec::new();
        number(&mut out, self.owners.len() as u64);
        self.owners.iter().for_each(|owner| out.extend_from_slice(owner.as_str().as_bytes()));
        number(&mut out, self.packs.len() as u64);
        for (owner, pack) in self.packs {
            number(&mut out, u64::from(owner));
            number(&mut out, u64::from(pack));
        }
        number(&mut out, self.frames.len() as u64);
        for frame in self.frames {
            for n in [frame.pack, frame.offset, frame.stored, frame.raw] {
                number(&mut out, u64::from(n));
            }
            let checked = frame.check != [0; 16];
            out.push(u8::from(checked));
            if checked {
                out.extend_from_slice(&frame.check);
            }
        }
        out
    }

    /// Reads a table and returns the numbers that its frames have in `frames`.
    fn decode(reader: &mut Reader<'_>, frames: &mut Frames) -> Result<Vec<u32>> {
        let owners = (0..reader.number()?).map(|_| reader.id()).collect::<Result<Vec<Id>>>()?;
        let mut packs = Vec::new();
        for _ in 0..reader.number()? {
            let owner = owners.get(reader.small()? as usize).ok_or_else(|| damaged(reader.what))?.clone();
            packs.push(frames.pack(&PackName { owner, number: reader.small()? }));
        }
        let mut numbers = Vec::new();
        for _ in 0..reader.number()? {
            let pack = *packs.get(reader.small()? as usize).ok_or_else(|| damaged(reader.what))?;
            let (offset, stored, raw) = (reader.small()?, reader.small()?, reader.small()?);
            let check = if reader.take(1)? == [0] { [0; 16] } else { reader.array()? };
            numbers.push(frames.frame(Frame { pack, offset, stored, raw, check }));
        }
        Ok(numbers)
    }
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

    fn small(&mut self) -> Result<u32> {
        u32::try_from(self.number()?).map_err(|_| damaged(self.what))
    }

    fn id(&mut self) -> Result<Id> {
        let text = String::from_utf8_lossy(self.take(id::LEN as u64)?).into_owned();
        Id::try_from(text).map_err(|_| damaged(self.what))
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
        let owner = self.small()?;
        let (offset, len) = (self.number()?, self.number()?);
        offset.checked_add(len).ok_or_else(|| damaged(self.what))?;
        Ok(Blob { owner, offset, len, checksum: self.array()? })
    }

    fn end(&self) -> Result<()> {
        if self.bytes.is_empty() { Ok(()) } else { Err(damaged(self.what)) }
    }
}

#[cfg(test)]
#[path = "manifest_tests.rs"]
mod tests;
