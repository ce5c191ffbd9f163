//! The entries of a tile.

use super::Blob;
use super::{
    TILE_MAX, Tile,
    bytes::{Budget, Reader, bytes, checksum, damaged, number, prefixed, unzigzag},
    table::Table,
};
use crate::{
    error::{Error, Kind, Result},
    pipeline::{
        entry::{Content, Entry, Location, check_path, display},
        frames::{Frames, IN_FRAME, RUN},
    },
};

const DIRECTORY: u64 = 0;
const FILE: u64 = 1;
const SYMLINK: u64 = 2;
/// More frames of the file before, which has too many for one entry.
const MORE: u64 = 3;
const SPARSE: u64 = 1 << 4;
const LINKED: u64 = 1 << 5;
/// Frames of a file in one entry, at most: about 13 KiB.
const RUN_MAX: usize = 512;

/// Mode of a file whose tile's metadata is lost.
const FILE_MODE: u32 = 0o644;
/// Mode of a directory whose tile's metadata is lost.
const DIRECTORY_MODE: u32 = 0o755;

/// Entries and their frames, put together again tile by tile.
#[derive(Debug, Clone, Default)]
pub struct Tiles {
    /// The entries in path order.
    pub entries: Vec<Entry>,
    /// The frames they name.
    pub frames: Frames,
    /// What the entries take.
    pub(super) budget: Budget,
    /// Tiles are lost, and no entry was read since: the file whose frames go on here may be lost, too.
    gap: bool,
}

impl Tiles {
    /// Adds the next tile from its two blobs. Without the metadata its files and directories have the modes 0644 and 0755,
    /// and the time 0.
    ///
    /// # Errors
    /// `Corrupt` when a checksum, a border or a path is not what it must be, or the entries take more memory than those of
    /// any capture.
    pub fn add(&mut self, tile: &Tile, content: &[u8], metadata: Option<&[u8]>) -> Result<()> {
        let what = format!("the manifest's tile at {:?}", display(&tile.first));
        let content = open_blob(&tile.content, content, &what)?;
        let metadata = metadata.map(|bytes| open_blob(&tile.metadata, bytes, &what)).transpose()?;
        let mut content = Reader { bytes: &content, what: &what };
        let mut metadata = Metadata::new(metadata.as_deref(), &what);
        let numbers = Table::decode(&mut content, &mut self.frames)?;
        let mut path: Box<[u8]> = Box::default();
        for at in 0..tile.entries {
            let taken = take_content(&mut content, &path, &numbers, &mut self.frames)?;
            let (Taken::Entry(Entry { path: here, .. }) | Taken::More(here, _)) = &taken;
            if at == 0 && *here != tile.first {
                return Err(damaged(&what));
            }
            path = here.clone();
            self.budget.take(taken.texts()).ok_or_else(|| damaged(&what))?;
            let (mode, mtime) = metadata.next()?;
            let mut entry = match taken {
                Taken::Entry(entry) => entry,
                Taken::More(path, run) => {
                    if self.more(&path, &run).is_none() && !self.gap {
                        return Err(damaged(&what));
                    }
                    continue;
                }
            };
            check_path(&entry.path)?;
            if self.entries.last().is_some_and(|last| *entry.path <= *last.path) {
                return Err(damaged(&what));
            }
            let default = if entry.content == Content::Directory { DIRECTORY_MODE } else { FILE_MODE };
            entry.mode = mode.unwrap_or(default);
            entry.mtime = mtime;
            self.entries.push(entry);
            self.gap = false;
        }
        content.end()?;
        metadata.reader.map_or(Ok(()), |reader| reader.end())
    }

    /// Passes over the next tile, whose content is lost.
    pub fn skip(&mut self) {
        self.gap = true;
    }

    /// Adds frames to the file that the entries end with.
    fn more(&mut self, path: &[u8], run: &[u32]) -> Option<()> {
        let last = self.entries.last_mut().filter(|last| *last.path == *path)?;
        let Content::File { location, .. } = &mut last.content else { return None };
        // Only the run that was read last can grow in place.
        let grows =
            location.method == RUN && u64::from(location.part) + location.stored == self.frames.runs.len() as u64;
        grows.then(|| {
            self.frames.run(run);
            location.stored += run.len() as u64;
        })
    }
}

/// Modes and times, one entry after another.
struct Metadata<'a> {
    reader: Option<Reader<'a>>,
    mtime: i64,
}

impl<'a> Metadata<'a> {
    fn new(bytes: Option<&'a [u8]>, what: &'a str) -> Metadata<'a> {
        Metadata { reader: bytes.map(|bytes| Reader { bytes, what }), mtime: 0 }
    }

    fn next(&mut self) -> Result<(Option<u32>, i64)> {
        let Some(reader) = &mut self.reader else { return Ok((None, 0)) };
        let mode = reader.small()?;
        self.mtime = self.mtime.wrapping_add(unzigzag(reader.number()?));
        Ok((Some(mode), self.mtime))
    }
}

pub(super) fn extra_len(entry: &Entry) -> usize {
    match &entry.content {
        Content::Directory => 0,
        Content::File { link, .. } => 40 + link.as_ref().map_or(0, |l| l.len() + 4),
        Content::Symlink { target } => target.len() + 4,
    }
}

pub(super) fn put_content(
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

/// Adds an entry with more frames of the file before.
pub(super) fn put_more(
    out: &mut Vec<u8>,
    previous: &[u8],
    entry: &Entry,
    run: &[u32],
    frames: &Frames,
    table: &mut Table,
) -> Result<()> {
    prefixed(out, previous, &entry.path);
    number(out, MORE);
    put_run(out, run, frames, table)
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

impl Taken {
    /// What it takes of the [`Budget`], in bytes.
    fn texts(&self) -> usize {
        match self {
            Taken::Entry(entry) => texts(entry),
            Taken::More(path, run) => path.len() + run.len() * size_of::<u32>(),
        }
    }
}

/// What an entry takes of the [`Budget`], in bytes.
pub(super) fn texts(entry: &Entry) -> usize {
    let more = match &entry.content {
        Content::Directory => 0,
        Content::Symlink { target } => target.len(),
        Content::File { link, location, .. } => {
            let run =
                if location.method == RUN { (location.stored as usize).saturating_mul(size_of::<u32>()) } else { 0 };
            link.as_ref().map_or(0, |link| link.len()) + run
        }
    };
    entry.path.len().saturating_add(more)
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

/// The frames of a file that has a run of them, in pieces that fit an entry.
pub(super) fn runs<'a>(entry: &Entry, frames: &'a Frames) -> Result<Vec<&'a [u32]>> {
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

fn open_blob(blob: &Blob, bytes: &[u8], what: &str) -> Result<Vec<u8>> {
    if checksum(bytes) != blob.checksum {
        return Err(damaged(what));
    }
    zstd::bulk::decompress(bytes, TILE_MAX * 2).map_err(|e| damaged(what).with_source(e))
}
