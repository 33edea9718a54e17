# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""coolify_logs: what an application, a database, a service or a deployment said, as entries that can be filtered."""

from __future__ import annotations

import re
import typing as t
from datetime import datetime

from .. import _deployment
from .._client import path, version_tuple
from .._context import Context, Module
from .._diagnosis.evidence import Evidence
from .._errors import ApiError, InputError, NotFoundByName
from .._fields import moment, without_password
from . import variables as env
from .compose_file import readable
from .diagnose import find, rows_of
from .info import when

LEVELS = ("debug", "info", "warning", "error")
WORDS = (
    ("error", re.compile(r"\b(error|fatal|critical|panic|exception|traceback|emerg|alert)\b|\b(ERR|FTL)\b", re.IGNORECASE)),
    ("warning", re.compile(r"\b(warn|warning)\b|\bWRN\b", re.IGNORECASE)),
    ("debug", re.compile(r"\b(debug|trace)\b|\bDBG\b", re.IGNORECASE)),
    ("info", re.compile(r"\b(info|notice|log)\b|\bINF\b", re.IGNORECASE)),
)
STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)? ?")
LONGEST = 2000
"""Characters of a message."""
TIMES_SINCE = "4.2.0"


def level_of(message: str) -> str | None:
    """The level that a line says it has; None when it says none."""
    return next((name for name, pattern in WORDS if pattern.search(message[:200])), None)


def entries_of(lines: t.Iterable[str], source: str) -> list[dict[str, t.Any]]:
    """One entry per line; what is indented belongs to the line before and has its time and level."""
    entries: list[dict[str, t.Any]] = []
    for line in lines:
        stamp = STAMP.match(line)
        message = line[stamp.end() :] if stamp else line
        last = entries[-1] if entries else {}
        told = level_of(message)
        if message[:1].isspace() and last:
            told = last["level"]
        at = f"{stamp[1]}Z" if stamp else last.get("at")
        entries.append({"at": at, "level": told, "message": without_password(message)[:LONGEST], "source": source})
    return entries


def deployment_entries(deployment: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    entries = []
    for row, line in _deployment.log_entries(deployment):
        at = moment(row.get("timestamp"))
        told = level_of(line) or ("error" if row.get("type") == "stderr" else None)
        message = without_password(line)[:LONGEST]
        entries.append({"at": at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else None, "level": told, "message": message, "source": "deployment"})
    return entries


def chosen(
    entries: t.Iterable[dict[str, t.Any]],
    since: datetime | None,
    until: datetime | None,
    level: str | None,
    pattern: re.Pattern[str] | None,
) -> list[dict[str, t.Any]]:
    """Pure: the entries that pass every filter. Without a time or level of its own an entry does not pass a filter on it."""
    kept = []
    for entry in entries:
        at = moment(entry["at"])
        if (since or until) and (at is None or (since and at < since) or (until and at > until)):
            continue
        if level and (entry["level"] is None or LEVELS.index(entry["level"]) < LEVELS.index(level)):
            continue
        if pattern and not pattern.search(entry["message"]):
            continue
        kept.append(entry)
    return kept


def gather(ctx: Context) -> dict[str, t.Any]:
    """The module's function."""
    options = ctx.options
    kind = options["type"]
    since, until = when(options, "since"), when(options, "until")
    try:
        pattern = re.compile(options["grep"]) if options.get("grep") else None
    except re.error as error:
        raise InputError(f"grep: {error}") from error
    if not 1 <= options["lines"] <= 10000:
        raise InputError("lines: expected 1 to 10000")
    what = "application" if kind == "deployment" else kind
    if options.get("container") and kind != "service":
        raise InputError("container goes with type=service")
    uuid = find(ctx, what)
    where = path(f"{what}s", uuid)
    _hide_secrets(ctx, what, uuid)
    if kind == "service":
        entries, note = _service_log(ctx, uuid, where, bool(since or until))
    elif kind == "deployment":
        entries, note = _deployment_log(ctx, uuid)
    else:
        entries, note = _container_log(ctx, kind, uuid, where, bool(since or until))
    kept = chosen(entries, since, until, options.get("level"), pattern)
    for entry in kept[-20:] if ctx.verbose else ():
        ctx.show(f"{entry['at'] or ''} {entry['message']}".strip())
    return {"resource_id": uuid, "logs": kept[-options["lines"] :], "read": len(entries), "note": note}


def _hide_secrets(ctx: Context, kind: str, uuid: str) -> None:
    """What the variables hold must not come back in a line of a log."""
    target = getattr(env.Target, kind)(uuid, uuid)
    ctx.secrets |= env.secret_values(env.read(ctx.client, target))


def _deployment_log(ctx: Context, uuid: str) -> tuple[list[dict[str, t.Any]], str | None]:
    wanted = ctx.options.get("deployment_uuid")
    rows = _deployment.history(ctx, uuid).rows
    if not rows and not wanted:
        raise NotFoundByName("it was never deployed")
    deployment = ctx.client.get(path("deployments", wanted or rows[0]["deployment_uuid"]), has="status")
    if "logs" not in deployment:
        return [], "the token may not read the logs of deployments (read:sensitive)"
    return deployment_entries(deployment), None


def _service_log(ctx: Context, uuid: str, where: str, timed: bool) -> tuple[list[dict[str, t.Any]], str | None]:
    """Of all containers, or of one; in the order of time where every line has one."""
    ctx.client.require(TIMES_SINCE, "logs of a service")
    service = ctx.client.get(where, has="uuid")
    file = readable(service.get("docker_compose_raw"))
    ctx.secrets |= file.secrets if file else set()
    names, wanted = list(rows_of(service)), ctx.options.get("container")
    if wanted and wanted not in names:
        raise NotFoundByName(f"the service has no container {wanted}; it has {', '.join(sorted(names)) or 'none'}")
    entries: list[dict[str, t.Any]] = []
    notes = []
    for name in [wanted] if wanted else names:
        found, note = _container_log(ctx, "service", uuid, where, timed, name)
        entries += [{**entry, "container": name} for entry in found]
        notes += [f"{name}: {note}"] if note else []
    if all(entry["at"] for entry in entries):
        entries.sort(key=lambda entry: entry["at"])
    return entries, "; ".join(notes) or None


def _container_log(
    ctx: Context, kind: str, uuid: str, where: str, timed: bool, part: str = ""
) -> tuple[list[dict[str, t.Any]], str | None]:
    """Through Coolify; of a container that does not run, what was seen on the server. ``part`` is one container of a service."""
    timestamps = version_tuple(ctx.client.version) >= version_tuple(TIMES_SINCE)
    if timed:
        ctx.client.require(TIMES_SINCE, "since and until, which need the times of the lines,")
    try:
        answer = ctx.client.get(
            f"{where}/logs",
            lines=10000 if timed else ctx.options["lines"],
            **({"show_timestamps": True} if timestamps else {}),
            **({"sub_service_name": part} if part else {}),
        )
        return entries_of(str(answer.get("logs") or "").splitlines(), "coolify"), None
    except ApiError as error:
        # A container of a service that was stopped is gone
        if not (error.code == 400 and "not running" in error.answer) and not (part and error.answer == "Container not found."):
            raise
        resource = {} if part else ctx.client.get(where, has="uuid")
        evidence = Evidence(kind=kind, uuid=uuid, part=part, resource=resource, host=ctx.options.get("host_evidence"))
        lines = [line for container in evidence.own for line in container.get("log") or ()]
        if lines:
            return entries_of(lines, "host_evidence"), f"{error.answer} These are the lines that were seen on the server."
        return [], f"{error.answer} Coolify shows no log of what does not run; give host_evidence of the server with its log."


MODULE = Module(
    "coolify_logs",
    {
        "target": {"type": "str", "required": True},
        "type": {"type": "str", "choices": ["application", "database", "service", "deployment"], "default": "application"},
        "container": {"type": "str"},
        "deployment_uuid": {"type": "str"},
        "project": {"type": "str"},
        "environment": {"type": "str"},
        "lines": {"type": "int", "default": 100},
        "since": {"type": "str"},
        "until": {"type": "str"},
        "level": {"type": "str", "choices": list(LEVELS)},
        "grep": {"type": "str"},
        "host_evidence": {"type": "dict"},
    },
    gather=gather,
)
