# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that get lost before or after Coolify acted: nothing is created twice, and what could not be found out is said."""

from __future__ import annotations

import pytest

IMAGE = {"project": "demo", "name": "web", "server": "localhost", "type": "dockerimage", "docker_registry_image_name": "nginx"}
DATABASE = {"project": "demo", "name": "db", "server": "localhost", "type": "postgresql"}
SERVICE = {"project": "demo", "name": "kuma", "server": "localhost", "type": "uptime-kuma"}
BACKUP = {"project": "demo", "name": "db", "type": "postgresql", "backups": [{"frequency": "daily"}]}

# module, options, what has to exist before, the request that gets lost, the table where exactly one new row has to be
CREATIONS = [
    pytest.param("project", {"name": "shop"}, (), "/projects", "projects", id="project"),
    pytest.param(
        "project", {"name": "demo", "environments": ["staging"]}, (), "/projects/.*/environments", "environments", id="environment"
    ),
    pytest.param("app", IMAGE, (), "/applications/dockerimage", "applications", id="application"),
    pytest.param("db", DATABASE, (), "/databases/postgresql", "postgresql", id="database"),
    pytest.param("db", {**DATABASE, "type": "keydb"}, (), "/databases/keydb", "keydb", id="a database that the environment does not list"),
    pytest.param("db", BACKUP, (("db", DATABASE),), "/databases/.*/backups", "backups", id="backup schedule"),
    pytest.param("service", SERVICE, (), "/services", "services", id="service"),
    pytest.param("env", {"scope": "team", "variables": {"A": "1"}}, (), "/team/envs", "shared_variables", id="shared variable"),
]


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "truncate", "html"])
@pytest.mark.parametrize(("module", "options", "before", "path", "table"), CREATIONS)
def test_a_creation_whose_answer_is_lost_happens_exactly_once(run, simulator, kind, module, options, before, path, table):
    for name, given in before:
        run(name, **given)
    count = len(simulator.state().get(table, {}))
    simulator.fault(kind, method="POST", path=path)
    result = run(module, **options)
    assert not result.get("failed"), result["msg"]
    assert result["changed"]
    assert len(simulator.state()[table]) == count + 1
    assert not run(module, **options)["changed"]
    assert simulator.bugs == []


def test_when_looking_fails_too_nobody_knows(run, simulator):
    simulator.fault("drop_after", method="POST", path="/applications/dockerimage")
    simulator.fault("drop_before", method="GET", path="/projects/.*", nth=2, times=99)
    result = run("app", **IMAGE)
    assert (
        result["code"] == 612
        and result["changed"]
        and "could not be read" in result["msg"]
        and "/applications/dockerimage" in result["msg"]
    )
    assert len(simulator.state()["applications"]) == 1


def test_a_creation_that_may_still_happen_is_not_repeated(run, simulator):
    simulator.fault("slow", method="POST", path="/applications/dockerimage", seconds=3)
    result = run("app", timeout=1, **IMAGE)
    assert result["code"] == 612 and "may still appear" in result["msg"]
    assert len([item for item in simulator.requests if item.method == "POST"]) == 1


def test_a_crash_that_left_half_of_it_is_undone(run, simulator, monkeypatch):
    from ansible_collections.selfhosted.coolify.tests.simulator import applications

    def crash(*args):
        raise applications.Crash

    monkeypatch.setattr(applications, "_finish_creation", crash)
    result = run("app", **IMAGE)
    assert result["code"] == 602 and result["status"] == "rolled_back" and result["changed"]
    assert result["details"]["cause"]["code"] == 612 and result["resource_id"] is None
    assert not simulator.state()["applications"]


@pytest.mark.parametrize("kind", ["drop_after", "drop_before", "truncate"])
def test_a_bulk_write_whose_answer_is_lost_is_repeated(run, simulator, kind):
    run("app", **IMAGE)
    simulator.fault(kind, method="PATCH", path=".*/envs/bulk")
    assert run("env", project="demo", application="web", variables={"A": "1", "B": "2"})["changed"]
    rows = [(row["key"], row["is_preview"]) for row in simulator.state()["variables"].values()]
    assert sorted(rows) == [("A", False), ("A", True), ("B", False), ("B", True)]


@pytest.mark.parametrize("kind", ["drop_after", "truncate"])
@pytest.mark.parametrize(("module", "options"), [("app", IMAGE), ("db", DATABASE)])
def test_a_start_whose_answer_is_lost_is_followed(run, simulator, kind, module, options):
    simulator.fault(kind, method="POST", path=".*/start")
    result = run(module, state="started", **options)
    assert not result.get("failed"), result["msg"]
    assert len([item for item in simulator.requests if item.path.endswith("/start")]) == 1


def test_a_stop_leaves_no_trace_so_it_is_not_called_done(run, simulator):
    run("app", state="started", **IMAGE)
    simulator.fault("drop_before", method="POST", path=".*/stop")
    result = run("app", project="demo", name="web", state="stopped", wait=False)
    assert result["code"] == 612 and result["changed"], result


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "truncate"])
def test_a_lost_restart_happens_exactly_once(run, simulator, kind):
    run("app", state="started", **IMAGE)
    simulator.fault(kind, method="POST", path=".*/restart")
    result = run("app", project="demo", name="web", state="restarted")
    assert not result.get("failed"), result["msg"]
    assert len(simulator.state()["deployments"]) == 2
