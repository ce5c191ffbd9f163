//! Files and locks of the engine's folders.

use crate::error::{Error, Kind, Result};
use globset::{Glob, GlobSet, GlobSetBuilder};
use std::{
    fs::{self, DirEntry, File, TryLockError},
    io,
    path::{Path, PathBuf},
};
use tokio::task::spawn_blocking;

/// Does what blocks where it holds nobody up.
///
/// # Errors
/// Those of `work`; `Internal` when it panics.
pub async fn aside<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match spawn_blocking(work).await {
        Ok(result) => result,
        Err(e) => Err(Error::new(Kind::Internal, "working on the files of a local run").with_source(e)),
    }
}

/// Waits for the lock file at `path`. The lock ends with the file that is returned, or with the process.
///
/// # Errors
/// I/O.
pub async fn lock(path: PathBuf) -> Result<File> {
    aside(move || {
        let file = open(&path)?;
        file.lock().map_err(|e| Error::io("locking", &path, e))?;
        Ok(file)
    })
    .await
}

/// Takes the lock file at `path`; `None` when another process has it.
///
/// # Errors
/// I/O.
pub fn try_lock(path: &Path) -> Result<Option<File>> {
    let file = open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(e)) => Err(Error::io("locking", path, e)),
    }
}

fn open(path: &Path) -> Result<File> {
    File::options().create(true).truncate(false).write(true).open(path).map_err(|e| Error::io("opening", path, e))
}

/// Removes a directory and all below; one that is not there is removed already.
///
/// # Errors
/// I/O.
pub fn remove_all(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(Error::io("removing", path, e)),
        _ => Ok(()),
    }
}

/// The entries of a directory; none where it is not there.
///
/// # Errors
/// I/O.
pub fn entries(path: &Path) -> Result<Vec<DirEntry>> {
    let read = match fs::read_dir(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read.and_then(|entries| entries.collect::<io::Result<Vec<_>>>()),
    };
    read.map_err(|e| Error::io("listing", path, e))
}

/// A set of globs; one that names a directory means all below.
///
/// # Errors
/// `Usage` for a glob that is none.
pub fn globs(patterns: &[String]) -> Result<GlobSet> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let glob = Glob::new(pattern.trim_end_matches('/'))
            .map_err(|e| Error::new(Kind::Usage, format!("{pattern:?} is no glob")).with_source(e))?;
        set.add(glob);
    }
    set.build().map_err(|e| Error::new(Kind::Usage, "the globs are too many").with_source(e))
}

/// The plain files below `root` that globs choose, or all, relative to it, in order. Links are not followed, and what git
/// keeps for itself is no file of anybody.
///
/// # Errors
/// I/O.
pub fn below(root: &Path, chosen: Option<&GlobSet>) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    walk(root, Path::new(""), chosen, &mut found)?;
    found.sort_unstable();
    Ok(found)
}

fn walk(root: &Path, at: &Path, chosen: Option<&GlobSet>, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in entries(&root.join(at))? {
        let path = at.join(entry.file_name());
        let kind = entry.file_type().map_err(|e| Error::io("reading", &entry.path(), e))?;
        let here = chosen.is_none_or(|globs| globs.is_match(&path));
        if kind.is_dir() && entry.file_name() != ".git" {
            walk(root, &path, if here { None } else { chosen }, found)?;
        } else if kind.is_file() && here && entry.file_name() != ".git" {
            found.push(path);
        }
    }
    Ok(())
}

/// Copies files from below one directory to the same places below another, permissions included.
///
/// # Errors
/// I/O.
pub fn copy(files: &[PathBuf], from: &Path, to: &Path) -> Result<()> {
    for file in files {
        let (source, target) = (from.join(file), to.join(file));
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent).map_err(|e| Error::io("creating", parent, e))?;
        }
        fs::copy(&source, &target).map_err(|e| Error::io("copying to", &target, e))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_choose_files_and_whole_directories() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a.o", "src/b.o", "dist/c", "dist/deep/d", ".git/x.o", "sub/.git"] {
            fs::create_dir_all(dir.path().join(name).parent().unwrap()).unwrap();
            fs::write(dir.path().join(name), name).unwrap();
        }
        for (patterns, expected) in [
            (vec!["**/*.o"], vec!["a.o", "src/b.o"]),
            (vec!["dist/"], vec!["dist/c", "dist/deep/d"]),
            (vec!["dist/c", "nothing"], vec!["dist/c"]),
            (vec![], vec![]),
        ] {
            let patterns: Vec<String> = patterns.into_iter().map(str::to_owned).collect();
            let found = below(dir.path(), Some(&globs(&patterns).unwrap())).unwrap();
            assert_eq!(found, expected.iter().map(PathBuf::from).collect::<Vec<_>>(), "{patterns:?}");
        }
    }
}
