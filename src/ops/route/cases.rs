//! `route test`: cases that say which queue is expected for a job, held against the rules.

use super::{
    coverage::Coverage,
    decide::{Decision, trace},
    job::Job,
    queue_id::QueueId,
    report::{Step, Steps},
    rules::{Place, Rules},
};
use crate::{
    error::{Context, Error, Kind, Result},
    pipeline::yaml,
};
use serde::Deserialize;
use serde_saphyr::Spanned;
use std::{collections::HashMap, path::Path, sync::Arc};

/// The schema that this version knows.
const SCHEMA: u32 = 1;
/// What stands for no event.
const NONE: &str = "none";

/// A file of cases.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct CasesFile {
    schema: Option<Spanned<u32>>,
    #[serde(default)]
    requires: Vec<Spanned<String>>,
    #[serde(default)]
    cases: Vec<CaseFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    name: Spanned<String>,
    job: Job,
    expect: Expect,
}

/// What is expected of a decision. What is left out is not looked at, but for events: a case that names none expects none,
/// so that a twin that goes missing is noticed where its base is expected, too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    /// The id of the queue. Its name is compared without case.
    pub queue: Option<String>,
    /// Where the queue lives.
    pub subscription: Option<String>,
    /// The rule that decides.
    pub rule: Option<String>,
    /// What the rule does.
    pub reason: Option<String>,
    /// The code of the event.
    pub event: Option<String>,
    /// The kind of the error, instead of all other.
    pub error: Option<String>,
}

/// A job, and what is expected of it.
#[derive(Debug, Clone)]
pub struct Case {
    /// What it is called; no other of the file is called so.
    pub name: String,
    /// Where it was written.
    pub place: Place,
    /// The job.
    pub job: Job,
    /// What is expected.
    pub expect: Expect,
}

/// What was not as expected.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Difference {
    /// What of the decision, as in [`Expect`].
    pub field: &'static str,
    /// What was expected.
    pub expected: String,
    /// What it is.
    pub got: String,
}

/// A case, held against the rules.
#[derive(Debug)]
pub struct Held {
    /// The case.
    pub case: Case,
    /// What was not as expected; nothing when it passed.
    pub differences: Vec<Difference>,
    /// How the decision came about.
    pub trace: Vec<Step>,
}

impl Held {
    /// Whether all is as expected.
    pub fn passed(&self) -> bool {
        self.differences.is_empty()
    }
}

/// Reads a file of cases.
///
/// # Errors
/// `NotFound`; `Usage`, with the place, for what is no YAML, an unknown key, a name that is there twice, a case that expects
/// nothing, and a file without a case; `Unsupported` for a newer schema.
pub fn read(path: &Path) -> Result<Vec<Case>> {
    let text = std::fs::read_to_string(path).map_err(|e| {
        Error::io("reading the cases", path, e).hint("examples/route/tests.yaml has some to begin with")
    })?;
    let empty = || {
        Error::new(Kind::Usage, format!("{} has no case", path.display()))
            .hint("a test that tests nothing passes for ever: write `cases:` as in examples/route/tests.yaml")
    };
    let form = |key: &str| match key {
        "job" => Some("write what is known of it: job: {queue: windows.10.amd64.open, branch: release/5.0}".into()),
        "expect" => Some("write what is to be decided: expect: {queue: windows.10.amd64.open.svc}".into()),
        _ => Some("write `cases:` as in examples/route/tests.yaml".into()),
    };
    let file: CasesFile = yaml::parse(&text, "file of cases", "docs/route.md lists every key", form)
        .context(|| format!("reading the cases {}", path.display()))?;
    let newer = |line: u64, what: String| {
        Error::new(Kind::Unsupported, format!("{}:{line}: {what}", path.display())).hint("use a newer ci-tool")
    };
    if let Some(schema) = file.schema.filter(|schema| schema.value != SCHEMA) {
        return Err(newer(schema.referenced.line(), format!("schema {} is not known", schema.value)));
    }
    if let Some(feature) = file.requires.first() {
        return Err(newer(feature.referenced.line(), format!("the cases require {:?}, not known", feature.value)));
    }
    let path: Arc<Path> = path.into();
    let mut seen = HashMap::new();
    let mut cases = Vec::with_capacity(file.cases.len());
    for CaseFile { name, job, expect } in file.cases {
        let place = Place { file: Arc::clone(&path), line: name.referenced.line() };
        if let Some(line) = seen.insert(name.value.clone(), place.line) {
            let message = format!("{place}: the case {:?} is at line {line} already", name.value);
            return Err(Error::new(Kind::Usage, message).hint("give each case a name of its own"));
        }
        check(&expect).map_err(|e| e.context(format!("{place}: the case {:?}", name.value)))?;
        cases.push(Case { name: name.value, place, job: job.settle(), expect });
    }
    if cases.is_empty() { Err(empty()) } else { Ok(cases) }
}

fn check(expect: &Expect) -> Result<()> {
    let more = [&expect.queue, &expect.subscription, &expect.rule, &expect.reason, &expect.event];
    match &expect.error {
        None if expect.queue.is_none() => {
            Err(Error::new(Kind::Usage, "it expects no queue").hint("write `expect: {queue: ID}` or `{error: KIND}`"))
        }
        Some(_) if more.iter().any(|field| field.is_some()) => {
            Err(Error::new(Kind::Usage, "it expects an error and a decision").hint("leave one of them out"))
        }
        Some(kind) if ![Kind::Usage, Kind::NotFound].iter().any(|known| known.as_str() == kind) => {
            Err(Error::new(Kind::Usage, format!("{kind:?} is no error of a decision"))
                .hint("write not_found for a queue that is not in the rules, usage for what is no queue's id"))
        }
        _ => Ok(()),
    }
}

/// Decides each case, compares, and says what of the rules was covered.
pub fn run(rules: &Rules, cases: Vec<Case>) -> (Vec<Held>, Coverage) {
    let mut coverage = Coverage::of(rules);
    let hold = |case: Case| {
        let mut steps = Steps::default();
        let decided = trace(rules, &case.job, &mut steps);
        coverage.saw(&decided);
        let differences = match &decided {
            Ok(decision) => compare(rules, &case.expect, decision),
            Err(error) => refused(&case.expect, error),
        };
        Held { differences, trace: steps.0, case }
    };
    let held = cases.into_iter().map(hold).collect();
    (held, coverage)
}

fn compare(rules: &Rules, expect: &Expect, decision: &Decision<'_>) -> Vec<Difference> {
    let got = decision.id();
    if let Some(kind) = &expect.error {
        let expected = format!("the error {kind}");
        return vec![Difference { field: "error", expected, got: format!("the queue {got}") }];
    }
    let mut differences = Vec::new();
    let mut differs = |field, expected: &Option<String>, got: &str| {
        if let Some(expected) = expected.as_ref().filter(|expected| *expected != got) {
            differences.push(Difference { field, expected: expected.clone(), got: got.to_owned() });
        }
    };
    let queue = expect.queue.clone().filter(|expected| !same(expected, got));
    differs("queue", &queue, &got.to_string());
    differs("subscription", &expect.subscription, &rules.queue(decision.queue).subscription);
    differs("rule", &expect.rule, decision.by.rule());
    differs("reason", &expect.reason, decision.by.reason());
    let event = expect.event.clone().unwrap_or_else(|| NONE.into());
    differs("event", &Some(event), decision.event.map_or(NONE, |event| event.code()));
    differences
}

/// Whether an expected id is the one decided: names compare without case, the rest to the letter.
fn same(expected: &str, got: QueueId<'_>) -> bool {
    QueueId::parse(expected).is_ok_and(|expected| {
        expected.name.eq_ignore_ascii_case(got.name) && expected.with_name("") == got.with_name("")
    })
}

fn refused(expect: &Expect, error: &Error) -> Vec<Difference> {
    let got = format!("{}: {}", error.kind().as_str(), error.message());
    match (&expect.error, &expect.queue) {
        (Some(kind), _) if kind == error.kind().as_str() => Vec::new(),
        (Some(kind), _) => vec![Difference { field: "error", expected: kind.clone(), got }],
        (None, queue) => vec![Difference { field: "queue", expected: queue.clone().unwrap_or_default(), got }],
    }
}
