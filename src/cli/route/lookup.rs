//! The flags of a look-up.

use super::job::JobArgs;
use crate::{
    cli::Session,
    config::parse_deadline,
    error::{Context, Error, Kind, Result},
    http::{self, Client, Token},
    ops::route::{
        job::Job,
        lookup::{Cause, Lookup},
    },
    pipeline::env::text,
};
use std::time::Duration;
use tokio::time::Instant;

/// Where the CI system tells of the job.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Looking the job up")]
pub(super) struct LookupArgs {
    /// Look the job's variables up at this address; a job that cannot be looked up is not redirected
    #[arg(long, value_name = "URL")]
    pub job_url: Option<String>,
    /// The environment variable that holds the token for --job-url
    #[arg(long, value_name = "NAME", requires = "job_url")]
    pub token_env: Option<String>,
    /// How long the look-up may take in all, at most 30s [default: `route.deadline` of ci-tool.yaml, or 10s]
    #[arg(long, value_name = "DURATION", requires = "job_url")]
    pub deadline: Option<String>,
}

impl LookupArgs {
    /// The job: looked up until `deadline` where an address is given, otherwise as [`JobArgs::job`] has it. Flags win over what
    /// is looked up.
    ///
    /// # Errors
    /// `Usage` for flags that make no sense. A look-up that fails is none: its cause is returned.
    pub async fn job(
        &self,
        session: &Session,
        client: &Client,
        flags: &JobArgs,
        deadline: Instant,
    ) -> Result<(Job, Option<Cause>)> {
        if self.job_url.is_none() {
            return Ok((flags.job(session)?, None));
        }
        let mut job = flags.flags(session)?;
        let cause = self.learn(session, client, &mut job, deadline).await?;
        Ok((job, cause))
    }

    /// Adds what a look-up tells to what is known of a job.
    ///
    /// # Errors
    /// As [`LookupArgs::job`].
    pub async fn learn(
        &self,
        session: &Session,
        client: &Client,
        job: &mut Job,
        deadline: Instant,
    ) -> Result<Option<Cause>> {
        let Some(url) = &self.job_url else { return Ok(None) };
        let url = http::address(url).context(|| "reading --job-url".into())?;
        http::may_have_token(&url).context(|| "reading --job-url".into())?;
        let name = self.token_env.as_deref().ok_or_else(|| {
            Error::new(Kind::Usage, "--job-url needs a token, and --token-env names none")
                .hint("--token-env NAME, where NAME is the environment variable that holds it")
        })?;
        let token = token(session, name)?;
        Ok(Lookup { url: &url, token: &token, deadline }.learn(client, job).await)
    }

    /// How long looking up may take.
    ///
    /// # Errors
    /// `Usage` for a flag that is no such duration.
    pub fn deadline(&self, session: &Session) -> Result<Duration> {
        match &self.deadline {
            Some(text) => parse_deadline(text).context(|| "reading --deadline".into()),
            None => Ok(session.config.route.deadline),
        }
    }
}

/// The token in an environment variable.
///
/// # Errors
/// `Usage` when it is not set.
pub(super) fn token(session: &Session, name: &str) -> Result<Token> {
    let secret = text(&session.env, name).ok_or_else(|| {
        Error::new(Kind::Usage, format!("the environment variable {name:?} has no token"))
            .hint(format!("export {name}=… before the command; in Azure Pipelines map it under `env:`"))
    })?;
    Token::new(secret).context(|| format!("reading the token in {name}"))
}
