# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""coolify_service beside the four laws: what it refuses, what it undoes, what it waits for, and what nobody gets to see."""

from __future__ import annotations

import json

import pytest

from ansible_collections.selfhosted.coolify.plugins.module_utils._resources.compose_file import File, difference
from ansible_collections.selfhosted.coolify.tests.simulator import compose

COMPOSE = """\
services:
  web:
    image: nginx:1.27
    environment:
      MODE: prod
      API_TOKEN: canary-in-the-file
      POSTGRES_PASSWORD: $SERVICE_PASSWORD_DB
    healthcheck: {test: [CMD, curl, -f, "http://127.0.0.1/"]}
  db:
    image: postgres:16
    environment: [POSTGRES_PASSWORD=$SERVICE_PASSWORD_DB]
"""
PLACE = {"project": "demo", "server": "localhost"}
OWN = {**PLACE, "name": "stack", "docker_compose_raw": COMPOSE}
KUMA = {**PLACE, "name": "kuma", "type": "uptime-kuma"}
NAMED = {"project": "demo", "name": "stack"}


# --- the file

YAML = """\
services:
  web:
    image: nginx:1
    ports: [80:80, 443]
    restart: no
    privileged: true
    cpus: 0.50
    environment: {A: yes, N: 0755, H: 0x1F, D: 2024-01-01, E: "", Z: ~, L: "a\\nb", T: "12"}
    tmpfs: []
    labels: &labels {a.b: "x: y"}
    <<: {hostname: web}
  other: {labels: *labels, image: 'redis', volumes: [{type: bind, source: ./a, target: /a, content: x}]}
"""


def test_what_coolify_writes_means_the_same():
    written = compose.dump(compose.without_contents(compose.parse(YAML)))
    assert File(written).value == File(YAML).value
    assert compose.dump(compose.parse(written)) == written
    values = File(YAML).services["web"]
    assert values["ports"] == ["80:80", 443] and values["restart"] == "no" and values["hostname"] == "web" and values["privileged"] is True
    assert values["environment"] == {"A": "yes", "N": "0755", "H": 31, "D": 1704067200, "E": "", "Z": None, "L": "a\nb", "T": "12"}


@pytest.mark.parametrize("change", [("nginx:1", "nginx:2"), ("yes", "true"), ('"12"', "12"), ("80:80", "81:80")], ids=str)
def test_what_differs_is_told_and_nothing_that_may_be_secret(change):
    told = difference(YAML, YAML.replace(*change, 1))
    (place,) = {**told["before"], **told["after"]}
    if "environment" in place:
        assert told == {"before": {place: "********"}, "after": {place: "differs"}}
    else:
        assert told["before"] != told["after"]


# --- what is refused


def test_the_file_is_judged_before_anything_is_sent(run, simulator, tmp_path):
    (tmp_path / "wiki.yml").write_text("services:\n  web:\n    image: nginx:1.27\n    networks: [mine]\nnetworks: {mine: {}}\n")
    options = {**PLACE, "name": "wiki", "docker_compose_file": str(tmp_path / "wiki.yml"), "lint_fail_on": "warning"}
    for check in (True, False):
        result = run("service", check=check, **options)
        assert result["code"] == 606 and "wiki.yml:4: COMPOSE-NETWORKS" in result["msg"], result["msg"]
    assert simulator.writes == []
    rules = [word.split(":")[0] for word in result["msg"].split() if word.startswith("COMPOSE-")]
    assert run("service", **options, lint_skip_rules=rules)["changed"]
    assert run("service", **{**options, "lint_skip_rules": ["NONE"]})["msg"].startswith(
        'coolify_service "wiki": lint_skip_rules: there is no rule'
    )
    assert "cannot be read" in run("service", **{**options, "docker_compose_file": str(tmp_path / "none.yml")})["msg"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"docker_compose_raw": "services: ["}, "docker-compose.yml:1: COMPOSE-YAML"),
        ({"urls": [{"name": "nope", "url": "https://a.example.com"}]}, "has no container nope; it has db, web"),
        ({"applications": [{"name": "web", "url": "https://a.example.com"}], "urls": [{"name": "web", "url": []}]}, "twice"),
        ({"applications": [{"name": "web", "image": "nginx:2"}]}, "its image stands in the compose file"),
        ({"databases": [{"name": "db", "is_public": True}]}, "is_public needs public_port"),
        ({"urls": [{"name": "web", "url": "ftp://a.example.com"}]}, "is no http:// or https:// address"),
        ({"variables": {"POSTGRES_PASSWORD": "x"}}, "the compose file sets it to $SERVICE_PASSWORD_DB"),
        ({"variables": {"SERVICE_URL_WEB": "x"}}, "give urls of coolify_service instead"),
        ({"containers": ["web"]}, "containers goes with state"),
        ({"containers": ["nope"], "state": "restarted"}, "no container nope"),
        ({"purge": True}, "neither variables nor secrets"),
        ({"variables": {"A": True}}, "quote it"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_meant(run, simulator, options, said):
    for existing in (False, True):
        if existing:
            run("service", **OWN)
        simulator.clear_requests()
        result = run("service", **{**OWN, **options})
        assert result["code"] == 606 and said in result["msg"] and not result["changed"], result
        assert simulator.writes == []


def test_a_type_that_coolify_does_not_have(run, simulator):
    result = run("service", **{**KUMA, "type": "uptimekuma"})
    assert result["code"] == 404 and "Invalid service type" in result["msg"] and not simulator.state().get("services")
    assert "uptimekuma is like uptime-kuma" in result["msg"] and "umami" in result["details"]["valid_service_types"]


def test_a_stored_file_that_is_no_yaml_for_us_is_left_alone(run, simulator):
    run("service", **KUMA)
    next(iter(simulator.coolify.table("services").values()))["docker_compose_raw"] = "services: {uptime-kuma: {image: x, image: y}}"
    assert not run("service", **KUMA)["changed"] and not run("service", check=True, **KUMA, state="started").get("failed")
    assert not run("diagnose", type="service", target="kuma").get("failed")


def test_type_and_place_are_for_creation(run, simulator):
    run("service", **KUMA)
    assert run("service", **{**KUMA, "type": "umami"})["code"] == 611
    assert run("service", **{**KUMA, "destination": "coolify"})["changed"] is False


def test_a_domain_that_a_variable_brings_back_cannot_be_cleared(run):
    run("service", **KUMA)
    result = run("service", **KUMA, urls=[{"name": "uptime-kuma", "url": []}])
    assert result["code"] == 606 and "SERVICE_URL_UPTIMEKUMA_3001" in result["msg"]


def test_an_application_is_no_database(run):
    run("service", **OWN)
    result = run("service", **NAMED, databases=[{"name": "web", "human_name": "x"}])
    assert result["code"] == 606 and "is one of its applications for Coolify" in result["msg"]


# --- what is undone


def test_a_taken_domain_leaves_nothing(run, simulator):
    run("service", **{**OWN, "name": "other", "urls": [{"name": "web", "url": "https://a.example.com"}]})
    result = run("service", **OWN, urls=[{"name": "web", "url": "https://a.example.com"}])
    assert result["code"] == 409 and 'service "other"' in result["msg"]
    assert len(simulator.state()["services"]) == 1
    assert run("service", **OWN, urls=[{"name": "web", "url": "https://a.example.com"}], force_domain_override=True)["changed"]


def test_fields_and_urls_are_undone_when_a_later_step_fails(run, simulator):
    run("service", **OWN, description="old", urls=[{"name": "web", "url": "https://a.example.com"}], variables={"A": "1"})
    before = simulator.state()
    simulator.fault("status", method="PATCH", path=".*/envs/bulk", status=500, times=9)
    changed = {
        "docker_compose_raw": COMPOSE.replace("1.27", "1.28"),
        "description": "new",
        "urls": [{"name": "web", "url": "https://b.example.com"}],
        "applications": [{"name": "web", "human_name": "Front"}],
        "variables": {"A": "2"},
    }
    result = run("service", **{**OWN, **changed})
    assert result["code"] == 602 and result["status"] == "rolled_back", result["msg"]
    after = simulator.state()
    for table, columns in {
        "services": ("description", "docker_compose_raw"),
        "service_applications": ("fqdn", "image", "human_name"),
        "variables": ("key", "value"),
    }.items():
        assert [[row[name] for name in columns] for row in after[table].values()] == [
            [row[name] for name in columns] for row in before[table].values()
        ]


def test_a_container_that_no_request_removes_is_named(run, simulator):
    run("service", **OWN)
    simulator.fault("status", method="PATCH", path=".*/envs/bulk", status=500, times=9)
    more = f"{COMPOSE}  docs:\n    image: httpd:2.4\n"
    result = run("service", **{**OWN, "docker_compose_raw": more, "variables": {"A": "1"}})
    assert result["code"] == 603 and result["details"]["not_restored"] == ["container docs"]


def test_a_creation_is_undone_and_keeps_no_volumes_flag(run, simulator):
    simulator.fault("status", method="PATCH", path="/services/[a-z0-9]*", status=500, times=9)
    result = run("service", **OWN, connect_to_docker_network=True)
    assert result["code"] == 602 and not simulator.state()["services"]
    deletion = next(item for item in simulator.requests if item.method == "DELETE")
    assert "delete_volumes=false" in deletion.query


def test_containers_that_left_the_file_are_told(run):
    run("service", **OWN, urls=[{"name": "web", "url": "https://a.example.com"}])
    only_db = "services:\n  db:\n    image: postgres:16\n"
    result = run("service", **{**OWN, "docker_compose_raw": only_db, "state": "started"})
    assert not result.get("failed"), result["msg"]
    told = [risk["description"] for risk in result["execution_plan"]["risks"]]
    assert any(text.startswith('web of service "stack" is not in the compose file') for text in told)
    gone = {"name": "web", "url": [], "exclude_from_status": True}
    quiet = run("service", **{**OWN, "docker_compose_raw": only_db, "state": "started", "applications": [gone]})
    assert quiet["changed"] and quiet["service"]["status"] == "running:unknown"
    again = run("service", **{**OWN, "docker_compose_raw": only_db, "state": "started", "applications": [gone]})
    assert not again["changed"] and again["execution_plan"]["risks"] == []


@pytest.mark.parametrize("key", ["restart: no", "restart: 'no'", "exclude_from_hc: true"])
def test_what_coolify_sets_back_at_each_start_is_refused(run, simulator, key):
    text = f"services:\n  web:\n    image: nginx:1.27\n  job:\n    image: busybox:1.36\n    {key}\n"
    options = {**OWN, "docker_compose_raw": text}
    job = {"name": "job", "exclude_from_status": False}
    result = run("service", **options, applications=[job])
    assert result["code"] == 606 and "applications: job: Coolify excludes it" in result["msg"] and simulator.writes == []
    made = run("service", **options, applications=[{**job, "exclude_from_status": True}])
    assert not made.get("failed"), made["msg"]
    assert not run("service", **options, applications=[{**job, "exclude_from_status": True}])["changed"]


# --- waiting


def test_a_start_waits_through_the_dip(run, simulator):
    result = run("service", **OWN, state="started")
    seen = [item["event"].split(": ")[-1].split(" after")[0] for item in result["details"]["timeline"] if " after " in item["event"]]
    assert seen[0] == "starting:unhealthy" and seen[-1] == "running:unknown"
    assert result["service"]["status"] == "running:unknown"


def test_a_container_that_stays_unhealthy_is_named(run, simulator):
    simulator.coolify.switches.outcomes["stack/web"] = {"status": "running:unhealthy"}
    result = run("service", **OWN, state="started", wait_timeout=20)
    assert result["code"] == 604 and "web is running:unhealthy" in result["msg"] and result["changed"]
    again = run("service", **OWN, state="started", wait_timeout=5)
    assert again["code"] == 604 and not again["changed"]
    assert "web is running:unhealthy" in str(again["execution_plan"]["risks"])


def test_without_waiting_it_says_what_to_poll(run):
    result = run("service", **OWN, state="started", wait=False)
    assert result["status"] == "pending" and "until status begins with running" in result["details"]["pending"]


def test_a_change_of_a_running_service_asks_for_a_restart(run):
    run("service", **OWN, state="started")
    changed = run("service", **{**OWN, "docker_compose_raw": COMPOSE.replace("1.27", "1.28")})
    assert changed["details"]["restart_required"] is True
    deployed = run("service", **{**OWN, "docker_compose_raw": COMPOSE.replace("1.27", "1.29"), "state": "deployed"})
    assert "restart_required" not in deployed["details"]
    assert [step["action"] for step in deployed["execution_plan"]["steps"]][-1] == 'restart service "stack"'


@pytest.mark.parametrize("kind", ["drop_after", "truncate"])
@pytest.mark.parametrize("verb", ["start", "restart"])
def test_a_lost_start_or_restart_is_not_repeated(run, simulator, kind, verb):
    run("service", **OWN, state="started" if verb == "restart" else "present")
    simulator.clear_requests()
    simulator.fault(kind, method="POST", path=f".*/{verb}")
    result = run("service", **OWN, state=f"{verb}ed")
    assert len([item for item in simulator.requests if item.path.endswith(f"/{verb}")]) == 1
    if verb == "start":
        assert not result.get("failed"), result["msg"]
    else:
        assert result["code"] == 612


# --- what a token may see


def test_without_read_sensitive(run, simulator):
    run("service", **OWN)
    again = run("service", token="rwd", **OWN)
    assert again["changed"] and again["diff"]["before"]["docker_compose_raw"] == "unknown"
    assert not run("service", token="rwd", **OWN, update_secrets="on_create")["changed"]
    purge = run("service", token="rwd", **NAMED, purge=True, variables={})
    assert purge["code"] == 606 and "read:sensitive" in purge["troubleshooting"]
    assert run("service", token="rwd", **NAMED, description="x")["changed"]


def test_nothing_secret_comes_back(run, simulator):
    secrets = {"PASS": "canary-as-secret", "OTHER_KEY": "canary-as-other"}
    results = [
        run("service", check=True, **OWN, secrets=secrets, state="started"),
        run("service", **OWN, secrets=secrets, state="started"),
        run("service", **{**OWN, "docker_compose_raw": COMPOSE.replace("in-the-file", "in-another")}, secrets={"PASS": "canary-again"}),
        run("service", **OWN, state="restarted"),
        run("service", **NAMED, state="absent", confirm_destructive=True),
    ]
    assert not any(result.get("failed") for result in results)
    assert "canary" not in json.dumps(results)
    assert "API_TOKEN" in json.dumps(results[0]["diff"])


def test_absent_keeps_volumes_and_wants_a_word(run, simulator):
    run("service", **OWN)
    assert run("service", **NAMED, state="absent")["code"] == 601
    result = run("service", **NAMED, state="absent", confirm_destructive=True)
    assert result["service"] is None and result["changed"]
    deletion = next(item for item in simulator.requests if item.method == "DELETE")
    assert "delete_volumes=false" in deletion.query and "docker_cleanup=false" in deletion.query


def test_a_preview_of_something_unknown(run):
    result = run(
        "service", check=True, project="demo", name="later", state="started", urls=[{"name": "web", "url": "https://a.example.com"}]
    )
    assert result["status"] == "plan_ready" and result["changed"]
    assert run("service", project="demo", name="later", state="started")["code"] == 609


def test_variables_of_a_service_that_its_file_sets(run):
    run("service", **OWN)
    assert run("env", project="demo", service="stack", variables={"POSTGRES_PASSWORD": "x"})["code"] == 606
    changed = run("env", project="demo", service="stack", variables={"SERVICE_PASSWORD_DB": "another-one"})
    assert changed["changed"] and changed["details"]["restart_required"] is True
    purge = run("env", token="rwd", project="demo", service="stack", purge=True, variables={})
    assert purge["code"] == 606 and "read:sensitive" in purge["troubleshooting"]
    assert run("env", project="demo", service="nope", variables={})["code"] == 609
