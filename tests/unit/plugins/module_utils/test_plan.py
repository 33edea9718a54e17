# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import threading
import time

import pytest

from ansible_collections.selfhosted.coolify.plugins.module_utils._client import CONNECTIONS
from ansible_collections.selfhosted.coolify.plugins.module_utils._errors import (
    ApiError,
    InputError,
    RevertFailed,
    RolledBack,
    TimedOut,
    Unreachable,
    may_have_acted,
)
from ansible_collections.selfhosted.coolify.plugins.module_utils._plan import Step, Transaction, Undone


class World:
    """Steps that append to a list, and take away again."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def step(
        self,
        name: str,
        fails: Exception | None = None,
        lost: tuple[str, ...] = (),
        revert_fails: Exception | None = None,
        needed: bool = True,
        **kw,
    ) -> Step:
        def apply() -> None:
            if fails:
                raise fails
            self.done.append(name)

        def revert() -> Undone:
            if revert_fails:
                raise revert_fails
            self.done.append(f"-{name}")
            return Undone(needed, lost)

        return Step(name, apply, revert=revert, **kw)


REFUSED = ApiError("refused", code=422)
CRASHED = ApiError("crashed", code=500)


def test_steps_run_in_order():
    world = World()
    Transaction([world.step("a"), world.step("b")]).run()
    assert world.done == ["a", "b"]


def test_lanes_take_turns_so_that_no_connection_waits_at_the_end():
    order: list[tuple[int, int]] = []
    # Each step waits until all connections are busy. The last two of ten lanes alone would wait for others that never come
    together = threading.Barrier(CONNECTIONS, timeout=60)

    def step(lane: int, number: int) -> Step:
        def apply() -> None:
            together.wait()
            order.append((lane, number))

        return Step(f"{lane}.{number}", apply, lane=(1, str(lane)))

    lanes = 10
    assert lanes * 2 % CONNECTIONS == 0 and lanes % CONNECTIONS
    transaction = Transaction([step(lane, number) for lane in range(lanes) for number in range(2)])
    transaction.run()
    assert sorted(order) == [(lane, number) for lane in range(lanes) for number in range(2)]
    assert all(order.index((lane, 0)) < order.index((lane, 1)) for lane in range(lanes))
    assert [step.action for step in transaction.journal] == [f"{lane}.{number}" for lane in range(lanes) for number in range(2)]


def test_after_a_failure_no_lane_goes_on():
    world, begun, failed = World(), threading.Event(), threading.Event()

    def fail() -> None:
        begun.wait(10)
        failed.set()
        raise REFUSED

    def slow() -> None:
        begun.set()
        failed.wait(10)
        time.sleep(0.1)

    steps = [Step("fails", fail, lane=(1, "a")), Step("slow", slow, lane=(1, "b"), revert=lambda: Undone(True))]
    with pytest.raises(RolledBack):
        Transaction([*steps, world.step("after it", lane=(1, "b"))]).run()
    assert world.done == []


def test_a_refused_first_step_changes_nothing_and_raises_its_own_error():
    world = World()
    with pytest.raises(ApiError) as error:
        Transaction([world.step("a", REFUSED), world.step("b")]).run()
    assert error.value is REFUSED and world.done == []


def test_executed_steps_are_undone_in_reverse_order():
    world = World()
    with pytest.raises(RolledBack) as error:
        Transaction([world.step("a"), world.step("b"), world.step("c", REFUSED)]).run()
    assert world.done == ["a", "b", "-b", "-a"]
    details = error.value.facts["details"]
    assert details["restored"] == ["b", "a"] and details["not_restored"] == []
    assert details["failed_step"] == "c" and details["cause"] == {"code": 422, "error": "refused"}


def test_a_step_that_may_have_acted_is_undone_too():
    world = World()
    with pytest.raises(RolledBack):
        Transaction([world.step("a", CRASHED)]).run()
    assert world.done == ["-a"]


def test_a_step_that_turns_out_not_to_have_acted_raises_its_own_error():
    world = World()
    with pytest.raises(ApiError) as error:
        Transaction([world.step("a", CRASHED, needed=False)]).run()
    assert world.done == ["-a"] and not may_have_acted(error.value)


def test_what_could_not_be_restored_is_named():
    world = World()
    with pytest.raises(RevertFailed) as error:
        Transaction([world.step("a", lost=("variable TOKEN",)), world.step("b", REFUSED)]).run()
    assert error.value.facts["details"]["not_restored"] == ["variable TOKEN"]
    assert "variable TOKEN" in str(error.value)


def test_a_failing_undo_is_loud_and_the_others_go_on():
    world = World()
    with pytest.raises(RevertFailed) as error:
        Transaction(
            [world.step("a"), world.step("b", revert_fails=Unreachable("gone"), manual="do b by hand"), world.step("c", REFUSED)]
        ).run()
    assert world.done == ["a", "b", "-a"]
    details = error.value.facts["details"]
    assert details["restored"] == ["a"] and details["not_restored"] == ["b"] and details["manual_steps"] == ["do b by hand"]
    assert error.value.code == 603


def test_a_bug_in_an_undo_keeps_none_of_the_others_from_it():
    world = World()
    with pytest.raises(RevertFailed) as caught:
        Transaction([world.step("a"), world.step("b", revert_fails=TypeError("a bug")), world.step("c", fails=REFUSED)]).run()
    assert world.done == ["a", "b", "-a"]
    details = caught.value.facts["details"]
    assert details["restored"] == ["a"] and details["not_restored"] == ["b"] and "TypeError: a bug" in str(caught.value)
    assert caught.value.troubleshooting.startswith("By hand: undo: b. And what failed at first: ")


def test_a_keeping_step_undoes_nothing():
    world = World()
    with pytest.raises(TimedOut):
        Transaction([world.step("a"), world.step("wait", TimedOut("slow"), keeps=True)]).run()
    assert world.done == ["a"]


def test_a_step_without_undo_is_reported():
    world = World()
    gone = Step("delete it", lambda: None)
    with pytest.raises(RevertFailed) as error:
        Transaction([gone, world.step("b", REFUSED)]).run()
    assert error.value.facts["details"]["not_restored"] == ["delete it"]


@pytest.mark.parametrize(
    ("error", "acted"),
    [
        (ApiError("refused", code=422), False),
        (ApiError("crashed", code=500), True),
        (Unreachable("x"), False),
        (Unreachable("x", sent=True), True),
        (InputError("x"), False),
    ],
)
def test_who_may_have_acted(error, acted):
    assert may_have_acted(error) is acted
