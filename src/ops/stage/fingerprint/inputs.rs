//! The files that a stage's inputs match, and their hashes: a file that is as it was when it was last hashed is not read.

use super::{Input, Subject, glob::Glob, memory::Mark};
use crate::error::{Error, Kind, Result};
use jiff::Timestamp;
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs::{self, File, Metadata},
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

/// What makes a segment of a path a pattern.
const WILD: [char; 4] = ['*', '?', '[', '{'];
/// Read at once, in bytes.
const BLOCK: usize = 64 << 10;

/// What is known of the disk as long as nothing ran: many stages may read the same files.
#[derive(Default)]
pub(super) struct Seen {
    listings: HashMap<PathBuf, Arc<[Listed]>>,
    inside: HashSet<PathBuf>,
    globs: HashMap<String, Arc<Glob>>,
}

/// A name in a directory.
struct Listed {
    name: String,
    is_dir: bool,
}

/// The files that inputs match, and the inputs that match nothing.
pub(super) struct Matched {
    /// Paths below the directory, with `/`.
    pub paths: BTreeMap<String, Metadata>,
    pub unmatched: Vec<String>,
}

/// The hash of a file as it was hashed.
pub(super) struct Hashed {
    pub mark: Mark,
    pub sha256: String,
    /// Whether the mark will tell when the file changes: it did not change meanwhile, nor so lately that its time could
    /// stay the same.
    pub lasting: bool,
}

impl Seen {
    /// Finds the files that a stage's inputs match. What the stage makes itself is none of them, nor is anything in `.git`.
    ///
    /// # Errors
    /// `Usage` for an input that leads out of the directory or is no glob; those of reading directories.
    pub fn find(&mut self, subject: &Subject) -> Result<Matched> {
        let mut matched = Matched { paths: BTreeMap::new(), unmatched: Vec::new() };
        for input in &subject.stage.inputs {
            if !self.expand(subject, input, &mut matched.paths)? {
                matched.unmatched.push(input.clone());
            }
        }
        Ok(matched)
    }

    /// Adds what one input matches; returns whether that is anything.
    fn expand(&mut self, subject: &Subject, input: &str, to: &mut BTreeMap<String, Metadata>) -> Result<bool> {
        let outside = |why: &str| {
            Error::new(Kind::Usage, format!("the input {input:?} of {} {why}", subject.stage.name))
                .hint("inputs are files below the stage's directory; set `directory` to one that holds them all")
        };
        let input = input.trim_start_matches("./");
        if input.starts_with('/') || Path::new(input).is_absolute() || input.split('/').any(|part| part == "..") {
            return Err(outside("leads out of its directory"));
        }
        let wild = input.split('/').position(|part| part.contains(WILD));
        let parts: Vec<&str> = input.split('/').collect();
        // The last segment is the file's own name.
        let fixed = parts[..wild.unwrap_or(parts.len() - 1)].join("/");
        let base = match fixed.is_empty() {
            true => subject.directory.to_owned(),
            false => subject.directory.join(&fixed),
        };
        if !self.is_inside(subject.directory, &base)? {
            return Err(outside("goes through a link out of its directory"));
        }
        let Some(wild) = wild else {
            let file = stat(&subject.directory.join(input))?.filter(|meta| !meta.is_dir());
            let Some(meta) = file else { return Ok(false) };
            return self.add(subject, input.to_owned(), meta, to).map(|()| true);
        };
        let glob = self.glob(input)?;
        let deepest = if input.contains("**") { usize::MAX } else { parts.len() - wild };
        let mut found = false;
        let mut left = vec![(base, fixed, 1)];
        while let Some((directory, under, depth)) = left.pop() {
            for listed in self.list(&directory)?.iter() {
                let path = if under.is_empty() { listed.name.clone() } else { format!("{under}/{}", listed.name) };
                if listed.is_dir {
                    if depth < deepest && listed.name != ".git" {
                        left.push((directory.join(&listed.name), path, depth + 1));
                    }
                } else if glob.is_match(&path)
                    && let Some(meta) = stat(&directory.join(&listed.name))?
                {
                    self.add(subject, path, meta, to)?;
                    found = true;
                }
            }
        }
        Ok(found)
    }

    /// Adds a file, unless the stage makes it itself.
    fn add(
        &mut self,
        subject: &Subject,
        path: String,
        meta: Metadata,
        to: &mut BTreeMap<String, Metadata>,
    ) -> Result<()> {
        for output in &subject.stage.outputs {
            let own = output.files == path || output.files.contains(WILD) && self.glob(&output.files)?.is_match(&path);
            if own {
                return Ok(());
            }
        }
        to.insert(path, meta);
        Ok(())
    }

    fn glob(&mut self, text: &str) -> Result<Arc<Glob>> {
        if let Some(glob) = self.globs.get(text) {
            return Ok(glob.clone());
        }
        let usage = |e| Error::new(Kind::Usage, format!("{text:?} is no glob")).with_source(e);
        let glob = Arc::new(Glob::new(text).map_err(usage)?);
        self.globs.insert(text.to_owned(), glob.clone());
        Ok(glob)
    }

    /// Whether a directory is below another, whatever the links say; one that is not there is nowhere else.
    fn is_inside(&mut self, directory: &Path, base: &Path) -> Result<bool> {
        if base == directory || self.inside.contains(base) {
            return Ok(true);
        }
        let real = |path: &Path| match fs::canonicalize(path) {
            Ok(real) => Ok(Some(real)),
            Err(e) if is_missing(&e) => Ok(None),
            Err(e) => Err(Error::io("resolving", path, e)),
        };
        let (Some(outer), Some(inner)) = (real(directory)?, real(base)?) else { return Ok(true) };
        let inside = inner.starts_with(&outer);
        if inside {
            self.inside.insert(base.to_owned());
        }
        Ok(inside)
    }

    fn list(&mut self, directory: &Path) -> Result<Arc<[Listed]>> {
        if let Some(listed) = self.listings.get(directory) {
            return Ok(listed.clone());
        }
        let failed = |e| Error::io("listing", directory, e);
        let entries = match fs::read_dir(directory) {
            Err(e) if is_missing(&e) => None,
            entries => Some(entries.map_err(failed)?),
        };
        let mut listed = Vec::new();
        for entry in entries.into_iter().flatten() {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().into_string().map_err(|name| {
                let path = directory.join(name);
                Error::new(Kind::Unsupported, format!("the name of {} is not UTF-8", path.display()))
                    .hint("rename it, or write inputs that do not look into its directory")
            })?;
            listed.push(Listed { name, is_dir: entry.file_type().map_err(failed)?.is_dir() });
        }
        let listed: Arc<[Listed]> = listed.into();
        self.listings.insert(directory.to_owned(), listed.clone());
        Ok(listed)
    }
}

/// What a path is, without following it; `None` when it is not there.
pub(super) fn stat(path: &Path) -> Result<Option<Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(meta) => Ok(Some(meta)),
        Err(e) if is_missing(&e) => Ok(None),
        Err(e) => Err(Error::io("looking at", path, e)),
    }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// A link's text.
pub(super) fn link(path: &Path) -> Result<Input> {
    let target = fs::read_link(path).map_err(|e| Error::io("reading the link", path, e))?;
    Ok(Input::Link { link: target.to_string_lossy().into_owned() })
}

/// Hashes files in parallel.
///
/// # Errors
/// The first that cannot be read.
pub(super) fn hash(files: Vec<PathBuf>, now: fn() -> Timestamp) -> Result<Vec<(PathBuf, Hashed)>> {
    files.into_par_iter().map(|path| hash_one(&path, now).map(|hashed| (path, hashed))).collect()
}

fn hash_one(path: &Path, now: fn() -> Timestamp) -> Result<Hashed> {
    let failed = |e| Error::io("reading", path, e);
    let mut file = File::open(path).map_err(failed)?;
    let mark = Mark::of(&file.metadata().map_err(failed)?);
    // Before it is read: a write after this moment has a later time.
    let settled = mark.is_settled(now());
    let mut hasher = Sha256::new();
    let mut block = vec![0; BLOCK];
    loop {
        match file.read(&mut block) {
            Ok(0) => break,
            Ok(n) => hasher.update(&block[..n]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(failed(e)),
        }
    }
    let lasting = settled && Mark::of(&file.metadata().map_err(failed)?) == mark;
    Ok(Hashed { mark, sha256: format!("{:x}", hasher.finalize()), lasting })
}
