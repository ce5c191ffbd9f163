//! The decision: a pure function of the rules and of what is known of a job.

mod unreached;

pub use unreached::unreached;

use super::{
    branch::{self, Class},
    job::{Branch, Job},
    queue_id::QueueId,
    rules::{Queue, Redirection, RedirectionKind, Rules},
};
use crate::error::{Error, Kind, Result};

/// Where a job runs, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision<'a> {
    /// The id asked for, in parts.
    pub asked: QueueId<'a>,
    /// The queue's name: as it was asked for, or as the rules write the twin that it is redirected to.
    pub name: &'a str,
    /// The number of the queue in the rules.
    pub queue: u32,
    /// What decided.
    pub by: By<'a>,
    /// What somebody should know.
    pub event: Option<Event<'a>>,
}

impl<'a> Decision<'a> {
    /// The whole id that the job is sent to: alias and image stay.
    pub fn id(&self) -> QueueId<'a> {
        self.asked.with_name(self.name)
    }

    /// Whether the job goes elsewhere than was asked for.
    pub fn redirected(&self) -> bool {
        matches!(self.by, By::Redirection(_))
    }
}

/// What decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By<'a> {
    /// A redirection, by its name.
    Redirection(&'a str),
    /// The twin of that redirection was asked for already.
    Already(&'a str),
    /// Nothing redirects it.
    Standard,
    /// Queues on premises are never redirected.
    OnPremises,
    /// The repository is never redirected.
    Exempt,
    /// A redirection matches, and the queue has no twin there.
    MissingTwin(&'a str),
    /// Nothing is known of the job.
    LookupFailed,
}

impl By<'_> {
    /// The name of the rule. Those in brackets are built in.
    pub fn rule(&self) -> &str {
        match self {
            By::Redirection(name) | By::Already(name) | By::MissingTwin(name) => name,
            By::Standard => "(standard)",
            By::OnPremises => "(on-premises)",
            By::Exempt => "(exempt)",
            By::LookupFailed => "(lookup-failed)",
        }
    }

    /// What it did, in `snake_case`.
    pub fn reason(&self) -> &'static str {
        match self {
            By::Redirection(_) => "redirected",
            By::Already(_) => "already",
            By::Standard => "standard",
            By::OnPremises => "on_premises",
            By::Exempt => "exempt",
            By::MissingTwin(_) => "missing_twin",
            By::LookupFailed => "lookup_failed",
        }
    }
}

/// What somebody should know of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'a> {
    /// The queue that the job should have gone to does not exist: an error.
    MissingTwin {
        /// The queue that has no twin.
        of: &'a str,
        /// What its name would have after it.
        suffix: &'a str,
        /// Where it belongs.
        subscription: &'a str,
    },
    /// Nothing is known of the job, so that it was not redirected: an error.
    LookupFailed(&'a str),
    /// A pull request without a target: nobody knows whether it is for a servicing branch.
    NoTarget,
}

impl Event<'_> {
    /// What it is, in `snake_case`.
    pub fn code(&self) -> &'static str {
        match self {
            Event::MissingTwin { .. } => "missing_twin",
            Event::LookupFailed(_) => "lookup_failed",
            Event::NoTarget => "no_target",
        }
    }

    /// Whether it is an error, or a warning.
    pub fn is_error(&self) -> bool {
        !matches!(self, Event::NoTarget)
    }

    /// A sentence.
    pub fn message(&self) -> String {
        match self {
            Event::MissingTwin { of, suffix, subscription } => {
                format!("the queue {of}{suffix} does not exist in {subscription}: the job goes to {of}")
            }
            Event::LookupFailed(why) => format!("nothing is known of the job, so it is not redirected: {why}"),
            Event::NoTarget => "the pull request's target branch is not known, so it counts as no servicing".into(),
        }
    }
}

/// Hears of each step of a decision.
pub trait Trace {
    /// A rule was looked at.
    fn step(&mut self, rule: &str, matched: bool, why: impl FnOnce() -> String);
}

/// Nobody listens.
pub struct Silent;

impl Trace for Silent {
    fn step(&mut self, _: &str, _: bool, _: impl FnOnce() -> String) {}
}

/// Decides where a job runs. The same job on the queue decided is decided the same.
///
/// # Errors
/// `Usage` when the id is none, `NotFound` when the queue is not in the rules, with a suggestion.
pub fn decide<'a>(rules: &'a Rules, job: &'a Job) -> Result<Decision<'a>> {
    trace(rules, job, &mut Silent)
}

/// As [`decide`], and tells each step.
///
/// # Errors
/// As [`decide`].
pub fn trace<'a>(rules: &'a Rules, job: &'a Job, trace: &mut impl Trace) -> Result<Decision<'a>> {
    attempt(rules, job, trace).map_err(|error| suggest(rules, job, error))
}

/// As [`trace`], but an error suggests nothing: for many jobs, because looking for a name like one that is not there takes
/// a thousand times as long as a decision.
///
/// # Errors
/// As [`decide`].
pub fn attempt<'a>(rules: &'a Rules, job: &'a Job, trace: &mut impl Trace) -> Result<Decision<'a>> {
    let asked = QueueId::parse(&job.queue)?;
    let found = find(rules, asked, trace)?;
    let (queue, standard) = (rules.queue(found.number), rules.queue(found.standard));
    let missing = |n: usize| Event::MissingTwin {
        of: &standard.name,
        suffix: &rules.redirections[n].suffix.value,
        subscription: &rules.redirections[n].subscription.value,
    };
    let fallback = |n: usize| {
        let name = if found.number == found.standard { found.name } else { &standard.name };
        let by = By::MissingTwin(&rules.redirections[n].name.value);
        Decision { asked, name, queue: found.standard, by, event: Some(missing(n)) }
    };
    // A twin that was asked for and is not there: its base is as near as it gets.
    let stay = |by, event: Option<Event<'a>>| {
        let event = event.or(found.missing.map(missing));
        Decision { asked, name: found.name, queue: found.number, by, event }
    };

    if queue.on_premises || standard.on_premises {
        trace.step("(on-premises)", true, || format!("{} is on premises: never redirected", queue.name));
        // What is asked for and missing is no twin that anybody should make.
        let by = By::OnPremises;
        return Ok(Decision { asked, name: found.name, queue: found.number, by, event: None });
    }
    if let Some(why) = &job.lookup_failed {
        trace.step("(lookup-failed)", true, || format!("nothing is known of the job: {why}"));
        return Ok(stay(By::LookupFailed, Some(Event::LookupFailed(why))));
    }
    let repository = job.short_repository();
    if let Some(name) = repository.filter(|name| rules.exempt.has(name)) {
        trace.step("(exempt)", true, || format!("the repository {name} is never redirected"));
        return Ok(stay(By::Exempt, None));
    }
    let branch = job.deciding_branch();
    let event = (branch == Branch::NoTarget).then_some(Event::NoTarget);
    for (n, redirection) in rules.redirections.iter().enumerate() {
        let name = &*redirection.name.value;
        if found.names(rules, n) {
            trace.step(name, true, || format!("{} is asked for by its name", asked.name));
            return Ok(if found.missing == Some(n) { fallback(n) } else { stay(By::Already(name), event) });
        }
        if !matches(redirection, branch, repository, trace) {
            continue;
        }
        return Ok(match standard.twins.get(n).copied().flatten() {
            Some(twin) if twin == found.number => {
                trace.step("(twin)", true, || format!("{} is its queue already", queue.name));
                stay(By::Already(name), event)
            }
            Some(twin) => {
                let to = rules.queue(twin);
                trace.step("(twin)", true, || format!("{} is at {}", to.name, to.place));
                Decision { asked, name: &to.name, queue: twin, by: By::Redirection(name), event }
            }
            None => {
                trace.step("(twin)", false, || format!("{} has no twin {}", standard.name, redirection.suffix.value));
                fallback(n)
            }
        });
    }
    if let Some(n) = found.missing {
        trace.step("(twin)", false, || format!("{} is not in the rules: {} is nearest", asked.name, standard.name));
        return Ok(fallback(n));
    }
    trace.step("(standard)", true, || format!("{} stays", queue.name));
    Ok(stay(By::Standard, event))
}

/// The queue that was asked for.
struct Found<'a> {
    number: u32,
    /// Its name: as it was asked for, or as the rules write it where it was asked for under a name that is none.
    name: &'a str,
    /// Itself, or the one whose twin it is.
    standard: u32,
    /// What was asked for is not there, but would be the twin under this redirection.
    missing: Option<usize>,
}

impl Found<'_> {
    /// Whether the queue of a servicing redirection was asked for by its name: who does so means it, whatever the branch.
    fn names(&self, rules: &Rules, redirection: usize) -> bool {
        let twin_of = || rules.queue(self.number).twin_of.map(|(of, _)| usize::from(of));
        rules.redirections[redirection].kind == RedirectionKind::Servicing
            && (self.missing == Some(redirection) || twin_of() == Some(redirection))
    }
}

fn find<'a>(rules: &'a Rules, asked: QueueId<'a>, trace: &mut impl Trace) -> Result<Found<'a>> {
    if let Some(number) = rules.find(asked.name) {
        trace.step("(queue)", true, || format!("{} is at {}", asked.name, rules.queue(number).place));
        return Ok(Found { number, name: asked.name, standard: rules.standard_of(number), missing: None });
    }
    let mut left = asked.name;
    let mut wanted = u16::MAX;
    // A suffix is never doubled: `x.svc.svc` and `x.svc.runtime` are taken apart down to a queue that is there, and the
    // first of the redirections named is the one that is meant.
    while let Some((suffix, rest)) = rules.split_suffix(left) {
        (wanted, left) = (wanted.min(suffix), rest);
        let Some(base) = rules.find(rest) else { continue };
        let (queue, standard) = (rules.queue(base), rules.standard_of(base));
        wanted = queue.twin_of.map_or(wanted, |(of, _)| wanted.min(of));
        let twin = match queue.twin_of {
            Some((of, _)) if of == wanted => Some(base),
            _ => rules.queue(standard).twins[usize::from(wanted)],
        };
        let number = twin.unwrap_or(standard);
        let name = &rules.queue(number).name;
        trace.step("(queue)", false, || format!("{} is not in the rules; {name} is", asked.name));
        return Ok(Found { number, name, standard, missing: twin.is_none().then_some(wanted.into()) });
    }
    Err(Error::new(Kind::NotFound, format!("the queue {:?} is not in the rules", asked.name)))
}

/// Adds to the error of a decision what may have been meant.
fn suggest(rules: &Rules, job: &Job, error: Error) -> Error {
    if error.kind() != Kind::NotFound {
        return error;
    }
    match QueueId::parse(&job.queue).ok().and_then(|asked| rules.nearest(asked.name)) {
        Some(near) => error.hint(format!("did you mean {near:?}? `ci-tool route queues list` shows all")),
        None => error.hint("`ci-tool route queues list` shows those that are"),
    }
}

fn matches(rule: &Redirection, branch: Branch<'_>, repository: Option<&str>, trace: &mut impl Trace) -> bool {
    let name = &*rule.name.value;
    if !rule.repositories.is_empty() {
        let Some(repository) = repository else {
            trace.step(name, false, || "the repository is not known".into());
            return false;
        };
        if !rule.repositories.has(repository) {
            trace.step(name, false, || format!("the repository {repository} is not one of it"));
            return false;
        }
    }
    if rule.kind == RedirectionKind::Team {
        trace.step(name, true, || format!("the repository {} is one of it", repository.unwrap_or_default()));
        return true;
    }
    let short = match branch {
        Branch::Known(short) => short,
        Branch::NoTarget => {
            trace.step(name, false, || "the pull request's target branch is not known".into());
            return false;
        }
        Branch::NoBranch(what) => {
            trace.step(name, false, || format!("{what} is no branch"));
            return false;
        }
        Branch::Unknown => {
            trace.step(name, false, || "the branch is not known".into());
            return false;
        }
    };
    if !rule.never.is_empty() && rule.never.is_match(short) {
        trace.step(name, false, || format!("the branch {short} is excluded by `never`"));
        return false;
    }
    if !rule.also.is_empty() && rule.also.is_match(short) {
        trace.step(name, true, || format!("the branch {short} is included by `also`"));
        return true;
    }
    let class = branch::classify(short);
    trace.step(name, class == Class::Servicing, || format!("{short} is {}", class.as_str()));
    class == Class::Servicing
}

/// The twin that a decision sends a job to, and that must therefore exist.
pub fn twin<'a>(rules: &'a Rules, decision: &Decision<'_>) -> Option<&'a Queue> {
    let queue = rules.queue(decision.queue);
    queue.twin_of.is_some_and(|(_, base)| base.is_some()).then_some(queue)
}

/// A decision whose twin is in the rules and turned out not to exist: the standard queue, and the event. Any other stays.
pub fn without_twin<'a>(rules: &'a Rules, decision: Decision<'a>) -> Decision<'a> {
    let Some((n, Some(base))) = rules.queue(decision.queue).twin_of else { return decision };
    let (standard, redirection) = (rules.queue(base), &rules.redirections[usize::from(n)]);
    let event = Event::MissingTwin {
        of: &standard.name,
        suffix: &redirection.suffix.value,
        subscription: &redirection.subscription.value,
    };
    // Who asked for it keeps the spelling.
    let name = if rules.find(decision.asked.name) == Some(base) { decision.asked.name } else { &standard.name };
    Decision {
        asked: decision.asked,
        name,
        queue: base,
        by: By::MissingTwin(&redirection.name.value),
        event: Some(event),
    }
}

/// The rules' queue of a decision.
pub fn queue<'a>(rules: &'a Rules, decision: &Decision<'_>) -> &'a Queue {
    rules.queue(decision.queue)
}
