//! Putting entries back on disk, so that none ever lands outside the target.
//!
//! Two walls: [`check`] refuses a whole list that could escape before anything is written, and every path is resolved
//! below an open directory by `cap-std`, which follows no link out of it. Links are made last, so that nothing of ours is
//! written through one.

mod check;
mod platform;
mod seed;

pub use check::check;
pub use platform::os_path;
pub use seed::Seed;

use crate::{
    archive::read_error,
    error::{Error, Kind, Result},
    pipeline::entry::{Content, Entry},
};
use cap_std::{
    ambient_authority,
    fs::{Dir, File, OpenOptions},
};
use std::{
    fs::FileTimes,
    io::{self, BufRead, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

const BLOCK: usize = 128 << 10;
/// Holes are made of whole pages.
const PAGE: usize = 4096;

/// What may be in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// Nothing of the capture may exist yet.
    Refuse,
    /// An earlier restore of the same capture was cut off here: what has the right size and time is done.
    Resume,
    /// Files that are in the way are replaced.
    Replace,
}

/// A directory that entries are put into. Usable from many threads.
pub struct Tree {
    root: Dir,
    path: PathBuf,
    existing: Existing,
    folds_case: bool,
    /// The bits of the mode asked for that a new file is given.
    kept: u32,
}

impl Tree {
    /// Opens the directory, which must exist, and makes and removes a file in it to see what becomes of one.
    ///
    /// # Errors
    /// I/O.
    pub fn open(path: &Path, existing: Existing) -> Result<Tree> {
        const PROBE: &str = ".ci-tool-Case-Probe";
        let root = Dir::open_ambient_dir(path, ambient_authority()).map_err(|e| Error::io("opening", path, e))?;
        let failed = |e| Error::io("writing in", path, e);
        let mut options = OpenOptions::new();
        platform::with_mode(options.write(true).create(true), 0o777);
        let probe = root.open_with(PROBE, &options).and_then(|file| file.metadata()).map_err(failed)?;
        let folds_case = root.symlink_metadata(PROBE.to_lowercase()).is_ok();
        root.remove_file(PROBE).map_err(failed)?;
        // A directory that was there may have an access control list of its own, and give files other modes.
        let kept = if existing == Existing::Replace { 0 } else { platform::mode_of(&probe) };
        Ok(Tree { root, path: path.to_owned(), existing, folds_case, kept })
    }

    /// Whether names that differ only in case are the same file here.
    pub fn folds_case(&self) -> bool {
        self.folds_case
    }

    /// Makes the directories among `entries`, writable until [`Tree::finish`], and those that files need.
    ///
    /// # Errors
    /// `Exists` when something else has the name; I/O.
    pub fn directories(&self, entries: &[Entry]) -> Result<()> {
        let mut made: &[u8] = b"";
        for entry in entries {
            let parent = entry.path.iter().rposition(|b| *b == b'/').map_or(&b""[..], |at| &entry.path[..at]);
            let wanted = if entry.content == Content::Directory { &*entry.path } else { parent };
            if wanted.is_empty() || wanted == made {
                continue;
            }
            let path = os_path(wanted)?;
            self.refuse_links(&path)?;
            match self.root.create_dir_all(&path) {
                Ok(()) => {}
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists && self.root.is_dir(&path) => {}
                Err(e) => return Err(self.failed("making the directory", entry, e)),
            }
            // A restore that was cut off may have left the final, read-only mode.
            if self.existing != Existing::Refuse {
                platform::make_writable(&self.root, &path);
            }
            made = wanted;
        }
        Ok(())
    }

    /// Refuses a directory that is, or is reached through, a link that was there before us: it may lead to what is not ours.
    fn refuse_links(&self, path: &Path) -> Result<()> {
        if self.existing == Existing::Refuse {
            return Ok(());
        }
        let mut above = path.ancestors().filter(|above| !above.as_os_str().is_empty());
        match above.find(|above| self.root.symlink_metadata(above).is_ok_and(|found| found.is_symlink())) {
            None => Ok(()),
            Some(link) => {
                let link = self.path.join(link);
                Err(Error::new(Kind::Exists, format!("the link {} is in the way of a directory", link.display()))
                    .hint("remove the link, or restore into a new directory: --into DIR"))
            }
        }
    }

    /// Whether an earlier restore that was cut off has already written this file whole: its time is set last.
    pub fn has(&self, entry: &Entry) -> bool {
        if self.existing != Existing::Resume {
            return false;
        }
        let Ok(path) = os_path(&entry.path) else { return false };
        let Ok(found) = self.root.symlink_metadata(&path) else { return false };
        let time = found.modified().ok().map(|t| t.into_std());
        found.is_file() && found.len() == entry.size && time.is_some() && time == time_of(entry)
    }

    /// Writes one file and verifies it while writing.
    ///
    /// # Errors
    /// `Corrupt` when the content is not what the manifest says: nothing is left of the file. `Exists` when something is in
    /// the way. I/O.
    pub fn file(&self, entry: &Entry, content: &mut dyn BufRead) -> Result<()> {
        let Content::File { hash, sparse, .. } = &entry.content else {
            return Err(Error::new(Kind::Internal, format!("{} is no file", entry.display())));
        };
        let path = os_path(&entry.path)?;
        let mut file = self.create(entry, &path)?;
        let written =
            if *sparse { copy_sparse(content, &mut file, entry.size) } else { copy(content, &mut file, entry.size) };
        let written = written.map_err(|error| match error {
            CopyError::Content(e) => read_error(&format!("the content of {}", entry.display()), e),
            CopyError::Target(e) => self.failed("writing", entry, e),
        });
        let good = written.and_then(|(size, found)| {
            if size == entry.size && found == *hash {
                return Ok(());
            }
            Err(Error::new(
                Kind::Corrupt,
                format!("the content of {} is damaged: its hash is not the one saved", entry.display()),
            ))
        });
        if let Err(error) = good {
            drop(file);
            let _ = self.root.remove_file(&path);
            return Err(error);
        }
        let file = file.into_std();
        // What the file was made with already is not set again: the file system would write it to its journal.
        if !platform::made_with(entry.mode, self.kept) {
            platform::set_mode(&file, entry.mode).map_err(|e| self.failed("setting the mode of", entry, e))?;
        }
        if let Some(time) = time_of(entry) {
            file.set_times(FileTimes::new().set_modified(time))
                .map_err(|e| self.failed("setting the time of", entry, e))?;
        }
        Ok(())
    }

    /// Makes hard links (of files that `whole` says are there), symbolic links, and last the modes and times of directories.
    /// Links that this platform or user cannot make are returned, not an error.
    ///
    /// # Errors
    /// `Exists` when something is in the way; I/O.
    pub fn finish<'a>(&self, entries: &'a [Entry], whole: impl Fn(&Entry) -> bool) -> Result<Vec<&'a Entry>> {
        let mut impossible = Vec::new();
        for entry in entries {
            match &entry.content {
                Content::File { link: Some(first), .. } if whole(entry) => self.hard_link(entry, first)?,
                Content::Symlink { target } => {
                    let path = os_path(&entry.path)?;
                    self.clear(entry, &path)?;
                    match platform::symlink(&self.root, target, &path, entry.mtime) {
                        Ok(()) => {}
                        Err(e) if platform::links_need_a_privilege(&e) => impossible.push(entry),
                        Err(e) => return Err(self.failed("making the symbolic link", entry, e)),
                    }
                }
                _ => {}
            }
        }
        for entry in entries.iter().rev().filter(|e| e.content == Content::Directory) {
            let path = os_path(&entry.path)?;
            platform::finish_directory(&self.root, &path, entry.mode, entry.mtime)
                .map_err(|e| self.failed("setting the mode and time of", entry, e))?;
        }
        Ok(impossible)
    }

    fn hard_link(&self, entry: &Entry, first: &[u8]) -> Result<()> {
        crate::pipeline::entry::check_path(first)?;
        let (from, to) = (os_path(first)?, os_path(&entry.path)?);
        self.clear(entry, &to)?;
        match self.root.hard_link(&from, &self.root, &to) {
            Ok(()) => Ok(()),
            // A file system without hard links: the content is the same, only the link is lost.
            Err(_) => {
                self.root.copy(&from, &self.root, &to).map_err(|e| self.failed("copying to", entry, e))?;
                let file = self
                    .root
                    .open_with(&to, OpenOptions::new().write(true))
                    .map_err(|e| self.failed("opening", entry, e))?;
                let times = time_of(entry).map_or(FileTimes::new(), |t| FileTimes::new().set_modified(t));
                file.into_std().set_times(times).map_err(|e| self.failed("setting the time of", entry, e))
            }
        }
    }

    fn create(&self, entry: &Entry, path: &Path) -> Result<File> {
        let open = || {
            let mut options = OpenOptions::new();
            platform::with_mode(options.write(true).create_new(true), entry.mode);
            self.root.open_with(path, &options)
        };
        // Mostly nothing is in the way: looking first would be a call more for every file.
        let created = match open() {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                self.clear(entry, path)?;
                open()
            }
            created => created,
        };
        created.map_err(|e| self.failed("creating", entry, e))
    }

    /// Removes what is in the way, where that is allowed.
    fn clear(&self, entry: &Entry, path: &Path) -> Result<()> {
        let Ok(found) = self.root.symlink_metadata(path) else { return Ok(()) };
        if found.is_dir() || self.existing == Existing::Refuse {
            let what = if found.is_dir() { "a directory" } else { "a file" };
            return Err(Error::new(
                Kind::Exists,
                format!("{what} is in the way of {} in {}", entry.display(), self.path.display()),
            )
            .hint("restore into a new directory: --into DIR"));
        }
        self.root.remove_file(path).map_err(|e| self.failed("replacing", entry, e))
    }

    fn failed(&self, action: &str, entry: &Entry, error: io::Error) -> Error {
        Error::io(action, &self.path.join(entry.display().as_ref()), error)
    }
}

enum CopyError {
    Content(io::Error),
    Target(io::Error),
}

fn copy(content: &mut dyn BufRead, file: &mut File, expected: u64) -> Result<(u64, [u8; 32]), CopyError> {
    let mut hash = blake3::Hasher::new();
    let mut size = 0u64;
    loop {
        let data = match content.fill_buf() {
            Ok(data) => data,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(CopyError::Content(e)),
        };
        let len = data.len();
        size += len as u64;
        // More than was promised is damage; stop before it fills the disk.
        if len == 0 || size > expected {
            break;
        }
        hash.update(data);
        file.write_all(data).map_err(CopyError::Target)?;
        content.consume(len);
    }
    Ok((size, *hash.finalize().as_bytes()))
}

/// As [`copy`], leaving holes where pages are zero.
fn copy_sparse(content: &mut dyn BufRead, file: &mut File, expected: u64) -> Result<(u64, [u8; 32]), CopyError> {
    let mut hash = blake3::Hasher::new();
    let mut size = 0u64;
    let mut hole = false;
    let mut block = vec![0; BLOCK.min(usize::try_from(expected).unwrap_or(BLOCK).saturating_add(1)).max(PAGE)];
    loop {
        let mut filled = 0;
        while filled < block.len() {
            match content.read(&mut block[filled..]) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(CopyError::Content(e)),
            }
        }
        let data = &block[..filled];
        hash.update(data);
        size += filled as u64;
        if filled == 0 || size > expected {
            break;
        }
        for page in data.chunks(PAGE) {
            hole = page.iter().all(|b| *b == 0);
            if hole {
                file.seek(SeekFrom::Current(page.len() as i64)).map_err(CopyError::Target)?;
            } else {
                file.write_all(page).map_err(CopyError::Target)?;
            }
        }
    }
    if hole {
        file.set_len(size).map_err(CopyError::Target)?;
    }
    Ok((size, *hash.finalize().as_bytes()))
}

fn time_of(entry: &Entry) -> Option<SystemTime> {
    let distance = Duration::from_nanos(entry.mtime.unsigned_abs());
    if entry.mtime >= 0 { UNIX_EPOCH.checked_add(distance) } else { UNIX_EPOCH.checked_sub(distance) }
}
