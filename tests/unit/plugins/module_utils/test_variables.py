# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.selfhosted.coolify.plugins.module_utils._errors import InputError
from ansible_collections.selfhosted.coolify.plugins.module_utils._plan import Plan
from ansible_collections.selfhosted.coolify.plugins.module_utils._resources import variables as env

APP = env.Target.application("a1", "web")
DB = env.Target.database("d1", "db")
SHARED = env.Target.of_scope("team", "team")


def row(key, value="v", preview=False, **extra):
    return {
        "uuid": f"u-{key}-{preview}",
        "key": key,
        "value": value,
        "is_preview": preview,
        "is_literal": False,
        "is_multiline": False,
        "is_shown_once": False,
        "is_runtime": True,
        "is_buildtime": True,
        "comment": None,
        **extra,
    }


def locked(key):
    hidden = row(key, is_shown_once=True)
    del hidden["value"]
    return hidden


def compare(rows, target=APP, purge=False, update_secrets="always", absent=False, **options):
    return env.compare(
        env.Rows(rows),
        env.declare(options, target, absent),
        target,
        purge=purge,
        update_secrets=update_secrets,
        absent=absent,
        preview=bool(options.get("is_preview")),
    )


def test_a_new_variable_is_sent_with_every_flag():
    changes = compare([], variables={"A": "1"})
    assert changes.items == [
        {
            "key": "A",
            "value": "1",
            "is_preview": False,
            "is_literal": False,
            "is_multiline": False,
            "is_shown_once": False,
            "is_runtime": True,
            "is_buildtime": True,
        }
    ]
    assert changes.before == {} and changes.after == {"A": {"value": "1"}}


def test_an_equal_variable_is_not_sent():
    assert not compare([row("A", "1"), row("A", "1", preview=True)], variables={"A": " 1 "})


@pytest.mark.parametrize("stored", ["", None])
def test_empty_and_null_are_the_same(stored):
    assert not compare([row("A", stored)], variables={"A": ""})


def test_flags_that_are_not_given_keep_what_the_server_has():
    changes = compare(
        [row("A", "1", is_literal=True, is_shown_once=False, is_multiline=True, is_buildtime=False, comment="why")], variables={"A": "2"}
    )
    (item,) = changes.items
    assert item["is_literal"] and item["is_multiline"] and not item["is_buildtime"] and item["comment"] == "why"


def test_module_level_flags_are_defaults_of_each_variable():
    changes = compare([], variables={"A": "1", "B": {"value": "2", "is_buildtime": True}}, is_buildtime=False)
    assert [item["is_buildtime"] for item in changes.items] == [False, True]


def test_a_flag_alone_can_differ():
    changes = compare([row("A", "1")], variables={"A": {"value": "1", "is_literal": True}})
    assert changes.before == {"A": {"is_literal": False}} and changes.after == {"A": {"is_literal": True}}


def test_secrets_are_never_shown():
    changes = compare([row("A", "old-secret")], secrets={"A": "new-secret", "B": "other-secret"})
    assert changes.before == {"A": {"value": "********"}}
    # B is new, so there is nothing that it could differ from
    assert changes.after == {"A": {"value": "differs"}, "B": {"value": "********"}}


def test_the_old_value_of_a_plain_variable_with_a_secret_name_is_not_shown():
    changes = compare([row("API_TOKEN", "was-a-secret")], variables={"API_TOKEN": "x"})
    assert changes.before == {"API_TOKEN": {"value": "********"}}


@pytest.mark.parametrize(
    ("key", "old"),
    [
        ("STRIPE", "sk_live_zzz111"),
        ("HUB", "ghp_abc"),
        ("CHAT", "xoxb-1-2"),
        ("AWS", "AKIAIOSFODNN7EXAMPLE"),
        ("SIGNER", "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----"),
        ("LICENCE", "kX9mQ2pL7vR4tB8w"),
        ("LICENCE", "supersecretpassword123"),
        ("HOOK", "https://hooks.example.com/services/T0AAAAAAA/abcdefgh12345678"),
        ("ARGUMENTS", "--password hunter2"),
        ("PGPASSWORD", "hunter2"),
    ],
)
def test_the_old_value_of_what_was_a_secret_is_not_shown(key, old):
    changes = compare([row(key, old)], variables={key: "newvalue"})
    assert changes.before == {key: {"value": "********"}} and changes.after == {key: {"value": "newvalue"}}


@pytest.mark.parametrize(
    "old",
    [
        "",
        "INFO",
        "sk-SK",
        "python-3.12-slim-bookworm",
        "ghcr.io/acme/shop:v1.2.3-rc1",
        "https://shop.example.com/media/2024",
        "/var/lib/shop2024/uploads",
        "ec2-3-120-5-1.eu-central-1.compute.amazonaws.com",
        "550e8400-e29b-41d4-a716-446655440000",
        "redis://li0oypvdxi4be8ro6n4f77yl:6379/0",
        "2024-05-01T10:00:00Z",
        "gunicorn shop.wsgi --workers 4 --bind 0.0.0.0:8000",
    ],
)
def test_the_old_value_of_what_cannot_well_be_a_secret_is_shown(old):
    assert compare([row("SETTING", old)], variables={"SETTING": "new"}).before == {"SETTING": {"value": old}}


def test_a_secret_that_is_declared_as_plain_later_is_nowhere_in_the_result(run):
    run("app", project="demo", name="web", server="localhost", type="dockerimage", docker_registry_image_name="nginx")
    run("env", project="demo", application="web", secrets={"STRIPE": "sk_live_zzz111", "CACHE": "redis://:hunter2hunter2@cache:6379"})
    for check in (True, False):
        result = run("env", check, project="demo", application="web", variables={"STRIPE": "newvalue", "CACHE": "redis://cache:6379"})
        assert result["changed"] and result["diff"]["after"]["variables"]["STRIPE"]["value"] == "newvalue"
        assert "sk_live_zzz111" not in str(result) and "hunter2hunter2" not in str(result)


def test_the_value_of_a_removed_variable_is_not_shown():
    changes = compare([row("OLD", "was-a-secret")], variables={}, purge=True)
    assert changes.before == {"OLD": {"value": "********"}} and [item["key"] for item in changes.deletes] == ["OLD"]


@pytest.mark.parametrize(("policy", "writes"), [("always", True), ("on_create", False)])
def test_what_cannot_be_read_is_not_called_equal(policy, writes):
    changes = compare([locked("A")], secrets={"A": "x"}, update_secrets=policy)
    assert bool(changes) is writes and changes.unreadable == ["A"]
    if writes:
        assert changes.items[0]["is_shown_once"] is True


def steps(rows, purge=False, absent=False, **options):
    """The actions and the medium risks of a plan."""
    plan = Plan()
    env.add_to(plan, None, lambda: APP, rows, env.declare(options, APP, absent), purge=purge, absent=absent)
    return [step.action for step in plan.steps], [risk.description for risk in plan.risks if risk.level == "medium"]


def test_a_step_says_which_variables_it_writes_and_deletes():
    assert steps([], variables={"WORKERS": "4"})[0] == ['write 1 variable (WORKERS) of application "web"']
    old = [row(key) for key in "HGFEDCBA"]
    assert steps(old, absent=True, variables=dict.fromkeys("BA"))[0] == ['delete 2 variables (A, B) of application "web"']
    actions, risks = steps(old, purge=True, variables={"Z": "1", "Y": "2"})
    assert actions == ['write 2 variables (Y, Z) and delete 8 variables (A, B, C, D, E and 3 more) of application "web"']
    assert risks == ['the values of 8 variables (A, B, C, D, E and 3 more) of application "web" are gone with them; Coolify keeps no copy']


def test_purge_spares_what_coolify_generates_and_the_other_kind():
    rows = [
        row("OLD"),
        row("OLD", preview=True),
        row("SERVICE_FQDN_WEB", is_coolify=True),
        row("NIXPACKS_NODE_VERSION", is_buildpack_control=True),
        row("KEEP", "1"),
        row("KEEP", "1", preview=True),
    ]
    changes = compare(rows, variables={"KEEP": "1"}, purge=True)
    assert [(item["key"], item["is_preview"]) for item in changes.deletes] == [("OLD", False)]
    changes = compare(rows, variables={"KEEP": "1"}, purge=True, is_preview=True)
    assert [(item["key"], item["is_preview"]) for item in changes.deletes] == [("OLD", True)]


def test_purge_spares_the_predefined_variables_of_a_server():
    rows = [row("COOLIFY_SERVER_UUID", id=1), row("COOLIFY_SERVER_NAME", id=2), row("OLD", id=3)]
    assert [item["key"] for item in compare(rows, SHARED, variables={}, purge=True).deletes] == ["OLD"]


def test_a_new_locked_variable_locks_its_preview_twin():
    changes = compare([], secrets={"A": {"value": "x", "is_shown_once": True}})
    assert [(item["is_preview"], item["is_shown_once"]) for item in changes.items] == [(False, True), (True, True)]


def test_previews_are_rows_of_their_own():
    rows = [row("A", "production"), row("A", "preview", preview=True)]
    assert not compare(rows, variables={"A": "preview"}, is_preview=True)
    (item,) = compare(rows, variables={"A": "new"}, is_preview=True).items
    assert item["is_preview"] is True


def test_absent_removes_the_declared_keys_whatever_their_values():
    changes = compare([row("A"), row("B"), row("C")], variables={"A": None, "X": None}, secrets={"B": "x"}, absent=True)
    assert [item["key"] for item in changes.deletes] == ["A", "B"] and not changes.items


def test_the_first_of_two_rows_counts_and_the_other_is_reported():
    rows = env.Rows([row("A", "1"), {**row("A", "2"), "uuid": "second"}])
    assert rows.by_key[("A", False)]["value"] == "1" and rows.duplicates == ["A"]


def test_databases_know_no_previews_and_shared_variables_fewer_flags():
    assert set(compare([], DB, variables={"A": "1"}).items[0]) == {"key", "value", *env.FLAGS}
    assert set(compare([], SHARED, variables={"A": "1"}).items[0]) == {"key", "value", "is_literal", "is_multiline", "is_shown_once"}


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"variables": {"A": True}}, "variables.A: the value is a boolean"),
        ({"variables": {"A": 1.5}}, "variables.A: the value is a float"),
        ({"secrets": {"A": None}}, "secrets.A: the value is null"),
        ({"variables": {"A": ["x"]}}, "variables.A: the value is a list"),
        ({"variables": {"1A": "x"}}, "does not start with a digit"),
        ({"variables": {"A B": "x"}}, "A B"),
        ({"variables": {"A": {"is_literal": True}}}, "value is missing"),
        ({"variables": {"A": {"value": "x", "is_secret": True}}}, "is_secret is no attribute"),
        ({"variables": {"A": {"value": "x", "is_literal": "yes"}}}, "is_literal must be true or false"),
        ({"variables": {"A": "x"}, "secrets": {"A": "y"}}, "A is in both"),
        ({"variables": {"A": {"value": "x", "comment": "c" * 257}}}, "256"),
    ],
)
def test_bad_declarations_are_refused(options, complaint):
    with pytest.raises(InputError, match=complaint):
        env.declare(options, APP)


def test_every_bad_declaration_is_named():
    with pytest.raises(InputError) as error:
        env.declare({"variables": {"A": True, "B": None}}, APP)
    assert "A:" in str(error.value) and "B:" in str(error.value)


@pytest.mark.parametrize(
    ("target", "options", "complaint"),
    [
        (DB, {"variables": {"A": "1"}, "is_preview": True}, "is_preview does not exist for variables of a database"),
        (SHARED, {"variables": {"A": "1"}, "is_buildtime": True}, "is_buildtime does not exist"),
        (SHARED, {"variables": {"A": ""}}, "empty shared variable"),
    ],
)
def test_what_a_kind_of_target_does_not_have_is_refused(target, options, complaint):
    with pytest.raises(InputError, match=complaint):
        env.declare(options, target)


def test_integers_become_text():
    assert env.declare({"variables": {"A": 5}}, APP)[0].value == "5"


@pytest.mark.parametrize(
    ("key", "secret"),
    [("API_TOKEN", True), ("DB_PASSWORD", True), ("SECRET_KEY", True), ("MONKEY", False), ("KEYBOARD", False), ("DEBUG", False)],
)
def test_which_names_look_like_secrets(key, secret):
    assert env.looks_secret(key) is secret


def test_short_secrets_are_named():
    assert env.weak_secrets(env.declare({"secrets": {"A": "1", "B": "long enough"}, "variables": {"C": "1"}}, APP)) == ["A"]
