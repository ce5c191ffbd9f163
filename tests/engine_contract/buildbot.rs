//! Buildbot: a real master and worker, behind a proxy that can lose an answer.

#[path = "../support/buildbot/mod.rs"]
#[allow(dead_code, reason = "each suite uses its part")]
mod real;

use super::suite::{Ci, Fixture};
use async_trait::async_trait;
use ci_tool::{
    engine::{Engine, Spec, Surroundings, buildbot::Buildbot},
    http::Client,
    process::Stop,
};
use real::{ADMIN, Options, losing::Losing, password};
use std::{collections::BTreeMap, sync::Arc};

/// A master where only one user may start runs.
pub const FIXTURE: Fixture =
    Fixture { name: "buildbot", needs_server: true, start: || Box::pin(start(real::NEWEST)), stop: || () };
/// The same of the series before.
pub const FIXTURE_3: Fixture =
    Fixture { name: "buildbot-3", needs_server: true, start: || Box::pin(start(real::BEFORE)), stop: || () };

struct Served {
    real: real::Buildbot,
    proxy: Losing,
    engine: Arc<dyn Engine>,
}

async fn start(release: &'static str) -> Box<dyn Ci> {
    let real = real::Buildbot::start(Options { release, auth: true, ..Options::default() });
    let proxy = Losing::start(real.port());
    let engine = engine(proxy.port(), &password());
    Box::new(Served { real, proxy, engine })
}

fn engine(port: u16, password: &str) -> Arc<dyn Engine> {
    let spec = Spec {
        url: Some(format!("http://127.0.0.1:{port}")),
        user_env: Some("USER_NAME".into()),
        token_env: Some("USER_PASSWORD".into()),
        ..Spec::default()
    };
    let variables = [("USER_NAME", ADMIN), ("USER_PASSWORD", password)];
    let around = Surroundings {
        name: "buildbot".into(),
        env: variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        client: Client::new(),
        directory: std::env::temp_dir(),
        cache: std::env::temp_dir(),
        jobs: BTreeMap::new(),
        now: jiff::Timestamp::now,
        stop: Stop::never(),
    };
    Arc::new(Buildbot::open(&spec, &around).unwrap())
}

#[async_trait]
impl Ci for Served {
    fn engine(&self) -> Arc<dyn Engine> {
        self.engine.clone()
    }

    fn revisions(&self) -> Vec<String> {
        self.real.revisions.clone()
    }

    fn denied(&self) -> Option<Arc<dyn Engine>> {
        Some(engine(self.real.port(), "another"))
    }

    fn absent(&self) -> Option<Arc<dyn Engine>> {
        let free = std::net::TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
        Some(engine(free, &password()))
    }

    async fn lose_an_answer(&self) -> bool {
        self.proxy.lose_an_answer();
        true
    }
}
