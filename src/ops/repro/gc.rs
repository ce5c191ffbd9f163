//! `repro gc`: removing what dead saves and removals left behind.

use crate::{
    capture::{
        catalog::{self, PREFIX, Versioned},
        upload::{self, BEGUN},
    },
    error::{Kind, Result},
    ops::World,
    pipeline::{
        id::Id,
        record::{Record, State},
    },
    store::{Key, Meta},
};
use futures::TryStreamExt;
use std::collections::BTreeMap;

/// What was removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Collected {
    /// Captures of which something was left, with the bytes that went.
    pub captures: Vec<(Id, u64)>,
    /// Bytes of temporary files, and of objects that no record names.
    pub temporary: u64,
    /// Saves and removals that are at work just now.
    pub alive: u64,
}

/// Removes captures whose save or removal died, objects without a record, and temporary files whose owner died.
///
/// # Errors
/// `Corrupt` or `Unsupported` when a record cannot be read: then nothing is removed. Those of the store.
pub async fn gc(world: &World) -> Result<Collected> {
    let mut collected = Collected::default();
    let mut dead = Vec::new();
    for found in unfinished(world).await? {
        match found.record.state {
            State::Complete => {}
            State::Open if !world.store.lease_lapsed(found.record.id.as_str()).await? => collected.alive += 1,
            State::Open | State::Aborted | State::Retiring => dead.push(found),
        }
    }
    for found in dead {
        let id = found.record.id.clone();
        if world.dry_run {
            collected.captures.push((id, found.record.totals.stored));
            continue;
        }
        let Some(record) = end(world, found).await? else { continue };
        let (_, bytes) = upload::remove(&world.store, &record).await?;
        world.store.delete(&Key::new(format!("{BEGUN}{id}"))?).await?;
        collected.captures.push((id, bytes));
    }
    if !world.dry_run {
        notes(world).await?;
        collected.temporary = orphans(world).await? + world.store.sweep().await?;
    }
    Ok(collected)
}

/// All records that are not complete, at a version each. One that cannot be read stops everything.
async fn unfinished(world: &World) -> Result<Vec<Versioned>> {
    let (records, broken) = catalog::all(&world.store).await?;
    if let Some(error) = broken.into_iter().next() {
        return Err(error.context("collecting garbage: a record cannot be read, so nothing was removed"));
    }
    let mut found = Vec::new();
    for record in records.into_iter().filter(|r| r.state != State::Complete) {
        match catalog::read(&world.store, &Key::new(format!("{PREFIX}{}", record.id))?).await {
            Ok(versioned) => found.push(versioned),
            Err(e) if e.kind() == Kind::NotFound => {}
            Err(e) => return Err(e),
        }
    }
    Ok(found)
}

/// Takes an open record out of its save's hands; `None` when the save was quicker.
async fn end(world: &World, found: Versioned) -> Result<Option<Record>> {
    if found.record.state != State::Open {
        return Ok(Some(found.record));
    }
    match catalog::update(&world.store, &found, |record| record.state = State::Aborted).await {
        Ok(aborted) => Ok(Some(aborted.record)),
        Err(e) if matches!(e.kind(), Kind::Precondition | Kind::NotFound) => Ok(None),
        Err(e) => Err(e),
    }
}

/// Forgets notes of removals that are done, or that were stopped before they began.
async fn notes(world: &World) -> Result<()> {
    let keys: Vec<Key> = world.store.list(BEGUN, None).map_ok(|meta| meta.key).try_collect().await?;
    for key in keys {
        let record = Key::new(format!("{PREFIX}{}", key.as_str().trim_start_matches(BEGUN)))?;
        match catalog::read(&world.store, &record).await {
            Ok(found) if found.record.state == State::Retiring => {}
            Err(e) if e.kind() != Kind::NotFound => return Err(e),
            _ => world.store.delete(&key).await?,
        }
    }
    Ok(())
}

/// Removes objects of captures that have no record: a save that was taken for dead, and was not, went on writing after
/// its remains had been removed.
async fn orphans(world: &World) -> Result<u64> {
    let mut found: BTreeMap<String, Vec<Meta>> = BTreeMap::new();
    for prefix in ["data/", "jobs/"] {
        // Listed before the records: whatever is of a living capture had its record before it was there.
        let mut listed = world.store.list(prefix, None);
        while let Some(meta) = listed.try_next().await? {
            if let Some(id) = owner(meta.key.as_str()) {
                found.entry(id.to_owned()).or_default().push(meta);
            }
        }
    }
    let records: Vec<Key> = world.store.list(PREFIX, None).map_ok(|meta| meta.key).try_collect().await?;
    records.iter().for_each(|key| drop(found.remove(key.as_str().trim_start_matches(PREFIX))));
    let mut bytes = 0;
    for (id, objects) in found {
        if !world.store.lease_lapsed(&id).await? {
            continue;
        }
        for object in objects {
            world.store.delete(&object.key).await?;
            bytes += object.size;
        }
    }
    Ok(bytes)
}

/// The capture that an object belongs to.
fn owner(key: &str) -> Option<&str> {
    match key.strip_prefix("data/") {
        Some(rest) => rest.split('/').next(),
        None => key.rsplit('-').next(),
    }
}
