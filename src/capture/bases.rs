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
use futures::StreamExt;

/// How many recent captures of a job are looked at: the latest holds nearly everything, one more bridges a failure that left
/// half a tree.
const RECENT: usize = 2;

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

/// The recent captures of the job of `record`, the latest first.
///
/// # Errors
/// Those of the store.
pub async fn recent(store: &Handle, record: &Record) -> Result<Vec<Id>> {
    let mut listed = store.list(&format!("jobs/{}/", record.job.key), None);
    let mut ids = Vec::new();
    while let Some(meta) = listed.next().await {
        let key = meta?.key;
        if let Some(id) = key.as_str().rsplit('-').next().and_then(|id| Id::try_from(id.to_owned()).ok()) {
            ids.push(id);
        }
        if ids.len() == RECENT {
            break;
        }
    }
    Ok(ids)
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
        if record.state != State::Complete || record.format != Format::Chunks {
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
