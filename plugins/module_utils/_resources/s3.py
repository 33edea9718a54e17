# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""S3 storages of a team, which backups go to (resources.md 9.2)."""

from __future__ import annotations

import typing as t

from .._context import Context, Module
from .._errors import NotFoundByName, NotVerified
from .._fields import NAME, NEVER, TEXT, Field, declared, option_spec, without_tags
from .._plan import Plan, Step, Undone
from . import simple
from .owner import Part
from .placement import matches, need, only
from .resource import DEFAULT_UPDATE_SECRETS, ONE_NAME

SINCE = "4.3.0"


def _short(value: str) -> str | None:
    return "longer than 255 characters" if len(value) > 255 else None


FIELDS: tuple[Field, ...] = (
    Field("name", NAME, clear=NEVER, check=lambda value: None if 3 <= len(value) <= 255 else "a name has 3 to 255 characters"),
    Field("description", NAME, check=_short),
    Field("endpoint", TEXT, clear=NEVER, check=_short),
    Field("bucket", TEXT, clear=NEVER, check=_short),
    Field("region", TEXT, clear=NEVER, check=_short),
    Field("key", TEXT, clear=NEVER, check=_short, secret=True),
    Field("secret", TEXT, clear=NEVER, check=_short, secret=True),
)
NEEDED = tuple(row.name for row in FIELDS if row.clear is NEVER)


def plan(ctx: Context) -> Plan:
    """The module's function."""
    options = ctx.options
    ctx.client.require(SINCE, "coolify_s3_storage")
    wanted = declared(FIELDS, options)
    name = without_tags(options.get("name") or options["uuid"])
    storage, result = Part(ctx, "S3 storage", name, options.get("uuid"), within="s3-storages"), Plan()
    locate(storage)
    if options["state"] == "absent":
        if storage.answer:
            what = "it stops the backups that go there, but deletes nothing in the bucket: save_s3 is switched off in every schedule that has it"
            simple.plan_removal(storage, result, FIELDS, what)
        return result
    if storage.answer is None:
        need(options, NEEDED, f"creating {storage.words}")
        simple.plan_creation(storage, result, FIELDS, wanted, "/s3-storages", lambda: _look(storage))
    else:
        simple.plan_update(storage, result, FIELDS, wanted, update_secrets=options["update_secrets"])
    if ctx.flag("validate"):
        plan_validation(storage, result)
    simple.finish(storage, result, FIELDS, wanted, "Look at the S3 storage in Coolify.")
    _with_usable(storage, result)
    return result


def locate(storage: Part) -> None:
    rows, options = storage.rows(), storage.ctx.options
    if storage.uuid:
        storage.answer = next((row for row in rows if row["uuid"] == storage.uuid), None)
        if storage.answer is None and options["state"] != "absent":
            raise NotFoundByName(f'there is no S3 storage with the uuid "{storage.uuid}"')
    elif matches(rows, storage.name):
        storage.answer = only(matches(rows, storage.name), storage.name, "S3 storage")
    if storage.answer:
        storage.uuid, storage.name = storage.answer["uuid"], storage.answer["name"]


def _look(storage: Part) -> dict[str, t.Any] | None:
    found = matches(storage.rows(), storage.name)
    return only(found, storage.name, "S3 storage") if found else None


def plan_validation(storage: Part, result: Plan) -> None:
    """A new one counts as unusable until Coolify has tried it."""
    usable = bool((storage.answer or {}).get("is_usable"))
    if usable and not result.steps:
        return
    if not usable:
        result.merge_diff({"before": {"is_usable": False} if storage.answer else {}, "after": {"is_usable": True}})

    def undo() -> Undone:
        if usable:
            storage.patch({"is_usable": True})
        return Undone(usable)

    result.steps.append(
        Step(
            f"let Coolify try {storage.words}", lambda: _validate(storage), estimate=3.0, passive=usable, revert=undo, manual="validate it"
        )
    )


def _validate(storage: Part) -> None:
    answer = storage.ctx.client.post(f"{storage.path}/validate")
    if not answer.get("valid"):
        error = NotVerified(
            f"Coolify cannot use {storage.words}: {answer.get('message')}",
            "Correct endpoint, bucket, region, key or secret; validate=false stores it without trying.",
        )
        # Trying marks it as unusable
        error.stage, error.acted = "unknown", True
        raise error


def _with_usable(storage: Part, result: Plan) -> None:
    refresh = result.result

    def after() -> None:
        refresh()
        result.resource["is_usable"] = bool((storage.answer or {}).get("is_usable"))

    if result.resource:
        usable = result.diff["after"].get("is_usable", bool((storage.answer or {}).get("is_usable")))
        result.resource = {**result.resource, "is_usable": usable}
    result.result = after


MODULE = Module(
    "coolify_s3_storage",
    {
        "uuid": {"type": "str"},
        **option_spec(FIELDS),
        "validate": {"type": "bool", "default": True},
        "update_secrets": DEFAULT_UPDATE_SECRETS,
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "confirm_destructive": {"type": "bool", "default": False},
    },
    plan=plan,
    returns="s3_storage",
    constraints=ONE_NAME,
)
