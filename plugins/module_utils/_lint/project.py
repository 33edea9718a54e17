# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rules look at: the files together, and what only their combination tells."""

from __future__ import annotations

import posixpath
import re
import typing as t
from dataclasses import dataclass
from functools import cached_property

from . import command, images
from .compose import Compose, Service
from .dockerfile import Dockerfile, Instruction
from .nginx import Nginx

ROUTER = re.compile(r"traefik\.http\.routers\.([^.]+)(?:\.(.+))?\Z", re.IGNORECASE)
TRAEFIK_SERVICE = re.compile(r"traefik\.http\.services\.([^.]+)\.(.+)\Z", re.IGNORECASE)


@dataclass(frozen=True)
class Project:
    """``ignore`` is the text of .dockerignore, empty when there is none, None when nobody looked. ``routed`` names the services that
    have a domain; None when the files have to tell."""

    mode: str
    compose: Compose | None = None
    dockerfile: Dockerfile | None = None
    nginx: Nginx | None = None
    ignore: str | None = None
    routed: tuple[str, ...] | None = None

    @property
    def services(self) -> tuple[Service, ...]:
        return self.compose.services if self.compose else ()

    @cached_property
    def built(self) -> tuple[Service, ...]:
        """The services that are built from the Dockerfile at hand."""
        if not self.dockerfile or not self.compose:
            return ()
        builds = [service for service in self.services if service.builds]
        kinds = {_build_path(service) for service in builds}
        if len(kinds) <= 1:
            return tuple(builds)
        base = posixpath.dirname(self.compose.file)
        wanted = posixpath.normpath(self.dockerfile.file)
        found = [service for service in builds if posixpath.normpath(posixpath.join(base, _build_path(service))) == wanted]
        return tuple(found) if len({_build_path(service) for service in found}) == 1 else ()

    @cached_property
    def target(self) -> str:
        """The stage of the Dockerfile that is built; empty for its last one."""
        targets = {service.target for service in self.built}
        return targets.pop() if len(targets) == 1 else ""

    def is_built(self, service: Service) -> bool:
        return service in self.built

    @cached_property
    def nginx_services(self) -> tuple[Service, ...]:
        """The services that run the nginx configuration at hand."""
        if not self.nginx:
            return ()
        found = [service for service in self.services if self._runs_nginx(service)]
        if len(found) > 1:
            # Which of them is meant is not said
            return ()
        return tuple(found)

    def _runs_nginx(self, service: Service) -> bool:
        if self.is_built(service) and self.dockerfile:
            return images.image(self.dockerfile.base(service.target)).is_nginx
        return service.image.is_nginx and not service.builds

    @property
    def dockerfile_runs_nginx(self) -> bool:
        return self.dockerfile is not None and images.image(self.dockerfile.base(self.target)).is_nginx

    @cached_property
    def routers(self) -> list[tuple[Service, str, str, str, t.Any]]:
        """Traefik's routers as (service, router, option, value, label), option in lower case."""
        found = []
        for service in self.services:
            for pair in service.labels:
                match = ROUTER.match(pair.key)
                if match:
                    found.append((service, match[1], (match[2] or "").lower(), pair.filled, pair))
        return found

    @cached_property
    def own_proxy(self) -> bool:
        """True when the file brings a Traefik of its own, whose names are not Coolify's."""
        return any(service.image.name == "traefik" for service in self.services)

    def is_declared(self, service: Service) -> bool:
        """Whether something says that the service has a domain."""
        if self.routed is not None:
            return service.name in self.routed
        if self.mode == "coolify" and service.magic_domains:
            return True
        return any(item[0] is service for item in self.routers) or any(pair.key.startswith("caddy") for pair in service.labels)

    def is_routed(self, service: Service) -> bool:
        """Whether people reach the service through the proxy, as far as the files tell."""
        if self.routed is not None or self.is_declared(service):
            return self.is_declared(service)
        return self.mode == "coolify" and not self.is_internal(service) and (self._looks_routed(service) or self._serves_alone(service))

    def is_internal(self, service: Service) -> bool:
        """Whether nobody could mean to give the service a domain: databases, workers, and what ends."""
        once = self.compose is not None and service.name in self.compose.one_shots
        return service.is_database or service.is_worker or once

    def _serves_alone(self, service: Service) -> bool:
        """The only service that a repository builds is what it is there for."""
        return (
            service.builds
            and service.restart != "no"
            and [item for item in self.services if item.builds and not self.is_internal(item)] == [service]
        )

    def _looks_routed(self, service: Service) -> bool:
        if service.image.is_nginx or (service.health and service.health.asks_http):
            return True
        wanted = {int(port.container) for port in service.ports if port.protocol == "tcp" and port.container.isdecimal()} | service.exposed
        if self.is_built(service) and self.dockerfile and not service.command:
            wanted |= set(self.dockerfile.exposed(service.target))
        return bool(wanted - images.OTHER_PORTS if service.builds else wanted & images.HTTP_PORTS)

    def is_surely_routed(self, service: Service) -> bool:
        """Not only because it is the one service that is built."""
        return self.is_routed(service) and (self.is_declared(service) or self._looks_routed(service))

    def routed_ports(self, service: Service) -> set[int]:
        """The ports that the proxy is told to use for a service."""
        found = {port for _name, port, _place in service.magic_domains if port} if self.mode == "coolify" else set()
        for pair in service.labels:
            match = TRAEFIK_SERVICE.match(pair.key)
            if match and match[2].lower() == "loadbalancer.server.port" and pair.filled.isdecimal():
                found.add(int(pair.filled))
        return found

    def programs(self, service: Service) -> images.Programs | None:
        """What the image of a service has."""
        if service.builds:
            return self.built_programs(service.target) if self.is_built(service) else None
        return images.programs(service.value.get("image").filled)

    def built_programs(self, target: str = "") -> images.Programs | None:
        """What the Dockerfile's image has: what its base has, and whatever its steps name."""
        if not self.dockerfile or not self.dockerfile.stages:
            return None
        base = images.programs(self.dockerfile.base(target))
        if base is None:
            return None
        steps = " ".join(item.text for item in self.dockerfile.all("RUN", "COPY", "ADD", target=target))

        def installed(program: str) -> bool:
            return re.search(rf"\b{program}\b", steps) is not None

        return images.Programs(
            curl=base.curl or installed("curl"),
            wget="gnu" if installed("wget") else base.wget,
            pgrep=base.pgrep or installed("procps") or installed("pgrep"),
            sure=base.sure,
        )

    def dockerfile_health(self, target: str = "") -> command.Check | None:
        item = self.dockerfile.last("HEALTHCHECK", target=target) if self.dockerfile else None
        if not item:
            return None
        name, _space, rest = item.text.partition(" ")
        if name.upper() == "NONE":
            return command.check("NONE", (), item.place)
        if name.upper() != "CMD":
            return None
        rest = rest.strip()
        words = Instruction("CMD", rest, item.place).words
        return command.check("CMD", words, item.place) if words is not None else command.check("CMD-SHELL", (rest,), item.place)

    def checks(self) -> t.Iterator[tuple[command.Check, Service | None, images.Programs | None]]:
        """Every health check, with the service it is of and what the image has; without a service it is the Dockerfile's."""
        for service in self.services:
            if service.health and service.health.form != "NONE":
                yield service.health, service, self.programs(service)
        targets = {service.target for service in self.built} or {""}
        for target in sorted(targets):
            check = self.dockerfile_health(target)
            if check and check.form != "NONE":
                yield check, None, self.built_programs(target)


def _build_path(service: Service) -> str:
    build = service.value.get("build")
    if build.kind == "text":
        return posixpath.join(build.filled, "Dockerfile")
    return posixpath.join(build.get("context").filled or ".", build.get("dockerfile").filled or "Dockerfile")
