# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules over Traefik's labels.

Coolify's Traefik has the entrypoints ``http`` and ``https``, the certificate resolver ``letsencrypt``, and shows only containers with
``traefik.enable=true`` (bootstrap/helpers/proxy.php). A file that brings a Traefik of its own has its own names.
"""

from __future__ import annotations

import re
import typing as t

from .compose import Service
from .project import ROUTER, TRAEFIK_SERVICE, Project
from .rule import ERROR, INFO, WARNING, Hit, both, rule
from .yamltext import UNKNOWN, Pair

USUAL_ELSEWHERE = ("web", "websecure")
HOST = re.compile(r"\b(Host|HostRegexp|HostSNI)\s*\(", re.IGNORECASE)


def label(service: Service, name: str) -> Pair | None:
    """The last label of a name, which is the one that counts."""
    found = [pair for pair in service.labels if pair.key.lower() == name]
    return found[-1] if found else None


def enabled(service: Service) -> bool | None:
    """What traefik.enable says; None when it says nothing."""
    pair = label(service, "traefik.enable")
    return pair.filled.lower() in ("true", "1") if pair and UNKNOWN not in pair.filled else None


class Router(t.NamedTuple):
    """``options`` are Traefik's, in lower case, such as rule and tls.certresolver."""

    service: Service
    name: str
    options: dict[str, Pair]

    def get(self, option: str) -> str:
        return self.options[option].filled if option in self.options else ""

    @property
    def entrypoints(self) -> tuple[str, ...]:
        return tuple(name.strip() for name in self.get("entrypoints").split(",") if name.strip())

    def place_of(self, *options: str) -> t.Any:
        return next((self.options[option].place for option in options if option in self.options), next(iter(self.options.values())).place)


def routers(project: Project) -> list[Router]:
    found: dict[tuple[str, str], Router] = {}
    for service, name, option, _value, pair in project.routers:
        found.setdefault((service.name, name), Router(service, name, {})).options[option] = pair
    return list(found.values())


@rule(
    "COMPOSE-TRAEFIK-LABELS",
    what="A service has routes written by hand.",
    why="Coolify writes the labels of routers and services for the domains that are set in it; those of the file stay beside them, so "
    "there are two routers for one domain, one of which has no certificate or another port.",
    fix="Remove the labels and set the domain of the service in Coolify (docker_compose_domains). Middlewares may stay.",
    coolify=WARNING,
)
def labels_by_hand(project: Project) -> t.Iterator[Hit]:
    for service in project.services:
        by_hand = [pair for pair in service.labels if ROUTER.match(pair.key) or TRAEFIK_SERVICE.match(pair.key)]
        if by_hand:
            yield Hit(by_hand[0].place, f"{len(by_hand)} labels of Traefik are written by hand", service.name)
        elif enabled(service):
            place = label(service, "traefik.enable")
            yield Hit(place.place if place else service.place, "traefik.enable=true is written by Coolify", service.name, INFO)


@rule(
    "COMPOSE-TRAEFIK-ENABLE",
    what="traefik.enable contradicts the routes.",
    why="Coolify's Traefik shows containers with traefik.enable=true only. false on a service with a domain stands against Coolify's own label: "
    "no route, and visitors see TRAEFIK DEFAULT CERT.",
    fix="With Coolify remove the label. Standalone write traefik.enable=true beside the router.",
    **both(ERROR),
)
def enable(project: Project) -> t.Iterator[Hit]:
    names = {router.service.name for router in routers(project)}
    for service in project.services:
        pair = label(service, "traefik.enable")
        if pair and enabled(service) is False:
            if project.is_routed(service) or service.name in names:
                yield Hit(pair.place, "traefik.enable=false is on a service that is reached through the proxy", service.name)
            elif project.mode == "coolify":
                yield Hit(pair.place, "traefik.enable=false does nothing, unless the service gets a domain", service.name, INFO)
        elif not pair and service.name in names and project.mode == "standalone" and not project.own_proxy:
            yield Hit(service.value.key("labels"), "there are routers, and traefik.enable=true is missing", service.name)


@rule(
    "COMPOSE-TRAEFIK-INTERNAL",
    what="An internal service does not say that it is internal.",
    why="Coolify's Traefik needs no label for that; one of your own with exposedByDefault shows every container that exposes a port.",
    fix="Write traefik.enable=false.",
    standalone=INFO,
)
def internal(project: Project) -> t.Iterator[Hit]:
    if not routers(project):
        return
    for service in project.services:
        if service.builds and not any(pair.key.startswith("traefik.") for pair in service.labels):
            yield Hit(service.place, "traefik.enable=false is missing", service.name)


@rule(
    "COMPOSE-TRAEFIK-ENTRYPOINT",
    what="A router uses an entrypoint that Coolify's Traefik does not have.",
    why="They are called http and https there. A router on web or websecure is dropped, and visitors get 404 page not found.",
    fix="Write http or https.",
    coolify=ERROR,
    standalone=WARNING,
)
def entrypoint(project: Project) -> t.Iterator[Hit]:
    for router in routers(project) if not project.own_proxy else ():
        wrong = [name for name in router.entrypoints if name.lower() in USUAL_ELSEWHERE]
        if wrong:
            yield Hit(router.place_of("entrypoints"), f'"{router.name}" is on {", ".join(wrong)}', router.service.name)


@rule(
    "COMPOSE-TRAEFIK-TLS",
    what="A router on https has no certificate.",
    why="Coolify's entrypoint https speaks TLS only where the router says so; the resolver is called letsencrypt. Otherwise visitors get "
    "404, or TRAEFIK DEFAULT CERT.",
    fix="Write tls=true and tls.certresolver=letsencrypt for the router.",
    **both(WARNING),
)
def tls(project: Project) -> t.Iterator[Hit]:
    for router in routers(project) if not project.own_proxy else ():
        if "https" not in router.entrypoints:
            continue
        resolver = router.get("tls.certresolver")
        if router.get("tls").lower() == "false" or not any(option.split(".")[0] == "tls" for option in router.options):
            yield Hit(router.place_of("entrypoints"), f'"{router.name}" is on https without tls', router.service.name)
        elif resolver and resolver != "letsencrypt" and UNKNOWN not in resolver:
            yield Hit(router.place_of("tls.certresolver"), f'"{router.name}" asks the resolver "{resolver}"', router.service.name)


@rule(
    "COMPOSE-TRAEFIK-HOST",
    what="A router names no host.",
    why="Without a rule Traefik makes up the container's name as the host; a rule without Host answers for every domain of the server.",
    fix="Write rule=Host(`shop.example.com`).",
    **both(ERROR),
)
def host(project: Project) -> t.Iterator[Hit]:
    for router in routers(project):
        rule_text = router.get("rule")
        if "rule" not in router.options:
            yield Hit(router.place_of(), f'"{router.name}" has no rule', router.service.name)
        elif not HOST.search(rule_text) and UNKNOWN not in rule_text:
            yield Hit(router.place_of("rule"), f'the rule of "{router.name}" names no host', router.service.name, WARNING)


@rule(
    "COMPOSE-TRAEFIK-RULE",
    what="The rule of a router cannot be parsed.",
    why="Names stand in backticks or double quotes, and since Traefik 3 Host takes one of them. Traefik drops the router otherwise.",
    fix="Write Host(`a.example.com`) || Host(`b.example.com`).",
    **both(ERROR),
)
def rule_syntax(project: Project) -> t.Iterator[Hit]:
    for router in routers(project):
        for name, inside in re.findall(r"\b(Host|PathPrefix|Path)\(([^()]*)\)", router.get("rule")):
            arguments = inside.strip()
            if UNKNOWN in arguments and not arguments.startswith(("`", '"')):
                continue
            if not re.fullmatch(r"`[^`]*`|\"[^\"]*\"", arguments):
                yield Hit(router.place_of("rule"), f"{name}({inside}) is not what Traefik 3 understands", router.service.name)


@rule(
    "COMPOSE-TRAEFIK-HOST-TWICE",
    what="Two services have a route for the same thing.",
    why="Traefik takes one of them, and which one can change with every deployment.",
    fix="Give one of them a Host or a PathPrefix of its own, or a priority.",
    **both(ERROR),
)
def host_twice(project: Project) -> t.Iterator[Hit]:
    seen: dict[tuple[str, str], Router] = {}
    for router in routers(project):
        text = re.sub(r"\s+", "", router.get("rule"))
        if not text or UNKNOWN in text or "priority" in router.options:
            continue
        for name in router.entrypoints or ("",):
            first = seen.setdefault((text, name), router)
            if first.service is not router.service:
                message = f'"{router.name}" has the rule of "{first.name}" in the service "{first.service.name}"'
                yield Hit(router.place_of("rule"), message, router.service.name)
                break


@rule(
    "COMPOSE-TRAEFIK-ROUTER-TWICE",
    what="A router has one name in two services, and differs.",
    why='Traefik drops both: "Router defined multiple times with different configurations".',
    fix="Give each service a router name of its own.",
    **both(ERROR),
)
def router_twice(project: Project) -> t.Iterator[Hit]:
    seen: dict[str, Router] = {}
    for router in routers(project):
        first = seen.setdefault(router.name.lower(), router)
        values = [{option: pair.filled for option, pair in item.options.items()} for item in (first, router)]
        if first.service is not router.service and values[0] != values[1]:
            message = f'"{router.name}" is defined otherwise in the service "{first.service.name}"'
            yield Hit(router.place_of("rule"), message, router.service.name)


def _traefik_services(service: Service) -> dict[str, Pair]:
    found: dict[str, Pair] = {}
    for pair in service.labels:
        match = TRAEFIK_SERVICE.match(pair.key)
        if match:
            found.setdefault(match[1].lower(), pair)
    return found


@rule(
    "COMPOSE-TRAEFIK-SERVICE",
    what="A router does not lead to one of Traefik's services.",
    why='With several Traefik services on a container a router has to name its own ("cannot be linked automatically with multiple Services"); '
    "one that nobody defines is dropped too.",
    fix="Write traefik.http.routers.NAME.service with the name used in traefik.http.services.NAME.loadbalancer.server.port.",
    **both(ERROR),
)
def linked(project: Project) -> t.Iterator[Hit]:
    defined = {name for service in project.services for name in _traefik_services(service)}
    for router in routers(project):
        named = router.get("service").lower()
        own = _traefik_services(router.service)
        if not named and len(own) > 1:
            yield Hit(router.place_of("rule"), f'"{router.name}" names none of {", ".join(sorted(own))}', router.service.name)
        elif named and "@" not in named and UNKNOWN not in named and defined and named not in defined:
            yield Hit(router.place_of("service"), f'"{router.name}" leads to "{named}", which nobody defines', router.service.name)


@rule(
    "COMPOSE-TRAEFIK-PORT",
    what="The port of a route is wrong or missing.",
    why="Traefik connects to loadbalancer.server.port of the container; where nothing listens there, visitors get 502 at once.",
    fix="Name the port that the application listens on, the same as in expose.",
    **both(ERROR),
)
def port(project: Project) -> t.Iterator[Hit]:
    for service in project.services:
        told = False
        for pair in service.labels:
            match = TRAEFIK_SERVICE.match(pair.key)
            if not match or match[2].lower() != "loadbalancer.server.port":
                continue
            told = True
            value = pair.filled.strip()
            if UNKNOWN in value:
                continue
            if not value.isdecimal() or not 0 < int(value) < 65536:
                yield Hit(pair.place, f'"{value}" is no port', service.name)
            elif service.exposed and int(value) not in service.exposed:
                exposed = ", ".join(map(str, sorted(service.exposed)))
                yield Hit(pair.place, f"the route leads to {value}, the service exposes {exposed}", service.name)
        if (
            not told
            and len(service.exposed) > 1
            and any(router.service is service and not router.get("service") for router in routers(project))
        ):
            message = f"{len(service.exposed)} ports are exposed, and no label says which one is meant"
            yield Hit(service.value.key("labels"), message, service.name, WARNING)


@rule(
    "COMPOSE-TRAEFIK-NETWORK",
    what="traefik.docker.network does not name a network of the service.",
    why="Traefik then takes any address of the container; in a network without the proxy nothing answers, and visitors get 504. Docker "
    "Compose puts the project's name before a network's, unless name or external is set.",
    fix="Name the network as docker network ls shows it. With Coolify remove the label, it writes its own.",
    coolify=WARNING,
    standalone=WARNING,
)
def network(project: Project) -> t.Iterator[Hit]:
    for service in project.services:
        pair = label(service, "traefik.docker.network")
        named = [name for name, _place in service.networks]
        if pair and UNKNOWN not in pair.filled:
            value = pair.filled.strip()
            real = {name: _real_name(project, name) for name in named}
            if project.mode == "coolify":
                yield Hit(pair.place, f'traefik.docker.network is "{value}"; Coolify keeps it and does not write its own', service.name)
            elif value in real and real[value] != value:
                yield Hit(pair.place, f'Docker Compose calls the network "{value}" by another name', service.name)
            elif named and value not in real.values() and not any(item is None for item in real.values()):
                yield Hit(pair.place, f'the service is not in the network "{value}"', service.name, ERROR)
        elif not pair and project.mode == "standalone" and len(named) > 1 and any(item.service is service for item in routers(project)):
            yield Hit(
                service.value.key("networks"),
                f"the service is in {len(named)} networks, and no label says which is the proxy's",
                service.name,
            )


def _real_name(project: Project, name: str) -> str | None:
    """What Docker calls a network; None when the project's name comes before it."""
    entry = project.compose.networks.get(name) if project.compose else None
    if not entry:
        return None
    given = entry[1].get("name").filled or entry[1].get("external", "name").filled
    external = entry[1].get("external")
    return given or (name if external and external.text != "false" else None)


@rule(
    "COMPOSE-LABEL-TWICE",
    what="A label stands twice and differs.",
    why="Only the last one counts, or none, depending on the version of Docker Compose.",
    fix="Remove one of them.",
    **both(WARNING),
)
def label_twice(project: Project) -> t.Iterator[Hit]:
    for service in project.services:
        seen: dict[str, Pair] = {}
        for pair in service.labels:
            first = seen.setdefault(pair.key, pair)
            if first.value != pair.value:
                yield Hit(pair.place, f"{pair.key} is already in line {first.place.line}, with another value", service.name)
