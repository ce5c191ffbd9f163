//! Beginning a session, or going on with the one that the same command began.

use super::{
    plan::Plan,
    session::{Event, Hunt, Opening, Owned, Session, Verb, fingerprint, unfinished},
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
    /// Nothing: this opens one.
    Nothing(Opening),
}

impl Begin {
    /// Looks for the session that the same command began.
    ///
    /// # Errors
    /// `Exists` when another process drives it; those of the store.
    pub async fn look(&self, world: &World) -> Result<Begun> {
        let fingerprint = fingerprint(&(self.verb, &self.engine, &self.same, &self.jobs));
        let before = if self.fresh { None } else { unfinished(world, &fingerprint).await? };
        if let Some(Session { opening, .. }) = before {
            return Ok(Begun::Before(Box::new(Owned::take(world, &opening.session).await?)));
        }
        Ok(Begun::Nothing(Opening {
            session: Id::from_random((world.random)()),
            verb: self.verb,
            engine: self.engine.clone(),
            title: self.title.clone(),
            fingerprint,
            hunt: self.hunt,
            jobs: self.jobs.clone(),
        }))
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
            .hint(format!("--dry-run shows them; --budget {runs} allows them")))
    }

    /// Begins the session with its plan.
    ///
    /// # Errors
    /// Those of [`Begin::afford`] and of the store.
    pub async fn begin(&self, world: &World, opening: Opening, plan: Plan) -> Result<Owned> {
        self.afford(&plan)?;
        Owned::begin(world, opening, vec![Event::Planned(plan)]).await
    }
}
