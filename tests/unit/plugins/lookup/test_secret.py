# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup secret, in the process and in a real ansible-playbook."""

from __future__ import annotations

import pytest
import yaml
from ansible import constants
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.selfhosted.coolify.plugins.doc_fragments._connection import ModuleDocFragment
from ansible_collections.selfhosted.coolify.plugins.lookup.secret import DOCUMENTATION, LookupModule
from ansible_collections.selfhosted.coolify.plugins.module_utils._resources.secret import _resolved
from ansible_collections.selfhosted.coolify.tests.unit.controller import play

NAME = "selfhosted.coolify.secret"
SECRET = "looked-up-at-run-time"


@pytest.fixture
def look(run, simulator):
    image = {"type": "dockerimage", "docker_registry_image_name": "nginx"}
    run("app", project="demo", name="web", server="localhost", variables={"PLAIN": "p"}, secrets={"KEY": SECRET}, **image)
    run("db", project="demo", name="cache", type="redis", server="localhost", redis_password=SECRET)
    run("db", project="demo", name="main", type="postgresql", server="localhost", postgres_password=SECRET)
    simulator.clear_requests()

    def look(*terms: str, token: str = "sensitive", **options):
        # As Ansible's plugin loader does it
        known = {**yaml.safe_load(ModuleDocFragment.PLUGIN)["options"], **yaml.safe_load(DOCUMENTATION)["options"]}
        constants.config.initialize_plugin_configuration_definitions("lookup", NAME, known)
        plugin = LookupModule(templar=Templar(loader=DataLoader()))
        plugin._load_name = NAME
        variables = {"coolify_url": simulator.url, "coolify_token": simulator.tokens.get(token, token)}
        return plugin.run(list(terms), variables, **options)

    return look


@pytest.mark.parametrize("place", [{}, {"project": "demo"}, {"project": "demo", "environment": "production"}])
def test_variables_and_addresses(look, simulator, place):
    assert look("KEY", "PLAIN", application="web", **place) == [SECRET, "p"]
    internal, password = look("internal_url", "password", database="cache", **place)
    assert password == SECRET and internal.startswith("redis://") and SECRET in internal
    assert look("REDIS_PASSWORD", database="cache", **place) == [SECRET]
    assert look("password", database="main", **place) == [SECRET]
    assert not simulator.writes


def test_several_values_cost_one_read(look, simulator):
    uuid = next(iter(simulator.state()["applications"].values()))["uuid"]
    assert look("KEY", "PLAIN", "KEY", application=uuid) == [SECRET, "p", SECRET]
    assert [item.path for item in simulator.requests] == [f"/applications/{uuid}/envs"]


@pytest.mark.parametrize("token", ["read", "rwd", "member_read"])
def test_a_token_that_may_not_read_it_is_an_error(look, token):
    for terms, options in (("KEY", {"application": "web"}), ("internal_url", {"database": "cache"}), ("password", {"database": "main"})):
        with pytest.raises(AnsibleError, match=r"the token may not read the .*read:sensitive") as caught:
            look(terms, token=token, **options)
        assert SECRET not in str(caught.value)


def test_locked_variables_are_told_from_a_lack_of_rights(look, run):
    run("env", project="demo", application="web", secrets={"LOCKED": {"value": SECRET, "is_shown_once": True}})
    with pytest.raises(AnsibleError, match="LOCKED is locked"):
        look("LOCKED", application="web")


@pytest.mark.parametrize(
    ("terms", "options", "said"),
    [
        (["ABSENT"], {"application": "web"}, "has no variable ABSENT; existing: KEY, PLAIN"),
        (["external_url"], {"database": "cache"}, "has no external_url"),
        (["KEY"], {"application": "other"}, 'there is no application "other"; existing: web'),
        (["KEY"], {"service": "web", "project": "demo"}, 'there is no service "web"'),
        (["KEY"], {"application": "web", "environment": "production"}, "environment needs project"),
        (["KEY"], {}, "exactly one of"),
        (["KEY"], {"application": "web", "database": "cache"}, "exactly one of"),
        (["KEY"], {"application": ""}, "exactly one of"),
        ([], {"application": "web"}, "nothing to read"),
        (["KEY"], {"application": "web", "token": "9|wrong"}, "answered 401"),
    ],
)
def test_errors(look, terms, options, said):
    with pytest.raises(AnsibleError, match=said):
        look(*terms, **options)


def test_in_a_playbook_it_leaves_nothing_behind(look, simulator, tmp_path):
    shown = f"{{{{ lookup('{NAME}', 'KEY', application='web', project='demo') == '{SECRET[:6]}' ~ '{SECRET[6:]}' }}}}"
    tasks = [{"ansible.builtin.assert": {"that": shown[2:-2].strip()}, "no_log": True}]
    done = play(
        tasks,
        "-vvvv",
        simulator=simulator,
        folder=tmp_path,
        ANSIBLE_CACHE_PLUGIN="jsonfile",
        ANSIBLE_CACHE_PLUGIN_CONNECTION=str(tmp_path / "facts"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for secret in (SECRET, simulator.tokens["root"]):
        assert secret not in done.stdout + done.stderr
        assert not [path for path in tmp_path.rglob("*") if path.is_file() and secret in path.read_text()]


def test_what_a_shared_variable_stands_for():
    assert _resolved({"real_value": "'a b'", "is_literal": True}) == "a b"
    assert _resolved({"real_value": 'say \\"hi\\" \\\\ there'}) == 'say "hi" \\ there'
    assert _resolved({"real_value": '{"a": "\\""}'}) == '{"a": "\\""}'
