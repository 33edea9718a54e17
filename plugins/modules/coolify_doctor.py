#!/usr/bin/python
# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: coolify_doctor
short_description: Check whether controller, token, Coolify and servers fit together
version_added: 0.2.0
description:
  - Looks at the address, TLS, the token, whether the API is on and allows this controller, the version, what the token may do and what it
    therefore cannot, whether Coolify reaches its servers, and the clocks. It changes nothing.
  - A check that fails is not a failed task; RV(status) says V(issues_detected) then. Where the options themselves cannot be used, the task fails.
  - The playbook C(selfhosted.coolify.doctor) uses it, also looks at the servers by SSH, and fails when something has to be done.
author:
  - selfhosted.coolify contributors (@selfhosted)
extends_documentation_fragment:
  - selfhosted.coolify._attributes
  - selfhosted.coolify._connection
attributes:
  check_mode:
    support: full
  diff_mode:
    support: N/A
    details:
      - It changes nothing.
  idempotent:
    support: full
options:
  abilities:
    description:
      - What the token is meant to be able to do. What else it lacks is not counted as failed.
    type: list
    elements: str
    choices: [read, "read:sensitive", write, deploy]
    default: [read, "read:sensitive", write, deploy]
  hosts:
    description:
      - What was found out on hosts. If it is given, it is judged and Coolify is not asked.
    type: list
    elements: dict
    suboptions:
      name:
        description:
          - Name of the host.
        type: str
        required: true
      unreachable:
        description:
          - Whether it could not be logged in to.
        type: bool
        default: false
      error:
        description:
          - Why it could not be looked at.
        type: str
      evidence:
        description:
          - The C(host_evidence) of M(selfhosted.coolify.coolify_host_info).
        type: dict
      before:
        description:
          - The controller's clock before that, in seconds since 1970.
        type: float
      after:
        description:
          - The controller's clock after that.
        type: float
seealso:
  - module: selfhosted.coolify.coolify_diagnose
  - module: selfhosted.coolify.coolify_host_info
"""

EXAMPLES = r"""
---
- name: Check Coolify with a token that is only meant to read
  selfhosted.coolify.coolify_doctor:
    abilities: [read]
  register: doctor

- name: Show what was found
  ansible.builtin.debug:
    var: doctor.lines

- name: Stop here when something has to be done first
  ansible.builtin.assert:
    that: doctor.summary.failed == 0
"""

RETURN = r"""
---
checks:
  description: >-
    What was looked at, each with C(check) (V(address), V(tls), V(token), V(api), V(ip), V(version), V(read), V(read:sensitive), V(write),
    V(deploy), V(server), V(clock), V(ssh) or V(docker)), C(subject) (the server or host that it is about), C(outcome) (V(passed), V(failed) or
    V(skipped)), C(reason) and C(todo).
  returned: success
  type: list
  elements: dict
  sample:
    - check: api
      outcome: failed
      reason: the API is switched off
      subject: null
      todo: Switch the API on in Coolify under Settings → Configuration → Advanced → API Access (a new instance has it off).
lines:
  description: The same as text.
  returned: success
  type: list
  elements: str
summary:
  description: How many C(passed), C(failed) and were C(skipped).
  returned: success
  type: dict
  sample:
    failed: 1
    passed: 2
    skipped: 9
servers:
  description: The servers with the way to them, with C(uuid), C(name), C(address), C(port), C(user) and C(is_coolify_host).
  returned: success
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

from ansible_collections.selfhosted.coolify.plugins.module_utils._resources.doctor import MODULE
from ansible_collections.selfhosted.coolify.plugins.module_utils._runner import main as run


def main() -> None:
    run(MODULE)


if __name__ == "__main__":
    main()
