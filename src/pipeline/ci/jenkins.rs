//! Jenkins, its matrix jobs, multibranch pipelines and the GitHub pull request builder.

use super::{CiIdentity, CiSystem, PullRequest};
use crate::pipeline::{
    env::{EnvMap, text},
    url::without_credentials,
};
use std::collections::BTreeMap;

/// Reads `JOB_NAME`, `GIT_*`, `CHANGE_*` (multibranch) and `ghprb*` (pull request builder).
pub(super) fn jenkins(env: &EnvMap) -> CiIdentity {
    let get = |name: &str| text(env, name).map(str::to_owned);
    let (job, matrix) = split_matrix(text(env, "JOB_NAME"));
    let head = get("ghprbActualCommit");
    let pull_request =
        get("CHANGE_ID").map(|number| PullRequest { number, target: get("CHANGE_TARGET"), head: None }).or_else(|| {
            Some(PullRequest { number: get("ghprbPullId")?, target: get("ghprbTargetBranch"), head: head.clone() })
        });
    CiIdentity {
        system: CiSystem::Jenkins,
        server: text(env, "JENKINS_URL").map(without_credentials),
        job,
        build_id: get("BUILD_TAG"),
        build_number: get("BUILD_NUMBER"),
        url: text(env, "BUILD_URL").map(without_credentials),
        agent: get("NODE_NAME"),
        workspace: get("WORKSPACE"),
        repository: text(env, "GIT_URL").or(text(env, "ghprbAuthorRepoGitUrl")).map(without_credentials),
        commit: get("GIT_COMMIT").or(head),
        branch: get("CHANGE_BRANCH")
            .or_else(|| get("ghprbSourceBranch"))
            .or_else(|| get("BRANCH_NAME"))
            .or_else(|| text(env, "GIT_BRANCH").map(|b| b.strip_prefix("origin/").unwrap_or(b).to_owned())),
        pull_request,
        requester: get("BUILD_USER_ID").or_else(|| get("CHANGE_AUTHOR")).or_else(|| get("ghprbPullAuthorLogin")),
        matrix,
        ..CiIdentity::default()
    }
}

/// A matrix project appends its axes to the name: `folder/job/jdk=17,os=linux`.
fn split_matrix(name: Option<&str>) -> (Option<String>, BTreeMap<String, String>) {
    let Some(name) = name else { return (None, BTreeMap::new()) };
    let split = name.rsplit_once('/').and_then(|(job, axes)| {
        let pairs = axes.split(',').map(|axis| axis.split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned())));
        Some((job, pairs.collect::<Option<BTreeMap<_, _>>>()?))
    });
    match split {
        Some((job, axes)) => (Some(job.to_owned()), axes),
        None => (Some(name.to_owned()), BTreeMap::new()),
    }
}
