# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How Coolify judges a request before a controller sees it, and how an answer leaves it (applications.md 1)."""

from __future__ import annotations

import ipaddress
import json
import typing as t
from dataclasses import dataclass, field

import flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

from .core import Coolify, Crash, Refused, Row, Token, refuse
from .php import clean, pretty_json, text_of, web_json
from .versions import VERSIONS, within

RATE_LIMIT = 200
WINDOW = 60.0
DOCS = "https://coolify.io/docs"


@dataclass
class Call:
    """A judged request. ``input`` is query and body together, cleaned as Laravel's middleware does it."""

    coolify: Coolify
    token: Token
    params: dict[str, str]
    input: dict[str, t.Any]

    @property
    def team(self) -> int:
        return self.token.team

    @property
    def sensitive(self) -> bool:
        return self.token.sensitive

    def find(self, table: str, what: str, dot: str = ".", param: str = "uuid") -> Row:
        """The team's resource of the uuid in the path; 404 otherwise."""
        row = next((row for row in self.coolify.owned(table, self.team, uuid=self.params[param])), None)
        return row if row else refuse(404, f"{what} not found{dot}")

    def mine(self, table: str, what: str, param: str = "uuid", dot: str = ".") -> Row:
        """Like find, for rows that carry their team themselves."""
        row = self.coolify.one(table, uuid=self.params[param], team_id=self.team)
        return row if row else refuse(404, f"{what} not found{dot}")


Handler = t.Callable[[Call], t.Any]


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    ability: str
    handler: Handler
    since: str | None = None
    until: str | None = None
    json: bool = False
    """Whether the body has to be JSON."""
    write: bool = False
    """Whether it may change something. Not the verb says so: before 4.2.0 GET deployed."""


ROUTES: list[Route] = []
OBSERVERS: list[t.Callable[[Route, Call, t.Any], None]] = []
"""Told of each request that succeeded, with the body of its answer."""


def route(
    method: str,
    path: str,
    ability: str = "",
    *,
    since: str | None = None,
    until: str | None = None,
    json: bool = False,
    write: bool | None = None,
) -> t.Callable[[Handler], Handler]:
    """Register a handler. It returns the body, or (status, body)."""

    def register(handler: Handler) -> Handler:
        needs = ability or ("read" if method == "GET" else "write")
        ROUTES.append(Route(method, path, needs, handler, since, until, json, method != "GET" if write is None else write))
        return handler

    return register


def observer(function: t.Callable[[Route, Call, t.Any], None]) -> t.Callable[[Route, Call, t.Any], None]:
    OBSERVERS.append(function)
    return function


def action(path: str, ability: str = "deploy", *, post_since: str | None = None) -> t.Callable[[Handler], Handler]:
    """A POST that was a GET before 4.2.0, which answers 405 since."""

    def register(handler: Handler) -> Handler:
        route("POST", path, ability, since=post_since)(handler)
        route("GET", path, ability, until="4.2.0", write=True)(handler)
        route("GET", path, ability, since="4.2.0")(moved)
        return handler

    return register


def moved(call: Call) -> t.NoReturn:
    raise Refused(405, {"message": "This endpoint has changed to a POST request."}, {"Allow": "POST"})


def route_map(version: str) -> Map:
    return Map([Rule(r.path, methods=[r.method], endpoint=r) for r in ROUTES if within(version, r.since, r.until)], strict_slashes=False)


@dataclass
class Exchange:
    """One request as the log keeps it. ``write``: it reached a route that may change something. ``probe``: a deployment of nothing, which is
    always refused and tells whether the token may deploy; it counts as no write."""

    method: str
    path: str
    query: str
    body: t.Any
    token: str
    write: bool
    status: int = 0
    request_bytes: int = 0
    response_bytes: int = 0
    fault: str | None = None
    probe: bool = False


@dataclass
class Answer:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


class Front:
    """Everything between the socket and a controller."""

    def __init__(self) -> None:
        self.maps = {version: route_map(version) for version in VERSIONS}
        self.windows: dict[t.Any, tuple[float, int]] = {}
        self.bugs: list[str] = []

    def answer(self, coolify: Coolify, request: flask.Request, path: str, exchange: Exchange) -> Answer:
        plain = "json" not in request.headers.get("Accept", "")
        headers: dict[str, str] = {}
        try:
            return self._judge(coolify, request, path, exchange, headers)
        except Refused as refused:
            framework = refused.status == 429 and "Retry-After" in refused.headers and "X-RateLimit-Reset" in refused.headers
            body = (_page(refused.status) if plain else pretty_json(refused.body)) if framework else web_json(refused.body)
            kind = "text/html; charset=UTF-8" if framework and plain else "application/json"
            return Answer(refused.status, body, {"Content-Type": kind, **headers, **refused.headers})
        except Crash:
            body = _page(500) if plain else pretty_json({"message": "Server Error"})
            return Answer(500, body, {"Content-Type": "text/html; charset=UTF-8" if plain else "application/json", **headers})

    def _judge(self, coolify: Coolify, request: flask.Request, path: str, exchange: Exchange, headers: dict[str, str]) -> Answer:
        if path == "/health":
            return Answer(200, b"OK", {"Content-Type": "text/html; charset=UTF-8"})
        try:
            found, params = self.maps[coolify.version].bind("").match(path, request.method)
        except HTTPException:
            # Also a wrong method: there is no generic 405
            raise Refused(404, {"message": "Not found.", "docs": DOCS}) from None
        token = coolify.tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer ").strip())
        if token is None:
            refuse(401, "Unauthenticated.")
        exchange.token, exchange.write = token.name, found.write and not exchange.probe
        self._limit(coolify, token, headers)
        if not token.admin and set(token.abilities) & {"root", "write", "write:sensitive", "deploy", "read:sensitive"}:
            refuse(403, "Missing required team role.")
        switches = coolify.switches
        if not path.startswith(("/enable", "/disable")):
            if not switches.api_enabled:
                raise Refused(403, {"success": True, "message": "API is disabled."})
            if not _allowed(request.remote_addr or "", switches.allowed_ips):
                raise Refused(403, {"success": True, "message": "You are not allowed to access the API."})
        for ability in found.ability.split("+"):
            if not token.may(ability):
                refuse(403, f"Missing required permissions: {ability}")
        if found.json:
            _guard(request)
        call = Call(coolify, token, params, _input(request))
        result = found.handler(call)
        status, body = result if isinstance(result, tuple) else (200, result)
        for observe in OBSERVERS:
            observe(found, call, body)
        if isinstance(body, str):
            return Answer(status, body.encode(), {"Content-Type": "text/html; charset=UTF-8", **headers})
        return Answer(status, web_json(body), {"Content-Type": "application/json", **headers})

    def _limit(self, coolify: Coolify, token: Token, headers: dict[str, str]) -> None:
        """200 requests a minute and user; counted always, enforced only when the switch says so."""
        now = coolify.clock()
        began, count = self.windows.get(token.user, (now, 0))
        if now - began >= WINDOW:
            began, count = now, 0
        limit = coolify.switches.rate_limit
        headers.update({"X-RateLimit-Limit": str(RATE_LIMIT), "X-RateLimit-Remaining": str(max((limit or RATE_LIMIT) - count - 1, 0))})
        if limit is not None and count >= limit:
            left = coolify.switches.retry_after
            seconds = max(1, round(began + WINDOW - now)) if left is None else left
            raise Refused(
                429, {"message": "Too Many Attempts."}, {"Retry-After": str(seconds), "X-RateLimit-Reset": str(round(now + seconds))}
            )
        self.windows[token.user] = (began, count + 1)


def _page(status: int) -> bytes:
    title = {429: "Too Many Requests", 500: "Server Error"}.get(status, "Error")
    return f"<!DOCTYPE html><html><head><title>{title}</title></head><body>{title}</body></html>".encode()


def _allowed(address: str, listed: str) -> bool:
    nets = [part.strip() for part in listed.split(",") if part.strip()]
    if not nets or any(net.startswith("0.0.0.0") for net in nets):
        return True
    return any(ipaddress.ip_address(address) in ipaddress.ip_network(net, strict=False) for net in nets)


def _guard(request: flask.Request) -> None:
    if "json" not in (request.content_type or ""):
        refuse(400, "Invalid request.", error="Content-Type must be application/json.")
    try:
        data = json.loads(request.get_data() or b"null")
    except ValueError:
        data = None
    if not data and data != {}:
        refuse(400, "Invalid request.", error="Invalid JSON.")
    if not data:
        refuse(400, "Invalid request.", error="Empty JSON.")


def _input(request: flask.Request) -> dict[str, t.Any]:
    merged: dict[str, t.Any] = dict(request.args.items())
    if request.method != "GET":
        if "json" in (request.content_type or ""):
            try:
                data = json.loads(request.get_data() or b"{}")
            except ValueError:
                data = {}
            merged.update(data if isinstance(data, dict) else {})
        else:
            merged.update(request.form.items())
    return clean(merged)


def integer(value: t.Any, default: int = 0) -> int:
    """PHP's ``(int)``: leading digits, else 0."""
    digits = text_of(value).strip()
    number = digits.lstrip("+-")
    length = next((i for i, letter in enumerate(number) if not letter.isdigit()), len(number))
    return (-1 if digits.startswith("-") else 1) * int(number[:length]) if length else default
