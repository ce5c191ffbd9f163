//! What one stage does, and what comes of it.

use super::{Watcher, command, logs};
use crate::{
    error::Result,
    ops::stage::{
        pipeline::{Profile, Stage, Target, Work},
        run::{HandoverId, Made},
        state::State,
    },
    pipeline::id::Id,
    process::Stop,
    store::Handle,
};
use async_trait::async_trait;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

/// What stages do besides running commands.
#[async_trait]
pub trait Effects: Send + Sync {
    /// The fingerprint of a stage's inputs and command.
    ///
    /// # Errors
    /// When an input cannot be read.
    async fn fingerprint(&self, stage: &Stage, around: &Around) -> Result<Option<String>>;

    /// The run in which a stage succeeded with a fingerprint.
    ///
    /// # Errors
    /// Those of the store.
    async fn fresh(&self, stage: &Stage, fingerprint: &str) -> Result<Option<Fresh>>;

    /// Notes that a stage succeeded with a fingerprint.
    ///
    /// # Errors
    /// Those of the store.
    async fn remember(&self, stage: &Stage, fingerprint: &str, run: &Id, made: &[Made]) -> Result<()>;

    /// Keeps what a stage made: the files that match its outputs below `directory`, and an SBOM where it wants one.
    ///
    /// # Errors
    /// `NotFound` when an output is not there; I/O and those of the store.
    async fn keep(&self, stage: &Stage, around: &Around, directory: &Path) -> Result<Vec<Made>>;

    /// Puts back what an earlier run made, where it is not there.
    ///
    /// # Errors
    /// I/O and those of the store; `Corrupt`.
    async fn restore(&self, stage: &Stage, made: &[Made], directory: &Path) -> Result<()>;

    /// Publishes.
    ///
    /// # Errors
    /// `Usage`, `Exists`, `Corrupt` for what is refused before anything is uploaded; those of the stores.
    async fn publish(&self, stage: &Stage, targets: &[Target], around: &Around) -> Result<String>;

    /// Starts another pipeline with what was handed over.
    ///
    /// # Errors
    /// When it cannot be started.
    async fn start(&self, stage: &Stage, pipeline: &str, around: &Around) -> Result<String>;

    /// Runs a job of an engine to its end.
    ///
    /// # Errors
    /// Those of the engine.
    async fn job(&self, stage: &Stage, around: &Around, stop: Stop) -> Result<(State, String)>;
}

/// What a stage is handed.
#[derive(Debug, Clone)]
pub struct Around {
    /// Its command.
    pub command: String,
    /// Its environment.
    pub variables: BTreeMap<String, String>,
    /// Values that are shown nowhere.
    pub secrets: Vec<String>,
    /// Where the run publishes.
    pub profile: Profile,
    /// The handover of the run.
    pub handover: Option<HandoverId>,
    /// What the stages made that it needs.
    pub needs_made: Vec<Made>,
    /// What all stages of the run made so far, for one that hands it over.
    pub made: Vec<Made>,
    /// The run.
    pub run: Id,
}

/// A stage that needs not be done.
#[derive(Debug, Clone, PartialEq)]
pub struct Fresh {
    /// The run in which it was done.
    pub run: String,
    /// What it made there.
    pub made: Vec<Made>,
}

/// What came of a stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// How it ended.
    pub state: State,
    /// Why.
    pub why: Option<String>,
    /// The exit code of its command.
    pub exit_code: Option<i32>,
    /// What it made.
    pub made: Vec<Made>,
    /// The fingerprint that it had when it began.
    pub fingerprint: Option<String>,
}

impl Outcome {
    /// An end with a reason.
    pub fn new(state: State, why: impl Into<String>) -> Outcome {
        Outcome { state, why: Some(why.into()), exit_code: None, made: Vec::new(), fingerprint: None }
    }
}

/// A stage that is being done.
pub(super) struct Doing {
    pub stage: Stage,
    pub command: String,
    pub substituted: bool,
    pub attempt: usize,
    pub mark: String,
    pub fingerprint: Option<String>,
    pub around: Around,
    pub directory: PathBuf,
    pub live: PathBuf,
    pub run: Id,
    pub store: Handle,
    pub effects: Arc<dyn Effects>,
    pub watcher: Arc<dyn Watcher>,
    pub stop: Stop,
}

impl Doing {
    /// Does it. What goes wrong is an outcome, too: the run goes on.
    pub async fn done(self) -> Outcome {
        let mut outcome = match self.work().await {
            Ok(outcome) => outcome,
            Err(error) => Outcome::new(State::Failed, error.in_full()),
        };
        outcome.fingerprint.clone_from(&self.fingerprint);
        outcome
    }

    async fn work(&self) -> Result<Outcome> {
        if self.substituted {
            return self.run_command().await;
        }
        let said = |said: String| Outcome { why: Some(said), ..Outcome::new(State::Succeeded, "") };
        match &self.stage.work {
            Work::Command(_) => self.run_command().await,
            Work::Publish(targets) => self.effects.publish(&self.stage, targets, &self.around).await.map(said),
            Work::Start(pipeline) => self.effects.start(&self.stage, pipeline, &self.around).await.map(said),
            Work::Job { .. } => {
                let (state, why) = self.effects.job(&self.stage, &self.around, self.stop.clone()).await?;
                Ok(Outcome::new(state, why))
            }
            Work::Nothing | Work::Gate { .. } | Work::Approval { .. } => {
                Ok(Outcome { why: None, ..Outcome::new(State::Succeeded, "") })
            }
        }
    }

    async fn run_command(&self) -> Result<Outcome> {
        let directory = match &self.stage.directory {
            Some(below) => self.directory.join(below),
            None => self.directory.clone(),
        };
        let log = logs::live(&self.live, &self.run, &self.stage.name, self.attempt);
        let mut outcome = command::run(self, &directory, &log).await?;
        logs::keep(&self.store, &log, &self.run, &self.stage.name, self.attempt).await?;
        if outcome.state.satisfies() {
            outcome.made = self.effects.keep(&self.stage, &self.around, &directory).await?;
        }
        Ok(outcome)
    }
}
