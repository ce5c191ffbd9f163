//! Acquire calls of a pool provider against the service as a process.

use super::{
    http::{Reply, Server},
    service::{Place, records, until},
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

    let answer = client.ask_with("POST", "/acquireagent", &signature(&secret, &body), &body).expect(200).json();
    assert_eq!((&answer["accepted"], &answer["agentData"]["queue"]), (&json!(true), &json!("q.svc@image")), "{answer}");
    for header in [String::new(), "X-Azure-Signature: 00\r\n".into(), signature("another", &body)] {
        let refused = client.ask_with("POST", "/acquireagent", &header, &body).expect(401).json();
        assert_eq!(refused["accepted"], false);
    }
    assert_eq!(ci.asked().len(), 1, "who did not sign makes us ask nobody");
    let unknown = call(&ci, "nowhere");
    let unknown = client.ask_with("POST", "/acquireagent", &signature(&secret, &unknown), &unknown).expect(404).json();
    assert_eq!(unknown["accepted"], false);

    assert_eq!(service.metric("ci_tool_route_acquire_seconds_count{outcome=\"accepted\"}"), Some(1.0));
    assert_eq!(service.metric("ci_tool_route_acquire_seconds_count{outcome=\"bad_signature\"}"), Some(3.0));
    let log = place.path("log.jsonl");
    until("the decision is logged", || records(&log).len() == 1);
    assert!(!place.read("log.jsonl").contains("told to nobody"));
}

#[test]
fn a_job_server_that_misbehaves_costs_no_more_than_the_deadline() {
    let replies: [(&str, Make); 6] = [
        ("timeout", || Reply::Silence),
        ("timeout", || Reply::Half(br#"{"job": {"variables": []}}"#.to_vec())),
        ("timeout", || Reply::Drip(b"{}".to_vec())),
        ("status", || Reply::status(500, "no")),
        ("too_large", || Reply::Gigabyte),
        ("nonsense", || Reply::Answer(200, String::new(), b"<html>".to_vec())),
    ];
    let place = Place::new();
    place.write("ci-tool.yaml", "route: {rules: rules.yaml, deadline: 400ms}\n");
    for (cause, reply) in replies {
        let service = place.serve(&[]);
        let ci = Server::start(move |_, _| reply());
        let body = call(&ci, "q");
        let mut late = Vec::new();
        // The machine may be busy: being late counts when it happens every time.
        let answer: Value = loop {
            let started = Instant::now();
            let answer = service.ask("POST", "/acquireagent", &body).expect(200).json();
            match started.elapsed() {
                took if took <= DEADLINE + GRACE => break answer,
                took => late.push(took),
            }
            assert!(late.len() < 4, "{cause}: took {late:?}");
        };
        assert_eq!(answer["agentData"]["queue"], "q", "{cause}: {answer}");
        let failures = service.metric(&format!("ci_tool_route_lookup_failures_total{{cause=\"{cause}\"}}"));
        assert_eq!(failures, Some(late.len() as f64 + 1.0), "{cause}");
    }
}

#[test]
fn early_accept_answers_before_the_job_is_looked_up() {
    let place = Place::new();
    place.write("ci-tool.yaml", "route: {rules: rules.yaml, deadline: 30s}\n");
    let service = place.serve(&["--early-accept"]);
    let ci = Server::start(|_, number| if number == 0 { Reply::Silence } else { servicing() });
    let mut client = service.client();
    let answer = client.ask("POST", "/acquireagent", &call(&ci, "q")).expect(200).json();
    assert_eq!(answer["agentData"]["pending"], true, "{answer}");
    client.ask("POST", "/acquireagent", &call(&ci, "q")).expect(200);
    let decided = "ci_tool_route_decisions_total{rule=\"to-svc\",reason=\"redirected\"}";
    until("the second is decided, and the first keeps nobody waiting", || service.metric(decided) == Some(1.0));
}

#[test]
fn a_job_for_helix_without_helix_is_a_mistake_in_the_call() {
    let place = Place::new();
    place.write("job.json", r#"{"Type": "t", "ListUri": "https://example.invalid/l", "Source": "s"}"#);
    let out = place.route(&["serve", "--listen", "127.0.0.1:0", "--helix-job", "job.json"]).output().unwrap();
    let said = String::from_utf8_lossy(&out.stderr);
    assert_eq!(out.status.code(), Some(2), "{said}");
    assert!(said.contains("no Helix is named") && said.contains("hint: --helix URL"), "{said}");
}
