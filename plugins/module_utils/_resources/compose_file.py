# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service's compose file as values, so that two texts can be compared: Coolify parses what it gets and writes it anew (resources.md 4.3).

Values are those of YAML 1.2, as Coolify reads them: ``no`` and ``80:80`` are texts. Empty lists and maps are the same, because Coolify writes
both as ``{  }``; the contents of mounted files are not kept in the file.
"""

from __future__ import annotations

import calendar
import re
import time
import typing as t
from dataclasses import dataclass
from functools import cached_property

from .._errors import InputError
from .._fields import DIFFERS, HIDDEN, looks_secret, without_password
from .._lint.compose import MAGIC_DOMAIN
from .._lint.yamltext import YAML_ERROR, Value
from .._lint.yamltext import parse as parse_yaml

SCALARS: tuple[tuple[str, t.Callable[[str], t.Any]], ...] = (
    (r"true|True|TRUE", lambda text: True),
    (r"false|False|FALSE", lambda text: False),
    (r"[-+]?(0|[1-9][0-9_]*)", lambda text: int(text.replace("_", ""))),
    (r"0x[0-9a-fA-F]+", lambda text: int(text, 16)),
    (r"0o[0-7]+", lambda text: int(text[2:], 8)),
    (r"[-+]?[0-9]*\.[0-9]+([eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+", float),
    # A date becomes its seconds since 1970
    (r"\d{4}-\d\d-\d\d", lambda text: calendar.timegm(time.strptime(text, "%Y-%m-%d"))),
)
ELSEWHERE = ("content", "isDirectory", "is_directory")
"""What Coolify takes out of the mounts."""
SHOWN = ("image", "restart", "ports", "expose", "volumes", "depends_on", "networks")
"""Of a container; the rest may hold secrets, and a diff says only that it differs."""
SHOWN_ABOVE = ("name", "version", "services", "volumes", "networks")
VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w*)|([A-Za-z_]\w*))")
GENERATED = re.compile(r"\$\{?SERVICE_")
LONG_SECRET = 6


def parsed(text: str) -> t.Any:
    """Raises InputError for what cannot be read."""
    if YAML_ERROR:
        raise InputError("docker_compose_raw needs PyYAML", "Install PyYAML for the Python that runs the module.")
    documents, problems, twice = parse_yaml("docker-compose.yml", text)
    for problem in (*problems, *twice):
        raise InputError(f"docker_compose_raw: line {problem.place.line}: {problem.message}")
    if len(documents) != 1:
        raise InputError(f"docker_compose_raw: it has {len(documents)} documents, expected one")
    return _value(documents[0])


def _value(value: Value) -> t.Any:
    if value.kind == "map":
        return {str(key.node.value): _value(item) for key, item in value.items()} or []
    if value.kind == "list":
        return [_value(item) for item in value.elements()]
    if value.kind == "null":
        return None
    if value.quoted:
        return value.text
    return next((make(value.text) for pattern, make in SCALARS if re.fullmatch(pattern, value.text)), value.text)


@dataclass(frozen=True)
class File:
    text: str

    @cached_property
    def value(self) -> t.Any:
        """What counts of the file."""
        whole = parsed(self.text)
        for service in self._services(whole).values():
            for volume in service.get("volumes") or ():
                if isinstance(volume, dict):
                    for name in ELSEWHERE:
                        volume.pop(name, None)
        return whole

    @staticmethod
    def _services(whole: t.Any) -> dict[str, dict[str, t.Any]]:
        found = whole.get("services") if isinstance(whole, dict) else None
        return {name: item if isinstance(item, dict) else {} for name, item in found.items()} if isinstance(found, dict) else {}

    @property
    def services(self) -> dict[str, dict[str, t.Any]]:
        return self._services(self.value)

    def environment(self, name: str) -> dict[str, str]:
        """Of a container, as a map; a key without a value has an empty text."""
        given = self.services.get(name, {}).get("environment") or ()
        pairs = given.items() if isinstance(given, dict) else (str(item).partition("=")[::2] for item in given)
        return {str(key): "" if value is None else str(value) for key, value in pairs}

    def domain_variables(self, name: str) -> list[str]:
        """Those that make Coolify give the container a domain at each start when it has none."""
        return [key for key in self.environment(name) if MAGIC_DOMAIN.match(key)]

    def excluded(self, name: str) -> str:
        """The key because of which Coolify excludes the container from the status each time it reads the file, or an empty text."""
        service = self.services.get(name, {})
        return "restart: no" if service.get("restart") == "no" else "exclude_from_hc" if service.get("exclude_from_hc") else ""

    def checked(self, name: str) -> bool:
        """Whether the file has a health check for the container."""
        check = self.services.get(name, {}).get("healthcheck")
        return isinstance(check, dict) and check.get("disable") is not True and check.get("test") not in ("NONE", ["NONE"])

    @property
    def keys(self) -> frozenset[str]:
        """The variables that the file names: Coolify makes them anew when they are missing."""
        named = {key for name in self.services for key in self.environment(name)}
        return frozenset(named | {match[1] or match[2] for match in VARIABLE.finditer(self.text.replace("$$", ""))})

    @property
    def overwritten(self) -> dict[str, str]:
        """Variables that Coolify sets to another one's value at each start, whatever they were set to."""
        return {key: value for name in self.services for key, value in self.environment(name).items() if GENERATED.match(value)}

    @property
    def secrets(self) -> set[str]:
        """The values that stand in the file for keys that are named like secrets."""
        pairs = [pair for name in self.services for pair in self.environment(name).items()]
        return {value for key, value in pairs if looks_secret(key) and len(value) >= LONG_SECRET and "$" not in value}


def refuse_overwritten(file: File | None, keys: t.Iterable[str]) -> None:
    """Raise InputError for variables that Coolify sets whenever it reads the compose file; ``file`` is None where nobody may read it."""
    for key in keys:
        if key.startswith(("SERVICE_URL_", "SERVICE_FQDN_")):
            raise InputError(f"{key}: Coolify sets it from the container's domains; give urls of coolify_service instead")
        source = file.overwritten.get(key) if file else None
        if source is not None:
            raise InputError(
                f"{key}: the compose file sets it to {source}, and Coolify writes that at each start", "Set the variable that it names."
            )


def readable(text: t.Any) -> File | None:
    """The file that Coolify tells; None where the token may not read it, or where it is no YAML for this collection."""
    try:
        file = File(text or "")
        return file if file.value else None
    except InputError:
        return None


def same(one: str) -> t.Any:
    """What equality of two files looks at."""
    file = readable(one)
    return file.value if file else one


def difference(before: str | None, after: str) -> dict[str, dict[str, t.Any]]:
    """The places where two files differ, without anything that may be secret; ``before`` is None for a new one."""
    known = readable(before)
    old = dict(_leaves(known.value, ())) if known else {}
    new = dict(_leaves(File(after).value, ()))
    places = [place for place in {**old, **new} if old.get(place, "") != new.get(place, "") or (place in old) != (place in new)]
    return {
        "before": {".".join(place): _told(old[place]) if _open(place) else HIDDEN for place in places if place in old},
        "after": {".".join(place): _told(new[place]) if _open(place) else DIFFERS for place in places if place in new},
    }


def _told(value: t.Any) -> t.Any:
    return without_password(value) if isinstance(value, str) else value


def _open(place: tuple[str, ...]) -> bool:
    return place[2] in SHOWN if place[0] == "services" and len(place) > 2 else place[0] in SHOWN_ABOVE


def _leaves(value: t.Any, place: tuple[str, ...]) -> t.Iterator[tuple[tuple[str, ...], t.Any]]:
    items = list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    if not items and place:
        yield place, value
    for key, item in items:
        yield from _leaves(item, (*place, str(key)))
