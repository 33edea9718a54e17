# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deployments: reading their history, following one to its end, explaining a failed one."""

from __future__ import annotations

import json
import re
import statistics
import typing as t
from dataclasses import dataclass

from ._client import path
from ._context import Context
from ._errors import BadState, NotFound, TimedOut
from ._fields import moment, without_password
from ._wait import Told, until

PENDING = ("queued", "in_progress")
TERMINAL = ("finished", "failed", "cancelled-by-user")
LOG_SAMPLE = 5
PAGE = 20
STUCK_AFTER = 120.0
"""Seconds in the queue after which it is asked whether anything runs at all."""

# Coolify's own texts in a deployment's log -> (stage, cause, what to do). The first that matches counts; coolify_diagnose knows more.
EXPLANATIONS = tuple(
    (re.compile(pattern, re.IGNORECASE), stage, cause, fix)
    for pattern, stage, cause, fix in (
        (
            r"New container is not healthy",
            "health_check",
            "the new container did not become healthy, and Coolify kept the old one",
            "Read the lines after 'Healthcheck logs' in the deployment's log; raise health_check_start_period or mend the health check.",
        ),
        (
            r"denied: denied|pull access denied|unauthorized|may require 'docker login'",
            "registry",
            "the registry refused the image",
            "Log the server in to the registry as the user that Coolify connects with; the token needs read:packages.",
        ),
        (r"no space left on device", "build", "the disk of the server is full", "Clean up Docker on the server, or give it a larger disk."),
        (
            r"port is already allocated|address already in use",
            "network_port",
            "a host port that the application publishes is taken",
            "Free the port, or remove ports_mappings: a domain does not need them.",
        ),
        (
            r"exit code: 137|JavaScript heap out of memory|\bKilled\b",
            "build",
            "the build ran out of memory",
            "Build on a build server (use_build_server), or give the server swap.",
        ),
        (r"Server is not functional", "server_health", "Coolify cannot use the server", "Validate the server in Coolify."),
        (
            r"fatal: bad object",
            "build",
            "the commit is not in the shallow clone",
            "Set is_git_shallow_clone_enabled: false and deploy again.",
        ),
        (r"manifest unknown|not found: manifest", "registry", "the image or its tag does not exist", "Correct the image's name or tag."),
    )
)


BEGUN = re.compile(r"Starting deployment of ([^\s<>*]+:[^\s<>*]+) to ")
"""Not where a part is <REDACTED>: Coolify blanks the values of locked variables, and a tag may be the value of one."""


@dataclass(frozen=True)
class History:
    """The last deployments of an application, newest first; those of pull requests are something else and apart."""

    rows: tuple[dict[str, t.Any], ...] = ()
    previews: tuple[dict[str, t.Any], ...] = ()

    @property
    def known(self) -> frozenset[str]:
        """The uuids of all of them."""
        return frozenset(row["deployment_uuid"] for row in (*self.rows, *self.previews))

    def of(self, pull_request_id: int | None) -> tuple[dict[str, t.Any], ...]:
        """Those of one pull request, or of the application itself."""
        return tuple(row for row in self.previews if row["pull_request_id"] == pull_request_id) if pull_request_id else self.rows

    @property
    def latest(self) -> dict[str, t.Any] | None:
        return self.rows[0] if self.rows else None

    @property
    def pending(self) -> tuple[dict[str, t.Any], ...]:
        return tuple(row for row in self.rows if row["status"] in PENDING)

    @property
    def finished(self) -> tuple[dict[str, t.Any], ...]:
        return tuple(row for row in self.rows if row["status"] == "finished")

    @property
    def built(self) -> tuple[dict[str, t.Any], ...]:
        """The finished ones that were more than a restart of what was there."""
        return tuple(row for row in self.finished if not row.get("restart_only"))

    @property
    def expected(self) -> float | None:
        """Seconds that a deployment takes, by the median of the last ones that really built something."""
        taken = [duration(row) for row in self.built]
        known = [seconds for seconds in taken if seconds is not None]
        return statistics.median(known) if known else None


def duration(row: t.Mapping[str, t.Any]) -> float | None:
    begun, ended = moment(row.get("created_at")), moment(row.get("finished_at"))
    return (ended - begun).total_seconds() if begun and ended else None


def history(ctx: Context, application: str, enough: t.Callable[[History], t.Any] = lambda found: found.built) -> History:
    """The newest deployments, page by page until there are ``enough``: many previews must not hide the application's own ones."""
    rows: list[dict[str, t.Any]] = []
    while True:
        skipped = {"skip": len(rows)} if rows else {}
        page = ctx.client.get(path("deployments", "applications", application), has="deployments", take=PAGE, **skipped)
        # One that was queued in between moves the others to the next page
        known = {row["deployment_uuid"] for row in rows}
        new = [row for row in page["deployments"] if row["deployment_uuid"] not in known]
        rows += new
        found = History(
            tuple(row for row in rows if not row.get("pull_request_id")), tuple(row for row in rows if row.get("pull_request_id"))
        )
        if not new or len(rows) >= int(page.get("count") or 0) or enough(found):
            return found


def real_uuid(ctx: Context, application: str, told: str | None, pull_request_id: int | None = None) -> str:
    """The deployment that really exists. Coolify answers a uuid that it never stores when the same commit is queued already and when
    the server's queue is full, and none at all for a skipped start (applications.md 7.3)."""
    if told:
        try:
            ctx.client.get(path("deployments", told))
            return told
        except NotFound:
            pass
    waiting = [row for row in history(ctx, application).of(pull_request_id) if row["status"] in PENDING]
    if not waiting:
        raise BadState(
            "Coolify accepted the request and queued no deployment: the server's deployment queue is full",
            "Wait for the queued deployments of the server (deployment_queue_limit, 25 by default) or cancel some, then try again.",
        )
    return waiting[0]["deployment_uuid"]


def pace(expected: float | None) -> t.Callable[[float], float]:
    """Seconds to the next look: one in the first minute and around the expected end, five near it, eleven in the long middle."""

    def pause(elapsed: float) -> float:
        end = expected or 0.0
        if elapsed < 60 or end - 5 <= elapsed <= end + 10:
            return 0.9
        if end and end > 60 and elapsed < end - 5:
            # Not past the moment from which on it may end
            return min(11.0, max(end - 5 - elapsed, 0.9))
        return 5.0

    return pause


def follow(ctx: Context, uuid: str, words: str, timeout: float, expected: float | None = None) -> dict[str, t.Any]:
    """Poll until the deployment is terminal; returns it when it is finished. Raises BadState with the last lines of its log, or TimedOut."""
    shown = 0
    started = asked = ctx.clock.now()
    told = Told(ctx.clock, ctx.say, ctx.show)

    def read() -> dict[str, t.Any]:
        nonlocal shown, asked
        deployment = ctx.client.get(path("deployments", uuid), has="status")
        elapsed, status = ctx.clock.now() - started, deployment["status"]
        usually = f" (usually {expected:.0f} s)" if expected and status in PENDING else ""
        told.tell(f"deployment {uuid} of {words}", status, f" after {elapsed:.0f} s{usually}")
        if ctx.verbose:
            lines = log_lines(deployment)
            for line in lines[shown:]:
                ctx.show(f"  {line}")
            shown = len(lines)
        if status == "queued" and ctx.clock.now() - asked > STUCK_AFTER:
            asked = ctx.clock.now()
            _refuse_stuck(ctx, uuid, words, elapsed)
        return deployment

    done, deployment = until(read, lambda item: item["status"] in TERMINAL, timeout, ctx.clock, pace(expected))
    if not done:
        error: TimedOut | BadState = TimedOut(
            f"deployment {uuid} of {words} is {deployment['status']} after {timeout:g} s",
            "Look at the deployment's log in Coolify, or raise wait_timeout.",
            details={"deployment_uuid": uuid, "deployment_status": deployment["status"]},
        )
        error.stage, error.log = "deployment", log_lines(deployment)[-LOG_SAMPLE:]
        raise error
    if deployment["status"] != "finished":
        raise failed(deployment, uuid, words)
    return deployment


def _refuse_stuck(ctx: Context, uuid: str, words: str, elapsed: float) -> None:
    """A queued deployment while nothing runs anywhere waits for a queue that does not move."""
    if not any(row.get("status") == "in_progress" for row in ctx.client.items("/deployments")):
        error = BadState(
            f"deployment {uuid} of {words} is queued for {elapsed:.0f} s and nothing else is being deployed: Coolify's queue does not move",
            "Restart Coolify's queue worker (docker restart coolify), or cancel the deployment and deploy again.",
            details={"deployment_uuid": uuid, "deployment_status": "queued"},
        )
        error.stage = "deployment"
        raise error


def failed(deployment: t.Mapping[str, t.Any], uuid: str, words: str) -> BadState:
    """The error for a deployment that ended otherwise than finished, with the cause where its log tells it."""
    lines = log_lines(deployment)
    stage, cause, fix = "deployment", "", "Read the deployment's log in Coolify; its last lines are in incident.last_logs_sample."
    if deployment["status"] == "cancelled-by-user":
        cause, fix = "somebody cancelled it", "Deploy again."
    elif "logs" not in deployment:
        fix = "The token may not read the deployment's log (read:sensitive); look at it in Coolify."
    else:
        found = [item for item in EXPLANATIONS if any(item[0].search(line) for line in lines)]
        if found:
            _pattern, stage, cause, fix = found[0]
    error = BadState(
        f"deployment {uuid} of {words} ended as {deployment['status']}{f': {cause}' if cause else ''}",
        fix,
        details={"deployment_uuid": uuid, "deployment_status": deployment["status"]},
    )
    error.stage, error.log = stage, lines[-LOG_SAMPLE:]
    return error


def log_entries(deployment: t.Mapping[str, t.Any], hidden: bool = False) -> t.Iterator[tuple[dict[str, t.Any], str]]:
    """Each visible (or each) line of a deployment's log with the entry that it is in. The log is a string holding a JSON array and only
    there for sensitive tokens."""
    try:
        entries = json.loads(deployment.get("logs") or "[]")
    except ValueError:
        return
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and (hidden or not entry.get("hidden")):
            yield from ((entry, line) for line in str(entry.get("output") or "").splitlines() if line.strip())


def source(deployment: t.Mapping[str, t.Any]) -> str:
    """``image:tag`` or ``owner/repository:branch`` that a deployment was of. Coolify has it in the log only (ApplicationDeploymentJob), so it
    is empty where the token may not read that, and for what has neither."""
    found = next((match for _entry, line in log_entries(deployment) for match in [BEGUN.match(line)] if match), None)
    return found[1] if found else ""


def image(name: t.Any, tag: t.Any) -> str:
    """An image as ``source`` has it; empty for one that is pinned by its digest, which Coolify writes in several ways."""
    return "" if "@" in str(name) or str(tag or "").startswith("sha256") else f"{name}:{tag or 'latest'}"


def log_lines(deployment: t.Mapping[str, t.Any], hidden: bool = False) -> list[str]:
    return [without_password(line)[:300] for _entry, line in log_entries(deployment, hidden)]
