//! What only Jenkins has: folding, crumbs, folders, a queue that forgets. The fake that stands for it is driven by clients
//! that others wrote, too.

#[allow(dead_code, reason = "shared with other suites")]
#[path = "support/http.rs"]
mod http;
#[allow(dead_code, reason = "shared with other suites")]
#[path = "support/jenkins.rs"]
mod jenkins;
#[allow(dead_code, reason = "shared with other suites")]
#[path = "support/mod.rs"]
mod support;

use ci_tool::{
    engine::{Artifact, Engine, Found, Query, Request, Spec, Submitted, jenkins::Jenkins},
    error::{Kind, RetryAfter},
    pipeline::run::{Run, State},
};
use jenkins::{Fake, Setup, secret};
use libtest_mimic::Trial;
use std::{
    collections::BTreeMap,
    fs::{self, File},
    future::Future,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

/// The releases of the clients.
const CLIENTS: [&str; 2] = ["python-jenkins==1.8.3", "api4jenkins==2.1.0"];

fn main() -> ExitCode {
    let trials = vec![
        trial("requests_that_are_folded_are_told_so", requests_that_are_folded_are_told_so()),
        trial("keys_keep_requests_apart", keys_keep_requests_apart()),
        trial("a_short_wait_is_waited_and_a_long_one_handed_on", a_short_wait_is_waited_and_a_long_one_handed_on()),
        trial("a_result_that_is_none_is_named", a_result_that_is_none_is_named()),
        trial("a_password_takes_a_crumb_and_gets_a_new_one", a_password_takes_a_crumb_and_gets_a_new_one()),
        trial("jobs_in_folders_are_found_and_run", jobs_in_folders_are_found_and_run()),
        trial("builds_are_read_beyond_the_first_hundred", builds_are_read_beyond_the_first_hundred()),
        trial("a_build_is_found_when_the_queue_has_forgotten_it", a_build_is_found_when_the_queue_has_forgotten_it()),
        trial("what_left_the_queue_and_is_no_build_has_expired", what_left_the_queue_and_is_no_build_has_expired()),
        trial("what_waits_is_taken_back", what_waits_is_taken_back()),
        trial("a_token_that_is_not_taken_is_denied_with_a_hint", a_token_that_is_not_taken_is_denied_with_a_hint()),
        trial("what_a_job_does_not_declare_is_not_sent", what_a_job_does_not_declare_is_not_sent()),
        trial("a_checkout_that_fails_is_no_evidence", a_checkout_that_fails_is_no_evidence()),
        trial("a_server_that_fails_may_have_taken_it", a_server_that_fails_may_have_taken_it()),
        trial("what_a_build_made_is_fetched", what_a_build_made_is_fetched()),
        trial("many_runs_are_seen_with_few_calls", many_runs_are_seen_with_few_calls()),
        trial("a_lost_answer_is_found_among_the_builds", a_lost_answer_is_found_among_the_builds()),
        trial("what_is_no_jenkins_is_named", what_is_no_jenkins_is_named()),
        trial("settings_that_do_not_fit_are_refused", settings_that_do_not_fit_are_refused()),
    ];
    let clients = |password| move || drive(Setup { password, ..Setup::default() });
    let with_clients = vec![
        Trial::test("clients_of_others_drive_the_fake", clients(false)),
        Trial::test("clients_of_others_drive_the_fake_with_a_password", clients(true)),
    ];
    support::run(trials, with_clients, || ())
}

fn trial(name: &str, test: impl Future<Output = ()> + Send + 'static) -> Trial {
    Trial::test(name, move || {
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?.block_on(test);
        Ok(())
    })
}

/// A Jenkins and an engine on it.
fn ci(setup: Setup) -> (Fake, Jenkins) {
    let fake = Fake::with(setup);
    let engine = jenkins::engine(&jenkins::spec(&fake.url()), &secret()).unwrap();
    (fake, engine)
}

fn request(job: &str, key: &str) -> Request {
    Request { job: job.into(), revision: "a1".repeat(20), key: key.into(), ..Request::default() }
}

fn taken(submitted: Submitted) -> Run {
    match submitted {
        Submitted::Run(run) => run,
        other => panic!("{other:?}"),
    }
}

async fn look(engine: &Jenkins, run: &Run) -> Run {
    engine.observe(std::slice::from_ref(run)).await.unwrap().remove(0)
}

async fn over(engine: &Jenkins, mut run: Run) -> Run {
    for _ in 0..10 {
        run = look(engine, &run).await;
        if run.state.is_over() {
            return run;
        }
    }
    panic!("it is not over: {run:?}")
}

async fn requests_that_are_folded_are_told_so() {
    let (fake, engine) = ci(Setup { keyless: true, ..Setup::default() });
    fake.hold(true);
    let first = taken(engine.submit(&request("pass", "k1")).await.unwrap());
    let Submitted::Folded(second) = engine.submit(&request("pass", "k2")).await.unwrap() else { panic!() };
    assert_eq!((&first.id, fake.folded(), fake.runs().len()), (&second.id, 1, 1));
    // It carries the key of neither.
    assert_eq!((first.key, second.key), (None, None));
}

async fn keys_keep_requests_apart() {
    let (fake, engine) = ci(Setup::default());
    fake.hold(true);
    let runs = [
        taken(engine.submit(&request("pass", "k1")).await.unwrap()),
        taken(engine.submit(&request("pass", "k2")).await.unwrap()),
    ];
    assert_eq!((fake.folded(), runs[0].id != runs[1].id), (0, true));
    assert_eq!(runs.map(|run| run.key), [Some("k1".to_owned()), Some("k2".to_owned())]);
}

async fn a_short_wait_is_waited_and_a_long_one_handed_on() {
    let (fake, engine) = ci(Setup::default());
    fake.throttle(1, 1);
    let started = Instant::now();
    taken(engine.submit(&request("pass", "k1")).await.unwrap());
    assert!(started.elapsed() >= Duration::from_secs(1), "{:?}", started.elapsed());
    fake.throttle(1, 3600);
    let error = engine.submit(&request("pass", "k2")).await.unwrap_err();
    assert_eq!((error.kind(), error.cause()), (Kind::Transient, Some(&RetryAfter(Duration::from_secs(3600)))));
    assert_eq!(fake.runs().len(), 1);
}

async fn a_result_that_is_none_is_named() {
    let (fake, engine) = ci(Setup::default());
    fake.seed("pass", 1);
    fake.end("pass", 1, "WEIRD");
    let error = engine.observe(&[Run::new("pass#1", "pass", State::Running)]).await.unwrap_err();
    let said = error.causes().join(": ");
    assert_eq!((error.kind(), said.contains("result") && said.contains("WEIRD")), (Kind::Corrupt, true), "{said}");
}

async fn a_password_takes_a_crumb_and_gets_a_new_one() {
    let (fake, engine) = ci(Setup { password: true, ..Setup::default() });
    taken(engine.submit(&request("pass", "k1")).await.unwrap());
    taken(engine.submit(&request("pass", "k2")).await.unwrap());
    let crumbs = |fake: &Fake| fake.asked().iter().filter(|(_, target)| target.starts_with("/crumbIssuer")).count();
    assert_eq!(crumbs(&fake), 1);
    // The session that the crumb belongs to ends.
    fake.restart();
    let slow = taken(engine.submit(&request("slow", "k3")).await.unwrap());
    assert_eq!((crumbs(&fake), fake.runs().len()), (2, 3));
    engine.cancel(&slow).await.unwrap();
    assert_eq!(look(&engine, &slow).await.state, State::Cancelled);
}

async fn jobs_in_folders_are_found_and_run() {
    let (_fake, engine) = ci(Setup::default());
    let names: Vec<String> = engine.jobs(None).await.unwrap().into_iter().map(|job| job.name).collect();
    assert_eq!((names.contains(&"team".into()), names.contains(&"multi".into())), (false, false), "{names:?}");
    for job in ["team/unit", "multi/feature%2Fx"] {
        assert!(names.contains(&job.to_owned()), "{names:?}");
        let run = over(&engine, taken(engine.submit(&request(job, "k")).await.unwrap())).await;
        assert_eq!((run.id, run.state), (format!("{job}#1"), State::Succeeded));
        let runs = engine.runs(&Query { job: job.into(), ..Query::default() }).await.unwrap();
        assert_eq!(runs.len(), 1);
    }
    for none in ["team", "team/", "/unit", "", "team/unit/x"] {
        assert_eq!(engine.submit(&request(none, "k")).await.unwrap_err().kind(), Kind::NotFound, "{none:?}");
    }
}

async fn builds_are_read_beyond_the_first_hundred() {
    let (fake, engine) = ci(Setup::default());
    fake.seed("pass", 250);
    let pages = |fake: &Fake| fake.asked().iter().filter(|(_, target)| target.contains("allBuilds")).count();
    let query = Query { job: "pass".into(), ..Query::default() };
    let ids: Vec<String> = engine.runs(&query).await.unwrap().into_iter().map(|run| run.id).collect();
    assert_eq!(ids, (1..=250).rev().map(|number| format!("pass#{number}")).collect::<Vec<_>>());
    assert_eq!(pages(&fake), 3);
    // No page more than it takes.
    for (query, expected, more) in [
        (Query { limit: Some(5), ..query.clone() }, 5, 1),
        (Query { limit: Some(120), ..query.clone() }, 120, 2),
        (Query { revisions: Some(vec!["b2".repeat(20)]), ..query.clone() }, 0, 3),
        (Query { since: Some(jiff::Timestamp::MAX), ..query.clone() }, 0, 1),
        (Query { since: Some(jiff::Timestamp::UNIX_EPOCH), ..query }, 250, 3),
    ] {
        let before = pages(&fake);
        let found = engine.runs(&query).await.unwrap().len();
        assert_eq!((found, pages(&fake) - before), (expected, more), "{query:?}");
    }
}

async fn a_build_is_found_when_the_queue_has_forgotten_it() {
    let (fake, engine) = ci(Setup::default());
    let run = taken(engine.submit(&request("pass", "k")).await.unwrap());
    look(&engine, &run).await;
    fake.seed("pass", 150);
    fake.restart();
    assert!(run.id.starts_with("queue/"), "{}", run.id);
    let seen = look(&engine, &run).await;
    assert_eq!((seen.id.as_str(), seen.key.as_deref()), ("pass#1", Some("k")));
    assert!(seen.queued.is_some());
}

async fn what_left_the_queue_and_is_no_build_has_expired() {
    let (fake, engine) = ci(Setup::default());
    fake.hold(true);
    let run = taken(engine.submit(&request("pass", "k")).await.unwrap());
    engine.cancel(&run).await.unwrap();
    fake.restart();
    let seen = look(&engine, &run).await;
    assert_eq!((seen.state, seen.detail.is_some()), (State::Expired, true));
}

async fn what_waits_is_taken_back() {
    let (fake, engine) = ci(Setup::default());
    fake.hold(true);
    let run = taken(engine.submit(&request("pass", "k")).await.unwrap());
    assert_eq!(look(&engine, &run).await.state, State::Pending);
    engine.cancel(&run).await.unwrap();
    engine.cancel(&run).await.unwrap();
    fake.hold(false);
    let seen = look(&engine, &run).await;
    assert_eq!((seen.state, seen.detail.as_deref()), (State::Cancelled, Some("taken out of the queue")));
    let query = Query { job: "pass".into(), ..Query::default() };
    assert_eq!(engine.runs(&query).await.unwrap(), []);
}

async fn a_token_that_is_not_taken_is_denied_with_a_hint() {
    let fake = Fake::start();
    let wrong = ["not", "good"].join("-");
    let engine = jenkins::engine(&jenkins::spec(&fake.url()), &wrong).unwrap();
    let error = engine.submit(&request("pass", "k")).await.unwrap_err();
    assert_eq!((error.kind(), error.hints().join(" ").contains("token_env")), (Kind::Denied, true), "{error:?}");
    assert!(!format!("{error:?}").contains(&wrong), "{error:?}");
}

async fn what_a_job_does_not_declare_is_not_sent() {
    let (fake, engine) = ci(Setup::default());
    let jobs = engine.jobs(None).await.unwrap();
    let choice = jobs.iter().find(|job| job.name == "choice").unwrap();
    let declared =
        choice.parameters.iter().flatten().map(|p| (p.name.as_str(), p.choices.join(" "), p.default.as_deref()));
    let expected =
        [("size", "small large".to_owned(), Some("small")), ("clean", "true false".to_owned(), Some("false"))];
    assert_eq!(declared.collect::<Vec<_>>(), expected);
    let revision = "b2".repeat(20);
    for (job, parameter, said) in [
        ("choice", Some(("size", "medium")), "small, large"),
        ("choice", Some(("clean", "yes")), "true, false"),
        ("choice", Some(("patch", "x")), "it takes size, clean"),
        ("pass", Some(("REVISION", revision.as_str())), "it takes no parameters"),
        ("pass", Some(("CI_TOOL_KEY", "mine")), "it takes no parameters"),
        ("plain", None, "revision_parameter"),
        ("off", None, "disabled"),
    ] {
        let parameters = parameter.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect();
        let error = engine.submit(&Request { parameters, ..request(job, "k") }).await.unwrap_err();
        let told = format!("{error} {}", error.hints().join(" "));
        assert_eq!((error.kind(), told.contains(said)), (Kind::Usage, true), "{job} {parameter:?}: {told}");
    }
    assert!(fake.asked().iter().all(|(method, _)| method == "GET"));
    let parameters = BTreeMap::from([("size".to_owned(), "large".to_owned()), ("clean".to_owned(), "true".to_owned())]);
    let run = taken(engine.submit(&Request { parameters, ..request("choice", "k") }).await.unwrap());
    assert_eq!(over(&engine, run).await.state, State::Succeeded);
}

async fn a_checkout_that_fails_is_no_evidence() {
    let (_fake, engine) = ci(Setup::default());
    let none = Request { revision: "0".repeat(40), ..request("pass", "k1") };
    let run = over(&engine, taken(engine.submit(&none).await.unwrap())).await;
    assert_eq!((run.state, run.got_revision), (State::Infra, None));
    let run = over(&engine, taken(engine.submit(&request("fail", "k2")).await.unwrap())).await;
    assert_eq!((run.state, run.got_revision), (State::Failed, Some("a1".repeat(20))));
}

/// What comes of a submission that is answered in some way, and how often it is sent.
async fn a_server_that_fails_may_have_taken_it() {
    let job = r#"{"fullName": "pass", "buildable": true, "property": [{"parameterDefinitions": [
        {"name": "REVISION", "type": "StringParameterDefinition"}]}]}"#;
    for (status, headers, expected, posts) in [
        (503, "retry-after: 1\r\n", Ok(true), 1),
        (500, "", Ok(true), 1),
        (201, "", Ok(true), 1),
        (201, "location: http://elsewhere/queue/item/9/\r\n", Ok(false), 1),
        (302, "location: http://elsewhere/job/pass/\r\n", Err(Kind::Denied), 1),
        (302, "location: http://elsewhere/login\r\n", Err(Kind::Denied), 1),
        (403, "", Err(Kind::Denied), 1),
        (409, "", Err(Kind::Usage), 1),
        (400, "", Err(Kind::Usage), 1),
        (404, "", Err(Kind::Usage), 1),
    ] {
        let server = http::Server::start(move |request, _| match request.method.as_str() {
            "POST" => http::Reply::Answer(status, headers.to_owned(), Vec::new()),
            _ if request.target.starts_with("/job/pass/api/json") => http::Reply::status(200, job),
            _ => http::Reply::status(404, ""),
        });
        let engine = jenkins::engine(&jenkins::spec(&server.url("/")), &secret()).unwrap();
        let submitted = engine.submit(&request("pass", "k")).await;
        let what = format!("{status} {headers}: {submitted:?}");
        let found = submitted.map(|s| matches!(s, Submitted::Uncertain(_))).map_err(|e| e.kind());
        assert_eq!(found, expected, "{what}");
        assert_eq!(server.asked().iter().filter(|request| request.method == "POST").count(), posts, "{what}");
    }
}

async fn what_a_build_made_is_fetched() {
    let (_fake, engine) = ci(Setup::default());
    let run = over(&engine, taken(engine.submit(&request("team/unit", "k")).await.unwrap())).await;
    let made = engine.artifacts(&run).await.unwrap();
    assert_eq!(
        made.iter().map(|file| (file.name.as_str(), file.run.as_str())).collect::<Vec<_>>(),
        [("out/a b/report.txt", "team/unit#1")]
    );
    let mut bytes = Vec::new();
    engine.fetch(&made[0], &mut bytes).await.unwrap();
    assert_eq!(bytes, b"made by team/unit 1");
    let none = Artifact { id: "no.txt".into(), ..made[0].clone() };
    assert_eq!(engine.fetch(&none, &mut bytes).await.unwrap_err().kind(), Kind::NotFound);
}

async fn many_runs_are_seen_with_few_calls() {
    let (fake, engine) = ci(Setup::default());
    fake.hold(true);
    let mut runs = Vec::new();
    for n in 0..60 {
        runs.push(taken(engine.submit(&request("pass", &format!("k{n}"))).await.unwrap()));
    }
    let calls = |fake: &Fake| fake.asked().len();
    let before = calls(&fake);
    let seen = engine.observe(&runs).await.unwrap();
    assert_eq!((calls(&fake) - before, seen.iter().all(|run| run.state == State::Pending)), (1, true));
    fake.hold(false);
    engine.observe(&seen).await.unwrap();
    let before = calls(&fake);
    let seen = engine.observe(&seen).await.unwrap();
    assert_eq!((calls(&fake) - before, seen.iter().all(|run| run.state == State::Running)), (2, true));
    let before = calls(&fake);
    engine.observe(&seen).await.unwrap();
    let seen = engine.observe(&seen).await.unwrap();
    assert_eq!((calls(&fake) - before, seen.iter().all(|run| run.state == State::Succeeded)), (2, true));
    let keys: Vec<String> = seen.into_iter().filter_map(|run| run.key).collect();
    assert_eq!(keys, (0..60).map(|n| format!("k{n}")).collect::<Vec<_>>());
}

async fn a_lost_answer_is_found_among_the_builds() {
    let (fake, engine) = ci(Setup::default());
    let asked = request("pass", "k1");
    fake.lose_answers(1);
    assert!(matches!(engine.submit(&asked).await.unwrap(), Submitted::Uncertain(_)));
    // Whoever looks at the queue lets it begin.
    engine.runs(&Query { job: "pass".into(), ..Query::default() }).await.unwrap();
    fake.seed("pass", 120);
    fake.restart();
    let Found::Run(run) = engine.find(&asked).await.unwrap() else { panic!() };
    assert_eq!((run.id.as_str(), run.key.as_deref()), ("pass#1", Some("k1")));
    assert_eq!(engine.find(&request("pass", "k2")).await.unwrap(), Found::Absent);
}

async fn what_is_no_jenkins_is_named() {
    let server = http::Server::start(|_, _| http::Reply::status(200, "{\"fullName\": 7}"));
    let engine = jenkins::engine(&jenkins::spec(&server.url("/")), &secret()).unwrap();
    let error = engine.submit(&request("pass", "k")).await.unwrap_err();
    assert_eq!((error.kind(), error.hints().is_empty()), (Kind::Corrupt, false));
    assert!(error.causes().join(" ").contains("expected a string"), "{error:?}");
    let checks = engine.check().await;
    assert_eq!((checks[0].what.as_str(), checks[0].holds), ("address", Some(false)));
}

async fn settings_that_do_not_fit_are_refused() {
    let good = jenkins::spec("http://127.0.0.1:1/");
    for (spec, kind, named) in [
        (Spec { scheduler: Some("x".into()), ..good.clone() }, Kind::Usage, "scheduler"),
        (Spec { user_env: None, ..good.clone() }, Kind::Usage, "user_env"),
        (Spec { token_env: Some("NOT_SET".into()), ..good.clone() }, Kind::Denied, "NOT_SET"),
        (Spec { url: None, ..good }, Kind::Usage, "address"),
    ] {
        let error = jenkins::engine(&spec, &secret()).err().unwrap();
        assert_eq!(error.kind(), kind, "{named}");
        assert!(format!("{error:?}").contains(named), "{error:?}");
    }
}

fn drive(setup: Setup) -> Result<(), libtest_mimic::Failed> {
    let fake = Fake::with(setup);
    let output = Command::new(PYTHON)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/jenkins_client.py"))
        .args([fake.url(), fake.revisions()[1].clone()])
        .envs([("JENKINS_USER", jenkins::USER), ("JENKINS_TOKEN", &secret()), ("NO_PROXY", "127.0.0.1")])
        .env("PYTHONPATH", installed())
        .output()?;
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned().into()),
    }
}

const PYTHON: &str = if cfg!(windows) { "python" } else { "python3" };

/// The directory of the clients. Test processes that run at once install them once; it appears whole or not at all.
fn installed() -> PathBuf {
    let servers = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-servers");
    let to = servers.join(format!("jenkins-clients-{}", CLIENTS.join("-").replace("==", "-")));
    fs::create_dir_all(&servers).unwrap();
    let lock = File::create(servers.join("jenkins-clients.lock")).unwrap();
    lock.lock().unwrap();
    if !to.exists() {
        let from = tempfile::tempdir_in(&servers).unwrap();
        let skip = support::SKIP_SERVERS;
        let output = Command::new(PYTHON)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"])
            .arg(from.path())
            .args(CLIENTS)
            .output()
            .unwrap_or_else(|e| panic!("{PYTHON} does not start ({e}): install Python 3 or set {skip}=1"));
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "pip cannot install {CLIENTS:?}: {errors}");
        fs::rename(from.keep(), &to).unwrap();
    }
    to
}
