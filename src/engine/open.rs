//! An engine from its settings.

use super::{
    Engine, EngineKind, Spec, Surroundings, azure_devops::AzureDevops, buildbot::Buildbot, github::Github,
    jenkins::Jenkins, local::Local, treeherder::Treeherder,
};
use crate::error::{Error, Kind, Result};
use std::sync::Arc;

/// Makes the engine that settings describe. Nothing is asked of it yet.
///
/// # Errors
/// `Usage` for settings that are missing, make no sense or that another system has; `Denied` for a secret that is not there.
pub fn open(spec: &Spec, around: &Surroundings) -> Result<Arc<dyn Engine>> {
    let Some(kind) = spec.kind else {
        return Err(Error::new(Kind::Usage, format!("the engine {} has no kind", around.name))
            .hint("kind: local, buildbot, jenkins, azure_devops, github or treeherder"));
    };
    spec.check_room(&around.name)?;
    Ok(match kind {
        EngineKind::Local => Arc::new(Local::open(spec, around)?),
        EngineKind::Buildbot => Arc::new(Buildbot::open(spec, around)?),
        EngineKind::Jenkins => Arc::new(Jenkins::open(spec, around)?),
        EngineKind::AzureDevops => Arc::new(AzureDevops::open(spec, around)?),
        EngineKind::Github => Arc::new(Github::open(spec, around)?),
        EngineKind::Treeherder => Arc::new(Treeherder::open(spec, around)?),
    })
}
