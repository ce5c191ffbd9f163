//! What an engine and its runs share, and how a run is followed from waiting to its end.

use super::{
    definition::Definition,
    execute::{LOG, Outcome, Work},
    files::aside,
    git::Git,
    host,
    mirror::Mirror,
    records::Records,
    trees::{Tree, Trees},
};
use crate::{
    engine::{Request, Surroundings},
    error::Result,
    pipeline::run::{Run, State},
    process::{Stop, Stopper},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{
    sync::{OnceCell, OwnedSemaphorePermit, Semaphore, watch},
    task::AbortHandle,
};

/// What the engine and its runs share.
pub struct Shared {
    /// What was handed to the engine.
    pub around: Surroundings,
    slots: Arc<Semaphore>,
    place: OnceCell<Arc<Place>>,
    /// The runs of this process by id, also those that are over.
    pub runs: Mutex<HashMap<String, Own>>,
    /// The trees that were held, with their places among those that may run at once.
    pub held: Mutex<HashMap<String, (Tree, OwnedSemaphorePermit)>>,
    /// Counts what happened to runs.
    pub changes: watch::Sender<u64>,
}

/// The repository, once it is known.
pub struct Place {
    /// The clone.
    pub mirror: Arc<Mirror>,
    /// Its trees.
    pub trees: Trees,
    /// What is remembered of runs.
    pub records: Records,
}

/// A run of this process.
pub struct Own {
    run: Run,
    /// Stops it.
    pub stopper: Stopper,
    task: Option<AbortHandle>,
}

impl Shared {
    /// Nothing runs yet, and nothing is read.
    pub fn new(around: Surroundings, at_once: usize) -> Shared {
        Shared {
            around,
            slots: Arc::new(Semaphore::new(at_once)),
            place: OnceCell::new(),
            runs: Mutex::default(),
            held: Mutex::default(),
            changes: watch::Sender::new(0),
        }
    }

    /// Starts to follow a run that is remembered already.
    pub fn start(self: &Arc<Self>, place: Arc<Place>, definition: Definition, request: Request, run: Run) {
        let (id, env) = (run.id.clone(), self.around.env.clone());
        let work = Work { place, definition, request, id: id.clone(), env };
        let (stopper, stop) = Stop::channel();
        // The task must not look for the run before it is in.
        let mut runs = locked(&self.runs);
        let task = tokio::spawn(follow(self.clone(), work, stopper.clone(), stop)).abort_handle();
        runs.insert(id, Own { run, stopper, task: Some(task) });
    }

    /// Ends all that runs here, and kills its processes.
    pub fn abort(&self) {
        for own in locked(&self.runs).values() {
            own.task.iter().for_each(AbortHandle::abort);
        }
    }

    /// The repository.
    ///
    /// # Errors
    /// `Usage` outside of one; I/O.
    pub async fn place(&self) -> Result<Arc<Place>> {
        let around = &self.around;
        let make = || async {
            let mirror = Mirror::find(Git::new(&around.env), &around.directory, &around.cache).await?;
            let records = Records::new(&mirror.home, host::this(&around.env));
            let mirror = Arc::new(mirror);
            Ok(Arc::new(Place { trees: Trees::new(mirror.clone()), mirror, records }))
        };
        self.place.get_or_try_init(make).await.cloned()
    }

    /// A run as it is known now; `None` when it is not.
    ///
    /// # Errors
    /// `Usage` outside of a repository; I/O.
    pub async fn look(&self, id: String) -> Result<Option<Run>> {
        if let Some(own) = locked(&self.runs).get(&id) {
            return Ok(Some(own.run.clone()));
        }
        let place = self.place().await?;
        aside(move || place.records.read(&id)).await
    }

    /// Changes a run, for other processes first.
    async fn change(&self, work: &Work, change: impl FnOnce(&mut Run)) {
        let Some(mut run) = locked(&self.runs).get(&work.id).map(|own| own.run.clone()) else { return };
        change(&mut run);
        let (place, written) = (work.place.clone(), run.clone());
        let limit = work.definition.limit.map(|limit| limit.as_secs());
        if let Err(error) = aside(move || place.records.write(&written, limit)).await {
            tracing::warn!(run = %work.id, %error, "the run will not be remembered");
        }
        if let Some(own) = locked(&self.runs).get_mut(&work.id) {
            own.task = own.task.take().filter(|_| !run.state.is_over());
            own.run = run;
        }
        self.changes.send_modify(|count| *count += 1);
    }
}

/// Brings a run from waiting to its end.
async fn follow(shared: Arc<Shared>, work: Work, stopper: Stopper, stop: Stop) {
    let mut outer = shared.around.stop.clone();
    let pass_on = async {
        stopper.stop(outer.requested().await);
        std::future::pending::<()>().await;
    };
    let outcome = tokio::select! {
        outcome = wait_and_execute(&shared, &work, stop) => outcome,
        () = pass_on => return,
    };
    let now = (shared.around.now)();
    let log = work.place.records.folder(&work.id).map(|folder| folder.join(LOG)).ok();
    let log = log.filter(|log| log.is_file()).map(|log| log.display().to_string());
    shared
        .change(&work, |run| {
            run.ended = Some(now);
            run.state = outcome.state;
            run.detail = outcome.detail;
            run.exit_code = outcome.exit_code;
            run.data = outcome.data;
            run.url = log;
        })
        .await;
}

async fn wait_and_execute(shared: &Shared, work: &Work, mut stop: Stop) -> Outcome {
    let permit = tokio::select! {
        biased;
        reason = stop.requested() => return Outcome::stopped(reason),
        Ok(permit) = shared.slots.clone().acquire_owned() => permit,
    };
    let now = (shared.around.now)();
    let got = work.request.revision.clone();
    shared
        .change(work, |run| {
            run.state = State::Running;
            run.started = Some(now);
            run.got_revision = Some(got);
        })
        .await;
    let mut tree = match work.place.trees.take(&work.request.job).await {
        Ok(tree) => tree,
        Err(error) => return Outcome::infra(&error),
    };
    let outcome = work.execute(&mut tree, &stop).await;
    if work.request.hold && matches!(outcome.state, State::Failed | State::TimedOut) {
        locked(&shared.held).insert(work.id.clone(), (tree, permit));
    } else {
        work.place.trees.give(tree);
    }
    outcome
}

/// The content of a mutex; a panic elsewhere does not spoil it.
pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
