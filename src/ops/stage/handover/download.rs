//! Brings the files of a handover into a directory, each once for all stages, and proves every byte.
//!
//! What was proved is recorded beside the files, so that 50 GB are not hashed again by every stage: a file whose length and
//! times are those of the record is taken for the one that was proved.

use super::{
    super::{
        content::{self, AT_ONCE, Content, PART, ended_early, go_on},
        run::Made,
    },
    Handover, OWN,
};
use crate::{
    error::{Error, Kind, Result},
    pipeline::progress::{Unit, Until},
    world::World,
};
use cap_std::{
    ambient_authority,
    fs::{Dir, OpenOptions},
};
use futures::{StreamExt, TryStreamExt, future::ready, stream};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, HashSet},
    fs::{File, TryLockError},
    io,
    path::Path,
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};
use tokio::task::spawn_blocking;

/// What was proved.
const PROVED: &str = ".ci-tool-proved.json";
/// Held by who downloads.
const LOCK: &str = ".ci-tool-lock";
/// A file that was written so shortly before it was looked at may be written again without a change of its times: not every
/// file system counts them finer.
const SETTLED: Duration = Duration::from_secs(2);
const BETWEEN_TRIES: Duration = Duration::from_millis(100);
/// Files that one message names.
const NAMED: usize = 10;

/// What a download did.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Downloaded {
    /// Files that were brought.
    pub brought: usize,
    /// Files that were there, and were hashed.
    pub hashed: usize,
    /// Files that were proved before, and that nobody has written since.
    pub unchanged: usize,
    /// Files in the directory that are not the handover's; they were left alone.
    pub extra: Vec<String>,
}

/// What a file was when it was proved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Proof {
    sha256: String,
    mark: Mark,
}

type Proofs = BTreeMap<String, Proof>;

/// What changes when a file is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    size: u64,
    /// Nanoseconds since 1970.
    modified: i64,
    /// The time of the last change, which nobody can set; nanoseconds since 1970, 0 where the system has none.
    changed: i64,
}

/// How a file of the handover was found.
enum Found {
    Unchanged(Proof),
    Right(Proof),
    Missing,
    Wrong,
}

/// Brings all files of a handover into `dir`, which is made when it is missing; `at_once` at a time, at most 16. Waits for
/// another process that downloads to the same place. Run again, it goes on where it stood.
///
/// # Errors
/// `Corrupt`, before anything is fetched, when a file is there that is not what the handover says; those of
/// [`content::fetch`]. All name the file. `Interrupted`.
pub async fn download_all(world: &World, handover: &Handover, dir: &Path, at_once: usize) -> Result<Downloaded> {
    let root = opened(dir)?;
    let _lock = locked(world, &root, dir).await?;
    let at_once = at_once.clamp(1, AT_ONCE);
    let _until = Until(&*world.progress);
    world.progress.phase("download", Some(handover.size()), Unit::Bytes);

    let before = proofs(&root);
    let looking = handover.files.iter().map(|made| look(world, made, &root, before.get(&made.path)));
    let found: Vec<Found> = stream::iter(looking.collect::<Vec<_>>()).buffered(at_once).try_collect().await?;
    let paired = || handover.files.iter().zip(&found);
    let wrong: Vec<&Made> = paired().filter(|(_, found)| matches!(found, Found::Wrong)).map(|(made, _)| made).collect();
    if !wrong.is_empty() {
        return Err(refused(&wrong, dir));
    }

    let mut proved = Proofs::new();
    for (made, found) in paired() {
        if let Found::Unchanged(proof) | Found::Right(proof) = found {
            proved.insert(made.path.clone(), proof.clone());
        }
    }
    let missing =
        paired().filter(|(_, found)| matches!(found, Found::Missing)).map(|(made, _)| bring(world, made, &root));
    let brought = stream::iter(missing.collect::<Vec<_>>())
        .buffer_unordered(at_once)
        .try_for_each(|(path, proof)| {
            proved.insert(path, proof);
            ready(Ok(()))
        })
        .await;
    // What arrived before a failure need not be hashed again either.
    let (paths, now, to) = (paths(handover), (world.now)(), root.clone());
    let extra = spawn_blocking(move || conclude(&to, &paths, proved, now)).await.map_err(ended_early)??;
    brought?;

    let count = |wanted: fn(&Found) -> bool| found.iter().filter(|found| wanted(found)).count();
    Ok(Downloaded {
        brought: count(|found| matches!(found, Found::Missing)),
        hashed: count(|found| matches!(found, Found::Right(_))),
        unchanged: count(|found| matches!(found, Found::Unchanged(_))),
        extra,
    })
}

fn opened(dir: &Path) -> Result<Arc<Dir>> {
    let failed = |e| Error::io("opening the directory of downloads", dir, e);
    std::fs::create_dir_all(dir).map_err(failed)?;
    Ok(Arc::new(Dir::open_ambient_dir(dir, ambient_authority()).map_err(failed)?))
}

/// Waits until nobody else downloads to the same place.
async fn locked(world: &World, root: &Dir, dir: &Path) -> Result<File> {
    let failed = |e| Error::io("locking", &dir.join(LOCK), e);
    let lock = root.open_with(LOCK, OpenOptions::new().create(true).write(true)).map_err(failed)?.into_std();
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::WouldBlock) => {
                go_on(world)?;
                tokio::time::sleep(BETWEEN_TRIES).await;
            }
            Err(TryLockError::Error(e)) => return Err(failed(e)),
        }
    }
}

/// What was proved before; nothing where no record can be read: it only spares work.
fn proofs(root: &Dir) -> Proofs {
    root.read(PROVED).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

async fn look(world: &World, made: &Made, root: &Arc<Dir>, before: Option<&Proof>) -> Result<Found> {
    go_on(world)?;
    // Before the content: whoever writes while it is read changes the mark.
    let mark = mark(root, &made.path)?;
    if let (Some(proof), Some(mark)) = (before, &mark)
        && proof.mark == *mark
        && proof.mark.size == made.size
        && proof.sha256 == made.sha256
    {
        world.progress.advance(made.size);
        return Ok(Found::Unchanged(proof.clone()));
    }
    let found = content::found(made, root).await?;
    Ok(match (found, mark) {
        (None, _) => Found::Missing,
        (Some(found), Some(mark)) if found == Content::from(made) => {
            world.progress.advance(made.size);
            Found::Right(Proof { sha256: found.sha256, mark })
        }
        (Some(_), _) => Found::Wrong,
    })
}

async fn bring(world: &World, made: &Made, root: &Arc<Dir>) -> Result<(String, Proof)> {
    go_on(world)?;
    content::fetch(world, made, root).await?;
    world.progress.advance(made.size);
    let gone = || Error::new(Kind::Corrupt, format!("{} went away as soon as it was there", made.path));
    let mark = mark(root, &made.path)?.ok_or_else(gone)?;
    Ok((made.path.clone(), Proof { sha256: made.sha256.clone(), mark }))
}

/// Records what was proved, removes what downloads that were killed left, and says which other files there are.
fn conclude(root: &Dir, paths: &HashSet<String>, mut proved: Proofs, now: Timestamp) -> Result<Vec<String>> {
    let settled = i64::try_from((now - SETTLED).as_nanosecond()).unwrap_or(i64::MIN);
    proved.retain(|path, proof| {
        proof.mark.modified <= settled && mark(root, path).is_ok_and(|mark| mark.as_ref() == Some(&proof.mark))
    });
    // A record of no proofs only costs time, and so does one that cannot be written.
    let bytes = serde_json::to_vec(&proved).unwrap_or_default();
    let part = format!("{OWN}-proved{PART}");
    let _ = root.write(&part, bytes).and_then(|()| root.rename(&part, root, PROVED));
    extra(root, paths).map_err(|e| Error::io("listing", Path::new("the directory of downloads"), e))
}

fn extra(root: &Dir, paths: &HashSet<String>) -> io::Result<Vec<String>> {
    let mut extra = Vec::new();
    let mut open = vec![(String::new(), root.try_clone()?)];
    while let Some((above, dir)) = open.pop() {
        for entry in dir.entries()? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{above}{name}");
            if entry.file_type()?.is_dir() {
                open.push((format!("{path}/"), entry.open_dir()?));
            } else if name.ends_with(PART) {
                dir.remove_file(entry.file_name())?;
            } else if !paths.contains(&path) && !path.starts_with(OWN) {
                extra.push(path);
            }
        }
    }
    extra.sort_unstable();
    Ok(extra)
}

fn paths(handover: &Handover) -> HashSet<String> {
    handover.files.iter().map(|file| file.path.clone()).collect()
}

/// What tells whether a file was written; `None` where there is none.
fn mark(root: &Dir, path: &str) -> Result<Option<Mark>> {
    let meta = match root.symlink_metadata(path) {
        Ok(meta) => meta,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(Error::io("reading", Path::new(path), e)),
    };
    let modified = meta.modified().ok().and_then(|time| time.into_std().duration_since(UNIX_EPOCH).ok());
    let modified = modified.and_then(|since| i64::try_from(since.as_nanos()).ok()).unwrap_or(0);
    Ok(Some(Mark { size: meta.len(), modified, changed: changed(&meta) }))
}

#[cfg(unix)]
fn changed(meta: &cap_std::fs::Metadata) -> i64 {
    use cap_std::fs::MetadataExt;
    meta.ctime().saturating_mul(1_000_000_000).saturating_add(meta.ctime_nsec())
}

#[cfg(not(unix))]
fn changed(_: &cap_std::fs::Metadata) -> i64 {
    0
}

fn refused(wrong: &[&Made], dir: &Path) -> Error {
    let named: Vec<&str> = wrong.iter().take(NAMED).map(|made| made.path.as_str()).collect();
    let more = match wrong.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let text = format!("{}{more} in {} are not what was handed over", named.join(", "), dir.display());
    Error::new(Kind::Corrupt, text).hint("find out who wrote there; a file that is removed is fetched again")
}
