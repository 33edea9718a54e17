# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two example outputs of the brief, "Deployment with Metrics" and "Dry-Run Deployment", in shape and with figures that were measured.

The host's figures are of a machine that was looked at once (tests/fixtures/host_evidence.json); its date is set to now, because old
evidence counts for nothing.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ansible_collections.selfhosted.coolify.plugins.module_utils._contract import METRICS, now
from ansible_collections.selfhosted.coolify.tests.unit.deploying import DEPLOY, GIT, IMAGE

EVIDENCE = json.loads((Path(__file__).parents[3] / "fixtures/host_evidence.json").read_text())
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
UUID = r"[a-z0-9]{24}"


@pytest.fixture
def evidence() -> dict:
    return {**EVIDENCE, "collected_at": now()}


def shape(value, wanted, where="result") -> None:
    """``wanted`` is a type, a regular expression for a text, a value in a tuple of one, or a mapping of these; further keys may be there."""
    if isinstance(wanted, dict):
        for key, part in wanted.items():
            assert key in value, f"{where}.{key}"
            shape(value[key], part, f"{where}.{key}")
    elif isinstance(wanted, tuple):
        assert value == wanted[0], f"{where}: {value!r}"
    elif isinstance(wanted, str):
        assert re.fullmatch(wanted, str(value)), f"{where}: {value!r}"
    else:
        assert isinstance(value, wanted) and not isinstance(value, bool), f"{where}: {value!r}"


def test_deployment_with_metrics(run, site, evidence):
    run("app", **GIT, domains=[site.url], state="deployed")
    asked = site.asked
    result = run("deploy", **DEPLOY, deploy="always", host_evidence=evidence)
    shape(
        result,
        {
            "status": ("success",),
            "resource_id": UUID,
            "plan_id": r"txn-\d{10}-[0-9a-f]+",
            "details": {
                "deployment_uuid": UUID,
                "started_at": TIME,
                "completed_at": TIME,
                "duration_seconds": float,
                "branch": ("main",),
                "commit": r"[0-9a-f]{40}|HEAD",
            },
            "metrics": {
                "cpu_usage_percent": (18.7,),
                "memory_usage_mb": (436,),
                "memory_limit_mb": (24105,),
                "disk_usage_percent": (9.6,),
                "response_time_p50": float,
                "response_time_p95": float,
                "response_time_p99": float,
                "error_rate_percent": (0.0,),
                "deploy_time_seconds": float,
                "last_deploy_duration_seconds": float,
            },
            "rollback_point": {"deployment_id": UUID, "config_hash": r"sha256:[0-9a-f]{64}", "commit": str},
        },
    )
    # Measured, not made up: the site was asked that often, and what it took is in order
    assert site.asked - asked >= 10
    assert 0 < result["metrics"]["response_time_p50"] <= result["metrics"]["response_time_p95"] <= result["metrics"]["response_time_p99"]
    assert result["metrics"]["deploy_time_seconds"] > 0
    assert result["rollback_point"]["deployment_id"] != result["details"]["deployment_uuid"]
    assert set(result["metrics"]) == set(METRICS)


def test_without_evidence_the_hosts_figures_are_null(run, site):
    result = run("app", **GIT, domains=[site.url], state="deployed")
    unknown = {name for name in EVIDENCE["metrics"] if result["metrics"][name] is not None}
    assert not result.get("failed") and unknown == set()


def test_dry_run_deployment(run, simulator, site, evidence):
    run("app", **GIT, domains=[site.url], state="deployed")
    simulator.clear_requests()
    result = run("app", check=True, **{**DEPLOY, "git_branch": "staging"}, state="deployed", force=True, host_evidence=evidence)
    shape(
        result,
        {
            "status": ("plan_ready",),
            "mode": ("dry-run",),
            "plan_id": r"plan-\d{10}-[0-9a-f]+",
            "execution_plan": {"steps": list, "total_estimated_duration": float, "gates_to_check": list, "risks": list},
            "impact_analysis": {"downtime_expected": (False,), "rollback_available": (True,), "affected_users": ("none",)},
            "message": "DRY RUN COMPLETE - nothing was applied.*without --check.*",
        },
    )
    steps = result["execution_plan"]["steps"]
    assert [step["order"] for step in steps] == [1, 2, 3, 4, 5, 6]
    assert [step["action"] for step in steps] == [
        "check the gates",
        "take the rollback point",
        'set git_branch of application "web"',
        'trigger the deployment of application "web"',
        "wait for the deployment",
        "verify what runs",
    ]
    assert sum(step["estimated_duration"] for step in steps) == pytest.approx(result["execution_plan"]["total_estimated_duration"])
    seven = ["connectivity", "server_health", "domain_ssl", "ports", "env", "prev_deploy", "plan_safe"]
    security = ["ssl_expiry", "secrets_scope", "project_isolation", "token_age"]
    assert result["execution_plan"]["gates_to_check"] == [*seven, *security]
    outcomes = {gate["gate"]: gate["outcome"] for gate in result["gates"]}
    assert outcomes["server_health"] == outcomes["ports"] == "passed" and outcomes["token_age"] == "skipped"
    risks = {(risk["level"], risk["description"]) for risk in result["execution_plan"]["risks"]}
    assert ("medium", "force rebuilds without the cache") in risks
    assert ("low", "branch 'staging' differs from the current 'main'") in risks
    assert result["diff"]["before"]["git_branch"] == "main" and result["diff"]["after"]["git_branch"] == "staging"
    assert {item.method for item in simulator.requests} == {"GET"}


@pytest.mark.parametrize("backups", [[], [{"frequency": "daily", "enabled": False}], [{"frequency": "daily"}]])
def test_a_database_without_backups_is_a_risk(run, backups):
    made = run("db", project="demo", name="main", server="localhost", type="postgresql", backups=backups)
    run("db", project="demo", name="other", server="localhost", type="mysql")
    url = f"postgres://user:pass@{made['database']['uuid']}:5432/postgres"
    result = run("app", check=True, **IMAGE, state="deployed", secrets={"DATABASE_URL": url})
    risks = [risk for risk in result["execution_plan"]["risks"] if "backups" in risk["description"]]
    if backups and backups[0].get("enabled", True):
        assert risks == []
    else:
        assert len(risks) == 1 and risks[0]["level"] == "medium" and 'database "main"' in risks[0]["description"]
