# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Environment variables: of applications with their preview twins, of databases and services, and the shared ones (applications.md 9)."""

from __future__ import annotations

import re
import typing as t

from . import views
from .core import Coolify, Crash, Row, invalid, refuse
from .http import Call, route
from .php import boolean, text_of, trim
from .validation import REQUIRED, Rules, validate

KEY = r"\A[A-Za-z_][A-Za-z0-9_.]*\Z"
FLAGS = ("is_literal", "is_multiline", "is_shown_once")
RULES: Rules = {
    "key": ("required", "string", ("max", 255), ("regex", KEY)),
    "value": ("nullable", "string"),
    **dict.fromkeys(FLAGS, ("boolean",)),
    "comment": ("nullable", "string", ("max", 256)),
}
APPLICATION_RULES: Rules = {**RULES, **dict.fromkeys(("is_preview", "is_runtime", "is_buildtime"), ("boolean",))}
MESSAGES = {"required": REQUIRED}
SHARED_FIELDS = ("key", "value", *FLAGS, "comment")


def add(coolify: Coolify, owner: Row, table: str, key: str, value: t.Any, **columns: t.Any) -> Row:
    """A new variable; a production one of an application brings its preview twin along, which is never locked."""
    flags = {**dict.fromkeys(FLAGS, False), "is_preview": False, "is_runtime": True, "is_buildtime": True, "comment": None, **columns}
    row = coolify.insert("variables", owner_table=table, owner_id=owner["id"], key=key, value=value, **flags)
    if table == "applications" and not flags["is_preview"] and not _first(coolify, owner, table, key, True):
        add(coolify, owner, table, key, value, **{**flags, "is_preview": True, "is_shown_once": False})
    return row


def of(coolify: Coolify, owner: Row, table: str) -> list[Row]:
    """Production rows, then preview rows."""
    rows = coolify.rows("variables", owner_table=table, owner_id=owner["id"])
    return sorted(rows, key=lambda row: (bool(row["is_preview"]), row["id"]))


def _first(coolify: Coolify, owner: Row, table: str, key: str, preview: bool) -> Row | None:
    return next((row for row in of(coolify, owner, table) if row["key"] == key and row["is_preview"] is preview), None)


def real_value(row: Row) -> str:
    value = row["value"] or ""
    if row["is_literal"] or row["is_multiline"]:
        return f"'{value}'"
    if re.fullmatch(r"\s*[\[{].*[\]}]\s*", value, re.DOTALL):
        return value
    return re.sub(r"([\\\"'])", r"\\\1", value).replace("\r", "\\r").replace("\t", "\\t").replace("\0", "")


def shown(call: Call, row: Row, fresh: bool = False) -> Row:
    """``fresh``: straight from its creation, which lacks what only the database adds."""
    required = row.get("is_required", False)
    view = {
        "uuid": row["uuid"],
        **{name: row[name] for name in ("comment", "is_buildtime", *FLAGS, "is_preview", "is_runtime", "key")},
        "is_buildpack_control": row["key"].startswith(("NIXPACKS_", "RAILPACK_")),
        "is_coolify": row["key"].startswith("SERVICE_"),
        "is_really_required": required and not row["value"],
        "is_shared": bool(re.fullmatch(r"\{\{(team|project|environment|server)\..*\}\}", row["value"] or "", re.DOTALL)),
        "version": call.coolify.version,
        **views.times(row),
    }
    if not fresh:
        view.update(is_required=required, order=None)
    hides_locked = row["owner_table"] == "services" or (call.coolify.has("4.2.0") and row["owner_table"] == "applications")
    if call.sensitive and not (row["is_shown_once"] and hides_locked):
        view.update(value=row["value"], real_value=real_value(row))
    return view


def _checked(data: t.Mapping[str, t.Any], rules: Rules, strict: bool) -> None:
    errors = validate(dict(data), rules, MESSAGES)
    if strict:
        errors.update({name: ["This field is not allowed."] for name in data if name not in rules})
    if errors:
        invalid(errors)


def _value(coolify: Coolify, value: t.Any) -> t.Any:
    # Before 4.2.0 an empty text stayed one
    return "" if value is None and not coolify.has("4.2.0") else value


def _change(coolify: Coolify, row: Row, data: t.Mapping[str, t.Any], *, bulk: bool) -> None:
    """What an update does to fields that are left out: value null, is_literal false, and 500 for a stored lock or multiline flag."""
    changes: Row = {"value": data.get("value"), "is_literal": boolean(data.get("is_literal"))}
    if bulk and "value" in data:
        changes["value"] = _value(coolify, data["value"])
    for name in ("is_multiline", "is_shown_once"):
        if data.get(name) is None:
            if row[name]:
                raise Crash  # null in a column that takes none
        else:
            changes[name] = boolean(data[name])
    for name in ("is_runtime", "is_buildtime"):
        if name in data:
            changes[name] = boolean(data[name])
    if "comment" in data:
        changes["comment"] = data["comment"]
    coolify.update(row, **changes)


def _columns(data: t.Mapping[str, t.Any]) -> Row:
    flags = {name: boolean(data.get(name)) for name in FLAGS}
    return {
        **flags,
        "is_preview": boolean(data.get("is_preview")),
        "is_runtime": boolean(data.get("is_runtime"), True),
        "is_buildtime": boolean(data.get("is_buildtime"), True),
        "comment": data.get("comment"),
    }


# --- applications ------------------------------------------------------------------------------------------------------------


@route("GET", "/applications/<uuid>/envs")
def list_application(call: Call) -> t.Any:
    app = call.find("applications", "Application", dot="")
    return [shown(call, row) for row in of(call.coolify, app, "applications")]


@route("POST", "/applications/<uuid>/envs")
def create_application(call: Call) -> t.Any:
    app = call.find("applications", "Application", dot="")
    _checked(call.input, APPLICATION_RULES, strict=True)
    columns = _columns(call.input)
    if _first(call.coolify, app, "applications", call.input["key"], columns["is_preview"]):
        refuse(409, "Environment variable already exists. Use PATCH request to update it.")
    row = add(call.coolify, app, "applications", call.input["key"], _value(call.coolify, call.input.get("value")), **columns)
    return 201, {"uuid": row["uuid"]}


@route("PATCH", "/applications/<uuid>/envs", json=True)
def update_application(call: Call) -> t.Any:
    app = call.find("applications", "Application", dot="")
    _checked(call.input, APPLICATION_RULES, strict=True)
    row = _first(call.coolify, app, "applications", call.input["key"], boolean(call.input.get("is_preview")))
    if row is None:
        refuse(404, "Environment variable not found.")
    _change(call.coolify, row, call.input, bulk=False)
    return 201, shown(call, row)


def _items(call: Call) -> list[Row]:
    data = call.input.get("data")
    if not data:
        refuse(400, "Bulk data is required.")
    return data


@route("PATCH", "/applications/<uuid>/envs/bulk", json=True)
def bulk_application(call: Call) -> t.Any:
    app = call.find("applications", "Application", dot="")
    touched = []
    for item in _items(call):
        data = {name: item[name] for name in APPLICATION_RULES if name in item}
        if data.get("key") is not None:
            data["key"] = trim(text_of(data["key"]))
        _checked(data, APPLICATION_RULES, strict=False)
        if data["key"] in call.coolify.switches.refuse_keys:
            invalid({"value": ["The value field format is invalid."]})
        row = _first(call.coolify, app, "applications", data["key"], boolean(data.get("is_preview")))
        if row is None:
            row = add(call.coolify, app, "applications", data["key"], _value(call.coolify, data.get("value")), **_columns(data))
            touched.append(shown(call, row, fresh=True))
        else:
            _change(call.coolify, row, data, bulk=True)
            touched.append(shown(call, row))
    return 201, touched


def _delete(call: Call, owner: Row, table: str) -> t.Any:
    row = call.coolify.one("variables", owner_table=table, owner_id=owner["id"], uuid=call.params["env"])
    if row is None:
        refuse(404, "Environment variable not found.")
    call.coolify.remove("variables", row)
    return {"message": "Environment variable deleted."}


@route("DELETE", "/applications/<uuid>/envs/<env>")
def delete_application(call: Call) -> t.Any:
    return _delete(call, call.find("applications", "Application"), "applications")


# --- databases and services --------------------------------------------------------------------------------------------------


def _owner(call: Call, family: str) -> Row:
    from . import databases, services

    return databases.find(call) if family == "databases" else services.find(call)


def _of_family(family: str) -> None:
    """Both take the same; a row's ``kind`` is its table."""
    path = f"/{family}/<uuid>/envs"

    @route("GET", path)
    def list_them(call: Call) -> t.Any:
        owner = _owner(call, family)
        if family == "services" and not call.token.admin:
            refuse(403, "You are not authorized to perform this action.", error="Unauthorized")
        return [shown(call, row) for row in of(call.coolify, owner, owner["kind"])]

    @route("POST", path)
    def create(call: Call) -> t.Any:
        owner = _owner(call, family)
        _checked(call.input, RULES, strict=False)
        if _first(call.coolify, owner, owner["kind"], call.input["key"], False):
            refuse(409, "Environment variable already exists. Use PATCH request to update it.")
        columns = {name: boolean(call.input.get(name)) for name in FLAGS}
        value = _value(call.coolify, call.input.get("value"))
        row = add(call.coolify, owner, owner["kind"], call.input["key"], value, **columns, comment=call.input.get("comment"))
        view = shown(call, row, fresh=True)
        view.pop("is_preview")
        return 201, view

    @route("PATCH", path)
    def update(call: Call) -> t.Any:
        owner = _owner(call, family)
        _checked(call.input, RULES, strict=False)
        row = _first(call.coolify, owner, owner["kind"], call.input["key"], False)
        if row is None:
            refuse(404, "Environment variable not found.")
        present = {name: call.input[name] for name in ("comment", *FLAGS) if name in call.input}
        given = {name: boolean(value) if name in FLAGS else value for name, value in present.items()}
        call.coolify.update(row, value=call.input.get("value"), **given)
        return 201, shown(call, row)

    @route("PATCH", f"{path}/bulk")
    def bulk(call: Call) -> t.Any:
        owner = _owner(call, family)
        touched = []
        for item in _items(call):
            _checked(item, RULES, strict=False)
            if item["key"] in call.coolify.switches.refuse_keys:
                invalid({"value": ["The value field format is invalid."]})
            columns = ("value", "comment", *FLAGS, "is_runtime", "is_buildtime", "is_preview", "is_required")
            given = {name: boolean(item[name]) if name.startswith("is_") else item[name] for name in columns if name in item}
            row = next((row for row in of(call.coolify, owner, owner["kind"]) if row["key"] == item["key"]), None)
            if row is None:
                row = add(call.coolify, owner, owner["kind"], item["key"], given.pop("value", None), **given)
                view = shown(call, row, fresh=family == "services")
                if family == "services":
                    # What only the database adds is not told
                    view = {name: value for name, value in view.items() if name in item or name not in (*FLAGS, "comment", "is_preview")}
                touched.append(view)
            else:
                call.coolify.update(row, **given)
                touched.append(shown(call, row))
        return 201, touched

    @route("DELETE", f"{path}/<env>")
    def delete(call: Call) -> t.Any:
        owner = _owner(call, family)
        return _delete(call, owner, owner["kind"])


for _family in ("databases", "services"):
    _of_family(_family)


# --- shared ------------------------------------------------------------------------------------------------------------------

SCOPES = {
    "team": "/team/envs",
    "project": "/projects/<uuid>/envs",
    "environment": "/projects/<uuid>/environments/<environment>/envs",
    "server": "/servers/<uuid>/envs",
}


def _scope(call: Call, kind: str) -> Row:
    where: Row = {"type": kind, "team_id": call.team, "project_id": None, "environment_id": None, "server_id": None}
    if kind == "server":
        where["server_id"] = call.mine("servers", "Server")["id"]
    elif kind in ("project", "environment"):
        project = call.mine("projects", "Project")
        if kind == "project":
            where["project_id"] = project["id"]
        else:
            wanted = call.params["environment"]
            rows = call.coolify.rows("environments", project_id=project["id"])
            found = next((row for row in rows if wanted in (row["name"], row["uuid"])), None) or refuse(404, "Environment not found.")
            where["environment_id"] = found["id"]
    return where


def _shared(call: Call, row: Row) -> Row:
    view = {name: row[name] for name in ("id", "comment", *FLAGS, "key", "type")}
    if call.sensitive and not row["is_shown_once"]:
        view["value"] = row["value"]
    return {**view, **views.times(row)}


def _one_shared(call: Call, kind: str) -> Row:
    if not call.params["number"].isdigit():
        raise Crash
    row = call.coolify.one("shared_variables", id=int(call.params["number"]), **_scope(call, kind))
    return row or refuse(404, "Environment variable not found.")


def _register(kind: str, path: str) -> None:
    rules = {name: RULES[name] for name in SHARED_FIELDS}

    @route("GET", path, since="4.3.0")
    def list_shared(call: Call) -> t.Any:
        return [_shared(call, row) for row in call.coolify.rows("shared_variables", **_scope(call, kind))]

    @route("POST", path, since="4.3.0", json=True)
    def create_shared(call: Call) -> t.Any:
        where = _scope(call, kind)
        _checked(call.input, rules, strict=True)
        if call.coolify.one("shared_variables", key=call.input["key"], **where):
            refuse(409, "Environment variable already exists. Use PATCH request to update it.")
        if call.input.get("value") is None:
            raise Crash
        flags = {name: boolean(call.input.get(name)) for name in FLAGS}
        row = call.coolify.insert(
            "shared_variables", key=call.input["key"], value=call.input["value"], comment=call.input.get("comment"), **flags, **where
        )
        return 201, {"id": row["id"]}

    @route("PATCH", f"{path}/<number>", since="4.3.0", json=True)
    def update_shared(call: Call) -> t.Any:
        row = _one_shared(call, kind)
        _checked(call.input, {**rules, "key": RULES["key"][1:]}, strict=True)
        given = {name: boolean(value) if name in FLAGS else value for name, value in call.input.items()}
        others = [other for other in call.coolify.rows("shared_variables", **_scope(call, kind)) if other is not row]
        if any(other["key"] == given.get("key") for other in others):
            refuse(409, "Environment variable already exists with this key.")
        if "value" in given and given["value"] is None:
            raise Crash
        call.coolify.update(row, **given)
        return _shared(call, row)

    @route("DELETE", f"{path}/<number>", since="4.3.0")
    def delete_shared(call: Call) -> t.Any:
        call.coolify.remove("shared_variables", _one_shared(call, kind))
        return {"message": "Environment variable deleted."}


for _kind, _path in SCOPES.items():
    _register(_kind, _path)
