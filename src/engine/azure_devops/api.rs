//! The calls to Azure DevOps: addresses, credentials, pages, and the pace that it asks for.

use super::shapes::List;
use crate::{
    engine::{Spec, Surroundings},
    error::{Context, Error, Kind, Result, RetryAfter},
    http::{self, Answer, Auth, Body, Call, Client, Method, Repeat, Token, Url},
};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{
    io::Write,
    marker::PhantomData,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

const API_VERSION: &str = "7.1";
const DEADLINE: Duration = Duration::from_secs(30);
/// A page of whole definitions, with their steps, is the longest answer.
const ANSWER_MAX: usize = 32 << 20;
const FILE_DEADLINE: Duration = Duration::from_secs(3600);

/// A project, and how to call it.
pub(super) struct Api {
    /// The engine's name in the configuration.
    pub(super) engine: String,
    client: Client,
    base: Url,
    credentials: Option<Credentials>,
    /// No call begins before: what the last answer asked for.
    not_before: Mutex<Option<Instant>>,
}

struct Credentials {
    user: String,
    token: Token,
    bearer: bool,
}

impl Api {
    pub(super) fn open(spec: &Spec, around: &Surroundings) -> Result<Api> {
        let engine = around.name.clone();
        let Some(project) = spec.project.as_deref().map(str::trim).filter(|project| !project.is_empty()) else {
            return Err(Error::new(Kind::Usage, format!("the engine {engine} names no project"))
                .hint(format!("in ci-tool.yaml: engines: {{{engine}: {{project: NAME}}}}")));
        };
        let mut base = spec.address(&engine)?;
        if spec.token_env.is_some() {
            http::may_have_token(&base).context(|| format!("reading the address of the engine {engine}"))?;
        }
        // An address with http or https has a path.
        if let Ok(mut segments) = base.path_segments_mut() {
            segments.pop_if_empty().extend([project, "_apis"]);
        }
        let credentials = spec.credentials(&engine, &around.env)?.map(|(user, token)| {
            let bearer = user.is_empty() && is_jwt(token.secret());
            Credentials { user, token, bearer }
        });
        Ok(Api { engine, client: around.client.clone(), base, credentials, not_before: Mutex::default() })
    }

    /// An address below the project's `_apis`.
    pub(super) fn url(&self, path: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.extend(path);
        }
        url.query_pairs_mut().extend_pairs(query).append_pair("api-version", API_VERSION);
        url
    }

    /// Reads one thing.
    pub(super) async fn get<T: DeserializeOwned>(&self, url: &Url, what: &str) -> Result<T> {
        let answer = self.send(&Call::get(url, deadline()), what).await?;
        self.read(&answer.body, what)
    }

    /// Reads one thing that may not be there yet: an answer without a body.
    pub(super) async fn get_if_any<T: DeserializeOwned>(&self, url: &Url, what: &str) -> Result<Option<T>> {
        let answer = self.send(&Call::get(url, deadline()), what).await?;
        if answer.body.is_empty() { Ok(None) } else { self.read(&answer.body, what) }
    }

    /// Posts something; again when nobody knows what became of it only where that does no harm.
    pub(super) async fn post(&self, url: &Url, body: &Value, repeat: Repeat, what: &str) -> Result<Bytes> {
        let call = Call { repeat, ..Call::post(url, body.to_string().into(), deadline()) };
        Ok(self.send(&call, what).await?.body)
    }

    /// Asks for a change; again when nobody knows what became of it only where that does no harm.
    pub(super) async fn patch(&self, url: &Url, body: &Value, repeat: Repeat, what: &str) -> Result<Bytes> {
        let body = Some(Body::json(body.to_string()));
        let call = Call { method: Method::PATCH, body, repeat, ..Call::get(url, deadline()) };
        Ok(self.send(&call, what).await?.body)
    }

    /// The pages of a list.
    pub(super) fn pages<T>(&self, url: Url, what: &'static str) -> Pages<'_, T> {
        Pages { api: self, url, what, token: None, ended: false, of: PhantomData }
    }

    /// Writes a text or a file. The token goes along where it may: see [`takes_token`].
    pub(super) async fn download(
        &self,
        url: &Url,
        accept: &'static str,
        what: &str,
        to: &mut (dyn Write + Send),
    ) -> Result<()> {
        let auth = self.auth().filter(|_| takes_token(&self.base, url));
        self.fetch(url, auth, accept, what, to).await
    }

    /// Writes what an address gives that is signed itself, and to which the token does not go.
    pub(super) async fn download_signed(&self, url: &Url, what: &str, to: &mut (dyn Write + Send)) -> Result<()> {
        self.fetch(url, None, "application/zip", what, to).await
    }

    async fn fetch(
        &self,
        url: &Url,
        auth: Option<Auth<'_>>,
        accept: &'static str,
        what: &str,
        to: &mut (dyn Write + Send),
    ) -> Result<()> {
        self.wait(Instant::now() + DEADLINE).await?;
        let headers = [("accept", accept)];
        let call =
            Call { auth, headers: &headers, answer_max: usize::MAX, ..Call::get(url, Instant::now() + FILE_DEADLINE) };
        let result = self.client.download(&call, to).await;
        self.pace(&result);
        let answer = result.context(|| self.doing(what))?;
        self.accept(answer, what).map(|_| ())
    }

    /// Understands an answer.
    pub(super) fn read<T: DeserializeOwned>(&self, body: &[u8], what: &str) -> Result<T> {
        serde_json::from_slice(body).map_err(|error| {
            let field = field_at(body, &error).map(|field| format!(": look at the field {field:?}"));
            let message =
                format!("the engine {} answers something unknown to {what}{}", self.engine, field.unwrap_or_default());
            Error::new(Kind::Corrupt, message)
                .with_source(error)
                .hint("check that url is the address of an Azure DevOps organization or collection")
        })
    }

    async fn send(&self, call: &Call<'_>, what: &str) -> Result<Answer> {
        self.wait(call.deadline).await.context(|| self.doing(what))?;
        // What was waited for is no time of the call's.
        let call =
            Call { auth: self.auth(), follow: false, answer_max: ANSWER_MAX, deadline: deadline(), ..call.clone() };
        let result = self.client.send(&call).await;
        self.pace(&result);
        self.accept(result.context(|| self.doing(what))?, what)
    }

    /// Tells answers from the pages that people sign in on: Azure DevOps sends those to a token that is not good, with a
    /// success (203) or a redirect.
    fn accept(&self, answer: Answer, what: &str) -> Result<Answer> {
        let html = answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
        let sign_in = answer.header("location").is_some_and(|to| to.contains("_signin"));
        match answer.status {
            203 => {}
            300..=399 if sign_in => {}
            300..=399 => {
                let message = format!("{}: it sends callers elsewhere ({})", self.doing(what), answer.status);
                return Err(Error::new(Kind::Unsupported, message).hint("name the address that answers in url"));
            }
            _ if html => {}
            _ => return Ok(answer),
        }
        Err(Error::new(Kind::Denied, format!("{}: it answers with its sign-in page", self.doing(what)))
            .hint("make a new token with the scope Build (read & execute), and put it into the variable of token_env"))
    }

    /// What `Retry-After` asks for, of whatever answer: a success that has it was slowed down, and the next is refused.
    fn pace(&self, result: &Result<Answer>) {
        let asked = match result {
            Ok(answer) => answer.header("retry-after").and_then(|s| s.trim().parse().ok()).map(Duration::from_secs),
            Err(error) => error.cause::<RetryAfter>().map(|after| after.0),
        };
        if let Some(pause) = asked.and_then(|pause| Instant::now().checked_add(pause)) {
            let mut not_before = self.not_before.lock().unwrap_or_else(PoisonError::into_inner);
            *not_before = Some(not_before.map_or(pause, |earlier| earlier.max(pause)));
        }
    }

    async fn wait(&self, deadline: Instant) -> Result<()> {
        let until = *self.not_before.lock().unwrap_or_else(PoisonError::into_inner);
        match until.filter(|until| *until > Instant::now()) {
            Some(until) if until >= deadline => {
                let left = RetryAfter(until.duration_since(Instant::now()));
                Err(Error::new(Kind::Transient, format!("the engine {} limits the rate of calls", self.engine))
                    .with_source(left))
            }
            Some(until) => {
                tokio::time::sleep_until(until).await;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn auth(&self) -> Option<Auth<'_>> {
        self.credentials.as_ref().map(|known| match known.bearer {
            true => Auth::Bearer(&known.token),
            false => Auth::Basic(&known.user, &known.token),
        })
    }

    fn doing(&self, what: &str) -> String {
        format!("asking the engine {} for {what}", self.engine)
    }
}

/// A list that comes in pages.
pub(super) struct Pages<'a, T> {
    api: &'a Api,
    url: Url,
    what: &'static str,
    token: Option<String>,
    ended: bool,
    of: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Pages<'_, T> {
    /// The next page; `None` after the last.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<T>>> {
        if self.ended {
            return Ok(None);
        }
        let mut url = self.url.clone();
        if let Some(token) = &self.token {
            url.query_pairs_mut().append_pair("continuationToken", token);
        }
        let answer = self.api.send(&Call::get(&url, deadline()), self.what).await?;
        let list: List<T> = self.api.read(&answer.body, self.what)?;
        let token = answer.header("x-ms-continuationtoken").filter(|token| !token.is_empty()).map(str::to_owned);
        if token.is_some() && token == self.token {
            let message = format!("{}: its list has no end", self.api.doing(self.what));
            return Err(Error::new(Kind::Corrupt, message).hint("the same x-ms-continuationtoken came twice"));
        }
        self.ended = token.is_none();
        self.token = token;
        Ok(Some(list.value))
    }

    /// All pages.
    pub(super) async fn all(mut self) -> Result<Vec<T>> {
        let mut all = Vec::new();
        while let Some(page) = self.next().await? {
            all.extend(page);
        }
        Ok(all)
    }
}

fn deadline() -> Instant {
    Instant::now() + DEADLINE
}

/// Whether a token is one of Entra or of a running job (`System.AccessToken`), which go as Bearer; a personal access token
/// has no dots and goes as a password.
fn is_jwt(token: &str) -> bool {
    let parts: Vec<&str> = token.split('.').collect();
    parts.len() == 3 && parts.iter().all(|part| !part.is_empty())
}

/// Whether the token may go to an address that an answer named: the server itself, or, for the service, another of its hosts.
fn takes_token(base: &Url, url: &Url) -> bool {
    let hosted = |url: &Url| {
        let host = url.host_str().unwrap_or_default();
        url.scheme() == "https"
            && (host == "dev.azure.com" || host.ends_with(".dev.azure.com") || host.ends_with(".visualstudio.com"))
    };
    base.origin() == url.origin() || hosted(base) && hosted(url)
}

/// The name of the field that stands last before where reading stopped.
pub(in crate::engine) fn field_at<'b>(body: &'b [u8], error: &serde_json::Error) -> Option<&'b str> {
    let line = error.line().checked_sub(1)?;
    let start: usize = body.split(|&b| b == b'\n').take(line).map(|line| line.len() + 1).sum();
    let read = std::str::from_utf8(body.get(..start + error.column())?).ok()?;
    let name = &read[..read.rfind("\":")?];
    Some(&name[name.rfind('"')? + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_stays_with_the_service() {
        for (base, url, expected) in [
            ("https://dev.azure.com/o", "https://dev.azure.com/o/x", true),
            ("https://dev.azure.com/o", "https://artprodcus3.artifacts.visualstudio.com/A", true),
            ("https://o.visualstudio.com/", "https://artprod.artifacts.visualstudio.com/A", true),
            ("https://dev.azure.com/o", "http://dev.azure.com/o/x", false),
            ("https://dev.azure.com/o", "https://visualstudio.com.example.org/A", false),
            ("https://dev.azure.com/o", "https://evilvisualstudio.com/A", false),
            ("https://tfs.example.org/c", "https://tfs.example.org/c/x", true),
            ("https://tfs.example.org/c", "https://a.visualstudio.com/c/x", false),
            ("https://tfs.example.org/c", "https://tfs.example.org:81/c/x", false),
        ] {
            let parsed = |text| Url::parse(text).unwrap();
            assert_eq!(takes_token(&parsed(base), &parsed(url)), expected, "{base} {url}");
        }
    }

    #[test]
    fn tokens_of_entra_are_told_from_personal_ones() {
        for (token, expected) in [("a.b.c", true), ("abc", false), ("a.b", false), ("a..c", false), ("a.b.c.d", false)]
        {
            assert_eq!(is_jwt(token), expected, "{token}");
        }
    }

    #[test]
    fn what_could_not_be_read_is_named() {
        #[derive(Debug, serde::Deserialize)]
        struct Thing {
            #[allow(dead_code, reason = "only read")]
            id: u64,
        }
        for body in ["{\"name\":\"x\",\"id\":\"seven\"}", "{\n \"name\": \"x\",\n \"id\": \"seven\" }"] {
            let error = serde_json::from_str::<Thing>(body).unwrap_err();
            assert_eq!(field_at(body.as_bytes(), &error), Some("id"), "{body}");
        }
    }
}
