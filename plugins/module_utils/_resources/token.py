# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the token may do and see."""

from __future__ import annotations

import typing as t

from .._context import Context
from .._errors import ApiError


def may(probe: t.Callable[[], t.Any]) -> bool:
    """False when Coolify refuses the probe for want of an ability. Raises ApiError for what says nothing about it."""
    try:
        probe()
    except ApiError as error:
        if error.code == 403 and not any(text in error.answer for text in ("API is disabled", "not allowed to access the API")):
            return False
        if error.code not in (400, 422):
            raise
    return True


def sees_secrets(ctx: Context) -> bool | None:
    """Whether the token gets secrets to see; None when there is no private key to look at, or it may not look."""
    if not may(lambda: ctx.client.items("/security/keys")):
        return None
    keys = ctx.client.items("/security/keys")
    return "private_key" in keys[0] if keys else None
