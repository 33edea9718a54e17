# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""coolify_stack: databases and applications of one environment in one transaction.

Each part is planned by its own module's code, on one snapshot of what is there. What is put together here is the order: the gates of all, the
rollback points of all, the databases, the configuration of the applications, and then one deployment after the other.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, replace

from .._context import Context, Module
from .._contract import point
from .._errors import CoolifyError, InputError
from .._plan import Gate, Plan, Step
from . import application, database, deploy
from .resource import DEFAULT_UPDATE_SECRETS, DELETE_SPEC, PLACEMENT_SPEC, WAIT_SPEC, Live
from .variables import Later

PLACE = {name: PLACEMENT_SPEC[name] for name in ("server", "destination")}
NAME = {"name": {"type": "str", "required": True}}
REFERENCE = re.compile(r"\{(\w*)\}")
DATABASES, APPLICATIONS = 1, 2
"""Lanes of the steps that change configuration: databases come first, because applications are told their addresses."""


@dataclass
class Part:
    """One database or application, and what is going to happen to it."""

    live: Live
    plan: Plan

    @property
    def group(self) -> str:
        return f"{self.live.kind}s"


# --- what is declared -----------------------------------------------------------------------------------------------------------


def check(databases: t.Sequence[dict[str, t.Any]], applications: t.Sequence[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """The applications in an order in which each comes after what it depends on, otherwise as declared. Raises InputError."""
    names = [entry["name"] for entry in (*databases, *applications)]
    if "" in names:
        raise InputError("name: it is empty; a template that yields nothing must not mean something else")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"{', '.join(twice)}: each name can be there once, so that depends_on says what it means")
    done = [entry["name"] for entry in databases]
    left, ordered = list(applications), []
    for entry in applications:
        unknown = [name for name in entry.get("depends_on") or () if name not in names]
        if unknown:
            raise InputError(f"{entry['name']}: depends_on names {', '.join(unknown)}, which is neither in databases nor in applications")
    while left:
        ready = next((entry for entry in left if set(entry.get("depends_on") or ()) <= set(done)), None)
        if ready is None:
            raise InputError(f"depends_on goes round in a circle: {', '.join(entry['name'] for entry in left)}")
        left.remove(ready)
        ordered.append(ready)
        done.append(ready["name"])
    return ordered


def options_of(ctx: Context, module: Module, entry: t.Mapping[str, t.Any], **further: t.Any) -> dict[str, t.Any]:
    """The options of a part as its own module would have them: what the entry says, else what the stack says, else the default."""
    defaults = {name: spec.get("default") for name, spec in module.spec.items()}
    shared = {name: value for name, value in ctx.options.items() if name not in ("variables", "secrets") and value is not None}
    own = {name: value for name, value in entry.items() if value is not None}
    return {**defaults, **shared, **own, **further}


def plan_part(ctx: Context, entry: t.Mapping[str, t.Any], code: t.Any, **further: t.Any) -> Part:
    options = options_of(ctx, code.MODULE, entry, **further)
    live = code.meant(replace(ctx, options=options))
    try:
        return Part(live, code.plan_for(live))
    except CoolifyError as error:
        error.resource = error.resource or (live.kind, live.uuid, live.name)
        if live.words not in str(error):
            error.args = (f"{live.words}: {error}",)
        raise


def environment_of(ctx: Context, entry: t.Mapping[str, t.Any], databases: t.Mapping[str, Part]) -> dict[str, t.Any]:
    """``variables`` and ``secrets`` of an application: those of the stack, over them its own; what refers to a database becomes a secret."""
    doors: dict[str, dict[str, t.Any]] = {}
    own = {door: entry.get(door) or {} for door in ("variables", "secrets")}
    for door, other in (("variables", "secrets"), ("secrets", "variables")):
        shared = {key: value for key, value in (ctx.options.get(door) or {}).items() if key not in own[other]}
        doors[door] = {**shared, **own[door]}
    given = any(source.get(door) is not None for source in (ctx.options, entry) for door in doors)
    for door in tuple(doors):
        for key, value in list(doors[door].items()):
            if isinstance(value, dict) and "database" in value:
                del doors[door][key]
                doors["secrets"][key] = refer(ctx, f"{entry['name']}: {door}.{key}", value, databases)
    return dict(doors) if given else {}


def refer(ctx: Context, where: str, value: t.Mapping[str, t.Any], databases: t.Mapping[str, Part]) -> dict[str, t.Any]:
    """A variable such as ``{database: main, value: "{url}"}`` with the value that Coolify tells, now or once the database exists."""
    name, text = value["database"], str(value.get("value") or "{url}")
    part = databases.get(name)
    if part is None:
        raise InputError(f"{where} refers to the database {name!r}; databases has {', '.join(databases) or 'none'}")
    unknown = [found for found in REFERENCE.findall(text) if found not in database.PARTS]
    if unknown:
        raise InputError(f"{where}: {{{unknown[0]}}} is nothing that is known of a database; known: {', '.join(database.PARTS)}")
    live, kind = part.live, part.live.ctx.options.get("type")

    def get() -> str:
        known = database.parts(live, kind or database.kind_of(live.answer or {}))
        ctx.secrets.update({known["url"], known["password"]} - {""})
        result = REFERENCE.sub(lambda match: known[match[1]], text)
        ctx.secrets.add(result)
        return result

    rest = {attribute: item for attribute, item in value.items() if attribute not in ("database", "value")}
    return {**rest, "value": get() if live.answer else Later(get)}


# --- one plan of all ------------------------------------------------------------------------------------------------------------


def plan(ctx: Context) -> Plan:
    """The module's function."""
    options, client = ctx.options, ctx.client
    databases, applications = options.get("databases") or [], options.get("applications") or []
    ordered = check(databases, applications)
    deployed = options["state"] == "deployed"
    with client.snapshot():
        parts: list[Part] = client.gather(
            *[lambda entry=entry: plan_part(ctx, entry, database, state="started" if deployed else "present") for entry in databases]
        )
        by_name = {entry["name"]: part for entry, part in zip(databases, parts)}
        parts += client.gather(
            *[lambda entry=entry: plan_part(ctx, entry, application, **environment_of(ctx, entry, by_name)) for entry in ordered]
        )
    return together(ctx, parts)


def together(ctx: Context, parts: t.Sequence[Part]) -> Plan:
    result = Plan(seen=lambda: shown(parts, fresh=True))
    for part in parts:
        gather_from(part, result)
    if result.gates:
        # The plans of databases have no gates of their own
        result.gates += [_confirmed(ctx, part) for part in parts if part.plan.destructive and not part.plan.gates]
        result.steps.append(deploy.gate_step(result, ctx, f"{len(parts)} resources"))
    result.steps += [_own(part, step) for part in parts for step in part.plan.steps if step.phase == "before"]
    for lane, group in ((DATABASES, "databases"), (APPLICATIONS, "applications")):
        result.steps += [
            replace(_own(part, step), lane=(lane, part.live.name))
            for part in parts
            if part.group == group
            for step in part.plan.steps
            if not step.phase
        ]
    result.steps += [_own(part, step) for part in parts for step in part.plan.steps if step.phase == "after"]

    def finish() -> None:
        ctx.client.gather(*[part.plan.result for part in parts])
        result.resource = shown(parts)
        tell(parts, result)

    result.result = finish
    result.resource = shown(parts)
    tell(parts, result)
    return result


def _own(part: Part, step: Step) -> Step:
    """A part's step in the plan of all: it says whose it is, its failure too, and it never stands alone."""

    def apply() -> None:
        try:
            step.apply()
        except CoolifyError as error:
            error.resource = error.resource or (part.live.kind, part.live.uuid, part.live.name)
            raise

    action = step.action if part.live.words in step.action else f"{step.action} of {part.live.words}"
    return replace(step, action=action, apply=apply, keeps=False)


def _confirmed(ctx: Context, part: Part) -> Gate:
    told = "; ".join(step.action for step in part.plan.destructive)
    if ctx.flag("confirm_destructive"):
        return Gate("plan_safe", "passed", f"confirmed: {told}", resource=part.live.words)
    return Gate("plan_safe", "failed", f"{told}: this is destructive and confirm_destructive is not set", resource=part.live.words)


def gather_from(part: Part, result: Plan) -> None:
    """Add what a part's plan says beside its steps."""
    one, words = part.plan, part.live.words
    result.gates += [replace(gate, resource=words) for gate in one.gates]
    for risk in one.risks:
        result.risk(risk.level, risk.description if words in risk.description else f"{words}: {risk.description}")
    for side, fields in one.diff.items():
        if any(one.diff.values()):
            result.diff[side].setdefault(part.group, {})[part.live.name] = fields
    if one.before:
        result.before.setdefault(part.group, {})[part.live.name] = one.before
        back = {"resource_id": one.resource_id, **point(one)}
        result.point.setdefault(part.group, {})[part.live.name] = back
        # It is told with each part, in the shape that state=rolled_back takes
        result.point["configuration"] = None
    result.downtime = result.downtime or one.downtime
    result.downtime_reasons += [f"{words}: {reason}" for reason in one.downtime_reasons]
    place = part.live.place
    result.resource_id = result.resource_id or (place.environment["uuid"] if place else None)


def tell(parts: t.Sequence[Part], result: Plan) -> None:
    """Details per part; what a task has to be told about as a whole is told at the top as well."""
    for part in parts:
        measured = {name: value for name, value in part.plan.metrics.items() if value is not None}
        details = {**part.plan.details, **({"metrics": measured} if measured else {})}
        if details:
            result.details.setdefault(part.group, {})[part.live.name] = details
    pending = [part.plan.details["pending"] for part in parts if part.plan.details.get("pending")]
    if pending:
        result.details["pending"] = "; ".join(pending)
    for flag in ("redeploy_required", "restart_required"):
        if any(part.plan.details.get(flag) for part in parts):
            result.details[flag] = True


def shown(parts: t.Sequence[Part], fresh: bool = False) -> dict[str, t.Any]:
    """The databases and applications as their own modules return them."""
    result: dict[str, t.Any] = {"databases": [], "applications": []}
    for part in parts:
        resource = part.plan.resource
        if fresh:
            try:
                resource = part.plan.seen()
            except CoolifyError:
                resource = None
        result[part.group].append({"name": part.live.name, **(resource or {}), **({} if fresh else part.plan.extra)})
    return result


MODULE = Module(
    "coolify_stack",
    {
        **{name: PLACEMENT_SPEC[name] for name in ("project", "environment", "server", "destination")},
        "state": {"type": "str", "choices": ["present", "deployed"], "default": "present"},
        "databases": {"type": "list", "elements": "dict", "options": {**NAME, **PLACE, **database.OWN_SPEC}},
        "applications": {
            "type": "list",
            "elements": "dict",
            "options": {
                **NAME,
                "depends_on": {"type": "list", "elements": "str"},
                **PLACE,
                **application.OWN_SPEC,
                **deploy.EXPECTATIONS_SPEC,
            },
        },
        "variables": {"type": "dict"},
        "secrets": {"type": "dict", "no_log": True},
        "force_domain_override": {"type": "bool", "default": False},
        "update_secrets": DEFAULT_UPDATE_SECRETS,
        "confirm_destructive": DELETE_SPEC["confirm_destructive"],
        **WAIT_SPEC,
        **deploy.SHARED_SPEC,
    },
    plan=plan,
    returns="stack",
    constraints={"required_one_of": [("databases", "applications")]},
)
