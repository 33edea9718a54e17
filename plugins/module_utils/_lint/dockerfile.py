# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Dockerfile as a list of instructions with line numbers, and the stages they belong to."""

from __future__ import annotations

import json
import re
import typing as t
from dataclasses import dataclass, field

from .rule import Place
from .yamltext import Problem, filled

INSTRUCTIONS = frozenset(
    [
        "ADD",
        "ARG",
        "CMD",
        "COPY",
        "ENTRYPOINT",
        "ENV",
        "EXPOSE",
        "FROM",
        "HEALTHCHECK",
        "LABEL",
        "MAINTAINER",
        "ONBUILD",
        "RUN",
        "SHELL",
        "STOPSIGNAL",
        "USER",
        "VOLUME",
        "WORKDIR",
    ]
)
HEREDOC = re.compile(r"<<-?(['\"]?)([A-Za-z_]\w*)\1")
MOST_PROBLEMS = 3
"""After so many it is no Dockerfile."""
FLAG = re.compile(r"--([a-z-]+)(?:=(\S+))?\s+")


@dataclass(frozen=True)
class Instruction:
    """``text`` is what follows the name and its flags, continuation lines joined by spaces."""

    name: str
    text: str
    place: Place
    flags: dict[str, str] = field(default_factory=dict)

    @property
    def words(self) -> tuple[str, ...] | None:
        """The exec form's list, None for the shell form."""
        if not self.text.startswith("["):
            return None
        try:
            words = json.loads(self.text)
        except ValueError:
            return None
        return tuple(words) if isinstance(words, list) and all(isinstance(word, str) for word in words) else None

    @property
    def arguments(self) -> tuple[str, ...]:
        """Words of either form."""
        return self.words or tuple(re.findall(r"'[^']*'|\"[^\"]*\"|\S+", self.text))


@dataclass(frozen=True)
class Stage:
    """``base`` is an image or the name of an earlier stage, build arguments filled in with their defaults."""

    name: str
    base: str
    place: Place
    instructions: tuple[Instruction, ...]


class Dockerfile:
    def __init__(self, file: str, instructions: t.Sequence[Instruction], problems: t.Sequence[Problem]) -> None:
        self.file = file
        self.problems = tuple(problems)
        self.instructions = tuple(instructions)
        self.stages = _stages(instructions)

    def lineage(self, target: str = "") -> tuple[Stage, ...]:
        """The stage that is built, then the stages that it is based on, nearest first."""
        stages = {stage.name: stage for stage in self.stages if stage.name}
        stage = stages.get(target.lower()) or (self.stages[-1] if self.stages else None)
        found: list[Stage] = []
        while stage and stage not in found:
            found.append(stage)
            stage = stages.get(stage.base.lower())
        return tuple(found)

    def base(self, target: str = "") -> str:
        """The image that everything is built on."""
        lineage = self.lineage(target)
        return lineage[-1].base if lineage else ""

    def all(self, *names: str, target: str = "") -> list[Instruction]:
        """The instructions of these names that made the image, in their order."""
        return [item for stage in reversed(self.lineage(target)) for item in stage.instructions if item.name in names]

    def last(self, *names: str, target: str = "") -> Instruction | None:
        found = self.all(*names, target=target)
        return found[-1] if found else None

    def exposed(self, target: str = "") -> tuple[int, ...]:
        """The TCP ports of EXPOSE; one that only a build argument tells is left out."""
        values = self.arguments(target)
        words = [word for item in self.all("EXPOSE", target=target) for word in substituted(item.text, values).split()]
        ports = [word.partition("/") for word in words]
        return tuple(int(port) for port, _slash, protocol in ports if port.isdecimal() and protocol in ("", "tcp"))

    def arguments(self, target: str = "") -> dict[str, str]:
        """What ARG and ENV give as values."""
        values: dict[str, str] = {}
        for item in self.all("ARG", "ENV", target=target):
            values.update({key: substituted(value, values) for key, value in assignments(item) if value is not None})
        return values


def assignments(item: Instruction) -> list[tuple[str, str | None]]:
    """The keys and values of an ARG, ENV or LABEL."""
    if "=" not in item.text.split(" ")[0]:
        key, _space, value = item.text.partition(" ")
        return [(key, value.strip() or None)] if key else []
    pairs = re.findall(r"([\w.-]+)=(\"(?:\\.|[^\"\\])*\"|'[^']*'|(?:\\.|\S)*)", item.text)
    return [(key, value.strip("\"'")) for key, value in pairs]


def substituted(text: str, values: dict[str, str]) -> str:
    """A text with the variables whose value is known filled in."""
    known = re.sub(r"\$(?:(\w+)|\{(\w+)(?::?[-+?][^{}]*)?\})", lambda match: values.get(match[1] or match[2], match[0]), text)
    return filled(known)


def _stages(instructions: t.Sequence[Instruction]) -> tuple[Stage, ...]:
    values: dict[str, str] = {}
    stages: list[Stage] = []
    for item in instructions:
        if item.name == "FROM":
            words = item.text.split()
            name = words[2].lower() if len(words) > 2 and words[1].upper() == "AS" else ""
            stages.append(Stage(name, substituted(words[0], values) if words else "", item.place, ()))
        elif stages:
            last = stages[-1]
            stages[-1] = Stage(last.name, last.base, last.place, (*last.instructions, item))
        elif item.name == "ARG":
            values.update({key: value for key, value in assignments(item) if value is not None})
    return tuple(stages)


def parse(file: str, text: str) -> Dockerfile:
    instructions: list[Instruction] = []
    problems: list[Problem] = []
    escape = "`" if re.match(r"(\s*#[^\n]*\n)*\s*#\s*escape\s*=\s*`", text, re.IGNORECASE) else "\\"
    lines = text.splitlines()
    number = 0
    while number < len(lines):
        start, line = number, lines[number].strip()
        number += 1
        if not line or line.startswith("#"):
            continue
        while line.endswith(escape) and number < len(lines):
            # Comments and empty lines inside an instruction are skipped by Docker too
            following = lines[number].strip()
            number += 1
            if following and not following.startswith("#"):
                line = f"{line[:-1].rstrip()} {following}"
            elif number == len(lines):
                line = line[:-1]
        line = line.rstrip(escape).strip()
        match = re.match(r"([A-Za-z]+)(?:\s+(.*))?\Z", line, re.DOTALL)
        name = match[1].upper() if match else ""
        if not match or name not in INSTRUCTIONS:
            problems.append(Problem(Place(file, start + 1), f'"{line.split()[0][:40] if line else ""}" is no instruction'))
            if len(problems) == MOST_PROBLEMS:
                break
            continue
        rest = (match[2] or "").strip()
        for _quote, word in HEREDOC.findall(rest) if name in ("RUN", "COPY", "ADD") else ():
            while number < len(lines):
                body = lines[number].strip()
                number += 1
                if body == word:
                    break
                rest += f"\n{body}"
        flags = {}
        while name in ("FROM", "COPY", "ADD", "RUN", "HEALTHCHECK"):
            flag = FLAG.match(rest)
            if not flag:
                break
            flags[flag[1]] = flag[2] or ""
            rest = rest[flag.end() :]
        if not rest:
            problems.append(Problem(Place(file, start + 1), f"{name} says nothing"))
        instructions.append(Instruction(name, rest, Place(file, start + 1), flags))
    before = [item for item in instructions if item.name not in ("FROM", "ARG")][:1]
    first = next((item for item in instructions if item.name == "FROM"), None)
    if not first:
        problems.append(Problem(Place(file), "there is no FROM"))
    elif before and before[0].place.line < first.place.line:
        problems.append(Problem(before[0].place, f"{before[0].name} stands before the first FROM"))
    return Dockerfile(file, instructions, problems)
