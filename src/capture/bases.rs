//! Captures before this one whose content it may use again.

use crate::{
    archive::chunks::Known,
    capture::{
        catalog,
        objects::{read_manifest, record_key},
    },
    error::{Error, Kind, Result},
    pipeline::{
        frames::Frames,
        id::Id,
        manifest::Top,
        record::{Format, Record, State},
    },
    store::Handle,
};

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
/// Those of the store. A base that is gone, damaged or stored in another format is passed over.
pub async fn read(store: &Handle, bases: &[Id]) -> Result<Bases> {
    let mut found = Bases::default();
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
        let entries = found.frames.adopt(manifest.entries, &manifest.frames);
        found.known.learn(&entries, &found.frames);
    }
    Ok(found)
}

fn is_no_use(error: &Error) -> bool {
    matches!(error.kind(), Kind::NotFound | Kind::Corrupt | Kind::Unsupported)
}
