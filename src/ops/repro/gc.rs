//! `repro gc`: removing what dead saves and removals left behind.

use super::list::{Filter, list};
use crate::{
    capture::{
        catalog::{self, PREFIX},
        collect,
        upload::BEGUN,
    },
    error::{Kind, Result},
    pipeline::{id::Id, record::State},
    store::{Key, Meta},
    world::World,
};
use futures::TryStreamExt;
use std::collections::{BTreeMap, BTreeSet};

/// What was removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Collected {
    /// Captures of which something was left, with the bytes that went.
    pub captures: Vec<(String, u64)>,
    /// Bytes of temporary files.
    pub temporary: u64,
    /// Saves that are at work just now.
    pub alive: u64,
    /// Captures past their expiry: they stay until they are decommissioned.
    pub expired: u64,
}

/// Removes captures whose save or removal died, content that no capture needs, and temporary files whose owner died. Safe
/// beside everything else that goes on; see [`collect`].
///
/// # Errors
/// `Corrupt` or `Unsupported` when a record cannot be read: then nothing is removed. Those of the store.
pub async fn gc(world: &World) -> Result<Collected> {
    let mut captures: BTreeMap<String, u64> = BTreeMap::new();
    let alive;
    if world.dry_run {
        let (plan, at_work) = collect::preview(&world.store).await?;
        alive = at_work;
        for (key, size) in plan.objects {
            let id = key.split('/').nth(1).unwrap_or(&key).to_owned();
            *captures.entry(id).or_default() += size;
        }
        for id in plan.records {
            captures.entry(id.into()).or_default();
        }
    } else {
        let collected = collect::collect(&world.store).await?;
        alive = collected.alive;
        captures.extend(collected.captures.into_iter().map(|(id, (_, bytes))| (id, bytes)));
        for id in collected.records {
            captures.entry(id.into()).or_default();
        }
    }
    let mut temporary = 0;
    if !world.dry_run {
        notes(world).await?;
        leftovers(world).await?;
        temporary = world.store.sweep().await?;
    }
    let expired = list(world, &Filter { expired: true, ..Filter::default() }).await?.captures.len() as u64;
    Ok(Collected { captures: captures.into_iter().collect(), temporary, alive, expired })
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

/// Forgets the entries under `jobs/` and the leases of captures that have no record. They were listed before the records:
/// whatever is of a living capture had its record before it was there, but for the lease, which says itself whether it lapsed.
async fn leftovers(world: &World) -> Result<()> {
    let jobs: Vec<Meta> = world.store.list("jobs/", None).try_collect().await?;
    let leases: Vec<Meta> = world.store.list("leases/", None).try_collect().await?;
    let records: BTreeSet<Id> = world
        .store
        .list(PREFIX, None)
        .try_filter_map(async |meta| Ok(Id::try_from(meta.key.as_str().trim_start_matches(PREFIX).to_owned()).ok()))
        .try_collect()
        .await?;
    let unknown = |name: &str| Id::try_from(name.to_owned()).is_ok_and(|id| !records.contains(&id));
    for meta in jobs {
        let name = meta.key.as_str().rsplit('-').next().unwrap_or_default();
        if unknown(name) && world.store.lease_lapsed(name).await? {
            world.store.delete(&meta.key).await?;
        }
    }
    for meta in leases {
        let name = meta.key.as_str().trim_start_matches("leases/");
        if unknown(name) && world.store.lease_lapsed(name).await? {
            world.store.drop_lease(name).await?;
        }
    }
    Ok(())
}
