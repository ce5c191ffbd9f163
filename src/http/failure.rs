//! What went wrong with a call, as an error that keeps the cause.

use super::{Call, token::shown};
use crate::error::{Error, Kind, RetryAfter};
use jiff::fmt::rfc2822;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use std::{
    error::Error as StdError,
    fmt,
    time::{Duration, SystemTime},
};

/// The longest time after which a service is asked again, whatever it says.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

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

    /// Whether the service refused because there were too many calls, and did nothing: 429, or 403 with a time to come back
    /// at, as GitHub answers.
    pub fn is_throttled(&self) -> bool {
        matches!(self, Failure::Status { status: 429, .. } | Failure::Status { status: 403, retry_after: Some(_), .. })
    }

    fn kind(&self) -> Kind {
        match self {
            throttled if throttled.is_throttled() => Kind::Transient,
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
            throttled if throttled.is_throttled() => error,
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

/// When a service wants to be asked again, in a day at the latest: `Retry-After` in seconds or as a date (RFC 9110, 10.2.3), or
/// else the time since the epoch in `x-ratelimit-reset` where `x-ratelimit-remaining` is 0 (GitHub's primary limit).
pub(super) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<RetryAfter> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let number = |name: &str| text(name)?.parse::<u64>().ok();
    let until = |at: SystemTime| at.duration_since(now).unwrap_or_default();
    let date = |name: &str| Some(SystemTime::from(rfc2822::parse(text(name)?).ok()?.timestamp()));
    let name = RETRY_AFTER.as_str();
    let asked = number(name).map(Duration::from_secs).or_else(|| date(name).map(until));
    let after = asked.or_else(|| {
        let reset = number("x-ratelimit-reset").filter(|_| number("x-ratelimit-remaining") == Some(0))?;
        let since_epoch = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Some(Duration::from_secs(reset).saturating_sub(since_epoch))
    });
    after.map(|after| RetryAfter(after.min(LONGEST)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    #[test]
    fn a_service_says_when_to_come_back_in_three_ways() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        for (headers, expected) in [
            (&[][..], None),
            (&[("retry-after", "7")], Some(7)),
            (&[("retry-after", "18446744073709551615")], Some(86_400)),
            (&[("retry-after", "Thu, 01 Jan 1970 00:17:40 GMT")], Some(60)),
            (&[("retry-after", "Thu, 01 Jan 1970 00:16:00 GMT")], Some(0)),
            (&[("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT")], Some(86_400)),
            (&[("retry-after", "tomorrow")], None),
            (&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "18446744073709551615")], Some(86_400)),
            (&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1060")], Some(60)),
            (&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "900")], Some(0)),
            (&[("x-ratelimit-remaining", "1"), ("x-ratelimit-reset", "1060")], None),
            (&[("x-ratelimit-remaining", "0")], None),
            (&[("retry-after", "7"), ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1060")], Some(7)),
        ] {
            let map = headers.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)));
            let found = retry_after(&map.collect(), now).map(|RetryAfter(after)| after.as_secs());
            assert_eq!(found, expected, "{headers:?}");
        }
    }

    #[test]
    fn a_refusal_with_a_time_to_come_back_at_is_no_lack_of_permission() {
        let after = Some(RetryAfter(Duration::ZERO));
        for (status, retry_after, expected) in [
            (403, None, Kind::Denied),
            (403, after, Kind::Transient),
            (401, after, Kind::Denied),
            (429, None, Kind::Transient),
        ] {
            let failure = Failure::Status { status, said: String::new(), retry_after };
            assert_eq!(failure.kind(), expected, "{status} {retry_after:?}");
            assert!(!failure.may_have_arrived());
        }
    }
}
