//! Records that are never replaced, only followed by another one: `BASE.json`, then `BASE.0002.json`, and so on.

use crate::{
    error::{Error, Kind, Result},
    store::{Body, Handle, Key, Precondition},
};
use bytes::Bytes;
use futures::TryStreamExt;

/// A record.
pub struct Numbered {
    /// Which one of its row, from 1.
    pub number: u32,
    /// What it holds.
    pub bytes: Bytes,
}

/// Every record of a row, the first first.
///
/// # Errors
/// Those of the store.
pub async fn all(store: &Handle, base: &str) -> Result<Vec<Numbered>> {
    let keys: Vec<_> = store.list(&format!("{base}."), None).try_collect().await?;
    let mut known: Vec<_> = keys.into_iter().filter_map(|meta| Some((number(base, &meta.key)?, meta.key))).collect();
    known.sort_unstable();
    let records = store.get_many(known.iter().map(|(_, key)| key.clone()).collect()).await?;
    let records = known.into_iter().zip(records);
    Ok(records.filter_map(|((number, _), bytes)| Some(Numbered { number, bytes: bytes? })).collect())
}

/// The record that counts: the last one.
///
/// # Errors
/// Those of the store.
pub async fn last(store: &Handle, base: &str) -> Result<Option<Numbered>> {
    Ok(all(store, base).await?.pop())
}

/// Adds a record.
///
/// # Errors
/// `Exists` when somebody else added the one of this number; those of the store.
pub async fn add(store: &Handle, base: &str, record: Numbered) -> Result<()> {
    let key = match record.number {
        1 => Key::new(format!("{base}.json"))?,
        number => Key::new(format!("{base}.{number:04}.json"))?,
    };
    store.put(&key, Body::Bytes(record.bytes), Precondition::MustNotExist).await.map(drop)
}

/// Who puts something else in the place of a record, and why.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Resigned {
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// Puts `bytes` after the last record of a row, unless what is there will do.
///
/// `judge` is shown the last record: it gives back what will do, or that `bytes` may follow, or why not.
///
/// # Errors
/// Those of `judge` and the store.
pub async fn settle<T>(
    store: &Handle,
    base: &str,
    bytes: &Bytes,
    judge: impl Fn(&Numbered) -> Result<Verdict<T>>,
) -> Result<Option<T>> {
    // Each round that fails is one that somebody else won.
    for _ in 0..100 {
        let number = match last(store, base).await? {
            None => 1,
            Some(there) => match judge(&there)? {
                Verdict::WillDo(value) => return Ok(Some(value)),
                Verdict::MayFollow => there.number + 1,
            },
        };
        match add(store, base, Numbered { number, bytes: bytes.clone() }).await {
            Err(e) if e.kind() == Kind::Exists => {}
            added => return added.map(|()| None),
        }
    }
    Err(Error::new(Kind::Transient, format!("{base} is being replaced over and over")).hint("try again later"))
}

/// What is thought of a record that is there.
pub enum Verdict<T> {
    /// It is as good as what was to be put.
    WillDo(T),
    /// Something else may follow it.
    MayFollow,
}

fn number(base: &str, key: &Key) -> Option<u32> {
    let rest = key.as_str().strip_prefix(base)?.strip_prefix('.')?;
    if rest == "json" { Some(1) } else { rest.strip_suffix(".json")?.parse().ok() }
}
