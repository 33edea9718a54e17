# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""coolify_info: what is there, by allow-lists of keys, so that no secret can come along."""

from __future__ import annotations

import typing as t

from .._client import path
from .._context import Context, Module
from .._errors import ApiError, InputError
from .._fields import split, without_password
from .placement import environment_name, find_project, only

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
    "private_keys": ("uuid", "name", "description", "fingerprint", "is_git_related", "public_key"),
}
RESOURCES = ("applications", "databases", "services")
HISTORY = 10


def allowed(name: str, item: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {key: without_password(value) if isinstance(value, str) else value for key, value in item.items() if key in SHOWN[name]}


def gather(ctx: Context) -> dict[str, t.Any]:
    """The module's function: everything asked for, under its own name."""
    options = ctx.options
    if options.get("environment") and not options.get("project"):
        raise InputError("environment needs project")
    wanted = list(dict.fromkeys(options["gather"]))
    environments = _environments(ctx)
    resources = ctx.client.items("/resources") if set(RESOURCES) & set(wanted) else []
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
            shown = {**allowed(kind, item), **(where or {})}
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
        "read": _may(lambda: ctx.client.items("/teams")),
        "read:sensitive": _sees_secrets(ctx),
        # An empty body is refused after the ability is checked (resources.md 0.2)
        "write": _may(lambda: ctx.client.post("/projects", {})),
        "deploy": _may(lambda: ctx.client.post("/deploy")),
    }
    return {"abilities": abilities}


def _may(probe: t.Callable[[], t.Any]) -> bool:
    try:
        probe()
    except ApiError as error:
        if error.code == 403 and not any(text in error.answer for text in ("API is disabled", "not allowed to access the API")):
            return False
        if error.code not in (400, 422):
            raise
    return True


def _sees_secrets(ctx: Context) -> bool | None:
    """None when there is no private key to look at, or the token may not look."""
    if not _may(lambda: ctx.client.items("/security/keys")):
        return None
    keys = ctx.client.items("/security/keys")
    return "private_key" in keys[0] if keys else None


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


def _deployments(
    ctx: Context, environments: dict[int, dict[str, t.Any]] | None, _resources: list[dict[str, t.Any]]
) -> list[dict[str, t.Any]]:
    """With project and name the last ones of that application, else everything that is queued or running."""
    if environments is not None and ctx.options.get("name"):
        applications = READERS["applications"](ctx, environments, ctx.client.items("/resources"))
        pages = [ctx.client.get(path("deployments", "applications", item["uuid"]), take=HISTORY)["deployments"] for item in applications]
        return [allowed("deployments", item) for page in pages for item in page]
    items = ctx.client.items("/deployments")
    if environments is not None:
        # A deployment tells where it belongs only in the path of its page
        inside = [f"/environment/{where['environment']['uuid']}/" for where in environments.values()]
        items = [item for item in items if any(part in str(item.get("deployment_url")) for part in inside)]
    return [allowed("deployments", item) for item in items if ctx.options.get("name") in (None, item.get("application_name"))]


def _listed(name: str, where: str) -> t.Callable[..., list[dict[str, t.Any]]]:
    return lambda ctx, *_unused: [allowed(name, item) for item in _named(ctx, ctx.client.items(where))]


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
    "private_keys": _listed("private_keys", "/security/keys"),
}

MODULE = Module(
    "coolify_info",
    {
        "gather": {"type": "list", "elements": "str", "choices": list(READERS), "default": ["version", "servers", "projects"]},
        "project": {"type": "str"},
        "environment": {"type": "str"},
        "name": {"type": "str"},
    },
    gather=gather,
)
