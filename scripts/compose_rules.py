# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write docs/docsite/rst/compose_rules.rst from the table of rules; with --check, say whether it is stale."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from generated import settle

from ansible_collections.selfhosted.coolify.plugins.module_utils._compose import RULES
from ansible_collections.selfhosted.coolify.plugins.module_utils._lint.checklist import CHECKLIST
from ansible_collections.selfhosted.coolify.plugins.module_utils._lint.rule import Rule

PAGE = Path(__file__).resolve().parent.parent / "docs" / "docsite" / "rst" / "compose_rules.rst"
HEAD = """\
.. Copyright (c) 2026, selfhosted.coolify contributors
   GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
   SPDX-License-Identifier: GPL-3.0-or-later

.. This page is written by scripts/compose_rules.py

.. _ansible_collections.selfhosted.coolify.docsite.compose_rules:

Rules for compose files
=======================

The module ``selfhosted.coolify.coolify_compose_lint``, the filter ``selfhosted.coolify.compose_findings`` and the test
``selfhosted.coolify.coolify_ready`` look at a compose file, and at the Dockerfile and nginx configuration that belong to it, with these
rules. What they say about Coolify was read in the code of 4.3.11.

Mode ``coolify`` is for files that Coolify deploys, ``standalone`` for files that Docker Compose starts on such a server. A rule without a
severity for a mode is not looked at in that mode. A single finding can be milder or worse than its rule, for example when only the name of
an image tells what is in it.

An ``error`` will not work, a ``warning`` may not, ``info`` is worth knowing. Rules that do not suit you are named in ``skip_rules``.
"""
GROUPS = {
    "COMPOSE-": "Compose file",
    "COMPOSE-TRAEFIK-": "Labels of Traefik",
    "HEALTH-": "Health checks",
    "DOCKERFILE-": "Dockerfile",
    "NGINX-": "nginx",
}


def group(rule: Rule) -> str:
    """The longest of the prefixes above."""
    return max((prefix for prefix in GROUPS if rule.id.startswith(prefix)), key=len)


def plain(text: str) -> str:
    """A text without meaning for reStructuredText."""
    return re.sub(r"(\w)_(?!\w)", r"\1\\_", re.sub(r"([\\*`|])", r"\\\1", text))


def title(text: str, sign: str) -> str:
    return f"\n{text}\n{sign * len(text)}\n\n"


def section(rule: Rule) -> str:
    severities = ", ".join(f"{severity} ({mode})" for mode, severity in rule.severities.items())
    told = severities if len(set(rule.severities.values())) > 1 or len(rule.severities) == 1 else next(iter(rule.severities.values()))
    return f"{title(rule.id, '~')}{plain(rule.what)} *{told}*\n\n{plain(rule.why)}\n\nFix: {plain(rule.fix)}\n"


def checklist() -> str:
    lines = ["\n.. list-table::\n   :header-rows: 1\n\n   * - Item\n     - Rules\n"]
    for item in CHECKLIST:
        lines.append(f"   * - {plain(item.text)}\n     - {', '.join(item.rules) or plain(item.reason)}\n")
    return "".join(lines)


def page() -> str:
    parts = [HEAD]
    for prefix, heading in GROUPS.items():
        parts += [title(heading, "-"), *(section(rule) for rule in RULES.values() if group(rule) == prefix)]
    parts += [title("The checklist", "-"), "``checklist`` in the result of the module has these items.\n", checklist()]
    return re.sub(r"\n{3,}", "\n\n", "".join(parts))


def main() -> int:
    return settle({PAGE: page()})


if __name__ == "__main__":
    sys.exit(main())
