# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything of a team at once: servers, and what is on them with its project, as facts without any secret."""

from __future__ import annotations

import typing as t
from urllib.parse import urlsplit

from .._client import Client, path
from .._fields import split
from .info import allowed

KINDS = {"application": "applications", "database": "databases", "service": "services"}
SETTINGS = ("is_build_server", "is_swarm_manager", "is_swarm_worker", "is_cloudflare_tunnel", "server_timezone")
OF_THE_PANEL = ("host.docker.internal", "localhost", "127.0.0.1", "::1")
"""Addresses that mean the machine of the panel, as the panel sees it."""


def address_of(server: t.Mapping[str, t.Any], url: str) -> str:
    """Where a server is, seen from outside. The machine that Coolify itself runs on is known to it under a name of its own only, and then it is
    taken to be where the panel is."""
    if server.get("is_coolify_host") and server.get("ip") in OF_THE_PANEL:
        return urlsplit(url).hostname or str(server["ip"])
    return str(server.get("ip"))


def kind_of(item: t.Mapping[str, t.Any]) -> str:
    """application, database or service, for an item of /resources."""
    return "database" if str(item.get("type")).startswith("standalone-") else str(item.get("type"))


def servers(client: Client) -> list[dict[str, t.Any]]:
    """The team's servers, each with its proxy, which the list does not show."""
    items = client.items("/servers")
    full = client.gather(*[lambda uuid=item["uuid"]: client.get(path("servers", uuid)) for item in items])
    return [_server(item, whole, client.http.url) for item, whole in zip(items, full)]


def _server(item: dict[str, t.Any], whole: dict[str, t.Any], url: str) -> dict[str, t.Any]:
    settings = whole.get("settings") or item.get("settings") or {}
    # PHP's empty object is a list
    proxy = whole.get("proxy") if isinstance(whole.get("proxy"), dict) else {}
    return {
        **allowed("servers", item),
        **{name: settings.get(name) for name in SETTINGS},
        "address": address_of(item, url),
        "proxy_type": str(proxy.get("type") or "none").lower(),
        "proxy_status": proxy.get("status"),
    }


def resources(client: Client, known: t.Sequence[dict[str, t.Any]], kinds: t.Container[str]) -> list[dict[str, t.Any]]:
    """What is on these servers, of the kinds asked for, with project, environment and server by name and uuid."""
    everything = [item for item in client.items("/resources") if KINDS.get(kind_of(item)) in kinds]
    if not everything:
        return []
    where = _environments(client)
    lists = client.gather(*[lambda uuid=server["uuid"]: client.items(path("servers", uuid, "resources")) for server in known])
    homes = {item.get("uuid"): server for server, items in zip(known, lists) for item in items}
    return [_resource(item, where.get(item.get("environment_id"), {}), homes.get(item.get("uuid"), {})) for item in everything]


def _environments(client: Client) -> dict[t.Any, dict[str, t.Any]]:
    projects = client.gather(*[lambda uuid=item["uuid"]: client.get(path("projects", uuid)) for item in client.items("/projects")])
    return {
        environment["id"]: {
            "project": project["name"],
            "project_uuid": project["uuid"],
            "environment": environment["name"],
            "environment_uuid": environment["uuid"],
        }
        for project in projects
        for environment in project["environments"]
    }


def _resource(item: dict[str, t.Any], where: dict[str, t.Any], server: dict[str, t.Any]) -> dict[str, t.Any]:
    kind = kind_of(item)
    state, _colon, health = str(item.get("status") or "").partition(":")
    shown = {
        **allowed(KINDS[kind], item),
        **where,
        "kind": kind,
        "state": state or None,
        "health": health or None,
        "server": server.get("name"),
        "server_uuid": server.get("uuid"),
    }
    shown.pop("environment_id", None)
    if kind == "application":
        shown["domains"] = list(split(item.get("fqdn") or ""))
    elif kind == "database":
        shown["type"] = str(item.get("type")).replace("standalone-", "")
    return shown
