# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""module_defaults for the action group reach every module that talks to Coolify, and no other, in a real ansible-playbook."""

from __future__ import annotations

import json
import typing as t

import pytest
import yaml

from ansible_collections.selfhosted.coolify.plugins.module_utils import _runner
from ansible_collections.selfhosted.coolify.tests.unit.controller import play
from ansible_collections.selfhosted.coolify.tests.unit.plugins.test_structure import MODULES, ROOT, WITH_API, definition

SAMPLES = {"str": "x", "int": 1, "bool": True, "list": ["x"], "dict": {"x": "y"}, "path": "/x", "raw": "x", "float": 1.0}


def least(module: str) -> dict[str, t.Any]:
    """As few options as the argument spec lets pass."""
    spec = _runner.argument_spec(definition(module))
    needed = [name for name, option in spec.items() if option.get("required")]
    needed += [group[0] for group in definition(module).constraints.get("required_one_of", ()) if not set(group) & set(needed)]
    return {name: _sample(spec[name]) for name in needed}


def _sample(option: t.Mapping[str, t.Any]) -> t.Any:
    if option.get("choices"):
        return option["choices"][:1] if option.get("type") == "list" else option["choices"][0]
    if option.get("options") and option.get("type") in ("dict", "list"):
        inner = {name: _sample(part) for name, part in option["options"].items() if part.get("required")}
        return [inner] if option["type"] == "list" else inner
    return SAMPLES[option.get("type", "str")]


@pytest.mark.parametrize("direct", ["1", "0"], ids=["in the controller", "as modules"])
def test_the_group_reaches_every_api_module(simulator, tmp_path, direct):
    lint = {"compose": str(tmp_path / "compose.yml")}
    (tmp_path / "compose.yml").write_text("services:\n  web:\n    image: nginx:1.27\n")
    names = {f"selfhosted.coolify.{module}": least(module) for module in WITH_API}
    others = {"selfhosted.coolify.coolify_compose_lint": lint, "selfhosted.coolify.coolify_host_info": {}}
    assert {name.rpartition(".")[2] for name in {**names, **others}} == set(MODULES)
    tasks = [
        {name: options, "register": name.replace(".", "_"), "failed_when": False, "check_mode": True}
        for name, options in {**names, **others}.items()
    ]
    told = {name: f"{{{{ {name.replace('.', '_')}.msg | default('fine') }}}}" for name in {**names, **others}}
    tasks.append({"ansible.builtin.copy": {"dest": str(tmp_path / "told.json"), "content": told, "mode": "0600"}, "check_mode": False})
    defaults = {"group/selfhosted.coolify.coolify": {"url": "no-address", "token": "never-sent"}}
    done = play(
        tasks,
        folder=tmp_path,
        simulator=simulator,
        keywords={"module_defaults": defaults},
        COOLIFY_URL="",
        COOLIFY_TOKEN="",
        COOLIFY_DIRECT=direct,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    messages = json.loads((tmp_path / "told.json").read_text())
    assert [name for name in names if "url: the value is no http" not in messages[name]] == [], messages
    # With the group's options they would complain about unsupported parameters
    assert [messages[name] for name in others] == ["0 errors, 0 warnings, 1 note", "fine"]


def test_the_two_without_api_are_no_members():
    group = yaml.safe_load((ROOT / "meta/runtime.yml").read_text())["action_groups"]["coolify"]
    assert not {"coolify_host_info", "coolify_compose_lint"} & set(group)
