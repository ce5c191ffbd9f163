//! What is answered, and to whom.

use super::{
    client::request,
    service::{JOB, Place, rules},
};
use serde_json::{Value, json};

#[test]
fn a_decision_is_what_the_command_decides() {
    let place = Place::new();
    let service = place.serve(&[]);
    let said = place.route(&["--queue", "q", "--branch", "release/5.0", "--output", "json"]).output().unwrap();
    let mut expected: Value = serde_json::from_slice(&said.stdout).unwrap();
    expected.as_object_mut().unwrap().remove("trace");
    assert_eq!(service.decide(), expected);
    assert_eq!(expected["queue"], "q.svc");
}

#[test]
fn the_steps_are_told_to_who_asks_for_them() {
    let place = Place::new();
    let service = place.serve(&[]);
    let said = place.route(&["--queue", "q", "--branch", "release/5.0", "--output", "json"]).output().unwrap();
    let expected: Value = serde_json::from_slice(&said.stdout).unwrap();
    assert_eq!(service.ask("POST", "/v1/decide?trace=true", JOB).expect(200).json(), expected);
    for (query, status) in [("?", 200), ("?trace=false", 200), ("?trace=yes", 400), ("?trase=true", 400)] {
        let answer = service.ask("POST", &format!("/v1/decide{query}"), JOB).expect(status).json();
        assert_eq!(answer.get("trace"), None, "{query}");
    }
}

#[test]
fn variables_decide_in_either_casing() {
    let service = Place::new().serve(&[]);
    for name in ["system.pullRequest.targetBranch", "SYSTEM_PULLREQUEST_TARGETBRANCH"] {
        let job = json!({ "queue": "q", "reason": "PullRequest", "variables": { name: "release/8.0" } });
        let answer = service.ask("POST", "/v1/decide", &job.to_string()).expect(200).json();
        assert_eq!(answer["queue"], "q.svc", "{name}");
    }
}

#[test]
fn each_line_of_a_batch_is_answered_in_its_place() {
    let service = Place::new().serve(&[]);
    let jobs = format!("{JOB}\n\n{{\"queue\": \"nowhere\"}}\nno job\r\n{{\"queue\": \"q\"}}");
    let text = service.ask("POST", "/v1/batch", &jobs).expect(200).text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 5, "{text}");
    assert_eq!(lines[1], "");
    let field = |line: usize, name: &str| serde_json::from_str::<Value>(lines[line]).unwrap()[name].clone();
    assert_eq!((field(0, "queue"), field(4, "queue")), (json!("q.svc"), json!("q")));
    assert_eq!((&field(2, "error")["kind"], &field(3, "error")["kind"]), (&json!("not_found"), &json!("usage")));
    assert_eq!(service.metric("ci_tool_route_request_seconds_count{endpoint=\"batch\"}"), Some(1.0));
}

#[test]
fn a_line_that_is_no_job_in_size_is_answered_in_its_place() {
    let service = Place::new().serve(&[]);
    let long = |bytes: usize| format!("{{\"queue\": \"q\"{}}}", " ".repeat(bytes - 14));
    let jobs = [JOB.into(), long((1 << 20) + 1), long(1 << 20), "x".repeat(3 << 20), JOB.into()].join("\n");
    let text = service.ask("POST", "/v1/batch", &jobs).expect(200).text();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let queues: Vec<Option<&str>> = lines.iter().map(|line| line["queue"].as_str()).collect();
    assert_eq!(queues, [Some("q.svc"), None, Some("q"), None, Some("q.svc")]);
    for line in [1, 3] {
        let error = &lines[line]["error"];
        assert_eq!(error["message"], "the line is longer than 1048576 bytes", "{error}");
    }
}

#[test]
fn a_large_batch_is_answered_whole() {
    let service = Place::new().serve(&[]);
    let jobs: String = (0..20_000).map(|n| format!("{{\"queue\": \"q\", \"repository\": \"o/r{n}\"}}\n")).collect();
    let text = service.ask("POST", "/v1/batch", &jobs).expect(200).text();
    assert_eq!(text.lines().count(), 20_000);
    assert!(text.lines().all(|line| line.starts_with("{\"queue\":\"q\"")), "{}", text.len());
}

#[test]
fn what_makes_no_sense_is_refused_with_its_reason_and_the_connection_goes_on() {
    let service = Place::new().serve(&[]);
    let cases = [
        ("POST", "/v1/decide", "", 400, "usage"),
        ("POST", "/v1/decide", "{", 400, "usage"),
        ("POST", "/v1/decide", "[]", 400, "usage"),
        ("POST", "/v1/decide", r#"{"queue": 7}"#, 400, "usage"),
        ("POST", "/v1/decide", r#"{"queue": "q", "brunch": "main"}"#, 400, "usage"),
        ("POST", "/v1/decide", r#"{"queue": "q/../x"}"#, 400, "usage"),
        ("POST", "/v1/decide", r#"{"queue": "(a"}"#, 400, "usage"),
        ("POST", "/v1/decide", "{}", 400, "usage"),
        ("POST", "/v1/decide", "\u{fffd}", 400, "usage"),
        ("POST", "/v1/decide", r#"{"queue": "quu"}"#, 404, "not_found"),
        ("GET", "/v1/decide", "", 405, "usage"),
        ("PUT", "/v1/batch", "", 405, "usage"),
        ("POST", "/metrics", "", 405, "usage"),
        ("DELETE", "/healthz", "", 405, "usage"),
        ("GET", "/", "", 404, "not_found"),
        ("POST", "/v1/decide/", JOB, 404, "not_found"),
        ("POST", "/v1/../v1/decide", JOB, 404, "not_found"),
    ];
    let mut client = service.client();
    for (method, path, body, status, kind) in cases {
        let answer = client.ask(method, path, body);
        assert_eq!(answer.status, status, "{method} {path} {body}: {}", answer.text());
        let error = &answer.json()["error"];
        assert_eq!(error["kind"], kind, "{method} {path} {body}");
        assert!(error["message"].as_str().is_some_and(|m| !m.is_empty()) && error["hints"][0].is_string(), "{error}");
    }
    assert!(client.ask("GET", "/v1/batch", "").head.contains("allow: post"));
    client.ask("POST", "/v1/decide", JOB).expect(200);
}

#[test]
fn what_is_no_http_ends_its_connection_only() {
    let service = Place::new().serve(&[]);
    for nonsense in [
        "nonsense\r\n\r\n".to_owned(),
        "POST /v1/decide HTTP/9.9\r\n\r\n".into(),
        "POST /v1/decide HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n".into(),
        "POST /v1/decide HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".into(),
        format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(200 * 1024)),
    ] {
        let mut client = service.client();
        client.send(&nonsense);
        assert!(client.is_closed(), "{:.60}", nonsense);
    }
    assert_eq!(service.decide()["queue"], "q.svc");
}

#[test]
fn decisions_and_missing_twins_are_counted() {
    let service = Place::new().serve(&[]);
    service.decide();
    service.decide();
    service.ask("POST", "/v1/batch", "{\"queue\": \"lonely\", \"branch\": \"release/5.0\"}").expect(200);
    let decided = |rule: &str, reason: &str| {
        service.metric(&format!("ci_tool_route_decisions_total{{rule=\"{rule}\",reason=\"{reason}\"}}"))
    };
    assert_eq!((decided("to-svc", "redirected"), decided("to-svc", "missing_twin")), (Some(2.0), Some(1.0)));
    assert_eq!(decided("(standard)", "standard"), Some(0.0));
    let missing = service.metric("ci_tool_route_missing_twins_total{queue=\"lonely\",rule=\"to-svc\"}");
    assert_eq!(missing, Some(1.0));
    assert_eq!(service.metric("ci_tool_route_request_seconds_count{endpoint=\"decide\"}"), Some(2.0));
    let hash = service.decide()["rules"].as_str().unwrap().to_owned();
    assert_eq!(service.metric(&format!("ci_tool_route_rules_info{{hash=\"{hash}\"}}")), Some(1.0));
}

#[test]
fn only_who_shows_the_token_is_answered() {
    let place = Place::new();
    place.write("ci-tool.yaml", "route: {rules: rules.yaml, token_env: CALLERS}\n");
    let token = format!("to-{}", "k".repeat(20));
    let service = place.serve_with(&[], |command| {
        command.env("CALLERS", &token);
    });
    let mut client = service.client();
    for (header, status) in [
        (String::new(), 401),
        ("Authorization: Bearer \r\n".into(), 401),
        (format!("Authorization: Bearer {token}x\r\n"), 401),
        (format!("Authorization: Basic {token}\r\n"), 401),
        (format!("Authorization: {token}\r\n"), 401),
        (format!("Authorization: Bearer {token}\r\n"), 200),
        (format!("authorization: bearer {token}\r\n"), 200),
    ] {
        for path in ["/v1/decide", "/v1/batch"] {
            let answer = client.ask_with("POST", path, &header, JOB);
            assert_eq!(answer.status, status, "{path} {header}");
        }
    }
    for path in ["/metrics", "/healthz", "/readyz"] {
        client.ask("GET", path, "").expect(200);
    }
    assert!(!service.said(&token));
}

#[test]
fn it_does_not_start_where_that_would_be_a_mistake() {
    let place = Place::new();
    let open = "--listen=0.0.0.0:0";
    let configured = "route: {rules: rules.yaml, token_env: A_TOKEN, secret_env: A_SECRET}\n";
    let bare = "route: {rules: rules.yaml}\n";
    for (config, variables, listen, expected) in [
        (bare, &[][..], open, "route.token_env and route.secret_env are not set"),
        ("route: {rules: rules.yaml, token_env: A_TOKEN}\n", &["A_TOKEN"][..], open, "route.secret_env is not set"),
        ("route: {rules: rules.yaml, secret_env: A_SECRET}\n", &["A_SECRET"][..], open, "route.token_env is not set"),
        (configured, &["A_TOKEN"][..], open, "A_SECRET, which route.secret_env names, is not set"),
        (configured, &["A_SECRET"][..], "--listen=127.0.0.1:0", "A_TOKEN, which route.token_env names, is not set"),
        ("route: {rules: none.yaml}\n", &[][..], "--listen=127.0.0.1:0", "none.yaml"),
        (bare, &[][..], "--listen=localhost", "for example 127.0.0.1:8080"),
        (bare, &[][..], "--timeout=0s", "nobody can be that fast"),
    ] {
        place.write("ci-tool.yaml", config);
        let mut command = place.route(&["serve", listen]);
        let ran = command.envs(variables.iter().map(|name| (name, "x"))).output().unwrap();
        let said = String::from_utf8(ran.stderr).unwrap();
        assert!(said.contains(expected), "{config} {listen}: {said}");
        assert!(ran.stdout.is_empty() && ran.status.code() != Some(0), "{config} {listen}");
    }
}

#[test]
fn a_port_that_is_taken_is_named() {
    let place = Place::new();
    let service = place.serve(&[]);
    let listen = service.address.to_string();
    let ran = place.route(&["serve", "--listen", &listen]).output().unwrap();
    let said = String::from_utf8(ran.stderr).unwrap();
    assert!(ran.status.code() == Some(2) && said.contains(&listen), "{said}");
}

#[test]
fn requests_sent_ahead_are_answered_in_order() {
    let place = Place::new();
    place.write("rules.yaml", &rules("hot"));
    let service = place.serve(&[]);
    let mut client = service.client();
    let body = |n: usize| format!("{{\"queue\": \"(n{n})q\"}}");
    let all: String = (0..50).map(|n| request("POST", "/v1/decide", "", &body(n))).collect();
    client.send(all);
    for n in 0..50 {
        assert_eq!(client.answer().expect(200).json()["queue"], format!("(n{n})q"));
    }
}
