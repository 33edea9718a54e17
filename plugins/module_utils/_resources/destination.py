# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Destinations: the Docker networks of a server that resources can be put into (resources.md 6)."""

from __future__ import annotations

import re
import typing as t

from .._client import path
from .._context import Context, Module
from .._errors import Ambiguous, ApiError, InputError, InUse, NotFound, NotFoundByName
from .._fields import NAME, NEVER, Field, body, creation, declared, differences, option_spec, shown, visible, without_tags
from .._plan import Plan, Step
from .placement import find_server
from .private_key import words_of
from .resource import (
    Live,
    creation_step,
    expected,
    read_by_uuid,
    refuse_create_only,
    require_versions,
    set_step,
    unknown_yet,
    verify_stored,
)

SINCE = "4.2.0"


def _network(value: str) -> str | None:
    fits = re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,254}", value)
    return None if fits else "letters, digits, dots, hyphens and underscores only, a letter or digit in front"


FIELDS: tuple[Field, ...] = (
    # Only a change of the name is that new; network and type are for creation
    Field("name", NAME, clear=NEVER, since="4.3.0", check=lambda value: "longer than 255 characters" if len(value) > 255 else None),
    Field("network", clear=NEVER, on=("create",), check=_network),
    Field("type", clear=NEVER, on=("create",), spec={"choices": ["standalone", "swarm"]}),
)
RENAMED = FIELDS[:1]


def view(live: Live, server: t.Mapping[str, t.Any] | None) -> dict[str, t.Any]:
    answer = live.answer or {}
    where = {"uuid": answer.get("server_uuid"), "name": (server or {}).get("name")}
    return {"uuid": live.uuid, **visible(FIELDS, answer), "server": where}


def plan(ctx: Context) -> Plan:
    """The module's function: what takes the destination to the declared state."""
    options = ctx.options
    ctx.client.require(SINCE, "coolify_destination")
    label = options.get("name") or options.get("network") or options["uuid"]
    live = Live(ctx, "destination", without_tags(label), options.get("uuid"))
    result = Plan(seen=lambda: view(live, server) if live.read() else None)
    wanted = declared(FIELDS, options)
    server = _server(ctx)
    others: list[dict[str, t.Any]] = []
    if live.uuid:
        if not read_by_uuid(live):
            return result
    elif server:
        others = ctx.client.items(path("servers", server["uuid"], "destinations"))
        found = _found(others, wanted, server)
        if found:
            live.uuid, live.answer, live.name = found["uuid"], found, found["name"]
    if options["state"] == "absent":
        return plan_removal(live, result, server) if live.answer else result
    if live.answer is None and "network" not in wanted:
        return unknown_yet(live, result, list(wanted), "network")
    if live.answer is None:
        plan_creation(live, result, wanted, server, others)
    else:
        plan_update(live, result, wanted, server)

    def refresh() -> None:
        if result.steps:
            live.read()
            verify_stored(live, FIELDS, wanted, "Look at the destination in Coolify.")
        result.resource, result.resource_id = view(live, server), live.uuid

    result.result = refresh
    return result


def _server(ctx: Context) -> dict[str, t.Any] | None:
    """The server of the options. Without one nothing can be there that state=absent would have to remove."""
    options = ctx.options
    if not options.get("server"):
        if not options.get("uuid"):
            raise InputError("finding a destination by its network or name needs server")
        return None
    if options["state"] != "absent":
        return expected(ctx, lambda: find_server(ctx.client, options["server"]))
    try:
        return find_server(ctx.client, options["server"])
    except NotFoundByName:
        return None


def _found(items: list[dict[str, t.Any]], wanted: t.Mapping[str, t.Any], server: t.Mapping[str, t.Any]) -> dict[str, t.Any] | None:
    """By the network, which is there once on a server, else by the name."""
    key = "network" if "network" in wanted else "name"
    found = [item for item in items if item.get(key) == wanted[key]]
    if len(found) > 1:
        told = ", ".join(f"{item['uuid']} ({item['network']})" for item in found)
        raise Ambiguous(
            f'{len(found)} destinations of server "{server["name"]}" are named "{wanted[key]}": {told}', "Give the network or the uuid."
        )
    return found[0] if found else None


def plan_creation(
    live: Live, result: Plan, wanted: dict[str, t.Any], server: dict[str, t.Any] | None, others: list[dict[str, t.Any]]
) -> None:
    ctx = live.ctx
    # In check mode an earlier task may be going to create the server
    where = path("servers", server["uuid"] if server else "", "destinations")
    changes = creation(FIELDS, wanted)

    def look() -> dict[str, t.Any] | None:
        return _found(ctx.client.items(where), wanted, server or {})

    words = f'on server "{(server or {}).get("name") or ctx.options["server"]}"'
    action = f'create {live.words} {words} with the network "{wanted["network"]}"'
    result.steps.append(creation_step(live, result, action, where, body(changes), look))
    after = {"server": ctx.options["server"], **shown(changes)["after"]}
    result.merge_diff({"before": {}, "after": after})
    result.resource = {
        "uuid": None,
        "type": "standalone",
        **after,
        "server": {"uuid": (server or {}).get("uuid"), "name": (server or {}).get("name")},
    }
    if len(others) == 1:
        result.risk(
            "low",
            f"the server then has several destinations, and whatever is created {words} has to say which one (option destination)",
        )


def plan_update(live: Live, result: Plan, wanted: dict[str, t.Any], server: dict[str, t.Any] | None) -> None:
    result.resource_id, result.resource, result.before = live.uuid, view(live, server), visible(FIELDS, live.answer)
    differing = [(change.field.name, change.before, change.after) for change in differences(FIELDS[1:], wanted, live.answer)]
    if server and live.answer.get("server_uuid") not in (None, server["uuid"]):
        differing.append(("server", live.answer["server_uuid"], server["uuid"]))
    refuse_create_only(live.words, differing)
    changes = differences(RENAMED, wanted, live.answer)
    if changes:
        require_versions(live.ctx, changes)
        result.merge_diff(shown(changes))
        result.resource = {**result.resource, **shown(changes)["after"]}
        result.steps.append(set_step(live, RENAMED, changes))


def users(live: Live) -> list[dict[str, t.Any]]:
    """What is in the destination. Coolify tells it of a resource only when asked for that one."""
    client, collections = live.ctx.client, {"application": "applications", "service": "services"}
    items = client.items(path("servers", live.answer["server_uuid"], "resources"))

    def full(item: dict[str, t.Any]) -> dict[str, t.Any]:
        try:
            return client.get(path(collections.get(item["type"], "databases"), item["uuid"]))
        except NotFound:  # deleted meanwhile
            return {}

    answers = client.gather(*[lambda item=item: full(item) for item in items])
    return [
        {name: item.get(name) for name in ("uuid", "name", "type")}
        for item, answer in zip(items, answers)
        if (answer.get("destination") or {}).get("uuid") == live.uuid
    ]


def plan_removal(live: Live, result: Plan, server: dict[str, t.Any] | None) -> Plan:
    client = live.ctx.client
    held = users(live)
    if held:
        raise InUse(f"{live.words} cannot be deleted, it is used by {words_of(held)}", resources=held)

    def apply() -> None:
        try:
            client.delete(live.path)
        except ApiError as error:
            if error.code != 409:
                raise
            raise InUse(f"{live.words} cannot be deleted: {error.answer}") from error
        live.ctx.say(f"deleted {live.words} ({live.uuid})")

    result.resource_id, result.before = live.uuid, visible(FIELDS, live.answer)
    result.merge_diff({"before": view(live, server), "after": {}})
    result.risk(
        "medium", f'{live.words} goes with its Docker network "{live.answer["network"]}"; containers that Coolify does not know lose it too'
    )
    result.steps.append(Step(f"delete {live.words} ({live.uuid})", apply, destructive=True))
    return result


MODULE = Module(
    "coolify_destination",
    {
        "server": {"type": "str"},
        "uuid": {"type": "str"},
        **option_spec(FIELDS),
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "confirm_destructive": {"type": "bool", "default": False},
    },
    plan=plan,
    returns="destination",
    constraints={"required_one_of": [("network", "name", "uuid")]},
)
