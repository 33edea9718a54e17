# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup secret: what a database is reached with, and the values of variables."""

from __future__ import annotations

import json
import typing as t

from .._client import Client, path
from .._context import Context
from .._errors import InputError, NotFoundByName
from .._fields import UNKNOWN
from . import diagnose, placement
from .database import UNREADABLE, url_password

KINDS = {"application": "applications", "database": "databases", "service": "services"}
ADDRESSES = ("internal_url", "external_url", "password")
"""What a database has beside its variables."""


def reveal(client: Client, kind: str, wanted: str, where: t.Mapping[str, t.Any], names: t.Sequence[str]) -> list[str]:
    """The values of these names, in their order. Raises InputError when the token may not read one, NotFoundByName when there is none."""
    uuid = _find(client, kind, wanted, where)
    words = f'{kind} "{wanted}"'
    wants_url = kind == "database" and bool(set(names) & set(ADDRESSES))
    variables = [name for name in names if not (wants_url and name in ADDRESSES)]
    answer, rows = client.gather(
        lambda: client.get(path("databases", uuid)) if wants_url else {},
        lambda: client.items(path(KINDS[kind], uuid, "envs")) if variables else [],
    )
    preview = bool(where.get("preview"))
    known = {row["key"]: row for row in rows if bool(row.get("is_preview")) == preview}
    return [_variable(known, name, words) if name in variables else _address(answer, name, words) for name in names]


def _find(client: Client, kind: str, wanted: str, where: t.Mapping[str, t.Any]) -> str:
    if kind == "service" and where.get("project"):
        place = placement.find_place(client, where["project"], where.get("environment"))
        return placement.only(place.environment.get("services") or (), wanted, kind, place.words)["uuid"]
    return diagnose.find(Context({**where, "target": wanted}, client), kind)


def _address(answer: t.Mapping[str, t.Any], name: str, words: str) -> str:
    url = answer.get("external_db_url" if name == "external_url" else "internal_db_url", UNKNOWN)
    if url is UNKNOWN:
        raise InputError(f"{words}: the token may not read the {name}", UNREADABLE)
    if not url:
        raise InputError(f"{words} has no {name}", "It has one when the database is public (is_public) and has a public_port.")
    return url_password(url) if name == "password" else str(url)


def _variable(known: t.Mapping[str, t.Mapping[str, t.Any]], name: str, words: str) -> str:
    if name not in known:
        raise NotFoundByName(f"{words} has no variable {name}; existing: {', '.join(sorted(known)) or 'none'}")
    row = known[name]
    if "value" not in row:
        if row.get("is_shown_once"):
            raise InputError(
                f"{words}: the variable {name} is locked (is_shown_once), and Coolify gives its value to nobody",
                "Keep the value where Ansible can read it, such as a vault.",
            )
        raise InputError(f"{words}: the token may not read the value of the variable {name}", UNREADABLE)
    return _resolved(row) if row.get("is_shared") and row.get("real_value") else str(row["value"] or "")


def _resolved(row: t.Mapping[str, t.Any]) -> str:
    """The text that a reference to a shared variable means, without what Coolify quotes it with (applications.md 9)."""
    text = str(row["real_value"])
    if row.get("is_literal") or row.get("is_multiline"):
        return text[1:-1] if len(text) > 1 and text[0] == text[-1] == "'" else text
    try:
        if isinstance(json.loads(text), (dict, list)):
            return text
    except ValueError:
        pass
    return text.replace("\\\\", "\0").replace("\\", "").replace("\0", "\\")
