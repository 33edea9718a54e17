# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A step fails: the steps before it are undone and that is verified, or what could not be restored is named."""

from __future__ import annotations

import copy

import pytest

IMAGE = {"project": "demo", "name": "web", "server": "localhost", "type": "dockerimage", "docker_registry_image_name": "nginx"}
PUBLIC = {
    "project": "demo",
    "name": "web",
    "server": "localhost",
    "type": "public",
    "git_repository": "https://github.com/coollabsio/coolify-examples",
    "git_branch": "main",
}
CRASH = {"kind": "status", "method": "PATCH", "path": ".*/envs/bulk", "status": 500, "times": 9}


def held(simulator) -> dict:
    """The state without the times at which rows were touched."""
    state = copy.deepcopy(simulator.state())
    for rows in state.values():
        for row in rows.values():
            row.pop("updated_at", None)
            row.pop("_hashes", None)
    return state


def test_a_creation_is_undone_when_its_variables_fail(run, simulator):
    start = held(simulator)
    simulator.fault(**CRASH)
    result = run("app", **{**IMAGE, "variables": {"A": "1"}})
    assert result["code"] == 602 and result["status"] == "rolled_back" and result["changed"]
    assert result["resource_id"] is None and result["details"]["not_restored"] == []
    end = held(simulator)
    assert end.pop("applications") == {} and end.pop("variables", {}) == {}
    assert end == start


def test_fields_and_labels_are_undone_when_the_variables_fail(run, simulator):
    run("app", **{**IMAGE, "ports_exposes": 80, "domains": ["https://a.example.com"], "description": "x", "variables": {"A": "1"}})
    start = held(simulator)
    simulator.fault(**CRASH)
    changes = {"domains": ["https://b.example.com"], "ports_exposes": 8080, "description": "", "variables": {"A": "2"}}
    result = run("app", project="demo", name="web", **changes)
    assert result["code"] == 602, result["msg"]
    assert result["details"]["cause"]["code"] == 500 and result["resource_id"]
    assert held(simulator) == start


def test_what_leaving_a_build_pack_deletes_is_shown_and_restored(run, simulator):
    run("app", **{**PUBLIC, "build_pack": "dockerfile", "dockerfile_location": "/x/Dockerfile", "dockerfile_target_build": "prod"})
    start = held(simulator)
    change = {"project": "demo", "name": "web", "build_pack": "nixpacks", "confirm_destructive": True, "variables": {"A": "1"}}
    preview = run("app", check=True, **change)
    assert (
        preview["diff"]["before"]["dockerfile_location"] == "/x/Dockerfile" and preview["diff"]["after"]["dockerfile_target_build"] is None
    )
    assert any("deletes what belongs to it" in risk["description"] for risk in preview["execution_plan"]["risks"])
    simulator.fault(**CRASH)
    result = run("app", **change)
    assert result["code"] == 602 and result["details"]["not_restored"] == []
    assert held(simulator) == start


def test_labels_written_by_hand_are_not_lost_in_silence(run, simulator):
    run("app", **{**IMAGE, "domains": ["https://a.example.com"], "custom_labels": ["mine=1"]})
    change = {"project": "demo", "name": "web", "domains": ["https://b.example.com"]}
    preview = run("app", check=True, **change)
    assert preview["diff"]["before"]["custom_labels"] == ["mine=1"]
    assert any("mine=1" in risk["description"] for risk in preview["execution_plan"]["risks"])


@pytest.mark.parametrize("code", [403, 422])
def test_a_refused_write_is_no_rollback(run, simulator, code):
    run("app", **{**IMAGE, "variables": {"A": "1"}})
    start = held(simulator)
    if code == 403:
        result = run("env", token="sensitive", project="demo", application="web", variables={"A": "2", "B": "1"})
    else:
        simulator.fault("status", method="PATCH", status=422, body='{"message": "Validation failed.", "errors": {"key": ["no"]}}')
        result = run("env", project="demo", application="web", variables={"A": "2"})
    assert result["code"] == code and result["status"] == "failed" and not result["changed"]
    assert held(simulator) == start


def test_half_of_a_bulk_write_is_undone(run, simulator):
    run("app", **{**IMAGE, "variables": {"A": "1"}})
    start = held(simulator)
    # The simulator stores items one by one, as Coolify does: the second one is refused by its value's type
    simulator.coolify.switches.refuse_keys = ["C"]
    result = run("env", project="demo", application="web", variables={"A": "2", "C": "1"})
    assert result["code"] == 602 and result["changed"], result["msg"]
    assert held(simulator) == start


def test_an_undo_that_fails_is_loud(run, simulator):
    run("app", **{**IMAGE, "description": "x", "variables": {"A": "1"}})
    simulator.fault(**CRASH)
    simulator.fault("status", method="PATCH", path="/applications/[a-z0-9]+", status=500, nth=2, times=9)
    result = run("app", project="demo", name="web", description="y", variables={"A": "2"})
    assert result["code"] == 603 and result["changed"] and result["status"] == "failed"
    assert result["details"]["manual_steps"] and result["incident"]["severity"] == "critical"
    assert "description" in result["troubleshooting"]


def test_a_value_that_cannot_be_read_is_named_before_and_after(run, simulator):
    run("app", **{**IMAGE, "secrets": {"LOCKED": {"value": "first-secret", "is_shown_once": True}}})
    for row in simulator.coolify.tables["variables"].values():
        row["updated_at"] = "2026-01-01T00:00:00.000000Z"
    change = {"project": "demo", "application": "web", "secrets": {"LOCKED": "second-secret", "REFUSED": "third-secret"}}
    preview = run("env", check=True, **change)
    assert any(
        "LOCKED" in risk["description"] and "could not be restored" in risk["description"] for risk in preview["execution_plan"]["risks"]
    )
    simulator.coolify.switches.refuse_keys = ["REFUSED"]
    result = run("env", **change)
    assert result["code"] == 603 and result["changed"]
    assert result["details"]["not_restored"] == ["variable LOCKED"] and "LOCKED" in result["details"]["manual_steps"][0]


def test_purging_a_redis_keeps_what_it_starts_with(run, simulator):
    run("db", project="demo", name="r", type="redis", server="localhost")
    run("env", project="demo", database="r", purge=True, variables={"X": "1"})
    keys = {row["key"] for row in simulator.state()["variables"].values()}
    assert keys == {"X", "REDIS_PASSWORD", "REDIS_USERNAME"}
    refused = run("env", project="demo", database="r", state="absent", variables={"REDIS_PASSWORD": None})
    assert refused["code"] == 606


def test_a_locked_secret_leaves_another_preview_value_alone(run, simulator):
    run("app", **IMAGE)
    run("env", project="demo", application="web", is_preview=True, variables={"A": "for previews"})
    run("env", project="demo", application="web", secrets={"A": {"value": "for production", "is_shown_once": True}})
    rows = {row["is_preview"]: row["value"] for row in simulator.state()["variables"].values()}
    assert rows == {True: "for previews", False: "for production"}


def test_locking_a_variable_locks_its_copy_for_previews(run, simulator):
    run("app", **{**IMAGE, "secrets": {"A": "a-long-secret"}})
    assert run("env", project="demo", application="web", secrets={"A": {"value": "a-long-secret", "is_shown_once": True}})["changed"]
    assert all(row["is_shown_once"] for row in simulator.state()["variables"].values())


def test_removing_a_variable_says_that_the_copy_stays(run, simulator):
    run("app", **{**IMAGE, "secrets": {"A": "a-long-secret"}})
    result = run("env", project="demo", application="web", state="absent", secrets={"A": "a-long-secret"})
    assert any("is_preview" in risk["description"] for risk in result["execution_plan"]["risks"])


def test_on_create_leaves_a_locked_variable_alone(run, simulator):
    run("app", **{**IMAGE, "secrets": {"A": {"value": "first-secret", "is_shown_once": True}}})
    result = run(
        "env", project="demo", application="web", update_secrets="on_create", secrets={"A": {"value": "other-secret", "is_literal": True}}
    )
    assert not result["changed"]
    assert {row["value"] for row in simulator.state()["variables"].values()} == {"first-secret"}


def test_a_schedule_keeps_its_s3_unless_told(run, simulator):
    simulator.coolify.insert("s3_storages", name="s3")
    storage = next(iter(simulator.coolify.tables["s3_storages"].values()))["uuid"]
    database = {"project": "demo", "name": "db", "type": "postgresql", "server": "localhost"}
    run("db", **database, backups=[{"frequency": "daily", "s3_storage_uuid": storage}])
    result = run("db", **database, backups=[{"frequency": "daily"}])
    assert not result["changed"]
    (backup,) = simulator.state()["backups"].values()
    assert backup["save_s3"] is True
