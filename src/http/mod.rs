//! The one HTTP client: deadlines, bounded answers, retries, and tokens that go nowhere else.

mod failure;
mod token;

pub use failure::Failure;
pub use reqwest::{Method, Url};
pub use token::{Token, address, is_loopback, may_have_token, shown};

use crate::error::{Error, Kind, Result, RetryAfter};
use backon::{BackoffBuilder, ExponentialBuilder};
use bytes::{Bytes, BytesMut};
use reqwest::{Request, Response, header, redirect};
use std::{
    io::Write,
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::time::Instant;

/// Answers are at most this long unless a call says otherwise, in bytes.
pub const ANSWER_MAX: usize = 4 << 20;
/// Of an answer that is no success, what is read and what is told, in bytes and in characters.
const COMPLAINT_READ: usize = 4096;
const COMPLAINT_TOLD: usize = 300;
/// Many services do not announce how long a complaint is; one that drips is not waited for.
const COMPLAINT_WAIT: Duration = Duration::from_secs(2);
const REDIRECTS: usize = 5;
const PAUSE: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// How a call shows who it comes from.
#[derive(Debug, Clone, Copy)]
pub enum Auth<'a> {
    /// `Authorization: Bearer …` (RFC 6750).
    Bearer(&'a Token),
    /// `Authorization: token …`, as Helix and GitHub know it.
    Token(&'a Token),
    /// `Authorization: Basic …` (RFC 7617): a user, who may have no name, and a password or token.
    Basic(&'a str, &'a Token),
}

impl Auth<'_> {
    fn token(&self) -> &Token {
        match self {
            Auth::Bearer(token) | Auth::Token(token) | Auth::Basic(_, token) => token,
        }
    }

    fn header(&self) -> Result<header::HeaderValue> {
        match self {
            Auth::Bearer(token) => token.header("Bearer"),
            Auth::Token(token) => token.header("token"),
            Auth::Basic(user, token) => token.basic(user),
        }
    }
}

/// What a call sends.
#[derive(Debug, Clone)]
pub struct Body {
    /// What it is.
    pub content_type: &'static str,
    /// The bytes.
    pub bytes: Bytes,
}

impl Body {
    /// JSON.
    pub fn json(bytes: impl Into<Bytes>) -> Body {
        Body { content_type: "application/json", bytes: bytes.into() }
    }

    /// The fields of a form (`application/x-www-form-urlencoded`).
    pub fn form<'f>(fields: impl IntoIterator<Item = (&'f str, &'f str)>) -> Body {
        let mut text = form_urlencoded::Serializer::new(String::new());
        text.extend_pairs(fields);
        Body { content_type: "application/x-www-form-urlencoded", bytes: text.finish().into() }
    }
}

/// Whether a call may be sent again when nobody knows what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// It changes nothing, or the service knows a repetition by its key.
    Safe,
    /// It is sent again only when it never arrived, or was refused for the rate of calls.
    Unsafe,
}

/// A call.
#[derive(Debug, Clone)]
pub struct Call<'a> {
    /// The method.
    pub method: Method,
    /// The address.
    pub url: &'a Url,
    /// Who calls.
    pub auth: Option<Auth<'a>>,
    /// Further headers.
    pub headers: &'a [(&'static str, &'a str)],
    /// What to send.
    pub body: Option<Body>,
    /// Whether redirects on the same server are followed. Where they are not, a redirect is an answer.
    pub follow: bool,
    /// When everything must be over: connecting, the answer with its body, retries and their pauses.
    pub deadline: Instant,
    /// The longest answer, in bytes.
    pub answer_max: usize,
    /// How often it is tried, the first time included.
    pub tries: usize,
    /// Whether it may be sent again.
    pub repeat: Repeat,
}

impl<'a> Call<'a> {
    /// A `GET`, tried up to three times.
    pub fn get(url: &'a Url, deadline: Instant) -> Call<'a> {
        Call {
            method: Method::GET,
            url,
            auth: None,
            headers: &[],
            body: None,
            follow: true,
            deadline,
            answer_max: ANSWER_MAX,
            tries: 3,
            repeat: Repeat::Safe,
        }
    }

    /// A `POST` of JSON, sent again only when it never arrived.
    pub fn post(url: &'a Url, json: Bytes, deadline: Instant) -> Call<'a> {
        Call { method: Method::POST, body: Some(Body::json(json)), repeat: Repeat::Unsafe, ..Call::get(url, deadline) }
    }
}

/// An answer that is a success, or a redirect that was not to be followed.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status, from 200 to 299, or to 399 where redirects are not followed.
    pub status: u16,
    /// The whole body.
    pub body: Bytes,
    headers: header::HeaderMap,
}

impl Answer {
    /// The first header of a name, where it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Every header of a name that is text.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.get_all(name).iter().filter_map(|value| value.to_str().ok())
    }
}

/// Sends calls and keeps connections for the next ones. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Client {
    /// Made when first used: reading the system's certificates takes a while.
    outside: Connections,
    /// For this machine, unencrypted: past any proxy, which would read the token.
    inside: Connections,
}

/// A client that follows redirects, and one that does not.
type Connections = Arc<[OnceLock<reqwest::Client>; 2]>;

impl Client {
    /// A client without connections.
    pub fn new() -> Client {
        Client::default()
    }

    /// Sends a call and reads its answer. Follows redirects on the same server only.
    ///
    /// # Errors
    /// With a [`Failure`] as cause: `Transient` when the deadline passed, no connection came about, it broke, or the service
    /// answered 408, 429 or 5xx to the last try, or 403 with a time to come back at; `Denied` for 401 and 403; `NotFound` for 404 and 410; `Exists` for 409;
    /// `Precondition` for 412; `Usage` for 400 and 422; `Corrupt` for an answer that is too long; `Unsupported` for other
    /// statuses, redirects elsewhere among them. Without one: `Usage` for a token that would travel unencrypted.
    pub async fn send(&self, call: &Call<'_>) -> Result<Answer> {
        let request = request(call)?;
        let client = self.client(call)?;
        let tries = async {
            let mut pauses = ExponentialBuilder::default()
                .with_min_delay(PAUSE)
                .with_max_delay(PAUSE_MAX)
                .with_max_times(call.tries.saturating_sub(1))
                .with_jitter()
                .build();
            loop {
                // The body is bytes: the request can always be copied.
                let Some(request) = request.try_clone() else { return Err(Failure::Broken("no copy".into())) };
                let next = pauses.next();
                // One that hangs leaves time for another one.
                let limit = match (call.repeat, next) {
                    (Repeat::Safe, Some(_)) => Instant::now() + call.deadline.duration_since(Instant::now()) / 2,
                    _ => call.deadline,
                };
                let tried = tokio::time::timeout_at(limit, attempt(client, request, call)).await;
                let failure = match tried.unwrap_or(Err(Failure::TimedOut)) {
                    Ok(answer) => return Ok(answer),
                    Err(failure) => failure,
                };
                let Some(pause) = next.filter(|_| again(&failure, call.repeat)) else { return Err(failure) };
                let pause = match failure {
                    Failure::Status { retry_after: Some(RetryAfter(asked)), .. } => pause.max(asked),
                    _ => pause,
                };
                if call.deadline.duration_since(Instant::now()) <= pause {
                    return Err(failure);
                }
                tracing::info!("{} {}: {failure}; again in {pause:.1?}", call.method, shown(call.url));
                tokio::time::sleep(pause).await;
            }
        };
        let result = tokio::time::timeout_at(call.deadline, tries).await;
        result.unwrap_or(Err(Failure::TimedOut)).map_err(|failure| failure.error(call))
    }

    /// Sends a `GET` once and hands its body on as it comes; returns the answer without it. What was handed on before an
    /// error stays there.
    ///
    /// # Errors
    /// Those of [`Client::send`]; `Internal` when the bytes cannot be written.
    pub async fn download(&self, call: &Call<'_>, to: &mut (dyn Write + Send)) -> Result<Answer> {
        let request = request(call)?;
        let client = self.client(call)?;
        let copy = async {
            let mut response = accepted(client, request, call).await?;
            let mut room = call.answer_max;
            let mut written = Ok(());
            while let (Ok(()), Some(chunk)) = (&written, response.chunk().await.map_err(|e| Failure::of(&e))?) {
                room = room.checked_sub(chunk.len()).ok_or(Failure::TooLarge(call.answer_max))?;
                written = to.write_all(&chunk);
            }
            let (status, headers) = (response.status().as_u16(), std::mem::take(response.headers_mut()));
            Ok((Answer { status, headers, body: Bytes::new() }, written))
        };
        let result = tokio::time::timeout_at(call.deadline, copy).await;
        let (answer, written) = result.unwrap_or(Err(Failure::TimedOut)).map_err(|failure| failure.error(call))?;
        written.map_err(|e| {
            Error::new(Kind::Internal, format!("writing what {} answers", shown(call.url))).with_source(e)
        })?;
        Ok(answer)
    }

    fn client(&self, call: &Call<'_>) -> Result<&reqwest::Client> {
        let inside = call.url.scheme() == "http" && is_loopback(call.url);
        let place = if inside { &self.inside } else { &self.outside };
        let place = &place[usize::from(call.follow)];
        let policy = if call.follow { redirect::Policy::custom(same_server) } else { redirect::Policy::none() };
        if let Some(client) = place.get() {
            return Ok(client);
        }
        let builder = reqwest::Client::builder()
            .user_agent(concat!("ci-tool/", env!("CARGO_PKG_VERSION")))
            .redirect(policy)
            .referer(false)
            .pool_idle_timeout(Duration::from_secs(60));
        let builder = if inside { builder.no_proxy().tls_certs_only([]) } else { builder };
        let client = builder
            .build()
            .map_err(|e| Error::new(Kind::Internal, "preparing HTTP calls").with_source(e.without_url()))?;
        Ok(place.get_or_init(|| client))
    }
}

fn same_server(attempt: redirect::Attempt<'_>) -> redirect::Action {
    let same = attempt.previous().last().is_some_and(|from| from.origin() == attempt.url().origin());
    if same && attempt.previous().len() <= REDIRECTS { attempt.follow() } else { attempt.stop() }
}

fn request(call: &Call<'_>) -> Result<Request> {
    let mut request = Request::new(call.method.clone(), call.url.clone());
    let headers = request.headers_mut();
    headers.insert(header::ACCEPT, header::HeaderValue::from_static("application/json"));
    if let Some(auth) = call.auth {
        may_have_token(call.url)?;
        headers.insert(header::AUTHORIZATION, auth.header()?);
    }
    for (name, value) in call.headers {
        let mut value = header::HeaderValue::from_str(value)
            .map_err(|e| Error::new(Kind::Usage, format!("the header {name} cannot be sent")).with_source(e))?;
        value.set_sensitive(name.eq_ignore_ascii_case("cookie"));
        headers.insert(*name, value);
    }
    if let Some(body) = &call.body {
        headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(body.content_type));
        *request.body_mut() = Some(body.bytes.clone().into());
    }
    Ok(request)
}

/// Whether another try can help and does no harm.
fn again(failure: &Failure, repeat: Repeat) -> bool {
    match failure {
        Failure::Unreachable(_) => true,
        throttled if throttled.is_throttled() => true,
        Failure::Broken(_) | Failure::TimedOut | Failure::Status { status: 408 | 500.., .. } => repeat == Repeat::Safe,
        Failure::Status { .. } | Failure::TooLarge(_) => false,
    }
}

async fn attempt(client: &reqwest::Client, request: Request, call: &Call<'_>) -> Result<Answer, Failure> {
    let mut response = accepted(client, request, call).await?;
    let body = read(&mut response, call.answer_max).await?;
    Ok(Answer { status: response.status().as_u16(), headers: std::mem::take(response.headers_mut()), body })
}

/// The answer before its body, where the service did what was asked.
async fn accepted(client: &reqwest::Client, request: Request, call: &Call<'_>) -> Result<Response, Failure> {
    let mut response = client.execute(request).await.map_err(|e| Failure::of(&e))?;
    let status = response.status();
    if status.is_success() || status.is_redirection() && !call.follow {
        return Ok(response);
    }
    let retry_after = failure::retry_after(response.headers(), std::time::SystemTime::now());
    // What the service says matters less than that it refused.
    let body = tokio::time::timeout(COMPLAINT_WAIT, read(&mut response, COMPLAINT_READ)).await;
    let body = body.ok().and_then(Result::ok).unwrap_or_default();
    Err(Failure::Status { status: status.as_u16(), said: complaint(&body, call.auth), retry_after })
}

/// Reads a body up to `max` bytes, and no further.
async fn read(response: &mut Response, max: usize) -> Result<Bytes, Failure> {
    if response.content_length().is_some_and(|length| length > max as u64) {
        return Err(Failure::TooLarge(max));
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| Failure::of(&e))? {
        if body.len() + chunk.len() > max {
            return Err(Failure::TooLarge(max));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn complaint(body: &[u8], auth: Option<Auth<'_>>) -> String {
    let text = String::from_utf8_lossy(body);
    let line = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line = line.collect::<Vec<_>>().join(" ");
    let line = auth.map_or(line.clone(), |auth| auth.token().hide(&line));
    line.chars().take(COMPLAINT_TOLD).collect()
}
