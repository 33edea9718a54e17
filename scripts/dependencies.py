# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put collections that ours depends on beside it, into BUILD/tree: dependencies.py BUILD [NAMESPACE.NAME ...].

Prints BUILD/tree. They are taken out of the ``ansible`` package of PyPI, because Galaxy cannot be reached everywhere. Nothing is done when they are there.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

PACKAGE = "ansible==12.3.0"
NEEDED = ("awx.awx", "community.docker", "community.library_inventory_filtering_v1")


def main() -> int:
    build, wanted = Path(sys.argv[1]).resolve(), sys.argv[2:] or list(NEEDED)
    folders = {f"ansible_collections/{name.replace('.', '/')}/" for name in wanted}
    tree = build / "tree"
    missing = tuple(sorted(folder for folder in folders if not (tree / folder / "MANIFEST.json").is_file()))
    print(tree)
    if not missing:
        return 0
    wheels = build / "wheels"
    found = list(wheels.glob("ansible-*.whl"))
    if not found:
        pip = [str(build / "uv" / "bin" / "pip")] if (build / "uv" / "bin" / "pip").exists() else [sys.executable, "-m", "pip"]
        subprocess.run([*pip, "download", "-q", "--no-deps", "-d", str(wheels), PACKAGE], check=True)
        found = list(wheels.glob("ansible-*.whl"))
    with zipfile.ZipFile(found[0]) as wheel:
        names = [name for name in wheel.namelist() if name.startswith(missing)]
        # Its MANIFEST last: that it is there says that the rest is
        wheel.extractall(tree, sorted(names, key=lambda name: name.endswith("MANIFEST.json")))
    absent = [folder for folder in missing if not (tree / folder / "MANIFEST.json").is_file()]
    if absent:
        print(f"{PACKAGE} does not have {', '.join(absent)}")
    return len(absent)


if __name__ == "__main__":
    sys.exit(main())
