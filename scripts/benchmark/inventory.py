# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What reads a large instance: the inventory and coolify_info."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

import yaml

from benchmark import MODULE, ROUNDS, Bench
from benchmark.fleets import Measured

RESOURCES = 1000
PROJECTS = 20
SERVERS = 5


def seed(bench: Bench) -> None:
    for number in range(SERVERS - 1):
        bench.sim.coolify.add_server(name=f"edge-{number}", ip=f"10.0.0.{number}", private_key_id=1)
    bench.sim.seed(projects=PROJECTS, applications=RESOURCES, variables=0)


def information(bench: Bench) -> list[tuple[str, ...]]:
    """(i) seconds and requests of coolify_info for 1,000 applications, against one task of uri that gets the same list, start of Ansible aside."""
    seed(bench)
    ways = {
        "uri, the list of all applications": [bench.uri("/applications")],
        f"coolify_info, {RESOURCES} applications": [{f"{MODULE}coolify_info": {"gather": ["applications"]}}],
        "coolify_info, those of a project": [{f"{MODULE}coolify_info": {"gather": ["applications"], "project": "other-1"}}],
    }
    measured = {label: Measured() for label in ways}
    for _round in range(ROUNDS):
        for label, tasks in ways.items():
            one = measured[label]
            one.starts.append(bench.play([]))
            bench.sim.clear_requests()
            one.seconds.append(bench.play(tasks))
            one.requests.append(len(bench.sim.requests))
    uri, everything, _project = measured.values()
    rows = [
        (f"(i) {label}", f"{one.median:.2f} s", f"{max(one.requests)} requests, {one.median / uri.median:.1f} x uri")
        for label, one in measured.items()
    ]
    rows.append(("", "", bench.target(f"{RESOURCES} applications in at most 3 requests", max(everything.requests) <= 3)))
    return rows


def inventory(bench: Bench) -> list[tuple[str, ...]]:
    """(h) seconds and requests of ansible-inventory for 1,000 applications, against one of a static file, and from its cache."""
    seed(bench)
    cached = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(bench.folder / "inventory-cache")}
    plugin = {
        "plugin": "selfhosted.coolify.coolify",
        "resources": ["applications"],
        "keyed_groups": [{"key": "coolify_project", "prefix": "p"}],
    }
    files = {"bench.coolify.yml": plugin, "cached.coolify.yml": {**plugin, **cached}, "servers.coolify.yml": {"plugin": plugin["plugin"]}}
    for name, text in files.items():
        (bench.folder / name).write_text(yaml.safe_dump(text))
    hosts = listed(bench, "bench.coolify.yml").count('"coolify_uuid"')
    (bench.folder / "static.yml").write_text(yaml.safe_dump({"all": {"hosts": {f"host-{number}": None for number in range(hosts)}}}))
    times, requests = {}, {}
    for name in (*files, "static.yml"):
        listed(bench, name)
        bench.sim.clear_requests()
        seconds = []
        for _round in range(ROUNDS):
            started = time.perf_counter()
            listed(bench, name)
            seconds.append(time.perf_counter() - started)
        times[name], requests[name] = statistics.median(seconds), len(bench.sim.requests) // ROUNDS
    plain = times["static.yml"]
    labels = {
        "bench.coolify.yml": f"{hosts} hosts, {SERVERS} servers, {PROJECTS} projects",
        "cached.coolify.yml": "the same from its cache",
        "servers.coolify.yml": "the servers alone",
        "static.yml": f"a static file with {hosts} bare hosts",
    }
    rows = [
        (
            f"(h) ansible-inventory --list, {labels[name]}",
            f"{seconds:.2f} s",
            f"{requests[name]} requests, {seconds / plain:.1f} x the static file",
        )
        for name, seconds in times.items()
    ]
    most = 4 + 2 * SERVERS + PROJECTS
    rows.append(("", "", bench.target(f"at most {most} requests for {RESOURCES} resources", requests["bench.coolify.yml"] <= most)))
    rows.append(("", "", bench.target("no request when it is cached", requests["cached.coolify.yml"] == 0)))
    return rows


def listed(bench: Bench, name: str) -> str:
    done = subprocess.run(
        ["ansible-inventory", "-i", name, "--list"], env=bench.environment, cwd=bench.folder, capture_output=True, text=True, check=False
    )
    if done.returncode or "WARNING" in done.stderr:
        sys.exit(done.stderr[-3000:])
    return done.stdout
