//! The flags that name the usage, for every verb that reads it.

use crate::{
    error::{Error, Kind, Result},
    pipeline::duration,
};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// How far back usage counts.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Period {
    /// Only jobs of the last so many days, for example 200d; all unless told
    #[arg(long, value_name = "DURATION", value_parser = length)]
    pub since: Option<Duration>,
}

impl Period {
    /// When the period begins, seen from `now`.
    ///
    /// # Errors
    /// `Usage` when that is before all time.
    pub fn start(&self, now: Timestamp) -> Result<Option<Timestamp>> {
        let Some(since) = self.since else { return Ok(None) };
        let back = SignedDuration::try_from(since).ok().and_then(|since| now.checked_sub(since).ok());
        back.map(Some).ok_or_else(|| {
            Error::new(Kind::Usage, "--since goes back too far").hint("leave it away: then all jobs count")
        })
    }
}

fn length(text: &str) -> Result<Duration, String> {
    duration::parse(text).map_err(|e| format!("{}; {}", e.message(), e.hints().join("; ")))
}

/// The error of usage without any job in the period, where so many were before it.
pub(super) fn nothing(earlier: u64) -> Error {
    let what = match earlier {
        0 => "the usage has no job".to_owned(),
        n => format!("the usage has no job in the period, and {n} before it"),
    };
    Error::new(Kind::NotFound, what).hint("name usage with jobs, or a longer --since")
}
