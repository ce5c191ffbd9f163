//! A capture on its way into the store: open, its objects, complete; or nothing.

use crate::{
    archive::chunks::packs::Sink,
    capture::{
        catalog::{self, Versioned},
        objects::{data_key, data_prefix, job_entry_key, pack_name, record_key},
    },
    error::{Error, Kind, Result},
    pipeline::record::{Part, Record, State},
    store::{Body, Handle, Key, Lease, Precondition},
};
use futures::{StreamExt, TryStreamExt, stream};
use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};
use tokio::{sync::mpsc, task::JoinHandle};

/// Where notes of removals that were begun are: whoever comes next finishes them.
pub const BEGUN: &str = "retiring/";
/// Packs written at once.
const PACKS_AT_ONCE: usize = 3;
/// Objects deleted at once.
const DELETES_AT_ONCE: usize = 16;

/// A capture that is being written. Its record says `open` until [`Upload::complete`], so that nobody sees it, and its
/// lease tells the collector that somebody is at it.
pub struct Upload {
    store: Handle,
    open: Versioned,
    _lease: Box<dyn Lease>,
    stored: u64,
}

impl Upload {
    /// Begins: takes the lease and creates the record. `record.state` must be open.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn begin(store: &Handle, record: Record) -> Result<Upload> {
        let lease = store.hold_lease(record.id.as_str()).await?;
        let open = catalog::create(store, record).await?;
        Ok(Upload { store: store.clone(), open, _lease: lease, stored: 0 })
    }

    /// The record as it was begun.
    pub fn record(&self) -> &Record {
        &self.open.record
    }

    /// Bytes written so far.
    pub fn stored(&self) -> u64 {
        self.stored
    }

    /// Writes an object from memory.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn bytes(&mut self, name: &str, bytes: Vec<u8>) -> Result<Part> {
        let hash = blake3::hash(&bytes).to_hex().to_string();
        self.put(name, bytes.into(), hash).await
    }

    /// Writes an object from a file that the store may take.
    ///
    /// # Errors
    /// I/O, those of the store.
    pub async fn file(&mut self, name: &str, path: &Path) -> Result<Part> {
        let owned = path.to_owned();
        let hashed = tokio::task::spawn_blocking(move || hash_file(&owned)).await;
        let (len, hash) = hashed
            .map_err(|e| Error::new(Kind::Internal, "hashing the archive").with_source(e))?
            .map_err(|e| Error::io("reading", path, e))?;
        self.put(name, Body::File { path: path.to_owned(), len, movable: true }, hash).await
    }

    async fn put(&mut self, name: &str, body: Body, blake3: String) -> Result<Part> {
        let key = data_key(&self.open.record.id, name)?;
        let size = body.len();
        self.store.put(&key, body, Precondition::MustNotExist).await?;
        self.stored += size;
        Ok(Part { key: key.as_str().into(), size, blake3 })
    }

    /// Begins to write packs. Several are on their way at once.
    pub fn packs(&self) -> PackUpload {
        let (sender, mut receiver) = mpsc::channel::<(u32, Vec<u8>)>(1);
        let (store, id) = (self.store.clone(), self.open.record.id.clone());
        let put = move |(number, bytes): (u32, Vec<u8>)| {
            let (store, id) = (store.clone(), id.clone());
            async move {
                let key = data_key(&id, &pack_name(number))?;
                let part = Part {
                    key: key.as_str().into(),
                    size: bytes.len() as u64,
                    blake3: blake3::hash(&bytes).to_hex().to_string(),
                };
                store.put(&key, bytes.into(), Precondition::MustNotExist).await?;
                Ok((number, part))
            }
        };
        let stream = stream::poll_fn(move |cx| receiver.poll_recv(cx));
        let task = tokio::spawn(stream.map(put).buffer_unordered(PACKS_AT_ONCE).try_collect());
        PackUpload { sender, task }
    }

    /// Notes objects that were written by [`Upload::packs`].
    pub fn wrote(&mut self, packs: &[Part]) {
        self.stored += packs.iter().map(|p| p.size).sum::<u64>();
    }

    /// Makes the capture visible, as `change` completes its record.
    ///
    /// # Errors
    /// `Precondition` when a collector took the save for dead and ended it; those of the store. Nothing is visible then.
    pub async fn complete(self, change: impl FnOnce(&mut Record)) -> Result<Record> {
        let job = job_entry_key(&self.open.record)?;
        self.store.put(&job, Vec::new().into(), Precondition::None).await?;
        let done = catalog::update(&self.store, &self.open, |record| {
            change(record);
            record.state = State::Complete;
        });
        let done = done.await?;
        let _ = self.store.drop_lease(done.record.id.as_str()).await;
        Ok(done.record)
    }

    /// Takes everything back.
    ///
    /// # Errors
    /// Those of the store; the next `gc` finishes then.
    pub async fn abandon(self) -> Result<()> {
        let Upload { store, open, _lease, .. } = self;
        let aborted = catalog::update(&store, &open, |record| record.state = State::Aborted).await?;
        remove(&store, &aborted.record).await?;
        Ok(())
    }
}

/// Packs on their way into the store.
pub struct PackUpload {
    sender: mpsc::Sender<(u32, Vec<u8>)>,
    task: JoinHandle<Result<Vec<(u32, Part)>>>,
}

impl PackUpload {
    /// What takes the packs, for the threads that fill them.
    pub fn sink(&self) -> impl Sink + 'static {
        PackSender(self.sender.clone())
    }

    /// Waits for the last pack, and returns all in the order of their numbers. Every sink must be gone.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn finish(self) -> Result<Vec<Part>> {
        drop(self.sender);
        let done = self.task.await.map_err(|e| Error::new(Kind::Internal, "storing packs").with_source(e))?;
        let mut packs = done?;
        packs.sort_unstable_by_key(|(number, _)| *number);
        Ok(packs.into_iter().map(|(_, part)| part).collect())
    }
}

struct PackSender(mpsc::Sender<(u32, Vec<u8>)>);

impl Sink for PackSender {
    fn put(&self, number: u32, bytes: Vec<u8>) -> Result<()> {
        // The receiver ends only after an error, which `finish` returns.
        self.0.blocking_send((number, bytes)).map_err(|_| Error::new(Kind::Internal, "storing a pack failed"))
    }
}

/// Removes everything of a capture whose record says `retiring` or `aborted`: its objects first, its record last. Returns
/// how many objects and bytes went.
///
/// # Errors
/// Those of the store; calling it again goes on.
pub async fn remove(store: &Handle, record: &Record) -> Result<(u64, u64)> {
    let objects: Vec<(Key, u64)> =
        store.list(&data_prefix(&record.id), None).map_ok(|meta| (meta.key, meta.size)).try_collect().await?;
    let bytes = objects.iter().map(|(_, size)| size).sum();
    let count = objects.len() as u64;
    let delete = |(key, _): (Key, u64)| async move { store.delete(&key).await };
    stream::iter(objects).map(delete).buffer_unordered(DELETES_AT_ONCE).try_collect::<Vec<()>>().await?;
    store.delete(&job_entry_key(record)?).await?;
    store.drop_lease(record.id.as_str()).await?;
    store.delete(&record_key(record.id.as_str())?).await?;
    Ok((count, bytes))
}

fn hash_file(path: &Path) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let mut hash = blake3::Hasher::new();
    let mut block = vec![0; 1 << 20];
    let mut len = 0;
    loop {
        let n = file.read(&mut block)?;
        if n == 0 {
            return Ok((len, hash.finalize().to_hex().to_string()));
        }
        hash.update(&block[..n]);
        len += n as u64;
    }
}
