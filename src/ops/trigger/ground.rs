//! What every verb stands on: an engine, the jobs of the configuration, the runs that there were.

use super::plan::{History, Plan, Upstream, Wanted};
use crate::{
    engine::{Engine, Query, check_parameters, no_such_job},
    error::{Error, Kind, Result},
    pipeline::{
        job::{Job, JobSpec},
        run::{Run, State},
    },
    vcs::{Revision, Vcs},
    world::World,
};
use futures::{StreamExt, TryStreamExt, stream};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// How many jobs are asked for their runs at once.
const AT_ONCE: usize = 8;
/// How many finished runs tell how long a job takes and how often it runs.
pub const RECENT: usize = 50;

/// What a verb works with.
pub struct Ground<'a> {
    /// The world.
    pub world: &'a World,
    /// The CI.
    pub engine: Arc<dyn Engine>,
    /// Where revisions come from.
    pub vcs: &'a dyn Vcs,
    /// The jobs of the configuration.
    pub jobs: &'a BTreeMap<String, JobSpec>,
}

impl Ground<'_> {
    /// What the engine calls a job of the configuration. Other names are the engine's own.
    pub fn name_of(&self, job: &str) -> String {
        let named = self.jobs.get(job).and_then(|spec| spec.names.get(self.engine.name()));
        named.map_or_else(|| job.to_owned(), Clone::clone)
    }

    /// What the configuration says of a job of the engine.
    pub fn spec_of(&self, name: &str) -> Option<&JobSpec> {
        let renamed = self.jobs.iter().find(|(_, spec)| spec.names.get(self.engine.name()).is_some_and(|n| n == name));
        renamed.map(|(_, spec)| spec).or_else(|| self.jobs.get(name))
    }

    /// The engine's description of a job that can be started, with what is asked of it checked.
    ///
    /// # Errors
    /// `NotFound` with suggestions; `Usage` for parameters that it does not take, or when it cannot be started.
    pub async fn job(&self, wanted: &Wanted, revision: Option<&str>) -> Result<Job> {
        let jobs = self.engine.jobs(revision).await?;
        let Some(job) = jobs.iter().find(|job| job.name == wanted.job || job.id == wanted.job) else {
            return Err(no_such_job(self.engine.name(), &wanted.job, jobs.iter().map(|job| job.name.as_str())));
        };
        if let Some(why) = &job.blocked {
            return Err(Error::new(Kind::Usage, format!("the job {} cannot be started: {why}", job.name))
                .hint("`ci-tool engine check` says what is missing"));
        }
        let request = crate::engine::Request {
            parameters: wanted.parameters.clone(),
            env: wanted.env.clone(),
            ..Default::default()
        };
        check_parameters(job, &request)?;
        Ok(job.clone())
    }

    /// The runs of what is wanted at revisions.
    ///
    /// # Errors
    /// Those of the engine.
    pub async fn history(&self, wanted: &Wanted, revisions: &[&str]) -> Result<History> {
        let revisions = Some(revisions.iter().map(|&revision| revision.to_owned()).collect());
        Ok(History::new(self.engine.runs(&Query { revisions, ..self.query(wanted) }).await?))
    }

    fn query(&self, wanted: &Wanted) -> Query {
        let Wanted { job, parameters, env, .. } = wanted.clone();
        Query { job, parameters, env, ..Query::default() }
    }

    /// The latest runs of what is wanted, whatever their revision.
    ///
    /// # Errors
    /// Those of the engine.
    pub async fn recent(&self, wanted: &Wanted) -> Result<Vec<Run>> {
        self.engine.runs(&Query { limit: Some(RECENT), ..self.query(wanted) }).await
    }

    /// The runs of many jobs at revisions, by job.
    ///
    /// # Errors
    /// The first of the engine's.
    pub async fn histories(&self, all: &[Wanted], revisions: &[&str]) -> Result<HashMap<String, History>> {
        let asked = all.iter().map(|one| async move { Ok((one.job.clone(), self.history(one, revisions).await?)) });
        stream::iter(asked.collect::<Vec<_>>()).buffer_unordered(AT_ONCE).try_collect().await
    }

    /// Every job that a job needs, in turn, by the engine's names.
    pub fn needed(&self, job: &str) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        let mut open = vec![job.to_owned()];
        while let Some(job) = open.pop() {
            for need in self.spec_of(&job).into_iter().flat_map(|spec| &spec.needs) {
                let name = self.name_of(need);
                if !found.contains(&name) {
                    found.push(name.clone());
                    open.push(name);
                }
            }
        }
        found
    }

    /// Plans the runs of jobs that revisions lack, what they need included, with an estimate.
    ///
    /// # Errors
    /// Those of the engine and of [`Plan::want`].
    pub async fn plan(&self, wanted: &[Wanted], revisions: &[Revision]) -> Result<Plan> {
        let ids: Vec<&str> = revisions.iter().map(|revision| revision.id.as_str()).collect();
        let mut all: Vec<Wanted> = wanted.to_vec();
        for name in wanted.iter().flat_map(|wanted| self.needed(&wanted.job)) {
            if !all.iter().any(|one| one.job == name) {
                all.push(Wanted { job: name, ..Wanted::default() });
            }
        }
        let histories = self.histories(&all, &ids).await?;
        let mut plan = Plan::default();
        for wanted in wanted {
            let Some(history) = histories.get(&wanted.job) else { continue };
            self.want(&mut plan, wanted, &ids, history, &histories)?;
        }
        if !self.engine.abilities().in_process && wanted.iter().any(|wanted| !wanted.is_plain()) {
            plan.notes
                .push("runs that were given other parameters count, too: the engine does not tell them apart".into());
        }
        self.estimate(&mut plan, wanted, &histories).await;
        Ok(plan)
    }

    /// Adds what one job lacks.
    ///
    /// # Errors
    /// Those of [`Plan::want`].
    pub fn want(
        &self,
        plan: &mut Plan,
        wanted: &Wanted,
        revisions: &[&str],
        history: &History,
        histories: &HashMap<String, History>,
    ) -> Result<()> {
        let mut upstream = Vec::new();
        let direct = self.upstream(&wanted.job, histories, &mut upstream);
        plan.want(wanted, revisions.iter().copied(), history, &upstream, &direct)
    }

    /// Adds every job that a job needs, in turn and each once, what is needed first; returns the places of those that it needs
    /// itself. The configuration has no circles: they are refused when it is read.
    fn upstream<'h>(
        &self,
        job: &str,
        histories: &'h HashMap<String, History>,
        found: &mut Vec<Upstream<'h>>,
    ) -> Vec<usize> {
        let mut direct = Vec::new();
        for need in self.spec_of(job).into_iter().flat_map(|spec| &spec.needs) {
            let Some((name, history)) = histories.get_key_value(&self.name_of(need)) else { continue };
            let known = found.iter().position(|up| up.job == name);
            direct.push(known.unwrap_or_else(|| {
                let needs = self.upstream(name, histories, found);
                found.push(Upstream { job: name, history, needs });
                found.len() - 1
            }));
        }
        direct
    }

    /// Tells what a plan will take, from the runs at its revisions and the latest ones besides. Without any, nothing is told.
    async fn estimate(&self, plan: &mut Plan, wanted: &[Wanted], histories: &HashMap<String, History>) {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        plan.items.iter().for_each(|item| *counts.entry(item.job.clone()).or_default() += 1);
        for (job, count) in counts {
            let known = histories.get(&job).and_then(|history| history.estimate(count));
            let told = match known {
                Some(known) => Some(known),
                // An estimate is worth less than the plan: an engine that does not answer now is asked again soon enough.
                None => {
                    let plain = Wanted { job: job.clone(), ..Wanted::default() };
                    let asked = wanted.iter().find(|wanted| wanted.job == job).unwrap_or(&plain);
                    self.recent(asked).await.ok().and_then(|runs| History::new(runs).estimate(count))
                }
            };
            plan.estimated(told);
        }
    }
}

/// The state that a job has at a revision by its runs, and by what sessions still mean to ask for.
pub fn state_with(history: &History, revision: &str, expected: bool) -> State {
    match history.state(revision) {
        State::NeverScheduled if expected => State::Expected,
        state => state,
    }
}
