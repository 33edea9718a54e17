#!/usr/bin/python
# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: coolify_stack
short_description: Manage databases, services and applications of an environment in one transaction
version_added: 0.1.0
description:
  - Declares several databases, services and applications of one environment. They are compared with what is there in parallel, there is one plan, and when
    anything fails everything that the task did is undone, in all of them.
  - The order is fixed. The gates of all applications are checked before anything is changed, the databases come first, then the
    services, then the configuration and the variables of all applications, then one deployment after the other.
  - What is not declared is left alone. To remove something, use M(selfhosted.coolify.coolify_app), M(selfhosted.coolify.coolify_db) or
    M(selfhosted.coolify.coolify_service).
author:
  - selfhosted.coolify contributors (@selfhosted)
extends_documentation_fragment:
  - selfhosted.coolify._attributes
  - selfhosted.coolify._attributes.managing
  - selfhosted.coolify._connection
  - selfhosted.coolify._placement.waiting
  - selfhosted.coolify._placement.secrets
  - selfhosted.coolify._deployment
  - selfhosted.coolify._deployment.proxy
attributes:
  idempotent:
    support: partial
    details:
      - O(deploy=always) and O(force) deploy each time.
      - Values that Coolify does not show cannot be compared; see O(update_secrets).
options:
  project:
    description:
      - Name or uuid of the project.
    type: str
  environment:
    description:
      - Name or uuid of the environment. Without it, V(production).
    type: str
  server:
    description:
      - Name or uuid of the server for what has none of its own. Required for creation; it cannot be changed later.
    type: str
  destination:
    description:
      - Name or uuid of the destination (Docker network) for what has none of its own. It cannot be changed later.
    type: str
  state:
    description:
      - V(present) means that everything exists as declared.
      - V(deployed) means as well that the databases and services run and that the applications are deployed and verified. A running service
        that the task changes is restarted.
    type: str
    choices: [present, deployed]
    default: present
  variables:
    description:
      - Variables that every application gets. The application's own of the same key count more.
      - The value of a variable, here and in O(applications[].variables), can refer to a database of the task, with C(database), its name, and
        C(value), a text in which V({url}), V({host}), V({port}), V({username}), V({password}), V({database}) and V({userinfo})
        stand for what Coolify knows; without C(value) it is V({url}). V({userinfo}) is what stands before the V(@) of the URL.
      - What refers to a database is treated as a secret. It needs a token with C(read:sensitive).
    type: dict
  secrets:
    description:
      - Like O(variables), for values that must not be seen.
    type: dict
  is_literal:
    description:
      - Whether C($) in the values is left as it is. Default of all variables of the task that do not say it themselves.
    type: bool
  is_multiline:
    description:
      - Whether the values have several lines. Default of all variables of the task that do not say it themselves.
    type: bool
  is_shown_once:
    description:
      - Whether the values are locked, so that Coolify never shows them again. Default of all variables of the task that do not say it themselves.
    type: bool
  is_runtime:
    description:
      - Whether the containers get the variables. Default of all variables of the task that do not say it themselves.
    type: bool
  is_buildtime:
    description:
      - Whether the builds get the variables. Default of all variables of the task that do not say it themselves. With V(false), a changed
        variable does not cause a new build either.
    type: bool
  force_domain_override:
    description:
      - Whether domains that another resource uses already are taken nevertheless.
    type: bool
    default: false
  confirm_destructive:
    description:
      - Has to be V(true) for anything that destroys data. Otherwise the task ends as V(blocked) before it changes anything.
    type: bool
    default: false
  services:
    description:
      - Services, with the options of M(selfhosted.coolify.coolify_service).
    type: list
    elements: dict
    version_added: 0.2.0
    suboptions: # of coolify_service; scripts/returns.py writes them
      name:
        description:
        - Name inside O(project) and O(environment). Each name can be there once in the task.
        type: str
        required: true
      server:
        description:
        - Name or uuid of the server, where it is another one than O(server).
        type: str
      destination:
        description:
        - Name or uuid of the destination, where it is another one than O(destination).
        type: str
      type:
        description:
        - Key of a one-click service, such as V(uptime-kuma). When Coolify does not have it, the failure lists all in C(details.valid_service_types).
        - It cannot be changed later.
        type: str
      docker_compose_raw:
        description:
        - Text of the compose file. It is checked as M(selfhosted.coolify.coolify_compose_lint) does it before anything is sent.
        - Coolify writes the file anew, without comments, so the two are compared by what they mean. A token without C(read:sensitive)
          does not get to see it; O(selfhosted.coolify.coolify_service#module:update_secrets) says what happens then.
        - Diffs show images, ports, volumes and networks; of everything else that it differs, because it may be secret.
        - The C(content) of a mounted file counts only when the mount is new.
        type: str
      docker_compose_file:
        description:
        - Path of the compose file on the controller, instead of O(services[].docker_compose_raw).
        type: path
      lint_fail_on:
        description:
        - The task fails before it changes anything when the compose file has a finding of this severity or a worse one.
        - Warnings that do not fail the task are among the risks of its plan.
        type: str
        choices:
        - error
        - warning
        - never
        default: error
      lint_skip_rules:
        description:
        - Ids of rules that are not to be looked at, such as V(COMPOSE-PORTS).
        type: list
        elements: str
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
            - An empty list removes them, unless the compose file has a variable C(SERVICE_URL_*) or C(SERVICE_FQDN_*) that brings
              one back.
            type: list
            elements: str
            required: true
      applications:
        description:
        - Settings of containers that Coolify takes for applications. Those that are not listed stay as they are.
        - Everything but O(services[].applications[].url) requires Coolify 4.2.0.
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
            - The same as an entry of O(services[].urls).
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
            - Image and tag. Not together with O(services[].docker_compose_raw) and O(services[].docker_compose_file), where the
              image stands.
            type: str
          exclude_from_status:
            description:
            - Whether the container does not count for the status of the service. Coolify sets it each time it reads a compose file
              that has C(restart) V(no) or C(exclude_from_hc) for the container; V(false) is an error then.
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
            - Domains that search engines are asked to leave out. Only what is in O(services[].applications[].url) counts.
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
            - Image and tag. Not together with O(services[].docker_compose_raw) and O(services[].docker_compose_file), where the
              image stands.
            type: str
          exclude_from_status:
            description:
            - Whether the container does not count for the status of the service. Coolify sets it each time it reads a compose file
              that has C(restart) V(no) or C(exclude_from_hc) for the container; V(false) is an error then.
            type: bool
          is_log_drain_enabled:
            description:
            - Whether its log goes to the server's log drain, which has to be there.
            type: bool
          is_public:
            description:
            - Whether it can be reached from outside through O(services[].databases[].public_port).
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
        - Whether to delete the variables that are in neither O(services[].variables) nor O(services[].secrets).
        - Variables that Coolify generates (C(SERVICE_*)) and those that the compose file names stay; Coolify would only make them
          anew. To see the file, the token needs C(read:sensitive).
        type: bool
        default: false
      variables:
        description:
        - Environment variables whose values may be seen. Each key has its value, or a dictionary with C(value) and attributes.
        - The attributes are C(is_literal), C(is_multiline), C(is_shown_once), C(is_runtime), C(is_buildtime), C(is_preview) and
          C(comment). Those that are not given keep what the server has; new variables get Coolify's defaults.
        - Values are texts or integers. Booleans, floats and null are refused; quote them. Coolify trims values.
        type: dict
      secrets:
        description:
        - Like O(services[].variables), for values that must not be seen. Diffs show V(differs), or V(********) where there was
          none, and nothing else.
        - Ansible blanks each of these values everywhere in the result, so very short ones damage it; the task warns.
        type: dict
      tags:
        description:
        - The tags, which deployments and lists can be chosen by. Exactly these; an empty list removes them all.
        - Coolify stores them in lower case and forgets a tag that nothing has any more.
        - Requires Coolify 4.2.0.
        type: list
        elements: str
  databases:
    description:
      - Databases, with the options of M(selfhosted.coolify.coolify_db).
    type: list
    elements: dict
    suboptions: # of coolify_db; scripts/returns.py writes them
      name:
        description:
        - Name inside O(project) and O(environment). Each name can be there once in the task.
        type: str
        required: true
      server:
        description:
        - Name or uuid of the server, where it is another one than O(server).
        type: str
      destination:
        description:
        - Name or uuid of the destination, where it is another one than O(destination).
        type: str
      type:
        description:
        - Kind of database. Required for creation and to find one by its name; it cannot be changed later.
        type: str
        choices:
        - postgresql
        - mysql
        - mariadb
        - mongodb
        - redis
        - keydb
        - dragonfly
        - clickhouse
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
        - Whether it can be reached from outside through O(databases[].public_port).
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
        - User. For O(databases[].type=postgresql).
        - Counts only when the database starts for the first time; see O(databases[].allow_password_drift).
        type: str
      postgres_password:
        description:
        - Password. Coolify makes one when it is not given. For O(databases[].type=postgresql).
        - Counts only when the database starts for the first time; see O(databases[].allow_password_drift).
        type: str
      postgres_db:
        description:
        - Name of the database. For O(databases[].type=postgresql).
        - Counts only when the database starts for the first time; see O(databases[].allow_password_drift).
        type: str
      postgres_initdb_args:
        description:
        - Arguments of C(initdb). For O(databases[].type=postgresql).
        - Counts only when the database starts for the first time; see O(databases[].allow_password_drift).
        type: str
      postgres_host_auth_method:
        description:
        - Value of C(POSTGRES_HOST_AUTH_METHOD). For O(databases[].type=postgresql).
        - Counts only when the database starts for the first time; see O(databases[].allow_password_drift).
        type: str
      postgres_conf:
        description:
        - Text of the configuration file. For O(databases[].type=postgresql).
        - Coolify cannot empty it.
        type: str
      mysql_root_password:
        description:
        - Password of root. Coolify makes one when it is not given. For O(databases[].type=mysql).
        - Counts only when the database starts for the first time; see O(databases[].allow_password_drift).
        type: str
      mysql_user:
        description:
        - User. For O(databases[].type=mysql).
        - Counts only when the database starts for the first time; see O(databases[].allow_password_drift).
        type: str
      mysql_password:
        description:
        - Password. Coolify makes one when it is not given. For O(databases[].type=mysql).
        - Counts only when the database starts for the first time; see O(databases[].allow_password_drift).
        type: str
      mysql_database:
        description:
        - Name of the database. For O(databases[].type=mysql).
        - Counts only when the database starts for the first time; see O(databases[].allow_password_drift).
        type: str
      mysql_conf:
        description:
        - Text of the configuration file. For O(databases[].type=mysql).
        - Coolify cannot empty it.
        type: str
      mariadb_root_password:
        description:
        - Password of root. Coolify makes one when it is not given. For O(databases[].type=mariadb).
        - Counts only when the database starts for the first time; see O(databases[].allow_password_drift).
        type: str
      mariadb_user:
        description:
        - User. For O(databases[].type=mariadb).
        - Counts only when the database starts for the first time; see O(databases[].allow_password_drift).
        type: str
      mariadb_password:
        description:
        - Password. Coolify makes one when it is not given. For O(databases[].type=mariadb).
        - Counts only when the database starts for the first time; see O(databases[].allow_password_drift).
        type: str
      mariadb_database:
        description:
        - Name of the database. For O(databases[].type=mariadb).
        - Counts only when the database starts for the first time; see O(databases[].allow_password_drift).
        type: str
      mariadb_conf:
        description:
        - Text of the configuration file. For O(databases[].type=mariadb).
        - Coolify cannot empty it.
        type: str
      mongo_initdb_root_username:
        description:
        - User. For O(databases[].type=mongodb).
        - Counts only when the database starts for the first time; see O(databases[].allow_password_drift).
        type: str
      mongo_initdb_root_password:
        description:
        - Password. Coolify makes one when it is not given. For O(databases[].type=mongodb).
        - Counts only when the database starts for the first time; see O(databases[].allow_password_drift).
        type: str
      mongo_initdb_database:
        description:
        - Name of the database. For O(databases[].type=mongodb).
        - Counts only when the database starts for the first time; see O(databases[].allow_password_drift).
        type: str
      mongo_conf:
        description:
        - Text of the configuration file. For O(databases[].type=mongodb).
        - Coolify cannot empty it.
        type: str
      redis_password:
        description:
        - Password. Coolify makes one when it is not given. For O(databases[].type=redis).
        - Counts only when the database starts for the first time; see O(databases[].allow_password_drift).
        type: str
      redis_conf:
        description:
        - Text of the configuration file. For O(databases[].type=redis).
        - Coolify cannot empty it.
        type: str
      keydb_password:
        description:
        - Password. Coolify makes one when it is not given. For O(databases[].type=keydb).
        - Counts only when the database starts for the first time; see O(databases[].allow_password_drift).
        type: str
      keydb_conf:
        description:
        - Text of the configuration file. For O(databases[].type=keydb).
        - Coolify cannot empty it.
        type: str
      dragonfly_password:
        description:
        - Password. Coolify makes one when it is not given. For O(databases[].type=dragonfly).
        - Counts only when the database starts for the first time; see O(databases[].allow_password_drift).
        type: str
      clickhouse_admin_user:
        description:
        - User. For O(databases[].type=clickhouse).
        - Counts only when the database starts for the first time; see O(databases[].allow_password_drift).
        type: str
      clickhouse_admin_password:
        description:
        - Password. Coolify makes one when it is not given. For O(databases[].type=clickhouse).
        - Counts only when the database starts for the first time; see O(databases[].allow_password_drift).
        type: str
      backups:
        description:
        - The backup schedules that the database has to have. Those that are not listed are removed together with their backups,
          which needs O(confirm_destructive).
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
            - Whether backups go to O(databases[].backups[].s3_storage_uuid). Without it, that is so when O(databases[].backups[].s3_storage_uuid)
              is given.
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
        - Whether user names, passwords and database names of an existing database may be changed. Coolify changes them in its own
          records only; an initialised database keeps the old ones.
        type: bool
        default: false
      tags:
        description:
        - The tags, which deployments and lists can be chosen by. Exactly these; an empty list removes them all.
        - Coolify stores them in lower case and forgets a tag that nothing has any more.
        - Requires Coolify 4.2.0.
        type: list
        elements: str
  applications:
    description:
      - Applications, with the options of M(selfhosted.coolify.coolify_app).
    type: list
    elements: dict
    suboptions: # of coolify_app; scripts/returns.py writes them
      name:
        description:
        - Name inside O(project) and O(environment). Each name can be there once in the task.
        type: str
        required: true
      depends_on:
        description:
        - Names of databases, services and applications of this task that have to be there before. Databases and services come before
          all
        - applications anyway;
        - applications are deployed in this order, otherwise as they are declared.
        type: list
        elements: str
      server:
        description:
        - Name or uuid of the server, where it is another one than O(server).
        type: str
      destination:
        description:
        - Name or uuid of the destination, where it is another one than O(destination).
        type: str
      type:
        description:
        - How the application is created, from a public Git repository, a private one through a GitHub app or a deploy key, a Dockerfile
          given here, or an image.
        - Required for creation; it cannot be changed later.
        type: str
        choices:
        - public
        - private-github-app
        - private-deploy-key
        - dockerfile
        - dockerimage
      description:
        description:
        - What the application is for. An empty text removes it.
        type: str
      github_app_uuid:
        description:
        - The GitHub app that can read the repository. Required for creation with O(applications[].type=private-github-app); it
          cannot be changed later.
        type: str
      private_key_uuid:
        description:
        - The deploy key that can read the repository. Required for creation with O(applications[].type=private-deploy-key); it
          cannot be changed later.
        type: str
      dockerfile:
        description:
        - The text of the Dockerfile. Required for creation with O(applications[].type=dockerfile); it cannot be changed later.
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
        choices:
        - nixpacks
        - static
        - dockerfile
        - dockercompose
        - railpack
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
        - Path of the Dockerfile below O(applications[].base_directory).
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
        - Whether the built files are served by O(applications[].static_image). Coolify then sets O(applications[].ports_exposes)
          to V(80).
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
        - Not for the build pack V(dockercompose), see O(applications[].docker_compose_domains).
        type: list
        elements: str
      noindex_domains:
        description:
        - Those of O(applications[].domains) that search engines are told to leave out.
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
            choices:
            - both
            - www
            - non-www
      redirect:
        description:
        - Whether visitors are redirected to the name with or without V(www).
        type: str
        choices:
        - both
        - www
        - non-www
      ports_exposes:
        description:
        - Ports that the container listens on; the proxy uses the first. Numbers and comma-separated texts are fine.
        type: list
        elements: str
      ports_mappings:
        description:
        - Ports of the server that lead to the container, as V(host:container). Coolify cannot replace such a container without
          downtime.
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
        choices:
        - http
        - cmd
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
        - Port of the HTTP check. V(0) means the first of O(applications[].ports_exposes).
        type: int
      health_check_host:
        description:
        - Host of the HTTP check. V(127.0.0.1) avoids that C(localhost) means IPv6.
        type: str
      health_check_method:
        description:
        - Method of the HTTP check.
        type: str
        choices:
        - GET
        - HEAD
        - POST
        - OPTIONS
      health_check_return_code:
        description:
        - Status that the HTTP check expects.
        type: int
      health_check_scheme:
        description:
        - Scheme of the HTTP check.
        type: str
        choices:
        - http
        - https
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
        - Service of the compose file that O(applications[].pre_deployment_command) runs in.
        type: str
      post_deployment_command:
        description:
        - Command that runs in the new container after each deployment.
        type: str
      post_deployment_command_container:
        description:
        - Service of the compose file that O(applications[].post_deployment_command) runs in.
        type: str
      docker_compose_location:
        description:
        - Path of the compose file below O(applications[].base_directory).
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
        - Whether a new application without O(applications[].domains) gets a public address made by Coolify. Sent as V(false) unless
          asked for.
        type: bool
      variables:
        description:
        - Environment variables whose values may be seen. Each key has its value, or a dictionary with C(value) and attributes.
        - The attributes are C(is_literal), C(is_multiline), C(is_shown_once), C(is_runtime), C(is_buildtime), C(is_preview) and
          C(comment). Those that are not given keep what the server has; new variables get Coolify's defaults.
        - Values are texts or integers. Booleans, floats and null are refused; quote them. Coolify trims values.
        type: dict
      secrets:
        description:
        - Like O(applications[].variables), for values that must not be seen. Diffs show V(differs), or V(********) where there
          was none, and nothing else.
        - Ansible blanks each of these values everywhere in the result, so very short ones damage it; the task warns.
        type: dict
      purge:
        description:
        - Whether to delete the variables that are in neither O(applications[].variables) nor O(applications[].secrets).
        - Variables that Coolify generates (C(SERVICE_*), C(NIXPACKS_*), C(RAILPACK_*)) stay.
        type: bool
        default: false
      required_env:
        description:
        - Variables that have to be there and not be empty once this task has written its own and removed what it purges.
        type: list
        elements: str
      required_ports:
        description:
        - Host ports that have to be free on the server, in addition to those of C(ports_mappings). What other applications of the
          environment map on that server is not free.
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
        - From Coolify 4.4 on the log takes a token with C(read:sensitive); without it the deployment is blocked before anything
          is changed.
        type: list
        elements: str
      tags:
        description:
        - The tags, which deployments and lists can be chosen by. Exactly these; an empty list removes them all.
        - Coolify stores them in lower case and forgets a tag that nothing has any more.
        - Requires Coolify 4.2.0.
        type: list
        elements: str
"""

EXAMPLES = r"""
---
- name: A web application and its worker, a database and a cache, in one transaction
  selfhosted.coolify.coolify_stack:
    project: shop
    server: localhost
    state: deployed
    databases:
      - name: main
        type: postgresql
      - name: cache
        type: redis
    variables:
      DATABASE_URL: {database: main, value: "postgresql://{userinfo}@{host}:{port}/{database}"}
      CACHE_URL: {database: cache}
      LOG_LEVEL: info
    applications:
      - name: web
        type: dockerimage
        docker_registry_image_name: ghcr.io/acme/shop
        docker_registry_image_tag: "1.4"
        ports_exposes: 8000
        domains: [https://shop.example.com]
        verify_path: /health
        secrets:
          SECRET_KEY: "{{ vault_shop_secret_key }}"
      - name: worker
        type: dockerimage
        docker_registry_image_name: ghcr.io/acme/shop
        docker_registry_image_tag: "1.4"
        ports_exposes: 8000
        depends_on: [web]
        variables:
          APP_PROCESS: worker
"""

RETURN = r"""
---
stack:
  description:
    - What there is now, or would be in check mode, in C(databases), C(services) and C(applications).
    - Each has the keys that M(selfhosted.coolify.coolify_db) returns in C(database), M(selfhosted.coolify.coolify_service) in C(service) and
      M(selfhosted.coolify.coolify_app) in C(application), a database also C(connection) and C(backups), the others also C(variables).
    - RV(details), RV(rollback_point) and RV(diff) have the same keys, with a dictionary by name in each.
  returned: always
  type: dict
  contains:
    databases:
      description: The declared databases.
      type: list
      elements: dict
    services:
      description: The declared services.
      type: list
      elements: dict
    applications:
      description: The declared applications, in the order in which they are deployed.
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

from ansible_collections.selfhosted.coolify.plugins.module_utils._resources.stack import MODULE
from ansible_collections.selfhosted.coolify.plugins.module_utils._runner import main as run


def main() -> None:
    run(MODULE)


if __name__ == "__main__":
    main()
