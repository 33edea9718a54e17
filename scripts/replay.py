# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replay recorded exchanges of a real Coolify against the simulator: replay.py FOLDER, where transcripts* are.

What is recorded has to match in full.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from tests.simulator import Simulator  # noqa: E402
from tests.simulator.replay import run  # noqa: E402

VERSIONS = {"transcripts": "4.3.11", "transcripts-4.1.2": "4.1.2", "transcripts-4.2.0": "4.2.0", "transcripts-4.4-rc.1": "4.4-rc.1"}


def main() -> int:
    source, failed = Path(sys.argv[1]), False
    for folder, version in VERSIONS.items():
        total = good = 0
        with Simulator(version=version) as sim:
            for path in sorted((source / folder).glob("*.json")):
                sim.reset()
                exchanges, matching = run(sim.url, json.loads(path.read_text()), sim.fixture)
                total, good = total + exchanges, good + matching
        failed = failed or good < total or not total
        print(f"{version:9} {good}/{total} exchanges match")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
