# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the well-known images are, and which programs they have.

From the Dockerfiles of the official images. An image that is not here may have anything: nothing is said about it, except that
names with ``alpine`` or ``slim`` raise a doubt.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .yamltext import UNKNOWN

# bootstrap/helpers/constants.php, DATABASE_DOCKER_IMAGES, of Coolify 4.3.11, and those that speak no HTTP besides
DATABASES = frozenset(
    [
        "postgres",
        "postgresql",
        "postgis",
        "pgvector",
        "timescaledb",
        "timescaledb-ha",
        "mysql",
        "mysql-server",
        "mariadb",
        "mongo",
        "mongodb",
        "redis",
        "memcached",
        "couchdb",
        "neo4j",
        "influxdb",
        "clickhouse-server",
        "keydb",
        "dragonfly",
        "valkey",
        "redis-stack-server",
        "percona",
        "percona-server",
        "cassandra",
        "rabbitmq",
    ]
)
NO_HEALTHCHECK = frozenset(
    [
        "postgres",
        "postgis",
        "mysql",
        "mariadb",
        "mongo",
        "redis",
        "memcached",
        "keydb",
        "valkey",
        "rabbitmq",
        "nginx",
        "httpd",
        "caddy",
        "alpine",
        "busybox",
    ]
)
"""Official images that bring no HEALTHCHECK of their own."""
PROXIES = frozenset(["traefik", "caddy", "caddy-docker-proxy", "nginx-proxy", "haproxy"])
LANGUAGES = frozenset(["python", "node", "ruby", "golang", "rust", "perl", "elixir", "erlang", "pypy"])
HTTP_PORTS = frozenset({80, 81, 443, 3000, 3001, 4000, 4200, 4321, 5000, 5001, 5173, 8000, 8001, 8008, 8080, 8081, 8088, 8888, 9000})
OTHER_PORTS = frozenset(
    {21, 22, 25, 53, 110, 143, 389, 465, 587, 636, 993, 995, 1433, 1521, 1883, 2222, 3306, 5432, 5671, 5672, 6379, 8883, 9092, 11211, 27017}
)


@dataclass(frozen=True)
class Image:
    """``name`` is the last part of the path, in lower case; ``tag`` is empty when there is none."""

    path: str
    name: str
    tag: str
    digest: bool

    @property
    def known(self) -> bool:
        return UNKNOWN not in self.path

    @property
    def official(self) -> bool:
        """True for the images without an owner, such as nginx and docker.io/library/nginx."""
        return (
            re.fullmatch(r"((docker\.io|index\.docker\.io|public\.ecr\.aws/docker|mirror\.gcr\.io)/)?(library/)?[^/]+", self.path)
            is not None
        )

    @property
    def is_database(self) -> bool:
        return self.name in DATABASES

    @property
    def is_nginx(self) -> bool:
        return self.name in ("nginx", "nginx-unprivileged")

    @property
    def major(self) -> int | None:
        match = re.match(r"v?(\d+)", self.tag)
        return int(match[1]) if match else None


@dataclass(frozen=True)
class Programs:
    """``wget`` is gnu, busybox or empty. ``sure`` is false where only the name of the image says so."""

    curl: bool = False
    wget: str = ""
    pgrep: bool = False
    sure: bool = True

    def has(self, program: str) -> bool:
        return bool(getattr(self, program, True))


ALPINE = Programs(wget="busybox", pgrep=True)
SLIM = Programs()
FULL = Programs(curl=True, wget="gnu", pgrep=True)


def image(text: str) -> Image:
    """Takes an image reference apart; variables in it have to be filled in before."""
    reference, at, _digest = text.strip().partition("@")
    head, slash, last = reference.rpartition("/")
    name, _colon, tag = last.partition(":")
    return Image(f"{head}{slash}{name}", name.lower(), tag, bool(at))


def programs(text: str) -> Programs | None:
    """What the image has; None when that is not known."""
    what = image(text)
    if not what.known or UNKNOWN in what.tag:
        return None
    alpine, slim = "alpine" in what.tag, "slim" in what.tag
    if what.path == "scratch" or "distroless" in what.path:
        return SLIM
    if what.is_nginx and (what.official or "nginxinc/" in what.path):
        # alpine-slim is the only variant without curl
        return Programs(curl=not (alpine and slim), wget="busybox" if alpine else "", pgrep=alpine)
    if not what.official:
        return _guess(what)
    if what.name in ("alpine", "busybox"):
        return ALPINE
    if what.name in ("debian", "ubuntu"):
        return SLIM
    if what.name in LANGUAGES:
        return ALPINE if alpine else SLIM if slim else FULL
    if what.name == "php":
        return Programs(curl=True, wget="busybox" if alpine else "", pgrep=alpine)
    if what.name in ("caddy", "traefik"):
        return ALPINE
    if what.name in ("httpd", "redis", "postgres", "valkey"):
        return ALPINE if alpine else SLIM
    return _guess(what)


def _guess(what: Image) -> Programs | None:
    if "alpine" in what.tag or what.name.endswith("-alpine"):
        return Programs(wget="busybox", pgrep=True, sure=False)
    if "slim" in what.tag or what.name.endswith("-slim"):
        return Programs(sure=False)
    return None
