# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The envelope that every module returns (design.md section 4)."""

from __future__ import annotations

import hashlib
import json
import time
import typing as t
import uuid
from dataclasses import asdict
from datetime import datetime, timezone

from ._errors import CoolifyError
from ._host.proc import HOST_METRICS
from ._plan import Plan, Step

METRICS = (
    *HOST_METRICS,
    "response_time_p50",
    "response_time_p95",
    "response_time_p99",
    "error_rate_percent",
    "deploy_time_seconds",
    "last_deploy_duration_seconds",
)


def now() -> str:
    """UTC, such as ``2026-11-24T10:00:00Z``."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def identifier(prefix: str) -> str:
    return f"{prefix}-{int(time.time())}-{uuid.uuid4().hex[:8]}"


def config_hash(configuration: t.Mapping[str, t.Any]) -> str:
    """sha256 over the canonical JSON of a secret-free configuration."""
    return "sha256:" + hashlib.sha256(json.dumps(configuration, sort_keys=True, separators=(",", ":"), default=str).encode()).hexdigest()


def envelope(returns: str | None, *, dry_run: bool) -> dict[str, t.Any]:
    """The keys that are there whatever happens; a figure that nobody measured is null, never 0."""
    return {
        "status": "success",
        "mode": "dry-run" if dry_run else "on-demand",
        "resource_id": None,
        "details": {},
        "metrics": dict.fromkeys(METRICS),
        "execution_plan": execution_plan((), ()),
        "changed": False,
        "diff": {"before": {}, "after": {}},
        **({returns: None} if returns else {}),
    }


def execution_plan(steps: t.Sequence[Step], risks: t.Sequence[t.Any], gates: t.Sequence[str] = ()) -> dict[str, t.Any]:
    return {
        "steps": [{"order": order, "action": step.action, "estimated_duration": step.estimate} for order, step in enumerate(steps, 1)],
        "total_estimated_duration": round(sum(step.estimate for step in steps), 1),
        "gates_to_check": list(gates),
        "risks": [{"level": risk.level, "description": risk.description} for risk in risks],
    }


def planned(result: dict[str, t.Any], plan: Plan, returns: str, *, dry_run: bool, undo: bool = True) -> None:
    """What the plan says, before anything is applied; check mode returns exactly this. ``undo``: whether a failure is undone."""
    gates = list(dict.fromkeys(gate.gate for gate in plan.gates)) or (
        ["connectivity", "plan_safe"] if plan.destructive else ["connectivity"]
    )
    result.update(
        resource_id=plan.resource_id,
        plan_id=identifier("plan" if dry_run else "txn"),
        diff=plan.diff,
        changed=any(not step.passive for step in plan.steps),
        rollback_point={
            "resource_id": plan.resource_id,
            "deployment_id": None,
            "config_hash": config_hash(plan.before) if plan.before else None,
            **point(plan),
        },
        execution_plan=execution_plan(plan.steps, plan.risks, gates),
        **{returns: plan.resource},
    )
    result.update(judged(plan))
    result["details"].update(plan.details)
    result["metrics"].update(plan.metrics)
    result.update(plan.extra)
    if dry_run:
        result["status"] = "plan_ready"
        result["impact_analysis"] = {
            "downtime_expected": plan.downtime,
            "downtime_reasons": plan.downtime_reasons,
            "rollback_available": undo and bool(plan.before) and not plan.destructive and not _never_deployed(plan),
            "affected_users": "everybody who uses it, until it runs again" if plan.downtime else "none",
        }
        result["message"] = "DRY RUN COMPLETE - nothing was applied. Run the same task without --check to apply it."


def judged(plan: Plan) -> dict[str, t.Any]:
    """``gates``, where there are any."""
    gates = [{name: value for name, value in asdict(gate).items() if name != "resource" or value} for gate in plan.gates]
    return {"gates": gates} if gates else {}


def _never_deployed(plan: Plan) -> bool:
    """Whether an application is deployed that never was, so that nothing can run again."""
    points = [plan.point, *(plan.point.get("applications") or {}).values()]
    return any("deployment_id" in back and back["deployment_id"] is None for back in points)


def point(plan: Plan) -> dict[str, t.Any]:
    """What it takes to bring a resource back to how it was found."""
    return {
        "image_tag": plan.before.get("docker_registry_image_tag") or plan.before.get("image"),
        "commit": plan.before.get("git_commit_sha"),
        "configuration": plan.before,
        **plan.point,
    }


def finished(result: dict[str, t.Any], plan: Plan, returns: str) -> None:
    """What is there now."""
    result.update(resource_id=plan.resource_id, **{returns: plan.resource}, **plan.extra, **judged(plan))
    result["details"].update(plan.details)
    result["metrics"].update(plan.metrics)


def failed(result: dict[str, t.Any], error: CoolifyError, resource: tuple[str, str | None, str | None]) -> None:
    """Turn an envelope into a failure; ``resource`` is (type, uuid, name)."""
    kind, resource_id, name = error.resource or resource
    text = str(error)
    facts = dict(error.facts)
    result["details"].update(facts.pop("details", {}))
    result.update(facts)
    result.update(
        status=error.status,
        msg=text,
        error=text,
        code=error.code,
        troubleshooting=error.troubleshooting,
        incident={
            "id": identifier("incident"),
            "started_at": now(),
            "stage": error.stage,
            "root_cause": error.root_cause or text,
            "severity": error.severity,
            "recommended_fix": error.troubleshooting,
            "last_logs_sample": error.log,
            "related_resources": [{"type": kind, "id": resource_id, "name": name}] if name or resource_id else [],
        },
    )
