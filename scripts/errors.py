# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the page of all error codes, docs/docsite/rst/errors.rst, from the tables in the code; with --check, say whether it is stale."""

from __future__ import annotations

import sys
from http import HTTPStatus
from pathlib import Path
from typing import Iterable

from generated import settle

from ansible_collections.selfhosted.coolify.plugins.module_utils._client import ADVICE, FORBIDDEN
from ansible_collections.selfhosted.coolify.plugins.module_utils._errors import CODES, REMEDIES

PAGE = Path(__file__).resolve().parent.parent / "docs" / "docsite" / "rst" / "errors.rst"
HEAD = """\
.. Copyright (c) 2026, selfhosted.coolify contributors
   GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
   SPDX-License-Identifier: GPL-3.0-or-later

.. scripts/errors.py writes this page

.. _ansible_collections.selfhosted.coolify.docsite.errors:

Errors
======

A failed task (other than one whose options Ansible itself refuses) has ``msg`` and ``error`` (what was tried, on what, and what the answer was),
``code``, ``troubleshooting`` (what to do next) and ``incident`` (the same as a record). What stands below under *What to do* is what
``troubleshooting`` says where nothing more exact is known. With a local connection the terminal shows it at once, after the last lines of the log
where the failure has one.

The status is ``failed``; ``blocked`` for 601, when nothing was changed because a confirmation is missing; ``rolled_back`` for 602, when
everything done before the failure was undone. After 603 ``details.manual_steps`` says what to do by hand.

"""
OWN = """\
Codes of the collection
-----------------------

"""
HTTP = """\

Codes that Coolify answered
---------------------------

``code`` is the HTTP status, and ``msg`` has Coolify's own words with the error of each field.

"""
FORBIDDEN_HEAD = """\

Coolify answers 403 for reasons that only its words tell apart:

"""


def table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in (columns, *rows):
        lines += [f"   {'*' if number == 0 else ' '} - {cell}" for number, cell in enumerate(row)]
    return "\n".join(lines) + "\n"


def main() -> int:
    own = [(str(code), meaning, REMEDIES[code]) for code, meaning in CODES.items()]
    http = [(str(code), HTTPStatus(code).phrase, advice) for code, advice in ADVICE.items()]
    said = [(f"*{words}*" if words else "anything else", advice) for words, advice in FORBIDDEN]
    text = (
        HEAD
        + OWN
        + table(("Code", "Meaning", "What to do"), own)
        + HTTP
        + table(("Code", "Meaning", "What to do"), http)
        + FORBIDDEN_HEAD
        + table(("Coolify says", "What to do"), said)
    )
    return settle({PAGE: text.replace("verify_*", "``verify_*``").replace("max_*", "``max_*``")})


if __name__ == "__main__":
    sys.exit(main())
