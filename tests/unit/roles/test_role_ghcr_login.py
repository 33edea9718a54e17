# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role ghcr_login through its playbook, in a real ansible-playbook: check mode by SSH's way, and Coolify's own way on the simulator.

Real runs on hosts are in extensions/molecule/ghcr_login.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from ansible_collections.selfhosted.coolify.tests.lab.ghcr import Ghcr

TOKEN = "ghp_roleToken00000000001"


@pytest.fixture
def ghcr(tmp_path):
    accounts = {
        "octocat": {"token": TOKEN, "scopes": "read:packages"},
        "nobody": {"token": "ghp_roleNobody0000000002", "scopes": ""},
    }
    (tmp_path / "accounts.json").write_text(json.dumps(accounts))
    with Ghcr(tmp_path / "accounts.json", lambda *_args: (200, {}, b"{}"), ("127.0.0.1", 0)) as ghcr:
        yield ghcr


@pytest.fixture
def play(ghcr, tmp_path):
    """``play(*arguments, **variables)`` is (exit status, output) of the playbook."""

    def play(*arguments, environment=None, **variables):
        given = {
            "ansible_python_interpreter": sys.executable,
            "ghcr_login_registry": ghcr.name,
            "ghcr_login_api_url": f"http://{ghcr.name}",
            "ghcr_login_username": "octocat",
            "ghcr_login_token": TOKEN,
            **variables,
        }
        (tmp_path / "variables.json").write_text(json.dumps(given))
        command = [
            "ansible-playbook",
            "-i",
            "localhost,",
            "-c",
            "local",
            "selfhosted.coolify.ghcr_login",
            "-e",
            f"@{tmp_path}/variables.json",
        ]
        done = subprocess.run(
            [*command, *arguments],
            cwd=tmp_path,
            env={**os.environ, "ANSIBLE_NOCOLOR": "1", **(environment or {})},
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )
        output = done.stdout + done.stderr
        assert TOKEN not in output
        return done.returncode, output

    return play


def test_check_mode_says_what_would_change(play, ghcr):
    status, output = play("--check", "--diff", "-vvvv", ghcr_login_verify_image=[f"{ghcr.name}/acme/shop"])
    assert status == 0 and f"would log in to {ghcr.name} as octocat: there is no login to {ghcr.name}" in output
    assert "changed=1" in output and "HEAD /v2/acme/shop/manifests/latest" in ghcr.asked


def test_a_host_that_builds_needs_more(play):
    status, output = play("--check", ghcr_login_build_group="ungrouped")
    assert status == 2 and "the token of octocat lacks write:packages; it has read:packages" in output
    assert "Create a personal access token (classic)" in output


def test_arguments_are_checked_first(play, ghcr):
    status, output = play("--check", ghcr_login_via="pigeon")
    assert status == 2 and "value of ghcr_login_via must be one of: ssh, api" in output and not ghcr.asked


def test_coolify_itself_logs_in_and_out(play, ghcr, simulator):
    simulator.reset(version="4.4.2")
    simulator.coolify.switches.accounts = {ghcr.name: {"octocat": TOKEN}}
    environment = {"COOLIFY_URL": simulator.url, "COOLIFY_TOKEN": simulator.tokens["root"]}

    def api(*arguments, **variables):
        return play(*arguments, environment=environment, ghcr_login_via="api", ghcr_login_server="localhost", **variables)

    writes = len(simulator.writes)
    status, output = api("--check")
    assert status == 0 and "changed=1" in output and f"log in to {ghcr.name} as octocat" in output and len(simulator.writes) == writes
    status, output = api("-vvvv")
    assert status == 0 and "changed=1" in output
    status, output = api()
    assert status == 0 and "changed=0" in output
    status, output = api(ghcr_login_username="nobody", ghcr_login_token="ghp_roleNobody0000000002")
    assert status == 2 and "lacks read:packages; it has no scope at all" in output
    status, output = api(ghcr_login_state="absent")
    assert status == 0 and "changed=1" in output
    status, output = api(ghcr_login_state="absent")
    assert status == 0 and "changed=0" in output
