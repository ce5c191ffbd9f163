//! Helix, the service that runs test jobs on queues of machines. Addresses and shapes: api-version 2019-06-17.

mod known;

use crate::{
    error::{Context, Error, Kind, Result},
    http::{self, Auth, Call, Client, Repeat, Token, Url},
};
use bytes::Bytes;
use known::Known;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// The variable that holds the token unless another is named.
pub const TOKEN_VARIABLE: &str = "HELIX_ACCESS_TOKEN";
const API_VERSION: &str = "2019-06-17";
/// How long asking for a queue may take: the answer is worth less than the job's time.
const ASKING: Duration = Duration::from_secs(2);
/// What is known of a queue takes a few hundred bytes, of a job that was made less.
const ANSWER_MAX: usize = 256 << 10;

/// Whether a queue is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Helix has it.
    Present,
    /// Helix does not have it.
    Missing,
    /// Helix did not say in time, or not so that it could be understood.
    Unknown,
}

/// A Helix service.
#[derive(Debug)]
pub struct Helix {
    client: Client,
    base: Url,
    token: Option<Token>,
    known: Mutex<Known>,
}

/// A job that Helix has taken.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Taken {
    /// Its id, which Helix calls its name.
    pub name: String,
}

impl Helix {
    /// A service at an address, for example `https://helix.dot.net`. Without a token, what is open to all can be asked for.
    ///
    /// # Errors
    /// `Usage` for an address that is none, that holds a secret, or to which the token would travel unencrypted.
    pub fn new(client: Client, base: &str, token: Option<Token>) -> Result<Helix> {
        let reading = || "reading the address of Helix".to_owned();
        let mut base = http::address(base).context(reading)?;
        if base.query().is_some() || base.password().is_some() || !base.username().is_empty() {
            let error = Error::new(Kind::Usage, "the address holds a secret or options");
            return Err(error.hint(format!("put the token into the environment variable {TOKEN_VARIABLE}")))
                .context(reading);
        }
        if token.is_some() {
            http::may_have_token(&base).context(reading)?;
        }
        base.set_fragment(None);
        Ok(Helix { client, base, token, known: Mutex::default() })
    }

    /// Whether there is a queue with a name, as far as Helix says within 2 s and before `deadline`. What it said is believed
    /// for 60 s, that a queue is missing or that it said nothing for 10 s, so that a slow Helix is not waited for every time.
    pub async fn presence(&self, queue: &str, deadline: Instant) -> Presence {
        let now = Instant::now();
        if let Some(presence) = self.known().get(queue, now) {
            return presence;
        }
        let url = self.url(&["api", "info", "queues", queue]);
        let hurried = deadline < now + ASKING;
        let deadline = deadline.min(now + ASKING);
        let call = Call { auth: self.auth(), answer_max: ANSWER_MAX, tries: 2, ..Call::get(&url, deadline) };
        let presence = match self.client.send(&call).await {
            Ok(answer) if is_queue(&answer.body, queue) => Presence::Present,
            Ok(_) => {
                tracing::warn!("what Helix says of the queue {queue} is no queue");
                Presence::Unknown
            }
            Err(error) if error.kind() == Kind::NotFound => Presence::Missing,
            Err(error) => {
                tracing::warn!("Helix does not say whether the queue {queue} is there: {}", error.causes().join(": "));
                Presence::Unknown
            }
        };
        // What one job had no time to wait for, the next may have.
        if presence != Presence::Unknown || !hurried {
            self.known().put(queue, presence, Instant::now());
        }
        presence
    }

    /// Hands a job over. The same key is the same job, however often it is sent, so that it is sent again when the answer was
    /// lost.
    ///
    /// # Errors
    /// Those of [`Client::send`]; `Corrupt` when what Helix answers names no job.
    pub async fn submit(&self, job: &Map<String, Value>, key: &str, deadline: Instant) -> Result<Taken> {
        let url = self.url(&["api", "jobs"]);
        let body =
            serde_json::to_vec(job).map_err(|e| Error::new(Kind::Internal, "writing the Helix job").with_source(e))?;
        let call = Call {
            auth: self.auth(),
            headers: &[("idempotency-key", key)],
            answer_max: ANSWER_MAX,
            repeat: Repeat::Safe,
            ..Call::post(&url, Bytes::from(body), deadline)
        };
        let answer = self.client.send(&call).await.context(|| "sending the job to Helix".into())?;
        let taken = serde_json::from_slice::<Taken>(&answer.body).ok().filter(|taken| !taken.name.trim().is_empty());
        // The answer is not repeated: it holds the token that cancels the job.
        taken.ok_or_else(|| {
            Error::new(Kind::Corrupt, format!("Helix answered {} and names no job", answer.status))
                .hint("send it again: the key makes it the same job")
        })
    }

    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        // An address with http or https has a path.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url.query_pairs_mut().append_pair("api-version", API_VERSION);
        url
    }

    fn auth(&self) -> Option<Auth<'_>> {
        self.token.as_ref().map(Auth::Token)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        // Every state that a panic could leave behind is a valid one.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether an answer tells of the queue that was asked for. A sign-in page, or another queue, does not.
fn is_queue(body: &[u8], asked: &str) -> bool {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Queue {
        queue_id: String,
    }
    serde_json::from_slice::<Queue>(body).is_ok_and(|queue| queue.queue_id.eq_ignore_ascii_case(asked))
}
