#!/usr/bin/python
# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: coolify_db
short_description: Manage databases in Coolify
version_added: 0.1.0
description:
  - Creates, changes, starts, stops, restarts and deletes a database of any of Coolify's eight types, and its backup schedules.
  - The options have the names of Coolify's API. What is not mentioned is left alone; an empty text clears, and a field that Coolify cannot
    clear says so.
  - A database that is created does not run until O(state=started).
  - Changing the configuration of a running database does not restart it; RV(details.restart_required) says when that is needed.
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
  - selfhosted.coolify._tags
attributes:
  idempotent:
    support: partial
    details:
      - O(state=restarted) restarts each time.
options:
  type:
    description:
      - Kind of database. Required for creation and to find one by its name; it cannot be changed later.
    type: str
    choices: [postgresql, mysql, mariadb, mongodb, redis, keydb, dragonfly, clickhouse]
  state:
    description:
      - V(present) means that it exists as declared. V(started), V(stopped) and V(restarted) mean that as well.
      - V(started) starts what is not running and waits until it is V(running:healthy).
      - V(restarted) always restarts, or starts what is not running.
      - V(absent) deletes it and keeps its volumes, see O(delete_volumes); it needs O(confirm_destructive).
    type: str
    choices: [present, absent, started, stopped, restarted]
    default: present
  description:
    description:
      - What the database is for. An empty text removes it.
    type: str
  image:
    description:
      - Image and tag, such as V(postgres:17-alpine). A new major version does not convert old data.
    type: str
  is_public:
    description:
      - Whether it can be reached from outside through O(public_port).
    type: bool
  public_port:
    description:
      - Port of the server that leads to the database, 1024 to 65535. V(0) removes it.
    type: int
  public_port_timeout:
    description:
      - Seconds after which the public proxy closes an idle connection. V(0) removes it.
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
  health_check_enabled:
    description:
      - Whether Docker checks the health of the container.
      - Requires Coolify 4.1.2.
    type: bool
  health_check_interval:
    description:
      - Seconds between two checks.
      - Requires Coolify 4.1.2.
    type: int
  health_check_timeout:
    description:
      - Seconds that a check may take.
      - Requires Coolify 4.1.2.
    type: int
  health_check_retries:
    description:
      - How many failed checks make the container unhealthy.
      - Requires Coolify 4.1.2.
    type: int
  health_check_start_period:
    description:
      - Seconds after the start in which failed checks do not count.
      - Requires Coolify 4.1.2.
    type: int
  postgres_user:
    description:
      - User. For O(type=postgresql).
      - Counts only when the database starts for the first time; see O(allow_password_drift).
    type: str
  postgres_password:
    description:
      - Password. Coolify makes one when it is not given. For O(type=postgresql).
      - Counts only when the database starts for the first time; see O(allow_password_drift).
    type: str
  postgres_db:
    description:
      - Name of the database. For O(type=postgresql).
      - Counts only when the database starts for the first time; see O(allow_password_drift).
    type: str
  postgres_initdb_args:
    description:
      - Arguments of C(initdb). For O(type=postgresql).
      - Counts only when the database starts for the first time; see O(allow_password_drift).
    type: str
  postgres_host_auth_method:
    description:
      - Value of C(POSTGRES_HOST_AUTH_METHOD). For O(type=postgresql).
      - Counts only when the database starts for the first time; see O(allow_password_drift).
    type: str
  postgres_conf:
    description:
      - Text of the configuration file. For O(type=postgresql).
      - Coolify cannot empty it.
    type: str
  mysql_root_password:
    description:
      - Password of root. Coolify makes one when it is not given. For O(type=mysql).
      - Counts only when the database starts for the first time; see O(allow_password_drift).
    type: str
  mysql_user:
    description:
      - User. For O(type=mysql).
      - Counts only when the database starts for the first time; see O(allow_password_drift).
    type: str
  mysql_password:
    description:
      - Password. Coolify makes one when it is not given. For O(type=mysql).
      - Counts only when the database starts for the first time; see O(allow_password_drift).
    type: str
  mysql_database:
    description:
      - Name of the database. For O(type=mysql).
      - Counts only when the database starts for the first time; see O(allow_password_drift).
    type: str
  mysql_conf:
    description:
      - Text of the configuration file. For O(type=mysql).
      - Coolify cannot empty it.
    type: str
  mariadb_root_password:
    description:
      - Password of root. Coolify makes one when it is not given. For O(type=mariadb).
      - Counts only when the database starts for the first time; see O(allow_password_drift).
    type: str
  mariadb_user:
    description:
      - User. For O(type=mariadb).
      - Counts only when the database starts for the first time; see O(allow_password_drift).
    type: str
  mariadb_password:
    description:
      - Password. Coolify makes one when it is not given. For O(type=mariadb).
      - Counts only when the database starts for the first time; see O(allow_password_drift).
    type: str
  mariadb_database:
    description:
      - Name of the database. For O(type=mariadb).
      - Counts only when the database starts for the first time; see O(allow_password_drift).
    type: str
  mariadb_conf:
    description:
      - Text of the configuration file. For O(type=mariadb).
      - Coolify cannot empty it.
    type: str
  mongo_initdb_root_username:
    description:
      - User. For O(type=mongodb).
      - Counts only when the database starts for the first time; see O(allow_password_drift).
    type: str
  mongo_initdb_root_password:
    description:
      - Password. Coolify makes one when it is not given. For O(type=mongodb).
      - Counts only when the database starts for the first time; see O(allow_password_drift).
    type: str
  mongo_initdb_database:
    description:
      - Name of the database. For O(type=mongodb).
      - Counts only when the database starts for the first time; see O(allow_password_drift).
    type: str
  mongo_conf:
    description:
      - Text of the configuration file. For O(type=mongodb).
      - Coolify cannot empty it.
    type: str
  redis_password:
    description:
      - Password. Coolify makes one when it is not given. For O(type=redis).
      - Counts only when the database starts for the first time; see O(allow_password_drift).
    type: str
  redis_conf:
    description:
      - Text of the configuration file. For O(type=redis).
      - Coolify cannot empty it.
    type: str
  keydb_password:
    description:
      - Password. Coolify makes one when it is not given. For O(type=keydb).
      - Counts only when the database starts for the first time; see O(allow_password_drift).
    type: str
  keydb_conf:
    description:
      - Text of the configuration file. For O(type=keydb).
      - Coolify cannot empty it.
    type: str
  dragonfly_password:
    description:
      - Password. Coolify makes one when it is not given. For O(type=dragonfly).
      - Counts only when the database starts for the first time; see O(allow_password_drift).
    type: str
  clickhouse_admin_user:
    description:
      - User. For O(type=clickhouse).
      - Counts only when the database starts for the first time; see O(allow_password_drift).
    type: str
  clickhouse_admin_password:
    description:
      - Password. Coolify makes one when it is not given. For O(type=clickhouse).
      - Counts only when the database starts for the first time; see O(allow_password_drift).
    type: str
  backups:
    description:
      - The backup schedules that the database has to have. Those that are not listed are removed together with their backups, which needs
        O(confirm_destructive).
      - An empty list removes all. Not for redis, keydb and dragonfly; for clickhouse since Coolify 4.2.0.
    type: list
    elements: dict
    suboptions:
      frequency:
        description:
          - V(every_minute), V(hourly), V(daily), V(weekly), V(monthly), V(yearly), or a cron expression of five fields.
        type: str
        required: true
      enabled:
        description:
          - Whether the schedule runs.
        type: bool
      save_s3:
        description:
          - Whether backups go to O(backups[].s3_storage_uuid). Without it, that is so when O(backups[].s3_storage_uuid) is given.
        type: bool
      s3_storage_uuid:
        description:
          - The S3 storage. Coolify does not tell which one is set, so a change of this alone is not noticed.
        type: str
      databases_to_backup:
        description:
          - Names of the databases, comma-separated. Coolify takes the one it made when this is not given.
        type: str
      dump_all:
        description:
          - Whether everything is dumped.
        type: bool
      database_backup_retention_amount_locally:
        description:
          - How many backups stay on the server. V(0) means all.
        type: int
      database_backup_retention_days_locally:
        description:
          - How many days backups stay on the server. V(0) means for ever.
        type: int
      database_backup_retention_max_storage_locally:
        description:
          - How many gigabytes of backups stay on the server. V(0) means no limit.
        type: float
      database_backup_retention_amount_s3:
        description:
          - How many backups stay in the S3 storage. V(0) means all.
        type: int
      database_backup_retention_days_s3:
        description:
          - How many days backups stay in the S3 storage. V(0) means for ever.
        type: int
      database_backup_retention_max_storage_s3:
        description:
          - How many gigabytes of backups stay in the S3 storage. V(0) means no limit.
        type: float
      timeout:
        description:
          - Seconds that a backup may take, 60 to 36000.
        type: int
  allow_password_drift:
    description:
      - Whether user names, passwords and database names of an existing database may be changed. Coolify changes them in its own records
        only; an initialised database keeps the old ones.
    type: bool
    default: false
  reveal_secrets:
    description:
      - Whether RV(connection) has the real C(password) and C(url). Set C(no_log) on such a task.
      - Needs a token with C(read:sensitive), or a database that the same task creates.
    type: bool
    default: false
"""

EXAMPLES = r"""
---
- name: Have a running PostgreSQL with a nightly backup
  selfhosted.coolify.coolify_db:
    project: shop
    name: db
    type: postgresql
    server: localhost
    image: postgres:17-alpine
    postgres_user: shop
    postgres_db: shop
    postgres_password: "{{ vault_db_password }}"
    limits_memory: 1G
    state: started
    backups:
      - frequency: 0 2 * * *
        database_backup_retention_amount_locally: 7
  register: db

- name: Have a running Redis
  selfhosted.coolify.coolify_db:
    project: shop
    name: cache
    type: redis
    server: localhost
    state: started
    reveal_secrets: true
  register: cache
  no_log: true

- name: Give an application the address of the cache
  selfhosted.coolify.coolify_env:
    project: shop
    application: web
    secrets:
      REDIS_URL: "{{ cache.connection.url }}"

- name: Delete a database and keep its volumes
  selfhosted.coolify.coolify_db:
    project: shop
    name: cache
    type: redis
    state: absent
    confirm_destructive: true
"""

RETURN = r"""
---
database:
  description:
    - The database as it is now, or would be in check mode; V(null) when it does not exist.
    - Every option of its type that the server shows under its own name, without secrets.
    - C(uuid), C(status), C(type), C(project), C(environment), C(server) and C(destination).
  returned: always
  type: dict
  sample:
    uuid: d0o8k4w0c8g4s0o8k4w0c8g4
    name: db
    status: running:healthy
    type: postgresql
    image: postgres:17-alpine
    postgres_user: shop
connection:
  description: How to reach the database from its Docker network; V(null) while it does not exist.
  returned: unless O(state=absent)
  type: dict
  contains:
    host:
      description: Host name, which is the uuid.
      type: str
    port:
      description: Port.
      type: int
    database:
      description: Name of the database.
      type: str
    username:
      description: User.
      type: str
    url:
      description: Address for clients, its password masked unless O(reveal_secrets).
      type: str
      sample: postgres://shop:********@d0o8k4w0c8g4s0o8k4w0c8g4:5432/shop
    external_url:
      description: Address from outside, its password masked unless O(reveal_secrets); V(null) unless O(is_public).
      type: str
    password:
      description: The password.
      returned: with O(reveal_secrets)
      type: str
backups:
  description: The declared backup schedules.
  returned: when O(backups) is given
  type: list
  elements: dict
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

from ansible_collections.selfhosted.coolify.plugins.module_utils._resources.database import MODULE
from ansible_collections.selfhosted.coolify.plugins.module_utils._runner import main as run


def main() -> None:
    run(MODULE)


if __name__ == "__main__":
    main()
