# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input and bad servers: one readable sentence, a code, what to do next, and nothing left half done unsaid."""

from __future__ import annotations

import re
import socket

import pytest

from ansible_collections.selfhosted.coolify.tests.simulator import Simulator

IMAGE = {"project": "demo", "name": "web", "server": "localhost", "type": "dockerimage", "docker_registry_image_name": "nginx"}

GIT = {"git_repository": "https://git.example.com/a/b", "git_branch": "main", "build_pack": "static"}


def check(result: dict, code: int, *says: str, changed: bool = False) -> None:
    assert result.get("failed"), result
    assert result["code"] == code, result["msg"]
    for text in says:
        assert text in result["msg"] + result["troubleshooting"], (text, result["msg"], result["troubleshooting"])
    assert "\n" not in result["msg"] and result["msg"] == result["error"] and result["troubleshooting"]
    assert result["changed"] is changed
    assert result["incident"]["recommended_fix"] == result["troubleshooting"]
    if not changed:
        assert result["diff"] == {"before": {}, "after": {}}


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# --- the address and what answers there


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        ({"url": "coolify.example.com"}, 606, "no http:// or https:// address"),
        ({"url": "http://[::1"}, 606, "no address"),
        ({"url": "http://localhost:port"}, 606, "no address"),
        ({"url": "https://1|secret@coolify.example.com"}, 606, "credentials"),
        ({"url": "http://no-such-host.invalid"}, 607, "does not resolve"),
        ({"url": f"http://127.0.0.1:{closed_port()}"}, 607, "refused"),
        ({"token": "  "}, 606, "token"),
        ({"token": "1|a\nb"}, 606, "HTTP header"),
        ({"token": "1|ключ"}, 606, "HTTP header"),
        ({"http_headers": {"X-Access": "a\r\nb"}}, 606, "X-Access"),
        ({"timeout": 0}, 606, "timeout"),
        ({"ca_path": "/no/such/file.pem"}, 606, "/no/such/file.pem"),
        ({"token": "1|wrong"}, 401, "Unauthenticated"),
        ({"name": ""}, 606, "name: it is empty"),
        ({"project": ""}, 606, "project: it is empty"),
    ],
)
def test_wrong_connections(run, simulator, options, code, says):
    check(run("app", **{**IMAGE, **options}), code, says)
    assert simulator.writes == []


def test_a_token_with_white_space_around_it_is_taken(run, simulator):
    assert run("project", token=f" {simulator.tokens['root']}\n", name="shop")["changed"]


def test_a_tls_error_says_how_to_trust(run, waiting):
    with Simulator(tls=True) as simulator:
        refused = run("project", url=simulator.url, token=simulator.tokens["root"], name="shop")
        check(refused, 607, "TLS error", "ca_path")
        assert refused["incident"]["stage"] == "ssl"
        assert run("project", url=simulator.url, token=simulator.tokens["root"], name="shop", validate_certs=False)["changed"]


@pytest.mark.parametrize(
    ("fault", "code", "says"),
    [
        ({"kind": "html"}, 608, "HTML page (Sign in)"),
        (
            {"kind": "status", "status": 301, "headers": {"Location": "https://login.example.com/?next=x"}},
            608,
            "https://login.example.com/",
        ),
        ({"kind": "status", "status": 200, "body": '{"ok": true}'}, 608, "none of Coolify's"),
        ({"kind": "status", "status": 200, "body": "null"}, 608, "none of Coolify's"),
        ({"kind": "status", "status": 200, "body": '[{"uuid'}, 608, "truncated"),
        ({"kind": "status", "status": 500}, 500, "Server Error"),
        ({"kind": "status", "status": 503, "body": "<html><title>Be right back</title>"}, 503, "Be right back"),
        ({"kind": "truncate", "times": 9}, 608, "broke off"),
        ({"kind": "drop_before", "times": 9}, 607, "lost"),
    ],
)
def test_bad_answers(run, simulator, fault, code, says):
    simulator.fault(path="/projects", **{"times": 9, **fault})
    check(run("app", **IMAGE), code, says)
    assert simulator.writes == []


def test_a_page_is_no_version(run, simulator):
    simulator.fault("html", path="/version")
    check(run("info", gather=["version"]), 608, "version")


@pytest.mark.parametrize("kind", ["truncate", "drop_before", "drop_after"])
def test_a_read_is_repeated(run, simulator, kind):
    simulator.fault(kind, path="/projects", times=2)
    assert not run("app", **IMAGE).get("failed")


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_gateway_error_is_repeated_for_what_may_be_repeated(run, simulator, status):
    run("app", **IMAGE)
    simulator.clear_requests()
    simulator.fault("status", method="PATCH", status=status, times=2)
    assert run("app", **{**IMAGE, "description": "x"})["changed"]
    assert len(simulator.writes) == 1 and len([item for item in simulator.requests if item.method == "PATCH"]) == 3


@pytest.mark.parametrize("retry_after", ["0", "3", None])
def test_the_rate_limit_is_waited_for_whatever_the_verb(run, simulator, waiting, retry_after):
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    simulator.fault("status", method="POST", status=429, times=2, headers=headers, body='{"message": "Too Many Attempts."}')
    assert run("app", **IMAGE)["changed"]
    assert len(waiting.pauses) == 2 and all(1 <= pause <= 5 for pause in waiting.pauses)
    assert len(simulator.state()["applications"]) == 1


def test_a_run_that_meets_the_enforced_rate_limit_finishes(run, simulator, waiting):
    simulator.coolify.switches.rate_limit = 10
    for number in range(8):
        assert run("app", **{**IMAGE, "name": f"web-{number}"})["changed"]
    assert waiting.pauses and len(simulator.state()["applications"]) == 8


# --- the four meanings of 403


def test_the_api_is_disabled(run, simulator):
    simulator.coolify.switches.api_enabled = False
    check(run("project", name="shop"), 403, "API is disabled", "API Access")


def test_the_address_is_not_allowed(run, simulator):
    simulator.coolify.switches.allowed_ips = "10.0.0.0/8"
    check(run("project", name="shop"), 403, "not allowed to access", "Allowed IPs")


def test_the_token_lacks_an_ability(run, simulator):
    check(run("project", token="read", name="shop"), 403, "Missing required permissions: write", "ability")
    check(run("project", token="write", name="shop"), 403, "Missing required permissions: read")


def test_the_owner_is_a_plain_member(run):
    check(run("project", token="member_root", name="shop"), 403, "team role", "plain member")


# --- names


def test_unknown_names_come_with_those_that_exist(run, simulator):
    run("project", name="shop", environments=["staging"])
    check(run("app", **{**IMAGE, "project": "nope"}), 609, 'no project "nope"', "demo, shop")
    check(run("app", **{**IMAGE, "environment": "nope"}), 609, 'no environment "nope"', "production")
    check(run("app", **{**IMAGE, "server": "nope"}), 609, 'no server "nope"', "localhost")
    check(run("app", **{**IMAGE, "destination": "nope"}), 609, 'no destination "nope"', "coolify")
    check(run("app", uuid="n" * 24, description="x"), 609, "n" * 24)
    check(run("env", project="demo", application="nope", variables={"A": "1"}), 609, 'no application "nope"')


def test_another_teams_project_does_not_exist(run):
    check(run("app", token="other_team", **IMAGE), 609, 'no project "demo"', "existing: none")


def test_two_of_a_name_are_an_error_naming_both(run, simulator):
    uuids = []
    for _number in range(2):
        project = simulator.coolify.insert("projects", name="twin", description="", team_id=0)
        uuids.append(project["uuid"])
    check(run("app", **{**IMAGE, "project": "twin"}), 610, *uuids)


def test_one_of_two_can_be_meant_by_its_uuid(run, simulator):
    one = simulator.coolify.insert("projects", name="twin", description="", team_id=0)
    simulator.coolify.insert("projects", name="twin", description="", team_id=0)
    simulator.coolify.insert("environments", name="production", description=None, project_id=one["id"])
    assert run("app", **{**IMAGE, "project": one["uuid"]})["changed"]


# --- options


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        ({"docker_registry_image_name": "Nginx"}, 422, "docker_registry_image_name"),
        ({"domains": ["not a url"]}, 606, "domains"),
        ({"health_check_path": "/a b"}, 422, "health_check_path: The health check path field format is invalid."),
        ({"description": "x" * 300}, 606, "255"),
        ({"ports_mappings": ["80:80", "80:81"]}, 606, "twice"),
        ({"type": "public"}, 606, "git_repository"),
        (
            {
                "type": "private-deploy-key",
                "git_repository": "git@h:a/b",
                "git_branch": "main",
                "build_pack": "static",
                "private_key_uuid": "x",
            },
            404,
            "Private Key not found",
        ),
        ({"build_pack": "nixpacks"}, 606, "build_pack"),
        ({"custom_labels": []}, 606, "cannot empty"),
        ({"variables": {"A": True}}, 606, "quote it"),
        ({"secrets": {"A": None}}, 606, "null"),
        ({"purge": True}, 606, "purge"),
        (
            {
                "docker_compose_domains": [{"name": "web"}],
                "type": "public",
                "git_repository": "https://x.example/a",
                "git_branch": "m",
                "build_pack": "static",
            },
            606,
            "dockercompose",
        ),
    ],
)
def test_wrong_options_of_an_application(run, simulator, options, code, says):
    check(run("app", **{**IMAGE, **options}), code, says)
    assert not simulator.state().get("applications")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"postgres_user": "1a"}, "postgres_user"),
        ({"postgres_password": "a b"}, "postgres_password"),
        ({"mysql_user": "x"}, "does not exist for a postgresql"),
        ({"is_public": True}, "public_port"),
        ({"public_port": 80, "is_public": True}, "1024"),
        ({"backups": [{"frequency": "daily", "save_s3": True}]}, "s3_storage_uuid"),
    ],
)
def test_wrong_options_of_a_database(run, simulator, options, says):
    check(run("db", project="demo", name="db", type="postgresql", server="localhost", **options), 606, says)
    assert not simulator.state().get("postgresql")


def test_backups_of_a_redis_do_not_exist(run):
    check(run("db", project="demo", name="db", type="redis", server="localhost", backups=[{"frequency": "daily"}]), 606, "redis")


@pytest.mark.parametrize("options", [{"description": "x"}, {"state": "started"}, {"variables": {"A": "1"}}])
@pytest.mark.parametrize("project", ["demo", "later"])
@pytest.mark.parametrize("module", ["app", "db"])
def test_a_change_of_what_an_earlier_task_may_create_can_be_previewed(run, simulator, module, project, options):
    if module == "db" and "variables" in options:
        return
    preview = run(module, check=True, project=project, name="web", **options)
    assert not preview.get("failed") and "earlier task" in str(preview.get("warnings")), preview
    check(run(module, project="demo", name="web", **options), 609, '"web"')


def test_a_preview_of_a_new_database_has_a_connection(run, simulator):
    options = {"project": "demo", "name": "db", "type": "postgresql", "server": "localhost", "postgres_db": "shop"}
    preview = run("db", check=True, **options)["connection"]
    real = run("db", **options)["connection"]
    assert set(preview) == set(real)
    assert (preview["port"], preview["database"], preview["url"]) == (5432, "shop", "known after creation")


def test_a_preview_says_that_a_confirmation_is_missing(run, simulator):
    run("app", **IMAGE)
    preview = run("app", check=True, project="demo", name="web", state="absent")
    assert "confirm_destructive" in str(preview.get("warnings"))


def test_a_database_is_found_by_its_name_alone(run, simulator):
    for kind in ("keydb", "mysql"):
        run("db", project="demo", name=f"my-{kind}", type=kind, server="localhost")
        assert not run("db", project="demo", name=f"my-{kind}", state="stopped").get("failed")


def test_a_conflict_names_the_owner(run, simulator):
    owner = run("app", **{**IMAGE, "name": "owner", "domains": ["https://a.example.com"]})["resource_id"]
    refused = run("app", **{**IMAGE, "domains": ["https://a.example.com"]})
    check(refused, 409, "https://a.example.com", '"owner"', owner, "force_domain_override")
    assert run("app", **{**IMAGE, "domains": ["https://a.example.com"], "force_domain_override": True})["changed"]


def test_what_only_creation_takes_is_an_error_with_both_values(run, simulator):
    run("app", **IMAGE)
    refused = run("app", project="demo", name="web", type="public", server="other")
    check(refused, 611, "'dockerimage', wanted 'public'", "'localhost', wanted 'other'", "recreate", "volumes")


def test_what_the_version_lacks_is_named_with_the_version_that_has_it(run, simulator):
    simulator.reset(version="4.2.0")
    check(run("app", **{**IMAGE, "max_restart_count": 3}), 605, "max_restart_count", "4.3.0", "4.2.0")
    assert simulator.writes == []


def test_a_destination_by_name_needs_a_list_of_them(run, simulator):
    simulator.reset(version="4.1.2")
    check(run("app", **{**IMAGE, "destination": "coolify"}), 605, "destination", "4.2.0")
    assert run("app", **{**IMAGE, "destination": simulator.identity.destination_uuid})["changed"]


def test_an_empty_application_does_not_mean_the_environment(run, simulator):
    check(run("env", application="", project="demo", environment="production", variables={"A": "b"}), 606, "application: it is empty")
    assert simulator.writes == []


def test_deleting_needs_consent(run, simulator):
    run("app", **IMAGE)
    refused = run("app", project="demo", name="web", state="absent")
    check(refused, 601, "confirm_destructive")
    assert refused["status"] == "blocked" and simulator.state()["applications"]


def test_deleting_keeps_volumes_and_says_all_four_flags(run, simulator):
    run("app", **IMAGE)
    simulator.clear_requests()
    run("app", project="demo", name="web", state="absent", confirm_destructive=True)
    (deletion,) = simulator.writes
    assert sorted(part.split("=")[0] for part in deletion.query.split("&")) == [
        "delete_configurations",
        "delete_connected_networks",
        "delete_volumes",
        "docker_cleanup",
    ]
    assert "delete_volumes=false" in deletion.query


def test_deleting_by_uuid_from_another_project_is_refused(run, simulator):
    uuid = run("app", **IMAGE)["resource_id"]
    run("project", name="shop")
    check(run("app", uuid=uuid, project="shop", state="absent", confirm_destructive=True), 611, "'demo', wanted 'shop'")


@pytest.mark.parametrize("missing", [{"project": "nope"}, {"project": "demo", "environment": "nope"}, {"project": "demo"}])
@pytest.mark.parametrize(
    "module", [("app", {"name": "x"}), ("db", {"name": "x", "type": "redis"}), ("env", {"application": "x", "variables": {"A": None}})]
)
def test_what_is_nowhere_is_absent(run, simulator, missing, module):
    name, options = module
    for dry in (True, False):
        result = run(name, check=dry, state="absent", **missing, **options)
        assert not result.get("failed") and not result["changed"], result


def test_a_project_with_resources_is_refused_with_the_list(run, simulator):
    run("app", **IMAGE)
    run("db", project="demo", name="cache", type="keydb", server="localhost")
    refused = run("project", name="demo", state="absent", confirm_destructive=True)
    check(refused, 614, '"web"', '"cache"', "production")
    assert len(refused["resources"]) == 2


def test_a_teardown_can_be_previewed(run, simulator):
    run("app", **IMAGE)
    run("project", name="demo", environments=["production", "staging"])
    run("app", **IMAGE, environment="staging")
    simulator.clear_requests()
    told = "the real run fails unless an earlier task deletes them"
    project = {"name": "demo", "state": "absent"}
    environment = {"name": "demo", "environments": ["production"], "purge": True}
    for options, held in ((project, "2 resources"), (environment, "1 resource")):
        preview = run("project", check=True, **options)
        assert preview["changed"] and preview["execution_plan"]["steps"][0]["action"].startswith("delete ")
        assert re.search(rf"cannot be deleted, it still has {held}: application \"web\" .*; {told}", str(preview["warnings"]))
        check(run("project", **options, confirm_destructive=True), 614, f"it still has {held}")
    assert not simulator.writes


def test_a_password_of_an_initialised_database_is_not_changed_in_silence(run, simulator):
    run("db", project="demo", name="db", type="postgresql", server="localhost", postgres_password="first-password")
    refused = run("db", project="demo", name="db", type="postgresql", postgres_password="second-password")
    check(refused, 613, "postgres_password", "allow_password_drift")
    assert "second-password" not in str(refused) and "first-password" not in str(refused)


@pytest.mark.parametrize("module", ["app", "db"])
def test_waiting_for_what_never_comes_ends(run, simulator, module):
    simulator.coolify.switches.outcomes["slow"] = {"status": "starting:unknown"}
    options = IMAGE if module == "app" else {"project": "demo", "server": "localhost", "type": "redis"}
    refused = run(module, **{**options, "name": "slow", "state": "started", "wait_timeout": 30})
    check(refused, 604, "starting:unknown", changed=True)
    assert refused["resource_id"] and refused["resource_id"] in str(refused["incident"]["related_resources"])


def test_a_failed_deployment_brings_the_end_of_its_log(run, simulator):
    simulator.coolify.switches.outcomes["web"] = {"deployment": "failed", "log": ["npm ERR! missing script: build", "exit code 1"]}
    refused = run("app", **{**IMAGE, "state": "started"})
    check(refused, 616, "failed", changed=True)
    assert refused["incident"]["last_logs_sample"][-2:] == ["npm ERR! missing script: build", "exit code 1"]
    assert refused["incident"]["stage"] == "deployment"


def test_a_pull_requests_deployment_is_not_the_applications(run, simulator):
    run("app", **IMAGE)
    row = next(iter(simulator.coolify.tables["applications"].values()))
    from ansible_collections.selfhosted.coolify.tests.simulator.deployments import queue

    queue(simulator.coolify, row, pull_request=7, tag="pr-7")
    started = run("app", project="demo", name="web", state="started")
    assert started["changed"] and started["application"]["status"] == "running:healthy"


def test_a_started_database_that_is_not_healthy_yet_is_waited_for(run, simulator):
    run("db", project="demo", name="db", type="redis", server="localhost")
    row = next(iter(simulator.coolify.tables["redis"].values()))
    row["status"] = "running:starting"
    simulator.coolify.later(20, lambda: row.update(status="running:healthy"))
    result = run("db", project="demo", name="db", type="redis", state="started")
    assert not result["changed"] and result["database"]["status"] == "running:healthy"


def test_wait_timeout_is_one_limit(run, simulator, waiting):
    simulator.coolify.switches.deploy_seconds = 25
    simulator.coolify.switches.outcomes["web"] = {"status": "starting:unknown"}
    check(run("app", **{**IMAGE, "state": "started", "wait_timeout": 30}), 604, changed=True)
    assert waiting.seconds < 45
