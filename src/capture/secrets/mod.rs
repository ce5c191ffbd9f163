//! Finding credentials and taking them out: of an environment, of files known to hold them, of any stream of bytes.
//!
//! What is found in one place is searched for in all others: [`environment`] and [`redact`] return [`SecretValue`]s,
//! and a [`Scrubber`] made from them masks every occurrence, encoded ones included.

mod common;
mod environment;
mod files;
mod finder;
mod names;
mod reader;
mod redact;
mod scrubber;
mod shapes;
#[cfg(test)]
mod tests;
mod variants;

pub use environment::{Rules, Scrubbed, environment};
pub use files::{FileKind, FileRule, file_rule};
pub use names::secret_name;
pub use reader::ScrubReader;
pub use redact::{Redacted, redact};
pub use scrubber::{Hits, NotSearched, Options, Scrubber};

use serde::{Deserialize, Serialize};
use std::fmt;

/// A value that must not be seen, and where it was found. Printing it shows the name only.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretValue {
    /// The variable or file setting it was found in.
    pub name: String,
    /// The value itself.
    pub value: String,
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretValue({}, {} bytes)", self.name, self.value.len())
    }
}

/// What was done to something that holds a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It is gone.
    Dropped,
    /// It is there, the credential in it replaced by as many `*`.
    Redacted,
}

impl Action {
    /// One word for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Action::Dropped => "removed",
            Action::Redacted => "redacted",
        }
    }
}

/// One thing that was dropped or redacted, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    /// The variable's or setting's name.
    pub name: String,
    /// What was done.
    pub action: Action,
    /// Why, as a fragment: `its name says token`, `its value is a GitHub token`.
    pub reason: String,
}
