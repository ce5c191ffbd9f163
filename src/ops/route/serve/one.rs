//! A single decision.

use super::{
    answer::{Answer, JSON, failed, failed_closing, typed},
    body::take,
    routes::{JOB_MAX, is_json},
    shared::Shared,
    snapshot::Snapshot,
};
use crate::{
    error::{Error, Kind, Result},
    ops::route::{
        batch,
        confirm::confirm,
        decide::{Decision, Trace, trace},
        report::{Report, Step, Steps},
    },
};
use hyper::{Request, Response, StatusCode, body::Incoming};
use serde::Serialize;
use std::time::Duration;
use tokio::time::Instant;

/// How long Helix may take to say whether a twin is there. It bounds itself more tightly; less would keep it from
/// remembering that it said nothing.
const ASKING: Duration = Duration::from_secs(5);

/// A decision as the answer to `/v1/decide`.
#[derive(Serialize)]
struct Decided<'a> {
    schema: u32,
    #[serde(flatten)]
    report: Report<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<&'a [Step]>,
}

/// The steps of a decision, where somebody wants them.
struct Wanted(Option<Steps>);

impl Trace for Wanted {
    fn step(&mut self, rule: &str, matched: bool, why: impl FnOnce() -> String) {
        if let Some(steps) = &mut self.0 {
            steps.step(rule, matched, why);
        }
    }
}

/// Answers `/v1/decide`: with `?trace=true` with the steps.
pub(super) async fn one(shared: &Shared, request: Request<Incoming>) -> Response<Answer> {
    let traced = match traced(request.uri().query()) {
        Ok(traced) => traced,
        Err(error) => return failed(StatusCode::BAD_REQUEST, &error),
    };
    if !is_json(request.headers()).unwrap_or(true) {
        let error = Error::new(Kind::Usage, "the job is marked as something else than JSON");
        let error = error.hint("send Content-Type: application/json, or none");
        return failed_closing(StatusCode::UNSUPPORTED_MEDIA_TYPE, &error);
    }
    let body = match take(shared, request, JOB_MAX, shared.patience).await {
        Ok(body) => body,
        Err((status, error)) => return failed_closing(status, &error),
    };
    let job = match batch::read(&body.bytes) {
        Ok(job) => job,
        Err(error) => return failed(StatusCode::BAD_REQUEST, &error),
    };
    let snapshot = shared.snapshot();
    let mut steps = Wanted((traced || shared.helix.is_some()).then(Steps::default));
    let answer = match trace(&snapshot.rules, &job, &mut steps) {
        Ok(decision) => {
            let decision = asked(shared, &snapshot, decision, &mut steps).await;
            let steps = steps.0.unwrap_or_default();
            let answer = told(&snapshot, &decision, traced.then_some(&*steps.0));
            if shared.helix.is_some() {
                // The rules alone do not tell what Helix said.
                shared.ledger.decided(&snapshot.rules, &job, &decision, &steps);
                return answer;
            }
            shared.ledger.metrics.decided(&snapshot.counters, &decision);
            answer
        }
        Err(error) if error.kind() == Kind::NotFound => failed(StatusCode::NOT_FOUND, &error),
        Err(error) => failed(StatusCode::BAD_REQUEST, &error),
    };
    shared.ledger.record(&snapshot.rules, job, body.bytes.len());
    answer
}

/// Asks Helix where that is wanted. When too many wait for it already, the rules' word counts, as when it is silent.
async fn asked<'a>(
    shared: &Shared,
    snapshot: &'a Snapshot,
    decision: Decision<'a>,
    steps: &mut Wanted,
) -> Decision<'a> {
    let permit = shared.asking.try_acquire().ok();
    let helix = shared.helix.as_deref().filter(|_| permit.is_some());
    confirm(&snapshot.rules, decision, helix, Instant::now() + ASKING, steps).await
}

fn told(snapshot: &Snapshot, decision: &Decision<'_>, trace: Option<&[Step]>) -> Response<Answer> {
    let mut json = Vec::with_capacity(512);
    let decided = Decided { schema: 1, report: Report::new(&snapshot.rules, decision), trace };
    match serde_json::to_writer(&mut json, &decided) {
        Ok(()) => typed(StatusCode::OK, JSON, json),
        Err(e) => {
            let error = Error::new(Kind::Internal, "writing the decision").with_source(e);
            failed(StatusCode::INTERNAL_SERVER_ERROR, &error)
        }
    }
}

fn traced(query: Option<&str>) -> Result<bool> {
    match query {
        None | Some("" | "trace=false") => Ok(false),
        Some("trace=true") => Ok(true),
        Some(_) => Err(Error::new(Kind::Usage, "the query is not understood").hint("use ?trace=true, or none")),
    }
}
