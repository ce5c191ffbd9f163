//! The clone that the trees share: bare, in the cache, never the user's own repository.
//!
//! The user's repository is only read. Its objects are copied (hard links where both are on one disk), so that neither its
//! `git gc` nor a branch that was deleted takes a revision from under a run.
//!
//! Branches and tags are shared by all trees, as in every repository with work trees: what a job makes of them others see,
//! until the next fetch puts them right. The settings are put right as soon as no run is left that may have made them.

use super::{
    files::{aside, lock, remove_all, remove_or_set_aside, remove_stale_locks, try_lock},
    git::Git,
};
use crate::{
    error::{Context, Error, Kind, Result},
    process::Stop,
    store::platform,
};
use std::{
    collections::HashSet,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// The length of a revision's whole name: SHA-1, SHA-256.
const NAMES: [usize; 2] = [40, 64];
/// The refs that are kept as they are in the user's repository. Brought up to date whenever a revision is missing.
const REFS: [&str; 3] = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*", "+refs/remotes/*:refs/remotes/*"];
/// Serves revisions that are on no branch, too. Git hands no `-c` down to the server of a path.
const SERVER: &str = "--upload-pack=git -c uploadpack.allowAnySHA1InWant=true upload-pack";

/// The settings of the clone as it was made, beside its `config`.
const SETTINGS: &str = "config.ci-tool";

/// A bare clone of the user's repository, and the folder that holds it.
#[derive(Debug)]
pub struct Mirror {
    /// The folder of everything that belongs to this repository.
    pub home: PathBuf,
    /// Git in the clone and its trees.
    pub git: Git,
    /// Git in the user's repository.
    users: Git,
    /// The user's git directory.
    source: PathBuf,
    present: Mutex<HashSet<String>>,
    /// Keeps this process to one at a time where [`Mirror::alone`] keeps processes apart.
    turn: tokio::sync::Mutex<()>,
}

impl Mirror {
    /// Finds the repository that holds `directory`. Makes nothing yet.
    ///
    /// # Errors
    /// `Usage` when there is none; `NotFound` without a git program.
    pub async fn find(git: Git, directory: &Path, cache: &Path) -> Result<Mirror> {
        let asked = git.ask(directory, &["rev-parse", "--path-format=absolute", "--git-common-dir"]).await?;
        let Some(source) = asked else {
            return Err(Error::new(Kind::Usage, format!("{} is in no git repository", directory.display()))
                .hint("run the command inside of the repository that has the revisions"));
        };
        let source = fs::canonicalize(&source).map_err(|e| Error::io("reading", Path::new(&source), e))?;
        let name = blake3::hash(source.as_os_str().as_encoded_bytes()).to_hex();
        let home = cache.join("local").join(&name[..16]);
        let users = git.clone();
        let git = git.confined(&[home.clone(), home.join("trees")])?;
        Ok(Mirror { home, git, users, source, present: Mutex::default(), turn: tokio::sync::Mutex::default() })
    }

    /// The user's git directory.
    pub fn source(&self) -> &Path {
        &self.source
    }

    /// The clone.
    pub fn bare(&self) -> PathBuf {
        self.home.join("repo.git")
    }

    /// Makes sure that a revision is here.
    ///
    /// # Errors
    /// `Usage` for what is not the whole name of a revision, or a revision that the user's repository does not have;
    /// `Transient`, `Internal` when git fails.
    pub async fn hold(&self, revision: &str) -> Result<()> {
        if !NAMES.contains(&revision.len()) || !revision.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(Error::new(Kind::Usage, format!("{revision:?} is not the whole name of a revision"))
                .hint(format!("`git rev-parse {revision}` tells it")));
        }
        if self.known(revision) {
            return Ok(());
        }
        let _alone = self.alone().await?;
        if !self.known(revision) {
            self.make().await?;
            let (bare, users) = (self.bare(), self.home.join("users.lock"));
            aside(move || tidy(&bare, &users)).await?;
            if !has(&self.git, &self.bare(), revision).await? {
                self.fetch(revision).await?;
            }
            self.present.lock().unwrap_or_else(PoisonError::into_inner).insert(revision.to_owned());
        }
        Ok(())
    }

    fn known(&self, revision: &str) -> bool {
        // Somebody may have emptied the cache.
        self.bare().join("HEAD").exists()
            && self.present.lock().unwrap_or_else(PoisonError::into_inner).contains(revision)
    }

    /// Makes sure that a revision is here, and marks the clone as used as long as the file that is returned is open. Who
    /// comes to it while nobody else uses it puts right what others left.
    ///
    /// # Errors
    /// Those of [`Mirror::hold`]; I/O.
    pub async fn enter(&self, revision: &str) -> Result<fs::File> {
        self.hold(revision).await?;
        let _alone = self.alone().await?;
        let (bare, users) = (self.bare(), self.home.join("users.lock"));
        aside(move || {
            tidy(&bare, &users)?;
            let file = fs::File::open(&users).map_err(|e| Error::io("opening", &users, e))?;
            file.lock_shared().map_err(|e| Error::io("locking", &users, e))?;
            Ok(file)
        })
        .await
    }

    /// Makes a tree at `path`, empty yet, in the place of whatever is there.
    ///
    /// # Errors
    /// `Internal` when git fails; I/O.
    pub async fn plant(&self, path: &Path, revision: &str) -> Result<()> {
        let _alone = self.alone().await?;
        let old = path.to_owned();
        aside(move || remove_or_set_aside(&old)).await?;
        let verb = ["worktree", "add", "--quiet", "--no-checkout", "--detach", "--force", "--force"].map(OsStr::new);
        let args = [&verb[..], &[path.as_os_str(), OsStr::new(revision)]].concat();
        self.git.run(&self.bare(), &args, Stop::never()).await.map(drop)
    }

    /// Forgets trees that were removed.
    ///
    /// # Errors
    /// `Internal` when git fails; I/O.
    pub async fn forget_removed(&self) -> Result<()> {
        let _alone = self.alone().await?;
        self.git.run(&self.bare(), &["worktree", "prune", "--expire=now"], Stop::never()).await.map(drop)
    }

    /// Keeps everybody else from changing the clone, in this process and in others.
    async fn alone(&self) -> Result<(tokio::sync::MutexGuard<'_, ()>, fs::File)> {
        let turn = self.turn.lock().await;
        platform::create_private_dir(&self.home).map_err(|e| Error::io("creating", &self.home, e))?;
        Ok((turn, lock(self.home.join("repo.lock")).await?))
    }

    async fn make(&self) -> Result<()> {
        let bare = self.bare();
        if bare.join("HEAD").exists() {
            return Ok(());
        }
        // A clone that was cut short must not be taken for a whole one.
        let unfinished = self.home.join("repo.git.unfinished");
        let old = unfinished.clone();
        aside(move || remove_all(&old)).await?;
        let verb = ["clone", "--quiet", "--bare", "--template=", SERVER, "--"].map(OsStr::new);
        let args = [&verb[..], &[self.source.as_os_str(), unfinished.as_os_str()]].concat();
        let cloned = self.git.run(&self.home, &args, Stop::never()).await;
        cloned.context(|| format!("cloning {} into the cache", self.source.display()))?;
        let remote = self.remote().await?;
        self.git.run(&unfinished, &["config", "remote.origin.url", &remote], Stop::never()).await?;
        // For the git of the jobs: what no branch holds is not to be thrown away.
        self.git.run(&unfinished, &["config", "gc.auto", "0"], Stop::never()).await?;
        let (config, settings) = (unfinished.join("config"), unfinished.join(SETTINGS));
        fs::copy(&config, &settings).map_err(|e| Error::io("writing", &settings, e))?;
        fs::rename(&unfinished, &bare).map_err(|e| Error::io("renaming to", &bare, e))
    }

    /// What a relative address of a submodule is relative to: the user's remote, else the user's repository.
    async fn remote(&self) -> Result<String> {
        let is_hidden = self.source.file_name().is_some_and(|name| name == ".git");
        let top = self.source.parent().filter(|_| is_hidden).unwrap_or(&self.source);
        let remote = self.users.ask(&self.source, &["config", "--get", "remote.origin.url"]).await?;
        Ok(match remote {
            Some(path) if path.starts_with('.') => top.join(path).to_string_lossy().into_owned(),
            Some(url) => url,
            None => top.to_string_lossy().into_owned(),
        })
    }

    async fn fetch(&self, revision: &str) -> Result<()> {
        if !has(&self.users, &self.source, revision).await? {
            let message = format!("{} has no revision {revision}", self.source.display());
            return Err(Error::new(Kind::Usage, message).hint("`git fetch` it first, or check its spelling"));
        }
        // A job may have switched its tree to a branch.
        let options = ["--no-write-fetch-head", "--no-tags", "--update-shallow", "--update-head-ok"].map(OsStr::new);
        let from =
            [&["fetch", "--quiet"].map(OsStr::new)[..], &options, &[OsStr::new(SERVER), self.source.as_os_str()]]
                .concat();
        let refs = [&from[..], &REFS.map(OsStr::new), &[OsStr::new("--prune")]].concat();
        self.git.run(&self.bare(), &refs, Stop::never()).await?;
        if !has(&self.git, &self.bare(), revision).await? {
            // A ref of its own keeps it from being thrown away.
            let single = format!("+{revision}:refs/ci-tool/{revision}");
            let args = [&from[..], &[OsStr::new(&single)]].concat();
            self.git.run(&self.bare(), &args, Stop::never()).await?;
        }
        Ok(())
    }
}

/// Puts right what runs left in a clone that none uses now; does nothing while one does. Only for who is alone.
fn tidy(bare: &Path, users: &Path) -> Result<()> {
    let Some(_nobody) = try_lock(users)? else { return Ok(()) };
    remove_stale_locks(bare, false);
    remove_stale_locks(&bare.join("refs"), true);
    let (config, settings) = (bare.join("config"), bare.join(SETTINGS));
    // A clone of an earlier version has none.
    let Ok(made) = fs::read(&settings) else { return Ok(()) };
    if fs::read(&config).is_ok_and(|now| now == made) {
        return Ok(());
    }
    fs::write(&config, made).map_err(|e| Error::io("writing", &config, e))
}

async fn has(git: &Git, repository: &Path, revision: &str) -> Result<bool> {
    let commit = format!("{revision}^{{commit}}");
    Ok(git.ask(repository, &["cat-file", "-e", &commit]).await?.is_some())
}
