//! What the CI system says of a job (`getAssociatedJobUrl`), within one deadline. A job that cannot be looked up is decided
//! all the same.

use super::job::{HANDED_OVER, Job, canonical};
use crate::{
    error::{Error, Kind},
    http::{Auth, Call, Client, Failure, Token, Url},
};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;

/// A longer value of a variable is not looked at, in bytes: it names no branch and no repository.
const VALUE_MAX: usize = 1024;

/// Why a look-up failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The deadline passed.
    Timeout,
    /// No connection, a connection that broke, or an address that may not have the token.
    Refused,
    /// The answer was no success.
    Status,
    /// The answer is no job.
    Nonsense,
    /// The answer is too long.
    TooLarge,
    /// Too many others were under way.
    Busy,
}

impl Cause {
    /// All of them.
    pub const ALL: [Cause; 6] =
        [Cause::Timeout, Cause::Refused, Cause::Status, Cause::Nonsense, Cause::TooLarge, Cause::Busy];

    /// The name in metrics and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Cause::Timeout => "timeout",
            Cause::Refused => "refused",
            Cause::Status => "status",
            Cause::Nonsense => "nonsense",
            Cause::TooLarge => "too_large",
            Cause::Busy => "busy",
        }
    }

    fn of(error: &Error) -> Cause {
        match error.cause() {
            Some(Failure::TimedOut) => Cause::Timeout,
            Some(Failure::TooLarge(_)) => Cause::TooLarge,
            Some(Failure::Status { .. }) => Cause::Status,
            Some(Failure::Unreachable(_) | Failure::Broken(_)) => Cause::Refused,
            None if error.kind() == Kind::Corrupt => Cause::Nonsense,
            None => Cause::Refused,
        }
    }
}

/// A look-up to do.
#[derive(Debug, Clone, Copy)]
pub struct Lookup<'a> {
    /// Where the CI system tells of the job.
    pub url: &'a Url,
    /// Opens it.
    pub token: &'a Token,
    /// When everything must be over.
    pub deadline: Instant,
}

impl Lookup<'_> {
    /// Takes what the job's variables tell and nobody told otherwise, and those of [`HANDED_OVER`], under these names. Secret
    /// variables are not looked at. When that fails, `job` says why in [`Job::lookup_failed`], and the cause is returned.
    pub async fn learn(&self, client: &Client, job: &mut Job) -> Option<Cause> {
        let call = Call { auth: Some(Auth::Bearer(self.token)), ..Call::get(self.url, self.deadline) };
        let error = match client.send(&call).await.and_then(|answer| variables(&answer.body)) {
            Ok(variables) => {
                job.learn(variables.iter().map(|(name, value)| (name.as_str(), value.as_str())));
                for (name, value) in variables {
                    let same = canonical(&name);
                    if let Some(known) = HANDED_OVER.iter().find(|known| canonical(known) == same) {
                        job.variables.entry((*known).to_owned()).or_insert(value);
                    }
                }
                return None;
            }
            Err(error) => error,
        };
        // The innermost causes of a parser quote what was sent.
        let why = error.cause::<Failure>().map_or_else(|| error.message().to_owned(), ToString::to_string);
        job.lookup_failed = Some(why);
        Some(Cause::of(&error))
    }
}

#[derive(Deserialize)]
struct Answer {
    job: Variables,
}

#[derive(Deserialize)]
struct Variables {
    variables: Vec<Variable>,
}

#[derive(Deserialize)]
struct Variable {
    name: String,
    #[serde(default)]
    value: Value,
    #[serde(default)]
    secret: Option<bool>,
}

/// The variables in an answer that are text, fit to decide from, and no secrets.
fn variables(body: &[u8]) -> crate::error::Result<Vec<(String, String)>> {
    let answer: Answer = serde_json::from_slice(body).map_err(|e| {
        let what = match e.classify() {
            serde_json::error::Category::Data => "the answer is no job: it has no job.variables with names",
            serde_json::error::Category::Eof => "the answer is no JSON: it ends too early",
            _ => "the answer is no JSON",
        };
        Error::new(Kind::Corrupt, what)
    })?;
    let fit = |variable: Variable| match (variable.secret, variable.value) {
        (Some(true), _) => None,
        (_, Value::String(value)) if value.len() <= VALUE_MAX => Some((variable.name, value)),
        _ => None,
    };
    Ok(answer.job.variables.into_iter().filter_map(fit).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_read_and_secrets_are_not() {
        let long = "x".repeat(VALUE_MAX + 1);
        let body = serde_json::json!({
            "poolId": 7,
            "job": { "id": "j", "variables": [
                { "name": "build.reason", "value": "Manual", "secret": false },
                { "name": "build.sourceBranch", "value": "release/5.0", "secret": true },
                { "name": "build.repository.name", "value": "dotnet/runtime" },
                { "name": "a.number", "value": 7 },
                { "name": "a.null", "value": null, "secret": null },
                { "name": "no.value" },
                { "name": "long", "value": long },
            ]},
        });
        let found = variables(body.to_string().as_bytes()).unwrap();
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["build.reason", "build.repository.name"]);
    }

    #[test]
    fn what_is_no_job_is_nonsense_and_is_not_repeated() {
        let deep = "[".repeat(100_000);
        for body in [
            "",
            "null",
            "[]",
            "{}",
            "<html>",
            r#"{"job": null}"#,
            r#"{"job": {"variables": {}}}"#,
            r#"{"job": {"variables": [1]}}"#,
            r#"{"job": {"variables": [{"value": "hush"}]}}"#,
            r#"{"job": {"variables": [{"name": "hush", "secret": "hush"}]}}"#,
            r#"{"job": {"variables": [{"name": "a", "value": "b"}"#,
            &deep,
        ] {
            let error = variables(body.as_bytes()).unwrap_err();
            assert_eq!(Cause::of(&error), Cause::Nonsense, "{body:.40}");
            assert!(!error.message().contains("hush") && error.causes().is_empty(), "{error:?}");
        }
    }
}
