#!/usr/bin/python
# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: coolify_deploy
short_description: Deploy applications in Coolify, verify and roll back
version_added: 0.1.0
description:
  - Deploys an existing application as it is configured, in one transaction. Gates are checked before anything is changed, the deployment is
    followed and verified, and when anything fails, what ran before is deployed again.
  - M(selfhosted.coolify.coolify_app) with O(ignore:state=deployed) does the same together with changes of the configuration and the variables.
author:
  - selfhosted.coolify contributors (@selfhosted)
extends_documentation_fragment:
  - selfhosted.coolify._attributes
  - selfhosted.coolify._attributes.managing
  - selfhosted.coolify._connection
  - selfhosted.coolify._placement.waiting
  - selfhosted.coolify._deployment
  - selfhosted.coolify._deployment.proxy
  - selfhosted.coolify._deployment.expectations
  - selfhosted.coolify._deployment.target
attributes:
  idempotent:
    support: partial
    details:
      - O(deploy=always), O(force), O(pull_request_id) and O(state=rolled_back) deploy each time.
options:
  name:
    description:
      - Name of the application inside O(project) and O(environment).
    type: str
  uuid:
    description:
      - Coolify's identifier of the application. O(project) and O(environment) are not needed then.
    type: str
  project:
    description:
      - Name or uuid of the project. Required to find the application by its name.
    type: str
  environment:
    description:
      - Name or uuid of the environment. Without it, V(production) is used to find the application by its name.
    type: str
  state:
    description:
      - V(deployed) means that the last deployment succeeded and that the application runs; O(deploy) says what else makes it deploy.
      - V(rolled_back) goes back to O(rollback_to) or O(rollback_point).
    type: str
    choices: [deployed, rolled_back]
    default: deployed
  confirm_destructive:
    description:
      - Has to be V(true) when going back to O(rollback_point) destroys something, such as by leaving a build pack.
    type: bool
    default: false
"""

EXAMPLES = r"""
---
- name: Deploy what is configured, if it is not running yet
  selfhosted.coolify.coolify_deploy:
    project: shop
    name: web

- name: Build anew and expect a certain answer
  selfhosted.coolify.coolify_deploy:
    project: shop
    name: web
    force: true
    verify_path: /health
    verify_text: ok
    max_response_time_p95: 500
    fail_on_log: [Traceback]
  register: deployed

- name: Go back to the tag that ran before
  selfhosted.coolify.coolify_deploy:
    project: shop
    name: web
    state: rolled_back
    rollback_to: "1.27"
"""

RETURN = r"""
---
application:
  description:
    - The application as it is now, or would be in check mode, as M(selfhosted.coolify.coolify_app) returns it.
  returned: always
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
gates:
  description:
    - What was checked before anything was changed, each with C(gate), C(outcome), C(reason) and C(evidence).
    - C(outcome) is V(passed), V(failed) or V(skipped); a gate without evidence is skipped.
  returned: when there is something to deploy
  type: list
  elements: dict
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

from ansible_collections.selfhosted.coolify.plugins.module_utils._resources.application import DEPLOY_MODULE
from ansible_collections.selfhosted.coolify.plugins.module_utils._runner import main as run


def main() -> None:
    run(DEPLOY_MODULE)


if __name__ == "__main__":
    main()
