# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""coolify_diagnose on the simulator, with a site that answers as what runs there would."""

from __future__ import annotations

import json

import pytest

from ansible_collections.selfhosted.coolify.tests.unit.deploying import GIT, IMAGE


def ask(run, **options):
    return run("diagnose", **{"project": "demo", "target": "web", **options})


def test_what_works_is_healthy_and_nothing_is_written(run, simulator, site):
    run("app", **IMAGE, domains=[site.url], state="deployed", variables={"A": "1"})
    simulator.clear_requests()
    result = ask(run)
    assert result["status"] == "healthy" and not result["changed"] and result["incident"] is None, result["findings"]
    assert simulator.writes == []
    health = result["domain_health"][site.url]
    assert health["http_status"] == 200 and health["addresses"] == ["127.0.0.1"]
    assert {step["step"] for step in result["rca_steps"]} >= {
        "container_readiness",
        "deployments",
        "variables",
        "application_logs",
        "dns",
        "http",
    }
    assert any(item["what"] == "host" for item in result["not_seen"])


def test_a_failed_deployment_is_explained(run, simulator, site):
    run("app", **GIT, domains=[site.url], state="deployed")
    log = ['Error response from daemon: Head "https://ghcr.io/v2/acme/shop/manifests/2": denied: denied']
    simulator.coolify.switches.outcomes["web"] = {"deployment": "failed", "log": log}
    run("deploy", project="demo", name="web", deploy="always")
    for kind in ("application", "deployment"):
        result = ask(run, type=kind)
        assert result["status"] == "diagnosed" and result["findings"][0]["rule"] == "REG-1", result["findings"]
        incident = result["incident"]
        assert (
            incident["stage"] == "registry" and "refuses" in incident["root_cause"] and "denied" in " ".join(incident["last_logs_sample"])
        )
        assert [item["type"] for item in incident["related_resources"]] == ["application", "server"]
        assert result["deployment_status"] == "failed"


def test_what_nobody_knows_is_said_to_be_unknown(run, simulator, site):
    run("app", **IMAGE, domains=[site.url], state="deployed")
    site.broken.add("good")
    result = ask(run)
    assert result["status"] in ("diagnosed", "issues_detected")
    assert result["domain_health"][site.url]["http_status"] == 500 and result["incident"]["root_cause"]


@pytest.mark.parametrize("token", ["rwd", "sensitive"])
def test_what_the_token_may_not_see_is_said(run, simulator, token):
    run("app", **IMAGE, state="deployed")
    result = ask(run, token=token)
    unseen = {item["what"] for item in result["not_seen"]}
    assert ("deployment_log" in unseen) == (token == "rwd")


def test_a_token_is_explained(run, simulator):
    assert run("diagnose", type="token")["status"] == "healthy"
    refused = run("diagnose", type="token", token="1|wrong")
    assert refused["status"] == "diagnosed" and refused["findings"][0]["rule"] == "API-1" and not refused.get("failed")
    blind = run("diagnose", type="token", token="rwd")
    assert blind["status"] == "diagnosed" and blind["findings"][0]["rule"] == "API-2"


def test_a_server_and_a_database(run, simulator):
    run("db", project="demo", name="main", server="localhost", type="postgresql", state="started")
    assert run("diagnose", type="database", target="main")["status"] == "healthy"
    evidence = {
        "metrics": {"memory_usage_percent": 99.0},
        "docker": {"version": "27"},
        "containers": [],
        "disks": [{"path": "/", "used_percent": 99.0}],
    }
    result = run("diagnose", type="server", target="localhost", host_evidence=evidence)
    assert result["status"] == "diagnosed" and {"BLD-2", "LIM-1"} <= {finding["rule"] for finding in result["findings"]}
    assert result["metrics"]["memory_usage_percent"] == 99.0


def test_a_database_is_measured(run, simulator):
    made = run("db", project="demo", name="main", server="localhost", type="postgresql", state="started")
    without = run("diagnose", type="database", target="main")
    assert without["database"] == {"connections": None, "volumes": None, "restart_count": 0, "replication_lag_seconds": None}
    unseen = {item["what"]: item["why"] for item in without["not_seen"]}
    assert unseen["replication_lag"].startswith("not measured") and {"connections", "volume_usage"} <= set(unseen)
    uuid = made["resource_id"]
    container = {
        "name": uuid,
        "state": "running",
        "restart_count": 7,
        "log": ["FATAL:  sorry, too many clients already"],
        "listening": [{"address": "0.0.0.0", "port": 5432, "protocol": "tcp", "connections": 100}],
        "mounts": [{"type": "volume", "source": f"postgres-data-{uuid}", "target": "/var/lib/postgresql/data"}],
    }
    evidence = {
        "docker": {"version": "27"},
        "containers": [container],
        "volumes": [{"name": f"postgres-data-{uuid}", "driver": "local", "used_mb": 512.5}],
    }
    seen = run("diagnose", type="database", target="main", host_evidence=evidence)
    assert seen["database"]["connections"] == 100 and seen["database"]["restart_count"] == 7
    assert seen["database"]["volumes"] == [{"name": f"postgres-data-{uuid}", "target": "/var/lib/postgresql/data", "used_mb": 512.5}]
    assert {"DB-5", "RUN-1"} <= {finding["rule"] for finding in seen["findings"]}
    steps = {step["step"]: step["result"] for step in seen["rca_steps"]}
    assert steps["connections"] == steps["volume_usage"] == "passed" and steps["restart_loop"] == "failed"
    assert steps["replication_lag"] == "not_seen"


STACK = {
    "project": "demo",
    "name": "stack",
    "server": "localhost",
    "docker_compose_raw": """
services:
  web: {image: "nginx:1.27", healthcheck: {test: [CMD, curl, -f, "http://127.0.0.1/"]}}
  worker: {image: "acme/worker:1"}
  migrate: {image: "acme/worker:1", restart: "no"}
""",
}


def test_a_service_that_works_is_healthy(run, simulator):
    simulator.coolify.switches.outcomes["stack/migrate"] = {"status": "exited"}
    run("service", **STACK, state="started")
    simulator.clear_requests()
    result = run("diagnose", type="service", target="stack", project="demo")
    assert result["status"] == "healthy" and simulator.writes == [], result["findings"]
    assert {"container web", "container worker", "log of web", "variables"} <= {step["step"] for step in result["rca_steps"]}


def test_the_container_of_a_service_is_named(run, simulator):
    simulator.coolify.switches.outcomes["stack/worker"] = {"status": "restarting:unknown"}
    made = run("service", **STACK, state="started", wait_timeout=5)
    uuid = made["resource_id"]
    log = ['OperationalError: connection to server at "db", port 5432 failed: Connection refused']
    containers = [
        {"name": f"web-{uuid}", "state": "running", "health": "healthy", "restart_count": 0},
        {"name": f"worker-{uuid}", "state": "restarting", "exit_code": 1, "restart_count": 9, "log": log},
    ]
    result = run("diagnose", type="service", target="stack", host_evidence={"docker": {"version": "27"}, "containers": containers})
    assert result["status"] == "diagnosed"
    causes = {finding["rule"]: finding["cause"] for finding in result["findings"]}
    assert causes["RUN-1"].startswith("worker: the application ends again and again with exit code 1") and causes["DB-4"].startswith(
        "worker: "
    )
    assert not any(cause.startswith("web: ") for cause in causes.values())
    assert result["incident"]["related_resources"][0] == {"type": "service", "id": uuid, "name": "stack"}


def test_a_stopped_service_and_its_remedy(run, simulator):
    run("service", **STACK)
    result = run("diagnose", type="service", target="stack")
    assert result["status"] == "diagnosed" and {finding["rule"] for finding in result["findings"]} == {"RUN-4"}
    assert all("coolify_service" in finding["remedy"] for finding in result["findings"])


def test_a_container_that_left_its_file(run, simulator):
    run("service", **STACK, state="started")
    run("service", **{**STACK, "docker_compose_raw": "services: {web: {image: 'nginx:1.27'}}", "state": "deployed"})
    result = run("diagnose", type="service", target="stack")
    found = next(finding for finding in result["findings"] if finding["rule"] == "SVC-1")
    assert found["cause"].startswith("worker left the compose file") and "exclude_from_status: true" in found["remedy"]


def test_the_domain_of_a_service_is_asked_without_its_port(run, simulator, monkeypatch):
    from ansible_collections.selfhosted.coolify.plugins.module_utils._diagnosis import probes

    asked = []

    def exchange(url: str, seconds: float) -> probes.Reply:
        asked.append(url)
        return probes.Reply(url, 200, 0.1, "ok")

    monkeypatch.setattr(probes, "exchange", exchange)
    url = "http://127.0.0.1:3001/x"
    run("service", **STACK, urls=[{"name": "web", "url": url}], state="started")
    result = run("diagnose", type="service", target="stack")
    assert asked == ["http://127.0.0.1/x"] and result["domain_health"][url]["http_status"] == 200


def test_secrets_of_the_variables_are_not_in_the_logs(run, simulator, site):
    run("app", **IMAGE, domains=[site.url], state="deployed", secrets={"DB_PASSWORD": "hunter2-hunter2"})
    simulator.coolify.switches.outcomes["web"] = {"deployment": "failed", "log": ["Error: cannot log in with hunter2-hunter2"]}
    run("deploy", project="demo", name="web", deploy="always")
    result = ask(run)
    assert result["findings"] and "hunter2-hunter2" not in json.dumps(result)


def test_bad_input(run):
    run("app", **IMAGE)
    assert run("diagnose", type="application")["code"] == 606
    assert ask(run, target="nobody")["code"] == 609
    assert ask(run, extra_rules=[{"pattern": "(", "cause": "x", "fix": "y"}])["code"] == 606


def test_a_cause_of_ones_own(run, simulator):
    run("app", **IMAGE, state="deployed")
    rule = {"pattern": "line [0-9]+", "cause": "the licence has expired", "fix": "renew it", "stage": "application_startup"}
    result = ask(run, extra_rules=[rule])
    assert result["findings"][0]["cause"] == "the licence has expired" and result["status"] == "issues_detected"
