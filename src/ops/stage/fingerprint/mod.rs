//! What a stage's work stands on, as one hash: a stage whose hash is that of an earlier success is up to date.
//!
//! Content counts, times do not: a tree that was checked out again is the same tree.

mod glob;
mod inputs;
mod memory;
mod reason;

pub use memory::{Freshness, Success, last};
pub use reason::{Change, Why, reason};

use super::{pipeline::Stage, run::Made};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::Path};

/// The version of [`Parts`]: another one is another fingerprint.
const SCHEMA: u32 = 1;

/// A stage that is about to be done.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The stage: its name, its directory as it is written, its inputs and outputs count.
    pub stage: &'a Stage,
    /// Its command, with substitutions.
    pub command: &'a str,
    /// The directory of its command, which its globs are relative to.
    pub directory: &'a Path,
    /// The variables that it and its pipeline declare.
    pub env: &'a BTreeMap<String, String>,
    /// The names of variables that do not count: a token that was renewed makes nothing different.
    pub secrets: &'a [String],
    /// What each stage that it needs made.
    pub needs: &'a [(&'a str, &'a [Made])],
}

/// What a stage's work stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// The BLAKE3 hash of `parts`, in hexadecimal digits.
    pub hash: String,
    /// What it is made of.
    pub parts: Parts,
    /// Inputs that match nothing, as they are written.
    pub unmatched: Vec<String>,
}

/// What a fingerprint is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parts {
    /// The version of this shape.
    pub schema: u32,
    /// The command, with substitutions.
    pub command: String,
    /// The directory as the pipeline writes it.
    pub directory: String,
    /// The BLAKE3 hash of each variable's value.
    pub env: BTreeMap<String, String>,
    /// The files that the inputs match, by their paths below the directory, with `/`.
    pub files: BTreeMap<String, Input>,
    /// The SHA-256 of every file that a stage it needs made, by stage and path.
    pub needs: BTreeMap<String, BTreeMap<String, String>>,
}

/// A file that a stage reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Input {
    /// A file.
    File {
        /// Its size in bytes.
        size: u64,
        /// Its SHA-256 in hexadecimal digits: what is made is known by it too, so that each file is hashed once.
        sha256: String,
    },
    /// A symbolic link, which is not followed.
    Link {
        /// Its text.
        link: String,
    },
}

impl Fingerprint {
    fn of(subject: &Subject, files: BTreeMap<String, Input>, unmatched: Vec<String>) -> Fingerprint {
        let counts = |name: &String| !subject.secrets.contains(name);
        let hash = |value: &str| blake3::hash(value.as_bytes()).to_hex().to_string();
        let made = |made: &[Made]| made.iter().map(|made| (made.path.clone(), made.sha256.clone())).collect();
        let parts = Parts {
            schema: SCHEMA,
            command: subject.command.to_owned(),
            directory: subject.stage.directory.clone().unwrap_or_default(),
            env: subject.env.iter().filter(|(name, _)| counts(name)).map(|(n, v)| (n.clone(), hash(v))).collect(),
            files,
            needs: subject.needs.iter().map(|(stage, files)| ((*stage).to_owned(), made(files))).collect(),
        };
        // What is written can always be written, and the maps are sorted.
        let text = serde_json::to_vec(&parts).unwrap_or_default();
        Fingerprint { hash: blake3::hash(&text).to_hex().to_string(), parts, unmatched }
    }
}

#[cfg(test)]
mod tests;
