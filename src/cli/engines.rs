//! Engines by their names in the configuration.

use crate::{
    config::Trigger,
    engine::{self, Engine, Surroundings},
    error::{Error, Kind, Result},
    http::Client,
    pipeline::{
        env::{EnvMap, text},
        job::JobSpec,
    },
    process::Stop,
};
use jiff::Timestamp;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The engine of a name.
///
/// # Errors
/// `Usage` for one that is not configured, with suggestions; those of its settings.
pub(in crate::cli) fn engine_named(
    settings: &Trigger,
    env: &EnvMap,
    name: &str,
    jobs: &BTreeMap<String, JobSpec>,
    stop: Stop,
) -> Result<Arc<dyn Engine>> {
    let Some(spec) = settings.engines.get(name) else {
        let names: Vec<&str> = settings.engines.keys().map(String::as_str).collect();
        let near = names.iter().min_by_key(|known| strsim::damerau_levenshtein(name, known));
        let near = near.filter(|known| strsim::damerau_levenshtein(name, known) <= 2);
        let guess = near.map(|known| format!("did you mean {known}? ")).unwrap_or_default();
        return Err(Error::new(Kind::Usage, format!("there is no engine {name:?}"))
            .hint(format!("{guess}there are {}; more go under engines: in ci-tool.yaml", names.join(", "))));
    };
    let mut spec = spec.clone();
    if spec.kind == Some(engine::EngineKind::Local) {
        spec.at_once = spec.at_once.or(settings.at_once);
    }
    let around = surroundings(env, name, jobs, stop)?;
    engine::open(&spec, &around)
}

/// Where an engine finds what it needs besides its settings.
///
/// # Errors
/// `Usage` without a current directory or a place for the cache.
pub(in crate::cli) fn surroundings(
    env: &EnvMap,
    name: &str,
    jobs: &BTreeMap<String, JobSpec>,
    stop: Stop,
) -> Result<Surroundings> {
    let directory =
        std::env::current_dir().map_err(|e| Error::new(Kind::Usage, "finding the current directory").with_source(e))?;
    Ok(Surroundings {
        name: name.into(),
        env: env.clone(),
        client: Client::new(),
        directory,
        cache: cache(env)?,
        jobs: jobs.clone(),
        now: Timestamp::now,
        stop,
    })
}

/// The folder for what can be made again: `$XDG_CACHE_HOME/ci-tool`, or the system's place for it.
pub(in crate::cli) fn cache(env: &EnvMap) -> Result<PathBuf> {
    let named = |name: &str| text(env, name).map(PathBuf::from).filter(|path| path.is_absolute());
    let found = match cfg!(windows) {
        true => named("LOCALAPPDATA"),
        false => named("XDG_CACHE_HOME").or_else(|| named("HOME").map(|home| home.join(".cache"))),
    };
    let missing = || {
        Error::new(Kind::Usage, "there is no folder for trees and results: neither XDG_CACHE_HOME nor HOME is set")
            .hint("export XDG_CACHE_HOME=/some/folder")
    };
    found.map(|folder| folder.join(Path::new("ci-tool"))).ok_or_else(missing)
}
