# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From evidence to causes: one table of pure functions, most specific first. docs/docsite/rst/rules.rst is generated from it.

A rule looks at the evidence and says nothing, or what it saw and how sure that makes it. Nothing is called certain by one kind of evidence
alone: what is seen from outside counts as the second kind. Texts that are searched for are those of Coolify, Traefik, Docker and the
programs themselves (knowledge.md 4).
"""

from __future__ import annotations

import ipaddress
import re
import typing as t
from dataclasses import dataclass, field
from datetime import datetime

from .._fields import moment
from .evidence import Evidence

SEVERITIES = ("critical", "high", "medium", "low")
CONFIDENCES = ("certain", "high", "medium", "low")
EXPIRY_DAYS = 15
STUCK_MINUTES = 30
YOUNG_SECONDS = 600
SLOW_SECONDS = 5


@dataclass(frozen=True)
class Found:
    """What a rule saw: ``evidence`` are (kind, text), ``values`` fill the texts of the rule."""

    evidence: tuple[tuple[str, str], ...]
    confidence: str = "high"
    values: t.Mapping[str, t.Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Rule:
    """``remedy`` is the API call, task or command that mends it; it and ``fix`` may name values in braces."""

    id: str
    stage: str
    severity: str
    cause: str
    fix: str
    remedy: str
    test: t.Callable[[Evidence], Found | None]


RULES: list[Rule] = []


def rule(id_: str, stage: str, severity: str, cause: str, fix: str, remedy: str = "") -> t.Callable[..., t.Any]:
    def add(test: t.Callable[[Evidence], Found | None]) -> t.Callable[[Evidence], Found | None]:
        RULES.append(Rule(id_, stage, severity, cause, fix, remedy, test))
        return test

    return add


@dataclass(frozen=True)
class Finding:
    rule: str
    stage: str
    severity: str
    confidence: str
    cause: str
    recommended_fix: str
    remedy: str
    evidence: tuple[str, ...]


def diagnose(evidence: Evidence, rules: t.Sequence[Rule] | None = None) -> list[Finding]:
    """All causes that are found, the likeliest first: the surest, then the most specific."""
    found = []
    for one in RULES if rules is None else rules:
        seen = one.test(evidence)
        if seen:
            found.append(_finding(evidence, one, seen))
    # What is only worth knowing never comes before what breaks something; sorting keeps the order of the table
    return sorted(found, key=lambda finding: (finding.severity == "low", CONFIDENCES.index(finding.confidence)))


def _sure(evidence: Evidence, found: Found) -> str:
    kinds = {kind for kind, _text in found.evidence} | {kind for kind, _text in evidence.symptoms}
    return "high" if found.confidence == "certain" and len(kinds) < 2 else found.confidence


def _finding(evidence: Evidence, one: Rule, seen: Found) -> Finding:
    values = {
        "name": evidence.name,
        "uuid": evidence.uuid,
        "kind": evidence.kind,
        "server": (evidence.server or {}).get("name"),
        **seen.values,
    }

    def filled(text: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda match: str(values.get(match[1], match[0])), text)

    told = tuple(f"{kind}: {text}" for kind, text in seen.evidence)
    return Finding(one.id, one.stage, one.severity, _sure(evidence, seen), filled(one.cause), filled(one.fix), filled(one.remedy), told)


def extra(rows: t.Iterable[t.Mapping[str, t.Any]]) -> list[Rule]:
    """Rules of the user: a pattern that is searched for in every log, with stage, cause and fix. Raises re.error for a bad pattern."""
    made = []
    for number, row in enumerate(rows, 1):
        pattern = re.compile(row["pattern"])

        def test(evidence: Evidence, pattern: re.Pattern[str] = pattern) -> Found | None:
            for kind, lines in _all_logs(evidence):
                found = _first(lines, pattern)
                if found:
                    return Found(((kind, found),), "high")
            return None

        made.append(
            Rule(
                str(row.get("id") or f"EXTRA-{number}"),
                str(row.get("stage") or "unknown"),
                str(row.get("severity") or "high"),
                str(row["cause"]),
                str(row["fix"]),
                "",
                test,
            )
        )
    return made


# --- what rules have in common ------------------------------------------------------------------------------------------------------


def _all_logs(e: Evidence) -> tuple[tuple[str, t.Sequence[str]], ...]:
    return (("dlog", e.deployment_log), ("clog", e.logs), ("plog", e.proxy_log))


def _first(lines: t.Iterable[str], pattern: str | re.Pattern[str]) -> str:
    """The first line that matches, cut to a readable length."""
    compiled = re.compile(pattern, re.IGNORECASE) if isinstance(pattern, str) else pattern
    return next((line.strip()[:300] for line in lines if compiled.search(line)), "")


def _said(kind: str, lines: t.Iterable[str], pattern: str, confidence: str = "certain", **values: t.Any) -> Found | None:
    line = _first(lines, pattern)
    return Found(((kind, line),), confidence, values) if line else None


def _failed_log(e: Evidence, pattern: str, confidence: str = "certain", **values: t.Any) -> Found | None:
    """A text in the log of a deployment that failed (or is not over)."""
    if e.latest.get("status") in ("finished", None):
        return None
    found = _said("dlog", e.deployment_log, pattern, confidence, **values)
    return found and Found((*found.evidence, ("api", f"the deployment is {e.latest.get('status')}")), confidence, found.values)


def _end_of(text: str) -> str:
    """One line of what a health check said; the reason stands at its end."""
    return " ".join(text.split())[-200:]


def _statuses(e: Evidence, *statuses: int) -> list[tuple[str, str]]:
    return [
        ("http", f"{domain.url} answers {domain.status} after {domain.exchange.seconds:.1f} s")
        for domain in e.domains
        if domain.exchange and domain.status in statuses
    ]


def _unanswered(e: Evidence) -> list[tuple[str, str]]:
    """What the proxy could not have answered: 502, 504, or nothing within the time that was waited."""
    return _statuses(e, 502, 504) + [
        ("http", f"{domain.url} does not answer within {domain.exchange.seconds:.0f} s")
        for domain in e.domains
        if domain.exchange and domain.exchange.error == "timeout"
    ]


def _routed(e: Evidence) -> bool:
    """Whether requests are meant to reach it through the proxy."""
    return bool(e.domains) or any("traefik.http.routers" in key for key in e.labels)


def _on(e: Evidence, port: int) -> list[str]:
    """The addresses on which something listens on a port inside the container."""
    return [str(item.get("address")) for item in e.listening or () if item.get("port") == port]


def _loopback(address: str) -> bool:
    return address.startswith("127.") or address in ("::1", "localhost")


def _target_port(e: Evidence) -> int | None:
    """The port to which the proxy sends requests: what the labels say, else what Coolify is configured for."""
    ports = e.label_ports or e.ports
    return ports[0] if ports else None


def _broken_probe(e: Evidence) -> str:
    """What the proxy saw when it asked the container, when that was no answer."""
    for probe in e.probes():
        if probe.get("status") is None and probe.get("error"):
            return f"from the proxy: {probe.get('address')}:{probe.get('port')} {probe['error']}"
    return ""


def _hosts(rule_text: str) -> set[str]:
    return {host.lower() for host in re.findall(r"`([^`]+)`", " ".join(re.findall(r"Host\(([^)]*)\)", rule_text)))}


def _router_hosts(labels: t.Mapping[str, str]) -> set[str]:
    found: set[str] = set()
    for key, value in labels.items():
        if re.match(r"traefik\.http\.routers\..+\.rule$", key, re.IGNORECASE):
            found |= _hosts(str(value))
    return found


def _changed_since(e: Evidence, begun: datetime) -> list[str]:
    """The variables that were written after a moment."""
    found = []
    for row in e.variables or ():
        when = None if row.get("is_preview") or row.get("is_coolify") else moment(row.get("updated_at"))
        if when and when > begun:
            found.append(row["key"])
    return found


# --- Coolify's API ---------------------------------------------------------------------------------------------------------------------


@rule("API-1", "unknown", "critical", "Coolify refuses the token: {message}", "{advice}")
def _refused(e: Evidence) -> Found | None:
    error = e.token.get("error")
    if not error:
        return None
    told = (("api", f"{error}: {e.token.get('message')}"),)
    return Found(told, "certain", {"message": e.token.get("message"), "advice": e.token.get("advice") or "Look at the token in Coolify."})


@rule(
    "API-2",
    "unknown",
    "medium",
    "the token does not get to see secrets, so values, logs of deployments and labels are hidden",
    "Use a token with read:sensitive (or root) whose owner is an admin of the team.",
)
def _blind(e: Evidence) -> Found | None:
    if e.kind == "token" and (e.token.get("abilities") or {}).get("read:sensitive") is False:
        return Found((("api", "private keys come without their key"),), "certain")
    return None


# --- the way from the client to the server ------------------------------------------------------------------------------------------------


@rule(
    "DNS-1",
    "dns",
    "critical",
    "{host} does not lead to the server: {what}",
    "Correct the DNS record of {host}: A (and AAAA, if there is one) has to be {ip}. An AAAA record that was left behind counts as well.",
)
def _dns(e: Evidence) -> Found | None:
    ip = str(e.server.get("ip") or "")
    for domain in e.domains:
        resolved = domain.resolved
        if resolved is None:
            continue
        if resolved.error:
            return Found(
                (("dns", f"{domain.host}: {resolved.error}"),),
                "certain",
                {"host": domain.host, "what": resolved.error, "ip": ip or "its address"},
            )
        wrong = [address for address in resolved.addresses if address not in _addresses(e, ip)]
        if wrong and not resolved.cdn and _public(ip):
            what = f"it resolves to {', '.join(wrong)}, the server is {ip}"
            # Right and wrong addresses side by side break some visitors only
            sure = "certain" if len(wrong) == len(resolved.addresses) or any(":" in address for address in wrong) else "high"
            return Found(
                (("dns", f"{domain.host}: {', '.join(resolved.addresses)}"), ("api", f"the server's address is {ip}")),
                sure,
                {"host": domain.host, "what": what, "ip": ip},
            )
    return None


def _addresses(e: Evidence, ip: str) -> set[str]:
    return {ip, *(str(item) for item in (e.host or {}).get("addresses") or ())}


# Coolify may know a server by a name, or by an address behind NAT: then there is nothing to compare a record with. The ranges of
# documentation are left in, unlike in ipaddress.is_private.
INSIDE = (
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "::1/128",
    "fc00::/7",
    "fe80::/10",
)


def _public(ip: str) -> bool:
    """Whether it is an address that the outside could use."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return False
    return not any(address in ipaddress.ip_network(net) for net in INSIDE)


@rule(
    "TRF-2",
    "proxy",
    "critical",
    "the proxy does not run",
    "Start the proxy: Servers, {server}, Proxy in Coolify, or POST /servers/<uuid>/proxy/restart (Coolify 4.3 and later).",
    "docker start coolify-proxy",
)
def _proxy_down(e: Evidence) -> Found | None:
    if not _routed(e):
        return None
    evidence = [
        ("http", f"{domain.url}: {domain.exchange.error}") for domain in e.domains if domain.exchange and domain.exchange.error == "refused"
    ]
    container, told = e.proxy_container, str(e.proxy.get("status") or "")
    if container and container.get("state") != "running":
        evidence.append(("insp", f"coolify-proxy is {container.get('state')}"))
    elif e.seen_host and container is None:
        evidence.append(("insp", "there is no container coolify-proxy"))
    elif container:
        return None
    if told and told != "running":
        evidence.append(("api", f"Coolify says that the proxy is {told}"))
    kinds = {kind for kind, _text in evidence}
    if "insp" in kinds or kinds >= {"http", "api"}:
        return Found(tuple(evidence), "certain")
    return Found(tuple(evidence), "medium") if evidence and "http" in kinds else None


@rule(
    "TRF-1",
    "proxy",
    "critical",
    "this Traefik is too old for this Docker engine, so it sees no containers",
    "Upgrade the proxy to Traefik 3.6.1 (or 2.11.31) or later, in the proxy configuration of the server in Coolify, and restart it.",
)
def _old_traefik(e: Evidence) -> Found | None:
    return _said("plog", e.proxy_log, r"client version [\d.]+ is too old\. Minimum supported API version")


@rule(
    "LOOP-1",
    "proxy",
    "high",
    "{host} redirects for ever",
    "Behind Cloudflare set SSL/TLS to Full (strict), so that the server is asked over HTTPS; otherwise remove one of the redirects: "
    "is_force_https_enabled of the "
    "application, redirect (www), or the application's own.",
    "coolify_app: {name: {name}, is_force_https_enabled: false}",
)
def _loop(e: Evidence) -> Found | None:
    for domain in e.domains:
        if domain.loop:
            way = " -> ".join(domain.loop)
            cdn = bool(domain.resolved and domain.resolved.cdn)
            kinds = [("http", f"the redirects go round: {way}")] + (
                [("dns", f"{domain.host} is behind {domain.resolved.cdn}")] if cdn and domain.resolved else []
            )
            return Found(tuple(kinds), "certain", {"host": domain.host})
    return None


@rule("TLS-1", "ssl", "high", "Let's Encrypt gave no certificate: {why}", "{what}")
def _acme(e: Evidence) -> Found | None:
    whys = (
        (
            r"acme:error:rateLimited|too many (failed authorizations|certificates|new orders)",
            "its rate limit is reached",
            "Wait as long as the message says; mend the cause of the failed attempts first.",
        ),
        (r"acme:error:dns", "it cannot resolve the domain", "Correct the A/AAAA record of the domain; it has to be visible everywhere."),
        (
            r"acme:error:connection",
            "it cannot reach the server on port 80",
            "Open port 80 of the server in every firewall, also for IPv6 when there is an AAAA record.",
        ),
        (
            r"acme:error:unauthorized",
            "it got the wrong answer to its challenge",
            "The domain leads somewhere else than to this proxy: correct the DNS record, or switch the CDN's proxying off until there is "
            "a certificate.",
        ),
        (r"Unable to obtain ACME certificate", "see the proxy's log", "Read the proxy's log; mend what it says about the domain."),
    )
    for pattern, why, what in whys:
        line = next((line for line in e.proxy_log if re.search("ACME|acme", line) and re.search(pattern, line, re.IGNORECASE)), "")
        if line and (e.kind == "server" or any(domain.host in line for domain in e.domains)):
            return Found((("plog", line[:300]),), "certain", {"why": why, "what": what})
    return None


@rule(
    "TLS-2",
    "ssl",
    "high",
    "the challenge of Let's Encrypt does not reach the proxy",
    "Open port 80 and let /.well-known/acme-challenge through to the proxy; no redirect to https may come before it.",
)
def _challenge(e: Evidence) -> Found | None:
    about = [line for line in e.proxy_log if e.kind == "server" or any(domain.host in line for domain in e.domains)]
    return _said("plog", about, r"Cannot retrieve the ACME challenge", "high")


@rule(
    "TLS-3",
    "ssl",
    "high",
    "a wildcard certificate needs a DNS challenge",
    "Configure a DNS challenge for the certificate resolver in the proxy's configuration.",
)
def _wildcard(e: Evidence) -> Found | None:
    return _said("plog", e.proxy_log, r"could not determine solvers")


@rule(
    "TLS-5",
    "ssl",
    "medium",
    "the certificate of {host} expires in {days} days",
    "Traefik renews 30 days before: look at its log for why it does not; port 80 has to be reachable and the DNS record right.",
)
def _expiring(e: Evidence) -> Found | None:
    for domain in e.domains:
        shown = domain.certificate
        if shown and shown.days is not None and shown.days < EXPIRY_DAYS and not shown.default:
            return Found(
                (("tls", f"{domain.host}: {shown.days:g} days left"), ("http", "seen from the controller")),
                "certain",
                {"host": domain.host, "days": f"{shown.days:g}"},
            )
    for item in ((e.host or {}).get("proxy") or {}).get("certificates") or ():
        names = set(item.get("domains") or ())
        left = _days_left(e, item.get("not_after"))
        if left is not None and left < EXPIRY_DAYS and names & {domain.host for domain in e.domains}:
            return Found(
                (("host", f"the certificate store: {', '.join(sorted(names))} until {item['not_after']}"),),
                "high",
                {"host": ", ".join(sorted(names)), "days": f"{left:.0f}"},
            )
    return None


def _days_left(e: Evidence, until: t.Any) -> float | None:
    end = moment(until)
    return None if end is None else (end - e.now).total_seconds() / 86400


# --- deployments -------------------------------------------------------------------------------------------------------------------


@rule(
    "REG-2",
    "registry",
    "critical",
    "an expired token of GitHub on the server breaks even public images of ghcr.io",
    "Log out of ghcr.io on the server, as the user that Coolify connects with, or log in with a new token.",
    "docker logout ghcr.io",
)
def _expired_pat(e: Evidence) -> Found | None:
    return _failed_log(e, r"ghcr\.io/(v2/)?coollabsio/.*(denied|unauthorized)|(denied|unauthorized).*ghcr\.io/(v2/)?coollabsio/")


@rule(
    "REG-3",
    "registry",
    "critical",
    "the build server is not logged in to the registry",
    "Log the build server in to the registry as the user that Coolify connects with; its token needs write:packages.",
)
def _build_login(e: Evidence) -> Found | None:
    found = _failed_log(e, r"config\.json\) not found on the build server|Failed to push image to docker registry")
    return found and _with_login(found, e.build_host, "the build server", str(e.resource.get("docker_registry_image_name") or ""))


def _with_login(found: Found, host: t.Any, who: str, image: str) -> Found:
    """What the host says about its login to the registry that a line or an image names."""
    text = f"{found.evidence[0][1]} {image}"
    named = re.search(r"https?://([\w.:-]+)/v2/|(?:^|[\s\"'(])([\w-]+(?:\.[\w-]+)+(?::\d+)?|[\w-]+:\d+)/[\w./-]+", text)
    unread = any(str(item.get("what")) == "logins" for item in (host or {}).get("missing") or () if isinstance(item, dict))
    if not host or unread or not named:
        return found
    registry = named[1] or named[2]
    login = next((item for item in host.get("logins") or () if item.get("registry") == registry), None)
    told = (
        f"{who} is logged in to {registry} as {login.get('user') or 'somebody'}, so that login is not enough or not valid any more"
        if login
        else f"{who} is not logged in to {registry} (as the user that was looked at)"
    )
    return Found((*found.evidence, ("host", told)), found.confidence, found.values)


@rule(
    "REG-1",
    "registry",
    "critical",
    "the registry refuses the image",
    "Log the server in to the registry as the user that Coolify connects with ({user}); the token needs read:packages. Or correct the "
    "name of the image.",
    "ansible-playbook -i HOSTS selfhosted.coolify.ghcr_login -e @login.yml",
)
def _registry(e: Evidence) -> Found | None:
    found = _failed_log(
        e,
        r"denied: denied|pull access denied|may require 'docker login'|unauthorized: |\bHead \"https://.*unauthorized|"
        r"no basic auth credentials",
        user=e.server.get("user") or "root",
    )
    return found and _with_login(found, e.host, "the server", str(e.resource.get("docker_registry_image_name") or ""))


@rule(
    "IMG-1",
    "registry",
    "critical",
    "the image {image} does not exist",
    "Correct docker_registry_image_name and docker_registry_image_tag, or push the image.",
)
def _no_image(e: Evidence) -> Found | None:
    image = (
        f"{e.resource.get('docker_registry_image_name') or ''}:{e.resource.get('docker_registry_image_tag') or ''}".strip(":")
        or "that is named"
    )
    return _failed_log(e, r"manifest (for .+ )?(unknown|not found)|not found: manifest unknown|No such image", image=image)


@rule(
    "BLD-2",
    "build",
    "critical",
    "the disk of the server is full",
    "Clean up Docker on the server, or give it a larger disk.",
    "docker system df; docker builder prune",
)
def _disk_full(e: Evidence) -> Found | None:
    seen = [
        ("host", f"{item['path']} of {who} is {item['used_percent']:g} % full")
        for who, host in (("the server", e.host), ("the build server", e.build_host))
        for item in (host or {}).get("disks") or ()
        if (item.get("used_percent") or 0) >= 97 or (item.get("inodes_used_percent") or 0) >= 99
    ]
    for kind, lines in _all_logs(e):
        line = _first(lines, r"no space left on device|disk quota exceeded|could not write .*: No space")
        if line:
            seen.append((kind, line))
    return Found(tuple(seen), "certain" if len(seen) > 1 or seen[0][0] != "host" else "high") if seen else None


@rule("BLD-1", "build", "critical", "the build ran out of memory", "Build on a build server (use_build_server), or give the server swap.")
def _build_memory(e: Evidence) -> Found | None:
    return _failed_log(e, r"JavaScript heap out of memory|exit code: (137|255)\b|^Killed$|signal: killed")


@rule(
    "PORT-3",
    "network_port",
    "critical",
    "the host port {port} is taken",
    "Free the port on the server, or remove it from ports_mappings: a domain does not need it. 8080 is the proxy's own.",
)
def _port_taken(e: Evidence) -> Found | None:
    for kind, lines in (("dlog", e.deployment_log), ("clog", e.logs), ("insp", [str(item.get("error") or "") for item in e.own])):
        line = _first(lines, r"port is already allocated|bind: address already in use|failed to bind host port")
        if line:
            port = re.search(r"0\.0\.0\.0:(\d+)|\[?::\]?:(\d+)|:(\d+)[^\d]", line)
            number = next((item for item in port.groups() if item), "?") if port else "?"
            held = next((item for item in (e.host or {}).get("listening") or () if str(item.get("port")) == number), None)
            more = (("host", f"port {number} is held by {held.get('container') or held.get('process')}"),) if held else ()
            return Found(((kind, line), *more), "certain", {"port": number})
    return None


@rule(
    "NET-5",
    "network_isolation",
    "critical",
    "Docker has no free address ranges for another network",
    "Remove unused networks (docker network prune), or set default-address-pools for the engine.",
    "docker network prune",
)
def _pools(e: Evidence) -> Found | None:
    pattern = r"non-overlapping IPv4 address pool|all predefined address pools have been fully subnetted"
    return _failed_log(e, pattern) or _said("clog", e.logs, pattern)


@rule(
    "NET-6",
    "network_isolation",
    "critical",
    "an IPv6 gateway cannot be parsed by this Docker engine",
    "Upgrade Docker, or disable IPv6 on the network.",
)
def _ipv6_gateway(e: Evidence) -> Found | None:
    return _failed_log(e, r"ParseAddr\(\".*::1/\d+\"\)")


@rule(
    "SRV-1",
    "server_health",
    "critical",
    "Coolify cannot use the server",
    "Validate the server in Coolify; its SSH key, user and port have to be right.",
    "POST /api/v1/servers/<uuid>/validate",
)
def _server_unusable(e: Evidence) -> Found | None:
    settings = e.server.get("settings") or e.server
    wrong = [name for name in ("is_reachable", "is_usable") if settings.get(name) is False]
    line = _first(e.deployment_log, r"Server is not functional") if e.latest.get("status") == "failed" else ""
    seen = [("api", f"the server's {name} is false") for name in wrong] + ([("dlog", line)] if line else [])
    return Found(tuple(seen), "certain") if seen else None


@rule(
    "BLD-5",
    "build",
    "high",
    "the commit is not in the shallow clone",
    "Set is_git_shallow_clone_enabled: false and deploy again.",
    "coolify_app: {name: {name}, is_git_shallow_clone_enabled: false}",
)
def _shallow(e: Evidence) -> Found | None:
    return _failed_log(e, r"fatal: bad object|fatal: reference is not a tree")


@rule(
    "BLD-6",
    "build",
    "high",
    "the clock of the server is wrong, so GitHub refuses the app's token",
    "Set the clock (NTP).",
    "timedatectl set-ntp true",
)
def _clock(e: Evidence) -> Found | None:
    return _failed_log(e, r"'Issued at' claim \('iat'\)|could not issue token|'Expiration time' claim")


@rule(
    "BLD-3", "build", "high", "the build pack cannot build this: {text}", "Choose another build_pack, or give it what the message asks for."
)
def _build_pack(e: Evidence) -> Found | None:
    pattern = (
        r"Nixpacks failed to detect the application type|NIXPACKS_NODE_VERSION not set|Railpack deployments require the Docker buildx"
        r"|Failed to parse docker-compose file|failed to (read|solve).*[Dd]ockerfile.*(no such file|not found)"
    )
    line = _first(e.deployment_log, pattern)
    return _failed_log(e, pattern, text=line)


@rule(
    "HOOK-1",
    "deployment",
    "high",
    "a deployment command failed: {text}",
    "Correct pre_deployment_command or post_deployment_command and the container it names. After a failed post-deployment command the "
    "new version runs.",
)
def _hook(e: Evidence) -> Found | None:
    line = _first(e.deployment_log, r"(Pre|Post)-deployment command.*(failed|Could not find)")
    return Found((("dlog", line),), "certain", {"text": line}) if line else None


@rule("QUE-3", "deployment", "low", "the deployment was cancelled", "Deploy again.", "coolify_deploy: {name: {name}}")
def _cancelled(e: Evidence) -> Found | None:
    return (
        Found((("api", "the last deployment is cancelled-by-user"),), "certain") if e.latest.get("status") == "cancelled-by-user" else None
    )


@rule(
    "QUE-1",
    "deployment",
    "high",
    "the deployment {deployment} is stuck: {what}",
    "Cancel it and deploy again; when that does not help, restart Coolify's queue worker.",
    "POST /api/v1/deployments/{deployment}/cancel; docker restart coolify",
)
def _stuck(e: Evidence) -> Found | None:
    line = _first(e.deployment_log, r"ApplicationDeploymentJob has been attempted too many times")
    pending = [row for row in e.deployments if row.get("status") in ("queued", "in_progress")]
    for row in reversed(pending):
        begun = moment(row.get("created_at"))
        minutes = (e.now - begun).total_seconds() / 60 if begun else 0
        if minutes > STUCK_MINUTES or line:
            what = f"{row['status']} for {minutes:.0f} minutes"
            more = (("dlog", line),) if line else ()
            return Found(
                (("api", f"{row.get('deployment_uuid')} is {what}"), *more),
                "certain" if line else "high",
                {"deployment": row.get("deployment_uuid"), "what": what},
            )
    return (
        Found((("dlog", line),), "high", {"deployment": e.latest.get("deployment_uuid"), "what": "its job gave up"})
        if line and e.latest.get("status") == "failed"
        else None
    )


@rule(
    "QUE-2",
    "deployment",
    "medium",
    "a deployment runs since {minutes} minutes, and Coolify skips another one of the same commit until it is over; waiting for it: {keys}",
    "Wait until it is over and deploy then, or cancel it first.",
    "coolify_deploy: {name: {name}, wait_for_previous: true}",
)
def _skipped(e: Evidence) -> Found | None:
    running = next((row for row in e.deployments if row.get("status") in ("queued", "in_progress")), None)
    begun = moment(running.get("created_at")) if running else None
    if running is None or begun is None:
        return None
    later = _changed_since(e, begun)
    minutes = (e.now - begun).total_seconds() / 60
    if not later or minutes > STUCK_MINUTES:
        return None
    return Found(
        (
            ("api", f"{running.get('deployment_uuid')} is {running['status']} for {minutes:.0f} minutes"),
            ("api", f"changed since: {', '.join(later)}"),
        ),
        "high",
        {"minutes": f"{minutes:.0f}", "keys": ", ".join(later)},
    )


# --- the container -------------------------------------------------------------------------------------------------------------------


@rule(
    "RUN-2",
    "resource_limits",
    "critical",
    "the container was killed because it needs more memory than {limit}",
    "Raise limits_memory, or make it need less (fewer workers).",
    "coolify_app: {name: {name}, limits_memory: …}",
)
def _oom(e: Evidence) -> Found | None:
    killed = next((item for item in e.own if item.get("oom_killed")), None)
    if killed is None:
        container = e.container
        line = _first((e.host or {}).get("kernel_oom") or (), re.escape(str((container or {}).get("id") or "-")))
        if not (container and line):
            return None
        killed = container
    limit = ((killed.get("limits") or {}).get("memory_mb")) or e.resource.get("limits_memory")
    told = (
        f"its limit of {limit} MB"
        if isinstance(limit, (int, float)) and limit
        else f"its limit of {limit}"
        if limit and limit != "0"
        else "the server has"
    )
    return Found(
        (
            ("insp", f"{killed.get('name')} was OOM-killed, exit code {killed.get('exit_code')}"),
            ("api", f"limits_memory is {e.resource.get('limits_memory') or 'not set'}"),
        ),
        "certain",
        {"limit": told},
    )


@rule(
    "DB-1",
    "container_readiness",
    "critical",
    "PostgreSQL 18 and later keeps its data elsewhere than where the volume is mounted",
    "Mount the volume at /var/lib/postgresql, set PGDATA=/var/lib/postgresql/data, or stay on 17.",
)
def _postgres_18(e: Evidence) -> Found | None:
    line = _first(e.logs, r"in 18\+, these Docker images are configured to store database data in a")
    image = str((e.container or {}).get("image") or e.resource.get("image") or "")
    major = re.search(r"(?:postgres|pgvector)[^:]*:(?:pg)?(\d+)", image)
    mounted = any(item.get("target") == "/var/lib/postgresql/data" for item in (e.container or {}).get("mounts") or ())
    if line or (major and int(major[1]) >= 18 and mounted and (e.container or {}).get("state") != "running"):
        seen = ([("clog", line)] if line else []) + [
            ("insp", f"the image is {image}{', mounted at /var/lib/postgresql/data' if mounted else ''}")
        ]
        return Found(tuple(seen), "certain" if line else "high")
    return None


@rule(
    "DB-2",
    "container_readiness",
    "critical",
    "the data was written by another major version of the database",
    "Go back to the old image, dump, and restore into a new database; Coolify converts nothing.",
)
def _old_data(e: Evidence) -> Found | None:
    return _said(
        "clog",
        e.logs,
        r"database files are incompatible with server|The data directory was initialized by PostgreSQL version|"
        r"Invalid MySQL server upgrade|Cannot upgrade from|This version of MongoDB .* requires|featureCompatibilityVersion",
    )


@rule(
    "DB-5",
    "resource_limits",
    "high",
    "the database takes no more connections: all of them are in use",
    "Look for clients that keep connections open, give them smaller pools, or raise the limit (max_connections, maxclients) in the "
    "database's configuration.",
)
def _connections(e: Evidence) -> Found | None:
    line = _first(
        e.logs,
        r"sorry, too many clients already|remaining connection slots are reserved|Too many connections|max number of clients reached"
        r"|connection refused because too many open connections",
    )
    if not line:
        return None
    # What an application says of its database is the same sentence
    opened = [(item.get("port"), item["connections"]) for item in e.listening or () if item.get("connections")]
    told = tuple(("insp", f"{number} connections are open to port {port}") for port, number in opened)
    return Found((("clog", line), *told), "certain")


@rule(
    "SVC-1",
    "container_readiness",
    "medium",
    "{names} left the compose file, and Coolify still counts what is not there into the status",
    "Exclude it from the status and take its domains away.",
    "coolify_service: {name: {name}, applications: [{name: {first}, url: [], exclude_from_status: true}]}",
)
def _left_over(e: Evidence) -> Found | None:
    if not e.left_over or e.state == "running":
        return None
    names = ", ".join(e.left_over)
    seen = (("api", f"Coolify says {e.status} and has {names}"), ("api", f"the compose file has no {names}"))
    return Found(seen, "high", {"names": names, "first": e.left_over[0]})


@rule(
    "HC-2",
    "health_check",
    "high",
    "the health check needs {tool}, which the image does not have",
    "Install {tool} in the image, or use health_check_type: cmd with a command that is there.",
    "coolify_app: {name: {name}, health_check_type: cmd, health_check_command: …}",
)
def _no_curl(e: Evidence) -> Found | None:
    # Coolify's command tries curl and then wget: one of them is enough
    tried = set(re.findall(r"\b(curl|wget)\b", str((e.container or {}).get("health_command") or "")))
    for text in e.health_outputs:
        missing = {
            next(tool for tool in found if tool)
            for found in re.findall(
                r"(curl|wget): (?:not found|command not found|No such file)|exec: \"(curl|wget)\": executable file not found"
                r"|(curl|wget): .*not found",
                text,
            )
        }
        if missing and tried <= missing:
            return Found((("insp", _end_of(text)), *_sick(e)), "certain", {"tool": " or ".join(sorted(missing))})
    return None


@rule(
    "HC-7",
    "health_check",
    "high",
    "the health check calls a program that the image does not have: {text}",
    "Install it in the image, or change health_check_command to a program that is there.",
)
def _no_program(e: Evidence) -> Found | None:
    for text in e.health_outputs:
        missing = re.search(
            r"([\w./-]+): (not found|command not found)|exec: \"([^\"]+)\": executable file not found|stat ([\w./-]+): no such file", text
        )
        if (missing and 127 in e.health_exits) or (missing and "executable file not found" in text):
            return Found((("insp", _end_of(text)), *_sick(e)), "certain", {"text": text.strip()[:120]})
    return None


@rule(
    "HC-6",
    "health_check",
    "medium",
    "Celery does not answer the health check in time",
    "Give the inspection more time and its own node: celery -A PROJECT inspect ping --timeout 10 -d celery@$HOSTNAME; look whether the "
    "broker is reachable.",
)
def _celery(e: Evidence) -> Found | None:
    for text in e.health_outputs:
        if re.search(r"No nodes replied within time constraint", text):
            return Found((("insp", _end_of(text)), *_sick(e)), "high")
    return None


@rule(
    "HC-5",
    "health_check",
    "high",
    "an HTTP health check on an application that answers no HTTP",
    "Use health_check_type: cmd, or health_check_enabled: false.",
    "coolify_app: {name: {name}, health_check_enabled: false}",
)
def _http_on_worker(e: Evidence) -> Found | None:
    container = e.container
    if container is None or e.health != "unhealthy" or e.domains or not _http_check(e):
        return None
    refused = next((text for text in e.health_outputs if re.search(r"refused|Could not connect|Failed to connect", text)), "")
    if e.listening is not None and not e.listening:
        said = (("insp", _end_of(refused)),) if refused else ()
        return Found((*said, ("insp", "nothing listens in the container"), ("api", "it has no domain")), "certain")
    return Found((("insp", _end_of(refused)), ("api", "it has no domain")), "high") if refused else None


def _http_check(e: Evidence) -> bool:
    command = str((e.container or {}).get("health_command") or "")
    return bool(re.search(r"\b(curl|wget)\b", command)) or (
        e.resource.get("health_check_enabled") and e.resource.get("health_check_type") != "cmd"
    )


@rule(
    "HC-3",
    "health_check",
    "high",
    "the health check asks localhost, which is ::1, and the application listens on IPv4 only",
    "Set health_check_host: 127.0.0.1 (or write 127.0.0.1 in the image's HEALTHCHECK).",
    "coolify_app: {name: {name}, health_check_host: 127.0.0.1}",
)
def _localhost(e: Evidence) -> Found | None:
    command = str((e.container or {}).get("health_command") or "") + str(e.resource.get("health_check_host") or "")
    if e.health != "unhealthy" or "localhost" not in command or e.listening is None:
        return None
    refused = next((text for text in e.health_outputs if re.search(r"refused|can't connect", text, re.IGNORECASE)), "")
    port = _health_port(e)
    on = _on(e, port) if port else []
    if refused and on and not any(":" in address for address in on):
        return Found((("insp", _end_of(refused)), ("insp", f"port {port} listens on {', '.join(on)} only")), "certain")
    return None


def _health_port(e: Evidence) -> int | None:
    told = e.resource.get("health_check_port")
    named = re.search(r"https?://[^/\s:]+:(\d+)", str((e.container or {}).get("health_command") or ""))
    return int(named[1]) if named else int(told) if told else _target_port(e)


@rule(
    "HC-9",
    "health_check",
    "high",
    "the health check asks {where}, which answers {status}",
    "Set health_check_path to one that answers 2xx without login, or mend that endpoint.",
    "coolify_app: {name: {name}, health_check_path: …}",
)
def _wrong_path(e: Evidence) -> Found | None:
    if e.health != "unhealthy":
        return None
    for text in e.health_outputs:
        answered = re.search(
            r"returned error: (\d{3})|HTTP/[\d.]+ ([45]\d\d)|Return code: ([45]\d\d)\b"
            r"|\b([45]\d\d) (?:Not Found|Forbidden|Unauthorized|Bad|Internal|Service|Gateway|Method)",
            text,
        )
        status = next((item for item in answered.groups() if item), "") if answered else ""
        if status and status[0] in "45":
            where = str((e.container or {}).get("health_command") or e.resource.get("health_check_path") or "its path")
            path = re.search(r"https?://[^\s'\"]+", where)
            return Found((("insp", _end_of(text)), *_sick(e)), "certain", {"where": path[0] if path else where[:100], "status": status})
    return _probed_path(e)


def _probed_path(e: Evidence) -> Found | None:
    """Coolify's own health check says nothing of what it is answered; the host asked the same from the proxy's place."""
    command = str((e.container or {}).get("health_command") or "")
    for probe in e.probes():
        asked = f":{probe.get('port')}{probe.get('path')}"
        if (probe.get("status") or 0) >= 400 and (asked in command or (probe.get("port") == 80 and str(probe.get("path")) in command)):
            told = ("probe", f"{asked} answers {probe['status']}")
            return Found(
                (told, ("insp", f"the container is unhealthy, its check is {command[:120]}")),
                "certain",
                {"where": asked, "status": probe["status"]},
            )
    return None


@rule(
    "HC-4",
    "health_check",
    "medium",
    "the application needs longer to start than the health check allows",
    "Raise health_check_start_period or health_check_retries.",
    "coolify_app: {name: {name}, health_check_start_period: 120}",
)
def _slow_start(e: Evidence) -> Found | None:
    waiting = [line for line in e.deployment_log if re.search(r"Attempt \d+ of \d+ \| Healthcheck status: \"?starting", line)]
    failed = _first(e.deployment_log, r"New container is not healthy")
    if waiting and failed and not any(re.search(r"Healthcheck status: \"?unhealthy", line) for line in e.deployment_log):
        return Found((("dlog", waiting[-1].strip()[:200]), ("dlog", failed)), "high")
    if e.health == "starting" and e.container and _statuses(e, 502, 503, 504, 404):
        return Found(
            (("insp", f"{e.container.get('name')} is starting since {e.container.get('started_at')}"), *_statuses(e, 502, 503, 504, 404)),
            "high",
        )
    return None


@rule(
    "DB-3",
    "application_startup",
    "critical",
    "the database refuses the password of the application",
    "Compare the password in the variables with the one that Coolify shows for the database. A password that was changed in Coolify only "
    "is not changed inside the database.",
)
def _db_password(e: Evidence) -> Found | None:
    return _said(
        "clog",
        e.logs,
        r"password authentication failed for user|Access denied for user '[^']+'@|WRONGPASS|NOAUTH Authentication required|"
        r"Authentication failed\.?.*(mongo|SCRAM)|MongoServerError: Authentication failed|invalid username-password pair",
    )


UNRESOLVED = (
    r"could not translate host name \"?([\w.-]+)|getaddrinfo (?:EAI_AGAIN|ENOTFOUND) ([\w.-]+)|php_network_getaddresses|no such host"
    r"|Name or service not known|Temporary failure in name resolution|Name does not resolve|nodename nor servname"
    r"|No address associated with hostname"
)


@rule(
    "NET-7",
    "network_isolation",
    "critical",
    "the application cannot resolve the host name {host}",
    "Use the uuid of the database as its host, as its internal URL does; both have to be on the same destination, or "
    "connect_to_docker_network has to be on.",
    "coolify_app: {name: {name}, connect_to_docker_network: true}",
)
def _resolve(e: Evidence) -> Found | None:
    pattern = UNRESOLVED
    line = _first(e.logs, pattern)
    # The name of a container that does not run is not known either: then that is the cause (DB-4)
    if not line or _down_neighbour(e, line):
        return None
    named = re.search(pattern, line, re.IGNORECASE)
    host = (
        next((item for item in (named.groups() if named else ()) if item), "")
        or (re.search(r"(?:lookup|host name|connecting to|Error connecting to)\s+\"?([\w.-]+)", line) or [None, "that it is given"])[1]
    )
    return Found((("clog", line),), "certain", {"host": host})


@rule(
    "DB-4",
    "network_isolation",
    "critical",
    "the application cannot connect to {target}",
    "Look whether that service runs and is healthy; start it. Its address has to be the internal one (uuid and port inside the network).",
)
def _db_down(e: Evidence) -> Found | None:
    pattern = (
        r"ECONNREFUSED ([\w.:-]+)|connection to server at \"?([\w.-]+)\"?.*(?:refused|timed out|Host is unreachable)"
        r"|Can't connect to (?:local )?(?:MySQL|MariaDB) server|connecting to ([\w.-]+:\d+)\. Connection refused"
        r"|OperationalError.*(?:refused|timed out)|dial tcp ([\d.:]+): connect: connection refused|Connection refused.*(?:redis|amqp|postgres|mysql)"
    )
    line = _first(e.logs, pattern)
    down = _down_neighbour(e, line)
    if not line:
        pattern = UNRESOLVED
        line = _first(e.logs, pattern)
        down = _down_neighbour(e, line)
        if not down:
            return None
    named = re.search(pattern, line, re.IGNORECASE)
    target = next((item for item in (named.groups() if named else ()) if item), "") or "a service it needs"
    ended = _ended(e)
    return Found((("clog", line), *down, *ended), "certain" if down or ended else "high", {"target": target})


def _ended(e: Evidence) -> tuple[tuple[str, str], ...]:
    """That the application itself gave up, and does not only log an error and go on."""
    container = e.container or {}
    if container.get("state") == "running" or container.get("exit_code") in (0, None):
        return ()
    return (("insp", f"{container.get('name')} is {container.get('state')}, exit code {container.get('exit_code')}"),)


def _down_neighbour(e: Evidence, line: str) -> tuple[tuple[str, str], ...]:
    """What a line names and what does not run: a container, or a database that Coolify knows."""
    for row in e.named:
        if str(row.get("uuid")) in line and not str(row.get("status")).startswith("running"):
            return (("api", f"Coolify says that {row.get('name')} ({row.get('uuid')}) is {row.get('status')}"),)
    for item in e.containers:
        name = str(item.get("name") or "")
        marks = {name, str((item.get("coolify") or {}).get("uuid") or name)}
        addresses = [str(net.get("ip")) for net in item.get("networks") or () if net.get("ip")]
        if item.get("state") != "running" and not e.owns(item) and any(_names(line, mark) for mark in (*marks, *addresses)):
            return (("insp", f"{name} is {item.get('state')}"),)
    return ()


def _names(line: str, word: str) -> bool:
    """Whether a line names a host or an address, and not only one that begins with it."""
    return bool(word) and bool(re.search(rf"(?<![\w.-]){re.escape(word)}(?![\w-]|\.\w)", line))


@rule(
    "RUN-1",
    "application_startup",
    "critical",
    "the application ends again and again with exit code {code}: {meaning}",
    "Read its log and mend what it says{hint}.",
)
def _crash_loop(e: Evidence) -> Found | None:
    container = e.container
    if container is None or container.get("oom_killed"):
        return _crash_by_status(e)
    restarts = container.get("restart_count") or 0
    again = container.get("state") == "restarting" or (restarts >= 3 and _young(e, container))
    # One that could not be started at all stays "created", with Docker's reason
    dead = container.get("state") in ("exited", "dead", "created") and container.get("exit_code") not in (0, None, 143)
    # Docker starts it again when it was killed, unless somebody stopped it
    if (
        container.get("state") == "exited"
        and container.get("exit_code") == 137
        and container.get("restart_policy") in ("unless-stopped", "always")
    ):
        dead = False
    if not (again or dead):
        return None
    code = container.get("exit_code")
    line = _telling([*e.logs, str(container.get("error") or "")])
    evidence = [
        (
            "insp",
            f"{container.get('name')} is {container.get('state')}{'' if code is None else f', exit code {code}'}, restarted {restarts} times",
        )
    ]
    if line:
        evidence.append(("clog", line))
    return Found(
        tuple(evidence),
        "certain" if line else "high",
        {
            "code": "unknown" if code is None else code,
            "meaning": EXIT_CODES.get(code, "an error of its own"),
            "hint": f": {line}" if line else "",
        },
    )


def _young(e: Evidence, container: t.Any) -> bool:
    """Whether it was started a moment ago, so that restarts it counts are not of long ago."""
    started = moment(container.get("started_at"))
    return started is None or (e.now - started).total_seconds() < YOUNG_SECONDS


EXIT_CODES = {
    1: "an error of its own",
    2: "an error of its own or wrong arguments",
    126: "its command cannot be executed",
    127: "its command does not exist",
    134: "it aborted",
    137: "it was killed, often for memory",
    139: "a crash (segmentation fault)",
    143: "it was stopped",
}


def _crash_by_status(e: Evidence) -> Found | None:
    count = e.resource.get("restart_count") or 0
    if e.container is None and (e.state == "restarting" or (e.state == "exited" and count)):
        line = _telling(e.logs)
        seen = [("api", f"Coolify says {e.status}, restarted {count} times")] + ([("clog", line)] if line else [])
        return Found(
            tuple(seen), "high", {"code": "unknown", "meaning": "the server was not looked at", "hint": f": {line}" if line else ""}
        )
    return None


def _telling(lines: t.Sequence[str]) -> str:
    """The last line that looks like the reason of an end."""
    pattern = re.compile(r"error|exception|fatal|panic|cannot|can't|failed|not found|no such|denied|refused|traceback", re.IGNORECASE)
    return next((line.strip()[:300] for line in reversed(lines) if pattern.search(line)), "")


@rule(
    "RUN-3",
    "container_readiness",
    "critical",
    "there is no container of it, although Coolify says {status}",
    "Deploy it again.",
    "coolify_deploy: {name: {name}, deploy: always}",
)
def _gone(e: Evidence) -> Found | None:
    if e.seen_host and not e.own and e.state == "running":
        return Found((("insp", "no container with its labels"), ("api", f"Coolify says {e.status}")), "certain", {"status": e.status})
    return None


@rule("RUN-4", "container_readiness", "high", "it does not run", "Start it, or deploy it.", "coolify_app: {name: {name}, state: started}")
def _stopped(e: Evidence) -> Found | None:
    if (
        e.kind not in ("application", "database", "service")
        or e.state != "exited"
        or e.latest.get("status") in ("failed", "in_progress", "queued")
    ):
        return None
    container = e.container
    if container and (container.get("state") == "running" or container.get("exit_code") not in (0, 137, 143, None)):
        return None
    seen = [("api", f"Coolify says {e.status}")] + (
        [("insp", f"{container.get('name')} exited with {container.get('exit_code')}")] if container else []
    )
    return Found(tuple(seen), "high")


# --- between proxy and container -----------------------------------------------------------------------------------------------------


@rule(
    "NET-8",
    "network_isolation",
    "critical",
    "the proxy has left the networks of {count} running applications, of this one too",
    "Restart the proxy in Coolify: it connects the proxy to all networks of the server again.",
    "POST /api/v1/servers/<uuid>/proxy/restart",
)
def _lost_networks(e: Evidence) -> Found | None:
    proxy = e.proxy_container
    if not (proxy and proxy.get("state") == "running" and _cut_off(e, e.container) and _routed(e)):
        return None
    others = [
        item for item in e.containers if not e.owns(item) and _cut_off(e, item) and str(_label(item, "traefik.enable")).lower() == "true"
    ]
    if not others:
        return None
    names = ", ".join(str(item.get("name")) for item in others[:5])
    return Found(
        (
            ("insp", f"the proxy is in {', '.join(sorted(e.proxy_networks)) or 'no network'}"),
            ("insp", f"cut off as well: {names}"),
            *_statuses(e, 502, 504),
        ),
        "certain",
        {"count": len(others) + 1},
    )


def _cut_off(e: Evidence, container: t.Any) -> bool:
    """Whether it runs and shares no network with the proxy."""
    if (
        not container
        or container.get("state") != "running"
        or "host" in (container.get("network_mode"), (e.proxy_container or {}).get("network_mode"))
    ):
        return False
    return not {item["name"] for item in container.get("networks") or ()} & e.proxy_networks


def _label(container: t.Any, name: str) -> t.Any:
    return (container.get("labels") or {}).get(name)


@rule(
    "NET-1",
    "network_isolation",
    "critical",
    "the proxy and the application share no network: {app} and {proxy}",
    "Remove the custom network, so that Coolify puts it into the destination's network, or connect the proxy to it; then deploy again.",
    "docker network connect NETWORK coolify-proxy",
)
def _no_network(e: Evidence) -> Found | None:
    if not (e.proxy_container and _cut_off(e, e.container) and _routed(e)):
        return None
    values = {"app": ", ".join(sorted(e.networks)) or "none", "proxy": ", ".join(sorted(e.proxy_networks)) or "none"}
    return Found(
        (("insp", f"the application is in {values['app']}"), ("insp", f"the proxy is in {values['proxy']}"), *_statuses(e, 502, 504)),
        "certain",
        values,
    )


@rule(
    "NET-2",
    "network_isolation",
    "critical",
    "the application is in several networks and Traefik takes one that the proxy is not in",
    "Set the label traefik.docker.network to the network that both are in ({shared}), or leave the other network.",
)
def _wrong_network(e: Evidence) -> Found | None:
    container, proxy = e.container, e.proxy_container
    if not (container and proxy and _routed(e)) or len(e.networks) < 2 or e.networks <= e.proxy_networks:
        return None
    shared, label = e.networks & e.proxy_networks, e.labels.get("traefik.docker.network")
    values = {"shared": ", ".join(sorted(shared)) or "the proxy's"}
    seen = [("insp", f"the application is in {', '.join(sorted(e.networks))}, the proxy in {', '.join(sorted(e.proxy_networks))}")]
    if label and label in shared:
        return None
    if label:
        return Found((*seen, ("insp", f"the label traefik.docker.network names {label}")), "certain", values)
    line = _first(e.proxy_log, r"Could not find network named")
    failing = _unanswered(e)
    return Found((*seen, *([("plog", line)] if line else []), *failing), "high" if failing or line else "medium", values)


@rule(
    "LBL-5",
    "proxy",
    "critical",
    "traefik.enable is false, so the proxy ignores the application",
    "Remove the label traefik.enable=false; with domains set Coolify writes the labels itself.",
    "coolify_app: {name: {name}, domains: […]}",
)
def _disabled(e: Evidence) -> Found | None:
    if e.domains and str(e.labels.get("traefik.enable")).lower() == "false":
        return Found((("insp", "the label traefik.enable is false"), *_statuses(e, 404, 503)), "certain")
    return None


@rule(
    "LBL-1",
    "proxy",
    "critical",
    "the labels use the entrypoint {entrypoint}, which the proxy does not have",
    "Coolify's entrypoints are http and https. Correct the labels, or leave them to Coolify.",
)
def _entrypoint(e: Evidence) -> Found | None:
    known = set(((e.host or {}).get("proxy") or {}).get("entrypoints") or ()) or {"http", "https"}
    for key, value in e.labels.items():
        if re.match(r"traefik\.(http|tcp)\.routers\..+\.entrypoints$", key, re.IGNORECASE):
            wrong = [name.strip() for name in str(value).split(",") if name.strip().lower() not in {item.lower() for item in known}]
            if wrong:
                return Found((("insp", f"{key}={value}"), *_statuses(e, 404, 503)), "certain", {"entrypoint": wrong[0]})
    line = _first(e.proxy_log, r"EntryPoint doesn't exist")
    if line and e.container and e.container.get("name", "-") in line:
        return Found((("plog", line),), "high", {"entrypoint": "that is named in the log"})
    return None


@rule(
    "LBL-2",
    "proxy",
    "high",
    "a router is defined twice",
    "Give each router its own name, and remove labels that were written by hand beside Coolify's.",
)
def _twice(e: Evidence) -> Found | None:
    return _said(
        "plog",
        [line for line in e.proxy_log if not e.uuid or e.uuid in line or not e.own or str((e.container or {}).get("name")) in line],
        r"Router .* cannot be linked automatically with multiple Services|Router defined multiple times with different configurations",
    )


@rule("LBL-4", "proxy", "high", "{other} answers for the same domain {host}", "One of them has to give up the domain.")
def _same_host(e: Evidence) -> Found | None:
    own = _router_hosts(e.labels) | {domain.host for domain in e.domains}
    for item in e.containers:
        if item.get("state") != "running" or e.owns(item):
            continue
        # A pull request's container has a domain of its own; two of one deployment are a rolling update
        common = own & _router_hosts(item.get("labels") or {})
        if common and (item.get("coolify") or {}).get("uuid") != e.uuid:
            return Found(
                (("insp", f"{item.get('name')} has a router for {', '.join(sorted(common))}"), ("api", f"{e.name} has that domain")),
                "certain",
                {"other": item.get("name"), "host": ", ".join(sorted(common))},
            )
    return None


@rule(
    "LBL-6",
    "proxy",
    "high",
    "the proxy has no route for {host}",
    "Write the domains again, so that Coolify generates the labels anew, and deploy.",
    "coolify_app: {name: {name}, domains: […], state: deployed, deploy: always}",
)
def _no_route(e: Evidence) -> Found | None:
    container = e.container
    if not (container and container.get("state") == "running" and e.domains) or (
        e.resource.get("build_pack") == "dockercompose" and not e.labels
    ):
        return None
    hosts = _router_hosts(e.labels)
    missing = [domain.host for domain in e.domains if domain.host.lower() not in hosts]
    if (missing and any("traefik" in key for key in e.labels)) or (missing and e.labels and not hosts):
        return Found(
            (("insp", f"its labels name {', '.join(sorted(hosts)) or 'no host'}"), *_statuses(e, 404, 503)),
            "certain" if _statuses(e, 404, 503) else "high",
            {"host": ", ".join(missing)},
        )
    return None


@rule(
    "PORT-2",
    "network_port",
    "critical",
    "the application listens on 127.0.0.1:{port} only, where the proxy cannot reach it",
    "Let it listen on 0.0.0.0 (HOST=0.0.0.0, --host 0.0.0.0, --bind 0.0.0.0:{port}).",
)
def _loopback_only(e: Evidence) -> Found | None:
    if not _routed(e):
        return None
    for port in e.label_ports or e.ports:
        on = _on(e, port)
        if on and all(_loopback(address) for address in on):
            return Found((("insp", f"port {port} listens on {', '.join(on)}"), *_statuses(e, 502, 504)), "certain", {"port": port})
    return None


@rule(
    "PORT-1",
    "network_port",
    "critical",
    "the proxy sends requests to port {port}, the application listens on {listens}",
    "Set ports_exposes to the port on which it listens, write the domains again in the same task, and deploy: the labels are generated "
    "anew with domains only.",
    "coolify_app: {name: {name}, ports_exposes: {listens}, domains: […], state: deployed}",
)
def _wrong_port(e: Evidence) -> Found | None:
    container, port = e.container, _target_port(e)
    if not (container and port and container.get("state") == "running" and _routed(e)):
        return None
    if e.listening is not None:
        open_ports = sorted({item["port"] for item in e.listening if not _loopback(str(item.get("address")))})
        if port not in [item["port"] for item in e.listening] and open_ports:
            seen = (
                ("insp", f"the labels name port {port}" if e.label_ports else f"ports_exposes is {port}"),
                ("insp", f"in the container listens {', '.join(map(str, open_ports))}"),
            )
            return Found((*seen, *_statuses(e, 502)), "certain", {"port": port, "listens": ", ".join(map(str, open_ports))})
        return None
    if e.label_ports and e.ports and e.label_ports[0] not in e.ports:
        return Found(
            (("insp", f"the labels name port {port}"), ("api", f"ports_exposes is {', '.join(map(str, e.ports))}"), *_statuses(e, 502)),
            "high",
            {"port": port, "listens": e.ports[0]},
        )
    return None


@rule(
    "PORT-5",
    "application_startup",
    "high",
    "the application runs and listens on no port yet",
    "Wait until it has started, and raise health_check_start_period; when it never listens, read its log.",
)
def _not_listening(e: Evidence) -> Found | None:
    container, port = e.container, _target_port(e)
    if container and port and container.get("state") == "running" and _routed(e) and e.listening is not None and not e.listening:
        return Found((("insp", "nothing listens in the container"), *_statuses(e, 502, 503, 504)), "high")
    return None


@rule(
    "PORT-4",
    "network_port",
    "medium",
    "the image exposes several ports and no label says which; Traefik takes the lowest",
    "Set ports_exposes to the right one and write the domains again.",
)
def _several_ports(e: Evidence) -> Found | None:
    exposed = [item for item in (e.container or {}).get("exposed") or () if item.endswith("/tcp")]
    if (
        _routed(e)
        and len(exposed) > 1
        and not e.label_ports
        and any("traefik.http.routers" in key for key in e.labels)
        and _statuses(e, 502, 504)
    ):
        return Found((("insp", f"exposed: {', '.join(exposed)}"), *_statuses(e, 502, 504)), "medium")
    return None


@rule(
    "NET-3",
    "network_isolation",
    "high",
    "the proxy cannot open a connection to the application",
    "Look at firewalls of the server and at the networks of both; restart the proxy when many applications have this.",
)
def _unreachable(e: Evidence) -> Found | None:
    seen = _broken_probe(e)
    if not seen or not e.networks & e.proxy_networks or not re.search(r"timed out|timeout|unreachable|No route", seen, re.IGNORECASE):
        return None
    # GNU's wget says when it was connected; BusyBox' says "download timed out" of both, but then Traefik answers 504 after its 30 s only when
    # it could not connect
    connected = re.search(r"Read error|in headers|awaiting response", seen)
    failing = _statuses(e, 502, 504)
    if connected or ("download timed out" in seen and not failing):
        return None
    return Found((("probe", seen), *failing), "certain")


@rule(
    "PRX-1",
    "proxy_upstream",
    "medium",
    "uploads or answers take longer than the proxy allows",
    "Raise respondingTimeouts.readTimeout of the entrypoints in the proxy's configuration; Traefik's is 60 s.",
)
def _read_timeout(e: Evidence) -> Found | None:
    line = _first(
        [*e.logs, *e.proxy_log],
        r"upload.*(timed? ?out|aborted|reset)|unexpected EOF|client disconnected|i/o timeout.*(body|read)|Bad Request.*EOF|"
        r"request body.*(incomplete|timeout)",
    )
    slow = [
        ("http", f"{domain.url} ends after {domain.exchange.seconds:.0f} s")
        for domain in e.domains
        if domain.exchange and 55 <= domain.exchange.seconds <= 70
    ]
    if line and (slow or re.search("upload|body|EOF", line, re.IGNORECASE)):
        return Found((("clog", line), *slow), "high" if slow else "medium")
    return Found(tuple(slow), "medium") if slow else None


@rule(
    "APP-1",
    "application_startup",
    "high",
    "the application accepts connections and does not answer",
    "It is busy or hangs: look at its log, its workers (too few?) and what it waits for, such as a database or another service.",
)
def _hangs(e: Evidence) -> Found | None:
    container, port = e.container, _target_port(e)
    if container is None or container.get("state") != "running":
        return None
    slow = [
        (
            "http",
            f"{domain.url} {f'answers {domain.status}' if domain.status else domain.exchange.error} after {domain.exchange.seconds:.0f} s",
        )
        for domain in e.domains
        if domain.exchange and domain.exchange.seconds >= SLOW_SECONDS and (domain.status in (None, 504, 502, 499) or domain.status == 200)
    ]
    if not slow or (port and e.listening is not None and not _on(e, port)):
        return None
    if any(item.get("status") and (item.get("seconds") or 0) < SLOW_SECONDS for item in e.probes()):
        return None  # it answers, only not to the proxy's visitors
    probe = next(
        (
            item
            for item in e.probes()
            if item.get("status") is None and re.search("timed out|timeout", str(item.get("error")), re.IGNORECASE)
        ),
        None,
    )
    more = [("probe", f"from the proxy it does not answer either: {probe['error']}")] if probe else []
    listens = [("insp", f"port {port} listens")] if e.listening is not None and port else []
    return Found((*slow, *listens, *more), "high" if listens or more else "medium")


# --- what explains less: said when nothing better is found -------------------------------------------------------------------------------


@rule(
    "HC-1",
    "health_check",
    "high",
    "the new container did not become healthy, so Coolify kept the old one",
    "Read the lines after 'Healthcheck logs' in the deployment's log; mend the health check or the application.",
)
def _not_healthy(e: Evidence) -> Found | None:
    line = _first(e.deployment_log, r"New container is not healthy")
    return (
        Found((("dlog", line), ("api", f"the deployment is {e.latest.get('status')}")), "high")
        if line and e.latest.get("status") == "failed"
        else None
    )


@rule(
    "HC-0",
    "health_check",
    "high",
    "the container is unhealthy, so the proxy sends it no requests",
    "Read what its health check says, and mend that or the application.",
)
def _unhealthy(e: Evidence) -> Found | None:
    container = e.container
    if container and container.get("state") == "running" and container.get("health") == "unhealthy":
        output = next((_end_of(text) for text in e.health_outputs if text.strip()), "")
        return Found(
            (("insp", f"{container.get('name')} is unhealthy{f': {output}' if output else ''}"), *_statuses(e, 503, 404)), "medium"
        )
    if container is None and e.status == "running:unhealthy":
        return Found((("api", f"Coolify says {e.status}"),), "medium")
    return None


@rule(
    "TLS-4",
    "ssl",
    "medium",
    "the proxy shows its own default certificate for {host}",
    "There is no route or no certificate for it: look at the proxy's log, port 80 and the DNS record; deploy again when the route is "
    "missing.",
)
def _default_certificate(e: Evidence) -> Found | None:
    for domain in e.domains:
        if domain.certificate and domain.certificate.default:
            return Found(
                (("tls", f"the certificate of {domain.host} is issued by {domain.certificate.issuer}"), ("http", f"{domain.url}")),
                "medium",
                {"host": domain.host},
            )
    return None


@rule(
    "TLS-6",
    "ssl",
    "medium",
    "the certificate of {host} is not trusted: {why}",
    "Look at the proxy's log for why there is no certificate of Let's Encrypt; an origin certificate of a CDN is only trusted by the CDN.",
)
def _untrusted(e: Evidence) -> Found | None:
    for domain in e.domains:
        shown = domain.certificate
        if shown and shown.error and shown.reached and not shown.default:
            return Found((("tls", f"{domain.host}: {shown.error}"),), "medium", {"host": domain.host, "why": shown.error})
    return None


@rule(
    "DEP-1",
    "deployment",
    "high",
    "the last deployment failed: {line}",
    "Read the deployment's log; its last lines are in last_logs_sample.",
)
def _failed(e: Evidence) -> Found | None:
    if e.latest.get("status") != "failed":
        return None
    line = _telling(e.deployment_log) or "its log is not readable"
    return Found((("api", f"deployment {e.latest.get('deployment_uuid')} failed"), ("dlog", line)), "medium", {"line": line})


@rule("APP-2", "application_startup", "medium", "the application itself answers {status}", "Read its log; requests reach it.")
def _own_error(e: Evidence) -> Found | None:
    own = [
        domain
        for domain in e.domains
        if domain.exchange and domain.status and domain.status >= 500 and not _proxys_words(domain.exchange.text, domain.status)
    ]
    if (own and e.container and e.container.get("state") == "running") or (own and e.container is None and e.state == "running"):
        line = _telling(e.logs)
        return Found(
            (("http", f"{own[0].url} answers {own[0].status}"), *([("clog", line)] if line else [])),
            "medium" if line else "low",
            {"status": own[0].status},
        )
    return None


def _proxys_words(text: str, status: int) -> bool:
    """Traefik's own answers are these words and nothing else."""
    return (
        text.strip().lower() in ("bad gateway", "gateway timeout", "no available server", "service unavailable", "404 page not found", "")
        or status == 504
    )


@rule(
    "LIM-1",
    "server_health",
    "medium",
    "the server is short of {what}",
    "Find what uses it (docker stats), move something to another server, or give it more.",
)
def _pressure(e: Evidence) -> Found | None:
    metrics = (e.host or {}).get("metrics") or {}
    limits = (("memory_usage_percent", 95, "memory"), ("cpu_usage_percent", 90, "CPU"), ("disk_usage_percent", 90, "disk"))
    high = [(name, what) for name, limit, what in limits if (metrics.get(name) or 0) > limit]
    if not high:
        return None
    return Found(
        tuple(("host", f"{name} is {metrics[name]:g}") for name, _what in high),
        "medium" if not e.sick else "high",
        {"what": " and ".join(what for _name, what in high)},
    )


# --- worth knowing -------------------------------------------------------------------------------------------------------------------


@rule(
    "ENV-5",
    "application_startup",
    "high",
    "required variables are empty: {keys}",
    "Set them.",
    "coolify_env: {application: {name}, variables: {…}}",
)
def _required(e: Evidence) -> Found | None:
    keys = [
        row["key"]
        for row in e.variables or ()
        if row.get("is_really_required") and not row.get("is_preview") and "value" in row and not row["value"]
    ]
    return Found((("api", f"required and empty: {', '.join(keys)}"),), "high", {"keys": ", ".join(keys)}) if keys else None


@rule(
    "ENV-1",
    "application_startup",
    "high",
    "a variable is cut or changed by the shell: {keys}",
    "Set is_literal: true for them.",
    "coolify_env: {application: {name}, is_literal: true, variables: {…}}",
)
def _shell(e: Evidence) -> Found | None:
    line = _first(
        [*e.logs, *e.deployment_log],
        r"\.env: line \d+: unexpected character|The \"\w+\" variable is not set\. Defaulting to a blank string|unterminated quoted",
    )
    keys = [
        row["key"]
        for row in e.variables or ()
        if not row.get("is_literal") and not row.get("is_preview") and re.search(r"\$\w|\$\{(?!\w*\})|['\"#`]", str(row.get("value") or ""))
    ]
    if line and keys:
        return Found(
            (("clog", line), ("api", f"with $, # or quotes and not literal: {', '.join(keys)}")), "certain", {"keys": ", ".join(keys)}
        )
    return None


@rule("ENV-2", "application_startup", "medium", "variables exist more than once: {keys}", "Delete the copies; Coolify uses the first.")
def _duplicates(e: Evidence) -> Found | None:
    seen: dict[tuple[str, bool], int] = {}
    for row in e.variables or ():
        seen[row["key"], bool(row.get("is_preview"))] = seen.get((row["key"], bool(row.get("is_preview"))), 0) + 1
    twice = sorted({key for (key, _preview), count in seen.items() if count > 1})
    return Found((("api", f"more than once: {', '.join(twice)}"),), "certain", {"keys": ", ".join(twice)}) if twice else None


@rule(
    "ENV-3",
    "deployment",
    "medium",
    "variables were changed after the last deployment and do not reach the container: {keys}",
    "Deploy again.",
    "coolify_deploy: {name: {name}}",
)
def _undeployed(e: Evidence) -> Found | None:
    begun = moment(e.finished[0].get("created_at")) if e.finished else None
    later = _changed_since(e, begun) if begun else []
    return Found((("api", f"changed since: {', '.join(later)}"),), "high", {"keys": ", ".join(later)}) if later else None


@rule(
    "NET-4",
    "network_port",
    "low",
    "it publishes host ports and is routed by the proxy as well",
    "Remove ports_mappings: the proxy reaches it inside the network, and rolling updates are not possible with a host port.",
)
def _double(e: Evidence) -> Found | None:
    if e.resource.get("ports_mappings") and e.domains:
        return Found((("api", f"ports_mappings is {e.resource['ports_mappings']}"), ("api", "it has domains")), "medium")
    return None


@rule("ENV-4", "build", "low", "secrets are given to the build: {keys}", "Set is_buildtime: false for them, or use_build_secrets.")
def _build_secret(e: Evidence) -> Found | None:
    words = re.compile(r"(^|_)(SECRET|TOKEN|PASSWORD|PASSWD|PRIVATE|API_?KEY)(_|$)", re.IGNORECASE)
    keys = [row["key"] for row in e.variables or () if row.get("is_buildtime") and not row.get("is_preview") and words.search(row["key"])]
    built = e.resource.get("build_pack") not in (None, "dockerimage")
    return Found((("api", f"build-time: {', '.join(keys)}"),), "medium", {"keys": ", ".join(keys)}) if keys and built else None


@rule(
    "LBL-3",
    "proxy",
    "low",
    "Coolify does not generate the labels of this application any more",
    "Own them, or have them reset: 'Reset Labels to Defaults' on the application's page.",
)
def _own_labels(e: Evidence) -> Found | None:
    if (e.resource.get("settings") or {}).get("is_container_label_readonly_enabled") is False:
        return Found((("api", "is_container_label_readonly_enabled is false"),), "medium")
    return None


@rule("HC-8", "deployment", "low", "deployments of it have a downtime: {why}", "Remove what prevents rolling updates, where that matters.")
def _no_rolling(e: Evidence) -> Found | None:
    line = _first(
        e.deployment_log,
        r"rolling update is not supported|Consistent container name feature enabled|Custom internal name is set|Custom IP address is set",
    )
    return Found((("dlog", line),), "certain", {"why": line}) if line else None


@rule("REG-4", "build", "low", "there is no build server, the server itself builds", "Add a build server, where builds disturb what runs.")
def _no_build_server(e: Evidence) -> Found | None:
    return _said("dlog", e.deployment_log, r"No suitable build server found")


@rule("BLD-4", "build", "low", "the build was slow because there was no cache: {text}", "Nothing to do; disable_build_cache off keeps it.")
def _no_cache(e: Evidence) -> Found | None:
    line = _first(e.deployment_log, r"Docker build cache is disabled|Build configuration changed\. Rebuilding image")
    return Found((("dlog", line),), "certain", {"text": line}) if line else None


def _sick(e: Evidence) -> tuple[tuple[str, str], ...]:
    """What Coolify or the engine says of the health, as a second kind of evidence."""
    if e.latest.get("status") == "failed":
        return (("api", "the last deployment failed"),)
    return (("api", f"Coolify says {e.status}"),) if "unhealthy" in e.status else ()
