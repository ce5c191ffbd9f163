//! The `7z` format, by `sevenz-rust2`: solid LZMA2 blocks packed in parallel, read block by block.

use crate::{
    archive::{
        Blob, Deliver, Source, WriteOptions, flow,
        group::{Saved, bytes, group, keep},
        workers,
    },
    error::{Error, Kind, Result},
    pipeline::entry::{Content, Entry, Location},
};
use bytes::Bytes;
use sevenz_rust2::{
    Archive, ArchiveEntry, ArchiveWriter, BlockDecoder, EncoderConfiguration, EncoderMethod, NtTime, Password,
    PreparedBlock, SourceReader, encoder_options::Lzma2Options, prepare_block,
};
use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufReader, BufWriter, Read, Seek, SeekFrom},
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

/// A solid block: large enough to compress well, small enough that one file out of it is cheap.
const BLOCK: u64 = 8 << 20;
/// LZMA's preset 3 with a dictionary of 4 MiB takes about 40 MiB a thread: with three of them the whole stays under 256 MiB.
const LEVEL: u32 = 3;
const DICTIONARY: u32 = 4 << 20;
const THREADS: usize = 3;
const READ_BLOCK: u64 = 1 << 20;
/// Attribute bits as p7zip and 7-Zip read them: the Unix mode in the upper half, announced by this flag.
const UNIX_MODE: u32 = 0x8000;

/// What a worker made of a group.
enum Packed {
    Block(Box<PreparedBlock>, Vec<Saved>),
    /// One file too large to be held: the writing thread streams it.
    Large(usize),
}

/// Writes the archive. See [`crate::archive::write`].
pub fn write(entries: Vec<Entry>, source: &dyn Source, out: &File, options: &WriteOptions<'_>) -> Result<Vec<Entry>> {
    let groups = group(&entries, BLOCK);
    let costs: Vec<u64> = groups.iter().map(|g| bytes(&entries[g.clone()]).min(BLOCK)).collect();
    let mut lzma = Lzma2Options::from_level(LEVEL);
    lzma.set_dictionary_size(DICTIONARY);
    let methods = vec![EncoderConfiguration::new(EncoderMethod::LZMA2).with_options(lzma.into())];
    let shared = Arc::new(methods.clone());
    let mut writer = ArchiveWriter::new(BufWriter::with_capacity(1 << 20, out)).map_err(|e| failed(options, e))?;
    writer.set_content_methods(methods);
    let mut kept = Vec::with_capacity(entries.len());
    let mut blocks = 0u32;
    let worker = |_| {
        let (entries, groups, methods) = (&entries, &groups, Arc::clone(&shared));
        move |job: usize| pack(entries, groups[job].clone(), source, Arc::clone(&methods), options)
    };
    let workers = (0..options.threads.clamp(1, THREADS)).map(worker).collect();
    flow::ordered(&costs, workers, |_, packed| {
        match packed {
            Packed::Block(block, mut saved) => {
                let filled = !block.is_empty();
                writer.push_prepared_block(*block).map_err(|e| failed(options, e))?;
                saved.iter_mut().for_each(|s| s.location.part = blocks);
                blocks += u32::from(filled);
                kept.append(&mut saved);
            }
            Packed::Large(index) => {
                let entry = &entries[index];
                let Some(reader) = source.open(entry) else { return Ok(()) };
                let mut hashed = Hashed::new(reader);
                let source_reader: SourceReader<_> = (&mut hashed).into();
                writer
                    .push_archive_entries(vec![header(entry)], vec![source_reader])
                    .map_err(|e| failed(options, e))?;
                kept.push(hashed.saved(index, blocks, 0, source, entry));
                blocks += 1;
            }
        }
        // Directories, links and empty files belong to no block; 7z keeps them in the list all the same.
        Ok(())
    })?;
    for (index, entry) in entries.iter().enumerate() {
        if entry.is_file() {
            continue;
        }
        let header = header(entry);
        let result = match &entry.content {
            Content::Symlink { target } => writer.push_archive_entry(header, Some(&**target)),
            _ => writer.push_archive_entry::<&[u8]>(header, None),
        };
        result.map_err(|e| failed(options, e))?;
        kept.push(Saved { index, size: 0, hash: [0; 32], location: Location::default() });
    }
    kept.sort_unstable_by_key(|s| s.index);
    // The library's list of files is at its largest when it is written: what we need no more goes before.
    let entries = keep(entries, kept);
    writer.finish().map_err(|e| Error::io("writing the archive in", options.scratch, e))?;
    Ok(entries)
}

fn pack(
    entries: &[Entry],
    range: Range<usize>,
    source: &dyn Source,
    methods: Arc<Vec<EncoderConfiguration>>,
    options: &WriteOptions<'_>,
) -> Result<Packed> {
    if range.len() == 1 && entries[range.start].size > BLOCK {
        options.progress.advance(entries[range.start].size);
        return Ok(Packed::Large(range.start));
    }
    let files = range.filter(|i| entries[*i].is_file());
    let opened: Vec<_> = files.filter_map(|i| Some((i, Mutex::new(Hashed::new(source.open(&entries[i])?))))).collect();
    let headers = opened.iter().map(|(i, _)| header(&entries[*i])).collect();
    let readers = opened.iter().map(|(_, hashed)| SourceReader::new(Shared(hashed))).collect();
    let block = prepare_block(methods, headers, readers).map_err(|e| failed(options, e))?;
    let mut offset = 0;
    let mut saved = Vec::with_capacity(opened.len());
    for (index, hashed) in opened {
        let one = hashed.into_inner().unwrap_or_else(PoisonError::into_inner).saved(
            index,
            0,
            offset,
            source,
            &entries[index],
        );
        offset += one.size;
        options.progress.advance(entries[index].size);
        saved.push(one);
    }
    Ok(Packed::Block(Box::new(block), saved))
}

fn header(entry: &Entry) -> ArchiveEntry {
    let (kind, windows) = match entry.content {
        Content::Directory => (0o040_000, 0x10),
        Content::File { .. } => (0o100_000, 0x20),
        Content::Symlink { .. } => (0o120_000, 0x20),
    };
    let directory = entry.content == Content::Directory;
    let name = entry.display();
    let mut header = if directory { ArchiveEntry::new_directory(&name) } else { ArchiveEntry::new_file(&name) };
    header.has_windows_attributes = true;
    header.windows_attributes = ((kind | (entry.mode & 0o7777)) << 16) | UNIX_MODE | windows;
    // Windows' clock: 100 ns steps since 1601.
    if let Ok(ticks) = u64::try_from(entry.mtime.div_euclid(100).saturating_add(116_444_736_000_000_000)) {
        header.has_last_modified_date = true;
        header.last_modified_date = NtTime::from(ticks);
    }
    header
}

/// Hashes and counts what is read; a reader that breaks off ends early, because a solid block cannot take a file back.
struct Hashed<'a> {
    reader: Box<dyn Read + Send + 'a>,
    hash: blake3::Hasher,
    size: u64,
    error: Option<io::Error>,
}

impl<'a> Hashed<'a> {
    fn new(reader: Box<dyn Read + Send + 'a>) -> Self {
        Hashed { reader, hash: blake3::Hasher::new(), size: 0, error: None }
    }

    fn saved(self, index: usize, part: u32, offset: u64, source: &dyn Source, entry: &Entry) -> Saved {
        if let Some(error) = self.error {
            source.failed(entry, error, true);
        }
        let location = Location { part, offset, stored: self.size, method: 0 };
        Saved { index, size: self.size, hash: *self.hash.finalize().as_bytes(), location }
    }
}

impl Read for Hashed<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.error.is_some() {
            return Ok(0);
        }
        match self.reader.read(out) {
            Ok(n) => {
                self.hash.update(&out[..n]);
                self.size += n as u64;
                Ok(n)
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => Err(e),
            Err(e) => {
                self.error = Some(e);
                Ok(0)
            }
        }
    }
}

/// Lets the library own a reader whose hash is wanted afterwards.
struct Shared<'a, 'b>(&'a Mutex<Hashed<'b>>);

impl Read for Shared<'_, '_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).read(out)
    }
}

/// The files wanted from one block, by their offset in it. A manifest that is not ours may want two at one place.
type Files<'a> = BTreeMap<u64, Vec<&'a Entry>>;

/// Reads files. See [`crate::archive::read`].
pub fn read(blob: &dyn Blob, entries: &[&Entry], threads: usize, deliver: &Deliver<'_>) -> Result<()> {
    let mut blocks: BTreeMap<u32, Files<'_>> = BTreeMap::new();
    for entry in entries {
        match &entry.content {
            Content::File { .. } if entry.size == 0 => deliver(entry, Ok(&mut io::empty()))?,
            Content::File { location, .. } => {
                blocks.entry(location.part).or_default().entry(location.offset).or_default().push(entry);
            }
            _ => {}
        }
    }
    if blocks.is_empty() {
        return Ok(());
    }
    let mut archive = match Archive::read(&mut Cursor::new(blob), &Password::empty()) {
        Ok(archive) => archive,
        Err(cause) => {
            let cause = cause.to_string();
            let files = blocks.into_values().flat_map(BTreeMap::into_values).flatten();
            return files.into_iter().try_for_each(|entry| deliver(entry, Err(damaged(entry, &cause))));
        }
    };
    // Files are found by their places; half a million names are memory that nobody needs.
    archive.files.iter_mut().for_each(|file| file.name = String::new());
    let archive = archive;
    let blocks: Vec<_> = blocks.into_iter().collect();
    let read = |_: &mut (), (block, files): &(u32, Files<'_>)| read_block(blob, &archive, *block, files, deliver);
    workers::each(&blocks, threads, || Ok(()), read)
}

fn read_block(blob: &dyn Blob, archive: &Archive, block: u32, files: &Files<'_>, deliver: &Deliver<'_>) -> Result<()> {
    let mut left = files.clone();
    let mut stop: Option<Error> = None;
    let mut cause = "the block is not in the archive".to_owned();
    if (block as usize) < archive.blocks.len() {
        let mut cursor = Cursor::new(blob);
        let password = Password::empty();
        let mut at = 0u64;
        let result = BlockDecoder::new(1, block as usize, archive, &password, &mut cursor).for_each_entries(
            &mut |file, content| {
                // The offset alone does not tell: an empty file lies where the next one begins.
                let entry = left.get_mut(&at).and_then(|wanted| {
                    let found = wanted.iter().position(|entry| entry.size == file.size())?;
                    Some(wanted.swap_remove(found))
                });
                if let Some(Err(error)) = entry.map(|entry| deliver(entry, Ok(&mut BufReader::new(&mut *content)))) {
                    stop = Some(error);
                    return Ok(false);
                }
                at = at.saturating_add(file.size());
                left.retain(|_, wanted| !wanted.is_empty());
                if left.is_empty() {
                    return Ok(false);
                }
                // What was not read to its end would be read as the beginning of the next file.
                io::copy(content, &mut io::sink())?;
                Ok(true)
            },
        );
        if let Err(error) = result {
            cause = error.to_string();
        }
    }
    if let Some(error) = stop {
        return Err(error);
    }
    left.into_values().flatten().try_for_each(|entry| deliver(entry, Err(damaged(entry, &cause))))
}

fn damaged(entry: &Entry, cause: &str) -> Error {
    Error::new(Kind::Corrupt, format!("the archive is damaged where the file {} lies", entry.display()))
        .with_source(cause)
}

fn failed(options: &WriteOptions<'_>, error: sevenz_rust2::Error) -> Error {
    match error {
        sevenz_rust2::Error::Io(cause, _) => Error::io("writing the archive in", options.scratch, cause),
        other => Error::new(Kind::Internal, "writing the 7z archive").with_source(other),
    }
}

/// A blob as the library wants it: a reader that seeks, with a read-ahead of 1 MiB.
struct Cursor<'a> {
    blob: &'a dyn Blob,
    at: u64,
    block_start: u64,
    block: Bytes,
}

impl<'a> Cursor<'a> {
    fn new(blob: &'a dyn Blob) -> Self {
        Cursor { blob, at: 0, block_start: 0, block: Bytes::new() }
    }
}

impl Read for Cursor<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.blob.len() {
            return Ok(0);
        }
        if self.at < self.block_start || self.at >= self.block_start + self.block.len() as u64 {
            let end = self.blob.len().min(self.at + READ_BLOCK);
            self.block = self.blob.read_at(self.at..end).map_err(io::Error::other)?;
            self.block_start = self.at;
        }
        let from = (self.at - self.block_start) as usize;
        let n = out.len().min(self.block.len() - from);
        out[..n].copy_from_slice(&self.block[from..from + n]);
        self.at += n as u64;
        Ok(n)
    }
}

impl Seek for Cursor<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(n) => Some(n),
            SeekFrom::End(n) => self.blob.len().checked_add_signed(n),
            SeekFrom::Current(n) => self.at.checked_add_signed(n),
        };
        self.at = target.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}
