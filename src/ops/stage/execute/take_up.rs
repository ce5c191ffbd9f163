//! Taking a run up again, after a crash, a failure, an answer.

use super::{MARK, logs};
use crate::{
    error::{Error, Kind, Result},
    journal::Lasting,
    ops::stage::{
        pipeline::Pipeline,
        run::{Event, Owned, keep_text, text},
        state::State,
    },
    process::kill_having,
    world::World,
};
use std::{path::Path, time::Duration};

/// How long what was killed may take to die.
const DEATH: Duration = Duration::from_secs(10);

/// What is done again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// What was running when its process died.
    Interrupted,
    /// Everything that came to a bad end.
    Bad,
}

/// Proves that nothing of the run's dead processes is left, notes what they did not finish, and lets it be done again. The
/// pipeline may be another one than before: both are kept, with what differs.
///
/// # Errors
/// `Unsupported` when it ran on another machine, where nobody can look from here, unless `assume_dead`; those of the journal.
pub async fn take_up(
    world: &World,
    owned: &mut Owned,
    pipeline: &Pipeline,
    again: Again,
    host: &str,
    live: &Path,
    assume_dead: bool,
) -> Result<()> {
    let run = owned.run.opening.run.clone();
    let mut unfinished = Vec::new();
    for (name, told) in &owned.run.stages {
        let last = told.attempts.last().filter(|attempt| attempt.ended.is_none());
        let Some(attempt) = last else { continue };
        if attempt.host != host && !assume_dead {
            let message = format!(
                "the stage {name} was running on {}, and nobody can tell from here that it is dead",
                attempt.host
            );
            return Err(Error::new(Kind::Unsupported, message).hint(format!(
                "resume it there, or look for yourself and say --assume-dead: ci-tool stage resume {run} --assume-dead"
            )));
        }
        if !gone(attempt.mark.clone()).await {
            let message = format!("what the stage {name} left running does not die");
            return Err(Error::new(Kind::Internal, message).hint(format!(
                "look for processes with {MARK}={} in their environment, then resume again",
                attempt.mark
            )));
        }
        unfinished.push((name.clone(), told.attempts.len()));
    }
    for (name, attempt) in unfinished {
        logs::keep(&world.store, &logs::live(live, &run, &name, attempt), &run, &name, attempt).await?;
        let ended = Event::Ended {
            stage: name,
            attempt,
            state: State::Interrupted,
            why: Some("the process that ran it died".into()),
            exit_code: None,
            made: Vec::new(),
            fingerprint: None,
        };
        owned.tell(ended, Lasting::Written).await?;
    }
    let (mut hash, mut differs) = (None, Vec::new());
    if owned.run.hash != pipeline.hash {
        keep_text(world, pipeline).await?;
        let before = text(world, &owned.run.hash, &owned.run.opening.file).await?;
        differs = differences(&before, pipeline);
        hash = Some(pipeline.hash.clone());
    }
    let states = owned.run.states(pipeline);
    let wanted = pipeline.stages.iter().zip(states).filter(|(stage, state)| match (again, state) {
        (_, State::Interrupted) => stage.rerun,
        (Again::Bad, state) => state.is_bad(),
        _ => false,
    });
    let again: Vec<String> = wanted.map(|(stage, _)| stage.name.clone()).collect();
    owned.tell(Event::TakenUp { hash, differs, again }, Lasting::Written).await
}

/// Whether nothing of a dead process's stage is left; what was is killed.
async fn gone(mark: String) -> bool {
    let look = move || kill_having(MARK, mark.as_ref(), DEATH);
    tokio::task::spawn_blocking(look).await.unwrap_or(false)
}

/// What differs between two pipelines, a line each.
pub fn differences(before: &Pipeline, after: &Pipeline) -> Vec<String> {
    let mut found = Vec::new();
    for stage in &after.stages {
        match before.stages.iter().find(|other| other.name == stage.name) {
            None => found.push(format!("{} is new", stage.name)),
            Some(other) => {
                let needs = |pipeline: &Pipeline, needs: &[usize]| -> Vec<String> {
                    needs.iter().map(|&need| pipeline.stages[need].name.clone()).collect()
                };
                if needs(before, &other.needs) != needs(after, &stage.needs) {
                    found.push(format!("{} needs {}", stage.name, needs(after, &stage.needs).join(", ")));
                }
                if super::describe(other) != super::describe(stage) {
                    found.push(format!(
                        "{} does {:?} instead of {:?}",
                        stage.name,
                        super::describe(stage),
                        super::describe(other)
                    ));
                }
                let settings = |s: &crate::ops::stage::pipeline::Stage| {
                    format!(
                        "{:?}",
                        (
                            &s.env,
                            &s.directory,
                            &s.pool,
                            s.timeout,
                            s.retries,
                            s.rerun,
                            &s.inputs,
                            &s.outputs,
                            &s.issues
                        )
                    )
                };
                if settings(other) != settings(stage) {
                    found.push(format!("{} has other settings", stage.name));
                }
            }
        }
    }
    let gone = before.stages.iter().filter(|stage| !after.stages.iter().any(|other| other.name == stage.name));
    found.extend(gone.map(|stage| format!("{} is gone", stage.name)));
    found
}
