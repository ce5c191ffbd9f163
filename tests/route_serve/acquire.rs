//! The way of an acquire call through the service, with somebody who answers at will.

use super::client::Client;
use ci_tool::{
    ops::route::serve::{Acquire, Acquired, Call, Hear, Ledger, Options, Service},
    process::Stop,
};
use jiff::Timestamp;
use serde_json::json;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};
use tokio::sync::{Notify, watch};

/// Tells what it was handed; waits first when the body says so.
#[derive(Default)]
struct Echo {
    waits: Notify,
    go_on: Notify,
    drained: AtomicBool,
}

#[async_trait::async_trait]
impl Acquire for Echo {
    async fn acquire(&self, call: Call) -> Acquired {
        if &call.body[..] == b"wait" {
            self.waits.notify_one();
            self.go_on.notified().await;
        }
        let told = json!({
            "body": String::from_utf8_lossy(&call.body),
            "signature": call.signature,
            "queues": call.rules.queues.len(),
        });
        Acquired { status: 202, body: told, outcome: "echoed" }
    }

    async fn drain(&self) {
        self.drained.store(true, Relaxed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_travels_untouched_and_is_finished_before_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let rules = dir.path().join("rules.yaml");
    std::fs::write(&rules, "standard: A\nqueues:\n  q: {}\n  r: {}\n").unwrap();
    let hear: Hear = Arc::new(|_| ());
    let ledger = Arc::new(Ledger::open(None, Timestamp::now, || [0; 10], &hear).unwrap());
    let echo = Arc::new(Echo::default());
    let options = Options {
        listen: "127.0.0.1:0".parse().unwrap(),
        rules,
        ledger: Arc::clone(&ledger),
        token: Some("none of its business".into()),
        acquire: Some(Arc::clone(&echo) as Arc<dyn Acquire>),
        patience: super::service::LIMIT,
        concurrency: 1,
        connections: 10,
    };
    let service = Service::bind(options, hear).await.unwrap();
    let address = service.address();
    let (stopper, stop) = Stop::channel();
    let (_hangups, heard) = watch::channel(0);
    let service = tokio::spawn(service.run(stop, heard));
    let ask = move |body: &'static str| {
        tokio::task::spawn_blocking(move || {
            Client::connect(address).ask_with("POST", "/acquireagent", "X-Azure-Signature: 0aff\r\n", body)
        })
    };

    let answer = ask("a body").await.unwrap().expect(202);
    assert_eq!(answer.json(), json!({ "body": "a body", "signature": "0aff", "queues": 2 }));
    let waiting = ask("wait");
    echo.waits.notified().await;
    let refused = ask("another").await.unwrap().expect(503);
    assert!(refused.head.contains("retry-after"), "{}", refused.head);
    stopper.stop(ci_tool::process::StopReason::Terminate);
    echo.go_on.notify_one();
    waiting.await.unwrap().expect(202);
    assert_eq!(service.await.unwrap(), 0);
    assert!(echo.drained.load(Relaxed));
    let text = ledger.metrics.text();
    assert!(text.contains("ci_tool_route_acquire_seconds_count{outcome=\"echoed\"} 2"), "{text}");
}
