# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services: one-click or from a compose file, and the applications and databases inside (resources.md 4)."""

from __future__ import annotations

import difflib
import typing as t
from dataclasses import dataclass, replace
from pathlib import Path

from .._context import Context, Module
from .._errors import ApiError, InputError, NotFoundByName, NotStored, TimedOut, after_acting
from .._fields import (
    BOOL,
    FILE,
    INT,
    NAME,
    NEVER,
    OPTIONAL_INT,
    UNKNOWN,
    URL_ARRAY,
    URLS,
    Change,
    Codec,
    Field,
    body,
    creation,
    declared,
    differences,
    option_spec,
    shown,
    visible,
    without_tags,
)
from .._plan import Plan, Step, Undone
from .._wait import until
from . import compose_file, tags
from . import variables as env
from .application import at_most, web_addresses
from .compose_file import File, refuse_overwritten
from .compose_file import readable as readable_file
from .database import RESTART_DIP, UNREADABLE
from .placement import matches, only
from .resource import (
    DEFAULT_UPDATE_SECRETS,
    DELETE_FLAGS,
    DELETE_SPEC,
    ONE_NAME,
    PLACEMENT_SPEC,
    UNDO_TIMEOUT,
    WAIT_SPEC,
    Live,
    act,
    creation_place,
    creation_step,
    find_place,
    halt,
    patch_step,
    placed,
    placement_differences,
    read_by_uuid,
    readable,
    refuse_create_only,
    removal,
    require_versions,
    restore_fields,
    unknown_yet,
    verify_stored,
    wait_for_status,
)

COMPOSE = Codec("str", from_api=str, to_api=FILE.to_api, from_option=str, key=compose_file.same)
FIELDS: tuple[Field, ...] = (
    Field("name", NAME, clear=NEVER, check=at_most(255)),
    Field("description", NAME),
    # Ansible would print it at -vvv; it may hold passwords
    Field("docker_compose_raw", COMPOSE, clear=NEVER, spec={"no_log": True}),
    Field("connect_to_docker_network", BOOL, on=("update",)),
    Field("is_container_label_escape_enabled", BOOL),
)
PLAIN = tuple(row for row in FIELDS if row.name != "docker_compose_raw")
PARTS_SINCE = "4.2.0"
"""Before it, a service's containers cannot be changed one by one."""


def _any_port(value: int) -> str | None:
    return None if 1 <= value <= 65535 else f"{value} is no port"


COMMON: tuple[Field, ...] = (
    Field("human_name", check=at_most(255)),
    Field("description"),
    Field("image", clear=NEVER),
    Field("exclude_from_status", BOOL),
    Field("is_log_drain_enabled", BOOL),
)
PARTS: dict[str, tuple[Field, ...]] = {
    "applications": (
        *COMMON,
        Field("is_gzip_enabled", BOOL),
        Field("is_stripprefix_enabled", BOOL),
        Field("is_force_https_enabled", BOOL, since="4.3.8"),
        Field("noindex_domains", URL_ARRAY, since="4.3.0", clear=[], check=web_addresses),
    ),
    "databases": (
        *COMMON,
        Field("is_public", BOOL),
        Field("public_port", OPTIONAL_INT, check=_any_port),
        Field("public_port_timeout", INT),
    ),
}
URL = Field("url", URLS, read="fqdn", check=web_addresses)
REASONS = "Look at the service in Coolify; a start or a change there reads its compose file again."


@dataclass
class Service(Live):
    """A service's answer has its server beside its destination, which a token without read:sensitive does not get to see."""

    def read(self) -> dict[str, t.Any]:
        answer = super().read()
        self.answer = {**answer, "destination": {"server": answer.get("server"), **(answer.get("destination") or {})}}
        return self.answer

    @property
    def rows(self) -> dict[str, tuple[str, dict[str, t.Any]]]:
        """Its containers by name, each with the kind that Coolify takes it for."""
        return {row["name"]: (kind, row) for kind in PARTS for row in (self.answer or {}).get(kind) or ()}

    @property
    def file(self) -> File | None:
        """None where the token may not read it."""
        return readable_file((self.answer or {}).get("docker_compose_raw"))

    @property
    def counted(self) -> dict[str, dict[str, t.Any]]:
        """The containers that tell whether it runs: Coolify keeps those that left the compose file, and some are excluded."""
        rows = {name: row for name, (_kind, row) in self.rows.items()}
        names = self.file.services if self.file else rows
        there = {name: row for name, row in rows.items() if name in names}
        return {name: row for name, row in there.items() if not row.get("exclude_from_status")} or there

    @property
    def starting(self) -> bool:
        """Whether Coolify or Docker is at work on it."""
        return self.state == "starting"

    @property
    def running(self) -> bool:
        rows = self.counted.values()
        return (
            not self.starting and all(str(row["status"]).startswith("running") for row in rows) and (bool(rows) or self.state == "running")
        )

    @property
    def stopped(self) -> bool:
        return self.answer is None or self.status.startswith("exited")

    def lagging(self) -> list[str]:
        """Containers that are not as they should be, each with its status."""
        return [f"{name} is {row['status']}" for name, row in self.counted.items() if not self.fine(name, str(row["status"]))]

    def fine(self, name: str, status: str) -> bool:
        """Healthy; without a health check Docker knows only that it runs."""
        unchecked = status.startswith("running:unknown") and not (self.file and self.file.checked(name))
        return status.startswith("running:healthy") or unchecked


# --- what the user wants ------------------------------------------------------------------------------------------------------------


def meant(ctx: Context) -> Service:
    return Service(ctx, "service", without_tags(ctx.options.get("name") or ctx.options["uuid"]), ctx.options.get("uuid"))


def compose_text(options: t.Mapping[str, t.Any]) -> str | None:
    """The declared file, given as a text or by its path."""
    where = options.get("docker_compose_file")
    if where is None:
        return options.get("docker_compose_raw")
    try:
        return Path(where).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise InputError(f"docker_compose_file: {where} cannot be read: {error}") from error


def check_compose(ctx: Context, result: Plan, text: str) -> None:
    """Coolify answers a file that it cannot read with 500 and judges nothing else; this says what will go wrong, and where."""
    # The rules take a while to import, and most tasks have no file
    from .._compose import Text, line_of, lint, unknown_rules

    options = ctx.options
    skipped = options.get("lint_skip_rules") or []
    if unknown_rules(skipped):
        raise InputError(f"lint_skip_rules: {unknown_rules(skipped)}")
    name = Path(options["docker_compose_file"]).name if options.get("docker_compose_file") else "docker-compose.yml"
    report = lint(Text(name, text), skip=skipped)
    limit = options.get("lint_fail_on") or "error"
    bad = report.at_least(limit) if limit != "never" else []
    if bad:
        told = "; ".join(f"{line_of(item)} ({item['fix']})" for item in bad[:5])
        more = f"; and {len(bad) - 5} more" if len(bad) > 5 else ""
        raise InputError(
            f"docker_compose_raw: {report.summary}: {told}{more}",
            "Mend the file. Or take a rule out with lint_skip_rules; coolify_compose_lint shows all of them.",
        )
    for item in report.at_least("warning"):
        result.risk("low", line_of(item))
    ctx.secrets |= File(text).secrets


def wanted_fields(ctx: Context, existing: dict[str, t.Any] | None, text: str | None) -> dict[str, t.Any]:
    options = {**ctx.options, "docker_compose_raw": text}
    if existing and not ctx.options.get("uuid"):
        options["name"] = None
    return declared(FIELDS, options)


def wanted_urls(options: t.Mapping[str, t.Any]) -> dict[str, tuple[str, ...] | None]:
    """By container. An application's url is the same thing, said elsewhere."""
    found: dict[str, tuple[str, ...] | None] = {}
    for door in ("urls", "applications"):
        for item in options.get(door) or ():
            if item.get("url") is None:
                continue
            name = item["name"]
            if name in found:
                raise InputError(f"{door}: the url of {name} is there twice")
            try:
                found[name] = declared([URL], item)["url"]
            except InputError as error:
                raise InputError(f"{door}: {name}: {error}") from error
    return found


def wanted_parts(options: t.Mapping[str, t.Any], text: str | None) -> dict[tuple[str, str], dict[str, t.Any]]:
    """By (kind, name of the container)."""
    found: dict[tuple[str, str], dict[str, t.Any]] = {}
    for kind, fields in PARTS.items():
        for item in options.get(kind) or ():
            key = (kind, item["name"])
            if key in found or any(name == item["name"] for _kind, name in found):
                raise InputError(f"{kind}: {item['name']} is there twice")
            try:
                found[key] = declared(fields, item)
            except InputError as error:
                raise InputError(f"{kind}: {item['name']}: {error}") from error
            if text is not None and "image" in found[key]:
                raise InputError(f"{kind}: {item['name']}: its image stands in the compose file; change it there")
    return found


def check_names(live: Service, file: File | None, names: t.Iterable[str]) -> None:
    """Refuse containers that are not there; nothing is known of those of a one-click service that does not exist yet."""
    known = set(live.rows) | set(file.services if file else ())
    unknown = sorted(set(names) - known)
    if unknown and (file or live.answer):
        raise InputError(f"{live.words} has no container {', '.join(unknown)}; it has {', '.join(sorted(known)) or 'none'}")


def check_urls(file: File | None, urls: t.Mapping[str, tuple[str, ...] | None]) -> None:
    for name, wanted in urls.items():
        variables = file.domain_variables(name) if file and wanted is None else []
        if variables:
            raise InputError(
                f"urls: {name}: Coolify gives it a domain again at each start, because its compose file has {', '.join(variables)}",
                "Take the variable out of the compose file, or give the container a url.",
            )


def check_excluded(file: File | None, parts: t.Mapping[tuple[str, str], dict[str, t.Any]]) -> None:
    for (kind, name), wanted in parts.items():
        why = file.excluded(name) if file and wanted.get("exclude_from_status") is False else ""
        if why:
            raise InputError(
                f"{kind}: {name}: Coolify excludes it from the status again at each start, because its compose file has {why}",
                "Take that out of the compose file, or take exclude_from_status out of the task.",
            )


# --- planning -------------------------------------------------------------------------------------------------------------------------


def plan(ctx: Context) -> Plan:
    """The module's function."""
    return plan_for(meant(ctx))


def plan_for(live: Service) -> Plan:
    """What takes the service to the declared state."""
    ctx, options = live.ctx, live.ctx.options
    tags.check(ctx)
    result = Plan(seen=lambda: view(live) if live.read() else None)
    rows = locate(live)
    if options["state"] == "absent":
        return removal(live, result, configuration(live)) if live.answer else result
    text = compose_text(options)
    if live.answer is None and not options.get("type") and text is None:
        return unknown_yet(
            live, result, [name for name in (*(row.name for row in FIELDS), "urls", *PARTS) if options.get(name) is not None]
        )
    if text is not None:
        check_compose(ctx, result, text)
    file = File(text) if text is not None else live.file
    wanted, urls, parts = wanted_fields(ctx, live.answer, text), wanted_urls(options), wanted_parts(options, text)
    check_names(live, file, [*urls, *(name for _kind, name in parts), *(options.get("containers") or ())])
    check_urls(file, urls)
    check_excluded(file, parts)
    if live.answer is None:
        plan_creation(live, result, wanted, urls)
    else:
        plan_update(live, result, wanted, urls, file)
    plan_parts(live, result, parts)
    plan_variables(live, result, rows, file)
    # A container that is restarted alone keeps what it was made from
    stays = options["state"] in ("present", "started") or bool(options.get("containers"))
    if result.steps and live.answer and not live.stopped and stays:
        result.details["restart_required"] = True
        result.risk("low", f"{live.words} keeps running with its old configuration until it is restarted")
    tags.plan_tags(live, result)
    plan_state(live, result)

    def refresh() -> None:
        if result.steps:
            live.read()
            verify_stored(live, FIELDS, wanted, REASONS)
            verify_parts(live, urls, parts)
        elif options["state"] in ("started", "deployed") and ctx.flag("wait") and live.lagging():
            # It runs or starts already, so there is nothing to do but to wait
            wait_until_up(live)
        result.resource, result.resource_id = view(live), live.uuid

    result.result = refresh
    return result


def locate(live: Service) -> list[dict[str, t.Any]] | None:
    """Fill in what exists; returns its variables where they are going to be needed."""
    ctx = live.ctx
    if not live.uuid:
        live.place = find_place(ctx)
        found = find(live) if live.place else None
        if found is None:
            return None
        live.uuid = found["uuid"]
    managed = ctx.options["state"] != "absent" and any(ctx.options.get(name) for name in ("variables", "secrets", "purge"))
    target = env.Target.service(live.uuid, live.name)
    try:
        _found, rows = ctx.client.gather(lambda: read_by_uuid(live), (lambda: env.read(ctx.client, target)) if managed else lambda: None)
    except NotFoundByName:
        if ctx.options["state"] != "absent":
            raise
        return None
    return rows


def find(live: Service) -> dict[str, t.Any] | None:
    """The one service of that name in its place."""
    found = matches(live.place.environment.get("services", ()), live.name)
    return only(found, live.name, "service", live.place.words) if found else None


def plan_creation(live: Service, result: Plan, wanted: dict[str, t.Any], urls: dict[str, tuple[str, ...] | None]) -> None:
    ctx, options = live.ctx, live.ctx.options
    if options.get("uuid"):
        raise InputError("uuid names an existing service; leave it out to create one")
    where = creation_place(live)
    changes = creation(FIELDS, wanted)
    rest = [change for change in changes if "create" not in change.field.on]
    request = {**where, **body(change for change in changes if change not in rest), "instant_deploy": False}
    if options.get("type"):
        request["type"] = options["type"]
    given = {name: value for name, value in urls.items() if value is not None}
    if given:
        request.update(urls=_url_items(given), force_domain_override=ctx.flag("force_domain_override"))

    def look() -> dict[str, t.Any] | None:
        live.place = find_place(ctx)
        return find(live)

    kind = f"of type {options['type']}" if options.get("type") else "from a compose file"
    action = f"create {live.words} {kind}{live.place.words if live.place else ''}"
    step = creation_step(live, result, action, "/services", request, look, **dict.fromkeys(DELETE_FLAGS, False))
    result.steps.append(replace(step, apply=lambda: _create(step, options.get("type"))))
    if rest:
        names = ", ".join(change.field.name for change in rest)
        result.steps.append(patch_step(live, f"set {names} of {live.words}, which creation does not take", lambda: [body(rest)]))
    cleared = {name: value for name, value in urls.items() if value is None}
    if cleared:
        result.steps.append(
            patch_step(live, f"clear the urls of {', '.join(cleared)} of {live.words}", lambda: [{"urls": _url_items(cleared)}])
        )
    after = _shown_fields(changes)["after"]
    told = {**({"type": options["type"]} if options.get("type") else {}), **after, **({"urls": _shown_urls(urls)} if urls else {})}
    result.merge_diff({"before": {}, "after": told})
    result.resource = {
        "uuid": None,
        "type": options.get("type"),
        **{name: value for name, value in after.items() if name != "docker_compose_raw"},
        "status": None,
        "urls": _shown_urls(urls),
        "applications": [],
        "databases": [],
        **placed({"destination": {"server": {"name": options["server"]}}}, live.place),
    }


def _create(step: Step, kind: str | None) -> None:
    try:
        step.apply()
    except ApiError as error:
        types = error.facts.get("details", {}).get("valid_service_types")
        if types and kind:
            close = difflib.get_close_matches(kind, types, n=5, cutoff=0.4)
            alike = f"{kind} is like {', '.join(close)}; " if close else ""
            error.args = (f"{error} {alike}details.valid_service_types has all",)
        raise


def plan_update(live: Service, result: Plan, wanted: dict[str, t.Any], urls: dict[str, tuple[str, ...] | None], file: File | None) -> None:
    options, answer = live.ctx.options, live.answer or {}
    result.resource_id, result.before, result.resource = live.uuid, configuration(live), view(live)
    differing = placement_differences(live, options)
    if options.get("type") and options["type"] != answer.get("service_type"):
        differing.append(("type", answer.get("service_type"), options["type"]))
    refuse_create_only(live.words, differing)
    changes = readable(result, differences(FIELDS, wanted, answer), live.words, options["update_secrets"])
    if changes:
        before = {change.field.name: change.before for change in changes}
        names = ", ".join(before)
        known = set(live.rows)

        def undo() -> Undone:
            undone = restore_fields(live, FIELDS, before, lambda back: [body(back)] if back else [])
            # Coolify keeps the containers of a file that is gone, and has no request that removes them
            extra = tuple(f"container {name}" for name in live.rows if name not in known)
            return Undone(undone.needed or bool(extra), (*undone.lost, *extra))

        result.merge_diff(_shown_fields(changes))
        result.steps.append(
            patch_step(live, f"set {names} of {live.words}", lambda: [body(changes)], undo, f"set {names} of {live.words} as they were")
        )
        result.resource = {
            **result.resource,
            **{change.field.name: change.field.show(change.after) for change in changes if change.field.name != "docker_compose_raw"},
        }
    moving = url_changes(live, urls)
    if moving:
        result.merge_diff(
            {
                "before": {"urls": _shown_urls({name: old for name, (old, _new) in moving.items()})},
                "after": {"urls": _shown_urls(urls, moving)},
            }
        )
        result.steps.append(_url_step(live, moving))
    gone = sorted(name for name in live.rows if file and name not in file.services)
    if gone:
        left = [name for name in gone if not live.rows[name][1].get("exclude_from_status") or live.rows[name][1].get("fqdn")]
        if left:
            result.risk(
                "medium",
                f"{', '.join(left)} of {live.words} is not in the compose file; Coolify keeps it with its domains and counts it into the status. "
                "Give it url: [] and exclude_from_status: true under applications or databases",
            )


def _shown_fields(changes: list[Change]) -> dict[str, dict[str, t.Any]]:
    """A compose file is shown by the places that differ."""
    told = shown([change for change in changes if change.field.name != "docker_compose_raw"])
    for change in changes:
        if change.field.name == "docker_compose_raw":
            known = change.before if isinstance(change.before, str) else None
            places = compose_file.difference(known, change.after)
            told["before"]["docker_compose_raw"] = "unknown" if change.before is UNKNOWN else places["before"]
            told["after"]["docker_compose_raw"] = places["after"]
    return told


# --- domains ----------------------------------------------------------------------------------------------------------------------------


def url_changes(live: Service, urls: t.Mapping[str, tuple[str, ...] | None]) -> dict[str, tuple[t.Any, t.Any]]:
    """(before, after) of the containers whose domains have to move."""
    held = {name: URL.found(row) for name, (_kind, row) in live.rows.items()}
    found = {name: (held.get(name), wanted) for name, wanted in urls.items()}
    return {name: pair for name, pair in found.items() if not URL.equal(*pair)}


def _url_items(urls: t.Mapping[str, tuple[str, ...] | None]) -> list[dict[str, t.Any]]:
    return [{"name": name, "url": URL.payload(value)} for name, value in urls.items()]


def _shown_urls(urls: t.Mapping[str, t.Any], only_these: t.Container[str] | None = None) -> dict[str, list[str]]:
    return {name: list(value or ()) for name, value in urls.items() if only_these is None or name in only_these}


def _url_step(live: Service, moving: dict[str, tuple[t.Any, t.Any]]) -> Step:
    """A request of its own: Coolify stores everything else of a request before it refuses a domain."""
    client, names = live.ctx.client, ", ".join(moving)
    before = {name: old for name, (old, _new) in moving.items()}

    def write(urls: t.Mapping[str, t.Any], force: bool) -> None:
        # Who gives a domain up comes before who takes it
        items = sorted(_url_items(urls), key=lambda item: item["url"] is not None)
        client.patch(live.path, {"urls": items, "force_domain_override": force})

    def apply() -> None:
        try:
            write({name: new for name, (_old, new) in moving.items()}, live.ctx.flag("force_domain_override"))
        except ApiError as error:
            # Those before the refused one are stored
            error.acted = len(moving) > 1 or error.may_have_acted
            raise

    def undo() -> Undone:
        live.read()
        back = url_changes(live, {name: old for name, old in before.items() if name in live.rows})
        if back:
            write({name: old for name, (_now, old) in back.items()}, True)
            live.read()
        return Undone(bool(back), tuple(f"urls of {name}" for name in url_changes(live, {name: before[name] for name in back})))

    return Step(
        f"set the urls of {names} of {live.words}", apply, revert=undo, manual=f"set the urls of {names} of {live.words} as they were"
    )


# --- the applications and databases inside -----------------------------------------------------------------------------------------------


def part_changes(live: Service, kind: str, name: str, wanted: dict[str, t.Any]) -> list[Change]:
    held = live.rows.get(name)
    if held and held[0] != kind:
        raise InputError(f"{kind}: {name} of {live.words} is one of its {held[0]} for Coolify")
    return differences(PARTS[kind], wanted, held[1]) if held else creation(PARTS[kind], wanted)


def plan_parts(live: Service, result: Plan, parts: dict[tuple[str, str], dict[str, t.Any]]) -> None:
    for (kind, name), wanted in parts.items():
        changes = part_changes(live, kind, name, wanted)
        if kind == "databases":
            _check_public(live, name, wanted)
        if not changes:
            continue
        live.ctx.client.require(PARTS_SINCE, f"changing {kind} of a service")
        require_versions(live.ctx, changes)
        told = shown(changes)
        for side, fields in told.items():
            if live.answer or side == "after":
                result.diff[side] = {**result.diff[side], kind: {**result.diff[side].get(kind, {}), name: fields}}
        result.steps.append(_part_step(live, kind, name, changes))


def _check_public(live: Service, name: str, wanted: t.Mapping[str, t.Any]) -> None:
    held = live.rows.get(name, ("", {}))[1]
    port = wanted["public_port"] if "public_port" in wanted else held.get("public_port")
    if wanted.get("is_public", held.get("is_public")) and not port:
        raise InputError(f"databases: {name}: is_public needs public_port")


def _part_path(live: Service, name: str) -> str:
    """Below the service's path. A container of a new file has its uuid only once the file is there."""
    if name not in live.rows:
        live.read()
    if name not in live.rows:
        raise InputError(f"{live.words} has no container {name}; it has {', '.join(sorted(live.rows)) or 'none'}")
    kind, row = live.rows[name]
    return f"/{kind}/{row['uuid']}"


def _part_step(live: Service, kind: str, name: str, changes: list[Change]) -> Step:
    names = ", ".join(change.field.name for change in changes)
    before = {change.field.name: change.before for change in changes}

    def write(moving: list[Change]) -> None:
        where, fields = f"{live.path}{_part_path(live, name)}", body(moving)
        if "public_port" in fields and live.rows[name][1].get("is_public") and fields.get("is_public", True):
            # Coolify starts the public proxy only for what was private
            live.ctx.client.patch(where, {"is_public": False})
            fields["is_public"] = True
        live.ctx.client.patch(where, fields)

    def undo() -> Undone:
        if live.created:
            return Undone(False)
        live.read()
        back = part_changes(live, kind, name, before) if name in live.rows else []
        if back:
            write(back)
            live.read()
        left = part_changes(live, kind, name, before) if back else []
        return Undone(bool(back), tuple(f"{change.field.name} of {name}" for change in left))

    action = f"set {names} of {name} of {live.words}"
    return Step(action, lambda: write(changes), revert=undo, manual=f"{action} as they were")


def verify_parts(live: Service, urls: t.Mapping[str, t.Any], parts: t.Mapping[tuple[str, str], dict[str, t.Any]]) -> None:
    left = [f"urls of {name}" for name in url_changes(live, urls)]
    left += [
        f"{change.field.name} of {name}" for (kind, name), wanted in parts.items() for change in part_changes(live, kind, name, wanted)
    ]
    if left:
        raise NotStored(f"Coolify accepted the change of {live.words} but did not store it: {', '.join(left)}", REASONS)


def plan_variables(live: Service, result: Plan, rows: list[dict[str, t.Any]] | None, file: File | None) -> None:
    options = live.ctx.options
    env.need_declaration(options)
    if not any(options.get(name) for name in ("variables", "secrets", "purge")):
        return
    kept = file.keys if file else purge_keys(live)
    variables = env.declare(options, env.Target.service("", live.name))
    refuse_overwritten(file, [variable.key for variable in variables])
    for key in env.weak_secrets(variables):
        live.ctx.warn(f"secrets.{key} is shorter than {env.SHORT_SECRET} characters: Ansible blanks that text everywhere in this result")

    def target() -> env.Target:
        return env.Target.service(live.uuid or "", live.name, kept)

    changes = env.add_to(
        result, live.ctx.client, target, rows, variables, purge=live.ctx.flag("purge"), update_secrets=options["update_secrets"]
    )
    result.extra["variables"] = env.shown(env.Rows(rows or []), changes, variables, target())


def purge_keys(live: Service) -> frozenset[str]:
    """The keys that a purge leaves. Raises InputError where the token may not read which."""
    if live.file:
        return live.file.keys
    if live.answer and live.ctx.flag("purge"):
        raise InputError(f"purge: the token may not read the compose file of {live.words}, which says what has to stay", UNREADABLE)
    return frozenset()


# --- started, stopped, restarted ----------------------------------------------------------------------------------------------------------


def plan_state(live: Service, result: Plan) -> None:
    """Start, stop or restart the service or some of its containers, and wait until that is so."""
    ctx, state = live.ctx, live.ctx.options["state"]
    names = ctx.options.get("containers") or []
    if names and state not in ("started", "stopped", "restarted"):
        raise InputError("containers goes with state started, stopped or restarted")
    if state == "present":
        return
    if names:
        ctx.client.require(PARTS_SINCE, "starting and stopping single containers")
        for name in names:
            _plan_container(live, result, name)
        return
    again = state == "restarted" or (state == "deployed" and bool(result.steps))
    if state == "stopped" and live.stopped:
        return
    if state in ("started", "deployed") and (live.running or live.starting) and not again:
        if live.running and live.lagging():
            result.risk("medium", f"{live.words}: {'; '.join(live.lagging())}")
        return
    restart = again and live.answer is not None and not live.stopped
    verb = "stop" if state == "stopped" else "restart" if restart else "start"

    def apply() -> None:
        flags: dict[str, t.Any] = {"docker_cleanup": ctx.flag("docker_cleanup")} if verb == "stop" else {}
        if verb == "restart":
            flags["latest"] = ctx.flag("latest")
        try:
            act(live, verb, lambda: {} if ctx.flag("wait") and not restart else None, **flags)
        except ApiError as error:
            # It got there by itself since the plan was made
            if error.code != 400 or "already" not in error.answer:
                raise
        with after_acting():
            if not ctx.flag("wait"):
                result.details["pending"] = f"GET /api/v1{live.path} until status begins with {'exited' if verb == 'stop' else 'running'}"
            elif verb == "stop":
                wait_for_status(live, "exited", lambda status: status.startswith("exited"), ctx.options["wait_timeout"])
            else:
                if restart:
                    until(lambda: live.read() and live.running, lambda up: not up, RESTART_DIP, ctx.clock)
                wait_until_up(live)

    def undo() -> Undone:
        if verb != "start" or live.created:
            # What was created is deleted by the undo of its creation
            return Undone(False)
        halt(live, UNDO_TIMEOUT)
        return Undone(True)

    result.steps.append(
        Step(f"{verb} {live.words}", apply, estimate=10.0 if verb == "stop" else 60.0, keeps=True, revert=undo, manual=f"stop {live.words}")
    )
    result.merge_diff({"before": {"status": live.status or None}, "after": {"status": state}})
    result.downtime = verb in ("stop", "restart")


def _plan_container(live: Service, result: Plan, name: str) -> None:
    ctx, state = live.ctx, live.ctx.options["state"]
    held = str(live.rows[name][1]["status"]) if name in live.rows else ""
    if (state == "stopped" and held in ("", "exited")) or (state == "started" and held.startswith("running")):
        return
    again, latest = state == "restarted", ctx.flag("latest")
    # Only a start can pull the image, and it makes anew what runs
    verb = "stop" if state == "stopped" else "restart" if again and not latest else "start"

    def status() -> str:
        live.read()
        return str(live.rows[name][1]["status"])

    def done(told: str) -> bool:
        return told.startswith("exited") if verb == "stop" else live.fine(name, told)

    def apply() -> None:
        flags = {"latest": True} if latest and verb == "start" else {}
        act(live, verb, lambda: {} if ctx.flag("wait") and not again else None, _part_path(live, name), **flags)
        with after_acting():
            if not ctx.flag("wait"):
                result.details["pending"] = f"GET /api/v1{live.path} until {name} is {state}"
                return
            if again:
                until(status, lambda told: not told.startswith("running"), RESTART_DIP, ctx.clock)
            reached, told = until(status, done, ctx.options["wait_timeout"], ctx.clock)
            if not reached:
                raise TimedOut(f"{name} of {live.words} is {told} after {ctx.options['wait_timeout']} s, wanted {state}")

    action = f"{verb} {name} of {live.words}"
    result.steps.append(Step(action, apply, estimate=10.0, keeps=True, manual=f"look at {name} of {live.words}"))
    result.merge_diff(
        {
            side: {"containers": {**result.diff[side].get("containers", {}), name: told}}
            for side, told in (("before", held), ("after", state))
        }
    )
    result.downtime = result.downtime or state != "started"


def wait_until_up(live: Service) -> None:
    """Until every container that counts runs and is healthy, as far as Docker can tell."""
    try:
        wait_for_status(live, "running", lambda status: live.running and not live.lagging(), live.ctx.options["wait_timeout"])
    except TimedOut as error:
        error.args = (f"{error}: {'; '.join(live.lagging()) or 'Coolify is still at it'}",)
        raise


# --- what a result shows --------------------------------------------------------------------------------------------------------------------


def configuration(live: Service) -> dict[str, t.Any]:
    """Without the compose file, which may hold secrets."""
    return {
        **visible(PLAIN, live.answer),
        "urls": {name: URL.show(URL.found(row)) or [] for name, (kind, row) in live.rows.items() if kind == "applications"},
        **{kind: {row["name"]: visible(fields, row) for row in (live.answer or {}).get(kind) or ()} for kind, fields in PARTS.items()},
    }


def view(live: Service) -> dict[str, t.Any]:
    """The service as a result shows it."""
    answer, plain = live.answer or {}, configuration(live)
    parts = {
        kind: [
            {"uuid": row["uuid"], "name": row["name"], "status": row.get("status"), **plain[kind][row["name"]]}
            for row in answer.get(kind) or ()
        ]
        for kind in PARTS
    }
    return {
        "uuid": live.uuid,
        **plain,
        "type": answer.get("service_type"),
        "status": answer.get("status"),
        **parts,
        **placed(answer, live.place),
    }


NAMED = {"name": {"type": "str", "required": True}}
URL_SPEC = {"url": {"type": "list", "elements": "str"}}
OWN_SPEC: dict[str, t.Any] = {
    "type": {"type": "str"},
    **{name: spec for name, spec in option_spec(FIELDS).items() if name != "name"},
    "docker_compose_file": {"type": "path"},
    "lint_fail_on": {"type": "str", "choices": ["error", "warning", "never"], "default": "error"},
    "lint_skip_rules": {"type": "list", "elements": "str"},
    "urls": {"type": "list", "elements": "dict", "options": {**NAMED, "url": {**URL_SPEC["url"], "required": True}}},
    "applications": {"type": "list", "elements": "dict", "options": {**NAMED, **URL_SPEC, **option_spec(PARTS["applications"])}},
    "databases": {"type": "list", "elements": "dict", "options": {**NAMED, **option_spec(PARTS["databases"])}},
    "variables": {"type": "dict"},
    "secrets": {"type": "dict", "no_log": True},
    "purge": {"type": "bool", "default": False},
    **tags.SPEC,
}
"""What one service is declared with, wherever it is."""
SOURCES = ("type", "docker_compose_raw", "docker_compose_file")
MODULE = Module(
    "coolify_service",
    {
        **PLACEMENT_SPEC,
        "state": {"type": "str", "choices": ["present", "absent", "started", "stopped", "restarted", "deployed"], "default": "present"},
        **OWN_SPEC,
        "containers": {"type": "list", "elements": "str"},
        "latest": {"type": "bool", "default": False},
        "force_domain_override": {"type": "bool", "default": False},
        "update_secrets": DEFAULT_UPDATE_SECRETS,
        **WAIT_SPEC,
        **DELETE_SPEC,
    },
    plan=plan,
    returns="service",
    constraints={**ONE_NAME, "mutually_exclusive": [SOURCES]},
)
