//! One run on its tree: check out, run, keep what it made.

use super::{
    definition::Definition,
    files::{self, aside},
    measure,
    shared::Place,
    trees::{IN_TREE, Tree},
};
use crate::{
    engine::Request,
    error::{Error, Kind, Result},
    pipeline::{
        env::EnvMap,
        run::{Run, State},
    },
    process::{Command, Exit, Status, Stdin, Stop, StopReason, Tee, run_whole},
    vcs::git::REDIRECTIONS,
};
use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs::{self, File},
    path::{Path, PathBuf},
    time::Duration,
};

/// How long a command that is stopped may take to end in good order.
const GRACE: Duration = Duration::from_secs(5);
/// The name of a run's log in its folder.
pub const LOG: &str = "log";
/// The name of the folder of what a run made, in its folder.
pub const ARTIFACTS: &str = "artifacts";

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The state that it ended in.
    pub state: State,
    /// Why, where the state alone does not say.
    pub detail: Option<String>,
    /// The exit code of its command.
    pub exit_code: Option<i32>,
    /// What it measured.
    pub data: BTreeMap<String, f64>,
}

impl Outcome {
    /// It was stopped, and its result says nothing.
    pub fn stopped(reason: StopReason) -> Outcome {
        let state = match reason {
            StopReason::Timeout => State::TimedOut,
            StopReason::Cancelled => State::Cancelled,
            StopReason::Interrupt | StopReason::Terminate | StopReason::Hangup => State::Interrupted,
        };
        Outcome::of(state, None)
    }

    /// What is around it broke.
    pub fn infra(error: &Error) -> Outcome {
        let all: Vec<String> = std::iter::once(error.to_string()).chain(error.causes()).collect();
        Outcome::of(State::Infra, Some(all.join(": ")))
    }

    fn of(state: State, detail: Option<String>) -> Outcome {
        Outcome { state, detail, exit_code: None, data: BTreeMap::new() }
    }
}

/// A run and all that it needs.
pub struct Work {
    /// Where its tree and its folder are.
    pub place: std::sync::Arc<Place>,
    /// Its job.
    pub definition: Definition,
    /// What was asked for.
    pub request: Request,
    /// Its id.
    pub id: String,
    /// The environment that the job's variables are added to.
    pub env: EnvMap,
}

impl Work {
    /// Does it all. Whatever goes wrong around the command is an outcome, too.
    pub async fn execute(&self, tree: &mut Tree, stop: &Stop) -> Outcome {
        match self.attempt(tree, stop).await {
            Ok(outcome) => outcome,
            Err(error) => match stop.reason() {
                Some(reason) if error.kind() == Kind::Interrupted => Outcome::stopped(reason),
                _ => {
                    let outcome = Outcome::infra(&error);
                    self.note(outcome.detail.as_deref().unwrap_or_default());
                    outcome
                }
            },
        }
    }

    async fn attempt(&self, tree: &mut Tree, stop: &Stop) -> Result<Outcome> {
        let Request { job, revision, .. } = &self.request;
        let _used = self.place.trees.check_out(tree, job, revision, &self.definition.spec.keep, stop).await?;
        self.bring_needs(&tree.dir).await?;
        let dir = self.definition.spec.directory.as_ref().map_or(tree.dir.clone(), |below| tree.dir.join(below));
        if !dir.is_dir() {
            // As a shell's `cd` would have failed: that is for the revision to answer for.
            let missing = self.definition.spec.directory.clone().unwrap_or_default();
            let detail = format!("the tree has no directory {missing}");
            self.note(&detail);
            return Ok(Outcome::of(State::Failed, Some(detail)));
        }
        let folder = self.folder()?;
        let path = folder.join(LOG);
        let log = File::create(&path).map_err(|e| Error::io("writing", &path, e))?;
        let tee = Tee { stdout: Box::new(log), stderr: None, log: None };
        let exit = run_whole(&self.command(dir, &tree.dir), tee, stop.clone()).await?;
        let mut outcome = judge(&exit);
        if let Some(error) = exit.output_error {
            return Err(error);
        }
        if outcome.state.evidence().is_some() {
            let missed = self.keep_artifacts(&tree.dir, &folder).await?;
            outcome.detail = outcome.detail.or(missed);
            outcome.data = self.measure(path).await?;
        }
        Ok(outcome)
    }

    fn command(&self, dir: PathBuf, tree: &Path) -> Command {
        let (program, option) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
        let inherited = self.env.iter().filter(|(name, _)| !REDIRECTIONS.contains(&name.as_str()));
        let own = [("CI_TOOL_JOB", &self.request.job), ("CI_TOOL_REVISION", &self.request.revision)];
        let mut env: BTreeMap<OsString, OsString> = inherited.map(|(n, v)| (n.into(), v.into())).collect();
        env.insert("CI".into(), "true".into());
        env.extend(self.definition.variables.iter().map(|(n, v)| (n.into(), v.into())));
        env.extend(own.map(|(n, v)| (n.into(), v.into())));
        env.insert("CI_TOOL_RUN".into(), self.id.clone().into());
        env.insert(IN_TREE.into(), tree.into());
        Command {
            program: program.into(),
            args: vec![option.into(), self.definition.command.clone().into()],
            dir,
            env: Some(env),
            timeout: self.definition.limit,
            grace: GRACE,
            stdin: Stdin::Null,
        }
    }

    async fn bring_needs(&self, tree: &Path) -> Result<()> {
        for need in &self.request.needs {
            let (records, id) = (self.place.clone(), need.id.clone());
            if aside(move || records.records.read(&id)).await?.is_none() {
                let message =
                    format!("what the job {} made is gone: nothing is remembered of its run {}", need.job, need.id);
                return Err(Error::new(Kind::NotFound, message));
            }
            let from = self.place.records.folder(&need.id)?.join(ARTIFACTS);
            let (tree, what) = (tree.to_owned(), need.job.clone());
            aside(move || {
                files::copy(&files::below(&from, None)?.files, &from, &tree)
                    .map_err(|e| e.context(format!("bringing what the job {what} made")))
            })
            .await?;
        }
        Ok(())
    }

    /// Returns what there is to say of files that it may have missed.
    async fn keep_artifacts(&self, tree: &Path, folder: &Path) -> Result<Option<String>> {
        if self.definition.spec.artifacts.is_empty() {
            return Ok(None);
        }
        let (chosen, from, to) = (self.definition.artifacts.clone(), tree.to_owned(), folder.join(ARTIFACTS));
        aside(move || {
            let found = files::below(&from, Some(&chosen))?;
            files::copy(&found.files, &from, &to)?;
            let unread = found.unread.first().map(|first| first.display());
            Ok(unread.map(|first| format!("artifacts were not looked for where nothing can be read, as in {first}")))
        })
        .await
    }

    async fn measure(&self, log: PathBuf) -> Result<BTreeMap<String, f64>> {
        let Some(pattern) = self.definition.measure.clone() else { return Ok(BTreeMap::new()) };
        aside(move || measure::measure(&pattern, &log)).await
    }

    /// Says in the log why there is no more of it.
    fn note(&self, text: &str) {
        use std::io::Write;
        let log = self.folder().and_then(|folder| {
            let path = folder.join(LOG);
            let log = File::options().create(true).append(true).open(&path);
            log.and_then(|mut log| writeln!(log, "ci-tool: {text}")).map_err(|e| Error::io("writing", &path, e))
        });
        if let Err(error) = log {
            tracing::warn!(%error, "the log does not say why the run ended");
        }
    }

    fn folder(&self) -> Result<PathBuf> {
        self.place.records.folder(&self.id)
    }
}

/// What the end of a command says. The exit codes 126 and 127 are a shell's way to say that it could not run a program.
fn judge(exit: &Exit) -> Outcome {
    if let Some(reason) = exit.stopped {
        return Outcome { exit_code: Some(exit.code()), ..Outcome::stopped(reason) };
    }
    let detail = match exit.status {
        Status::Code(126) => Some("a program of its command is not executable".to_owned()),
        Status::Code(127) => Some("a program of its command was not found".to_owned()),
        Status::Signal(signal) => Some(format!("the signal {signal} ended its command")),
        Status::Code(_) => None,
    };
    let state = if exit.code() == 0 { State::Succeeded } else { State::Failed };
    Outcome { exit_code: Some(exit.code()), ..Outcome::of(state, detail) }
}

/// The files that a run made, relative to their folder, with their sizes in bytes.
///
/// # Errors
/// I/O.
pub fn artifacts(folder: &Path) -> Result<Vec<(String, u64)>> {
    let root = folder.join(ARTIFACTS);
    let sized = |path: PathBuf| {
        let meta = fs::metadata(root.join(&path)).map_err(|e| Error::io("reading", &root.join(&path), e))?;
        Ok((path.to_string_lossy().replace('\\', "/"), meta.len()))
    };
    files::below(&root, None)?.files.into_iter().map(sized).collect()
}

/// A run before it has begun.
pub fn pending(id: String, request: &Request, now: jiff::Timestamp) -> Run {
    Run {
        revision: Some(request.revision.clone()),
        key: Some(request.key.clone()),
        queued: Some(now),
        ..Run::new(id, &request.job, State::Pending)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_command_becomes_a_state() {
        for (status, stopped, state, code, told) in [
            (Status::Code(0), None, State::Succeeded, 0, false),
            (Status::Code(1), None, State::Failed, 1, false),
            (Status::Code(126), None, State::Failed, 126, true),
            (Status::Code(127), None, State::Failed, 127, true),
            (Status::Signal(9), None, State::Failed, 137, true),
            (Status::Signal(15), Some(StopReason::Timeout), State::TimedOut, 124, false),
            (Status::Code(0), Some(StopReason::Timeout), State::TimedOut, 124, false),
            (Status::Signal(15), Some(StopReason::Cancelled), State::Cancelled, 143, false),
            (Status::Signal(2), Some(StopReason::Interrupt), State::Interrupted, 130, false),
            (Status::Signal(15), Some(StopReason::Terminate), State::Interrupted, 143, false),
        ] {
            let outcome = judge(&Exit { status, duration: Duration::ZERO, stopped, output_error: None });
            let seen = (outcome.state, outcome.exit_code, outcome.detail.is_some());
            assert_eq!(seen, (state, Some(code), told), "{status:?} {stopped:?}");
        }
    }
}
