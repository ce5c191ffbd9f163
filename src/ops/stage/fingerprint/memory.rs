//! What is remembered between runs: the hashes of files on this machine, and which fingerprints succeeded.
//!
//! The truth about successes is in the store, under `stage/fresh/PIPELINE/STAGE/FINGERPRINT`. A file in the cache folder
//! holds each stage's last success and the hashes, so that a run with nothing to do reads one file and looks at each
//! input once. What it says may always be forgotten.

use super::{
    Fingerprint, Input, Parts, Subject,
    inputs::{self, Hashed, Seen},
};
use crate::{
    error::{Error, Kind, Result},
    ops::stage::{pipeline::Pipeline, run::Made},
    pipeline::id::Id,
    store::{Body, Key, Precondition},
    world::World,
};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs::Metadata,
    io::Write,
    path::{Path, PathBuf},
};

const SCHEMA: u32 = 1;
/// More hashes than this are kept only of files that this run looked at.
const MOST: usize = 500_000;
/// Successes that are written to the store at once.
const AT_ONCE: usize = 16;
/// A file that changed within this of being hashed, in nanoseconds, may change again without its times telling: the
/// clocks of file systems tick every 1 to 16 ms, and those without fractions every 2 s.
const FINE_TICK: i64 = 50_000_000;
const COARSE_TICK: i64 = 2_000_000_000;
const SECOND: i64 = 1_000_000_000;

/// What changes when a file does: size, modification and change in nanoseconds since 1970, and the file's own number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark(u64, i64, i64, u64);

impl Mark {
    pub fn of(meta: &Metadata) -> Mark {
        let modified = crate::capture::walk::mtime(meta);
        Mark(meta.len(), modified, changed(meta), crate::store::platform::identity(meta))
    }

    /// Whether a write at `now` or later will change the mark.
    pub fn is_settled(&self, now: Timestamp) -> bool {
        let tick = if self.1 % SECOND == 0 { COARSE_TICK } else { FINE_TICK };
        let now = i64::try_from(now.as_nanosecond()).unwrap_or(i64::MAX);
        self.1.max(self.2).saturating_add(tick) < now
    }
}

#[cfg(unix)]
fn changed(meta: &Metadata) -> i64 {
    use std::os::unix::fs::MetadataExt;
    meta.ctime().saturating_mul(SECOND).saturating_add(meta.ctime_nsec())
}

#[cfg(not(unix))]
fn changed(_: &Metadata) -> i64 {
    0
}

/// The file in the cache folder.
#[derive(Default, Serialize, Deserialize)]
struct Memory {
    schema: u32,
    files: HashMap<String, (Mark, String)>,
    stages: BTreeMap<String, Latest>,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct Latest {
    fingerprint: String,
    #[serde(flatten)]
    success: Success,
}

/// An earlier success of a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Success {
    /// The run.
    pub run: Id,
    /// What the stage made.
    pub made: Vec<Made>,
}

/// A success as the store keeps it.
#[derive(Serialize, Deserialize)]
struct Kept {
    schema: u32,
    #[serde(flatten)]
    success: Success,
    parts: Parts,
}

/// Tells which stages of a pipeline are up to date, for one run.
pub struct Freshness {
    file: PathBuf,
    pipeline: String,
    now: fn() -> Timestamp,
    memory: Memory,
    altered: bool,
    used: HashSet<String>,
    seen: Seen,
    pending: Vec<(Key, Body)>,
}

impl Freshness {
    /// Opens what is remembered in the folder `cache` of a pipeline and a store. A memory that cannot be read is empty.
    pub fn open(world: &World, cache: &Path, pipeline: &Pipeline) -> Freshness {
        let place = std::path::absolute(&pipeline.path).unwrap_or_else(|_| pipeline.path.clone());
        let whose = format!("{}\0{}", place.display(), world.store.url());
        let name = &blake3::hash(whose.as_bytes()).to_hex()[..32];
        let file = cache.join("stage").join(format!("{name}.json"));
        let read = std::fs::read(&file).ok().and_then(|bytes| serde_json::from_slice::<Memory>(&bytes).ok());
        Freshness {
            file,
            pipeline: pipeline.name.clone(),
            now: world.now,
            memory: read.filter(|memory| memory.schema == SCHEMA).unwrap_or_default(),
            altered: false,
            used: HashSet::new(),
            seen: Seen::default(),
            pending: Vec::new(),
        }
    }

    /// Is to be called when a command ended: what was seen of the disk may be otherwise now.
    pub fn ran(&mut self) {
        self.seen = Seen::default();
    }

    /// The fingerprint of a stage as its inputs are now. Reads only files that are not as they were when last hashed.
    ///
    /// # Errors
    /// `Usage` for an input that leads out of the stage's directory; those of reading files.
    pub fn fingerprint(&mut self, subject: &Subject) -> Result<Fingerprint> {
        let matched = self.seen.find(subject)?;
        let mut files = BTreeMap::new();
        let mut plain = Vec::new();
        for (path, meta) in matched.paths {
            let full = subject.directory.join(&path);
            match meta.is_symlink() {
                true => drop(files.insert(path, inputs::link(&full)?)),
                false => plain.push((path, full, meta)),
            }
        }
        let hashes = self.hashes(plain.iter().map(|(_, full, meta)| (full.as_path(), meta)))?;
        for ((path, ..), (size, sha256)) in plain.into_iter().zip(hashes) {
            files.insert(path, Input::File { size, sha256 });
        }
        Ok(Fingerprint::of(subject, files, matched.unmatched))
    }

    /// The first of the files that a stage made that is not there any more as it was made.
    ///
    /// # Errors
    /// Those of reading files.
    pub fn missing<'m>(&mut self, directory: &Path, made: &'m [Made]) -> Result<Option<&'m Made>> {
        for made in made {
            let full = directory.join(&made.path);
            let Some(meta) = inputs::stat(&full)?.filter(|meta| meta.is_file() && meta.len() == made.size) else {
                return Ok(Some(made));
            };
            if self.hashes([(full.as_path(), &meta)])?.iter().any(|(_, sha256)| *sha256 != made.sha256) {
                return Ok(Some(made));
            }
        }
        Ok(None)
    }

    /// The sizes and hashes of files, in the order given.
    fn hashes<'f>(&mut self, files: impl IntoIterator<Item = (&'f Path, &'f Metadata)>) -> Result<Vec<(u64, String)>> {
        let mut known = Vec::new();
        let mut unknown = Vec::new();
        for (at, (path, meta)) in files.into_iter().enumerate() {
            let name = path.to_string_lossy().into_owned();
            let mark = Mark::of(meta);
            match self.memory.files.get(&name).filter(|(then, _)| *then == mark) {
                Some((_, sha256)) => known.push((mark.0, sha256.clone())),
                None => {
                    unknown.push((at, path.to_owned()));
                    known.push((0, String::new()));
                }
            }
            self.used.insert(name);
        }
        let (places, paths): (Vec<usize>, Vec<PathBuf>) = unknown.into_iter().unzip();
        for (at, (path, hashed)) in places.into_iter().zip(inputs::hash(paths, self.now)?) {
            known[at] = (hashed.mark.0, hashed.sha256.clone());
            self.remember(&path, hashed);
        }
        Ok(known)
    }

    fn remember(&mut self, path: &Path, hashed: Hashed) {
        let name = path.to_string_lossy().into_owned();
        self.altered = true;
        match hashed.lasting {
            true => drop(self.memory.files.insert(name, (hashed.mark, hashed.sha256))),
            false => drop(self.memory.files.remove(&name)),
        }
    }

    /// The earlier success of a stage with this fingerprint.
    ///
    /// # Errors
    /// Those of the store; `Corrupt` for what is kept there and cannot be read.
    pub async fn lookup(&mut self, world: &World, stage: &str, of: &Fingerprint) -> Result<Option<Success>> {
        if let Some(latest) = self.memory.stages.get(stage).filter(|latest| latest.fingerprint == of.hash) {
            return Ok(Some(latest.success.clone()));
        }
        let key = key(&self.pipeline, stage, &of.hash)?;
        let Some(kept) = read(world, &key).await? else { return Ok(None) };
        self.latest(stage, &of.hash, kept.success.clone());
        Ok(Some(kept.success))
    }

    /// Remembers that a stage succeeded, unless its inputs are not what they were `before` it began: nobody knows which of
    /// them its work stands on. Returns whether it is remembered; [`Freshness::keep`] writes it.
    ///
    /// # Errors
    /// As [`Freshness::fingerprint`].
    pub fn record(&mut self, subject: &Subject, before: &Fingerprint, success: Success) -> Result<bool> {
        if self.fingerprint(subject)?.hash != before.hash {
            return Ok(false);
        }
        let stage = &subject.stage.name;
        self.latest(stage, &before.hash, success.clone());
        let kept = Kept { schema: SCHEMA, success, parts: before.parts.clone() };
        // What is written can always be written.
        let body = Body::Bytes(serde_json::to_vec(&kept).unwrap_or_default().into());
        self.pending.push((key(&self.pipeline, stage, &before.hash)?, body));
        Ok(true)
    }

    fn latest(&mut self, stage: &str, fingerprint: &str, success: Success) {
        self.altered = true;
        self.memory.stages.insert(stage.to_owned(), Latest { fingerprint: fingerprint.to_owned(), success });
    }

    /// Writes what was recorded to the store, and what is worth remembering to the cache. Without it nothing is lost but
    /// time. May be called again.
    ///
    /// # Errors
    /// Those of the store and of writing the cache.
    pub async fn keep(&mut self, world: &World) -> Result<()> {
        let puts = std::mem::take(&mut self.pending)
            .into_iter()
            .map(|(key, body)| async move { world.store.put(&key, body, Precondition::None).await.map(drop) });
        stream::iter(puts).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
        if !self.altered || world.dry_run {
            return Ok(());
        }
        if self.memory.files.len() > MOST {
            self.memory.files.retain(|path, _| self.used.contains(path));
        }
        self.memory.schema = SCHEMA;
        write(&self.file, &self.memory).map_err(|e| Error::io("writing", &self.file, e))?;
        self.altered = false;
        Ok(())
    }
}

fn write(file: &Path, memory: &Memory) -> std::io::Result<()> {
    let directory = file.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(directory)?;
    let mut temporary = tempfile::NamedTempFile::new_in(directory)?;
    temporary.write_all(&serde_json::to_vec(memory)?)?;
    temporary.persist(file).map_err(|e| e.error)?;
    Ok(())
}

/// What the latest success of a stage stood on, to compare with; `None` when there is none.
///
/// # Errors
/// Those of the store; `Corrupt` for what is kept there and cannot be read.
pub async fn last(world: &World, pipeline: &str, stage: &str) -> Result<Option<(Success, Parts)>> {
    let prefix = format!("stage/fresh/{}/{}/", segment(pipeline), segment(stage));
    let all: Vec<_> = world.store.list(&prefix, None).try_collect().await?;
    let Some(latest) = all.into_iter().max_by_key(|meta| meta.modified) else { return Ok(None) };
    Ok(read(world, &latest.key).await?.map(|kept| (kept.success, kept.parts)))
}

async fn read(world: &World, key: &Key) -> Result<Option<Kept>> {
    let bytes = match world.store.get(key, None).await {
        Err(error) if error.kind() == Kind::NotFound => return Ok(None),
        object => object?.bytes().await?,
    };
    let corrupt = |e| {
        Error::new(Kind::Corrupt, format!("the success {key} in the store cannot be read"))
            .with_source(e)
            .hint("run with --rerun")
    };
    serde_json::from_slice(&bytes).map(Some).map_err(corrupt)
}

fn key(pipeline: &str, stage: &str, fingerprint: &str) -> Result<Key> {
    Key::new(format!("stage/fresh/{}/{}/{fingerprint}", segment(pipeline), segment(stage)))
}

/// A name as part of a key: as it is where it can be, else with its hash, so that no two names are one.
fn segment(name: &str) -> String {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-' | '.');
    if !name.is_empty() && name.chars().all(fits) && !name.starts_with('.') {
        return name.to_owned();
    }
    let fitting: String = name.to_lowercase().chars().map(|c| if fits(c) { c } else { '_' }).collect();
    format!("{}--{}", fitting.trim_start_matches('.'), &blake3::hash(name.as_bytes()).to_hex()[..8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_lasts_only_when_a_later_write_must_show() {
        let now = Timestamp::from_nanosecond(1_000_000_000_000).unwrap();
        let (fine, coarse) = (999_900_000_001, 999_000_000_000);
        for (modified, changed, settled) in [
            (fine, fine, true),
            (fine, 999_960_000_000, false),
            (999_960_000_000, 0, false),
            // A time without a fraction is of a clock that has none.
            (coarse, 0, false),
            (coarse - 2 * SECOND, 0, true),
            (coarse - 2 * SECOND, coarse, false),
            // A clock that is ahead of ours.
            (2_000_000_000_001, 0, false),
        ] {
            assert_eq!(Mark(1, modified, changed, 1).is_settled(now), settled, "{modified} {changed}");
        }
    }

    #[test]
    fn every_name_is_part_of_a_key() {
        for name in ["a", "a_b-c.d", "Ab", "ab.", ".a", "", "ä/b", "A b"] {
            assert!(key(name, name, "f").is_ok(), "{name}");
        }
        assert_eq!(segment("a_b-c.d"), "a_b-c.d");
        assert_ne!(segment("Ab"), segment("aB"));
    }
}
