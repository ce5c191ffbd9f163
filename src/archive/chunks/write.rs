//! Writing: every thread reads, masks, hashes and compresses; finished frames go into packs as they come.

use super::{
    frame::Encoder,
    known::{Claimed, Fresh, Known, short},
    packs::{Packs, Sink},
};
use crate::{
    archive::{
        Source,
        group::{Saved, group, keep},
    },
    error::{Error, Kind, Result},
    pipeline::{
        entry::{Content, Entry, Location},
        frames::{Frame, Frames, IN_FRAME, PackName, RUN},
        id::Id,
        progress::Progress,
    },
};
use fastcdc::v2020::FastCDC;
use std::{
    io::{self, Read},
    ops::Range,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// Small files are packed together until there are this many bytes: enough for zstd to find what `tar | zstd` finds.
const GROUP: u64 = 4 << 20;
/// Larger files are cut by their content.
const SMALL: usize = 1 << 20;
/// Bounds and target of a chunk, in bytes (FastCDC, Xia et al. 2020, normalisation level 1).
const CHUNK: (usize, usize, usize) = (512 << 10, 1 << 20, 4 << 20);
/// What of a large file is in memory, for each thread: a file that fits is looked for as a whole before it is cut.
const HELD: usize = 2 * CHUNK.2;

/// What is written with what.
pub struct Options<'a> {
    /// The capture that the packs belong to.
    pub owner: &'a Id,
    /// Takes the packs.
    pub sink: &'a dyn Sink,
    /// What is stored already.
    pub known: &'a Known,
    /// Hears of bytes read.
    pub progress: &'a dyn Progress,
    /// How many threads read and compress.
    pub threads: usize,
}

/// What was written.
pub struct Written {
    /// The entries that are stored, with size, hash and location.
    pub entries: Vec<Entry>,
    /// What their locations mean.
    pub frames: Frames,
    /// How many packs were written.
    pub packs: u32,
}

/// Stores the content of `entries`, which are in path order. `frames` are those that `known` speaks of.
///
/// # Errors
/// Those of the sink. What the source cannot give is left out, no error.
pub fn write(entries: Vec<Entry>, source: &dyn Source, frames: Frames, options: &Options<'_>) -> Result<Written> {
    let groups = group(&entries, GROUP);
    let shared = Shared {
        entries: &entries,
        source,
        options,
        packs: Packs::new(options.sink),
        fresh: Fresh::default(),
        frames: Mutex::new(frames),
        saved: Mutex::new(Vec::with_capacity(entries.len())),
        twins: Mutex::default(),
    };
    let next = AtomicUsize::new(0);
    let failure = Mutex::new(None);
    thread::scope(|scope| {
        for _ in 0..options.threads.max(1) {
            scope.spawn(|| {
                let work = || -> Result<()> {
                    let mut worker =
                        Worker { shared: &shared, encoder: Encoder::new()?, raw: Vec::new(), held: Vec::new() };
                    while let Some(group) = groups.get(next.fetch_add(1, Ordering::Relaxed)) {
                        worker.group(group.clone())?;
                    }
                    Ok(())
                };
                if let Err(error) = work() {
                    next.store(groups.len(), Ordering::Relaxed);
                    failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                }
            });
        }
    });
    if let Some(error) = failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }
    let Shared { packs, frames, saved, twins, fresh, .. } = shared;
    let packs = packs.finish()?;
    let mut saved = saved.into_inner().unwrap_or_else(PoisonError::into_inner);
    for twin in twins.into_inner().unwrap_or_else(PoisonError::into_inner) {
        let location = fresh.file(&twin.hash).ok_or_else(|| Error::new(Kind::Internal, "placing a file's content"))?;
        saved.push(Saved { location, ..twin });
    }
    saved.sort_unstable_by_key(|s| s.index);
    let frames = frames.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(Written { entries: keep(entries, saved), frames, packs })
}

struct Shared<'a> {
    entries: &'a [Entry],
    source: &'a dyn Source,
    options: &'a Options<'a>,
    packs: Packs<'a>,
    fresh: Fresh,
    frames: Mutex<Frames>,
    saved: Mutex<Vec<Saved>>,
    /// Small files whose content another entry brings; where it is, is known when all groups are done.
    twins: Mutex<Vec<Saved>>,
}

impl Shared<'_> {
    fn frames(&self) -> MutexGuard<'_, Frames> {
        self.frames.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Worker<'a> {
    shared: &'a Shared<'a>,
    encoder: Encoder,
    /// The frame being filled: empty when no file is pending.
    raw: Vec<u8>,
    held: Vec<u8>,
}

/// A small file whose content is in the frame being filled.
struct Pending {
    index: usize,
    size: u64,
    hash: [u8; 32],
    offset: u64,
}

impl Worker<'_> {
    fn group(&mut self, range: Range<usize>) -> Result<()> {
        let mut pending: Vec<Pending> = Vec::new();
        let mut saved = Vec::with_capacity(range.len());
        let mut twins = Vec::new();
        for index in range {
            // Files may have grown since they were looked at: what fits together is known only now.
            if self.raw.len() as u64 >= GROUP {
                self.frame(&mut pending, &mut saved)?;
            }
            let entry = &self.shared.entries[index];
            self.shared.options.progress.advance(entry.size);
            if !entry.is_file() {
                saved.push(Saved { index, size: 0, hash: [0; 32], location: Location::default() });
                continue;
            }
            let start = self.raw.len();
            let Some(mut reader) = self.shared.source.open_behind(entry, &mut self.raw) else { continue };
            let room = (start + SMALL + 1).saturating_sub(self.raw.len());
            match reader.by_ref().take(room as u64).read_to_end(&mut self.raw).map(|_| self.raw.len() - start) {
                Ok(n) if n <= SMALL => {
                    let hash = *blake3::hash(&self.raw[start..]).as_bytes();
                    let size = n as u64;
                    let stored = if n == 0 { Some(Location::default()) } else { self.shared.options.known.file(&hash) };
                    if let Some(location) = stored {
                        self.raw.truncate(start);
                        saved.push(Saved { index, size, hash, location });
                    } else if self.shared.fresh.claim_file(&hash) {
                        pending.push(Pending { index, size, hash, offset: start as u64 });
                    } else {
                        self.raw.truncate(start);
                        twins.push(Saved { index, size, hash, location: Location::default() });
                    }
                }
                Ok(_) => {
                    // It is large, or has grown: what was read so far comes first.
                    let mut held = std::mem::take(&mut self.held);
                    held.clear();
                    held.extend_from_slice(&self.raw[start..]);
                    self.raw.truncate(start);
                    let stored = self.large(&mut *reader, &mut held);
                    self.held = held;
                    match stored? {
                        Ok((size, hash, location)) => saved.push(Saved { index, size, hash, location }),
                        Err(error) => self.shared.source.failed(entry, error, false),
                    }
                }
                Err(error) => {
                    self.raw.truncate(start);
                    self.shared.source.failed(entry, error, false);
                }
            }
        }
        self.frame(&mut pending, &mut saved)?;
        self.shared.saved.lock().unwrap_or_else(PoisonError::into_inner).append(&mut saved);
        self.shared.twins.lock().unwrap_or_else(PoisonError::into_inner).append(&mut twins);
        Ok(())
    }

    /// Stores the frame of the small files that are pending, and begins another.
    fn frame(&mut self, pending: &mut Vec<Pending>, saved: &mut Vec<Saved>) -> Result<()> {
        if pending.is_empty() {
            return Ok(());
        }
        let frame = self.encoder.frame(&self.raw)?;
        let number = self.place(&frame, self.raw.len(), [0; 16])?;
        self.raw.clear();
        for Pending { index, size, hash, offset } in pending.drain(..) {
            let location = Location { part: number, offset, stored: size, method: IN_FRAME };
            self.shared.fresh.settle_file(&hash, location);
            saved.push(Saved { index, size, hash, location });
        }
        Ok(())
    }

    /// Puts a frame into a pack and returns its number.
    fn place(&self, frame: &[u8], raw: usize, check: [u8; 16]) -> Result<u32> {
        let placed = self.shared.packs.add(frame)?;
        let name = PackName { owner: self.shared.options.owner.clone(), number: placed.pack };
        let mut frames = self.shared.frames();
        let pack = frames.pack(&name);
        Ok(frames.frame(Frame { pack, offset: placed.offset, stored: frame.len() as u32, raw: raw as u32, check }))
    }

    /// Stores a large file, which begins with what `held` has: not at all when all of it is stored already, else the chunks
    /// that are not. The inner error is the source's.
    fn large(&mut self, reader: &mut dyn Read, held: &mut Vec<u8>) -> Result<io::Result<(u64, [u8; 32], Location)>> {
        let mut hash = blake3::Hasher::new();
        let (mut size, mut hashed) = (0u64, 0);
        let mut run = Vec::new();
        loop {
            let room = HELD - held.len();
            if let Err(error) = reader.take(room as u64).read_to_end(held) {
                return Ok(Err(error));
            }
            let ended = held.len() < HELD;
            hash.update(&held[hashed..]);
            if ended && run.is_empty() {
                let hash = *hash.finalize().as_bytes();
                if let Some(location) = self.shared.options.known.file(&hash) {
                    return Ok(Ok((held.len() as u64, hash, location)));
                }
            }
            let cutter = FastCDC::new(held, CHUNK.0, CHUNK.1, CHUNK.2);
            let mut cut = 0;
            // Where a chunk ends is certain once the longest fits.
            while cut < held.len() && (ended || held.len() - cut >= CHUNK.2) {
                let (_, end) = cutter.cut(cut, held.len() - cut);
                run.push(self.chunk(&held[cut..end])?);
                cut = end;
            }
            size += cut as u64;
            held.drain(..cut);
            hashed = held.len();
            if ended {
                break;
            }
        }
        let part = self.shared.frames().run(&run);
        let location = Location { part, offset: 0, stored: run.len() as u64, method: RUN };
        Ok(Ok((size, *hash.finalize().as_bytes(), location)))
    }

    /// Stores a chunk that is not stored already, and returns its frame.
    fn chunk(&mut self, data: &[u8]) -> Result<u32> {
        let check = short(blake3::hash(data).as_bytes());
        if let Some(frame) = self.shared.options.known.chunk(&check) {
            return Ok(frame);
        }
        let claim = match self.shared.fresh.claim(&check) {
            Claimed::Stored(frame) => return Ok(frame),
            Claimed::Mine(claim) => claim,
        };
        let frame = self.encoder.frame(data)?;
        let number = self.place(&frame, data.len(), check)?;
        claim.settle(number);
        Ok(number)
    }
}

/// The packs, by name, that the entries need.
pub fn packs_of(entries: &[Entry], frames: &Frames) -> Vec<PackName> {
    let mut used = vec![false; frames.packs.len()];
    let mut mark = |number: u32| {
        if let Some(frame) = frames.frames.get(number as usize) {
            used[frame.pack as usize] = true;
        }
    };
    for entry in entries {
        let Content::File { location, .. } = &entry.content else { continue };
        match location.method {
            IN_FRAME => mark(location.part),
            RUN => frames.of_run(location.part, location.stored).unwrap_or_default().iter().for_each(|n| mark(*n)),
            _ => {}
        }
    }
    frames.packs.iter().zip(used).filter(|(_, used)| *used).map(|(name, _)| name.clone()).collect()
}

#[cfg(test)]
#[path = "write_tests.rs"]
mod tests;
