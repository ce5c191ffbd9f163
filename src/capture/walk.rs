//! The walk: what is in the trees that are to be saved.

use crate::{
    error::{Error, Kind, Result},
    pipeline::{
        details::{Problem, ProblemKind},
        entry::{Content, Entry, Location, display},
    },
};
use ignore::{
    DirEntry, ParallelVisitor, ParallelVisitorBuilder, WalkBuilder, WalkState,
    gitignore::{Gitignore, GitignoreBuilder},
};
use std::{
    collections::HashMap,
    fs::Metadata,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::UNIX_EPOCH,
};

/// The file that names, in gitignore syntax, what is not to be saved.
pub const IGNORE_FILE: &str = ".ci-tool-ignore";

/// A tree to save and the name under which its entries are saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// The directory, absolute.
    pub path: PathBuf,
    /// The first segments of its entries' paths: `workspace`, or `also/NAME`.
    pub prefix: String,
}

/// What not to save.
#[derive(Debug, Clone, Default)]
pub struct WalkOptions {
    /// Patterns in gitignore syntax, relative to each root.
    pub exclude: Vec<String>,
    /// Directories, absolute, that are no part of the job: the store itself.
    pub skip: Vec<PathBuf>,
}

/// What a walk found.
#[derive(Debug, Default)]
pub struct Walked {
    /// All entries in path order; files without hash and location.
    pub entries: Vec<Entry>,
    /// What cannot be saved, and why.
    pub problems: Vec<Problem>,
}

impl Walked {
    /// Bytes of content.
    pub fn bytes(&self) -> u64 {
        self.entries.iter().map(|e| e.size).sum()
    }
}

/// Walks the roots with all cores. What cannot be read is a problem, not an error.
///
/// # Errors
/// `Usage` when a pattern is none, `NotFound` when a root is no directory.
pub fn walk(roots: &[Root], options: &WalkOptions, threads: usize) -> Result<Walked> {
    let mut found = Found::default();
    for root in roots {
        let metadata = std::fs::metadata(&root.path).map_err(|e| Error::io("reading the directory", &root.path, e))?;
        if !metadata.is_dir() {
            return Err(Error::new(Kind::Usage, format!("{} is not a directory", root.path.display())));
        }
        found.append(walk_root(root, options, threads)?);
    }
    found.entries.sort_unstable_by(|a, b| a.entry.path.cmp(&b.entry.path));
    found.problems.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(Walked { entries: linked(found.entries), problems: found.problems })
}

/// A found entry with what tells hard links apart from copies.
struct FoundEntry {
    entry: Entry,
    file: Option<(u64, u64)>,
}

#[derive(Default)]
struct Found {
    entries: Vec<FoundEntry>,
    problems: Vec<Problem>,
}

impl Found {
    fn append(&mut self, mut other: Found) {
        self.entries.append(&mut other.entries);
        self.problems.append(&mut other.problems);
    }
}

fn walk_root(root: &Root, options: &WalkOptions, threads: usize) -> Result<Found> {
    let excluded = patterns(&root.path, &options.exclude)?;
    let skip = options.skip.clone();
    let mut builder = WalkBuilder::new(&root.path);
    builder
        .standard_filters(false)
        .follow_links(false)
        .add_custom_ignore_filename(IGNORE_FILE)
        .threads(threads)
        .filter_entry(move |entry| {
            let directory = entry.file_type().is_some_and(|t| t.is_dir());
            let out = entry.depth() > 0 && excluded.matched(entry.path(), directory).is_ignore();
            !(out || (directory && skip.iter().any(|s| s == entry.path())))
        });
    let all = Mutex::new(Found::default());
    builder.build_parallel().visit(&mut Builder { root, all: &all });
    Ok(all.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// Checks patterns before anything is walked.
///
/// # Errors
/// `Usage`, naming the first that is none.
pub fn check_patterns(exclude: &[String]) -> Result<()> {
    patterns(Path::new("/"), exclude).map(drop)
}

fn patterns(root: &Path, exclude: &[String]) -> Result<Gitignore> {
    let mut builder = GitignoreBuilder::new(root);
    let bad = |pattern: &str, e: ignore::Error| {
        Error::new(Kind::Usage, format!("{pattern:?} is not a pattern"))
            .with_source(e)
            .hint("--exclude takes gitignore syntax, for example --exclude 'node_modules/' --exclude '*.o'")
    };
    for pattern in exclude {
        builder.add_line(None, pattern).map_err(|e| bad(pattern, e))?;
    }
    builder.build().map_err(|e| bad("--exclude", e))
}

struct Builder<'a> {
    root: &'a Root,
    all: &'a Mutex<Found>,
}

impl<'a> ParallelVisitorBuilder<'a> for Builder<'a> {
    fn build(&mut self) -> Box<dyn ParallelVisitor + 'a> {
        Box::new(Visitor { root: self.root, all: self.all, found: Found::default() })
    }
}

struct Visitor<'a> {
    root: &'a Root,
    all: &'a Mutex<Found>,
    found: Found,
}

impl Drop for Visitor<'_> {
    fn drop(&mut self) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).append(std::mem::take(&mut self.found));
    }
}

impl ParallelVisitor for Visitor<'_> {
    fn visit(&mut self, entry: Result<DirEntry, ignore::Error>) -> WalkState {
        match entry {
            Ok(entry) => self.entry(&entry),
            Err(error) => self.error(&error),
        }
        WalkState::Continue
    }
}

impl Visitor<'_> {
    fn entry(&mut self, found: &DirEntry) {
        let Some(path) = self.saved_path(found.path()) else {
            return self.problem(found.path(), ProblemKind::NotUnicode, "its name is not Unicode");
        };
        // An unreadable or broken ignore file: what it would have left out is saved.
        if let Some(error) = found.error() {
            self.problem(found.path(), ProblemKind::Unreadable, &error.to_string());
        }
        let metadata = match found.metadata() {
            Ok(metadata) => metadata,
            Err(error) => {
                let gone = error.io_error().is_some_and(|e| e.kind() == std::io::ErrorKind::NotFound);
                let kind = if gone { ProblemKind::Vanished } else { ProblemKind::Unreadable };
                return self.problem(found.path(), kind, &error.to_string());
            }
        };
        let kind = metadata.file_type();
        let content = if kind.is_dir() {
            Content::Directory
        } else if kind.is_file() {
            let sparse = platform::is_sparse(&metadata);
            Content::File { hash: [0; 32], sparse, link: None, location: Location::default() }
        } else if kind.is_symlink() {
            match std::fs::read_link(found.path()).ok().and_then(|target| platform::bytes(&target)) {
                Some(target) => Content::Symlink { target },
                None => return self.problem(found.path(), ProblemKind::Unreadable, "its target cannot be read"),
            }
        } else {
            return self.problem(found.path(), ProblemKind::Special, platform::special(&kind));
        };
        let size = if kind.is_file() { metadata.len() } else { 0 };
        let entry = Entry { path, size, mode: platform::mode(&metadata), mtime: mtime(&metadata), content };
        let file = if kind.is_file() { platform::shared_file(&metadata) } else { None };
        self.found.entries.push(FoundEntry { entry, file });
    }

    fn error(&mut self, error: &ignore::Error) {
        let path = path_of(error).unwrap_or(&self.root.path).to_owned();
        let gone = error.io_error().is_some_and(|e| e.kind() == std::io::ErrorKind::NotFound);
        self.problem(&path, if gone { ProblemKind::Vanished } else { ProblemKind::Unreadable }, &error.to_string());
    }

    fn problem(&mut self, path: &Path, kind: ProblemKind, detail: &str) {
        let path = match self.saved_path(path) {
            Some(saved) => display(&saved).into_owned(),
            None => path.display().to_string(),
        };
        self.found.problems.push(Problem { path, kind, detail: detail.into() });
    }

    fn saved_path(&self, path: &Path) -> Option<Box<[u8]>> {
        let below = path.strip_prefix(&self.root.path).ok()?;
        let mut saved = self.root.prefix.clone().into_bytes();
        if !below.as_os_str().is_empty() {
            saved.push(b'/');
            saved.extend_from_slice(&platform::bytes(below)?);
        }
        Some(saved.into())
    }
}

/// The path that an error of the walk is about.
fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
        ignore::Error::Loop { child, .. } => Some(child),
        _ => None,
    }
}

/// Makes every further name of a file a link to the first, in path order.
fn linked(found: Vec<FoundEntry>) -> Vec<Entry> {
    let mut first: HashMap<(u64, u64), Box<[u8]>> = HashMap::new();
    let link = |FoundEntry { mut entry, file }: FoundEntry| {
        if let (Some(file), Content::File { link, .. }) = (file, &mut entry.content) {
            match first.get(&file) {
                Some(path) => *link = Some(path.clone()),
                None => drop(first.insert(file, entry.path.clone())),
            }
        }
        entry
    };
    found.into_iter().map(link).collect()
}

/// Last modification in nanoseconds since 1970, negative before.
pub fn mtime(metadata: &Metadata) -> i64 {
    let Ok(time) = metadata.modified() else { return 0 };
    let distance = |d: std::time::Duration| i64::try_from(d.as_nanos()).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => distance(after),
        Err(before) => -distance(before.duration()),
    }
}

/// What differs between systems when a tree is read.
mod platform {
    #[cfg(unix)]
    pub use unix::*;
    #[cfg(windows)]
    pub use windows::*;

    #[cfg(unix)]
    mod unix {
        use std::{
            fs::{FileType, Metadata},
            os::unix::{
                ffi::OsStrExt,
                fs::{FileTypeExt, MetadataExt},
            },
            path::Path,
        };

        pub fn bytes(path: &Path) -> Option<Box<[u8]>> {
            Some(path.as_os_str().as_bytes().into())
        }

        pub fn mode(metadata: &Metadata) -> u32 {
            metadata.mode() & 0o7777
        }

        pub fn is_sparse(metadata: &Metadata) -> bool {
            // Blocks are 512 bytes whatever the file system's own are (stat(2)); small files may live in the inode.
            metadata.len() > 4096 && metadata.blocks() * 512 < metadata.len() / 4096 * 4096
        }

        pub fn shared_file(metadata: &Metadata) -> Option<(u64, u64)> {
            (metadata.nlink() > 1).then(|| (metadata.dev(), metadata.ino()))
        }

        pub fn special(kind: &FileType) -> &'static str {
            if kind.is_socket() {
                "a socket"
            } else if kind.is_fifo() {
                "a FIFO"
            } else {
                "a device"
            }
        }
    }

    #[cfg(windows)]
    mod windows {
        use std::{
            fs::{FileType, Metadata},
            os::windows::fs::MetadataExt,
            path::Path,
        };

        pub fn bytes(path: &Path) -> Option<Box<[u8]>> {
            Some(path.to_str()?.replace('\\', "/").into_bytes().into())
        }

        pub fn mode(metadata: &Metadata) -> u32 {
            match (metadata.is_dir(), metadata.permissions().readonly()) {
                (true, _) => 0o755,
                (false, true) => 0o444,
                (false, false) => 0o644,
            }
        }

        /// FILE_ATTRIBUTE_SPARSE_FILE.
        pub fn is_sparse(metadata: &Metadata) -> bool {
            metadata.file_attributes() & 0x200 != 0
        }

        /// std does not say on stable: hard links are saved as copies.
        pub fn shared_file(_: &Metadata) -> Option<(u64, u64)> {
            None
        }

        pub fn special(_: &FileType) -> &'static str {
            "neither file, directory nor link"
        }
    }
}
