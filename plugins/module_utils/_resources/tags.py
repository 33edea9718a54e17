# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option ``tags`` of applications, databases and services: a list of their own, which a field cannot be (resources.md 9.5)."""

from __future__ import annotations

import re
import typing as t

from .._client import path
from .._context import Context
from .._errors import InputError, NotStored
from .._fields import without_tags
from .._plan import Plan, Step, Undone
from .resource import Live

SPEC: dict[str, t.Any] = {"tags": {"type": "list", "elements": "str"}}
SINCE = "4.2.0"


def normal(names: t.Iterable[str]) -> list[str]:
    """As Coolify stores them, each once; only the letters of ASCII become small."""
    stored = [re.sub("[A-Z]+", lambda match: match[0].lower(), without_tags(name)) for name in names]
    wrong = [name for name in stored if not 2 <= len(name) <= 255]
    if wrong:
        raise InputError(f"tags: {', '.join(map(repr, wrong))}: a tag has 2 to 255 characters")
    return list(dict.fromkeys(stored))


def check(ctx: Context) -> None:
    """Refuse wrong names and what the server is too old for, before anything else is looked at."""
    if ctx.options.get("tags") is not None:
        normal(ctx.options["tags"])
        ctx.client.require(SINCE, "the option tags")


def read(live: Live) -> list[dict[str, t.Any]]:
    return live.ctx.client.items(f"{live.path}/tags")


def plan_tags(live: Live, result: Plan) -> None:
    """Make the tags exactly those that are declared, where any are."""
    options = live.ctx.options
    if options.get("tags") is None:
        return
    wanted = normal(options["tags"])
    found = {row["name"]: row["uuid"] for row in read(live)} if live.answer else {}
    missing = [name for name in wanted if name not in found]
    surplus = [name for name in found if name not in wanted]
    result.extra["tags"] = sorted(wanted)
    if not missing and not surplus:
        return
    result.merge_diff({"before": {"tags": sorted(found)} if live.answer else {}, "after": {"tags": sorted(wanted)}})
    told = [f"{word} {', '.join(names)}" for word, names in (("add", missing), ("remove", surplus)) if names]

    def apply() -> None:
        _change(live, missing, surplus)
        now = {row["name"] for row in read(live)}
        if now != set(wanted):
            raise NotStored(f"{live.words} has the tags {', '.join(sorted(now)) or 'none'}, wanted {', '.join(wanted) or 'none'}")

    def undo() -> Undone:
        _change(live, surplus, missing)
        return Undone(True)

    result.steps.append(
        Step(
            f"tags of {live.words}: {'; '.join(told)}",
            apply,
            estimate=0.5,
            # What is new goes away as a whole
            revert=undo if live.answer else None,
            manual=f"set the tags of {live.words} as they were",
        )
    )


def _change(live: Live, add: t.Sequence[str], remove: t.Sequence[str]) -> None:
    """Coolify removes a tag from the team when nothing has it any more."""
    client, where = live.ctx.client, f"{live.path}/tags"

    def look() -> list[dict[str, t.Any]] | None:
        now = client.items(where)
        return now if set(add) <= {tag["name"] for tag in now} else None

    if add:
        client.create(where, {"tag_names": list(add)}, look, f"the tags {', '.join(add)}")
    if remove:
        for row in client.items(where):
            if row["name"] in remove:
                client.delete(f"{where}{path(row['uuid'])}")
