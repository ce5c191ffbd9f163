//! A Helix that takes nothing but what the service's own interface describes.

use crate::http::{Reply, Request, Server};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

/// What it lets itself be called with.
pub const TOKEN: [&str; 2] = ["hel1x", "access"];
const FIELDS: [&str; 10] = [
    "Type",
    "ListUri",
    "QueueId",
    "Creator",
    "Source",
    "SourcePrefix",
    "TeamProject",
    "Repository",
    "Branch",
    "Properties",
];

/// The jobs that it took, by their idempotency keys.
pub type Jobs = Arc<Mutex<BTreeMap<String, Value>>>;

/// How it is in a test.
#[derive(Default)]
pub struct Mood {
    /// Further top-level fields that it takes.
    pub more: &'static [&'static str],
    /// Queues that it does not have.
    pub missing: &'static [&'static str],
    /// Takes a job and resets the connection that many times.
    pub loses: usize,
    /// Never answers what queues there are.
    pub mute: bool,
}

/// The token, joined at run time.
pub fn token() -> String {
    TOKEN.join("-")
}

/// Starts one.
pub fn start(mood: Mood) -> (Server, Jobs) {
    let jobs = Jobs::default();
    let taken = jobs.clone();
    let server = Server::start(move |request, number| {
        handle(request, number, &mood, &taken).unwrap_or_else(|why| Reply::status(400, &why))
    });
    (server, jobs)
}

fn handle(request: &Request, number: usize, mood: &Mood, jobs: &Jobs) -> Result<Reply, String> {
    if request.header("authorization") != format!("token {}", token()) {
        return Ok(Reply::status(401, "who are you?"));
    }
    let path = request.target.strip_suffix("?api-version=2019-06-17").ok_or("no api-version")?;
    if let Some(queue) = path.strip_prefix("/api/info/queues/") {
        if request.method != "GET" {
            return Ok(Reply::status(405, ""));
        }
        return Ok(match mood.missing.contains(&queue) {
            _ if mood.mute => Reply::Silence,
            true => Reply::status(404, ""),
            false => Reply::json(&json!({ "QueueId": queue.to_uppercase(), "IsAvailable": true })),
        });
    }
    if (request.method.as_str(), path) != ("POST", "/api/jobs") {
        return Ok(Reply::status(405, ""));
    }
    if request.header("content-type") != "application/json" {
        return Ok(Reply::status(415, ""));
    }
    let key = Some(request.header("idempotency-key")).filter(|key| !key.is_empty()).ok_or("no Idempotency-Key")?;
    let job: Value = serde_json::from_slice(&request.body).map_err(|e| e.to_string())?;
    check(job.as_object().ok_or("no object")?, mood)?;
    let mut jobs = jobs.lock().unwrap();
    let name = format!("job-{}", jobs.keys().position(|k| k == key).unwrap_or(jobs.len()));
    jobs.entry(key.to_owned()).or_insert(job);
    Ok(match number < mood.loses {
        true => Reply::Reset,
        false => Reply::json(&json!({ "Name": name, "CancellationToken": "not-for-you" })),
    })
}

fn check(job: &serde_json::Map<String, Value>, mood: &Mood) -> Result<(), String> {
    for (name, value) in job {
        let known = FIELDS.contains(&name.as_str()) || mood.more.contains(&name.as_str());
        match (known, name.as_str(), value) {
            (false, ..) => return Err(format!("unknown field {name}")),
            (true, "Properties", Value::Object(all)) if all.values().all(Value::is_string) => {}
            (true, "Properties", _) => return Err("bad Properties".into()),
            _ => {}
        }
    }
    for name in ["Type", "ListUri", "QueueId"] {
        job.get(name).and_then(Value::as_str).ok_or(format!("no {name}"))?;
    }
    Ok(())
}
