//! Looking a job up where the other side misbehaves: the decision comes in time, unredirected, and says why.

#[allow(dead_code, reason = "shared with other suites")]
#[path = "support/http.rs"]
mod http;
#[allow(dead_code, reason = "shared with other suites")]
#[path = "support/sandbox.rs"]
mod sandbox;

use http::{Reply, Server};
use sandbox::{Call, Ran, Sandbox};
use serde_json::json;
use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

const QUEUE: &str = "windows.10.amd64.open";
const DEADLINE: Duration = Duration::from_millis(400);
/// What a late answer may take beyond the deadline.
const GRACE: Duration = Duration::from_millis(100);

fn token() -> String {
    format!("t0k{}", "e".repeat(30))
}

fn job(branch: &str) -> serde_json::Value {
    json!({ "poolId": 7, "job": { "id": "j", "name": "n", "variables": [
        { "name": "SYSTEM_PULLREQUEST_TARGETBRANCH", "value": branch, "secret": false },
        { "name": "build.reason", "value": "PullRequest" },
        { "name": "build.repository.name", "value": "dotnet/performance", "secret": true },
        { "name": "build.sourceBranch", "value": "refs/pull/7/merge" },
    ]}})
}

fn route(sandbox: &Sandbox) -> Call {
    route_verb(sandbox, &[])
}

fn route_verb(sandbox: &Sandbox, verb: &[&str]) -> Call {
    let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/route/rules.yaml");
    sandbox
        .tool(["route"])
        .args(verb)
        .args(["--queue", QUEUE, "--rules", rules])
        .env("CI_TOOL_OUTPUT", "json")
        .env("JOB_TOKEN", token())
        .env("http_proxy", "http://127.0.0.1:1")
}

fn look_up(sandbox: &Sandbox, url: &str) -> Call {
    let deadline = format!("{}ms", DEADLINE.as_millis());
    route(sandbox).args(["--job-url", url, "--token-env", "JOB_TOKEN", "--deadline", &deadline])
}

fn timed(call: Call) -> (Ran, Duration) {
    let started = Instant::now();
    (call.run(), started.elapsed())
}

/// Runs a look-up until it ended in time three times. The machine may be busy: it may be late twice.
fn in_time(sandbox: &Sandbox, what: &str, url: &str) -> Ran {
    let mut late = Vec::new();
    let mut good = 0;
    while late.len() < 3 {
        let (_, start) = timed(route(sandbox));
        let (ran, took) = timed(look_up(sandbox, url));
        match took <= start + DEADLINE + GRACE {
            true if good == 2 => return ran,
            true => good += 1,
            false => late.push((took, start)),
        }
    }
    panic!("{what}: took, and the time to start: {late:?}");
}

#[test]
fn what_is_looked_up_decides() {
    let server = Server::start(|request, _| {
        assert_eq!((request.method.as_str(), request.target.as_str()), ("GET", "/job?id=1"));
        assert_eq!(request.header("authorization"), format!("Bearer {}", token()));
        Reply::json(&job("release/5.0"))
    });
    let decision = look_up(&Sandbox::new(), &server.url("/job?id=1")).run().ok().json();
    // Were the secret variable read, the repository would be exempt.
    assert_eq!(decision["queue"], "windows.10.amd64.open.svc", "{decision}");
    assert_eq!(decision["lookup"], json!({ "ok": true, "cause": null }));
}

#[test]
fn a_server_that_is_busy_is_asked_again() {
    let server = Server::start(|_, number| match number {
        0 => Reply::status(503, "busy"),
        _ => Reply::json(&job("release/5.0")),
    });
    let sandbox = Sandbox::new();
    let call = route(&sandbox).args(["--job-url", &server.url("/"), "--token-env", "JOB_TOKEN"]);
    assert_eq!(call.run().ok().json()["queue"], "windows.10.amd64.open.svc");
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn a_job_that_cannot_be_looked_up_goes_on_in_time_and_unredirected() {
    let good = job("release/5.0").to_string().into_bytes();
    let wrong_shape = json!({ "job": { "variables": { "build.reason": "Manual" } } });
    let cases = [
        ("stalls before the head", Reply::Silence, "timeout"),
        ("stalls in the body", Reply::Half(good.clone()), "timeout"),
        ("a byte a second", Reply::Drip(good.clone()), "timeout"),
        ("resets", Reply::Reset, "refused"),
        ("ends in the body", Reply::Truncated(good), "refused"),
        ("500", Reply::status(500, "oh"), "status"),
        ("401", Reply::status(401, &format!("not with {}", token())), "status"),
        ("404", Reply::status(404, ""), "status"),
        ("asks to wait", Reply::Answer(429, "retry-after: 3600\r\n".into(), Vec::new()), "status"),
        ("redirects to itself for ever", Reply::Answer(302, "location: /job\r\n".into(), Vec::new()), "status"),
        ("1 GB", Reply::Gigabyte, "too_large"),
        ("1 GB in chunks", Reply::GigabyteInChunks, "too_large"),
        ("no JSON", Reply::status(200, "<html>sign in</html>"), "nonsense"),
        ("nothing", Reply::status(204, ""), "nonsense"),
        ("a wrong shape", Reply::json(&wrong_shape), "nonsense"),
    ];
    let sandbox = Sandbox::new();
    for (what, reply, cause) in cases {
        let server = Server::start(move |_, _| reply.clone());
        let ran = in_time(&sandbox, what, &server.url("/job?secret=hush"));
        assert!(!server.asked().is_empty(), "{what}: nobody asked");
        check(what, ran, cause);
    }
}

#[test]
fn nobody_there_is_said_too() {
    // Bound, and never listened to again: the port is free.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let ran = in_time(&Sandbox::new(), "nobody", &format!("http://{address}/job?secret=hush"));
    // Windows tries a port that is closed for two seconds.
    check("nobody", ran, if cfg!(windows) { "timeout" } else { "refused" });
}

fn check(what: &str, ran: Ran, cause: &str) {
    let ran = ran.ok();
    for text in [ran.text(), ran.stderr.clone()] {
        assert!(!text.contains(&token()) && !text.contains("hush"), "{what} tells secrets: {text}");
    }
    let decision = ran.json();
    assert_eq!(decision["queue"], QUEUE, "{what}");
    assert_eq!(decision["redirected"], false, "{what}");
    assert_eq!(decision["lookup"], json!({ "ok": false, "cause": cause }), "{what}: {}", decision["event"]);
    assert_eq!((&decision["event"]["code"], &decision["event"]["level"]), (&"lookup_failed".into(), &"error".into()));
}

#[test]
fn a_failed_look_up_is_warned_of_on_the_terminal() {
    let server = Server::start(|_, _| Reply::status(500, ""));
    let sandbox = Sandbox::new();
    let ran = look_up(&sandbox, &server.url("/job")).env("CI_TOOL_OUTPUT", "table").run();
    let ran = ran.ok();
    assert_eq!(ran.text().trim(), QUEUE);
    assert!(
        ran.stderr.contains("warning: nothing is known of the job") && ran.stderr.contains("500"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_failed_look_up_is_explained_with_every_redirection() {
    let server = Server::start(|_, _| Reply::status(500, ""));
    let (sandbox, url) = (Sandbox::new(), server.url("/job"));
    let told =
        route_verb(&sandbox, &["explain"]).args(["--job-url", &url, "--token-env", "JOB_TOKEN"]).run().ok().json();
    assert_eq!(told["decision"]["reason"], "lookup_failed");
    let steps = told["trace"].as_array().unwrap();
    for name in ["servicing", "runtime", "xaml"] {
        let why = steps.iter().find(|step| step["rule"] == name).map(|step| step["why"].as_str().unwrap());
        assert!(why.is_some_and(|why| why.starts_with("does not match: ")), "{name}: {steps:?}");
    }
}

#[test]
fn the_token_follows_no_redirect_to_another_server() {
    let other = Server::start(|_, _| Reply::json(&job("release/5.0")));
    let location = format!("location: {}\r\n", other.url("/job"));
    let server = Server::start(move |_, _| Reply::Answer(307, location.clone(), Vec::new()));
    check("elsewhere", look_up(&Sandbox::new(), &server.url("/job")).run(), "status");
    assert_eq!(other.asked().len(), 0);
}

#[test]
fn a_redirect_on_the_same_server_is_followed() {
    let server = Server::start(|request, _| match request.target.as_str() {
        "/job" => Reply::Answer(302, "location: /moved\r\n".into(), Vec::new()),
        _ => Reply::json(&job("release/5.0")),
    });
    let decision = look_up(&Sandbox::new(), &server.url("/job")).run().ok().json();
    assert_eq!(decision["queue"], "windows.10.amd64.open.svc");
}

#[test]
fn flags_that_make_no_sense_are_refused_before_anybody_is_asked() {
    let server = Server::start(|_, _| Reply::json(&job("main")));
    let url = server.url("/job");
    let cases: [(&[&str], &str); 7] = [
        (&["--job-url", &url], "--token-env"),
        (&["--job-url", &url, "--token-env", "NOT_SET"], "NOT_SET"),
        (&["--job-url", "http://192.0.2.1/job", "--token-env", "JOB_TOKEN"], "unencrypted"),
        (&["--job-url", "ftp://127.0.0.1/job", "--token-env", "JOB_TOKEN"], "https://"),
        (&["--job-url", &url, "--token-env", "JOB_TOKEN", "--deadline", "31s"], "30s"),
        (&["--job-url", &url, "--token-env", "JOB_TOKEN", "--deadline", "0ms"], "deadline"),
        (&["--job-url", &url, "--token-env", "JOB_TOKEN", "--deadline", "soon"], "duration"),
    ];
    let sandbox = Sandbox::new();
    for (args, said) in cases {
        route(&sandbox).args(args).run().code(2).says(&[said]);
    }
    assert_eq!(server.asked().len(), 0);
}
