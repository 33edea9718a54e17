#!/usr/bin/python
# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: coolify_service
short_description: Manage services in Coolify
version_added: 0.2.0
description:
  - Creates, changes, starts, stops, restarts and deletes a service. That is one of Coolify's one-click services, or several containers from a
    compose file.
  - The options have the names of Coolify's API. What is not mentioned is left alone; an empty text clears, and a field that Coolify cannot
    clear says so.
  - A service that is created does not run until O(state=started) or O(state=deployed).
  - Changing a running service does not restart it; RV(details.restart_required) says when that is needed.
author:
  - selfhosted.coolify contributors (@selfhosted)
extends_documentation_fragment:
  - selfhosted.coolify._attributes
  - selfhosted.coolify._attributes.managing
  - selfhosted.coolify._connection
  - selfhosted.coolify._placement
  - selfhosted.coolify._placement.waiting
  - selfhosted.coolify._placement.deleting
  - selfhosted.coolify._placement.secrets
  - selfhosted.coolify._variables
  - selfhosted.coolify._tags
attributes:
  idempotent:
    support: partial
    details:
      - O(state=restarted) restarts each time.
options:
  type:
    description:
      - Key of a one-click service, such as V(uptime-kuma). When Coolify does not have it, the failure lists all in
        C(details.valid_service_types).
      - It cannot be changed later.
    type: str
  docker_compose_raw:
    description:
      - Text of the compose file. It is checked as M(selfhosted.coolify.coolify_compose_lint) does it before anything is sent.
      - Coolify writes the file anew, without comments, so the two are compared by what they mean. A token without C(read:sensitive) does not
        get to see it; O(update_secrets) says what happens then.
      - Diffs show images, ports, volumes and networks; of everything else that it differs, because it may be secret.
      - The C(content) of a mounted file counts only when the mount is new.
    type: str
  docker_compose_file:
    description:
      - Path of the compose file on the controller, instead of O(docker_compose_raw).
    type: path
  lint_fail_on:
    description:
      - The task fails before it changes anything when the compose file has a finding of this severity or a worse one.
      - Warnings that do not fail the task are among the risks of its plan.
    type: str
    choices: [error, warning, never]
    default: error
  lint_skip_rules:
    description:
      - Ids of rules that are not to be looked at, such as V(COMPOSE-PORTS).
    type: list
    elements: str
  state:
    description:
      - V(present) means that it exists as declared. All but V(absent) mean that as well.
      - V(started) starts what is not running and waits until every container runs and is healthy, as far as it has a health check.
      - V(deployed) does the same, and restarts a running service when this task changes it. What an earlier task changed without a restart is
        not noticed.
      - V(restarted) always restarts, or starts what is not running.
      - V(absent) deletes it and keeps its volumes, see O(delete_volumes); it needs O(confirm_destructive).
    type: str
    choices: [present, absent, started, stopped, restarted, deployed]
    default: present
  containers:
    description:
      - Start, stop or restart only these containers, by their names in the compose file. For O(state=started), O(state=stopped) and
        O(state=restarted).
      - A container that is restarted alone keeps the configuration it was made with; starting it makes it anew.
      - Requires Coolify 4.2.0.
    type: list
    elements: str
  latest:
    description:
      - Whether the images are pulled before containers are restarted, and single containers started.
    type: bool
    default: false
  description:
    description:
      - What the service is for. An empty text removes it.
    type: str
  connect_to_docker_network:
    description:
      - Whether its containers are in the destination's network too, where other resources reach them.
      - Coolify does not take it at creation, so it is set right afterwards.
    type: bool
  is_container_label_escape_enabled:
    description:
      - Whether C($) in labels is escaped. Without it, labels can refer to variables.
    type: bool
  urls:
    description:
      - The domains of containers. Those that are not listed keep what they have.
    type: list
    elements: dict
    suboptions:
      name:
        description:
          - Name of the container in the compose file.
        type: str
        required: true
      url:
        description:
          - Its addresses, with the port of the container where it is not the one that Coolify finds, such as V(https://kuma.example.com:3001).
          - An empty list removes them, unless the compose file has a variable C(SERVICE_URL_*) or C(SERVICE_FQDN_*) that brings one back.
        type: list
        elements: str
        required: true
  force_domain_override:
    description:
      - Whether to take domains that another resource has.
    type: bool
    default: false
  applications:
    description:
      - Settings of containers that Coolify takes for applications. Those that are not listed stay as they are.
      - Everything but O(applications[].url) requires Coolify 4.2.0.
    type: list
    elements: dict
    suboptions:
      name:
        description:
          - Name of the container in the compose file.
        type: str
        required: true
      url:
        description:
          - The same as an entry of O(urls).
        type: list
        elements: str
      human_name:
        description:
          - Name for people.
        type: str
      description:
        description:
          - What the container is for.
        type: str
      image:
        description:
          - Image and tag. Not together with O(docker_compose_raw) and O(docker_compose_file), where the image stands.
        type: str
      exclude_from_status:
        description:
          - Whether the container does not count for the status of the service. Coolify sets it each time it reads a compose file that
            has C(restart) V(no) or C(exclude_from_hc) for the container; V(false) is an error then.
        type: bool
      is_log_drain_enabled:
        description:
          - Whether its log goes to the server's log drain, which has to be there.
        type: bool
      is_gzip_enabled:
        description:
          - Whether the proxy compresses answers.
        type: bool
      is_stripprefix_enabled:
        description:
          - Whether the proxy takes the path of the domain off.
        type: bool
      is_force_https_enabled:
        description:
          - Whether http is redirected to https.
          - Requires Coolify 4.3.8.
        type: bool
      noindex_domains:
        description:
          - Domains that search engines are asked to leave out. Only what is in O(applications[].url) counts.
          - Requires Coolify 4.3.0.
        type: list
        elements: str
  databases:
    description:
      - Settings of containers that Coolify takes for databases, which it tells by their images.
      - Requires Coolify 4.2.0.
    type: list
    elements: dict
    suboptions:
      name:
        description:
          - Name of the container in the compose file.
        type: str
        required: true
      human_name:
        description:
          - Name for people.
        type: str
      description:
        description:
          - What the container is for.
        type: str
      image:
        description:
          - Image and tag. Not together with O(docker_compose_raw) and O(docker_compose_file), where the image stands.
        type: str
      exclude_from_status:
        description:
          - Whether the container does not count for the status of the service. Coolify sets it each time it reads a compose file that
            has C(restart) V(no) or C(exclude_from_hc) for the container; V(false) is an error then.
        type: bool
      is_log_drain_enabled:
        description:
          - Whether its log goes to the server's log drain, which has to be there.
        type: bool
      is_public:
        description:
          - Whether it can be reached from outside through O(databases[].public_port).
        type: bool
      public_port:
        description:
          - Port of the server that leads to the database. V(0) removes it.
        type: int
      public_port_timeout:
        description:
          - Seconds after which the public proxy closes an idle connection.
        type: int
  purge:
    description:
      - Whether to delete the variables that are in neither O(variables) nor O(secrets).
      - Variables that Coolify generates (C(SERVICE_*)) and those that the compose file names stay; Coolify would only make them anew. To see
        the file, the token needs C(read:sensitive).
notes:
  - Containers that left the compose file stay in Coolify, with their domains, and count for the status. The plan names them; give them an empty
    O(urls[].url) and O(applications[].exclude_from_status).
  - Logs of a service are read with M(selfhosted.coolify.coolify_logs).
seealso:
  - module: selfhosted.coolify.coolify_compose_lint
  - module: selfhosted.coolify.coolify_logs
"""

EXAMPLES = r"""
---
- name: Have Uptime Kuma run with a domain of its own
  selfhosted.coolify.coolify_service:
    project: tools
    name: kuma
    type: uptime-kuma
    server: localhost
    urls:
      - name: uptime-kuma
        url: https://status.example.com:3001
    state: started

- name: Have a service from a compose file, and make changes take effect
  selfhosted.coolify.coolify_service:
    project: tools
    name: wiki
    server: localhost
    docker_compose_file: "{{ playbook_dir }}/wiki/docker-compose.yml"
    connect_to_docker_network: true
    urls:
      - name: web
        url: https://wiki.example.com
    databases:
      - name: db
        human_name: Wiki database
    secrets:
      SMTP_PASSWORD: "{{ vault_smtp_password }}"
    state: deployed

- name: Restart one container with the newest image
  selfhosted.coolify.coolify_service:
    project: tools
    name: wiki
    containers: [web]
    latest: true
    state: restarted

- name: Delete a service and keep its volumes
  selfhosted.coolify.coolify_service:
    project: tools
    name: wiki
    state: absent
    confirm_destructive: true
"""

RETURN = r"""
---
service:
  description:
    - The service as it is now, or would be in check mode; V(null) when it does not exist.
    - Every option that the server shows under its own name, without the compose file and without secrets.
    - C(uuid), C(status), C(type), C(project), C(environment), C(server) and C(destination); C(urls) by container.
    - C(applications) and C(databases) with C(uuid), C(name), C(status) and their settings.
  returned: always
  type: dict
  sample:
    uuid: s0o8k4w0c8g4s0o8k4w0c8g4
    name: kuma
    status: running:healthy
    type: uptime-kuma
    urls:
      uptime-kuma: ["https://status.example.com:3001"]
variables:
  description: The declared variables as they are afterwards, without the values of O(secrets).
  returned: when O(variables), O(secrets) or O(purge) is given
  type: dict
tags:
  description: The tags that it has now, or would have in check mode.
  returned: when O(tags) is given
  type: list
  elements: str
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

from ansible_collections.selfhosted.coolify.plugins.module_utils._resources.service import MODULE
from ansible_collections.selfhosted.coolify.plugins.module_utils._runner import main as run


def main() -> None:
    run(MODULE)


if __name__ == "__main__":
    main()
