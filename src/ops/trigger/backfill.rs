//! `trigger backfill`: from the bad revision back to the last good one.

use super::{
    ground::Ground,
    plan::{History, Plan, Wanted},
    select::Selection,
    session::BACKFILL_KEYS,
};
use crate::{
    error::{Error, Kind, Result},
    pipeline::run::{Run, Verdict},
    vcs::{Revision, Walk},
};
use serde::Serialize;
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
                let looked_at = (INTERVALS * interval as f64).ceil() as usize;
                Depth { revisions: looked_at.saturating_add(1), interval: Some(interval) }
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
    revisions.get(..last.saturating_add(plus).saturating_add(1).min(revisions.len()))
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

/// How far back history is read to tell a job's usual interval, in revisions.
const LOOKED_AT: usize = 200;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The bad revision, by name.
    pub bad: String,
    /// The job and how often.
    pub wanted: Wanted,
    /// How far back to look at most.
    pub max: Option<usize>,
    /// Only so many revisions, evenly spaced.
    pub slices: Option<usize>,
    /// For measurements: back to the last revision with data, and so many more.
    pub until_data: Option<usize>,
    /// How to walk history.
    pub walk: Walk,
}

/// What a backfill finds.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "found", rename_all = "snake_case")]
pub enum Answer {
    /// Runs are lacking.
    Runs,
    /// Everything between the last good revision and the bad one has run.
    Known,
    /// The job passes at the revision.
    Passes,
    /// It passed at none of these.
    NeverPassed {
        /// How many were looked at.
        revisions: usize,
        /// The oldest of them.
        oldest: String,
    },
}

/// Where a job began to fail, as far as its runs tell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Span {
    /// The last revision where it passed.
    pub good: Revision,
    /// The first where it is known to fail.
    pub bad: Revision,
    /// How many between them say nothing.
    pub unknown: usize,
}

/// Reads the revisions that are looked at, the newest first, and how far that was.
///
/// # Errors
/// Those of the version control system and the engine.
pub async fn revisions(ground: &Ground<'_>, asked: &Asked) -> Result<(Vec<Revision>, Depth)> {
    let mut revisions = ground.vcs.back(&asked.bad, LOOKED_AT.max(asked.max.unwrap_or(0)), &asked.walk).await?;
    let configured = ground.spec_of(&asked.wanted.job).and_then(|spec| spec.interval);
    let interval = match (asked.max, configured) {
        (Some(_), _) => None,
        (None, Some(interval)) => Some(interval),
        (None, None) => {
            let order = revisions.iter().enumerate().map(|(at, revision)| (revision.id.as_str(), at)).collect();
            usual_interval(&ground.recent(&asked.wanted).await?, &order)
        }
    };
    let depth = Depth::new(asked.max, interval);
    revisions.truncate(depth.revisions);
    Ok((revisions, depth))
}

/// Plans what is missing between the bad revision and the last good one.
///
/// # Errors
/// `Usage` for what a backfill triggered; `NotFound` where no run says anything; `Unsupported` when a shallow clone ends
/// before a good revision; those of the engine.
pub async fn plan(ground: &Ground<'_>, asked: &Asked) -> Result<(Plan, Answer)> {
    let (revisions, depth) = revisions(ground, asked).await?;
    let ids: Vec<&str> = revisions.iter().map(|revision| revision.id.as_str()).collect();
    let history = ground.history(&asked.wanted, &ids).await?;
    let (plan, answer) = plan_by(ground, asked, &revisions, depth, &history).await?;
    // One that starts nothing only tells what is known.
    if let (Some(bad), false) = (revisions.first(), plan.items.is_empty()) {
        refuse_its_own(bad, &history)?;
    }
    Ok((plan, answer))
}

async fn plan_by(
    ground: &Ground<'_>,
    asked: &Asked,
    revisions: &[Revision],
    depth: Depth,
    history: &History,
) -> Result<(Plan, Answer)> {
    let ends_here = revisions.len() < depth.revisions && ground.vcs.is_shallow().await;
    if let Some(plus) = asked.until_data {
        let Some(chosen) = until_data(revisions, history, plus) else {
            let message = format!("no measurement of {} was found in {} revisions", asked.wanted.job, revisions.len());
            return Err(Error::new(Kind::NotFound, message).hint("look further: --max-revisions N"));
        };
        let chosen: Vec<Revision> = chosen.iter().rev().cloned().collect();
        let mut plan = ground.plan(std::slice::from_ref(&asked.wanted), &chosen).await?;
        plan.notes.push(format!("measuring {} back to {}", asked.wanted.job, chosen[0].short()));
        return Ok((plan, Answer::Runs));
    }
    let walked = match walk(revisions, history, ends_here) {
        Ok(walked) => walked,
        Err(Nowhere::Passes) => {
            let note = format!("{} passes at {}: there is nothing to backfill", asked.wanted.job, revisions[0].short());
            return Ok((Plan { notes: vec![note], ..Plan::default() }, Answer::Passes));
        }
        Err(Nowhere::HistoryEnds) => {
            let message =
                format!("history ends here after {} revisions, before {} passed", revisions.len(), asked.wanted.job);
            return Err(Error::new(Kind::Unsupported, message).hint("git fetch --unshallow, then again"));
        }
        Err(Nowhere::NeverPassed) if revisions.iter().all(|one| history.verdict(&one.id).is_none()) => {
            let (job, oldest) = (&asked.wanted.job, revisions.last().map(Revision::short).unwrap_or_default());
            let looked = format!("{} revisions back to {oldest}", revisions.len());
            return Err(Error::new(Kind::NotFound, format!("no run of {job} says anything at {looked}"))
                .hint(format!("run it where it should pass: ci-tool trigger range {oldest} --job {job}")));
        }
        Err(Nowhere::NeverPassed) => {
            let oldest = revisions.last().map(Revision::short).unwrap_or_default().to_owned();
            let note = format!(
                "permanent failure: {} passed at none of {} revisions back to {oldest}: nothing is triggered",
                asked.wanted.job,
                revisions.len()
            );
            let plan = Plan { notes: vec![note], ..Plan::default() };
            return Ok((plan, Answer::NeverPassed { revisions: revisions.len(), oldest }));
        }
    };
    let missing: Vec<Revision> = walked.missing.iter().rev().map(|&revision| revision.clone()).collect();
    let chosen = match asked.slices {
        Some(slices) => Selection { slices: Some(slices), ..Selection::default() }.of(missing),
        None => missing,
    };
    let how_far = match depth.interval {
        Some(interval) => format!("1.5 × its usual interval of {interval}"),
        None => format!("{} revisions", depth.revisions),
    };
    let note = format!("{} passed last at {} (looked back {how_far})", asked.wanted.job, walked.good.short());
    let mut plan = ground.plan(std::slice::from_ref(&asked.wanted), &chosen).await?;
    plan.notes.push(note);
    let answer = if plan.items.is_empty() { Answer::Known } else { Answer::Runs };
    Ok((plan, answer))
}

/// Where the job began to fail, by the runs that there are now; `None` when it never passed as far as was looked.
///
/// # Errors
/// As [`plan`].
pub async fn span(ground: &Ground<'_>, asked: &Asked) -> Result<Option<Span>> {
    let (revisions, _) = revisions(ground, asked).await?;
    let ids: Vec<&str> = revisions.iter().map(|revision| revision.id.as_str()).collect();
    let history = ground.history(&asked.wanted, &ids).await?;
    Ok(narrowest(&revisions, &history))
}

/// The last good revision and the first bad one after it. `revisions` are in order, the newest first.
fn narrowest(revisions: &[Revision], history: &History) -> Option<Span> {
    let good = revisions.iter().position(|revision| history.verdict(&revision.id) == Some(Verdict::Passed))?;
    let bad = revisions[..good].iter().rposition(|revision| history.verdict(&revision.id) == Some(Verdict::Failed))?;
    Some(Span { good: revisions[good].clone(), bad: revisions[bad].clone(), unknown: good - bad - 1 })
}

#[cfg(test)]
#[path = "backfill_tests.rs"]
mod tests;
