//! How the Azure DevOps of the tests reads and writes: what it knows of requests, and the shapes of its answers.

use crate::http::{Reply, Request};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const VERSIONS: [&str; 5] = ["7.0", "7.1", "7.0-preview.1", "7.1-preview.1", "7.0-preview"];
/// How many definitions and builds a page has at most: fewer than the real one's, so that every list has several.
const PAGE: usize = 5;

/// What is refused: a status, a type and a message.
pub type Refusal = (u16, &'static str, String);

/// An error as the service writes it.
pub fn error(kind: &str, message: &str) -> Vec<u8> {
    let full = format!("Microsoft.TeamFoundation.Build.WebApi.{kind}, Microsoft.TeamFoundation.Build2.WebApi");
    json!({ "$id": "1", "innerException": null, "message": message, "typeName": full, "typeKey": kind, "errorCode": 0, "eventId": 3000 })
        .to_string()
        .into_bytes()
}

pub const JSON: &str = "content-type: application/json; charset=utf-8; api-version=7.1\r\n";

pub fn bad(message: String) -> Refusal {
    (400, "InvalidRequestContentException", message)
}

pub fn object(value: &Value) -> Result<&Map<String, Value>, Refusal> {
    value.as_object().ok_or_else(|| bad(format!("{value} is no object")))
}

pub fn fields(body: &Map<String, Value>, known: &[&str]) -> Result<(), Refusal> {
    match body.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(bad(format!("the field {name} is not known"))),
        None => Ok(()),
    }
}

pub fn allowed(query: &BTreeMap<String, String>, known: &[&str]) -> Result<(), Refusal> {
    match query.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(bad(format!("the parameter {name} is not known"))),
        None => Ok(()),
    }
}

/// The version of the API, from the query or from `Accept`.
pub fn version(request: &Request, query: &mut BTreeMap<String, String>) -> Result<(), Refusal> {
    let accept = request.header("accept");
    let version = query.remove("api-version").or_else(|| accept.split_once("api-version=").map(|(_, v)| v.to_owned()));
    match version {
        Some(version) if VERSIONS.contains(&version.as_str()) => Ok(()),
        Some(version) => Err((
            400,
            "VssVersionOutOfRangeException",
            format!("The requested REST API version of {version} is out of range for this server."),
        )),
        None => Err((
            400,
            "VssVersionNotSpecifiedException",
            format!("No api-version was supplied for the \"{}\" request.", request.method),
        )),
    }
}

pub fn one(value: Value) -> Reply {
    Reply::Answer(200, JSON.into(), value.to_string().into_bytes())
}

pub fn list(value: Vec<Value>, next: Option<usize>) -> Reply {
    let more = next.map(|next| format!("x-ms-continuationtoken: page-{next}\r\n")).unwrap_or_default();
    let body = json!({ "count": value.len(), "value": value }).to_string();
    Reply::Answer(200, JSON.to_owned() + &more, body.into_bytes())
}

/// A page of a list: at most [`PAGE`], or `$top`.
pub fn page(query: &BTreeMap<String, String>, all: Vec<Value>) -> Result<Reply, Refusal> {
    let number = |text: &str| text.parse::<usize>().map_err(|_| bad(format!("{text} is no number")));
    let top = query.get("$top").map_or(Ok(PAGE), |text| number(text))?;
    let from = match query.get("continuationToken") {
        None => 0,
        Some(token) => number(token.strip_prefix("page-").ok_or(bad("The continuation token is invalid.".into()))?)?,
    };
    let to = (from + top.min(PAGE)).min(all.len());
    Ok(list(all[from..to].to_vec(), (to < all.len()).then_some(to)))
}

/// What the service's own clients look up before they call.
pub fn resource_areas(base: &str) -> Vec<Value> {
    let areas =
        [("965220d5-5bb9-42cf-8d67-9b146df2a5a4", "build"), ("2e0bf237-8973-4ec9-a581-9c3d679d1776", "pipelines")];
    areas.iter().map(|(id, name)| json!({ "id": id, "name": name, "locationUrl": format!("{base}/") })).collect()
}

pub fn locations() -> Vec<Value> {
    let places = [
        ("e81700f7-3be2-46de-8624-2eb35882fcaa", "Location", "ResourceAreas", "_apis/{resource}/{areaId}"),
        (
            "dbeaf647-6167-421a-bda9-c9327b25e2e6",
            "build",
            "Definitions",
            "{project}/_apis/{area}/{resource}/{definitionId}",
        ),
        ("0cd358e1-9217-4d94-8269-1c1ee6f93dcf", "build", "Builds", "{project}/_apis/{area}/{resource}/{buildId}"),
        (
            "35a80daf-7f30-45fc-86e8-6b813d9c90df",
            "build",
            "logs",
            "{project}/_apis/{area}/builds/{buildId}/{resource}/{logId}",
        ),
        (
            "8baac422-4c6e-4de5-8532-db96d92acffa",
            "build",
            "Timeline",
            "{project}/_apis/{area}/builds/{buildId}/{resource}/{timelineId}",
        ),
        (
            "1db06c96-014e-44e1-ac91-90b2d4b3e984",
            "build",
            "artifacts",
            "{project}/_apis/{area}/builds/{buildId}/{resource}",
        ),
        (
            "b8aac6c9-744b-46e1-88fc-3550969f9313",
            "build",
            "stages",
            "{project}/_apis/{area}/builds/{buildId}/{resource}/{stageRefName}",
        ),
        (
            "85023071-bd5e-4438-89b0-2a5bf362a19d",
            "pipelines",
            "artifacts",
            "{project}/_apis/{area}/{pipelineId}/runs/{runId}/{resource}",
        ),
        (
            "7859261e-d2e9-4a68-b820-a5d84cc5bb3d",
            "pipelines",
            "runs",
            "{project}/_apis/{area}/{pipelineId}/{resource}/{runId}",
        ),
        (
            "53df2d18-29ea-46a9-bee0-933540f80abf",
            "pipelines",
            "preview",
            "{project}/_apis/{area}/{pipelineId}/{resource}",
        ),
    ];
    let place = |(id, area, resource, route): &(&str, &str, &str, &str)| {
        json!({
            "id": id, "area": area, "resourceName": resource, "routeTemplate": route, "resourceVersion": 1,
            "minVersion": "1.0", "maxVersion": "7.2", "releasedVersion": "7.1",
        })
    };
    places.iter().map(place).collect()
}

/// The path's parts after the organization, and the query.
pub fn parse(target: &str) -> (Vec<String>, BTreeMap<String, String>) {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let decode = |text: &str| {
        form_urlencoded::parse(format!("x={}", text.replace('+', "%2B")).as_bytes()).next().map(|(_, v)| v.into_owned())
    };
    let parts = path.split('/').filter(|part| !part.is_empty()).filter_map(decode).collect();
    (parts, form_urlencoded::parse(query.as_bytes()).into_owned().collect())
}
