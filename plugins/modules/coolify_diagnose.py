#!/usr/bin/python
# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: coolify_diagnose
short_description: Explain why something in Coolify does not work
version_added: 0.1.0
description:
  - Looks at an application, database, service, server or token through Coolify's API, asks the domains from the controller (DNS, TLS,
    HTTP), takes what was found out on the server (O(host_evidence)), and names the causes with their evidence and what to do. It changes nothing.
  - Without O(host_evidence) it works with what the API and the domains tell, and says what it could not see in RV(not_seen).
  - Nothing is called certain by one kind of evidence alone. The guide to rules lists all causes that it knows.
author:
  - selfhosted.coolify contributors (@selfhosted)
extends_documentation_fragment:
  - selfhosted.coolify._attributes
  - selfhosted.coolify._connection
  - selfhosted.coolify._deployment.proxy
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
      - Name or uuid of what does not work. Required unless O(type=token).
      - A name without O(project) is looked for in everything that the team has.
    type: str
  type:
    description:
      - What O(target) is. V(gateway_timeout) is an application too; V(deployment) is an application of which only the last deployment matters,
        so that no domain is asked.
      - Of a V(service), each container is looked at, with its log, its health and its domains; a cause names the container.
      - Of a V(database), RV(database) has open connections, sizes of volumes and restarts, where O(host_evidence) has them.
    type: str
    choices: [application, gateway_timeout, deployment, database, service, server, token]
    default: application
  project:
    description:
      - Name or uuid of the project that O(target) is in.
    type: str
  environment:
    description:
      - Name or uuid of the environment. Without it, V(production).
    type: str
  host_evidence:
    description:
      - What was found out on the server where it runs, with C(metrics), C(containers), C(networks), C(proxy) and so on.
    type: dict
  build_host_evidence:
    description:
      - The same of the build server.
    type: dict
  probe:
    description:
      - Whether the domains are asked from the controller.
    type: bool
    default: true
  http_timeout:
    description:
      - Seconds to wait for an answer of a domain. A proxy that cannot reach its backend takes 30 seconds to say so.
    type: int
    default: 40
  log_lines:
    description:
      - How many of the last lines of its log are read.
    type: int
    default: 200
  extra_rules:
    description:
      - Causes of your own. They come before the built-in ones.
    type: list
    elements: dict
    suboptions:
      id:
        description:
          - Name of the rule in the findings.
        type: str
      pattern:
        description:
          - A regular expression that is searched for in the logs of the deployment, of the application and of the proxy.
        type: str
        required: true
      stage:
        description:
          - Where in the request's way it is, such as V(application_startup).
        type: str
      severity:
        description:
          - How bad it is. Without it, V(high).
        type: str
        choices: [critical, high, medium, low]
      cause:
        description:
          - What is wrong.
        type: str
        required: true
      fix:
        description:
          - What to do.
        type: str
        required: true
"""

EXAMPLES = r"""
---
- name: Find out why the shop does not answer
  selfhosted.coolify.coolify_diagnose:
    project: shop
    target: web
  register: diagnosis

- name: Show the cause
  ansible.builtin.debug:
    msg: "{{ diagnosis.incident.root_cause if diagnosis.incident else 'nothing is wrong with what could be seen' }}"

- name: Find out what the token may do
  selfhosted.coolify.coolify_diagnose:
    type: token

- name: Know a cause of one's own
  selfhosted.coolify.coolify_diagnose:
    project: shop
    target: web
    extra_rules:
      - pattern: LicenseError
        stage: application_startup
        cause: the licence of the shop has expired
        fix: Renew it and set LICENSE_KEY.
"""

RETURN = r"""
---
findings:
  description: All causes that were found, the likeliest first.
  returned: success
  type: list
  elements: dict
  contains:
    rule:
      description: Name of the rule; the guide to rules explains it.
      type: str
      sample: PORT-1
    stage:
      description: Where in the request's way it is.
      type: str
    severity:
      description: V(critical), V(high), V(medium), or V(low) for what is only worth knowing.
      type: str
    confidence:
      description: V(certain), V(high), V(medium) or V(low).
      type: str
    cause:
      description: What is wrong.
      type: str
    recommended_fix:
      description: What to do.
      type: str
    remedy:
      description: The task, API call or command that does it, where there is one.
      type: str
    evidence:
      description: What was seen, each with its kind in front.
      type: list
      elements: str
rca_steps:
  description: Every look that was taken, and every one that could not be taken, each with C(step), C(result) and C(details).
  returned: success
  type: list
  elements: dict
not_seen:
  description: What could not be looked at, with C(what) and C(why).
  returned: success
  type: list
  elements: dict
database:
  description:
    - Figures of a database, C(connections), C(volumes) with C(name), C(target) and C(used_mb), C(restart_count) and
      C(replication_lag_seconds). What nobody measured is V(null); RV(not_seen) says why.
    - The sizes of volumes are there when M(selfhosted.coolify.coolify_host_info) was asked for them. The lag of a replica is never measured,
      because neither Coolify nor Docker tells about it.
  returned: with O(type=database)
  type: dict
deployment_status:
  description: Status of the last deployment.
  returned: success
  type: str
domain_health:
  description: For each domain what DNS, TLS and HTTP said, with C(addresses), C(ssl_expiry_days), C(http_status), C(seconds) and others.
  returned: success
  type: dict
incident:
  description:
    - The likeliest cause as a record, with C(id), C(started_at), C(stage), C(root_cause), C(severity), C(recommended_fix), C(last_logs_sample)
      and C(related_resources). V(null) when nothing is wrong with what could be seen.
    - RV(status) is V(diagnosed) when a cause of something visible was found, V(issues_detected) when something is wrong and either is not
      visible or has no known cause, otherwise V(healthy).
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
"""

from ansible_collections.selfhosted.coolify.plugins.module_utils._resources.diagnose import MODULE
from ansible_collections.selfhosted.coolify.plugins.module_utils._runner import main as run


def main() -> None:
    run(MODULE)


if __name__ == "__main__":
    main()
