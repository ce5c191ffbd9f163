//! From a request to its answer.

use super::{
    acquire::{acquired, refused},
    answer::{Answer, busy, failed, failed_closing, failed_with, too_much, typed},
    body::take,
    lines::Lines,
    one::one,
    shared::Shared,
};
use crate::error::{Error, Kind};
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{ALLOW, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, WWW_AUTHENTICATE},
};
use std::{sync::Arc, time::Instant};

/// Bytes of a single job, or of an acquire call.
pub(super) const JOB_MAX: usize = 1 << 20;
/// Bytes of a batch.
const BATCH_MAX: usize = 64 << 20;
/// A batch may take so many times as long to arrive as another request.
const BATCH_PATIENCE: u32 = 4;
const OPEN_METRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
const NDJSON: HeaderValue = HeaderValue::from_static("application/x-ndjson");
const PLAIN: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const ACQUIRE: &str = "/acquireagent";

/// Answers a request.
pub(super) async fn route(shared: &Arc<Shared>, request: Request<Incoming>) -> Response<Answer> {
    let wanted = match request.uri().path() {
        "/v1/decide" | "/v1/batch" => "POST",
        ACQUIRE if shared.acquire.is_some() => "POST",
        "/metrics" | "/healthz" | "/readyz" => "GET, HEAD",
        path => {
            let error = Error::new(Kind::NotFound, format!("nothing is at {path:?}"))
                .hint("POST /v1/decide, /v1/batch, /acquireagent; GET /metrics, /healthz, /readyz");
            return failed(StatusCode::NOT_FOUND, &error);
        }
    };
    let method = request.method();
    let fits = if wanted == "POST" { method == Method::POST } else { [Method::GET, Method::HEAD].contains(method) };
    if !fits {
        let error = Error::new(Kind::Usage, format!("{method} is not for {}", request.uri().path()))
            .hint(format!("use {wanted}"));
        return failed_with(StatusCode::METHOD_NOT_ALLOWED, &error, (ALLOW, wanted));
    }
    if request.uri().path().starts_with("/v1/") && !admitted(shared, request.headers()) {
        let error = Error::new(Kind::Denied, "the request has no valid token").hint("send Authorization: Bearer TOKEN");
        return failed_with(StatusCode::UNAUTHORIZED, &error, (WWW_AUTHENTICATE, "Bearer"));
    }
    let began = Instant::now();
    match request.uri().path() {
        "/v1/decide" => {
            let answer = one(shared, request).await;
            shared.ledger.metrics.decide.observe(began.elapsed().as_secs_f64());
            answer
        }
        "/v1/batch" => many(shared, request, began).await,
        "/metrics" => typed(StatusCode::OK, OPEN_METRICS, shared.ledger.text()),
        ACQUIRE => {
            // Its path was found only because there is somebody to answer it.
            let Some(acquire) = &shared.acquire else { return busy() };
            let answer = acquired(shared, &**acquire, request, began).await;
            shared.ledger.metrics.acquire.observe(began.elapsed().as_secs_f64());
            answer
        }
        "/readyz" if shared.is_draining() => typed(StatusCode::SERVICE_UNAVAILABLE, PLAIN, "shutting down\n"),
        _ => typed(StatusCode::OK, PLAIN, "ok\n"),
    }
}

/// Answers a request on a connection that is one too many.
pub(super) fn turn_away(shared: &Shared, request: &Request<Incoming>) -> Response<Answer> {
    match request.uri().path() == ACQUIRE && shared.acquire.is_some() {
        true => refused(shared, StatusCode::SERVICE_UNAVAILABLE, &too_much(), Instant::now()),
        false => busy(),
    }
}

/// Whether a body is said to be JSON, if anything is said of it.
pub(super) fn is_json(headers: &HeaderMap) -> Option<bool> {
    let kind = headers.get(CONTENT_TYPE)?.as_bytes();
    let kind = kind.split(|b| *b == b';').next().unwrap_or_default();
    Some(kind.trim_ascii().eq_ignore_ascii_case(b"application/json"))
}

/// Compares hashes, which takes the same time wherever they differ.
fn admitted(shared: &Shared, headers: &HeaderMap) -> bool {
    let Some(token) = shared.token else { return true };
    let shown = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes).unwrap_or_default();
    match shown.split_at_checked("Bearer ".len()) {
        Some((scheme, shown)) => scheme.eq_ignore_ascii_case(b"Bearer ") && blake3::hash(shown) == token,
        None => false,
    }
}

async fn many(shared: &Arc<Shared>, request: Request<Incoming>, began: Instant) -> Response<Answer> {
    let body = match take(shared, request, BATCH_MAX, shared.patience * BATCH_PATIENCE).await {
        Ok(body) => body,
        Err((status, error)) => return failed_closing(status, &error),
    };
    let Ok(permit) = Arc::clone(&shared.batches).try_acquire_owned() else { return busy() };
    let mut response = typed(StatusCode::OK, NDJSON, "");
    *response.body_mut() = Answer::Lines(Box::new(Lines::new(Arc::clone(shared), body, began, permit)));
    response
}
