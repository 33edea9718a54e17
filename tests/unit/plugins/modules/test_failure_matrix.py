# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each step of a deployment x each way to fail: afterwards Coolify holds what it held before, each thing once, and the incident says why.

The table of docs/docsite/rst/deployments.rst is this one; ``make failure-matrix`` runs it alone.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ansible_collections.selfhosted.coolify.tests.unit.deploying import DEPLOY, GIT, IMAGE, changed_since, held, running

VARIABLES = {"variables": {"A": "2", "B": "1"}}
STACK = {"project": "demo", "server": "localhost"}
WEB = {name: value for name, value in IMAGE.items() if name not in STACK}
MAIN = {"name": "main", "type": "postgresql"}
# What is done -> (what is there before, the task, the tag or commit that makes it fail)
OPERATIONS = {
    "create": (None, {**IMAGE, **VARIABLES, "docker_registry_image_tag": "bad"}, "bad"),
    "change": (IMAGE, {**DEPLOY, **VARIABLES, "docker_registry_image_tag": "bad", "description": "new"}, "bad"),
    "commit": (GIT, {**DEPLOY, "deploy": "always"}, "b" * 40),
    "stack": (
        {**STACK, "databases": [MAIN], "applications": [WEB]},
        {
            **STACK,
            "databases": [{**MAIN, "limits_memory": "512M"}, {"name": "cache", "type": "redis"}],
            "variables": {"CACHE": {"database": "cache"}},
            "applications": [{"name": "web", **VARIABLES, "docker_registry_image_tag": "bad", "description": "new"}],
        },
        "bad",
    ),
}
# Step -> (method, path)
STEPS = {
    "create database": ("POST", "/databases/redis"),
    "start database": ("POST", "/databases/[^/]+/start"),
    "configure database": ("PATCH", "/databases/[^/]+"),
    "create": ("POST", "/applications/dockerimage"),
    "configure": ("PATCH", "/applications/[^/]+"),
    "variables": ("PATCH", "/applications/[^/]+/envs/bulk"),
    "trigger": ("POST", "/deploy"),
    "follow": ("GET", "/deployments/[^/]+"),
}
WRITING = {"create": ("create", "variables", "trigger"), "change": ("configure", "variables", "trigger"), "commit": ("trigger",)}
WRITING["stack"] = ("create database", "start database", "configure database", *WRITING["change"])
# Failure of a request -> (the fault, whether the task succeeds all the same)
REQUESTS = {
    "refused": ({"kind": "status", "status": 422, "body": '{"message": "Validation failed.", "errors": {"x": ["no"]}}'}, False),
    "server error": ({"kind": "status", "status": 500, "times": 9}, False),
    "gateway error": ({"kind": "status", "status": 503, "times": 9}, False),
    "connection lost": ({"kind": "drop_before", "times": 9}, False),
    "answer lost": ({"kind": "drop_after"}, True),
}
# Failure of what is deployed -> (what becomes of it, further options, the start of the stage)
OUTCOMES = {
    "build failed": ({"deployment": "failed", "log": ["npm ERR! missing script: build"]}, {}, "deployment"),
    "container unhealthy": ({"deployment": "failed", "log": ["New container is not healthy, rolling back."]}, {}, "health_check"),
    "cancelled": ({"deployment": "cancelled-by-user"}, {}, "deployment"),
    "takes too long": ({"seconds": 10000}, {}, "deployment"),
    "runs unhealthy": ({"status": "running:unhealthy"}, {}, ""),
    "crashes": ({"status": "exited:unhealthy"}, {}, ""),
    "never answers": ("broken", {}, ""),
    "answers without the text": ({}, {"verify_text": "welcome"}, ""),
    "is too slow": ({}, {"max_response_time_p95": 0.0001}, ""),
    "complains in its log": ({}, {"fail_on_log": ["line [0-9]+"]}, "application_startup"),
}


def prepare(run, simulator, site, operation: str) -> dict:
    """What is there before; returns the task."""
    before, task, bad = OPERATIONS[operation]
    if operation == "stack":
        entry = {**before["applications"][0], "domains": [site.url], "variables": {"A": "1"}}
        done = run("stack", **{**before, "applications": [entry]}, state="deployed")
        assert not done.get("failed"), done["msg"]
    elif before:
        done = run("app", **before, domains=[site.url], variables={"A": "1"}, state="deployed")
        assert not done.get("failed"), done["msg"]
    if operation == "commit":
        simulator.coolify.switches.head = bad
    simulator.clear_requests()
    return {**task, "verify_timeout": 20, "wait_timeout": 60, "state": "deployed", **({} if before else {"domains": [site.url]})}


def module(operation: str) -> str:
    return {"commit": "deploy", "stack": "stack"}.get(operation, "app")


def expecting(operation: str, task: dict, options: dict) -> dict:
    """The task with what is expected of the application on top."""
    if operation != "stack":
        return {**task, **options}
    return {**task, "applications": [{**task["applications"][0], **options}]}


def check_undone(result: dict, start: dict, simulator) -> None:
    assert result.get("failed") and result["code"] not in (600, 603), result.get("msg")
    assert changed_since(start, simulator) == []
    check_incident(result)


def check_incident(result: dict) -> None:
    incident = result["incident"]
    assert incident["stage"] and incident["root_cause"] and incident["recommended_fix"], incident
    assert incident["root_cause"] in result["msg"]


def check_done(result: dict, simulator, bad: str) -> None:
    assert not result.get("failed"), result["msg"]
    assert len(simulator.coolify.rows("applications")) == 1 and running(simulator).endswith(bad)
    keys = [row["key"] for row in simulator.coolify.rows("variables") if not row["is_preview"] and row["key"] in ("A", "B")]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("failure", REQUESTS)
@pytest.mark.parametrize(("operation", "step"), [(operation, step) for operation, steps in WRITING.items() for step in steps])
def test_requests(run, simulator, site, operation, step, failure):
    task = prepare(run, simulator, site, operation)
    start = held(simulator)
    method, where = STEPS[step]
    fault, succeeds = REQUESTS[failure]
    simulator.fault(**fault, method=method, path=where)
    result = run(module(operation), **task)
    if succeeds:
        check_done(result, simulator, OPERATIONS[operation][2])
        assert len(simulator.coolify.rows("deployments")) == (1 if operation == "create" else 2)
    else:
        check_undone(result, start, simulator)


@pytest.mark.parametrize("kind", ["status", "html", "drop_before"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_following(run, simulator, site, operation, kind):
    task = prepare(run, simulator, site, operation)
    start = held(simulator)
    # A read that is lost is repeated; the second one is of the deployment that is followed, the first one asks whether it exists
    simulator.fault(kind, method="GET", path=STEPS["follow"][1], nth=2)
    result = run(module(operation), **task)
    if kind == "drop_before":
        check_done(result, simulator, OPERATIONS[operation][2])
    else:
        check_undone(result, start, simulator)


@pytest.mark.parametrize("failure", OUTCOMES)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_outcomes(run, simulator, site, operation, failure):
    task = prepare(run, simulator, site, operation)
    start, before = held(simulator), OPERATIONS[operation][0] and running(simulator)
    outcome, options, stage = OUTCOMES[failure]
    if outcome == "broken":
        site.broken.add(OPERATIONS[operation][2])
    else:
        simulator.coolify.switches.outcomes[f"web@{OPERATIONS[operation][2]}"] = outcome
    result = run(module(operation), **expecting(operation, task, options))
    check_undone(result, start, simulator)
    assert result["status"] == "rolled_back" and result["incident"]["stage"].startswith(stage)
    if before:
        assert running(simulator) == before and site.status() == 200


@pytest.mark.parametrize(
    ("operation", "failure", "method", "path", "nth"),
    [
        ("change", "build failed", "PATCH", "/applications/[^/]+", 2),
        ("change", "build failed", "PATCH", "/applications/[^/]+/envs/bulk", 2),
        ("change", "never answers", "POST", "/deploy", 2),
        ("commit", "never answers", "POST", "/applications/[^/]+/rollback", 1),
        ("create", "build failed", "DELETE", "/applications/[^/]+", 1),
        ("stack", "build failed", "PATCH", "/databases/[^/]+", 2),
        ("stack", "build failed", "DELETE", "/databases/[^/]+", 1),
        ("stack", "never answers", "PATCH", "/applications/[^/]+", 2),
    ],
)
def test_a_revert_that_fails(run, simulator, site, operation, failure, method, path, nth):
    task = prepare(run, simulator, site, operation)
    if OUTCOMES[failure][0] == "broken":
        site.broken.add(OPERATIONS[operation][2])
    else:
        simulator.coolify.switches.outcomes[f"web@{OPERATIONS[operation][2]}"] = OUTCOMES[failure][0]
    simulator.fault("status", method=method, path=path, nth=nth, times=9)
    result = run(module(operation), **task)
    assert result["code"] == 603 and result["status"] == "failed", result["msg"]
    assert result["details"]["not_restored"] and result["details"]["manual_steps"] and result["incident"]["severity"] == "critical"
    assert len(simulator.coolify.rows("applications")) == 1
    check_incident(result)


CHILD = """
import json, sys
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.selfhosted.coolify.plugins.module_utils import _runner
from ansible_collections.selfhosted.coolify.plugins.module_utils._resources import application, stack
given = json.loads(sys.stdin.read())
definition = {"app": application.MODULE, "deploy": application.DEPLOY_MODULE, "stack": stack.MODULE}[given["module"]]
checked = ArgumentSpecValidator(_runner.argument_spec(definition)).validate(given["options"])
assert not checked.error_messages, checked.error_messages
print(_runner.execute(definition, checked.validated_parameters, check_mode=False).result)
"""


@pytest.mark.parametrize(("operation", "step"), [(operation, step) for operation, steps in WRITING.items() for step in steps])
def test_killed_and_run_again(run, simulator, site, waiting, operation, step):
    task = prepare(run, simulator, site, operation)
    method, where = STEPS[step]
    # It is done, and before the answer comes the process is killed
    fault = simulator.fault("slow_after", method=method, path=where, seconds=2)
    given = {"module": module(operation), "options": {"url": simulator.url, "token": simulator.tokens["root"], **task}}
    with subprocess.Popen([sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        child.stdin.write(json.dumps(given))
        child.stdin.close()
        until = time.monotonic() + 30
        while not any(item.write and item.method == method and re.fullmatch(where, item.path) for item in list(simulator.requests)):
            assert child.poll() is None and time.monotonic() < until, child.stdout.read()
            time.sleep(0.02)
            # The child's pauses are real ones
            waiting.seconds += 0.1
        child.send_signal(signal.SIGKILL)
    assert fault.seen == 1
    # What was stored and not deployed is noticed: variables by their times, image and branch by the log of the last deployment
    result = run(module(operation), **{**task, "wait_for_previous": True})
    check_done(result, simulator, OPERATIONS[operation][2])


def test_the_table_in_the_documents_is_this_one():
    text = (Path(__file__).parents[4] / "docs/docsite/rst/deployments.rst").read_text()
    table = text[text.index("What was tried") :]
    for name in (*STEPS, *REQUESTS, *OUTCOMES):
        assert re.search(rf"^ +[*-] - {name}$|^ +- {name}$", table, re.MULTILINE) or f"``{name}``" in table, name
