#!/usr/bin/python
# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: coolify_s3_storage
short_description: Manage S3 storages in Coolify
version_added: 0.2.0
description:
  - Creates, changes and deletes an S3 storage of the team, which backups of databases and volumes go to.
  - Requires Coolify 4.3.0.
author:
  - selfhosted.coolify contributors (@selfhosted)
extends_documentation_fragment:
  - selfhosted.coolify._attributes
  - selfhosted.coolify._attributes.managing
  - selfhosted.coolify._connection
  - selfhosted.coolify._placement.secrets
attributes:
  idempotent:
    support: partial
    details:
      - A token that may not read O(key) and O(secret) cannot compare them; see O(update_secrets).
options:
  name:
    description:
      - Name of the storage. Coolify's names are not unique; two of the same name are an error that lists both uuids.
      - Together with O(uuid) it is the new name.
    type: str
  uuid:
    description:
      - Coolify's identifier of an existing storage.
    type: str
  description:
    description:
      - What it is for. An empty text removes it.
    type: str
  endpoint:
    description:
      - Address of the S3 service. Required for creation. Coolify refuses private addresses unless the instance allows them.
    type: str
  bucket:
    description:
      - Name of the bucket. Required for creation.
    type: str
  region:
    description:
      - Region of the bucket. Required for creation.
    type: str
  key:
    description:
      - Access key. Required for creation.
    type: str
  secret:
    description:
      - Secret key. Required for creation.
    type: str
  validate:
    description:
      - Whether Coolify tries the storage when it is new, changed, or counts as unusable. When that fails, everything is undone and the task fails.
      - Coolify does not back up volumes to a storage that it never tried.
    type: bool
    default: true
  state:
    description:
      - With V(absent) it is deleted, which needs O(confirm_destructive). Coolify never refuses that, and switches saving to S3 off in every
        schedule that has it. What is in the bucket stays.
    type: str
    choices: [present, absent]
    default: present
  confirm_destructive:
    description:
      - Has to be V(true) for deleting it. Otherwise the task ends as V(blocked) before it changes anything.
    type: bool
    default: false
"""

EXAMPLES = r"""
---
- name: Have an S3 storage
  selfhosted.coolify.coolify_s3_storage:
    name: backups
    endpoint: https://s3.eu-central-1.amazonaws.com
    bucket: acme-backups
    region: eu-central-1
    key: "{{ vault_s3_key }}"
    secret: "{{ vault_s3_secret }}"
  register: s3

- name: Back a database up to it
  selfhosted.coolify.coolify_db:
    project: shop
    name: db
    backups:
      - frequency: daily
        s3_storage_uuid: "{{ s3.resource_id }}"
"""

RETURN = r"""
---
s3_storage:
  description:
    - The storage as it is now, or would be in check mode; V(null) when it does not exist. Its keys are the names of the options, without
      O(ignore:key) and O(ignore:secret).
    - C(is_usable) says whether Coolify could use it when it last tried.
  returned: always
  type: dict
  sample:
    uuid: p0o8k4w0c8g4s0o8k4w0c8g4
    name: backups
    description: null
    endpoint: https://s3.eu-central-1.amazonaws.com
    bucket: acme-backups
    region: eu-central-1
    is_usable: true
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

from ansible_collections.selfhosted.coolify.plugins.module_utils._resources.s3 import MODULE
from ansible_collections.selfhosted.coolify.plugins.module_utils._runner import main as run


def main() -> None:
    run(MODULE)


if __name__ == "__main__":
    main()
