# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Moving and cloning, and preview deployments (applications.md 8.4).

From reading Coolify's controllers, not from transcripts: nobody recorded these. The list of previews, which came with 4.4.0, is from Coolify's
published description of its API.
"""

from __future__ import annotations

import typing as t

from . import databases, services, variables
from .core import Coolify, Row, invalid, refuse
from .extras import SINGULAR, TABLES, owner_of
from .http import Call, route
from .labels import application_labels
from .php import boolean, public_id, truthy
from .validation import REQUIRED, Rules, validate

CLONE_RULES: Rules = {
    "destination_uuid": ("required", "string"),
    "name": ("nullable", "string", ("max", 255)),
    "clone_volumes": ("boolean",),
}


def _moving(family: str) -> None:
    what = SINGULAR[family]

    @route("POST", f"/{family}/<uuid>/move", since="4.2.0")
    def move(call: Call) -> t.Any:
        coolify, data = call.coolify, call.input
        row = owner_of(call, family)
        errors = validate(data, {"environment_uuid": ("required", "string")})
        if errors:
            invalid(errors)
        extra = [name for name in data if name != "environment_uuid"]
        if extra:
            invalid(dict.fromkeys(extra, "This field is not allowed."))
        environment = coolify.one("environments", uuid=data["environment_uuid"])
        if environment is None or coolify.table("projects")[environment["project_id"]]["team_id"] != call.team:
            refuse(404, "Target environment not found or not owned by your team.")
        if environment["id"] == row["environment_id"]:
            refuse(400, f"{what} is already in this environment.")
        coolify.update(row, environment_id=environment["id"])
        project = coolify.project(row)
        return {
            "message": f"{what} moved successfully.",
            "uuid": row["uuid"],
            "project_uuid": project["uuid"],
            "environment_uuid": environment["uuid"],
        }


def _cloning(family: str) -> None:
    @route("POST", f"/{family}/<uuid>/clone", since="4.3.0", json=True)
    def clone(call: Call) -> t.Any:
        coolify, data = call.coolify, call.input
        errors = validate(data, CLONE_RULES, {"required": REQUIRED})
        errors.update({name: ["This field is not allowed."] for name in data if name not in CLONE_RULES})
        if errors:
            invalid(errors)
        source = owner_of(call, family)
        destination = coolify.one("destinations", uuid=data["destination_uuid"])
        server = destination and coolify.table("servers")[destination["server_id"]]
        if server is None or server["team_id"] != call.team or server["settings"]["is_build_server"]:
            refuse(404, "Destination not found.")
        uuid = public_id()
        table = source.get("kind", "applications")
        short = source["name"] if len(source["name"]) <= 20 else f"{source['name'][:20]}..."
        own = f"clone-of-{short}-{uuid}" if family == "applications" else f"{source['name']}-clone-{uuid}"
        kept = {name: _copied(value) for name, value in source.items() if name not in ("id", "uuid", "created_at", "updated_at")}
        status = "exited:unhealthy" if ":" in str(source.get("status")) else "exited"
        place = {"destination_id": destination["id"], "destination_type": source["destination_type"]}
        row = coolify.insert(table, **{**kept, "name": data.get("name") or own, "status": status, **place})
        row["uuid"] = uuid
        if family == "applications":
            _own_domain(coolify, row, server)
        _copy_parts(coolify, source, row, table)
        if family == "services":
            coolify.update(row, server_id=server["id"])
            services.reparse(coolify, row)
        if truthy(data.get("clone_volumes")):
            # Coolify stops the source, copies, and starts it again
            coolify.switches.outcomes.setdefault(source["name"], {})["volumes_cloned_to"] = uuid
        return 201, {"uuid": uuid, "message": f"{SINGULAR[family]} cloned."}


def _copied(value: t.Any) -> t.Any:
    return dict(value) if isinstance(value, dict) else list(value) if isinstance(value, list) else value


def _own_domain(coolify: Coolify, row: Row, server: Row) -> None:
    """Where the target has a proxy and Coolify keeps the labels, the clone gets a generated domain; else it shares the source's."""
    if server["proxy_type"] != "NONE" and row["settings"].get("is_container_label_readonly_enabled", True):
        wildcard = server["settings"]["wildcard_domain"] or f"http://{server['ip'].replace(':', '-')}.sslip.io"
        scheme, host = wildcard.split("://")
        row["fqdn"] = f"{scheme}://{row['uuid']}.{host}"
        row["custom_labels"] = application_labels(row, coolify.destination(row)["network"])


def _copy_parts(coolify: Coolify, source: Row, row: Row, table: str) -> None:
    for part in TABLES:
        for item in coolify.rows(part, owner_table=table, owner_id=source["id"]):
            kept = {name: value for name, value in item.items() if name not in ("id", "uuid", "created_at", "updated_at", "owner_id")}
            if part == "persistent_storages":
                kept["name"] = item["name"].replace(source["uuid"], row["uuid"])
            coolify.insert(part, **kept, owner_id=row["id"])
    for item in list(variables.of(coolify, source, table)):
        kept = {name: value for name, value in item.items() if name not in ("id", "uuid", "created_at", "updated_at", "owner_id")}
        coolify.insert("variables", **kept, owner_id=row["id"])
    for item in (
        coolify.rows("backups", database_id=source["id"], database_type=databases.model(source))
        if source.get("kind") in databases.KINDS
        else ()
    ):
        kept = {name: value for name, value in item.items() if name not in ("id", "uuid", "created_at", "updated_at", "database_id")}
        coolify.insert("backups", **kept, database_id=row["id"])


for _family in SINGULAR:
    _moving(_family)
    _cloning(_family)


# --- previews ----------------------------------------------------------------------------------------------------------------

PREVIEW: Row = {
    "pull_request_html_url": "",
    "git_type": None,
    "status": "exited",
    "fqdn": None,
    "docker_compose_domains": None,
    "docker_registry_image_tag": None,
    "last_online_at": None,
}


def _preview_domain(app: Row, pull_request: int) -> str | None:
    scheme, _colon, host = (app["fqdn"] or "").split(",")[0].partition("://")
    host = app["preview_url_template"].replace("{{pr_id}}", str(pull_request)).replace("{{domain}}", host)
    return f"{scheme}://{host}" if scheme else None


def open_preview(coolify: Coolify, app: Row, pull_request: int, tag: str | None) -> Row:
    """The preview of a pull request; a deployment of an image opens it on the fly."""
    mine = {"owner_table": "applications", "owner_id": app["id"], "pull_request_id": pull_request}
    row = coolify.one("previews", **mine) or coolify.insert("previews", **PREVIEW, **mine)
    coolify.update(row, docker_registry_image_tag=tag, fqdn=_preview_domain(app, pull_request))
    return row


@route("GET", "/applications/<uuid>/previews", since="4.4.0")
def list_previews(call: Call) -> t.Any:
    app = owner_of(call, "applications")
    rows = call.coolify.rows("previews", owner_table="applications", owner_id=app["id"])
    keys = ("uuid", "pull_request_id", *(name for name in PREVIEW if name != "fqdn"), "created_at", "updated_at")
    return [
        {**{name: row[name] for name in keys}, "domains": row["fqdn"], "domain_port_overrides": None}
        for row in sorted(rows, key=lambda row: -row["pull_request_id"])
    ]


@route("DELETE", "/applications/<uuid>/previews/<number>")
def delete_preview(call: Call) -> t.Any:
    app = owner_of(call, "applications")
    number = call.params["number"]
    if not number.isdigit() or not int(number):
        refuse(422, "Invalid pull_request_id.")
    row = call.coolify.one("previews", owner_table="applications", owner_id=app["id"], pull_request_id=int(number))
    if row is None:
        refuse(404, "Preview not found.")
    call.coolify.remove("previews", row)
    return {"message": "Preview deletion request queued."}


# --- S3 storages ----------------------------------------------------------------------------------------------------------------

S3_RULES: Rules = {
    "name": ("required", "string", ("min", 3), ("max", 255)),
    "description": ("nullable", "string", ("max", 255)),
    "endpoint": ("required", "string", ("max", 255), ("regex", r"^https?://")),
    "bucket": ("required", "string", ("regex", r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")),
    "region": ("required", "string", ("max", 255)),
    "key": ("required", "string", ("max", 255)),
    "secret": ("required", "string", ("max", 255)),
    "is_usable": ("boolean",),
}
S3_UPDATE_RULES: Rules = {name: tuple(rule for rule in rules if rule != "required") for name, rules in S3_RULES.items()}


def _s3_columns(call: Call, rules: Rules) -> Row:
    errors = validate(call.input, rules, {"required": REQUIRED})
    errors.update({name: ["This field is not allowed."] for name in call.input if name not in rules})
    if errors:
        invalid(errors)
    columns = dict(call.input)
    if "is_usable" in columns:
        columns["is_usable"] = boolean(columns["is_usable"])
    if "description" in columns:
        columns["description"] = columns["description"] or ""
    return columns


def _s3(call: Call) -> Row:
    return call.mine("s3_storages", "S3 storage")


def _s3_view(call: Call, row: Row) -> Row:
    keys = ("uuid", "name", "description", "endpoint", "bucket", "region", "is_usable", "unusable_email_sent", "team_id")
    secret = ("key", "secret") if call.sensitive else ()
    return {name: row[name] for name in (*keys, *secret, "created_at", "updated_at")}


@route("GET", "/s3-storages", since="4.3.0")
def list_s3(call: Call) -> t.Any:
    return [_s3_view(call, row) for row in call.coolify.rows("s3_storages", team_id=call.team)]


@route("GET", "/s3-storages/<uuid>", since="4.3.0")
def show_s3(call: Call) -> t.Any:
    return _s3_view(call, _s3(call))


@route("POST", "/s3-storages", since="4.3.0", json=True)
def create_s3(call: Call) -> t.Any:
    defaults = {"description": None, "is_usable": False, "unusable_email_sent": False, "team_id": call.team}
    return 201, {"uuid": call.coolify.insert("s3_storages", **{**defaults, **_s3_columns(call, S3_RULES)})["uuid"]}


@route("PATCH", "/s3-storages/<uuid>", since="4.3.0", json=True)
def update_s3(call: Call) -> t.Any:
    columns = _s3_columns(call, S3_UPDATE_RULES)
    row = _s3(call)
    call.coolify.update(row, **columns)
    return {"uuid": row["uuid"]}


@route("DELETE", "/s3-storages/<uuid>", since="4.3.0")
def delete_s3(call: Call) -> t.Any:
    row = _s3(call)
    for table, key, value in (("backups", "s3_storage_id", row["id"]), ("volume_backups", "s3_storage_uuid", row["uuid"])):
        for schedule in call.coolify.rows(table, **{key: value}):
            call.coolify.update(schedule, save_s3=False, **{key: None})
    call.coolify.remove("s3_storages", row)
    return {"message": "S3 storage deleted."}


@route("POST", "/s3-storages/<uuid>/validate", since="4.3.0")
def validate_s3(call: Call) -> t.Any:
    """``outcomes`` of its name says with ``s3`` why it does not work."""
    row = _s3(call)
    error = call.coolify.switches.outcomes.get(row["name"], {}).get("s3")
    call.coolify.update(row, is_usable=error is None)
    return {"valid": error is None, "message": error or "S3 storage connection is valid."}
