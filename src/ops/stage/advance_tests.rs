use super::*;
use crate::ops::stage::pipeline::Pipeline;
use std::path::Path;

fn stages(text: &str) -> (Vec<Stage>, Graph) {
    let stages = Pipeline::parse(Path::new("p.yaml"), text).unwrap().stages;
    let graph = Graph::new(&stages);
    (stages, graph)
}

#[test]
fn a_stage_begins_when_each_need_is_satisfied() {
    let (stages, graph) = stages("stages:\n  a: {run: x}\n  b: {run: x, needs: [a]}\n");
    for state in State::ALL {
        let expected = if state.satisfies() { Next::Begin } else { Next::Nothing };
        assert_eq!(next_of(&stages, &graph, &[state, State::Waiting], 1), expected, "{state}");
        let blocked = shown(&stages, &graph, &[state, State::Waiting])[1];
        assert_eq!(blocked == State::Blocked, state.is_bad() || state == State::Blocked, "{state}");
    }
}

#[test]
fn a_gate_is_offered_only_after_a_failure_or_issues() {
    use State::*;
    let (stages, graph) = stages("stages:\n  a: {run: x}\n  gate: {override: a}\n  b: {run: x, needs: [gate]}\n");
    for (state, expected) in [
        (Succeeded, Next::PassOver),
        (Skipped, Next::PassOver),
        (UpToDate, Next::PassOver),
        (Overridden, Next::PassOver),
        (SucceededWithIssues, Next::Ask),
        (Failed, Next::Ask),
        (TimedOut, Next::Ask),
        (Interrupted, Next::Ask),
        (Cancelled, Next::Nothing),
        (Running, Next::Nothing),
        (Waiting, Next::Nothing),
        (WaitingForApproval, Next::Nothing),
        (Blocked, Next::Nothing),
    ] {
        let states = [state, Waiting, Waiting];
        assert_eq!(next_of(&stages, &graph, &states, 1), expected, "{state}");
        // What can still be overridden blocks nothing.
        let blocked = shown(&stages, &graph, &states)[2] == Blocked;
        assert_eq!(blocked, matches!(state, Cancelled | Blocked), "{state}");
    }
}

#[test]
fn a_gate_waits_for_its_other_needs() {
    use State::*;
    let text = "stages:\n  a: {run: x}\n  o: {run: x}\n  gate: {override: a, needs: [o]}\n";
    let (stages, graph) = stages(text);
    assert_eq!(next_of(&stages, &graph, &[Failed, Running, Waiting], 2), Next::Nothing);
    assert_eq!(next_of(&stages, &graph, &[Failed, Succeeded, Waiting], 2), Next::Ask);
}

#[test]
fn what_blocks_is_named() {
    use State::*;
    let text =
        "stages:\n  a: {run: x}\n  b: {run: x, needs: [a]}\n  c: {run: x, needs: [b]}\n  d: {run: x, needs: [c]}\n";
    let (_, graph) = stages(text);
    assert_eq!(blocker(&graph, &[Failed, Waiting, Waiting, Waiting], 3), Some(0));
    assert_eq!(blocker(&graph, &[Succeeded, TimedOut, Waiting, Waiting], 3), Some(1));
    assert_eq!(blocker(&graph, &[Succeeded, Running, Waiting, Waiting], 3), None);
}
