# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""coolify_doctor: whether this controller, this token, this Coolify and its servers fit together, one line each.

Coolify judges a request in this order: the token, its owner's role, whether the API is on, the caller's address, the token's ability. What is
behind the first that refuses cannot be known, and is said to be skipped.
"""

from __future__ import annotations

import time
import typing as t
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from .._client import ADVICE, FORBIDDEN, error_of, version_tuple
from .._context import Context, Module
from .._diagnosis import probes
from .._errors import ApiError, CoolifyError, Unreachable
from .._http import LOOPBACK, Answer, is_plain_http
from . import estate
from .info import _token

SUPPORTED = ("4.0.0", "4.5")
RECORDED = ("4.1.2", "4.4")
"""Recordings of a real Coolify of these versions and between are what the collection is tested against."""
MOST_SKEW = 10
"""Seconds. Registries, certificates and the tokens of GitHub Apps take less amiss than that."""
FEWEST_DAYS = 15
ABILITIES = {
    "read": "nothing at all can be done without it",
    "read:sensitive": "values of variables and passwords cannot be compared, the lookup secret and (from 4.4 on) logs cannot be read",
    "write": "nothing can be created, changed or deleted: only modules that read work",
    "deploy": "nothing can be deployed, started, stopped or restarted",
}
ALL = ("address", "tls", "token", "api", "ip", "version", *ABILITIES, "server", "clock")
CREATE = "Create a token with it under Keys & Tokens → API tokens"


class Lines:
    """What was found out, in order."""

    def __init__(self) -> None:
        self.checks: list[dict[str, t.Any]] = []

    def add(self, check: str, outcome: str, reason: str, todo: str = "", subject: str | None = None) -> None:
        self.checks.append({"check": check, "subject": subject, "outcome": outcome, "reason": reason, "todo": todo or None})

    def passed(self, check: str, reason: str, subject: str | None = None) -> None:
        self.add(check, "passed", reason, subject=subject)

    def failed(self, check: str, reason: str, todo: str, subject: str | None = None) -> None:
        self.add(check, "failed", reason, todo, subject)

    def rest(self, reason: str) -> None:
        """Skip what nothing was said about."""
        said = {line["check"] for line in self.checks}
        for check in ALL:
            if check not in said:
                self.add(check, "skipped", reason)


def gather(ctx: Context) -> dict[str, t.Any]:
    """The module's function."""
    lines, servers = Lines(), []
    if ctx.options["hosts"] is None:
        servers = examine(ctx, lines)
        lines.checks.sort(key=lambda line: ALL.index(line["check"]))
    else:
        for host in ctx.options["hosts"]:
            judge_host(lines, host)
    count = {outcome: sum(line["outcome"] == outcome for line in lines.checks) for outcome in ("passed", "failed", "skipped")}
    return {"status": "issues_detected" if count["failed"] else "healthy", "checks": lines.checks, "summary": count, "servers": servers}


def examine(ctx: Context, lines: Lines) -> list[dict[str, t.Any]]:
    """Coolify itself; returns the servers with the way to them, as far as they can be known."""
    answered = _address(ctx, lines)
    if answered is None:
        lines.rest("Coolify's API was not reached")
        return []
    _tls(ctx, lines)
    _clock(lines, *answered)
    refused = _admitted(ctx, lines)
    if refused:
        lines.rest(refused)
        return []
    can_read = _abilities(ctx, lines)
    servers = _servers(ctx, lines) if can_read else []
    lines.rest("it needs a token with read")
    return servers


def _address(ctx: Context, lines: Lines) -> tuple[Answer, float, float] | None:
    """The answer to a request that needs no token, and the moments around it; None when nothing else needs to be tried."""
    http = ctx.client.http
    before = time.time()
    try:
        answer = http.send("GET", "/health")
    except Unreachable as error:
        if error.stage == "ssl":
            lines.passed("address", f"something listens at {http.url}")
            lines.failed("tls", str(error), error.troubleshooting)
        else:
            lines.failed("address", str(error), error.troubleshooting)
        return None
    except CoolifyError as error:
        lines.failed("address", str(error), error.troubleshooting)
        return None
    if 300 <= answer.status < 400:
        target = answer.headers.get("Location", "elsewhere").split("?")[0]
        todo = "Use the address that the panel really has as url (https:// instead of http://, no login page in front)."
        lines.failed("address", f"{http.url} redirects to {target}", todo)
        return None
    if answer.status == 503:
        lines.failed("address", f"{http.url} answers 503", ADVICE[503])
        return None
    if answer.status != 200 or answer.text.strip() != "OK":
        reason = f"what answers at {http.url} is not Coolify: GET /api/v1/health gave {answer.status} and not OK"
        lines.failed("address", reason, "Use the address of the Coolify panel itself as url, not of an application or of a login page.")
        return None
    lines.passed("address", f"Coolify answers at {http.url}")
    return answer, before, time.time()


def _tls(ctx: Context, lines: Lines) -> None:
    http = ctx.client.http
    parts = urlsplit(http.url)
    if parts.scheme == "http":
        if is_plain_http(http.url):
            todo = "Give Coolify a domain with https:// under Settings, and use that as url."
            lines.failed("tls", "http:// is not encrypted, and the token travels in clear text", todo)
        else:
            lines.add("tls", "skipped", f"{parts.hostname} is this machine itself: {', '.join(LOOPBACK)} need no TLS")
        return
    if http.verify is False:
        lines.add("tls", "skipped", "validate_certs is false, so anybody could answer", "Give the CA as ca_path instead.")
        return
    found = probes.certificate(str(parts.hostname), parts.port or 443, ctx.options["ca_path"])
    if found.days is None:
        # The request itself was verified; a proxy in between, for example
        lines.passed("tls", "the certificate is trusted")
    elif found.days < FEWEST_DAYS:
        lines.failed(
            "tls", f"the certificate expires in {found.days:g} days", "Renew it; Coolify's proxy does so by itself when port 80 is open."
        )
    else:
        lines.passed("tls", f"the certificate is trusted for another {found.days:.0f} days")


def _clock(lines: Lines, answer: Answer, before: float, after: float) -> None:
    try:
        told = parsedate_to_datetime(answer.headers["Date"]).timestamp()
    except (KeyError, TypeError, ValueError):
        lines.add("clock", "skipped", "the answer has no Date")
        return
    # Told in whole seconds
    _skew(lines, max(before - told - 1, told - after, 0.0), "Coolify", None)


def _skew(lines: Lines, seconds: float, whose: str, subject: str | None) -> None:
    if seconds > MOST_SKEW:
        todo = f"Let NTP set the clocks (timedatectl set-ntp true) of {whose} and of this controller."
        lines.failed("clock", f"the clock of {whose} and this controller's differ by {seconds:.0f} s", todo, subject)
    else:
        lines.passed("clock", f"the clock of {whose} agrees with this controller's", subject)


def _admitted(ctx: Context, lines: Lines) -> str:
    """Token, API, address and version, by one request; returns why nothing further can be asked, or an empty text."""
    try:
        answer = ctx.client.http.send("GET", "/version")
    except CoolifyError as error:
        lines.failed("api", str(error), error.troubleshooting)
        return "Coolify's API does not answer"
    if answer.status == 401:
        lines.failed("token", "Coolify does not know this token", ADVICE[401])
        return "Coolify judges the token first"
    lines.passed("token", "Coolify knows it")
    if answer.status == 403:
        return _forbidden(lines, error_of(answer, "GET", "/version"))
    if answer.status != 200:
        error = error_of(answer, "GET", "/version")
        lines.failed("api", str(error), error.troubleshooting)
        return "Coolify's API does not work"
    lines.passed("api", "it is switched on")
    lines.passed("ip", "this controller's address may use the API")
    _version(lines, answer.text.strip().lstrip("v"))
    return ""


def _forbidden(lines: Lines, error: ApiError) -> str:
    patterns = [pattern for pattern, _todo in FORBIDDEN if pattern]
    which = next((pattern for pattern in patterns if pattern in error.answer), "")
    if which == "API is disabled":
        lines.failed("api", "the API is switched off", error.troubleshooting)
        return "the API is switched off"
    if which == "not allowed to access the API":
        lines.passed("api", "it is switched on")
        lines.failed("ip", "Coolify does not allow this controller's address", error.troubleshooting)
        return "Coolify refuses this controller's address"
    if which == "Missing required permissions":
        lines.passed("api", "it is switched on")
        lines.passed("ip", "this controller's address may use the API")
        lines.failed("read", f"the token lacks it: {ABILITIES['read']}", f"{CREATE}.")
        return "the token may not read"
    lines.checks.pop()
    lines.failed("token", f"Coolify knows it and refuses it: {error.answer or 'no reason given'}", error.troubleshooting)
    return "Coolify refuses the token"


def _version(lines: Lines, version: str) -> None:
    try:
        number = version_tuple(version)
    except ValueError:
        number = (0, 0, 0)
    if number < version_tuple(SUPPORTED[0]):
        lines.failed("version", f"Coolify {version} is older than {SUPPORTED[0]}", "Upgrade Coolify.")
    elif number[:2] > version_tuple(SUPPORTED[1])[:2]:
        todo = "Upgrade this collection, and look at changes in check mode first."
        lines.failed("version", f"Coolify {version} is newer than what this collection knows ({SUPPORTED[0]} to {SUPPORTED[1]})", todo)
    elif version_tuple(RECORDED[0]) <= number <= version_tuple(RECORDED[1]):
        lines.passed("version", f"{version}, within what was tested against recordings of a real Coolify ({RECORDED[0]} to {RECORDED[1]})")
    else:
        lines.passed(
            "version", f"{version}, known from reading Coolify's code; tested against recordings are {RECORDED[0]} to {RECORDED[1]}"
        )


def _abilities(ctx: Context, lines: Lines) -> bool:
    """What the token may do and what it therefore cannot; whether it may read."""
    try:
        found = _token(ctx)["abilities"]
    except CoolifyError as error:
        lines.failed("read", str(error), error.troubleshooting)
        return False
    for ability, without in ABILITIES.items():
        may = found[ability]
        if may:
            lines.passed(ability, "the token has it")
        elif may is None:
            lines.add(ability, "skipped", "there is no private key in the team by which it could be told")
        elif ability not in ctx.options["abilities"]:
            lines.add(ability, "skipped", f"the token lacks it, which is meant to be so: {without}")
        else:
            owner = "; its owner has to be an admin of the team" if ability != "read" else ""
            lines.failed(ability, f"the token lacks it: {without}", f"{CREATE}{owner}. Or leave {ability} out of abilities.")
    return bool(found["read"])


def _servers(ctx: Context, lines: Lines) -> list[dict[str, t.Any]]:
    try:
        items = estate.servers(ctx.client)
    except CoolifyError as error:
        lines.failed("server", str(error), error.troubleshooting)
        return []
    for item in items:
        where = f"{item['user']}@{item['ip']}:{item['port']}"
        if not item.get("is_reachable"):
            todo = "Open the server in Coolify and validate it: its SSH key, user, port and firewall, or whether it runs at all."
            lines.failed("server", f"Coolify cannot reach it as {where}", todo, item["name"])
        elif not item.get("is_usable"):
            todo = "Open the server in Coolify and validate it; that installs Docker where it is missing."
            lines.failed("server", f"Coolify reaches it as {where} and cannot use it", todo, item["name"])
        else:
            lines.passed("server", f"Coolify reaches and uses it as {where}", item["name"])
    if not items:
        lines.failed("server", "the team has no server", "Add one in Coolify under Servers.")
    return [{name: item.get(name) for name in ("uuid", "name", "address", "port", "user", "is_coolify_host")} for item in items]


def judge_host(lines: Lines, host: t.Mapping[str, t.Any]) -> None:
    """What was found out on one host, from here."""
    name, told = host["name"], host.get("evidence") or {}
    if host.get("unreachable"):
        todo = "Let `ansible -m ping` work first: the address, the SSH key, user and port, and the host key in known_hosts."
        lines.failed("ssh", _one_line(host.get("error")), todo, name)
        for check in ("docker", "clock"):
            lines.add(check, "skipped", "the host was not reached", subject=name)
        return
    lines.passed("ssh", "this controller can log in", name)
    if not told:
        lines.failed(
            "docker", _one_line(host.get("error")), "Let modules run there: Python 3.8 or later, and sudo without a password.", name
        )
        lines.add("clock", "skipped", "nothing ran on the host", subject=name)
        return
    docker = told.get("docker")
    if docker and docker.get("version") and not docker.get("error"):
        lines.passed("docker", f"Docker {docker['version']}", name)
    elif docker:
        todo = "Start Docker, or let the user that looks use it: with become, or in the group docker."
        lines.failed("docker", _one_line(docker.get("error") or "the engine does not answer"), todo, name)
    else:
        lines.failed("docker", "there is no Docker", "Validate the server in Coolify; that installs Docker.", name)
    clock = told.get("clock_utc")
    if clock is None or host.get("before") is None or host.get("after") is None:
        lines.add("clock", "skipped", "its clock was not read", subject=name)
    else:
        _skew(lines, max(float(host["before"]) - clock, clock - float(host["after"]), 0.0), name, name)


def _one_line(text: t.Any) -> str:
    # ansible-core 2.19 puts its own words in front
    return " ".join(str(text or "no reason was given").split()).replace("Task failed: ", "", 1)[:300]


def sentence(line: t.Mapping[str, t.Any]) -> str:
    what = f"{line['check']} {line['subject']}" if line["subject"] else line["check"]
    return f"{line['outcome']:7} {what}: {line['reason']}" + (f". To do: {line['todo']}" if line["todo"] else "")


def _said(ctx: Context) -> dict[str, t.Any]:
    result = gather(ctx)
    return {**result, "lines": [sentence(line) for line in result["checks"]]}


MODULE = Module(
    "coolify_doctor",
    {
        "abilities": {"type": "list", "elements": "str", "choices": list(ABILITIES), "default": list(ABILITIES)},
        "hosts": {
            "type": "list",
            "elements": "dict",
            "options": {
                "name": {"type": "str", "required": True},
                "unreachable": {"type": "bool", "default": False},
                "error": {"type": "str"},
                "evidence": {"type": "dict"},
                "before": {"type": "float"},
                "after": {"type": "float"},
            },
        },
    },
    gather=_said,
)
