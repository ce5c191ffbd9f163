//! Reading what a client sends, within bounds of size, time and memory.

use super::{answer::too_much, shared::Shared};
use crate::error::{Error, Kind};
use hyper::{
    Request, StatusCode,
    body::{Body, Bytes, Incoming},
};
use std::{future::poll_fn, pin::Pin, sync::Arc, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// A body that was read, and its part of the memory that bodies may take.
pub(super) struct Held {
    pub bytes: Bytes,
    _memory: Option<OwnedSemaphorePermit>,
}

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unread {
    TooLarge,
    TooSlow,
    /// The bodies of other requests take all the memory there is for them.
    NoMemory,
    /// The client went away or does not speak HTTP.
    Broken,
}

/// The body of a request, or what to answer instead. What is left of it on the connection is not waited for.
pub(super) async fn take(
    shared: &Shared,
    request: Request<Incoming>,
    limit: usize,
    within: Duration,
) -> Result<Held, (StatusCode, Error)> {
    read(request.into_body(), limit, within, &shared.memory).await.map_err(|unread| match unread {
        Unread::NoMemory => (StatusCode::SERVICE_UNAVAILABLE, too_much()),
        Unread::TooLarge => {
            let error = Error::new(Kind::Usage, format!("the body is larger than {limit} bytes"));
            (StatusCode::PAYLOAD_TOO_LARGE, error.hint("send many jobs to /v1/batch, in several requests"))
        }
        Unread::TooSlow => {
            let error = Error::new(Kind::Transient, format!("the body did not arrive within {within:?}"));
            (StatusCode::REQUEST_TIMEOUT, error)
        }
        Unread::Broken => (StatusCode::BAD_REQUEST, Error::new(Kind::Usage, "the body could not be read")),
    })
}

/// Reads a body of at most `limit` bytes in at most the time `within`. `memory` has a permit for each byte that bodies may
/// take in all: a client that sends slowly holds no more of it than what it has sent.
async fn read(body: Incoming, limit: usize, within: Duration, memory: &Arc<Semaphore>) -> Result<Held, Unread> {
    if body.size_hint().lower() > limit as u64 {
        return Err(Unread::TooLarge);
    }
    timeout(within, frames(body, limit, memory)).await.unwrap_or(Err(Unread::TooSlow))
}

async fn frames(mut body: Incoming, limit: usize, memory: &Arc<Semaphore>) -> Result<Held, Unread> {
    // What came with the head is used where it lies.
    let first = next(&mut body).await?.unwrap_or_default();
    if body.is_end_stream() && first.len() <= limit {
        return Ok(Held { bytes: first, _memory: None });
    }
    let mut held: Option<OwnedSemaphorePermit> = None;
    let mut all = Vec::new();
    let mut frame = Some(first);
    while let Some(bytes) = frame {
        if bytes.len() > limit - all.len() {
            return Err(Unread::TooLarge);
        }
        let count = u32::try_from(bytes.len()).map_err(|_| Unread::TooLarge)?;
        let more = Arc::clone(memory).try_acquire_many_owned(count).map_err(|_| Unread::NoMemory)?;
        match &mut held {
            Some(held) => held.merge(more),
            None => held = Some(more),
        }
        all.extend_from_slice(&bytes);
        frame = next(&mut body).await?;
    }
    Ok(Held { bytes: all.into(), _memory: held })
}

async fn next(body: &mut Incoming) -> Result<Option<Bytes>, Unread> {
    loop {
        match poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await {
            None => return Ok(None),
            Some(Err(_)) => return Err(Unread::Broken),
            // Trailers say nothing here.
            Some(Ok(frame)) => {
                if let Ok(bytes) = frame.into_data() {
                    return Ok(Some(bytes));
                }
            }
        }
    }
}
