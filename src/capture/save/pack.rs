//! From the workspace to an archive, a manifest and a list of everything that was noticed on the way.

use super::{
    Request,
    reports::{Reported, failed_tests},
};
use crate::{
    archive::{
        self, WriteOptions,
        chunks::{self, Written},
    },
    capture::{
        bases,
        content::{Contents, Credentials, credentials},
        objects::{MANIFEST, data_key, pack_name},
        secrets::{Options, ScrubReader, Scrubber, SecretValue},
        upload::Upload,
        walk::{Root, WalkOptions, walk},
    },
    error::{Error, Kind, Result},
    pipeline::{
        details::{Problem, Ready, Removed},
        entry::{Content, Entry, total_size},
        manifest::{Builder, Top},
        progress::Unit,
        record::{Format, Part},
    },
    world::World,
};
use globset::GlobSet;
use std::{
    collections::HashSet,
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Threads that make chunks at most: each holds some 20 MiB.
const CHUNKS_THREADS: usize = 8;
/// Entries from which on a 7z archive's list takes more memory than everything else together may: some 600 bytes each.
const SEVENZ_MANY: usize = 100_000;

/// What is going to be saved: all decided, nothing written.
pub(super) struct Plan {
    pub entries: Vec<Entry>,
    pub problems: Vec<Problem>,
    /// What the reports among the files tell.
    pub failed_tests: Vec<Reported>,
    roots: Vec<Root>,
    found: Credentials,
    scrubber: Arc<Scrubber>,
    exact: GlobSet,
}

impl Plan {
    /// Bytes of content.
    pub fn bytes(&self) -> u64 {
        self.entries.iter().map(|e| e.size).sum()
    }

    /// What masks the secrets that are known.
    pub fn scrubber(&self) -> Arc<Scrubber> {
        Arc::clone(&self.scrubber)
    }
}

/// What was packed.
#[derive(Default)]
pub(super) struct Packed {
    /// The archive's file and its length in bytes, where there is one.
    pub archive: Option<(PathBuf, u64)>,
    /// The packs in the store, where there are some.
    pub packs: Vec<Part>,
    /// Objects of other captures that this one needs.
    pub needs: Vec<String>,
    pub manifest: Vec<u8>,
    pub top: Top,
    pub entries: u64,
    pub bytes: u64,
    pub problems: Vec<Problem>,
    pub removed: Vec<Removed>,
    pub embedding: Vec<String>,
    pub embedding_count: u64,
}

/// Walks the roots, and finds the credentials and the failed tests in them.
pub(super) async fn plan(
    world: &World,
    request: &Request,
    roots: &[Root],
    options: WalkOptions,
    values: Vec<SecretValue>,
    ready: &Ready,
) -> Result<Plan> {
    world.progress.phase("walking", None, Unit::Items);
    let (roots, exact, ready, mut values) = (roots.to_vec(), request.exact.clone(), ready.clone(), values);
    blocking(move || {
        let mut walked = walk(&roots, &options, archive::threads())?;
        let mut found = credentials(&roots, &mut walked.entries, &exact);
        values.extend(found.values.iter().cloned());
        let path_exists = |text: &str| Path::new(text).is_absolute() && Path::new(text).exists();
        let scrubber = Arc::new(Scrubber::new(&values, &Options { path_exists: &path_exists }));
        found.removed.extend(unnameable(&roots, &mut walked.entries, &scrubber));
        let failed_tests = failed_tests(&roots, &walked.entries, &ready);
        Ok(Plan { entries: walked.entries, problems: walked.problems, failed_tests, roots, found, scrubber, exact })
    })
    .await
}

/// Leaves out what has a secret in its own name or in its target: it cannot be saved under another.
fn unnameable(roots: &[Root], entries: &mut Vec<Entry>, scrubber: &Scrubber) -> Vec<Removed> {
    let secret = |text: &[u8]| scrubber.scrub_whole(&mut text.to_vec()).counts.into_keys().next();
    let mut removed = Vec::new();
    let mut gone = HashSet::new();
    entries.retain(|entry| {
        // What we call a root is no secret, whatever it is elsewhere.
        let below = roots.iter().find_map(|r| entry.path.strip_prefix(r.prefix.as_bytes())?.strip_prefix(b"/"));
        let name = below.and_then(secret).map(|what| format!("its name holds {what}"));
        let reason = name.or_else(|| match &entry.content {
            Content::Symlink { target } => secret(target).map(|what| format!("its target holds {what}")),
            _ => None,
        });
        let Some(reason) = reason else { return true };
        let (place, action) = ("file".into(), "removed".into());
        removed.push(Removed { place, name: entry.display().into_owned(), action, reason });
        gone.insert(entry.path.clone());
        false
    });
    for entry in entries {
        // A link to a file that is left out is a file of its own.
        if let Content::File { link, .. } = &mut entry.content {
            link.take_if(|first| gone.contains(first));
        }
    }
    removed
}

/// Writes the archive into the store's scratch directory, and the manifest into memory.
pub(super) async fn pack(world: &World, format: Format, plan: Plan) -> Result<Packed> {
    let scratch = world.store.scratch()?;
    if format == Format::SevenZ && plan.entries.len() > SEVENZ_MANY {
        world.progress.warn("7z keeps the list of so many files in memory: zip and chunks do not");
    }
    let progress = Arc::clone(&world.progress);
    progress.phase("packing", Some(plan.bytes()), Unit::Bytes);
    blocking(move || {
        let archive = scratch.join(format!("workspace.{}", format.as_str()));
        let out = File::create(&archive).map_err(|e| Error::io("creating", &archive, e))?;
        let options = WriteOptions { scratch: &scratch, progress: &*progress, threads: archive::threads() };
        let (contents, entries, problems) = plan.split();
        let entries = archive::write(format, entries, &contents, &out, &options)?;
        let archive_len = out.metadata().map_err(|e| Error::io("reading", &archive, e))?.len();
        let mut builder = Builder::default();
        for entry in &entries {
            builder.push(entry)?;
        }
        let packed = Packed { archive: Some((archive, archive_len)), ..Packed::default() };
        packed.finish(builder, entries, contents, problems)
    })
    .await
}

/// Writes packs straight into the store, but for what `bases` hold, and the manifest into memory.
pub(super) async fn chunks(world: &World, upload: &mut Upload, plan: Plan) -> Result<Packed> {
    let bases = bases::read(&world.store, &upload.record().bases).await?;
    let owner = upload.record().id.clone();
    let progress = Arc::clone(&world.progress);
    progress.phase("saving", Some(plan.bytes()), Unit::Bytes);
    let packs = upload.packs();
    let sink = packs.sink();
    let result = blocking(move || {
        let (contents, entries, problems) = plan.split();
        let options = chunks::Options {
            owner: &owner,
            sink: &sink,
            known: &bases.known,
            progress: &*progress,
            // One more than there are cores: some wait for the disk.
            threads: (archive::threads() + 1).min(CHUNKS_THREADS),
        };
        let Written { entries, frames, .. } = chunks::write(entries, &contents, bases.frames, &options)?;
        drop(bases.known);
        let mut builder = Builder::default();
        for (id, top) in &bases.tops {
            builder = builder.sharing(id, top)?;
        }
        for entry in &entries {
            builder.push_placed(entry, &frames)?;
        }
        let others = chunks::packs_of(&entries, &frames).into_iter().filter(|name| name.owner != owner);
        let needs = others.map(|name| Ok(data_key(&name.owner, &pack_name(name.number))?.to_string()));
        let packed = Packed { needs: needs.collect::<Result<_>>()?, ..Packed::default() };
        packed.finish(builder, entries, contents, problems)
    })
    .await;
    // A pack that could not be stored is the cause of whatever else went wrong.
    let stored = packs.finish().await?;
    let mut packed = result?;
    upload.wrote(&stored);
    for owner in &packed.top.owners {
        packed.needs.push(data_key(owner, MANIFEST)?.to_string());
    }
    packed.packs = stored;
    Ok(packed)
}

impl Plan {
    fn split(self) -> (Contents, Vec<Entry>, Vec<Problem>) {
        let own_path = self.roots[0].path.clone();
        let contents = Contents::prepare(self.roots, self.scrubber, self.found, self.exact, own_path.to_str());
        (contents, self.entries, self.problems)
    }
}

impl Packed {
    fn finish(
        self,
        builder: Builder,
        entries: Vec<Entry>,
        contents: Contents,
        mut problems: Vec<Problem>,
    ) -> Result<Packed> {
        let (manifest, top) = builder.finish()?;
        let notes = contents.into_notes();
        problems.extend(notes.problems);
        Ok(Packed {
            manifest,
            top,
            entries: entries.len() as u64,
            bytes: total_size(&entries),
            problems,
            removed: notes.removed,
            embedding: notes.embedding,
            embedding_count: notes.embedding_count,
            ..self
        })
    }
}

/// A log, masked and compressed.
pub(super) struct PackedLog {
    pub path: PathBuf,
    pub removed: Vec<Removed>,
}

/// Masks and compresses the log.
pub(super) async fn log(log: &Path, scrubber: &Arc<Scrubber>, scratch: PathBuf) -> Result<PackedLog> {
    let (log, scrubber) = (log.to_owned(), Arc::clone(scrubber));
    blocking(move || {
        let path = scratch.join("log.zst");
        let file = File::open(&log).map_err(|e| Error::io("reading the log", &log, e))?;
        let out = File::create(&path).map_err(|e| Error::io("creating", &path, e))?;
        let mut reader = ScrubReader::new(file, &scrubber);
        let failed = |e: io::Error| Error::io("compressing the log into", &path, e);
        let mut encoder = zstd::Encoder::new(out, 3).map_err(failed)?;
        io::copy(&mut reader, &mut encoder).map_err(failed)?;
        encoder.finish().map_err(failed)?;
        let removed = reader.hits().counts.iter().map(|(kind, n)| Removed {
            place: "log".into(),
            name: "log".into(),
            action: "redacted".into(),
            reason: format!("it holds {kind} ({n}×)"),
        });
        let removed = removed.collect();
        Ok(PackedLog { path, removed })
    })
    .await
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|e| Error::new(Kind::Internal, "a thread died").with_source(e))?
}
