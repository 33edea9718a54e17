# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Coolify in the process, and ``run``, which is a module's real ``main()``."""

from __future__ import annotations

import functools
import importlib
import json
import typing as t
from contextlib import contextmanager

import pytest
from ansible.module_utils import basic

from ansible_collections.selfhosted.coolify.plugins.module_utils import _runner
from ansible_collections.selfhosted.coolify.plugins.module_utils._diagnosis import probes
from ansible_collections.selfhosted.coolify.plugins.module_utils._http import Http
from ansible_collections.selfhosted.coolify.plugins.module_utils._wait import Clock
from ansible_collections.selfhosted.coolify.tests.simulator import Simulator
from ansible_collections.selfhosted.coolify.tests.unit.deploying import Site

try:
    from ansible.module_utils import _internal
except ImportError:  # before ansible-core 2.19
    _internal = None

try:
    from ansible.module_utils.testing import patch_module_args
except ImportError:  # before ansible-core 2.19

    @contextmanager
    def patch_module_args(args):
        before = basic._ANSIBLE_ARGS
        basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": args}).encode()
        try:
            yield
        finally:
            basic._ANSIBLE_ARGS = before


MODULES = "ansible_collections.selfhosted.coolify.plugins.modules"


@pytest.fixture(scope="session")
def server() -> t.Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


class Waiting:
    """Pauses take no time: each one lets the simulator's and the module's clock go forward."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.pauses: list[float] = []

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.seconds += seconds


@pytest.fixture
def waiting(monkeypatch) -> Waiting:
    waiting = Waiting()
    monkeypatch.setattr(_runner, "Http", functools.partial(Http, sleeper=waiting.sleep))
    monkeypatch.setattr(_runner, "Clock", lambda: Clock(waiting.now, waiting.sleep))
    return waiting


@pytest.fixture
def simulator(server, waiting) -> t.Iterator[Simulator]:
    server.reset(version="4.3.11", clock=waiting.now)
    server.bugs.clear()
    yield server


Run = t.Callable[..., t.Dict[str, t.Any]]


@pytest.fixture
def run(simulator, capsys, monkeypatch) -> Run:
    """``run("app", check=…, token=…, **options)`` gives the result of the module, whether it failed or not."""
    if _internal:
        # The callback's tests import the controller, and then warnings would go to its display instead of into the result
        monkeypatch.setattr(_internal, "is_controller", False)

    def run(module: str, check: bool = False, token: str = "root", **options: t.Any) -> dict[str, t.Any]:
        args = {
            "url": simulator.url,
            "token": simulator.tokens.get(token, token),
            "_ansible_check_mode": check,
            "_ansible_diff": True,
            **options,
        }
        capsys.readouterr()
        with patch_module_args(args), pytest.raises(SystemExit):
            importlib.import_module(f"{MODULES}.coolify_{module}").main()
        result = json.loads(capsys.readouterr().out)
        assert result.get("failed", False) == ("code" in result), result
        return result

    return run


@pytest.fixture
def site(simulator, monkeypatch) -> t.Iterator[Site]:
    site = Site(simulator)
    monkeypatch.setitem(probes.PROXY_PORTS, "http", site.server.server_port)
    yield site
    site.server.shutdown()
    site.server.server_close()
