# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the ansible-test of a virtualenv in the arranged tree: ansible_test.py BUILD VENV ARGUMENTS...

ansible-test installs pip by a script that it downloads; where that address cannot be reached, Python's own ensurepip does the same. Its
home is in BUILD, so that nothing is left behind elsewhere.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

STAND_IN = """\
import subprocess, sys
subprocess.check_call([sys.executable, "-m", "ensurepip"], stdout=subprocess.DEVNULL)
options = [option for option in sys.argv[1:] if option not in ("--no-setuptools", "--no-wheel")]
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install", "-q"] + options))
"""


def main() -> int:
    build, venv = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).absolute()
    home = build / "home"
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    requirements = next(venv.glob("lib/python3.*/site-packages/ansible_test/_internal/python_requirements.py")).read_text()
    for version in set(re.findall(r"\b\d+\.\d+(?:\.\d+)?\b", requirements)):
        stand_in = cache / f"get_pip_{version.replace('.', '_')}.py"
        if not stand_in.exists():
            stand_in.write_text(STAND_IN)
    environment = {**os.environ, "HOME": str(home), "PATH": f"{venv / 'bin'}:{os.environ['PATH']}"}
    tree = build / "tree" / "ansible_collections" / "selfhosted" / "coolify"
    python = subprocess.run(
        [venv / "bin" / "python", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], check=True, capture_output=True, text=True
    ).stdout.strip()
    command, *rest = sys.argv[3:]
    whole = [str(venv / "bin" / "ansible-test"), command, "--local", "--python", python, *rest]
    if command != "sanity":
        return subprocess.call(whole, cwd=tree, env=environment)
    # Mostly the installation of each test's own tools; a person wants to read what failed
    log = build / f"sanity-{venv.name}.log"
    done = subprocess.run(whole, cwd=tree, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    log.write_text(done.stdout)
    if done.returncode:
        print("\n".join(line for line in done.stdout.splitlines() if line.startswith(("ERROR", "FATAL", "WARNING"))))
        print(f"sanity: failed; the whole output is in {log}")
    else:
        print(f"sanity: fine, {len(re.findall('^Running sanity test', done.stdout, re.MULTILINE))} tests")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
