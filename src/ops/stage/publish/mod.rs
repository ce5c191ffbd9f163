//! Publishing in two phases: [`check`] looks at everything and changes nothing, [`upload`] does what is left to do.
//!
//! Both may be done again at any time, whatever became of the last time. A target is a store. Besides the files it holds
//! `ci-tool-profile`, which says whether it is for trying, and `ci-tool-ledger/`: who put each file there, and what it held.

mod check;
mod choose;
mod ledger;
mod upload;

pub use check::check;
pub use choose::{Destination, destinations};
pub use upload::{Published, Publisher, upload};

use super::{handover::Handover, pipeline::Profile, run::Made};
use crate::{
    error::{Error, Kind, Result},
    store::{Etag, Handle, Key},
};
use serde::Serialize;
use std::fmt;

/// Opens the store at a URL.
pub type Opener<'a> = dyn Fn(&str) -> Result<Handle> + Send + Sync + 'a;

/// Problems that one message names.
const NAMED: usize = 10;

/// What is to be published.
#[derive(Debug, Clone, Copy)]
pub struct Publication<'a> {
    /// Where to.
    pub to: &'a [Destination],
    /// What the destinations are for.
    pub profile: Profile,
    /// Where the files come from.
    pub handover: &'a Handover,
}

/// What publishing would do.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Files to upload.
    pub upload: Vec<Item>,
    /// Files that are there with the same content.
    pub same: Vec<Item>,
    /// Why nothing is uploaded.
    pub refused: Vec<Refusal>,
    profile: Profile,
    places: Vec<Place>,
}

/// A file and where it goes.
#[derive(Debug, Clone)]
pub struct Item {
    /// The file.
    pub made: Made,
    /// Its name in the target: its path, in lower case, behind what the target's names begin with.
    pub key: Key,
    place: usize,
    /// The version that is there and that the ledger does not know.
    unrecorded: Option<Etag>,
}

/// A target.
#[derive(Debug, Clone)]
struct Place {
    store: Handle,
    /// Whether it says already what it is for.
    marked: bool,
}

/// A reason to publish nothing at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The target, without secrets.
    pub target: String,
    /// The file, where it is about one.
    pub file: Option<String>,
    /// What is wrong.
    pub why: Why,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Why {
    /// Another content is there.
    Different {
        /// The run that put it there; `None` where the ledger says nothing.
        run: Option<String>,
    },
    /// Two files would be one there.
    Collision {
        /// The other file.
        with: String,
    },
    /// The target is for something else.
    Profile {
        /// What it says it is for.
        marked: String,
    },
    /// The file is declared for another container than the target is.
    Container {
        /// What the file is declared for.
        declared: Option<String>,
        /// What the target is for.
        target: String,
    },
    /// No file of the handover is for the target.
    Nothing,
    /// No object can have such a name.
    Name,
    /// Its content is not in the store.
    Gone,
}

impl Plan {
    /// How many bytes are to be uploaded.
    pub fn size(&self) -> u64 {
        self.upload.iter().map(|item| item.made.size).sum()
    }

    /// Lets nothing pass that was refused.
    ///
    /// # Errors
    /// `Exists` when other content is in the way, `Usage` for what was asked wrongly, `NotFound` for content that is gone;
    /// the message names the first reasons.
    pub fn accepted(&self) -> Result<()> {
        let Some(first) = self.refused.first() else { return Ok(()) };
        let kind = match first.why {
            Why::Different { .. } => Kind::Exists,
            Why::Gone => Kind::NotFound,
            _ => Kind::Usage,
        };
        let named: Vec<String> = self.refused.iter().take(NAMED).map(ToString::to_string).collect();
        let more = match self.refused.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        Err(Error::new(kind, format!("nothing is published: {}{more}", named.join("; "))).hint(first.why.hint()))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file} to ")?;
        }
        write!(f, "{}: ", self.target)?;
        match &self.why {
            Why::Different { run: Some(run) } => write!(f, "the run {run} put another content there"),
            Why::Different { run: None } => f.write_str("another content is there, and no ledger says from where"),
            Why::Collision { with } => write!(f, "{with} would have the same name there"),
            Why::Profile { marked } => write!(f, "it is for {marked}"),
            Why::Container { declared: Some(declared), target } => {
                write!(f, "the file is declared for the container {declared}, not for {target}")
            }
            Why::Container { declared: None, target } => {
                write!(f, "the file is declared for no container, and the target is {target}")
            }
            Why::Nothing => f.write_str("no file of the handover is for it"),
            Why::Name => f.write_str("there can be no such name; use letters, digits, ., _, - and /"),
            Why::Gone => f.write_str("the content of the file is not in the store"),
        }
    }
}

impl Why {
    fn hint(&self) -> &'static str {
        match self {
            Why::Different { .. } => {
                "publish under another name, or find out which of the two is right: nothing there is replaced"
            }
            Why::Profile { .. } => "name a target of the same profile: test and production share none",
            Why::Container { .. } | Why::Nothing | Why::Collision { .. } => {
                "mend files, container or under of the target"
            }
            Why::Name => "rename the file in the stage that makes it",
            Why::Gone => "hand it over again: ci-tool stage prepare PIPELINE",
        }
    }
}
