# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""coolify_env: the variables of one application, one database, or one shared scope."""

from __future__ import annotations

import typing as t

from .._context import Context, Module
from .._errors import InputError, NotFound, NotFoundByName
from .._plan import Plan
from . import database, placement
from . import variables as env
from .resource import DEFAULT_UPDATE_SECRETS, find_place


def find_target(ctx: Context) -> tuple[env.Target, str | None]:
    """Whose variables, and its uuid; None for what does not exist yet (check mode only) and for the team, which has none."""
    for kind in ("application", "database"):
        if ctx.options.get(kind):
            return _resource(ctx, kind, ctx.options[kind])
    scope = ctx.options["scope"]
    if scope == "team":
        return env.Target.of_scope("team", "team"), None
    if scope == "server":
        placement.need(ctx.options, ["server"], "scope=server")
        server = placement.find_server(ctx.client, ctx.options["server"])
        return env.Target.of_scope(f'server "{server["name"]}"', "servers", server["uuid"]), server["uuid"]
    placement.need(ctx.options, ["project"] if scope == "project" else ["project", "environment"], f"scope={scope}")
    try:
        project = placement.find_project(ctx.client, ctx.options["project"])
        if scope == "project":
            return env.Target.of_scope(f'project "{project["name"]}"', "projects", project["uuid"]), project["uuid"]
        environment = placement.find_environment(ctx.client, project, ctx.options["environment"])
    except NotFoundByName as error:
        if not ctx.check_mode or ctx.options["state"] == "absent":
            raise
        return _future(ctx, error, env.Target.of_scope(f"{scope} that does not exist yet", scope)), None
    return env.Target.of_scope(
        f'environment "{project["name"]}/{environment["name"]}"', "projects", project["uuid"], "environments", environment["uuid"]
    ), environment["uuid"]


def _resource(ctx: Context, kind: str, wanted: str) -> tuple[env.Target, str | None]:
    make = env.Target.application if kind == "application" else env.Target.database
    if not ctx.options.get("project"):
        return make(wanted, wanted), wanted
    place = find_place(ctx)
    found = None
    if place and kind == "application":
        candidates = placement.matches(place.environment["applications"], wanted)
        found = placement.only(candidates, wanted, kind, place.words) if candidates else None
    elif place:
        found = database.find(ctx.client, place, wanted, database.KINDS)
    if found:
        return make(found["uuid"], found["name"]), found["uuid"]
    error = NotFoundByName(f'there is no {kind} "{wanted}"{place.words if place else ""}')
    if ctx.options["state"] == "absent" or (place and not ctx.check_mode):
        raise error
    return _future(ctx, error, make("", wanted)), None


def _future(ctx: Context, error: Exception, target: env.Target) -> env.Target:
    """In a preview an earlier task of the same run may be going to create it."""
    ctx.warn(f"{error}. The preview goes on as if an earlier task created it")
    return target


def plan(ctx: Context) -> Plan:
    """The module's function."""
    options, absent = ctx.options, ctx.options["state"] == "absent"
    if absent and ctx.flag("purge"):
        raise InputError("purge goes with state=present: it removes what is not declared; state=absent removes what is declared")
    env.need_declaration(options)
    kinds = [name for name in ("application", "database") if options.get(name)]
    shape = (
        {"application": env.Target.application, "database": env.Target.database}[kinds[0]]("", "")
        if kinds
        else env.Target.of_scope("shared scope", "")
    )
    declared = env.declare(options, shape, absent=absent)
    try:
        target, uuid = find_target(ctx)
        rows = _read(ctx, target) if uuid or options.get("scope") == "team" else []
    except NotFoundByName:
        if not absent or options.get("scope") == "server":
            raise
        return Plan(resource={})
    result = Plan(resource_id=uuid)
    for key in env.weak_secrets(declared):
        ctx.warn(f"secrets.{key} is shorter than {env.SHORT_SECRET} characters: Ansible blanks that text everywhere in this result")
    changes = env.add_to(
        result,
        ctx.client,
        lambda: target,
        rows,
        declared,
        purge=ctx.flag("purge"),
        update_secrets=options["update_secrets"],
        absent=absent,
        preview=ctx.flag("is_preview"),
    )
    result.resource = env.shown(env.Rows(rows), changes, [] if absent else declared, target)
    plain = {variable.key for variable in declared if not variable.secret}
    result.before = {
        f"{row['key']}{' (preview)' if row.get('is_preview') else ''}": {
            **{name: row.get(name) for name in target.flags},
            **({"value": row.get("value")} if row["key"] in plain and not env.looks_secret(row["key"]) else {}),
        }
        for row in rows
    }
    if changes:
        key = "restart_required" if options.get("database") else "redeploy_required"
        result.details[key] = True
        result.risk("low", f"changed variables reach what uses them at its next {'restart' if options.get('database') else 'deployment'}")
    return result


def _read(ctx: Context, target: env.Target) -> list[dict[str, t.Any]]:
    try:
        return env.read(ctx.client, target)
    except NotFound as error:
        raise NotFoundByName(
            f"{error} ({target.words})",
            "Without project, application and database take a uuid; give project (and environment) to find them by name.",
        ) from error


MODULE = Module(
    "coolify_env",
    {
        "application": {"type": "str"},
        "database": {"type": "str"},
        "scope": {"type": "str", "choices": list(env.SCOPES)},
        "project": {"type": "str"},
        "environment": {"type": "str"},
        "server": {"type": "str"},
        "variables": {"type": "dict"},
        "secrets": {"type": "dict", "no_log": True},
        **{name: {"type": "bool"} for name in (*env.FLAGS, "is_preview")},
        "comment": {"type": "str"},
        "purge": {"type": "bool", "default": False},
        "update_secrets": DEFAULT_UPDATE_SECRETS,
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    },
    plan=plan,
    returns="variables",
    constraints={"required_one_of": [("application", "database", "scope")], "mutually_exclusive": [("application", "database", "scope")]},
)
