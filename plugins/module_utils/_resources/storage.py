# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes and file mounts of applications, databases and services, and the backups of them (applications.md 8.2, resources.md 3.2)."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, replace

from .._context import Context, Module
from .._errors import CreateOnly, InputError, NotFoundByName, after_acting
from .._fields import (
    BOOL,
    INT,
    NEVER,
    UNKNOWN,
    Codec,
    Field,
    body,
    creation,
    declared,
    differences,
    option_spec,
    shown,
)
from .._plan import NOTHING, Plan, Step, Undone
from . import placement, simple
from .owner import OWNERS, Part, find_owner, listed, owner_constraints, owner_spec
from .resource import DEFAULT_UPDATE_SECRETS, Live, readable
from .schedule import schedule_complaint

BACKUP_SINCE = "4.3.0"
GROUPS = {"persistent": "persistent_storages", "file": "file_storages"}
VOLUME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]*")
PATH = Codec(
    "str",
    from_api=str,
    from_option=lambda value: "/" + value.strip().lstrip("/") if value.strip() else "",
    key=lambda value: re.sub("/+", "/", value).rstrip("/") or "/",
)


def _volume(value: str) -> str | None:
    return None if VOLUME.fullmatch(value) else "a volume's name consists of letters, digits, ., _ and -, and starts with a letter or digit"


NAME_OF_VOLUME = Field("name", clear=NEVER, check=_volume)
COMMON = (
    Field("mount_path", PATH, clear=NEVER),
    Field("is_preview_suffix_enabled", BOOL, on=("update",)),
)
FIELDS: dict[str, tuple[Field, ...]] = {
    "persistent": (NAME_OF_VOLUME, Field("host_path", PATH), *COMMON),
    "file": (
        Field("content", secret=True),
        Field("is_directory", BOOL, on=("create",)),
        Field("is_host_file", BOOL, on=("create",), since="4.2.0"),
        Field("fs_path", PATH, clear=NEVER, on=("create",)),
        *COMMON,
    ),
}
ALL = tuple({row.name: row for rows in FIELDS.values() for row in rows}.values())
BACKUP: tuple[Field, ...] = (
    Field("frequency", clear=NEVER, check=schedule_complaint, spec={"required": True}),
    Field("enabled", BOOL),
    Field("save_s3", BOOL),
    Field("s3_storage_uuid"),
    Field("disable_local_backup", BOOL),
    Field("stop_during_backup", BOOL),
    *(
        Field(f"retention_{name}_{where}", codec)
        for where in ("locally", "s3")
        for name, codec in (("amount", INT), ("days", INT), ("max_storage", Codec("float", from_api=float)))
    ),
    Field("timeout", INT, check=lambda value: None if 60 <= value <= 36000 else f"{value} is not between 60 and 36000"),
)


def fields_of(kind: str, holder: str) -> tuple[Field, ...]:
    """The table for a storage of ``holder``, whose uuid Coolify puts in front of the names of volumes at creation, and only then."""
    prefix = f"{holder}-"

    def short(name: t.Any) -> str:
        return str(name)[len(prefix) :] if str(name).startswith(prefix) else str(name)

    name = Codec("str", from_api=short, from_option=lambda value: short(value.strip()))
    return tuple(replace(row, codec=name) if row is NAME_OF_VOLUME else row for row in FIELDS[kind])


@dataclass
class Storage(Part):
    """``type`` is ``persistent`` or ``file``; ``holder`` is the uuid of what has it, which in a service is one of its parts."""

    type: str = "persistent"
    holder: str = ""

    @property
    def words(self) -> str:
        return f"the {'volume' if self.type == 'persistent' else 'file mount'} {self.name}{f' of {self.owner.words}' if self.owner else ''}"

    @property
    def fields(self) -> tuple[Field, ...]:
        return fields_of(self.type, self.holder)

    def rows(self) -> list[dict[str, t.Any]]:
        return read(self.owner) if self.owner else []

    def patch(self, fields: dict[str, t.Any]) -> None:
        whole = dict(fields)
        if "name" in whole:
            # Unlike creation, this stores a name as it comes
            whole["name"] = f"{self.holder}-{whole['name']}"
        self.ctx.client.patch(self.base, {"type": self.type, "uuid": self.uuid, **whole})

    @property
    def whereabouts(self) -> str:
        """Where its data lies, and what becomes of that when it is deleted."""
        answer = self.answer or {}
        if self.type == "persistent" and answer.get("host_path"):
            return f"its data stays on the server, in the folder {answer['host_path']}"
        if self.type == "persistent":
            return (
                f"its data stays on the server, in the Docker volume {answer.get('name')}, until somebody removes that; a server with "
                "delete_unused_volumes switched on does so in its next Docker cleanup"
            )
        if answer.get("is_host_file"):
            return f"the file {answer.get('fs_path')} stays on the server"
        what = "the folder and everything in it" if answer.get("is_directory") else "the file"
        return f"Coolify removes {what} on the server: {answer.get('fs_path')}"


def read(owner: Live) -> list[dict[str, t.Any]]:
    """All storages of an owner, each with its ``type``."""
    answer = listed(owner, "storages", read=lambda where: owner.ctx.client.get(where, has="persistent_storages"))
    return [{**row, "type": kind} for kind, group in GROUPS.items() for row in answer.get(group) or ()]


def find_holder(owner: Live) -> str:
    """The uuid of what has the storage: the owner, or the part of a service that ``resource`` names."""
    wanted = owner.ctx.options.get("resource")
    if owner.kind != "service":
        if wanted:
            raise InputError(f"resource names an application or database of a service, not of a {owner.kind}")
        return owner.uuid or ""
    if owner.uuid is None:
        return ""
    answer = owner.read()
    parts = [*(answer.get("applications") or ()), *(answer.get("databases") or ())]
    if wanted:
        return placement.only(parts, wanted, "part", f" of {owner.words}")["uuid"]
    if len(parts) == 1:
        return parts[0]["uuid"]
    names = ", ".join(sorted(str(part.get("name")) for part in parts)) or "none"
    raise InputError(f"{owner.words} has several parts, and resource has to say which one has the storage; existing: {names}")


def plan(ctx: Context) -> Plan:
    """The module's function."""
    options = ctx.options
    result = Plan()
    if options.get("backup") is not None or ctx.flag("delete_backups") or options["state"] == "backed_up":
        ctx.client.require(BACKUP_SINCE, "the backup of a storage")
    owner = find_owner(ctx, OWNERS)
    if owner.uuid is None and options["state"] == "absent":
        return result
    # A uuid says enough
    holder = "" if options.get("uuid") and owner.kind == "service" and not options.get("resource") else find_holder(owner)
    storage = Storage(
        ctx,
        "storage",
        PATH.from_option(options.get("mount_path") or "") or options["uuid"],
        options.get("uuid"),
        owner=owner,
        within="storages",
        holder=holder,
    )
    locate(storage, read(owner) if owner.uuid else [])
    if options["state"] == "absent":
        if storage.answer:
            plan_removal(storage, result)
        return result
    wanted = wanted_fields(storage)
    backup = wanted_backup(ctx)
    if storage.answer:
        plan_update(storage, result, wanted)
    else:
        plan_creation(storage, result, wanted)
    simple.finish(storage, result, storage.fields, wanted, "Look at the storage in Coolify.")
    told = [change for change in result.diff["after"] if change not in ("backup", "is_preview_suffix_enabled")]
    if told and owner.uuid:
        what, how = ("restart_required", "restarted") if owner.kind == "database" else ("redeploy_required", "deployed")
        result.details[what] = True
        result.risk("low", f"{owner.words} gets the changed storage when it is {how} again")
    plan_backup(storage, result, backup)
    with_type(storage, result)
    return result


def declared_type(options: t.Mapping[str, t.Any]) -> str | None:
    """What the options speak of; Coolify's two kinds have no option in common but the path."""
    own = {kind: [row.name for row in rows if row not in COMMON and options.get(row.name) is not None] for kind, rows in FIELDS.items()}
    if own["persistent"] and own["file"]:
        raise InputError(f"{', '.join(own['file'])}: goes with a file mount, {', '.join(own['persistent'])} with a volume")
    meant = next((kind for kind, names in own.items() if names), None)
    told = options.get("type")
    if told and meant and told != meant:
        raise InputError(f"{', '.join(own[meant])}: does not exist for type={told}")
    return told or meant


def locate(storage: Storage, rows: list[dict[str, t.Any]]) -> None:
    """Fill in what exists; a container has one thing at a path."""
    options = storage.ctx.options
    if storage.uuid:
        found = next((row for row in rows if row["uuid"] == storage.uuid), None)
        if found is None and options["state"] != "absent":
            raise NotFoundByName(f'there is no storage with the uuid "{storage.uuid}" of {storage.owner.words if storage.owner else "it"}')
    else:
        same = [row for row in rows if PATH.key(str(row["mount_path"])) == PATH.key(storage.name)]
        found = next((row for row in same if row.get("resource_uuid") in (None, storage.holder)), None)
    told = declared_type(options)
    if found:
        if told not in (None, found["type"]) and options["state"] != "absent":
            raise CreateOnly(
                f"{storage.words}: it is of type {found['type']}, wanted {told}. Coolify takes this only at creation",
                "Delete it with state=absent and confirm_destructive=true, then run the task again.",
            )
        storage.uuid, storage.answer = found["uuid"], found
        storage.name = str(found["mount_path"])
        storage.holder = found.get("resource_uuid") or storage.holder or (storage.owner.uuid if storage.owner else "") or ""
    elif told is None and options["state"] != "absent":
        raise InputError(f"creating a storage at {storage.name} needs type")
    storage.type = found["type"] if found else told or "persistent"


def wanted_fields(storage: Storage) -> dict[str, t.Any]:
    options = storage.ctx.options
    wanted = declared(storage.fields, options)
    if storage.type == "file":
        # What is not asked for is an ordinary file, so saying so is no difference
        kinds = [name for name in ("is_directory", "is_host_file") if wanted.get(name)]
        answer = storage.answer or {}
        if len(kinds) > 1:
            raise InputError("is_directory and is_host_file exclude each other")
        if kinds and wanted.get("content") is not None:
            raise InputError(f"content goes with a file that Coolify manages, not with {kinds[0]}")
        if "fs_path" in wanted and not kinds and not (answer.get("is_directory") or answer.get("is_host_file")):
            raise InputError("fs_path goes with is_directory or is_host_file; Coolify itself decides where it keeps the file of a content")
        if kinds and "fs_path" not in wanted and not storage.answer:
            raise InputError(f"{kinds[0]} needs fs_path")
    return wanted


def plan_creation(storage: Storage, result: Plan, wanted: dict[str, t.Any]) -> None:
    options = storage.ctx.options
    if storage.type == "persistent":
        placement.need(options, ["name"], f"creating {storage.words}")
    given = {**wanted, "mount_path": storage.name}
    if given.get("is_preview_suffix_enabled") is True:
        # Coolify's default
        del given["is_preview_suffix_enabled"]
    for flag in ("is_directory", "is_host_file"):
        if given.get(flag) is False:
            del given[flag]
    simple.plan_creation(
        storage,
        result,
        storage.fields,
        given,
        storage.base,
        lambda: look(storage),
        {"type": storage.type, **({"resource_uuid": storage.holder} if storage.owner and storage.owner.kind == "service" else {})},
    )


def look(storage: Storage) -> dict[str, t.Any] | None:
    rows = [row for row in storage.rows() if row["mount_path"] == storage.name and row["type"] == storage.type]
    return next((row for row in rows if row.get("resource_uuid") in (None, storage.holder)), None)


def plan_update(storage: Storage, result: Plan, wanted: dict[str, t.Any]) -> None:
    answer, fields = storage.answer or {}, storage.fields
    fixed = [row for row in fields if row.on == ("create",)]
    differing = [
        change
        for change in differences(fixed, wanted, {**dict.fromkeys(("is_directory", "is_host_file"), False), **answer})
        if change.before is not UNKNOWN
    ]
    if differing:
        told = "; ".join(f"{row.field.name} is {row.field.show(row.before)!r}, wanted {row.field.show(row.after)!r}" for row in differing)
        raise CreateOnly(
            f"{storage.words}: {told}. Coolify takes this only at creation",
            f"Delete it with state=absent and confirm_destructive=true, then run the task again. Mind what goes then: {storage.whereabouts}.",
        )
    changing = {name: value for name, value in wanted.items() if name not in {row.name for row in fixed} and name != "content"}
    moved = [change.field.name for change in differences(fields, {k: v for k, v in changing.items() if k in ("name", "host_path")}, answer)]
    changes = simple.plan_update(storage, result, fields, changing, destructive=bool(moved))
    if any(change.field.name != "is_preview_suffix_enabled" for change in changes):
        refuse_volume_of_service(storage)
    if moved:
        result.risk("high", f"{storage.words} begins empty, because {', '.join(moved)} changes; {storage.whereabouts}")
    if "content" in wanted:
        _plan_content(storage, result, wanted["content"])


def _plan_content(storage: Storage, result: Plan, content: t.Any) -> None:
    """A PATCH would change Coolify's record only: the file is written when the storage is created."""
    answer = storage.answer or {}
    row = next(row for row in storage.fields if row.name == "content")
    changes = readable(result, differences([row], {"content": content}, answer), storage.words, storage.ctx.options["update_secrets"])
    if not changes:
        return
    before = changes[0].before
    result.merge_diff(shown(changes))
    # The path may be another one by then
    kept = {"is_preview_suffix_enabled": False} if answer.get("is_preview_suffix_enabled") is False else {}

    def write(value: t.Any) -> None:
        client, options = storage.ctx.client, storage.ctx.options
        where = PATH.from_option(options["mount_path"]) if options.get("mount_path") else storage.name
        client.delete(storage.path)
        service = {"resource_uuid": storage.holder} if storage.owner and storage.owner.kind == "service" else {}
        with after_acting():
            made = client.create(
                storage.base,
                {"type": "file", "mount_path": where, "content": value, **service},
                lambda: next((item for item in storage.rows() if item["mount_path"] == where), None),
                storage.words,
            )
            storage.uuid = result.resource_id = made["uuid"]
            if kept:
                storage.patch(kept)

    def undo() -> Undone:
        known = before is not UNKNOWN
        write(before if known else None)
        return Undone(True, () if known else ("content",))

    result.steps.append(
        Step(
            f"replace the content of {storage.words}, which gives it a new uuid",
            lambda: write(content),
            estimate=1.0,
            revert=undo,
            manual=f"put the old content into {storage.words}",
        )
    )


def refuse_volume_of_service(storage: Storage) -> None:
    """Coolify lets nobody change or delete these, so a preview must not promise it."""
    if storage.owner and storage.owner.kind == "service" and storage.type == "persistent":
        raise InputError(
            f"{storage.words}: Coolify creates volumes of a service, and neither changes nor deletes them",
            "Change the compose file of the service with coolify_service, or the volume by hand.",
        )


def plan_removal(storage: Storage, result: Plan) -> None:
    refuse_volume_of_service(storage)
    simple.plan_removal(storage, result, storage.fields, storage.whereabouts)
    result.risk(
        "medium", f"{storage.owner.words if storage.owner else 'its owner'} finds nothing at {storage.name} after its next deployment"
    )
    if storage.ctx.flag("delete_backups"):
        result.steps.insert(0, delete_backup(storage))
        result.risk("high", f"the backups of {storage.words} are deleted, on the server and in S3, if it has any")


def with_type(storage: Storage, result: Plan) -> None:
    """The result says of which type it is, and the whole name of a volume in Docker."""
    refresh, seen = result.result, result.seen

    def typed(resource: t.Any) -> t.Any:
        if not resource:
            return resource
        volume = {"volume": (storage.answer or {}).get("name")} if storage.type == "persistent" else {}
        return {**resource, "type": storage.type, **volume}

    def after() -> None:
        refresh()
        result.resource = typed(result.resource)

    result.resource, result.result, result.seen = typed(result.resource), after, lambda: typed(seen())


# --- backups ----------------------------------------------------------------------------------------------------------------------------


def wanted_backup(ctx: Context) -> dict[str, t.Any] | None:
    given = ctx.options.get("backup")
    if given is None:
        return None
    wanted = declared(BACKUP, given)
    if wanted.get("s3_storage_uuid"):
        wanted.setdefault("save_s3", True)
    if wanted.get("save_s3") and not wanted.get("s3_storage_uuid"):
        raise InputError("backup: save_s3 needs s3_storage_uuid")
    if wanted.get("disable_local_backup") and not wanted.get("save_s3"):
        raise InputError("backup: disable_local_backup needs save_s3, or there would be no backup at all")
    return wanted


def plan_backup(storage: Storage, result: Plan, wanted: dict[str, t.Any] | None) -> None:
    """Coolify shows the schedule to nobody, so it cannot be compared: written each time, or only with a new storage."""
    ctx, options = storage.ctx, storage.ctx.options
    if wanted is not None and ctx.flag("delete_backups"):
        raise InputError("backup and delete_backups exclude each other")
    if ctx.flag("delete_backups"):
        result.steps.append(delete_backup(storage))
        result.risk("high", f"the backups of {storage.words} are deleted, on the server and in S3, if it has any")
    if wanted is not None and (storage.answer is None or options["update_secrets"] == "always"):
        if storage.type == "file" and not (options.get("is_directory") or (storage.answer or {}).get("is_directory")):
            raise InputError("backup: Coolify backs up volumes and folders, no single files")
        if storage.answer:
            result.risk(
                "medium",
                "Coolify does not show backup schedules: it cannot be compared, is written again each time, and could not be restored",
            )
        request = body(creation(BACKUP, wanted))
        result.merge_diff(
            {"before": {}, "after": {"backup": {row.name: row.show(wanted[row.name]) for row in BACKUP if row.name in wanted}}}
        )
        result.steps.append(
            Step(
                f"set the backup schedule of {storage.words}",
                lambda: ctx.client.put(f"{storage.path}/backups", request),
                # With a new storage it goes away as well, after its schedule
                revert=(lambda: _unset(storage)) if storage.answer is None else None,
                manual=f"set the backup schedule of {storage.words} as it was",
            )
        )
    if options["state"] == "backed_up":
        result.steps.append(Step(f"back up {storage.words} now", lambda: run_backup(storage, result), keeps=True))


def _unset(storage: Storage) -> Undone:
    storage.ctx.client.delete(f"{storage.path}/backups")
    return Undone(True)


def run_backup(storage: Storage, result: Plan) -> None:
    storage.ctx.client.post(f"{storage.path}/backups/run")
    result.details["pending"] = "the backups of the storage in Coolify's UI; its API does not show them"


def delete_backup(storage: Storage) -> Step:
    """The schedule with its archives. Whether there is one, nobody can look up."""
    client = storage.ctx.client

    def apply() -> t.Any:
        return NOTHING if client.delete(f"{storage.path}/backups") is None else None

    return Step(f"delete the backup schedule of {storage.words} and its archives", apply, destructive=True, estimate=5.0)


MODULE = Module(
    "coolify_storage",
    {
        **owner_spec(),
        "resource": {"type": "str"},
        "uuid": {"type": "str"},
        "type": {"type": "str", "choices": list(FIELDS)},
        **option_spec(ALL),
        "backup": {"type": "dict", "options": option_spec(BACKUP)},
        "delete_backups": {"type": "bool", "default": False},
        "update_secrets": DEFAULT_UPDATE_SECRETS,
        "state": {"type": "str", "choices": ["present", "absent", "backed_up"], "default": "present"},
        "confirm_destructive": {"type": "bool", "default": False},
    },
    plan=plan,
    returns="storage",
    constraints={
        **owner_constraints(),
        "required_one_of": [*owner_constraints()["required_one_of"], ("mount_path", "uuid")],
    },
)
