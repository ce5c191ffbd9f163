//! A build asset registry that takes nothing but what its API 2020-02-20 describes.

use crate::http::{Reply, Request, Server};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

/// A running one; ends when it is dropped.
pub struct Bar {
    pub server: Server,
    pub world: Arc<Mutex<World>>,
}

/// What it knows.
#[derive(Default)]
pub struct World {
    pub builds: Vec<Value>,
    pub assets: Vec<Value>,
}

/// The token that it takes.
pub fn token() -> String {
    ["b4r", &"x".repeat(30)].concat()
}

impl Bar {
    pub fn start() -> Bar {
        let world = Arc::new(Mutex::new(World::default()));
        let shared = world.clone();
        let server = Server::start(move |request, _| answer(&mut shared.lock().unwrap(), request));
        Bar { server, world }
    }

    /// Adds a build of Azure DevOps.
    pub fn build(&self, id: u64, azdo: u64, number: &str, commit: &str) {
        self.world.lock().unwrap().builds.push(json!({
            "id": id, "commit": commit, "azureDevOpsBuildId": azdo, "azureDevOpsBuildDefinitionId": 13, "azureDevOpsAccount": "contoso",
            "azureDevOpsProject": "widgets", "azureDevOpsBuildNumber": number, "azureDevOpsRepository": "https://dev.azure.com/r",
            "azureDevOpsBranch": "refs/heads/main", "gitHubRepository": null, "gitHubBranch": null, "channels": [], "assets": [],
            "dateProduced": "2024-05-01T10:00:00.1234567+00:00", "released": false, "stable": true, "dependencies": [], "staleness": 0,
        }));
    }

    /// Adds an asset.
    pub fn asset(&self, build: u64, name: &str, non_shipping: bool) {
        let mut world = self.world.lock().unwrap();
        let id = world.assets.len() + 1;
        let locations = json!([{ "id": 1, "location": "https://pkgs.example.org/v3/index.json", "type": "nugetFeed" }]);
        world.assets.push(json!({ "id": id, "name": name, "version": "1.0.0", "buildId": build, "nonShipping": non_shipping, "locations": locations }));
    }
}

fn answer(world: &mut World, request: &Request) -> Reply {
    if request.header("authorization") != format!("Bearer {}", token()) {
        return Reply::Answer(302, "location: https://login.example.org/authorize\r\n".into(), vec![]);
    }
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let mut query: BTreeMap<String, String> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    if query.remove("api-version").as_deref() != Some("2020-02-20") {
        return Reply::status(400, "no api-version");
    }
    let path: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match (request.method.as_str(), path.as_slice()) {
        ("GET", ["api", "builds"]) => {
            let fields = [
                ("azdoBuildId", "azureDevOpsBuildId"),
                ("azdoAccount", "azureDevOpsAccount"),
                ("azdoProject", "azureDevOpsProject"),
                ("commit", "commit"),
            ];
            page(&world.builds, &mut query, &fields)
        }
        ("GET", ["api", "assets"]) => {
            query.remove("loadLocations");
            let mut assets = world.assets.clone();
            assets.reverse();
            page(&assets, &mut query, &[("buildId", "buildId"), ("name", "name")])
        }
        (method @ ("GET" | "PATCH"), ["api", "builds", id]) if query.is_empty() => {
            let Some(build) = world.builds.iter_mut().find(|build| build["id"].as_u64() == id.parse().ok()) else {
                return Reply::status(404, "");
            };
            if method == "PATCH" {
                match serde_json::from_slice::<BTreeMap<String, bool>>(&request.body) {
                    Ok(update) if update.len() == 1 && update.contains_key("released") => {
                        build["released"] = update["released"].into()
                    }
                    _ => return Reply::status(400, "the body is no BuildUpdate"),
                }
            }
            Reply::json(build)
        }
        _ => Reply::status(400, "not described"),
    }
}

fn page(all: &[Value], query: &mut BTreeMap<String, String>, fields: &[(&str, &str)]) -> Reply {
    let mut number = |name: &str, default: usize| query.remove(name).map_or(default, |text| text.parse().unwrap());
    let (page, size) = (number("page", 1), number("perPage", 30));
    if page == 0 || size > 100 {
        return Reply::status(400, "there is no such page");
    }
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut found: Vec<&Value> = all.iter().collect();
    for (name, field) in fields {
        if let Some(wanted) = query.remove(*name) {
            found.retain(|one| text(&one[*field]) == wanted);
        }
    }
    match query.keys().next() {
        Some(strange) => Reply::status(400, &format!("the parameter {strange} is not known")),
        None => Reply::json(&found.into_iter().skip((page - 1) * size).take(size).cloned().collect()),
    }
}
