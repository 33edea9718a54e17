# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  tags:
    description:
      - The tags, which deployments and lists can be chosen by. Exactly these; an empty list removes them all.
      - Coolify stores them in lower case and forgets a tag that nothing has any more.
      - Requires Coolify 4.2.0.
    type: list
    elements: str
"""
