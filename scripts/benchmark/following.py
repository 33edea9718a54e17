# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parts (d) and (e): how late a task notices that its deployment serves, and how many requests it spends until then."""

from __future__ import annotations

import functools
import statistics
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any, Callable
from unittest import mock

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.selfhosted.coolify.plugins.module_utils import _runner
from ansible_collections.selfhosted.coolify.plugins.module_utils._http import Http
from ansible_collections.selfhosted.coolify.plugins.module_utils._resources.application import MODULE
from ansible_collections.selfhosted.coolify.plugins.module_utils._wait import Clock
from ansible_collections.selfhosted.coolify.tests.unit.conftest import Waiting
from ansible_collections.selfhosted.coolify.tests.unit.deploying import IMAGE, Site

from . import Bench, Simulator

DURATIONS = (5, 10, 20, 40, 60)
SERIES = ((True, 0.4), (True, 3.0), (True, 10.0), (False, 0.4))
"""Whether an earlier deployment took as long, and how many seconds after its end Coolify reports the status ("some seconds" in reality)."""
LONG = 600
ENDS = (-2.1, -1.1, 0.0, 1.2, 2.3)
"""Seconds by which the long deployment misses its duration: where between two polls it ends is chance."""
STEP = 0.005
"""Seconds between two looks at the simulator, which is how exact its times are."""
VIRTUAL_STEP = 0.02


class Case:
    """One deployment on a simulator of its own, seen from the simulator's side; ``now`` is the clock of both."""

    def __init__(self, now: Callable[[], float], seconds: float, before: float | None, status_seconds: float = 0.4) -> None:
        self.now, self.seconds, self.status_seconds, self.before = now, seconds, status_seconds, before
        self.sim = Simulator(clock=now)
        self.site = Site(self.sim)
        # Its queue of 5 is shorter than the requests that come at once, and a connection that is refused for that comes again after a second
        self.site.server.socket.listen(128)
        self.armed = False
        self.ended = self.held = self.noticed = self.returned = 0.0

    def run(self) -> Case:
        with self.sim:
            self._run()
        self.site.server.shutdown()
        return self

    def _run(self) -> None:
        """Have the application there, as deployed before in ``before`` seconds or never, then deploy it and take the times."""
        switches = self.sim.coolify.switches
        switches.deploy_seconds, switches.status_seconds = 0.05, 0
        self._task(state="deployed" if self.before else "present")
        for row in self.sim.coolify.rows("deployments"):
            minutes, seconds = divmod(self.before or 0, 60)
            row.update(created_at="2026-01-01T00:00:00.000000Z", finished_at=f"2026-01-01T00:{minutes:02.0f}:{seconds:02.0f}.000000Z")
        switches.deploy_seconds, switches.status_seconds = self.seconds, self.status_seconds
        self.sim.clear_requests()
        self.armed = True
        self._task(state="deployed", deploy="always")
        self.returned = self.now()

    def _task(self, **options: Any) -> None:
        """What the action plugin does, without the start of Ansible."""
        given = {
            **IMAGE,
            "url": self.sim.url,
            "token": self.sim.tokens["root"],
            "domains": [self.site.url],
            # The port in a domain is the container's
            "proxy_ports": {"http": self.site.server.server_port},
            "wait_timeout": 900,
            **options,
        }
        checked = ArgumentSpecValidator(_runner.argument_spec(MODULE), **MODULE.constraints).validate(given)
        result = _runner.execute(MODULE, checked.validated_parameters, check_mode=False, show=self._said).result
        if result.get("failed") or checked.error_messages:
            sys.exit(f"{result.get('msg')} {checked.error_messages}")

    def _said(self, line: str) -> None:
        if ": finished after" in line:
            self.noticed = self.now()

    def look(self) -> None:
        """Let happen what is due, which the simulator does only when it is asked, and note when the last condition began to hold."""
        with self.sim.lock:
            coolify = self.sim.coolify
            coolify.run_due()
            if not self.armed or self.held:
                return
            app, deployments = coolify.rows("applications")[0], coolify.rows("deployments")
            last = deployments[-1] if len(deployments) == (2 if self.before else 1) else {}
            if last.get("status") != "finished":
                return
            self.ended = self.ended or self.now()
            reported_since = (app["last_online_at"] or "") >= last["finished_at"][:19].replace("T", " ")
            if app["status"].startswith("running") and reported_since:
                self.held = self.now()

    @property
    def spent(self) -> tuple[int, int]:
        """Requests after the one that asked for the deployment: those that asked for its end, and all."""
        asked = next(number for number, item in enumerate(self.sim.requests) if item.path == "/deploy")
        after = self.sim.requests[asked + 1 :]
        polls = [item for item in after if item.path.startswith("/deployments/") and "applications" not in item.path]
        return len(polls), len(after)


def lateness(bench: Bench) -> list[tuple[str, ...]]:
    """(d) seconds of real time from the moment the last condition of verification holds to the task's return."""
    cases = [[Case(time.monotonic, seconds, seconds if known else None, delay) for seconds in DURATIONS] for known, delay in SERIES]
    flat = [case for row in cases for case in row]
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(STEP):
            for case in flat:
                case.look()

    with ThreadPoolExecutor(len(flat) + 1) as pool:
        watcher = pool.submit(watch)
        runs = []
        for case in sorted(flat, key=lambda case: -case.seconds - case.status_seconds):
            runs.append(pool.submit(case.run))
            # Not all of them verify in the same moment
            time.sleep(0.15)
        wait(runs)
        stop.set()
        for done in (watcher, *runs):
            done.result()
    rows = []
    for (known, delay), row in zip(SERIES, cases):
        late = [case.returned - case.held for case in row]
        ends = [case.noticed - case.ended for case in row]
        what = f"{'deployed before' if known else 'first deployment'}, status {delay:g} s after its end"
        rows.append(
            (
                f"(d) {what}: {', '.join(map(str, DURATIONS))} s",
                f"{', '.join(f'{seconds:.2f}' for seconds in late)} s late",
                f"median {statistics.median(late):.2f} s; the end itself noticed after {', '.join(f'{seconds:.2f}' for seconds in ends)} s",
            )
        )
        rows.append(("", "", bench.target(f"returns within 1 s ({what})", statistics.median(late) < 1)))
    return rows


class Virtual(Waiting):
    """Pauses take no time, and the simulator's jobs run when they are due within them."""

    case: Case

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        end = self.seconds + seconds
        while self.seconds < end:
            self.seconds = min(self.seconds + VIRTUAL_STEP, end)
            self.case.look()


def on_virtual_time(seconds: float, before: float | None) -> Case:
    clock = Virtual()
    clock.case = Case(clock.now, seconds, before)
    http, waiting = functools.partial(Http, sleeper=clock.sleep), Clock(clock.now, clock.sleep)
    with mock.patch.object(_runner, "Http", http), mock.patch.object(_runner, "Clock", lambda: waiting):
        return clock.case.run()


def polling(bench: Bench) -> list[tuple[str, ...]]:
    """(e) requests of a deployment of ten minutes on virtual time, by how long the one before took."""
    rows = []
    for before in (LONG, None, 300, 540, 660):
        cases = [on_virtual_time(LONG + more, before) for more in ENDS]
        polls, spent = ([case.spent[index] for case in cases] for index in (0, 1))
        noticed, late = max(case.noticed - case.ended for case in cases), max(case.returned - case.held for case in cases)
        what = "never deployed before" if before is None else f"the one before took {before} s"
        rows.append(
            (
                f"(e) deployment of {LONG} s, {what}",
                f"{min(polls)} to {max(polls)} requests for its end, up to {max(spent)} after the trigger",
                f"end noticed after at most {noticed:.2f} s, returned at most {late:.2f} s after the last condition",
            )
        )
        if before == LONG:
            # Without knowing the duration 130 requests are one in 4.6 s, so both cannot be had
            text = "at most 130 requests for the end of a deployment of 10 minutes"
            rows.append(("", "", bench.target(text, statistics.median(polls) <= 130)))
            rows.append(("", "", bench.target("that end noticed within 1 s", noticed <= 1)))
    return rows
