//! Beginning a session, or going on with the one that the same command began.

use super::{
    plan::Plan,
    session::{self, Door, Event, Hunt, Opening, Owned, Verb, fingerprint},
};
use crate::{
    error::{Error, Kind, Result},
    pipeline::{id::Id, job::JobSpec},
    world::World,
};
use serde_json::Value;
use std::collections::BTreeMap;

/// What is to be begun.
#[derive(Debug, Clone)]
pub struct Begin {
    /// The verb.
    pub verb: Verb,
    /// The engine.
    pub engine: String,
    /// What is asked for, in words.
    pub title: String,
    /// What makes two commands the same: jobs, revisions, parameters, options.
    pub same: Value,
    /// What the verb decides by as the session goes on.
    pub hunt: Option<Hunt>,
    /// The repository that it runs in, for an engine that runs on this machine.
    pub place: Option<String>,
    /// The jobs, for an engine that runs them by the configuration.
    pub jobs: BTreeMap<String, JobSpec>,
    /// How many runs it may start.
    pub budget: usize,
    /// Whether to begin anew, whatever there is.
    pub fresh: bool,
}

/// What there is.
pub enum Begun {
    /// A session that the same command began, and that is not over.
    Before(Box<Owned>),
    /// Nothing: this begins one.
    Nothing(Box<Start>),
}

/// What a session is begun with.
pub struct Start {
    opening: Opening,
    door: Door,
}

impl Begin {
    /// Looks for the session that the same command began.
    ///
    /// # Errors
    /// `Exists` when another process drives it; those of the store.
    pub async fn look(&self, world: &World) -> Result<Begun> {
        let fingerprint = fingerprint(&(self.verb, &self.engine, &self.same, &self.jobs, &self.place));
        let (door, last) = Door::look(world, &fingerprint).await?;
        let door = if self.fresh { door.held_open() } else { door };
        if let Some(last) = last.filter(|_| !self.fresh)
            && let Some(owned) = unfinished(world, &last).await?
        {
            return Ok(Begun::Before(Box::new(owned)));
        }
        let opening = Opening {
            session: Id::from_random((world.random)()),
            verb: self.verb,
            engine: self.engine.clone(),
            title: self.title.clone(),
            fingerprint,
            hunt: self.hunt,
            place: self.place.clone(),
            jobs: self.jobs.clone(),
        };
        Ok(Begun::Nothing(Box::new(Start { opening, door })))
    }

    /// Refuses a plan that starts more runs than allowed.
    ///
    /// # Errors
    /// `Usage`, with the number.
    pub fn afford(&self, plan: &Plan) -> Result<()> {
        let runs = self.hunt.map_or(plan.items.len(), |hunt| hunt.max.max(plan.items.len()));
        if runs <= self.budget {
            return Ok(());
        }
        Err(Error::new(Kind::Usage, format!("this would start {runs} runs, and the budget is {}", self.budget))
            .hint(format!("--budget {runs} allows them")))
    }

    /// Begins the session with its plan.
    ///
    /// # Errors
    /// Those of [`Begin::afford`]; `Exists` when the same command began one meanwhile; those of the store.
    pub async fn begin(&self, world: &World, start: Box<Start>, plan: Plan) -> Result<Owned> {
        self.afford(&plan)?;
        Owned::begin(world, start.opening, start.door, vec![Event::Planned(plan)]).await
    }
}

/// The session, unless it is over or was never begun.
async fn unfinished(world: &World, id: &Id) -> Result<Option<Owned>> {
    match session::read(world, id).await {
        Ok(session) if session.ended => return Ok(None),
        Err(error) if error.kind() != Kind::NotFound => return Err(error),
        _ => {}
    }
    match Owned::take(world, id).await {
        // Who went through the door died before there was a plan.
        Err(error) if error.kind() == Kind::NotFound => Ok(None),
        owned => owned.map(Some),
    }
}
