//! The content of files on its way into an archive: read once, secrets masked, changes noticed.

use crate::{
    archive::Source,
    capture::{
        secrets::{FileRule, Hits, ScrubReader, Scrubber, SecretValue, file_rule, redact},
        walk::{Root, mtime},
    },
    pipeline::{
        details::{Problem, ProblemKind, Removed},
        entry::{Content, Entry, display},
    },
};
use globset::GlobSet;
use memchr::memmem;
use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    io::{self, Cursor, Read},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// A file known to hold credentials that is larger than this is left out.
const CREDENTIALS_MAX: u64 = 4 << 20;
/// Files up to this size are read whole.
const WHOLE: u64 = 1 << 20;
/// More files than this that embed the workspace's path are counted, not named.
const EMBEDDING_MAX: usize = 1000;

/// What was noticed while files were read.
#[derive(Debug, Default)]
pub struct Notes {
    /// Files that could not be read, vanished or changed.
    pub problems: Vec<Problem>,
    /// What was masked or left out.
    pub removed: Vec<Removed>,
    /// Files that hold the workspace's own path, at most 1,000 of them.
    pub embedding: Vec<String>,
    /// How many there are in all.
    pub embedding_count: u64,
}

/// Gives the content of a walk's files. See [`Contents::prepare`].
pub struct Contents {
    roots: Vec<Root>,
    scrubber: Arc<Scrubber>,
    /// Redacted content of files known to hold credentials, by path.
    redacted: BTreeMap<Box<[u8]>, Vec<u8>>,
    exact: GlobSet,
    own_path: Option<memmem::Finder<'static>>,
    notes: Mutex<Notes>,
}

/// The result of looking at the files that hold credentials, before anything else is read.
#[derive(Debug, Default)]
pub struct Credentials {
    /// Redacted content by path.
    pub redacted: BTreeMap<Box<[u8]>, Vec<u8>>,
    /// What was taken out.
    pub removed: Vec<Removed>,
    /// The credentials: to be searched for everywhere else.
    pub values: Vec<SecretValue>,
}

/// Leaves out of `entries` the files that are credentials as a whole, and reads and redacts those that hold some.
/// Files that match `exact` are not looked at.
pub fn credentials(roots: &[Root], entries: &mut Vec<Entry>, exact: &GlobSet) -> Credentials {
    let mut found = Credentials::default();
    let rules = rules(roots, entries, exact);
    entries.retain(|entry| {
        // Another name of a credential is the same credential.
        let rule = rules.get(first_name(entry)).copied().unwrap_or(FileRule::Keep);
        match rule {
            FileRule::LeaveOut(reason) => {
                found.removed.push(removed(&entry.path, "removed", reason.into()));
                false
            }
            FileRule::Redact(_) if !entry.is_file() || is_exact(roots, entry, exact) => true,
            FileRule::Keep => true,
            FileRule::Redact(_) if entry.size > CREDENTIALS_MAX => {
                found.removed.push(removed(
                    &entry.path,
                    "removed",
                    "it holds credentials, and is too large to redact".into(),
                ));
                false
            }
            FileRule::Redact(kind) => {
                let content = place(roots, &entry.path).and_then(|path| open(&path).ok()).and_then(|mut file| {
                    let mut bytes = Vec::new();
                    file.by_ref().take(CREDENTIALS_MAX).read_to_end(&mut bytes).ok().map(|_| bytes)
                });
                // What cannot be read now is met again, and reported, when the archive is written.
                let Some(content) = content else { return true };
                let cleaned = redact(kind, &content);
                if !cleaned.removed.is_empty() {
                    let reasons = cleaned.removed.iter().map(|r| format!("{}: {}", r.name, r.reason));
                    found.removed.extend(reasons.map(|reason| removed(&entry.path, "redacted", reason)));
                    found.values.extend(cleaned.values);
                    found.redacted.insert(entry.path.clone(), cleaned.bytes);
                }
                true
            }
        }
    });
    found
}

/// What is done with the files that hold credentials, by their first names: another name of one is no other file. One that is
/// a credential as a whole by any of its names is left out.
fn rules(roots: &[Root], entries: &[Entry], exact: &GlobSet) -> HashMap<Box<[u8]>, FileRule> {
    let mut rules = HashMap::new();
    for entry in entries.iter().filter(|e| e.is_file()) {
        let rule = file_rule(&entry.path);
        let first = first_name(entry);
        if matches!(rule, FileRule::Keep)
            || matches!((rule, rules.get(first)), (FileRule::Redact(_), Some(FileRule::LeaveOut(_))))
            || is_exact(roots, entry, exact)
        {
            continue;
        }
        rules.insert(first.into(), rule);
    }
    rules
}

/// Whether a file is to be saved as it is.
fn is_exact(roots: &[Root], entry: &Entry, exact: &GlobSet) -> bool {
    !exact.is_empty() && exact.is_match(os_name(below_prefix(roots, &entry.path)))
}

fn first_name(entry: &Entry) -> &[u8] {
    match &entry.content {
        Content::File { link: Some(first), .. } => first,
        _ => &entry.path,
    }
}

impl Contents {
    /// Makes the source. `exact` are files (relative to their root) that are saved as they are, secrets and all;
    /// `own_path` is the workspace's path, which files are searched for.
    pub fn prepare(
        roots: Vec<Root>,
        scrubber: Arc<Scrubber>,
        found: Credentials,
        exact: GlobSet,
        own_path: Option<&str>,
    ) -> Contents {
        // A path of one or two characters would be found everywhere.
        let own_path = own_path.filter(|p| p.len() > 3).map(|p| memmem::Finder::new(p.as_bytes()).into_owned());
        let notes = Notes { removed: found.removed, ..Notes::default() };
        Contents { roots, scrubber, redacted: found.redacted, exact, own_path, notes: Mutex::new(notes) }
    }

    /// What was noticed.
    pub fn into_notes(self) -> Notes {
        let mut notes = self.notes.into_inner().unwrap_or_else(PoisonError::into_inner);
        notes.problems.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        notes.removed.sort_unstable_by(|a, b| (&a.place, &a.name).cmp(&(&b.place, &b.name)));
        notes.embedding.sort_unstable();
        notes
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn problem(&self, path: &[u8], kind: ProblemKind, detail: String) {
        self.notes().problems.push(Problem { path: display(path).into_owned(), kind, detail });
    }

    fn masked(&self, path: &[u8], hits: &Hits) {
        if hits.total() > 0 {
            let what: Vec<_> = hits
                .counts
                .iter()
                .map(|(kind, n)| if *n == 1 { kind.clone() } else { format!("{kind} ({n}×)") })
                .collect();
            self.notes().removed.push(removed(path, "redacted", format!("it holds {}", what.join(", "))));
        }
    }

    fn embeds(&self, path: &[u8]) {
        let mut notes = self.notes();
        notes.embedding_count += 1;
        if notes.embedding.len() < EMBEDDING_MAX {
            notes.embedding.push(display(path).into_owned());
        }
    }

    /// Opens an entry's content, of which the beginning goes behind what `out` holds.
    fn try_open<'a>(&'a self, entry: &Entry, out: &mut Vec<u8>) -> io::Result<Box<dyn Read + Send + 'a>> {
        if let Some(bytes) = self.redacted.get(&entry.path) {
            let mut bytes = bytes.clone();
            let hits = self.scrubber.scrub_whole(&mut bytes);
            self.masked(&entry.path, &hits);
            return Ok(Box::new(Cursor::new(bytes)));
        }
        let path = place(&self.roots, &entry.path).ok_or(io::ErrorKind::NotFound)?;
        let file = open(&path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::other("it is no longer a regular file"));
        }
        // Read no further than the end it has now: a log that grows as fast as it is read must not keep us for ever.
        let len = metadata.len();
        let mut watched =
            Watched { file, left: len, before: (entry.mtime, entry.size), path: entry.path.clone(), contents: self };
        if is_exact(&self.roots, entry, &self.exact) {
            return Ok(Box::new(watched));
        }
        if len <= WHOLE {
            let start = out.len();
            out.reserve(len as usize + 1);
            if let Err(error) = watched.read_to_end(out) {
                out.truncate(start);
                return Err(error);
            }
            let bytes = &mut out[start..];
            let hits = self.scrubber.scrub_whole(bytes);
            self.masked(&entry.path, &hits);
            if self.own_path.as_ref().is_some_and(|finder| finder.find(bytes).is_some()) {
                self.embeds(&entry.path);
            }
            return Ok(Box::new(io::empty()));
        }
        let reader = ScrubReader::new(watched, &self.scrubber);
        Ok(Box::new(Streamed {
            reader,
            tail: Vec::new(),
            embeds: false,
            done: false,
            path: entry.path.clone(),
            contents: self,
        }))
    }
}

impl Source for Contents {
    fn open<'a>(&'a self, entry: &Entry) -> Option<Box<dyn Read + Send + 'a>> {
        let mut head = Vec::new();
        let rest = self.open_behind(entry, &mut head)?;
        Some(Box::new(Cursor::new(head).chain(rest)))
    }

    fn open_behind<'a>(&'a self, entry: &Entry, out: &mut Vec<u8>) -> Option<Box<dyn Read + Send + 'a>> {
        match self.try_open(entry, out) {
            Ok(reader) => Some(reader),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                self.problem(&entry.path, ProblemKind::Vanished, "it was gone when it was to be read".into());
                None
            }
            Err(e) => {
                self.problem(&entry.path, ProblemKind::Unreadable, e.to_string());
                None
            }
        }
    }

    fn failed(&self, entry: &Entry, error: io::Error, kept: bool) {
        let detail = if kept { format!("saved up to where reading it failed: {error}") } else { error.to_string() };
        self.problem(&entry.path, ProblemKind::Unreadable, detail);
    }
}

/// Reads a file to the end it had when it was opened, and then looks whether it is still the one that the walk saw.
struct Watched<'a> {
    file: File,
    left: u64,
    before: (i64, u64),
    path: Box<[u8]>,
    contents: &'a Contents,
}

impl Read for Watched<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        let n = self.file.by_ref().take(self.left).read(out)?;
        self.left -= n as u64;
        if n == 0 {
            self.left = 0;
            let now = self.file.metadata()?;
            if (mtime(&now), now.len()) != self.before {
                self.contents.problem(
                    &self.path,
                    ProblemKind::Changed,
                    "it changed while the workspace was saved".into(),
                );
                self.before = (mtime(&now), now.len());
            }
        }
        Ok(n)
    }
}

/// A large file: masked as it streams, and searched for the workspace's path.
struct Streamed<'a, R> {
    reader: ScrubReader<'a, R>,
    tail: Vec<u8>,
    embeds: bool,
    done: bool,
    path: Box<[u8]>,
    contents: &'a Contents,
}

impl<R: Read> Read for Streamed<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.reader.read(out)?;
        if let (Some(finder), false) = (&self.contents.own_path, self.embeds) {
            let overlap = finder.needle().len() - 1;
            self.tail.extend_from_slice(&out[..n.min(overlap)]);
            self.embeds = finder.find(&self.tail).is_some() || finder.find(&out[..n]).is_some();
            let keep =
                if n >= overlap { &out[n - overlap..n] } else { &self.tail[self.tail.len().saturating_sub(overlap)..] };
            self.tail = keep.to_vec();
        }
        if n == 0 && !out.is_empty() && !self.done {
            self.done = true;
            self.contents.masked(&self.path, self.reader.hits());
            if self.embeds {
                self.contents.embeds(&self.path);
            }
        }
        Ok(n)
    }
}

fn removed(path: &[u8], action: &str, reason: String) -> Removed {
    Removed { place: "file".into(), name: display(path).into_owned(), action: action.into(), reason }
}

/// An entry's path below its root.
fn below_prefix<'a>(roots: &[Root], path: &'a [u8]) -> &'a [u8] {
    let below = |root: &Root| path.strip_prefix(root.prefix.as_bytes())?.strip_prefix(b"/");
    roots.iter().find_map(below).unwrap_or(path)
}

/// Where an entry is on this disk.
pub fn place(roots: &[Root], path: &[u8]) -> Option<PathBuf> {
    roots.iter().find_map(|root| {
        let below = path.strip_prefix(root.prefix.as_bytes())?.strip_prefix(b"/")?;
        Some(root.path.join(os_name(below)))
    })
}

fn os_name(path: &[u8]) -> PathBuf {
    // A name that this system cannot have was never walked.
    crate::archive::tree::os_path(path).unwrap_or_default()
}

/// Opens a file for reading without following a link that took its place, and without waiting for a FIFO that did.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::open(path, flags, Mode::empty())?))
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}
