//! What one half of a release hands to the other: the manifest of its files, known by its two builds.
//!
//! `stage/handovers/BAR_BUILD-BUILD.json` is the manifest, `stage/handovers-of-builds/BUILD-BAR_BUILD` finds it by the second;
//! empty. The content is the content room's.

mod download;
mod keep;

pub use super::numbered::Resigned;
pub use download::{Downloaded, download_all};
pub use keep::{Kept, find, history, write};

use super::{
    content::is_sha256,
    run::{HandoverId, Made},
};
use crate::{
    error::{Error, Kind, Result},
    pipeline::id::Id,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The version of the format that this program writes.
const SCHEMA: u32 = 1;
/// What the files of this program in a directory of downloads begin with; no file of a handover does.
const OWN: &str = ".ci-tool";

/// A handover.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Handover {
    /// The version of its format.
    pub schema: u32,
    /// Features without which it cannot be understood.
    #[serde(default)]
    pub requires: Vec<String>,
    /// What it is known by.
    #[serde(flatten)]
    pub id: HandoverId,
    /// The run that made it.
    pub run: Id,
    /// The hash of that run's pipeline.
    pub pipeline: String,
    /// When it was made.
    pub at: Timestamp,
    /// The fingerprint of what it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inputs: Option<String>,
    /// Whether its files come from a build of another pipeline.
    #[serde(default)]
    pub adopted: bool,
    /// Who put it in the place of another one, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resigned: Option<Resigned>,
    /// Its files, in the order of their paths.
    pub files: Vec<Made>,
}

/// What made a handover.
#[derive(Debug, Clone, PartialEq)]
pub struct Origin {
    /// The run.
    pub run: Id,
    /// The hash of its pipeline.
    pub pipeline: String,
    /// When.
    pub at: Timestamp,
    /// The fingerprint of what it was made from.
    pub inputs: Option<String>,
}

impl Handover {
    /// A handover of files whose content is in the store.
    ///
    /// # Errors
    /// `Usage` for a path that leads elsewhere than below the directory of downloads, that comes twice, or that is a
    /// directory of another one; for a hash that is none.
    pub fn new(id: HandoverId, origin: Origin, files: Vec<Made>) -> Result<Handover> {
        let Origin { run, pipeline, at, inputs } = origin;
        let (schema, requires, adopted, resigned) = (SCHEMA, Vec::new(), false, None);
        Handover { schema, requires, id, run, pipeline, at, inputs, adopted, resigned, files }.checked()
    }

    /// Reads a manifest. `name` says in messages where it comes from.
    ///
    /// # Errors
    /// `Unsupported` when it asks for more than this version can do; `Corrupt` when it is none, or its files are none.
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Handover> {
        let corrupt = || Error::new(Kind::Corrupt, format!("{name} is no handover"));
        let read: Handover = serde_json::from_slice(bytes).map_err(|e| corrupt().with_source(e))?;
        if read.schema > SCHEMA || !read.requires.is_empty() {
            let wants = read.requires.first().map_or_else(|| format!("schema {}", read.schema), |f| format!("{f:?}"));
            return Err(Error::new(Kind::Unsupported, format!("{name} requires {wants}"))
                .hint("use the version of ci-tool that wrote it, or a later one"));
        }
        read.checked().map_err(|e| corrupt().with_source(e))
    }

    fn checked(mut self) -> Result<Handover> {
        self.files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        let wrong = |path: &str, why: &str| Error::new(Kind::Usage, format!("the file {path:?} {why}"));
        for file in &self.files {
            if !stays_below(&file.path) {
                return Err(wrong(&file.path, "leads out of the directory of downloads")
                    .hint("write paths with /, without .. and without a root"));
            }
            if file.path.starts_with(OWN) {
                return Err(wrong(&file.path, "has a name that ci-tool keeps for itself"));
            }
            if !is_sha256(&file.sha256) {
                return Err(wrong(&file.path, "has a hash that is no SHA-256 in lower case"));
            }
        }
        let paths: std::collections::HashSet<&str> = self.files.iter().map(|file| file.path.as_str()).collect();
        for (at, file) in self.files.iter().enumerate() {
            if at > 0 && self.files[at - 1].path == file.path {
                return Err(wrong(&file.path, "comes twice"));
            }
            let mut above = file.path.match_indices('/').map(|(end, _)| &file.path[..end]);
            if let Some(parent) = above.find(|parent| paths.contains(parent)) {
                return Err(wrong(parent, "is the directory of another one"));
            }
        }
        Ok(self)
    }

    /// The bytes of all files.
    pub fn size(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }
}

/// Whether a path leads to a file below the directory that it is read in, on every system.
fn stays_below(path: &str) -> bool {
    path.split('/').all(|part| !matches!(part, "" | "." | "..")) && !path.contains(['\\', ':', '\0'])
}

#[cfg(test)]
mod tests;
