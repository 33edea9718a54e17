# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever the options are, and whatever the server answers: the envelope, and never a traceback.

Quick by default; COOLIFY_FUZZ=20 makes twenty times as many examples.
"""

from __future__ import annotations

import copy
import importlib
import json
import os
import socket
import typing as t
from pathlib import Path

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ansible_collections.selfhosted.coolify.plugins.module_utils import _client, _http, _plan, _runner
from ansible_collections.selfhosted.coolify.plugins.module_utils._errors import CODES
from ansible_collections.selfhosted.coolify.tests.unit.plugins.modules.test_laws import IMAGE, OWN
from ansible_collections.selfhosted.coolify.tests.unit.plugins.modules.test_laws_extras import FILE, HERE, S3, TASK, VOLUME

ROOT = Path(__file__).parents[4]
MORE = int(os.environ.get("COOLIFY_FUZZ", "1"))
DEFINITIONS = {
    path.stem: importlib.import_module(f"ansible_collections.selfhosted.coolify.plugins.action.{path.stem}").ActionModule.definition
    for path in sorted(ROOT.glob("plugins/action/coolify_*.py"))
}
ALWAYS = ("status", "mode", "resource_id", "details", "metrics", "execution_plan", "changed", "diff")
FAILED = ("msg", "error", "code", "troubleshooting", "incident")
WORLD = (
    ("coolify_project", {"name": "shop", "environments": ["production", "staging"]}),
    ("coolify_app", {**IMAGE, "name": "web", "variables": {"A": "1"}, "secrets": {"TOKEN": "a-long-secret"}, "state": "deployed"}),
    ("coolify_db", {"project": "shop", "server": "localhost", "type": "postgresql", "name": "main", "backups": [{"frequency": "daily"}]}),
    (f"coolify_{OWN[0]}", OWN[1]),
    ("coolify_storage", VOLUME),
    ("coolify_storage", FILE),
    ("coolify_task", TASK),
    ("coolify_s3_storage", S3),
)
NAMES: dict[str, list[str]] = {
    "project": ["shop"],
    "to_project": ["shop"],
    "environment": ["production", "staging"],
    "to_environment": ["production", "staging"],
    "application": ["web"],
    "target": ["web", "main"],
    "database": ["main"],
    "service": ["stack"],
    "resource": ["web", "db"],
    "server": ["localhost"],
    "name": ["web", "main", "stack", "shop", "clean", "backups"],
    "mount_path": ["/data", "/etc/app.conf"],
    "frequency": ["daily", "0 3 * * *"],
}
ODD = [
    "",
    " ",
    "x",
    "é",
    "ß" * 300,
    "../..",
    "a b",
    "<b>",
    "{{ x }}",
    "0",
    "-1",
    "null",
    "\x00",
    "'\"`$(id)",
    "https://a.example.com",
    "1.27",
    "x:y:z",
]
NUMBERS = st.one_of(st.sampled_from([-1, 0, 1, 80, 1024, 65535, 65536, 2**31]), st.integers())


# --- options ----------------------------------------------------------------------------------------------------------------------------


def values(name: str, spec: t.Mapping[str, t.Any]) -> st.SearchStrategy:
    """What somebody may write for an option; mostly something that gets far."""
    kind = spec.get("type", "str")
    if spec.get("choices") and kind != "list":
        return st.sampled_from(spec["choices"])
    if kind == "list":
        elements = {**spec, "type": spec.get("elements", "str")}
        return st.lists(values(name, elements), max_size=3)
    if kind == "dict":
        if spec.get("options"):
            return options_of(spec["options"])
        inner = st.one_of(
            st.sampled_from(ODD), NUMBERS, st.booleans(), st.none(), st.dictionaries(st.sampled_from(["value", "x"]), st.text(max_size=3))
        )
        return st.dictionaries(st.one_of(st.sampled_from(["A", "TOKEN", "1X", ""]), st.text(max_size=3)), inner, max_size=3)
    if kind == "bool":
        return st.booleans()
    if kind == "int":
        return NUMBERS
    if kind == "float":
        return st.floats(allow_nan=False, allow_infinity=False)
    if kind == "path":
        return st.just("/nonexistent")
    text = st.one_of(st.sampled_from(ODD), st.text(max_size=20))
    return st.one_of(st.sampled_from(NAMES[name]), st.sampled_from(NAMES[name]), text) if name in NAMES else text


def options_of(specs: t.Mapping[str, t.Mapping[str, t.Any]]) -> st.SearchStrategy:
    """Some of the options; those that are required always."""
    needed = {name: values(name, spec) for name, spec in specs.items() if spec.get("required")}
    others = {name: values(name, spec) for name, spec in specs.items() if name not in needed}
    some = st.lists(st.sampled_from(sorted(others)), max_size=6, unique=True) if others else st.just([])
    chosen = some.flatmap(lambda names: st.fixed_dictionaries({name: others[name] for name in names}))
    return st.tuples(st.fixed_dictionaries(needed), chosen).map(lambda parts: {**parts[0], **parts[1]})


def arguments(name: str) -> st.SearchStrategy:
    """Options of a module, with what it takes to mean something more often than not."""
    definition = DEFINITIONS[name]
    handles = [option for option in ("project", "application", "name", "mount_path") if option in definition.spec]
    meant = st.fixed_dictionaries({option: st.sampled_from(NAMES[option]) for option in handles})
    return st.tuples(st.one_of(meant, st.just({})), options_of(definition.spec)).map(lambda parts: {**parts[0], **parts[1]})


@pytest.fixture
def world(simulator, run, monkeypatch):
    """A Coolify with one of each. ``world()`` puts it back to that; nothing but loopback can be reached."""
    real = socket.getaddrinfo

    def only_loopback(host, *args, **more):
        if host in ("127.0.0.1", "localhost"):
            return real(host, *args, **more)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", only_loopback)
    for name, options in WORLD:
        made = run(name[len("coolify_") :], **options)
        assert not made.get("failed"), made["msg"]
    tables = copy.deepcopy(simulator.coolify.tables)

    def again() -> None:
        with simulator.lock:
            simulator.coolify.tables = copy.deepcopy(tables)
            simulator.coolify._jobs.clear()
            simulator.requests.clear()

    return again


def execute(simulator, name: str, args: t.Mapping[str, t.Any], check: bool) -> dict[str, t.Any] | None:
    """The module's result; None for options that Ansible itself refuses."""
    definition = DEFINITIONS[name]
    whole = {"url": simulator.url, "token": simulator.tokens["root"], **args}
    validation = ArgumentSpecValidator(_runner.argument_spec(definition), **definition.constraints).validate(whole)
    if validation.error_messages:
        return None
    return _runner.execute(definition, validation.validated_parameters, check_mode=check).result


def is_an_envelope(result: dict[str, t.Any], definition) -> None:
    json.dumps(result)
    missing = [key for key in ALWAYS if key not in result]
    assert not missing, missing
    assert "exception" not in result, result["exception"]
    if result.get("failed"):
        assert not [key for key in FAILED if key not in result]
        assert result["code"] in (*range(400, 600), *CODES) and result["code"] != 600, result["msg"]
        assert result["msg"] == result["error"] and result["troubleshooting"]
    if definition.returns:
        assert definition.returns in result


def often(count: int) -> t.Callable:
    return settings(
        max_examples=count * MORE,
        deadline=None,
        phases=(Phase.generate,) if MORE == 1 else tuple(Phase),
        derandomize=MORE == 1,
        database=None,
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.too_slow,
            HealthCheck.filter_too_much,
            HealthCheck.data_too_large,
        ],
    )


@pytest.mark.parametrize("name", DEFINITIONS)
def test_any_options(name, world, simulator):
    @given(args=arguments(name), check=st.booleans())
    @often(12)
    def holds(args, check):
        world()
        result = execute(simulator, name, args, check)
        if result is not None:
            is_an_envelope(result, DEFINITIONS[name])
        assert simulator.bugs == []

    holds()


# --- answers ----------------------------------------------------------------------------------------------------------------------------

CALLS: dict[str, tuple[dict[str, t.Any], ...]] = {
    "coolify_app": (
        {**IMAGE, "name": "web", "docker_registry_image_tag": "1.28", "variables": {"A": "2"}, "tags": ["x1"]},
        {**IMAGE, "name": "new"},
    ),
    "coolify_db": ({"project": "shop", "name": "main", "limits_memory": "1G", "backups": [{"frequency": "weekly"}]},),
    "coolify_deploy": ({"project": "shop", "name": "web", "deploy": "always"},),
    "coolify_diagnose": ({"project": "shop", "target": "web"},),
    "coolify_env": ({**HERE, "variables": {"A": "2", "B": "3"}, "purge": True},),
    "coolify_info": (
        {"gather": ["projects", "applications", "databases", "storages", "scheduled_tasks", "deployments"], "project": "shop"},
    ),
    "coolify_logs": ({"project": "shop", "target": "web", "type": "deployment"},),
    "coolify_project": ({"name": "shop", "description": "x"}, {"name": "other"}),
    "coolify_doctor": ({},),
    "coolify_report": ({},),
    "coolify_resource": ({**HERE, "state": "cloned", "name": "web2", "to_environment": "staging"},),
    "coolify_s3_storage": ({**S3, "bucket": "other"}, {**S3, "name": "second"}),
    "coolify_service": ({**OWN[1], "description": "x", "variables": {"EXTRA": "2"}},),
    "coolify_stack": (
        {
            "project": "shop",
            "applications": [{"name": "web", "limits_memory": "1G"}],
            "databases": [{"name": "main", "type": "postgresql"}],
        },
    ),
    "coolify_storage": ({**FILE, "content": "another"}, {**VOLUME, "mount_path": "/new"}),
    "coolify_task": ({**TASK, "frequency": "daily", "state": "executed"}, {**TASK, "name": "new"}),
}
WRONG = st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.text(max_size=3), st.sampled_from([[], {}, [1], {"a": None}, [None]]))


@st.composite
def spoilt(draw, data: t.Any) -> t.Any:
    """JSON of which one part is something else, or is missing."""
    if isinstance(data, dict) and data and draw(st.integers(0, 5)):
        key = draw(st.sampled_from(sorted(data)))
        if draw(st.booleans()):
            return {name: value for name, value in data.items() if name != key}
        return {**data, key: draw(spoilt(data[key]))}
    if isinstance(data, list) and data and draw(st.integers(0, 5)):
        number = draw(st.integers(0, min(len(data), 5) - 1))
        return [*data[:number], draw(spoilt(data[number])), *data[number + 1 :]]
    return draw(WRONG)


STATUSES = st.sampled_from([200, 200, 200, 200, 201, 204, 301, 400, 401, 403, 404, 405, 409, 418, 422, 429, 500, 502, 503])
BODIES = st.sampled_from(
    ["", "null", "[", "<html><title>Sign in</title></html>", '"text"', "1", "{}", "[]", '{"message": 5, "errors": [[1]]}']
)


def other_answer(data: st.DataObject, answer: _http.Answer) -> _http.Answer:
    if data.draw(st.integers(0, 4)) == 0:
        return _http.Answer(data.draw(STATUSES), answer.headers, data.draw(BODIES))
    try:
        body = answer.data
    except ValueError:
        return _http.Answer(answer.status, answer.headers, data.draw(BODIES))
    return _http.Answer(answer.status, answer.headers, json.dumps(data.draw(spoilt(json.loads(json.dumps(body))))))


@pytest.mark.parametrize(("name", "options"), [(name, options) for name, calls in CALLS.items() for options in calls])
def test_any_answers(name, options, world, simulator, monkeypatch):
    """One of the answers is not what it should be, each in turn."""
    real = _http.Http.send
    state: dict[str, t.Any] = {}

    def send(self, *args, **more):
        answer = real(self, *args, **more)
        state["seen"] += 1
        return other_answer(state["data"], answer) if state["seen"] == state["which"] else answer

    monkeypatch.setattr(_http.Http, "send", send)
    for module in (_client, _plan):
        # Hypothesis draws in one thread
        monkeypatch.setattr(module, "in_parallel", lambda calls, _connections: [call() for call in calls])

    @given(data=st.data(), which=st.integers(1, 12), check=st.booleans())
    @often(15)
    def holds(data, which, check):
        world()
        state.update(data=data, which=which, seen=0)
        result = execute(simulator, name, options, check)
        assert result is not None
        is_an_envelope(result, DEFINITIONS[name])

    holds()


def test_every_module_is_asked():
    assert set(CALLS) | {"coolify_destination", "coolify_private_key", "coolify_registry", "coolify_server"} >= set(DEFINITIONS)
