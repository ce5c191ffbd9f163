//! Whether to save at all.

use crate::{
    capture::history::Keep,
    pipeline::env::{EnvMap, text},
};
use globset::GlobSet;
use serde::Deserialize;
use std::fmt;

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

/// What marks a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// This variable: whoever started the run asks for its capture.
    Variable(&'static str),
    /// A glob of `repro.jobs`: every run of the job is meant.
    Jobs,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Mark::Variable(name) => name,
            Mark::Jobs => "repro.jobs",
        })
    }
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
pub fn decide(when: When, failed: Option<bool>, mark: Option<Mark>) -> Decision {
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
pub fn mark(env: &EnvMap, job: &str, jobs: &GlobSet) -> Option<Mark> {
    let set = |name: &&str| {
        text(env, name).is_some_and(|v| !["0", "false", "no", "off"].contains(&v.to_lowercase().as_str()))
    };
    // Azure Pipelines hands a variable on in upper case.
    let by_env = MARKS.iter().find(|name| set(name) || set(&name.to_uppercase().as_str()));
    by_env.map(|name| Mark::Variable(name)).or_else(|| names(jobs, job).then_some(Mark::Jobs))
}

/// How many captures of one failure are kept with their files. Who marked this run wants its files, whatever is there already;
/// `always` means all of them, unless a number stands beside it.
pub fn keep(when: When, mark: Option<Mark>, flag: Option<Keep>, setting: Keep) -> Keep {
    match (mark, when, flag) {
        (Some(Mark::Variable(_)), _, _) => Keep::All,
        (_, _, Some(keep)) => keep,
        (_, When::Always, None) => Keep::All,
        _ => setting,
    }
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
    fn what_was_asked_for_is_kept_whole() {
        use When::*;
        let (one, three) = ("1".parse().unwrap(), "3".parse().unwrap());
        let variable = Some(Mark::Variable(MARKS[0]));
        for (when, mark, flag, expected) in [
            (Failure, None, None, three),
            (Failure, None, Some(one), one),
            (Failure, variable, None, Keep::All),
            (Requested, variable, Some(one), Keep::All),
            (Requested, Some(Mark::Jobs), None, three),
            (Always, None, None, Keep::All),
            (Always, Some(Mark::Jobs), Some(one), one),
        ] {
            assert_eq!(keep(when, mark, flag, three), expected, "{when:?} {mark:?} {flag:?}");
        }
    }

    #[test]
    fn the_table_of_decisions() {
        use When::*;
        let marked = Some(Mark::Jobs);
        let cases = [
            (Failure, Some(true), None, true),
            (Failure, Some(false), marked, false),
            (Failure, None, None, true),
            (Always, Some(false), None, true),
            (Requested, Some(true), None, false),
            (Requested, Some(true), marked, true),
            (Requested, Some(false), marked, false),
            (Requested, None, marked, true),
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
            assert_eq!(
                mark(&env, job, &jobs).map(|mark| mark.to_string()).as_deref(),
                expected,
                "{name}={value} {job}"
            );
        }
    }
}
