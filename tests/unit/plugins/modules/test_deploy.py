# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deployments as transactions."""

from __future__ import annotations

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.selfhosted.coolify.plugins.module_utils import _gates, _runner
from ansible_collections.selfhosted.coolify.plugins.module_utils._diagnosis import probes
from ansible_collections.selfhosted.coolify.plugins.module_utils._resources import application
from ansible_collections.selfhosted.coolify.tests.simulator import deployments
from ansible_collections.selfhosted.coolify.tests.unit.deploying import DEPLOY, GIT, IMAGE, changed_since, held, running


def gate(result: dict, name: str) -> dict:
    return next(item for item in result["gates"] if item["gate"] == name)


ELEVEN = [
    "connectivity",
    "server_health",
    "domain_ssl",
    "ports",
    "env",
    "prev_deploy",
    "plan_safe",
    "ssl_expiry",
    "secrets_scope",
    "project_isolation",
    "token_age",
]


# --- the good way


@pytest.mark.parametrize("version", ["4.1.2", "4.2.0", "4.3.11", "4.5.0"])
@pytest.mark.parametrize("options", [IMAGE, GIT], ids=["image", "git"])
def test_create_deploy_verify_and_again(run, simulator, site, version, options):
    simulator.reset(version=version)
    wanted = {**options, "domains": [site.url], "variables": {"A": "1"}, "state": "deployed", "required_env": ["A"]}
    preview = run("app", check=True, **wanted)
    assert not preview.get("failed"), preview["msg"]
    assert simulator.writes == []
    result = run("app", **wanted)
    assert not result.get("failed"), result["msg"]
    assert result["changed"] and result["status"] == "success"
    assert preview["diff"] == result["diff"] and preview["execution_plan"]["steps"] == result["execution_plan"]["steps"]
    assert [item["gate"] for item in result["gates"]] == ELEVEN == result["execution_plan"]["gates_to_check"]
    assert result["details"]["deployment_uuid"] and result["application"]["status"] == "running:healthy"
    metrics = result["metrics"]
    assert metrics["error_rate_percent"] == 0 and 0 < metrics["response_time_p50"] <= metrics["response_time_p95"]
    assert metrics["deploy_time_seconds"] > 0 and metrics["cpu_usage_percent"] is None
    again = run("app", **wanted)
    assert not again["changed"] and again["execution_plan"]["steps"] == []
    assert again["details"]["deployment_uuid"] == result["details"]["deployment_uuid"]
    simulator.clear_requests()
    assert not run("deploy", **DEPLOY)["changed"] and simulator.writes == []


def test_a_port_in_a_domain_is_that_of_the_container(run, simulator, site, monkeypatch):
    port = site.server.server_port
    for usual, options in ((port, {}), (443, {"proxy_ports": {"http": port}})):
        monkeypatch.setitem(probes.PROXY_PORTS, "http", usual)
        asked = site.asked
        result = run("app", **IMAGE, domains=["http://127.0.0.1:3000"], **options, state="deployed", deploy="always")
        assert result["changed"] and site.asked > asked


def test_the_domains_of_a_compose_application_are_verified(run, simulator, site):
    compose = {**GIT, "build_pack": "dockercompose", "docker_compose_domains": [{"name": "web", "domain": site.url}]}
    del compose["ports_exposes"]
    assert run("app", **compose, state="deployed")["changed"] and site.asked
    site.broken.add("bbbb")
    result = run("app", **DEPLOY, git_commit_sha="b" * 40, state="deployed")
    assert result["failed"] and f"{site.url} answers 500" in result["incident"]["root_cause"]


def test_the_token_never_travels_to_the_domain(run, simulator, site):
    run("app", **IMAGE, domains=[site.url], state="deployed")
    assert site.headers and not any("authorization" in name.lower() for headers in site.headers for name in headers)


def test_a_change_is_deployed_and_the_point_says_where_it_came_from(run, simulator, site):
    first = run("app", **IMAGE, domains=[site.url], state="deployed")
    second = run("app", **DEPLOY, docker_registry_image_tag="better", state="deployed")
    assert second["changed"] and running(simulator) == "nginx:better"
    point = second["rollback_point"]
    assert (point["deployment_id"], point["image_tag"]) == (first["details"]["deployment_uuid"], "good")
    assert second["metrics"]["last_deploy_duration_seconds"] is not None


@pytest.mark.parametrize("trigger", [{"deploy": "always"}, {"force": True}])
def test_it_deploys_when_asked(run, simulator, site, trigger):
    run("app", **IMAGE, domains=[site.url], state="deployed")
    assert run("deploy", **DEPLOY, **trigger)["changed"]
    assert len(simulator.state()["deployments"]) == 2


def test_what_was_changed_without_deploying_is_deployed(run, simulator, site):
    run("app", **IMAGE, domains=[site.url], state="deployed")
    for row in simulator.coolify.tables["deployments"].values():
        row["created_at"] = "2026-01-01T00:00:00.000000Z"
    run("env", project="demo", application="web", variables={"LATE": "1"})
    result = run("deploy", **DEPLOY)
    assert result["changed"] and "LATE" in result["details"]["deployment_reason"]


def test_not_waiting_says_what_to_poll(run, simulator):
    run("app", **IMAGE)
    result = run("deploy", **DEPLOY, wait=False)
    assert result["status"] == "pending" and result["details"]["deployment_uuid"] in result["details"]["pending"]


def test_a_preview_deployment_is_followed(run, simulator, site):
    run("app", **IMAGE, domains=[site.url], state="deployed")
    result = run("deploy", **DEPLOY, pull_request_id=7, docker_tag="pr-7")
    assert result["changed"] and not result.get("failed")
    assert running(simulator) == "nginx:good"


def test_limits_and_expectations(run, simulator, site):
    run("app", **IMAGE, domains=[site.url], state="deployed", verify_path="/health", verify_text="of /health", verify_status=[200])
    for limit, says in (
        ({"max_response_time_p95": 0.001}, "too slow"),
        ({"verify_text": "welcome"}, "without the text"),
        ({"verify_status": [204]}, "answers 200"),
        ({"fail_on_log": ["line [0-9]+"]}, "its log matches"),
    ):
        result = run("deploy", **DEPLOY, force=True, **limit)
        assert result["code"] in (602, 603) and says in result["msg"], (limit, result["msg"])
        assert result["details"]["cause"]["code"] == 617


# --- gates


def test_a_failed_gate_blocks_before_anything_is_changed(run, simulator, site):
    run("app", **IMAGE, domains=[site.url], state="deployed")
    start = held(simulator)
    simulator.clear_requests()
    wanted = {**DEPLOY, "docker_registry_image_tag": "new", "state": "deployed", "required_env": ["MISSING"]}
    preview = run("app", check=True, **wanted)
    assert preview["status"] == "plan_ready" and gate(preview, "env")["outcome"] == "failed"
    result = run("app", **wanted)
    assert result["code"] == 601 and result["status"] == "blocked" and not result["changed"] and "MISSING" in result["msg"]
    assert simulator.writes == [] and changed_since(start, simulator) == []


@pytest.mark.parametrize(
    ("options", "name", "outcome"),
    [
        ({"domains": ["http://no-such-host.invalid"]}, "domain_ssl", "failed"),
        ({"variables": {"API_TOKEN": "plain"}}, "secrets_scope", "failed"),
        ({"variables": {"API_TOKEN": "{{ team.API_TOKEN }}"}}, "secrets_scope", "passed"),
        ({"variables": {"API_TOKEN": {"value": "x", "is_shown_once": True}}}, "secrets_scope", "passed"),
        ({"secrets": {"API_TOKEN": "a-long-secret"}}, "secrets_scope", "passed"),
        ({"token_created_at": "2020-01-01"}, "token_age", "passed"),
        ({}, "token_age", "skipped"),
        ({}, "server_health", "skipped"),
        ({}, "ssl_expiry", "skipped"),
        ({"ports_mappings": ["8080:80"]}, "ports", "skipped"),
        ({}, "ports", "passed"),
    ],
)
def test_gates_in_a_preview(run, simulator, options, name, outcome):
    result = run("app", check=True, **{**IMAGE, "state": "deployed", **options})
    assert not result.get("failed"), result["msg"]
    assert gate(result, name)["outcome"] == outcome, gate(result, name)


def test_a_running_deployment_blocks_is_waited_for_or_cancelled(run, simulator, site):
    run("app", **IMAGE, domains=[site.url], state="deployed")
    simulator.coolify.switches.deploy_seconds = 20
    run("app", **DEPLOY, state="restarted", wait=False)
    blocked = run("deploy", **DEPLOY, force=True)
    assert blocked["code"] == 601 and "wait_for_previous" in blocked["msg"]
    waited = run("deploy", **DEPLOY, force=True, wait_for_previous=True)
    assert not waited.get("failed") and [row["status"] for row in simulator.state()["deployments"].values()] == ["finished"] * 3
    run("app", **DEPLOY, state="restarted", wait=False)
    cancelled = run("deploy", **DEPLOY, force=True, cancel_running=True)
    assert not cancelled.get("failed")
    assert [row["status"] for row in simulator.state()["deployments"].values()][3:] == ["cancelled-by-user", "finished"]


def test_another_project_blocks_unless_allowed(run, simulator):
    uuid = run("app", **IMAGE)["resource_id"]
    run("project", name="shop")
    assert "project_isolation" in run("deploy", uuid=uuid, project="shop")["msg"]
    assert not run("deploy", uuid=uuid, project="shop", allow_cross_env=True).get("failed")


# --- going back


@pytest.mark.parametrize("version", ["4.1.2", "4.2.0", "4.3.11", "4.5.0"])
@pytest.mark.parametrize(
    "failure",
    [
        {"deployment": "failed", "log": ["New container is not healthy, rolling back to the old container."]},
        {"status": "running:unhealthy"},
        {"status": "exited:unhealthy"},
        {"seconds": 10000},
        "broken",
    ],
    ids=["deployment fails", "unhealthy", "crashes", "takes for ever", "does not answer"],
)
def test_a_bad_image_is_undone(run, simulator, site, version, failure):
    simulator.reset(version=version)
    run("app", **IMAGE, domains=[site.url], variables={"A": "1"}, state="deployed")
    start = held(simulator)
    if failure == "broken":
        site.broken.add("bad")
    else:
        simulator.coolify.switches.outcomes["web@bad"] = failure
    change = {"docker_registry_image_tag": "bad", "description": "new", "variables": {"A": "2", "B": "1"}}
    result = run("app", **DEPLOY, **change, state="deployed", wait_timeout=60)
    assert result["code"] == 602, result["msg"]
    assert result["status"] == "rolled_back" and result["changed"] and result["failed"]
    assert result["details"]["not_restored"] == [] and result["incident"]["root_cause"] and result["incident"]["recommended_fix"]
    assert changed_since(start, simulator) == []
    assert running(simulator) == "nginx:good" and site.status() == 200


@pytest.mark.parametrize("version", ["4.2.0", "4.3.11"])
def test_a_bad_commit_is_undone(run, simulator, site, version):
    simulator.reset(version=version)
    run("app", **GIT, domains=[site.url], state="deployed")
    good = simulator.coolify.switches.head
    start = held(simulator)
    simulator.coolify.switches.head = "b" * 40
    site.broken.add("bbbb")
    result = run("deploy", **DEPLOY, deploy="always")
    assert result["code"] == 602, result["msg"]
    assert running(simulator) == good and changed_since(start, simulator) == []
    assert result["details"]["rollback_deployment_uuid"]


def test_a_failed_first_deployment_leaves_nothing(run, simulator, site):
    start = held(simulator)
    simulator.coolify.switches.outcomes["web"] = {"deployment": "failed"}
    result = run("app", **IMAGE, state="deployed")
    assert result["code"] == 602, (result["msg"], result["details"])
    assert result["resource_id"] is None
    end = held(simulator)
    assert not end.pop("applications") and end == start


def test_rollback_can_be_switched_off(run, simulator, site):
    run("app", **IMAGE, domains=[site.url], state="deployed")
    site.broken.add("bad")
    result = run("app", **DEPLOY, docker_registry_image_tag="bad", state="deployed", rollback_on_failure=False)
    assert result["code"] == 617 and result["status"] == "failed" and result["changed"]
    assert running(simulator) == "nginx:bad" and any("set docker_registry_image_tag" in text for text in result["details"]["applied"])


def test_a_rollback_that_fails_is_loud(run, simulator, site):
    run("app", **IMAGE, domains=[site.url], state="deployed")
    site.broken.add("bad")
    simulator.coolify.switches.outcomes["web@good"] = {"deployment": "failed", "log": ["no space left on device"]}
    result = run("app", **DEPLOY, docker_registry_image_tag="bad", state="deployed")
    assert result["code"] == 603 and result["details"]["not_restored"] and result["details"]["manual_steps"]
    assert "docker_registry_image_tag" in str(result["details"]["restored"])


def test_a_failure_names_its_cause(run, simulator, site):
    run("app", **IMAGE, domains=[site.url], state="deployed")
    simulator.coolify.switches.outcomes["web@bad"] = {"deployment": "failed", "log": ['Head "https://ghcr.io/v2/": denied: denied']}
    result = run("app", **DEPLOY, docker_registry_image_tag="bad", state="deployed")
    assert (
        result["incident"]["stage"] == "registry" and "registry refused" in result["msg"] and "read:packages" in result["troubleshooting"]
    )
    assert result["incident"]["last_logs_sample"][-1].endswith("denied: denied")


# --- requested rollbacks


def test_roll_back_to_the_previous_commit(run, simulator, site):
    run("app", **GIT, domains=[site.url], state="deployed")
    good = simulator.coolify.switches.head
    simulator.coolify.switches.head = "b" * 40
    run("deploy", **DEPLOY, deploy="always")
    assert running(simulator) == "b" * 40
    result = run("deploy", **DEPLOY, state="rolled_back")
    assert not result.get("failed"), result["msg"]
    assert result["status"] == "success" and running(simulator) == good


@pytest.mark.parametrize("version", ["4.2.0", "4.3.11"])
def test_roll_back_to_a_deployment_or_tag(run, simulator, site, version):
    simulator.reset(version=version)
    first = run("app", **GIT, domains=[site.url], state="deployed")["details"]["deployment_uuid"]
    good = simulator.coolify.switches.head
    simulator.coolify.switches.head = "b" * 40
    run("deploy", **DEPLOY, deploy="always")
    result = run("deploy", **DEPLOY, state="rolled_back", rollback_to=first)
    assert not result.get("failed"), result["msg"]
    assert running(simulator) == good


def test_an_image_goes_back_to_a_tag_a_deployment_or_a_rollback_point(run, simulator, site):
    first = run("app", **IMAGE, domains=[site.url], state="deployed")["details"]["deployment_uuid"]
    changed = run("app", **DEPLOY, docker_registry_image_tag="new", description="new", state="deployed")
    for target in ({}, {"rollback_to": "previous"}, {"rollback_to": first}, {"rollback_to": "good"}):
        assert running(simulator) == "nginx:new"
        back = run("deploy", **DEPLOY, state="rolled_back", **target)
        assert not back.get("failed"), back["msg"]
        assert running(simulator) == "nginx:good"
        run("app", **DEPLOY, docker_registry_image_tag="new", state="deployed")
    assert not run("deploy", **DEPLOY, state="rolled_back", rollback_point=changed["rollback_point"]).get("failed")
    row = next(iter(simulator.state()["applications"].values()))
    assert running(simulator) == "nginx:good" and not row["description"]


def test_previous_is_not_what_was_taken_back(run, simulator, site):
    commits = [letter * 40 for letter in "ab"]
    for commit in commits:
        simulator.coolify.switches.head = commit
        run("app" if commit == commits[0] else "deploy", **(GIT if commit == commits[0] else DEPLOY), state="deployed", deploy="always")
    site.broken.add("cccc")
    simulator.coolify.switches.head = "c" * 40
    run("app", **DEPLOY, domains=[site.url])
    assert run("deploy", **DEPLOY, deploy="always")["code"] == 602 and running(simulator) == "b" * 40
    assert not run("deploy", **DEPLOY, state="rolled_back").get("failed")
    assert running(simulator) == "a" * 40
    last = run("deploy", **DEPLOY, state="rolled_back")
    assert last["code"] == 609 and running(simulator) == "a" * 40


@pytest.mark.parametrize("options", [IMAGE, GIT], ids=["image", "git"])
def test_only_a_deployment_that_finished_is_gone_back_to(run, simulator, site, options):
    run("app", **options, domains=[site.url], state="deployed")
    simulator.coolify.switches.outcomes["web"] = {"deployment": "failed"}
    failed = run("deploy", **DEPLOY, deploy="always", rollback_on_failure=False)["details"]["deployment_uuid"]
    simulator.coolify.switches.outcomes.clear()
    before = running(simulator)
    refused = run("deploy", **DEPLOY, state="rolled_back", rollback_to=failed)
    assert refused["code"] == 606 and f"deployment {failed} is failed" in refused["msg"]
    unknown = run("deploy", **DEPLOY, state="rolled_back", rollback_to="zz3456789012345678901234")
    assert unknown["code"] == 609 and "has no deployment zz3456789012345678901234" in unknown["msg"]
    assert running(simulator) == before


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"rollback_to": "previous"}, "rollback_to: goes with state=rolled_back"),
        ({"rollback_point": {"commit": "a"}}, "rollback_point: goes with state=rolled_back"),
        ({"state": "rolled_back", "rollback_point": {"foo": "bar"}}, "has no configuration"),
        ({"state": "rolled_back", "rollback_point": {"configuration": {}}}, "has no configuration"),
    ],
)
def test_a_way_back_that_is_none_is_refused(run, simulator, site, options, says):
    run("app", **IMAGE, domains=[site.url], state="deployed")
    simulator.clear_requests()
    result = run("deploy", **DEPLOY, **options)
    assert result["code"] == 606 and says in result["msg"] and simulator.writes == []


def test_what_the_old_version_answered_counts_for_the_way_back(run, simulator, site):
    """It lacks what the new one has to answer with, and must answer all the same."""
    run("app", **IMAGE, domains=[site.url], state="deployed")
    site.broken.add("bad")
    options = {**DEPLOY, "docker_registry_image_tag": "bad", "state": "deployed", "verify_text": "of the new version"}
    assert run("app", **options)["code"] == 602
    site.broken.add("good")
    site.status = lambda: 200 if site.asked == 1 else 500
    site.asked = 0
    result = run("app", **options)
    assert result["code"] == 603 and any("before it answered 200" in text for text in result["details"]["not_restored"]), result["msg"]


@pytest.mark.parametrize("known", [True, False])
def test_a_password_of_the_proxy(run, simulator, site, known):
    login = {"is_http_basic_auth_enabled": True, "http_basic_auth_username": "admin", "http_basic_auth_password": "open-sesame"}
    site.status = lambda: 200 if "Authorization" in site.headers[-1] else 401
    made = run("app", **IMAGE, **login, domains=[site.url], state="deployed")
    assert not made.get("failed"), made["msg"]
    again = run("deploy", **DEPLOY, deploy="always", token="root" if known else "rwd")
    assert not again.get("failed"), again["msg"]
    assert ("Authorization" in site.headers[-1]) == known and "open-sesame" not in str([made, again])


def test_the_log_of_what_does_not_become_healthy_is_told(run, simulator, site):
    run("app", **IMAGE, domains=[site.url], secrets={"DB_PASSWORD": "hunter2hunter2"}, state="deployed")
    output = ["starting", "ModuleNotFoundError: No module named 'shop' (hunter2hunter2)"]
    simulator.coolify.switches.outcomes["web@bad"] = {"status": "running:unhealthy", "output": output}
    simulator.coolify.switches.outcomes["web"] = {"output": output}
    result = run("app", **DEPLOY, docker_registry_image_tag="bad", state="deployed", wait_timeout=10)
    assert result["code"] == 602 and "ModuleNotFoundError" in result["incident"]["last_logs_sample"][-1]
    assert "hunter2hunter2" not in str(result)
    simulator.coolify.switches.outcomes["web@bad"] = {"status": "exited:unhealthy"}
    gone = run("app", **DEPLOY, docker_registry_image_tag="bad", state="deployed", wait_timeout=10)
    assert gone["code"] == 602 and gone["incident"]["last_logs_sample"] == []
    assert "coolify_diagnose with target 'web'" in gone["troubleshooting"]


def test_a_database_without_backups_is_a_risk_by_uuid_too(run, simulator, site):
    uuid = run("app", **IMAGE, domains=[site.url], state="deployed")["resource_id"]
    database = run("db", project="demo", name="main", server="localhost", type="postgresql")["resource_id"]
    options = {"variables": {"DATABASE_HOST": database}, "state": "deployed", "verify_timeout": 20}
    for which in ({"project": "demo", "name": "web"}, {"uuid": uuid}):
        risks = [item["description"] for item in run("app", check=True, **which, **options)["execution_plan"]["risks"]]
        assert any('database "main", which it uses, has no backups' in text for text in risks), risks


def test_a_long_wait_says_that_it_goes_on(simulator, waiting, site):
    lines: list[str] = []
    simulator.coolify.switches.deploy_seconds = 200
    options = {**IMAGE, "url": simulator.url, "token": simulator.tokens["root"], "state": "deployed"}
    checked = ArgumentSpecValidator(_runner.argument_spec(application.MODULE)).validate(options).validated_parameters
    _runner.execute(application.MODULE, checked, check_mode=False, show=lines.append)
    assert sum("still in_progress after" in line for line in lines) == 3


def test_a_pasted_dockerfile_has_no_earlier_one(run, simulator, site):
    options = {
        **{name: IMAGE[name] for name in ("project", "name", "server", "ports_exposes")},
        "type": "dockerfile",
        "dockerfile": "FROM nginx:1\n",
    }
    made = run("app", **options, state="deployed")
    assert not made.get("failed"), made["msg"]
    simulator.clear_requests()
    result = run("deploy", **DEPLOY, state="rolled_back", rollback_to="v1")
    assert result["code"] == 606 and "keeps no earlier text" in result["msg"] and simulator.writes == []


def test_which_image_ran_before_is_not_guessed(run, simulator, site):
    run("app", **IMAGE, domains=[site.url], state="deployed")
    only = run("deploy", **DEPLOY, state="rolled_back")
    assert only["code"] == 609 and "no successful deployment of another image before that of nginx:good" in only["msg"]
    run("app", **DEPLOY, docker_registry_image_tag="new", state="deployed")
    blind = run("deploy", token="rwd", **DEPLOY, state="rolled_back")
    assert blind["code"] == 606 and "in its log only" in blind["msg"] and "read:sensitive" in blind["troubleshooting"]
    assert running(simulator) == "nginx:new"


@pytest.mark.parametrize(
    ("declared", "stored", "says"),
    [
        (IMAGE, {"docker_registry_image_tag": "next"}, "nginx:next is stored and nginx:good was deployed"),
        (GIT, {"git_branch": "next"}, "branch 'next' is stored and 'main' was deployed"),
    ],
)
def test_what_was_stored_and_not_deployed_is_deployed(run, simulator, site, declared, stored, says):
    """As after a run that was interrupted between the two."""
    options = {**declared, "domains": [site.url]}
    run("app", **options, state="deployed")
    assert not run("app", **options, state="deployed")["changed"]
    run("app", **{**options, **stored})
    again = run("app", **{**options, **stored}, state="deployed")
    assert not again.get("failed"), again["msg"]
    assert again["changed"] and again["details"]["deployment_reason"] == says
    assert not run("app", **{**options, **stored}, state="deployed")["changed"]
    # A restart deploys nothing else, and says nothing of the image in its log
    run("app", **{**options, **stored}, state="restarted")
    assert not run("app", **{**options, **stored}, state="deployed")["changed"]


def test_what_coolify_blanks_in_a_log_is_compared_with_nothing(run, simulator, site, monkeypatch):
    """The tag may be the value of a locked variable."""
    real = deployments._log

    def blanked(coolify, row, *lines, **how):
        real(coolify, row, *(line.replace("good", "<REDACTED>") for line in lines), **how)

    monkeypatch.setattr(deployments, "_log", blanked)
    options = {**IMAGE, "domains": [site.url]}
    made = run("app", **options, state="deployed")
    assert not made.get("failed"), made["msg"]
    assert not run("app", **options, state="deployed")["changed"]


def test_a_digest_is_compared_with_nothing(run, simulator, site):
    options = {**IMAGE, "docker_registry_image_tag": f"sha256-{'a' * 64}", "domains": [site.url]}
    run("app", **options, state="deployed")
    assert not run("app", **options, state="deployed")["changed"]


@pytest.mark.parametrize(
    "first",
    [
        {"http_basic_auth_username": "admin", "http_basic_auth_password": "secret-secret"},
        {"pre_deployment_command": "true", "pre_deployment_command_container": "web"},
    ],
)
def test_what_coolify_cannot_clear_is_told_before_and_after(run, simulator, site, first):
    run("app", **IMAGE, domains=[site.url], state="deployed")
    simulator.coolify.switches.outcomes["web@bad"] = {"deployment": "failed"}
    options = {**DEPLOY, **first, "description": "new", "docker_registry_image_tag": "bad", "state": "deployed"}
    names = [name for name in first if name != "pre_deployment_command"]
    planned = run("app", check=True, **options)
    risk = next(item for item in planned["execution_plan"]["risks"] if "cannot clear" in item["description"])
    assert risk["level"] == "medium" and all(name in risk["description"] for name in names)
    result = run("app", **options)
    assert result["code"] == 603 and sorted(result["details"]["not_restored"]) == sorted(names), result["msg"]
    assert "as they were" in result["details"]["manual_steps"][0]
    row = next(iter(simulator.state()["applications"].values()))
    assert (row["docker_registry_image_tag"], row["description"] or "", row["pre_deployment_command"] or "") == ("good", "", "")
    assert running(simulator) == "nginx:good"


# --- following


@pytest.mark.parametrize("seconds", [5, 17, 42, 59, 600])
def test_the_end_is_noticed_within_a_second_and_cheaply(run, simulator, site, waiting, seconds):
    simulator.coolify.switches.deploy_seconds = seconds
    run("app", **IMAGE, domains=[site.url], state="deployed", wait_timeout=900)
    history = list(simulator.coolify.tables["deployments"].values())
    for row in history:
        row["created_at"], row["finished_at"] = "2026-01-01T00:00:00.000000Z", f"2026-01-01T00:{seconds // 60:02}:{seconds % 60:02}.000000Z"
    simulator.clear_requests()
    begun = waiting.seconds
    run("deploy", **DEPLOY, force=True, wait_timeout=900)
    polls = [item for item in simulator.requests if item.path.startswith("/deployments/") and "applications" not in item.path]
    assert len(polls) <= 130
    # The status follows 0.4 s after the end; the rest is how late that was noticed
    assert waiting.seconds - begun - seconds - 0.4 < 2


def test_a_queue_that_does_not_move_is_named(run, simulator, monkeypatch):
    from ansible_collections.selfhosted.coolify.tests.simulator import deployments

    run("app", **IMAGE)
    monkeypatch.setattr(deployments, "_startable", lambda coolify, row: False)
    result = run("deploy", **DEPLOY, wait_timeout=1000)
    assert "queue does not move" in result["msg"] and result["changed"]


def test_a_phantom_uuid_is_recognised(run, simulator, site):
    run("app", **IMAGE, domains=[site.url], state="deployed")
    # Somebody else's deployment begins between the plan and the trigger, so Coolify answers a uuid that it never stores
    original, row = deployments.queue, next(iter(simulator.coolify.tables["applications"].values()))

    def first_somebody_else(coolify, app, **how):
        if not coolify.rows("deployments", status="in_progress"):
            original(coolify, row)
        return original(coolify, app, **{**how, "force": False})

    deployments.queue = first_somebody_else
    try:
        result = run("deploy", **DEPLOY, deploy="always")
    finally:
        deployments.queue = original
    assert not result.get("failed"), result["msg"]
    assert len(simulator.state()["deployments"]) == 2


@pytest.fixture
def others(simulator, monkeypatch) -> None:
    """Somebody else deploys between our gates and our change of the configuration, as it is stored then."""
    judge = _gates.judge

    def and_then(*args):
        app = next(iter(simulator.coolify.tables["applications"].values()))
        deployments.queue(simulator.coolify, app)
        return judge(*args)

    monkeypatch.setattr(_gates, "judge", and_then)


def test_a_deployment_that_began_before_the_change_is_not_ours(run, simulator, site, monkeypatch, request):
    """While any deployment of an image is on its way, Coolify takes each request for a duplicate of it."""
    run("app", **IMAGE, domains=[site.url], state="deployed")
    request.getfixturevalue("others")
    result = run("app", **DEPLOY, docker_registry_image_tag="new", state="deployed")
    assert not result.get("failed"), result["msg"]
    assert running(simulator) == "nginx:new"
    assert any("does not have these changes" in item["event"] for item in result["details"]["timeline"])


def test_without_waiting_it_is_said_that_the_change_is_not_in_it(run, simulator, site, request):
    run("app", **IMAGE, domains=[site.url], state="deployed")
    request.getfixturevalue("others")
    result = run("app", **DEPLOY, docker_registry_image_tag="new", state="deployed", wait=False)
    assert result["status"] == "pending" and result["details"]["redeploy_required"]


def test_an_image_that_does_not_run_is_not_success(run, simulator, site, monkeypatch):
    run("app", **IMAGE, domains=[site.url], state="deployed")
    began = deployments._begin

    def another(coolify, row):
        app = coolify.table("applications")[row["application_id"]]
        tag = app["docker_registry_image_tag"]
        app["docker_registry_image_tag"] = "other" if tag == "new" else tag
        began(coolify, row)
        app["docker_registry_image_tag"] = tag

    monkeypatch.setattr(deployments, "_begin", another)
    result = run("app", **DEPLOY, docker_registry_image_tag="new", state="deployed")
    assert result["code"] == 602 and "runs nginx:other, wanted nginx:new" in result["msg"]


def test_the_phantom_uuid_of_a_preview_is_recognised(run, simulator, site):
    run("app", **IMAGE, domains=[site.url], state="deployed")
    preview = {**DEPLOY, "pull_request_id": 7, "docker_tag": "pr-7"}
    first = run("deploy", **preview, wait=False)
    second = run("deploy", **preview)
    assert not second.get("failed"), second["msg"]
    assert second["details"]["deployment_uuid"] == first["details"]["deployment_uuid"]


def test_many_previews_hide_nothing(run, simulator, site):
    run("app", **GIT, domains=[site.url], state="deployed")
    app = next(iter(simulator.coolify.tables["applications"].values()))
    for number in range(1, 46):
        deployments.queue(simulator.coolify, app, pull_request=number)
        simulator.coolify.tables["deployments"][max(simulator.coolify.tables["deployments"])]["status"] = "finished"
    assert not run("app", **GIT, domains=[site.url], state="deployed")["changed"]
    site.broken.add("bbbb")
    simulator.coolify.switches.head = "b" * 40
    result = run("deploy", **DEPLOY, deploy="always")
    assert result["code"] == 602, result["msg"]
    assert running(simulator) != "b" * 40


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "truncate"])
def test_a_lost_trigger_deploys_exactly_once(run, simulator, site, kind):
    run("app", **IMAGE, domains=[site.url], state="deployed")
    simulator.fault(kind, method="POST", path="/deploy")
    result = run("deploy", **DEPLOY, deploy="always")
    assert not result.get("failed"), result["msg"]
    assert len(simulator.state()["deployments"]) == 2


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "truncate"])
def test_a_lost_trigger_of_a_preview_deploys_exactly_once(run, simulator, site, kind):
    run("app", **IMAGE, domains=[site.url], state="deployed")
    run("deploy", **DEPLOY, pull_request_id=6, docker_tag="pr-6")
    simulator.fault(kind, method="POST", path="/deploy")
    result = run("deploy", **DEPLOY, pull_request_id=7, docker_tag="pr-7")
    assert not result.get("failed"), result["msg"]
    assert [row["pull_request_id"] for row in simulator.state()["deployments"].values()] == [0, 6, 7]
    assert result["details"]["deployment_uuid"] == list(simulator.state()["deployments"].values())[-1]["deployment_uuid"]


def test_impossible_dates_are_bad_input(run):
    run("app", **IMAGE)
    result = run("deploy", **DEPLOY, token_created_at="2026-13-45")
    assert result["code"] == 606 and "2026-13-45" in result["msg"]
    result = run("deploy", check=True, **DEPLOY, host_evidence={"collected_at": "2026-13-45T00:00:00Z", "metrics": {}})
    assert next(gate for gate in result["gates"] if gate["gate"] == "server_health")["outcome"] == "skipped"


def test_a_restart_waits_for_a_status_that_is_newer_than_the_restart(run, simulator):
    run("app", **IMAGE, state="deployed")
    before = next(iter(simulator.state()["applications"].values()))["last_online_at"]
    result = run("app", project="demo", name="web", state="restarted")
    assert not result.get("failed"), result["msg"]
    assert next(iter(simulator.state()["applications"].values()))["last_online_at"] != before
