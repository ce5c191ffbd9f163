//! The flags that name Helix.

use super::lookup::token;
use crate::{
    cli::Session,
    engine::helix::{Helix, TOKEN_VARIABLE},
    error::Result,
    http::Client,
    pipeline::env::text,
};

/// Which Helix.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Helix")]
pub(super) struct HelixArgs {
    /// The address of Helix, instead of `route.helix` of ci-tool.yaml [env: CI_TOOL_ROUTE_HELIX]
    #[arg(long, value_name = "URL")]
    pub helix: Option<String>,
    /// The environment variable that holds Helix's token, instead of HELIX_ACCESS_TOKEN
    #[arg(long, value_name = "NAME")]
    pub helix_token_env: Option<String>,
}

impl HelixArgs {
    /// Helix, if one is configured. Without a token it is asked for what is open to all, unless a variable is named.
    ///
    /// # Errors
    /// `Usage` for an address or a token that cannot be used.
    pub fn connect(&self, session: &Session, client: &Client) -> Result<Option<Helix>> {
        let Some(url) = self.helix.as_ref().or(session.config.route.helix.as_ref()) else { return Ok(None) };
        let token = match &self.helix_token_env {
            Some(name) => Some(token(session, name)?),
            None if text(&session.env, TOKEN_VARIABLE).is_some() => Some(token(session, TOKEN_VARIABLE)?),
            None => None,
        };
        Helix::new(client.clone(), url, token).map(Some)
    }
}
