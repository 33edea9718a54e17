# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The four laws for servers, private keys, destinations and registries."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.selfhosted.coolify.tests.simulator.keys import fingerprint, generated
from ansible_collections.selfhosted.coolify.tests.unit.plugins.modules.test_laws import VERSIONS, Scenario, obey

ONE, OTHER = generated(), generated()
KEY = ("private_key", {"name": "fleet", "description": "Login to the fleet", "private_key": ONE})
WEB = {"name": "web1", "ip": "203.0.113.10", "private_key": "fleet"}
SERVER = ("server", WEB)
USABLE = ("server", {**WEB, "state": "validated"})
LOGIN = {"server": "web1", "registry": "ghcr.io", "username": "bot", "password": "a-long-token"}
CLEANUP = {"docker_cleanup_frequency": "weekly", "docker_cleanup_threshold": 70, "force_docker_cleanup": False}
SENTINEL = {"is_sentinel_enabled": True, "is_metrics_enabled": True, "sentinel_push_interval_seconds": 30, "sentinel_token": "a-long-token"}
DRAINS = {
    "is_logdrain_axiom_enabled": True,
    "logdrain_axiom_dataset_name": "logs",
    "logdrain_axiom_api_key": "a-secret-key",
}
COMPOSE = "services:\n  traefik:\n    image: traefik:v3.6\n"


def scenario(id: str, module: str, options: dict[str, t.Any], *before: tuple[str, dict[str, t.Any]], **more: t.Any) -> Scenario:
    return Scenario(id, module, options, before, **more)


SCENARIOS = [
    # private keys
    scenario(
        "key, new",
        *KEY,
        holds=(
            ("private_keys", "fleet", "private_key", ONE),
            ("private_keys", "fleet", "fingerprint", fingerprint(ONE)),
            ("private_keys", "fleet", "description", "Login to the fleet"),
        ),
    ),
    scenario("key, as it is", *KEY, KEY, changes=False),
    scenario("key, as it is without its text", "private_key", {"name": "fleet", "description": "Login to the fleet"}, KEY, changes=False),
    scenario(
        "key, described, its text read from Coolify",
        "private_key",
        {"name": "fleet", "description": "other"},
        KEY,
        holds=(("private_keys", "fleet", "description", "other"), ("private_keys", "fleet", "private_key", ONE)),
    ),
    scenario(
        "key, replaced",
        "private_key",
        {"name": "fleet", "private_key": OTHER},
        KEY,
        SERVER,
        holds=(("private_keys", "fleet", "fingerprint", fingerprint(OTHER)),),
    ),
    scenario(
        "key, renamed by its uuid",
        "private_key",
        {"uuid": "{private_keys.fleet}", "name": "other"},
        KEY,
        holds=(("private_keys", "other", "fingerprint", fingerprint(ONE)),),
    ),
    scenario(
        "key, deleted",
        "private_key",
        {"name": "fleet", "state": "absent", "confirm_destructive": True},
        KEY,
        gone=(("private_keys", "fleet"),),
    ),
    scenario("key, absent already", "private_key", {"name": "fleet", "state": "absent"}, changes=False),
    # servers
    scenario(
        "server, new",
        "server",
        {**WEB, "description": "Web", "port": 2222, "user": "deploy", "proxy_type": "caddy"},
        KEY,
        holds=(
            ("servers", "web1", "ip", "203.0.113.10"),
            ("servers", "web1", "port", 2222),
            ("servers", "web1", "user", "deploy"),
            ("servers", "web1", "proxy_type", "CADDY"),
            ("servers", "web1", "description", "Web"),
        ),
    ),
    scenario(
        "server, new with what creation does not take",
        "server",
        {**WEB, "concurrent_builds": 4, "server_disk_usage_check_frequency": "hourly", "connection_timeout": 20, "is_build_server": True},
        KEY,
        holds=(
            ("servers", "web1", "settings.concurrent_builds", 4),
            ("servers", "web1", "settings.server_disk_usage_check_frequency", "hourly"),
            ("servers", "web1", "settings.is_build_server", True),
        ),
    ),
    scenario("server, as it is", *SERVER, KEY, SERVER, changes=False),
    scenario("server, nothing mentioned", "server", {"name": "web1"}, KEY, SERVER, changes=False),
    scenario(
        "server, some fields",
        "server",
        {"name": "web1", "description": "", "port": 2222, "dynamic_timeout": 7200, "is_build_server": True},
        KEY,
        ("server", {**WEB, "description": "x"}),
        holds=(
            ("servers", "web1", "description", ""),
            ("servers", "web1", "port", 2222),
            ("servers", "web1", "settings.dynamic_timeout", 7200),
            ("servers", "web1", "settings.is_build_server", True),
        ),
    ),
    scenario(
        "server, another key",
        "server",
        {"name": "web1", "private_key": "next"},
        KEY,
        SERVER,
        ("private_key", {"name": "next", "private_key": OTHER}),
        holds=(("servers", "web1", "private_key_id", 3),),
    ),
    scenario(
        "server, another proxy",
        "server",
        {"name": "web1", "proxy_type": "none"},
        KEY,
        USABLE,
        holds=(("servers", "web1", "proxy_type", "NONE"),),
    ),
    scenario(
        "server, renamed by its uuid",
        "server",
        {"uuid": "{servers.web1}", "name": "w"},
        KEY,
        SERVER,
        holds=(("servers", "w", "ip", WEB["ip"]),),
    ),
    scenario(
        "server, registered and validated",
        "server",
        {**WEB, "state": "validated"},
        KEY,
        holds=(("servers", "web1", "settings.is_usable", True),),
    ),
    scenario("server, validated already", *USABLE, KEY, USABLE, changes=False),
    scenario(
        "server, moved and validated again",
        "server",
        {"name": "web1", "ip": "203.0.113.11", "state": "validated"},
        KEY,
        USABLE,
        holds=(("servers", "web1", "ip", "203.0.113.11"), ("servers", "web1", "ip_previous", "203.0.113.10")),
    ),
    scenario(
        "server, installed",
        "server",
        {**WEB, "state": "validated", "install": True},
        KEY,
        holds=(("servers", "web1", "settings.is_usable", True),),
        since="4.2.0",
    ),
    scenario(
        "server, terminal",
        "server",
        {"name": "web1", "is_terminal_enabled": False},
        KEY,
        SERVER,
        holds=(("servers", "web1", "settings.is_terminal_enabled", False),),
        since="4.3.0",
    ),
    scenario(
        "server, its parts",
        "server",
        {
            "name": "web1",
            "docker_cleanup": CLEANUP,
            "sentinel": SENTINEL,
            "log_drains": DRAINS,
            "proxy": {"redirect_url": "https://www.example.com", "generate_exact_labels": True, "configuration": COMPOSE},
        },
        KEY,
        USABLE,
        holds=(
            ("servers", "web1", "settings.docker_cleanup_frequency", "0 0 * * 0"),
            ("servers", "web1", "settings.docker_cleanup_threshold", 70),
            ("servers", "web1", "settings.force_docker_cleanup", False),
            ("servers", "web1", "settings.is_metrics_enabled", True),
            ("servers", "web1", "settings.sentinel_token", "a-long-token"),
            ("servers", "web1", "settings.logdrain_axiom_api_key", "a-secret-key"),
            ("servers", "web1", "settings.generate_exact_labels", True),
            ("servers", "web1", "proxy.redirect_url", "https://www.example.com"),
            ("servers", "web1", "proxy.last_saved_proxy_configuration", COMPOSE),
        ),
        since="4.3.0",
    ),
    scenario(
        "server, new with its parts",
        "server",
        {**WEB, "docker_cleanup": CLEANUP, "log_drains": DRAINS, "proxy": {"redirect_enabled": False}},
        KEY,
        holds=(
            ("servers", "web1", "settings.docker_cleanup_threshold", 70),
            ("servers", "web1", "settings.is_logdrain_axiom_enabled", True),
            ("servers", "web1", "proxy.redirect_enabled", False),
        ),
        since="4.3.0",
    ),
    scenario(
        "server, sentinel off",
        "server",
        {
            "name": "web1",
            "sentinel": {"is_sentinel_enabled": False},
            "log_drains": {"is_logdrain_axiom_enabled": False, "logdrain_axiom_api_key": ""},
        },
        KEY,
        SERVER,
        ("server", {"name": "web1", "sentinel": SENTINEL, "log_drains": DRAINS}),
        holds=(
            ("servers", "web1", "settings.is_sentinel_enabled", False),
            ("servers", "web1", "settings.is_metrics_enabled", False),
            ("servers", "web1", "settings.logdrain_axiom_api_key", None),
        ),
        since="4.3.0",
    ),
    scenario(
        "server, role",
        "server",
        {"name": "web1", "server_role": "deployment"},
        KEY,
        SERVER,
        holds=(("servers", "web1", "settings.server_role", "deployment"),),
        since="4.4.0",
    ),
    scenario(
        "server, proxy restarted",
        "server",
        {"name": "web1", "state": "proxy_restarted"},
        KEY,
        USABLE,
        holds=(("servers", "web1", "proxy.status", "running"),),
        imperative=True,
        since="4.3.0",
    ),
    scenario(
        "server, cleaned up",
        "server",
        {"name": "web1", "state": "cleaned_up", "docker_cleanup": CLEANUP},
        KEY,
        USABLE,
        holds=(("servers", "web1", "settings.docker_cleanup_threshold", 70),),
        imperative=True,
        since="4.3.0",
    ),
    scenario(
        "server, deleted",
        "server",
        {"name": "web1", "state": "absent", "confirm_destructive": True},
        KEY,
        SERVER,
        gone=(("servers", "web1"),),
    ),
    scenario("server, absent already", "server", {"name": "web1", "state": "absent"}, changes=False),
    # destinations
    scenario(
        "destination, new",
        "destination",
        {"server": "web1", "network": "shop", "name": "Shop"},
        KEY,
        SERVER,
        holds=(("destinations", "Shop", "network", "shop"),),
        since="4.2.0",
    ),
    scenario(
        "destination, as it is",
        "destination",
        {"server": "web1", "network": "shop"},
        KEY,
        SERVER,
        ("destination", {"server": "web1", "network": "shop", "name": "Shop"}),
        changes=False,
        since="4.2.0",
    ),
    scenario(
        "destination, renamed",
        "destination",
        {"server": "web1", "network": "shop", "name": "Store"},
        KEY,
        SERVER,
        ("destination", {"server": "web1", "network": "shop", "name": "Shop"}),
        holds=(("destinations", "Store", "network", "shop"),),
        since="4.3.0",
    ),
    scenario(
        "destination, deleted",
        "destination",
        {"server": "web1", "name": "Shop", "state": "absent", "confirm_destructive": True},
        KEY,
        SERVER,
        ("destination", {"server": "web1", "network": "shop", "name": "Shop"}),
        gone=(("destinations", "Shop"),),
        since="4.2.0",
    ),
    scenario(
        "destination, absent already", "destination", {"server": "gone", "network": "shop", "state": "absent"}, changes=False, since="4.2.0"
    ),
    # registries
    scenario("registry, new", "registry", LOGIN, KEY, USABLE, holds=(("logins", "ghcr.io", "username", "bot"),), since="4.4.0"),
    scenario("registry, logged in already", "registry", LOGIN, KEY, USABLE, ("registry", LOGIN), changes=False, since="4.4.0"),
    scenario(
        "registry, another user",
        "registry",
        {**LOGIN, "username": "other", "registry": "https://ghcr.io/v2/"},
        KEY,
        USABLE,
        ("registry", LOGIN),
        holds=(("logins", "ghcr.io", "username", "other"),),
        since="4.4.0",
    ),
    scenario(
        "registry, each time",
        "registry",
        {**LOGIN, "update_secrets": "always"},
        KEY,
        USABLE,
        ("registry", LOGIN),
        imperative=True,
        since="4.4.0",
    ),
    scenario(
        "registry, logged out",
        "registry",
        {"server": "web1", "registry": "ghcr.io", "state": "absent"},
        KEY,
        USABLE,
        ("registry", LOGIN),
        holds=(("logins", "ghcr.io", "username", None),),
        since="4.4.0",
    ),
    scenario(
        "registry, absent already",
        "registry",
        {"server": "web1", "registry": "ghcr.io", "state": "absent"},
        KEY,
        USABLE,
        changes=False,
        since="4.4.0",
    ),
]


# Where there are no destinations at all, it is that what is said of one that should be renamed
CASES = [(item, version) for item in SCENARIOS for version in VERSIONS if (item.id, version) != ("destination, renamed", "4.1.2")]


@pytest.mark.parametrize(("scenario", "version"), CASES, ids=lambda value: value if isinstance(value, str) else value.id)
def test_the_four_laws_below_no_project(scenario, version, simulator, run, waiting, monkeypatch):
    obey(scenario, version, simulator, run, waiting, monkeypatch)
