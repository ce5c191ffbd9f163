//! `repro stats`: what the captures take, and how much is shared.

use super::list::{Filter, list};
use crate::{error::Result, pipeline::record::Record, world::World};
use std::collections::BTreeMap;

/// The sums over some captures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    /// How many captures.
    pub captures: u64,
    /// How many of them have only their log, the same failure having been saved before.
    pub repeats: u64,
    /// Bytes of content as they would lie on a disk.
    pub logical: u64,
    /// Bytes in the store.
    pub stored: u64,
}

impl Sums {
    fn add(&mut self, record: &Record) {
        self.captures += 1;
        self.repeats += u64::from(!record.has_tree());
        self.logical = self.logical.saturating_add(record.totals.bytes);
        self.stored = self.stored.saturating_add(record.totals.stored);
    }

    /// How many bytes of content one stored byte stands for; 0 where nothing is stored.
    pub fn ratio(&self) -> f64 {
        if self.stored == 0 { 0.0 } else { self.logical as f64 / self.stored as f64 }
    }
}

/// What the captures take.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    /// All together.
    pub all: Sums,
    /// By job, what is stored most first.
    pub jobs: Vec<(String, Sums)>,
    /// The captures that wrote most, the largest first.
    pub largest: Vec<Record>,
}

/// Adds up the records. What a capture shares with an earlier one counts where it was written.
///
/// # Errors
/// Those of the store. Records that cannot be read are left out, with a warning.
pub async fn stats(world: &World, filter: &Filter, largest: usize) -> Result<Stats> {
    let listed = list(world, filter).await?;
    listed.broken.iter().for_each(|error| world.progress.warn(&format!("left out: {}", error.message())));
    Ok(sum(listed.captures, largest))
}

fn sum(mut captures: Vec<Record>, largest: usize) -> Stats {
    let mut stats = Stats::default();
    let mut jobs: BTreeMap<String, Sums> = BTreeMap::new();
    for record in &captures {
        stats.all.add(record);
        jobs.entry(record.job.name.clone()).or_default().add(record);
    }
    stats.jobs = jobs.into_iter().collect();
    stats.jobs.sort_by(|a, b| b.1.stored.cmp(&a.1.stored).then_with(|| a.0.cmp(&b.0)));
    captures.sort_by(|a, b| b.totals.stored.cmp(&a.totals.stored).then_with(|| a.id.cmp(&b.id)));
    captures.truncate(largest);
    stats.largest = captures;
    stats
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(letter: char, job: &str, bytes: u64, stored: u64) -> Record {
        let json = serde_json::json!({
            "schema": 1, "id": letter.to_string().repeat(10), "state": "complete",
            "created": "1970-01-01T00:00:00Z", "expires": "1970-01-01T00:00:00Z", "owner": null,
            "job": {"name": job}, "revision": {}, "outcome": {}, "format": "chunks",
            "totals": {"bytes": bytes, "stored": stored},
        });
        Record::from_json("x", json.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn sums_are_by_job_and_the_largest_come_first() {
        let repeats = vec![record('a', "unit", 0, 0).id];
        let repeat = Record { repeats, ..record('d', "unit", 0, 3) };
        let stats = sum(
            vec![record('a', "unit", 100, 50), record('b', "unit", 100, 1), record('c', "lint", 10, 60), repeat],
            2,
        );
        assert_eq!(stats.all, Sums { captures: 4, repeats: 1, logical: 210, stored: 114 });
        assert_eq!(
            stats.jobs.iter().map(|(job, s)| (job.as_str(), s.stored)).collect::<Vec<_>>(),
            [("lint", 60), ("unit", 54)]
        );
        assert_eq!(stats.largest.iter().map(|r| &r.id.as_str()[..1]).collect::<Vec<_>>(), ["c", "a"]);
        assert_eq!(Sums::default().ratio(), 0.0);
    }
}
