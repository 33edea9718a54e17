# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scheduled tasks of applications and services, and running one now (applications.md 8.3, resources.md 9.9)."""

from __future__ import annotations

import re
import typing as t

from .._client import path
from .._context import Context, Module
from .._errors import BadState, InputError, NotFoundByName, OutcomeUnknown, TimedOut, Unreachable, Unreadable, after_acting
from .._fields import BOOL, INT, NAME, NEVER, Field, body, creation, declared, moment, option_spec, without_password, without_tags
from .._plan import Plan, Step, Undone
from .._wait import until
from . import simple
from . import variables as env
from .owner import Part, find_owner, listed, owner_constraints, owner_spec
from .placement import need, only
from .resource import WAIT_SPEC
from .schedule import schedule_complaint

OWNERS = ("application", "service")
EXECUTE_SINCE = "4.3.0"
LONGEST_OUTPUT = 100_000
"""Characters of an output that a result has; Coolify keeps 5 MB."""
LOST_ANSWER = 30.0
"""Seconds in which an execution appears whose request was answered by nobody."""


def _short(value: t.Any) -> str | None:
    return "longer than 255 characters, which Coolify's database cannot hold" if len(str(value)) > 255 else None


FIELDS: tuple[Field, ...] = (
    Field("name", NAME, clear=NEVER, check=_short),
    Field("command", clear=NEVER, check=_short),
    Field("frequency", clear=NEVER, check=lambda value: _short(value) or schedule_complaint(value)),
    Field("container", check=_short),
    # timeout is the time limit of a request
    Field(
        "task_timeout",
        INT,
        read="timeout",
        write="timeout",
        clear=NEVER,
        check=lambda value: None if value >= 1 else "it has to be 1 or more",
    ),
    Field("enabled", BOOL),
)
NEEDED = ("name", "command", "frequency")


def plan(ctx: Context) -> Plan:
    """The module's function."""
    options = ctx.options
    wanted = declared(FIELDS, options)
    owner = find_owner(ctx, OWNERS)
    task = Part(
        ctx,
        "scheduled task",
        without_tags(options.get("name") or options["uuid"]),
        options.get("uuid"),
        owner=owner,
        within="scheduled-tasks",
    )
    result = Plan()
    if owner.uuid is None and options["state"] == "absent":
        return result
    rows = listed(owner, "scheduled-tasks", read=ctx.client.items) if owner.uuid else []
    locate(task, rows)
    if task.answer:
        task.name = task.answer["name"]
    if options["state"] == "absent":
        if task.answer:
            plan_removal(task, result)
        return result
    if task.answer is None:
        if options.get("uuid"):
            raise NotFoundByName(f'there is no scheduled task with the uuid "{options["uuid"]}" of {owner.words}')
        need(options, NEEDED, f"creating {task.words}")
        simple.plan_creation(task, result, FIELDS, wanted, task.base, lambda: look(task))
    else:
        simple.plan_update(task, result, FIELDS, wanted)
    simple.finish(task, result, FIELDS, wanted, "Look at the task in Coolify.")
    if options["state"] == "executed":
        plan_execution(task, result)
    if options["executions"] < 0:
        raise InputError("executions: it has to be 0 or more")
    if options["executions"]:
        with_executions(task, result)
    return result


def with_executions(task: Part, result: Plan) -> None:
    """The last runs, newest first, as they are when everything is done."""
    refresh = result.result

    def show() -> None:
        refresh()
        rows = task.ctx.client.items(f"{task.path}/executions")[: task.ctx.options["executions"]]
        task.ctx.secrets |= secrets_of(task) if rows else set()
        result.extra["executions"] = [execution(row) for row in rows]

    result.extra["executions"] = []
    result.result = show


def locate(task: Part, rows: list[dict[str, t.Any]]) -> None:
    """Fill in what exists. Names are not unique."""
    if task.uuid:
        task.answer = next((row for row in rows if row["uuid"] == task.uuid), None)
        return
    found = [row for row in rows if row["name"] == task.name]
    if found:
        task.answer = only(found, task.name, "scheduled task", f" of {task.owner.words}" if task.owner else "")
        task.uuid = task.answer["uuid"]


def look(task: Part) -> dict[str, t.Any] | None:
    return next((row for row in task.rows() if row["name"] == task.name), None)


def plan_removal(task: Part, result: Plan) -> None:
    """Nothing is lost that could not be declared again but the history, so it needs no confirmation."""
    answer = task.answer or {}
    simple.plan_removal(task, result, FIELDS, "its past executions go along", level="low", destructive=False)
    again = body(creation(FIELDS, {row.name: row.found(answer) for row in FIELDS}))

    def undo() -> Undone:
        made = task.ctx.client.create(task.base, again, lambda: look(task), task.words)
        result.resource_id = task.uuid = made["uuid"]
        return Undone(True, ("its past executions",))

    step = result.steps[0]
    result.steps[0] = Step(step.action, step.apply, revert=undo, manual=f"create {task.words} again")


# --- running it now --------------------------------------------------------------------------------------------------------------------


def plan_execution(task: Part, result: Plan) -> None:
    """Coolify queues the run and tells no identifier: it is the execution that was not there before."""
    ctx = task.ctx
    ctx.client.require(EXECUTE_SINCE, "state=executed")
    known: set[str] = set()

    def apply() -> None:
        where = f"{task.path}/executions"
        known.update(row["uuid"] for row in ctx.client.items(where))
        lost = None
        try:
            ctx.client.post(f"{task.path}/execute")
        except (Unreachable, Unreadable) as error:
            if not error.sent:
                raise
            lost = error
        with after_acting():
            if lost:
                appeared, _rows = until(fresh, bool, LOST_ANSWER, ctx.clock)
                if not appeared:
                    raise OutcomeUnknown(
                        f"{lost}; whether Coolify runs {task.words} is not known", "Look at its executions before you run the task again."
                    ) from lost
            if ctx.flag("wait"):
                follow(task, result, fresh)
            else:
                result.details["pending"] = f"GET /api/v1{where} until its newest has a status other than running"

    def fresh() -> dict[str, t.Any] | None:
        rows = ctx.client.items(f"{task.path}/executions")
        return next((row for row in rows if row["uuid"] not in known), None)

    if task.answer and task.answer.get("enabled") is False:
        result.risk("low", f"{task.words} is disabled; running it now works all the same")
    result.extra["execution"] = None
    result.steps.append(Step(f"run {task.words} now", apply, estimate=30.0, keeps=True))


def follow(task: Part, result: Plan, fresh: t.Callable[[], dict[str, t.Any] | None]) -> None:
    """Wait for the end of the execution, and keep what it printed. Raises BadState when it failed."""
    ctx, limit = task.ctx, task.ctx.options["wait_timeout"]
    ctx.secrets |= secrets_of(task)
    done, row = until(fresh, lambda row: bool(row and row.get("status") != "running" and row.get("finished_at")), limit, ctx.clock)
    if not done:
        raise TimedOut(
            f"{task.words} {'still runs' if row else 'was not begun'} after {limit} s",
            "Raise wait_timeout, or look at its executions in Coolify.",
        )
    result.extra["execution"] = shown = execution(row or {})
    ctx.say(f"{task.words}: {shown['status']} after {shown['duration']} s")
    if shown["status"] != "success":
        error = BadState(
            f"{task.words} failed: {(shown['output'] or 'it printed nothing').strip().splitlines()[-1]}",
            "Read its output; the container has to run, and with several containers container says which one.",
        )
        error.log = (shown["output"] or "").strip().splitlines()[-5:]
        error.facts["execution"] = shown
        raise error


def execution(row: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """One run as a result shows it."""
    output = without_password(str(row.get("message") or ""))
    duration = row.get("duration")
    return {
        "uuid": row.get("uuid"),
        "status": row.get("status"),
        "output": output[-LONGEST_OUTPUT:] or None,
        "started_at": _utc(row.get("started_at")),
        "finished_at": _utc(row.get("finished_at")),
        "duration": float(duration) if re.fullmatch(r"\d+(\.\d+)?", str(duration)) else None,
    }


def _utc(text: t.Any) -> str | None:
    """Coolify writes its times in two ways."""
    at = moment(text)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def secrets_of(task: Part) -> set[str]:
    """What the variables hold must not come back in what the task prints."""
    if task.owner is None:
        raise InputError(f"{task.words}: it belongs to nothing")
    target = env.Target(f"{task.owner.path}{path('envs')}", task.owner.words, tuple(env.FLAGS))
    return env.secret_values(env.read(task.ctx.client, target))


MODULE = Module(
    "coolify_task",
    {
        **owner_spec(OWNERS),
        "uuid": {"type": "str"},
        **option_spec(FIELDS),
        "state": {"type": "str", "choices": ["present", "absent", "executed"], "default": "present"},
        "executions": {"type": "int", "default": 0},
        **WAIT_SPEC,
    },
    plan=plan,
    returns="task",
    constraints={
        **owner_constraints(OWNERS),
        "required_one_of": [*owner_constraints(OWNERS)["required_one_of"], ("name", "uuid")],
    },
)
