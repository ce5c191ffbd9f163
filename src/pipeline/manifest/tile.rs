//! The entries of a tile.

use super::Blob;
use super::{
    TILE_MAX, Tile,
    bytes::{Reader, bytes, checksum, damaged, number, prefixed, unzigzag},
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
