//! Finding secrets in any bytes and replacing them by as many `*`, so that sizes and offsets stay.

use super::{
    SecretValue, common,
    finder::Finder,
    shapes,
    variants::{Variant, variants},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, ops::Range};

/// How much is searched at a time: it stays in the processor's cache while every pass goes over it.
const BLOCK: usize = 64 * 1024;

/// How a [`Scrubber`] decides which values are worth searching for.
pub struct Options<'a> {
    /// Whether a text is the path of something on this machine: such a value is not searched for.
    pub path_exists: &'a dyn Fn(&str) -> bool,
}

impl Default for Options<'_> {
    /// Takes no text for a path that exists.
    fn default() -> Self {
        Options { path_exists: &|_| false }
    }
}

/// A value that is not searched for, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotSearched {
    /// The variable or setting that holds it.
    pub name: String,
    /// Why, as a fragment: `shorter than 8 bytes`.
    pub reason: String,
}

/// What was masked: how often, by what it was (`the value of NPM_TOKEN`, `a private key`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hits {
    /// The number of places by kind.
    pub counts: BTreeMap<String, u64>,
}

impl Hits {
    /// The number of places in all.
    pub fn total(&self) -> u64 {
        self.counts.values().sum()
    }

    /// Adds what was found elsewhere.
    pub fn add(&mut self, other: &Hits) {
        for (kind, count) in &other.counts {
            *self.counts.entry(kind.clone()).or_default() += count;
        }
    }

    pub(super) fn count(&mut self, kind: &str) {
        match self.counts.get_mut(kind) {
            Some(count) => *count += 1,
            None => drop(self.counts.insert(kind.to_owned(), 1)),
        }
    }
}

/// A stretch of bytes that is secret.
pub(super) struct Found<'a> {
    pub range: Range<usize>,
    pub kind: &'a str,
}

/// Searches bytes for known values in every usual encoding and for credentials that can be told by their looks.
pub struct Scrubber {
    anchors: Finder,
    values: Finder,
    /// Each variant with the number of its label.
    variants: Vec<(Variant, usize)>,
    labels: Vec<String>,
    not_searched: Vec<NotSearched>,
}

impl Scrubber {
    /// Makes a scrubber of the given values. Those that are too short or too common are left out and listed.
    pub fn new(values: &[SecretValue], options: &Options<'_>) -> Self {
        let mut labels = Vec::new();
        let mut found = BTreeMap::new();
        let mut not_searched = Vec::new();
        for SecretValue { name, value } in values {
            let reason = common::not_searched(value, options.path_exists)
                .or((value.trim().len() >= shapes::MAX_LEN)
                    .then_some("longer than 16 KiB: only its lines are searched"));
            not_searched.extend(reason.map(|reason| NotSearched { name: name.clone(), reason: reason.to_owned() }));
            if reason.is_some() && value.len() < shapes::MAX_LEN {
                continue;
            }
            for variant in variants(value) {
                found.entry(variant).or_insert(labels.len());
            }
            labels.push(format!("the value of {name}"));
        }
        let variants: Vec<(Variant, usize)> = found.into_iter().collect();
        let literals: Vec<&[u8]> = variants.iter().map(|(variant, _)| &*variant.bytes).collect();
        Scrubber {
            anchors: Finder::new(&shapes::anchors()),
            values: Finder::new(&literals),
            variants,
            labels,
            not_searched,
        }
    }

    /// The values that are not searched for.
    pub fn not_searched(&self) -> &[NotSearched] {
        &self.not_searched
    }

    /// Masks every secret in `bytes`; their length stays.
    pub fn scrub_whole(&self, bytes: &mut [u8]) -> Hits {
        let mut hits = Hits::default();
        let mut ranges = Vec::new();
        for start in (0..bytes.len()).step_by(BLOCK) {
            let window = start..bytes.len().min(start + BLOCK);
            self.each(bytes, window, |found| {
                hits.count(found.kind);
                ranges.push(found.range);
            });
        }
        for range in ranges {
            mask(&mut bytes[range]);
        }
        hits
    }

    /// Calls `with` for every secret whose beginning or anchor lies within `window`.
    pub(super) fn each<'a>(&'a self, text: &[u8], window: Range<usize>, mut with: impl FnMut(Found<'a>)) {
        self.anchors.each(text, window.clone(), |at, _, anchor| {
            if let Some((range, kind)) = shapes::check(text, at, anchor) {
                with(Found { range, kind });
            }
        });
        self.values.each(text, window, |at, len, number| {
            let (variant, label) = &self.variants[number];
            let of_base64 = |i: usize| text.get(i).is_some_and(|b| b.is_ascii_alphanumeric() || b"+/-_".contains(b));
            let start = at - usize::from(variant.before && at > 0 && of_base64(at - 1));
            let end = at + len + usize::from(variant.after && of_base64(at + len));
            with(Found { range: start..end, kind: &self.labels[*label] });
        });
    }
}

/// Replaces everything but line ends, so that a masked key keeps its lines.
pub(super) fn mask(bytes: &mut [u8]) {
    for byte in bytes {
        if !matches!(byte, b'\r' | b'\n') {
            *byte = b'*';
        }
    }
}
