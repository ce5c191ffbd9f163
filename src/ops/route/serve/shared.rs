//! What all requests share.

use super::{
    Acquire,
    metrics::Metrics,
    snapshot::{Current, Snapshot},
};
use crate::{
    ops::route::{
        job::Job,
        log::{Entry, Writer},
    },
    pipeline::id::LEN,
};
use jiff::Timestamp;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::sync::Semaphore;

pub(super) struct Shared {
    pub current: Current,
    pub metrics: Arc<Metrics>,
    pub log: Option<Writer>,
    pub token: Option<blake3::Hash>,
    pub acquire: Option<Arc<dyn Acquire>>,
    /// A permit for each byte that the bodies of requests may take in all.
    pub memory: Arc<Semaphore>,
    /// A permit for each batch and acquire call that may be under way at once.
    pub work: Arc<Semaphore>,
    pub patience: Duration,
    pub draining: AtomicBool,
    pub now: fn() -> Timestamp,
    pub random: fn() -> [u8; LEN],
}

impl Shared {
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.current.get()
    }

    pub fn is_draining(&self) -> bool {
        self.draining.load(Relaxed)
    }

    /// Hands what was asked to the log. `size` is about how many bytes the job holds.
    pub fn record(&self, snapshot: &Snapshot, job: Job, size: usize) {
        if let Some(log) = &self.log {
            let rules = Arc::clone(&snapshot.rules);
            log.record(Entry { at: (self.now)(), random: (self.random)(), rules, job, size });
        }
    }

    /// The metrics as text, with what the log lost by now.
    pub fn metrics_text(&self) -> String {
        let dropped = self.log.as_ref().map_or(0, Writer::take_dropped);
        self.metrics.log_dropped(dropped);
        self.metrics.text()
    }
}
