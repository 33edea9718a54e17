# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a module's options to its result. The only file that knows AnsibleModule; direct execution calls ``execute`` itself."""

from __future__ import annotations

import time
import traceback
import typing as t
from dataclasses import dataclass, field
from urllib.parse import quote

from ansible.module_utils.basic import AnsibleModule, env_fallback, missing_required_lib
from ansible.module_utils.common.parameters import remove_values

from . import _contract
from ._client import Client
from ._context import Context, Module
from ._errors import Blocked, CoolifyError, InputError, RevertFailed, RolledBack, Unreachable, may_have_acted
from ._http import REQUESTS_IMPORT_ERROR, Http, is_plain_http
from ._plan import Plan, Transaction
from ._wait import Clock

CONNECTION_SPEC: dict[str, t.Any] = {
    "url": {"type": "str", "aliases": ["coolify_url"], "fallback": (env_fallback, ["COOLIFY_URL"])},
    "token": {"type": "str", "no_log": True, "aliases": ["coolify_token"], "fallback": (env_fallback, ["COOLIFY_TOKEN"])},
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
    "timeout": {"type": "int", "default": 30},
    "http_headers": {"type": "dict", "no_log": True},
}
SHORTEST_MASKED = 4
LOG_LINES = 5
"""Of the incident, that are shown with what to do."""
IDENTITY = ("name", "uuid", "project", "environment", "server", "destination", "application", "database", "service")
"""Options that say what is meant."""


def argument_spec(module: Module) -> dict[str, t.Any]:
    return {**CONNECTION_SPEC, **module.spec}


@dataclass
class Run:
    """What a finished run hands to whoever prints it; ``failed`` is in the result. ``revealed`` are secrets that the user asked to see,
    ``secrets`` those that were learned on the way."""

    result: dict[str, t.Any]
    warnings: list[str]
    revealed: set[str] = field(default_factory=set)
    secrets: set[str] = field(default_factory=set)

    def hidden(self, no_log_values: t.Iterable[str]) -> set[str]:
        """The texts to remove from the result, given the values of the no_log options."""
        texts = {str(value) for value in no_log_values}
        return (texts | _spellings(texts | self.secrets)) - self.revealed


def execute(
    module: Module,
    options: dict[str, t.Any],
    *,
    check_mode: bool,
    no_log: bool = False,
    show: t.Callable[[str], None] = lambda line: None,
    verbose: bool = False,
) -> Run:
    """Run a module with validated options. Never raises: whatever happens is in the result, with ``failed`` set."""
    started = time.monotonic()
    result = _contract.envelope(module.returns, dry_run=check_mode)
    ctx, plan = None, Plan()
    clock_times = {"started_at": _contract.now()}
    secrets: set[str] = set()

    def shown(line: str) -> None:
        show(remove_values(f"[{module.name}] {line}", _spellings(set(secrets))))

    try:
        ctx = _context(options, check_mode, shown, secrets)
        ctx.verbose = verbose
        if module.gather:
            result.update(module.gather(ctx))
        else:
            plan = module.plan(ctx)
            undo = options.get("rollback_on_failure") is not False
            _contract.planned(result, plan, module.returns, dry_run=check_mode, undo=undo)
            if check_mode:
                _preview(ctx, plan)
            else:
                result["changed"] = _apply(ctx, plan)
                if not result["changed"]:
                    result["diff"] = {"before": {}, "after": {}}
                _contract.finished(result, plan, module.returns)
                result["status"] = "pending" if plan.details.get("pending") else "success"
                for what, how in (("redeploy_required", "deployed"), ("restart_required", "restarted")):
                    if plan.steps and plan.details.get(what):
                        ctx.say(f"what runs keeps its old configuration until it is {how} again")
    except CoolifyError as error:
        _fail(module, options, result, error, plan)
        if error.code == CoolifyError.code:
            result["exception"] = traceback.format_exc()
        _tell(shown, error)
    except Exception as error:  # pylint: disable=broad-except
        # A traceback that Ansible prints by itself would pass by the masking of secrets
        bug = CoolifyError(f"a bug in {module.name}: {type(error).__name__}: {error}")
        _fail(module, options, result, bug, plan)
        result["exception"] = traceback.format_exc()
        _tell(shown, bug)
    result["details"].update(clock_times, completed_at=_contract.now(), duration_seconds=round(time.monotonic() - started, 2))
    if ctx and ctx.timeline:
        result["details"]["timeline"] = ctx.timeline
    run = Run(result, ctx.warnings if ctx else [], secrets=secrets)
    password = (result.get("connection") or {}).get("password")
    if password:
        run.revealed = {password} | _spellings({password})
        if not no_log:
            run.warnings.append("reveal_secrets puts the password into the result; set no_log: true on the task")
    return run


def connect(options: t.Mapping[str, t.Any], on_wait: t.Callable[[str], None] = lambda text: None) -> Client:
    """The Coolify that the connection options name. Raises InputError."""
    for name in ("url", "token"):
        if not options.get(name):
            raise InputError(
                f"{name} is missing",
                f"Set it on the task, in module_defaults for group/selfhosted.coolify.coolify, or in the environment as COOLIFY_{name.upper()}.",
            )
    http = Http(
        options["url"],
        options["token"],
        validate_certs=options["validate_certs"],
        ca_path=options["ca_path"],
        timeout=float(options["timeout"]),
        headers={str(name): str(value) for name, value in (options["http_headers"] or {}).items()},
        on_wait=on_wait,
    )
    return Client(http)


def _context(options: dict[str, t.Any], check_mode: bool, shown: t.Callable[[str], None], secrets: set[str]) -> Context:
    empty = [name for name in IDENTITY if options.get(name) == ""]
    if empty:
        raise InputError(f"{', '.join(empty)}: it is empty; a template that yields nothing must not mean something else")
    label = _named(options) or ""
    client = connect(options, lambda text: shown(f"{label}: {text}" if label else text))
    ctx = Context(options, client, check_mode, Clock(), show=shown, secrets=secrets)
    if is_plain_http(client.http.url):
        ctx.warn(f"{client.http.url} is not encrypted: the token travels in clear text; use https://")
    return ctx


def _named(options: t.Mapping[str, t.Any]) -> str | None:
    """What the task is about, in the words of the task."""
    return next((options[name] for name in ("name", "uuid", "application", "database", "service") if options.get(name)), None)


def _preview(ctx: Context, plan: Plan) -> None:
    """What the diff does not show of a plan."""
    for order, step in enumerate(plan.steps, 1):
        ctx.show(f"would {order}. {step.action}")
    _preview_gates(ctx, plan)
    for risk in plan.risks:
        ctx.show(f"risk ({risk.level}): {risk.description}")
    if plan.destructive and not plan.gates and not ctx.flag("confirm_destructive"):
        ctx.warn(f"{'; '.join(step.action for step in plan.destructive)}: the real run needs confirm_destructive=true")


def _preview_gates(ctx: Context, plan: Plan) -> None:
    """The gates that fail, and of the others how many there are; all of them when it is to be verbose."""
    if not plan.gates:
        return
    # Not at the top: whoever has gates has loaded it, and the other modules need not
    from . import _gates

    if not ctx.verbose:
        ctx.show(_gates.summary(plan.gates))
    told: dict[tuple[str, str, str], list[str]] = {}
    for gate in plan.gates:
        if ctx.verbose or gate.outcome == "failed":
            told.setdefault((gate.gate, gate.outcome, gate.reason), []).append(gate.resource)
    for (name, outcome, reason), whose in told.items():
        ctx.show(f"gate {name} {outcome}{' for ' * any(whose)}{', '.join(whose)}: {reason}")
    blocked, advice = _gates.blocking(plan.gates)
    if blocked:
        ctx.warn(f"the real run would be blocked by {blocked}. {advice}")


def _apply(ctx: Context, plan: Plan) -> bool:
    """Whether anything was changed."""
    if plan.destructive and not plan.gates and not ctx.flag("confirm_destructive"):
        raise Blocked(f"{'; '.join(step.action for step in plan.destructive)}: this is destructive and confirm_destructive is not set")
    transaction = Transaction(plan.steps, undo=ctx.options.get("rollback_on_failure") is not False)
    try:
        transaction.run()
        plan.result()
    except CoolifyError as error:
        undone = isinstance(error, (RolledBack, RevertFailed))
        error.facts.setdefault("changed", bool(transaction.changed) or undone or may_have_acted(error))
        if transaction.changed and not undone:
            error.facts["details"] = {**error.facts.get("details", {}), "applied": [step.action for step in transaction.changed]}
        raise
    return bool(transaction.changed)


def _tell(shown: t.Callable[[str], None], error: CoolifyError) -> None:
    """What a person at the terminal needs beside the message; the rest is in the result."""
    for line in error.log[:LOG_LINES]:
        shown(f"  | {line}")
    shown(f"what to do: {error.troubleshooting}")


def _fail(module: Module, options: dict[str, t.Any], result: dict[str, t.Any], error: CoolifyError, plan: Plan) -> None:
    name = _named(options)
    result["changed"] = False
    result["details"].update(plan.details)
    result["metrics"].update(plan.metrics)
    # One may only have failed when it was asked
    result.update(_contract.judged(plan))
    kind = module.returns or "coolify"
    _contract.failed(result, error, (kind, plan.resource_id, name))
    result["failed"] = True
    result["resource_id"] = plan.resource_id
    # What was planned is not what is there
    result.update(
        {module.returns: _as_it_is(plan, error)} if module.returns else {}, **{key: None for key in plan.extra if key not in error.facts}
    )
    if not result["changed"]:
        result["diff"] = {"before": {}, "after": {}}
    label = f'{module.name} "{name}"' if name else module.name
    for key in ("msg", "error"):
        result[key] = f"{label}: {result[key]}"


def _as_it_is(plan: Plan, error: CoolifyError) -> t.Any:
    """The resource after a failure, None where it cannot be read."""
    if plan.resource_id is None or isinstance(error.__cause__ or error, Unreachable):
        return None
    try:
        return plan.seen()
    except CoolifyError:
        return None


def _spellings(texts: t.Iterable[str]) -> set[str]:
    """Trimmed and percent-encoded forms; very short ones are left out, they would blank half of the result."""
    found = {spelling for text in texts for spelling in (text.strip(), quote(text.strip(), safe=""))}
    return {text for text in found if len(text) >= SHORTEST_MASKED}


def invocation(params: t.Mapping[str, t.Any], no_log_values: t.Iterable[str]) -> dict[str, t.Any]:
    """What -vvv shows of the options; always masked, also where a secret is revealed in the result."""
    return {"module_args": remove_values(dict(params), set(no_log_values))}


def main(definition: Module) -> None:
    """The ``main()`` of every module."""
    module = AnsibleModule(argument_spec=argument_spec(definition), supports_check_mode=True, **definition.constraints)
    if REQUESTS_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("requests"), exception=REQUESTS_IMPORT_ERROR)
    run = execute(definition, module.params, check_mode=module.check_mode, no_log=module.no_log)
    for text in run.warnings:
        module.warn(text)
    run.result["invocation"] = invocation(module.params, module.no_log_values)
    module.no_log_values = run.hidden(module.no_log_values)
    if run.result.pop("failed", False):
        module.fail_json(**run.result)
    module.exit_json(**run.result)
