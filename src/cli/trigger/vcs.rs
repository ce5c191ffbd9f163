//! Where revisions are read.

use crate::{
    cli::Session,
    error::{Context, Error, Kind, Result},
    http::Client,
    vcs::{Vcs, history::GitHistory, pushlog::Pushlog},
};

/// The version control system: the pushlog that the configuration names, else git in the current directory.
///
/// # Errors
/// Those of [`Pushlog::open`] and [`GitHistory::open`].
pub(super) async fn open(session: &Session) -> Result<Box<dyn Vcs>> {
    if let Some(address) = &session.config.trigger.pushlog {
        let pushlog = Pushlog::open(address, Client::new()).context(|| "reading trigger.pushlog".into())?;
        return Ok(Box::new(pushlog));
    }
    let dir =
        std::env::current_dir().map_err(|e| Error::new(Kind::Usage, "finding the current directory").with_source(e))?;
    Ok(Box::new(GitHistory::open(&dir, std::env::vars_os().collect()).await?))
}
