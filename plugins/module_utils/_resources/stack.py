# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""coolify_stack: databases, services and applications of one environment in one transaction.

Each part is planned by its own module's code, on one snapshot of what is there. What is put together here is the order: the gates of all, the
rollback points of all, the databases, the services, the configuration of the applications, and then one deployment after the other.
"""

from __future__ import annotations

import re
import threading
import typing as t
from dataclasses import dataclass, field, replace

from .._context import Context, Module
from .._contract import point
from .._errors import CoolifyError, InputError
from .._fields import without_tags
from .._gates import plan_safe
from .._plan import Plan, Step
from . import application, database, deploy, service
from .resource import DEFAULT_UPDATE_SECRETS, DELETE_SPEC, PLACEMENT_SPEC, WAIT_SPEC, Live, find_place
from .token import sees_secrets
from .variables import FLAGS, Later, Learned

PLACE = {name: PLACEMENT_SPEC[name] for name in ("server", "destination")}
NAME = {"name": {"type": "str", "required": True}}
REFERENCE = re.compile(r"(?<!\$)\{(\w*)\}")
"""``{name}``, but not the ``${NAME}`` of a shell."""
SECRET_PARTS = ("url", "password", "userinfo")
GROUPS = ("databases", "services", "applications")
DATABASES, SERVICES, APPLICATIONS = 1, 2, 3
"""Lanes of the steps that change configuration: databases come first, because applications are told their addresses."""


@dataclass
class Part:
    """One database, service or application, and what is going to happen to it."""

    live: Live
    plan: Plan
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _known: dict[str, str] = field(default_factory=dict)

    @property
    def group(self) -> str:
        return f"{self.live.kind}s"

    @property
    def settled(self) -> bool:
        """Whether a database exists and keeps its address and credentials."""
        changing = self.plan.diff["after"]
        return bool(self.live.answer) and not any(row.initial for name, row in database.SPECIFIC.items() if name in changing)

    def known(self) -> dict[str, str]:
        """What is known of a database once it is as declared; read once, whoever asks first."""
        with self._lock:
            if not self._known:
                answer = self.live.answer if self.settled and self.live.answer else self.live.read()
                self._known = database.parts(self.live, database.kind_of(answer), answer)
        return self._known


# --- what is declared -----------------------------------------------------------------------------------------------------------


def check(before: t.Sequence[dict[str, t.Any]], applications: t.Sequence[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """The applications in an order in which each comes after what it depends on, otherwise as declared. Raises InputError. ``before`` are the
    databases and services."""
    names = [without_tags(entry["name"]) for entry in (*before, *applications)]
    if "" in names:
        raise InputError("name: it is empty; a template that yields nothing must not mean something else")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"{', '.join(twice)}: each name can be there once, so that depends_on says what it means")
    done = [entry["name"] for entry in before]
    left, ordered = list(applications), []
    names = [entry["name"] for entry in (*before, *applications)]
    for entry in applications:
        both = sorted(set(entry.get("variables") or {}) & set(entry.get("secrets") or {}))
        if both:
            raise InputError(f"{entry['name']}: {', '.join(both)} is in both variables and secrets")
        unknown = [name for name in entry.get("depends_on") or () if name not in names]
        if unknown:
            raise InputError(
                f"{entry['name']}: depends_on names {', '.join(unknown)}, which is in none of databases, services and applications"
            )
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
    shared = {name: value for name, value in ctx.options.items() if name not in ("variables", "secrets", *GROUPS) and value is not None}
    own = {name: value for name, value in entry.items() if value is not None}
    return {**defaults, **shared, **own, **further}


def plan_part(ctx: Context, entry: t.Mapping[str, t.Any], code: t.Any, **further: t.Any) -> Part:
    options = options_of(ctx, code.MODULE, entry, **further)
    live = code.meant(replace(ctx, options=options))
    try:
        return Part(live, code.plan_for(live))
    except CoolifyError as error:
        # What several parts look at is read once, so they may share its error
        if error.resource is None and live.words not in str(error):
            error.args = (f"{live.words}: {error}",)
        error.resource = error.resource or (live.kind, live.uuid, live.name)
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


def own_variables(entry: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Of a service: only its own. Those of the stack are for the applications."""
    return {door: entry.get(door) for door in ("variables", "secrets")}


def refer(ctx: Context, where: str, value: t.Mapping[str, t.Any], databases: t.Mapping[str, Part]) -> dict[str, t.Any]:
    """A variable such as ``{database: main, value: "{url}"}`` with the value that Coolify tells, now or once the database is as declared."""
    name, text = value["database"], value.get("value", "{url}")
    for attribute, given in (("database", name), ("value", text)):
        if not isinstance(given, str) or not given.strip():
            raise InputError(f"{where}: {attribute} has to be a text that is not empty")
    part = databases.get(name)
    if part is None:
        raise InputError(f"{where} refers to the database {name!r}; databases has {', '.join(databases) or 'none'}")
    used = REFERENCE.findall(text)
    unknown = [found for found in used if found not in database.PARTS]
    if unknown:
        raise InputError(f"{where}: {{{unknown[0]}}} is nothing that is known of a database; known: {', '.join(database.PARTS)}")

    def get() -> str:
        known = part.known()
        result = REFERENCE.sub(lambda match: known[match[1]], text)
        if set(used) & set(SECRET_PARTS):
            ctx.secrets.update({known["url"], known["password"], result})
        return result

    rest = {attribute: item for attribute, item in value.items() if attribute not in ("database", "value")}
    return {**rest, "value": Learned(get()) if part.settled else Later(get)}


def refuse_blind(ctx: Context, entries: t.Iterable[t.Mapping[str, t.Any]], databases: t.Mapping[str, Part]) -> None:
    """A database that does not exist yet must not be found to have an unreadable address when it does."""
    doors = [source.get(door) or {} for source in (ctx.options, *entries) for door in ("variables", "secrets")]
    named = {str(value["database"]) for door in doors for value in door.values() if isinstance(value, dict) and "database" in value}
    if any(not part.live.answer for name, part in databases.items() if name in named) and sees_secrets(ctx) is False:
        raise InputError("variables refer to a database, and the token may not read the address of one", database.UNREADABLE)


# --- one plan of all ------------------------------------------------------------------------------------------------------------


def plan(ctx: Context) -> Plan:
    """The module's function."""
    options, client = ctx.options, ctx.client
    databases, services, applications = (options.get(group) or [] for group in GROUPS)
    ordered = check([*databases, *services], applications)
    deployed = options["state"] == "deployed"
    with client.snapshot():
        warm_up(ctx)
        parts: list[Part] = client.gather(
            *[lambda entry=entry: plan_part(ctx, entry, database, state="started" if deployed else "present") for entry in databases]
        )
        by_name = {entry["name"]: part for entry, part in zip(databases, parts)}
        refuse_blind(ctx, applications, by_name)
        backed_up = [name for name, part in by_name.items() if part.live.ctx.options.get("backups")]
        parts += client.gather(
            *[
                lambda entry=entry: plan_part(ctx, entry, service, **own_variables(entry), state="deployed" if deployed else "present")
                for entry in services
            ],
            *[
                lambda entry=entry: plan_part(ctx, entry, application, backed_up=backed_up, **environment_of(ctx, entry, by_name))
                for entry in ordered
            ],
        )
    uuids = [part.live.uuid for part in parts if part.live.uuid]
    same = [part.live.words for part in parts if uuids.count(part.live.uuid) > 1]
    if same:
        raise InputError(f"{' and '.join(same)} are the same")
    return together(ctx, parts)


def warm_up(ctx: Context) -> None:
    """Read what all parts look at, side by side. Creations need the servers, and only after the place is read it is known that there are any."""
    entries = [entry for group in GROUPS for entry in ctx.options.get(group) or ()]
    named = any(source.get("server") for source in (ctx.options, *entries))
    ctx.client.gather(lambda: find_place(ctx), lambda: ctx.client.foresee("/servers") if named else None)


def together(ctx: Context, parts: t.Sequence[Part]) -> Plan:
    result = Plan(seen=lambda: shown(parts, fresh=True))
    for part in parts:
        gather_from(part, result)
    gather_risks(parts, result)
    if result.gates:
        # The plans of databases and services have no gates of their own
        result.gates += [
            replace(plan_safe([step.action for step in part.plan.destructive], ctx.options), resource=part.live.words)
            for part in parts
            if part.plan.destructive and not part.plan.gates
        ]
        result.steps.append(deploy.gate_step(result, ctx, f"{len(parts)} resources"))
    result.steps += [_own(part, step) for part in parts for step in part.plan.steps if step.phase == "before"]
    lanes = lanes_of(parts)
    for number, group in ((DATABASES, "databases"), (SERVICES, "services"), (APPLICATIONS, "applications")):
        result.steps += [
            replace(_own(part, step), lane=(number, lane))
            for lane, members in lanes[group].items()
            for part in members
            for step in part.plan.steps
            if not step.phase and not _for_good(step)
        ]
    result.steps += [_own(part, step) for part in parts for step in part.plan.steps if step.phase == "after"]
    # Where nothing can fail any more
    result.steps += [_own(part, step) for part in parts for step in part.plan.steps if not step.phase and _for_good(step)]

    def finish() -> None:
        ctx.client.gather(*[part.plan.result for part in parts])
        result.resource = shown(parts)
        tell(parts, result)

    result.result = finish
    result.resource = shown(parts)
    tell(parts, result)
    return result


def _for_good(step: Step) -> bool:
    """Whether it destroys something that no undo brings back."""
    return step.destructive and step.revert is None


def lanes_of(parts: t.Sequence[Part]) -> dict[str, dict[str, list[Part]]]:
    """The parts whose configuration has to be changed one after the other, by a name for each lane: applications that give and take a
    domain, who gives it first, because Coolify refuses a domain that is taken."""
    lanes: dict[str, dict[str, list[Part]]] = {"databases": {}, "services": {}, "applications": {}}
    for part in parts:
        gives, takes = _domains(part)
        lane = next(
            (
                name
                for name, members in lanes[part.group].items()
                if any(gives & _domains(other)[1] or takes & _domains(other)[0] for other in members)
            ),
            part.live.name,
        )
        members = lanes[part.group].setdefault(lane, [])
        before = next((place for place, other in enumerate(members) if gives & _domains(other)[1]), len(members))
        members.insert(before, part)
    return lanes


def _domains(part: Part) -> tuple[set[str], set[str]]:
    """(those that it loses, those that it gets)."""
    before, after = (set(part.plan.diff[side].get("domains") or ()) for side in ("before", "after"))
    return before - after, after - before


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


def gather_from(part: Part, result: Plan) -> None:
    """Add what a part's plan says beside its steps."""
    one, words = part.plan, part.live.words
    result.gates += [replace(gate, resource=words) for gate in one.gates]
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


def gather_risks(parts: t.Sequence[Part], result: Plan) -> None:
    """What several parts say in the same words is told once."""
    told: dict[tuple[str, str], list[str]] = {}
    for part in parts:
        for risk in part.plan.risks:
            told.setdefault((risk.level, risk.description), []).append(part.live.words)
    for (level, description), whose in told.items():
        result.risk(level, description if whose[0] in description else f"{', '.join(dict.fromkeys(whose))}: {description}")


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
    """The databases, services and applications as their own modules return them."""
    result: dict[str, t.Any] = {"databases": [], "services": [], "applications": []}
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
        "services": {"type": "list", "elements": "dict", "options": {**NAME, **PLACE, **service.OWN_SPEC}},
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
        **{name: {"type": "bool"} for name in FLAGS},
        "force_domain_override": {"type": "bool", "default": False},
        "update_secrets": DEFAULT_UPDATE_SECRETS,
        "confirm_destructive": DELETE_SPEC["confirm_destructive"],
        **WAIT_SPEC,
        **deploy.SHARED_SPEC,
    },
    plan=plan,
    returns="stack",
    constraints={"required_one_of": [("databases", "services", "applications")]},
)
