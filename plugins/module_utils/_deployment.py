# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Following a deployment that start, restart or deploy has queued."""

from __future__ import annotations

import json
import typing as t

from ._client import path
from ._context import Context
from ._errors import BadState, NotFound, TimedOut
from ._fields import without_password
from ._wait import until

PENDING = ("queued", "in_progress")
TERMINAL = ("finished", "failed", "cancelled-by-user")
LOG_SAMPLE = 5


def pending(ctx: Context, application: str) -> str | None:
    """The uuid of the application's newest deployment that is queued or running; those of pull requests are something else."""
    page = ctx.client.get(path("deployments", "applications", application), has="deployments", take=10)
    own = [item for item in page["deployments"] if item["status"] in PENDING and not item.get("pull_request_id")]
    return own[0]["deployment_uuid"] if own else None


def real_uuid(ctx: Context, application: str, told: str | None) -> str:
    """The deployment that really exists. Coolify answers a uuid that it never stores when the same commit is queued already and when
    the server's queue is full, and none at all for a skipped start (applications.md 7.3)."""
    if told:
        try:
            ctx.client.get(path("deployments", told))
            return told
        except NotFound:
            pass
    found = pending(ctx, application)
    if found is None:
        raise BadState(
            "Coolify accepted the request and queued no deployment: the server's deployment queue is full",
            "Wait for the queued deployments of the server (deployment_queue_limit, 25 by default) or cancel some, then try again.",
        )
    return found


def follow(ctx: Context, uuid: str, words: str, timeout: float) -> dict[str, t.Any]:
    """Poll until the deployment is terminal; returns it when it is finished. Raises BadState with the last lines of its log, or TimedOut."""
    last = ""
    started = ctx.clock.now()

    def read() -> dict[str, t.Any]:
        nonlocal last
        deployment = ctx.client.get(path("deployments", uuid))
        if deployment["status"] != last:
            last = deployment["status"]
            ctx.say(f"deployment {uuid} of {words}: {last} after {ctx.clock.now() - started:.0f} s")
        return deployment

    done, deployment = until(read, lambda item: item["status"] in TERMINAL, timeout, ctx.clock)
    if not done:
        raise TimedOut(
            f"deployment {uuid} of {words} is {deployment['status']} after {timeout:g} s",
            "Look at the deployment's log in Coolify, or raise wait_timeout.",
        )
    if deployment["status"] != "finished":
        error = BadState(
            f"deployment {uuid} of {words} ended as {deployment['status']}",
            "Read the deployment's log in Coolify; its last lines are in incident.last_logs_sample.",
            details={"deployment_uuid": uuid, "deployment_status": deployment["status"]},
        )
        error.stage = "deployment"
        error.log = log_tail(deployment)
        raise error
    return deployment


def log_tail(deployment: t.Mapping[str, t.Any]) -> list[str]:
    """The last visible lines of a deployment's log, which is a string holding a JSON array and only there for sensitive tokens."""
    try:
        entries = json.loads(deployment.get("logs") or "[]")
    except ValueError:
        return []
    lines = [line for entry in entries if not entry.get("hidden") for line in str(entry.get("output") or "").splitlines() if line.strip()]
    return [without_password(line)[:300] for line in lines[-LOG_SAMPLE:]]
