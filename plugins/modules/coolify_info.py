#!/usr/bin/python
# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: coolify_info
short_description: Gather information about a Coolify instance
version_added: 0.1.0
description:
  - Reads what is there and never changes anything.
  - Never returns a secret, whatever the token may read.
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
  gather:
    description:
      - What to read. Each comes back under its own name.
      - V(token) finds out what the token may do, by requests that Coolify refuses before it does anything.
      - V(deployments) are those that are queued or running; with O(project) and O(name), the last ten of that application.
    type: list
    elements: str
    choices: [version, token, teams, servers, projects, applications, databases, services, deployments, private_keys]
    default: [version, servers, projects]
  project:
    description:
      - Name or uuid of a project. Limits projects, applications, databases, services and deployments to it.
    type: str
  environment:
    description:
      - Name or uuid of an environment of O(project).
    type: str
  name:
    description:
      - Name or uuid of the things to return.
    type: str
"""

EXAMPLES = r"""
---
- name: See what the token may do, and on which version
  selfhosted.coolify.coolify_info:
    gather:
      - version
      - token
  register: coolify

- name: Show it
  ansible.builtin.debug:
    msg: "Coolify {{ coolify.version }}, abilities {{ coolify.token.abilities }}"

- name: List the applications of an environment
  selfhosted.coolify.coolify_info:
    gather:
      - applications
    project: shop
    environment: production
"""

RETURN = r"""
---
version:
  description: Coolify's version.
  returned: when O(gather) has V(version)
  type: str
  sample: 4.3.11
token:
  description: What the token may do. C(abilities) has V(read), V(read:sensitive) (V(null) when it could not be found out), V(write) and V(deploy).
  returned: when O(gather) has V(token)
  type: dict
  sample:
    abilities:
      deploy: true
      read: true
      read:sensitive: true
      write: true
teams:
  description: The team of the token, with C(id), C(name), C(description) and C(personal_team).
  returned: when O(gather) has V(teams)
  type: list
  elements: dict
servers:
  description: >-
    The servers, with C(uuid), C(name), C(description), C(ip), C(port), C(user), C(is_reachable), C(is_usable), C(is_coolify_host) and
    C(is_build_server).
  returned: when O(gather) has V(servers)
  type: list
  elements: dict
projects:
  description: The projects, with C(uuid), C(name), C(description) and C(environments) (each with C(uuid), C(name) and C(id)).
  returned: when O(gather) has V(projects)
  type: list
  elements: dict
applications:
  description:
    - The applications, with C(uuid), C(name), C(description), C(status), C(domains), C(build_pack), C(ports_exposes), C(environment_id)
      and their git and image fields.
    - With O(project) also C(project) and C(environment).
  returned: when O(gather) has V(applications)
  type: list
  elements: dict
databases:
  description:
    - The databases, with C(uuid), C(name), C(description), C(status), C(type), C(image), C(is_public), C(public_port) and C(environment_id).
    - With O(project) also C(project) and C(environment).
  returned: when O(gather) has V(databases)
  type: list
  elements: dict
services:
  description:
    - The services, with C(uuid), C(name), C(description), C(status), C(service_type) and C(environment_id).
    - With O(project) also C(project) and C(environment).
  returned: when O(gather) has V(services)
  type: list
  elements: dict
deployments:
  description: The deployments, with C(deployment_uuid), C(application_name), C(server_name), C(status), C(commit), C(created_at) and C(finished_at).
  returned: when O(gather) has V(deployments)
  type: list
  elements: dict
private_keys:
  description: The SSH keys, with C(uuid), C(name), C(description), C(fingerprint), C(is_git_related) and C(public_key).
  returned: when O(gather) has V(private_keys)
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
      description: V(true) when the change reaches the running database only with its next restart.
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

from ansible_collections.selfhosted.coolify.plugins.module_utils._resources.info import MODULE
from ansible_collections.selfhosted.coolify.plugins.module_utils._runner import main as run


def main() -> None:
    run(MODULE)


if __name__ == "__main__":
    main()
