//! What a job saved before: which captures hold the same failure, and whose content a new save may use again.
//!
//! There is no index. A save reads the latest records of its job, and those that repeats among them name: however many
//! repeats came since, the captures that have files are found. What lies further back is not seen, and saves that run at once
//! do not see each other: then a few captures more are kept than asked for. They are counted when one is saved: one that is
//! removed later is replaced by the next failure.

use crate::{
    capture::{bases::is_base, objects::record_key},
    error::{Error, Kind, Result},
    pipeline::{
        id::Id,
        record::{Record, State},
    },
    store::{Handle, Key},
};
use futures::StreamExt;
use jiff::Timestamp;
use std::{collections::BTreeSet, num::NonZeroU32, str::FromStr};

/// How many of a job's records are looked at, unless more captures of one failure are to be kept.
const WINDOW: usize = 32;
/// How many captures are used again: the latest holds nearly everything, one more bridges a failure that left half a tree.
const BASES: usize = 2;

/// How many captures of one failure are kept with their files; a further one has only its log and its details.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Each of them.
    All,
    /// This many at a time.
    AtMost(NonZeroU32),
}

impl Keep {
    /// Whether a further capture is one too many where `there` are kept already.
    fn is_reached(self, there: usize) -> bool {
        match self {
            Keep::All => false,
            Keep::AtMost(most) => there as u64 >= u64::from(most.get()),
        }
    }

    /// How many records to look at: what is to be counted must fit in twice.
    fn window(self) -> usize {
        match self {
            Keep::All => WINDOW,
            Keep::AtMost(most) => WINDOW.max(usize::try_from(most.get()).unwrap_or(usize::MAX).saturating_mul(2)),
        }
    }
}

impl FromStr for Keep {
    type Err = Error;

    /// Reads a number from 1 on, or `all`.
    ///
    /// # Errors
    /// `Usage`.
    fn from_str(text: &str) -> Result<Keep> {
        match (text, text.parse()) {
            ("all", _) => Ok(Keep::All),
            (_, Ok(most)) => Ok(Keep::AtMost(most)),
            _ => Err(Error::new(Kind::Usage, format!("{text:?} says no number of captures to keep"))
                .hint("write a number from 1 on, or all")),
        }
    }
}

/// The captures of a job that can be seen and are near, the latest first.
#[derive(Debug, Default)]
pub struct History {
    records: Vec<Record>,
}

impl History {
    /// Reads the latest records of the job, and those that they repeat. What cannot be read is passed over: it costs space,
    /// never a capture.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn read(store: &Handle, job_key: &str, keep: Keep) -> Result<History> {
        let latest = latest(store, job_key, keep.window()).await?;
        let mut records = records(store, &latest).await?;
        let known: BTreeSet<&Id> = latest.iter().collect();
        let named: BTreeSet<Id> = records.iter().flat_map(|r| r.repeats.iter().cloned()).collect();
        let further: Vec<Id> = named.into_iter().filter(|id| !known.contains(id)).collect();
        records.extend(self::records(store, &further).await?);
        Ok(History::of(records, job_key))
    }

    fn of(mut records: Vec<Record>, job_key: &str) -> History {
        records.retain(|r| r.state == State::Complete && r.job.key == job_key);
        records.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| a.id.cmp(&b.id)));
        History { records }
    }

    /// The captures that a further one of this failure repeats, the latest first: those that have its files and are not past
    /// their expiry. None as long as `keep` allows one more.
    pub fn repeated(&self, signature: &str, keep: Keep, now: Timestamp) -> Vec<Id> {
        let same = |r: &&Record| r.has_tree() && r.expires > now && r.signature.as_deref() == Some(signature);
        // More than can be looked at would only be carried from record to record.
        let same: Vec<Id> = self.records.iter().filter(same).map(|r| r.id.clone()).take(keep.window()).collect();
        if keep.is_reached(same.len()) { same } else { Vec::new() }
    }

    /// The captures whose content is worth being looked through, the latest first. Only a choice: what may be used is found
    /// out anew once they are named in an open record.
    pub fn bases(&self) -> Vec<Id> {
        self.records.iter().filter(|r| is_base(r)).map(|r| r.id.clone()).take(BASES).collect()
    }
}

/// The ids under `jobs/KEY/`, which lists the latest first.
async fn latest(store: &Handle, job_key: &str, most: usize) -> Result<Vec<Id>> {
    let mut listed = store.list(&format!("jobs/{job_key}/"), None);
    let mut ids = Vec::new();
    while ids.len() < most
        && let Some(meta) = listed.next().await
    {
        let key = meta?.key;
        ids.extend(key.as_str().rsplit('-').next().and_then(|id| Id::try_from(id.to_owned()).ok()));
    }
    Ok(ids)
}

/// The records that are there and can be read, without the index of their files.
async fn records(store: &Handle, ids: &[Id]) -> Result<Vec<Record>> {
    let keys = ids.iter().map(|id| record_key(id.as_str())).collect::<Result<Vec<Key>>>()?;
    let bodies = store.get_many(keys).await?;
    let read = ids.iter().zip(bodies).filter_map(|(id, body)| {
        let mut record = Record::from_json(id.as_str(), &body?).ok()?;
        record.parts.top = None;
        Some(record)
    });
    Ok(read.collect())
}

/// Why a capture without files has none, and the command that restores one that has.
pub async fn no_tree(store: &Handle, record: &Record) -> Error {
    let (id, names) = (&record.id, names(&record.repeats));
    let error = Error::new(
        Kind::Unsupported,
        format!("capture {id} has only its log and its details: the same failure was saved in {names}"),
    );
    // A store that fails now must not hide the reason.
    let there = records(store, &record.repeats).await.unwrap_or_default();
    match there.iter().find(|r| r.state == State::Complete) {
        Some(other) => error.hint(format!("restore the latest of them: ci-tool repro restore {}", other.id)),
        None => error.hint(format!("none of them is there any more; the log is: ci-tool repro show {id} --log")),
    }
}

/// Ids as a message lists them.
pub fn names(ids: &[Id]) -> String {
    ids.iter().map(Id::as_str).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    /// A chunks capture of the job `k` with the signature `s`, kept for another second; `letter` makes its id.
    fn record(letter: char, created: i64, change: Value) -> Record {
        let mut value = json!({
            "schema": 1, "id": letter.to_string().repeat(10), "state": "complete", "owner": null,
            "created": Timestamp::from_second(created).unwrap(), "expires": Timestamp::from_second(1).unwrap(),
            "job": {"key": "k"}, "revision": {}, "outcome": {}, "format": "chunks", "signature": "s",
        });
        value.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        Record::from_json("x", value.to_string().as_bytes()).unwrap()
    }

    fn letters(ids: &[Id]) -> String {
        ids.iter().map(|id| &id.as_str()[..1]).collect()
    }

    #[test]
    fn only_what_still_has_the_files_of_the_same_failure_counts() {
        let expired = json!({ "expires": NOW });
        for (what, change, counts, is_base) in [
            ("the same", json!({}), true, true),
            ("an archive", json!({"format": "zip"}), true, false),
            ("expired", expired, false, true),
            ("retiring", json!({"state": "retiring"}), false, false),
            ("aborted", json!({"state": "aborted"}), false, false),
            ("open", json!({"state": "open"}), false, false),
            ("another job", json!({"job": {"key": "other"}}), false, false),
            ("a repeat", json!({"repeats": ["bbbbbbbbbb"]}), false, false),
            ("another failure", json!({"signature": "other"}), false, true),
            ("no failure", json!({"signature": null}), false, true),
        ] {
            let history = History::of(vec![record('a', 0, change)], "k");
            let keep = Keep::AtMost(NonZeroU32::MIN);
            assert_eq!(history.repeated("s", keep, NOW).len(), usize::from(counts), "{what}");
            assert_eq!(history.bases().len(), usize::from(is_base), "{what}");
        }
    }

    #[test]
    fn the_latest_come_first_and_two_are_bases() {
        let records = [('a', 1), ('b', 3), ('c', 2), ('d', 3)].map(|(letter, at)| record(letter, at, json!({})));
        let history = History::of(records.into(), "k");
        for (keep, expected) in [("all", ""), ("1", "bdca"), ("4", "bdca"), ("5", "")] {
            assert_eq!(letters(&history.repeated("s", keep.parse().unwrap(), NOW)), expected, "{keep}");
        }
        assert_eq!(letters(&history.bases()), "bd");
    }

    #[test]
    fn a_number_from_one_on_or_all_is_kept() {
        for (text, there, reached) in [("all", 1_000_000, false), ("1", 0, false), ("1", 1, true), ("3", 2, false)] {
            assert_eq!(text.parse::<Keep>().unwrap().is_reached(there), reached, "{text} {there}");
        }
        for wrong in ["", "0", "-1", "ALL", "3.0", "none"] {
            assert_eq!(wrong.parse::<Keep>().unwrap_err().kind(), Kind::Usage, "{wrong}");
        }
        assert_eq!("1000".parse::<Keep>().unwrap().window(), 2000, "what is kept is seen");
    }
}
