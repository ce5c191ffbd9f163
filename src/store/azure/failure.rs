//! What an answer of the service means.

use crate::{
    error::{Error, Kind, RetryAfter},
    store::redact,
};
use azure_core::{
    error::ErrorKind,
    http::{RawResponse, headers::HeaderName},
};
use std::{error::Error as StdError, time::Duration};

/// The service's code for a container that is not there.
const NO_CONTAINER: &str = "ContainerNotFound";

/// Whether the container is missing.
pub fn no_container(error: &azure_core::Error) -> bool {
    code(error) == Some(NO_CONTAINER)
}

/// Turns an error of the SDK into one that says what was being done and what helps. Secrets are taken out of the causes.
pub fn failure(action: &str, error: &azure_core::Error) -> Error {
    let kind = kind(error);
    let mut ours = Error::new(kind, action);
    ours = match (kind, code(error)) {
        (Kind::NotFound, Some(NO_CONTAINER)) => ours.hint("check the container's name; the first write creates it"),
        (Kind::Denied, _) if matches!(error.kind(), ErrorKind::Credential) => ours.hint(
            "run az login, or set AZURE_STORAGE_SAS_TOKEN, AZURE_STORAGE_CONNECTION_STRING or AZURE_STORAGE_KEY",
        ),
        (Kind::Denied, Some("AuthorizationPermissionMismatch")) => ours.hint(
            "give this identity the role \"Storage Blob Data Contributor\" on the container, or the signature the permissions racwdl",
        ),
        (Kind::Denied, _) => ours.hint(
            "check that the credentials are for this account and not expired; an identity needs the role \"Storage Blob Data Contributor\", a shared access signature the permissions racwdl",
        ),
        _ => ours,
    };
    match retry_after(error) {
        Some(pause) => ours.with_source(Waited { text: told(error), pause: RetryAfter(pause) }),
        None => ours.with_source(told(error)),
    }
}

/// A call that did not end in time.
pub fn timed_out(action: &str, after: Duration) -> Error {
    Error::new(Kind::Transient, format!("{action}: no answer within {} s", after.as_secs()))
}

#[derive(Debug)]
struct Waited {
    text: String,
    pause: RetryAfter,
}

impl std::fmt::Display for Waited {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl StdError for Waited {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.pause)
    }
}

fn kind(error: &azure_core::Error) -> Kind {
    let ErrorKind::HttpResponse { status, .. } = error.kind() else {
        return match error.kind() {
            ErrorKind::Connection | ErrorKind::Io => Kind::Transient,
            ErrorKind::Credential => Kind::Denied,
            _ => Kind::Internal,
        };
    };
    match (u16::from(*status), code(error)) {
        // Another writer's commit threw away the blocks of this one; both are whole after a repetition.
        (400, Some("InvalidBlockList" | "InvalidBlobOrBlock")) => Kind::Transient,
        (409, Some("BlobAlreadyExists" | "ContainerAlreadyExists")) => Kind::Exists,
        (409, Some("ContainerBeingDeleted" | "OperationTimedOut")) => Kind::Transient,
        (401 | 403, _) => Kind::Denied,
        (404, _) => Kind::NotFound,
        (412, _) => Kind::Precondition,
        (416, _) => Kind::Usage,
        (408 | 429 | 500 | 502 | 503 | 504, _) => Kind::Transient,
        _ => Kind::Internal,
    }
}

fn code(error: &azure_core::Error) -> Option<&str> {
    match error.kind() {
        ErrorKind::HttpResponse { error_code, .. } => error_code.as_deref(),
        _ => None,
    }
}

/// How long the service asks to wait: `Retry-After` in seconds, or its variants in milliseconds.
fn retry_after(error: &azure_core::Error) -> Option<Duration> {
    let ErrorKind::HttpResponse { raw_response: Some(response), .. } = error.kind() else { return None };
    let number = |response: &RawResponse, name: &'static str| {
        response.headers().get_optional_str(&HeaderName::from_static(name))?.parse::<u64>().ok()
    };
    number(response, "x-ms-retry-after-ms")
        .or_else(|| number(response, "retry-after-ms"))
        .map(Duration::from_millis)
        .or_else(|| number(response, "retry-after").map(Duration::from_secs))
}

/// The error and its causes on one line. The HTTP client puts whole URLs into its messages, signatures included.
fn told(error: &azure_core::Error) -> String {
    let mut text = error.to_string();
    let mut next = StdError::source(error);
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        next = cause.source();
    }
    redact(&text.replace('\n', " "))
}
