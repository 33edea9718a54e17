# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers with their proxy, clean-up, sentinel and log drains, destinations and private keys (resources.md 5, 6 and 8).

The recordings have the GETs, the validation and a refused key. Everything else is from reading Coolify's controllers of 4.1.2, 4.2.0 and
4.3.11; ``server_role`` (4.4.0) is from reading what its tests say.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
import typing as t

from . import databases, views
from .core import Coolify, Crash, Row, invalid, refuse
from .http import Call, integer, moved, route
from .keys import fingerprint, public_text
from .php import boolean, letters, strip_tags
from .projects import RESOURCE_TABLES
from .validation import REQUIRED, Rules, validate

NOT_ALLOWED = "This field is not allowed."
PROXIES = ("NONE", "TRAEFIK", "NGINX", "CADDY")
VALIDATED = {"is_reachable": True, "is_usable": True}


def _check(call: Call, rules: Rules, messages: dict[str, str] | None = None) -> None:
    errors = validate(call.input, rules, messages)
    errors.update({name: [NOT_ALLOWED] for name in call.input if name not in rules})
    if errors:
        invalid(errors)


def _address(value: t.Any) -> t.Iterable[str]:
    text = str(value)
    try:
        ipaddress.ip_address(text)
    except ValueError:
        if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*", text.lower()):
            yield "The ip must be a valid IPv4 address, IPv6 address, or hostname."


# --- servers -------------------------------------------------------------------------------------------------------------------

COMMON: Rules = {
    "description": ("nullable", "string"),
    "port": ("nullable", "integer", ("between", (1, 65535))),
    "user": ("nullable", "string", ("regex", r"^[a-zA-Z0-9._-]+$")),
    "is_build_server": ("nullable", "boolean"),
    "instant_validate": ("nullable", "boolean"),
    "proxy_type": ("nullable", "string"),
}
ROLE: Rules = {"server_role": ("nullable", "string", ("in", ("deployment", "build", "both")))}
CREATE: Rules = {
    "name": ("string", ("max", 255)),
    "ip": ("required", "string", _address),
    "private_key_uuid": ("required", "string"),
    **COMMON,
}
NUMBERS = (
    "concurrent_builds",
    "dynamic_timeout",
    "deployment_queue_limit",
    "server_disk_usage_notification_threshold",
    "connection_timeout",
)
UPDATE: Rules = {
    "name": ("nullable", "string", ("max", 255)),
    "ip": ("nullable", "string", _address),
    "private_key_uuid": ("nullable", "string"),
    **COMMON,
    **dict.fromkeys(NUMBERS, ("integer", ("min", 1))),
    "server_disk_usage_notification_threshold": ("integer", ("min", 1), ("max", 100)),
    "connection_timeout": ("integer", ("min", 1), ("max", 300)),
    "server_disk_usage_check_frequency": ("string",),
}
MESSAGES = {"user.regex": "The User may only contain letters, numbers, dots, hyphens, and underscores."}


def _judge(call: Call, rules: Rules) -> None:
    if call.coolify.has("4.4.0"):
        rules = {**rules, **ROLE}
    _check(call, rules, MESSAGES)
    data = call.input
    if data.get("proxy_type") and data["proxy_type"].upper() not in PROXIES:
        refuse(422, "Invalid proxy type.")
    role, build = data.get("server_role"), data.get("is_build_server")
    if role and build is not None and boolean(build) is not (role == "build"):
        invalid({"is_build_server": ["The is_build_server field conflicts with server_role."]})


def _key_of(call: Call) -> Row:
    found = call.coolify.one("private_keys", uuid=call.input["private_key_uuid"], team_id=call.team)
    return found or refuse(404, "Private key not found.")


def _roles(call: Call) -> Row:
    data, chosen = call.input, {}
    if data.get("server_role"):
        chosen = {"server_role": data["server_role"], "is_build_server": data["server_role"] == "build"}
    elif "is_build_server" in data:
        chosen = {"is_build_server": boolean(data["is_build_server"] or False)}
    return chosen


@route("POST", "/servers", json=True)
def create_server(call: Call) -> t.Any:
    _judge(call, CREATE)
    data, key = call.input, _key_of(call)
    if call.coolify.one("servers", ip=data["ip"]):
        refuse(400, "A server with this IP/Domain is already in use.")
    row = call.coolify.add_server(
        {"is_reachable": False, "is_usable": False, "is_sentinel_enabled": True, **_roles(call)},
        name=strip_tags(data.get("name")) or letters(12),
        description=strip_tags(data.get("description")),
        ip=data["ip"],
        port=integer(data["port"]) if data.get("port") is not None else 22,
        user=data.get("user") or "root",
        private_key_id=key["id"],
        team_id=call.team,
        proxy_type=(data.get("proxy_type") or "TRAEFIK").upper(),
    )
    if boolean(data.get("instant_validate") or False):
        _validate(call.coolify, row)
    return 201, {"uuid": row["uuid"]}


@route("PATCH", "/servers/<uuid>", json=True)
def update_server(call: Call) -> t.Any:
    coolify = call.coolify
    rules = {**UPDATE, **({"is_terminal_enabled": ("nullable", "boolean")} if coolify.has("4.3.0") else {})}
    _judge(call, rules)
    data, row = call.input, call.mine("servers", "Server")
    columns = {name: data[name] for name in ("name", "description", "ip", "port", "user") if name in data}
    for name in ("name", "description"):
        if name in columns:
            columns[name] = strip_tags(columns[name])
    # What Coolify makes of an explicit null
    columns = {name: (0 if name == "port" else "") if value is None else value for name, value in columns.items()}
    if data.get("private_key_uuid"):
        columns["private_key_id"] = _key_of(call)["id"]
    frequency = data.get("server_disk_usage_check_frequency")
    if "server_disk_usage_check_frequency" in data and not databases.valid_schedule(frequency or ""):
        invalid({"server_disk_usage_check_frequency": ["Invalid Cron / Human expression for Disk Usage Check Frequency."]})
    roles = _roles(call)
    if roles.get("is_build_server") and not row["settings"]["is_build_server"] and coolify.has("4.2.0") and _resources(coolify, row):
        invalid({"is_build_server": ["A server with existing resources cannot be configured as a build server."]})
    if "port" in columns:
        columns["port"] = integer(columns["port"])
    if columns.get("ip", row["ip"]) != row["ip"]:
        columns["ip_previous"] = row["ip"]
    coolify.update(row, **columns)
    settings = {name: integer(data[name]) for name in NUMBERS if data.get(name) is not None}
    if frequency:
        settings["server_disk_usage_check_frequency"] = frequency
    if data.get("is_terminal_enabled") is not None:
        settings["is_terminal_enabled"] = boolean(data["is_terminal_enabled"])
    _set(coolify, row, {**settings, **roles})
    if data.get("proxy_type"):
        _change_proxy(coolify, row, data["proxy_type"])
    if boolean(data.get("instant_validate") or False):
        _validate(coolify, row)
    return 201, {"uuid": row["uuid"]}


def _set(coolify: Coolify, row: Row, settings: Row) -> None:
    coolify.update(row, settings={**row["settings"], **settings})


def _resources(coolify: Coolify, server: Row) -> list[tuple[str, Row]]:
    places = {row["id"] for row in coolify.rows("destinations", server_id=server["id"])}
    return [(table, row) for table in RESOURCE_TABLES for row in coolify.rows(table) if row.get("destination_id") in places]


@route("DELETE", "/servers/<uuid>", "write", until="4.5.0")
@route("DELETE", "/servers/<uuid>", "write+deploy", since="4.5.0")
def delete_server(call: Call) -> t.Any:
    coolify, row = call.coolify, call.mine("servers", "Server")
    force, resources = str(call.input.get("force", "")).lower() in ("1", "true", "on", "yes"), _resources(call.coolify, row)
    if resources and not force:
        refuse(
            400,
            "Server has resources. Use ?force=true to delete all resources and the server, or delete resources manually first.",
        )
    if row["id"] == 0:
        refuse(400, "Local server cannot be deleted.")
    coolify.remove("servers", row)
    for variable in coolify.rows("shared_variables", server_id=row["id"]):
        coolify.remove("shared_variables", variable)

    def gone() -> None:
        from . import extras, services

        for table, item in resources:
            if table == services.KIND:
                services.gone(coolify, item)
                continue
            extras.forget(coolify, item)
            for variable in coolify.rows("variables", owner_table=table, owner_id=item["id"]):
                coolify.remove("variables", variable)
            coolify.remove(table, item)
        for place in coolify.rows("destinations", server_id=row["id"]):
            coolify.remove("destinations", place)

    # Until then lists that reach for the server of a resource answer 500
    coolify.later(coolify.switches.delete_seconds if resources else 0, gone)
    return {"message": "Server deleted."}


def _validate(coolify: Coolify, row: Row, install: bool = False) -> None:
    coolify.update(row, validation_logs=None, **({"is_validating": True} if install else {}))
    why = coolify.switches.outcomes.get(row["name"], {}).get("validation")

    def done() -> None:
        if why:
            # Coolify tells it as HTML
            _set(coolify, row, {"is_reachable": False, "is_usable": False})
            coolify.update(row, validation_logs=f'Server is not reachable.<br><div class="text-error">Error: {why}</div>')
        else:
            _set(coolify, row, {**VALIDATED, "docker_version": "27.0.3"} if coolify.has("4.3.0") else VALIDATED)
        coolify.update(row, is_validating=False)

    coolify.later(coolify.switches.status_seconds, done)


@route("GET", "/servers/<uuid>/validate", "write", until="4.2.0", write=True)
@route("POST", "/servers/<uuid>/validate", since="4.2.0")
def validate_server(call: Call) -> t.Any:
    row = call.mine("servers", "Server")
    errors = validate(call.input, {"install": ("boolean",)}) if call.coolify.has("4.2.0") else {}
    if errors:
        invalid(errors)
    install = call.coolify.has("4.2.0") and boolean(call.input.get("install") or False)
    _validate(call.coolify, row, install)
    return 201, {"message": "Validation and installation started." if install else "Validation started."}


route("GET", "/servers/<uuid>/validate", "write", since="4.2.0")(moved)

# --- proxy ---------------------------------------------------------------------------------------------------------------------

PROXY: Rules = {
    "redirect_enabled": ("boolean",),
    "redirect_url": ("nullable", "string", ("regex", r"^https?://[^\s/]+")),
    "generate_exact_labels": ("boolean",),
    "proxy_type": ("nullable", "string"),
}


def _proxy(call: Call, row: Row) -> Row:
    held = views.proxy(row)
    view = {
        "proxy_type": held["type"],
        "status": held["status"],
        "redirect_enabled": held["redirect_enabled"],
        "redirect_url": held.get("redirect_url"),
        "generate_exact_labels": views.server_settings(call.coolify, row, True)["generate_exact_labels"],
    }
    return {**view, **({"configuration": held.get("last_saved_proxy_configuration")} if call.sensitive else {})}


def _set_proxy(coolify: Coolify, row: Row, **values: t.Any) -> None:
    coolify.update(row, proxy={**row.get("proxy", {}), **values})


def _change_proxy(coolify: Coolify, row: Row, kind: str) -> None:
    coolify.update(row, proxy_type=kind.upper())
    _set_proxy(coolify, row, status="exited", last_saved_proxy_configuration=None, last_saved_settings=None, last_applied_settings=None)
    if kind.upper() != "NONE" and row["settings"]["is_usable"]:
        coolify.later(coolify.switches.status_seconds, lambda: _set_proxy(coolify, row, status="running"))


@route("GET", "/servers/<uuid>/proxy", since="4.3.0")
def read_proxy(call: Call) -> t.Any:
    return _proxy(call, call.mine("servers", "Server"))


@route("PATCH", "/servers/<uuid>/proxy", since="4.3.0", json=True)
def update_proxy(call: Call) -> t.Any:
    _check(call, PROXY)
    data, row = call.input, call.mine("servers", "Server")
    if data.get("proxy_type") and data["proxy_type"].upper() not in PROXIES:
        invalid({"proxy_type": ["Invalid proxy type."]})
    if "redirect_enabled" in data:
        _set_proxy(call.coolify, row, redirect_enabled=boolean(data["redirect_enabled"]))
    if "redirect_url" in data:
        _set_proxy(call.coolify, row, redirect_url=data["redirect_url"] or None)
    if "generate_exact_labels" in data:
        _set(call.coolify, row, {"generate_exact_labels": boolean(data["generate_exact_labels"])})
    if data.get("proxy_type"):
        _change_proxy(call.coolify, row, data["proxy_type"])
    return _proxy(call, row)


@route("PUT", "/servers/<uuid>/proxy/configuration", since="4.3.0", json=True)
def save_configuration(call: Call) -> t.Any:
    _check(call, {"configuration": ("required", "string")})
    row, text = call.mine("servers", "Server"), call.input["configuration"]
    try:
        text = base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        pass  # plain text
    _set_proxy(call.coolify, row, last_saved_proxy_configuration=text)
    if not views.server_settings(call.coolify, row, True)["is_reachable"]:
        raise Crash  # it is stored, and then written to the server by SSH
    return {**_proxy(call, row), "message": "Proxy configuration saved."}


@route("POST", "/servers/<uuid>/proxy/restart", since="4.3.0")
def restart_proxy(call: Call) -> t.Any:
    coolify, row = call.coolify, call.mine("servers", "Server")
    end = coolify.switches.outcomes.get(row["name"], {}).get("proxy", "running")
    _set_proxy(coolify, row, status="restarting")
    coolify.later(coolify.switches.status_seconds, lambda: _set_proxy(coolify, row, status=end))
    return {"message": "Proxy restart queued."}


# --- docker clean-up, sentinel, log drains: some of the settings, behind a route of their own ----------------------------------

CLEANUP: Rules = {
    "docker_cleanup_frequency": ("string",),
    "docker_cleanup_threshold": ("integer", ("min", 1), ("max", 99)),
    **dict.fromkeys(
        ("force_docker_cleanup", "delete_unused_volumes", "delete_unused_networks", "disable_application_image_retention"), ("boolean",)
    ),
}
SENTINEL: Rules = {
    **dict.fromkeys(("is_sentinel_enabled", "is_metrics_enabled", "is_sentinel_debug_enabled"), ("boolean",)),
    "sentinel_token": ("string", ("max", 500), ("regex", r"\A[a-zA-Z0-9._\-+=/]+\Z")),
    "sentinel_metrics_refresh_rate_seconds": ("integer", ("min", 1)),
    "sentinel_metrics_history_days": ("integer", ("min", 1)),
    "sentinel_push_interval_seconds": ("integer", ("min", 10)),
    "sentinel_custom_url": ("nullable", ("regex", r"^https?://\S+$")),
}
PLAIN = ("nullable", "string", ("regex", r"^[a-zA-Z0-9_\-\.]+$"))
DRAINS: Rules = {
    **dict.fromkeys(("is_logdrain_newrelic_enabled", "is_logdrain_axiom_enabled", "is_logdrain_custom_enabled"), ("boolean",)),
    "logdrain_newrelic_license_key": PLAIN,
    "logdrain_newrelic_base_uri": ("nullable", ("regex", r"^https?://\S+$")),
    "logdrain_axiom_dataset_name": PLAIN,
    "logdrain_axiom_api_key": PLAIN,
    "logdrain_custom_config": ("nullable", "string"),
    "logdrain_custom_config_parser": ("nullable", "string"),
}
NEEDED = {
    "newrelic": {
        "logdrain_newrelic_license_key": "The New Relic license key is required when New Relic log drain is enabled.",
        "logdrain_newrelic_base_uri": "The New Relic base URI is required when New Relic log drain is enabled.",
    },
    "axiom": {
        "logdrain_axiom_dataset_name": "The Axiom dataset name is required when Axiom log drain is enabled.",
        "logdrain_axiom_api_key": "The Axiom API key is required when Axiom log drain is enabled.",
    },
    "custom": {"logdrain_custom_config": "The custom log drain config is required when custom log drain is enabled."},
}


def _typed(rules: Rules, data: Row) -> Row:
    def typed(name: str, value: t.Any) -> t.Any:
        if value is None:
            return None
        return boolean(value) if "boolean" in rules[name] else integer(value) if "integer" in rules[name] else value

    return {name: typed(name, value) for name, value in data.items()}


def _shown(call: Call, row: Row, rules: Rules, more: tuple[str, ...] = ()) -> Row:
    settings = views.server_settings(call.coolify, row, call.sensitive)
    return {name: settings[name] for name in rules if name in settings} | {name: views.SERVER[name] for name in more}


def _cleanup(call: Call, row: Row, given: Row) -> Row:
    if "docker_cleanup_frequency" in given:
        if not databases.valid_schedule(given["docker_cleanup_frequency"] or ""):
            invalid({"docker_cleanup_frequency": ["Invalid Cron / Human expression for Docker Cleanup Frequency."]})
        given["docker_cleanup_frequency"] = KEYWORDS.get(given["docker_cleanup_frequency"], given["docker_cleanup_frequency"])
    return given


KEYWORDS = {
    "every_minute": "* * * * *",
    **{
        f"{at}{name}": cron
        for at in ("", "@")
        for name, cron in (
            ("hourly", "0 * * * *"),
            ("daily", "0 0 * * *"),
            ("weekly", "0 0 * * 0"),
            ("monthly", "0 0 1 * *"),
            ("yearly", "0 0 1 1 *"),
        )
    },
}


def _sentinel(call: Call, row: Row, given: Row) -> Row:
    if given.get("is_sentinel_enabled") and row["settings"]["is_build_server"]:
        invalid({"is_sentinel_enabled": ["Sentinel cannot be enabled on build servers."]})
    if given.get("is_sentinel_enabled") is False:
        given.update(is_metrics_enabled=False, is_sentinel_debug_enabled=False)
    return given


def _drains(call: Call, row: Row, given: Row) -> Row:
    settings = {**views.server_settings(call.coolify, row, True), **given}
    for kind, needed in NEEDED.items():
        errors = {name: [text] for name, text in needed.items() if not settings[name]}
        if settings[f"is_logdrain_{kind}_enabled"] and errors:
            invalid(errors)
    return given


def _part(path: str, rules: Rules, judge: t.Callable[[Call, Row, Row], Row], more: tuple[str, ...] = ()) -> None:
    @route("GET", f"/servers/<uuid>/{path}", since="4.3.0")
    def read(call: Call) -> t.Any:
        return _shown(call, call.mine("servers", "Server"), rules, more)

    @route("PATCH", f"/servers/<uuid>/{path}", since="4.3.0", json=True)
    def update(call: Call) -> t.Any:
        row = call.mine("servers", "Server")
        _check(call, rules)
        _set(call.coolify, row, judge(call, row, _typed(rules, call.input)))
        return _shown(call, row, rules, more)


_part("docker-cleanup", CLEANUP, _cleanup)
_part("sentinel", SENTINEL, _sentinel, ("sentinel_updated_at",))
_part("log-drains", DRAINS, _drains)


@route("POST", "/servers/<uuid>/docker-cleanup/run", since="4.3.0")
def run_cleanup(call: Call) -> t.Any:
    coolify, row = call.coolify, call.mine("servers", "Server")
    errors = validate(call.input, dict.fromkeys(("delete_unused_volumes", "delete_unused_networks"), ("boolean",)))
    if errors:
        invalid(errors)
    run = coolify.insert("cleanups", server_id=row["id"], status="running", message=None, finished_at=None, flags=dict(call.input))

    end = coolify.switches.outcomes.get(row["name"], {}).get("cleanup", "success")

    def done() -> None:
        coolify.update(run, status=end, message="[]", finished_at=coolify.now())

    coolify.later(coolify.switches.status_seconds, done)
    return {"message": "Manual cleanup job started. Depending on the amount of data, this might take a while."}


@route("GET", "/servers/<uuid>/docker-cleanup/executions", since="4.3.0")
def list_cleanups(call: Call) -> t.Any:
    rows = call.coolify.rows("cleanups", server_id=call.mine("servers", "Server")["id"])
    keys = ("uuid", "status", "message", "finished_at", "created_at", "updated_at")
    return [{key: row[key] for key in keys} for row in reversed(rows)][:20]


# --- destinations --------------------------------------------------------------------------------------------------------------

DESTINATION: Rules = {
    "name": ("nullable", "string", ("max", 255)),
    "network": ("required", "string", ("max", 255), ("regex", r"^[a-zA-Z0-9][a-zA-Z0-9._-]*$")),
    "type": ("nullable", ("in", ("standalone", "swarm"))),
}


def _destination(server: Row, row: Row) -> Row:
    return {
        **{key: row[key] for key in ("uuid", "name", "network")},
        "type": "standalone",
        "server_uuid": server["uuid"],
        **views.times(row),
    }


def _server_of(call: Call) -> Row:
    found = call.coolify.one("servers", uuid=call.params["server_uuid"], team_id=call.team)
    return found or refuse(404, "No query results for model [App\\Models\\Server].")


def _find_destination(call: Call) -> tuple[Row, Row]:
    row = call.coolify.one("destinations", uuid=call.params["uuid"])
    server = call.coolify.one("servers", id=row["server_id"], team_id=call.team) if row else None
    if row is None or server is None:
        refuse(404, "No query results for model [App\\Models\\SwarmDocker].")
    return server, row


@route("GET", "/destinations", since="4.2.0")
def list_destinations(call: Call) -> t.Any:
    servers = {row["id"]: row for row in call.coolify.rows("servers", team_id=call.team)}
    return [_destination(servers[row["server_id"]], row) for row in call.coolify.rows("destinations") if row["server_id"] in servers]


@route("GET", "/servers/<server_uuid>/destinations", since="4.2.0")
def server_destinations(call: Call) -> t.Any:
    server = _server_of(call)
    return [_destination(server, row) for row in call.coolify.rows("destinations", server_id=server["id"])]


@route("GET", "/destinations/<uuid>", since="4.2.0")
def read_destination(call: Call) -> t.Any:
    return _destination(*_find_destination(call))


@route("POST", "/servers/<server_uuid>/destinations", since="4.2.0", json=True)
def create_destination(call: Call) -> t.Any:
    server, data = _server_of(call), call.input
    _check(call, DESTINATION)
    if (data.get("type") or "standalone") != "standalone":
        refuse(422, "Destination type must be standalone for this server.")
    if call.coolify.one("destinations", server_id=server["id"], network=data["network"]):
        refuse(409, "A destination with this network already exists on the server.")
    row = call.coolify.add_destination(server, data["network"])
    row["name"] = strip_tags(data.get("name")) or f"{server['name']}-{data['network']}"
    return 201, _destination(server, row)


@route("PATCH", "/destinations/<uuid>", since="4.3.0", json=True)
def rename_destination(call: Call) -> t.Any:
    _check(call, {"name": ("required", "string", ("max", 255))})
    server, row = _find_destination(call)
    call.coolify.update(row, name=strip_tags(call.input["name"]))
    return _destination(server, row)


@route("DELETE", "/destinations/<uuid>", "write", since="4.2.0", until="4.5.0")
@route("DELETE", "/destinations/<uuid>", "write+deploy", since="4.5.0")
def delete_destination(call: Call) -> t.Any:
    _server, row = _find_destination(call)
    if any(item.get("destination_id") == row["id"] for table in RESOURCE_TABLES for item in call.coolify.rows(table)):
        refuse(409, "Destination has attached resources, detach first.")
    call.coolify.remove("destinations", row)
    return {"message": "Deleted."}


# --- private keys --------------------------------------------------------------------------------------------------------------

KEY: Rules = {"name": ("string", ("max", 255)), "description": ("string", ("max", 255)), "private_key": ("required", "string")}


def _key(call: Call, row: Row) -> Row:
    keys = ("id", "uuid", "name", "description", "fingerprint", "is_git_related", "public_key", "team_id", "created_at", "updated_at")
    return {**{key: row[key] for key in keys}, **({"private_key": row["private_key"]} if call.sensitive else {})}


@route("GET", "/security/keys")
def list_keys(call: Call) -> t.Any:
    return [_key(call, row) for row in call.coolify.rows("private_keys", team_id=call.team)]


@route("GET", "/security/keys/<uuid>")
def read_key(call: Call) -> t.Any:
    return _key(call, call.mine("private_keys", "Private Key"))


def _loaded(text: str) -> Row:
    text = f"{text.strip()}\n"
    return {"private_key": text, "public_key": public_text(text), "fingerprint": fingerprint(text)}


@route("POST", "/security/keys", json=True)
def create_key(call: Call) -> t.Any:
    errors = validate(call.input, KEY, {"required": REQUIRED})
    if errors:
        invalid(errors)
    text = call.input["private_key"]
    try:
        if not text.startswith("-----BEGIN"):
            text = base64.b64decode(text).decode()
        loaded = _loaded(text)
    except ValueError:
        refuse(422, "Invalid private key.")
    if call.coolify.one("private_keys", fingerprint=loaded["fingerprint"], team_id=call.team):
        refuse(422, "Private key already exists.")
    row = call.coolify.insert(
        "private_keys",
        name=strip_tags(call.input.get("name")) or letters(12),
        description=strip_tags(call.input.get("description")) or "Created by Coolify via API",
        is_git_related=False,
        team_id=call.team,
        **loaded,
    )
    return 201, {"uuid": row["uuid"]}


@route("PATCH", "/security/keys/<uuid>", json=True)
def update_key(call: Call) -> t.Any:
    _check(call, KEY, {"required": REQUIRED})
    row, data = call.mine("private_keys", "Private Key"), call.input
    try:
        loaded = _loaded(data["private_key"])
    except ValueError:
        refuse(422, "The private key is invalid.", errors={"private_key": ["The private key is invalid."]})
    if any(other is not row for other in call.coolify.rows("private_keys", fingerprint=loaded["fingerprint"], team_id=call.team)):
        refuse(422, "This private key already exists.", errors={"private_key": ["This private key already exists."]})
    call.coolify.update(row, **{name: strip_tags(data[name]) for name in ("name", "description") if name in data}, **loaded)
    return 201, {"uuid": row["uuid"]}


@route("DELETE", "/security/keys/<uuid>", "write", until="4.5.0")
@route("DELETE", "/security/keys/<uuid>", "write+deploy", since="4.5.0")
def delete_key(call: Call) -> t.Any:
    row = call.mine("private_keys", "Private Key")
    if any(call.coolify.one(table, private_key_id=row["id"]) for table in ("servers", "applications", "github_apps")):
        refuse(
            422,
            "Private Key is in use and cannot be deleted.",
            details="This private key is currently being used by servers, applications, or Git integrations.",
        )
    call.coolify.remove("private_keys", row)
    return {"message": "Private Key deleted."}
