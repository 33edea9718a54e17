# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""YAML with line numbers: a view of PyYAML's node tree that answers every question and never raises.

The values are not constructed: what counts here is the text as it stands in the file, such as ``80:80`` or ``no``.
"""

from __future__ import annotations

import re
import traceback
import typing as t
from dataclasses import dataclass

from .rule import Place

try:
    import yaml
except ImportError:
    YAML_ERROR: str | None = traceback.format_exc()
else:
    YAML_ERROR = None

LARGEST = 1_000_000
LONGEST = 20_000
"""Characters of a value in which variables are looked for."""
DEEPEST = 20
UNKNOWN = "\ufffd"
"""Stands for what only the variables of the server can tell."""


@dataclass(frozen=True)
class Problem:
    """Why a text cannot be read, and where."""

    place: Place
    message: str


class Value:
    """One value; one that is not there is a Value too, with the place of what it is missing in."""

    def __init__(self, file: str, node: t.Any, place: Place) -> None:
        self.file = file
        self.node = node
        self.place = place

    def _of(self, node: t.Any) -> Value:
        return Value(self.file, node, place_of(self.file, node))

    @property
    def kind(self) -> str:
        """map, list, text, null or missing"""
        if self.node is None:
            return "missing"
        if isinstance(self.node, yaml.MappingNode):
            return "map"
        if isinstance(self.node, yaml.SequenceNode):
            return "list"
        return "null" if self.node.tag == "tag:yaml.org,2002:null" else "text"

    def __bool__(self) -> bool:
        return self.kind not in ("missing", "null")

    @property
    def text(self) -> str:
        """The text of a scalar as it is in the file, else an empty one."""
        return self.node.value if self.kind == "text" else ""

    @property
    def filled(self) -> str:
        return filled(self.text)

    @property
    def quoted(self) -> bool:
        return self.kind == "text" and self.node.style in ("'", '"', "|", ">")

    @property
    def true(self) -> bool:
        return self.text.lower() in ("true", "yes", "on")

    def _pairs(self, depth: int = 0) -> t.Iterator[tuple[t.Any, t.Any]]:
        """Own keys before those that ``<<`` brings, which is their order of precedence."""
        if self.kind != "map" or depth > DEEPEST:
            return
        merged = []
        for key, item in self.node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                merged += item.value if isinstance(item, yaml.SequenceNode) else [item]
            else:
                yield key, item
        for item in merged:
            yield from self._of(item)._pairs(depth + 1)

    def items(self) -> list[tuple[Value, Value]]:
        """The entries of a map, each key once."""
        found: dict[str, tuple[Value, Value]] = {}
        for key, item in self._pairs():
            if isinstance(key, yaml.ScalarNode):
                found.setdefault(key.value, (self._of(key), self._of(item)))
        return list(found.values())

    def get(self, *path: str) -> Value:
        value = self
        for name in path:
            found = (item for key, item in value.items() if key.node.value == name)
            value = next(found, Value(self.file, None, value.place))
        return value

    def key(self, name: str) -> Place:
        """Where the key stands, which is what a person looks for when it opens a block."""
        return next((key.place for key, _item in self.items() if key.node.value == name), self.place)

    def elements(self) -> list[Value]:
        return [self._of(item) for item in self.node.value] if self.kind == "list" else []

    def pairs(self) -> list[Pair]:
        """What may be written as a map or as a list of ``KEY=value``: environment, labels, args."""
        if self.kind == "map":
            return [Pair(key.text or str(key.node.value), item.text if item else None, key.place) for key, item in self.items()]
        pairs = []
        for item in self.elements():
            key, equals, text = item.text.partition("=")
            if key:
                pairs.append(Pair(key.strip(), text if equals else None, item.place))
        return pairs

    def scalars(self) -> t.Iterator[Value]:
        """Every text below, each once however often it is aliased; keys are not among them."""
        seen, waiting = set(), [self.node]
        while waiting:
            node = waiting.pop()
            if node is None or id(node) in seen:
                continue
            seen.add(id(node))
            if isinstance(node, yaml.MappingNode):
                waiting += [item for _key, item in reversed(node.value)]
            elif isinstance(node, yaml.SequenceNode):
                waiting += reversed(node.value)
            else:
                yield self._of(node)


@dataclass(frozen=True)
class Pair:
    """``value`` is None where there is no value, which is not the same as an empty one."""

    key: str
    value: str | None
    place: Place

    @property
    def filled(self) -> str:
        return filled(self.value or "")


def place_of(file: str, node: t.Any) -> Place:
    return Place(file, node.start_mark.line + 1, node.start_mark.column + 1)


def parse(file: str, text: str) -> tuple[list[Value], list[Problem], list[Problem]]:
    """The documents; why they cannot be read; and the keys that stand twice."""
    if len(text) > LARGEST:
        return [], [Problem(Place(file), f"has {len(text)} characters; more than {LARGEST} are not read")], []
    try:
        nodes = [node for node in yaml.compose_all(text, Loader=yaml.SafeLoader) if node is not None]
    except yaml.MarkedYAMLError as exc:
        # What is not closed is noticed at the end of the file only
        opened = exc.context and ("flow" in exc.context or "quoted" in exc.context)
        mark = exc.context_mark if opened else exc.problem_mark or exc.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
        return [], [Problem(place, ", ".join(part for part in (exc.context, exc.problem) if part))], []
    except yaml.reader.ReaderError as exc:
        line = text.count("\n", 0, exc.position) + 1 if isinstance(exc.position, int) else 1
        return (
            [],
            [Problem(Place(file, line), f"{exc.reason}: character #x{ord(text[exc.position]) if isinstance(exc.position, int) else 0:x}")],
            [],
        )
    except RecursionError:
        return [], [Problem(Place(file), "is nested too deeply")], []
    except (yaml.YAMLError, ValueError) as exc:
        return [], [Problem(Place(file), str(exc).splitlines()[0])], []
    values = [Value(file, node, place_of(file, node)) for node in nodes]
    return values, [], [problem for node in nodes for problem in _duplicates(file, node)]


def _duplicates(file: str, root: t.Any) -> t.Iterator[Problem]:
    seen, waiting = set(), [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
        elif isinstance(node, yaml.MappingNode):
            first: dict[str, int] = {}
            for key, item in node.value:
                waiting += [key, item]
                if isinstance(key, yaml.ScalarNode):
                    if key.value in first:
                        yield Problem(place_of(file, key), f'the key "{key.value}" is already in line {first[key.value]}')
                    first.setdefault(key.value, key.start_mark.line + 1)


BRACED = re.compile(r"\$\{([A-Za-z_]\w*)(?:(:?[-?+])([^{}]*))?\}")
NAMED = re.compile(r"\$[A-Za-z_]\w*")


def filled(text: str) -> str:
    """A text as Docker Compose completes it: defaults are filled in, any other variable is UNKNOWN."""
    if "$" not in text:
        return text
    if len(text) > LONGEST:
        return UNKNOWN

    def default(match: re.Match[str]) -> str:
        return match[3] if match[2] in ("-", ":-") else UNKNOWN

    text, count = text.replace("$$", "\0"), 1
    while count:
        text, count = BRACED.subn(default, text)
    return NAMED.sub(UNKNOWN, text).replace("\0", "$")


def broken_variables(text: str) -> t.Iterator[str]:
    """The pieces of a text that begin with a dollar sign and are no variable; those with a brace stop Docker Compose."""
    position = 0
    while len(text) <= LONGEST:
        position = text.find("$", position)
        if position < 0:
            return
        following = text[position + 1 : position + 2]
        if following == "$":
            position += 2
        elif re.match(r"[A-Za-z_]", following):
            position += 1
        elif following == "{":
            end = _closing(text, position + 1)
            if end < 0 or not re.match(r"[A-Za-z_]\w*(:?[-?+].*)?\Z", text[position + 2 : end], re.DOTALL):
                yield text[position : end + 1 if end > 0 else position + 10]
            position += 2
        else:
            yield text[position : position + 2]
            position += 1


def _closing(text: str, opening: int) -> int:
    depth = 0
    for position in range(opening, len(text)):
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        if not depth:
            return position
    return -1
