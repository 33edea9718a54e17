# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""coolify_host_info as a whole, with a program ``docker`` that says what a real one said (tests/fixtures/host), nothing, or too little."""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path

import pytest
import yaml

from ansible_collections.selfhosted.coolify.plugins.module_utils._host import collect, commands, docker
from ansible_collections.selfhosted.coolify.plugins.modules import coolify_host_info
from ansible_collections.selfhosted.coolify.tests.unit.conftest import patch_module_args

RECORDED = Path(__file__).parents[3] / "fixtures" / "host"
APP = "m4k8w0s2c6g0o4w8k2s6c0gq-120000000001"
LISTENS = "  sl  local_address\n   0: 0100007F:1388 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 1 1 0 100 0 0 10 0\n"
DOCKER = f"""#!/bin/sh
cd {RECORDED}
case "$*" in
  version*) cat version.json ;;
  info*) cat info.json ;;
  "ps "*) cat ps.txt ;;
  "inspect "*) cat inspect.json ;;
  "network ls"*) echo 4cd9e6880723 ;;
  "network inspect"*) cat networks.json ;;
  stats*) cat stats.jsonl ;;
  "logs "*" secrets") echo "connecting with s3cr3t-Value!9" >&2; echo "to postgres://shop:pa55-of-url@db/shop; tok_multi; line-part-two" ;;
  "logs "*" coolify-proxy") echo "error: cf-dns-token-proxy-1 rejected" ;;
  "logs "*" restarting") echo 'could not translate host name "db" to address' ;;
  "logs "*) echo "nothing of interest" ;;
  "exec coolify-proxy wget "*) echo "hello s3cr3t-Value!9"; echo "  HTTP/1.1 200 OK" >&2 ;;
  "exec loopback cat "*) printf '{LISTENS.replace(chr(10), chr(92) + "n")}' ;;
  "exec "*) echo 'OCI runtime exec failed: exec: "cat": executable file not found' >&2; exit 126 ;;
  *) echo "unexpected: $*" >&2; exit 64 ;;
esac
"""
SECRETS = ("s3cr3t-Value!9", "pa55-of-url", "tok_multi", "line-part-two", "cf-dns-token-proxy-1", "hunter2", "abcdefgh123", "$2y$10$")
DENIED = "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock"


@pytest.fixture
def host(tmp_path, monkeypatch, capsys):
    """``host(script, **options)`` gives the module's result where ``docker`` is that script; ``None`` is no docker at all."""

    def host(script: str | None = DOCKER, **options) -> dict:
        if script is None:
            monkeypatch.setattr(commands, "which", lambda program: None)
        else:
            (tmp_path / "docker").write_text(script)
            (tmp_path / "docker").chmod(0o755)
            monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
        args = {"sample_seconds": 0.1, "acme_path": str(tmp_path / "acme.json"), **options}
        capsys.readouterr()
        with patch_module_args(args), pytest.raises(SystemExit):
            coolify_host_info.main()
        return json.loads(capsys.readouterr().out)

    return host


def missing(found: dict) -> dict[str, str]:
    return {item["what"]: item["why"] for item in found["missing"]}


def named(found: dict, name: str) -> dict:
    return next(item for item in found["containers"] if item["name"] == name)


def documented(contains: dict, found) -> None:
    """The keys of a result are those that RETURN lists, at every depth that it describes."""
    for item in found if isinstance(found, list) else [found] if found else []:
        assert set(item) == set(contains), set(item) ^ set(contains)
        for name, entry in contains.items():
            if "contains" in entry:
                documented(entry["contains"], item[name])


def test_the_whole_is_what_the_documentation_says(host, tmp_path):
    (tmp_path / "acme.json").write_text("{}")
    (tmp_path / "config.json").write_text('{"auths": {"ghcr.io": {"auth": "b2N0b2NhdDpzZWNyZXQ="}}}')
    result = host(containers=["shop"], probe=[{"container": "shop", "port": 8000}])
    assert result["changed"] is False and not result.get("failed")
    found = result["host_evidence"]
    documented(yaml.safe_load(coolify_host_info.RETURN)["host_evidence"]["contains"], found)
    assert found["docker"]["version"] == "20.10.24+dfsg1"
    assert found["proxy"]["certificates"] == []
    assert found["logins"] == [{"registry": "ghcr.io", "user": "octocat"}]
    assert named(found, APP)["log"] == ["nothing of interest"]
    assert named(found, "restarting")["log"] == ['could not translate host name "db" to address']
    assert named(found, "two4")["log"] == []
    assert named(found, "two4")["usage"]["memory_mb"] > 1
    assert found["metrics"]["memory_limit_mb"] > 0 and found["metrics"]["cpu_usage_percent"] is not None
    assert found["probes"][0]["address"] == "172.17.0.3"
    assert abs(found["clock_utc"] - time.time()) < 60


def test_volumes_are_measured_when_they_are_asked_for(host):
    assert host()["host_evidence"]["volumes"] is None
    sizes = '[{"Name":"db-data","Driver":"local","Size":"1.5GB"}]'
    measuring = DOCKER.replace('case "$*" in\n', f'case "$*" in\n  "system df"*) echo \'{sizes}\' ;;\n')
    assert host(measuring, volumes=True)["host_evidence"]["volumes"] == [{"name": "db-data", "driver": "local", "used_mb": 1430.5}]
    refused = host(volumes=True)["host_evidence"]
    assert refused["volumes"] is None and "volumes" in missing(refused)


def test_the_result_is_the_same_in_check_mode(host):
    found = host(_ansible_check_mode=True)["host_evidence"]
    assert len(found["containers"]) == 11


def test_no_secret_leaves(host):
    text = json.dumps(host(containers=["secrets"], probe=[{"container": APP, "port": 1}]))
    raw = (RECORDED / "inspect.json").read_text() + DOCKER
    assert [secret for secret in SECRETS if secret not in raw] == []
    shown = [secret for secret in SECRETS if secret in text]
    # The page that the application at APP shows is another container's secret; only its own are known to be secret
    assert shown == ["s3cr3t-Value!9"] and text.count("s3cr3t-Value!9") == 1
    assert "plain-value-77" not in text


def test_what_listens_where_proc_does_not_show_it(host):
    """The recorded processes have numbers that no kernel gives, so the containers are asked."""
    found = host()["host_evidence"]
    assert named(found, "loopback")["listening"] == [{"address": "127.0.0.1", "port": 5000, "protocol": "tcp", "connections": 0}]
    assert named(found, "two4")["listening"] is None
    assert "executable file not found" in missing(found)["listening of two4"]
    assert named(found, "oom")["listening"] is None and "listening of oom" not in missing(found)


def files(root: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


TABLE = "  sl  local_address\n"
SOCKET = "   0: {}:{:04X} {} 0A 00000000:00000000 00:00000000 00000000 0 0 {} 1 0 100 0 0 10 0\n"


@pytest.mark.parametrize("version", [1, 2])
def test_what_proc_and_control_groups_show(tmp_path, version):
    """A container in its own network, one in the host's, and docker-proxy, as the kernel shows them."""
    inspected = {item["Name"]: item for item in json.loads((RECORDED / "inspect.json").read_text())}
    app, hostnet, proxy = inspected[f"/{APP}"], inspected["/hostnet"], inspected["/coolify-proxy"]
    pid, other = str(app["State"]["Pid"]), str(hostnet["State"]["Pid"])
    groups = {1: "4:memory:/docker/{0}\n3:cpuacct:/docker/{0}\n0::/docker/{0}\n", 2: "0::/system.slice/docker-{0}.scope\n"}[version]
    memory = {1: f"memory/docker/{app['Id']}", 2: f"system.slice/docker-{app['Id']}.scope"}[version]
    files(
        tmp_path,
        {
            f"proc/{pid}/cgroup": groups.format(app["Id"]),
            f"proc/{pid}/net/tcp": TABLE + SOCKET.format("00000000", 8000, "00000000:0000", 77),
            f"proc/{other}/cgroup": groups.format(hostnet["Id"]),
            f"proc/{other}/comm": "python3\n",
            "proc/42/cgroup": "0::/system.slice/docker.service\n",
            "proc/42/comm": "docker-proxy\n",
            "proc/net/tcp": TABLE
            + SOCKET.format("0100007F", 9999, "00000000:0000", 78)
            + SOCKET.format("00000000", 80, "00000000:0000", 79),
            "proc/net/udp": TABLE,
            f"sys/fs/cgroup/{memory}/memory.usage_in_bytes": "20971520\n",
            f"sys/fs/cgroup/{memory}/memory.current": "20971520\n",
            f"sys/fs/cgroup/{memory}/memory.stat": "inactive_file 10485760\ntotal_inactive_file 10485760\n",
            f"sys/fs/cgroup/{memory}/cpu.stat": "usage_usec 1000\n",
            f"sys/fs/cgroup/cpuacct/docker/{app['Id']}/cpuacct.usage": "1000000\n",
        },
    )
    for number, inode in ((other, 78), ("42", 79)):
        (tmp_path / f"proc/{number}/fd").mkdir()
        (tmp_path / f"proc/{number}/fd/3").symlink_to(f"socket:[{inode}]")
    options = {"timeout": 5, "docker_host": None, "sample_seconds": 1}
    run = collect.Collection(options, str(tmp_path))
    run.inspected = [app, hostnet, proxy]
    run.containers = [docker.container(raw) for raw in run.inspected]
    run.used = {raw["Id"]: used for raw in run.inspected for used in [run.using(raw)] if used}
    assert run.inside(app) == [{"address": "0.0.0.0", "port": 8000, "protocol": "tcp", "connections": 0}]
    assert run.inside(proxy) == "No such file or directory"
    listening = run.listening()
    assert listening[:2] == [
        {"address": "0.0.0.0", "port": 80, "protocol": "tcp", "process": "docker-proxy", "container": "coolify-proxy"},
        {"address": "127.0.0.1", "port": 9999, "protocol": "tcp", "process": "python3", "container": "hostnet"},
    ]
    assert run.containers[1]["listening"] == [{"address": "127.0.0.1", "port": 9999, "protocol": "tcp"}]
    run.usage()
    assert run.containers[0]["usage"] == {"memory_mb": 10.0, "cpu_percent": 0.0}
    # The process number of another container is not trusted
    (tmp_path / f"proc/{pid}/cgroup").write_text(groups.format(hostnet["Id"]))
    assert run.inside(app) == "its process is not visible here"


def test_ports_that_docker_alone_forwards_are_taken_too(host):
    listening = host()["host_evidence"]["listening"]
    assert {"address": "0.0.0.0", "port": 443, "protocol": "udp", "process": None, "container": "coolify-proxy"} in listening
    assert not [item for item in listening if item["container"] == "taken"]


def test_without_docker(host):
    found = host(None, probe=[{"container": "a", "port": 1}])["host_evidence"]
    assert (found["docker"], found["containers"], found["networks"], found["proxy"], found["probes"]) == (None, [], [], {}, [])
    assert {"docker", "containers", "networks", "proxy", "probes"} <= set(missing(found))
    assert found["metrics"]["uptime_seconds"] > 0


def test_without_permission(host):
    found = host(f'#!/bin/sh\necho "{DENIED}" >&2\nexit 1\n')["host_evidence"]
    assert found["docker"]["error"] == DENIED and found["docker"]["version"] is None
    assert {missing(found)[what] for what in ("docker", "containers", "networks")} == {DENIED}
    assert missing(found)["proxy"] == "the containers could not be read"


def test_a_hanging_daemon_costs_half_of_the_time(host):
    started = time.monotonic()
    found = host("#!/bin/sh\nsleep 60\n", timeout=2)["host_evidence"]
    assert time.monotonic() - started < 2
    # What is left of the two seconds when it is asked: a busy machine has used some already
    for told in (found["docker"]["error"], missing(found)["containers"], missing(found)["networks"]):
        assert re.fullmatch(r"no answer within (1|0\.[1-9]) seconds", told), told
    assert found["metrics"]["memory_usage_mb"] > 0


@pytest.mark.parametrize(
    ("call", "what"), [("stats", "usage of containers"), ("logs", "log of oom"), ("exec", "listening of two4"), ("network", "networks")]
)
def test_one_hanging_call_does_not_keep_the_rest(host, call, what):
    found = host(DOCKER.replace("#!/bin/sh\n", f'#!/bin/sh\ncase "$1" in {call}) sleep 60 ;; esac\n'), timeout=3)["host_evidence"]
    assert "no answer within" in missing(found)[what] or "no time left" in missing(found)[what]
    assert named(found, "oom")["oom_killed"] is True


def test_other_words_than_the_expected_ones_are_no_failure(host):
    found = host("#!/bin/sh\necho Emulate Docker CLI using podman; echo '[1]'\n")["host_evidence"]
    assert found["docker"]["version"] is None and found["containers"] == []


def test_too_many_containers(host, tmp_path):
    rows = "\n".join(f"{number:064x}\tExited (0) 2 days ago\tjob-{number}" for number in range(300))
    (tmp_path / "rows").write_text(f"{rows}\n{(RECORDED / 'ps.txt').read_text()}")
    seen = tmp_path / "seen"
    script = DOCKER.replace("cat ps.txt", f"cat {tmp_path}/rows").replace('"inspect "*) ', f'"inspect "*) echo "$*" > {seen}; ')
    found = host(script, containers=["job-299"])["host_evidence"]
    assert missing(found)["containers"] == "there are 311, 200 of them were looked at"
    asked = seen.read_text().split()[3:]
    running = [row.split("\t")[0] for row in (RECORDED / "ps.txt").read_text().splitlines() if "\tUp" in row]
    assert len(asked) == 200 and set(running) <= set(asked) and f"{299:064x}" in asked
    assert missing(found)["containers: job-299"] == "no container has this name, uuid or id"


def test_the_result_stays_small():
    container = {"state": "running", "log": ["x" * 500] * 500, "labels": {"a": "b" * 500}, "mounts": [], "health_log": []}
    found = {"containers": [dict(container) for _each in range(100)], "missing": []}
    collect.fit(found)
    assert len(json.dumps(found)) < collect.MOST_BYTES
    assert [len(item["log"]) for item in found["containers"]] == [5] * 100
    assert "log" in found["missing"][0]["what"] and "1000000 bytes" in found["missing"][0]["why"]
    small = {"containers": [dict(container)], "missing": []}
    collect.fit(small)
    assert small["missing"] == []


def test_a_store_that_cannot_be_read(host, tmp_path):
    assert "No such file" in missing(host()["host_evidence"])["proxy.certificates"]
    (tmp_path / "acme.json").write_text("[1]")
    assert "is not Traefik's ACME store" in missing(host()["host_evidence"])["proxy.certificates"]


def test_without_a_proxy(host):
    found = host(proxy_container="other-proxy", probe=[{"container": APP, "port": 8000}])["host_evidence"]
    assert found["proxy"] == {} and missing(found)["proxy"] == "there is no container other-proxy"
    assert found["probes"][0]["error"] == "there is no running other-proxy"


def test_without_a_sample(host):
    found = host(sample_seconds=0)["host_evidence"]
    assert found["metrics"]["cpu_usage_percent"] is None and found["metrics"]["network_in_mbps"] is None
    assert any("cpu_usage_percent" in what for what in missing(found))


@pytest.mark.parametrize(
    ("address", "remote"),
    [
        ("", False),
        ("unix:///var/run/docker.sock", False),
        ("tcp://127.0.0.1:2375", False),
        ("tcp://10.0.0.5:2375", True),
        ("ssh://root@10.0.0.5", True),
    ],
)
def test_which_docker_is_on_another_machine(address, remote):
    assert collect.is_remote(address) is remote


def test_the_address_that_the_proxy_would_ask():
    def at(mode: str, **networks: str) -> dict:
        return {
            "network_mode": mode,
            "networks": [{"name": name, "ip": ip, "ipv6": None, "gateway": "172.17.0.1"} for name, ip in networks.items()],
        }

    proxy = at("coolify", coolify="172.17.0.2")
    assert collect.reachable(at("a", a="172.18.0.9", coolify="172.17.0.9"), proxy) == "172.17.0.9"
    assert collect.reachable(at("a", a="172.18.0.9"), proxy) == "172.18.0.9"
    assert collect.reachable(at("host", host=""), proxy) == "172.17.0.1"
    assert collect.reachable(at("none"), proxy) is None


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"sample_seconds": 11}, "sample_seconds is 11; it must be from 0 to 10"),
        ({"log_lines": 501}, "log_lines is 501"),
        ({"timeout": 1}, "timeout is 1; it must be from 2 to 300"),
        ({"sample_seconds": 5, "timeout": 5}, "sample_seconds must be less than timeout"),
        ({"probe": [{"container": "a", "port": 0}]}, "0 is no port"),
        ({"probe": [{"container": "a", "port": 1, "path": "health"}]}, "'health' is no path"),
        ({"probe": [{"container": "a", "port": 1, "path": "/a b"}]}, "'/a b' is no path"),
        ({"probe": [{"container": "a", "port": 1}] * 21}, "probe has 21 entries; 20 are the most"),
    ],
)
def test_only_bad_options_fail(host, options, complaint):
    result = host(**options)
    assert result["failed"] and complaint in result["msg"]
