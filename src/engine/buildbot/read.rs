//! Requests and their builds, read in ranges and put together to runs.

use super::{
    Buildbot, PAGE,
    shapes::{Build, BuildRequest, Buildset, Outcome, Properties, SourceStamp, Step, text},
    states,
};
use crate::{
    error::{Error, Kind, Result},
    pipeline::run::{Run, State},
};
use futures::{StreamExt, TryStreamExt, stream};
use std::collections::HashMap;

/// How many calls may be under way at once.
pub(super) const AT_ONCE: usize = 8;

/// A request and its newest build.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub request: BuildRequest,
    pub build: Option<Build>,
}

/// Splits ids into ranges of which none holds more than `span` numbers. Several values of one filter would be one call less,
/// but for builds Buildbot then forgets the filter.
pub(super) fn ranges(mut ids: Vec<u64>, span: u64) -> Vec<(u64, u64)> {
    ids.sort_unstable();
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for id in ids {
        match ranges.last_mut() {
            Some((first, last)) if id - *first < span => *last = id,
            _ => ranges.push((id, id)),
        }
    }
    ranges
}

/// The id of a run: the number of its request, which stays when builds are lost.
pub(super) fn id(request: u64) -> String {
    format!("request/{request}")
}

/// The number of a run's request.
pub(super) fn number(engine: &str, run: &Run) -> Result<u64> {
    run.id.strip_prefix("request/").and_then(|number| number.parse().ok()).ok_or_else(|| {
        Error::new(Kind::Corrupt, format!("{:?} is no run of the engine {engine}", run.id))
            .hint("it was started by another engine, or its record is damaged")
    })
}

impl Buildbot {
    /// The requests from `first` to `last` with their newest builds, by number.
    pub(super) async fn range(&self, first: u64, last: u64) -> Result<HashMap<u64, Seen>> {
        let (first, last) = (first.to_string(), last.to_string());
        let range = [("buildrequestid__ge", first.as_str()), ("buildrequestid__le", last.as_str())];
        let requests = self.session.list("buildrequests", &range, "buildrequests").await?;
        self.with_builds("builds", requests, &range).await
    }

    /// A page of a builder's requests, the latest first: those before one, and since a time.
    pub(super) async fn page(&self, builder: u64, before: Option<u64>, since: Option<i64>) -> Result<Vec<Seen>> {
        let path = |what: &str| format!("builders/{builder}/{what}");
        let (limit, before, since) = (PAGE.to_string(), before.map(|b| b.to_string()), since.map(|s| s.to_string()));
        let mut query =
            vec![("order", "-buildrequestid"), ("limit", &limit), ("property", "reason"), ("property", "scheduler")];
        query.extend(before.as_ref().map(|before| ("buildrequestid__lt", before.as_str())));
        query.extend(since.as_ref().map(|since| ("submitted_at__ge", since.as_str())));
        let requests: Vec<BuildRequest> = self.session.list(&path("buildrequests"), &query, "buildrequests").await?;
        let (Some(newest), Some(oldest)) = (requests.first(), requests.last()) else { return Ok(Vec::new()) };
        let order: Vec<u64> = requests.iter().map(|request| request.buildrequestid).collect();
        let (first, last) = (oldest.buildrequestid.to_string(), newest.buildrequestid.to_string());
        let range = [("buildrequestid__ge", first.as_str()), ("buildrequestid__le", last.as_str())];
        let mut seen = self.with_builds(&path("builds"), requests, &range).await?;
        Ok(order.iter().filter_map(|number| seen.remove(number)).collect())
    }

    /// Builds are read after their requests: what has none then had none.
    async fn with_builds(
        &self,
        path: &str,
        requests: Vec<BuildRequest>,
        range: &[(&str, &str)],
    ) -> Result<HashMap<u64, Seen>> {
        let mut seen: HashMap<u64, Seen> =
            requests.into_iter().map(|request| (request.buildrequestid, Seen { request, build: None })).collect();
        if seen.is_empty() {
            return Ok(seen);
        }
        let mut query = range.to_vec();
        query.extend([("property", "revision"), ("property", "got_revision"), ("property", "reason")]);
        let builds: Vec<Build> = self.session.list(path, &query, "builds").await?;
        for build in builds {
            let Some(seen) = seen.get_mut(&build.buildrequestid) else { continue };
            if seen.build.as_ref().is_none_or(|known| known.buildid < build.buildid) {
                seen.build = Some(build);
            }
        }
        Ok(seen)
    }

    /// What was asked for and what was seen, as a run. `known` is a run of which something is known already.
    pub(super) async fn run(&self, seen: &Seen, mut run: Run, codebase: &str) -> Result<Run> {
        let (request, build) = (&seen.request, seen.build.as_ref());
        (run.state, run.detail) = states::state(request, build);
        let properties = build.and_then(|build| build.properties.as_ref());
        let key = property(properties, "reason", "").or_else(|| property(request.properties.as_ref(), "reason", ""));
        run.key = run.key.or(key);
        if run.revision.is_none() {
            run.revision = match property(properties, "revision", codebase) {
                Some(revision) => Some(revision),
                // Builds of several codebases have no such property, and what has no build has none at all.
                None => self.asked(request.buildsetid, codebase).await?,
            };
        }
        run.got_revision = property(properties, "got_revision", codebase);
        run.queued = Some(request.submitted_at);
        run.started = build.map(|build| build.started_at);
        run.ended = match build {
            Some(build) if run.state.is_over() => build.complete_at,
            Some(_) => None,
            None => request.complete_at,
        };
        run.url = Some(match build {
            Some(build) => self.session.page(&format!("builders/{}/builds/{}", build.builderid, build.number)),
            None => self.session.page(&format!("buildrequests/{}", request.buildrequestid)),
        });
        self.doubt(seen, &mut run).await?;
        Ok(run)
    }

    /// Looks closer at what may be no evidence: a build that failed before it knew its revision, and a folded request.
    async fn doubt(&self, seen: &Seen, run: &mut Run) -> Result<()> {
        match (run.state, &seen.build) {
            (State::Failed | State::TimedOut, Some(build)) if run.got_revision.is_none() => {
                let steps: Vec<Step> =
                    self.session.list(&format!("builds/{}/steps", build.buildid), &[], "steps").await?;
                if let Some(step) = states::broken_checkout(&steps) {
                    run.state = State::Infra;
                    run.detail = Some(format!("the checkout failed (step {step})"));
                }
            }
            (State::Coalesced, None) => {
                let (builder, number) = (seen.request.builderid, seen.request.buildrequestid.to_string());
                let query = [("buildrequestid__gt", number.as_str()), ("order", "buildrequestid"), ("limit", "1")];
                let later: Vec<BuildRequest> =
                    self.session.list(&format!("builders/{builder}/buildrequests"), &query, "buildrequests").await?;
                if let Some(later) = later.first() {
                    // Buildbot does not keep which: it folds into any later one that was alike.
                    let at_the_earliest = id(later.buildrequestid);
                    run.detail = Some(format!(
                        "folded into a later request for the same job and revision: {at_the_earliest}, or one after it"
                    ));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The revision that a buildset asks for.
    async fn asked(&self, buildset: u64, codebase: &str) -> Result<Option<String>> {
        let found: Vec<Buildset> = self.session.list(&format!("buildsets/{buildset}"), &[], "buildsets").await?;
        let stamps = found.into_iter().next().map(|buildset| buildset.sourcestamps).unwrap_or_default();
        let one = |stamp: &&SourceStamp| stamps.len() == 1 || stamp.codebase == codebase;
        Ok(stamps.iter().find(one).and_then(|stamp| stamp.revision.clone()).filter(|revision| !revision.is_empty()))
    }

    /// Puts runs together, in order.
    pub(super) async fn runs_of(&self, job: &str, seen: &[Seen], codebase: &str) -> Result<Vec<Run>> {
        let new = |seen: &Seen| Run::new(id(seen.request.buildrequestid), job, State::Pending);
        // Collected: a closure that lends cannot be held while waiting.
        let runs: Vec<_> = seen.iter().map(|seen| self.run(seen, new(seen), codebase)).collect();
        stream::iter(runs).buffered(AT_ONCE).try_collect().await
    }
}

/// A property as text. With several codebases it is an object, by codebase.
fn property(properties: Option<&Properties>, name: &str, codebase: &str) -> Option<String> {
    let (value, _) = properties?.get(name)?;
    let value = match value.as_object() {
        Some(several) if several.len() == 1 => several.values().next()?,
        Some(several) => several.get(codebase)?,
        None => value,
    };
    Some(text(value)).filter(|text| !text.is_empty())
}

/// Whether a request is over by its own account.
pub(super) fn is_over(seen: &Seen) -> bool {
    let retried = matches!(&seen.build, Some(build) if build.results == Some(Outcome::Retry));
    seen.request.complete || matches!(&seen.build, Some(build) if build.complete && !retried)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ids_are_read_in_few_ranges() {
        for (ids, expected) in [
            (vec![], vec![]),
            (vec![5], vec![(5, 5)]),
            (vec![9, 1, 10, 10, 11], vec![(1, 10), (11, 11)]),
            (vec![1, 1_000_000, 1_000_009], vec![(1, 1), (1_000_000, 1_000_009)]),
        ] {
            assert_eq!(ranges(ids.clone(), 10), expected, "{ids:?}");
        }
    }

    #[test]
    fn a_property_is_a_text_or_one_for_each_codebase() {
        let of = |value| Properties::from([("got_revision".to_owned(), (value, "Git".to_owned()))]);
        for (value, codebase, expected) in [
            (json!("a"), "", Some("a")),
            (json!("a"), "Main", Some("a")),
            (json!(""), "", None),
            (json!(null), "", None),
            (json!(12), "", Some("12")),
            (json!({"x": "a"}), "", Some("a")),
            (json!({"x": "a", "y": "b"}), "y", Some("b")),
            (json!({"x": "a", "y": "b"}), "", None),
        ] {
            assert_eq!(property(Some(&of(value.clone())), "got_revision", codebase).as_deref(), expected, "{value}");
        }
    }
}
