# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may leave the host: texts without secrets, and short."""

from __future__ import annotations

import json
import re
import typing as t
from urllib.parse import quote, unquote

from .._fields import HIDDEN, looks_secret, without_password

LINE = 500
"""Characters of a line that is returned."""
SHORTEST = 6
"""Characters. Shorter values would blank ordinary words."""
# Inside of a word too, as in PGPASSWORD; looks_secret knows whole words only, because it blocks deployments
SECRET_PART = re.compile(r"pass|secret|token|credential|apikey|private", re.IGNORECASE)
# What says nothing, though a variable such as AUTH_MODE holds it, and logs cannot be understood without it
PLAIN = frozenset(["localhost", "127.0.0.1", "0.0.0.0", "default", "disabled", "enabled", "development", "production"])
SHOWN_LABELS = re.compile(r"(coolify\.|traefik\.|com\.docker\.compose\.|caddy($|[._]))")
SECRET_LABELS = frozenset(["basicauth", "basic_auth", "digestauth"])

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")
# Unquoted values end at white space and at what closes or separates; a comma inside of one is part of it
_VALUE = r"""(?:\\".*?\\"|"(?:[^"\\\n]|\\.)*"?|'[^'\n]*'?|[^\s"'\\&}\])]+?(?=[,;]?(?:[\s"'\\&}\])]|$)))"""
_NAME = r"(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|[_-]key|credentials?|jwt)"
_PATTERNS = (
    # Authorization: Bearer abc, and a lone Bearer abc
    (
        re.compile(
            r"(\b(?:proxy-)?authorization\\?[\"']?[ \t]*[=:][ \t]*\\?[\"']?)(?:(?:bearer|basic|token|digest)[ \t]+)?[^\s\"'\\,;]+", re.I
        ),
        r"\1" + HIDDEN,
    ),
    (re.compile(r"\b(bearer|basic)[ \t]+(?=\S*[\d=._-])[\w.~+/=-]{8,}", re.I), r"\1 " + HIDDEN),
    (re.compile(rf"({_NAME}\\?[\"']?[ \t]*[=:][ \t]*){_VALUE}", re.I), r"\1" + HIDDEN),
    # Command lines: --password abc, redis-cli -a abc, mysqladmin -pabc, curl -u user:abc
    (re.compile(rf"(--[\w-]*(?:pass|password|secret|token|api-?key|requirepass)(?:[ \t]+|=)){_VALUE}", re.I), r"\1" + HIDDEN),
    (re.compile(rf"(\b(?:redis|keydb|valkey)-cli\b[^|;&\n]*?[ \t]-a[ \t]+){_VALUE}"), r"\1" + HIDDEN),
    (re.compile(rf"(\b(?:mysql|mariadb)[\w-]*\b[^|;&\n]*?[ \t]-p){_VALUE}"), r"\1" + HIDDEN),
    (re.compile(r"(\bcurl\b[^|;&\n]*?[ \t](?:-u|--user)[ \t=]*[\"']?[^\s:\"']*:)[^\s\"']+"), r"\1" + HIDDEN),
    # What looks like a token by itself: JWT, GitHub, GitLab, Slack, AWS, Stripe and others
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"), HIDDEN),
    (re.compile(r"\b(?:gh[pousr]_|github_pat_|glpat-|xox[abpr]-|sk[-_](?:live|test|proj|ant)?[-_]?)\w[\w-]{15,}"), HIDDEN),
    (re.compile(r"\bA[KS]IA[A-Z0-9]{16}\b"), HIDDEN),
)
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
# Nobody sees more of a line, and looking for patterns in megabytes would take longer than the task may
_LONG = re.compile(rf"^(.{{{4 * LINE}}}).+$", re.MULTILINE)
_URL_PASSWORD = re.compile(r"://[^\s/:@]*:([^\s@]+)@")
# What is given out with a name in front; short ones too, which a log may be full of
_ISSUED = re.compile(r"(?<![A-Za-z0-9])(?:[rs]k_(?:live|test)_|whsec_|gh[pousr]_|github_pat_|glpat-|xox[a-z]-|A[KS]IA[A-Z0-9])")
_BETWEEN = re.compile(r"[^\w.+-]+")
TOKEN = 16
"""Characters of a piece of text that may be random."""
# What names, versions and times consist of, such as bookworm, 2024 and v1
_WORDS = re.compile(r"(?:(?:[A-Za-z]+|\d+|[A-Za-z]{1,3}\d{1,3})?(?:[-_.+]|$))*")
# A UUID, and what Coolify has instead
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[a-z](?=.*[g-z])[a-z0-9]{23}")
_ARGUMENT = re.compile(r"(?:^|\s)--?[\w-]*(?:pass|secret|token)[\w-]*[\s=]+(\S+)", re.IGNORECASE)


def named_secret(key: str) -> bool:
    return bool(looks_secret(key) or SECRET_PART.search(key))


def secret_values(environment: t.Iterable[str], command: t.Iterable[str] = ()) -> tuple[str, ...]:
    """The texts to blank for a container, longest first: values of its ``KEY=value`` variables that look secret, passwords in
    the URLs of the others, what its command line passes as a password. In every spelling that logs use."""
    found: set[str] = set()
    for variable in environment:
        key, _sign, value = variable.partition("=")
        if named_secret(key):
            found.update([value, *value.splitlines()])
        found.update(_URL_PASSWORD.findall(value))
    found.update(_ARGUMENT.findall(" ".join(command)))
    spelt = {
        spelling.strip()
        for text in found
        for spelling in (text, quote(text.strip(), safe=""), unquote(text), json.dumps(text.strip())[1:-1])
    }
    return tuple(
        sorted((text for text in spelt if len(text) >= SHORTEST and text.lower() not in PLAIN), key=lambda text: (-len(text), text))
    )


def mask(text: str, secrets: t.Iterable[str] = ()) -> str:
    """A text without the given secrets and without what looks like one."""
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    text = without_password(_LONG.sub(r"\1", _PRIVATE_KEY.sub(HIDDEN, text)))
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text


def may_be_secret(text: str) -> bool:
    """Whether a value may be a secret, whatever its name is: it has something that ``mask`` blanks, begins like what a service gives out, or
    has a piece that may be random. That is one of at least 16 characters, with letters and digits, that is no UUID and consists of more
    than words and numbers: not the pieces of https://shop.example.com/2024 and not python-3.12-slim-bookworm."""
    if mask(text).count(HIDDEN) > text.count(HIDDEN) or _ISSUED.search(text):
        return True
    return any(_random(piece) for piece in _BETWEEN.split(text))


def _random(piece: str) -> bool:
    mixed = re.search(r"[A-Za-z]", piece) and re.search(r"\d", piece)
    return bool(len(piece) >= TOKEN and mixed and not _ID.fullmatch(piece) and not _WORDS.fullmatch(piece))


def clip(text: str, length: int = LINE) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def lines(text: str, last: int, secrets: t.Iterable[str] = ()) -> list[str]:
    """The last lines of a text, masked first, so that no cut leaves half a secret."""
    if last <= 0:
        return []
    found = [line.rstrip() for line in mask(text, secrets).splitlines()]
    return [clip(line) for line in found if line][-last:]


def shown_labels(labels: t.Mapping[str, str], secrets: t.Iterable[str] = ()) -> dict[str, str]:
    """Coolify's, the proxies' and Compose's labels, without those that hold credentials."""
    return {
        name: clip(mask(str(value), secrets), 2 * LINE)
        for name, value in sorted(labels.items())
        if SHOWN_LABELS.match(name) and not _secret_label(name, str(value))
    }


def _secret_label(name: str, value: str) -> bool:
    # Routers and services have names too (traefik.http.routers.auth.rule); only the last part says what the value is
    parts = name.lower().split(".")
    hashed = re.search(r"\$(2[abxy]|apr1|[156])\$|\{SHA\}", value)
    return bool(SECRET_LABELS.intersection(parts) or looks_secret(parts[-1].replace("-", "_")) or "authorization" in parts[-1] or hashed)
