# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The versions of Coolify that the simulator can be, and what "since" means in its tables."""

from __future__ import annotations

import functools

# 4.4-rc.1 was tagged before 4.3.11 and answers like it: nothing that 4.4.0 brought is in it yet
_RANKS = {"4.4-rc.1": (4, 3, 10)}

VERSIONS = ("4.1.2", "4.2.0", "4.4-rc.1", "4.3.11", "4.4.2", "4.5.0")


@functools.lru_cache(maxsize=None)
def rank(version: str) -> tuple[int, ...]:
    return _RANKS.get(version) or tuple(int(part) for part in version.split("."))


def within(version: str, since: str | None = None, until: str | None = None) -> bool:
    """Whether something that came with ``since`` and was gone with ``until`` exists in ``version``."""
    return (since is None or rank(since) <= rank(version)) and (until is None or rank(version) < rank(until))
