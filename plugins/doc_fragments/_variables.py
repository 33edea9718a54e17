# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  variables:
    description:
      - Environment variables whose values may be seen. Each key has its value, or a dictionary with C(value) and attributes.
      - The attributes are C(is_literal), C(is_multiline), C(is_shown_once), C(is_runtime), C(is_buildtime),
        C(is_preview) and C(comment). Those that are not given keep what the server has; new variables get Coolify's defaults.
      - Values are texts or integers. Booleans, floats and null are refused; quote them. Coolify trims values.
    type: dict
  secrets:
    description:
      - Like O(variables), for values that must not be seen. Diffs show V(differs), or V(********) where there was none, and nothing else.
      - Ansible blanks each of these values everywhere in the result, so very short ones damage it; the task warns.
    type: dict
  purge:
    description:
      - Whether to delete the variables that are in neither O(variables) nor O(secrets).
      - Variables that Coolify generates (C(SERVICE_*), C(NIXPACKS_*), C(RAILPACK_*)) stay.
    type: bool
    default: false
"""
