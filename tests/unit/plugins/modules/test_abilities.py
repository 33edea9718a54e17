# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the guide "Authentication and abilities" says about each module's token: these abilities are enough, and none of them can be left out."""

from __future__ import annotations

import pytest

from ansible_collections.selfhosted.coolify.tests.simulator.core import Token
from ansible_collections.selfhosted.coolify.tests.unit.deploying import DEPLOY, IMAGE

DB = {"project": "demo", "name": "main", "type": "postgresql", "server": "localhost"}
ENV = {"project": "demo", "application": "web", "variables": {"GREETING": "hello"}}
STACK = {
    "project": "demo",
    "server": "localhost",
    "state": "deployed",
    "databases": [{"name": "main", "type": "postgresql"}],
    "applications": [
        {**{name: value for name, value in IMAGE.items() if name not in ("project", "server")}, "variables": {"URL": {"database": "main"}}}
    ],
}
NEEDS = [
    ("info", {"gather": ["projects", "applications", "databases"]}, "4.3.11", ("read",)),
    ("logs", {"project": "demo", "target": "web"}, "4.3.11", ("read",)),
    ("logs", {"project": "demo", "target": "web"}, "4.4.2", ("read", "read:sensitive")),
    ("project", {"name": "new"}, "4.3.11", ("read", "write")),
    ("env", ENV, "4.3.11", ("read", "write")),
    ("app", {**IMAGE, "name": "new"}, "4.3.11", ("read", "write")),
    ("app", {**IMAGE, "docker_registry_image_tag": "2", "state": "deployed"}, "4.3.11", ("read", "write", "deploy")),
    ("db", DB, "4.3.11", ("read", "write")),
    ("db", {**DB, "state": "started"}, "4.3.11", ("read", "write", "deploy")),
    ("deploy", {**DEPLOY, "deploy": "always"}, "4.3.11", ("read", "deploy")),
    ("deploy", {**DEPLOY, "state": "rolled_back", "rollback_to": "1"}, "4.3.11", ("read", "write", "deploy")),
    ("stack", STACK, "4.3.11", ("read", "read:sensitive", "write", "deploy")),
    ("app", {**IMAGE, "state": "absent", "confirm_destructive": True}, "4.3.11", ("read", "write")),
    ("app", {**IMAGE, "state": "absent", "confirm_destructive": True}, "4.5.0", ("read", "write", "deploy")),
]


@pytest.mark.parametrize(("module", "options", "version", "abilities"), NEEDS, ids=lambda value: str(value)[:60])
def test_a_module_needs_exactly_these_abilities(run, simulator, waiting, module, options, version, abilities):
    simulator.reset(version=version, clock=waiting.now)

    def token(*granted: str) -> str:
        text = "|".join(("99", *granted))
        simulator.coolify.tokens[text] = Token("some", text, granted, 0, 0, True)
        return text

    assert not run("app", **IMAGE, state="deployed").get("failed")
    for left_out in abilities:
        result = run(module, token=token(*(set(abilities) - {left_out})), **options)
        said = ("answered 403: Missing required permissions", "the token may not read", "needs read:sensitive", "lacks the ability deploy")
        assert result["failed"] and any(text in result["msg"] for text in said), (left_out, result["msg"])
    enough = run(module, token=token(*abilities), **options)
    assert not enough.get("failed"), enough
    if module not in ("info", "logs"):
        assert enough["changed"]


@pytest.mark.parametrize(
    ("module", "options"), [(module, options) for module, options, _version, _abilities in NEEDS if module not in ("info", "logs", "stack")]
)
def test_check_mode_needs_read_only(run, simulator, module, options):
    assert not run("app", **IMAGE, state="deployed").get("failed")
    simulator.clear_requests()
    result = run(module, check=True, token="read", **options)
    assert not result.get("failed") and result["changed"] and simulator.writes == [], result
