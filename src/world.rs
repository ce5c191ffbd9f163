//! What an operation needs of the world: handed in, so that a test can hand in another.

use crate::{
    pipeline::{env::EnvMap, id::LEN, progress::Progress},
    process::Stop,
    store::Handle,
};
use jiff::Timestamp;
use std::sync::Arc;

/// What an operation needs of the world.
#[derive(Clone)]
pub struct World {
    /// Where captures and sessions are kept.
    pub store: Handle,
    /// The environment of this process.
    pub env: EnvMap,
    /// Hears where the operation stands.
    pub progress: Arc<dyn Progress>,
    /// The time.
    pub now: fn() -> Timestamp,
    /// Random bytes for ids.
    pub random: fn() -> [u8; LEN],
    /// Raised when the user or the system asks to stop.
    pub stop: Stop,
    /// Change nothing: plan, check, report.
    pub dry_run: bool,
}
