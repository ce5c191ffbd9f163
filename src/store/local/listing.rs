//! Walks a local store's objects in byte order of their keys. Everything here blocks.

use super::{
    layout::{DIR_MARK, Layout, failure, relative},
    objects::describe,
};
use crate::{
    error::Result,
    store::{Key, Meta},
};
use std::{
    fs::{self, DirEntry},
    io,
    ops::ControlFlow,
    path::Path,
};

/// What is asked for, and who takes it.
pub struct Walk<'a> {
    /// The text that the keys start with.
    pub prefix: &'a str,
    /// The text that the keys come after.
    pub after: Option<&'a str>,
    /// Takes one object; `Break` ends the walk.
    pub visit: &'a mut dyn FnMut(Meta) -> ControlFlow<()>,
}

/// Visits the objects that `walk` asks for.
///
/// # Errors
/// I/O; what vanishes meanwhile is skipped.
pub fn walk(layout: &Layout, walk: &mut Walk<'_>) -> Result<ControlFlow<()>> {
    let base = walk.prefix.rfind('/').map_or("", |slash| &walk.prefix[..=slash]);
    if base.contains("//") || base.starts_with('/') || base.split('/').any(|s| s == "." || s == "..") {
        return Ok(ControlFlow::Continue(()));
    }
    walk.directory(&layout.objects.join(relative(base)), base)
}

impl Walk<'_> {
    /// Visits what lies in `dir`, whose keys all start with `base`: empty, or ending in `/`.
    fn directory(&mut self, dir: &Path, base: &str) -> Result<ControlFlow<()>> {
        for (key, entry) in self.entries(dir, base)? {
            let flow =
                if key.ends_with('/') { self.directory(&entry.path(), &key)? } else { self.object(key, &entry)? };
            if flow.is_break() {
                return Ok(flow);
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn object(&mut self, key: String, entry: &DirEntry) -> Result<ControlFlow<()>> {
        // A file that is no object was put there by somebody else.
        let Ok(key) = Key::new(key) else { return Ok(ControlFlow::Continue(())) };
        match entry.metadata() {
            Ok(meta) => Ok((self.visit)(describe(key, &meta)?)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(ControlFlow::Continue(())),
            Err(e) => Err(failure("reading", &entry.path(), e)),
        }
    }

    /// The entries worth a look, by key. A directory counts as its name with a `/`, which is how its keys compare with
    /// its neighbours': `a.b` comes before `a/b`.
    fn entries(&self, dir: &Path, base: &str) -> Result<Vec<(String, DirEntry)>> {
        let entries = match fs::read_dir(dir) {
            Ok(entries) => entries,
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return Ok(vec![]),
            Err(e) => return Err(failure("listing", dir, e)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry,
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                Err(e) => return Err(failure("listing", dir, e)),
            };
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            let key = match name.strip_suffix(DIR_MARK) {
                Some(segment) => format!("{base}{segment}/"),
                None => format!("{base}{name}"),
            };
            if self.wants(&key) {
                found.push((key, entry));
            }
        }
        found.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        Ok(found)
    }

    /// Whether `key`, or something below it when it ends in `/`, can be asked for.
    fn wants(&self, key: &str) -> bool {
        let below = key.ends_with('/');
        let in_prefix = key.starts_with(self.prefix) || (below && self.prefix.starts_with(key));
        in_prefix && self.after.is_none_or(|after| key > after || (below && after.starts_with(key)))
    }
}
