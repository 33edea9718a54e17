# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in several files of the repository says the same: workflows and .ci/run, the guide for contributors and the tree."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
CI = (ROOT / ".ci/run").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()


def prerequisites(target: str) -> list[str]:
    return re.search(rf"^{target}:([^#\n]*)", MAKEFILE, re.MULTILINE)[1].split()


def test_the_workflow_runs_what_ci_runs():
    targets = WORKFLOW["jobs"]["run"]["strategy"]["matrix"]["target"]
    named = {word for line in re.findall(r"^make ([^=\n]+)$", CI, re.MULTILINE) for word in line.split() if word[0] != "-"}
    wanted = {word for name in named for word in ([name] if name != "test" else prerequisites("test"))}
    # The matrix of ansible-core is a job of its own
    assert wanted - {"matrix", "setup"} == set(targets) and "matrix" in wanted
    assert all(prerequisites(target) for target in targets)


def test_the_workflow_covers_every_ansible_core():
    cores = [item["core"] for item in WORKFLOW["jobs"]["matrix"]["strategy"]["matrix"]["include"]]
    assert cores == [f"2.{minor}" for minor in range(16, 22)]
    lowest = yaml.safe_load((ROOT / "meta/runtime.yml").read_text())["requires_ansible"]
    assert lowest == f">={cores[0]}.0"
    upper = re.search(r"ansible-core >= 2[.]16, < 2[.](\d+)", (ROOT / "requirements-dev.txt").read_text())[1]
    assert cores[-1] == f"2.{int(upper) - 1}"
    ours = {name.removeprefix("matrix-") for name in prerequisites("matrix")}
    assert {cores[0], cores[-1]} <= ours <= set(cores)


def test_what_contributors_are_told_exists():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    named = set(re.findall(r"`((?:tests|scripts|plugins|meta)/[\w./*-]+)`", text))
    assert len(named) > 12
    for name in named:
        assert any(ROOT.glob(re.sub("NAME|VERSION", "*", name))), name
    for target in re.findall(r"`make ([a-z-]+)`", text):
        assert prerequisites(target) is not None


def test_issues_ask_for_the_doctor():
    (bug,) = [yaml.safe_load(path.read_text()) for path in ROOT.glob(".github/ISSUE_TEMPLATE/bug.yml")]
    (doctor,) = [part for part in bug["body"] if part.get("id") == "doctor"]
    assert doctor["validations"]["required"] and "selfhosted.coolify.doctor" in doctor["attributes"]["description"]
