# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a script has to do at least: script.py URL TOKEN create|update, with the applications as JSON on stdin. Prints its seconds.

On 4 connections, without any care for failures; the start of Python and the imports are not counted.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

URL, TOKEN, WHAT = sys.argv[1:]
local = threading.local()


def call(method: str, path: str, body: Any = None) -> Any:
    if not hasattr(local, "session"):
        local.session = requests.Session()
        local.session.headers.update({"Authorization": f"Bearer {TOKEN}", "Accept": "application/json"})
    answer = local.session.request(method, f"{URL}/api/v1{path}", json=body, timeout=30)
    answer.raise_for_status()
    return answer.json()


def named(items: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(item for item in items if item["name"] == name)


def write(uuid: str, variables: dict[str, str]) -> None:
    flags = {"is_literal": False, "is_multiline": False, "is_shown_once": False}
    call("PATCH", f"/applications/{uuid}/envs/bulk", {"data": [{"key": key, "value": value, **flags} for key, value in variables.items()]})


def main() -> None:
    wanted = json.load(sys.stdin)
    started = time.perf_counter()
    project = named(call("GET", "/projects"), "demo")["uuid"]
    if WHAT == "create":
        place = {
            "project_uuid": project,
            "environment_name": "production",
            "server_uuid": named(call("GET", "/servers"), "localhost")["uuid"],
        }
    else:
        known = call("GET", f"/projects/{project}/production")["applications"]

    def create(app: dict[str, Any]) -> None:
        body = {**app, **place, "autogenerate_domain": False}
        del body["variables"], body["type"]
        write(call("POST", f"/applications/{app['type']}", body)["uuid"], app["variables"])

    def update(app: dict[str, Any]) -> None:
        uuid = named(known, app["name"])["uuid"]
        found = call("GET", f"/applications/{uuid}")
        if any(found[name] != value for name, value in app.items() if name not in ("variables", "type")):
            sys.exit("the script changes variables only")
        stored = {row["key"]: row["value"] for row in call("GET", f"/applications/{uuid}/envs") if not row["is_preview"]}
        differing = {key: value for key, value in app["variables"].items() if stored.get(key) != value}
        if differing:
            write(uuid, differing)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(create if WHAT == "create" else update, wanted))
    print(time.perf_counter() - started)


if __name__ == "__main__":
    main()
