//! Runs: the ones that are followed, and those of a job.

use super::{
    AT_ONCE, Github,
    refs::{branch, key},
    shapes::{Annotation, Jobs, RunJob, Runs, WorkflowRun},
    states::{self, Ending},
    submit::UNMADE,
};
use crate::{
    engine::Query,
    error::{Context, Kind, Result},
    pipeline::run::{Run, State},
};
use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::SignedDuration;
use std::collections::HashMap;

/// From so many runs on, one list is asked for instead of each of them.
const BULK: usize = 6;
/// How many of a list's runs are looked at for one that is followed: others start runs, too.
const LOOKED_AT: usize = 20;
/// How many jobs of a run are asked why they ended.
const EXPLAINED: usize = 10;
/// After so long, a dispatch that was taken has made no run.
const NEVER_MADE: SignedDuration = SignedDuration::from_mins(10);

impl Github {
    pub(super) async fn look_again(&self, runs: &[Run]) -> Result<Vec<Run>> {
        let listed = if runs.len() >= BULK { self.listed(runs).await? } else { HashMap::new() };
        let looks: Vec<_> = runs.iter().map(|run| self.look(run, listed.get(&run.id))).collect();
        stream::iter(looks).buffered(AT_ONCE).try_collect().await
    }

    /// Those of the runs that the latest ones of the repository hold, by their ids.
    async fn listed(&self, runs: &[Run]) -> Result<HashMap<String, WorkflowRun>> {
        // Numbers grow, so that a list that went below the smallest holds all.
        let least = runs.iter().filter_map(|run| run.id.parse::<u64>().ok()).min().unwrap_or(u64::MAX);
        let most = runs.len() * LOOKED_AT;
        let enough = |seen: &[WorkflowRun]| seen.len() >= most || seen.iter().any(|run| run.id <= least);
        let query = [("event", "workflow_dispatch")];
        let seen =
            self.api.list(&["actions", "runs"], &query, "listing the runs", |page: Runs| page.workflow_runs, enough);
        Ok(seen.await?.into_iter().map(|run| (run.id.to_string(), run)).collect())
    }

    async fn look(&self, run: &Run, listed: Option<&WorkflowRun>) -> Result<Run> {
        let seen = match (listed, run.id.strip_prefix(UNMADE)) {
            (Some(seen), _) => Some(seen.clone()),
            (None, Some(key)) => self.runs_on(key).await?.into_iter().next(),
            (None, None) => {
                let seen = self.api.get(&self.run_url(&run.id, &[]), &format!("looking at the run {}", run.id)).await;
                match seen {
                    Err(error) if error.kind() == Kind::NotFound => None,
                    other => Some(other?),
                }
            }
        };
        match seen {
            Some(seen) => {
                let now = self.to_run(&seen, &run.job).await?;
                Ok(Run { revision: run.revision.clone().or(now.revision), key: run.key.clone().or(now.key), ..now })
            }
            None if run.id.starts_with(UNMADE) && !self.is_too_old(run) => Ok(run.clone()),
            None => {
                let why = match run.id.starts_with(UNMADE) {
                    true => format!(
                        "GitHub took it and made no run on {}",
                        run.key.as_deref().map(branch).unwrap_or_default()
                    ),
                    false => format!("GitHub does not know the run {} any more", run.id),
                };
                Ok(Run { state: State::Expired, detail: Some(why), ..run.clone() })
            }
        }
    }

    fn is_too_old(&self, run: &Run) -> bool {
        run.queued.is_none_or(|queued| (self.now)().duration_since(queued) > NEVER_MADE)
    }

    pub(super) async fn runs_of(&self, query: &Query) -> Result<Vec<Run>> {
        let workflow = self.workflow(&query.job).await?.id.to_string();
        let mut seen = match &query.revisions {
            None => self.latest(&workflow, query).await?,
            Some(revisions) => {
                let lists: Vec<_> = revisions.iter().map(|revision| self.at(&workflow, revision)).collect();
                let lists: Vec<Vec<WorkflowRun>> = stream::iter(lists).buffered(AT_ONCE).try_collect().await?;
                lists.concat()
            }
        };
        seen.retain(|run| is_of_its_revision(run) && query.since.is_none_or(|since| run.created_at >= since));
        // Pages move while runs are added, so that one may be seen twice.
        seen.sort_by_key(|run| std::cmp::Reverse(run.id));
        seen.dedup_by_key(|run| run.id);
        seen.truncate(query.limit.unwrap_or(usize::MAX));
        let runs: Vec<_> = seen.iter().map(|run| self.to_run(run, &query.job)).collect();
        stream::iter(runs).buffered(AT_ONCE).try_collect().await
    }

    /// The runs of a workflow, the latest first. The list is asked for without conditions, because GitHub ends one with
    /// conditions after 1,000 runs, and left where the question ends.
    async fn latest(&self, workflow: &str, query: &Query) -> Result<Vec<WorkflowRun>> {
        let enough = |seen: &[WorkflowRun]| {
            let old = query.since.is_some_and(|since| seen.last().is_some_and(|run| run.created_at < since));
            let count = seen.iter().filter(|run| is_of_its_revision(run)).count();
            old || query.limit.is_some_and(|limit| count >= limit)
        };
        let path = ["actions", "workflows", workflow, "runs"];
        let doing = format!("listing the runs of {}", query.job);
        self.api.list(&path, &[], &doing, |page: Runs| page.workflow_runs, enough).await
    }

    async fn at(&self, workflow: &str, revision: &str) -> Result<Vec<WorkflowRun>> {
        let path = ["actions", "workflows", workflow, "runs"];
        let doing = format!("listing the runs at {revision}");
        let query = [("head_sha", revision)];
        self.api.list(&path, &query, &doing, |page: Runs| page.workflow_runs, |_| false).await
    }

    /// A run as GitHub tells it. Where its conclusion alone does not tell what happened, its jobs are asked.
    pub(super) async fn to_run(&self, seen: &WorkflowRun, job: &str) -> Result<Run> {
        let (mut state, detail) =
            states::state(seen.status, seen.conclusion).context(|| format!("reading the run {}", seen.id))?;
        let mut detail = detail.map(str::to_owned);
        if states::needs_more(state) {
            (state, detail) = self.judged(seen, state).await?;
        }
        let revision = is_of_its_revision(seen).then(|| seen.head_sha.clone());
        let begun = !matches!(state, State::Pending | State::Coalesced);
        Ok(Run {
            revision: revision.clone(),
            got_revision: revision,
            detail,
            key: seen.head_branch.as_deref().and_then(key).map(str::to_owned),
            url: seen.html_url.clone(),
            queued: Some(seen.created_at),
            started: seen.run_started_at.filter(|_| begun),
            ended: state.is_over().then_some(seen.updated_at),
            ..Run::new(seen.id.to_string(), job, state)
        })
    }

    async fn judged(&self, seen: &WorkflowRun, state: State) -> Result<(State, Option<String>)> {
        let ours = self.stopped().contains(&seen.id);
        let jobs = self.jobs_of(seen.id).await?;
        let mut notes = Vec::new();
        for job in states::to_be_explained(&jobs).take(EXPLAINED).filter(|_| !ours) {
            notes.extend(self.notes(job).await?);
        }
        let waited = state == State::Cancelled && !ours && jobs.iter().all(|job| job.steps.is_empty());
        let superseded = waited && self.is_superseded(seen).await?;
        Ok(states::judge(state, &Ending { jobs: &jobs, notes: &notes, ours, superseded }))
    }

    /// The jobs of a run's last attempt.
    pub(super) async fn jobs_of(&self, run: u64) -> Result<Vec<RunJob>> {
        let (path, doing) = (run.to_string(), format!("listing the jobs of the run {run}"));
        let path = ["actions", "runs", &path, "jobs"];
        self.api.list(&path, &[("filter", "latest")], &doing, |page: Jobs| page.jobs, |_| false).await
    }

    /// What GitHub wrote beside a job.
    async fn notes(&self, job: &RunJob) -> Result<Vec<String>> {
        let path = job.id.to_string();
        let url = self.api.url(&["check-runs", &path, "annotations"], &[]);
        match self.api.get::<Vec<Annotation>>(&url, &format!("asking why the job {} ended", job.name)).await {
            Ok(notes) => Ok(notes.into_iter().filter_map(|note| note.message).collect()),
            // A token may see runs and not checks: then the jobs alone have to do.
            Err(error) if matches!(error.kind(), Kind::Denied | Kind::NotFound) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Whether a run of the same workflow came after it.
    async fn is_superseded(&self, run: &WorkflowRun) -> Result<bool> {
        let path = ["actions", "workflows", &run.workflow_id.to_string(), "runs"];
        let url = self.api.url(&path, &[("per_page", "1")]);
        let latest: Runs = self.api.get(&url, "asking for the latest run").await?;
        Ok(latest.workflow_runs.iter().any(|latest| latest.id > run.id))
    }
}

/// Whether a run ran what its revision says: that of a pull request ran a merge with the branch it is for.
fn is_of_its_revision(run: &WorkflowRun) -> bool {
    !run.event.starts_with("pull_request")
}
