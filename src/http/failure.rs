//! What went wrong with a call, as an error that keeps the cause.

use super::{Call, token::shown};
use crate::error::{Error, Kind, RetryAfter};
use std::{error::Error as StdError, fmt, time::Duration};

/// How a call failed: a cause of its error, found with [`Error::cause`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The deadline passed.
    TimedOut,
    /// No connection came about: nothing was sent.
    Unreachable(String),
    /// The connection broke before the whole answer was there.
    Broken(String),
    /// The answer was longer than allowed, in bytes.
    TooLarge(usize),
    /// The service answered with something other than success.
    Status {
        /// The status.
        status: u16,
        /// The first of what it said, in one line and without the token.
        said: String,
        /// When it wants to be asked again.
        retry_after: Option<RetryAfter>,
    },
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::TimedOut => f.write_str("there was no answer in time"),
            Failure::Unreachable(why) => write!(f, "it could not be reached: {why}"),
            Failure::Broken(why) => write!(f, "the connection broke: {why}"),
            Failure::TooLarge(max) => write!(f, "the answer is longer than {max} bytes"),
            Failure::Status { status, said, .. } if said.is_empty() => write!(f, "it answered {status}"),
            Failure::Status { status, said, .. } => write!(f, "it answered {status}: {said}"),
        }
    }
}

impl StdError for Failure {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Failure::Status { retry_after: Some(after), .. } => Some(after),
            _ => None,
        }
    }
}

impl Failure {
    /// What a failure of the client library is. Its own text is not used: it holds the whole address.
    pub(super) fn of(error: &reqwest::Error) -> Failure {
        if error.is_connect() {
            return Failure::Unreachable(deepest(error));
        }
        if error.is_timeout() {
            return Failure::TimedOut;
        }
        Failure::Broken(deepest(error))
    }

    /// Whether the service may have done what was asked although it did not say so. Where not, the call can be sent again.
    pub fn may_have_arrived(&self) -> bool {
        match self {
            Failure::Unreachable(_) => false,
            Failure::TimedOut | Failure::Broken(_) | Failure::TooLarge(_) => true,
            Failure::Status { status, .. } => matches!(status, 408 | 500..),
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Failure::TimedOut | Failure::Unreachable(_) | Failure::Broken(_) => Kind::Transient,
            Failure::TooLarge(_) => Kind::Corrupt,
            Failure::Status { status, .. } => match status {
                400 | 422 => Kind::Usage,
                401 | 403 => Kind::Denied,
                404 | 410 => Kind::NotFound,
                408 | 429 | 500.. => Kind::Transient,
                409 => Kind::Exists,
                412 => Kind::Precondition,
                _ => Kind::Unsupported,
            },
        }
    }

    /// The error of a call that failed so.
    pub(super) fn error(self, call: &Call<'_>) -> Error {
        let error = Error::new(self.kind(), format!("{} {}", call.method, shown(call.url)));
        let error = match &self {
            Failure::Status { status: 300..=399, .. } => {
                error.hint("it sends callers elsewhere, where the token must not go: name the address that answers")
            }
            Failure::Status { status: 401 | 403, .. } if call.auth.is_none() => error.hint("it wants a token"),
            Failure::Status { status: 401 | 403, .. } => {
                error.hint("check that the token has not expired and may do this")
            }
            Failure::Unreachable(_) => error.hint("check the address, and that the service runs"),
            _ => error,
        };
        error.with_source(self)
    }
}

/// The cause of all, where the library says what happened.
fn deepest(error: &reqwest::Error) -> String {
    let last = std::iter::successors(error.source(), |&error| error.source()).last();
    last.map_or_else(|| "for no reason given".into(), ToString::to_string)
}

/// Reads `Retry-After` in seconds; the form with a date is not known here.
pub(super) fn retry_after(value: Option<&reqwest::header::HeaderValue>) -> Option<RetryAfter> {
    value?.to_str().ok()?.trim().parse().ok().map(|seconds| RetryAfter(Duration::from_secs(seconds)))
}
