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
      - V(deployments) are those that are queued or running; with O(project) and O(name), the last ten of that application; with O(project)
        and O(since) or O(limit), the past ones of the applications there.
      - V(storages), V(scheduled_tasks) and V(previews) are those of the resources that O(project), O(environment) and O(name) leave, with one request
        for each of these. V(tags) need Coolify 4.2.0, V(s3_storages) 4.3.0 and V(previews) 4.4.0.
      - V(destinations) needs Coolify 4.2.0 or later. V(registries) needs 4.4.0 and a token with V(read:sensitive) or V(root).
      - V(audit_events) is what Coolify recorded of who did what in the token's team. It needs Coolify 4.4.0 or later and a token whose owner is
        an admin of the team, with V(read:sensitive) or V(root) also for e-mail, token name and address of the actor.
    type: list
    elements: str
    choices:
      - version
      - token
      - teams
      - servers
      - projects
      - applications
      - databases
      - services
      - deployments
      - tags
      - s3_storages
      - storages
      - scheduled_tasks
      - previews
      - private_keys
      - destinations
      - registries
      - audit_events
    default: [version, servers, projects]
  project:
    description:
      - Name or uuid of a project. Limits projects, applications, databases, services, what belongs to these, and deployments to it.
    type: str
  environment:
    description:
      - Name or uuid of an environment of O(project).
    type: str
  name:
    description:
      - Name or uuid of the things to return. For V(audit_events), V(storages), V(scheduled_tasks) and V(previews), of the resource that they are about;
        for V(registries), of the server.
    type: str
  since:
    description:
      - From when on V(audit_events) and V(deployments) are wanted; how long ago in seconds, minutes, hours, days or weeks, such as V(30m), V(24h)
        and V(7d), or a time such as V(2026-11-24T10:00:00Z), in UTC unless it says otherwise.
      - If it is not given, audit events of the last 24 hours are returned.
    type: str
  limit:
    description:
      - How many V(audit_events), and how many V(deployments), are returned at most, the newest.
      - If it is not given, it is 100 for audit events, and for deployments with O(since).
    type: int
notes:
  - How V(audit_events) and V(previews) are answered is known from reading Coolify's code, and was not tried on a real Coolify 4.4.
  - Coolify keeps V(audit_events) for 90 days.
  - O(project) does not limit V(audit_events); Coolify does not tell the project of an event.
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

- name: See what was deployed in a project in the last week
  selfhosted.coolify.coolify_info:
    gather:
      - deployments
    project: shop
    since: 7d

- name: See which volumes a project has, and what runs in it on a schedule
  selfhosted.coolify.coolify_info:
    gather:
      - storages
      - scheduled_tasks
    project: shop

- name: See who did what with an application today
  selfhosted.coolify.coolify_info:
    gather:
      - audit_events
    name: web
    since: 24h
    limit: 20
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
  description: >-
    The deployments, with C(deployment_uuid), C(application_name), C(server_name), C(status), C(commit), C(commit_message), C(pull_request_id),
    C(created_at) and C(finished_at). Past ones come newest first.
  returned: when O(gather) has V(deployments)
  type: list
  elements: dict
tags:
  description: The tags of the team, with C(uuid) and C(name).
  returned: when O(gather) has V(tags)
  type: list
  elements: dict
s3_storages:
  description: The S3 storages of the team, with C(uuid), C(name), C(description), C(endpoint), C(bucket), C(region) and C(is_usable).
  returned: when O(gather) has V(s3_storages)
  type: list
  elements: dict
storages:
  description: >-
    Volumes, files and folders, with C(uuid), C(type), C(name), C(mount_path), C(host_path), C(fs_path), C(is_directory), C(is_host_file),
    C(is_preview_suffix_enabled), and in C(application), C(database) or C(service) whose they are. Without what is in a file.
  returned: when O(gather) has V(storages)
  type: list
  elements: dict
scheduled_tasks:
  description: >-
    The scheduled tasks, with C(uuid), C(name), C(frequency), C(container), C(timeout), C(enabled), and in C(application) or C(service) whose they
    are. Without the command.
  returned: when O(gather) has V(scheduled_tasks)
  type: list
  elements: dict
previews:
  description: >-
    The preview deployments, with C(uuid), C(pull_request_id), C(pull_request_html_url), C(status), C(domains), C(docker_registry_image_tag),
    C(last_online_at), and C(application).
  returned: when O(gather) has V(previews)
  type: list
  elements: dict
private_keys:
  description: The SSH keys, with C(uuid), C(name), C(description), C(fingerprint), C(is_git_related) and C(public_key).
  returned: when O(gather) has V(private_keys)
  type: list
  elements: dict
destinations:
  description: The Docker networks of the servers, with C(uuid), C(name), C(network), C(type) and C(server) (C(uuid) and C(name)).
  returned: when O(gather) has V(destinations)
  type: list
  elements: dict
registries:
  description: >-
    The registries that usable servers are logged in to or that something on them pulls from, with C(registry), C(logged_in), C(source),
    C(username), C(used_by) (each with C(type) and C(name)) and C(server) (C(uuid) and C(name)).
  returned: when O(gather) has V(registries)
  type: list
  elements: dict
audit_events:
  description: >-
    What was done in the team, newest first, with C(id), C(event), C(source) (V(ui), V(api), V(mcp), V(webhook), V(system) or V(scheduler)),
    C(action), C(level), C(actor_type), C(actor_id), C(actor_name), C(resource_type), C(resource_uuid), C(resource_name), C(description) and
    C(created_at). With a token that has V(read:sensitive) or V(root) also C(actor_email), C(actor_token_name) and C(ip_address).
  returned: when O(gather) has V(audit_events)
  type: list
  elements: dict
  sample:
    - action: updated
      actor_email: alice@example.com
      actor_id: 3
      actor_name: Alice
      actor_token_name: ansible
      actor_type: api_token
      created_at: "2026-11-24T10:00:00.000000Z"
      description: web Updated
      event: api.application.updated
      id: 812
      ip_address: 192.0.2.7
      level: info
      resource_name: web
      resource_type: application
      resource_uuid: m4k8w0s2c6g0o4w8k2s6c0gq
      source: api
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

from ansible_collections.selfhosted.coolify.plugins.module_utils._resources.info import MODULE
from ansible_collections.selfhosted.coolify.plugins.module_utils._runner import main as run


def main() -> None:
    run(MODULE)


if __name__ == "__main__":
    main()
