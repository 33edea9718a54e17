# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registries that a server is logged in to: docker login on the server, through Coolify (its controller and service class of 4.4).

Coolify shows who is logged in and never with which password, so a login is left alone as long as it is the wanted user's and works.
"""

from __future__ import annotations

import re
import typing as t

from .._client import path
from .._context import Context, Module
from .._errors import ApiError, InputError, NotFound, NotFoundByName, NotStored, Unsupported
from .._fields import DIFFERS, HIDDEN
from .._plan import Plan, Step, Undone
from .placement import find_server, need
from .resource import expected

SINCE = "4.4.0"
HUB = "docker.io"
HUB_NAMES = (HUB, "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com")
HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?")
UNREACHABLE = "Validate the server first: coolify_server with state=validated."


def host(text: str) -> str:
    """As Coolify names a registry: without scheme and path, and one name for Docker Hub. Raises InputError."""
    name = re.sub(r"^[a-z][a-z0-9+.-]*://", "", text.strip().lower()).split("/")[0]
    if len(name) > 255 or not HOST.fullmatch(name):
        raise InputError(f"registry: {text!r} is no host, optionally with a port, such as ghcr.io or registry.example.com:5000")
    return HUB if name in HUB_NAMES else name


def logins(ctx: Context, server: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    """What Coolify says of every registry that the server is logged in to or that something on it uses."""
    where = path("servers", server["uuid"], "registries")
    try:
        answer = ctx.client.get(where, has="registries")
    except NotFound as error:
        if error.route:
            raise Unsupported(f"registries of servers need Coolify {SINCE} or later, this server runs {ctx.client.version}") from error
        raise
    if answer.get("error"):
        raise InputError(f'server "{server["name"]}": {answer["error"]}', UNREACHABLE)
    return answer["registries"]


def view(row: t.Mapping[str, t.Any], server: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {
        "registry": row["registry"],
        "logged_in": bool(row.get("logged_in")),
        "source": row.get("source"),
        "username": row.get("username"),
        "used_by": [{"type": user.get("type"), "name": user.get("name")} for user in row.get("used_by") or ()],
        "server": {"uuid": server.get("uuid"), "name": server.get("name")},
    }


def plan(ctx: Context) -> Plan:
    """The module's function: what takes the login to the declared state."""
    options = ctx.options
    name, absent = host(options["registry"]), options["state"] == "absent"
    if not absent:
        need(options, ["username", "password"], f"logging in to {name}")
        if re.search(r"\s", options["username"]):
            raise InputError("username: it has white space in it")
    try:
        server = find_server(ctx.client, options["server"]) if absent else expected(ctx, lambda: find_server(ctx.client, options["server"]))
    except NotFoundByName:
        # No server, no login
        return Plan()
    empty = {"registry": name}

    def read() -> dict[str, t.Any]:
        return next((row for row in logins(ctx, server) if row["registry"] == name), empty)

    row = read() if server else empty
    server = server or {"uuid": None, "name": options["server"]}
    result = Plan(seen=lambda: view(read(), server), resource_id=server["uuid"], resource=view(row, server))
    result.before = {key: row.get(key) for key in ("registry", "logged_in", "username")}
    if absent:
        plan_logout(ctx, result, row, server, read)
    else:
        plan_login(ctx, result, row, server, read)
    return result


def plan_login(ctx: Context, result: Plan, row: dict[str, t.Any], server: dict[str, t.Any], read: t.Callable[[], dict[str, t.Any]]) -> None:
    name, username, password = row["registry"], ctx.options["username"], ctx.options["password"]
    where, inside = path("servers", server["uuid"] or "", "registries"), bool(row.get("logged_in"))
    reason = _reason(ctx, row, where)

    def check() -> None:
        now = read()
        if not now.get("logged_in") or now.get("username") not in (None, username):
            raise NotStored(
                f"Coolify logged in to {name} as {username}, and does not show that login", "Look at the server's Docker configuration."
            )
        result.resource = view(now, server)

    if not reason:
        return

    def apply() -> None:
        ctx.client.post(where, {"registry": name, "username": username, "password": password})

    def undo() -> Undone:
        if inside:
            return Undone(True, (f"the login to {name} as {row.get('username')}",))
        ctx.client.delete(path("servers", server["uuid"], "registries", name))
        return Undone(True)

    words = f'log in to {name} as {username} on server "{server["name"]}"'
    result.steps.append(Step(f"{words} ({reason})", apply, estimate=3.0, revert=undo, manual=f"docker logout {name} on the server"))
    before = {"username": row.get("username"), "password": HIDDEN} if inside else {}
    result.merge_diff({"before": {"logged_in": inside, **before}, "after": {"logged_in": True, "username": username, "password": DIFFERS}})
    result.resource = {**result.resource, "logged_in": True, "source": row.get("source") or "auths", "username": username}
    if inside:
        result.risk("low", f"the saved login of {row.get('username')} is replaced and could not be restored")
    result.result = check


def _reason(ctx: Context, row: t.Mapping[str, t.Any], where: str) -> str:
    """Why to log in; empty where the login that is there is the wanted one and works."""
    if not row.get("logged_in"):
        return "not logged in"
    # A credential helper does not say whose login it is
    if row.get("username") not in (None, ctx.options["username"]):
        return f"logged in as {row['username']}"
    if ctx.options["update_secrets"] == "always":
        return "asked for each time"
    try:
        # It changes nothing: docker login with what is saved
        ctx.client.post(f"{where}/{path(row['registry'])[1:]}/check")
    except ApiError as error:
        if error.code != 400:
            raise
        return "the saved login does not work any more"
    return ""


def plan_logout(
    ctx: Context, result: Plan, row: dict[str, t.Any], server: dict[str, t.Any], read: t.Callable[[], dict[str, t.Any]]
) -> None:
    if not row.get("logged_in"):
        return
    name, used = row["registry"], view(row, server)["used_by"]

    def check() -> None:
        now = read()
        if now.get("logged_in"):
            raise NotStored(
                f'server "{server["name"]}" is still logged in to {name} after logging out ({now.get("source")})',
                "A credential helper on the server keeps it; remove it there.",
            )
        result.resource = view(now, server)

    if used:
        told = ", ".join(f'{user["type"]} "{user["name"]}"' for user in used)
        result.risk("high", f"{told}: pulls from {name}; if its image is not public, the next deployment fails")
    result.risk("medium", f"the saved login of {row.get('username') or 'unknown'} could not be restored")
    result.merge_diff({"before": {"logged_in": True, "username": row.get("username")}, "after": {"logged_in": False}})
    result.resource = {**result.resource, "logged_in": False, "source": None, "username": None}
    result.steps.append(
        Step(
            f'log out from {name} on server "{server["name"]}"',
            lambda: ctx.client.delete(path("servers", server["uuid"], "registries", name)),
            destructive=bool(used),
        )
    )
    result.result = check


MODULE = Module(
    "coolify_registry",
    {
        "server": {"type": "str", "required": True},
        "registry": {"type": "str", "required": True},
        "username": {"type": "str"},
        "password": {"type": "str", "no_log": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "update_secrets": {"type": "str", "choices": ["always", "on_create"], "default": "on_create", "no_log": False},
        "confirm_destructive": {"type": "bool", "default": False},
    },
    plan=plan,
    returns="registry",
)
