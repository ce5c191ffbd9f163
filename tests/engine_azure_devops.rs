//! What Azure DevOps does besides what every engine does; and the fake before the client that Microsoft publishes.

#[path = "support/azure_devops.rs"]
#[allow(dead_code, reason = "each suite uses its part")]
mod fake;
#[path = "support/http.rs"]
#[allow(dead_code, reason = "each suite uses its part")]
mod http;
#[path = "support/python.rs"]
mod python;
#[path = "support/mod.rs"]
#[allow(dead_code, reason = "each suite uses its part")]
mod support;

use ci_tool::{
    engine::{Engine, Found, Query, Request, Spec, Submitted, Surroundings, azure_devops::AzureDevops},
    error::{Error, Kind, RetryAfter},
    http::{Auth, Body, Call, Client, Failure, Method, Token, Url},
    pipeline::run::{Run, State},
    process::Stop,
};
use fake::Fake;
use http::Reply;
use libtest_mimic::Trial;
use serde_json::json;
use std::{collections::BTreeMap, future::Future, pin::Pin, process::ExitCode, time::Duration};

type Test = fn() -> Pin<Box<dyn Future<Output = ()> + Send>>;

macro_rules! trials {
    ($($name:ident),* $(,)?) => { vec![$(trial(stringify!($name), || Box::pin($name()))),*] };
}

fn trial(name: &str, test: Test) -> Trial {
    Trial::test(name, move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        runtime.block_on(test());
        Ok(())
    })
}

fn main() -> ExitCode {
    let trials = trials![
        a_sign_in_page_is_a_denial,
        a_short_limit_is_waited_for_and_nothing_is_sent_twice,
        a_long_limit_comes_back_with_its_time_and_is_kept,
        a_success_that_asks_for_a_pause_gets_it,
        what_is_not_known_is_corrupt_and_named,
        lists_are_read_to_their_end_and_no_further_than_wanted,
        ends_are_told_apart,
        an_unknown_template_parameter_is_found_before_anything_starts,
        a_pipeline_that_refuses_the_key_is_started_without,
        a_lost_answer_of_a_pipeline_without_a_key_stays_unknown,
        builds_of_others_are_not_taken_for_a_lost_one,
        a_classic_build_is_started_with_variables,
        a_broken_answer_is_uncertain_and_sent_once,
        a_disabled_pipeline_is_not_started,
        files_are_fetched,
        many_runs_are_one_question,
        settings_are_checked_before_anything_is_called,
        the_fake_takes_only_what_the_api_describes,
    ];
    support::run(trials, trials![the_published_client_gets_on_with_the_fake], || ())
}

fn open(url: &str, change: impl FnOnce(&mut Spec)) -> Result<AzureDevops, Error> {
    let mut spec = Spec {
        url: Some(url.into()),
        project: Some(fake::world::PROJECT.into()),
        token_env: Some("TOKEN".into()),
        ..Spec::default()
    };
    change(&mut spec);
    let around = Surroundings {
        name: "ado".into(),
        env: BTreeMap::from([
            ("TOKEN".into(), fake::token()),
            ("STALE".into(), "stale".into()),
            ("JWT".into(), fake::jwt()),
        ]),
        client: Client::new(),
        directory: ".".into(),
        cache: ".".into(),
        jobs: BTreeMap::new(),
        now: jiff::Timestamp::now,
        stop: Stop::never(),
    };
    AzureDevops::open(&spec, &around)
}

fn start() -> (Fake, AzureDevops) {
    let fake = Fake::start();
    let engine = open(&fake.url(), |_| ()).unwrap();
    (fake, engine)
}

fn request(fake: &Fake, job: &str, at: usize, key: &str) -> Request {
    Request {
        job: job.into(),
        revision: fake.revisions()[at].clone(),
        key: format!("ci-tool-test-{key}"),
        ..Request::default()
    }
}

fn given(request: Request, parameters: &[(&str, &str)]) -> Request {
    let parameters = parameters.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    Request { parameters, ..request }
}

async fn submit(engine: &AzureDevops, request: &Request) -> Run {
    match engine.submit(request).await {
        Ok(Submitted::Run(run)) => run,
        other => panic!("{other:?}"),
    }
}

/// Looks until it is over: the fake ends everything but `slow` at the second look.
async fn over(engine: &AzureDevops, mut run: Run) -> Run {
    for _ in 0..3 {
        if run.state.is_over() {
            break;
        }
        run = engine.observe(&[run]).await.unwrap().remove(0);
    }
    assert!(run.state.is_over(), "{run:?}");
    run
}

fn posts(fake: &Fake, path: &str) -> usize {
    fake.asked().iter().filter(|asked| asked.method == "POST" && asked.target.contains(path)).count()
}

async fn a_sign_in_page_is_a_denial() {
    let fake = Fake::start();
    for token in [None, Some("STALE")] {
        let engine = open(&fake.url(), |spec| spec.token_env = token.map(str::to_owned)).unwrap();
        let error = engine.jobs(None).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Denied, "{token:?} {error:?}");
        assert!(error.hints().join(" ").contains("token"), "{error:?}");
    }
    let engine = open(&fake.url(), |spec| spec.token_env = Some("JWT".into())).unwrap();
    engine.jobs(None).await.unwrap();
    // Whatever it looks like, and even with a plain success.
    fake.next(Reply::Answer(203, String::new(), b"{}".into()));
    assert_eq!(engine.jobs(None).await.unwrap_err().kind(), Kind::Denied);
    let engine = open(&fake.url(), |_| ()).unwrap();
    fake.next(Reply::Answer(200, "content-type: text/html; charset=utf-8\r\n".into(), b"<html>Sign In".into()));
    assert_eq!(engine.jobs(None).await.unwrap_err().kind(), Kind::Denied);
    fake.next(Reply::Answer(302, "location: https://elsewhere.example.org/\r\n".into(), vec![]));
    assert_eq!(engine.jobs(None).await.unwrap_err().kind(), Kind::Unsupported);
}

async fn a_short_limit_is_waited_for_and_nothing_is_sent_twice() {
    let (fake, engine) = start();
    engine.jobs(None).await.unwrap();
    engine.find(&request(&fake, "pass", 0, "1")).await.unwrap();
    fake.throttle(1);
    submit(&engine, &request(&fake, "pass", 0, "1")).await;
    assert_eq!((fake.runs().len(), posts(&fake, "/runs?")), (1, 2));
}

async fn a_long_limit_comes_back_with_its_time_and_is_kept() {
    let (fake, engine) = start();
    engine.find(&request(&fake, "pass", 0, "1")).await.unwrap();
    fake.throttle(3600);
    for first in [true, false] {
        let before = fake.asked().len();
        let error = engine.submit(&request(&fake, "pass", 0, "1")).await.unwrap_err();
        let left = error.cause::<RetryAfter>().map(|after| after.0);
        assert_eq!(error.kind(), Kind::Transient);
        assert!(left.is_some_and(|left| left > Duration::from_secs(3500)), "{error:?}");
        // The second is not even sent.
        assert_eq!(fake.asked().len() - before, usize::from(first));
    }
    assert_eq!(fake.runs(), []);
}

async fn a_success_that_asks_for_a_pause_gets_it() {
    let (fake, engine) = start();
    engine.find(&request(&fake, "pass", 0, "1")).await.unwrap();
    fake.slow_down(3600);
    submit(&engine, &request(&fake, "pass", 0, "1")).await;
    let error = engine.submit(&request(&fake, "pass", 0, "2")).await.unwrap_err();
    assert!(error.cause::<RetryAfter>().is_some(), "{error:?}");
    assert_eq!(fake.runs().len(), 1);
}

async fn what_is_not_known_is_corrupt_and_named() {
    let (fake, engine) = start();
    let mut run = submit(&engine, &request(&fake, "weird", 0, "1")).await;
    run = engine.observe(&[run]).await.unwrap().remove(0);
    let error = engine.observe(&[run]).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Corrupt);
    assert!(error.message().contains("result") && error.message().contains("WEIRD"), "{error:?}");
    for (answer, named) in [
        (json!({ "value": [{ "id": "seven", "name": "x" }] }), "id"),
        (json!({ "value": [{ "id": 7, "path": "\\", "process": { "type": 2 } }] }), "name"),
        (json!({ "count": 0 }), "value"),
    ] {
        fake.next(Reply::json(&answer));
        let error = engine.jobs(None).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Corrupt);
        assert!(format!("{error:?}").contains(named), "{error:?}");
    }
}

async fn lists_are_read_to_their_end_and_no_further_than_wanted() {
    let (fake, engine) = start();
    assert_eq!(engine.jobs(None).await.unwrap().len(), fake::world::definitions().len());
    let mut ids: Vec<String> = (0..13).map(|n| fake.push("pass", &fake.revisions()[n % 2])).collect();
    ids.reverse();
    let all = Query { job: "pass".into(), ..Query::default() };
    let odd: Vec<String> = ids.iter().skip(1).step_by(2).cloned().collect();
    let lists =
        |fake: &Fake| fake.asked().iter().filter(|asked| asked.target.contains("/build/builds?definitions=")).count();
    for (query, expected, pages) in [
        (all.clone(), &ids[..], 3),
        (Query { limit: Some(7), ..all.clone() }, &ids[..7], 2),
        (Query { limit: Some(3), ..all.clone() }, &ids[..3], 1),
        (Query { revisions: Some(vec![fake.revisions()[1].clone()]), ..all.clone() }, &odd[..], 3),
        (Query { revisions: Some(vec![fake.revisions()[1].clone()]), limit: Some(2), ..all.clone() }, &odd[..2], 1),
        (Query { since: Some(jiff::Timestamp::MAX), ..all.clone() }, &[], 1),
    ] {
        let before = lists(&fake);
        let found: Vec<String> = engine.runs(&query).await.unwrap().into_iter().map(|run| run.id).collect();
        assert_eq!((&found[..], lists(&fake) - before), (expected, pages), "{query:?}");
    }
}

async fn ends_are_told_apart() {
    let (fake, engine) = start();
    for (job, expected, told) in [
        ("lost", State::Infra, "stopped hearing"),
        ("long", State::TimedOut, "60 minutes"),
        ("shaky", State::SucceededWithIssues, ""),
        ("fail", State::Failed, "exited with code '1'"),
    ] {
        let run = over(&engine, submit(&engine, &request(&fake, job, 0, job)).await).await;
        assert_eq!(run.state, expected, "{run:?}");
        assert!(run.detail.unwrap_or_default().contains(told), "{job}");
    }
    // A push of a file that is wrong is a failure of the revision; a request of it is refused.
    let pushed = Run::new(fake.push("broken", &fake.revisions()[0]), "broken", State::Pending);
    let run = over(&engine, pushed).await;
    assert_eq!((run.state, run.detail.unwrap_or_default().contains("stpes")), (State::Failed, true));
    let error = engine.submit(&request(&fake, "broken", 0, "b")).await.unwrap_err();
    assert_eq!((error.kind(), format!("{error:?}").contains("stpes")), (Kind::Usage, true));
    // A revision that cannot be checked out says nothing.
    let none = Request { revision: "f".repeat(40), ..request(&fake, "nightly/classic", 0, "c") };
    let run = over(&engine, submit(&engine, &none).await).await;
    assert_eq!((run.state, run.detail.unwrap_or_default().contains("Git fetch")), (State::Infra, true));
}

async fn an_unknown_template_parameter_is_found_before_anything_starts() {
    let (fake, engine) = start();
    let wrong = given(request(&fake, "word", 0, "1"), &[("wrod", "x")]);
    let error = engine.submit(&wrong).await.unwrap_err();
    assert_eq!((error.kind(), format!("{error:?}").contains("Unexpected parameter 'wrod'")), (Kind::Usage, true));
    assert_eq!((posts(&fake, "/preview?"), posts(&fake, "/runs?"), fake.runs().len()), (1, 0, 0));
    // The same good parameters are looked at once.
    for key in ["1", "2"] {
        submit(&engine, &given(request(&fake, "word", 0, key), &[("word", "x")])).await;
    }
    assert_eq!((posts(&fake, "/preview?"), posts(&fake, "/runs?"), fake.runs().len()), (2, 2, 2));
}

async fn a_pipeline_that_refuses_the_key_is_started_without() {
    let (fake, engine) = start();
    for key in ["1", "2"] {
        assert_eq!(submit(&engine, &request(&fake, "keyless", 0, key)).await.key, None);
    }
    // It is tried with the key once.
    assert_eq!((posts(&fake, "/runs?"), fake.runs().len()), (3, 2));
    let asked = Request { env: BTreeMap::from([("WORD".into(), "x".into())]), ..request(&fake, "pass", 0, "3") };
    let error = engine.submit(&asked).await.unwrap_err();
    assert_eq!((error.kind(), error.hints().join(" ").contains("WORD")), (Kind::Usage, true), "{error:?}");
}

async fn a_lost_answer_of_a_pipeline_without_a_key_stays_unknown() {
    let (fake, engine) = start();
    let asked = request(&fake, "keyless", 0, "1");
    assert_eq!(engine.find(&asked).await.unwrap(), Found::Absent, "no build at the revision could be it");
    submit(&engine, &request(&fake, "keyless", 1, "0")).await;
    fake.lose();
    assert!(matches!(engine.submit(&asked).await.unwrap(), Submitted::Uncertain(_)));
    let Found::Unknown(candidates) = engine.find(&asked).await.unwrap() else { panic!("it is claimed") };
    assert_eq!(candidates.iter().map(|run| run.got_revision.clone()).collect::<Vec<_>>(), [Some(asked.revision)]);
}

async fn builds_of_others_are_not_taken_for_a_lost_one() {
    let (fake, engine) = start();
    let asked = request(&fake, "pass", 0, "1");
    fake.push("pass", &asked.revision);
    submit(&engine, &request(&fake, "pass", 0, "2")).await;
    assert_eq!(engine.find(&asked).await.unwrap(), Found::Absent);
    for n in 0..12 {
        fake.push("pass", &fake.revisions()[n % 3]);
    }
    let run = submit(&engine, &asked).await;
    fake.push("pass", &asked.revision);
    let Found::Run(found) = engine.find(&asked).await.unwrap() else { panic!("it is there") };
    assert_eq!(found.id, run.id);
}

async fn a_classic_build_is_started_with_variables() {
    let (fake, engine) = start();
    let asked = given(request(&fake, "nightly/classic", 1, "1"), &[("word", "a \"b\"")]);
    let run = over(&engine, submit(&engine, &asked).await).await;
    assert_eq!((run.state_at(&asked.revision), run.key.as_deref()), (State::Succeeded, Some(asked.key.as_str())));
    let mut log = Vec::new();
    engine.log(&run, &mut log).await.unwrap();
    assert!(String::from_utf8(log).unwrap().contains("word=a \"b\"\n"));
    let wrong = given(request(&fake, "nightly/classic", 1, "2"), &[("wrod", "x")]);
    assert_eq!(engine.submit(&wrong).await.unwrap_err().kind(), Kind::Usage);
    assert!(matches!(engine.find(&asked).await.unwrap(), Found::Run(found) if found.id == run.id));
    assert_eq!(fake.runs(), [("nightly/classic".into(), asked.revision, asked.key)]);
}

async fn a_broken_answer_is_uncertain_and_sent_once() {
    let (fake, engine) = start();
    let asked = request(&fake, "pass", 0, "1");
    engine.find(&asked).await.unwrap();
    type Break = fn(&Fake);
    let breaks: [Break; 4] = [
        |fake| fake.restart(1),
        |fake| fake.next(Reply::Reset),
        |fake| fake.next(Reply::Truncated(b"{\"id\": 7}".to_vec())),
        // It was taken, but its number cannot be read.
        |fake| fake.next(Reply::json(&json!({ "name": "20240501.1" }))),
    ];
    for (n, broken) in breaks.into_iter().enumerate() {
        broken(&fake);
        let taken = engine.submit(&asked).await.unwrap();
        assert!(matches!(taken, Submitted::Uncertain(_)), "{n}: {taken:?}");
        assert_eq!(posts(&fake, "/runs?"), n + 1);
    }
    assert_eq!(engine.find(&asked).await.unwrap(), Found::Absent);
}

async fn a_disabled_pipeline_is_not_started() {
    let (fake, engine) = start();
    let jobs = engine.jobs(None).await.unwrap();
    let blocked: Vec<&str> = jobs.iter().filter(|job| job.blocked.is_some()).map(|job| job.name.as_str()).collect();
    assert_eq!(blocked, ["off"]);
    assert_eq!(engine.submit(&request(&fake, "off", 0, "1")).await.unwrap_err().kind(), Kind::Usage);
    assert_eq!(posts(&fake, ""), 0);
}

async fn files_are_fetched() {
    let (fake, engine) = start();
    let run = over(&engine, submit(&engine, &request(&fake, "pass", 0, "1")).await).await;
    let mut artifacts = engine.artifacts(&run).await.unwrap();
    let artifact = artifacts.remove(0);
    let mut bytes = Vec::new();
    engine.fetch(&artifact, &mut bytes).await.unwrap();
    assert_eq!((artifact.name.as_str(), artifact.size), ("drop", Some(bytes.len() as u64)));
    assert!(bytes.starts_with(b"PK"));
    let missing = ci_tool::engine::Artifact { id: "dorp".into(), ..artifact };
    assert_eq!(engine.fetch(&missing, &mut Vec::new()).await.unwrap_err().kind(), Kind::NotFound);
}

async fn many_runs_are_one_question() {
    let (fake, engine) = start();
    let mut runs: Vec<Run> =
        (0..250).map(|_| Run::new(fake.push("pass", &fake.revisions()[0]), "pass", State::Pending)).collect();
    runs.rotate_left(100);
    runs.insert(3, Run::new("no number", "pass", State::Pending));
    let before = fake.asked().len();
    let seen = engine.observe(&runs).await.unwrap();
    assert_eq!(fake.asked().len() - before, 3);
    let ids = |runs: &[Run]| runs.iter().map(|run| run.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&seen), ids(&runs));
    assert_eq!((seen[3].state, seen[4].state), (State::Expired, State::Running));
}

async fn settings_are_checked_before_anything_is_called() {
    let url = "https://dev.azure.example.org/contoso";
    type Change = fn(&mut Spec);
    let changes: [(Change, Kind, &str); 5] = [
        (|spec| spec.project = None, Kind::Usage, "project"),
        (|spec| spec.url = None, Kind::Usage, "address"),
        (|spec| spec.repository = Some("a/b".into()), Kind::Usage, "repository"),
        (|spec| spec.token_env = Some("MISSING".into()), Kind::Denied, "MISSING"),
        (|spec| spec.url = Some("http://tfs.example.org/tfs/c".into()), Kind::Usage, "unencrypted"),
    ];
    for (change, kind, named) in changes {
        let error = open(url, change).err().unwrap();
        assert_eq!((error.kind(), format!("{error:?}").contains(named)), (kind, true), "{error:?}");
    }
}

async fn the_fake_takes_only_what_the_api_describes() {
    let fake = Fake::start();
    let (token, client) = (Token::new(&fake::token()).unwrap(), Client::new());
    let (get, post, json) = (Method::GET, Method::POST, "application/json");
    let good = r#"{"definition":{"id":5}}"#;
    for (method, target, content_type, body, expected) in [
        (&post, "build/builds?api-version=7.1", json, good, None),
        (&post, "build/builds?api-version=7.1", "text/plain", good, Some(415)),
        (&post, "build/builds", json, good, Some(400)),
        (&post, "build/builds?api-version=9.1", json, good, Some(400)),
        (&post, "build/builds?api-version=7.1&quick=1", json, good, Some(400)),
        (&post, "build/builds?api-version=7.1", json, r#"{"definition":{"id":5},"revision":"1"}"#, Some(400)),
        (
            &post,
            "build/builds?api-version=7.1",
            json,
            r#"{"definition":{"id":5},"parameters":{"word":"x"}}"#,
            Some(400),
        ),
        (&post, "pipelines/5/runs?api-version=7.1", json, "{}", Some(404)),
        (&post, "pipelines/1/runs?api-version=7.1", json, r#"{"variables":{"ci_tool_key":"k"}}"#, Some(400)),
        (&get, "pipelines/1/preview?api-version=7.1", json, "", Some(405)),
        (&get, "build/builds?api-version=7.1&sourceVersion=1", json, "", Some(400)),
    ] {
        let url = Url::parse(&format!("{}/{}/_apis/{target}", fake.url(), fake::world::PROJECT)).unwrap();
        let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
        let body = (method == Method::POST).then(|| Body { content_type, bytes: body.into() });
        let auth = Some(Auth::Basic("", &token));
        let call = Call { method: method.clone(), auth, body, ..Call::get(&url, deadline) };
        let status = client.send(&call).await.err().map(|error| match error.cause::<Failure>() {
            Some(Failure::Status { status, .. }) => *status,
            other => panic!("{other:?}"),
        });
        assert_eq!(status, expected, "{method} {target} {body:?}", body = call.body);
    }
    assert_eq!(fake.runs().len(), 1);
}

async fn the_published_client_gets_on_with_the_fake() {
    let fake = Fake::start();
    let folder = tempfile::tempdir().unwrap();
    let python = python::with("azure-devops", "7.1.0b4");
    let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/azure_devops_client.py");
    let output = std::process::Command::new(python)
        .arg(script)
        .args([fake.url(), fake::world::PROJECT.into(), fake.revisions()[1].clone()])
        .env("TOKEN", fake::token())
        // It keeps what it finds out of a server in files.
        .env("AZURE_DEVOPS_CACHE_DIR", folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let jobs: Vec<String> = fake.runs().into_iter().map(|(job, ..)| job).collect();
    assert_eq!(jobs, ["nightly/classic", "slow", "word", "release", "pass", "pass", "pass", "pass", "pass", "pass"]);
}
