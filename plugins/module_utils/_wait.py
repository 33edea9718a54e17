# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One loop that knows about time."""

from __future__ import annotations

import time
import typing as t
from dataclasses import dataclass

T = t.TypeVar("T")
STILL = 60.0
"""Seconds without a change after which whoever waits says so."""


@dataclass(frozen=True)
class Clock:
    """The time and how to let it pass; tests give their own."""

    now: t.Callable[[], float] = time.monotonic
    sleep: t.Callable[[float], None] = time.sleep


class Told:
    """Says a status once, and after each minute without another that it is still the same. ``say`` and ``show`` are those of a Context."""

    def __init__(self, clock: Clock, say: t.Callable[[str], None], show: t.Callable[[str], None]) -> None:
        self.clock, self.say, self.show = clock, say, show
        self.status, self.spoke = "", clock.now()

    def tell(self, what: str, status: str, about: str = "", still: str = "") -> None:
        """``about`` is added each time, ``still`` where it is the same."""
        changed = status != self.status
        if changed or self.clock.now() - self.spoke >= STILL:
            self.status, self.spoke = status, self.clock.now()
            if changed:
                self.say(f"{what}: {status}{about}")
            else:
                self.show(f"{what}: still {status}{about}{still}")


def growing(elapsed: float) -> float:
    """A pause for what usually takes seconds: from a quarter of a second to nine tenths, after a minute five."""
    return min(max(elapsed / 2, 0.25), 0.9 if elapsed < 60 else 5.0)


def until(
    read: t.Callable[[], T], done: t.Callable[[T], bool], timeout: float, clock: Clock, pause: t.Callable[[float], float] = growing
) -> tuple[bool, T]:
    """Read until ``done`` or until ``timeout`` seconds have passed; ``pause`` gives the seconds to the next reading from those elapsed.

    Returns whether it was done, and the last reading. ``done`` raises to stop at once on a state that cannot recover.
    """
    started = clock.now()
    while True:
        value = read()
        if done(value):
            return True, value
        elapsed = clock.now() - started
        # A rest that is too small to be added to the time would never end
        if elapsed >= timeout - 1e-6:
            return False, value
        clock.sleep(min(pause(elapsed), timeout - elapsed))
