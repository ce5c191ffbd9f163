//! Which CI system, job and build a process runs in.

mod detect;
mod jenkins;
#[cfg(test)]
mod tests;

pub use detect::detect;

use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};

/// A CI system that can be told from its environment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CiSystem {
    /// Jenkins (`JENKINS_URL`).
    Jenkins,
    /// Azure Pipelines (`TF_BUILD`).
    AzurePipelines,
    /// GitHub Actions (`GITHUB_ACTIONS`).
    #[serde(rename = "github")]
    GitHub,
    /// GitLab CI (`GITLAB_CI`).
    #[serde(rename = "gitlab")]
    GitLab,
    /// Buildkite (`BUILDKITE`).
    Buildkite,
    /// Buildbot (`BUILDBOT`, which the builder's `env` has to set).
    Buildbot,
    /// Helix (`HELIX_WORKITEM_ID`).
    Helix,
    /// No CI, or one that is not known.
    #[default]
    None,
}

impl CiSystem {
    /// The name used in files, keys and output.
    pub fn as_str(self) -> &'static str {
        match self {
            CiSystem::Jenkins => "jenkins",
            CiSystem::AzurePipelines => "azure-pipelines",
            CiSystem::GitHub => "github",
            CiSystem::GitLab => "gitlab",
            CiSystem::Buildkite => "buildkite",
            CiSystem::Buildbot => "buildbot",
            CiSystem::Helix => "helix",
            CiSystem::None => "none",
        }
    }
}

/// The pull or merge request a build was made for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullRequest {
    /// Its number, as the CI shows it.
    pub number: String,
    /// The branch it is to be merged into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The commit that was proposed, which is not the merge commit that CI systems check out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
}

/// Where a process runs, as its CI system told it through the environment. No field holds a credential.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CiIdentity {
    /// The CI system.
    pub system: CiSystem,
    /// The address of its server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// The project, organisation or pipeline the job belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// The job's name, without matrix values: the same in every run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// The id of this one execution of the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<String>,
    /// The id of the build, run or pipeline that the job is part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build_id: Option<String>,
    /// The build's number, as people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build_number: Option<String>,
    /// How many times the build or job was started, from 1 (Buildkite's retry count plus one).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// The page that shows the build.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The agent, runner, node or worker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The directory the job works in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace: Option<String>,
    /// The repository's URL, credentials removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// The commit that is checked out; for a pull request often a merge commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The branch; for a pull request the one it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The pull or merge request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pull_request: Option<PullRequest>,
    /// Who asked for the build.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requester: Option<String>,
    /// The values that tell this job from the others made from the same definition.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub matrix: BTreeMap<String, String>,
}

/// What stands in for the job's name where no CI names one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fallback<'a> {
    /// The machine's name.
    pub hostname: &'a str,
    /// The directory of the job.
    pub workspace: &'a str,
    /// The command that is run, as one line.
    pub command: &'a str,
}

/// A key that is the same in every run of a job and differs between jobs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct JobKey {
    /// The parts as readable text.
    pub text: String,
    /// The first 16 hexadecimal characters of the BLAKE3 hash of the text, fit for a store's key.
    pub hash: String,
}

impl CiIdentity {
    /// The job's key: system, server, project (else repository), job name and matrix values. Without a job name it is
    /// made from the fallback. Ids, numbers, commits and agents play no part, as they change from run to run.
    pub fn job_key(&self, fallback: Fallback<'_>) -> JobKey {
        let mut parts = vec![self.system.as_str().to_owned()];
        match &self.job {
            Some(job) => {
                parts.extend(self.server.clone());
                parts.extend(self.project.clone().or_else(|| self.repository.clone()));
                parts.push(job.clone());
            }
            None => parts.extend([fallback.hostname, fallback.workspace, fallback.command].map(str::to_owned)),
        }
        parts.extend(self.matrix.iter().map(|(name, value)| format!("{name}={value}")));
        // A part that held the separator could make two jobs look like one.
        let text = parts.iter().map(|p| p.replace('%', "%25").replace('|', "%7c")).collect::<Vec<_>>().join("|");
        let hash = blake3::hash(text.as_bytes()).to_hex()[..16].to_owned();
        JobKey { text, hash }
    }
}

/// How long a job may go on after its CI asked it to stop and before the CI kills it, by default settings.
///
/// Sources: GitHub "Workflow cancellation reference" (SIGINT, 7.5 s, SIGTERM, 2.5 s; the Azure Pipelines agent shares
/// that code); Buildkite agent #2696 (`signal-grace-period-seconds` 9 s within the 10 s `cancel-grace-period`);
/// Jenkins JENKINS-59152 (soft kill, 5 s); Buildbot (`interruptSignal` is KILL unless `sigtermTime` is set).
/// GitLab's shell executor waits 10 minutes but its container executors do not, so the 10 s that `docker stop` waits
/// are used; Helix documents nothing, and outside CI nobody waits: those get the same.
pub fn grace_period(system: CiSystem) -> Duration {
    match system {
        CiSystem::GitHub | CiSystem::AzurePipelines => Duration::from_secs(10),
        CiSystem::Buildkite => Duration::from_secs(9),
        CiSystem::Jenkins => Duration::from_secs(5),
        CiSystem::Buildbot => Duration::ZERO,
        CiSystem::GitLab | CiSystem::Helix | CiSystem::None => Duration::from_secs(10),
    }
}
