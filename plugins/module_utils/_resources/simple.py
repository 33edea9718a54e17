# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is no more than a table of fields: created, changed and deleted, each with its undoing. Its module says how it is found, and what
its deletion means."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .._fields import UNKNOWN, Change, Field, body, creation, differences, shown, visible
from .._plan import Plan, Step
from .resource import Live, creation_step, patch_step, readable, require_versions, set_step, verify_stored

Fields = t.Sequence[Field]
Answer = t.Optional[t.Dict[str, t.Any]]


def view(live: Live, fields: Fields) -> dict[str, t.Any]:
    return {"uuid": live.uuid, **visible(fields, live.answer)}


def plan_creation(
    live: Live,
    result: Plan,
    fields: Fields,
    wanted: t.Mapping[str, t.Any],
    where: str,
    look: t.Callable[[], Answer],
    fixed: t.Mapping[str, t.Any] | None = None,
) -> None:
    """``fixed`` is what the request has beside the fields; what creation does not take follows in a PATCH."""
    changes = creation(fields, wanted)
    require_versions(live.ctx, changes)
    at_once = [change for change in changes if "create" in change.field.on]
    rest = [change for change in changes if "create" not in change.field.on]
    result.steps.append(creation_step(live, result, f"create {live.words}", where, {**(fixed or {}), **body(at_once)}, look))
    if rest:
        names = ", ".join(change.field.name for change in rest)
        result.steps.append(patch_step(live, f"set {names} of {live.words}, which creation does not take", lambda: [body(rest)]))
    after = shown(changes)["after"]
    result.merge_diff({"before": {}, "after": {**(fixed or {}), **after}})
    secret = {row.name for row in fields if row.secret}
    result.resource = {"uuid": None, **{name: value for name, value in after.items() if name not in secret}}


def plan_update(
    live: Live, result: Plan, fields: Fields, wanted: t.Mapping[str, t.Any], *, update_secrets: str = "always", destructive: bool = False
) -> list[Change]:
    """Returns what differs and is going to be written."""
    result.resource_id, result.before, result.resource = live.uuid, visible(fields, live.answer), view(live, fields)
    changes = readable(result, differences(fields, wanted, live.answer), live.words, update_secrets)
    if not changes:
        return []
    require_versions(live.ctx, changes)
    result.merge_diff(shown(changes))
    result.resource = {**result.resource, **{row.field.name: row.field.show(row.after) for row in changes if not row.field.secret}}
    result.steps.append(replace(set_step(live, fields, changes), destructive=destructive))
    return changes


def plan_removal(live: Live, result: Plan, fields: Fields, meaning: str, *, level: str = "high", destructive: bool = True) -> None:
    """``meaning`` says what goes along and what stays."""
    result.resource_id, result.before = live.uuid, visible(fields, live.answer)
    result.merge_diff({"before": view(live, fields), "after": {}})
    result.risk(level, f"{live.words} is deleted: {meaning}")

    def apply() -> None:
        live.ctx.client.delete(live.path)
        live.ctx.say(f"deleted {live.words} ({live.uuid})")

    result.steps.append(Step(f"delete {live.words} ({live.uuid})", apply, destructive=destructive))

    def gone() -> None:
        result.resource, result.resource_id = None, live.uuid

    result.result = gone


def finish(live: Live, result: Plan, fields: Fields, wanted: t.Mapping[str, t.Any], reasons: str) -> None:
    """Look afterwards whether the server holds what was wanted."""

    def refresh() -> None:
        if result.steps:
            live.read()
            verify_stored(live, fields, {name: value for name, value in wanted.items() if value is not UNKNOWN}, reasons)
        result.resource, result.resource_id = view(live, fields), live.uuid

    result.result = refresh
    result.seen = lambda: view(live, fields) if live.read() else None
