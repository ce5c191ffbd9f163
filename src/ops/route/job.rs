//! What is known of a job that is to be routed.

use super::branch;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The variables that decide, as properties of Helix jobs are written, and in the form of [`canonical`].
const REASON: (&str, &str) = ("Build.Reason", "build.reason");
const TARGET: (&str, &str) = ("System.PullRequest.TargetBranch", "system.pullrequest.targetbranch");
const SOURCE: (&str, &str) = ("Build.SourceBranch", "build.sourcebranch");
const REPOSITORY: (&str, &str) = ("Build.Repository.Name", "build.repository.name");

/// Further variables that a Helix job has as properties where they are known, as they are written there.
pub const HANDED_OVER: [&str; 3] = ["System.JobId", "System.JobName", "System.StageName"];

/// What a decision is made from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Job {
    /// The id of the queue asked for.
    pub queue: String,
    /// Why it was built (`build.reason`), for example `PullRequest`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The branch built (`build.sourceBranch`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The branch that a pull request is for (`system.pullRequest.targetBranch`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pr_target: Option<String>,
    /// The repository (`build.repository.name`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// Why nothing is known of the job, where it was looked up in vain: it goes on as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lookup_failed: Option<String>,
    /// The job's variables. What they say under the names that decide counts where it is not said above.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, String>,
}

/// The branch that decides, or why there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Branch<'a> {
    /// Its short name.
    Known(&'a str),
    /// It is a pull request whose target nobody told.
    NoTarget,
    /// What was built is no branch: a tag.
    NoBranch(&'a str),
    /// Nobody told.
    Unknown,
}

impl Job {
    /// The branch that decides. A pull request is built from `refs/pull/N/merge`: only its target tells anything.
    pub fn deciding_branch(&self) -> Branch<'_> {
        let source = self.branch.as_deref().map(str::trim).filter(|b| !b.is_empty());
        let merge = source.is_some_and(|b| b.starts_with("refs/pull/"));
        let pull_request = match self.reason.as_deref().map(str::trim).filter(|r| !r.is_empty()) {
            Some(reason) => reason.eq_ignore_ascii_case("PullRequest") || merge,
            None => merge || self.pr_target.is_some(),
        };
        if pull_request {
            return match self.pr_target.as_deref().and_then(branch::short) {
                Some(name) => Branch::Known(name),
                None => Branch::NoTarget,
            };
        }
        match source {
            None => Branch::Unknown,
            Some(source) => branch::short(source).map_or(Branch::NoBranch(source), Branch::Known),
        }
    }

    /// The repository as rules name it: `owner/name`, or the name alone; without a server, `.git`, or the path to it.
    pub fn short_repository(&self) -> Option<&str> {
        self.repository.as_deref().map(short_repository).filter(|name| !name.is_empty())
    }

    /// Takes what its own variables tell.
    pub fn settle(mut self) -> Job {
        let variables = std::mem::take(&mut self.variables);
        self.learn(variables.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        Job { variables, ..self }
    }

    /// Takes what variables tell and nobody told otherwise. Names are known in either form: `build.reason`, `BUILD_REASON`.
    pub fn learn<'a>(&mut self, variables: impl IntoIterator<Item = (&'a str, &'a str)>) {
        for (name, value) in variables {
            let place = match canonical(name).as_str() {
                name if name == REASON.1 => &mut self.reason,
                name if name == TARGET.1 => &mut self.pr_target,
                name if name == SOURCE.1 => &mut self.branch,
                name if name == REPOSITORY.1 => &mut self.repository,
                _ => continue,
            };
            // Azure Pipelines leaves `$(name)` where a variable is not set.
            if place.is_none() && !value.trim().is_empty() && !value.starts_with("$(") {
                *place = Some(value.trim().to_owned());
            }
        }
    }

    /// What decided, under the names that properties of Helix jobs have: for the job that is submitted.
    pub fn variables(&self) -> BTreeMap<&'static str, &str> {
        let all = [
            (REASON.0, &self.reason),
            (TARGET.0, &self.pr_target),
            (SOURCE.0, &self.branch),
            (REPOSITORY.0, &self.repository),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))).collect()
    }
}

/// One form of a variable's name: `SYSTEM_PULLREQUEST_TARGETBRANCH` and `system.pullRequest.targetBranch` are the same.
pub fn canonical(name: &str) -> String {
    name.chars().map(|c| if c == '_' { '.' } else { c.to_ascii_lowercase() }).collect()
}

fn short_repository(text: &str) -> &str {
    let text = text.trim().trim_end_matches('/');
    let text = text.strip_suffix(".git").unwrap_or(text);
    if let Some((_, name)) = text.rsplit_once("/_git/") {
        return name;
    }
    match text.split_once("://") {
        // The last two parts of the path.
        Some((_, rest)) => {
            let path = rest.split_once('/').map_or("", |(_, path)| path);
            path.rmatch_indices('/').nth(1).map_or(path, |(at, _)| &path[at + 1..])
        }
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_target_of_a_pull_request_decides() {
        let job = |reason: Option<&str>, branch: Option<&str>, target: Option<&str>| Job {
            reason: reason.map(Into::into),
            branch: branch.map(Into::into),
            pr_target: target.map(Into::into),
            ..Job::default()
        };
        for (reason, source, target, expected) in [
            (Some("PullRequest"), Some("refs/pull/7/merge"), Some("release/5.0"), Branch::Known("release/5.0")),
            (Some("pullrequest"), Some("refs/heads/release/5.0"), Some("refs/heads/main"), Branch::Known("main")),
            (Some("PullRequest"), Some("refs/heads/release/5.0"), None, Branch::NoTarget),
            (Some("PullRequest"), Some("refs/pull/7/merge"), Some(""), Branch::NoTarget),
            (None, Some("refs/pull/7/merge"), None, Branch::NoTarget),
            (Some("Manual"), Some("refs/pull/7/merge"), Some("release/6.0"), Branch::Known("release/6.0")),
            (Some("IndividualCI"), Some("refs/heads/release/5.0"), None, Branch::Known("release/5.0")),
            (Some("IndividualCI"), Some("release/5.0"), Some("main"), Branch::Known("release/5.0")),
            (None, Some("main"), Some("release/5.0"), Branch::Known("release/5.0")),
            (None, None, None, Branch::Unknown),
            (Some("Manual"), Some("refs/tags/v1"), None, Branch::NoBranch("refs/tags/v1")),
        ] {
            assert_eq!(job(reason, source, target).deciding_branch(), expected, "{reason:?} {source:?} {target:?}");
        }
    }

    #[test]
    fn variables_are_read_in_either_form_and_flags_win() {
        let mut job = Job { reason: Some("Manual".into()), ..Job::default() };
        job.learn([
            ("BUILD_REASON", "PullRequest"),
            ("SYSTEM_PULLREQUEST_TARGETBRANCH", "release/5.0"),
            ("build.sourceBranch", "$(Build.SourceBranch)"),
            ("Build.Repository.Name", " dotnet/runtime "),
        ]);
        assert_eq!(job.reason.as_deref(), Some("Manual"));
        assert_eq!(job.pr_target.as_deref(), Some("release/5.0"));
        assert_eq!((job.branch.as_deref(), job.repository.as_deref()), (None, Some("dotnet/runtime")));
    }

    #[test]
    fn a_repository_is_known_by_its_short_name() {
        for (text, expected) in [
            ("dotnet/runtime", "dotnet/runtime"),
            ("https://github.com/dotnet/runtime.git", "dotnet/runtime"),
            ("https://dev.azure.com/dnceng/internal/_git/dotnet-runtime", "dotnet-runtime"),
            ("dotnet-runtime", "dotnet-runtime"),
            ("https://host/name", "name"),
            ("https://host", ""),
        ] {
            assert_eq!(short_repository(text), expected, "{text}");
        }
    }
}
