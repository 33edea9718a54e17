# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  name:
    description:
      - Name inside O(project) and O(environment). Coolify's names are not unique; two of the same name are an error that lists both uuids.
      - Together with O(uuid) it is the new name.
    type: str
  uuid:
    description:
      - Coolify's identifier of an existing one. O(project) and O(environment) are not needed then.
    type: str
  project:
    description:
      - Name or uuid of the project. Required to find something by its name.
      - In check mode a project or environment that does not exist gives a warning instead of an error, because an earlier task of the same
        run may be going to create it.
    type: str
  environment:
    description:
      - Name or uuid of the environment. Without it, V(production) is used to find something by its name.
      - Coolify stores the names of environments in lower case.
    type: str
  server:
    description:
      - Name or uuid of the server to run on. Required for creation; it cannot be changed later.
    type: str
  destination:
    description:
      - Name or uuid of the destination (Docker network) on the server. Required for creation when the server has several.
      - It cannot be changed later.
    type: str
"""

    WAITING = r"""
options:
  wait:
    description:
      - Whether to wait until a deletion, start, stop or restart is done. Otherwise RV(status) is V(pending) and RV(details.pending) says what to poll.
      - Check mode does not wait.
    type: bool
    default: true
  wait_timeout:
    description:
      - Seconds to wait at most. Coolify's own status can lag by up to five minutes.
    type: int
    default: 600
"""

    DELETING = r"""
options:
  confirm_destructive:
    description:
      - Has to be V(true) for anything that destroys data. Otherwise the task ends as V(blocked) before it changes anything.
      - Check mode shows the plan without it.
    type: bool
    default: false
  delete_volumes:
    description:
      - With O(state=absent), whether Docker volumes are deleted too. Coolify's own default is V(true).
    type: bool
    default: false
  delete_configurations:
    description:
      - With O(state=absent), whether the configuration folder on the server is deleted.
    type: bool
    default: true
  delete_connected_networks:
    description:
      - With O(state=absent), whether the resource's own Docker network is deleted.
    type: bool
    default: true
  docker_cleanup:
    description:
      - With O(state=absent) and O(state=stopped), whether Coolify cleans up Docker on the whole server afterwards, which removes the build
        cache. Coolify's own default is V(true).
    type: bool
    default: false
"""

    SECRETS = r"""
options:
  update_secrets:
    description:
      - What to do with values that the server does not show, so that they cannot be compared. That are locked variables, everything secret
        when the token lacks C(read:sensitive), and settings that the server's version does not return.
      - V(always) writes them in each run, which then reports a change.
      - V(on_create) writes them only into what does not exist yet.
    type: str
    choices: [always, on_create]
    default: always
"""
