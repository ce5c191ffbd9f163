//! A Jenkins that takes nothing but what the core documents, and less: what the real one drops without a word (a parameter
//! that is not declared, an unknown field of a tree, an unknown option) is refused with 400.
//!
//! Its jobs check out a repository that it only imagines. A request waits until it was looked at once, then runs until it was
//! looked at twice; `slow` runs until it is stopped.

#[path = "jenkins_shown.rs"]
mod shown;
#[path = "jenkins_tree.rs"]
mod tree;

use crate::http::{Reply, Request, Server};
use base64::{Engine, prelude::BASE64_STANDARD};
use ci_tool::{
    engine::{Spec, Surroundings, jenkins::Jenkins},
    http::Client,
    process::Stop,
};
use serde_json::Value;
use shown::{address, checked_out, log, without_all_builds};
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// The user that it knows.
pub const USER: &str = "ann";
/// Every field that any of its objects has.
const FIELDS: &[&str] = &[
    "_class",
    "actions",
    "allBuilds",
    "anonymous",
    "artifacts",
    "authenticated",
    "blocked",
    "branch",
    "buildable",
    "building",
    "builds",
    "cancelled",
    "causes",
    "choices",
    "color",
    "crumb",
    "crumbRequestField",
    "defaultParameterValue",
    "displayName",
    "displayPath",
    "duration",
    "executable",
    "fileName",
    "fullDisplayName",
    "fullName",
    "id",
    "inQueueSince",
    "items",
    "jobs",
    "lastBuiltRevision",
    "lastSuccessfulBuild",
    "name",
    "number",
    "parameterDefinitions",
    "parameters",
    "property",
    "queueId",
    "relativePath",
    "result",
    "scm",
    "SHA1",
    "shortDescription",
    "stuck",
    "task",
    "timestamp",
    "type",
    "url",
    "value",
    "why",
];
/// The options of a submission that are no parameters.
const OPTIONS: &[&str] = &["delay", "token", "cause"];
const ARTIFACT: &str = "out/a b/report.txt";

/// A running Jenkins; ends when it is dropped.
pub struct Fake {
    server: Server,
    state: Arc<Mutex<State>>,
}

/// How it is set up.
#[derive(Debug, Clone, Copy, Default)]
pub struct Setup {
    /// Its jobs declare no `CI_TOOL_KEY`.
    pub keyless: bool,
    /// Its secret is a password: a `POST` needs a crumb and the session that it belongs to.
    pub password: bool,
}

#[derive(Default)]
struct State {
    setup: Setup,
    jobs: Vec<Job>,
    items: Vec<Item>,
    sessions: usize,
    lose: usize,
    throttle: Option<(usize, u64)>,
    held: bool,
    latency: Duration,
    folded: usize,
}

struct Job {
    name: &'static str,
    class: &'static str,
    /// The parameters: name, type, choices.
    declared: Vec<(&'static str, &'static str, &'static [&'static str])>,
    buildable: bool,
    builds: Vec<Build>,
}

struct Item {
    id: u64,
    job: usize,
    values: BTreeMap<String, String>,
    since: u64,
    left: Option<Left>,
}

#[derive(Clone, Copy, PartialEq)]
enum Left {
    Cancelled,
    Began(u64),
    /// More than five minutes ago.
    Forgotten,
}

struct Build {
    number: u64,
    item: u64,
    values: BTreeMap<String, String>,
    began: u64,
    looks: usize,
    result: Option<String>,
}

/// The secret, joined at run time.
pub fn secret() -> String {
    ["jenk1ns", "access"].join("-")
}

/// The settings of an engine on it; keys travel where its jobs declare a parameter for them.
pub fn spec(url: &str) -> Spec {
    let name = |name: &str| Some(name.to_owned());
    Spec { url: name(url), user_env: name("JENKINS_USER"), token_env: name("JENKINS_TOKEN"), ..Spec::default() }
}

/// An engine with the user that it knows, and a secret.
pub fn engine(spec: &Spec, secret: &str) -> ci_tool::error::Result<Jenkins> {
    let env = [("JENKINS_USER", USER), ("JENKINS_TOKEN", secret)];
    let around = Surroundings {
        name: "jenkins".into(),
        env: env.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        client: Client::new(),
        directory: PathBuf::new(),
        cache: PathBuf::new(),
        jobs: BTreeMap::new(),
        now: jiff::Timestamp::now,
        stop: Stop::never(),
    };
    Jenkins::open(spec, &around)
}

impl Fake {
    /// One whose jobs take keys, with an API token.
    pub fn start() -> Fake {
        Fake::with(Setup::default())
    }

    /// One as it is to be.
    pub fn with(setup: Setup) -> Fake {
        let state = Arc::new(Mutex::new(State { setup, jobs: jobs(setup.keyless), ..State::default() }));
        let shared = state.clone();
        let server = Server::start(move |request, _| {
            let latency = shared.lock().unwrap().latency;
            if !latency.is_zero() {
                // Other requests go on meanwhile.
                tokio::task::block_in_place(|| std::thread::sleep(latency));
            }
            let base = format!("http://{}", request.header("host"));
            shared.lock().unwrap().answer(request, &base)
        });
        Fake { server, state }
    }

    /// Its address.
    pub fn url(&self) -> String {
        self.server.url("/")
    }

    /// The history that its jobs check out, the oldest first.
    pub fn revisions(&self) -> Vec<String> {
        revisions()
    }

    /// Every request that it took, in order, however it ended: job, revision, key.
    pub fn runs(&self) -> Vec<(String, String, String)> {
        let state = self.state();
        let value = |item: &Item, name: &str| item.values.get(name).cloned().unwrap_or_default();
        let run =
            |item: &Item| (state.jobs[item.job].name.to_owned(), value(item, "REVISION"), value(item, "CI_TOOL_KEY"));
        state.items.iter().map(run).collect()
    }

    /// How many requests were folded into one that waited.
    pub fn folded(&self) -> usize {
        self.state().folded
    }

    /// What it was asked: method and target.
    pub fn asked(&self) -> Vec<(String, String)> {
        self.server.asked().into_iter().map(|request| (request.method, request.target)).collect()
    }

    /// Every answer takes so long from now on.
    pub fn latency(&self, latency: Duration) {
        self.state().latency = latency;
    }

    /// Takes the next submissions, and breaks the connection instead of answering.
    pub fn lose_answers(&self, count: usize) {
        self.state().lose = count;
    }

    /// Answers the next submissions with 429 and `Retry-After`, as a proxy in front of it does.
    pub fn throttle(&self, count: usize, seconds: u64) {
        self.state().throttle = Some((count, seconds));
    }

    /// Whether requests stay in the queue.
    pub fn hold(&self, held: bool) {
        self.state().held = held;
    }

    /// Starts it again: it forgets its sessions, and what left the queue.
    pub fn restart(&self) {
        let mut state = self.state();
        state.sessions += 1;
        for item in &mut state.items {
            item.left = item.left.map(|_| Left::Forgotten);
        }
    }

    /// Gives a job builds of the first revision that ended a while ago.
    pub fn seed(&self, job: &str, count: usize) {
        let mut state = self.state();
        for _ in 0..count {
            let values = BTreeMap::from([("REVISION".to_owned(), revisions()[0].clone())]);
            let id = state.enqueue(job, values);
            let number = state.begin(id);
            state.build(job, number).result = Some("SUCCESS".to_owned());
        }
    }

    /// Ends a build as nothing else would.
    pub fn end(&self, job: &str, number: u64, result: &str) {
        self.state().build(job, number).result = Some(result.to_owned());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

fn revisions() -> Vec<String> {
    ["a1", "b2", "c3", "d4", "e5"].iter().map(|pair| pair.repeat(20)).collect()
}

fn jobs(keyless: bool) -> Vec<Job> {
    const TEXT: &str = "StringParameterDefinition";
    const FREE: &str = "hudson.model.FreeStyleProject";
    let usual = |more: &[(&'static str, &'static str, &'static [&'static str])]| {
        let key = (!keyless).then_some(("CI_TOOL_KEY", TEXT, &[] as &[&str]));
        [("REVISION", TEXT, &[] as &[&str])].into_iter().chain(key).chain(more.iter().copied()).collect()
    };
    let job = |name, class, declared, buildable| Job { name, class, declared, buildable, builds: Vec::new() };
    vec![
        job("pass", FREE, usual(&[]), true),
        job("fail", FREE, usual(&[]), true),
        job("slow", FREE, usual(&[]), true),
        job("word", FREE, usual(&[("word", TEXT, &[])]), true),
        job(
            "choice",
            FREE,
            usual(&[
                ("size", "ChoiceParameterDefinition", &["small", "large"]),
                ("clean", "BooleanParameterDefinition", &[]),
                ("patch", "FileParameterDefinition", &[]),
            ]),
            true,
        ),
        job("plain", FREE, vec![], true),
        job("off", FREE, usual(&[]), false),
        job("team", "com.cloudbees.hudson.plugins.folder.Folder", vec![], false),
        job("team/unit", FREE, usual(&[]), true),
        job("multi", "org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject", vec![], false),
        // The name of a branch with a slash is encoded, and its address encodes that again.
        job("multi/feature%2Fx", "org.jenkinsci.plugins.workflow.job.WorkflowJob", usual(&[]), true),
    ]
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis().try_into().unwrap()
}

/// A page for people, as the real one's container answers errors.
fn refuse(status: u16, message: &str) -> Reply {
    let page = format!("<html><head><title>Error {status} {message}</title></head></html>");
    Reply::Answer(status, "content-type: text/html;charset=utf-8\r\nx-jenkins: 2.516.3\r\n".into(), page.into())
}

fn sent_to(status: u16, location: &str) -> Reply {
    Reply::Answer(status, format!("location: {location}\r\nx-jenkins: 2.516.3\r\n"), Vec::new())
}

fn json_answer(value: &Value, more: &str) -> Reply {
    let headers = format!("content-type: application/json;charset=utf-8\r\nx-jenkins: 2.516.3\r\n{more}");
    Reply::Answer(200, headers, value.to_string().into_bytes())
}

fn text(text: String) -> Reply {
    Reply::Answer(200, "content-type: text/plain;charset=utf-8\r\n".into(), text.into_bytes())
}

type Options = BTreeMap<String, String>;

fn options(text: &[u8]) -> Options {
    form_urlencoded::parse(text).into_owned().collect()
}

/// A segment of a path as it was before it was encoded; a plus stays.
fn decoded(segment: &str) -> String {
    let whole = segment.replace('+', "%2B");
    form_urlencoded::parse(whole.as_bytes()).next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}

impl State {
    fn answer(&mut self, request: &Request, base: &str) -> Reply {
        let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("{USER}:{}", secret())));
        match request.header("authorization") {
            "" => return refuse(403, "Authentication required"),
            given if given != basic => return refuse(401, "Invalid password/token for user: ann"),
            _ => {}
        }
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let path: Vec<String> = path.split('/').filter(|s| !s.is_empty()).map(decoded).collect();
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let query = options(query.as_bytes());
        match request.method.as_str() {
            "GET" => self.get(&path, &query, base),
            "POST" => self.post(&path, query, request, base),
            _ => refuse(405, "Method Not Allowed"),
        }
    }

    fn get(&mut self, path: &[&str], query: &Options, base: &str) -> Reply {
        let Some(object) = path.strip_suffix(&["api", "json"]) else { return self.raw(path) };
        if let Some(strange) = query.keys().find(|name| !["tree", "depth"].contains(&name.as_str())) {
            return refuse(400, &format!("unknown option {strange}"));
        }
        let tree = query.get("tree").map_or("", String::as_str);
        let Some(value) = self.object(object, tree, base) else { return refuse(404, "Not Found") };
        let selected = match tree {
            "" => Ok(without_all_builds(value)),
            tree => tree::parse(tree).and_then(|nodes| tree::select(&value, &nodes, FIELDS)),
        };
        let session = match object {
            ["crumbIssuer"] => format!("set-cookie: JSESSIONID=s{}; Path=/; HttpOnly\r\n", self.sessions),
            _ => String::new(),
        };
        let seen = selected.map(|selected| json_answer(&selected, &session)).unwrap_or_else(|why| refuse(400, &why));
        self.looked(object, tree);
        seen
    }

    /// What is looked at goes on.
    fn looked(&mut self, object: &[&str], tree: &str) {
        let held = self.held;
        match object {
            ["queue", rest @ ..] => {
                let one: Option<u64> = rest.get(1).and_then(|id| id.parse().ok());
                let waits = |item: &&Item| item.left.is_none() && one.is_none_or(|one| one == item.id);
                let begin: Vec<u64> = self.items.iter().filter(waits).map(|item| item.id).collect();
                for id in begin.into_iter().filter(|_| !held) {
                    self.begin(id);
                }
            }
            ["job", ..] => {
                let Some((job, rest)) = self.job_at(object) else { return };
                let one: Option<u64> = rest.first().and_then(|number| number.parse().ok());
                let slow = self.jobs[job].name == "slow";
                let all = one.is_none() && tree.contains("uilds[");
                let good = self.jobs[job].name != "fail";
                for build in &mut self.jobs[job].builds {
                    if build.result.is_none() && (all || one == Some(build.number)) && !slow {
                        build.looks += 1;
                        let there = checked_out(&build.values).is_some();
                        let result = if good && there { "SUCCESS" } else { "FAILURE" };
                        build.result = (build.looks >= 2).then(|| result.to_owned());
                    }
                }
            }
            _ => {}
        }
    }

    /// The job that a path leads to, and what is left of it.
    fn job_at<'p>(&self, path: &'p [&'p str]) -> Option<(usize, &'p [&'p str])> {
        let levels = path.chunks(2).take_while(|pair| pair.len() == 2 && pair[0] == "job").count();
        let name = path[..levels * 2].chunks(2).map(|pair| pair[1]).collect::<Vec<_>>().join("/");
        Some((self.jobs.iter().position(|job| job.name == name)?, &path[levels * 2..]))
    }

    /// What is no JSON.
    fn raw(&self, path: &[&str]) -> Reply {
        let found = self.job_at(path).and_then(|(job, rest)| {
            let job = &self.jobs[job];
            let Some(number) = rest.first() else { return Some(format!("the page of {}", job.name)) };
            let number: u64 = number.parse().ok()?;
            let build = job.builds.iter().find(|build| build.number == number)?;
            match &rest[1..] {
                [] => Some(format!("the page of {} {number}", job.name)),
                ["consoleText"] => Some(log(build)),
                ["artifact", path @ ..] if path.join("/") == ARTIFACT => Some(format!("made by {} {number}", job.name)),
                _ => None,
            }
        });
        found.map_or_else(|| refuse(404, "Not Found"), text)
    }

    fn post(&mut self, path: &[&str], mut fields: Options, request: &Request, base: &str) -> Reply {
        let form = request.header("content-type").starts_with("application/x-www-form-urlencoded");
        if !request.body.is_empty() && !form {
            return refuse(400, "no form");
        }
        fields.extend(options(&request.body));
        let (crumb, cookie) = (format!("crumb-{}", self.sessions), format!("JSESSIONID=s{}", self.sessions));
        let passed = request.header("jenkins-crumb") == crumb && request.header("cookie") == cookie;
        if self.setup.password && !passed {
            return refuse(403, "No valid crumb was included in the request");
        }
        if let ["queue", "cancelItem"] = path {
            let Some(id) = fields.get("id").and_then(|id| id.parse::<u64>().ok()) else { return refuse(400, "no id") };
            return match self.items.iter_mut().find(|item| item.id == id).map(|item| &mut item.left) {
                Some(left @ None) => {
                    *left = Some(Left::Cancelled);
                    Reply::status(204, "")
                }
                Some(Some(Left::Forgotten)) | None => refuse(404, &format!("Provided id ({id}) not found")),
                Some(_) => refuse(500, &format!("Could not cancel run for id {id}")),
            };
        }
        let Some((job, rest)) = self.job_at(path) else { return refuse(404, "Not Found") };
        match rest {
            ["build" | "buildWithParameters"] => self.submit(job, rest[0] == "build", fields, base),
            [number, "stop"] => {
                let number: u64 = number.parse().unwrap_or_default();
                let to = format!("{}{number}/", address(&self.jobs[job], base));
                let Some(build) = self.jobs[job].builds.iter_mut().find(|build| build.number == number) else {
                    return refuse(404, "Not Found");
                };
                build.result.get_or_insert_with(|| "ABORTED".to_owned());
                sent_to(302, &to)
            }
            _ => refuse(404, "Not Found"),
        }
    }

    fn submit(&mut self, job: usize, plain: bool, fields: Options, base: &str) -> Reply {
        if let Some((left @ 1.., seconds)) = &mut self.throttle {
            *left -= 1;
            return Reply::Answer(429, format!("retry-after: {seconds}\r\n"), b"slow down".to_vec());
        }
        let declared = &self.jobs[job].declared;
        if !self.jobs[job].buildable {
            return refuse(409, "not buildable");
        }
        if plain != declared.is_empty() {
            return refuse(400, if plain { "Nothing is submitted" } else { "This job is not parameterized" });
        }
        let is_known = |name: &str| OPTIONS.contains(&name) || declared.iter().any(|(declared, ..)| *declared == name);
        if let Some(strange) = fields.keys().find(|name| !is_known(name)) {
            return refuse(400, &format!("no parameter {strange}"));
        }
        let asked = |(name, _, choices): &(&str, &str, &[&str])| {
            let default = choices.first().copied().unwrap_or_default();
            ((*name).to_owned(), fields.get(*name).cloned().unwrap_or_else(|| default.to_owned()))
        };
        let values: Options = declared.iter().map(asked).collect();
        let same = |item: &&Item| item.left.is_none() && item.job == job && item.values == values;
        let waiting = self.items.iter().find(same).map(|item| item.id);
        let name = self.jobs[job].name;
        let (status, id) = match waiting {
            Some(id) => {
                self.folded += 1;
                (303, id)
            }
            None => (201, self.enqueue(name, values)),
        };
        if self.lose > 0 {
            self.lose -= 1;
            return Reply::Reset;
        }
        sent_to(status, &format!("{base}/queue/item/{id}/"))
    }

    fn enqueue(&mut self, job: &str, values: Options) -> u64 {
        let job = self.jobs.iter().position(|each| each.name == job).unwrap();
        let id = 7 + self.items.len() as u64;
        self.items.push(Item { id, job, values, since: now(), left: None });
        id
    }

    fn begin(&mut self, id: u64) -> u64 {
        let item = self.items.iter_mut().find(|item| item.id == id).unwrap();
        let builds = &mut self.jobs[item.job].builds;
        let number = builds.len() as u64 + 1;
        item.left = Some(Left::Began(number));
        builds.push(Build { number, item: id, values: item.values.clone(), began: now(), looks: 0, result: None });
        number
    }

    fn build(&mut self, job: &str, number: u64) -> &mut Build {
        let job = self.jobs.iter_mut().find(|each| each.name == job).unwrap();
        job.builds.iter_mut().find(|build| build.number == number).unwrap()
    }
}
