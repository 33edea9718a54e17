# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The seven gates and the four security checks before a deployment (design.md section 5), pure functions of what was found out.

A gate without evidence is skipped with the reason, never passed.
"""

from __future__ import annotations

import ipaddress
import re
import typing as t
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone

from ._diagnosis.probes import Certificate, Resolved, host_and_port
from ._errors import InputError
from ._fields import moment
from ._plan import Gate

THRESHOLDS = {
    # option -> (figure in host_evidence.metrics, default)
    "max_cpu_usage_percent": ("cpu_usage_percent", 90),
    "max_memory_usage_percent": ("memory_usage_percent", 95),
    "max_disk_usage_percent": ("disk_usage_percent", 85),
}
CERTIFICATE_DAYS = 15
TOKEN_DAYS = 30
EVIDENCE_MINUTES = 30
PROXY = "coolify-proxy"
ADVICE = {
    "connectivity": "Create a token that has the ability under Keys & Tokens → API tokens (or a root token), as an admin or owner of the team.",
    "server_health": "Mend or relieve the server; max_cpu_usage_percent, max_memory_usage_percent and max_disk_usage_percent move the limits.",
    "domain_ssl": "Correct the DNS records; verify_domains: false leaves the domains out.",
    "ports": "Free the port, or declare another one in ports_mappings or required_ports.",
    "env": "Declare the variables in variables or secrets, or take them out of required_env.",
    "prev_deploy": "wait_for_previous: true waits for the deployment, cancel_running: true cancels it.",
    "plan_safe": "Read the plan (--check), then confirm with confirm_destructive: true.",
    "ssl_expiry": "Renew the certificate; min_certificate_days moves the limit, override_ssl_expiry: true goes on all the same.",
    "secrets_scope": "Move the variables from variables to secrets.",
    "project_isolation": "Correct project and environment; allow_cross_env: true goes on all the same.",
}
"""How to get past each gate that can fail."""
SHARED_REFERENCE = re.compile(r"\s*\{\{\s*(team|project|environment|server)\.[^}]+\}\}\s*")


@dataclass(frozen=True)
class Facts:
    """What the gates judge. ``None`` is what nobody could find out."""

    version: str | None = None
    sensitive: bool | None = None
    """Whether the token may read secrets."""
    log_is_hidden: bool = False
    """Whether the log is going to be looked at and the token may not read it."""
    server: t.Mapping[str, t.Any] | None = None
    """``name``, ``ip``, ``is_reachable``, ``is_usable``."""
    host: t.Mapping[str, t.Any] | None = None
    """``host_evidence`` of design.md section 5."""
    domains: tuple[str, ...] = ()
    resolved: t.Mapping[str, Resolved] = field(default_factory=dict)
    certificates: t.Mapping[str, Certificate] = field(default_factory=dict)
    deployed_before: bool = False
    container: str = ""
    """What the names of the application's own containers begin with."""
    ports_mappings: tuple[str, ...] = ()
    mapped: t.Mapping[int, str] = field(default_factory=dict)
    """Host port -> the other application on the same server that maps it."""
    values: t.Mapping[str, bool] | None = None
    """Variable -> whether it will be there and not be empty; values that cannot be read count as not empty."""
    needed_by_coolify: tuple[str, ...] = ()
    """Variables that a compose file marks as required."""
    unsafe: tuple[str, ...] = ()
    """Declared plain variables whose name says secret."""
    pending: tuple[t.Mapping[str, t.Any], ...] = ()
    destructive: tuple[str, ...] = ()
    placement: tuple[tuple[str, t.Any, t.Any], ...] | None = ()
    """(what, where it is, where it was declared) for each difference; None when no place is declared."""


def judge(facts: Facts, options: t.Mapping[str, t.Any]) -> list[Gate]:
    """All eleven, in design.md's order."""
    return [
        _connectivity(facts),
        _server_health(facts, options),
        _domains(facts, options),
        _ports(facts, options),
        _env(facts, options),
        _prev_deploy(facts, options),
        plan_safe(facts.destructive, options),
        _ssl_expiry(facts, options),
        _secrets_scope(facts),
        _project_isolation(facts, options),
        _token_age(options),
    ]


def blocking(gates: t.Iterable[Gate]) -> tuple[str, str]:
    """The failed gates with their reasons, and how to get past them; empty texts when none failed."""
    failed = [gate for gate in gates if gate.outcome == "failed"]
    told = "; ".join(f"{gate.gate}{f' of {gate.resource}' if gate.resource else ''}: {gate.reason}" for gate in failed)
    return told, " ".join(dict.fromkeys(ADVICE[gate.gate] for gate in failed))


def summary(gates: t.Sequence[Gate]) -> str:
    """All gates in a line."""
    names = {outcome: [gate.gate for gate in gates if gate.outcome == outcome] for outcome in ("passed", "failed", "skipped")}
    failed = f", {len(names['failed'])} failed" if names["failed"] else ""
    skipped = f", {len(names['skipped'])} skipped ({', '.join(dict.fromkeys(names['skipped']))})" if names["skipped"] else ""
    return f"gates: {len(names['passed'])} passed{failed}{skipped}"


def _connectivity(facts: Facts) -> Gate:
    if facts.version is None:
        return Gate("connectivity", "failed", "Coolify did not answer")
    told = {
        True: "the token may read secrets",
        False: "the token may not read secrets",
        None: "nothing shows whether the token may read secrets",
    }
    evidence = {"version": facts.version, "read": True, "read:sensitive": facts.sensitive, "deploy": None}
    if facts.log_is_hidden:
        reason = f"the token lacks read:sensitive, without which Coolify {facts.version} does not show the log that fail_on_log looks at"
        return Gate("connectivity", "failed", reason, evidence)
    asked = "Whether it may deploy is asked before anything is changed, whether it may write shows when it does"
    return Gate("connectivity", "passed", f"Coolify {facts.version} answers; {told[facts.sensitive]}. {asked}", evidence)


def with_deploy(gate: Gate, may: bool | None) -> Gate:
    """A gate after the token was asked whether it may deploy; None is what could not be found out."""
    if gate.gate != "connectivity":
        return gate
    evidence = {**gate.evidence, "deploy": may}
    if may is False:
        return replace(gate, outcome="failed", reason="the token lacks the ability deploy", evidence=evidence)
    return replace(gate, evidence=evidence)


def _server_health(facts: Facts, options: t.Mapping[str, t.Any]) -> Gate:
    server = facts.server or {}
    evidence: dict[str, t.Any] = {name: server[name] for name in ("name", "is_reachable", "is_usable") if name in server}
    if server.get("is_reachable") is False or server.get("is_usable") is False:
        return Gate("server_health", "failed", f'Coolify says that the server "{server.get("name")}" cannot be used', evidence)
    metrics = (facts.host or {}).get("metrics") or {}
    figures = {name: metrics.get(name) for name, _default in THRESHOLDS.values()}
    evidence.update(figures)
    over = [
        f"{figure} is {figures[figure]:g}, the limit is {limit:g}"
        for option, (figure, default) in THRESHOLDS.items()
        for limit in [default if options.get(option) is None else options[option]]
        if figures[figure] is not None and figures[figure] > limit
    ]
    if over:
        return Gate("server_health", "failed", "; ".join(over), evidence)
    missing = [figure for figure, value in figures.items() if value is None]
    known = "Coolify says that the server can be used" if server else "nothing is known about the server"
    if missing:
        return Gate("server_health", "skipped", f"{known}; host_evidence has no {', '.join(missing)}", evidence)
    old = _age_minutes(facts.host)
    if old is None or old > EVIDENCE_MINUTES:
        return Gate("server_health", "skipped", f"host_evidence is {'undated' if old is None else f'{old:.0f} minutes old'}", evidence)
    return Gate("server_health", "passed", f"{known}; CPU, memory and disk are below their limits", evidence)


def _age_minutes(host: t.Mapping[str, t.Any] | None) -> float | None:
    when = _time((host or {}).get("collected_at"))
    return None if when is None else (datetime.now(timezone.utc) - when).total_seconds() / 60


def _time(text: t.Any) -> datetime | None:
    """An ISO time or date in UTC."""
    return moment(text) or moment(f"{str(text or '')[:10]} 00:00:00")


def _address(text: t.Any) -> str | None:
    """The address when it is one that a public name could have; a server may be known to Coolify by a private one or by a name."""
    try:
        return str(ipaddress.ip_address(str(text)))
    except ValueError:
        return None


def _domains(facts: Facts, options: t.Mapping[str, t.Any]) -> Gate:
    if options.get("verify_domains") is False:
        return Gate("domain_ssl", "skipped", "verify_domains is off")
    if not facts.domains:
        return Gate("domain_ssl", "skipped", "the application has no domain")
    server = _address((facts.server or {}).get("ip"))
    evidence, wrong, notes = {}, [], []
    for url in facts.domains:
        host = host_and_port(url)[0]
        found = facts.resolved[host]
        evidence[host] = list(found.addresses)
        if not found.addresses:
            wrong.append(f"{host} does not resolve ({found.error})")
        elif found.cdn:
            notes.append(f"{host} is behind {found.cdn}")
        elif server is None:
            notes.append(f"{host} resolves; the server's address in Coolify is no address to compare it with")
        elif server not in found.addresses:
            if ipaddress.ip_address(server).is_private:
                notes.append(f"{host} resolves to {', '.join(found.addresses)}; Coolify knows the server by the private address {server}")
            else:
                wrong.append(f"{host} resolves to {', '.join(found.addresses)}, the server is {server}")
        elif len(found.addresses) > 1:
            notes.append(f"{host} resolves to {', '.join(found.addresses)}; all but {server} have to lead to the server too")
    if wrong:
        return Gate("domain_ssl", "failed", "; ".join(wrong), evidence)
    return Gate("domain_ssl", "passed", "; ".join(notes) or "every domain resolves to the server", evidence)


def _ports(facts: Facts, options: t.Mapping[str, t.Any]) -> Gate:
    published = [int(pair.split(":")[0]) for pair in facts.ports_mappings]
    wanted = sorted({*published, *(int(port) for port in options.get("required_ports") or ())})
    if not wanted:
        return Gate("ports", "passed", "no host port is declared", {"declared": []})
    listening = (facts.host or {}).get("listening")
    held: list[dict[str, t.Any]] = [{"port": port, "held_by": facts.mapped[port]} for port in wanted if port in facts.mapped]
    for socket in listening or ():
        owner = str(socket.get("container") or socket.get("process") or "something")
        own = bool(facts.container) and owner.startswith(facts.container)
        proxy = owner == PROXY and socket.get("port") not in published
        if socket.get("port") in wanted and not own and not proxy:
            held.append({"port": socket["port"], "held_by": owner})
    if held:
        told = "; ".join(f"port {item['port']} is held by {item['held_by']}" for item in held)
        return Gate("ports", "failed", told, {"declared": wanted, "held": held})
    if listening is None:
        return Gate("ports", "skipped", "host_evidence has no listening sockets to compare the declared ports with", {"declared": wanted})
    return Gate("ports", "passed", "the declared ports are free", {"declared": wanted, "held": []})


def _env(facts: Facts, options: t.Mapping[str, t.Any]) -> Gate:
    required = [*(options.get("required_env") or ()), *facts.needed_by_coolify]
    if facts.values is None:
        return Gate("env", "skipped", "the variables could not be read", {"required": required})
    absent = [key for key in dict.fromkeys(required) if not facts.values.get(key)]
    evidence = {"required": required, "absent": absent}
    if absent:
        return Gate("env", "failed", f"absent or empty: {', '.join(absent)}", evidence)
    return Gate("env", "passed", "every required variable is there" if required else "no variable is required", evidence)


def _prev_deploy(facts: Facts, options: t.Mapping[str, t.Any]) -> Gate:
    running = [{"deployment_uuid": item["deployment_uuid"], "status": item["status"]} for item in facts.pending]
    if not running:
        return Gate("prev_deploy", "passed", "no deployment is queued or running", {"pending": []})
    told = ", ".join(f"{item['deployment_uuid']} is {item['status']}" for item in running)
    for option, what in (("wait_for_previous", "it is waited for"), ("cancel_running", "it is cancelled")):
        if options.get(option):
            return Gate("prev_deploy", "passed", f"{told}; {what}", {"pending": running})
    return Gate("prev_deploy", "failed", f"{told}; set wait_for_previous or cancel_running", {"pending": running})


def plan_safe(destructive: t.Sequence[str], options: t.Mapping[str, t.Any]) -> Gate:
    """The gate for the actions of steps that destroy something."""
    evidence = {"destructive_steps": list(destructive), "confirm_destructive": bool(options.get("confirm_destructive"))}
    if not destructive:
        return Gate("plan_safe", "passed", "the plan destroys nothing", evidence)
    told = "; ".join(destructive)
    if options.get("confirm_destructive"):
        return Gate("plan_safe", "passed", f"confirmed: {told}", evidence)
    return Gate("plan_safe", "failed", f"{told}: this is destructive and confirm_destructive is not set", evidence)


def _ssl_expiry(facts: Facts, options: t.Mapping[str, t.Any]) -> Gate:
    if options.get("verify_domains") is False:
        return Gate("ssl_expiry", "skipped", "verify_domains is off")
    hosts = {host_and_port(url)[0] for url in facts.domains if url.lower().startswith("https://")}
    if not hosts:
        return Gate("ssl_expiry", "skipped", "the application has no https domain")
    limit = CERTIFICATE_DAYS if options.get("min_certificate_days") is None else options["min_certificate_days"]
    evidence, wrong, unknown = {}, [], []
    for host in sorted(hosts):
        found = facts.certificates[host]
        evidence[host] = {"days_left": found.days, "error": found.error or None}
        if found.days is not None and found.days < limit:
            wrong.append(f"the certificate of {host} expires in {found.days:g} days")
        elif found.error and found.reached and facts.deployed_before and "expired" in found.error:
            wrong.append(f"the certificate of {host}: {found.error}")
        elif found.error:
            unknown.append(f"{host}: {found.error}")
    if wrong and options.get("override_ssl_expiry"):
        return Gate("ssl_expiry", "passed", f"{'; '.join(wrong)}; override_ssl_expiry is set", evidence)
    if wrong:
        return Gate("ssl_expiry", "failed", "; ".join(wrong), evidence)
    if unknown:
        first = "" if facts.deployed_before else "; a first deployment has no certificate yet"
        return Gate("ssl_expiry", "skipped", f"no trusted certificate to look at ({'; '.join(unknown)}){first}", evidence)
    return Gate("ssl_expiry", "passed", f"every certificate is valid for at least {limit:g} days", evidence)


def _secrets_scope(facts: Facts) -> Gate:
    if facts.unsafe:
        told = ", ".join(facts.unsafe)
        reason = f"{told}: the name says secret; give it through secrets, lock it (is_shown_once), or refer to a shared variable"
        return Gate("secrets_scope", "failed", reason, {"keys": list(facts.unsafe)})
    return Gate("secrets_scope", "passed", "no declared plain variable is named like a secret", {"keys": []})


def _project_isolation(facts: Facts, options: t.Mapping[str, t.Any]) -> Gate:
    if facts.placement is None:
        return Gate("project_isolation", "skipped", "no project is declared to compare with")
    if not facts.placement:
        return Gate("project_isolation", "passed", "the application is in the declared project and environment", {"differences": []})
    told = "; ".join(f"{what} is {has!r}, declared {wanted!r}" for what, has, wanted in facts.placement)
    evidence = {"differences": [{"what": what, "is": has, "declared": wanted} for what, has, wanted in facts.placement]}
    outcome = "passed" if options.get("allow_cross_env") else "failed"
    return Gate("project_isolation", outcome, f"{told}{'; allow_cross_env is set' if outcome == 'passed' else ''}", evidence)


def _token_age(options: t.Mapping[str, t.Any]) -> Gate:
    created = options.get("token_created_at")
    if not created:
        return Gate("token_age", "skipped", "Coolify does not tell when a token was made; give token_created_at")
    when = _time(created)
    if when is None:
        raise InputError(f"token_created_at: {created!r} is no date; give one such as 2026-11-24")
    days = (datetime.now(timezone.utc) - when).days
    # Advisory: it never blocks
    advice = f"; older than {TOKEN_DAYS} days, make a new one" if days > TOKEN_DAYS else ""
    return Gate("token_age", "passed", f"the token is {days} days old{advice}", {"days": days})
