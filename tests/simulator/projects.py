# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Projects, environments, and the smaller families: version, teams, servers, keys (resources.md 5 to 9)."""

from __future__ import annotations

import typing as t

from . import views
from .applications import brief as brief_application
from .core import Crash, Row, invalid, refuse
from .databases import KINDS
from .databases import brief as brief_database
from .http import Call, action, route
from .php import strip_tags
from .services import brief as brief_service
from .services import status as service_status
from .validation import validate

NAME = r"^[\w\s\-.@/&()#,:+]+$"
DESCRIPTION = r"^[\w\s\-.,!?()'\"+=*@/&]+$"
NAME_RULES = ("string", ("min", 3), ("max", 255), ("regex", NAME))
DESCRIPTION_RULES = ("nullable", "string", ("max", 255), ("regex", DESCRIPTION))
MESSAGES = {
    "name.required": "The name field is required.",
    "name.min": "The name must be at least 3 characters.",
    "name.regex": "The name may only contain letters (including Unicode), numbers, spaces, and these characters: - _ . / @ & ( ) # , : +",
    "description.regex": "The description may only contain letters (including Unicode), numbers, spaces, and common punctuation: "
    "- _ . , ! ? ( ) ' \" + = * / @ &",
}
RESOURCE_TABLES = ("applications", "services", *KINDS)


def _checked(call: Call, allowed: tuple[str, ...], required: bool) -> None:
    rules = {"name": ("required", *NAME_RULES) if required else ("nullable", *NAME_RULES), "description": DESCRIPTION_RULES}
    errors = validate(call.input, {name: rules[name] for name in allowed}, MESSAGES)
    errors.update({name: ["This field is not allowed."] for name in call.input if name not in allowed})
    if errors:
        invalid(errors)


def _find_environment(call: Call, project: Row) -> Row:
    wanted = call.params["environment"]
    rows = call.coolify.rows("environments", project_id=project["id"])
    found = next((row for row in rows if row["name"] == wanted), None) or next((row for row in rows if row["uuid"] == wanted), None)
    return found or refuse(404, "Environment not found.")


def resources_in(call: Call, environments: t.Container[int]) -> list[tuple[str, Row]]:
    return [(table, row) for table in RESOURCE_TABLES for row in call.coolify.rows(table) if row["environment_id"] in environments]


@route("GET", "/projects")
def list_projects(call: Call) -> t.Any:
    rows = call.coolify.rows("projects", team_id=call.team)
    return [views.ordered({name: row[name] for name in ("id", "uuid", "name", "description")}) for row in rows]


@route("POST", "/projects", json=True)
def create_project(call: Call) -> t.Any:
    _checked(call, ("name", "description"), required=True)
    row = call.coolify.insert(
        "projects", name=strip_tags(call.input["name"]), description=strip_tags(call.input.get("description")), team_id=call.team
    )
    call.coolify.insert("environments", name="production", description=None, project_id=row["id"])
    return 201, {"uuid": row["uuid"]}


@route("GET", "/projects/<uuid>")
def read_project(call: Call) -> t.Any:
    row = call.mine("projects", "Project")
    inside = [views.environment(item) for item in call.coolify.rows("environments", project_id=row["id"])]
    return views.ordered({**views.project(call.coolify, row), "environments": inside})


@route("PATCH", "/projects/<uuid>", json=True)
def update_project(call: Call) -> t.Any:
    _checked(call, ("name", "description"), required=False)
    row = call.mine("projects", "Project")
    call.coolify.update(row, **{name: strip_tags(value) for name, value in call.input.items()})
    return 201, {name: row[name] for name in ("uuid", "name", "description")}


@route("DELETE", "/projects/<uuid>")
def delete_project(call: Call) -> t.Any:
    row = call.mine("projects", "Project")
    inside = call.coolify.rows("environments", project_id=row["id"])
    if resources_in(call, {item["id"] for item in inside}):
        refuse(400, "Project has resources, so it cannot be deleted.")
    for item in inside:
        call.coolify.remove("environments", item)
    call.coolify.remove("projects", row)
    return {"message": "Project deleted."}


@route("GET", "/projects/<uuid>/environments")
def list_environments(call: Call) -> t.Any:
    row = call.mine("projects", "Project")
    return [{name: item[name] for name in ("id", "uuid", "name")} for item in call.coolify.rows("environments", project_id=row["id"])]


@route("POST", "/projects/<uuid>/environments", json=True)
def create_environment(call: Call) -> t.Any:
    _checked(call, ("name",), required=True)
    row = call.mine("projects", "Project")
    names = [item["name"] for item in call.coolify.rows("environments", project_id=row["id"])]
    if call.input["name"] in names:
        refuse(409, "Environment with this name already exists.")
    stored = _stored(call.input["name"])
    if stored in names:
        raise Crash  # the unique index
    return 201, {"uuid": call.coolify.insert("environments", name=stored, description=None, project_id=row["id"])["uuid"]}


def _stored(name: str) -> str:
    return strip_tags(name).lower().strip().replace("/", "-")


@route("GET", "/projects/<uuid>/<environment>")
def read_environment(call: Call) -> t.Any:
    row = _find_environment(call, call.mine("projects", "Project"))
    coolify = call.coolify
    view = {
        **views.environment(row),
        "services": [brief_service(coolify, item, call.sensitive) for item in coolify.rows("services", environment_id=row["id"])],
    }
    # Keydb, dragonfly and clickhouse databases are left out by Coolify
    view["applications"] = [
        brief_application(coolify, item, call.sensitive) for item in coolify.rows("applications", environment_id=row["id"])
    ]
    for kind, table in KINDS.items():
        if table.listed:
            view[table.listed] = [brief_database(coolify, item, call.sensitive) for item in coolify.rows(kind, environment_id=row["id"])]
    return views.ordered(view)


@route("PATCH", "/projects/<uuid>/environments/<environment>", since="4.3.0", json=True)
def update_environment(call: Call) -> t.Any:
    _checked(call, ("name", "description"), required=False)
    project = call.mine("projects", "Project")
    row = _find_environment(call, project)
    changes = {name: strip_tags(value) for name, value in call.input.items()}
    if changes.get("name"):
        others = [item["name"] for item in call.coolify.rows("environments", project_id=project["id"]) if item is not row]
        if changes["name"] in others:
            refuse(409, "Environment with this name already exists.")
        changes["name"] = _stored(changes["name"])
        if changes["name"] in others:
            raise Crash
    call.coolify.update(row, **changes)
    return {name: row[name] for name in ("uuid", "name", "description")}


@route("DELETE", "/projects/<uuid>/environments/<environment>")
def delete_environment(call: Call) -> t.Any:
    row = _find_environment(call, call.mine("projects", "Project"))
    if resources_in(call, {row["id"]}):
        refuse(400, "Environment has resources, so it cannot be deleted.")
    call.coolify.remove("environments", row)
    return {"message": "Environment deleted."}


# --- the instance ------------------------------------------------------------------------------------------------------------


@route("GET", "/version")
def version(call: Call) -> t.Any:
    return call.coolify.version


def _switch_api(call: Call, on: bool) -> t.Any:
    word = "enable" if on else "disable"
    if call.team != 0:
        refuse(403, f"You are not allowed to {word} the API.")
    call.coolify.switches.api_enabled = on
    return {"message": f"API {word}d."}


@action("/enable", "write")
def enable(call: Call) -> t.Any:
    return _switch_api(call, True)


@action("/disable", "write")
def disable(call: Call) -> t.Any:
    return _switch_api(call, False)


@route("GET", "/resources")
def list_resources(call: Call) -> t.Any:
    return _listed(call, [(table, row) for table in RESOURCE_TABLES for row in call.coolify.owned(table, call.team)])


BRIEFS = {"applications": brief_application, "services": brief_service}


def _type(table: str) -> str:
    return {"applications": "application", "services": "service"}.get(table, f"standalone-{table}")


def _listed(call: Call, rows: list[tuple[str, Row]]) -> t.Any:
    shown = []
    for table, row in rows:
        kind, view = _type(table), BRIEFS.get(table, brief_database)(call.coolify, row, call.sensitive)
        shown.append(
            {
                **{
                    key: value
                    for key, value in view.items()
                    if key not in ("destination", "settings", "server", "databases") and (table, key) != ("services", "applications")
                },
                "type": kind,
                "status": view["status"],
            }
        )
    return shown


# --- teams -------------------------------------------------------------------------------------------------------------------


def _team(call: Call) -> Row:
    view = views.team(call.coolify, call.coolify.table("teams")[call.team])
    view.pop("custom_server_limit")
    return view


@route("GET", "/teams")
def teams(call: Call) -> t.Any:
    return [_team(call)]


@route("GET", "/teams/current")
@route("GET", "/team", since="4.3.0")
def own_team(call: Call) -> t.Any:
    return views.ordered(_team(call))


@route("GET", "/teams/<number>")
def one_team(call: Call) -> t.Any:
    if call.params["number"] != str(call.team):
        refuse(404, "Team not found.")
    return views.ordered(_team(call))


# --- servers -----------------------------------------------------------------------------------------------------------------


@route("GET", "/servers")
def list_servers(call: Call) -> t.Any:
    shown = []
    for row in call.coolify.rows("servers", team_id=call.team):
        whole = views.server(call.coolify, row, call.sensitive)
        keys = ("uuid", "name", "description", "ip", "port", "user", "is_coolify_host")
        settings = whole["settings"]
        shown.append(
            views.ordered(
                {
                    **{key: whole[key] for key in keys},
                    "is_reachable": settings["is_reachable"],
                    "is_usable": settings["is_usable"],
                    "proxy": {"redirect_enabled": True},
                    "settings": settings,
                }
            )
        )
    return shown


@route("GET", "/servers/<uuid>")
def read_server(call: Call) -> t.Any:
    hidden = call.coolify.has("4.2.0") and not call.sensitive
    view = views.server(call.coolify, call.mine("servers", "Server"), not hidden)
    view.pop("id")
    if not call.sensitive:
        view["settings"].pop("sentinel_token", None)
    return views.ordered(view)


@route("GET", "/servers/<uuid>/resources")
def server_resources(call: Call) -> t.Any:
    server = call.mine("servers", "Server")
    shown = []
    for table in RESOURCE_TABLES:
        for row in call.coolify.owned(table, call.team):
            if call.coolify.server(row) is server:
                status = service_status(call.coolify, row) if table == "services" else row["status"]
                keys = ("id", "uuid", "name", "created_at", "updated_at")
                shown.append({**{key: row[key] for key in keys}, "type": _type(table), "status": status})
    return shown


@route("GET", "/servers/<uuid>/domains")
def server_domains(call: Call) -> t.Any:
    server = call.mine("servers", "Server")
    hosts = [
        url.split("://")[1].split("/")[0].split(":")[0]
        for row in call.coolify.owned("applications", call.team)
        if call.coolify.server(row) is server and row["fqdn"]
        for url in row["fqdn"].split(",")
    ]
    return [{"ip": server["ip"], "domains": hosts}] if hosts else []


# --- GitHub apps -----------------------------------------------------------------------------------------------------------


@route("GET", "/github-apps")
def list_github_apps(call: Call) -> t.Any:
    return [
        {key: row[key] for key in ("id", "uuid", "name", "is_public", "team_id")}
        for row in call.coolify.rows("github_apps", team_id=call.team)
    ]
