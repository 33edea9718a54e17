# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  action_group:
    description:
      - Use C(group/selfhosted.coolify.coolify) in C(module_defaults) to set the connection options once for all modules.
    support: full
    membership:
      - selfhosted.coolify.coolify
  check_mode:
    description:
      - Can run in C(check_mode) and return what would be done, without changing anything.
  diff_mode:
    description:
      - Returns what has changed, or would change, in C(diff). Secrets are shown as V(differs) or V(********) only.
  idempotent:
    description:
      - When run twice in a row outside check mode, with the same arguments, the second run changes nothing.
  async:
    description:
      - Supports being used with the C(async) keyword. The task then runs as an ordinary module.
    support: full
  platform:
    description:
      - Where it runs.
    platforms: posix
    support: full
  action:
    description:
      - Whether there is an action plugin that runs parts on the controller.
    support: full
    details:
      - With a local connection the task runs inside the controller process, which is ten times cheaper than starting a module.
        With O(ignore:become), O(ignore:environment), O(ignore:async), another Python interpreter, a remote connection or
        E(COOLIFY_DIRECT=0) it runs as an ordinary module with the same result.
"""

    # What every managing module supports in full
    MANAGING = r"""
options: {}
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
"""

    # What a module without Coolify's API supports; it takes no token, so it is not in the action group
    HOST = r"""
options: {}
attributes:
  check_mode:
    description:
      - Can run in C(check_mode) and return what would be done, without changing anything.
  diff_mode:
    description:
      - Returns what has changed, or would change, in C(diff).
  idempotent:
    description:
      - When run twice in a row outside check mode, with the same arguments, the second run changes nothing.
  platform:
    description:
      - Where it runs.
    platforms: posix
"""
