//! Captures before this one whose content it may use again.

use crate::{
    archive::chunks::Known,
    capture::{
        catalog,
        objects::{data_prefix, pack_name, read_manifest, record_key},
    },
    error::{Error, Kind, Result},
    pipeline::{
        entry::{Content, Entry},
        frames::{Frames, IN_FRAME, RUN},
        id::Id,
        manifest::Top,
        record::{Format, Record, State},
    },
    store::Handle,
};
use futures::{StreamExt, TryStreamExt, stream};
use std::collections::{HashMap, HashSet};

/// Captures whose packs are listed at once.
const LISTS_AT_ONCE: usize = 8;

/// What is stored already.
#[derive(Debug, Default)]
pub struct Bases {
    /// Content by its hash.
    pub known: Known,
    /// What the places of that content mean.
    pub frames: Frames,
    /// The manifests, whose tiles can be shared.
    pub tops: Vec<(Id, Top)>,
}

/// Finds the captures that somebody names as bases, by the beginnings of their ids.
///
/// # Errors
/// As [`catalog::find`]; `Usage` for one whose content cannot be used.
pub async fn named(store: &Handle, texts: &[String]) -> Result<Vec<Id>> {
    let mut ids = Vec::new();
    for text in texts {
        let record = catalog::find(store, text).await?.record;
        if !is_base(&record) {
            let what = if record.has_tree() { record.format.as_str() } else { "only a log" };
            let text = format!("capture {} cannot be a base: it is stored as {what}", record.id);
            return Err(
                Error::new(Kind::Usage, text).hint("name one that was saved with its files, as chunks: --base ID")
            );
        }
        ids.push(record.id);
    }
    Ok(ids)
}

/// Whether the content of a capture can be used again.
pub fn is_base(record: &Record) -> bool {
    record.state == State::Complete && record.format == Format::Chunks && record.has_tree()
}

/// Reads the bases of an open record. To be called once the record exists: a collector spares what an open record names, but
/// only what was complete then may be used.
///
/// # Errors
/// Those of the store. A base that is gone, damaged or stored in another format is passed over, and so are files of one whose
/// packs are gone or were cut short.
pub async fn read(store: &Handle, bases: &[Id]) -> Result<Bases> {
    let (mut found, mut packs) = (Bases::default(), Packs::default());
    for id in bases {
        let record = match catalog::read(store, &record_key(id.as_str())?).await {
            Ok(found) => found.record,
            Err(e) if is_no_use(&e) => continue,
            Err(e) => return Err(e),
        };
        if !is_base(&record) {
            continue;
        }
        let manifest = match read_manifest(store, &record).await {
            Ok(manifest) => manifest,
            Err(e) if is_no_use(&e) => continue,
            Err(e) => return Err(e),
        };
        found.tops.push((id.clone(), record.parts.top()?));
        let mut entries = found.frames.adopt(manifest.entries, &manifest.frames);
        packs.look(store, &found.frames).await?;
        entries.retain(|entry| packs.hold(entry, &found.frames));
        found.known.learn(&entries, &found.frames);
    }
    Ok(found)
}

/// The sizes of the packs there are, by the captures that wrote them.
#[derive(Default)]
struct Packs(HashMap<Id, HashMap<String, u64>>);

impl Packs {
    /// Lists the objects of every capture whose packs `frames` names, once.
    async fn look(&mut self, store: &Handle, frames: &Frames) -> Result<()> {
        let owners: HashSet<&Id> = frames.packs.iter().map(|pack| &pack.owner).collect();
        let new: Vec<Id> = owners.into_iter().filter(|id| !self.0.contains_key(id)).cloned().collect();
        let list = |id: Id| async move {
            let listed = store.list(&data_prefix(&id), None);
            let sizes = listed.map_ok(|meta| (meta.key.as_str().to_owned(), meta.size)).try_collect().await?;
            Ok::<_, Error>((id, sizes))
        };
        let listed: Vec<_> = stream::iter(new).map(list).buffer_unordered(LISTS_AT_ONCE).try_collect().await?;
        self.0.extend(listed);
        Ok(())
    }

    /// Whether every frame of an entry lies in a pack that is there and long enough.
    fn hold(&self, entry: &Entry, frames: &Frames) -> bool {
        let Content::File { location, .. } = &entry.content else { return false };
        let there = |number: &u32| {
            frames.find(*number).is_some_and(|(frame, pack)| {
                let key = format!("{}{}", data_prefix(&pack.owner), pack_name(pack.number));
                let size = self.0.get(&pack.owner).and_then(|sizes| sizes.get(&key));
                size.is_some_and(|size| u64::from(frame.offset) + u64::from(frame.stored) <= *size)
            })
        };
        match location.method {
            IN_FRAME => there(&location.part),
            RUN => frames.of_run(location.part, location.stored).is_some_and(|run| run.iter().all(there)),
            _ => false,
        }
    }
}

fn is_no_use(error: &Error) -> bool {
    matches!(error.kind(), Kind::NotFound | Kind::Corrupt | Kind::Unsupported)
}
