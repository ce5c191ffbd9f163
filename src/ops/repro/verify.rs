//! `repro verify`: whether every byte of a capture is there and is what was saved.

use super::show::details;
use crate::{
    archive::{self, read_error},
    capture::{
        catalog,
        objects::{Contents, part_key},
        tiles::{Lost, Manifest, read_sound},
    },
    error::{Error, Kind, Result},
    pipeline::{
        entry::{Content, Entry, total_size},
        id::Id,
        progress::{Unit, Until},
        record::{Part, Record},
    },
    world::World,
};
use futures::TryStreamExt;
use std::{
    collections::{BTreeSet, HashSet},
    io::Read,
    sync::{Arc, Mutex, PoisonError},
};

/// Something that is not as it was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The object's key, or the file's path in the capture.
    pub what: String,
    /// What is wrong with it.
    pub why: String,
}

/// What a verification found.
#[derive(Debug, Clone)]
pub struct Verified {
    /// The capture.
    pub id: Id,
    /// Files whose content was read.
    pub files: u64,
    /// Bytes of content read.
    pub bytes: u64,
    /// Damaged objects.
    pub objects: Vec<Damage>,
    /// Files that cannot be restored.
    pub damaged: Vec<Damage>,
    /// What the manifest has lost: entries that cannot be restored, or their modes and times.
    pub lost: Vec<Lost>,
}

impl Verified {
    /// Notes a damaged object that is not noted yet.
    fn add_object(&mut self, key: &str, why: &str) {
        if self.objects.iter().all(|damage| damage.what != key) {
            self.objects.push(Damage { what: key.into(), why: why.into() });
        }
    }

    /// Whether everything is as it was saved.
    pub fn is_whole(&self) -> bool {
        self.objects.is_empty() && self.damaged.is_empty() && self.lost.is_empty()
    }
}

/// Reads every object of a capture and every file in it.
///
/// # Errors
/// As [`catalog::find`]; `NotFound` when the capture is removed meanwhile; those of the store other than missing and damaged
/// objects, which are findings.
pub async fn verify(world: &World, id: &str) -> Result<Verified> {
    let _progress = Until(&*world.progress);
    let record = catalog::find(&world.store, id).await?.record;
    let found = examine(world, record).await?;
    if !found.is_whole() {
        catalog::still_there(&world.store, &found.id, "verified").await?;
    }
    Ok(found)
}

async fn examine(world: &World, record: Record) -> Result<Verified> {
    let mut found = Verified {
        id: record.id.clone(),
        files: 0,
        bytes: 0,
        objects: Vec::new(),
        damaged: Vec::new(),
        lost: Vec::new(),
    };
    world.progress.phase(
        "objects",
        Some(record.parts.all().fold(0, |sum, p| u64::saturating_add(sum, p.size))),
        Unit::Bytes,
    );
    for part in record.parts.all() {
        match object(world, part).await {
            Ok(()) => {}
            Err(e) if is_damage(&e) => found.objects.push(Damage { what: part.key.clone(), why: reason(&e) }),
            Err(e) => return Err(e),
        }
    }
    let mut note = |what: &str, result: Result<()>| match result {
        Err(e) if is_damage(&e) => {
            found.objects.push(Damage { what: what.into(), why: reason(&e) });
            Ok(())
        }
        other => other,
    };
    note("details", details(world, &record).await.map(drop))?;
    // A repeat has no files: that was all.
    if !record.has_tree() {
        return Ok(found);
    }
    let mut manifest = match read_sound(&world.store, &record).await {
        Ok(manifest) => manifest,
        Err(e) if is_damage(&e) => {
            found
                .damaged
                .push(Damage { what: "every file".into(), why: format!("{}: nothing can be restored", reason(&e)) });
            return Ok(found);
        }
        Err(e) => return Err(e),
    };
    found.lost = std::mem::take(&mut manifest.lost);
    for lost in found.lost.clone() {
        found.add_object(lost.key.as_str(), "tiles in it are damaged or missing");
    }
    contents(world, &record, manifest, &mut found).await?;
    found.objects.dedup();
    Ok(found)
}

async fn object(world: &World, part: &Part) -> Result<()> {
    let key = part_key(part)?;
    let mut stream = world.store.get(&key, None).await?.stream;
    let (mut hash, mut size) = (blake3::Hasher::new(), 0);
    while let Some(chunk) = stream.try_next().await? {
        hash.update(&chunk);
        size += chunk.len() as u64;
        world.progress.advance(chunk.len() as u64);
    }
    if size != part.size {
        return Err(Error::new(Kind::Corrupt, format!("it has {size} bytes instead of {}", part.size)));
    }
    if hash.finalize().to_hex().as_str() != part.blake3 {
        return Err(Error::new(Kind::Corrupt, "its hash is not the one saved"));
    }
    Ok(())
}

async fn contents(world: &World, record: &Record, manifest: Manifest, found: &mut Verified) -> Result<()> {
    let files: Vec<Entry> = manifest.entries.into_iter().filter(Entry::is_file).collect();
    found.files = files.len() as u64;
    found.bytes = total_size(&files);
    world.progress.phase("files", Some(found.bytes), Unit::Bytes);
    let contents = Contents::open(&world.store, record, manifest.frames).await?;
    let progress = Arc::clone(&world.progress);
    let work = move || {
        let damaged = Mutex::new(Vec::new());
        let files: Vec<&Entry> = files.iter().collect();
        contents.read(&files, archive::threads(), &|entry, content| {
            progress.advance(entry.size);
            match content.and_then(|content| check(entry, content)) {
                Ok(()) => Ok(()),
                Err(e) if is_damage(&e) => {
                    let damage = Damage { what: entry.display().into(), why: reason(&e) };
                    damaged.lock().unwrap_or_else(PoisonError::into_inner).push(damage);
                    Ok(())
                }
                Err(e) => Err(e),
            }
        })?;
        let damaged: Vec<Damage> = damaged.into_inner().unwrap_or_else(PoisonError::into_inner);
        let what: HashSet<&str> = damaged.iter().map(|damage| damage.what.as_str()).collect();
        let broken: Vec<&Entry> = files.into_iter().filter(|entry| what.contains(&*entry.display())).collect();
        let packs = contents.damaged_packs(&broken)?;
        Ok((damaged, packs))
    };
    let done: Result<(Vec<Damage>, BTreeSet<String>)> = tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| Error::new(Kind::Internal, "a thread died").with_source(e))?;
    let (damaged, packs) = done?;
    found.damaged = damaged;
    // The packs of other captures, too, which the record names without their hashes.
    packs.iter().for_each(|key| found.add_object(key, "frames in it are damaged or missing"));
    found.damaged.sort_by(|a, b| a.what.cmp(&b.what));
    Ok(())
}

fn check(entry: &Entry, content: &mut dyn Read) -> Result<()> {
    let Content::File { hash, .. } = &entry.content else { return Ok(()) };
    let (mut found, mut size) = (blake3::Hasher::new(), 0u64);
    let mut block = vec![0; 64 << 10];
    loop {
        let n = content.read(&mut block).map_err(|e| read_error("its content", e))?;
        if n == 0 {
            break;
        }
        found.update(&block[..n]);
        size += n as u64;
        if size > entry.size {
            break;
        }
    }
    if size == entry.size && found.finalize().as_bytes() == hash {
        return Ok(());
    }
    Err(Error::new(Kind::Corrupt, "its hash is not the one saved"))
}

fn is_damage(error: &Error) -> bool {
    matches!(error.kind(), Kind::Corrupt | Kind::NotFound)
}

fn reason(error: &Error) -> String {
    std::iter::once(error.message().to_owned()).chain(error.causes()).collect::<Vec<_>>().join(": ")
}
