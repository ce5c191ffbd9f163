//! The lists of a Jenkins: jobs, the queue, the builds of a job.

use super::{
    api::Api,
    id::Id,
    known::{Known, Names},
    shapes::{self, BUILD, Build, ITEM, Item, JOB},
};
use crate::error::{Kind, Result};
use futures::{StreamExt, TryStreamExt, stream};

/// How many builds a page has.
pub const PAGE: usize = 100;
/// How many calls may be under way at once.
pub const AT_ONCE: usize = 8;

/// Every job, in folders of any depth.
///
/// # Errors
/// Those of [`Api::get`].
pub async fn jobs(api: &Api, names: &Names) -> Result<Vec<Known>> {
    let mut found = Vec::new();
    let mut folders = vec![String::new()];
    while !folders.is_empty() {
        let level: Vec<shapes::Folder> = stream::iter(folders.drain(..).map(|folder| api.job_url(&folder, &[])))
            .map(|url| async { api.get(url, &format!("jobs[{JOB}]")).await })
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        for shape in level.into_iter().flat_map(|folder| folder.jobs) {
            match Known::of(&shape, names) {
                Some(known) => found.push(known),
                None => folders.push(shape.full_name),
            }
        }
    }
    Ok(found)
}

/// What waits.
///
/// # Errors
/// Those of [`Api::get`].
pub async fn queue(api: &Api) -> Result<Vec<Item>> {
    let queue: shapes::Queue = api.get(api.url(&["queue"]), &format!("items[{ITEM}]")).await?;
    Ok(queue.items)
}

/// Whether an item is a job's. The address is the job's own, which the server wrote in the same way.
pub fn is_of(item: &Item, known: &Known) -> bool {
    let task = item.task.as_ref().and_then(|task| task.url.as_deref());
    task.is_some() && task == known.job.url.as_deref()
}

/// An item of the queue; `None` when it left too long ago.
///
/// # Errors
/// Those of [`Api::get`].
pub async fn item(api: &Api, id: u64) -> Result<Option<Item>> {
    found(api.get(api.url(&["queue", "item", &id.to_string()]), ITEM).await)
}

/// A build; `None` when it is not there.
///
/// # Errors
/// Those of [`Api::get`].
pub async fn build(api: &Api, job: &str, number: u64) -> Result<Option<Build>> {
    found(api.get(api.job_url(job, &[&number.to_string()]), BUILD).await)
}

/// The build that an item became, looked for among all of a job.
///
/// # Errors
/// Those of [`Api::get`].
pub async fn build_of_item(api: &Api, job: &str, id: u64) -> Result<Option<Build>> {
    let mut pages = Pages::new(job);
    while let Some(page) = pages.next(api).await? {
        if let Some(build) = page.into_iter().find(|build| build.queue_id == id) {
            return Ok(Some(build));
        }
    }
    Ok(None)
}

/// The builds of a job, the latest first, a page at a time. `builds` would end after a hundred.
pub struct Pages {
    job: String,
    from: usize,
    /// The number of the last build that was handed out: one that began meanwhile shifts all others.
    last: Option<u64>,
    ended: bool,
}

impl Pages {
    /// Before the first page.
    pub fn new(job: &str) -> Pages {
        Pages { job: job.to_owned(), from: 0, last: None, ended: false }
    }

    /// The next page; `None` after the last.
    ///
    /// # Errors
    /// Those of [`Api::get`].
    pub async fn next(&mut self, api: &Api) -> Result<Option<Vec<Build>>> {
        if self.ended {
            return Ok(None);
        }
        let tree = format!("allBuilds[{BUILD}]{{{},{}}}", self.from, self.from + PAGE);
        let page: shapes::Builds = api.get(api.job_url(&self.job, &[]), &tree).await?;
        self.from += PAGE;
        self.ended = page.all_builds.len() < PAGE;
        let last = self.last;
        let fresh = page.all_builds.into_iter().filter(|build| last.is_none_or(|last| build.number < last));
        let fresh: Vec<Build> = fresh.collect();
        self.last = fresh.last().map(|build| build.number).or(last);
        Ok(Some(fresh))
    }
}

/// The build that a run's id leads to: itself, or what the item of the queue became.
///
/// # Errors
/// Those of [`Api::get`].
pub async fn resolve(api: &Api, job: &str, id: &Id) -> Result<Place> {
    let number = match id {
        Id::Build(job, number) => return Ok(build(api, job, *number).await?.map_or(Place::Gone, Place::Build)),
        Id::Queue(id) => match item(api, *id).await? {
            None => return Ok(build_of_item(api, job, *id).await?.map_or(Place::Gone, Place::Build)),
            Some(item) => match &item.executable {
                Some(executable) => executable.number,
                None => return Ok(Place::Item(item)),
            },
        },
    };
    Ok(build(api, job, number).await?.map_or(Place::Gone, Place::Build))
}

/// Where a run is found.
#[allow(clippy::large_enum_variant, reason = "it is looked at and gone")]
pub enum Place {
    /// In the queue, or taken out of it.
    Item(Item),
    /// Begun.
    Build(Build),
    /// Nowhere: the server does not know it any more.
    Gone,
}

fn found<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Err(error) if error.kind() == Kind::NotFound => Ok(None),
        other => other.map(Some),
    }
}
