//! Writing: threads read and compress groups of entries, one thread lays them down in order.

use super::{DEFLATED, STORED, headers};
use crate::{
    archive::{
        Source, WriteOptions, flow,
        group::{Saved, bytes, group, keep},
    },
    error::{Error, Result},
    pipeline::entry::{Content, Entry, Location},
};
use flate2::{Compress, Compression, FlushCompress, Status};
use std::{
    fs::File,
    io::{self, BufWriter, Read, Seek, SeekFrom, Write},
    ops::Range,
};
use tempfile::SpooledTempFile;

/// A group of small files ends here: enough work to be worth a hand-over, little enough to keep all threads busy.
const GROUP_BYTES: u64 = 1 << 20;
/// Compressed output of a group beyond this goes to a temporary file.
const SPOOL: usize = 4 << 20;
const BLOCK: usize = 128 << 10;
/// Deflate must save this share (1/32), or the file is stored as it is.
const WORTH: u64 = 32;

/// What a worker made of one entry.
struct Done {
    index: usize,
    size: u64,
    stored: u64,
    crc: u32,
    method: u8,
    hash: [u8; 32],
}

struct Group {
    done: Vec<Done>,
    data: SpooledTempFile,
}

/// Writes the archive. See [`crate::archive::write`].
pub fn write(entries: Vec<Entry>, source: &dyn Source, out: &File, options: &WriteOptions<'_>) -> Result<Vec<Entry>> {
    let groups = group(&entries, GROUP_BYTES);
    let costs: Vec<u64> = groups.iter().map(|g| bytes(&entries[g.clone()]).min(2 * SPOOL as u64)).collect();
    let mut writer = Writer::new(out, options)?;
    let mut kept = Vec::with_capacity(entries.len());
    let worker = |_| {
        let mut packer = Packer::new();
        let (entries, groups) = (&entries, &groups);
        move |job: usize| packer.group(entries, groups[job].clone(), source, options)
    };
    let workers = (0..options.threads.max(1)).map(worker).collect();
    flow::ordered(&costs, workers, |_, group| writer.group(&entries, group, &mut kept))?;
    writer.finish()?;
    Ok(keep(entries, kept))
}

struct Packer {
    deflate: Compress,
    block: Vec<u8>,
    out: Vec<u8>,
}

impl Packer {
    fn new() -> Self {
        Packer { deflate: Compress::new(Compression::new(6), false), block: vec![0; BLOCK], out: Vec::new() }
    }

    fn group(
        &mut self,
        entries: &[Entry],
        range: Range<usize>,
        source: &dyn Source,
        options: &WriteOptions<'_>,
    ) -> Result<Group> {
        let mut data = tempfile::spooled_tempfile_in(SPOOL, options.scratch);
        let mut done = Vec::new();
        for index in range {
            let entry = &entries[index];
            let at = data.stream_position().map_err(|e| scratch_error(options, e))?;
            let packed = match &entry.content {
                Content::Directory => Packed::Whole(self.pack(&mut io::empty(), &mut data)),
                Content::Symlink { target } => Packed::Whole(self.pack(&mut &**target, &mut data)),
                Content::File { .. } => match source.open(entry) {
                    None => Packed::LeftOut,
                    Some(mut reader) => Packed::Whole(self.pack(&mut *reader, &mut data)),
                },
            };
            match packed {
                Packed::LeftOut => {}
                Packed::Whole(Ok(mut one)) => {
                    one.index = index;
                    options.progress.advance(entry.size);
                    done.push(one);
                }
                Packed::Whole(Err(PackError::Scratch(e))) => return Err(scratch_error(options, e)),
                Packed::Whole(Err(PackError::Source(e))) => {
                    source.failed(entry, e, false);
                    data.seek(SeekFrom::Start(at)).map_err(|e| scratch_error(options, e))?;
                }
            }
        }
        data.rewind().map_err(|e| scratch_error(options, e))?;
        Ok(Group { done, data })
    }

    /// Compresses one file into `out`.
    fn pack(&mut self, reader: &mut dyn Read, out: &mut SpooledTempFile) -> Result<Done, PackError> {
        let mut hash = blake3::Hasher::new();
        let mut crc = crc32fast::Hasher::new();
        let mut filled = fill(reader, &mut self.block).map_err(PackError::Source)?;
        let whole = filled < self.block.len();
        self.deflate.reset();
        self.out.clear();
        let flush = if whole { FlushCompress::Finish } else { FlushCompress::Sync };
        feed(&mut self.deflate, &self.block[..filled], flush, &mut self.out).map_err(PackError::Scratch)?;
        let method = if self.out.len() as u64 + filled as u64 / WORTH < filled as u64 { DEFLATED } else { STORED };
        let (mut size, mut stored) = (0, 0);
        loop {
            let block = &self.block[..filled];
            hash.update(block);
            crc.update(block);
            size += filled as u64;
            let bytes: &[u8] = if method == DEFLATED { &self.out } else { block };
            out.write_all(bytes).map_err(PackError::Scratch)?;
            stored += bytes.len() as u64;
            if filled < self.block.len() {
                break;
            }
            filled = fill(reader, &mut self.block).map_err(PackError::Source)?;
            if method == DEFLATED {
                self.out.clear();
                let last = filled < self.block.len();
                let flush = if last { FlushCompress::Finish } else { FlushCompress::None };
                feed(&mut self.deflate, &self.block[..filled], flush, &mut self.out).map_err(PackError::Scratch)?;
            }
        }
        Ok(Done { index: 0, size, stored, crc: crc.finalize(), method, hash: *hash.finalize().as_bytes() })
    }
}

enum Packed {
    LeftOut,
    Whole(Result<Done, PackError>),
}

enum PackError {
    Source(io::Error),
    Scratch(io::Error),
}

/// Reads until the block is full or the content ends.
fn fill(reader: &mut dyn Read, block: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < block.len() {
        match reader.read(&mut block[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}

fn feed(deflate: &mut Compress, mut input: &[u8], flush: FlushCompress, out: &mut Vec<u8>) -> io::Result<()> {
    loop {
        out.reserve(input.len() / 2 + 4096);
        let before = deflate.total_in();
        let status = deflate.compress_vec(input, out, flush).map_err(io::Error::other)?;
        input = &input[(deflate.total_in() - before) as usize..];
        let room = out.len() < out.capacity();
        if status == Status::StreamEnd || (input.is_empty() && room && !matches!(flush, FlushCompress::Finish)) {
            return Ok(());
        }
    }
}

/// Lays groups down one after another.
struct Writer<'a> {
    out: BufWriter<&'a File>,
    directory: BufWriter<File>,
    directory_len: u64,
    at: u64,
    count: u64,
    scratch: &'a WriteOptions<'a>,
}

impl<'a> Writer<'a> {
    fn new(out: &'a File, options: &'a WriteOptions<'a>) -> Result<Self> {
        let directory = tempfile::tempfile_in(options.scratch).map_err(|e| scratch_error(options, e))?;
        Ok(Writer {
            out: BufWriter::with_capacity(1 << 20, out),
            directory: BufWriter::new(directory),
            directory_len: 0,
            at: 0,
            count: 0,
            scratch: options,
        })
    }

    fn group(&mut self, entries: &[Entry], mut group: Group, kept: &mut Vec<Saved>) -> Result<()> {
        for done in group.done {
            let entry = &entries[done.index];
            let member = headers::Member {
                entry,
                crc: done.crc,
                size: done.size,
                stored: done.stored,
                method: done.method,
                header_offset: self.at,
            };
            let written = self.member(&member, &mut group.data).map_err(|e| scratch_error(self.scratch, e))?;
            self.at += written;
            self.count += 1;
            let location =
                Location { part: 0, offset: self.at - done.stored, stored: done.stored, method: done.method };
            kept.push(Saved { index: done.index, size: done.size, hash: done.hash, location });
        }
        Ok(())
    }

    fn member(&mut self, member: &headers::Member<'_>, data: &mut SpooledTempFile) -> io::Result<u64> {
        let header = member.local(&mut self.out)?;
        let copied = io::copy(&mut data.take(member.stored), &mut self.out)?;
        if copied != member.stored {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.directory_len += member.central(&mut self.directory)?;
        Ok(header + copied)
    }

    fn finish(self) -> Result<()> {
        let options = self.scratch;
        self.end().map_err(|e| scratch_error(options, e))
    }

    fn end(mut self) -> io::Result<()> {
        let mut directory = self.directory.into_inner().map_err(io::IntoInnerError::into_error)?;
        directory.rewind()?;
        io::copy(&mut directory, &mut self.out)?;
        self.out.write_all(&headers::end(self.count, self.at, self.directory_len))?;
        self.out.flush()
    }
}

fn scratch_error(options: &WriteOptions<'_>, error: io::Error) -> Error {
    Error::io("writing the archive in", options.scratch, error)
}
