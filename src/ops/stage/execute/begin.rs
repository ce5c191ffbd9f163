//! Beginning a run.

use crate::{
    error::{Error, Kind, Result},
    journal::Lasting,
    ops::stage::{
        pipeline::{Pipeline, Profile},
        run::{Event, HandoverId, Opening, Owned},
        select::{Asked, Earlier, Reason, select, weighty},
        state::State,
    },
    pipeline::id::Id,
    world::World,
};
use std::collections::BTreeMap;

/// What a run is to be.
#[derive(Debug, Clone, Default)]
pub struct Beginning {
    /// Where it publishes; as the pipeline says where nothing is said here.
    pub profile: Option<Profile>,
    /// What is left out.
    pub asked: Asked,
    /// Stages whose work is another command for this run.
    pub substituted: BTreeMap<String, String>,
    /// The handover that it works on.
    pub handover: Option<HandoverId>,
    /// Who begins it.
    pub by: Option<String>,
    /// Why something that production stands on is left out.
    pub reason: Option<String>,
    /// Whether stages that are up to date are done all the same.
    pub rerun: bool,
    /// Whether this holds for those that sign, too: what is signed twice differs, and somebody has to say why.
    pub resign: bool,
    /// Whether the first failure ends everything.
    pub fail_fast: bool,
    /// How stages ended in an earlier run of the same handover.
    pub earlier: Option<Earlier>,
    /// The stages that ever succeeded with the same handover.
    pub succeeded: Vec<String>,
}

/// Begins a run: what is left out is recorded at once, with who and why.
///
/// # Errors
/// `Usage` for stages that are not there; for leaving out what production stands on without saying who and why. Nothing is
/// recorded then.
pub async fn begin(world: &World, pipeline: &Pipeline, beginning: &Beginning) -> Result<Owned> {
    let profile = beginning.profile.unwrap_or(pipeline.profile);
    let left_out = select(pipeline, &beginning.asked, beginning.earlier.as_ref())?;
    for name in beginning.substituted.keys() {
        pipeline.stage(name)?;
    }
    let succeeded = |name: &str| beginning.succeeded.iter().any(|stage| stage == name);
    let weighty = weighty(pipeline, &left_out, profile, &succeeded);
    if !weighty.is_empty() && (beginning.by.is_none() || beginning.reason.is_none()) {
        let names: Vec<&str> = weighty.iter().map(|&stage| pipeline.stages[stage].name.as_str()).collect();
        let message = format!("publishing to production stands on {}, which never succeeded here", names.join(", "));
        return Err(Error::new(Kind::Usage, message)
            .hint("say who leaves it out and why: --by NAME --reason WHY; or try it first: --profile test"));
    }
    if beginning.resign && beginning.reason.is_none() {
        return Err(Error::new(Kind::Usage, "what is signed again differs from what was signed before: say why")
            .hint("--resign --reason WHY"));
    }
    let named = pipeline.stages.iter().zip(left_out);
    let left_out: BTreeMap<String, Reason> =
        named.filter_map(|(stage, why)| Some((stage.name.clone(), why?))).collect();
    let opening = Opening {
        run: Id::from_random((world.random)()),
        pipeline: pipeline.name.clone(),
        // Whoever resumes it may stand elsewhere.
        file: std::path::absolute(&pipeline.path).unwrap_or_else(|_| pipeline.path.clone()).display().to_string(),
        hash: pipeline.hash.clone(),
        profile,
        asked: beginning.asked.clone(),
        left_out: left_out.clone(),
        substituted: beginning.substituted.clone(),
        handover: beginning.handover.clone(),
        by: beginning.by.clone(),
        reason: beginning.reason.clone(),
        rerun: beginning.rerun,
        resign: beginning.resign,
        fail_fast: beginning.fail_fast,
    };
    let mut owned = Owned::begin(world, pipeline, opening).await?;
    for (stage, reason) in left_out {
        let event = Event::Ended {
            stage,
            attempt: 0,
            state: State::Skipped,
            why: Some(reason.to_string()),
            exit_code: None,
            made: Vec::new(),
            fingerprint: None,
        };
        owned.note(event);
    }
    owned.settle(Lasting::Written).await?;
    Ok(owned)
}
