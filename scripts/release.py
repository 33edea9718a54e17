# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a release, or without a version only check what one would be: release.py BUILD [VERSION]

With a version: galaxy.yml gets it and the fragments become the changelog. In both cases the archive is built, galaxy-importer (in a virtualenv of its
own) has to be content with it, and it is installed into an empty environment and used from there, against the simulator. Nothing is committed
and nothing is published; what remains to be done is printed.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from tests.simulator import Simulator  # noqa: E402

IMPORTER = """\
[galaxy-importer]
CHECK_REQUIRED_TAGS=False
RUN_ANSIBLE_DOC=True
RUN_ANSIBLE_LINT=True
RUN_ANSIBLE_TEST=False
RUN_FLAKE8=False
CHECK_CHANGELOG=True
OFFLINE_ANSIBLE_LINT=True
"""
# Of a checkout, but not for users
NOT_SHIPPED = (
    ".ci",
    ".github",
    ".build",
    ".pre-commit-config.yaml",
    "Makefile",
    "scripts",
    "dist",
    "REUSE.toml",
    "requirements-dev.txt",
    # With the tokens of a simulator
    "tests/integration/integration_config.yml",
    "tests/integration/integration.cfg",
)
SHIPPED = (
    "LICENSE",
    "README.md",
    "CHANGELOG.md",
    "meta/runtime.yml",
    "requirements.txt",
    "playbooks/tasks/deploy.yml",
    "playbooks/vars/awx.yml",
)


def run(*command: str | Path, cwd: Path = ROOT, **environment: str) -> str:
    """The output; ends the script when the command fails."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{done.stdout}\nrelease: {' '.join(map(str, command))} failed")
    return done.stdout


def changelog(version: str) -> None:
    if not re.fullmatch(r"\d+[.]\d+[.]\d+(-[a-z]+[.]\d+)?", version):
        sys.exit(f"release: {version} is no version such as 0.2.0")
    if run("git", "status", "--porcelain").strip():
        sys.exit("release: commit or put aside what is changed first, so that the release is what is committed")
    path = ROOT / "galaxy.yml"
    path.write_text(re.sub(r"^version: .*$", f"version: {version}", path.read_text(), flags=re.MULTILINE))
    run("antsibull-changelog", "release", cwd=ROOT)


def environment(build: Path, name: str, *packages: str) -> Path:
    """A new virtualenv."""
    venv = build / name
    uv = build / "uv/bin/uv"
    tool = str(uv) if uv.exists() else shutil.which("uv")
    if tool:
        run(tool, "venv", "-q", "--clear", "--python", sys.executable, venv)
        run(tool, "pip", "install", "-q", "--python", venv / "bin/python", *packages)
    else:
        run(sys.executable, "-m", "venv", "--clear", venv)
        run(venv / "bin/pip", "install", "-q", *packages)
    return venv


def check_names(archive: Path) -> None:
    with tarfile.open(archive) as tar:
        names = {name[2:] if name.startswith("./") else name for name in tar.getnames()}
    wrong = [name for name in sorted(names) if any(f"{name}/".startswith(f"{part}/") for part in NOT_SHIPPED)]
    wrong += [name for name in SHIPPED if name not in names]
    if wrong:
        sys.exit(f"release: in the archive and not for users, or missing: {', '.join(wrong)}; see build_ignore in galaxy.yml")


def check_importer(build: Path, archive: Path) -> None:
    venv = environment(build, "venv-importer", "galaxy-importer", "ansible-core>=2.19,<2.20", "ansible-lint>=25")
    (build / "galaxy-importer.cfg").write_text(IMPORTER)
    output = run(
        venv / "bin/python",
        "-m",
        "galaxy_importer.main",
        archive,
        cwd=build,
        GALAXY_IMPORTER_CONFIG=str(build / "galaxy-importer.cfg"),
        PATH=f"{venv / 'bin'}:{os.environ['PATH']}",
        ANSIBLE_COLLECTIONS_PATH=str(build / "tree"),
    )
    (build / "galaxy-importer.log").write_text(output)
    said = [line for line in output.splitlines() if line.startswith(("WARNING", "ERROR"))]
    if said or "Importer processing completed successfully" not in output:
        sys.exit(
            "\n".join(said or output.splitlines()[-20:]) + f"\nrelease: galaxy-importer is not content; see {build / 'galaxy-importer.log'}"
        )
    print("release: galaxy-importer is content")


def check_installed(build: Path, archive: Path, version: str) -> None:
    """Install it where there is nothing but ansible-core, and use it."""
    home = build / "installed"
    shutil.rmtree(home, ignore_errors=True)
    # What it depends on, but not what is being worked on
    shutil.copytree(build / "tree/ansible_collections/community", home / "ansible_collections/community")
    with tarfile.open(archive) as tar:
        requirements = tar.extractfile("requirements.txt").read().decode()
    wanted = [line for line in requirements.splitlines() if line and not line.startswith("#")]
    venv = environment(build, "venv-installed", "ansible-core>=2.19,<2.20", *wanted)
    own = {
        "PATH": f"{venv / 'bin'}:{os.environ['PATH']}",
        "HOME": str(home),
        "PYTHONPATH": "",
        "ANSIBLE_COLLECTIONS_PATH": str(home),
        "ANSIBLE_LOCALHOST_WARNING": "0",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "0",
    }
    run("ansible-galaxy", "collection", "install", "--offline", archive, "-p", home, cwd=home, **own)
    manifest = json.loads((home / "ansible_collections/selfhosted/coolify/MANIFEST.json").read_text())
    if manifest["collection_info"]["version"] != version:
        sys.exit("release: another version was installed")
    run("ansible-galaxy", "collection", "verify", "--offline", "selfhosted.coolify", cwd=home, **own)
    documented = json.loads(run("ansible-doc", "-l", "-j", "selfhosted.coolify", cwd=home, **own))
    for name in documented:
        run("ansible-doc", name, cwd=home, **own)
    with Simulator(deploy_seconds=0.2) as coolify:
        own.update(COOLIFY_URL=coolify.url, COOLIFY_TOKEN=coolify.tokens["root"])
        for playbook, changed in (("demo", True), ("demo", False), ("deploy", True)):
            target = () if playbook == "demo" else ("-e", "project=ansible-demo", "-e", "target=web")
            output = run("ansible-playbook", f"selfhosted.coolify.{playbook}", *target, cwd=home, **own)
            if (re.search(r"changed=0\b", output) is None) is not changed:
                sys.exit(f"{output}\nrelease: {playbook} did not do what it should")
    print(f"release: installed into an empty environment, {len(documented)} modules documented, demo and deploy ran from there")


def main() -> int:
    build, *given = Path(sys.argv[1]).resolve(), *sys.argv[2:]
    build.mkdir(exist_ok=True)
    if given:
        changelog(given[0])
    version = yaml.safe_load((ROOT / "galaxy.yml").read_text())["version"]
    tree = Path(run(sys.executable, ROOT / "scripts/tree.py", build).strip())
    run(sys.executable, ROOT / "scripts/dependencies.py", build)
    dist = build / "dist"
    run("ansible-galaxy", "collection", "build", "--force", "--output-path", dist, cwd=tree)
    archive = dist / f"selfhosted-coolify-{version}.tar.gz"
    check_names(archive)
    check_importer(build, archive)
    check_installed(build, archive, version)
    print(f"release: {archive} is fine")
    if given:
        print(
            f"  git commit -am 'Release {version}' && git tag {version} && git push --follow-tags\n  ansible-galaxy collection publish {archive}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
