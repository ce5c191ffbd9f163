//! `trigger until-failure`: batches of one job until it fails, and what it proves when it does not. Pure.

use super::{
    drive::Next,
    plan::Item,
    session::{Hunt, Session},
};
use crate::pipeline::run::Verdict;

/// What 0 failures in n runs prove at 95 %: a failure rate below this (the rule of three, Hanley and Lippman-Hand 1983).
/// For few runs the exact bound 1 − 0.05^(1/n) is used, which 3/n approaches from above.
pub fn rate_below(runs: usize) -> f64 {
    match runs {
        0 => 1.0,
        n => (3.0 / n as f64).min(1.0 - 0.05f64.powf(1.0 / n as f64)),
    }
}

/// The next batch, once the one before is over; nothing more at the first failure or when all have run.
pub fn next(session: &Session) -> Next {
    let Some(Hunt { batch, max }) = session.hunt() else { return Next::Wait };
    if session.failed().next().is_some() {
        return match session.items.iter().all(super::drive::is_settled) {
            true => Next::Wait,
            false => Next::Cancel("a run failed".into()),
        };
    }
    // What it needs stands before it.
    let Some(one) = session.items.last().map(|tracked| &tracked.item) else { return Next::Wait };
    let own = || session.items.iter().filter(|tracked| tracked.item.job == one.job);
    let told = own().filter(|tracked| tracked.state().evidence() == Some(Verdict::Passed)).count();
    let asked = own().count();
    // What came to nothing is not made up for for ever.
    let lacking = max.saturating_sub(told).min(batch).min(max.saturating_mul(2).saturating_sub(asked));
    if lacking == 0 || own().any(|tracked| !super::drive::is_settled(tracked)) {
        return Next::Wait;
    }
    // A build that failed fails every run after it.
    if own().all(|tracked| tracked.blocked.is_some()) {
        return Next::Wait;
    }
    let from = session.items.len();
    Next::More((from..from + lacking).map(|number| Item { number, ..one.clone() }).collect())
}

/// The items of the first batch.
pub fn first_batch(item: Item, hunt: Hunt) -> Vec<Item> {
    (0..hunt.batch.min(hunt.max)).map(|number| Item { number, ..item.clone() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_is_the_rule_of_three_and_exact_for_few_runs() {
        for (runs, expected) in [(0, 1.0), (1, 0.95), (10, 0.2589), (100, 0.0295), (300, 0.0099)] {
            assert!((rate_below(runs) - expected).abs() < 5e-4, "{runs}: {}", rate_below(runs));
            assert!(runs == 0 || rate_below(runs) <= 3.0 / runs as f64);
        }
    }
}
