# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The socket, the faults that can be injected, and the admin routes below /_simulator."""

from __future__ import annotations

import copy
import json
import re
import socket
import threading
import time
import traceback
import typing as t
from dataclasses import asdict, dataclass

import flask
from werkzeug.serving import WSGIRequestHandler, make_server

# Importing them registers their routes
from . import applications, databases, variables
from . import audit as _audit  # noqa: F401
from . import copies as _copies  # noqa: F401
from . import deployments as _deployments  # noqa: F401
from . import extras as _extras  # noqa: F401
from . import projects as _projects  # noqa: F401
from . import registries as _registries  # noqa: F401
from . import servers as _servers  # noqa: F401
from . import services as _services  # noqa: F401
from .core import Coolify, Fixture, Row
from .http import Answer, Exchange, Front
from .versions import VERSIONS

HTML = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in</body></html>"


@dataclass
class Fault:
    """What goes wrong with requests that match.

    kind: drop_before (connection closed, nothing done), drop_after (done, then closed), status (``status`` instead of being done),
    slow (``seconds`` before it is done), slow_after (done, then ``seconds``), truncate (half of the body), html (a page instead).
    It hits the ``nth`` matching request and the ``times - 1`` after it. With ``probe`` it hits the requests that only ask whether the token
    may deploy, otherwise none of them.
    """

    kind: str
    method: str = ".*"
    path: str = ".*"
    nth: int = 1
    times: int = 1
    status: int = 500
    seconds: float = 0.0
    headers: t.Mapping[str, str] | None = None
    body: str | None = None
    probe: bool = False
    seen: int = 0

    def hits(self, exchange: Exchange) -> bool:
        method, path, probe = exchange.method, exchange.path, exchange.probe
        if probe is not self.probe or not (re.fullmatch(self.method, method) and re.fullmatch(self.path, path)):
            return False
        self.seen += 1
        return self.nth <= self.seen < self.nth + self.times


class _Dropped(Exception):
    pass


class _Handler(WSGIRequestHandler):
    def log_request(self, *args: t.Any) -> None:
        pass

    def run_wsgi(self) -> None:
        try:
            super().run_wsgi()
        except _Dropped:
            self.close_connection = True


class Simulator:
    """One Coolify behind one HTTP server. As a context manager it serves from a thread; ``serve`` serves in the foreground."""

    def __init__(
        self,
        version: str = "4.3.11",
        port: int = 0,
        clock: t.Callable[[], float] = time.monotonic,
        tls: bool = False,
        **switches: t.Any,
    ) -> None:
        self.identity = Fixture()
        self.front = Front()
        self.faults: list[Fault] = []
        self.requests: list[Exchange] = []
        self.lock = threading.RLock()
        self._version, self._clock, self._switches = version, clock, switches
        self.reset()
        context = "adhoc" if tls else None
        self.server = make_server(
            "127.0.0.1", port, self._application(), threaded=True, request_handler=_Handler, ssl_context=context, passthrough_errors=True
        )
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server.server_port}"

    # --- for tests

    @property
    def version(self) -> str:
        return self.coolify.version

    @property
    def tokens(self) -> dict[str, str]:
        return self.identity.tokens

    @property
    def fixture(self) -> dict[str, t.Any]:
        """What replay.py reads from a fixture file."""
        return asdict(self.identity)

    @property
    def writes(self) -> list[Exchange]:
        """The requests that reached a route which may change something."""
        return [item for item in self.requests if item.write]

    @property
    def bugs(self) -> list[str]:
        """Tracebacks of the simulator itself; a test that meets one proves nothing."""
        return self.front.bugs

    def reset(self, version: str | None = None, clock: t.Callable[[], float] | None = None, **switches: t.Any) -> None:
        """A pristine instance with the same tokens and uuids; what was given at construction stays unless given anew."""
        with self.lock:
            self._version, self._clock = version or self._version, clock or self._clock
            if self._version not in VERSIONS:
                raise ValueError(f"no version {self._version}; there are {', '.join(VERSIONS)}")
            self.coolify = Coolify(self._version, self.identity, self._clock, **{**self._switches, **switches})
            self.front.windows.clear()
            self.faults.clear()
            self.requests.clear()

    def clear_requests(self) -> None:
        self.requests.clear()

    def fault(self, kind: str, **how: t.Any) -> Fault:
        self.faults.append(Fault(kind, **how))
        return self.faults[-1]

    def state(self) -> dict[str, dict[int, Row]]:
        """A copy of all tables; databases are in one table per type."""
        with self.lock:
            self.coolify.run_due()
            return copy.deepcopy(self.coolify.tables)

    def databases(self) -> list[Row]:
        state = self.state()
        return [row for kind in databases.KINDS for row in state.get(kind, {}).values()]

    def seed(self, projects: int, applications: int, variables: int) -> None:
        """Other people's projects, with applications spread over them."""
        with self.lock:
            made = [self.coolify.insert("projects", name=f"other-{number}", description="", team_id=0) for number in range(projects)]
            places = [self.coolify.insert("environments", name="production", description=None, project_id=row["id"]) for row in made]
            destination = self.coolify.one("destinations", uuid=self.identity.destination_uuid)
            for number in range(applications):
                self._seed_application(number, places[number % projects], destination, variables)

    def _seed_application(self, number: int, environment: Row, destination: Row, count: int) -> None:
        values = {**applications.DEFAULTS, "name": f"other-{number}", "build_pack": "dockerimage", "docker_registry_image_name": "nginx"}
        secrets = {f"manual_webhook_secret_{name}": "x" * 40 for name in ("github", "gitlab", "bitbucket", "gitea")}
        where = {
            "environment_id": environment["id"],
            "destination_id": destination["id"],
            "destination_type": "App\\Models\\StandaloneDocker",
        }
        app = self.coolify.insert("applications", **values, **secrets, **where, config_hash="x", settings=dict(applications.SETTINGS))
        app["custom_labels"] = ""
        for index in range(count):
            variables.add(self.coolify, app, "applications", f"VARIABLE_{index}", "value")

    # --- serving

    def __enter__(self) -> Simulator:
        self._thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc: t.Any) -> None:
        self.server.shutdown()
        self.server.server_close()

    def serve(self) -> None:
        self.server.serve_forever()

    def _application(self) -> flask.Flask:
        app = flask.Flask("simulator")
        app.url_map.strict_slashes = False
        app.config["PROPAGATE_EXCEPTIONS"] = True
        methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        app.add_url_rule("/api/health", "health", lambda: flask.Response("OK", content_type="text/html; charset=UTF-8"))
        app.add_url_rule("/api/v1/<path:path>", "api", self._api, methods=methods)
        app.add_url_rule("/_simulator/<what>", "admin", self._admin, methods=methods)
        return app

    def _api(self, path: str) -> flask.Response:
        request, where = flask.request, f"/{path}"
        body = request.get_data()
        exchange = Exchange(
            request.method, where, request.query_string.decode(), _json(body), "", False, request_bytes=_size(request, body)
        )
        exchange.probe = (request.method, where) == ("POST", "/deploy") and not body and not exchange.query
        with self.lock:
            fault = next((item for item in self.faults if item.hits(exchange)), None)
            exchange.fault = fault.kind if fault else None
            self.requests.append(exchange)
        # Without the lock, because a real instance works on several requests at a time
        if self.coolify.switches.latency:
            time.sleep(self.coolify.switches.latency)
        if fault and fault.kind == "slow":
            time.sleep(fault.seconds)
        if fault and fault.kind == "drop_before":
            _drop()
        answer = _faulty(fault) if fault and fault.kind in ("status", "html") else self._answer(where, exchange)
        exchange.status = answer.status
        if fault and fault.kind == "slow_after":
            time.sleep(fault.seconds)
        if fault and fault.kind == "drop_after":
            _drop()
        response = flask.Response(answer.body, answer.status, answer.headers)
        exchange.response_bytes = len(answer.body) + sum(len(name) + len(value) + 4 for name, value in response.headers)
        if fault and fault.kind == "truncate":
            response.set_data(answer.body[: len(answer.body) // 2])
            response.automatically_set_content_length = False
            response.headers["Content-Length"] = str(len(answer.body))
        return response

    def _answer(self, path: str, exchange: Exchange) -> Answer:
        with self.lock:
            self.coolify.run_due()
            try:
                return self.front.answer(self.coolify, flask.request, path, exchange)
            except Exception:
                self.bugs.append(traceback.format_exc())
                print(self.bugs[-1], flush=True)
                return Answer(500, b'{"message": "the simulator itself failed"}', {"Content-Type": "application/json"})

    def _admin(self, what: str) -> t.Any:
        given = _json(flask.request.get_data()) or {}
        method = flask.request.method
        if (method, what) == ("POST", "reset"):
            self.reset(**given)
        elif (method, what) == ("POST", "faults"):
            self.fault(**given)
        elif (method, what) == ("DELETE", "faults"):
            self.faults.clear()
        elif (method, what) == ("POST", "switches"):
            for name, value in given.items():
                if not hasattr(self.coolify.switches, name):
                    return {"message": f"no switch {name}"}, 404
                setattr(self.coolify.switches, name, value)
        elif (method, what) == ("POST", "seed"):
            self.seed(**given)
        elif (method, what) == ("GET", "state"):
            return self.state()
        elif (method, what) == ("GET", "requests"):
            return [asdict(item) for item in self.requests]
        elif (method, what) == ("DELETE", "requests"):
            self.clear_requests()
        elif (method, what) == ("GET", "fixture"):
            return {"url": self.url, "version": self.version, **self.fixture}
        else:
            return {"message": "no such admin route"}, 404
        return {"message": "done"}


def _json(body: bytes) -> t.Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None


def _size(request: flask.Request, body: bytes) -> int:
    return len(body) + len(request.full_path) + sum(len(name) + len(value) + 4 for name, value in request.headers)


def _faulty(fault: Fault) -> Answer:
    if fault.kind == "html":
        return Answer(fault.status if fault.status != 500 else 200, HTML, {"Content-Type": "text/html; charset=UTF-8"})
    text = fault.body if fault.body is not None else json.dumps({"message": "Server Error"}, indent=4)
    return Answer(fault.status, text.encode(), {"Content-Type": "application/json", **(fault.headers or {})})


def _drop() -> t.NoReturn:
    connection = flask.request.environ["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)
    raise _Dropped
