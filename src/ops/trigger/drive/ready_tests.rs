use super::*;
use crate::{
    ops::trigger::{
        plan::{Item, Plan},
        session::{Event, Opening, Record, Verb},
    },
    pipeline::id::Id,
};
use jiff::Timestamp;

fn session(items: Vec<Item>, events: Vec<Event>) -> Session {
    let opening = Opening {
        session: Id::from_random([1; 10]),
        verb: Verb::Range,
        engine: "ci".into(),
        title: "a test".into(),
        fingerprint: "0".into(),
        hunt: None,
        place: None,
        jobs: Default::default(),
    };
    let plan = Plan { items, ..Plan::default() };
    let events = [Event::Opened(opening), Event::Planned(plan)].into_iter().chain(events);
    let records: Vec<Record> = events.map(|event| Record { at: Timestamp::UNIX_EPOCH, event }).collect();
    Session::of(&records).unwrap()
}

fn item(number: usize, job: &str, revision: &str, needs: Vec<Need>) -> Item {
    Item {
        number,
        job: job.into(),
        revision: revision.into(),
        branch: None,
        parameters: Default::default(),
        env: Default::default(),
        needs,
        hold: false,
    }
}

fn run(item: usize, attempt: usize, state: State, folded: bool) -> Vec<Event> {
    let run = Run { revision: Some("a".into()), ..Run::new(format!("{item}.{attempt}"), "unit", state) };
    vec![
        Event::Submitting { item, attempt, key: format!("k{item}.{attempt}") },
        Event::Submitted { item, attempt, run, folded },
    ]
}

fn sends(session: &Session, limits: Limits) -> Vec<(usize, usize)> {
    let steps = steps(session, limits, &HashSet::new(), &HashMap::new());
    steps
        .into_iter()
        .filter_map(|step| match step {
            Step::Send { item, attempt, .. } => Some((item, attempt)),
            Step::Block { .. } => None,
        })
        .collect()
}

#[test]
fn what_came_to_nothing_is_asked_for_again_and_not_for_ever() {
    for (state, again) in [
        (State::Coalesced, COLLAPSED),
        (State::Infra, INFRA),
        (State::Interrupted, INTERRUPTED),
        (State::Expired, EXPIRED),
        (State::Succeeded, 0),
        (State::Failed, 0),
        (State::TimedOut, 0),
        (State::Cancelled, 0),
        (State::Skipped, 0),
        (State::Running, 0),
        (State::Pending, 0),
    ] {
        for attempts in 1..=again + 1 {
            let events = (1..=attempts).flat_map(|attempt| run(0, attempt, state, false)).collect();
            let found = sends(&session(vec![item(0, "unit", "a", vec![])], events), Limits::default());
            let expected = if attempts <= again { vec![(0, attempts + 1)] } else { vec![] };
            assert_eq!(found, expected, "{state} after {attempts}");
        }
    }
}

#[test]
fn a_request_without_an_answer_is_not_sent_again() {
    let sent = Event::Submitting { item: 0, attempt: 1, key: "k".into() };
    let lost = Event::Uncertain { item: 0, attempt: 1, why: "lost".into(), candidates: vec![] };
    for events in [vec![sent.clone()], vec![sent, lost]] {
        assert_eq!(sends(&session(vec![item(0, "unit", "a", vec![])], events), Limits::default()), []);
    }
}

#[test]
fn what_the_engine_did_not_take_is_sent_again_as_the_same_request() {
    for (refused, expected) in [(false, vec![(0, 1)]), (true, vec![])] {
        let events = vec![
            Event::Submitting { item: 0, attempt: 1, key: "k".into() },
            Event::NotTaken { item: 0, attempt: 1, why: "busy".into(), refused },
        ];
        assert_eq!(sends(&session(vec![item(0, "unit", "a", vec![])], events), Limits::default()), expected);
    }
}

#[test]
fn requests_that_would_be_folded_wait_for_each_other_and_others_do_not() {
    let items = || ["a", "a", "b", "a"].iter().enumerate().map(|(n, r)| item(n, "unit", r, vec![])).collect::<Vec<_>>();
    let apart = Limits { waiting_apart: Some(1), at_once: None };
    assert_eq!(sends(&session(items(), vec![]), apart), [(0, 1), (2, 1)]);
    assert_eq!(sends(&session(items(), run(0, 1, State::Pending, false)), apart), [(2, 1)]);
    assert_eq!(sends(&session(items(), run(0, 1, State::Running, false)), apart), [(1, 1), (2, 1)]);
    assert_eq!(sends(&session(items(), vec![]), Limits::default()).len(), 4);
}

#[test]
fn what_was_folded_is_sent_again_once_the_other_has_begun() {
    let items = || vec![item(0, "unit", "a", vec![])];
    assert_eq!(sends(&session(items(), run(0, 1, State::Pending, true)), Limits::default()), []);
    assert_eq!(sends(&session(items(), run(0, 1, State::Running, true)), Limits::default()), [(0, 2)]);
}

#[test]
fn no_more_than_allowed_are_open_at_once() {
    let items: Vec<Item> = (0..5).map(|n| item(n, "unit", "a", vec![])).collect();
    let two = Limits { waiting_apart: None, at_once: Some(2) };
    assert_eq!(sends(&session(items.clone(), vec![]), two), [(0, 1), (1, 1)]);
    assert_eq!(sends(&session(items.clone(), run(0, 1, State::Running, false)), two), [(1, 1)]);
    assert_eq!(sends(&session(items, run(0, 1, State::Succeeded, false)), two), [(1, 1), (2, 1)]);
}

#[test]
fn a_test_waits_for_its_build_and_is_given_up_when_that_fails() {
    let items = || vec![item(0, "build", "a", vec![]), item(1, "unit", "a", vec![Need::Item(0)])];
    for (state, expected) in [
        (State::Running, "waits"),
        (State::Succeeded, "runs"),
        (State::SucceededWithIssues, "runs"),
        (State::Failed, "is given up"),
        (State::Cancelled, "is given up"),
        (State::Skipped, "is given up"),
    ] {
        let session = session(items(), run(0, 1, state, false));
        let found = steps(&session, Limits::default(), &HashSet::new(), &HashMap::new());
        let did = match found.as_slice() {
            [] => "waits",
            [Step::Send { item: 1, needs, .. }] if needs.len() == 1 => "runs",
            [Step::Block { item: 1, .. }] => "is given up",
            other => panic!("{state}: {other:?}"),
        };
        assert_eq!(did, expected, "{state}");
    }
}

#[test]
fn a_build_of_somebody_else_is_waited_for_as_it_was_last_seen() {
    let theirs = |state| Run { revision: Some("a".into()), ..Run::new("7", "build", state) };
    let session = session(vec![item(0, "unit", "a", vec![Need::Run(Box::new(theirs(State::Running)))])], vec![]);
    for (seen, expected) in [(None, 0), (Some(State::Running), 0), (Some(State::Succeeded), 1)] {
        let outside = seen.map(|state| ("7".to_owned(), theirs(state))).into_iter().collect();
        let found = steps(&session, Limits::default(), &HashSet::new(), &outside);
        assert_eq!(found.len(), expected, "{seen:?}");
    }
}

#[test]
fn what_waits_for_somebody_else_is_not_folded_into_ours() {
    let session = session(vec![item(0, "unit", "a", vec![]), item(1, "unit", "b", vec![])], vec![]);
    let apart = Limits { waiting_apart: Some(1), at_once: None };
    for (state, limits, expected) in [
        (State::Pending, apart, vec![1]),
        (State::Running, apart, vec![0, 1]),
        (State::Pending, Limits::default(), vec![0, 1]),
    ] {
        let theirs = Run { revision: Some("a".into()), ..Run::new("7", "unit", state) };
        let outside = HashMap::from([("7".to_owned(), theirs)]);
        let found = steps(&session, limits, &HashSet::new(), &outside);
        let sent = found.iter().filter_map(|step| if let Step::Send { item, .. } = step { Some(*item) } else { None });
        assert_eq!(sent.collect::<Vec<_>>(), expected, "{state} {limits:?}");
    }
}

#[test]
fn nothing_is_asked_for_in_a_session_that_is_not_wanted() {
    let items: Vec<Item> = (0..2).map(|n| item(n, "unit", "a", vec![])).collect();
    let mut events = run(0, 1, State::Running, false);
    events.push(Event::Cancelling { why: "enough".into() });
    let found = steps(&session(items, events), Limits::default(), &HashSet::new(), &HashMap::new());
    assert!(matches!(found.as_slice(), [Step::Block { item: 1, .. }]), "{found:?}");
}
