//! Jenkins, with jobs that take keys and with jobs that do not.

use super::{
    jenkins_fake::{Fake, Setup, USER, secret},
    suite::{Ci, Fixture, Start},
};
use async_trait::async_trait;
use ci_tool::{
    engine::{Engine, Spec, Surroundings, jenkins::Jenkins},
    http::Client,
    process::Stop,
};
use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

/// With keys.
pub const FIXTURE: Fixture = fixture("jenkins", || Box::pin(async { start(Setup::default()) }));
/// Without.
pub const KEYLESS: Fixture =
    fixture("jenkins_keyless", || Box::pin(async { start(Setup { keyless: true, ..Setup::default() }) }));

const fn fixture(name: &'static str, start: Start) -> Fixture {
    Fixture { name, needs_server: false, start, stop: || () }
}

fn start(setup: Setup) -> Box<dyn Ci> {
    let fake = Fake::with(setup);
    let key = (!setup.keyless).then(|| "CI_TOOL_KEY".to_owned());
    let engine = engine(&fake.url(), key.clone(), &secret());
    Box::new(JenkinsCi { engine, fake, key })
}

struct JenkinsCi {
    fake: Fake,
    engine: Arc<dyn Engine>,
    key: Option<String>,
}

fn engine(url: &str, key_parameter: Option<String>, secret: &str) -> Arc<dyn Engine> {
    let spec = Spec {
        url: Some(url.to_owned()),
        user_env: Some("JENKINS_USER".into()),
        token_env: Some("JENKINS_TOKEN".into()),
        key_parameter,
        ..Spec::default()
    };
    let env =
        [("JENKINS_USER", USER), ("JENKINS_TOKEN", secret)].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let around = Surroundings {
        name: "jenkins".into(),
        env: env.into(),
        client: Client::new(),
        directory: PathBuf::new(),
        cache: PathBuf::new(),
        jobs: BTreeMap::new(),
        now: jiff::Timestamp::now,
        stop: Stop::never(),
    };
    Arc::new(Jenkins::open(&spec, &around).unwrap())
}

#[async_trait]
impl Ci for JenkinsCi {
    fn engine(&self) -> Arc<dyn Engine> {
        self.engine.clone()
    }

    fn revisions(&self) -> Vec<String> {
        self.fake.revisions()
    }

    fn denied(&self) -> Option<Arc<dyn Engine>> {
        Some(engine(&self.fake.url(), self.key.clone(), "expired"))
    }

    fn absent(&self) -> Option<Arc<dyn Engine>> {
        // A port that was free a moment ago.
        let address = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        Some(engine(&format!("http://{}/", address.ok()?), self.key.clone(), &secret()))
    }

    async fn lose_an_answer(&self) -> bool {
        self.fake.lose_answers(1);
        true
    }
}
