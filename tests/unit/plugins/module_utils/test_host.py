# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parsers of coolify_host_info on texts that a real Docker 20.10 and a real kernel gave (tests/fixtures/host), and on those of newer
versions, written after their documentation."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path

import pytest

from ansible_collections.selfhosted.coolify.plugins.module_utils._host import certificates, commands, docker, masking, proc

RECORDED = Path(__file__).parents[3] / "fixtures" / "host"
INSPECTED = {item["Name"].lstrip("/"): item for item in json.loads((RECORDED / "inspect.json").read_text())}
APP = "m4k8w0s2c6g0o4w8k2s6c0gq-120000000001"


def recorded(name: str) -> str:
    return (RECORDED / name).read_text()


def container(name: str) -> dict:
    return docker.container(INSPECTED[name], docker.secrets_of(INSPECTED[name]))


# /proc

TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 3945292 1 000000003f51d777 100 0 0 10 0
   1: 0B00007F:8DAB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 3945136 1 000000005a663a3b 100 0 0 10 0
   2: 0100007F:270F 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 3947970 1 00000000bba3197c 100 0 0 10 0
   3: 060011AC:0BB8 020011AC:9C40 01 00000000:00000000 00:00000000 00000000     0        0 3945293 1 0000000000000000 20 4 30 10 -1
"""
TCP6 = """\
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4269140 1 0
   1: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4269141 1 0
   2: 0000000000000000FFFF00000100007F:1F91 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4269142 1 0
   3: B80D01200000000067452301EFCDAB89:01BB 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4269143 1 0
"""
UDP = """\
   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
 6316: 0B00007F:C053 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4244996 2 000000004d38c35b 0
11568: 00000000:01BB 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4267733 2 000000007ef844d0 0
11569: 0100007F:9999 0101A8C0:0035 01 00000000:00000000 00:00000000 00000000     0        0 4267734 2 000000007ef844d1 0
"""


def places(found) -> list:
    return [(item.address, item.port) for item in found]


def test_listening_sockets_without_connections_and_without_docker_s_own_dns():
    assert places(proc.sockets(TCP, "tcp", "little")) == [("0.0.0.0", 3000), ("127.0.0.1", 9999)]
    assert places(proc.sockets(UDP, "udp", "little")) == [("0.0.0.0", 443)]
    assert [item.inode for item in proc.sockets(TCP, "tcp", "little")] == ["3945292", "3947970"]


def test_open_connections_are_counted_by_their_local_port():
    assert proc.connections(TCP) == {3000: 1}
    assert proc.connections("   0: 0100007F:1538 0100007F:C350 01 00000000:00000000 00:00000000 00000000 0 0 1\n" * 2) == {5432: 2}
    assert proc.connections("cat: no such file\n") == {}


def test_the_sizes_of_volumes():
    # Docker 20.10: docker system df --verbose --format "{{json .Volumes}}"
    text = '[{"Driver":"local","Links":"0","Name":"v2","Size":"N/A"},{"Driver":"local","Links":"1","Name":"v1","Size":"3.146MB"}]'
    assert docker.volumes(text) == [{"name": "v1", "driver": "local", "used_mb": 3.0}, {"name": "v2", "driver": "local", "used_mb": None}]
    assert docker.volumes("null") == docker.volumes("what") == []


def test_ipv6_loopback_and_ipv4_inside_of_ipv6():
    assert places(proc.sockets(TCP + TCP6, "tcp", "little")) == [
        ("::", 80),
        ("2001:db8::123:4567:89ab:cdef", 443),
        ("0.0.0.0", 3000),
        ("::1", 8080),
        ("127.0.0.1", 8081),
        ("127.0.0.1", 9999),
    ]


def test_a_machine_with_the_other_byte_order_writes_words_as_they_are():
    assert proc.address("7F000001", "big") == "127.0.0.1"
    assert proc.address("00000000000000000000000000000001", "big") == "::1"


def test_a_text_that_is_no_table_has_no_sockets():
    assert proc.sockets("cat: can't open '/proc/net/tcp6': No such file or directory\n", "tcp") == []


def test_cpu_is_what_is_neither_idle_nor_this_module_s():
    before = proc.cpu_ticks("cpu  100 0 100 800 0 0 0 0 0 0\ncpu0 1 2 3 4 5 6 7 8\n")
    after = proc.cpu_ticks("cpu  130 0 110 850 10 0 0 0 0 0\n")
    assert (before, after) == ((200, 1000), (240, 1100))
    assert proc.cpu_percent(before, after) == 40.0
    assert proc.cpu_percent(before, after, own=15) == 25.0
    assert proc.cpu_percent(before, after, own=90) == 0.0
    assert proc.cpu_percent(before, before) is None


def test_memory_and_swap():
    text = "MemTotal:       24684084 kB\nMemFree:        23149216 kB\nMemAvailable:   23934204 kB\nSwapTotal: 2048000 kB\nSwapFree: 1024000 kB\n"
    assert proc.memory(text) == {"limit_mb": 24105, "usage_mb": 732, "usage_percent": 3.0, "swap_mb": 2000, "swap_used_mb": 1000}
    old = "MemTotal: 1000 kB\nMemFree: 200 kB\nBuffers: 100 kB\nCached: 200 kB\n"
    assert proc.memory(old)["usage_percent"] == 50.0


def test_network_counts_the_interfaces_to_the_outside():
    text = """\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 5651078893 21531850    0    0    0     0          0         0 5651078893 21531850    0    0    0     0       0          0
docker0:  77 1    0    0    0     0          0         0 77 1    0    0    0     0       0          0
br-4cd9e6880723:  77 1    0    0    0     0          0         0 77 1    0    0    0     0       0          0
veth12ab:  77 1    0    0    0     0          0         0 77 1    0    0    0     0       0          0
eth0.100:  77 1    0    0    0     0          0         0 77 1    0    0    0     0       0          0
  eth0:1742523044   74178    0    0    0     0          0         0  6075963   52050    0    0    0     0       0          0
enp3s0: 1   1    0    0    0     0          0         0  2   1    0    0    0     0       0          0
"""
    assert proc.network_bytes(text) == (1742523045, 6075965)
    assert proc.mbps(0, 1_000_000, 2.0) == 4.0
    assert proc.mbps(5, 0, 2.0) is None
    assert proc.mbps(0, 0, 0.0) is None


ID = "b0b31e7d865fdffa10708b4c1a4e666b0920b239f22848ac180e1ac0a6f8905f"


@pytest.mark.parametrize(
    ("cgroup", "expected"),
    [
        (f"9:name=systemd:/docker/{ID}\n0::/docker/{ID}\n", ID),
        (f"0::/system.slice/docker-{ID}.scope\n", ID),
        (f"0::/user.slice/user-1000.slice/user@1000.service/user.slice/docker-{ID}.scope\n", ID),
        ("0::/system.slice/ssh.service\n", None),
        ("", None),
    ],
)
def test_the_container_of_a_process(cgroup, expected):
    assert proc.container_of(cgroup) == expected


def test_where_a_control_group_says_what_it_uses():
    one = proc.group(f"4:memory:/docker/{ID}\n2:cpu,cpuacct:/docker/{ID}\n0::/docker/{ID}\n")
    assert one.memory == f"memory/docker/{ID}/memory.usage_in_bytes"
    assert (one.cpu, proc.figure("123456\n", one.cpu_key)) == (f"cpuacct/docker/{ID}/cpuacct.usage", 123456)
    two = proc.group(f"0::/system.slice/docker-{ID}.scope\n")
    assert two.memory == f"system.slice/docker-{ID}.scope/memory.current"
    assert proc.figure("usage_usec 1500\nuser_usec 7\n", two.cpu_key) == 1500
    assert proc.figure("anon 5\ninactive_file 4096\n", two.cache_key) == 4096
    with pytest.raises(ValueError, match="inactive_file"):
        proc.figure("anon 5\n", two.cache_key)


def test_the_kernel_s_words_about_killed_processes():
    records = [
        "6,1,1000,-;Linux version 6.1\n SUBSYSTEM=x\n",
        "4,2,60000000,-;python3 invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\n",
        f"6,3,61500000,-;oom-kill:constraint=CONSTRAINT_MEMCG,task_memcg=/docker/{ID},task=python3,pid=23365,uid=0\n",
        "3,4,62000000,-;Memory cgroup out of memory: Killed process 23365 (python3) total-vm:218564kB\n",
        "garbage",
    ]
    found = proc.oom_messages(records, booted=1000000000)
    assert [line[:20] for line in found] == ["2001-09-09T01:47:40Z", "2001-09-09T01:47:41Z", "2001-09-09T01:47:42Z"]
    assert found[2].endswith("Memory cgroup out of memory: Killed process 23365 (python3) total-vm:218564kB")
    assert f"task_memcg=/docker/{ID}" in found[1]
    assert len(proc.oom_messages(records * 20, 0)) == 10


# Docker


def test_the_engine():
    assert docker.daemon(recorded("version.json"), recorded("info.json")) == {
        "version": "20.10.24+dfsg1",
        "api_version": "1.41",
        "min_api_version": "1.12",
        "root_dir": "/tmp/hostinfo-lab/D/data",
        "storage_driver": "overlay2",
        "live_restore": False,
        "error": None,
    }


def test_a_client_without_its_engine():
    found = docker.daemon(recorded("version-no-daemon.json"), recorded("info-no-daemon.json"), "Cannot connect")
    assert found == {**docker.NO_DOCKER, "error": "Cannot connect"}
    assert docker.daemon("", "") == docker.NO_DOCKER


def test_an_application_of_coolify():
    found = container(APP)
    assert (found["id"], found["name"], found["image"]) == ("5a0136100678", APP, "ghcr.io/acme/shop:v1")
    assert (found["state"], found["exit_code"], found["health"], found["error"]) == ("running", None, "healthy", None)
    assert found["health_command"] == "busybox wget -qO- http://127.0.0.1:8000/ || exit 1"
    assert len(found["health_log"]) == 3
    assert found["health_log"][-1]["exit_code"] == 0 and found["health_log"][-1]["output"] == "hello from the app"
    assert (found["restart_policy"], found["network_mode"], found["exposed"]) == ("unless-stopped", "coolify", ["8000/tcp"])
    assert found["limits"] == {"memory_mb": 256, "cpus": 0.5}
    assert found["networks"] == [{"name": "coolify", "ip": "172.17.0.3", "ipv6": None, "gateway": "172.17.0.1", "aliases": []}]
    assert found["mounts"] == [{"type": "bind", "source": "/tmp/hostinfo-lab/serve.py", "target": "/serve.py", "read_only": True}]
    assert found["coolify"] == {
        "type": "application",
        "id": 1,
        "uuid": "m4k8w0s2c6g0o4w8k2s6c0gq",
        "name": "shop",
        "project": "shop",
        "environment": "production",
        "pull_request_id": 0,
    }
    assert (found["created_at"], found["finished_at"]) == ("2026-11-25T01:32:41Z", None)


def test_labels_are_shown_without_credentials():
    assert any("basicauth" in name for name in INSPECTED[APP]["Config"]["Labels"])
    labels = container(APP)["labels"]
    assert labels["traefik.http.routers.http-0-x.middlewares"] == "gzip,http-basic-auth-x"
    assert not any("basicauth" in name for name in labels)


def test_an_unhealthy_container_and_its_masked_command():
    found = container("unhealthy")
    assert (found["state"], found["health"]) == ("running", "unhealthy")
    assert found["health_log"][-1]["exit_code"] == 127 and found["health_log"][-1]["output"] == "/bin/sh: 1: curl: not found"
    assert found["health_command"] == 'curl -fsS -H "Authorization: ********" http://user:********@localhost:8000/'


def test_a_container_without_health_check():
    found = container("oom")
    assert (found["health"], found["health_command"], found["health_log"]) == (None, None, [])


def test_a_switched_off_health_check_is_none():
    raw = {**INSPECTED["oom"], "Config": {"Healthcheck": {"Test": ["NONE"]}}, "State": {"Status": "running", "Health": {"Status": "none"}}}
    assert (docker.container(raw)["health"], docker.container(raw)["health_command"]) == (None, None)


def test_killed_for_memory():
    found = container("oom")
    assert (found["state"], found["exit_code"], found["oom_killed"], found["limits"]["memory_mb"]) == ("exited", 137, True, 16)


def test_restarting_all_the_time():
    found = container("restarting")
    assert (found["state"], found["exit_code"], found["restart_policy"]) == ("restarting", 3, "always")
    assert found["restart_count"] > 5


def test_a_taken_port_shows_in_the_error_and_in_what_it_would_publish():
    found = container("taken")
    assert (found["state"], found["exit_code"], found["started_at"]) == ("created", 128, None)
    assert "Bind for 0.0.0.0:8080 failed: port is already allocated" in found["error"]
    assert found["published"] == [{"address": "0.0.0.0", "port": 8080, "container_port": 3000, "protocol": "tcp"}]


def test_one_that_never_ran_has_no_exit_code():
    assert (container("never")["state"], container("never")["exit_code"]) == ("created", None)


def test_two_networks():
    assert [(item["name"], item["ip"], item["aliases"]) for item in container("two4")["networks"]] == [
        ("coolify", "172.17.0.6", []),
        ("other", "172.18.0.2", ["web"]),
    ]


def test_docker_25_and_newer():
    """Aliases no longer has the short id, DNSNames has all; since 29 the fields of the default network and empty ones are gone."""
    network = {
        "IPAMConfig": None,
        "Aliases": None,
        "DNSNames": ["two4", "b0b31e7d865f", "web"],
        "Gateway": "172.17.0.1",
        "IPAddress": "172.17.0.6",
        "GlobalIPv6Address": "fd00::6",
    }
    raw = {
        "Id": INSPECTED["two4"]["Id"],
        "Name": "/two4",
        "Created": "2026-11-25T01:32:43.5Z",
        "State": {"Status": "running", "Running": True, "ExitCode": 0, "StartedAt": "2026-11-25T02:32:44.762653884+01:00"},
        "Image": "sha256:1",
        "HostConfig": {"NetworkMode": "coolify", "PortBindings": None, "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 5}},
        "Config": {"Image": "base:1", "Env": None, "Cmd": None, "Labels": None},
        "NetworkSettings": {
            "SandboxID": "1",
            "Ports": {"80/tcp": None, "53/udp": [{"HostIp": "::1", "HostPort": "53"}]},
            "Networks": {"coolify": network},
        },
    }
    found = docker.container(raw, docker.secrets_of(raw))
    assert found["networks"] == [
        {"name": "coolify", "ip": "172.17.0.6", "ipv6": "fd00::6", "gateway": "172.17.0.1", "aliases": ["two4", "web"]}
    ]
    assert (found["exposed"], found["labels"], found["mounts"], found["restart_count"]) == ([], {}, [], 0)
    assert found["published"] == [{"address": "::1", "port": 53, "container_port": 53, "protocol": "udp"}]
    assert (found["started_at"], found["restart_policy"]) == ("2026-11-25T01:32:44Z", "on-failure:5")


def test_no_environment_value_leaves():
    """Of no container, whatever its key; only what the application itself said elsewhere, and that is masked by its own secrets."""
    for name, raw in INSPECTED.items():
        shown = json.dumps(container(name))
        for variable in raw["Config"]["Env"] or []:
            value = variable.partition("=")[2]
            assert value not in shown, variable
    assert "Env" not in json.dumps([container(name) for name in INSPECTED])


@pytest.mark.parametrize(
    ("labels", "name", "expected"),
    [
        ({"coolify.proxy": "true", "coolify.managed": "true"}, "coolify-proxy", {"type": "proxy"}),
        ({}, "redis", {"type": None}),
        # Before coolify.type
        (
            {"coolify.applicationId": "7", "coolify.pullRequestId": "12"},
            "ab" * 12 + "-pr-12",
            {"type": "application", "id": 7, "pull_request_id": 12, "uuid": "ab" * 12},
        ),
        (
            {
                "coolify.type": "database",
                "coolify.databaseId": "3",
                "coolify.resourceName": "db",
                "coolify.database.subType": "standalone-redis",
            },
            "cd" * 12,
            {"type": "database", "id": 3, "name": "db", "database_type": "standalone-redis", "uuid": "cd" * 12},
        ),
        (
            {
                "coolify.type": "service",
                "coolify.serviceId": "4",
                "coolify.name": "web-" + "ef" * 12,
                "coolify.serviceName": "web",
                "coolify.service.subType": "application",
                "com.docker.compose.project": "ef" * 12,
            },
            "web-" + "ef" * 12,
            {"type": "service", "id": 4, "service": "web", "sub_type": "application", "uuid": "ef" * 12},
        ),
    ],
)
def test_what_coolify_s_labels_say(labels, name, expected):
    assert docker.coolify(labels, name) == expected


@pytest.mark.parametrize("word", [APP, "m4k8w0s2c6g0o4w8k2s6c0gq", "shop", "1", "5a0136", INSPECTED[APP]["Id"]])
def test_a_container_is_found_by_name_uuid_and_id(word):
    assert docker.is_meant(container(APP), word)
    assert not docker.is_meant(container("oom"), word)


def test_usage():
    found = docker.usage(recorded("stats.jsonl"))
    assert found[INSPECTED["coolify-proxy"]["Id"][:12]] == {"memory_mb": 13.5, "cpu_percent": 0.01}
    assert docker.usage('{"ID":"1","MemUsage":"-- / --","CPUPerc":"--"}\nnot json\n') == {}
    assert docker.usage('{"ID":"1","MemUsage":"1.5GiB / 2GiB","CPUPerc":"120.50%"}')["1"] == {"memory_mb": 1536.0, "cpu_percent": 120.5}


def test_networks():
    found = docker.networks(recorded("networks.json"))
    assert [item["name"] for item in found] == ["coolify", "host", "other"]
    assert found[0] == {
        "name": "coolify",
        "driver": "bridge",
        "scope": "local",
        "internal": False,
        "subnets": ["172.17.0.0/16"],
        "containers": found[0]["containers"],
    }
    assert {"coolify-proxy", APP, "two4"} <= set(found[0]["containers"])
    assert docker.networks("") == docker.networks("Error") == []


def test_the_proxy():
    found = docker.proxy(INSPECTED["coolify-proxy"], docker.secrets_of(INSPECTED["coolify-proxy"]))
    assert (found["type"], found["image"], found["version"], found["state"]) == ("traefik", "traefik:v3.6", "v3.6.1", "running")
    assert found["entrypoints"] == {"http": ":80", "https": ":443"}
    assert found["networks"] == ["coolify"]
    assert "cf-dns-token" not in json.dumps(found) and "--cf=********" in found["args"]


def test_the_proxy_of_another_kind():
    raw = {"Name": "/coolify-proxy", "Config": {"Image": "lucaslorentz/caddy-docker-proxy:2.8-alpine"}, "State": {"Status": "exited"}}
    assert (docker.proxy(raw)["type"], docker.proxy(raw)["version"]) == ("caddy", "2.8-alpine")
    raw["Config"]["Image"] = "registry:5000/something"
    assert (docker.proxy(raw)["type"], docker.proxy(raw)["version"]) == (None, None)


def test_logins_have_names_only():
    auth = base64.b64encode(b"octocat:ghp_verysecret").decode()
    config = {
        "auths": {"ghcr.io": {"auth": auth}, "https://index.docker.io/v1/": {}, "broken.example.com": {"auth": "%%%"}},
        "credHelpers": {"gcr.io": "gcloud", "https://index.docker.io/v1/": "desktop"},
    }
    found = docker.logins(json.dumps(config))
    assert found == [
        {"registry": "broken.example.com", "user": None},
        {"registry": "gcr.io", "user": None, "helper": "gcloud"},
        {"registry": "ghcr.io", "user": "octocat"},
        {"registry": "https://index.docker.io/v1/", "user": None, "helper": "desktop"},
    ]
    assert docker.logins("{}") == []
    with pytest.raises(ValueError):
        docker.logins("not json")


GNU = "--2026-11-25 01:37:36--  http://172.17.0.3:8000/\nConnecting to 172.17.0.3:8000... connected.\nHTTP request sent, awaiting response... \n"
REFUSED = "can't connect to remote host (172.17.0.3): Connection refused"
NO_WGET = 'OCI runtime exec failed: exec: "wget": executable file not found in $PATH: unknown'


@pytest.mark.parametrize(
    ("code", "out", "err", "status", "error", "output"),
    [
        (0, "hello\n", f"{GNU}  HTTP/1.0 200 OK\n  Server: x\n", 200, None, "hello"),
        (8, "", f"{GNU}  HTTP/1.0 503 Service Unavailable\n2026-11-25 01:37:36 ERROR 503: Service Unavailable.\n", 503, None, ""),
        (4, "", "Connecting to 172.17.0.3:81... failed: Connection refused.\n", None, "Connecting to 172.17.0.3:81... failed: Connection refused.", ""),
        (1, "", f"Connecting to 172.17.0.3:81 (172.17.0.3:81)\nwget: {REFUSED}\n", None, REFUSED, ""),
        (1, "", "  HTTP/1.0 503 Service Unavailable\nwget: server returned error: HTTP/1.0 503 Service Unavailable\n", 503, None, ""),
        (1, "", "wget: server returned error: HTTP/1.1 404 Not Found\n", 404, None, ""),
        (1, "", "  HTTP/1.0 302 Found\n  Location: https://shop.example.com/\nwget: bad address 'shop.example.com'\n", 302, None, ""),
        (1, "part", "  HTTP/1.1 200 OK\nwget: download timed out\n", 200, "download timed out", "part"),
        (None, "", "no answer within 7 seconds", None, "no answer within 7 seconds", ""),
        (126, NO_WGET, "", None, NO_WGET, ""),
        (139, "", "", None, "wget ended with the code 139", ""),
    ],
)  # fmt: skip
def test_probes(code, out, err, status, error, output):
    assert docker.probed(code, out, err) == {"status": status, "error": error, "output": output}


# Secrets


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgres://shop:hunter22@db:5432/shop", "postgres://shop:********@db:5432/shop"),
        ("Authorization: Bearer abc.def", "Authorization: ********"),
        ("> authorization: Basic dXNlcjpwYXNz", "> authorization: ********"),
        ("sent Bearer 0123456789abcdef to upstream", "sent Bearer ******** to upstream"),
        ("password=hunter22, user=shop", "password=********, user=shop"),
        ('{"db_password": "hunt\\"er", "user": "shop"}', '{"db_password": ********, "user": "shop"}'),
        ('"{\\"token\\":\\"abc\\",\\"n\\":1}"', '"{\\"token\\":********,\\"n\\":1}"'),
        ("GET /hook?token=abc123&page=2", "GET /hook?token=********&page=2"),
        ("SECRET_KEY: django-insecure-(x)", "SECRET_KEY: ********)"),
        ("redis-cli -h db -a hunter22 ping", "redis-cli -h db -a ******** ping"),
        ("mysqladmin ping -h localhost -u root -phunter22", "mysqladmin ping -h localhost -u root -p********"),
        (
            "clickhouse-client --user x --password hunter22 --query 'SELECT 1'",
            "clickhouse-client --user x --password ******** --query 'SELECT 1'",
        ),
        ("curl -u admin:hunter22 http://localhost/", "curl -u admin:******** http://localhost/"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig_nature", "********"),
        ("ghp_abcdefghijklmnopqrstuvwxyz0123456789 is bad", "******** is bad"),
        ("admin:$2y$10$abcdefghijklmnop", "admin:********"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nnext", "********\nnext"),
        ("\x1b[31mpassword=\x1b[0mhunter22", "password=********"),
    ],
)
def test_what_looks_like_a_secret_is_masked(text, shown):
    assert masking.mask(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        'FATAL:  password authentication failed for user "shop"',
        'could not translate host name "db" to address: Temporary failure in name resolution',
        "Error: P1001: Can't reach database server at `db:5432`",
        'Unable to obtain ACME certificate for domains error="urn:ietf:params:acme:error:rateLimited"',
        "client version 1.24 is too old. Minimum supported API version is 1.44",
        'Head "https://ghcr.io/v2/acme/shop/manifests/v1": denied: denied',
        "could not issue token",
        "GET /health 200 3ms http://127.0.0.1:8000/",
        "task-abcdefghijklmnopqrstuvwxyz finished; basic authentication is off",
    ],
)
def test_what_explains_a_failure_stays(text):
    assert masking.mask(text) == text


def test_values_of_secret_variables_in_every_spelling():
    secrets = masking.secret_values(
        [
            "DB_PASSWORD=p@ss word!",
            "PGPASSWORD=inside-of-a-word",
            "API_TOKEN=first-line\nsecond-line",
            "DATABASE_URL=postgres://shop:url%20pass@db/shop",
            "PIN_SECRET=1234",
            "AUTH_MODE=production",
            "COLOR=bright-blue",
        ],
        ["server", "--requirepass", "from-the-command"],
    )
    text = "p@ss word! p%40ss%20word%21 inside-of-a-word second-line url%20pass url pass from-the-command"
    assert set(masking.mask(text, secrets).split()) == {"********"}
    assert masking.mask("1234 production bright-blue", secrets) == "1234 production bright-blue"


def test_lines_are_masked_before_they_are_cut():
    secret = "s3cr3t-" * 10
    text = f"{'x' * 480} {secret}\n\nlast\r\n"
    first, last = masking.lines(text, 5, [secret])
    assert last == "last" and first.endswith("********") and "s3cr3t" not in first
    long = masking.lines("y" * 2000, 5)[0]
    assert len(long) == masking.LINE and long.endswith("…")
    huge = "\n".join(["token=abc " + "password.x:y " * 2000] * 500)
    started = time.monotonic()
    assert len(masking.lines(huge, 500)) == 500 and time.monotonic() - started < 5
    assert masking.lines("a\nb\nc", 2) == ["b", "c"]
    assert masking.lines("a", 0) == []


@pytest.mark.parametrize(
    ("label", "value", "shown"),
    [
        ("traefik.http.middlewares.a.basicauth.users", "admin:x", False),
        ("traefik.http.middlewares.a.basicAuth.usersFile", "/x", False),
        ("traefik.http.middlewares.a.headers.customrequestheaders.Authorization", "x", False),
        ("traefik.http.middlewares.a.headers.customrequestheaders.X-Api-Key", "x", False),
        ("caddy_0.basic_auth.admin", "x", False),
        ("caddy_0.anything", "admin $2a$14$abcdefghij", False),
        ("org.example.password", "x", False),
        ("maintainer", "x", False),
        ("traefik.http.routers.auth.rule", "Host(`a.example.com`)", True),
        ("traefik.http.routers.http-0-x.tls.certresolver", "letsencrypt", True),
        ("caddy", "https://a.example.com", True),
        ("caddy_0.handle_path.0_reverse_proxy", "{{upstreams 80}}", True),
        ("com.docker.compose.config-hash", "abc", True),
        ("coolify.deploymentId", "abc", True),
    ],
)
def test_which_labels_are_shown(label, value, shown):
    assert masking.shown_labels({label: value}) == ({label: value} if shown else {})


# Certificates

# openssl req -x509 -newkey ec -days 20000 -subj /CN=Far: expires after 2049, so its time has four digits for the year
FAR = (
    "MIIBczCCARmgAwIBAgIUa1O6be5/80XUJRrG2kamfLKXpHgwCgYIKoZIzj0EAwIwDjEMMAoGA1UEAwwDRmFyMCAXDTI2MTEyNTAxNDgxNVoYDzIwODEwODI4MDE0ODE1WjAO"
    "MQwwCgYDVQQDDANGYXIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATSX3ebeFYfQVaCp/7z/dPWyeohjVtQIbUX9xmh0eDCDRA2OXfYlAcA+6MhkXDqZngSjTfrmuWcakaA"
    "jbbLOCYmo1MwUTAdBgNVHQ4EFgQUanA1+1DYAg7vzje78udxt6KHq5QwHwYDVR0jBBgwFoAUanA1+1DYAg7vzje78udxt6KHq5QwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjO"
    "PQQDAgNIADBFAiAa763ea1EH6cCiiOGbhT+kT7xwL1b/SeArHiSxr3EMqwIhANplrn52i4OBUQ6Xd0pIRCps7OBBpTEy6jM6zUA2K7iG"
)
NEAR = (
    "MIIDSjCCAjKgAwIBAgIUTg/9deMRjNfNBlHZEhdtmtCQxhQwDQYJKoZIhvcNAQELBQAwJjEWMBQGA1UECgwNTGV0J3MgRW5jcnlwdDEMMAoGA1UEAwwDUjExMB4XDTI2MTEy"
    "NTAxNDgxNVoXDTI3MDEwNDAxNDgxNVowJjEWMBQGA1UECgwNTGV0J3MgRW5jcnlwdDEMMAoGA1UEAwwDUjExMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAxQb/"
    "H0QfS3lEzoo6QUJmNc8X0P3gIiPxifnhVW9hHHd7F6+xrLvYVRmvAbaUmOfFH0PeLAQBMh9sm/wuDU0kX6P0BIukHI8VT80zKGLoCCdf6cFF6Ce5860bHRYWhUE8SSdgKd72"
    "gOucG1PFhMMMOgPME6A48MLyW3g6cHGHRqfjtkXcq/NxSk2QkOPKuFxfpH16uEQR7n5FjGkFyWucSZ0WdYhLQ9npzJp1jsdhpNem10Kg+/TdBKwN+jP12iVszypBykf00xjt"
    "nB3AdAf8Mu28FsmbAHT6Vv27uH7fzPQcDMMEUL0fHeZbtyrJrjX0jTENoUmqutbfRMRbDhmIpwIDAQABo3AwbjAdBgNVHQ4EFgQUj9wR4dlDsrCbZoNmNoIKaHAG8eowHwYD"
    "VR0jBBgwFoAUj9wR4dlDsrCbZoNmNoIKaHAG8eowDwYDVR0TAQH/BAUwAwEB/zAbBgNVHREEFDASghBzaG9wLmV4YW1wbGUuY29tMA0GCSqGSIb3DQEBCwUAA4IBAQCUG0D4"
    "VO+DRxw2uLKV8hdK4Ux50ekLeQrnzwaoz0ET74e6HX4ZiOQcKK0cX5d7rKN9qoq8OssYgaUurrQwWjWf4IJmRzMlSuLIKO1HWrX6IRz7ubTkirPJpe7eLJOnJYRcQkpr7uua"
    "5Uljp+m0JDX1RPmFkc01vJu/Rjnkim9VsM8VEvXmSauYRwCQiORxqwGhRp2TsCZLIga0pu1DI+MYsO/1GRC+RQV5Z3tSWbL3i/P4u0oc1jRe/z8Kt9w3mhgF9l9pwNz96gp6"
    "Z4ufitPRJdimTkJpXcB570D2ggTxTYBCuatP8eXgiPNXRS5VMijm1GoEq+JwYSZ0ROEAelv3"
)


def stored(der: str) -> str:
    return base64.b64encode(f"-----BEGIN CERTIFICATE-----\n{der}\n-----END CERTIFICATE-----\n".encode()).decode()


def store(*items: dict) -> str:
    return json.dumps({"letsencrypt": {"Account": {"PrivateKey": "AAAA-private"}, "Certificates": list(items)}, "other": None})


def test_certificates_have_names_expiry_and_issuer():
    found = certificates.certificates(
        store(
            {"domain": {"main": "shop.example.com", "sans": ["www.example.com"]}, "certificate": stored(NEAR), "key": "BBBB-private"},
            {"domain": {"main": "far.example.com"}, "certificate": stored(FAR), "key": "CCCC-private"},
        )
    )
    assert found == [
        {"domains": ["shop.example.com", "www.example.com"], "not_after": "2027-01-04T01:48:15Z", "issuer": "R11 (Let's Encrypt)"},
        {"domains": ["far.example.com"], "not_after": "2081-08-28T01:48:15Z", "issuer": "Far"},
    ]
    assert "private" not in json.dumps(found)


@pytest.mark.parametrize("certificate", ["", "AAAA", "%%%", stored("AAAA"), stored(FAR[:200]), stored("MIIB"), None])
def test_a_certificate_that_cannot_be_read(certificate):
    assert certificates.certificates(store({"domain": {"main": "a"}, "certificate": certificate})) == [
        {"domains": ["a"], "not_after": None, "issuer": None}
    ]


def test_stores_of_other_shapes():
    assert certificates.certificates("") == certificates.certificates("{}") == []
    old = json.dumps({"Account": {}, "Certificates": [{"Domain": {"Main": "a", "SANs": None}, "Certificate": stored(FAR)}]})
    assert certificates.certificates(old)[0]["not_after"] == "2081-08-28T01:48:15Z"
    with pytest.raises(ValueError):
        certificates.certificates("not json")


# Commands


def test_a_command_that_hangs_is_killed_with_its_children(tmp_path):
    script = tmp_path / "docker"
    script.write_text(f"#!/bin/sh\necho begun\nsleep 60 & echo $! > {tmp_path}/child\nwait\n")
    script.chmod(0o755)
    answer = commands.run([str(script), "ps"], 0.5)
    assert (answer.code, answer.out, answer.why) == (None, "begun\n", "no answer within 0.5 seconds")
    child = (tmp_path / "child").read_text().strip()
    status, until = Path(f"/proc/{child}/stat"), time.monotonic() + 10

    def alive() -> bool:
        return status.exists() and status.read_text().split(")")[1].split()[0] != "Z"

    # It was told to end; on a busy machine it does so a moment later
    while alive() and time.monotonic() < until:
        time.sleep(0.05)
    assert not alive()


def test_what_a_command_says():
    assert commands.run(["sh", "-c", "echo out; echo err >&2"], 5) == commands.Answer(0, "out\n", "err\n")
    assert commands.run(["sh", "-c", "echo out; echo err >&2"], 5, together=True).out == "out\nerr\n"
    assert commands.run(["/nonexistent/docker"], 5).why == "/nonexistent/docker: No such file or directory"
    assert commands.run(["true"], 0).why == "there was no time left"
    denied = commands.Answer(1, "", "Warning: x\npermission denied while trying to connect to the Docker daemon socket\n")
    assert denied.why == "permission denied while trying to connect to the Docker daemon socket"
    assert commands.Answer(3).why == "it ended with the code 3"


def test_the_time_that_is_left():
    now = [0.0]
    deadline = commands.Deadline(10, lambda: now[0])
    assert (deadline.left(), deadline.left(0.5)) == (10, 5)
    now[0] = 12.0
    assert deadline.left() == 0
