# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks preview, deploy, rollback and diagnose as jobs of ansible-runner, on a simulator in real time."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.selfhosted.coolify.tests.simulator import Simulator
from ansible_collections.selfhosted.coolify.tests.unit.playbooks.jobs import Jobs

SECRET, PLAIN = "canary-0f-a-secret-7731", "canary-in-plain-sight"
# The machine of the tests is looked at, and it is busy
SERVER = {
    "servers": "server-1",
    "sudo": False,
    "max_cpu_usage_percent": 100,
    "max_memory_usage_percent": 100,
    "max_disk_usage_percent": 100,
}


def shop(tag: str = "1.4") -> dict[str, t.Any]:
    image = {
        "type": "dockerimage",
        "docker_registry_image_name": "ghcr.io/acme/shop",
        "docker_registry_image_tag": tag,
        "ports_exposes": 8000,
    }
    return {
        "project": "shop",
        "server": "localhost",
        "databases": [{"name": "main", "type": "postgresql"}],
        "variables": {"DATABASE_URL": {"database": "main"}, "GREETING": PLAIN},
        "secrets": {"SECRET_KEY": SECRET},
        "applications": [{"name": "web", **image}, {"name": "worker", **image, "depends_on": ["web"]}],
    }


@pytest.fixture
def coolify() -> t.Iterator[Simulator]:
    with Simulator(deploy_seconds=0.2, status_seconds=0.1) as simulator:
        yield simulator
        assert simulator.bugs == []


@pytest.fixture
def jobs(coolify, tmp_path) -> Jobs:
    return Jobs(tmp_path, {"COOLIFY_URL": coolify.url, "COOLIFY_TOKEN": coolify.tokens["root"]})


def secrets(coolify: Simulator) -> list[str]:
    passwords = [row["postgres_password"] for row in coolify.databases()]
    assert all(passwords)
    return [coolify.tokens["root"], SECRET, *passwords]


def actions(plan: dict[str, t.Any]) -> list[str]:
    # Where a project is new, a preview cannot know its name in Coolify's words
    return [step["action"].replace(" in shop/production", "") for step in plan["steps"]]


def test_a_check_mode_job_and_a_job_carry_plan_and_outcome_and_no_secret(coolify, jobs):
    preview = jobs.run("selfhosted.coolify.deploy", check=True, verbosity=3, stack=shop(), **SERVER)
    assert preview.status == "successful" and coolify.writes == []
    job = jobs.run("selfhosted.coolify.deploy", verbosity=3, stack=shop(), **SERVER)
    assert job.status == "successful"

    promised, kept = (one.result("runner_on_ok", "coolify_stack") for one in (preview, job))
    assert promised["changed"] and promised["mode"] == "dry-run" and promised["status"] == "plan_ready"
    assert kept["changed"] and kept["mode"] == "on-demand" and kept["status"] == "success"
    # An event has the diff as a list, as Ansible's own tasks give it
    assert promised["diff"] == kept["diff"] and "ghcr.io/acme/shop" in str(promised["diff"])
    assert preview.artifacts["coolify_status"] == "plan_ready" and job.artifacts["coolify_status"] == "success"
    assert actions(preview.artifacts["coolify_plan"]) == actions(job.artifacts["coolify_plan"]) != []
    for artifacts in (preview.artifacts, job.artifacts):
        assert artifacts["coolify_changed"] is True and artifacts["coolify_incident"] == {}
        assert artifacts["coolify_metrics"]["before"]["memory_usage_percent"] > 0
    assert preview.artifacts["coolify_metrics"]["after"] == {}
    assert job.artifacts["coolify_metrics"]["after"]["memory_usage_percent"] > 0

    again = jobs.run("selfhosted.coolify.deploy", stack=shop(), **SERVER)
    assert again.status == "successful" and again.artifacts["coolify_changed"] is False and again.artifacts["coolify_plan"]["steps"] == []
    full = jobs.run("selfhosted.coolify.deploy", stack=shop("1.5"), **{**SERVER, "max_memory_usage_percent": 0.01})
    assert full.status == "failed" and full.artifacts["coolify_status"] == "blocked" and full.artifacts["coolify_incident"]["id"]
    assert {gate["gate"] for gate in full.artifacts["coolify_plan"]["gates"] if gate["outcome"] == "failed"} == {"server_health"}
    for one in (preview, job, again, full):
        assert [(secret, where) for secret in secrets(coolify) if (where := one.holds(secret))] == []
    # What may be seen is seen, so that a leak would be found too
    assert job.holds(PLAIN) and preview.holds(PLAIN)


def test_a_failed_job_leaves_an_incident_and_the_next_node_goes_back(coolify, jobs):
    assert jobs.run("selfhosted.coolify.deploy", stack=shop()).status == "successful"
    good = jobs.run("selfhosted.coolify.deploy", project="shop", target="web", tag="1.5")
    assert good.status == "successful"
    coolify.coolify.switches.outcomes["web@1.6"] = {"deployment": "failed", "log": ["New container is not healthy, {{ rolling }} back"]}
    bad = jobs.run("selfhosted.coolify.deploy", project="shop", target="web", tag="1.6")
    assert bad.status == "failed"
    assert bad.artifacts["coolify_status"] == "rolled_back"
    assert bad.artifacts["coolify_incident"]["stage"] == "health_check" and bad.artifacts["coolify_incident"]["id"]

    found = jobs.run("selfhosted.coolify.diagnose", **bad.artifacts, target="web", project="shop", sudo=False)
    assert found.status == "successful" and found.artifacts["coolify_status"] in ("healthy", "diagnosed", "issues_detected")

    back = jobs.run("selfhosted.coolify.rollback", **good.artifacts, project="shop", target="web")
    assert back.status == "successful" and back.artifacts["coolify_status"] == "success"
    web = next(row for row in coolify.coolify.rows("applications") if row["name"] == "web")
    assert web["docker_registry_image_tag"] == "1.4" and web["status"].startswith("running")
    for one in (good, bad, found, back):
        assert [(secret, where) for secret in secrets(coolify) if (where := one.holds(secret))] == []


def test_one_rollback_point_of_a_stack_and_a_tag(coolify, jobs):
    jobs.run("selfhosted.coolify.deploy", stack=shop())
    newer = jobs.run("selfhosted.coolify.deploy", stack=shop("1.5"))
    back = jobs.run("selfhosted.coolify.rollback", **newer.artifacts, project="shop", target="worker")
    assert back.status == "successful"
    assert jobs.run("selfhosted.coolify.rollback", **newer.artifacts, project="shop", target="web", to="1.3").status == "successful"
    tags = {row["name"]: row["docker_registry_image_tag"] for row in coolify.coolify.rows("applications")}
    assert tags == {"web": "1.3", "worker": "1.4"}


def test_a_preview_is_a_file_for_a_pull_request_and_writes_nothing(coolify, jobs, tmp_path):
    plan = tmp_path / "plan.md"
    done = jobs.run("selfhosted.coolify.preview", stack=shop(), markdown=str(plan), strict=True)
    assert done.status == "successful" and coolify.writes == []
    text = plan.read_text()
    assert text.startswith("# shop: plan_ready\n\n15 steps would be taken, about ")
    assert '| 4  | create database "main" of type postgresql' in text and "| applications.web.docker_registry_image_tag " in text
    assert SECRET not in text and PLAIN in text
    # What a pull request would break: a key that has to come through secrets
    shown = {**shop(), "variables": {"API_PASSWORD": "x" * 12}}
    assert jobs.run("selfhosted.coolify.preview", stack=shown, strict=True).status == "failed"
    assert jobs.run("selfhosted.coolify.preview", stack=shown).status == "successful"


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({}, "Say what is meant"),
        ({"target": "web", "project": "demo", "servers": "all"}, "means localhost, server-1"),
        ({"target": "web", "project": "demo", "servers": "nowhere"}, "means no host of the inventory"),
        ({"target": "nothing", "project": "demo"}, "There is no application nothing in demo"),
        ({"target": "web", "project": "nothing"}, "existing: demo"),
        ({"stack": {"project": "demo", "application": []}}, "stack has application. What is taken from it is"),
    ],
)
@pytest.mark.parametrize("check", [True, False])
def test_what_cannot_be_meant_is_refused(coolify, jobs, variables, says, check):
    done = jobs.run("selfhosted.coolify.deploy", check=check, **variables)
    assert done.status == "failed" and done.holds(says) and coolify.writes == []
