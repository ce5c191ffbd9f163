//! A pool provider's answer to a CI system that wants an agent, apart from how calls arrive.
//!
//! Calls are served one after another by who sends them, and each has 30 s: being slow hurts everybody. So everything happens
//! within one deadline, and early accept answers before the job is looked up.

mod call;
mod late;

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
use late::{Late, Promise, TELLING};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

const TOO_MANY: &str = "too many look-ups under way";

/// How acquire calls are served.
#[derive(Debug, Default)]
pub struct Options {
    /// Calls must be signed with it; without one they need not be.
    pub secret: Option<Secret>,
    /// How long a call may take in all. Where a job is to be sent, looking up has 60 % of it and asking for the queue ends at 80 %.
    pub deadline: Duration,
    /// Answer first, where a job is to be sent.
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
    /// There was too much to do, or the service stops.
    Busy,
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
            Outcome::Busy => "busy",
        }
    }

    /// The HTTP status of the answer.
    pub fn status(self) -> u16 {
        match self {
            Outcome::Accepted | Outcome::AcceptedEarly => 200,
            Outcome::UnknownQueue => 404,
            Outcome::BadSignature => 401,
            Outcome::BadRequest => 400,
            Outcome::Failed | Outcome::Busy => 503,
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
    /// The answer to a call that gets no agent.
    pub fn refused(outcome: Outcome, why: &Error) -> Answer {
        let body = json!({ "accepted": false, "message": why.message(), "hints": why.hints() });
        Answer { outcome, body }
    }
}

/// A call as it arrived.
#[derive(Debug, Clone)]
pub struct Received<'a> {
    /// The rules to decide by.
    pub rules: Arc<Rules>,
    /// The body, which is what the signature is of.
    pub body: &'a [u8],
    /// The header `X-Azure-Signature`.
    pub signature: Option<&'a str>,
    /// When it arrived.
    pub arrived: Instant,
    /// There is no room for another look-up: it is decided without one where nothing is to be sent, and refused where
    /// something is.
    pub busy: bool,
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

/// A call that had been accepted, and whose job was not sent.
#[derive(Debug, Clone, Copy)]
pub struct FailedLate<'a> {
    /// The id of the agent wanted.
    pub id: &'a str,
    /// Why.
    pub error: &'a Error,
    /// Why the CI system could not be told.
    pub untold: Option<&'a Error>,
}

/// Hears of decisions, also of those that are made after the answer.
pub trait Observer: Send + Sync {
    /// A decision was made.
    fn decided(&self, decided: Decided<'_>);
    /// A call whose queue cannot be decided was refused.
    fn undecided(&self, rules: &Arc<Rules>, job: Job);
    /// A call that had been accepted failed, and the CI system was told or could not be.
    fn failed_late(&self, failed: FailedLate<'_>);
    /// The work on a call that had been accepted has ended, so long after the call arrived.
    fn ended_late(&self, after: Duration);
}

/// Serves acquire calls. Clones serve together.
#[derive(Clone)]
pub struct Acquirer {
    client: Client,
    options: Arc<Options>,
    observer: Arc<dyn Observer>,
    late: Arc<Late>,
}

impl Acquirer {
    /// A server that works on nothing yet.
    pub fn new(client: Client, options: Options, observer: Arc<dyn Observer>) -> Acquirer {
        Acquirer { client, options: Arc::new(options), observer, late: Late::new() }
    }

    /// Answers a call. Needs a tokio runtime for what is done after the answer.
    pub async fn answer(&self, call: Received<'_>) -> Answer {
        if let Some(secret) = &self.options.secret
            && !call.signature.is_some_and(|signature| secret.signed(call.body, signature))
        {
            let error = Error::new(Kind::Denied, "the signature of the call is missing or wrong")
                .hint("X-Azure-Signature has the hexadecimal HMAC-SHA512 of the body under the shared secret");
            return Answer::refused(Outcome::BadSignature, &error);
        }
        let wanted = match Wanted::parse(call.body) {
            Ok(wanted) => wanted,
            Err(error) => return Answer::refused(Outcome::BadRequest, &error),
        };
        let job = Job { queue: wanted.agent_specification.queue.clone(), ..Job::default() };
        // An unknown queue is not worth a look-up, and must be told before the call is accepted.
        if let Err(error) = decide(&call.rules, &job) {
            self.observer.undecided(&call.rules, job);
            let outcome = if error.kind() == Kind::NotFound { Outcome::UnknownQueue } else { Outcome::BadRequest };
            return Answer::refused(outcome, &error);
        }
        let work = Work { id: wanted.id(), wanted, job, arrived: call.arrived, busy: call.busy };
        let sends = self.sends().is_some();
        if self.options.early_accept
            && sends
            && let Some(promise) = self.late.promise()
        {
            let data = json!({ "queue": work.job.queue, "correlationId": work.id, "pending": true });
            tokio::spawn(self.clone().finish_late(call.rules, Work { busy: false, ..work }, promise));
            return Answer { outcome: Outcome::AcceptedEarly, body: json!({ "accepted": true, "agentData": data }) };
        }
        if work.busy && sends {
            let error = Error::new(Kind::Transient, TOO_MANY).hint("ask again in a second");
            return Answer::refused(Outcome::Busy, &error);
        }
        match self.finish(&call.rules, work).await {
            Ok(data) => Answer { outcome: Outcome::Accepted, body: json!({ "accepted": true, "agentData": data }) },
            Err(error) => Answer::refused(Outcome::Failed, &error),
        }
    }

    /// Waits until nothing is worked on any more, at most `limit`. What is not done shortly before is given up, and the CI
    /// system is told. Returns how many jobs were given up. New calls are answered when they are done from then on.
    pub async fn drain(&self, limit: Duration) -> usize {
        self.late.drain(limit).await
    }

    /// Where jobs are sent, and what.
    fn sends(&self) -> Option<(&Helix, &HelixJob)> {
        self.options.helix.as_deref().zip(self.options.template.as_ref())
    }
}

/// A call that is worth working on.
struct Work {
    id: String,
    wanted: Wanted,
    job: Job,
    arrived: Instant,
    /// There is no room to look it up.
    busy: bool,
}

impl Acquirer {
    async fn finish_late(self, rules: Arc<Rules>, work: Work, promise: Promise) {
        let (token, arrived) = (work.token(), work.arrived);
        let (id, url) = (work.id.clone(), work.wanted.fail_request_url.clone());
        // What is done is done, even if the service stops in that moment.
        let (ended, promise) = tokio::select! {
            biased;
            ended = self.finish(&rules, work) => (ended, Some(promise)),
            () = self.late.stopped() => (Err(Error::new(Kind::Interrupted, "the service stopped")), None),
        };
        if let Err(error) = ended {
            let untold = self.tell(url.as_deref(), token.as_ref(), &id, &error).await.err();
            self.observer.failed_late(FailedLate { id: &id, error: &error, untold: untold.as_ref() });
        }
        self.observer.ended_late(arrived.elapsed());
        promise.into_iter().for_each(Promise::ended);
    }

    /// Looks the job up, decides, and sends it. Returns what the answer says of it.
    async fn finish(&self, rules: &Rules, mut work: Work) -> Result<Value> {
        let options = &*self.options;
        let sends = self.sends();
        let part = |percent: u32| work.arrived + options.deadline * percent / 100;
        let looked_up = part(if sends.is_some() { 60 } else { 100 });
        let (asked, end) = (part(80), part(100));
        let lookup = match work.busy {
            true => {
                work.job.lookup_failed = Some(TOO_MANY.into());
                Some(Cause::Busy)
            }
            false => self.look_up(&mut work, looked_up).await,
        };
        let mut steps = Steps::default();
        let decision = trace(rules, &work.job, &mut steps)?;
        let helix = options.helix.as_deref().filter(|_| !work.busy);
        let decision = confirm(rules, decision, helix, asked, &mut steps).await;
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
        let why = [vec![error.to_string()], error.causes()].concat().join(": ");
        let message = json!({ "message": format!("ci-tool could not send the job {id}: {why}") });
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
