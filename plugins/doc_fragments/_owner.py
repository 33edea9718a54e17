# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  application:
    description:
      - The application. With O(project) its name or uuid, otherwise its uuid.
    type: str
  service:
    description:
      - The service. With O(project) its name or uuid, otherwise its uuid.
    type: str
  project:
    description:
      - Name or uuid of the project. Required to find something by its name.
      - In check mode what does not exist gives a warning instead of an error, because an earlier task of the same run may be going to create it.
    type: str
  environment:
    description:
      - Name or uuid of the environment. Without it, V(production) is used to find something by its name.
    type: str
"""

    DATABASE = r"""
options:
  database:
    description:
      - The database. With O(project) its name or uuid, otherwise its uuid.
    type: str
"""
