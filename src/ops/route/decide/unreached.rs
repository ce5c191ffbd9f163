//! What a decision did not need to look at.

use super::{Decision, Silent, Trace, find, matches};
use crate::ops::route::{
    job::Job,
    report::{Step, Steps},
    rules::Rules,
};

/// Adds a step for each redirection that the decision was made without: whether it would have matched. None of these steps
/// matched, because something else decided.
pub fn unreached(rules: &Rules, job: &Job, decision: &Decision<'_>, steps: &mut Steps) {
    // It was found when the decision was made.
    let Ok(found) = find(rules, decision.asked, &mut Silent) else { return };
    let (branch, repository) = (job.deciding_branch(), job.short_repository());
    for (n, redirection) in rules.redirections.iter().enumerate() {
        let name = &*redirection.name.value;
        if steps.0.iter().any(|step| step.rule == name) {
            continue;
        }
        let mut last = Last::default();
        let would = match found.names(rules, n) {
            true => {
                last.step(name, true, || format!("{} is asked for by its name", decision.asked.name));
                true
            }
            false => matches(redirection, branch, repository, &mut last),
        };
        let why = match would {
            true => format!("would match, but {} decided: {}", decision.by.rule(), last.0),
            false => format!("does not match: {}", last.0),
        };
        steps.0.push(Step { rule: name.to_owned(), matched: false, why });
    }
}

/// The last step's reason.
#[derive(Default)]
struct Last(String);

impl Trace for Last {
    fn step(&mut self, _: &str, _: bool, why: impl FnOnce() -> String) {
        self.0 = why();
    }
}
