//! A journal in an object store: numbered segments that are created and never changed.

use super::lines::{self, Header};
use crate::{
    error::{Error, Kind, Result},
    pipeline::id::Id,
    store::{Handle, Key, Precondition},
};
use bytes::Bytes;
use futures::TryStreamExt;
use serde::{Serialize, de::DeserializeOwned};
use std::marker::PhantomData;
use tokio::{
    sync::{mpsc, oneshot},
    task::AbortHandle,
};

/// How many records wait for the segment before theirs, at most; the next caller waits for room.
const WAITING: usize = 1024;
/// The digits of a segment's number.
const DIGITS: usize = 8;

/// Records under a prefix of an object store: `PREFIX/00000000.ndjson` and so on. What is appended while a segment is
/// being written goes together into the next. Any number of processes may open the same journal; the one whose segment
/// is created first goes on, all others have lost it.
#[derive(Debug)]
pub struct StoreJournal<T> {
    queue: mpsc::Sender<Waiting>,
    writer: AbortHandle,
    _records: PhantomData<fn(T)>,
}

struct Waiting {
    line: Vec<u8>,
    answer: oneshot::Sender<Result<()>>,
}

impl<T: Serialize + DeserializeOwned> StoreJournal<T> {
    /// Opens a journal and reads its records. `writer` must be new and random: it tells our own segment, when the answer
    /// to writing it was lost, from one of somebody else. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// Those of [`StoreJournal::read`].
    pub async fn open(store: Handle, prefix: Key, writer: Id) -> Result<(Self, Vec<T>)> {
        let (next, records) = read(&store, &prefix).await?;
        let (queue, waiting) = mpsc::channel(WAITING);
        let writer = Writer { store, prefix, id: writer, next, lost: false };
        let task = tokio::spawn(writer.serve(waiting));
        Ok((StoreJournal { queue, writer: task.abort_handle(), _records: PhantomData }, records))
    }

    /// Reads the records of all segments in order. A journal that was never written has none.
    ///
    /// # Errors
    /// `Corrupt` with the segment's key and line, or when a segment is missing; `Unsupported` for a feature of a later
    /// version; those of the store.
    pub async fn read(store: &Handle, prefix: &Key) -> Result<Vec<T>> {
        Ok(read(store, prefix).await?.1)
    }

    /// Appends a record, and returns when it is durable. A future that is dropped may have appended it or not.
    ///
    /// # Errors
    /// `Precondition` from now on when another process took over; those of the store, after which the record may be in
    /// the journal or not, but never twice and never after a later one.
    pub async fn append(&self, record: &T) -> Result<()> {
        let (answer, answered) = oneshot::channel();
        let ended = || Error::new(Kind::Internal, "appending to a journal: its writer has ended");
        self.queue.send(Waiting { line: lines::line(record)?, answer }).await.map_err(|_| ended())?;
        answered.await.map_err(|_| ended())?
    }
}

impl<T> Drop for StoreJournal<T> {
    fn drop(&mut self) {
        // Every append borrows the journal, so that nobody waits any more.
        self.writer.abort();
    }
}

struct Writer {
    store: Handle,
    prefix: Key,
    id: Id,
    next: usize,
    lost: bool,
}

impl Writer {
    async fn serve(mut self, mut waiting: mpsc::Receiver<Waiting>) {
        let mut group = Vec::new();
        while waiting.recv_many(&mut group, WAITING).await > 0 {
            let written = self.write(&group).await;
            for one in group.drain(..) {
                let answer = written.as_ref().map(|_| ()).map_err(again);
                // Whoever gave up waiting does not want to know.
                let _ = one.answer.send(answer);
            }
        }
    }

    async fn write(&mut self, group: &[Waiting]) -> Result<()> {
        let mut segment = lines::line(&Header::new(Some(self.id.clone())))?;
        segment.extend(group.iter().flat_map(|one| &one.line));
        let segment = Bytes::from(segment);
        while !self.lost {
            let key = segment_key(&self.prefix, self.next)?;
            match self.store.put(&key, segment.clone().into(), Precondition::MustNotExist).await {
                Ok(_) => {
                    self.next += 1;
                    return Ok(());
                }
                Err(error) if error.kind() == Kind::Exists => {}
                Err(error) => return Err(error.context(format!("writing the journal segment {key}"))),
            }
            let there = self.store.get(&key, None).await?.bytes().await?;
            if lines::header(key.as_str(), &there)?.writer.as_ref() != Some(&self.id) {
                self.lost = true;
                break;
            }
            // The answer to an earlier try was lost: to this group's, or to that of one that was reported as failed.
            self.next += 1;
            if there == segment {
                return Ok(());
            }
        }
        let message = format!("appending to the journal {}: another process took over", self.prefix);
        Err(Error::new(Kind::Precondition, message).hint("let the other process go on; nothing was done here since"))
    }
}

/// The next segment's number, and all records.
async fn read<T: DeserializeOwned>(store: &Handle, prefix: &Key) -> Result<(usize, Vec<T>)> {
    let start = format!("{prefix}/");
    let found: Vec<_> = store.list(&start, None).map_ok(|meta| meta.key).try_collect().await?;
    let keys: Vec<Key> = found.into_iter().filter(|key| is_segment(&key.as_str()[start.len()..])).collect();
    for (number, key) in keys.iter().enumerate() {
        let expected = segment_key(prefix, number)?;
        if *key != expected {
            return Err(Error::new(Kind::Corrupt, format!("reading the journal {prefix}: {expected} is missing"))
                .hint("restore the object, or start anew under another name"));
        }
    }
    let mut records = Vec::new();
    for (key, segment) in keys.iter().zip(store.get_many(keys.clone()).await?) {
        let gone = || Error::new(Kind::Corrupt, format!("reading the journal {prefix}: {key} vanished"));
        records.extend(lines::records(key.as_str(), &segment.ok_or_else(gone)?)?);
    }
    Ok((keys.len(), records))
}

fn is_segment(name: &str) -> bool {
    name.strip_suffix(".ndjson").is_some_and(|n| n.len() == DIGITS && n.bytes().all(|b| b.is_ascii_digit()))
}

fn segment_key(prefix: &Key, number: usize) -> Result<Key> {
    Key::new(format!("{prefix}/{number:0DIGITS$}.ndjson"))
}

/// The same error for each member of a group.
fn again(error: &Error) -> Error {
    let copy = Error::new(error.kind(), error.message());
    let copy = error.hints().iter().fold(copy, |copy, hint| copy.hint(hint));
    let causes = error.causes();
    if causes.is_empty() { copy } else { copy.with_source(causes.join(": ")) }
}
