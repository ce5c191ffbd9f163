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

/// Removes a directory and all below, also what its owner may not write to; one that is not there is removed already.
///
/// # Errors
/// I/O.
pub fn remove_all(path: &Path) -> Result<()> {
    let removed = match fs::remove_dir_all(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound && unlock(path) => fs::remove_dir_all(path),
        first => first,
    };
    match removed {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(Error::io("removing", path, e)),
        _ => Ok(()),
    }
}

/// Lets the owner read, write and enter a directory and those below, without following links. Returns whether that changed
/// anything. What cannot be changed is left to whoever fails at it.
#[cfg(unix)]
pub fn unlock(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    const OWNER: u32 = 0o700;
    let Ok(meta) = fs::symlink_metadata(path) else { return false };
    if !meta.is_dir() {
        return false;
    }
    let mode = meta.permissions().mode();
    let mut changed =
        mode & OWNER != OWNER && fs::set_permissions(path, fs::Permissions::from_mode(mode & 0o7777 | OWNER)).is_ok();
    for entry in entries(path).unwrap_or_default() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            changed |= unlock(&entry.path());
        }
    }
    changed
}

/// Directories lock nobody out here.
#[cfg(not(unix))]
pub fn unlock(_: &Path) -> bool {
    false
}

/// The entries of a directory; none where it is not there, or is no directory.
///
/// # Errors
/// I/O.
pub fn entries(path: &Path) -> Result<Vec<DirEntry>> {
    let read = match fs::read_dir(path) {
        Err(e) if is_absent(&e) => return Ok(Vec::new()),
        read => read.and_then(|entries| entries.collect::<io::Result<Vec<_>>>()),
    };
    read.map_err(|e| Error::io("listing", path, e))
}

/// Removes the lock files that a killed git left in a directory, and below where it goes `deep`. Only for whoever knows that no
/// git works there.
pub fn remove_stale_locks(directory: &Path, deep: bool) {
    for entry in entries(directory).unwrap_or_default() {
        let path = entry.path();
        if deep && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_stale_locks(&path, deep);
        } else if path.extension().is_some_and(|end| end == "lock") {
            // What cannot be removed stops git, which says so.
            let _ = fs::remove_file(&path);
        }
    }
}

/// Removes a directory, or gives it another name where that cannot be done.
///
/// # Errors
/// I/O, when neither can be done.
pub fn remove_or_set_aside(path: &Path) -> Result<()> {
    let Err(error) = remove_all(path) else { return Ok(()) };
    let mut names = (0_u32..).map(|number| path.with_extension(format!("broken-{number}")));
    let free = names.find(|name| fs::symlink_metadata(name).is_err());
    let Some(free) = free.filter(|free| fs::rename(path, free).is_ok()) else { return Err(error) };
    tracing::warn!(path = %free.display(), %error, "leaving aside what cannot be removed");
    Ok(())
}

/// Whether what was looked for is not there: in the place of a directory there may be a file.
pub fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Globs that choose files.
#[derive(Debug, Clone)]
pub struct Globs {
    set: GlobSet,
    /// What everything that a glob chooses begins with.
    beginnings: Vec<String>,
}

impl Globs {
    /// Whether there may be chosen files in a directory.
    fn lead_below(&self, directory: &Path) -> bool {
        let name = Self::name(directory);
        self.lead_through(directory) || self.beginnings.iter().any(|begin| name.starts_with(begin))
    }

    /// Whether a glob names a directory on its way; the top is on all ways.
    fn lead_through(&self, directory: &Path) -> bool {
        let name = Self::name(directory);
        directory.as_os_str().is_empty() || self.beginnings.iter().any(|begin| begin.starts_with(&name))
    }

    fn name(directory: &Path) -> String {
        format!("{}/", directory.to_string_lossy().replace('\\', "/"))
    }
}

/// A set of globs; one that names a directory means all below.
///
/// # Errors
/// `Usage` for a glob that is none.
pub fn globs(patterns: &[String]) -> Result<Globs> {
    let mut set = GlobSetBuilder::new();
    let beginnings = patterns.iter().map(|glob| glob.split(['*', '?', '[', '{', '\\']).next().unwrap_or_default());
    let beginnings = beginnings.map(str::to_owned).collect();
    for pattern in patterns {
        let glob = Glob::new(pattern.trim_end_matches('/'))
            .map_err(|e| Error::new(Kind::Usage, format!("{pattern:?} is no glob")).with_source(e))?;
        set.add(glob);
    }
    let set = set.build().map_err(|e| Error::new(Kind::Usage, "the globs are too many").with_source(e))?;
    Ok(Globs { set, beginnings })
}

/// Files below a directory.
#[derive(Debug, Default)]
pub struct Below {
    /// The files, relative to it, in order.
    pub files: Vec<PathBuf>,
    /// The directories that could not be read, where there might have been more.
    pub unread: Vec<PathBuf>,
}

/// The plain files below `root` that globs choose, or all. Links are not followed, and what git keeps for itself is no file
/// of anybody.
///
/// # Errors
/// I/O, but for directories that cannot be read and that no glob names.
pub fn below(root: &Path, chosen: Option<&Globs>) -> Result<Below> {
    let mut found = Below::default();
    walk(root, Path::new(""), chosen, &mut found)?;
    found.files.sort_unstable();
    Ok(found)
}

fn walk(root: &Path, at: &Path, chosen: Option<&Globs>, found: &mut Below) -> Result<()> {
    let listed = match entries(&root.join(at)) {
        Err(_) if chosen.is_some_and(|globs| !globs.lead_through(at)) => {
            found.unread.push(at.to_owned());
            return Ok(());
        }
        listed => listed?,
    };
    for entry in listed {
        let path = at.join(entry.file_name());
        let kind = entry.file_type().map_err(|e| Error::io("reading", &entry.path(), e))?;
        let here = chosen.is_none_or(|globs| globs.set.is_match(&path));
        if kind.is_dir() && entry.file_name() != ".git" {
            if here || chosen.is_some_and(|globs| globs.lead_below(&path)) {
                walk(root, &path, if here { None } else { chosen }, found)?;
            }
        } else if kind.is_file() && here && entry.file_name() != ".git" {
            found.files.push(path);
        }
    }
    Ok(())
}

/// Copies files from below one directory to the same places below another, permissions included. What is in their way there,
/// a link before all, is replaced: nothing is written to where it leads. Nobody else may change either meanwhile.
///
/// # Errors
/// I/O.
pub fn copy(files: &[PathBuf], from: &Path, to: &Path) -> Result<()> {
    for file in files {
        let (source, target) = (from.join(file), to.join(file));
        fs::create_dir_all(to).map_err(|e| Error::io("creating", to, e))?;
        let mut parent = to.to_owned();
        for name in file.parent().into_iter().flat_map(Path::components) {
            parent.push(name);
            let made = clear(&parent).and_then(|()| fs::create_dir_all(&parent));
            made.map_err(|e| Error::io("creating", &parent, e))?;
        }
        clear(&target).map_err(|e| Error::io("replacing", &target, e))?;
        fs::copy(&source, &target).map_err(|e| Error::io("copying to", &target, e))?;
    }
    Ok(())
}

/// Removes what is at `path`, unless it is a directory.
fn clear(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_dir() => Ok(()),
        // Windows has links that only count as directories where they are removed.
        Ok(_) => fs::remove_file(path).or_else(|e| fs::remove_dir(path).map_err(|_| e)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_lead_only_where_they_can_choose() {
        for (pattern, leads, not) in [
            ("dist/a/**", vec!["dist", "dist/a", "dist/a/b"], vec!["src", "dis", "dist/b"]),
            ("dist*", vec!["dist", "distant/x"], vec!["src"]),
            ("**/*.o", vec!["src", "src/deep"], vec![]),
            ("file", vec![], vec!["src", "fil"]),
        ] {
            let globs = globs(&[pattern.to_owned()]).unwrap();
            assert!(leads.iter().all(|path| globs.lead_below(Path::new(path))), "{pattern}");
            assert!(!not.iter().any(|path| globs.lead_below(Path::new(path))), "{pattern}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_written_to_where_a_link_leads() {
        let dir = tempfile::tempdir().unwrap();
        let [from, to, outside] = ["from", "to", "outside"].map(|name| dir.path().join(name));
        for folder in [&from.join("dist"), &to, &outside] {
            fs::create_dir_all(folder).unwrap();
        }
        let files = ["dist/a", "b"].map(PathBuf::from);
        for file in &files {
            fs::write(from.join(file), "made").unwrap();
        }
        fs::write(outside.join("b"), "mine").unwrap();
        std::os::unix::fs::symlink(&outside, to.join("dist")).unwrap();
        std::os::unix::fs::symlink(outside.join("b"), to.join("b")).unwrap();
        copy(&files, &from, &to).unwrap();
        assert_eq!(below(&outside, None).unwrap().files, [PathBuf::from("b")]);
        assert_eq!(fs::read_to_string(outside.join("b")).unwrap(), "mine");
        assert!(files.iter().all(|file| fs::read_to_string(to.join(file)).unwrap() == "made"));
    }

    #[cfg(unix)]
    #[test]
    fn what_its_owner_may_not_write_to_is_removed_too() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let (top, locked) = (dir.path().join("top"), dir.path().join("top/a/b"));
        fs::create_dir_all(&locked).unwrap();
        fs::write(locked.join("file"), "").unwrap();
        for path in [&locked, locked.parent().unwrap()] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o055)).unwrap();
        }
        // Root may do everything, and would remove it without this.
        assert!(unlock(&top) && !unlock(&top));
        assert_eq!(fs::metadata(&locked).unwrap().permissions().mode() & 0o777, 0o755);
        fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
        remove_all(&top).unwrap();
        assert!(!top.exists());
    }

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
            let found = below(dir.path(), Some(&globs(&patterns).unwrap())).unwrap().files;
            assert_eq!(found, expected.iter().map(PathBuf::from).collect::<Vec<_>>(), "{patterns:?}");
        }
    }
}
