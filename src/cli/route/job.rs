//! The flags that name the rules and tell of a job, for every verb that has them.

use crate::{
    cli::Session,
    error::{Error, Kind, Result},
    ops::route::{job::Job, rules::Rules},
    pipeline::env::text,
};
use std::path::PathBuf;

/// Which rules.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct RulesArgs {
    /// The file of rules, instead of `route.rules` of ci-tool.yaml
    #[arg(long, value_name = "FILE")]
    pub rules: Option<PathBuf>,
}

impl RulesArgs {
    /// The file's path.
    pub fn path(&self, session: &Session) -> Result<PathBuf> {
        self.rules.clone().or_else(|| session.config.route.rules.clone()).ok_or_else(|| {
            Error::new(Kind::Usage, "no rules are named")
                .hint("--rules FILE, or in ci-tool.yaml: route: {rules: FILE}; examples/route has some to begin with")
        })
    }

    /// Reads them.
    pub fn load(&self, session: &Session) -> Result<Rules> {
        Rules::load(&self.path(session)?)
    }
}

/// What is known of the job. Inside a CI job, what no flag says is taken from the runner's variables.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "The job")]
pub(super) struct JobArgs {
    /// The queue asked for: QUEUE, (ALIAS)QUEUE, QUEUE@IMAGE [env: CI_TOOL_ROUTE_QUEUE]
    #[arg(long, value_name = "ID")]
    pub queue: Option<String>,
    /// The branch built, for example main or refs/heads/main
    #[arg(long, value_name = "BRANCH")]
    pub branch: Option<String>,
    /// The branch that a pull request is for
    #[arg(long, value_name = "BRANCH")]
    pub pr_target: Option<String>,
    /// The repository: OWNER/NAME, or its address
    #[arg(long, value_name = "NAME")]
    pub repository: Option<String>,
    /// Why it was built, as Azure Pipelines says it: PullRequest, IndividualCI, Schedule, Manual, …
    #[arg(long, value_name = "REASON")]
    pub reason: Option<String>,
}

impl JobArgs {
    /// What the flags say, without the rest.
    pub fn told(&self) -> bool {
        self.branch.is_some() || self.pr_target.is_some() || self.reason.is_some() || self.repository.is_some()
    }

    /// The job: what the flags say, and what the runner's variables say where no flag tells of a job.
    pub fn job(&self, session: &Session) -> Result<Job> {
        let mut job = self.flags(session)?;
        // Half of a job from here and half from there would be a job that is nobody's.
        if !self.told() {
            from_runner(session, &mut job);
        }
        Ok(job)
    }

    /// What the flags say, and the queue wherever it is said.
    pub fn flags(&self, session: &Session) -> Result<Job> {
        let queue = self.queue.clone().or_else(|| session.config.route.queue.clone()).ok_or_else(|| {
            Error::new(Kind::Usage, "no queue is asked for")
                .hint("--queue ID, CI_TOOL_ROUTE_QUEUE, or in ci-tool.yaml: route: {queue: ID}")
        })?;
        Ok(self.known(&queue))
    }

    /// What the flags say of a job for which another place names the queue; `--queue` wins.
    pub fn known(&self, queue: &str) -> Job {
        Job {
            queue: self.queue.clone().unwrap_or_else(|| queue.to_owned()),
            reason: self.reason.clone(),
            branch: self.branch.clone(),
            pr_target: self.pr_target.clone(),
            repository: self.repository.clone(),
            ..Job::default()
        }
    }
}

/// What the CI system says through the environment.
pub(super) fn from_runner(session: &Session, job: &mut Job) {
    job.learn(session.env.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let ci = session.ci();
    if let Some(pull_request) = &ci.pull_request {
        job.reason.get_or_insert_with(|| "PullRequest".into());
        if job.pr_target.is_none() {
            job.pr_target = pull_request.target.clone();
        }
    }
    if job.branch.is_none() {
        job.branch = ci.branch.clone();
    }
    if job.repository.is_none() {
        job.repository = text(&session.env, "GITHUB_REPOSITORY").map(str::to_owned).or_else(|| ci.repository.clone());
    }
}

/// Adds what the CI system says of the pull request that it runs for: its target, and that it is one.
pub(super) fn target_from_runner(session: &Session, job: &mut Job) {
    let mut runner = Job::default();
    from_runner(session, &mut runner);
    if runner.pr_target.is_some() {
        job.pr_target = runner.pr_target;
        job.reason = job.reason.take().or(runner.reason);
    }
}
