# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stand-in for Coolify's API on a loopback port, whose truth is the recorded exchanges in tests/fixtures.

>>> with Simulator(version="4.3.11") as simulator:
...     simulator.url, simulator.tokens["root"]
"""

from __future__ import annotations

from .server import Fault, Simulator

__all__ = ["Fault", "Simulator"]
