//! Whether the twin that a decision sends a job to exists, as Helix knows it.

use super::{
    decide::{Decision, twin, without_twin},
    rules::Rules,
};
use crate::engine::helix::{Helix, Presence};
use tokio::time::Instant;

/// The decision, or the one without its twin where Helix says that it has none. Where Helix says nothing, the rules' word
/// counts: a Helix that is down must not send servicing jobs to the wrong subscription.
pub async fn confirm<'a>(
    rules: &'a Rules,
    decision: Decision<'a>,
    helix: Option<&Helix>,
    deadline: Instant,
) -> Decision<'a> {
    let (Some(helix), Some(queue)) = (helix, twin(rules, &decision)) else { return decision };
    match helix.presence(&queue.name, deadline).await {
        Presence::Missing => without_twin(rules, decision),
        Presence::Present | Presence::Unknown => decision,
    }
}
