//! `repro decommission`: removing captures without a trace, and showing that none is left.

use super::list::{Filter, list};
use crate::{
    capture::{
        catalog::{self, Versioned},
        collect,
        objects::{data_prefix, job_entry_key, record_key},
        upload::{self, BEGUN},
    },
    error::{Error, Kind, Result},
    pipeline::{
        id::Id,
        progress::{Unit, Until},
        record::{Format, Record, State},
    },
    store::{Key, Meta, Precondition},
    world::World,
};
use futures::TryStreamExt;
use std::collections::BTreeSet;

/// Which captures go.
#[derive(Debug, Clone)]
pub enum Which {
    /// These, by the beginnings of their ids.
    Named(Vec<String>),
    /// All past their expiry.
    Expired,
}

/// What is going to be removed.
#[derive(Debug, Default)]
pub struct Plan {
    /// The captures.
    pub captures: Vec<Record>,
    /// Removals that an earlier call began and did not finish.
    pub begun: Vec<Record>,
}

impl Plan {
    /// Bytes in the store.
    pub fn bytes(&self) -> u64 {
        self.captures.iter().chain(&self.begun).map(|r| r.totals.stored).sum()
    }
}

/// A capture that is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    /// Its id.
    pub id: Id,
    /// Objects deleted, its record included.
    pub objects: u64,
    /// Bytes freed.
    pub bytes: u64,
    /// What stays because other captures need it.
    pub shared: Option<Shared>,
}

/// Content of a removed capture that others need. It goes with the last of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// Its size in bytes.
    pub bytes: u64,
    /// The captures that need it; none when a save that is at work may come to need it.
    pub by: Vec<Id>,
}

/// Finds out what is to be removed. Changes nothing.
///
/// # Errors
/// As [`catalog::find`]; all names are checked before any is accepted.
pub async fn plan(world: &World, which: &Which) -> Result<Plan> {
    let mut plan = Plan { captures: Vec::new(), begun: begun(world).await? };
    match which {
        Which::Expired => {
            let expired = list(world, &Filter { expired: true, ..Filter::default() }).await?;
            expired.broken.iter().for_each(|error| world.progress.warn(&format!("left alone: {}", error.message())));
            plan.captures = expired.captures;
        }
        Which::Named(ids) => {
            for id in ids {
                let found = catalog::find_any(&world.store, id).await?.record;
                match found.state {
                    State::Complete if plan.captures.iter().all(|r| r.id != found.id) => plan.captures.push(found),
                    State::Complete => {}
                    State::Retiring if plan.begun.iter().all(|r| r.id != found.id) => plan.begun.push(found),
                    State::Retiring => {}
                    State::Open | State::Aborted => {
                        return Err(Error::new(Kind::NotFound, format!("capture {} was never completed", found.id))
                            .hint("`ci-tool repro gc` removes what dead saves left"));
                    }
                }
            }
        }
    }
    Ok(plan)
}

/// Removes what was planned, and verifies of each capture that nothing is left but what others need. What is gone already
/// is fine.
///
/// # Errors
/// Those of the store; the next call goes on where this one stopped. `Internal` when something is left.
pub async fn decommission(world: &World, plan: Plan) -> Result<Vec<Gone>> {
    let _progress = Until(&*world.progress);
    let begun: BTreeSet<Id> = plan.begun.iter().map(|r| r.id.clone()).collect();
    let all: Vec<Record> = plan.begun.into_iter().chain(plan.captures).collect();
    world.progress.phase("removing", Some(all.len() as u64), Unit::Items);
    let mut retiring = Vec::new();
    for record in all {
        let note = begun_key(&record.id)?;
        world.store.put(&note, Vec::new().into(), Precondition::None).await?;
        match mark(world, &record.id).await? {
            Some(record) => retiring.push(record),
            None => world.store.delete(&note).await?,
        }
        world.progress.advance(1);
    }
    // An archive is nobody else's: it goes at once. Packs may be shared, and go by the collector's rules.
    let (packed, archived): (Vec<Record>, Vec<Record>) = retiring.into_iter().partition(|r| r.format == Format::Chunks);
    let mut gone = Vec::new();
    for record in archived {
        let (objects, bytes) = upload::remove(&world.store, &record).await?;
        prove(world, &record).await?;
        world.store.delete(&begun_key(&record.id)?).await?;
        gone.push(Gone { id: record.id, objects: objects + 1, bytes, shared: None });
    }
    if packed.is_empty() {
        return Ok(gone);
    }
    let collected = collect::collect(&world.store).await?;
    for record in packed {
        let (objects, bytes) = collected.captures.get(record.id.as_str()).copied().unwrap_or_default();
        let left: Vec<Meta> = world.store.list(&data_prefix(&record.id), None).try_collect().await?;
        // Another collector may have been quicker with the record.
        let record_gone = collected.records.contains(&record.id) || !exists(world, &record.id).await?;
        let shared = match left.is_empty() && record_gone {
            true => None,
            false => Some(shared(world, &record, &left).await?),
        };
        if shared.is_none() {
            prove(world, &record).await?;
        }
        // Of a removal that was begun earlier and still waits for others there is nothing new to tell.
        if objects > 0 || record_gone || !begun.contains(&record.id) {
            gone.push(Gone { id: record.id, objects: objects + u64::from(record_gone), bytes, shared });
        }
    }
    Ok(gone)
}

async fn exists(world: &World, id: &Id) -> Result<bool> {
    match world.store.head(&record_key(id.as_str())?).await {
        Ok(_) => Ok(true),
        Err(e) if e.kind() == Kind::NotFound => Ok(false),
        Err(e) => Err(e),
    }
}

/// Who keeps what is left of a removed capture: captures that need it, or saves at work that may come to.
async fn shared(world: &World, record: &Record, left: &[Meta]) -> Result<Shared> {
    let sharers = collect::sharers(&world.store, &record.id).await?;
    Ok(Shared { bytes: left.iter().map(|meta| meta.size).sum(), by: sharers.into_iter().map(|(id, _)| id).collect() })
}

/// Brings the record to `retiring`; `None` when it is gone.
async fn mark(world: &World, id: &Id) -> Result<Option<Record>> {
    loop {
        let found = match catalog::read(&world.store, &record_key(id.as_str())?).await {
            Ok(found) => found,
            Err(e) if e.kind() == Kind::NotFound => return Ok(None),
            Err(e) => return Err(e),
        };
        if found.record.state != State::Complete {
            return Ok(Some(found.record));
        }
        let retiring: Result<Versioned> = catalog::update(&world.store, &found, |r| r.state = State::Retiring).await;
        match retiring {
            Ok(done) => return Ok(Some(done.record)),
            // Somebody extended it or removes it too: look again.
            Err(e) if e.kind() == Kind::Precondition || e.kind() == Kind::NotFound => {}
            Err(e) => return Err(e),
        }
    }
}

/// Looks for anything that still belongs to the capture.
async fn prove(world: &World, record: &Record) -> Result<()> {
    let data: Vec<Meta> = world.store.list(&data_prefix(&record.id), None).try_collect().await?;
    let mut left: Vec<String> = data.iter().map(|meta| meta.key.to_string()).collect();
    for key in [record_key(record.id.as_str())?, job_entry_key(record)?] {
        match world.store.head(&key).await {
            Ok(_) => left.push(key.to_string()),
            Err(e) if e.kind() == Kind::NotFound => {}
            Err(e) => return Err(e),
        }
    }
    if left.is_empty() {
        return Ok(());
    }
    Err(Error::new(Kind::Internal, format!("of capture {} there is still {}", record.id, left.join(", ")))
        .hint(format!("run `ci-tool repro decommission {} --yes` again", record.id)))
}

fn begun_key(id: &Id) -> Result<Key> {
    Key::new(format!("{BEGUN}{id}"))
}

/// The removals that were begun. A note whose capture is gone or was never retired is dropped.
async fn begun(world: &World) -> Result<Vec<Record>> {
    let notes: Vec<_> = world.store.list(BEGUN, None).try_collect().await?;
    let mut records = Vec::new();
    for note in notes {
        let id = note.key.as_str().trim_start_matches(BEGUN).to_owned();
        match catalog::read(&world.store, &record_key(&id)?).await {
            Ok(found) if found.record.state == State::Retiring => records.push(found.record),
            // Its remover was stopped before it began, or is about to begin; either way the note says nothing now.
            Ok(_) => {}
            Err(e) if e.kind() == Kind::NotFound && !world.dry_run => world.store.delete(&note.key).await?,
            Err(e) if e.kind() == Kind::NotFound => {}
            Err(e) => return Err(e),
        }
    }
    Ok(records)
}
