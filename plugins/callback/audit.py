# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who did what to which resource when, one JSON line per task.

Lines are made from an allow-list of keys: what is not named here cannot get into the file.
"""

from __future__ import annotations

DOCUMENTATION = r"""
name: audit
type: notification
short_description: Append who did what in Coolify to a file, one JSON line per task
version_added: 0.1.0
author:
  - selfhosted.coolify contributors (@selfhosted)
description:
  - Appends one JSON object per finished task of this collection's modules to a file on the controller, one per item for a task with a loop.
  - >-
    A line says who (C(user), C(sudo_user), C(awx_user), C(awx_job_id), C(controller)), what (C(module), C(state), C(mode), C(steps)), to which
    resource (C(url), C(project), C(environment), C(resource_type), C(resource_name), C(resource_id), C(resources)
    of a stack), when (C(at), C(started_at),
    C(duration_seconds)), from where (C(run_id), C(playbook), C(play), C(task), C(task_path), C(host)), and with which outcome
    (C(outcome), C(status), C(changed), C(plan_id), C(deployment_uuid), C(code), C(failed_gates), C(incident)). What is not known is left out.
  - >-
    C(outcome) is V(ok), V(changed), V(failed), V(skipped), V(unreachable), or V(started) for a task with C(poll=0), whose end gets a line of
    its own when C(ansible.builtin.async_status) sees it. C(mode) is V(dry-run) in check mode.
  - >-
    A line never holds a secret. It is made from an allow-list of keys, without options other than the names above, diffs, variables, logs and
    error texts; C(code), C(incident.id) and C(incident.stage) say what failed. C(task) and C(play) are the names as they are written in the
    playbook, before templates are filled in. Of a task with C(no_log=true) nothing from its result is written but the outcome.
requirements:
  - enable it in C(callbacks_enabled)
options:
  path:
    description:
      - The file to append to. It is created with mode V(0600), its folder has to exist. A relative path in C(ansible.cfg) is relative to that file.
      - Without it a warning says so and nothing is written.
    type: path
    ini:
      - section: callback_selfhosted_coolify_audit
        key: path
    env:
      - name: COOLIFY_AUDIT_PATH
  include_reads:
    description:
      - Whether tasks of modules that only read, such as M(selfhosted.coolify.coolify_info), are written too.
    type: bool
    default: false
    ini:
      - section: callback_selfhosted_coolify_audit
        key: include_reads
    env:
      - name: COOLIFY_AUDIT_INCLUDE_READS
notes:
  - A line is written with a single call in append mode, so several runs on one machine can share the file; on NFS they cannot.
  - A line that cannot be written is a warning, once per run, and does not disturb the play.
  - C(user) is the owner of the C(ansible-playbook) process. C(awx_user) and C(awx_job_id) are the extra variables C(awx_user_name),
    C(tower_user_name), C(awx_job_id) and C(tower_job_id) that AWX sets; anybody who starts C(ansible-playbook) can set them too.
  - What Coolify itself recorded can be read with V(audit_events) of M(selfhosted.coolify.coolify_info).
"""

EXAMPLES = r"""
ansible_cfg: |
  # In ansible.cfg
  [defaults]
  callbacks_enabled = selfhosted.coolify.audit

  [callback_selfhosted_coolify_audit]
  path = /var/log/coolify-audit.jsonl

environment: |
  # Or in the environment of ansible-playbook
  export ANSIBLE_CALLBACKS_ENABLED=selfhosted.coolify.audit
  export COOLIFY_AUDIT_PATH=~/coolify-audit.jsonl
"""

import errno
import importlib
import json
import os
import platform
import pwd
import re
import time
import typing as t
import uuid
from collections.abc import Mapping
from datetime import datetime, timezone

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.callback import CallbackBase

from ansible_collections.selfhosted.coolify.plugins.module_utils._fields import without_password
from ansible_collections.selfhosted.coolify.plugins.module_utils._runner import argument_spec, invocation
from ansible_collections.selfhosted.coolify.plugins.plugin_utils._action import plain

PREFIX = "selfhosted.coolify.coolify_"
IDENTITY = ("name", "uuid", "application", "database", "service", "registry")
"""Options that name the resource; the first that is given counts."""
AWX = {
    "awx_user": ("awx_user_name", "tower_user_name"),
    "awx_job_id": ("awx_job_id", "tower_job_id"),
}


def utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def text(value: t.Any) -> str | None:
    """A text that is not empty, without passwords in URLs; None for everything else."""
    return without_password(value) if isinstance(value, str) and value else None


def mapping(value: t.Any) -> t.Mapping[str, t.Any]:
    return value if isinstance(value, Mapping) else {}


def entries(value: t.Any) -> list[t.Mapping[str, t.Any]]:
    return [mapping(item) for item in value] if isinstance(value, (list, tuple)) else []


def without_credentials(url: t.Any) -> str | None:
    """An address without user, password, query and fragment; a password may hold every one of the signs that part an address."""
    if not isinstance(url, str) or not url:
        return None
    scheme, separator, rest = url.partition("://")
    host = re.split(r"[?#]", (rest if separator else scheme).rpartition("@")[2])[0]
    return f"{scheme}{separator}{host}" if re.fullmatch(r"[A-Za-z]+", scheme) and separator else host


def module_of(task: t.Any) -> str:
    """The full name of the module that a task runs."""
    # From 2.20 on, reading resolved_action of an action that is still a template is a warning
    resolved = getattr(task, "_resolved_action", None) or ("{{" not in str(task.action) and task.resolved_action)
    return str(resolved or task.action)


def written_name(thing: t.Any) -> str:
    """The name of a play or task as it stands in the playbook: filled in, a template may show a secret."""
    written = mapping(thing.get_ds()).get("name")
    return str(written or thing.get_name())


def definition_of(module: str) -> t.Any:
    """What the collection knows of a module; None for those that do not talk to Coolify's API."""
    name = module.rpartition(".")[2]
    try:
        return importlib.import_module(f"ansible_collections.selfhosted.coolify.plugins.action.{name}").ActionModule.definition
    except (ImportError, AttributeError):
        return None


def login() -> dict[str, str | None]:
    """The owner of the process, whatever the environment claims, and who called sudo, as the environment says."""
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        user = str(os.getuid())
    return {"user": user, "sudo_user": os.environ.get("SUDO_USER")}


def options_of(task: t.Any, definition: t.Any) -> t.Mapping[str, t.Any]:
    """The options of a task, masked as a module masks them. From 2.21 on they are in a module's result only when Ansible is told so."""
    if definition is None:
        return {}
    given = plain(task.args)
    validation = ArgumentSpecValidator(argument_spec(definition), **definition.constraints).validate(given)
    options = invocation(validation.validated_parameters, validation._no_log_values)["module_args"]
    if not {"url", "coolify_url"} & set(given):
        # An address from the environment is that of the machine where the module ran
        options.pop("url", None)
    # A template is still there when it could not be filled in
    return {name: value for name, value in options.items() if "{{" not in str(value)}


def parts_of(stack: t.Mapping[str, t.Any]) -> list[dict[str, str | None]]:
    """What a stack consists of, in the shape of an incident's related_resources."""
    return [
        {"type": group[:-1], "id": text(part.get("uuid")), "name": text(part.get("name"))}
        for group in ("databases", "services", "applications")
        for part in entries(stack.get(group))
    ]


def facts_of(result: t.Mapping[str, t.Any], options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The keys of a line that come from the result and the options of a task."""
    details = mapping(result.get("details"))
    incident = mapping(result.get("incident"))
    steps = entries(mapping(result.get("execution_plan")).get("steps"))
    code, attempts, seconds = result.get("code"), result.get("attempts"), details.get("duration_seconds")
    return {
        "url": without_credentials(options.get("url")),
        "state": text(options.get("state")),
        "mode": text(result.get("mode")),
        "project": text(options.get("project")),
        "environment": text(options.get("environment")),
        "resource_id": text(result.get("resource_id")),
        "resource_name": next((text(options[name]) for name in IDENTITY if text(options.get(name))), None),
        "resources": parts_of(mapping(result.get("stack"))) or None,
        "plan_id": text(result.get("plan_id")),
        "status": text(result.get("status")),
        "attempts": attempts if isinstance(attempts, int) else None,
        "deployment_uuid": text(details.get("deployment_uuid")),
        "code": code if isinstance(code, int) else None,
        "failed_gates": [text(gate.get("gate")) for gate in entries(result.get("gates")) if gate.get("outcome") == "failed"] or None,
        "incident": {"id": text(incident.get("id")), "stage": text(incident.get("stage"))} if incident else None,
        "steps": [text(step.get("action")) for step in steps],
        "started_at": text(details.get("started_at")),
        "duration_seconds": seconds if isinstance(seconds, (int, float)) else None,
    }


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "selfhosted.coolify.audit"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
        super().__init__(*args, **kwargs)
        self._where: dict[str, t.Any] = {"run_id": uuid.uuid4().hex, **login(), "controller": platform.node()}
        self._began: dict[tuple[str, str], float] = {}
        self._looped: set[tuple[str, str]] = set()
        self._jobs: dict[tuple[str, str], tuple[t.Any, float]] = {}
        self._torn = False
        self._complained = False

    def set_options(self, task_keys: t.Any = None, var_options: t.Any = None, direct: t.Any = None) -> None:
        super().set_options(task_keys=task_keys, var_options=var_options, direct=direct)
        if not self.get_option("path"):
            self.disabled = True
            self._display.warning(
                "selfhosted.coolify.audit writes nothing, because it has no path: set path in [callback_selfhosted_coolify_audit] of "
                "ansible.cfg, or COOLIFY_AUDIT_PATH in the environment"
            )

    # --- what Ansible calls

    def v2_playbook_on_start(self, playbook: t.Any) -> None:
        self._where["playbook"] = str(playbook._file_name)

    def v2_playbook_on_play_start(self, play: t.Any) -> None:
        extra = play.get_variable_manager().extra_vars
        self._where["play"] = written_name(play)
        for key, names in AWX.items():
            self._where[key] = next((str(extra[name]) for name in names if isinstance(extra.get(name), (str, int))), None)

    def v2_runner_on_start(self, host: t.Any, task: t.Any) -> None:
        self._began[host.get_name(), task._uuid] = time.time()

    def v2_runner_on_ok(self, result: t.Any) -> None:
        self._whole(result, "ok")

    def v2_runner_on_failed(self, result: t.Any, ignore_errors: bool = False) -> None:
        self._whole(result, "failed")

    def v2_runner_on_skipped(self, result: t.Any) -> None:
        self._whole(result, "skipped")

    def v2_runner_on_unreachable(self, result: t.Any) -> None:
        self._whole(result, "unreachable")

    def v2_runner_item_on_ok(self, result: t.Any) -> None:
        self._item(result, "ok")

    def v2_runner_item_on_failed(self, result: t.Any) -> None:
        self._item(result, "failed")

    def v2_runner_item_on_skipped(self, result: t.Any) -> None:
        self._item(result, "skipped")

    # --- from an event to a line

    def _whole(self, result: t.Any, outcome: str) -> None:
        """A finished task; after a loop's items it only sums them up."""
        key = result._host.get_name(), result._task._uuid
        if key in self._looped:
            self._looped.discard(key)
        else:
            self._record(result, outcome, self._began.get(key))
        self._began.pop(key, None)

    def _item(self, result: t.Any, outcome: str) -> None:
        key = result._host.get_name(), result._task._uuid
        self._looped.add(key)
        self._record(result, outcome, self._began.get(key))
        self._began[key] = time.time()

    def _record(self, result: t.Any, outcome: str, began: float | None) -> None:
        try:
            line = self._line(result, outcome, began or time.time())
            if line:
                self._append(line)
        except OSError as error:
            self._complain(str(error.strerror))
        except Exception as error:  # pylint: disable=broad-except
            # The audit never breaks a play; the text of an exception may show what it is about
            self._complain(type(error).__name__)

    def _line(self, result: t.Any, outcome: str, began: float) -> dict[str, t.Any] | None:
        """None when there is nothing to write about this result."""
        task, host, data = result._task, result._host.get_name(), mapping(result._result)
        module = module_of(task)
        job = host, str(data.get("ansible_job_id"))
        if module in ("ansible.builtin.async_status", "ansible.legacy.async_status", "async_status"):
            if job not in self._jobs or not data.get("finished"):
                return None
            # The end of a task that was started with poll: 0
            hidden = _hidden(task, data)
            task, began = self._jobs.pop(job)
            module = module_of(task)
        elif module.startswith(PREFIX):
            hidden = _hidden(task, data)
            if data.get("started") and not data.get("finished") and "ansible_job_id" in data:
                self._jobs[job] = task, began
                outcome = "started"
        else:
            return None
        changed = bool(result.is_changed())
        definition = definition_of(module)
        if not (changed or self.get_option("include_reads")) and (definition is None or definition.gather):
            return None
        if outcome == "ok" and changed:
            outcome = "changed"
        elif outcome == "failed" and result.is_unreachable():
            outcome = "unreachable"
        told = {}
        if not (hidden or _hidden(task, data) or outcome == "skipped"):
            told = facts_of(data, mapping(mapping(data.get("invocation")).get("module_args")) or options_of(task, definition))
        role = f"{task._role.get_name()} : " if task._role else ""
        line = {
            "at": utc(time.time()),
            **self._where,
            "task": f"{role}{written_name(task)}",
            "task_path": task.get_path(),
            "host": host,
            "module": module,
            "resource_type": definition.returns if definition else None,
            **told,
            "mode": told.get("mode") or ("dry-run" if task.check_mode is True else "on-demand"),
            "outcome": outcome,
            "changed": changed,
            "ignored": True if outcome == "failed" and task.ignore_errors is True else None,
            "started_at": told.get("started_at") or utc(began),
            "duration_seconds": _first(told.get("duration_seconds"), round(max(time.time() - began, 0), 2)),
        }
        return {key: value for key, value in line.items() if value is not None}

    # --- from a line to the file

    def _append(self, line: t.Mapping[str, t.Any]) -> None:
        """Raises OSError."""
        # After a line that was cut off, the next one still begins on a line of its own
        data = f"{chr(10) if self._torn else ''}{json.dumps(line)}\n".encode()
        # O_NONBLOCK: a named pipe without a reader must not stop the play
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
        file = os.open(self.get_option("path"), flags, 0o600)
        try:
            written = os.write(file, data)
        finally:
            os.close(file)
        self._torn = written < len(data)
        if self._torn:
            raise OSError(errno.ENOSPC, "the line was cut off")

    def _complain(self, reason: str) -> None:
        if not self._complained:
            self._complained = True
            self._display.warning(
                f"selfhosted.coolify.audit could not write to {self.get_option('path')}: {reason}. Lines are missing there; the play goes on"
            )


def _hidden(task: t.Any, data: t.Mapping[str, t.Any]) -> bool:
    """Whether nothing of the result may be told; a no_log that is still a template counts as one."""
    return task.no_log not in (False, None) or "censored" in data or bool(data.get("_ansible_no_log"))


def _first(*values: t.Any) -> t.Any:
    return next((value for value in values if value is not None), None)
