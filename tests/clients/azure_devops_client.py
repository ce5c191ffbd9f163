"""Drives the fake Azure DevOps with the client that Microsoft publishes. Arguments: address, project, revision."""

import os
import sys

from azure.devops.connection import Connection
from azure.devops.exceptions import AzureDevOpsServiceError
from azure.devops.v7_1.pipelines.models import RunPipelineParameters
from msrest.authentication import BasicAuthentication

url, project, revision = sys.argv[1:]
connection = Connection(base_url=url, creds=BasicAuthentication("", os.environ["TOKEN"]))
builds = connection.clients_v7_1.get_build_client()
pipelines = connection.clients_v7_1.get_pipelines_client()

definitions = builds.get_definitions(project, include_all_properties=True)
assert 0 < len(definitions) <= 5, "a page has at most five"
more = builds.get_definitions(project, continuation_token="page-5")
assert not {d.id for d in definitions} & {d.id for d in more}

# A classic build, to its end.
queued = builds.queue_build(
    {"definition": {"id": 5}, "sourceVersion": revision, "parameters": '{"word": "x"}'}, project
)
assert (queued.status, queued.source_version, queued.definition.name) == ("notStarted", revision, "classic")
seen = [builds.get_build(project, queued.id) for _ in range(2)]
assert [b.status for b in seen] == ["inProgress", "completed"]
assert seen[1].result == "succeeded" and seen[1].finish_time > seen[1].start_time > seen[1].queue_time
logs = builds.get_build_logs(project, queued.id)
assert "word=x" in builds.get_build_log_lines(project, queued.id, logs[-1].id)
assert [a.name for a in builds.get_artifacts(project, queued.id)] == ["drop"]
timeline = builds.get_build_timeline(project, queued.id)
assert {r.type for r in timeline.records} == {"Stage", "Phase", "Job", "Task"}

# One that is stopped.
slow = pipelines.run_pipeline(RunPipelineParameters(), project, 3)
assert builds.get_build(project, slow.id).status == "inProgress"
assert builds.update_build({"status": "cancelling"}, project, slow.id).status == "cancelling"
assert builds.get_build(project, slow.id).result == "canceled"


def run(pipeline, **parameters):
    repositories = {"self": {"refName": "refs/heads/main", "version": revision}}
    parameters = RunPipelineParameters(resources={"repositories": repositories}, **parameters)
    return pipelines.run_pipeline(parameters, project, pipeline)


def refused(text, call):
    try:
        call()
    except AzureDevOpsServiceError as error:
        assert text in error.message, error.message
    else:
        raise AssertionError(f"it was taken: {text}")


# A pipeline with parameters, and what is wrong with some.
word = run(4, template_parameters={"word": "y"}, variables={"ci_tool_key": {"value": "k"}})
assert word.variables["ci_tool_key"].value == "k" and word.resources.repositories["self"].version == revision
assert pipelines.get_run(project, 4, word.id).template_parameters == {"word": "y"}
preview = pipelines.preview(RunPipelineParameters(template_parameters={"word": "z"}), project, 4)
assert preview.final_yaml
refused("Unexpected parameter 'wrod'", lambda: run(4, template_parameters={"wrod": "y"}))
refused("You can't set the following variables (other)", lambda: run(4, variables={"other": {"value": "k"}}))
refused("could not be found", lambda: builds.get_build(project, 999))
refused("following project does not exist", lambda: builds.get_build("gadgets", 101))

# Stages: one is left out, one fails and is tried again; what is pinned has to be there.
pinned = {"repositories": {"self": {"refName": "refs/heads/main"}}, "pipelines": {"build": {"version": slow.name}}}
release = pipelines.run_pipeline(
    RunPipelineParameters(stages_to_skip=["validation"], resources=pinned), project, 13
)


def stages():
    builds.get_build(project, release.id)
    records = builds.get_build_timeline(project, release.id).records
    return {r.identifier: r for r in records if r.type == "Stage"}


seen = [stages() for _ in range(2)][1]
assert (seen["validation"].result, seen["required_validation"].result) == ("skipped", "failed")
builds.update_stage({"state": "retry", "forceRetryAllJobs": False}, release.id, "required_validation", project)
seen = stages()["required_validation"]
assert (seen.attempt, seen.state, len(seen.previous_attempts)) == (2, "inProgress", 1)
earlier = builds.get_build_timeline(project, release.id, seen.previous_attempts[0].timeline_id)
assert [r.result for r in earlier.records] == ["failed"]
refused("Stage dorp does not exist", lambda: run(13, stages_to_skip=["dorp"]))

# Pages of builds.
ids = [run(1).id for _ in range(6)]
first = builds.get_builds(project, definitions=[1], query_order="queueTimeDescending")
rest = builds.get_builds(project, definitions=[1], query_order="queueTimeDescending", continuation_token="page-5")
assert [b.id for b in first + rest] == ids[::-1]
assert {b.id for b in builds.get_builds(project, build_ids=ids[:3])} == set(ids[:3])
