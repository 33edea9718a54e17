# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compose files as Coolify reads, judges and writes them: YAML with Symfony's habits, and which container is a database (resources.md 4.3)."""

from __future__ import annotations

import calendar
import json
import re
import time
import typing as t

import yaml

from .core import Crash, invalid

INLINE = 10
"""From this depth on a collection is written in one line."""
UNSAFE = re.compile(r"[`|&;\n\r\t><]|\$\(|\$\{")
DATABASES = [
    "mariadb",
    "mongodb",
    "redis",
    "mysql",
    "mysql-server",
    "postgis",
    "postgres",
    "postgresql",
    "pgvector",
    "timescaledb",
    "timescaledb-ha",
    "mongo",
    "memcached",
    "couchdb",
    "neo4j",
    "influxdb",
    "clickhouse-server",
]
DATABASE_PORTS = ("3306", "5432", "27017", "6379", "8086", "9200", "7687", "8123")
DATABASE_NAMES = ("mysql", "postgres", "mongo", "redis", "mariadb")
DATABASE_KEYS = ("MYSQL_ROOT_PASSWORD", "POSTGRES_PASSWORD", "MONGO_INITDB_ROOT_PASSWORD", "REDIS_PASSWORD")
APPLICATION_KEYS = ("SERVICE_FQDN", "API_KEYS", "APP_", "APPLICATION_")
DATABASE_CHECKS = ("PG_ISREADY", "MYSQLADMIN PING", "MONGO", "REDIS-CLI PING")
APPLICATION_CHECKS = ("CURL", "WGET", "HTTP://", "HTTPS://", "/HEALTH", "/API/", "/HELLO")


class _Loader(yaml.SafeLoader):
    """YAML 1.2 as Symfony reads it: ``no`` and ``80:80`` are texts."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"true|false|TRUE|FALSE|True|False", "tTfF"),
    ("null", r"~|null|NULL|Null|", "~nN\0"),
    ("int", r"[-+]?(0|[1-9][0-9_]*)|0x[0-9a-fA-F]+|0o[0-7]+", "-+0123456789"),
    ("float", r"[-+]?([0-9][0-9_]*)?\.[0-9]+([eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+", "-+.0123456789"),
    ("date", r"\d{4}-\d\d-\d\d", "0123456789"),
    ("merge", r"<<", "<"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), list(_first.replace("\0", "")) + [""])


_Loader.add_constructor("tag:yaml.org,2002:date", lambda _loader, node: calendar.timegm(time.strptime(node.value, "%Y-%m-%d")))


def parse(text: str) -> t.Any:
    """Raises Crash for what is no YAML: Coolify catches nothing there."""
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError:
        raise Crash from None


def dump(value: t.Any, depth: int = INLINE, indent: int = 0) -> str:
    """Two blanks a level, a collection of a list in a line of its own, empty collections as ``{  }``."""
    lines = []
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in pairs:
        lead = " " * indent + (f"{_scalar(key)}:" if isinstance(value, dict) else "-")
        if depth <= 1 or not isinstance(item, (dict, list)) or not item:
            lines.append(f"{lead} {_inline(item)}\n")
        else:
            lines.append(f"{lead}\n{dump(item, depth - 1, indent + 2)}")
    return "".join(lines)


def _inline(value: t.Any) -> str:
    if isinstance(value, list) and value:
        return f"[{', '.join(map(_inline, value))}]"
    if isinstance(value, (dict, list)):
        inside = ", ".join(f"{_scalar(key)}: {_inline(item)}" for key, item in value.items()) if value else ""
        return f"{{ {inside} }}"
    return _scalar(value)


def _scalar(value: t.Any) -> str:
    if value is None or isinstance(value, (bool, int, float)):
        return json.dumps(value)
    text = str(value)
    if re.search(r"[\x00-\x1f\x7f]", text):
        return json.dumps(text, ensure_ascii=False)
    words = ("null", "~", "true", "false", "y", "n", "yes", "no", "on", "off", "")
    number = re.fullmatch(r"[-+]?(\d[\d_]*(\.\d*)?|\.\d+)([eE][-+]?\d+)?|0x[0-9a-fA-F_]+|\d{4}-\d\d?-\d\d?", text)
    if text.lower() in words or number or re.search(r"[\s'\":{}\[\],&*#?]|\A[-?|<>=!%@`]", text):
        return "'" + text.replace("'", "''") + "'"
    return text


def containers(parsed: t.Any) -> dict[str, t.Any]:
    """The services of a file. Raises 422 for a file without, and for names and mounts that a shell would take apart."""
    services = parsed.get("services") if isinstance(parsed, dict) else None
    if not isinstance(services, (dict, list)):
        invalid({"docker_compose_raw": 'Docker Compose file must contain a "services" section'})
    for name, service in services.items() if isinstance(services, dict) else ():
        if UNSAFE.search(str(name)):
            invalid(
                {"docker_compose_raw": f"Invalid Docker Compose service name: {name}. Service names must not contain shell metacharacters."}
            )
        for volume in (service or {}).get("volumes") or ():
            parts = [volume.get("source"), volume.get("target")] if isinstance(volume, dict) else [volume]
            if any(UNSAFE.search(re.sub(r"\$\{[^}]*\}", "", str(part))) for part in parts if part):
                invalid({"docker_compose_raw": "Invalid Docker volume definition: please use safe names without shell metacharacters."})
    return services if isinstance(services, dict) else {}


def environment(service: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """As a map; a key without a value has an empty text."""
    found: dict[str, t.Any] = {}
    for given in (service.get("environment"), (service.get("build") or {}).get("args") if isinstance(service.get("build"), dict) else None):
        if isinstance(given, dict):
            found.update(given)
        for item in given if isinstance(given, list) else ():
            key, _equals, value = str(item).partition("=")
            found[key] = value
    return found


def is_database(service: t.Mapping[str, t.Any]) -> bool:
    """Coolify's guess from the image's name and what else the service says."""
    image = str(service.get("image") or "").partition(":")[0]
    if image.rpartition("/")[2] not in DATABASES:
        return False
    ports = any(port in str(item) for item in service.get("ports") or () for port in DATABASE_PORTS)
    # Of a map Coolify sees the values only
    given = service.get("environment") or []
    told = " ".join(str(item) for item in (given if isinstance(given, list) else given.values())).upper()
    test = (service.get("healthcheck") or {}).get("test") or ""
    check = (" ".join(map(str, test)) if isinstance(test, list) else str(test)).upper()
    # Of a list Coolify sees the positions only
    depends = any(name in str(key) for key in (service.get("depends_on") or {}) for name in DATABASE_NAMES) and isinstance(
        service.get("depends_on"), dict
    )
    if (any(key in told for key in APPLICATION_KEYS) and depends) or any(word in check for word in APPLICATION_CHECKS):
        return False
    if (ports and any(word in check for word in DATABASE_CHECKS)) or any(key in told for key in DATABASE_KEYS):
        return True
    return not depends


def without_contents(parsed: t.Any) -> t.Any:
    """What Coolify keeps of a file: the contents of mounted files go elsewhere."""
    for service in (parsed.get("services") or {}).values() if isinstance(parsed, dict) and isinstance(parsed.get("services"), dict) else ():
        for volume in (service or {}).get("volumes") or ():
            if isinstance(volume, dict):
                for name in ("content", "isDirectory", "is_directory"):
                    volume.pop(name, None)
    return parsed
