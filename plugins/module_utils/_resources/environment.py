# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""coolify_env: the variables of one application, one database, one service, or one shared scope."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .._client import path
from .._context import Context, Module
from .._errors import InputError, NotFound, NotFoundByName
from .._plan import Plan
from . import placement
from . import variables as env
from .compose_file import File, readable, refuse_overwritten
from .database import UNREADABLE
from .owner import look_in
from .resource import DEFAULT_UPDATE_SECRETS, find_place

MAKES: dict[str, t.Callable[[str, str], env.Target]] = {
    "application": env.Target.application,
    "database": env.Target.database,
    "service": env.Target.service,
}
"""The resources that have variables."""


def find_target(ctx: Context) -> tuple[env.Target, str | None]:
    """Whose variables, and its uuid; None for what does not exist yet (check mode only) and for the team, which has none."""
    for kind in MAKES:
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
    make = MAKES[kind]
    if not ctx.options.get("project"):
        return make(wanted, wanted), wanted
    place = find_place(ctx)
    found = look_in(ctx, kind, wanted, place) if place else None
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
    kind = next((name for name in MAKES if options.get(name)), None)
    shape = MAKES[kind]("", "") if kind else env.Target.of_scope("shared scope", "")
    declared = env.declare(options, shape, absent=absent)
    try:
        target, uuid = find_target(ctx)
        rows = _read(ctx, target) if uuid or options.get("scope") == "team" else []
        file = _file(ctx, uuid) if uuid and kind == "service" else None
    except NotFoundByName:
        if not absent or options.get("scope") == "server":
            raise
        return Plan(resource={})
    if file:
        target = replace(target, kept=file.keys)
        refuse_overwritten(file, [] if absent else [variable.key for variable in declared])
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
            **({"value": env.told(row["key"], row["value"])} if row["key"] in plain and "value" in row else {}),
        }
        for row in rows
    }
    if changes:
        restart = kind in ("database", "service")
        result.details["restart_required" if restart else "redeploy_required"] = True
        result.risk("low", f"changed variables reach what uses them at its next {'restart' if restart else 'deployment'}")
    return result


def _file(ctx: Context, uuid: str) -> File | None:
    """The compose file of a service, where something depends on it; None where it does not."""
    answer = ctx.client.get(path("services", uuid), has="uuid")
    file = readable(answer.get("docker_compose_raw"))
    if file is None and ctx.flag("purge"):
        raise InputError("purge: the token may not read the service's compose file, which says what has to stay", UNREADABLE)
    return file


def _read(ctx: Context, target: env.Target) -> list[dict[str, t.Any]]:
    try:
        return env.read(ctx.client, target)
    except NotFound as error:
        raise NotFoundByName(
            f"{error} ({target.words})",
            "Without project, application, database and service take a uuid; give project (and environment) to find them by name.",
        ) from error


MODULE = Module(
    "coolify_env",
    {
        "application": {"type": "str"},
        "database": {"type": "str"},
        "service": {"type": "str"},
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
    constraints={"required_one_of": [(*MAKES, "scope")], "mutually_exclusive": [(*MAKES, "scope")]},
)
