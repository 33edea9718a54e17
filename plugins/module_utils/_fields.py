# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A field as one row: the option, where it is read, how it is written, what equality looks at.

Values travel in one canonical form: ``None`` is empty (Coolify turns ``""`` into null and null into ``""`` or a default, so these
are the same thing), a list is a tuple. ``UNKNOWN`` is what an answer does not contain: hidden from the token, or not told by the
server's version. It is not empty, and it equals nothing.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import typing as t
from dataclasses import dataclass
from dataclasses import field as attribute
from datetime import datetime, timezone
from urllib.parse import urlsplit, urlunsplit

from ._errors import InputError, Unreadable


class _Unknown:
    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: t.Any = _Unknown()
NEVER: t.Any = object()
"""As ``clear`` of a field: Coolify cannot empty it."""
HIDDEN = "********"
DIFFERS = "differs"
SECRET_WORDS = re.compile(
    r"(^|[_.])(pass|passwd|password|passphrase|pwd|secrets?|tokens?|keys?|apikey|credentials?|private|auth|dsn|salt|signature)([_.]|$)",
    re.IGNORECASE,
)


def same(value: t.Any) -> t.Any:
    return value


@dataclass(frozen=True)
class Codec:
    """How a kind of value is an option (``type`` …), is read and is written. ``key`` is what equality compares."""

    type: str
    from_api: t.Callable[[t.Any], t.Any] = same
    to_api: t.Callable[[t.Any], t.Any] = same
    key: t.Callable[[t.Any], t.Any] = same
    from_option: t.Callable[[t.Any], t.Any] = same
    elements: str | None = None


def _strip(value: t.Any) -> str:
    return str(value).strip()


def without_tags(text: str) -> str:
    """Coolify strips HTML tags from names and descriptions, with PHP's strip_tags: an open one reaches to the end."""
    return re.sub(r"<(?=\S)[^>]*(>|$)", "", text).strip()


def split(text: t.Any, separator: str = ",") -> tuple[str, ...]:
    return tuple(part.strip() for part in str(text).split(separator) if part.strip())


def _each_split(separator: str) -> t.Callable[[t.Sequence[t.Any]], tuple[str, ...]]:
    return lambda values: tuple(part for value in values for part in split(value, separator))


def normal_url(url: str) -> str:
    """Scheme and host in lower case, everything else as it is, as Coolify stores it (since 4.2.0); a lone ``/`` is no path."""
    parts = urlsplit(url.strip())
    return urlunsplit((parts.scheme.lower(), parts.netloc.lower(), "" if parts.path == "/" else parts.path, parts.query, parts.fragment))


def decoded(text: t.Any) -> str:
    """The text of strict one-line base64, or the text itself: Coolify stores generated labels plain and base64 after a deployment."""
    try:
        raw = base64.b64decode(str(text), validate=True)
        return raw.decode() if base64.b64encode(raw).decode() == text else str(text)
    except (binascii.Error, ValueError):
        return str(text)


def moment(text: t.Any) -> datetime | None:
    """One of Coolify's times, such as 2026-08-22T10:15:00.000000Z; None for what is no time."""
    match = re.match(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)", str(text or ""))
    try:
        return datetime.strptime(f"{match[1]} {match[2]}", "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone.utc) if match else None
    except ValueError:
        return None


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def looks_secret(key: str) -> bool:
    """True when a key has a word such as PASSWORD, TOKEN or KEY in it."""
    return bool(SECRET_WORDS.search(key))


def without_password(text: str) -> str:
    """A text with the passwords and tokens of its URLs masked, and hashed passwords, which Coolify writes into labels."""
    text = re.sub(r"(://[^\s/:@]*):(?!\d+/)[^\s@]+@", rf"\1:{HIDDEN}@", text)
    text = re.sub(r"://(?!git@)[^\s/:@]+@", f"://{HIDDEN}@", text)
    return re.sub(r"\$(2[abxy]|apr1)\$[\w./$]+", HIDDEN, text)


TEXT = Codec("str", from_api=_strip, from_option=_strip)
NAME = Codec("str", from_api=str, from_option=without_tags, key=without_tags)
BOOL = Codec("bool", from_api=bool)
INT = Codec("int", from_api=int)
OPTIONAL_INT = Codec("int", from_api=int, from_option=lambda number: number or None)
"""0 clears it: none of these numbers can be 0."""
COMMAS = Codec("list", from_api=split, to_api=",".join, from_option=_each_split(","), elements="str")
LINES = Codec("list", from_api=lambda text: split(text, "\n"), to_api="\n".join, from_option=_each_split("\n"), elements="str")
URLS = Codec(
    "list", from_api=split, to_api=",".join, from_option=_each_split(","), key=lambda urls: tuple(map(normal_url, urls)), elements="str"
)
URL_ARRAY = Codec(
    "list", from_api=tuple, to_api=list, from_option=_each_split(","), key=lambda urls: frozenset(map(normal_url, urls)), elements="str"
)
FILE = Codec("str", from_api=str, to_api=encoded, from_option=str, key=str.strip)
"""Sent as base64, read back plain, its outer white space without meaning."""


@dataclass(frozen=True)
class Field:
    """One row of a resource's table.

    ``read`` is the dotted path in an answer and ``write`` the key in a request (default: the name). ``on`` says which requests take it.
    ``clear`` is sent for an empty value: null, a literal, or NEVER; ``empty`` are the read values that mean empty. ``since`` is the first
    Coolify release that takes it. ``check`` gives a complaint or None. ``initial`` marks credentials that only count when a database is
    first started.
    """

    name: str
    codec: Codec = TEXT
    read: str | None = None
    clear: t.Any = None
    empty: tuple[t.Any, ...] = ()
    since: str | None = None
    on: tuple[str, ...] = ("create", "update")
    secret: bool = False
    initial: bool = False
    check: t.Callable[[t.Any], str | None] = lambda value: None
    spec: t.Mapping[str, t.Any] = attribute(default_factory=dict)
    write: str | None = None

    def canonical(self, value: t.Any) -> t.Any:
        return None if value in (None, "", (), [], {}) or value in self.empty else value

    def wanted(self, option: t.Any) -> t.Any:
        return self.canonical(self.codec.from_option(option))

    def found(self, answer: t.Any) -> t.Any:
        """The canonical value in an answer, UNKNOWN when the answer does not contain it."""
        value = answer
        for part in (self.read or self.name).split("."):
            if not isinstance(value, dict) or part not in value:
                return UNKNOWN
            value = value[part]
        try:
            return None if value is None else self.canonical(self.codec.from_api(value))
        except (TypeError, ValueError, AttributeError) as error:
            raise Unreadable(f"Coolify's answer has a {self.read or self.name} that is none: {type(value).__name__}") from error

    def equal(self, one: t.Any, other: t.Any) -> bool:
        if UNKNOWN in (one, other):
            return False
        return self._key(one) == self._key(other)

    def _key(self, value: t.Any) -> t.Any:
        return None if value is None else self.canonical(self.codec.key(value))

    def payload(self, value: t.Any) -> t.Any:
        return self.clear if value is None else self.codec.to_api(value)

    def show(self, value: t.Any) -> t.Any:
        """The value for a diff or a result; never used for secrets."""
        if value is UNKNOWN:
            return "unknown"
        if value is None:
            return None if self.clear is NEVER else self.clear
        if isinstance(value, tuple):
            return [without_password(item) if isinstance(item, str) else item for item in value]
        return without_password(value) if isinstance(value, str) else value


@dataclass(frozen=True)
class Change:
    """One field that has to move; ``before`` is UNKNOWN where the server does not tell."""

    field: Field
    before: t.Any
    after: t.Any


def option_spec(fields: t.Iterable[Field]) -> dict[str, dict[str, t.Any]]:
    """The argument spec of a table. No defaults: what is not mentioned is left alone."""
    spec = {}
    for row in fields:
        spec[row.name] = {
            "type": row.codec.type,
            "no_log": row.secret,
            **({"elements": row.codec.elements} if row.codec.elements else {}),
            **row.spec,
        }
    return spec


def declared(fields: t.Iterable[Field], options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The canonical values of the mentioned options; raises InputError naming every complaint."""
    values, complaints = {}, []
    for row in fields:
        if options.get(row.name) is None:
            continue
        value = row.wanted(options[row.name])
        if value is None and row.clear is NEVER:
            complaints.append(f"{row.name}: Coolify cannot empty it; give a value or leave the option out")
        complaint = row.check(value) if value is not None else None
        if complaint:
            complaints.append(f"{row.name}: {complaint}")
        values[row.name] = value
    if complaints:
        raise InputError("; ".join(complaints))
    return values


def differences(fields: t.Iterable[Field], wanted: t.Mapping[str, t.Any], answer: t.Any) -> list[Change]:
    """Every mentioned field that does not provably hold what is wanted, in the order of the table."""
    found = [(row, row.found(answer)) for row in fields if row.name in wanted]
    return [Change(row, before, wanted[row.name]) for row, before in found if not row.equal(before, wanted[row.name])]


def creation(fields: t.Iterable[Field], wanted: t.Mapping[str, t.Any]) -> list[Change]:
    """The changes that make a new resource: what is empty is not mentioned, unless emptiness has to be said with a literal."""
    return [
        Change(row, None, wanted[row.name])
        for row in fields
        if row.name in wanted and (wanted[row.name] is not None or row.clear not in (None, NEVER))
    ]


def body(changes: t.Iterable[Change]) -> dict[str, t.Any]:
    return {change.field.write or change.field.name: change.field.payload(change.after) for change in changes}


def shown(changes: t.Iterable[Change]) -> dict[str, dict[str, t.Any]]:
    """``{"before": …, "after": …}`` with only these fields; a secret shows that it differs and nothing else."""
    before, after = {}, {}
    for change in changes:
        row = change.field
        before[row.name] = HIDDEN if row.secret else row.show(change.before)
        after[row.name] = DIFFERS if row.secret else row.show(change.after)
    return {"before": before, "after": after}


def visible(fields: t.Iterable[Field], answer: t.Any) -> dict[str, t.Any]:
    """Every non-secret field of an answer under its option's name; what the server does not show is left out."""
    found = [(row, row.found(answer)) for row in fields if not row.secret]
    return {row.name: row.show(value) for row, value in found if value is not UNKNOWN}


def json_map(text: t.Any) -> t.Any:
    """A JSON object inside a string, as docker_compose_domains is read back."""
    return json.loads(text) if isinstance(text, str) else text


def domains_of(answer: t.Mapping[str, t.Any]) -> list[str]:
    """The domains of an application, of every service of a compose application."""
    services = json_map(answer.get("docker_compose_domains")) or {}
    return [
        url for domains in (answer.get("fqdn"), *((item or {}).get("domain") for item in services.values())) for url in split(domains or "")
    ]
