//! Passing a command's output on, byte for byte, as it comes, and keeping it in a log.

use crate::error::{Error, Kind};
use futures::future::join_all;
use std::{
    io::{self, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    sync::watch,
    task::{JoinHandle, spawn_blocking},
    time::{Instant, timeout, timeout_at},
};

/// What one read takes at most: a pipe's usual size on Linux.
const CHUNK: usize = 64 * 1024;
/// The largest pipe a user may make on Linux (`/proc/sys/fs/pipe-max-size`): what the command can have left in it.
const LARGEST_PIPE: usize = 1024 * 1024;

/// The end of a pipe that a command writes to.
pub(super) type Pipe = Box<dyn AsyncRead + Send + Unpin>;

/// Where a command's output goes. The first two are flushed after every piece, so that a prompt or a half line shows.
pub struct Tee {
    /// What the command writes to its standard output.
    pub stdout: Box<dyn Write + Send>,
    /// What the command writes to its standard error. `None`: it goes where standard output goes, on Unix through the
    /// same pipe, so that the order of the two is exact.
    pub stderr: Option<Box<dyn Write + Send>>,
    /// Both, in the order of their arrival; gets everything even when nobody reads the other two any more.
    pub log: Option<Box<dyn Write + Send>>,
}

impl Tee {
    /// Drops all output.
    pub fn null() -> Tee {
        Tee { stdout: Box::new(io::sink()), stderr: Some(Box::new(io::sink())), log: None }
    }

    pub(super) fn start(self, stdout: Option<Pipe>, stderr: Option<Pipe>) -> Pumps {
        let (ended, sees_end) = watch::channel(None);
        let sink = |name, writer| Arc::new(Mutex::new(Sink::new(name, writer)));
        let log = sink("the log", self.log);
        let own = sink("standard output", Some(self.stdout));
        let own_stderr = self.stderr.map_or_else(|| own.clone(), |stderr| sink("standard error", Some(stderr)));
        let to_stdout = Writers { own, log: log.clone() };
        let to_stderr = Writers { own: own_stderr, log: log.clone() };
        let mut tasks = Vec::new();
        tasks.extend(stdout.map(|pipe| tokio::spawn(pump(pipe, to_stdout, sees_end.clone()))));
        tasks.extend(stderr.map(|pipe| tokio::spawn(pump(pipe, to_stderr, sees_end))));
        Pumps { ended, tasks, log }
    }
}

/// The two streams on their way.
pub(super) struct Pumps {
    ended: watch::Sender<Option<Instant>>,
    tasks: Vec<JoinHandle<Option<Error>>>,
    log: Arc<Mutex<Sink>>,
}

impl Pumps {
    /// Says that the command ended, and waits until everything it wrote is passed on. Pipes that others still hold are
    /// let go at `deadline`; how long our own writers take has no limit.
    pub(super) async fn finish(&mut self, deadline: Instant) -> Option<Error> {
        self.ended.send_replace(Some(deadline));
        let errors = join_all(&mut self.tasks).await;
        let first = errors.into_iter().filter_map(Result::ok).flatten().next();
        first.or(self.close_log().await)
    }

    /// As [`Pumps::finish`], but gives up after `patience` on writers that do not take what they are given.
    pub(super) async fn finish_or_abandon(mut self, deadline: Instant, patience: Duration) -> Option<Error> {
        match timeout(patience, self.finish(deadline)).await {
            Ok(error) => error,
            Err(_) => self.close_log().await,
        }
    }

    async fn close_log(&self) -> Option<Error> {
        let log = self.log.clone();
        let close = move || {
            let mut log = lock(&log);
            log.flush();
            log.error.take()
        };
        spawn_blocking(close).await.ok().flatten()
    }
}

impl Drop for Pumps {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Reads a pipe to its end, or after the command's end until nothing more of it can be inside.
async fn pump(mut pipe: Pipe, mut to: Writers, mut ended: watch::Receiver<Option<Instant>>) -> Option<Error> {
    let mut chunk = vec![0; CHUNK];
    let mut late = 0;
    while late < LARGEST_PIPE {
        let deadline = *ended.borrow_and_update();
        let read = match deadline {
            None => tokio::select! {
                biased;
                read = pipe.read(&mut chunk) => read,
                Ok(()) = ended.changed() => continue,
            },
            // Data that is there is taken even when the deadline has passed.
            Some(deadline) => match timeout_at(deadline, pipe.read(&mut chunk)).await {
                Ok(read) => read,
                Err(_) => break,
            },
        };
        let Ok(length @ 1..) = read else { break };
        if deadline.is_some_and(|deadline| Instant::now() > deadline) {
            late += length;
        }
        // Writers block (a pager, a full disk), and nothing else may wait for them.
        let passed = spawn_blocking(move || {
            to.write(&chunk[..length]);
            (to, chunk)
        });
        (to, chunk) = passed.await.ok()?;
    }
    lock(&to.own).error.take()
}

struct Writers {
    own: Arc<Mutex<Sink>>,
    log: Arc<Mutex<Sink>>,
}

fn lock(sink: &Mutex<Sink>) -> MutexGuard<'_, Sink> {
    sink.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Writers {
    fn write(&mut self, bytes: &[u8]) {
        // The log first: it must not wait for somebody who reads slowly.
        lock(&self.log).write(bytes);
        let mut own = lock(&self.own);
        own.write(bytes);
        own.flush();
    }
}

/// A writer that is let go at its first failure.
struct Sink {
    name: &'static str,
    writer: Option<Box<dyn Write + Send>>,
    error: Option<Error>,
}

impl Sink {
    fn new(name: &'static str, writer: Option<Box<dyn Write + Send>>) -> Self {
        Sink { name, writer, error: None }
    }

    fn write(&mut self, bytes: &[u8]) {
        self.attempt(|writer| writer.write_all(bytes));
    }

    fn flush(&mut self) {
        self.attempt(|writer| writer.flush());
    }

    fn attempt(&mut self, action: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
        let Some(writer) = &mut self.writer else { return };
        let Err(error) = action(writer) else { return };
        self.writer = None;
        if error.kind() != io::ErrorKind::BrokenPipe {
            let message = format!("passing the command's output on to {}", self.name);
            self.error = Some(Error::new(Kind::Internal, message).with_source(error));
        }
    }
}
