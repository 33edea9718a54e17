# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugin in a real ansible-inventory on the simulator."""

from __future__ import annotations

import json
import typing as t

import pytest
import yaml

from ansible_collections.selfhosted.coolify.plugins.inventory.coolify import InventoryModule, host_name, unique
from ansible_collections.selfhosted.coolify.plugins.module_utils._resources.estate import address_of
from ansible_collections.selfhosted.coolify.tests.unit.controller import command
from ansible_collections.selfhosted.coolify.tests.unit.plugins.test_structure import ROOT

PLUGIN = {"plugin": "selfhosted.coolify.coolify"}


@pytest.fixture
def estate(run, simulator):
    """Three servers, one of them a build server that cannot be reached; two applications of the same name and a database."""
    coolify = simulator.coolify
    coolify.add_server(name="edge 1", ip="10.0.0.5", private_key_id=1, port=2200, user="deploy")
    builder = coolify.add_server(name="builder", ip="10.0.0.6", private_key_id=1, proxy_type="NONE")
    builder["settings"].update(is_build_server=True, is_reachable=False, is_usable=False)
    image = {"type": "dockerimage", "docker_registry_image_name": "nginx"}
    run("app", project="demo", name="web", server="localhost", domains=["https://shop.example.com"], secrets={"KEY": "never-told"}, **image)
    run("app", project="demo", name="twin", server="edge 1", **image)
    simulator.coolify.rows("applications")[1]["name"] = "web"
    run("db", project="demo", name="cache", type="redis", server="edge 1", redis_password="never-told")
    simulator.clear_requests()
    return simulator


def listed(
    simulator, folder, *, token: str = "root", env: dict[str, str] | None = None, name="prod.coolify.yml", **config: t.Any
) -> dict[str, t.Any]:
    (folder / name).write_text(yaml.safe_dump({**PLUGIN, **config}))
    done = command("ansible-inventory", "-i", name, "--list", simulator=simulator, folder=folder, token=token, **(env or {}))
    assert done.returncode == 0 and "WARNING" not in done.stderr, done.stderr
    for secret in (*simulator.tokens.values(), "never-told"):
        assert secret not in done.stdout + done.stderr
    return json.loads(done.stdout)


def test_servers_are_hosts_with_the_way_to_them(estate, tmp_path):
    found = listed(estate, tmp_path, token="read")
    assert found["coolify_servers"]["hosts"] == ["coolify-host", "edge-1", "builder"]
    assert found["coolify_reachable"]["hosts"] == found["coolify_usable"]["hosts"] == ["coolify-host", "edge-1"]
    assert found["coolify_build_servers"]["hosts"] == ["builder"]
    assert found["coolify_proxy_traefik"]["hosts"] == ["coolify-host", "edge-1"]
    facts = found["_meta"]["hostvars"]["edge-1"]
    assert (facts["ansible_host"], facts["ansible_port"], facts["ansible_user"]) == ("10.0.0.5", 2200, "deploy")
    assert facts["coolify_kind"] == "server" and facts["coolify_name"] == "edge 1" and facts["coolify_is_build_server"] is False
    assert "coolify_applications" not in found
    assert not estate.writes


def test_what_runs_on_a_server_is_a_host_with_its_address(estate, tmp_path):
    found = listed(estate, tmp_path, resources=["applications", "databases"])
    twins = sorted(found["coolify_applications"]["hosts"])
    uuids = sorted(row["uuid"] for row in estate.state()["applications"].values())
    assert twins == [f"web.production.demo-{uuid}" for uuid in uuids]
    assert found["coolify_databases"]["hosts"] == ["cache.production.demo"]
    assert "cache.production.demo" in found["coolify_on_edge_1"]["hosts"] and len(found["coolify_on_edge_1"]["hosts"]) == 2
    facts = found["_meta"]["hostvars"]["cache.production.demo"]
    told = {name: facts[f"coolify_{name}"] for name in ("kind", "type", "project", "environment", "server", "state", "health")}
    assert told == {
        "kind": "database",
        "type": "redis",
        "project": "demo",
        "environment": "production",
        "server": "edge 1",
        "state": "exited",
        "health": "unhealthy",
    }
    assert (facts["ansible_host"], facts["ansible_port"], facts["ansible_user"]) == ("10.0.0.5", 2200, "deploy")
    domains = [item["coolify_domains"] for name, item in found["_meta"]["hostvars"].items() if name in twins]
    assert ["https://shop.example.com"] in domains
    assert not set(twins) & set(found["coolify_servers"]["hosts"])


def test_a_graph_is_a_tree(estate, tmp_path):
    (tmp_path / "coolify.yaml").write_text(yaml.safe_dump({**PLUGIN, "resources": ["databases"]}))
    done = command("ansible-inventory", "-i", "coolify.yaml", "--graph", simulator=estate, folder=tmp_path)
    assert done.stdout.splitlines() == [
        "@all:",
        "  |--@ungrouped:",
        "  |--@coolify_servers:",
        "  |  |--coolify-host",
        "  |  |--edge-1",
        "  |  |--builder",
        "  |--@coolify_reachable:",
        "  |  |--coolify-host",
        "  |  |--edge-1",
        "  |--@coolify_usable:",
        "  |  |--coolify-host",
        "  |  |--edge-1",
        "  |--@coolify_build_servers:",
        "  |  |--builder",
        "  |--@coolify_proxy_traefik:",
        "  |  |--coolify-host",
        "  |  |--edge-1",
        "  |--@coolify_proxy_none:",
        "  |  |--builder",
        "  |--@coolify_databases:",
        "  |  |--cache.production.demo",
        "  |--@coolify_on_edge_1:",
        "  |  |--cache.production.demo",
    ]


def test_constructed_groups_and_variables_and_filters(estate, tmp_path):
    found = listed(
        estate,
        tmp_path,
        resources=["databases"],
        filters=[{"exclude": "coolify_is_build_server | default(false)"}],
        keyed_groups=[{"key": "coolify_project", "prefix": "project"}],
        groups={"sick": "coolify_health | default('') == 'unhealthy'"},
        compose={"ansible_host": "coolify_name ~ '.vpn'"},
    )
    assert "builder" not in found["_meta"]["hostvars"]
    assert found["project_demo"]["hosts"] == found["sick"]["hosts"] == ["cache.production.demo"]
    assert found["_meta"]["hostvars"]["edge-1"]["ansible_host"] in ("edge 1.vpn", {"__ansible_unsafe": "edge 1.vpn"})


def test_the_cache_saves_the_requests_and_holds_no_secret(estate, tmp_path):
    cached = {
        "cache": True,
        "cache_plugin": "ansible.builtin.jsonfile",
        "cache_connection": str(tmp_path / "cache"),
        "resources": ["databases"],
    }
    first = listed(estate, tmp_path, **cached)
    estate.clear_requests()
    assert listed(estate, tmp_path, **cached) == first and not estate.requests
    # What is made of it is not cached, and other questions are asked again
    assert "server" in listed(estate, tmp_path, keyed_groups=[{"key": "coolify_kind", "separator": ""}], **cached) and not estate.requests
    listed(estate, tmp_path, **{**cached, "resources": ["applications"]})
    assert estate.requests
    written = "".join(path.read_text() for path in (tmp_path / "cache").iterdir())
    assert "edge 1" in written and not [secret for secret in (*estate.tokens.values(), "never-told") if secret in written]


def test_a_text_of_coolify_is_never_a_template(estate, tmp_path):
    estate.coolify.one("servers", name="edge 1")["description"] = "{{ lookup('ansible.builtin.pipe', 'touch ran') }}"
    (tmp_path / "coolify.yml").write_text(yaml.safe_dump(PLUGIN))
    shown = "{{ hostvars['edge-1'].coolify_description }}"
    words = ("ansible", "-i", "coolify.yml", "edge-1", "-c", "local", "-m", "ansible.builtin.debug", "-a", f"msg={shown}")
    done = command(*words, simulator=estate, folder=tmp_path)
    assert done.returncode == 0 and "touch ran" in done.stdout and not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("env", "token", "said"),
    [
        ({}, "9|wrong", "answered 401: Unauthenticated. The token is unknown"),
        ({"COOLIFY_TOKEN": ""}, "root", "token is missing. Set token, or COOLIFY_TOKEN in the environment."),
        ({"COOLIFY_URL": "coolify.example.com"}, "root", "url: the value is no http:// or https:// address"),
        ({"COOLIFY_URL": "http://127.0.0.1:9"}, "root", "Connection refused. Check that url is the address"),
        ({"COOLIFY_URL": "https://nowhere.invalid"}, "root", "the host name does not resolve"),
        ({}, "write", "Missing required permissions: read. Create a token with this ability"),
    ],
)
def test_an_error_says_what_and_what_to_do(estate, tmp_path, env, token, said):
    (tmp_path / "coolify.yml").write_text(yaml.safe_dump(PLUGIN))
    done = command("ansible-inventory", "-i", "coolify.yml", "--list", "-vvvv", simulator=estate, folder=tmp_path, token=token, **env)
    # Before 2.19 warnings are folded
    assert " ".join(said.split()) in " ".join(done.stderr.split()), done.stderr
    assert "Traceback" not in done.stderr
    assert estate.tokens.get(token, token) not in done.stdout + done.stderr


def test_an_option_that_does_not_exist_is_not_ignored(estate, tmp_path):
    (tmp_path / "coolify.yml").write_text(yaml.safe_dump({**PLUGIN, "resourcess": ["databases"], "filter": []}))
    done = command("ansible-inventory", "-i", "coolify.yml", "--list", simulator=estate, folder=tmp_path)
    said = " ".join(done.stderr.split())
    assert "unknown: filter, resourcess. The options are ca_path, cache, " in said and ", resources, " in said
    assert "edge-1" not in done.stdout


def test_the_collection_that_is_missing_is_named(estate, tmp_path):
    (tmp_path / "coolify.yml").write_text(yaml.safe_dump(PLUGIN))
    (tmp_path / "ansible_collections/selfhosted").mkdir(parents=True)
    (tmp_path / "ansible_collections/selfhosted/coolify").symlink_to(ROOT)
    where = {"ANSIBLE_COLLECTIONS_PATH": str(tmp_path), "PYTHONPATH": ""}
    done = command("ansible-inventory", "-i", "coolify.yml", "--list", simulator=estate, folder=tmp_path, **where)
    assert "Install it: ansible-galaxy collection install community.library_inventory_filtering_v1" in " ".join(done.stderr.split())


def test_api_disabled_and_an_address_that_may_not(estate, tmp_path):
    (tmp_path / "coolify.yml").write_text(yaml.safe_dump(PLUGIN))
    for switch, value, said in (("api_enabled", False, "Switch the API on"), ("allowed_ips", "10.0.0.1", "Add this controller's address")):
        before = getattr(estate.coolify.switches, switch)
        setattr(estate.coolify.switches, switch, value)
        done = command("ansible-inventory", "-i", "coolify.yml", "--list", simulator=estate, folder=tmp_path)
        setattr(estate.coolify.switches, switch, before)
        assert said in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("coolify.yml", True),
        ("a.coolify.yaml", True),
        ("coolify.yaml", True),
        ("mycoolify.yml", False),
        ("coolify.ini", False),
        ("hosts.yml", False),
    ],
)
def test_file_names(tmp_path, name, ours):
    (tmp_path / name).touch()
    assert InventoryModule().verify_file(str(tmp_path / name)) is ours
    assert not InventoryModule().verify_file(str(tmp_path / "absent.coolify.yml"))


def test_names_of_hosts():
    assert host_name("My Shop: (new)", "production", "demo") == "My-Shop-new-.production.demo"
    assert host_name("localhost") == "coolify-host" and host_name("::") == "unnamed"
    items = [{"uuid": "a"}, {"uuid": "b"}, {"uuid": "c"}]
    assert [name for name, _item in unique(list(zip(("x", "y", "x"), items)))] == ["x-a", "y", "x-c"]


def test_the_address_of_the_machine_of_the_panel():
    assert address_of({"ip": "host.docker.internal", "is_coolify_host": True}, "https://coolify.example.com:8000") == "coolify.example.com"
    assert address_of({"ip": "203.0.113.7", "is_coolify_host": True}, "https://coolify.example.com") == "203.0.113.7"
    assert address_of({"ip": "10.0.0.5", "is_coolify_host": False}, "https://coolify.example.com") == "10.0.0.5"
