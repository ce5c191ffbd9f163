//! A decision as data, for people's programs: the same on standard output, over HTTP and in the log.

use super::{
    decide::{Decision, Event, Trace},
    rules::Rules,
};
use serde::{Serialize, Serializer};
use std::fmt::Display;

/// A decision in full.
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    /// The id to send the job to.
    #[serde(serialize_with = "shown")]
    pub queue: super::queue_id::QueueId<'a>,
    /// The id asked for.
    #[serde(serialize_with = "shown")]
    pub asked: super::queue_id::QueueId<'a>,
    /// Whether they differ in more than spelling.
    pub redirected: bool,
    /// The rule that decided; those in brackets are built in.
    pub rule: &'a str,
    /// What it did.
    pub reason: &'static str,
    /// Where the queue lives.
    pub subscription: &'a str,
    /// The queue's machines.
    pub scale_set: Option<&'a str>,
    /// What somebody should know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<EventReport>,
    /// The hash of the rules.
    pub rules: &'a str,
}

/// Something that somebody should know, as data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventReport {
    /// `error` or `warning`.
    pub level: &'static str,
    /// What it is.
    pub code: &'static str,
    /// A sentence.
    pub message: String,
}

impl From<Event<'_>> for EventReport {
    fn from(event: Event<'_>) -> EventReport {
        let level = if event.is_error() { "error" } else { "warning" };
        EventReport { level, code: event.code(), message: event.message() }
    }
}

impl<'a> Report<'a> {
    /// All of a decision.
    pub fn new(rules: &'a Rules, decision: &'a Decision<'a>) -> Report<'a> {
        let queue = rules.queue(decision.queue);
        Report {
            queue: decision.id(),
            asked: decision.asked,
            redirected: decision.redirected(),
            rule: decision.by.rule(),
            reason: decision.by.reason(),
            subscription: &queue.subscription,
            scale_set: queue.scale_set.as_deref(),
            event: decision.event.map(Into::into),
            rules: &rules.hash,
        }
    }
}

fn shown<S: Serializer>(value: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// A step of a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The rule that was looked at; those in brackets are built in.
    pub rule: String,
    /// Whether it matched.
    pub matched: bool,
    /// Why, or why not.
    pub why: String,
}

/// Keeps the steps of a decision.
#[derive(Debug, Default)]
pub struct Steps(pub Vec<Step>);

impl Trace for Steps {
    fn step(&mut self, rule: &str, matched: bool, why: impl FnOnce() -> String) {
        self.0.push(Step { rule: rule.to_owned(), matched, why: why() });
    }
}
