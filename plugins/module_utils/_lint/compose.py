# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A compose file as services with what rules ask about: ports, labels, mounts, health checks, each with its line."""

from __future__ import annotations

import re
import shlex
import typing as t
from dataclasses import dataclass
from functools import cached_property

from . import command, images
from .rule import Place
from .yamltext import UNKNOWN, Pair, Problem, Value, filled
from .yamltext import parse as parse_yaml

MAGIC_DOMAIN = re.compile(r"SERVICE_(?:FQDN|URL)_(.+?)(?:_(\d+))?\Z")
MAGIC = re.compile(r"\bSERVICE_(FQDN|URL|USER|PASSWORD|BASE64|REALBASE64|HEX|NAME)_\w+")
WORKER = re.compile(
    r"\bcelery\b.*\b(worker|beat)\b|\bsidekiq\b|\brq\s+worker\b|\bqueue:(work|listen)\b|\bschedule:work\b|\bdramatiq\b|\bhuey_consumer\b"
)


@dataclass(frozen=True)
class Port:
    """One published port. ``host`` is empty for one that Docker chooses; UNKNOWN is in what a variable decides; ``text`` is for people."""

    address: str
    host: str
    container: str
    protocol: str
    place: Place
    text: str

    @property
    def loopback(self) -> bool:
        return self.address.startswith("127.") or self.address in ("localhost", "::1", "[::1]")


@dataclass(frozen=True)
class Mount:
    """``kind`` is bind, volume or another one; ``value`` is the whole entry."""

    kind: str
    source: str
    target: str
    value: Value


@dataclass(frozen=True)
class Dependency:
    """``condition`` is empty in the short form."""

    name: str
    condition: str
    place: Place


class Service:
    def __init__(self, name: str, place: Place, value: Value) -> None:
        self.name = name
        self.place = place
        self.value = value

    @cached_property
    def image(self) -> images.Image:
        return images.image(self.value.get("image").filled)

    @cached_property
    def builds(self) -> bool:
        return bool(self.value.get("build"))

    @cached_property
    def target(self) -> str:
        return self.value.get("build", "target").filled

    @cached_property
    def is_database(self) -> bool:
        return not self.builds and self.image.is_database

    @cached_property
    def command(self) -> str:
        """Entrypoint and command in one line."""
        parts = [self.value.get("entrypoint"), self.value.get("command")]
        return " ".join(word.text for part in parts for word in ([part] if part.kind == "text" else part.elements()))

    @cached_property
    def is_worker(self) -> bool:
        told = [pair.value or "" for pair in self.environment if pair.key == "APP_PROCESS"]
        return bool(WORKER.search(self.command)) or any(filled(text).startswith("celery") for text in told)

    @cached_property
    def environment(self) -> list[Pair]:
        return self.value.get("environment").pairs()

    @cached_property
    def labels(self) -> list[Pair]:
        return self.value.get("labels").pairs()

    @cached_property
    def ports(self) -> list[Port]:
        return [port for item in self.value.get("ports").elements() for port in _ports(item)]

    @cached_property
    def exposed(self) -> set[int]:
        """The TCP ports of ``expose``."""
        found = [re.match(r"(\d+)(?:-(\d+))?(?:/tcp)?\Z", item.filled) for item in self.value.get("expose").elements()]
        return {port for match in found if match for port in _range(match[1], match[2])}

    @cached_property
    def magic_domains(self) -> list[tuple[str, int | None, Place]]:
        """The variables that make Coolify give the service a domain: their name for the service, and the port."""
        found = [(MAGIC_DOMAIN.match(pair.key), pair) for pair in self.environment]
        return [(match[1], int(match[2]) if match[2] and len(match[2]) < 6 else None, pair.place) for match, pair in found if match]

    @cached_property
    def health(self) -> command.Check | None:
        """The check of the file; ``form`` is NONE when it is switched off."""
        value = self.value.get("healthcheck")
        test = value.get("test")
        if value.get("disable").true:
            return command.check("NONE", (), value.place)
        if test.kind == "text":
            return command.check("CMD-SHELL", (test.text,), test.place)
        words = [item.text for item in test.elements()]
        if not words:
            return None
        if words[0] in ("CMD", "CMD-SHELL", "NONE"):
            return command.check(words[0], words[1:], test.place)
        return command.check("", words, test.place)

    @cached_property
    def networks(self) -> list[tuple[str, Place]]:
        value = self.value.get("networks")
        return [(key.text, key.place) for key, _item in value.items()] or [(item.text, item.place) for item in value.elements()]

    @cached_property
    def mounts(self) -> list[Mount]:
        return [mount for item in self.value.get("volumes").elements() for mount in _mounts(item)]

    @cached_property
    def dependencies(self) -> list[Dependency]:
        value = self.value.get("depends_on")
        long = [Dependency(key.text, item.get("condition").text, key.place) for key, item in value.items()]
        return long or [Dependency(item.text, "", item.place) for item in value.elements() if item.text]

    @cached_property
    def restart(self) -> str:
        """Unquoted ``no`` is the text here too, as it is for Docker Compose and Coolify."""
        return self.value.get("restart").filled


class Compose:
    def __init__(self, file: str, documents: t.Sequence[Value], problems: t.Sequence[Problem], duplicates: t.Sequence[Problem]) -> None:
        self.file = file
        self.documents = tuple(documents)
        self.problems = tuple(problems)
        self.duplicates = tuple(duplicates)
        self.root = documents[0] if documents else Value(file, None, Place(file))
        items = self.root.get("services").items()
        self.services = tuple(Service(key.node.value, key.place, item) for key, item in items if item.kind == "map")
        self.names = tuple(key.node.value for key, _item in items)

    def service(self, name: str) -> Service | None:
        return next((service for service in self.services if service.name == name), None)

    @cached_property
    def networks(self) -> dict[str, tuple[Place, Value]]:
        """The networks at the top, without the default one."""
        return {key.text: (key.place, item) for key, item in self.root.get("networks").items() if key.text != "default"}

    @cached_property
    def one_shots(self) -> set[str]:
        """Services that others wait for to be completed."""
        return {
            item.name for service in self.services for item in service.dependencies if item.condition == "service_completed_successfully"
        }


def parse(file: str, text: str) -> Compose:
    return Compose(file, *parse_yaml(file, text))


def _range(first: str, last: str | None) -> range:
    start, end = int(first), int(last or first)
    return range(start, min(end, start + 1000) + 1) if end < 65536 else range(0)


def _ports(item: Value) -> t.Iterator[Port]:
    if item.kind == "map":
        parts = [item.get(name).filled for name in ("host_ip", "published", "target", "protocol")]
        if parts[2]:
            text = ":".join(item.get(name).text for name in ("published", "target"))
            yield Port(parts[0], parts[1], parts[2], parts[3] or "tcp", item.place, text)
        return
    match = re.match(r"(?:(\[[^\]]*\]|[^:]*):)?(?:([^:]*):)?([^:/]+)(?:/(\w+))?\Z", item.filled.strip())
    if match:
        # One colon: the part before it is the port of the host, two: address and port
        address, host = (match[1], match[2]) if match[2] is not None else ("", match[1] or "")
        yield Port(address or "", host, match[3], match[4] or "tcp", item.place, item.text)


def _mounts(item: Value) -> t.Iterator[Mount]:
    if item.kind == "map":
        source, target = item.get("source").filled, item.get("target").filled
        yield Mount(item.get("type").text or ("bind" if _is_path(source) else "volume"), source, target, item)
        return
    parts = item.filled.split(":")
    if len(parts) > 1:
        yield Mount("bind" if _is_path(parts[0]) else "volume", parts[0], parts[1], item)
    elif parts[0]:
        yield Mount("volume", "", parts[0], item)


def _is_path(source: str) -> bool:
    return source.startswith((".", "/", "~")) or UNKNOWN in source


def split(text: str) -> list[str]:
    """The words of a command; those between spaces where the quoting is broken."""
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()
