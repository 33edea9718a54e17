#!/usr/bin/python
# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: coolify_server
short_description: Manage the servers of Coolify
version_added: 0.2.0
description:
  - Registers a server, changes it, has Coolify validate it and waits for that, restarts its proxy, and removes it.
  - What Coolify keeps beside the server itself is declared in O(proxy), O(docker_cleanup), O(sentinel) and O(log_drains), which need Coolify 4.3.0
    or later.
  - A server that something is on is not deleted, unless O(delete_resources) is set; the error lists what is on it.
author:
  - selfhosted.coolify contributors (@selfhosted)
extends_documentation_fragment:
  - selfhosted.coolify._attributes
  - selfhosted.coolify._attributes.managing
  - selfhosted.coolify._connection
  - selfhosted.coolify._placement.secrets
  - selfhosted.coolify._placement.waiting
attributes:
  idempotent:
    support: partial
    details:
      - O(state=proxy_restarted) and O(state=cleaned_up) do it each time.
      - With O(update_secrets=always), secrets that the token may not read are written each time.
options:
  name:
    description:
      - Name of the server. Coolify's names are not unique; two of the same name are an error that lists both uuids.
      - Together with O(uuid) it is the new name.
    type: str
  uuid:
    description:
      - Coolify's identifier of an existing server.
    type: str
  description:
    description:
      - What the server is for. An empty text removes it.
    type: str
  ip:
    description:
      - Address or host name by which Coolify reaches the server. Required for creation. Coolify takes each address once.
    type: str
  port:
    description:
      - Port of SSH. Coolify uses 22 where none is given at creation.
    type: int
  user:
    description:
      - Who Coolify logs in as. Coolify uses V(root) where none is given at creation.
    type: str
  private_key:
    description:
      - Name or uuid of the key in Coolify that it logs in with, see M(selfhosted.coolify.coolify_private_key). Required for creation.
      - Changing it needs Coolify 4.1.2 or later; earlier ones ignore it.
      - In check mode a key that does not exist gives a warning instead of an error, because an earlier task of the same run may be going to
        create it.
    type: str
  is_build_server:
    description:
      - Whether the server only builds images. A server that something is on cannot become one. Coolify 4.4.0 calls it outdated, use O(server_role).
    type: bool
  server_role:
    description:
      - What the server is for. Needs Coolify 4.4.0 or later.
    type: str
    choices: [deployment, build, both]
  proxy_type:
    description:
      - The kind of proxy. Changing it drops the configuration that was saved for the old one, and starts the new one.
      - Coolify uses V(traefik) where none is given at creation.
    type: str
    choices: [traefik, caddy, nginx, none]
  concurrent_builds:
    description:
      - How many images are built at a time.
    type: int
  dynamic_timeout:
    description:
      - Seconds after which a deployment on the server is given up.
    type: int
  deployment_queue_limit:
    description:
      - How many deployments may wait for the server.
    type: int
  server_disk_usage_notification_threshold:
    description:
      - Percentage of disk usage from which on Coolify notifies, 1 to 100.
    type: int
  server_disk_usage_check_frequency:
    description:
      - When the disk usage is checked, as cron or a word such as V(daily).
    type: str
  connection_timeout:
    description:
      - Seconds to wait for an SSH connection, 1 to 300. Needs Coolify 4.1.0 or later.
    type: int
  is_terminal_enabled:
    description:
      - Whether Coolify's terminal may be used on the server. Needs Coolify 4.3.0 or later.
    type: bool
  proxy:
    description:
      - Settings of the proxy. Needs Coolify 4.3.0 or later.
    type: dict
    suboptions:
      redirect_enabled:
        description:
          - Whether requests for unknown hosts are answered by the proxy at all, with a page or a redirect.
        type: bool
      redirect_url:
        description:
          - Where requests for unknown hosts are sent. Coolify refuses private addresses. An empty text removes it.
        type: str
      generate_exact_labels:
        description:
          - Whether Coolify generates labels for the kind of proxy of this server only.
        type: bool
      configuration:
        description:
          - The whole Compose file of the proxy. It is shown only as V(differs), because it can hold credentials.
          - Coolify shows only what was saved in it before, and only to a token with C(read:sensitive); see O(update_secrets).
          - The proxy takes it over with its next restart, see O(state=proxy_restarted).
        type: str
  docker_cleanup:
    description:
      - When and how Coolify removes what Docker does not use any more. Needs Coolify 4.3.0 or later.
    type: dict
    suboptions:
      docker_cleanup_frequency:
        description:
          - When, as cron or a word such as V(weekly).
        type: str
      docker_cleanup_threshold:
        description:
          - Percentage of disk usage from which on it is done, 1 to 99, unless O(docker_cleanup.force_docker_cleanup) is set.
        type: int
      force_docker_cleanup:
        description:
          - Whether it is done each time, however full the disk is.
        type: bool
      delete_unused_volumes:
        description:
          - Whether volumes without a container are removed. These are also those of stopped databases.
        type: bool
      delete_unused_networks:
        description:
          - Whether networks without a container are removed.
        type: bool
      disable_application_image_retention:
        description:
          - Whether the images of earlier deployments are removed too, which takes away what a rollback needs.
        type: bool
  sentinel:
    description:
      - Settings of Coolify's agent on the server. Needs Coolify 4.3.0 or later. A build server has none.
    type: dict
    suboptions:
      is_sentinel_enabled:
        description:
          - Whether it runs. Switching it off switches metrics and debugging off too.
        type: bool
      is_metrics_enabled:
        description:
          - Whether it collects metrics.
        type: bool
      is_sentinel_debug_enabled:
        description:
          - Whether it logs more.
        type: bool
      sentinel_metrics_refresh_rate_seconds:
        description:
          - Seconds between two measurements.
        type: int
      sentinel_metrics_history_days:
        description:
          - Days that measurements are kept.
        type: int
      sentinel_push_interval_seconds:
        description:
          - Seconds between two reports to Coolify, 10 or more.
        type: int
      sentinel_token:
        description:
          - Token with which it reports.
        type: str
      sentinel_custom_url:
        description:
          - Address of Coolify as the server sees it.
        type: str
  log_drains:
    description:
      - Where the logs of containers are sent. Needs Coolify 4.3.0 or later.
    type: dict
    suboptions:
      is_logdrain_newrelic_enabled:
        description:
          - Whether they are sent to New Relic, which needs its license key and base URI.
        type: bool
      logdrain_newrelic_license_key:
        description:
          - License key of New Relic.
        type: str
      logdrain_newrelic_base_uri:
        description:
          - Address of New Relic.
        type: str
      is_logdrain_axiom_enabled:
        description:
          - Whether they are sent to Axiom, which needs its dataset and API key.
        type: bool
      logdrain_axiom_dataset_name:
        description:
          - Dataset of Axiom.
        type: str
      logdrain_axiom_api_key:
        description:
          - API key of Axiom.
        type: str
      is_logdrain_custom_enabled:
        description:
          - Whether a configuration of one's own is used.
        type: bool
      logdrain_custom_config:
        description:
          - Configuration of Fluent Bit. It is shown only as V(differs).
        type: str
      logdrain_custom_config_parser:
        description:
          - Parsers of Fluent Bit. It is shown only as V(differs).
        type: str
  state:
    description:
      - V(present) has the server as it is declared.
      - V(validated) also has Coolify validate it, unless it is reachable and usable already and its connection stays as it is. Resources can be
        created on a server that was never validated, but not deployed.
      - V(proxy_restarted) also restarts the proxy, each time. Needs Coolify 4.3.0 or later.
      - V(cleaned_up) also has Coolify remove what Docker does not use any more, each time, and waits for it. Needs Coolify 4.3.0 or later, and
        O(confirm_destructive) where O(docker_cleanup.delete_unused_volumes) is set.
      - V(absent) removes the server from Coolify. The machine and its containers stay.
    type: str
    choices: [present, validated, proxy_restarted, cleaned_up, absent]
    default: present
  install:
    description:
      - With O(state=validated), whether Coolify installs what is missing, Docker for one. Needs Coolify 4.2.0 or later, and a longer
        O(wait_timeout) on a slow server.
    type: bool
    default: false
  delete_resources:
    description:
      - With O(state=absent), whether to delete everything that is on the server too, volumes included.
    type: bool
    default: false
  confirm_destructive:
    description:
      - Has to be V(true) for deleting a server, and for a clean-up that removes volumes. Otherwise the task ends as V(blocked) before it changes anything.
      - Check mode shows the plan without it.
    type: bool
    default: false
notes:
  - O(server_role) is known from reading Coolify's code, and was not tried on a real Coolify 4.4.
  - A validation that fails leaves the server registered; RV(error) says why in Coolify's words.
seealso:
  - module: selfhosted.coolify.coolify_private_key
  - module: selfhosted.coolify.coolify_destination
  - module: selfhosted.coolify.coolify_registry
"""

EXAMPLES = r"""
---
- name: Register a server and have Coolify install what it needs there
  selfhosted.coolify.coolify_server:
    name: web1
    description: Web server of the shop
    ip: 203.0.113.10
    private_key: fleet
    state: validated
    install: true

- name: Clean up at night, keep what rollbacks need, watch the disk
  selfhosted.coolify.coolify_server:
    name: web1
    server_disk_usage_notification_threshold: 85
    docker_cleanup:
      docker_cleanup_frequency: "0 3 * * *"
      docker_cleanup_threshold: 70
      disable_application_image_retention: false

- name: Change the configuration of the proxy
  selfhosted.coolify.coolify_server:
    name: web1
    proxy:
      configuration: "{{ lookup('ansible.builtin.file', 'files/proxy/docker-compose.yml') }}"
      redirect_url: https://www.example.com
  register: server

- name: Let the proxy take it over
  selfhosted.coolify.coolify_server:
    name: web1
    state: proxy_restarted
  when: server.details.restart_required | default(false)

- name: Have a server that only builds
  selfhosted.coolify.coolify_server:
    name: builder
    ip: 203.0.113.11
    private_key: fleet
    is_build_server: true
    concurrent_builds: 4
    state: validated

- name: Remove it
  selfhosted.coolify.coolify_server:
    name: builder
    state: absent
    confirm_destructive: true
"""

RETURN = r"""
---
server:
  description: The server as it is now, or would be in check mode; V(null) when it does not exist.
  returned: always
  type: dict
  contains:
    uuid:
      description: Coolify's identifier.
      type: str
      sample: p0o8k4w0c8g4s0o8k4w0c8g4
    name:
      description: Its name. The other options beside O(private_key) are there under their own names, too, as far as the server tells them.
      type: str
      sample: web1
    private_key:
      description: The key that Coolify logs in with, C(uuid) and C(name). There when O(private_key) was given.
      type: dict
    is_coolify_host:
      description: Whether Coolify itself runs on it.
      type: bool
    is_reachable:
      description: Whether Coolify reaches it.
      type: bool
    is_usable:
      description: Whether Coolify can deploy on it.
      type: bool
    proxy_status:
      description: What the proxy does, as Coolify last saw it.
      type: str
      sample: running
    validation_logs:
      description: Why the last validation failed; V(null) when it did not.
      type: str
    proxy:
      description: Its settings without O(proxy.configuration). There when O(proxy) was given.
      type: dict
    docker_cleanup:
      description: The settings of O(docker_cleanup).
      type: dict
    sentinel:
      description: The settings of O(sentinel), without the token.
      type: dict
    log_drains:
      description: The settings of O(log_drains), without what is secret.
      type: dict
resources:
  description: What is still on the server, each with C(uuid), C(name) and C(type).
  returned: when deleting it, or making it a build server, was refused because of them
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

from ansible_collections.selfhosted.coolify.plugins.module_utils._resources.server import MODULE
from ansible_collections.selfhosted.coolify.plugins.module_utils._runner import main as run


def main() -> None:
    run(MODULE)


if __name__ == "__main__":
    main()
