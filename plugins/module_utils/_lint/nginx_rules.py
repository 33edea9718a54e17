# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules over an nginx configuration that runs in a container behind Coolify's proxy."""

from __future__ import annotations

import re
import typing as t

from . import images
from .command import Check
from .nginx import Directive, Server
from .project import Project
from .rule import ERROR, INFO, WARNING, Hit, Place, both, rule

HEALTH_PATH = re.compile(r"/_?(health|healthz|health-?check|health_check|livez|readyz|ping|up|status|nginx-health)(?=[/$)?]|\Z)")
PASSES = ("proxy_pass", "fastcgi_pass", "uwsgi_pass", "grpc_pass", "scgi_pass")
HEADERS = ("x-content-type-options", "x-frame-options", "content-security-policy")


@rule(
    "NGINX-SYNTAX",
    what="nginx's configuration cannot be read.",
    why="nginx does not start, and the container restarts for ever.",
    fix="Correct the line; nginx -t in the container says more.",
    **both(ERROR),
)
def syntax(project: Project) -> t.Iterator[Hit]:
    for problem in project.nginx.problems if project.nginx else ():
        yield Hit(problem.place, problem.message)


def _checks(project: Project) -> t.Iterator[tuple[Check, str]]:
    """The health checks that ask this nginx, with their service."""
    for service in project.nginx_services:
        check = service.health or (project.dockerfile_health(service.target) if project.is_built(service) else None)
        if check and check.form != "NONE":
            yield check, service.name
    if not project.compose and project.dockerfile_runs_nginx:
        inner = project.dockerfile_health()
        if inner and inner.form != "NONE":
            yield inner, ""


def _answers_anything(location: Directive | None, server: Server) -> bool:
    """True for an application behind nginx, and for pages that fall back to index.html."""
    blocks = [location, server.directive] if location else [server.directive]
    for block in blocks:
        if block.all(*PASSES, "return", "rewrite"):
            return True
        for item in block.all("try_files"):
            if not item.arguments[-1:] or not item.arguments[-1].startswith("="):
                return True
    return False


@rule(
    "NGINX-HEALTH",
    what="nginx has no location for the health check.",
    why="Without one the check depends on the pages: a page that moves makes the container unhealthy, and every check is in the access log.",
    fix='location = /health { access_log off; default_type text/plain; return 200 "OK"; }',
    **both(WARNING),
)
def health(project: Project) -> t.Iterator[Hit]:
    if not project.nginx or not project.nginx.servers:
        return
    servers = project.nginx.servers
    for check, name in _checks(project):
        for url in check.urls:
            asked = [server for server in servers if url.port in server.ports] or list(servers)
            if url.local and not any(_has_answer(server, url.path) for server in asked):
                yield Hit(check.place, f"{url.path} is asked, and {project.nginx.file} has no location for it: 404", name, ERROR)
                return
    defined = any(HEALTH_PATH.search(location.arguments[-1]) for server in servers for location in server.locations if location.arguments)
    passed_on = any(item for server in servers for item in server.directive.below(*PASSES))
    if not defined and not passed_on:
        yield Hit(servers[0].place, "there is no location for /health")


def _has_answer(server: Server, path: str) -> bool:
    location = server.serving(path)
    pattern = location.arguments[-1] if location and location.arguments else ""
    if path == "/" or (location and pattern not in ("/", "")):
        return True
    return _answers_anything(location, server)


@rule(
    "NGINX-PORT",
    what="nginx does not listen where the route leads.",
    why="The proxy is refused, and visitors get 502.",
    fix="Make listen, EXPOSE, expose and the port of the domain the same.",
    **both(ERROR),
)
def port(project: Project) -> t.Iterator[Hit]:
    if not project.nginx or not project.nginx.ports_known:
        return
    listens = project.nginx.ports
    place = _first_listen(project)
    for service in project.nginx_services:
        wanted = project.routed_ports(service) or service.exposed
        if not wanted and project.dockerfile and project.is_built(service):
            wanted = _exposed(project, service.target)
        if wanted and not wanted & listens:
            yield Hit(place, f"nginx listens on {_listed(listens)}, the route leads to {_listed(wanted)}", service.name)
    if not project.compose and project.dockerfile_runs_nginx:
        wanted = _exposed(project, "")
        if wanted and not wanted & listens:
            yield Hit(place, f"nginx listens on {_listed(listens)}, EXPOSE has {_listed(wanted)}")


def _exposed(project: Project, target: str) -> set[int]:
    """The ports of EXPOSE; those of the base are among them: 80 for nginx."""
    dockerfile = project.dockerfile
    if not dockerfile:
        return set()
    base = images.image(dockerfile.base(target))
    own = set(dockerfile.exposed(target))
    return own or ({8080} if base.name == "nginx-unprivileged" else {80} if base.is_nginx else set())


def _listed(ports: t.Iterable[int]) -> str:
    return ", ".join(map(str, sorted(ports)))


def _first_listen(project: Project) -> Place:
    servers = project.nginx.servers if project.nginx else ()
    listens = [item.place for server in servers for item in server.directive.all("listen")]
    return listens[0] if listens else servers[0].place


@rule(
    "NGINX-LOOPBACK",
    what="nginx listens on loopback only.",
    why="127.0.0.1 in a container is the container itself; the proxy is refused, and visitors get 502.",
    fix="Write listen 80;",
    **both(ERROR),
)
def loopback(project: Project) -> t.Iterator[Hit]:
    listens = [item for server in project.nginx.servers for item in server.listens] if project.nginx else []
    inside = [item for item in listens if item.address in ("localhost", "127.0.0.1", "[::1]")]
    if inside and len(inside) == len(listens):
        yield Hit(inside[0].place, f"nginx listens on {inside[0].address} only")


@rule(
    "NGINX-TLS",
    what="nginx speaks TLS itself.",
    why="Coolify's proxy ends TLS and speaks HTTP to containers. A certificate of the container's own is never seen by visitors, and "
    "HTTP on a TLS port answers 400.",
    fix="Write listen 80; and leave certificates to the proxy.",
    coolify=WARNING,
)
def tls(project: Project) -> t.Iterator[Hit]:
    for server in project.nginx.servers if project.nginx else ():
        for item in server.listens:
            if item.ssl:
                yield Hit(item.place, f"port {item.port} speaks TLS")


@rule(
    "NGINX-REDIRECT",
    what="nginx sends visitors to https though they are there already.",
    why="The proxy speaks HTTP to nginx, so nginx redirects every request to the address that it came from: ERR_TOO_MANY_REDIRECTS.",
    fix="Remove the redirect; Coolify's proxy does it (is_force_https_enabled). Or look at $http_x_forwarded_proto first.",
    **both(ERROR),
)
def redirect(project: Project) -> t.Iterator[Hit]:
    for server in project.nginx.servers if project.nginx else ():
        if any(item.ssl for item in server.listens):
            continue
        root = [location for location in server.locations if location.arguments in (("/",), ("~", "^"), ("^~", "/"))]
        for block in (server.directive, *root):
            for item in block.all("return", "rewrite"):
                target = next((word for word in item.arguments if word.startswith("https://")), "")
                name = re.match(r"https://(\$\w+|[^/:$]+)", target)
                if name and (name[1] in ("$host", "$http_host", "$server_name") or name[1] in server.names):
                    yield Hit(item.place, f"every request is sent to {target}")


@rule(
    "NGINX-UPSTREAM",
    what="nginx passes requests to where nothing is.",
    why="127.0.0.1 is nginx's own container. A name that Docker does not know stops nginx at its start: host not found in upstream.",
    fix="Name the service of the compose file, such as proxy_pass http://web:8000;",
    **both(ERROR),
)
def upstream(project: Project) -> t.Iterator[Hit]:
    if not project.nginx or not project.compose:
        return
    http = [project.nginx.top, *project.nginx.top.all("http")]
    named = {item.arguments[0]: item for block in http for item in block.all("upstream") if item.arguments}
    uses = [item for server in project.nginx.servers for item in server.directive.below(*PASSES)]
    targets = [
        (item, item.arguments[0]) for item in (*uses, *(line for block in named.values() for line in block.all("server"))) if item.arguments
    ]
    only_nginx = len(project.services) <= 1
    for item, text in targets:
        host = re.match(r"(?:\w+://)?([A-Za-z0-9_.-]+)(?=[:/]|\Z)", text)
        if not host or host[1] in named or "$" in text or text.startswith("unix:"):
            continue
        if host[1] in ("localhost", "127.0.0.1"):
            if not only_nginx and project.nginx_services and not project.nginx_services[0].builds:
                yield Hit(item.place, f"{text} is nginx's own container")
        elif not only_nginx and "." not in host[1] and host[1] not in project.compose.names and not _known_elsewhere(project, host[1]):
            yield Hit(item.place, f'there is no service "{host[1]}"', "", WARNING)


def _known_elsewhere(project: Project, name: str) -> bool:
    """An alias, a link or a host name; long random ones are Coolify's own names of other resources."""
    for service in project.services:
        words = {
            scalar.text
            for key in ("networks", "links", "external_links", "extra_hosts", "hostname")
            for scalar in service.value.get(key).scalars()
        }
        if any(name in re.split(r"[:=]", word) for word in words):
            return True
    return len(name) >= 20


@rule(
    "NGINX-HIDDEN",
    what="Hidden files are served.",
    why="A .env or .git that lands in the web root can be downloaded by everybody.",
    fix="location ~ /\\. { deny all; }",
    **both(INFO),
)
def hidden(project: Project) -> t.Iterator[Hit]:
    for server in project.nginx.servers if project.nginx else ():
        serves_files = any(True for _item in server.directive.below("root", "alias", "try_files"))
        if serves_files and not any("\\." in location.arguments[-1] and location.all("deny", "return") for location in server.locations):
            yield Hit(server.place, "no location denies hidden files")


@rule(
    "NGINX-TOKENS",
    what="nginx tells its version.",
    why="It is in every error page and answer, and saves others the search for matching holes.",
    fix="server_tokens off;",
    **both(INFO),
)
def tokens(project: Project) -> t.Iterator[Hit]:
    if project.nginx and project.nginx.servers and not any(item.arguments == ("off",) for item in project.nginx.top.below("server_tokens")):
        yield Hit(project.nginx.servers[0].place, "server_tokens is not off")


def _header_names(block: Directive) -> set[str]:
    return {item.arguments[0].lower() for item in block.all("add_header") if item.arguments}


@rule(
    "NGINX-HEADERS",
    what="Security headers are missing.",
    why="They tell browsers not to guess types and not to show the site in frames of others.",
    fix='add_header X-Content-Type-Options "nosniff" always; add_header X-Frame-Options "SAMEORIGIN" always; in each location with add_header too.',
    **both(INFO),
)
def headers(project: Project) -> t.Iterator[Hit]:
    if not project.nginx:
        return
    outer = {name for http in project.nginx.top.all("http") for name in _header_names(http)}
    for server in project.nginx.servers:
        if not any(True for _item in server.directive.below("root", "alias")):
            continue
        everywhere = (_header_names(server.directive) or outer) & set(HEADERS)
        if not everywhere:
            yield Hit(server.place, "no security header is added")
        for location in server.locations if everywhere else ():
            # add_header in a location replaces all of the server's
            own = _header_names(location)
            if own and not own & set(HEADERS) and not HEALTH_PATH.search(location.arguments[-1]):
                yield Hit(location.place, f"add_header in this location drops those of the server: {', '.join(sorted(everywhere))}")
