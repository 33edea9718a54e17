# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    # What several applications of one transaction share
    DOCUMENTATION = r"""
options:
  deploy:
    description:
      - V(when_changed) deploys when this task changes the configuration or a variable, when a variable, the image, the branch or a pinned commit
        changed since the last deployment, when that did not succeed, or when the application does not run. Image and branch of the last
        deployment stand in its log, for which the token needs C(read:sensitive).
      - Coolify does not tell whether an earlier task, or one that was interrupted, changed the rest of the configuration without deploying (its
        RV(ignore:details.redeploy_required) does), whether the branch has a new commit, or whether a tag names another image. Use V(always)
        for these.
      - V(always) deploys each time.
    type: str
    choices: [when_changed, always]
    default: when_changed
  force:
    description:
      - Whether to deploy in any case and build without the cache.
    type: bool
    default: false
  rollback_on_failure:
    description:
      - Whether everything is undone and what ran before is deployed again when anything fails. Otherwise the task stops where it is and says so.
    type: bool
    default: true
  wait_for_previous:
    description:
      - Whether to wait for a deployment that is queued or running. Otherwise it blocks.
    type: bool
    default: false
  cancel_running:
    description:
      - Whether to cancel deployments that are queued or running. A cancelled one is not started again when this one fails.
    type: bool
    default: false
  host_evidence:
    description:
      - What was found out on the server, with C(collected_at), C(metrics) and C(listening). Without it the gates server_health and ports are
        skipped where they need it. Figures may be texts, as templates make them.
      - M(selfhosted.coolify.coolify_host_info) gathers it on the server.
    type: dict
  max_cpu_usage_percent:
    description:
      - Blocks above it. Without it, 90.
    type: float
  max_memory_usage_percent:
    description:
      - Blocks above it. Without it, 95.
    type: float
  max_disk_usage_percent:
    description:
      - Blocks above it. Without it, 85.
    type: float
  override_ssl_expiry:
    description:
      - Whether a certificate that expires soon does not block.
    type: bool
    default: false
  allow_cross_env:
    description:
      - Whether an application given by its uuid may be in another project or environment than O(project) and O(environment) say.
    type: bool
    default: false
  token_created_at:
    description:
      - The day on which the token was made, such as V(2026-11-24). Coolify does not tell it; after 30 days the task advises a new one.
    type: str
  verify_timeout:
    description:
      - Seconds in which every domain has to answer as expected. A first certificate takes up to five minutes.
    type: int
    default: 300
  verify_validate_certs:
    description:
      - Whether the domains' certificates have to be trusted.
    type: bool
    default: true
"""

    # Where domains are asked
    PROXY = r"""
options:
  proxy_ports:
    description:
      - Where the server's proxy takes requests from outside, when that is not at 80 and 443.
      - A port in a domain is not that. Coolify takes it for the port of the container.
    type: dict
    version_added: 0.2.0
    suboptions:
      http:
        description:
          - The port of domains that begin with C(http://).
        type: int
      https:
        description:
          - The port of domains that begin with C(https://).
        type: int
"""

    # What is expected of one application
    EXPECTATIONS = r"""
options:
  required_env:
    description:
      - Variables that have to be there and not be empty once this task has written its own and removed what it purges.
    type: list
    elements: str
  required_ports:
    description:
      - Host ports that have to be free on the server, in addition to those of C(ports_mappings). What other applications of the environment map
        on that server is not free.
    type: list
    elements: int
  min_certificate_days:
    description:
      - Blocks when the certificate of a domain expires earlier. Without it, 15.
    type: int
  verify_domains:
    description:
      - Whether the domains are looked up before, and asked over HTTP after the deployment.
    type: bool
    default: true
  verify_path:
    description:
      - What to ask for on each domain. Without it, the path of the domain itself.
    type: str
  verify_status:
    description:
      - HTTP statuses that are as expected. Without it, everything from 200 to 399. Redirects are followed.
    type: list
    elements: int
  verify_text:
    description:
      - A text that each answer has to contain.
    type: str
  max_response_time_p95:
    description:
      - Milliseconds. When 95 percent of the requests that verify the deployment take longer, it has failed.
    type: float
  max_error_rate:
    description:
      - Percent of the requests that verify the deployment which may fail. Without it, none.
    type: float
  fail_on_log:
    description:
      - Regular expressions. When one is found in the last 500 lines of the application's log after the deployment, it has failed.
      - From Coolify 4.4 on the log takes a token with C(read:sensitive); without it the deployment is blocked before anything is changed.
    type: list
    elements: str
"""

    # What of one application is deployed, and what to go back to
    TARGET = r"""
options:
  pull_request_id:
    description:
      - Deploys the preview of this pull request, each time. Its status cannot be read through the API, so it is followed and not verified.
    type: int
  docker_tag:
    description:
      - The image tag for the preview of O(pull_request_id); Coolify takes it for image applications only.
    type: str
  rollback_to:
    description:
      - With O(state=rolled_back), V(previous), the uuid of a deployment, a commit, or the tag of an image.
      - V(previous) is the commit or image that ran before the present one was first deployed; what was deployed in between has been taken back
        already. Each run goes one further back. Which image a deployment was of stands in its log only, so for an image V(previous) and the
        uuid of a deployment need a token with C(read:sensitive).
      - With nothing given, V(previous) is meant.
    type: str
  rollback_point:
    description:
      - With O(state=rolled_back), the RV(rollback_point) of an earlier task, whose configuration and commit are restored.
    type: dict
"""
