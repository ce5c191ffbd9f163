//! One function a CI system: its variables to a [`CiIdentity`].

use super::{CiIdentity, CiSystem, PullRequest, jenkins::jenkins};
use crate::pipeline::{
    env::{EnvMap, text},
    url::without_credentials,
};
use std::collections::BTreeMap;

/// Finds out which CI system set these variables, and reads what it says.
///
/// `read_file` reads a text file and answers None when it cannot; it is asked only for `GITHUB_EVENT_PATH`.
/// `CI_TOOL_MATRIX` (`name=value,name=value`) adds matrix values where the CI does not tell them (GitHub, Buildkite).
///
/// Buildbot tells its commands nothing. A builder that wants to be known sets, in its `env`: `BUILDBOT=true`,
/// `BUILDBOT_URL`, `BUILDBOT_BUILDERNAME`, `BUILDBOT_BUILDNUMBER`, `BUILDBOT_WORKERNAME`, `BUILDBOT_BUILDDIR`,
/// `BUILDBOT_REPOSITORY`, `BUILDBOT_BRANCH`, `BUILDBOT_GOT_REVISION` and `BUILDBOT_OWNER` from the properties so named.
pub fn detect(env: &EnvMap, read_file: impl Fn(&str) -> Option<String>) -> CiIdentity {
    let set = |name| text(env, name).is_some_and(|v| !v.eq_ignore_ascii_case("false"));
    // Helix work items and Buildkite jobs may run inside another CI's environment: the inner one comes first.
    let mut identity = if set("HELIX_WORKITEM_ID") {
        helix(env)
    } else if set("BUILDKITE") {
        buildkite(env)
    } else if set("GITHUB_ACTIONS") {
        github(env, read_file)
    } else if set("GITLAB_CI") {
        gitlab(env)
    } else if set("TF_BUILD") {
        azure(env)
    } else if set("BUILDBOT") {
        buildbot(env)
    } else if set("JENKINS_URL") {
        jenkins(env)
    } else {
        CiIdentity::default()
    };
    identity.matrix.extend(text(env, "CI_TOOL_MATRIX").map(matrix_values).unwrap_or_default());
    identity
}

fn matrix_values(text: &str) -> BTreeMap<String, String> {
    text.split(',')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect()
}

fn azure(env: &EnvMap) -> CiIdentity {
    let get = |name: &str| text(env, name).map(str::to_owned);
    let branch = |name: &str| text(env, name).map(|b| b.strip_prefix("refs/heads/").unwrap_or(b).to_owned());
    let server = text(env, "SYSTEM_COLLECTIONURI").or(text(env, "SYSTEM_TEAMFOUNDATIONCOLLECTIONURI"));
    let (project, build) = (text(env, "SYSTEM_TEAMPROJECT"), text(env, "BUILD_BUILDID"));
    // A job without a name of its own is called `__default`, as is the stage of a pipeline without stages.
    let names = ["BUILD_DEFINITIONNAME", "SYSTEM_STAGENAME", "SYSTEM_PHASENAME", "SYSTEM_JOBNAME"];
    let mut job: Vec<&str> = names.iter().filter_map(|n| text(env, n)).filter(|n| *n != "__default").collect();
    job.dedup();
    let total = text(env, "SYSTEM_TOTALJOBSINPHASE").and_then(|n| n.parse::<u32>().ok()).unwrap_or(1);
    let position = text(env, "SYSTEM_JOBPOSITIONINPHASE").filter(|_| total > 1);
    let number = get("SYSTEM_PULLREQUEST_PULLREQUESTNUMBER").or_else(|| get("SYSTEM_PULLREQUEST_PULLREQUESTID"));
    CiIdentity {
        system: CiSystem::AzurePipelines,
        server: server.map(without_credentials),
        project: project.map(str::to_owned),
        job: (!job.is_empty()).then(|| job.join("/")),
        job_id: get("SYSTEM_JOBID"),
        build_id: build.map(str::to_owned),
        build_number: get("BUILD_BUILDNUMBER"),
        attempt: text(env, "SYSTEM_JOBATTEMPT").and_then(|n| n.parse().ok()),
        url: server.zip(project).zip(build).map(|((server, project), build)| {
            let server = without_credentials(server);
            format!("{}/{project}/_build/results?buildId={build}", server.trim_end_matches('/'))
        }),
        agent: get("AGENT_NAME"),
        workspace: get("PIPELINE_WORKSPACE").or_else(|| get("BUILD_SOURCESDIRECTORY")),
        repository: text(env, "BUILD_REPOSITORY_URI").map(without_credentials),
        commit: get("BUILD_SOURCEVERSION"),
        branch: branch("SYSTEM_PULLREQUEST_SOURCEBRANCH").or_else(|| branch("BUILD_SOURCEBRANCH")),
        pull_request: number.map(|number| PullRequest {
            number,
            target: branch("SYSTEM_PULLREQUEST_TARGETBRANCH"),
            head: get("SYSTEM_PULLREQUEST_SOURCECOMMITID"),
        }),
        requester: get("BUILD_REQUESTEDFOREMAIL").or_else(|| get("BUILD_REQUESTEDFOR")),
        matrix: position.map(|p| ("position".to_owned(), p.to_owned())).into_iter().collect(),
    }
}

fn github(env: &EnvMap, read_file: impl Fn(&str) -> Option<String>) -> CiIdentity {
    let get = |name: &str| text(env, name).map(str::to_owned);
    let server = text(env, "GITHUB_SERVER_URL").map(without_credentials);
    let repository = server.as_ref().zip(text(env, "GITHUB_REPOSITORY")).map(|(s, r)| format!("{s}/{r}"));
    let attempt: Option<u32> = text(env, "GITHUB_RUN_ATTEMPT").and_then(|n| n.parse().ok());
    let url = repository.as_ref().zip(text(env, "GITHUB_RUN_ID")).map(|(repository, run)| match attempt {
        Some(attempt) if attempt > 1 => format!("{repository}/actions/runs/{run}/attempts/{attempt}"),
        _ => format!("{repository}/actions/runs/{run}"),
    });
    let event = text(env, "GITHUB_EVENT_PATH")
        .and_then(read_file)
        .and_then(|json| serde_json::from_str::<serde_json::Value>(&json).ok())
        .unwrap_or_default();
    let of_event = |path: &str| event.pointer(path).and_then(|v| v.as_str()).map(str::to_owned);
    let number = text(env, "GITHUB_REF")
        .and_then(|r| r.strip_prefix("refs/pull/")?.split('/').next())
        .map(str::to_owned)
        // A `pull_request_target` build runs on the target branch: only the event names the request.
        .or_else(|| event.pointer("/pull_request/number").map(ToString::to_string));
    let job: Vec<&str> = ["GITHUB_WORKFLOW", "GITHUB_JOB"].iter().filter_map(|n| text(env, n)).collect();
    CiIdentity {
        system: CiSystem::GitHub,
        server,
        project: get("GITHUB_REPOSITORY"),
        job: (!job.is_empty()).then(|| job.join("/")),
        job_id: None,
        build_id: get("GITHUB_RUN_ID"),
        build_number: get("GITHUB_RUN_NUMBER"),
        attempt,
        url,
        agent: get("RUNNER_NAME"),
        workspace: get("GITHUB_WORKSPACE"),
        repository,
        commit: get("GITHUB_SHA"),
        branch: get("GITHUB_HEAD_REF").or_else(|| get("GITHUB_REF_NAME")),
        pull_request: number.map(|number| PullRequest {
            number,
            target: get("GITHUB_BASE_REF").or_else(|| of_event("/pull_request/base/ref")),
            head: of_event("/pull_request/head/sha"),
        }),
        requester: get("GITHUB_TRIGGERING_ACTOR").or_else(|| get("GITHUB_ACTOR")),
        matrix: BTreeMap::new(),
    }
}

fn gitlab(env: &EnvMap) -> CiIdentity {
    let get = |name: &str| text(env, name).map(str::to_owned);
    let (job, matrix) = gitlab_job(text(env, "CI_JOB_NAME").unwrap_or_default());
    CiIdentity {
        system: CiSystem::GitLab,
        server: text(env, "CI_SERVER_URL").map(without_credentials),
        project: get("CI_PROJECT_PATH"),
        job,
        job_id: get("CI_JOB_ID"),
        build_id: get("CI_PIPELINE_ID"),
        build_number: get("CI_PIPELINE_IID"),
        attempt: None,
        url: get("CI_JOB_URL").or_else(|| get("CI_PIPELINE_URL")),
        agent: get("CI_RUNNER_DESCRIPTION"),
        workspace: get("CI_PROJECT_DIR"),
        repository: text(env, "CI_REPOSITORY_URL").map(without_credentials),
        commit: get("CI_COMMIT_SHA"),
        branch: get("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME").or_else(|| get("CI_COMMIT_REF_NAME")),
        pull_request: get("CI_MERGE_REQUEST_IID").map(|number| PullRequest {
            number,
            target: get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME"),
            head: get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA").or_else(|| get("CI_COMMIT_SHA")),
        }),
        requester: get("GITLAB_USER_LOGIN"),
        matrix,
    }
}

/// `parallel: N` names its jobs `test 2/5`, `parallel: matrix` names them `test: [linux, 17]`.
fn gitlab_job(name: &str) -> (Option<String>, BTreeMap<String, String>) {
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if let Some((job, values)) = name.strip_suffix(']').and_then(|n| n.split_once(": [")) {
        let matrix = values.split(", ").enumerate().map(|(i, v)| ((i + 1).to_string(), v.to_owned())).collect();
        return (Some(job.to_owned()), matrix);
    }
    if let Some((job, node)) = name.rsplit_once(' ')
        && node.split_once('/').is_some_and(|(index, total)| digits(index) && digits(total))
    {
        return (Some(job.to_owned()), BTreeMap::from([("node".to_owned(), node.to_owned())]));
    }
    ((!name.is_empty()).then(|| name.to_owned()), BTreeMap::new())
}

fn buildkite(env: &EnvMap) -> CiIdentity {
    let get = |name: &str| text(env, name).map(str::to_owned);
    let job = get("BUILDKITE_STEP_KEY").or_else(|| get("BUILDKITE_LABEL"));
    let slug = get("BUILDKITE_PIPELINE_SLUG");
    let parallel = text(env, "BUILDKITE_PARALLEL_JOB").map(|n| ("node".to_owned(), n.to_owned()));
    CiIdentity {
        system: CiSystem::Buildkite,
        server: None,
        project: text(env, "BUILDKITE_ORGANIZATION_SLUG").zip(slug.as_ref()).map(|(o, p)| format!("{o}/{p}")),
        job: job.or(slug),
        job_id: get("BUILDKITE_JOB_ID"),
        build_id: get("BUILDKITE_BUILD_ID"),
        build_number: get("BUILDKITE_BUILD_NUMBER"),
        attempt: text(env, "BUILDKITE_RETRY_COUNT").and_then(|n| n.parse::<u32>().ok()).map(|n| n.saturating_add(1)),
        url: get("BUILDKITE_BUILD_URL"),
        agent: get("BUILDKITE_AGENT_NAME"),
        workspace: get("BUILDKITE_BUILD_CHECKOUT_PATH"),
        repository: text(env, "BUILDKITE_REPO").map(without_credentials),
        // Until the checkout is done this may still be the word HEAD.
        commit: get("BUILDKITE_COMMIT").filter(|c| c != "HEAD"),
        branch: get("BUILDKITE_BRANCH"),
        pull_request: get("BUILDKITE_PULL_REQUEST").filter(|n| n != "false").map(|number| PullRequest {
            number,
            target: get("BUILDKITE_PULL_REQUEST_BASE_BRANCH"),
            head: get("BUILDKITE_COMMIT").filter(|c| c != "HEAD"),
        }),
        requester: get("BUILDKITE_BUILD_CREATOR_EMAIL").or_else(|| get("BUILDKITE_BUILD_CREATOR")),
        matrix: parallel.into_iter().collect(),
    }
}

fn buildbot(env: &EnvMap) -> CiIdentity {
    let get = |name: &str| text(env, name).map(str::to_owned);
    CiIdentity {
        system: CiSystem::Buildbot,
        server: text(env, "BUILDBOT_URL").map(without_credentials),
        project: get("BUILDBOT_PROJECT"),
        job: get("BUILDBOT_BUILDERNAME"),
        build_number: get("BUILDBOT_BUILDNUMBER"),
        agent: get("BUILDBOT_WORKERNAME"),
        workspace: get("BUILDBOT_BUILDDIR"),
        repository: text(env, "BUILDBOT_REPOSITORY").map(without_credentials),
        commit: get("BUILDBOT_GOT_REVISION"),
        branch: get("BUILDBOT_BRANCH"),
        requester: get("BUILDBOT_OWNER"),
        ..CiIdentity::default()
    }
}

fn helix(env: &EnvMap) -> CiIdentity {
    let get = |name: &str| text(env, name).map(str::to_owned);
    CiIdentity {
        system: CiSystem::Helix,
        job: get("HELIX_WORKITEM_FRIENDLYNAME"),
        job_id: get("HELIX_WORKITEM_ID"),
        build_id: get("HELIX_CORRELATION_ID"),
        workspace: get("HELIX_WORKITEM_PAYLOAD").or_else(|| get("HELIX_WORKITEM_ROOT")),
        ..CiIdentity::default()
    }
}
