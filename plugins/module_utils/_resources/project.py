# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Projects and their environments (resources.md 7)."""

from __future__ import annotations

import typing as t

from .._client import path
from .._context import Context, Module
from .._errors import InputError, InUse
from .._fields import NAME, NEVER, Field, body, creation, declared, differences, option_spec, shown, visible, without_tags
from .._plan import Plan, Step, Undone
from .placement import environment_name, matches, only
from .resource import ONE_NAME, Live, creation_step, locate, set_step, verify_stored


def _length(value: str) -> str | None:
    return None if 3 <= len(value) <= 255 else "a name has 3 to 255 characters"


FIELDS: tuple[Field, ...] = (
    Field("name", NAME, clear=NEVER, check=_length),
    Field("description", NAME, check=lambda value: "longer than 255 characters" if len(value) > 255 else None),
)


def view(live: Live) -> dict[str, t.Any]:
    environments = [{"uuid": item["uuid"], "name": item["name"]} for item in live.answer["environments"]]
    return {"uuid": live.uuid, **visible(FIELDS, live.answer), "environments": environments}


def plan(ctx: Context) -> Plan:
    """The module's function: what takes the project to the declared state."""
    options = ctx.options
    live = Live(ctx, "project", without_tags(options.get("name") or options["uuid"]), options.get("uuid"))
    result = Plan(seen=lambda: view(live) if live.read() else None)
    wanted = declared(FIELDS, {"name": options.get("name"), "description": options.get("description")})
    names = environment_names(options.get("environments"))
    if options["purge"] and options.get("environments") is None:
        raise InputError("purge removes the environments that are not listed; list those that stay in environments")
    if not locate(live, lambda: ctx.client.items("/projects")):
        return result
    if options["state"] == "absent":
        return plan_removal(live, result) if live.answer else result
    if live.answer is None:
        plan_creation(live, result, wanted)
    else:
        plan_update(live, result, wanted)
    plan_environments(live, result, names)

    def refresh() -> None:
        if result.steps:
            live.read()
            verify_stored(live, FIELDS, wanted, "Look at the project in Coolify.")
        result.resource, result.resource_id = view(live), live.uuid

    result.result = refresh
    return result


def environment_names(names: list[str] | None) -> list[str] | None:
    """As Coolify stores them, each once."""
    if names is None:
        return None
    stored = list(dict.fromkeys(environment_name(name) for name in names))
    short = [name for name in stored if len(name) < 3]
    if short:
        raise InputError(f"environments: {', '.join(short)}: a name has at least 3 characters")
    return stored


def plan_creation(live: Live, result: Plan, wanted: dict[str, t.Any]) -> None:
    ctx = live.ctx
    changes = creation(FIELDS, wanted)

    def look() -> dict[str, t.Any] | None:
        found = matches(ctx.client.items("/projects"), live.name)
        return only(found, live.name, "project") if found else None

    result.steps.append(creation_step(live, result, f"create {live.words}", "/projects", body(changes), look))
    after = shown(changes)["after"]
    result.merge_diff({"before": {}, "after": after})
    result.resource = {"uuid": None, "description": None, **after, "environments": [{"uuid": None, "name": "production"}]}


def plan_update(live: Live, result: Plan, wanted: dict[str, t.Any]) -> None:
    result.resource_id, result.resource, result.before = live.uuid, view(live), visible(FIELDS, live.answer)
    changes = differences(FIELDS, wanted, live.answer)
    if not changes:
        return
    result.merge_diff(shown(changes))
    result.resource = {**result.resource, **shown(changes)["after"]}
    result.steps.append(set_step(live, FIELDS, changes))


def plan_environments(live: Live, result: Plan, wanted: list[str] | None) -> None:
    """Create those that are missing; with purge, remove those that are not listed. Coolify makes production itself with each project."""
    if wanted is None:
        return
    ctx = live.ctx
    existing = {item["name"]: item for item in live.answer["environments"]} if live.answer else {"production": None}
    missing = [name for name in wanted if name not in existing]
    surplus = [name for name in existing if name not in wanted] if ctx.flag("purge") else []
    if surplus and live.answer:
        refuse_in_use(live, [existing[name]["id"] for name in surplus], f"environments {', '.join(surplus)} of {live.words}")
    for name in missing:
        result.steps.append(_create_environment(live, name))
    for name in surplus:
        result.steps.append(
            Step(
                f'delete the empty environment "{name}" of {live.words}',
                lambda name=name: ctx.client.delete(path("projects", live.uuid, "environments", name)),
                revert=lambda name=name: _create_environment(live, name).apply() or Undone(True),
                manual=f'create the environment "{name}"',
                destructive=live.answer is not None,
            )
        )
    if missing or surplus:
        kept = [name for name in existing if name not in surplus]
        result.merge_diff(
            {"before": {"environments": sorted(existing)} if live.answer else {}, "after": {"environments": sorted(kept + missing)}}
        )
        listed = [{"uuid": (existing[name] or {}).get("uuid"), "name": name} for name in kept] + [
            {"uuid": None, "name": name} for name in missing
        ]
        result.resource = {**result.resource, "environments": listed}


def _create_environment(live: Live, name: str) -> Step:
    client = live.ctx.client

    def look() -> dict[str, t.Any] | None:
        return next((item for item in live.read()["environments"] if item["name"] == name), None)

    def apply() -> None:
        client.create(path("projects", live.uuid, "environments"), {"name": name}, look, f'environment "{name}"')

    def undo() -> Undone:
        client.delete(path("projects", live.uuid, "environments", name))
        return Undone(True)

    return Step(
        f'create the environment "{name}" of {live.words}', apply, estimate=0.5, revert=undo, manual=f'delete the environment "{name}"'
    )


def refuse_in_use(live: Live, environment_ids: t.Collection[int], words: str) -> None:
    """Raise InUse with the list of what is still there; in check mode warn, because an earlier task of the same run may be going to delete it.
    An environment's own view leaves three database types out, the list of resources does not."""
    held = [item for item in live.ctx.client.items("/resources") if item.get("environment_id") in environment_ids]
    if held:
        environments = {item["id"]: item["name"] for item in live.answer["environments"]}
        told = ", ".join(f'{item["type"]} "{item["name"]}" ({item["uuid"]}) in {environments[item["environment_id"]]}' for item in held)
        error = InUse(
            f"{words} cannot be deleted, it still has {len(held)} resource{'s' * (len(held) > 1)}: {told}",
            resources=[
                {"uuid": item["uuid"], "name": item["name"], "type": item["type"], "environment": environments[item["environment_id"]]}
                for item in held
            ],
        )
        if not live.ctx.check_mode:
            raise error
        live.ctx.warn(f"{error}; the real run fails unless an earlier task deletes them")


def plan_removal(live: Live, result: Plan) -> Plan:
    refuse_in_use(live, [item["id"] for item in live.answer["environments"]], live.words)
    result.resource_id, result.before = live.uuid, visible(FIELDS, live.answer)
    result.merge_diff({"before": view(live), "after": {}})
    result.risk("medium", f"{live.words} goes with its {len(live.answer['environments'])} empty environments; it cannot be undone")

    def apply() -> None:
        live.ctx.client.delete(live.path)
        live.ctx.say(f"deleted {live.words} ({live.uuid})")

    result.steps.append(Step(f"delete {live.words} ({live.uuid})", apply, destructive=True))
    return result


MODULE = Module(
    "coolify_project",
    {
        "name": {"type": "str"},
        "uuid": {"type": "str"},
        **{name: spec for name, spec in option_spec(FIELDS).items() if name != "name"},
        "environments": {"type": "list", "elements": "str"},
        "purge": {"type": "bool", "default": False},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "confirm_destructive": {"type": "bool", "default": False},
    },
    plan=plan,
    returns="project",
    constraints=ONE_NAME,
)
