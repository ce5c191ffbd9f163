//! New rules while requests go on.

use super::service::{JOB, Place, rules, until};
use rustix::process::Signal;
use serde_json::Value;
use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

/// How long the load lasts.
const LOAD: Duration = Duration::from_secs(5);
/// How often rules change meanwhile.
const CHANGE: Duration = Duration::from_millis(50);

const REFUSED: &str = "ci_tool_route_reloads_total{result=\"refused\"}";
const LOADED: &str = "ci_tool_route_reloads_total{result=\"loaded\"}";

#[test]
fn rules_that_changed_are_taken_and_broken_ones_are_not() {
    let place = Place::new();
    let service = place.serve(&[]);
    place.write("rules.yaml", &rules("hot"));
    until("the new rules are taken", || service.decide()["queue"] == "q.hot");
    assert_eq!((service.metric(LOADED), service.metric(REFUSED)), (Some(1.0), Some(0.0)));
    // The last one is rules, but does not pass lint: its redirection leads nowhere.
    let lost =
        "standard: A\nredirections:\n  - {name: s, kind: servicing, suffix: .s, subscription: A}\nqueues:\n  q: {}\n";
    let breaks = ["queues: [", "quues: {}\n", "standard: A\nqueues:\n  q: {base: nowhere}\n", "schema: 99\n", lost];
    for (n, text) in breaks.into_iter().enumerate() {
        place.write("rules.yaml", text);
        until("the rules are refused", || service.metric(REFUSED) == Some((n + 1) as f64));
        assert_eq!(service.decide()["queue"], "q.hot", "{text}");
    }
    assert!(service.said("refused") && service.said("rules.yaml"));
    place.write("rules.yaml", &rules("mended"));
    until("the mended rules are taken", || service.decide()["queue"] == "q.mended");
    service.ask("GET", "/readyz", "").expect(200);
}

#[test]
fn a_file_that_is_included_counts_also_while_it_is_new() {
    let place = Place::new();
    let service = place.serve(&[]);
    place.write("rules.yaml", "include: [more.yaml]\n");
    until("the missing file is refused", || service.metric(REFUSED) == Some(1.0));
    place.write("more.yaml", &rules("more"));
    until("the included rules are taken", || service.decide()["queue"] == "q.more");
    place.write("more.yaml", &rules("other"));
    until("the changed file is taken", || service.decide()["queue"] == "q.other");
}

#[test]
fn a_hangup_reads_the_rules_and_says_when_they_are_as_they_were() {
    let place = Place::new();
    let service = place.serve(&[]);
    service.signal(Signal::HUP);
    until("it says so", || service.said("the rules are as they were"));
    assert_eq!(service.metric(LOADED), Some(0.0));
    place.write("rules.yaml", &rules("hot"));
    service.signal(Signal::HUP);
    until("the new rules are taken", || service.decide()["queue"] == "q.hot");
}

/// What of a decision depends on the rules.
fn told(decision: &Value) -> [String; 4] {
    ["rules", "queue", "rule", "subscription"].map(|name| decision[name].as_str().unwrap_or_default().to_owned())
}

#[test]
fn no_decision_fails_or_mixes_rules_while_they_change() {
    let place = Place::new();
    let service = place.serve(&[]);
    let done = AtomicBool::new(false);
    let (decisions, changes) = thread::scope(|scope| {
        let single = || {
            let (mut client, mut seen, mut count) = (service.client(), BTreeSet::new(), 0);
            while !done.load(Relaxed) {
                seen.insert(told(&client.ask("POST", "/v1/decide", JOB).expect(200).json()));
                count += 1;
            }
            (seen, count)
        };
        let batches = || {
            let (mut client, mut seen, mut count) = (service.client(), BTreeSet::new(), 0);
            let jobs = format!("{JOB}\n").repeat(500);
            while !done.load(Relaxed) {
                let text = client.ask("POST", "/v1/batch", &jobs).expect(200).text();
                let lines: BTreeSet<_> = text.lines().collect();
                assert_eq!((text.lines().count(), lines.len()), (500, 1), "a batch has one set of rules: {lines:?}");
                seen.extend(lines.iter().map(|line| told(&serde_json::from_str(line).unwrap())));
                count += 500;
            }
            (seen, count)
        };
        let workers = [scope.spawn(single), scope.spawn(single), scope.spawn(batches)];
        let end = Instant::now() + LOAD;
        let mut changes = 0;
        while Instant::now() < end {
            changes += 1;
            place.write("rules.yaml", &rules(["hot", "svc"][changes % 2]));
            service.signal(Signal::HUP);
            // Not a wait for anything: it is how often rules change.
            thread::sleep(CHANGE);
        }
        done.store(true, Relaxed);
        let (mut seen, mut count) = (BTreeSet::new(), 0);
        for (of_worker, n) in workers.map(|worker| worker.join().unwrap()) {
            seen.extend(of_worker);
            count += n;
        }
        assert!(count > 1000, "{count} decisions are no load");
        (seen, changes)
    });
    let expected = ["hot", "svc"].map(|s| [format!("q.{s}"), format!("to-{s}"), s.to_owned()]);
    let found: Vec<_> = decisions.iter().map(|all| all[1..].to_vec()).collect();
    assert_eq!(decisions.len(), 2, "one decision for each set of rules: {decisions:?}");
    assert!(expected.iter().all(|one| found.contains(&one.to_vec())), "{decisions:?}");
    assert_eq!(service.metric(REFUSED), Some(0.0));
    assert!(
        service.metric(LOADED).is_some_and(|n| n > changes as f64 / 4.0),
        "{:?} of {changes}",
        service.metric(LOADED)
    );
}
