#!/usr/bin/python
# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: coolify_logs
short_description: Read the logs of applications, databases, services and deployments in Coolify
version_added: 0.1.0
description:
  - Returns log lines as entries with time and level, filtered.
  - Passwords in URLs and the values of variables that are named like secrets are blanked.
  - Of a container that does not run Coolify shows no log; then the lines in O(host_evidence) are used.
author:
  - selfhosted.coolify contributors (@selfhosted)
extends_documentation_fragment:
  - selfhosted.coolify._attributes
  - selfhosted.coolify._connection
attributes:
  check_mode:
    support: full
    details:
      - It only reads.
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  target:
    description:
      - Name or uuid of the application, database or service. A name without O(project) is looked for in everything that the team has.
    type: str
    required: true
  type:
    description:
      - V(application) and V(database) read what its container says, V(deployment) what its last deployment, or O(deployment_uuid), said.
      - V(service) reads what its containers say. Needs Coolify 4.2 or later.
    type: str
    choices: [application, database, service, deployment]
    default: application
  container:
    description:
      - With O(type=service), the name of the only container to read.
    type: str
    version_added: 0.2.0
  deployment_uuid:
    description:
      - With O(type=deployment), another deployment than the last.
    type: str
  project:
    description:
      - Name or uuid of the project that O(target) is in.
    type: str
  environment:
    description:
      - Name or uuid of the environment. Without it, V(production).
    type: str
  lines:
    description:
      - How many of the last lines are returned, 1 to 10000. Without O(since) and O(until) they are counted before the filters.
    type: int
    default: 100
  since:
    description:
      - How long ago, such as V(30m), V(24h) or V(7d), or a time such as V(2026-11-24T10:00:00Z). Needs Coolify 4.2 or later, except for deployments.
    type: str
  until:
    description:
      - The same for the end.
    type: str
  level:
    description:
      - The least level. Lines that say no level are left out then; indented ones have that of the line before.
    type: str
    choices: [debug, info, warning, error]
  grep:
    description:
      - A regular expression that the message has to match.
    type: str
  host_evidence:
    description:
      - What was found out on the server, with the logs of its containers.
    type: dict
"""

EXAMPLES = r"""
---
- name: Read the errors of the last hour
  selfhosted.coolify.coolify_logs:
    project: shop
    target: web
    since: 1h
    level: error
  register: errors

- name: Read what the last deployment said about npm
  selfhosted.coolify.coolify_logs:
    project: shop
    target: web
    type: deployment
    grep: npm
"""

RETURN = r"""
---
logs:
  description: The lines, oldest first.
  returned: success
  type: list
  elements: dict
  contains:
    at:
      description: When, in UTC; V(null) where it is not known.
      type: str
    level:
      description: V(debug), V(info), V(warning) or V(error); V(null) where the line does not say it.
      type: str
    message:
      description: What it says.
      type: str
    source:
      description: V(coolify), V(deployment) or V(host_evidence).
      type: str
    container:
      description: Which container of the service says it.
      returned: with O(type=service)
      type: str
read:
  description: How many lines were read before the filters.
  returned: success
  type: int
note:
  description: Why there are no lines, or where they come from. V(null) when there is nothing to say.
  returned: success
  type: str
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

from ansible_collections.selfhosted.coolify.plugins.module_utils._resources.logs import MODULE
from ansible_collections.selfhosted.coolify.plugins.module_utils._runner import main as run


def main() -> None:
    run(MODULE)


if __name__ == "__main__":
    main()
