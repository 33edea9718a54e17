# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the API modules inside the controller process: starting a module costs ten times what the task itself does.

Every API module has an action plugin of its own name that only names the module's definition. What is imported here is imported once
by the parent process and inherited by the forked workers; ``requests`` alone takes 50 ms.
"""

from __future__ import annotations

import json
import os
import sys
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.json import AnsibleJSONEncoder
from ansible.module_utils.common.parameters import remove_values
from ansible.module_utils.errors import UnsupportedError
from ansible.plugins.action import ActionBase

from ..module_utils._context import Module
from ..module_utils._http import REQUESTS_IMPORT_ERROR
from ..module_utils._runner import argument_spec, execute, invocation

BUILD_LOG_VERBOSITY = 2
"""From -vv on, build logs are shown as they grow."""


def plain(args: t.Any) -> dict[str, t.Any]:
    """A task's options as plain data: inline !vault values before ansible-core 2.19 and tagged types after it become text."""
    return json.loads(json.dumps(args, cls=AnsibleJSONEncoder, vault_to_text=True))


class DirectAction(ActionBase):
    """Base of the action plugins; a subclass sets ``definition``."""

    _supports_check_mode = True
    _supports_async = True
    _supports_diff = True
    definition: Module

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        result = super().run(tmp, task_vars)
        if not self._runs_here(task_vars or {}):
            result.update(self._execute_module(task_vars=task_vars, wrap_async=self._task.async_val))
            return result
        args = plain(self._task.args)
        validation = ArgumentSpecValidator(argument_spec(self.definition), **self.definition.constraints).validate(args)
        options, no_log_values = validation.validated_parameters, validation._no_log_values
        if validation.error_messages:
            return {**result, "failed": True, "msg": remove_values(self._complaint(validation), no_log_values)}
        hidden = bool(self._task.no_log)

        def show(line: str) -> None:
            # Not on stdout, which a callback such as json owns
            if not hidden:
                self._display.display(remove_values(line, no_log_values), stderr=True)

        verbose = self._display.verbosity >= BUILD_LOG_VERBOSITY
        run = execute(self.definition, options, check_mode=self._task.check_mode, no_log=hidden, show=show, verbose=verbose)
        result.update(remove_values(run.result, run.hidden(no_log_values)))
        result["invocation"] = invocation(options, no_log_values)
        if run.warnings:
            result["warnings"] = remove_values(run.warnings, run.hidden(no_log_values))
        return result

    def _complaint(self, validation: t.Any) -> str:
        """In the words of AnsibleModule, which tells only the first. What is not supported comes first: it is often what is missing, misspelt."""
        unsupported, others = [], []
        for error in validation.errors.errors:
            if isinstance(error, UnsupportedError):
                unsupported.append(f"Unsupported parameters for ({self._task.action}) module: {error.msg}")
            else:
                others.append(error.msg)
        return "; ".join([*(text.rstrip(".") if others else text for text in unsupported), *others])

    def _runs_here(self, task_vars: dict[str, t.Any]) -> bool:
        """Whether the ordinary module would run on the controller as the current user, with this interpreter and environment."""
        return not (
            REQUESTS_IMPORT_ERROR
            or os.environ.get("COOLIFY_DIRECT") == "0"
            or self._connection.transport != "local"
            or self._connection.become
            or self._task.async_val
            or any(self._task.environment or ())
            or self._other_interpreter(task_vars)
        )

    def _other_interpreter(self, task_vars: dict[str, t.Any]) -> bool:
        """Paths are compared, not what they link to: a virtualenv's python is another one than the system's it points to."""
        if self._task.delegate_to:
            task_vars = task_vars.get("ansible_delegated_vars", {}).get(self._task.delegate_to, task_vars)
        wanted = task_vars.get("ansible_python_interpreter")
        if not wanted:
            return False
        wanted = str(self._templar.template(wanted))
        return not wanted.startswith("auto") and wanted != sys.executable
