//! What a session's journal records: one JSON object a line, for others to read, too.

use super::super::plan::{Item, Plan};
use crate::pipeline::{id::Id, job::JobSpec, run::Run};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// When it was written.
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What began a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Opening {
    /// The session.
    pub session: Id,
    /// The verb.
    pub verb: Verb,
    /// The engine, by its name in the configuration.
    pub engine: String,
    /// What was asked for, in words.
    pub title: String,
    /// What makes the same command the same session, as long as that is not over.
    pub fingerprint: String,
    /// What the verb decides by as the session goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hunt: Option<Hunt>,
    /// The repository that it runs in, for an engine that runs on this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The jobs as the configuration has them, for an engine that runs them by it: the session goes on with these.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub jobs: BTreeMap<String, JobSpec>,
}

/// Which verb began it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    /// `range`.
    Range,
    /// `backfill`.
    Backfill,
    /// `fill`.
    Fill,
    /// `until-failure`.
    UntilFailure,
}

impl Verb {
    /// The verb as it is typed.
    pub fn as_str(self) -> &'static str {
        match self {
            Verb::Range => "range",
            Verb::Backfill => "backfill",
            Verb::Fill => "fill",
            Verb::UntilFailure => "until-failure",
        }
    }

    /// What its keys begin with, so that a run tells which verb it comes from.
    pub fn prefix(self) -> &'static str {
        match self {
            Verb::Backfill => BACKFILL_KEYS,
            _ => "ci-tool-",
        }
    }
}

/// What the keys of a backfill's runs begin with: nobody backfills those again.
pub const BACKFILL_KEYS: &str = "ci-tool-backfill-";

/// Running a job until it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hunt {
    /// How many runs are asked for at once.
    pub batch: usize,
    /// How many in all.
    pub max: usize,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The session was begun.
    Opened(Opening),
    /// Runs were planned; more than once where a verb goes on by what it sees.
    Planned(Plan),
    /// More runs like those before.
    Extended {
        /// They.
        items: Vec<Item>,
    },
    /// A request is about to be sent. Until another record of the same attempt follows, nobody knows whether it was.
    Submitting {
        /// The item's number.
        item: usize,
        /// Which request for it this is, from 1.
        attempt: usize,
        /// Its idempotency key.
        key: String,
    },
    /// The engine has it.
    Submitted {
        /// The item's number.
        item: usize,
        /// Which request.
        attempt: usize,
        /// The run.
        run: Run,
        /// Whether the engine answered with a run that was there before.
        folded: bool,
    },
    /// The engine does not have it: it can be sent again.
    NotTaken {
        /// The item's number.
        item: usize,
        /// Which request.
        attempt: usize,
        /// What it said.
        why: String,
        /// Whether it will never take it.
        refused: bool,
    },
    /// The answer was lost.
    Uncertain {
        /// The item's number.
        item: usize,
        /// Which request.
        attempt: usize,
        /// What happened.
        why: String,
        /// The runs that it may be, where the engine keeps no keys.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        candidates: Vec<Run>,
    },
    /// A run is seen in another state.
    Seen {
        /// The item's number.
        item: usize,
        /// Which request.
        attempt: usize,
        /// The run.
        run: Run,
    },
    /// An item will never be asked for.
    Blocked {
        /// The item's number.
        item: usize,
        /// Why.
        why: String,
    },
    /// Somebody does not want the rest.
    Cancelling {
        /// Why.
        why: String,
    },
    /// Everything is over.
    Ended,
}
