use super::*;
use crate::pipeline::env::EnvMap;

fn env(pairs: &[(&str, &str)]) -> EnvMap {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

fn found(pairs: &[(&str, &str)]) -> serde_json::Value {
    let event = r#"{"number":7,"pull_request":{"number":7,"head":{"sha":"beef"},"base":{"ref":"main"}}}"#;
    let identity = detect(&env(pairs), |path| (path == "/event.json").then(|| event.to_owned()));
    serde_json::to_value(identity).unwrap()
}

#[test]
fn every_ci_is_read_from_its_own_variables() {
    let secret = "s3".repeat(10);
    let gitlab_url = format!("https://gitlab-ci-token:{secret}@gitlab.example.org/g/p.git");
    let cases: Vec<(Vec<(&str, &str)>, serde_json::Value)> = vec![
        (
            vec![
                ("JENKINS_URL", "https://ci.example.org/"),
                ("JOB_NAME", "server/build/jdk=17,os=linux"),
                ("BUILD_NUMBER", "42"),
                ("BUILD_TAG", "jenkins-server-build-42"),
                ("BUILD_URL", "https://ci.example.org/job/server/42/"),
                ("GIT_COMMIT", "cafe"),
                ("GIT_BRANCH", "origin/10.11"),
                ("GIT_URL", "https://bot:pw@github.com/o/r.git"),
                ("WORKSPACE", "/home/jenkins/ws"),
                ("NODE_NAME", "deb-1"),
            ],
            serde_json::json!({
                "system": "jenkins", "server": "https://ci.example.org/", "job": "server/build",
                "build_id": "jenkins-server-build-42", "build_number": "42",
                "url": "https://ci.example.org/job/server/42/", "agent": "deb-1", "workspace": "/home/jenkins/ws",
                "repository": "https://github.com/o/r.git", "commit": "cafe", "branch": "10.11",
                "matrix": {"jdk": "17", "os": "linux"},
            }),
        ),
        (
            vec![
                ("JENKINS_URL", "https://ci.example.org/"),
                ("JOB_NAME", "pr"),
                ("GIT_COMMIT", "merge"),
                ("GIT_BRANCH", "detached"),
                ("ghprbPullId", "12"),
                ("ghprbActualCommit", "head"),
                ("ghprbTargetBranch", "main"),
                ("ghprbSourceBranch", "topic"),
                ("ghprbPullAuthorLogin", "ada"),
            ],
            serde_json::json!({
                "system": "jenkins", "server": "https://ci.example.org/", "job": "pr", "commit": "merge",
                "branch": "topic", "requester": "ada",
                "pull_request": {"number": "12", "target": "main", "head": "head"},
            }),
        ),
        (
            vec![
                ("JENKINS_URL", "https://ci.example.org/"),
                ("JOB_NAME", "org/repo/PR-3"),
                ("CHANGE_ID", "3"),
                ("CHANGE_TARGET", "main"),
                ("CHANGE_BRANCH", "fix"),
                ("CHANGE_AUTHOR", "ada"),
                ("BRANCH_NAME", "PR-3"),
            ],
            serde_json::json!({
                "system": "jenkins", "server": "https://ci.example.org/", "job": "org/repo/PR-3", "branch": "fix",
                "requester": "ada", "pull_request": {"number": "3", "target": "main"},
            }),
        ),
        (
            vec![
                ("TF_BUILD", "True"),
                ("SYSTEM_COLLECTIONURI", "https://dev.azure.com/org/"),
                ("SYSTEM_TEAMPROJECT", "db"),
                ("SYSTEM_JOBID", "12f1170f"),
                ("SYSTEM_STAGENAME", "__default"),
                ("SYSTEM_PHASENAME", "Build"),
                ("SYSTEM_JOBNAME", "linux"),
                ("SYSTEM_JOBATTEMPT", "2"),
                ("SYSTEM_TOTALJOBSINPHASE", "3"),
                ("SYSTEM_JOBPOSITIONINPHASE", "2"),
                ("BUILD_DEFINITIONNAME", "ci"),
                ("BUILD_BUILDID", "991"),
                ("BUILD_BUILDNUMBER", "20260101.4"),
                ("BUILD_SOURCEVERSION", "cafe"),
                ("BUILD_SOURCEBRANCH", "refs/pull/5/merge"),
                ("BUILD_REPOSITORY_URI", "https://org@dev.azure.com/org/db/_git/db"),
                ("BUILD_REQUESTEDFOREMAIL", "ada@example.org"),
                ("SYSTEM_PULLREQUEST_PULLREQUESTID", "1005"),
                ("SYSTEM_PULLREQUEST_PULLREQUESTNUMBER", "5"),
                ("SYSTEM_PULLREQUEST_TARGETBRANCH", "refs/heads/main"),
                ("SYSTEM_PULLREQUEST_SOURCEBRANCH", "refs/heads/topic"),
                ("SYSTEM_PULLREQUEST_SOURCECOMMITID", "beef"),
                ("PIPELINE_WORKSPACE", "/agent/_work/1"),
                ("AGENT_NAME", "pool-3"),
            ],
            serde_json::json!({
                "system": "azure-pipelines", "server": "https://dev.azure.com/org/", "project": "db",
                "job": "ci/Build/linux", "job_id": "12f1170f", "build_id": "991", "build_number": "20260101.4",
                "attempt": 2, "url": "https://dev.azure.com/org/db/_build/results?buildId=991", "agent": "pool-3",
                "workspace": "/agent/_work/1", "repository": "https://dev.azure.com/org/db/_git/db",
                "commit": "cafe", "branch": "topic", "requester": "ada@example.org",
                "pull_request": {"number": "5", "target": "main", "head": "beef"}, "matrix": {"position": "2"},
            }),
        ),
        (
            vec![
                ("GITHUB_ACTIONS", "true"),
                ("GITHUB_SERVER_URL", "https://github.com"),
                ("GITHUB_REPOSITORY", "o/r"),
                ("GITHUB_WORKFLOW", "CI"),
                ("GITHUB_JOB", "test"),
                ("GITHUB_RUN_ID", "100"),
                ("GITHUB_RUN_NUMBER", "9"),
                ("GITHUB_RUN_ATTEMPT", "2"),
                ("GITHUB_SHA", "merge"),
                ("GITHUB_REF", "refs/pull/7/merge"),
                ("GITHUB_REF_NAME", "7/merge"),
                ("GITHUB_HEAD_REF", "topic"),
                ("GITHUB_BASE_REF", "main"),
                ("GITHUB_ACTOR", "ada"),
                ("GITHUB_EVENT_PATH", "/event.json"),
                ("GITHUB_WORKSPACE", "/home/runner/work/r/r"),
                ("RUNNER_NAME", "runner-1"),
                ("CI_TOOL_MATRIX", "os=linux, jdk=17"),
            ],
            serde_json::json!({
                "system": "github", "server": "https://github.com", "project": "o/r", "job": "CI/test",
                "build_id": "100", "build_number": "9", "attempt": 2,
                "url": "https://github.com/o/r/actions/runs/100/attempts/2", "agent": "runner-1",
                "workspace": "/home/runner/work/r/r", "repository": "https://github.com/o/r", "commit": "merge",
                "branch": "topic", "requester": "ada",
                "pull_request": {"number": "7", "target": "main", "head": "beef"},
                "matrix": {"os": "linux", "jdk": "17"},
            }),
        ),
        (
            vec![("GITHUB_ACTIONS", "true"), ("GITHUB_REF", "refs/heads/main"), ("GITHUB_EVENT_PATH", "/gone")],
            serde_json::json!({"system": "github"}),
        ),
        (
            vec![
                ("GITLAB_CI", "true"),
                ("CI_SERVER_URL", "https://gitlab.example.org"),
                ("CI_PROJECT_PATH", "g/p"),
                ("CI_JOB_ID", "55"),
                ("CI_JOB_NAME", "test: [linux, 17]"),
                ("CI_PIPELINE_ID", "900"),
                ("CI_PIPELINE_IID", "12"),
                ("CI_JOB_URL", "https://gitlab.example.org/g/p/-/jobs/55"),
                ("CI_COMMIT_SHA", "cafe"),
                ("CI_COMMIT_REF_NAME", "topic"),
                ("CI_REPOSITORY_URL", &gitlab_url),
                ("CI_MERGE_REQUEST_IID", "8"),
                ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
                ("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", "beef"),
                ("CI_PROJECT_DIR", "/builds/g/p"),
                ("CI_RUNNER_DESCRIPTION", "shared-1"),
                ("GITLAB_USER_LOGIN", "ada"),
            ],
            serde_json::json!({
                "system": "gitlab", "server": "https://gitlab.example.org", "project": "g/p", "job": "test",
                "job_id": "55", "build_id": "900", "build_number": "12",
                "url": "https://gitlab.example.org/g/p/-/jobs/55", "agent": "shared-1", "workspace": "/builds/g/p",
                "repository": "https://gitlab.example.org/g/p.git", "commit": "cafe", "branch": "topic",
                "requester": "ada", "pull_request": {"number": "8", "target": "main", "head": "beef"},
                "matrix": {"1": "linux", "2": "17"},
            }),
        ),
        (
            vec![
                ("BUILDKITE", "true"),
                ("BUILDKITE_ORGANIZATION_SLUG", "acme"),
                ("BUILDKITE_PIPELINE_SLUG", "db"),
                ("BUILDKITE_LABEL", "unit"),
                ("BUILDKITE_JOB_ID", "0190"),
                ("BUILDKITE_BUILD_ID", "0189"),
                ("BUILDKITE_BUILD_NUMBER", "77"),
                ("BUILDKITE_BUILD_URL", "https://buildkite.com/acme/db/builds/77"),
                ("BUILDKITE_RETRY_COUNT", "1"),
                ("BUILDKITE_COMMIT", "cafe"),
                ("BUILDKITE_BRANCH", "main"),
                ("BUILDKITE_REPO", "git@github.com:o/r.git"),
                ("BUILDKITE_PULL_REQUEST", "false"),
                ("BUILDKITE_BUILD_CHECKOUT_PATH", "/var/lib/buildkite/db"),
                ("BUILDKITE_AGENT_NAME", "bk-1"),
                ("BUILDKITE_BUILD_CREATOR_EMAIL", "ada@example.org"),
                ("BUILDKITE_PARALLEL_JOB", "3"),
            ],
            serde_json::json!({
                "system": "buildkite", "project": "acme/db", "job": "unit", "job_id": "0190", "build_id": "0189",
                "build_number": "77", "attempt": 2, "url": "https://buildkite.com/acme/db/builds/77",
                "agent": "bk-1", "workspace": "/var/lib/buildkite/db", "repository": "git@github.com:o/r.git",
                "commit": "cafe", "branch": "main", "requester": "ada@example.org", "matrix": {"node": "3"},
            }),
        ),
        (
            vec![
                ("BUILDBOT", "true"),
                ("BUILDBOT_URL", "https://bb.example.org/"),
                ("BUILDBOT_BUILDERNAME", "amd64-debian-12"),
                ("BUILDBOT_BUILDNUMBER", "31"),
                ("BUILDBOT_GOT_REVISION", "cafe"),
                ("BUILDBOT_BRANCH", "10.11"),
                ("BUILDBOT_REPOSITORY", "https://github.com/o/r"),
                ("BUILDBOT_WORKERNAME", "bbw-1"),
                ("BUILDBOT_BUILDDIR", "/build"),
            ],
            serde_json::json!({
                "system": "buildbot", "server": "https://bb.example.org/", "job": "amd64-debian-12",
                "build_number": "31", "agent": "bbw-1", "workspace": "/build",
                "repository": "https://github.com/o/r", "commit": "cafe", "branch": "10.11",
            }),
        ),
        (
            vec![
                ("HELIX_WORKITEM_ID", "w1"),
                ("HELIX_CORRELATION_ID", "c1"),
                ("HELIX_WORKITEM_FRIENDLYNAME", "System.Net.Tests"),
                ("HELIX_WORKITEM_PAYLOAD", "/root/helix/w/payload"),
                ("TF_BUILD", "True"),
            ],
            serde_json::json!({
                "system": "helix", "job": "System.Net.Tests", "job_id": "w1", "build_id": "c1",
                "workspace": "/root/helix/w/payload",
            }),
        ),
        (vec![("HOME", "/root"), ("TF_BUILD", "false")], serde_json::json!({"system": "none"})),
    ];
    for (variables, expected) in cases {
        let identity = found(&variables);
        assert_eq!(identity, expected);
        let back: CiIdentity = serde_json::from_value(identity.clone()).unwrap();
        assert_eq!(serde_json::to_value(back).unwrap(), identity, "it reads back as written");
        assert!(!identity.to_string().contains(&secret));
    }
}

#[test]
fn a_job_key_is_the_same_in_every_run_and_differs_between_jobs() {
    let run = CiIdentity { server: Some("s".into()), job: Some("build".into()), ..CiIdentity::default() };
    let key = |identity: &CiIdentity| identity.job_key(Fallback::default()).hash;
    let again = CiIdentity {
        build_id: Some("2".into()),
        commit: Some("cafe".into()),
        agent: Some("other".into()),
        attempt: Some(3),
        ..run.clone()
    };
    assert_eq!(key(&run), key(&again));
    assert_eq!(key(&run).len(), 16);
    let matrix = |value: &str| CiIdentity { matrix: [("os".into(), value.into())].into(), ..run.clone() };
    let other_job = CiIdentity { job: Some("test".into()), ..run.clone() };
    let other_server = CiIdentity { server: Some("t".into()), ..run.clone() };
    let glued = CiIdentity { server: None, job: Some("s|build".into()), ..run.clone() };
    let keys = [&run, &matrix("linux"), &matrix("macos"), &other_job, &other_server, &glued].map(key);
    assert_eq!(keys.iter().collect::<std::collections::BTreeSet<_>>().len(), keys.len());
}

#[test]
fn outside_ci_the_key_comes_from_host_workspace_and_command() {
    let key = |workspace, command| CiIdentity::default().job_key(Fallback { hostname: "h", workspace, command }).text;
    assert_eq!(key("/src", "make test"), "none|h|/src|make test");
    assert_ne!(key("/src", "make test"), key("/src", "make"));
    assert_ne!(key("/src", "make"), key("/src2", "make"));
}

#[test]
fn gitlab_parallel_jobs_share_a_name() {
    for (name, job, matrix) in [
        ("test 2/5", Some("test"), vec![("node", "2/5")]),
        ("build a/b", Some("build a/b"), vec![]),
        ("lint", Some("lint"), vec![]),
        ("", None, vec![]),
    ] {
        let identity = detect(&env(&[("GITLAB_CI", "true"), ("CI_JOB_NAME", name)]), |_| None);
        assert_eq!(identity.job.as_deref(), job);
        let expected: BTreeMap<String, String> = matrix.into_iter().map(|(k, v)| (k.into(), v.into())).collect();
        assert_eq!(identity.matrix, expected);
    }
}
