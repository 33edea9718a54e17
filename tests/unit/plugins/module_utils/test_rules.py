# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every rule speaks on evidence made for it and is silent on what is healthy; nothing is certain by one kind of evidence."""

from __future__ import annotations

import copy
import re
import typing as t
from datetime import datetime, timezone

import pytest

from ansible_collections.selfhosted.coolify.plugins.module_utils._diagnosis.evidence import Domain, Evidence
from ansible_collections.selfhosted.coolify.plugins.module_utils._diagnosis.probes import Certificate, Reply, Resolved
from ansible_collections.selfhosted.coolify.plugins.module_utils._diagnosis.rules import RULES, diagnose, extra

UUID = "m4k8w0s2c6g0o4w8k2s6c0gq"
URL = "https://shop.example.com"
NOW = datetime(2026, 11, 25, 12, 0, 0, tzinfo=timezone.utc)
IP = "203.0.113.7"
LABELS = {
    "traefik.enable": "true",
    f"traefik.http.routers.https-0-{UUID}.rule": "Host(`shop.example.com`) && PathPrefix(`/`)",
    f"traefik.http.routers.https-0-{UUID}.entryPoints": "https",
    f"traefik.http.services.https-0-{UUID}.loadbalancer.server.port": "8000",
}


def container(**changed: t.Any) -> dict[str, t.Any]:
    return {
        "id": "0123456789ab",
        "name": f"{UUID}-101010",
        "image": "ghcr.io/acme/shop:1.4",
        "created_at": "2026-11-25T10:00:00Z",
        "state": "running",
        "exit_code": 0,
        "oom_killed": False,
        "error": "",
        "restart_count": 0,
        "started_at": "2026-11-25T10:00:00Z",
        "health": "healthy",
        "health_command": "curl -s -X GET -f http://127.0.0.1:8000/health",
        "health_log": [{"at": "2026-11-25T11:59:00Z", "exit_code": 0, "output": "ok"}],
        "network_mode": "coolify",
        "networks": [{"name": "coolify", "ip": "10.0.1.5"}],
        "exposed": ["8000/tcp"],
        "published": [],
        "listening": [{"address": "0.0.0.0", "port": 8000, "protocol": "tcp"}],
        "labels": LABELS,
        "limits": {"memory_mb": None, "cpus": None},
        "mounts": [],
        "log": [],
        "coolify": {"type": "application", "id": "1", "name": UUID, "uuid": UUID},
        **changed,
    }


def proxy(**changed: t.Any) -> dict[str, t.Any]:
    return {
        **container(),
        "id": "ffffffffffff",
        "name": "coolify-proxy",
        "labels": {},
        "coolify": {"type": "proxy"},
        "health": "healthy",
        **changed,
    }


def host(*containers: dict[str, t.Any], **changed: t.Any) -> dict[str, t.Any]:
    return {
        "metrics": {"cpu_usage_percent": 12.0, "memory_usage_percent": 40.0, "disk_usage_percent": 30.0},
        "disks": [{"path": "/", "used_percent": 30.0, "inodes_used_percent": 5.0}],
        "docker": {"version": "27.0.0"},
        "containers": [*(containers or (container(),)), proxy()],
        "proxy": {
            "container": "coolify-proxy",
            "type": "traefik",
            "entrypoints": {"http": ":80", "https": ":443"},
            "log": [],
            "certificates": [],
        },
        "listening": [],
        "probes": [],
        "kernel_oom": [],
        "missing": [],
        **changed,
    }


def domain(status: int | None = 200, seconds: float = 0.05, **changed: t.Any) -> Domain:
    error = changed.pop("error", "" if status else "refused")
    given = {
        "resolved": Resolved("shop.example.com", (IP,)),
        "certificate": Certificate("shop.example.com", 60.0, reached=True, issuer="CN=R11,O=Let's Encrypt,C=US"),
        "exchange": Reply(URL, status, seconds, changed.pop("text", ""), error),
        **changed,
    }
    return Domain(URL, **given)


def healthy(**changed: t.Any) -> Evidence:
    given = {
        "name": "web",
        "uuid": UUID,
        "resource": {
            "id": 1,
            "uuid": UUID,
            "name": "web",
            "status": "running:healthy",
            "ports_exposes": "8000",
            "health_check_enabled": True,
            "build_pack": "dockerimage",
        },
        "deployments": [
            {"deployment_uuid": "d1", "status": "finished", "created_at": "2026-11-25T10:00:00Z", "finished_at": "2026-11-25T10:01:00Z"}
        ],
        "deployment_log": ["Rolling update started.", 'Attempt 1 of 10 | Healthcheck status: "healthy"', "Rolling update completed."],
        "log": ["listening on 0.0.0.0:8000"],
        "variables": [{"key": "A", "value": "1", "is_preview": False, "is_buildtime": True, "updated_at": "2026-11-25T09:00:00Z"}],
        "server": {"uuid": "s1", "name": "localhost", "ip": IP, "user": "root", "settings": {"is_reachable": True, "is_usable": True}},
        "proxy": {"status": "running"},
        "host": host(),
        "domains": [domain()],
        "now": NOW,
        **changed,
    }
    return Evidence(**given)


def resource(**changed: t.Any) -> dict[str, t.Any]:
    return {**healthy().resource, **changed}


def failed(*lines: str, **changed: t.Any) -> Evidence:
    rows = [{"deployment_uuid": "d2", "status": "failed", "created_at": "2026-11-25T11:00:00Z"}, *healthy().deployments]
    return healthy(deployments=rows, deployment_log=list(lines), **changed)


def sick(output: str, exit_code: int = 1, seen: int | None = 503, **changed: t.Any) -> Evidence:
    given = {"health": "unhealthy", "health_log": [{"exit_code": exit_code, "output": output}], **changed}
    return healthy(
        host=host(container(**given)),
        resource=resource(status="running:unhealthy"),
        domains=[domain(seen, text="no available server")] if seen else [],
    )


def saying(*lines: str, status: int = 502, state: str = "running", **changed: t.Any) -> Evidence:
    return healthy(log=list(lines), domains=[domain(status, text="Bad Gateway")], host=host(container(state=state, **changed)))


def labelled(status: int = 404, **labels: str) -> Evidence:
    return healthy(
        host=host(container(labels={key: value for key, value in {**LABELS, **labels}.items() if value})),
        domains=[domain(status, text="404 page not found")],
    )


def proxy_says(line: str, **changed: t.Any) -> Evidence:
    found = host(container())
    found["proxy"]["log"] = [line]
    return healthy(host=found, domains=[domain(404, text="404 page not found")], **changed)


DEFAULT = Certificate("shop.example.com", 364.0, "self-signed certificate", True, "CN=TRAEFIK DEFAULT CERT")
STALE = f"traefik.http.services.https-0-{UUID}.loadbalancer.server.port"
NONE: list[dict[str, t.Any]] = []

# Rule -> evidence on which it speaks. FIRST: those that have to be the likeliest cause of theirs.
SPEAKS: dict[str, Evidence] = {
    "API-1": Evidence(kind="token", token={"error": 403, "message": "API is disabled.", "advice": "Switch it on."}),
    "API-2": Evidence(kind="token", token={"abilities": {"read:sensitive": False}}),
    "DNS-1": healthy(domains=[domain(None, error="timeout", resolved=Resolved("shop.example.com", ("198.51.100.9",)))]),
    "TRF-2": healthy(
        domains=[domain(None)], proxy={"status": "exited"}, host={**host(), "containers": [container(), proxy(state="exited")]}
    ),
    "TRF-1": proxy_says("client version 1.24 is too old. Minimum supported API version is 1.44, please upgrade your client"),
    "LOOP-1": healthy(domains=[domain(301, loop=(URL, URL))]),
    "TLS-1": proxy_says(
        'Unable to obtain ACME certificate for domains error="… urn:ietf:params:acme:error:rateLimited" domains=["shop.example.com"]'
    ),
    "TLS-2": proxy_says('Cannot retrieve the ACME challenge for shop.example.com (token "x")'),
    "TLS-3": proxy_says("acme: could not determine solvers"),
    "TLS-5": healthy(domains=[domain(certificate=Certificate("shop.example.com", 9.5, reached=True, issuer="CN=R11"))]),
    "REG-2": failed('Error: Head "https://ghcr.io/v2/coollabsio/coolify-helper/manifests/1.0": denied: denied'),
    "REG-3": failed('Docker config file (~/.docker/config.json) not found on the build server. Please run "docker login"'),
    "REG-1": failed('Error: Head "https://ghcr.io/v2/acme/shop/manifests/1.4": denied: denied'),
    "IMG-1": failed("manifest for acme/shop:9 not found: manifest unknown: manifest unknown"),
    "BLD-2": failed("write /var/lib/docker/tmp: no space left on device"),
    "BLD-1": failed("FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory"),
    "PORT-3": failed("Bind for 0.0.0.0:8080 failed: port is already allocated"),
    "NET-5": failed("could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network"),
    "NET-6": failed('ParseAddr("fd00::1/64"): unexpected character, want colon (at "/64")'),
    "SRV-1": healthy(server={**healthy().server, "settings": {"is_reachable": False, "is_usable": False}}),
    "BLD-5": failed("fatal: bad object 0123456789abcdef"),
    "BLD-6": failed("'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"),
    "BLD-3": failed("Nixpacks failed to detect the application type. Please check the documentation."),
    "HOOK-1": failed("Pre-deployment command: Could not find a valid container. Is the container name correct?"),
    "QUE-3": healthy(deployments=[{"deployment_uuid": "d2", "status": "cancelled-by-user"}]),
    "QUE-1": healthy(deployments=[{"deployment_uuid": "d2", "status": "in_progress", "created_at": "2026-11-25T10:00:00Z"}]),
    "QUE-2": healthy(
        deployments=[
            {"deployment_uuid": "d2", "status": "in_progress", "created_at": "2026-11-25T11:55:00Z"},
            {"deployment_uuid": "d1", "status": "finished", "created_at": "2026-11-25T11:50:00Z"},
        ],
        variables=[{"key": "FEATURE", "value": "on", "is_preview": False, "updated_at": "2026-11-25T11:58:00Z"}],
    ),
    "RUN-2": healthy(
        host=host(container(state="exited", oom_killed=True, exit_code=137, limits={"memory_mb": 128})), domains=[domain(503)]
    ),
    "DB-1": saying("Error: in 18+, these Docker images are configured to store database data in a", state="restarting"),
    "DB-2": saying("FATAL:  database files are incompatible with server", state="restarting", restart_count=5, exit_code=1),
    "HC-2": sick("/bin/sh: curl: not found", 127),
    "HC-7": sick("/bin/sh: 1: pgrep: not found", 127, health_command="pgrep -f celery"),
    "HC-6": sick("Error: No nodes replied within time constraint.", 69, None, health_command="celery inspect ping"),
    "HC-5": sick("curl: (7) Failed to connect to 127.0.0.1 port 8000: Connection refused", 7, None, listening=[], labels={}),
    "HC-3": sick("wget: can't connect to remote host: Connection refused", health_command="wget -qO- http://localhost:8000/"),
    "HC-9": sick("curl: (22) The requested URL returned error: 404", 22),
    "HC-4": failed(
        'Attempt 9 of 10 | Healthcheck status: "starting"',
        'Attempt 10 of 10 | Healthcheck status: "starting"',
        "New container is not healthy, rolling back to the old container.",
    ),
    "RUN-1": saying("ImportError: No module named shop", state="restarting", restart_count=7, exit_code=1),
    "DB-3": saying('FATAL:  password authentication failed for user "shop"'),
    "NET-7": saying('could not translate host name "db" to address: Name or service not known'),
    "DB-4": saying('connection to server at "db", port 5432 failed: Connection refused'),
    "RUN-3": healthy(host={**host(), "containers": [proxy()]}, domains=[domain(404, text="404 page not found")]),
    "DB-5": saying("FATAL:  sorry, too many clients already"),
    "SVC-1": Evidence(kind="service", uuid=UUID, resource={"status": "degraded:unhealthy"}, left_over=["old"]),
    "RUN-4": healthy(resource=resource(status="exited"), host=host(container(state="exited", exit_code=0)), domains=[domain(503)]),
    "NET-8": healthy(
        host=host(
            container(networks=[{"name": "mine", "ip": "10.0.9.2"}]),
            container(
                name="other-1",
                id="aaaaaaaaaaaa",
                coolify={"type": "application", "id": "2", "name": "other", "uuid": "other"},
                labels={"traefik.enable": "true"},
                networks=[{"name": "mine", "ip": "10.0.9.3"}],
            ),
        ),
        domains=[domain(504, 30.1)],
    ),
    "NET-1": healthy(host=host(container(networks=[{"name": "mine", "ip": "10.0.9.2"}])), domains=[domain(504, 30.1)]),
    "NET-2": healthy(
        host=host(container(networks=[{"name": "coolify", "ip": "10.0.1.5"}, {"name": "aaa", "ip": "10.0.9.2"}])),
        domains=[domain(504, 30.1)],
    ),
    "LBL-5": labelled(**{"traefik.enable": "false"}),
    "LBL-1": labelled(**{f"traefik.http.routers.https-0-{UUID}.entryPoints": "websecure"}),
    "LBL-2": proxy_says(f"Router https-0-{UUID} cannot be linked automatically with multiple Services: [a b]"),
    "LBL-4": healthy(
        host=host(
            container(),
            container(name="other-1", id="aaaaaaaaaaaa", coolify={"type": "application", "id": "2", "name": "other", "uuid": "other"}),
        ),
        domains=[domain(500)],
    ),
    "LBL-6": labelled(**{f"traefik.http.routers.https-0-{UUID}.rule": "Host(`old.example.com`)"}),
    "PORT-2": healthy(host=host(container(listening=[{"address": "127.0.0.1", "port": 8000, "protocol": "tcp"}])), domains=[domain(502)]),
    "PORT-1": healthy(host=host(container(listening=[{"address": "0.0.0.0", "port": 3000, "protocol": "tcp"}])), domains=[domain(502)]),
    "PORT-5": healthy(host=host(container(listening=[], health=None)), domains=[domain(502)]),
    "PORT-4": healthy(host=host(container(exposed=["80/tcp", "8000/tcp"], labels={**LABELS, STALE: "x"})), domains=[domain(502)]),
    "NET-3": healthy(
        host=host(
            container(), probes=[{"container": f"{UUID}-101010", "address": "10.0.1.5", "port": 8000, "status": None, "error": "timed out"}]
        ),
        domains=[domain(504, 30.0)],
    ),
    "APP-1": healthy(domains=[domain(None, 40.0, error="timeout")]),
    "PRX-1": healthy(log=["upload of video.mp4 aborted: unexpected EOF"], domains=[domain(502, 60.4)]),
    "HC-1": failed("New container is not healthy, rolling back to the old container."),
    "HC-0": sick(""),
    "TLS-4": healthy(domains=[domain(404, text="404 page not found", certificate=DEFAULT)], host=None),
    "TLS-6": healthy(domains=[domain(certificate=Certificate("shop.example.com", 3000.0, "self-signed certificate", True, "CN=mine"))]),
    "DEP-1": failed("npm ERR! missing script: build"),
    "APP-2": healthy(log=["ZeroDivisionError: division by zero"], domains=[domain(500, text="<h1>Server Error (500)</h1>")]),
    "LIM-1": healthy(host=host(metrics={"cpu_usage_percent": 99.0, "memory_usage_percent": 97.0})),
    "ENV-5": healthy(variables=[{"key": "NEEDED", "value": "", "is_really_required": True}]),
    "ENV-1": healthy(variables=[{"key": "PW", "value": "a$b", "is_literal": False}], log=[".env: line 3: unexpected character"]),
    "ENV-2": healthy(variables=[{"key": "A", "value": "1"}, {"key": "A", "value": "2"}]),
    "ENV-3": healthy(variables=[{"key": "A", "value": "1", "updated_at": "2026-11-25T11:00:00Z"}]),
    "NET-4": healthy(resource=resource(ports_mappings="8000:8000")),
    "ENV-4": healthy(resource=resource(build_pack="nixpacks"), variables=[{"key": "API_TOKEN", "value": "x", "is_buildtime": True}]),
    "LBL-3": healthy(resource=resource(settings={"is_container_label_readonly_enabled": False})),
    "HC-8": healthy(deployment_log=["Application has ports mapped to the host system, rolling update is not supported."]),
    "REG-4": healthy(deployment_log=["No suitable build server found. Using the deployment server."]),
    "BLD-4": healthy(deployment_log=["Docker build cache is disabled."]),
}
NOT_FIRST = {"TLS-4", "PORT-5", "DEP-1", "HC-0", "HC-1", "LIM-1"}
"""Worth saying beside a better cause."""


def test_every_rule_has_a_fixture_and_an_own_name():
    assert [rule.id for rule in RULES] == list(dict.fromkeys(rule.id for rule in RULES))
    assert {rule.id for rule in RULES} == set(SPEAKS)


@pytest.mark.parametrize("name", SPEAKS)
def test_it_speaks_and_comes_first(name):
    found = diagnose(SPEAKS[name])
    assert name in [finding.rule for finding in found], [(finding.rule, finding.evidence) for finding in found]
    finding = next(finding for finding in found if finding.rule == name)
    assert not re.search(r"\{(?!name|uuid)\w+\}", finding.cause + finding.recommended_fix), finding
    assert finding.evidence and finding.recommended_fix
    if name not in NOT_FIRST:
        assert found[0].rule == name, [(finding.rule, finding.confidence) for finding in found]


CONTROLS = {
    "healthy": healthy(),
    "with the API alone": healthy(host=None),
    "a worker without domain and health check": healthy(
        domains=[],
        resource=resource(status="running:unknown", health_check_enabled=False),
        host=host(container(health=None, listening=[], labels={})),
    ),
    "a server that Coolify knows by a private address": healthy(server={**healthy().server, "ip": "10.0.0.5"}),
    "a server that Coolify knows by its name": healthy(server={**healthy().server, "ip": "host.docker.internal"}),
    "behind a CDN": healthy(domains=[domain(resolved=Resolved("shop.example.com", ("104.16.1.1",)))]),
    "first deployment under way": healthy(
        resource=resource(status="exited"),
        host={**host(), "containers": [proxy()]},
        domains=[],
        deployments=[{"deployment_uuid": "d1", "status": "in_progress", "created_at": "2026-11-25T11:59:00Z"}],
        deployment_log=["Building"],
    ),
    "a database": healthy(
        kind="database", domains=[], deployments=[], deployment_log=[], variables=None, resource=resource(ports_exposes=None)
    ),
    "a service of which only the containers in its file are there": Evidence(kind="service", resource={"status": "running:healthy"}),
    "an excluded container left its file": Evidence(kind="service", resource={"status": "running:unknown"}, left_over=["old"]),
    "two networks that the proxy shares": healthy(
        host={
            **host(container(networks=[{"name": "coolify"}, {"name": "b"}])),
            "containers": [container(networks=[{"name": "coolify"}, {"name": "b"}]), proxy(networks=[{"name": "coolify"}, {"name": "b"}])],
        }
    ),
    "an old error in a log that works": healthy(log=["INFO retrying", "listening on 0.0.0.0:8000"]),
}


@pytest.mark.parametrize("control", CONTROLS)
def test_it_is_silent_about_what_is_healthy(control):
    assert [finding for finding in diagnose(CONTROLS[control]) if finding.severity != "low"] == []


@pytest.mark.parametrize("name", SPEAKS)
def test_one_kind_of_evidence_is_never_certain(name):
    for finding in diagnose(SPEAKS[name]):
        kinds = {text.split(":")[0] for text in finding.evidence} | {kind for kind, _text in SPEAKS[name].symptoms}
        assert finding.confidence != "certain" or len(kinds) > 1, finding


@pytest.mark.parametrize("name", SPEAKS)
def test_missing_evidence_breaks_no_rule(name):
    for field in ("resource", "deployments", "deployment_log", "log", "variables", "server", "proxy", "host", "domains"):
        less = copy.copy(SPEAKS[name])
        setattr(less, field, {"resource": {}, "server": {}, "proxy": {}, "log": None, "variables": None, "host": None}.get(field, []))
        diagnose(less)
    diagnose(Evidence())


def test_rules_of_the_user_come_first():
    rows = [{"pattern": "LicenseError", "cause": "the licence has expired", "fix": "renew it", "stage": "application_startup"}]
    found = diagnose(saying("LicenseError: expired"), [*extra(rows), *RULES])
    assert found[0].cause == "the licence has expired" and found[0].rule == "EXTRA-1"


@pytest.mark.parametrize(
    "logins, told",
    [
        ([], "the server is not logged in to ghcr.io"),
        ([{"registry": "ghcr.io", "user": "acme-bot"}], "the server is logged in to ghcr.io as acme-bot"),
    ],
)
def test_a_refused_image_says_what_the_server_knows_of_its_login(logins, told):
    evidence = failed('Error: Head "https://ghcr.io/v2/acme/shop/manifests/1.4": denied: denied', host={**host(), "logins": logins})
    first = diagnose(evidence)[0]
    assert first.rule == "REG-1" and any(told in line for line in first.evidence)
    blind = failed(
        'Error: Head "https://ghcr.io/v2/acme/shop/manifests/1.4": denied: denied',
        host={**host(), "logins": logins, "missing": [{"what": "logins", "why": "denied"}]},
    )
    assert not any("logged in" in line for line in diagnose(blind)[0].evidence)


def test_the_build_server_is_looked_at_too():
    full = {"disks": [{"path": "/", "used_percent": 99.5}], "logins": []}
    evidence = failed(
        "Failed to push image to docker registry.", build_host=full, resource=resource(docker_registry_image_name="ghcr.io/acme/shop")
    )
    found = {finding.rule: finding for finding in diagnose(evidence)}
    assert "the build server is not logged in to ghcr.io" in " ".join(found["REG-3"].evidence)
    assert "/ of the build server is 99.5 % full" in " ".join(found["BLD-2"].evidence)
