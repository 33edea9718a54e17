# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real commands of Ansible on the simulator."""

from __future__ import annotations

import os
import subprocess
import sys
import typing as t
from pathlib import Path

import yaml


def command(*words: str, simulator: t.Any, folder: Path, token: str = "root", **environment: str) -> subprocess.CompletedProcess[str]:
    """``environment`` wins over what leads to the simulator; an empty value removes it."""
    given = {
        **os.environ,
        "COOLIFY_URL": simulator.url,
        "COOLIFY_TOKEN": simulator.tokens.get(token, token),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_LOCALHOST_WARNING": "0",
        "COLUMNS": "1000",
        **environment,
    }
    return subprocess.run(
        words,
        cwd=folder,
        env={name: value for name, value in given.items() if value},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


def play(
    tasks: list[dict[str, t.Any]], *options: str, folder: Path, keywords: t.Mapping[str, t.Any] | None = None, **rest: t.Any
) -> subprocess.CompletedProcess[str]:
    """Tasks on the controller, in a play with these keywords."""
    written = folder / "play.yml"
    local = {"hosts": "localhost", "connection": "local", "gather_facts": False, **(keywords or {})}
    written.write_text(yaml.safe_dump([{**local, "tasks": tasks}], sort_keys=False))
    same = ("-e", f"ansible_python_interpreter={sys.executable}")
    return command("ansible-playbook", "-i", "localhost,", *same, str(written), *options, folder=folder, **rest)
