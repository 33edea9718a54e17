# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How rows look in an answer: which keys, in which version, for which token."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta

from .core import RAW_TIME, Coolify, Row

REPORT_SECONDS = 10

SERVER_SETTINGS: dict[str, t.Any] = {
    "is_swarm_manager": False,
    "is_jump_server": False,
    "is_build_server": False,
    "is_reachable": True,
    "is_usable": True,
    "wildcard_domain": None,
    "is_cloudflare_tunnel": False,
    "is_logdrain_newrelic_enabled": False,
    "logdrain_newrelic_license_key": None,
    "logdrain_newrelic_base_uri": None,
    "is_logdrain_highlight_enabled": False,
    "logdrain_highlight_project_id": None,
    "is_logdrain_axiom_enabled": False,
    "logdrain_axiom_dataset_name": None,
    "logdrain_axiom_api_key": None,
    "is_swarm_worker": False,
    "is_logdrain_custom_enabled": False,
    "logdrain_custom_config": None,
    "logdrain_custom_config_parser": None,
    "concurrent_builds": 2,
    "dynamic_timeout": 3600,
    "force_disabled": False,
    "is_metrics_enabled": False,
    "generate_exact_labels": False,
    "force_docker_cleanup": True,
    "docker_cleanup_frequency": "0 0 * * *",
    "docker_cleanup_threshold": 80,
    "server_timezone": "UTC",
    "delete_unused_volumes": False,
    "delete_unused_networks": False,
    "is_sentinel_enabled": False,
    "sentinel_token": None,
    "sentinel_metrics_refresh_rate_seconds": 10,
    "sentinel_metrics_history_days": 7,
    "sentinel_push_interval_seconds": 60,
    "sentinel_custom_url": "http://host.docker.internal:8000",
    "server_disk_usage_notification_threshold": 80,
    "is_sentinel_debug_enabled": False,
    "server_disk_usage_check_frequency": "0 23 * * *",
    "is_terminal_enabled": True,
    "deployment_queue_limit": 25,
    "disable_application_image_retention": False,
    "connection_timeout": 10,
    "docker_version": None,
    "docker_version_checked_at": None,
    "compose_version": None,
    "compose_version_checked_at": None,
    "backup_compression_cpu_percentage": 25,
    "server_role": "both",
}
SERVER_SECRETS = (
    "logdrain_newrelic_license_key",
    "logdrain_axiom_api_key",
    "logdrain_custom_config",
    "logdrain_custom_config_parser",
    "sentinel_token",
    "sentinel_custom_url",
)
SERVER: dict[str, t.Any] = {
    "unreachable_notification_sent": False,
    "unreachable_count": 0,
    "high_disk_usage_notification_sent": False,
    "log_drain_notification_sent": False,
    "swarm_cluster": None,
    "validation_logs": None,
    "sentinel_updated_at": "2026-01-01 00:00:00",
    "deleted_at": None,
    "ip_previous": None,
    "hetzner_server_id": None,
    "cloud_provider_token_id": None,
    "hetzner_server_status": None,
    "is_validating": False,
    "detected_traefik_version": None,
    "traefik_outdated_info": None,
    "server_metadata": None,
    "vultr_instance_id": None,
    "vultr_instance_status": None,
    "digitalocean_droplet_id": None,
    "digitalocean_droplet_status": None,
}
# The release that brought a key
SINCE = {
    "server": dict.fromkeys(
        ("vultr_instance_id", "vultr_instance_status", "digitalocean_droplet_id", "digitalocean_droplet_status"), "4.2.0"
    ),
    "server_settings": {"server_role": "4.4.0"}
    | dict.fromkeys(
        (
            "docker_version",
            "docker_version_checked_at",
            "compose_version",
            "compose_version_checked_at",
            "backup_compression_cpu_percentage",
        ),
        "4.3.0",
    ),
    "project": dict.fromkeys(("icon_path", "icon_s3_storage_id", "icon_storage_type"), "4.3.0"),
    "team": {"is_mcp_server_enabled": "4.2.0"},
}


def known(coolify: Coolify, kind: str, keys: t.Mapping[str, t.Any]) -> Row:
    """Without the keys that came with a later release."""
    since = SINCE[kind]
    return {key: value for key, value in keys.items() if coolify.has(since.get(key))}


def ordered(view: Row) -> Row:
    """As Coolify sorts an answer: id, uuid, description and name first (if filled), then by name, the times last."""
    rest = {key: view[key] for key in sorted(view) if key not in ("created_at", "updated_at")}
    first = {key: rest.pop(key) for key in ("id", "uuid", "description", "name") if rest.get(key)}
    last = {key: view[key] for key in ("created_at", "updated_at") if key in view}
    return {**first, **rest, **last}


def times(row: Row) -> Row:
    return {"created_at": row["created_at"], "updated_at": row["updated_at"]}


def server_settings(coolify: Coolify, server: Row, secrets: bool) -> Row:
    values = {"id": server["id"], "server_id": server["id"], **SERVER_SETTINGS, **server["settings"], **times(server)}
    if values["is_build_server"]:
        values["server_role"] = "build"
    return {key: value for key, value in known(coolify, "server_settings", values).items() if secrets or key not in SERVER_SECRETS}


def proxy(server: Row) -> Row:
    return {"type": server["proxy_type"], "status": "exited", "redirect_enabled": True, **server.get("proxy", {})}


def server(coolify: Coolify, row: Row, secrets: bool) -> Row:
    return {
        "id": row["id"],
        "uuid": row["uuid"],
        **{name: row[name] for name in ("name", "description", "ip", "port", "user", "team_id", "private_key_id")},
        "proxy": proxy(row),
        **times(row),
        **known(coolify, "server", {**SERVER, **{name: row[name] for name in SERVER if name in row}}),
        "is_coolify_host": row["id"] == 0,
        "settings": server_settings(coolify, row, secrets),
    }


def destination(coolify: Coolify, row: Row, secrets: bool) -> Row:
    """Nested in a resource. Before 4.2.0 every token saw the server's secrets there."""
    place = coolify.destination(row)
    shown = server(coolify, coolify.server(row), secrets or not coolify.has("4.2.0"))
    return {**{name: place[name] for name in ("id", "name", "uuid", "network", "server_id")}, **times(place), "server": shown}


def team(coolify: Coolify, row: Row) -> Row:
    return known(
        coolify,
        "team",
        {
            **{name: row[name] for name in ("id", "name", "description", "personal_team", "show_boarding")},
            "custom_server_limit": None,
            "is_mcp_server_enabled": True,
            **times(row),
        },
    )


def project(coolify: Coolify, row: Row) -> Row:
    keys = {name: row[name] for name in ("id", "uuid", "name", "description", "team_id")}
    return known(coolify, "project", {**keys, **times(row), "icon_path": None, "icon_storage_type": None, "icon_s3_storage_id": None})


def environment(row: Row) -> Row:
    return {name: row[name] for name in ("id", "name", "project_id", "created_at", "updated_at", "description", "uuid")}


def environment_up(coolify: Coolify, row: Row) -> Row:
    """The environment of a resource, with the project and the team above it."""
    owner = coolify.project(row)
    above = {**project(coolify, owner), "team": team(coolify, coolify.table("teams")[owner["team_id"]])}
    return {**environment(coolify.environment(row)), "project": above}


def last_online_at(coolify: Coolify, app: Row) -> str | None:
    """The agent tells every ten seconds what runs, and Coolify notes when; not while the container of a new deployment was not seen yet."""
    text = app["last_online_at"]
    if not text or not app["status"].startswith("running") or app.get("_unseen"):
        return text
    seen, now = (datetime.strptime(moment, RAW_TIME) for moment in (text, coolify.now(RAW_TIME)))
    return (now - (now - seen) % timedelta(seconds=REPORT_SECONDS)).strftime(RAW_TIME)


def server_status(coolify: Coolify, row: Row) -> bool:
    settings = coolify.server(row)["settings"]
    return settings["is_reachable"] and settings["is_usable"]
