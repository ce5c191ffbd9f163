//! The workflows of a repository as jobs.

use super::{
    AT_ONCE, Github,
    api::refusal,
    shapes::{Workflow, WorkflowState, Workflows},
    workflow::{Dispatch, dispatch},
};
use crate::{
    engine::no_such_job,
    error::{Error, Kind, Result},
    pipeline::job::Job,
};
use futures::stream::{self, StreamExt, TryStreamExt};
use std::sync::PoisonError;

impl Workflow {
    /// Its name as a job: that of its file, without the directory.
    pub(super) fn job(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    fn stem(&self) -> &str {
        self.job().rsplit_once('.').map_or(self.job(), |(stem, _)| stem)
    }

    /// Why it cannot be started, apart from what its file says.
    fn blocked(&self) -> Option<String> {
        let why = match self.state {
            WorkflowState::Active if !self.path.starts_with(".github/") => "GitHub itself makes it: it has no file",
            WorkflowState::Active => return None,
            WorkflowState::Deleted => "its file was deleted",
            WorkflowState::DisabledFork => "it is disabled because the repository is a fork",
            WorkflowState::DisabledInactivity => "it was disabled because the repository was idle for long",
            WorkflowState::DisabledManually => "it is disabled",
        };
        Some(format!("{why}; `gh workflow enable {}` enables what is disabled", self.job()))
    }
}

impl Github {
    /// Every workflow that is not deleted.
    pub(super) async fn workflows(&self) -> Result<&[Workflow]> {
        let read = || async {
            let path = ["actions", "workflows"];
            let all = self.api.list(&path, &[], "listing the workflows", |page: Workflows| page.workflows, |_| false);
            Ok(all.await?.into_iter().filter(|workflow| workflow.state != WorkflowState::Deleted).collect())
        };
        self.workflows.get_or_try_init(read).await.map(Vec::as_slice)
    }

    /// A workflow by its file's name, or that without its ending or the name that it gives itself where only one has it.
    pub(super) async fn workflow(&self, job: &str) -> Result<&Workflow> {
        let all = self.workflows().await?;
        if let Some(found) = all.iter().find(|workflow| workflow.job() == job) {
            return Ok(found);
        }
        let mut named = all.iter().filter(|workflow| workflow.name == job || workflow.stem() == job);
        match (named.next(), named.next()) {
            (Some(found), None) => Ok(found),
            (Some(one), Some(other)) => Err(Error::new(
                Kind::Usage,
                format!("several workflows have the name {job:?}"),
            )
            .hint(format!("name the file: {}, {}", one.job(), other.job()))),
            (None, _) => {
                let names = all.iter().flat_map(|workflow| [workflow.stem(), &workflow.name]);
                Err(no_such_job(&self.api.engine, job, names))
            }
        }
    }

    pub(super) async fn all_jobs(&self, revision: Option<&str>) -> Result<Vec<Job>> {
        let jobs: Vec<_> = self.workflows().await?.iter().map(|workflow| self.job(workflow, revision)).collect();
        let jobs: Vec<Option<Job>> = stream::iter(jobs).buffered(AT_ONCE).try_collect().await?;
        Ok(jobs.into_iter().flatten().collect())
    }

    /// A workflow as a job; `None` where its file is not there at the revision.
    ///
    /// # Errors
    /// `NotFound` for a revision that is not there.
    pub(super) async fn job(&self, workflow: &Workflow, revision: Option<&str>) -> Result<Option<Job>> {
        let mut job = Job {
            name: workflow.job().to_owned(),
            id: workflow.id.to_string(),
            blocked: workflow.blocked(),
            url: workflow.html_url.clone(),
            ..Job::default()
        };
        if workflow.path.starts_with(".github/") {
            match self.takes(workflow, revision).await? {
                Some(Dispatch::Takes(parameters)) => job.parameters = Some(parameters),
                Some(Dispatch::Absent) => {
                    let why = "its file has no `workflow_dispatch` there: add it under `on:`";
                    job.blocked.get_or_insert_with(|| why.to_owned());
                }
                Some(Dispatch::Unread) => {}
                None => return Ok(None),
            }
        }
        Ok(Some(job))
    }

    /// What a workflow takes at a revision, or on the default branch; `None` where it has no file there.
    async fn takes(&self, workflow: &Workflow, revision: Option<&str>) -> Result<Option<Dispatch>> {
        let key = (workflow.id, revision.map(str::to_owned));
        // Every state that a panic could leave behind is a valid one.
        let cache = || self.dispatches.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = cache().get(&key) {
            return Ok(known.clone());
        }
        let path: Vec<&str> = std::iter::once("contents").chain(workflow.path.split('/')).collect();
        let query: Vec<(&str, &str)> = revision.iter().map(|revision| ("ref", *revision)).collect();
        let read = self.api.raw(&self.api.url(&path, &query), &format!("reading {}", workflow.path)).await;
        let takes = match read {
            Ok(bytes) => Some(dispatch(&String::from_utf8_lossy(&bytes))),
            Err(error) => match (refusal(&error), revision) {
                (Some((404, said)), Some(revision)) if said.contains("No commit found") => {
                    return Err(Error::new(Kind::NotFound, format!("the repository has no revision {revision}"))
                        .hint("push it first")
                        .with_source(error));
                }
                (Some((404, _)), _) => None,
                _ => return Err(error),
            },
        };
        cache().insert(key, takes.clone());
        Ok(takes)
    }
}
