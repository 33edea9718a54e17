# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the scripts that generate files have in common."""

from __future__ import annotations

import sys
from pathlib import Path


def settle(files: dict[Path, str]) -> int:
    """Write the files that are not as they should be; with --check, name them instead. Returns the exit status."""
    stale = [path for path, text in files.items() if not path.is_file() or path.read_text() != text]
    if stale and "--check" in sys.argv:
        print(f"stale: {', '.join(path.name for path in stale)}; run: make returns")
        return 1
    for path in stale:
        path.write_text(files[path])
    return 0
