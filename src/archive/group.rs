//! Entries in groups that one thread packs at once, and what became of them.

use crate::pipeline::entry::{Content, Entry, Location};
use std::ops::Range;

/// Enough entries to be worth a hand-over even when they hold nothing.
const MOST: usize = 512;

/// An entry that is in the archive.
pub(super) struct Saved {
    /// Its place in the list that was to be written.
    pub index: usize,
    /// Bytes read.
    pub size: u64,
    /// Their BLAKE3.
    pub hash: [u8; 32],
    /// Where they are.
    pub location: Location,
}

/// Cuts entries, in order, into groups of about `limit` bytes; a larger file is a group of its own.
pub(super) fn group(entries: &[Entry], limit: u64) -> Vec<Range<usize>> {
    let mut groups = Vec::new();
    let (mut start, mut held) = (0, 0u64);
    for (i, entry) in entries.iter().enumerate() {
        if i > start && (held.saturating_add(entry.size) > limit || i - start >= MOST) {
            groups.push(start..i);
            (start, held) = (i, 0);
        }
        held = held.saturating_add(entry.size);
    }
    if start < entries.len() {
        groups.push(start..entries.len());
    }
    groups
}

/// The bytes that a group holds.
pub(super) fn bytes(entries: &[Entry]) -> u64 {
    entries.iter().map(|e| e.size).fold(0, u64::saturating_add)
}

/// The entries that were saved (`saved` in order), with what is now known of them.
pub(super) fn keep(mut entries: Vec<Entry>, saved: Vec<Saved>) -> Vec<Entry> {
    let mut saved = saved.into_iter().peekable();
    let mut index = 0;
    entries.retain_mut(|entry| {
        let here = saved.next_if(|s| s.index == index);
        index += 1;
        let Some(here) = here else { return false };
        if let Content::File { hash, location, .. } = &mut entry.content {
            (entry.size, *hash, *location) = (here.size, here.hash, here.location);
        }
        true
    });
    entries
}
