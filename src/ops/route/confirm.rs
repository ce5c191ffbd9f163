//! Whether the twin that a decision sends a job to exists, as Helix knows it.

use super::{
    decide::{Decision, Trace, twin, without_twin},
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
    trace: &mut impl Trace,
) -> Decision<'a> {
    let (Some(helix), Some(queue)) = (helix, twin(rules, &decision)) else { return decision };
    let presence = helix.presence(&queue.name, deadline).await;
    trace.step("(helix)", presence == Presence::Present, || match presence {
        Presence::Present => format!("Helix has {}", queue.name),
        Presence::Missing => format!("Helix has no {}", queue.name),
        Presence::Unknown => format!("Helix does not say whether it has {}: the rules' word counts", queue.name),
    });
    if presence == Presence::Missing { without_twin(rules, decision) } else { decision }
}
