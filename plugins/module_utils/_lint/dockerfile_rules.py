# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules over a Dockerfile."""

from __future__ import annotations

import re
import typing as t

from . import images
from .compose_rules import is_plain_secret, listens_on_loopback, names_secret
from .dockerfile import Dockerfile, Instruction, assignments
from .project import Project
from .rule import ERROR, INFO, WARNING, Hit, both, rule
from .yamltext import UNKNOWN


@rule(
    "DOCKERFILE-SYNTAX",
    what="The Dockerfile cannot be read.",
    why="The build stops at this line.",
    fix="Correct the line.",
    **both(ERROR),
)
def syntax(project: Project) -> t.Iterator[Hit]:
    for problem in project.dockerfile.problems if project.dockerfile else ():
        yield Hit(problem.place, problem.message)


@rule(
    "DOCKERFILE-TAG",
    what="The base image has no fixed tag.",
    why="What is built depends on the day on which the base was pulled; a build that worked yesterday can fail today.",
    fix="Name a version, such as python:3.13-slim.",
    **both(WARNING),
)
def tag(project: Project) -> t.Iterator[Hit]:
    names = {stage.name for stage in project.dockerfile.stages} if project.dockerfile else set()
    for stage in project.dockerfile.stages if project.dockerfile else ():
        base = images.image(stage.base)
        if stage.base.lower() in names or base.path in ("scratch", "") or base.digest or UNKNOWN in stage.base:
            continue
        if base.tag in ("", "latest"):
            yield Hit(stage.place, f"{stage.base} has {'latest' if base.tag else 'no tag'}")


def _copies(dockerfile: Dockerfile, target: str) -> t.Iterator[tuple[Instruction, list[str], str]]:
    """Each COPY and ADD of the image with its sources and its destination."""
    for item in dockerfile.all("COPY", "ADD", target=target):
        words = item.words or tuple(item.text.split("\n")[0].split())
        if len(words) > 1:
            yield item, list(words[:-1]), words[-1]


@rule(
    "DOCKERFILE-NGINX-CONF",
    what="nginx's configuration is copied to where it does not belong.",
    why="The image reads server blocks from /etc/nginx/conf.d/*.conf. /etc/nginx/nginx.conf is the main file with events and http around "
    "them: server blocks alone do not start there, and sites-enabled is Debian's way, which the image does not have.",
    fix="COPY default.conf /etc/nginx/conf.d/default.conf",
    **both(WARNING),
)
def nginx_conf(project: Project) -> t.Iterator[Hit]:
    if not project.dockerfile or not project.dockerfile_runs_nginx:
        return
    is_main = project.nginx.is_main if project.nginx and project.nginx.servers else None
    for item, sources, destination in _copies(project.dockerfile, project.target):
        if not destination.startswith("/etc/nginx/"):
            continue
        below = destination[len("/etc/nginx/") :]
        if below == "nginx.conf" or (below == "" and any(source.endswith("nginx.conf") for source in sources)):
            if is_main is False:
                yield Hit(item.place, f"{project.nginx.file if project.nginx else ''} has server blocks only", "", ERROR)
            elif is_main is None:
                yield Hit(item.place, "the main file is replaced; it has to have events and http, and to include conf.d")
        elif below.startswith("conf.d") and is_main:
            yield Hit(
                item.place, f"{project.nginx.file if project.nginx else ''} is a main file: events and http do not belong here", "", ERROR
            )
        elif below.startswith(("sites-enabled", "sites-available")):
            yield Hit(item.place, f"the image does not read {destination}", "", ERROR)
        elif below.startswith("conf.d/") and not re.search(r"(\.conf|/)\Z", below) and "." in below:
            yield Hit(item.place, f"the image reads *.conf only, not {below}", "", ERROR)
        elif (
            re.fullmatch(r"[\w-]+\.conf", below)
            and below not in ("mime.conf", "fastcgi.conf")
            and any("default" in part for part in (below, *sources))
        ):
            yield Hit(item.place, f"the image does not read {destination}", "", ERROR)


@rule(
    "DOCKERFILE-NGINX-DEFAULT",
    what="nginx's welcome page stays in front of the site.",
    why="The image has conf.d/default.conf, which comes first by its name: requests to 127.0.0.1, so health checks too, reach the "
    "welcome page.",
    fix="Copy to /etc/nginx/conf.d/default.conf, or remove that file in a RUN before.",
    **both(WARNING),
)
def nginx_default(project: Project) -> t.Iterator[Hit]:
    if not project.dockerfile or not project.dockerfile_runs_nginx:
        return
    removed = any(
        "conf.d" in item.text and re.search(r"\b(rm|mv|>)\b", item.text) for item in project.dockerfile.all("RUN", target=project.target)
    )
    found = []
    for item, sources, destination in _copies(project.dockerfile, project.target):
        match = re.match(r"/etc/nginx/conf\.d/?(.*)\Z", destination)
        name = (match[1] or "/".join(sources).rpartition("/")[2]) if match else ""
        if match and (name == "default.conf" or "*" in name or not name.endswith(".conf")):
            return
        if match and name > "default.conf":
            found.append((item, name))
    defaults = project.nginx and any(
        "default_server" in item.arguments for server in project.nginx.servers for item in server.directive.all("listen")
    )
    for item, name in found if not removed and not defaults else ():
        yield Hit(item.place, f"conf.d/default.conf comes before {name}")


@rule(
    "DOCKERFILE-EXPOSE",
    what="EXPOSE and the route name different ports.",
    why="One of them is not where the application listens; the route to a wrong port answers 502.",
    fix="Name the same port in EXPOSE, in expose, in the domain and in the health check.",
    **both(WARNING),
)
def expose(project: Project) -> t.Iterator[Hit]:
    for service in project.built if project.dockerfile else ():
        exposed = set(project.dockerfile.exposed(service.target)) if project.dockerfile else set()
        wanted = project.routed_ports(service) or service.exposed
        if (
            service.is_worker
            or not exposed
            or not wanted
            or wanted & exposed
            or (images.image(project.dockerfile.base()).is_nginx and project.nginx)
        ):
            continue
        item = project.dockerfile.last("EXPOSE", target=service.target) if project.dockerfile else None
        if item:
            told = ", ".join(map(str, sorted(wanted)))
            yield Hit(item.place, f"EXPOSE has {', '.join(map(str, sorted(exposed)))}, the compose file {told}", service.name)


@rule(
    "DOCKERFILE-USER",
    what="The application runs as root.",
    why="Whoever breaks into it is root in the container, and one mistake away from the server.",
    fix="Make a user and switch to it at the end: RUN useradd --create-home app, USER app.",
    **both(INFO),
)
def user(project: Project) -> t.Iterator[Hit]:
    if not project.dockerfile or not project.dockerfile.stages:
        return
    base = images.image(project.dockerfile.base(project.target))
    last = project.dockerfile.last("USER", target=project.target)
    name = last.text.split(":")[0].strip() if last else ""
    if last and name in ("root", "0"):
        yield Hit(last.place, "the last USER is root", "", WARNING)
    elif not last and base.official and base.name in images.LANGUAGES | {"alpine", "debian", "ubuntu", "php"}:
        yield Hit(project.dockerfile.stages[-1].place, "there is no USER")


@rule(
    "DOCKERFILE-SECRET-ARG",
    what="A secret is a build argument.",
    why='The history of the image keeps build arguments: "docker history" shows them to everybody who can pull it.',
    fix="RUN --mount=type=secret,id=NAME, with use_build_secrets of the application; or give it at run time.",
    **both(WARNING),
)
def secret_arg(project: Project) -> t.Iterator[Hit]:
    for item in project.dockerfile.instructions if project.dockerfile else ():
        for key, _value in assignments(item) if item.name == "ARG" else ():
            if names_secret(key):
                yield Hit(item.place, f"{key} is a build argument")


@rule(
    "DOCKERFILE-SECRET-ENV",
    what="A secret is in the image.",
    why="ENV is part of the image: everybody who can pull it reads it.",
    fix="Remove it and set the variable in Coolify.",
    **both(WARNING),
)
def secret_env(project: Project) -> t.Iterator[Hit]:
    for item in project.dockerfile.instructions if project.dockerfile else ():
        for key, value in assignments(item) if item.name == "ENV" else ():
            if is_plain_secret(key, value):
                yield Hit(item.place, f"{key} has its value in the image")


@rule(
    "DOCKERFILE-SHELL-FORM",
    what="The application is started through a shell.",
    why="The shell is process 1 and does not pass on SIGTERM: every stop takes ten seconds and ends with SIGKILL, in the middle of requests.",
    fix='Write CMD ["gunicorn", "app:app"], or begin the command with exec.',
    **both(WARNING),
)
def shell_form(project: Project) -> t.Iterator[Hit]:
    if not project.dockerfile:
        return
    item = project.dockerfile.last("ENTRYPOINT", target=project.target) or project.dockerfile.last("CMD", target=project.target)
    if item and item.text.startswith("[") and item.words is None:
        yield Hit(item.place, f"the list after {item.name} is no JSON (double quotes!), so it is run as a command", "", ERROR)
    elif item and item.words is None and not re.search(r"\bexec\b|\btini\b|dumb-init|s6-svscan|supervisord", item.text):
        yield Hit(item.place, f"{item.name} is in shell form")


@rule(
    "DOCKERFILE-IGNORE",
    what="The whole folder is copied without .dockerignore.",
    why=".git, .env and node_modules land in the image: secrets for everybody who can pull it, and a slow build.",
    fix="Add .dockerignore with .git, .env*, node_modules and what else the image does not need.",
    **both(WARNING),
)
def ignore(project: Project) -> t.Iterator[Hit]:
    if not project.dockerfile or project.ignore is None:
        return
    whole = [
        item
        for item, sources, _to in _copies(project.dockerfile, project.target)
        if "from" not in item.flags and any(source in (".", "./", "*") for source in sources)
    ]
    patterns = {
        line.strip().strip("/").replace("**/", "") for line in project.ignore.splitlines() if line.strip() and not line.startswith("#")
    }
    for item in whole[:1]:
        if not patterns:
            yield Hit(item.place, "everything is copied, and there is no .dockerignore")
        elif "*" not in patterns:
            lacking = [name for name in (".git", ".env") if not patterns & {name, f"{name}*", f"{name}.*", ".*", f"*{name}"}]
            if lacking:
                yield Hit(item.place, f"everything is copied, and .dockerignore lacks {' and '.join(lacking)}", "", INFO)


@rule(
    "DOCKERFILE-LOOPBACK",
    what="The application listens on loopback only.",
    why="127.0.0.1 in a container is the container itself; the proxy is refused, and visitors get 502.",
    fix="Listen on 0.0.0.0, for example gunicorn --bind 0.0.0.0:8000 or uvicorn --host 0.0.0.0.",
    **both(ERROR),
)
def loopback(project: Project) -> t.Iterator[Hit]:
    if not project.dockerfile:
        return
    entrypoint, command = (project.dockerfile.last(name, target=project.target) for name in ("ENTRYPOINT", "CMD"))
    if entrypoint and re.search(r"\.(sh|py)\b|entrypoint", entrypoint.text):
        # A script decides what CMD means
        return
    words = [word for item in (entrypoint, command) if item for word in (item.words or (item.text,))]
    item = command or entrypoint
    reason = listens_on_loopback(" ".join(words), project.dockerfile.arguments(project.target))
    if item and reason:
        yield Hit(item.place, reason)
