# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What applications, databases and services have in common: changing fields and undoing that, deleting, waiting for a status."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._client import path
from .._context import Context
from .._errors import (
    CoolifyError,
    CreateOnly,
    InputError,
    NotFound,
    NotFoundByName,
    NotStored,
    OutcomeUnknown,
    TimedOut,
    Unreachable,
    Unreadable,
    after_acting,
)
from .._fields import NEVER, UNKNOWN, Change, Field, body, differences
from .._plan import Plan, Step, Undone
from .._wait import Told, until
from . import placement
from .placement import Place, matches, only

PLACEMENT_SPEC: dict[str, t.Any] = {
    "name": {"type": "str"},
    "uuid": {"type": "str"},
    "project": {"type": "str"},
    "environment": {"type": "str"},
    "server": {"type": "str"},
    "destination": {"type": "str"},
}
WAIT_SPEC: dict[str, t.Any] = {"wait": {"type": "bool", "default": True}, "wait_timeout": {"type": "int", "default": 600}}
DELETE_SPEC: dict[str, t.Any] = {
    "confirm_destructive": {"type": "bool", "default": False},
    "delete_volumes": {"type": "bool", "default": False},
    "delete_configurations": {"type": "bool", "default": True},
    "delete_connected_networks": {"type": "bool", "default": True},
    "docker_cleanup": {"type": "bool", "default": False},
}
UNDO_TIMEOUT = 60
"""Seconds that the deletion of something just created may take."""
DELETE_FLAGS = ("delete_volumes", "delete_configurations", "delete_connected_networks", "docker_cleanup")
ONE_NAME = {"required_one_of": [("name", "uuid")]}
DEFAULT_UPDATE_SECRETS = {"type": "str", "choices": ["always", "on_create"], "default": "always", "no_log": False}


@dataclass
class Live:
    """A resource while a plan is made and applied: ``answer`` is what its GET said last."""

    ctx: Context
    kind: str
    """``application``, ``database`` …: what it is called, and with an s its collection in the API."""
    name: str
    uuid: str | None = None
    answer: dict[str, t.Any] | None = None
    place: Place | None = None
    created: dict[str, t.Any] = field(default_factory=dict)
    """What Coolify answered to its creation."""
    collection: str = ""
    """Its collection in the API, where that is called otherwise."""

    @property
    def words(self) -> str:
        return f'{self.kind} "{self.name}"'

    @property
    def path(self) -> str:
        return path(*(self.collection or f"{self.kind}s").split("/"), self.uuid or "")

    def read(self) -> dict[str, t.Any]:
        self.answer = self.ctx.client.get(self.path, has="uuid")
        return self.answer

    def patch(self, fields: dict[str, t.Any]) -> None:
        self.ctx.client.patch(self.path, fields)

    @property
    def status(self) -> str:
        return str((self.answer or {}).get("status") or "")

    @property
    def state(self) -> str:
        """The first part of Coolify's ``state:health``."""
        return self.status.split(":", 1)[0]


def find_place(ctx: Context) -> Place | None:
    """Project and environment, None when there is no such place: for state=absent that is what is wanted, and in check mode a warning,
    because an earlier task of the same run may be going to create it."""
    placement.need(ctx.options, ["project"], "finding something by its name")

    def look() -> Place:
        return placement.find_place(ctx.client, ctx.options["project"], ctx.options.get("environment"))

    if ctx.options["state"] != "absent":
        return expected(ctx, look)
    try:
        return look()
    except NotFoundByName:
        return None


def read_by_uuid(live: Live) -> bool:
    """False when there is no such uuid and that is what is wanted (state absent)."""
    try:
        live.read()
    except NotFound as error:
        if live.ctx.options["state"] == "absent":
            return False
        raise NotFoundByName(
            f'there is no {live.kind} with the uuid "{live.uuid}": {error}', "A token sees its own team only; check the uuid."
        ) from error
    live.name = live.answer["name"]
    return True


def locate(live: Live, items: t.Callable[[], list[dict[str, t.Any]]]) -> bool:
    """Find it by its uuid, or by its name among ``items``, and read it. False when it is gone and that is what is wanted."""
    if live.uuid:
        return read_by_uuid(live)
    found = matches(items(), live.name)
    if found:
        live.uuid = only(found, live.name, live.kind)["uuid"]
        live.read()
    return True


def expected(ctx: Context, look: t.Callable[[], t.Any]) -> t.Any:
    """What ``look`` finds. In check mode None and a warning, where an earlier task of the same run may be going to create it."""
    try:
        return look()
    except NotFoundByName as error:
        if not ctx.check_mode:
            raise
        ctx.warn(f"{error}. The preview goes on as if an earlier task created it")
        return None


def require_versions(ctx: Context, changes: t.Iterable[Change]) -> None:
    """Refuse what the server is too old for, before anything is changed; the version is asked for only when a field is that new."""
    newest = max(
        (change.field for change in changes if change.field.since), key=lambda row: tuple(map(int, row.since.split("."))), default=None
    )
    if newest:
        ctx.client.require(newest.since, f"the option {newest.name}")


def readable(plan: Plan, changes: list[Change], words: str, update: str) -> list[Change]:
    """Without the changes of fields that the server does not show, where those are not to be written; says so either way, and which
    changes nothing takes back."""
    for_good = [change.field.name for change in changes if change.before is None and change.field.clear is NEVER]
    if for_good:
        plan.risk("medium", f"Coolify cannot clear {', '.join(for_good)} of {words} again: going back would leave what is set now")
    unknown = [change.field.name for change in changes if change.before is UNKNOWN]
    if not unknown:
        return changes
    what = "are written again each time" if update == "always" else "are left alone (update_secrets=on_create)"
    plan.risk(
        "medium",
        f"the server does not show {', '.join(unknown)} of {words} to this token or in this version: "
        f"they cannot be compared, {what}, and could not be restored",
    )
    return changes if update == "always" else [change for change in changes if change.before is not UNKNOWN]


def patch_step(
    live: Live,
    action: str,
    bodies: t.Callable[[], list[dict[str, t.Any]]],
    undo: t.Callable[[], Undone] = lambda: Undone(False),
    manual: str = "",
    destructive: bool = False,
) -> Step:
    """One or more PATCHes in an order that matters. Without ``undo`` it belongs to a creation, whose own undo deletes everything."""

    def apply() -> None:
        for number, request in enumerate(bodies()):
            try:
                live.patch(request)
            except CoolifyError as error:
                error.acted = True if number else None
                raise

    return Step(action, apply, estimate=0.5 * max(1, len(bodies())), revert=undo, manual=manual, destructive=destructive)


def set_step(live: Live, fields: t.Sequence[Field], changes: list[Change]) -> Step:
    """One PATCH of fields, undone by writing back what was there."""
    before = {change.field.name: change.before for change in changes}
    names = ", ".join(before)
    return patch_step(
        live,
        f"set {names} of {live.words}",
        lambda: [body(changes)],
        lambda: restore_fields(live, fields, before, lambda back: [body(back)] if back else []),
        f"set {names} of {live.words} as they were",
    )


def restore_fields(
    live: Live, fields: t.Sequence[Field], before: t.Mapping[str, t.Any], bodies: t.Callable[[list[Change]], list[dict[str, t.Any]]]
) -> Undone:
    """Bring fields back to ``before`` (canonical values) and verify it."""
    known = {name: value for name, value in before.items() if value is not UNKNOWN}
    needed = False
    # Twice, because putting one field back can move another: domains bring generated labels along
    for _round in range(2):
        back = [change for change in differences(fields, known, live.read()) if change.before is not UNKNOWN]
        needed = needed or bool(back)
        # What Coolify cannot clear is left, and told as not restored
        for request in bodies([change for change in back if change.after is not None or change.field.clear is not NEVER]):
            live.patch(request)
    left = differences(fields, known, live.read()) if needed else []
    return Undone(needed, (*(name for name in before if name not in known), *(change.field.name for change in left)))


def verify_stored(live: Live, fields: t.Sequence[Field], wanted: t.Mapping[str, t.Any], reasons: str) -> None:
    """Raise NotStored for values that Coolify accepted and dropped; what it does not show cannot be judged."""
    left = [change for change in differences(fields, wanted, live.answer) if change.before is not UNKNOWN]
    if left:
        told = "; ".join(
            f"{change.field.name} differs"
            if change.field.secret
            else f"{change.field.name} is {change.field.show(change.before)!r}, wanted {change.field.show(change.after)!r}"
            for change in left
        )
        raise NotStored(f"Coolify accepted the change of {live.words} but did not store it: {told}", reasons)


def refuse_create_only(words: str, differing: t.Iterable[tuple[str, t.Any, t.Any]]) -> None:
    """Raise CreateOnly naming each option, what exists and what is wanted."""
    told = [f"{option} is {old!r}, wanted {new!r}" for option, old, new in differing]
    if told:
        raise CreateOnly(
            f"{words}: {'; '.join(told)}. Coolify takes this only at creation",
            "Correct the option. Or recreate it and keep its volumes: run the task with state=absent and confirm_destructive=true "
            "(delete_volumes stays false), then again with state=present. "
            "Another project or environment: move it in Coolify's UI.",
        )


def wait_gone(live: Live, timeout: float) -> bool:
    """Whether it is gone within ``timeout`` seconds; Coolify deletes in a queued job and leaves no mark meanwhile."""

    def gone() -> bool:
        try:
            live.read()
        except NotFound:
            return True
        return False

    return until(gone, bool, timeout, live.ctx.clock)[0]


def erase(live: Live, **flags: bool) -> None:
    """Delete with every flag said explicitly, false where not given, and wait until it is gone. Raises TimedOut."""
    limit = live.ctx.options["wait_timeout"]
    live.ctx.client.delete(live.path, **{**dict.fromkeys(DELETE_FLAGS, False), **flags})
    with after_acting():
        if not wait_gone(live, limit):
            raise TimedOut(
                f"{live.words} ({live.uuid}) is still there {limit} s after Coolify accepted its deletion",
                "Coolify deletes in a queued job; look at its queue, then run the task again.",
            )


def removal(live: Live, plan: Plan, configuration: dict[str, t.Any]) -> Plan:
    """Deletion with all four flags said explicitly (Coolify's defaults are true, volumes included), then waiting until it is gone."""
    ctx = live.ctx
    flags = {name: ctx.flag(name) for name in DELETE_FLAGS}
    refuse_create_only(live.words, placement_differences(live, ctx.options))

    def apply() -> None:
        if ctx.flag("wait"):
            erase(live, **flags)
        else:
            ctx.client.delete(live.path, **flags)
            plan.details["pending"] = f"GET /api/v1{live.path} until it answers 404"
        done = "deleted" if ctx.flag("wait") else "Coolify is going to delete"
        ctx.say(f"{done} {live.words} ({live.uuid}), {'with its volumes' if flags['delete_volumes'] else 'its volumes stay'}")

    def result() -> None:
        plan.resource, plan.resource_id = None, live.uuid

    volumes = "and its volumes" if flags["delete_volumes"] else "and keep its volumes"
    plan.steps.append(Step(f"delete {live.words} ({live.uuid}) {volumes}", apply, estimate=10.0, destructive=True, keeps=True))
    plan.resource_id = live.uuid
    plan.before = configuration
    plan.merge_diff({"before": {"uuid": live.uuid, "name": live.name}, "after": {}})
    plan.downtime = live.state not in ("exited", "")
    plan.risk(
        "high",
        f"{live.words} is deleted {'with everything in its volumes' if flags['delete_volumes'] else 'but its volumes stay on the server'}; it cannot be undone",
    )
    if not flags["delete_volumes"]:
        plan.risk("low", "a server with delete_unused_volumes switched on removes unattached volumes in its next Docker cleanup")
    plan.result = result
    return plan


def unknown_yet(
    live: Live,
    plan: Plan,
    options: t.Sequence[str],
    creating: str = "type and what that needs",
    others: t.Iterable[dict[str, t.Any]] | None = None,
) -> Plan:
    """What a preview can say about something that does not exist and is not declared well enough to be created: an earlier task of the
    same run may be going to create it. A real run raises NotFoundByName. ``creating`` is empty where the module does not create;
    ``others`` are those that exist there."""
    existing = "" if others is None else f"; existing: {placement.names(others)}"
    error = NotFoundByName(
        f"there is no {live.words}{live.place.words if live.place else ''}{existing}",
        f"Correct the name or where it is looked for.{f' To create it, give {creating}.' if creating else ''}",
    )
    if not live.ctx.check_mode:
        raise error
    live.ctx.warn(f"{error}. The preview goes on as if an earlier task created it")
    mentioned = [name for name in options if name != "name"]
    if mentioned:
        plan.steps.append(Step(f"set what differs of {', '.join(mentioned)} of {live.words}", lambda: None))
        shown = {name: live.ctx.options[name] for name in mentioned if not secret(name) and not isinstance(live.ctx.options[name], dict)}
        plan.merge_diff({"before": {}, "after": shown})
    return plan


def secret(name: str) -> bool:
    """Whether an option is a credential by its name; the tables say the same, a test compares them."""
    return "password" in name or "_secret_" in name


def creation_step(
    live: Live, plan: Plan, action: str, where: str, request: t.Mapping[str, t.Any], look: t.Callable[[], t.Any], **flags: bool
) -> Step:
    """The step that creates ``live`` and keeps Coolify's answer in ``live.created``; undone by deleting it, with ``flags`` said false."""

    def apply() -> None:
        try:
            live.created = live.ctx.client.create(where, request, look, live.words)
        except OutcomeUnknown as error:
            # Half of it is there: whoever undoes this has to know which one
            live.uuid = (error.found or {}).get("uuid")
            raise
        if "uuid" not in live.created:
            raise Unreadable(f"Coolify answered the creation of {live.words} without a uuid", sent=True)
        live.uuid = plan.resource_id = live.created["uuid"]
        live.ctx.say(f"created {live.words} ({live.uuid})")

    def undo() -> Undone:
        if live.uuid is None:
            return Undone(False)
        live.ctx.client.delete(live.path, **flags)
        gone = wait_gone(live, UNDO_TIMEOUT)
        if gone:
            plan.resource_id = None
        return Undone(True, () if gone else (live.words,))

    return Step(action, apply, revert=undo, manual=f"delete {live.words}")


def act(live: Live, verb: str, happened: t.Callable[[], dict[str, t.Any] | None], part: str = "", **query: t.Any) -> dict[str, t.Any]:
    """POST start, stop or restart, which is never repeated: after a lost answer ``happened`` says what came of it, None if it cannot tell.
    ``part`` is the path of a container below that of its service."""
    try:
        return live.ctx.client.post(f"{live.path}{part}/{verb}", **query)
    except (Unreachable, Unreadable) as lost:
        if not lost.sent:
            raise
        with after_acting():
            answer = happened()
            if answer is None:
                raise OutcomeUnknown(
                    f"{lost}; whether Coolify took it is not known", f"Look at {live.words} in Coolify before you run the task again."
                ) from lost
        return answer


def wait_for_status(live: Live, wanted: str, good: t.Callable[[str], bool], limit: float) -> None:
    """Poll the status until ``good``, at most ``limit`` seconds; says each change of status once. Raises TimedOut with the last status."""
    ctx = live.ctx
    started, told = ctx.clock.now(), Told(ctx.clock, ctx.say, ctx.show)

    def read() -> str:
        live.read()
        about = f" after {ctx.clock.now() - started:.0f} s"
        told.tell(live.words, live.status, about, f", wanted {wanted}; the limit is {limit:.0f} s")
        return live.status

    reached, status = until(read, good, limit, ctx.clock)
    if not reached:
        raise TimedOut(f"{live.words} is {status} after {limit:g} s, wanted {wanted}")


def halt(live: Live, limit: float, docker_cleanup: bool = False) -> None:
    """Stop it and wait until it is exited, at most ``limit`` seconds."""
    act(live, "stop", lambda: {}, docker_cleanup=docker_cleanup)
    with after_acting():
        wait_for_status(live, "exited", lambda status: status.startswith("exited"), limit)


def placement_differences(live: Live, options: t.Mapping[str, t.Any]) -> list[tuple[str, t.Any, t.Any]]:
    """Differences of placement between an answer and the options; what an older server does not tell is not judged."""
    answer = live.answer or {}
    server = (answer.get("destination") or {}).get("server") or {}
    held = {
        "server": server,
        "destination": answer.get("destination") or {},
        "environment": answer.get("environment") or {},
        "project": (answer.get("environment") or {}).get("project") or {},
    }
    differing = []
    for option, thing in held.items():
        wanted = options.get(option)
        if wanted is None or not thing.get("uuid"):
            continue
        names = (thing["uuid"], thing.get("name"))
        if wanted not in names and not (option == "environment" and placement.environment_name(wanted) in names):
            differing.append((option, thing.get("name"), wanted))
    return differing


def placed(answer: t.Mapping[str, t.Any], place: Place | None) -> dict[str, t.Any]:
    """Where a resource is, for the result: ``{"uuid", "name"}`` of project, environment, server and destination."""
    destination = answer.get("destination") or {}
    environment = answer.get("environment") or (place.environment if place else {})
    project = environment.get("project") or (place.project if place else {})
    parts = {"project": project, "environment": environment, "server": destination.get("server") or {}, "destination": destination}
    return {name: {"uuid": part.get("uuid"), "name": part.get("name")} for name, part in parts.items()}


def creation_place(live: Live) -> dict[str, t.Any]:
    """The placement keys of a creation request; looks the server and the destination up."""
    ctx = live.ctx
    placement.need(ctx.options, ["name", "server"], f"creating {live.words}")
    if live.place is None and not ctx.check_mode:
        raise InputError(f"creating {live.words} needs project")
    server = placement.find_server(ctx.client, ctx.options["server"])
    where = {"server_uuid": server["uuid"]}
    if live.place:
        where["project_uuid"] = live.place.project["uuid"]
        where["environment_uuid"] = live.place.environment["uuid"]
    if ctx.options.get("destination"):
        where["destination_uuid"] = placement.find_destination(ctx.client, server, ctx.options["destination"])["uuid"]
    return where
