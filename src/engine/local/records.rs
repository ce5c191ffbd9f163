//! What is remembered of runs: a folder each, which says enough for other processes.
//!
//! `runs/DEFINITION/REVISION/KEY/` holds `run.json`, `log` and `artifacts/`; these three names are a run's id. A run that is
//! not over belongs to a process, which holds a lock as long as it lives: nothing has to be written for a run to be seen as
//! interrupted, and nothing is synced to the disk, because a run that is forgotten is only run again.

use super::{
    files::{entries, is_absent, remove_all, try_lock},
    host::Host,
};
use crate::{
    error::{Error, Kind, Result},
    pipeline::run::{Run, State},
    store::platform,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    sync::OnceLock,
};
use tempfile::NamedTempFile;

/// The version of `run.json`.
const SCHEMA: u32 = 1;
/// The name of the record in a run's folder.
const RECORD: &str = "run.json";

/// What `run.json` says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    schema: u32,
    /// Features that a reader has to know.
    #[serde(default)]
    requires: Vec<String>,
    /// The name of the file that the process locks which the run belongs to.
    owner: String,
    /// The machine that it ran on.
    host: Host,
    /// The longest that it might take, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    limit: Option<u64>,
    /// The run itself.
    run: Run,
}

/// The runs of a repository.
#[derive(Debug)]
pub struct Records {
    home: PathBuf,
    host: Host,
    /// Locked as long as this lives; made with the first run, because who only looks makes nothing.
    alive: OnceLock<NamedTempFile>,
}

/// The id of a run.
pub fn id(definition: &str, revision: &str, key: &str) -> String {
    format!("{definition}/{revision}/{key}")
}

/// The definition, the revision and the key in an id; `None` when it is none of ours.
fn parts(id: &str) -> Option<[&str; 3]> {
    let parts: Vec<&str> = id.split('/').collect();
    let is_name = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    <[&str; 3]>::try_from(parts).ok().filter(|parts| parts.iter().all(is_name))
}

impl Records {
    /// The runs in a repository's folder of the cache, for this machine and this process. Makes nothing.
    pub fn new(home: &Path, host: Host) -> Records {
        Records { home: home.to_owned(), host, alive: OnceLock::new() }
    }

    /// Makes the folder, and the file by which others see that this process lives. Comes before everything that writes.
    ///
    /// # Errors
    /// I/O.
    pub fn own(&self) -> Result<&Path> {
        if let Some(alive) = self.alive.get() {
            return Ok(alive.path());
        }
        let (home, owners) = (&self.home, self.home.join("owners"));
        platform::create_private_dir(home).map_err(|e| Error::io("creating", home, e))?;
        fs::create_dir_all(&owners).map_err(|e| Error::io("creating", &owners, e))?;
        let own = || -> io::Result<NamedTempFile> {
            loop {
                let file = NamedTempFile::with_prefix_in("", &owners)?;
                file.as_file().lock()?;
                // Who prunes may have taken it for a dead one's before it was locked.
                if platform::names(file.path(), file.as_file())? {
                    return Ok(file);
                }
            }
        };
        let alive = own().map_err(|e| Error::io("writing to", &owners, e))?;
        // Of two that were made at once, one vanishes here.
        Ok(self.alive.get_or_init(|| alive).path())
    }

    /// A run's folder.
    ///
    /// # Errors
    /// `NotFound` for an id that is none of ours.
    pub fn folder(&self, id: &str) -> Result<PathBuf> {
        let Some(parts) = parts(id) else {
            return Err(Error::new(Kind::NotFound, format!("{id:?} is no run of the local engine")));
        };
        Ok(parts.iter().fold(self.home.join("runs"), |path, part| path.join(part)))
    }

    /// Begins to remember a run. Returns the one that is there already with this id, if there is one.
    ///
    /// # Errors
    /// `Usage` for a key that is none; I/O.
    pub fn begin(&self, run: &Run, limit: Option<u64>) -> Result<Option<Run>> {
        let folder = self.folder(&run.id).map_err(|_| {
            Error::new(Kind::Usage, format!("{:?} is no key of a run", run.key.as_deref().unwrap_or_default()))
                .hint("a key has letters, digits and hyphens")
        })?;
        if let Some(parent) = folder.parent() {
            fs::create_dir_all(parent).map_err(|e| Error::io("creating", parent, e))?;
        }
        match fs::create_dir(&folder) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                // A folder without a record is what a process left that was killed just here.
                if let Some(known) = self.read(&run.id)? {
                    return Ok(Some(known));
                }
            }
            made => made.map_err(|e| Error::io("creating", &folder, e))?,
        }
        self.write(run, limit)?;
        Ok(None)
    }

    /// Remembers how a run is now.
    ///
    /// # Errors
    /// I/O.
    pub fn write(&self, run: &Run, limit: Option<u64>) -> Result<()> {
        let owner = self.own()?.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let host = self.host.clone();
        let record = Record { schema: SCHEMA, requires: Vec::new(), owner, host, limit, run: run.clone() };
        let folder = self.folder(&run.id)?;
        let (path, unfinished) = (folder.join(RECORD), folder.join("run.json.unfinished"));
        let text = serde_json::to_vec(&record)
            .map_err(|e| Error::new(Kind::Internal, format!("writing the run {}", run.id)).with_source(e))?;
        fs::write(&unfinished, text).map_err(|e| Error::io("writing", &unfinished, e))?;
        fs::rename(&unfinished, &path).map_err(|e| Error::io("renaming to", &path, e))
    }

    /// A run as it is known here; `None` when it is not.
    ///
    /// # Errors
    /// I/O; `Unsupported` for a record of a later version.
    pub fn read(&self, id: &str) -> Result<Option<Run>> {
        let Ok(folder) = self.folder(id) else { return Ok(None) };
        Ok(self.record(&folder)?.map(|record| record.run))
    }

    /// The runs of a definition on this machine, all or those at some revisions, the latest first. One that was stopped by
    /// another limit than `limit` says nothing of it, and is left out.
    ///
    /// # Errors
    /// I/O; `Unsupported` for a record of a later version.
    pub fn list(&self, definition: &str, revisions: Option<&[String]>, limit: Option<u64>) -> Result<Vec<Run>> {
        let all = self.home.join("runs").join(definition);
        let folders = match revisions {
            Some(some) => {
                some.iter().filter(|r| r.bytes().all(|b| b.is_ascii_hexdigit())).map(|r| all.join(r)).collect()
            }
            None => entries(&all)?.into_iter().map(|entry| entry.path()).collect::<Vec<_>>(),
        };
        let mut found = Vec::new();
        for folder in folders {
            for entry in entries(&folder)? {
                let Some(record) = self.record(&entry.path())? else { continue };
                let says_nothing = record.run.state == State::TimedOut && record.limit != limit;
                if record.host == self.host && !says_nothing {
                    found.push(record.run);
                }
            }
        }
        found.sort_by(|a, b| (b.queued, &b.id).cmp(&(a.queued, &a.id)));
        Ok(found)
    }

    /// Forgets the runs that were over before `before`, of every definition, with their logs and files. Others that forget
    /// or read at the same time do no harm.
    ///
    /// # Errors
    /// I/O.
    pub fn prune(&self, before: Timestamp) -> Result<usize> {
        let mut removed = 0;
        for definition in entries(&self.home.join("runs"))? {
            for revision in entries(&definition.path())? {
                for run in entries(&revision.path())? {
                    let Some(record) = self.record(&run.path())? else { continue };
                    let last = record.run.ended.or(record.run.queued);
                    if record.run.state.is_over() && last.is_some_and(|last| last < before) {
                        remove_all(&run.path())?;
                        removed += 1;
                    }
                }
                // One that holds runs stays.
                let _ = fs::remove_dir(revision.path());
            }
            let _ = fs::remove_dir(definition.path());
        }
        for owner in entries(&self.home.join("owners"))? {
            if let Some(_dead) = try_lock(&owner.path())? {
                fs::remove_file(owner.path()).map_err(|e| Error::io("removing", &owner.path(), e))?;
            }
        }
        Ok(removed)
    }

    fn record(&self, folder: &Path) -> Result<Option<Record>> {
        let Some(record) = self.written(folder)? else { return Ok(None) };
        if record.run.state.is_over() || self.lives(&record.owner)? {
            return Ok(Some(record));
        }
        // It may have come to its end, and its process too, since it was read.
        let Some(mut record) = self.written(folder)? else { return Ok(None) };
        if !record.run.state.is_over() {
            record.run.state = State::Interrupted;
            record.run.detail = Some("the process that ran it ended before it".into());
        }
        Ok(Some(record))
    }

    fn written(&self, folder: &Path) -> Result<Option<Record>> {
        let path = folder.join(RECORD);
        let text = match fs::read(&path) {
            Err(e) if is_absent(&e) => return Ok(None),
            text => text.map_err(|e| Error::io("reading", &path, e))?,
        };
        let record: Record = match serde_json::from_slice(&text) {
            Ok(record) => record,
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "leaving out a run whose record cannot be read");
                return Ok(None);
            }
        };
        if record.schema > SCHEMA || !record.requires.is_empty() {
            let message = format!("reading {}: it is of a later version", path.display());
            return Err(Error::new(Kind::Unsupported, message).hint("update ci-tool, or remove the file"));
        }
        Ok(Some(record))
    }

    /// Whether the process lives that locked an owner's file.
    fn lives(&self, owner: &str) -> Result<bool> {
        let path = self.home.join("owners").join(owner);
        let file = match File::open(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
            file => file.map_err(|e| Error::io("opening", &path, e))?,
        };
        // Shared, so that two that ask at once do not take each other for it.
        match file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(e)) => Err(Error::io("locking", &path, e)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_run_among_the_runs_is_left_out() {
        let (home, host) = (tempfile::tempdir().unwrap(), super::super::host::this(&Default::default()));
        let records = Records::new(home.path(), host);
        records.own().unwrap();
        let run = Run::new("d/1/k", "unit", State::Succeeded);
        records.begin(&run, None).unwrap();
        for stray in ["runs/stray", "runs/d/stray", "runs/d/1/stray", "runs/d/2"] {
            fs::write(home.path().join(stray), "").unwrap();
        }
        let revisions = ["1", "2"].map(str::to_owned);
        assert_eq!(records.list("d", None, None).unwrap(), std::slice::from_ref(&run));
        assert_eq!(records.list("d", Some(&revisions), None).unwrap(), std::slice::from_ref(&run));
        assert_eq!(records.prune(Timestamp::MIN).unwrap(), 0);
    }

    #[test]
    fn an_id_is_three_names_and_never_a_way_out() {
        let (home, host) = (tempfile::tempdir().unwrap(), super::super::host::this(&Default::default()));
        let records = Records::new(home.path(), host);
        assert_eq!(records.folder("d/r/ci-tool-1").unwrap(), home.path().join("runs/d/r/ci-tool-1"));
        for wrong in ["", "d/r", "d/r/k/x", "../r/k", "d//k", "d/r/.", "d/r/k\\x", "/d/r"] {
            assert_eq!(records.folder(wrong).unwrap_err().kind(), Kind::NotFound, "{wrong}");
            assert_eq!(records.read(wrong).unwrap(), None, "{wrong}");
        }
    }
}
