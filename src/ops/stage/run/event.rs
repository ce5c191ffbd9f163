//! What a run's journal records, each record chained to the one before.

use super::super::{
    pipeline::Profile,
    select::{Asked, Reason},
    state::State,
};
use crate::{
    error::{Error, Kind, Result},
    pipeline::id::Id,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A record. `chain` is the BLAKE3 hash of the one before's and of this record's content: nobody takes a record out, changes
/// it or puts one in without its being seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// When it was written.
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
    /// The chain up to here, in hexadecimal digits.
    pub chain: String,
}

/// What began a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Opening {
    /// The run.
    pub run: Id,
    /// The pipeline's name.
    pub pipeline: String,
    /// Where its file was.
    pub file: String,
    /// The hash of its text, which is kept under `stage/pipelines/HASH`.
    pub hash: String,
    /// Where it publishes.
    pub profile: Profile,
    /// What the command line left out.
    pub asked: Asked,
    /// Which stages are left out, and why, by name.
    pub left_out: BTreeMap<String, Reason>,
    /// The stages whose work is another command for this run, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub substituted: BTreeMap<String, String>,
    /// The handover that it works on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handover: Option<HandoverId>,
    /// Who began it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Why something that production stands on was left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether stages that are up to date are done all the same.
    #[serde(default)]
    pub rerun: bool,
    /// Whether this holds for those that sign, too.
    #[serde(default)]
    pub resign: bool,
    /// Whether the first failure ends everything.
    #[serde(default)]
    pub fail_fast: bool,
}

/// What a handover is known by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct HandoverId {
    /// The build in the build asset registry.
    pub bar_build_id: u64,
    /// The build in the CI.
    pub build_id: u64,
}

/// A run of an engine that drives the stages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineRun {
    /// The engine's name in the configuration.
    pub engine: String,
    /// Its number there.
    pub id: u64,
    /// Where people look at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The run was begun.
    Opened(Box<Opening>),
    /// An engine took the run: it drives the stages from now on.
    Submitted(EngineRun),
    /// Somebody took the run up again.
    TakenUp {
        /// Whether its file is another one now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hash: Option<String>,
        /// What differs, by stage.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        differs: Vec<String>,
        /// The stages that are done again.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        again: Vec<String>,
    },
    /// A stage is about to begin.
    Begun {
        /// The stage.
        stage: String,
        /// Which time, from 1.
        attempt: usize,
        /// Its command, with substitutions.
        command: String,
        /// What its processes carry in the variable `CI_TOOL_STAGE_MARK`: what to look for after a crash.
        mark: String,
        /// The machine that it runs on.
        host: String,
    },
    /// A stage ended, or was passed over.
    Ended {
        /// The stage.
        stage: String,
        /// Which time; 0 when it was not begun.
        attempt: usize,
        /// How.
        state: State,
        /// Why, for people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
        /// The exit code of its command.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exit_code: Option<i32>,
        /// What it made: paths and what is known of each.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        made: Vec<Made>,
        /// The fingerprint of its inputs and command, where it declares inputs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fingerprint: Option<String>,
    },
    /// A person is asked.
    Asked {
        /// The stage.
        stage: String,
        /// Until when.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// A person answered, or nobody did in time.
    Answered {
        /// The stage.
        stage: String,
        /// What the stage is by that: overridden, succeeded, failed.
        state: State,
        /// Who.
        by: String,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// A file is about to be published.
    Publishing {
        /// The stage.
        stage: String,
        /// The target, without secrets.
        target: String,
        /// How many files.
        files: usize,
    },
    /// Somebody stops the run.
    Cancelled {
        /// Who or why.
        why: String,
    },
}

/// A file that a stage made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// Its path below the stage's directory, with `/`.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256 in hexadecimal digits.
    pub sha256: String,
    /// The container that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// Whether customers get it.
    pub shipping: bool,
    /// Who signed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
}

impl Record {
    /// The record of what happens now, after one whose chain is `before` (empty for the first).
    pub fn after(before: &str, at: Timestamp, event: Event) -> Record {
        let chain = link(before, at, &event);
        Record { at, event, chain }
    }
}

/// Proves that records follow each other.
///
/// # Errors
/// `Corrupt`, with the number of the first that does not.
pub fn prove(records: &[Record]) -> Result<()> {
    let mut before = "";
    for (at, record) in records.iter().enumerate() {
        if record.chain != link(before, record.at, &record.event) {
            return Err(Error::new(Kind::Corrupt, format!("the record {} of the run was altered", at + 1))
                .hint("nothing after it is to be believed; begin a new run"));
        }
        before = &record.chain;
    }
    Ok(())
}

fn link(before: &str, at: Timestamp, event: &Event) -> String {
    // What is written can always be written.
    let content = serde_json::to_vec(&(before, at, event)).unwrap_or_default();
    blake3::hash(&content).to_hex().to_string()
}
