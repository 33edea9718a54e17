# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ..module_utils._resources.doctor import MODULE
from ..plugin_utils._action import DirectAction


class ActionModule(DirectAction):
    definition = MODULE
