# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schedules that Coolify takes (resources.md 2.2): five fields of cron, or a word."""

from __future__ import annotations

import re

WORDS = (
    "every_minute",
    *(f"{at}{word}" for at in ("", "@") for word in ("hourly", "daily", "weekly", "monthly", "yearly")),
)
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
LONGEST_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of the month", 1, 31, {}),
    ("month", 1, 12, {name: number for number, name in enumerate(MONTHS, 1)}),
    ("day of the week", 0, 7, {name: number for number, name in enumerate(DAYS)}),
)
PART = re.compile(r"(?:\*|(\d+)(?:-(\d+))?)(?:/(\d+))?")


def _values(text: str, low: int, high: int, names: dict[str, int]) -> set[int] | None:
    """What a field of cron stands for; None when it is none."""
    found: set[int] = set()
    for part in text.split(","):
        if part.upper() in names:
            found.add(names[part.upper()])
            continue
        match = PART.fullmatch(part)
        if not match:
            return None
        first, last, step = (int(group) if group else None for group in match.groups())
        if step == 0 or (step and first is not None and last is None):
            return None
        start, end = (low, high) if first is None else (first, first if last is None else last)
        if not low <= start <= end <= high:
            return None
        found.update(range(start, end + 1, step or 1))
    return found


def schedule_complaint(text: str) -> str | None:
    """A complaint, or None for what Coolify takes."""
    if text in WORDS:
        return None
    parts = text.split()
    if len(parts) != len(FIELDS):
        return f"{text!r} is no schedule; expected five fields such as 0 3 * * * or one of {', '.join(WORDS)}"
    values = []
    for part, (name, low, high, names) in zip(parts, FIELDS):
        found = _values(part, low, high, names)
        if found is None:
            return f"{text!r}: {part} is no {name}; Coolify takes numbers from {low} to {high}, *, lists, ranges and steps such as */5"
        values.append(found)
    _minute, _hour, days, months, _weekday = values
    if min(days) > max(LONGEST_MONTH[month - 1] for month in months):
        return f"{text!r}: there is no such day in that month"
    return None
