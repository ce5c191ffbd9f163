//! The git program on what is ours: the clone and its trees.
//!
//! Nothing that is run here asks a question or runs a hook. Filters that the user has set (LFS) are run: they are part of a
//! checkout.

use crate::{
    error::{Error, Kind, Result},
    pipeline::env::EnvMap,
    process::{Command, Output, Stdin, Stop, StopReason, output},
    vcs::git::REDIRECTIONS,
};
use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    time::Duration,
};

/// The longest one git command may take: the first clone of a large repository, a large submodule.
const LIMIT: Duration = Duration::from_secs(30 * 60);
/// How long git may take to remove its lock files when it is stopped.
const GRACE: Duration = Duration::from_secs(2);

/// What is said to every git command.
const SETTINGS: [&str; 7] = [
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.longpaths=true",
    // A job may have narrowed its tree.
    "core.sparseCheckout=false",
    "gc.auto=0",
    // The clone is bare, and found by being there.
    "safe.bareRepository=all",
    // Git lets a submodule be cloned from a path only where it is told to; the path is in the user's own repository.
    "protocol.file.allow=always",
];

/// Variables of every git command. A missing object of a partial clone is not fetched: that would write to the user's
/// repository.
const VARIABLES: [(&str, &str); 4] =
    [("GIT_TERMINAL_PROMPT", "0"), ("GIT_OPTIONAL_LOCKS", "0"), ("GIT_NO_LAZY_FETCH", "1"), ("LC_ALL", "C")];

/// The git program in an environment.
#[derive(Debug, Clone)]
pub struct Git {
    env: BTreeMap<OsString, OsString>,
}

impl Git {
    /// Makes git run in this environment, without what would point it at another repository.
    pub fn new(env: &EnvMap) -> Git {
        let kept = env.iter().filter(|(name, _)| !REDIRECTIONS.contains(&name.as_str()));
        let mut env: BTreeMap<OsString, OsString> = kept.map(|(name, value)| (name.into(), value.into())).collect();
        env.extend(VARIABLES.map(|(name, value)| (name.into(), value.into())));
        Git { env }
    }

    /// The same, but for repositories in these directories only: where one of them is broken, git takes none above for it.
    ///
    /// # Errors
    /// `Usage` for a path that a list of paths cannot hold.
    pub fn confined(mut self, directories: &[PathBuf]) -> Result<Git> {
        let ceiling = std::env::join_paths(directories)
            .map_err(|e| Error::new(Kind::Usage, "the cache's path cannot be told to git").with_source(e))?;
        self.env.insert("GIT_CEILING_DIRECTORIES".into(), ceiling);
        Ok(self)
    }

    /// What a command says, without the end of the last line.
    ///
    /// # Errors
    /// `NotFound` without a git program, `Interrupted` when it was stopped, `Transient` when it took too long, `Internal`
    /// with git's own words when it failed.
    pub async fn run(&self, dir: &Path, args: &[impl AsRef<OsStr>], stop: Stop) -> Result<String> {
        let output = self.output(dir, args, stop).await?;
        if output.exit.code() == 0 {
            return Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned());
        }
        let reason = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(Error::new(Kind::Internal, doing(dir, args)).with_source(reason))
    }

    /// What a command says, or that it says no, by any exit code but 0.
    ///
    /// # Errors
    /// As [`Git::run`], without `Internal`.
    pub async fn ask(&self, dir: &Path, args: &[impl AsRef<OsStr>]) -> Result<Option<String>> {
        let output = self.output(dir, args, Stop::never()).await?;
        let said = || String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
        Ok((output.exit.code() == 0).then(said))
    }

    async fn output(&self, dir: &Path, args: &[impl AsRef<OsStr>], stop: Stop) -> Result<Output> {
        let settings = SETTINGS.iter().flat_map(|setting| ["-c", setting]).map(OsString::from);
        let command = Command {
            program: "git".into(),
            args: settings.chain(args.iter().map(|arg| arg.as_ref().to_owned())).collect(),
            dir: dir.into(),
            env: Some(self.env.clone()),
            timeout: Some(LIMIT),
            grace: GRACE,
            stdin: Stdin::Null,
        };
        let output = output(&command, stop).await?;
        match output.exit.stopped {
            None => Ok(output),
            Some(StopReason::Timeout) => {
                let message = format!("{}: it took longer than {} min", doing(dir, args), LIMIT.as_secs() / 60);
                Err(Error::new(Kind::Transient, message).hint("see whether the disk and the network answer"))
            }
            Some(_) => Err(Error::new(Kind::Interrupted, format!("{}: it was stopped", doing(dir, args)))),
        }
    }
}

fn doing(dir: &Path, args: &[impl AsRef<OsStr>]) -> String {
    let verb = args.first().map(|arg| arg.as_ref().to_string_lossy()).unwrap_or_default();
    format!("running git {verb} in {}", dir.display())
}
