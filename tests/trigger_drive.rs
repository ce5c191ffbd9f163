//! Sessions on a CI that folds requests, loses answers and workers: what is asked for runs as often as it should, and no more.

#[path = "support/engine.rs"]
mod engine;

use ci_tool::{
    engine::Engine,
    error::Kind,
    ops::trigger::{
        begin::{Begin, Begun},
        drive::{Next, Options, Until, Watcher, drive},
        plan::{History, Item, Need, Plan, Wanted},
        session::{self, Event, Fate, Hunt, Owned, Session, Verb},
        until_failure,
    },
    pipeline::{
        id::Id,
        progress::Silent,
        run::{Run, State},
    },
    process::Stop,
    store,
    world::World,
};
use engine::{Answer, Memory};
use jiff::Timestamp;
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
};

struct Nobody;

impl Watcher for Nobody {
    fn changed(&self, _: &Session, _: &Event) {}
}

fn world(dir: &tempfile::TempDir) -> World {
    static COUNTER: AtomicU8 = AtomicU8::new(1);
    World {
        store: store::open(&dir.path().join("store").display().to_string(), &|_| None).unwrap(),
        env: BTreeMap::new(),
        progress: Arc::new(Silent),
        now: Timestamp::now,
        random: || [COUNTER.fetch_add(1, Ordering::Relaxed); 10],
        stop: Stop::never(),
        dry_run: false,
    }
}

fn begin(same: &str, hunt: Option<Hunt>) -> Begin {
    Begin {
        verb: Verb::Range,
        engine: "memory".into(),
        title: "a test".into(),
        same: same.into(),
        hunt,
        place: None,
        jobs: BTreeMap::new(),
        budget: 1000,
        fresh: false,
    }
}

fn plan(times: usize, revisions: &[&str], history: &History) -> Plan {
    let mut plan = Plan::default();
    let wanted = Wanted { job: "unit".into(), times, ..Wanted::default() };
    plan.want(&wanted, revisions.iter().copied(), history, &[], &[]).unwrap();
    plan
}

async fn opened(world: &World, begin: &Begin, plan: Plan) -> Owned {
    match begin.look(world).await.unwrap() {
        Begun::Before(owned) => *owned,
        Begun::Nothing(opening) => begin.begin(world, opening, plan).await.unwrap(),
    }
}

async fn driven(world: &World, engine: &Arc<Memory>, owned: &mut Owned, until: Until) -> ci_tool::error::Result<bool> {
    let engine: Arc<dyn Engine> = engine.clone();
    let options = Options { until, deadline: None, next: &until_failure::next, watcher: &Nobody };
    drive(world, &engine, owned, &options).await
}

fn states(session: &Session) -> Vec<State> {
    session.items.iter().map(|tracked| tracked.state()).collect()
}

/// Runs that say something, by revision.
fn told(engine: &Memory) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for run in engine.runs_there().iter().filter(|run| run.state.evidence().is_some()) {
        *counts.entry(run.revision.clone().unwrap()).or_default() += 1;
    }
    counts
}

fn always(state: State) -> impl Fn(&str, &str, usize) -> State + Send + Sync {
    move |_, _, _| state
}

#[tokio::test(start_paused = true)]
async fn every_revision_gets_its_runs() {
    let dir = tempfile::tempdir().unwrap();
    let (world, engine) = (world(&dir), Arc::new(Memory::new(always(State::Succeeded))));
    let mut owned = opened(&world, &begin("x", None), plan(3, &["a", "b"], &History::default())).await;
    assert!(driven(&world, &engine, &mut owned, Until::Over).await.unwrap());
    assert_eq!(told(&engine), BTreeMap::from([("a".into(), 3), ("b".into(), 3)]));
    assert_eq!(engine.submissions(), 6);
    assert_eq!(engine.released().len(), 6);
    let read = session::read(&world, &owned.session.opening.session).await.unwrap();
    assert!(read.ended && states(&read) == [State::Succeeded; 6]);
}

#[tokio::test(start_paused = true)]
async fn requests_that_collapsed_are_issued_again_and_reported() {
    for apart in [None, Some(1)] {
        let dir = tempfile::tempdir().unwrap();
        let world = world(&dir);
        // Every first run of a revision turns out to have had another revision's place.
        let mut engine = Memory::new(|_, _, before| if before == 0 { State::Coalesced } else { State::Succeeded });
        engine.apart = apart;
        let engine = Arc::new(engine);
        let mut owned = opened(&world, &begin("x", None), plan(3, &["a"], &History::default())).await;
        assert!(driven(&world, &engine, &mut owned, Until::Over).await.unwrap());
        assert_eq!(told(&engine), BTreeMap::from([("a".into(), 3)]), "{apart:?}");
        let collapsed: usize = owned.session.items.iter().map(|tracked| tracked.collapsed()).sum();
        assert_eq!(collapsed, 1, "{apart:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn somebody_elses_waiting_request_is_not_folded_into_ours() {
    let dir = tempfile::tempdir().unwrap();
    let world = world(&dir);
    let mut engine = Memory::new(always(State::Succeeded));
    engine.apart = Some(1);
    let engine = Arc::new(engine);
    let theirs = Run { revision: Some("a".into()), ..Run::new("7", "unit", State::Pending) };
    engine.add(theirs);
    let mut owned = opened(&world, &begin("x", None), plan(1, &["a"], &History::default())).await;
    assert!(driven(&world, &engine, &mut owned, Until::Over).await.unwrap());
    assert_eq!((engine.runs_there().len(), engine.submissions()), (2, 1));
    assert_eq!((states(&owned.session), owned.session.items[0].collapsed()), (vec![State::Succeeded], 0));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_lost_makes_no_second_run() {
    for answer in [Answer::TakenAndLost, Answer::Lost, Answer::Late] {
        let dir = tempfile::tempdir().unwrap();
        let (world, engine) = (world(&dir), Arc::new(Memory::new(always(State::Succeeded))));
        engine.answer([answer]);
        let mut owned = opened(&world, &begin("x", None), plan(2, &["a"], &History::default())).await;
        assert!(driven(&world, &engine, &mut owned, Until::Over).await.unwrap(), "{answer:?}");
        assert_eq!(told(&engine), BTreeMap::from([("a".into(), 2)]), "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_keys_a_lost_answer_stays_uncertain_and_nothing_is_sent_blindly() {
    let dir = tempfile::tempdir().unwrap();
    let world = world(&dir);
    let mut engine = Memory::new(always(State::Succeeded));
    engine.keys = false;
    let engine = Arc::new(engine);
    engine.answer([Answer::TakenAndLost]);
    let mut owned = opened(&world, &begin("x", None), plan(2, &["a"], &History::default())).await;
    for _ in 0..2 {
        assert!(!driven(&world, &engine, &mut owned, Until::Over).await.unwrap());
        assert_eq!(engine.submissions(), 2);
        // Either may come first.
        let mut states = states(&owned.session);
        states.sort_by_key(|state| *state != State::Uncertain);
        assert_eq!(states, [State::Uncertain, State::Succeeded]);
    }
    let lost = owned.session.items.iter().find(|tracked| tracked.state() == State::Uncertain).unwrap();
    let fate = &lost.attempts[0].fate;
    assert!(matches!(fate, Fate::Uncertain { candidates, .. } if candidates.len() == 2), "{fate:?}");
}

#[tokio::test(start_paused = true)]
async fn infra_is_no_evidence_and_is_run_again() {
    let dir = tempfile::tempdir().unwrap();
    let world = world(&dir);
    let engine = Arc::new(Memory::new(|_, _, before| if before < 2 { State::Infra } else { State::Failed }));
    let mut owned = opened(&world, &begin("x", None), plan(1, &["a"], &History::default())).await;
    assert!(driven(&world, &engine, &mut owned, Until::Over).await.unwrap());
    assert_eq!(states(&owned.session), [State::Failed]);
    let engine = Arc::new(Memory::new(always(State::Infra)));
    let mut owned = opened(&world, &begin("y", None), plan(1, &["a"], &History::default())).await;
    assert!(driven(&world, &engine, &mut owned, Until::Over).await.unwrap());
    assert_eq!((states(&owned.session), engine.submissions()), (vec![State::Infra], 3));
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let (world, engine) = (world(&dir), Arc::new(Memory::new(always(State::Succeeded))));
    engine.answer([Answer::Taken, Answer::Throttled]);
    let before = tokio::time::Instant::now();
    let mut owned = opened(&world, &begin("x", None), plan(3, &["a"], &History::default())).await;
    assert!(driven(&world, &engine, &mut owned, Until::Over).await.unwrap());
    assert_eq!(told(&engine), BTreeMap::from([("a".into(), 3)]));
    assert!(before.elapsed().as_secs() >= 60, "{:?}", before.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_is_not_sent_again_and_the_others_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let (world, engine) = (world(&dir), Arc::new(Memory::new(always(State::Succeeded))));
    engine.answer([Answer::Refused]);
    let mut owned = opened(&world, &begin("x", None), plan(1, &["a", "b"], &History::default())).await;
    assert!(driven(&world, &engine, &mut owned, Until::Over).await.unwrap());
    // Either may come first.
    let count = |state| states(&owned.session).into_iter().filter(|seen| *seen == state).count();
    assert_eq!((count(State::Skipped), count(State::Succeeded), engine.submissions()), (1, 1, 2));
}

#[tokio::test(start_paused = true)]
async fn expired_credentials_stop_everything_and_the_same_command_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let (world, engine) = (world(&dir), Arc::new(Memory::new(always(State::Succeeded))));
    engine.answer([Answer::Taken, Answer::Denied]);
    let begin = begin("x", None);
    let mut owned = opened(&world, &begin, plan(1, &["a", "b", "c"], &History::default())).await;
    let error = driven(&world, &engine, &mut owned, Until::Over).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Denied);
    let id = owned.session.opening.session.clone();
    drop(owned);
    // Whatever is planned now, the session before goes on.
    let mut owned = opened(&world, &begin, Plan::default()).await;
    assert_eq!(owned.session.opening.session, id);
    assert!(driven(&world, &engine, &mut owned, Until::Over).await.unwrap());
    assert_eq!(told(&engine), BTreeMap::from([("a".into(), 1), ("b".into(), 1), ("c".into(), 1)]));
}

#[tokio::test(start_paused = true)]
async fn one_process_at_a_time_drives_a_session() {
    let dir = tempfile::tempdir().unwrap();
    let world = world(&dir);
    let begin = begin("x", None);
    let owned = opened(&world, &begin, plan(1, &["a"], &History::default())).await;
    let other = begin.look(&world).await.err().map(|error| (error.kind(), error.hints().join(" ")));
    let (kind, hint) = other.unwrap();
    assert_eq!(kind, Kind::Exists);
    assert!(hint.contains("trigger watch"), "{hint}");
    let taken = Owned::take(&world, &owned.session.opening.session).await.err();
    assert_eq!(taken.map(|error| error.kind()), Some(Kind::Exists));
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_over_is_not_gone_on_with() {
    let dir = tempfile::tempdir().unwrap();
    let (world, engine) = (world(&dir), Arc::new(Memory::new(always(State::Succeeded))));
    let begin = begin("x", None);
    let mut first = opened(&world, &begin, plan(1, &["a"], &History::default())).await;
    assert!(driven(&world, &engine, &mut first, Until::Over).await.unwrap());
    let id = first.session.opening.session.clone();
    drop(first);
    let second = opened(&world, &begin, Plan::default()).await;
    assert_ne!(second.session.opening.session, id);
    let listed: Vec<Id> = session::list(&world, 10).await.unwrap().into_iter().map(|listed| listed.id).collect();
    assert_eq!(listed.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn after_submission_one_may_leave() {
    let dir = tempfile::tempdir().unwrap();
    let (world, engine) = (world(&dir), Arc::new(Memory::new(always(State::Succeeded))));
    let begin = begin("x", None);
    let mut owned = opened(&world, &begin, plan(2, &["a", "b"], &History::default())).await;
    assert!(!driven(&world, &engine, &mut owned, Until::Asked).await.unwrap());
    assert_eq!(engine.submissions(), 4);
    drop(owned);
    let mut owned = opened(&world, &begin, Plan::default()).await;
    assert!(driven(&world, &engine, &mut owned, Until::Over).await.unwrap());
    assert_eq!((engine.submissions(), states(&owned.session)), (4, vec![State::Succeeded; 4]));
}

#[tokio::test(start_paused = true)]
async fn tests_follow_their_build() {
    for (built, expected) in [
        (State::Succeeded, vec![State::Succeeded; 3]),
        (State::Failed, vec![State::Failed, State::Skipped, State::Skipped]),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let world = world(&dir);
        let engine = Arc::new(Memory::new(move |job, _, _| if job == "build" { built } else { State::Succeeded }));
        let item = |number, job: &str, needs| Item {
            number,
            job: job.into(),
            revision: "a".into(),
            branch: None,
            parameters: BTreeMap::new(),
            env: BTreeMap::new(),
            needs,
            hold: false,
        };
        let items =
            vec![item(0, "build", vec![]), item(1, "unit", vec![Need::Item(0)]), item(2, "unit", vec![Need::Item(0)])];
        let mut owned = opened(&world, &begin("x", None), Plan { items, ..Plan::default() }).await;
        assert!(!driven(&world, &engine, &mut owned, Until::Asked).await.unwrap());
        assert_eq!(states(&owned.session)[1..], [State::Expected; 2]);
        assert!(driven(&world, &engine, &mut owned, Until::Over).await.unwrap());
        assert_eq!(states(&owned.session), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn at_the_first_failure_the_rest_of_the_batch_is_cancelled() {
    let dir = tempfile::tempdir().unwrap();
    let world = world(&dir);
    // The seventh run fails; those after it in its batch are still running then.
    let engine = Arc::new(Memory::new(|_, _, before| match before {
        6 => State::Failed,
        7.. => State::Running,
        _ => State::Succeeded,
    }));
    let hunt = Hunt { batch: 5, max: 100 };
    let begin = Begin { verb: Verb::UntilFailure, ..begin("x", Some(hunt)) };
    let one = plan(1, &["a"], &History::default()).items.remove(0);
    let items = until_failure::first_batch(one, hunt);
    let mut owned = opened(&world, &begin, Plan { items, ..Plan::default() }).await;
    assert!(driven(&world, &engine, &mut owned, Until::Over).await.unwrap());
    let failed = owned.session.failed().count();
    assert_eq!((failed, engine.submissions(), engine.cancelled().len()), (1, 10, 3));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_does_not_fail_runs_as_often_as_allowed() {
    for (batch, max) in [(5, 12), (20, 12), (1, 3)] {
        let dir = tempfile::tempdir().unwrap();
        let (world, engine) = (world(&dir), Arc::new(Memory::new(always(State::Succeeded))));
        let hunt = Hunt { batch, max };
        let begin = Begin { verb: Verb::UntilFailure, ..begin("x", Some(hunt)) };
        let one = plan(1, &["a"], &History::default()).items.remove(0);
        let items = until_failure::first_batch(one, hunt);
        let mut owned = opened(&world, &begin, Plan { items, ..Plan::default() }).await;
        assert!(driven(&world, &engine, &mut owned, Until::Over).await.unwrap());
        assert_eq!((engine.submissions(), engine.most_open() <= batch), (max, true), "{batch} {max}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_run_at_once_than_the_engine_allows() {
    let dir = tempfile::tempdir().unwrap();
    let world = world(&dir);
    let mut engine = Memory::new(always(State::Succeeded));
    engine.at_once = Some(3);
    let engine = Arc::new(engine);
    let mut owned = opened(&world, &begin("x", None), plan(10, &["a"], &History::default())).await;
    assert!(driven(&world, &engine, &mut owned, Until::Over).await.unwrap());
    assert_eq!((engine.most_open(), engine.submissions()), (3, 10));
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_session_stops_its_runs_and_asks_for_no_more() {
    let dir = tempfile::tempdir().unwrap();
    let world = world(&dir);
    let mut engine = Memory::new(always(State::Running));
    engine.at_once = Some(2);
    let engine = Arc::new(engine);
    let mut owned = opened(&world, &begin("x", None), plan(5, &["a"], &History::default())).await;
    let marker = ci_tool::ops::trigger::drive::cancel_marker(&owned.session.opening.session).unwrap();
    world.store.put(&marker, store::Body::Bytes(Default::default()), store::Precondition::None).await.unwrap();
    assert!(driven(&world, &engine, &mut owned, Until::Over).await.unwrap());
    // It is heard at any time: before both were asked for, too.
    let asked = engine.submissions();
    assert_eq!(states(&owned.session).iter().filter(|state| **state == State::Cancelled).count(), asked);
    assert!(asked <= 2 && engine.cancelled().len() == asked, "{asked}");
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_is_heard_while_the_engine_wants_to_be_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (world, engine) = (world(&dir), Arc::new(Memory::new(always(State::Succeeded))));
    engine.answer([Answer::Throttled]);
    let mut owned = opened(&world, &begin("x", None), plan(1, &["a"], &History::default())).await;
    let marker = ci_tool::ops::trigger::drive::cancel_marker(&owned.session.opening.session).unwrap();
    world.store.put(&marker, store::Body::Bytes(Default::default()), store::Precondition::None).await.unwrap();
    let before = tokio::time::Instant::now();
    assert!(driven(&world, &engine, &mut owned, Until::Over).await.unwrap());
    assert!(before.elapsed().as_secs() < 60, "{:?}", before.elapsed());
    assert_eq!(states(&owned.session), [State::Skipped]);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_lost_its_plan_was_never_begun() {
    let dir = tempfile::tempdir().unwrap();
    let (world, begin) = (world(&dir), begin("x", None));
    let first = opened(&world, &begin, plan(1, &["a"], &History::default())).await;
    let id = first.session.opening.session.clone();
    drop(first);
    let journal = dir.path().join(format!("store/journals/session/{id}.ndjson"));
    let opening: String = std::fs::read_to_string(&journal).unwrap().split_inclusive('\n').take(2).collect();
    std::fs::write(&journal, opening).unwrap();
    assert_eq!(Owned::take(&world, &id).await.err().map(|error| error.kind()), Some(Kind::NotFound));
    let second = opened(&world, &begin, plan(1, &["a"], &History::default())).await;
    assert_ne!(second.session.opening.session, id);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_goes_on_is_in_the_list() {
    let dir = tempfile::tempdir().unwrap();
    let (world, begin) = (world(&dir), begin("x", None));
    let id = opened(&world, &begin, plan(1, &["a"], &History::default())).await.session.opening.session.clone();
    let listed = session::list(&world, 10).await.unwrap();
    let descending = i64::MAX - listed[0].opened.as_millisecond();
    let entry = store::Key::new(format!("sessions/{descending:019}-{id}")).unwrap();
    world.store.delete(&entry).await.unwrap();
    assert_eq!(session::list(&world, 10).await.unwrap(), []);
    Owned::take(&world, &id).await.unwrap();
    assert_eq!(session::list(&world, 10).await.unwrap(), listed);
}

#[tokio::test(start_paused = true)]
async fn a_plan_beyond_the_budget_starts_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let world = world(&dir);
    let begin = Begin { budget: 5, ..begin("x", None) };
    let Begun::Nothing(opening) = begin.look(&world).await.unwrap() else { panic!("there is one") };
    let error = begin.begin(&world, opening, plan(3, &["a", "b"], &History::default())).await.err().unwrap();
    assert_eq!(error.kind(), Kind::Usage);
    assert!(error.hints().join(" ").contains("--budget 6"), "{error:?}");
    assert_eq!(session::list(&world, 10).await.unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn what_waits_in_vain_ends_with_next_wait() {
    let dir = tempfile::tempdir().unwrap();
    let (world, engine) = (world(&dir), Arc::new(Memory::new(always(State::Succeeded))));
    let mut owned = opened(&world, &begin("x", None), Plan::default()).await;
    let engine: Arc<dyn Engine> = engine;
    let options = Options { until: Until::Over, deadline: None, next: &|_| Next::Wait, watcher: &Nobody };
    assert!(drive(&world, &engine, &mut owned, &options).await.unwrap());
}
