//! From a request to its answer.

use super::{
    Acquired, Call,
    answer::{Answer, JSON, busy, failed, failed_with, typed},
    body::{Held, Unread, read},
    lines::Lines,
    shared::Shared,
};
use crate::{
    error::{Error, Kind},
    ops::route::{batch, decide::decide, report::Report},
};
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{ALLOW, AUTHORIZATION, CONNECTION, HeaderMap, HeaderValue, WWW_AUTHENTICATE},
};
use serde::Serialize;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// Bytes of a single job, or of an acquire call.
const JOB_MAX: usize = 1 << 20;
/// Bytes of a batch.
const BATCH_MAX: usize = 64 << 20;
/// A batch may take so many times as long to arrive as another request.
const BATCH_PATIENCE: u32 = 4;
const OPEN_METRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
const NDJSON: HeaderValue = HeaderValue::from_static("application/x-ndjson");
const PLAIN: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
/// The header that holds the signature of an acquire call.
const SIGNATURE: &str = "x-azure-signature";

/// A decision as the answer to `/v1/decide`.
#[derive(Serialize)]
struct Decided<'a> {
    schema: u32,
    #[serde(flatten)]
    report: Report<'a>,
}

/// Answers a request.
pub(super) async fn route(shared: &Arc<Shared>, request: Request<Incoming>) -> Response<Answer> {
    let wanted = match request.uri().path() {
        "/v1/decide" | "/v1/batch" => "POST",
        "/acquireagent" if shared.acquire.is_some() => "POST",
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
        "/acquireagent" => {
            let answer = acquire(shared, request, began).await;
            shared.ledger.metrics.acquire.observe(began.elapsed().as_secs_f64());
            answer
        }
        "/metrics" => typed(StatusCode::OK, OPEN_METRICS, shared.ledger.text()),
        "/readyz" if shared.is_draining() => typed(StatusCode::SERVICE_UNAVAILABLE, PLAIN, "shutting down\n"),
        _ => typed(StatusCode::OK, PLAIN, "ok\n"),
    }
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

async fn one(shared: &Shared, request: Request<Incoming>) -> Response<Answer> {
    let body = match take(shared, request, JOB_MAX, shared.patience).await {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let job = match batch::read(&body.bytes) {
        Ok(job) => job,
        Err(error) => return failed(StatusCode::BAD_REQUEST, &error),
    };
    let snapshot = shared.snapshot();
    let answer = match decide(&snapshot.rules, &job) {
        Ok(decision) => {
            shared.ledger.metrics.decided(&snapshot.counters, &decision);
            let report = Report::new(&snapshot.rules, &decision);
            let mut json = Vec::with_capacity(512);
            match serde_json::to_writer(&mut json, &Decided { schema: 1, report }) {
                Ok(()) => typed(StatusCode::OK, JSON, json),
                Err(e) => {
                    let error = Error::new(Kind::Internal, "writing the decision").with_source(e);
                    failed(StatusCode::INTERNAL_SERVER_ERROR, &error)
                }
            }
        }
        Err(error) if error.kind() == Kind::NotFound => failed(StatusCode::NOT_FOUND, &error),
        Err(error) => failed(StatusCode::BAD_REQUEST, &error),
    };
    shared.ledger.record(&snapshot, job, body.bytes.len());
    answer
}

async fn many(shared: &Arc<Shared>, request: Request<Incoming>, began: Instant) -> Response<Answer> {
    let body = match take(shared, request, BATCH_MAX, shared.patience * BATCH_PATIENCE).await {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let Ok(permit) = Arc::clone(&shared.work).try_acquire_owned() else { return busy() };
    let mut response = typed(StatusCode::OK, NDJSON, "");
    *response.body_mut() = Answer::Lines(Box::new(Lines::new(Arc::clone(shared), body, began, permit)));
    response
}

async fn acquire(shared: &Shared, request: Request<Incoming>, began: Instant) -> Response<Answer> {
    let Some(acquire) = &shared.acquire else { return busy() };
    let signature = request.headers().get(SIGNATURE).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let body = match take(shared, request, JOB_MAX, shared.patience).await {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let Ok(_permit) = shared.work.try_acquire() else { return busy() };
    let rules = Arc::clone(&shared.snapshot().rules);
    let call = Call { rules, body: body.bytes.clone(), signature, arrived: began };
    let Acquired { status, body: answer, outcome } = acquire.acquire(call).await;
    shared.ledger.metrics.acquired(outcome, began.elapsed());
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    typed(status, JSON, answer.to_string())
}

/// The body of a request, or the answer that says why not. What is left of it on the connection is not waited for.
async fn take(
    shared: &Shared,
    request: Request<Incoming>,
    limit: usize,
    within: Duration,
) -> Result<Held, Response<Answer>> {
    let unread = match read(request.into_body(), limit, within, &shared.memory).await {
        Ok(held) => return Ok(held),
        Err(unread) => unread,
    };
    let mut answer = match unread {
        Unread::NoMemory => busy(),
        Unread::TooLarge => {
            let error = Error::new(Kind::Usage, format!("the body is larger than {limit} bytes"))
                .hint("send many jobs to /v1/batch, in several requests");
            failed(StatusCode::PAYLOAD_TOO_LARGE, &error)
        }
        Unread::TooSlow => {
            let error = Error::new(Kind::Transient, format!("the body did not arrive within {within:?}"));
            failed(StatusCode::REQUEST_TIMEOUT, &error)
        }
        Unread::Broken => failed(StatusCode::BAD_REQUEST, &Error::new(Kind::Usage, "the body could not be read")),
    };
    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    Err(answer)
}
