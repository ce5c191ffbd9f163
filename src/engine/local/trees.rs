//! Trees: checkouts of the shared clone, each used by one run at a time.

use super::{
    files::{aside, entries, remove_all, remove_stale_locks, try_lock, unlock},
    mirror::Mirror,
};
use crate::{
    error::{Error, Kind, Result},
    process::{Stop, kill_having},
};
use std::{
    ffi::OsString,
    fs::{self, File},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// The variable that tells a run its tree, and whoever takes the tree next what still runs there.
pub const IN_TREE: &str = "CI_TOOL_TREE";
/// How long the end of such processes is waited for.
const DEATH: Duration = Duration::from_secs(10);

/// The trees that this engine has taken and that no run uses now.
#[derive(Debug)]
pub struct Trees {
    mirror: Arc<Mirror>,
    idle: Mutex<Vec<Tree>>,
}

/// A tree that no other process uses as long as this lives.
#[derive(Debug)]
pub struct Tree {
    /// Its top directory.
    pub dir: PathBuf,
    /// Its name in its own folder and in the clone.
    name: String,
    /// The job that used it last, whose files it may keep.
    job: Option<String>,
    _lock: File,
}

impl Trees {
    /// The trees of a clone.
    pub fn new(mirror: Arc<Mirror>) -> Trees {
        Trees { mirror, idle: Mutex::default() }
    }

    fn folder(&self) -> PathBuf {
        self.mirror.home.join("trees")
    }

    /// Takes a tree: best one that this job used before, whose kept files are there; else any, else a new one.
    ///
    /// # Errors
    /// I/O.
    pub async fn take(&self, job: &str) -> Result<Tree> {
        if let Some(tree) = self.take_idle(job) {
            return Ok(tree);
        }
        let folder = self.folder();
        aside(move || {
            fs::create_dir_all(&folder).map_err(|e| Error::io("creating", &folder, e))?;
            let mut number = 0_u32;
            loop {
                let name = number.to_string();
                if let Some(lock) = try_lock(&folder.join(format!("{name}.lock")))? {
                    // Of a process that was killed the runs may live on.
                    let dir = folder.join(&name);
                    if !kill_having(IN_TREE, dir.as_os_str(), DEATH) {
                        let message = format!("taking the tree {}: what ran there does not end", dir.display());
                        return Err(Error::new(Kind::Internal, message).hint("end the processes that use it"));
                    }
                    return Ok(Tree { dir, name, job: None, _lock: lock });
                }
                number += 1;
            }
        })
        .await
    }

    fn take_idle(&self, job: &str) -> Option<Tree> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let same = idle.iter().position(|tree| tree.job.as_deref() == Some(job));
        match same {
            Some(at) => Some(idle.swap_remove(at)),
            None => idle.pop(),
        }
    }

    /// Gives a tree back.
    pub fn give(&self, tree: Tree) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(tree);
    }

    /// Removes the trees that no process uses, of this one too.
    ///
    /// # Errors
    /// I/O; `Internal` when git fails.
    pub async fn remove_idle(&self) -> Result<()> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let folder = self.folder();
        aside(move || {
            for entry in entries(&folder)?.into_iter().filter(|entry| entry.path().is_dir()) {
                let mut lock = entry.file_name();
                lock.push(".lock");
                // The lock file stays: who waits for a lock that is gone shares a tree with who made a new one.
                if let Some(_alone) = try_lock(&folder.join(lock))? {
                    // One that cannot be removed keeps none of the others.
                    if let Err(error) = remove_all(&entry.path()) {
                        tracing::warn!(%error, "a tree stays");
                    }
                }
            }
            Ok(())
        })
        .await?;
        if self.mirror.bare().exists() { self.mirror.forget_removed().await } else { Ok(()) }
    }

    /// Makes a tree hold a revision and nothing else, but for what `keep` names (patterns as in `.gitignore`). A tree that
    /// git cannot bring there is made anew. The clone is marked as used as long as the file that is returned is open.
    ///
    /// # Errors
    /// `Interrupted` when stopped; else what git says.
    pub async fn check_out(
        &self,
        tree: &mut Tree,
        job: &str,
        revision: &str,
        keep: &[String],
        stop: &Stop,
    ) -> Result<File> {
        tree.job = Some(job.to_owned());
        let used = self.mirror.enter(revision).await?;
        let mut changed = self.change_to(tree, revision, keep, stop).await;
        if changed.as_ref().is_err_and(|error| error.kind() != Kind::Interrupted) {
            let dir = tree.dir.clone();
            // What a job took its own permissions from is cleaned when it has them again.
            if aside(move || Ok(unlock(&dir))).await? {
                changed = self.change_to(tree, revision, keep, stop).await;
            }
        }
        match changed {
            Err(error) if error.kind() != Kind::Interrupted => {
                tracing::debug!(tree = %tree.dir.display(), %error, "making the tree anew");
                self.mirror.plant(&tree.dir, revision).await?;
                self.change_to(tree, revision, keep, stop).await?;
            }
            done => done?,
        }
        if tree.dir.join(".gitmodules").exists() {
            self.submodules(tree, stop).await?;
        }
        Ok(used)
    }

    async fn change_to(&self, tree: &Tree, revision: &str, keep: &[String], stop: &Stop) -> Result<()> {
        if !tree.dir.join(".git").exists() {
            self.mirror.plant(&tree.dir, revision).await?;
        }
        // Nobody else uses this tree.
        let own = self.mirror.bare().join("worktrees").join(&tree.name);
        remove_stale_locks(&own, false);
        for settings in ["config.worktree", "info/sparse-checkout"] {
            // Mostly there is none.
            let _ = fs::remove_file(own.join(settings));
        }
        let git = &self.mirror.git;
        let marked = git.run(&tree.dir, &["ls-files", "-v"], stop.clone()).await?;
        // A file that a job told git not to look at would stay as it left it. Only a new index forgets that; it costs the
        // times of all files.
        if marked.lines().any(|line| line.starts_with(|mark: char| mark == 'S' || mark.is_ascii_lowercase())) {
            let index = own.join("index");
            fs::remove_file(&index).map_err(|e| Error::io("removing", &index, e))?;
        }
        git.run(&tree.dir, &["checkout", "--quiet", "--force", "--detach", revision], stop.clone()).await?;
        let mut clean: Vec<OsString> = ["clean", "--quiet", "-ffdx"].map(OsString::from).into();
        clean.extend(keep.iter().map(|glob| format!("--exclude={glob}").into()));
        git.run(&tree.dir, &clean, stop.clone()).await.map(drop)
    }

    async fn submodules(&self, tree: &Tree, stop: &Stop) -> Result<()> {
        for args in [
            &["submodule", "--quiet", "sync", "--recursive"][..],
            &["submodule", "--quiet", "update", "--init", "--recursive", "--force"],
            &["submodule", "--quiet", "foreach", "--recursive", "git clean --quiet -ffdx"],
        ] {
            self.mirror.git.run(&tree.dir, args, stop.clone()).await?;
        }
        Ok(())
    }
}
