//! `trigger backfill`: from the bad revision back to the last good one. Pure.

use super::{plan::History, session::BACKFILL_KEYS};
use crate::{
    error::{Error, Kind, Result},
    pipeline::run::{Run, Verdict},
    vcs::Revision,
};
use std::collections::HashMap;

/// How far back a backfill looks where nothing says how often the job runs, in revisions.
pub const DEPTH: usize = 20;
/// How far it looks where that is known, in the job's usual intervals (mozilla's `manual_backfill`).
const INTERVALS: f64 = 1.5;

/// How far back to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Depth {
    /// In revisions, the bad one included.
    pub revisions: usize,
    /// The usual interval that it was told from; `None` where the number was given or nothing is known.
    pub interval: Option<usize>,
}

impl Depth {
    /// The depth: as asked for, or one and a half of the job's usual intervals, or 20.
    pub fn new(asked: Option<usize>, interval: Option<usize>) -> Depth {
        match (asked, interval) {
            (Some(revisions), _) => Depth { revisions: revisions.max(1), interval: None },
            // One more: the bad revision itself is among them.
            (None, Some(interval)) => {
                Depth { revisions: (INTERVALS * interval as f64).ceil() as usize + 1, interval: Some(interval) }
            }
            (None, None) => Depth { revisions: DEPTH, interval: None },
        }
    }
}

/// How many revisions usually lie between two that a job ran at: the median over `order` (revision → its place in history).
/// `None` with fewer than three such revisions.
pub fn usual_interval(runs: &[Run], order: &HashMap<&str, usize>) -> Option<usize> {
    // What was triggered by hand says nothing of how often a job runs.
    let scheduled = runs.iter().filter(|run| !run.key.as_deref().is_some_and(|key| key.starts_with("ci-tool-")));
    let mut places: Vec<usize> = scheduled
        .filter_map(|run| order.get(run.got_revision.as_deref().or(run.revision.as_deref())?).copied())
        .collect();
    places.sort_unstable();
    places.dedup();
    let mut gaps: Vec<usize> = places.windows(2).map(|pair| pair[1] - pair[0]).collect();
    gaps.sort_unstable();
    (gaps.len() >= 2).then(|| gaps[gaps.len() / 2])
}

/// What a walk back found.
#[derive(Debug, Clone, PartialEq)]
pub struct Walked<'a> {
    /// The revision where the job is known to fail.
    pub bad: &'a Revision,
    /// The last one where it passed.
    pub good: &'a Revision,
    /// Those between that say nothing yet, the newest first.
    pub missing: Vec<&'a Revision>,
}

/// Why there is nothing to walk to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nowhere {
    /// It never passed as far as was looked.
    NeverPassed,
    /// History ends before it was seen to pass.
    HistoryEnds,
    /// It passes at the revision: nothing is wrong.
    Passes,
}

/// Walks from the first of `revisions`, which are in order, the newest first, to the last good one. Only failures and what says nothing
/// lie between. `shallow` is whether history ends with them.
pub fn walk<'a>(revisions: &'a [Revision], history: &History, shallow: bool) -> Result<Walked<'a>, Nowhere> {
    let Some(bad) = revisions.first() else { return Err(Nowhere::HistoryEnds) };
    if history.verdict(&bad.id) == Some(Verdict::Passed) {
        return Err(Nowhere::Passes);
    }
    let mut missing = Vec::new();
    for revision in revisions {
        match history.verdict(&revision.id) {
            Some(Verdict::Passed) => return Ok(Walked { bad, good: revision, missing }),
            Some(Verdict::Failed) => {}
            None => missing.push(revision),
        }
    }
    Err(if shallow { Nowhere::HistoryEnds } else { Nowhere::NeverPassed })
}

/// For measurements: the revision and all before it back to the last one that has data, and `plus` more.
pub fn until_data<'a>(revisions: &'a [Revision], history: &History, plus: usize) -> Option<&'a [Revision]> {
    let has_data = |revision: &Revision| history.at(&revision.id).iter().any(|run| !run.data.is_empty());
    // The revision itself is measured in any case.
    let last = 1 + revisions.iter().skip(1).position(has_data)?;
    revisions.get(..(last + plus + 1).min(revisions.len()))
}

/// Refuses to backfill what a backfill triggered: its failure is what that backfill was for.
///
/// # Errors
/// `Usage`, naming the session.
pub fn refuse_its_own(revision: &Revision, history: &History) -> Result<()> {
    let mut runs = history.at(&revision.id).iter().filter(|run| run.state.counts()).peekable();
    let own = |run: &&Run| run.key.as_deref().is_some_and(|key| key.starts_with(BACKFILL_KEYS));
    if runs.peek().is_none() || !runs.all(|run| own(&run)) {
        return Ok(());
    }
    let key = history.at(&revision.id).iter().find_map(|run| run.key.as_deref()).unwrap_or_default();
    let session = key.trim_start_matches(BACKFILL_KEYS).split('-').next().unwrap_or_default();
    Err(Error::new(Kind::Usage, format!("the runs at {} come from the backfill {session}", revision.short())).hint(
        format!(
            "`ci-tool trigger watch {session}` shows what it found; to go on from here all the same: trigger range"
        ),
    ))
}

#[cfg(test)]
#[path = "backfill_tests.rs"]
mod tests;
