# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What belongs to an application beside its fields, taken from it and given to its successor before it is deleted: variables, tags, storages,
scheduled tasks (applications.md 8.2 to 8.4).

Nothing brings back what was deleted, so whatever cannot be read is found out before anything is changed.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from .._errors import CoolifyError, InputError, NotStored, may_have_acted
from .._fields import UNKNOWN
from .._plan import Step, Undone
from . import variables as env
from .resource import Live

TASK_FIELDS = ("name", "command", "frequency", "container", "timeout", "enabled")


@dataclass(frozen=True)
class Snapshot:
    """What is there, as Coolify answers it."""

    uuid: str
    rows: list[dict[str, t.Any]]
    tags: list[str]
    volumes: list[dict[str, t.Any]]
    files: list[dict[str, t.Any]]
    tasks: list[dict[str, t.Any]]

    @property
    def shown(self) -> dict[str, t.Any]:
        """For the rollback point. Commands and contents may hold secrets."""
        return {
            "variables": sorted({row["key"] for row in self.rows}),
            "tags": self.tags,
            "storages": [{"name": item.get("name"), "mount_path": item["mount_path"]} for item in (*self.volumes, *self.files)],
            "scheduled_tasks": [{"name": item["name"], "frequency": item["frequency"]} for item in self.tasks],
        }


def successor(name: str) -> str:
    """What the new one is called until the old one is gone."""
    return f"{name[:240]}-successor"


def take(live: Live, rows: list[dict[str, t.Any]]) -> Snapshot:
    client, uuid = live.ctx.client, live.uuid or ""
    tags, storages, tasks = client.gather(
        lambda: client.items(f"{live.path}/tags"),
        lambda: client.get(f"{live.path}/storages", has="persistent_storages"),
        lambda: client.items(f"{live.path}/scheduled-tasks"),
    )
    return Snapshot(
        uuid, rows, sorted(tag["name"] for tag in tags), list(storages["persistent_storages"]), list(storages["file_storages"]), tasks
    )


def lost(snapshot: Snapshot, declared: t.Iterable[env.Variable]) -> list[str]:
    """What could not be given to a successor, because this token cannot read it and the task does not declare it."""
    # The locked preview twin of a declared variable gets the declared value
    given = {(variable.key, preview) for variable in declared for preview in (variable.preview, True)}
    missing = [
        f"variable {row['key']}{' (preview)' if row.get('is_preview') else ''}"
        for row in snapshot.rows
        if env.stored_value(row) is UNKNOWN and (row["key"], bool(row.get("is_preview"))) not in given
    ]
    hidden = [item for item in snapshot.files if not (item.get("is_directory") or item.get("is_host_file")) and "content" not in item]
    return missing + [f"the content of the file {item['mount_path']}" for item in hidden]


def steps(live: Live, snapshot: Snapshot, declared: t.Sequence[env.Variable]) -> list[Step]:
    """What gives a new application what the old one had, in the order of its worth: variables first."""
    parts = (
        (_variables(live, snapshot, declared), "variable"),
        (_storages(live, snapshot), "storage"),
        (_tasks(live, snapshot), "scheduled task"),
        (_tags(live, snapshot), "tag"),
    )
    return [
        Step(
            f"restore {len(names)} {what}{'s' * (len(names) > 1)} of {live.words}: {', '.join(names)}",
            apply,
            estimate=0.5 * len(names),
            revert=lambda: Undone(False),
        )
        for (names, apply), what in parts
        if names
    ]


def _variables(live: Live, snapshot: Snapshot, declared: t.Sequence[env.Variable]) -> tuple[list[str], t.Callable[[], None]]:
    over = {(variable.key, variable.preview): variable for variable in declared}
    old = env.Rows(snapshot.rows)
    wanted = []
    for (key, preview), row in old.by_key.items():
        known = over.pop((key, preview), None)
        if known is None and env.stored_value(row) is UNKNOWN:
            known = replace(next(variable for variable in declared if variable.key == key), preview=True, flags={})
        wanted.append(known or env.Variable(key, env.stored_value(row), True, preview))
    # What is declared and not there yet comes along
    variables = [_with_flags(variable, old.get(variable)) for variable in (*wanted, *over.values())]

    def apply() -> None:
        target = env.Target.application(live.uuid or "", live.name)
        client = live.ctx.client
        # Production first: a new variable brings its preview twin along, which is then a row to change
        for preview in (False, True):
            batch = [variable for variable in variables if variable.preview is preview]
            rows = env.Rows(env.read(client, target))
            changes = env.compare(rows, batch, target, purge=False, update_secrets="always")
            env.write(client, target, changes, rows)
        rows = env.Rows(env.read(client, target))
        handles = {(variable.key, variable.preview) for variable in variables}
        for handle, row in rows.by_key.items():
            if handle[1] and handle not in handles and (handle[0], False) in handles:
                client.delete(f"{target.base}/{row['uuid']}")
        wrong = [variable.key for variable in variables if _differs(rows.get(variable), variable)]
        if wrong:
            raise NotStored(f"{live.words}: Coolify did not store the variables {', '.join(wrong)}")

    return list(dict.fromkeys(variable.key for variable in variables)), apply


def _with_flags(variable: env.Variable, row: dict[str, t.Any] | None) -> env.Variable:
    if row is None:
        return variable
    flags = {name: bool(row[name]) for name in env.FLAGS if name in row}
    comment = variable.comment if variable.comment is not None else row.get("comment")
    return replace(variable, flags={**flags, **variable.flags}, comment=comment)


def _differs(row: dict[str, t.Any] | None, variable: env.Variable) -> bool:
    return row is None or (env.stored_value(row) is not UNKNOWN and env.stored_value(row) != variable.value)


def _storages(live: Live, snapshot: Snapshot) -> tuple[list[str], t.Callable[[], None]]:
    def apply() -> None:
        client, where = live.ctx.client, f"{live.path}/storages"
        for item in snapshot.volumes:
            # Coolify puts the new uuid in front of the name, and the data is in the volume of the old name
            short = item["name"][len(snapshot.uuid) + 1 :] if item["name"].startswith(f"{snapshot.uuid}-") else item["name"]
            request = {"type": "persistent", "name": short, "mount_path": item["mount_path"], "host_path": item.get("host_path")}
            made = _create(live, where, request, item["mount_path"])
            client.patch(where, {"type": "persistent", "uuid": made["uuid"], "name": item["name"], **_suffix(item)})
        for item in snapshot.files:
            kind = next((name for name in ("is_directory", "is_host_file") if item.get(name)), None)
            own = {kind: True, "fs_path": item["fs_path"]} if kind else {"content": item.get("content")}
            made = _create(live, where, {"type": "file", "mount_path": item["mount_path"], **own}, item["mount_path"])
            if _suffix(item):
                client.patch(where, {"type": "file", "uuid": made["uuid"], **_suffix(item)})
        now = client.get(where, has="persistent_storages")
        found = {(item.get("name"), item["mount_path"]) for item in now["persistent_storages"]}
        found |= {(None, item["mount_path"]) for item in now["file_storages"]}
        wrong = [item["mount_path"] for item in snapshot.volumes if (item["name"], item["mount_path"]) not in found]
        wrong += [item["mount_path"] for item in snapshot.files if (None, item["mount_path"]) not in found]
        if wrong:
            raise NotStored(f"{live.words}: Coolify did not store the storages {', '.join(wrong)}")

    return [item["mount_path"] for item in (*snapshot.volumes, *snapshot.files)], apply


def _suffix(item: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    told = item.get("is_preview_suffix_enabled")
    return {} if told is None else {"is_preview_suffix_enabled": bool(told)}


def _create(live: Live, where: str, request: dict[str, t.Any], mount_path: str) -> dict[str, t.Any]:
    def look() -> dict[str, t.Any] | None:
        storages = live.ctx.client.get(where, has="persistent_storages")
        items = (*storages["persistent_storages"], *storages["file_storages"])
        return next((item for item in items if item["mount_path"] == mount_path), None)

    return live.ctx.client.create(where, request, look, f"the storage {mount_path}")


def _tasks(live: Live, snapshot: Snapshot) -> tuple[list[str], t.Callable[[], None]]:
    def apply() -> None:
        where = f"{live.path}/scheduled-tasks"
        done: set[str] = set()
        for item in snapshot.tasks:

            def look(item: dict[str, t.Any] = item) -> dict[str, t.Any] | None:
                # Names are not unique
                now = live.ctx.client.items(where)
                return next((row for row in now if row["uuid"] not in done and row["name"] == item["name"]), None)

            request = {name: item[name] for name in TASK_FIELDS if item.get(name) is not None}
            done.add(live.ctx.client.create(where, request, look, f"the scheduled task {item['name']}")["uuid"])

    return [item["name"] for item in snapshot.tasks], apply


def _tags(live: Live, snapshot: Snapshot) -> tuple[list[str], t.Callable[[], None]]:
    def apply() -> None:
        where = f"{live.path}/tags"

        def look() -> list[dict[str, t.Any]] | None:
            now = live.ctx.client.items(where)
            return now if set(snapshot.tags) <= {tag["name"] for tag in now} else None

        live.ctx.client.create(where, {"tag_names": snapshot.tags}, look, f"the tags {', '.join(snapshot.tags)}")

    return snapshot.tags, apply


def points_of_no_return(live: Live, after: t.Sequence[Step]) -> list[Step]:
    """The deletion and the steps after it: their failure undoes nothing, because the successor is complete; it says what is left to do."""

    def guarded(number: int, step: Step) -> Step:
        def apply() -> None:
            try:
                step.apply()
            except CoolifyError as error:
                # A deletion that was refused is no point of no return
                error.undo_all = number == 0 and not may_have_acted(error)
                if not error.undo_all:
                    error.acted = True
                    left = [other.action for other in after[number:]]
                    error.facts["details"] = {**error.facts.get("details", {}), "not_restored": [], "manual_steps": left}
                    error.troubleshooting = (
                        f"{error.troubleshooting} The successor of {live.words} ({live.uuid}) has everything that the old one had, volumes included. "
                        f"Running the task again goes on from here; left to do: {'; '.join(left)}."
                    )
                raise

        return replace(step, apply=apply, revert=None, keeps=True)

    return [guarded(number, step) for number, step in enumerate(after)]


def refuse_lost(live: Live, names: t.Sequence[str]) -> None:
    if names:
        raise InputError(
            f"{live.words} cannot be recreated, because this could not be restored: {', '.join(names)}",
            "Declare the variables and secret options in the task, or use a token with read:sensitive.",
        )
