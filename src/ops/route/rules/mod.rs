//! The rules: queues with what they inherit, and redirections, ready to decide from.

mod compile;
mod fields;
mod file;

pub use fields::{Field, Origin};
pub use file::{At, Place};

use crate::error::{Context, Error, Kind, Result};
use globset::GlobSet;
use std::{
    collections::{HashMap, HashSet},
    path::Path,
    sync::Arc,
};

/// Longest name of a queue, in bytes.
pub const NAME_MAX: usize = 128;

/// The rules in force.
#[derive(Debug)]
pub struct Rules {
    /// The first 16 hex digits of the BLAKE3 of the files' bytes: tells decisions under other rules apart.
    pub hash: String,
    /// The files that they were read from, the one that was named first.
    pub files: Vec<Arc<Path>>,
    /// Redirections in order: the first that matches decides.
    pub redirections: Vec<Redirection>,
    /// The queues in the order in which they were written.
    pub queues: Vec<Queue>,
    /// Repositories that are never redirected.
    pub exempt: Names,
    /// The subscription of queues that name none.
    pub standard: Option<At<String>>,
    by_name: HashMap<Box<str>, u32>,
}

/// Why a job is redirected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedirectionKind {
    /// It is for a servicing branch.
    Servicing,
    /// Its repository has a subscription of its own.
    Team,
}

impl RedirectionKind {
    /// The name in files.
    pub fn as_str(self) -> &'static str {
        match self {
            RedirectionKind::Servicing => "servicing",
            RedirectionKind::Team => "team",
        }
    }
}

/// Sends jobs from a queue to its twin.
#[derive(Debug)]
pub struct Redirection {
    /// Its name in decisions.
    pub name: At<String>,
    /// What it is for.
    pub kind: RedirectionKind,
    /// What a twin's name has after that of its base.
    pub suffix: At<String>,
    /// Where its twins live.
    pub subscription: At<String>,
    /// The repositories that it is for; a servicing redirection without any is for all.
    pub repositories: Names,
    /// Further branches, as globs on short names.
    pub also: GlobSet,
    /// Branches that it is not for though they look like it.
    pub never: GlobSet,
}

/// A set of names without case, globs among them.
#[derive(Debug, Default)]
pub struct Names {
    /// As they were written.
    pub written: Vec<At<String>>,
    exact: HashSet<Box<str>>,
    globs: GlobSet,
}

impl Names {
    /// Whether no name is in it.
    pub fn is_empty(&self) -> bool {
        self.written.is_empty()
    }

    /// Whether a name is in it.
    pub fn has(&self, name: &str) -> bool {
        if self.written.is_empty() {
            return false;
        }
        lower(name, |name| self.exact.contains(name) || (!self.globs.is_empty() && self.globs.is_match(name)))
    }
}

/// A queue.
#[derive(Debug, Clone)]
pub struct Queue {
    /// Its name, as it was written.
    pub name: String,
    /// Where it was written.
    pub place: Place,
    /// The queue that it inherits from, by its number in [`Rules::queues`], and where it says so.
    pub base: Option<At<u32>>,
    /// Everything known of it.
    pub fields: Vec<Field>,
    /// Where it lives.
    pub subscription: String,
    /// Its machines; none on premises.
    pub scale_set: Option<String>,
    /// It is never redirected.
    pub on_premises: bool,
    /// When it goes.
    pub removal: Option<At<jiff::civil::Date>>,
    /// The redirection whose twin it is, and the queue whose twin, where that is there.
    pub twin_of: Option<(u16, Option<u32>)>,
    /// Its twin under each redirection.
    pub twins: Vec<Option<u32>>,
}

impl Queue {
    /// A field.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|f| f.name == name)
    }
}

/// Something about rules that is wrong, or looks wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Whether it is an error, or a warning.
    pub error: bool,
    /// What sort of finding, in `snake_case`.
    pub code: &'static str,
    /// Where.
    pub place: Place,
    /// What, and what to do about it.
    pub message: String,
}

impl Rules {
    /// Reads the rules in a file and in those that it includes.
    ///
    /// # Errors
    /// `NotFound`, `Usage` with file and line for the first thing in them that cannot be used, `Unsupported`.
    pub fn load(path: &Path) -> Result<Rules> {
        let (rules, findings) = Rules::examine(path)?;
        let mut errors = findings.into_iter().filter(|f| f.error);
        let Some(first) = errors.next() else { return Ok(rules) };
        let more = errors.count();
        let mut error = Error::new(Kind::Usage, format!("{}: {}", first.place, first.message));
        if more > 0 {
            error = error.hint(format!("{more} more: ci-tool route lint --rules {}", path.display()));
        }
        Err(error).context(|| format!("reading the rules {}", path.display()))
    }

    /// Reads the rules and says all that is wrong with how they fit together. What cannot be used is left out of them.
    ///
    /// # Errors
    /// As [`Rules::load`], but for what is returned as findings.
    pub fn examine(path: &Path) -> Result<(Rules, Vec<Finding>)> {
        let (files, bytes) = file::read(path)?;
        let hash = blake3::hash(&bytes).to_hex()[..16].to_owned();
        Ok(compile::compile(files, hash))
    }

    /// The number of the queue with a name, which is compared without case.
    pub fn find(&self, name: &str) -> Option<u32> {
        if name.len() > NAME_MAX {
            return None;
        }
        lower(name, |name| self.by_name.get(name).copied())
    }

    /// The queue with a number.
    pub fn queue(&self, number: u32) -> &Queue {
        &self.queues[number as usize]
    }

    /// The queue itself, or the one whose twin (or twin's twin) it is: where jobs go that nothing redirects.
    pub fn standard_of(&self, mut number: u32) -> u32 {
        // A base's name is shorter than that of its twin: this ends.
        while let Some((_, Some(base))) = self.queue(number).twin_of {
            number = base;
        }
        number
    }

    /// The redirection whose suffix a name ends with, and the name without it.
    pub fn split_suffix<'a>(&self, name: &'a str) -> Option<(u16, &'a str)> {
        let ends = |r: &Redirection| {
            let at = name.len().checked_sub(r.suffix.value.len())?;
            let (head, tail) = (name.get(..at)?, name.get(at..)?);
            (!head.is_empty() && tail.eq_ignore_ascii_case(&r.suffix.value)).then_some(head)
        };
        // The longest suffix, where one ends with another.
        let all = self.redirections.iter().enumerate().filter_map(|(n, r)| Some((n as u16, ends(r)?)));
        all.min_by_key(|(_, head)| head.len())
    }

    /// The name most like one that is not there. What is too long to be a name is like none.
    pub fn nearest(&self, name: &str) -> Option<&str> {
        if name.len() > NAME_MAX {
            return None;
        }
        let name = name.to_ascii_lowercase();
        let distance = |queue: &Queue| strsim::damerau_levenshtein(&name, &queue.name.to_ascii_lowercase());
        let near = self.queues.iter().map(|q| (distance(q), &q.name)).min()?;
        (near.0 <= name.len() / 3 + 1).then_some(near.1)
    }
}

/// Calls `with` with the text in lower case, which takes no memory for texts of the usual length.
fn lower<T>(text: &str, with: impl FnOnce(&str) -> T) -> T {
    let mut buffer = [0u8; NAME_MAX];
    if let Some(buffer) = buffer.get_mut(..text.len()) {
        buffer.copy_from_slice(text.as_bytes());
        buffer.make_ascii_lowercase();
        // Only ASCII letters changed: it is text as before.
        if let Ok(text) = std::str::from_utf8(buffer) {
            return with(text);
        }
    }
    with(&text.to_ascii_lowercase())
}

#[cfg(test)]
pub(super) mod tests;
