//! `repro restore`: the tree, a README, and scripts that set the environment and rerun the failure.
//!
//! `INTO/workspace` is the tree, `INTO/also/NAME` are the further ones; beside them lie `REPRO.md` and the scripts.
//! `INTO/.ci-tool/restore.ndjson` says what is being restored here: a restore that was cut off goes on, and one that is
//! at work keeps others out.

mod documents;
mod environment;
mod needs;
pub mod same_path;
mod scripts;
mod seeds;

pub use environment::{Rewritten, rewrite};
pub use scripts::can_rerun;
pub use seeds::Seeded;

use self::seeds::Seeds;
use super::show::{self, Shown};
use crate::{
    archive::{
        self,
        tree::{Existing, Tree, check},
    },
    capture::{
        catalog,
        details::Details,
        drift::{self, Row, Side},
        machine,
        objects::Contents,
        tiles::{Lost, Manifest, read_sound},
        tools::{self, ProbeOptions, ToolSpec},
    },
    error::{Error, Kind, Result},
    journal::FileJournal,
    pipeline::{
        entry::{Content, Entry, total_size, unsafe_path},
        env::text,
        id::Id,
        progress::{Unit, Until},
        record::Record,
    },
    process::quote_sh,
    world::World,
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::{
    collections::HashSet,
    ffi::OsString,
    fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// The directory beside the tree that is ours.
pub const OWN: &str = ".ci-tool";

/// How [`Restored::failed`] calls what is made from the capture's details.
pub const DOCUMENTS: &str = "REPRO.md and the scripts";

/// What is done with a capture here, for [`catalog::still_there`].
const RESTORED: &str = "restored";

/// How long a tool may take to tell its version.
const PROBE_TIMEOUT: Duration = Duration::from_secs(6);

/// What the directory is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layout {
    /// To work in, on this machine.
    #[default]
    Here,
    /// To be packed and carried away: every file stays readable by us, and nothing is said of this machine.
    Portable,
}

/// Where and how to restore.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The directory; made if it is not there.
    pub into: PathBuf,
    /// Restore into a directory that holds other things: files in the way are replaced, nothing else is touched.
    pub force: bool,
    /// Take what an earlier restore of the same capture finished there, as it is now.
    pub reuse: bool,
    /// Checkouts or restored captures to take files from that are the same there; none is changed.
    pub seeds: Vec<PathBuf>,
    /// What it is for.
    pub layout: Layout,
}

/// What was restored.
#[derive(Debug)]
pub struct Restored {
    /// The capture's record and details.
    pub shown: Shown,
    /// The directory, absolute.
    pub into: PathBuf,
    /// It was there whole already: nothing was written or compared, and there is nothing below.
    pub already: bool,
    /// The entries that are there now.
    pub entries: Vec<Entry>,
    /// Files that were there already, from a restore that was cut off.
    pub resumed: u64,
    /// Files that were found in [`Options::seeds`].
    pub seeded: Seeded,
    /// What is damaged in the store, and the damage: files of the tree, the log, [`DOCUMENTS`].
    pub failed: Vec<(String, Error)>,
    /// What the manifest has lost: entries that nobody knows of now, or their modes and times.
    pub lost: Vec<Lost>,
    /// Links that this user or system cannot make.
    pub impossible: Vec<String>,
    /// How this machine differs from the job's.
    pub drift: Vec<Row>,
}

impl Restored {
    fn nothing(shown: Shown, into: PathBuf) -> Restored {
        Restored {
            shown,
            into,
            already: false,
            entries: vec![],
            resumed: 0,
            seeded: Seeded::default(),
            failed: vec![],
            lost: vec![],
            impossible: vec![],
            drift: vec![],
        }
    }
}

/// A line of the journal in the directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Step {
    /// This capture is restored here.
    Begin {
        /// Its id.
        id: Id,
    },
    /// It is.
    Done,
}

/// Restores a capture. Every file is verified while it is written; a damaged one is reported and the others are restored, as
/// are the entries that a damaged manifest still tells of. Without the capture's details there are no scripts, but all files.
/// Cut off, the same call goes on where it stopped.
///
/// # Errors
/// As [`catalog::find`]; `NotFound` when the capture is removed meanwhile; `Usage` for a seed that is none; `Exists` when the
/// directory is not empty; `Corrupt` when nothing of the manifest is left or it is hostile: then nothing is written. I/O.
pub async fn restore(world: &World, id: &str, options: &Options) -> Result<Restored> {
    let _progress = Until(&*world.progress);
    let seeds = Seeds::open(&options.seeds, &options.into)?;
    let record = catalog::find(&world.store, id).await?.record;
    let id = record.id.clone();
    match put_back(world, record, seeds, options).await {
        Err(error) if error.kind() == Kind::Corrupt => {
            catalog::still_there(&world.store, &id, RESTORED).await?;
            Err(error)
        }
        done => done,
    }
}

async fn put_back(world: &World, record: Record, seeds: Seeds, options: &Options) -> Result<Restored> {
    let (details, damage) = match show::details(world, &record).await {
        Ok(details) => (details, None),
        Err(error) if error.kind() == Kind::Corrupt => (Details::default(), Some((DOCUMENTS.to_owned(), error))),
        Err(error) => return Err(error),
    };
    let shown = Shown { details, record };
    if look(options, &shown.record.id)? == Found::Whole {
        let into = fs::canonicalize(&options.into).map_err(|e| Error::io("opening", &options.into, e))?;
        return Ok(Restored { already: true, ..Restored::nothing(shown, into) });
    }
    let mut manifest = read_sound(&world.store, &shown.record).await?;
    manifest.stamp((world.now)());
    let hurt = damage.is_some() || !manifest.lost.is_empty();
    let Manifest { mut entries, frames, lost } = manifest;
    if options.layout == Layout::Portable {
        entries.iter_mut().for_each(|e| e.mode |= if e.content == Content::Directory { 0o700 } else { 0o400 });
    }
    // Everything that can be refused is refused before anything is written.
    check_layout(&entries)?;
    check(&entries, false, cfg!(windows))?;
    if world.dry_run {
        if hurt {
            catalog::still_there(&world.store, &shown.record.id, RESTORED).await?;
        }
        let failed = Vec::from_iter(damage);
        return Ok(Restored { entries, failed, lost, ..Restored::nothing(shown, options.into.clone()) });
    }
    let (into, existing, mut journal) = prepare(options, &shown.record.id)?;
    let tree = Tree::open(&into, existing)?;
    if tree.folds_case() {
        check(&entries, true, cfg!(windows))?;
    }
    let contents = Contents::open(&world.store, &shown.record, frames).await?;
    let compare = async {
        Ok(match options.layout {
            Layout::Here => present(world, &shown, &into).await,
            Layout::Portable => Vec::new(),
        })
    };
    // Tools take their time to tell their versions, and little of the machine's.
    let (outcome, drift) = futures::try_join!(fill(world, contents, seeds, tree, entries), compare)?;
    let mut failed = outcome.failed;
    failed.extend(log_file(world, &shown.record, &into).await?.map(|error| ("job.log".into(), error)));
    if hurt || !failed.is_empty() {
        catalog::still_there(&world.store, &shown.record.id, RESTORED).await?;
    }
    match damage {
        Some(damage) => failed.push(damage),
        None => documents::write(&documents::Input {
            shown: &shown,
            into: &into,
            drift: &drift,
            failed: &failed,
            lost: &lost,
            unsearched: show::unsearched(&outcome.entries),
            layout: options.layout,
        })?,
    }
    journal.append(&Step::Done)?;
    if options.layout == Layout::Portable {
        drop(journal);
        fs::remove_dir_all(into.join(OWN)).map_err(|e| Error::io("removing", &into.join(OWN), e))?;
    }
    Ok(Restored {
        shown,
        into,
        already: false,
        entries: outcome.entries,
        resumed: outcome.resumed,
        seeded: outcome.seeded,
        failed,
        lost,
        impossible: outcome.impossible,
        drift,
    })
}

/// Checks that every entry lies in one of the trees: beside them are our own files, which are written and run.
fn check_layout(entries: &[Entry]) -> Result<()> {
    for entry in entries {
        let below = match entry.path.strip_prefix(b"also/") {
            Some(below) => below.split(|b| *b == b'/').nth(1),
            None => entry.path.strip_prefix(b"workspace/"),
        };
        let root = entry.path.starts_with(b"also/") || &*entry.path == b"workspace";
        if below.is_none() && !(root && entry.content == Content::Directory) {
            return Err(unsafe_path(&entry.path, "lies outside the saved directories"));
        }
    }
    Ok(())
}

/// What a directory is before we write into it.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Empty,
    CutOff,
    Whole,
    Other,
}

/// Looks at the directory and refuses what must not be written into.
fn look(options: &Options, id: &Id) -> Result<Found> {
    let into = options.into.as_path();
    let found = match fs::read_dir(into) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Found::Empty,
        Err(e) => return Err(Error::io("opening", into, e).hint("--into names a directory that is new or empty")),
        Ok(mut entries) => match entries.next() {
            None => Found::Empty,
            Some(_) => {
                let steps: Vec<Step> = FileJournal::read(&journal_path(into)).unwrap_or_default();
                let begun = steps.iter().rev().find_map(|s| match s {
                    Step::Begin { id } => Some(id),
                    Step::Done => None,
                });
                match (begun == Some(id), steps.last() == Some(&Step::Done)) {
                    (true, false) => Found::CutOff,
                    (true, true) if !options.force => Found::Whole,
                    _ => Found::Other,
                }
            }
        },
    };
    if found == Found::Whole && !options.reuse {
        let again = format!("ci-tool repro restore {id} --into {}", quote_sh([into]));
        return Err(Error::new(Kind::Exists, format!("capture {id} is in {} already", into.display()))
            .hint(format!("rerun the failure there: {again} --run"))
            .hint(format!("put back what was changed or removed since: {again} --force")));
    }
    if found == Found::Other && !options.force {
        return Err(Error::new(Kind::Exists, format!("{} is not empty", into.display()))
            .hint("restore into a new directory (--into DIR), or replace what is in the way with --force"));
    }
    Ok(found)
}

fn prepare(options: &Options, id: &Id) -> Result<(PathBuf, Existing, FileJournal<Step>)> {
    let found = look(options, id)?;
    let own = options.into.join(OWN);
    let journal = journal_path(&options.into);
    for ours in [own.clone(), journal.with_added_extension("lock"), journal] {
        if fs::symlink_metadata(&ours).is_ok_and(|found| found.is_symlink()) {
            return Err(Error::new(Kind::Exists, format!("the link {} is in the way", ours.display()))
                .hint("remove the link, or restore into a new directory: --into DIR"));
        }
    }
    fs::create_dir_all(&own).map_err(|e| Error::io("making the directory", &own, e))?;
    let into = fs::canonicalize(&options.into).map_err(|e| Error::io("opening", &options.into, e))?;
    let (mut journal, _) = FileJournal::open(&journal_path(&into), "restoring a capture")?;
    journal.append(&Step::Begin { id: id.clone() })?;
    let existing = match found {
        Found::CutOff => Existing::Resume,
        Found::Empty | Found::Whole => Existing::Refuse,
        Found::Other => Existing::Replace,
    };
    Ok((into, existing, journal))
}

fn journal_path(into: &Path) -> PathBuf {
    into.join(OWN).join("restore.ndjson")
}

struct Filled {
    entries: Vec<Entry>,
    resumed: u64,
    seeded: Seeded,
    failed: Vec<(String, Error)>,
    impossible: Vec<String>,
}

async fn fill(world: &World, contents: Contents, seeds: Seeds, tree: Tree, entries: Vec<Entry>) -> Result<Filled> {
    let progress = Arc::clone(&world.progress);
    progress.phase("restoring", Some(total_size(&entries)), Unit::Bytes);
    let work = move || {
        tree.directories(&entries)?;
        // A link to a file that is restored too is made at the end; every other file is written.
        let linked = |entry: &Entry| matches!(entry.content, Content::File { link: Some(_), .. });
        let files: Vec<&Entry> = entries.iter().filter(|entry| entry.is_file() && !linked(entry)).collect();
        let (here, wanted): (Vec<&Entry>, Vec<&Entry>) = files.into_par_iter().partition(|entry| tree.has(entry));
        progress.advance(total_size(here.iter().copied()));
        let resumed = here.len() as u64;
        let (seeded, wanted) = seeds.plant(&tree, wanted, &*progress)?;
        let failed = Mutex::new(Vec::new());
        contents.read(&wanted, archive::threads(), &|entry, content| {
            let result = content.and_then(|content| tree.file(entry, content));
            progress.advance(entry.size);
            match result {
                Err(e) if e.kind() == Kind::Corrupt => {
                    failed.lock().unwrap_or_else(PoisonError::into_inner).push((entry.path.clone(), e));
                    Ok(())
                }
                other => other,
            }
        })?;
        let mut failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
        failed.sort_by(|a, b| a.0.cmp(&b.0));
        let mut broken: HashSet<Box<[u8]>> = failed.iter().map(|(path, _)| path.clone()).collect();
        // A hard link to a damaged file is as damaged as the file.
        for entry in &entries {
            if let Content::File { link: Some(first), .. } = &entry.content
                && broken.contains(first)
            {
                broken.insert(entry.path.clone());
                let error = Error::new(Kind::Corrupt, format!("the content of {} is damaged", entry.display()));
                failed.push((entry.path.clone(), error));
            }
        }
        let impossible = tree.finish(&entries, |entry| !broken.contains(&entry.path))?;
        let impossible = impossible.into_iter().map(|e| e.display().into_owned()).collect();
        let mut entries = entries;
        entries.retain(|e| !broken.contains(&e.path));
        let failed = failed
            .into_iter()
            .map(|(path, error)| (crate::pipeline::entry::display(&path).into_owned(), error))
            .collect();
        Ok(Filled { entries, resumed, seeded, failed, impossible })
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Error::new(Kind::Internal, "a thread died").with_source(e))?
}

/// Puts the log beside the tree. A damaged log is told, not an error: the tree is worth more.
async fn log_file(world: &World, record: &Record, into: &Path) -> Result<Option<Error>> {
    let mut log = match show::log(world, record).await {
        Ok(Some(log)) => log,
        Ok(None) => return Ok(None),
        Err(e) if e.kind() == Kind::Corrupt => return Ok(Some(e)),
        Err(e) => return Err(e),
    };
    let path = into.join("job.log");
    // A link that somebody put there is not written through.
    match fs::remove_file(&path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(Error::io("replacing", &path, e)),
        _ => {}
    }
    let mut file = fs::File::create_new(&path).map_err(|e| Error::io("creating", &path, e))?;
    let mut block = vec![0; 64 << 10];
    loop {
        // What cannot be unpacked is damage of the log, and no reason to give back less than the rest.
        let n = match log.read(&mut block) {
            Ok(0) => return Ok(None),
            Ok(n) => n,
            Err(e) => return Ok(Some(Error::new(Kind::Corrupt, "the log is damaged").with_source(e))),
        };
        file.write_all(&block[..n]).map_err(|e| Error::io("writing", &path, e))?;
    }
}

/// Compares this machine with the job's.
async fn present(world: &World, shown: &Shown, into: &Path) -> Vec<Row> {
    let details = &shown.details;
    let here = machine::describe(&world.env);
    let path = OsString::from(text(&world.env, "PATH").unwrap_or_default());
    let table: Vec<ToolSpec<'_>> =
        tools::DEFAULT.iter().filter(|spec| details.tools.iter().any(|t| t.name == spec.name)).copied().collect();
    // The machine is busy restoring meanwhile.
    let pyenv = Some(text(&world.env, "PYENV_VERSION").unwrap_or_default().to_owned());
    let options = ProbeOptions { timeout: PROBE_TIMEOUT, pyenv, ..ProbeOptions::in_dir(into) };
    let found = tools::probe(&table, &path, &options).await;
    let commit = shown.record.revision.commit.as_deref();
    let directory = std::env::current_dir().unwrap_or_default();
    let checkout = crate::vcs::git::describe(&directory).await.ok().flatten();
    let here_commit = checkout.as_ref().and_then(|c| c.commit.as_deref());
    // The commit of an unrelated directory says nothing.
    let related = checkout.as_ref().is_some_and(|c| c.remote == shown.record.revision.repository);
    let saved = Side { machine: &details.machine, tools: &details.tools, commit: commit.filter(|_| related) };
    let mut rows = drift::compare(saved, Side { machine: &here, tools: &found, commit: here_commit });
    rows.extend(needs::check(&details.ready.prerequisites, &path, into).await);
    rows
}
