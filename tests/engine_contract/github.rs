//! GitHub Actions, as a strict fake.

#[path = "../support/github.rs"]
#[allow(dead_code, reason = "each suite uses its part")]
mod fake;

use super::suite::{Ci, Fixture};
use async_trait::async_trait;
use ci_tool::engine::{Engine, github::Github};
use fake::Fake;
use std::{net::TcpListener, sync::Arc};

/// How it is set up.
pub const FIXTURE: Fixture = Fixture {
    name: "github",
    needs_server: false,
    start: || Box::pin(async { Box::new(Hub::start()) as Box<dyn Ci> }),
    stop: || {},
};

struct Hub {
    fake: Fake,
    engine: Arc<Github>,
}

impl Hub {
    fn start() -> Hub {
        let fake = Fake::start();
        let engine = Arc::new(fake::engine(&fake.url(), &fake::token()));
        Hub { fake, engine }
    }
}

#[async_trait]
impl Ci for Hub {
    fn engine(&self) -> Arc<dyn Engine> {
        self.engine.clone()
    }

    fn revisions(&self) -> Vec<String> {
        self.fake.revisions()
    }

    fn denied(&self) -> Option<Arc<dyn Engine>> {
        Some(Arc::new(fake::engine(&self.fake.url(), "expired")))
    }

    fn absent(&self) -> Option<Arc<dyn Engine>> {
        let port = TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
        Some(Arc::new(fake::engine(&format!("http://127.0.0.1:{port}"), &fake::token())))
    }

    async fn lose_an_answer(&self) -> bool {
        self.fake.set(|mood| mood.loses_dispatch = true);
        true
    }
}
