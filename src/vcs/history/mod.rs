//! Revisions of a git repository, told by the git program.
//!
//! A name reaches git only behind `--end-of-options`; everything else is asked by whole hashes. The number of processes
//! never grows with the number of revisions.

mod log;
mod name;

use super::{
    Revision, Vcs, Walk,
    git::{Call, Git, says},
    is_path,
};
use crate::error::{Error, Kind, Result};
use async_trait::async_trait;
use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};

/// The longest one git command may take: a walk through a million revisions takes some ten seconds.
const TIMEOUT: Duration = Duration::from_secs(120);

/// The history of one repository.
#[derive(Debug, Clone)]
pub struct GitHistory {
    git: Git,
    dir: PathBuf,
}

impl GitHistory {
    /// Opens the repository that holds `dir`, bare or with a work tree, for git in this environment.
    ///
    /// # Errors
    /// `Usage` when no repository holds `dir`; `Denied` for another user's, which git does not trust; `NotFound` without a
    /// git program.
    pub async fn open(dir: &Path, mut env: BTreeMap<OsString, OsString>) -> Result<GitHistory> {
        // They would turn the magic words in our own patterns off.
        env.retain(|name, _| !name.to_string_lossy().ends_with("_PATHSPECS"));
        let history = GitHistory { git: Git::new(env), dir: dir.into() };
        let args = ["rev-parse", "--git-dir"];
        let output = history.call().run(&args).await.map_err(|error| match error.kind() {
            Kind::NotFound => error.hint("revisions are read with the git program: install it"),
            _ => error,
        })?;
        let shown = dir.display();
        if says(&output, "not a git repository") {
            return Err(Error::new(Kind::Usage, format!("no git repository holds {shown}")).hint(
                "change to a checkout; for Mercurial set trigger.pushlog in ci-tool.yaml to the repository's address",
            ));
        }
        if says(&output, "dubious ownership") {
            return Err(Error::new(Kind::Denied, format!("the git repository of {shown} belongs to another user"))
                .hint(format!("when you trust it: git config --global --add safe.directory {shown}")));
        }
        history.call().text(&args, output)?;
        Ok(history)
    }

    fn call(&self) -> Call<'_> {
        Call { git: &self.git, dir: &self.dir, trusting: false, timeout: TIMEOUT }
    }

    async fn text(&self, args: &[&str]) -> Result<String> {
        let call = self.call();
        call.text(args, call.run(args).await?)
    }

    async fn log(&self, walk: &Walk, which: &[&str]) -> Result<Vec<Revision>> {
        let args = log::arguments(walk, which);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let call = self.call();
        log::read(&call.bytes(&args, call.run(&args).await?)?)
    }

    /// The revisions after `from` up to `to`, both whole hashes, the oldest first.
    async fn between(&self, from: &str, to: &str, walk: &Walk) -> Result<Vec<Revision>> {
        self.log(walk, &["--reverse", to, &format!("^{from}")]).await
    }

    async fn is_ancestor(&self, older: &str, newer: &str) -> Result<bool> {
        Ok(self.call().optional(&["merge-base", "--is-ancestor", older, newer]).await?.is_some())
    }

    /// Whether history ends, for want of older revisions, somewhere between two: then more may lie there than is known.
    async fn is_cut(&self, from: &str, to: &str) -> Result<bool> {
        let file = self.text(&["rev-parse", "--git-path", "shallow"]).await?;
        let Ok(ends) = std::fs::read_to_string(self.dir.join(file)) else { return Ok(false) };
        let ends: BTreeSet<&str> = ends.lines().collect();
        let all = self.text(&["rev-list", to, &format!("^{from}")]).await?;
        Ok(all.lines().any(|id| ends.contains(id)))
    }

    /// Why `good` is not before `bad`.
    async fn not_before(&self, good: [&str; 2], bad: [&str; 2], shallow: bool) -> Result<Error> {
        let ([good, from], [bad, to]) = (good, bad);
        let usage = |message: String| Error::new(Kind::Usage, message);
        if self.is_ancestor(to, from).await? {
            return Ok(usage(format!("the range {good}..{bad} is reversed: {bad} is the older one"))
                .hint(format!("write {bad}..{good}: the good, older revision first")));
        }
        if shallow {
            return Ok(ends_before(good));
        }
        Ok(match self.call().optional(&["merge-base", from, to]).await? {
            Some(base) => {
                let base = base.get(..10).unwrap_or(&base).to_owned();
                usage(format!("{good} is not before {bad}: their histories part at {base}")).hint(format!(
                    "write {base}..{bad} when {base} is good, or name a good revision in the history of {bad}"
                ))
            }
            None => usage(format!("{good} is not before {bad}: their histories have nothing in common"))
                .hint(format!("name a good revision in the history of {bad}")),
        })
    }
}

/// The error of a range whose beginning a shallow clone does not have.
fn ends_before(good: &str) -> Error {
    Error::new(Kind::Unsupported, format!("the clone is shallow: its history may end before {good}"))
        .hint("git fetch --unshallow    # all of it")
        .hint("git fetch --deepen 500   # or some more")
}

#[async_trait]
impl Vcs for GitHistory {
    async fn resolve(&self, name: &str) -> Result<Revision> {
        if name.contains("..") {
            return Err(Error::new(Kind::Usage, format!("{name} is a range, and one revision is needed"))
                .hint("name its newer end alone"));
        }
        let id = self.commit(name).await?;
        self.one(&id, &Walk::default()).await
    }

    async fn range(&self, good: &str, bad: &str, walk: &Walk) -> Result<Vec<Revision>> {
        let shallow = self.is_shallow().await;
        let to = self.commit(bad).await?;
        let from = match self.commit(good).await {
            Err(error) if error.kind() == Kind::NotFound && shallow => return Err(ends_before(good).with_source(error)),
            from => from?,
        };
        if from == to {
            return Err(Error::new(Kind::Usage, format!("nothing lies between {good} and {bad}: they are the same"))
                .hint("name an older revision that is good"));
        }
        if !self.is_ancestor(&from, &to).await? {
            return Err(self.not_before([good, &from], [bad, &to], shallow).await?);
        }
        if shallow && self.is_cut(&from, &to).await? {
            return Err(ends_before(good));
        }
        let found = self.between(&from, &to, walk).await?;
        if found.is_empty() {
            return Err(Error::new(
                Kind::Usage,
                format!("no revision between {good} and {bad} changed {}", walk.paths.join(", ")),
            )
            .hint("paths are read from the top of the tree; leave --path away to see every revision"));
        }
        Ok(found)
    }

    async fn back(&self, from: &str, count: usize, walk: &Walk) -> Result<Vec<Revision>> {
        let id = self.commit(from).await?;
        self.log(walk, &[&format!("--max-count={count}"), &id]).await
    }

    async fn forward(&self, from: &str, count: usize, walk: &Walk) -> Result<Vec<Revision>> {
        let (id, head) = (self.commit(from).await?, self.commit("HEAD").await?);
        if id != head && !self.is_ancestor(&id, &head).await? {
            return Err(Error::new(
                Kind::Usage,
                format!("{from} is not part of the current history, and nothing follows it"),
            )
            .hint(format!("check out a branch that holds it: git branch --all --contains {from}")));
        }
        let mut found = self.log(walk, &["--max-count=1", "--no-walk", &id]).await?;
        if id != head {
            found.extend(self.between(&id, &head, walk).await?);
        }
        found.truncate(count);
        Ok(found)
    }

    async fn is_shallow(&self) -> bool {
        self.text(&["rev-parse", "--is-shallow-repository"]).await.is_ok_and(|said| said == "true")
    }

    async fn file(&self, revision: &str, path: &str) -> Result<Option<Vec<u8>>> {
        let id = self.commit(revision).await?;
        if !is_path(path) {
            return Ok(None);
        }
        let entry = self.text(&["ls-tree", "-z", "--full-tree", &id, "--", &format!(":(literal){path}")]).await?;
        // MODE TYPE HASH, a tab, the path.
        let mut words = entry.split(['\t', ' ']);
        let (Some("blob"), Some(blob)) = (words.nth(1), words.next()) else { return Ok(None) };
        let (args, call) = (["cat-file", "blob", blob], self.call());
        call.bytes(&args, call.run(&args).await?).map(Some)
    }

    async fn branch_of(&self, revision: &str) -> Result<Option<String>> {
        let id = self.commit(revision).await?;
        let format = "--format=%(HEAD) %(refname)";
        let refs = self.text(&["for-each-ref", "--contains", &id, format, "refs/heads", "refs/remotes"]).await?;
        Ok(name::branch(&refs))
    }
}
