# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of deployments share: a web server as the application, whose answers depend on what Coolify says is running."""

from __future__ import annotations

import copy
import threading
import typing as t
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from ansible_collections.selfhosted.coolify.plugins.module_utils._fields import decoded

IMAGE = {
    "project": "demo",
    "name": "web",
    "server": "localhost",
    "type": "dockerimage",
    "docker_registry_image_name": "nginx",
    "docker_registry_image_tag": "good",
    "ports_exposes": 80,
}
GIT = {
    "project": "demo",
    "name": "web",
    "server": "localhost",
    "type": "public",
    "git_repository": "https://github.com/coollabsio/coolify-examples",
    "git_branch": "main",
    "build_pack": "nixpacks",
    "ports_exposes": 3000,
}
DEPLOY = {"project": "demo", "name": "web", "verify_timeout": 20}


class Site:
    """What answers on the application's domain: 200 unless the running image or commit is in ``broken``."""

    def __init__(self, simulator) -> None:
        self.simulator = simulator
        self.broken: set[str] = set()
        self.asked = 0
        self.headers: list[dict[str, str]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked += 1
                site.headers.append(dict(self.headers))
                status = site.status()
                body = f"status {status} of {self.path}".encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: t.Any) -> None:
                pass

        # A connection that the queue drops comes back after a second, which would look like a slow site
        self.server = type("Server", (ThreadingHTTPServer,), {"request_queue_size": 128})(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def status(self) -> int:
        rows = list(self.simulator.coolify.tables.get("applications", {}).values())
        if not rows or not rows[0]["status"].startswith("running"):
            return 503
        running = str(rows[0].get("_running"))
        return 500 if any(part in running for part in self.broken) else 200


def held(simulator) -> dict:
    """The state apart from times and from what happened: the history of deployments, the audit log."""
    state = copy.deepcopy(simulator.state())
    for table in ("deployments", "audit_events"):
        state.pop(table, None)
    for rows in state.values():
        for row in rows.values():
            if "description" in row:
                # Coolify stores what was cleared as an empty text
                row["description"] = row["description"] or None
            for key in ("updated_at", "last_online_at", "_hashes", "_deployed", "_stopped_by"):
                row.pop(key, None)
            if row.get("custom_labels"):
                row["custom_labels"] = decoded(row["custom_labels"])
    return state


def changed_since(start: dict, simulator) -> list:
    """(table, id, column, before, after) for everything that differs from an earlier ``held``."""
    end = held(simulator)
    return [
        (table, number, column, one, other)
        for table in sorted({*start, *end})
        for number in sorted({*start.get(table, {}), *end.get(table, {})})
        for before, after in [(start.get(table, {}).get(number, {}), end.get(table, {}).get(number, {}))]
        for column in sorted({*before, *after})
        for one, other in [(before.get(column), after.get(column))]
        if one != other
    ]


def running(simulator) -> str:
    return next(iter(simulator.coolify.tables["applications"].values()))["_running"]
