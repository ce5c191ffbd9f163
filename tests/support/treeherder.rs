//! A Treeherder that takes only what the service's views read, with one project.

use crate::http::{Reply, Request, Server};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Its project.
pub const PROJECT: &str = "autoland";
/// The columns of its jobs.
const COLUMNS: [&str; 14] = [
    "failure_classification_id",
    "id",
    "job_type_name",
    "platform",
    "push_id",
    "state",
    "result",
    "tier",
    "submit_timestamp",
    "start_timestamp",
    "end_timestamp",
    "job_coalesced_to_guid",
    "task_id",
    "retry_id",
];
const PUSHES: u64 = 30;
/// The number of the first push.
const FIRST: u64 = 99_990;

/// A running Treeherder; ends when it is dropped.
pub struct Fake {
    server: Server,
    _storage: Server,
}

impl Fake {
    /// Starts one. Every push has the jobs `unit@linux` and `lint@linux`, the latter of the third tier; the one at `crowded` has
    /// 2,500 besides; a result that is not known is at `weird`.
    pub fn start(crowded: Option<u64>, weird: Option<u64>) -> Fake {
        let storage = Server::start(|request, _| match request.target.as_str() {
            "/log.txt" if request.header("authorization").is_empty() => {
                Reply::Answer(200, String::new(), b"a line\n".to_vec())
            }
            _ => Reply::status(404, ""),
        });
        let logs = storage.url("/log.txt");
        let server =
            Server::start(move |request, _| answer(request, crowded, weird, &logs).unwrap_or_else(|refusal| refusal));
        Fake { server, _storage: storage }
    }

    /// Its address.
    pub fn url(&self) -> String {
        self.server.url("")
    }

    /// The revision of the push with a number, from 0.
    pub fn revision(&self, at: u64) -> String {
        revision(FIRST + at)
    }

    /// What it was asked.
    pub fn asked(&self) -> Vec<Request> {
        self.server.asked()
    }
}

fn revision(push: u64) -> String {
    format!("{push:040x}")
}

fn answer(request: &Request, crowded: Option<u64>, weird: Option<u64>, logs: &str) -> Result<Reply, Reply> {
    let detail = |status, text: &str| {
        Reply::Answer(status, "content-type: application/json\r\n".into(), json!({ "detail": text }).to_string().into())
    };
    if request.method != "GET" {
        return Err(detail(405, &format!("Method \"{}\" not allowed.", request.method)));
    }
    if !request.header("user-agent").starts_with("ci-tool/") {
        return Err(Reply::status(403, "a User-Agent is wanted"));
    }
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let query: BTreeMap<String, String> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let only = |known: &[&str]| match query.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(detail(400, &format!("a strict server: no parameter {name}"))),
        None => Ok(()),
    };
    let rest = path.strip_prefix("/api/project/").ok_or(detail(404, "Not found."))?;
    let Some(rest) = rest.strip_prefix(PROJECT) else { return Err(detail(404, "No project with that name")) };
    let number = |name: &str| query.get(name).and_then(|text| text.parse::<u64>().ok());
    match rest {
        "/push/" => {
            only(&["revision", "count", "id__lt", "full"])?;
            let count = number("count").unwrap_or(10);
            if count > 1000 {
                return Err(detail(400, "Specified count exceeds api limit: 1000"));
            }
            let ids = (FIRST..FIRST + PUSHES).rev();
            let found = ids
                .filter(|id| query.get("revision").is_none_or(|wanted| revision(*id) == *wanted))
                .filter(|id| number("id__lt").is_none_or(|below| *id < below))
                .take(count as usize);
            let push =
                |id: u64| json!({ "id": id, "revision": revision(id), "push_timestamp": id * 100, "author": "a@b.c" });
            Ok(Reply::json(
                &json!({ "results": found.map(push).collect::<Vec<_>>(), "meta": { "repository": PROJECT } }),
            ))
        }
        "/jobs/" => {
            only(&["push_id", "id__in", "count", "offset", "return_type"])?;
            let (count, offset) = (number("count").unwrap_or(10), number("offset").unwrap_or(0));
            if count > 2000 {
                return Err(detail(400, "Specified count exceeds API MAX_JOBS_COUNT value: 2000"));
            }
            if query.get("return_type").map(String::as_str) != Some("list") {
                return Err(detail(400, "a strict server: only the list is known"));
            }
            let pushes = (FIRST..FIRST + PUSHES).filter(|id| number("push_id").is_none_or(|wanted| wanted == *id));
            let ids: Option<Vec<u64>> =
                query.get("id__in").map(|text| text.split(',').filter_map(|id| id.parse().ok()).collect());
            let rows = pushes.flat_map(|push| rows(push, crowded, weird));
            let wanted = |row: &Value| ids.as_ref().is_none_or(|ids| ids.iter().any(|id| row[1] == *id));
            let rows: Vec<Value> = rows.filter(wanted).skip(offset as usize).take(count as usize).collect();
            let mut table =
                json!({ "results": rows, "meta": { "offset": offset, "count": count, "repository": PROJECT } });
            if table["results"].as_array().is_some_and(|rows| !rows.is_empty()) {
                table["job_property_names"] = json!(COLUMNS);
            }
            Ok(Reply::json(&table))
        }
        "/job-log-url/" => {
            only(&["job_id"])?;
            let id = number("job_id").ok_or(detail(400, "job_id must be an integer"))?;
            let log = |name: &str, url: &str| json!({ "id": 1, "job_id": id, "name": name, "url": url, "parse_status": "parsed" });
            let all = [log("errorsummary_json", "http://127.0.0.1:1/"), log("live_backing_log", logs)];
            Ok(Reply::json(&json!(if id % 2 == 0 { &all[..] } else { &[] })))
        }
        _ => Err(detail(404, "Not found.")),
    }
}

/// The jobs of a push. Their numbers are even where they have a log.
fn rows(push: u64, crowded: Option<u64>, weird: Option<u64>) -> Vec<Value> {
    let at = push - FIRST;
    // What became of `unit`, by the number of the push.
    let (state, result, into) = match at {
        29 => ("pending", "unknown", Value::Null),
        28 => ("running", "unknown", Value::Null),
        27 => ("completed", "testfailed", Value::Null),
        26 => ("completed", "success", json!("a-guid")),
        25 => ("completed", "retry", Value::Null),
        _ if weird == Some(at) => ("completed", "WEIRD", Value::Null),
        _ => ("completed", "success", Value::Null),
    };
    let row = |id: u64, name: &str, tier: u8, state: &str, result: &str, into: Value| {
        let (start, end) = (
            if state == "pending" { 0 } else { push * 100 + 5 },
            if state == "completed" { push * 100 + 65 } else { 0 },
        );
        json!([1, id, name, "linux", push, state, result, tier, push * 100, start, end, into, "T", 0])
    };
    let mut rows = vec![
        row(push * 10_000, "unit", 1, state, result, into),
        row(push * 10_000 + 1, "lint", 3, "completed", "success", Value::Null),
    ];
    if crowded == Some(at) {
        let more = (0..2500).map(|n| row(push * 10_000 + 2 + n, "many", 2, "completed", "success", Value::Null));
        // The one that is looked for comes last.
        rows = more.chain(rows).collect();
    }
    rows
}
