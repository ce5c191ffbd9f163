//! The jobs that there are at a revision: the engine's, and those of the configuration there.

use super::ground::Ground;
use crate::{
    error::Result,
    pipeline::job::{Job, JobSpec, Parameter},
};
use serde::Serialize;
use std::collections::BTreeMap;

/// Who knows a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The engine alone.
    Engine,
    /// The configuration alone: it cannot run.
    Configuration,
    /// Both.
    Both,
}

impl Source {
    /// The name, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Source::Engine => "engine",
            Source::Configuration => "configuration",
            Source::Both => "both",
        }
    }
}

/// A job at a revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// Its name, by which the engine is asked for it.
    pub name: String,
    /// Its name in the configuration, where that is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// Who knows it.
    pub source: Source,
    /// Why it cannot be started now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocked: Option<String>,
    /// Whether nobody sees its failures, by what the engine or the configuration says.
    pub hidden: bool,
    /// The parameters that it declares; `None` where the engine does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Vec<Parameter>>,
    /// Where people look at it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// The jobs at a revision (a whole name), by name. `configured` is what the configuration there says; `None` where it has
/// none there, and that of [`Ground::jobs`] stands in. An engine on this machine has to be opened with the same jobs.
///
/// # Errors
/// Those of the engine.
pub async fn at(
    ground: &Ground<'_>,
    revision: &str,
    configured: Option<BTreeMap<String, JobSpec>>,
) -> Result<Vec<Listed>> {
    let jobs = ground.engine.jobs(Some(revision)).await?;
    let configured = configured.as_ref().unwrap_or(ground.jobs);
    Ok(listed(ground.engine.name(), ground.engine.abilities().in_process, jobs, configured))
}

/// The jobs of the configuration that an engine is to have: its name for each, and that of the configuration. One without
/// a command is some engine's; one with a command is this machine's, unless `as:` names the engine.
pub fn expected<'j>(
    engine: &str,
    on_this_machine: bool,
    configured: &'j BTreeMap<String, JobSpec>,
) -> BTreeMap<&'j str, &'j str> {
    let named = configured.iter().filter_map(|(name, spec)| {
        let own = match on_this_machine {
            true => spec.run.is_some().then_some(name),
            false => spec.names.get(engine).or_else(|| (spec.run.is_none() && spec.names.is_empty()).then_some(name)),
        };
        Some((own?.as_str(), name.as_str()))
    });
    named.collect()
}

fn listed(engine: &str, on_this_machine: bool, jobs: Vec<Job>, configured: &BTreeMap<String, JobSpec>) -> Vec<Listed> {
    let expected = expected(engine, on_this_machine, configured);
    let mut all: BTreeMap<String, Listed> = BTreeMap::new();
    for job in jobs {
        // A command of this machine may have the name of a job elsewhere, and is another way to run the same.
        let name = expected.get(job.name.as_str()).copied().or_else(|| {
            let spec = configured.get(&job.name)?;
            (!spec.names.contains_key(engine)).then_some(job.name.as_str())
        });
        let listed = Listed {
            alias: name.filter(|name| *name != job.name).map(str::to_owned),
            source: if name.is_some() { Source::Both } else { Source::Engine },
            blocked: job.blocked,
            hidden: job.hidden || name.and_then(|name| configured.get(name)).is_some_and(|spec| spec.hidden),
            parameters: job.parameters,
            url: job.url,
            name: job.name.clone(),
        };
        all.insert(job.name, listed);
    }
    for (own, name) in expected {
        all.entry(own.to_owned()).or_insert_with(|| Listed {
            name: own.to_owned(),
            alias: (own != name).then(|| name.to_owned()),
            source: Source::Configuration,
            blocked: Some(format!("the engine {engine} has no such job")),
            hidden: configured.get(name).is_some_and(|spec| spec.hidden),
            parameters: None,
            url: None,
        });
    }
    all.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(run: bool, names: &[(&str, &str)]) -> JobSpec {
        JobSpec {
            run: run.then(|| "true".into()),
            names: names.iter().map(|(engine, name)| ((*engine).into(), (*name).into())).collect(),
            ..JobSpec::default()
        }
    }

    fn job(name: &str) -> Job {
        Job { name: name.into(), ..Job::default() }
    }

    #[test]
    fn a_job_is_told_by_who_knows_it() {
        let configured = BTreeMap::from([
            ("unit".to_owned(), spec(true, &[("ci", "unit-linux")])),
            ("lint".to_owned(), spec(true, &[])),
            ("local-only".to_owned(), spec(true, &[])),
            ("elsewhere".to_owned(), spec(false, &[("other", "x")])),
            ("gone".to_owned(), spec(false, &[])),
        ]);
        let on = |engine: &str, here: bool, jobs: &[&str]| -> Vec<(String, Option<String>, Source, bool)> {
            let jobs = jobs.iter().map(|name| job(name)).collect();
            let all = listed(engine, here, jobs, &configured).into_iter();
            all.map(|one| (one.name, one.alias, one.source, one.blocked.is_some())).collect()
        };
        let is = |name: &str, alias: Option<&str>, source, blocked| {
            (name.to_owned(), alias.map(str::to_owned), source, blocked)
        };
        assert_eq!(
            on("ci", false, &["unit-linux", "lint", "nightly"]),
            [
                is("gone", None, Source::Configuration, true),
                is("lint", None, Source::Both, false),
                is("nightly", None, Source::Engine, false),
                is("unit-linux", Some("unit"), Source::Both, false),
            ]
        );
        // A job of the engine that only happens to have the name of one that is called otherwise there.
        assert_eq!(on("ci", false, &["unit", "unit-linux", "gone"])[1].2, Source::Engine);
        assert_eq!(
            on("local", true, &["unit", "lint", "local-only"]),
            ["lint", "local-only", "unit"].map(|name| is(name, None, Source::Both, false))
        );
    }

    #[test]
    fn a_job_is_hidden_when_either_says_so() {
        for (engine, configuration) in [(false, false), (true, false), (false, true), (true, true)] {
            let hidden = JobSpec { hidden: configuration, ..spec(false, &[]) };
            let configured = BTreeMap::from([("unit".to_owned(), hidden)]);
            let all = listed("ci", false, vec![Job { hidden: engine, ..job("unit") }], &configured);
            assert_eq!(all[0].hidden, engine || configuration);
        }
    }
}
