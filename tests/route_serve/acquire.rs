//! The way of an acquire call through the service, with somebody who answers at will.

use super::client::Client;
use ci_tool::{
    ops::route::serve::{Acquire, Acquired, Call, Hear, Ledger, Options, Service, Unfinished},
    process::Stop,
};
use jiff::Timestamp;
use serde_json::json;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::sync::{Notify, watch};

const AUTHORIZED: &str = "Authorization: Bearer none of its business\r\n";

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
        Acquired { status: if call.busy { 503 } else { 202 }, body: told, outcome: "echoed" }
    }

    async fn drain(&self, _: Duration) -> usize {
        self.drained.store(true, Relaxed);
        3
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
        helix: None,
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
        tokio::task::spawn_blocking(move || Client::connect(address).acquire("X-Azure-Signature: 0aff\r\n", body))
    };

    let answer = ask("a body").await.unwrap().expect(202);
    assert_eq!(answer.json(), json!({ "body": "a body", "signature": "0aff", "queues": 2 }));
    let waiting = ask("wait");
    echo.waits.notified().await;
    let refused = ask("another").await.unwrap().expect(503);
    assert!(refused.head.contains("retry-after"), "{}", refused.head);
    let batch = move || Client::connect(address).ask_with("POST", "/v1/batch", AUTHORIZED, "{\"queue\": \"q\"}");
    let batch = tokio::task::spawn_blocking(batch).await.unwrap().expect(200);
    assert!(batch.text().contains("\"queue\":\"q\""), "batches have room of their own: {}", batch.text());
    stopper.stop(ci_tool::process::StopReason::Terminate);
    let ready = move || Client::connect(address).ask("GET", "/readyz", "").status;
    while tokio::task::spawn_blocking(ready).await.unwrap() == 200 {}
    let late = ask("too late").await.unwrap().expect(503);
    assert_eq!((&late.json()["accepted"], late.head.contains("retry-after")), (&json!(false), true));
    echo.go_on.notify_one();
    waiting.await.unwrap().expect(202);
    assert_eq!(service.await.unwrap(), Unfinished { connections: 0, jobs: 3 });
    assert!(echo.drained.load(Relaxed));
    let text = ledger.metrics.text();
    assert!(text.contains("ci_tool_route_acquire_seconds_count{outcome=\"echoed\"} 3"), "{text}");
    assert!(text.contains("ci_tool_route_acquire_seconds_count{outcome=\"busy\"} 1"), "{text}");
}
