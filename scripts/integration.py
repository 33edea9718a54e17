# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the integration targets twice against the simulator, inside the controller process and as ordinary modules, and compare the results.

integration.py BUILD VENV [TARGET ...]; with WAY=direct in the environment only inside the controller process.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Iterator

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from tests.simulator import Simulator  # noqa: E402
from tests.simulator.keys import generated  # noqa: E402

# What differs from run to run, or what Ansible itself adds to one of the two ways
VOLATILE = {
    "plan_id",
    "config_hash",
    "id",
    "started_at",
    "finished_at",
    "completed_at",
    "created_at",
    "generated_at",
    "duration_seconds",
    "deploy_time_seconds",
    "last_deploy_duration_seconds",
    # Whether the proxy of a new server has started yet
    "proxy_status",
    # Taken from how long earlier deployments took
    "estimated_duration",
    "total_estimated_duration",
    "at",
    "invocation",
    "ansible_facts",
    "exception",
    "failed_when_result",
}
UUID = re.compile(r"\b[a-z0-9]{24}\b")
SHOWN = 10
NEW_KEY = generated()
"""A private key that Coolify does not have yet."""
SECRET_OPTION = re.compile(r"(^|_)(password|token|api_key|license_key)$")
SECONDS = re.compile(r"(after|usually) \d+ s")


def run(build: Path, venv: Path, sim: Simulator, direct: bool, targets: list[str]) -> list[dict[str, Any]]:
    """The recorded results of one pass over the targets; exits when a target fails."""
    tree = build / "tree" / "ansible_collections" / "selfhosted" / "coolify"
    record = build / f"integration-{'direct' if direct else 'module'}.jsonl"
    record.unlink(missing_ok=True)
    variables = {
        "coolify_url": sim.url,
        "coolify_token": sim.tokens["root"],
        "coolify_read_token": sim.tokens["sensitive"],
        "coolify_new_key": NEW_KEY,
        "coolify_direct": direct,
    }
    (tree / "tests/integration/integration_config.yml").write_text(yaml.safe_dump(variables))
    (tree / "tests/integration/integration.cfg").write_text(
        f"[defaults]\ncallback_plugins = {tree}/tests/integration/callback\n[callback_record]\npath = {record}\n"
    )
    sim.reset()
    command = [sys.executable, str(ROOT / "scripts/ansible_test.py"), str(build), str(venv), "integration", "-vvvv", *targets]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    output = done.stdout + done.stderr
    (build / f"integration-{'direct' if direct else 'module'}.log").write_text(output)
    if done.returncode:
        print(summary(output))
        sys.exit(
            f"integration: failed {'in the controller process' if direct else 'as ordinary modules'}; the whole output is in {record.with_suffix('.log')}"
        )
    modules = set(re.findall(r"Using module file .*/plugins/modules/(coolify_\w+)[.]py", output))
    with_action = sorted(name for name in modules if (tree / f"plugins/action/{name}.py").exists())
    if direct and with_action:
        sys.exit(f"integration: {', '.join(with_action)} ran as ordinary modules where they should not")
    if not direct and not modules:
        sys.exit("integration: nothing ran as an ordinary module")
    leaked = [secret for secret in secrets(tree, sim) if secret in output or secret in record.read_text()]
    if leaked:
        sys.exit(
            f"integration: {len(leaked)} secrets are in the output or the results at -vvvv; see {record.with_suffix('.log')}: {leaked}"
        )
    if not all(text in output for text in plain_values(tree, targets)):
        sys.exit("integration: values of plain variables are missing in the output at -vvvv, so a leaked secret would not be seen either")
    return [json.loads(line) for line in record.read_text().splitlines()]


def options_of_tasks(tree: Path, targets: list[str] | None = None) -> Iterator[dict[str, Any]]:
    """The options of every task of the collection in the targets, without any named in all of them."""
    for path in sorted(tree.glob("tests/integration/targets/*/tasks/tests.yml")):
        if targets and path.parent.parent.name not in targets:
            continue
        for task in yaml.safe_load(path.read_text()):
            yield from (options for name, options in task.items() if name.startswith("selfhosted.coolify."))


def texts(values: Any) -> Iterator[str]:
    """The values in a map of variables, written short or long; what refers to a database has none of its own."""
    for value in values.values() if isinstance(values, dict) else ():
        if isinstance(value, dict) and "database" in value:
            continue
        text = str(value["value"] if isinstance(value, dict) and "value" in value else value)
        if len(text) > 6 and "{{" not in text:
            yield text


def secrets(tree: Path, sim: Simulator) -> set[str]:
    """What has to stay hidden: the token, the private key, and what the targets give as secrets, headers and passwords."""
    found = {sim.tokens["root"], *(line for line in NEW_KEY.splitlines() if not line.startswith("-----"))}
    for options in options_of_tasks(tree):
        for part in (options, *(value for value in options.values() if isinstance(value, dict))):
            passwords = {name: value for name, value in part.items() if SECRET_OPTION.search(name)}
            for values in (part.get("secrets"), part.get("http_headers"), passwords):
                found.update(texts(values))
    return found


def plain_values(tree: Path, targets: list[str]) -> set[str]:
    return {text for options in options_of_tasks(tree, targets) for text in texts(options.get("variables"))}


def summary(output: str) -> str:
    """The lines of Ansible's output that say which task failed and why."""
    telling = re.compile(r"^(TASK|fatal:|failed:|FATAL:|\[ERROR\])|ERROR!|^ +\"(msg|assertion|evaluated_to|reason)\"")
    return "\n".join([line[:500] for line in output.splitlines() if telling.search(line)][-25:])


def comparable(value: Any, seen: dict[str, str]) -> Any:
    """Without what is volatile; uuids become numbers in the order in which they turn up."""
    if isinstance(value, dict):
        return {
            key: comparable(item, seen) for key, item in sorted(value.items()) if key not in VOLATILE and not key.startswith("_ansible")
        }
    if isinstance(value, list):
        return [comparable(item, seen) for item in value]
    if isinstance(value, str):
        return SECONDS.sub(r"\1 N s", UUID.sub(lambda match: seen.setdefault(match[0], f"uuid-{len(seen)}"), value))
    return value


def without_timeline(result: dict[str, Any]) -> dict[str, Any]:
    """How many states of a wait are seen depends on the moment of looking."""
    details = {key: item for key, item in result.get("details", {}).items() if key != "timeline"}
    return {**result, "details": details} if "details" in result else result


def differing(one: Any, other: Any, where: str = "") -> Iterator[str]:
    """One line per value that is not the same."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}):
            yield from differing(one.get(key), other.get(key), f"{where}.{key}")
    elif one != other:
        yield f"{where}: {str(one)[:200]} in the process, {str(other)[:200]} as a module"


def main() -> int:
    build, venv, *targets = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).absolute(), *sys.argv[3:]
    with Simulator(deploy_seconds=0.5) as sim:
        passes = []
        for direct in (True,) if os.environ.get("WAY") == "direct" else (True, False):
            seen: dict[str, str] = {}
            records = run(build, venv, sim, direct, targets)
            passes.append([{"task": item["task"], "result": comparable(without_timeline(item["result"]), seen)} for item in records])
    if len(passes) == 1:
        print(f"integration: fine, {len(passes[0])} results in the controller process")
        return 0
    different = [(one, other) for one, other in zip(*passes) if one != other]
    for one, other in different[:SHOWN]:
        print(f"{one['task']}:")
        for line in list(differing(one["result"], other["result"]))[:SHOWN]:
            print(f"  {line}")
    if different or len(passes[0]) != len(passes[1]):
        print(f"integration: {len(different)} of {len(passes[0])}/{len(passes[1])} results differ")
        return 1
    print(f"integration: fine, {len(passes[0])} results are the same in the controller process and as ordinary modules")
    return 0


if __name__ == "__main__":
    sys.exit(main())
