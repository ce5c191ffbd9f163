//! `route lint`: what is wrong with rules, or looks wrong, though a decision could be made from them.

use super::rules::{At, Finding, Names, Origin, Place, Queue, Redirection, RedirectionKind, Rules};
use crate::error::Result;
use jiff::{ToSpan, civil::Date};
use std::path::Path;

/// A queue that is removed within so many days is told of.
pub const REMOVAL_DAYS: i64 = 10;

/// What is known of the rules after a look at them.
#[derive(Debug)]
pub struct Linted {
    /// The hash of the rules.
    pub hash: String,
    /// What was found, by file and line.
    pub findings: Vec<Finding>,
}

impl Linted {
    /// Whether the rules pass: no error, and no warning either when that is asked for.
    pub fn passes(&self, strict: bool) -> bool {
        !self.findings.iter().any(|finding| strict || finding.error)
    }
}

/// Looks at the rules in a file and in those that it includes. `today` is the day that removal dates are held against.
///
/// # Errors
/// As [`Rules::examine`]: what cannot be read has no findings.
pub fn lint(path: &Path, today: Date) -> Result<Linted> {
    let (rules, mut findings) = Rules::examine(path)?;
    findings.extend(look(&rules, today));
    findings.sort_by(|a, b| (&a.place, a.code, &a.message).cmp(&(&b.place, b.code, &b.message)));
    Ok(Linted { hash: rules.hash, findings })
}

/// What is wrong with rules, or looks wrong, beside what [`Rules::examine`] finds.
pub fn look(rules: &Rules, today: Date) -> Vec<Finding> {
    let mut lint = Lint { rules, findings: Vec::new() };
    (0..rules.redirections.len()).for_each(|n| lint.redirection(n));
    rules.queues.iter().for_each(|queue| lint.queue(queue, today));
    lint.findings
}

struct Lint<'a> {
    rules: &'a Rules,
    findings: Vec<Finding>,
}

impl Lint<'_> {
    fn error(&mut self, code: &'static str, place: &Place, message: String) {
        self.findings.push(Finding { error: true, code, place: place.clone(), message });
    }

    fn warning(&mut self, code: &'static str, place: &Place, message: String) {
        self.findings.push(Finding { error: false, code, place: place.clone(), message });
    }

    fn redirection(&mut self, n: usize) {
        let (earlier, rest) = self.rules.redirections.split_at(n);
        let Some(this) = rest.first() else { return };
        let name = &this.name;
        if self.rules.queues.iter().all(|q| q.twins.get(n).copied().flatten().is_none()) {
            let message = format!("no queue has a twin {}: {:?} redirects nothing", this.suffix.value, name.value);
            self.error("no_twin", &name.place, message + "; add one with `base:`, or take the redirection out");
        }
        let mut live = this.repositories.is_empty();
        let mut seen: Vec<&At<String>> = Vec::new();
        for repository in &this.repositories.written {
            let text = &repository.value;
            if let Some(first) = seen.iter().find(|other| other.value.eq_ignore_ascii_case(text)) {
                let message = format!("the repository {text} is at {} already", first.place);
                self.warning("duplicate_repository", &repository.place, message);
                continue;
            }
            seen.push(repository);
            if covers(&self.rules.exempt, text) {
                let message = format!("the repository {text} is exempt, so {:?} never gets it", name.value);
                self.warning("exempt_repository", &repository.place, message);
            } else if let Some(taken) = earlier.iter().find(|other| takes(other, this, text)) {
                let message = format!("the repository {text} goes to {:?} at", taken.name.value);
                self.warning("taken_repository", &repository.place, format!("{message} {} first", taken.name.place));
            } else {
                live = true;
            }
        }
        let hidden = this.repositories.is_empty() && earlier.iter().any(|other| hides(other, this));
        if !live || hidden {
            let message =
                format!("{:?} is never reached: what it is for is exempt, or taken by an earlier", name.value);
            self.error("unreachable", &name.place, message + " redirection");
        }
    }

    fn queue(&mut self, queue: &Queue, today: Date) {
        self.removal(queue, today);
        let Some((n, base)) = queue.twin_of else { return };
        let (rules, name) = (self.rules, &queue.name);
        let redirection = &rules.redirections[usize::from(n)];
        if let Some((_, head)) = rules.split_suffix(name).filter(|(_, head)| rules.split_suffix(head).is_some()) {
            let message = format!("{name:?} has a suffix on a suffix: nothing is sent there; {head:?} has one");
            return self.error("doubled_suffix", &queue.place, message);
        }
        if queue.subscription != redirection.subscription.value {
            let place = queue.field("subscription").map_or(&queue.place, |f| f.origin.place());
            let belongs = &redirection.subscription;
            let message = format!("{name:?} lives in {:?}, its redirection {:?}", queue.subscription, belongs.value);
            self.error("wrong_subscription", place, format!("{message} by {}", belongs.place));
        }
        let Some(base) = base.map(|base| rules.queue(base)) else {
            let of = name.get(..name.len() - redirection.suffix.value.len()).unwrap_or_default();
            let message = format!("{name:?} is the twin of {of:?}, which is not there: nothing is redirected to it");
            return self.error("missing_base", &queue.place, message);
        };
        if base.on_premises || queue.on_premises {
            let message = format!("{name:?} is a twin on premises, or of a queue there: those are never redirected");
            return self.error("on_premises_twin", &queue.place, message);
        }
        self.inheritance(queue, base);
    }

    /// A twin follows its base in everything but its name, its scale set and its subscription.
    fn inheritance(&mut self, queue: &Queue, base: &Queue) {
        let name = &queue.name;
        match queue.base.as_ref().map(|base| self.rules.queue(base.value)) {
            None => {
                let message = format!("{name:?} does not follow {:?}: write `base: {}`", base.name, base.name);
                self.warning("no_base", &queue.place, message);
            }
            Some(other) if other.name != base.name => {
                let message = format!("{name:?} follows {:?}, though it is the twin of {:?}", other.name, base.name);
                self.error("other_base", &queue.place, message);
            }
            Some(_) => {}
        }
        if queue.scale_set.is_some() && queue.scale_set == base.scale_set {
            let place = queue.field("scale_set").map_or(&queue.place, |f| f.origin.place());
            let message = format!("{name:?} runs on the scale set of {:?}: give it its own", base.name);
            self.error("shared_scale_set", place, message);
        }
        for field in &queue.fields {
            let Origin::Own(place) = &field.origin else { continue };
            if ["subscription", "scale_set"].contains(&&*field.name) {
                continue;
            }
            let (code, message) = match base.field(&field.name) {
                Some(same) if same.value == field.value => {
                    let message =
                        format!("{name:?} says {} as {:?} does, and will not follow it", field.name, base.name);
                    ("repeats", message)
                }
                Some(other) => {
                    let values = format!("{} instead of {}", field.value, other.value);
                    ("diverges", format!("{name:?} diverges from {:?} in {}: {values}", base.name, field.name))
                }
                None => ("diverges", format!("{name:?} diverges from {:?}, which has no {}", base.name, field.name)),
            };
            self.warning(code, place, message);
        }
    }

    fn removal(&mut self, queue: &Queue, today: Date) {
        let own = queue.field("removal").is_some_and(|field| matches!(field.origin, Origin::Own(_)));
        let Some(removal) = queue.removal.as_ref().filter(|_| own) else { return };
        let (name, day) = (&queue.name, removal.value);
        // Without a calendar that goes so far, nothing is near.
        let soon = today.checked_add(REMOVAL_DAYS.days()).unwrap_or(Date::MAX);
        if day < today {
            let message = format!("{name:?} was to be removed on {day}: take it out, or change the day");
            self.error("removal_past", &removal.place, message);
        } else if day <= soon {
            let message = format!("{name:?} is removed on {day}, within {REMOVAL_DAYS} days: move its jobs");
            self.warning("removal_soon", &removal.place, message);
        }
    }
}

/// Whether jobs of a repository of `this` go to an earlier redirection already, whatever their branch.
fn takes(earlier: &Redirection, this: &Redirection, repository: &str) -> bool {
    let has = earlier.repositories.is_empty() || covers(&earlier.repositories, repository);
    // One for servicing takes only some branches of a team.
    has && (earlier.kind == RedirectionKind::Team || hides(earlier, this))
}

/// Whether every branch of `this` is one of an earlier servicing redirection that has no fewer repositories.
fn hides(earlier: &Redirection, this: &Redirection) -> bool {
    let servicing = earlier.kind == RedirectionKind::Servicing && this.kind == RedirectionKind::Servicing;
    // Which repositories both have is looked at one by one.
    let all = earlier.repositories.is_empty() || !this.repositories.is_empty();
    servicing && all && earlier.never.is_empty() && this.also.is_empty()
}

/// Whether a name as it is written, possibly a glob, has nothing that is not among `names`. A glob of `*` alone is among
/// them when another matches its text, because each `*` of it is then one of the other's; of other globs, nothing is known.
fn covers(names: &Names, written: &str) -> bool {
    let unknown = written.contains(['?', '[', '{']) || written.contains("**");
    !unknown && names.has(written) || names.written.iter().any(|other| other.value.eq_ignore_ascii_case(written))
}
