//! What all requests share.

use super::{
    Acquire,
    ledger::Ledger,
    snapshot::{Current, Snapshot},
};
use crate::engine::helix::Helix;
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
    pub ledger: Arc<Ledger>,
    pub token: Option<blake3::Hash>,
    pub acquire: Option<Arc<dyn Acquire>>,
    /// A permit for each byte that the bodies of requests may take in all.
    pub memory: Arc<Semaphore>,
    /// A permit for each batch that may be under way at once.
    pub batches: Arc<Semaphore>,
    /// A permit for each acquire call that may be under way at once.
    pub calls: Semaphore,
    /// Asked whether twins exist, for single decisions.
    pub helix: Option<Arc<Helix>>,
    /// A permit for each single decision that may wait for Helix at once.
    pub asking: Semaphore,
    pub patience: Duration,
    pub draining: AtomicBool,
}

impl Shared {
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.current.get()
    }

    pub fn is_draining(&self) -> bool {
        self.draining.load(Relaxed)
    }
}
