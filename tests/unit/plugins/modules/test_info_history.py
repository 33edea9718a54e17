# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What coolify_info tells of the past: Coolify's audit log and deployments."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.selfhosted.coolify.plugins.module_utils._errors import InputError
from ansible_collections.selfhosted.coolify.plugins.module_utils._resources import info

SECRET = "never-to-be-shown-9f3"


def ago(**how: int) -> str:
    return (datetime.now(timezone.utc) - timedelta(**how)).strftime("%Y-%m-%dT%H:%M:%S.000000Z")


@pytest.fixture
def audited(run, simulator):
    """A Coolify 4.4 with a project and what was done to it, and 250 older events of something else."""
    simulator.reset(version="4.4.2")
    insert = simulator.coolify.insert
    common = dict.fromkeys(("level", "actor_type", "actor_id", "actor_token_id", "actor_token_name", "user_agent", "ip_address"))
    common.update(team_id=0, actor_name="Alice", actor_email="alice@example.com", metadata={"password": SECRET}, changes={"key": SECRET})
    for number in range(250):
        name = {"resource_type": "server", "resource_uuid": f"uuid-{number}", "resource_name": "edge"}
        row = insert("audit_events", **common, **name, event="ui.server.updated", source="ui", action="updated", description="edge Updated")
        row["created_at"] = ago(hours=30, minutes=250 - number)
    old = insert("audit_events", **common, **name, event="ui.server.created", source="ui", action="created", description="edge Created")
    old["created_at"] = ago(days=8)
    run("project", name="shop")
    assert run("project", name="shop", description="Shop")["changed"]
    return simulator


def events(run, token="root", **options):
    result = run("info", token=token, gather=["audit_events"], **options)
    assert not result.get("failed"), result["msg"]
    return result["audit_events"]


def test_the_audit_log_of_the_last_day(run, audited):
    before = audited.state()
    found = events(run)
    assert [(item["event"], item["resource_name"]) for item in found] == [("api.project.updated", "shop"), ("api.project.created", "shop")]
    assert (
        found[0]["actor_email"] == "root@example.com" and found[0]["actor_token_name"] == "root" and found[0]["ip_address"] == "127.0.0.1"
    )
    assert found[0]["created_at"] >= found[1]["created_at"]
    assert audited.state() == before and audited.bugs == []


def test_metadata_and_changes_never_come_along(run, audited):
    for token in ("root", "sensitive", "read"):
        found = events(run, token=token, since="7d", limit=1000)
        assert len(found) == 252 and SECRET not in str(found)
        assert ("actor_email" in found[0]) is (token != "read")


@pytest.mark.parametrize(
    ("since", "limit", "count"), [("1d", None, 2), ("7d", None, 100), ("7d", 3, 3), ("7d", 150, 150), ("2w", 999, 253)]
)
def test_since_and_limit_and_as_many_requests_as_that_takes(run, audited, since, limit, count):
    audited.clear_requests()
    found = events(run, since=since, limit=limit)
    assert len(found) == count and len({item["id"] for item in found}) == count
    assert len(audited.requests) == {2: 1, 100: 1, 3: 1, 150: 2, 253: 3}[count]


def test_events_of_one_resource(run, audited):
    assert [item["action"] for item in events(run, name="shop")] == ["updated", "created"]
    assert [item["resource_uuid"] for item in events(run, name="uuid-3", since="7d")] == ["uuid-3"]
    assert len(events(run, name="edge", since="7d", limit=120)) == 120


def test_what_the_modules_do_is_recorded(run, audited):
    run("app", project="shop", server="localhost", name="web", type="dockerimage", docker_registry_image_name="nginx")
    run("app", project="shop", name="web", state="absent", confirm_destructive=True)
    assert [item["event"] for item in events(run, limit=2)] == ["api.application.deleted", "api.application.created"]


def test_an_event_that_moves_to_the_next_page_is_told_once():
    rows = [{"id": number} for number in (5, 4, 3, 3, 2, 1)]
    assert [row["id"] for row in info._newest(rows, "id", 4)] == [5, 4, 3, 2]


@pytest.mark.parametrize("version", ["4.1.2", "4.3.11", "4.4-rc.1"])
def test_an_older_coolify(run, simulator, version):
    simulator.reset(version=version)
    result = run("info", gather=["audit_events"])
    assert result["code"] == 605 and "4.4.0" in result["msg"] and version in result["msg"]


@pytest.mark.parametrize(
    ("token", "says"), [("member_read", "Only team admins"), ("write", "permissions: read"), ("member_root", "team role")]
)
def test_a_token_that_may_not(run, audited, token, says):
    result = run("info", token=token, gather=["audit_events"])
    assert result["code"] == 403 and says in result["msg"]
    assert "admin or owner has to create the token" in result["troubleshooting"] or "ability" in result["troubleshooting"]


def test_the_log_of_another_team_is_another(run, audited):
    assert events(run, token="other_team", since="2w") == []


@pytest.mark.parametrize("body", ['{"data": "nothing"}', '{"data": ["x"]}', "{}"])
def test_an_answer_that_is_none(run, audited, body):
    audited.fault("status", path="/audit-events", status=200, body=body)
    assert run("info", gather=["audit_events"])["code"] == 608


# --- deployments


@pytest.fixture
def deployed(run, simulator):
    """Applications of two projects with 45 deployments each, one an hour, of which the newest is a minute old."""
    for project in ("shop", "blog"):
        run("project", name=project)
        for name in ("web", "api") if project == "shop" else ("web",):
            run("app", project=project, server="localhost", name=name, type="dockerimage", docker_registry_image_name="nginx")
    for app in simulator.coolify.rows("applications"):
        for number in range(45):
            row = simulator.coolify.insert(
                "deployments",
                application_id=app["id"],
                destination_id=app["destination_id"],
                application_name=app["name"],
                deployment_uuid=f"{app['uuid']}-{number}",
                commit_message=f"https://u:{SECRET}@example.com",
                status="finished",
                logs=f'[{{"output": "{SECRET}"}}]',
            )
            row["created_at"] = ago(hours=44 - number, minutes=1)
    simulator.clear_requests()
    return simulator


def deployments(run, **options):
    result = run("info", gather=["deployments"], **options)
    assert not result.get("failed"), result["msg"]
    assert SECRET not in str(result)
    return result["deployments"]


def test_the_last_ten_of_an_application(run, deployed):
    found = deployments(run, project="shop", name="web")
    assert len(found) == 10 and found == sorted(found, key=lambda item: item["created_at"], reverse=True)
    assert [item.query for item in deployed.requests if "applications" in item.path] == ["skip=0&take=10"]


@pytest.mark.parametrize(
    ("options", "count", "requests"), [({"limit": 45}, 45, 3), ({"limit": 5}, 5, 1), ({"since": "10h"}, 10, 1), ({"since": "30h"}, 30, 2)]
)
def test_more_of_them_page_by_page(run, deployed, options, count, requests):
    found = deployments(run, project="shop", name="web", **options)
    assert len({item["deployment_uuid"] for item in found}) == len(found) == count
    assert len([item for item in deployed.requests if "/deployments/applications" in item.path]) == requests


def test_all_of_a_project(run, deployed):
    found = deployments(run, project="shop", since="3h")
    assert [item["application_name"] for item in found].count("api") == 3 and len(found) == 6
    assert found == sorted(found, key=lambda item: item["created_at"], reverse=True)
    assert len(deployments(run, project="shop", limit=7)) == 7


def test_without_a_project_what_is_queued_or_running(run, deployed):
    deployed.coolify.switches.deploy_seconds = 1000
    assert deployments(run, since="7d") == []
    for name in ("web", "api"):
        run("app", project="shop", name=name, state="restarted", wait=False)
    assert len(deployments(run, since="7d")) == 2
    assert [item["application_name"] for item in deployments(run, limit=1)] == ["api"]
    assert deployments(run, since="2100-01-01") == []


# --- the options


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("2026-11-24", datetime(2026, 11, 24, tzinfo=timezone.utc)),
        ("2026-11-24T10:00:00Z", datetime(2026, 11, 24, 10, tzinfo=timezone.utc)),
        ("2026-11-24 10:00:00+02:00", datetime(2026, 11, 24, 8, tzinfo=timezone.utc)),
    ],
)
def test_times(text, when):
    assert info.when({"since": text}, "since") == when


def test_how_long_ago():
    now = datetime.now(timezone.utc)
    for text, seconds in (("90s", 90), ("30m", 1800), (" 24h ", 86400), ("7 d", 604800), ("1w", 604800)):
        assert abs((now - info.when({"since": text}, "since")).total_seconds() - seconds) < 3
    assert info.when({}, "since") is None and info.when({"since": ""}, "since") is None


@pytest.mark.parametrize("text", ["yesterday", "24", "-1h", "1y", "999999w", "24h30m", "2026-13-01"])
def test_what_is_no_time(run, simulator, text):
    with pytest.raises(InputError):
        info.when({"since": text}, "since")
    assert run("info", gather=["version"], since=text)["code"] == 606
    assert not simulator.requests


def test_a_limit_of_nothing(run):
    assert run("info", gather=["audit_events"], limit=0)["code"] == 606
