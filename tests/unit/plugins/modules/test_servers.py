# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes wrong with servers, private keys, destinations and registries, and what never leaks."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from ansible_collections.selfhosted.coolify.plugins.module_utils import _client
from ansible_collections.selfhosted.coolify.plugins.module_utils._resources import destination, private_key, registry, server
from ansible_collections.selfhosted.coolify.tests.simulator.keys import fingerprint, generated, public_text

KEY = generated()
WEB = {"name": "web1", "ip": "203.0.113.10", "private_key": "fleet"}
LOGIN = {"server": "web1", "registry": "ghcr.io", "username": "bot", "password": "a-long-token"}
APP = {
    "project": "shop",
    "name": "web",
    "server": "web1",
    "type": "dockerimage",
    "docker_registry_image_name": "ghcr.io/acme/web",
    "docker_registry_image_tag": "1",
}


def pem(key, passphrase: bytes | None = None, form=serialization.PrivateFormat.TraditionalOpenSSL) -> str:
    encryption = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, encryption).decode()


def encrypted() -> str:
    """The head of an OpenSSH key with a passphrase; nothing is read beyond it without one."""

    def part(data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + data

    public = base64.b64decode(public_text(KEY).split()[1])
    derivation = part(b"0123456789abcdef") + (16).to_bytes(4, "big")
    parts = (part(b"aes256-ctr"), part(b"bcrypt"), part(derivation), (1).to_bytes(4, "big"), part(public), part(b"x" * 160))
    text = base64.b64encode(b"openssh-key-v1\0" + b"".join(parts)).decode()
    return f"-----BEGIN OPENSSH PRIVATE KEY-----\n{text}\n-----END OPENSSH PRIVATE KEY-----\n"


def named(simulator, table: str, name: str) -> dict:
    return next(row for row in simulator.state()[table].values() if row.get("name") == name)


@pytest.fixture
def web(run, simulator):
    """A key, a usable server with it, and a project."""
    for module, options in (
        ("private_key", {"name": "fleet", "private_key": KEY}),
        ("server", {**WEB, "state": "validated"}),
        ("project", {"name": "shop"}),
    ):
        made = run(module, **options)
        assert not made.get("failed"), made["msg"]
    simulator.clear_requests()
    return simulator


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("-----")]


# --- private keys --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        KEY,
        f"\n{KEY}\n\n",
        pem(rsa.generate_private_key(65537, 2048)),
        pem(ec.generate_private_key(ec.SECP256R1()), form=serialization.PrivateFormat.PKCS8),
        pem(ec.generate_private_key(ec.SECP256R1()), form=serialization.PrivateFormat.OpenSSH),
    ],
    ids=["ed25519", "white space", "rsa", "pkcs8", "ecdsa"],
)
def test_the_preview_knows_fingerprint_and_public_key(run, simulator, text):
    promised = run("private_key", check=True, name="k", private_key=text)
    kept = run("private_key", name="k", private_key=text)
    row = named(simulator, "private_keys", "k")
    assert promised["private_key"]["fingerprint"] == kept["private_key"]["fingerprint"] == row["fingerprint"] == fingerprint(text.lstrip())
    assert promised["private_key"]["public_key"] == kept["private_key"]["public_key"] == row["public_key"].strip()
    assert not run("private_key", name="k", private_key=text)["changed"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nonsense-that-nobody-may-see", "begins with -----BEGIN"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nnonsense-that-nobody-may-see\n-----END OPENSSH PRIVATE KEY-----\n", "no private SSH key"),
        (pem(rsa.generate_private_key(65537, 2048), b"passphrase"), "passphrase"),
        (encrypted(), "passphrase"),
    ],
    ids=["text", "broken", "encrypted PEM", "encrypted OpenSSH"],
)
@pytest.mark.parametrize("check", [True, False])
def test_what_is_no_key_is_refused_before_anything_is_sent(run, simulator, text, says, check):
    result = run("private_key", check=check, name="k", private_key=text)
    assert result["code"] == 606 and says in result["msg"] and simulator.writes == []
    assert not [line for line in lines(text) if line in str(result)]


@pytest.mark.parametrize("token", ["root", "rwd"])
def test_a_key_never_shows(run, web, token):
    results = [
        run("private_key", token=token, name="fleet", description="x", private_key=KEY),
        run("private_key", token=token, name="fleet", private_key=generated()),
        run("private_key", token=token, check=True, name="fleet", state="absent"),
        run("private_key", token=token, name="new", private_key=generated()),
        run("info", token=token, gather=["private_keys"]),
    ]
    for text in (KEY, *(row["private_key"] for row in web.state()["private_keys"].values())):
        assert not [line for line in lines(text) if line in str(results)]
    assert results[1]["changed"] and results[1]["diff"]["before"]["fingerprint"] == fingerprint(KEY)
    assert ("could not be restored" in str(results[1]["execution_plan"]["risks"])) is (token == "rwd")


def test_a_key_is_there_once_in_a_team(run, web):
    held = named(web, "private_keys", "fleet")
    for options in ({"name": "again", "private_key": KEY}, {"name": "Testing Host Key", "private_key": KEY}):
        result = run("private_key", **options)
        assert result["code"] == 606 and held["uuid"] in result["msg"] and '"fleet"' in result["msg"]
    assert web.writes == []


def test_a_key_that_is_used_is_not_deleted(run, web):
    run("project", name="git")
    uuid = named(web, "private_keys", "fleet")["uuid"]
    made = run(
        "app",
        project="git",
        name="site",
        server="localhost",
        type="private-deploy-key",
        private_key_uuid=uuid,
        git_repository="git@github.com:acme/site.git",
        git_branch="main",
        build_pack="nixpacks",
    )
    assert not made.get("failed"), made["msg"]
    web.clear_requests()
    result = run("private_key", name="fleet", state="absent", confirm_destructive=True)
    assert result["code"] == 614 and not result["changed"] and web.writes == []
    assert {(item["type"], item["name"]) for item in result["resources"]} == {("server", "web1"), ("application", "site")}
    assert "web1" in result["msg"] and made["resource_id"] in result["msg"]


def test_what_is_in_no_list_protects_a_key_too(run, simulator):
    run("private_key", name="gitlab", private_key=KEY)
    simulator.fault(
        "status", method="DELETE", path="/security/keys/.*", status=422, body='{"message": "Private Key is in use and cannot be deleted."}'
    )
    result = run("private_key", name="gitlab", state="absent", confirm_destructive=True)
    assert result["code"] == 614 and not result["changed"] and "in use" in result["msg"]


def test_a_new_key_says_who_it_is_for(run, web):
    result = run("private_key", check=True, name="fleet", private_key=generated())
    assert any("web1" in risk["description"] for risk in result["execution_plan"]["risks"])


def test_coolify_wants_the_key_with_every_change(run, web):
    refused = run("private_key", token="rwd", name="fleet", description="x")
    assert refused["code"] == 606 and "needs private_key too" in refused["msg"] and web.writes == []
    assert run("private_key", token="rwd", name="fleet", description="x", private_key=KEY)["changed"]
    assert run("private_key", name="fleet", description="y")["changed"]
    assert named(web, "private_keys", "fleet")["private_key"] == KEY


def test_a_key_whose_answer_is_lost_is_created_once(run, simulator):
    simulator.fault("drop_after", method="POST", path="/security/keys")
    assert run("private_key", name="fleet", private_key=KEY)["changed"]
    assert len(simulator.state()["private_keys"]) == 2


def test_deleting_a_key_needs_confirmation(run, simulator):
    run("private_key", name="fleet", private_key=KEY)
    result = run("private_key", name="fleet", state="absent")
    assert (result["code"], result["status"]) == (601, "blocked") and len(simulator.state()["private_keys"]) == 2


# --- servers -------------------------------------------------------------------------------------------------------------------


def test_a_validation_that_fails_says_why_and_leaves_the_server_registered(run, simulator):
    run("private_key", name="fleet", private_key=KEY)
    simulator.coolify.switches.outcomes["web1"] = {"validation": "Connection refused &amp; so on"}
    result = run("server", **WEB, state="validated")
    assert result["code"] == 616 and result["changed"] and result["incident"]["stage"] == "server_health"
    assert "Server is not reachable. Error: Connection refused & so on" in result["msg"] and "<" not in result["msg"]
    assert result["server"]["is_usable"] is False and "Connection refused" in result["server"]["validation_logs"]
    # The reason of the last time is not taken for that of the next
    simulator.coolify.switches.outcomes.clear()
    simulator.coolify.switches.status_seconds = 5
    again = run("server", **WEB, state="validated")
    assert not again.get("failed") and again["server"]["is_usable"] and again["server"]["validation_logs"] is None


def test_the_same_reason_again_is_a_reason(run, simulator):
    run("private_key", name="fleet", private_key=KEY)
    simulator.coolify.switches.outcomes["web1"] = {"validation": "no route to host"}
    assert run("server", **WEB, state="validated")["code"] == 616
    assert run("server", **WEB, state="validated")["code"] == 616


def test_a_server_that_moved_is_not_called_usable_for_what_it_was(run, web):
    web.coolify.switches.outcomes["web1"] = {"validation": "no route to host"}
    result = run("server", name="web1", ip="203.0.113.99", state="validated")
    assert result["code"] == 616 and "no route" in result["msg"]
    # Waiting says nothing against the configuration
    assert named(web, "servers", "web1")["ip"] == "203.0.113.99"


def test_not_waiting_says_what_to_poll(run, simulator):
    run("private_key", name="fleet", private_key=KEY)
    result = run("server", **WEB, state="validated", wait=False)
    assert result["status"] == "pending" and result["resource_id"] in result["details"]["pending"]


def test_an_address_is_there_once(run, web):
    uuid = named(web, "servers", "web1")["uuid"]
    for check in (True, False):
        result = run("server", check=check, **{**WEB, "name": "other"})
        assert result["code"] == 606 and uuid in result["msg"] and web.writes == []


def test_a_server_whose_answer_is_lost_is_created_once(run, simulator):
    run("private_key", name="fleet", private_key=KEY)
    simulator.fault("drop_after", method="POST", path="/servers")
    assert run("server", **WEB)["changed"]
    assert len(simulator.state()["servers"]) == 2


def test_what_creation_does_not_take_fails_and_the_server_is_gone(run, simulator):
    run("private_key", name="fleet", private_key=KEY)
    simulator.fault("status", method="PATCH", path="/servers/.*", status=422, body='{"message": "no"}')
    result = run("server", **WEB, concurrent_builds=3)
    assert result["code"] == 602 and len(simulator.state()["servers"]) == 1


def test_a_part_that_fails_takes_the_others_back(run, web):
    before = named(web, "servers", "web1")
    web.fault("status", method="PATCH", path=".*/log-drains", status=500)
    result = run(
        "server",
        name="web1",
        description="new",
        proxy={"redirect_url": "https://www.example.com", "configuration": "services: {}\n"},
        docker_cleanup={"docker_cleanup_threshold": 50},
        log_drains={"is_logdrain_custom_enabled": True, "logdrain_custom_config": "x"},
    )
    assert result["code"] == 603, result["msg"]
    # A configuration that was never saved cannot be unsaved
    assert result["details"]["not_restored"] == ["configuration"]
    after = named(web, "servers", "web1")
    assert (after["description"], after["settings"]["docker_cleanup_threshold"]) == ("", 80) == (before["description"], 80)
    assert after["proxy"].get("redirect_url") is None


def test_a_saved_configuration_comes_back(run, web):
    old, new = "services: {a: {}}\n", "services: {b: {}}\n"
    run("server", name="web1", proxy={"configuration": old})
    web.fault("status", method="PATCH", path=".*/sentinel", status=422, body='{"message": "no"}')
    result = run("server", name="web1", proxy={"configuration": new}, sentinel={"sentinel_push_interval_seconds": 20})
    assert result["code"] == 602, result["msg"]
    assert named(web, "servers", "web1")["proxy"]["last_saved_proxy_configuration"] == old


def test_the_configuration_of_the_proxy_does_not_show_and_asks_for_a_restart(run, web):
    result = run("server", name="web1", proxy={"configuration": "services: {proxy: {environment: [TOKEN=canary-9f3]}}\n"})
    assert "canary-9f3" not in str(result) and result["diff"]["after"]["proxy"]["configuration"] == "differs"
    assert result["details"]["restart_required"] is True
    restarted = run("server", name="web1", state="proxy_restarted")
    assert restarted["changed"] and "restart_required" not in restarted["details"] and restarted["server"]["proxy_status"] == "running"


def test_a_proxy_that_does_not_come_back(run, web):
    web.coolify.switches.outcomes["web1"] = {"proxy": "error"}
    result = run("server", name="web1", state="proxy_restarted")
    assert result["code"] == 616 and result["incident"]["stage"] == "proxy" and result["changed"]
    web.coolify.switches.outcomes["web1"] = {"proxy": "exited"}
    assert run("server", name="web1", state="proxy_restarted", wait_timeout=30)["code"] == 604
    run("server", name="web1", proxy_type="none")
    assert run("server", name="web1", state="proxy_restarted")["code"] == 606


def test_a_clean_up_that_takes_volumes_along(run, web):
    options = {"name": "web1", "state": "cleaned_up", "docker_cleanup": {"delete_unused_volumes": True}}
    assert run("server", **options)["status"] == "blocked" and web.writes == []
    assert run("server", **options, confirm_destructive=True)["changed"]
    (done,) = web.state()["cleanups"].values()
    assert done["status"] == "success" and done["flags"] == {"delete_unused_volumes": "1", "delete_unused_networks": "0"}
    web.coolify.switches.outcomes["web1"] = {"cleanup": "failed"}
    assert run("server", **options, confirm_destructive=True)["code"] == 616


def test_what_an_earlier_task_will_create_can_be_previewed(run, simulator):
    calls = [
        ("private_key", {"name": "later", "description": "x"}),
        ("server", {"name": "later", "port": 2222, "log_drains": {"logdrain_custom_config": "canary"}, "state": "proxy_restarted"}),
        ("destination", {"server": "localhost", "name": "later"}),
    ]
    for module, options in calls:
        preview = run(module, check=True, **options)
        assert not preview.get("failed") and "later" in str(preview["warnings"]), preview.get("msg")
        assert preview["changed"] is (module != "destination")
        assert "canary" not in str(preview)
        refused = run(module, **options)
        assert refused["code"] == 609 and "To create it" in refused["troubleshooting"]
    assert simulator.writes == []


def test_secrets_of_a_server(run, web):
    drains = {"is_logdrain_axiom_enabled": True, "logdrain_axiom_dataset_name": "logs", "logdrain_axiom_api_key": "canary-axiom"}
    options = {"name": "web1", "log_drains": drains, "sentinel": {"sentinel_token": "canary-sentinel"}}
    results = [
        run("server", check=True, **options),
        run("server", **options),
        run("server", **options),
        run("server", token="rwd", **options),
        run("server", token="rwd", **options, update_secrets="on_create"),
    ]
    assert "canary" not in str(results)
    assert [item["changed"] for item in results] == [True, True, False, True, False]
    assert "does not show logdrain_axiom_api_key" in str(results[3]["execution_plan"]["risks"])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"sentinel": {"is_sentinel_enabled": False, "is_metrics_enabled": True}}, "is_metrics_enabled"),
        ({"log_drains": {"is_logdrain_axiom_enabled": True}}, "logdrain_axiom_dataset_name"),
        ({"log_drains": {"is_logdrain_custom_enabled": True, "logdrain_custom_config": ""}}, "logdrain_custom_config"),
        ({"docker_cleanup": {"docker_cleanup_threshold": 100}}, "docker_cleanup: docker_cleanup_threshold"),
        ({"sentinel": {"sentinel_push_interval_seconds": 5}}, "sentinel_push_interval_seconds"),
        ({"port": 70000}, "port"),
        ({"user": "a b"}, "user"),
        ({"name": "", "uuid": None}, "name"),
        ({"ip": ""}, "ip: Coolify cannot empty it"),
    ],
)
@pytest.mark.parametrize("check", [True, False])
def test_what_does_not_fit_together(run, web, options, says, check):
    result = run("server", check=check, **{"name": "web1", **options})
    assert result["code"] == 606 and says in result["msg"] and web.writes == []


def test_a_key_that_is_not_there_yet(run, simulator):
    refused = run("server", **WEB)
    assert refused["code"] == 609 and "fleet" in refused["msg"] and "Testing Host Key" in refused["msg"]
    preview = run("server", check=True, **WEB)
    assert preview["changed"] and "fleet" in str(preview["warnings"])
    assert simulator.writes == []


def test_a_server_that_something_is_on(run, web):
    made = run("app", **APP)
    web.clear_requests()
    for check in (True, False):
        refused = run("server", check=check, name="web1", state="absent", confirm_destructive=True)
        assert refused["code"] == 614 and made["resource_id"] in refused["msg"]
        assert refused["resources"] == [{"uuid": made["resource_id"], "name": "web", "type": "application"}]
        assert run("server", check=check, name="web1", is_build_server=True)["code"] == 614
    assert web.writes == []
    blocked = run("server", name="web1", state="absent", delete_resources=True)
    assert blocked["status"] == "blocked" and "web" in blocked["msg"]
    preview = run("server", check=True, name="web1", state="absent", delete_resources=True)
    assert made["resource_id"] in preview["execution_plan"]["steps"][0]["action"] and preview["diff"]["before"]["resources"]
    gone = run("server", name="web1", state="absent", delete_resources=True, confirm_destructive=True)
    assert gone["changed"] and not gone.get("failed")
    assert not [row for row in web.state()["servers"].values() if row["name"] == "web1"]


def test_a_service_is_something_too(run, registries, waiting):
    run("project", name="shop")
    options = {
        "project": "shop",
        "name": "stack",
        "server": "web1",
        "docker_compose_raw": "services:\n  web:\n    image: ghcr.io/acme/stack:1\n",
    }
    made = run("service", **options)
    assert not made.get("failed"), made["msg"]
    expected = [{"uuid": made["resource_id"], "name": "stack", "type": "service"}]
    absent = {"state": "absent", "confirm_destructive": True}
    assert run("server", name="web1", **absent)["resources"] == expected
    assert run("destination", server="web1", network="coolify", **absent)["resources"] == expected
    run("registry", **LOGIN)
    blocked = run("registry", server="web1", registry="ghcr.io", state="absent")
    assert blocked["status"] == "blocked"
    used = run("info", gather=["registries"], name="web1")["registries"][0]["used_by"]
    assert used == [{"type": "Service", "name": "stack"}]
    assert run("server", name="web1", **absent, delete_resources=True)["changed"]
    waiting.sleep(5)
    assert not registries.state()["services"]


def test_the_server_of_coolify_stays(run, simulator):
    result = run("server", name="localhost", state="absent", confirm_destructive=True)
    assert result["code"] == 606 and "Coolify runs on" in result["msg"] and simulator.writes == []


def test_two_servers_of_one_name(run, web):
    run("server", name="web2", ip="203.0.113.12", private_key="fleet")
    uuid = named(web, "servers", "web2")["uuid"]
    run("server", uuid=uuid, name="web1")
    result = run("server", name="web1", description="x")
    assert result["code"] == 610 and uuid in result["msg"]


def test_another_key_before_coolify_heeds_it(run, web, monkeypatch):
    """4.1.1 takes private_key_uuid and does nothing with it (from reading); there is no recording of it to be simulated."""
    run("private_key", name="next", private_key=generated())
    web.clear_requests()
    monkeypatch.setattr(_client.Client, "_version", "4.1.1")
    result = run("server", name="web1", private_key="next")
    assert result["code"] == 605 and "4.1.2" in result["msg"] and "4.1.1" in result["msg"] and web.writes == []


# --- destinations --------------------------------------------------------------------------------------------------------------


def test_a_destination_that_is_used(run, web):
    run("destination", server="web1", network="shop", name="Shop")
    unclear = run("app", **APP)
    assert unclear.get("failed") and "destination" in unclear["msg"]
    made = run("app", **APP, destination="Shop")
    assert not made.get("failed"), made["msg"]
    web.clear_requests()
    for check in (True, False):
        result = run("destination", check=check, server="web1", network="shop", state="absent", confirm_destructive=True)
        assert result["code"] == 614 and result["resources"][0]["uuid"] == made["resource_id"] and web.writes == []


def test_a_second_destination_has_consequences(run, web):
    result = run("destination", check=True, server="web1", network="shop")
    assert any("several destinations" in risk["description"] for risk in result["execution_plan"]["risks"])


def test_a_destination_keeps_its_network_and_server(run, web):
    made = run("destination", server="web1", network="shop")
    result = run("destination", uuid=made["resource_id"], network="other")
    assert result["code"] == 611 and "shop" in result["msg"]
    assert run("destination", uuid=made["resource_id"], server="localhost")["code"] == 611
    assert run("destination", server="web1", name="nothing")["code"] == 609
    assert run("destination", network="shop")["code"] == 606


def test_a_destination_on_a_server_that_is_not_there_yet(run, simulator):
    assert run("destination", server="web9", network="shop")["code"] == 609
    preview = run("destination", check=True, server="web9", network="shop")
    assert preview["changed"] and preview["destination"]["server"] == {"uuid": None, "name": None}


# --- registries ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def registries(run, simulator, waiting):
    simulator.reset(version="4.4.2", clock=waiting.now)
    simulator.coolify.switches.accounts = {"ghcr.io": {"bot": "a-long-token"}}
    run("private_key", name="fleet", private_key=KEY)
    run("server", **WEB, state="validated")
    simulator.clear_requests()
    return simulator


def test_a_wrong_password(run, registries):
    result = run("registry", **{**LOGIN, "password": "canary-wrong"})
    assert result["code"] == 400 and "denied" in result["msg"] and not result["changed"]
    assert "canary" not in str(result) and not registries.state().get("registry_logins")


def test_a_login_that_does_not_work_any_more_is_renewed(run, registries):
    run("registry", **LOGIN)
    assert not run("registry", **{**LOGIN, "password": "another"})["changed"]
    registries.coolify.switches.accounts["ghcr.io"]["bot"] = "a-newer-token"
    options = {**LOGIN, "password": "a-newer-token"}
    promised, kept = run("registry", check=True, **options), run("registry", **options)
    assert promised["diff"] == kept["diff"] and kept["changed"]
    assert "does not work any more" in kept["execution_plan"]["steps"][0]["action"]
    assert not run("registry", **options)["changed"]


def test_a_credential_helper_is_left_alone(run, registries):
    run("registry", **LOGIN)
    row = next(iter(registries.coolify.tables["registry_logins"].values()))
    row["source"] = "credHelpers"
    assert not run("registry", **LOGIN)["changed"]
    result = run("registry", server="web1", registry="ghcr.io", state="absent")
    assert result["code"] == 615 and "credHelpers" in result["msg"]


def test_logging_out_of_what_is_used_needs_confirmation(run, registries):
    run("project", name="shop")
    run("app", **APP)
    run("registry", **LOGIN)
    result = run("registry", server="web1", registry="ghcr.io", state="absent")
    assert result["status"] == "blocked" and '"web"' in str(run("registry", check=True, server="web1", registry="ghcr.io", state="absent"))
    gone = run("registry", server="web1", registry="ghcr.io", state="absent", confirm_destructive=True)
    assert (
        gone["changed"]
        and gone["registry"]["logged_in"] is False
        and gone["registry"]["used_by"] == [{"type": "Application", "name": "web"}]
    )


def test_what_a_registry_needs(run, registries, waiting):
    assert run("registry", server="web1", registry="ghcr.io")["code"] == 606
    assert run("registry", **{**LOGIN, "registry": "not a host"})["code"] == 606
    assert run("registry", token="rwd", **LOGIN)["code"] == 403
    run("server", name="raw", ip="203.0.113.77", private_key="fleet")
    unusable = run("registry", **{**LOGIN, "server": "raw"})
    assert unusable["code"] == 606 and "validated" in unusable["troubleshooting"]
    assert not registries.state().get("registry_logins")
    assert run("registry", check=True, **{**LOGIN, "server": "later"})["changed"]
    # It calls itself 4.4 and was tagged before the registries came
    registries.reset(version="4.4-rc.1", clock=waiting.now)
    old = run("registry", **{**LOGIN, "server": "localhost"})
    assert old["code"] == 605 and "4.4.0" in old["msg"] and "4.4-rc.1" in old["msg"]


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("ghcr.io", "ghcr.io"),
        ("HTTPS://GHCR.io/v2/", "ghcr.io"),
        ("index.docker.io", "docker.io"),
        ("https://index.docker.io/v1/", "docker.io"),
        ("registry.example.com:5000", "registry.example.com:5000"),
    ],
)
def test_names_of_registries(given, stored):
    assert registry.host(given) == stored


# --- what is gathered ----------------------------------------------------------------------------------------------------------


def test_destinations_and_registries_are_gathered(run, registries):
    run("registry", **LOGIN)
    found = run("info", gather=["destinations", "registries"])
    assert [(item["network"], item["server"]["name"]) for item in found["destinations"]] == [("coolify", "localhost"), ("coolify", "web1")]
    assert [(item["registry"], item["username"], item["server"]["name"]) for item in found["registries"]] == [("ghcr.io", "bot", "web1")]
    assert "a-long-token" not in str(found)
    assert run("info", gather=["registries"], name="localhost")["registries"] == []


@pytest.mark.parametrize(("version", "what", "since"), [("4.1.2", "destinations", "4.2.0"), ("4.3.11", "registries", "4.4.0")])
def test_what_an_older_version_lacks(run, simulator, waiting, version, what, since):
    simulator.reset(version=version, clock=waiting.now)
    result = run("info", gather=[what])
    assert result["code"] == 605 and since in result["msg"] and version in result["msg"]


# --- the guide -----------------------------------------------------------------------------------------------------------------


def test_the_examples_of_the_guide(run, simulator, waiting):
    """In the order in which they stand there, twice; the second time nothing is left to do but to restart the proxy."""
    simulator.reset(version="4.4.2", clock=waiting.now)
    text = (Path(__file__).parents[4] / "docs/docsite/rst/servers.rst").read_text()
    blocks = re.findall(r"\.\. code-block:: yaml\n\n((?: {4}.*\n|\n)+)", text)
    tasks = [task for block in blocks for task in yaml.safe_load(block)]
    values = {"vault_fleet_key": KEY, "vault_ghcr_token": "a-long-token", "lookup": "services: {}\n"}

    def filled(value):
        if isinstance(value, dict):
            return {name: filled(item) for name, item in value.items()}
        variable = re.fullmatch(r"\{\{ (\w+).* \}\}", value) if isinstance(value, str) else None
        return values[variable[1]] if variable else value

    assert len(tasks) == 6
    for changes in (True, False):
        for task in tasks:
            ((name, options),) = [item for item in task.items() if item[0].startswith("selfhosted.")]
            result = run(name.rsplit("coolify_", 1)[1], **filled(options))
            assert not result.get("failed"), result["msg"]
            assert result["changed"] is (changes or "when" in task), task["name"]


# --- completeness --------------------------------------------------------------------------------------------------------------


def test_every_field_that_coolify_lets_a_client_write_is_a_row():
    """The lists are the field tables of Coolify 4.3.11's endpoints, and server_role of 4.4.0."""
    rows = {row.name: "create" in row.on for row in server.FIELDS}
    creation = {"name", "description", "ip", "port", "user", "private_key_uuid", "is_build_server", "server_role", "proxy_type"}
    update = {
        "concurrent_builds",
        "dynamic_timeout",
        "deployment_queue_limit",
        "server_disk_usage_notification_threshold",
        "server_disk_usage_check_frequency",
        "connection_timeout",
        "is_terminal_enabled",
    }
    assert rows == {**dict.fromkeys(creation, True), **dict.fromkeys(update, False)}
    assert "instant_validate" not in rows, "state=validated waits for it too"
    parts = {part.option: {row.name for row in part.fields} for part in server.PARTS}
    assert parts == {
        "proxy": {"redirect_enabled", "redirect_url", "generate_exact_labels", "configuration"},
        "docker_cleanup": {
            "docker_cleanup_frequency",
            "docker_cleanup_threshold",
            "force_docker_cleanup",
            "delete_unused_volumes",
            "delete_unused_networks",
            "disable_application_image_retention",
        },
        "sentinel": {
            "is_sentinel_enabled",
            "is_metrics_enabled",
            "is_sentinel_debug_enabled",
            "sentinel_token",
            "sentinel_metrics_refresh_rate_seconds",
            "sentinel_metrics_history_days",
            "sentinel_push_interval_seconds",
            "sentinel_custom_url",
        },
        "log_drains": {
            "is_logdrain_newrelic_enabled",
            "logdrain_newrelic_license_key",
            "logdrain_newrelic_base_uri",
            "is_logdrain_axiom_enabled",
            "logdrain_axiom_dataset_name",
            "logdrain_axiom_api_key",
            "is_logdrain_custom_enabled",
            "logdrain_custom_config",
            "logdrain_custom_config_parser",
        },
    }
    assert {row.name for row in private_key.FIELDS} == {"name", "description", "private_key"}
    assert {row.name for row in destination.FIELDS} == {"name", "network", "type"}
