//! Work that goes on after its call was answered, and what becomes of it when the service stops.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{Instant, timeout_at},
};

/// How many calls may be worked on after their answer. The next ones are answered when they are done.
const MAX: u32 = 256;
/// How long telling the CI system of a late failure may take.
pub(super) const TELLING: Duration = Duration::from_secs(3);
/// So long before a drain ends, what is not done is given up: the CI system has to be told of it.
const PARTING: Duration = Duration::from_secs(4);

/// The work under way.
#[derive(Debug)]
pub(super) struct Late {
    free: Arc<Semaphore>,
    /// Calls that were accepted and whose work has not ended by itself.
    promised: AtomicUsize,
    stopped: watch::Sender<bool>,
}

/// One call that was accepted. Its place is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Promise {
    late: Arc<Late>,
    _place: OwnedSemaphorePermit,
}

impl Late {
    /// Nothing is under way.
    pub fn new() -> Arc<Late> {
        let free = Arc::new(Semaphore::new(MAX as usize));
        Arc::new(Late { free, promised: AtomicUsize::new(0), stopped: watch::Sender::new(false) })
    }

    /// Room for one more; none when there is too much, or while the service stops.
    pub fn promise(self: &Arc<Self>) -> Option<Promise> {
        let place = Arc::clone(&self.free).try_acquire_owned().ok()?;
        self.promised.fetch_add(1, Relaxed);
        Some(Promise { late: Arc::clone(self), _place: place })
    }

    /// Waits until work has to be given up.
    pub async fn stopped(&self) {
        // The sender lives as long as this.
        let _ = self.stopped.subscribe().wait_for(|stopped| *stopped).await;
    }

    /// Waits until nothing is under way, at most `limit`; what is not done shortly before is given up. Returns how much was
    /// not done. Nothing can be promised afterwards.
    pub async fn drain(&self, limit: Duration) -> usize {
        let end = Instant::now() + limit;
        let idle = |until| timeout_at(until, self.free.acquire_many(MAX));
        let mut ended = idle(end - PARTING.min(limit / 2)).await;
        if ended.is_err() {
            self.stopped.send_replace(true);
            ended = idle(end).await;
        }
        // Before the places are free again.
        self.free.close();
        drop(ended);
        self.promised.load(Relaxed)
    }
}

impl Promise {
    /// The work ended by itself, well or badly.
    pub fn ended(self) {
        self.late.promised.fetch_sub(1, Relaxed);
    }
}
