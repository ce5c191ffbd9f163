//! What the service answers.

use super::lines::Lines;
use crate::{
    error::{Error, Kind},
    ops::route::batch::brief,
};
use hyper::{
    Response, StatusCode,
    body::{Body, Bytes, Frame, SizeHint},
    header::{CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER},
};
use std::{
    pin::Pin,
    task::{Context, Poll},
};

/// JSON.
pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The body of an answer.
pub(super) enum Answer {
    /// All of it.
    Whole(Bytes),
    /// It is made while it is sent.
    Lines(Box<Lines>),
}

impl Body for Answer {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let frame = match self.get_mut() {
            Answer::Whole(bytes) if bytes.is_empty() => None,
            Answer::Whole(bytes) => Some(Ok(std::mem::take(bytes))),
            Answer::Lines(lines) => lines.next().transpose(),
        };
        Poll::Ready(frame.map(|bytes| bytes.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Answer::Whole(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Answer::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Answer::Lines(_) => SizeHint::default(),
        }
    }
}

/// An answer of a type.
pub(super) fn typed(status: StatusCode, kind: HeaderValue, body: impl Into<Bytes>) -> Response<Answer> {
    let mut response = Response::new(Answer::Whole(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

/// An error: `{"error": {kind, message, hints}}`.
pub(super) fn failed(status: StatusCode, error: &Error) -> Response<Answer> {
    later(typed(status, JSON, brief(error).to_string()))
}

/// As [`failed`], when what is left of the request on its connection is not waited for.
pub(super) fn failed_closing(status: StatusCode, error: &Error) -> Response<Answer> {
    failed_with(status, error, (CONNECTION, "close"))
}

/// Says when to ask again, where that may help.
pub(super) fn later(mut response: Response<Answer>) -> Response<Answer> {
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// An error with another header.
pub(super) fn failed_with(
    status: StatusCode,
    error: &Error,
    (name, value): (HeaderName, &'static str),
) -> Response<Answer> {
    let mut response = failed(status, error);
    response.headers_mut().insert(name, HeaderValue::from_static(value));
    response
}

/// There is more to do than can be done at once.
pub(super) fn busy() -> Response<Answer> {
    failed(StatusCode::SERVICE_UNAVAILABLE, &too_much())
}

/// What [`busy`] says.
pub(super) fn too_much() -> Error {
    Error::new(Kind::Transient, "the service has too much to do").hint("ask again in a second")
}
