//! The records of captures: found by the beginning of an id, changed only under if-match.

use crate::{
    capture::objects::record_key,
    error::{Error, Kind, Result},
    pipeline::{
        id,
        record::{Record, State},
    },
    store::{Etag, Handle, Key, Precondition},
};
use futures::TryStreamExt;

/// Where the records are.
pub const PREFIX: &str = "captures/";

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

/// All records that can be read, in no particular order, and the errors of those that cannot.
///
/// # Errors
/// Those of the store.
pub async fn all(store: &Handle) -> Result<(Vec<Record>, Vec<Error>)> {
    let keys: Vec<Key> = store.list(PREFIX, None).map_ok(|meta| meta.key).try_collect().await?;
    let bodies = store.get_many(keys.clone()).await?;
    let (mut records, mut broken) = (Vec::with_capacity(keys.len()), Vec::new());
    for (key, body) in keys.iter().zip(bodies) {
        let Some(body) = body else { continue };
        match Record::from_json(name(key), &body) {
            Ok(record) => records.push(record),
            Err(error) => broken.push(error),
        }
    }
    Ok((records, broken))
}

fn name(key: &Key) -> &str {
    key.as_str().strip_prefix(PREFIX).unwrap_or(key.as_str())
}

fn absent(text: &str, store: &Handle) -> Error {
    Error::new(Kind::NotFound, format!("no capture {text} in {}", store.url()))
        .hint("`ci-tool repro list` shows the captures there are; --store names another store")
}
