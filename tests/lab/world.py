# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server as Coolify leaves it: Docker, Traefik as coolify-proxy, Let's Encrypt (Pebble), DNS, a registry, and Coolify's API before it.

The API is the simulator; what it says about applications (status, log, the proxy) is taken from the engine each time it is asked for.
All of it lives in namespaces of its own (engine.py). Addresses are those of documentation, RFC 5737 and RFC 3849.
"""

from __future__ import annotations

import contextlib
import copy
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
import typing as t
from pathlib import Path

import dnslib
import dnslib.server
import requests
import trustme
import yaml

from tests.lab.engine import CACHE, ROOT, Engine, tarball
from tests.simulator import deployments
from tests.simulator.php import decode_base64
from tests.simulator.server import Simulator

HERE = "203.0.113.10"
"""The server's address."""
ELSEWHERE = "203.0.113.66"
"""Another machine's; a web server that knows nothing of us answers there."""
ELSEWHERE_V6 = "2001:db8::66"
ZONE = "lab.example"
BASE = ("lab-base", "bookworm", "python3,curl,wget,nginx-light,redis-server,ca-certificates,busybox")
HTTP_TIMEOUT = 6
Row = dict[str, t.Any]

# What Coolify's proxy page writes (bootstrap/helpers/proxy.php of 4.3.11), but for the address of the ACME server
TRAEFIK = (
    "--ping=true",
    "--ping.entrypoint=http",
    "--api.dashboard=true",
    "--entrypoints.http.address=:80",
    "--entrypoints.https.address=:443",
    "--entrypoints.http.http.encodequerysemicolons=true",
    "--entryPoints.http.http2.maxConcurrentStreams=250",
    "--entrypoints.https.http.encodequerysemicolons=true",
    "--entryPoints.https.http2.maxConcurrentStreams=250",
    "--entrypoints.https.http3",
    "--providers.file.directory=/traefik/dynamic/",
    "--providers.file.watch=true",
    "--certificatesresolvers.letsencrypt.acme.httpchallenge=true",
    "--certificatesresolvers.letsencrypt.acme.httpchallenge.entrypoint=http",
    "--certificatesresolvers.letsencrypt.acme.storage=/traefik/acme.json",
    "--api.insecure=false",
    "--providers.docker=true",
    "--providers.docker.exposedbydefault=false",
    f"--certificatesresolvers.letsencrypt.acme.caserver=https://{HERE}:14000/dir",
)


def merge(base: Row, over: Row) -> Row:
    """``over`` on top of a copy of ``base``, dict by dict; None removes a key."""
    result = copy.deepcopy(base)
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merge(result[key], value)
        elif value is None:
            result.pop(key, None)
        else:
            result[key] = copy.deepcopy(value)
    return result


def wait(what: str, ready: t.Callable[[], t.Any], timeout: float = 30, pause: float = 0.1) -> t.Any:
    deadline = time.monotonic() + timeout
    while True:
        found = ready()
        if found:
            return found
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what}: not so after {timeout:g} s")
        time.sleep(pause)


def ago(minutes: float) -> str:
    """A moment as Coolify writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime(time.time() - minutes * 60))


def _answers(address: str, port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((address, port), 1):
        return True
    return False


def prepare() -> None:
    """What needs the machine's own network."""
    tarball(*BASE)


class Names(dnslib.server.BaseResolver):
    """A DNS server with one table; a name that is not in it does not exist."""

    def __init__(self, over: t.Mapping[str, list[str]], table: t.Mapping[str, list[str]]) -> None:
        self.over, self.table = over, table

    def resolve(self, request: dnslib.DNSRecord, handler: t.Any) -> dnslib.DNSRecord:
        reply, name = request.reply(), str(request.q.qname).rstrip(".").lower()
        addresses = self.over.get(name, self.table.get(name))
        if addresses is None:
            reply.header.rcode = dnslib.RCODE.NXDOMAIN
        for address in addresses or ():
            kind, data = ("AAAA", dnslib.AAAA) if ":" in address else ("A", dnslib.A)
            if request.q.qtype == getattr(dnslib.QTYPE, kind):
                reply.add_answer(dnslib.RR(request.q.qname, request.q.qtype, rdata=data(address), ttl=1))
        return reply


class World:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.engine = Engine(folder, options=("--dns", HERE, "--insecure-registry", f"{HERE}:5000"))
        self.simulator = Simulator()
        self.names: dict[str, list[str]] = {}
        self.acme_names: dict[str, list[str]] = {}
        self.processes: list[subprocess.Popen] = []
        self.project = ""
        self.ca = folder / "ca.pem"
        self.authority = trustme.CA()
        self.environment = dict(
            self.engine.environment,
            COOLIFY_URL=self.simulator.url,
            COOLIFY_TOKEN=self.simulator.tokens["root"],
            ANSIBLE_NOCOLOR="1",
            ANSIBLE_CALLBACK_PLUGINS=str(ROOT / "tests/integration/callback"),
            ANSIBLE_CALLBACKS_ENABLED="record",
            ANSIBLE_HOME=str(folder / "ansible"),
        )

    # --- starting

    def __enter__(self) -> World:
        self.stack = contextlib.ExitStack()
        try:
            self._addresses()
            self._dns()
            self.engine.__enter__()
            self.stack.callback(self.engine.__exit__)
            self._images()
            self._acme()
            self._registry()
            self._other_machine()
            self.proxy()
            self.simulator.__enter__()
            self.stack.callback(self.simulator.__exit__)
            self._coolify()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_args: object) -> None:
        for process in self.processes:
            process.terminate()
        self.stack.close()

    def _spawn(self, name: str, *command: str, **environment: str) -> None:
        log = (self.folder / f"{name}.log").open("wb")
        self.processes.append(subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=dict(os.environ, **environment)))

    def _addresses(self) -> None:
        for command in (
            "ip link add lab0 type bridge",
            f"ip addr add {HERE}/24 dev lab0",
            f"ip addr add {ELSEWHERE}/24 dev lab0",
            f"ip -6 addr add {ELSEWHERE_V6}/64 dev lab0 nodad",
            "ip link set lab0 up",
        ):
            subprocess.run(command.split(), check=True)

    def _dns(self) -> None:
        resolv = self.folder / "resolv.conf"
        resolv.write_text(f"nameserver {HERE}\noptions timeout:1 attempts:1\n")
        subprocess.run(["mount", "--bind", str(resolv), "/etc/resolv.conf"], check=True)
        for port, over in ((53, {}), (5353, self.acme_names)):
            for tcp in (False, True):
                server = dnslib.server.DNSServer(
                    Names(over, self.names),
                    address=HERE,
                    port=port,
                    tcp=tcp,
                    logger=dnslib.server.DNSLogger("-request,-reply,-truncated,-error"),
                )
                server.start_thread()

    def _images(self) -> None:
        self.engine.load(CACHE / f"{BASE[0]}.tar", "lab-base:1", 'CMD ["sleep", "infinity"]')
        self.engine.docker("build", "-q", "-t", "lab-app:1", str(ROOT / "tests/lab/image"))
        self.engine.build("lab-bare:1", "FROM lab-app:1\nRUN rm -f /usr/bin/curl /usr/bin/wget\n")
        self.engine.build("lab-wget:1", "FROM lab-app:1\nRUN rm -f /usr/bin/curl && ln -sf /bin/busybox /usr/bin/wget\n")
        self.engine.docker("network", "create", "--attachable", "coolify")

    def _acme(self) -> None:
        certificate = self.authority.issue_cert(HERE)
        chain, key = self.folder / "pebble.pem", self.folder / "pebble.key"
        certificate.private_key_pem.write_to_path(str(key))
        for blob in certificate.cert_chain_pems:
            blob.write_to_path(str(chain), append=True)
        settings = {"listenAddress": f"{HERE}:14000", "managementListenAddress": f"{HERE}:15000", "httpPort": 80, "tlsPort": 443}
        settings |= {"certificate": str(chain), "privateKey": str(key), "ocspResponderURL": "", "externalAccountBindingRequired": False}
        config = self.folder / "pebble.json"
        config.write_text(json.dumps({"pebble": settings}))
        self._spawn(
            "pebble", "pebble", "-config", str(config), "-dnsserver", f"{HERE}:5353", PEBBLE_VA_NOSLEEP="1", PEBBLE_WFE_NONCEREJECT="0"
        )
        wait("Pebble", lambda: _answers(HERE, 15000))
        self.authority.cert_pem.write_to_path(str(self.folder / "own-ca.pem"))
        root = requests.get(f"https://{HERE}:15000/roots/0", verify=str(self.folder / "own-ca.pem"), timeout=10).text
        self.ca.write_text(root + (self.folder / "own-ca.pem").read_text())

    def _registry(self) -> None:
        """A registry that wants a password; the engine is not logged in."""
        users = self.folder / "htpasswd"
        users.write_text(subprocess.run(["htpasswd", "-Bbn", "lab", "lab"], check=True, capture_output=True, text=True).stdout)
        config = {
            "version": 0.1,
            "storage": {"filesystem": {"rootdirectory": str(self.folder / "registry")}},
            "http": {"addr": f"{HERE}:5000"},
            "auth": {"htpasswd": {"realm": "lab", "path": str(users)}},
        }
        (self.folder / "registry.yml").write_text(yaml.safe_dump(config))
        self._spawn("registry", "docker-registry", "serve", str(self.folder / "registry.yml"))

    def _other_machine(self) -> None:
        script = "import http.server, sys; http.server.HTTPServer((sys.argv[1], 80), http.server.BaseHTTPRequestHandler).serve_forever()"
        self._spawn("other", sys.executable, "-c", script, ELSEWHERE)

    def proxy(self, *more: str) -> None:
        """Traefik, anew, with more arguments than Coolify gives it."""
        store = self.folder / "proxy"
        if not store.exists():
            (store / "dynamic").mkdir(parents=True)
            (store / "acme.json").touch(0o600)
            shutil.copy(self.folder / "own-ca.pem", store / "acme-ca.pem")
        self.engine.docker("rm", "-f", "coolify-proxy", check=False)
        traefik = shutil.which("traefik") or str(Path(sys.executable).with_name("traefik"))
        # fmt: off
        self.engine.docker(
            "run", "-d", "--name", "coolify-proxy", "--restart", "unless-stopped", "--network", "coolify",
            *("-p", f"{HERE}:80:80", "-p", f"{HERE}:443:443", "-p", f"{HERE}:8080:8080"),
            *("-v", f"{self.engine.folder}/docker.sock:/var/run/docker.sock:ro", "-v", f"{store}:/traefik"),
            *("-v", f"{traefik}:/usr/local/bin/traefik:ro", "-e", "LEGO_CA_CERTIFICATES=/traefik/acme-ca.pem"),
            *("-l", "coolify.managed=true", "-l", "coolify.proxy=true"),
            *("--health-cmd", "wget -qO- http://localhost:80/ping || exit 1", "--health-interval", "4s", "--health-timeout", "2s"),
            "lab-base:1", "traefik", *TRAEFIK, *more,
        )
        # fmt: on
        wait("Traefik", lambda: _answers(HERE, 80))

    def _coolify(self) -> None:
        server = self.simulator.coolify.one("servers", uuid=self.simulator.identity.server_uuid)
        server.update(name="lab", ip=HERE, proxy={"status": "running"})
        # What becomes of a deployment is said by the case
        self.simulator.coolify.switches.deploy_seconds = 1e9
        self.project = self.api("POST", "/projects", name="lab")["uuid"]

    def api(self, method: str, path: str, **body: t.Any) -> Row:
        headers = {"Authorization": f"Bearer {self.simulator.tokens['root']}", "Accept": "application/json"}
        answer = requests.request(method, f"{self.simulator.url}/api/v1{path}", json=body or None, headers=headers, timeout=10)
        if not answer.ok:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json()

    # --- applications

    def row(self, uuid: str) -> Row:
        return self.simulator.coolify.one("applications", uuid=uuid)

    def create(self, name: str, options: Row, variables: Row) -> str:
        """The application in Coolify: of an image, or of a compose file in a repository."""
        compose = options.pop("compose", None)
        place = {"project_uuid": self.project, "environment_name": "production", "server_uuid": self.simulator.identity.server_uuid}
        first = {"name": name, "docker_registry_image_name": "lab-app", "docker_registry_image_tag": "1"}
        if compose:
            self.simulator.coolify.switches.compose_file = compose
            first = {"name": name, "git_repository": "https://github.com/acme/shop", "git_branch": "main", "build_pack": "dockercompose"}
        uuid = self.api("POST", f"/applications/{'public' if compose else 'dockerimage'}", **{**place, **first, **options})["uuid"]
        if variables:
            rows = [{"key": key, "value": str(value), "is_literal": True} for key, value in variables.items()]
            self.api("PATCH", f"/applications/{uuid}/envs/bulk", data=rows)
            # Long before the deployment; what is changed later is not
            for row in self.simulator.coolify.rows("variables", owner_table="applications", owner_id=self.row(uuid)["id"]):
                row.update(created_at=ago(120), updated_at=ago(120))
        return uuid

    def run(self, uuid: str, spec: Row) -> str:
        """Its container, as Coolify's deployment starts it; what Docker answered when it could not."""
        row, container = self.row(uuid), f"{uuid}-{time.time_ns() // 1000 % 10**12:012d}"
        labels = {
            "coolify.managed": "true",
            "coolify.version": self.simulator.version,
            "coolify.applicationId": row["id"],
            "coolify.type": "application",
            "coolify.name": container,
            "coolify.resourceName": row["name"],
            "coolify.projectName": "lab",
            "coolify.serviceName": row["name"],
            "coolify.environmentName": "production",
            "coolify.pullRequestId": 0,
        }
        text = row["custom_labels"] or ""
        for line in (decode_base64(text) or text).splitlines():
            key, _sep, value = line.partition("=")
            # Coolify doubles $ for compose, and escapes nothing else
            labels[key] = value
        for pattern in spec.get("without_labels") or ():
            labels = {key: value for key, value in labels.items() if not re.search(pattern, key)}
        for key, value in (spec.get("labels") or {}).items():
            labels[key.replace("UUID", uuid)] = str(value).replace("UUID", uuid)
        networks = spec.get("networks") or ["coolify"]
        for network in networks:
            self.engine.docker("network", "create", network, check=False)
        args = ["--name", container, "--network", networks[0], "--network-alias", uuid, "--restart", spec.get("restart", "unless-stopped")]
        for key, value in labels.items():
            args += ["-l", f"{key}={value}"]
        for key, value in {**(spec.get("environment") or {}), **(spec.get("variables") or {})}.items():
            args += ["-e", f"{key}={self.filled(str(value))}"]
        args += self._health(row, spec) + [self.filled(str(part)) for part in spec.get("run") or ()]
        command = ["-d", *args, spec.get("image") or f"{row['docker_registry_image_name']}:{row['docker_registry_image_tag']}"]
        command += [self.filled(str(part)) for part in spec.get("command") or ()]
        self.engine.docker("create", *command[1:])
        for network in networks[1:]:
            self.engine.docker("network", "connect", network, container)
        done = self.engine.docker("start", container, check=not spec.get("fails_to_start"))
        return done.stderr.strip()

    def _health(self, row: Row, spec: Row) -> list[str]:
        """As generate_healthcheck_commands of ApplicationDeploymentJob does it."""
        if not row["health_check_enabled"]:
            return list(spec.get("image_health") or ())
        if row["health_check_type"] == "cmd":
            command = row["health_check_command"]
        else:
            port = row["health_check_port"] or row["ports_exposes"].split(",")[0]
            url = shlex.quote(f"{row['health_check_scheme']}://{row['health_check_host']}:{port}{row['health_check_path']}")
            command = f"curl -s -X 'GET' -f {url} > /dev/null || wget -q -O- {url} > /dev/null || exit 1"
        seconds = {name: f"{row[f'health_check_{name}']}s" for name in ("interval", "timeout", "start_period")}
        return [
            *("--health-cmd", command, "--health-interval", seconds["interval"], "--health-timeout", seconds["timeout"]),
            *("--health-start-period", seconds["start_period"], "--health-retries", str(row["health_check_retries"])),
        ]

    def deployed(self, uuid: str, status: str = "finished", log: t.Sequence[str] = (), minutes: float = 0) -> Row:
        """A deployment in Coolify's list, ``minutes`` ago."""
        coolify, row = self.simulator.coolify, self.row(uuid)
        with self.simulator.lock:
            deployments.queue(coolify, row, at_once=True, force=True)
            made = max(coolify.rows("deployments", application_id=row["id"]), key=lambda item: item["id"])
            begun = ago(minutes)
            entries = [
                {"command": None, "output": line, "type": "stderr" if status == "failed" else "stdout", "timestamp": begun, "hidden": False,
                 "batch": 1, "order": number}
                for number, line in enumerate(log or ("Rolling update completed.",), 1)
            ]  # fmt: skip
            ended = begun if status not in ("queued", "in_progress") else None
            made.update(status=status, logs=json.dumps(entries), created_at=begun, updated_at=begun, finished_at=ended)
        return made

    def containers(self, uuid: str) -> list[str]:
        return self.engine.docker("ps", "-aq", "--filter", f"name={uuid}").stdout.split()

    def filled(self, text: str) -> str:
        return text.replace("{here}", HERE).replace("{elsewhere}", ELSEWHERE).replace("{folder}", str(self.folder))

    # --- what Coolify would have noticed by now

    def notice(self, uuid: str, status: str | None = None) -> str:
        """Take the status and the log of an application from the engine, as Coolify's sentinel does."""
        row, found = self.row(uuid), self.containers(uuid)
        states = [self.engine.inspect(container)["State"] for container in found]
        told = "exited"
        for state in states:
            if state["Status"] == "restarting":
                told = "restarting:unknown"
            elif state["Running"]:
                told = f"running:{state.get('Health', {}).get('Status', 'unknown').replace('starting', 'starting')}"
        output = self.engine.docker("logs", "--tail", "200", found[0]) if found else None
        lines = (output.stdout + output.stderr).splitlines() if output else []
        with self.simulator.lock:
            row["status"] = status or told
            self.simulator.coolify.switches.outcomes.setdefault(row["name"], {})["output"] = lines
            proxy = self.engine.docker("inspect", "-f", "{{.State.Status}}", "coolify-proxy", check=False).stdout.strip()
            self.simulator.coolify.one("servers", uuid=self.simulator.identity.server_uuid)["proxy"] = {"status": proxy or "exited"}
        return row["status"]

    # --- looking

    def visit(self, url: str) -> tuple[str, float]:
        """What a visitor sees: the status or an error, and the seconds it took."""
        started = time.monotonic()
        try:
            with requests.Session() as session:
                session.trust_env = False
                seen = str(session.get(url, timeout=HTTP_TIMEOUT, verify=str(self.ca), allow_redirects=False).status_code)
        except requests.exceptions.SSLError:
            seen = "bad certificate"
        except requests.exceptions.Timeout:
            seen = "timeout"
        except requests.exceptions.ConnectionError as error:
            seen = "no such name" if "resolve" in str(error) or "Name or service" in str(error) else "no connection"
        return seen, time.monotonic() - started

    def diagnose(self, target: str, kind: str = "application", evidence: Row | None = None, look: bool = True) -> tuple[Row, float]:
        """The result of coolify_diagnose, from a play that looks at the server first; seconds for all of it."""
        results = self.folder / "results.jsonl"
        results.unlink(missing_ok=True)
        variables = {
            "ansible_python_interpreter": sys.executable,
            "target": target,
            "type": kind,
            "look": look,
            "patch": evidence or {},
            "acme": str(self.folder / "proxy/acme.json"),
            "ca": str(self.ca),
            "http_timeout": HTTP_TIMEOUT,
        }
        command = ["ansible-playbook", "-i", "localhost,", "-c", "local", str(ROOT / "tests/lab/play.yml"), "-e", json.dumps(variables)]
        started = time.monotonic()
        done = subprocess.run(
            command, env=dict(self.environment, ANSIBLE_RECORD_PATH=str(results)), capture_output=True, text=True, check=False, timeout=180
        )
        seconds = time.monotonic() - started
        found = [json.loads(line) for line in results.read_text().splitlines()] if results.exists() else []
        if os.environ.get("LAB_RESULTS"):
            shutil.copy(results, Path(os.environ["LAB_RESULTS"]) / f"{self.row(target)['name']}.jsonl")
        if done.returncode or not found:
            raise RuntimeError(f"the play failed:\n{done.stdout[-3000:]}{done.stderr[-2000:]}")
        return found[-1]["result"], seconds
