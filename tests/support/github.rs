//! A GitHub that takes nothing but what the REST API's description knows (version 2022-11-28), with one repository.
//!
//! Its workflows are those of the contract (`pass`, `fail`, `slow`, `word`) and some that end otherwise. A run's state moves on
//! when it is looked at, so that nothing waits: it is queued at the first look, then in progress, then over.

#[path = "github_views.rs"]
mod views;

use crate::http::{Reply, Request, Server};
use ci_tool::{
    engine::{EngineKind, Spec, Surroundings, github::Github},
    process::Stop,
};
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use views::{FIRST, Run, WORKFLOWS, annotations, jobs, reference, show, status, workflow};

/// The repository.
pub const REPOSITORY: &str = "octo/widgets";
/// The time.
pub const NOW: &str = "2026-01-01T12:00:00Z";
const REVISIONS: usize = 6;

/// How it behaves; nothing of it by default.
#[derive(Debug, Clone, Default)]
pub struct Mood {
    /// Takes the next dispatch and resets the connection.
    pub loses_dispatch: bool,
    /// Makes the next branch and resets the connection.
    pub loses_ref: bool,
    /// Refuses the next dispatch with this status and text.
    pub refuses: Option<(u16, &'static str)>,
    /// Answers so many writes with this status, these header lines and this text.
    pub throttles: Option<(usize, u16, String, &'static str)>,
    /// Is an older server, that answers a dispatch with 204.
    pub old: bool,
    /// Is an older server, that does not know the field.
    pub strange_field: bool,
    /// Shows a run after so many lists only.
    pub late: usize,
    /// Cancels a waiting run of `grouped` when another one comes, and says so beside the job or not at all.
    pub says_why: bool,
    /// The conclusion of all that is over.
    pub conclusion: Option<&'static str>,
    /// How many objects a page may hold; 0 is as many as asked for.
    pub page: usize,
}

#[derive(Default)]
struct State {
    mood: Mood,
    refs: BTreeMap<String, String>,
    runs: Vec<Run>,
    latency: Duration,
}

/// A running GitHub, with the place that it keeps logs at, which takes no token.
pub struct Fake {
    server: Server,
    storage: Server,
    state: Arc<Mutex<State>>,
}

/// The token that it takes, joined at run time.
pub fn token() -> String {
    ["gh", "p_", &"k".repeat(36)].concat()
}

/// An engine on it.
pub fn engine(url: &str, token: &str) -> Github {
    Github::open(&spec(url), &surroundings(token)).unwrap()
}

/// The settings of an engine on it.
pub fn spec(url: &str) -> Spec {
    Spec {
        kind: Some(EngineKind::Github),
        url: Some(url.to_owned()),
        repository: Some(REPOSITORY.to_owned()),
        token_env: Some("HUB".to_owned()),
        ..Spec::default()
    }
}

/// What an engine finds around it; its clock stands at [`NOW`].
pub fn surroundings(token: &str) -> Surroundings {
    Surroundings {
        name: "hub".into(),
        env: BTreeMap::from([("HUB".into(), token.into())]),
        client: Default::default(),
        directory: "/".into(),
        cache: "/".into(),
        jobs: BTreeMap::new(),
        now: || NOW.parse().unwrap(),
        stop: Stop::never(),
    }
}

impl Fake {
    /// Starts one. It ends when it is dropped.
    pub fn start() -> Fake {
        let state = Arc::new(Mutex::new(State::default()));
        state.lock().unwrap().refs.insert("heads/main".into(), revision(REVISIONS - 1));
        let stored = state.clone();
        let storage = Server::start(move |request, _| store(request, &stored.lock().unwrap()));
        let (place, asked) = (storage.url(""), state.clone());
        let server = Server::start(move |request, _| {
            let mut state = asked.lock().unwrap();
            let reply = answer(request, &mut state, &place).unwrap_or_else(|refusal| refusal);
            let reply = at_home(reply, request.header("host"));
            if state.latency.is_zero() { reply } else { Reply::Late(state.latency, Box::new(reply)) }
        });
        Fake { server, storage, state }
    }

    /// The address of its API.
    pub fn url(&self) -> String {
        self.server.url("")
    }

    /// The revisions of its repository, the oldest first.
    pub fn revisions(&self) -> Vec<String> {
        (0..REVISIONS).map(revision).collect()
    }

    /// The runs that it made: job, revision, key.
    pub fn runs(&self) -> Vec<(String, String, String)> {
        let key = |run: &Run| run.branch.strip_prefix("ci-tool/").unwrap_or(&run.branch).to_owned();
        let row = |run: &Run| (WORKFLOWS[run.workflow].0.to_owned(), run.revision.clone(), key(run));
        self.state().runs.iter().map(row).collect()
    }

    /// The branches that runs were started on and that are still there.
    pub fn branches(&self) -> Vec<String> {
        self.state().refs.keys().filter_map(|name| name.strip_prefix("heads/ci-tool/")).map(str::to_owned).collect()
    }

    /// How long every answer takes from now on.
    pub fn latency(&self, latency: Duration) {
        self.state().latency = latency;
    }

    /// Changes its behaviour.
    pub fn set(&self, change: impl FnOnce(&mut Mood)) {
        change(&mut self.state().mood);
    }

    /// Makes a branch, as a process does that is then killed.
    pub fn leave_branch(&self, key: &str, at: usize) {
        self.state().refs.insert(format!("heads/ci-tool/{key}"), revision(at));
    }

    /// Makes a run of another event.
    pub fn run_by(&self, event: &'static str, job: &str, at: usize) {
        let workflow = WORKFLOWS.iter().position(|known| known.0 == job).unwrap();
        let run = start(&mut self.state(), workflow, "topic".into(), revision(at), Map::new());
        let mut state = self.state();
        let run = state.runs.iter_mut().find(|known| known.id == run).unwrap();
        (run.event, run.looks) = (event, 9);
    }

    /// How often a run has been run.
    pub fn set_attempt(&self, attempt: u32) {
        self.state().runs.iter_mut().for_each(|run| run.attempt = attempt);
    }

    /// What the API was asked.
    pub fn asked(&self) -> Vec<Request> {
        self.server.asked()
    }

    /// What the place for logs was asked.
    pub fn asked_of_storage(&self) -> Vec<Request> {
        self.storage.asked()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

fn revision(at: usize) -> String {
    format!("{:040x}", 0xc0ff_ee00_u64 + at as u64)
}

fn refuse(status: u16, message: &str) -> Reply {
    let body = json!({ "message": message, "documentation_url": "https://docs.github.com/rest", "status": status.to_string() });
    Reply::Answer(status, "content-type: application/json; charset=utf-8\r\n".into(), body.to_string().into_bytes())
}

fn created(status: u16, value: &Value) -> Reply {
    Reply::Answer(status, "content-type: application/json; charset=utf-8\r\n".into(), value.to_string().into_bytes())
}

/// A request, taken apart.
struct Asked<'a> {
    request: &'a Request,
    query: BTreeMap<String, String>,
}

impl Asked<'_> {
    /// The parameters of the query, where they are among the known ones.
    fn only(&self, known: &[&str]) -> Result<(), Reply> {
        match self.query.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(refuse(400, &format!("a strict server: no query parameter {name}"))),
            None => Ok(()),
        }
    }

    /// The body, with these fields only.
    fn body(&self, known: &[&str], needed: &[&str]) -> Result<Map<String, Value>, Reply> {
        if !self.request.header("content-type").starts_with("application/json") {
            return Err(refuse(415, "Content-Type must be application/json"));
        }
        let Ok(Value::Object(body)) = serde_json::from_slice(&self.request.body) else {
            return Err(refuse(400, "Problems parsing JSON"));
        };
        if let Some(name) = body.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(refuse(422, &format!("Invalid request.\n\n\"{name}\" is not a permitted key.")));
        }
        if let Some(name) = needed.iter().find(|name| !body.contains_key(**name)) {
            return Err(refuse(422, &format!("Invalid request.\n\n\"{name}\" wasn't supplied.")));
        }
        Ok(body)
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }
}

fn answer(request: &Request, state: &mut State, storage: &str) -> Result<Reply, Reply> {
    if request.header("user-agent").is_empty() {
        let text = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header";
        return Err(Reply::status(403, text));
    }
    if !matches!(request.header("x-github-api-version"), "" | "2022-11-28" | "2026-03-10") {
        return Err(refuse(400, "API version is not supported"));
    }
    let accept = request.header("accept");
    if !accept.is_empty()
        && !["application/vnd.github", "*/*", "application/json"].iter().any(|a| accept.starts_with(a))
    {
        return Err(refuse(415, "Unsupported 'Accept' header: must accept 'application/json'."));
    }
    match request.header("authorization").split_once(' ') {
        Some(("Bearer" | "token", given)) if given == token() => {}
        None if request.method == "GET" => {}
        None => return Err(refuse(401, "Requires authentication")),
        _ => return Err(refuse(401, "Bad credentials")),
    }
    if request.method != "GET"
        && let Some((left, status, headers, text)) = &mut state.mood.throttles
        && *left > 0
    {
        *left -= 1;
        let body = json!({ "message": *text }).to_string().into_bytes();
        return Err(Reply::Answer(*status, headers.clone(), body));
    }
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let query = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let asked = Asked { request, query };
    let not_found = || refuse(404, "Not Found");
    let path = path.strip_prefix("/repos/").and_then(|path| path.strip_prefix(REPOSITORY)).ok_or_else(not_found)?;
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    match (request.method.as_str(), parts.as_slice()) {
        ("GET", []) => asked.only(&[]).map(|()| {
            let may = json!({ "admin": false, "maintain": false, "push": true, "triage": true, "pull": true });
            json_with(
                "x-oauth-scopes: repo, workflow\r\n",
                &json!({
                    "id": 1, "name": "widgets", "full_name": REPOSITORY, "private": false, "default_branch": "main",
                    "url": format!("http://{}/repos/{REPOSITORY}", request.header("host")), "permissions": may,
                }),
            )
        }),
        ("GET", ["actions", "workflows"]) => {
            asked.only(&["per_page", "page"])?;
            let all = (0..WORKFLOWS.len()).map(workflow).collect();
            Ok(page(&asked, state, "workflows", all))
        }
        ("GET", ["actions", "workflows", id]) => find_workflow(id).map(|found| Reply::json(&workflow(found))),
        ("POST", ["actions", "workflows", id, "dispatches"]) => dispatch(&asked, state, find_workflow(id)?),
        ("GET", ["actions", "workflows", id, "runs"]) => {
            let found = find_workflow(id)?;
            list_runs(&asked, state, Some(found))
        }
        ("GET", ["actions", "runs"]) => list_runs(&asked, state, None),
        ("GET", ["actions", "runs", id, rest @ ..]) => one_run(&asked, state, id, rest),
        ("POST", ["actions", "runs", id, "cancel"]) => {
            let mood = state.mood.clone();
            let run = find_run(state, id)?;
            if status(run, &mood).0 == "completed" {
                return Err(refuse(409, "Cannot cancel a workflow run that is completed."));
            }
            run.stopped = true;
            Ok(created(202, &json!({})))
        }
        ("POST", ["actions", "runs", id, "rerun-failed-jobs"]) => {
            asked.body(&["enable_debug_logging"], &[])?;
            find_run(state, id)?.attempt += 1;
            Ok(created(201, &json!({})))
        }
        ("GET", ["actions", "jobs", id, "logs"]) => {
            let run = find_run(state, id.strip_suffix('7').unwrap_or("-"))?;
            Ok(elsewhere(storage, &format!("/logs/{}.txt", run.id)))
        }
        ("GET", ["actions", "artifacts", id, "zip"]) => {
            let run = find_run(state, id.strip_suffix('3').unwrap_or("-"))?;
            Ok(elsewhere(storage, &format!("/zips/{}.zip", run.id)))
        }
        ("GET", ["check-runs", id, "annotations"]) => {
            asked.only(&["per_page", "page"])?;
            let mood = state.mood.clone();
            let run = find_run(state, id.strip_suffix('7').unwrap_or("-"))?;
            Ok(Reply::json(&annotations(run, &mood)))
        }
        ("GET", ["contents", ".github", "workflows", file]) => contents(&asked, state, file),
        ("GET", ["git", "ref", name @ ..]) => {
            let name = name.join("/").replace("%2F", "/");
            let sha = state.refs.get(&name).ok_or_else(not_found)?;
            Ok(Reply::json(&reference(&name, sha)))
        }
        ("GET", ["git", "matching-refs", prefix @ ..]) => {
            asked.only(&[])?;
            let prefix = prefix.join("/").replace("%2F", "/");
            let found = state.refs.iter().filter(|(name, _)| name.starts_with(&prefix));
            Ok(Reply::json(&found.map(|(name, sha)| reference(name, sha)).collect()))
        }
        ("POST", ["git", "refs"]) => make_ref(&asked, state),
        ("DELETE", ["git", "refs", name @ ..]) => match state.refs.remove(&name.join("/")) {
            Some(_) => Ok(Reply::Answer(204, String::new(), Vec::new())),
            None => Err(refuse(422, "Reference does not exist")),
        },
        ("GET", ["activity"]) => {
            asked.only(&["ref", "activity_type", "per_page"])?;
            let name = asked.get("ref").unwrap_or_default();
            // A branch says in its key how old it is.
            let made = if name.contains("old") { "2026-01-01T00:00:00Z" } else { "2026-01-01T11:59:00Z" };
            Ok(Reply::json(&json!([{ "id": 1, "ref": name, "timestamp": made, "activity_type": "branch_creation" }])))
        }
        _ => Err(not_found()),
    }
}

/// An answer whose addresses are those of this server.
fn at_home(reply: Reply, host: &str) -> Reply {
    match reply {
        Reply::Answer(status, headers, body) => {
            let body = String::from_utf8_lossy(&body).replace("https://api.github.com", &format!("http://{host}"));
            Reply::Answer(status, headers, body.into_bytes())
        }
        other => other,
    }
}

fn json_with(headers: &str, value: &Value) -> Reply {
    let headers = format!("content-type: application/json; charset=utf-8\r\n{headers}");
    Reply::Answer(200, headers, value.to_string().into_bytes())
}

fn elsewhere(storage: &str, path: &str) -> Reply {
    Reply::Answer(302, format!("location: {storage}{path}?sig=signed\r\n"), Vec::new())
}

/// A page of a list, with the link to the next one.
fn page(asked: &Asked<'_>, state: &State, name: &str, all: Vec<Value>) -> Reply {
    let number = |name: &str, or: usize| asked.get(name).and_then(|n| n.parse().ok()).unwrap_or(or).max(1);
    let (mut per, at) = (number("per_page", 30).min(100), number("page", 1));
    if state.mood.page > 0 {
        per = per.min(state.mood.page);
    }
    let total = all.len();
    let items: Vec<Value> = all.into_iter().skip((at - 1) * per).take(per).collect();
    let (path, host) = (asked.request.target.split('?').next().unwrap_or_default(), asked.request.header("host"));
    let link = match at * per < total {
        true => format!("link: <http://{host}{path}?page={}>; rel=\"next\"\r\n", at + 1),
        false => format!("link: <http://{host}{path}?page=1>; rel=\"first\"\r\n"),
    };
    json_with(&link, &json!({ "total_count": total, name: items }))
}

fn find_workflow(id: &str) -> Result<usize, Reply> {
    let named =
        |at: &usize| id.strip_suffix(".yml") == Some(WORKFLOWS[*at].0) || id == (FIRST.0 + *at as u64).to_string();
    (0..WORKFLOWS.len()).find(named).ok_or_else(|| refuse(404, "Not Found"))
}

fn contents(asked: &Asked<'_>, state: &State, file: &str) -> Result<Reply, Reply> {
    asked.only(&["ref"])?;
    let name = asked.get("ref").unwrap_or("main");
    let known = (0..REVISIONS).any(|at| revision(at) == name) || state.refs.contains_key(&format!("heads/{name}"));
    if !known {
        return Err(refuse(404, &format!("No commit found for the ref {name}")));
    }
    if !asked.request.header("accept").starts_with("application/vnd.github.raw") {
        return Err(refuse(400, "a strict server: only the raw form is known"));
    }
    let found = find_workflow(file)?;
    let text = format!("name: {}\n{}jobs: {{}}\n", WORKFLOWS[found].1, WORKFLOWS[found].3);
    Ok(Reply::Answer(200, "content-type: application/vnd.github.raw+json\r\n".into(), text.into_bytes()))
}

fn make_ref(asked: &Asked<'_>, state: &mut State) -> Result<Reply, Reply> {
    let body = asked.body(&["ref", "sha"], &["ref", "sha"])?;
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let (name, sha) = (text("ref"), text("sha"));
    let Some(short) = name.strip_prefix("refs/").filter(|short| short.contains('/')) else {
        return Err(refuse(422, "Reference name must start with 'refs/' and contain at least two slashes"));
    };
    if !(0..REVISIONS).any(|at| revision(at) == sha) {
        return Err(refuse(422, "Object does not exist"));
    }
    if state.refs.contains_key(short) {
        return Err(refuse(422, "Reference already exists"));
    }
    state.refs.insert(short.to_owned(), sha.clone());
    if std::mem::take(&mut state.mood.loses_ref) {
        return Err(Reply::Reset);
    }
    Ok(created(201, &reference(short, &sha)))
}

fn dispatch(asked: &Asked<'_>, state: &mut State, found: usize) -> Result<Reply, Reply> {
    if let Some((status, text)) = state.mood.refuses.take() {
        return Err(refuse(status, text));
    }
    let known: &[&str] =
        if state.mood.strange_field { &["ref", "inputs"] } else { &["ref", "inputs", "return_run_details"] };
    let body = asked.body(known, &["ref"])?;
    let name = body["ref"].as_str().unwrap_or_default();
    let short = name.strip_prefix("refs/heads/").unwrap_or(name);
    let Some(sha) = state.refs.get(&format!("heads/{short}")).cloned() else {
        return Err(refuse(422, &format!("No ref found for: {name}")));
    };
    let (_, _, condition, on) = WORKFLOWS[found];
    if condition != "active" {
        return Err(refuse(422, "Cannot trigger a 'workflow_dispatch' on a disabled workflow"));
    }
    if !on.contains("workflow_dispatch") {
        return Err(refuse(422, "Workflow does not have 'workflow_dispatch' trigger"));
    }
    let inputs = body.get("inputs").and_then(Value::as_object).cloned().unwrap_or_default();
    let strange: Vec<&String> = inputs.keys().filter(|input| !on.contains(&format!("      {input}:\n"))).collect();
    if !strange.is_empty() {
        return Err(refuse(422, &format!("Unexpected inputs provided: {strange:?}")));
    }
    let id = start(state, found, short.to_owned(), sha, inputs);
    if std::mem::take(&mut state.mood.loses_dispatch) {
        return Err(Reply::Reset);
    }
    let details = body.get("return_run_details") == Some(&Value::Bool(true)) && !state.mood.old;
    Ok(match details {
        true => Reply::json(&json!({
            "workflow_run_id": id,
            "run_url": format!("https://api.github.com/repos/{REPOSITORY}/actions/runs/{id}"),
            "html_url": format!("https://github.com/{REPOSITORY}/actions/runs/{id}"),
        })),
        false => Reply::Answer(204, String::new(), Vec::new()),
    })
}

fn start(state: &mut State, workflow: usize, branch: String, revision: String, inputs: Map<String, Value>) -> u64 {
    if WORKFLOWS[workflow].0 == "grouped" {
        let waiting = state.runs.iter_mut().filter(|run| run.workflow == workflow && run.looks < 2);
        waiting.for_each(|run| run.superseded = true);
    }
    let id = FIRST.1 + state.runs.len() as u64;
    let late = state.mood.late;
    let event = "workflow_dispatch";
    state.runs.push(Run {
        id,
        workflow,
        branch,
        revision,
        inputs,
        looks: 0,
        stopped: false,
        superseded: false,
        late,
        attempt: 1,
        event,
    });
    id
}

fn find_run<'s>(state: &'s mut State, id: &str) -> Result<&'s mut Run, Reply> {
    state.runs.iter_mut().find(|run| run.id.to_string() == id).ok_or_else(|| refuse(404, "Not Found"))
}

fn list_runs(asked: &Asked<'_>, state: &mut State, workflow: Option<usize>) -> Result<Reply, Reply> {
    asked.only(&[
        "actor",
        "branch",
        "event",
        "status",
        "per_page",
        "page",
        "created",
        "exclude_pull_requests",
        "head_sha",
    ])?;
    let mood = state.mood.clone();
    let mut found = Vec::new();
    for run in state.runs.iter_mut().rev() {
        let wanted = workflow.is_none_or(|at| run.workflow == at)
            && asked.get("branch").is_none_or(|branch| run.branch == branch)
            && asked.get("event").is_none_or(|event| run.event == event)
            && asked.get("head_sha").is_none_or(|sha| run.revision == sha);
        if wanted && run.late > 0 {
            run.late -= 1;
        } else if wanted {
            run.looks += 1;
            found.push(show(run, &mood));
        }
    }
    Ok(page(asked, state, "workflow_runs", found))
}

fn one_run(asked: &Asked<'_>, state: &mut State, id: &str, rest: &[&str]) -> Result<Reply, Reply> {
    let mood = state.mood.clone();
    let run = find_run(state, id)?;
    match rest {
        [] => {
            asked.only(&["exclude_pull_requests"])?;
            run.looks += 1;
            Ok(Reply::json(&show(run, &mood)))
        }
        ["jobs"] => {
            asked.only(&["filter", "per_page", "page"])?;
            let jobs = jobs(run, &mood);
            Ok(page(asked, state, "jobs", jobs))
        }
        ["artifacts"] => {
            asked.only(&["per_page", "page", "name"])?;
            let artifact = |id: String, name: &str, expired: bool| {
                json!({
                    "id": id.parse::<u64>().unwrap(), "node_id": "A_1", "name": name, "size_in_bytes": 9, "expired": expired,
                    "archive_download_url": format!("https://api.github.com/repos/{REPOSITORY}/actions/artifacts/{id}/zip"),
                    "created_at": "2026-01-01T00:00:00Z", "expires_at": "2026-04-01T00:00:00Z",
                })
            };
            let all = vec![artifact(format!("{id}3"), "report", false), artifact(format!("{id}4"), "old", true)];
            Ok(page(asked, state, "artifacts", all))
        }
        _ => Err(refuse(404, "Not Found")),
    }
}

/// Logs and archives, for whoever has a signed address and shows no token.
fn store(request: &Request, state: &State) -> Reply {
    if !request.header("authorization").is_empty() {
        return Reply::status(400, "InvalidAuthenticationInfo");
    }
    let Some((path, "sig=signed")) = request.target.split_once('?') else { return Reply::status(403, "") };
    let run = |id: &str| state.runs.iter().find(|run| run.id.to_string() == id);
    if let Some(id) = path.strip_prefix("/logs/").and_then(|path| path.strip_suffix(".txt"))
        && let Some(run) = run(id)
    {
        let word = run.inputs.get("word").and_then(Value::as_str).unwrap_or_default();
        return Reply::Answer(200, String::new(), format!("2026-01-01T00:00:00Z the word is {word}\n").into_bytes());
    }
    match path.strip_prefix("/zips/") {
        Some(_) => Reply::Answer(200, String::new(), b"PK\x05\x06 zip".to_vec()),
        None => Reply::status(404, ""),
    }
}
