# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""coolify_info: what is there, by allow-lists of keys, so that no secret can come along."""

from __future__ import annotations

import re
import typing as t
from datetime import datetime, timedelta, timezone

from .._client import path
from .._context import Context, Module
from .._errors import InputError, NotFound, Unreadable, Unsupported
from .._fields import moment, split, without_password
from . import destination, registry
from .placement import environment_name, find_project, only
from .token import may, sees_secrets

COMMON = ("uuid", "name", "description", "status", "environment_id")
SHOWN: dict[str, tuple[str, ...]] = {
    "teams": ("id", "name", "description", "personal_team"),
    "servers": ("uuid", "name", "description", "ip", "port", "user", "is_coolify_host", "is_reachable", "is_usable"),
    "applications": (
        *COMMON,
        "build_pack",
        "git_repository",
        "git_branch",
        "git_commit_sha",
        "docker_registry_image_name",
        "docker_registry_image_tag",
        "ports_exposes",
    ),
    "databases": (*COMMON, "type", "image", "is_public", "public_port"),
    "services": (*COMMON, "service_type"),
    "deployments": (
        "deployment_uuid",
        "application_name",
        "server_name",
        "status",
        "commit",
        "commit_message",
        "pull_request_id",
        "created_at",
        "finished_at",
    ),
    "tags": ("uuid", "name"),
    "s3_storages": ("uuid", "name", "description", "endpoint", "bucket", "region", "is_usable"),
    # Not content, and not command: both may hold secrets that no name tells
    "storages": ("uuid", "name", "mount_path", "host_path", "fs_path", "is_directory", "is_host_file", "is_preview_suffix_enabled"),
    "scheduled_tasks": ("uuid", "name", "frequency", "container", "timeout", "enabled"),
    "previews": ("uuid", "pull_request_id", "pull_request_html_url", "status", "domains", "docker_registry_image_tag", "last_online_at"),
    "private_keys": ("uuid", "name", "description", "fingerprint", "is_git_related", "public_key"),
    "destinations": ("uuid", "name", "network", "type"),
    # Not metadata and changes: Coolify hides secrets in them by the names of their keys only
    "audit_events": (
        "id",
        "event",
        "source",
        "action",
        "level",
        "actor_type",
        "actor_id",
        "actor_name",
        "actor_email",
        "actor_token_name",
        "resource_type",
        "resource_uuid",
        "resource_name",
        "description",
        "ip_address",
        "created_at",
    ),
}
RESOURCES = ("applications", "databases", "services")
OF_RESOURCES = ("storages", "scheduled_tasks", "previews")
"""What is read resource by resource."""
SINCE = {"tags": "4.2.0", "s3_storages": "4.3.0", "previews": "4.4.0"}
HISTORY = 10
"""Deployments of an application when neither since nor limit is given."""
LIMIT = 100
RECENT = "24h"
DEPLOYMENTS_PAGE = 20
"""Small, because the log of each comes along with a token that may read it."""
EVENTS_PAGE = 100
"""The most that Coolify gives."""
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def allowed(name: str, item: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {key: without_password(value) if isinstance(value, str) else value for key, value in item.items() if key in SHOWN[name]}


def gather(ctx: Context) -> dict[str, t.Any]:
    """The module's function: everything asked for, under its own name."""
    options = ctx.options
    if options.get("environment") and not options.get("project"):
        raise InputError("environment needs project")
    when(options, "since")
    if options.get("limit") is not None and options["limit"] < 1:
        raise InputError("limit: it has to be 1 or more")
    wanted = list(dict.fromkeys(options["gather"]))
    environments = _environments(ctx)
    resources = ctx.client.items("/resources") if {*RESOURCES, *OF_RESOURCES} & set(wanted) else []
    return {name: READERS[name](ctx, environments, resources) for name in wanted}


def _environments(ctx: Context) -> dict[int, dict[str, t.Any]] | None:
    """The environments that the filters leave, by number; None without a filter."""
    options = ctx.options
    if not options.get("project"):
        return None
    project = find_project(ctx.client, options["project"])
    items = ctx.client.get(path("projects", project["uuid"]))["environments"]
    if options.get("environment"):
        items = [only(items, environment_name(options["environment"]), "environment", f' in project "{project["name"]}"')]
    return {item["id"]: {"project": _name(project), "environment": _name(item)} for item in items}


def _name(item: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {"uuid": item["uuid"], "name": item["name"]}


def _named(ctx: Context, items: t.Iterable[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    name = ctx.options.get("name")
    return [item for item in items if name in (None, item.get("name"), item.get("uuid"))]


def _resources(kind: str, belongs: t.Callable[[str], bool]) -> t.Callable[..., list[dict[str, t.Any]]]:
    def read(ctx: Context, environments: dict[int, dict[str, t.Any]] | None, resources: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
        found = []
        for item in _named(ctx, resources):
            where = (environments or {}).get(item.get("environment_id"))
            if not belongs(str(item.get("type"))) or (environments is not None and where is None):
                continue
            # Of the answer's own type, which says what is missing
            shown = type(item)({**allowed(kind, item), **(where or {})})
            if kind == "applications":
                shown["domains"] = list(split(item.get("fqdn") or ""))
            elif kind == "databases":
                shown["type"] = shown["type"].replace("standalone-", "")
            found.append(shown)
        return found

    return read


def _token(ctx: Context, *_unused: t.Any) -> dict[str, t.Any]:
    """What the token may do. Each probe is refused by Coolify before it does anything, with or without the ability."""
    abilities = {
        "read": may(lambda: ctx.client.items("/teams")),
        "read:sensitive": sees_secrets(ctx),
        # An empty body is refused after the ability is checked (resources.md 0.2)
        "write": may(lambda: ctx.client.post("/projects", {})),
        "deploy": may(lambda: ctx.client.post("/deploy")),
    }
    return {"abilities": abilities}


def _projects(ctx: Context, *_unused: t.Any) -> list[dict[str, t.Any]]:
    found = [item for item in ctx.client.items("/projects") if ctx.options.get("project") in (None, item["name"], item["uuid"])]
    full = ctx.client.gather(*[lambda uuid=item["uuid"]: ctx.client.get(path("projects", uuid)) for item in _named(ctx, found)])
    return [
        {
            **_name(item),
            "description": item.get("description"),
            "environments": [{**_name(part), "id": part["id"]} for part in item["environments"]],
        }
        for item in full
    ]


def _servers(ctx: Context, *_unused: t.Any) -> list[dict[str, t.Any]]:
    items = _named(ctx, ctx.client.items("/servers"))
    return [{**allowed("servers", item), "is_build_server": (item.get("settings") or {}).get("is_build_server")} for item in items]


def _destinations(ctx: Context, *_unused: t.Any) -> list[dict[str, t.Any]]:
    ctx.client.require(destination.SINCE, "gathering destinations")
    items, servers = ctx.client.gather(lambda: ctx.client.items("/destinations"), lambda: ctx.client.items("/servers"))
    places = {item["uuid"]: _name(item) for item in servers}
    return [{**allowed("destinations", item), "server": places.get(item.get("server_uuid"))} for item in _named(ctx, items)]


def _registries(ctx: Context, *_unused: t.Any) -> list[dict[str, t.Any]]:
    """Of each server that can be asked; name is a server's here, because a registry is there once for each."""
    servers = _named(ctx, ctx.client.items("/servers"))
    usable = [item for item in servers if item.get("is_reachable") and item.get("is_usable")]
    for item in servers:
        if item not in usable:
            ctx.warn(f'server "{item["name"]}" is not usable, so its registries are not known')
    found = ctx.client.gather(*[lambda item=item: registry.logins(ctx, item) for item in usable])
    return [registry.view(row, item) for item, rows in zip(usable, found) for row in rows]


def when(options: t.Mapping[str, t.Any], name: str, default: str | None = None) -> datetime | None:
    """The moment that an option means: how long ago, or an ISO time, in UTC unless it says otherwise. Raises InputError."""
    given = str(options.get(name) or default or "").strip()
    if not given:
        return None
    ago = re.fullmatch(r"(\d{1,6})\s*([smhdw])", given)
    try:
        if ago:
            return datetime.now(timezone.utc).replace(microsecond=0) - timedelta(**{UNITS[ago[2]]: int(ago[1])})
        time = datetime.fromisoformat(given.replace("Z", "+00:00"))
    except (ValueError, OverflowError):
        raise InputError(
            f"{name}: {given} is neither how long ago, such as 30m, 24h or 7d, nor a time such as 2026-11-24T10:00:00Z"
        ) from None
    return time if time.tzinfo else time.replace(tzinfo=timezone.utc)


def _back_to(rows: t.Iterable[dict[str, t.Any]], since: datetime | None) -> t.Iterator[dict[str, t.Any]]:
    """Rows that come newest first, until one is older than that."""
    for row in rows:
        created = moment(row.get("created_at"))
        if since and created and created < since:
            return
        yield row


def _newest(rows: t.Iterable[dict[str, t.Any]], key: str, limit: int) -> list[dict[str, t.Any]]:
    """At most so many, and no more is read. What happens meanwhile moves rows to the next page: none is told twice."""
    found: dict[t.Any, dict[str, t.Any]] = {}
    for row in rows:
        found.setdefault(row.get(key), row)
        if len(found) >= limit:
            break
    return list(found.values())


def _rows(answer: t.Mapping[str, t.Any], key: str, where: str) -> list[dict[str, t.Any]]:
    rows = answer[key]
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Unreadable(f"GET {where} answered JSON that is none of Coolify's: a list was expected in {key}")
    return rows


def _events(ctx: Context, size: int) -> t.Iterator[dict[str, t.Any]]:
    """The team's audit log, newest first, read as far as it is asked for."""
    page = 1
    while True:
        try:
            answer = ctx.client.get("/audit-events", has="data", per_page=size, page=page)
        except NotFound as error:
            if error.route:
                raise Unsupported(f"audit_events needs Coolify 4.4.0 or later, this server runs {ctx.client.version}") from error
            raise
        rows = _rows(answer, "data", "/audit-events")
        yield from rows
        if len(rows) < size:
            return
        page += 1


def _audit_events(ctx: Context, *_unused: t.Any) -> list[dict[str, t.Any]]:
    name, limit = ctx.options.get("name"), ctx.options.get("limit") or LIMIT
    size = EVENTS_PAGE if name else min(limit, EVENTS_PAGE)
    events = _back_to(_events(ctx, size), when(ctx.options, "since", RECENT))
    wanted = (row for row in events if name in (None, row.get("resource_name"), row.get("resource_uuid")))
    return [allowed("audit_events", row) for row in _newest(wanted, "id", limit)]


def _history(ctx: Context, application: str, size: int) -> t.Iterator[dict[str, t.Any]]:
    """An application's deployments, newest first, read as far as they are asked for."""
    where, skip = path("deployments", "applications", application), 0
    while True:
        rows = _rows(ctx.client.get(where, has="deployments", skip=skip, take=size), "deployments", where)
        yield from rows
        skip += len(rows)
        if len(rows) < size:
            return


def _deployments(
    ctx: Context, environments: dict[int, dict[str, t.Any]] | None, _resources: list[dict[str, t.Any]]
) -> list[dict[str, t.Any]]:
    """With project and name, since or limit the last ones of those applications, else everything that is queued or running."""
    limit, since = ctx.options.get("limit"), when(ctx.options, "since")
    if environments is not None and (ctx.options.get("name") or limit or since):
        most = limit or (LIMIT if since else HISTORY)
        applications = READERS["applications"](ctx, environments, ctx.client.items("/resources"))
        size = min(most, DEPLOYMENTS_PAGE)
        pages = ctx.client.gather(
            *[
                lambda uuid=item["uuid"]: _newest(_back_to(_history(ctx, uuid, size), since), "deployment_uuid", most)
                for item in applications
            ]
        )
        items = sorted((item for page in pages for item in page), key=lambda item: str(item.get("created_at")), reverse=True)
        return [allowed("deployments", item) for item in items[:limit]]
    items = ctx.client.items("/deployments")
    if environments is not None:
        # A deployment tells where it belongs only in the path of its page
        inside = [f"/environment/{where['environment']['uuid']}/" for where in environments.values()]
        items = [item for item in items if any(part in str(item.get("deployment_url")) for part in inside)]
    named = [item for item in items if ctx.options.get("name") in (None, item.get("application_name"))]
    # By id, the oldest first
    recent = [item for item in named if not since or (moment(item.get("created_at")) or since) >= since]
    return [allowed("deployments", item) for item in (recent[-limit:] if limit else recent)]


def _of_each(
    name: str, kinds: t.Sequence[str], part: str, rows: t.Callable[[Context, str], list[dict[str, t.Any]]]
) -> t.Callable[..., t.Any]:
    """What belongs to resources of these kinds, each with its owner: one request for each resource that the filters leave."""

    def read(ctx: Context, environments: dict[int, dict[str, t.Any]] | None, resources: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
        if name in SINCE:
            ctx.client.require(SINCE[name], f"gathering {name}")
        owners = [(kind, item) for kind in kinds for item in READERS[kind](ctx, environments, resources)]
        answers = ctx.client.gather(*[lambda kind=kind, uuid=item["uuid"]: rows(ctx, path(kind, uuid, part)) for kind, item in owners])
        return [
            {**allowed(name, row), **({"type": row["type"]} if "type" in row else {}), kind[:-1]: _name(item)}
            for (kind, item), found in zip(owners, answers)
            for row in found
        ]

    return read


def _storage_rows(ctx: Context, where: str) -> list[dict[str, t.Any]]:
    answer = ctx.client.get(where, has="persistent_storages")
    return [{**row, "type": kind} for kind in ("persistent", "file") for row in _rows(answer, f"{kind}_storages", where)]


def _item_rows(ctx: Context, where: str) -> list[dict[str, t.Any]]:
    return ctx.client.items(where)


def _listed(name: str, where: str) -> t.Callable[..., list[dict[str, t.Any]]]:
    return lambda ctx, *_unused: [allowed(name, item) for item in _named(ctx, ctx.client.items(where, since=SINCE.get(name)))]


READERS: dict[str, t.Callable[..., t.Any]] = {
    "version": lambda ctx, *_unused: ctx.client.version,
    "token": _token,
    "teams": _listed("teams", "/teams"),
    "servers": _servers,
    "projects": _projects,
    "applications": _resources("applications", lambda kind: kind == "application"),
    "databases": _resources("databases", lambda kind: kind.startswith("standalone-")),
    "services": _resources("services", lambda kind: kind == "service"),
    "deployments": _deployments,
    "tags": _listed("tags", "/tags"),
    "s3_storages": _listed("s3_storages", "/s3-storages"),
    "storages": _of_each("storages", RESOURCES, "storages", _storage_rows),
    "scheduled_tasks": _of_each("scheduled_tasks", ("applications", "services"), "scheduled-tasks", _item_rows),
    "previews": _of_each("previews", ("applications",), "previews", _item_rows),
    "private_keys": _listed("private_keys", "/security/keys"),
    "destinations": _destinations,
    "registries": _registries,
    "audit_events": _audit_events,
}

MODULE = Module(
    "coolify_info",
    {
        "gather": {"type": "list", "elements": "str", "choices": list(READERS), "default": ["version", "servers", "projects"]},
        "project": {"type": "str"},
        "environment": {"type": "str"},
        "name": {"type": "str"},
        "since": {"type": "str"},
        "limit": {"type": "int"},
    },
    gather=gather,
)
