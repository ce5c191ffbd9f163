//! Entries in groups that one thread packs at once, and what became of them.

use crate::pipeline::entry::{Content, Entry, Location};
use std::{collections::HashMap, ops::Range};

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
    relink(&mut entries);
    entries
}

/// Gives the names of a file that was not saved under its first name a new first one, and makes a name whose content was
/// read later, and differs, a file of its own.
fn relink(entries: &mut [Entry]) {
    struct First {
        path: Box<[u8]>,
        hash: [u8; 32],
        size: u64,
    }
    let mut firsts: HashMap<Box<[u8]>, Option<First>> = HashMap::new();
    for entry in &*entries {
        if let Content::File { link: Some(first), .. } = &entry.content {
            firsts.entry(first.clone()).or_default();
        }
    }
    if firsts.is_empty() {
        return;
    }
    for entry in entries {
        let Content::File { hash, link, .. } = &mut entry.content else { continue };
        let Some(first) = firsts.get_mut(link.as_ref().unwrap_or(&entry.path)) else { continue };
        let here = First { path: entry.path.clone(), hash: *hash, size: entry.size };
        *link = match first {
            Some(first) if (first.hash, first.size) == (here.hash, here.size) => Some(first.path.clone()),
            Some(_) => None,
            None => {
                *first = Some(here);
                None
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_file_whose_first_one_is_not_saved_get_a_new_first_one() {
        let file = |path: &str, link: Option<&str>| Entry {
            path: path.as_bytes().into(),
            size: 0,
            mode: 0,
            mtime: 0,
            content: Content::File {
                hash: [0; 32],
                sparse: false,
                link: link.map(|l| l.as_bytes().into()),
                location: Location::default(),
            },
        };
        let entries = vec![file("a", None), file("b", Some("a")), file("c", Some("a")), file("d", Some("a"))];
        let saved = |index, hash| Saved { index, size: 1, hash: [hash; 32], location: Location::default() };
        let links = |saved| -> Vec<Option<String>> {
            let text = |e: Entry| match e.content {
                Content::File { link, .. } => link.map(|l| String::from_utf8_lossy(&l).into_owned()),
                _ => None,
            };
            keep(entries.clone(), saved).into_iter().map(text).collect()
        };
        let b = || Some("b".to_owned());
        assert_eq!(links(vec![saved(1, 7), saved(2, 7), saved(3, 7)]), [None, b(), b()]);
        // The file changed between two readings.
        assert_eq!(links(vec![saved(0, 7), saved(1, 8), saved(2, 7)]), [None, None, Some("a".into())]);
    }
}
