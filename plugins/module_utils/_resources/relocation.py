# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""coolify_resource: to another environment, a copy, and away with a preview (applications.md 8.4)."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .._client import version_tuple
from .._context import Context, Module
from .._errors import Ambiguous, InputError, NotFound, NotFoundByName, Unreachable, Unreadable
from .._fields import without_tags
from .._plan import NOTHING, Plan, Step, Undone
from . import placement
from .owner import OWNERS, find_owner, listed, look_in, owner_constraints, owner_spec
from .placement import Place, need
from .resource import DELETE_FLAGS, Live, creation_step, expected, placed

MOVE_SINCE, CLONE_SINCE, LIST_SINCE = "4.2.0", "4.3.0", "4.4.0"


def plan(ctx: Context) -> Plan:
    """The module's function."""
    state = ctx.options["state"]
    astray = [
        name
        for name, states in (
            ("to_environment", ("moved", "cloned")),
            ("to_project", ("moved", "cloned")),
            ("name", ("cloned",)),
            ("server", ("cloned",)),
            ("destination", ("cloned",)),
            ("pull_request_id", ("preview_absent",)),
        )
        if ctx.options.get(name) is not None and state not in states
    ]
    if astray or (ctx.flag("clone_volumes") and state != "cloned"):
        raise InputError(f"{', '.join(astray) or 'clone_volumes'} does not go with state={state}")
    return {"moved": plan_move, "cloned": plan_clone, "preview_absent": plan_preview}[state](ctx)


def view(live: Live) -> dict[str, t.Any]:
    answer = live.answer or {}
    where = {name: part for name, part in placed(answer, live.place).items() if part["uuid"] or part["name"]}
    return {"uuid": live.uuid, "name": live.name, "kind": live.kind, "status": answer.get("status"), **where}


def target_place(ctx: Context, here: t.Mapping[str, t.Any]) -> Place | None:
    """The environment to go to; None where there is none yet (check mode only)."""
    options = ctx.options
    project = options.get("to_project") or here["project"]["uuid"] or options.get("project")
    if not project:
        raise InputError(f"to_environment needs to_project: Coolify {ctx.client.version} does not tell in which project it is")
    return expected(ctx, lambda: placement.find_place(ctx.client, project, options.get("to_environment")))


def move_step(live: Live, source_uuid: str | None, target: Place | None) -> Step:
    words = target.words[4:] if target else live.ctx.options.get("to_environment")
    moved = target.environment["uuid"] if target else ""

    def there(environment: str) -> bool:
        return (live.read().get("environment") or {}).get("uuid") == environment

    def go(environment: str) -> None:
        try:
            live.ctx.client.post(f"{live.path}/move", {"environment_uuid": environment})
        except (Unreachable, Unreadable) as error:
            # A move is never half done
            if not error.sent or not there(environment):
                raise

    def undo() -> Undone:
        if not there(moved):
            return Undone(False)
        if source_uuid:
            go(source_uuid)
        return Undone(True, () if source_uuid else ("the environment",))

    return Step(f"move {live.words} to {words}", lambda: go(moved), estimate=0.5, revert=undo, manual=f"move {live.words} back")


def plan_move(ctx: Context) -> Plan:
    options = ctx.options
    if not options.get("to_environment") and not options.get("to_project"):
        raise InputError("state=moved needs to_environment or to_project")
    ctx.client.require(MOVE_SINCE, "state=moved")
    result = Plan()
    live = find_moving(ctx)
    if live.uuid is None:
        result.steps.append(move_step(live, None, None))
        result.merge_diff({"before": {}, "after": {"environment": options.get("to_environment"), "project": options.get("to_project")}})
        return result
    live.answer = listed(live, read=lambda where: ctx.client.get(where, has="uuid"))
    live.name = live.answer["name"]
    here = placed(live.answer, live.place)
    target = target_place(ctx, here)
    result.resource_id, result.resource, result.before = (
        live.uuid,
        view(live),
        {"environment": here["environment"], "project": here["project"]},
    )
    result.seen = lambda: view(live) if live.read() else None
    if target and here["environment"]["uuid"] == target.environment["uuid"]:
        return result
    if target and look_in(ctx, live.kind, live.name, target):
        raise Ambiguous(
            f'there is a {live.kind} "{live.name}"{target.words} already: after the move two would have that name',
            "Rename one of them first.",
        )
    result.steps.append(move_step(live, here["environment"]["uuid"], target))
    after = (
        {"project": target.project["name"], "environment": target.environment["name"]}
        if target
        else {"environment": options["to_environment"]}
    )
    result.merge_diff({"before": {name: here[name]["name"] for name in after}, "after": after})
    result.risk(
        "low",
        f"{live.words} keeps running; with its next deployment it gets the shared variables of its new environment instead of the old one's",
    )

    def refresh() -> None:
        live.read()
        live.place = target
        result.resource = view(live)

    result.result = refresh
    return result


def find_moving(ctx: Context) -> Live:
    """Where it is to be moved from; or where it is to be, when it is there already."""
    try:
        live = find_owner(replace(ctx, warnings=[]))
        live.ctx = ctx
    except NotFoundByName:
        live = Live(ctx, next(kind for kind in OWNERS if ctx.options.get(kind)), "")
    if live.uuid is not None:
        return live
    options = ctx.options
    there = {**options, "project": options.get("to_project") or options.get("project"), "environment": options.get("to_environment")}
    try:
        return _in(ctx, there)
    except NotFoundByName:
        # Not there either: what is said is where it was expected
        return find_owner(ctx)


def _in(ctx: Context, options: dict[str, t.Any]) -> Live:
    live = find_owner(replace(ctx, options=options, check_mode=False))
    live.ctx = ctx
    return live


# --- copies -----------------------------------------------------------------------------------------------------------------------------


def plan_clone(ctx: Context) -> Plan:
    """Coolify clones into the same environment; to another one it is moved then."""
    options = ctx.options
    need(options, ["name"], "state=cloned")
    ctx.client.require(CLONE_SINCE, "state=cloned")
    result, source = Plan(), find_owner(ctx)
    clone = Live(ctx, source.kind, without_tags(options["name"]))
    going = bool(options.get("to_environment") or options.get("to_project"))
    if source.uuid:
        source.answer = listed(source, read=lambda where: ctx.client.get(where, has="uuid"))
        source.name = source.answer["name"]
    here = placed(source.answer or {}, source.place)
    if source.place is None and here["environment"]["uuid"]:
        source.place = placement.find_place(ctx.client, here["project"]["uuid"], here["environment"]["uuid"])
    target = target_place(ctx, here) if going else source.place
    left = None
    if target:
        found = look_in(ctx, source.kind, clone.name, target)
        if found:
            clone.uuid = found["uuid"]
            clone.read()
            clone.place, result.resource_id, result.resource = target, clone.uuid, view(clone)
            result.seen = lambda: view(clone) if clone.read() else None
            return result
    if going and source.place:
        # A run that was interrupted between cloning and moving
        left = look_in(ctx, source.kind, clone.name, source.place)
    result.resource = {"uuid": None, "name": clone.name, "kind": clone.kind, "status": None}
    if left:
        clone.uuid = result.resource_id = left["uuid"]
    else:
        _plan_copy(source, clone, result)
    if going:
        result.steps.append(move_step(clone, here["environment"]["uuid"], target))
    result.merge_diff({"before": {}, "after": {"name": clone.name, "cloned_from": source.name, "clone_volumes": ctx.flag("clone_volumes")}})

    def refresh() -> None:
        clone.read()
        clone.place, result.resource_id = target, clone.uuid
        result.resource = view(clone)

    result.result = refresh
    return result


def _plan_copy(source: Live, clone: Live, result: Plan) -> None:
    ctx = source.ctx
    request = {"destination_uuid": destination(ctx, source), "name": clone.name, "clone_volumes": ctx.flag("clone_volumes")}

    def look() -> dict[str, t.Any] | None:
        place = source.place and placement.find_place(ctx.client, source.place.project["uuid"], source.place.environment["uuid"])
        return look_in(ctx, source.kind, clone.name, place) if place else None

    result.steps.append(
        creation_step(
            clone,
            result,
            f"clone {source.words} as {clone.words}",
            f"{source.path}/clone",
            request,
            look,
            **dict.fromkeys(DELETE_FLAGS, False),
        )
    )
    if ctx.flag("clone_volumes"):
        result.downtime = True
        result.downtime_reasons = [f"{source.words} is stopped while its volumes are copied"]
        result.risk(
            "medium", f"Coolify copies the volumes in the background and starts {source.words} again afterwards; its API does not tell when"
        )
    else:
        result.risk("low", f"{clone.words} begins with empty volumes")
    if source.kind == "application":
        result.risk(
            "medium",
            f"{clone.words} gets a generated domain; or the very domains of {source.words}, where the server has no proxy or the labels are "
            "handwritten: set its domains with coolify_app",
        )


def destination(ctx: Context, source: Live) -> str | None:
    """Where the clone is going to run: as told, or beside its source."""
    options = ctx.options
    if options.get("server") or options.get("destination"):
        own = ((source.answer or {}).get("destination") or {}).get("server") or {}
        server = placement.find_server(ctx.client, options.get("server") or own.get("uuid") or "")
        if options.get("destination"):
            return placement.find_destination(ctx.client, server, options["destination"])["uuid"]
        all_of_it = ctx.client.items(f"/servers/{server['uuid']}/destinations")
        if len(all_of_it) != 1:
            names = ", ".join(sorted(item["name"] for item in all_of_it)) or "none"
            raise InputError(f'server "{server["name"]}" has several destinations, and destination has to name one; existing: {names}')
        return all_of_it[0]["uuid"]
    held = (source.answer or {}).get("destination") or {}
    if source.uuid and not held.get("uuid"):
        raise InputError(f"Coolify does not tell where {source.words} runs; give server, and destination where it has several")
    return held.get("uuid")


# --- previews ---------------------------------------------------------------------------------------------------------------------------


def read_previews(live: Live) -> list[dict[str, t.Any]] | None:
    """None where the server cannot list them."""
    if version_tuple(live.ctx.client.version) < version_tuple(LIST_SINCE):
        return None
    return listed(live, "previews", read=live.ctx.client.items)


PREVIEW_KEYS = ("uuid", "pull_request_id", "pull_request_html_url", "status", "domains", "docker_registry_image_tag", "last_online_at")


def shown_preview(row: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {name: row.get(name) for name in PREVIEW_KEYS}


def plan_preview(ctx: Context) -> Plan:
    options = ctx.options
    need(options, ["pull_request_id"], "state=preview_absent")
    if not options.get("application"):
        raise InputError("only applications have previews")
    if options["pull_request_id"] < 1:
        raise InputError("pull_request_id: it has to be 1 or more")
    number = options["pull_request_id"]
    # A preview of what is gone is gone as well
    live, result = find_owner(replace(ctx, options={**options, "state": "absent"})), Plan()
    live.ctx = ctx
    if live.uuid is None:
        return result
    rows = read_previews(live)
    found = next((row for row in rows or () if row.get("pull_request_id") == number), None)
    result.resource_id, result.resource = live.uuid, {"uuid": live.uuid, "name": live.name, "kind": live.kind}
    if rows is not None and found is None:
        return result
    where = f"{live.path}/previews/{number}"

    def apply() -> t.Any:
        try:
            gone = ctx.client.delete(where)
        except NotFound:
            gone = None
        return NOTHING if gone is None and rows is None else None

    result.steps.append(Step(f"delete the preview of pull request {number} of {live.words}", apply, estimate=5.0, destructive=True))
    result.merge_diff({"before": {"preview": shown_preview(found) if found else {"pull_request_id": number}}, "after": {}})
    result.risk(
        "high",
        f"the containers, volumes and networks of the preview of pull request {number} are removed; its running deployments are cancelled",
    )
    if rows is None:
        result.risk("low", f"Coolify {ctx.client.version} cannot list previews (4.4.0 can): whether there is one shows when it is deleted")
    return result


MODULE = Module(
    "coolify_resource",
    {
        **owner_spec(),
        "state": {"type": "str", "choices": ["moved", "cloned", "preview_absent"], "required": True},
        "to_project": {"type": "str"},
        "to_environment": {"type": "str"},
        "name": {"type": "str"},
        "server": {"type": "str"},
        "destination": {"type": "str"},
        "clone_volumes": {"type": "bool", "default": False},
        "pull_request_id": {"type": "int"},
        "confirm_destructive": {"type": "bool", "default": False},
    },
    plan=plan,
    returns="resource",
    constraints=owner_constraints(),
)
