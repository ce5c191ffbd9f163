//! Acquire calls: signatures, deadlines, early accept, and what Helix gets.

#[allow(dead_code, reason = "shared with other suites")]
#[path = "support/helix.rs"]
mod helix;
#[allow(dead_code, reason = "shared with other suites")]
#[path = "support/http.rs"]
mod http;

use ci_tool::{
    engine::helix::Helix,
    error::Error,
    http::{Client, Token},
    ops::route::{
        acquire::{Acquirer, Answer, Decided, Observer, Options, Outcome, Secret},
        lookup::Cause,
        rules::Rules,
        submit::HelixJob,
    },
};
use helix::Mood;
use hmac::{Hmac, Mac};
use http::{Reply, Server};
use serde_json::{Value, json};
use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::Instant;

const QUEUE: &str = "windows.10.amd64.open";
const TWIN: &str = "windows.10.amd64.open.svc";
const DEADLINE: Duration = Duration::from_millis(500);
const GRACE: Duration = Duration::from_millis(100);
/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(20);

#[derive(Default)]
struct Heard {
    /// Queue and cause.
    decided: Mutex<Vec<(String, Option<Cause>)>>,
    late: Mutex<Vec<String>>,
}

impl Observer for Heard {
    fn decided(&self, decided: Decided<'_>) {
        self.decided.lock().unwrap().push((decided.decision.id().to_string(), decided.lookup));
    }

    fn failed_late(&self, _: &str, error: &Error) {
        self.late.lock().unwrap().push(error.to_string());
    }
}

fn rules() -> Arc<Rules> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/route/rules.yaml");
    Arc::new(Rules::load(&path).unwrap())
}

fn acquirer(options: Options) -> (Acquirer, Arc<Heard>) {
    let heard = Arc::new(Heard::default());
    (Acquirer::new(Client::new(), Options { deadline: DEADLINE, ..options }, heard.clone()), heard)
}

fn with_helix(server: &Server) -> Options {
    let token = Token::new(&helix::token()).unwrap();
    let template = json!({ "Type": "agent", "ListUri": "u", "Source": "agents" });
    Options {
        helix: Some(Arc::new(Helix::new(Client::new(), &server.url(""), Some(token)).unwrap())),
        template: Some(HelixJob::template(template.to_string().as_bytes()).unwrap()),
        ..Options::default()
    }
}

/// A CI system that tells of a job for `release/5.0`, and listens to failures.
fn ci() -> Server {
    Server::start(|request, _| {
        assert_eq!(request.header("authorization"), "Bearer opens");
        match (request.method.as_str(), request.target.as_str()) {
            ("GET", "/job") => Reply::json(&json!({ "job": { "variables": [
                { "name": "build.sourceBranch", "value": "refs/heads/release/5.0" },
            ]}})),
            ("POST", "/fail") => Reply::status(204, ""),
            _ => Reply::status(405, ""),
        }
    })
}

fn body(ci: &Server, queue: &str) -> Value {
    json!({
        "agentId": 17,
        "agentPool": "pool",
        "accountId": "account",
        "failRequestUrl": ci.url("/fail"),
        "appendRequestMessageUrl": ci.url("/append"),
        "getAssociatedJobUrl": ci.url("/job"),
        "authenticationToken": "opens",
        "agentConfiguration": { "anything": true },
        "agentSpecification": { "queue": queue, "more": 1 },
        "isScheduled": true,
    })
}

async fn answer(acquirer: &Acquirer, body: &Value) -> Answer {
    acquirer.answer(rules(), body.to_string().as_bytes(), None, Instant::now()).await
}

/// Answers, and checks that it is in time. The machine may be busy: being late counts when it happens every time.
async fn answer_in_time(options: impl Fn() -> Options, body: &Value) -> (Answer, Arc<Heard>) {
    let mut late = Vec::new();
    for _ in 0..4 {
        let (acquirer, heard) = acquirer(options());
        let started = Instant::now();
        let answer = answer(&acquirer, body).await;
        if started.elapsed() <= DEADLINE + GRACE {
            return (answer, heard);
        }
        late.push(started.elapsed());
    }
    panic!("took {late:?}");
}

#[tokio::test]
async fn an_agent_gets_the_queue_decided() {
    let ci = ci();
    let (acquirer, heard) = acquirer(Options::default());
    let answer = answer(&acquirer, &body(&ci, QUEUE)).await;
    assert_eq!((answer.outcome, answer.outcome.status()), (Outcome::Accepted, 200));
    let data = &answer.body["agentData"];
    assert_eq!((&answer.body["accepted"], &data["queue"]), (&true.into(), &TWIN.into()));
    assert_eq!((&data["rule"], &data["subscription"]), (&"servicing".into(), &"dncenghelix-02".into()));
    assert_eq!(data["correlationId"].as_str().map(str::len), Some(32));
    assert!(!answer.body.to_string().contains("opens"));
    assert_eq!(*heard.decided.lock().unwrap(), [(TWIN.to_owned(), None)]);
}

#[tokio::test]
async fn calls_must_be_signed_where_a_secret_is_set() {
    let ci = ci();
    let secret = "s3cret".repeat(4);
    let body = body(&ci, QUEUE).to_string();
    let sign = |secret: &str, body: &str| -> String {
        let mut mac = Hmac::<sha2::Sha512>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(body.as_bytes());
        mac.finalize().into_bytes().iter().map(|b| format!("{b:02x}")).collect()
    };
    let right = sign(&secret, &body);
    let (acquirer, _) = acquirer(Options { secret: Some(Secret::new(&secret).unwrap()), ..Options::default() });
    let last = if right.ends_with('0') { '1' } else { '0' };
    let cases = [
        (Some(right.clone()), Outcome::Accepted),
        (Some(right.to_uppercase()), Outcome::Accepted),
        (None, Outcome::BadSignature),
        (Some(String::new()), Outcome::BadSignature),
        (Some("zz".repeat(64)), Outcome::BadSignature),
        (Some(right[..126].to_owned()), Outcome::BadSignature),
        (Some(format!("{}{last}", &right[..127])), Outcome::BadSignature),
        (Some(format!("{right}00")), Outcome::BadSignature),
        (Some(sign("another", &body)), Outcome::BadSignature),
        (Some(sign(&secret, &format!("{body} "))), Outcome::BadSignature),
        (Some("ä".repeat(64)), Outcome::BadSignature),
    ];
    for (signature, outcome) in cases {
        let answer = acquirer.answer(rules(), body.as_bytes(), signature.as_deref(), Instant::now()).await;
        assert_eq!(answer.outcome, outcome, "{signature:?}");
        assert_eq!(answer.body["accepted"], outcome == Outcome::Accepted);
    }
}

#[tokio::test]
async fn an_unknown_queue_is_refused_before_anything_is_looked_up_also_early() {
    for early_accept in [false, true] {
        let ci = ci();
        let (acquirer, heard) = acquirer(Options { early_accept, ..Options::default() });
        for (queue, outcome, status) in [
            ("nowhere", Outcome::UnknownQueue, 404),
            ("nowhere.svc", Outcome::UnknownQueue, 404),
            ("no queue", Outcome::BadRequest, 400),
        ] {
            let answer = answer(&acquirer, &body(&ci, queue)).await;
            assert_eq!((answer.outcome, answer.outcome.status()), (outcome, status), "{queue}");
            assert_eq!(answer.body["accepted"], false);
        }
        for text in ["", "[]", "{}", r#"{"agentSpecification": {}}"#, r#"{"agentSpecification": {"queue": 1}}"#] {
            let answer = acquirer.answer(rules(), text.as_bytes(), None, Instant::now()).await;
            assert_eq!(answer.outcome, Outcome::BadRequest, "{text}");
        }
        assert!(acquirer.drain(LONG).await);
        assert!(ci.asked().is_empty() && heard.decided.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_look_up_that_fails_or_stalls_is_accepted_in_time_unredirected() {
    let nothing = |key: &str| {
        let mut body = body(&ci(), QUEUE);
        body.as_object_mut().unwrap().remove(key);
        body
    };
    let stalls = Server::start(|_, _| Reply::Silence);
    let breaks = Server::start(|_, _| Reply::status(500, ""));
    let mut outside = body(&stalls, QUEUE);
    outside["getAssociatedJobUrl"] = "http://192.0.2.1/job".into();
    for (body, cause) in [
        (body(&stalls, QUEUE), Cause::Timeout),
        (body(&breaks, QUEUE), Cause::Status),
        (outside, Cause::Refused),
        (nothing("getAssociatedJobUrl"), Cause::Refused),
        (nothing("authenticationToken"), Cause::Refused),
    ] {
        let (answer, heard) = answer_in_time(Options::default, &body).await;
        assert_eq!((answer.outcome, &answer.body["agentData"]["queue"]), (Outcome::Accepted, &QUEUE.into()));
        assert_eq!(answer.body["agentData"]["event"]["code"], "lookup_failed");
        assert_eq!(*heard.decided.lock().unwrap(), [(QUEUE.to_owned(), Some(cause))]);
    }
}

#[tokio::test]
async fn helix_gets_the_job_once_however_often_it_is_asked_for() {
    let (server, jobs) = helix::start(Mood::default());
    let ci = ci();
    let (acquirer, _) = acquirer(with_helix(&server));
    for _ in 0..2 {
        let answer = answer(&acquirer, &body(&ci, QUEUE)).await;
        assert_eq!(answer.body["agentData"]["helixJob"], "job-0", "{}", answer.body);
    }
    let mut another = body(&ci, QUEUE);
    another["agentId"] = 18.into();
    assert_eq!(answer(&acquirer, &another).await.body["agentData"]["helixJob"], "job-1");
    let jobs = jobs.lock().unwrap();
    assert_eq!(jobs.len(), 2);
    for (key, job) in jobs.iter() {
        assert_eq!((&job["QueueId"], &job["Properties"]["ci-tool.route.id"]), (&TWIN.into(), &key.as_str().into()));
        assert!(!job.to_string().contains("opens"));
    }
}

#[tokio::test]
async fn a_look_up_that_stalls_leaves_time_to_send_the_job() {
    let (server, jobs) = helix::start(Mood::default());
    let stalls = Server::start(|_, _| Reply::Silence);
    let (acquirer, _) = acquirer(with_helix(&server));
    let answer = answer(&acquirer, &body(&stalls, QUEUE)).await;
    assert_eq!(answer.outcome, Outcome::Accepted, "{}", answer.body);
    assert_eq!(jobs.lock().unwrap().values().next().unwrap()["QueueId"], QUEUE);
}

#[tokio::test]
async fn a_helix_that_stalls_fails_the_call_in_time() {
    let server = Server::start(|_, _| Reply::Silence);
    let ci = ci();
    let (answer, heard) = answer_in_time(|| with_helix(&server), &body(&ci, QUEUE)).await;
    assert_eq!((answer.outcome, answer.outcome.status()), (Outcome::Failed, 503));
    // Helix did not say whether the twin is there: the rules' word counts.
    assert_eq!(*heard.decided.lock().unwrap(), [(TWIN.to_owned(), None)]);
}

#[tokio::test]
async fn early_accept_answers_first_and_works_then() {
    let (server, jobs) = helix::start(Mood::default());
    let ci = ci();
    let (acquirer, heard) = acquirer(Options { early_accept: true, ..with_helix(&server) });
    let answer = answer(&acquirer, &body(&ci, QUEUE)).await;
    assert_eq!((answer.outcome, &answer.body["agentData"]["pending"]), (Outcome::AcceptedEarly, &true.into()));
    assert!(ci.asked().is_empty() && jobs.lock().unwrap().is_empty(), "it answers first");
    assert!(acquirer.drain(LONG).await);
    assert_eq!(jobs.lock().unwrap().values().next().unwrap()["QueueId"], TWIN);
    assert!(heard.late.lock().unwrap().is_empty());
    assert_eq!(ci.asked().len(), 1);
}

#[tokio::test]
async fn a_late_failure_is_reported_to_the_ci_system() {
    let server = Server::start(|_, _| Reply::status(400, "no thanks"));
    let ci = ci();
    let (acquirer, heard) = acquirer(Options { early_accept: true, ..with_helix(&server) });
    assert_eq!(answer(&acquirer, &body(&ci, QUEUE)).await.outcome, Outcome::AcceptedEarly);
    assert!(acquirer.drain(LONG).await);
    assert_eq!(heard.late.lock().unwrap().len(), 1);
    let asked = ci.asked();
    let told: Vec<_> = asked.iter().filter(|r| r.target == "/fail").collect();
    assert_eq!((told.len(), told[0].header("content-type")), (1, "application/json"));
    let message: Value = serde_json::from_slice(&told[0].body).unwrap();
    assert!(message["message"].as_str().unwrap().contains("no thanks"), "{message}");
}

#[tokio::test]
async fn draining_ends_when_its_time_is_over() {
    let stalls = Server::start(|_, _| Reply::Silence);
    let (acquirer, _) = acquirer(Options { early_accept: true, ..Options::default() });
    answer(&acquirer, &body(&stalls, QUEUE)).await;
    assert!(!acquirer.drain(Duration::from_millis(1)).await);
    // Nothing is promised any more that nobody would do.
    assert_eq!(answer(&acquirer, &body(&stalls, QUEUE)).await.outcome, Outcome::Accepted);
}
