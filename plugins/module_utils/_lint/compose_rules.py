# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules over a compose file.

What Coolify does with one is read in bootstrap/helpers/parsers.php of 4.3.11. It replaces ``container_name``, starts with ``unless-stopped``
where there is no ``restart``, renames volumes, moves relative bind mounts below /data/coolify, puts every service into a network of
its own and into all networks of the file, and escapes ``$`` in labels.
"""

from __future__ import annotations

import re
import typing as t

from .._fields import looks_secret
from . import images
from .compose import MAGIC, Mount, Port, Service
from .project import Project
from .rule import ERROR, INFO, WARNING, Hit, Place, both, rule
from .yamltext import UNKNOWN, broken_variables

PROXY_PORTS = {"80": "HTTP", "443": "HTTPS", "8080": "Traefik's dashboard"}
FILE_NAME = re.compile(
    r"\.(conf|cfg|ini|json|ya?ml|toml|env|sh|sql|js|ts|py|php|xml|properties|template|crt|pem|key|txt)\Z|/(Caddyfile|Dockerfile)\Z"
)
MAPS = ("services", "volumes", "networks", "configs", "secrets")
SHAPES = {
    # what each key of a service may be
    "ports": ("list",),
    "expose": ("list",),
    "volumes": ("list",),
    "environment": ("map", "list"),
    "labels": ("map", "list"),
    "networks": ("map", "list"),
    "depends_on": ("map", "list"),
    "healthcheck": ("map",),
    "build": ("map", "text"),
    "image": ("text",),
    "restart": ("text",),
    "container_name": ("text",),
}
WORDS = {"map": "a map", "list": "a list", "text": "a text"}


@rule(
    "COMPOSE-YAML",
    what="The compose file is no valid YAML.",
    why='Coolify cannot read it: saving it answers HTTP 500, a deployment stops with "Failed to parse docker-compose file."',
    fix="Correct the line; quote values that begin with a special character such as {{ or @.",
    **both(ERROR),
)
def yaml_problem(project: Project) -> t.Iterator[Hit]:
    for problem in project.compose.problems if project.compose else ():
        yield Hit(problem.place, f"this cannot be read: {problem.message}")


@rule(
    "COMPOSE-DUPLICATE-KEY",
    what="A key stands twice in the same block.",
    why="Coolify and Docker Compose refuse such a file.",
    fix="Merge the two.",
    **both(ERROR),
)
def duplicate_key(project: Project) -> t.Iterator[Hit]:
    for problem in project.compose.duplicates if project.compose else ():
        yield Hit(problem.place, problem.message)


@rule(
    "COMPOSE-DOCUMENTS",
    what="The file has more than one YAML document.",
    why="Coolify's parser reads files with one document only.",
    fix="Merge the documents into one, without --- between them.",
    coolify=ERROR,
    standalone=WARNING,
)
def documents(project: Project) -> t.Iterator[Hit]:
    for document in project.compose.documents[1:] if project.compose else ():
        yield Hit(document.place, "another document begins here")


@rule(
    "COMPOSE-STRUCTURE",
    what="The file is YAML, but no compose file.",
    why="Docker Compose stops at values of the wrong kind, and Coolify skips or misreads them.",
    fix="Give the value the shape that the Compose specification asks for.",
    **both(ERROR),
)
def structure(project: Project) -> t.Iterator[Hit]:
    compose = project.compose
    if not compose or compose.problems:
        return
    if compose.root.kind != "map":
        yield Hit(compose.root.place, "the file has no content" if not compose.root else "the file is no map")
        return
    services = compose.root.get("services")
    if (services.kind != "map" or not services.items()) and not (project.mode == "standalone" and compose.root.get("include")):
        yield Hit(services.place, 'there is no "services" with at least one service')
    for name in MAPS:
        value = compose.root.get(name)
        if value and value.kind != "map" and name != "services":
            yield Hit(compose.root.key(name), f'"{name}" has to be a map')
    for key, item in services.items():
        if item.kind != "map":
            yield Hit(key.place, "the service has to be a map", key.text)
    for service in compose.services:
        for name, kinds in SHAPES.items():
            value = service.value.get(name)
            if value and value.kind not in kinds:
                shape = " or ".join(WORDS[kind] for kind in kinds)
                yield Hit(service.value.key(name), f'"{name}" has to be {shape}', service.name)
        for name in ("environment", "labels"):
            for item in service.value.get(name).elements():
                if item.kind != "text":
                    yield Hit(item.place, f'an entry of "{name}" has to be a text such as KEY=value', service.name)
            for entry, item in service.value.get(name).items():
                if item.kind in ("map", "list"):
                    fix = "Quote the value." if item.kind == "map" else ""
                    yield Hit(entry.place, f'"{entry.text}" has to have a text as its value', service.name, fix=fix)


@rule(
    "COMPOSE-NO-IMAGE",
    what="A service has neither an image nor something to build.",
    why="Docker Compose refuses the whole file.",
    fix="Give it image or build.",
    **both(ERROR),
)
def no_image(project: Project) -> t.Iterator[Hit]:
    for service in project.services:
        if not any(service.value.get(name) for name in ("image", "build", "extends", "provider")):
            yield Hit(service.place, "there is neither image nor build", service.name)


@rule(
    "COMPOSE-PORTS",
    what="A service that people reach through the proxy publishes a port on the host.",
    why="Traefik holds 80, 443 and 8080 of the host and reaches containers through the Docker network. A published port can be taken "
    '("port is already allocated"), goes past TLS and the firewall, and makes a second, shorter way to the application.',
    fix='Remove ports, and write expose: ["8000"] with the port that the application listens on.',
    coolify=ERROR,
    standalone=WARNING,
)
def published_ports(project: Project) -> t.Iterator[Hit]:
    for service in project.services:
        if project.mode == "standalone" and service.image.name in images.PROXIES:
            continue
        for port in service.ports:
            if port.loopback or port.protocol != "tcp":
                continue
            if port.host in PROXY_PORTS and service.value.get("network_mode").text != "host":
                taken = f"; the proxy holds {port.host} of the host ({PROXY_PORTS[port.host]})"
                yield Hit(port.place, f"{port.text} is published on the host{taken}", service.name)
            elif project.is_routed(service) and _is_way_in(project, service, port):
                told = "is" if project.is_declared(service) else "looks like one that is"
                yield Hit(
                    port.place, f"{port.text} is published on the host, and the service {told} reached through the proxy", service.name
                )
            elif not project.is_routed(service) and not service.is_database and project.mode == "coolify":
                yield Hit(port.place, f"{port.text} is published on the host; right for what is no HTTP", service.name, INFO)


def _is_way_in(project: Project, service: Service, port: Port) -> bool:
    """Whether a published port is the one that the proxy uses, rather than SSH or another protocol beside it."""
    if UNKNOWN in port.container or not port.container.isdecimal() or int(port.container) in images.OTHER_PORTS:
        return False
    known = project.routed_ports(service) | service.exposed
    if service.health:
        known |= {url.port for url in service.health.urls if url.local and url.port}
    known |= {int(item.container) for item in service.ports if item.container.isdecimal()} & images.HTTP_PORTS
    return int(port.container) in known or not known


@rule(
    "COMPOSE-DB-PORTS",
    what="A database publishes its port on all addresses of the host.",
    why="Docker opens published ports past ufw and firewalld, so the whole internet can try passwords.",
    fix="Remove ports: services of the file reach it by its name. For a tunnel publish on 127.0.0.1 only.",
    **both(WARNING),
)
def database_ports(project: Project) -> t.Iterator[Hit]:
    for service in project.services:
        for port in service.ports if service.is_database else ():
            if not port.loopback and UNKNOWN not in port.address:
                yield Hit(port.place, f"{port.text} is published on all addresses", service.name)


@rule(
    "COMPOSE-EXPOSE",
    what="Nothing in the files says on which port a routed service listens.",
    why="Without a port Traefik takes the lowest one that the image exposes; when it is another than the application's, visitors get 502.",
    fix='Write expose: ["8000"], put the port into the domain (https://shop.example.com:8000), or use SERVICE_FQDN_WEB_8000.',
    **both(INFO),
)
def expose(project: Project) -> t.Iterator[Hit]:
    for service in project.services:
        if not project.is_routed(service) or project.routed_ports(service) or not (project.is_declared(service) or service.builds):
            continue
        if len(service.exposed) > 1:
            told = ", ".join(map(str, sorted(service.exposed)))
            yield Hit(service.value.key("expose"), f"{told} are exposed, and nothing says which of them is routed", service.name, WARNING)
        elif not service.exposed and not (project.dockerfile and project.is_built(service)) and not service.image.is_nginx:
            yield Hit(service.place, "no port is named; the image's own decides", service.name)


@rule(
    "COMPOSE-NETWORKS",
    what="A service is in a network of the file's own.",
    why="Coolify connects its proxy to a network that it makes for the application. With a second network Traefik may pick the address in "
    "which it is not: it works at first, and after hours or a restart visitors get 504 Gateway Timeout. Which of the two happens "
    "depends on Coolify's version and on raw deployments.",
    fix="Remove networks, from the service and from the top of the file, and deploy (a restart does not change networks). To reach another "
    "resource switch on connect_to_docker_network of the application.",
    coolify=ERROR,
)
def custom_networks(project: Project) -> t.Iterator[Hit]:
    if not project.compose:
        return
    used = False
    for service in project.services:
        named = [(name, place) for name, place in service.networks if name != "default"]
        if named and not service.value.get("network_mode"):
            used = True
            outside = " (it is external, so it has to be there before)" if _external(project, named[0][0]) else ""
            severity = WARNING if project.is_internal(service) else ERROR
            yield Hit(named[0][1], f'the service is in the network "{named[0][0]}"{outside}', service.name, severity)
    if not used:
        for name, (place, _item) in project.compose.networks.items():
            yield Hit(place, f'Coolify puts every service into the network "{name}"', "", WARNING)
            break


def _external(project: Project, name: str) -> bool:
    entry = project.compose.networks.get(name) if project.compose else None
    return bool(entry and entry[1].get("external"))


@rule(
    "COMPOSE-NETWORK-MODE",
    what="A service leaves Docker's networks.",
    why="With network_mode Coolify puts a service neither into the application's network nor next to its proxy: no route leads to it, "
    "and with host its ports collide with those of the server.",
    fix="Remove network_mode.",
    coolify=WARNING,
)
def network_mode(project: Project) -> t.Iterator[Hit]:
    for service in project.services:
        mode = service.value.get("network_mode").filled
        if mode in ("host", "none", "bridge"):
            severity = ERROR if project.is_routed(service) else WARNING
            yield Hit(service.value.key("network_mode"), f"network_mode is {mode}", service.name, severity)


@rule(
    "COMPOSE-CONTAINER-NAME",
    what="A container gets a fixed name.",
    why="Coolify replaces container_name by a name of its own; where it does not (a raw deployment) two deployments cannot overlap, and the "
    "name may be taken on the server.",
    fix="Remove container_name. Services of the file reach each other by the service's name.",
    coolify=WARNING,
)
def container_name(project: Project) -> t.Iterator[Hit]:
    for service in project.services:
        if service.value.get("container_name"):
            yield Hit(service.value.key("container_name"), "container_name is replaced by Coolify", service.name)


@rule(
    "COMPOSE-CONTAINER-HOST",
    what="A service is addressed by the name of another one's container.",
    why='Coolify names containers itself, so that name leads nowhere: "could not translate host name", "getaddrinfo ENOTFOUND".',
    fix="Use the name of the service.",
    coolify=ERROR,
)
def container_host(project: Project) -> t.Iterator[Hit]:
    compose = project.compose
    names = {service.value.get("container_name").filled: service.name for service in project.services}
    fixed = {name: owner for name, owner in names.items() if name and UNKNOWN not in name and compose and name not in compose.names}
    for service in project.services:
        for pair in service.environment:
            for name, owner in fixed.items():
                if re.search(rf"(^|[@/,]){re.escape(name)}([:/,?]|$)", pair.filled):
                    yield Hit(pair.place, f'{pair.key} names the container "{name}"; the service is called "{owner}"', service.name)


@rule(
    "COMPOSE-SECRET",
    what="A secret stands in the file.",
    why="Everybody who can read the repository has it, and it is the same in every environment.",
    fix="Write ${NAME} (or ${NAME:?} to require it) and set the variable in Coolify; or let Coolify make one up: ${SERVICE_PASSWORD_DB}.",
    **both(WARNING),
)
def secret(project: Project) -> t.Iterator[Hit]:
    for service in project.services:
        for pair in service.environment:
            if is_plain_secret(pair.key, pair.value):
                yield Hit(pair.place, f"{pair.key} has its value in the file", service.name)


CREDENTIALS = re.compile(r"://[^\s/:@]+:[^\s/:@]+@")
SECRET_AT_THE_END = re.compile(
    r"(^|[_.])(pass|passwd|password|passphrase|pwd|secrets?|tokens?|keys?|apikey|credentials?|salt)([_.](base|hash|\d+))?\Z", re.IGNORECASE
)
NOT_SECRET = re.compile(r"public|publishable|(^|_)(site|sort|partition|primary|foreign|cache)_?key", re.IGNORECASE)


def names_secret(key: str) -> bool:
    """Narrower than looks_secret, which guards what is shown: AUTH_PROVIDER and TOKEN_LIFETIME are no secrets."""
    return looks_secret(key) and bool(SECRET_AT_THE_END.search(key)) and not NOT_SECRET.search(key)


def is_plain_secret(key: str, value: str | None) -> bool:
    """True for a literal password, token or key, and for an address with a literal password in it."""
    text = value or ""
    if not text or "$" in text.replace("$$", "") or "{{" in text:
        return False
    if CREDENTIALS.search(text):
        return True
    harmless = len(text) < 4 or text.lower() in ("true", "false", "none", "null") or text.isdecimal() or text.startswith(("/", "http"))
    return names_secret(key) and not harmless


@rule(
    "COMPOSE-BUILD-SECRET",
    what="A secret is a build argument.",
    why='The history of the image keeps build arguments: "docker history" shows them to everybody who can pull it.',
    fix="Give it to the container at run time, or mount it in the build (RUN --mount=type=secret).",
    **both(WARNING),
)
def build_secret(project: Project) -> t.Iterator[Hit]:
    for service in project.services:
        for pair in service.value.get("build", "args").pairs():
            if names_secret(pair.key):
                yield Hit(pair.place, f"{pair.key} is a build argument", service.name)


@rule(
    "COMPOSE-RESTART",
    what="A service does not come back by itself.",
    why="Without a restart policy it stays away after a crash or a reboot. Coolify adds unless-stopped where there is none, but respects "
    "no, and then leaves the service out of the application's health.",
    fix="Write restart: unless-stopped.",
    **both(WARNING),
)
def restart(project: Project) -> t.Iterator[Hit]:
    for service in project.services:
        once = project.compose is not None and service.name in project.compose.one_shots
        if once or service.value.get("deploy", "restart_policy") or service.value.get("profiles"):
            continue
        if project.mode == "standalone" and not service.restart:
            yield Hit(service.place, "there is no restart policy", service.name)
        elif service.restart in ("no", "false") and project.is_routed(service):
            yield Hit(service.value.key("restart"), "restart is no though the service is reached through the proxy", service.name)


@rule(
    "COMPOSE-ONE-SHOT",
    what="A service that has to end is started again when it ends.",
    why="Others wait for it to be completed (service_completed_successfully). Coolify starts services without a restart policy with "
    "unless-stopped, so a migration runs over and over.",
    fix='Write restart: "no"; Coolify then also leaves it out of the application\'s health.',
    **both(WARNING),
)
def one_shot(project: Project) -> t.Iterator[Hit]:
    for service in project.services:
        if not project.compose or service.name not in project.compose.one_shots:
            continue
        if service.restart in ("always", "unless-stopped"):
            yield Hit(service.value.key("restart"), f"restart is {service.restart}", service.name)
        elif not service.restart and project.mode == "coolify":
            yield Hit(service.place, "Coolify starts it with unless-stopped", service.name)


@rule(
    "COMPOSE-EXCLUDE-HC",
    what="exclude_from_hc is on the wrong service.",
    why="It takes a service out of what Coolify shows as the application's health. A service that ends would otherwise make the application "
    "look degraded; one that visitors use fails unseen.",
    fix="Use it (or restart: no) for services that end, and remove it from those that serve.",
    coolify=WARNING,
)
def exclude_from_hc(project: Project) -> t.Iterator[Hit]:
    for service in project.services:
        excluded = service.value.get("exclude_from_hc").true
        if excluded and project.is_routed(service):
            yield Hit(
                service.value.key("exclude_from_hc"), "the service is reached through the proxy and left out of the health", service.name
            )
        elif not excluded and project.compose and service.name in project.compose.one_shots and service.restart.startswith("on-failure"):
            yield Hit(service.place, "the service ends, and is not left out of the health", service.name)


@rule(
    "COMPOSE-COOLIFY-ONLY",
    what="The file uses what only Coolify understands.",
    why="Docker Compose refuses exclude_from_hc, content and is_directory, and leaves SERVICE_* variables empty.",
    fix="Remove it, or deploy the file with Coolify.",
    standalone=ERROR,
)
def coolify_only(project: Project) -> t.Iterator[Hit]:
    for service in project.services:
        if service.value.get("exclude_from_hc"):
            yield Hit(service.value.key("exclude_from_hc"), "Docker Compose does not know exclude_from_hc", service.name)
        for item in service.value.get("volumes").elements():
            for name in ("content", "is_directory", "isDirectory"):
                if item.get(name):
                    yield Hit(item.key(name), f"Docker Compose does not know {name}", service.name)
        for pair in service.environment:
            found = MAGIC.match(pair.key) if pair.value is None else MAGIC.search(pair.value)
            if found:
                yield Hit(pair.place, f"{found[0]} is filled by Coolify only", service.name, WARNING)
                break


@rule(
    "COMPOSE-DEPENDS",
    what="A service does not wait until the one it depends on is ready.",
    why="The short form waits until the container is started, which is seconds before a database answers; the application fails at its start.",
    fix="Write depends_on with condition: service_healthy.",
    **both(WARNING),
)
def depends(project: Project) -> t.Iterator[Hit]:
    for service in project.services:
        for item in service.dependencies:
            other = project.compose.service(item.name) if project.compose else None
            if not other or item.condition not in ("", "service_started"):
                continue
            checked = other.health is not None and other.health.form != "NONE"
            if other.is_database and not item.condition:
                lacking = "" if checked else ", which needs a health check for that"
                yield Hit(item.place, f"nothing waits for {item.name} to be ready{lacking}", service.name)
            elif checked and not item.condition:
                yield Hit(item.place, f"nothing waits for the health check of {item.name}", service.name, INFO)


@rule(
    "COMPOSE-DEPENDS-UNKNOWN",
    what="A service depends on one that is not in the file.",
    why="Docker Compose refuses the whole file.",
    fix="Correct the name, or remove it. A database that Coolify manages is another resource: refer to it by its host name in a variable.",
    **both(ERROR),
)
def depends_unknown(project: Project) -> t.Iterator[Hit]:
    if not project.compose or project.compose.root.get("include"):
        return
    for service in project.services:
        for item in service.dependencies:
            if item.name not in project.compose.names:
                yield Hit(item.place, f'there is no service "{item.name}"', service.name)


@rule(
    "COMPOSE-DEPENDS-HEALTH",
    what="A service waits for the health of one that has no health check.",
    why='Docker Compose stops with "has no healthcheck configured".',
    fix="Give the other service a healthcheck, such as pg_isready for PostgreSQL.",
    **both(ERROR),
)
def depends_health(project: Project) -> t.Iterator[Hit]:
    for service in project.services:
        for item in service.dependencies:
            other = project.compose.service(item.name) if project.compose else None
            if other and item.condition == "service_healthy" and _surely_unchecked(project, other):
                yield Hit(item.place, f"{item.name} has no health check", service.name)


def _surely_unchecked(project: Project, service: Service) -> bool:
    if service.health:
        return service.health.form == "NONE"
    if service.builds:
        return project.is_built(service) and project.dockerfile_health(service.target) is None and _base_is_bare(project, service)
    return service.image.official and service.image.name in images.NO_HEALTHCHECK


def _base_is_bare(project: Project, service: Service) -> bool:
    base = images.image(project.dockerfile.base(service.target)) if project.dockerfile else None
    return bool(base and base.official and base.name in images.NO_HEALTHCHECK | images.LANGUAGES)


@rule(
    "COMPOSE-BIND",
    what="A relative path of the host is mounted.",
    why="Coolify turns it into a folder below /data/coolify/applications/<uuid>, not the one of the repository. It cannot tell files from "
    "folders, so a mounted file becomes an empty folder, and the application does not start.",
    fix="Copy the file into the image, use a named volume, switch on is_preserve_repository_enabled of the application, or let Coolify write "
    "the file (type: bind with content).",
    coolify=WARNING,
)
def bind_mount(project: Project) -> t.Iterator[Hit]:
    for service, mount in _mounts(project):
        told = any(mount.value.get(name) for name in ("content", "is_directory", "isDirectory"))
        if mount.kind == "bind" and mount.source.startswith(("./", "../", "~")) and not told:
            empty = " and becomes an empty folder" if FILE_NAME.search(mount.target) else ""
            yield Hit(mount.value.place, f"{mount.source} is not the repository's{empty}", service.name)


def _mounts(project: Project) -> t.Iterator[tuple[Service, Mount]]:
    for service in project.services:
        for mount in service.mounts:
            yield service, mount


@rule(
    "COMPOSE-VOLUME-NAME",
    what="A volume has a name of its own, or comes from outside.",
    why="Coolify renames every volume to <uuid>_<name>, so the service starts with a new and empty one; the data seems lost.",
    fix="Copy the data into the new volume, or mount a folder of the host by its absolute path.",
    coolify=WARNING,
)
def volume_name(project: Project) -> t.Iterator[Hit]:
    volumes = project.compose.root.get("volumes") if project.compose else None
    for key, item in volumes.items() if volumes else ():
        remote = item.get("driver_opts", "type").text in ("nfs", "cifs")
        if item.get("external") and item.get("external").text != "false" and not remote:
            yield Hit(key.place, f'the external volume "{key.text}" is not used')
        elif item.get("name") and not remote:
            yield Hit(key.place, f'the name of the volume "{key.text}" is not used')


@rule(
    "COMPOSE-VOLUME-UNDEFINED",
    what="A named volume is not declared.",
    why='Docker Compose stops with "refers to undefined volume". Coolify declares it by itself.',
    fix="Add it to volumes at the top of the file.",
    standalone=ERROR,
)
def volume_undefined(project: Project) -> t.Iterator[Hit]:
    declared = {key.node.value for key, _item in project.compose.root.get("volumes").items()} if project.compose else set()
    for service, mount in _mounts(project):
        if mount.kind == "volume" and mount.source and mount.source not in declared:
            yield Hit(mount.value.place, f'"{mount.source}" is not declared', service.name)


@rule(
    "COMPOSE-VERSION",
    what="version is obsolete.",
    why="Docker Compose ignores it and warns at every call.",
    fix="Remove the line.",
    **both(INFO),
)
def version(project: Project) -> t.Iterator[Hit]:
    if project.compose and project.compose.root.get("version").kind != "missing":
        yield Hit(project.compose.root.key("version"), "version is ignored")


@rule(
    "COMPOSE-IMAGE-TAG",
    what="An image has no fixed tag.",
    why="What runs depends on the day on which it was pulled, a rollback gets the same image again, and nobody can say what is deployed.",
    fix="Name a version, such as ghcr.io/acme/shop:1.4.2, or a variable that has it.",
    **both(WARNING),
)
def image_tag(project: Project) -> t.Iterator[Hit]:
    for service in project.services:
        value = service.value.get("image")
        if not value.text or service.builds or service.image.digest or not service.image.known or "$" in value.text:
            continue
        if service.image.tag in ("", "latest"):
            told = "latest" if service.image.tag else "no tag"
            yield Hit(service.value.key("image"), f"{value.text} has {told}", service.name)


@rule(
    "COMPOSE-POSTGRES-18",
    what="PostgreSQL 18 with the folder of earlier versions.",
    why="Since 18 the image keeps its data below /var/lib/postgresql/18 and refuses to start when /var/lib/postgresql/data is mounted.",
    fix="Mount the volume at /var/lib/postgresql, set PGDATA=/var/lib/postgresql/data, or stay with 17.",
    **both(ERROR),
)
def postgres_18(project: Project) -> t.Iterator[Hit]:
    for service, mount in _mounts(project):
        official = service.image.official and service.image.name == "postgres"
        pgdata = any(pair.key == "PGDATA" for pair in service.environment)
        if official and (service.image.major or 0) >= 18 and mount.target.rstrip("/") == "/var/lib/postgresql/data" and not pgdata:
            yield Hit(mount.value.place, f"PostgreSQL {service.image.major} does not start with a volume at {mount.target}", service.name)


HASH = re.compile(r"(?<!\$)\$(2[abxy]?|apr1|argon2(?:id|i|d)|[156]|y)\$(?!\$)")


@rule(
    "COMPOSE-DOLLAR",
    what="A dollar sign begins no variable.",
    why='Docker Compose stops with "invalid interpolation format" at braces that hold no variable, its earlier versions at any other sign '
    "too, and takes parts of a hashed password for variables, which it replaces by nothing.",
    fix="Write $$ for a dollar sign, or keep the value in a variable of Coolify with is_literal.",
    **both(ERROR),
)
def dollar(project: Project) -> t.Iterator[Hit]:
    for service in project.services:
        for key, item in service.value.items():
            if key.text == "labels" and project.mode == "coolify":
                # Coolify escapes those itself
                continue
            # What Coolify writes into a file never reaches Docker Compose
            written = {id(entry.get("content").node) for entry in item.elements()} if key.text == "volumes" else set()
            for scalar in item.scalars():
                pieces = [] if id(scalar.node) in written else list(broken_variables(scalar.text))
                braces = [piece for piece in pieces if piece.startswith("${")]
                if HASH.search(scalar.text) and pieces:
                    yield Hit(scalar.place, f"a hashed password in {key.text} is taken for variables", service.name)
                elif braces:
                    yield Hit(scalar.place, f'"{braces[0][:20]}" in {key.text} is no variable', service.name)
                elif pieces:
                    yield Hit(scalar.place, f'"{pieces[0].strip()}" in {key.text} is no variable', service.name, INFO)


@rule(
    "COMPOSE-LABEL-DOLLAR",
    what="A label has an escaped dollar sign.",
    why="Coolify escapes dollar signs in labels by itself (is_container_label_escape_enabled, on unless it was switched off), so $$ "
    "arrives as two: passwords and patterns do not match.",
    fix="Write a single $, or switch the escaping off.",
    coolify=WARNING,
)
def label_dollar(project: Project) -> t.Iterator[Hit]:
    for service in project.services:
        for pair in service.labels:
            if "$$" in (pair.value or ""):
                yield Hit(pair.place, f"{pair.key} has $$", service.name)


@rule(
    "COMPOSE-COMMAND-VARIABLE",
    what="A variable of the container is filled in by Docker Compose.",
    why="A single $ is replaced when the file is read, by variables of the server and not by environment of the service; an unset one "
    "becomes an empty text.",
    fix="Write $$NAME, so that the shell in the container fills it in.",
    standalone=WARNING,
)
def command_variable(project: Project) -> t.Iterator[Hit]:
    for service in project.services:
        literal = {pair.key for pair in service.environment if pair.value and "$" not in pair.value}
        for item in (service.value.get("command"), service.value.get("entrypoint"), service.value.get("healthcheck", "test")):
            for scalar in item.scalars():
                names = re.findall(r"(?<!\$)(?:\$\$)*\$(?:(\w+)|\{(\w+)\})", scalar.text)
                for name in sorted({first or second for first, second in names} & literal):
                    yield Hit(scalar.place, f"${name} is not the one of environment", service.name)


@rule(
    "COMPOSE-BUILD-CONTEXT",
    what="build names no context.",
    why="Docker Compose then takes the folder of the file; other tools refuse it.",
    fix="Write context: . beside dockerfile.",
    **both(INFO),
)
def build_context(project: Project) -> t.Iterator[Hit]:
    for service in project.services:
        build = service.value.get("build")
        if build.kind == "map" and not build.get("context") and not build.get("dockerfile_inline"):
            yield Hit(service.value.key("build"), "there is no context", service.name)


@rule(
    "COMPOSE-PRIVILEGED",
    what="A container runs privileged.",
    why="It can do on the server whatever root can, to all other applications too.",
    fix="Remove privileged; give the one capability (cap_add) or device that is needed.",
    **both(WARNING),
)
def privileged(project: Project) -> t.Iterator[Hit]:
    for service in project.services:
        if service.value.get("privileged").true:
            yield Hit(service.value.key("privileged"), "the container is privileged", service.name)


@rule(
    "COMPOSE-DOCKER-SOCKET",
    what="A container gets Docker's socket.",
    why="Whoever controls the container controls the server; read-only makes no difference, because the API is used by writing to it.",
    fix="Do without, or put a proxy in between that lets through only what is needed.",
    **both(WARNING),
)
def docker_socket(project: Project) -> t.Iterator[Hit]:
    for service, mount in _mounts(project):
        if mount.source.rstrip("/") in ("/var/run/docker.sock", "/run/docker.sock"):
            yield Hit(mount.value.place, f"{mount.source} is mounted", service.name)


LOOPBACK = re.compile(
    r"(?:--bind|-b|--host|--hostname|--address|--listen|--server\.host|-H)[= ]+['\"]?(?:localhost|127\.0\.0\.1|\[?::1\]?)\b"
    r"|\b(?:runserver|http\.server)\s+(?:\S+\s+)*(?:--bind\s+)?(?:localhost|127\.0\.0\.1)(?::\d+)?\b"
)
BY_DEFAULT = (
    # command, the option that says where, what may say it too
    (re.compile(r"\bgunicorn\b"), re.compile(r"(\s-b\b|--bind\b|\s-c\b|--config\b)"), ("GUNICORN_CMD_ARGS", "PORT")),
    (re.compile(r"\b(uvicorn|hypercorn)\b"), re.compile(r"(--host\b|--uds\b|--bind\b|\s-b\b|--fd\b|\s-c\b)"), ("UVICORN_HOST",)),
    (re.compile(r"\bflask\b.*\brun\b"), re.compile(r"(\s-h\b|--host\b)"), ("FLASK_RUN_HOST",)),
    (re.compile(r"\bmanage\.py\s+runserver\b"), re.compile(r"runserver\s+(\S+\s+)*(0\.0\.0\.0|\[?::\]?|0):"), ()),
    (re.compile(r"\bartisan\s+serve\b"), re.compile(r"--host\b"), ("SERVER_HOST",)),
)


def listens_on_loopback(command: str, variables: t.Container[str]) -> str:
    """Why a command can be reached from its own container only, else an empty text."""
    found = LOOPBACK.search(command)
    if found and not re.search(r"\b(celery|redis-cli|pg_isready|psql|mysqladmin|mysql)\b", command):
        return f'"{found[0].strip()}" listens on loopback only'
    for program, option, names in BY_DEFAULT:
        match = program.search(command)
        if match and "uvicorn.workers" not in command and not option.search(command) and not any(name in variables for name in names):
            return f'"{match[0]}" listens on 127.0.0.1 unless it is told otherwise'
    return ""


@rule(
    "COMPOSE-LOOPBACK",
    what="The application listens on loopback only.",
    why="127.0.0.1 in a container is the container itself; the proxy is refused, and visitors get 502.",
    fix="Listen on 0.0.0.0, for example gunicorn --bind 0.0.0.0:8000 or uvicorn --host 0.0.0.0.",
    **both(ERROR),
)
def loopback(project: Project) -> t.Iterator[Hit]:
    for service in project.services:
        reason = listens_on_loopback(service.command, {pair.key for pair in service.environment})
        if reason and not service.is_worker:
            # Another service may be a sidecar that only its own container asks
            severity = ERROR if project.is_routed(service) or len(project.services) == 1 else WARNING
            place: Place = service.value.key("command") if service.value.get("command") else service.value.key("entrypoint")
            yield Hit(place, reason, service.name, severity)
