# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""coolify_diagnose: look at everything that is about a target, name the cause. Reads only."""

from __future__ import annotations

import re
import typing as t
from dataclasses import asdict, replace

from .. import _deployment
from .._client import path, version_tuple
from .._context import Context, Module
from .._contract import METRICS, identifier, now
from .._diagnosis import probes, rules
from .._diagnosis.evidence import Domain, Evidence
from .._errors import ApiError, CoolifyError, InputError, NotFoundByName
from .._fields import domains_of, split, without_password
from . import database, placement
from . import variables as env
from .compose_file import readable
from .deploy import PROXY_SPEC
from .info import READERS
from .placement import UUID

TYPES = ("application", "gateway_timeout", "deployment", "database", "service", "server", "token")
LOG_SAMPLE = 5
ORDER = ("dns", "ssl", "http", "domains", "host", "docker", "proxy_container")
"""The steps that come last in the result, whatever was quicker; those that are not here come before them by their names."""
T = t.TypeVar("T")


class Looking:
    """What was tried, and what came of it: the steps of the result and what the rules have to know was not seen."""

    def __init__(self, ctx: Context, evidence: Evidence) -> None:
        self.ctx, self.evidence = ctx, evidence
        self.steps: list[dict[str, t.Any]] = []
        self.figures: dict[str, t.Any] = {}

    def at(self, step: str, call: t.Callable[[], T], told: t.Callable[[T], str], default: T) -> T:
        """The result of a read; a failure is a step that could not be made, not the end."""
        try:
            found = call()
        except CoolifyError as error:
            self.missed(step, str(error))
            return default
        self.steps.append({"step": step, "result": "fetched", "details": told(found)})
        return found

    def missed(self, step: str, why: str) -> None:
        self.evidence.unseen.append((step, why))
        self.steps.append({"step": step, "result": "not_seen", "details": why})

    def note(self, step: str, good: bool, details: str) -> None:
        self.steps.append({"step": step, "result": "passed" if good else "failed", "details": details})


# --- finding -------------------------------------------------------------------------------------------------------------------------


def find(ctx: Context, kind: str) -> str:
    """The uuid of the target. Without a project a name is looked for in the whole team."""
    wanted, client = ctx.options["target"], ctx.client
    if kind == "server":
        return placement.find_server(client, wanted)["uuid"]
    if ctx.options.get("project"):
        place = placement.find_place(client, ctx.options["project"], ctx.options.get("environment"))
        if kind == "database":
            found = database.find(client, place, wanted, database.KINDS)
            if found is None:
                raise NotFoundByName(f'there is no database "{wanted}"{place.words}')
            return found["uuid"]
        return placement.only(place.environment[f"{kind}s"], wanted, kind, place.words)["uuid"]
    if UUID.fullmatch(wanted):
        return wanted
    mine = [item for item in client.items("/resources") if str(item.get("type")).startswith("standalone-" if kind == "database" else kind)]
    return placement.only(mine, wanted, kind)["uuid"]


# --- looking ---------------------------------------------------------------------------------------------------------------------------


def look(ctx: Context, kind: str) -> tuple[Evidence, Looking]:
    options, client = ctx.options, ctx.client
    evidence = Evidence(kind=kind, host=options.get("host_evidence"), build_host=options.get("build_host_evidence"))
    looking = Looking(ctx, evidence)
    if kind == "token":
        evidence.token = _token(ctx)
        looking.note("token", "error" not in evidence.token, str(evidence.token.get("message") or evidence.token.get("abilities")))
        return evidence, looking
    evidence.uuid = find(ctx, kind)
    where = f"{kind}s"
    evidence.resource = client.get(path(where, evidence.uuid), has="uuid")
    evidence.name = str(evidence.resource.get("name") or evidence.uuid)
    status = str(evidence.resource.get("status") or "unknown")
    if kind != "server":
        looking.note("container_readiness", status.startswith("running") and "unhealthy" not in status, f"Coolify says {status}")
    _server(looking)
    if kind == "application":
        _application(looking)
    elif kind == "database":
        evidence.log = looking.at("database_logs", lambda: _log(ctx, where, evidence.uuid), _counted, None)
    elif kind == "service":
        _service(looking)
    _host(looking)
    if kind == "database":
        _measure(looking)
    return evidence, looking


def _token(ctx: Context) -> dict[str, t.Any]:
    try:
        return {"version": ctx.client.version, **READERS["token"](ctx)}
    except ApiError as error:
        return {"error": error.code, "message": error.answer or str(error), "advice": error.troubleshooting}


def _server(looking: Looking) -> None:
    evidence, client = looking.evidence, looking.ctx.client
    if evidence.kind == "server":
        evidence.server = evidence.resource
    else:
        evidence.server = (evidence.resource.get("destination") or evidence.resource).get("server") or {}
    uuid = evidence.server.get("uuid")
    if not uuid:
        looking.missed("server", "Coolify does not tell which server it is on")
        return
    if "settings" not in evidence.server:
        known = evidence.server
        evidence.server = looking.at(
            "server", lambda: client.get(path("servers", uuid)), lambda item: f"{item['name']} at {item['ip']}", known
        )
    if version_tuple(client.version) >= (4, 3, 0):
        evidence.proxy = looking.at(
            "proxy", lambda: client.get(path("servers", uuid, "proxy")), lambda item: f"the proxy is {item.get('status')}", {}
        )
    else:
        looking.missed("proxy", "Coolify tells about the proxy from 4.3.0 on")


def _application(looking: Looking) -> None:
    evidence, ctx, client = looking.evidence, looking.ctx, looking.ctx.client
    uuid = evidence.uuid

    def deployments() -> list[dict[str, t.Any]]:
        return list(_deployment.history(ctx, uuid).rows)

    def variables() -> list[dict[str, t.Any]]:
        return env.read(client, env.Target.application(uuid, evidence.name))

    evidence.deployments, evidence.variables, evidence.log = client.gather(
        lambda: looking.at(
            "deployments", deployments, lambda rows: f"the last one {rows[0]['status']}" if rows else "it was never deployed", []
        ),
        lambda: looking.at("variables", variables, _counted, None),
        lambda: looking.at("application_logs", lambda: _log(ctx, "applications", uuid), _counted, None),
    )
    # What is secret must not come back in a line of a log
    ctx.secrets |= env.secret_values(evidence.variables or ())
    if evidence.latest:
        newest = evidence.latest["deployment_uuid"]
        full = looking.at(
            "deployment_log",
            lambda: client.get(path("deployments", newest)),
            lambda item: f"{len(_deployment.log_lines(item, hidden=True))} lines",
            {},
        )
        evidence.deployment_log = _deployment.log_lines(full, hidden=True)
        if full and "logs" not in full:
            looking.missed("deployment_log", "the token may not read it (read:sensitive)")
    evidence.domains = _domains(looking, domains_of(evidence.resource))
    evidence.named = _named(looking)


def _named(looking: Looking) -> list[dict[str, t.Any]]:
    """The databases that the application speaks of: Coolify's internal host names are uuids."""
    evidence, client = looking.evidence, looking.ctx.client
    hosts = {host for line in evidence.logs for host in re.findall(r"(?<![\w.-])[a-z0-9]{20,25}(?![\w-])", line)} - {evidence.uuid}
    if not hosts:
        return []
    mine = looking.at("databases", lambda: client.items("/databases"), _counted, [])
    return [row for row in mine if row.get("uuid") in hosts]


def _log(ctx: Context, where: str, uuid: str, **query: t.Any) -> list[str]:
    text = str(ctx.client.get(f"{path(where, uuid)}/logs", lines=ctx.options["log_lines"], **query).get("logs") or "")
    return [without_password(line)[:500] for line in text.splitlines() if line.strip()]


def _counted(items: t.Sequence[t.Any] | None) -> str:
    return f"{len(items or ())} entries"


def _domains(looking: Looking, urls: t.Sequence[str]) -> list[Domain]:
    options = looking.ctx.options
    if not urls or options["type"] == "deployment":
        return []
    if not options["probe"]:
        looking.missed("domains", "probe is false")
        return [Domain(url) for url in urls]

    def one(url: str) -> Domain:
        public = probes.public(url, options.get("proxy_ports"))
        host, port = probes.host_and_port(public)
        resolved = probes.resolve(host)
        if resolved.error:
            return Domain(url, resolved)
        shown = probes.presented(host, port, options.get("ca_path")) if url.lower().startswith("https://") else None

        def ask(target: str) -> probes.Reply:
            return probes.exchange(target, float(options["http_timeout"]))

        answer = ask(public)
        return Domain(url, resolved, shown, answer, probes.redirects(answer, ask))

    found = probes.each(one, urls)
    for domain in found:
        looking.note(
            "dns",
            not (domain.resolved and domain.resolved.error),
            f"{domain.host}: {', '.join(domain.resolved.addresses) or domain.resolved.error}",
        )
        if domain.certificate:
            looking.note(
                "ssl",
                not domain.certificate.error,
                f"{domain.host}: {domain.certificate.error or f'{domain.certificate.days:g} days left'}",
            )
        if domain.exchange:
            told = f"{domain.status}" if domain.status else domain.exchange.error
            looking.note("http", bool(domain.status and domain.status < 400), f"{domain.url}: {told} after {domain.exchange.seconds:.2f} s")
    return found


def _service(looking: Looking) -> None:
    """Its containers each have a log, a status and domains of their own."""
    evidence, ctx, client = looking.evidence, looking.ctx, looking.ctx.client
    file = readable(evidence.resource.get("docker_compose_raw"))
    if file:
        ctx.secrets |= file.secrets
        evidence.left_over = [
            name for name, row in rows_of(evidence.resource).items() if name not in file.services and not row.get("exclude_from_status")
        ]
    else:
        looking.missed("compose_file", "the token may not read it (read:sensitive)")
    target = env.Target.service(evidence.uuid, evidence.name)
    evidence.variables = looking.at("variables", lambda: env.read(client, target), _counted, None)
    ctx.secrets |= env.secret_values(evidence.variables or ())
    evidence.domains = _domains(looking, [url for row in rows_of(evidence.resource).values() for url in split(row.get("fqdn") or "")])


def rows_of(service: t.Mapping[str, t.Any]) -> dict[str, t.Mapping[str, t.Any]]:
    """The containers of a service's answer by their names."""
    return {row["name"]: row for kind in ("applications", "databases") for row in service.get(kind) or ()}


def parts_of(looking: Looking) -> list[Evidence]:
    """What is known of each container of a service. Excluded ones that ended are meant to."""
    evidence, ctx = looking.evidence, looking.ctx
    logs = version_tuple(ctx.client.version) >= (4, 2, 0)
    if not logs:
        looking.missed("service_logs", "Coolify has them from 4.2.0 on")
    found = []
    for name, row in rows_of(evidence.resource).items():
        status = str(row.get("status"))
        if name in evidence.left_over or (row.get("exclude_from_status") and status.startswith("exited")):
            continue
        looking.note(f"container {name}", status.startswith("running") and "unhealthy" not in status, f"Coolify says {status}")
        part = replace(evidence, part=name, name=f"{evidence.name}/{name}", resource=row, left_over=(), variables=evidence.variables)
        part.domains = [domain for domain in evidence.domains if domain.url in split(row.get("fqdn") or "")]
        if logs:
            part.log = looking.at(
                f"log of {name}", lambda name=name: _log(ctx, "services", evidence.uuid, sub_service_name=name), _counted, None
            )
        found.append(part)
    evidence.log = [line for part in found for line in part.log or ()]
    return found


def findings_of(evidence: Evidence, looking: Looking, table: t.Sequence[rules.Rule]) -> list[rules.Finding]:
    """The causes. Of a service, what is about one container names it; what is seen alike of all is about the server."""
    if evidence.kind != "service":
        return rules.diagnose(evidence, table)
    whole = [rule for rule in table if rule.id.startswith("SVC-")]
    parts = parts_of(looking)
    told = [(part.part, item) for part in parts for item in rules.diagnose(part, [rule for rule in table if rule not in whole])]
    found = rules.diagnose(evidence, whole)
    for name, item in told:
        shared = len(parts) == 1 or sum(other == item for _name, other in told) > 1
        named = item if shared else replace(item, cause=f"{name}: {item.cause}")
        if named not in found:
            found.append(named)
    return sorted(found, key=lambda item: (item.severity == "low", rules.CONFIDENCES.index(item.confidence)))


OWN_TASK = {"database": "coolify_db"}
"""Remedies are written for applications; the options of these have the same names."""


def _finding(kind: str, finding: rules.Finding) -> dict[str, t.Any]:
    shown = {**asdict(finding), "evidence": list(finding.evidence)}
    if finding.remedy.startswith(("coolify_app:", "coolify_deploy:")) and kind == "service":
        shown.update(
            remedy="coolify_service: {docker_compose_raw: …, state: deployed}",
            recommended_fix=f"{finding.recommended_fix} For a service, that is written in its compose file.",
        )
    elif finding.remedy.startswith("coolify_app:") and kind in OWN_TASK:
        shown["remedy"] = finding.remedy.replace("coolify_app:", f"{OWN_TASK[kind]}:", 1)
    return shown


def _measure(looking: Looking) -> None:
    """What can be told of a database without logging in to it; the figures are in ``database`` of the result."""
    evidence = looking.evidence
    container, host = evidence.container, evidence.host or {}
    found = looking.figures = {"connections": None, "volumes": None, "restart_count": None, "replication_lag_seconds": None}
    opened = [item["connections"] for item in evidence.listening or () if item.get("connections") is not None]
    if opened:
        found["connections"] = sum(opened)
        looking.note("connections", True, f"{sum(opened)} are open")
    else:
        looking.missed("connections", "not measured: host_evidence has no sockets of its container")
    sizes = {item["name"]: item.get("used_mb") for item in host.get("volumes") or ()}
    mounts = [item for item in (container or {}).get("mounts") or () if item.get("type") == "volume"]
    if mounts:
        found["volumes"] = [{"name": item["source"], "target": item["target"], "used_mb": sizes.get(item["source"])} for item in mounts]
    measured = [item for item in found["volumes"] or () if item["used_mb"] is not None]
    if measured:
        looking.note("volume_usage", True, ", ".join(f"{item['name']} holds {item['used_mb']:g} MB" for item in measured))
    else:
        looking.missed("volume_usage", "not measured: host_evidence has no sizes of volumes (coolify_host_info with volumes: true)")
    count = (container or {}).get("restart_count")
    found["restart_count"] = count if count is not None else evidence.resource.get("restart_count")
    restarting = "restarting" in ((container or {}).get("state"), evidence.state)
    times = found["restart_count"]
    looking.note(
        "restart_loop", not restarting and (times or 0) < 3, f"restarted {'an unknown number of' if times is None else times} times"
    )
    looking.missed("replication_lag", "not measured: neither Coolify nor Docker tells about it")


def _host(looking: Looking) -> None:
    evidence = looking.evidence
    if evidence.host is None:
        looking.missed("host", "host_evidence was not given: nothing of Docker, the network, the proxy's log and the sockets was seen")
        return
    for item in evidence.host.get("missing") or ():
        looking.missed("host", f"{item.get('what')}: {item.get('why')}" if isinstance(item, dict) else str(item))
    if evidence.seen_host and evidence.kind != "server":
        own = ", ".join(f"{item.get('name')} is {item.get('state')}" for item in evidence.own)
        looking.note("docker", bool(own), own or "no container of it")
    if evidence.seen_host:
        proxy = evidence.proxy_container
        looking.note(
            "proxy_container",
            bool(proxy and proxy.get("state") == "running"),
            f"coolify-proxy is {(proxy or {}).get('state') or 'not there'}",
        )


# --- the result --------------------------------------------------------------------------------------------------------------------------


def gather(ctx: Context) -> dict[str, t.Any]:
    """The module's function."""
    options = ctx.options
    asked = options["type"]
    if asked != "token" and not options.get("target"):
        raise InputError(f"target: type={asked} needs the name or uuid of what does not work")
    try:
        own = rules.extra(options.get("extra_rules") or ())
    except re.error as error:
        raise InputError(f"extra_rules: {error}") from error
    kind = "application" if asked in ("gateway_timeout", "deployment") else asked
    evidence, looking = look(ctx, kind)
    findings = findings_of(evidence, looking, [*own, *rules.RULES])
    worst = findings[0] if findings and findings[0].severity != "low" else None
    metrics = dict.fromkeys(METRICS)
    metrics.update({name: value for name, value in ((evidence.host or {}).get("metrics") or {}).items() if name in metrics})
    seconds = [domain.exchange.seconds * 1000 for domain in evidence.domains if domain.exchange and domain.exchange.status]
    if seconds:
        metrics["response_time_p50"] = round(sorted(seconds)[len(seconds) // 2], 1)
    finished = evidence.finished
    metrics["last_deploy_duration_seconds"] = _deployment.duration(finished[0]) if finished else None
    result = {
        "status": _status(evidence, findings, looking),
        "resource_id": evidence.uuid or None,
        "findings": [_finding(kind, finding) for finding in findings],
        "rca_steps": sorted(looking.steps, key=lambda step: (ORDER.index(step["step"]) if step["step"] in ORDER else -1, step["step"])),
        "not_seen": [{"what": what, "why": why} for what, why in sorted(evidence.unseen)],
        "metrics": metrics,
        "deployment_status": evidence.latest.get("status"),
        "domain_health": {domain.url: _health(domain) for domain in evidence.domains},
        "incident": None,
    }
    if kind == "database":
        result["database"] = looking.figures
    if worst or evidence.sick:
        result["incident"] = _incident(evidence, worst)
    _say(ctx, findings, result)
    return result


def _status(evidence: Evidence, findings: t.Sequence[rules.Finding], looking: Looking) -> str:
    """healthy only when something was seen and nothing is wrong with it."""
    wrong = [finding for finding in findings if finding.severity != "low"]
    if evidence.sick and wrong:
        return "diagnosed"
    if wrong and evidence.kind in ("token", "server"):
        return "diagnosed"
    if wrong or evidence.sick or not looking.steps:
        return "issues_detected"
    return "healthy"


def _health(domain: Domain) -> dict[str, t.Any]:
    return {
        "addresses": list(domain.resolved.addresses) if domain.resolved else None,
        "dns_error": (domain.resolved.error or None) if domain.resolved else None,
        "cdn": (domain.resolved.cdn or None) if domain.resolved else None,
        "ssl_expiry_days": domain.certificate.days if domain.certificate else None,
        "ssl_issuer": (domain.certificate.issuer or None) if domain.certificate else None,
        "ssl_error": (domain.certificate.error or None) if domain.certificate else None,
        "http_status": domain.status,
        "http_error": (domain.exchange.error or None) if domain.exchange else None,
        "seconds": round(domain.exchange.seconds, 2) if domain.exchange else None,
    }


def _incident(evidence: Evidence, worst: rules.Finding | None) -> dict[str, t.Any]:
    symptoms = "; ".join(text for _kind, text in evidence.symptoms)
    lines = [line for line in (evidence.deployment_log if evidence.latest.get("status") == "failed" else evidence.logs) if line.strip()]
    related = [{"type": evidence.kind, "id": evidence.uuid, "name": evidence.name}]
    if evidence.kind != "server" and evidence.server.get("uuid"):
        related.append({"type": "server", "id": evidence.server["uuid"], "name": evidence.server.get("name")})
    return {
        "id": identifier("incident"),
        "started_at": now(),
        "stage": worst.stage if worst else "unknown",
        "root_cause": worst.cause if worst else f"not found; {symptoms}",
        "severity": worst.severity if worst else "high",
        "recommended_fix": worst.recommended_fix
        if worst
        else "Give host_evidence of the server, so that Docker, the networks and the proxy can be looked at.",
        "last_logs_sample": [without_password(line)[:300] for line in lines[-LOG_SAMPLE:]],
        "related_resources": related,
    }


def _say(ctx: Context, findings: t.Sequence[rules.Finding], result: dict[str, t.Any]) -> None:
    """For the terminal: the cause, why, what to do."""
    for finding in [item for item in findings if item.severity != "low"][:3]:
        ctx.show(f"{finding.rule} ({finding.confidence}): {finding.cause}")
        for line in finding.evidence:
            ctx.show(f"  {line}")
        ctx.show(f"  what to do: {finding.recommended_fix}")
    if result["status"] == "healthy":
        ctx.show("nothing is wrong with what could be seen")
    elif not findings and result["incident"]:
        ctx.show(result["incident"]["root_cause"])


MODULE = Module(
    "coolify_diagnose",
    {
        "target": {"type": "str"},
        "type": {"type": "str", "choices": list(TYPES), "default": "application"},
        "project": {"type": "str"},
        "environment": {"type": "str"},
        "host_evidence": {"type": "dict"},
        "build_host_evidence": {"type": "dict"},
        "probe": {"type": "bool", "default": True},
        "http_timeout": {"type": "int", "default": 40},
        **PROXY_SPEC,
        "log_lines": {"type": "int", "default": 200},
        "extra_rules": {
            "type": "list",
            "elements": "dict",
            "options": {
                "id": {"type": "str"},
                "pattern": {"type": "str", "required": True},
                "stage": {"type": "str"},
                "severity": {"type": "str", "choices": list(rules.SEVERITIES)},
                "cause": {"type": "str", "required": True},
                "fix": {"type": "str", "required": True},
            },
        },
    },
    gather=gather,
)
