//! What of the rules a set of cases covers.

use super::{
    decide::{By, Decision},
    rules::{Place, Queue, Rules},
};
use crate::error::{Kind, Result};
use std::collections::HashMap;

/// The built-in outcome of a queue that is not in the rules.
const UNKNOWN: &str = "(unknown queue)";

/// Something of the rules that a case can cover.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum What {
    /// The redirection with a number matches, and the queue has a twin there.
    Redirection(u16),
    /// It matches, and the queue has none.
    MissingTwin(u16),
    /// A rule that is built in.
    BuiltIn(&'static str),
    /// A job goes to the twin with a number.
    Twin(u32),
}

/// Something of the rules, and whether a case covers it.
#[derive(Debug, Clone)]
pub struct Item {
    /// What sort: `redirection`, `missing_twin`, `built_in` or `twin`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Where it was written, unless it is built in.
    pub place: Option<Place>,
    /// Whether a case covers it.
    pub covered: bool,
}

/// What cases cover of what they can.
#[derive(Debug, Clone)]
pub struct Coverage {
    /// Everything that can be covered: redirections in their order, what is built in, twins in their order.
    pub items: Vec<Item>,
    numbers: HashMap<What, usize>,
    redirections: HashMap<String, u16>,
}

impl Coverage {
    /// What rules have to cover: outcomes that no job can have are left out.
    pub fn of(rules: &Rules) -> Coverage {
        let redirections = rules.redirections.iter().zip(0..).map(|(r, n)| (r.name.value.clone(), n)).collect();
        let mut coverage = Coverage { items: Vec::new(), numbers: HashMap::new(), redirections };
        let movable = |queue: &Queue| !queue.on_premises;
        for (redirection, n) in rules.redirections.iter().zip(0u16..) {
            let (name, place) = (&redirection.name.value, &redirection.name.place);
            let has_twin = |queue: &Queue| queue.twins[usize::from(n)].is_some();
            let (with, without): (Vec<&Queue>, Vec<&Queue>) =
                rules.queues.iter().filter(|q| movable(q) && q.twin_of.is_none()).partition(|q| has_twin(q));
            if !with.is_empty() {
                coverage.add(What::Redirection(n), "redirection", name, Some(place));
            }
            if !without.is_empty() {
                coverage.add(What::MissingTwin(n), "missing_twin", name, Some(place));
            }
        }
        let built_in = [
            (By::Standard.rule(), rules.queues.iter().any(movable)),
            (By::OnPremises.rule(), rules.queues.iter().any(|q| q.on_premises)),
            (By::Exempt.rule(), !rules.exempt.is_empty()),
            (By::LookupFailed.rule(), true),
            (UNKNOWN, true),
        ];
        for (name, _) in built_in.into_iter().filter(|(_, possible)| *possible) {
            coverage.add(What::BuiltIn(name), "built_in", name, None);
        }
        for (queue, number) in rules.queues.iter().zip(0u32..) {
            if let Some((_, Some(base))) = queue.twin_of
                && movable(queue)
                && movable(rules.queue(base))
            {
                coverage.add(What::Twin(number), "twin", &queue.name, Some(&queue.place));
            }
        }
        coverage
    }

    fn add(&mut self, what: What, kind: &'static str, name: &str, place: Option<&Place>) {
        self.numbers.insert(what, self.items.len());
        self.items.push(Item { kind, name: name.to_owned(), place: place.cloned(), covered: false });
    }

    /// Counts what a decision covers.
    pub fn saw(&mut self, decided: &Result<Decision<'_>>) {
        let number = |name: &str| self.redirections.get(name).copied();
        let covered = match decided {
            Err(error) if error.kind() == Kind::NotFound => vec![What::BuiltIn(UNKNOWN)],
            Err(_) => Vec::new(),
            Ok(decision) => {
                let by = match decision.by {
                    By::Redirection(name) => number(name).map(What::Redirection),
                    By::MissingTwin(name) => number(name).map(What::MissingTwin),
                    By::Standard => Some(What::BuiltIn(By::Standard.rule())),
                    By::OnPremises => Some(What::BuiltIn(By::OnPremises.rule())),
                    By::Exempt => Some(What::BuiltIn(By::Exempt.rule())),
                    By::LookupFailed => Some(What::BuiltIn(By::LookupFailed.rule())),
                    // Who asks for a twin by its name is not redirected there.
                    By::Already(_) => None,
                };
                by.into_iter().chain([What::Twin(decision.queue)]).collect()
            }
        };
        for what in covered {
            if let Some(number) = self.numbers.get(&what) {
                self.items[*number].covered = true;
            }
        }
    }

    /// How many items are covered.
    pub fn covered(&self) -> usize {
        self.items.iter().filter(|item| item.covered).count()
    }

    /// The covered part in per cent, rounded down: 100 means all.
    pub fn percent(&self) -> u8 {
        // At most 100: it fits.
        (self.covered() * 100 / self.items.len().max(1)) as u8
    }
}
