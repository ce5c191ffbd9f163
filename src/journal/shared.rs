//! A journal beside a store, wherever that is, appended to by many tasks at once.

use super::{FileJournal, StoreJournal};
use crate::{
    error::{Error, Kind, Result},
    pipeline::id::Id,
    store::{Handle, Key, Lease, Moment},
};
use serde::{Serialize, de::DeserializeOwned};
use std::{path::PathBuf, sync::mpsc, thread};
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
    /// A file, written by a thread of its own: what is appended while it syncs goes together into the next sync.
    File(Writer<T>),
    /// Segments.
    Store(StoreJournal<T>, #[doc(hidden)] Box<dyn Lease>),
}

/// The thread that writes a file. It is waited for when this is dropped, so that the file is let go of by then.
pub struct Writer<T> {
    queue: Option<mpsc::Sender<Waiting<T>>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl<T> Drop for Writer<T> {
    fn drop(&mut self) {
        self.queue = None;
        // Every append was answered, so that it has nothing more to do.
        let _ = self.thread.take().map(thread::JoinHandle::join);
    }
}

struct Waiting<T> {
    records: Vec<T>,
    lasting: Lasting,
    answer: oneshot::Sender<Result<()>>,
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
        let (mut journal, records) = FileJournal::open(&path, purpose)?;
        let (queue, waiting) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("journal".into())
            .spawn({
                let store = store.clone();
                move || serve(&mut journal, &waiting, &store)
            })
            .map_err(|e| Error::io("starting the writer of", &path, e))?;
        Ok((Journal::File(Writer { queue: Some(queue), thread: Some(thread) }), records))
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
            Journal::File(Writer { queue, .. }) => {
                let ended = || Error::new(Kind::Internal, "appending to a journal: its writer has ended");
                let (answer, answered) = oneshot::channel();
                let queue = queue.as_ref().ok_or_else(ended)?;
                queue.send(Waiting { records, lasting, answer }).map_err(|_| ended())?;
                answered.await.map_err(|_| ended())?
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

fn serve<T: Serialize + DeserializeOwned>(
    journal: &mut FileJournal<T>,
    waiting: &mpsc::Receiver<Waiting<T>>,
    store: &Handle,
) {
    while let Ok(first) = waiting.recv() {
        let mut synced = Vec::new();
        for one in std::iter::once(first).chain(waiting.try_iter()) {
            store.records(Moment::Before);
            let written = journal.append_all(&one.records);
            store.records(Moment::After);
            if written.is_ok() && one.lasting == Lasting::Synced {
                synced.push(one.answer);
            } else {
                // Whoever gave up waiting does not want to know.
                let _ = one.answer.send(written);
            }
        }
        if synced.is_empty() {
            continue;
        }
        match journal.sync() {
            Ok(()) => synced.into_iter().for_each(|answer| drop(answer.send(Ok(())))),
            Err(error) => {
                let again = || Error::new(error.kind(), error.message()).with_source(error.causes().join(": "));
                synced.into_iter().for_each(|answer| drop(answer.send(Err(again()))));
            }
        }
    }
}
