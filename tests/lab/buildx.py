# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role ghcr_login's repair of the build cache on a real engine: what check mode says, what goes, what stays, a second run.

    make lab-buildx

It has no image of BuildKit, so no builder of one's own is started.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import yaml

from .engine import Engine, isolate, tarball
from .packages import need

PLAY = [
    {
        "name": "Repair",
        "hosts": "localhost",
        "gather_facts": False,
        "tasks": [
            {
                "name": "Repair",
                "ansible.builtin.include_role": {"name": "selfhosted.coolify.ghcr_login", "tasks_from": "buildx"},
                "vars": {"ghcr_login_buildx_sudo": False},
            }
        ],
    }
]


def plugin(folder: Path) -> None:
    """Debian bookworm has no buildx; trixie's is a single program."""
    with tarfile.open(tarball("buildx", "trixie", "docker-buildx")) as tar:
        member = next(item for item in tar if item.name.lstrip("./").endswith("cli-plugins/docker-buildx"))
        source = tar.extractfile(member)
        assert source
        (folder / "cli-plugins").mkdir(parents=True)
        with (folder / "cli-plugins/docker-buildx").open("wb") as file:
            shutil.copyfileobj(source, file)
    (folder / "cli-plugins/docker-buildx").chmod(0o755)


def main() -> int:
    need("docker.io", "iptables", "mmdebstrap", "util-linux")
    tarball("buildx", "trixie", "docker-buildx")
    folder = isolate()
    (folder / "play.yml").write_text(yaml.safe_dump(PLAY))
    with Engine(folder) as engine:
        plugin(folder / "engine/config")
        engine.environment.update(DOCKER_BUILDKIT="1", HOME=str(folder), ANSIBLE_NOCOLOR="1")

        def play(*arguments: str) -> str:
            command = ["ansible-playbook", "-i", "localhost,", "-c", "local", "-e", f"ansible_python_interpreter={sys.executable}"]
            done = subprocess.run(
                [*command, str(folder / "play.yml"), *arguments], env=engine.environment, capture_output=True, text=True, check=False
            )
            if done.returncode:
                sys.exit(done.stdout + done.stderr)
            return done.stdout

        def cache() -> str:
            return engine.docker("buildx", "du").stdout.splitlines()[-1]

        (folder / "context").mkdir()
        (folder / "context/file").write_text("content")
        engine.docker("buildx", "build", "--load", "-t", "kept:1", "-f", "-", str(folder / "context"), given="FROM scratch\nCOPY file /\n")
        full = cache()
        checks = {"the build leaves a cache": "0B" not in full.split()}
        said = play("--check")
        checks["check mode says what would be removed"] = (
            "the build cache of default would be removed: Reclaimable:" in said and "changed=1" in said
        )
        checks["check mode removes nothing"] = cache() == full
        checks["the run removes it"] = "changed=1" in play() and "0B" in cache().split()
        checks["the image stays"] = bool(engine.docker("image", "inspect", "kept:1").stdout)
        checks["a second run changes nothing"] = "changed=0" in play()
    for what, fine in checks.items():
        print(f"{'ok' if fine else 'FAILED'}: {what}")
    return 0 if all(checks.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
