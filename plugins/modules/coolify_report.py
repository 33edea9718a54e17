#!/usr/bin/python
# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: coolify_report
short_description: Gather what a report about everything in Coolify needs
version_added: 0.2.0
description:
  - Reads the servers, applications, databases and services of the token's team, the way from each domain to its container, the last deployments,
    the certificates that the domains present, and what is wrong. It changes nothing.
  - The role C(report) makes a page of it.
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
  project:
    description:
      - Name or uuid of the project to report about. Without it, everything in the team.
    type: str
  environment:
    description:
      - Name or uuid of an environment of O(project).
    type: str
  deployments:
    description:
      - How many of the last deployments of each application are read, between V(0) and V(100). Each application costs a request.
    type: int
    default: 10
  probe:
    description:
      - Whether the domains are asked for their certificates, from where the task runs.
    type: bool
    default: true
  diagnose:
    description:
      - Whether M(selfhosted.coolify.coolify_diagnose) looks at what does not run or failed to deploy, at most 20 of them, without evidence from
        the servers.
    type: bool
    default: true
seealso:
  - module: selfhosted.coolify.coolify_diagnose
  - module: selfhosted.coolify.coolify_info
"""

EXAMPLES = r"""
---
- name: See what is wrong in a project
  selfhosted.coolify.coolify_report:
    project: shop
    deployments: 3
  register: estate

- name: Show it
  ansible.builtin.debug:
    msg: "{{ item.severity }}: {{ item.resource }}: {{ item.cause }}"
  loop: "{{ estate.report.findings }}"
"""

RETURN = r"""
---
report:
  description: What was found, without any secret.
  returned: success
  type: dict
  contains:
    generated_at:
      description: When, in UTC.
      type: str
    url:
      description: Address of Coolify.
      type: str
    version:
      description: Coolify's version.
      type: str
    servers:
      description: The servers.
      type: list
      elements: dict
    applications:
      description: >-
        The applications, what is wrong first, each with C(state), C(health), C(project), C(environment), C(server), C(source), C(ways) (each with
        C(domain), C(proxy), C(server) and C(port)) and C(deployments) (the newest last, each with C(status), C(created_at) and C(seconds)).
      type: list
      elements: dict
    databases:
      description: The databases, what is wrong first.
      type: list
      elements: dict
    services:
      description: The services, what is wrong first.
      type: list
      elements: dict
    certificates:
      description: What the domains present, those that end first at the top, each with C(host), C(days), C(issuer), C(error), C(reached)
        and C(applications).
      type: list
      elements: dict
    findings:
      description: What is wrong, the worst first, each with C(resource), C(severity), C(cause), C(recommended_fix) and C(rule).
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

from ansible_collections.selfhosted.coolify.plugins.module_utils._resources.report import MODULE
from ansible_collections.selfhosted.coolify.plugins.module_utils._runner import main as run


def main() -> None:
    run(MODULE)


if __name__ == "__main__":
    main()
