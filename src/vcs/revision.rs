//! Revisions in order.

use crate::error::Result;
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// Its whole name.
    pub id: String,
    /// The number that orders it among others, where there is one: a push's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// Who wrote it.
    pub author: String,
    /// When it was committed or pushed.
    pub date: Timestamp,
    /// The first line of its message.
    pub subject: String,
    /// The paths that it changed against its first parent; empty unless asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
}

impl Revision {
    /// The name for people: 10 characters.
    pub fn short(&self) -> &str {
        self.id.get(..10).unwrap_or(&self.id)
    }
}

/// How to walk history.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    /// Follow only the first parent of a merge.
    pub first_parent: bool,
    /// Only revisions that changed one of these paths or globs, from the top of the tree. A path means what is below it too.
    pub paths: Vec<String>,
    /// Tell the changed paths of each.
    pub with_paths: bool,
}

/// A version control system.
#[async_trait]
pub trait Vcs: Send + Sync {
    /// The revision that a name means: a hash, a branch, a tag, a push number, or a date: the last revision before it on the
    /// way of first parents from HEAD. `2026-11-20` is that day's beginning in UTC, RFC 3339 any other moment.
    ///
    /// # Errors
    /// `NotFound` for a name that means none; `Usage` for one that means several.
    async fn resolve(&self, name: &str) -> Result<Revision>;

    /// The revisions after `good` up to `bad`, the oldest first. Both are names.
    ///
    /// # Errors
    /// `NotFound`; `Usage` when `good` is not before `bad` (reversed or unrelated: says which) or nothing lies between;
    /// `Unsupported` when history ends before `good` because the clone is shallow, with the command that deepens it.
    async fn range(&self, good: &str, bad: &str, walk: &Walk) -> Result<Vec<Revision>>;

    /// `from` and what lies before it, the newest first, `count` at most.
    ///
    /// # Errors
    /// `NotFound`. A shallow clone gives what is there.
    async fn back(&self, from: &str, count: usize, walk: &Walk) -> Result<Vec<Revision>>;

    /// `from` and what lies after it up to the current head, the oldest first, `count` at most.
    ///
    /// # Errors
    /// `NotFound`; `Usage` when `from` is not part of the head's history.
    async fn forward(&self, from: &str, count: usize, walk: &Walk) -> Result<Vec<Revision>>;

    /// Whether older revisions are missing here.
    async fn is_shallow(&self) -> bool;

    /// A file at a revision, from the top of the tree; `None` when it is not there.
    ///
    /// # Errors
    /// `NotFound` for the revision.
    async fn file(&self, revision: &str, path: &str) -> Result<Option<Vec<u8>>>;

    /// A branch that holds a revision, for engines that want one: the current one where it does, or any other.
    ///
    /// # Errors
    /// When the history cannot be read.
    async fn branch_of(&self, revision: &str) -> Result<Option<String>>;
}
