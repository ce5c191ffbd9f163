//! Starting a run: a branch, then the dispatch on it.

use super::{
    Github, NEEDED,
    api::refusal,
    refs::branch,
    shapes::{Dispatched, WorkflowRun},
};
use crate::{
    engine::{Found, Request, Submitted, check_parameters},
    error::{Error, Kind, Result},
    http::{Answer, Failure},
    pipeline::run::{Run, State},
};
use serde_json::json;
use std::{sync::atomic::Ordering, time::Duration};
use tokio::time::Instant;

/// What the id of a run begins with that GitHub has not made yet; its key follows.
pub(super) const UNMADE: &str = "ref/";
/// How long a run may take to appear after its dispatch.
const APPEARS: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(200);
const LOOK_MAX: Duration = Duration::from_secs(2);

impl Github {
    pub(super) async fn dispatch(&self, request: &Request) -> Result<Submitted> {
        if self.api.token.is_none() {
            return Err(Error::new(Kind::Denied, format!("the engine {} has no token", self.api.engine)).hint(
                format!("name the variable that holds one: engines: {{{}: {{token_env: NAME}}}}", self.api.engine),
            ));
        }
        let workflow = self.workflow(&request.job).await?;
        let Some(job) = self.job(workflow, Some(&request.revision)).await? else {
            let text = format!("the job {} is not there at {}", request.job, request.revision);
            return Err(Error::new(Kind::NotFound, text).hint(format!("{} has to be at that revision", workflow.path)));
        };
        if let Some(why) = &job.blocked {
            return Err(Error::new(Kind::Usage, format!("the job {} cannot be started", job.name)).hint(why.clone()));
        }
        let mut request = request.clone();
        if let Some(input) = &self.revision_input {
            request.parameters.entry(input.clone()).or_insert_with(|| request.revision.clone());
        }
        check_parameters(&job, &request)?;
        let made = self.make_ref(&request.key, &request.revision).await?;
        // Somebody began with this key before, and may have come as far as the dispatch.
        if !made && let Found::Run(run) = self.look_for(&request).await? {
            return Ok(Submitted::Run(run));
        }
        match self.send_dispatch(workflow.id, &request).await {
            Ok(answer) => self.taken(&answer, &request).await,
            Err(error) if error.cause::<Failure>().is_some_and(Failure::may_have_arrived) => {
                let why = std::iter::once(error.message().to_owned()).chain(error.causes());
                Ok(Submitted::Uncertain(why.collect::<Vec<_>>().join(": ")))
            }
            Err(error) => {
                self.try_to_drop(&request.key).await;
                Err(if error.kind() == Kind::Denied { error.hint(NEEDED) } else { error })
            }
        }
    }

    /// Sends the dispatch; again only where it was refused because the server does not know the field that asks for the run's
    /// number, or does not see the new branch everywhere yet.
    async fn send_dispatch(&self, workflow: u64, request: &Request) -> Result<Answer> {
        const DETAILS: &str = "return_run_details";
        let url = self.api.url(&["actions", "workflows", &workflow.to_string(), "dispatches"], &[]);
        let doing = format!("starting {} at {}", request.job, request.revision);
        let mut pause = LOOK;
        loop {
            let mut body = json!({ "ref": branch(&request.key), "inputs": request.parameters });
            let detailed = !self.without_details.load(Ordering::Relaxed);
            if detailed {
                body[DETAILS] = true.into();
            }
            let sent = self.api.make(&url, &body, &doing).await;
            match sent.as_ref().err().and_then(refusal) {
                Some((400 | 422, said)) if detailed && said.contains(DETAILS) => {
                    self.without_details.store(true, Ordering::Relaxed);
                }
                Some((422, said)) if said.contains("No ref found") && pause <= LOOK_MAX => {
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                _ => return sent,
            }
        }
    }

    /// What an answer that took the dispatch says of the run.
    async fn taken(&self, answer: &Answer, request: &Request) -> Result<Submitted> {
        let pending = |id: String, url| Run {
            revision: Some(request.revision.clone()),
            key: Some(request.key.clone()),
            url,
            queued: Some((self.now)()),
            ..Run::new(id, &request.job, State::Pending)
        };
        if answer.status == 204 {
            // It has been taken: that its run cannot be seen now changes nothing.
            let seen = self.runs_on(&request.key).await.ok().and_then(|runs| runs.into_iter().next());
            let id = seen.map_or_else(|| format!("{UNMADE}{}", request.key), |run| run.id.to_string());
            return Ok(Submitted::Run(pending(id, None)));
        }
        match serde_json::from_slice::<Dispatched>(&answer.body) {
            Ok(made) => Ok(Submitted::Run(pending(made.workflow_run_id.to_string(), made.html_url))),
            Err(error) => {
                Ok(Submitted::Uncertain(format!("GitHub took it, and what it says of the run is not known: {error}")))
            }
        }
    }

    /// Looks for the run of a request. A branch without a run may be one whose run is about to appear.
    pub(super) async fn look_for(&self, request: &Request) -> Result<Found> {
        let limit = Instant::now() + APPEARS;
        let mut pause = LOOK;
        loop {
            if let Some(run) = self.runs_on(&request.key).await?.first() {
                return Ok(Found::Run(self.to_run(run, &request.job).await?));
            }
            if self.ref_at(&request.key).await?.is_none() || Instant::now() + pause > limit {
                return Ok(Found::Absent);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LOOK_MAX);
        }
    }

    /// The number of a run, also of one that was not made when it was submitted.
    pub(super) async fn number_of(&self, run: &Run) -> Result<Option<u64>> {
        match run.id.strip_prefix(UNMADE) {
            Some(key) => Ok(self.runs_on(key).await?.first().map(|run: &WorkflowRun| run.id)),
            None => run.id.parse().map(Some).map_err(|_| {
                Error::new(Kind::Usage, format!("{:?} is no run of the engine {}", run.id, self.api.engine))
            }),
        }
    }
}
