//! The rules in force with what belongs to them. A request takes one snapshot and keeps it: no decision mixes two.

use super::metrics::{Counters, Metrics};
use crate::ops::route::rules::Rules;
use std::sync::{Arc, PoisonError, RwLock};

/// One set of rules.
pub(super) struct Snapshot {
    pub rules: Arc<Rules>,
    pub counters: Counters,
}

impl Snapshot {
    /// Makes these rules the ones that metrics tell of.
    pub fn new(rules: Rules, metrics: &Metrics) -> Snapshot {
        Snapshot { counters: metrics.of_rules(&rules), rules: Arc::new(rules) }
    }
}

/// The snapshot in force.
pub(super) struct Current(RwLock<Arc<Snapshot>>);

impl Current {
    pub fn new(snapshot: Snapshot) -> Current {
        Current(RwLock::new(Arc::new(snapshot)))
    }

    pub fn get(&self) -> Arc<Snapshot> {
        // Nothing panics while it holds the lock, and an `Arc` is never half-written.
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn set(&self, snapshot: Snapshot) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(snapshot);
    }
}
