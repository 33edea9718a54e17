#!/usr/bin/python
# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: coolify_env
short_description: Manage environment variables in Coolify
version_added: 0.1.0
description:
  - Sets and removes the environment variables of an application, a database or a service, or the shared variables of a team, project, environment or server.
  - Reads once and writes at most once, whatever the number of variables, plus one request for each variable that is removed.
    Shared variables are written one by one, because Coolify has no bulk request for them.
  - Every attribute is sent explicitly, because Coolify resets what is left out.
  - Nothing is restarted or deployed; RV(details.redeploy_required) says when that is needed.
author:
  - selfhosted.coolify contributors (@selfhosted)
extends_documentation_fragment:
  - selfhosted.coolify._attributes
  - selfhosted.coolify._attributes.managing
  - selfhosted.coolify._connection
  - selfhosted.coolify._variables
  - selfhosted.coolify._placement.secrets
attributes:
  idempotent:
    support: partial
    details:
      - Values that Coolify does not show cannot be compared; see O(update_secrets).
options:
  application:
    description:
      - The application. With O(project) its name or uuid, otherwise its uuid.
    type: str
  database:
    description:
      - The database. With O(project) its name or uuid, otherwise its uuid.
    type: str
  service:
    description:
      - The service. With O(project) its name or uuid, otherwise its uuid.
      - O(purge) leaves the variables that its compose file names, for which the token needs C(read:sensitive).
    type: str
    version_added: 0.2.0
  scope:
    description:
      - Manage shared variables instead; values refer to them as V({{team.KEY}}), V({{project.KEY}}), V({{environment.KEY}}) or V({{server.KEY}}).
      - V(project) needs O(project), V(environment) needs O(project) and O(environment), V(server) needs O(server).
      - Requires Coolify 4.3.0.
    type: str
    choices: [team, project, environment, server]
  project:
    description:
      - Name or uuid of the project.
    type: str
  environment:
    description:
      - Name or uuid of the environment. Without it, V(production) is used to find O(application), O(database) and O(service).
    type: str
  server:
    description:
      - Name or uuid of the server, for O(scope=server). With O(database) it narrows the search for types that Coolify does not list by environment.
    type: str
  is_literal:
    description:
      - Whether C($) in the values is left as it is. Default of all variables of the task that do not say it themselves.
    type: bool
  is_multiline:
    description:
      - Whether the values have several lines. Default of all variables of the task that do not say it themselves.
    type: bool
  is_shown_once:
    description:
      - Whether the values are locked, so that Coolify never shows them again. Default of all variables of the task that do not say it themselves.
      - A new locked variable gets its preview copy locked as well, which Coolify itself leaves readable.
    type: bool
  is_runtime:
    description:
      - Whether the container gets the variables. Default of all variables of the task that do not say it themselves.
      - Not for shared variables.
    type: bool
  is_buildtime:
    description:
      - Whether the build gets the variables. Default of all variables of the task that do not say it themselves.
      - Not for shared variables.
    type: bool
  is_preview:
    description:
      - Whether the variables are those of preview deployments. Default of all variables of the task that do not say it themselves.
      - Coolify copies each new variable of an application into a preview one of the same key; later changes and deletions of the one do not touch
        the other. O(purge) removes only variables of this kind.
      - For applications only.
    type: bool
  comment:
    description:
      - A remark, at most 256 characters. Default of all variables of the task that do not say it themselves. An empty text removes it.
    type: str
  state:
    description:
      - With V(absent), the keys of O(variables) and O(secrets) are removed; their values do not matter and may be null.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
---
- name: Set variables of an application
  selfhosted.coolify.coolify_env:
    project: shop
    application: web
    variables:
      DEBUG: "false"
      WORKERS: 4
      GREETING:
        value: "costs $5"
        is_literal: true
    secrets:
      SECRET_KEY: "{{ vault_secret_key }}"

- name: Have exactly these variables, at run time only
  selfhosted.coolify.coolify_env:
    project: shop
    environment: staging
    application: web
    is_buildtime: false
    purge: true
    variables:
      DEBUG: "true"

- name: Set a variable of the preview deployments
  selfhosted.coolify.coolify_env:
    project: shop
    application: web
    is_preview: true
    variables:
      DEBUG: "true"

- name: Remove a variable
  selfhosted.coolify.coolify_env:
    project: shop
    application: web
    state: absent
    variables:
      GREETING:

- name: Share a secret with everything in a project
  selfhosted.coolify.coolify_env:
    scope: project
    project: shop
    secrets:
      SENTRY_DSN: "{{ vault_sentry_dsn }}"
"""

RETURN = r"""
---
variables:
  description:
    - The declared variables by key, as they are now, or would be in check mode.
    - Values of O(secrets) are masked.
  returned: always
  type: dict
  sample:
    DEBUG:
      is_buildtime: true
      is_literal: false
      is_multiline: false
      is_preview: false
      is_runtime: true
      is_shown_once: false
      value: "false"
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

from ansible_collections.selfhosted.coolify.plugins.module_utils._resources.environment import MODULE
from ansible_collections.selfhosted.coolify.plugins.module_utils._runner import main as run


def main() -> None:
    run(MODULE)


if __name__ == "__main__":
    main()
