# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The audit log of Coolify 4.4 and later: who did what in a team.

From reading Coolify's controller and model, not from a transcript: there is no recording of it. Only a few of the events are written, and a
page has the figures but not the links to its neighbours.
"""

from __future__ import annotations

import re
import typing as t

from .core import invalid, refuse
from .http import Call, Route, observer, route
from .validation import validate

EVENTS = {
    f"{method} {path}": f"api.{kind}.{action}"
    for kind, creation in (("project", "/projects"), ("application", "/applications/<kind>"), ("service", "/services"))
    for method, path, action in (
        ("POST", creation, "created"),
        ("PATCH", f"/{kind}s/<uuid>", "updated"),
        ("DELETE", f"/{kind}s/<uuid>", "deleted"),
    )
}
SOURCES = ("all", "ui", "api", "mcp", "webhook", "system", "scheduler")
OPEN = (
    "id",
    "team_id",
    "event",
    "source",
    "action",
    "level",
    "actor_type",
    "actor_id",
    "actor_name",
    "resource_type",
    "resource_uuid",
    "resource_name",
    "description",
    "created_at",
)
SENSITIVE = ("actor_email", "actor_token_id", "actor_token_name", "metadata", "changes", "ip_address", "user_agent")


@observer
def record(found: Route, call: Call, body: t.Any) -> None:
    event = EVENTS.get(f"{found.method} {re.sub('<any.*:', '<', found.path)}")
    if not event or not call.coolify.has("4.4.0"):
        return
    source, kind, action = event.split(".")
    uuid = call.params.get("uuid") or body.get("uuid")
    row = next((row for table in call.coolify.tables.values() for row in table.values() if row.get("uuid") == uuid), {})
    name = row.get("name")
    call.coolify.insert(
        "audit_events",
        team_id=call.team,
        event=event,
        source=source,
        action=action,
        level="info",
        actor_type="api_token",
        actor_id=call.token.user,
        actor_name="Root User",
        actor_email="root@example.com",
        actor_token_id=int(call.token.text.split("|")[0]),
        actor_token_name=call.token.name,
        resource_type=kind,
        resource_uuid=uuid,
        resource_name=name,
        description=f"{name or kind.title()} {action.title()}",
        metadata={f"{kind}_uuid": uuid},
        changes=None,
        ip_address="127.0.0.1",
        user_agent="simulator",
    )


@route("GET", "/audit-events", since="4.4.0")
def list_events(call: Call) -> t.Any:
    if not call.token.admin:
        refuse(403, "Only team admins and owners can view audit logs.")
    given = call.input
    errors = validate(
        given,
        {
            "per_page": ("integer", ("min", 1), ("max", 100)),
            "page": ("integer", ("min", 1)),
            "search": ("nullable", "string", ("max", 255)),
            "action": ("nullable", "string", ("max", 255)),
            "source": ("nullable", "string", ("in", SOURCES)),
        },
    )
    if errors:
        invalid(errors)
    rows = [
        row
        for row in call.coolify.rows("audit_events", team_id=call.team)
        if all((given.get(name) or "all") in ("all", row[name]) for name in ("action", "source"))
    ]
    rows.sort(key=lambda row: (row["created_at"], row["id"]), reverse=True)
    size, page = int(given.get("per_page", 25)), int(given.get("page", 1))
    shown = rows[(page - 1) * size : page * size]
    keys = (*OPEN, *SENSITIVE) if call.sensitive else OPEN
    return {
        "current_page": page,
        "data": [{key: row[key] for key in keys} for row in shown],
        "from": (page - 1) * size + 1 if shown else None,
        "last_page": max(-(-len(rows) // size), 1),
        "per_page": size,
        "to": (page - 1) * size + len(shown) if shown else None,
        "total": len(rows),
    }
