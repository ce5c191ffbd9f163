//! Looking at many runs with few calls: lists where several runs are in one, single calls for the rest.

use super::{
    Jenkins,
    id::Id,
    known::Known,
    lists::{self, AT_ONCE, PAGE, Pages, Place},
    shapes::{Build, Item},
};
use crate::{
    error::{Error, Kind, Result},
    pipeline::run::{Run, State},
};
use futures::{StreamExt, TryStreamExt, stream};
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

/// A list takes as long as a few single calls.
const FEW: usize = 3;

/// What lists told.
#[derive(Default)]
struct Lists {
    items: HashMap<u64, Item>,
    builds: HashMap<String, Vec<Build>>,
}

/// Looks at runs. One that is over cannot change, and stays as it was seen.
///
/// # Errors
/// Those of [`super::api::Api::get`]; `Corrupt` for a result that is not known.
pub async fn observe(jenkins: &Jenkins, runs: &[Run]) -> Result<Vec<Run>> {
    let open: Vec<(&Run, Id)> =
        runs.iter().filter(|run| !run.state.is_over()).filter_map(|run| Some((run, Id::parse(&run.id)?))).collect();
    let jobs = jobs(jenkins, &open).await?;
    let lists = lists(jenkins, &open).await?;
    let looks: Vec<_> = runs.iter().map(|run| look(jenkins, &jobs, &lists, run)).collect();
    stream::iter(looks).buffered(AT_ONCE).try_collect().await
}

/// The jobs of the runs; those that are gone are missing.
async fn jobs<'r>(jenkins: &Jenkins, open: &[(&'r Run, Id)]) -> Result<HashMap<&'r str, Arc<Known>>> {
    let names: BTreeSet<&str> = open.iter().map(|(run, _)| run.job.as_str()).collect();
    let known: Vec<_> = names.into_iter().map(|job| async move { (job, jenkins.known(job).await) }).collect();
    let mut jobs = HashMap::new();
    let mut answers = stream::iter(known).buffer_unordered(AT_ONCE);
    while let Some((job, known)) = answers.next().await {
        match known {
            Ok(known) => drop(jobs.insert(job, known)),
            Err(error) if error.kind() == Kind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(jobs)
}

/// The queue before the builds: what leaves it meanwhile is among the builds.
async fn lists(jenkins: &Jenkins, open: &[(&Run, Id)]) -> Result<Lists> {
    let mut lists = Lists::default();
    if open.iter().filter(|(_, id)| matches!(id, Id::Queue(_))).count() > FEW {
        let items = lists::queue(&jenkins.api).await?;
        lists.items = items.into_iter().map(|item| (item.id, item)).collect();
    }
    let mut jobs: HashMap<&str, Vec<&Id>> = HashMap::new();
    for (run, id) in open {
        if !matches!(id, Id::Queue(item) if lists.items.contains_key(item)) {
            jobs.entry(&run.job).or_default().push(id);
        }
    }
    jobs.retain(|_, ids| ids.len() > FEW);
    let read = |job: &str, ids: Vec<&Id>| {
        let (job, ids) = (job.to_owned(), ids.into_iter().cloned().collect::<Vec<_>>());
        async move {
            let builds = latest(jenkins, &job, &ids).await?;
            Ok::<_, Error>((job, builds))
        }
    };
    let read: Vec<_> = jobs.into_iter().map(|(job, ids)| read(job, ids)).collect();
    lists.builds = stream::iter(read).buffer_unordered(AT_ONCE).try_collect().await?;
    Ok(lists)
}

/// The latest builds of a job, as many pages as the runs that are looked for would fill and one more.
async fn latest(jenkins: &Jenkins, job: &str, ids: &[Id]) -> Result<Vec<Build>> {
    let mut builds = Vec::new();
    let mut pages = Pages::new(job);
    for _ in 0..=ids.len() / PAGE {
        match pages.next(&jenkins.api).await {
            Ok(Some(page)) => builds.extend(page),
            Ok(None) => break,
            // The job is gone, which each of its runs will tell.
            Err(error) if error.kind() == Kind::NotFound => break,
            Err(error) => return Err(error),
        }
        if ids.iter().all(|id| builds.iter().any(|build| is(build, id))) {
            break;
        }
    }
    Ok(builds)
}

fn is(build: &Build, id: &Id) -> bool {
    match id {
        Id::Queue(item) => build.queue_id == *item,
        Id::Build(_, number) => build.number == *number,
    }
}

async fn look(jenkins: &Jenkins, jobs: &HashMap<&str, Arc<Known>>, lists: &Lists, run: &Run) -> Result<Run> {
    if run.state.is_over() {
        return Ok(run.clone());
    }
    let Some(id) = Id::parse(&run.id) else { return Ok(expired(run, "its id is none of Jenkins")) };
    let Some(known) = jobs.get(run.job.as_str()) else { return Ok(expired(run, "its job is gone")) };
    let item = match &id {
        Id::Queue(item) => lists.items.get(item),
        Id::Build(..) => None,
    };
    let build = lists.builds.get(&run.job).and_then(|builds| builds.iter().find(|build| is(build, &id)));
    match (build, item) {
        (Some(build), _) => seen(known, run, build),
        (None, Some(item)) => Ok(kept(run, known.run_of_item(item)?)),
        (None, None) => match lists::resolve(&jenkins.api, &run.job, &id).await? {
            Place::Build(build) => seen(known, run, &build),
            Place::Item(item) => Ok(kept(run, known.run_of_item(&item)?)),
            Place::Gone => {
                Ok(expired(run, "Jenkins does not know it any more: its build was discarded, or never began"))
            }
        },
    }
}

fn seen(known: &Known, before: &Run, build: &Build) -> Result<Run> {
    Ok(kept(before, known.run_of_build(build)?))
}

/// What was seen, with what only the earlier look told.
fn kept(before: &Run, seen: Run) -> Run {
    Run {
        revision: before.revision.clone().or(seen.revision),
        key: seen.key.or_else(|| before.key.clone()),
        url: seen.url.or_else(|| before.url.clone()),
        queued: seen.queued.or(before.queued),
        data: before.data.clone(),
        ..seen
    }
}

fn expired(run: &Run, why: &str) -> Run {
    Run { state: State::Expired, detail: Some(why.to_owned()), ..run.clone() }
}
