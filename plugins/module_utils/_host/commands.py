# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a command with a time limit, and share one limit among many commands."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
import typing as t
from dataclasses import dataclass

# A non-login shell over SSH may lack some of them
PLACES = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin", "/snap/bin")


@dataclass(frozen=True)
class Answer:
    """What a command said. ``code`` is None when it had to be stopped or could not be started; ``err`` then says so."""

    code: int | None
    out: str = ""
    err: str = ""

    @property
    def fine(self) -> bool:
        return self.code == 0

    @property
    def why(self) -> str:
        """One line about what went wrong."""
        lines = [line.strip() for line in self.err.splitlines() if line.strip()]
        errors = [line for line in lines if "rror" in line or "annot" in line or "denied" in line]
        return (errors or lines or [f"it ended with the code {self.code}"])[0]


class Deadline:
    """The moment when everything has to be over."""

    def __init__(self, seconds: float, clock: t.Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.end = clock() + seconds

    def left(self, share: float = 1.0) -> float:
        """Seconds, or a share of them; never negative."""
        return max(0.0, self.end - self.clock()) * share


def which(program: str) -> str | None:
    """The path of a program, or None."""
    return shutil.which(program, path=os.pathsep.join([os.environ.get("PATH", ""), *PLACES]))


def run(
    command: t.Sequence[str],
    seconds: float,
    together: bool = False,
    given: str | None = None,
    environment: t.Mapping[str, str] | None = None,
) -> Answer:
    """Run a command. What is not done after ``seconds`` is killed with all its children.

    ``together`` puts both outputs into ``out`` in their order; ``given`` is its input, without it there is none. Never raises: every
    failure is in the answer.
    """
    if seconds <= 0:
        return Answer(None, err="there was no time left")
    try:
        # run_command knows no time limit
        process = subprocess.Popen(  # pylint: disable=ansible-bad-function
            command,
            stdin=subprocess.DEVNULL if given is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if together else subprocess.PIPE,
            env={**os.environ, "LC_ALL": "C", **(environment or {})},
            start_new_session=True,
        )
    except OSError as error:
        return Answer(None, err=f"{command[0]}: {error.strerror}")
    late = ""
    try:
        out, err = process.communicate(None if given is None else given.encode(), timeout=seconds)
    except subprocess.TimeoutExpired:
        late = f"no answer within {round(seconds, 1):g} seconds"
        out, err = _killed(process)
    return Answer(None if late else process.returncode, _text(out), late or _text(err))


def _killed(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """The rest of its output. A child that outlives the signal (it waits for a disk) is left alone."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
        return process.communicate(timeout=1)
    except (OSError, subprocess.TimeoutExpired):
        return b"", b""


def _text(output: bytes | None) -> str:
    return (output or b"").decode("utf-8", "replace")
