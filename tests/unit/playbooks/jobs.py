# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks run as AWX runs them: by ansible-runner, with the credential in the environment and the answers as extra variables."""

from __future__ import annotations

import itertools
import json
import typing as t
from dataclasses import dataclass
from pathlib import Path

import ansible_runner

HOSTS = """\
[all]
localhost
server-1
[all:vars]
ansible_connection=local
ansible_python_interpreter={{ ansible_playbook_python }}
"""


@dataclass
class Job:
    """What AWX would store of a job."""

    folder: Path
    status: str
    events: list[dict[str, t.Any]]

    @property
    def artifacts(self) -> dict[str, t.Any]:
        """What set_stats left; the next nodes of a workflow get it as extra variables."""
        (last,) = self.of("playbook_on_stats")
        return last["event_data"].get("artifact_data") or {}

    def of(self, kind: str, module: str | None = None) -> list[dict[str, t.Any]]:
        return [event for event in self.events if event["event"] == kind and module in (None, event["event_data"].get("task_action"))]

    def result(self, kind: str, module: str) -> dict[str, t.Any]:
        (event,) = self.of(kind, f"selfhosted.coolify.{module}")
        return event["event_data"]["res"]

    def holds(self, text: str) -> list[str]:
        """The files of the job in which a text is. ansible-runner itself writes the environment that it was given into ``command``; AWX blanks it."""
        return [name for name, content in self.files() if text in content]

    def files(self) -> t.Iterator[tuple[str, str]]:
        for path in sorted(path for path in self.folder.rglob("*") if path.is_file()):
            content = path.read_text(errors="replace")
            if path.name == "command":
                command = json.loads(content)
                assert command.pop("env")
                content = json.dumps(command)
            yield str(path), content


class Jobs:
    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder, self.environment = folder, environment
        self.numbers = itertools.count(1)

    def run(self, playbook: str, *, check: bool = False, verbosity: int = 0, **variables: t.Any) -> Job:
        # A folder of its own, because ansible-runner adds the variables to those of earlier jobs in the same
        folder = self.folder / f"job-{next(self.numbers)}"
        folder.mkdir()
        done = ansible_runner.run(
            private_data_dir=str(folder),
            playbook=playbook,
            inventory=HOSTS,
            envvars={**self.environment, "ANSIBLE_LOCALHOST_WARNING": "0"},
            extravars=variables,
            cmdline="--check --diff" if check else "",
            verbosity=verbosity or None,
            ident="1",
            quiet=True,
        )
        artifacts = folder / "artifacts" / "1"
        events = [json.loads(path.read_text()) for path in (artifacts / "job_events").glob("*.json") if "-partial" not in path.name]
        return Job(artifacts, done.status, sorted(events, key=lambda event: event["counter"]))
