# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every field that Coolify lets a client write is a row of our tables, or stands here with the reason why not.

The lists are Coolify 4.3.11's own: the field table of its application endpoints, and the field tables of its database endpoints.
"""

from __future__ import annotations

import pytest

from ansible_collections.selfhosted.coolify.plugins.module_utils._resources import application, database, project, resource, service

# write name -> (where it is read back, first release from 4.0.0 on that takes it, whether creation takes it)
APPLICATION: dict[str, tuple[str, str | None, bool]] = {
    "name": ("name", None, True),
    "description": ("description", None, True),
    "git_repository": ("git_repository", None, True),
    "git_branch": ("git_branch", None, True),
    "git_commit_sha": ("git_commit_sha", None, True),
    "build_pack": ("build_pack", None, True),
    "watch_paths": ("watch_paths", None, True),
    "preview_url_template": ("preview_url_template", "4.3.0", True),
    "install_command": ("install_command", None, True),
    "build_command": ("build_command", None, True),
    "start_command": ("start_command", None, True),
    "base_directory": ("base_directory", None, True),
    "publish_directory": ("publish_directory", None, True),
    "dockerfile_location": ("dockerfile_location", None, True),
    "dockerfile_target_build": ("dockerfile_target_build", None, False),
    "static_image": ("static_image", None, True),
    "docker_registry_image_name": ("docker_registry_image_name", None, True),
    "docker_registry_image_tag": ("docker_registry_image_tag", None, True),
    "custom_nginx_configuration": ("custom_nginx_configuration", None, True),
    "is_static": ("settings.is_static", None, True),
    "is_spa": ("settings.is_spa", None, True),
    "use_build_server": ("settings.is_build_server_enabled", None, True),
    "use_build_secrets": ("settings.use_build_secrets", "4.2.0", True),
    "disable_build_cache": ("settings.disable_build_cache", "4.2.0", True),
    "inject_build_args_to_dockerfile": ("settings.inject_build_args_to_dockerfile", "4.2.0", True),
    "include_source_commit_in_build": ("settings.include_source_commit_in_build", "4.2.0", True),
    "docker_images_to_keep": ("settings.docker_images_to_keep", "4.2.0", True),
    "is_git_submodules_enabled": ("settings.is_git_submodules_enabled", "4.2.0", True),
    "is_git_lfs_enabled": ("settings.is_git_lfs_enabled", "4.2.0", True),
    "is_git_shallow_clone_enabled": ("settings.is_git_shallow_clone_enabled", "4.2.0", True),
    "is_preserve_repository_enabled": ("settings.is_preserve_repository_enabled", None, True),
    "is_env_sorting_enabled": ("settings.is_env_sorting_enabled", "4.2.0", True),
    "domains": ("fqdn", None, True),
    "noindex_domains": ("noindex_domains", "4.3.0", True),
    "docker_compose_domains": ("docker_compose_domains", None, True),
    "redirect": ("redirect", None, True),
    "ports_exposes": ("ports_exposes", None, True),
    "ports_mappings": ("ports_mappings", None, True),
    "custom_network_aliases": ("custom_network_aliases", None, True),
    "connect_to_docker_network": ("settings.connect_to_docker_network", None, True),
    "is_force_https_enabled": ("settings.is_force_https_enabled", None, True),
    "is_gzip_enabled": ("settings.is_gzip_enabled", "4.2.0", True),
    "is_stripprefix_enabled": ("settings.is_stripprefix_enabled", "4.2.0", True),
    "custom_internal_name": ("settings.custom_internal_name", "4.3.0", True),
    "is_consistent_container_name_enabled": ("settings.is_consistent_container_name_enabled", "4.3.0", True),
    "is_http_basic_auth_enabled": ("is_http_basic_auth_enabled", None, True),
    "http_basic_auth_username": ("http_basic_auth_username", None, True),
    "http_basic_auth_password": ("http_basic_auth_password", None, True),
    "custom_labels": ("custom_labels", None, True),
    "is_container_label_escape_enabled": ("settings.is_container_label_escape_enabled", None, True),
    "health_check_enabled": ("health_check_enabled", None, True),
    "health_check_type": ("health_check_type", None, True),
    "health_check_command": ("health_check_command", None, True),
    "health_check_path": ("health_check_path", None, True),
    "health_check_port": ("health_check_port", None, True),
    "health_check_host": ("health_check_host", None, True),
    "health_check_method": ("health_check_method", None, True),
    "health_check_return_code": ("health_check_return_code", None, True),
    "health_check_scheme": ("health_check_scheme", None, True),
    "health_check_response_text": ("health_check_response_text", None, True),
    "health_check_interval": ("health_check_interval", None, True),
    "health_check_timeout": ("health_check_timeout", None, True),
    "health_check_retries": ("health_check_retries", None, True),
    "health_check_start_period": ("health_check_start_period", None, True),
    "limits_memory": ("limits_memory", None, True),
    "limits_memory_swap": ("limits_memory_swap", None, True),
    "limits_memory_reservation": ("limits_memory_reservation", None, True),
    "limits_cpus": ("limits_cpus", None, True),
    "limits_memory_swappiness": ("limits_memory_swappiness", None, True),
    "limits_cpuset": ("limits_cpuset", None, True),
    "limits_cpu_shares": ("limits_cpu_shares", None, True),
    "custom_docker_run_options": ("custom_docker_run_options", None, True),
    "max_restart_count": ("max_restart_count", "4.3.0", True),
    "stop_grace_period": ("settings.stop_grace_period", "4.2.0", True),
    "is_log_drain_enabled": ("settings.is_log_drain_enabled", "4.3.0", True),
    "is_gpu_enabled": ("settings.is_gpu_enabled", "4.3.0", True),
    "gpu_driver": ("settings.gpu_driver", "4.3.0", True),
    "gpu_count": ("settings.gpu_count", "4.3.0", True),
    "gpu_device_ids": ("settings.gpu_device_ids", "4.3.0", True),
    "gpu_options": ("settings.gpu_options", "4.3.0", True),
    "pre_deployment_command": ("pre_deployment_command", None, True),
    "post_deployment_command": ("post_deployment_command", None, True),
    "pre_deployment_command_container": ("pre_deployment_command_container", None, True),
    "post_deployment_command_container": ("post_deployment_command_container", None, True),
    "docker_compose_location": ("docker_compose_location", None, True),
    "docker_compose_custom_start_command": ("docker_compose_custom_start_command", None, True),
    "docker_compose_custom_build_command": ("docker_compose_custom_build_command", None, True),
    "is_raw_compose_deployment_enabled": ("settings.is_raw_compose_deployment_enabled", "4.2.0", True),
    "manual_webhook_secret_github": ("manual_webhook_secret_github", None, True),
    "manual_webhook_secret_gitlab": ("manual_webhook_secret_gitlab", None, True),
    "manual_webhook_secret_bitbucket": ("manual_webhook_secret_bitbucket", None, True),
    "manual_webhook_secret_gitea": ("manual_webhook_secret_gitea", None, True),
    "is_auto_deploy_enabled": ("settings.is_auto_deploy_enabled", None, True),
    "is_preview_deployments_enabled": ("settings.is_preview_deployments_enabled", "4.2.0", True),
    "is_pr_deployments_public_enabled": ("settings.is_pr_deployments_public_enabled", "4.2.0", True),
}
# Coolify takes these at creation or with a request, and they are options with a meaning of their own
APPLICATION_CONTROL = {
    "type": "chooses the endpoint",
    "dockerfile": "creation only; a difference is an error",
    "github_app_uuid": "creation only; a difference is an error",
    "private_key_uuid": "creation only; a difference is an error",
    "autogenerate_domain": "creation only, sent explicitly",
    "force_domain_override": "sent with domains",
    "tags": "a list of its own, written apart",
}
APPLICATION_LEFT_OUT = {
    "instant_deploy": "a deployment is asked for by state; Coolify's flag ignores the queue's limits",
    "docker_compose_raw": "accepted and ignored by Coolify",
    "docker_compose": "not writable",
    "project_uuid": "option project",
    "environment_name": "option environment",
    "environment_uuid": "option environment",
    "server_uuid": "option server",
    "destination_uuid": "option destination",
}

DATABASE_COMMON = {
    "name": True,
    "description": True,
    "image": True,
    "is_public": True,
    "public_port": True,
    "public_port_timeout": True,
    "limits_memory": True,
    "limits_memory_swap": True,
    "limits_memory_swappiness": True,
    "limits_memory_reservation": True,
    "limits_cpus": True,
    "limits_cpuset": True,
    "limits_cpu_shares": True,
    "health_check_enabled": False,
    "health_check_interval": False,
    "health_check_timeout": False,
    "health_check_retries": False,
    "health_check_start_period": False,
}
DATABASE_LEFT_OUT = {
    "instant_deploy": "state=started starts it",
}
DATABASE: dict[str, set[str]] = {
    "postgresql": {
        "postgres_user",
        "postgres_password",
        "postgres_db",
        "postgres_initdb_args",
        "postgres_host_auth_method",
        "postgres_conf",
    },
    "mysql": {"mysql_root_password", "mysql_user", "mysql_password", "mysql_database", "mysql_conf"},
    "mariadb": {"mariadb_root_password", "mariadb_user", "mariadb_password", "mariadb_database", "mariadb_conf"},
    "mongodb": {"mongo_initdb_root_username", "mongo_initdb_root_password", "mongo_initdb_database", "mongo_conf"},
    "redis": {"redis_password", "redis_conf"},
    "keydb": {"keydb_password", "keydb_conf"},
    "dragonfly": {"dragonfly_password"},
    "clickhouse": {"clickhouse_admin_user", "clickhouse_admin_password"},
}
BACKUPS = {
    "frequency",
    "enabled",
    "save_s3",
    "s3_storage_uuid",
    "databases_to_backup",
    "dump_all",
    "database_backup_retention_amount_locally",
    "database_backup_retention_days_locally",
    "database_backup_retention_max_storage_locally",
    "database_backup_retention_amount_s3",
    "database_backup_retention_days_s3",
    "database_backup_retention_max_storage_s3",
    "timeout",
}
BACKUPS_LEFT_OUT = {"backup_now": "an action, not a state"}


def test_every_field_of_applications_is_a_row():
    rows = {row.name: (row.read or row.name, row.since, "create" in row.on) for row in application.FIELDS}
    # Coolify overwrites custom_labels at creation, so the table writes them afterwards only
    expected = {**APPLICATION, "custom_labels": (*APPLICATION["custom_labels"][:2], False)}
    assert rows == expected


def test_every_control_of_applications_is_an_option():
    assert set(APPLICATION_CONTROL) <= set(application.MODULE.spec)
    assert not set(APPLICATION_LEFT_OUT) & set(application.MODULE.spec)


def test_every_common_field_of_databases_is_a_row():
    assert {row.name: "create" in row.on for row in database.COMMON} == DATABASE_COMMON
    assert not set(DATABASE_LEFT_OUT) & set(database.MODULE.spec)


@pytest.mark.parametrize("kind", DATABASE)
def test_every_field_of_a_database_type_is_a_row(kind):
    assert {row.name for row in database.KINDS[kind].fields} == DATABASE[kind]


def test_every_field_of_backups_is_a_row():
    assert {row.name for row in database.BACKUP_FIELDS} == BACKUPS
    assert not set(BACKUPS_LEFT_OUT) & {row.name for row in database.BACKUP_FIELDS}


SERVICE = {
    # write name -> whether creation takes it
    "name": True,
    "description": True,
    "docker_compose_raw": True,
    "connect_to_docker_network": False,
    "is_container_label_escape_enabled": True,
}
SERVICE_CONTROL = {
    "type": "creation only; a difference is an error",
    "urls": "a step of its own, because Coolify stores the rest of a request before it refuses a domain",
    "force_domain_override": "sent with urls",
    "tags": "a list of its own, written apart",
}
SERVICE_LEFT_OUT = {
    "instant_deploy": "state=started starts it",
}
SERVICE_PARTS = {
    "applications": {
        "noindex_domains",
        "human_name",
        "description",
        "image",
        "exclude_from_status",
        "is_log_drain_enabled",
        "is_gzip_enabled",
        "is_stripprefix_enabled",
        "is_force_https_enabled",
    },
    "databases": {
        "human_name",
        "description",
        "image",
        "exclude_from_status",
        "is_log_drain_enabled",
        "is_public",
        "public_port",
        "public_port_timeout",
    },
}
SERVICE_PARTS_CONTROL = {"url": "the same as an entry of urls, whose path keeps its capitals"}


def test_every_field_of_services_is_a_row():
    assert {row.name: "create" in row.on for row in service.FIELDS} == SERVICE
    assert set(SERVICE_CONTROL) <= set(service.MODULE.spec) and not set(SERVICE_LEFT_OUT) & set(service.MODULE.spec)


def test_every_field_of_a_services_containers_is_a_row():
    assert {kind: {row.name for row in rows} for kind, rows in service.PARTS.items()} == SERVICE_PARTS
    assert set(SERVICE_PARTS_CONTROL) <= set(service.OWN_SPEC["applications"]["options"])


def test_every_field_of_projects_is_a_row():
    assert {row.name for row in project.FIELDS} == {"name", "description"}


def test_secrets_are_marked():
    """Everything that Coolify hides from tokens without read:sensitive and that is a credential."""
    secret = {row.name for rows in (application.FIELDS, database.COMMON, tuple(database.SPECIFIC.values())) for row in rows if row.secret}
    named = {
        name
        for name in (*APPLICATION, *(name for names in DATABASE.values() for name in names))
        if "password" in name or "_secret_" in name
    }
    assert secret == named


def test_secrets_are_told_by_their_names():
    """What a preview of something unknown relies on."""
    rows = {row.name: row.secret for row in (*application.FIELDS, *database.COMMON, *database.SPECIFIC.values())}
    assert {name for name, hidden in rows.items() if hidden} == {name for name in rows if resource.secret(name)}
