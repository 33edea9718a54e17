# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module, and the examples of module, filter and test in a real ansible-playbook."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ansible_collections.selfhosted.coolify.plugins.modules import coolify_compose_lint
from ansible_collections.selfhosted.coolify.tests.unit.conftest import patch_module_args

ROOT = Path(__file__).parents[4]
PLUGINS = ("modules/coolify_compose_lint", "filter/compose_findings", "test/coolify_ready")
HEALTHY = ROOT / "tests/fixtures/lint/healthy/static_site"


@pytest.fixture
def run(capsys):
    def run(**options):
        capsys.readouterr()
        with patch_module_args(options), pytest.raises(SystemExit):
            coolify_compose_lint.main()
        return json.loads(capsys.readouterr().out)

    return run


def test_files_are_named_as_they_were_given(run, tmp_path):
    file = tmp_path / "docker-compose.yml"
    file.write_bytes(b"\xef\xbb\xbfservices:\r\n  web:\r\n    build: .\r\n    ports: ['8000:8000']\r\n")
    result = run(compose=str(file))
    assert result["failed"] and not result["passed"] and result["counts"]["error"] == 1
    assert result["msg"].splitlines()[1].startswith(f"{file}:4: COMPOSE-PORTS: web: 8000:8000 is published")


def test_bytes_that_are_no_text_are_a_finding(run, tmp_path):
    file = tmp_path / "docker-compose.yml"
    file.write_bytes(b"services:\n  web:\n    image: caf\xe9:1\n")
    result = run(compose=str(file), dockerfile_content="FROM x\xe9\n")
    assert [(item["rule"], item["line"]) for item in result["findings"] if item["severity"] == "error"] == [("COMPOSE-YAML", 3)]


def test_it_needs_pyyaml(run, monkeypatch):
    monkeypatch.setattr(coolify_compose_lint, "YAML_ERROR", "Traceback: no yaml")
    result = run(compose_content="services: {}")
    assert result["failed"] and "PyYAML" in result["msg"]


@pytest.mark.parametrize(
    "fail_on, text, failed, passed",
    [
        ("error", "services: {web: {image: nginx}}", False, True),
        ("warning", "services: {web: {image: nginx}}", True, False),
        ("never", "services: {web: {image: nginx}}", False, True),
        ("never", "services: {web: {}}", False, False),
    ],
)
def test_fail_on_decides(run, fail_on, text, failed, passed):
    result = run(compose_content=text, fail_on=fail_on)
    assert (result.get("failed", False), result["passed"], result["changed"]) == (failed, passed, False)


def examples(plugin: str) -> list[dict[str, object]]:
    tree = ast.parse((ROOT / f"plugins/{plugin}.py").read_text())
    texts = {node.targets[0].id: node.value for node in tree.body if isinstance(node, ast.Assign)}
    return yaml.safe_load(ast.literal_eval(texts["EXAMPLES"]))


@pytest.mark.parametrize("plugin", PLUGINS)
def test_the_examples_run(tmp_path, plugin):
    shutil.copytree(HEALTHY, tmp_path, dirs_exist_ok=True)
    text = (HEALTHY / "docker-compose.yml").read_text()
    (tmp_path / "docker-compose.yml.j2").write_text(text.replace("expose", "ports"))
    play = {"hosts": "localhost", "gather_facts": False, "vars": {"compose_text": text}, "tasks": examples(plugin)}
    (tmp_path / "play.yml").write_text(yaml.safe_dump([play]))
    command = ["ansible-playbook", "-i", "localhost,", "-c", "local", "-e", f"ansible_python_interpreter={sys.executable}", "play.yml"]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120, env={**os.environ, "ANSIBLE_NOCOLOR": "1"}
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stderr.replace("Platform", ""), done.stderr
    if plugin != "test/coolify_ready":
        assert "COMPOSE-PORTS" in done.stdout
