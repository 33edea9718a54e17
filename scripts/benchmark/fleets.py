# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parts (f) and (g): several applications with their variables, against a script that makes only the unavoidable requests."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import MODULE, ROUNDS, VARIABLES, Bench, Simulator

LATENCIES = (0.0, 0.05, 0.1)
"""Seconds that the simulator takes longer for each request; a real Coolify takes 0.05 to 0.12 for a read."""
WAYS = ("script", "coolify_app", "coolify_stack")
SITUATIONS = ("from empty", "unchanged", "one variable changed")
WRITES = {"unchanged": 0, "one variable changed": 1}


def applications(count: int, changed: str = "") -> list[dict[str, Any]]:
    """Declarations in which one variable of one application is ``changed``."""
    image = {"type": "dockerimage", "docker_registry_image_name": "nginx", "docker_registry_image_tag": "1.27"}
    made = [{"name": f"web-{number:02}", **image, "variables": dict(VARIABLES)} for number in range(count)]
    if changed:
        made[count // 2]["variables"]["VARIABLE_07"] = changed
    return made


def tasks(way: str, declared: list[dict[str, Any]], loop: bool = True) -> list[dict[str, Any]]:
    """The tasks that make applications true: one of coolify_stack, one of coolify_app in a loop, or one of it for each."""
    if way == "coolify_stack":
        place = {"project": "demo", "environment": "production", "server": "localhost"}
        return [{f"{MODULE}coolify_stack": {**place, "applications": declared}}]
    place = {"project": "demo", "server": "localhost"}
    if loop:
        return [{f"{MODULE}coolify_app": {**place, **{name: f"{{{{ item.{name} }}}}" for name in declared[0]}}, "loop": declared}]
    return [{f"{MODULE}coolify_app": {**place, **app}} for app in declared]


@dataclass
class Measured:
    seconds: list[float] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)
    """Seconds that the start takes, which are not counted."""
    requests: list[int] = field(default_factory=list)
    writes: list[int] = field(default_factory=list)

    @property
    def differences(self) -> list[float]:
        """Seconds without the start, each against the one just before it: both suffer from the same load of the machine."""
        return sorted(seconds - start for seconds, start in zip(self.seconds, self.starts or [0.0] * len(self.seconds)))

    @property
    def median(self) -> float:
        return statistics.median(self.differences)

    @property
    def words(self) -> str:
        return f"{self.median:.2f} s ({self.differences[0]:.2f} to {self.differences[-1]:.2f})"

    @property
    def counts(self) -> str:
        return f"{max(self.requests)} requests ({max(self.writes)} writing)"


def start(bench: Bench, way: str, declared: list[dict[str, Any]]) -> float:
    """Seconds of a playbook whose only task is skipped. The plugins are loaded for it too, as the script's imports are before it counts."""
    task = tasks(way, declared)[0]
    return bench.play([{**{name: part for name, part in task.items() if name != "loop"}, "when": False}])


def take(bench: Bench, measured: Measured, way: str, declared: list[dict[str, Any]], loop: bool = True, create: bool = False) -> None:
    """One more measurement, with what the simulator counted."""
    if way != "script":
        measured.starts.append(start(bench, way, declared))
    bench.sim.clear_requests()
    measured.seconds.append(script(bench, create, declared) if way == "script" else bench.play(tasks(way, declared, loop)))
    measured.requests.append(len(bench.sim.requests))
    measured.writes.append(len(bench.sim.writes))
    if stored(bench.sim) != {app["name"]: app["variables"] for app in declared}:
        sys.exit(f"{way} left something else than what was declared")


def stored(sim: Simulator) -> dict[str, dict[str, str]]:
    """The variables of each application."""
    state = sim.state()
    rows = [row for row in state["variables"].values() if not row["is_preview"]]
    return {
        app["name"]: {row["key"]: row["value"] for row in rows if row["owner_id"] == number}
        for number, app in state["applications"].items()
    }


def script(bench: Bench, create: bool, declared: list[dict[str, Any]]) -> float:
    file = Path(__file__).with_name("script.py")
    command = [sys.executable, str(file), bench.sim.url, bench.sim.tokens["root"], "create" if create else "update"]
    done = subprocess.run(command, input=json.dumps(declared), capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr[-3000:])
    return float(done.stdout)


def against_script(bench: Bench) -> list[tuple[str, ...]]:
    """(f) 10 applications with 20 variables each: from empty, unchanged, with one variable changed."""
    loading = Measured()
    for _round in range(ROUNDS):
        loading.starts.append(bench.play([]))
        loading.seconds.append(start(bench, "coolify_stack", applications(10)))
    rows = [
        (
            "(f) a skipped task of coolify_stack",
            loading.words,
            "more than an empty playbook; not counted below, as the script's imports are not",
        )
    ]
    for latency in LATENCIES:
        rows += _against_script(bench, latency)
    return rows


def _against_script(bench: Bench, latency: float) -> list[tuple[str, ...]]:
    measured = {(way, situation): Measured() for way in WAYS for situation in SITUATIONS}
    for _round in range(ROUNDS):
        for way in WAYS:
            # The environment production of the project demo is there and empty
            bench.sim.reset(latency=latency)
            for situation in SITUATIONS:
                declared = applications(10, "changed" if situation == SITUATIONS[-1] else "")
                take(bench, measured[way, situation], way, declared, create=situation == "from empty")
    rows = []
    for situation in SITUATIONS:
        least = measured["script", situation]
        rows.append((f"(f) {situation}, script{_slow(latency)}", least.words, least.counts))
        for way in WAYS[1:]:
            ours = measured[way, situation]
            ratio = ours.median / least.median
            rows.append((f"(f) {situation}, {way}{_slow(latency)}", ours.words, f"{ours.counts}, {ratio:.1f} x the script"))
            if situation in WRITES:
                wanted = WRITES[situation]
                text = f"{way}, {situation}{_slow(latency)}: writing requests {wanted}"
                rows.append(("", "", bench.target(text, set(ours.writes) == {wanted})))
            # The simulator without any latency: the script measures the simulator, and we measure the start of threads
            if way == "coolify_stack" and latency:
                text = f"{way}, {situation}{_slow(latency)}: within 1.5 times the script"
                rows.append(("", "", bench.target(text, ratio <= 1.5)))
    return rows


def stack(bench: Bench) -> list[tuple[str, ...]]:
    """(g) 20 unchanged applications: one task of coolify_stack against 20 of coolify_app."""
    declared = applications(20)
    rows = []
    for latency in LATENCIES:
        bench.sim.reset(latency=latency)
        bench.play(tasks("coolify_app", declared))
        measured = {way: Measured() for way in WAYS[1:]}
        for _round in range(ROUNDS):
            for way, one in measured.items():
                take(bench, one, way, declared, loop=False)
        for way, one in measured.items():
            ratio = f", {measured['coolify_app'].median / one.median:.1f} x faster than coolify_app" if way != "coolify_app" else ""
            tasks_ = "1 task" if way != "coolify_app" else "20 tasks"
            rows.append((f"(g) 20 unchanged, {tasks_} of {way}{_slow(latency)}", one.words, f"{one.counts}{ratio}"))
            if way == "coolify_stack":
                text = f"{way}{_slow(latency)}: at most 2 requests per application and 5"
                rows.append(("", "", bench.target(text, max(one.requests) <= 2 * len(declared) + 5)))
    return rows


def _slow(latency: float) -> str:
    return f", {latency * 1000:.0f} ms a request" if latency else ""
