//! A run with its pipeline, as the store has them.

use super::remote;
use crate::{
    cli::Session,
    error::{Context, Result},
    ops::stage::{
        pipeline::Pipeline,
        run::{self, Run},
        select::Earlier,
    },
    world::World,
};

/// How many of the latest runs are looked at for the one of a pipeline.
const LATEST: usize = 1000;

/// The run that the beginning of an id, or `latest`, means, and the pipeline that it has now. The engine is asked where it
/// drives the stages.
///
/// # Errors
/// Those of [`run::find`], [`run::read`] and [`run::pipeline`]; those of the engine.
pub(super) async fn told(session: &Session, world: &World, text: &str) -> Result<(Pipeline, Run)> {
    let id = run::find(world, text).await?;
    let run = run::read(world, &id).await?;
    let pipeline = run::pipeline(world, &run).await.context(|| format!("reading the pipeline of the run {id}"))?;
    let run = match remote::is_remote(&pipeline) {
        true => remote::seen(session, world, &pipeline, run).await?,
        false => run,
    };
    Ok((pipeline, run))
}

/// How the stages of an earlier run ended: of the one that is named, or for `latest` of the latest of the pipeline.
///
/// # Errors
/// As [`told`]. That there is no latest one is none.
pub(super) async fn earlier(
    session: &Session,
    world: &World,
    pipeline: &Pipeline,
    text: &str,
) -> Result<Option<Earlier>> {
    // What another command did in a stage's place says nothing of the stage.
    let states = |run: &Run| {
        // A substitute did its work for that run alone.
        let own = run.stages.iter().filter(|(name, _)| !run.opening.substituted.contains_key(*name));
        let states = own.map(|(name, told)| (name.clone(), told.state()));
        Some(Earlier { run: run.opening.run.to_string(), states: states.collect() })
    };
    if text != "latest" {
        return Ok(states(&told(session, world, text).await?.1));
    }
    for listed in run::list(world, LATEST).await? {
        let run = run::read(world, &listed.id).await?;
        if run.opening.pipeline == pipeline.name {
            return Ok(states(&told(session, world, listed.id.as_str()).await?.1));
        }
    }
    Ok(None)
}
