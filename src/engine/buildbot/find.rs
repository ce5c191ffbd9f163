//! Finding the request whose answer was lost.

use super::{
    Buildbot, PAGE,
    form::{Form, Known},
    read::Seen,
    shapes::{BuildRequest, Buildset, Properties},
};
use crate::{
    engine::{Found, Request},
    error::Result,
};

impl Buildbot {
    /// Looks for a key: first in the reasons of all buildsets, in one call, then in the properties of the builder's latest
    /// requests, since a scheduler's `reasonString` may leave the reason out of the former but not of the latter.
    pub(super) async fn by_key(&self, known: &Known, request: &Request) -> Result<Found> {
        let query = [("reason__contains", request.key.as_str())];
        let sets: Vec<Buildset> = self.session.list("buildsets", &query, "buildsets").await?;
        for set in &sets {
            let of_set = set.bsid.to_string();
            let query = [("buildsetid", of_set.as_str()), ("property", "reason")];
            let made: Vec<BuildRequest> = self.session.list("buildrequests", &query, "buildrequests").await?;
            if let Some(made) = made.iter().find(|made| made.builderid == known.id && has_key(made, &request.key)) {
                let seen = self.range(made.buildrequestid, made.buildrequestid).await?;
                return self.found(seen.into_values().collect(), known, request).await;
            }
        }
        let latest = self.page(known.id, None, None).await?;
        let complete = latest.len() < PAGE;
        let told = self.reasons_are_told(known, &latest).await?;
        let with_key = latest.into_iter().filter(|seen| has_key(&seen.request, &request.key)).take(1).collect();
        match self.found(with_key, known, request).await? {
            Found::Absent if !complete && !told => Ok(Found::Unknown(Vec::new())),
            found => Ok(found),
        }
    }

    async fn found(&self, seen: Vec<Seen>, known: &Known, request: &Request) -> Result<Found> {
        let codebase = known.form.as_ref().map_or("", Form::codebase);
        let run = self.runs_of(&request.job, &seen, codebase).await?.into_iter().next();
        Ok(run.map_or(Found::Absent, Found::Run))
    }

    /// Whether the builder's force scheduler writes reasons into its buildsets, so that a search of those is a proof.
    async fn reasons_are_told(&self, known: &Known, latest: &[Seen]) -> Result<bool> {
        let Ok(form) = &known.form else { return Ok(false) };
        let of = |seen: &Seen, name| text_of(seen.request.properties.as_ref(), name);
        let Some(forced) = latest.iter().find(|seen| of(seen, "scheduler").as_deref() == Some(&form.scheduler)) else {
            return Ok(false);
        };
        let path = format!("buildsets/{}", forced.request.buildsetid);
        let set: Vec<Buildset> = self.session.list(&path, &[], "buildsets").await?;
        let told = set.into_iter().next().and_then(|set| set.reason).unwrap_or_default();
        Ok(of(forced, "reason").is_some_and(|reason| told.contains(&reason)))
    }
}

fn has_key(request: &BuildRequest, key: &str) -> bool {
    text_of(request.properties.as_ref(), "reason").as_deref() == Some(key)
}

fn text_of(properties: Option<&Properties>, name: &str) -> Option<String> {
    Some(properties?.get(name)?.0.as_str()?.to_owned())
}
