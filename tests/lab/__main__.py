# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Break real applications in all the ways of faults/*.yml, and see whether coolify_diagnose names the cause: make lab.

    python -m tests.lab [NAME …]

A file says what is different from a healthy application (README.md has the keys). Faults that break one application only are all there at once;
those that break the server come one after the other. What can be healed is healed, and a visitor has to see it.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from tests.lab import packages
from tests.lab.engine import INSIDE, isolate
from tests.lab.world import HERE, ZONE, Row, World, merge, prepare, wait

ROOT = Path(__file__).parent
PACKAGES = ("docker.io", "iptables", "iproute2", "mmdebstrap", "pebble", "docker-registry", "apache2-utils", "postgresql", "util-linux")
TARGET_SECONDS = 3.0
TOGETHER = 8
"""So many applications at once: two processors run no more health checks beside a diagnosis."""
HEALTHY: Row = {
    "options": {
        "ports_exposes": "3000",
        "health_check_enabled": True,
        "health_check_host": "127.0.0.1",
        "health_check_interval": 2,
        "health_check_timeout": 2,
        "health_check_retries": 2,
        "health_check_start_period": 1,
    },
    "variables": {"PORT": "3000"},
    "ready": "healthy",
}

CALM: Row = {"metrics": {"cpu_usage_percent": 20.0, "memory_usage_percent": 50.0}}


@dataclass
class Case:
    name: str
    spec: Row
    fault: bool
    uuid: str = ""
    domain: str = ""
    log: list[str] = field(default_factory=list)
    seen: str = ""
    found: list[str] = field(default_factory=list)
    status: str = ""
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)

    @property
    def expected(self) -> list[str]:
        told = self.spec.get("expected") or []
        return told if isinstance(told, list) else [told]

    @property
    def neighbours(self) -> dict[str, Row]:
        return self.spec.get("neighbours") or {}


def load(names: list[str]) -> list[Case]:
    found = []
    for folder in ("controls", "faults"):
        for path in sorted((ROOT / folder).glob("*.yml")):
            if not names or path.stem in names:
                found.append(Case(path.stem, merge(HEALTHY, yaml.safe_load(path.read_text())), folder == "faults"))
    unknown = set(names) - {case.name for case in found}
    if unknown:
        sys.exit(f"there is no fault or control {', '.join(sorted(unknown))}")
    return found


class Lab:
    def __init__(self, world: World) -> None:
        self.world = world

    # --- one case

    def words(self, case: Case, text: str) -> str:
        containers = self.world.containers(case.uuid) if "{container}" in text else []
        text = text.replace("{container}", containers[0] if containers else "").replace("{uuid}", case.uuid).replace("{name}", case.name)
        return self.world.filled(text.replace("{domain}", case.domain))

    def commands(self, case: Case, lines: list[str]) -> None:
        for line in lines or ():
            done = subprocess.run(
                self.words(case, line), shell=True, env=self.world.environment, capture_output=True, text=True, check=False, timeout=120
            )
            if done.returncode:
                raise RuntimeError(f"{case.name}: {line}: {done.stderr.strip() or done.stdout.strip()}")

    def deploy(self, case: Case) -> None:
        world, spec = self.world, case.spec
        options = {**spec["options"], "autogenerate_domain": False}
        if case.domain:
            world.names[case.domain] = [HERE]
            wanted = spec.get("domains") or [f"https://{case.domain}"]
            if "compose" in options:
                options["docker_compose_domains"] = [{"name": "web", "domain": ",".join(wanted)}]
            else:
                options["domains"] = ",".join(self.words(case, url) for url in wanted)
        for name, neighbour in case.neighbours.items():
            self.start_neighbour(case, name, neighbour)
        case.uuid = world.create(case.name, options, spec.get("variables") or {})
        if "{uuid}" in str(spec.get("command")) or "{uuid}" in str(spec.get("run")):
            spec = merge(spec, {key: [self.words(case, str(part)) for part in spec[key]] for key in ("command", "run") if key in spec})
        if not spec.get("no_container"):
            case.log += [line for line in world.run(case.uuid, spec).splitlines() if line]
        self.tell(case)
        for path, change in (spec.get("coolify") or {}).items():
            world.api("PATCH", self.words(case, path), **change)
        world.row(case.uuid).update(spec.get("row") or {})

    def start_neighbour(self, case: Case, name: str, spec: Row) -> None:
        args = [self.words(case, str(part)) for part in spec.get("run") or ()]
        command = [self.words(case, str(part)) for part in spec.get("command") or ()]
        network = [] if "--network" in args else ["--network", "coolify"]
        self.world.engine.docker("run", "-d", "--name", name, *network, *args, spec.get("image", "lab-base:1"), *command)
        if spec.get("says"):
            wait(f"{name} of {case.name}", lambda: spec["says"] in "".join(self.output(name)))

    def output(self, container: str) -> tuple[str, str]:
        done = self.world.engine.docker("logs", container, check=False)
        return done.stdout, done.stderr

    def tell(self, case: Case) -> None:
        """What Coolify has in its list of deployments; words of Docker are those that Docker said just now."""
        told = case.spec.get("deployment") or {}
        if told.get("earlier", True):
            self.world.deployed(case.uuid, minutes=60)
        if not told.get("status"):
            return
        log = [self.words(case, line) for line in told.get("log") or ()]
        if told.get("pull"):
            image = self.words(case, told["pull"])
            config = ("--config", str(self.world.folder / "logged-in")) if told.get("login") else ()
            if config:
                self.world.engine.docker(*config, "login", "-u", "lab", "--password-stdin", f"{HERE}:5000", given="lab")
            done = self.world.engine.docker(*config, "pull", image, check=False)
            log += [f"Pulling latest image ({image}) from the registry.", *done.stderr.strip().splitlines()]
        log += case.log
        if told["status"] == "failed":
            log.append("Deployment failed. Removing the new version of your application.")
        self.world.deployed(case.uuid, told["status"], log, told.get("minutes", 1))

    def ready(self, case: Case) -> None:
        """Until the container is in the state that the file names, and Traefik has its certificate."""
        wanted = case.spec["ready"]
        if wanted == "none" or case.spec.get("no_container"):
            return

        def is_so() -> bool:
            state = self.world.engine.inspect(self.world.containers(case.uuid)[0])["State"]
            if wanted in ("restarting", "exited"):
                return state["Status"] == wanted or (wanted == "restarting" and bool(state["ExitCode"]))
            return state["Running"] and (wanted == "running" or state.get("Health", {}).get("Status") == wanted)

        wait(f"{case.name}: {wanted}", is_so, 60, 0.3)

    def certified(self, case: Case) -> None:
        # Traefik leaves out what is not healthy
        reachable = case.spec["ready"] in ("healthy", "running") and not case.spec.get("domains")
        if case.domain and reachable and case.spec.get("certificate", True):
            # A visitor comes when all is quiet
            wait(f"the certificate of {case.name}", lambda: self.world.visit(f"https://{case.domain}")[0] != "bad certificate", 60, 0.5)

    def visit(self, case: Case) -> None:
        if case.domain:
            url = f"{(case.spec.get('domains') or ['https://'])[0].split('://')[0]}://{case.domain}/"
            seen, seconds = self.world.visit(url)
            case.seen = f"{seen} {seconds:.1f}s"

    def look(self, case: Case) -> None:
        spec, world = case.spec, self.world
        world.notice(case.uuid, spec.get("status"))
        # How busy the machine is that the lab itself runs on is no evidence
        evidence = merge(CALM, spec.get("evidence") or {})
        result, case.seconds = world.diagnose(case.uuid, evidence=evidence)
        case.status = result["status"]
        case.found = [f"{item['rule']}" for item in result["findings"]]
        loud = [item["rule"] for item in result["findings"] if item["severity"] != "low"]
        if case.fault and (not case.found or case.found[0] not in case.expected):
            case.wrong.append(f"expected {' or '.join(case.expected)} first, found {', '.join(case.found) or 'nothing'}")
        if case.fault and result["status"] not in ("diagnosed", "issues_detected"):
            case.wrong.append(f"status {result['status']}")
        if not case.fault and (loud or result["status"] != "healthy"):
            case.wrong.append(f"status {result['status']}, found {', '.join(loud) or 'nothing'}")
        if case.wrong or "-v" in sys.argv:
            for item in result["findings"]:
                print(f"    {case.name}: {item['rule']} {item['confidence']}: {item['cause']} {item['evidence']}", flush=True)
            print(f"    {case.name}: not seen: {result['not_seen']}", flush=True)

    def heal(self, case: Case) -> None:
        """Take the fault away; a visitor has to see that it was the fault."""
        world = self.world
        if not case.fault:
            return
        if case.spec.get("proxy"):
            world.proxy()
        self.commands(case, case.spec.get("heal") or [])
        if case.spec.get("solo"):
            return
        for container in [*world.containers(case.uuid), *case.neighbours]:
            world.engine.docker("rm", "-f", container)
        if self.heals(case):
            world.names[case.domain] = [HERE]
            world.acme_names.pop(case.domain, None)
            sound = {
                "ports_exposes": "3000",
                "docker_registry_image_name": "lab-app",
                "health_check_path": "/",
                "health_check_type": "http",
                "health_check_host": "127.0.0.1",
            }
            world.api("PATCH", f"/applications/{case.uuid}", domains=f"http://{case.domain}", force_domain_override=True, **sound)
            world.run(case.uuid, merge(HEALTHY, {"options": {}}))

    @staticmethod
    def heals(case: Case) -> bool:
        """Whether a healthy container in its place is the opposite of the fault."""
        return bool(case.domain) and not case.spec.get("evidence") and "compose" not in case.spec["options"]

    def healed(self, case: Case) -> None:
        if not case.fault:
            return
        if case.spec.get("solo"):
            url = f"https://{case.domain}/"
        elif self.heals(case):
            url = f"http://{case.domain}/"
        else:
            return
        try:
            wait("healed", lambda: self.world.visit(url)[0] == "200", 20, 0.3)
        except RuntimeError:
            case.wrong.append(f"after healing a visitor sees {self.world.visit(url)[0]}")

    def remove(self, case: Case) -> None:
        """So that the machine is not busy with what was already looked at."""
        for container in [*self.world.containers(case.uuid), *case.neighbours]:
            self.world.engine.docker("rm", "-f", container, check=False)

    # --- all

    def attempt(self, case: Case, what: str) -> None:
        if case.wrong and what != "remove":
            return
        try:
            getattr(self, what)(case)
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            case.wrong.append(str(error))

    def after(self, case: Case) -> None:
        self.commands(case, case.spec.get("break") or [])
        for name, addresses in (case.spec.get("dns") or {}).items():
            self.name(self.world.names, self.words(case, name), [self.words(case, item) for item in addresses or ()])

    def before(self, case: Case) -> None:
        case.domain = "" if case.spec.get("domains") == [] else f"{case.name.replace('_', '-')}.{ZONE}"
        for name, addresses in (case.spec.get("acme_dns") or {}).items():
            self.world.acme_names[self.words(case, name)] = [self.words(case, item) for item in addresses]
        if case.spec.get("proxy"):
            self.world.proxy(*case.spec["proxy"])
        self.commands(case, case.spec.get("before") or [])

    @staticmethod
    def name(table: dict[str, list[str]], name: str, addresses: list[str]) -> None:
        if addresses:
            table[name] = addresses
        else:
            table.pop(name, None)

    def together(self, cases: list[Case], *steps: str) -> None:
        """Step by step, so that what one waits for happens while others are looked at."""
        taken = []
        for step in steps:
            started = time.monotonic()
            # Visitors that wait for a timeout wait together; a diagnosis is measured, so it is alone
            with ThreadPoolExecutor(len(cases) if step == "visit" else 1) as pool:
                list(pool.map(lambda case, step=step: self.attempt(case, step), cases))
            taken.append(f"{step} {time.monotonic() - started:.0f}")
        print(f"{', '.join(case.name for case in cases)}: seconds to {', '.join(taken)}", flush=True)
        for case in cases:
            for text in case.wrong:
                print(f"    {case.name}: {text}", flush=True)

    def run(self, cases: list[Case]) -> None:
        many = [case for case in cases if not case.spec.get("solo")]
        for first in range(0, len(many), TOGETHER):
            batch = many[first : first + TOGETHER]
            self.together(batch, "before", "deploy", "ready", "certified", "after", "visit", "look", "heal", "healed", "remove")
        for case in cases:
            if case.spec.get("solo"):
                for step in ("before", "deploy", "ready", "certified", "after", "visit", "look"):
                    self.attempt(case, step)
                # What breaks the server is healed whatever happened
                try:
                    self.heal(case)
                except RuntimeError as error:
                    case.wrong.append(str(error))
                self.attempt(case, "healed")


def report(cases: list[Case]) -> bool:
    rows = [("", "a visitor sees", "expected", "first", "all found", "s")]
    for case in cases:
        mark = "ok  " if not case.wrong else "FAIL"
        simulated = " (evidence simulated)" if case.spec.get("evidence") else ""
        expected = " or ".join(case.expected) if case.fault else "healthy"
        first = (case.found[0] if case.found else "nothing") if case.fault else case.status
        rows.append((f"{mark} {case.name}{simulated}", case.seen, expected, first, " ".join(case.found), f"{case.seconds:.1f}"))
    widths = [max(len(row[number]) for row in rows) for number in range(6)]
    for row in rows:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip())
    faults = [case for case in cases if case.fault]
    controls = [case for case in cases if not case.fault]
    first = sum(bool(case.found) and case.found[0] in case.expected for case in faults)
    at_all = sum(bool(set(case.found) & set(case.expected)) for case in faults)
    quiet = sum(not case.wrong for case in controls)
    print(f"\nfirst cause right: {first} of {len(faults)}; found at all: {at_all}; controls left alone: {quiet} of {len(controls)}")
    mixed = [(case, case.found[0]) for case in faults if case.found and case.found[0] not in case.expected]
    print("taken for something else: " + ("; ".join(f"{case.name}: {found} for {case.expected[0]}" for case, found in mixed) or "none"))
    times = [case.seconds for case in cases if case.seconds]
    if times:
        print(f"seconds to diagnose: median {statistics.median(times):.1f} (target below {TARGET_SECONDS:g}), most {max(times):.1f}")
    for case in cases:
        for text in case.wrong:
            print(f"{case.name}: {text}")
    failed = sum(bool(case.wrong) for case in cases)
    print(f"{len(cases) - failed} passed, {failed} failed")
    return not failed


def main() -> int:
    cases = load([name for name in sys.argv[1:] if not name.startswith("-")])
    if not os.environ.get(INSIDE):
        packages.need(*PACKAGES)
        prepare()
    folder = isolate()
    with World(folder) as world:
        Lab(world).run(cases)
    return 0 if report(cases) else 1


if __name__ == "__main__":
    try:
        status = main()
    except KeyboardInterrupt:
        print("interrupted; what was started is gone", file=sys.stderr)
        status = 130
    sys.exit(status)
