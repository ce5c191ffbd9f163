//! The flags that say what to run.

use super::ground::{Base, EngineArgs};
use crate::{
    cli::Session,
    error::{Error, Kind, Result},
    ops::trigger::plan::Wanted,
    pipeline::job::JobSpec,
    vcs::Revision,
};
use std::collections::BTreeMap;

/// Which jobs, and how.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Jobs")]
#[group(id = "what-args")]
pub(super) struct WhatArgs {
    /// The job: one of `jobs:` in ci-tool.yaml, or the engine's own name for it; can be repeated
    #[arg(long, value_name = "NAME", required_unless_present = "run")]
    pub job: Vec<String>,
    /// Run this command on this machine, as a job of its own
    #[arg(long, value_name = "COMMAND", conflicts_with = "job", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub run: Option<String>,
    /// A parameter of the job; can be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    pub param: Vec<(String, String)>,
    /// A variable for the job; can be repeated. Its value stands in the session's journal: name no secret
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    pub env: Vec<(String, String)>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.into(), value.into())),
        _ => Err("write NAME=VALUE".into()),
    }
}

impl WhatArgs {
    /// The jobs of the configuration, and the one that `--run` makes.
    pub fn jobs(&self, configured: &BTreeMap<String, JobSpec>) -> BTreeMap<String, JobSpec> {
        let mut jobs = configured.clone();
        if let Some(run) = &self.run {
            jobs.insert(run.clone(), JobSpec { run: Some(run.clone()), ..JobSpec::default() });
        }
        jobs
    }

    /// Refuses a command for an engine that is not this machine, before that is asked anything.
    ///
    /// # Errors
    /// `Usage`.
    pub fn check(&self, session: &Session, engine: &EngineArgs) -> Result<()> {
        if self.run.is_none() || engine.is_local(session) || !engine.is_known(session) {
            return Ok(());
        }
        Err(Error::new(Kind::Usage, format!("--run runs a command on this machine, not on {}", engine.name(session)))
            .hint("--engine local, or name a job of the engine with --job"))
    }

    /// The names of the jobs, as they were typed.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for name in self.run.iter().chain(&self.job) {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        names
    }

    /// What is wanted of each job, checked against what the engine says of it.
    ///
    /// # Errors
    /// `NotFound` for a job that is not there, with suggestions; `Usage` for parameters that it does not take.
    pub async fn wanted(&self, base: &Base, revisions: &[Revision], times: usize) -> Result<Vec<Wanted>> {
        let ground = base.ground();
        let head = revisions.last().map(|revision| revision.id.as_str());
        let mut all = Vec::new();
        for name in self.names() {
            let mut wanted = Wanted {
                job: ground.name_of(name),
                times,
                parameters: self.param.iter().cloned().collect(),
                env: self.env.iter().cloned().collect(),
                ..Wanted::default()
            };
            wanted.job = ground.job(&wanted, head).await?.name;
            if let Some(head) = head {
                wanted.branch = base.vcs.branch_of(head).await?;
            }
            all.push(wanted);
        }
        Ok(all)
    }
}
