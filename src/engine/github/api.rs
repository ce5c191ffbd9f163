//! Calls of GitHub's REST API: addresses, headers, pages, limits.

use super::pace::Pace;
use crate::{
    error::{Context, Error, Kind, Result, RetryAfter},
    http::{Answer, Auth, Call, Client, Failure, Method, Token, Url},
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{io::Write, time::Duration};
use tokio::time::Instant;

/// How long a call may take, its retries included.
const CALL: Duration = Duration::from_secs(30);
/// How long a file may take.
const DOWNLOAD: Duration = Duration::from_secs(1800);
/// The longest file, in bytes.
const DOWNLOAD_MAX: usize = 8 << 30;
/// The longest page of a list: 100 runs take half a megabyte.
const PAGE_MAX: usize = 16 << 20;
/// The most that a page may hold.
const PER_PAGE: &str = "100";
/// What to wait where a limit is told without a time, after GitHub's "Best practices for using the REST API".
const UNTOLD: RetryAfter = RetryAfter(Duration::from_secs(60));
const JSON: &str = "application/vnd.github+json";
const RAW: &str = "application/vnd.github.raw+json";
/// The version of the API that the shapes here are of.
const VERSION: (&str, &str) = ("x-github-api-version", "2022-11-28");

/// One repository's part of the API.
pub(super) struct Api {
    pub client: Client,
    pub engine: String,
    /// The address of the repository, without a slash at its end.
    pub repository: Url,
    pub token: Option<Token>,
    pub pace: Pace,
}

/// Some parts of an address's query.
pub(super) type Parts<'a> = &'a [(&'a str, &'a str)];

impl Api {
    /// An address below the repository's. Each element is escaped.
    pub fn url<S: AsRef<str>>(&self, path: &[S], query: Parts<'_>) -> Url {
        let mut url = self.repository.clone();
        // An address with http or https has a path.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path.iter().map(AsRef::as_ref));
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// Reads one object.
    pub async fn get<T: DeserializeOwned>(&self, url: &Url, doing: &str) -> Result<T> {
        let answer = self.send(Call::get(url, Instant::now() + CALL), JSON, doing).await?;
        self.read(&answer.body, doing)
    }

    /// Reads one object with the headers around it.
    pub async fn answer(&self, url: &Url, doing: &str) -> Result<Answer> {
        self.send(Call::get(url, Instant::now() + CALL), JSON, doing).await
    }

    /// Reads one file of the repository.
    pub async fn raw(&self, url: &Url, doing: &str) -> Result<Vec<u8>> {
        Ok(self.send(Call::get(url, Instant::now() + CALL), RAW, doing).await?.body.to_vec())
    }

    /// Reads a list, page by page, until it ends or `enough` says so of what is there.
    pub async fn list<P: DeserializeOwned, T>(
        &self,
        path: &[&str],
        query: Parts<'_>,
        doing: &str,
        items: fn(P) -> Vec<T>,
        enough: impl Fn(&[T]) -> bool,
    ) -> Result<Vec<T>> {
        let mut all = Vec::new();
        for page in 1_u32.. {
            let number = page.to_string();
            let query: Vec<(&str, &str)> =
                query.iter().copied().chain([("per_page", PER_PAGE), ("page", &number)]).collect();
            let url = self.url(path, &query);
            let call = Call { answer_max: PAGE_MAX, ..Call::get(&url, Instant::now() + CALL) };
            let answer = self.send(call, JSON, doing).await?;
            let more = items(self.read(&answer.body, doing)?);
            let last = more.is_empty() || !answer.header("link").is_some_and(|link| link.contains("rel=\"next\""));
            all.extend(more);
            if last || enough(&all) {
                break;
            }
        }
        Ok(all)
    }

    /// Makes something, when it is its turn; sent again only when it never arrived.
    pub async fn make(&self, url: &Url, body: &Value, doing: &str) -> Result<Answer> {
        self.pace.turn(&self.engine).await?;
        let call = Call::post(url, body.to_string().into(), Instant::now() + CALL);
        self.send(call, JSON, doing).await
    }

    /// Stops or deletes something. May be done twice.
    pub async fn end(&self, method: Method, url: &Url, doing: &str) -> Result<()> {
        let call = Call { method, ..Call::get(url, Instant::now() + CALL) };
        self.send(call, JSON, doing).await.map(drop)
    }

    /// Writes what lies where an address sends to. The token does not go there: the address that it names is signed.
    pub async fn download(&self, url: &Url, doing: &str, to: &mut (dyn Write + Send)) -> Result<()> {
        let call = Call { follow: false, answer_max: PAGE_MAX, ..Call::get(url, Instant::now() + CALL) };
        let answer = self.send(call, JSON, doing).await?;
        let Some(place) = answer.header("location").filter(|_| answer.status >= 300) else {
            return to
                .write_all(&answer.body)
                .map_err(|e| Error::new(Kind::Internal, format!("writing the answer to {doing}")).with_source(e));
        };
        let place = url.join(place).map_err(|e| {
            Error::new(Kind::Corrupt, format!("{doing}: it sends to what is no address")).with_source(e)
        })?;
        let call = Call { answer_max: DOWNLOAD_MAX, ..Call::get(&place, Instant::now() + DOWNLOAD) };
        self.client.download(&call, to).await.context(|| self.doing(doing)).map(drop)
    }

    /// Reads an answer.
    pub fn read<T: DeserializeOwned>(&self, body: &[u8], doing: &str) -> Result<T> {
        serde_json::from_slice(body).map_err(|e| {
            Error::new(Kind::Corrupt, format!("{}: the answer is not what is known of the API", self.doing(doing)))
                .hint("see that the engine's url is that of the API: https://api.github.com or https://HOST/api/v3")
                .with_source(e)
        })
    }

    fn doing(&self, doing: &str) -> String {
        format!("{doing} on the engine {}", self.engine)
    }

    async fn send(&self, call: Call<'_>, accept: &str, doing: &str) -> Result<Answer> {
        let headers = [("accept", accept), VERSION];
        let call = Call { auth: self.token.as_ref().map(Auth::Bearer), headers: &headers, ..call };
        self.client.send(&call).await.map_err(limited).context(|| self.doing(doing))
    }
}

/// Of an error: the status and what GitHub said with it.
pub(super) fn refusal(error: &Error) -> Option<(u16, &str)> {
    match error.cause::<Failure>()? {
        Failure::Status { status, said, .. } => Some((*status, said)),
        _ => None,
    }
}

/// A limit that was told in words only is one all the same.
fn limited(error: Error) -> Error {
    match refusal(&error) {
        Some((403 | 429, said))
            if error.cause::<RetryAfter>().is_none() && said.to_lowercase().contains("rate limit") =>
        {
            let message = format!("{}: {said}", error.message());
            Error::new(Kind::Transient, message).with_source(UNTOLD)
        }
        _ => error,
    }
}
