//! What a name means to git.

use super::{GitHistory, log::is_hash};
use crate::{
    error::{Error, Kind, Result},
    process::Output,
    vcs::{Revision, Walk, date},
};
use jiff::{SignedDuration, Timestamp};

/// Where git looks a name up that is no hash.
const PLACES: [&str; 3] = ["refs/tags/", "refs/heads/", "refs/remotes/"];
/// Names that are this many letters apart are taken for each other.
const NEAR: usize = 2;

impl GitHistory {
    /// The whole hash of the commit that a name means: first what git itself takes it for, then a date, as the last commit
    /// before it on the way of first parents from the head.
    ///
    /// # Errors
    /// `NotFound`, with the nearest name; `Usage` for a name that means several, naming them.
    pub(super) async fn commit(&self, name: &str) -> Result<String> {
        if name.is_empty() || name.contains(char::is_control) {
            return Err(Error::new(Kind::NotFound, format!("no revision is called {name:?}")));
        }
        let output = self.parse(name).await?;
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        let id = found(&output);
        if complaint.contains("is ambiguous") {
            return self.settle(name, id, &complaint).await;
        }
        if let Some(id) = id {
            return Ok(id);
        }
        if let Some(moment) = date::moment(name) {
            return self.before(name, moment).await;
        }
        Err(self.unknown(name).await)
    }

    /// The revision of a whole hash.
    pub(super) async fn one(&self, id: &str, walk: &Walk) -> Result<Revision> {
        let found = self.log(walk, &["--no-walk", id]).await?.pop();
        found.ok_or_else(|| Error::new(Kind::Corrupt, format!("git knows {id}, and tells nothing of it")))
    }

    async fn parse(&self, name: &str) -> Result<Output> {
        let name = format!("{name}^{{commit}}");
        self.call().run(&["rev-parse", "--verify", "--end-of-options", &name]).await
    }

    /// A name that git warned of: fine when all that bears it is the same commit.
    async fn settle(&self, name: &str, id: Option<String>, complaint: &str) -> Result<String> {
        let mut bearers = Vec::new();
        for place in PLACES {
            let full = format!("{place}{name}");
            if let Some(other) = found(&self.parse(&full).await?) {
                bearers.push((full, other));
            }
        }
        if let Some(id) = id
            && bearers.len() > 1
            && bearers.iter().all(|(_, other)| *other == id)
        {
            return Ok(id);
        }
        let error = Error::new(Kind::Usage, format!("the name {name} means several revisions"));
        let mut candidates: Vec<String> =
            bearers.into_iter().map(|(full, id)| format!("{full}    # {}", &id[..10])).collect();
        // `hint:   1234567 commit 2026-11-20 - subject`
        let told = complaint.lines().filter_map(|line| line.strip_prefix("hint:   "));
        candidates.extend(told.filter(|line| line.contains(" commit ")).map(str::to_owned));
        let error = error.hint("write the one that is meant:");
        Err(candidates.into_iter().fold(error, Error::hint))
    }

    async fn before(&self, name: &str, moment: Timestamp) -> Result<String> {
        // The whole second that is the last before the moment. Git knows none before 1970.
        let last = moment.checked_sub(SignedDuration::from_nanos(1)).map_or(-1, |last| last.as_second());
        let age = format!("--min-age={last}");
        let unborn = found(&self.parse("HEAD").await?).is_none();
        let args = ["rev-list", "--first-parent", "--max-count=1", &age, "HEAD"];
        let id = if unborn || last < 0 { String::new() } else { self.text(&args).await? };
        if is_hash(&id) {
            return Ok(id);
        }
        let error = Error::new(Kind::NotFound, format!("there is no revision from before {name}"));
        Err(self.deepen(error).await)
    }

    async fn unknown(&self, name: &str) -> Error {
        let error = Error::new(Kind::NotFound, format!("no revision is called {name}"));
        let names = self.text(&["for-each-ref", "--format=%(refname:lstrip=2)"]).await.unwrap_or_default();
        let near = names.lines().map(|known| (strsim::damerau_levenshtein(name, known), known)).min();
        let error = match near {
            None => error.hint("the repository has no branch yet: commit something first"),
            Some((distance, known)) if distance <= NEAR => error.hint(format!("did you mean {known}?")),
            Some(_) => error.hint("git log --oneline --all   # shows what there is; git fetch gets what is new"),
        };
        self.deepen(error).await
    }

    async fn deepen(&self, error: Error) -> Error {
        match super::Vcs::is_shallow(self).await {
            true => error.hint("the clone is shallow: git fetch --unshallow"),
            false => error,
        }
    }
}

fn found(output: &Output) -> Option<String> {
    let text = String::from_utf8_lossy(&output.stdout);
    Some(text.trim()).filter(|id| output.exit.code() == 0 && is_hash(id)).map(str::to_owned)
}

/// Of branches that hold a revision, as `for-each-ref` lists them with a star before the current one: the current, then
/// `main`, `master`, any local one, any remote one. A remote branch is called as on the remote.
pub(super) fn branch(refs: &str) -> Option<String> {
    let ranked = refs.lines().filter_map(|line| {
        let (mark, name) = line.split_at_checked(2)?;
        let (name, local) = match name.strip_prefix("refs/heads/") {
            Some(name) => (name, true),
            // A remote's name is one word.
            None => (name.strip_prefix("refs/remotes/")?.split_once('/')?.1, false),
        };
        let rank = match (name, local) {
            _ if mark.starts_with('*') => 0,
            ("HEAD", false) => return None,
            ("main", _) => 1,
            ("master", _) => 2,
            (_, true) => 3,
            (_, false) => 4,
        };
        Some((rank, name))
    });
    ranked.min().map(|(_, name)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_current_branch_goes_before_main_before_others_before_remote_ones() {
        for (refs, expected) in [
            ("  refs/heads/a\n* refs/heads/z\n  refs/heads/main", Some("z")),
            ("  refs/heads/a\n  refs/remotes/origin/main", Some("main")),
            ("  refs/heads/main\n  refs/heads/master", Some("main")),
            ("  refs/heads/b\n  refs/heads/a\n  refs/remotes/origin/c", Some("a")),
            ("  refs/remotes/origin/HEAD\n  refs/remotes/origin/feature/x", Some("feature/x")),
            ("  refs/remotes/origin/HEAD", None),
            ("", None),
        ] {
            assert_eq!(branch(refs).as_deref(), expected, "{refs}");
        }
    }
}
