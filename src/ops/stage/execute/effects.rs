//! What one stage does, and what comes of it.

use super::{Watcher, command, logs};
use crate::{
    error::Result,
    ops::stage::{
        fingerprint::Fingerprint,
        pipeline::{Profile, Stage, Target, Work},
        run::{HandoverId, Made},
        state::State,
    },
    pipeline::id::Id,
    process::Stop,
    store::Handle,
};
use async_trait::async_trait;
use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

/// What stages do besides running commands.
#[async_trait]
pub trait Effects: Send + Sync {
    /// The fingerprint of a stage's inputs and command.
    ///
    /// # Errors
    /// When an input cannot be read.
    async fn fingerprint(&self, stage: &Stage, around: &Around) -> Result<Fingerprint>;

    /// The run in which a stage succeeded with a fingerprint. What it made there is put back where it is gone.
    ///
    /// # Errors
    /// I/O and those of the store.
    async fn fresh(&self, stage: &Stage, around: &Around, fingerprint: &Fingerprint) -> Result<Option<Fresh>>;

    /// Notes that a stage succeeded with a fingerprint.
    ///
    /// # Errors
    /// Those of the store.
    async fn remember(&self, stage: &Stage, around: &Around, before: &Fingerprint, made: &[Made]) -> Result<()>;

    /// Is told that a command ended: files may be others now.
    async fn ran(&self);

    /// Is told that nothing more is begun.
    ///
    /// # Errors
    /// Those of the store.
    async fn finish(&self) -> Result<()>;

    /// Keeps what a stage made: the files that match its outputs, and an SBOM where it wants one.
    ///
    /// # Errors
    /// `NotFound` when an output is not there; I/O and those of the store.
    async fn keep(&self, stage: &Stage, around: &Around) -> Result<Vec<Made>>;

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

    /// Runs a job of an engine to its end. One that an earlier attempt asked for is followed instead of asked for again.
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
    /// The variables that its pipeline and it declare.
    pub declared: BTreeMap<String, String>,
    /// The names of variables whose values are shown nowhere.
    pub secret_names: Vec<String>,
    /// Where its command runs.
    pub directory: PathBuf,
    /// Which time it runs, from 1.
    pub attempt: usize,
    /// What the stages made that it needs, by stage.
    pub needs_made: Vec<(String, Vec<Made>)>,
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
    pub fingerprint: Option<Fingerprint>,
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
    pub fingerprint: Option<Fingerprint>,
    pub around: Around,
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
        let log = logs::live(&self.live, &self.run, &self.stage.name, self.attempt);
        let ran = command::run(self, &self.around.directory, &log).await;
        self.effects.ran().await;
        let mut outcome = ran?;
        logs::keep(&self.store, &log, &self.run, &self.stage.name, self.attempt).await?;
        if outcome.state.satisfies() {
            outcome.made = self.effects.keep(&self.stage, &self.around).await?;
        }
        Ok(outcome)
    }
}
