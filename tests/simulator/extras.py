# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What hangs on an application, a database or a service: storages with their backups, scheduled tasks and tags (applications.md 8, resources.md
3.2 and 9.5).

Storages, tasks and tags are as recorded; backups of storages and the execution of tasks come from reading Coolify's code."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from . import applications, databases, views
from .core import RAW_TIME, Coolify, Crash, Row, invalid, refuse
from .http import Call, integer, route
from .php import boolean, strip_tags, text_of, truthy
from .validation import REQUIRED, Rules, validate

TABLES = ("persistent_storages", "file_storages", "tasks", "taggables", "previews")
SINGULAR = {"applications": "Application", "databases": "Database", "services": "Service"}


def owner_of(call: Call, family: str, dot: str = ".") -> Row:
    return databases.find(call) if family == "databases" else call.find(family, SINGULAR[family], dot=dot)


def _key(owner: Row) -> Row:
    """Where a row says whose it is. Only an application has no kind, which is the table of the others."""
    return {"owner_table": owner.get("kind", "applications"), "owner_id": owner["id"]}


PARTS = {"service_applications": "application", "service_databases": "database"}
"""The tables of what a service consists of, which has its storages."""


def holders(coolify: Coolify, owner: Row) -> list[Row]:
    """What has the storages: in a service its parts."""
    if owner.get("kind") != "services":
        return [owner]
    return [{**row, "kind": table} for table in PARTS for row in coolify.rows(table, service_id=owner["id"])]


def _of(coolify: Coolify, table: str, owner: Row) -> list[Row]:
    return coolify.rows(table, **_key(owner))


def forget(coolify: Coolify, owner: Row) -> None:
    """With its owner everything goes, but a tag stays in the team even when it was the last to have it."""
    for whose in {row["uuid"]: row for row in (owner, *holders(coolify, owner))}.values():
        for table in TABLES:
            for row in _of(coolify, table, whose):
                _remove(coolify, table, row)


def _remove(coolify: Coolify, table: str, row: Row) -> None:
    """With what hangs on it in turn."""
    for child, key in (("volume_backups", "storage_uuid"), ("executions", "task_uuid")):
        for other in coolify.rows(child, **{key: row["uuid"]}):
            coolify.remove(child, other)
    coolify.remove(table, row)


def _check(call: Call, rules: Rules, messages: dict[str, str] | None = None) -> None:
    errors = validate(call.input, rules, {"required": REQUIRED} if messages is None else messages)
    errors.update({name: ["This field is not allowed."] for name in call.input if name not in rules})
    if errors:
        invalid(errors)


def _fits(row: t.Mapping[str, t.Any], *names: str) -> None:
    """These columns are 255 wide and nothing judges that before the database."""
    if any(len(row.get(name) or "") > 255 for name in names):
        raise Crash


# --- storages ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Storage:
    """A kind of storage: its table, the column that is unique in a resource, and what the other kind alone has."""

    name: str
    table: str
    unique: str
    foreign: tuple[str, ...]
    defaults: Row
    """What the database adds, so a creation does not show it."""
    nested: str
    """Where an update nests the owner."""


PERSISTENT = Storage(
    "persistent",
    "persistent_storages",
    "name",
    ("content", "is_directory", "is_host_file", "fs_path"),
    {"container_id": None, "is_preview_suffix_enabled": True},
    "resource",
)
FILE = Storage(
    "file",
    "file_storages",
    "mount_path",
    ("name", "host_path"),
    {
        "content": None,
        "is_host_file": False,
        "chown": None,
        "chmod": None,
        "is_based_on_git": False,
        "is_preview_suffix_enabled": True,
    },
    "service",
)
STORAGES = {kind.name: kind for kind in (PERSISTENT, FILE)}
VOLUME = r"^[a-zA-Z0-9][a-zA-Z0-9._-]*$"
COMMON_RULES: Rules = {
    "type": ("required", "string", ("in", tuple(STORAGES))),
    "name": ("string", ("regex", VOLUME)),
    "host_path": ("nullable", "string", ("regex", r"^/([a-zA-Z0-9._\-/~@+]*)?$")),
    "content": ("nullable", "string"),
}
CREATE_RULES: Rules = {
    **COMMON_RULES,
    "mount_path": ("required", "string"),
    "is_directory": ("boolean",),
    "is_host_file": ("boolean",),
    "fs_path": ("string",),
}
UPDATE_RULES: Rules = {
    **COMMON_RULES,
    "uuid": ("string",),
    "id": ("integer",),
    "is_preview_suffix_enabled": ("boolean",),
    "mount_path": ("string",),
}
EDITABLE = ("name", "mount_path", "host_path", "content")
READ_ONLY = "This storage is read-only (managed by docker-compose or service definition)"
FORBIDDEN = {
    "`": "backtick (command substitution)",
    "$(": "command substitution",
    "${": "variable substitution with potential command injection",
    "|": "pipe operator",
    "&": "background/AND operator",
    ";": "command separator",
    "\n": "newline (command separator)",
    "\r": "carriage return",
    "\t": "tab (token separator)",
    ">": "output redirection",
    "<": "input redirection",
}
VOLUMES = {
    "postgresql": (("postgres-data", "/var/lib/postgresql/data"),),
    "redis": (("redis-data", "/data"),),
    "mongodb": (("mongodb-configdb", "/data/configdb"), ("mongodb-db", "/data/db")),
    "mysql": (("mysql-data", "/var/lib/mysql"),),
    "mariadb": (("mariadb-data", "/var/lib/mysql"),),
    "keydb": (("keydb-data", "/data"),),
    "dragonfly": (("dragonfly-data", "/data"),),
    "clickhouse": (("clickhouse-data", "/var/lib/clickhouse"),),
}
"""What every database is born with: the name goes before its uuid."""


def add_volumes(coolify: Coolify, row: Row) -> None:
    major = re.search(r":(?:pg)?(\d+)", row["image"])
    moved = row["kind"] == "postgresql" and major and int(major[1]) >= 18
    for name, path in VOLUMES[row["kind"]]:
        given = {"name": f"{name}-{row['uuid']}", "mount_path": "/var/lib/postgresql" if moved else path, "host_path": None}
        _insert(coolify, PERSISTENT, row, given)


def _insert(coolify: Coolify, kind: Storage, owner: Row, given: Row) -> Row:
    _judge(coolify, kind, owner, given)
    return coolify.insert(kind.table, **{**kind.defaults, **given}, **_key(owner))


def _judge(coolify: Coolify, kind: Storage, owner: Row, given: Row, row: Row | None = None) -> None:
    """What only the database refuses."""
    _fits(given, "name", "mount_path", "host_path")
    others = [other for other in _of(coolify, kind.table, owner) if other is not row]
    if any(other[kind.unique] == given.get(kind.unique) for other in others):
        raise Crash


def _from_root(path: str) -> str:
    return f"/{path.lstrip('/')}"


def _storage(call: Call, kind: Storage, owner: Row, row: Row) -> Row:
    view = {name: value for name, value in row.items() if not name.startswith(("_", "owner_"))}
    view.update(resource_type=_model(owner), resource_id=owner["id"])
    if kind is FILE:
        view.update(is_binary=row["content"] == "[binary file]", is_too_large=row["content"] == "[file too large to display]")
        if not call.coolify.has("4.2.0"):
            view.pop("is_host_file")
        elif not call.sensitive:
            view.pop("content")
    return view


def _model(owner: Row) -> str:
    if owner.get("kind") in PARTS:
        return f"App\\Models\\Service{PARTS[owner['kind']].title()}"
    return databases.model(owner) if "kind" in owner else "App\\Models\\Application"


def _nested(call: Call, owner: Row) -> Row:
    if owner.get("kind") in PARTS:
        return {"uuid": owner["uuid"], "name": owner["name"]}
    brief = databases.brief if "kind" in owner else applications.brief
    # Nobody sees secrets there since 4.2.0, everybody before
    return brief(call.coolify, owner, not call.coolify.has("4.2.0"))


def _refuse_foreign(call: Call, kind: Storage) -> None:
    foreign = [name for name in kind.foreign if name in call.input]
    if foreign:
        invalid({name: f"Field '{name}' is not valid for type '{kind.name}'." for name in foreign})


def _safe(path: str, context: str) -> str:
    for text, what in FORBIDDEN.items():
        if text in path:
            why = f"contains forbidden character '{text}' ({what})"
            raise ValueError(f"Invalid {context}: {why}. Shell metacharacters are not allowed for security reasons.")
    return path


def _file_path(path: str, context: str, host: bool = False) -> str:
    """A file in the container, or on the ``host``, where a path has to be absolute."""
    _safe(path, context)
    whole = re.sub("/+", "/", path if host else f"/{path}")
    reasons = {
        "backslash directory separators are not allowed": "\\" in path,
        "must be an absolute path": host and not whole.startswith("/"),
        "must point to a file, not a directory": host and whole.endswith("/"),
        "relative path segments ('.' or '..') are not allowed": bool({".", ".."} & set(whole.split("/"))),
    }
    for why, found in reasons.items():
        if found:
            raise ValueError(f"Invalid {context}: {why}.")
    return whole


def _directory(data: Row) -> Row:
    if not data.get("fs_path"):
        invalid({"fs_path": "The fs_path field is required for directory mounts."})
    try:
        source, target = (_safe(_from_root(data[name]), "path") for name in ("fs_path", "mount_path"))
    except ValueError:
        raise Crash from None  # unlike those of files, these paths are judged outside of any catch
    return {"fs_path": source, "mount_path": target, "is_directory": True}


def _host_file(data: Row) -> Row:
    if not data.get("fs_path"):
        invalid({"fs_path": "The fs_path field is required for host file mounts."})
    if data.get("content") is not None:
        invalid({"content": "Content is not valid for host file mounts."})
    source = _file_path(data["fs_path"], "host file source path", host=True)
    target = _file_path(data["mount_path"], "host file destination path")
    return {"fs_path": source, "mount_path": target, "content": None, "is_directory": False, "is_host_file": True}


def _managed_file(data: Row, folder: str) -> Row:
    target = _file_path(data["mount_path"], "file storage path")
    return {"fs_path": f"{folder}{target}".rstrip("/"), "mount_path": target, "content": data.get("content"), "is_directory": False}


def _file_columns(call: Call, folder: str) -> Row:
    data = call.input
    directory, host = boolean(data.get("is_directory")), boolean(data.get("is_host_file"))
    if directory and host:
        invalid({"is_host_file": "Host file mounts cannot also be directory mounts."})
    try:
        return _directory(data) if directory else _host_file(data) if host else _managed_file(data, folder)
    except ValueError as error:
        if not call.coolify.has("4.2.0"):
            raise Crash from None
        invalid({"mount_path": str(error)})


def _find_storage(call: Call, owner: Row, kinds: t.Iterable[Storage], name: str, value: t.Any) -> tuple[Storage, Row, Row]:
    """The kind, whose it is, and the row."""
    whose = holders(call.coolify, owner)
    found = ((kind, one, row) for kind in kinds for one in whose for row in _of(call.coolify, kind.table, one) if row[name] == value)
    return next(found, None) or refuse(404, "Storage not found.")


def _read_only(kind: Storage, holder: Row, row: Row) -> bool:
    """All volumes of a service are; others where a test says so, which in Coolify the compose file does."""
    return bool(row.get("_read_only")) or (kind is PERSISTENT and holder.get("kind") in PARTS)


def _storages(family: str) -> None:
    path = f"/{family}/<uuid>/storages"

    @route("GET", path)
    def list_storages(call: Call) -> t.Any:
        whose = holders(call.coolify, owner_of(call, family, dot="." if family == "services" else ""))

        def view(kind: Storage, holder: Row, row: Row) -> Row:
            of_part = {"resource_uuid": holder["uuid"], "resource_type": PARTS[holder["kind"]]} if holder.get("kind") in PARTS else {}
            return {**_storage(call, kind, holder, row), **of_part}

        return {
            kind.table: [view(kind, one, row) for one in whose for row in _of(call.coolify, kind.table, one)] for kind in STORAGES.values()
        }

    @route("POST", path, json=True)
    def create_storage(call: Call) -> t.Any:
        owner, data = owner_of(call, family), call.input
        folder = f"/data/coolify/{family}/{owner['uuid']}"
        rules = {name: rules for name, rules in CREATE_RULES.items() if name != "is_host_file" or call.coolify.has("4.2.0")}
        _check(call, {**rules, **({"resource_uuid": ("required", "string")} if family == "services" else {})})
        if family == "services":
            whose = holders(call.coolify, owner)
            owner = next((row for row in whose if row["uuid"] == data["resource_uuid"]), None) or refuse(404, "Service resource not found.")
        kind = STORAGES[data["type"]]
        if kind is PERSISTENT and not truthy(data.get("name")):
            invalid({"name": "The name field is required for persistent storages."})
        _refuse_foreign(call, kind)
        if kind is FILE:
            given = _file_columns(call, folder)
        else:
            host = data.get("host_path")
            given = {
                "name": f"{owner['uuid']}-{data['name']}",
                "mount_path": _from_root(data["mount_path"]),
                "host_path": host and _from_root(host),
            }
        row = _insert(call.coolify, kind, owner, given)
        view = _storage(call, kind, owner, row)
        view = {name: value for name, value in view.items() if name not in kind.defaults or name in given}
        if kind is FILE and not given.get("is_host_file"):
            # The job that writes it loads them
            view.update(resource=_nested(call, owner), service=None)
        return 201, view

    @route("PATCH", path, json=True)
    def update_storage(call: Call) -> t.Any:
        owner, data = owner_of(call, family, dot="." if family == "services" else ""), call.input
        _check(call, UPDATE_RULES)
        if not data.get("uuid") and not integer(data.get("id")):
            invalid({"uuid": "Either uuid or id is required."})
        by, value = ("uuid", data["uuid"]) if data.get("uuid") else ("id", integer(data["id"]))
        kind, owner, row = _find_storage(call, owner, [STORAGES[data["type"]]], by, value)
        given = {name: data[name] for name in EDITABLE if name in data}
        if _read_only(kind, owner, row) and given:
            refuse(422, f"{READ_ONLY}. Only is_preview_suffix_enabled can be updated.", read_only_fields=list(given))
        _refuse_foreign(call, kind)
        if kind is PERSISTENT:
            # A file's path is stored as it comes, and where the file lies on the server stays
            given.update({name: _from_root(given[name]) for name in ("mount_path", "host_path") if given.get(name)})
        if "is_preview_suffix_enabled" in data:
            given["is_preview_suffix_enabled"] = truthy(data["is_preview_suffix_enabled"])
        _judge(call.coolify, kind, owner, {**row, **given}, row)
        call.coolify.update(row, **given)
        return {**_storage(call, kind, owner, row), kind.nested: _nested(call, owner)}

    @route("DELETE", f"{path}/<storage>")
    def delete_storage(call: Call) -> t.Any:
        kind, holder, row = _find_storage(call, owner_of(call, family), STORAGES.values(), "uuid", call.params["storage"])
        if _read_only(kind, holder, row):
            refuse(422, f"{READ_ONLY} and cannot be deleted.")
        if call.coolify.one("volume_backups", storage_uuid=row["uuid"]):
            what = "directory" if kind is FILE else "volume"
            refuse(422, f"Delete this {what} backup schedule and its archives before deleting the {what}.")
        call.coolify.remove(kind.table, row)
        return {"message": "Storage deleted."}


# --- backups of storages, from reading -----------------------------------------------------------------------------------------

RETENTION: Rules = {
    f"retention_{name}_{where}": (kind, ("min", 0), ("max", most))
    for where in ("locally", "s3")
    for name, kind, most in (("amount", "integer", 10000), ("days", "integer", 2147483647), ("max_storage", "numeric", 9999999999))
}
BACKUP_RULES: Rules = {
    "frequency": ("required", "string", ("max", 255)),
    "enabled": ("boolean",),
    "save_s3": ("boolean",),
    "disable_local_backup": ("boolean",),
    "stop_during_backup": ("boolean",),
    "s3_storage_uuid": ("nullable", "string"),
    **RETENTION,
    "timeout": ("integer", ("min", 60), ("max", 36000)),
}
BACKUP_DEFAULTS: Row = {name: 7 if "amount" in name else 0 for name in RETENTION}


def _backup_columns(call: Call, kind: Storage, row: Row) -> Row:
    """A replacement of everything: what is left out has its default again, but for the timeout."""
    data = call.input
    errors = validate(data, BACKUP_RULES, {"required": REQUIRED})
    errors.update({name: ["This field is not allowed."] for name in data if name not in BACKUP_RULES})
    if "frequency" not in errors and not databases.valid_schedule(data["frequency"]):
        errors["frequency"] = ["The frequency must be a valid cron or human expression."]
    to_s3 = boolean(data.get("save_s3"))
    if boolean(data.get("disable_local_backup")) and not to_s3:
        errors["disable_local_backup"] = ["Local backups can only be disabled when S3 backups are enabled."]
    s3 = call.coolify.one("s3_storages", uuid=data.get("s3_storage_uuid"), team_id=call.team, is_usable=True)
    if to_s3 and not s3:
        errors["s3_storage_uuid"] = ["Select a usable S3 storage owned by your team."]
    if kind is FILE and (not row["is_directory"] or row["is_host_file"]):
        errors["storage_uuid"] = ["Only directory file storages can be backed up."]
    if errors:
        invalid(errors)
    return {
        "frequency": data["frequency"],
        "enabled": boolean(data.get("enabled"), True),
        "save_s3": to_s3,
        "disable_local_backup": boolean(data.get("disable_local_backup")),
        "stop_during_backup": boolean(data.get("stop_during_backup")),
        "s3_storage_uuid": s3["uuid"] if to_s3 and s3 else None,
        **{name: integer(data[name]) if name in data else default for name, default in BACKUP_DEFAULTS.items()},
        **({"timeout": integer(data["timeout"])} if "timeout" in data else {}),
    }


def _volume_backups(family: str) -> None:
    path = f"/{family}/<uuid>/storages/<storage>/backups"

    def storage(call: Call) -> tuple[Storage, Row]:
        kind, _holder, row = _find_storage(call, owner_of(call, family), STORAGES.values(), "uuid", call.params["storage"])
        return kind, row

    def schedule(call: Call) -> Row:
        _kind, row = storage(call)
        return call.coolify.one("volume_backups", storage_uuid=row["uuid"]) or refuse(404, "Storage backup schedule not found.")

    @route("PUT", path, since="4.3.0", json=True)
    def set_backup(call: Call) -> t.Any:
        kind, row = storage(call)
        columns = _backup_columns(call, kind, row)
        found = call.coolify.one("volume_backups", storage_uuid=row["uuid"])
        if found:
            call.coolify.update(found, **columns)
        backup = found or call.coolify.insert("volume_backups", storage_uuid=row["uuid"], **{"timeout": 36000, **columns})
        view = {name: backup[name] for name in BACKUP_RULES}
        if not found and "timeout" not in call.input:
            view["timeout"] = None
        done = "updated" if found else "created"
        return (200 if found else 201), {
            "uuid": backup["uuid"],
            "message": f"Storage backup schedule {done}.",
            "storage_uuid": row["uuid"],
            "storage_type": "directory" if kind is FILE else "persistent",
            **view,
        }

    @route("POST", f"{path}/run", since="4.3.0")
    def run_backup(call: Call) -> t.Any:
        backup = schedule(call)
        backup["_runs"] = backup.get("_runs", 0) + 1
        return {"message": "Storage backup queued.", "uuid": backup["uuid"]}

    @route("DELETE", path, since="4.3.0")
    def delete_backup(call: Call) -> t.Any:
        call.coolify.remove("volume_backups", schedule(call))
        return {"message": "Storage backup schedule and archives deleted."}


# --- scheduled tasks ---------------------------------------------------------------------------------------------------------

TASK_RULES: Rules = {
    "name": ("required", "string", ("max", 255)),
    "command": ("required", "string"),
    "frequency": ("required", "string"),
    "container": ("nullable", "string"),
    "timeout": ("integer", ("min", 1)),
    "enabled": ("boolean",),
}
TASK_UPDATE_RULES: Rules = {name: tuple(rule for rule in rules if rule != "required") for name, rules in TASK_RULES.items()}
TASK_DEFAULTS: Row = {"container": None, "timeout": 300, "enabled": True}


def _task_columns(call: Call, rules: Rules) -> Row:
    _check(call, rules)
    given = dict(call.input)
    if "frequency" in given and not databases.valid_schedule(given["frequency"]):
        invalid({"frequency": ["Invalid cron expression or frequency format."]})
    if "name" in given:
        given["name"] = strip_tags(given["name"])
    if "timeout" in given:
        given["timeout"] = integer(given["timeout"])
    if "enabled" in given:
        given["enabled"] = truthy(given["enabled"])
    return given


def _task(row: Row) -> Row:
    return views.ordered({name: row[name] for name in ("uuid", *TASK_RULES, "created_at", "updated_at")})


def _one_task(call: Call, owner: Row) -> Row:
    return call.coolify.one("tasks", uuid=call.params["task"], **_key(owner)) or refuse(404, "Scheduled task not found.")


def _store_task(given: Row) -> Row:
    _fits(given, "command", "frequency", "container")
    if given.get("timeout", 0) > 2**31 - 1:
        raise Crash
    return given


def _execute(coolify: Coolify, owner: Row, task: Row) -> None:
    """What the job does. It fails where no container runs; ``outcomes`` of the owner can have another ``task`` result."""
    now = coolify.now(RAW_TIME)
    running = str(owner.get("status", "running")).startswith("running")
    refused = {"status": "failed", "message": "Job permanently failed after 1 attempts: ScheduledTaskJob failed: No containers running."}
    outcome = {"status": "success", "message": "done", **coolify.switches.outcomes.get(owner["name"], {}).get("task", {})}
    row = coolify.insert(
        "executions",
        task_uuid=task["uuid"],
        status="running",
        message=None,
        retry_count=0,
        duration=None,
        error_details=None,
        started_at=coolify.now(),
        finished_at=None,
    )

    def end() -> None:
        found = outcome if running else refused
        coolify.update(row, status=found["status"], message=found["message"], duration="1.00", finished_at=now)

    coolify.later(coolify.switches.deploy_seconds, end)


EXECUTION = (
    "uuid",
    "status",
    "message",
    "retry_count",
    "duration",
    "error_details",
    "started_at",
    "finished_at",
    "created_at",
    "updated_at",
)


def _tasks(family: str) -> None:
    path = f"/{family}/<uuid>/scheduled-tasks"

    @route("GET", path)
    def list_tasks(call: Call) -> t.Any:
        rows = _of(call.coolify, "tasks", owner_of(call, family))
        return [_task(row) for row in sorted(rows, key=lambda row: row["name"])]

    @route("POST", path, json=True)
    def create_task(call: Call) -> t.Any:
        owner = owner_of(call, family)
        given = _store_task(_task_columns(call, TASK_RULES))
        return 201, _task(call.coolify.insert("tasks", **{**TASK_DEFAULTS, **given}, **_key(owner)))

    @route("PATCH", f"{path}/<task>", json=True)
    def update_task(call: Call) -> t.Any:
        owner = owner_of(call, family)
        given = _task_columns(call, TASK_UPDATE_RULES)
        row = _one_task(call, owner)
        call.coolify.update(row, **_store_task(given))
        return _task(row)

    @route("DELETE", f"{path}/<task>")
    def delete_task(call: Call) -> t.Any:
        _remove(call.coolify, "tasks", _one_task(call, owner_of(call, family)))
        return {"message": "Scheduled task deleted."}

    @route("GET", f"{path}/<task>/executions")
    def list_executions(call: Call) -> t.Any:
        task = _one_task(call, owner_of(call, family))
        rows = call.coolify.rows("executions", task_uuid=task["uuid"])
        return [{name: row[name] for name in EXECUTION} for row in reversed(rows)]

    @route("POST", f"{path}/<task>/execute", since="4.3.0")
    def execute_task(call: Call) -> t.Any:
        owner = owner_of(call, family)
        task = _one_task(call, owner)
        call.coolify.later(call.coolify.switches.status_seconds, lambda: _execute(call.coolify, owner, task))
        return {"message": "Scheduled task execution queued."}


# --- tags --------------------------------------------------------------------------------------------------------------------

TAG_RULES: Rules = {"tag_name": ("string",), "tag_names": ("array", ("min", 1)), "tag_names.*": ("string",)}
TOO_SHORT = ["Each tag name must be at least 2 characters after sanitization."]


def tag_names(given: t.Iterable[t.Any], field: str) -> list[str]:
    """As they are stored, each once. Only the letters of ASCII become small."""
    plain = (strip_tags(text_of(name)).strip() for name in given)
    names = list(dict.fromkeys(re.sub("[A-Z]+", lambda match: match[0].lower(), name) for name in plain))
    if any(len(name) < 2 for name in names):
        invalid({field: TOO_SHORT})
    return names


def attach(coolify: Coolify, owner: Row, team: int, names: t.Iterable[str]) -> None:
    """Make the tags that the team does not have; what is attached already stays so."""
    for name in names:
        _fits({"name": name}, "name")
        tag = coolify.one("tags", name=name, team_id=team) or coolify.insert("tags", name=name, team_id=team)
        if not coolify.one("taggables", tag_id=tag["id"], **_key(owner)):
            coolify.insert("taggables", tag_id=tag["id"], **_key(owner))


def tagged(coolify: Coolify, name: str, team: int) -> list[Row] | None:
    """The applications of a tag; None when the team has no such tag."""
    tag = coolify.one("tags", name=name, team_id=team)
    if tag is None:
        return None
    links = coolify.rows("taggables", tag_id=tag["id"], owner_table="applications")
    return [coolify.table("applications")[link["owner_id"]] for link in links]


def _tag(row: Row) -> Row:
    return {"uuid": row["uuid"], "name": row["name"], **views.times(row)}


def _tags_of(coolify: Coolify, owner: Row) -> list[Row]:
    return [_tag(coolify.table("tags")[link["tag_id"]]) for link in _of(coolify, "taggables", owner)]


@route("GET", "/tags", since="4.2.0")
def list_tags(call: Call) -> t.Any:
    return [_tag(row) for row in sorted(call.coolify.rows("tags", team_id=call.team), key=lambda row: row["name"])]


def _check_tags(call: Call) -> list[str]:
    data = call.input
    if "tag_name" in data and "tag_names" in data:
        invalid({"tag_name": ["Provide either tag_name or tag_names, not both."]})
    errors = validate(data, TAG_RULES)
    if not data.get("tag_name") and not data.get("tag_names"):
        other = {"tag_name": "tag names", "tag_names": "tag name"}
        errors = {name: [f"The {name.replace('_', ' ')} field is required when {text} is not present."] for name, text in other.items()}
    errors.update({name: ["This field is not allowed."] for name in data if name not in TAG_RULES})
    if errors:
        invalid(errors)
    return tag_names(data["tag_names"] if "tag_names" in data else [data["tag_name"]], "tag_name")


def _tags(family: str) -> None:
    path = f"/{family}/<uuid>/tags"

    @route("GET", path, since="4.2.0")
    def list_tags_of(call: Call) -> t.Any:
        return _tags_of(call.coolify, owner_of(call, family))

    @route("POST", path, since="4.2.0", json=True)
    def create_tags(call: Call) -> t.Any:
        owner = owner_of(call, family)
        attach(call.coolify, owner, call.team, _check_tags(call))
        return 201, _tags_of(call.coolify, owner)

    @route("DELETE", f"{path}/<tag>", since="4.2.0")
    def delete_tag(call: Call) -> t.Any:
        owner = owner_of(call, family)
        tag = call.mine("tags", "Tag", param="tag")
        link = call.coolify.one("taggables", tag_id=tag["id"], **_key(owner)) or refuse(404, "Tag not found on resource.")
        call.coolify.remove("taggables", link)
        if not call.coolify.one("taggables", tag_id=tag["id"]):
            call.coolify.remove("tags", tag)
        return {"message": "Tag removed."}


for _family in SINGULAR:
    _storages(_family)
    _volume_backups(_family)
for _family in ("applications", "services"):
    _tasks(_family)
for _family in SINGULAR:
    _tags(_family)


@route("GET", "/applications/<uuid>/destinations", since="4.3.0")
def list_destinations(call: Call) -> t.Any:
    """The primary one; a test can name more in ``_destinations`` of an application's row."""
    owner = owner_of(call, "applications")
    places = [call.coolify.destination(owner), *owner.get("_destinations", ())]
    servers = {row["id"]: row["uuid"] for row in call.coolify.rows("servers")}
    return [
        {
            **{key: row[key] for key in ("uuid", "name", "network")},
            "server_uuid": servers.get(row["server_id"]),
            "server_id": row["server_id"],
            "is_primary": number == 0,
        }
        for number, row in enumerate(places)
    ]
