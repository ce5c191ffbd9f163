//! What a directory's git repository says about it, by running the git program.
//!
//! Nothing that is run here asks a question, changes anything, uses the network, or runs a program that the repository
//! names: no hook, no file system monitor. Comparing files may run its filters; that is left out where the repository
//! belongs to another user.

use super::remote;
use crate::{
    error::{Error, Kind, Result},
    process::{Command, Output, Stdin, Stop, StopReason, output},
};
use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};

/// The longest one git command may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How long git may take to remove its lock files when it is stopped.
const GRACE: Duration = Duration::from_secs(1);

/// Variables by which a caller (a hook, an alias) points git at another repository than the directory's own;
/// those of `git rev-parse --local-env-vars` that do so.
pub(crate) const REDIRECTIONS: [&str; 10] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_GRAFT_FILE",
];

/// What is said to every git command. The protocols allowed are the one called `none`, so that a missing object of a
/// partial clone is not fetched.
const VARIABLES: [(&str, &str); 5] = [
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_ALLOW_PROTOCOL", "none"),
    ("LC_ALL", "C"),
];

/// A checked-out revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    /// The top directory of the work tree.
    pub root: PathBuf,
    /// The commit's full name; `None` before the first commit.
    pub commit: Option<String>,
    /// The branch; `None` when the head is detached.
    pub branch: Option<String>,
    /// Where the branch comes from, without credentials.
    pub remote: Option<String>,
    /// What differs from the commit; `None` where the repository belongs to another user, and was not to be trusted.
    pub changes: Option<Changes>,
    /// The commit's author.
    pub author_email: Option<String>,
    /// Whether older commits are missing.
    pub shallow: bool,
}

/// How the files differ from the commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Changes {
    /// Whether a tracked file, or the index, was changed.
    pub dirty: bool,
    /// The files that git neither tracks nor ignores; a directory of nothing else counts once.
    pub untracked: usize,
}

/// The git program in an environment.
#[derive(Debug, Clone)]
pub struct Git {
    env: BTreeMap<OsString, OsString>,
}

/// Describes the checkout that holds `dir`, in our own environment.
///
/// # Errors
/// Those of [`Git::describe`].
pub async fn describe(dir: &Path) -> Result<Option<Checkout>> {
    Git::new(std::env::vars_os().collect()).describe(dir).await
}

impl Git {
    /// Makes git run in this environment, without what would point it at another repository.
    pub fn new(mut env: BTreeMap<OsString, OsString>) -> Self {
        env.retain(|name, _| !REDIRECTIONS.iter().any(|redirection| *name == **redirection));
        env.extend(VARIABLES.map(|(name, value)| (name.into(), value.into())));
        Git { env }
    }

    /// Describes the checkout that holds `dir`; `None` when no work tree does, or when there is no git program.
    ///
    /// # Errors
    /// `Usage` when `dir` is no directory, `Transient` when git takes longer than 10 s, `Internal` when it fails.
    pub async fn describe(&self, dir: &Path) -> Result<Option<Checkout>> {
        let mut call = Call { git: self, dir, trusting: false, timeout: TIMEOUT };
        let place = ["rev-parse", "--is-shallow-repository", "--show-toplevel"];
        let mut found = match call.run(&place).await {
            Err(error) if error.kind() == Kind::NotFound => return Ok(None),
            found => found?,
        };
        let foreign = says(&found, "dubious ownership");
        if foreign {
            call.trusting = true;
            found = call.run(&place).await?;
        }
        if says(&found, "not a git repository") || says(&found, "must be run in a work tree") {
            return Ok(None);
        }
        let found = call.text(&place, found)?;
        let (shallow, root) = found.split_once('\n').unwrap_or_default();

        let changes = async { if foreign { Ok(None) } else { call.changes().await.map(Some) } };
        let (commit, branch, settings, changes) =
            tokio::try_join!(call.commit(), call.branch(), call.settings(), changes)?;
        let author_email = match &commit {
            Some(commit) => call.author_email(commit).await?,
            None => None,
        };
        let remote = remote::choose(&settings, branch.as_deref()).map(|url| remote::without_credentials(&url));
        let root = PathBuf::from(root);
        Ok(Some(Checkout { root, commit, branch, remote, changes, author_email, shallow: shallow == "true" }))
    }
}

/// Git in a directory.
pub(super) struct Call<'a> {
    pub git: &'a Git,
    pub dir: &'a Path,
    /// Whether a repository of another user is read.
    pub trusting: bool,
    /// The longest one command may take.
    pub timeout: Duration,
}

impl Call<'_> {
    async fn commit(&self) -> Result<Option<String>> {
        self.optional(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]).await
    }

    async fn branch(&self) -> Result<Option<String>> {
        // Git's own short name of a branch is a longer one when a tag has the same.
        let name = self.optional(&["symbolic-ref", "--quiet", "HEAD"]).await?;
        Ok(name.map(|name| name.strip_prefix("refs/heads/").unwrap_or(&name).to_owned()))
    }

    async fn author_email(&self, commit: &str) -> Result<Option<String>> {
        let email =
            self.optional(&["log", "-1", "--no-show-signature", "--no-mailmap", "--format=%ae", commit]).await?;
        Ok(email.filter(|email| !email.is_empty()))
    }

    async fn settings(&self) -> Result<Vec<(String, String)>> {
        let text = self.optional(&["config", "-z", "--get-regexp", r"^(remote\..*\.url|branch\..*\.remote)$"]).await?;
        let lines = text.unwrap_or_default();
        let pairs = lines.split('\0').filter_map(|line| line.split_once('\n'));
        Ok(pairs.map(|(name, value)| (name.into(), value.into())).collect())
    }

    async fn changes(&self) -> Result<Changes> {
        let args =
            ["status", "--porcelain=v1", "-z", "--untracked-files=normal", "--ignore-submodules=dirty", "--no-renames"];
        Ok(count(&self.text(&args, self.run(&args).await?)?))
    }

    /// What a command says; `None` when it ends with code 1, git's way to say no.
    pub async fn optional(&self, args: &[&str]) -> Result<Option<String>> {
        let output = self.run(args).await?;
        if output.exit.code() == 1 { Ok(None) } else { self.text(args, output).map(Some) }
    }

    pub fn text(&self, args: &[&str], output: Output) -> Result<String> {
        let bytes = self.bytes(args, output)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(text.strip_suffix('\n').map(str::to_owned).unwrap_or(text))
    }

    /// What a command says, as it is.
    pub fn bytes(&self, args: &[&str], output: Output) -> Result<Vec<u8>> {
        if output.exit.code() == 0 {
            return Ok(output.stdout);
        }
        let reason = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(Error::new(Kind::Internal, self.doing(args)).with_source(reason))
    }

    pub async fn run(&self, args: &[&str]) -> Result<Output> {
        let trust: &[&str] = if self.trusting { &["-c", "safe.directory=*"] } else { &[] };
        let fixed = [
            "-c",
            "core.fsmonitor=false",
            "-c",
            "core.hooksPath=/dev/null",
            // A name that means two things must be told.
            "-c",
            "core.warnAmbiguousRefs=true",
        ];
        let command = Command {
            program: "git".into(),
            args: fixed.iter().chain(trust).chain(args).map(OsString::from).collect(),
            dir: self.dir.into(),
            env: Some(self.git.env.clone()),
            timeout: Some(self.timeout),
            grace: GRACE,
            stdin: Stdin::Null,
        };
        let output = output(&command, Stop::never()).await?;
        if output.exit.stopped == Some(StopReason::Timeout) {
            let message = format!("{}: it took longer than {} s", self.doing(args), self.timeout.as_secs());
            return Err(Error::new(Kind::Transient, message).hint("see whether the disk that holds it answers"));
        }
        Ok(output)
    }

    fn doing(&self, args: &[&str]) -> String {
        format!("running git {} in {}", args.first().unwrap_or(&""), self.dir.display())
    }
}

pub(super) fn says(output: &Output, text: &str) -> bool {
    output.exit.code() != 0 && String::from_utf8_lossy(&output.stderr).contains(text)
}

/// Counts the entries of `git status --porcelain=v1 -z --no-renames`: two letters, a blank and a path each.
fn count(status: &str) -> Changes {
    let mut changes = Changes::default();
    for entry in status.split('\0').filter(|entry| !entry.is_empty()) {
        if entry.starts_with("??") {
            changes.untracked += 1;
        } else {
            changes.dirty = true;
        }
    }
    changes
}
