//! What people say to a run: yes, no, go on although it failed.

use super::{
    pipeline::{Pipeline, Work},
    run::{Event, Owned, Told},
    state::State,
};
use crate::{
    error::{Error, Kind, Result},
    journal::Lasting,
};

/// What somebody says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// Yes, to an approval.
    Approve,
    /// No, to an approval or to an offer to override.
    Reject,
    /// Go on although it failed.
    Override,
}

/// Records what somebody says of a stage, for ever after. Returns the stage that it was recorded for: of a stage that has a
/// gate, the gate.
///
/// # Errors
/// `Usage` for a stage that is not there, that is not waiting or did not fail, or that this person may not answer for.
pub async fn answer(
    owned: &mut Owned,
    pipeline: &Pipeline,
    name: &str,
    says: Says,
    by: &str,
    reason: Option<String>,
) -> Result<String> {
    let place = pipeline.stage(name)?;
    let states = owned.run.states(pipeline);
    let run = &owned.run.opening.run;
    let refuse = |message: String| {
        Err(Error::new(Kind::Usage, message).hint(format!("ci-tool stage status {run} shows where each stage is")))
    };
    let gate_in = |state: State| {
        let over = |gate: &usize| matches!(pipeline.stages[*gate].work, Work::Gate { of } if of == place);
        (0..states.len()).find(|gate| over(gate) && states[*gate] == state)
    };
    let (place, state) = match (says, &pipeline.stages[place].work) {
        (Says::Approve | Says::Reject, Work::Approval { by: allowed, .. }) => {
            if states[place] != State::WaitingForApproval {
                return refuse(format!("{name} does not wait for an answer: it is {}", states[place]));
            }
            if !allowed.is_empty() && !allowed.iter().any(|person| person == by) {
                return refuse(format!("{by} may not answer for {name}: {} may", allowed.join(", ")));
            }
            (place, if says == Says::Approve { State::Succeeded } else { State::Failed })
        }
        (Says::Reject, Work::Gate { .. }) if states[place] == State::WaitingForApproval => (place, State::Failed),
        (Says::Override, Work::Gate { of }) => match states[place] {
            State::WaitingForApproval => (place, State::Overridden),
            other => {
                let of = &pipeline.stages[*of];
                let under = owned.run.stages.get(&of.name).map_or(State::Waiting, Told::state);
                return refuse(format!("{name} is not offered: it is {other}, and {} is {under}", of.name));
            }
        },
        (Says::Override, _) => match (gate_in(State::WaitingForApproval), states[place]) {
            (Some(gate), _) => (gate, State::Overridden),
            (None, _) if gate_in(State::Overridden).is_some() => {
                return refuse(format!("{name} is overridden already"));
            }
            (None, state) if state.may_be_overridden() && state != State::Overridden => (place, State::Overridden),
            (None, state) => return refuse(format!("{name} is {state}: there is nothing to override")),
        },
        (Says::Approve | Says::Reject, _) => {
            return refuse(format!("{name} asks nobody: it is no approval"));
        }
    };
    let stage = pipeline.stages[place].name.clone();
    owned.tell(Event::Answered { stage: stage.clone(), state, by: by.to_owned(), reason }, Lasting::Synced).await?;
    Ok(stage)
}
