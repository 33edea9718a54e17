#!/usr/bin/python
# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: coolify_registry
short_description: Log a server in to a container registry through Coolify
version_added: 0.2.0
description:
  - Logs a server in to a registry or out of it, which Coolify does with C(docker login) on the server, for the Docker configuration that its
    deployments use. Nothing has to be run on the server itself.
  - Needs Coolify 4.4.0 or later, and a token with C(read:sensitive) (or C(root)) beside C(write). On an older Coolify log in on the server itself.
author:
  - selfhosted.coolify contributors (@selfhosted)
extends_documentation_fragment:
  - selfhosted.coolify._attributes
  - selfhosted.coolify._attributes.managing
  - selfhosted.coolify._connection
attributes:
  idempotent:
    support: full
    details:
      - With O(update_secrets=always) it logs in each time.
options:
  server:
    description:
      - Name or uuid of the server.
      - In check mode a server that does not exist gives a warning instead of an error, because an earlier task of the same run may be going
        to create it.
    type: str
    required: true
  registry:
    description:
      - Host of the registry, optionally with a port. A scheme and a path are cut off; V(docker.io) is Docker Hub.
    type: str
    required: true
  username:
    description:
      - Who to log in as. Required for logging in.
    type: str
  password:
    description:
      - Password or access token. Required for logging in. Coolify never shows it.
    type: str
  state:
    description:
      - Whether the server is logged in to the registry.
    type: str
    choices: [present, absent]
    default: present
  update_secrets:
    description:
      - When to log in again, because nobody can compare the password with the one that is saved.
      - V(on_create) logs in when the server is not logged in, is logged in as somebody else, or when the saved login does not work any more.
        For that Coolify tries it, which changes nothing and is done in check mode too.
      - V(always) logs in each time, which then reports a change.
    type: str
    choices: [always, on_create]
    default: on_create
  confirm_destructive:
    description:
      - Has to be V(true) for logging out of a registry that something on the server pulls from.
      - Otherwise the task ends as V(blocked) before it changes anything.
      - Check mode shows the plan without it.
    type: bool
    default: false
notes:
  - How Coolify answers is known from reading its code, and was not tried on a real Coolify 4.4.
  - A login that a credential helper on the server keeps has no user that Coolify could show. It is left alone as long as it works, and Coolify
    cannot log out of it.
seealso:
  - module: selfhosted.coolify.coolify_server
"""

EXAMPLES = r"""
---
- name: Let a server pull private images from GitHub's registry
  selfhosted.coolify.coolify_registry:
    server: web1
    registry: ghcr.io
    username: acme-bot
    password: "{{ ghcr_token }}"

- name: Log out
  selfhosted.coolify.coolify_registry:
    server: web1
    registry: ghcr.io
    state: absent
    confirm_destructive: true
"""

RETURN = r"""
---
registry:
  description: The login as it is now, or would be in check mode; V(null) when the server does not exist and O(state=absent).
  returned: always
  type: dict
  contains:
    registry:
      description: The registry as Coolify names it.
      type: str
      sample: ghcr.io
    logged_in:
      description: Whether the server is logged in to it.
      type: bool
    source:
      description: Where the server keeps the login, V(auths) or V(credHelpers).
      type: str
      sample: auths
    username:
      description: Who is logged in, where that can be told.
      type: str
      sample: acme-bot
    used_by:
      description: What on the server uses images of the registry, each with C(type) and C(name).
      type: list
      elements: dict
    server:
      description: The server, C(uuid) and C(name).
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

from ansible_collections.selfhosted.coolify.plugins.module_utils._resources.registry import MODULE
from ansible_collections.selfhosted.coolify.plugins.module_utils._runner import main as run


def main() -> None:
    run(MODULE)


if __name__ == "__main__":
    main()
