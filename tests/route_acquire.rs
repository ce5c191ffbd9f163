//! Acquire calls: signatures, deadlines, early accept, and what Helix gets.

#[allow(dead_code, reason = "shared with other suites")]
#[path = "support/helix.rs"]
mod helix;
#[allow(dead_code, reason = "shared with other suites")]
#[path = "support/http.rs"]
mod http;

use ci_tool::{
    engine::helix::Helix,
    http::{Client, Token},
    ops::route::{
        acquire::{Acquirer, Answer, Decided, FailedLate, Observer, Options, Outcome, Received, Secret},
        job::Job,
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
    undecided: Mutex<Vec<String>>,
    /// Why, and whether the CI system was told.
    late: Mutex<Vec<(String, bool)>>,
    ended: Mutex<Vec<Duration>>,
}

impl Observer for Heard {
    fn decided(&self, decided: Decided<'_>) {
        self.decided.lock().unwrap().push((decided.decision.id().to_string(), decided.lookup));
    }

    fn undecided(&self, _: &Arc<Rules>, job: Job) {
        self.undecided.lock().unwrap().push(job.queue);
    }

    fn failed_late(&self, failed: FailedLate<'_>) {
        self.late.lock().unwrap().push((failed.error.to_string(), failed.untold.is_none()));
    }

    fn ended_late(&self, after: Duration) {
        self.ended.lock().unwrap().push(after);
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
    acquirer.answer(received(body.to_string().as_bytes(), None)).await
}

fn received<'a>(body: &'a [u8], signature: Option<&'a str>) -> Received<'a> {
    Received { rules: rules(), body, signature, arrived: Instant::now(), busy: false }
}

/// Answers, and checks that it is in time. The machine may be busy: three times of five have to be.
async fn answer_in_time(options: impl Fn() -> Options, body: &Value) -> (Answer, Arc<Heard>) {
    let (mut in_time, mut late) = (0, Vec::new());
    while late.len() < 3 {
        let (acquirer, heard) = acquirer(options());
        let started = Instant::now();
        let answer = answer(&acquirer, body).await;
        match started.elapsed() {
            took if took <= DEADLINE + GRACE => in_time += 1,
            took => late.push(took),
        }
        if in_time == 3 {
            return (answer, heard);
        }
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
        let answer = acquirer.answer(received(body.as_bytes(), signature.as_deref())).await;
        assert_eq!(answer.outcome, outcome, "{signature:?}");
        assert_eq!(answer.body["accepted"], outcome == Outcome::Accepted);
    }
}

#[tokio::test]
async fn an_unknown_queue_is_refused_before_anything_is_looked_up_also_early() {
    for early_accept in [false, true] {
        let ci = ci();
        let (helix, jobs) = helix::start(Mood::default());
        let (acquirer, heard) = acquirer(Options { early_accept, ..with_helix(&helix) });
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
            let answer = acquirer.answer(received(text.as_bytes(), None)).await;
            assert_eq!(answer.outcome, Outcome::BadRequest, "{text}");
        }
        assert_eq!(acquirer.drain(LONG).await, 0);
        assert!(ci.asked().is_empty() && jobs.lock().unwrap().is_empty());
        assert!(heard.decided.lock().unwrap().is_empty());
        assert_eq!(*heard.undecided.lock().unwrap(), ["nowhere", "nowhere.svc", "no queue"]);
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
    assert_eq!(acquirer.drain(LONG).await, 0);
    assert_eq!(jobs.lock().unwrap().values().next().unwrap()["QueueId"], TWIN);
    assert!(heard.late.lock().unwrap().is_empty());
    assert_eq!(heard.ended.lock().unwrap().len(), 1);
    assert_eq!(ci.asked().len(), 1);
}

#[tokio::test]
async fn a_late_failure_is_reported_to_the_ci_system() {
    let server = Server::start(|_, _| Reply::status(400, "no thanks"));
    let ci = ci();
    let (acquirer, heard) = acquirer(Options { early_accept: true, ..with_helix(&server) });
    assert_eq!(answer(&acquirer, &body(&ci, QUEUE)).await.outcome, Outcome::AcceptedEarly);
    assert_eq!(acquirer.drain(LONG).await, 0, "it failed by itself");
    let late = heard.late.lock().unwrap();
    assert!(late.len() == 1 && late[0].1, "{late:?}");
    assert_eq!(heard.ended.lock().unwrap().len(), 1);
    let asked = ci.asked();
    let told: Vec<_> = asked.iter().filter(|r| r.target == "/fail").collect();
    assert_eq!((told.len(), told[0].header("content-type")), (1, "application/json"));
    let message: Value = serde_json::from_slice(&told[0].body).unwrap();
    assert!(message["message"].as_str().unwrap().contains("no thanks"), "{message}");
}

#[tokio::test]
async fn what_is_not_done_when_the_service_stops_is_told_and_counted() {
    let (helix, jobs) = helix::start(Mood::default());
    let stalls = Server::start(|request, _| match request.target.as_str() {
        "/fail" => Reply::status(204, ""),
        _ => Reply::Silence,
    });
    let heard = Arc::new(Heard::default());
    let options = Options { early_accept: true, deadline: LONG, ..with_helix(&helix) };
    let acquirer = Acquirer::new(Client::new(), options, heard.clone());
    let mut nobody = body(&stalls, QUEUE);
    nobody.as_object_mut().unwrap().remove("failRequestUrl");
    for body in [&body(&stalls, QUEUE), &nobody] {
        assert_eq!(answer(&acquirer, body).await.outcome, Outcome::AcceptedEarly);
    }

    let started = Instant::now();
    assert_eq!(acquirer.drain(Duration::from_secs(4)).await, 2);
    assert!(started.elapsed() < LONG, "nobody waited for its deadline");
    let mut late = heard.late.lock().unwrap().clone();
    late.sort();
    assert_eq!(late, [("the service stopped".to_owned(), false), ("the service stopped".to_owned(), true)]);
    let told: Vec<_> = stalls.asked().into_iter().filter(|r| r.target == "/fail").collect();
    assert_eq!(told.len(), 1);
    assert!(String::from_utf8_lossy(&told[0].body).contains("the service stopped"));
    assert!(jobs.lock().unwrap().is_empty());
    // Nothing is promised any more that nobody would do.
    assert_eq!(answer(&acquirer, &body(&ci(), QUEUE)).await.outcome, Outcome::Accepted);
}

#[tokio::test]
async fn nothing_is_promised_where_nothing_would_be_sent() {
    let ci = ci();
    let (acquirer, _) = acquirer(Options { early_accept: true, ..Options::default() });
    let answer = answer(&acquirer, &body(&ci, QUEUE)).await;
    assert_eq!((answer.outcome, &answer.body["agentData"]["queue"]), (Outcome::Accepted, &TWIN.into()));
}

#[tokio::test]
async fn without_room_for_a_look_up_it_is_decided_at_once_or_refused() {
    let ci = ci();
    let body = body(&ci, QUEUE).to_string();
    let busy = || Received { busy: true, ..received(body.as_bytes(), None) };

    let (alone, heard) = acquirer(Options::default());
    let answer = alone.answer(busy()).await;
    assert_eq!((answer.outcome, &answer.body["agentData"]["queue"]), (Outcome::Accepted, &QUEUE.into()));
    let event = &answer.body["agentData"]["event"];
    assert!(event["message"].as_str().unwrap().contains("too many look-ups under way"), "{event}");
    assert_eq!(*heard.decided.lock().unwrap(), [(QUEUE.to_owned(), Some(Cause::Busy))]);

    let (helix, jobs) = helix::start(Mood::default());
    let (sends, heard) = acquirer(with_helix(&helix));
    let answer = sends.answer(busy()).await;
    assert_eq!((answer.outcome, answer.outcome.status()), (Outcome::Busy, 503));
    assert_eq!(answer.body["accepted"], false);
    assert!(heard.decided.lock().unwrap().is_empty() && jobs.lock().unwrap().is_empty());
    assert!(ci.asked().is_empty() && helix.asked().is_empty());

    // What is done after the answer has bounds of its own.
    let (early, _) = acquirer(Options { early_accept: true, ..with_helix(&helix) });
    assert_eq!(early.answer(busy()).await.outcome, Outcome::AcceptedEarly);
    assert_eq!(early.drain(LONG).await, 0);
    assert_eq!(jobs.lock().unwrap().values().next().unwrap()["QueueId"], TWIN);
}
