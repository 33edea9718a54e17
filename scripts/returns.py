# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write what modules' documentations have in common into each module; with --check, say which are stale.

That are the common part of RETURN (documentation fragments for RETURN exist since ansible-core 2.20 and break ansible-doc and sanity before
it), and in coolify_stack the suboptions, which are options of coolify_app, coolify_db and coolify_service.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import Any

import yaml
from generated import settle

FRAGMENTS = Path(__file__).resolve().parent.parent / "plugins" / "doc_fragments"
MODULES = Path(__file__).resolve().parent.parent / "plugins" / "modules"
BEGIN = "# The rest is the same for all modules; scripts/returns.py writes it\n"
ALWAYS = """\
status:
  description:
    - V(success), or V(plan_ready) in check mode. V(pending) when O(ignore:wait=false) left something unfinished.
    - On failure V(failed), V(blocked) when a confirmation is missing, or V(rolled_back) when everything was undone.
  returned: always
  type: str
  sample: success
mode:
  description: V(on-demand), or V(dry-run) in check mode.
  returned: always
  type: str
  sample: on-demand
resource_id:
  description: The uuid of what the task is about; V(null) when it does not exist.
  returned: always
  type: str
  sample: m4k8w0s2c6g0o4w8k2s6c0gq
details:
  description: What happened.
  returned: always
  type: dict
  contains:
    started_at:
      description: When the task began, in UTC.
      type: str
      sample: "2026-11-24T10:00:00Z"
    completed_at:
      description: When the task ended, in UTC.
      type: str
    duration_seconds:
      description: How long it took.
      type: float
    timeline:
      description: What was seen while waiting, each with C(at) and C(event). There when something was created or waited for.
      type: list
      elements: dict
    pending:
      description: What to poll. There when O(ignore:wait=false) left something unfinished.
      type: str
    deployment_uuid:
      description: The deployment that a start, restart or deployment of an application queued, or the last one when there was nothing to deploy.
      type: str
    deployment_reason:
      description: Why there was something to deploy.
      type: str
    rollback_deployment_uuid:
      description: The deployment that brought back what ran before.
      type: str
    restored:
      description: What was undone. There after a failure that was rolled back.
      type: list
      elements: str
    not_restored:
      description: What could not be undone. There after a failure that was rolled back.
      type: list
      elements: str
    manual_steps:
      description: What to do by hand. There when something could not be undone.
      type: list
      elements: str
    redeploy_required:
      description: V(true) when the change reaches the running application only with its next deployment.
      type: bool
    restart_required:
      description: V(true) when the change reaches the running database or service only with its next restart.
      type: bool
metrics:
  description: Figures about server and application. What nobody measured is V(null).
  returned: always
  type: dict
execution_plan:
  description: The steps that the task makes, or would make, with their estimated seconds, and the risks that should be known before.
  returned: always
  type: dict
  contains:
    steps:
      description: Each with C(order), C(action) and C(estimated_duration).
      type: list
      elements: dict
    total_estimated_duration:
      description: Seconds.
      type: float
    gates_to_check:
      description: Names of the gates.
      type: list
      elements: str
    risks:
      description: Each with C(level) and C(description).
      type: list
      elements: dict
diff:
  description: The fields in question, C(before) and C(after). Secrets show that they differ and nothing else.
  returned: always
  type: dict
"""
MANAGING = """\
plan_id:
  description: Identifies the run; V(txn-…) when it was applied, V(plan-…) in check mode.
  returned: unless the task failed before there was a plan
  type: str
  sample: txn-1794470400-1f2e3d4c
rollback_point:
  description:
    - The configuration as found, without secrets, in C(configuration); C(config_hash), C(image_tag), C(commit), C(resource_id).
    - C(deployment_id) is V(null) where no deployment was looked up.
  returned: unless the task failed before there was a plan
  type: dict
impact_analysis:
  description: What applying would mean, in C(downtime_expected), C(downtime_reasons), C(rollback_available) and C(affected_users).
  returned: in check mode
  type: dict
message:
  description: That nothing was applied, and how to apply it.
  returned: in check mode
  type: str
"""
DEPLOYING = """\
gates:
  description:
    - What was checked before anything was changed, each with C(gate), C(outcome), C(reason) and C(evidence).
    - C(outcome) is V(passed), V(failed) or V(skipped); a gate without evidence is skipped.
  returned: when there is something to deploy
  type: list
  elements: dict
"""
FAILURE = """\
error:
  description: What was tried, on what, and what the answer was; the same as C(msg).
  returned: on failure
  type: str
code:
  description: The HTTP status of an API error, or one of the collection's own codes from 600, which its guide to errors lists.
  returned: on failure
  type: int
  sample: 409
troubleshooting:
  description: What to do next.
  returned: on failure
  type: str
incident:
  description: >-
    The failure as a record, with C(id), C(started_at), C(stage), C(root_cause), C(severity), C(recommended_fix), C(last_logs_sample) and
    C(related_resources).
  returned: on failure
  type: dict
"""


SUBOPTIONS = re.compile(r"^    suboptions: # of (coolify_\w+); scripts/returns.py writes them\n((?: {6}.*\n|\n)*)", re.MULTILINE)
OWN_OF_PARTS: dict[str, dict[str, Any]] = {
    "name": {
        "description": ["Name inside O(project) and O(environment). Each name can be there once in the task."],
        "type": "str",
        "required": True,
    },
    "depends_on": {
        "description": [
            "Names of databases, services and applications of this task that have to be there before. Databases and services come before all",
            "applications anyway;",
            "applications are deployed in this order, otherwise as they are declared.",
        ],
        "type": "list",
        "elements": "str",
    },
    "server": {"description": ["Name or uuid of the server, where it is another one than O(server)."], "type": "str"},
    "destination": {"description": ["Name or uuid of the destination, where it is another one than O(destination)."], "type": "str"},
}
OF_STACK = {
    # module -> the option of coolify_stack, fragments of the module, what it has and a part has not, what a part has beside
    "coolify_db": ("databases", ("_tags.DOCUMENTATION",), {"state", "reveal_secrets"}, ("name", "server", "destination")),
    "coolify_service": (
        "services",
        ("_variables.DOCUMENTATION", "_tags.DOCUMENTATION"),
        {"state", "containers", "latest", "force_domain_override"},
        ("name", "server", "destination"),
    ),
    "coolify_app": (
        "applications",
        ("_variables.DOCUMENTATION", "_deployment.EXPECTATIONS", "_tags.DOCUMENTATION"),
        {"state", "force_domain_override"},
        ("name", "depends_on", "server", "destination"),
    ),
}


def constants(path: Path) -> dict[str, str]:
    """The texts that are assigned to a name in a file, in a class too."""
    return {
        node.targets[0].id: node.value.value
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.Constant)
    }


def _options(file: str, name: str) -> dict[str, Any]:
    return yaml.safe_load(constants(FRAGMENTS / f"{file}.py")[name])["options"]


def suboptions(module: str, above: set[str]) -> str:
    """The options of a module as suboptions of an option of coolify_stack; ``above`` are the options beside that."""
    prefix, fragments, without, own = OF_STACK[module]
    options = yaml.safe_load(constants(MODULES / f"{module}.py")["DOCUMENTATION"])["options"]
    for fragment in fragments:
        file, name = fragment.split(".")
        # What a module says itself counts
        options = {**options, **{key: {**item, **options.get(key, {})} for key, item in _options(file, name).items()}}
    options = {name: item for name, item in options.items() if name not in without}

    def moved(match: re.Match[str]) -> str:
        if match[1] in options:
            return f"O({prefix}[].{match[1]}"
        return match[0] if match[1] in above else f"O(selfhosted.coolify.{module}#module:{match[1]}"

    def placed(item: Any) -> Any:
        if isinstance(item, dict):
            return {name: placed(value) for name, value in item.items()}
        if isinstance(item, list):
            return [placed(value) for value in item]
        return re.sub(r"\bO\((\w+)(?![\w:#])", moved, item) if isinstance(item, str) else item

    of_stack = {**{name: OWN_OF_PARTS[name] for name in own}, **placed(options)}
    text = yaml.safe_dump(of_stack, sort_keys=False, width=120, allow_unicode=True)
    return "".join(f"      {line}\n" for line in text.splitlines())


def with_suboptions(text: str) -> str:
    documentation = text.split('DOCUMENTATION = r"""\n', 1)[1].split('"""', 1)[0]
    above = set(re.findall(r"^  (\w+):$", documentation.split("\noptions:\n", 1)[-1], re.MULTILINE))

    def fresh(match: re.Match[str]) -> str:
        return f"    suboptions: # of {match[1]}; scripts/returns.py writes them\n{suboptions(match[1], above)}"

    return SUBOPTIONS.sub(fresh, text)


def written(text: str) -> str:
    """The module's text with the common parts brought up to date."""
    text = with_suboptions(text)
    head, rest = text.split('RETURN = r"""\n', 1)
    own, tail = rest.split('"""', 1)
    own = own.split(BEGIN)[0]
    reading = re.search(r"_resources\.(info|diagnose|logs) import", tail)
    managing = "" if reading else MANAGING
    deploying = DEPLOYING if "_resources.application import" in tail or "_resources.stack import" in tail else ""
    told = set(re.findall(r"^(\w+):$", own, re.MULTILINE))
    common = re.split(r"^(?=\w+:$)", f"{ALWAYS}{managing}{deploying}{FAILURE}", flags=re.MULTILINE)
    # What a module says itself counts
    common = [part for part in common if part.split(":")[0] not in told]
    return f'{head}RETURN = r"""\n{own}{BEGIN}{"".join(common)}"""{tail}'


def main() -> int:
    texts = {module: module.read_text() for module in sorted(MODULES.glob("coolify_*.py"))}
    # Without Coolify's API there is no common result
    return settle({module: written(text) for module, text in texts.items() if "_runner import" in text})


if __name__ == "__main__":
    sys.exit(main())
