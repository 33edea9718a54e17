# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is going to happen, as data: check mode returns the plan, a real run gives the same plan to a Transaction."""

from __future__ import annotations

import collections
import itertools
import typing as t
from dataclasses import dataclass, field

from ._client import CONNECTIONS
from ._errors import CoolifyError, OutcomeUnknown, RevertFailed, RolledBack, may_have_acted
from ._http import in_parallel

NOTHING: t.Any = object()
"""What ``apply()`` of a step returns when it turned out that there was nothing to do: for what Coolify does not let anybody look up before."""


@dataclass(frozen=True)
class Undone:
    """What came of undoing a step: whether there was anything to undo, the names of what could not be restored, and in ``what`` how a
    person would call what was undone, where that is not the step's action."""

    needed: bool
    lost: tuple[str, ...] = ()
    what: str = ""


@dataclass(frozen=True)
class Step:
    """One thing to do.

    ``apply()`` does it. ``revert()`` undoes it and verifies that; None says that there is nothing to undo or that it cannot be undone.
    ``manual`` tells a person how to undo it. ``keeps`` marks a step whose failure is no reason to undo what was done before it: waiting
    for a container says nothing against the configuration. ``passive`` marks one that only looks.
    """

    action: str
    apply: t.Callable[[], t.Any]
    estimate: float = 1.0
    """Seconds."""
    revert: t.Callable[[], Undone] | None = None
    manual: str = ""
    destructive: bool = False
    keeps: bool = False
    passive: bool = False
    phase: str = ""
    """``gates``, ``before`` and ``after`` belong to a deployment: where several resources change together, the gates of all are checked
    and everything ``before`` is done first, and what comes ``after`` the changes comes last."""
    lane: tuple[int, str] | None = None
    """Steps in a row whose first part is equal belong together: those of different lanes do not depend on each other and run in parallel."""


@dataclass(frozen=True)
class Gate:
    """What was checked before anything is changed. ``outcome`` is passed, failed or skipped; without evidence it is never passed."""

    gate: str
    outcome: str
    reason: str
    evidence: t.Any = None
    resource: str = ""
    """Whose gate it is, in a plan for several."""


@dataclass(frozen=True)
class Risk:
    level: str
    """``high``, ``medium`` or ``low``."""
    description: str


@dataclass
class Plan:
    """The steps that take a resource from what was found to what is wanted, and what a person should know before.

    ``resource`` describes it as found, or as it would be; ``result()`` describes it after the steps. ``before`` is the canonical,
    secret-free configuration as found, the base of the rollback point.
    """

    steps: list[Step] = field(default_factory=list)
    diff: dict[str, t.Any] = field(default_factory=lambda: {"before": {}, "after": {}})
    risks: list[Risk] = field(default_factory=list)
    resource_id: str | None = None
    resource: t.Any = None
    extra: dict[str, t.Any] = field(default_factory=dict)
    """Further top-level keys of the result, such as ``variables`` or ``connection``."""
    before: dict[str, t.Any] = field(default_factory=dict)
    result: t.Callable[[], None] = lambda: None
    """Brings ``resource``, ``resource_id`` and ``extra`` up to date after the steps."""
    seen: t.Callable[[], t.Any] = lambda: None
    """Reads ``resource`` anew, for the result of a failure."""
    details: dict[str, t.Any] = field(default_factory=dict)
    metrics: dict[str, t.Any] = field(default_factory=dict)
    gates: list[Gate] = field(default_factory=list)
    point: dict[str, t.Any] = field(default_factory=dict)
    """Further parts of the rollback point."""
    downtime: bool = False
    downtime_reasons: list[str] = field(default_factory=list)

    def risk(self, level: str, description: str) -> None:
        self.risks.append(Risk(level, description))

    def merge_diff(self, diff: t.Mapping[str, t.Mapping[str, t.Any]]) -> None:
        for side in ("before", "after"):
            self.diff[side] = {**self.diff[side], **diff[side]}

    @property
    def destructive(self) -> list[Step]:
        return [step for step in self.steps if step.destructive]


class Transaction:
    """Runs the steps in order. When one fails, the executed ones are undone in reverse order."""

    def __init__(self, steps: t.Sequence[Step], undo: bool = True) -> None:
        self.steps = steps
        self.undo = undo
        self.journal: list[Step] = []
        self._idle: set[int] = set()

    @property
    def changed(self) -> list[Step]:
        """The executed steps that changed something."""
        return [step for step in self.journal if not step.passive and id(step) not in self._idle]

    def run(self) -> None:
        """Raises the step's own error when nothing was changed or a keeping step failed, otherwise RolledBack or RevertFailed."""
        for _lane, group in itertools.groupby(self.steps, lambda step: step.lane[0] if step.lane else id(step)):
            failures = self._apply(list(group))
            if failures:
                self._fail(failures)

    def _apply(self, steps: list[Step]) -> list[tuple[Step, CoolifyError]]:
        """Apply steps that belong together, each lane in its order, until one fails. Returns the failures in the order of the plan."""
        done: set[int] = set()
        failures: dict[int, CoolifyError] = {}
        lanes: dict[t.Any, collections.deque[Step]] = {}
        for step in steps:
            lanes.setdefault(step.lane, collections.deque()).append(step)
        # The lanes take turns after each step: whole lanes one after the other would leave connections without work at the end
        waiting = collections.deque(lanes.values())

        def apply(step: Step) -> None:
            try:
                if step.apply() is NOTHING:
                    self._idle.add(id(step))
            except CoolifyError as error:
                failures[id(step)] = error
            except Exception as error:  # pylint: disable=broad-except
                # A bug must not leave the others undone
                failures[id(step)] = bug = CoolifyError(f"{step.action}: {type(error).__name__}: {error}")
                bug.acted, bug.__cause__ = True, error
            else:
                done.add(id(step))

        def work() -> None:
            while not failures:
                try:
                    lane = waiting.popleft()
                except IndexError:
                    # Those that are left are in the hands of other workers, one each
                    return
                apply(lane.popleft())
                if lane:
                    waiting.append(lane)

        in_parallel([work] * min(CONNECTIONS, len(lanes)), CONNECTIONS)
        self.journal += [step for step in steps if id(step) in done]
        return [(step, failures[id(step)]) for step in steps if id(step) in failures]

    def _fail(self, failures: list[tuple[Step, CoolifyError]]) -> t.NoReturn:
        # What may still happen counts more than what is certain
        failures = sorted(failures, key=lambda failure: not isinstance(failure[1], OutcomeUnknown))
        step, error = failures[0]
        if failures[1:]:
            also = [f"{other.action} failed: {reason}" for other, reason in failures[1:]]
            error.facts["details"] = {**error.facts.get("details", {}), "also_failed": also}
        touched = self.journal + [other for other, reason in failures if may_have_acted(reason) and other.revert]
        if (step.keeps and not error.undo_all) or not self.undo:
            raise error
        if touched:
            self._undo(touched, step, error)
        # Nothing had been done; only the outcome of a creation can still be open
        error.acted = isinstance(error, OutcomeUnknown)
        raise error

    def _undo(self, touched: list[Step], failed: Step, cause: CoolifyError) -> None:
        """Returns when it turns out that nothing had been changed."""
        restored, lost, manual, problems = [], [], [], []
        for step in reversed(touched):
            if (step.revert is None and step.passive) or id(step) in self._idle:
                continue
            if step.revert is None:
                lost.append(step.action)
                manual.append(step.manual or f"undo: {step.action}")
                continue
            try:
                undone = step.revert()
            except Exception as error:  # pylint: disable=broad-except
                # A bug here must not keep the others from being undone
                lost.append(step.action)
                problems.append(f"{step.action}: {'' if isinstance(error, CoolifyError) else f'{type(error).__name__}: '}{error}")
                manual.append(step.manual or f"undo: {step.action}")
                continue
            lost.extend(undone.lost)
            if undone.lost:
                manual.append(f"{step.manual or f'undo: {step.action}'} ({', '.join(undone.lost)})")
            elif undone.needed:
                restored.append(undone.what or step.action)
        if not restored and not lost:
            return
        facts = {
            "restored": restored,
            "not_restored": lost,
            "failed_step": failed.action,
            "cause": {"code": cause.code, "error": str(cause)},
            **{name: value for name, value in cause.facts.get("details", {}).items() if name == "also_failed"},
        }
        told = f"{failed.action} failed: {cause}"
        if not lost:
            text = f"{told}. Everything done before it was undone: {'; '.join(restored)}"
            error: CoolifyError = RolledBack(text, cause.troubleshooting, details=facts)
        else:
            facts["manual_steps"] = manual
            text = f"{told}. It was not possible to undo everything: {'; '.join(problems or lost)}"
            error = RevertFailed(text, f"By hand: {'; '.join(manual)}. And what failed at first: {cause.troubleshooting}", details=facts)
        error.stage, error.log, error.root_cause, error.resource = cause.stage, cause.log, str(cause), cause.resource
        raise error from cause
