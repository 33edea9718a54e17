#!/usr/bin/python
# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: coolify_task
short_description: Manage and run scheduled tasks in Coolify
version_added: 0.2.0
description:
  - Creates, changes and deletes a scheduled task of an application or a service, and runs one now.
  - A task is a command that Coolify runs in a container on a schedule.
author:
  - selfhosted.coolify contributors (@selfhosted)
extends_documentation_fragment:
  - selfhosted.coolify._attributes
  - selfhosted.coolify._attributes.managing
  - selfhosted.coolify._connection
  - selfhosted.coolify._owner
  - selfhosted.coolify._placement.waiting
attributes:
  idempotent:
    support: partial
    details:
      - With O(state=executed) the task runs each time.
options:
  name:
    description:
      - Name of the task. Coolify's names are not unique; two of the same name are an error that lists both uuids.
      - Together with O(uuid) it is the new name.
    type: str
  uuid:
    description:
      - Coolify's identifier of an existing task.
    type: str
  command:
    description:
      - What runs in the container, through its C(sh). Required for creation. At most 255 characters; put more into a script of the image.
    type: str
  frequency:
    description:
      - When it runs. Required for creation.
      - Five fields of cron such as V(0 3 * * *), or one of V(every_minute), V(hourly), V(daily), V(weekly), V(monthly) and V(yearly).
      - Names for ranges of days (V(MON-FRI)), V(?), V(L) and a sixth field are not taken by Coolify.
    type: str
  container:
    description:
      - Name of the container, where there are several. An empty text removes it.
    type: str
  task_timeout:
    description:
      - Seconds after which Coolify gives a run up. Coolify's own name for it is C(timeout), and its default 300.
    type: int
  enabled:
    description:
      - Whether it runs on its schedule. A disabled task can be run with O(state=executed) all the same.
    type: bool
  executions:
    description:
      - How many of its last runs the result has in RV(executions). Not in check mode.
    type: int
    default: 0
  state:
    description:
      - With V(executed) the task is as with V(present), and then runs now, whatever its schedule; Coolify 4.3.0 is required.
        The result has its output in RV(execution), and the task fails when the run failed.
      - With V(absent) it is deleted, with the history of its runs.
    type: str
    choices: [present, absent, executed]
    default: present
"""

EXAMPLES = r"""
---
- name: Clean up every night
  selfhosted.coolify.coolify_task:
    project: shop
    application: web
    name: clean
    command: python manage.py clearsessions
    frequency: 0 3 * * *

- name: Migrate the database now
  selfhosted.coolify.coolify_task:
    project: shop
    application: web
    name: migrate
    command: python manage.py migrate --noinput
    frequency: yearly
    enabled: false
    state: executed
  register: migration

- name: Show what it printed
  ansible.builtin.debug:
    msg: "{{ migration.execution.output }}"

- name: Remove it
  selfhosted.coolify.coolify_task:
    project: shop
    application: web
    name: clean
    state: absent
"""

RETURN = r"""
---
task:
  description: The task as it is now, or would be in check mode; V(null) when it does not exist. Its keys are the names of the options.
  returned: always
  type: dict
  sample:
    uuid: p0o8k4w0c8g4s0o8k4w0c8g4
    name: clean
    command: python manage.py clearsessions
    frequency: 0 3 * * *
    container: null
    task_timeout: 300
    enabled: true
execution:
  description:
    - The run, with C(uuid), C(status), C(output), C(started_at), C(finished_at) and C(duration). V(null) in check mode and without waiting.
    - Values of the resource's variables that are named like secrets are blanked in the output.
  returned: with O(ignore:state=executed)
  type: dict
executions:
  description: Its last runs, newest first, each like RV(execution). Empty in check mode.
  returned: when O(executions) is more than 0
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

from ansible_collections.selfhosted.coolify.plugins.module_utils._resources.task import MODULE
from ansible_collections.selfhosted.coolify.plugins.module_utils._runner import main as run


def main() -> None:
    run(MODULE)


if __name__ == "__main__":
    main()
