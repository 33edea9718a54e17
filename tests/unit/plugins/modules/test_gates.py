# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What blocks a deployment before anything is changed, and what a preview says about it."""

from __future__ import annotations

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.selfhosted.coolify.plugins.module_utils import _gates, _runner
from ansible_collections.selfhosted.coolify.plugins.module_utils._contract import now
from ansible_collections.selfhosted.coolify.plugins.module_utils._errors import InputError
from ansible_collections.selfhosted.coolify.plugins.module_utils._resources import application, stack
from ansible_collections.selfhosted.coolify.plugins.module_utils._resources.deploy import checked_options
from ansible_collections.selfhosted.coolify.tests.simulator.core import Token
from ansible_collections.selfhosted.coolify.tests.unit.deploying import DEPLOY, GIT, IMAGE, changed_since, held, running

HERE = {"project": "demo", "server": "localhost"}
WEB = {name: value for name, value in IMAGE.items() if name not in HERE}
METRICS = {"cpu_usage_percent": 5, "memory_usage_percent": 5, "disk_usage_percent": 5}


def gate(result: dict, name: str) -> dict:
    return next(item for item in result["gates"] if item["gate"] == name)


def risks(result: dict) -> list[str]:
    return [risk["description"] for risk in result["execution_plan"]["risks"]]


def probes(simulator) -> int:
    return len([item for item in simulator.requests if item.probe])


def lines_of(simulator, definition, verbose: bool = False, **options) -> tuple[list[str], _runner.Run]:
    """What a preview prints."""
    lines: list[str] = []
    checked = ArgumentSpecValidator(_runner.argument_spec(definition)).validate(
        {"url": simulator.url, "token": simulator.tokens["root"], **options}
    )
    assert not checked.error_messages
    run = _runner.execute(definition, checked.validated_parameters, check_mode=True, show=lines.append, verbose=verbose)
    return [line.partition("] ")[2] for line in lines], run


# --- variables


@pytest.mark.parametrize("state", ["deployed", "recreated"])
def test_a_variable_that_the_task_removes_is_not_there(run, simulator, state):
    run("app", **IMAGE, variables={"REQ": "1", "OTHER": "1"}, state="deployed")
    start = held(simulator)
    simulator.clear_requests()
    options = {"name": "web", "project": "demo", "required_env": ["REQ"], "purge": True, "state": state, "confirm_destructive": True}
    result = run("app", **options, variables={"OTHER": "2"})
    assert result["code"] == 601 and "env: absent or empty: REQ" in result["msg"], result["msg"]
    assert "required_env" in result["troubleshooting"]
    assert simulator.writes == [] and changed_since(start, simulator) == []
    kept = run("app", check=True, **options, variables={"REQ": "2"})
    assert gate(kept, "env")["outcome"] == "passed"


# --- downtime


@pytest.mark.parametrize(
    ("before", "change", "reason"),
    [
        (IMAGE, {"ports_mappings": ["8080:80"]}, "a host port is mapped"),
        (IMAGE, {"custom_docker_run_options": "--ip 10.0.0.5"}, "a custom IP address is set"),
        (IMAGE, {"is_consistent_container_name_enabled": True}, "is_consistent_container_name_enabled is on"),
        (IMAGE, {"custom_internal_name": "web"}, "custom_internal_name is set"),
        (GIT, {"build_pack": "dockercompose"}, "it is a compose application"),
        (IMAGE, {"description": "new"}, None),
    ],
)
def test_downtime_is_that_of_the_declared_configuration(run, simulator, before, change, reason):
    run("app", **before, state="deployed")
    impact = run("app", check=True, **DEPLOY, **change, state="deployed")["impact_analysis"]
    assert impact["downtime_reasons"] == ([reason] if reason else []) and impact["downtime_expected"] is bool(reason)


def test_what_no_longer_makes_downtime_is_no_reason(run, simulator):
    run("app", **IMAGE, ports_mappings=["8080:80"], custom_internal_name="web", state="deployed")
    impact = run("app", check=True, **DEPLOY, ports_mappings=[], custom_internal_name="", state="deployed")["impact_analysis"]
    assert impact["downtime_expected"] is False and impact["downtime_reasons"] == []


# --- what the token may


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize(
    ("version", "token", "options", "blocks"),
    [
        ("4.4.2", "rwd", {}, True),
        ("4.4.2", "root", {}, False),
        ("4.3.11", "rwd", {}, False),
        ("4.4.2", "rwd", {"wait": False}, False),
        ("4.4.2", "rwd", {"fail_on_log": []}, False),
    ],
)
def test_a_log_that_cannot_be_read_blocks(run, simulator, waiting, there, version, token, options, blocks):
    simulator.reset(version=version, clock=waiting.now)
    if there:
        run("app", **IMAGE, state="deployed")
    start = held(simulator)
    simulator.clear_requests()
    wanted = {**IMAGE, "docker_registry_image_tag": "new", "state": "deployed", "fail_on_log": ["panic"], **options}
    result = run("app", token=token, **wanted)
    if blocks:
        assert result["code"] == 601 and "fail_on_log" in result["msg"] and "read:sensitive" in result["msg"], result["msg"]
        assert "Keys & Tokens" in result["troubleshooting"]
        assert simulator.writes == [] and changed_since(start, simulator) == []
    else:
        assert not result.get("failed"), result["msg"]


def test_a_token_that_may_not_deploy_blocks_before_anything_is_changed(run, simulator):
    run("app", **IMAGE, state="deployed")
    start = held(simulator)
    simulator.coolify.tokens["98|rw"] = Token("rw", "98|rw", ("read", "write"), 0, 0, True)
    simulator.clear_requests()
    result = run("app", token="98|rw", **DEPLOY, docker_registry_image_tag="new", variables={"A": "1"}, state="deployed")
    assert result["code"] == 601 and result["status"] == "blocked" and not result["changed"], result["msg"]
    assert "ability deploy" in result["msg"] and "Keys & Tokens" in result["troubleshooting"]
    assert gate(result, "connectivity")["outcome"] == "failed" and gate(result, "connectivity")["evidence"]["deploy"] is False
    assert simulator.writes == [] and probes(simulator) == 1 and changed_since(start, simulator) == []


def test_the_token_is_asked_once_and_only_when_there_is_something_to_deploy(run, simulator):
    options = {**HERE, "applications": [{**WEB, "name": name} for name in ("one", "two", "three")], "state": "deployed"}
    preview = run("stack", check=True, **options)
    assert probes(simulator) == 0 and {item["evidence"]["deploy"] for item in preview["gates"] if item["gate"] == "connectivity"} == {None}
    made = run("stack", **options)
    assert probes(simulator) == 1 and {item["evidence"]["deploy"] for item in made["gates"] if item["gate"] == "connectivity"} == {True}
    simulator.clear_requests()
    assert not run("stack", **options)["changed"] and probes(simulator) == 0
    # What another gate blocks is not asked for
    blocked = run("stack", **{**options, "deploy": "always", "applications": [{**WEB, "name": "one", "required_env": ["NO"]}]})
    assert blocked["code"] == 601 and probes(simulator) == 0


@pytest.mark.parametrize("fault", ["drop_before", "drop_after", "truncate", "html", "status"])
def test_a_question_without_an_answer_does_not_block(run, simulator, fault):
    run("app", **IMAGE, state="deployed")
    asked = simulator.fault(fault, method="POST", path="/deploy", probe=True)
    result = run("deploy", **DEPLOY, deploy="always")
    assert asked.seen == 1 and not result.get("failed"), result["msg"]
    assert gate(result, "connectivity")["outcome"] == "passed" and len(simulator.state()["deployments"]) == 2


# --- options


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"fail_on_log": ["Error: ("]}, "fail_on_log: 'Error: ('"),
        ({"max_error_rate": -1}, "max_error_rate: -1 is not from 0 to 100"),
        ({"max_error_rate": 101}, "max_error_rate: 101"),
        ({"max_error_rate": "nan"}, "max_error_rate: nan"),
        ({"max_response_time_p95": 0}, "max_response_time_p95: 0 is not more than 0"),
        ({"min_certificate_days": -1}, "min_certificate_days: -1"),
        ({"verify_status": [200, 99]}, "verify_status: 99"),
        ({"verify_status": [600]}, "verify_status: 600"),
        ({"verify_timeout": -1}, "verify_timeout: -1"),
        ({"wait_timeout": -5}, "wait_timeout: -5"),
        ({"max_cpu_usage_percent": 101}, "max_cpu_usage_percent: 101"),
        ({"max_memory_usage_percent": -1}, "max_memory_usage_percent: -1"),
        ({"max_disk_usage_percent": 1000}, "max_disk_usage_percent: 1000"),
        ({"host_evidence": {"metrics": "x"}}, "host_evidence.metrics: 'x'"),
        ({"host_evidence": {"metrics": {"cpu_usage_percent": "a lot"}}}, "host_evidence.metrics.cpu_usage_percent: 'a lot' is no number"),
        ({"host_evidence": {"metrics": {"cpu_usage_percent": "nan"}}}, "cpu_usage_percent: 'nan'"),
        ({"host_evidence": {"metrics": {"disk_usage_percent": [1]}}}, "disk_usage_percent: [1]"),
        ({"host_evidence": {"metrics": {"disk_usage_percent": True}}}, "disk_usage_percent: True"),
        ({"host_evidence": {"listening": ["x"]}}, "host_evidence.listening: 'x'"),
        ({"host_evidence": {"listening": {"port": 80}}}, "host_evidence.listening: {'port': 80} is not a list"),
        ({"host_evidence": {"listening": [{"process": "nginx"}]}}, "host_evidence.listening: port: None"),
        ({"rollback_point": {"configuration": "x"}, "state": "rolled_back"}, "rollback_point.configuration: 'x'"),
    ],
)
def test_bad_values_are_refused_while_planning(run, simulator, options, says):
    run("app", **IMAGE, state="deployed")
    simulator.clear_requests()
    for check in (True, False):
        result = run("deploy", check=check, **{**DEPLOY, "deploy": "always", **options})
        assert result["code"] == 606 and says in result["msg"], result["msg"]
    assert simulator.writes == [] and probes(simulator) == 0


def test_a_text_is_no_host_evidence():
    """Ansible refuses it before; this is for whoever calls execute without asking it."""
    with pytest.raises(InputError, match="host_evidence: 'x' is not a dictionary"):
        checked_options({"host_evidence": "x"})


def test_a_bad_value_of_a_part_says_whose_it_is(run, simulator):
    result = run("stack", **HERE, applications=[{**WEB, "max_error_rate": -1}], state="deployed")
    assert result["code"] == 606 and 'application "web": max_error_rate: -1' in result["msg"] and simulator.writes == []


def test_the_ends_of_the_ranges_are_allowed(run, simulator):
    ends = {"max_error_rate": 0, "min_certificate_days": 0, "verify_status": [100, 599], "max_cpu_usage_percent": 100}
    for options in (ends, {"max_error_rate": 100, "verify_timeout": 1, "max_cpu_usage_percent": 0, "max_response_time_p95": 0.001}):
        result = run("app", check=True, **{**IMAGE, "state": "deployed", **options})
        assert not result.get("failed"), result["msg"]


def test_figures_may_be_texts(run, simulator):
    listening = [{"port": "8080", "process": "nginx"}]
    evidence = {"collected_at": now(), "metrics": {name: str(value) for name, value in METRICS.items()}, "listening": listening}
    result = run("app", check=True, **IMAGE, state="deployed", host_evidence=evidence, ports_mappings=["8080:80"])
    assert gate(result, "server_health")["outcome"] == "passed" and result["metrics"]["cpu_usage_percent"] == 5
    assert gate(result, "ports")["reason"] == "port 8080 is held by nginx"
    evidence["metrics"]["cpu_usage_percent"] = "95.5"
    result = run("app", check=True, **IMAGE, state="deployed", host_evidence=evidence)
    assert gate(result, "server_health")["reason"] == "cpu_usage_percent is 95.5, the limit is 90"


# --- ports


@pytest.mark.parametrize("evidence", [{}, {"host_evidence": {"listening": []}}])
def test_a_port_that_another_application_maps_is_held(run, simulator, evidence):
    run("app", **{**IMAGE, "name": "old"}, ports_mappings=["8080:80", "9090:90"], state="deployed")
    run("app", **{**IMAGE, "name": "stopped"}, ports_mappings=["8081:80"])
    simulator.clear_requests()
    wanted = {**IMAGE, "state": "deployed", **evidence}
    result = run("app", **wanted, ports_mappings=["8080:80"])
    assert (
        result["code"] == 601
        and 'ports: port 8080 is held by application "old"' in result["msg"]
        and "ports_mappings" in result["troubleshooting"]
    )
    assert simulator.writes == []
    assert gate(run("app", check=True, **wanted, required_ports=[9090]), "ports")["outcome"] == "failed"
    for free in ({"ports_mappings": ["8081:80"]}, {}):
        assert gate(run("app", check=True, **wanted, **free), "ports")["outcome"] != "failed"


def test_its_own_port_and_those_of_another_server_are_free(run, simulator):
    run("app", **IMAGE, ports_mappings=["8080:80"], state="deployed")
    run("app", **{**IMAGE, "name": "elsewhere"}, ports_mappings=["9090:80"], state="deployed")
    first = simulator.coolify.one("servers", name="localhost")
    server = simulator.coolify.insert("servers", **{**first, "id": 77, "uuid": "o" * 24, "name": "other"})
    place = simulator.coolify.insert("destinations", name="coolify", uuid="p" * 24, network="coolify", server_id=server["id"])
    simulator.coolify.one("applications", name="elsewhere")["destination_id"] = place["id"]
    result = run("deploy", check=True, **DEPLOY, deploy="always", required_ports=[9090], host_evidence={"listening": []})
    assert gate(result, "ports")["outcome"] == "passed", gate(result, "ports")


def test_the_successor_of_an_interrupted_recreation_holds_no_port(run, simulator):
    run("app", **IMAGE, ports_mappings=["8080:80"], state="deployed")
    run("app", **{**IMAGE, "name": "web-successor"}, ports_mappings=["8080:80"])
    options = {"project": "demo", "name": "web", "confirm_destructive": True}
    assert gate(run("app", check=True, **options, state="recreated"), "ports")["outcome"] == "skipped"


# --- what is said


def test_domains_that_are_left_out_are_not_called_missing(run, simulator):
    wanted = {**IMAGE, "domains": ["https://no-such-host.invalid"], "state": "deployed"}
    told = {name: gate(run("app", check=True, **wanted, verify_domains=False), name) for name in ("domain_ssl", "ssl_expiry")}
    assert {(item["outcome"], item["reason"]) for item in told.values()} == {("skipped", "verify_domains is off")}
    assert gate(run("app", check=True, **IMAGE, state="deployed"), "domain_ssl")["reason"] == "the application has no domain"


HOT = {"collected_at": now(), "metrics": {**METRICS, "cpu_usage_percent": 99}}


@pytest.mark.parametrize(
    ("options", "name", "way"),
    [
        ({"domains": ["http://no-such-host.invalid"]}, "domain_ssl", "verify_domains: false"),
        ({"host_evidence": HOT}, "server_health", "max_cpu_usage_percent"),
        ({"required_env": ["NO"]}, "env", "required_env"),
        ({"variables": {"API_TOKEN": "plain"}}, "secrets_scope", "secrets"),
    ],
)
def test_a_failed_gate_says_how_to_get_past_it(run, simulator, options, name, way):
    result = run("app", **{**IMAGE, "state": "deployed", **options})
    assert result["code"] == 601 and f"{name}: " in result["msg"]
    assert result["troubleshooting"] == _gates.ADVICE[name] and way in result["troubleshooting"]


def test_the_rest_of_the_ways(run, simulator):
    run("app", **{**GIT, "build_pack": "dockerfile"}, state="deployed")
    unsafe = run("app", **DEPLOY, build_pack="nixpacks", required_env=["NO"], state="deployed")
    assert "plan_safe" in unsafe["msg"]
    assert unsafe["troubleshooting"] == f"{_gates.ADVICE['env']} {_gates.ADVICE['plan_safe']}"
    assert "confirm_destructive: true" in unsafe["troubleshooting"]
    run("project", name="shop")
    uuid = next(iter(simulator.coolify.rows("applications")))["uuid"]
    assert "allow_cross_env" in run("deploy", uuid=uuid, project="shop", deploy="always")["troubleshooting"]
    for option in ("override_ssl_expiry", "min_certificate_days"):
        assert option in _gates.ADVICE["ssl_expiry"]


def test_every_gate_that_can_fail_has_advice(run, simulator):
    names = {item["gate"] for item in run("app", check=True, **IMAGE, state="deployed")["gates"]}
    assert names - {"token_age"} == set(_gates.ADVICE)


def test_a_preview_says_what_would_block(simulator):
    options = {**HERE, "state": "deployed", "applications": [WEB, {**WEB, "name": "worker", "required_env": ["NO"]}]}
    lines, preview = lines_of(simulator, stack.MODULE, **options)
    assert [line for line in lines if line.startswith("gate")] == [
        "gates: 13 passed, 1 failed, 8 skipped (server_health, domain_ssl, ssl_expiry, token_age)",
        'gate env failed for application "worker": absent or empty: NO',
    ]
    assert preview.warnings[-1] == (
        f'the real run would be blocked by env of application "worker": absent or empty: NO. {_gates.ADVICE["env"]}'
    )
    assert preview.result["status"] == "plan_ready"


def test_a_preview_that_nothing_blocks_is_short_unless_it_is_to_be_verbose(simulator):
    lines, preview = lines_of(simulator, application.MODULE, **IMAGE, state="deployed")
    assert [line for line in lines if line.startswith("gate")] == [
        "gates: 7 passed, 4 skipped (server_health, domain_ssl, ssl_expiry, token_age)"
    ]
    assert not any("blocked" in text for text in preview.warnings)
    lines, _preview = lines_of(simulator, application.MODULE, verbose=True, **IMAGE, state="deployed")
    assert len([line for line in lines if line.startswith("gate ")]) == 11 and not any(line.startswith("gates:") for line in lines)


# --- risks and the way back


def test_a_rollback_point_leaves_the_variables(run, simulator):
    point = run("app", **IMAGE, state="deployed")["rollback_point"]
    changed = run("app", **DEPLOY, docker_registry_image_tag="new", state="deployed")
    text = "variables are not part of a rollback point"
    back = run("deploy", check=True, **DEPLOY, state="rolled_back", rollback_point=changed["rollback_point"])
    assert [risk["level"] for risk in back["execution_plan"]["risks"] if text in risk["description"]] == ["low"]
    assert not any(text in risk for risk in risks(run("deploy", check=True, **DEPLOY, state="rolled_back", rollback_to="good")))
    assert point["configuration"] is not None and running(simulator) == "nginx:new"


def test_a_risk_of_several_parts_is_told_once(run, simulator):
    main = run("db", **HERE, name="main", type="postgresql")["resource_id"]
    entries = [{**WEB, "name": name, "variables": {"DB": f"postgres://{main}:5432"}} for name in ("web", "worker")]
    found = risks(run("stack", check=True, **HERE, applications=entries, state="deployed", rollback_on_failure=False))
    assert [text for text in found if 'database "main"' in text] == [
        'application "web", application "worker": database "main", which it uses, has no backups; what a migration does to it cannot be taken back'
    ]
    assert len(found) == len(set(found)) and len([text for text in found if "rollback_on_failure is off" in text]) == 1


def test_a_way_back_is_promised_only_where_there_is_one(run, simulator):
    def promised(module: str, **options) -> bool:
        return run(module, check=True, **options)["impact_analysis"]["rollback_available"]

    def both(**options) -> tuple[bool, bool]:
        parts = {"applications": [{"name": "web", "docker_registry_image_tag": "new"}]}
        return (
            promised("app", **DEPLOY, docker_registry_image_tag="new", state="deployed", **options),
            promised("stack", **HERE, **parts, state="deployed", **options),
        )

    run("app", **IMAGE)
    assert both() == (False, False)
    # Its configuration can be put back, whatever was deployed
    assert promised("app", project="demo", name="web", description="new")
    run("app", **IMAGE, state="deployed")
    assert both() == (True, True)
    assert both(rollback_on_failure=False) == (False, False)
