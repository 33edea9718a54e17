# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""coolify_doctor on what first contact meets, and its playbook with real hosts."""

from __future__ import annotations

import http.server
import sys
import threading
import time
from types import SimpleNamespace

import pytest

from ansible_collections.selfhosted.coolify.plugins.module_utils._resources import doctor
from ansible_collections.selfhosted.coolify.tests.simulator import Simulator
from ansible_collections.selfhosted.coolify.tests.unit.controller import command


def outcomes(result):
    return {(line["check"], line["subject"]): line["outcome"] for line in result["checks"]}


def failed(result):
    """check -> what to do, of what failed; every failure says what to do, everything was looked at or says why not."""
    for line in result["checks"]:
        assert line["reason"] and (line["todo"] or line["outcome"] != "failed"), line
    assert {line["check"] for line in result["checks"]} == set(doctor.ALL)
    assert result["status"] == ("issues_detected" if result["summary"]["failed"] else "healthy")
    return {line["check"]: line["todo"] for line in result["checks"] if line["outcome"] == "failed"}


def test_everything_fits(run, simulator):
    result = run("doctor")
    assert failed(result) == {} and result["summary"] == {"passed": 11, "failed": 0, "skipped": 1}
    assert outcomes(result)["server", "localhost"] == "passed" and outcomes(result)["tls", None] == "skipped"
    assert result["servers"][0]["address"] == "127.0.0.1" and result["servers"][0]["port"] == 2222
    assert [line.split()[1].rstrip(":") for line in result["lines"]] == list(doctor.ALL)
    # What reached a writing route was refused there: the probes of the token
    state = simulator.state()
    assert len(state["projects"]) == 1 and not state.get("deployments")
    assert all(item.status in (400, 422) for item in simulator.writes)


@pytest.mark.parametrize(
    ("switches", "token", "check", "todo", "skipped"),
    [
        ({"api_enabled": False}, "root", "api", "Switch the API on", 8),
        ({"allowed_ips": "10.9.9.9"}, "root", "ip", "Allowed IPs", 7),
        ({}, "9|nobody-knows-this", "token", "Create a new one", 9),
        ({}, "member_root", "token", "an admin or owner has to create the token", 9),
        ({}, "write", "read", "Create a token with it", 6),
    ],
)
def test_what_coolify_refuses(run, simulator, switches, token, check, todo, skipped):
    for name, value in switches.items():
        setattr(simulator.coolify.switches, name, value)
    result = run("doctor", token=token)
    assert list(failed(result)) == [check] and todo in failed(result)[check]
    # tls is skipped on a loopback address anyhow
    assert result["summary"]["skipped"] == skipped
    assert simulator.tokens.get(token, token) not in str(result)


@pytest.mark.parametrize(
    ("token", "lacking"),
    [("read", ["read:sensitive", "write", "deploy"]), ("sensitive", ["write", "deploy"]), ("rwd", ["read:sensitive"])],
)
def test_what_a_token_cannot_is_said(run, token, lacking):
    result = run("doctor", token=token)
    assert list(failed(result)) == lacking
    for line in result["checks"]:
        if line["check"] in lacking:
            assert doctor.ABILITIES[line["check"]] in line["reason"]
    meant = [ability for ability in doctor.ABILITIES if ability not in lacking]
    assert failed(run("doctor", token=token, abilities=meant)) == {}


def test_servers_that_coolify_does_not_reach(run, simulator):
    lost = simulator.coolify.add_server(name="lost", ip="10.0.0.5", private_key_id=1)
    lost["settings"].update(is_reachable=False, is_usable=False)
    simulator.coolify.add_server(name="empty", ip="10.0.0.6", private_key_id=1)["settings"]["is_usable"] = False
    result = run("doctor")
    told = outcomes(result)
    assert (told["server", "localhost"], told["server", "lost"], told["server", "empty"]) == ("passed", "failed", "failed")


@pytest.mark.parametrize(
    ("version", "outcome", "words"),
    [("4.3.11", "passed", "recordings"), ("4.5.0", "passed", "from reading"), ("4.4-rc.1", "passed", "recordings")],
)
def test_versions_of_the_simulator(run, simulator, version, outcome, words):
    simulator.reset(version=version)
    line = next(line for line in run("doctor")["checks"] if line["check"] == "version")
    assert line["outcome"] == outcome and words in line["reason"] and version in line["reason"]


@pytest.mark.parametrize(
    ("version", "outcome"),
    [("3.12.4", "failed"), ("4.0.0", "passed"), ("4.6.0", "failed"), ("5.0.0", "failed"), ("4.0.0-beta.470", "passed")],
)
def test_versions_beyond(version, outcome):
    lines = doctor.Lines()
    doctor._version(lines, version)
    assert lines.checks[0]["outcome"] == outcome


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:9", "Connection refused"),
        ("https://nowhere.invalid", "the host name does not resolve"),
    ],
)
def test_addresses_where_nothing_is(run, url, reason):
    result = run("doctor", url=url)
    assert list(failed(result)) == ["address"] and reason in result["checks"][0]["reason"]
    assert result["summary"] == {"passed": 0, "failed": 1, "skipped": len(doctor.ALL) - 1}


@pytest.mark.parametrize(("status", "word"), [(200, "is not Coolify"), (404, "is not Coolify"), (302, "redirects to"), (503, "503")])
def test_addresses_where_something_else_is(run, status, word):
    class Other(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert "sign-in" not in self.path
            self.send_response(status)
            self.send_header("Location", "https://sso.example.com/sign-in?next=secret")
            self.end_headers()
            self.wfile.write(b"<html>Welcome</html>")

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Other) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        result = run("doctor", url=f"http://127.0.0.1:{server.server_address[1]}")
        server.shutdown()
    assert list(failed(result)) == ["address"] and word in result["checks"][0]["reason"] and "next=secret" not in str(result)


def test_a_certificate_that_is_not_trusted(run):
    with Simulator(tls=True) as other:
        result = run("doctor", url=other.url, token=other.tokens["root"])
        assert list(failed(result)) == ["tls"] and "ca_path" in failed(result)["tls"]
        unverified = run("doctor", url=other.url, token=other.tokens["root"], validate_certs=False)
        assert failed(unverified) == {} and outcomes(unverified)["tls", None] == "skipped"
        plain = run("doctor", url=other.url.replace("https", "http"), token="root")
        assert list(failed(plain)) == ["address"]


@pytest.mark.parametrize("option", ["url", "token"])
def test_a_missing_option_is_said_by_the_task(run, option):
    result = run("doctor", **{option: ""})
    assert result["code"] == 606 and f"{option} is missing" in result["msg"]


def test_clocks(monkeypatch, run):
    assert "clock" not in failed(run("doctor"))
    for seconds in (120, -120):
        monkeypatch.setattr(doctor, "time", SimpleNamespace(time=lambda: time.time() + seconds))  # noqa: B023
        assert "NTP" in failed(run("doctor"))["clock"]


EVIDENCE = {"clock_utc": 1000.4, "docker": {"version": "27.1", "error": None}}


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ({"evidence": EVIDENCE, "before": 1000.0, "after": 1001.0}, ("passed", "passed", "passed")),
        ({"evidence": EVIDENCE, "before": 1090.0, "after": 1091.0}, ("passed", "passed", "failed")),
        ({"evidence": EVIDENCE, "before": 900.0, "after": 901.0}, ("passed", "passed", "failed")),
        # However long it took
        ({"evidence": EVIDENCE, "before": 900.0, "after": 1100.0}, ("passed", "passed", "passed")),
        ({"evidence": {**EVIDENCE, "docker": None}}, ("passed", "failed", "skipped")),
        ({"evidence": {**EVIDENCE, "docker": {"version": None, "error": "permission denied"}}}, ("passed", "failed", "skipped")),
        ({"error": "sudo: a password is required"}, ("passed", "failed", "skipped")),
        ({"unreachable": True, "error": "Task failed: Permission denied\r\n(publickey)."}, ("failed", "skipped", "skipped")),
    ],
)
def test_hosts_are_judged_without_asking_coolify(run, simulator, host, expected):
    result = run("doctor", hosts=[{"name": "web1", **host}])
    assert tuple(line["outcome"] for line in result["checks"]) == expected
    assert [line["check"] for line in result["checks"]] == ["ssh", "docker", "clock"]
    assert all(line["todo"] for line in result["checks"] if line["outcome"] == "failed")
    if host.get("unreachable"):
        assert result["checks"][0]["reason"] == "Permission denied (publickey)."
    assert not simulator.requests


INVENTORY = f"""\
[coolify_servers]
here ansible_connection=local ansible_python_interpreter={sys.executable}
there ansible_host=127.0.0.1 ansible_port=9
[all:vars]
ansible_ssh_common_args=-F none
"""


@pytest.mark.parametrize(
    ("switches", "environment", "expected"),
    [
        ({}, {}, ["passed  address: Coolify answers at ", "passed  ssh here: this controller can log in", "failed  ssh there: "]),
        (
            {"api_enabled": False},
            {},
            ["failed  api: the API is switched off. To do: Switch the API on", "skipped version: the API is switched off"],
        ),
        ({"allowed_ips": "10.9.9.9"}, {}, ["failed  ip: Coolify does not allow this controller's address. To do: Add"]),
        (
            {},
            {"COOLIFY_TOKEN": "9|wrong"},
            ["failed  token: Coolify does not know this token. To do: ", "skipped api: Coolify judges the token first"],
        ),
        (
            {},
            {"COOLIFY_URL": "http://127.0.0.1:9"},
            ["failed  address: GET http://127.0.0.1:9/api/v1/health: [Errno 111] Connection refused"],
        ),
        ({}, {"COOLIFY_URL": ""}, ["failed  address: coolify_doctor: url is missing. To do: Set it on the task"]),
    ],
    ids=["fine", "API disabled", "address not allowed", "wrong token", "wrong address", "no address"],
)
def test_the_playbook(simulator, tmp_path, switches, environment, expected):
    for name, value in switches.items():
        setattr(simulator.coolify.switches, name, value)
    (tmp_path / "hosts").write_text(INVENTORY)
    words = (
        "ansible-playbook",
        "-i",
        "hosts",
        "selfhosted.coolify.doctor",
        "-e",
        "sudo=false",
        "-e",
        f"ansible_playbook_python={sys.executable}",
    )
    done = command(*words, simulator=simulator, folder=tmp_path, ANSIBLE_TIMEOUT="5", **environment)
    print(done.stdout, done.stderr)
    assert done.returncode == 2
    for line in expected:
        assert f'"{line}' in done.stdout
    # A host that cannot be logged in to does not keep the others from being looked at
    assert '"passed  clock here' in done.stdout
    assert simulator.tokens["root"] not in done.stdout + done.stderr
