# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task costs, on the simulator: bench.py FOLDER [PART ...], where the parts are the letters a to h; ratios within this run."""

from __future__ import annotations

import statistics
import sys
from pathlib import Path
from typing import Any

from benchmark import MODULE, ROUNDS, VARIABLES, Bench, Simulator
from benchmark.fleets import against_script, stack
from benchmark.following import lateness, polling
from benchmark.inventory import information, inventory

TASKS = 30
APPLICATIONS = 50


def application(name: str, **options: Any) -> dict[str, Any]:
    return {
        f"{MODULE}coolify_app": {
            "project": "bench",
            "name": name,
            "type": "dockerimage",
            "server": "localhost",
            "docker_registry_image_name": "nginx",
            "docker_registry_image_tag": "1.27",
            "variables": VARIABLES,
            **options,
        }
    }


def uuid_of(sim: Simulator, name: str) -> str:
    return next(item["uuid"] for item in sim.state()["applications"].values() if item["name"] == name)


def task_cost(bench: Bench) -> list[tuple[str, ...]]:
    """(a) seconds per task, of a no-op of coolify_env with 20 variables in both ways, of one GET by uri, of debug."""
    bench.play([{f"{MODULE}coolify_project": {"name": "bench"}}, application("web")])
    uuid = uuid_of(bench.sim, "web")
    env = {f"{MODULE}coolify_env": {"application": uuid, "variables": VARIABLES}}
    nothing = bench.median([])
    ways = {
        "coolify_env, direct": ([env] * TASKS, {}),
        "coolify_env, as module": ([env] * TASKS, {"COOLIFY_DIRECT": "0"}),
        "ansible.builtin.uri, one GET": ([bench.uri(f"/applications/{uuid}/envs")] * TASKS, {}),
        "ansible.builtin.debug": ([{"ansible.builtin.debug": {"msg": "x"}}] * TASKS, {}),
    }
    cost = {name: (bench.median(tasks, **environment) - nothing) / TASKS for name, (tasks, environment) in ways.items()}
    uri, debug, direct = cost["ansible.builtin.uri, one GET"], cost["ansible.builtin.debug"], cost["coolify_env, direct"]
    rows = [(f"(a) {name}", f"{seconds * 1000:.0f} ms", f"{uri / seconds:.1f} x cheaper than uri") for name, seconds in cost.items()]
    rows.append(("", "", bench.target("direct at least 8 times cheaper than uri", uri / direct >= 8)))
    rows.append(("", "", bench.target(f"direct within 30 ms of debug ({(direct - debug) * 1000:.0f} ms)", direct - debug <= 0.03)))
    return rows


def traffic(bench: Bench) -> list[tuple[str, ...]]:
    """(b) requests and bytes of a no-op and of a one-field change, on a small and on a large instance."""
    rows, figures = [], {}
    for others in (10, 1000):
        bench.sim.reset()
        bench.sim.seed(projects=10, applications=others, variables=1)
        bench.play([{f"{MODULE}coolify_project": {"name": "bench"}}, application("web")])
        for what, task in (("no-op", application("web")), ("one field", application("web", limits_memory="256M"))):
            bench.sim.clear_requests()
            bench.play([task])
            exchanges = bench.sim.requests
            size = sum(item.request_bytes + item.response_bytes for item in exchanges)
            figures[what, others] = (len(exchanges), size)
            writes = sum(item.write for item in exchanges)
            rows.append((f"(b) {what}, {others} other applications", f"{len(exchanges)} requests ({writes} writing), {size} bytes", ""))
    growth = max(figures[what, 1000][part] / figures[what, 10][part] for what in ("no-op", "one field") for part in (0, 1))
    rows.append(("", "", bench.target("no-op with at most 4 requests", figures["no-op", 10][0] <= 4)))
    rows.append(("", "", bench.target(f"growth of at most 10 % ({(growth - 1) * 100:.1f} %)", growth <= 1.1)))
    return rows


def fleet(bench: Bench) -> list[tuple[str, ...]]:
    """(c) 50 applications with 20 variables each: made, and run again, against three uri tasks per application."""
    names = [f"web-{number:02}" for number in range(APPLICATIONS)]
    project = {f"{MODULE}coolify_project": {"name": "bench"}}
    ours = {**application("{{ item }}"), "loop": names}
    created = []
    for _round in range(ROUNDS):
        bench.sim.reset()
        created.append(bench.play([project, ours]))
    again = bench.median([project, ours])
    uuids = [uuid_of(bench.sim, name) for name in names]
    data = [
        {"key": key, "value": value, "is_literal": False, "is_multiline": False, "is_shown_once": False} for key, value in VARIABLES.items()
    ]
    theirs = [
        {**bench.uri("/applications/{{ item }}"), "loop": uuids},
        {**bench.uri("/applications/{{ item }}/envs"), "loop": uuids},
        {
            **bench.uri("/applications/{{ item }}/envs/bulk", method="PATCH", body_format="json", body={"data": data}, status_code=201),
            "loop": uuids,
        },
    ]
    uri = bench.median(theirs)
    made = statistics.median(created)
    return [
        (f"(c) {APPLICATIONS} applications made", f"{made:.1f} s", f"{uri / made:.1f} x faster than uri's update"),
        (f"(c) {APPLICATIONS} applications run again", f"{again:.1f} s", f"{uri / again:.1f} x faster than uri"),
        (f"(c) {APPLICATIONS} x 3 tasks of ansible.builtin.uri", f"{uri:.1f} s", ""),
        ("", "", bench.target("second run at least 8 times faster than uri", uri / again >= 8)),
    ]


PARTS = {
    "a": task_cost,
    "b": traffic,
    "c": fleet,
    "d": lateness,
    "e": polling,
    "f": against_script,
    "g": stack,
    "h": inventory,
    "i": information,
}


def part(bench: Bench, letter: str) -> list[tuple[str, ...]]:
    bench.sim.reset()
    return PARTS[letter](bench)


def main() -> int:
    folder, chosen = Path(sys.argv[1]).resolve(), sys.argv[2:] or list(PARTS)
    with Simulator() as sim:
        bench = Bench(folder, sim)
        rows = [row for letter in chosen for row in part(bench, letter)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    print(f"Medians of {ROUNDS}, on the simulator of Coolify; ratios within this run")
    print("It answers as fast as it can, except where a time per request is given: a read of a real Coolify takes 50 to 120 ms")
    for row in rows:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip())
    print("Every target was met." if not bench.missed else f"Missed: {'; '.join(bench.missed)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
