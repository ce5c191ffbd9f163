//! Revisions of a Mercurial repository, as its pushlog tells them: `json-pushes` in version 2 of
//! `hg.mozilla.org`'s extension. A push is one revision.
//!
//! Numbers of pushes are numbers: 99999 comes before 100000. A question about numbers always has both bounds, the lower
//! one exclusive.

mod decode;
mod paths;

use super::{Revision, Vcs, Walk, date, is_path};
use crate::{
    error::{Context, Error, Kind, Result},
    http::{self, Call, Client, Url, shown},
};
use async_trait::async_trait;
use bytes::Bytes;
use decode::{Push, Pushes};
use jiff::{SignedDuration, Timestamp};
use paths::Paths;
use std::time::Duration;
use tokio::time::Instant;

/// How many pushes are asked for at once.
const WINDOW: u64 = 500;
/// The longest answer, in bytes: a push may be a merge of thousands of changesets.
const ANSWER_MAX: usize = 64 << 20;
/// The longest one call may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How far before a date a push is looked for, in days: the next only where there is none.
const DAYS: [i64; 4] = [3, 30, 365, 365 * 40];
/// The server takes dates in its own time zone.
const ANY_ZONE: SignedDuration = SignedDuration::from_hours(24);
/// All digits and shorter than a hash that Mercurial prints: the number of a push.
const NUMBER_LEN: usize = 11;

/// The pushlog of one repository.
#[derive(Debug, Clone)]
pub struct Pushlog {
    url: Url,
    client: Client,
}

impl Pushlog {
    /// The pushlog of the repository at an address, for example `https://hg.mozilla.org/mozilla-central`. Asks nothing yet.
    ///
    /// # Errors
    /// `Usage` for an address that is none.
    pub fn open(url: &str, client: Client) -> Result<Pushlog> {
        let url = http::address(url)?;
        if url.cannot_be_a_base() || url.query().is_some() || url.fragment().is_some() {
            return Err(Error::new(Kind::Usage, format!("{} is no address of a repository", shown(&url)))
                .hint("write it as in https://hg.mozilla.org/mozilla-central"));
        }
        Ok(Pushlog { url, client })
    }

    /// The push that a name means: `HEAD` or `tip`, its number (`123` or `push:123`), a date, or one of its changesets.
    async fn push(&self, name: &str) -> Result<Push> {
        let number = name.strip_prefix("push:").or((name.len() <= NUMBER_LEN).then_some(name));
        if let Some(number) = number.and_then(|number| number.parse().ok()) {
            return self.numbered(number, || format!("there is no push {name}")).await;
        }
        if matches!(name, "HEAD" | "tip") {
            let last = self.last().await?;
            return self.numbered(last, || format!("the latest push, {last}, has no changesets")).await;
        }
        if let Some(moment) = date::moment(name) {
            let number = self.before(name, moment).await?;
            return self.numbered(number, || format!("push {number}, the last before {name}, has no changesets")).await;
        }
        self.holding(name).await
    }

    async fn numbered(&self, number: u64, missing: impl FnOnce() -> String) -> Result<Push> {
        let found = match number.checked_sub(1) {
            Some(before) => self.pushes(before, number).await?.pop(),
            None => None,
        };
        found.ok_or_else(|| Error::new(Kind::NotFound, missing()).hint(self.see()))
    }

    /// The push that holds a changeset.
    async fn holding(&self, changeset: &str) -> Result<Push> {
        let asked = self.ask(&[("changeset", changeset), ("full", "1")]).await;
        let mut found = match asked {
            Err(error) if error.kind() == Kind::NotFound => {
                return Err(Error::new(Kind::NotFound, format!("no changeset is called {changeset}"))
                    .with_source(error)
                    .hint("a short hash may mean several: write more of it")
                    .hint(self.see()));
            }
            pushes => pushes?.full()?,
        };
        match (found.pop(), found.pop()) {
            (Some(push), None) => Ok(push),
            (None, _) => {
                Err(Error::new(Kind::NotFound, format!("no push holds the changeset {changeset}")).hint(self.see()))
            }
            (Some(one), Some(other)) => {
                Err(Error::new(Kind::Usage, format!("the name {changeset} means changesets of several pushes")).hint(
                    format!("write one of {} and {}, or the number of a push", one.revision.id, other.revision.id),
                ))
            }
        }
    }

    /// The number of the last push before a moment.
    async fn before(&self, name: &str, moment: Timestamp) -> Result<u64> {
        let format = |moment: Timestamp| moment.strftime("%Y-%m-%d %H:%M:%S").to_string();
        for days in DAYS {
            let oldest = Timestamp::UNIX_EPOCH + ANY_ZONE;
            let start = moment.checked_sub(SignedDuration::from_hours(24 * days)).unwrap_or(oldest).max(oldest);
            let end = moment.checked_add(ANY_ZONE).unwrap_or(Timestamp::MAX);
            let asked = [("startdate", &*format(start)), ("enddate", &*format(end))];
            let found = self.ask(&asked).await?.dates()?;
            if let Some((number, _)) = found.into_iter().rfind(|(_, date)| *date < moment) {
                return Ok(number);
            }
        }
        Err(Error::new(Kind::NotFound, format!("there is no push from before {name}")).hint(self.see()))
    }

    /// The number of the latest push.
    async fn last(&self) -> Result<u64> {
        let last = self.ask(&[("startID", "0"), ("endID", "1")]).await?.last;
        last.ok_or_else(|| Error::new(Kind::NotFound, "the pushlog is empty").hint("push something first"))
    }

    /// The pushes after one number up to another, by number.
    async fn pushes(&self, after: u64, to: u64) -> Result<Vec<Push>> {
        let asked = [("startID", &*after.to_string()), ("endID", &*to.to_string()), ("full", "1")];
        let found = self.ask(&asked).await?.full()?;
        if let Some(other) = found.iter().filter_map(|push| push.revision.number).find(|n| *n <= after || *n > to) {
            let message =
                format!("the pushlog was asked for pushes after {after} up to {to}, and answers with {other}");
            return Err(Error::new(Kind::Corrupt, message).hint("the server passes over the bounds of a question"));
        }
        Ok(found)
    }

    /// Walks through windows, each an exclusive and an inclusive bound, until `count` pushes were found.
    async fn walk(
        &self,
        windows: impl Iterator<Item = (u64, u64)> + Send,
        newest_first: bool,
        count: usize,
        walk: &Walk,
    ) -> Result<Vec<Revision>> {
        let paths = Paths::new(&walk.paths)?;
        let mut found = Vec::new();
        for (after, to) in windows {
            if found.len() >= count {
                break;
            }
            let mut pushes = self.pushes(after, to).await?;
            if newest_first {
                pushes.reverse();
            }
            found
                .extend(pushes.into_iter().map(|push| push.revision).filter(|revision| paths.touched(&revision.paths)));
        }
        found.truncate(count);
        if !walk.with_paths {
            found.iter_mut().for_each(|revision| revision.paths.clear());
        }
        Ok(found)
    }

    async fn ask(&self, query: &[(&str, &str)]) -> Result<Pushes> {
        let mut url = self.at(&["json-pushes"]);
        url.query_pairs_mut().append_pair("version", "2").extend_pairs(query);
        let body = self.get(&url).await.context(|| format!("asking the pushlog of {}", shown(&self.url)))?;
        Pushes::read(&body).context(|| format!("asking the pushlog: {}", shown(&url)))
    }

    async fn get(&self, url: &Url) -> Result<Bytes> {
        let call = Call { answer_max: ANSWER_MAX, ..Call::get(url, Instant::now() + TIMEOUT) };
        Ok(self.client.send(&call).await?.body)
    }

    fn at(&self, segments: &[&str]) -> Url {
        let mut url = self.url.clone();
        // An address that can be a base has a path; others were refused.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    fn see(&self) -> String {
        format!("see {}", shown(&self.at(&["pushloghtml"])))
    }
}

/// The windows between two numbers, rising: each an exclusive and an inclusive bound.
fn windows(after: u64, to: u64) -> impl Iterator<Item = (u64, u64)> {
    let start = move |after: u64| (after < to).then(|| (after, to.min(after.saturating_add(WINDOW))));
    std::iter::successors(start(after), move |(_, end)| start(*end))
}

/// The windows from a number down to the first push.
fn windows_down(to: u64) -> impl Iterator<Item = (u64, u64)> {
    let start = |to: u64| (to > 0).then(|| (to.saturating_sub(WINDOW), to));
    std::iter::successors(start(to), move |(after, _)| start(*after))
}

fn number(push: &Push) -> u64 {
    push.revision.number.unwrap_or_default()
}

fn without_paths(push: Push) -> Revision {
    Revision { paths: Vec::new(), ..push.revision }
}

#[async_trait]
impl Vcs for Pushlog {
    async fn resolve(&self, name: &str) -> Result<Revision> {
        self.push(name).await.map(without_paths)
    }

    async fn range(&self, good: &str, bad: &str, walk: &Walk) -> Result<Vec<Revision>> {
        let (from, to) = (number(&self.push(good).await?), number(&self.push(bad).await?));
        let usage = |message: String| Error::new(Kind::Usage, message);
        if from > to {
            return Err(usage(format!(
                "the range {good}..{bad} is reversed: {bad} is push {to}, and {good} push {from}"
            ))
            .hint(format!("write {bad}..{good}: the good, older push first")));
        }
        if from == to {
            return Err(usage(format!("nothing lies between {good} and {bad}: both are push {to}"))
                .hint("name an older push that is good"));
        }
        let found = self.walk(windows(from, to), false, usize::MAX, walk).await?;
        if found.is_empty() {
            let what = walk.paths.join(", ");
            return Err(usage(format!("no push between {good} and {bad} changed {what}"))
                .hint("paths are read from the top of the tree; leave --path away to see every push"));
        }
        Ok(found)
    }

    async fn back(&self, from: &str, count: usize, walk: &Walk) -> Result<Vec<Revision>> {
        let from = number(&self.push(from).await?);
        self.walk(windows_down(from), true, count, walk).await
    }

    async fn forward(&self, from: &str, count: usize, walk: &Walk) -> Result<Vec<Revision>> {
        let (from, last) = (number(&self.push(from).await?), self.last().await?);
        self.walk(windows(from.saturating_sub(1), last), false, count, walk).await
    }

    async fn is_shallow(&self) -> bool {
        false
    }

    async fn file(&self, revision: &str, path: &str) -> Result<Option<Vec<u8>>> {
        let is_hash = revision.len() == 40 && revision.bytes().all(|b| b.is_ascii_hexdigit());
        let node = if is_hash { revision.to_owned() } else { self.push(revision).await?.revision.id };
        if !is_path(path) {
            return self.push(revision).await.map(|_| None);
        }
        let segments: Vec<&str> = ["raw-file", &node].into_iter().chain(path.split('/')).collect();
        match self.get(&self.at(&segments)).await {
            Ok(body) => Ok(Some(body.to_vec())),
            Err(error) if error.kind() == Kind::NotFound => self.push(revision).await.map(|_| None),
            Err(error) => Err(error.context(format!("reading {path} at {revision}"))),
        }
    }

    async fn branch_of(&self, revision: &str) -> Result<Option<String>> {
        self.push(revision).await.map(|push| Some(push.branch))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_meet_and_leave_nothing_out() {
        for (after, to) in [(0, 0), (0, 1), (0, 500), (0, 501), (99_998, 100_000), (7, 1207)] {
            let up: Vec<_> = windows(after, to).collect();
            let covered: Vec<u64> = up.iter().flat_map(|(after, to)| after + 1..=*to).collect();
            assert_eq!(covered, (after + 1..=to).collect::<Vec<_>>(), "{after}..{to}");
            assert!(up.iter().all(|(after, to)| to - after <= WINDOW));
        }
        let down: Vec<u64> = windows_down(1207).flat_map(|(after, to)| (after + 1..=to).rev()).collect();
        assert_eq!(down, (1..=1207).rev().collect::<Vec<_>>());
    }
}
