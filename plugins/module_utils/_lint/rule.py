# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rule is, and the table that rules enter themselves into."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

if t.TYPE_CHECKING:
    from .project import Project

ERROR, WARNING, INFO = "error", "warning", "info"
SEVERITIES = (ERROR, WARNING, INFO)
"""The worst first."""
MODES = ("coolify", "standalone")


@dataclass(frozen=True)
class Place:
    """Where something stands: a file, and line and column counted from 1."""

    file: str
    line: int = 1
    column: int = 1


@dataclass(frozen=True)
class Hit:
    """One thing that a rule has to say. ``severity`` and ``fix`` are those of the rule unless they are given."""

    place: Place
    message: str
    service: str = ""
    severity: str = ""
    fix: str = ""


@dataclass(frozen=True)
class Rule:
    """``severities`` maps each mode in which the rule holds to what it says there; ``check(project)`` yields hits."""

    id: str
    severities: dict[str, str]
    what: str
    why: str
    fix: str
    check: t.Callable[[Project], t.Iterator[Hit]]


RULES: dict[str, Rule] = {}


def rule(id: str, what: str, why: str, fix: str, coolify: str = "", standalone: str = "") -> t.Callable[..., t.Any]:
    """Enters a function into the table. A rule without a severity for a mode does not hold in that mode."""

    def enter(check: t.Callable[[Project], t.Iterator[Hit]]) -> t.Callable[[Project], t.Iterator[Hit]]:
        severities = {mode: severity for mode, severity in zip(MODES, (coolify, standalone)) if severity}
        RULES[id] = Rule(id, severities, what, why, fix, check)
        return check

    return enter


def both(severity: str) -> dict[str, str]:
    return {"coolify": severity, "standalone": severity}
