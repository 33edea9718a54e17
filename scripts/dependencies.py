# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put collections into BUILD/deps/ansible_collections and print BUILD/deps: dependencies.py BUILD

They come from the package "ansible" on PyPI, because Galaxy cannot be reached everywhere; only what is wanted of its 54 MB is unpacked.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ANSIBLE = "12.3.0"
WANTED = ("awx/awx", "community/docker", "community/library_inventory_filtering_v1")


def main() -> int:
    build = Path(sys.argv[1]).resolve()
    target = build / "deps"
    ready = target / f"ansible-{ANSIBLE}"
    if not ready.exists():
        pip = build / "uv/bin/pip"
        command = [str(pip)] if pip.exists() else ["python3", "-m", "pip"]
        with tempfile.TemporaryDirectory(dir=build) as folder:
            subprocess.run([*command, "download", "-q", "--no-deps", "-d", folder, f"ansible=={ANSIBLE}"], check=True)
            with zipfile.ZipFile(next(Path(folder).glob("ansible-*.whl"))) as wheel:
                prefixes = tuple(f"ansible_collections/{name}/" for name in WANTED)
                wheel.extractall(target, [name for name in wheel.namelist() if name.startswith(prefixes)])
        ready.touch()
    print(target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
