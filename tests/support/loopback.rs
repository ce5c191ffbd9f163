//! The least of a Jenkins that a session needs, for measurements and kills: one job, `unit`, at any revision, over connections
//! that stay open. A request for a run begins at once, and has passed when its build has been shown once.
//!
//! What Jenkins takes and refuses is for the strict one in `jenkins.rs` to say.

use crate::http::{Reply, Request, Server};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

/// Its only job.
pub const JOB: &str = "unit";

/// A running one; ends when it is dropped.
pub struct Loopback {
    server: Server,
    state: Arc<Mutex<State>>,
}

/// When a request is looked at by the eye of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// It has arrived, and nothing was done about it.
    Arrived,
    /// It was done, and nothing was answered.
    Done,
}

/// What happens to a request after the eye has seen it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It goes on.
    Goes,
    /// It is lost: not done where it was not yet, not answered in any case.
    Lost,
}

/// What looks at every request: its number from 0, and the moment.
pub type Eye = Box<dyn Fn(usize, Moment) -> Fate + Send + Sync>;

#[derive(Default)]
struct State {
    builds: Vec<Build>,
    /// When the first submission came and when the last one was answered.
    span: Option<(Instant, Instant)>,
}

struct Build {
    revision: String,
    key: String,
    shown: bool,
}

impl Loopback {
    /// One that answers each request so late.
    pub fn start(latency: Duration) -> Loopback {
        Loopback::watched(latency, Box::new(|_, _| Fate::Goes))
    }

    /// One whose requests are looked at.
    pub fn watched(latency: Duration, eye: Eye) -> Loopback {
        let state = Arc::new(Mutex::new(State::default()));
        let shared = state.clone();
        let server = Server::keeping_alive(move |request, number| {
            if eye(number, Moment::Arrived) == Fate::Lost {
                return Reply::Silence;
            }
            let answer = shared.lock().unwrap().answer(request, latency);
            match eye(number, Moment::Done) {
                Fate::Lost => Reply::Silence,
                Fate::Goes if latency.is_zero() => answer,
                Fate::Goes => Reply::Late(latency, Box::new(answer)),
            }
        });
        Loopback { server, state }
    }

    /// The part of a configuration that makes it the engine `loopback`.
    pub fn config(&self, at_once: usize) -> String {
        let url = self.server.url("/");
        format!(
            "engines:\n  loopback:\n    kind: jenkins\n    url: {url}\n    \
             key_parameter: CI_TOOL_KEY\n    at_once: {at_once}\n"
        )
    }

    /// The revision and the key of every run that it was asked for, in order.
    pub fn runs(&self) -> Vec<(String, String)> {
        let state = self.state.lock().unwrap();
        state.builds.iter().map(|build| (build.revision.clone(), build.key.clone())).collect()
    }

    /// How many requests it has seen.
    pub fn asked(&self) -> usize {
        self.server.asked().len()
    }

    /// From the first submission's arrival to the last one's answer; nothing before one came.
    pub fn took(&self) -> Option<Duration> {
        self.state.lock().unwrap().span.map(|(first, last)| last - first)
    }
}

impl State {
    fn answer(&mut self, request: &Request, latency: Duration) -> Reply {
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let path: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let base = format!("http://{}", request.header("host"));
        match (request.method.as_str(), path.as_slice()) {
            ("GET", ["api", "json"]) => Reply::json(&json!({ "jobs": [job(&base)] })),
            ("GET", ["queue", "api", "json"]) => Reply::json(&json!({ "items": [] })),
            ("GET", ["queue", "item", item, "api", "json"]) => {
                let found = item.parse().ok().filter(|item| (1..=self.builds.len()).contains(item));
                found.map_or_else(missing, |item: usize| Reply::json(&self.item(item, &base)))
            }
            ("GET", ["job", JOB, "api", "json"]) => match page(query) {
                Some((from, to)) => {
                    let numbers: Vec<usize> = (1..=self.builds.len()).rev().skip(from).take(to - from).collect();
                    let builds: Vec<Value> = numbers.into_iter().map(|number| self.show(number)).collect();
                    Reply::json(&json!({ "allBuilds": builds }))
                }
                None => Reply::json(&job(&base)),
            },
            ("GET", ["job", JOB, number, "api", "json"]) => {
                let found = number.parse().ok().filter(|number| (1..=self.builds.len()).contains(number));
                found.map_or_else(missing, |number| Reply::json(&self.show(number)))
            }
            ("POST", ["job", JOB, "buildWithParameters"]) => {
                let form: BTreeMap<String, String> = form_urlencoded::parse(&request.body).into_owned().collect();
                let value = |name: &str| form.get(name).cloned().unwrap_or_default();
                self.builds.push(Build { revision: value("REVISION"), key: value("CI_TOOL_KEY"), shown: false });
                let now = Instant::now();
                self.span = Some((self.span.map_or(now, |(first, _)| first), now + latency));
                Reply::Answer(201, format!("location: {base}/queue/item/{}/\r\n", self.builds.len()), Vec::new())
            }
            _ => missing(),
        }
    }

    fn item(&self, number: usize, base: &str) -> Value {
        json!({
            "id": number, "inQueueSince": 0, "cancelled": false, "executable": { "number": number },
            "task": { "url": format!("{base}/job/{JOB}/") }, "actions": parameters(&self.builds[number - 1])
        })
    }

    /// A build as it is; the next time it is over.
    fn show(&mut self, number: usize) -> Value {
        let build = &mut self.builds[number - 1];
        let over = std::mem::replace(&mut build.shown, true);
        let mut actions = parameters(build);
        if let Some(actions) = actions.as_array_mut() {
            actions.push(json!({
                "_class": "hudson.plugins.git.util.BuildData", "lastBuiltRevision": { "SHA1": build.revision }
            }));
        }
        json!({
            "number": number, "queueId": number, "building": !over, "result": over.then_some("SUCCESS"),
            "timestamp": 0, "duration": 1, "actions": actions
        })
    }
}

fn job(base: &str) -> Value {
    let text = |name: &str| json!({ "name": name, "type": "StringParameterDefinition" });
    json!({
        "fullName": JOB, "url": format!("{base}/job/{JOB}/"), "buildable": true,
        "scm": { "_class": "hudson.plugins.git.GitSCM" },
        "property": [{ "parameterDefinitions": [text("REVISION"), text("CI_TOOL_KEY")] }]
    })
}

fn parameters(build: &Build) -> Value {
    let value = |name: &str, value: &str| json!({ "name": name, "value": value });
    json!([{ "parameters": [value("REVISION", &build.revision), value("CI_TOOL_KEY", &build.key)] }])
}

/// The part of all builds that a `tree` asks for: `allBuilds[…]{FROM,TO}`.
fn page(query: &str) -> Option<(usize, usize)> {
    let (_, tree) = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "tree")?;
    let (_, range) = tree.strip_prefix("allBuilds[")?.rsplit_once('{')?;
    let (from, to) = range.strip_suffix('}')?.split_once(',')?;
    Some((from.parse().ok()?, to.parse().ok()?))
}

fn missing() -> Reply {
    Reply::status(404, "Not Found")
}
