# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
name: plan_markdown
short_description: Show the plan in a result as tables
version_added: 0.2.0
description:
  - Turns the result of a module that changes something into a text with the steps, the changed fields, the gates and the risks.
  - The text is Markdown, for a comment of a pull request, and its tables are aligned, so that it reads well in a terminal too.
author:
  - selfhosted.coolify contributors (@selfhosted)
positional: _input
options:
  _input:
    description: The registered result of a module of this collection, of check mode or of a real run.
    type: dict
    required: true
  title:
    description: The heading.
    type: str
    default: Plan
"""

EXAMPLES = r"""
---
- name: See what would change
  selfhosted.coolify.coolify_app:
    project: shop
    name: web
    docker_registry_image_tag: "1.28"
    state: deployed
  check_mode: true
  register: preview

- name: Show it
  ansible.builtin.debug:
    msg: "{{ (preview | selfhosted.coolify.plan_markdown('web 1.28')).splitlines() }}"
"""

RETURN = r"""
---
_value:
  description: The text.
  type: str
"""

import json
import typing as t

from ansible.errors import AnsibleFilterError

LONGEST = 80
"""Characters of a changed value."""


def short(value: t.Any) -> str:
    plain = value if isinstance(value, str) else "" if value is None else json.dumps(value, sort_keys=True, default=str)
    return plain if len(plain) <= LONGEST else f"{plain[: LONGEST - 1]}…"


def text(value: t.Any) -> str:
    """One line in which nothing ends a table's cell or is markup."""
    plain = " ".join(str(value).split())
    for sign, instead in (("\\", "\\\\"), ("&", "&amp;"), ("<", "&lt;"), ("|", "\\|"), ("`", "\\`"), ("*", "\\*"), ("@", "@\u200b")):
        plain = plain.replace(sign, instead)
    return plain


def table(head: t.Sequence[str], rows: t.Iterable[t.Sequence[t.Any]]) -> list[str]:
    cells = [list(head), *([text(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in cells]
    return [lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:], ""]


def changes(before: t.Any, after: t.Any, where: tuple[str, ...] = ()) -> t.Iterator[tuple[str, t.Any, t.Any]]:
    """(field, now, then) for each leaf of a diff."""
    if isinstance(after, dict) or isinstance(before, dict):
        one, other = (side if isinstance(side, dict) else {} for side in (before, after))
        for key in (*one, *(key for key in other if key not in one)):
            yield from changes(one.get(key), other.get(key), (*where, str(key)))
    elif before != after:
        yield ".".join(where), short(before), short(after)


def plan_markdown(result: t.Any, title: str = "Plan") -> str:
    if not isinstance(result, t.Mapping) or "execution_plan" not in result:
        raise AnsibleFilterError(
            "selfhosted.coolify.plan_markdown: this is not the result of a module of selfhosted.coolify that has a plan"
        )
    plan, impact = result["execution_plan"], result.get("impact_analysis") or {}
    steps = plan["steps"]
    preview = result.get("mode") == "dry-run"
    lines = [f"# {text(title)}", ""]
    if result.get("error"):
        lines += [f"**{text(result.get('status'))}**: {text(result['error'])}", ""]
    if steps:
        verb = "would be taken" if preview else "planned"
        lines += [
            f"{len(steps)} {'step' if len(steps) == 1 else 'steps'} {verb}, about {plan['total_estimated_duration']:.0f} seconds.",
            "",
        ]
        lines += table(
            ("#", "Step", "Seconds"), ((str(step["order"]), step["action"], f"{step['estimated_duration']:g}") for step in steps)
        )
    elif not result.get("error"):
        lines += ["Nothing would change." if preview else "Nothing changed.", ""]
    diff = result.get("diff") or {}
    fields = list(changes(diff.get("before") or {}, diff.get("after") or {}))
    if fields:
        lines += ["## Changes", "", *table(("Field", "Now" if preview else "Before", "Then"), fields)]
    told: dict[tuple[str, str, str], list[str]] = {}
    for gate in result.get("gates") or ():
        told.setdefault((gate["gate"], gate["outcome"], gate["reason"]), []).append(gate.get("resource") or "")
    if told:
        of = ("Of",) * any(map(any, told.values()))
        rows = ((*gate, *[", ".join(whose)] * len(of)) for gate, whose in told.items())
        lines += ["## Gates", "", *table(("Gate", "Outcome", "Reason", *of), rows)]
    if plan["risks"]:
        lines += ["## Risks", "", *table(("Level", "Risk"), ((risk["level"], risk["description"]) for risk in plan["risks"]))]
    if impact and steps:
        reasons = "; ".join(text(reason) for reason in impact.get("downtime_reasons") or ())
        lines += [
            f"Downtime: {'yes, ' + reasons if impact['downtime_expected'] else 'none expected'}. "
            f"Way back: {'there is one' if impact['rollback_available'] else 'there is none'}.",
            "",
        ]
    return "\n".join(lines)


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"plan_markdown": plan_markdown}
