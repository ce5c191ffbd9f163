//! Reading by location: neighbouring files in one range, large ones in several.

use super::{DEFLATED, headers};
use crate::{
    archive::{
        Blob, Deliver,
        spans::{CONTENT, Span, spans},
        workers,
    },
    error::{Error, Kind, Result},
    pipeline::entry::{Content, Entry, Location},
};
use bytes::{Buf, Bytes};
use flate2::bufread::DeflateDecoder;
use std::{
    io::{self, BufRead, BufReader, Read},
    ops::Range,
};

/// Bytes unpacked at once.
const BLOCK: usize = 64 << 10;

/// Reads files. See [`crate::archive::read`].
pub fn read(blob: &dyn Blob, entries: &[&Entry], threads: usize, deliver: &Deliver<'_>) -> Result<()> {
    let files = entries.iter().filter_map(|entry| {
        let location = place(entry)?;
        Some(((), location.offset..location.offset.saturating_add(location.stored), *entry))
    });
    workers::each(&spans(files, CONTENT), threads, || Ok(()), |(), span| read_span(blob, span, deliver))
}

fn place(entry: &Entry) -> Option<Location> {
    match &entry.content {
        Content::File { location, .. } => Some(*location),
        _ => None,
    }
}

fn read_span(blob: &dyn Blob, span: &Span<(), &Entry>, deliver: &Deliver<'_>) -> Result<()> {
    let whole = span.range.end - span.range.start <= CONTENT.span;
    let inside = span.range.end <= blob.len();
    let loaded = if whole && inside { Some(blob.read_at(span.range.clone())) } else { None };
    for &entry in &span.items {
        let Some(location) = place(entry) else { continue };
        let range = location.offset..location.offset.saturating_add(location.stored);
        if range.end > blob.len() || !headers::known(location.method) {
            let error = Error::new(Kind::Corrupt, format!("the archive ends before the file {}", entry.display()));
            deliver(entry, Err(error))?;
            continue;
        }
        let mut raw: Box<dyn BufRead> = match &loaded {
            Some(Ok(bytes)) => {
                let start = (range.start - span.range.start) as usize;
                Box::new(io::Cursor::new(bytes.slice(start..start + location.stored as usize)))
            }
            Some(Err(error)) => {
                let copy = Error::new(error.kind(), error.message()).hint(error.hints().join("; "));
                deliver(entry, Err(copy.context(format!("reading the file {}", entry.display()))))?;
                continue;
            }
            None => Box::new(Ranges { blob, range, block: Bytes::new() }),
        };
        if location.method == DEFLATED {
            deliver(entry, Ok(&mut BufReader::with_capacity(BLOCK, DeflateDecoder::new(raw))))?;
        } else {
            deliver(entry, Ok(&mut *raw))?;
        }
    }
    Ok(())
}

/// A long file as a stream of ranges.
struct Ranges<'a> {
    blob: &'a dyn Blob,
    range: Range<u64>,
    block: Bytes,
}

impl Read for Ranges<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(out)?;
        self.consume(n);
        Ok(n)
    }
}

impl BufRead for Ranges<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.block.is_empty() && !self.range.is_empty() {
            let end = self.range.end.min(self.range.start + CONTENT.span);
            self.block = self.blob.read_at(self.range.start..end).map_err(io::Error::other)?;
            self.range.start = end;
        }
        Ok(&self.block)
    }

    fn consume(&mut self, n: usize) {
        self.block.advance(n);
    }
}
