# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules over health checks, wherever they stand.

Traefik does not route to a container that is unhealthy, and Coolify goes back to the old one. The check of a compose file replaces that
of the Dockerfile.
"""

from __future__ import annotations

import re
import typing as t

from .command import Check, unknown_to_busybox
from .compose import Service
from .project import Project
from .rule import ERROR, INFO, WARNING, Hit, both, rule


def _name(service: Service | None) -> str:
    return service.name if service else ""


@rule(
    "HEALTH-MISSING",
    what="A routed service has no health check.",
    why="A broken container gets visitors, and Coolify takes a failed deployment for a good one: the status stays running:unknown.",
    fix="Add healthcheck to the service or HEALTHCHECK to the Dockerfile, asking http://127.0.0.1:<port>/health.",
    **both(INFO),
)
def missing(project: Project) -> t.Iterator[Hit]:
    for service in project.services:
        if service.health is not None and service.health.form == "NONE" and project.is_routed(service):
            yield Hit(service.value.key("healthcheck"), "the health check is switched off", service.name)
        elif service.health is None and project.is_routed(service):
            known = project.is_built(service)
            if known and project.dockerfile_health(service.target):
                continue
            told = (
                "neither the file nor the Dockerfile has a health check" if known else "there is no health check, unless the image has one"
            )
            yield Hit(service.place, told, service.name, WARNING if known and project.is_surely_routed(service) else INFO)
    if project.dockerfile and project.dockerfile.stages and not project.compose and not project.dockerfile_health():
        yield Hit(project.dockerfile.stages[-1].place, "there is no HEALTHCHECK; health_check_enabled of the application does without")


@rule(
    "HEALTH-FORM",
    what="The health check is not written as Docker reads it.",
    why="A list begins with CMD, CMD-SHELL or NONE. CMD starts a program without a shell: || and variables are arguments then, and a whole "
    "command in one text is looked for as one program.",
    fix='Write test: ["CMD-SHELL", "curl -f http://127.0.0.1:8000/health || exit 1"], or ["CMD", "curl", "-f", "http://127.0.0.1:8000/health"].',
    **both(ERROR),
)
def form(project: Project) -> t.Iterator[Hit]:
    for check, service, _programs in project.checks():
        if not check.form:
            yield Hit(check.place, f'the list begins with "{(check.words or ("",))[0]}"', _name(service))
        elif check.form == "CMD" and check.shell_text is None:
            signs = [word for word in check.words if word in ("||", "&&", "|", ";", ">")]
            if signs:
                yield Hit(check.place, f'CMD has no shell, "{signs[0]}" is an argument of {check.words[0]}', _name(service))
            elif len(check.words) == 1 and " " in check.words[0].strip():
                yield Hit(check.place, f'"{check.words[0].split()[0]} …" is looked for as one program', _name(service))
            elif not check.words:
                yield Hit(check.place, "CMD names no program", _name(service))


@rule(
    "HEALTH-DURATION",
    what="A duration has no unit.",
    why='Docker Compose stops with "missing unit in duration".',
    fix="Write 30s instead of 30.",
    **both(ERROR),
)
def duration(project: Project) -> t.Iterator[Hit]:
    for service in project.services:
        for name in ("interval", "timeout", "start_period", "start_interval"):
            value = service.value.get("healthcheck", name)
            if re.fullmatch(r"\d+(\.\d+)?", value.filled) and float(value.filled):
                yield Hit(value.place, f"{name} is {value.text}", service.name)


@rule(
    "HEALTH-TOOL",
    what="The health check calls a program that the image does not have.",
    why='Every check fails with "not found" (exit code 127); the container becomes unhealthy, and Coolify goes back to the old one.',
    fix="Install it in the Dockerfile (apk add --no-cache curl, apt-get install -y --no-install-recommends curl), or use what the image has: "
    "wget of BusyBox in Alpine, python -c or node -e with a request. Verify with: docker run --rm --entrypoint sh IMAGE -c 'command -v curl'.",
    **both(ERROR),
)
def tool(project: Project) -> t.Iterator[Hit]:
    for check, service, programs in project.checks():
        if programs is None:
            continue
        lacking = sorted(name for name in check.programs if not programs.has(name))
        # curl … || wget …: one of them is enough
        if lacking and not (len(check.programs) > 1 and len(lacking) < len(check.programs)):
            names = " and ".join(lacking)
            if programs.sure:
                yield Hit(check.place, f"{names} is not in the image", _name(service))
            else:
                yield Hit(check.place, f"images of this kind usually have no {names}; verify it", _name(service), WARNING)


@rule(
    "HEALTH-WGET-FLAGS",
    what="The health check calls wget with options that BusyBox does not know.",
    why='The wget of Alpine is BusyBox\'s: it answers "unrecognized option" to -4, --method, --max-redirect and others, and every check '
    "fails. (--no-verbose, --tries, --spider and -T are fine.)",
    fix="Write wget -q --spider http://127.0.0.1:<port>/health, or install GNU wget or curl.",
    **both(ERROR),
)
def wget_flags(project: Project) -> t.Iterator[Hit]:
    for check, service, programs in project.checks():
        if programs and programs.wget == "busybox" and "wget" in check.programs:
            refused = unknown_to_busybox(check.text)
            if refused:
                severity = ERROR if programs.sure else WARNING
                yield Hit(check.place, f"BusyBox's wget refuses {', '.join(dict.fromkeys(refused))}", _name(service), severity)


@rule(
    "HEALTH-LOCALHOST",
    what="The health check asks localhost.",
    why="localhost can be ::1 first. An application on 0.0.0.0 listens on IPv4 only, and BusyBox's wget tries one address and gives up. "
    "curl tries the next one.",
    fix="Write 127.0.0.1.",
    **both(WARNING),
)
def localhost(project: Project) -> t.Iterator[Hit]:
    for check, service, _programs in project.checks():
        if any(url.host == "localhost" for url in check.urls):
            severity = INFO if check.programs == {"curl"} else WARNING
            yield Hit(check.place, "localhost can be ::1, where nothing listens", _name(service), severity)


@rule(
    "HEALTH-CURL-FAIL",
    what="curl does not fail at an error page.",
    why="Without -f curl is content with 500 and 404, so the container counts as healthy whatever the application answers.",
    fix="Write curl -f.",
    **both(WARNING),
)
def curl_fail(project: Project) -> t.Iterator[Hit]:
    for check, service, _programs in project.checks():
        text = check.text if check.shell_text is None else check.shell_text
        if (
            check.programs == {"curl"}
            and check.asks_http
            and not re.search(r"\s-[a-zA-Z]*f|--fail|http_code|grep|\|\s*\w|\$\(|--write-out", text)
        ):
            yield Hit(check.place, "curl is called without -f", _name(service))


@rule(
    "HEALTH-WORKER",
    what="A worker is asked over HTTP.",
    why="Celery and other workers serve no HTTP: the check fails, and the worker is restarted for ever. A worker built from the image of the "
    "web application inherits its check.",
    fix="Give the worker a check of its own, such as celery -A app inspect ping --timeout 10 -d celery@$$HOSTNAME, or a script that looks "
    "which process it is in.",
    **both(ERROR),
)
def worker(project: Project) -> t.Iterator[Hit]:
    for service in project.services:
        if not service.is_worker:
            continue
        if service.health is not None:
            if service.health.asks_http:
                yield Hit(service.health.place, "the check asks over HTTP", service.name)
        elif project.is_built(service):
            inherited = project.dockerfile_health(service.target)
            if inherited and inherited.asks_http:
                yield Hit(service.place, f"the check of {inherited.place.file}, line {inherited.place.line}, asks over HTTP", service.name)


@rule(
    "HEALTH-CELERY-PING",
    what="The check of a Celery worker gives up after a second.",
    why='inspect ping waits one second by default and asks all workers: "No nodes replied within time constraint" under load.',
    fix="Write celery -A app inspect ping --timeout 10 -d celery@$$HOSTNAME, and a timeout of 15s.",
    **both(WARNING),
)
def celery_ping(project: Project) -> t.Iterator[Hit]:
    for check, service, _programs in project.checks():
        if re.search(r"\binspect\s+ping\b", check.text) and not re.search(r"(\s-t\b|--timeout)", check.text):
            yield Hit(check.place, "inspect ping has no --timeout", _name(service))


@rule(
    "HEALTH-DIFFERS",
    what="The health checks ask different things.",
    why="The check of the compose file replaces that of the Dockerfile, so one of them is never tried, and a path that nginx answers in "
    "another location says nothing about health.",
    fix="Ask the same address everywhere, such as http://127.0.0.1:80/health.",
    **both(WARNING),
)
def differs(project: Project) -> t.Iterator[Hit]:
    told = set()
    for service in project.built:
        inner = project.dockerfile_health(service.target)
        one, other = _first_url(service.health), _first_url(inner)
        if one and other and inner and one.path.rstrip("/") != other.path.rstrip("/") and service.health and not service.is_worker:
            message = f"{one.path} is asked here, {other.path} in {inner.place.file}, line {inner.place.line}"
            told.add(service.name)
            yield Hit(service.health.place, message, service.name)
    for service in project.nginx_services:
        url = _first_url(service.health)
        defined = [item.arguments[-1] for server in project.nginx.servers for item in server.locations] if project.nginx else []
        named = [path for path in defined if re.match(r"/(_?health|healthz|livez|readyz|ping|up)\b", path)]
        if url and service.health and named and url.path == "/" and service.name not in told:
            yield Hit(service.health.place, f"/ is asked, and nginx has {named[0]} for it", service.name)


def _first_url(check: Check | None) -> t.Any:
    return next((url for url in check.urls if url.local), None) if check and check.form != "NONE" else None


@rule(
    "HEALTH-PORT",
    what="The health check asks a port that nothing in the files listens on.",
    why="The connection is refused, and the container becomes unhealthy though the application works.",
    fix="Ask the port that the application listens on.",
    **both(ERROR),
)
def port(project: Project) -> t.Iterator[Hit]:
    seen: list[tuple[Check, str, t.Collection[int], str]] = []
    for service in project.nginx_services:
        check = service.health or (project.dockerfile_health(service.target) if project.is_built(service) else None)
        if check and project.nginx and project.nginx.ports_known:
            seen.append((check, service.name, project.nginx.ports, f"nginx listens on {_listed(project.nginx.ports)}"))
    if project.dockerfile_runs_nginx and not project.compose and project.nginx and project.nginx.ports_known:
        inner = project.dockerfile_health()
        if inner:
            seen.append((inner, "", project.nginx.ports, f"nginx listens on {_listed(project.nginx.ports)}"))
    elif not project.nginx and project.dockerfile:
        inner, exposed = project.dockerfile_health(), project.dockerfile.exposed()
        if inner and exposed and not project.compose:
            seen.append((inner, "", exposed, f"EXPOSE has {_listed(exposed)}"))
    for check, name, ports, told in seen:
        for url in check.urls:
            if url.local and url.port and url.port not in ports:
                severity = ERROR if told.startswith("nginx") else WARNING
                yield Hit(check.place, f"port {url.port} is asked, {told}", name, severity)
                break


def _listed(ports: t.Iterable[int]) -> str:
    return ", ".join(map(str, sorted(ports)))
