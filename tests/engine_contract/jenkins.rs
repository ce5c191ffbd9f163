//! Jenkins, with jobs that take keys and with jobs that do not.

use super::{
    jenkins_fake::{self, Fake, Setup, secret},
    suite::{Ci, Fixture, Start},
};
use async_trait::async_trait;
use ci_tool::engine::{Engine, Spec};
use std::sync::Arc;

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
    let spec =
        Spec { key_parameter: (!setup.keyless).then(|| "CI_TOOL_KEY".into()), ..jenkins_fake::spec(&fake.url()) };
    Box::new(JenkinsCi { engine: engine(&spec, &secret()), fake, spec })
}

fn engine(spec: &Spec, secret: &str) -> Arc<dyn Engine> {
    Arc::new(jenkins_fake::engine(spec, secret).unwrap())
}

struct JenkinsCi {
    fake: Fake,
    spec: Spec,
    engine: Arc<dyn Engine>,
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
        Some(engine(&self.spec, "expired"))
    }

    fn absent(&self) -> Option<Arc<dyn Engine>> {
        // A port that was free a moment ago.
        let address = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let url = Some(format!("http://{}/", address.ok()?));
        Some(engine(&Spec { url, ..self.spec.clone() }, &secret()))
    }

    async fn lose_an_answer(&self) -> bool {
        self.fake.lose_answers(1);
        true
    }
}
