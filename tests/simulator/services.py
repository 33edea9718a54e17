# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Services: one-click or from a compose file, with a sub-application or sub-database for each container (resources.md 4)."""

from __future__ import annotations

import hashlib
import re
import typing as t
from dataclasses import dataclass

from . import compose, views
from .applications import conflicts, delete_flags, log_text, need_environment, place, url_errors, url_list
from .core import Coolify, Crash, Refused, Row, invalid, refuse
from .http import Call, action, integer, route
from .labels import container_labels
from .php import boolean, decode_base64, letters, parse_url, strip_tags, truthy
from .templates import CONNECTED, TEMPLATES
from .validation import Rules, validate

KIND = "services"
"""The table, and what a row says of itself as databases do."""


@dataclass(frozen=True)
class Sub:
    """Applications and databases inside a service."""

    table: str
    family: str
    word: str
    columns: Row
    rules: Rules


COMMON: Row = {
    "human_name": None,
    "description": None,
    "ports": "",
    "exposes": None,
    "status": "exited",
    "exclude_from_status": False,
    "image": None,
    "is_log_drain_enabled": False,
    "is_include_timestamps": False,
    "deleted_at": None,
    "is_gzip_enabled": True,
    "is_stripprefix_enabled": True,
    "last_online_at": "2026-01-01 00:00:00",
    "is_migrated": False,
}
TEXT = ("nullable", "string")
APPLICATION = Sub(
    "service_applications",
    "applications",
    "application",
    {**COMMON, "fqdn": None, "required_fqdn": False, "noindex_domains": None, "redirect": "both", "is_force_https_enabled": True},
    {
        "url": TEXT,
        "noindex_domains": ("nullable", "array"),
        "noindex_domains.*": ("string",),
        "human_name": (*TEXT, ("max", 255)),
        "description": TEXT,
        "image": TEXT,
        **dict.fromkeys(
            ("exclude_from_status", "is_log_drain_enabled", "is_gzip_enabled", "is_stripprefix_enabled", "is_force_https_enabled"),
            ("boolean",),
        ),
    },
)
DATABASE = Sub(
    "service_databases",
    "databases",
    "database",
    {**COMMON, "public_port": None, "is_public": False, "custom_type": None, "public_port_timeout": 3600},
    {
        "human_name": (*TEXT, ("max", 255)),
        "description": TEXT,
        "image": ("string",),
        **dict.fromkeys(("exclude_from_status", "is_log_drain_enabled", "is_public"), ("boolean",)),
        "public_port": ("nullable", "integer", ("min", 1), ("max", 65535)),
        "public_port_timeout": ("nullable", "integer", ("min", 1)),
    },
)
SUBS = (APPLICATION, DATABASE)
SINCE = {
    **dict.fromkeys(("redirect", "noindex_domains"), "4.3.0"),
    "is_force_https_enabled": "4.3.8",
}
UPDATE_RULES: Rules = {
    "name": ("string", ("max", 255)),
    "description": TEXT,
    "instant_deploy": ("boolean",),
    "connect_to_docker_network": ("boolean",),
    "docker_compose_raw": TEXT,
    "urls": ("nullable", "array"),
    "urls.*": (("keys", ("name", "url")),),
    "urls.*.name": ("required", "string"),
    "urls.*.url": TEXT,
    "force_domain_override": ("boolean",),
    "is_container_label_escape_enabled": ("boolean",),
}
CREATE_RULES: Rules = {
    "type": ("string",),
    "docker_compose_raw": ("string",),
    "project_uuid": ("required", "string"),
    "environment_name": TEXT,
    "environment_uuid": TEXT,
    "server_uuid": ("required", "string"),
    "destination_uuid": TEXT,
    **{name: rules for name, rules in UPDATE_RULES.items() if name not in ("docker_compose_raw", "connect_to_docker_network")},
    "tags": ("nullable", "array"),
    "tags.*": ("string", ("min", 2)),
}
MESSAGES = {"urls.*.keys": "An item in the urls array has invalid fields. Only name and url fields are supported."}
NOT_BASE64 = {"docker_compose_raw": "The docker_compose_raw should be base64 encoded."}


def find(call: Call) -> Row:
    return call.find(KIND, "Service")


def inside(coolify: Coolify, service: Row, sub: Sub) -> list[Row]:
    return coolify.rows(sub.table, service_id=service["id"])


def _named(coolify: Coolify, service: Row, name: str) -> Row | None:
    """The container's row; what once was an application or a database stays one."""
    return next((row for sub in SUBS for row in inside(coolify, service, sub) if row["name"] == name), None)


def _check(call: Call, rules: Rules, required: t.Mapping[str, list[str]] | None = None) -> None:
    errors = {**validate(call.input, rules, MESSAGES), **(required or {})}
    errors.update({name: ["This field is not allowed."] for name in call.input if name not in rules})
    if errors:
        invalid(errors)


# --- the compose file --------------------------------------------------------------------------------------------------------

GENERATED = {
    "PASSWORD": 32,
    "PASSWORD_64": 64,
    "PASSWORDWITHSYMBOLS": 32,
    "USER": 16,
    "LOWERCASEUSER": 16,
    "BASE64": 32,
    "BASE64_32": 32,
    "BASE64_64": 64,
    "BASE64_128": 128,
    "HEX_32": 32,
    "HEX_64": 64,
}
VARIABLE = re.compile(r"\$(?:\{(\w+)(?:(:?[-?])((?:[^{}]|\{[^{}]*\})*))?\}|([A-Za-z_]\w*))")


def reparse(coolify: Coolify, service: Row) -> None:
    """What Coolify does with the file at each creation, change and start: containers, variables, and the file that Docker gets."""
    parsed = compose.parse(service["docker_compose_raw"])
    containers = parsed.get("services") if isinstance(parsed.get("services"), dict) else {}
    rows = {}
    for name, given in containers.items():
        definition = given or {}
        row = _named(coolify, service, name)
        if row is None:
            sub = DATABASE if compose.is_database(definition) else APPLICATION
            row = coolify.insert(sub.table, name=name, service_id=service["id"], **sub.columns)
        excluded = definition.get("restart") == "no" or bool(definition.get("exclude_from_hc"))
        ports = ",".join(str(port) for port in definition.get("ports") or () if not isinstance(port, dict))
        image = str(definition["image"]) if definition.get("image") else None
        coolify.update(row, image=image, ports=ports, **({"exclude_from_status": True} if excluded else {}))
        rows[name] = row
    for name, row in rows.items():
        _own_domains(coolify, service, row, compose.environment(containers[name] or {}))
    for definition in containers.values():
        _magic(coolify, service, compose.environment(definition or {}))
    written = {name: _container(coolify, service, row, containers[name] or {}, list(containers)) for name, row in rows.items()}
    service["docker_compose"] = compose.dump(_whole(service, parsed, written))
    service["docker_compose_raw"] = compose.dump(compose.without_contents(parsed))


def _set(coolify: Coolify, service: Row, key: str, value: t.Any, *, overwrite: bool = True, **columns: t.Any) -> Row:
    from .variables import add

    row = coolify.one("variables", owner_table=KIND, owner_id=service["id"], key=key)
    if row is None:
        return add(coolify, service, KIND, key, value, **columns)
    if overwrite:
        coolify.update(row, value=value)
    return row


def _address(coolify: Coolify, service: Row, name: str) -> str:
    server = coolify.server(service)
    wildcard = server["settings"]["wildcard_domain"]
    host = f"{name.lower()}-{service['uuid']}"
    if wildcard:
        parts = parse_url(wildcard) or {}
        return f"{parts.get('scheme', 'http')}://{host}.{parts.get('host', '')}"
    return f"http://{host}.{server['ip']}.sslip.io"


def _bare(url: str) -> str:
    """Without its port."""
    parts = parse_url(url) or {}
    return f"{parts.get('scheme', '')}://{parts.get('host', '')}{parts.get('path', '')}"


def _own_domains(coolify: Coolify, service: Row, row: Row, environment: t.Mapping[str, t.Any]) -> None:
    """SERVICE_URL_X_3000 and SERVICE_FQDN_X_3000 give a container its domain and both kinds of variables."""
    for key, value in environment.items():
        match = re.fullmatch(r"SERVICE_(?:URL|FQDN)_(.+?)(?:_(\d+))?", str(key))
        if not match:
            continue
        url = _bare(row["fqdn"].split(",")[0]) if row.get("fqdn") else _address(coolify, service, match[1])
        path = value if isinstance(value, str) and value.startswith("/") and value != "/" else ""
        url += "" if url.endswith(path) else path
        port = f":{match[2]}" if match[2] else ""
        if "fqdn" in row and row["fqdn"] is None:
            coolify.update(row, fqdn=f"{url}{port}")
        for ending, number in (("", ""), (f"_{match[2]}", port)) if port else (("", ""),):
            host = url.partition("://")[2]
            _set(coolify, service, f"SERVICE_FQDN_{match[1]}{ending}", f"{host}{number}")
            _set(coolify, service, f"SERVICE_URL_{match[1]}{ending}", f"{url}{number}")


def _magic(coolify: Coolify, service: Row, environment: t.Mapping[str, t.Any]) -> None:
    """Values that refer to variables bring them into being."""
    for key, value in environment.items():
        for match in VARIABLE.finditer(str(value if value is not None else "").replace("$$", "")):
            name, default = match[1] or match[4], match[3]
            if name.startswith(("SERVICE_URL_", "SERVICE_FQDN_")):
                _set(coolify, service, name, _address(coolify, service, name.split("_", 2)[2]), overwrite=False)
            elif name.startswith("SERVICE_"):
                length = GENERATED.get(name.removeprefix("SERVICE_").rpartition("_")[0])
                _set(coolify, service, name, letters(length) if length else None, overwrite=False)
            elif str(value).startswith("$"):
                required = "?" in (match[2] or "")
                _set(coolify, service, name, None if required else default, overwrite=False, is_required=required)
        if re.match(r"\$\{?SERVICE_", str(value)):
            # Written anew each time, whatever a person set it to
            _set(coolify, service, str(key), str(value))


def _container(coolify: Coolify, service: Row, row: Row, definition: Row, names: list[str]) -> Row:
    uuid, name = service["uuid"], row["name"]
    environment = {key: value for key, value in compose.environment(definition).items() if not str(key).startswith("SERVICE_FQDN_")}
    for key, value in environment.items():
        stored = coolify.one("variables", owner_table=KIND, owner_id=service["id"], key=key) if value == "" else None
        environment[key] = (stored or {}).get("value") or value
    urls = [url for url in (row.get("fqdn") or "").split(",") if url]
    environment.update(COOLIFY_RESOURCE_UUID=uuid, COOLIFY_CONTAINER_NAME=f"{name}-{uuid}")
    if urls:
        bare = [_bare(url) for url in urls]
        environment.update(COOLIFY_FQDN=",".join(url.partition("://")[2] for url in bare), COOLIFY_URL=",".join(bare))
    environment.update({f"SERVICE_NAME_{re.sub('[-.]', '_', other).upper()}": other for other in names})
    given = definition.get("labels") or []
    labels = [f"{key}={value}" for key, value in given.items()] if isinstance(given, dict) else list(given)
    labels += _labels(coolify, service, row)
    if urls:
        segment = name
        if coolify.has("4.3.0"):
            labels.append(f"traefik.docker.network={uuid}")
            segment = f"{re.sub(r'[^a-zA-Z0-9-]+', '-', name)}-{hashlib.md5(name.encode()).hexdigest()[:4]}"
        labels += container_labels(row, uuid, segment)
    env_file = definition.get("env_file") or []
    volumes = [_volume(service, item) for item in definition.get("volumes") or ()]
    return {
        **{key: value for key, value in definition.items() if key != "exclude_from_hc"},
        "container_name": f"{name}-{uuid}",
        "restart": definition.get("restart", "unless-stopped"),
        "labels": labels,
        "networks": {**dict.fromkeys(definition.get("networks") or ()), uuid: None},
        **({"volumes": volumes} if volumes else {}),
        "environment": environment,
        "env_file": [*(env_file if isinstance(env_file, list) else [env_file]), ".env"],
    }


def _labels(coolify: Coolify, service: Row, row: Row) -> list[str]:
    sub = "application" if "fqdn" in row else "database"
    texts = {
        "managed": "true",
        "version": coolify.version,
        "serviceId": service["id"],
        "type": "service",
        "name": _slug(f"{row['name']}-{service['uuid']}"),
        "resourceName": _slug(service["name"]),
        "projectName": _slug(coolify.project(service)["name"]),
        "serviceName": _slug(row["human_name"] or row["name"]),
        "environmentName": _slug(coolify.environment(service)["name"]),
        "pullRequestId": 0,
        "service.subId": row["id"],
        "service.subType": sub,
        "service.subName": _slug(row["human_name"] or row["name"]),
    }
    return [f"coolify.{key}={value}" for key, value in texts.items()]


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _named_volume(source: str) -> bool:
    return not re.match(r"[./~$]", source)


def _volume(service: Row, item: t.Any) -> t.Any:
    if isinstance(item, dict):
        kept = {key: value for key, value in item.items() if key not in ("content", "isDirectory", "is_directory")}
        return {**kept, "source": f"{service['uuid']}_{_slug(str(item.get('source')))}"} if item.get("type") == "volume" else kept
    source, colon, rest = str(item).partition(":")
    if not colon:
        return item
    folder = f"/data/coolify/services/{service['uuid']}"
    if _named_volume(source):
        return f"{service['uuid']}_{_slug(source)}:{rest}"
    return f"{folder}/{source[2:]}:{rest}" if source.startswith("./") else item


def _whole(service: Row, parsed: Row, containers: Row) -> Row:
    uuid = service["uuid"]
    names = [
        item["source"] if isinstance(item, dict) else item.split(":")[0]
        for container in containers.values()
        for item in container.get("volumes", ())
        if (item.get("type") == "volume" if isinstance(item, dict) else item.startswith(f"{uuid}_"))
    ]
    volumes = {**{name: item for name, item in (parsed.get("volumes") or {}).items() if item}, **{name: {"name": name} for name in names}}
    networks = {**(parsed.get("networks") or {}), uuid: {"name": uuid, "external": True}}
    rest = {name: parsed[name] for name in ("configs", "secrets") if parsed.get(name)}
    return {"services": containers, **({"volumes": volumes} if volumes else {}), "networks": networks, **rest}


def _decoded(call: Call) -> str:
    """The file of a request as it is stored, before it is parsed again."""
    text = decode_base64(call.input["docker_compose_raw"])
    if text is None:
        invalid(NOT_BASE64)
    parsed = compose.parse(text)
    compose.containers(parsed)
    return compose.dump(parsed)


# --- reading -----------------------------------------------------------------------------------------------------------------


def _sub_view(coolify: Coolify, row: Row) -> Row:
    view = {name: value for name, value in row.items() if not name.startswith("_")}
    return {name: value for name, value in view.items() if coolify.has(SINCE.get(name))}


def status(coolify: Coolify, service: Row) -> str:
    """Put together from the containers each time it is read."""
    if service.get("_activity"):
        return "starting:unhealthy"
    rows = [row for sub in SUBS for row in inside(coolify, service, sub)]
    counted = [row for row in rows if not row["exclude_from_status"]]
    told = _aggregate([row["status"] for row in counted or rows]) if rows else "unknown:unknown"
    return told if counted or told == "exited" else f"{told}:excluded"


def _aggregate(texts: list[str]) -> str:
    states = {text.split(":")[0] for text in texts}
    running = [text for text in texts if text.startswith("running")]
    starting = states & {"starting", "created"}
    if states & {"degraded", "restarting"} or (running and "exited" in states):
        return "degraded:unhealthy"
    if running and not starting:
        return "running:" + next((word for word in ("unhealthy", "unknown") if any(word in text for text in running)), "healthy")
    if not running and states & {"dead", "removing"}:
        return "degraded:unhealthy"
    return "paused:unknown" if "paused" in states else "starting:unknown" if starting else "exited"


def _shape(coolify: Coolify, row: Row, *, sensitive: bool) -> Row:
    hidden = ("docker_compose", "docker_compose_raw", "kind")
    view = {name: value for name, value in row.items() if not name.startswith("_") and name not in hidden}
    # Nobody sees the server's secrets here since 4.2.0, everybody before
    old = not coolify.has("4.2.0")
    view.update(
        status=status(coolify, row),
        server_status=views.server_status(coolify, row),
        applications=[_sub_view(coolify, item) for item in inside(coolify, row, APPLICATION)],
        databases=[_sub_view(coolify, item) for item in inside(coolify, row, DATABASE)],
        server=views.server(coolify, coolify.server(row), old),
    )
    if sensitive:
        view.update(docker_compose=row["docker_compose"], docker_compose_raw=row["docker_compose_raw"])
    return view


def brief(coolify: Coolify, row: Row, sensitive: bool) -> Row:
    return _shape(coolify, row, sensitive=sensitive)


def _top(call: Call, row: Row) -> Row:
    view = _shape(call.coolify, row, sensitive=call.sensitive)
    view.pop("id")
    if call.sensitive and call.coolify.has("4.2.0"):
        view["destination"] = views.destination(call.coolify, row, True)
    return view


@route("GET", "/services")
def list_services(call: Call) -> t.Any:
    rows = call.coolify.owned(KIND, call.team)
    return [views.ordered({**_top(call, row), "laravel_through_key": call.coolify.project(row)["id"]}) for row in rows]


@route("GET", "/services/<uuid>")
def read(call: Call) -> t.Any:
    row = find(call)
    view = _top(call, row)
    if call.coolify.has("4.2.0"):
        view["environment"] = views.environment_up(call.coolify, row)
    return views.ordered(view)


def _container_log(call: Call, row: Row | None, missing: str | None, stopped: str) -> t.Any:
    if row is None or (missing and row["status"] == "exited"):
        refuse(404, missing or "Container not found.")
    if not row["status"].startswith("running"):
        refuse(400, stopped)
    service = call.coolify.table(KIND)[row["service_id"]]
    outcome = call.coolify.switches.outcomes.get(f"{service['name']}/{row['name']}", {})
    return log_text(call, outcome.get("output", [f"{row['name']} is ready"]))


@route("GET", "/services/<uuid>/logs", "read", since="4.2.0", until="4.4.0")
@route("GET", "/services/<uuid>/logs", "read+read:sensitive", since="4.4.0")
def logs(call: Call) -> t.Any:
    name = call.input.get("sub_service_name") or refuse(400, "Sub service name is required.")
    return _container_log(call, _named(call.coolify, find(call), name), "Container not found.", "Container is not running.")


# --- creating and changing ---------------------------------------------------------------------------------------------------


def _normal(text: str | None) -> str | None:
    """Scheme and host in lower case."""
    normal = []
    for url in url_list(text):
        scheme, _separator, rest = url.partition("://")
        host, slash, path = rest.partition("/")
        normal.append(f"{scheme.lower()}://{host.lower()}{slash}{path}")
    return ",".join(normal) or None


def _apply_urls(call: Call, service: Row) -> None:
    """Raises Refused; the urls of earlier items are stored by then."""
    items = call.input.get("urls")
    if not isinstance(items, list):
        return
    force = boolean(call.input.get("force_domain_override"))
    urls = [url for item in items for url in url_list(item.get("url"))]
    errors = url_errors(",".join(urls))
    normal = url_list(_normal(",".join(urls)))
    double = list(dict.fromkeys(url for url in normal if normal.count(url) > 1))
    if double and not force:
        text = f"conflicting URLs across containers: {', '.join(double)}. Use force_domain_override=true to proceed."
        errors.append(f"The current request contains {text}")
    if errors:
        invalid(errors)
    taken: list[Row] = []
    for item in items:
        row = next((row for row in inside(call.coolify, service, APPLICATION) if row["name"] == item["name"]), None)
        if row is None:
            errors.append(f"Service container with '{item['name']}' not found.")
            continue
        stored = _normal(item.get("url"))
        found = conflicts(call.coolify, url_list(stored), call.team, row["uuid"]) if stored else []
        if found and not force:
            taken += found
            continue
        call.coolify.update(row, fqdn=stored)
    if errors:
        invalid(errors)
    _refuse_taken(taken)


def _refuse_taken(found: list[Row]) -> None:
    if found:
        body = {
            "message": "Domain conflicts detected. Use force_domain_override=true to proceed.",
            "conflicts": found,
            "warning": "Using the same domain for multiple resources can cause routing conflicts and unpredictable behavior.",
        }
        raise Refused(409, body)


def _answer(coolify: Coolify, service: Row) -> Row:
    domains = sorted(row["fqdn"] for row in inside(coolify, service, APPLICATION) if row["fqdn"])
    return {"uuid": service["uuid"], "domains": domains}


@route("POST", "/services", json=True)
def create(call: Call) -> t.Any:
    from .extras import attach, tag_names

    coolify, data = call.coolify, call.input
    other = {"type": "docker_compose_raw", "docker_compose_raw": "type"}
    missing = {
        name: [f"The {name.replace('_', ' ')} field is required when {wanted.replace('_', ' ')} is not present."]
        for name, wanted in other.items()
        if not data.get(name) and not data.get(wanted)
    }
    rules = CREATE_RULES if coolify.has("4.2.0") else {name: rule for name, rule in CREATE_RULES.items() if not name.startswith("tags")}
    _check(call, rules, missing)
    if data.get("type") and data.get("docker_compose_raw"):
        refuse(422, "You cannot provide both service type and docker_compose_raw. Use one or the other.")
    if "tags" in data and data["tags"] is None:
        raise Crash
    tags = tag_names(data.get("tags") or (), "tags")
    need_environment(data)
    environment, _server, destination = place(call, lambda: refuse(404, "Environment not found."))
    kind = data.get("type")
    if kind and kind not in TEMPLATES:
        refuse(404, "Invalid service type.", valid_service_types=list(TEMPLATES))
    service = coolify.insert(
        KIND,
        kind=KIND,
        name=data.get("name") or f"service-{letters(10)}",
        description=strip_tags(data.get("description")),
        docker_compose_raw=TEMPLATES[kind] if kind else _decoded(call),
        docker_compose=None,
        service_type=kind,
        connect_to_docker_network=kind in CONNECTED,
        is_container_label_escape_enabled=boolean(data.get("is_container_label_escape_enabled"), True),
        compose_parsing_version="5",
        config_hash=None,
        deleted_at=None,
        environment_id=environment["id"],
        destination_id=destination["id"],
        destination_type="App\\Models\\StandaloneDocker",
        server_id=destination["server_id"],
    )
    service["name"] = strip_tags(service["name"] if data.get("name") or not kind else f"{kind}-{service['uuid']}")
    reparse(coolify, service)
    try:
        _apply_urls(call, service)
    except Refused:
        gone(coolify, service)
        raise
    attach(coolify, service, call.team, tags)
    if truthy(data.get("instant_deploy")):
        start(coolify, service)
    return 201, _answer(coolify, service)


@route("PATCH", "/services/<uuid>", json=True)
def update(call: Call) -> t.Any:
    coolify, data, service = call.coolify, call.input, find(call)
    _check(call, UPDATE_RULES)
    changes: Row = {}
    if "docker_compose_raw" in data:
        changes["docker_compose_raw"] = _decoded(call)
    changes.update({name: strip_tags(data[name]) for name in ("name", "description") if name in data})
    changes.update(
        {name: boolean(data[name]) for name in ("connect_to_docker_network", "is_container_label_escape_enabled") if name in data}
    )
    coolify.update(service, **changes)
    reparse(coolify, service)
    _apply_urls(call, service)
    if truthy(data.get("instant_deploy")):
        start(coolify, service)
    return _answer(coolify, service)


@route("DELETE", "/services/<uuid>", "write", until="4.5.0")
@route("DELETE", "/services/<uuid>", "write+deploy", since="4.5.0")
def delete(call: Call) -> t.Any:
    service = find(call)
    service["_delete_flags"] = delete_flags(call)
    call.coolify.later(call.coolify.switches.delete_seconds, lambda: gone(call.coolify, service))
    return {"message": "Service deletion request queued."}


def gone(coolify: Coolify, service: Row) -> None:
    from .extras import forget

    forget(coolify, service)
    for variable in coolify.rows("variables", owner_table=KIND, owner_id=service["id"]):
        coolify.remove("variables", variable)
    for sub in SUBS:
        for row in inside(coolify, service, sub):
            coolify.remove(sub.table, row)
    coolify.remove(KIND, service)


# --- start, stop, restart ----------------------------------------------------------------------------------------------------


def _outcome(coolify: Coolify, service: Row, row: Row) -> str:
    """As a test says, for the container or for all of them; else healthy, or unknown where nothing checks."""
    outcomes = coolify.switches.outcomes
    for name in (f"{service['name']}/{row['name']}", service["name"]):
        if "status" in outcomes.get(name, {}):
            return outcomes[name]["status"]
    containers = compose.parse(service["docker_compose_raw"]).get("services") or {}
    check = (containers.get(row["name"]) or {}).get("healthcheck")
    return "running:healthy" if check and not check.get("disable") else "running:unknown"


def _bring_up(coolify: Coolify, service: Row) -> None:
    """Only containers that are in the file come up; rows that are left over stay exited."""
    for sub in SUBS:
        for row in inside(coolify, service, sub):
            if row["name"] in (compose.parse(service["docker_compose_raw"]).get("services") or {}):
                coolify.update(row, status=_outcome(coolify, service, row))


def start(coolify: Coolify, service: Row, stopping: bool = False) -> None:
    """The activity is over before a server report tells of the containers, so the status dips in between."""
    reparse(coolify, service)
    seconds = coolify.switches.status_seconds
    if stopping:
        _stop(coolify, service)
    service["_activity"] = run = letters(8)

    def over() -> None:
        if service["_activity"] == run:
            service.update(_activity=None, _started=run, config_hash=hashlib.md5(service["uuid"].encode()).hexdigest())

    coolify.later(seconds / 2, over)
    coolify.later(seconds, lambda: _bring_up(coolify, service) if service.get("_started") == run else None)


def _stop(coolify: Coolify, service: Row) -> None:
    def stopped() -> None:
        for sub in SUBS:
            for row in inside(coolify, service, sub):
                coolify.update(row, status="exited")

    coolify.later(coolify.switches.status_seconds / 4, stopped)


@action("/services/<uuid>/start")
def start_one(call: Call) -> t.Any:
    service = find(call)
    if "running" in status(call.coolify, service):
        refuse(400, "Service is already running.")
    start(call.coolify, service)
    return {"message": "Service starting request queued."}


@action("/services/<uuid>/stop")
def stop_one(call: Call) -> t.Any:
    service = find(call)
    told = status(call.coolify, service)
    if "stopped" in told or "exited" in told:
        refuse(400, "Service is already stopped.")
    service["_cleanup"], service["_activity"] = boolean(call.input.get("docker_cleanup"), True), None
    service["_started"] = None
    _stop(call.coolify, service)
    return {"message": "Service stopping request queued."}


@action("/services/<uuid>/restart")
def restart_one(call: Call) -> t.Any:
    service = find(call)
    service["_latest"] = boolean(call.input.get("latest"))
    start(call.coolify, service, stopping=not service["_latest"])
    return {"message": "Service restarting request queued."}


# --- sub-applications and sub-databases ----------------------------------------------------------------------------------------


def _find_sub(call: Call, sub: Sub) -> tuple[Row, Row]:
    service = find(call)
    row = next((row for row in inside(call.coolify, service, sub) if row["uuid"] == call.params["sub"]), None)
    return service, row or refuse(404, f"Service {sub.word} not found.")


def _without_id(coolify: Coolify, row: Row) -> Row:
    view = _sub_view(coolify, row)
    view.pop("id")
    return views.ordered(view)


def _update_sub(call: Call, sub: Sub) -> Row:
    coolify, given = call.coolify, dict(call.input)
    service, row = _find_sub(call, sub)
    force = boolean(given.pop("force_domain_override", None)) if sub is APPLICATION and "force_domain_override" in given else False
    rules = {name: rule for name, rule in sub.rules.items() if coolify.has(SINCE.get(name.split(".")[0]))}
    errors = validate(given, rules)
    errors.update({name: ["This field is not allowed."] for name in given if name not in rules})
    if errors:
        invalid(errors)
    if boolean(given.get("is_log_drain_enabled")) and not coolify.server(service)["settings"].get("is_logdrain_custom_enabled"):
        invalid({"is_log_drain_enabled": ["Log drain is not enabled on the server for this service."]})
    changes = {name: boolean(value) if rules[name] == ("boolean",) else value for name, value in given.items() if name != "url"}
    for name in ("public_port", "public_port_timeout"):
        if changes.get(name) is not None:
            changes[name] = integer(changes[name])
    if "image" in changes:
        changes["image"] = changes["image"] or ""
    if sub is DATABASE:
        public = changes.get("is_public", row["is_public"])
        if public and not (changes.get("public_port") or row["public_port"]):
            invalid({"public_port": ["A public port is required when the database is public."]})
    if "url" in given:
        wrong = url_errors(given["url"])
        if wrong:
            invalid(wrong)
        lower = [url.lower() for url in url_list(given["url"])]
        found = conflicts(coolify, lower, call.team, row["uuid"])
        if not force:
            _refuse_taken(found)
        changes["fqdn"] = ",".join(dict.fromkeys(lower)) or None
    if changes.get("noindex_domains") is not None:
        own = (changes.get("fqdn", row["fqdn"]) or "").split(",")
        changes["noindex_domains"] = [url for url in changes["noindex_domains"] if url in own]
    coolify.update(row, **changes)
    _update_compose(coolify, service, row)
    return _without_id(coolify, row)


def _update_compose(coolify: Coolify, service: Row, row: Row) -> None:
    """The image goes into the file as it was given, the domain into the variables; the file for Docker waits for the next start."""
    parsed = compose.parse(service["docker_compose_raw"])
    definition = (parsed.get("services") or {}).get(row["name"])
    if definition and (definition.get("image") or "") != (row["image"] or ""):
        definition["image"] = row["image"]
        coolify.update(service, docker_compose_raw=compose.dump(parsed))
    if definition and row.get("fqdn"):
        _own_domains(coolify, service, row, compose.environment(definition))


def _register(sub: Sub) -> None:
    base = f"/services/<uuid>/{sub.family}"
    one = f"{base}/<sub>"

    @route("GET", base, since="4.2.0")
    def list_subs(call: Call) -> t.Any:
        return [_without_id(call.coolify, row) for row in inside(call.coolify, find(call), sub)]

    @route("GET", one, since="4.2.0")
    def read_sub(call: Call) -> t.Any:
        service, row = _find_sub(call, sub)
        nested = _shape(call.coolify, service, sensitive=False)
        return {**_without_id(call.coolify, row), "service": nested}

    @route("PATCH", one, since="4.2.0", json=True)
    def update_sub(call: Call) -> t.Any:
        return _update_sub(call, sub)

    def sub_logs(call: Call) -> t.Any:
        return _container_log(call, _find_sub(call, sub)[1], None, f"Service {sub.word} container is not running.")

    for method in ("GET", "POST") if sub is APPLICATION else ("GET",):
        route(method, f"{one}/logs", "read", since="4.2.0", until="4.4.0", write=False)(sub_logs)
        route(method, f"{one}/logs", "read+read:sensitive", since="4.4.0", write=False)(sub_logs)

    for verb, text in (("start", "deploy"), ("restart", "restart"), ("stop", "stop")):

        def act(call: Call, verb: str = verb, text: str = text) -> t.Any:
            service, row = _find_sub(call, sub)
            coolify, seconds = call.coolify, call.coolify.switches.status_seconds
            row["_latest"] = boolean(call.input.get("latest"))
            if verb != "start" or row["status"].startswith("running"):
                coolify.later(seconds / 4, lambda: coolify.update(row, status="exited"))
            if verb != "stop":
                coolify.later(seconds, lambda: coolify.update(row, status=_outcome(coolify, service, row)))
            return {"message": f"Service {sub.word} {text} request queued."}

        route("POST", f"{one}/{verb}", "deploy", since="4.2.0")(act)


for _sub in SUBS:
    _register(_sub)
