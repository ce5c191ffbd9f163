//! `repro diff`: what tells two captures apart.

use super::{
    files::{Listed, files},
    show::{Shown, show},
};
use crate::{
    capture::{
        details::Details,
        tiles::{Loss, Lost},
    },
    error::Result,
    pipeline::{
        entry::{Content, Entry},
        env::{EnvMap, is_own},
    },
    world::World,
};
use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

/// How one thing differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Only the second has it.
    Added,
    /// Only the first has it.
    Removed,
    /// Both have it, not the same.
    Changed,
}

impl Change {
    /// One character for people.
    pub fn sign(self) -> char {
        match self {
            Change::Added => '+',
            Change::Removed => '-',
            Change::Changed => '~',
        }
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// `about`, `environment`, `secret`, `tool`, `file`.
    pub area: &'static str,
    /// The name or path.
    pub name: String,
    /// How.
    pub change: Change,
    /// In the first capture.
    pub before: Option<String>,
    /// In the second.
    pub after: Option<String>,
}

/// What a comparison found.
#[derive(Debug, Clone)]
pub struct Compared {
    /// The differences.
    pub differences: Vec<Difference>,
    /// What the manifest of either has lost: of that nothing is said.
    pub lost: Vec<Lost>,
}

/// Compares two captures: the job and machine, the environment, the tools, the files. Times of files do not count.
///
/// # Errors
/// As for showing either.
pub async fn diff(world: &World, first: &str, second: &str) -> Result<Compared> {
    let (a, b) = (show(world, first).await?, show(world, second).await?);
    let mut found = compare("about", &a.about(), &b.about());
    let environment = |shown: &Shown| -> EnvMap {
        let jobs = shown.details.environment.iter().filter(|(name, _)| !is_own(name));
        jobs.map(|(name, value)| (name.clone(), value.clone())).collect()
    };
    found.extend(compare("environment", &environment(&a), &environment(&b)));
    found.extend(compare_secrets(&a.details, &b.details));
    found.extend(compare("tool", &a.details.tool_versions(), &b.details.tool_versions()));
    let Listed { entries: mut before, mut lost, .. } = files(world, a.record.id.as_str(), None).await?;
    let Listed { entries: mut after, lost: also, .. } = files(world, b.record.id.as_str(), None).await?;
    lost.extend(also);
    forget(&mut before, &lost);
    forget(&mut after, &lost);
    found.extend(compare_files(&before, &after));
    Ok(Compared { differences: found, lost })
}

/// Leaves out what one side has lost, so that it does not seem to differ.
fn forget(entries: &mut Vec<Entry>, lost: &[Lost]) {
    let held = |entry: &Entry, loss| lost.iter().any(|lost| lost.loss == loss && lost.holds(&entry.path));
    entries.retain(|entry| !held(entry, Loss::Entries));
    entries.iter_mut().filter(|entry| held(entry, Loss::Metadata)).for_each(|entry| entry.mode = 0);
}

impl Shown {
    /// What a capture is about, name by name.
    fn about(&self) -> EnvMap {
        let (record, machine) = (&self.record, self.details.machine_facts());
        let fields = [
            ("job", Some(record.job.name.clone())),
            ("build", record.job.build.clone()),
            ("commit", record.revision.commit.clone()),
            ("branch", record.revision.branch.clone()),
            ("repository", record.revision.repository.clone()),
            ("command", record.outcome.command.clone()),
            ("outcome", Some(record.outcome.show())),
            ("directory", Some(self.details.directory.clone())),
        ];
        let fields = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        fields.chain(machine).collect()
    }
}

fn compare(area: &'static str, before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<Difference> {
    let gone = before.iter().filter(|(name, _)| !after.contains_key(*name)).map(|(name, value)| Difference {
        area,
        name: name.clone(),
        change: Change::Removed,
        before: Some(value.clone()),
        after: None,
    });
    let rest = after.iter().filter_map(|(name, value)| {
        let old = before.get(name);
        let change = match old {
            None => Change::Added,
            Some(old) if old != value => Change::Changed,
            Some(_) => return None,
        };
        Some(Difference { area, name: name.clone(), change, before: old.cloned(), after: Some(value.clone()) })
    });
    let mut all: Vec<_> = gone.chain(rest).collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

/// Variables that one capture had to leave out and the other had not at all. Their values are nowhere.
fn compare_secrets(before: &Details, after: &Details) -> Vec<Difference> {
    let removed = |details: &Details| -> BTreeSet<String> {
        details.removed.iter().filter(|r| r.place == "environment").map(|r| r.name.clone()).collect()
    };
    let (a, b) = (removed(before), removed(after));
    let gone = a.iter().filter(|name| !b.contains(*name) && !after.environment.contains_key(*name));
    let new = b.iter().filter(|name| !a.contains(*name) && !before.environment.contains_key(*name));
    let difference =
        |name: &String, change| Difference { area: "secret", name: name.clone(), change, before: None, after: None };
    gone.map(|name| difference(name, Change::Removed)).chain(new.map(|name| difference(name, Change::Added))).collect()
}

/// Merges two lists in path order.
fn compare_files(before: &[Entry], after: &[Entry]) -> Vec<Difference> {
    let mut found = Vec::new();
    let (mut a, mut b) = (before.iter().peekable(), after.iter().peekable());
    loop {
        let order = match (a.peek(), b.peek()) {
            (None, None) => return found,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(x), Some(y)) => x.path.cmp(&y.path),
        };
        let old = if order.is_le() { a.next() } else { None };
        let new = if order.is_ge() { b.next() } else { None };
        let change = match (old, new) {
            (Some(x), Some(y)) if same(x, y) => continue,
            (Some(_), Some(_)) => Change::Changed,
            (Some(_), None) => Change::Removed,
            _ => Change::Added,
        };
        let name = old.or(new).map(|e| e.display().into_owned()).unwrap_or_default();
        found.push(Difference { area: "file", name, change, before: old.map(describe), after: new.map(describe) });
    }
}

fn same(a: &Entry, b: &Entry) -> bool {
    let content = match (&a.content, &b.content) {
        (Content::File { hash: x, .. }, Content::File { hash: y, .. }) => x == y,
        (Content::Symlink { target: x }, Content::Symlink { target: y }) => x == y,
        (Content::Directory, Content::Directory) => true,
        _ => false,
    };
    content && a.mode == b.mode
}

fn describe(entry: &Entry) -> String {
    match &entry.content {
        Content::Directory => format!("directory {:04o}", entry.mode),
        Content::Symlink { target } => format!("link to {}", crate::pipeline::entry::display(target)),
        Content::File { hash, .. } => {
            format!("{} bytes {:04o} {}", entry.size, entry.mode, &blake3::Hash::from_bytes(*hash).to_hex()[..12])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::details::Removed;

    fn file(path: &str, byte: u8) -> Entry {
        let content = Content::File { hash: [byte; 32], sparse: false, link: None, location: Default::default() };
        Entry { path: path.as_bytes().into(), size: 1, mode: 0o644, mtime: i64::from(byte), content }
    }

    #[test]
    fn files_are_merged_in_order_and_times_do_not_count() {
        let mut touched = file("c", 1);
        touched.mtime = 99;
        let before = [file("a", 1), file("b", 1), file("c", 1)];
        let after = [file("b", 2), touched, file("d", 1)];
        let found: Vec<_> = compare_files(&before, &after).into_iter().map(|d| (d.change.sign(), d.name)).collect();
        assert_eq!(found, [('-', "a".into()), ('~', "b".into()), ('+', "d".into())]);
    }

    #[test]
    fn names_only_in_one_are_added_or_removed() {
        let map = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let found = compare("environment", &map(&[("A", "1"), ("B", "1")]), &map(&[("B", "2"), ("C", "1")]));
        let found: Vec<_> = found.iter().map(|d| (d.change.sign(), d.name.as_str())).collect();
        assert_eq!(found, [('-', "A"), ('~', "B"), ('+', "C")]);
    }

    #[test]
    fn secrets_are_told_by_name_where_the_other_has_none() {
        let details = |removed: &[&str], set: &[&str]| Details {
            removed: removed
                .iter()
                .map(|name| Removed {
                    place: "environment".into(),
                    name: (*name).into(),
                    action: "removed".into(),
                    reason: String::new(),
                })
                .collect(),
            environment: set.iter().map(|name| ((*name).into(), String::new())).collect(),
            ..Details::default()
        };
        let found = compare_secrets(&details(&["BOTH", "GONE", "PLAIN"], &[]), &details(&["BOTH", "NEW"], &["PLAIN"]));
        let found: Vec<_> = found.iter().map(|d| (d.change.sign(), d.name.as_str())).collect();
        assert_eq!(found, [('-', "GONE"), ('+', "NEW")]);
    }
}
