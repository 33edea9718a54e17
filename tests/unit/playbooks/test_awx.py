# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""awx_setup.yml with the real modules of awx.awx against a stand-in of AWX's API, and then what it made as jobs, as AWX would run them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ansible_collections.selfhosted.coolify.tests.simulator import Simulator
from ansible_collections.selfhosted.coolify.tests.unit.playbooks.controller import HIDDEN, Controller
from ansible_collections.selfhosted.coolify.tests.unit.playbooks.jobs import Jobs

ROOT = Path(__file__).parents[3]
TOKEN = "canary-0f-the-controller"


@pytest.fixture(scope="module")
def awx_collection() -> Path:
    build = next(folder for folder in (ROOT, *ROOT.parents) if folder.name == "tree").parent
    done = subprocess.run([sys.executable, ROOT / "scripts/dependencies.py", build], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


def set_up(controller: Controller, collection: Path, folder: Path, **environment: str) -> tuple[str, dict[str, bool]]:
    """The output, and which tasks changed something."""
    (folder / "ansible.cfg").write_text("[defaults]\nlocalhost_warning = false\n[inventory]\ninventory_unparsed_warning = false\n")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("COOLIFY_", "CONTROLLER_", "TOWER_"))},
        "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": f"{os.environ.get('ANSIBLE_COLLECTIONS_PATH', '')}:{collection}",
        "CONTROLLER_HOST": controller.url,
        "CONTROLLER_OAUTH_TOKEN": TOKEN,
        **environment,
    }
    command = ["ansible-playbook", "-e", f"ansible_python_interpreter={sys.executable}", "selfhosted.coolify.awx_setup"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300)
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    changed, task = {}, ""
    for line in done.stdout.splitlines():
        if line.startswith("TASK ["):
            task = line[6 : line.index("]")]
            changed.setdefault(task, False)
        elif line.startswith("changed:"):
            changed[task] = True
    return output, changed


def test_awx_is_set_up_and_its_templates_run(awx_collection, tmp_path):
    with Simulator(deploy_seconds=0.2, status_seconds=0.1) as coolify, Controller(ROOT, TOKEN) as controller:
        credential = {"COOLIFY_URL": coolify.url, "COOLIFY_TOKEN": coolify.tokens["root"]}
        output, changed = set_up(controller, awx_collection, tmp_path, **credential)
        # Nothing is made when it is not asked for
        unchanged = {task for task, is_so in changed.items() if not is_so}
        assert unchanged == {"Have what it takes", "Have the execution environment"}, output
        assert coolify.tokens["root"] not in output and TOKEN not in output

        output, changed = set_up(controller, awx_collection, tmp_path, **credential)
        # awx.awx 24.6.1 calls the node of an approval changed each time
        assert [task for task, is_so in changed.items() if is_so] in ([], ["Have the workflow"]), output
        assert "Have the credential" in changed

        data = yaml.load((ROOT / "playbooks/vars/awx.yml").read_text().replace("!unsafe ", ""), Loader=yaml.SafeLoader)
        templates = controller.tables["job_templates"]
        assert sorted(row["name"] for row in templates.values()) == sorted(item["name"] for item in data["awx_job_templates"])
        view = controller.view("credentials", controller.named("credentials", "Coolify"))
        assert view["inputs"] == {"url": coolify.url, "token": HIDDEN}
        nodes = {row["identifier"]: row for row in controller.tables["workflow_job_template_nodes"].values()}
        follows = {name: controller.linked(row, "success_nodes") + controller.linked(row, "failure_nodes") for name, row in nodes.items()}
        assert follows == {
            "preview": [nodes["approve"]["id"]],
            "approve": [nodes["deploy"]["id"]],
            "deploy": [nodes["diagnose"]["id"]],
            "diagnose": [],
        }
        assert nodes["approve"]["unified_job_template"] in controller.tables["workflow_approval_templates"]
        hosts = [json.loads(row["variables"]) for row in controller.tables["hosts"].values()]
        assert hosts == [{"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}]
        run_templates(controller, coolify, tmp_path)
        assert coolify.bugs == []


def run_templates(controller: Controller, coolify: Simulator, folder: Path) -> None:
    jobs = Jobs(folder, {})
    kept: dict = {}

    def launch(name: str, status: str = "successful", **answers):
        template = controller.named("job_templates", f"Coolify: {name}")
        jobs.environment = controller.environment(template)
        assert jobs.environment == {"COOLIFY_URL": coolify.url, "COOLIFY_TOKEN": coolify.tokens["root"]}
        before = len(coolify.writes)
        variables = {**kept, **controller.variables(template, **answers)}
        job = jobs.run(str(ROOT / template["playbook"]), check=template["job_type"] == "check", **variables)
        assert job.status == status, job.folder
        assert job.holds(coolify.tokens["root"]) == []
        return job.artifacts, len(coolify.writes) - before

    image = {
        "name": "web",
        "type": "dockerimage",
        "docker_registry_image_name": "nginx",
        "docker_registry_image_tag": "1.27",
        "ports_exposes": 80,
    }
    stack = {"project": "shop", "server": "localhost", "applications": [image]}
    web = {"project": "shop", "target": "web"}
    plan, writes = launch("preview a stack", stack=stack)
    assert plan["coolify_changed"] and writes == 0
    done, writes = launch("deploy a stack", stack=stack)
    assert done["coolify_status"] == "success" and writes > 0
    plan, writes = launch("preview a deployment", **web, tag="1.28")
    assert plan["coolify_status"] == "plan_ready" and plan["coolify_changed"] and writes == 0
    done, writes = launch("deploy", **web, tag="1.28")
    assert done["coolify_status"] == "success" and writes > 0
    # The nodes after it get what it left
    kept.update(done)
    back, _writes = launch("roll back", **web)
    assert back["coolify_status"] == "success"
    assert next(row for row in coolify.coolify.rows("applications"))["docker_registry_image_tag"] == "1.27"
    found, writes = launch("diagnose", **web)
    assert found["coolify_status"] == "healthy" and writes == 0, found
