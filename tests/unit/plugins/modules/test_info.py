# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

EVERYTHING = ["version", "token", "teams", "servers", "projects", "applications", "databases", "services", "deployments", "private_keys"]
SECRET = "never-to-be-shown-9f3"


@pytest.fixture
def estate(run, simulator):
    """Two projects with an application and some databases each, full of secrets."""
    for project in ("shop", "blog"):
        run("project", name=project, environments=["production", "staging"])
        common = {"project": project, "server": "localhost"}
        run(
            "app",
            **common,
            name="web",
            type="public",
            git_repository="https://github.com/coollabsio/coolify-examples",
            git_branch="main",
            build_pack="nixpacks",
            domains=[f"https://{project}.example.com"],
            is_http_basic_auth_enabled=True,
            http_basic_auth_username="u",
            http_basic_auth_password=SECRET,
            secrets={"TOKEN": SECRET},
            state="started",
        )
        run("db", **common, name="db", type="mysql", mysql_password=SECRET, mysql_root_password=SECRET)
        run("db", **common, name="kv", type="keydb", keydb_password=SECRET, environment="staging")
        file = f"services: {{wiki: {{image: 'httpd:2.4', environment: {{API_KEY: {SECRET}}}}}}}"
        run("service", **common, name="wiki", docker_compose_raw=file, secrets={"TOKEN": SECRET})
    web = next(row for row in simulator.coolify.tables["applications"].values())
    web["git_repository"] = f"https://{SECRET}@git.example.com/a/b"
    return simulator


@pytest.mark.parametrize("token", ["root", "sensitive", "read"])
def test_it_never_returns_a_secret_and_changes_nothing(run, estate, token):
    before = estate.state()
    result = run("info", token=token, gather=EVERYTHING)
    assert not result.get("failed"), result["msg"]
    text = str(result)
    for secret in (
        SECRET,
        "PRIVATE KEY",
        "$2y$",
        *(row["manual_webhook_secret_github"] for row in estate.state()["applications"].values()),
    ):
        assert secret not in text
    assert estate.state() == before and not result["changed"]


def test_services_are_found_where_they_are(run, estate):
    run("service", project="shop", server="localhost", name="kuma", type="uptime-kuma", state="started")
    (kuma, wiki) = sorted(run("info", gather=["services"], project="shop")["services"], key=lambda item: item["name"])
    assert (kuma["service_type"], kuma["status"], kuma["project"]["name"]) == ("uptime-kuma", "running:healthy", "shop")
    assert (wiki["service_type"], wiki["status"]) == (None, "exited")


@pytest.mark.parametrize(
    ("token", "abilities"),
    [
        ("root", {"read": True, "read:sensitive": True, "write": True, "deploy": True}),
        ("read", {"read": True, "read:sensitive": False, "write": False, "deploy": False}),
        ("write", {"read": False, "read:sensitive": None, "write": True, "deploy": False}),
        ("deploy", {"read": False, "read:sensitive": None, "write": False, "deploy": True}),
        ("sensitive", {"read": True, "read:sensitive": True, "write": False, "deploy": False}),
        ("member_root", {"read": False, "read:sensitive": None, "write": False, "deploy": False}),
    ],
)
@pytest.mark.parametrize("version", ["4.1.2", "4.3.11", "4.5.0"])
def test_what_a_token_may_do(run, simulator, version, token, abilities):
    simulator.reset(version=version)
    before = simulator.state()
    result = run("info", token=token, gather=["token"])
    assert not result.get("failed"), result["msg"]
    assert result["token"]["abilities"] == abilities
    assert simulator.state() == before


def test_filters(run, estate):
    found = run("info", gather=EVERYTHING, project="shop")
    assert [item["name"] for item in found["projects"]] == ["shop"]
    assert [(item["name"], item["project"]["name"]) for item in found["applications"]] == [("web", "shop")]
    assert sorted(item["name"] for item in found["databases"]) == ["db", "kv"]
    found = run("info", gather=["databases"], project="shop", environment="staging")
    assert [(item["name"], item["type"], item["environment"]["name"]) for item in found["databases"]] == [("kv", "keydb", "staging")]
    found = run("info", gather=["databases", "applications"], name="db")
    assert len(found["databases"]) == 2 and found["applications"] == []


def test_deployments_of_one_project(run, estate):
    estate.coolify.switches.deploy_seconds = 1000
    for project in ("shop", "blog"):
        run("app", project=project, name="web", state="restarted", wait=False)
    assert len(run("info", gather=["deployments"])["deployments"]) == 2
    found = run("info", gather=["deployments"], project="shop")["deployments"]
    assert len(found) == 1 and found[0]["status"] == "in_progress"
    history = run("info", gather=["deployments"], project="shop", name="web")["deployments"]
    assert [item["status"] for item in history] == ["in_progress", "finished"]


def test_an_environment_needs_its_project(run):
    assert run("info", gather=["applications"], environment="production")["code"] == 606
