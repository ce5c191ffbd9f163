//! Azure DevOps, in front of the strict fake.

#[path = "../support/azure_devops.rs"]
#[allow(dead_code, reason = "each suite uses its part")]
mod fake;

use crate::suite::{Ci, Fixture};
use async_trait::async_trait;
use ci_tool::{
    engine::{Engine, Spec, Surroundings, azure_devops::AzureDevops},
    http::Client,
    process::Stop,
};
use fake::Fake;
use std::{collections::BTreeMap, sync::Arc};

pub const FIXTURE: Fixture = Fixture {
    name: "azure_devops",
    needs_server: false,
    start: || {
        Box::pin(async {
            let fake = Fake::start();
            let engine = engine(&fake.url(), fake::token());
            Box::new(OnFake { fake, engine }) as Box<dyn Ci>
        })
    },
    stop: || (),
};

struct OnFake {
    fake: Fake,
    engine: Arc<dyn Engine>,
}

fn engine(url: &str, token: String) -> Arc<dyn Engine> {
    let spec = Spec {
        url: Some(url.into()),
        project: Some(fake::world::PROJECT.into()),
        token_env: Some("TOKEN".into()),
        ..Spec::default()
    };
    let around = Surroundings {
        name: "ado".into(),
        env: BTreeMap::from([("TOKEN".into(), token)]),
        client: Client::new(),
        directory: ".".into(),
        cache: ".".into(),
        jobs: BTreeMap::new(),
        now: jiff::Timestamp::now,
        stop: Stop::never(),
    };
    Arc::new(AzureDevops::open(&spec, &around).unwrap())
}

#[async_trait]
impl Ci for OnFake {
    fn engine(&self) -> Arc<dyn Engine> {
        self.engine.clone()
    }

    fn revisions(&self) -> Vec<String> {
        self.fake.revisions()
    }

    fn denied(&self) -> Option<Arc<dyn Engine>> {
        Some(engine(&self.fake.url(), "stale".into()))
    }

    fn absent(&self) -> Option<Arc<dyn Engine>> {
        // The port is closed by the time that it is called.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Some(engine(&format!("http://127.0.0.1:{port}/contoso"), fake::token()))
    }

    async fn lose_an_answer(&self) -> bool {
        self.fake.lose();
        true
    }
}
