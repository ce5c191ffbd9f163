//! The engine that is this machine.

#[path = "../support/ground.rs"]
#[allow(dead_code, reason = "each suite uses its part")]
mod ground;

use super::suite::{Ci, Fixture};
use async_trait::async_trait;
use ci_tool::engine::Engine;
use ground::Ground;
use std::sync::Arc;

/// The fixture.
pub const FIXTURE: Fixture = Fixture { name: "local", needs_server: false, start: || Box::pin(start()), stop: || () };

struct Here {
    _ground: Ground,
    engine: Arc<dyn Engine>,
    revisions: Vec<String>,
}

async fn start() -> Box<dyn Ci> {
    let mut ground = Ground::new();
    let revisions = ["0", "1", "2", "3"].map(|number| ground.commit(&[("number", number)])).to_vec();
    ground.job("pass", "cat number");
    ground.job("fail", "echo no; exit 1");
    ground.job("slow", "sleep 1000");
    ground.job("word", r#"printf '%s\n' "$word""#).parameters.insert("word".into(), Some(String::new()));
    let engine = Arc::new(ground.engine(2));
    Box::new(Here { _ground: ground, engine, revisions })
}

#[async_trait]
impl Ci for Here {
    fn engine(&self) -> Arc<dyn Engine> {
        self.engine.clone()
    }
    fn revisions(&self) -> Vec<String> {
        self.revisions.clone()
    }
    fn denied(&self) -> Option<Arc<dyn Engine>> {
        None
    }
    fn absent(&self) -> Option<Arc<dyn Engine>> {
        None
    }
    async fn lose_an_answer(&self) -> bool {
        false
    }
}
