# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""coolify_report: the estate of a team as data: what runs where, the way to it, what was deployed, which certificates end, what is wrong."""

from __future__ import annotations

import typing as t
from urllib.parse import urlsplit

from .. import _deployment
from .._context import Context, Module
from .._contract import now
from .._diagnosis import probes
from .._errors import CoolifyError, InputError, NotFoundByName
from . import diagnose, estate
from .info import DEPLOYMENTS_PAGE, _history, _newest, allowed
from .placement import environment_name, matches

FEWEST_DAYS = 15
MOST_DIAGNOSED = 20
"""Each costs a handful of requests."""
HTTP_TIMEOUT = 10
SEVERITIES = ("critical", "high", "medium", "low")


def gather(ctx: Context) -> dict[str, t.Any]:
    """The module's function."""
    options, client = ctx.options, ctx.client
    if options["deployments"] < 0 or options["deployments"] > 100:
        raise InputError("deployments: it has to be between 0 and 100")
    servers = estate.servers(client)
    everything = _chosen(ctx, estate.resources(client, servers, tuple(estate.KINDS.values())))
    by_uuid = {server["uuid"]: server for server in servers}
    resources = {kind: [item for item in everything if item["kind"] == kind] for kind in estate.KINDS}
    applications = [_application(item, by_uuid.get(item["server_uuid"], {})) for item in resources["application"]]
    histories = client.gather(*[lambda uuid=item["uuid"]: _deployments(ctx, uuid) for item in applications])
    for item, history in zip(applications, histories):
        item["deployments"] = history
    certificates = _certificates(ctx, applications) if options["probe"] else []
    findings = [*_of_servers(servers), *_of_certificates(certificates), *_diagnosed(ctx, [*applications, *resources["database"]])]
    findings.sort(key=lambda item: (SEVERITIES.index(item["severity"]), item["resource"]))
    report = {
        "generated_at": now(),
        "url": client.http.url,
        "version": client.version,
        "servers": servers,
        "applications": sorted(applications, key=_by_health),
        "databases": sorted(resources["database"], key=_by_health),
        "services": sorted(resources["service"], key=_by_health),
        "certificates": certificates,
        "findings": findings,
    }
    return {"status": "issues_detected" if findings else "healthy", "report": report}


def _chosen(ctx: Context, items: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    project, environment = ctx.options.get("project"), ctx.options.get("environment")
    if environment and not project:
        raise InputError("environment needs project")
    if not project:
        return items
    known = [{"uuid": item["uuid"], "name": item["name"]} for item in ctx.client.items("/projects")]
    if not matches(known, project):
        raise NotFoundByName(f'there is no project "{project}"; existing: {", ".join(sorted(item["name"] for item in known)) or "none"}')
    inside = [item for item in items if project in (item.get("project"), item.get("project_uuid"))]
    if environment:
        names = (environment, environment_name(environment))
        inside = [item for item in inside if item.get("environment") in names or item.get("environment_uuid") == environment]
    return inside


def bad(item: t.Mapping[str, t.Any]) -> bool:
    return item["state"] != "running" or item["health"] == "unhealthy"


def _by_health(item: t.Mapping[str, t.Any]) -> tuple[t.Any, ...]:
    """What is wrong first."""
    return (item["state"] == "running", item["health"] != "unhealthy", str(item.get("project")), str(item.get("name")))


def _application(item: dict[str, t.Any], server: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    image = item.get("docker_registry_image_name")
    source = f"{image}:{item.get('docker_registry_image_tag') or 'latest'}" if image else item.get("git_repository")
    ports = [port.strip() for port in str(item.get("ports_exposes") or "").split(",") if port.strip()]
    return {**item, "source": source, "ways": [_way(domain, ports, server) for domain in item["domains"]]}


def _way(domain: str, ports: t.Sequence[str], server: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """From a domain to the port of a container. A port in a domain is that of the container, not of the proxy."""
    try:
        parts = urlsplit(domain)
        port = str(parts.port) if parts.port else None
    except ValueError:
        parts, port = urlsplit(""), None
    return {
        "domain": domain,
        "host": parts.hostname,
        "path": parts.path if parts.path != "/" else "",
        "encrypted": parts.scheme == "https",
        "proxy": server.get("proxy_type"),
        "server": server.get("name"),
        "port": port or (ports[0] if ports else None),
    }


def _deployments(ctx: Context, uuid: str) -> list[dict[str, t.Any]]:
    """The newest last, as a chart reads."""
    most = ctx.options["deployments"]
    if not most:
        return []
    rows = _newest(_history(ctx, uuid, min(most, DEPLOYMENTS_PAGE)), "deployment_uuid", most)
    return [{**allowed("deployments", row), "seconds": _deployment.duration(row)} for row in reversed(rows)]


def _certificates(ctx: Context, applications: t.Sequence[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """The certificate of each encrypted domain, those that end first at the top."""
    whose: dict[str, list[str]] = {}
    for item in applications:
        for way in item["ways"]:
            if way["encrypted"] and way["host"]:
                whose.setdefault(way["domain"], []).append(item["name"])

    def one(domain: str) -> dict[str, t.Any]:
        host, port = probes.host_and_port(probes.public(domain))
        found = probes.presented(host, port, ctx.options.get("ca_path"))
        return {
            "host": host,
            "applications": whose[domain],
            "days": found.days,
            "issuer": found.issuer or None,
            "error": found.error or None,
            "reached": found.reached,
        }

    shown = {item["host"]: item for item in probes.each(one, list(whose))}
    return sorted(shown.values(), key=lambda item: (item["days"] is None, item["days"] or 0, item["host"]))


def _finding(resource: str, severity: str, cause: str, fix: str, rule: str | None = None) -> dict[str, t.Any]:
    return {"resource": resource, "severity": severity, "cause": cause, "recommended_fix": fix, "rule": rule}


def _of_servers(servers: t.Iterable[t.Mapping[str, t.Any]]) -> t.Iterator[dict[str, t.Any]]:
    for server in servers:
        if not (server.get("is_reachable") and server.get("is_usable")):
            what = "cannot use" if server.get("is_reachable") else "cannot reach"
            yield _finding(f"server {server['name']}", "critical", f"Coolify {what} it", "Open the server in Coolify and validate it.")


def _of_certificates(certificates: t.Iterable[t.Mapping[str, t.Any]]) -> t.Iterator[dict[str, t.Any]]:
    for item in certificates:
        if item["error"] and not item["reached"]:
            fix = "Look whether the name resolves to the server and port 443 is open to this controller; then run coolify_diagnose on it."
            yield _finding(item["host"], "high", f"its certificate cannot be seen from here: {item['error']}", fix)
        elif item["error"]:
            fix = "Run coolify_diagnose on the application; look whether the name resolves to the server and port 80 is open."
            yield _finding(item["host"], "high", f"its certificate is not trusted: {item['error']}", fix)
        elif item["days"] is not None and item["days"] < FEWEST_DAYS:
            cause = f"its certificate ends in {item['days']:g} days"
            yield _finding(item["host"], "medium", cause, "Renew it; the proxy does so by itself when port 80 is open.")


def _diagnosed(ctx: Context, items: t.Iterable[dict[str, t.Any]]) -> t.Iterator[dict[str, t.Any]]:
    """What the rules of coolify_diagnose say about what does not run or was not deployed."""
    sick = [item for item in items if bad(item) or ((item.get("deployments") or [{}])[-1].get("status") == "failed")]
    for item in sick[:MOST_DIAGNOSED] if ctx.options["diagnose"] else []:
        name = f"{item['kind']} {item['name']}"
        options = {
            **{name: option.get("default") for name, option in diagnose.MODULE.spec.items()},
            "target": item["uuid"],
            "type": item["kind"],
            "probe": ctx.options["probe"],
            "http_timeout": HTTP_TIMEOUT,
            "ca_path": ctx.options.get("ca_path"),
        }
        quiet = Context(options, ctx.client, ctx.check_mode, ctx.clock, secrets=ctx.secrets)
        try:
            found = diagnose.gather(quiet)["findings"]
        except CoolifyError as error:
            yield _finding(name, "low", f"it could not be looked at: {error}", error.troubleshooting)
            continue
        for finding in found:
            if finding["severity"] != "low":
                yield _finding(name, finding["severity"], finding["cause"], finding["recommended_fix"], finding["rule"])
        if not any(finding["severity"] != "low" for finding in found) and item["state"] == "running":
            yield _finding(
                name, "medium", f"it is {item['status']}, and nothing that the API tells says why", "Run the playbook diagnose on it."
            )


MODULE = Module(
    "coolify_report",
    {
        "project": {"type": "str"},
        "environment": {"type": "str"},
        "deployments": {"type": "int", "default": 10},
        "probe": {"type": "bool", "default": True},
        "diagnose": {"type": "bool", "default": True},
    },
    gather=gather,
)
