//! Running the stages of a pipeline: by need, by pool, each recorded before it begins.

mod begin;
mod command;
mod effects;
mod logs;
mod mask;
mod take_up;

pub use begin::{Beginning, begin};
pub use effects::{Around, Effects, Fresh, Outcome};
pub use logs::{log_key, read_log};
pub use take_up::{Again, take_up};

use super::{
    advance::{Next, next_of, shown},
    graph::Graph,
    pipeline::{OnTimeout, Pipeline, Profile, Stage, Work},
    run::{Event, Made, Owned, Told},
    state::State,
};
use crate::{
    error::{Error, Kind, Result},
    journal::Lasting,
    process::StopReason,
    world::World,
};
use effects::Doing;
use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::PathBuf,
    sync::Arc,
};

/// The variable by which what a stage started is found after a crash.
pub const MARK: &str = "CI_TOOL_STAGE_MARK";

/// How to run.
pub struct Options<'a> {
    /// How many stages at once.
    pub at_once: usize,
    /// The directory of the pipeline's file, where commands run.
    pub directory: PathBuf,
    /// Where the logs of running stages are.
    pub live: PathBuf,
    /// The machine's name.
    pub host: String,
    /// What stages do besides running commands.
    pub effects: Arc<dyn Effects>,
    /// Who watches.
    pub watcher: Arc<dyn Watcher>,
    /// Whether the run may be driven by this process alone: no marker is left when it is not.
    pub variables: &'a BTreeMap<String, String>,
}

/// Sees a run.
pub trait Watcher: Send + Sync {
    /// A stage is somewhere else now.
    fn changed(&self, stage: &str, state: State, why: Option<&str>);
    /// A stage wrote a line, without secrets and its line feed.
    fn line(&self, stage: &str, line: &str);
}

/// How it came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finished {
    /// Nothing is left to do.
    Done,
    /// Nothing can be done before people answer at these stages.
    Waiting(Vec<String>),
}

/// Runs what can be run, until nothing is left or people are waited for.
///
/// # Errors
/// `Interrupted` when everything has to stop: what ran is cancelled. Those of the journal.
pub async fn execute(world: &World, owned: &mut Owned, pipeline: &Pipeline, options: &Options<'_>) -> Result<Finished> {
    let graph = Graph::new(&pipeline.stages);
    let states = owned.run.states(pipeline);
    let made_something = |told: &Told| !told.made().is_empty();
    let makers = pipeline.stages.iter().enumerate();
    let makers = makers.filter(|(_, stage)| owned.run.stages.get(&stage.name).is_some_and(made_something));
    let makers = makers.map(|(place, _)| place).collect();
    let mut variables = world.env.clone();
    variables.extend(options.variables.clone());
    variables.extend(pipeline.env.clone());
    let (stopper, stop) = crate::process::Stop::channel();
    let executor = Executor {
        world,
        owned,
        pipeline,
        options,
        states,
        graph,
        makers,
        variables,
        stopper,
        stop,
        look_at: (0..pipeline.stages.len()).collect(),
        held: Vec::new(),
        used: HashMap::new(),
        running: FuturesUnordered::new(),
        tries: HashMap::new(),
        ending: None,
    };
    executor.run().await
}

/// Judges questions whose time is up: the next command that looks does.
///
/// # Errors
/// Those of the journal.
pub async fn judge(world: &World, owned: &mut Owned, pipeline: &Pipeline) -> Result<()> {
    let now = (world.now)();
    for stage in &pipeline.stages {
        let asked = owned.run.stages.get(&stage.name).and_then(|told| told.asked.as_ref());
        let late = asked.and_then(|question| question.until).is_some_and(|until| until <= now);
        let Work::Approval { on_timeout, .. } = &stage.work else { continue };
        if !late {
            continue;
        }
        let state = match on_timeout {
            OnTimeout::Reject => State::Failed,
            OnTimeout::Resume => State::Succeeded,
        };
        let reason = Some("nobody answered in time".to_owned());
        let answer = Event::Answered { stage: stage.name.clone(), state, by: "the clock".into(), reason };
        owned.tell(answer, Lasting::Synced).await?;
    }
    Ok(())
}

struct Executor<'a> {
    world: &'a World,
    owned: &'a mut Owned,
    pipeline: &'a Pipeline,
    options: &'a Options<'a>,
    graph: Graph,
    states: Vec<State>,
    /// The stages that made something.
    makers: BTreeSet<usize>,
    /// The environment of every stage, before its own variables.
    variables: BTreeMap<String, String>,
    stopper: crate::process::Stopper,
    stop: crate::process::Stop,
    /// Stages that something may have changed for.
    look_at: BTreeSet<usize>,
    /// Stages that could begin, and for which there was no room.
    held: Vec<usize>,
    /// How many of each pool run.
    used: HashMap<String, usize>,
    running: FuturesUnordered<BoxFuture<'static, (usize, usize, Outcome)>>,
    /// How often each stage was tried in this call.
    tries: HashMap<usize, u32>,
    /// Why nothing more is begun.
    ending: Option<StopReason>,
}

impl Executor<'_> {
    async fn run(mut self) -> Result<Finished> {
        let mut stop = self.world.stop.clone();
        let result = loop {
            if self.ending.is_none()
                && let Err(error) = self.advance().await
            {
                break Err(error);
            }
            if self.running.is_empty() {
                break Ok(());
            }
            let asked = self.ending.is_some();
            tokio::select! {
                biased;
                reason = stop.requested(), if !asked => self.end(reason),
                Some((stage, attempt, outcome)) = self.running.next() => {
                    if let Err(error) = self.ended(stage, attempt, outcome).await {
                        break Err(error);
                    }
                }
            }
        };
        // Nothing that was begun goes on alone.
        self.stopper.stop(StopReason::Cancelled);
        while let Some((stage, attempt, outcome)) = self.running.next().await {
            let _ = self.ended(stage, attempt, outcome).await;
        }
        result?;
        self.options.effects.finish().await?;
        if let Some(reason) = self.ending.filter(|reason| *reason != StopReason::Cancelled) {
            self.owned.tell(Event::Cancelled { why: format!("{reason:?}").to_lowercase() }, Lasting::Written).await?;
            let run = &self.owned.run.opening.run;
            return Err(Error::new(Kind::Interrupted, format!("the run {run} was interrupted"))
                .hint(format!("ci-tool stage resume {run} goes on with it")));
        }
        let shown = shown(&self.pipeline.stages, &self.graph, &self.states);
        let named = self.pipeline.stages.iter().zip(shown);
        let waiting: Vec<String> = named
            .filter(|(_, state)| *state == State::WaitingForApproval)
            .map(|(stage, _)| stage.name.clone())
            .collect();
        Ok(if waiting.is_empty() { Finished::Done } else { Finished::Waiting(waiting) })
    }

    /// Stops what runs, and begins nothing more.
    fn end(&mut self, reason: StopReason) {
        self.ending = Some(reason);
        self.stopper.stop(reason);
    }

    /// Does what can be done about every stage that may have changed.
    async fn advance(&mut self) -> Result<()> {
        self.look_at.extend(self.held.drain(..));
        while let Some(stage) = self.look_at.pop_first() {
            match next_of(&self.pipeline.stages, &self.graph, &self.states, stage) {
                Next::Nothing => {}
                Next::PassOver => {
                    self.pass(stage, State::Skipped, "there is nothing to override".into(), Vec::new());
                }
                Next::Ask => self.ask(stage).await?,
                Next::Begin if !self.has_room(stage) => self.held.push(stage),
                Next::Begin => self.begin(stage).await?,
            }
            if self.ending.is_some() {
                break;
            }
        }
        self.owned.settle(Lasting::Written).await
    }

    fn has_room(&self, stage: usize) -> bool {
        let pool = self.pipeline.stages[stage].pool.as_ref();
        let full = pool.is_some_and(|pool| {
            self.used.get(pool).copied().unwrap_or(0) >= self.pipeline.pools.get(pool).copied().unwrap_or(usize::MAX)
        });
        self.running.len() < self.options.at_once && !full
    }

    async fn ask(&mut self, stage: usize) -> Result<()> {
        let it = &self.pipeline.stages[stage];
        let until = match &it.work {
            Work::Approval { timeout: Some(timeout), .. } => (self.world.now)().checked_add(*timeout).ok(),
            _ => None,
        };
        self.owned.tell(Event::Asked { stage: it.name.clone(), until }, Lasting::Written).await?;
        self.set(stage, State::WaitingForApproval, None);
        Ok(())
    }

    /// Notes that a stage is over without having been begun.
    fn pass(&mut self, stage: usize, state: State, why: String, made: Vec<Made>) {
        if !made.is_empty() {
            self.makers.insert(stage);
        }
        let event = Event::Ended {
            stage: self.pipeline.stages[stage].name.clone(),
            attempt: 0,
            state,
            why: Some(why.clone()),
            exit_code: None,
            made,
            fingerprint: None,
        };
        self.owned.note(event);
        self.set(stage, state, Some(&why));
    }

    async fn begin(&mut self, stage: usize) -> Result<()> {
        let it = self.pipeline.stages[stage].clone();
        let substituted = self.owned.run.opening.substituted.get(&it.name).cloned();
        let command = substituted.clone().unwrap_or_else(|| describe(&it));
        let around = self.around(stage, &command);
        let fingerprint = match it.inputs.is_empty() || substituted.is_some() {
            true => None,
            false => Some(self.options.effects.fingerprint(&it, &around).await?),
        };
        let opening = &self.owned.run.opening;
        let again = if it.signs.is_some() { opening.resign } else { opening.rerun };
        if let Some(print) = fingerprint.as_ref().filter(|_| !again)
            && let Some(Fresh { run, made }) = self.options.effects.fresh(&it, &around, print).await?
        {
            self.pass(stage, State::UpToDate, format!("nothing changed since the run {run}"), made);
            return Ok(());
        }
        let attempt = around.attempt;
        let mark = format!("{}-{}-{attempt}", self.owned.run.opening.run, it.name);
        let begun = Event::Begun {
            stage: it.name.clone(),
            attempt,
            command: command.clone(),
            mark: mark.clone(),
            host: self.options.host.clone(),
        };
        self.owned.tell(begun, lasting(&it)).await?;
        self.set(stage, State::Running, None);
        *self.tries.entry(stage).or_default() += 1;
        if let Some(pool) = &it.pool {
            *self.used.entry(pool.clone()).or_default() += 1;
        }
        let doing = Doing {
            stage: it,
            command,
            substituted: substituted.is_some(),
            attempt,
            mark,
            fingerprint,
            around,
            live: self.options.live.clone(),
            run: self.owned.run.opening.run.clone(),
            store: self.world.store.clone(),
            effects: self.options.effects.clone(),
            watcher: self.options.watcher.clone(),
            stop: self.stop.clone(),
        };
        self.running.push(async move { (stage, attempt, doing.done().await) }.boxed());
        Ok(())
    }

    /// What a stage is handed.
    fn around(&self, place: usize, command: &str) -> Around {
        let opening = &self.owned.run.opening;
        let stage = &self.pipeline.stages[place];
        let mut variables = self.variables.clone();
        variables.extend(stage.env.clone());
        variables.insert("CI_TOOL_RUN".into(), opening.run.to_string());
        variables.insert("CI_TOOL_STAGE".into(), stage.name.clone());
        variables.insert("CI_TOOL_PROFILE".into(), opening.profile.as_str().into());
        if let Some(handover) = &opening.handover {
            variables.insert("CI_TOOL_BAR_BUILD_ID".into(), handover.bar_build_id.to_string());
            variables.insert("CI_TOOL_BUILD_ID".into(), handover.build_id.to_string());
        }
        let secrets = self.pipeline.secrets.iter().filter_map(|name| variables.get(name)).cloned().collect();
        let needed = match self.makers.is_empty() {
            true => Vec::new(),
            false => self.graph.ancestors(&[place]),
        };
        let made = self.makers.iter().filter(|&&maker| needed[maker]).filter_map(|&maker| {
            let name = &self.pipeline.stages[maker].name;
            let made = self.owned.run.stages.get(name)?.made();
            (!made.is_empty()).then(|| (name.clone(), made.to_vec()))
        });
        let mut declared = self.pipeline.env.clone();
        declared.extend(stage.env.clone());
        Around {
            command: command.to_owned(),
            variables,
            secrets,
            profile: opening.profile,
            handover: opening.handover.clone(),
            declared,
            secret_names: self.pipeline.secrets.clone(),
            directory: self.directory(stage),
            attempt: self.owned.run.stages.get(&stage.name).map_or(0, |told| told.attempts.len()) + 1,
            needs_made: made.collect(),
            made: match stage.work {
                Work::Start(_) => self.owned.run.stages.values().flat_map(|told| told.made().to_vec()).collect(),
                _ => Vec::new(),
            },
            run: opening.run.clone(),
        }
    }

    fn directory(&self, stage: &Stage) -> PathBuf {
        stage
            .directory
            .as_ref()
            .map_or_else(|| self.options.directory.clone(), |below| self.options.directory.join(below))
    }

    async fn ended(&mut self, stage: usize, attempt: usize, outcome: Outcome) -> Result<()> {
        let it = &self.pipeline.stages[stage];
        if let Some(pool) = &it.pool
            && let Some(used) = self.used.get_mut(pool)
        {
            *used = used.saturating_sub(1);
        }
        let Outcome { state, why, exit_code, made, fingerprint } = outcome;
        let (name, retries) = (it.name.clone(), it.retries);
        if state == State::Succeeded
            && let Some(print) = &fingerprint
        {
            let around = self.around(stage, &describe(it));
            self.options.effects.remember(it, &around, print, &made).await?;
        }
        let fingerprint = fingerprint.map(|print| print.hash);
        let lasting = lasting(it);
        if !made.is_empty() {
            self.makers.insert(stage);
        }
        let event = Event::Ended { stage: name, attempt, state, why: why.clone(), exit_code, made, fingerprint };
        self.owned.tell(event, lasting).await?;
        self.set(stage, state, why.as_deref());
        let again = state == State::Failed || state == State::TimedOut;
        if again && self.ending.is_none() && self.tries.get(&stage).copied().unwrap_or(0) <= retries {
            self.states[stage] = State::Waiting;
            self.look_at.insert(stage);
            return Ok(());
        }
        if state.is_bad() && self.owned.run.opening.fail_fast && self.ending.is_none() {
            self.end(StopReason::Cancelled);
        }
        Ok(())
    }

    fn set(&mut self, stage: usize, state: State, why: Option<&str>) {
        self.states[stage] = state;
        self.options.watcher.changed(&self.pipeline.stages[stage].name, state, why);
        self.look_at.extend(self.graph.needed_by(stage));
    }
}

/// How long what is recorded of a stage must last: whether it published must not be forgotten by a power cut; what runs
/// again does no harm.
fn lasting(stage: &Stage) -> Lasting {
    match stage.work {
        Work::Publish(_) | Work::Job { .. } | Work::Start(_) => Lasting::Synced,
        _ if stage.rerun && stage.signs.is_none() => Lasting::Written,
        _ => Lasting::Synced,
    }
}

/// What a stage does, in a line.
pub fn describe(stage: &Stage) -> String {
    match &stage.work {
        Work::Command(command) => command.clone(),
        Work::Job { engine, name, .. } => format!("job {name} on {}", engine.as_deref().unwrap_or("the engine")),
        Work::Gate { .. } => "gate".into(),
        Work::Approval { .. } => "approval".into(),
        Work::Publish(targets) => {
            let to = targets
                .iter()
                .flat_map(|t| &t.to)
                .map(|(profile, url)| format!("{} to {}", profile_name(*profile), crate::store::redact(url)));
            format!("publish {}", to.collect::<Vec<_>>().join(", "))
        }
        Work::Start(pipeline) => format!("start {pipeline}"),
        Work::Nothing => String::new(),
    }
}

fn profile_name(profile: Profile) -> &'static str {
    profile.as_str()
}
