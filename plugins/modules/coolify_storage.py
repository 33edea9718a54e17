#!/usr/bin/python
# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: coolify_storage
short_description: Manage volumes and file mounts in Coolify
version_added: 0.2.0
description:
  - Creates, changes and deletes one storage of an application, a database or a service, which is a volume, a file with a given content, or a
    folder or file of the server.
  - A storage is found by its path in the container, O(mount_path).
  - Nothing is restarted or deployed; RV(details.redeploy_required) and RV(details.restart_required) say when that is needed.
author:
  - selfhosted.coolify contributors (@selfhosted)
extends_documentation_fragment:
  - selfhosted.coolify._attributes
  - selfhosted.coolify._attributes.managing
  - selfhosted.coolify._connection
  - selfhosted.coolify._owner
  - selfhosted.coolify._owner.database
  - selfhosted.coolify._placement.secrets
attributes:
  idempotent:
    support: partial
    details:
      - Coolify does not show the schedule of O(backup), so it cannot be compared; see O(update_secrets).
        Whether there was something to delete for O(delete_backups) shows when it is done.
      - With O(state=backed_up) a backup is made each time.
options:
  resource:
    description:
      - Name or uuid of the application or database of O(service) that has the storage. Not needed where it has only one.
    type: str
  uuid:
    description:
      - Coolify's identifier of an existing storage. Together with O(mount_path) that is its new path.
    type: str
  mount_path:
    description:
      - Path in the container.
    type: str
  type:
    description:
      - A volume (V(persistent)), or a V(file) or folder. Needed for creation, unless the other options tell. It cannot be changed.
    type: str
    choices: [persistent, file]
  name:
    description:
      - Name of a volume, without the uuid that Coolify puts in front of it. Required to create one.
      - Another name is another, empty volume, so a change needs O(confirm_destructive).
    type: str
  host_path:
    description:
      - Folder of the server that a volume lies in. An empty text makes it a Docker volume again. A change needs O(confirm_destructive).
    type: str
  content:
    description:
      - What is in the file. Outer white space has no meaning, because Coolify removes it.
      - Coolify writes a file when its storage is created and not when it is changed, so a change deletes the storage and creates it anew.
      - It is treated as a secret.
    type: str
  is_directory:
    description:
      - Whether O(fs_path) is a folder. It cannot be changed.
    type: bool
  is_host_file:
    description:
      - Whether O(fs_path) is a file of the server that Coolify does not manage. It cannot be changed. Requires Coolify 4.2.0.
    type: bool
  fs_path:
    description:
      - The folder or file of the server. It cannot be changed.
    type: str
  is_preview_suffix_enabled:
    description:
      - Whether each preview deployment has a storage of its own. Coolify's default is V(true).
    type: bool
  backup:
    description:
      - The schedule on which a volume or folder is backed up. Requires Coolify 4.3.0.
      - Coolify replaces it as a whole, so what is left out has Coolify's default again.
    type: dict
    suboptions:
      frequency:
        description:
          - Five fields of cron such as V(0 3 * * *), or one of V(every_minute), V(hourly), V(daily), V(weekly), V(monthly) and V(yearly).
        type: str
        required: true
      enabled:
        description:
          - Whether it runs. Coolify's default is V(true).
        type: bool
      save_s3:
        description:
          - Whether the archives go to O(backup.s3_storage_uuid). The default is whether that is given.
        type: bool
      s3_storage_uuid:
        description:
          - The uuid of an S3 storage that is usable; see M(selfhosted.coolify.coolify_s3_storage).
        type: str
      disable_local_backup:
        description:
          - Whether the archive on the server is removed once it is in S3.
        type: bool
      stop_during_backup:
        description:
          - Whether the resource is stopped meanwhile.
        type: bool
      retention_amount_locally:
        description:
          - Archives that are kept on the server; 0 keeps all. Coolify's default is 7.
        type: int
      retention_days_locally:
        description:
          - Days that archives are kept on the server; 0 keeps them.
        type: int
      retention_max_storage_locally:
        description:
          - Gigabytes of archives that are kept on the server; 0 is no limit.
        type: float
      retention_amount_s3:
        description:
          - Archives that are kept in S3; 0 keeps all. Coolify's default is 7.
        type: int
      retention_days_s3:
        description:
          - Days that archives are kept in S3; 0 keeps them.
        type: int
      retention_max_storage_s3:
        description:
          - Gigabytes of archives that are kept in S3; 0 is no limit.
        type: float
      timeout:
        description:
          - Seconds after which Coolify gives a backup up, from 60 to 36000.
        type: int
  delete_backups:
    description:
      - Whether the backup schedule is deleted with all archives, on the server and in S3. A storage with a schedule cannot be deleted without.
      - Needs O(confirm_destructive). Requires Coolify 4.3.0.
    type: bool
    default: false
  state:
    description:
      - With V(absent) it is deleted, which needs O(confirm_destructive). The data of a volume stays on the server; a file or folder is
        removed from the server, unless it is a host file. The risks in RV(execution_plan) say what it is in this case.
      - With V(backed_up) it is as with V(present), and a backup is begun now. It needs a backup schedule. How it ends is in Coolify's UI only.
    type: str
    choices: [present, absent, backed_up]
    default: present
  confirm_destructive:
    description:
      - Has to be V(true) for anything that destroys data. Otherwise the task ends as V(blocked) before it changes anything.
      - Check mode shows the plan without it.
    type: bool
    default: false
"""

EXAMPLES = r"""
---
- name: Keep the uploads in a volume
  selfhosted.coolify.coolify_storage:
    project: shop
    application: web
    type: persistent
    name: uploads
    mount_path: /app/uploads

- name: Mount a file
  selfhosted.coolify.coolify_storage:
    project: shop
    application: web
    mount_path: /etc/app/settings.ini
    content: "{{ lookup('ansible.builtin.template', 'settings.ini.j2') }}"

- name: Mount a folder of the server, and back it up every night
  selfhosted.coolify.coolify_storage:
    project: shop
    application: web
    mount_path: /app/media
    is_directory: true
    fs_path: /srv/media
    backup:
      frequency: 0 2 * * *
      retention_amount_locally: 14
    update_secrets: on_create

- name: Remove a volume from the application; the data stays on the server
  selfhosted.coolify.coolify_storage:
    project: shop
    application: web
    mount_path: /app/uploads
    state: absent
    confirm_destructive: true
"""

RETURN = r"""
---
storage:
  description:
    - The storage as it is now, or would be in check mode; V(null) when it does not exist. Its keys are the names of the options, without
      O(ignore:content) and O(ignore:backup).
    - C(volume) is the name of the Docker volume.
  returned: always
  type: dict
  sample:
    uuid: p0o8k4w0c8g4s0o8k4w0c8g4
    type: persistent
    name: uploads
    volume: m4k8w0s2c6g0o4w8k2s6c0gq-uploads
    mount_path: /app/uploads
    host_path: null
    is_preview_suffix_enabled: true
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

from ansible_collections.selfhosted.coolify.plugins.module_utils._resources.storage import MODULE
from ansible_collections.selfhosted.coolify.plugins.module_utils._runner import main as run


def main() -> None:
    run(MODULE)


if __name__ == "__main__":
    main()
