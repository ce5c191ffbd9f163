//! A run as its records tell it. Pure.

use super::event::{EngineRun, Event, Made, Opening, Record, prove};
use crate::{
    error::{Error, Kind, Result},
    ops::stage::{pipeline::Pipeline, state::State},
};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// A run.
#[derive(Debug, Clone, Serialize)]
pub struct Run {
    /// What began it.
    pub opening: Opening,
    /// When.
    pub opened: Timestamp,
    /// When something last happened.
    pub changed: Timestamp,
    /// The hash of the pipeline's text as it is now.
    pub hash: String,
    /// The stages that something happened to, by name.
    pub stages: BTreeMap<String, Told>,
    /// Every time that it was taken up with another file: what differed.
    pub mended: Vec<Mended>,
    /// Why it was stopped, since it was last taken up.
    pub cancelled: Option<String>,
    /// The engine's run that drives the stages.
    pub engine_run: Option<EngineRun>,
    /// The chain up to its last record.
    #[serde(skip)]
    pub chain: String,
}

/// A file that was mended between.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mended {
    /// When.
    pub at: Timestamp,
    /// The hash before.
    pub from: String,
    /// The hash since.
    pub to: String,
    /// What differs.
    pub differs: Vec<String>,
}

/// What is told of a stage.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Told {
    /// Its attempts, the first first.
    pub attempts: Vec<Attempt>,
    /// How it ended without being begun: left out, passed over, up to date.
    pub passed: Option<Passed>,
    /// What a person is asked, or said.
    pub asked: Option<Question>,
    /// Every answer that there ever was.
    pub answers: Vec<Answer>,
}

/// One time that a stage ran.
#[derive(Debug, Clone, Serialize)]
pub struct Attempt {
    /// When it began.
    pub begun: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// How; running as long as nobody said.
    pub state: State,
    /// Why.
    pub why: Option<String>,
    /// The exit code.
    pub exit_code: Option<i32>,
    /// What it ran.
    pub command: String,
    /// What its processes carry.
    pub mark: String,
    /// The machine that it ran on.
    pub host: String,
    /// What it made.
    pub made: Vec<Made>,
    /// The fingerprint of its inputs and command.
    pub fingerprint: Option<String>,
}

/// How a stage ended that was not begun.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Passed {
    /// How.
    pub state: State,
    /// Why.
    pub why: Option<String>,
    /// When.
    pub at: Timestamp,
    /// What it made before, where it is up to date.
    pub made: Vec<Made>,
}

/// A question that waits.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Question {
    /// Since when.
    pub at: Timestamp,
    /// Until when.
    pub until: Option<Timestamp>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// When.
    pub at: Timestamp,
    /// What the stage is by it.
    pub state: State,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: Option<String>,
}

impl Told {
    /// Where the stage is.
    pub fn state(&self) -> State {
        if self.asked.is_some() {
            return State::WaitingForApproval;
        }
        let attempt = self.attempts.last().map(|attempt| (attempt.ended.unwrap_or(Timestamp::MAX), attempt.state));
        let passed = self.passed.as_ref().map(|passed| (passed.at, passed.state));
        let answer = self.answers.last().map(|answer| (answer.at, answer.state));
        // The last word counts; an attempt that runs has not had its own.
        [attempt, passed, answer]
            .into_iter()
            .flatten()
            .max_by_key(|(at, _)| *at)
            .map_or(State::Waiting, |(_, state)| state)
    }

    /// What it made when it last succeeded.
    pub fn made(&self) -> &[Made] {
        let good = self.attempts.iter().rev().find(|attempt| attempt.state.satisfies());
        match (&self.passed, good) {
            (Some(passed), _) if !passed.made.is_empty() => &passed.made,
            (_, Some(attempt)) => &attempt.made,
            _ => &[],
        }
    }
}

impl Run {
    /// Reads a run from its records.
    ///
    /// # Errors
    /// `NotFound` when there are none; `Corrupt` when they were altered, or do not begin a run.
    pub fn of(records: &[Record]) -> Result<Run> {
        let Some((first, rest)) = records.split_first() else {
            return Err(Error::new(Kind::NotFound, "the run has no records"));
        };
        prove(records)?;
        let Event::Opened(opening) = &first.event else {
            return Err(Error::new(Kind::Corrupt, "the first record of the run does not open it"));
        };
        let mut run = Run {
            hash: opening.hash.clone(),
            opening: (**opening).clone(),
            opened: first.at,
            changed: first.at,
            stages: BTreeMap::new(),
            mended: Vec::new(),
            cancelled: None,
            engine_run: None,
            chain: first.chain.clone(),
        };
        rest.iter().for_each(|record| run.apply(record));
        Ok(run)
    }

    /// Takes a further record in.
    pub fn apply(&mut self, record: &Record) {
        self.chain.clone_from(&record.chain);
        self.changed = record.at;
        let at = record.at;
        match &record.event {
            Event::Opened(_) | Event::Publishing { .. } => {}
            Event::Submitted(engine_run) => self.engine_run = Some(engine_run.clone()),
            Event::TakenUp { hash, differs, again } => {
                self.cancelled = None;
                if let Some(to) = hash {
                    let from = std::mem::replace(&mut self.hash, to.clone());
                    self.mended.push(Mended { at, from, to: to.clone(), differs: differs.clone() });
                }
                for stage in again {
                    let told = self.stages.entry(stage.clone()).or_default();
                    let passed = Passed { state: State::Waiting, why: None, at, made: Vec::new() };
                    (told.passed, told.asked) = (Some(passed), None);
                }
            }
            Event::Begun { stage, attempt: _, command, mark, host } => {
                let attempt = Attempt {
                    begun: at,
                    ended: None,
                    state: State::Running,
                    why: None,
                    exit_code: None,
                    command: command.clone(),
                    mark: mark.clone(),
                    host: host.clone(),
                    made: Vec::new(),
                    fingerprint: None,
                };
                self.stages.entry(stage.clone()).or_default().attempts.push(attempt);
            }
            Event::Ended { stage, attempt, state, why, exit_code, made, fingerprint } => {
                let told = self.stages.entry(stage.clone()).or_default();
                match attempt.checked_sub(1).and_then(|at| told.attempts.get_mut(at)) {
                    Some(attempt) => {
                        attempt.ended = Some(at);
                        (attempt.state, attempt.exit_code) = (*state, *exit_code);
                        attempt.why.clone_from(why);
                        attempt.made.clone_from(made);
                        attempt.fingerprint.clone_from(fingerprint);
                    }
                    None => {
                        told.passed = Some(Passed { state: *state, why: why.clone(), at, made: made.clone() });
                    }
                }
            }
            Event::Asked { stage, until } => {
                self.stages.entry(stage.clone()).or_default().asked = Some(Question { at, until: *until });
            }
            Event::Answered { stage, state, by, reason } => {
                let told = self.stages.entry(stage.clone()).or_default();
                told.asked = None;
                told.answers.push(Answer { at, state: *state, by: by.clone(), reason: reason.clone() });
            }
            Event::Cancelled { why } => self.cancelled = Some(why.clone()),
        }
    }

    /// Where each stage of a pipeline is, by place.
    pub fn states(&self, pipeline: &Pipeline) -> Vec<State> {
        pipeline.stages.iter().map(|stage| self.stages.get(&stage.name).map_or(State::Waiting, Told::state)).collect()
    }
}
