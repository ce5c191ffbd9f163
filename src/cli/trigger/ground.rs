//! The engine, the jobs and the revisions that a verb works with.

use super::vcs;
use crate::{
    cli::{Session, engine_named},
    engine::{self, Engine},
    error::{Error, Kind, Result},
    ops::trigger::ground::Ground,
    pipeline::job::JobSpec,
    vcs::Vcs,
    world::World,
};
use std::{collections::BTreeMap, sync::Arc};

/// Which CI.
#[derive(Debug, Clone, clap::Args)]
#[group(id = "engine-args")]
pub(in crate::cli) struct EngineArgs {
    /// The CI, by its name under `engines:` in ci-tool.yaml; `local` is this machine [env: CI_TOOL_TRIGGER_ENGINE]
    #[arg(long, value_name = "NAME")]
    pub engine: Option<String>,
}

/// What a verb works with, owned.
pub(in crate::cli) struct Base {
    /// The world.
    pub world: World,
    /// The CI.
    pub engine: Arc<dyn Engine>,
    /// Where revisions come from.
    pub vcs: Box<dyn Vcs>,
    /// The jobs.
    pub jobs: BTreeMap<String, JobSpec>,
}

impl Base {
    /// What operations are handed.
    pub fn ground(&self) -> Ground<'_> {
        Ground { world: &self.world, engine: self.engine.clone(), vcs: &*self.vcs, jobs: &self.jobs }
    }

    /// The repository that runs on this machine are of; none for an engine elsewhere.
    ///
    /// # Errors
    /// `Usage` without a current directory.
    pub fn place(&self) -> Result<Option<String>> {
        if !self.engine.abilities().in_process {
            return Ok(None);
        }
        let here = std::env::current_dir()
            .map_err(|e| Error::new(Kind::Usage, "finding the current directory").with_source(e))?;
        let root = here.ancestors().find(|dir| dir.join(".git").exists()).unwrap_or(&here);
        Ok(Some(root.display().to_string()))
    }

    /// The definitions of jobs and of what they need, where the engine runs jobs by the configuration.
    pub fn defined<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> BTreeMap<String, JobSpec> {
        if !self.engine.abilities().in_process {
            return BTreeMap::new();
        }
        let ground = self.ground();
        let names = names.into_iter().flat_map(|name| {
            let needed = ground.needed(name);
            std::iter::once(name.to_owned()).chain(needed)
        });
        names.filter_map(|name| Some((name.clone(), self.jobs.get(&name)?.clone()))).collect()
    }
}

impl EngineArgs {
    /// The name of the engine.
    pub fn name<'a>(&'a self, session: &'a Session) -> &'a str {
        self.engine.as_deref().unwrap_or(&session.config.trigger.engine)
    }

    /// Whether there is such an engine.
    pub fn is_known(&self, session: &Session) -> bool {
        session.config.trigger.engines.contains_key(self.name(session))
    }

    /// Whether the engine is this machine, by its settings.
    pub fn is_local(&self, session: &Session) -> bool {
        let spec = session.config.trigger.engines.get(self.name(session));
        spec.is_some_and(|spec| spec.kind == Some(engine::EngineKind::Local))
    }

    /// Opens everything, with the jobs of the configuration.
    ///
    /// # Errors
    /// As [`EngineArgs::open_with`].
    pub async fn open(&self, session: &Session, dry_run: bool) -> Result<Base> {
        self.open_with(session, dry_run, session.config.trigger.jobs.clone()).await
    }

    /// Opens everything, with these jobs, for a verb that starts runs.
    ///
    /// # Errors
    /// `Unsupported` for an engine that starts none, before it is asked anything; those of [`EngineArgs::open_with`].
    pub async fn open_to_start(
        &self,
        session: &Session,
        dry_run: bool,
        jobs: BTreeMap<String, JobSpec>,
    ) -> Result<Base> {
        let base = self.open_with(session, dry_run, jobs).await?;
        if base.engine.abilities().submits {
            return Ok(base);
        }
        let message = format!("the engine {} only tells of runs, and starts none", base.engine.name());
        Err(Error::new(Kind::Unsupported, message).hint("name an engine that starts jobs: --engine NAME"))
    }

    /// Opens everything, with these jobs.
    ///
    /// # Errors
    /// `Usage` for an engine that is not configured; those of the engine's settings, the version control system, the store.
    pub async fn open_with(&self, session: &Session, dry_run: bool, jobs: BTreeMap<String, JobSpec>) -> Result<Base> {
        let world = session.world(dry_run)?;
        let engine =
            engine_named(&session.config.trigger, &session.env, self.name(session), &jobs, world.stop.clone())?;
        let vcs = vcs::open(session).await?;
        Ok(Base { world, engine, vcs, jobs })
    }
}
