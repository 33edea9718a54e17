#!/usr/bin/python
# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: coolify_resource
short_description: Move and clone resources in Coolify, and delete previews
version_added: 0.2.0
description:
  - Moves an application, a database or a service to another environment, clones one, or deletes a preview deployment of an application.
  - The list of previews is in M(selfhosted.coolify.coolify_info).
author:
  - selfhosted.coolify contributors (@selfhosted)
extends_documentation_fragment:
  - selfhosted.coolify._attributes
  - selfhosted.coolify._attributes.managing
  - selfhosted.coolify._connection
  - selfhosted.coolify._owner
  - selfhosted.coolify._owner.database
attributes:
  idempotent:
    support: partial
    details:
      - Before Coolify 4.4.0 a preview cannot be looked up. Then O(state=preview_absent) tries to delete it in each run, and reports a change only when it
        was there.
options:
  state:
    description:
      - V(moved) brings it to O(to_environment) of O(to_project), where nothing is done when it is there already. Containers keep running.
        Requires Coolify 4.2.0.
      - V(cloned) makes a copy of the name O(name), where nothing is done when there is one of that name already. Variables, storages, tags and
        scheduled tasks are copied. Coolify clones into the same environment, so with O(to_environment) the clone is moved there afterwards.
        The clone is not started. Requires Coolify 4.3.0.
      - V(preview_absent) deletes the preview of O(pull_request_id), with its containers and volumes, which needs O(confirm_destructive).
    type: str
    choices: [moved, cloned, preview_absent]
    required: true
  to_project:
    description:
      - Name or uuid of the project to go to. The default is the one where it is.
    type: str
  to_environment:
    description:
      - Name or uuid of the environment to go to. With O(to_project) the default is V(production).
    type: str
  name:
    description:
      - Name of the clone.
    type: str
  server:
    description:
      - Name or uuid of the server that the clone is for. The default is the one of its source.
    type: str
  destination:
    description:
      - Name or uuid of the destination (Docker network) that the clone is for.
    type: str
  clone_volumes:
    description:
      - Whether what is in the volumes is copied. Coolify does that in the background, stops the source meanwhile and starts it again afterwards.
    type: bool
    default: false
  pull_request_id:
    description:
      - Number of the pull request.
    type: int
  confirm_destructive:
    description:
      - Has to be V(true) for deleting a preview. Otherwise the task ends as V(blocked) before it changes anything.
    type: bool
    default: false
"""

EXAMPLES = r"""
---
- name: Move an application to another project
  selfhosted.coolify.coolify_resource:
    project: shop
    application: web
    to_project: shop-live
    state: moved

- name: Make a staging copy of a database, with its data
  selfhosted.coolify.coolify_resource:
    project: shop
    database: main
    name: main-staging
    to_environment: staging
    clone_volumes: true
    state: cloned

- name: Delete the preview of a merged pull request
  selfhosted.coolify.coolify_resource:
    project: shop
    application: web
    pull_request_id: 42
    state: preview_absent
    confirm_destructive: true
"""

RETURN = r"""
---
resource:
  description: What was moved, the clone, or the application of the preview.
  returned: always
  type: dict
  contains:
    uuid:
      description: Coolify's identifier; V(null) for a clone that does not exist yet.
      type: str
    name:
      description: Its name.
      type: str
    kind:
      description: V(application), V(database) or V(service).
      type: str
    status:
      description: Its status in Coolify.
      type: str
    project:
      description: Its project, C(uuid) and C(name).
      type: dict
    environment:
      description: Its environment, C(uuid) and C(name).
      type: dict
    server:
      description: Its server, C(uuid) and C(name).
      type: dict
    destination:
      description: Its destination, C(uuid) and C(name).
      type: dict
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

from ansible_collections.selfhosted.coolify.plugins.module_utils._resources.relocation import MODULE
from ansible_collections.selfhosted.coolify.plugins.module_utils._runner import main as run


def main() -> None:
    run(MODULE)


if __name__ == "__main__":
    main()
