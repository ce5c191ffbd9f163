//! This machine: configured commands, run on trees of a clone in the cache. The user's repository is only read.
//!
//! The folder `local/REPOSITORY` of the cache holds the clone (`repo.git`), its trees, and what is remembered of runs
//! (`runs`), which stays until [`Local::prune`]. Any number of processes may use it at once.

mod definition;
mod execute;
mod files;
mod git;
mod host;
mod measure;
mod mirror;
mod records;
mod shared;
mod trees;

use super::{Abilities, Artifact, Check, Engine, Found, Query, Request, Spec, Submitted, Surroundings, no_such_job};
use crate::{
    error::{Error, Kind, Result},
    pipeline::{
        job::Job,
        run::{Run, State},
    },
    process::StopReason,
};
use async_trait::async_trait;
use definition::define;
use execute::{ARTIFACTS, LOG};
use files::aside;
use git::Git;
use mirror::Mirror;
use shared::{Shared, locked};
use std::{
    fs::File,
    io::{self, Write},
    num::NonZero,
    path::{Component, Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};
use tokio::{sync::Semaphore, time::timeout};

/// How often to look: runs of other processes tell nobody that they changed.
const POLL: Duration = Duration::from_secs(1);

/// This machine as an engine. Dropping it kills what it runs.
pub struct Local {
    at_once: usize,
    shared: Arc<Shared>,
    /// The changes that had happened when somebody looked last.
    seen: AtomicU64,
}

impl Local {
    /// The engine with its settings. Nothing is read or made yet.
    ///
    /// # Errors
    /// `Usage` for settings of another system, or room for no run.
    pub fn open(spec: &Spec, around: &Surroundings) -> Result<Self> {
        let name = &around.name;
        spec.only(name, &[])?;
        if spec.url.is_some() {
            return Err(Error::new(Kind::Usage, format!("the engine {name} is this machine, and has no address"))
                .hint(format!("take away engines.{name}.url")));
        }
        let at_once = spec.at_once.unwrap_or_else(|| thread::available_parallelism().map_or(1, NonZero::get));
        if !(1..=Semaphore::MAX_PERMITS).contains(&at_once) {
            return Err(Error::new(Kind::Usage, format!("the engine {name} cannot have {at_once} runs at once"))
                .hint(format!("engines: {{{name}: {{at_once: 1}}}} or more")));
        }
        Ok(Local { at_once, shared: Arc::new(Shared::new(around.clone(), at_once)), seen: AtomicU64::new(0) })
    }

    /// Where a run's log is, or will be.
    ///
    /// # Errors
    /// `NotFound` for a run of another engine; `Usage` outside of a repository.
    pub async fn log_of(&self, run: &Run) -> Result<PathBuf> {
        Ok(self.shared.place().await?.records.folder(&run.id)?.join(LOG))
    }

    /// Removes the trees that nobody uses, and forgets the runs that were over so long ago, with their logs and files.
    /// Returns how many runs were forgotten.
    ///
    /// # Errors
    /// `Usage` outside of a repository; I/O.
    pub async fn prune(&self, older_than: Duration) -> Result<usize> {
        let place = self.shared.place().await?;
        place.trees.remove_idle().await?;
        let before = jiff::SignedDuration::try_from(older_than)
            .and_then(|age| (self.shared.around.now)().checked_sub(age))
            .map_err(|e| Error::new(Kind::Usage, "nothing is that old").with_source(e))?;
        aside(move || place.records.prune(before)).await
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        self.shared.abort();
    }
}

#[async_trait]
impl Engine for Local {
    fn name(&self) -> &str {
        &self.shared.around.name
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            submits: true,
            in_process: true,
            carries_keys: true,
            waiting_apart: None,
            at_once: Some(self.at_once),
            submissions: self.at_once,
            poll: POLL,
        }
    }

    async fn check(&self) -> Vec<Check> {
        let around = &self.shared.around;
        let found = Mirror::find(Git::new(&around.env), &around.directory, &around.cache).await;
        let repository = match found {
            Ok(mirror) => check("repository", true, mirror.source().display().to_string(), None),
            Err(error) => check("repository", false, error.to_string(), error.hints().first().cloned()),
        };
        let jobs = self.list().len();
        let hint = "describe one in ci-tool.yaml: jobs: {unit: {run: make test}}".to_owned();
        vec![repository, check("jobs", jobs > 0, format!("{jobs} with a command"), (jobs == 0).then_some(hint))]
    }

    async fn jobs(&self, _revision: Option<&str>) -> Result<Vec<Job>> {
        Ok(self.list())
    }

    async fn submit(&self, request: &Request) -> Result<Submitted> {
        let shared = &self.shared;
        let definition = define(self.name(), &shared.around.jobs, request)?;
        let place = shared.place().await?;
        let own = place.clone();
        aside(move || own.records.own().map(drop)).await?;
        place.mirror.hold(&request.revision).await?;

        let id = records::id(&definition.id, &request.revision, &request.key);
        let run = execute::pending(id, request, (shared.around.now)());
        let limit = definition.limit.map(|limit| limit.as_secs());
        let (records, first) = (place.clone(), run.clone());
        if let Some(known) = aside(move || records.records.begin(&first, limit)).await? {
            return Ok(Submitted::Run(known));
        }
        shared.start(place, definition, request.clone(), run.clone());
        Ok(Submitted::Run(run))
    }

    async fn find(&self, request: &Request) -> Result<Found> {
        let definition = define(self.name(), &self.shared.around.jobs, request)?;
        let id = records::id(&definition.id, &request.revision, &request.key);
        Ok(self.shared.look(id).await?.map_or(Found::Absent, Found::Run))
    }

    async fn observe(&self, runs: &[Run]) -> Result<Vec<Run>> {
        // Before looking: what happens meanwhile is seen as a change.
        self.seen.store(*self.shared.changes.borrow(), Ordering::Relaxed);
        let mut seen = Vec::with_capacity(runs.len());
        for run in runs {
            seen.push(self.shared.look(run.id.clone()).await?.unwrap_or_else(|| Run {
                state: State::Expired,
                detail: Some("nothing is remembered of it any more".into()),
                ..run.clone()
            }));
        }
        Ok(seen)
    }

    async fn runs(&self, query: &Query) -> Result<Vec<Run>> {
        let jobs = &self.shared.around.jobs;
        let Some(spec) = jobs.get(&query.job).filter(|spec| spec.run.is_some()) else {
            let jobs = self.list();
            return Err(no_such_job(self.name(), &query.job, jobs.iter().map(|job| job.name.as_str())));
        };
        let limit = definition::limit(spec)?.map(|limit| limit.as_secs());
        let id = definition::given(jobs, &query.job, &query.parameters, &query.env);
        let (place, revisions) = (self.shared.place().await?, query.revisions.clone());
        let mut found = aside(move || place.records.list(&id, revisions.as_deref(), limit)).await?;
        found.retain(|run| query.since.is_none_or(|since| run.queued.is_some_and(|queued| queued >= since)));
        found.truncate(query.limit.unwrap_or(usize::MAX));
        Ok(found)
    }

    async fn cancel(&self, run: &Run) -> Result<()> {
        if let Some(own) = locked(&self.shared.runs).get(&run.id) {
            own.stopper.stop(StopReason::Cancelled);
            return Ok(());
        }
        match self.shared.look(run.id.clone()).await? {
            Some(other) if !other.state.is_over() => {
                let message = format!("stopping the run {}: it belongs to another process", run.id);
                Err(Error::new(Kind::Unsupported, message).hint("stop the command that started it"))
            }
            _ => Ok(()),
        }
    }

    async fn log(&self, run: &Run, to: &mut (dyn Write + Send)) -> Result<()> {
        copy_out(&self.log_of(run).await?, to)
    }

    async fn artifacts(&self, run: &Run) -> Result<Vec<Artifact>> {
        let folder = self.shared.place().await?.records.folder(&run.id)?;
        let found = aside(move || execute::artifacts(&folder)).await?;
        let artifact = |(name, size): (String, u64)| Artifact {
            id: name.clone(),
            run: run.id.clone(),
            name,
            size: Some(size),
            url: None,
        };
        Ok(found.into_iter().map(artifact).collect())
    }

    async fn fetch(&self, artifact: &Artifact, to: &mut (dyn Write + Send)) -> Result<()> {
        let path = Path::new(&artifact.id);
        if !path.components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(Error::new(Kind::NotFound, format!("{:?} is no file of a run", artifact.id)));
        }
        let folder = self.shared.place().await?.records.folder(&artifact.run)?;
        copy_out(&folder.join(ARTIFACTS).join(path), to)
    }

    async fn release(&self, run: &Run) -> Result<()> {
        let held = locked(&self.shared.held).remove(&run.id);
        if let Some((tree, permit)) = held {
            self.shared.place().await?.trees.give(tree);
            drop(permit);
        }
        Ok(())
    }

    fn held(&self, run: &Run) -> Option<PathBuf> {
        locked(&self.shared.held).get(&run.id).map(|(tree, _)| tree.dir.clone())
    }

    async fn changed(&self, at_most: Duration) {
        let seen = self.seen.load(Ordering::Relaxed);
        let mut changes = self.shared.changes.subscribe();
        // That nothing happened in time is an answer, too.
        let _ = timeout(at_most, changes.wait_for(|now| *now != seen)).await;
    }
}

impl Local {
    fn list(&self) -> Vec<Job> {
        let jobs = &self.shared.around.jobs;
        jobs.keys().filter_map(|name| definition::listed(jobs, name)).collect()
    }
}

fn check(what: &str, holds: bool, seen: String, hint: Option<String>) -> Check {
    Check { what: what.into(), holds: Some(holds), seen, hint }
}

fn copy_out(path: &Path, to: &mut (dyn Write + Send)) -> Result<()> {
    let mut file = File::open(path).map_err(|e| Error::io("reading", path, e))?;
    io::copy(&mut file, to).map(drop).map_err(|e| Error::io("passing on", path, e))
}
