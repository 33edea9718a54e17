# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""coolify_logs: entries, filters, what a dead container said, and no secrets."""

from __future__ import annotations

import json

import pytest

from ansible_collections.selfhosted.coolify.plugins.module_utils._resources.logs import entries_of, level_of
from ansible_collections.selfhosted.coolify.tests.unit.deploying import IMAGE

LINES = ["INFO started", "ERROR: cannot do it", "  at line 7 of shop.py", "warning: slow", "plain"]


def ask(run, **options):
    return run("logs", **{"project": "demo", "target": "web", **options})


@pytest.fixture
def web(run, simulator):
    simulator.coolify.switches.outcomes["web"] = {"output": LINES}
    run("app", **IMAGE, state="deployed", secrets={"API_TOKEN": "hunter2-hunter2"})
    simulator.clear_requests()


def messages(result) -> list[str]:
    return [entry["message"] for entry in result["logs"]]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, LINES),
        ({"level": "error"}, LINES[1:3]),
        ({"level": "warning"}, LINES[1:4]),
        ({"grep": "li?ne|slow"}, [LINES[2], LINES[3]]),
        ({"lines": 2}, LINES[-2:]),
        ({"since": "1h"}, LINES),
        ({"until": "2020-01-01"}, []),
    ],
)
def test_filters(run, simulator, web, options, expected):
    result = ask(run, **options)
    assert messages(result) == expected and not result["changed"] and simulator.writes == []
    assert all(entry["at"] and entry["source"] == "coolify" for entry in result["logs"])


def test_an_older_server_has_no_times(run, simulator):
    simulator.reset(version="4.1.2")
    run("app", **IMAGE, state="started")
    assert [entry["at"] for entry in ask(run)["logs"]] == [None] * 5
    assert ask(run, since="1h")["code"] == 605


def test_a_dead_container(run, simulator):
    run("app", **IMAGE)
    result = ask(run)
    assert not result.get("failed") and result["logs"] == [] and "host_evidence" in result["note"]
    uuid = next(iter(simulator.state()["applications"].values()))["uuid"]
    evidence = {"containers": [{"name": f"{uuid}-1", "state": "exited", "log": ["2026-11-25T10:00:00.5Z FATAL: out of luck"]}]}
    result = ask(run, host_evidence=evidence)
    assert result["logs"] == [{"at": "2026-11-25T10:00:00Z", "level": "error", "message": "FATAL: out of luck", "source": "host_evidence"}]


def test_a_deployment(run, simulator, web):
    simulator.coolify.switches.outcomes["web"] = {"deployment": "failed", "log": ["npm ERR! missing script", "token hunter2-hunter2"]}
    run("deploy", project="demo", name="web", deploy="always")
    result = ask(run, type="deployment", grep="npm|token")
    assert any("npm ERR!" in text for text in messages(result)) and "hunter2" not in json.dumps(result)
    assert "read:sensitive" in ask(run, type="deployment", token="rwd")["note"]


def test_a_database(run, simulator):
    run("db", project="demo", name="main", server="localhost", type="postgresql", state="started")
    assert ask(run, type="database", target="main")["read"] > 0


STACK = {
    "project": "demo",
    "name": "stack",
    "server": "localhost",
    "docker_compose_raw": "services: {web: {image: 'nginx:1.27', environment: {API_KEY: canary-in-file}}, db: {image: 'postgres:16'}}",
}


def test_a_service(run, simulator):
    simulator.coolify.switches.outcomes["stack/web"] = {"output": ["ERROR: no canary-in-file", "with canary-as-secret"]}
    run("service", **STACK, secrets={"API_TOKEN": "canary-as-secret"}, state="started")
    simulator.clear_requests()
    result = ask(run, type="service", target="stack")
    assert {(entry["container"], entry["source"]) for entry in result["logs"]} == {("web", "coolify"), ("db", "coolify")}
    assert "canary" not in json.dumps(result) and simulator.writes == []
    (only,) = ask(run, type="service", target="stack", container="db", since="1h")["logs"]
    assert only["message"] == "db is ready" and only["at"]
    assert ask(run, type="service", target="stack", container="nope")["code"] == 609
    assert ask(run, target="stack", container="db")["code"] in (606, 609)
    assert ask(run, type="service", target="nope")["code"] == 609


def test_a_stopped_service(run, simulator):
    uuid = run("service", **STACK)["resource_id"]
    result = ask(run, type="service", target="stack")
    assert result["logs"] == [] and "web: Container not found." in result["note"]
    evidence = {"containers": [{"name": f"web-{uuid}", "state": "exited", "log": ["2026-11-25T10:00:00Z FATAL: out of luck"]}]}
    result = ask(run, type="service", target="stack", host_evidence=evidence)
    assert [(entry["container"], entry["source"], entry["level"]) for entry in result["logs"]] == [("web", "host_evidence", "error")]


def test_an_older_server_has_no_logs_of_services(run, simulator):
    simulator.reset(version="4.1.2")
    run("service", **STACK, state="started")
    assert ask(run, type="service", target="stack")["code"] == 605


@pytest.mark.parametrize("options", [{"grep": "("}, {"lines": 0}, {"since": "yesterday"}])
def test_bad_input(run, web, options):
    assert ask(run, **options)["code"] == 606


def test_levels():
    assert [level_of(text) for text in ("[error] x", "WARN y", "level=debug", "hello")] == ["error", "warning", "debug", None]
    assert entries_of(["Traceback (most recent call last):", "  File x"], "s")[1]["level"] == "error"
