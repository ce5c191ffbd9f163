//! Calls to a Buildbot, with the session that a login opens.

use super::shapes::list;
use crate::{
    error::{Context, Error, Kind, Result},
    http::{Answer, Auth, Body, Call, Client, Failure, Repeat, Token, Url},
};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::{io::Write, time::Duration};
use tokio::{sync::Mutex, time::Instant};

/// The longest a call may take.
const DEADLINE: Duration = Duration::from_secs(30);
/// The longest list and the longest log that are read, in bytes.
const LIST_MAX: usize = 64 << 20;
const LOG_MAX: usize = 1 << 30;

/// A Buildbot, and who talks to it.
#[derive(Debug)]
pub(super) struct Session {
    /// The engine's name, for errors.
    pub engine: String,
    client: Client,
    base: Url,
    credentials: Option<(String, Token)>,
    /// The cookies of the login. Held while one is under way, so that there is one.
    cookies: Mutex<Option<String>>,
}

impl Session {
    /// Calls to `base`, as a user or as nobody.
    pub fn new(engine: &str, client: Client, base: Url, credentials: Option<(String, Token)>) -> Session {
        Session { engine: engine.to_owned(), client, base, credentials, cookies: Mutex::default() }
    }

    /// Whether calls are made as somebody.
    pub fn has_user(&self) -> bool {
        self.credentials.is_some()
    }

    /// An address for people.
    pub fn page(&self, path: &str) -> String {
        format!("{}/#/{path}", self.base.as_str().trim_end_matches('/'))
    }

    /// Every entry of a list.
    ///
    /// # Errors
    /// `Denied`, `NotFound`, `Transient`; `Corrupt` for a shape that is not known.
    pub async fn list<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)], name: &str) -> Result<Vec<T>> {
        let mut url = self.api(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let answer = self.send(|deadline| Call { answer_max: LIST_MAX, ..Call::get(&url, deadline) }).await;
        let doing = || format!("asking the engine {} for {path}", self.engine);
        list(&answer.context(doing)?.body, name).context(doing)
    }

    /// Writes what is at a path.
    ///
    /// # Errors
    /// Those of [`Client::download`].
    pub async fn copy(&self, path: &str, to: &mut (dyn Write + Send)) -> Result<()> {
        let url = self.api(path);
        let cookies = self.cookies().await?;
        let headers: Vec<_> = cookies.iter().map(|cookies| ("cookie", cookies.as_str())).collect();
        let call = Call { headers: &headers, answer_max: LOG_MAX, ..Call::get(&url, Instant::now() + DEADLINE) };
        self.client.download(&call, to).await.context(|| format!("reading {path} of the engine {}", self.engine))?;
        Ok(())
    }

    /// Calls a method (JSON-RPC 2.0) and returns its result; `None` where what was answered has none.
    ///
    /// # Errors
    /// `Usage` with what Buildbot says of each parameter (−32602); `Denied`; those of [`Client::send`].
    pub async fn call(
        &self,
        path: &str,
        method: &str,
        params: Map<String, Value>,
        repeat: Repeat,
    ) -> Result<Option<Value>> {
        let url = self.api(path);
        let body = Bytes::from(json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string());
        let answer = self.send(|deadline| Call {
            body: Some(Body::json(body.clone())),
            repeat,
            ..Call::post(&url, Bytes::new(), deadline)
        });
        let answer = answer.await.map_err(explained)?;
        let answer: Option<Map<String, Value>> = serde_json::from_slice(&answer.body).ok();
        Ok(answer.and_then(|mut answer| answer.remove("result")))
    }

    /// Opens a session now, unless there is one or nobody to open it for.
    ///
    /// # Errors
    /// `Denied` for a name or password that is not good; `Unsupported` where a browser is needed; `Transient`.
    pub async fn ready(&self) -> Result<()> {
        self.cookies().await.map(drop)
    }

    /// Sends a call, and once more after a new login when it is refused: the session may be over. What was refused was not
    /// done.
    async fn send<'u>(&self, call: impl Fn(Instant) -> Call<'u>) -> Result<Answer> {
        let cookies = self.cookies().await?;
        let mut answer = self.once(call(Instant::now() + DEADLINE), cookies.as_deref()).await;
        if cookies.is_some() && is_denied(&answer) {
            self.forget(cookies).await;
            let cookies = self.cookies().await?;
            answer = self.once(call(Instant::now() + DEADLINE), cookies.as_deref()).await;
        }
        answer.map_err(|error| if error.kind() == Kind::Denied { self.denied(error) } else { error })
    }

    async fn once(&self, call: Call<'_>, cookies: Option<&str>) -> Result<Answer> {
        let headers: Vec<_> = cookies.into_iter().map(|cookies| ("cookie", cookies)).collect();
        self.client.send(&Call { headers: &headers, ..call }).await
    }

    async fn cookies(&self) -> Result<Option<String>> {
        let Some((user, password)) = &self.credentials else { return Ok(None) };
        let mut cookies = self.cookies.lock().await;
        if cookies.is_none() {
            let context = || format!("logging in to the engine {}", self.engine);
            *cookies = Some(self.login(user, password).await.context(context)?);
        }
        Ok(cookies.clone())
    }

    async fn forget(&self, old: Option<String>) {
        let mut cookies = self.cookies.lock().await;
        // Another call may have opened a new session meanwhile.
        if *cookies == old {
            *cookies = None;
        }
    }

    /// `GET /auth/login` with a name and a password: a redirect to the start page, with a cookie.
    async fn login(&self, user: &str, password: &Token) -> Result<String> {
        let url = self.below("auth/login");
        let call = Call {
            auth: Some(Auth::Basic(user, password)),
            follow: false,
            ..Call::get(&url, Instant::now() + DEADLINE)
        };
        let answer = self.client.send(&call).await.map_err(|error| match error.cause() {
            Some(Failure::Status { status: 401, .. }) => {
                error.hint("check user_env and token_env: Buildbot does not know this name and password")
            }
            Some(Failure::Status { status: 500 | 501, .. }) => Error::new(Kind::Denied, "this Buildbot has no login")
                .hint("leave out user_env and token_env: it takes calls from everybody")
                .with_source(error),
            _ => error,
        })?;
        let cookies: Vec<&str> = answer.headers("set-cookie").filter_map(|line| line.split(';').next()).collect();
        // With OAuth, the answer is the address of a page for people, or a redirect to it.
        let home = answer.header("location").is_some_and(|to| to.contains('#') || to.starts_with(self.base.as_str()));
        if answer.status != 302 || !home || cookies.is_empty() {
            return Err(Error::new(Kind::Unsupported, "this Buildbot wants people to log in with a browser (OAuth)")
                .hint("ask for a Buildbot user with a password (UserPasswordAuth, HTPasswdAuth), or for anonymous force builds"));
        }
        Ok(cookies.join("; "))
    }

    fn denied(&self, error: Error) -> Error {
        let denied = Error::new(Kind::Denied, format!("the engine {} refuses", self.engine)).with_source(error);
        denied.hint(if self.has_user() {
            "ask for the role that the master's `authz` wants for this"
        } else {
            "name the variables that hold a user and a password: user_env, token_env"
        })
    }

    fn api(&self, path: &str) -> Url {
        self.below(&format!("api/v2/{path}"))
    }

    fn below(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        // An address with http or https has a path.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path.split('/'));
        }
        url
    }
}

fn is_denied(answer: &Result<Answer>) -> bool {
    answer.as_ref().is_err_and(|error| error.kind() == Kind::Denied)
}

/// A refusal with what Buildbot says in it. Its message is a text, or an object of texts by parameter.
fn explained(error: Error) -> Error {
    let Some(Failure::Status { status: 400, said, .. }) = error.cause() else { return error };
    let answer: Value = serde_json::from_str(said).unwrap_or_default();
    let message = match &answer["error"]["message"] {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, why)| format!("{name}: {}", super::shapes::text(why)))
            .collect::<Vec<_>>()
            .join("; "),
        Value::String(text) => text.clone(),
        _ => return error,
    };
    Error::new(Kind::Usage, format!("Buildbot does not take it: {message}")).with_source(error)
}
