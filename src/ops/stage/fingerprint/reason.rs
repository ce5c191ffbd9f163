//! Why a stage is not up to date.

use super::Parts;
use std::{collections::BTreeMap, fmt};

/// More than this many changes are counted, not named.
const NAMED: usize = 5;

/// Something that is not what it was when the stage last succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The stage never succeeded.
    Never,
    /// The command.
    Command {
        /// As it was.
        was: String,
        /// As it is.
        is: String,
    },
    /// The directory.
    Directory,
    /// A variable was set, unset or changed.
    Variable(String),
    /// A file has another content.
    Changed(String),
    /// A file is new.
    Added(String),
    /// A file is gone.
    Removed(String),
    /// What a stage that it needs made is another, or it needs another stage.
    Need(String),
    /// What it made is gone or is another.
    Made(String),
}

/// All that is not what it was; empty when nothing is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Why(pub Vec<Change>);

/// What changed since a stage last succeeded; `old` is `None` when it never did.
pub fn reason(old: Option<&Parts>, new: &Parts) -> Why {
    let Some(old) = old else { return Why(vec![Change::Never]) };
    let mut changes = Vec::new();
    if old.command != new.command {
        changes.push(Change::Command { was: old.command.clone(), is: new.command.clone() });
    }
    if old.directory != new.directory {
        changes.push(Change::Directory);
    }
    let name = |(name, _): (&str, Differs)| name.to_owned();
    changes.extend(differences(&old.env, &new.env).map(name).map(Change::Variable));
    changes.extend(differences(&old.files, &new.files).map(|(path, how)| match how {
        Differs::Added => Change::Added(path.to_owned()),
        Differs::Removed => Change::Removed(path.to_owned()),
        Differs::Changed => Change::Changed(path.to_owned()),
    }));
    changes.extend(differences(&old.needs, &new.needs).map(name).map(Change::Need));
    Why(changes)
}

enum Differs {
    Added,
    Removed,
    Changed,
}

fn differences<'m, V: PartialEq>(
    old: &'m BTreeMap<String, V>,
    new: &'m BTreeMap<String, V>,
) -> impl Iterator<Item = (&'m str, Differs)> {
    let removed = old.keys().filter(|name| !new.contains_key(*name)).map(|name| (name.as_str(), Differs::Removed));
    let other = new.iter().filter_map(|(name, value)| match old.get(name) {
        None => Some((name.as_str(), Differs::Added)),
        Some(before) => (before != value).then_some((name.as_str(), Differs::Changed)),
    });
    removed.chain(other)
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Change::Never => write!(f, "it never succeeded"),
            Change::Command { was, is } => write!(f, "its command was {was:?} and is {is:?}"),
            Change::Directory => write!(f, "its directory is another"),
            Change::Variable(name) => write!(f, "the variable {name} changed"),
            Change::Changed(path) => write!(f, "{path} changed"),
            Change::Added(path) => write!(f, "{path} is new"),
            Change::Removed(path) => write!(f, "{path} is gone"),
            Change::Need(stage) => write!(f, "what {stage} made changed"),
            Change::Made(path) => write!(f, "{path}, which it made, is gone or changed"),
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named: Vec<String> = self.0.iter().take(NAMED).map(ToString::to_string).collect();
        write!(f, "{}", named.join("; "))?;
        match self.0.len().saturating_sub(NAMED) {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}
