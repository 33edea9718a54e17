# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task brings along, and what a module of this collection is."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ._client import Client
from ._contract import now
from ._plan import Plan
from ._wait import Clock


@dataclass
class Context:
    """One task: its validated options (None: not mentioned), its Coolify, and where its words go."""

    options: dict[str, t.Any]
    client: Client
    check_mode: bool = False
    clock: Clock = field(default_factory=Clock)
    show: t.Callable[[str], None] = lambda line: None
    """Prints a line at once where there is a terminal to print to (direct execution)."""
    verbose: bool = False
    """Whether build logs are shown as they grow, and all gates in a preview."""
    warnings: list[str] = field(default_factory=list)
    timeline: list[dict[str, str]] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)
    """What this task learned and nobody may see; removed from its result, whatever says it."""

    def say(self, text: str) -> None:
        """Progress: to the terminal at once, and into details.timeline."""
        self.timeline.append({"at": now(), "event": text})
        self.show(text)

    def warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)

    def flag(self, name: str) -> bool:
        return bool(self.options.get(name))


@dataclass(frozen=True)
class Module:
    """A module as data: its own options and one function. ``plan`` makes a managing module, ``gather`` one that only reads
    (it returns the keys of the result)."""

    name: str
    spec: dict[str, t.Any]
    plan: t.Callable[[Context], Plan] | None = None
    gather: t.Callable[[Context], dict[str, t.Any]] | None = None
    returns: str | None = None
    constraints: dict[str, t.Any] = field(default_factory=dict)
    """mutually_exclusive, required_one_of, required_if, required_by, required_together."""
