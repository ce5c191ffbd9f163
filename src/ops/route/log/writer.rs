//! A thread that writes the log of a service, which never waits for it.

use super::{Appender, Recorder};
use crate::{
    error::{Error, Kind, Result},
    ops::route::{job::Job, rules::Rules},
    pipeline::id::{Id, LEN},
};
use jiff::Timestamp;
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::JoinHandle,
};

/// Records that wait at most.
const WAITING: usize = 16 * 1024;
/// Bytes of jobs that wait at most.
const WAITING_BYTES: usize = 64 << 20;
/// Lines are written in pieces of about so many bytes.
const PIECE: usize = 64 * 1024;

/// A decision to be recorded: it is made again from this.
pub struct Entry {
    /// When it was made.
    pub at: Timestamp,
    /// Its id.
    pub random: [u8; LEN],
    /// What it was made under.
    pub rules: Arc<Rules>,
    /// What it was made from.
    pub job: Job,
    /// About how many bytes the job holds.
    pub size: usize,
}

/// Hears when records begin to be lost: once until one was written again.
pub type Lost = Box<dyn FnMut(&Error) + Send>;

/// Writes in a thread of its own.
pub struct Writer {
    queue: SyncSender<Message>,
    state: Arc<State>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

enum Message {
    Make(Entry),
    /// A line as it is written.
    Made(Vec<u8>),
    /// There is something to do beside writing.
    Look,
    End,
}

#[derive(Default)]
struct State {
    reopen: AtomicBool,
    bytes: AtomicUsize,
    dropped: AtomicUsize,
}

impl Writer {
    /// Starts the thread.
    ///
    /// # Errors
    /// `Internal` when there is no thread to be had.
    pub fn start(file: Appender, lost: Lost) -> Result<Writer> {
        let (queue, entries) = sync_channel(WAITING);
        let state = Arc::new(State::default());
        let work = Work { recorder: Recorder::new()?, file, state: Arc::clone(&state), lost, failing: false };
        let thread = std::thread::Builder::new().name("decision-log".into()).spawn(move || work.run(&entries));
        let thread = thread.map_err(|e| Error::new(Kind::Internal, "starting the decision log").with_source(e))?;
        Ok(Writer { queue, state, thread: Mutex::new(Some(thread)) })
    }

    /// Hands a decision over, or drops it when too many wait already: it never waits.
    pub fn record(&self, entry: Entry) {
        self.send(entry.size, Message::Make(entry));
    }

    /// As [`Writer::record`], with a line that is made already.
    pub fn record_line(&self, line: Vec<u8>) {
        self.send(line.len(), Message::Made(line));
    }

    fn send(&self, size: usize, message: Message) {
        let fits = self.state.bytes.fetch_add(size, Relaxed) + size <= WAITING_BYTES;
        if !fits || self.queue.try_send(message).is_err() {
            self.state.bytes.fetch_sub(size, Relaxed);
            self.state.dropped.fetch_add(1, Relaxed);
        }
    }

    /// How many records were lost since this was asked last.
    pub fn take_dropped(&self) -> u64 {
        self.state.dropped.swap(0, Relaxed) as u64
    }

    /// Has the file opened again before anything else is written.
    pub fn reopen(&self) {
        self.state.reopen.store(true, Relaxed);
        // Wakes the thread. When the queue is full it is awake.
        let _ = self.queue.try_send(Message::Look);
    }

    /// Writes what waits, and ends; what comes later is lost. Blocks.
    pub fn finish(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread
            && self.queue.send(Message::End).is_ok()
        {
            // A panic in there has been reported by itself.
            let _ = thread.join();
        }
    }
}

struct Work {
    recorder: Recorder,
    file: Appender,
    state: Arc<State>,
    lost: Lost,
    failing: bool,
}

impl Work {
    fn run(mut self, messages: &Receiver<Message>) {
        let mut lines = Vec::new();
        let mut ended = false;
        while !ended && let Ok(first) = messages.recv() {
            let mut count = 0;
            let more = std::iter::from_fn(|| messages.try_recv().ok());
            for message in std::iter::once(first).chain(more) {
                match message {
                    Message::End => ended = true,
                    Message::Look => {}
                    Message::Make(entry) => {
                        let id = Id::from_random(entry.random);
                        lines.extend_from_slice(&self.recorder.line(entry.at, &id, &entry.rules, &entry.job));
                        self.state.bytes.fetch_sub(entry.size, Relaxed);
                        count += 1;
                    }
                    Message::Made(line) => {
                        lines.extend_from_slice(&line);
                        self.state.bytes.fetch_sub(line.len(), Relaxed);
                        count += 1;
                    }
                }
                if ended || lines.len() >= PIECE {
                    break;
                }
            }
            if let Err(error) = self.write(&lines) {
                self.state.dropped.fetch_add(count, Relaxed);
                if !std::mem::replace(&mut self.failing, true) {
                    (self.lost)(&error);
                }
            } else if count > 0 {
                self.failing = false;
            }
            lines.clear();
        }
    }

    fn write(&mut self, lines: &[u8]) -> Result<()> {
        if self.state.reopen.swap(false, Relaxed) {
            self.file.reopen()?;
        }
        self.file.append(lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::route::rules::tests::rules;

    fn entry(rules: &Arc<Rules>, size: usize) -> Entry {
        let job = Job { queue: "q".into(), ..Job::default() };
        Entry { at: Timestamp::UNIX_EPOCH, random: [2; LEN], rules: Arc::clone(rules), job, size }
    }

    #[test]
    fn all_that_was_taken_is_written_by_the_end_and_all_else_is_counted() {
        let (_rules, rules) = rules("standard: A\nqueues:\n  q: {}\n");
        let rules = Arc::new(rules.unwrap());
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let writer = Writer::start(Appender::open(&path).unwrap(), Box::new(|e| panic!("{e}"))).unwrap();
        for _ in 0..100 {
            writer.record(entry(&rules, 1));
        }
        writer.record(entry(&rules, WAITING_BYTES + 1));
        assert_eq!((writer.take_dropped(), writer.take_dropped()), (1, 0));
        writer.finish();
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 100);
    }
}
