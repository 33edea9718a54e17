# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a health check runs: which programs it calls and which addresses it asks."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass
from urllib.parse import urlsplit

from .rule import Place
from .yamltext import UNKNOWN, filled

CALLED = re.compile(
    r"(?:^|[;&|(!]|\bexec\b|\bthen\b|\bif\b|\bdo\b|-c\s*['\"]?)\s*(?:/(?:usr/)?(?:local/)?s?bin/)?(curl|wget|pgrep)(?=\s|$)"
)
URL = re.compile(r"https?://[^\s'\"|;&)<>`]+")
# curl and wget take an address without http:// too
BARE = re.compile(r"(?<=\s)(localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(:\d+)?(/[^\s'\"|;&)<>`]*)?(?=['\"\s|;&)]|$)")
# BusyBox: networking/wget.c with FEATURE_WGET_LONG_OPTIONS, FEATURE_WGET_TIMEOUT and DESKTOP, as Alpine builds it.
# --no-verbose, --tries and -nv are accepted and ignored; that was tried with BusyBox 1.35.
BUSYBOX_LONG = frozenset(
    [
        "continue",
        "quiet",
        "server-response",
        "output-document",
        "output-file",
        "directory-prefix",
        "proxy",
        "user-agent",
        "timeout",
        "tries",
        "header",
        "post-data",
        "post-file",
        "spider",
        "no-check-certificate",
        "passive-ftp",
        "no-cache",
        "no-verbose",
        "no-clobber",
        "no-host-directories",
        "no-parent",
    ]
)
BUSYBOX_SHORT = "cqSOoPYUTtn"
WITH_ARGUMENT = "OoPYUTt"
WITH_ARGUMENT_LONG = frozenset(
    ["output-document", "output-file", "directory-prefix", "proxy", "user-agent", "timeout", "tries", "header", "post-data", "post-file"]
)


@dataclass(frozen=True)
class Url:
    """``port`` is None when a variable decides. ``path`` is without query, at least a slash."""

    host: str
    port: int | None
    path: str
    scheme: str = "http"

    @property
    def local(self) -> bool:
        return self.host in ("localhost", "127.0.0.1", "0.0.0.0", "::1")


@dataclass(frozen=True)
class Check:
    """``form`` is CMD, CMD-SHELL, NONE, or empty when it is none of them. ``words`` are those of the CMD form; ``text`` is the whole."""

    form: str
    words: tuple[str, ...]
    text: str
    place: Place

    @property
    def programs(self) -> frozenset[str]:
        """Those of curl, wget and pgrep that it calls."""
        if self.form == "CMD" and self.shell_text is None:
            first = self.words[0].rpartition("/")[2] if self.words else ""
            return frozenset({first} & {"curl", "wget", "pgrep"})
        return frozenset(CALLED.findall(self.shell_text or ""))

    @property
    def shell_text(self) -> str | None:
        """What a shell runs; None when no shell is involved."""
        if self.form == "CMD-SHELL":
            return self.text
        if len(self.words) > 2 and self.words[0].rpartition("/")[2] in ("sh", "bash", "ash") and self.words[1] in ("-c", "-ec", "-lc"):
            return self.words[2]
        return None

    @property
    def urls(self) -> tuple[Url, ...]:
        text = filled(self.text)
        found = [_url(match[0]) for match in URL.finditer(text)]
        if self.programs & {"curl", "wget"} and not found:
            found = [_url(f"http://{match[0]}") for match in BARE.finditer(text)]
        return tuple(url for url in found if url)

    @property
    def asks_http(self) -> bool:
        return any(url.local for url in self.urls)


def check(form: str, words: t.Sequence[str], place: Place) -> Check:
    return Check(form, tuple(words), " ".join(words), place)


def _url(text: str) -> Url | None:
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        return None
    try:
        port: int | None = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        port = None
    return Url(host, port, parts.path or "/", parts.scheme) if host and UNKNOWN not in host else None


def unknown_to_busybox(text: str) -> list[str]:
    """The options of the wget calls in a text that BusyBox refuses."""
    refused = []
    for call in re.findall(r"\bwget\s+([^|;&]*)", text):
        words = call.replace("'", " ").replace('"', " ").split()
        position = 0
        while position < len(words):
            word = words[position]
            position += 1
            if word.startswith("--") and len(word) > 2:
                name, equals, _value = word[2:].partition("=")
                if not any(known.startswith(name) for known in BUSYBOX_LONG):
                    refused.append(word[: 2 + len(name)])
                elif name in WITH_ARGUMENT_LONG and not equals:
                    position += 1
            elif word.startswith("-") and len(word) > 1:
                for index, letter in enumerate(word[1:], 1):
                    if letter not in BUSYBOX_SHORT:
                        refused.append(f"-{letter}")
                    elif letter == "n":
                        break
                    elif letter in WITH_ARGUMENT:
                        position += index == len(word) - 1
                        break
    return refused
