//! Runs found by what they carry: a key, a revision.

use super::{
    Query, Request,
    api::Api,
    known::Known,
    lists::{self, Pages},
    shapes::{Build, Item},
};
use crate::{
    engine::Found,
    error::Result,
    pipeline::run::{Run, State},
};

/// Looks for what became of a request: in the queue first, so that what begins meanwhile is among the builds. A request that
/// is still on its way to the server is absent.
///
/// # Errors
/// Those of [`Api::get`].
pub async fn find(api: &Api, known: &Known, request: &Request) -> Result<Found> {
    let matches = |run: &Run| match known.key {
        Some(_) => run.key.as_deref() == Some(&request.key),
        None => run.revision.as_deref() == Some(&request.revision),
    };
    if known.key.is_none() {
        // Nothing tells them apart: the latest hundred builds hold what was asked for lately.
        let waiting = waiting(api, known).await?;
        let begun = Pages::new(&known.job.name).next(api).await?.unwrap_or_default();
        let all = merged(known, waiting, &begun)?;
        return Ok(Found::Unknown(all.into_iter().filter(matches).collect()));
    }
    // Between leaving the queue and becoming a build a request is in neither list for a moment: absent is what is so twice.
    for _ in 0..2 {
        for item in waiting(api, known).await? {
            let run = known.run_of_item(&item)?;
            if matches(&run) {
                return Ok(Found::Run(run));
            }
        }
        let mut pages = Pages::new(&known.job.name);
        while let Some(page) = pages.next(api).await? {
            for build in page {
                let run = known.run_of_build(&build)?;
                if matches(&run) {
                    return Ok(Found::Run(run));
                }
            }
        }
    }
    Ok(Found::Absent)
}

/// The runs of a job, those that wait first, then the builds from the latest on.
///
/// # Errors
/// Those of [`Api::get`].
pub async fn runs(api: &Api, known: &Known, query: &Query) -> Result<Vec<Run>> {
    let wanted = |run: &Run| {
        let at = query.revisions.as_ref().is_none_or(|revisions| {
            [&run.revision, &run.got_revision].into_iter().flatten().any(|revision| revisions.contains(revision))
        });
        at && query.since.is_none_or(|since| run.queued.or(run.started).is_none_or(|asked| asked >= since))
    };
    let limit = query.limit.unwrap_or(usize::MAX);
    let mut waiting = waiting(api, known).await?;
    let mut found = Vec::new();
    let mut pages = Pages::new(&known.job.name);
    while found.len() < limit
        && let Some(page) = pages.next(api).await?
    {
        // Builds are numbered in the order in which they began: behind one that began too early all did.
        let oldest = page.last().map(|build| known.run_of_build(build)).transpose()?.and_then(|run| run.started);
        found.extend(merged(known, std::mem::take(&mut waiting), &page)?.into_iter().filter(wanted));
        if query.since.is_some_and(|since| oldest.is_some_and(|oldest| oldest < since)) {
            break;
        }
    }
    found.truncate(limit);
    Ok(found)
}

async fn waiting(api: &Api, known: &Known) -> Result<Vec<Item>> {
    let mut items = lists::queue(api).await?;
    items.retain(|item| lists::is_of(item, known));
    items.sort_by_key(|item| std::cmp::Reverse(item.id));
    Ok(items)
}

/// Those that wait, without those that began since, and the builds.
fn merged(known: &Known, waiting: Vec<Item>, builds: &[Build]) -> Result<Vec<Run>> {
    let still = waiting.iter().filter(|item| builds.iter().all(|build| build.queue_id != item.id));
    let waiting = still.map(|item| known.run_of_item(item)).filter(|run| !run.as_ref().is_ok_and(is_cancelled));
    waiting.chain(builds.iter().map(|build| known.run_of_build(build))).collect()
}

fn is_cancelled(run: &Run) -> bool {
    run.state == State::Cancelled
}
