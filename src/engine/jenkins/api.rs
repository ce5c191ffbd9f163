//! Calls to a Jenkins: addresses, credentials, crumbs, and answers as types.

use super::shapes::Crumb;
use crate::{
    error::{Error, Kind, Result},
    http::{Answer, Auth, Body, Call, Client, Failure, Method, Repeat, Token, Url, shown},
};
use serde::de::DeserializeOwned;
use std::{io::Write, time::Duration};
use tokio::{sync::Mutex, time::Instant};

/// The longest a call may take.
const CALL: Duration = Duration::from_secs(30);
/// The longest a log or a file may take: they can be of any size.
const DOWNLOAD: Duration = Duration::from_secs(600);
/// A page of a hundred builds takes about 100 KB, a queue of ten thousand items about 10 MB.
const ANSWER_MAX: usize = 64 << 20;
/// The names that a crumb's header has: today's, and that of servers before 1.577.
const CRUMB_HEADERS: [&str; 2] = ["jenkins-crumb", ".crumb"];

/// A Jenkins.
pub struct Api {
    pub name: String,
    pub client: Client,
    pub base: Url,
    pub credentials: Option<(String, Token)>,
    pub pass: Mutex<Option<Pass>>,
}

/// What a `POST` carries where no API token is used: the crumb, and the session that it belongs to.
#[derive(Clone)]
pub struct Pass {
    header: &'static str,
    crumb: String,
    cookie: String,
}

impl Api {
    /// The address of a path below the server's own.
    pub fn url(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        // An address with http or https has a path.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }

    /// The address of a path below a job: `job/FOLDER/job/NAME/…`. Nothing is one level, the server itself.
    pub fn job_url(&self, job: &str, path: &[&str]) -> Url {
        let levels = job.split('/').filter(|level| !level.is_empty()).flat_map(|level| ["job", level]);
        self.url(&levels.chain(path.iter().copied()).collect::<Vec<_>>())
    }

    /// Reads just what `tree` names of an object.
    ///
    /// # Errors
    /// Those of [`Client::send`]; `Corrupt`, naming the field, for an answer of another shape.
    pub async fn get<T: DeserializeOwned>(&self, object: Url, tree: &str) -> Result<T> {
        let (_, read) = self.get_answer(object, tree).await?;
        Ok(read)
    }

    /// The same, with the answer itself.
    ///
    /// # Errors
    /// The same.
    pub async fn get_answer<T: DeserializeOwned>(&self, mut object: Url, tree: &str) -> Result<(Answer, T)> {
        if let Ok(mut segments) = object.path_segments_mut() {
            segments.extend(["api", "json"]);
        }
        object.query_pairs_mut().append_pair("tree", tree);
        let call = Call { auth: self.auth(), answer_max: ANSWER_MAX, ..Call::get(&object, Instant::now() + CALL) };
        let answer = self.client.send(&call).await.map_err(|e| self.told(e))?;
        let read = serde_json::from_slice(&answer.body).map_err(|e| {
            Error::new(Kind::Corrupt, format!("{} answered {} in a shape that is not known", self.name, shown(&object)))
                .with_source(e)
                .hint("check that the address of the engine is that of a Jenkins")
        })?;
        Ok((answer, read))
    }

    /// Sends a form. A redirect is an answer. A crumb is fetched when the server wants one: what it refused, it did not do.
    ///
    /// # Errors
    /// Those of [`Client::send`].
    pub async fn post(&self, url: &Url, fields: &[(&str, &str)], repeat: Repeat) -> Result<Answer> {
        let pass = self.pass.lock().await.clone();
        let first = self.post_with(url, fields, repeat, pass.as_ref()).await;
        let last = match first {
            Err(error) if status(&error) == Some(403) => {
                // Without its cause: what became of this call says nothing of the one that was refused.
                let pass = self.new_pass().await.map_err(|e| {
                    let why = e.causes().pop().unwrap_or_default();
                    Error::new(e.kind(), format!("fetching a crumb from {}: {e}: {why}", self.name))
                        .hint("use an API token of Jenkins instead of a password: it needs no crumb")
                })?;
                match pass {
                    Some(pass) => self.post_with(url, fields, repeat, Some(&pass)).await,
                    None => Err(error),
                }
            }
            other => other,
        };
        last.map_err(|e| self.told(e))
    }

    async fn post_with(
        &self,
        url: &Url,
        fields: &[(&str, &str)],
        repeat: Repeat,
        pass: Option<&Pass>,
    ) -> Result<Answer> {
        let mut headers = Vec::new();
        if let Some(pass) = pass {
            headers.push((pass.header, pass.crumb.as_str()));
            headers.push(("cookie", pass.cookie.as_str()));
        }
        let call = Call {
            method: Method::POST,
            auth: self.auth(),
            headers: &headers,
            body: Some(Body::form(fields.iter().copied())),
            follow: false,
            repeat,
            ..Call::get(url, Instant::now() + CALL)
        };
        self.client.send(&call).await
    }

    /// Fetches a crumb; `None` where the server gives out none.
    async fn new_pass(&self) -> Result<Option<Pass>> {
        let (answer, crumb): (_, Crumb) =
            match self.get_answer(self.url(&["crumbIssuer"]), "crumb,crumbRequestField").await {
                Err(error) if error.kind() == Kind::NotFound => return Ok(None),
                other => other?,
            };
        let wanted = crumb.crumb_request_field.to_ascii_lowercase();
        let Some(header) = CRUMB_HEADERS.into_iter().find(|header| *header == wanted) else {
            return Err(Error::new(
                Kind::Unsupported,
                format!("{} wants its crumb in a header {wanted:?}, which is not known", self.name),
            )
            .hint("use an API token of Jenkins instead of a password: it needs no crumb"));
        };
        let cookies = answer.headers("set-cookie").filter_map(|cookie| cookie.split(';').next());
        let pass = Pass { header, crumb: crumb.crumb, cookie: cookies.collect::<Vec<_>>().join("; ") };
        *self.pass.lock().await = Some(pass.clone());
        Ok(Some(pass))
    }

    /// Writes what an address holds.
    ///
    /// # Errors
    /// Those of [`Client::download`].
    pub async fn download(&self, url: &Url, to: &mut (dyn Write + Send)) -> Result<()> {
        let call = Call { auth: self.auth(), answer_max: usize::MAX, ..Call::get(url, Instant::now() + DOWNLOAD) };
        self.client.download(&call, to).await.map_err(|e| self.told(e))?;
        Ok(())
    }

    fn auth(&self) -> Option<Auth<'_>> {
        self.credentials.as_ref().map(|(user, token)| Auth::Basic(user, token))
    }

    /// An error with the engine's name, and what a refusal means here.
    fn told(&self, error: Error) -> Error {
        let refused = status(&error);
        let error = error.context(format!("calling the engine {}", self.name));
        match refused {
            Some(401) => error.hint(format!(
                "make a new API token on your page of Jenkins, and put it into the variable that engines.{}.token_env names",
                self.name
            )),
            Some(403) => error.hint("ask for the permissions Job/Read, Job/Build and Job/Cancel"),
            _ => error,
        }
    }
}

/// The status of a refusal.
pub fn status(error: &Error) -> Option<u16> {
    match error.cause::<Failure>() {
        Some(Failure::Status { status, .. }) => Some(*status),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_lies_under_its_folders_wherever_the_server_is() {
        for (base, job, path, expected) in [
            ("https://h", "a", vec![], "https://h/job/a"),
            ("https://h/", "", vec!["queue"], "https://h/queue"),
            ("https://h/ci/", "a/b c", vec!["1", "stop"], "https://h/ci/job/a/job/b%20c/1/stop"),
            ("https://h/ci", "a/x%2Fy", vec![], "https://h/ci/job/a/job/x%252Fy"),
            ("https://h/ci", "a?b#c", vec![], "https://h/ci/job/a%3Fb%23c"),
        ] {
            let base = crate::http::address(base).unwrap();
            let (client, pass) = (Client::new(), Mutex::default());
            let api = Api { name: "j".into(), client, base, credentials: None, pass };
            assert_eq!(api.job_url(job, &path).as_str(), expected);
        }
    }
}
