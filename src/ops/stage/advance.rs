//! What a run does next, told from where its stages are. Pure.

use super::{
    graph::Graph,
    pipeline::{Stage, Work},
    state::State,
};

/// What is to be done about a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing now: it is over, it runs, it waits for a person, or for what it needs.
    Nothing,
    /// Begin it.
    Begin,
    /// Ask a person: it is an approval, or a gate over a stage that failed or succeeded with issues.
    Ask,
    /// Pass over it: it is a gate, and nothing is to be overridden.
    PassOver,
}

/// What is to be done about each stage. `states` are those that were recorded: what was not begun is `Waiting`.
pub fn next(stages: &[Stage], graph: &Graph, states: &[State]) -> Vec<Next> {
    (0..stages.len()).map(|stage| next_of(stages, graph, states, stage)).collect()
}

/// What is to be done about one stage.
pub fn next_of(stages: &[Stage], graph: &Graph, states: &[State], stage: usize) -> Next {
    if states[stage] != State::Waiting {
        return Next::Nothing;
    }
    let gate = match stages[stage].work {
        Work::Gate { of } => Some(of),
        _ => None,
    };
    let others = graph.needs(stage).iter().filter(|&&need| Some(need) != gate);
    if !others.into_iter().all(|&need| states[need].satisfies()) {
        return Next::Nothing;
    }
    match (gate.map(|of| states[of]), &stages[stage].work) {
        (Some(State::SucceededWithIssues), _) => Next::Ask,
        (Some(of), _) if of.satisfies() => Next::PassOver,
        (Some(of), _) if of.may_be_overridden() => Next::Ask,
        (Some(_), _) => Next::Nothing,
        (None, Work::Approval { .. }) => Next::Ask,
        (None, _) => Next::Begin,
    }
}

/// Where stages are for people: what was not begun and cannot be, because something that it needs came to nothing, is blocked.
pub fn shown(stages: &[Stage], graph: &Graph, states: &[State]) -> Vec<State> {
    let mut shown = states.to_vec();
    for stage in graph.order() {
        if shown[stage] != State::Waiting {
            continue;
        }
        let gate = match stages[stage].work {
            Work::Gate { of } => Some(of),
            _ => None,
        };
        let blocked = graph.needs(stage).iter().any(|&need| {
            let offered = Some(need) == gate && states[need].may_be_overridden();
            !offered && (shown[need].is_bad() || shown[need] == State::Blocked)
        });
        if blocked {
            shown[stage] = State::Blocked;
        }
    }
    shown
}

/// The stage that blocks another one: the nearest above it that came to nothing.
pub fn blocker(graph: &Graph, states: &[State], stage: usize) -> Option<usize> {
    let mut open = graph.needs(stage).to_vec();
    let mut seen = vec![false; graph.len()];
    while !open.is_empty() {
        if let Some(&bad) = open.iter().find(|&&need| states[need].is_bad()) {
            return Some(bad);
        }
        let above = open.iter().flat_map(|&need| graph.needs(need)).copied().filter(|&s| !seen[s]).collect::<Vec<_>>();
        above.iter().for_each(|&stage| seen[stage] = true);
        open = above;
    }
    None
}

#[cfg(test)]
#[path = "advance_tests.rs"]
mod tests;
