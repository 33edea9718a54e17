# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where things are: projects, environments, servers and destinations, by name or uuid.

Coolify's lists cannot be filtered, so a name is looked up in the smallest list that contains it: a resource in its environment, never in the
team's list of everything.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from .._client import Client, path, version_tuple
from .._errors import Ambiguous, InputError, NotFound, NotFoundByName

UUID = re.compile(r"[a-z0-9]{20,36}")
DEFAULT_ENVIRONMENT = "production"
# GET /projects/{uuid}/environments and …/envs are other routes, so environments of these names are only found by uuid
ROUTES_NOT_NAMES = ("environments", "envs")


def matches(items: t.Iterable[dict[str, t.Any]], wanted: str) -> list[dict[str, t.Any]]:
    """Those whose uuid is ``wanted``, else those whose name is."""
    items = list(items)
    return [item for item in items if item.get("uuid") == wanted] or [item for item in items if item.get("name") == wanted]


def names(items: t.Iterable[dict[str, t.Any]]) -> str:
    return ", ".join(sorted({str(item.get("name")) for item in items})) or "none"


def only(items: t.Iterable[dict[str, t.Any]], wanted: str, what: str, where: str = "") -> dict[str, t.Any]:
    """The one item of that name or uuid. Raises NotFoundByName with the names that exist, or Ambiguous with the uuids."""
    items = list(items)
    found = matches(items, wanted)
    if not found:
        raise NotFoundByName(f'there is no {what} "{wanted}"{where}; existing: {names(items)}')
    if len(found) > 1:
        raise Ambiguous(f'{len(found)} {what}s are named "{wanted}"{where}: {", ".join(str(item["uuid"]) for item in found)}')
    return found[0]


def environment_name(name: str) -> str:
    """As Coolify stores it: lower case, trimmed, ``/`` becomes ``-``."""
    return name.strip().lower().replace("/", "-")


@dataclass(frozen=True)
class Place:
    """A project (``{"uuid", "name"}``) and one of its environments as GET /projects/{uuid}/{environment} shows it."""

    project: dict[str, t.Any]
    environment: dict[str, t.Any]

    @property
    def words(self) -> str:
        return f" in {self.project['name']}/{self.environment['name']}"


def find_project(client: Client, wanted: str) -> dict[str, t.Any]:
    return only(client.items("/projects"), wanted, "project")


def find_environment(client: Client, project: dict[str, t.Any], wanted: str) -> dict[str, t.Any]:
    """The environment with what is in it (keydb, dragonfly and clickhouse databases are missing there)."""
    name = environment_name(wanted)
    if name not in ROUTES_NOT_NAMES:
        try:
            return _environment(client, project, name)
        except NotFound:
            pass
    environments = client.get(path("projects", project["uuid"]))["environments"]
    found = only(environments, name, "environment", f' in project "{project["name"]}"')
    return _environment(client, project, found["uuid"])


def _environment(client: Client, project: dict[str, t.Any], handle: str) -> dict[str, t.Any]:
    return client.get(path("projects", project["uuid"], handle), has="applications")


def find_place(client: Client, project: str, environment: str | None) -> Place:
    found = find_project(client, project)
    return Place(found, find_environment(client, found, environment or DEFAULT_ENVIRONMENT))


def find_server(client: Client, wanted: str) -> dict[str, t.Any]:
    return only(client.items("/servers"), wanted, "server")


def find_destination(client: Client, server: dict[str, t.Any], wanted: str) -> dict[str, t.Any]:
    """A destination of the server. Coolify ignores a wrong one when the server has only one, so it is looked up first."""
    if version_tuple(client.version) < (4, 2, 0):
        # There is no list of destinations to look it up in
        if UUID.fullmatch(wanted):
            return {"uuid": wanted}
        client.require("4.2.0", f'the option destination with a name ("{wanted}" is no uuid)')
    destinations = client.items(path("servers", server["uuid"], "destinations"))
    return only(destinations, wanted, "destination", f' on server "{server["name"]}"')


def need(options: t.Mapping[str, t.Any], names: t.Iterable[str], purpose: str) -> None:
    """Raise InputError for the options that are missing for a purpose."""
    missing = [name for name in names if not options.get(name)]
    if missing:
        raise InputError(f"{purpose} needs {', '.join(missing)}")
