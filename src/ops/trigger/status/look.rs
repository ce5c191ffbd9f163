//! Asks the engine and the journal for what a grid is told from.

use super::{Grid, Seen};
use crate::{
    engine::{Engine, Query, no_such_job},
    error::{Error, Kind, Result},
    ops::trigger::{
        ground::{Ground, RECENT},
        jobs::expected,
        plan::{History, Wanted},
        session::{self, Session},
    },
    pipeline::run::{Run, State},
    vcs::Revision,
    world::World,
};
use futures::{StreamExt, stream};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// How many calls are made at once.
const AT_ONCE: usize = 8;
/// How many sessions are looked through for what they still mean to ask for.
const SESSIONS: usize = 50;

/// Revisions at which there are, or were for a session, other jobs than the configuration has now: only for an engine on this
/// machine, whose jobs these are.
pub struct View {
    /// The engine with these jobs.
    pub engine: Arc<dyn Engine>,
    /// The revisions, by whole names.
    pub revisions: Vec<String>,
    /// Whether these are all the jobs that there are at these revisions.
    pub whole: bool,
}

/// The latest sessions of an engine.
#[derive(Default)]
pub struct Sessions {
    /// They, the latest first.
    pub sessions: Vec<Session>,
    /// How many could not be read.
    pub unread: usize,
}

/// An engine, its jobs, and the revisions that it is asked for.
struct Source<'a> {
    engine: &'a dyn Engine,
    names: BTreeSet<String>,
    revisions: Vec<String>,
    whole: bool,
}

impl Sessions {
    /// Reads them.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn latest(world: &World, engine: &str) -> Result<Sessions> {
        let listed = session::list(world, SESSIONS).await?;
        let read = listed.iter().map(|listed| session::read(world, &listed.id));
        let read: Vec<_> = stream::iter(read.collect::<Vec<_>>()).buffered(AT_ONCE).collect().await;
        let unread = read.iter().filter(|session| session.is_err()).count();
        let sessions = read.into_iter().flatten().filter(|session| session.opening.engine == engine).collect();
        Ok(Sessions { sessions, unread })
    }
}

/// Tells how jobs, by the names in the configuration or the engine's, stand at revisions. Without jobs: those that ran there,
/// and those of the configuration that can run on this engine.
///
/// # Errors
/// `NotFound` for a job that is at none of these revisions and not there now, with suggestions; `Denied`; those of the engine
/// when it answers for no job, and those of the store.
pub async fn look(
    ground: &Ground<'_>,
    views: &[View],
    sessions: &Sessions,
    revisions: &[Revision],
    jobs: &[String],
) -> Result<Grid> {
    let sources = sources(ground, views, revisions).await?;
    let known: BTreeSet<&String> = sources.iter().flat_map(|source| &source.names).collect();
    let engine = ground.engine.name();
    let mut asked: Vec<String> = Vec::new();
    for name in jobs.iter().map(|job| ground.name_of(job)) {
        if !asked.contains(&name) {
            asked.push(name);
        }
    }
    if let Some(strange) = asked.iter().find(|job| !known.contains(job)) {
        return Err(no_such_job(engine, strange, known.iter().map(|name| name.as_str())));
    }
    let all = if asked.is_empty() { known.into_iter().cloned().collect() } else { asked.clone() };
    let (mut seen, mut notes) = (Seen::default(), Vec::new());
    let asked_for = promises(&sessions.sessions, revisions, &mut seen);
    let mut lists = lists(&sources, &all).await?;
    seen.journal = recall(&*ground.engine, &mut lists, asked_for).await;
    seen.runs = lists.into_iter().map(|(job, told)| (job, told.map(History::new))).collect();
    if sessions.unread > 0 {
        notes.push(format!("{} of the latest sessions cannot be read, and are left out", sessions.unread));
    }
    let columns = if asked.is_empty() { columns(ground, all, &seen) } else { asked };
    let empty = empty(&seen, &columns, revisions);
    match ground.engine.abilities().in_process {
        // What a command of this machine did is remembered until it is pruned.
        true => seen.absent = absent_here(&sources, &columns, revisions),
        false => {
            let at: Vec<&str> = empty.iter().map(|revision| revision.id.as_str()).collect();
            match absent(async |revision| names(&*ground.engine, Some(revision)).await, &columns, &at).await {
                Ok(absent) => seen.absent = absent,
                Err(error) => {
                    notes.push(format!("which jobs there were at each revision is not known: {}", error.in_full()))
                }
            }
            seen.begins = begins(ground, &columns, &empty, &seen).await;
        }
    }
    Ok(seen.grid(revisions, columns, notes))
}

async fn sources<'a>(ground: &'a Ground<'_>, views: &'a [View], revisions: &[Revision]) -> Result<Vec<Source<'a>>> {
    let newest = revisions.last().map(|revision| revision.id.as_str());
    let main = &*ground.engine;
    let all = revisions.iter().map(|revision| revision.id.clone()).collect();
    let mut sources = vec![Source { engine: main, names: names(main, newest).await?, revisions: all, whole: true }];
    for view in views {
        let engine = &*view.engine;
        let names = names(engine, view.revisions.last().map(String::as_str)).await?;
        sources.push(Source { engine, names, revisions: view.revisions.clone(), whole: view.whole });
    }
    Ok(sources)
}

async fn names(engine: &dyn Engine, revision: Option<&str>) -> Result<BTreeSet<String>> {
    Ok(engine.jobs(revision).await?.into_iter().map(|job| job.name).collect())
}

/// What the engine lists of each job. That it cannot tell of one does not hide the others.
async fn lists(sources: &[Source<'_>], jobs: &[String]) -> Result<BTreeMap<String, Result<Vec<Run>, String>>> {
    let ask = jobs.iter().map(|job| async move { (job.clone(), runs(sources, job).await) });
    let answers: Vec<(String, Result<Vec<Run>>)> =
        stream::iter(ask.collect::<Vec<_>>()).buffered(AT_ONCE).collect().await;
    let nothing = !answers.is_empty() && answers.iter().all(|(_, answer)| answer.is_err());
    let mut lists = BTreeMap::new();
    for (job, answer) in answers {
        let told = match answer {
            Ok(runs) => Ok(runs),
            Err(error) if nothing || error.kind() == Kind::Denied => return Err(error),
            Err(error) => Err(error.in_full()),
        };
        lists.insert(job, told);
    }
    Ok(lists)
}

async fn runs(sources: &[Source<'_>], job: &str) -> Result<Vec<Run>> {
    let mut found: Vec<Run> = Vec::new();
    for source in sources.iter().filter(|source| source.names.contains(job)) {
        let query = Query { job: job.into(), revisions: Some(source.revisions.clone()), ..Query::default() };
        // Several sources know the same run, and one that is asked for a revision twice tells of it twice.
        for run in source.engine.runs(&query).await? {
            if found.iter().all(|known| known.id != run.id) {
                found.push(run);
            }
        }
    }
    Ok(found)
}

/// Adds what sessions mean to ask for. Returns the runs that they had.
fn promises(sessions: &[Session], revisions: &[Revision], seen: &mut Seen) -> Vec<Run> {
    let mut runs = Vec::new();
    let wanted: BTreeSet<&str> = revisions.iter().map(|revision| revision.id.as_str()).collect();
    for session in sessions {
        for tracked in session.items.iter().filter(|tracked| wanted.contains(tracked.item.revision.as_str())) {
            let at = (tracked.item.job.clone(), tracked.item.revision.clone());
            let key = tracked.attempts.last().map(|attempt| attempt.key.clone());
            match (tracked.state(), tracked.run()) {
                (State::Expected, _) if session.ended || session.cancelling.is_some() => {}
                (State::Expected, _) => seen.expected.entry(at).or_default().push(None),
                (State::Uncertain, None) if !session.ended => seen.expected.entry(at).or_default().push(key),
                // That was a run of something else.
                (State::Coalesced, _) | (_, None) => {}
                (_, Some(run)) => runs.push(Run { revision: Some(at.1), job: at.0, ..run.clone() }),
            }
        }
    }
    runs
}

/// Adds the runs of sessions that the engine does not list and still knows: those with other parameters, on this machine.
/// Returns those that it does not know, by job and revision.
async fn recall(
    engine: &dyn Engine,
    lists: &mut BTreeMap<String, Result<Vec<Run>, String>>,
    mut runs: Vec<Run>,
) -> BTreeMap<(String, String), String> {
    let lacks = |lists: &BTreeMap<String, Result<Vec<Run>, String>>, run: &Run| matches!(lists.get(&run.job), Some(Ok(list)) if list.iter().all(|listed| listed.id != run.id));
    runs.retain(|run| lacks(lists, run));
    let mut forgotten = BTreeMap::new();
    if runs.is_empty() {
        return forgotten;
    }
    // An engine that does not answer now has listed what it has.
    let Ok(seen) = engine.observe(&runs).await else { return forgotten };
    for (run, now) in runs.into_iter().zip(seen) {
        let (job, revision) = (run.job, run.revision.unwrap_or_default());
        if now.state == State::Expired {
            forgotten.insert((job, revision), run.id);
        // What waited may be listed as what it has become.
        } else if lacks(lists, &Run { job: job.clone(), ..now.clone() })
            && let Some(Ok(list)) = lists.get_mut(&job)
        {
            list.push(Run { revision: Some(revision), job, ..now });
            list.sort_by_key(|run| Reverse(run.queued));
        }
    }
    forgotten
}

/// The jobs that ran or will, that the engine cannot tell of, and those of the configuration.
fn columns(ground: &Ground<'_>, all: Vec<String>, seen: &Seen) -> Vec<String> {
    let engine = &ground.engine;
    let configured = expected(engine.name(), engine.abilities().in_process, ground.jobs);
    let concerned: BTreeSet<&String> = seen.expected.keys().chain(seen.journal.keys()).map(|(job, _)| job).collect();
    let ran = |job: &String| seen.runs.get(job).is_some_and(|told| told.as_ref().map_or(true, |h| !h.is_empty()));
    all.into_iter().filter(|job| configured.contains_key(job.as_str()) || concerned.contains(job) || ran(job)).collect()
}

/// The revisions at which some job has no runs.
fn empty<'r>(seen: &Seen, jobs: &[String], revisions: &'r [Revision]) -> Vec<&'r Revision> {
    let lacks = |revision: &&Revision| {
        let none =
            |job: &String| matches!(seen.runs.get(job), Some(Ok(history)) if history.at(&revision.id).is_empty());
        jobs.iter().any(none)
    };
    revisions.iter().filter(lacks).collect()
}

/// What the configuration does not have at each revision. The last source that knows a revision knows it best.
fn absent_here(sources: &[Source<'_>], jobs: &[String], revisions: &[Revision]) -> BTreeSet<(String, String)> {
    let at = |revision: &Revision| {
        let source = sources.iter().rev().find(|source| source.whole && source.revisions.contains(&revision.id));
        let lacking = jobs.iter().filter(move |job| source.is_some_and(|source| !source.names.contains(*job)));
        lacking.map(|job| (job.clone(), revision.id.clone())).collect::<Vec<_>>()
    };
    revisions.iter().flat_map(at).collect()
}

/// What the engine does not have at each revision. Revisions between two that have the same jobs are taken to have these,
/// too: an engine is not asked for every one.
async fn absent(
    names: impl AsyncFn(&str) -> Result<BTreeSet<String>>,
    jobs: &[String],
    revisions: &[&str],
) -> Result<BTreeSet<(String, String)>> {
    let Some(last) = revisions.len().checked_sub(1) else { return Ok(BTreeSet::new()) };
    let mut known: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    known.insert(0, names(revisions[0]).await?);
    known.insert(last, names(revisions[last]).await?);
    let mut open = vec![(0, last)];
    while let Some((from, to)) = open.pop() {
        if known[&from] == known[&to] {
            let same = known[&from].clone();
            known.extend((from + 1..to).map(|between| (between, same.clone())));
        } else if to - from > 1 {
            let middle = from + (to - from) / 2;
            known.insert(middle, names(revisions[middle]).await?);
            open.extend([(from, middle), (middle, to)]);
        }
    }
    let lacking = known.iter().flat_map(|(at, names)| {
        let lacking = jobs.iter().filter(|job| !names.contains(*job));
        lacking.map(|job| (job.clone(), revisions[*at].to_owned()))
    });
    Ok(lacking.collect())
}

/// When the engine's list of each job's runs begins, where it begins after a revision without runs.
async fn begins(
    ground: &Ground<'_>,
    jobs: &[String],
    revisions: &[&Revision],
    seen: &Seen,
) -> BTreeMap<String, jiff::Timestamp> {
    let Some(oldest) = revisions.iter().map(|revision| revision.date).min() else { return BTreeMap::new() };
    let reaches = |runs: &[Run]| runs.iter().filter_map(|run| run.queued).any(|queued| queued <= oldest);
    let ask = jobs.iter().map(|job| async move {
        if !matches!(seen.runs.get(job), Some(Ok(_))) {
            return Ok::<_, Error>(None);
        }
        let mut runs = ground.recent(&Wanted { job: job.to_owned(), ..Wanted::default() }).await?;
        if runs.len() >= RECENT && !reaches(&runs) {
            runs = ground.engine.runs(&Query { job: job.clone(), ..Query::default() }).await?;
        }
        let begins = if reaches(&runs) { None } else { runs.iter().filter_map(|run| run.queued).min() };
        Ok(begins.map(|begins| (job.clone(), begins)))
    });
    let asked: Vec<Result<_>> = stream::iter(ask.collect::<Vec<_>>()).buffer_unordered(AT_ONCE).collect().await;
    // An engine that does not answer now leaves it at what it said before.
    asked.into_iter().filter_map(|answer| answer.ok().flatten()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[tokio::test]
    async fn the_jobs_of_many_revisions_are_found_with_few_questions() {
        // The revisions that have the job, and how often that may be asked, of a hundred.
        for (has, questions) in [(0..100, 2), (0..0, 2), (37..100, 10), (0..99, 10), (0..1, 10)] {
            let revisions: Vec<String> = (0..100).map(|number| number.to_string()).collect();
            let revisions: Vec<&str> = revisions.iter().map(String::as_str).collect();
            let asked = Cell::new(0);
            let names = async |revision: &str| {
                asked.set(asked.get() + 1);
                let there = has.contains(&revision.parse::<usize>().unwrap());
                Ok(there.then(|| "unit".to_owned()).into_iter().collect())
            };
            let absent = absent(names, &["unit".into()], &revisions).await.unwrap();
            let expected = revisions.iter().enumerate().filter(|(at, _)| !has.contains(at));
            let expected: BTreeSet<_> = expected.map(|(_, id)| ("unit".to_owned(), (*id).to_owned())).collect();
            assert_eq!(absent, expected, "{has:?}");
            assert!(asked.get() <= questions, "{has:?}: {}", asked.get());
        }
    }
}
