# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role static_site through its playbook, in a real ansible-playbook on the simulator."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
import typing as t
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ansible_collections.selfhosted.coolify.tests.unit.deploying import changed_since, held, running

HEADERS = {"X-Frame-Options": "SAMEORIGIN", "X-Content-Type-Options": "nosniff", "X-XSS-Protection": "0"}
HEADERS.update({"Referrer-Policy": "strict-origin-when-cross-origin", "Permissions-Policy": "geolocation=(), microphone=(), camera=()"})
FILES = {
    "/": ("text/html", '<link rel="stylesheet" href="/assets/main.css"><img src="logo.png">'),
    "/health": ("text/plain", "OK\n"),
    "/assets/main.css": ("text/css", "body { background: url(dots.svg) }"),
    "/assets/dots.svg": ("image/svg+xml", "<svg/>"),
    "/logo.png": ("image/png", "png"),
}


class Visited:
    """The site as Coolify deploys it: what is in ``lost`` is missing from the version of that commit."""

    def __init__(self, simulator) -> None:
        self.lost: dict[str, str] = {}
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                rows = list(simulator.coolify.tables.get("applications", {}).values())
                up = bool(rows) and rows[0]["status"].startswith("running")
                path = self.path.partition("?")[0]
                found = path in FILES and site.lost.get(str(rows[0].get("_running")) if rows else "") != path
                kind, text = FILES[path] if found else ("text/plain", "not found")
                self.send_response(503 if not up else 200 if found else 404)
                for name, value in {**HEADERS, "Content-Type": kind, "Content-Length": str(len(text))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *args: t.Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def visited(simulator) -> t.Iterator[Visited]:
    visited = Visited(simulator)
    yield visited
    visited.server.shutdown()
    visited.server.server_close()


class Play:
    def __init__(self, simulator, folder, variables: dict[str, t.Any]) -> None:
        self.simulator, self.folder, self.variables = simulator, folder, variables

    def __call__(self, *arguments: str, fails: bool = False, **variables: t.Any) -> str:
        """The output; a run that ends otherwise than expected is an error."""
        given = {"ansible_python_interpreter": sys.executable, **self.variables, **variables}
        (self.folder / "site.json").write_text(json.dumps(given))
        command = [
            "ansible-playbook",
            "-i",
            "localhost,",
            "-c",
            "local",
            "selfhosted.coolify.static_site",
            "-e",
            f"@{self.folder}/site.json",
        ]
        environment = {
            **os.environ,
            "COOLIFY_URL": self.simulator.url,
            "COOLIFY_TOKEN": self.simulator.tokens["root"],
            "ANSIBLE_NOCOLOR": "1",
        }
        done = subprocess.run(
            [*command, *arguments], cwd=self.folder, env=environment, capture_output=True, text=True, check=False, timeout=240
        )
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        assert self.simulator.tokens["root"] not in done.stdout + done.stderr
        return done.stdout

    def changes(self, *arguments: str, **variables: t.Any) -> int:
        return int(re.search(r"changed=(\d+)", self(*arguments, **variables).rpartition("PLAY RECAP")[2])[1])


@pytest.fixture
def play(server, visited, tmp_path) -> Play:
    # The play is another process, which waits in real time
    server.reset(clock=time.monotonic, deploy_seconds=0.2, status_seconds=0.2)
    variables = {
        "static_site_project": "web",
        "static_site_name": "landing",
        "static_site_server": "localhost",
        "static_site_repository": "https://github.com/acme/landing",
        "static_site_domains": ["http://127.0.0.1"],
        "static_site_proxy_ports": {"http": visited.server.server_port},
        "static_site_verify_timeout": 5,
        "static_site_deploy_timeout": 20,
    }
    return Play(server, tmp_path, variables)


def application(simulator) -> dict[str, t.Any]:
    return next(iter(simulator.coolify.tables["applications"].values()))


@pytest.mark.parametrize("mode", ["dockerfile", "static", "compose"])
def test_first_run_second_run_and_check_mode(play, server, visited, mode):
    if mode == "compose":
        server.coolify.switches.compose_file = "services:\n  web:\n    build: .\n"
        play.variables["static_site_port"] = 8080
    before = held(server)
    wrote = len(server.writes)
    assert play.changes("--check", static_site_mode=mode) == 2
    assert len(server.writes) == wrote and held(server) == before
    shown = play(static_site_mode=mode)
    assert "passed | health_endpoint | HTTP 200, OK" in shown and "passed | assets | all 3 are there" in shown
    assert "skipped | certificate | the site is http://" in shown and "passed | container_health | Coolify says running:healthy" in shown
    app = application(server)
    assert app["build_pack"] == {"dockerfile": "dockerfile", "static": "static", "compose": "dockercompose"}[mode]
    if mode == "static":
        assert "location = /health" in app["custom_nginx_configuration"] and app["health_check_path"] == "/health"
    if mode == "compose":
        assert json.loads(app["docker_compose_domains"])["web"]["domain"] == "http://127.0.0.1:8080"
    wrote = len(server.writes)
    assert play.changes(static_site_mode=mode) == 0
    assert len(server.writes) == wrote


def test_a_deployment_that_fails_is_undone(play, server, visited):
    play()
    before = held(server)
    server.coolify.switches.outcomes["landing"] = {"deployment": "failed", "log": ["nginx: [emerg] unexpected end of file"]}
    shown = play(static_site_limits_memory="256M", fails=True)
    assert "rolled_back" in shown and "unexpected end of file" in shown
    assert changed_since(before, server) == []


def test_a_version_that_does_not_pass_is_replaced_by_the_one_before(play, server, visited):
    play()
    first = running(server)
    server.coolify.switches.head = second = "b" * 40
    visited.lost[second] = "/logo.png"
    shown = play(static_site_deploy="always", static_site_verify_timeout=0, fails=True)
    assert f"failed | assets | {visited.url}/logo.png: HTTP 404 (from img src)" in shown
    assert "what ran before was deployed again" in shown and running(server) == first
    # Who does not want that keeps it
    shown = play(static_site_deploy="always", static_site_verify_timeout=0, static_site_rollback=False, fails=True)
    assert "was left as it is" in shown and running(server) == second


def test_a_failure_that_no_version_mends_keeps_the_new_one(play, server, visited):
    play()
    server.coolify.switches.head = second = "b" * 40
    options = {"static_site_deploy": "always", "static_site_fail_on": "skipped", "static_site_verify_timeout": 0}
    shown = play(**options, fails=True)
    assert "skipped certificate: the site is http://" in shown and "was left as it is" in shown and running(server) == second


def test_files_come_first_and_what_is_there_stays(play, server, tmp_path):
    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / ".dockerignore").write_text("mine\n")
    wrote = len(server.writes)
    shown = play("--check", "--diff", static_site_dir=str(repository))
    assert "+FROM nginx:1.28-alpine" in shown and sorted(path.name for path in repository.iterdir()) == [".dockerignore"]
    shown = play(static_site_dir=str(repository))
    assert "Dockerfile, default.conf were written" in shown and "commit and push, then run this again" in shown
    assert ".dockerignore differs from what this role would write, and was left alone" in shown
    assert (repository / ".dockerignore").read_text() == "mine\n" and len(server.writes) == wrote
    # Now they are there, and it is deployed; with consent the difference is shown and taken
    assert play.changes(static_site_dir=str(repository)) == 2 and len(server.writes) > wrote
    assert "-mine\n" in play("--check", "--diff", static_site_dir=str(repository), static_site_overwrite=True)
    assert play.changes(static_site_dir=str(repository), static_site_overwrite=True) == 1
    assert play.changes(static_site_dir=str(repository), static_site_overwrite=True) == 0


def test_a_mistake_in_the_files_stops_before_anything_is_deployed(play, server, tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM nginx:alpine\nHEALTHCHECK CMD wget -4 http://127.0.0.1/health\n")
    (tmp_path / "default.conf").write_text("server { listen 80; location = /health { return 200; } }\n")
    (tmp_path / ".dockerignore").write_text(".git\n")
    wrote = len(server.writes)
    assert "HEALTH-WGET-FLAGS" in play(static_site_dir=str(tmp_path), fails=True) and len(server.writes) == wrote


@pytest.mark.parametrize(
    "given, told",
    [
        (
            {"static_site_domains": ["https://www.example.com", "www.example.com/shop"]},
            "addresses such as https://www.example.com, without a path",
        ),
        ({"static_site_server": None}, "static_site_server"),
        ({"static_site_files": ["."]}, "names the whole repository"),
        ({"static_site_dir": "/no/such/folder"}, "there is no folder /no/such/folder"),
    ],
)
def test_wrong_options_are_named(play, server, given, told):
    variables = {name: value for name, value in {**play.variables, **given}.items() if value is not None}
    wrote = len(server.writes)
    assert told in Play(server, play.folder, variables)(fails=True) and len(server.writes) == wrote


def test_verify_alone_needs_no_coolify(play, server, visited):
    play()
    server.clear_requests()
    variables = {"static_site_domains": [visited.url], "static_site_verify_timeout": 0, "verify_only": True}
    shown = Play(server, play.folder, variables)()
    assert "passed | security_headers | 5 headers on 6 answers, error pages among them" in shown
    assert "skipped | container_health | neither host_evidence with container nor status was given" in shown
    assert server.requests == []
