# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to look at before a deployment, and which rules look at it."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass


@dataclass(frozen=True)
class Item:
    """``needs`` are the files without which nobody can tell; an item without rules is one that files cannot answer, ``reason`` says what can."""

    id: str
    text: str
    needs: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    reason: str = ""


CHECKLIST = (
    Item(
        "compose_valid",
        "The compose file can be read.",
        ("compose",),
        (
            "COMPOSE-YAML",
            "COMPOSE-DUPLICATE-KEY",
            "COMPOSE-DOCUMENTS",
            "COMPOSE-STRUCTURE",
            "COMPOSE-NO-IMAGE",
            "COMPOSE-DOLLAR",
            "HEALTH-DURATION",
        ),
    ),
    Item(
        "no_networks", "No custom networks; the default one of Coolify is used.", ("compose",), ("COMPOSE-NETWORKS", "COMPOSE-NETWORK-MODE")
    ),
    Item("no_ports", "No host ports; expose is used.", ("compose",), ("COMPOSE-PORTS", "COMPOSE-DB-PORTS")),
    Item(
        "traefik_labels",
        "No labels of Traefik with Coolify; complete ones standalone.",
        ("compose",),
        (
            "COMPOSE-TRAEFIK-LABELS",
            "COMPOSE-TRAEFIK-ENABLE",
            "COMPOSE-TRAEFIK-INTERNAL",
            "COMPOSE-TRAEFIK-ENTRYPOINT",
            "COMPOSE-TRAEFIK-TLS",
            "COMPOSE-TRAEFIK-HOST",
            "COMPOSE-TRAEFIK-RULE",
            "COMPOSE-TRAEFIK-HOST-TWICE",
            "COMPOSE-TRAEFIK-ROUTER-TWICE",
            "COMPOSE-TRAEFIK-SERVICE",
            "COMPOSE-TRAEFIK-PORT",
            "COMPOSE-TRAEFIK-NETWORK",
            "COMPOSE-LABEL-TWICE",
        ),
    ),
    Item("no_container_name", "No fixed container names.", ("compose",), ("COMPOSE-CONTAINER-NAME", "COMPOSE-CONTAINER-HOST")),
    Item(
        "restart_policy",
        "Services come back by themselves, and those that end do not.",
        ("compose",),
        ("COMPOSE-RESTART", "COMPOSE-ONE-SHOT"),
    ),
    Item(
        "dependencies",
        "Services wait for what they depend on.",
        ("compose",),
        ("COMPOSE-DEPENDS", "COMPOSE-DEPENDS-UNKNOWN", "COMPOSE-DEPENDS-HEALTH"),
    ),
    Item(
        "health_check",
        "Every routed service has a health check that can work.",
        (),
        ("HEALTH-MISSING", "HEALTH-FORM", "HEALTH-PORT", "HEALTH-WORKER"),
    ),
    Item("health_tool", "The health check calls what the image has.", (), ("HEALTH-TOOL", "HEALTH-WGET-FLAGS", "HEALTH-CURL-FAIL")),
    Item("health_127_0_0_1", "Health checks ask 127.0.0.1, not localhost.", (), ("HEALTH-LOCALHOST",)),
    Item("health_endpoints_match", "Compose file, Dockerfile and nginx agree on the health check.", (), ("HEALTH-DIFFERS",)),
    Item("health_endpoint", "nginx defines /health.", ("nginx",), ("NGINX-HEALTH",)),
    Item(
        "nginx_config",
        "nginx's configuration is valid and in /etc/nginx/conf.d.",
        ("nginx",),
        ("NGINX-SYNTAX", "DOCKERFILE-NGINX-CONF", "DOCKERFILE-NGINX-DEFAULT"),
    ),
    Item(
        "listening",
        "The application listens on all addresses, on the port that is routed.",
        (),
        (
            "COMPOSE-LOOPBACK",
            "DOCKERFILE-LOOPBACK",
            "NGINX-LOOPBACK",
            "NGINX-PORT",
            "NGINX-UPSTREAM",
            "DOCKERFILE-EXPOSE",
            "COMPOSE-EXPOSE",
        ),
    ),
    Item("tls_at_the_proxy", "TLS and redirects are left to the proxy.", ("nginx",), ("NGINX-TLS", "NGINX-REDIRECT")),
    Item("dockerfile_valid", "The Dockerfile can be read.", ("dockerfile",), ("DOCKERFILE-SYNTAX", "DOCKERFILE-SHELL-FORM")),
    Item("dockerignore", ".dockerignore leaves out .git and .env.", ("dockerignore",), ("DOCKERFILE-IGNORE",)),
    Item(
        "no_secrets",
        "No secrets in the image, in build arguments or in the file.",
        (),
        ("COMPOSE-SECRET", "COMPOSE-BUILD-SECRET", "DOCKERFILE-SECRET-ARG", "DOCKERFILE-SECRET-ENV"),
    ),
    Item("images_pinned", "Images have a version.", (), ("COMPOSE-IMAGE-TAG", "DOCKERFILE-TAG")),
    Item(
        "data_kept", "Volumes are where Coolify keeps them.", ("compose",), ("COMPOSE-VOLUME-NAME", "COMPOSE-POSTGRES-18", "COMPOSE-BIND")
    ),
    Item("no_privileges", "No container can take over the server.", (), ("COMPOSE-PRIVILEGED", "COMPOSE-DOCKER-SOCKET", "DOCKERFILE-USER")),
    Item("security_headers", "Security headers are set.", ("nginx",), ("NGINX-HEADERS",)),
    Item("hidden_files", "Hidden files are blocked.", ("nginx",), ("NGINX-HIDDEN",)),
    Item("server_tokens", "Server tokens are hidden.", ("nginx",), ("NGINX-TOKENS",)),
    Item("dns", "The domain's A record points to the server.", reason="not in the files; the gate domain_ssl of coolify_deploy looks"),
    Item(
        "server",
        "Server reachable, proxy running, resources free.",
        reason="not in the files; the gate server_health of coolify_deploy looks",
    ),
    Item("variables", "The variables are set in Coolify.", reason="not in the files; required_env of coolify_deploy looks"),
    Item("https", "The proxy forces HTTPS.", reason="not in the files; is_force_https_enabled of the application decides"),
)


def checklist(present: t.Container[str], held: t.Container[str], found: t.Iterable[str]) -> list[dict[str, t.Any]]:
    """Each item with its outcome; ``present`` are the files at hand, ``held`` the rules that were tried, ``found`` those that spoke."""
    spoke = set(found)
    items = []
    for item in CHECKLIST:
        tried = [name for name in item.rules if name in held]
        lacking = [name for name in item.needs if name not in present]
        if item.rules and not item.needs and not any(_of(name) in present for name in tried):
            lacking = ["the files"]
        if item.reason or lacking or not tried:
            outcome = "not_applicable"
            reason = item.reason or (
                f"{' and '.join(lacking)} not given" if lacking else "no rule of this item holds in this mode or is left"
            )
        else:
            failed = [name for name in tried if name in spoke]
            outcome, reason = ("failed", "") if failed else ("passed", "")
            tried = failed or tried
        items.append({"id": item.id, "item": item.text, "outcome": outcome, "rules": tried, "reason": reason})
    return items


def _of(rule: str) -> str:
    """The file that a rule looks at first; health checks are in any."""
    return {"COMPOSE": "compose", "DOCKERFILE": "dockerfile", "NGINX": "nginx"}.get(rule.partition("-")[0], "health")
