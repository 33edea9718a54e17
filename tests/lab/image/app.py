# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One web application for all faults: what it does, and does wrong, stands in its environment."""

import os
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODE = os.environ.get("MODE", "")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if MODE == "hang":
            time.sleep(3600)
        if MODE == "redirect":
            return self.answer(301, "", {"Location": f"http://{self.headers['Host']}{self.path}"})
        if MODE == "login" and self.path == "/":
            return self.answer(302, "", {"Location": "/login"})
        if MODE == "error":
            print("ValueError: invalid literal for int() with base 10: ''", flush=True)
            return self.answer(500, "<h1>Server Error (500)</h1>")
        if MODE == "slow":
            time.sleep(1.5)
        known = ("/", "/health", "/login")
        return self.answer(200, "fine\n") if self.path in known else self.answer(404, "Not Found\n")

    def do_POST(self):
        # As gunicorn and Django see an upload whose connection the proxy gives up
        wanted = int(self.headers.get("Content-Length") or 0)
        try:
            got = self.rfile.read(wanted)
        except OSError as error:
            got = b""
            print(f"ERROR upload aborted: {error}", flush=True)
        if len(got) < wanted:
            print(f"ERROR upload aborted: request body incomplete, {len(got)} of {wanted} bytes", flush=True)
            self.close_connection = True
            return None
        return self.answer(200, "stored\n")

    def answer(self, status, text, headers=None):
        body = text.encode()
        self.send_response(status)
        for name, value in {"Content-Type": "text/html", "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        pass


def database():
    """A query with the program of the database itself, so that its words are the real ones."""
    address = os.environ["DATABASE_URL"]
    command = ["psql", address, "-c", "SELECT 1"] if address.startswith("postgres") else ["redis-cli", "-u", address, "PING"]
    for _attempt in range(int(os.environ.get("ATTEMPTS", "1"))):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        # redis-cli ends well whatever it is answered
        if done.returncode == 0 and ("PONG" in done.stdout or "1 row" in done.stdout):
            return
        print(f"OperationalError: {(done.stderr or done.stdout).strip()}", flush=True)
        time.sleep(1)
    sys.exit(1)


def main():
    if MODE == "crash":
        sys.exit("RuntimeError: the setting SECRET_KEY must not be empty")
    if MODE == "memory":
        held = []
        while True:
            held.append(bytearray(10_000_000))
            time.sleep(0.02)
    if "DATABASE_URL" in os.environ:
        database()
    time.sleep(float(os.environ.get("DELAY", "0")))
    if MODE == "worker":
        print("worker ready", flush=True)
        time.sleep(3600)
    host, port = os.environ.get("HOST", "0.0.0.0"), int(os.environ.get("PORT", "3000"))
    print(f"listening on {host}:{port}", flush=True)
    ThreadingHTTPServer((host, port), Handler).serve_forever()


main()
