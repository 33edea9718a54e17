# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong, as one tree of exceptions.

Each carries a sentence for a person (``str(error)``: what was tried, on what, what the answer was), what to do next
(``troubleshooting``) and the numeric ``code`` of the result. Codes below 600 are HTTP statuses that Coolify answered; the others
are in ``CODES``, and what to do about them in ``REMEDIES``; scripts/errors.py makes docs/docsite/rst/errors.rst of both.
"""

from __future__ import annotations

import typing as t
from contextlib import contextmanager

CODES: dict[int, str] = {
    600: "A bug in this collection.",
    601: "A gate blocked the operation before anything was changed, for example a destructive step without confirm_destructive.",
    602: "A step failed and everything done before it was undone, which was verified.",
    603: "A step failed and undoing failed as well; the result lists what was and what was not restored.",
    604: "Coolify did not get there in time.",
    605: "The server's Coolify version lacks what was asked for.",
    606: "The options are wrong or do not fit together.",
    607: "Coolify could not be reached: wrong address, refused connection, DNS or TLS error, time limit.",
    608: "The answer cannot be understood: HTML, truncated or no JSON, a redirect.",
    609: "There is nothing of that name; the message lists the names that exist.",
    610: "Several things have that name; the message lists their uuids.",
    611: "An option that Coolify takes only at creation differs from what exists.",
    612: "The answer to a creation or an action was lost and its outcome could not be established.",
    613: "Changing the credentials of an existing database was refused.",
    614: "Deleting was refused because something still depends on it; the message lists what.",
    615: "Coolify accepted a value and did not store it.",
    616: "Coolify started, stopped or restarted something and it ended in a state that does not recover by itself.",
    617: "What runs after the deployment is not what was wanted, does not answer, is too slow or fails too often.",
}


REMEDIES: dict[int, str] = {
    600: "Please report this with the output of the task at -vvv.",
    601: "Read the plan in check mode (--check --diff); then confirm with confirm_destructive=true.",
    602: "Mend what made the step fail, which the message says; nothing has to be repaired.",
    603: "Do by hand what details.manual_steps lists, then run the task again.",
    604: "Look at the resource's log in Coolify, or raise wait_timeout; Coolify's own status lags by up to five minutes.",
    605: "Upgrade Coolify or remove the option from the task.",
    606: "Correct the options of the task; ansible-doc shows what each takes.",
    607: "Check that url is the address of the Coolify panel and that this controller can reach it.",
    608: "Check that url is the address of the Coolify panel itself, not of a login page or a proxy in front of it.",
    609: "Use one of the names that exist, or create it first.",
    610: "Coolify's names are not unique. Give the uuid, or rename one of them.",
    611: "Leave the option as it is, or delete and create anew what has it.",
    612: "Look in Coolify whether it happened before you run the task again.",
    613: "Change them in the database itself too; Coolify does not do that.",
    614: "Remove what depends on it first.",
    615: "Look at the value in Coolify, and at what the message says that it stored.",
    616: "Look at its log in Coolify; coolify_diagnose looks for the cause.",
    617: "Look at the application's log in Coolify; verify_* and max_* options say what is expected.",
}
"""What to do, where the place that raises knows nothing better."""


class CoolifyError(Exception):
    """Base of everything that is reported to the user; ``status`` is the result's."""

    code = 600
    stage = "unknown"
    severity = "high"
    status = "failed"

    def __init__(self, message: str, troubleshooting: str | None = None, **facts: t.Any) -> None:
        super().__init__(message)
        self.troubleshooting = troubleshooting or REMEDIES.get(self.code, REMEDIES[600])
        self.facts = facts
        """Further keys of the failed result (plain data)."""
        self.acted: bool | None = None
        """Whether the failed step changed something, where the place that raised or caught this knows."""
        self.undo_all = False
        """Whether what was done before is undone even though the step that failed keeps it."""
        self.root_cause: str | None = None
        """The incident's, where it is not the message itself."""
        self.log: list[str] = []
        """Lines of a log that tell more, at most five, without secrets."""
        self.resource: tuple[str, str | None, str] | None = None
        """(type, uuid, name) of what it is about, where a task is about several."""


class InputError(CoolifyError):
    code = 606
    severity = "low"


class Blocked(CoolifyError):
    code = 601
    severity = "medium"
    status = "blocked"


class Unsupported(CoolifyError):
    code = 605
    severity = "medium"


class Unreachable(CoolifyError):
    """No HTTP answer. ``sent`` says whether the server may have acted on the request, ``late`` that it may still act on it."""

    code = 607
    severity = "critical"

    def __init__(
        self, message: str, troubleshooting: str | None = None, *, sent: bool = False, late: bool = False, stage: str = "unknown"
    ) -> None:
        super().__init__(message, troubleshooting)
        self.sent = sent
        self.late = late
        self.stage = stage


class Unreadable(CoolifyError):
    """An HTTP answer that is none of Coolify's API. ``sent`` as in Unreachable."""

    code = 608
    late = False

    def __init__(self, message: str, troubleshooting: str | None = None, *, sent: bool = False) -> None:
        super().__init__(message, troubleshooting)
        self.sent = sent


class NotFoundByName(CoolifyError):
    code = 609
    severity = "low"


class Ambiguous(CoolifyError):
    code = 610
    severity = "low"


class CreateOnly(CoolifyError):
    code = 611
    severity = "medium"


class OutcomeUnknown(CoolifyError):
    """``found`` is what exists now, where something does."""

    code = 612
    found: dict[str, t.Any] | None = None


class CredentialDrift(CoolifyError):
    code = 613
    severity = "medium"


class InUse(CoolifyError):
    code = 614
    severity = "low"


class NotStored(CoolifyError):
    code = 615
    severity = "medium"


class BadState(CoolifyError):
    code = 616
    stage = "container_readiness"


class NotVerified(CoolifyError):
    code = 617
    stage = "health_check"


class TimedOut(CoolifyError):
    code = 604
    stage = "container_readiness"


class RolledBack(CoolifyError):
    """A step failed; the steps before it were undone and that was verified."""

    code = 602
    status = "rolled_back"


class RevertFailed(CoolifyError):
    code = 603
    severity = "critical"


class ApiError(CoolifyError):
    """Coolify answered with an error status. ``message`` is Coolify's own, ``errors`` one line per field."""

    def __init__(
        self, message: str, troubleshooting: str | None = None, *, code: int, answer: str = "", errors: tuple[tuple[str, str], ...] = ()
    ) -> None:
        super().__init__(message, troubleshooting)
        self.code = code
        self.answer = answer
        self.errors = errors

    @property
    def may_have_acted(self) -> bool:
        """A 5xx can come after half of the work (Coolify wraps no request in a transaction)."""
        return self.code >= 500


class NotFound(ApiError):
    """404 where one thing was asked for; ``route`` is true when the server does not know the path at all."""

    route = False


def may_have_acted(error: CoolifyError) -> bool:
    """True when the step that raised this may have changed something."""
    if error.acted is not None:
        return error.acted
    return bool(getattr(error, "sent", False) or getattr(error, "may_have_acted", False))


@contextmanager
def after_acting() -> t.Iterator[None]:
    """What fails in here fails after Coolify has already begun to act."""
    try:
        yield
    except CoolifyError as error:
        error.acted = True
        raise
