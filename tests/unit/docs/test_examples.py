# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every YAML example of the guides and of the READMEs is executed: first in check mode, which must write nothing, then for real.

Plays and lists of tasks run one after the other, those of a file in one ansible-playbook, on a simulator that has a project "shop" with a running
application "web". A dictionary with "stack" goes to the playbook preview; other dictionaries are data and have to be valid YAML. A comment
directly above an example says what is special: ``.. not executed: REASON`` or ``.. executed with Coolify 4.4.2`` (in Markdown ``<!-- … -->``).
"""

from __future__ import annotations

import os
import re
import subprocess
import textwrap
import time
import typing as t
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
import yaml

from ansible_collections.selfhosted.coolify.tests.simulator import Simulator

ROOT = Path(__file__).parents[3]
GUIDES = (ROOT / "README.md", *sorted(ROOT.glob("docs/docsite/rst/*.rst")), *sorted(ROOT.glob("roles/*/README.md")))
IMAGE = {"docker_registry_image_name": "ghcr.io/acme/shop", "docker_registry_image_tag": "v1", "ports_exposes": "8000"}
NOT_EXECUTED = re.compile(r"not executed: *(\S.*)")
VERSION = re.compile(r"executed with Coolify (\S+)")
FENCE = re.compile(r"^```ya?ml\n(.*?)^```", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^( *)\.\. code-block:: yaml(?:\+jinja)?\n(?: +:.*\n)*\n((?:\1 +.*\n|\n)+)", re.MULTILINE)


class Loader(yaml.SafeLoader):
    """Reads Ansible's own tags as text."""


Loader.add_multi_constructor("!", lambda loader, _suffix, node: loader.construct_scalar(node))


@dataclass(frozen=True)
class Example:
    path: Path
    line: int
    text: str
    remark: str

    @property
    def data(self) -> t.Any:
        return yaml.load(self.text, Loader=Loader)

    @property
    def name(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}"

    def plays(self) -> list[t.Any]:
        """As plays, with the text as it is: what is in braces stays for Ansible."""
        items = yaml.load(self.text, Loader=Loader)
        if any("hosts" in item or "ansible.builtin.import_playbook" in item for item in items):
            return items
        return [{"name": self.name, "hosts": "localhost", "gather_facts": False, "tasks": items}]


def examples(path: Path) -> list[Example]:
    text = path.read_text()
    found = []
    for match in (FENCE if path.suffix == ".md" else BLOCK).finditer(text):
        above = text[: match.start()].rstrip("\n").rsplit("\n", 1)[-1].strip()
        remark = above if above.startswith((".. ", "<!-- ")) else ""
        found.append(Example(path, text[: match.start()].count("\n") + 1, textwrap.dedent(match[match.lastindex]), remark))
    return found


def with_examples() -> list[Path]:
    return [path for path in GUIDES if examples(path)]


def furnish(coolify: Simulator) -> None:
    """A project "shop" with an application "web" that runs."""

    def call(method: str, path: str, **body: t.Any) -> t.Any:
        headers = {"Authorization": f"Bearer {coolify.tokens['root']}", "Accept": "application/json"}
        answer = requests.request(method, f"{coolify.url}/api/v1{path}", json=body or None, headers=headers, timeout=30)
        answer.raise_for_status()
        return answer.json()

    project = call("POST", "/projects", name="shop")["uuid"]
    call("POST", f"/projects/{project}/environments", name="staging")
    made = call(
        "POST",
        "/applications/dockerimage",
        project_uuid=project,
        environment_name="production",
        server_uuid=coolify.identity.server_uuid,
        name="web",
        autogenerate_domain=False,
        **IMAGE,
    )
    call("PATCH", f"/applications/{made['uuid']}/envs/bulk", data=[{"key": "DATABASE_URL", "value": "postgresql://main"}])
    call("POST", f"/applications/{made['uuid']}/start")
    until = time.monotonic() + 30
    while not any(row["status"].startswith("running") for row in coolify.state()["applications"].values()):
        assert time.monotonic() < until
        time.sleep(0.1)
    coolify.clear_requests()


def run(coolify: Simulator, folder: Path, *command: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COOLIFY_")}
    environment.update(
        COOLIFY_URL=coolify.url,
        COOLIFY_TOKEN=coolify.tokens["root"],
        ANSIBLE_GATHERING="explicit",
        ANSIBLE_LOCALHOST_WARNING="0",
        ANSIBLE_NOCOLOR="1",
    )
    whole = ["ansible-playbook", "-i", "hosts", "-e", "@variables.yml", "--diff", *command]
    done = subprocess.run(whole, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=500)
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    return output


@pytest.mark.parametrize("guide", with_examples(), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_examples_work(guide, tmp_path):
    every = examples(guide)
    for example in every:
        assert not example.remark or NOT_EXECUTED.search(example.remark) or VERSION.search(example.remark), example
    chosen = [example for example in every if not NOT_EXECUTED.search(example.remark)]
    lists = [example for example in chosen if isinstance(example.data, list)]
    stacks = [example for example in chosen if isinstance(example.data, dict) and "stack" in example.data]
    version = next((found[1] for example in chosen if (found := VERSION.search(example.remark))), "4.3.11")
    with Simulator(version=version, deploy_seconds=0.2, status_seconds=0.1, delete_seconds=0.1) as coolify:
        furnish(coolify)
        text = "".join(example.text for example in chosen)
        secrets = {name: f"canary-{name}" for name in re.findall(r"\bvault_\w+", text) if name != "vault_coolify_token"}
        (tmp_path / "variables.yml").write_text(yaml.safe_dump({**secrets, "vault_coolify_token": coolify.tokens["root"]}))
        plays = [play for example in lists for play in example.plays()]
        hosts = {"localhost", *(str(play["hosts"]) for play in plays)}
        (tmp_path / "hosts").write_text(
            "[all]\n" + "\n".join(sorted(hosts)) + "\n[all:vars]\nansible_connection=local\nansible_become=false\n"
            'ansible_python_interpreter="{{ ansible_playbook_python }}"\n'
        )
        written = (
            yaml.safe_dump(plays, sort_keys=False).replace("https://coolify.example.com", coolify.url).replace("/tmp/", f"{tmp_path}/")
        )
        (tmp_path / "examples.yml").write_text(written)
        for number, example in enumerate(stacks):
            (tmp_path / f"stack-{number}.yml").write_text(example.text)
            run(coolify, tmp_path, "selfhosted.coolify.preview", "-e", f"@stack-{number}.yml")
        outputs = []
        if plays:
            outputs.append(run(coolify, tmp_path, "examples.yml", "--check"))
            # What asks for the abilities of a token is refused
            assert [item for item in coolify.writes if item.status < 400] == []
            outputs.append(run(coolify, tmp_path, "examples.yml"))
        assert [value for value in (*secrets.values(), coolify.tokens["root"]) if any(value in output for output in outputs)] == []
        assert coolify.bugs == []


def test_there_are_examples():
    found = [example for path in GUIDES for example in examples(path)]
    assert len(found) > 20 and {"README.md", "stacks.rst", "awx.rst"} <= {example.path.name for example in found}
    # Whatever is marked up as YAML is seen
    marked = sum(len(re.findall(r"code-block:: yaml|^```ya?ml", path.read_text(), re.MULTILINE)) for path in GUIDES)
    assert len(found) == marked
