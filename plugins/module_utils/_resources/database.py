# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Databases of all eight types (resources.md 1) and their backup schedules (resources.md 2)."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from .._client import Client, path
from .._context import Context, Module
from .._errors import ApiError, CredentialDrift, InputError, NotFoundByName, after_acting
from .._fields import (
    BOOL,
    FILE,
    HIDDEN,
    INT,
    NAME,
    NEVER,
    OPTIONAL_INT,
    UNKNOWN,
    Change,
    Codec,
    Field,
    body,
    creation,
    declared,
    differences,
    option_spec,
    shown,
    visible,
    without_tags,
)
from .._plan import Plan, Step, Undone
from .._wait import until
from . import tags
from .placement import matches, only
from .resource import (
    DEFAULT_UPDATE_SECRETS,
    DELETE_FLAGS,
    DELETE_SPEC,
    ONE_NAME,
    PLACEMENT_SPEC,
    UNDO_TIMEOUT,
    WAIT_SPEC,
    Live,
    act,
    creation_place,
    creation_step,
    find_place,
    halt,
    patch_step,
    placed,
    placement_differences,
    read_by_uuid,
    readable,
    refuse_create_only,
    removal,
    require_versions,
    restore_fields,
    unknown_yet,
    verify_stored,
    wait_for_status,
)
from .schedule import schedule_complaint

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
PASSWORD = re.compile(r"[A-Za-z0-9!@#%^*()_+\-=\[\]{}:,.?/~]{1,128}")


def _identifier(value: str) -> str | None:
    return None if IDENTIFIER.fullmatch(value) else "expected letters, digits and _, no digit in front, at most 63 characters"


def _password(value: str) -> str | None:
    return None if PASSWORD.fullmatch(value) else "Coolify takes letters, digits and !@#%^*()_+-=[]{}:,.?/~ only, at most 128 characters"


def _port(value: int) -> str | None:
    # Creation refuses others; a PATCH would store them (resources.md 1.3)
    return None if 1024 <= value <= 65535 else "The public port should be between 1024 and 65535."


def _user(name: str) -> Field:
    return Field(name, clear=NEVER, initial=True, check=_identifier)


def _secret(name: str) -> Field:
    return Field(name, clear=NEVER, initial=True, secret=True, check=_password)


def _conf(name: str) -> Field:
    return Field(name, FILE, clear=NEVER)


def url_password(url: str) -> str:
    """The decoded password of a connection URL; Redis before 6 knows no user and has it in the user's place."""
    parts = urlsplit(url)
    return unquote((parts.username if parts.password is None else parts.password) or "")


def masked(url: str) -> str:
    parts = urlsplit(url)
    user = "" if parts.password is None else f"{parts.username or ''}:"
    return url.replace(parts.netloc, f"{user}{HIDDEN}@{parts.netloc.rpartition('@')[2]}", 1) if "@" in parts.netloc else url


URL_PASSWORD = Codec("str", from_api=url_password)

COMMON: tuple[Field, ...] = (
    Field("name", NAME, clear=NEVER),
    Field("description", NAME),
    Field("image", clear=NEVER),
    Field("is_public", BOOL),
    Field("public_port", OPTIONAL_INT, check=_port),
    Field("public_port_timeout", OPTIONAL_INT),
    Field("limits_memory", clear="0", empty=("0",)),
    Field("limits_memory_swap", clear="0", empty=("0",)),
    Field("limits_memory_swappiness", INT),
    Field("limits_memory_reservation", clear="0", empty=("0",)),
    Field("limits_cpus", clear="0", empty=("0",)),
    Field("limits_cpuset"),
    Field("limits_cpu_shares", INT),
    Field("health_check_enabled", BOOL, on=("update",), since="4.1.2"),
    Field("health_check_interval", INT, on=("update",), since="4.1.2"),
    Field("health_check_timeout", INT, on=("update",), since="4.1.2"),
    Field("health_check_retries", INT, on=("update",), since="4.1.2"),
    Field("health_check_start_period", INT, on=("update",), since="4.1.2"),
)


@dataclass(frozen=True)
class Kind:
    """A database type. ``listed`` is its key in an environment's view, None where Coolify leaves it out there; ``model`` names it in
    backup schedules. ``user`` and ``database`` are fields, or literals where no field exists."""

    fields: tuple[Field, ...]
    port: int
    scheme: str
    password: str
    listed: str | None = None
    model: str = ""
    user: str = ""
    database: str = ""
    backups: str | None = None
    """The first release with scheduled backups for this type; None: Coolify has none."""
    path: str = "/{database}"


KINDS: dict[str, Kind] = {
    "postgresql": Kind(
        (
            _user("postgres_user"),
            _secret("postgres_password"),
            _user("postgres_db"),
            Field("postgres_initdb_args", clear=NEVER, initial=True),
            Field("postgres_host_auth_method", clear=NEVER, initial=True),
            _conf("postgres_conf"),
        ),
        5432,
        "postgres",
        "postgres_password",
        listed="postgresqls",
        model="StandalonePostgresql",
        user="postgres_user",
        database="postgres_db",
        backups="4.0.0",
    ),
    "mysql": Kind(
        (_secret("mysql_root_password"), _user("mysql_user"), _secret("mysql_password"), _user("mysql_database"), _conf("mysql_conf")),
        3306,
        "mysql",
        "mysql_password",
        listed="mysqls",
        model="StandaloneMysql",
        user="mysql_user",
        database="mysql_database",
        backups="4.0.0",
    ),
    "mariadb": Kind(
        (
            _secret("mariadb_root_password"),
            _user("mariadb_user"),
            _secret("mariadb_password"),
            _user("mariadb_database"),
            _conf("mariadb_conf"),
        ),
        3306,
        "mysql",
        "mariadb_password",
        listed="mariadbs",
        model="StandaloneMariadb",
        user="mariadb_user",
        database="mariadb_database",
        backups="4.0.0",
    ),
    "mongodb": Kind(
        (_user("mongo_initdb_root_username"), _secret("mongo_initdb_root_password"), _user("mongo_initdb_database"), _conf("mongo_conf")),
        27017,
        "mongodb",
        "mongo_initdb_root_password",
        listed="mongodbs",
        model="StandaloneMongodb",
        user="mongo_initdb_root_username",
        database="mongo_initdb_database",
        backups="4.0.0",
        path="/?directConnection=true",
    ),
    # The password is in no field of the answer, only in the URL and in the variable REDIS_PASSWORD (resources.md 1.5)
    "redis": Kind(
        (
            Field("redis_password", URL_PASSWORD, read="internal_db_url", clear=NEVER, initial=True, secret=True, check=_password),
            _conf("redis_conf"),
        ),
        6379,
        "redis",
        "redis_password",
        listed="redis",
        user="=default",
        database="=0",
    ),
    "keydb": Kind((_secret("keydb_password"), _conf("keydb_conf")), 6379, "redis", "keydb_password", database="=0"),
    "dragonfly": Kind((_secret("dragonfly_password"),), 6379, "redis", "dragonfly_password", database="=0"),
    "clickhouse": Kind(
        (_user("clickhouse_admin_user"), _secret("clickhouse_admin_password")),
        9000,
        "clickhouse",
        "clickhouse_admin_password",
        model="StandaloneClickhouse",
        user="clickhouse_admin_user",
        database="=default",
        backups="4.2.0",
    ),
}
HIDDEN_KINDS = tuple(name for name, kind in KINDS.items() if kind.listed is None)
REDIS_VARIABLE = "REDIS_PASSWORD"
SPECIFIC: dict[str, Field] = {row.name: row for kind in KINDS.values() for row in kind.fields}


def fields_of(kind: str) -> tuple[Field, ...]:
    return COMMON + KINDS[kind].fields


def kind_of(answer: t.Mapping[str, t.Any]) -> str:
    """The type in an answer; KeyDB's answer has no database_type."""
    told = str(answer.get("database_type") or "").replace("standalone-", "")
    return told or next((name for name in KINDS if f"{name}_conf" in answer), "keydb")


# --- finding ----------------------------------------------------------------------------------------------------------------------


def find(client: Client, place: t.Any, name: str, kinds: t.Iterable[str]) -> dict[str, t.Any] | None:
    """``{"uuid", "name"}`` of the one database of that name (or uuid) and of one of these types in a place, or None."""
    wanted = set(kinds)
    candidates = [item for kind in wanted if KINDS[kind].listed for item in place.environment.get(KINDS[kind].listed, ())]
    found = matches(candidates, name)
    hidden = [kind for kind in HIDDEN_KINDS if kind in wanted]
    if hidden and not (found and len(wanted) == 1):
        found = found + _hidden(client, place, name, hidden)
    return only(found, name, "database", place.words) if found else None


def _hidden(client: Client, place: t.Any, name: str, kinds: t.Iterable[str]) -> list[dict[str, t.Any]]:
    """Types that an environment's view leaves out: a server's short list has them, and their own answer tells the environment."""
    servers = client.items("/servers")
    types = {f"standalone-{kind}" for kind in kinds}
    lists = client.gather(*[lambda uuid=item["uuid"]: client.items(path("servers", uuid, "resources")) for item in servers])
    candidates = [item for items in lists for item in items if item.get("type") in types and name in (item.get("name"), item.get("uuid"))]
    answers = client.gather(*[lambda uuid=item["uuid"]: client.get(path("databases", uuid)) for item in candidates])
    return [answer for answer in answers if answer.get("environment_id") == place.environment["id"]]


def locate(live: Live) -> None:
    ctx = live.ctx
    if not live.uuid:
        live.place = find_place(ctx)
        kinds = [ctx.options["type"]] if ctx.options.get("type") else list(KINDS)
        found = find(ctx.client, live.place, live.name, kinds) if live.place else None
        if found is None:
            return
        live.uuid = found["uuid"]
    read_by_uuid(live)


# --- what a result shows ------------------------------------------------------------------------------------------------------------


def configuration(answer: t.Mapping[str, t.Any], kind: str) -> dict[str, t.Any]:
    return visible(fields_of(kind), answer)


def view(live: Live, kind: str) -> dict[str, t.Any]:
    answer = live.answer or {}
    return {"uuid": live.uuid, **configuration(answer, kind), "type": kind, "status": answer.get("status"), **placed(answer, live.place)}


AFTER_CREATION = "known after creation"


def future_connection(wanted: t.Mapping[str, t.Any], kind: str) -> dict[str, t.Any]:
    """What a preview can say about a database that does not exist yet, so that tasks after it can be previewed too."""
    table = KINDS[kind]
    parts = {
        name: where[1:] if where.startswith("=") else wanted.get(where, AFTER_CREATION)
        for name, where in (("database", table.database), ("username", table.user))
    }
    return {"host": AFTER_CREATION, "port": table.port, **parts, "url": AFTER_CREATION, "external_url": None}


UNREADABLE = "Use a token with read:sensitive (or root) whose owner is an admin of the team."


PARTS = ("url", "host", "port", "username", "password", "database", "userinfo")


def parts(live: Live, kind: str, answer: t.Mapping[str, t.Any]) -> dict[str, str]:
    """What an application needs to know to use the database, with its secrets: the keys of PARTS. ``userinfo`` is what stands before the
    @ of the URL, where a password is percent-encoded. Raises InputError when the token may not read the URL."""
    url = answer.get("internal_db_url")
    if not url:
        raise InputError(f"{live.words}: the token may not read its address", UNREADABLE)
    table, split_url = KINDS[kind], urlsplit(url)
    database = table.database[1:] if table.database.startswith("=") else answer.get(table.database)
    return {
        "url": url,
        "host": split_url.hostname or "",
        "port": str(split_url.port or table.port),
        "username": unquote(split_url.username or "") if split_url.password is not None else "",
        "password": url_password(url),
        "database": str(database or split_url.path.strip("/")),
        "userinfo": split_url.netloc.rpartition("@")[0],
    }


def connection(live: Live, kind: str) -> dict[str, t.Any]:
    """How to reach the database from its network. Without reveal_secrets the password is masked and no key holds it."""
    table, answer, created = KINDS[kind], live.answer, live.created

    def part(where: str) -> str | None:
        return (where[1:] if where.startswith("=") else answer.get(where)) or None

    url = answer.get("internal_db_url") or created.get("internal_db_url")
    external = answer.get("external_db_url") or created.get("external_db_url")
    user, database, host = part(table.user), part(table.database), answer["uuid"]
    result = {
        "host": host,
        "port": table.port,
        "database": database,
        "username": user,
        "url": masked(url)
        if url
        else f"{table.scheme}://{quote(user or '')}:{HIDDEN}@{host}:{table.port}{table.path.format(database=database or '')}",
        "external_url": masked(external) if external else None,
    }
    if live.ctx.flag("reveal_secrets") and url:
        result.update(url=url, external_url=external, password=url_password(url))
    elif live.ctx.flag("reveal_secrets"):
        live.ctx.warn(f"reveal_secrets: the token may not read the password of {live.words}. {UNREADABLE}")
    return result


# --- planning ------------------------------------------------------------------------------------------------------------------------


def meant(ctx: Context) -> Live:
    return Live(ctx, "database", without_tags(ctx.options.get("name") or ctx.options["uuid"]), ctx.options.get("uuid"))


def plan(ctx: Context) -> Plan:
    """The module's function."""
    return plan_for(meant(ctx))


def plan_for(live: Live) -> Plan:
    """What takes the database to the declared state."""
    ctx, options = live.ctx, live.ctx.options
    tags.check(ctx)
    result = Plan(seen=lambda: view(live, kind_of(live.read())))
    try:
        locate(live)
    except NotFoundByName:
        if options["state"] != "absent" or not live.uuid:
            raise
        return result
    if live.answer is None and options["state"] == "absent":
        return result
    if live.answer is None and not options.get("type"):
        return unknown_yet(live, result, [name for name in (*(row.name for row in COMMON), *SPECIFIC) if options.get(name) is not None])
    kind = kind_of(live.answer) if live.answer else options["type"]
    if options["state"] == "absent":
        return removal(live, result, configuration(live.answer, kind))
    wanted = wanted_fields(ctx, kind, live.answer)
    if live.answer is None:
        plan_creation(live, result, wanted, kind)
    else:
        plan_update(live, result, wanted, kind)
    plan_backups(live, result, kind)
    tags.plan_tags(live, result)
    plan_state(live, result)

    def refresh() -> None:
        if result.steps:
            live.read()
            verify_stored(live, fields_of(kind), wanted, "Coolify switches is_public off again when the port cannot be bound.")
        elif options["state"] == "started" and ctx.flag("wait") and not _healthy(live, live.status):
            # It runs already, so there is nothing to do but to wait
            _wait_until_healthy(live)
        result.resource, result.resource_id = view(live, kind), live.uuid
        result.extra["connection"] = connection(live, kind)

    result.result = refresh
    if live.answer and ctx.flag("reveal_secrets") and "internal_db_url" not in live.answer:
        raise InputError("reveal_secrets: the token may not read the password", UNREADABLE)
    result.extra["connection"] = connection(live, kind) if live.answer else future_connection(wanted, kind)
    return result


def wanted_fields(ctx: Context, kind: str, existing: dict[str, t.Any] | None) -> dict[str, t.Any]:
    options = {name: None if name == "name" and existing and not ctx.options.get("uuid") else value for name, value in ctx.options.items()}
    own = {row.name for row in KINDS[kind].fields}
    foreign = [name for name in SPECIFIC if name not in own and options.get(name) is not None]
    if foreign:
        raise InputError(f"{', '.join(foreign)} does not exist for a {kind} database")
    wanted = declared(fields_of(kind), options)
    public = wanted.get("is_public", (existing or {}).get("is_public"))
    port = wanted["public_port"] if "public_port" in wanted else (existing or {}).get("public_port")
    if public and not port and ("is_public" in wanted or "public_port" in wanted):
        raise InputError("is_public needs public_port; Coolify silently ignores it otherwise")
    return wanted


def plan_creation(live: Live, result: Plan, wanted: dict[str, t.Any], kind: str) -> None:
    ctx, options = live.ctx, live.ctx.options
    if options.get("uuid"):
        raise InputError("uuid names an existing database; leave it out to create one")
    where = creation_place(live)
    changes = creation(fields_of(kind), wanted)
    require_versions(ctx, changes)
    rest = [change for change in changes if "create" not in change.field.on]
    request = {**where, **body(change for change in changes if change not in rest), "instant_deploy": False}

    def look() -> dict[str, t.Any] | None:
        place = find_place(ctx)
        return find(ctx.client, place, live.name, [kind])

    action = f"create {live.words} of type {kind}{live.place.words if live.place else ''}"
    result.steps.append(creation_step(live, result, action, f"/databases/{kind}", request, look, **dict.fromkeys(DELETE_FLAGS, False)))
    if rest:
        names = ", ".join(change.field.name for change in rest)
        result.steps.append(patch_step(live, f"set {names} of {live.words}, which creation does not take", lambda: [body(rest)]))
    after = shown(changes)["after"]
    result.merge_diff({"before": {}, "after": {"type": kind, **after}})
    result.resource = {
        "uuid": None,
        **after,
        "type": kind,
        "status": None,
        **placed({"destination": {"server": {"name": options["server"]}}}, live.place),
    }


def plan_update(live: Live, result: Plan, wanted: dict[str, t.Any], kind: str) -> None:
    ctx, options, answer = live.ctx, live.ctx.options, live.answer
    result.resource_id, result.before, result.resource = live.uuid, configuration(answer, kind), view(live, kind)
    differing = placement_differences(live, options)
    if options.get("type") and options["type"] != kind:
        differing.append(("type", kind, options["type"]))
    refuse_create_only(live.words, differing)
    changes = _credentials(live, result, differences(fields_of(kind), wanted, answer))
    changes = readable(result, changes, live.words, options["update_secrets"])
    if not changes:
        return
    require_versions(ctx, changes)
    before = {change.field.name: change.before for change in changes}
    names = ", ".join(change.field.name for change in changes)
    result.merge_diff(shown(changes))
    result.resource = {
        **result.resource,
        **{change.field.name: change.field.show(change.after) for change in changes if not change.field.secret},
    }
    plain = [change for change in changes if change.field.name != "redis_password"]
    if plain:
        result.steps.append(
            patch_step(
                live,
                f"set {', '.join(change.field.name for change in plain)} of {live.words}",
                lambda: bodies(plain, answer),
                lambda: restore_fields(
                    live,
                    fields_of(kind),
                    {name: value for name, value in before.items() if name != "redis_password"},
                    lambda back: bodies(back, live.answer),
                ),
                f"set {names} of {live.words} as they were",
            )
        )
    redis = next((change for change in changes if change.field.name == "redis_password"), None)
    if redis:
        result.steps.append(_redis_password(live, redis))
    if live.state == "running":
        result.details["restart_required"] = True
        result.risk("low", f"{live.words} keeps running with its old configuration until it is restarted")


def _credentials(live: Live, result: Plan, changes: list[Change]) -> list[Change]:
    """Coolify changes credentials in its own records only; an engine that has been initialised keeps the old ones."""
    initial = [change for change in changes if change.field.initial]
    unknown = [change.field.name for change in initial if change.before is UNKNOWN]
    differing = [change.field.name for change in initial if change.before is not UNKNOWN]
    if differing and not live.ctx.flag("allow_password_drift"):
        raise CredentialDrift(
            f"{live.words}: {', '.join(differing)} differs from what the database was created with. Coolify would change its own records only, not the "
            "credentials inside the database: after the next restart nothing could log in with what Coolify shows",
            "Change it inside the database first (ALTER USER …), then run this with allow_password_drift=true to bring Coolify's records in line. "
            "Or leave the option out, or recreate the database.",
        )
    if differing:
        result.risk(
            "high",
            f"{', '.join(differing)} of {live.words} changes in Coolify's records only; the database itself keeps what it was initialised with",
        )
    if unknown:
        result.risk("medium", f"the token may not read {', '.join(unknown)} of {live.words}: they cannot be compared and are left alone")
    return [change for change in changes if not (change.field.initial and change.before is UNKNOWN)]


def _redis_password(live: Live, change: Change) -> Step:
    """PATCH /databases/{uuid} with redis_password answers 200 and changes nothing; the variable is what counts."""

    def put(value: str) -> None:
        live.ctx.client.patch(f"{live.path}/envs", {"key": REDIS_VARIABLE, "value": value})

    def undo() -> Undone:
        put(change.before)
        return Undone(True)

    return Step(
        f"set redis_password of {live.words} through its variable {REDIS_VARIABLE}",
        lambda: put(change.after),
        revert=undo,
        manual=f"set the variable {REDIS_VARIABLE} as it was",
    )


def bodies(changes: list[Change], answer: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    """The PATCH bodies in order. Coolify starts the public TCP proxy only for a request that has is_public true and public_port while the
    database is private, so a new port of a public database takes two."""
    fields = body(changes)
    if not fields:
        return []
    if fields.get("is_public") and "public_port" not in fields:
        fields["public_port"] = answer.get("public_port")
    if "public_port" in fields and answer.get("is_public") and fields.get("is_public", True):
        return [{"is_public": False}, {**fields, "is_public": True}]
    return [fields]


def plan_state(live: Live, result: Plan) -> None:
    """Start, stop or restart, and wait for the container's own health check."""
    ctx, state = live.ctx, live.ctx.options["state"]
    running = live.state == "running"
    restart = state == "restarted" and running
    if state == "present" or (state == "stopped" and live.state in ("exited", "")):
        return
    if state == "started" and running:
        if not _healthy(live, live.status):
            result.risk("medium", f"{live.words} is {live.status}")
        return
    verb = {"started": "start", "stopped": "stop", "restarted": "restart" if restart else "start"}[state]

    def apply() -> None:
        flags = {"docker_cleanup": ctx.flag("docker_cleanup")} if verb == "stop" else {}
        try:
            act(live, verb, lambda: {} if ctx.flag("wait") and not restart else None, **flags)
        except ApiError as error:
            # It got there by itself since the plan was made
            if error.code != 400 or "already" not in error.answer:
                raise
        with after_acting():
            if not ctx.flag("wait"):
                result.details["pending"] = f"GET /api/v1{live.path} until status is {'exited' if verb == 'stop' else 'running:healthy'}"
            elif verb == "stop":
                wait_for_status(live, "exited", lambda status: status.startswith("exited"), ctx.options["wait_timeout"])
            else:
                if restart:
                    _wait_for_dip(live)
                _wait_until_healthy(live)

    def undo() -> Undone:
        if verb != "start" or live.created:
            # What was created is deleted by the undo of its creation
            return Undone(False)
        halt(live, UNDO_TIMEOUT)
        return Undone(True)

    result.steps.append(
        Step(f"{verb} {live.words}", apply, estimate=10.0 if verb == "stop" else 60.0, keeps=True, revert=undo, manual=f"stop {live.words}")
    )
    result.merge_diff({"before": {"status": live.status or None}, "after": {"status": state}})
    result.downtime = verb in ("stop", "restart")


def _wait_until_healthy(live: Live) -> None:
    wait_for_status(live, "running:healthy", lambda status: _healthy(live, status), live.ctx.options["wait_timeout"])


RESTART_DIP = 15.0
"""Seconds. A restart's stop shows as ``exited``; Coolify's status is polled that often that a quick restart may never show."""


def _wait_for_dip(live: Live) -> None:
    until(lambda: live.read()["status"], lambda status: not status.startswith("running"), RESTART_DIP, live.ctx.clock)


def _healthy(live: Live, status: str) -> bool:
    """``running:healthy``; without a health check Docker knows only ``running:unknown``."""
    return status.startswith("running:healthy") or (
        status.startswith("running:unknown") and (live.answer or {}).get("health_check_enabled") is False
    )


# --- backup schedules -----------------------------------------------------------------------------------------------------------------

BACKUP_FIELDS: tuple[Field, ...] = (
    Field("frequency", clear=NEVER, check=schedule_complaint, spec={"required": True}),
    Field("enabled", BOOL),
    Field("save_s3", BOOL),
    # The answer holds a number that nothing maps to a uuid, so it is never known
    Field("s3_storage_uuid", clear=NEVER),
    Field("databases_to_backup"),
    Field("dump_all", BOOL),
    Field("database_backup_retention_amount_locally", INT),
    Field("database_backup_retention_days_locally", INT),
    Field("database_backup_retention_max_storage_locally", Codec("float", from_api=float)),
    Field("database_backup_retention_amount_s3", INT),
    Field("database_backup_retention_days_s3", INT),
    Field("database_backup_retention_max_storage_s3", Codec("float", from_api=float)),
    Field("timeout", INT),
)


def plan_backups(live: Live, result: Plan, kind: str) -> None:
    """Schedules have no names: a declared one belongs to the existing one that equals it, else to one of the same frequency, else to any left."""
    ctx, wanted_list = live.ctx, live.ctx.options.get("backups")
    if wanted_list is None:
        return
    if wanted_list and not KINDS[kind].backups:
        raise InputError(f"backups: Coolify has no scheduled backups for {kind} databases")
    if wanted_list and KINDS[kind].backups == "4.2.0":
        ctx.client.require("4.2.0", f"scheduled backups of {kind} databases")
    wanted = [_backup(item) for item in wanted_list]
    existing = read_backups(ctx.client, live.uuid, kind) if live.answer and KINDS[kind].backups else []
    pairs, extra = pair_backups(wanted, existing)
    before, after = [], []
    for item, schedule in pairs:
        changes = _backup_changes(item, schedule)
        if schedule is None:
            after.append(shown(changes)["after"])
            result.steps.append(_create_backup(live, item, kind))
        elif changes:
            difference = shown(changes)
            before.append({"uuid": schedule["uuid"], **difference["before"]})
            after.append({"uuid": schedule["uuid"], **difference["after"]})
            result.steps.append(_change_backup(live, item, schedule, changes))
    for schedule in extra:
        before.append({"uuid": schedule["uuid"], "frequency": schedule["frequency"]})
        result.risk(
            "high",
            f"removing the backup schedule {schedule['frequency']!r} of {live.words} deletes its {len(schedule.get('executions') or ())} backups",
        )
        where = f"{live.path}/backups/{schedule['uuid']}"
        result.steps.append(
            Step(
                f"remove the backup schedule {schedule['frequency']!r} of {live.words} and its backups",
                lambda where=where: ctx.client.delete(where, delete_s3=False),
                destructive=True,
                estimate=5.0,
                manual=f"create the backup schedule {schedule['frequency']!r} of {live.words} again; its backups are lost",
            )
        )
    if before or after:
        result.merge_diff({"before": {"backups": before}, "after": {"backups": after}})
    result.extra["backups"] = [
        {"uuid": (schedule or {}).get("uuid"), **visible(BACKUP_FIELDS, schedule or {}), **_shown_backup(item)} for item, schedule in pairs
    ]


def _shown_backup(item: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {row.name: row.show(item[row.name]) for row in BACKUP_FIELDS if row.name in item}


def _backup(item: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    wanted = declared(BACKUP_FIELDS, item)
    if wanted.get("s3_storage_uuid"):
        wanted.setdefault("save_s3", True)
    if wanted.get("save_s3") and not wanted.get("s3_storage_uuid"):
        raise InputError(f"backups: the schedule {wanted['frequency']!r} needs s3_storage_uuid because of save_s3")
    return wanted


def read_backups(client: Client, uuid: str, kind: str) -> list[dict[str, t.Any]]:
    """The schedules of this database. Coolify matches by number only, so those of other types with the same number come along (resources.md 2.4)."""
    return [
        item
        for item in client.items(path("databases", uuid, "backups"))
        if str(item.get("database_type", "")).endswith(f"\\{KINDS[kind].model}")
    ]


def _backup_changes(item: t.Mapping[str, t.Any], schedule: dict[str, t.Any] | None) -> list[Change]:
    if schedule is None:
        # Coolify's own default for save_s3 is true, against its documentation
        return creation(BACKUP_FIELDS, {"save_s3": False, **item})
    return [change for change in differences(BACKUP_FIELDS, item, schedule) if change.field.name != "s3_storage_uuid"]


def pair_backups(
    wanted: list[dict[str, t.Any]], existing: list[dict[str, t.Any]]
) -> tuple[list[tuple[dict[str, t.Any], dict[str, t.Any] | None]], list[dict[str, t.Any]]]:
    """Pure: (declared, existing or None) in the declared order, and the existing ones that are left over."""
    left, partner = list(existing), {}
    tests = (
        lambda item, schedule: not _backup_changes(item, schedule),
        lambda item, schedule: item["frequency"] == schedule["frequency"],
        lambda item, schedule: True,
    )
    for test in tests:
        for number, item in enumerate(wanted):
            match = next((schedule for schedule in left if test(item, schedule)), None) if number not in partner else None
            if match:
                partner[number] = match
                left.remove(match)
    return [(item, partner.get(number)) for number, item in enumerate(wanted)], left


def _backup_body(changes: list[Change], item: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    fields = body(changes)
    if item.get("save_s3"):
        # Every request that keeps S3 on has to name the storage again
        fields.update(save_s3=True, s3_storage_uuid=item["s3_storage_uuid"])
    return fields


def _create_backup(live: Live, item: dict[str, t.Any], kind: str) -> Step:
    made: dict[str, t.Any] = {}

    def look() -> dict[str, t.Any] | None:
        return next((schedule for schedule in read_backups(live.ctx.client, live.uuid, kind) if not _backup_changes(item, schedule)), None)

    def apply() -> None:
        request = _backup_body(_backup_changes(item, None), item)
        made.update(live.ctx.client.create(f"{live.path}/backups", request, look, f"backup schedule {item['frequency']!r}"))

    def undo() -> Undone:
        if made:
            live.ctx.client.delete(f"{live.path}/backups/{made['uuid']}", delete_s3=False)
        return Undone(bool(made))

    return Step(
        f"create the backup schedule {item['frequency']!r} of {live.words}",
        apply,
        revert=undo,
        manual=f"remove the backup schedule {item['frequency']!r}",
    )


def _change_backup(live: Live, item: dict[str, t.Any], schedule: dict[str, t.Any], changes: list[Change]) -> Step:
    where = f"{live.path}/backups/{schedule['uuid']}"
    names = ", ".join(change.field.name for change in changes)

    def undo() -> Undone:
        back = [Change(change.field, change.after, change.before) for change in changes]
        fields = body(back)
        # Coolify does not tell which S3 storage it was, and refuses save_s3 without one
        lost = ["save_s3"] if fields.get("save_s3") else []
        live.ctx.client.patch(
            where, {name: value for name, value in fields.items() if name not in lost} or {"enabled": schedule["enabled"]}
        )
        return Undone(True, tuple(lost))

    def apply() -> None:
        live.ctx.client.patch(where, _backup_body(changes, item))

    return Step(
        f"set {names} of the backup schedule {schedule['frequency']!r} of {live.words}",
        apply,
        revert=undo,
        manual=f"set {names} of the backup schedule as they were",
    )


OWN_SPEC: dict[str, t.Any] = {
    "type": {"type": "str", "choices": list(KINDS)},
    **{name: spec for name, spec in option_spec((*COMMON, *SPECIFIC.values())).items() if name != "name"},
    "backups": {"type": "list", "elements": "dict", "options": option_spec(BACKUP_FIELDS)},
    "allow_password_drift": {"type": "bool", "default": False, "no_log": False},
    **tags.SPEC,
}
"""What one database is declared with, wherever it is."""
MODULE = Module(
    "coolify_db",
    {
        **PLACEMENT_SPEC,
        "state": {"type": "str", "choices": ["present", "absent", "started", "stopped", "restarted"], "default": "present"},
        **OWN_SPEC,
        "reveal_secrets": {"type": "bool", "default": False, "no_log": False},
        "update_secrets": DEFAULT_UPDATE_SECRETS,
        **WAIT_SPEC,
        **DELETE_SPEC,
    },
    plan=plan,
    returns="database",
    constraints=ONE_NAME,
)
