//! Collecting what no capture needs any more, while saves, restores, removals and other collectors are at work: without a
//! lock and without a grace period.
//!
//! A round lists the objects, then scans all records twice, the second scan begun after the first ended. An object goes only
//! if neither scan reaches it and every record that names it in the second was retiring or aborted in the first already.
//! *Reached* is what a complete record names, what an open record has under its own prefix, and what any base of an open
//! record names. A record goes last, when nothing is left under its prefix, and never while an open record names it as a base.
//! Why this is enough: a save names its bases before it reads them and uses only complete ones, so that whoever can still
//! come to need an object is either seen by one of the scans or finds its base no longer complete.

use crate::{
    capture::{
        catalog,
        objects::{job_entry_key, record_key},
        upload::BEGUN,
    },
    error::{Error, Kind, Result},
    pipeline::{
        id::Id,
        record::{Record, State},
    },
    store::{Handle, Key},
};
use futures::{StreamExt, TryStreamExt, stream};
use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    pin::pin,
};

/// Rounds before a collector that others keep disturbing gives up for now.
const ROUNDS: usize = 8;
/// Objects deleted at once.
const DELETES_AT_ONCE: usize = 16;
/// The beginning of the keys of all content.
const DATA: &str = "data/";

/// What a scan saw of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its state.
    pub state: State,
    /// Objects of others that it needs.
    pub needs: Vec<String>,
    /// While it is open: the captures whose content it may use.
    pub bases: Vec<Id>,
}

/// All records at a time, by id.
pub type Scan = BTreeMap<Id, Seen>;

/// What a round may delete.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Objects, with their sizes in bytes.
    pub objects: Vec<(String, u64)>,
    /// Records of which nothing else is left then.
    pub records: Vec<Id>,
}

/// What was collected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Collected {
    /// Objects and bytes that went, by the capture they belonged to.
    pub captures: BTreeMap<String, (u64, u64)>,
    /// Records that went.
    pub records: BTreeSet<Id>,
    /// Saves that are at work.
    pub alive: u64,
}

/// Decides what goes. `objects` (all keys under `data/`, with sizes) were listed before `first` was begun.
pub fn decide(objects: &[(String, u64)], first: &Scan, second: &Scan) -> Plan {
    let reached = [reached(first), reached(second)];
    let dead_before = |id: &Id| first.get(id).is_some_and(is_dead);
    // Who names an object from outside its own prefix, in the second scan.
    let mut named: BTreeMap<&str, Vec<&Id>> = BTreeMap::new();
    for (id, seen) in second {
        seen.needs.iter().for_each(|need| named.entry(need).or_default().push(id));
    }
    let goes = |key: &str| {
        let owner = owner(key);
        let own = owner.as_ref().filter(|id| second.contains_key(id));
        let others = named.get(key).into_iter().flatten().copied();
        reached.iter().all(|r| !r.holds(key, owner.as_ref())) && own.into_iter().chain(others).all(dead_before)
    };
    let mut plan = Plan::default();
    let mut left: BTreeSet<Id> = BTreeSet::new();
    for (key, size) in objects {
        if goes(key) {
            plan.objects.push((key.clone(), *size));
        } else {
            left.extend(owner(key));
        }
    }
    let open_bases: HashSet<&Id> = second.values().filter(|s| s.state == State::Open).flat_map(|s| &s.bases).collect();
    let gone = |(id, seen): &(&Id, &Seen)| {
        is_dead(seen) && dead_before(id) && !left.contains(*id) && !open_bases.contains(*id)
    };
    plan.records = second.iter().filter(gone).map(|(id, _)| id.clone()).collect();
    plan
}

fn is_dead(seen: &Seen) -> bool {
    matches!(seen.state, State::Retiring | State::Aborted)
}

/// What a scan reaches: everything under some prefixes, and some keys.
struct Reached<'a> {
    prefixes: HashSet<&'a Id>,
    keys: HashSet<&'a str>,
}

impl Reached<'_> {
    fn holds(&self, key: &str, owner: Option<&Id>) -> bool {
        self.keys.contains(key) || owner.is_some_and(|id| self.prefixes.contains(id))
    }
}

fn reached(scan: &Scan) -> Reached<'_> {
    let mut reached = Reached { prefixes: HashSet::new(), keys: HashSet::new() };
    for (id, seen) in scan {
        match seen.state {
            State::Complete => {
                reached.prefixes.insert(id);
                reached.keys.extend(seen.needs.iter().map(String::as_str));
            }
            State::Open => {
                reached.prefixes.insert(id);
                for base in &seen.bases {
                    reached.prefixes.insert(base);
                    let needs = scan.get(base).map(|s| &s.needs[..]).unwrap_or_default();
                    reached.keys.extend(needs.iter().map(String::as_str));
                }
            }
            State::Retiring | State::Aborted => {}
        }
    }
    reached
}

/// The capture under whose prefix a key is.
fn owner(key: &str) -> Option<Id> {
    let id = key.strip_prefix(DATA)?.split('/').next()?;
    Id::try_from(id.to_owned()).ok()
}

/// Collects until nothing more can go.
///
/// # Errors
/// `Corrupt` or `Unsupported` when a record cannot be read: then nothing is removed. Those of the store.
pub async fn collect(store: &Handle) -> Result<Collected> {
    let mut all = Collected::default();
    for _ in 0..ROUNDS {
        let Some((plan, aborted, alive)) = look(store, false).await? else { continue };
        all.alive = alive;
        let nothing = plan.objects.is_empty() && plan.records.is_empty();
        carry_out(store, plan, &mut all).await?;
        // What was aborted in this round can go in the next.
        if nothing && !aborted {
            break;
        }
    }
    Ok(all)
}

/// What a collection would remove just now. Changes nothing.
///
/// # Errors
/// As [`collect`].
pub async fn preview(store: &Handle) -> Result<(Plan, u64)> {
    for _ in 0..ROUNDS {
        if let Some((plan, _, alive)) = look(store, true).await? {
            return Ok((plan, alive));
        }
    }
    Ok((Plan::default(), 0))
}

/// One look at the store: what may go, whether a save was found dead, and how many are alive. `None` when a record vanished
/// while it was read.
async fn look(store: &Handle, dry_run: bool) -> Result<Option<(Plan, bool, u64)>> {
    let objects: Vec<(String, u64)> =
        store.list(DATA, None).map_ok(|meta| (meta.key.as_str().to_owned(), meta.size)).try_collect().await?;
    let Some(mut first) = scan(store).await? else { return Ok(None) };
    let (mut aborted, mut alive) = (false, 0);
    let open: Vec<Id> = first.iter().filter(|(_, s)| s.state == State::Open).map(|(id, _)| id.clone()).collect();
    for id in open {
        if !store.lease_lapsed(id.as_str()).await? {
            alive += 1;
        } else if dry_run {
            // As if it had been aborted before.
            first.entry(id).and_modify(|seen| seen.state = State::Aborted);
        } else {
            aborted |= abort(store, &id).await?;
        }
    }
    let second = if dry_run { Some(first.clone()) } else { scan(store).await? };
    Ok(second.map(|second| (decide(&objects, &first, &second), aborted, alive)))
}

/// Reads all records. `None` when one vanished between listing and reading.
async fn scan(store: &Handle) -> Result<Option<Scan>> {
    let mut scan = Scan::new();
    let mut batches = pin!(catalog::batches(store));
    while let Some(batch) = batches.try_next().await? {
        for (key, body) in batch {
            let Some(body) = body else { return Ok(None) };
            let record = own_record(&key, &body)
                .map_err(|e| e.context("collecting garbage: a record cannot be read, so nothing was removed"))?;
            scan.insert(record.id, Seen { state: record.state, needs: record.parts.needs, bases: record.bases });
        }
    }
    Ok(Some(scan))
}

/// Reads a record and makes sure that it is the one of its key: a copy would be taken for the record itself.
fn own_record(key: &Key, body: &[u8]) -> Result<Record> {
    let name = catalog::name(key);
    let record = Record::from_json(name, body)?;
    if record.id.as_str() == name {
        return Ok(record);
    }
    Err(Error::new(Kind::Corrupt, format!("{key} is no record's key and holds the record of {}", record.id))
        .hint("somebody has copied records within the store: remove the copy"))
}

/// Takes an open record out of its save's hands; `false` when the save was quicker.
async fn abort(store: &Handle, id: &Id) -> Result<bool> {
    let found = match catalog::read(store, &record_key(id.as_str())?).await {
        Ok(found) => found,
        Err(e) if e.kind() == Kind::NotFound => return Ok(false),
        Err(e) => return Err(e),
    };
    if found.record.state != State::Open {
        return Ok(false);
    }
    match catalog::update(store, &found, |record| record.state = State::Aborted).await {
        Ok(_) => Ok(true),
        Err(e) if matches!(e.kind(), Kind::Precondition | Kind::NotFound) => Ok(false),
        Err(e) => Err(e),
    }
}

async fn carry_out(store: &Handle, plan: Plan, all: &mut Collected) -> Result<()> {
    let objects = plan.objects.iter().map(|(key, _)| Key::new(key.clone())).collect::<Result<Vec<Key>>>()?;
    let delete = |key: Key| async move { store.delete(&key).await };
    stream::iter(objects).map(delete).buffer_unordered(DELETES_AT_ONCE).try_collect::<Vec<()>>().await?;
    for (key, size) in plan.objects {
        let id = owner(&key).map_or_else(|| key.clone(), |id| id.to_string());
        let (count, bytes) = all.captures.entry(id).or_default();
        *count += 1;
        *bytes += size;
    }
    for id in plan.records {
        remove_record(store, &id).await?;
        all.records.insert(id);
    }
    Ok(())
}

/// Removes a record and what finds it, the record last.
async fn remove_record(store: &Handle, id: &Id) -> Result<()> {
    let key = record_key(id.as_str())?;
    match catalog::read(store, &key).await {
        Ok(found) => store.delete(&job_entry_key(&found.record)?).await?,
        Err(e) if e.kind() == Kind::NotFound => {}
        Err(e) => return Err(e),
    }
    store.drop_lease(id.as_str()).await?;
    store.delete(&key).await?;
    store.delete(&Key::new(format!("{BEGUN}{id}"))?).await
}

/// Who needs objects of the capture `id`: complete captures, with what they need of it.
///
/// # Errors
/// Those of the store.
pub async fn sharers(store: &Handle, id: &Id) -> Result<Vec<(Id, Vec<String>)>> {
    let prefix = crate::capture::objects::data_prefix(id);
    let (records, _): (Vec<Record>, Vec<Error>) = catalog::all(store).await?;
    let needs = |record: Record| {
        let of_it: Vec<String> = record.parts.needs.into_iter().filter(|need| need.starts_with(&prefix)).collect();
        (record.state == State::Complete && !of_it.is_empty()).then_some((record.id, of_it))
    };
    Ok(records.into_iter().filter_map(needs).collect())
}

#[cfg(test)]
#[path = "collect_tests.rs"]
mod tests;
