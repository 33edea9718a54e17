# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the page of all causes that coolify_diagnose knows, docs/docsite/rst/rules.rst, from the table; with --check, say whether it is stale."""

from __future__ import annotations

import sys
from pathlib import Path

from generated import settle

from ansible_collections.selfhosted.coolify.plugins.module_utils._diagnosis.rules import RULES, Rule

PAGE = Path(__file__).resolve().parent.parent / "docs" / "docsite" / "rst" / "rules.rst"
HEAD = """\
.. Copyright (c) 2026, selfhosted.coolify contributors
   GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
   SPDX-License-Identifier: GPL-3.0-or-later

.. scripts/rules.py writes this page

.. _ansible_collections.selfhosted.coolify.docsite.rules:

Causes that coolify_diagnose knows
==================================

In the order in which they are looked for, the more specific ones first. Words in braces are filled in.

"""


def entry(rule: Rule) -> str:
    lines = [rule.id, "-" * len(rule.id), "", f"{rule.cause[:1].upper()}{rule.cause[1:]}.", ""]
    lines += [f":Stage: {rule.stage}", f":Severity: {rule.severity}", f":What to do: {rule.fix}"]
    if rule.remedy:
        lines += ["", ".. code-block:: text", "", f"    {rule.remedy}"]
    return "\n".join(lines) + "\n"


def main() -> int:
    return settle({PAGE: HEAD + "\n".join(entry(rule) for rule in RULES)})


if __name__ == "__main__":
    sys.exit(main())
