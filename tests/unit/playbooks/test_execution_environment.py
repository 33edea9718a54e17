# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ansible-builder makes of the collection, and of the definition in the guide. The image itself is not built: no base image can be had here."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[3]


def builder(*options: str, cwd: Path) -> str:
    command = [str(Path(sys.executable).parent / "ansible-builder"), *options]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_ansible_builder_finds_what_the_collection_needs(tmp_path):
    builder("introspect", str(ROOT.parents[2]), "--write-pip", "pip.txt", cwd=tmp_path)
    found = (tmp_path / "pip.txt").read_text()
    wanted = [line.split(">=")[0].strip() for line in (ROOT / "requirements.txt").read_text().splitlines() if not line.startswith("#")]
    assert wanted and all(re.search(rf"^{name}\b.*selfhosted[.]coolify", found, re.MULTILINE) for name in wanted), found


def test_the_definition_in_the_guide_can_be_built_from(tmp_path):
    guide = (ROOT / "docs/docsite/rst/awx.rst").read_text()
    block = re.search(r"As ``execution-environment[.]yml``:\n\n[.][.] code-block:: yaml\n\n((?: +.*\n|\n)+)", guide)[1]
    definition = yaml.safe_load(textwrap.dedent(block))
    (tmp_path / "execution-environment.yml").write_text(yaml.safe_dump(definition))
    builder("create", "--output-filename", "Containerfile", cwd=tmp_path)
    assert "selfhosted.coolify" in (tmp_path / "context/_build/requirements.yml").read_text()
    assert definition["images"]["base_image"]["name"] in (tmp_path / "context/Containerfile").read_text()
