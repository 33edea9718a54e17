# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers, and what has a route of its own below them: proxy, Docker clean-up, sentinel, log drains (resources.md 5)."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field
from html import unescape

from .._client import version_tuple
from .._context import Context, Module
from .._errors import BadState, InputError, InUse, TimedOut, after_acting
from .._fields import (
    BOOL,
    FILE,
    INT,
    NAME,
    NEVER,
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
from .placement import need, only
from .private_key import LIST as KEYS
from .private_key import words_of
from .resource import (
    DEFAULT_UPDATE_SECRETS,
    ONE_NAME,
    WAIT_SPEC,
    Live,
    act,
    creation_step,
    expected,
    locate,
    patch_step,
    readable,
    require_versions,
    set_step,
    unknown_yet,
    verify_stored,
)

SETTLE = 10.0
"""Seconds after which what was so before a validation or a restart counts as its outcome: Coolify does not say when it has begun."""
KEYWORDS = {"hourly": "0 * * * *", "daily": "0 0 * * *", "weekly": "0 0 * * 0", "monthly": "0 0 1 * *", "yearly": "0 0 1 1 *"}
SCHEDULES = {"every_minute": "* * * * *", **KEYWORDS, **{f"@{word}": cron for word, cron in KEYWORDS.items()}}
AFTER_CREATION = "known after creation"
NOT_STORED = "Look at the server in Coolify; releases before 4.1.2 ignore a changed private key."

LOWER = Codec("str", from_api=str.lower, from_option=str.lower)
# Some routes store a keyword as cron, some as it is
SCHEDULE = Codec("str", from_api=str, from_option=str.strip, key=lambda text: SCHEDULES.get(text, text))


def _within(low: int, high: int | None = None) -> t.Callable[[int], str | None]:
    def check(value: int) -> str | None:
        fits = value >= low and (high is None or value <= high)
        return None if fits else f"expected a number from {low} to {high}" if high else f"expected {low} or more"

    return check


def _user(value: str) -> str | None:
    return None if re.fullmatch(r"[a-zA-Z0-9._-]+", value) else "letters, digits, dots, hyphens and underscores only"


def _setting(name: str, codec: Codec, **more: t.Any) -> Field:
    """A row that is read in the settings of the server's own answer, whichever route writes it."""
    return Field(name, codec, read=f"settings.{name}", **{"clear": NEVER, **more})


UPDATE: dict[str, t.Any] = {"on": ("update",)}
FIELDS: tuple[Field, ...] = (
    Field("name", NAME, clear=NEVER, check=lambda value: "longer than 255 characters" if len(value) > 255 else None),
    Field("description", NAME),
    # Coolify would store null as "" or 0 in these
    Field("ip", clear=NEVER),
    Field("port", INT, clear=NEVER, check=_within(1, 65535)),
    Field("user", clear=NEVER, check=_user),
    Field("private_key_uuid", clear=NEVER),
    _setting("is_build_server", BOOL),
    _setting("server_role", LOWER, since="4.4.0", spec={"choices": ["deployment", "build", "both"]}),
    Field("proxy_type", LOWER, "proxy.type", clear=NEVER, spec={"choices": ["traefik", "caddy", "nginx", "none"]}),
    _setting("concurrent_builds", INT, check=_within(1), **UPDATE),
    _setting("dynamic_timeout", INT, check=_within(1), **UPDATE),
    _setting("deployment_queue_limit", INT, check=_within(1), **UPDATE),
    _setting("server_disk_usage_notification_threshold", INT, check=_within(1, 100), **UPDATE),
    _setting("server_disk_usage_check_frequency", SCHEDULE, **UPDATE),
    _setting("connection_timeout", INT, check=_within(1, 300), since="4.1.0", **UPDATE),
    _setting("is_terminal_enabled", BOOL, since="4.3.0", **UPDATE),
)
FIELD = {row.name: row for row in FIELDS}
CONNECTION = ("ip", "port", "user", "private_key_uuid")
"""What a validation that succeeded says nothing about any more once it changes."""
CONFIGURATION = Field("configuration", FILE, clear=NEVER, secret=True)


@dataclass(frozen=True)
class Part:
    """What has a route of its own below a server. ``own``: it is read there too, not in the server's settings."""

    option: str
    path: str
    words: str
    fields: tuple[Field, ...]
    own: bool = False


NEW: dict[str, t.Any] = {"since": "4.3.0"}
PARTS: tuple[Part, ...] = (
    Part(
        "proxy",
        "proxy",
        "the proxy",
        (
            Field("redirect_enabled", BOOL, **NEW),
            Field("redirect_url", **NEW),
            Field("generate_exact_labels", BOOL, **NEW),
            # It can hold credentials of a DNS provider, so only its difference is shown
            CONFIGURATION,
        ),
        own=True,
    ),
    Part(
        "docker_cleanup",
        "docker-cleanup",
        "the Docker clean-up",
        (
            _setting("docker_cleanup_frequency", SCHEDULE, **NEW),
            _setting("docker_cleanup_threshold", INT, check=_within(1, 99), **NEW),
            _setting("force_docker_cleanup", BOOL, **NEW),
            _setting("delete_unused_volumes", BOOL, **NEW),
            _setting("delete_unused_networks", BOOL, **NEW),
            _setting("disable_application_image_retention", BOOL, **NEW),
        ),
    ),
    Part(
        "sentinel",
        "sentinel",
        "sentinel",
        (
            _setting("is_sentinel_enabled", BOOL, **NEW),
            _setting("is_metrics_enabled", BOOL, **NEW),
            _setting("is_sentinel_debug_enabled", BOOL, **NEW),
            _setting("sentinel_metrics_refresh_rate_seconds", INT, check=_within(1), **NEW),
            _setting("sentinel_metrics_history_days", INT, check=_within(1), **NEW),
            _setting("sentinel_push_interval_seconds", INT, check=_within(10), **NEW),
            _setting("sentinel_token", Codec("str", from_api=str), secret=True, **NEW),
            _setting("sentinel_custom_url", Codec("str", from_api=str), clear=None, **NEW),
        ),
    ),
    Part(
        "log_drains",
        "log-drains",
        "the log drains",
        (
            _setting("is_logdrain_newrelic_enabled", BOOL, **NEW),
            _setting("logdrain_newrelic_license_key", Codec("str", from_api=str), clear=None, secret=True, **NEW),
            _setting("logdrain_newrelic_base_uri", Codec("str", from_api=str), clear=None, **NEW),
            _setting("is_logdrain_axiom_enabled", BOOL, **NEW),
            _setting("logdrain_axiom_dataset_name", Codec("str", from_api=str), clear=None, **NEW),
            _setting("logdrain_axiom_api_key", Codec("str", from_api=str), clear=None, secret=True, **NEW),
            _setting("is_logdrain_custom_enabled", BOOL, **NEW),
            _setting("logdrain_custom_config", Codec("str", from_api=str, key=str.strip), clear=None, secret=True, **NEW),
            _setting("logdrain_custom_config_parser", Codec("str", from_api=str, key=str.strip), clear=None, secret=True, **NEW),
        ),
    ),
)
DRAINS = {
    "newrelic": ("logdrain_newrelic_license_key", "logdrain_newrelic_base_uri"),
    "axiom": ("logdrain_axiom_dataset_name", "logdrain_axiom_api_key"),
    "custom": ("logdrain_custom_config",),
}


@dataclass
class Server(Live):
    """A server; ``keys`` are Coolify's private keys where the task names one, because a server tells only the number of its key."""

    keys: list[dict[str, t.Any]] = field(default_factory=list)

    def read(self) -> dict[str, t.Any]:
        answer = super().read()
        if self.keys:
            held = next((key["uuid"] for key in self.keys if key["id"] == answer.get("private_key_id")), None)
            answer["private_key_uuid"] = held
        return answer

    @property
    def settings(self) -> dict[str, t.Any]:
        return (self.answer or {}).get("settings") or {}

    @property
    def usable(self) -> bool:
        return bool(self.settings.get("is_reachable") and self.settings.get("is_usable"))


@dataclass
class PartOf(Live):
    """A part of a server as something that has fields of its own; ``wanted`` are their canonical values."""

    server: Server | None = None
    part: Part = PARTS[0]
    wanted: dict[str, t.Any] = field(default_factory=dict)

    @property
    def words(self) -> str:
        return f"{self.part.words} of {self.server.words}"

    @property
    def path(self) -> str:
        return f"{self.server.path}/{self.part.path}"

    def read(self) -> dict[str, t.Any]:
        self.answer = self.ctx.client.get(self.path, has="proxy_type") if self.part.own else self.server.read()
        return self.answer


def view(live: Server, parts: t.Iterable[PartOf] = ()) -> dict[str, t.Any]:
    answer, settings = live.answer or {}, live.settings
    key = next((item for item in live.keys if item["uuid"] == answer.get("private_key_uuid")), None)
    own = [row for row in FIELDS if row.name != "private_key_uuid"]
    read = {part.part.option: part.answer for part in parts if part.part.own and part.answer}
    return {
        "uuid": live.uuid,
        **visible(own, answer),
        "is_coolify_host": answer.get("is_coolify_host"),
        "is_reachable": settings.get("is_reachable"),
        "is_usable": settings.get("is_usable"),
        "proxy_status": (answer.get("proxy") or {}).get("status"),
        "validation_logs": plain(answer.get("validation_logs")) or None,
        **({"private_key": {"uuid": key["uuid"], "name": key["name"]}} if key else {}),
        **{part.option: visible(part.fields, read.get(part.option, answer)) for part in PARTS if not part.own or part.option in read},
    }


def plain(html: str | None) -> str:
    """Coolify tells why a validation failed as HTML."""
    text = re.sub(r"<br\s*/?>|</div>", " ", html or "")
    return " ".join(unescape(re.sub(r"<[^>]+>", "", text)).split())


def plan(ctx: Context) -> Plan:
    """The module's function: what takes the server to the declared state."""
    options, client = ctx.options, ctx.client
    live = Server(ctx, "server", without_tags(options.get("name") or options["uuid"]), options.get("uuid"))
    parts: list[PartOf] = []
    result = Plan(seen=lambda: view(live, parts) if live.read() else None)
    values = dict(options)
    if options.get("private_key") and options["state"] != "absent":
        live.keys = client.items(KEYS)
        key = expected(ctx, lambda: only(live.keys, options["private_key"], "private key"))
        values["private_key_uuid"] = key["uuid"] if key else AFTER_CREATION
    wanted = declared(FIELDS, values)
    listed: list[dict[str, t.Any]] = [] if options.get("uuid") else client.items("/servers")
    if not locate(live, lambda: listed):
        return result
    if options["state"] == "absent":
        return plan_removal(live, result) if live.answer else result
    parts.extend(declared_parts(live))
    _refuse_contradictions(live, wanted, {part.part.option: part.wanted for part in parts})
    if live.answer is None and not (options.get("ip") or options.get("private_key")):
        unknown_yet(live, result, [*wanted, *(part.part.option for part in parts)], "ip and private_key")
        plan_state(live, result, False)
        return result
    if live.answer is None:
        moved = plan_creation(live, result, wanted, listed)
    else:
        moved = plan_update(live, result, wanted)
    for part in parts:
        plan_part(part, result)
    plan_state(live, result, moved)

    def refresh() -> None:
        if result.steps:
            live.read()
            verify_stored(live, FIELDS, wanted, NOT_STORED)
            for part in parts:
                part.answer = part.read() if part.part.own else live.answer
                verify_stored(part, part.part.fields, part.wanted, NOT_STORED)
        result.resource, result.resource_id = view(live, parts), live.uuid

    result.result = refresh
    return result


def declared_parts(live: Server) -> list[PartOf]:
    """Each part that is mentioned; complaints name the option above too."""
    found = []
    for part in PARTS:
        options = live.ctx.options.get(part.option)
        if not options:
            continue
        try:
            values = declared(part.fields, options)
        except InputError as error:
            raise InputError(f"{part.option}: {error}") from error
        if part.own and values:
            live.ctx.client.require("4.3.0", f"the option {part.option}")
        if values:
            found.append(PartOf(live.ctx, part.words, live.name, server=live, part=part, wanted=values))
    return found


def _refuse_contradictions(live: Server, wanted: dict[str, t.Any], parts: dict[str, dict[str, t.Any]]) -> None:
    """What Coolify would undo in the same moment, or refuse after half of the steps."""
    ctx, sentinel, drains = live.ctx, parts.get("sentinel", {}), parts.get("log_drains", {})
    on = [name for name in ("is_metrics_enabled", "is_sentinel_debug_enabled") if sentinel.get(name)]
    if sentinel.get("is_sentinel_enabled") is False and on:
        raise InputError(f"sentinel: {', '.join(on)} cannot be on while is_sentinel_enabled is false; Coolify switches them off with it")
    builds = wanted.get(
        "is_build_server", wanted.get("server_role") == "build" if "server_role" in wanted else live.settings.get("is_build_server")
    )
    if builds and sentinel.get("is_sentinel_enabled") and not live.settings.get("is_sentinel_enabled"):
        raise InputError("sentinel: Coolify has no sentinel on a build server")
    for kind, needed in DRAINS.items():
        name = f"is_logdrain_{kind}_enabled"
        if drains.get(name):
            lacking = [
                item
                for item in needed
                if not drains.get(item) and (item in drains or live.answer is None or not live.settings.get(item, True))
            ]
            if lacking:
                raise InputError(f"log_drains: {name} needs {', '.join(lacking)}")
    if ctx.options["state"] in ("proxy_restarted", "cleaned_up"):
        ctx.client.require("4.3.0", f"state={ctx.options['state']}")
    proxy = wanted.get("proxy_type") or FIELD["proxy_type"].found(live.answer)
    if ctx.options["state"] == "proxy_restarted" and proxy == "none":
        raise InputError(f"{live.words} has no proxy that could be restarted")
    if ctx.flag("install"):
        ctx.client.require("4.2.0", "the option install")


def plan_creation(live: Server, result: Plan, wanted: dict[str, t.Any], listed: list[dict[str, t.Any]]) -> bool:
    ctx, options = live.ctx, live.ctx.options
    need(options, ["ip", "private_key"], f"creating {live.words}")
    twin = next((item for item in listed if item.get("ip") == wanted["ip"]), None)
    if twin:
        raise InputError(
            f'ip: {wanted["ip"]} is that of the server "{twin["name"]}" ({twin["uuid"]}); Coolify takes each address once',
            "Use that name; or give its uuid, then name becomes its new name.",
        )
    changes = creation(FIELDS, wanted)
    require_versions(ctx, changes)
    rest = [change for change in changes if "create" not in change.field.on]
    request = body(change for change in changes if change not in rest)

    def look() -> dict[str, t.Any] | None:
        # An address is there once in the whole instance
        return next((item for item in ctx.client.items("/servers") if item.get("ip") == wanted["ip"]), None)

    result.steps.append(creation_step(live, result, f"create {live.words}", "/servers", request, look))
    if rest:
        names = ", ".join(change.field.name for change in rest)
        result.steps.append(patch_step(live, f"set {names} of {live.words}, which creation does not take", lambda: [body(rest)]))
    after = shown(changes)["after"]
    result.merge_diff({"before": {}, "after": after})
    plain_after = {name: value for name, value in after.items() if name != "private_key_uuid"}
    result.resource = {
        "uuid": None,
        "description": None,
        **plain_after,
        "is_coolify_host": False,
        "is_reachable": False,
        "is_usable": False,
    }
    return True


def plan_update(live: Server, result: Plan, wanted: dict[str, t.Any]) -> bool:
    """Whether Coolify connects in another way afterwards."""
    ctx, answer = live.ctx, live.answer
    result.resource_id, result.before, result.resource = live.uuid, _configuration(answer), view(live)
    changes = differences(FIELDS, wanted, answer)
    require_versions(ctx, changes)
    changes = readable(result, changes, live.words, ctx.options["update_secrets"])
    if not changes:
        return False
    names = {change.field.name for change in changes}
    if "private_key_uuid" in names:
        ctx.client.require("4.1.2", "another private_key for a server that exists")
    if (wanted.get("is_build_server") and "is_build_server" in names) or (wanted.get("server_role") == "build" and "server_role" in names):
        _refuse_resources(live, f"{live.words} cannot become a build server")
    moved = bool(names & set(CONNECTION))
    if moved:
        result.risk("high", f"Coolify connects to {live.words} in another way; everything on it is out of its reach if that fails")
    if "proxy_type" in names:
        result.downtime = True
        result.downtime_reasons.append(f"the proxy of {live.words} is replaced")
        result.risk(
            "high", f"another proxy_type drops the proxy's own configuration and restarts it: {live.words} serves nothing meanwhile"
        )
    result.merge_diff(shown(changes))
    after = {name: value for name, value in shown(changes)["after"].items() if name != "private_key_uuid"}
    result.resource = {**result.resource, **after}
    result.steps.append(set_step(live, FIELDS, changes))
    return moved


def _configuration(answer: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    parts = {part.option: visible(part.fields, answer) for part in PARTS if not part.own}
    return {**visible(FIELDS, answer), **parts}


def resources_on(live: Server) -> list[dict[str, t.Any]]:
    items = live.ctx.client.items(f"{live.path}/resources")
    return [{name: item.get(name) for name in ("uuid", "name", "type")} for item in items]


def _refuse_resources(live: Server, words: str, advice: str | None = None) -> None:
    held = resources_on(live)
    if held:
        raise InUse(
            f"{words}, it still has {len(held)} resource{'s' * (len(held) > 1)}: {words_of(held)}",
            advice,
            resources=held,
        )


def plan_part(live: PartOf, result: Plan) -> None:
    """One PATCH of what differs; the proxy's configuration has a PUT of its own."""
    ctx, part, new = live.ctx, live.part, live.server.answer is None
    if new:
        changes = creation(part.fields, live.wanted)
    else:
        live.answer = live.read() if part.own else live.server.answer
        changes = differences(part.fields, live.wanted, live.answer)
        if part.own:
            result.before = {**result.before, part.option: visible(part.fields, live.answer)}
    require_versions(ctx, changes)
    if not new:
        changes = readable(result, changes, live.words, ctx.options["update_secrets"])
    whole = [change for change in changes if change.field is CONFIGURATION]
    fields = [change for change in changes if change.field is not CONFIGURATION]
    if changes:
        diff = shown(changes)
        result.merge_diff({"before": {} if new else {part.option: diff["before"]}, "after": {part.option: diff["after"]}})
        plain_after = {change.field.name: diff["after"][change.field.name] for change in changes if not change.field.secret}
        result.resource = {**result.resource, part.option: {**(result.resource.get(part.option) or {}), **plain_after}}
    if fields and new:
        names = ", ".join(change.field.name for change in fields)
        result.steps.append(patch_step(live, f"set {names} of {live.words}", lambda: [body(fields)]))
    elif fields:
        result.steps.append(set_step(live, part.fields, fields))
    if whole:
        result.steps.append(_configuration_step(live, whole[0], new))
        result.details["restart_required"] = not new
        result.risk("medium", f"{live.words} keeps its old configuration until it is restarted (state=proxy_restarted)")
    if any(change.field.name == "delete_unused_volumes" and change.after for change in changes):
        result.risk("high", "delete_unused_volumes removes the volumes of stopped databases and applications at the next clean-up")


def _configuration_step(live: PartOf, change: Change, new: bool) -> Step:
    def put(text: t.Any) -> None:
        live.ctx.client.put(f"{live.path}/configuration", body([Change(change.field, None, text)]))

    def undo() -> Undone:
        name = change.field.name
        if not differences([change.field], {name: change.before}, live.read()):
            return Undone(False)
        if not isinstance(change.before, str):
            return Undone(True, (name,))
        put(change.before)
        return Undone(True)

    return Step(
        f"save the configuration of {live.words}",
        lambda: put(change.after),
        revert=(lambda: Undone(False)) if new else undo,
        manual=f"save the configuration of {live.words} as it was",
    )


# --- validation, restart, deletion -----------------------------------------------------------------------------------------------


def plan_state(live: Server, result: Plan, moved: bool) -> None:
    state = live.ctx.options["state"]
    if state == "validated" and (moved or not live.usable):
        result.steps.append(_validation(live, result))
    elif state == "proxy_restarted":
        result.details.pop("restart_required", None)
        result.downtime = True
        result.downtime_reasons.append(f"the proxy of {live.words} is restarted")
        result.steps.append(_restart(live, result))
    elif state == "cleaned_up":
        result.steps.append(_cleanup(live, result))
    elif moved and live.answer is not None:
        result.risk("low", "state=validated has Coolify check the new connection")


def _validation(live: Server, result: Plan) -> Step:
    ctx = live.ctx
    install = ctx.flag("install")

    def apply() -> None:
        before = (live.read().get("validation_logs"), live.usable)
        if version_tuple(ctx.client.version) < (4, 2, 0):
            # The same as POST later; nothing is harmed when it goes out twice
            ctx.client.get(f"{live.path}/validate")
        else:
            act(live, "validate", lambda: {}, **({"install": 1} if install else {}))
        if ctx.flag("wait"):
            with after_acting():
                _wait_until_usable(live, before)
        else:
            result.details["pending"] = f"GET /api/v1{live.path} until settings.is_usable is true or validation_logs says why not"

    what = "validate" if not install else "install what is missing on and validate"
    return Step(f"{what} {live.words}", apply, estimate=180.0 if install else 15.0, keeps=True)


def _wait_until_usable(live: Server, before: tuple[str | None, bool]) -> None:
    ctx, limit = live.ctx, live.ctx.options["wait_timeout"]
    started = ctx.clock.now()

    def done(answer: dict[str, t.Any]) -> bool:
        found = (answer.get("validation_logs"), live.usable)
        if answer.get("is_validating") or (found == before and ctx.clock.now() - started < SETTLE):
            return False
        if found[0]:
            error = BadState(
                f"Coolify cannot use {live.words}: {plain(found[0])}",
                "Correct the address, user, key or Docker on the server, then run the task again; install=true has Coolify install Docker.",
            )
            error.stage = "server_health"
            raise error
        return live.usable

    reached, _answer = until(live.read, done, limit, ctx.clock)
    if not reached:
        raise TimedOut(f"{live.words} is not usable {limit:g} s after its validation was started", "Look at the server in Coolify.")
    ctx.say(f"{live.words} is reachable and usable")


def _restart(live: Server, result: Plan) -> Step:
    ctx = live.ctx

    def status() -> str:
        return str(ctx.client.get(f"{live.path}/proxy", has="status")["status"])

    def apply() -> None:
        before, started = status(), ctx.clock.now()
        act(live, "proxy/restart", lambda: None)
        if not ctx.flag("wait"):
            result.details["pending"] = f"GET /api/v1{live.path}/proxy until its status is running"
            return
        with after_acting():
            seen = {before}

            def done(now: str) -> bool:
                seen.add(now)
                if now == "error":
                    error = BadState(f"Coolify could not restart the proxy of {live.words}", "Look at the proxy's log in Coolify.")
                    error.stage = "proxy"
                    raise error
                return now == "running" and (len(seen) > 1 or ctx.clock.now() - started >= SETTLE)

            reached, last = until(status, done, ctx.options["wait_timeout"], ctx.clock)
            if not reached:
                raise TimedOut(f"the proxy of {live.words} is {last} after {ctx.options['wait_timeout']:g} s, wanted running")

    return Step(f"restart the proxy of {live.words}", apply, estimate=30.0, keeps=True)


def _cleanup(live: Server, result: Plan) -> Step:
    """Coolify's clean-up, now. What it removes beside images is said explicitly, as the settings have it after this task."""
    ctx, where = live.ctx, "docker-cleanup"
    declared_now = ctx.options.get("docker_cleanup") or {}
    flags = {}
    for name in ("delete_unused_volumes", "delete_unused_networks"):
        given = declared_now.get(name)
        flags[name] = int(bool(live.settings.get(name) if given is None else given))
    what = "unused images and build cache" + "".join(f", {name[14:]} too" for name, on in flags.items() if on)
    if flags["delete_unused_volumes"]:
        result.risk("high", f"volumes without a container are removed from {live.words}, those of stopped databases too")

    def runs() -> list[dict[str, t.Any]]:
        return ctx.client.items(f"{live.path}/{where}/executions")

    def apply() -> None:
        before = {run["uuid"] for run in runs()}
        act(live, f"{where}/run", lambda: None, **flags)
        if not ctx.flag("wait"):
            result.details["pending"] = f"GET /api/v1{live.path}/{where}/executions until the first one is not running"
            return

        def newest() -> dict[str, t.Any]:
            return next((run for run in runs() if run["uuid"] not in before), {})

        with after_acting():
            reached, run = until(newest, lambda run: run.get("status", "running") != "running", ctx.options["wait_timeout"], ctx.clock)
            if not reached:
                raise TimedOut(
                    f"cleaning up {live.words} takes longer than {ctx.options['wait_timeout']:g} s", "Look at the server in Coolify."
                )
            if run["status"] != "success":
                error = BadState(
                    f"cleaning up {live.words} ended as {run['status']}: {plain(run.get('message'))}", "Look at the server in Coolify."
                )
                error.stage = "server_health"
                raise error

    return Step(f"clean up {live.words}: {what}", apply, estimate=60.0, keeps=True, destructive=bool(flags["delete_unused_volumes"]))


def plan_removal(live: Server, result: Plan) -> Plan:
    ctx = live.ctx
    if live.answer.get("is_coolify_host"):
        raise InputError(f"{live.words} is the server that Coolify runs on; Coolify does not delete it")
    held = resources_on(live)
    if held and not ctx.flag("delete_resources"):
        raise InUse(
            f"{live.words} cannot be deleted, it still has {len(held)} resource{'s' * (len(held) > 1)}: {words_of(held)}",
            "Remove or move them first; delete_resources=true deletes them with their volumes.",
            resources=held,
        )
    query = {"force": True} if held else {}
    action = f"delete {live.words} ({live.uuid})"
    if held:
        action += f" with everything on it: {words_of(held)}"
        result.risk("high", f"{words_of(held)}: deleted with {live.words}, volumes included; nothing brings them back")
        result.risk("medium", "until Coolify's queue has deleted them, lists of databases and services answer 500")
    result.risk(
        "medium",
        f"{live.words} is removed from Coolify; the machine and its containers stay as they are"
        if not held
        else "the machine itself stays",
    )
    result.resource_id, result.before = live.uuid, _configuration(live.answer)
    result.downtime = bool(held)
    result.merge_diff({"before": {**view(live), **({"resources": held} if held else {})}, "after": {}})

    def apply() -> None:
        ctx.client.delete(live.path, **query)
        ctx.say(f"deleted {live.words} ({live.uuid})")

    result.steps.append(Step(action, apply, destructive=True, keeps=True))
    return result


MODULE = Module(
    "coolify_server",
    {
        "name": {"type": "str"},
        "uuid": {"type": "str"},
        **{name: spec for name, spec in option_spec(FIELDS).items() if name not in ("name", "private_key_uuid")},
        "private_key": {"type": "str", "no_log": False},
        **{part.option: {"type": "dict", "options": option_spec(part.fields)} for part in PARTS},
        "state": {"type": "str", "choices": ["present", "validated", "proxy_restarted", "cleaned_up", "absent"], "default": "present"},
        "install": {"type": "bool", "default": False},
        "delete_resources": {"type": "bool", "default": False},
        "confirm_destructive": {"type": "bool", "default": False},
        "update_secrets": DEFAULT_UPDATE_SECRETS,
        **WAIT_SPEC,
    },
    plan=plan,
    returns="server",
    constraints={**ONE_NAME, "mutually_exclusive": [("is_build_server", "server_role")]},
)
