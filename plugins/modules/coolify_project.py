#!/usr/bin/python
# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: coolify_project
short_description: Manage projects and their environments in Coolify
version_added: 0.1.0
description:
  - Creates, changes and deletes a project and the environments in it.
  - Environments that are not listed stay, unless O(purge) is set. Coolify itself creates the environment V(production) with each project.
  - A project or environment that still has resources is never deleted; the error lists them. In check mode it is a warning, because an earlier task
    of the same run may be going to delete them.
author:
  - selfhosted.coolify contributors (@selfhosted)
extends_documentation_fragment:
  - selfhosted.coolify._attributes
  - selfhosted.coolify._attributes.managing
  - selfhosted.coolify._connection
attributes:
  idempotent:
    support: full
options:
  name:
    description:
      - Name of the project. Coolify's names are not unique; two of the same name are an error that lists both uuids.
      - Together with O(uuid) it is the new name.
    type: str
  uuid:
    description:
      - Coolify's identifier of an existing project.
    type: str
  description:
    description:
      - What the project is for. An empty text removes it.
    type: str
  environments:
    description:
      - Names of the environments that the project has to have. Coolify stores them in lower case, with V(-) for V(/).
    type: list
    elements: str
  purge:
    description:
      - Whether to delete the environments that are not in O(environments). They have to be empty, and O(confirm_destructive) is needed.
    type: bool
    default: false
  state:
    description:
      - Whether the project exists.
    type: str
    choices: [present, absent]
    default: present
  confirm_destructive:
    description:
      - Has to be V(true) for deleting a project or an environment. Otherwise the task ends as V(blocked) before it changes anything.
      - Check mode shows the plan without it.
    type: bool
    default: false
"""

EXAMPLES = r"""
---
- name: Have a project with two environments
  selfhosted.coolify.coolify_project:
    name: shop
    description: The web shop
    environments:
      - production
      - staging

- name: Remove an empty environment
  selfhosted.coolify.coolify_project:
    name: shop
    environments:
      - production
    purge: true
    confirm_destructive: true

- name: Remove an empty project
  selfhosted.coolify.coolify_project:
    name: shop
    state: absent
    confirm_destructive: true
"""

RETURN = r"""
---
project:
  description: The project as it is now, or would be in check mode; V(null) when it does not exist.
  returned: always
  type: dict
  contains:
    uuid:
      description: Coolify's identifier.
      type: str
      sample: p0o8k4w0c8g4s0o8k4w0c8g4
    name:
      description: Its name.
      type: str
      sample: shop
    description:
      description: Its description.
      type: str
      sample: The web shop
    environments:
      description: Its environments, each with C(uuid) and C(name).
      type: list
      elements: dict
resources:
  description: What still depends on a project that cannot be deleted, each with C(uuid), C(name), C(type) and C(environment).
  returned: when deleting was refused because of them
  type: list
  elements: dict
# The rest is the same for all modules; scripts/returns.py writes it
status:
  description:
    - V(success), or V(plan_ready) in check mode. V(pending) when O(ignore:wait=false) left something unfinished.
    - On failure V(failed), V(blocked) when a confirmation is missing, or V(rolled_back) when everything was undone.
  returned: always
  type: str
  sample: success
mode:
  description: V(on-demand), or V(dry-run) in check mode.
  returned: always
  type: str
  sample: on-demand
resource_id:
  description: The uuid of what the task is about; V(null) when it does not exist.
  returned: always
  type: str
  sample: m4k8w0s2c6g0o4w8k2s6c0gq
details:
  description: What happened.
  returned: always
  type: dict
  contains:
    started_at:
      description: When the task began, in UTC.
      type: str
      sample: "2026-11-24T10:00:00Z"
    completed_at:
      description: When the task ended, in UTC.
      type: str
    duration_seconds:
      description: How long it took.
      type: float
    timeline:
      description: What was seen while waiting, each with C(at) and C(event). There when something was created or waited for.
      type: list
      elements: dict
    pending:
      description: What to poll. There when O(ignore:wait=false) left something unfinished.
      type: str
    deployment_uuid:
      description: The deployment that a start, restart or deployment of an application queued, or the last one when there was nothing to deploy.
      type: str
    deployment_reason:
      description: Why there was something to deploy.
      type: str
    rollback_deployment_uuid:
      description: The deployment that brought back what ran before.
      type: str
    restored:
      description: What was undone. There after a failure that was rolled back.
      type: list
      elements: str
    not_restored:
      description: What could not be undone. There after a failure that was rolled back.
      type: list
      elements: str
    manual_steps:
      description: What to do by hand. There when something could not be undone.
      type: list
      elements: str
    redeploy_required:
      description: V(true) when the change reaches the running application only with its next deployment.
      type: bool
    restart_required:
      description: V(true) when the change reaches the running database or service only with its next restart.
      type: bool
metrics:
  description: Figures about server and application. What nobody measured is V(null).
  returned: always
  type: dict
execution_plan:
  description: The steps that the task makes, or would make, with their estimated seconds, and the risks that should be known before.
  returned: always
  type: dict
  contains:
    steps:
      description: Each with C(order), C(action) and C(estimated_duration).
      type: list
      elements: dict
    total_estimated_duration:
      description: Seconds.
      type: float
    gates_to_check:
      description: Names of the gates.
      type: list
      elements: str
    risks:
      description: Each with C(level) and C(description).
      type: list
      elements: dict
diff:
  description: The fields in question, C(before) and C(after). Secrets show that they differ and nothing else.
  returned: always
  type: dict
plan_id:
  description: Identifies the run; V(txn-…) when it was applied, V(plan-…) in check mode.
  returned: unless the task failed before there was a plan
  type: str
  sample: txn-1794470400-1f2e3d4c
rollback_point:
  description:
    - The configuration as found, without secrets, in C(configuration); C(config_hash), C(image_tag), C(commit), C(resource_id).
    - C(deployment_id) is V(null) where no deployment was looked up.
  returned: unless the task failed before there was a plan
  type: dict
impact_analysis:
  description: What applying would mean, in C(downtime_expected), C(downtime_reasons), C(rollback_available) and C(affected_users).
  returned: in check mode
  type: dict
message:
  description: That nothing was applied, and how to apply it.
  returned: in check mode
  type: str
error:
  description: What was tried, on what, and what the answer was; the same as C(msg).
  returned: on failure
  type: str
code:
  description: The HTTP status of an API error, or one of the collection's own codes from 600, which its guide to errors lists.
  returned: on failure
  type: int
  sample: 409
troubleshooting:
  description: What to do next.
  returned: on failure
  type: str
incident:
  description: >-
    The failure as a record, with C(id), C(started_at), C(stage), C(root_cause), C(severity), C(recommended_fix), C(last_logs_sample) and
    C(related_resources).
  returned: on failure
  type: dict
"""

from ansible_collections.selfhosted.coolify.plugins.module_utils._resources.project import MODULE
from ansible_collections.selfhosted.coolify.plugins.module_utils._runner import main as run


def main() -> None:
    run(MODULE)


if __name__ == "__main__":
    main()
