# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Environment variables of applications, databases and services, and the shared ones: one read, at most one bulk write, one delete per removed row.

What Coolify does with what is left out decides the shape of the write: the bulk endpoint resets is_literal to false and answers 500
for a stored is_multiline or is_shown_once that is not sent (applications.md 9.4), so every flag is always sent.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field

from .._client import Client, path
from .._errors import ApiError, CoolifyError, InputError
from .._fields import DIFFERS, HIDDEN, UNKNOWN, looks_secret, without_password
from .._host.masking import may_be_secret, named_secret
from .._plan import Plan, Step, Undone

KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
# Coolify's defaults for a new variable
FLAGS = {"is_literal": False, "is_multiline": False, "is_shown_once": False, "is_runtime": True, "is_buildtime": True}
SHARED_FLAGS = ("is_literal", "is_multiline", "is_shown_once")
SHARED_SINCE = "4.3.0"
SCOPES = ("team", "project", "environment", "server")
GENERATED = re.compile(r"SERVICE_|NIXPACKS_|RAILPACK_|COOLIFY_SERVER_(UUID|NAME)$")
# What Coolify starts a Redis with; it has no other place for them (resources.md 1.5)
CREDENTIALS = re.compile(r"REDIS_(PASSWORD|USERNAME)$")
LONG_SECRET = 6
"""Characters from which on a secret is blanked in the lines of a log."""
SHORT_SECRET = 4
"""Characters. Ansible blanks a no_log value wherever it occurs, so a secret ``1`` punches holes into uuids and numbers."""

NAMED = 5
"""Variables that a step names; the diff has them all."""


def secret_values(rows: t.Iterable[t.Mapping[str, t.Any]]) -> set[str]:
    """The readable values of those that are named like secrets and are long enough to be told from other text."""
    return {str(row["value"]) for row in rows if looks_secret(str(row.get("key"))) and len(str(row.get("value") or "")) >= LONG_SECRET}


@dataclass(frozen=True)
class Target:
    """Whose variables: ``base`` is the path of the collection; ``flags`` are those that this kind of resource knows."""

    base: str
    words: str
    flags: tuple[str, ...]
    previews: bool = False
    shared: bool = False
    credentials: bool = False
    """Whether Coolify itself may need some of them (a Redis starts with them)."""
    kept: frozenset[str] = frozenset()
    """Keys that a purge leaves: those that the compose file of a service names, because Coolify would only make them anew."""

    @classmethod
    def application(cls, uuid: str, name: str) -> Target:
        return cls(path("applications", uuid, "envs"), f'application "{name}"', tuple(FLAGS), previews=True)

    @classmethod
    def database(cls, uuid: str, name: str) -> Target:
        return cls(path("databases", uuid, "envs"), f'database "{name}"', tuple(FLAGS), credentials=True)

    @classmethod
    def service(cls, uuid: str, name: str, kept: t.Iterable[str] = ()) -> Target:
        return cls(path("services", uuid, "envs"), f'service "{name}"', tuple(FLAGS), kept=frozenset(kept))

    @classmethod
    def of_scope(cls, words: str, *parts: str) -> Target:
        return cls(path(*parts, "envs"), words, SHARED_FLAGS, shared=True)


class Learned(str):
    """A value that Coolify told and the user never saw."""


@dataclass(frozen=True)
class Later:
    """Such a value that only exists when it is written, such as the address of a database that is created on the way."""

    get: t.Callable[[], str]


@dataclass(frozen=True)
class Variable:
    """One declared variable. ``value`` is trimmed, None is empty; ``flags`` and ``comment`` hold only what was given."""

    key: str
    value: str | Later | None
    secret: bool
    preview: bool = False
    flags: t.Mapping[str, bool] = field(default_factory=dict)
    comment: str | None = None


def _text(key: str, value: t.Any) -> str | Later:
    """The value as Coolify stores it. Integers become text, because templating gives text up to ansible-core 2.18 and numbers from 2.19."""
    if isinstance(value, (Later, Learned)):
        return value
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        kind = {bool: "a boolean", float: "a float", type(None): "null"}.get(type(value), f"a {type(value).__name__}")
        raise InputError(f"{key}: the value is {kind}, and there is more than one way to write that as text; quote it")
    return str(value).strip()


def declare(options: t.Mapping[str, t.Any], target: Target, absent: bool = False) -> list[Variable]:
    """The variables of ``variables`` and ``secrets``; module-level flags are the defaults. Raises InputError naming every complaint."""
    given = {name: options[name] for name in (*FLAGS, "is_preview", "comment") if options.get(name) is not None}
    result, complaints = [], []
    for door in ("variables", "secrets"):
        for key, value in (options.get(door) or {}).items():
            try:
                result.append(_variable(str(key), value, given, target, secret=door == "secrets", absent=absent))
            except InputError as error:
                complaints.append(f"{door}.{error}")
    both = set(options.get("variables") or {}) & set(options.get("secrets") or {})
    complaints += [f"{key} is in both variables and secrets" for key in sorted(both)]
    if complaints:
        raise InputError("; ".join(complaints))
    return result


def _variable(key: str, value: t.Any, given: t.Mapping[str, t.Any], target: Target, *, secret: bool, absent: bool) -> Variable:
    if not KEY.fullmatch(key) or len(key) > 255:
        raise InputError(f"{key}: a key consists of letters, digits, _ and ., does not start with a digit and has at most 255 characters")
    extra = dict(value) if isinstance(value, dict) else {"value": value}
    unknown = set(extra) - {"value", "is_preview", "comment", *FLAGS}
    if unknown:
        raise InputError(
            f"{key}: {', '.join(sorted(unknown))} is no attribute of a variable; known: value, {', '.join(FLAGS)}, is_preview, comment"
        )
    if "value" not in extra and not absent:
        raise InputError(f"{key}: value is missing")
    settings = {**given, **{name: item for name, item in extra.items() if name != "value" and item is not None}}
    wrong = sorted(name for name, item in settings.items() if name != "comment" and not isinstance(item, bool))
    if wrong:
        raise InputError(f"{key}: {', '.join(wrong)} must be true or false")
    refused = sorted(set(settings) - {"comment", *target.flags} - ({"is_preview"} if target.previews else set()))
    if refused:
        raise InputError(f"{key}: {', '.join(refused)} does not exist for variables of a {target.words.split(' ')[0]}")
    text = None if absent else _text(key, extra["value"]) or None
    if target.shared and text is None and not absent:
        raise InputError(f"{key}: Coolify cannot store an empty shared variable")
    comment = settings.pop("comment", None)
    if comment is not None and len(str(comment)) > 256:
        raise InputError(f"{key}: comment has more than 256 characters")
    preview = bool(settings.pop("is_preview", False))
    return Variable(key, text, secret, preview, settings, None if comment is None else str(comment).strip())


def need_declaration(options: t.Mapping[str, t.Any]) -> None:
    """Refuse a purge that declares nothing: an undefined variable in a playbook would empty everything."""
    if options.get("purge") and options.get("variables") is None and options.get("secrets") is None:
        raise InputError(
            "purge removes every variable that is not declared, and neither variables nor secrets is given; give variables: {} to remove all"
        )


def weak_secrets(variables: t.Iterable[Variable]) -> list[str]:
    """Keys of secrets so short that blanking them damages the rest of the result."""
    return [
        variable.key
        for variable in variables
        if variable.secret
        and isinstance(variable.value, str)
        and not isinstance(variable.value, Learned)
        and 0 < len(variable.value) < SHORT_SECRET
    ]


class Rows:
    """The variables a target has, by (key, is_preview). Coolify does not keep keys unique; its look-ups hit the first row."""

    def __init__(self, rows: t.Iterable[dict[str, t.Any]]) -> None:
        self.by_key: dict[tuple[str, bool], dict[str, t.Any]] = {}
        self.duplicates: list[str] = []
        for row in rows:
            handle = (row["key"], bool(row.get("is_preview")))
            if handle in self.by_key:
                self.duplicates.append(row["key"])
            else:
                self.by_key[handle] = row

    def get(self, variable: Variable) -> dict[str, t.Any] | None:
        return self.by_key.get((variable.key, variable.preview))


def stored_value(row: t.Mapping[str, t.Any]) -> t.Any:
    """The value in a row; UNKNOWN when it is locked or the token may not read it."""
    return (row["value"] or None) if "value" in row else UNKNOWN


def told(key: str, value: str | None) -> str:
    """A stored value as it may be shown. That it is declared as plain now does not say that it was before, or who wrote it."""
    text = without_password(value or "")
    return HIDDEN if named_secret(key) or may_be_secret(text) else text


@dataclass
class Changes:
    """What has to be written: bulk items, rows to delete, and the two sides of the diff."""

    items: list[dict[str, t.Any]] = field(default_factory=list)
    written: list[Variable] = field(default_factory=list)
    deletes: list[dict[str, t.Any]] = field(default_factory=list)
    before: dict[str, t.Any] = field(default_factory=dict)
    after: dict[str, t.Any] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)
    left_over: list[str] = field(default_factory=list)
    """Keys whose production variable goes and whose preview variable stays."""

    def __bool__(self) -> bool:
        return bool(self.items or self.deletes)


def compare(
    rows: Rows,
    variables: t.Iterable[Variable],
    target: Target,
    *,
    purge: bool,
    update_secrets: str,
    absent: bool = False,
    preview: bool = False,
) -> Changes:
    """Pure: what to write so that the target holds the declaration. Purging touches only production or only preview rows."""
    changes = Changes()
    declared = list(variables)
    for variable in declared:
        row = rows.get(variable)
        if absent:
            if row and target.credentials and CREDENTIALS.match(variable.key):
                raise InputError(f"{variable.key}: Coolify starts the database with it, so it cannot be removed")
            if row:
                _remove(changes, row)
        elif row is None:
            _add(changes, variable, rows, target)
        else:
            _adjust(changes, variable, row, rows, target, update_secrets)
    if purge:
        keep = {(variable.key, variable.preview) for variable in declared}
        for handle, row in rows.by_key.items():
            if handle not in keep and handle[1] is preview and not _generated(row, target):
                _remove(changes, row)
    for row in changes.deletes:
        twin = rows.by_key.get((row["key"], True))
        if target.previews and not row.get("is_preview") and twin:
            changes.left_over.append(row["key"])
    return changes


def _generated(row: t.Mapping[str, t.Any], target: Target) -> bool:
    own = row["key"] in target.kept or (target.credentials and CREDENTIALS.match(row["key"]))
    return bool(own or row.get("is_coolify") or row.get("is_buildpack_control") or GENERATED.match(row["key"]))


def _item(variable: Variable, flags: t.Mapping[str, bool], comment: str | None, target: Target) -> dict[str, t.Any]:
    item: dict[str, t.Any] = {"key": variable.key, "value": variable.value, **{name: flags[name] for name in target.flags}}
    if target.previews:
        item["is_preview"] = variable.preview
    if comment is not None:
        item["comment"] = comment or None
    return item


def _add(changes: Changes, variable: Variable, rows: Rows, target: Target) -> None:
    flags = {**FLAGS, **variable.flags}
    changes.items.append(_item(variable, flags, variable.comment, target))
    changes.written.append(variable)
    if target.previews and not variable.preview and flags["is_shown_once"] and (variable.key, True) not in rows.by_key:
        # Coolify copies a new variable into a preview twin, but not the lock: the value would stay readable there
        changes.items.append({**_item(variable, flags, variable.comment, target), "is_preview": True})
        changes.written.append(variable)
    shown: dict[str, t.Any] = {"value": HIDDEN if variable.secret else without_password(variable.value or ""), **variable.flags}
    if variable.comment:
        shown["comment"] = variable.comment
    changes.after[variable.key] = shown


def _adjust(changes: Changes, variable: Variable, row: dict[str, t.Any], rows: Rows, target: Target, update_secrets: str) -> None:
    before: dict[str, t.Any] = {}
    after: dict[str, t.Any] = {}
    stored = stored_value(row)
    if stored is UNKNOWN:
        changes.unreadable.append(variable.key)
        if update_secrets == "on_create":
            # Nothing of it can be written without its value
            return
    if stored != variable.value:
        before["value"] = "unknown" if stored is UNKNOWN else HIDDEN if variable.secret else told(variable.key, stored)
        after["value"] = DIFFERS if variable.secret else without_password(variable.value or "")
    for name, wanted in variable.flags.items():
        if bool(row.get(name)) != wanted:
            before[name], after[name] = bool(row.get(name)), wanted
    if variable.comment is not None and (row.get("comment") or "") != variable.comment:
        before["comment"], after["comment"] = row.get("comment") or "", variable.comment
    if not after:
        return
    flags = {name: bool(row.get(name, FLAGS[name])) for name in target.flags}
    flags.update(variable.flags)
    comment = variable.comment if variable.comment is not None else row.get("comment")
    changes.items.append(_item(variable, flags, comment, target))
    changes.written.append(variable)
    changes.before[variable.key], changes.after[variable.key] = before, after
    twin = rows.by_key.get((variable.key, True))
    copied = twin and stored_value(twin) is not UNKNOWN and stored_value(twin) in (stored, variable.value)
    if after.get("is_shown_once") and target.previews and not variable.preview and copied:
        # The copy for previews would keep the value readable
        same = {**{name: bool(twin.get(name, FLAGS[name])) for name in target.flags}, "is_shown_once": True}
        item = _item(variable, same, twin.get("comment"), target)
        changes.items.append({**item, "value": stored_value(twin), "is_preview": True})
        changes.written.append(variable)


def _remove(changes: Changes, row: dict[str, t.Any]) -> None:
    changes.deletes.append(row)
    # The value is not shown: nobody can tell any more whether it was declared as a secret
    changes.before[row["key"]] = {"value": HIDDEN}


def read(client: Client, target: Target) -> list[dict[str, t.Any]]:
    return client.items(target.base, since=SHARED_SINCE if target.shared else None)


def write(client: Client, target: Target, changes: Changes, rows: Rows) -> None:
    """Everything in one request, where Coolify has a bulk route; shared variables have none."""
    items = [{**item, "value": item["value"].get()} if isinstance(item["value"], Later) else item for item in changes.items]
    requests = [_shared_write(client, target, item, rows) for item in items] if target.shared else []
    if items and not target.shared:
        requests.append(lambda: client.patch(f"{target.base}/bulk", {"data": items}))
    for row in changes.deletes:
        requests.append(lambda row=row: client.delete(f"{target.base}/{row['id'] if target.shared else row['uuid']}"))
    for number, request in enumerate(requests):
        try:
            request()
        except ApiError as error:
            # The bulk route stores items one by one: those before an invalid one stay
            half_of_bulk = error.code == 422 and not target.shared and len(changes.items) > 1
            error.acted = bool(number) or half_of_bulk or error.may_have_acted
            raise
        except CoolifyError as error:
            error.acted = True if number else None
            raise


def _shared_write(client: Client, target: Target, item: dict[str, t.Any], rows: Rows) -> t.Callable[[], t.Any]:
    row = rows.by_key.get((item["key"], False))
    if row:
        return lambda: client.patch(f"{target.base}/{row['id']}", item)
    return lambda: client.create(
        target.base, item, lambda: Rows(read(client, target)).by_key.get((item["key"], False)), f"variable {item['key']}"
    )


def restore(client: Client, target: Target, changes: Changes, rows: Rows) -> Undone:
    """Bring the touched keys back to what ``rows`` says; lost are the keys whose value could not be known and so not restored."""
    handles = {(item["key"], bool(item.get("is_preview"))) for item in changes.items} | {
        (row["key"], bool(row.get("is_preview"))) for row in changes.deletes
    }
    # A new production variable brings its preview twin along
    handles |= {(key, True) for key, preview in handles if target.previews and not preview and (key, True) not in rows.by_key}
    now = Rows(read(client, target))
    undo, lost = Changes(), []
    for handle in sorted(handles):
        old, new = rows.by_key.get(handle), now.by_key.get(handle)
        if old is None:
            if new:
                undo.deletes.append(new)
        elif stored_value(old) is UNKNOWN:
            # Coolify's times have a resolution of a second, which is enough for a row that was there before this run
            if new is None or new.get("updated_at") != old.get("updated_at"):
                lost.append(handle[0])
        elif new is None or _differs(old, new, target):
            variable = Variable(handle[0], stored_value(old), True, handle[1])
            undo.items.append(_item(variable, {name: bool(old.get(name)) for name in target.flags}, old.get("comment") or "", target))
    write(client, target, undo, now)
    after = Rows(read(client, target)) if undo else now
    for handle in sorted(handles):
        old, new = rows.by_key.get(handle), after.by_key.get(handle)
        if (old is None) != (new is None) or (old and new and stored_value(old) is not UNKNOWN and _differs(old, new, target)):
            lost.append(handle[0])
    return Undone(bool(undo), tuple(f"variable {key}" for key in dict.fromkeys(lost)))


def _differs(old: dict[str, t.Any], new: dict[str, t.Any], target: Target) -> bool:
    return stored_value(old) != stored_value(new) or any(bool(old.get(name)) != bool(new.get(name)) for name in target.flags)


def shown(rows: Rows, changes: Changes, variables: t.Iterable[Variable], target: Target) -> dict[str, t.Any]:
    """The declared variables as they are after the changes: flags, and the value where it was declared as plain."""
    result = {}
    removed = {(row["key"], bool(row.get("is_preview"))) for row in changes.deletes}
    for variable in variables:
        if (variable.key, variable.preview) in removed:
            continue
        row = rows.get(variable) or FLAGS
        flags = {name: bool(row.get(name, FLAGS.get(name))) for name in target.flags}
        flags.update(variable.flags)
        result[variable.key] = {
            **flags,
            **({"is_preview": variable.preview} if target.previews else {}),
            "value": HIDDEN if variable.secret else without_password(variable.value or ""),
        }
    return result


def counted(keys: t.Collection[str]) -> str:
    """Such as ``8 variables (A, B, C, D, E and 3 more)``."""
    names = sorted(keys)
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{len(names)} variable{'s' * (len(names) > 1)} ({', '.join(names[:NAMED])}{more})"


def add_to(
    plan: Plan,
    client: Client,
    target: t.Callable[[], Target],
    existing: list[dict[str, t.Any]] | None,
    variables: list[Variable],
    *,
    purge: bool = False,
    update_secrets: str = "always",
    absent: bool = False,
    preview: bool = False,
) -> Changes:
    """Add the step that makes the variables true. ``target`` is called when the step runs: a new resource has its uuid only then.
    ``existing`` is None for a resource that does not exist yet."""
    rows = Rows(existing or [])
    kind = target()
    changes = compare(rows, variables, kind, purge=purge, update_secrets=update_secrets, absent=absent, preview=preview)
    if changes:
        plan.merge_diff({"before": {} if existing is None else {"variables": changes.before}, "after": {"variables": changes.after}})
        # The preview twin that goes along with a new locked variable is not worth a word of its own
        written, deleted = {variable.key for variable in changes.written}, {row["key"] for row in changes.deletes}
        parts = [f"{verb} {counted(keys)}" for verb, keys in (("write", written), ("delete", deleted)) if keys]
        plan.steps.append(
            Step(
                f"{' and '.join(parts)} of {kind.words}",
                lambda: write(client, target(), changes, rows),
                estimate=0.5 + 0.3 * len(changes.deletes),
                revert=lambda: restore(client, target(), changes, rows),
                manual=f"set the variables {', '.join(sorted({*changes.before, *changes.after}))} of {kind.words} as they were",
            )
        )
        if purge and deleted:
            plan.risk("medium", f"the values of {counted(deleted)} of {kind.words} are gone with them; Coolify keeps no copy")
    if changes.unreadable:
        what = "are written again each time" if update_secrets == "always" else "are left alone (update_secrets=on_create)"
        keys = ", ".join(changes.unreadable)
        plan.risk(
            "medium",
            f"Coolify does not show the values of {keys} of {kind.words} (locked, or the token lacks read:sensitive): they cannot be compared, {what}, "
            "and could not be restored",
        )
    if changes.left_over:
        keys = ", ".join(changes.left_over)
        plan.risk("low", f"the preview variables of the same name stay ({keys} of {kind.words}); remove them with is_preview: true")
    for key in rows.duplicates:
        plan.risk("medium", f"{kind.words} has the variable {key} more than once; Coolify uses the first, delete the others")
    return changes
