# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists that are kept in more than one place are the same, and imports point downwards."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ansible_collections.selfhosted.coolify.plugins.module_utils import _errors, _runner

COLLECTION = "ansible_collections.selfhosted.coolify"
ROOT = Path(__file__).parents[3]
MODULES = sorted(path.stem for path in ROOT.glob("plugins/modules/coolify_*.py"))
# A module that does not go through _runner talks to no Coolify: no connection options, no action group, no action plugin, because all
# of these would take the token to the hosts that it runs on
WITH_API = [name for name in MODULES if "_runner import" in (ROOT / f"plugins/modules/{name}.py").read_text()]
WITHOUT_API = sorted(set(MODULES) - set(WITH_API))
# Higher up may import what is below
LAYERS = (
    "_errors",
    "_http",
    "_client",
    "_fields",
    "_lint",
    "_compose",
    "_host",
    "_wait",
    "_plan",
    "_diagnosis",
    "_site",
    "_gates",
    "_contract",
    "_context",
    "_deployment",
    "_resources",
    "_runner",
)


def definition(module: str):
    stub = importlib.import_module(f"ansible_collections.selfhosted.coolify.plugins.action.{module}")
    return stub.ActionModule.definition


def test_playbooks_leave_nothing_of_a_stack_out():
    """What coolify_stack can be told reaches it from the playbooks deploy and preview and from the report's comparison."""

    def options(path: str) -> set[str]:
        tasks = yaml.safe_load((ROOT / path).read_text())
        every = [inner for task in tasks for inner in (task, *task.get("block", ()))]
        (found,) = [task["selfhosted.coolify.coolify_stack"] for task in every if "selfhosted.coolify.coolify_stack" in task]
        return set(found)

    spec = importlib.import_module(f"{COLLECTION}.plugins.module_utils._resources.stack").MODULE.spec
    (taken,) = [
        task["vars"]["known"].split(", ")
        for task in yaml.safe_load((ROOT / "playbooks/tasks/given.yml").read_text())
        if "known" in task.get("vars", ())
    ]
    assert options("playbooks/tasks/deploy.yml") == set(spec) == {*taken, "state", "host_evidence"}
    # What has to do with deployments only makes no difference to what is compared
    compared = {name for name in spec if name not in _deploy_only()}
    assert options("roles/report/tasks/main.yml") == compared


def _deploy_only() -> set[str]:
    deploy = importlib.import_module(f"{COLLECTION}.plugins.module_utils._resources.deploy")
    return {*deploy.SHARED_SPEC, "state", "wait", "wait_timeout", "force_domain_override", "confirm_destructive"}


def test_action_group_modules_and_action_stubs_are_the_same():
    group = yaml.safe_load((ROOT / "meta/runtime.yml").read_text())["action_groups"]["coolify"]
    stubs = sorted(path.stem for path in ROOT.glob("plugins/action/coolify_*.py"))
    assert sorted(group) == WITH_API == stubs
    assert WITHOUT_API == ["coolify_compose_lint", "coolify_docker_login", "coolify_host_info", "coolify_site_check"]


def documented_options(module: str) -> set[str]:
    tree = ast.parse((ROOT / f"plugins/modules/{module}.py").read_text())
    texts = {
        node.targets[0].id: node.value.value for node in tree.body if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
    }
    documentation = yaml.safe_load(texts["DOCUMENTATION"])
    documented = set(documentation.get("options") or {})
    for name in documentation["extends_documentation_fragment"]:
        fragment = importlib.import_module(f"ansible_collections.selfhosted.coolify.plugins.doc_fragments.{name.split('.')[2]}")
        part = name.split(".")[3].upper() if name.count(".") > 2 else "DOCUMENTATION"
        documented |= set(yaml.safe_load(getattr(fragment.ModuleDocFragment, part)).get("options") or {})
    return documented


@pytest.mark.parametrize("module", WITH_API)
def test_the_documentation_lists_exactly_the_options(module):
    assert documented_options(module) == set(_runner.argument_spec(definition(module)))
    assert definition(module).name == module


@pytest.mark.parametrize("module", WITHOUT_API)
def test_a_module_without_api_takes_no_connection_and_imports_no_client(module):
    own = importlib.import_module(f"ansible_collections.selfhosted.coolify.plugins.modules.{module}").ARGUMENT_SPEC
    assert documented_options(module) == set(own)
    assert not set(own) & (set(_runner.CONNECTION_SPEC) - {"timeout", "validate_certs", "ca_path"})
    program = f"import sys, {COLLECTION}.plugins.modules.{module}; print(*sys.modules)"
    imported = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()
    # A site is asked over HTTP, with no token anywhere near
    http = () if module == "coolify_site_check" else ("requests", f"{COLLECTION}.plugins.module_utils._http")
    assert not {*http, *(f"{COLLECTION}.plugins.module_utils.{name}" for name in ("_client", "_runner"))} & set(imported)


def test_every_code_says_what_it_means_and_what_to_do():
    assert set(_errors.CODES) == set(_errors.REMEDIES)
    kinds = [kind for kind in vars(_errors).values() if isinstance(kind, type) and issubclass(kind, _errors.CoolifyError)]
    assert {kind.code for kind in kinds} == set(_errors.CODES)
    # The table is the only place
    assert not [kind.__name__ for kind in kinds if hasattr(kind, "default_troubleshooting")]
    # scripts/errors.py --check, which is part of lint, compares the whole page
    page = (ROOT / "docs/docsite/rst/errors.rst").read_text()
    assert all(f"* - {code}\n     - {meaning}" in page for code, meaning in _errors.CODES.items())


@pytest.mark.parametrize("path", sorted(ROOT.glob("plugins/module_utils/_*.py")), ids=lambda path: path.stem)
def test_imports_point_downwards(path):
    above = LAYERS[LAYERS.index(path.stem) + 1 :]
    imported = {
        (node.module or "").split(".")[0] or alias.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.level
        for alias in node.names
    }
    assert not imported & set(above)


def test_only_the_runner_knows_ansible_module():
    for path in ROOT.glob("plugins/module_utils/**/*.py"):
        if path.stem != "_runner":
            assert not re.search(r"AnsibleModule|exit_json|fail_json|^from ansible\b", path.read_text(), re.MULTILINE), path


def test_simulator_and_plugins_do_not_know_each_other():
    for path in ROOT.glob("tests/simulator/*.py"):
        assert "plugins" not in re.sub(r'""".*?"""', "", path.read_text(), flags=re.DOTALL), path
    for path in ROOT.glob("plugins/**/*.py"):
        assert "tests.simulator" not in path.read_text(), path


def test_versions_agree():
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text())
    assert f"v{galaxy['version'].replace('.', chr(92) + '.')}" in (ROOT / "CHANGELOG.md").read_text()
    assert galaxy["license"] == ["GPL-3.0-or-later"] and "community.docker" in galaxy["dependencies"]
