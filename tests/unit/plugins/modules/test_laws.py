# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The four laws, over a table of scenarios for every managing module:

1. check mode writes nothing;
2. what check mode promised (changed, diff, steps) is what the real run does;
3. the server then holds what was asked, and nothing else moved;
4. a second run changes nothing and writes nothing.

Imperative states are exempt from the fourth.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

import pytest

from ansible_collections.selfhosted.coolify.plugins.module_utils import _plan, _runner
from ansible_collections.selfhosted.coolify.plugins.module_utils._client import version_tuple
from ansible_collections.selfhosted.coolify.plugins.module_utils._fields import decoded
from ansible_collections.selfhosted.coolify.plugins.module_utils._resources.application import FIELDS
from ansible_collections.selfhosted.coolify.plugins.module_utils._resources.database import KINDS

DATABASES = tuple(KINDS)
CONTAINERS = ("service_applications", "service_databases")
OUTSIDE_PROJECTS = ("server", "private_key", "destination", "registry")
VERSIONS = ("4.3.11", "4.1.2", "4.2.0", "4.4.2", "4.5.0")
PROJECT = {"name": "shop", "environments": ["production", "staging"]}
IMAGE = {
    "project": "shop",
    "server": "localhost",
    "type": "dockerimage",
    "docker_registry_image_name": "nginx",
    "docker_registry_image_tag": "1.27",
}
PUBLIC = {
    "project": "shop",
    "server": "localhost",
    "type": "public",
    "git_repository": "https://github.com/coollabsio/coolify-examples",
    "git_branch": "v4.x",
}
WEB = ("app", {**IMAGE, "name": "web"})
DOCKERFILE = {"project": "shop", "server": "localhost", "type": "dockerfile", "dockerfile": "FROM nginx:alpine\nEXPOSE 3000\n"}


def db(kind: str, **options: t.Any) -> dict[str, t.Any]:
    return {"project": "shop", "server": "localhost", "type": kind, "name": kind, **options}


COMPOSE = """\
services:
  web:
    image: nginx:1.27   # the front
    ports: ["8080:80"]
    environment:
      MODE: prod
      GREETING: ${GREETING:-hello}
      DB_PASSWORD: $SERVICE_PASSWORD_DB
    volumes: [{type: bind, source: ./app.conf, target: /etc/app.conf, content: "a=1"}]
    healthcheck: {test: [CMD, curl, -f, "http://127.0.0.1/"]}
  db:
    image: postgres:16
    environment: [POSTGRES_PASSWORD=$SERVICE_PASSWORD_DB]
    volumes: ["db-data:/var/lib/postgresql/data"]
volumes:
  db-data: {}
"""
NEXT = COMPOSE.replace("nginx:1.27", "nginx:1.28")


def stack(**options: t.Any) -> dict[str, t.Any]:
    return {
        "project": "shop",
        "server": "localhost",
        "name": "stack",
        "docker_compose_raw": COMPOSE,
        "lint_skip_rules": ["COMPOSE-PORTS"],
        **options,
    }


KUMA = {"project": "shop", "server": "localhost", "name": "kuma", "type": "uptime-kuma"}
OWN = ("service", stack())


STACK = {
    "project": "shop",
    "server": "localhost",
    "databases": [{"name": "main", "type": "postgresql"}, {"name": "cache", "type": "redis"}],
    "variables": {
        "DATABASE_URL": {"database": "main", "value": "postgresql://{userinfo}@{host}:{port}/{database}"},
        "DB_PASSWORD": {"database": "main", "value": "{password}", "is_literal": True},
        "CACHE_URL": {"database": "cache"},
        "LOG_LEVEL": "info",
    },
    "secrets": {"SECRET_KEY": "a-long-secret"},
    "applications": [
        {"name": "worker", "depends_on": ["web", "main"], **{name: IMAGE[name] for name in IMAGE if name not in ("project", "server")}},
        {
            "name": "web",
            **{name: IMAGE[name] for name in IMAGE if name not in ("project", "server")},
            "variables": {"LOG_LEVEL": "debug"},
        },
    ],
}


PART = {
    **{name: value for name, value in stack().items() if name not in ("project", "server")},
    "urls": [{"name": "web", "url": "https://stack.example.com"}],
    "variables": {"EXTRA": "1"},
}
WITH_SERVICE = {
    "project": "shop",
    "server": "localhost",
    "databases": [{"name": "main", "type": "postgresql"}],
    "services": [{"name": "kuma", "type": "uptime-kuma"}, PART],
    "variables": {"LOG_LEVEL": "info"},
    "applications": [{"name": "web", "depends_on": ["kuma"], **{name: IMAGE[name] for name in IMAGE if name not in ("project", "server")}}],
}


@dataclass(frozen=True)
class Scenario:
    """``before`` are module calls that set the scene; ``holds`` are (table, name, dotted key, value) that the server has afterwards."""

    id: str
    module: str
    options: dict[str, t.Any]
    before: tuple[tuple[str, dict[str, t.Any]], ...] = ()
    holds: tuple[tuple[str, str, str, t.Any], ...] = ()
    gone: tuple[tuple[str, str], ...] = ()
    changes: bool = True
    imperative: bool = False
    since: str = "4.0.0"
    """The release that has it; an older one is told so, and nothing is written."""
    proves: t.Callable[[dict[str, t.Any]], t.Any] = lambda state: None
    """Asserts further things about what the server has afterwards."""

    @property
    def settings(self) -> bool:
        """Whether it declares flags that Coolify does not give back before 4.2.0, so that they are written again each time."""
        rows = {row.name for row in FIELDS if (row.read or "").startswith("settings.")}
        return bool(rows & set(self.options)) and self.module == "app"


SCENARIOS = [
    # projects
    Scenario(
        "project, new", "project", {"name": "shop", "description": "The shop"}, holds=(("projects", "shop", "description", "The shop"),)
    ),
    Scenario(
        "project, new with environments",
        "project",
        PROJECT,
        holds=(("environments", "staging", "name", "staging"), ("environments", "production", "name", "production")),
    ),
    Scenario("project, as it is", "project", PROJECT, before=(("project", PROJECT),), changes=False),
    Scenario(
        "project, description cleared",
        "project",
        {"name": "shop", "description": ""},
        before=(("project", {"name": "shop", "description": "x"}),),
        holds=(("projects", "shop", "description", ""),),
    ),
    Scenario(
        "project, environment removed",
        "project",
        {"name": "shop", "environments": ["production"], "purge": True, "confirm_destructive": True},
        before=(("project", PROJECT),),
        gone=(("environments", "staging"),),
    ),
    Scenario(
        "project, deleted",
        "project",
        {"name": "shop", "state": "absent", "confirm_destructive": True},
        before=(("project", PROJECT),),
        gone=(("projects", "shop"),),
    ),
    Scenario("project, absent already", "project", {"name": "shop", "state": "absent"}, changes=False),
    # applications
    Scenario(
        "app, new image",
        "app",
        {
            **IMAGE,
            "name": "web",
            "ports_exposes": 8080,
            "domains": ["https://shop.example.com", "https://www.shop.example.com/"],
            "limits_memory": "512M",
            "health_check_enabled": True,
            "health_check_port": 8080,
            "is_force_https_enabled": False,
            "use_build_server": True,
        },
        before=(("project", PROJECT),),
        holds=(
            ("applications", "web", "fqdn", "https://shop.example.com,https://www.shop.example.com/"),
            ("applications", "web", "ports_exposes", "8080"),
            ("applications", "web", "limits_memory", "512M"),
            ("applications", "web", "settings.is_force_https_enabled", False),
            ("applications", "web", "settings.is_build_server_enabled", True),
        ),
    ),
    Scenario(
        "app, new image has no domain unless asked",
        "app",
        {**IMAGE, "name": "web"},
        before=(("project", PROJECT),),
        holds=(("applications", "web", "fqdn", None),),
    ),
    Scenario(
        "app, image with its tag in the name",
        "app",
        {**IMAGE, "name": "web", "docker_registry_image_name": "ghcr.io/acme/shop:v2", "docker_registry_image_tag": None},
        before=(("project", PROJECT),),
        holds=(
            ("applications", "web", "docker_registry_image_name", "ghcr.io/acme/shop"),
            ("applications", "web", "docker_registry_image_tag", "v2"),
        ),
    ),
    Scenario(
        "app, image by its digest",
        "app",
        {**IMAGE, "name": "web", "docker_registry_image_name": "nginx@sha256:" + "a" * 64, "docker_registry_image_tag": None},
        before=(("project", PROJECT),),
        holds=(
            ("applications", "web", "docker_registry_image_name", "nginx@sha256"),
            ("applications", "web", "docker_registry_image_tag", "a" * 64),
        ),
    ),
    Scenario(
        "app, new Dockerfile with a port that creation ignores",
        "app",
        {**DOCKERFILE, "name": "df", "ports_exposes": 3000, "domains": ["https://df.example.com"]},
        before=(("project", PROJECT),),
        holds=(("applications", "df", "ports_exposes", "3000"),),
    ),
    Scenario(
        "app, new public repository with flags, labels and build target",
        "app",
        {
            **PUBLIC,
            "name": "site",
            "build_pack": "dockerfile",
            "base_directory": "/dockerfile",
            "dockerfile_target_build": "prod",
            "custom_labels": ["a=1", "b=2"],
            "domains": ["https://site.example.com"],
            "is_auto_deploy_enabled": False,
            "watch_paths": ["src/**", "!docs/**"],
            "custom_nginx_configuration": "server {}\n",
        },
        before=(("project", PROJECT),),
        holds=(
            ("applications", "site", "git_repository", "coollabsio/coolify-examples"),
            ("applications", "site", "dockerfile_target_build", "prod"),
            ("applications", "site", "watch_paths", "src/**\n!docs/**"),
            ("applications", "site", "settings.is_auto_deploy_enabled", False),
        ),
    ),
    Scenario(
        "app, new static site",
        "app",
        {**PUBLIC, "name": "static", "build_pack": "static", "is_static": True, "is_spa": True, "publish_directory": "/dist"},
        before=(("project", PROJECT),),
        holds=(("applications", "static", "ports_exposes", "80"), ("applications", "static", "settings.is_spa", True)),
    ),
    Scenario(
        "app, new with variables and secrets",
        "app",
        {**IMAGE, "name": "web", "variables": {"A": "1", "B": {"value": "$x", "is_literal": True}}, "secrets": {"TOKEN": "a-long-secret"}},
        before=(("project", PROJECT),),
        holds=(("variables", "web", "A", "1"), ("variables", "web", "TOKEN", "a-long-secret"), ("variables", "web", "B", "$x")),
    ),
    Scenario(
        "app, as it is",
        "app",
        {**IMAGE, "name": "web", "ports_exposes": 80},
        before=(("project", PROJECT), ("app", {**IMAGE, "name": "web", "ports_exposes": 80})),
        changes=False,
    ),
    Scenario("app, nothing mentioned", "app", {"project": "shop", "name": "web"}, before=(("project", PROJECT), WEB), changes=False),
    Scenario(
        "app, one field",
        "app",
        {"project": "shop", "name": "web", "docker_registry_image_tag": "1.28"},
        before=(("project", PROJECT), WEB),
        holds=(("applications", "web", "docker_registry_image_tag", "1.28"),),
    ),
    Scenario(
        "app, things cleared",
        "app",
        {
            "project": "shop",
            "name": "web",
            "domains": [],
            "description": "",
            "limits_memory": "",
            "health_check_port": 0,
            "ports_mappings": [],
        },
        before=(
            ("project", PROJECT),
            (
                "app",
                {
                    **IMAGE,
                    "name": "web",
                    "domains": ["https://a.example.com"],
                    "description": "x",
                    "limits_memory": "1G",
                    "health_check_port": 80,
                    "ports_mappings": ["8080:80"],
                },
            ),
        ),
        holds=(
            ("applications", "web", "fqdn", None),
            ("applications", "web", "limits_memory", "0"),
            ("applications", "web", "ports_mappings", None),
        ),
    ),
    Scenario(
        "app, renamed by its uuid",
        "app",
        {"uuid": "{applications.web}", "name": "front"},
        before=(("project", PROJECT), WEB),
        holds=(("applications", "front", "docker_registry_image_tag", "1.27"),),
    ),
    Scenario(
        "app, a new port reaches the labels",
        "app",
        {"project": "shop", "name": "web", "ports_exposes": [8080]},
        before=(("project", PROJECT), ("app", {**IMAGE, "name": "web", "ports_exposes": 80, "domains": ["https://a.example.com"]})),
        holds=(("applications", "web", "ports_exposes", "8080"), ("labels", "web", "loadbalancer.server.port=8080", True)),
    ),
    Scenario(
        "app, redirect and https reach the labels",
        "app",
        {"project": "shop", "name": "web", "is_force_https_enabled": False},
        before=(("project", PROJECT), ("app", {**IMAGE, "name": "web", "domains": ["https://a.example.com"]})),
        holds=(
            ("applications", "web", "settings.is_force_https_enabled", False),
            ("labels", "web", "middlewares=redirect-to-https", False),
        ),
    ),
    Scenario(
        "app, becomes static and keeps its own port",
        "app",
        {"project": "shop", "name": "site", "is_static": True, "ports_exposes": [3000]},
        before=(
            ("project", PROJECT),
            ("app", {**PUBLIC, "name": "site", "build_pack": "nixpacks", "ports_exposes": 3000, "domains": ["https://a.example.com"]}),
        ),
        holds=(("applications", "site", "settings.is_static", True), ("applications", "site", "ports_exposes", "3000")),
    ),
    Scenario(
        "app, becomes static and so moves to port 80",
        "app",
        {"project": "shop", "name": "site", "is_static": True},
        before=(("project", PROJECT), ("app", {**PUBLIC, "name": "site", "build_pack": "nixpacks", "ports_exposes": 3000})),
        holds=(("applications", "site", "ports_exposes", "80"),),
    ),
    Scenario(
        "app, own labels survive a change of the domain",
        "app",
        {"project": "shop", "name": "web", "domains": ["https://b.example.com"], "custom_labels": ["a=1"]},
        before=(("project", PROJECT), ("app", {**IMAGE, "name": "web", "domains": ["https://a.example.com"], "custom_labels": ["a=1"]})),
        holds=(("applications", "web", "fqdn", "https://b.example.com"), ("labels", "web", "a=1", True)),
    ),
    Scenario(
        "app, basic authentication",
        "app",
        {
            "project": "shop",
            "name": "web",
            "is_http_basic_auth_enabled": True,
            "http_basic_auth_username": "u",
            "http_basic_auth_password": "a-secret-pass",
        },
        before=(("project", PROJECT), ("app", {**IMAGE, "name": "web", "domains": ["https://a.example.com"]})),
        holds=(("applications", "web", "http_basic_auth_password", "a-secret-pass"),),
    ),
    Scenario(
        "app, another build pack with consent",
        "app",
        {"project": "shop", "name": "site", "build_pack": "nixpacks", "confirm_destructive": True},
        before=(("project", PROJECT), ("app", {**PUBLIC, "name": "site", "build_pack": "dockerfile"})),
        holds=(("applications", "site", "build_pack", "nixpacks"),),
    ),
    Scenario(
        "app, the same repository written differently",
        "app",
        {"project": "shop", "name": "site", "git_repository": "https://github.com/coollabsio/coolify-examples.git"},
        before=(("project", PROJECT), ("app", {**PUBLIC, "name": "site", "build_pack": "nixpacks"})),
        changes=False,
    ),
    Scenario(
        "app, another repository",
        "app",
        {"project": "shop", "name": "site", "git_repository": "https://github.com/acme/shop"},
        before=(("project", PROJECT), ("app", {**PUBLIC, "name": "site", "build_pack": "nixpacks"})),
        holds=(("applications", "site", "git_repository", "acme/shop"),),
    ),
    Scenario(
        "app, variables purged",
        "app",
        {"project": "shop", "name": "web", "purge": True, "variables": {"A": "1"}},
        before=(("project", PROJECT), ("app", {**IMAGE, "name": "web", "variables": {"A": "1", "B": "2"}})),
        holds=(("variables", "web", "A", "1"), ("variables", "web", "B", None)),
    ),
    Scenario(
        "app, started",
        "app",
        {"project": "shop", "name": "web", "state": "started"},
        before=(("project", PROJECT), WEB),
        holds=(("applications", "web", "status", "running:healthy"),),
    ),
    Scenario(
        "app, restarted",
        "app",
        {"project": "shop", "name": "web", "state": "restarted"},
        before=(("project", PROJECT), ("app", {**IMAGE, "name": "web", "state": "started"})),
        holds=(("applications", "web", "status", "running:healthy"),),
        imperative=True,
    ),
    Scenario(
        "app, stopped",
        "app",
        {"project": "shop", "name": "web", "state": "stopped"},
        before=(("project", PROJECT), ("app", {**IMAGE, "name": "web", "state": "started"})),
        holds=(("applications", "web", "status", "exited:unhealthy"),),
    ),
    Scenario(
        "app, never started is stopped",
        "app",
        {"project": "shop", "name": "web", "state": "stopped"},
        before=(("project", PROJECT), WEB),
        changes=False,
    ),
    Scenario(
        "app, deleted",
        "app",
        {"project": "shop", "name": "web", "state": "absent", "confirm_destructive": True},
        before=(("project", PROJECT), WEB),
        gone=(("applications", "web"),),
    ),
    Scenario(
        "app, absent already", "app", {"project": "shop", "name": "web", "state": "absent"}, before=(("project", PROJECT),), changes=False
    ),
    # databases
    *[
        Scenario(f"db, new {kind}", "db", db(kind), before=(("project", PROJECT),), holds=(("databases", kind, "limits_memory", "0"),))
        for kind in ("postgresql", "mysql", "mariadb", "mongodb", "redis", "keydb", "dragonfly", "clickhouse")
    ],
    Scenario(
        "db, new with everything",
        "db",
        db(
            "postgresql",
            postgres_user="app",
            postgres_password="a-long-secret",
            postgres_db="shop",
            postgres_conf="max_connections = 50\n",
            limits_memory="1G",
            public_port=15432,
            is_public=True,
            health_check_interval=30,
            backups=[{"frequency": "0 2 * * *", "database_backup_retention_amount_locally": 7}],
        ),
        before=(("project", PROJECT),),
        holds=(
            ("databases", "postgresql", "postgres_password", "a-long-secret"),
            ("databases", "postgresql", "public_port", 15432),
            ("databases", "postgresql", "is_public", True),
            ("databases", "postgresql", "health_check_interval", 30),
            ("backups", "postgresql", "0 2 * * *", True),
        ),
    ),
    *[
        Scenario(
            f"db, {kind} as it is",
            "db",
            db(kind, limits_memory="1G"),
            before=(("project", PROJECT), ("db", db(kind, limits_memory="1G"))),
            changes=False,
        )
        for kind in ("postgresql", "redis", "keydb", "dragonfly", "clickhouse")
    ],
    Scenario(
        "db, some fields",
        "db",
        db("redis", description="x", image="redis:8", redis_conf="appendonly yes"),
        before=(("project", PROJECT), ("db", db("redis"))),
        holds=(("databases", "redis", "image", "redis:8"), ("databases", "redis", "description", "x")),
    ),
    Scenario(
        "db, the same password is no difference",
        "db",
        db("redis", redis_password="a-long-secret"),
        before=(("project", PROJECT), ("db", db("redis", redis_password="a-long-secret"))),
        changes=False,
    ),
    Scenario(
        "db, password drift of a redis goes through its variable",
        "db",
        db("redis", redis_password="another-secret", allow_password_drift=True),
        before=(("project", PROJECT), ("db", db("redis", redis_password="a-long-secret"))),
        holds=(("variables", "redis", "REDIS_PASSWORD", "another-secret"),),
    ),
    Scenario(
        "db, password drift",
        "db",
        db("mysql", mysql_password="another-secret", allow_password_drift=True),
        before=(("project", PROJECT), ("db", db("mysql"))),
        holds=(("databases", "mysql", "mysql_password", "another-secret"),),
    ),
    Scenario(
        "db, another public port",
        "db",
        db("mysql", public_port=13307),
        before=(("project", PROJECT), ("db", db("mysql", is_public=True, public_port=13306))),
        holds=(("databases", "mysql", "public_port", 13307), ("databases", "mysql", "is_public", True)),
    ),
    Scenario(
        "db, backups changed",
        "db",
        db("mariadb", backups=[{"frequency": "daily", "enabled": False}, {"frequency": "weekly"}]),
        before=(("project", PROJECT), ("db", db("mariadb", backups=[{"frequency": "daily"}]))),
        holds=(("backups", "mariadb", "weekly", True), ("backups", "mariadb", "daily", False)),
    ),
    Scenario(
        "db, backups removed",
        "db",
        db("mariadb", backups=[], confirm_destructive=True),
        before=(("project", PROJECT), ("db", db("mariadb", backups=[{"frequency": "daily"}]))),
        holds=(("backups", "mariadb", "daily", None),),
    ),
    Scenario(
        "db, started",
        "db",
        db("postgresql", state="started"),
        before=(("project", PROJECT),),
        holds=(("databases", "postgresql", "status", "running:healthy"),),
    ),
    Scenario(
        "db, restarted",
        "db",
        db("redis", state="restarted"),
        before=(("project", PROJECT), ("db", db("redis", state="started"))),
        holds=(("databases", "redis", "status", "running:healthy"),),
        imperative=True,
    ),
    Scenario(
        "db, stopped",
        "db",
        db("redis", state="stopped"),
        before=(("project", PROJECT), ("db", db("redis", state="started"))),
        holds=(("databases", "redis", "status", "exited:unhealthy"),),
    ),
    *[
        Scenario(
            f"db, {kind} deleted",
            "db",
            db(kind, state="absent", confirm_destructive=True),
            before=(("project", PROJECT), ("db", db(kind))),
            gone=(("databases", kind),),
        )
        for kind in ("postgresql", "keydb")
    ],
    # variables
    Scenario(
        "env, of an application",
        "env",
        {
            "project": "shop",
            "application": "web",
            "variables": {"A": "1", "PEM": {"value": "x\ny\n", "is_multiline": True}},
            "secrets": {"S": "a-long-secret"},
        },
        before=(("project", PROJECT), WEB),
        holds=(("variables", "web", "A", "1"), ("variables", "web", "PEM", "x\ny"), ("variables", "web", "S", "a-long-secret")),
    ),
    Scenario(
        "env, by uuid",
        "env",
        {"application": "{applications.web}", "variables": {"A": 1}},
        before=(("project", PROJECT), WEB),
        holds=(("variables", "web", "A", "1"),),
    ),
    Scenario(
        "env, flags",
        "env",
        {"project": "shop", "application": "web", "is_buildtime": False, "is_literal": True, "comment": "why", "variables": {"A": "1"}},
        before=(("project", PROJECT), ("app", {**IMAGE, "name": "web", "variables": {"A": "1", "B": "2"}})),
        holds=(
            ("flags", "web", "A.is_buildtime", False),
            ("flags", "web", "A.is_literal", True),
            ("flags", "web", "A.comment", "why"),
            ("flags", "web", "B.is_buildtime", True),
        ),
    ),
    Scenario(
        "env, of previews",
        "env",
        {"project": "shop", "application": "web", "is_preview": True, "variables": {"A": "preview"}},
        before=(("project", PROJECT), ("app", {**IMAGE, "name": "web", "variables": {"A": "1"}})),
        holds=(("variables", "web", "A", "1"), ("previews", "web", "A", "preview")),
    ),
    Scenario(
        "env, removed",
        "env",
        {"project": "shop", "application": "web", "state": "absent", "variables": {"A": None}},
        before=(("project", PROJECT), ("app", {**IMAGE, "name": "web", "variables": {"A": "1", "B": "2"}})),
        holds=(("variables", "web", "A", None), ("variables", "web", "B", "2")),
    ),
    Scenario(
        "env, purged",
        "env",
        {"project": "shop", "application": "web", "purge": True, "variables": {"B": "2"}},
        before=(("project", PROJECT), ("app", {**IMAGE, "name": "web", "variables": {"A": "1", "B": "2"}})),
        holds=(("variables", "web", "A", None), ("variables", "web", "B", "2"), ("previews", "web", "A", "1")),
    ),
    Scenario(
        "env, what nixpacks needs is not purged",
        "env",
        {"project": "shop", "application": "site", "purge": True, "variables": {}},
        before=(("project", PROJECT), ("app", {**PUBLIC, "name": "site", "build_pack": "nixpacks"})),
        changes=False,
    ),
    *[
        Scenario(
            f"env, of a {kind}",
            "env",
            {"project": "shop", "database": kind, "variables": {"A": "1"}, "is_buildtime": False},
            before=(("project", PROJECT), ("db", db(kind))),
            holds=(("variables", kind, "A", "1"),),
        )
        for kind in ("postgresql", "dragonfly")
    ],
    Scenario(
        "env, of a service",
        "env",
        {"project": "shop", "service": "stack", "variables": {"A": "1", "GREETING": "moin"}, "is_buildtime": False},
        before=(("project", PROJECT), OWN),
        holds=(("variables", "stack", "A", "1"), ("variables", "stack", "GREETING", "moin"), ("flags", "stack", "A.is_buildtime", False)),
    ),
    Scenario(
        "env, of a service by uuid, purged but what its file names",
        "env",
        {"service": "{services.stack}", "purge": True, "secrets": {"A": "a-long-secret"}},
        before=(("project", PROJECT), ("service", stack(variables={"B": "2"}))),
        holds=(
            ("variables", "stack", "A", "a-long-secret"),
            ("variables", "stack", "B", None),
            ("variables", "stack", "GREETING", "hello"),
        ),
    ),
    *[
        Scenario(
            f"env, shared in the {scope}",
            "env",
            {
                "scope": scope,
                "project": "shop",
                "environment": "staging",
                "server": "localhost",
                "variables": {"A": "1"},
                "secrets": {"S": "a-long-secret"},
            },
            before=(("project", PROJECT),),
            holds=(("shared", scope, "A", "1"), ("shared", scope, "S", "a-long-secret")),
            since="4.3.0",
        )
        for scope in ("team", "project", "environment", "server")
    ],
    Scenario(
        "env, shared changed and purged",
        "env",
        {"scope": "project", "project": "shop", "purge": True, "variables": {"A": {"value": "2", "is_literal": True}}},
        before=(("project", PROJECT), ("env", {"scope": "project", "project": "shop", "variables": {"A": "1", "B": "1"}})),
        holds=(("shared", "project", "A", "2"), ("shared", "project", "B", None)),
        since="4.3.0",
    ),
    # services
    Scenario(
        "service, new one-click",
        "service",
        {**KUMA, "description": "Status", "urls": [{"name": "uptime-kuma", "url": "https://Kuma.example.com:3001/,https://k.example.com"}]},
        before=(("project", PROJECT),),
        holds=(
            ("services", "kuma", "description", "Status"),
            ("service_applications", "uptime-kuma", "fqdn", "https://kuma.example.com:3001/,https://k.example.com"),
        ),
    ),
    Scenario(
        "service, new from a compose file, with everything",
        "service",
        stack(
            connect_to_docker_network=True,
            is_container_label_escape_enabled=False,
            urls=[{"name": "web", "url": ["https://stack.example.com"]}],
            variables={"GREETING": "moin", "EXTRA": "1"},
            secrets={"SERVICE_PASSWORD_DB": "a-long-secret"},
        ),
        before=(("project", PROJECT),),
        holds=(
            ("services", "stack", "connect_to_docker_network", True),
            ("services", "stack", "is_container_label_escape_enabled", False),
            ("service_applications", "web", "fqdn", "https://stack.example.com"),
            ("variables", "stack", "GREETING", "moin"),
            ("variables", "stack", "EXTRA", "1"),
            ("variables", "stack", "SERVICE_PASSWORD_DB", "a-long-secret"),
        ),
    ),
    Scenario(
        "service, new with settings of its containers",
        "service",
        stack(
            applications=[{"name": "web", "url": "https://stack.example.com", "human_name": "Front", "is_gzip_enabled": False}],
            databases=[{"name": "db", "description": "Data", "is_public": True, "public_port": 15432}],
        ),
        before=(("project", PROJECT),),
        holds=(
            ("service_applications", "web", "human_name", "Front"),
            ("service_applications", "web", "is_gzip_enabled", False),
            ("service_databases", "db", "public_port", 15432),
        ),
        since="4.2.0",
    ),
    Scenario("service, as it is", "service", KUMA, before=(("project", PROJECT), ("service", KUMA)), changes=False),
    Scenario("service, its file as it is", "service", stack(), before=(("project", PROJECT), OWN), changes=False),
    Scenario(
        "service, the same file written differently",
        "service",
        stack(docker_compose_raw=COMPOSE.replace("nginx:1.27   # the front", "'nginx:1.27'").replace("MODE: prod", '"MODE": "prod"')),
        before=(("project", PROJECT), OWN),
        changes=False,
    ),
    Scenario(
        "service, another image",
        "service",
        stack(docker_compose_raw=NEXT, description="x"),
        before=(("project", PROJECT), OWN),
        holds=(("service_applications", "web", "image", "nginx:1.28"), ("services", "stack", "description", "x")),
    ),
    Scenario(
        "service, a new container with a url",
        "service",
        stack(
            docker_compose_raw=COMPOSE.replace("  db:\n", "  docs:\n    image: httpd:2.4\n  db:\n"),
            urls=[{"name": "docs", "url": "https://docs.example.com"}],
        ),
        before=(("project", PROJECT), OWN),
        holds=(("service_applications", "docs", "fqdn", "https://docs.example.com"),),
    ),
    Scenario(
        "service, urls cleared and others moved",
        "service",
        {
            "project": "shop",
            "name": "stack",
            "urls": [{"name": "docs", "url": "https://a.example.com"}, {"name": "web", "url": []}],
        },
        before=(
            ("project", PROJECT),
            (
                "service",
                stack(
                    docker_compose_raw=COMPOSE.replace("  db:\n", "  docs:\n    image: httpd:2.4\n  db:\n"),
                    urls=[{"name": "web", "url": "https://a.example.com"}],
                ),
            ),
        ),
        holds=(("service_applications", "docs", "fqdn", "https://a.example.com"), ("service_applications", "web", "fqdn", None)),
    ),
    Scenario(
        "service, settings of its containers",
        "service",
        {
            "project": "shop",
            "name": "kuma",
            "applications": [{"name": "uptime-kuma", "image": "louislam/uptime-kuma:1", "exclude_from_status": True, "description": ""}],
        },
        before=(("project", PROJECT), ("service", KUMA)),
        holds=(
            ("service_applications", "uptime-kuma", "image", "louislam/uptime-kuma:1"),
            ("service_applications", "uptime-kuma", "exclude_from_status", True),
        ),
        since="4.2.0",
    ),
    Scenario(
        "service, another public port of a database",
        "service",
        stack(databases=[{"name": "db", "public_port": 15433}]),
        before=(
            ("project", PROJECT),
            ("service", stack(databases=[{"name": "db", "is_public": True, "public_port": 15432}])),
        ),
        holds=(("service_databases", "db", "public_port", 15433), ("service_databases", "db", "is_public", True)),
        since="4.2.0",
    ),
    Scenario(
        "service, renamed by its uuid",
        "service",
        {"uuid": "{services.stack}", "name": "front"},
        before=(("project", PROJECT), OWN),
        holds=(("services", "front", "service_type", None),),
    ),
    Scenario(
        "service, variables purged but what the file names",
        "service",
        {"project": "shop", "name": "stack", "purge": True, "variables": {"A": "1"}},
        before=(("project", PROJECT), ("service", stack(variables={"A": "1", "B": "2"}))),
        holds=(
            ("variables", "stack", "A", "1"),
            ("variables", "stack", "B", None),
            ("variables", "stack", "GREETING", "hello"),
            ("variables", "stack", "DB_PASSWORD", "$SERVICE_PASSWORD_DB"),
        ),
    ),
    Scenario(
        "service, started",
        "service",
        stack(state="started"),
        before=(("project", PROJECT),),
        holds=(("service_applications", "web", "status", "running:healthy"), ("service_databases", "db", "status", "running:unknown")),
    ),
    Scenario(
        "service, restarted",
        "service",
        {"project": "shop", "name": "kuma", "state": "restarted", "latest": True},
        before=(("project", PROJECT), ("service", {**KUMA, "state": "started"})),
        holds=(("service_applications", "uptime-kuma", "status", "running:healthy"),),
        imperative=True,
    ),
    Scenario(
        "service, deployed with another image",
        "service",
        stack(docker_compose_raw=NEXT, state="deployed"),
        before=(("project", PROJECT), ("service", stack(state="started"))),
        holds=(("service_applications", "web", "image", "nginx:1.28"), ("service_applications", "web", "status", "running:healthy")),
    ),
    Scenario(
        "service, deployed already",
        "service",
        stack(state="deployed"),
        before=(("project", PROJECT), ("service", stack(state="deployed"))),
        changes=False,
    ),
    Scenario(
        "service, stopped",
        "service",
        {"project": "shop", "name": "kuma", "state": "stopped"},
        before=(("project", PROJECT), ("service", {**KUMA, "state": "started"})),
        holds=(("service_applications", "uptime-kuma", "status", "exited"),),
    ),
    Scenario(
        "service, one container stopped",
        "service",
        {"project": "shop", "name": "stack", "state": "stopped", "containers": ["db"]},
        before=(("project", PROJECT), ("service", stack(state="started"))),
        holds=(("service_databases", "db", "status", "exited"), ("service_applications", "web", "status", "running:healthy")),
        since="4.2.0",
    ),
    *[
        Scenario(
            f"service, one container restarted, {'with' if latest else 'without'} a new image",
            "service",
            {"project": "shop", "name": "stack", "state": "restarted", "containers": ["web"], "latest": latest},
            before=(("project", PROJECT), ("service", stack(state="started"))),
            holds=(("service_applications", "web", "status", "running:healthy"),),
            imperative=True,
            since="4.2.0",
        )
        for latest in (True, False)
    ],
    Scenario(
        "service, deleted",
        "service",
        {"project": "shop", "name": "stack", "state": "absent", "confirm_destructive": True},
        before=(("project", PROJECT), OWN),
        gone=(("services", "stack"), ("service_applications", "web"), ("service_databases", "db")),
    ),
    Scenario(
        "service, absent already",
        "service",
        {"project": "shop", "name": "stack", "state": "absent"},
        before=(("project", PROJECT),),
        changes=False,
    ),
    # deployments
    *[
        Scenario(
            f"app, {kind} deployed from nothing",
            "app",
            {**options, "name": "web", "state": "deployed", "variables": {"A": "1"}, "secrets": {"S": "a-long-secret"}},
            before=(("project", PROJECT),),
            holds=(("applications", "web", "name", "web"), ("variables", "web", "S", "a-long-secret")),
        )
        for kind, options in (("image", IMAGE), ("git", PUBLIC | {"build_pack": "nixpacks", "ports_exposes": 3000}))
    ],
    Scenario(
        "app, deployed with another tag",
        "app",
        {"project": "shop", "name": "web", "state": "deployed", "docker_registry_image_tag": "1.28", "variables": {"A": "2"}},
        before=(("project", PROJECT), ("app", {**IMAGE, "name": "web", "state": "deployed", "variables": {"A": "1", "B": "1"}})),
        holds=(
            ("applications", "web", "docker_registry_image_tag", "1.28"),
            ("variables", "web", "A", "2"),
            ("variables", "web", "B", "1"),
        ),
    ),
    Scenario(
        "app, deployed already",
        "app",
        {**IMAGE, "name": "web", "state": "deployed", "variables": {"A": "1"}},
        before=(("project", PROJECT), ("app", {**IMAGE, "name": "web", "state": "deployed", "variables": {"A": "1"}})),
        changes=False,
    ),
    Scenario(
        "app, cancels a deployment and deploys",
        "app",
        {"project": "shop", "name": "web", "state": "deployed", "cancel_running": True},
        before=(
            ("project", PROJECT),
            ("app", {**IMAGE, "name": "web", "state": "deployed"}),
            ("deploy", {"project": "shop", "name": "web", "deploy": "always", "wait": False}),
        ),
    ),
    Scenario(
        "app, waits for a deployment and deploys",
        "app",
        {"project": "shop", "name": "web", "state": "deployed", "wait_for_previous": True},
        before=(
            ("project", PROJECT),
            ("app", {**IMAGE, "name": "web", "state": "deployed"}),
            ("deploy", {"project": "shop", "name": "web", "deploy": "always", "wait": False}),
        ),
    ),
    Scenario(
        "app, rolled back to a tag",
        "app",
        {"project": "shop", "name": "web", "state": "rolled_back", "rollback_to": "1.26"},
        before=(("project", PROJECT), ("app", {**IMAGE, "name": "web", "state": "deployed"})),
        holds=(("applications", "web", "docker_registry_image_tag", "1.26"),),
        imperative=True,
    ),
    Scenario(
        "deploy, always",
        "deploy",
        {"project": "shop", "name": "web", "deploy": "always", "force": True},
        before=(("project", PROJECT), ("app", {**IMAGE, "name": "web", "state": "deployed"})),
        imperative=True,
    ),
    Scenario(
        "app, recreated",
        "app",
        {"project": "shop", "name": "web", "state": "recreated", "confirm_destructive": True, "variables": {"A": "2"}},
        before=(("project", PROJECT), ("app", {**IMAGE, "name": "web", "limits_memory": "256M", "variables": {"A": "1", "B": "1"}})),
        holds=(
            ("applications", "web", "limits_memory", "256M"),
            ("variables", "web", "A", "2"),
            ("variables", "web", "B", "1"),
            ("previews", "web", "B", "1"),
        ),
        imperative=True,
        since="4.2.0",
    ),
    # stacks
    Scenario(
        "stack, from nothing",
        "stack",
        STACK,
        before=(("project", PROJECT),),
        holds=(
            ("variables", "web", "LOG_LEVEL", "debug"),
            ("variables", "worker", "LOG_LEVEL", "info"),
            ("variables", "worker", "SECRET_KEY", "a-long-secret"),
        ),
    ),
    Scenario(
        "stack, deployed from nothing",
        "stack",
        {**STACK, "state": "deployed"},
        before=(("project", PROJECT),),
        holds=(("variables", "web", "LOG_LEVEL", "debug"), ("databases", "main", "status", "running:healthy")),
    ),
    *[
        Scenario(
            f"stack, {state} with a service",
            "stack",
            {**WITH_SERVICE, "state": state},
            before=(("project", PROJECT),),
            holds=(
                ("services", "kuma", "name", "kuma"),
                ("service_applications", "web", "fqdn", "https://stack.example.com"),
                ("variables", "stack", "EXTRA", "1"),
                ("service_applications", "web", "status", "running:healthy" if state == "deployed" else "exited"),
            ),
        )
        for state in ("present", "deployed")
    ],
    Scenario(
        "stack, a running service changed",
        "stack",
        {**WITH_SERVICE, "state": "deployed", "services": [WITH_SERVICE["services"][0], {**PART, "docker_compose_raw": NEXT}]},
        before=(("project", PROJECT), ("stack", {**WITH_SERVICE, "state": "deployed"})),
        holds=(("service_applications", "web", "image", "nginx:1.28"), ("service_applications", "web", "status", "running:healthy")),
    ),
    Scenario("stack, unchanged", "stack", STACK, before=(("project", PROJECT), ("stack", STACK)), changes=False),
    Scenario(
        "stack, deployed already",
        "stack",
        {**STACK, "state": "deployed"},
        before=(("project", PROJECT), ("stack", {**STACK, "state": "deployed"})),
        changes=False,
    ),
    Scenario(
        "stack, one variable and a database's limit changed",
        "stack",
        {
            "project": "shop",
            "state": "deployed",
            "databases": [{"name": "main", "type": "postgresql", "limits_memory": "512M"}],
            "applications": [{"name": "worker", "variables": {"LOG_LEVEL": "warning"}}],
        },
        before=(("project", PROJECT), ("stack", {**STACK, "state": "deployed"})),
        holds=(
            ("variables", "web", "LOG_LEVEL", "debug"),
            ("variables", "worker", "LOG_LEVEL", "warning"),
            ("databases", "main", "limits_memory", "512M"),
        ),
    ),
]


def named(state: dict, name: str, *tables: str) -> dict[str, t.Any] | None:
    """The row of that name that is not a bystander's; databases are in one table per type."""
    tables = tables or ("applications", "services", *DATABASES)
    theirs = {number for number, row in state["environments"].items() if state["projects"][row["project_id"]]["name"] == "demo"}
    rows = [
        row
        for table in tables
        for row in state.get(table, {}).values()
        if row.get("name") == name and row.get("environment_id") not in theirs
    ]
    return rows[-1] if rows else None


def held(state: dict, table: str, name: str, key: str) -> t.Any:
    """What the server holds: a column, or one of the views that the scenarios speak of."""
    if table in ("variables", "previews", "flags"):
        owner = named(state, name)
        key, _dot, flag = key.partition(".")
        rows = [
            row
            for row in state["variables"].values()
            if (row["owner_table"], row["owner_id"], row["key"]) == (owner.get("kind", "applications"), owner["id"], key)
            and row["is_preview"] is (table == "previews")
        ]
        assert len(rows) <= 1, rows
        return rows[0][flag or "value"] if rows else None
    if table == "labels":
        text = named(state, name, "applications")["custom_labels"] or ""
        return key in (decoded(text))
    if table == "backups":
        owner = named(state, name)
        rows = [row for row in state.get("backups", {}).values() if row["database_id"] == owner["id"] and row["frequency"] == key]
        return rows[0]["enabled"] if rows else None
    if table == "logins":
        rows = [row for row in state.get("registry_logins", {}).values() if row["registry"] == name]
        return rows[0][key] if rows else None
    if table == "shared":
        rows = [row for row in state["shared_variables"].values() if row["type"] == name and row["key"] == key]
        return rows[0]["value"] if rows else None
    value: t.Any = named(state, name, *(DATABASES if table == "databases" else (table,)))
    for part in key.split("."):
        value = value[part]
    return value


def resolved(simulator, options: dict[str, t.Any]) -> dict[str, t.Any]:
    """``{applications.web}`` in an option is that application's uuid."""
    state = simulator.state()
    return {
        name: re.sub(r"^\{(\w+)\.(\w+)\}$", lambda match: named(state, match[2], match[1])["uuid"], value)
        if isinstance(value, str)
        else value
        for name, value in options.items()
    }


PARTS = ("storage", "task", "resource")
"""Modules about what belongs to an application, which neighbours have too."""


def bystanders(simulator, run, scenario: Scenario) -> dict[tuple[str, int], dict]:
    """Rows that no scenario may touch: another project, another server's variables, and neighbours in the same environment."""
    if scenario.module not in ("project", *OUTSIDE_PROJECTS):
        run("app", **{**IMAGE, "name": "neighbour", "domains": ["https://neighbour.example.com"], "variables": {"A": "theirs"}})
        run("db", **db("redis", name="neighbour"))
        if scenario.module in PARTS:
            run("storage", project="shop", application="neighbour", type="persistent", name="data", mount_path="/data")
            run("storage", project="shop", application="neighbour", mount_path="/etc/theirs", content="theirs")
            run("task", project="shop", application="neighbour", name="clean", command="theirs", frequency="daily")
    if scenario.module in ("service", "stack") or "service" in scenario.options:
        run("service", **{**KUMA, "name": "neighbour", "type": "redis-insight", "variables": {"A": "theirs"}})
    run("app", **{**IMAGE, "project": "demo", "name": "web", "variables": {"A": "theirs"}})
    run("db", **{**db("postgresql"), "project": "demo", "backups": [{"frequency": "hourly"}]})
    state = simulator.state()
    demo = named(state, "demo", "projects")
    theirs = {}
    owners = set()
    for table in ("applications", "services", *DATABASES):
        for row in state.get(table, {}).values():
            if row["name"] == "neighbour" or state["environments"][row["environment_id"]]["project_id"] == demo["id"]:
                theirs[table, row["id"]] = row
                owners.add((table, row["id"]))
    for table in CONTAINERS:
        theirs.update({(table, row["id"]): row for row in state.get(table, {}).values() if ("services", row["service_id"]) in owners})
    for table in ("variables", "persistent_storages", "file_storages", "tasks"):
        for row in state.get(table, {}).values():
            if (row["owner_table"], row["owner_id"]) in owners:
                theirs[table, row["id"]] = row
    theirs.update({("backups", row["id"]): row for row in state.get("backups", {}).values() if row["frequency"] == "hourly"})
    theirs["projects", demo["id"]] = demo
    # What Coolify was born with
    for table, name in (("servers", "localhost"), ("private_keys", "Testing Host Key"), ("destinations", "coolify")):
        row = next(row for row in state[table].values() if row["name"] == name)
        theirs[table, row["id"]] = row
    return theirs


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.id)
def test_the_four_laws(scenario, version, simulator, run, waiting, monkeypatch):
    obey(scenario, version, simulator, run, waiting, monkeypatch)


def obey(scenario: Scenario, version: str, simulator, run, waiting, monkeypatch) -> None:
    """The laws, for the scenarios of any file."""
    simulator.reset(version=version, clock=waiting.now)
    journals: list[list[str]] = []

    class Recorded(_plan.Transaction):
        def run(self) -> None:
            super().run()
            journals.append([step.action for step in self.journal])

    monkeypatch.setattr(_runner, "Transaction", Recorded)
    for module, options in scenario.before:
        made = run(module, **options)
        assert not made.get("failed") or made["code"] == 605, made["msg"]
    theirs = bystanders(simulator, run, scenario)
    simulator.clear_requests()
    if version_tuple(version) < version_tuple(scenario.since):
        for check in (True, False):
            refused = run(scenario.module, check=check, **scenario.options)
            assert (refused["code"], refused["changed"]) == (605, False) and scenario.since in refused["msg"] and version in refused["msg"]
        assert simulator.writes == []
        return
    options = resolved(simulator, scenario.options)
    start = simulator.state()
    simulator.clear_requests()

    promised = run(scenario.module, check=True, **options)
    assert not promised.get("failed"), promised["msg"]
    assert promised["status"] == "plan_ready" and promised["mode"] == "dry-run"
    assert simulator.writes == []
    assert simulator.state() == start

    kept = run(scenario.module, **options)
    assert not kept.get("failed"), kept["msg"]
    for key in ("changed", "diff", "execution_plan"):
        assert promised[key] == kept[key], key
    assert journals[-1] == [step["action"] for step in promised["execution_plan"]["steps"]]
    assert kept["changed"] is scenario.changes is bool(kept["execution_plan"]["steps"])
    assert kept["changed"] == bool(simulator.writes)

    end = simulator.state()
    for table, name, key, value in scenario.holds:
        assert held(end, table, name, key) == value, (table, name, key)
    scenario.proves(end)
    for table, name in scenario.gone:
        tables = DATABASES if table == "databases" else (table,)
        assert not [
            row for one in tables for row in end.get(one, {}).values() if row.get("name") == name and (one, row["id"]) not in theirs
        ]
    for (table, number), row in theirs.items():
        assert end.get(table, {}).get(number) == row, (table, row.get("name") or row.get("key"))

    if not scenario.imperative and not (scenario.settings and version == "4.1.2"):
        simulator.clear_requests()
        again = run(
            scenario.module, **resolved(simulator, {**scenario.options, **({"uuid": options["uuid"]} if "uuid" in options else {})})
        )
        assert not again.get("failed"), again["msg"]
        assert not again["changed"], again["diff"]
        assert simulator.writes == []
        assert simulator.state() == end
    assert simulator.bugs == []
