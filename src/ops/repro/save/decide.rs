//! Whether to save at all.

use crate::pipeline::env::{EnvMap, text};
use globset::GlobSet;
use serde::Deserialize;

/// The variables by which a job's starter asks for a capture.
pub const MARKS: [&str; 3] = ["CI_TOOL_REPRO", "AutoSaveReproEnv", "ReproBuild"];

/// When to save.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// When the command failed.
    Failure,
    /// Whatever happened.
    Always,
    /// When the command failed and the job was marked.
    Requested,
}

/// The decision and the reason for it, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Whether to save.
    pub save: bool,
    /// Why.
    pub why: String,
}

/// Decides. `failed` is unknown when nobody said what happened. A marked job is saved as `requested`: only on failure when
/// it is known whether it failed.
pub fn decide(when: When, failed: Option<bool>, mark: Option<&str>) -> Decision {
    let decision = |save, why: &str| Decision { save, why: why.into() };
    match (when, failed, mark) {
        (When::Always, _, _) => decision(true, "a capture is always saved"),
        (When::Failure, Some(true), _) => decision(true, "the job failed"),
        (When::Failure, None, _) => decision(true, "nothing says that the job succeeded"),
        (When::Failure | When::Requested, Some(false), _) => {
            decision(false, "the job succeeded; --when always saves even so")
        }
        (When::Requested, _, Some(mark)) => decision(true, &format!("a capture was requested by {mark}")),
        (When::Requested, _, None) => {
            decision(false, "no capture was requested: set CI_TOOL_REPRO=1 or name the job in repro.jobs")
        }
    }
}

/// What marks the job, if anything does: a variable that is set and not false, or a glob of `repro.jobs`.
pub fn mark(env: &EnvMap, job: &str, jobs: &GlobSet) -> Option<String> {
    let set = |name: &&str| {
        text(env, name).is_some_and(|v| !["0", "false", "no", "off"].contains(&v.to_lowercase().as_str()))
    };
    // Azure Pipelines hands a variable on in upper case.
    let by_env = MARKS.iter().find(|name| set(name) || set(&name.to_uppercase().as_str()));
    by_env.map(|name| (*name).to_owned()).or_else(|| names(jobs, job).then(|| "repro.jobs".to_owned()))
}

/// Whether globs name a job: by all of its name, or by its last segment (`unit-*` names `CI/unit-linux`).
pub(super) fn names(globs: &GlobSet, job: &str) -> bool {
    globs.is_match(job) || job.rsplit('/').next().is_some_and(|last| globs.is_match(last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use globset::{Glob, GlobSetBuilder};

    #[test]
    fn the_table_of_decisions() {
        use When::*;
        let cases = [
            (Failure, Some(true), None, true),
            (Failure, Some(false), Some("x"), false),
            (Failure, None, None, true),
            (Always, Some(false), None, true),
            (Requested, Some(true), None, false),
            (Requested, Some(true), Some("x"), true),
            (Requested, Some(false), Some("x"), false),
            (Requested, None, Some("x"), true),
            (Requested, None, None, false),
        ];
        for (when, failed, mark, save) in cases {
            assert_eq!(decide(when, failed, mark).save, save, "{when:?} {failed:?} {mark:?}");
        }
    }

    #[test]
    fn marks_are_variables_or_globs() {
        let jobs = GlobSetBuilder::new().add(Glob::new("nightly-*").unwrap()).build().unwrap();
        let cases = [
            ("CI_TOOL_REPRO", "1", "unit", Some("CI_TOOL_REPRO")),
            ("AutoSaveReproEnv", "true", "unit", Some("AutoSaveReproEnv")),
            ("AUTOSAVEREPROENV", "true", "unit", Some("AutoSaveReproEnv")),
            ("ReproBuild", "False", "unit", None),
            ("CI_TOOL_REPRO", "", "unit", None),
            ("X", "", "nightly-7", Some("repro.jobs")),
            ("X", "", "CI/nightly-7", Some("repro.jobs")),
            ("X", "", "nightly/unit", None),
            ("X", "", "a-nightly-7", None),
        ];
        for (name, value, job, expected) in cases {
            let env = EnvMap::from([(name.into(), value.into())]);
            assert_eq!(mark(&env, job, &jobs).as_deref(), expected, "{name}={value} {job}");
        }
    }
}
