# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Databases of eight types, each in a table of its own with numbers of its own, and their backups (resources.md 1 and 2)."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from croniter import croniter

from . import views
from .applications import delete_flags, need_environment, place
from .core import LIMITS, Coolify, Crash, Row, invalid, refuse
from .http import Call, action, integer, route
from .php import boolean, decode_base64, is_integer, is_numeric, letters, sanitized, sql_boolean, strip_tags, text_of, truthy
from .validation import REQUIRED, Rules, validate

IDENTIFIER = ("nullable", "string", ("min", 1), ("max", 63), ("regex", r"^[A-Za-z_][A-Za-z0-9_]{0,62}$"))
PASSWORD = ("nullable", "string", ("min", 1), ("max", 128), ("regex", r"^[A-Za-z0-9!@#%^*()_+\-=\[\]{}:,.?/~]+$"))


@dataclass(frozen=True)
class Kind:
    """A database type: ``users`` and ``passwords`` with their defaults (a password's is made up), ``plain`` texts, a ``conf`` file."""

    image: str
    model: str
    scheme: str
    port: int
    users: dict[str, str]
    passwords: tuple[str, ...]
    url: str
    """The connection URL after scheme://, with the columns as placeholders."""
    plain: tuple[str, ...] = ()
    conf: str | None = None
    listed: str | None = None
    ssl_mode: str | None = None
    backups: str | None = None
    fixed: tuple[tuple[str, t.Any], ...] = ()
    """Further columns that only read back."""


KINDS: dict[str, Kind] = {
    "postgresql": Kind(
        "postgres:16-alpine",
        "Postgresql",
        "postgres",
        5432,
        {"postgres_user": "postgres", "postgres_db": "postgres"},
        ("postgres_password",),
        "{postgres_user}:{postgres_password}@{host}/{postgres_db}",
        ("postgres_initdb_args", "postgres_host_auth_method"),
        "postgres_conf",
        "postgresqls",
        "require",
        "4.0.0",
        (("init_scripts", None),),
    ),
    "redis": Kind("redis:7.2", "Redis", "redis", 6379, {}, ("redis_password",), "", (), "redis_conf", "redis"),
    "mongodb": Kind(
        "mongo:7",
        "Mongodb",
        "mongodb",
        27017,
        {"mongo_initdb_root_username": "root", "mongo_initdb_database": "default"},
        ("mongo_initdb_root_password",),
        "{mongo_initdb_root_username}:{mongo_initdb_root_password}@{host}/?directConnection=true",
        (),
        "mongo_conf",
        "mongodbs",
        "require",
        "4.0.0",
    ),
    "mysql": Kind(
        "mysql:8",
        "Mysql",
        "mysql",
        3306,
        {"mysql_user": "mysql", "mysql_database": "default"},
        ("mysql_root_password", "mysql_password"),
        "{mysql_user}:{mysql_password}@{host}/{mysql_database}",
        (),
        "mysql_conf",
        "mysqls",
        "REQUIRED",
        "4.0.0",
    ),
    "mariadb": Kind(
        "mariadb:11",
        "Mariadb",
        "mysql",
        3306,
        {"mariadb_user": "mariadb", "mariadb_database": "default"},
        ("mariadb_root_password", "mariadb_password"),
        "{mariadb_user}:{mariadb_password}@{host}/{mariadb_database}",
        (),
        "mariadb_conf",
        "mariadbs",
        None,
        "4.0.0",
    ),
    "keydb": Kind("eqalpha/keydb:latest", "Keydb", "redis", 6379, {}, ("keydb_password",), ":{keydb_password}@{host}/0", (), "keydb_conf"),
    "dragonfly": Kind(
        "docker.dragonflydb.io/dragonflydb/dragonfly",
        "Dragonfly",
        "redis",
        6379,
        {},
        ("dragonfly_password",),
        ":{dragonfly_password}@{host}/0",
    ),
    "clickhouse": Kind(
        "clickhouse/clickhouse-server:25.11",
        "Clickhouse",
        "clickhouse",
        9000,
        {"clickhouse_admin_user": "default"},
        ("clickhouse_admin_password",),
        "{clickhouse_admin_user}:{clickhouse_admin_password}@{host}/default",
        backups="4.2.0",
        fixed=(("clickhouse_db", "default"),),
    ),
}
COMMON: Row = {
    "description": None,
    "is_public": False,
    "public_port": None,
    "public_port_timeout": 3600,
    **LIMITS,
    "config_hash": None,
    "custom_docker_run_options": None,
    "deleted_at": None,
    "enable_ssl": False,
    "health_check_enabled": True,
    "health_check_interval": 15,
    "health_check_retries": 5,
    "health_check_start_period": 5,
    "health_check_timeout": 5,
    "is_include_timestamps": False,
    "is_log_drain_enabled": False,
    "last_online_at": None,
    "last_restart_at": None,
    "last_restart_type": None,
    "ports_mappings": None,
    "restart_count": 0,
    "started_at": None,
    "status": "exited:unhealthy",
}
HEALTH = ("health_check_enabled", "health_check_interval", "health_check_timeout", "health_check_retries", "health_check_start_period")
WRITABLE = (
    "name",
    "description",
    "image",
    "is_public",
    "public_port",
    "public_port_timeout",
    "limits_memory",
    "limits_memory_swap",
    "limits_memory_swappiness",
    "limits_memory_reservation",
    "limits_cpus",
    "limits_cpuset",
    "limits_cpu_shares",
)
CONTROL = ("project_uuid", "environment_name", "environment_uuid", "server_uuid", "destination_uuid", "instant_deploy", "tags")
# Dropped from a PATCH before anything looks at them, so they are accepted and change nothing
DROPPED = (
    "project_uuid",
    "environment_name",
    "environment_uuid",
    "destination_uuid",
    "server_uuid",
    "type",
    "domains",
    "instant_deploy",
    "github_app_uuid",
    "private_key_uuid",
    "use_build_server",
    "is_static",
    "is_spa",
    "is_auto_deploy_enabled",
    "is_force_https_enabled",
    "connect_to_docker_network",
    "force_domain_override",
    "autogenerate_domain",
    "docker_compose_raw",
    "tags",
    "is_log_drain_enabled",
    "stop_grace_period",
)
UPDATE_RULES: Rules = {
    "name": ("string", ("max", 255)),
    "description": ("nullable", "string"),
    "image": ("string",),
    "is_public": ("boolean",),
    "public_port": ("nullable", "numeric"),
    "public_port_timeout": ("nullable", "integer", ("min", 1)),
    **dict.fromkeys(("limits_memory", "limits_memory_swap", "limits_memory_reservation", "limits_cpus"), ("string",)),
    "limits_memory_swappiness": ("numeric",),
    "limits_cpuset": ("nullable", "string"),
    "limits_cpu_shares": ("numeric",),
    "health_check_enabled": ("boolean",),
    **dict.fromkeys(HEALTH[1:4], ("integer", ("min", 1))),
    "health_check_start_period": ("integer", ("min", 0)),
}


def fields(kind: Kind) -> tuple[str, ...]:
    return (*kind.users, *kind.passwords, *kind.plain, *((kind.conf,) if kind.conf else ()))


ALL_FIELDS = {name for kind in KINDS.values() for name in fields(kind)}


def _rules(kind: Kind) -> Rules:
    texts = dict.fromkeys((*kind.plain, *((kind.conf,) if kind.conf else ())), ("string",))
    return {**dict.fromkeys(kind.users, IDENTIFIER), **dict.fromkeys(kind.passwords, PASSWORD), **texts}


def find(call: Call) -> Row:
    for kind in KINDS:
        found = next(iter(call.coolify.owned(kind, call.team, uuid=call.params["uuid"])), None)
        if found:
            return found
    return refuse(404, "Database not found.")


def _decode_conf(data: Row, kind: Kind) -> None:
    if kind.conf and kind.conf in data:
        text = decode_base64(data[kind.conf])
        if text is None:
            invalid({kind.conf: f"The {kind.conf} should be base64 encoded."})
        data[kind.conf] = text


def redis_variable(coolify: Coolify, row: Row, key: str) -> str:
    found = coolify.one("variables", owner_table="redis", owner_id=row["id"], key=key)
    return (found or {}).get("value") or ""


def url(coolify: Coolify, row: Row, host: str) -> str:
    kind = KINDS[row["kind"]]
    if row["kind"] == "redis":
        password = quote(redis_variable(coolify, row, "REDIS_PASSWORD"), safe="")
        version = re.search(r":(\d+)", row["image"])
        user = "" if version and int(version[1]) < 6 else quote(redis_variable(coolify, row, "REDIS_USERNAME") or "default", safe="") + ":"
        return f"redis://{user}{password}@{host}/0"
    values = {name: quote(text_of(row[name]), safe="") for name in (*kind.users, *kind.passwords)}
    return f"{kind.scheme}://{kind.url.format(host=host, **values)}"


def internal_url(coolify: Coolify, row: Row) -> str:
    return url(coolify, row, f"{row['uuid']}:{KINDS[row['kind']].port}")


def external_url(coolify: Coolify, row: Row) -> str | None:
    if not (row["is_public"] and row["public_port"]):
        return None
    server = coolify.server(row)
    return url(coolify, row, f"{'localhost' if server['id'] == 0 else server['ip']}:{row['public_port']}")


# --- reading -----------------------------------------------------------------------------------------------------------------


def _shape(coolify: Coolify, row: Row, *, secrets: bool, nested_secrets: bool) -> Row:
    kind = KINDS[row["kind"]]
    view = {name: value for name, value in row.items() if not name.startswith("_") and name not in ("kind", "redis_password")}
    if row["kind"] == "clickhouse":
        view.pop("enable_ssl")
    if row["kind"] == "mariadb":
        view.pop("is_include_timestamps")
    if kind.ssl_mode:
        view["ssl_mode"] = kind.ssl_mode
    if row["kind"] != "keydb":
        view["database_type"] = f"standalone-{row['kind']}"
    view["image"] = sanitized(row["image"])
    view["server_status"] = views.server_status(coolify, row)
    view["destination"] = views.destination(coolify, row, nested_secrets)
    if secrets:
        view.update(internal_db_url=internal_url(coolify, row), external_db_url=external_url(coolify, row))
        return view
    # Before 4.2.0 mysql's and mariadb's passwords and postgresql's scripts were not hidden
    shown_before = not coolify.has("4.2.0") and row["kind"] in ("mysql", "mariadb")
    for name in kind.passwords:
        if not shown_before:
            view.pop(name, None)
    if coolify.has("4.2.0"):
        view.pop("init_scripts", None)
    return view


def brief(coolify: Coolify, row: Row, sensitive: bool) -> Row:
    return _shape(coolify, row, secrets=sensitive, nested_secrets=False)


@route("GET", "/databases")
def list_databases(call: Call) -> t.Any:
    shown = []
    for kind in KINDS:
        for row in call.coolify.owned(kind, call.team):
            view = _shape(call.coolify, row, secrets=call.sensitive, nested_secrets=call.sensitive)
            view.pop("id")
            view["backup_configs"] = [{**_backup(item), "latest_log": None} for item in call.coolify.rows("backups", database_id=row["id"])]
            shown.append(views.ordered(view))
    return shown


@route("GET", "/databases/<uuid>")
def read(call: Call) -> t.Any:
    row = find(call)
    view = _shape(call.coolify, row, secrets=call.sensitive, nested_secrets=call.sensitive)
    view.pop("id")
    if call.coolify.has("4.2.0"):
        view["environment"] = views.environment_up(call.coolify, row)
    return views.ordered(view)


# --- creating ----------------------------------------------------------------------------------------------------------------


def _port_taken(coolify: Coolify, server: Row, port: int, number: int | None = None) -> bool:
    taken = [row for kind in KINDS for row in coolify.rows(kind, public_port=port, is_public=True) if coolify.server(row) is server]
    # Coolify compares numbers across types, so one of another type with the same number does not count
    return any(number is None or row["id"] != number for row in taken)


def _stored(name: str, value: t.Any) -> t.Any:
    """A common column; creation validates nothing, so wrong types reach the database."""
    if name in ("name", "description"):
        value = strip_tags(value) if value is None or isinstance(value, str) else text_of(value)
        if len(value) > 255:
            raise Crash
    elif name == "is_public":
        value = sql_boolean(value)
    elif name in ("public_port", "public_port_timeout", "limits_memory_swappiness", "limits_cpu_shares"):
        if value is not None and not is_integer(value):
            raise Crash
        value = None if value is None else int(text_of(value))
        if value is not None and value > 2**31 - 1:
            raise Crash
    elif value is not None:
        value = text_of(value)
    if value is None and name not in ("public_port", "public_port_timeout", "limits_cpuset"):
        raise Crash
    return value


@route("POST", "/databases/<any(postgresql,mysql,mariadb,mongodb,redis,keydb,dragonfly,clickhouse):kind>", json=True)
def create(call: Call) -> t.Any:
    from .extras import add_volumes, attach, tag_names

    coolify, data, name = call.coolify, call.input, call.params["kind"]
    kind = KINDS[name]
    unknown = [field for field in data if field not in {*WRITABLE, *CONTROL, *ALL_FIELDS} or (field == "tags" and not coolify.has("4.2.0"))]
    if unknown:
        invalid(unknown)
    need_environment(data)
    if data.get("is_public") and not data.get("public_port"):
        data["is_public"] = False
    environment, server, destination = place(call, lambda: refuse(422, "You need to provide a valid environment_name or environment_uuid."))
    if "public_port" in data and truthy(data.get("is_public")):
        if not is_numeric(data["public_port"]):
            raise Crash
        if _port_taken(coolify, server, integer(data["public_port"])):
            refuse(400, "Public port already used by another database.")
    if "tags" in data:
        if not isinstance(data["tags"], list):
            raise Crash
        data["tags"] = tag_names(data["tags"], "tags")
    if data.get("public_port") and not 1024 <= integer(data["public_port"]) <= 65535:
        invalid({"public_port": "The public port should be between 1024 and 65535."})
    own = fields(kind)
    errors = validate(data, _rules(kind), {"required": REQUIRED})
    errors.update({field: ["This field is not allowed."] for field in data if field in ALL_FIELDS and field not in own})
    if errors:
        invalid(errors)
    _decode_conf(data, kind)
    for field in (*kind.users, *kind.passwords):
        if field in data and data[field] is None:
            raise Crash
    row = coolify.insert(name, kind=name, **_columns(data, kind), **_where(environment, destination))
    row["name"] = row["name"] or f"{name}-database-{row['uuid']}"
    add_volumes(coolify, row)
    attach(coolify, row, call.team, data.get("tags", ()))
    if name == "redis":
        from .variables import add

        add(coolify, row, "redis", "REDIS_PASSWORD", data.get("redis_password") or letters(64), is_buildtime=False)
        add(coolify, row, "redis", "REDIS_USERNAME", "default", is_buildtime=False)
    if truthy(data.get("instant_deploy")):
        start(coolify, row)
    answer = {"uuid": row["uuid"]}
    if name != "dragonfly":
        answer["internal_db_url"] = internal_url(coolify, row)
        if external_url(coolify, row):
            answer["external_db_url"] = external_url(coolify, row)
    return 201, answer


def _columns(data: Row, kind: Kind) -> Row:
    given = {name: _stored(name, data[name]) for name in WRITABLE if name in data}
    return {
        "name": None,
        "image": kind.image,
        **COMMON,
        **kind.users,
        **{name: letters(64) for name in kind.passwords if name != "redis_password"},
        **dict.fromkeys(kind.plain),
        **({kind.conf: None} if kind.conf else {}),
        **dict(kind.fixed),
        **given,
        **{name: data[name] for name in fields(kind) if name in data and name != "redis_password"},
    }


def _where(environment: Row, destination: Row) -> Row:
    return {
        "environment_id": environment["id"],
        "destination_id": destination["id"],
        "destination_type": "App\\Models\\StandaloneDocker",
    }


# --- changing ----------------------------------------------------------------------------------------------------------------


@route("PATCH", "/databases/<uuid>", json=True)
def update(call: Call) -> t.Any:
    coolify, data = call.coolify, call.input
    health = coolify.has("4.1.2")
    errors = validate(data, UPDATE_RULES, {"required": REQUIRED})
    if errors:
        invalid(errors)
    for name in DROPPED:
        data.pop(name, None)
    row = find(call)
    kind = KINDS[row["kind"]]
    if (
        truthy(data.get("is_public"))
        and data.get("public_port")
        and _port_taken(coolify, coolify.server(row), integer(data["public_port"]), row["id"])
    ):
        refuse(400, "Public port already used by another database.")
    errors = validate(data, _rules(kind), {"required": REQUIRED})
    _decode_conf(data, kind)
    allowed = {*WRITABLE, *fields(kind), *(HEALTH if health else ())}
    errors.update({name: ["This field is not allowed."] for name in data if name not in allowed})
    if errors:
        invalid(errors)
    changes = {name: _stored(name, data[name]) for name in WRITABLE if name in data}
    changes.update(
        {name: boolean(data[name]) if name == "health_check_enabled" else integer(data[name]) for name in HEALTH if name in data}
    )
    for name in fields(kind):
        if name in data and name != "redis_password":
            if data[name] is None:
                raise Crash
            changes[name] = data[name]
    if data.get("is_public") is True and data.get("public_port") and not row["is_public"]:
        row["_proxied_port"] = integer(data["public_port"])
    elif data.get("is_public") is False and row["is_public"]:
        row["_proxied_port"] = None
    coolify.update(row, **changes)
    return {"message": "Database updated."}


@route("DELETE", "/databases/<uuid>", "write", until="4.5.0")
@route("DELETE", "/databases/<uuid>", "write+deploy", since="4.5.0")
def delete(call: Call) -> t.Any:
    row = find(call)
    row["_delete_flags"] = delete_flags(call)
    call.coolify.later(call.coolify.switches.delete_seconds, lambda: _gone(call.coolify, row))
    return {"message": "Database deletion request queued."}


def _gone(coolify: Coolify, row: Row) -> None:
    from .extras import forget

    forget(coolify, row)
    for variable in coolify.rows("variables", owner_table=row["kind"], owner_id=row["id"]):
        coolify.remove("variables", variable)
    for item in coolify.rows("backups", database_id=row["id"], database_type=model(row)):
        coolify.remove("backups", item)
    coolify.remove(row["kind"], row)


# --- start, stop, restart ----------------------------------------------------------------------------------------------------


def start(coolify: Coolify, row: Row) -> None:
    outcome = coolify.switches.outcomes.get(row["name"], {}).get("status", "running:healthy")
    coolify.later(coolify.switches.status_seconds, lambda: coolify.update(row, status=outcome))


def _stop(coolify: Coolify, row: Row) -> None:
    coolify.later(coolify.switches.status_seconds / 2, lambda: coolify.update(row, status="exited:unhealthy"))


@action("/databases/<uuid>/start")
def start_one(call: Call) -> t.Any:
    row = find(call)
    if "running" in row["status"]:
        refuse(400, "Database is already running.")
    start(call.coolify, row)
    return {"message": "Database starting request queued."}


@action("/databases/<uuid>/stop")
def stop_one(call: Call) -> t.Any:
    row = find(call)
    if "stopped" in row["status"] or "exited" in row["status"]:
        refuse(400, "Database is already stopped.")
    row["_cleanup"] = boolean(call.input.get("docker_cleanup"), True)
    _stop(call.coolify, row)
    return {"message": "Database stopping request queued."}


@action("/databases/<uuid>/restart")
def restart_one(call: Call) -> t.Any:
    row = find(call)
    _stop(call.coolify, row)
    start(call.coolify, row)
    return {"message": "Database restarting request queued."}


@route("GET", "/databases/<uuid>/logs", "read", since="4.2.0", until="4.4.0")
@route("GET", "/databases/<uuid>/logs", "read+read:sensitive", since="4.4.0")
def logs(call: Call) -> t.Any:
    if not find(call)["status"].startswith("running"):
        refuse(400, "Database is not running.")
    return {"logs": "ready to accept connections"}


# --- backups -----------------------------------------------------------------------------------------------------------------

BACKUP_DEFAULTS: Row = {
    "enabled": True,
    "save_s3": True,
    "database_backup_retention_amount_locally": 0,
    "databases_to_backup": None,
    "dump_all": False,
    "database_backup_retention_days_locally": 0,
    "database_backup_retention_max_storage_locally": 0,
    "database_backup_retention_amount_s3": 0,
    "database_backup_retention_days_s3": 0,
    "database_backup_retention_max_storage_s3": 0,
    "timeout": 3600,
}
BACKUP_FIELDS = ("frequency", *BACKUP_DEFAULTS, "s3_storage_uuid", "backup_now")
WORDS = ("every_minute", *(f"{at}{word}" for at in ("", "@") for word in ("hourly", "daily", "weekly", "monthly", "yearly")))
DUMPED = {"postgresql": "postgres_db", "mysql": "mysql_database", "mariadb": "mariadb_database", "clickhouse": "clickhouse_db"}


def valid_schedule(text: str) -> bool:
    if text in WORDS:
        return True
    # No more than croniter and Coolify's library both take
    if len(text.split()) != 5 or re.search(r"[?LW#@]|[A-Za-z]-|-[A-Za-z]", text) or not croniter.is_valid(text):
        return False
    try:
        croniter(text, datetime(2026, 1, 1)).get_next()
    except ValueError:
        return False
    return True


def _backup_rules(required: bool) -> Rules:
    return {
        "frequency": ("required", "string") if required else ("string",),
        **dict.fromkeys(("enabled", "save_s3", "dump_all"), ("boolean",)),
        "backup_now": ("nullable", "boolean"),
        "s3_storage_uuid": ("nullable", "string"),
        "databases_to_backup": ("nullable", "string"),
        **{
            f"database_backup_retention_{what}_{where}": ("integer", ("min", 0))
            for what in ("amount", "days")
            for where in ("locally", "s3")
        },
        **{f"database_backup_retention_max_storage_{where}": ("numeric", ("min", 0)) for where in ("locally", "s3")},
        "timeout": ("integer", ("min", 60), ("max", 36000)),
    }


def model(row: Row) -> str:
    return f"App\\Models\\Standalone{KINDS[row['kind']].model}"


def _backup(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "backup_now"}


def _check_backup(call: Call, row: Row, *, required: bool) -> Row:
    """The columns to store; ``required``: it is a creation."""
    data = dict(call.input)
    errors = validate(data, _backup_rules(required), {"required": REQUIRED})
    if errors:
        invalid(errors)
    if required and not (KINDS[row["kind"]].backups and call.coolify.has(KINDS[row["kind"]].backups)):
        refuse(422, "Scheduled backups are not supported for this database type.")
    if data.get("frequency") and not valid_schedule(data["frequency"]):
        invalid({"frequency": ["Invalid cron expression or frequency format."]})
    if boolean(data.get("save_s3")) and not data.get("s3_storage_uuid"):
        invalid({"s3_storage_uuid": ["The s3_storage_uuid field is required when save_s3 is true."]})
    storage = call.coolify.one("s3_storages", uuid=data.get("s3_storage_uuid")) if data.get("s3_storage_uuid") else None
    if data.get("s3_storage_uuid") and storage is None:
        invalid({"s3_storage_uuid": ["The selected s3 storage uuid is invalid."]})
    if not required:
        data = {name: value for name, value in data.items() if name not in DROPPED}
    unknown = {name: ["This field is not allowed."] for name in data if name not in BACKUP_FIELDS}
    if unknown:
        invalid(unknown)
    forbidden = re.search(r"[;&|`$(){}<>\n\"'\\]", (data.get("databases_to_backup") or "").replace("|", ""))
    if forbidden:
        found = f"contains forbidden character '{forbidden[0]}' (command separator)"
        text = f"Invalid database name: {found}. Shell metacharacters are not allowed for security reasons."
        invalid({"databases_to_backup": [text]})
    columns = {name: value for name, value in data.items() if name not in ("s3_storage_uuid", "backup_now")}
    for name in ("enabled", "save_s3", "dump_all"):
        if name in columns:
            columns[name] = boolean(columns[name])
    return {**columns, **({"s3_storage_id": storage["id"]} if storage else {})}


@route("GET", "/databases/<uuid>/backups")
def list_backups(call: Call) -> t.Any:
    # By number only, as Coolify does: those of other types with the same number come along
    return [{**_backup(item), "executions": []} for item in call.coolify.rows("backups", database_id=find(call)["id"])]


@route("POST", "/databases/<uuid>/backups", json=True)
def create_backup(call: Call) -> t.Any:
    row = find(call)
    columns = _check_backup(call, row, required=True)
    if not columns.get("databases_to_backup") and row["kind"] in DUMPED:
        columns["databases_to_backup"] = row[DUMPED[row["kind"]]]
    item = call.coolify.insert(
        "backups",
        description=None,
        **{**BACKUP_DEFAULTS, "s3_storage_id": None, **columns},
        database_type=model(row),
        database_id=row["id"],
        team_id=call.team,
        disable_local_backup=False,
    )
    return 201, {"uuid": item["uuid"], "message": "Backup configuration created successfully."}


def _one_backup(call: Call, row: Row, text: str) -> Row:
    return call.coolify.one("backups", uuid=call.params["backup"], database_id=row["id"]) or refuse(404, text)


@route("PATCH", "/databases/<uuid>/backups/<backup>", json=True)
def update_backup(call: Call) -> t.Any:
    row = find(call)
    columns = _check_backup(call, row, required=False)
    call.coolify.update(_one_backup(call, row, "Backup config not found."), **columns)
    return {"message": "Database backup configuration updated"}


@route("DELETE", "/databases/<uuid>/backups/<backup>")
def delete_backup(call: Call) -> t.Any:
    row = find(call)
    call.coolify.remove("backups", _one_backup(call, row, "Backup configuration not found."))
    return {"message": "Backup configuration and all executions deleted."}


@route("GET", "/databases/<uuid>/backups/<backup>/executions")
def list_executions(call: Call) -> t.Any:
    _one_backup(call, find(call), "Backup configuration not found.")
    return {"executions": []}
