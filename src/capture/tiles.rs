//! A capture's manifest in the store: reading its tiles, and telling what of them is lost.

use super::{
    history,
    objects::{MANIFEST, data_key, missing, part_key, top},
};
use crate::{
    archive::spans::{Limits, Span, spans},
    error::{Error, Kind, Result},
    pipeline::{
        entry::{Content, Entry, display},
        frames::Frames,
        manifest::{Blob, Tiles, Top},
        record::Record,
    },
    store::{Handle, Key},
};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use std::{collections::HashMap, fmt, ops::Range};

/// Requests for tiles that are on their way at once.
const AT_ONCE: usize = 8;
/// What a request for tiles may cost: they are small, and few of them are wanted at once.
const LIMITS: Limits = Limits { gap: 64 << 10, span: 4 << 20 };

/// The entries of a capture, or some of them, and what their locations mean.
#[derive(Debug, Clone, Default)]
pub struct Manifest {
    /// The entries in path order.
    pub entries: Vec<Entry>,
    /// The frames they name.
    pub frames: Frames,
    /// What cannot be read of the manifest, in path order.
    pub lost: Vec<Lost>,
}

/// What damage of a tile costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// The entries: nobody knows what they were.
    Entries,
    /// Their modes and times: files and directories have 0644 and 0755 instead, and no time.
    Metadata,
}

/// Neighbouring tiles of a manifest that are damaged or missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// What it costs.
    pub loss: Loss,
    /// The path of the first entry.
    pub first: Box<[u8]>,
    /// The first path that is not concerned; none at the end of the capture.
    pub end: Option<Box<[u8]>>,
    /// How many entries there are.
    pub entries: u64,
    /// The manifest object, of this capture or of another.
    pub key: Key,
    /// What is wrong with it.
    pub why: &'static str,
}

impl Lost {
    /// Whether the entry with this path is concerned.
    pub fn holds(&self, path: &[u8]) -> bool {
        // A file of very many frames ends its tile and begins the next.
        *path == *self.first || *path > *self.first && self.end.as_ref().is_none_or(|end| *path < **end)
    }

    /// Whether the entry with this path or anything below it may be concerned.
    pub fn touches(&self, path: &[u8]) -> bool {
        self.holds(path) || self.first.strip_prefix(path).is_some_and(|rest| rest.first() == Some(&b'/')) || {
            let below = [path, b"/"].concat();
            *self.first < *below && self.end.as_ref().is_none_or(|end| **end > *below)
        }
    }

    /// It as an error.
    pub fn error(&self) -> Error {
        Error::new(Kind::Corrupt, format!("{self} are lost: the manifest {} {}", self.key, self.why))
            .hint("`ci-tool repro verify ID` says what of the capture is still whole")
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = if self.loss == Loss::Metadata { "the modes and times of " } else { "" };
        write!(f, "{of}the {} entries from {} on", self.entries, display(&self.first))?;
        self.end.as_ref().map_or(Ok(()), |end| write!(f, ", before {}", display(end)))
    }
}

impl Manifest {
    /// What is lost of the entries themselves.
    pub fn gaps(&self) -> impl Iterator<Item = &Lost> {
        self.lost.iter().filter(|lost| lost.loss == Loss::Entries)
    }

    /// Gives entries whose times, or who themselves, are lost this one.
    pub fn stamp(&mut self, now: Timestamp) {
        let mtime = i64::try_from(now.as_nanosecond()).unwrap_or(i64::MAX);
        let lost = |path: &[u8]| self.lost.iter().any(|lost| lost.holds(path));
        self.entries.iter_mut().filter(|entry| lost(&entry.path)).for_each(|entry| entry.mtime = mtime);
    }

    /// Adds what one tile costs.
    fn lose(&mut self, lost: Lost) {
        match self.lost.iter_mut().rfind(|last| last.loss == lost.loss) {
            Some(last) if last.end.as_ref() == Some(&lost.first) && (&last.key, last.why) == (&lost.key, lost.why) => {
                last.end = lost.end;
                last.entries = last.entries.saturating_add(lost.entries);
            }
            _ => self.lost.push(lost),
        }
    }

    /// Gives hard links whose first name is lost another first name: the first of them that is left, which has the content,
    /// too.
    fn relink(&mut self) {
        let gaps: Vec<Lost> = self.gaps().cloned().collect();
        let mut heirs: HashMap<Box<[u8]>, Box<[u8]>> = HashMap::new();
        for entry in &mut self.entries {
            let Content::File { link, .. } = &mut entry.content else { continue };
            let Some(first) = link.take_if(|first| gaps.iter().any(|gap| gap.holds(first))) else { continue };
            *link = heirs.get(&first).cloned();
            heirs.entry(first).or_insert_with(|| entry.path.clone());
        }
    }
}

/// Reads all entries.
///
/// # Errors
/// As [`read_sound`]; `Corrupt` when anything of the manifest is damaged.
pub async fn read_manifest(store: &Handle, record: &Record) -> Result<Manifest> {
    let manifest = read_sound(store, record).await?;
    manifest.lost.first().map_or(Ok(()), |lost| Err(lost.error()))?;
    Ok(manifest)
}

/// Reads all entries that can be read, and says which cannot.
///
/// # Errors
/// `Unsupported` for a capture without files, with the command that restores another of the same failure; `Corrupt` when the
/// index is damaged, no entry can be read, or what is sound says something that no capture says; those of the store.
pub async fn read_sound(store: &Handle, record: &Record) -> Result<Manifest> {
    let top = top(record)?;
    read_tiles(store, record, &top, 0..top.tiles.len()).await
}

/// As [`read_sound`], of some tiles of the index `top`.
///
/// # Errors
/// As [`read_sound`].
pub async fn read_tiles(store: &Handle, record: &Record, top: &Top, tiles: Range<usize>) -> Result<Manifest> {
    if !record.has_tree() {
        return Err(history::no_tree(store, record).await);
    }
    let keys = manifest_keys(record, top)?;
    let wanted = top.tiles.get(tiles.clone()).unwrap_or_default();
    let one = |span: Span<u32, ()>| {
        let key = keys.get(span.source as usize).ok_or_else(|| damaged_index(record));
        async move { Ok::<_, Error>((fetch(store, key?, span.range.clone()).await?, span)) }
    };
    let blobs = wanted.iter().flat_map(|tile| [&tile.content, &tile.metadata]);
    let near = spans(blobs.map(|blob| (blob.owner, blob.range(), ())), LIMITS);
    let read: Vec<(Fetched, Span<u32, ()>)> = stream::iter(near).map(one).buffered(AT_ONCE).try_collect().await?;
    let sound = |blob: &Blob| -> Fetched {
        let after = read.partition_point(|(_, span)| (span.source, span.range.start) <= (blob.owner, blob.offset));
        let (bytes, span) = after.checked_sub(1).and_then(|at| read.get(at)).ok_or(CUT)?;
        let bytes = bytes.as_ref().map_err(|why| *why)?;
        let start = blob.offset - span.range.start;
        let end = start.checked_add(blob.len).filter(|end| *end <= bytes.len() as u64).ok_or(CUT)?;
        let bytes = bytes.slice(start as usize..end as usize);
        if blob.is_sound(&bytes) { Ok(bytes) } else { Err("is damaged") }
    };
    let mut manifest = Manifest::default();
    let mut read = Tiles::default();
    for (at, tile) in wanted.iter().enumerate() {
        let mut lose = |loss, blob: &Blob, why| {
            let end = top.tiles.get(tiles.start + at + 1).map(|next| next.first.clone());
            let key = keys.get(blob.owner as usize).ok_or_else(|| damaged_index(record))?.clone();
            manifest.lose(Lost { loss, first: tile.first.clone(), end, entries: tile.entries, key, why });
            Ok::<_, Error>(())
        };
        match (sound(&tile.content), sound(&tile.metadata)) {
            (Err(why), _) => {
                lose(Loss::Entries, &tile.content, why)?;
                read.skip();
            }
            (Ok(content), Err(why)) => {
                lose(Loss::Metadata, &tile.metadata, why)?;
                read.add(tile, &content, None)?;
            }
            (Ok(content), Ok(metadata)) => read.add(tile, &content, Some(&metadata))?,
        }
    }
    if let (true, Some(lost)) = (read.entries.is_empty(), manifest.lost.first()) {
        return Err(lost.error());
    }
    (manifest.entries, manifest.frames) = (read.entries, read.frames);
    manifest.relink();
    Ok(manifest)
}

/// Bytes, or why they are not to be had.
type Fetched = std::result::Result<Bytes, &'static str>;

const CUT: &str = "ended early";

async fn fetch(store: &Handle, key: &Key, range: Range<u64>) -> Result<Fetched> {
    let bytes = async { store.get(key, Some(range)).await?.bytes().await }.await;
    match bytes.map_err(|e| missing(e, key)) {
        Ok(bytes) => Ok(Ok(bytes)),
        // It begins past the end.
        Err(e) if e.kind() == Kind::Usage => Ok(Err(CUT)),
        Err(e) if e.kind() == Kind::Corrupt => Ok(Err("is missing from the store")),
        Err(e) => Err(e),
    }
}

/// The manifest objects that an index speaks of, by their number there.
fn manifest_keys(record: &Record, top: &Top) -> Result<Vec<Key>> {
    let own = match &record.parts.manifest {
        Some(part) => part_key(part)?,
        None => data_key(&record.id, MANIFEST)?,
    };
    let others = top.owners.iter().map(|owner| data_key(owner, MANIFEST));
    std::iter::once(Ok(own)).chain(others).collect()
}

fn damaged_index(record: &Record) -> Error {
    Error::new(Kind::Corrupt, format!("the manifest's index of {} is damaged", record.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost(first: &str, end: Option<&str>) -> Lost {
        Lost {
            loss: Loss::Entries,
            first: first.as_bytes().into(),
            end: end.map(|end| end.as_bytes().into()),
            entries: 3,
            key: Key::new("data/x/manifest").unwrap(),
            why: CUT,
        }
    }

    #[test]
    fn a_gap_says_which_paths_it_may_cost() {
        for (first, end, path, holds, touches) in [
            ("w/b", Some("w/d"), "w/a", false, false),
            ("w/b", Some("w/d"), "w/b", true, true),
            ("w/b", Some("w/d"), "w/c", true, true),
            ("w/b", Some("w/d"), "w/d", false, false),
            ("w/b", Some("w/d"), "w", false, true),
            ("w/b", None, "z", true, true),
            ("w/b/x", Some("w/b/y"), "w/b", false, true),
            ("w/b", Some("w/b/y"), "w/b", true, true),
            ("w/a/x", Some("w/b/y"), "w/b", true, true),
            ("w/b-x", Some("w/b/y"), "w/b", false, true),
            ("w/b-x", Some("w/b-y"), "w/b", false, false),
            // The head of a file that goes on in the next tile.
            ("w/b", Some("w/b"), "w/b", true, true),
            ("w/b", Some("w/b"), "w/c", false, false),
        ] {
            let lost = lost(first, end);
            let found = (lost.holds(path.as_bytes()), lost.touches(path.as_bytes()));
            assert_eq!(found, (holds, touches), "{first} {end:?} {path}");
        }
    }

    #[test]
    fn neighbours_are_told_as_one() {
        let mut manifest = Manifest::default();
        for (first, end) in [("a", Some("b")), ("b", Some("c")), ("d", None)] {
            manifest.lose(lost(first, end));
        }
        let told: Vec<String> = manifest.lost.iter().map(ToString::to_string).collect();
        assert_eq!(told, ["the 6 entries from a on, before c", "the 3 entries from d on"]);
    }

    #[test]
    fn links_whose_first_name_is_lost_are_linked_to_each_other() {
        let file = |path: &str, link: Option<&str>| Entry {
            path: path.as_bytes().into(),
            size: 0,
            mode: 0,
            mtime: 0,
            content: Content::File {
                hash: [0; 32],
                sparse: false,
                link: link.map(|link| link.as_bytes().into()),
                location: Default::default(),
            },
        };
        let entries = [file("a", None), file("m", Some("c")), file("n", Some("c")), file("o", Some("a"))];
        let mut manifest =
            Manifest { entries: entries.into(), lost: vec![lost("b", Some("d"))], ..Manifest::default() };
        manifest.relink();
        let expected = [file("a", None), file("m", None), file("n", Some("m")), file("o", Some("a"))];
        assert_eq!(manifest.entries, expected);
    }
}
