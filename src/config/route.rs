//! The settings of `route`.

use super::Layers;
use crate::{
    error::{Context, Error, Kind, Result},
    pipeline::duration,
};
use serde::Deserialize;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// How long looking a job up may take unless told otherwise.
pub const DEADLINE: &str = "10s";
/// How long it may take at most: the limit of one acquire call.
const DEADLINE_MAX: Duration = Duration::from_secs(30);

/// The settings of `route` as written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RouteFile {
    /// The file of rules, relative to this file.
    pub rules: Option<String>,
    /// The queue asked for where no flag says.
    pub queue: Option<String>,
    /// The address of Helix.
    pub helix: Option<String>,
    /// How long looking a job up may take, for example `10s`.
    pub deadline: Option<String>,
    /// The file that decisions are written to, relative to this file.
    pub log: Option<String>,
    /// The variable that holds the secret that acquire calls are signed with.
    pub secret_env: Option<String>,
    /// The variable that holds the token that callers of `serve` must show.
    pub token_env: Option<String>,
}

impl RouteFile {
    /// Makes paths relative to the directory of the file that they were written in.
    pub(super) fn anchor(&mut self, directory: &Path) {
        for path in [&mut self.rules, &mut self.log].into_iter().flatten() {
            *path = directory.join(&*path).display().to_string();
        }
    }
}

/// The settings of `route`.
#[derive(Debug, Clone)]
pub struct Route {
    /// The file of rules.
    pub rules: Option<PathBuf>,
    /// The queue asked for where no flag says.
    pub queue: Option<String>,
    /// The address of Helix.
    pub helix: Option<String>,
    /// How long looking a job up may take.
    pub deadline: Duration,
    /// The file that decisions are written to.
    pub log: Option<PathBuf>,
    /// The variable that holds the secret that acquire calls are signed with.
    pub secret_env: Option<String>,
    /// The variable that holds the token that callers of `serve` must show.
    pub token_env: Option<String>,
}

impl Layers {
    pub(super) fn route(&mut self) -> Result<Route> {
        let rules = self.of_route("route.rules", None, |r| r.rules.clone());
        let queue = self.of_route("route.queue", None, |r| r.queue.clone());
        let helix = self.of_route("route.helix", None, |r| r.helix.clone());
        let deadline = self.of_route("route.deadline", Some(DEADLINE), |r| r.deadline.clone());
        let origin = self.shown.last().map(|s| s.origin.clone()).unwrap_or_default();
        let deadline = parse_deadline(deadline.as_deref().unwrap_or(DEADLINE))
            .context(|| format!("reading route.deadline from {origin}"))?;
        let log = self.of_route("route.log", None, |r| r.log.clone());
        let secret_env = self.of_route("route.secret_env", None, |r| r.secret_env.clone());
        let token_env = self.of_route("route.token_env", None, |r| r.token_env.clone());
        let (rules, log) = (rules.map(PathBuf::from), log.map(PathBuf::from));
        Ok(Route { rules, queue, helix, deadline, log, secret_env, token_env })
    }

    fn of_route(
        &mut self,
        key: &'static str,
        default: Option<&str>,
        get: impl Fn(&RouteFile) -> Option<String>,
    ) -> Option<String> {
        let get = |file: &super::FileConfig| file.route.as_ref().and_then(&get);
        self.pick(key, get, |v| v.as_deref().or(default).into())
    }
}

/// Reads how long a look-up may take: a duration, or milliseconds (`300ms`).
///
/// # Errors
/// `Usage` for what is no duration, nothing, or more than 30 s.
pub fn parse_deadline(text: &str) -> Result<Duration> {
    let milliseconds = text.trim().strip_suffix("ms").and_then(|number| number.parse().ok());
    let deadline = milliseconds.map_or_else(|| duration::parse(text), |n| Ok(Duration::from_millis(n)))?;
    if deadline.is_zero() {
        return Err(Error::new(Kind::Usage, "a deadline of nothing leaves no time").hint("write 10s, for example"));
    }
    if deadline > DEADLINE_MAX {
        return Err(Error::new(Kind::Usage, format!("a deadline of {text} is too long"))
            .hint("the limit of one acquire call is 30s: write 30s or less"));
    }
    Ok(deadline)
}
