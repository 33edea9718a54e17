# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What belongs to an application, a database or a service: whose it is, and how it is read from a list of its owner."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._client import path
from .._context import Context
from .._errors import NotFound, NotFoundByName
from . import database, placement
from .placement import Place
from .resource import Live, expected, find_place

OWNERS = ("application", "database", "service")


def owner_spec(kinds: t.Sequence[str] = OWNERS) -> dict[str, t.Any]:
    return {name: {"type": "str"} for name in (*kinds, "project", "environment")}


def owner_constraints(kinds: t.Sequence[str] = OWNERS) -> dict[str, t.Any]:
    return {"required_one_of": [tuple(kinds)], "mutually_exclusive": [tuple(kinds)]}


def look_in(ctx: Context, kind: str, wanted: str, place: Place) -> dict[str, t.Any] | None:
    """``{"uuid", "name"}`` of the one of that name or uuid in a place, or None."""
    if kind == "database":
        return database.find(ctx.client, place, wanted, database.KINDS)
    found = placement.matches(place.environment.get(f"{kind}s") or (), wanted)
    return placement.only(found, wanted, kind, place.words) if found else None


def find_owner(ctx: Context, kinds: t.Sequence[str] = OWNERS) -> Live:
    """The application, database or service that the options name; its ``uuid`` is None where there is none, which is what state=absent
    wants, and in check mode a warning, because an earlier task of the same run may be going to create it."""
    kind = next(name for name in kinds if ctx.options.get(name))
    wanted = ctx.options[kind]
    if not ctx.options.get("project"):
        return Live(ctx, kind, wanted, wanted)
    place = find_place(ctx)
    found = look_in(ctx, kind, wanted, place) if place else None
    if found:
        return Live(ctx, kind, found["name"], found["uuid"], place=place)
    if ctx.options["state"] != "absent" and place:
        expected(ctx, _nothing(f'there is no {kind} "{wanted}"{place.words}'))
    return Live(ctx, kind, wanted, place=place)


def _nothing(text: str) -> t.Callable[[], t.NoReturn]:
    def look() -> t.NoReturn:
        raise NotFoundByName(text)

    return look


def listed(owner: Live, *parts: str, read: t.Callable[[str], t.Any]) -> t.Any:
    """What ``read`` makes of a path below the owner. Raises NotFoundByName where the owner itself does not exist."""
    try:
        return read(f"{owner.path}{path(*parts)}")
    except NotFound as error:
        if error.route:
            raise
        raise NotFoundByName(
            f"{error} ({owner.words})", f"Without project, {owner.kind} takes a uuid; give project (and environment) to find it by name."
        ) from error


@dataclass
class Part(Live):
    """One of a list of its owner. ``within`` is the list's path below the owner; without an owner it is a list of the team."""

    owner: Live | None = None
    within: str = ""

    @property
    def words(self) -> str:
        return f'{self.kind} "{self.name}"{f" of {self.owner.words}" if self.owner else ""}'

    @property
    def base(self) -> str:
        return f"{self.owner.path if self.owner else ''}/{self.within}"

    @property
    def path(self) -> str:
        return f"{self.base}{path(self.uuid or '')}"

    def rows(self) -> list[dict[str, t.Any]]:
        """Everything in the list."""
        return self.ctx.client.items(self.base)

    def read(self) -> dict[str, t.Any]:
        """Raises NotFound, like a resource that is read by itself."""
        found = next((row for row in self.rows() if row["uuid"] == self.uuid), None)
        if found is None:
            raise NotFound(f"{self.words} is not there any more", code=404)
        self.answer = found
        return found
