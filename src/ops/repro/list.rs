//! `repro list`: the captures there are.

use crate::{
    capture::catalog::{self, Stored},
    error::{Error, Kind, Result},
    pipeline::record::{Record, State},
    world::World,
};
use futures::TryStreamExt;
use globset::GlobSet;
use rayon::prelude::*;
use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// Which captures to list. Nothing set lists all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Part of the owner's name or address, letter case ignored.
    pub owner: Option<String>,
    /// A glob on the job's name.
    pub job: Option<GlobSet>,
    /// The beginning of the commit.
    pub commit: Option<String>,
    /// At least this old.
    pub older_than: Option<Duration>,
    /// At most this old.
    pub newer_than: Option<Duration>,
    /// Past its expiry.
    pub expired: bool,
}

impl Filter {
    /// Whether a complete capture is wanted at the time `now`.
    pub fn matches(&self, record: &Record, now: jiff::Timestamp) -> bool {
        let age = Duration::try_from(now.duration_since(record.created)).unwrap_or_default();
        let contains =
            |part: &String| record.owner.as_ref().is_some_and(|o| o.to_lowercase().contains(&part.to_lowercase()));
        let begins =
            |part: &String| record.revision.commit.as_ref().is_some_and(|c| c.starts_with(&part.to_lowercase()));
        self.owner.as_ref().is_none_or(contains)
            && self.job.as_ref().is_none_or(|globs| globs.is_match(&record.job.name))
            && self.commit.as_ref().is_none_or(begins)
            && self.older_than.is_none_or(|least| age >= least)
            && self.newer_than.is_none_or(|most| age <= most)
            && (!self.expired || record.expires <= now)
    }
}

/// What was found.
#[derive(Debug, Default)]
pub struct Listed {
    /// The captures, the latest first.
    pub captures: Vec<Record>,
    /// How many complete captures there are, wanted or not.
    pub total: u64,
    /// Records that cannot be read.
    pub broken: Vec<Error>,
}

/// Lists complete captures. A record that cannot be read is reported beside the others.
///
/// # Errors
/// Those of the store.
pub async fn list(world: &World, filter: &Filter) -> Result<Listed> {
    let (filter, now) = (Arc::new(filter.clone()), (world.now)());
    let mut listed = Listed::default();
    let mut batches = pin!(catalog::batches(&world.store));
    while let Some(batch) = batches.try_next().await? {
        let filter = Arc::clone(&filter);
        let (total, read) = tokio::task::spawn_blocking(move || parse(batch, &filter, now))
            .await
            .map_err(|e| Error::new(Kind::Internal, "reading the records").with_source(e))?;
        listed.total += total;
        for record in read {
            match record {
                Ok(record) => listed.captures.push(record),
                Err(error) => listed.broken.push(error),
            }
        }
    }
    listed.captures.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| a.id.cmp(&b.id)));
    Ok(listed)
}

/// How many of these are complete captures, and those that are wanted or cannot be read.
fn parse(batch: Vec<Stored>, filter: &Filter, now: jiff::Timestamp) -> (u64, Vec<Result<Record>>) {
    let total = AtomicU64::new(0);
    let read = batch
        .into_par_iter()
        .filter_map(|(key, body)| {
            let mut record = Record::from_json(catalog::name(&key), &body?);
            // The index of the files is most of a record, and no list shows it.
            if let Ok(record) = &mut record {
                record.parts.top = None;
            }
            // What nobody asked for is dropped here, before it costs memory.
            let wanted = |r: &Record| {
                let complete = r.state == State::Complete;
                total.fetch_add(u64::from(complete), Ordering::Relaxed);
                complete && filter.matches(r, now)
            };
            record.as_ref().map_or(true, wanted).then_some(record)
        })
        .collect();
    (total.into_inner(), read)
}

/// Finds one capture by the beginning of its id. See [`catalog::find`].
///
/// # Errors
/// As there.
pub async fn one(world: &World, id: &str) -> Result<Record> {
    Ok(catalog::find(&world.store, id).await?.record)
}
