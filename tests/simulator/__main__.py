# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator in the foreground: python -m tests.simulator --port 18000 --fixture fixture.json --version 4.3.11"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from . import Simulator
from .versions import VERSIONS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=18000)
    parser.add_argument("--fixture", type=Path, default=Path("fixture.json"))
    parser.add_argument("--version", default="4.3.11", choices=VERSIONS)
    options = parser.parse_args()
    simulator = Simulator(version=options.version, port=options.port)
    options.fixture.write_text(json.dumps({"url": simulator.url, **simulator.fixture}, indent=2) + "\n")
    print(
        f"A simulator of Coolify {simulator.version} listens on {simulator.url}; its tokens are in {options.fixture}. Ctrl-C ends it.",
        flush=True,
    )
    try:
        simulator.serve()
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main()
