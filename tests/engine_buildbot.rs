//! What Buildbot does to runs, seen on a real one: folding, lost workers and masters, roles, sessions, codebases.

#[allow(dead_code, reason = "each suite uses its part")]
mod support;

#[path = "support/buildbot/mod.rs"]
#[allow(dead_code, reason = "each suite uses its part")]
mod real;

#[path = "support/http.rs"]
#[allow(dead_code, reason = "each suite uses its part")]
mod http;

use ci_tool::{
    engine::{Engine, Found, Query, Request, Spec, Submitted, Surroundings, buildbot::Buildbot},
    error::Kind,
    http::Client,
    pipeline::run::{Run, State},
    process::Stop,
};
use futures::{FutureExt, StreamExt, future::BoxFuture, stream};
use http::{Reply, Server};
use libtest_mimic::Trial;
use real::{ADMIN, BEFORE, GUEST, NEWEST, Options, password};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    process::ExitCode,
    time::{Duration, Instant},
};

/// The longest a run is waited for; only a broken one takes so long.
const LONGEST: Duration = Duration::from_secs(60);

type Case = fn(&'static str) -> BoxFuture<'static, ()>;

macro_rules! cases {
    ($($name:ident),* $(,)?) => { [$((stringify!($name), (|release| $name(release).boxed()) as Case)),*] };
}

fn main() -> ExitCode {
    let on_all = cases![
        requests_that_wait_are_folded_into_the_last_whatever_their_keys,
        requests_with_other_parameters_are_folded_too,
        a_run_survives_its_master,
        a_run_survives_its_worker,
        a_checkout_that_fails_is_no_evidence,
        a_command_that_hangs_timed_out,
    ];
    let on_the_newest = cases![
        nothing_is_folded_where_the_master_does_not,
        a_waiting_request_is_taken_back,
        only_who_has_the_role_starts_runs,
        a_session_that_is_over_is_opened_again,
        what_buildbot_refuses_is_told_by_parameter,
        of_two_codebases_one_has_the_revision,
        a_builder_without_a_form_is_blocked,
        lists_longer_than_a_page_are_read_to_the_end,
        a_run_at_another_revision_is_not_one_of_the_revision_asked_for,
    ];
    let mut all = trials(NEWEST, &on_all);
    all.extend(trials(NEWEST, &on_the_newest));
    all.extend(trials(BEFORE, &on_all));
    let scripted = cases![every_shape_of_an_answer_to_force_is_understood, a_login_for_people_cannot_be_driven];
    support::run(trials("scripted", &scripted), all, || ())
}

fn trials(release: &'static str, cases: &[(&'static str, Case)]) -> Vec<Trial> {
    let trial = |(name, case): &(&'static str, Case)| {
        let case = *case;
        Trial::test(format!("{release}::{name}"), move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
            runtime.block_on(case(release));
            Ok(())
        })
    };
    cases.iter().map(trial).collect()
}

fn engine_with(real: &real::Buildbot, user: Option<(&str, &str)>, spec: Spec) -> Buildbot {
    engine_at(&real.url, user, spec)
}

fn engine_at(url: &str, user: Option<(&str, &str)>, spec: Spec) -> Buildbot {
    let spec = Spec { url: Some(url.to_owned()), ..spec };
    let env = user.map(|(user, password)| BTreeMap::from([("U".into(), user.into()), ("P".into(), password.into())]));
    let spec = match user {
        Some(_) => Spec { user_env: Some("U".into()), token_env: Some("P".into()), ..spec },
        None => spec,
    };
    let around = Surroundings {
        name: "bb".into(),
        env: env.unwrap_or_default(),
        client: Client::new(),
        directory: std::env::temp_dir(),
        cache: std::env::temp_dir(),
        jobs: BTreeMap::new(),
        now: jiff::Timestamp::now,
        stop: Stop::never(),
    };
    Buildbot::open(&spec, &around).unwrap()
}

fn engine(real: &real::Buildbot) -> Buildbot {
    engine_with(real, None, Spec::default())
}

fn request(real: &real::Buildbot, job: &str, at: usize, number: usize) -> Request {
    let key = format!("ci-tool-buildbot00-{number:04}-1");
    Request { job: job.into(), revision: real.revisions[at].clone(), key, ..Request::default() }
}

async fn submit(engine: &Buildbot, request: &Request) -> Run {
    match engine.submit(request).await.unwrap() {
        Submitted::Run(run) => run,
        other => panic!("{other:?}"),
    }
}

async fn look(engine: &Buildbot, runs: &[Run]) -> Vec<Run> {
    engine.observe(runs).await.unwrap()
}

async fn until(engine: &Buildbot, run: &Run, wanted: impl Fn(&Run) -> bool) -> Run {
    let limit = Instant::now() + LONGEST;
    loop {
        let seen = look(engine, std::slice::from_ref(run)).await.remove(0);
        if wanted(&seen) {
            return seen;
        }
        assert!(Instant::now() < limit, "{seen:?}");
        engine.changed(Duration::from_millis(20)).await;
    }
}

async fn over(engine: &Buildbot, run: &Run) -> Run {
    until(engine, run, |run| run.state.is_over()).await
}

fn states(runs: &[Run]) -> Vec<State> {
    runs.iter().map(|run| run.state).collect()
}

async fn requests_that_wait_are_folded_into_the_last_whatever_their_keys(release: &'static str) {
    let real = real::Buildbot::start(Options { release, worker: false, ..Options::default() });
    let engine = engine(&real);
    let mut runs = Vec::new();
    for (at, number) in [(1, 1), (1, 2), (2, 3), (1, 4)] {
        runs.push(submit(&engine, &request(&real, "pass", at, number)).await);
    }
    let seen = look(&engine, &runs).await;
    assert_eq!(states(&seen), [State::Coalesced, State::Coalesced, State::Pending, State::Pending]);
    assert!(seen[0].detail.as_ref().is_some_and(|detail| detail.contains(&runs[1].id)), "{:?}", seen[0].detail);
    real.start_worker();
    for (run, at) in [(&runs[2], 2), (&runs[3], 1)] {
        let run = over(&engine, run).await;
        assert_eq!((run.state, run.got_revision.as_ref()), (State::Succeeded, Some(&real.revisions[at])));
    }
    let query = Query { job: "pass".into(), revisions: Some(vec![real.revisions[1].clone()]), ..Query::default() };
    let found = engine.runs(&query).await.unwrap();
    assert_eq!(states(&found), [State::Succeeded, State::Coalesced, State::Coalesced]);
    assert_eq!(found[1].key, runs[1].key);
    // What was folded is found by its key, too, and not taken for the run that took its place.
    let found = engine.find(&request(&real, "pass", 1, 1)).await.unwrap();
    assert!(matches!(&found, Found::Run(run) if run.id == runs[0].id && run.state == State::Coalesced), "{found:?}");
}

async fn requests_with_other_parameters_are_folded_too(release: &'static str) {
    let real = real::Buildbot::start(Options { release, worker: false, ..Options::default() });
    let engine = engine(&real);
    let mut runs = Vec::new();
    for (number, word) in ["a", "b", "b"].into_iter().enumerate() {
        let parameters = BTreeMap::from([("word".to_owned(), word.to_owned())]);
        runs.push(submit(&engine, &Request { parameters, ..request(&real, "word", 1, number) }).await);
    }
    assert_eq!(states(&look(&engine, &runs).await), [State::Coalesced, State::Coalesced, State::Pending]);
}

async fn nothing_is_folded_where_the_master_does_not(release: &'static str) {
    let real = real::Buildbot::start(Options { release, worker: false, collapse: false, ..Options::default() });
    let engine = engine(&real);
    let mut runs = Vec::new();
    for number in 0..3 {
        runs.push(submit(&engine, &request(&real, "pass", 1, number)).await);
    }
    assert_eq!(states(&look(&engine, &runs).await), [State::Pending; 3]);
    real.start_worker();
    for run in &runs {
        assert_eq!(over(&engine, run).await.state, State::Succeeded);
    }
}

async fn a_run_survives_its_master(release: &'static str) {
    let real = real::Buildbot::start(Options { release, ..Options::default() });
    let engine = engine(&real);
    let asked = request(&real, "slow", 1, 1);
    let run = submit(&engine, &asked).await;
    let first = until(&engine, &run, |run| run.state == State::Running).await;
    real.stop_master();
    assert_eq!(engine.observe(std::slice::from_ref(&run)).await.unwrap_err().kind(), Kind::Transient);
    real.restart_master();
    // The build was lost with the master; the request begins another one, under the same id.
    let second = until(&engine, &run, |run| run.state == State::Running && run.url != first.url).await;
    assert_eq!((&second.id, &second.key), (&run.id, &run.key));
    let found = engine.find(&asked).await.unwrap();
    assert!(matches!(&found, Found::Run(found) if found.id == run.id), "{found:?}");
    engine.cancel(&second).await.unwrap();
    assert_eq!(over(&engine, &run).await.state, State::Cancelled);
    let query = Query { job: "slow".into(), ..Query::default() };
    assert_eq!(engine.runs(&query).await.unwrap().len(), 1);
}

async fn a_run_survives_its_worker(release: &'static str) {
    let real = real::Buildbot::start(Options { release, ..Options::default() });
    let engine = engine(&real);
    let run = submit(&engine, &request(&real, "slow", 1, 1)).await;
    until(&engine, &run, |run| run.state == State::Running && run.got_revision.is_some()).await;
    real.stop_worker();
    let waiting = until(&engine, &run, |run| run.state == State::Pending).await;
    assert!(waiting.detail.as_ref().is_some_and(|detail| detail.contains("lost")), "{waiting:?}");
    real.start_worker();
    let again = until(&engine, &run, |run| run.state == State::Running).await;
    engine.cancel(&again).await.unwrap();
    assert_eq!(over(&engine, &run).await.state, State::Cancelled);
}

async fn a_waiting_request_is_taken_back(release: &'static str) {
    let real = real::Buildbot::start(Options { release, worker: false, ..Options::default() });
    let engine = engine(&real);
    let run = submit(&engine, &request(&real, "pass", 1, 1)).await;
    engine.cancel(&run).await.unwrap();
    assert_eq!(over(&engine, &run).await.state, State::Cancelled);
    let error = engine.log(&run, &mut Vec::new()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::NotFound);
    real.start_worker();
    assert_eq!(look(&engine, &[run]).await[0].state, State::Cancelled);
}

async fn a_checkout_that_fails_is_no_evidence(release: &'static str) {
    let real = real::Buildbot::start(Options { release, ..Options::default() });
    let engine = engine(&real);
    let none = "0123456789abcdef0123456789abcdef01234567".to_owned();
    let run = submit(&engine, &Request { revision: none, ..request(&real, "pass", 1, 1) }).await;
    let run = over(&engine, &run).await;
    assert_eq!((run.state, run.got_revision), (State::Infra, None));
    assert!(run.detail.is_some_and(|detail| detail.contains("checkout")));
}

async fn a_command_that_hangs_timed_out(release: &'static str) {
    let real = real::Buildbot::start(Options { release, ..Options::default() });
    let engine = engine(&real);
    let run = submit(&engine, &request(&real, "hang", 1, 1)).await;
    assert_eq!(over(&engine, &run).await.state, State::TimedOut);
}

async fn only_who_has_the_role_starts_runs(release: &'static str) {
    let real = real::Buildbot::start(Options { release, auth: true, worker: false, ..Options::default() });
    let right = password();
    for (user, hint) in
        [(None, "user_env"), (Some((GUEST, right.as_str())), "authz"), (Some((ADMIN, "another")), "token_env")]
    {
        let engine = engine_with(&real, user, Spec::default());
        let error = engine.submit(&request(&real, "pass", 1, 1)).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Denied, "{user:?} {error:?}");
        assert!(error.hints().iter().any(|given| given.contains(hint)), "{user:?} {:?}", error.hints());
        assert!(!format!("{error:?}").contains(&right));
    }
    let engine = engine_with(&real, Some((ADMIN, &right)), Spec::default());
    let run = submit(&engine, &request(&real, "pass", 1, 1)).await;
    assert_eq!(look(&engine, &[run]).await[0].state, State::Pending);
}

async fn a_session_that_is_over_is_opened_again(release: &'static str) {
    let real =
        real::Buildbot::start(Options { release, auth: true, session_seconds: 1, worker: false, ..Options::default() });
    let engine = engine_with(&real, Some((ADMIN, &password())), Spec::default());
    let run = submit(&engine, &request(&real, "pass", 1, 1)).await;
    let opened = Instant::now();
    until(&engine, &run, |_| opened.elapsed() > Duration::from_secs(2)).await;
    engine.cancel(&run).await.unwrap();
    assert_eq!(over(&engine, &run).await.state, State::Cancelled);
}

async fn what_buildbot_refuses_is_told_by_parameter(release: &'static str) {
    let real = real::Buildbot::start(Options { release, worker: false, ..Options::default() });
    let parameters = BTreeMap::from([("level".to_owned(), "7".to_owned())]);
    let asked = Request { parameters, ..request(&real, "hang", 1, 1) };
    let error = engine(&real).submit(&asked).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Usage);
    assert!(error.message().contains("level: ") && error.message().contains("does not match"), "{error:?}");
    assert_eq!(real.runs(), []);
}

async fn of_two_codebases_one_has_the_revision(release: &'static str) {
    let real = real::Buildbot::start(Options { release, ..Options::default() });
    let asked = request(&real, "two", 1, 1);
    let error = engine(&real).submit(&asked).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Usage);
    assert!(error.message().contains("main_revision, tools_revision"), "{error}");
    let spec = Spec { revision_parameter: Some("tools_revision".into()), ..Spec::default() };
    let engine = engine_with(&real, None, spec);
    let run = submit(&engine, &asked).await;
    let run = over(&engine, &run).await;
    assert_eq!((run.state_at(&asked.revision), run.got_revision), (State::Succeeded, Some(asked.revision.clone())));
    let query = Query { job: "two".into(), revisions: Some(vec![asked.revision.clone()]), ..Query::default() };
    let found = engine.runs(&query).await.unwrap();
    assert_eq!(found.iter().map(|run| run.revision.as_ref()).collect::<Vec<_>>(), [Some(&asked.revision)]);
    // The settings do not take away the revision of jobs with one codebase.
    let run = submit(&engine, &request(&real, "pass", 2, 2)).await;
    assert_eq!(over(&engine, &run).await.got_revision.as_ref(), Some(&real.revisions[2]));
}

async fn a_builder_without_a_form_is_blocked(release: &'static str) {
    let real = real::Buildbot::start(Options { release, worker: false, ..Options::default() });
    let engine = engine(&real);
    let jobs = engine.jobs(None).await.unwrap();
    let blocked: Vec<&str> = jobs.iter().filter(|job| job.blocked.is_some()).map(|job| job.name.as_str()).collect();
    assert_eq!(blocked, ["two", "unforced"]);
    let error = engine.submit(&request(&real, "unforced", 1, 1)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Usage);
    assert!(error.message().contains("no force scheduler"), "{error}");
    assert_eq!(real.runs(), []);
}

async fn lists_longer_than_a_page_are_read_to_the_end(release: &'static str) {
    const MANY: usize = 230;
    let real = real::Buildbot::start(Options { release, worker: false, collapse: false, ..Options::default() });
    let engine = engine(&real);
    let requests: Vec<Request> = (0..MANY).map(|number| request(&real, "pass", number % 2, number)).collect();
    let sent = requests.iter().map(|request| submit(&engine, request)).collect::<Vec<_>>();
    let runs: Vec<Run> = stream::iter(sent).buffered(8).collect().await;
    let told = |request: &Request| (request.job.clone(), request.revision.clone(), request.key.clone());
    let (mut taken, expected) = (real.runs(), requests.iter().map(told).collect::<Vec<_>>());
    taken.sort_by(|a, b| a.2.cmp(&b.2));
    assert_eq!(taken, expected);
    let query = Query { job: "pass".into(), ..Query::default() };
    let ids = |runs: &[Run]| runs.iter().map(|run| run.id.clone()).collect::<std::collections::HashSet<_>>();
    let all = engine.runs(&query).await.unwrap();
    assert_eq!((all.len(), ids(&all)), (MANY, ids(&runs)));
    let numbers: Vec<u64> = all.iter().map(|run| run.id.rsplit('/').next().unwrap().parse().unwrap()).collect();
    assert!(numbers.is_sorted_by(|a, b| a > b));
    assert_eq!(engine.runs(&Query { limit: Some(7), ..query.clone() }).await.unwrap(), all[..7]);
    let even = Query { revisions: Some(vec![real.revisions[0].clone()]), ..query.clone() };
    assert_eq!(engine.runs(&even).await.unwrap().len(), MANY / 2);
    let later = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1);
    assert_eq!(engine.runs(&Query { since: Some(later), ..query }).await.unwrap(), []);
    let seen = look(&engine, &runs).await;
    assert_eq!(ids(&seen).len(), MANY);
    assert!(seen.iter().zip(&runs).all(|(seen, run)| seen.id == run.id && seen.state == State::Pending));
    let found = engine.find(&requests[0]).await.unwrap();
    assert!(matches!(&found, Found::Run(run) if run.id == runs[0].id), "{found:?}");
    assert_eq!(engine.find(&request(&real, "pass", 0, 9999)).await.unwrap(), Found::Absent);
}

async fn a_run_at_another_revision_is_not_one_of_the_revision_asked_for(release: &'static str) {
    let real = real::Buildbot::start(Options { release, ..Options::default() });
    let engine = engine(&real);
    let asked = request(&real, "word", 1, 1);
    // The field of this job is `Main_revision`: what is sent as `revision` is dropped, and the tip is built.
    let id = engine.jobs(None).await.unwrap().into_iter().find(|job| job.name == "word").unwrap().id;
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "force",
        "params": {"builderid": id.parse::<u64>().unwrap(), "revision": asked.revision, "reason": asked.key}});
    let url = format!("{}api/v2/forceschedulers/force-word", real.url);
    let answer = reqwest::Client::new().post(url).header("content-type", "application/json").body(body.to_string());
    assert!(answer.send().await.unwrap().status().is_success());
    let Found::Run(run) = engine.find(&asked).await.unwrap() else { panic!("it is not found") };
    let run = over(&engine, &run).await;
    assert_eq!((run.state, run.revision.as_ref()), (State::Succeeded, None));
    assert_eq!(run.got_revision.as_ref(), real.revisions.last());
    assert_eq!(run.state_at(&asked.revision), State::Coalesced);
}

/// A Buildbot with one job, that answers to `force` as it is told.
fn scripted(forced: Value) -> Server {
    let field = |name: &str| json!({"name": name, "fullName": name, "type": "text"});
    let form = json!({"name": "f", "builder_names": ["unit"], "enabled": true,
        "all_fields": [field("reason"), field("revision")]});
    let request = json!({"buildrequestid": 7, "buildsetid": 44, "builderid": 1, "complete": false, "results": -1,
        "submitted_at": 5, "complete_at": null});
    Server::start(move |asked, _| match asked.target.split('?').next().unwrap_or_default() {
        "/api/v2/builders" => {
            Reply::json(&json!({"builders": [{"builderid": 1, "name": "unit", "masterids": [1]}], "meta": {}}))
        }
        "/api/v2/forceschedulers" => Reply::json(&json!({"forceschedulers": [form], "meta": {}})),
        "/api/v2/forceschedulers/f" if asked.method == "POST" => Reply::json(&forced),
        "/api/v2/buildrequests" if asked.target.ends_with("?buildsetid=44") => {
            Reply::json(&json!({"buildrequests": [request], "meta": {}}))
        }
        // What an OAuth login answers: where people are to go.
        "/auth/login" => Reply::status(200, "https://login.example.org/authorize"),
        other => Reply::status(404, other),
    })
}

async fn every_shape_of_an_answer_to_force_is_understood(_: &'static str) {
    let asked = Request { job: "unit".into(), revision: "a".repeat(40), key: "k".into(), ..Request::default() };
    for (result, expected) in [
        (json!({"result": [44, {"1": 9}]}), Some("request/9")),
        (json!({"result": {"buildsetid": 44}}), Some("request/7")),
        (json!({"result": [44, {}]}), Some("request/7")),
        // It was taken, but nobody knows as what.
        (json!({"result": {"buildsetid": 45}}), None),
        (json!({"result": null}), None),
        (json!(["what"]), None),
    ] {
        let server = scripted(result.clone());
        let engine = engine_at(&server.url("/"), None, Spec::default());
        match (engine.submit(&asked).await.unwrap(), expected) {
            (Submitted::Run(run), Some(id)) => assert_eq!(run.id, id, "{result}"),
            (Submitted::Uncertain(_), None) => {}
            other => panic!("{result}: {other:?}"),
        }
        assert_eq!(server.asked().iter().filter(|asked| asked.method == "POST").count(), 1);
    }
}

async fn a_login_for_people_cannot_be_driven(_: &'static str) {
    let server = scripted(Value::Null);
    let engine = engine_at(&server.url("/"), Some((ADMIN, &password())), Spec::default());
    let asked = Request { job: "unit".into(), ..Request::default() };
    let error = engine.submit(&asked).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unsupported);
    assert!(error.causes().join(" ").contains("OAuth"), "{error:?}");
    assert!(server.asked().iter().all(|asked| asked.method == "GET"));
}
