//! Pipelines whose stages Azure DevOps runs: started there, looked at, retried, cancelled, approved.
//!
//! The stages of the file here and of the pipeline there have the same names.

mod observe;

pub use crate::engine::azure_devops::pipelines::{Answer, Approval};
pub use observe::{Observed, StageObserved, observed, run};

use super::{
    pipeline::{Pipeline, Profile, RemotePipeline},
    run::HandoverId,
    select::Reason,
};
use crate::{
    engine::{
        EngineKind, Found, Spec, Submitted, Surroundings,
        azure_devops::pipelines::{Change, Pipelines, RunSeen, Start},
    },
    error::{Context, Error, Kind, Result},
    pipeline::id::Id,
};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// A pipeline of an engine.
pub struct Remote {
    pipelines: Pipelines,
    of: RemotePipeline,
}

/// What a run there is begun with.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// The run here: a run there whose answer was lost is found by it.
    pub run: &'a Id,
    /// Where it publishes.
    pub profile: Profile,
    /// Why stages are left out, by name: these are deselected, and what needs them goes on.
    pub left_out: &'a BTreeMap<String, Reason>,
    /// What it works on.
    pub handover: Option<&'a HandoverId>,
    /// Parameters over those of the file.
    pub parameters: &'a BTreeMap<String, String>,
}

impl Remote {
    /// The engine's pipeline that a pipeline names. Calls nobody.
    ///
    /// # Errors
    /// `Usage` where it names none, or an engine that has no stages; those of the engine's settings.
    pub fn open(pipeline: &Pipeline, spec: &Spec, around: &Surroundings) -> Result<Remote> {
        let Some(of) = &pipeline.remote else {
            return Err(Error::new(Kind::Usage, format!("{} says not which pipeline it is", pipeline.path.display()))
                .hint("write it at the top: remote: {pipeline: NAME}"));
        };
        if spec.kind != Some(EngineKind::AzureDevops) {
            return Err(Error::new(Kind::Usage, format!("the engine {} drives no pipelines", around.name))
                .hint("engine: one of kind azure_devops"));
        }
        Ok(Remote { pipelines: Pipelines::open(spec, around)?, of: of.clone() })
    }

    /// The engine's own pipelines.
    pub fn pipelines(&self) -> &Pipelines {
        &self.pipelines
    }

    /// The file that a run would follow, with its templates filled in. Starts nothing.
    ///
    /// # Errors
    /// As [`Remote::start`].
    pub async fn preview(&self, request: &Request<'_>) -> Result<String> {
        let start = self.start_of(request).await?;
        self.pipelines.preview(&self.of.pipeline, &start).await
    }

    /// Starts a run there. An error means that nothing began; [`Submitted::Uncertain`], that nobody knows: see
    /// [`Remote::find`].
    ///
    /// # Errors
    /// `NotFound` for a pipeline that is not there; `Usage` for stages, parameters or resources that it does not have;
    /// `Denied`, `Transient`, `Corrupt`.
    pub async fn start(&self, request: &Request<'_>) -> Result<Submitted> {
        let start = self.start_of(request).await?;
        self.pipelines.start(&self.of.pipeline, &start).await
    }

    async fn start_of(&self, request: &Request<'_>) -> Result<Start> {
        let mut start = start(&self.of, request)?;
        if let (Some(alias), Some(handover)) = (&self.of.resource, request.handover) {
            let number = self.number(handover.build_id).await?;
            start.pinned.insert(alias.clone(), number);
        }
        Ok(start)
    }

    /// The number for people of a build, which is what a resource is pinned to.
    async fn number(&self, build: u64) -> Result<String> {
        let seen = self.pipelines.look(build).await.context(|| format!("looking at the build {build}"))?;
        match seen.number.is_empty() {
            false => Ok(seen.number),
            true => Err(Error::new(Kind::Corrupt, format!("the build {build} has no number: look at buildNumber"))),
        }
    }

    /// Looks for a run whose answer was lost, by the run here, among those that were asked for since a time.
    ///
    /// # Errors
    /// When the lists could not be read: it is still not known.
    pub async fn find(&self, run: &Id, since: Timestamp) -> Result<Found> {
        self.pipelines.find(&self.of.pipeline, run.as_str(), since).await
    }

    /// Where a run and its stages are. `left_out` is what the run was begun without.
    ///
    /// # Errors
    /// `NotFound`; `Corrupt`, naming the field, for what is not known; `Denied`, `Transient`.
    pub async fn observe(&self, id: u64, left_out: &BTreeMap<String, Reason>) -> Result<Observed> {
        Ok(observed(&self.look(id).await?, left_out))
    }

    async fn look(&self, id: u64) -> Result<RunSeen> {
        self.pipelines.look(id).await.context(|| format!("looking at the run {id} of {}", self.pipelines.name()))
    }

    /// Runs what failed in a stage again: a new attempt.
    ///
    /// # Errors
    /// `NotFound` for a stage that is not there; `Usage` for one that has not ended; `Transient` when nobody knows what became
    /// of it; `Denied`.
    pub async fn retry(&self, id: u64, stage: &str) -> Result<()> {
        self.pipelines.change(id, stage, Change::Retry).await.context(|| format!("retrying {stage} of the run {id}"))
    }

    /// Stops a stage, or the whole run. What is over stays as it is.
    ///
    /// # Errors
    /// As [`Remote::retry`].
    pub async fn cancel(&self, id: u64, stage: Option<&str>) -> Result<()> {
        match stage {
            Some(stage) => self.pipelines.change(id, stage, Change::Cancel).await,
            None => self.pipelines.cancel(id).await,
        }
        .context(|| format!("cancelling the run {id}"))
    }

    /// Answers every approval that a stage waits for. Each may wait on for others who have to say yes as well.
    ///
    /// # Errors
    /// `NotFound` for a stage that is not there; `Usage` for one that waits for nobody; `Denied` for who may not; `Transient`.
    pub async fn answer(&self, id: u64, stage: &str, answer: Answer, comment: &str) -> Result<Vec<Approval>> {
        let seen = self.look(id).await?;
        let waits = &seen.stage(stage)?.waits;
        if waits.is_empty() {
            return Err(Error::new(Kind::Usage, format!("the stage {stage} of the run {id} waits for nobody"))
                .hint("a manual validation is a job, and is answered in Azure DevOps"));
        }
        let mut given = Vec::new();
        for (approval, _) in waits {
            let what = || format!("answering the approval of {stage} of the run {id}");
            given.push(self.pipelines.answer(approval, answer, comment).await.context(what)?);
        }
        Ok(given)
    }
}

/// What a run is started with, but for what is pinned. Pure.
fn start(of: &RemotePipeline, request: &Request<'_>) -> Result<Start> {
    let mut template_parameters = BTreeMap::new();
    for (name, value) in of.parameters.iter().chain(request.parameters) {
        template_parameters.insert(name.clone(), filled(name, value, request)?);
    }
    let skip = request.left_out.keys().cloned().collect::<BTreeSet<String>>();
    Ok(Start {
        key: request.run.to_string(),
        branch: of.branch.clone(),
        stages_to_skip: skip,
        template_parameters,
        ..Start::default()
    })
}

fn filled(name: &str, value: &str, request: &Request<'_>) -> Result<String> {
    let value = value.replace("{profile}", request.profile.as_str());
    let of_handover = ["{bar_build_id}", "{build_id}"];
    match request.handover {
        Some(handover) => Ok(value
            .replace(of_handover[0], &handover.bar_build_id.to_string())
            .replace(of_handover[1], &handover.build_id.to_string())),
        None if of_handover.iter().any(|placeholder| value.contains(placeholder)) => {
            Err(Error::new(Kind::Usage, format!("the parameter {name} is of a handover, and there is none"))
                .hint("name one: --bar-build-id N --build-id N"))
        }
        None => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_name_the_handover_and_the_profile() {
        let id = Id::from_random([7; crate::pipeline::id::LEN]);
        let map = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).into(), (*b).into())).collect();
        let of = RemotePipeline {
            pipeline: "release".into(),
            branch: None,
            resource: None,
            parameters: map(&[("bar", "{bar_build_id}"), ("build", "b{build_id}"), ("to", "{profile}"), ("x", "1")]),
        };
        let left_out = BTreeMap::from([("validation".to_owned(), Reason::Skip)]);
        let (handover, parameters) = (HandoverId { bar_build_id: 269_450, build_id: 77 }, map(&[("x", "2")]));
        let request = Request {
            run: &id,
            profile: Profile::Test,
            left_out: &left_out,
            handover: Some(&handover),
            parameters: &parameters,
        };
        let found = start(&of, &request).unwrap();
        assert_eq!(found.template_parameters, map(&[("bar", "269450"), ("build", "b77"), ("to", "test"), ("x", "2")]));
        assert_eq!((found.key, found.stages_to_skip), (id.to_string(), BTreeSet::from(["validation".to_owned()])));
        let error = start(&of, &Request { handover: None, ..request }).unwrap_err();
        assert_eq!((error.kind(), error.message().contains("the parameter bar")), (Kind::Usage, true));
    }
}
