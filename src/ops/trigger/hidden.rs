//! Jobs that run for nobody: their failures are not shown, or have been there for so long that nobody looks.

use super::{
    ground::{Ground, RECENT},
    jobs::Listed,
    plan::Wanted,
};
use crate::{
    engine::Query,
    error::{Error, Result},
    pipeline::run::{Run, Verdict},
};
use futures::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// How many jobs are asked for their runs at once.
const AT_ONCE: usize = 8;
/// How many runs are read of a job that always failed lately, to see since when.
const FAR_BACK: usize = 20 * RECENT;
/// A job that has not run for so long, and for as long as is asked for, does not run any more.
const STILL_RUNS: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A job that runs for nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hidden {
    /// The job, by the engine's name.
    pub job: String,
    /// Whether the engine or the configuration says that nobody is told of its failures.
    pub unseen: bool,
    /// When it began to fail without having passed since; `None` where it has not failed for as long as was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<Timestamp>,
    /// Whether it failed already in the oldest run that is known: it may have begun to earlier.
    pub since_before: bool,
    /// How many of its latest runs were looked at that passed or failed.
    pub ran: usize,
    /// How many of these failed.
    pub failed: usize,
    /// When it last ended.
    pub last: Timestamp,
    /// Where people look at it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// What was found.
#[derive(Debug)]
pub struct Found {
    /// The jobs that run for nobody, in the order of the list.
    pub hidden: Vec<Hidden>,
    /// Jobs whose runs the engine could not tell, and why.
    pub unknown: Vec<(String, Error)>,
}

/// Looks through the runs of jobs for those that run for nobody. `failing` is how long one has to have failed.
///
/// # Errors
/// Those of the engine, when it answers for no job.
pub async fn find(ground: &Ground<'_>, jobs: &[Listed], failing: SignedDuration) -> Result<Found> {
    let now = (ground.world.now)();
    let asked = jobs.iter().filter(|job| job.source != super::jobs::Source::Configuration);
    let ask = asked.map(|job| async move {
        let mut runs = ground.recent(&Wanted { job: job.name.clone(), ..Wanted::default() }).await?;
        let since = Streak::of(&runs);
        let cut =
            runs.len() >= RECENT && since.is_some_and(|s| s.from_the_oldest && now.duration_since(s.since) < failing);
        if cut {
            let query = Query { job: job.name.clone(), limit: Some(FAR_BACK), ..Query::default() };
            runs = ground.engine.runs(&query).await?;
        }
        Ok(judge(job, &runs, now, failing))
    });
    let names = jobs.iter().filter(|job| job.source != super::jobs::Source::Configuration);
    let answers: Vec<Result<Option<Hidden>>> = stream::iter(ask.collect::<Vec<_>>()).buffered(AT_ONCE).collect().await;
    let nothing = !answers.is_empty() && answers.iter().all(Result::is_err);
    let mut found = Found { hidden: Vec::new(), unknown: Vec::new() };
    for (job, answer) in names.zip(answers) {
        match answer {
            Ok(hidden) => found.hidden.extend(hidden),
            Err(error) if nothing => return Err(error),
            Err(error) => found.unknown.push((job.name.clone(), error)),
        }
    }
    Ok(found)
}

/// Failures without a pass since.
#[derive(Clone, Copy)]
struct Streak {
    since: Timestamp,
    from_the_oldest: bool,
}

impl Streak {
    /// The failures at the end of runs, the latest first.
    fn of(runs: &[Run]) -> Option<Streak> {
        let told: Vec<(Timestamp, Verdict)> = told(runs).collect();
        let length = told.iter().take_while(|(_, verdict)| *verdict == Verdict::Failed).count();
        let (since, _) = told.get(length.checked_sub(1)?)?;
        Some(Streak { since: *since, from_the_oldest: length == told.len() })
    }
}

/// What runs proved, and when.
fn told(runs: &[Run]) -> impl Iterator<Item = (Timestamp, Verdict)> {
    runs.iter().filter_map(|run| Some((run.ended.or(run.started).or(run.queued)?, run.state.evidence()?)))
}

fn judge(job: &Listed, runs: &[Run], now: Timestamp, failing: SignedDuration) -> Option<Hidden> {
    let last = told(runs).map(|(at, _)| at).max()?;
    if now.duration_since(last) > failing.max(STILL_RUNS) {
        return None;
    }
    let streak = Streak::of(runs).filter(|streak| now.duration_since(streak.since) >= failing);
    (job.hidden || streak.is_some()).then(|| Hidden {
        job: job.name.clone(),
        unseen: job.hidden,
        failing_since: streak.map(|streak| streak.since),
        since_before: streak.is_some_and(|streak| streak.from_the_oldest),
        ran: told(runs).count(),
        failed: told(runs).filter(|(_, verdict)| *verdict == Verdict::Failed).count(),
        last,
        url: job.url.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ops::trigger::jobs::Source, pipeline::run::State};

    const NOW: i64 = 100 * 86_400;

    fn listed(hidden: bool) -> Listed {
        Listed {
            name: "unit".into(),
            alias: None,
            source: Source::Both,
            blocked: None,
            hidden,
            parameters: None,
            url: None,
        }
    }

    /// A run that ended so many days ago.
    fn run(days: i64, state: State) -> Run {
        let ended = Timestamp::from_second(NOW - days * 86_400).unwrap();
        Run { ended: Some(ended), ..Run::new(days.to_string(), "unit", state) }
    }

    #[test]
    fn a_job_is_found_when_nobody_sees_it_or_it_failed_for_long() {
        use State::*;
        // Whether it is hidden, its runs, and what is found: nothing, or since how many days it fails and whether from the oldest.
        type Case = (bool, &'static [(i64, State)], Option<(Option<i64>, bool)>);
        let cases: [Case; 12] = [
            (false, &[], None),
            (true, &[], None),
            (false, &[(1, Succeeded)], None),
            (true, &[(1, Succeeded)], Some((None, false))),
            (false, &[(1, Failed), (6, Failed), (8, Succeeded)], None),
            (false, &[(1, Failed), (7, Failed), (8, Succeeded)], Some((Some(7), false))),
            (false, &[(1, Failed), (9, TimedOut)], Some((Some(9), true))),
            (false, &[(1, Succeeded), (9, Failed)], None),
            (false, &[(1, Infra), (2, Failed), (3, Cancelled), (8, Failed)], Some((Some(8), true))),
            (true, &[(2, Failed), (3, Succeeded)], Some((None, false))),
            (false, &[(31, Failed), (50, Failed)], None),
            (true, &[(31, Failed)], None),
        ];
        for (hidden, runs, expected) in cases {
            let made: Vec<Run> = runs.iter().map(|(days, state)| run(*days, *state)).collect();
            let now = Timestamp::from_second(NOW).unwrap();
            let found = judge(&listed(hidden), &made, now, SignedDuration::from_hours(7 * 24));
            let days = |since: Timestamp| (NOW - since.as_second()) / 86_400;
            let told = found.map(|found| (found.failing_since.map(days), found.since_before));
            assert_eq!(told, expected, "{hidden} {runs:?}");
        }
    }
}
