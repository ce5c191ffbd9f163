//! Reading: neighbouring frames in one range, every frame unpacked once, many threads.

use super::{frame::Decoder, known::short};
use crate::{
    archive::{
        Deliver,
        spans::{CONTENT, Span, spans},
        workers,
    },
    error::{Error, Kind, Result},
    pipeline::{
        entry::{Content, Entry, Location},
        frames::{Frame, Frames, IN_FRAME, PackName, RUN},
    },
};
use bytes::{Buf, Bytes};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, BufRead, Read},
    ops::Range,
};

/// Gives ranges of packs. Called from many plain threads.
pub trait PackSource: Sync {
    /// The bytes of a range.
    ///
    /// # Errors
    /// `Corrupt` when the pack is missing or ends early; those of the store.
    fn read_at(&self, pack: &PackName, range: Range<u64>) -> Result<Bytes>;
}

/// Reads files. See [`crate::archive::read`].
pub fn read(
    packs: &dyn PackSource,
    frames: &Frames,
    entries: &[&Entry],
    threads: usize,
    deliver: &Deliver<'_>,
) -> Result<()> {
    let jobs = jobs(frames, entries);
    let start = || Ok(Reader { packs, frames, entries, deliver, decoder: Decoder::new()? });
    workers::each(&jobs, threads, start, |reader, job| reader.job(job))
}

/// The packs that cannot give what a damaged file needs of them: those to tell of.
///
/// # Errors
/// Those of the source other than damage.
pub fn damaged_packs(packs: &dyn PackSource, frames: &Frames, entry: &Entry) -> Result<BTreeSet<PackName>> {
    let mut found = BTreeSet::new();
    let Some(location) = place(entry) else { return Ok(found) };
    let mut decoder = Decoder::new()?;
    let numbers = match location.method {
        IN_FRAME => vec![location.part],
        RUN => frames.of_run(location.part, location.stored).unwrap_or_default().to_vec(),
        _ => Vec::new(),
    };
    for number in numbers {
        let Some((frame, name)) = frames.find(number) else { continue };
        let loaded = load(packs, frames, &[number]).and_then(|bytes| decoder.content(&bytes[0], frame.raw as usize));
        match loaded {
            // A frame of several files has no checksum of its own; that the file is damaged is known.
            Ok(content) if location.method == RUN && short(blake3::hash(&content).as_bytes()) == frame.check => {}
            Ok(_) => drop(found.insert(name.clone())),
            Err(e) if e.kind() == Kind::Corrupt => drop(found.insert(name.clone())),
            Err(e) => return Err(e),
        }
    }
    Ok(found)
}

/// What a thread does at once.
enum Job {
    /// Files that hold nothing, or whose frames nobody knows.
    Plain(Vec<usize>),
    /// One file of several frames.
    Run(usize),
    /// Neighbouring frames of small files, in a pack.
    Span(Span<u32, Group>),
}

/// A frame of small files, and those that are wanted.
struct Group {
    frame: u32,
    files: Vec<usize>,
}

fn place(entry: &Entry) -> Option<Location> {
    match &entry.content {
        Content::File { location, .. } => Some(*location),
        _ => None,
    }
}

fn jobs(frames: &Frames, entries: &[&Entry]) -> Vec<Job> {
    let (mut plain, mut runs) = (Vec::new(), Vec::new());
    let mut by_frame: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (index, entry) in entries.iter().enumerate() {
        let Some(location) = place(entry) else { continue };
        match location.method {
            IN_FRAME if frames.frames.len() > location.part as usize => {
                by_frame.entry(location.part).or_default().push(index)
            }
            RUN => runs.push(index),
            _ => plain.push(index),
        }
    }
    // The longest first, so that no thread is left alone with one at the end.
    runs.sort_by_key(|index| std::cmp::Reverse(entries[*index].size));
    let mut jobs: Vec<Job> = runs.into_iter().map(Job::Run).collect();
    let groups = by_frame.into_iter().map(|(number, files)| {
        let frame = frames.frames[number as usize];
        (frame.pack, bytes_of(&frame), Group { frame: number, files })
    });
    jobs.extend(spans(groups, CONTENT).into_iter().map(Job::Span));
    jobs.extend((!plain.is_empty()).then_some(Job::Plain(plain)));
    jobs
}

/// Where in its pack a frame lies.
fn bytes_of(frame: &Frame) -> Range<u64> {
    let start = u64::from(frame.offset);
    start..start + u64::from(frame.stored)
}

struct Reader<'a> {
    packs: &'a dyn PackSource,
    frames: &'a Frames,
    entries: &'a [&'a Entry],
    deliver: &'a Deliver<'a>,
    decoder: Decoder,
}

impl Reader<'_> {
    fn job(&mut self, job: &Job) -> Result<()> {
        match job {
            Job::Plain(files) => files.iter().try_for_each(|index| {
                let entry = self.entries[*index];
                let empty: Result<&mut dyn BufRead> =
                    if entry.size == 0 { Ok(&mut io::empty()) } else { Err(damaged(entry)) };
                (self.deliver)(entry, empty)
            }),
            Job::Run(index) => self.run(*index),
            Job::Span(span) => self.span(&span.items),
        }
    }

    fn span(&mut self, groups: &[Group]) -> Result<()> {
        let numbers: Vec<u32> = groups.iter().map(|group| group.frame).collect();
        let loaded = load(self.packs, self.frames, &numbers);
        for (at, Group { frame, files }) in groups.iter().enumerate() {
            let content = match &loaded {
                Ok(loaded) => self.decoder.content(&loaded[at], self.frames.frames[*frame as usize].raw as usize),
                Err(error) => Err(copy(error)),
            };
            for index in files {
                let entry = self.entries[*index];
                let slice = content.as_ref().map_err(copy).and_then(|content| slice(entry, content));
                match slice {
                    Ok(mut bytes) => (self.deliver)(entry, Ok(&mut bytes))?,
                    Err(error) => (self.deliver)(entry, Err(error.context(format!("reading {}", entry.display()))))?,
                }
            }
        }
        Ok(())
    }

    fn run(&mut self, index: usize) -> Result<()> {
        let entry = self.entries[index];
        let run = place(entry).and_then(|location| self.frames.of_run(location.part, location.stored));
        let Some(run) = run else { return (self.deliver)(entry, Err(damaged(entry))) };
        let (packs, frames, deliver) = (self.packs, self.frames, self.deliver);
        let mut stream =
            Run { packs, frames, run, decoder: &mut self.decoder, loaded: Vec::new(), chunk: Bytes::new() };
        deliver(entry, Ok(&mut stream))
    }
}

/// A long file as a stream of frames.
struct Run<'a> {
    packs: &'a dyn PackSource,
    frames: &'a Frames,
    run: &'a [u32],
    decoder: &'a mut Decoder,
    /// Frames that were fetched and not unpacked yet, the next last.
    loaded: Vec<(Frame, Bytes)>,
    chunk: Bytes,
}

impl Run<'_> {
    fn advance(&mut self) -> Result<()> {
        if self.loaded.is_empty() {
            let numbers = ahead(self.frames, self.run)?;
            let bytes = load(self.packs, self.frames, numbers)?;
            let frames = numbers.iter().map(|n| self.frames.frames[*n as usize]);
            self.loaded = frames.zip(bytes).rev().collect();
            self.run = &self.run[numbers.len()..];
        }
        if let Some((frame, bytes)) = self.loaded.pop() {
            let content = self.decoder.content(&bytes, frame.raw as usize)?;
            if short(blake3::hash(&content).as_bytes()) != frame.check {
                return Err(Error::new(Kind::Corrupt, "a chunk of the capture is damaged"));
            }
            self.chunk = content.into();
        }
        Ok(())
    }
}

impl Read for Run<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(out)?;
        self.consume(n);
        Ok(n)
    }
}

impl BufRead for Run<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.chunk.is_empty() && !(self.run.is_empty() && self.loaded.is_empty()) {
            self.advance().map_err(io::Error::other)?;
        }
        Ok(&self.chunk)
    }

    fn consume(&mut self, n: usize) {
        self.chunk.advance(n);
    }
}

/// The frames at the beginning of a run that one request can fetch.
fn ahead<'a>(frames: &Frames, run: &'a [u32]) -> Result<&'a [u32]> {
    let mut range: Option<(u32, Range<u64>)> = None;
    for (count, number) in run.iter().enumerate() {
        let unknown = || Error::new(Kind::Corrupt, "the manifest names an unknown frame");
        let frame = frames.frames.get(*number as usize).ok_or_else(unknown)?;
        let Range { start, end } = bytes_of(frame);
        match &mut range {
            None => range = Some((frame.pack, start..end)),
            Some((pack, have))
                if *pack == frame.pack
                    && start >= have.end
                    && start <= have.end + CONTENT.gap
                    && end - have.start <= CONTENT.span =>
            {
                have.end = end;
            }
            Some(_) => return Ok(&run[..count]),
        }
    }
    Ok(run)
}

/// Fetches frames of one pack, given in order of their offsets, with one request.
fn load(packs: &dyn PackSource, frames: &Frames, numbers: &[u32]) -> Result<Vec<Bytes>> {
    let unknown = || Error::new(Kind::Corrupt, "the manifest names an unknown frame");
    let found = numbers.iter().map(|n| frames.find(*n).ok_or_else(unknown)).collect::<Result<Vec<_>>>()?;
    let Some((first, name)) = found.first() else { return Ok(Vec::new()) };
    let start = u64::from(first.offset);
    let end = found.iter().map(|(frame, _)| bytes_of(frame).end).max().unwrap_or(start);
    let bytes = packs.read_at(name, start..end)?;
    let cut = |frame: &Frame| {
        let from = (u64::from(frame.offset) - start) as usize;
        bytes.slice(from..from + frame.stored as usize)
    };
    Ok(found.iter().map(|(frame, _)| cut(frame)).collect())
}

fn slice<'a>(entry: &Entry, content: &'a [u8]) -> Result<&'a [u8]> {
    let bounds = place(entry).and_then(|location| {
        let start = usize::try_from(location.offset).ok()?;
        Some(start..start.checked_add(usize::try_from(location.stored).ok()?)?)
    });
    bounds.and_then(|bounds| content.get(bounds)).ok_or_else(|| damaged(entry))
}

fn damaged(entry: &Entry) -> Error {
    Error::new(Kind::Corrupt, format!("the content of {} is not where the manifest says", entry.display()))
}

/// Errors are not cloned: each file gets the message of its own.
fn copy(error: &Error) -> Error {
    let copy = Error::new(error.kind(), error.message());
    error.hints().iter().fold(copy, |copy, hint| copy.hint(hint))
}
