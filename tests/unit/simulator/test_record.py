# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What scripts/record.py records on one instance matches another one, and holds no secret."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from ansible_collections.selfhosted.coolify.tests.simulator import Simulator
from ansible_collections.selfhosted.coolify.tests.simulator.replay import run as replay

ROOT = Path(__file__).parents[3]


def request(method: str, path: str, **more):
    return {"token": "root", "method": method, "path": f"/api/v1{path}", **more}


def test_a_recording_matches_another_instance(tmp_path):
    database = {"server_uuid": "{{server_uuid}}", "project_uuid": "{{project}}", "environment_name": "production", "name": "main"}
    steps = [
        {"name": "new", "request": request("POST", "/projects", json={"name": "recorded"}), "save": {"project": "uuid"}},
        {"name": "look", "request": request("GET", "/projects/{{project}}")},
        {"name": "database", "request": request("POST", "/databases/postgresql", json=database), "save": {"database": "uuid"}},
        {"name": "its password", "request": request("GET", "/databases/{{database}}")},
        {"name": "refused", "request": request("POST", "/projects", json={"nonsense": True})},
        {"name": "nobody", "request": {"method": "GET", "path": "/api/v1/projects", "token": None}},
    ]
    (tmp_path / "steps.json").write_text(json.dumps({"name": "recorded", "steps": steps}))
    with Simulator() as one, Simulator() as other:
        (tmp_path / "fixture.json").write_text(json.dumps({"url": one.url, **one.fixture}))
        command = [sys.executable, str(ROOT / "scripts/record.py"), "steps.json", "fixture.json"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        transcript = json.loads(done.stdout)
        passwords = [row["postgres_password"] for row in one.databases()]
        assert not [text for text in (*passwords, *one.tokens.values(), one.identity.server_uuid) if text in done.stdout]
        assert transcript["coolify"] == one.version and len(transcript["steps"]) == len(steps)
        assert replay(other.url, transcript, other.fixture) == (len(steps), len(steps))
        # It is a recording of that, and of nothing else
        transcript["steps"][1]["response"]["body"]["name"] = "another"
        assert replay(other.url, transcript, other.fixture)[1] == len(steps) - 1
