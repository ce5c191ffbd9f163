//! `ci-tool route submit` against a strict Helix: what is sent, where to, and once.

#[allow(dead_code, reason = "shared with other suites")]
#[path = "support/helix.rs"]
mod helix;
#[allow(dead_code, reason = "shared with other suites")]
#[path = "support/http.rs"]
mod http;
#[allow(dead_code, reason = "shared with other suites")]
#[path = "support/sandbox.rs"]
mod sandbox;

use helix::{Mood, start, token};
use http::{Reply, Server};
use sandbox::{Call, Sandbox};
use serde_json::{Value, json};

const TWIN: &str = "windows.10.amd64.open.svc";

fn job() -> Value {
    json!({
        "Type": "test/functional/cli/",
        "ListUri": "https://example.org/list.json",
        "QueueId": "(Win10)Windows.10.Amd64.Open@mcr.io/a:1",
        "Creator": "somebody",
        "SourcePrefix": "official",
        "TeamProject": "internal",
        "Repository": "dotnet-efcore",
        "Branch": "refs/heads/release/5.0",
        "Properties": { "System.JobName": "unit" },
    })
}

fn submit(sandbox: &Sandbox, url: &str, job: &Value) -> Call {
    let file = sandbox.write("job.json", job.to_string());
    let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/route/rules.yaml");
    sandbox
        .tool(["route", "submit", "--rules", rules, "--helix", url])
        .args([file])
        .env("CI_TOOL_OUTPUT", "json")
        .env("HELIX_ACCESS_TOKEN", token())
}

fn only(jobs: &helix::Jobs) -> Value {
    let jobs = jobs.lock().unwrap();
    assert_eq!(jobs.len(), 1, "{jobs:?}");
    jobs.values().next().unwrap().clone()
}

#[test]
fn a_job_is_sent_to_the_queue_decided_with_what_decided() {
    let (server, jobs) = start(Mood::default());
    let sandbox = Sandbox::new();
    let ran = submit(&sandbox, &server.url(""), &job()).run().ok();
    assert_eq!(ran.json()["job"], "job-0");
    assert!(!ran.text().contains("not-for-you") && !ran.text().contains(&token()));
    let (sent, hash) = (only(&jobs), ran.json()["decision"]["rules"].clone());
    let mut expected = job();
    expected["QueueId"] = format!("(Win10){TWIN}@mcr.io/a:1").into();
    expected["Properties"] = json!({
        "System.JobName": "unit",
        "Build.SourceBranch": "refs/heads/release/5.0",
        "Build.Repository.Name": "dotnet-efcore",
        "ci-tool.route.asked": "(Win10)Windows.10.Amd64.Open@mcr.io/a:1",
        "ci-tool.route.rule": "servicing",
        "ci-tool.route.reason": "redirected",
        "ci-tool.route.rules": hash,
    });
    assert_eq!(sent, expected);
    assert_eq!(ran.json()["sent"], expected);
}

#[test]
fn what_is_known_comes_from_flags_then_properties_then_the_source_then_the_runner() {
    let main = json!({ "System.PullRequest.TargetBranch": "main", "BUILD_REASON": "PullRequest" });
    let bare = json!({ "Type": "t", "ListUri": "u", "QueueId": "windows.10.amd64.open", "Source": "s" });
    let mut with_properties = bare.clone();
    with_properties["Properties"] = main;
    let runner = [("BUILD_REASON", "Manual"), ("BUILD_SOURCEBRANCH", "refs/heads/release/6.0"), ("TF_BUILD", "True")];
    let cases: [(&Value, &[&str], &str); 4] = [
        (&with_properties, &["--pr-target", "release/5.0"], TWIN),
        (&with_properties, &[], "windows.10.amd64.open"),
        (&bare, &[], TWIN),
        (&bare, &["--branch", "main"], "windows.10.amd64.open"),
    ];
    let sandbox = Sandbox::new();
    for (job, flags, queue) in cases {
        let (server, jobs) = start(Mood::default());
        submit(&sandbox, &server.url(""), job).envs(&runner).args(flags).run().ok();
        assert_eq!(only(&jobs)["QueueId"], queue, "{job} {flags:?}");
    }
}

#[test]
fn a_pull_request_gets_its_target_from_the_runner() {
    let mut job = job();
    job["SourcePrefix"] = "pr".into();
    job["Branch"] = "refs/pull/7/merge".into();
    let azure = [("TF_BUILD", "True"), ("SYSTEM_PULLREQUEST_TARGETBRANCH", "refs/heads/release/5.0")];
    let github = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", "pull_request"),
        ("GITHUB_REF", "refs/pull/7/merge"),
        ("GITHUB_BASE_REF", "release/5.0"),
    ];
    let sandbox = Sandbox::new();
    for (runner, flags, reason) in [
        (&azure[..], &[][..], "redirected"),
        (&github, &[], "redirected"),
        (&azure, &["--pr-target", "main"], "standard"),
        (&[], &[], "standard"),
    ] {
        let (server, jobs) = start(Mood::default());
        let ran = submit(&sandbox, &server.url(""), &job).envs(runner).args(flags).run().ok();
        assert_eq!(ran.json()["decision"]["reason"], reason, "{runner:?} {flags:?}");
        let target = &only(&jobs)["Properties"]["System.PullRequest.TargetBranch"];
        assert_eq!(
            target.as_str().map(|target| target.ends_with("release/5.0")),
            match (reason, flags) {
                ("redirected", _) => Some(true),
                (_, []) => None,
                _ => Some(false),
            }
        );
    }
}

#[test]
fn a_property_has_one_form_and_the_value_that_decided() {
    let mut job = job();
    job["Properties"] = json!({ "System.PullRequest.TargetBranch": "main", "build.reason": "PullRequest" });
    let (server, jobs) = start(Mood::default());
    submit(&Sandbox::new(), &server.url(""), &job).args(["--pr-target", "release/5.0"]).run().ok();
    let properties = only(&jobs)["Properties"].clone();
    assert_eq!(properties["System.PullRequest.TargetBranch"], "release/5.0");
    assert_eq!((&properties["build.reason"], &properties["Build.Reason"]), (&"PullRequest".into(), &Value::Null));
    assert_eq!(properties.as_object().unwrap().keys().filter(|key| key.contains("ranch")).count(), 2, "{properties}");
}

#[test]
fn looked_up_variables_become_properties_and_secrets_do_not() {
    let ci = Server::start(|_, _| {
        Reply::json(&json!({ "job": { "variables": [
            { "name": "system.pullRequest.targetBranch", "value": "release/5.0" },
            { "name": "build.reason", "value": "PullRequest" },
            { "name": "build.repository.name", "value": "hush", "secret": true },
            { "name": "other", "value": "hush" },
            { "name": "SYSTEM_JOBID", "value": "1-2-3" },
            { "name": "system.jobName", "value": "of the pipeline" },
            { "name": "system.stageName", "value": "hush", "secret": true },
        ]}}))
    });
    let mut job = json!({ "Type": "t", "ListUri": "u", "QueueId": "windows.10.amd64.open", "Source": "s" });
    job["Properties"] = json!({ "System.JobName": "the sender's" });
    let (server, jobs) = start(Mood::default());
    submit(&Sandbox::new(), &server.url(""), &job)
        .args(["--job-url", &ci.url("/job"), "--token-env", "JOB_TOKEN"])
        .env("JOB_TOKEN", "opens")
        .run()
        .ok();
    let sent = only(&jobs);
    assert_eq!((&sent["QueueId"], &sent["Properties"]["Build.Reason"]), (&TWIN.into(), &"PullRequest".into()));
    let properties = &sent["Properties"];
    assert_eq!(properties["System.PullRequest.TargetBranch"], "release/5.0");
    assert_eq!((&properties["System.JobId"], &properties["System.JobName"]), (&"1-2-3".into(), &"the sender's".into()));
    assert!(!sent.to_string().contains("hush") && !sent.to_string().contains("opens"), "{sent}");
}

#[test]
fn the_same_submit_twice_is_one_job_and_another_key_is_another() {
    let (server, jobs) = start(Mood::default());
    let sandbox = Sandbox::new();
    let mut reordered = job().as_object().unwrap().iter().rev().map(|(k, v)| format!("{k:?}: {v}")).collect::<Vec<_>>();
    reordered.sort_by_key(|line| std::cmp::Reverse(line.clone()));
    for text in [job().to_string(), format!("{{\n{}\n}}", reordered.join(",\n"))] {
        let call = submit(&sandbox, &server.url(""), &job());
        sandbox.write("job.json", text);
        assert_eq!(call.run().ok().json()["job"], "job-0");
    }
    assert_eq!(jobs.lock().unwrap().len(), 1);
    submit(&sandbox, &server.url(""), &job()).args(["--branch", "main"]).run().ok();
    submit(&sandbox, &server.url(""), &job()).args(["--idempotency-key", "mine-1"]).run().ok();
    submit(&sandbox, &server.url(""), &job()).env("GITHUB_ACTIONS", "true").env("GITHUB_RUN_ID", "7").run().ok();
    let jobs = jobs.lock().unwrap();
    assert_eq!(jobs.len(), 4);
    assert!(jobs.contains_key("mine-1"));
}

#[test]
fn a_lost_answer_is_asked_for_again_under_the_same_key() {
    let (server, jobs) = start(Mood { loses: 2, ..Mood::default() });
    // The queue's own look-up would be the first request: a standard queue needs none.
    let ran = submit(&Sandbox::new(), &server.url(""), &job()).args(["--branch", "main"]).run().ok();
    assert_eq!(ran.json()["job"], "job-0");
    only(&jobs);
    let keys: Vec<_> = server.asked().iter().map(|r| r.header("idempotency-key").to_owned()).collect();
    assert!(keys.len() == 3 && keys.iter().all(|key| *key == ran.json()["idempotency_key"]), "{keys:?}");
}

#[test]
fn a_twin_that_helix_does_not_have_is_the_standard_queue_and_an_error_event() {
    let (server, jobs) = start(Mood { missing: &[TWIN], ..Mood::default() });
    let decision = submit(&Sandbox::new(), &server.url(""), &job()).run().ok().json()["decision"].clone();
    assert_eq!(only(&jobs)["QueueId"], job()["QueueId"]);
    assert_eq!((&decision["reason"], &decision["event"]["code"]), (&"missing_twin".into(), &"missing_twin".into()));
    assert_eq!(decision["subscription"], "HelixProd");
}

/// The records of a log.
fn logged(sandbox: &Sandbox) -> Vec<Value> {
    let text = std::fs::read_to_string(sandbox.work().join("log.jsonl")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_log_has_what_was_answered_and_the_steps_that_led_there() {
    let (server, _) = start(Mood { missing: &[TWIN], ..Mood::default() });
    let (sandbox, url) = (Sandbox::new(), server.url(""));
    sandbox.write("ci-tool.yaml", "route: {log: log.jsonl}\n");
    let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/route/rules.yaml");
    let told = ["--queue", "windows.10.amd64.open", "--branch", "release/5.0", "--helix", &url, "--rules", rules];
    let route = |args: &[&str]| {
        let call = sandbox.tool(["route"]).args(args).args(told).env("HELIX_ACCESS_TOKEN", token());
        call.env("CI_TOOL_OUTPUT", "json").run().ok().json()
    };
    let one = route(&[]);
    let submitted = submit(&sandbox, &url, &job()).run().ok().json();
    submit(&sandbox, &url, &job()).args(["--dry-run"]).run().ok();
    let mut lost = job();
    lost["QueueId"] = "nowhere".into();
    submit(&sandbox, &url, &lost).run().code(1);
    sandbox.tool(["route", "--queue", "nowhere", "--rules", rules]).run().code(1);

    let log = logged(&sandbox);
    assert_eq!(log.len(), 4, "{log:?}");
    let steps = |record: &Value| {
        let steps = record["trace"].as_array().unwrap().clone();
        assert_eq!(steps.last().unwrap()["rule"], "(helix)", "{record}");
        steps
    };
    assert_eq!(one["reason"], "missing_twin");
    for field in ["queue", "reason", "event", "rules"] {
        assert_eq!(log[0]["result"][field], one[field], "{field}");
        assert_eq!(log[1]["result"][field], submitted["decision"][field], "{field}");
    }
    assert_eq!(Value::from(steps(&log[0])), one["trace"]);
    steps(&log[1]);
    for record in &log[2..] {
        assert_eq!(record["result"]["error"]["kind"], "not_found", "{record}");
    }

    let explained = route(&["explain"]);
    assert_eq!((&explained["decision"]["reason"], logged(&sandbox).len()), (&"missing_twin".into(), 4));
    assert!(explained["trace"].as_array().unwrap().iter().any(|s| s["rule"] == "(helix)" && s["matched"] == false));
}

#[test]
fn where_helix_says_nothing_of_the_twin_the_rules_count() {
    let (server, jobs) = start(Mood { mute: true, ..Mood::default() });
    submit(&Sandbox::new(), &server.url(""), &job()).run().ok();
    assert_eq!(only(&jobs)["QueueId"], format!("(Win10){TWIN}@mcr.io/a:1"));
}

#[test]
fn a_dry_run_shows_what_it_would_send_and_sends_nothing() {
    let (server, jobs) = start(Mood::default());
    let sandbox = Sandbox::new();
    let dry = submit(&sandbox, &server.url(""), &job()).args(["--dry-run"]).run().ok().json();
    assert_eq!((&dry["dry_run"], &dry["job"]), (&true.into(), &Value::Null));
    assert!(jobs.lock().unwrap().is_empty());
    submit(&sandbox, &server.url(""), &job()).run().ok();
    assert_eq!(dry["sent"], only(&jobs));
}

#[test]
fn the_example_can_be_tried_without_a_helix() {
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/route");
    let sandbox = Sandbox::new();
    let call = |more: &[&str]| sandbox.tool(["route", "submit", "helix-job.json"]).dir(examples).args(more).run();
    call(&["--dry-run"]).ok().prints(&[TWIN]).says(&["would be sent"]);
    call(&[]).fails(2, &["no Helix is named"]);
}

#[test]
fn what_is_not_known_travels_on() {
    let mut job = job();
    job["MaxRetryCount"] = 3.into();
    let (server, jobs) = start(Mood { more: &["MaxRetryCount"], ..Mood::default() });
    submit(&Sandbox::new(), &server.url(""), &job).run().ok();
    assert_eq!(only(&jobs)["MaxRetryCount"], 3);
}

#[test]
fn what_helix_refuses_is_told_with_its_words() {
    let mut job = job();
    job["Surprise"] = 3.into();
    let (server, jobs) = start(Mood::default());
    let sandbox = Sandbox::new();
    submit(&sandbox, &server.url(""), &job).run().code(2).says(&["sending the job to Helix", "unknown field Surprise"]);
    submit(&sandbox, &server.url(""), &job).env("HELIX_ACCESS_TOKEN", "wrong").run().code(4).says(&["401"]);
    assert!(jobs.lock().unwrap().is_empty());
}

#[test]
fn what_is_no_job_is_refused_with_its_field() {
    let with = |name: &str, value: Value| {
        let mut job = job();
        job[name] = value;
        job
    };
    let without = |name: &str| {
        let mut job = job();
        job.as_object_mut().unwrap().remove(name);
        job
    };
    let mut other_case = without("QueueId");
    other_case["queueId"] = "q".into();
    let (server, jobs) = start(Mood::default());
    let sandbox = Sandbox::new();
    for (job, said) in [
        (json!([]), "no JSON object"),
        (without("Type"), "Type of the Helix job is missing"),
        (with("ListUri", 7.into()), "ListUri of the Helix job is no text"),
        (without("QueueId"), "QueueId"),
        (other_case, "write QueueId instead of queueId"),
        (without("Branch"), "Branch"),
        (with("Properties", json!({ "a": 1 })), "the property \\\"a\\\""),
        (with("Properties", json!([])), "Properties"),
        (with("QueueId", "no such queue".into()), "no queue's id"),
    ] {
        submit(&sandbox, &server.url(""), &job).run().code(2).says(&[said]);
    }
    submit(&sandbox, &server.url(""), &with("QueueId", "nowhere".into())).run().code(1).says(&["nowhere"]);
    submit(&sandbox, &server.url(""), &job()).args(["--idempotency-key", "a b"]).run().code(2).says(&["key"]);
    submit(&sandbox, "http://192.0.2.1/", &job()).run().code(2).says(&["unencrypted"]);
    assert!(jobs.lock().unwrap().is_empty() && server.asked().is_empty());
}
