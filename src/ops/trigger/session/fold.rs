//! A session as its records tell it. Pure.

use super::event::{Event, Hunt, Opening, Record};
use crate::{
    engine::Request,
    error::{Error, Kind, Result},
    ops::trigger::plan::{Estimate, Item, Need, PassedOver},
    pipeline::run::{Run, State, Verdict},
};
use jiff::Timestamp;
use serde::Serialize;

/// A session.
#[derive(Debug, Clone, Serialize)]
pub struct Session {
    /// What began it.
    pub opening: Opening,
    /// When.
    pub opened: Timestamp,
    /// When something last happened.
    pub changed: Timestamp,
    /// Whether it was planned; who began one that was not died, or could not write on.
    #[serde(skip)]
    pub planned: bool,
    /// Its items, by number.
    pub items: Vec<Tracked>,
    /// What was passed over.
    pub passed_over: Vec<PassedOver>,
    /// What it was to take.
    pub estimate: Option<Estimate>,
    /// What was said of the plan.
    pub notes: Vec<String>,
    /// Why the rest is not wanted any more.
    pub cancelling: Option<String>,
    /// Whether everything is over.
    pub ended: bool,
}

/// An item and what became of it.
#[derive(Debug, Clone, Serialize)]
pub struct Tracked {
    /// What is wanted.
    #[serde(flatten)]
    pub item: Item,
    /// The requests for it.
    pub attempts: Vec<Attempt>,
    /// Why it will never be asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocked: Option<String>,
}

/// A request.
#[derive(Debug, Clone, Serialize)]
pub struct Attempt {
    /// Its key.
    pub key: String,
    /// When it was sent.
    pub sent: Timestamp,
    /// What became of it.
    #[serde(flatten)]
    pub fate: Fate,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[allow(clippy::large_enum_variant, reason = "nearly all are taken")]
#[serde(tag = "fate", rename_all = "snake_case")]
pub enum Fate {
    /// It is on its way, or whoever sent it died.
    Sending,
    /// Nobody knows.
    Uncertain {
        /// What happened.
        why: String,
        /// The runs that it may be.
        candidates: Vec<Run>,
    },
    /// The engine does not have it.
    NotTaken {
        /// What it said.
        why: String,
        /// Whether it will never take it.
        refused: bool,
    },
    /// The engine has it.
    Taken {
        /// The run.
        run: Run,
        /// Whether the engine answered with a run that was there before.
        folded: bool,
    },
}

impl Session {
    /// Reads a session from its records.
    ///
    /// # Errors
    /// `NotFound` when there are none; `Corrupt` when they do not begin a session, or speak of an item that is not there.
    pub fn of(records: &[Record]) -> Result<Session> {
        let Some((first, rest)) = records.split_first() else {
            return Err(Error::new(Kind::NotFound, "the session has no records"));
        };
        let Event::Opened(opening) = &first.event else { return Err(corrupt("its first record does not open it")) };
        let mut session = Session {
            opening: opening.clone(),
            opened: first.at,
            changed: first.at,
            planned: false,
            items: Vec::new(),
            passed_over: Vec::new(),
            estimate: None,
            notes: Vec::new(),
            cancelling: None,
            ended: false,
        };
        rest.iter().try_for_each(|record| session.apply(record))?;
        Ok(session)
    }

    /// Takes a further record in.
    ///
    /// # Errors
    /// `Corrupt` when it speaks of an item or a request that is not there.
    pub fn apply(&mut self, record: &Record) -> Result<()> {
        self.changed = record.at;
        match &record.event {
            Event::Opened(_) => return Err(corrupt("it is opened twice")),
            Event::Planned(plan) => {
                self.planned = true;
                plan.items.iter().cloned().try_for_each(|item| self.add(item))?;
                self.passed_over.extend(plan.passed_over.iter().cloned());
                self.notes.extend(plan.notes.iter().cloned());
                self.estimate = plan.estimate.or(self.estimate);
            }
            Event::Extended { items } => items.iter().cloned().try_for_each(|item| self.add(item))?,
            Event::Submitting { item, attempt, key } => {
                let tracked = self.tracked(*item)?;
                match attempt.checked_sub(1) {
                    Some(at) if at == tracked.attempts.len() => {
                        tracked.attempts.push(Attempt { key: key.clone(), sent: record.at, fate: Fate::Sending });
                    }
                    // The same request again, after it was seen that it had not arrived.
                    Some(at) if at + 1 == tracked.attempts.len() => tracked.attempts[at].fate = Fate::Sending,
                    _ => return Err(corrupt("a request is numbered out of order")),
                }
            }
            Event::Submitted { item, attempt, run, folded } => {
                self.attempt(*item, *attempt)?.fate = Fate::Taken { run: run.clone(), folded: *folded };
            }
            Event::NotTaken { item, attempt, why, refused } => {
                self.attempt(*item, *attempt)?.fate = Fate::NotTaken { why: why.clone(), refused: *refused };
            }
            Event::Uncertain { item, attempt, why, candidates } => {
                let fate = Fate::Uncertain { why: why.clone(), candidates: candidates.clone() };
                self.attempt(*item, *attempt)?.fate = fate;
            }
            Event::Seen { item, attempt, run } => match &mut self.attempt(*item, *attempt)?.fate {
                Fate::Taken { run: known, .. } => *known = run.clone(),
                other => *other = Fate::Taken { run: run.clone(), folded: false },
            },
            Event::Blocked { item, why } => self.tracked(*item)?.blocked = Some(why.clone()),
            Event::Cancelling { why } => self.cancelling = Some(why.clone()),
            Event::Ended => self.ended = true,
        }
        Ok(())
    }

    fn add(&mut self, item: Item) -> Result<()> {
        if item.number != self.items.len() {
            return Err(corrupt("an item is numbered out of order"));
        }
        self.items.push(Tracked { item, attempts: Vec::new(), blocked: None });
        Ok(())
    }

    fn tracked(&mut self, item: usize) -> Result<&mut Tracked> {
        self.items.get_mut(item).ok_or_else(|| corrupt("a record speaks of an item that was never planned"))
    }

    fn attempt(&mut self, item: usize, attempt: usize) -> Result<&mut Attempt> {
        let attempts = &mut self.tracked(item)?.attempts;
        let at = attempt.checked_sub(1).and_then(|at| attempts.get_mut(at));
        at.ok_or_else(|| corrupt("a record speaks of a request that was never sent"))
    }

    /// What the verb decides by as the session goes on.
    pub fn hunt(&self) -> Option<Hunt> {
        self.opening.hunt
    }

    /// The items that failed.
    pub fn failed(&self) -> impl Iterator<Item = &Tracked> {
        self.items.iter().filter(|tracked| tracked.state().evidence() == Some(Verdict::Failed))
    }
}

impl Tracked {
    /// Where it is. What is still to be asked for is expected; what never will be is skipped.
    pub fn state(&self) -> State {
        match self.attempts.last().map(|attempt| &attempt.fate) {
            Some(Fate::Taken { folded: true, run }) if !run.state.is_over() => State::Coalesced,
            Some(Fate::Taken { run, folded }) => match run.state_at(&self.item.revision) {
                // Somebody else's run, which says of the revision what a run of ours would, but is not one more.
                _ if *folded => State::Coalesced,
                state => state,
            },
            Some(Fate::Sending | Fate::Uncertain { .. }) => State::Uncertain,
            Some(Fate::NotTaken { refused: true, .. }) => State::Skipped,
            Some(Fate::NotTaken { .. }) | None if self.blocked.is_some() => State::Skipped,
            Some(Fate::NotTaken { .. }) | None => State::Expected,
        }
    }

    /// The latest run of it.
    pub fn run(&self) -> Option<&Run> {
        match &self.attempts.last()?.fate {
            Fate::Taken { run, .. } => Some(run),
            _ => None,
        }
    }

    /// How many of its requests the engine answered with another run.
    pub fn collapsed(&self) -> usize {
        let collapsed = |attempt: &&Attempt| match &attempt.fate {
            Fate::Taken { run, folded } => *folded || run.state_at(&self.item.revision) == State::Coalesced,
            _ => false,
        };
        self.attempts.iter().filter(collapsed).count()
    }

    /// The request for it with a key.
    pub fn request(&self, key: String, needs: Vec<Run>) -> Request {
        Request {
            job: self.item.job.clone(),
            revision: self.item.revision.clone(),
            branch: self.item.branch.clone(),
            parameters: self.item.parameters.clone(),
            env: self.item.env.clone(),
            key,
            needs,
            hold: self.item.hold,
        }
    }

    /// What it has to wait for among the items of its session.
    pub fn items_needed(&self) -> impl Iterator<Item = usize> {
        self.item.needs.iter().filter_map(|need| match need {
            Need::Item(number) => Some(*number),
            Need::Run(_) => None,
        })
    }
}

fn corrupt(why: &str) -> Error {
    Error::new(Kind::Corrupt, format!("reading a session: {why}"))
        .hint("its records were altered: begin a new one with --new; what ran is found on the engine")
}
