//! Acquire calls, as the service answers them.

use super::{
    Acquire, Acquired, Call, Event, Hear, Ledger,
    answer::{self, Answer, JSON, typed},
    body::take,
    routes::{JOB_MAX, is_json},
    shared::Shared,
};
use crate::{
    error::{Error, Kind},
    http::Client,
    ops::route::{
        acquire::{self, Acquirer, Decided, FailedLate, Observer, Options, Outcome, Received},
        job::Job,
        rules::Rules,
    },
};
use hyper::{
    Request, Response, StatusCode,
    body::Incoming,
    header::{CONNECTION, HeaderValue},
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// The header that holds the signature of an acquire call.
const SIGNATURE: &str = "x-azure-signature";

/// Answers acquire calls, counts and logs their decisions in the ledger, and tells `hear` what failed after its answer.
pub fn acquirer(client: Client, options: Options, ledger: Arc<Ledger>, hear: Hear) -> Arc<dyn Acquire> {
    Arc::new(Acquirer::new(client, options, Arc::new(Books { ledger, hear })))
}

struct Books {
    ledger: Arc<Ledger>,
    hear: Hear,
}

impl Observer for Books {
    fn decided(&self, decided: Decided<'_>) {
        self.ledger.decided(decided.rules, decided.job, decided.decision, decided.steps);
        if let Some(cause) = decided.lookup {
            self.ledger.metrics.lookup_failed(cause);
        }
    }

    fn undecided(&self, rules: &Arc<Rules>, job: Job) {
        let size = job.queue.len();
        self.ledger.record(rules, job, size);
    }

    fn failed_late(&self, failed: FailedLate<'_>) {
        self.ledger.metrics.failed_late(failed.untold.is_none());
        (self.hear)(Event::FailedLate(failed));
    }

    fn ended_late(&self, after: Duration) {
        self.ledger.metrics.acquired("late", after);
    }
}

#[async_trait::async_trait]
impl Acquire for Acquirer {
    async fn acquire(&self, call: Call) -> Acquired {
        let signature = call.signature.as_deref();
        let received =
            Received { rules: call.rules, body: &call.body, signature, arrived: call.arrived.into(), busy: call.busy };
        self.answer(received).await.into()
    }

    async fn drain(&self, limit: Duration) -> usize {
        Acquirer::drain(self, limit).await
    }
}

impl From<acquire::Answer> for Acquired {
    fn from(answer: acquire::Answer) -> Acquired {
        Acquired { status: answer.outcome.status(), body: answer.body, outcome: answer.outcome.as_str() }
    }
}

/// Answers a call that arrived at `began`, and counts it. Whatever is wrong, who calls is told whether there is an agent.
pub(super) async fn acquired(
    shared: &Shared,
    acquire: &dyn Acquire,
    request: Request<Incoming>,
    began: Instant,
) -> Response<Answer> {
    match attempt(shared, acquire, request, began).await {
        Ok(acquired) => answered(shared, acquired, began),
        Err((status, error)) => {
            let mut response = refused(shared, status, &error, began);
            // What is left of the body is not waited for.
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            response
        }
    }
}

/// The answer to a call that is not looked at.
pub(super) fn refused(shared: &Shared, status: StatusCode, error: &Error, began: Instant) -> Response<Answer> {
    let busy = status == StatusCode::SERVICE_UNAVAILABLE;
    let outcome = if busy { Outcome::Busy } else { Outcome::BadRequest };
    let acquired = Acquired { status: status.as_u16(), ..acquire::Answer::refused(outcome, error).into() };
    answered(shared, acquired, began)
}

fn answered(shared: &Shared, acquired: Acquired, began: Instant) -> Response<Answer> {
    let Acquired { status, body, outcome } = acquired;
    shared.ledger.metrics.acquired(outcome, began.elapsed());
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answer::later(typed(status, JSON, body.to_string()))
}

async fn attempt(
    shared: &Shared,
    acquire: &dyn Acquire,
    request: Request<Incoming>,
    began: Instant,
) -> Result<Acquired, (StatusCode, Error)> {
    // A web page cannot send this type to another site without being allowed to first.
    if !is_json(request.headers()).unwrap_or(false) {
        let error = Error::new(Kind::Usage, "the acquire call is not marked as JSON");
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, error.hint("send Content-Type: application/json")));
    }
    let signature = request.headers().get(SIGNATURE).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let body = take(shared, request, JOB_MAX, shared.patience).await?;
    if shared.is_draining() {
        let error = Error::new(Kind::Transient, "the service is shutting down").hint("ask another, or this one later");
        return Err((StatusCode::SERVICE_UNAVAILABLE, error));
    }
    let permit = shared.calls.try_acquire().ok();
    let rules = Arc::clone(&shared.snapshot().rules);
    let call = Call { rules, body: body.bytes.clone(), signature, arrived: began, busy: permit.is_none() };
    Ok(acquire.acquire(call).await)
}
