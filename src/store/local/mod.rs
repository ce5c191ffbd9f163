//! A store in a directory of this machine.
//!
//! An object is written to a temporary file and renamed into place. Files are not synced to disk: what a killed process
//! wrote survives, what a power cut takes is found by its checksum.

mod layout;
mod lease;
mod listing;
mod objects;

use super::{Body, Etag, Key, Lease, Meta, Object, Precondition, Store, scratch, scratch::Scratch, window};
use crate::error::{Error, Kind, Result};
use async_trait::async_trait;
use bytes::Bytes;
use futures::{FutureExt, StreamExt, TryStreamExt, stream, stream::BoxStream};
use layout::{Layout, failure};
use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    ops::{ControlFlow, Range},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{sync::mpsc, task::spawn_blocking};

/// Bytes read from a file at a time.
const CHUNK: usize = 1 << 20;
/// Objects that a listing hands over at a time.
const BATCH: usize = 1024;
/// Threads that read small objects: more than cores, because they wait for the disk.
const READERS: usize = 8;

/// A store in a directory.
#[derive(Debug)]
pub struct Local {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    layout: Layout,
    scratch: Mutex<Option<Scratch>>,
}

impl Local {
    /// Opens the store in the directory `root`. Nothing is created before the first write; a directory that does not
    /// exist is an empty store.
    ///
    /// # Errors
    /// `Internal` when `root` is something else than a directory: what the disk holds is no mistake in the address.
    pub fn open(root: &Path) -> Result<Local> {
        if root.exists() && !root.is_dir() {
            return Err(Error::new(Kind::Internal, format!("store {} is not a directory", root.display()))
                .hint("name a directory, or one that does not exist yet"));
        }
        Ok(Local { shared: Arc::new(Shared { layout: Layout::new(root), scratch: Mutex::default() }) })
    }

    /// Runs blocking work on a thread made for it.
    async fn run<T: Send + 'static>(&self, work: impl FnOnce(&Shared) -> Result<T> + Send + 'static) -> Result<T> {
        let shared = self.shared.clone();
        joined(spawn_blocking(move || work(&shared)).await)
    }
}

impl Shared {
    fn scratch(&self) -> Result<PathBuf> {
        let layout = &self.layout;
        scratch::lazily(&self.scratch, || {
            std::fs::create_dir_all(&layout.root).map_err(|e| failure("creating", &layout.root, e))?;
            Scratch::new(&layout.scratch)
        })
    }
}

#[async_trait]
impl Store for Local {
    fn url(&self) -> String {
        self.shared.layout.root.display().to_string()
    }

    async fn put(&self, key: &Key, body: Body, pre: Precondition) -> Result<Etag> {
        let key = key.clone();
        self.run(move |shared| objects::put(&shared.layout, &shared.scratch()?, &key, &body, &pre)).await
    }

    async fn get(&self, key: &Key, range: Option<Range<u64>>) -> Result<Object> {
        let key = key.clone();
        self.run(move |shared| {
            let (mut file, meta) = objects::open(&shared.layout, &key)?;
            let span = window(&key, range, meta.size)?;
            let path = shared.layout.object(&key)?;
            file.seek(SeekFrom::Start(span.start)).map_err(|e| failure("reading", &path, e))?;
            let mut chunks = Chunks { file, path, left: span.end - span.start };
            let stream = if chunks.left <= CHUNK as u64 {
                stream::iter(chunks.next().transpose()?.map(Ok)).boxed()
            } else {
                produced(move |send| {
                    for chunk in chunks {
                        if send(chunk).is_break() {
                            return;
                        }
                    }
                })
            };
            Ok(Object { meta, stream })
        })
        .await
    }

    async fn head(&self, key: &Key) -> Result<Meta> {
        let key = key.clone();
        self.run(move |shared| objects::head(&shared.layout, &key)).await
    }

    fn list(&self, prefix: &str, start_after: Option<&str>) -> BoxStream<'static, Result<Meta>> {
        let (shared, prefix, after) = (self.shared.clone(), prefix.to_owned(), start_after.map(str::to_owned));
        produced(move |send| {
            let mut batch = Vec::with_capacity(BATCH);
            let mut visit = |meta| {
                batch.push(meta);
                if batch.len() < BATCH { ControlFlow::Continue(()) } else { send(Ok(std::mem::take(&mut batch))) }
            };
            let mut walk = listing::Walk { prefix: &prefix, after: after.as_deref(), visit: &mut visit };
            let walked = listing::walk(&shared.layout, &mut walk);
            // A receiver that went away needs neither the rest nor the error.
            let _ = send(Ok(batch));
            if let Err(e) = walked {
                let _ = send(Err(e));
            }
        })
        .map_ok(|batch| stream::iter(batch).map(Ok))
        .try_flatten()
        .boxed()
    }

    async fn get_many(&self, keys: Vec<Key>) -> Result<Vec<Option<Bytes>>> {
        self.run(move |shared| {
            let share = keys.len().div_ceil(READERS).max(1);
            let read = |part: &[Key]| -> Result<Vec<Option<Bytes>>> {
                part.iter().map(|key| Ok(objects::read(&shared.layout, key)?.map(Bytes::from))).collect()
            };
            let parts = std::thread::scope(|scope| {
                let threads: Vec<_> = keys.chunks(share).map(|part| scope.spawn(move || read(part))).collect();
                threads.into_iter().map(|t| t.join().unwrap_or_else(|_| Err(panicked()))).collect::<Result<Vec<_>>>()
            })?;
            Ok(parts.into_iter().flatten().collect())
        })
        .await
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        let key = key.clone();
        self.run(move |shared| objects::delete(&shared.layout, &key)).await
    }

    async fn signed_url(&self, _key: &Key, _valid: Duration) -> Result<Option<String>> {
        Ok(None)
    }

    async fn hold_lease(&self, name: &str) -> Result<Box<dyn Lease>> {
        let path = self.shared.layout.lease(name)?;
        let held = self.run(move |shared| lease::hold(&shared.layout, path)).await?;
        Ok(Box::new(held))
    }

    async fn lease_lapsed(&self, name: &str) -> Result<bool> {
        let path = self.shared.layout.lease(name)?;
        self.run(move |shared| lease::lapsed(&shared.layout, &path)).await
    }

    async fn drop_lease(&self, name: &str) -> Result<()> {
        let path = self.shared.layout.lease(name)?;
        self.run(move |shared| lease::forget(&shared.layout, &path)).await
    }

    fn scratch(&self) -> Result<PathBuf> {
        self.shared.scratch()
    }

    fn local_dir(&self) -> Option<PathBuf> {
        let root = &self.shared.layout.root;
        // A directory that nobody has made yet has no real path.
        Some(std::fs::canonicalize(root).or_else(|_| std::path::absolute(root)).unwrap_or_else(|_| root.clone()))
    }

    async fn sweep(&self) -> Result<u64> {
        self.run(|shared| {
            lease::sweep(&shared.layout)?;
            scratch::sweep(&shared.layout.scratch)
        })
        .await
    }
}

/// The rest of an open file, a chunk at a time.
struct Chunks {
    file: File,
    path: PathBuf,
    left: u64,
}

impl Iterator for Chunks {
    type Item = Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        let want = self.left.min(CHUNK as u64);
        if want == 0 {
            return None;
        }
        let mut chunk = Vec::with_capacity(want as usize);
        let read = self.file.by_ref().take(want).read_to_end(&mut chunk);
        self.left -= want;
        Some(match read {
            Ok(read) if read as u64 == want => Ok(chunk.into()),
            Ok(_) => Err(Error::new(Kind::Corrupt, format!("{} is shorter than it was", self.path.display()))),
            Err(e) => Err(failure("reading", &self.path, e)),
        })
    }
}

/// A stream of what `work` sends from a thread that starts at the first poll; sending breaks once nobody listens.
fn produced<T: Send + 'static>(
    work: impl FnOnce(&mut dyn FnMut(Result<T>) -> ControlFlow<()>) + Send + 'static,
) -> BoxStream<'static, Result<T>> {
    async move {
        let (sender, mut receiver) = mpsc::channel(2);
        spawn_blocking(move || {
            work(&mut |item| match sender.blocking_send(item) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            })
        });
        stream::poll_fn(move |cx| receiver.poll_recv(cx))
    }
    .into_stream()
    .flatten()
    .boxed()
}

fn joined<T>(result: Result<Result<T>, tokio::task::JoinError>) -> Result<T> {
    result.unwrap_or_else(|e| Err(panicked().with_source(e)))
}

fn panicked() -> Error {
    Error::new(Kind::Internal, "a thread of the local store ended early")
}
