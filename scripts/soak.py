# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many operations by several ansible-playbook at a time on one simulator whose answers fail at random: soak.py FOLDER [--quick] [options]

Each process has applications and databases of its own in a project that all share, and keys of its own in an application that all share. A task
that fails is tried again, as a person would. Then it is checked that
  - nothing is there twice and nothing is there that was not asked for,
  - every variable whose task succeeded has its value, every deleted thing is gone,
  - no secret is in an output, a result or the audit log, and what may be seen is seen in each of them,
  - there is no traceback and no bug of the collection or of the simulator,
  - without faults everything converges in one run, and the next run changes nothing and writes nothing.
The same --seed makes the same operations; which request meets which fault depends on how the processes take turns.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from tests.simulator import Simulator  # noqa: E402
from tests.simulator.server import Fault  # noqa: E402

PROJECT, SHARED = "soak", "shared"
MODULE = "selfhosted.coolify.coolify_"
PLAIN = "plain-to-be-seen"
ATTEMPTS = 8
# kind of fault -> (how often, what of it)
FAULTS: dict[str, tuple[int, dict[str, t.Any]]] = {
    "drop_before": (3, {}),
    "drop_after": (4, {}),
    "status 500": (2, {"kind": "status", "status": 500}),
    "status 502": (2, {"kind": "status", "status": 502}),
    "status 503": (2, {"kind": "status", "status": 503}),
    "status 429": (1, {"kind": "status", "status": 429, "headers": {"Retry-After": "0"}, "body": '{"message": "Too Many Attempts."}'}),
    "truncate": (2, {}),
    "html": (2, {}),
    "slow": (2, {"seconds": 0.3}),
}


class Chaos(list):
    """In the place of the simulator's list of faults: a fresh one for a part of the requests, drawn from a seeded generator."""

    def __init__(self, share: float, seed: int) -> None:
        super().__init__()
        self.share, self.random, self.lock = share, random.Random(seed), threading.Lock()
        self.drawn: collections.Counter[str] = collections.Counter()

    def __iter__(self) -> t.Iterator[Fault]:
        with self.lock:
            if self.random.random() >= self.share:
                return iter(())
            (name,) = self.random.choices(list(FAULTS), [often for often, _how in FAULTS.values()])
            self.drawn[name] += 1
        return iter((Fault(**{"kind": name, **FAULTS[name][1]}),))


Key = t.Tuple[str, ...]
"""("applications", name, column), ("variable", application, key), or ("gone", table, name)."""


@dataclass
class Operation:
    task: dict[str, t.Any]
    effect: dict[Key, t.Any] = field(default_factory=dict)


class Worker:
    """The operations of one process, and what they are meant to lead to."""

    def __init__(self, number: int, seed: int, count: int) -> None:
        self.number, self.random, self.serial = number, random.Random(f"{seed}/{number}"), 0
        self.apps: dict[str, dict[str, t.Any]] = {}
        self.databases: dict[str, dict[str, t.Any]] = {}
        self.own: dict[str, dict[str, t.Any]] = {"variables": {}, "secrets": {}}
        self.secrets: dict[str, str] = {}
        self.operations = [self.next() for _turn in range(count)]

    def secret(self) -> str:
        """A reference to a value of its own, which is in the file of secrets only."""
        name = f"secret_{self.number}_{len(self.secrets)}"
        self.secrets[name] = f"canary-{self.number}-{self.random.randrange(10**12):012}"
        return name

    def next(self) -> Operation:
        kinds = {"app": 2, "database": 1, "shared": 3, "read": 1}
        if self.apps:
            kinds.update(variables=4, update=4, deploy=2, preview=2, same=2)
        if len(self.apps) > 3:
            kinds["delete"] = 2
        (kind,) = self.random.choices(list(kinds), list(kinds.values()))
        self.serial += 1
        return getattr(self, f"_{kind}")()

    def operation(
        self, module: str, what: str, options: dict[str, t.Any], effect: dict[Key, t.Any] | None = None, **more: t.Any
    ) -> Operation:
        task = {
            "name": f"{self.number}.{self.serial} {what}",
            f"{MODULE}{module}": options,
            "register": "done",
            "until": "done is not failed",
            "retries": ATTEMPTS - 1,
            "delay": 0,
            "ignore_errors": True,
            **more,
        }
        return Operation(task, effect or {})

    def _pick(self) -> str:
        return self.random.choice(list(self.apps))

    def _values(self) -> tuple[dict[str, t.Any], dict[str, str]]:
        plain = {
            f"PLAIN_{self.random.randrange(6)}": f"{PLAIN}-{self.random.randrange(10**6)}" for _turn in range(self.random.randint(1, 3))
        }
        return plain, {f"PASSWORD_{self.random.randrange(4)}": self.secret() for _turn in range(self.random.randint(0, 2))}

    def _written(self, app: str, held: dict[str, t.Any], plain: dict[str, t.Any], secrets: dict[str, str]) -> dict[Key, t.Any]:
        held["variables"].update(plain)
        held["secrets"].update(secrets)
        return {
            ("variable", app, key): value for key, value in (*plain.items(), *((key, self.secrets[name]) for key, name in secrets.items()))
        }

    @staticmethod
    def options(app: dict[str, t.Any]) -> dict[str, t.Any]:
        secrets = {key: f"{{{{ {name} }}}}" for key, name in app["secrets"].items()}
        return {"project": PROJECT, "server": "localhost", **app, "secrets": secrets}

    def _app(self) -> Operation:
        name = f"app-{self.number}-{self.serial}"
        app = {
            "name": name,
            "type": "dockerimage",
            "docker_registry_image_name": "nginx",
            "docker_registry_image_tag": "1",
            "ports_exposes": 80,
            "description": "",
            "variables": {},
            "secrets": {},
        }
        self.apps[name] = app
        effect = {("applications", name, "docker_registry_image_tag"): "1", **self._written(name, app, *self._values())}
        return self.operation("app", f"create {name}", self.options(app), effect)

    def _database(self) -> Operation:
        name = f"db-{self.number}-{self.serial}"
        kind = self.random.choice(("postgresql", "redis"))
        database = {"name": name, "type": kind, "description": f"{PLAIN} {self.serial}"}
        self.databases[name] = database
        options = {"project": PROJECT, "server": "localhost", **database}
        return self.operation("db", f"create {name}", options, {("databases", name, "description"): database["description"]})

    def _update(self) -> Operation:
        name = self._pick()
        app = self.apps[name]
        app["docker_registry_image_tag"] = str(self.random.randrange(2, 99))
        app["description"] = f"{PLAIN} {self.serial}"
        effect = {("applications", name, column): app[column] for column in ("docker_registry_image_tag", "description")}
        return self.operation("app", f"update {name}", self.options(app), effect)

    def _variables(self) -> Operation:
        name = self._pick()
        plain, secrets = self._values()
        effect = self._written(name, self.apps[name], plain, secrets)
        given = {"variables": plain, "secrets": {key: f"{{{{ {secret} }}}}" for key, secret in secrets.items()}}
        return self.operation("env", f"set variables of {name}", {"project": PROJECT, "application": name, **given}, effect)

    def _shared(self) -> Operation:
        plain, secrets = self._values()
        plain = {f"{key}_OF_{self.number}": value for key, value in plain.items()}
        secrets = {f"{key}_OF_{self.number}": name for key, name in secrets.items()}
        effect = self._written(SHARED, self.own, plain, secrets)
        given = {"variables": plain, "secrets": {key: f"{{{{ {secret} }}}}" for key, secret in secrets.items()}}
        return self.operation("env", "set variables of what all share", {"project": PROJECT, "application": SHARED, **given}, effect)

    def _deploy(self) -> Operation:
        name = self._pick()
        options = {"project": PROJECT, "name": name, "deploy": self.random.choice(("always", "when_changed")), "verify_timeout": 10}
        return self.operation("deploy", f"deploy {name}", options)

    def _same(self) -> Operation:
        name = self._pick()
        return self.operation("app", f"declare {name} again", self.options(self.apps[name]))

    def _preview(self) -> Operation:
        name = self._pick()
        options = {**self.options(self.apps[name]), "docker_registry_image_tag": "never", "state": "deployed"}
        return self.operation("app", f"preview {name}", options, check_mode=True)

    def _delete(self) -> Operation:
        name = self._pick()
        del self.apps[name]
        options = {"project": PROJECT, "name": name, "state": "absent", "confirm_destructive": True}
        return self.operation("app", f"delete {name}", options, {("gone", "applications", name): True})

    def _read(self) -> Operation:
        return self.operation("info", "read", {"gather": ["applications", "databases"], "project": PROJECT})

    def declared(self) -> list[dict[str, t.Any]]:
        """Tasks that say what this process wants to be there."""
        own = {"variables": self.own["variables"], "secrets": {key: f"{{{{ {name} }}}}" for key, name in self.own["secrets"].items()}}
        return [
            {f"{MODULE}env": {"project": PROJECT, "application": SHARED, **own}},
            *({f"{MODULE}app": self.options(app)} for app in self.apps.values()),
            *({f"{MODULE}db": {"project": PROJECT, "server": "localhost", **database}} for database in self.databases.values()),
        ]


class Soak:
    def __init__(self, folder: Path, options: argparse.Namespace) -> None:
        self.folder, self.options = folder, options
        # The last process has ordinary modules, which take ten times as long, and therefore fewer operations
        few = 0 if options.quick else options.operations // 20
        shares = [(options.operations - few) // (options.processes - bool(few))] * options.processes
        shares[-1] = few or shares[-1]
        shares[0] += options.operations - sum(shares)
        self.workers = [Worker(number, options.seed, share) for number, share in enumerate(shares)]
        self.problems: list[str] = []
        self.figures: dict[str, t.Any] = {}
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "seen").mkdir(parents=True)
        (folder / "ansible.cfg").write_text(
            "[defaults]\nlocalhost_warning = false\nnocows = true\nretry_files_enabled = false\n"
            f"callback_plugins = {ROOT}/tests/integration/callback\ncallbacks_enabled = record, selfhosted.coolify.audit\n"
            "[inventory]\ninventory_unparsed_warning = false\n"
        )

    def play(
        self, name: str, tasks: list[dict[str, t.Any]], secrets: dict[str, str], *options: str, direct: bool = True
    ) -> subprocess.Popen:
        """Start a playbook. What it leaves is in the folder "seen", what it is given is not."""
        (self.folder / f"{name}.yml").write_text(
            yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}], sort_keys=False)
        )
        (self.folder / f"{name}-secrets.yml").write_text(yaml.safe_dump(secrets or {"none": ""}))
        configuration = (self.folder / "ansible.cfg").read_text() + f"[callback_record]\npath = {self.folder}/seen/{name}-results.jsonl\n"
        (self.folder / f"{name}.cfg").write_text(configuration)
        environment = {
            **os.environ,
            "ANSIBLE_CONFIG": str(self.folder / f"{name}.cfg"),
            "COOLIFY_URL": self.coolify.url,
            "COOLIFY_TOKEN": self.coolify.tokens["root"],
            "COOLIFY_AUDIT_PATH": str(self.folder / "seen/audit.jsonl"),
            "ANSIBLE_NOCOLOR": "1",
            **({} if direct else {"COOLIFY_DIRECT": "0"}),
        }
        output = (self.folder / f"seen/{name}.log").open("w")
        interpreter = f"ansible_python_interpreter={sys.executable}"
        command = ["ansible-playbook", "-e", f"@{name}-secrets.yml", "-e", interpreter, "--diff", *options, f"{name}.yml"]
        return subprocess.Popen(command, cwd=self.folder, env=environment, stdout=output, stderr=subprocess.STDOUT)

    def results(self, name: str) -> list[dict[str, t.Any]]:
        path = self.folder / f"seen/{name}-results.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def must(self, name: str, tasks: list[dict[str, t.Any]], secrets: dict[str, str]) -> list[dict[str, t.Any]]:
        if self.play(name, tasks, secrets).wait():
            self.problems.append(f"without faults {name} failed; see {self.folder}/seen/{name}.log")
        return self.results(name)

    def run(self) -> int:
        switches = {"deploy_seconds": 0.05, "status_seconds": 0.05, "delete_seconds": 0.05}
        with Simulator(**switches) as self.coolify:
            everything = {name: value for worker in self.workers for name, value in worker.secrets.items()}
            shared = {
                "project": PROJECT,
                "name": SHARED,
                "server": "localhost",
                "type": "dockerimage",
                "docker_registry_image_name": "nginx",
            }
            self.must("prepare", [{f"{MODULE}project": {"name": PROJECT}}, {f"{MODULE}app": shared}], {})
            chaos = Chaos(self.options.faults, self.options.seed)
            self.coolify.faults = chaos
            began = time.monotonic()
            running = [
                self.play(
                    f"worker-{worker.number}",
                    [operation.task for operation in worker.operations],
                    worker.secrets,
                    "-vvv",
                    direct=self.options.quick or worker.number < len(self.workers) - 1,
                )
                for worker in self.workers
            ]
            for number, process in enumerate(running):
                if process.wait():
                    self.problems.append(f"worker-{number} ended with {process.returncode}")
            seconds = time.monotonic() - began
            self.coolify.faults = []
            requests, writes = len(self.coolify.requests), len(self.coolify.writes)
            outcomes = self.compare()
            declared = [task for worker in self.workers for task in worker.declared()]
            self.must("converge", declared, everything)
            self.exact()
            before = len(self.coolify.writes)
            again = self.must("again", declared, everything)
            self.expect(not [item for item in again if item["result"].get("changed")], "the run after that changed something")
            self.expect(len(self.coolify.writes) == before, "the run after that wrote something")
            self.search(everything)
            self.expect(not self.coolify.bugs, f"the simulator itself failed: {self.coolify.bugs[:1]}")
            self.figures.update(
                operations=sum(len(worker.operations) for worker in self.workers),
                processes=len(self.workers),
                seconds=round(seconds, 1),
                requests=requests,
                writing=writes,
                faults=sum(chaos.drawn.values()),
                **outcomes,
            )
        self.report(chaos)
        return 1 if self.problems else 0

    def expect(self, holds: t.Any, problem: str) -> None:
        if not holds:
            self.problems.append(problem)

    def environment_rows(self, table: str) -> dict[str, list[dict[str, t.Any]]]:
        rows = self.coolify.databases() if table == "databases" else self.coolify.state().get(table, {}).values()
        named: dict[str, list[dict[str, t.Any]]] = {}
        for row in rows:
            named.setdefault(row["name"], []).append(row)
        return named

    def found(self) -> dict[Key, t.Any]:
        """What the simulator holds, with the keys of the operations' effects."""
        state: dict[Key, t.Any] = {}
        for table in ("applications", "databases"):
            for name, rows in self.environment_rows(table).items():
                self.expect(len(rows) == 1, f"{table}: {name} is there {len(rows)} times")
                state.update({(table, name, column): value for column, value in rows[0].items()})
        names = {row["id"]: row["name"] for row in self.coolify.state()["applications"].values()}
        for row in self.coolify.state().get("variables", {}).values():
            if row["owner_table"] == "applications" and not row["is_preview"] and row["owner_id"] in names:
                key = ("variable", names[row["owner_id"]], row["key"])
                self.expect(key not in state, f"{key} is there twice")
                state[key] = row["value"]
        return state

    def compare(self) -> dict[str, int]:
        """After the faults: whatever was reported as done is there."""
        outcomes: collections.Counter[str] = collections.Counter(attempts=0, failed_attempts=0, rolled_back=0, revert_failed=0, given_up=0)
        codes: collections.Counter[str] = collections.Counter()
        expected: dict[Key, t.Any] = {}
        for worker in self.workers:
            last: dict[str, dict[str, t.Any]] = {}
            for item in self.results(f"worker-{worker.number}"):
                last[item["task"]] = item["result"]
                outcomes["attempts"] += item["result"].get("attempts", 1)
                status, code = item["result"].get("status"), item["result"].get("code")
                self.expect(code != 600 and "exception" not in item["result"], f"{item['task']}: a bug, {item['result'].get('msg')}")
                if item["result"].get("failed"):
                    codes[str(code)] += 1
                    outcomes["rolled_back"] += status == "rolled_back"
                    outcomes["revert_failed"] += code == 603
            for operation in worker.operations:
                result = last.get(operation.task["name"])
                self.expect(result is not None, f"{operation.task['name']}: no result")
                if result is None:
                    continue
                outcomes["given_up"] += bool(result.get("failed"))
                for key, value in operation.effect.items():
                    if result.get("failed"):
                        # Whether it happened is not known; nobody said that it did
                        expected.pop(key, None)
                    else:
                        expected[key] = value
                        if key[0] == "gone":
                            expected = {other: kept for other, kept in expected.items() if other[1] != key[2]}
                            expected[key] = value
        outcomes["failed_attempts"] = outcomes["attempts"] - sum(len(worker.operations) for worker in self.workers) + outcomes["given_up"]
        self.codes = codes
        state = self.found()
        for key, value in expected.items():
            if key[0] == "gone":
                self.expect((key[1], key[2], "name") not in state, f"{key[2]} was deleted and is there")
            else:
                self.expect(state.get(key) == value, f"{' '.join(key)} was reported as written and is another value, or not there")
        self.figures["checked"] = len(expected)
        return dict(outcomes)

    def exact(self) -> None:
        """After the run without faults: everything that is wanted, and nothing else."""
        state = self.found()
        wanted = {SHARED, *(name for worker in self.workers for name in worker.apps)}
        # A deletion that was given up is nobody's declaration any more
        given_up = {
            operation.task["name"].split(" delete ")[1]
            for worker in self.workers
            for operation in worker.operations
            if " delete " in operation.task["name"]
        }
        apps = set(self.environment_rows("applications"))
        self.expect(wanted <= apps and not apps - wanted - given_up, f"applications: {sorted(apps ^ wanted)}")
        databases = {name for worker in self.workers for name in worker.databases}
        self.expect(set(self.environment_rows("databases")) == databases, "databases: others than those that are wanted")
        for worker in self.workers:
            for name, app in ((SHARED, worker.own), *worker.apps.items()):
                values = {**app["variables"], **{key: worker.secrets[secret] for key, secret in app["secrets"].items()}}
                lost = [key for key, value in values.items() if state.get(("variable", name, key)) != value]
                self.expect(not lost, f"{name} has lost {', '.join(lost)}")

    def search(self, everything: dict[str, str]) -> None:
        passwords = [
            row[column] for row in self.coolify.databases() for column in ("postgres_password", "redis_password") if row.get(column)
        ]
        secrets = [*everything.values(), *passwords, *self.coolify.tokens.values()]
        files = sorted(path for path in (self.folder / "seen").rglob("*") if path.is_file())
        for path in files:
            text = path.read_text(errors="replace")
            leaked = [secret for secret in secrets if secret in text]
            self.expect(not leaked, f"{len(leaked)} secrets are in {path}, such as {leaked[:1]}")
            self.expect("Traceback (most recent call last)" not in text, f"there is a traceback in {path}")
            if path.name.startswith("worker-"):
                self.expect(PLAIN in text, f"what may be seen is not in {path}, so a secret would not be found either")
        audit = self.folder / "seen/audit.jsonl"
        self.expect(audit.exists() and "app-0-" in audit.read_text(), "the audit log is empty")
        self.figures.update(secrets=len(secrets), files=len(files))

    def report(self, chaos: Chaos) -> None:
        f = self.figures
        print(f"seed {self.options.seed}: {f['operations']} operations by {f['processes']} ansible-playbook at a time in {f['seconds']} s")
        print(f"  {f['requests']} requests, {f['writing']} of them writing; {f['faults']} faults: {_counted(chaos.drawn)}")
        print(
            f"  {f['failed_attempts']} attempts failed ({_counted(self.codes) or 'none to the end'}), "
            f"{f['given_up']} operations were given up after {ATTEMPTS} attempts, {f['rolled_back']} of these rolled back, {f['revert_failed']} could not"
        )
        print(f"  {f['checked']} values that were reported as written compared; {f['secrets']} secrets searched in {f['files']} files")
        for problem in self.problems[:20]:
            print(f"PROBLEM: {problem}")
        print(f"soak: {len(self.problems)} problems; what happened is in {self.folder}" if self.problems else "soak: fine")


def _counted(counter: collections.Counter[str]) -> str:
    return ", ".join(f"{count} x {name}" for name, count in counter.most_common())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--quick", action="store_true", help="60 operations by 2 processes")
    parser.add_argument("--operations", type=int)
    parser.add_argument("--processes", type=int)
    parser.add_argument("--faults", type=float, default=0.05, help="share of the requests that go wrong")
    parser.add_argument("--seed", type=int, default=20261125)
    options = parser.parse_args()
    options.operations = options.operations or (60 if options.quick else 2000)
    options.processes = options.processes or (2 if options.quick else 4)
    return Soak(options.folder.resolve(), options).run()


if __name__ == "__main__":
    sys.exit(main())
