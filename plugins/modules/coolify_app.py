#!/usr/bin/python
# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: coolify_app
short_description: Manage applications in Coolify
version_added: 0.1.0
description:
  - Creates, changes, starts, stops, restarts and deletes an application, and sets its environment variables.
  - The options have the names of Coolify's API. What is not mentioned is left alone; an empty text or list clears, and a field that Coolify
    cannot clear says so.
  - When a step fails, the steps before it are undone and that is verified; the error says what was and what was not restored.
  - Changing the configuration of a running application does not deploy it; RV(details.redeploy_required) says when that is needed.
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
  - selfhosted.coolify._deployment
  - selfhosted.coolify._deployment.proxy
  - selfhosted.coolify._deployment.expectations
  - selfhosted.coolify._deployment.target
attributes:
  idempotent:
    support: partial
    details:
      - O(state=restarted) restarts, O(state=rolled_back) deploys and O(state=recreated) starts anew each time, as do O(deploy=always) and O(force).
      - Values that Coolify does not show cannot be compared; see O(update_secrets).
options:
  type:
    description:
      - How the application is created, from a public Git repository, a private one through a GitHub app or a deploy key, a Dockerfile given here, or an image.
      - Required for creation; it cannot be changed later.
    type: str
    choices: [public, private-github-app, private-deploy-key, dockerfile, dockerimage]
  state:
    description:
      - V(present) means that it exists as declared. V(started), V(stopped) and V(restarted) mean that as well.
      - V(started) does nothing when the application is running. Coolify's start is a deployment.
      - V(restarted) always restarts, or starts what is not running.
      - V(deployed) makes one transaction of configuration, variables and deployment. Gates are checked before anything is changed, the
        deployment is followed and verified, and when anything fails everything is undone and what ran before is deployed again.
      - V(rolled_back) goes back to O(rollback_to) or O(rollback_point) and verifies that.
      - V(recreated) is for a state inside Coolify that no request mends. It creates a successor that is as the application was and as the task
        declares, with its variables, storages, scheduled tasks and tags, deletes the old one, keeps the volumes, and deploys. It needs
        O(confirm_destructive). The new one has another uuid. What could not be restored is an error before anything is changed.
        For applications that are not compose ones, on Coolify 4.2 and later. What does not exist is created.
      - V(absent) deletes it and keeps its volumes, see O(delete_volumes); it needs O(confirm_destructive).
    type: str
    choices: [present, absent, started, stopped, restarted, deployed, rolled_back, recreated]
    default: present
  description:
    description:
      - What the application is for. An empty text removes it.
    type: str
  github_app_uuid:
    description:
      - The GitHub app that can read the repository. Required for creation with O(type=private-github-app); it cannot be changed later.
    type: str
  private_key_uuid:
    description:
      - The deploy key that can read the repository. Required for creation with O(type=private-deploy-key); it cannot be changed later.
    type: str
  dockerfile:
    description:
      - The text of the Dockerfile. Required for creation with O(type=dockerfile); it cannot be changed later.
    type: str
  git_repository:
    description:
      - The repository, such as V(https://github.com/acme/shop) or V(git@git.example.com:acme/shop.git).
    type: str
  git_branch:
    description:
      - The branch.
    type: str
  git_commit_sha:
    description:
      - The commit to deploy. An empty text means V(HEAD).
    type: str
  build_pack:
    description:
      - How the repository is built. Leaving V(dockercompose) or V(dockerfile) deletes what belongs to it and needs O(confirm_destructive).
    type: str
    choices: [nixpacks, static, dockerfile, dockercompose, railpack]
  watch_paths:
    description:
      - Paths whose changes cause an automatic deployment, one pattern per entry; V(!) in front excludes.
    type: list
    elements: str
  preview_url_template:
    description:
      - How the addresses of preview deployments are made.
      - Requires Coolify 4.3.0.
    type: str
  install_command:
    description:
      - Command that installs dependencies.
    type: str
  build_command:
    description:
      - Command that builds.
    type: str
  start_command:
    description:
      - Command that starts the application.
    type: str
  base_directory:
    description:
      - Folder of the repository to build in.
    type: str
  publish_directory:
    description:
      - Folder with the built files.
    type: str
  dockerfile_location:
    description:
      - Path of the Dockerfile below O(base_directory).
    type: str
  dockerfile_target_build:
    description:
      - Build stage to use.
    type: str
  static_image:
    description:
      - Image that serves static files.
    type: str
  docker_registry_image_name:
    description:
      - Image name. A tag or digest behind it is split off as Coolify does.
      - For built applications it is where the image is pushed.
    type: str
  docker_registry_image_tag:
    description:
      - Tag of the image, or the 64 digits of a sha256 digest.
    type: str
  custom_nginx_configuration:
    description:
      - Text of the nginx configuration for static applications.
    type: str
  is_static:
    description:
      - Whether the built files are served by O(static_image). Coolify then sets O(ports_exposes) to V(80).
    type: bool
  is_spa:
    description:
      - Whether unknown paths are answered with the start page.
    type: bool
  use_build_server:
    description:
      - Whether a build server builds the image.
    type: bool
  use_build_secrets:
    description:
      - Whether build variables are passed as Docker build secrets.
      - Requires Coolify 4.2.0.
    type: bool
  disable_build_cache:
    description:
      - Whether each build starts without cache.
      - Requires Coolify 4.2.0.
    type: bool
  inject_build_args_to_dockerfile:
    description:
      - Whether C(ARG) lines are added to the Dockerfile.
      - Requires Coolify 4.2.0.
    type: bool
  include_source_commit_in_build:
    description:
      - Whether the commit is a build argument, which defeats the cache.
      - Requires Coolify 4.2.0.
    type: bool
  docker_images_to_keep:
    description:
      - How many old images stay on the server for a rollback.
      - Requires Coolify 4.2.0.
    type: int
  is_git_submodules_enabled:
    description:
      - Whether submodules are fetched.
      - Requires Coolify 4.2.0.
    type: bool
  is_git_lfs_enabled:
    description:
      - Whether LFS files are fetched.
      - Requires Coolify 4.2.0.
    type: bool
  is_git_shallow_clone_enabled:
    description:
      - Whether only the last commit is fetched. Rolling back to a commit needs V(false).
      - Requires Coolify 4.2.0.
    type: bool
  is_preserve_repository_enabled:
    description:
      - Whether the repository stays on the server after the build.
    type: bool
  is_env_sorting_enabled:
    description:
      - Whether variables are sorted by name.
      - Requires Coolify 4.2.0.
    type: bool
  domains:
    description:
      - Addresses, each with V(https://) or V(http://), in the order that Coolify keeps. An empty list removes all.
      - Not for the build pack V(dockercompose), see O(docker_compose_domains).
    type: list
    elements: str
  noindex_domains:
    description:
      - Those of O(domains) that search engines are told to leave out.
      - Requires Coolify 4.3.0.
    type: list
    elements: str
  docker_compose_domains:
    description:
      - Addresses of the services of a compose file. The list replaces all addresses that were set.
      - Coolify knows the services only after it has loaded the compose file, in the background after the creation.
    type: list
    elements: dict
    suboptions:
      name:
        description:
          - Name of the service in the compose file.
        type: str
        required: true
      domain:
        description:
          - Its addresses, comma-separated.
        type: str
      redirect:
        description:
          - What to redirect to.
        type: str
        choices: [both, www, non-www]
  redirect:
    description:
      - Whether visitors are redirected to the name with or without V(www).
    type: str
    choices: [both, www, non-www]
  ports_exposes:
    description:
      - Ports that the container listens on; the proxy uses the first. Numbers and comma-separated texts are fine.
    type: list
    elements: str
  ports_mappings:
    description:
      - Ports of the server that lead to the container, as V(host:container). Coolify cannot replace such a container without downtime.
    type: list
    elements: str
  custom_network_aliases:
    description:
      - Further names of the container in its network.
    type: list
    elements: str
  connect_to_docker_network:
    description:
      - Whether the container of a compose file joins the destination's network.
    type: bool
  is_force_https_enabled:
    description:
      - Whether V(http://) is redirected to V(https://).
    type: bool
  is_gzip_enabled:
    description:
      - Whether the proxy compresses.
      - Requires Coolify 4.2.0.
    type: bool
  is_stripprefix_enabled:
    description:
      - Whether the proxy removes the path of an address.
      - Requires Coolify 4.2.0.
    type: bool
  custom_internal_name:
    description:
      - Name of the container in its network.
      - Requires Coolify 4.3.0.
    type: str
  is_consistent_container_name_enabled:
    description:
      - Whether the container has the same name after each deployment, which means downtime.
      - Requires Coolify 4.3.0.
    type: bool
  is_http_basic_auth_enabled:
    description:
      - Whether the proxy asks for a user name and password.
    type: bool
  http_basic_auth_username:
    description:
      - The user name.
    type: str
  http_basic_auth_password:
    description:
      - The password, at most 31 bytes before Coolify 4.5.0.
    type: str
  custom_labels:
    description:
      - Docker labels, one C(key=value) per entry, instead of those that Coolify generates.
      - Coolify overwrites them with each change of a domain or of basic authentication; the task writes them again afterwards.
    type: list
    elements: str
  is_container_label_escape_enabled:
    description:
      - Whether C($) in labels is escaped.
    type: bool
  health_check_enabled:
    description:
      - Whether Docker checks the health of the container.
    type: bool
  health_check_type:
    description:
      - Whether to check by an HTTP request or a command.
    type: str
    choices: [http, cmd]
  health_check_command:
    description:
      - Command of the check, without C($), quotes and pipes.
    type: str
  health_check_path:
    description:
      - Path of the HTTP check.
    type: str
  health_check_port:
    description:
      - Port of the HTTP check. V(0) means the first of O(ports_exposes).
    type: int
  health_check_host:
    description:
      - Host of the HTTP check. V(127.0.0.1) avoids that C(localhost) means IPv6.
    type: str
  health_check_method:
    description:
      - Method of the HTTP check.
    type: str
    choices: [GET, HEAD, POST, OPTIONS]
  health_check_return_code:
    description:
      - Status that the HTTP check expects.
    type: int
  health_check_scheme:
    description:
      - Scheme of the HTTP check.
    type: str
    choices: [http, https]
  health_check_response_text:
    description:
      - Text that the answer of the HTTP check has to contain.
    type: str
  health_check_interval:
    description:
      - Seconds between two checks.
    type: int
  health_check_timeout:
    description:
      - Seconds that a check may take.
    type: int
  health_check_retries:
    description:
      - How many failed checks make the container unhealthy.
    type: int
  health_check_start_period:
    description:
      - Seconds after the start in which failed checks do not count.
    type: int
  limits_memory:
    description:
      - Memory limit, such as V(512M). An empty text or V(0) means none.
    type: str
  limits_memory_swap:
    description:
      - Limit of memory and swap together.
    type: str
  limits_memory_swappiness:
    description:
      - How readily memory is swapped out, 0 to 100.
    type: int
  limits_memory_reservation:
    description:
      - Memory that is reserved.
    type: str
  limits_cpus:
    description:
      - How many processors it may use, such as V(0.5). An empty text or V(0) means no limit.
    type: str
  limits_cpuset:
    description:
      - Which processors it may use, such as V(0-2).
    type: str
  limits_cpu_shares:
    description:
      - Its weight when processors are scarce.
    type: int
  custom_docker_run_options:
    description:
      - Options of C(docker run) that Coolify translates.
    type: str
  max_restart_count:
    description:
      - After how many crashes Coolify stops the container.
      - Requires Coolify 4.3.0.
    type: int
  stop_grace_period:
    description:
      - Seconds between the signals TERM and KILL. V(0) means Coolify's 30.
      - Requires Coolify 4.2.0.
    type: int
  is_log_drain_enabled:
    description:
      - Whether logs go to the server's log drain.
      - Requires Coolify 4.3.0.
    type: bool
  is_gpu_enabled:
    description:
      - Whether the container gets GPUs.
      - Requires Coolify 4.3.0.
    type: bool
  gpu_driver:
    description:
      - Driver of the GPUs.
      - Requires Coolify 4.3.0.
    type: str
  gpu_count:
    description:
      - How many GPUs.
      - Requires Coolify 4.3.0.
    type: str
  gpu_device_ids:
    description:
      - Which GPUs, comma-separated.
      - Requires Coolify 4.3.0.
    type: str
  gpu_options:
    description:
      - Further options of the GPU driver.
      - Requires Coolify 4.3.0.
    type: str
  pre_deployment_command:
    description:
      - Command that runs in the old container before each deployment.
    type: str
  pre_deployment_command_container:
    description:
      - Service of the compose file that O(pre_deployment_command) runs in.
    type: str
  post_deployment_command:
    description:
      - Command that runs in the new container after each deployment.
    type: str
  post_deployment_command_container:
    description:
      - Service of the compose file that O(post_deployment_command) runs in.
    type: str
  docker_compose_location:
    description:
      - Path of the compose file below O(base_directory).
    type: str
  docker_compose_custom_start_command:
    description:
      - Command instead of C(docker compose up).
    type: str
  docker_compose_custom_build_command:
    description:
      - Command instead of C(docker compose build).
    type: str
  is_raw_compose_deployment_enabled:
    description:
      - Whether the compose file is used as it is.
      - Requires Coolify 4.2.0.
    type: bool
  manual_webhook_secret_github:
    description:
      - Secret of the manual webhook for GitHub.
    type: str
  manual_webhook_secret_gitlab:
    description:
      - Secret of the manual webhook for GitLab.
    type: str
  manual_webhook_secret_bitbucket:
    description:
      - Secret of the manual webhook for Bitbucket.
    type: str
  manual_webhook_secret_gitea:
    description:
      - Secret of the manual webhook for Gitea.
    type: str
  is_auto_deploy_enabled:
    description:
      - Whether a push deploys.
    type: bool
  is_preview_deployments_enabled:
    description:
      - Whether pull requests are deployed.
      - Requires Coolify 4.2.0.
    type: bool
  is_pr_deployments_public_enabled:
    description:
      - Whether pull requests of strangers are deployed.
      - Requires Coolify 4.2.0.
    type: bool
  autogenerate_domain:
    description:
      - Whether a new application without O(domains) gets a public address made by Coolify. Sent as V(false) unless asked for.
    type: bool
  force_domain_override:
    description:
      - Whether to take addresses that something else uses already.
    type: bool
    default: false
"""

EXAMPLES = r"""
---
- name: Run an image
  selfhosted.coolify.coolify_app:
    project: shop
    name: web
    type: dockerimage
    server: localhost
    docker_registry_image_name: nginx
    docker_registry_image_tag: "1.27"
    ports_exposes: 80
    domains:
      - https://shop.example.com
    health_check_enabled: true
    health_check_host: 127.0.0.1
    limits_memory: 256M
    variables:
      GREETING: hello
    secrets:
      API_TOKEN: "{{ vault_api_token }}"

- name: Build a public repository
  selfhosted.coolify.coolify_app:
    project: shop
    environment: staging
    name: site
    type: public
    server: localhost
    git_repository: https://github.com/coollabsio/coolify-examples
    git_branch: v4.x
    build_pack: dockerfile
    base_directory: /dockerfile
    ports_exposes: 3000

- name: Change one thing and leave the rest alone
  selfhosted.coolify.coolify_app:
    project: shop
    name: web
    docker_registry_image_tag: "1.28"

- name: Deploy a new tag, and have the old one back when it does not work
  selfhosted.coolify.coolify_app:
    project: shop
    name: web
    docker_registry_image_tag: "1.29"
    state: deployed
    required_env: [GREETING]

- name: Have it running
  selfhosted.coolify.coolify_app:
    project: shop
    name: web
    state: started

- name: Delete it and keep its volumes
  selfhosted.coolify.coolify_app:
    project: shop
    environment: staging
    name: site
    state: absent
    confirm_destructive: true
"""

RETURN = r"""
---
application:
  description:
    - The application as it is now, or would be in check mode; V(null) when it does not exist.
    - Every option that the server shows under its own name, without secrets.
    - C(uuid), C(status), C(type), C(project), C(environment), C(server) and C(destination).
  returned: always
  type: dict
  sample:
    uuid: m4k8w0s2c6g0o4w8k2s6c0gq
    name: web
    status: running:healthy
    type: dockerimage
    domains: ["https://shop.example.com"]
    docker_registry_image_name: nginx
    docker_registry_image_tag: "1.27"
    project: {"name": "shop", "uuid": "p0o8k4w0c8g4s0o8k4w0c8g4"}
variables:
  description: The declared variables by key, as they are now, or would be in check mode; values of O(secrets) are masked.
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

from ansible_collections.selfhosted.coolify.plugins.module_utils._resources.application import MODULE
from ansible_collections.selfhosted.coolify.plugins.module_utils._runner import main as run


def main() -> None:
    run(MODULE)


if __name__ == "__main__":
    main()
