//! Reading by location: neighbouring files in one range, large ones in several.

use super::{DEFLATED, headers};
use crate::{
    archive::{Blob, Deliver, workers},
    error::{Error, Kind, Result},
    pipeline::entry::{Content, Entry, Location},
};
use bytes::{Buf, Bytes};
use flate2::bufread::DeflateDecoder;
use std::{
    io::{self, BufRead, BufReader, Read},
    ops::Range,
};

/// Bytes asked for at once, and so held by a thread.
const SPAN: u64 = 8 << 20;
/// A hole between two wanted files that is cheaper to read than a second request.
const GAP: u64 = 256 << 10;
/// Bytes unpacked at once.
const BLOCK: usize = 64 << 10;

/// Reads files. See [`crate::archive::read`].
pub fn read(blob: &dyn Blob, entries: &[&Entry], threads: usize, deliver: &Deliver<'_>) -> Result<()> {
    workers::each(&spans(entries), threads, || Ok(()), |(), span| read_span(blob, entries, span, deliver))
}

/// Files that are read with one request.
struct Span {
    files: Vec<usize>,
    bytes: Range<u64>,
}

fn place(entry: &Entry) -> Option<Location> {
    match &entry.content {
        Content::File { location, .. } => Some(*location),
        _ => None,
    }
}

fn spans(entries: &[&Entry]) -> Vec<Span> {
    let mut files: Vec<(usize, Location)> =
        entries.iter().enumerate().filter_map(|(i, e)| Some((i, place(e)?))).collect();
    files.sort_by_key(|(_, location)| location.offset);
    let mut spans: Vec<Span> = Vec::new();
    for (index, location) in files {
        let end = location.offset.saturating_add(location.stored);
        match spans.last_mut() {
            Some(span)
                if location.offset <= span.bytes.end.saturating_add(GAP)
                    && end.saturating_sub(span.bytes.start) <= SPAN =>
            {
                span.files.push(index);
                span.bytes.end = span.bytes.end.max(end);
            }
            _ => spans.push(Span { files: vec![index], bytes: location.offset..end }),
        }
    }
    spans
}

fn read_span(blob: &dyn Blob, entries: &[&Entry], span: &Span, deliver: &Deliver<'_>) -> Result<()> {
    let whole = span.bytes.end - span.bytes.start <= SPAN;
    let inside = span.bytes.end <= blob.len();
    let loaded = if whole && inside { Some(blob.read_at(span.bytes.clone())) } else { None };
    for &index in &span.files {
        let entry = entries[index];
        let Some(location) = place(entry) else { continue };
        let range = location.offset..location.offset.saturating_add(location.stored);
        if range.end > blob.len() || !headers::known(location.method) {
            let error = Error::new(Kind::Corrupt, format!("the archive ends before the file {}", entry.display()));
            deliver(entry, Err(error))?;
            continue;
        }
        let mut raw: Box<dyn BufRead> = match &loaded {
            Some(Ok(bytes)) => {
                let start = (range.start - span.bytes.start) as usize;
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
            let end = self.range.end.min(self.range.start + SPAN);
            self.block = self.blob.read_at(self.range.start..end).map_err(io::Error::other)?;
            self.range.start = end;
        }
        Ok(&self.block)
    }

    fn consume(&mut self, n: usize) {
        self.block.advance(n);
    }
}
