# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a page writes to the console of a headless Chromium, over DevTools' pipe, which needs no port and no library."""

from __future__ import annotations

import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import typing as t
from dataclasses import dataclass

OPTIONS = (
    "--headless",
    "--remote-debugging-pipe",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
)
# The browser reads commands from 3 and writes to 4; a program in between puts the pipes there
LAUNCHER = "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execvp(sys.argv[3], sys.argv[3:])"
SETTLED = 1.5
"""Seconds after the page was loaded in which its scripts may still complain."""


@dataclass(frozen=True)
class Console:
    """``errors`` are those of the page; ``problem`` says why nobody could see them."""

    errors: tuple[str, ...] = ()
    problem: str = ""


def look(program: str, url: str, seconds: float, options: t.Sequence[str] = ()) -> Console:
    """Load a page and listen. Never raises."""
    folder = tempfile.mkdtemp(prefix="coolify-site-")
    # Chromium refuses its sandbox to root
    options = [*OPTIONS, f"--user-data-dir={folder}", *(["--no-sandbox"] if os.geteuid() == 0 else []), *options, "about:blank"]
    try:
        with _Browser([program, *options], time.monotonic() + seconds) as browser:
            return browser.visit(url)
    except (OSError, ValueError, KeyError, _Late) as error:
        return Console(problem=str(error) or type(error).__name__)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Late(Exception):
    pass


class _Browser:
    def __init__(self, command: list[str], deadline: float) -> None:
        self.command, self.deadline = command, deadline
        self.number, self.rest = 0, b""
        self.events: list[dict[str, t.Any]] = []

    def __enter__(self) -> _Browser:
        theirs_in, self.out = os.pipe()
        self.into, theirs_out = os.pipe()
        # Numbers above 4, so that neither lies where the other has to go
        high = [fcntl.fcntl(number, fcntl.F_DUPFD, 10) for number in (theirs_in, theirs_out)]
        launcher = [sys.executable, "-c", LAUNCHER, *map(str, high), *self.command]
        try:
            self.process = subprocess.Popen(  # pylint: disable=ansible-bad-function
                launcher,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=high,
                start_new_session=True,
            )
        finally:
            for number in (theirs_in, theirs_out, *high):
                os.close(number)
        return self

    def __exit__(self, *_what: object) -> None:
        for number in (self.out, self.into):
            os.close(number)
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except OSError:
            pass
        self.process.wait()

    def visit(self, url: str) -> Console:
        target = self.ask("Target.createTarget", {"url": "about:blank"})["targetId"]
        session = self.ask("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        for domain in ("Runtime", "Log", "Page"):
            self.ask(f"{domain}.enable", {}, session)
        failed = self.ask("Page.navigate", {"url": url}, session).get("errorText")
        if failed:
            return Console(problem=f"the browser says {failed}")
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.receive(self.deadline)
        until = min(self.deadline, time.monotonic() + SETTLED)
        try:
            while True:
                self.receive(until)
        except _Late:
            pass
        return Console(tuple(dict.fromkeys(text for event in self.events for text in [_complaint(event)] if text)))

    def ask(self, method: str, parameters: dict[str, t.Any], session: str | None = None) -> dict[str, t.Any]:
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters, **({"sessionId": session} if session else {})}
        os.write(self.out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive(self.deadline)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise ValueError(f"{method}: {answer['error'].get('message')}")
                return answer["result"]

    def receive(self, until: float) -> dict[str, t.Any]:
        while b"\0" not in self.rest:
            ready = select.select([self.into], [], [], max(0.0, until - time.monotonic()))[0]
            if not ready:
                raise _Late("the browser did not answer in time")
            part = os.read(self.into, 65536)
            if not part:
                raise ValueError(f"{self.command[0]} cannot be started, or ended by itself")
            self.rest += part
        text, _zero, self.rest = self.rest.partition(b"\0")
        message = json.loads(text)
        if "method" in message:
            self.events.append(message)
        return message


def _complaint(event: t.Mapping[str, t.Any]) -> str:
    """The text of an event that is an error, else nothing."""
    method, told = event["method"], event.get("params") or {}
    if method == "Runtime.exceptionThrown":
        details = told["exceptionDetails"]
        text = (details.get("exception") or {}).get("description") or details.get("text") or ""
        return f"Uncaught {text.splitlines()[0] if text else 'exception'}{_place(details)}"
    if method == "Runtime.consoleAPICalled" and told.get("type") in ("error", "assert"):
        words = [str(item.get("value", item.get("description", ""))) for item in told.get("args") or []]
        return " ".join(words).strip() or str(told["type"])
    if method == "Log.entryAdded" and told["entry"].get("level") == "error":
        return f"{told['entry'].get('text')}{_place(told['entry'])}"
    return ""


def _place(where: t.Mapping[str, t.Any]) -> str:
    line = f":{where['lineNumber'] + 1}" if isinstance(where.get("lineNumber"), int) else ""
    return f" ({where['url']}{line})" if where.get("url") else ""
