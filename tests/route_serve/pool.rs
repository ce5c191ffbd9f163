//! Acquire calls of a pool provider against the service as a process.

use super::{
    client::{Answer, request},
    helix,
    http::{Reply, Server},
    service::{JOB, Place, Service, records, until},
};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha512;
use std::time::{Duration, Instant};

const DEADLINE: Duration = Duration::from_millis(400);
const GRACE: Duration = Duration::from_millis(100);

/// Makes a reply anew for each server.
type Make = fn() -> Reply;

/// The answer of a look-up that helps.
fn servicing() -> Reply {
    Reply::json(&json!({ "job": { "variables": [
        { "name": "BUILD_REASON", "value": "PullRequest" },
        { "name": "system.pullRequest.targetBranch", "value": "refs/heads/release/5.0" },
        { "name": "Password", "value": "told to nobody", "secret": true },
    ]}}))
}

fn call(ci: &Server, queue: &str) -> String {
    json!({
        "agentId": 17,
        "agentPool": "pool",
        "accountId": "account",
        "failRequestUrl": ci.url("/fail"),
        "getAssociatedJobUrl": ci.url("/job"),
        "authenticationToken": "opens",
        "agentSpecification": { "queue": queue },
    })
    .to_string()
}

fn signature(secret: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha512>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    let hex: String = mac.finalize().into_bytes().iter().map(|b| format!("{b:02X}")).collect();
    format!("X-Azure-Signature: {hex}\r\n")
}

#[test]
fn a_signed_call_gets_its_queue_and_any_other_nothing() {
    let place = Place::new();
    place.write("ci-tool.yaml", "route: {rules: rules.yaml, secret_env: POOL, log: log.jsonl}\n");
    let secret = format!("{:x}", 0x5eed_u64 * 0x1234_5678_9abc);
    let service = place.serve_with(&[], |command| {
        command.env("POOL", &secret);
    });
    let ci = Server::start(|_, _| servicing());
    let body = call(&ci, "Q@image");
    let mut client = service.client();

    let answer = client.acquire(&signature(&secret, &body), &body).expect(200).json();
    assert_eq!((&answer["accepted"], &answer["agentData"]["queue"]), (&json!(true), &json!("q.svc@image")), "{answer}");
    for header in [String::new(), "X-Azure-Signature: 00\r\n".into(), signature("another", &body)] {
        let refused = client.acquire(&header, &body).expect(401).json();
        assert_eq!(refused["accepted"], false);
    }
    assert_eq!(ci.asked().len(), 1, "who did not sign makes us ask nobody");
    let unknown = call(&ci, "nowhere");
    let unknown = client.acquire(&signature(&secret, &unknown), &unknown).expect(404).json();
    assert_eq!(unknown["accepted"], false);

    assert_eq!(service.metric("ci_tool_route_acquire_seconds_count{outcome=\"accepted\"}"), Some(1.0));
    assert_eq!(service.metric("ci_tool_route_acquire_seconds_count{outcome=\"bad_signature\"}"), Some(3.0));
    let log = place.path("log.jsonl");
    until("both that were signed are logged", || records(&log).len() == 2);
    assert!(!place.read("log.jsonl").contains("told to nobody"));
}

#[test]
fn a_job_server_that_misbehaves_costs_no_more_than_the_deadline() {
    let replies: [(&str, Make); 8] = [
        ("timeout", || Reply::Silence),
        ("timeout", || Reply::Half(br#"{"job": {"variables": []}}"#.to_vec())),
        ("timeout", || Reply::Drip(b"{}".to_vec())),
        ("status", || Reply::status(500, "no")),
        ("too_large", || Reply::Gigabyte),
        ("too_large", || Reply::GigabyteInChunks),
        ("refused", || Reply::Reset),
        ("nonsense", || Reply::Answer(200, String::new(), b"<html>".to_vec())),
    ];
    let place = Place::new();
    place.write("ci-tool.yaml", "route: {rules: rules.yaml, deadline: 400ms}\n");
    for (cause, reply) in replies {
        let service = place.serve(&[]);
        let ci = Server::start(move |_, _| reply());
        let body = call(&ci, "q");
        // The machine may be busy: three times of five have to be in time.
        let (mut in_time, mut late) = (0, Vec::new());
        let answer: Value = loop {
            let started = Instant::now();
            let answer = service.client().acquire("", &body).expect(200).json();
            match started.elapsed() {
                took if took <= DEADLINE + GRACE => in_time += 1,
                took => late.push(took),
            }
            assert!(late.len() < 3, "{cause}: took {late:?}");
            if in_time == 3 {
                break answer;
            }
        };
        assert_eq!(answer["agentData"]["queue"], "q", "{cause}: {answer}");
        let failures = service.metric(&format!("ci_tool_route_lookup_failures_total{{cause=\"{cause}\"}}"));
        assert_eq!(failures, Some((in_time + late.len()) as f64), "{cause}");
    }
}

/// A place whose service sends jobs to a Helix.
struct Sending {
    place: Place,
    _helix: Server,
    jobs: helix::Jobs,
    token: String,
    secret: String,
}

impl Sending {
    fn new(mood: helix::Mood) -> Sending {
        let (helix, jobs) = helix::start(mood);
        let place = Place::new();
        let config = "rules: rules.yaml, deadline: 30s, secret_env: POOL";
        place.write("ci-tool.yaml", &format!("route: {{{config}, helix: '{}'}}\n", helix.url("")));
        place.write("job.json", r#"{"Type": "t", "ListUri": "https://example.invalid/l", "Source": "s"}"#);
        Sending {
            place,
            _helix: helix,
            jobs,
            token: helix::token(),
            secret: format!("{:x}", 0xfeed_u64 * 0x1234_5678_9abc),
        }
    }

    fn serve(&self, args: &[&str]) -> Service {
        self.place.serve_with(&[&["--helix-job", "job.json"], args].concat(), |command| {
            command.env("POOL", &self.secret).env("HELIX_ACCESS_TOKEN", &self.token);
        })
    }

    fn ask(&self, service: &Service, body: &str) -> Answer {
        service.client().acquire(&signature(&self.secret, body), body)
    }

    /// The queues of the jobs that Helix has.
    fn queues(&self) -> Vec<Value> {
        self.jobs.lock().unwrap().values().map(|job| job["QueueId"].clone()).collect()
    }
}

#[test]
fn early_accept_answers_before_the_job_is_looked_up_and_sends_it_then() {
    let sending = Sending::new(helix::Mood::default());
    let service = sending.serve(&["--early-accept"]);
    let ci = Server::start(|_, number| if number == 0 { Reply::Silence } else { servicing() });
    let answer = sending.ask(&service, &call(&ci, "q")).expect(200).json();
    assert_eq!(answer["agentData"]["pending"], true, "{answer}");
    until("the look-up that stalls is the first", || ci.asked().len() == 1);
    sending.ask(&service, &call(&ci, "q")).expect(200);
    let decided = "ci_tool_route_decisions_total{rule=\"to-svc\",reason=\"redirected\"}";
    until("the second is decided, and the first keeps nobody waiting", || service.metric(decided) == Some(1.0));
    until("Helix has the job", || sending.queues() == ["q.svc"]);
    let late = "ci_tool_route_acquire_seconds_count{outcome=\"late\"}";
    until("its time is seen", || service.metric(late) == Some(1.0));
}

#[test]
fn what_fails_late_is_counted_by_whether_the_ci_system_knows() {
    let sending = Sending { token: "no-entry".into(), ..Sending::new(helix::Mood::default()) };
    let service = sending.serve(&["--early-accept"]);
    let failures = |told: &str| service.metric(&format!("ci_tool_route_late_failures_total{{told=\"{told}\"}}"));
    assert_eq!((failures("yes"), failures("no")), (Some(0.0), Some(0.0)));
    for (status, told) in [(204, "yes"), (400, "no")] {
        let ci = Server::start(move |request, _| match request.target.as_str() {
            "/fail" => Reply::status(status, ""),
            _ => servicing(),
        });
        sending.ask(&service, &call(&ci, "q")).expect(200);
        until("it is counted", || failures(told) == Some(1.0));
        let untold = || service.said("the CI system could not be told");
        match told {
            "yes" => assert!(!untold()),
            _ => until("people are told", untold),
        }
    }
    assert!(sending.queues().is_empty());
}

#[cfg(unix)]
#[test]
fn a_job_that_was_accepted_and_cannot_be_sent_any_more_is_told_of_at_the_end() {
    let sending = Sending::new(helix::Mood::default());
    let service = sending.serve(&["--early-accept"]);
    let ci = Server::start(|request, _| match request.target.as_str() {
        "/fail" => Reply::status(204, ""),
        _ => Reply::Silence,
    });
    sending.ask(&service, &call(&ci, "q")).expect(200);
    service.signal(rustix::process::Signal::TERM);
    until("it stops to be ready", || service.ask("GET", "/readyz", "").status == 503);
    assert_eq!(sending.ask(&service, &call(&ci, "q")).expect(503).json()["accepted"], false);
    until("the CI system is told", || ci.asked().iter().any(|request| request.target == "/fail"));
    until("people are told", || service.said("1 job had been accepted and could not be sent in time"));
    assert_eq!(service.wait(), Some(3));
    assert!(sending.queues().is_empty());
}

#[test]
fn calls_beyond_those_under_way_are_decided_at_once_or_refused_and_counted() {
    let ci = Server::start(|_, _| Reply::Silence);
    let body = call(&ci, "q");
    let place = Place::new();
    place.write("ci-tool.yaml", "route: {rules: rules.yaml, deadline: 30s}\n");
    let service = place.serve(&["--concurrency", "1"]);
    let mut first = service.client();
    first.send(request("POST", "/acquireagent", "Content-Type: application/json\r\n", &body));
    until("the first is looked up", || ci.asked().len() == 1);
    let answer = service.client().acquire("", &body).expect(200).json();
    assert_eq!(answer["agentData"]["reason"], "lookup_failed", "{answer}");
    assert_eq!(service.metric("ci_tool_route_lookup_failures_total{cause=\"busy\"}"), Some(1.0));

    let sending = Sending::new(helix::Mood::default());
    let service = sending.serve(&["--concurrency", "1"]);
    let headers = format!("Content-Type: application/json\r\n{}", signature(&sending.secret, &body));
    let mut first = service.client();
    first.send(request("POST", "/acquireagent", &headers, &body));
    until("the first is looked up", || ci.asked().len() == 2);
    let refused = sending.ask(&service, &body).expect(503);
    assert_eq!(refused.json()["accepted"], false);
    assert!(refused.head.contains("retry-after: 1"), "{}", refused.head);
    assert_eq!(service.metric("ci_tool_route_acquire_seconds_count{outcome=\"busy\"}"), Some(1.0));
}

#[test]
fn what_a_web_page_could_send_is_refused() {
    let service = Place::new().serve(&[]);
    let ci = Server::start(|_, _| servicing());
    let body = call(&ci, "q");
    let json = "Content-Type: application/json\r\n";
    let cases = [
        ("/acquireagent", "", 415),
        ("/acquireagent", "Content-Type: text/plain\r\n", 415),
        ("/acquireagent", "Content-Type: text/plain; application/json\r\n", 415),
        ("/acquireagent", "Content-Type: application/jsonx\r\n", 415),
        ("/acquireagent", json, 200),
        ("/acquireagent", "content-type: Application/JSON ; charset=utf-8\r\n", 200),
        ("/v1/decide", "", 200),
        ("/v1/decide", json, 200),
        ("/v1/decide", "Content-Type: text/plain\r\n", 415),
    ];
    for (path, headers, status) in cases {
        let body = if path == "/v1/decide" { JOB } else { &body };
        let answer = service.client().ask_with("POST", path, headers, body).expect(status).json();
        if path == "/acquireagent" {
            assert_eq!(answer["accepted"], status == 200, "{headers}: {answer}");
        }
    }
    assert_eq!(ci.asked().len(), 2);
}

#[test]
fn what_is_promised_must_be_possible_and_asked_for_by_somebody_known() {
    let place = Place::new();
    place.write("job.json", r#"{"Type": "t", "ListUri": "https://example.invalid/l", "Source": "s"}"#);
    let helix = ["--helix", "https://example.invalid"];
    let job = ["--helix-job", "job.json"];
    for (args, said, hint) in [
        (vec!["--early-accept"], "no job is named", "--helix-job FILE"),
        ([&["--early-accept"][..], &helix].concat(), "no job is named", "--helix-job FILE"),
        (job.to_vec(), "no Helix is named", "--helix URL"),
        ([job, helix].concat(), "route.secret_env is not set", "secret_env: NAME"),
    ] {
        let out = place.route(&[&["serve", "--listen", "127.0.0.1:0"], &*args].concat()).output().unwrap();
        let text = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(2), "{args:?}: {text}");
        assert!(text.contains(said) && text.contains("hint: ") && text.contains(hint), "{args:?}: {text}");
    }
}

#[test]
fn single_decisions_ask_helix_and_the_log_tells_what_it_said() {
    let (helix, _) = helix::start(helix::Mood { missing: &["q.svc"], ..helix::Mood::default() });
    let place = Place::new();
    place.write("ci-tool.yaml", &format!("route: {{rules: rules.yaml, helix: '{}', log: log.jsonl}}\n", helix.url("")));
    let service = place.serve_with(&[], |command| {
        command.env("HELIX_ACCESS_TOKEN", helix::token());
    });
    let decided = service.ask("POST", "/v1/decide?trace=true", JOB).expect(200).json();
    assert_eq!((&decided["queue"], &decided["reason"]), (&json!("q"), &json!("missing_twin")));
    let last = decided["trace"].as_array().and_then(|steps| steps.last()).unwrap();
    assert_eq!((&last["rule"], &last["matched"]), (&json!("(helix)"), &json!(false)), "{decided}");
    let log = place.path("log.jsonl");
    until("the decision is logged", || records(&log).len() == 1);
    let record = &records(&log)[0];
    assert_eq!((&record["result"]["reason"], &record["trace"]), (&json!("missing_twin"), &decided["trace"]));
    let counted = "ci_tool_route_decisions_total{rule=\"to-svc\",reason=\"missing_twin\"}";
    assert_eq!(service.metric(counted), Some(1.0));
    // The rules alone count for many.
    assert!(service.ask("POST", "/v1/batch", JOB).expect(200).text().contains("\"queue\":\"q.svc\""));
    assert_eq!(service.decide()["queue"], "q");
    assert_eq!(helix.asked().len(), 1, "what it said is remembered");
}
