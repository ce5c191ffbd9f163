//! Scrubbing a stream: the same bytes as in one piece, however the stream is cut.

use super::scrubber::{Hits, Scrubber, mask};
use super::shapes::{MAX_BEHIND, MAX_LEN};
use std::{
    io::{self, Read},
    ops::Range,
};

/// How many bytes are asked of the source at a time.
const BLOCK: usize = 256 * 1024;
/// How far past its beginning a decision may look, in bytes: the longest secret and one base64 character.
const AHEAD: usize = MAX_LEN + 2;

/// Reads from a source and masks secrets on the way, holding back at most 16 KiB to see those that a buffer's end cuts.
pub struct ScrubReader<'a, R> {
    source: R,
    scrubber: &'a Scrubber,
    /// What was read and is not handed over yet, unmasked: a decision must see the original.
    held: Vec<u8>,
    /// How much of `held` was searched.
    searched: usize,
    /// What is to be masked in `held`.
    secrets: Vec<Range<usize>>,
    ready: Vec<u8>,
    taken: usize,
    at_end: bool,
    hits: Hits,
}

impl<'a, R: Read> ScrubReader<'a, R> {
    /// Makes a reader over `source`.
    pub fn new(source: R, scrubber: &'a Scrubber) -> Self {
        ScrubReader {
            source,
            scrubber,
            held: Vec::new(),
            searched: 0,
            secrets: Vec::new(),
            ready: Vec::new(),
            taken: 0,
            at_end: false,
            hits: Hits::default(),
        }
    }

    /// What was masked so far; complete once the reader has reached its end.
    pub fn hits(&self) -> &Hits {
        &self.hits
    }

    /// Reads, searches and releases until there is something to hand over or the source has ended.
    fn advance(&mut self) -> io::Result<()> {
        self.ready.clear();
        self.taken = 0;
        while self.ready.is_empty() && !self.at_end {
            let wanted = (BLOCK + AHEAD).saturating_sub(self.held.len() - self.searched).max(1);
            let got = self.source.by_ref().take(wanted as u64).read_to_end(&mut self.held)?;
            self.at_end = got < wanted;
            self.search();
            self.release();
        }
        Ok(())
    }

    fn search(&mut self) {
        let to = if self.at_end { self.held.len() } else { self.held.len().saturating_sub(AHEAD) };
        if to > self.searched {
            self.scrubber.each(&self.held, self.searched..to, |found| {
                self.hits.count(found.kind);
                self.secrets.push(found.range);
            });
            self.searched = to;
        }
    }

    /// Moves to `ready` what no later decision can mask any more.
    fn release(&mut self) {
        let to = if self.at_end { self.held.len() } else { self.searched.saturating_sub(MAX_BEHIND) };
        self.ready.extend_from_slice(&self.held[..to]);
        for secret in &self.secrets {
            if secret.start < to {
                mask(&mut self.ready[secret.start..secret.end.min(to)]);
            }
        }
        self.held.drain(..to);
        self.searched -= to;
        self.secrets.retain(|secret| secret.end > to);
        for secret in &mut self.secrets {
            *secret = secret.start.saturating_sub(to)..secret.end - to;
        }
    }
}

impl<R: Read> Read for ScrubReader<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        if self.taken == self.ready.len() {
            self.advance()?;
        }
        let count = out.len().min(self.ready.len() - self.taken);
        out[..count].copy_from_slice(&self.ready[self.taken..self.taken + count]);
        self.taken += count;
        Ok(count)
    }
}
