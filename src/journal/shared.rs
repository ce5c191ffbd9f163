//! A journal beside a store, wherever that is, appended to by many tasks at once.

use super::{FileJournal, StoreJournal, file::Syncer};
use crate::{
    error::{Error, Kind, Result},
    pipeline::id::Id,
    store::{Handle, Key, Lease, Moment},
};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError, mpsc},
    thread,
};
use tokio::sync::oneshot;

/// How long a record has to last before its append returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasting {
    /// The death of this process.
    Written,
    /// A power cut: what repeats a harmful act when it is lost.
    Synced,
}

/// A journal that one process at a time owns: a locked file beside a store that is a directory (`journals/PREFIX.ndjson`),
/// segments under the prefix and a lease in any other store.
pub enum Journal<T> {
    /// A file, synced by a thread of its own: what is appended while it syncs goes together into the next sync.
    File(Writer<T>),
    /// Segments.
    Store(StoreJournal<T>, #[doc(hidden)] Box<dyn Lease>),
}

/// Writes a file, in place: to hand a record to another thread takes many times as long. What must be on the disk is waited
/// for elsewhere.
pub struct Writer<T> {
    journal: Mutex<FileJournal<T>>,
    store: Handle,
    queue: Option<mpsc::Sender<Synced>>,
    thread: Option<thread::JoinHandle<()>>,
}

/// Is told when everything that was written is on the disk.
type Synced = oneshot::Sender<Result<()>>;

impl<T: Serialize + DeserializeOwned> Writer<T> {
    fn write(&self, records: &[T]) -> Result<()> {
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        self.store.records(Moment::Before);
        journal.append_all(records)?;
        self.store.records(Moment::After);
        Ok(())
    }

    async fn sync(&self) -> Result<()> {
        let ended = || Error::new(Kind::Internal, "syncing a journal: its thread has ended");
        let (answer, answered) = oneshot::channel();
        self.queue.as_ref().ok_or_else(ended)?.send(answer).map_err(|_| ended())?;
        answered.await.map_err(|_| ended())?
    }
}

impl<T> Drop for Writer<T> {
    fn drop(&mut self) {
        self.queue = None;
        // Every sync was answered, so that it has nothing more to do.
        let _ = self.thread.take().map(thread::JoinHandle::join);
    }
}

impl<T: Serialize + DeserializeOwned + Clone + Send + 'static> Journal<T> {
    /// Opens or makes a journal, owns it, and reads its records. `writer` must be new and random, `purpose` tells others
    /// what holds the journal. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// `Exists` when another process holds it; those of [`FileJournal::open`] and [`StoreJournal::open`].
    pub async fn open(store: &Handle, prefix: &Key, writer: Id, purpose: &str) -> Result<(Self, Vec<T>)> {
        let Some(path) = file(store, prefix) else {
            if !store.lease_lapsed(&lease(prefix)).await? {
                return Err(Error::new(
                    Kind::Exists,
                    format!("opening the journal {prefix}: another process holds it"),
                )
                .hint("wait until that has ended, or stop it; one that was killed lets go after two minutes"));
            }
            let lease = store.hold_lease(&lease(prefix)).await?;
            let (journal, records) = StoreJournal::open(store.clone(), prefix.clone(), writer).await?;
            return Ok((Journal::Store(journal, lease), records));
        };
        if let Some(directory) = path.parent() {
            std::fs::create_dir_all(directory).map_err(|e| Error::io("creating", directory, e))?;
        }
        let (journal, records) = FileJournal::open(&path, purpose)?;
        let mut syncer = journal.syncer()?;
        let (queue, waiting) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("journal".into())
            .spawn(move || serve(&mut syncer, &waiting))
            .map_err(|e| Error::io("starting the writer of", &path, e))?;
        let journal = Mutex::new(journal);
        Ok((Journal::File(Writer { journal, store: store.clone(), queue: Some(queue), thread: Some(thread) }), records))
    }

    /// Reads the records of a journal that another process may be writing. One that was never written has none.
    ///
    /// # Errors
    /// Those of [`FileJournal::read`] and [`StoreJournal::read`].
    pub async fn read(store: &Handle, prefix: &Key) -> Result<Vec<T>> {
        match file(store, prefix) {
            Some(path) => FileJournal::read(&path),
            None => StoreJournal::read(store, prefix).await,
        }
    }

    /// Appends a record, and returns when it lasts so long.
    ///
    /// # Errors
    /// `Precondition` when another process took over; I/O and those of the store.
    pub async fn append(&self, record: &T, lasting: Lasting) -> Result<()> {
        self.append_all(vec![record.clone()], lasting).await
    }

    /// Appends records in their order, and returns when all of them last so long. What fails may leave the first of them.
    ///
    /// # Errors
    /// As [`Journal::append`].
    pub async fn append_all(&self, records: Vec<T>, lasting: Lasting) -> Result<()> {
        match self {
            Journal::Store(journal, _) => {
                for record in &records {
                    journal.append(record).await?;
                }
                Ok(())
            }
            Journal::File(writer) => {
                writer.write(&records)?;
                match lasting {
                    Lasting::Written => Ok(()),
                    Lasting::Synced => writer.sync().await,
                }
            }
        }
    }

    /// Lets go: the next process need not wait until a lease lapses. `store` and `prefix` are those that it was opened with.
    ///
    /// # Errors
    /// Those of the store; the lease then lapses by itself.
    pub async fn let_go(self, store: &Handle, prefix: &Key) -> Result<()> {
        match self {
            Journal::File(_) => Ok(()),
            Journal::Store(_, held) => {
                // Renewed once more, it would be there again.
                drop(held);
                store.drop_lease(&lease(prefix)).await
            }
        }
    }
}

fn file(store: &Handle, prefix: &Key) -> Option<PathBuf> {
    let directory = store.local_dir()?.join("journals");
    let path = prefix.as_str().split('/').fold(directory, |path, segment| path.join(segment));
    Some(path.with_extension("ndjson"))
}

fn lease(prefix: &Key) -> String {
    prefix.as_str().replace('/', "-")
}

fn serve(file: &mut Syncer, waiting: &mpsc::Receiver<Synced>) {
    while let Ok(first) = waiting.recv() {
        let all: Vec<Synced> = std::iter::once(first).chain(waiting.try_iter()).collect();
        let synced = file.sync();
        for answer in all {
            let again =
                |error: &Error| Error::new(error.kind(), error.message()).with_source(error.causes().join(": "));
            // Whoever gave up waiting does not want to know.
            let _ = answer.send(synced.as_ref().map_err(again).copied());
        }
    }
}
