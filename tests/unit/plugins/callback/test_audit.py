# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the callback makes of a result. The integration target callback_audit runs it in a real ansible-playbook."""

from __future__ import annotations

import json
import os
import stat
import threading
import typing as t
from dataclasses import dataclass, field

import pytest

from ansible_collections.selfhosted.coolify.plugins.callback import audit

SECRET = "never-to-be-written-9f3"
RESULT = {
    "changed": True,
    "status": "success",
    "mode": "on-demand",
    "resource_id": "m4k8w0s2c6g0o4w8k2s6c0gq",
    "plan_id": "txn-1-abc",
    "msg": SECRET,
    "error": SECRET,
    "troubleshooting": SECRET,
    "diff": {"before": {}, "after": {"description": SECRET}},
    "application": {"name": SECRET},
    "variables": {"KEY": SECRET},
    "details": {"started_at": "2026-11-24T10:00:00Z", "duration_seconds": 1.5, "deployment_uuid": "d1", "timeline": [{"event": SECRET}]},
    "execution_plan": {
        "steps": [{"order": 1, "action": "deploy application", "estimated_duration": 1}],
        "risks": [{"description": SECRET}],
    },
    "invocation": {
        "module_args": {
            "url": f"https://user:{SECRET}@coolify.example.com/panel?token={SECRET}#{SECRET}",
            "token": SECRET,
            "project": "shop",
            "environment": "production",
            "name": "web",
            "state": "deployed",
            "secrets": {"PASSWORD": SECRET},
            "variables": {"NOTE": SECRET},
            "description": SECRET,
        }
    },
}


@dataclass
class Host:
    name: str = "localhost"

    def get_name(self) -> str:
        return self.name


@dataclass
class Role:
    def get_name(self) -> str:
        return "selfhosted.coolify.django"


@dataclass
class Task:
    """What the callback reads of Ansible's Task."""

    action: str = "selfhosted.coolify.coolify_app"
    resolved_action: t.Any = "selfhosted.coolify.coolify_app"
    name: str = "Deploy"
    args: t.Any = field(default_factory=dict)
    no_log: t.Any = False
    check_mode: t.Any = False
    ignore_errors: t.Any = None
    _uuid: str = "task-1"
    _role: t.Any = None

    def get_name(self) -> str:
        return f"filled in with {SECRET}"

    def get_ds(self) -> t.Any:
        return {"name": self.name}

    def get_path(self) -> str:
        return "/srv/play.yml:7"


@dataclass
class Result:
    _result: t.Any
    _task: Task = field(default_factory=Task)
    _host: Host = field(default_factory=Host)

    def is_changed(self) -> bool:
        return bool(self._result.get("changed"))

    def is_unreachable(self) -> bool:
        return bool(self._result.get("unreachable"))


class Warnings:
    def __init__(self) -> None:
        self.texts: list[str] = []

    def warning(self, text: str) -> None:
        self.texts.append(text)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "audit.jsonl"


@pytest.fixture
def make(path, monkeypatch):
    """``make(include_reads=…, path=…)`` gives a callback as Ansible loads it, with its warnings in ``.warned``."""
    monkeypatch.delenv("SUDO_USER", raising=False)

    def make(**options):
        given = {"path": str(path), "include_reads": False, **options}
        plugin = audit.CallbackModule()
        plugin._display = Warnings()
        monkeypatch.setattr(plugin, "get_option", given.get)
        monkeypatch.setattr(audit.CallbackBase, "set_options", lambda self, **how: None)
        plugin.set_options()
        plugin.warned = plugin._display.texts
        return plugin

    return make


@pytest.fixture
def plugin(make):
    return make()


@pytest.fixture
def lines(path):
    """The parsed lines; none of them may hold the secret."""

    def lines() -> list[dict[str, t.Any]]:
        text = path.read_text() if path.exists() else ""
        assert SECRET not in text
        return [json.loads(line) for line in text.splitlines()]

    return lines


def test_a_change(plugin, lines, path):
    plugin.v2_runner_on_ok(Result(RESULT))
    (line,) = lines()
    assert {key: value for key, value in line.items() if key not in ("at", "run_id", "controller", "user")} == {
        "task": "Deploy",
        "task_path": "/srv/play.yml:7",
        "host": "localhost",
        "module": "selfhosted.coolify.coolify_app",
        "resource_type": "application",
        "url": "https://coolify.example.com/panel",
        "state": "deployed",
        "mode": "on-demand",
        "project": "shop",
        "environment": "production",
        "resource_id": "m4k8w0s2c6g0o4w8k2s6c0gq",
        "resource_name": "web",
        "plan_id": "txn-1-abc",
        "status": "success",
        "deployment_uuid": "d1",
        "steps": ["deploy application"],
        "started_at": "2026-11-24T10:00:00Z",
        "duration_seconds": 1.5,
        "outcome": "changed",
        "changed": True,
    }
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and plugin.warned == []


def test_what_failed_is_told_by_code_gate_and_incident(plugin, lines):
    failed = {
        **RESULT,
        "changed": False,
        "status": "blocked",
        "code": 601,
        "gates": [{"gate": "ports", "outcome": "failed", "reason": SECRET}, {"gate": "env", "outcome": "passed"}],
        "incident": {"id": "incident-1", "stage": "network_port", "root_cause": SECRET, "last_logs_sample": [SECRET]},
    }
    plugin.v2_runner_on_failed(Result(failed), ignore_errors=True)
    plugin.v2_runner_on_failed(Result(failed, Task(ignore_errors=True)), ignore_errors=True)
    first, second = lines()
    assert (first["outcome"], first["code"], first["failed_gates"]) == ("failed", 601, ["ports"])
    assert first["incident"] == {"id": "incident-1", "stage": "network_port"}
    assert "ignored" not in first and second["ignored"] is True


def test_a_stack_tells_what_it_consists_of(plugin, lines):
    stack = {"databases": [{"name": "main", "uuid": "d1", "url": SECRET}], "services": [], "applications": [{"name": "web", "uuid": None}]}
    plugin.v2_runner_on_ok(Result({**RESULT, "stack": stack}))
    assert lines()[0]["resources"] == [{"type": "database", "id": "d1", "name": "main"}, {"type": "application", "id": None, "name": "web"}]


@pytest.mark.parametrize("how", [{"no_log": True}, {"no_log": "{{ quiet }}"}])
def test_no_log_tells_nothing_of_the_result(plugin, lines, how):
    plugin.v2_runner_on_ok(Result({"censored": "hidden", "changed": True}, Task(**how, args={"name": SECRET})))
    plugin.v2_runner_on_ok(Result(RESULT, Task(**how)))
    for line in lines():
        assert line["outcome"] == "changed" and line["module"] and line["started_at"].endswith("Z")
        assert not {"url", "state", "project", "resource_name", "resource_id", "plan_id", "status", "steps"} & set(line)


@pytest.mark.parametrize(
    ("event", "result", "outcome"),
    [
        ("v2_runner_on_ok", {"changed": False}, "ok"),
        ("v2_runner_on_skipped", {"skipped": True}, "skipped"),
        ("v2_runner_on_unreachable", {"unreachable": True}, "unreachable"),
        ("v2_runner_item_on_failed", {"unreachable": True}, "unreachable"),
        ("v2_runner_item_on_skipped", {}, "skipped"),
    ],
)
def test_outcomes(plugin, lines, event, result, outcome):
    getattr(plugin, event)(Result(result))
    assert [line["outcome"] for line in lines()] == [outcome]


def test_check_mode(plugin, lines):
    plugin.v2_runner_on_ok(Result({**RESULT, "mode": "dry-run", "status": "plan_ready"}))
    plugin.v2_runner_on_ok(Result({"censored": "hidden", "changed": True}, Task(no_log=True, check_mode=True)))
    assert [line["mode"] for line in lines()] == ["dry-run", "dry-run"]


def test_a_loop_has_a_line_per_item_and_none_for_the_sum(plugin, lines):
    plugin.v2_runner_item_on_ok(Result(RESULT))
    plugin.v2_runner_item_on_failed(Result({**RESULT, "changed": False, "code": 409}))
    plugin.v2_runner_on_failed(Result({"results": [RESULT, RESULT], "changed": True}))
    assert [line["outcome"] for line in lines()] == ["changed", "failed"]
    # The same task runs once more, for example in a handler, this time without a loop's items
    plugin.v2_runner_on_skipped(Result({"skipped": True}))
    assert len(lines()) == 3


def test_hosts_of_strategy_free_do_not_mix(plugin, lines):
    plugin.v2_runner_item_on_ok(Result(RESULT, _host=Host("a")))
    plugin.v2_runner_on_ok(Result(RESULT, _host=Host("b")))
    plugin.v2_runner_on_ok(Result({"results": []}, _host=Host("a")))
    assert [line["host"] for line in lines()] == ["a", "b"]


def test_only_modules_of_this_collection(plugin, lines):
    for action, resolved in (("debug", "ansible.builtin.debug"), ("coolify_app", "ansible.legacy.coolify_app"), ("{{ x }}", None)):
        plugin.v2_runner_on_ok(Result(RESULT, Task(action=action, resolved_action=resolved)))
    assert lines() == []
    plugin.v2_runner_on_ok(Result(RESULT, Task(action="coolify_app")))
    assert [line["module"] for line in lines()] == ["selfhosted.coolify.coolify_app"]


@pytest.mark.parametrize(("reads", "count"), [(False, 0), (True, 2)])
def test_reading_is_written_only_when_asked_for(make, lines, reads, count):
    plugin = make(include_reads=reads)
    for name in ("coolify_info", "coolify_host_info"):
        plugin.v2_runner_on_ok(Result({**RESULT, "changed": False}, Task(resolved_action=f"selfhosted.coolify.{name}")))
    assert len(lines()) == count


def test_a_job_without_waiting(plugin, lines):
    job = {"ansible_job_id": "j1", "started": 1, "finished": 0, "changed": True}
    plugin.v2_runner_on_ok(Result(job, Task(name="Start", args={"name": "web", "token": SECRET})))
    status = Task(action="async_status", resolved_action="ansible.builtin.async_status", name="Wait", _uuid="task-2")
    for finished in (0, 1, 1):
        plugin.v2_runner_on_ok(Result({**RESULT, "ansible_job_id": "j1", "finished": finished}, status))
    plugin.v2_runner_on_ok(Result({**RESULT, "ansible_job_id": "another", "finished": 1}, status))
    assert [(line["task"], line["outcome"], line["resource_name"]) for line in lines()] == [
        ("Start", "started", "web"),
        ("Start", "changed", "web"),
    ]


def test_a_job_that_has_no_log_stays_hidden(plugin, lines):
    plugin.v2_runner_on_ok(Result({"censored": "x", "ansible_job_id": "j1", "started": 1, "finished": 0}, Task(no_log=True)))
    status = Task(action="async_status", resolved_action="ansible.builtin.async_status")
    plugin.v2_runner_on_ok(Result({**RESULT, "ansible_job_id": "j1", "finished": 1}, status))
    assert all("resource_name" not in line for line in lines())


def test_options_come_from_the_task_where_the_result_lacks_them(plugin, lines, monkeypatch):
    monkeypatch.setenv("COOLIFY_URL", "https://another.example.com")
    given = {"project": "shop", "name": "web", "description": SECRET, "token": "shop-token", "url": "https://coolify.example.com"}
    bare = {key: value for key, value in RESULT.items() if key != "invocation"}
    plugin.v2_runner_on_ok(Result(bare, Task(args=given)))
    # Masked like a module masks them: here a name is a secret as well
    plugin.v2_runner_on_ok(Result(bare, Task(args={**given, "name": SECRET, "token": SECRET})))
    plugin.v2_runner_on_ok(Result(bare, Task(args={key: value for key, value in given.items() if key != "url"})))
    plugin.v2_runner_on_failed(Result({"msg": "undefined"}, Task(args={"name": "{{ nothing }}"})))
    plain, masked, elsewhere, template = lines()
    assert (plain["resource_name"], plain["project"], plain["state"], plain["url"]) == (
        "web",
        "shop",
        "present",
        "https://coolify.example.com",
    )
    assert "VALUE_SPECIFIED" in masked["resource_name"]
    assert "url" not in elsewhere
    assert "resource_name" not in template and template["outcome"] == "failed"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://coolify.example.com:8000/", "https://coolify.example.com:8000/"),
        (f"https://{SECRET}@coolify.example.com", "https://coolify.example.com"),
        (f"https://u:a?b#{SECRET}@coolify.example.com", "https://coolify.example.com"),
        (f"https://u:a://{SECRET}/@coolify.example.com/x", "https://coolify.example.com/x"),
        (f"u:{SECRET}@coolify.example.com", "coolify.example.com"),
        (f"https://coolify.example.com?{SECRET}", "https://coolify.example.com"),
        ("", None),
        (7, None),
    ],
)
def test_an_address_without_credentials(url, shown):
    assert audit.without_credentials(url) == shown


def test_names_are_those_of_the_playbook(plugin, lines):
    plugin.v2_runner_on_ok(Result(RESULT, Task(name="Deploy {{ item }}", _role=Role())))
    assert [line["task"] for line in lines()] == ["selfhosted.coolify.django : Deploy {{ item }}"]


class Manager:
    def __init__(self, **extra: t.Any) -> None:
        self.extra_vars = extra


class Play(Task):
    manager = Manager()

    def get_variable_manager(self) -> Manager:
        return self.manager


@pytest.mark.parametrize("prefix", ["awx", "tower"])
def test_who_and_where(make, lines, monkeypatch, prefix):
    monkeypatch.setenv("SUDO_USER", "bob")
    monkeypatch.setenv("LOGNAME", "somebody-else")
    plugin = make()
    monkeypatch.setattr(Play, "manager", Manager(**{f"{prefix}_user_name": "alice", f"{prefix}_job_id": 42, "password": SECRET}))
    plugin.v2_playbook_on_start(type("Playbook", (), {"_file_name": "/srv/play.yml"})())
    plugin.v2_playbook_on_play_start(Play(name="A shop"))
    plugin.v2_runner_on_ok(Result(RESULT))
    (line,) = lines()
    assert (line["sudo_user"], line["awx_user"], line["awx_job_id"]) == ("bob", "alice", "42")
    assert line["user"] == audit.pwd.getpwuid(os.getuid()).pw_name and line["controller"]
    assert (line["playbook"], line["play"]) == ("/srv/play.yml", "A shop")
    # The next play has its own name, and the variables that it no longer has are gone
    monkeypatch.setattr(Play, "manager", Manager())
    plugin.v2_playbook_on_play_start(Play(name="Another"))
    plugin.v2_runner_on_ok(Result(RESULT))
    assert lines()[1]["play"] == "Another" and "awx_user" not in lines()[1]


def test_without_a_path_it_says_so_and_writes_nothing(make):
    plugin = make(path=None)
    assert plugin.disabled and len(plugin.warned) == 1 and "COOLIFY_AUDIT_PATH" in plugin.warned[0]


def test_a_line_that_cannot_be_written_is_one_warning(make, tmp_path):
    plugin = make(path=str(tmp_path / "missing" / "audit.jsonl"))
    for _time in range(3):
        plugin.v2_runner_on_ok(Result(RESULT))
    assert len(plugin.warned) == 1 and "No such file" in plugin.warned[0]


def test_a_full_disk(make):
    plugin = make(path="/dev/full")
    plugin.v2_runner_on_ok(Result(RESULT))
    assert len(plugin.warned) == 1 and "No space left" in plugin.warned[0]


def test_a_pipe_that_nobody_reads_does_not_stop_the_play(make, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    plugin = make(path=str(tmp_path / "pipe"))
    plugin.v2_runner_on_ok(Result(RESULT))
    assert len(plugin.warned) == 1


def test_after_a_line_that_was_cut_off_the_next_begins_anew(plugin, path, monkeypatch):
    whole = os.write
    monkeypatch.setattr(audit.os, "write", lambda file, data: whole(file, data[:20]))
    plugin.v2_runner_on_ok(Result(RESULT))
    monkeypatch.setattr(audit.os, "write", whole)
    plugin.v2_runner_on_ok(Result(RESULT))
    plugin.v2_runner_on_ok(Result(RESULT))
    _torn, *good = path.read_text().splitlines()
    assert len(good) == 2 and all(json.loads(line)["outcome"] == "changed" for line in good)
    assert len(plugin.warned) == 1


@pytest.mark.parametrize(
    "odd", [None, [], "text", {"details": 7, "execution_plan": [], "invocation": "x", "gates": {}, "incident": "x", "code": "x"}]
)
def test_odd_results_are_no_trouble(plugin, lines, odd):
    result = Result(odd)
    result.is_changed = lambda: False
    plugin.v2_runner_on_ok(result)
    assert [line["outcome"] for line in lines()] == ["ok"] and plugin.warned == []


def test_a_bug_is_a_warning_that_tells_no_text(plugin):
    result = Result(RESULT)

    def broken() -> bool:
        raise RuntimeError(SECRET)

    result.is_changed = broken
    plugin.v2_runner_on_ok(result)
    assert len(plugin.warned) == 1 and "RuntimeError" in plugin.warned[0] and SECRET not in plugin.warned[0]


def test_several_runs_write_to_one_file(make, path):
    many = {**RESULT, "execution_plan": {"steps": [{"action": "x" * 500} for _number in range(100)]}}

    def work(plugin) -> None:
        for _number in range(20):
            plugin.v2_runner_on_ok(Result(many))

    threads = [threading.Thread(target=work, args=(make(),)) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([json.loads(line) for line in path.read_text().splitlines()]) == 80


def test_a_file_that_exists_keeps_its_mode_and_its_lines(plugin, path):
    path.write_text('{"outcome": "ok"}\n')
    path.chmod(0o640)
    plugin.v2_runner_on_ok(Result(RESULT))
    assert len(path.read_text().splitlines()) == 2 and stat.S_IMODE(path.stat().st_mode) == 0o640


def test_how_long_it_took_without_the_result(plugin, lines):
    task = Task(no_log=True)
    plugin.v2_runner_on_start(Host(), task)
    plugin._began["localhost", "task-1"] -= 3
    plugin.v2_runner_on_ok(Result({"censored": "x", "changed": True}, task))
    assert 3 <= lines()[0]["duration_seconds"] < 10
