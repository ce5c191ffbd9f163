"""Drives a GitHub through PyGithub: arguments are the API's address, the repository and a revision; the token is in HUB."""

import os
import sys

import github

url, name, revision = sys.argv[1:]
hub = github.Github(base_url=url, auth=github.Auth.Token(os.environ["HUB"]), retry=None, seconds_between_requests=0,
                    seconds_between_writes=0)
repository = hub.get_repo(name)
assert repository.permissions.push

workflows = {workflow.path: workflow for workflow in repository.get_workflows()}
workflow = workflows[".github/workflows/pass.yml"]
assert workflow.state == "active"

repository.create_git_ref("refs/heads/ci-tool/client", revision)
try:
    repository.create_git_ref("refs/heads/ci-tool/client", revision)
    raise AssertionError("a branch was made twice")
except github.GithubException as refused:
    assert refused.status == 422 and "already exists" in refused.data["message"], refused

try:
    workflow.create_dispatch(revision, {}, throw=True)
    raise AssertionError("a revision was taken for a branch")
except github.GithubException as refused:
    assert refused.status == 422 and "No ref found" in refused.data["message"], refused
assert workflow.create_dispatch("ci-tool/client", {}) is True

run = workflow.get_runs(branch="ci-tool/client", event="workflow_dispatch")[0]
assert (run.head_sha, run.head_branch) == (revision, "ci-tool/client")
for _ in range(9):
    if run.status == "completed":
        break
    run = repository.get_workflow_run(run.id)
assert (run.status, run.conclusion) == ("completed", "success"), (run.status, run.conclusion)
assert run.cancel() is False
assert [job.conclusion for job in run.jobs()] == ["success"]
assert [artifact.name for artifact in run.get_artifacts()] == ["report", "old"]

assert [ref.ref for ref in repository.get_git_matching_refs("heads/ci-tool/")] == ["refs/heads/ci-tool/client"]
repository.get_git_ref("heads/ci-tool/client").delete()
assert list(repository.get_git_matching_refs("heads/ci-tool/")) == []
print("all as it should be")
