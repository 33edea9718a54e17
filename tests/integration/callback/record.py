# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes what each task of the collection returned to a file, one JSON line per task; scripts/integration.py compares two of them."""

from __future__ import annotations

import json
import os

from ansible.module_utils.common.json import AnsibleJSONEncoder
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: record
type: aggregate
short_description: Record results
description: [Records results of the collection's tasks.]
options:
  path:
    description: [The file to append to.]
    ini:
      - section: callback_record
        key: path
    env:
      - name: ANSIBLE_RECORD_PATH
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "record"
    # ansible-test names the callbacks that are enabled itself

    def _record(self, result) -> None:
        if "coolify_" not in result._task.action or result._task.loop:
            return
        with open(os.path.expanduser(self.get_option("path")), "a", encoding="utf-8") as file:
            file.write(
                json.dumps({"task": result._task.get_name(), "result": result._result}, cls=AnsibleJSONEncoder, sort_keys=True) + "\n"
            )

    def v2_runner_on_ok(self, result) -> None:
        self._record(result)

    def v2_runner_on_failed(self, result, ignore_errors=False) -> None:
        self._record(result)

    def v2_runner_item_on_ok(self, result) -> None:
        self._record_item(result)

    def v2_runner_item_on_failed(self, result) -> None:
        self._record_item(result)

    def _record_item(self, result) -> None:
        if "coolify_" in result._task.action:
            with open(os.path.expanduser(self.get_option("path")), "a", encoding="utf-8") as file:
                file.write(
                    json.dumps({"task": result._task.get_name(), "result": result._result}, cls=AnsibleJSONEncoder, sort_keys=True) + "\n"
                )
