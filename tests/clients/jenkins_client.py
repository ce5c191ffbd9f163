"""Drives a Jenkins with two clients that others wrote: python-jenkins and api4jenkins. Ends well if both understand it.

Usage: jenkins_client.py URL REVISION; user and token are in JENKINS_USER and JENKINS_TOKEN.
"""
import os
import sys

import api4jenkins
import jenkins


def with_python_jenkins(url, auth, revision):
    server = jenkins.Jenkins(url, username=auth[0], password=auth[1], timeout=30)
    assert server.get_whoami()["fullName"] == "Ann"
    names = {job["fullname"] for job in server.get_all_jobs()}
    assert {"pass", "slow", "word", "team/unit"} <= names, names
    assert server.job_exists("team/unit") and not server.job_exists("nobody")
    assert server.get_job_info("word")["buildable"]

    item = server.build_job("word", {"REVISION": revision, "word": "a b&c"})
    assert server.get_queue_info()[0]["id"] == item
    number = server.get_queue_item(item)["executable"]["number"]
    build = server.get_build_info("word", number)
    assert build["building"] and build["result"] is None and build["queueId"] == item, build
    while build["building"]:
        build = server.get_build_info("word", number)
    assert build["result"] == "SUCCESS", build
    assert [a["lastBuiltRevision"]["SHA1"] for a in build["actions"] if "lastBuiltRevision" in a] == [revision]
    assert "word=a b&c" in server.get_build_console_output("word", number)

    server.get_queue_item(server.build_job("slow", {"REVISION": revision}))
    server.stop_build("slow", 1)
    assert server.get_build_info("slow", 1)["result"] == "ABORTED"

    item = server.build_job("pass", {"REVISION": revision})
    server.cancel_queue(item)
    assert server.get_queue_item(item)["cancelled"]
    assert server.get_queue_info() == []


def with_api4jenkins(url, auth, revision):
    server = api4jenkins.Jenkins(url, auth=auth)
    assert server.crumb, "no crumb"
    job = server.get_job("team/unit")
    assert [p["name"] for p in job.get_parameters()] == ["REVISION", "CI_TOOL_KEY"]
    item = job.build(REVISION=revision, CI_TOOL_KEY="k")
    build = item.get_build()
    assert item.get_parameters()[0].value == revision
    while build.building:
        pass
    assert build.result == "SUCCESS"
    assert "Finished: SUCCESS" in list(build.console_text())
    assert len(list(job.iter_all_builds())) == 1
    item = server.get_job("plain").build()
    assert item.exists()
    build = item.get_build()
    build.stop()
    assert build.result == "ABORTED"


if __name__ == "__main__":
    who = (os.environ["JENKINS_USER"], os.environ["JENKINS_TOKEN"])
    with_python_jenkins(sys.argv[1], who, sys.argv[2])
    with_api4jenkins(sys.argv[1], who, sys.argv[2])
