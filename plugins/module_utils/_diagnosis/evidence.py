# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was found out about something that does not work, before anybody thinks about it. Rules read this and nothing else."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field
from datetime import datetime, timezone
from urllib.parse import urlsplit

from .probes import Certificate, Reply, Resolved

Row = t.Mapping[str, t.Any]
PROXY = "coolify-proxy"


@dataclass(frozen=True)
class Domain:
    """One address of the target, as it looks from the controller. None is what was not tried."""

    url: str
    resolved: Resolved | None = None
    certificate: Certificate | None = None
    exchange: Reply | None = None
    """The answer to a request that follows no redirect."""
    loop: tuple[str, ...] = ()
    """The addresses of a redirect that comes back to where it began."""

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def status(self) -> int | None:
        return self.exchange.status if self.exchange else None


@dataclass
class Evidence:
    """``None`` and empty are what could not be seen; ``unseen`` says why."""

    kind: str = "application"
    name: str = ""
    uuid: str = ""
    resource: Row = field(default_factory=dict)
    """Coolify's answer to GET /applications/{uuid}, /databases/{uuid} or /services/{uuid}; with ``part``, that container's row."""
    part: str = ""
    """One container of a service, where only that is looked at."""
    left_over: t.Sequence[str] = ()
    """Containers that Coolify keeps of a service and that are not in its compose file."""
    deployments: t.Sequence[Row] = ()
    """Newest first, without those of pull requests."""
    deployment_log: t.Sequence[str] = ()
    """All lines of the newest deployment, hidden ones too."""
    log: t.Sequence[str] | None = None
    variables: t.Sequence[Row] | None = None
    server: Row = field(default_factory=dict)
    proxy: Row = field(default_factory=dict)
    """Coolify's answer to GET /servers/{uuid}/proxy."""
    host: Row | None = None
    """host_evidence of the server where it runs."""
    build_host: Row | None = None
    domains: t.Sequence[Domain] = ()
    named: t.Sequence[Row] = ()
    """Databases of Coolify whose uuid stands in the target's log."""
    token: Row = field(default_factory=dict)
    """What Coolify answers to the token: ``{"error": code, "message": …}`` or what it may do."""
    now: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    unseen: list[tuple[str, str]] = field(default_factory=list)

    # --- the server

    @property
    def containers(self) -> list[Row]:
        return list((self.host or {}).get("containers") or ())

    @property
    def seen_host(self) -> bool:
        """Whether Docker on the server was looked at."""
        return bool(self.host) and bool(((self.host or {}).get("docker") or {}).get("version"))

    @property
    def proxy_container(self) -> Row | None:
        name = ((self.host or {}).get("proxy") or {}).get("container") or PROXY
        return next((item for item in self.containers if item.get("name") == name), None)

    @property
    def proxy_log(self) -> list[str]:
        return list(((self.host or {}).get("proxy") or {}).get("log") or ())

    # --- what is about the target

    def owns(self, container: Row) -> bool:
        """Whether a container is one of the target's (Coolify's labels; names begin with the uuid)."""
        name = str(container.get("name") or "")
        if self.kind == "service":
            # Coolify calls them CONTAINER-uuid
            return bool(self.uuid) and (name == f"{self.part}-{self.uuid}" if self.part else name.endswith(f"-{self.uuid}"))
        mark = container.get("coolify") or {}
        if mark.get("pull_request_id") not in (None, "", "0", 0):
            return False
        if self.uuid and self.uuid in (mark.get("uuid"), mark.get("name")):
            return True
        number = self.resource.get("id")
        if number is not None and str(mark.get("id")) == str(number) and mark.get("type") == self.kind:
            return True
        return bool(self.uuid) and name.startswith(self.uuid)

    @property
    def own(self) -> list[Row]:
        """The target's containers, running ones first, then the newest."""
        found = [item for item in self.containers if self.owns(item)]
        found.sort(key=lambda item: str(item.get("created_at") or ""), reverse=True)
        return sorted(found, key=lambda item: item.get("state") != "running")

    @property
    def container(self) -> Row | None:
        return self.own[0] if self.own else None

    @property
    def status(self) -> str:
        return str(self.resource.get("status") or "")

    @property
    def state(self) -> str:
        return self.status.split(":", 1)[0]

    @property
    def health(self) -> str:
        """The container's own word, else Coolify's."""
        told = (self.container or {}).get("health")
        return str(told or (self.status.split(":", 1)[1] if ":" in self.status else ""))

    @property
    def latest(self) -> Row:
        return self.deployments[0] if self.deployments else {}

    @property
    def finished(self) -> list[Row]:
        return [row for row in self.deployments if row.get("status") == "finished"]

    @property
    def logs(self) -> list[str]:
        """What the target itself said: through Coolify, or on the server where the container is dead."""
        lines = list(self.log or ())
        for container in self.own:
            lines += [line for line in container.get("log") or () if line not in lines]
        return lines

    @property
    def health_outputs(self) -> list[str]:
        """The newest first, from the container and from the deployment that waited for it."""
        found = [str(item.get("output") or "") for item in reversed((self.container or {}).get("health_log") or ())]
        return found + [line for line in self.deployment_log if "ealthcheck" in line]

    @property
    def health_exits(self) -> list[t.Any]:
        return [item.get("exit_code") for item in (self.container or {}).get("health_log") or ()]

    @property
    def ports(self) -> list[int]:
        """Where the proxy is meant to send requests: the port of a domain, else ports_exposes."""
        named = [port for domain in self.domains for port in [_port(domain.url)] if port]
        # For a compose file Coolify keeps a number that means nothing
        told = "" if self.resource.get("build_pack") == "dockercompose" else str(self.resource.get("ports_exposes") or "")
        exposed = [int(part) for part in told.split(",") if part.strip().isdigit()]
        return list(dict.fromkeys(named + exposed))

    @property
    def labels(self) -> dict[str, str]:
        return dict((self.container or {}).get("labels") or {})

    @property
    def label_ports(self) -> list[int]:
        """The ports that the proxy's labels name."""
        pattern = re.compile(r"traefik\.http\.services\..+\.loadbalancer\.server\.port$", re.IGNORECASE)
        return [int(value) for key, value in self.labels.items() if pattern.match(key) and str(value).isdigit()]

    @property
    def listening(self) -> list[Row] | None:
        """The TCP sockets inside the target's container; None when nobody looked."""
        found = (self.container or {}).get("listening")
        return None if found is None else [item for item in found if item.get("protocol", "tcp").startswith("tcp")]

    @property
    def networks(self) -> set[str]:
        return {item["name"] for item in (self.container or {}).get("networks") or ()}

    @property
    def proxy_networks(self) -> set[str]:
        return {item["name"] for item in (self.proxy_container or {}).get("networks") or ()}

    def probes(self) -> list[Row]:
        """Requests that were made from the proxy's own place to the target."""
        names = {item.get("name") for item in self.own}
        return [item for item in (self.host or {}).get("probes") or () if item.get("container") in names]

    # --- what is seen from outside

    @property
    def symptoms(self) -> list[tuple[str, str]]:
        """(kind of evidence, text) of what is wrong at first sight."""
        found = []
        for domain in self.domains:
            if domain.exchange and (domain.status is None or domain.status >= 400):
                seen = f"answers {domain.status}" if domain.status else f"does not answer: {domain.exchange.error}"
                found.append(("http", f"{domain.url} {seen} after {domain.exchange.seconds:.1f} s"))
            if domain.resolved and domain.resolved.error:
                found.append(("dns", f"{domain.host}: {domain.resolved.error}"))
            if domain.certificate and domain.certificate.error:
                found.append(("tls", f"the certificate of {domain.host}: {domain.certificate.error}"))
        if self.latest.get("status") == "failed":
            found.append(("api", f"the last deployment {self.latest.get('deployment_uuid')} failed"))
        if (self.status and not self.status.startswith("running")) or "unhealthy" in self.status:
            found.append(("api", f"Coolify says {self.status}"))
        container = self.container
        if container and (container.get("state") != "running" or container.get("health") == "unhealthy"):
            said = container.get("health") if container.get("state") == "running" else container.get("state")
            found.append(("insp", f"the container {container.get('name')} is {said}"))
        return found

    @property
    def sick(self) -> bool:
        return bool(self.symptoms)


def _port(url: str) -> int | None:
    try:
        return urlsplit(url).port
    except ValueError:
        return None
