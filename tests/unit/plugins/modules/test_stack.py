# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several resources in one transaction: references, order, one way back, and what it costs."""

from __future__ import annotations

import json

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.selfhosted.coolify.plugins.module_utils import _runner
from ansible_collections.selfhosted.coolify.plugins.module_utils._resources import stack
from ansible_collections.selfhosted.coolify.tests.unit.deploying import changed_since, held

APP = {"type": "dockerimage", "docker_registry_image_name": "nginx", "docker_registry_image_tag": "good", "ports_exposes": 80}
STACK = {"project": "demo", "server": "localhost"}
REFERENCES = {
    "URL": {"database": "main"},
    "DJANGO": {"database": "main", "value": "postgresql://{userinfo}@{host}:{port}/{database}", "is_literal": True},
    "DB_USER": {"database": "main", "value": "{username}"},
    "DB_PASSWORD": {"database": "main", "value": "{password}"},
    "BROKER": {"database": "cache", "value": "redis://{userinfo}@{host}:{port}/1"},
}
DATABASES = [{"name": "main", "type": "postgresql"}, {"name": "cache", "type": "redis"}]


def app(name: str, **options):
    return {"name": name, **APP, **options}


def values(simulator, name: str) -> dict[str, str]:
    state = simulator.state()
    owner = next(row["id"] for row in state["applications"].values() if row["name"] == name)
    return {
        row["key"]: row["value"]
        for row in state["variables"].values()
        if (row["owner_table"], row["owner_id"], row["is_preview"]) == ("applications", owner, False)
    }


@pytest.mark.parametrize("known", [False, True])
def test_references_reach_the_variables_and_nobody_sees_them(run, simulator, known):
    if known:
        run("stack", **STACK, databases=DATABASES)
    result = run("stack", **STACK, databases=DATABASES, applications=[app("web", variables={**REFERENCES, "PLAIN": "seen"})])
    assert not result.get("failed"), result["msg"]
    main = next(iter(simulator.state()["postgresql"].values()))
    cache = next(iter(simulator.state()["redis"].values()))
    stored = values(simulator, "web")
    password = main["postgres_password"]
    assert stored["DB_PASSWORD"] == password and stored["DB_USER"] == main["postgres_user"]
    assert stored["DJANGO"] == f"postgresql://{main['postgres_user']}:{password}@{main['uuid']}:5432/{main['postgres_db']}"
    assert stored["URL"].startswith("postgres://") and password in stored["URL"]
    assert stored["BROKER"].endswith(f"@{cache['uuid']}:6379/1")
    told = json.dumps(result)
    assert "seen" in told and password not in told
    again = run("stack", **STACK, databases=DATABASES, applications=[app("web", variables={**REFERENCES, "PLAIN": "seen"})])
    assert not again["changed"] and password not in json.dumps(again)


def test_the_order_is_gates_points_databases_configuration_deployments(run):
    result = run(
        "stack",
        check=True,
        **STACK,
        state="deployed",
        databases=DATABASES,
        applications=[app("worker", depends_on=["web"], variables={"A": "1"}), app("web", variables={"URL": {"database": "main"}})],
    )
    actions = [step["action"] for step in result["execution_plan"]["steps"]]
    assert actions == [
        "check the gates",
        'take the rollback point of application "web"',
        'take the rollback point of application "worker"',
        'create database "main" of type postgresql in demo/production',
        'start database "main"',
        'create database "cache" of type redis in demo/production',
        'start database "cache"',
        'create application "web" of type dockerimage in demo/production',
        'write 1 variable (URL) of application "web"',
        'create application "worker" of type dockerimage in demo/production',
        'write 1 variable (A) of application "worker"',
        'trigger the deployment of application "web"',
        'wait for the deployment of application "web"',
        'verify what runs of application "web"',
        'trigger the deployment of application "worker"',
        'wait for the deployment of application "worker"',
        'verify what runs of application "worker"',
    ]
    assert {gate["resource"] for gate in result["gates"]} == {'application "web"', 'application "worker"'}
    assert result["diff"]["after"]["applications"]["web"]["variables"]["URL"]["value"] == "********"
    assert [item["name"] for item in result["stack"]["applications"]] == ["web", "worker"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"applications": [app("a", depends_on=["b"]), app("b", depends_on=["a"])]}, "circle: a, b"),
        ({"applications": [app("a", depends_on=["nobody"])]}, "depends_on names nobody"),
        ({"applications": [app("a"), app("a")]}, "a: each name"),
        ({"applications": [app("")]}, "it is empty"),
        ({"applications": [app("a", variables={"A": {"database": "main"}})]}, "databases has none"),
        (
            {"databases": DATABASES, "applications": [app("a", variables={"A": {"database": "main", "value": "{secret}"}})]},
            "{secret} is nothing that is known of a database",
        ),
        ({"applications": [app("a", domains=["ftp://x"])]}, 'application "a": domains'),
        ({"applications": [app("a", variables={"A": {"database": "main", "wrong": 1}})], "databases": DATABASES}, "wrong is no attribute"),
        ({"applications": [{"name": "a"}]}, 'there is no application "a"'),
    ],
)
def test_bad_input_is_refused_before_anything_is_written(run, simulator, options, says):
    simulator.clear_requests()
    result = run("stack", **STACK, **options)
    assert result["code"] in (606, 609) and says in result["msg"], result["msg"]
    assert simulator.writes == []


def test_a_reference_needs_a_token_that_may_read_it(run, simulator):
    run("stack", **STACK, databases=DATABASES)
    simulator.clear_requests()
    result = run("stack", token="rwd", **STACK, databases=DATABASES, applications=[app("web", variables={"URL": {"database": "main"}})])
    assert result["code"] == 606 and "may not read its address" in result["msg"] and "read:sensitive" in result["troubleshooting"]
    assert simulator.writes == []


def test_what_fails_in_one_lane_is_undone_in_all(run, simulator):
    run("app", **STACK, **app("old", variables={"A": "1"}))
    before = held(simulator)
    simulator.fault("status", method="POST", path="/applications/dockerimage", status=500, times=9)
    result = run(
        "stack",
        **STACK,
        databases=DATABASES,
        applications=[app("old", docker_registry_image_tag="2", variables={"A": "2"}), app("new")],
    )
    assert (result["code"], result["status"]) == (602, "rolled_back"), result["msg"]
    assert changed_since(before, simulator) == []
    assert result["incident"]["related_resources"][0]["name"] == "new"


@pytest.mark.parametrize("broken", ["web", "worker"])
def test_a_deployment_that_fails_brings_all_of_them_back(run, simulator, broken):
    applications = [app("web", variables={"A": "1"}), app("worker", depends_on=["web"], variables={"A": "1"})]
    made = run("stack", **STACK, state="deployed", databases=DATABASES, applications=applications)
    assert not made.get("failed"), made["msg"]
    before = held(simulator)
    simulator.coolify.switches.outcomes[f"{broken}@bad"] = {"deployment": "failed"}
    changed = [{**entry, "docker_registry_image_tag": "fine", "variables": {"A": "2"}} for entry in applications]
    next(entry for entry in changed if entry["name"] == broken)["docker_registry_image_tag"] = "bad"
    result = run("stack", **STACK, state="deployed", databases=[*DATABASES, {"name": "more", "type": "mysql"}], applications=changed)
    assert (result["code"], result["status"]) == (602, "rolled_back"), result["msg"]
    assert changed_since(before, simulator) == []
    assert result["incident"]["related_resources"] == [
        {"type": "application", "id": result["stack"]["applications"][broken == "worker"]["uuid"], "name": broken}
    ]
    assert [item["docker_registry_image_tag"] for item in result["stack"]["applications"]] == ["good", "good"]


def test_a_gate_of_one_blocks_all(run, simulator):
    simulator.clear_requests()
    result = run("stack", **STACK, state="deployed", applications=[app("web"), app("worker", required_env=["MISSING"])])
    assert (result["code"], result["status"], result["changed"]) == (601, "blocked", False)
    assert 'env of application "worker"' in result["msg"] and simulator.writes == []


def test_a_destructive_step_of_a_database_needs_the_word_too(run, simulator):
    run("stack", **STACK, databases=[{"name": "main", "type": "postgresql", "backups": [{"frequency": "daily"}]}])
    simulator.clear_requests()
    without = {"databases": [{"name": "main", "type": "postgresql", "backups": []}]}
    for options in (without, {**without, "state": "deployed", "applications": [app("web")]}):
        result = run("stack", **STACK, **options)
        assert (result["code"], result["status"]) == (601, "blocked") and "backup schedule" in result["msg"]
    assert simulator.writes == []


@pytest.mark.parametrize(("state", "each"), [("present", 2), ("deployed", 3)])
def test_twenty_unchanged_applications_cost_a_bounded_number_of_requests(run, simulator, state, each):
    options = {**STACK, "state": state, "applications": [app(f"web-{number}", variables={"A": "1"}) for number in range(20)]}
    made = run("stack", **options)
    assert not made.get("failed"), made["msg"]
    simulator.clear_requests()
    again = run("stack", **options)
    assert not again["changed"] and simulator.writes == []
    assert len(simulator.requests) <= each * 20 + 5


def test_servers_that_nobody_needs_may_be_unreadable(run, simulator):
    """They are read beside the project, in case that something has to be created."""
    run("stack", **STACK, applications=[app("web")])
    simulator.fault("status", method="GET", path="/servers", status=500, times=9)
    again = run("stack", **STACK, applications=[app("web")])
    assert not again.get("failed") and not again["changed"], again["msg"]
    more = run("stack", **STACK, applications=[app("web"), app("new")])
    assert more["code"] == 500 and "GET /servers" in more["msg"]


def test_one_changed_variable_is_one_write(run, simulator):
    entries = [app(f"web-{number}", variables={"A": "1", "B": "2"}) for number in range(5)]
    run("stack", **STACK, applications=entries)
    entries[3]["variables"]["A"] = "2"
    simulator.clear_requests()
    result = run("stack", **STACK, applications=entries)
    assert result["changed"] and len(simulator.writes) == 1


def test_a_registered_point_of_a_part_brings_it_back(run, simulator):
    run("stack", **STACK, state="deployed", applications=[app("web")])
    result = run("stack", **STACK, state="deployed", applications=[app("web", docker_registry_image_tag="fine")])
    point = result["rollback_point"]["applications"]["web"]
    back = run("app", project="demo", name="web", state="rolled_back", rollback_point=point)
    assert not back.get("failed"), back["msg"]
    assert next(iter(simulator.state()["applications"].values()))["docker_registry_image_tag"] == "good"


@pytest.mark.parametrize("type_", ["postgresql", "redis", "keydb", "dragonfly", "mongodb"])
@pytest.mark.parametrize("part", ["host", "port", "username", "database", "password"])
def test_a_reference_masks_its_secret_and_nothing_else(run, simulator, type_, part):
    options = {
        "databases": [{"name": "d", "type": type_}],
        "applications": [app("web", variables={"V": {"database": "d", "value": f"{{{part}}}"}})],
    }
    result = run("stack", **STACK, **options)
    assert not result.get("failed"), result["msg"]
    row = next(iter(simulator.state()[type_].values()))
    assert result["status"] == "success" and result["stack"]["databases"][0]["uuid"] == row["uuid"]
    if part == "password":
        assert values(simulator, "web")["V"] not in json.dumps(result)
    again = run("stack", **STACK, **options)
    assert not again["changed"] and again["status"] == "success" and "secrets.V" not in json.dumps(again.get("warnings", [])), again


def test_what_was_learned_is_not_shown_on_the_terminal(simulator, waiting):
    lines: list[str] = []
    options = {
        **STACK,
        "state": "deployed",
        "databases": [{"name": "main", "type": "postgresql"}],
        "applications": [app("web", variables={"DB_PASSWORD": {"database": "main", "value": "{password}"}})],
    }
    definition = stack.MODULE
    checked = ArgumentSpecValidator(_runner.argument_spec(definition)).validate(
        {"url": simulator.url, "token": simulator.tokens["root"], **options}
    )
    simulator.coolify.switches.outcomes["web"] = {"log": ["ENV DB_PASSWORD=PASSWORD"]}
    real = simulator.coolify.insert

    def insert(table, **columns):
        # The build log of the simulator tells the database's password
        row = real(table, **columns)
        if table == "postgresql":
            simulator.coolify.switches.outcomes["web"] = {"log": [f"ENV DB_PASSWORD={row['postgres_password']}"]}
        return row

    simulator.coolify.insert = insert
    try:
        run = _runner.execute(definition, checked.validated_parameters, check_mode=False, show=lines.append, verbose=True)
    finally:
        del simulator.coolify.insert
    assert run.result["status"] == "success", run.result
    password = next(iter(simulator.state()["postgresql"].values()))["postgres_password"]
    assert any("DB_PASSWORD=" in line for line in lines) and not any(password in line for line in lines)


def test_a_password_that_changes_reaches_the_application_in_the_same_run(run, simulator):
    first = {"databases": [{"name": "d", "type": "postgresql"}], "applications": [app("web", variables={"U": {"database": "d"}})]}
    run("stack", **STACK, **first)
    second = {**first, "databases": [{"name": "d", "type": "postgresql", "postgres_password": "another-one", "allow_password_drift": True}]}
    result = run("stack", **STACK, **second)
    assert not result.get("failed") and "another-one" in values(simulator, "web")["U"]
    assert not run("stack", **STACK, **second)["changed"]


@pytest.mark.parametrize("check", [True, False])
def test_a_new_databases_address_has_to_be_readable_too(run, simulator, check):
    simulator.clear_requests()
    result = run(
        "stack", check, token="rwd", **STACK, databases=DATABASES, applications=[app("web", variables={"U": {"database": "main"}})]
    )
    assert result["code"] == 606 and "read:sensitive" in result["troubleshooting"] and simulator.writes == []


def test_a_domain_moves_from_one_to_the_other(run, simulator):
    domain = ["https://shop.example.com"]
    run("stack", **STACK, applications=[app("a"), app("b", domains=domain)])
    uuid = next(row["uuid"] for row in simulator.state()["applications"].values() if row["name"] == "b")
    simulator.fault("slow", method="PATCH", path=f"/applications/{uuid}", seconds=0.3)
    result = run("stack", **STACK, applications=[app("a", domains=domain), app("b", domains=[])])
    assert not result.get("failed"), result["msg"]
    actions = [step["action"] for step in result["execution_plan"]["steps"]]
    assert actions == ['set domains of application "b"', 'set domains of application "a"']


def test_what_cannot_be_undone_comes_last(run, simulator):
    backup = {"name": "main", "type": "postgresql", "backups": [{"frequency": "daily"}]}
    run("stack", **STACK, state="deployed", databases=[backup], applications=[app("web")])
    simulator.coolify.switches.outcomes["web@bad"] = {"deployment": "failed"}
    before = held(simulator)
    result = run(
        "stack",
        **STACK,
        state="deployed",
        confirm_destructive=True,
        databases=[{**backup, "backups": []}],
        applications=[app("web", docker_registry_image_tag="bad")],
    )
    assert result["code"] == 602 and changed_since(before, simulator) == []


def test_a_bug_in_one_lane_undoes_the_others(run, simulator):
    before = held(simulator)
    simulator.fault("status", method="POST", path="/databases/redis", status=201, body='{"message": "ok"}')
    result = run("stack", **STACK, databases=DATABASES)
    assert result["code"] in (602, 603) and result["changed"], result["msg"]
    assert changed_since(before, simulator) == []


def test_an_open_creation_counts_more_than_a_refused_one(run, simulator):
    simulator.fault("status", method="POST", path="/databases/mysql", status=422)
    simulator.fault("slow", method="POST", path="/databases/redis", seconds=3, times=1)
    result = run("stack", timeout=1, **STACK, databases=[{"name": "r", "type": "redis"}, {"name": "m", "type": "mysql"}])
    assert result["code"] == 612 and result["changed"], result["msg"]
    assert any("422" in text for text in result["details"]["also_failed"])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"applications": [app("web"), app("<b>web</b>")]}, "each name can be there once"),
        ({"applications": [app("a", variables={"A": {"database": "main"}}, secrets={"A": "mine"})], "databases": DATABASES}, "in both"),
        ({"applications": [app("a", variables={"A": {"database": ["main"]}})], "databases": DATABASES}, "has to be a text"),
        ({"applications": [app("a", variables={"A": {"database": "main", "value": True}})], "databases": DATABASES}, "has to be a text"),
        ({"applications": [], "project": "nobody"}, 'no project "nobody"'),
    ],
)
def test_more_bad_input(run, simulator, options, says):
    simulator.clear_requests()
    result = run("stack", **{**STACK, **options})
    assert result["code"] in (606, 609) and says in result["msg"], result["msg"]
    assert simulator.writes == []


def test_one_application_by_name_and_by_uuid(run, simulator):
    run("app", **STACK, **app("web"))
    uuid = next(iter(simulator.state()["applications"].values()))["uuid"]
    result = run("stack", **STACK, applications=[app("web"), app(uuid)])
    assert result["code"] == 606 and "are the same" in result["msg"]


def test_a_shells_variable_is_no_reference(run, simulator):
    run("stack", **STACK, databases=DATABASES, applications=[app("web", variables={"A": {"database": "main", "value": "${HOME} {port}"}})])
    assert values(simulator, "web")["A"] == "${HOME} 5432"


def test_a_schedule_of_the_same_plan_is_a_backup(run, simulator):
    run("stack", **STACK, databases=DATABASES)
    for backups, risky in (([], True), ([{"frequency": "daily"}], False)):
        result = run(
            "stack",
            check=True,
            **STACK,
            state="deployed",
            databases=[{"name": "main", "type": "postgresql", "backups": backups}],
            applications=[app("web", variables={"U": {"database": "main"}})],
        )
        assert any("no backups" in risk["description"] for risk in result["execution_plan"]["risks"]) is risky


def test_how_long_each_deployment_took(run, simulator):
    simulator.coolify.switches.outcomes["a"] = {"seconds": 100}
    result = run("stack", **STACK, state="deployed", applications=[app("a"), app("b")])
    took = {name: details["metrics"]["deploy_time_seconds"] for name, details in result["details"]["applications"].items()}
    assert took["a"] >= 100 > took["b"]


def test_flags_of_all_variables_are_said_once(run, simulator):
    applications = [app("web", variables={"A": "$x", "B": {"value": "1", "is_buildtime": True}}, secrets={"C": "secret-value"})]
    options = {**STACK, "databases": DATABASES, "applications": applications, "variables": {"D": {"database": "main"}}}
    flags = {"is_buildtime": False, "is_literal": True}
    assert run("stack", **options, **flags)["changed"]
    stored = {
        row["key"]: row for row in simulator.state()["variables"].values() if not row["is_preview"] and row["owner_table"] == "applications"
    }
    assert {key: (row["is_buildtime"], row["is_literal"]) for key, row in stored.items()} == {
        "A": (False, True),
        "B": (True, True),
        "C": (False, True),
        "D": (False, True),
    }
    assert not run("stack", **options, **flags)["changed"]
