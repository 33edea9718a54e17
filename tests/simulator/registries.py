# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Registries that a server is logged in to, of Coolify 4.4 and later.

From reading Coolify's controller and service class, not from a transcript: there is no recording of it.
"""

from __future__ import annotations

import re
import typing as t

from . import services
from .core import Row, invalid, refuse
from .databases import KINDS
from .http import Call, route

PATTERN = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?")
HUB = ("index.docker.io", "registry-1.docker.io", "registry.hub.docker.com", "docker.io")
ENTER = "Enter a registry host, for example ghcr.io or registry.example.com:5000."
UNREACHABLE = "The server is not reachable. Validate the server first."
SINCE = "4.4.0"


def _host(text: str) -> str:
    host = re.sub(r"^[a-z][a-z0-9+.-]*://", "", text.strip().lower()).split("/")[0]
    return "docker.io" if host in HUB else host


def _of_image(image: str) -> str:
    first, slash, _rest = image.partition("/")
    return _host(first) if slash and (any(mark in first for mark in ".:") or first == "localhost") else "docker.io"


def _usable(server: Row) -> bool:
    return server["settings"]["is_reachable"] and server["settings"]["is_usable"]


def _users(call: Call, server: Row) -> dict[str, list[Row]]:
    """Who pulls from which registry."""
    places = {row["id"] for row in call.coolify.rows("destinations", server_id=server["id"])}
    used: dict[str, list[Row]] = {}
    for table, column, kind in (
        ("applications", "docker_registry_image_name", "Application"),
        *((name, "image", "Database") for name in KINDS),
    ):
        for row in call.coolify.rows(table):
            if row["destination_id"] in places and row.get(column):
                used.setdefault(_of_image(row[column]), []).append({"type": kind, "name": row["name"], "link": None})
    for service in call.coolify.rows(services.KIND):
        if service["destination_id"] in places:
            images = [row["image"] for sub in services.SUBS for row in services.inside(call.coolify, service, sub) if row.get("image")]
            for name in dict.fromkeys(map(_of_image, images)):
                used.setdefault(name, []).append({"type": "Service", "name": service["name"], "link": None})
    return used


@route("GET", "/servers/<uuid>/registries", "read:sensitive", since=SINCE)
def list_registries(call: Call) -> t.Any:
    server = call.mine("servers", "Server")
    usable, used = _usable(server), _users(call, server)
    logins = {row["registry"]: row for row in call.coolify.rows("registry_logins", server_id=server["id"])} if usable else {}
    rows = [
        {
            "registry": name,
            "logged_in": name in logins,
            "source": logins[name]["source"] if name in logins else None,
            "username": logins[name]["username"] if name in logins else None,
            "used_by": used.get(name, []),
        }
        for name in sorted({*logins, *used})
    ]
    return {
        "registries": rows,
        "error": None if usable else "The server is not reachable. Validate the server to read its registry logins.",
    }


@route("POST", "/servers/<uuid>/registries", since=SINCE, json=True)
def login(call: Call) -> t.Any:
    data = call.input
    given = {**data, **({"registry": _host(data["registry"])} if isinstance(data.get("registry"), str) else {})}
    errors: dict[str, list[str]] = {}
    for name, most in (("registry", 255), ("username", 255), ("password", 20000)):
        value = given.get(name)
        if value is None:
            errors[name] = [f"The {name} field is required."]
        elif not isinstance(value, str):
            errors[name] = [f"The {name} field must be a string."]
        elif len(value) > most:
            errors[name] = [f"The {name} field must not be greater than {most} characters."]
    if "registry" not in errors and not PATTERN.fullmatch(given["registry"]):
        errors["registry"] = [ENTER]
    if "username" not in errors and re.search(r"\s", given["username"]):
        errors["username"] = ["The username must not contain spaces."]
    errors.update({name: ["This field is not allowed."] for name in data if name not in ("registry", "username", "password")})
    if errors:
        invalid(errors)
    server = call.mine("servers", "Server")
    if not _usable(server):
        refuse(400, UNREACHABLE)
    _let_in(call, given, "Login failed")
    row = call.coolify.one("registry_logins", server_id=server["id"], registry=given["registry"])
    if row:
        call.coolify.update(row, username=given["username"], password=given["password"])
    else:
        call.coolify.insert("registry_logins", server_id=server["id"], source="auths", **given)
    return {"message": f"Logged in to {given['registry']}."}


def _let_in(call: Call, row: Row, what: str) -> None:
    accounts = call.coolify.switches.accounts
    if accounts is not None and accounts.get(row["registry"], {}).get(row["username"]) != row["password"]:
        refuse(400, f'{what}: Error response from daemon: Get "https://{row["registry"]}/v2/": denied: denied')


def _one(call: Call) -> tuple[Row, str, Row | None]:
    name = _host(call.params["registry"])
    if not PATTERN.fullmatch(name):
        invalid({"registry": [ENTER]})
    server = call.mine("servers", "Server")
    if not _usable(server):
        refuse(400, UNREACHABLE)
    return server, name, call.coolify.one("registry_logins", server_id=server["id"], registry=name)


# It changes nothing, though it needs the ability to write
@route("POST", "/servers/<uuid>/registries/<registry>/check", since=SINCE, write=False)
def check(call: Call) -> t.Any:
    _server, name, row = _one(call)
    if row is None:
        refuse(400, "Login check failed: Error: Cannot perform an interactive login from a non TTY device")
    _let_in(call, row, "Login check failed")
    return {"message": f"The login for {name} works."}


@route("DELETE", "/servers/<uuid>/registries/<registry>", since=SINCE)
def logout(call: Call) -> t.Any:
    _server, name, row = _one(call)
    # docker logout of what it is not logged in to succeeds, and does not reach into a credential helper
    if row and row["source"] == "auths":
        call.coolify.remove("registry_logins", row)
    return {"message": f"Logged out from {name}."}
