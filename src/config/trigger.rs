//! The settings of `trigger`, the engines and the jobs.

use super::Layers;
use crate::{
    engine::Spec,
    error::{Context, Error, Kind, Result},
    pipeline::job::JobSpec,
};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The engine that is always there.
pub const LOCAL: &str = "local";
/// How many runs one command may start unless told otherwise.
pub const BUDGET: usize = 100;

/// The settings of `trigger` as written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TriggerFile {
    /// The engine, where no flag names one.
    pub engine: Option<String>,
    /// How many runs one command may start.
    pub budget: Option<usize>,
    /// How many runs there may be at once on this machine.
    pub at_once: Option<usize>,
    /// The address of a Mercurial repository's pushlog, for revisions of Mercurial.
    pub pushlog: Option<String>,
}

/// The settings of `trigger`.
#[derive(Debug, Clone)]
pub struct Trigger {
    /// The engine, where no flag names one.
    pub engine: String,
    /// How many runs one command may start.
    pub budget: usize,
    /// How many runs there may be at once on this machine; `None` leaves it to the number of processors.
    pub at_once: Option<usize>,
    /// The address of a Mercurial repository's pushlog.
    pub pushlog: Option<String>,
    /// The engines by name; `local` is always among them.
    pub engines: BTreeMap<String, Spec>,
    /// The jobs by name.
    pub jobs: BTreeMap<String, JobSpec>,
}

impl Layers {
    pub(super) fn trigger(&mut self) -> Result<Trigger> {
        let engine = self.of_trigger("trigger.engine", |t| t.engine.clone()).unwrap_or_else(|| LOCAL.into());
        let budget = self.of_trigger("trigger.budget", |t| t.budget).unwrap_or(BUDGET);
        let at_once = self.of_trigger("trigger.at_once", |t| t.at_once);
        let pushlog = self.of_trigger("trigger.pushlog", |t| t.pushlog.clone());
        let mut engines = self.pick("engines", |f| f.engines.clone(), shown).unwrap_or_default();
        let jobs = self.pick("jobs", |f| f.jobs.clone(), shown).unwrap_or_default();
        engines
            .entry(LOCAL.into())
            .or_insert_with(|| Spec { kind: Some(crate::engine::EngineKind::Local), ..Spec::default() });
        for (name, spec) in &engines {
            if spec.kind.is_none() {
                return Err(Error::new(Kind::Usage, format!("the engine {name} has no kind"))
                    .hint("kind: local, buildbot, jenkins, azure_devops, github or treeherder"));
            }
        }
        check_jobs(&jobs)?;
        Ok(Trigger { engine, budget, at_once, pushlog, engines, jobs })
    }

    fn of_trigger<T: serde::Serialize + Clone>(
        &mut self,
        key: &'static str,
        get: impl Fn(&TriggerFile) -> Option<T>,
    ) -> Option<T> {
        self.pick(key, |file| file.trigger.as_ref().and_then(&get), shown)
    }
}

fn shown<T: serde::Serialize>(value: &Option<T>) -> serde_json::Value {
    // Only what was written: not the settings that are unset.
    fn written(value: &mut serde_json::Value) {
        if let Some(map) = value.as_object_mut() {
            map.retain(|_, v| {
                written(v);
                let empty = v.as_object().is_some_and(|m| m.is_empty()) || v.as_array().is_some_and(|a| a.is_empty());
                !v.is_null() && !empty && *v != serde_json::Value::Bool(false)
            });
        }
    }
    let mut value = serde_json::to_value(value).unwrap_or_default();
    written(&mut value);
    value
}

/// Refuses jobs that make no sense.
///
/// # Errors
/// `Usage`, naming the job: a duration, glob or pattern that is none, or jobs that need themselves.
pub fn check_jobs(jobs: &BTreeMap<String, JobSpec>) -> Result<()> {
    jobs.iter().try_for_each(|(name, job)| {
        check(name, job, jobs).context(|| format!("reading the job {name} of the configuration"))
    })
}

/// What is wrong with a job.
fn check(name: &str, job: &JobSpec, jobs: &BTreeMap<String, JobSpec>) -> Result<()> {
    let usage = |message: String| Error::new(Kind::Usage, message);
    if let Some(timeout) = &job.timeout {
        crate::pipeline::duration::parse(timeout)?;
    }
    super::globs("keep", &job.keep)?;
    super::globs("artifacts", &job.artifacts)?;
    if let Some(pattern) = &job.measure {
        let pattern = regex::Regex::new(pattern).map_err(|e| usage("measure is no pattern".into()).with_source(e))?;
        if !pattern.capture_names().flatten().any(|group| group == "value") {
            return Err(usage("measure has no group named value".into()).hint("measure: 'score: (?P<value>[0-9.]+)'"));
        }
    }
    depends(name, jobs, &mut vec![name], &mut BTreeSet::new())
}

/// Refuses jobs that need themselves. A need that the configuration does not know may be a job of the engine.
/// `sound` are the jobs that were seen not to lead back.
fn depends<'j>(
    name: &'j str,
    jobs: &'j BTreeMap<String, JobSpec>,
    way: &mut Vec<&'j str>,
    sound: &mut BTreeSet<&'j str>,
) -> Result<()> {
    for need in jobs.get(name).into_iter().flat_map(|job| &job.needs) {
        if way.contains(&need.as_str()) {
            way.push(need);
            return Err(Error::new(Kind::Usage, format!("it needs itself: {}", way.join(" needs ")))
                .hint("take one of these needs away"));
        }
        if sound.contains(need.as_str()) {
            continue;
        }
        way.push(need);
        depends(need, jobs, way, sound)?;
        way.pop();
        sound.insert(need);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layered_needs_are_checked_once_each_and_circles_are_found() {
        let name = |number: usize| format!("j{number:02}");
        let job = |needs| JobSpec { needs, ..JobSpec::default() };
        let layered = (0..40).map(|at| (name(at), job((at + 1..40).map(name).collect())));
        let mut jobs: BTreeMap<String, JobSpec> = layered.collect();
        check_jobs(&jobs).unwrap();
        jobs.insert(name(39), job(vec![name(20)]));
        assert_eq!(check_jobs(&jobs).unwrap_err().kind(), Kind::Usage);
    }
}
