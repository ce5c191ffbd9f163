//! An Azure DevOps that takes nothing but what its REST API 7.1 describes: no field, parameter, verb, header or version more.
//!
//! Jobs: `pass`, `fail`, `slow` (until it is stopped), `word` (takes the template parameter `word`), and those of
//! [`world::definitions`]. A build begins with the first look at it, and ends with the second.

use crate::http::{Reply, Request, Server};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::{Timestamp, ToSpan};
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use wire::{
    JSON, Refusal, allowed, bad, error, fields, list, locations, object, one, page, parse, resource_areas, version,
};
use world::{Build, Definition, PROJECT};

#[path = "azure_devops_stages.rs"]
mod stages;
#[path = "azure_devops_wire.rs"]
mod wire;
#[path = "azure_devops_world.rs"]
pub mod world;

const ORGANIZATION: &str = "contoso";
const ZIP: &[u8] = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// A running one; ends when it is dropped.
pub struct Fake {
    server: Server,
    state: Arc<Mutex<State>>,
}

struct State {
    revisions: Vec<String>,
    definitions: Vec<Definition>,
    builds: Vec<Build>,
    last: Timestamp,
    loses: usize,
    refuses: Vec<Reply>,
    slows: Option<u64>,
    latency: Duration,
}

/// A token of the sort that Entra gives, which it takes as well.
pub fn jwt() -> String {
    ["head", "body", "sign"].join(".")
}

/// The personal access token that it takes, put together so that no scanner takes it for a secret.
pub fn token() -> String {
    ["p4t", &"x".repeat(49)].concat()
}

impl Fake {
    /// Starts one, with six revisions and no builds.
    pub fn start() -> Fake {
        let state = State {
            revisions: (1..=6).map(|n| format!("{n:040x}")).collect(),
            definitions: world::definitions(),
            builds: Vec::new(),
            last: Timestamp::UNIX_EPOCH,
            loses: 0,
            refuses: Vec::new(),
            slows: None,
            latency: Duration::ZERO,
        };
        let state = Arc::new(Mutex::new(state));
        let shared = state.clone();
        let server = Server::start(move |request, _| {
            let latency = lock(&shared).latency;
            if latency > Duration::ZERO {
                tokio::task::block_in_place(|| std::thread::sleep(latency));
            }
            answer(&mut lock(&shared), request)
        });
        Fake { server, state }
    }

    /// The organization's address.
    pub fn url(&self) -> String {
        self.server.url(&format!("/{ORGANIZATION}"))
    }

    /// The revisions, the oldest first.
    pub fn revisions(&self) -> Vec<String> {
        lock(&self.state).revisions.clone()
    }

    /// Begins a build as a push does: without a key. Returns its number.
    pub fn push(&self, job: &str, revision: &str) -> String {
        let mut state = lock(&self.state);
        let definition = state.definitions.iter().find(|definition| definition.job() == job).unwrap().clone();
        state.add(&definition, revision.to_owned(), Map::new(), Map::new()).id.to_string()
    }

    /// Leaves files of a build behind.
    pub fn leave(&self, build: &str, artifact: &str, zip: Vec<u8>) {
        lock(&self.state).build_mut(build).unwrap().artifacts.push((artifact.into(), zip));
    }

    /// Every build that was taken, the oldest first: its job, its revision, its key or nothing.
    pub fn runs(&self) -> Vec<(String, String, String)> {
        let key =
            |build: &Build| build.variables.get("ci_tool_key").and_then(Value::as_str).unwrap_or_default().to_owned();
        lock(&self.state).builds.iter().map(|b| (b.definition.job(), b.version.clone(), key(b))).collect()
    }

    /// What was asked so far.
    pub fn asked(&self) -> Vec<Request> {
        self.server.asked()
    }

    /// Answers no sooner.
    pub fn latency(&self, latency: Duration) {
        lock(&self.state).latency = latency;
    }

    /// Takes the next submission and breaks the connection.
    pub fn lose(&self) {
        lock(&self.state).loses += 1;
    }

    /// Refuses the next call for the rate of calls.
    pub fn throttle(&self, seconds: u64) {
        let more = format!("retry-after: {seconds}\r\ncontent-type: application/json; charset=utf-8\r\n");
        let body = error(
            "RequestBlockedException",
            "TF400733: The request has been canceled: Request was blocked due to exceeding usage of resource",
        );
        lock(&self.state).refuses.push(Reply::Answer(429, more, body));
    }

    /// Answers the next call, and says how long to wait before another.
    pub fn slow_down(&self, seconds: u64) {
        lock(&self.state).slows = Some(seconds);
    }

    /// Is not there for so many calls, as during an update.
    pub fn restart(&self, calls: usize) {
        let gone = Reply::Answer(
            503,
            "content-type: text/html\r\n".into(),
            b"<html>The service is unavailable.</html>".to_vec(),
        );
        lock(&self.state).refuses.extend(std::iter::repeat_n(gone, calls));
    }

    /// Answers the next call so.
    pub fn next(&self, reply: Reply) {
        lock(&self.state).refuses.push(reply);
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(|e| e.into_inner())
}

fn answer(state: &mut State, request: &Request) -> Reply {
    if !state.refuses.is_empty() {
        return state.refuses.remove(0);
    }
    let (path, _) = parse(&request.target);
    if let [_, kind, build, name] = path.as_slice()
        && kind == "_signed"
    {
        return stages::content(state, build, name, !request.header("authorization").is_empty());
    }
    if let Some(reply) = sign_in(request) {
        return reply;
    }
    let slow = state.slows.take().map(|s| format!("retry-after: {s}\r\nx-ratelimit-delay: 0.5\r\n"));
    match handle(state, request) {
        Ok(Reply::Answer(status, more, body)) => Reply::Answer(status, more + &slow.unwrap_or_default(), body),
        Ok(other) => other,
        Err((status, kind, message)) => Reply::Answer(status, JSON.into(), error(kind, &message)),
    }
}

/// What the service does with callers that it does not know: a page, with a status of success, or a redirect to one.
fn sign_in(request: &Request) -> Option<Reply> {
    let good = format!("Basic {}", BASE64_STANDARD.encode(format!(":{}", token())));
    let given = request.header("authorization");
    if given == good || given == format!("Bearer {}", jwt()) {
        return None;
    }
    let html = "content-type: text/html; charset=utf-8\r\n".to_owned();
    Some(match (given, request.method.as_str()) {
        ("", _) => Reply::Answer(
            302,
            html + "location: https://spsprodcus1.vssps.visualstudio.com/_signin?realm=dev.azure.com\r\n",
            b"<html>Object moved</html>".into(),
        ),
        (_, "GET" | "POST") => Reply::Answer(
            203,
            html,
            b"<!DOCTYPE html><html><title>Azure DevOps Services | Sign In</title></html>".into(),
        ),
        _ => Reply::Answer(
            401,
            JSON.into(),
            error("UnauthorizedRequestException", "TF400813: The user '' is not authorized to access this resource."),
        ),
    })
}

fn handle(state: &mut State, request: &Request) -> Result<Reply, Refusal> {
    let (path, mut query) = parse(&request.target);
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let base = format!("http://{}/{ORGANIZATION}", request.header("host"));
    let gone = || (404, "VssServiceException", format!("The controller for path '{}' was not found", request.target));
    let [ORGANIZATION, path @ ..] = path.as_slice() else { return Err(gone()) };
    if (request.method.as_str(), path) == ("OPTIONS", &["_apis"][..]) {
        return Ok(list(locations(), None));
    }
    version(request, &mut query)?;
    let method = request.method.as_str();
    if matches!(method, "POST" | "PATCH") && !request.header("content-type").starts_with("application/json") {
        return Err((
            415,
            "VssServiceException",
            "The request entity's media type is not supported for this resource.".into(),
        ));
    }
    if let ("GET", ["_apis", areas]) = (method, path)
        && areas.eq_ignore_ascii_case("resourceAreas")
    {
        return Ok(list(resource_areas(&base), None));
    }
    let [project, "_apis", path @ ..] = path else { return Err(gone()) };
    if *project != PROJECT {
        let message = format!(
            "TF200016: The following project does not exist: {project}. Verify that the name of the project is correct."
        );
        return Err((404, "ProjectDoesNotExistWithNameException", message));
    }
    let lower: Vec<String> = path.iter().map(|part| part.to_lowercase()).collect();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    let body = || -> Result<Map<String, Value>, Refusal> {
        serde_json::from_slice(&request.body).map_err(|e| bad(format!("TF400898: the body is no object: {e}")))
    };
    match (method, lower.as_slice()) {
        ("GET", ["build", "definitions"]) => {
            allowed(
                &query,
                &["$top", "continuationToken", "includeAllProperties", "queryOrder", "name", "path", "definitionIds"],
            )?;
            let whole = query.get("includeAllProperties").is_some_and(|v| v.eq_ignore_ascii_case("true"));
            let mut all = state.definitions.clone();
            all.sort_by_key(|definition| definition.name);
            page(&query, all.iter().map(|d| d.json(&base, whole)).collect())
        }
        ("GET", ["build", "builds"]) => builds(state, &query, &base),
        ("POST", ["build", "builds"]) => {
            allowed(&query, &[])?;
            let build = queue(state, &body()?)?;
            taken(state, build.json(&base))
        }
        ("POST", ["pipelines", id, verb @ ("runs" | "preview")]) => {
            allowed(&query, &[])?;
            let (definition, version, variables, templates) = pipeline(state, id, &body()?)?;
            let skip = skipped(&definition, &body()?)?;
            if *verb == "preview" {
                return Ok(Reply::Answer(
                    200,
                    JSON.into(),
                    json!({ "finalYaml": "steps:\n- bash: ./run\n" }).to_string().into(),
                ));
            }
            let build = state.add(&definition, version, variables, templates);
            let stages = stages::begun(definition.stages, &skip);
            state.build_mut(&build.id.to_string())?.stages = stages;
            taken(state, build.run_json(&base))
        }
        ("GET", ["pipelines", pipeline, "runs", id]) => {
            allowed(&query, &[])?;
            let build = state.build(id)?;
            match pipeline.parse() == Ok(build.definition.id) {
                true => Ok(one(build.run_json(&base))),
                false => Err((404, "RunNotFoundException", format!("Run {id} not found."))),
            }
        }
        ("GET", ["pipelines", "approvals"]) => stages::approvals(state, &query),
        ("PATCH", ["pipelines", "approvals"]) => {
            allowed(&query, &[])?;
            stages::approve(state, &request.body)
        }
        ("GET", ["pipelines", _, "runs", id, "artifacts"]) => stages::signed(state.build(id)?, &query, &base),
        (_, ["build", "builds", id, rest @ ..]) => build(state, request, &query, (id, rest), &base),
        ("GET", ["resources", "containers", id]) => {
            allowed(&query, &["itemPath", "$format"])?;
            state.build(id)?;
            Ok(Reply::Answer(200, "content-type: application/zip\r\n".into(), ZIP.to_vec()))
        }
        _ => Err((
            405,
            "VssServiceException",
            format!("The requested resource does not support http method '{method}'."),
        )),
    }
}

fn build(
    state: &mut State,
    request: &Request,
    query: &BTreeMap<String, String>,
    (id, rest): (&str, &[&str]),
    base: &str,
) -> Result<Reply, Refusal> {
    let known = {
        let build = state.build(id)?;
        state.revisions.contains(&build.version)
    };
    match (request.method.as_str(), rest) {
        ("GET", []) => {
            allowed(query, &[])?;
            let build = state.build_mut(id)?;
            build.advance(known);
            Ok(one(build.json(base)))
        }
        ("PATCH", []) => {
            allowed(query, &[])?;
            let body: Map<String, Value> = serde_json::from_slice(&request.body).map_err(|e| bad(e.to_string()))?;
            fields(&body, &["status"])?;
            let build = state.build_mut(id)?;
            match (body.get("status").and_then(Value::as_str), build.status) {
                (Some("cancelling" | "Cancelling"), "completed") => {
                    return Err(bad(format!("Build {id} is not in progress")));
                }
                (Some("cancelling" | "Cancelling"), _) => build.status = "cancelling",
                (other, _) => return Err(bad(format!("the status {other:?} cannot be set"))),
            }
            Ok(one(build.json(base)))
        }
        ("GET", ["timeline"]) => {
            allowed(query, &[])?;
            Ok(state.build(id)?.timeline(known).map_or(Reply::Answer(204, String::new(), vec![]), one))
        }
        ("GET", ["timeline", earlier]) => {
            allowed(query, &[])?;
            let found = stages::timeline(state.build(id)?, Some(earlier));
            found.map(one).ok_or((404, "TimelineNotFoundException", format!("The timeline {earlier} was not found.")))
        }
        ("PATCH", ["stages", stage]) => {
            allowed(query, &[])?;
            let body: Map<String, Value> = serde_json::from_slice(&request.body).map_err(|e| bad(e.to_string()))?;
            let reply = stages::change(state.build_mut(id)?, stage, &body)?;
            if state.loses > 0 {
                state.loses -= 1;
                return Ok(Reply::Reset);
            }
            Ok(reply)
        }
        ("GET", ["logs"]) => {
            allowed(query, &[])?;
            let logs = state.build(id)?.logs();
            let log = |(n, lines): (usize, &Vec<String>)| {
                json!({ "id": n + 1, "type": "Container", "lineCount": lines.len(),
                "url": format!("{base}/{PROJECT}/_apis/build/builds/{id}/logs/{}", n + 1), "createdOn": "2024-05-01T10:00:00.12Z" })
            };
            Ok(list(logs.iter().enumerate().map(log).collect(), None))
        }
        ("GET", ["logs", log]) => {
            allowed(query, &["startLine", "endLine"])?;
            let logs = state.build(id)?.logs();
            let lines = log.parse::<usize>().ok().and_then(|n| logs.get(n.checked_sub(1)?));
            let lines = lines.ok_or((404, "BuildLogNotFoundException", format!("Log with ID {log} was not found.")))?;
            Ok(match request.header("accept").starts_with("text/plain") {
                true => {
                    Reply::Answer(200, "content-type: text/plain\r\n".into(), (lines.join("\n") + "\n").into_bytes())
                }
                false => one(json!({ "count": lines.len(), "value": lines })),
            })
        }
        ("GET", ["artifacts"]) => {
            allowed(query, &["artifactName"])?;
            let place =
                format!("{base}/{PROJECT}/_apis/resources/Containers/{id}?itemPath=drop&%24format=zip&api-version=7.1");
            let drop = json!({ "id": 1, "name": "drop", "source": "j", "resource": { "type": "Container", "data": "#/1/drop",
                "properties": { "artifactsize": ZIP.len().to_string(), "localpath": "/a/drop" }, "url": place, "downloadUrl": place } });
            let left: Vec<Value> = state.build(id)?.artifacts.iter().map(|(name, _)| {
                json!({ "id": 2, "name": name, "resource": { "type": "PipelineArtifact", "data": "h", "properties": {}, "downloadUrl": place } })
            }).collect();
            match query.get("artifactName").map(String::as_str) {
                None if !left.is_empty() => Ok(list(left, None)),
                None => Ok(list(vec![drop], None)),
                Some("drop") => Ok(one(drop)),
                Some(name) => {
                    Err((404, "ArtifactNotFoundException", format!("Artifact {name} was not found for build {id}.")))
                }
            }
        }
        _ => Err((405, "VssServiceException", "The requested resource does not support this method.".into())),
    }
}

fn builds(state: &mut State, query: &BTreeMap<String, String>, base: &str) -> Result<Reply, Refusal> {
    allowed(query, &["definitions", "buildIds", "queryOrder", "$top", "continuationToken", "minTime", "statusFilter"])?;
    let numbers = |name: &str| -> Result<Option<Vec<u64>>, Refusal> {
        let Some(text) = query.get(name) else { return Ok(None) };
        let parsed: Result<_, _> = text.split(',').map(str::parse).collect();
        parsed.map(Some).map_err(|_| bad(format!("The value '{text}' is not valid for {name}.")))
    };
    let (definitions, ids) = (numbers("definitions")?, numbers("buildIds")?);
    let order = query.get("queryOrder").map(String::as_str);
    if !matches!(order, None | Some("queueTimeDescending" | "finishTimeDescending")) {
        return Err(bad(format!("The value {order:?} is not valid for queryOrder.")));
    }
    let since: Option<Timestamp> = match query.get("minTime").map(|text| text.parse()) {
        Some(Err(_)) => return Err(bad("minTime is no time".into())),
        parsed => parsed.and_then(Result::ok),
    };
    let revisions = state.revisions.clone();
    let mut found = Vec::new();
    for build in state.builds.iter_mut().rev() {
        let wanted = definitions.as_ref().is_none_or(|all| all.contains(&build.definition.id))
            && ids.as_ref().is_none_or(|all| all.contains(&build.id))
            && since.is_none_or(|since| build.queued >= since);
        if wanted {
            build.advance(revisions.contains(&build.version));
            found.push(build.json(base));
        }
    }
    if ids.is_some() { Ok(list(found, None)) } else { page(query, found) }
}

type Asked = (Definition, String, Map<String, Value>, Map<String, Value>);

fn pipeline(state: &State, id: &str, body: &Map<String, Value>) -> Result<Asked, Refusal> {
    let definition = state.definition(id.parse().unwrap_or(0))?;
    if !definition.yaml {
        return Err((404, "PipelineDoesNotExistException", format!("Pipeline with id {id} does not exist.")));
    }
    fields(body, &["resources", "templateParameters", "variables", "previewRun", "stagesToSkip"])?;
    let mut version = state.revisions.last().cloned().unwrap_or_default();
    if let Some(resources) = body.get("resources") {
        fields(object(resources)?, &["repositories", "pipelines"])?;
        for (alias, pinned) in resources.get("pipelines").map_or(Ok(&Map::new()), object)? {
            fields(object(pinned)?, &["version"])?;
            if alias != "build" || !state.builds.iter().any(|b| pinned["version"] == format!("20240501.{}", b.id)) {
                return Err((
                    400,
                    "PipelineValidationException",
                    format!("the resource {alias} has no version {}", pinned["version"]),
                ));
            }
        }
        let own = resources["repositories"].get("self").ok_or(bad("no repository self".into()))?;
        fields(object(own)?, &["refName", "version"])?;
        if own.get("refName").is_some_and(|name| !name.as_str().unwrap_or_default().starts_with("refs/")) {
            return Err(bad(format!("{} is no ref", own["refName"])));
        }
        version = own.get("version").and_then(Value::as_str).map_or(version, str::to_owned);
    }
    if !state.revisions.contains(&version) {
        let message = format!(
            "/ci/{}.yml: Could not get the latest source version for repository widgets: the commit {version} was not found.",
            definition.name
        );
        return Err((400, "PipelineValidationException", message));
    }
    if definition.ends == world::Ends::Invalid {
        return Err((400, "PipelineValidationException", world::INVALID.into()));
    }
    let empty = Map::new();
    let templates = body.get("templateParameters").map_or(Ok(&empty), object)?;
    if let Some(name) = templates.keys().find(|name| !definition.templates.contains(&name.as_str())) {
        let message = format!("/ci/{}.yml: Unexpected parameter '{name}'", definition.name);
        return Err((400, "PipelineValidationException", message));
    }
    let mut variables = Map::new();
    for (name, value) in body.get("variables").map_or(Ok(&empty), object)? {
        fields(object(value)?, &["value", "isSecret"])?;
        variables.insert(name.clone(), value["value"].clone());
    }
    settable(&definition, &variables)?;
    Ok((definition, version, variables, templates.clone()))
}

/// The stages that are deselected.
fn skipped(definition: &Definition, body: &Map<String, Value>) -> Result<Vec<String>, Refusal> {
    let Some(skip) = body.get("stagesToSkip") else { return Ok(vec![]) };
    let skip: Vec<String> = serde_json::from_value(skip.clone()).map_err(|e| bad(format!("stagesToSkip: {e}")))?;
    match skip.iter().find(|name| !definition.stages.iter().any(|stage| stage.name == **name)) {
        Some(strange) => Err((400, "PipelineValidationException", format!("Stage {strange} does not exist."))),
        None => Ok(skip),
    }
}

fn queue(state: &mut State, body: &Map<String, Value>) -> Result<Build, Refusal> {
    fields(body, &["definition", "sourceBranch", "sourceVersion", "parameters"])?;
    let reference = body.get("definition").map_or(Err(bad("no definition".into())), object)?;
    fields(reference, &["id"])?;
    let definition = state.definition(reference["id"].as_u64().unwrap_or(0))?;
    let variables = match body.get("parameters") {
        None => Map::new(),
        Some(Value::String(text)) => serde_json::from_str(text).map_err(|e| bad(format!("parameters: {e}")))?,
        Some(_) => return Err(bad("parameters are a text".into())),
    };
    settable(&definition, &variables)?;
    let head = state.revisions.last().cloned().unwrap_or_default();
    // A classic build takes any version, and fails where it checks it out.
    let version = body.get("sourceVersion").and_then(Value::as_str).map_or(head, str::to_owned);
    Ok(state.add(&definition, version, variables, Map::new()))
}

fn settable(definition: &Definition, variables: &Map<String, Value>) -> Result<(), Refusal> {
    let strange: Vec<&str> =
        variables.keys().map(String::as_str).filter(|name| !definition.variables.contains(name)).collect();
    if strange.is_empty() {
        return Ok(());
    }
    let message = format!(
        "See https://aka.ms/AzPipelines/SettingVariablesAtQueueTime - You can't set the following variables ({}). If you want to be able to set these variables, then edit the pipeline and select Settable at queue time on the variables tab of the pipeline editor.",
        strange.join(",")
    );
    Err((400, "BuildRequestValidationFailedException", message))
}

/// The answer to a submission, unless it is to be lost.
fn taken(state: &mut State, value: Value) -> Result<Reply, Refusal> {
    if state.loses > 0 {
        state.loses -= 1;
        return Ok(Reply::Reset);
    }
    Ok(one(value))
}

impl State {
    fn add(
        &mut self,
        definition: &Definition,
        version: String,
        variables: Map<String, Value>,
        templates: Map<String, Value>,
    ) -> Build {
        // No two are queued at the same time.
        self.last = Timestamp::now().max(self.last.saturating_add(1.millisecond()).unwrap());
        let build = Build::new(101 + self.builds.len() as u64, definition, version, variables, templates, self.last);
        self.builds.push(build.clone());
        build
    }

    fn build(&self, id: &str) -> Result<&Build, Refusal> {
        let found = id.parse().ok().and_then(|id: u64| self.builds.iter().find(|build| build.id == id));
        found.ok_or_else(|| (404, "BuildNotFoundException", format!("The requested build {id} could not be found.")))
    }

    fn build_mut(&mut self, id: &str) -> Result<&mut Build, Refusal> {
        let found = id.parse().ok().and_then(|id: u64| self.builds.iter_mut().find(|build| build.id == id));
        found.ok_or_else(|| (404, "BuildNotFoundException", format!("The requested build {id} could not be found.")))
    }

    fn definition(&self, id: u64) -> Result<Definition, Refusal> {
        let Some(found) = self.definitions.iter().find(|definition| definition.id == id) else {
            return Err((404, "DefinitionNotFoundException", format!("The definition {id} does not exist.")));
        };
        match found.queue_status {
            "disabled" => Err((
                400,
                "DefinitionDisabledException",
                format!("Cannot queue the build: the definition {} is disabled.", found.name),
            )),
            _ => Ok(found.clone()),
        }
    }
}
