# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copy the checkout to BUILD/tree/ansible_collections/selfhosted/coolify, where Ansible's tools want it, and print that path: tree.py BUILD [OTHER]

A link would not do: ansible-test looks at the real path of its working directory. Only files that differ are copied, and what left the
checkout leaves the copy. With OTHER, the BUILD that has the collections that ours depends on, these are linked beside it.
"""

from __future__ import annotations

import filecmp
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    build = Path(sys.argv[1]).resolve()
    target = build / "tree" / "ansible_collections" / "selfhosted" / "coolify"
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    names = {name for name in listed.split("\0") if name and (ROOT / name).is_file()}
    for name in names:
        source, copy = ROOT / name, target / name
        if not copy.is_file() or not filecmp.cmp(source, copy, shallow=False) or source.stat().st_mode != copy.stat().st_mode:
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, copy)
    kept = (".git", "output", "__pycache__", ".pytest_cache", ".hypothesis", ".ruff_cache", ".ansible")
    for copy in [path for path in target.rglob("*") if path.is_file() and not set(kept) & set(path.relative_to(target).parts)]:
        if str(copy.relative_to(target)) not in names:
            copy.unlink()
    for folder in sorted(
        (path for path in target.rglob("*") if path.is_dir() and not set(kept) & set(path.relative_to(target).parts)), reverse=True
    ):
        if not any(folder.iterdir()):
            folder.rmdir()
    if not (target / ".git").exists():
        # ansible-test lists files through git
        subprocess.run(["git", "init", "-q", str(target)], check=True)
        (target / ".git" / "info" / "exclude").write_text("__pycache__/\n.pytest_cache/\n.hypothesis/\ntests/output/\n")
    if len(sys.argv) > 2:
        # What ours depends on, from the tree of another BUILD; the import test of ansible-test looks nowhere else
        for other in (Path(sys.argv[2]).resolve() / "tree" / "ansible_collections").iterdir():
            link = build / "tree" / "ansible_collections" / other.name
            if other.name != "selfhosted" and not link.exists():
                link.symlink_to(other)
    print(target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
