# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the parts of the benchmark share: playbooks against one simulator, and the targets that were missed."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from tests.simulator import Simulator  # noqa: E402

ROUNDS = 5
MODULE = "selfhosted.coolify."
VARIABLES = {f"VARIABLE_{number:02}": f"value {number}" for number in range(20)}


class Bench:
    def __init__(self, folder: Path, sim: Simulator) -> None:
        self.folder, self.sim = folder, sim
        folder.mkdir(parents=True, exist_ok=True)
        self.environment = {**os.environ, "COOLIFY_URL": sim.url, "COOLIFY_TOKEN": sim.tokens["root"], "ANSIBLE_LOCALHOST_WARNING": "0"}
        self.missed: list[str] = []

    def play(self, tasks: list[dict[str, Any]], **environment: str) -> float:
        """Seconds that a playbook with these tasks takes."""
        playbook = self.folder / "bench.yml"
        playbook.write_text(
            yaml.safe_dump([{"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}], sort_keys=False)
        )
        started = time.perf_counter()
        done = subprocess.run(
            ["ansible-playbook", str(playbook)],
            env={**self.environment, **environment},
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(done.stdout[-3000:] + done.stderr[-3000:])
        return time.perf_counter() - started

    def median(self, tasks: list[dict[str, Any]], **environment: str) -> float:
        return statistics.median(self.play(tasks, **environment) for _round in range(ROUNDS))

    def uri(self, path: str, **options: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.sim.tokens['root']}", "Accept": "application/json"}
        return {"ansible.builtin.uri": {"url": f"{self.sim.url}/api/v1{path}", "headers": headers, **options}}

    def target(self, text: str, met: bool) -> str:
        if not met:
            self.missed.append(text)
        return f"{text}: {'met' if met else 'MISSED'}"
