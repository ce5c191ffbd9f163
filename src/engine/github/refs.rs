//! The branches that runs are started on, `ci-tool/KEY`: made before the dispatch, deleted when nobody follows the run.

use super::{
    AT_ONCE, Github, NEEDED,
    api::refusal,
    shapes::{Activity, Ref, Runs, Status, WorkflowRun},
};
use crate::{
    error::{Error, Kind, Result},
    http::{Failure, Method},
};
use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::SignedDuration;
use serde_json::json;

/// What these branches begin with.
const PREFIX: &str = "ci-tool/";
/// How old a branch without a run is before it is taken for left behind: a dispatch takes seconds.
const LEFT_BEHIND: SignedDuration = SignedDuration::from_hours(1);

/// The branch of a key.
pub(super) fn branch(key: &str) -> String {
    format!("{PREFIX}{key}")
}

/// The key of a branch, where it is one of these.
pub(super) fn key(branch: &str) -> Option<&str> {
    branch.strip_prefix(PREFIX)
}

impl Github {
    /// Deletes the branches that nobody needs any more: those whose runs are over, and those that have had no run for an hour.
    /// They are left by a process that was killed. Returns how many there were.
    ///
    /// # Errors
    /// `Denied`, `Transient`, `Corrupt`.
    pub async fn sweep(&self) -> Result<usize> {
        let url = self.api.url(&["git", "matching-refs", "heads", "ci-tool", ""], &[]);
        let refs: Vec<Ref> = self.api.get(&url, "listing the branches that runs were started on").await?;
        let branches = refs.iter().filter_map(|found| found.name.strip_prefix("refs/heads/"));
        let sweeps: Vec<_> = branches.filter_map(key).map(|key| self.sweep_one(key)).collect();
        let swept: Vec<bool> = stream::iter(sweeps).buffered(AT_ONCE).try_collect().await?;
        Ok(swept.into_iter().filter(|swept| *swept).count())
    }

    async fn sweep_one(&self, key: &str) -> Result<bool> {
        let runs = self.runs_on(key).await?;
        let over = match runs.is_empty() {
            true => self.is_left_behind(key).await?,
            false => runs.iter().all(|run| run.status == Status::Completed),
        };
        if over {
            self.drop_ref(key).await?;
        }
        Ok(over)
    }

    /// Whether a branch was made long ago; false where the server does not say.
    async fn is_left_behind(&self, key: &str) -> Result<bool> {
        let name = format!("refs/heads/{}", branch(key));
        let query = [("ref", name.as_str()), ("activity_type", "branch_creation"), ("per_page", "1")];
        let url = self.api.url(&["activity"], &query);
        match self.api.get::<Vec<Activity>>(&url, "asking when a branch was made").await {
            Ok(made) => Ok(made.first().is_some_and(|made| (self.now)().duration_since(made.timestamp) > LEFT_BEHIND)),
            Err(error) if error.kind() == Kind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The runs that were started on a key's branch, the first one first.
    pub(super) async fn runs_on(&self, key: &str) -> Result<Vec<WorkflowRun>> {
        let branch = branch(key);
        let query = [("branch", branch.as_str()), ("event", "workflow_dispatch")];
        let doing = format!("looking for the run of {key}");
        let runs = self.api.list(&["actions", "runs"], &query, &doing, |page: Runs| page.workflow_runs, |_| false);
        let mut runs: Vec<WorkflowRun> = runs.await?;
        runs.retain(|run| run.head_branch.as_deref() == Some(&branch));
        runs.sort_by_key(|run| run.id);
        Ok(runs)
    }

    /// The revision of a key's branch, where it is there.
    pub(super) async fn ref_at(&self, key: &str) -> Result<Option<String>> {
        let url = self.api.url(&["git", "ref", "heads", "ci-tool", key], &[]);
        match self.api.get::<Ref>(&url, &format!("looking for the branch of {key}")).await {
            Ok(found) => Ok(Some(found.object.sha)),
            Err(error) if error.kind() == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes a key's branch. Returns false where it was there, at the same revision.
    ///
    /// # Errors
    /// `Usage` for a revision that is not there; `Exists` for a key that was used for another; `Denied`, `Transient`: then the
    /// branch is not there, or the next [`Github::sweep`] takes it.
    pub(super) async fn make_ref(&self, key: &str, revision: &str) -> Result<bool> {
        let doing = format!("making a branch at {revision}");
        let body = json!({ "ref": format!("refs/heads/{}", branch(key)), "sha": revision });
        let error = match self.api.make(&self.api.url(&["git", "refs"], &[]), &body, &doing).await {
            Ok(_) => return Ok(true),
            Err(error) => error,
        };
        if refusal(&error).is_some_and(|(status, said)| status == 422 && said.contains("already exists")) {
            return match self.ref_at(key).await? {
                Some(there) if there == revision => Ok(false),
                _ => Err(Error::new(Kind::Exists, format!("the key {key} has been used for another revision"))
                    .with_source(error)),
            };
        }
        if error.cause::<Failure>().is_some_and(Failure::may_have_arrived) {
            self.try_to_drop(key).await;
        }
        Err(match refusal(&error) {
            Some((404 | 422, said)) if said.contains("Object does not exist") => {
                error.hint("the repository has no such revision: push it first")
            }
            // GitHub hides from a token what it may not do.
            Some((403 | 404, _)) => error.hint(NEEDED),
            _ => error,
        })
    }

    /// Deletes a key's branch, where it is there.
    pub(super) async fn drop_ref(&self, key: &str) -> Result<()> {
        let url = self.api.url(&["git", "refs", "heads", "ci-tool", key], &[]);
        match self.api.end(Method::DELETE, &url, &format!("deleting the branch of {key}")).await {
            Err(error) if refusal(&error).is_some_and(|(status, said)| is_gone(status, said)) => Ok(()),
            other => other,
        }
    }

    /// Deletes a key's branch after something failed, which matters more than this.
    pub(super) async fn try_to_drop(&self, key: &str) {
        if let Err(error) = self.drop_ref(key).await {
            tracing::warn!("{}; the branch stays until the next sweep", error.message());
        }
    }
}

fn is_gone(status: u16, said: &str) -> bool {
    status == 404 || status == 422 && said.contains("Reference does not exist")
}
