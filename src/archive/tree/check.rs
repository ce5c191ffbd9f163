//! Which lists of entries may be restored at all.

use crate::{
    error::Result,
    pipeline::entry::{Content, Entry, check_path, check_windows_path, unsafe_path},
};
use std::collections::HashMap;

/// Checks that no entry of the list, which is in path order, can land outside the directory that it is restored into: no
/// odd path, nothing below a file or a link, no hard link to anything but a file of the list that is the same, no two
/// entries that are one file where case is folded.
///
/// # Errors
/// `Corrupt`, naming the entry.
pub fn check(entries: &[Entry], folds_case: bool, windows: bool) -> Result<()> {
    let find = |path: &[u8]| Some(&entries[entries.binary_search_by(|e| (*e.path).cmp(path)).ok()?]);
    for entry in entries {
        check_path(&entry.path)?;
        check_link(entry, find)?;
        if windows {
            check_windows_path(&entry.path)?;
        }
    }
    below_directories(entries, find)?;
    if folds_case {
        let mut folded = HashMap::new();
        for entry in entries {
            if folded.insert(fold(&entry.path), entry).is_some() {
                return Err(unsafe_path(
                    &entry.path,
                    "differs only in case from another entry's, and this disk folds case",
                ));
            }
        }
        below_directories(entries, |path| folded.get(&fold(path)).copied())?;
    }
    Ok(())
}

fn check_link<'a>(entry: &Entry, find: impl Fn(&[u8]) -> Option<&'a Entry>) -> Result<()> {
    let Content::File { link: Some(first), hash, .. } = &entry.content else { return Ok(()) };
    match find(first) {
        Some(Entry { size, content: Content::File { link: None, hash: same, .. }, .. })
            if *size == entry.size && same == hash =>
        {
            Ok(())
        }
        _ => Err(unsafe_path(&entry.path, "is a hard link to something that is not this file in this capture")),
    }
}

fn below_directories<'a>(entries: &[Entry], find: impl Fn(&[u8]) -> Option<&'a Entry>) -> Result<()> {
    let mut checked: &[u8] = b"";
    for entry in entries {
        let Some(at) = entry.path.iter().rposition(|b| *b == b'/') else { continue };
        let parent = &entry.path[..at];
        if parent == checked {
            continue;
        }
        checked = parent;
        let ends = parent.iter().enumerate().filter(|(_, b)| **b == b'/').map(|(i, _)| i).chain([parent.len()]);
        for end in ends {
            match find(&parent[..end]).map(|above| &above.content) {
                None | Some(Content::Directory) => {}
                Some(Content::Symlink { .. }) => {
                    return Err(unsafe_path(&entry.path, "goes through a link of the same capture"));
                }
                Some(Content::File { .. }) => {
                    return Err(unsafe_path(&entry.path, "goes through a file of the same capture"));
                }
            }
        }
    }
    Ok(())
}

/// The form under which a case-folding file system finds a name.
fn fold(path: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(path).to_lowercase().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str, content: Content) -> Entry {
        Entry { path: path.as_bytes().into(), size: 0, mode: 0o644, mtime: 0, content }
    }
    fn directory(path: &str) -> Entry {
        entry(path, Content::Directory)
    }
    fn file(path: &str) -> Entry {
        entry(path, Content::File { hash: [0; 32], sparse: false, link: None, location: Default::default() })
    }
    fn link(path: &str) -> Entry {
        entry(path, Content::Symlink { target: b"/etc".as_slice().into() })
    }

    #[test]
    fn an_ordinary_tree_passes() {
        check(&[directory("a"), file("a.b"), file("a/b"), link("a/c"), file("ab")], true, true).unwrap();
    }

    #[test]
    fn what_could_escape_is_refused_by_name() {
        let hard = entry(
            "h",
            Content::File {
                hash: [0; 32],
                sparse: false,
                link: Some(b"../x".as_slice().into()),
                location: Default::default(),
            },
        );
        let cases: [(&str, Vec<Entry>, bool, bool); 9] = [
            ("../x", vec![file("../x")], false, false),
            ("/etc/passwd", vec![file("/etc/passwd")], false, false),
            ("evil/passwd", vec![link("evil"), file("evil/passwd")], false, false),
            ("evil/deep/er/x", vec![link("evil"), file("evil/deep/er/x")], false, false),
            ("f/x", vec![file("f"), file("f/x")], false, false),
            ("h", vec![hard], false, false),
            ("README", vec![file("README"), file("readme")], true, false),
            ("EVIL/passwd", vec![file("EVIL/passwd"), link("evil")], true, false),
            ("c:x", vec![file("c:x")], false, true),
        ];
        for (name, entries, folds, windows) in cases {
            let error = check(&entries, folds, windows).unwrap_err();
            let named =
                error.message().to_lowercase().contains(&name.to_lowercase()) || error.message().contains("evil");
            assert!(named, "{name}: {}", error.message());
        }
        check(&[file("README"), file("readme")], false, false).unwrap();
    }
}
