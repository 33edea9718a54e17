# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The demo: preview, apply, run again, on the simulator, or with REAL=1 on the Coolify of COOLIFY_URL and COOLIFY_TOKEN. On the
simulator also a deployment that fails and is rolled back.

demo.py FOLDER [--clean]
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROJECT = "ansible-demo"


def play(folder: Path, playbook: str, environment: dict[str, str], *options: str) -> tuple[str, int]:
    """Run a playbook, show its output, keep it in a file; returns the output and how many tasks changed something."""
    command = ["ansible-playbook", str(ROOT / "playbooks" / playbook), *options]
    print(f"\n$ ansible-playbook playbooks/{playbook} {' '.join(options)}", flush=True)
    lines = []
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line)
    output = "".join(lines)
    log = folder / f"{len(list(folder.glob('*.log'))) + 1}-{Path(playbook).stem}{'-preview' if '--check' in options else ''}.log"
    log.write_text(output)
    if process.returncode:
        sys.exit(f"\nThe playbook failed. What to do next stands in its last message under troubleshooting; the output is in {log}")
    return output, int(re.search(r"changed=(\d+)", output)[1])


def real_environment() -> dict[str, str]:
    missing = [name for name in ("COOLIFY_URL", "COOLIFY_TOKEN") if not os.environ.get(name)]
    if missing:
        sys.exit(f"REAL=1 needs {' and '.join(missing)} in the environment.")
    print(f"This works on the Coolify at {os.environ['COOLIFY_URL']}, only in the project {PROJECT}.")
    return dict(os.environ)


def refuse_existing() -> None:
    """The demo works only in a project that it creates."""
    from ansible_collections.selfhosted.coolify.plugins.module_utils._client import Client
    from ansible_collections.selfhosted.coolify.plugins.module_utils._errors import CoolifyError
    from ansible_collections.selfhosted.coolify.plugins.module_utils._http import Http

    try:
        names = [item["name"] for item in Client(Http(os.environ["COOLIFY_URL"], os.environ["COOLIFY_TOKEN"])).items("/projects")]
    except CoolifyError as error:
        sys.exit(f"{error}\n{error.troubleshooting}")
    if PROJECT in names:
        sys.exit(
            f"There is a project {PROJECT} already; the demo works only in one that it creates. To remove that of an earlier demo: make demo-clean REAL=1"
        )


def demo(folder: Path, environment: dict[str, str], sim) -> None:
    _output, would_change = play(folder, "demo.yml", environment, "--check", "--diff")
    wrote_in_preview = len(sim.writes) if sim else None
    _output, changed = play(folder, "demo.yml", environment, "--diff")
    wrote = len(sim.writes) if sim else None
    _output, again = play(folder, "demo.yml", environment, "--diff")
    wrote_again = len(sim.writes) - wrote if sim else None
    if again or wrote_again or wrote_in_preview:
        sys.exit("\nThis is not as it should be: the preview or the second run changed something.")
    rolled_back = ""
    if sim:
        # A real server would have to run containers for it
        sim.coolify.switches.outcomes["web@broken"] = {
            "deployment": "failed",
            "log": [
                "Healthcheck logs: connect to 127.0.0.1 port 80: Connection refused",
                "New container is not healthy, rolling back to the old container.",
            ],
        }
        play(folder, "demo_rollback.yml", environment)
        app = next(row for row in sim.coolify.rows("applications") if row["name"] == "web")
        rolled_back = f"""
  4. A deployment that fails: the tag is {app["docker_registry_image_tag"]} again, the application {app["status"]}; the incident above says why."""

    def counted(number: int | None) -> str:
        return "" if number is None else f" Coolify got {number} writing requests."

    print(
        f"""
What happened
  1. Preview (--check --diff): {would_change} of 5 tasks would change something, and showed what.{counted(wrote_in_preview)}
  2. Apply: {changed} tasks made the project {PROJECT}: two environments, a Redis, an application and its variables.{counted(wrote)}
  3. The same again: {again} changes.{counted(wrote_again)}{rolled_back}

Where to look
  playbooks/demo.yml   what was declared; change something and run it again
  {folder}   the output of the runs
  README.md            how to do this on your own Coolify"""
    )
    if sim is None:
        print(f"  {environment['COOLIFY_URL']}   the project {PROJECT}; nothing in it was started. Remove it: make demo-clean REAL=1")


def main() -> int:
    folder, clean, real = Path(sys.argv[1]).resolve(), "--clean" in sys.argv, os.environ.get("REAL") == "1"
    if clean and not real:
        print("The demo on the simulator leaves nothing behind. To remove what it made on a real Coolify: make demo-clean REAL=1")
        return 0
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.log"):
        old.unlink()
    (folder / "ansible.cfg").write_text(
        "[defaults]\nnocows = true\nlocalhost_warning = false\n[inventory]\ninventory_unparsed_warning = false\n"
    )
    environment = {**os.environ, "ANSIBLE_CONFIG": str(folder / "ansible.cfg"), "ANSIBLE_FORCE_COLOR": "1" if sys.stdout.isatty() else "0"}
    if real:
        environment.update(real_environment())
        if clean:
            play(folder, "demo_clean.yml", environment)
            print(f"\nThere is no project {PROJECT} any more.")
            return 0
        refuse_existing()
        demo(folder, environment, None)
        return 0
    sys.path.insert(0, str(ROOT))
    from tests.simulator import Simulator

    with Simulator() as sim:
        print(f"A simulator of Coolify {sim.version} listens on {sim.url}; nothing else is touched.")
        environment.update(COOLIFY_URL=sim.url, COOLIFY_TOKEN=sim.tokens["root"])
        demo(folder, environment, sim)
    return 0


if __name__ == "__main__":
    sys.exit(main())
