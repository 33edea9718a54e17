# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What direct execution says on the terminal, and what it says about options that are wrong."""

from __future__ import annotations

import json
import re

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.selfhosted.coolify.plugins.module_utils import _runner
from ansible_collections.selfhosted.coolify.tests.simulator.keys import generated
from ansible_collections.selfhosted.coolify.tests.unit.controller import play
from ansible_collections.selfhosted.coolify.tests.unit.plugins.test_structure import definition

IMAGE = {"project": "demo", "name": "web", "server": "localhost", "type": "dockerimage", "docker_registry_image_name": "nginx"}


@pytest.fixture
def terminal(simulator, waiting):
    """``terminal("coolify_app", …)`` gives the lines that it shows."""

    def terminal(module: str, fails: bool = False, **options) -> list[str]:
        lines: list[str] = []
        known = definition(module)
        given = {"url": simulator.url, "token": simulator.tokens["root"], **options}
        checked = ArgumentSpecValidator(_runner.argument_spec(known), **known.constraints).validate(given)
        assert not checked.error_messages
        run = _runner.execute(known, checked.validated_parameters, check_mode=False, show=lines.append)
        assert bool(run.result.get("failed")) == fails, run.result.get("msg")
        return lines

    return terminal


@pytest.mark.parametrize(
    ("options", "advice"),
    [
        (
            {"token": ""},
            "Set it on the task, in module_defaults for group/selfhosted.coolify.coolify, or in the environment as COOLIFY_TOKEN.",
        ),
        ({"url": ""}, "Set it on the task, in module_defaults for group/selfhosted.coolify.coolify, or in the environment as COOLIFY_URL."),
        ({"project": ""}, "Correct the options of the task; ansible-doc shows what each takes."),
        ({"project": "nope"}, "Use one of the names that exist, or create it first."),
    ],
)
def test_what_to_do_is_said_before_there_is_a_connection_too(terminal, monkeypatch, options, advice):
    monkeypatch.delenv("COOLIFY_URL", raising=False)
    monkeypatch.delenv("COOLIFY_TOKEN", raising=False)
    assert terminal("coolify_app", fails=True, **{**IMAGE, **options}) == [f"[coolify_app] what to do: {advice}"]


def test_a_bug_is_to_be_reported(terminal, monkeypatch):
    monkeypatch.setattr(_runner, "connect", lambda *args: 1 / 0)
    assert terminal("coolify_app", fails=True, **IMAGE) == [
        "[coolify_app] what to do: Please report this with the output of the task at -vvv."
    ]


def test_the_end_of_the_log_is_shown_with_what_to_do(terminal, simulator):
    log = [f"step {number}" for number in range(6)] + ["npm ERR! missing script: build"]
    simulator.coolify.switches.outcomes["web"] = {"deployment": "failed", "log": log}
    lines = terminal("coolify_app", fails=True, **IMAGE, state="started")
    assert lines[-1].startswith("[coolify_app] what to do: ")
    assert lines[-6:-1] == [f"[coolify_app]   | {line}" for line in log[-5:]] and "step 1" not in str(lines)


def deleted(lines: list[str]) -> list[str]:
    return [re.sub(r"\(\w+\)", "(uuid)", line) for line in lines if "delete" in line]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "deleted {} (uuid), its volumes stay"),
        ({"delete_volumes": True}, "deleted {} (uuid), with its volumes"),
        ({"wait": False}, "Coolify is going to delete {} (uuid), its volumes stay"),
    ],
)
@pytest.mark.parametrize(
    ("kind", "made"),
    [
        ("app", IMAGE),
        ("db", {"project": "demo", "name": "web", "server": "localhost", "type": "redis"}),
        ("service", {"project": "demo", "name": "web", "server": "localhost", "type": "uptime-kuma"}),
    ],
)
def test_what_was_deleted_is_said(terminal, kind, made, options, said):
    terminal(f"coolify_{kind}", **made)
    words = {"app": 'application "web"', "db": 'database "web"', "service": 'service "web"'}[kind]
    lines = terminal(f"coolify_{kind}", project="demo", name="web", state="absent", confirm_destructive=True, **options)
    assert deleted(lines) == [f"[coolify_{kind}] {said.format(words)}"]


@pytest.mark.parametrize(
    ("module", "made", "words"),
    [
        ("coolify_project", {"name": "shop"}, 'project "shop"'),
        ("coolify_private_key", {"name": "fleet", "private_key": generated()}, 'private key "fleet"'),
        ("coolify_server", {"name": "web1", "ip": "10.0.0.5", "private_key": "Testing Host Key"}, 'server "web1"'),
        ("coolify_destination", {"server": "localhost", "name": "extra", "network": "extra"}, 'destination "extra"'),
        (
            "coolify_s3_storage",
            {"name": "backups", "endpoint": "https://s3.example.com", "bucket": "acme-backups", "region": "eu", "key": "k", "secret": "s"},
            'S3 storage "backups"',
        ),
    ],
)
def test_what_has_no_volumes_is_said_to_be_deleted_too(terminal, module, made, words):
    terminal(module, **made)
    found = {name: value for name, value in made.items() if name == "name" or (module == "coolify_destination" and name == "server")}
    lines = terminal(module, **found, state="absent", confirm_destructive=True)
    assert deleted(lines) == [f"[{module}] deleted {words} (uuid)"]


@pytest.mark.parametrize(("module", "creates"), [("app", True), ("deploy", False)])
def test_a_name_that_does_not_exist(run, simulator, module, creates):
    for name in ("web", "beat"):
        run("app", **{**IMAGE, "name": name})
    result = run(module, project="demo", name="wbe")
    assert result["code"] == 609 and result["msg"].endswith('there is no application "wbe" in demo/production; existing: beat, web')
    assert ("To create it" in result["troubleshooting"]) is creates
    preview = run(module, check=True, project="demo", name="wbe")
    assert not preview.get("failed") and "existing: beat, web. The preview goes on" in str(preview["warnings"])


def test_a_former_secret_is_nowhere_in_the_output(terminal, simulator, tmp_path):
    terminal("coolify_app", **IMAGE, secrets={"STRIPE": "sk_live_zzz111"})
    env = {"project": "demo", "application": "web", "variables": {"STRIPE": "newvalue"}}
    for options in (["--check", "--diff", "-vvvv"], ["--diff", "-vvvv"]):
        done = play([{"selfhosted.coolify.coolify_env": env}], *options, folder=tmp_path, simulator=simulator)
        assert done.returncode == 0 and '"value": "newvalue"' in done.stdout
        assert "sk_live_zzz111" not in done.stdout + done.stderr


def test_options_that_are_wrong_are_all_told(simulator, tmp_path):
    wrong = {
        "unknown": {"nmae": "web", "project": "demo"},
        "alone": {"name": "web", "nmae": "web"},
        "missing": {"project": "demo"},
    }
    tasks = [{"selfhosted.coolify.coolify_app": options, "register": name, "ignore_errors": True} for name, options in wrong.items()]
    told = {name: f"{{{{ {name}.msg }}}}" for name in wrong}
    tasks.append({"ansible.builtin.copy": {"dest": str(tmp_path / "told.json"), "content": told, "mode": "0600"}})
    done = play(tasks, folder=tmp_path, simulator=simulator)
    assert done.returncode == 0, done.stdout + done.stderr
    said = json.loads((tmp_path / "told.json").read_text())
    begin, missing = (
        "Unsupported parameters for (selfhosted.coolify.coolify_app) module: nmae. Supported",
        "one of the following is required: name, uuid",
    )
    assert said["unknown"].startswith(begin) and said["unknown"].endswith(f"; {missing}")
    assert said["alone"].startswith(begin) and missing not in said["alone"]
    assert said["missing"] == missing
