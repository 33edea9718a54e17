# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One loop that knows about time."""

from __future__ import annotations

import time
import typing as t
from dataclasses import dataclass

T = t.TypeVar("T")


@dataclass(frozen=True)
class Clock:
    """The time and how to let it pass; tests give their own."""

    now: t.Callable[[], float] = time.monotonic
    sleep: t.Callable[[float], None] = time.sleep


def until(
    read: t.Callable[[], T], done: t.Callable[[T], bool], timeout: float, clock: Clock, first: float = 0.25, longest: float = 5.0
) -> tuple[bool, T]:
    """Read until ``done`` or until ``timeout`` seconds have passed; the pauses grow from ``first`` to ``longest`` seconds.

    Returns whether it was done, and the last reading. ``done`` raises to stop at once on a state that cannot recover.
    """
    deadline = clock.now() + timeout
    pause = first
    while True:
        value = read()
        if done(value):
            return True, value
        left = deadline - clock.now()
        if left <= 0:
            return False, value
        clock.sleep(min(pause, left))
        pause = min(pause * 1.5, longest)
