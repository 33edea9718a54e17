# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ghcr.io and api.github.com do around a registry: exchange a login for a token, look at the token's scopes, tell them.

The registry behind it is a real one (``send`` is ``Registry.send`` of tests/lab/registry.py), or a function of a test.
``accounts`` is a file, read at each request, so that a token can expire while a test runs:

    {"octocat": {"token": "ghp_…", "scopes": "read:packages", "expired": false, "expires": "2026-12-01 10:00:00 UTC"}}

``scopes: null`` is a token that GitHub names no scopes of. Refusals have ghcr.io's words.
"""

from __future__ import annotations

import base64
import json
import secrets
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Callable
from urllib.parse import parse_qs, urlsplit

Send = Callable[[str, str, "bytes | None", "dict[str, str]"], "tuple[int, dict[str, str], bytes]"]
EXPECTED = "permission_denied: The token provided does not match expected scopes."
PASSED_ON = ("content-type", "location", "docker-content-digest", "docker-upload-uuid", "content-length")


class Ghcr:
    """``name`` is what clients call it, with the port if it is not 443."""

    def __init__(
        self, accounts: Path, send: Send, listen: tuple[str, int], name: str = "", certificate: Path | None = None, key: Path | None = None
    ) -> None:
        self.accounts = accounts
        self.send = send
        self.tokens: dict[str, str] = {}
        self.asked: list[str] = []
        """METHOD PATH of every request."""
        self.server = ThreadingHTTPServer(listen, type("Bound", (_Handler,), {"ghcr": self}))
        self.name = name or f"{listen[0]}:{self.server.server_port}"
        self.scheme = "https" if certificate else "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)

    def __enter__(self) -> Ghcr:
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_args: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def account(self, token: str) -> tuple[str, dict[str, Any]] | None:
        """Who has that token, while it is good."""
        known = json.loads(self.accounts.read_text())
        return next(((user, row) for user, row in known.items() if row["token"] == token and not row.get("expired")), None)


class _Handler(BaseHTTPRequestHandler):
    ghcr: Ghcr
    protocol_version = "HTTP/1.1"
    timeout = 30

    def log_message(self, *_args: object) -> None:
        pass

    def answer(self, status: int, content: Any = None, headers: dict[str, str] | None = None) -> None:
        body = content if isinstance(content, bytes) else b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        # Docker 20.10 takes nothing else for a registry
        version = {"Docker-Distribution-Api-Version": "registry/2.0"} if self.path.startswith("/v2/") else {}
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **version, **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def refuse(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        self.answer(status, {"errors": [{"code": code, "message": message}]}, headers)

    def handle_any(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else None
        path = urlsplit(self.path).path
        self.ghcr.asked.append(f"{self.command} {path}")
        kind, _space, value = (self.headers.get("Authorization") or "").partition(" ")
        if path == "/token":
            self.token(kind, value)
        elif path == "/user":
            self.user(value)
        elif path.startswith("/v2/"):
            self.registry(path, value if kind == "Bearer" else "", body)
        else:
            self.answer(404, {"message": "Not Found"})

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

    def token(self, kind: str, value: str) -> None:
        """The login in exchange for a token; wrong and expired ones are denied, as ghcr.io does it. The user's name does not matter there."""
        secret = ""
        if kind == "Basic":
            secret = base64.b64decode(value).decode().partition(":")[2]
            if not self.ghcr.account(secret):
                self.refuse(403, "DENIED", "denied")
                return
        if parse_qs(urlsplit(self.path).query).get("service") != [self.ghcr.name]:
            self.refuse(400, "UNSUPPORTED", "unknown service")
            return
        token = secrets.token_urlsafe(16)
        self.ghcr.tokens[token] = secret
        self.answer(200, {"token": token})

    def user(self, secret: str) -> None:
        found = self.ghcr.account(secret)
        if not found:
            self.answer(401, {"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest", "status": "401"})
            return
        user, row = found
        headers = {} if row.get("scopes") is None else {"X-OAuth-Scopes": row["scopes"]}
        if row.get("expires"):
            headers["github-authentication-token-expiration"] = row["expires"]
        self.answer(200, {"login": user}, headers)

    def registry(self, path: str, token: str, body: bytes | None) -> None:
        if token not in self.ghcr.tokens:
            challenge = (
                f'Bearer realm="{self.ghcr.scheme}://{self.ghcr.name}/token",service="{self.ghcr.name}",scope="repository:user/image:pull"'
            )
            self.refuse(401, "UNAUTHORIZED", "authentication required", {"WWW-Authenticate": challenge})
            return
        secret = self.ghcr.tokens[token]
        found = self.ghcr.account(secret) if secret else None
        if path == "/v2/":
            self.answer(200, {}) if found else self.refuse(401, "UNAUTHORIZED", "unauthorized")
            return
        if not found:
            self.refuse(401, "UNAUTHORIZED", "authentication required")
            return
        # What GitHub names no scopes of, a GITHUB_TOKEN, may do what its workflow may
        granted = found[1].get("scopes")
        needed = {"read:packages", "write:packages"} if self.command in ("GET", "HEAD") else {"write:packages"}
        if granted is not None and not needed & {scope.strip() for scope in granted.split(",")}:
            self.refuse(403, "DENIED", EXPECTED)
            return
        # Docker sends a line for each kind that it takes
        headers = {name: ", ".join(self.headers.get_all(name, [])) for name in ("Accept", "Content-Type") if name in self.headers}
        status, given, content = self.ghcr.send(self.command, self.path, body, headers)
        self.answer(status, content, {name: value for name, value in given.items() if name.lower() in PASSED_ON})
