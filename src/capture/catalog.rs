//! The records of captures: found by the beginning of an id, changed only under if-match.

use crate::{
    capture::objects::record_key,
    error::{Error, Kind, Result},
    pipeline::{
        id::{self, Id},
        record::{Record, State},
    },
    store::{Etag, Handle, Key, Precondition},
};
use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use std::pin::pin;

/// Where the records are.
pub const PREFIX: &str = "captures/";
/// Records that are in memory as they are stored at once: about 10 MB.
const BATCH: usize = 256;

/// A record and the version of its object.
#[derive(Debug, Clone)]
pub struct Versioned {
    /// The record.
    pub record: Record,
    /// The version that it was read or written at.
    pub etag: Etag,
}

/// Finds the complete capture whose id begins with `text`.
///
/// # Errors
/// `Usage` when it is no id or more than one begins so, `NotFound`, `Corrupt`, `Unsupported`, those of the store.
pub async fn find(store: &Handle, text: &str) -> Result<Versioned> {
    let found = find_any(store, text).await?;
    match found.record.state {
        State::Complete => Ok(found),
        State::Retiring => Err(Error::new(Kind::NotFound, format!("capture {} is being removed", found.record.id))
            .hint(format!("`ci-tool repro decommission {} --yes` finishes it", found.record.id))),
        State::Open | State::Aborted => Err(absent(text, store)),
    }
}

/// Finds the capture whose id begins with `text`, whatever its state.
///
/// # Errors
/// As [`find`].
pub async fn find_any(store: &Handle, text: &str) -> Result<Versioned> {
    let prefix = id::normal(text)?;
    let mut keys: Vec<Key> = Vec::new();
    let mut listed = store.list(&format!("{PREFIX}{prefix}"), None);
    while let Some(meta) = listed.try_next().await? {
        keys.push(meta.key);
        // A few are enough to say that it is ambiguous.
        if keys.len() > 8 {
            break;
        }
    }
    let mut found = Vec::new();
    for key in &keys {
        match read(store, key).await {
            Ok(versioned) => found.push(versioned),
            Err(e) if e.kind() == Kind::NotFound => {}
            Err(e) => return Err(e),
        }
    }
    if keys.len() > 1 {
        // What is not visible makes nothing ambiguous.
        found.retain(|v| v.record.state == State::Complete || keys.len() == 1);
    }
    match found.len() {
        0 => Err(absent(text, store)),
        1 => found.pop().ok_or_else(|| absent(text, store)),
        _ => {
            let ids: Vec<_> = found.iter().map(|v| v.record.id.as_str()).collect();
            Err(Error::new(Kind::Usage, format!("the id {prefix} is ambiguous: {}", ids.join(", ")))
                .hint("type more of the id"))
        }
    }
}

/// Reads one record.
///
/// # Errors
/// `NotFound`, `Corrupt`, `Unsupported`, those of the store.
pub async fn read(store: &Handle, key: &Key) -> Result<Versioned> {
    let object = store.get(key, None).await?;
    let etag = object.meta.etag.clone();
    let bytes = object.bytes().await?;
    Ok(Versioned { record: Record::from_json(name(key), &bytes)?, etag })
}

/// Writes a record for the first time.
///
/// # Errors
/// `Exists` when the id is taken; those of the store.
pub async fn create(store: &Handle, record: Record) -> Result<Versioned> {
    let key = record_key(record.id.as_str())?;
    let etag = store.put(&key, record.to_json()?.into(), Precondition::MustNotExist).await?;
    Ok(Versioned { record, etag })
}

/// Changes a record, provided that nobody else has.
///
/// # Errors
/// `Precondition` when somebody has; those of the store.
pub async fn update(store: &Handle, before: &Versioned, change: impl FnOnce(&mut Record)) -> Result<Versioned> {
    let mut record = before.record.clone();
    change(&mut record);
    let key = record_key(record.id.as_str())?;
    let etag = store.put(&key, record.to_json()?.into(), Precondition::IfMatch(before.etag.clone())).await?;
    Ok(Versioned { record, etag })
}

/// All records that can be read, in no particular order and without the index of their files, and the errors of those that
/// cannot.
///
/// # Errors
/// Those of the store.
pub async fn all(store: &Handle) -> Result<(Vec<Record>, Vec<Error>)> {
    let (mut records, mut broken) = (Vec::new(), Vec::new());
    let mut batches = pin!(batches(store));
    while let Some(batch) = batches.try_next().await? {
        for (key, body) in batch {
            let Some(body) = body else { continue };
            match Record::from_json(name(&key), &body) {
                Ok(mut record) => {
                    record.parts.top = None;
                    records.push(record);
                }
                Err(error) => broken.push(error),
            }
        }
    }
    Ok((records, broken))
}

/// A key under [`PREFIX`] and what is stored there; nothing when it vanished after it was listed.
pub type Stored = (Key, Option<Bytes>);

/// What is stored of all records, some at a time: one takes tens of kilobytes, and a store holds any number. All keys are
/// listed before the first is read.
///
/// # Errors
/// Those of the store.
pub fn batches(store: &Handle) -> impl Stream<Item = Result<Vec<Stored>>> {
    let store = store.clone();
    let listed = async move {
        let keys: Vec<Key> = store.list(PREFIX, None).map_ok(|meta| meta.key).try_collect().await?;
        let batches: Vec<Vec<Key>> = keys.chunks(BATCH).map(<[Key]>::to_vec).collect();
        Ok(stream::iter(batches).then(move |keys| {
            let store = store.clone();
            async move {
                let bodies = store.get_many(keys.clone()).await?;
                Ok(keys.into_iter().zip(bodies).collect())
            }
        }))
    };
    stream::once(listed).try_flatten()
}

/// Makes sure that a capture which was found before is still there: one that is removed loses its objects one after the
/// other, and must not be told of as damaged. `doing` says what was done with it meanwhile, as in `restored`.
///
/// # Errors
/// `NotFound` when it is gone or going; those of the store.
pub async fn still_there(store: &Handle, id: &Id, doing: &str) -> Result<()> {
    match read(store, &record_key(id.as_str())?).await {
        Ok(found) if found.record.state == State::Complete => Ok(()),
        // What is wrong with the record is another matter.
        Err(e) if matches!(e.kind(), Kind::Corrupt | Kind::Unsupported) => Ok(()),
        Err(e) if e.kind() != Kind::NotFound => Err(e),
        _ => Err(Error::new(Kind::NotFound, format!("capture {id} was removed while it was {doing}"))
            .hint("`ci-tool repro list` shows the captures there are")),
    }
}

/// What a record is called by its key.
pub fn name(key: &Key) -> &str {
    key.as_str().strip_prefix(PREFIX).unwrap_or(key.as_str())
}

fn absent(text: &str, store: &Handle) -> Error {
    Error::new(Kind::NotFound, format!("no capture {text} in {}", store.url()))
        .hint("`ci-tool repro list` shows the captures there are; --store names another store")
}
