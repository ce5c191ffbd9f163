//! What the service counts.

use crate::ops::route::{
    decide::{By, Decision, Event},
    lookup, metric_names as names,
    rules::Rules,
};
use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};
use std::time::Duration;

/// Upper bounds in seconds: a decision takes microseconds, an acquire call up to half a minute.
const BUCKETS: [f64; 24] = [
    1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5,
    1.0, 2.5, 5.0, 10.0, 25.0, 30.0,
];

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Decided {
    rule: String,
    reason: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Missing {
    queue: String,
    rule: String,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Cause {
    cause: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Endpoint {
    endpoint: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Late {
    told: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Reload {
    result: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Info {
    hash: String,
}

type Histograms<L> = Family<L, Histogram, fn() -> Histogram>;

/// All metrics of one service.
pub struct Metrics {
    registry: Registry,
    decisions: Family<Decided, Counter>,
    missing_twins: Family<Missing, Counter>,
    lookup_failures: Family<Cause, Counter>,
    acquires: Histograms<Outcome>,
    late_failures: Family<Late, Counter>,
    reloads: Family<Reload, Counter>,
    info: Family<Info, Gauge>,
    log_dropped: Counter,
    /// How long single decisions took.
    pub decide: Histogram,
    /// How long batches took, from the first byte of the request to the last line of the answer.
    pub batch: Histogram,
    /// How long acquire calls took as requests.
    pub acquire: Histogram,
}

impl Default for Metrics {
    /// Registers them. What can be known beforehand is there with 0, so that its first increase is seen as one.
    fn default() -> Metrics {
        let mut registry = Registry::default();
        let decisions = Family::default();
        let missing_twins = Family::default();
        let lookup_failures = Family::<Cause, Counter>::default();
        let requests: Histograms<Endpoint> = Family::new_with_constructor(histogram);
        let acquires: Histograms<Outcome> = Family::new_with_constructor(histogram);
        let late_failures = Family::<Late, Counter>::default();
        let reloads = Family::<Reload, Counter>::default();
        let info = Family::default();
        let log_dropped = Counter::default();
        registry.register(counter(names::DECISIONS), "Decisions", decisions.clone());
        registry.register(counter(names::MISSING_TWINS), "Jobs whose queue has no twin", missing_twins.clone());
        registry.register(counter(names::LOOKUP_FAILURES), "Look-ups that told nothing", lookup_failures.clone());
        registry.register(names::REQUEST_SECONDS, "Seconds until a request was answered", requests.clone());
        registry.register(names::ACQUIRE_SECONDS, "Seconds that acquire calls took", acquires.clone());
        registry.register(counter(names::LATE_FAILURES), "Accepted calls that failed", late_failures.clone());
        registry.register(counter(names::RELOADS), "Attempts to take new rules", reloads.clone());
        registry.register(names::RULES_INFO, "The rules in force", info.clone());
        registry.register(counter(names::LOG_DROPPED), "Records that the decision log lost", log_dropped.clone());
        for cause in lookup::Cause::ALL {
            drop(lookup_failures.get_or_create(&Cause { cause: cause.as_str() }));
        }
        ["yes", "no"].into_iter().for_each(|told| drop(late_failures.get_or_create(&Late { told })));
        ["loaded", "refused"].into_iter().for_each(|result| drop(reloads.get_or_create(&Reload { result })));
        let endpoint = |endpoint| requests.get_or_create_owned(&Endpoint { endpoint });
        let (decide, batch, acquire) = (endpoint("decide"), endpoint("batch"), endpoint("acquire"));
        Metrics {
            registry,
            decisions,
            missing_twins,
            lookup_failures,
            acquires,
            late_failures,
            reloads,
            info,
            log_dropped,
            decide,
            batch,
            acquire,
        }
    }
}

impl Metrics {
    /// The text that Prometheus scrapes, in the OpenMetrics format.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = text::encode(&mut text, &self.registry);
        text
    }

    /// Counters for decisions under these rules, which come into force.
    pub(super) fn of_rules(&self, rules: &Rules) -> Counters {
        self.info.get_or_create(&Info { hash: rules.hash.clone() }).set(1);
        let counter = |by: By<'_>| {
            self.decisions.get_or_create_owned(&Decided { rule: by.rule().to_owned(), reason: by.reason() })
        };
        Counters {
            standard: counter(By::Standard),
            on_premises: counter(By::OnPremises),
            exempt: counter(By::Exempt),
            lookup_failed: counter(By::LookupFailed),
            redirections: rules
                .redirections
                .iter()
                .map(|r| OfRedirection {
                    name: r.name.value.clone(),
                    redirected: counter(By::Redirection(&r.name.value)),
                    already: counter(By::Already(&r.name.value)),
                    missing: counter(By::MissingTwin(&r.name.value)),
                })
                .collect(),
        }
    }

    /// Forgets rules that are no longer in force.
    pub(super) fn forget(&self, hash: &str) {
        self.info.remove(&Info { hash: hash.to_owned() });
    }

    /// Counts a decision.
    pub(super) fn decided(&self, counters: &Counters, decision: &Decision<'_>) {
        if let Some(counter) = counters.of(decision.by) {
            counter.inc();
        }
        self.missing(decision);
    }

    /// As [`Metrics::decided`], under whichever rules.
    pub(super) fn decided_anywhere(&self, decision: &Decision<'_>) {
        let by = decision.by;
        self.decisions.get_or_create(&Decided { rule: by.rule().to_owned(), reason: by.reason() }).inc();
        self.missing(decision);
    }

    fn missing(&self, decision: &Decision<'_>) {
        if let Some(Event::MissingTwin { of, .. }) = decision.event {
            let labels = Missing { queue: of.to_owned(), rule: decision.by.rule().to_owned() };
            self.missing_twins.get_or_create(&labels).inc();
        }
    }

    /// Counts a look-up that failed.
    pub fn lookup_failed(&self, cause: lookup::Cause) {
        self.lookup_failures.get_or_create(&Cause { cause: cause.as_str() }).inc();
    }

    /// Counts a call that was accepted and failed then.
    pub fn failed_late(&self, told: bool) {
        self.late_failures.get_or_create(&Late { told: if told { "yes" } else { "no" } }).inc();
    }

    /// Counts an acquire call.
    pub fn acquired(&self, outcome: &'static str, took: Duration) {
        self.acquires.get_or_create(&Outcome { outcome }).observe(took.as_secs_f64());
    }

    /// Counts an attempt to take new rules.
    pub(super) fn reloaded(&self, result: &'static str) {
        self.reloads.get_or_create(&Reload { result }).inc();
    }

    /// Counts records that the log could not take.
    pub(super) fn log_dropped(&self, records: u64) {
        self.log_dropped.inc_by(records);
    }
}

/// The encoder adds the ending of a counter's name itself.
fn counter(name: &str) -> &str {
    name.strip_suffix("_total").unwrap_or(name)
}

fn histogram() -> Histogram {
    Histogram::new(BUCKETS)
}

/// The counters of decisions under one set of rules, so that no decision has to look its labels up.
pub(super) struct Counters {
    standard: Counter,
    on_premises: Counter,
    exempt: Counter,
    lookup_failed: Counter,
    redirections: Vec<OfRedirection>,
}

struct OfRedirection {
    name: String,
    redirected: Counter,
    already: Counter,
    missing: Counter,
}

impl Counters {
    fn of(&self, by: By<'_>) -> Option<&Counter> {
        let redirection = |name: &str| self.redirections.iter().find(|r| r.name == name);
        match by {
            By::Standard => Some(&self.standard),
            By::OnPremises => Some(&self.on_premises),
            By::Exempt => Some(&self.exempt),
            By::LookupFailed => Some(&self.lookup_failed),
            By::Redirection(name) => redirection(name).map(|r| &r.redirected),
            By::Already(name) => redirection(name).map(|r| &r.already),
            By::MissingTwin(name) => redirection(name).map(|r| &r.missing),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::route::{decide::decide, job::Job, rules::tests::rules};

    #[test]
    fn every_metric_of_the_service_has_its_name_in_the_list() {
        let metrics = Metrics::default();
        let (_dir, rules) = rules(
            "standard: A\nredirections: [{name: s, kind: servicing, suffix: .s, subscription: A}]\nqueues:\n  q: {}\n",
        );
        let rules = rules.unwrap();
        let counters = metrics.of_rules(&rules);
        let job = Job { queue: "q".into(), branch: Some("release/5.0".into()), ..Job::default() };
        metrics.decided(&counters, &decide(&rules, &job).unwrap());
        metrics.acquired("accepted", Duration::from_millis(3));
        let text = metrics.text();
        let types: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
        for name in names::ALL.into_iter().filter(|name| *name != names::AUDIT_FINDINGS) {
            let kind = if name.ends_with("_total") { "counter" } else { "" };
            let found = types.iter().any(|line| line.starts_with(&format!("{} {kind}", counter(name))));
            assert!(found, "{name} is not in {types:?}");
        }
        assert_eq!(types.len(), names::ALL.len() - 1, "{types:?}");
    }
}
