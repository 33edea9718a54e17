# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Record a transcript on a real Coolify: record.py STEPS.json FIXTURE.json > TRANSCRIPT.json

STEPS.json is a transcript without the responses ({"name", "steps": [{"name", "request", "save"?, "until"?}]}); tests/simulator/replay.py says
what a step can have. FIXTURE.json holds "url", "tokens" by name, and the values of the placeholders, such as "server_uuid".

Tokens, uuids and times become placeholders, and what is named like a secret becomes <string>; read what was recorded before you commit it.
"""

from __future__ import annotations

import json
import re
import sys
import time
import typing as t
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tests.simulator.replay import SHAPES, body_of, dig, send

SECRET = re.compile(r"password|secret|token|private_key|real_value|internal_db_url|external_db_url", re.IGNORECASE)
UUID = re.compile(r"\b(?=[a-z0-9]*\d)[a-z0-9]{24}\b")


def plain(value: t.Any, known: dict[str, str], key: str = "") -> t.Any:
    """A recorded value with placeholders for what is another one next time."""
    if isinstance(value, dict):
        return {name: plain(item, known, name) for name, item in value.items()}
    if isinstance(value, list):
        return [plain(item, known, key) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and (key == "id" or key.endswith("_id")):
        return "<int>"
    if not isinstance(value, str):
        return value
    if value and SECRET.search(key):
        return "<string>"
    for name, text in known.items():
        value = value.replace(text, f"{{{{{name}}}}}")
    return UUID.sub("<uuid>", re.sub(SHAPES["<timestamp>"].pattern, "<timestamp>", value))


def record(base: str, steps: dict[str, t.Any], fixture: dict[str, t.Any]) -> dict[str, t.Any]:
    known = {name: value for name, value in fixture.items() if isinstance(value, str) and name not in ("url", "version")}
    done = []
    for step in steps["steps"]:
        until = time.monotonic() + step.get("timeout", 60)
        while True:
            answer = send(base, step, known, fixture["tokens"])
            body = body_of(answer)
            if "until" not in step or dig(body, step["until"][0]) in step["until"][1] or time.monotonic() > until:
                break
            time.sleep(1)
        known.update({name: dig(body, path) for name, path in step.get("save", {}).items()})
        response = {
            "status": answer.status_code,
            "content_type": answer.headers.get("content-type", "").split(";")[0],
            "body": plain(body, known),
        }
        done.append({**step, "response": response})
    return {"name": steps["name"], "coolify": version_of(base, fixture), "steps": done}


def version_of(base: str, fixture: dict[str, t.Any]) -> str:
    token = next(name for name in ("root", "read") if name in fixture["tokens"])
    return str(body_of(send(base, {"request": {"method": "GET", "path": "/api/v1/version", "token": token}}, {}, fixture["tokens"])))


def main() -> int:
    steps, fixture = (json.loads(Path(name).read_text()) for name in sys.argv[1:3])
    print(json.dumps(record(fixture["url"], steps, fixture), indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
