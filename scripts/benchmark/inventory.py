# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory of a large instance."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

import yaml

from benchmark import ROUNDS, Bench

RESOURCES = 1000
PROJECTS = 20
SERVERS = 5


def inventory(bench: Bench) -> list[tuple[str, ...]]:
    """(h) seconds and requests of ansible-inventory for 1,000 applications, against one of a static file, and from its cache."""
    for number in range(SERVERS - 1):
        bench.sim.coolify.add_server(name=f"edge-{number}", ip=f"10.0.0.{number}", private_key_id=1)
    bench.sim.seed(projects=PROJECTS, applications=RESOURCES, variables=0)
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
