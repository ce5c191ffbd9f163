//! The build asset registry of .NET (BAR, Maestro): builds and what they made. Addresses and shapes: api-version 2020-02-20.

use super::azure_devops::field_at;
use crate::{
    error::{Context, Error, Kind, Result},
    http::{self, Answer, Auth, Body, Call, Client, Method, Repeat, Token, Url},
};
use jiff::Timestamp;
use serde::{Deserialize, de::DeserializeOwned};
use std::{collections::BTreeSet, time::Duration};
use tokio::time::Instant;

/// Where it is unless the settings say otherwise.
pub const ADDRESS: &str = "https://maestro.dot.net";
const API_VERSION: &str = "2020-02-20";
const DEADLINE: Duration = Duration::from_secs(60);
/// A page has at most as many entries.
const PAGE: usize = 100;
/// A build of everything makes some ten thousand assets; a list that has more pages has no end.
const PAGES: usize = 1000;
const ANSWER_MAX: usize = 32 << 20;

/// A registry.
pub struct Bar {
    client: Client,
    base: Url,
    token: Option<Token>,
}

/// A build.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Build {
    /// Its number here.
    pub id: u64,
    /// The commit.
    pub commit: String,
    /// The build of Azure DevOps.
    pub azure_dev_ops_build_id: Option<u64>,
    /// Its definition.
    pub azure_dev_ops_build_definition_id: Option<u64>,
    /// Its organization.
    pub azure_dev_ops_account: Option<String>,
    /// Its project.
    pub azure_dev_ops_project: Option<String>,
    /// Its number for people.
    pub azure_dev_ops_build_number: Option<String>,
    /// Its repository.
    pub azure_dev_ops_repository: Option<String>,
    /// Its branch.
    pub azure_dev_ops_branch: Option<String>,
    /// The repository on GitHub.
    pub git_hub_repository: Option<String>,
    /// The branch on GitHub.
    pub git_hub_branch: Option<String>,
    /// When it was made.
    pub date_produced: Option<Timestamp>,
    /// Whether it was released.
    #[serde(default)]
    pub released: bool,
    /// Whether its versions are final.
    #[serde(default)]
    pub stable: bool,
}

/// Something that a build made.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asset {
    /// Its number.
    pub id: u64,
    /// A package's name, or a file's path.
    pub name: String,
    /// Its version.
    pub version: Option<String>,
    /// The build.
    pub build_id: u64,
    /// Whether customers do not get it.
    pub non_shipping: bool,
    /// Where it is.
    pub locations: Option<Vec<Location>>,
}

/// Where an asset is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Location {
    /// The address.
    pub location: String,
    /// What is there.
    #[serde(rename = "type")]
    pub kind: LocationKind,
}

/// What is where an asset is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LocationKind {
    /// Nothing special.
    None,
    /// A feed of packages.
    NugetFeed,
    /// A container of files.
    Container,
}

/// Which builds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Of this build of Azure DevOps.
    pub azdo_build_id: Option<u64>,
    /// Of this organization.
    pub azdo_account: Option<String>,
    /// Of this project.
    pub azdo_project: Option<String>,
    /// Of this commit.
    pub commit: Option<String>,
}

impl Bar {
    /// A registry at an address. Calls nobody.
    ///
    /// # Errors
    /// `Usage` for an address that is none, that holds a secret, or to which the token would travel unencrypted.
    pub fn new(client: Client, address: &str, token: Option<Token>) -> Result<Bar> {
        let reading = || "reading the address of the build asset registry".to_owned();
        let mut base = http::address(address).context(reading)?;
        if base.query().is_some() || base.password().is_some() || !base.username().is_empty() {
            let error = Error::new(Kind::Usage, "the address holds a secret or options");
            return Err(error.hint("name the variable that holds the token: bar_token_env")).context(reading);
        }
        if token.is_some() {
            http::may_have_token(&base).context(reading)?;
        }
        base.set_fragment(None);
        Ok(Bar { client, base, token })
    }

    /// A build by its number here.
    ///
    /// # Errors
    /// `NotFound`, `Denied`, `Transient`; `Corrupt`, naming the field, for what is not known.
    pub async fn build(&self, id: u64) -> Result<Build> {
        let url = self.url(&["api", "builds", &id.to_string()], &[]);
        self.get(&url, &format!("the build {id}")).await
    }

    /// The builds that a query means.
    ///
    /// # Errors
    /// `Denied`, `Transient`, `Corrupt`.
    pub async fn builds(&self, query: &Query) -> Result<Vec<Build>> {
        let build = query.azdo_build_id.map(|id| id.to_string());
        let named = [
            ("azdoBuildId", build.as_deref()),
            ("azdoAccount", query.azdo_account.as_deref()),
            ("azdoProject", query.azdo_project.as_deref()),
            ("commit", query.commit.as_deref()),
        ];
        let query: Vec<(&str, &str)> = named.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        self.all(&["api", "builds"], &query, "builds", |build: &Build| build.id).await
    }

    /// Everything that a build made, with where it is.
    ///
    /// # Errors
    /// `Denied`, `Transient`, `Corrupt`.
    pub async fn assets(&self, build: u64) -> Result<Vec<Asset>> {
        let id = build.to_string();
        let query = [("buildId", id.as_str()), ("loadLocations", "true")];
        let what = format!("the assets of the build {build}");
        let assets = self.all(&["api", "assets"], &query, &what, |asset: &Asset| asset.id).await?;
        match assets.iter().find(|asset| asset.build_id != build) {
            Some(other) => {
                let message = format!("asking the build asset registry for {what}: {} is of another build", other.name);
                Err(Error::new(Kind::Corrupt, message).hint("look at the field buildId"))
            }
            None => Ok(assets),
        }
    }

    /// Says whether a build was released.
    ///
    /// # Errors
    /// `NotFound`, `Denied`, `Transient`; `Corrupt` when it says otherwise afterwards.
    pub async fn set_released(&self, id: u64, released: bool) -> Result<Build> {
        let url = self.url(&["api", "builds", &id.to_string()], &[]);
        let body = Some(Body::json(serde_json::json!({ "released": released }).to_string()));
        // Saying it twice is saying it once.
        let call = Call { method: Method::PATCH, body, repeat: Repeat::Safe, ..Call::get(&url, deadline()) };
        let what = format!("a change of the build {id}");
        let answer = self.send(&call, &what).await?;
        let build: Build = read(&answer.body, &what)?;
        match build.released == released {
            true => Ok(build),
            false => Err(Error::new(Kind::Corrupt, format!("the build {id} did not take released: {released}"))),
        }
    }

    /// The pages of a list. It is sorted by number, and what is added meanwhile moves the rest: nothing is told twice.
    async fn all<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        what: &str,
        id: impl Fn(&T) -> u64,
    ) -> Result<Vec<T>> {
        let (mut all, mut seen) = (Vec::new(), BTreeSet::new());
        for page in 1..=PAGES {
            let (page, size) = (page.to_string(), PAGE.to_string());
            let paged = [query, &[("page", page.as_str()), ("perPage", &size)]].concat();
            let found: Vec<T> = self.get(&self.url(path, &paged), what).await?;
            let last = found.len() < PAGE;
            all.extend(found.into_iter().filter(|one| seen.insert(id(one))));
            if last {
                return Ok(all);
            }
        }
        Err(Error::new(Kind::Corrupt, format!("asking the build asset registry for {what}: its list has no end")))
    }

    async fn get<T: DeserializeOwned>(&self, url: &Url, what: &str) -> Result<T> {
        let answer = self.send(&Call::get(url, deadline()), what).await?;
        read(&answer.body, what)
    }

    /// Sends a call. Who is not known is sent to a page to sign in on, by a redirect or with a success.
    async fn send(&self, call: &Call<'_>, what: &str) -> Result<Answer> {
        let auth = self.token.as_ref().map(Auth::Bearer);
        let call = Call { auth, follow: false, answer_max: ANSWER_MAX, ..call.clone() };
        let asking = || format!("asking the build asset registry for {what}");
        let answer = self.client.send(&call).await.context(asking)?;
        let html = answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
        match answer.status {
            300.. => {}
            _ if html => {}
            _ => return Ok(answer),
        }
        Err(Error::new(Kind::Denied, format!("{}: it answers with its sign-in page", asking()))
            .hint("put a token into the variable of stage.bar_token_env"))
    }

    fn url(&self, path: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.base.clone();
        // An address with http or https has a path.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url.query_pairs_mut().extend_pairs(query).append_pair("api-version", API_VERSION);
        url
    }
}

fn read<T: DeserializeOwned>(body: &[u8], what: &str) -> Result<T> {
    serde_json::from_slice(body).map_err(|error| {
        let field = field_at(body, &error).map(|field| format!(": look at the field {field:?}"));
        let field = field.unwrap_or_default();
        Error::new(Kind::Corrupt, format!("the build asset registry answers something unknown to {what}{field}"))
            .with_source(error)
            .hint("check that stage.bar is the address of a build asset registry")
    })
}

fn deadline() -> Instant {
    Instant::now() + DEADLINE
}
