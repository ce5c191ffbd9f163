//! A pool provider's answer to a CI system that wants an agent, apart from how calls arrive.
//!
//! Calls are served one after another by who sends them, and each has 30 s: being slow hurts everybody. So everything happens
//! within one deadline, and early accept answers before the job is looked up.

mod call;

pub use call::Secret;

use super::{
    confirm::confirm,
    decide::{Decision, decide, trace},
    job::Job,
    lookup::{Cause, Lookup},
    report::{Report, Steps},
    rules::Rules,
    submit::{HelixJob, PREFIX},
};
use crate::{
    engine::helix::{Helix, Taken},
    error::{Error, Kind, Result},
    http::{self, Auth, Call, Client, Repeat, Token, Url},
};
use bytes::Bytes;
use call::Wanted;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

/// How many calls may be worked on after their answer. The next ones are answered when they are done.
const LATE_MAX: u32 = 256;
/// How long telling the CI system of a late failure may take.
const TELLING: Duration = Duration::from_secs(5);

/// How acquire calls are served.
#[derive(Debug, Default)]
pub struct Options {
    /// Calls must be signed with it; without one they need not be.
    pub secret: Option<Secret>,
    /// How long a call may take in all. Where a job is to be sent, looking up has 60 % of it and asking for the queue ends at 80 %.
    pub deadline: Duration,
    /// Answer first.
    pub early_accept: bool,
    /// Asked whether twins exist.
    pub helix: Option<Arc<Helix>>,
    /// The job that is sent to Helix for each call; without one nothing is sent.
    pub template: Option<HelixJob>,
}

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The job has a queue.
    Accepted,
    /// The job will have a queue.
    AcceptedEarly,
    /// The queue is not in the rules.
    UnknownQueue,
    /// The signature is missing or wrong.
    BadSignature,
    /// The call is none.
    BadRequest,
    /// Helix did not take the job.
    Failed,
}

impl Outcome {
    /// The name in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Accepted => "accepted",
            Outcome::AcceptedEarly => "accepted_early",
            Outcome::UnknownQueue => "unknown_queue",
            Outcome::BadSignature => "bad_signature",
            Outcome::BadRequest => "bad_request",
            Outcome::Failed => "failed",
        }
    }

    /// The HTTP status of the answer.
    pub fn status(self) -> u16 {
        match self {
            Outcome::Accepted | Outcome::AcceptedEarly => 200,
            Outcome::UnknownQueue => 404,
            Outcome::BadSignature => 401,
            Outcome::BadRequest => 400,
            Outcome::Failed => 503,
        }
    }
}

/// The answer to a call.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// What became of it.
    pub outcome: Outcome,
    /// JSON: `accepted`, and `agentData` or `message`.
    pub body: Value,
}

impl Answer {
    fn refused(outcome: Outcome, why: &Error) -> Answer {
        let body = json!({ "accepted": false, "message": why.message(), "hints": why.hints() });
        Answer { outcome, body }
    }
}

/// A decision that was made for a call.
#[derive(Debug, Clone, Copy)]
pub struct Decided<'a> {
    /// The id of the agent wanted.
    pub id: &'a str,
    /// The rules that decided.
    pub rules: &'a Rules,
    /// What was known.
    pub job: &'a Job,
    /// The decision.
    pub decision: &'a Decision<'a>,
    /// How it came about.
    pub steps: &'a Steps,
    /// Why the job could not be looked up.
    pub lookup: Option<Cause>,
}

/// Hears of decisions, also of those that are made after the answer.
pub trait Observer: Send + Sync {
    /// A decision was made.
    fn decided(&self, decided: Decided<'_>);
    /// A call that had been accepted failed; the CI system is told next.
    fn failed_late(&self, id: &str, error: &Error);
}

/// Serves acquire calls. Clones serve together.
#[derive(Clone)]
pub struct Acquirer {
    client: Client,
    options: Arc<Options>,
    observer: Arc<dyn Observer>,
    late: Arc<Semaphore>,
}

impl Acquirer {
    /// A server that works on nothing yet.
    pub fn new(client: Client, options: Options, observer: Arc<dyn Observer>) -> Acquirer {
        let late = Arc::new(Semaphore::new(LATE_MAX as usize));
        Acquirer { client, options: Arc::new(options), observer, late }
    }

    /// Answers a call that arrived at `arrived`. `signature` is its header `X-Azure-Signature`. Needs a tokio runtime for what
    /// is done after the answer.
    pub async fn answer(&self, rules: Arc<Rules>, body: &[u8], signature: Option<&str>, arrived: Instant) -> Answer {
        if let Some(secret) = &self.options.secret
            && !signature.is_some_and(|signature| secret.signed(body, signature))
        {
            let error = Error::new(Kind::Denied, "the signature of the call is missing or wrong")
                .hint("X-Azure-Signature has the hexadecimal HMAC-SHA512 of the body under the shared secret");
            return Answer::refused(Outcome::BadSignature, &error);
        }
        let wanted = match Wanted::parse(body) {
            Ok(wanted) => wanted,
            Err(error) => return Answer::refused(Outcome::BadRequest, &error),
        };
        let job = Job { queue: wanted.agent_specification.queue.clone(), ..Job::default() };
        // An unknown queue is not worth a look-up, and must be told before the call is accepted.
        if let Err(error) = decide(&rules, &job) {
            let outcome = if error.kind() == Kind::NotFound { Outcome::UnknownQueue } else { Outcome::BadRequest };
            return Answer::refused(outcome, &error);
        }
        let work = Work { id: wanted.id(), wanted, job, arrived };
        if self.options.early_accept
            && let Ok(permit) = Arc::clone(&self.late).try_acquire_owned()
        {
            let data = json!({ "queue": work.job.queue, "correlationId": work.id, "pending": true });
            tokio::spawn(self.clone().finish_late(rules, work, permit));
            return Answer { outcome: Outcome::AcceptedEarly, body: json!({ "accepted": true, "agentData": data }) };
        }
        match self.finish(&rules, work).await {
            Ok(data) => Answer { outcome: Outcome::Accepted, body: json!({ "accepted": true, "agentData": data }) },
            Err(error) => Answer::refused(Outcome::Failed, &error),
        }
    }

    /// Waits until nothing is worked on any more, at most `limit`. Returns whether that was so. New calls are answered when
    /// they are done from then on.
    pub async fn drain(&self, limit: Duration) -> bool {
        let all = tokio::time::timeout(limit, self.late.acquire_many(LATE_MAX)).await;
        self.late.close();
        matches!(all, Ok(Ok(_)))
    }
}

/// A call that is worth working on.
struct Work {
    id: String,
    wanted: Wanted,
    job: Job,
    arrived: Instant,
}

impl Acquirer {
    async fn finish_late(self, rules: Arc<Rules>, work: Work, permit: OwnedSemaphorePermit) {
        let token = work.token();
        let (id, url) = (work.id.clone(), work.wanted.fail_request_url.clone());
        if let Err(error) = self.finish(&rules, work).await {
            self.observer.failed_late(&id, &error);
            if let Err(error) = self.tell(url.as_deref(), token.as_ref(), &id, &error).await {
                tracing::error!("the failure of {id} could not be told: {error}: {}", error.causes().join(": "));
            }
        }
        drop(permit);
    }

    /// Looks the job up, decides, and sends it. Returns what the answer says of it.
    async fn finish(&self, rules: &Rules, mut work: Work) -> Result<Value> {
        let options = &*self.options;
        let sends = options.helix.as_deref().zip(options.template.as_ref());
        let part = |percent: u32| work.arrived + options.deadline * percent / 100;
        let looked_up = part(if sends.is_some() { 60 } else { 100 });
        let (asked, end) = (part(80), part(100));
        let lookup = self.look_up(&mut work, looked_up).await;
        let mut steps = Steps::default();
        let decision = trace(rules, &work.job, &mut steps)?;
        let decision = confirm(rules, decision, options.helix.as_deref(), asked, &mut steps).await;
        let decided = Decided { id: &work.id, rules, job: &work.job, decision: &decision, steps: &steps, lookup };
        self.observer.decided(decided);
        let taken = match sends {
            Some(sends) => Some(self.submit(sends, rules, &work, &decision, end).await?),
            None => None,
        };
        Ok(agent_data(rules, &work.id, &decision, taken.as_ref()))
    }

    async fn look_up(&self, work: &mut Work, deadline: Instant) -> Option<Cause> {
        let prepared = work.lookup();
        let (url, token) = match prepared {
            Ok(prepared) => prepared,
            Err(error) => {
                work.job.lookup_failed = Some(error.message().to_owned());
                return Some(Cause::Refused);
            }
        };
        Lookup { url: &url, token: &token, deadline }.learn(&self.client, &mut work.job).await
    }

    async fn submit(
        &self,
        (helix, template): (&Helix, &HelixJob),
        rules: &Rules,
        work: &Work,
        decision: &Decision<'_>,
        deadline: Instant,
    ) -> Result<Taken> {
        let mut job = template.routed(rules, &work.job, decision);
        if let Some(Value::Object(properties)) = job.get_mut("Properties") {
            properties.insert(format!("{PREFIX}id"), work.id.as_str().into());
        }
        helix.submit(&job, &work.id, deadline).await
    }

    /// Tells the CI system that an agent that was promised does not come.
    async fn tell(&self, url: Option<&str>, token: Option<&Token>, id: &str, error: &Error) -> Result<()> {
        let none = || Error::new(Kind::Usage, "the call had no failRequestUrl");
        let url = http::address(url.ok_or_else(none)?)?;
        let causes = error.causes().join(": ");
        let message = json!({ "message": format!("ci-tool could not send the job {id}: {error}: {causes}") });
        let call = Call {
            auth: token.map(Auth::Bearer),
            // Being told twice that it failed does no harm.
            repeat: Repeat::Safe,
            ..Call::post(&url, Bytes::from(message.to_string()), Instant::now() + TELLING)
        };
        self.client.send(&call).await.map(drop)
    }
}

impl Work {
    fn lookup(&self) -> Result<(Url, Token)> {
        let none = || Error::new(Kind::Usage, "the call had no getAssociatedJobUrl");
        let url = http::address(self.wanted.get_associated_job_url.as_deref().ok_or_else(none)?)?;
        let token = self.token().ok_or_else(|| Error::new(Kind::Usage, "the call had no authenticationToken"))?;
        Ok((url, token))
    }

    fn token(&self) -> Option<Token> {
        Token::new(self.wanted.authentication_token.as_deref()?).ok()
    }
}

/// What the answer says of a decision.
fn agent_data(rules: &Rules, id: &str, decision: &Decision<'_>, taken: Option<&Taken>) -> Value {
    let report = Report::new(rules, decision);
    json!({
        "queue": report.queue.to_string(),
        "correlationId": id,
        "asked": report.asked.to_string(),
        "redirected": report.redirected,
        "rule": report.rule,
        "reason": report.reason,
        "subscription": report.subscription,
        "scaleSet": report.scale_set,
        "event": report.event,
        "rules": report.rules,
        "helixJob": taken.map(|taken| &taken.name),
    })
}
