# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A deployment as part of an application's plan: gates, rollback point, deploy, follow, verify, and the way back."""

from __future__ import annotations

import math
import re
import typing as t
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property

from .. import _deployment, _gates
from .._client import path, version_tuple
from .._context import Context
from .._contract import METRICS
from .._deployment import History
from .._diagnosis import probes
from .._errors import (
    ApiError,
    Blocked,
    CoolifyError,
    InputError,
    NotFound,
    NotFoundByName,
    NotVerified,
    OutcomeUnknown,
    TimedOut,
    Unreachable,
    Unreadable,
    after_acting,
)
from .._fields import NEVER, Field, domains_of, moment, split, without_password
from .._host import masking
from .._http import Plain
from .._plan import Plan, Step, Undone
from .._wait import until
from . import database
from . import variables as env
from .resource import Live, halt, placed, wait_for_status
from .token import may, sees_secrets

PROXY_SPEC: dict[str, t.Any] = {"proxy_ports": {"type": "dict", "options": {"http": {"type": "int"}, "https": {"type": "int"}}}}
SHARED_SPEC: dict[str, t.Any] = {
    "deploy": {"type": "str", "choices": ["when_changed", "always"], "default": "when_changed"},
    "force": {"type": "bool", "default": False},
    "rollback_on_failure": {"type": "bool", "default": True},
    "wait_for_previous": {"type": "bool", "default": False},
    "cancel_running": {"type": "bool", "default": False},
    "host_evidence": {"type": "dict"},
    "max_cpu_usage_percent": {"type": "float"},
    "max_memory_usage_percent": {"type": "float"},
    "max_disk_usage_percent": {"type": "float"},
    "override_ssl_expiry": {"type": "bool", "default": False},
    "allow_cross_env": {"type": "bool", "default": False},
    "token_created_at": {"type": "str", "no_log": False},
    "verify_timeout": {"type": "int", "default": 300},
    "verify_validate_certs": {"type": "bool", "default": True},
    **PROXY_SPEC,
}
"""What several applications of one transaction share."""
EXPECTATIONS_SPEC: dict[str, t.Any] = {
    "required_env": {"type": "list", "elements": "str", "no_log": False},
    "required_ports": {"type": "list", "elements": "int"},
    "min_certificate_days": {"type": "int"},
    "verify_domains": {"type": "bool", "default": True},
    "verify_path": {"type": "str"},
    "verify_status": {"type": "list", "elements": "int"},
    "verify_text": {"type": "str"},
    "max_response_time_p95": {"type": "float"},
    "max_error_rate": {"type": "float"},
    "fail_on_log": {"type": "list", "elements": "str"},
}
"""What is expected of one application."""
SPEC: dict[str, t.Any] = {
    **SHARED_SPEC,
    **EXPECTATIONS_SPEC,
    "pull_request_id": {"type": "int"},
    "docker_tag": {"type": "str"},
    "rollback_to": {"type": "str"},
    "rollback_point": {"type": "dict"},
}
STATES = ("deployed", "rolled_back")
# Seconds, where an application has no history of its own
BUILD = 150.0
HEALTH = 90.0
VERIFY = 10.0
CERTIFICATE = 180.0
LEAST_STATUS_WAIT = 10.0
"""Coolify's status follows a finished deployment by a few seconds."""
SAMPLES = 10
"""Requests per domain from which response times and the error rate are taken."""
LOG_LINES = 500
TRUSTED_ROLLBACK = ("nixpacks", "static", "dockerfile", "railpack")
"""Build packs that Coolify's rollback API rebuilds from a commit; for images it ignored the tag before 4.3.12 (knowledge.md 2)."""
LOGS_NEED_SENSITIVE = "4.4.0"
"""From when on the log of an application takes read:sensitive."""
FROM_0_TO_100 = (lambda value: 0 <= value <= 100, "from 0 to 100")
MORE_THAN_0 = (lambda value: value > 0, "more than 0")
RANGES: dict[str, tuple[t.Callable[[float], bool], str]] = {
    **dict.fromkeys(("max_error_rate", *_gates.THRESHOLDS), FROM_0_TO_100),
    **dict.fromkeys(("max_response_time_p95", "wait_timeout"), MORE_THAN_0),
    **dict.fromkeys(("min_certificate_days", "verify_timeout"), (lambda value: value >= 0, "0 or more")),
    "verify_status": (lambda value: 100 <= value <= 599, "from 100 to 599"),
}


@dataclass
class Deploy:
    """One deployment while its plan is made and applied."""

    live: Live
    plan: Plan
    history: History
    commit: str | None = None
    """The commit to go to through the rollback API; None deploys what is configured."""
    uuid: str | None = None
    """The deployment that this run triggered."""
    triggered: bool = False
    earlier: frozenset[str] = frozenset()
    """The deployments that were known when it was triggered."""
    before_status: str = ""
    answered_before: dict[str, int] = field(default_factory=dict)
    """What the domains answered before anything was changed: the status by address, without errors of a server."""
    began: float = 0.0
    finished_at: str | None = None
    """When Coolify finished the deployment that is waited for, by Coolify's clock."""
    last_online_at: str | None = None
    """When Coolify had last seen it before that deployment was triggered."""
    placement: tuple[tuple[str, t.Any, t.Any], ...] = ()
    """Where it is and where it was declared to be, for each difference."""
    stored: t.Callable[[], None] = lambda: None
    """Checks that Coolify stored the configuration, which is done before it is deployed."""

    @cached_property
    def environment(self) -> t.Mapping[str, t.Any]:
        """What is in the environment of the application; nothing where it is not told. One that was given by its uuid is not looked up there."""
        if self.live.place:
            return self.live.place.environment
        where = placed(self.live.answer or {}, None)
        project, environment = where["project"]["uuid"], where["environment"]["uuid"]
        return self.ctx.client.get(path("projects", project, environment)) if project and environment else {}

    @property
    def ctx(self) -> Context:
        return self.live.ctx

    @property
    def options(self) -> dict[str, t.Any]:
        return self.ctx.options

    @property
    def expected(self) -> float:
        return self.history.expected or BUILD


# --- whether, and what it takes -------------------------------------------------------------------------------------------------


def reason(deploy: Deploy, rows: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    """Why there has to be a deployment; an empty text when the last one still holds."""
    options, answer, history = deploy.options, deploy.live.answer, deploy.history
    if (
        options["state"] in ("rolled_back", "recreated")
        or options["deploy"] == "always"
        or options["force"]
        or options.get("pull_request_id")
    ):
        return "it is asked for"
    if answer is None or deploy.plan.steps:
        return "the configuration or the variables change"
    last = history.latest
    if last is None:
        return "it was never deployed"
    if last["status"] in _deployment.PENDING:
        return f"deployment {last['deployment_uuid']} is {last['status']}"
    if last["status"] != "finished":
        return f"the last deployment {last['deployment_uuid']} ended as {last['status']}"
    if not serves(answer, deploy.live.status):
        return f"it is {deploy.live.status}"
    pinned = answer.get("git_commit_sha") or "HEAD"
    if pinned != "HEAD" and not str(last.get("commit") or "").startswith(pinned):
        return f"commit {pinned} is wanted and {last.get('commit')} was deployed"
    moved = _moved(answer, history)
    if moved:
        return moved
    begun = moment(last.get("created_at"))
    own = [row for row in rows if not row.get("is_coolify") and not row.get("is_preview")]
    later = sorted({row["key"] for row in own if begun and (moment(row.get("updated_at")) or begun) > begun})
    return f"variables changed since the last deployment: {', '.join(later)}" if later else ""


def _moved(answer: t.Mapping[str, t.Any], history: History) -> str:
    """Whether another image or branch was stored since the last deployment, as after a run that was interrupted in between."""
    was = _deployment.source(history.built[0]) if history.built else ""
    if answer.get("build_pack") == "dockerimage":
        has = _deployment.image(answer.get("docker_registry_image_name"), answer.get("docker_registry_image_tag"))
        return f"{has} is stored and {was} was deployed" if was and has not in ("", was) else ""
    branch = was.rpartition(":")[2]
    if (
        not was
        or answer.get("dockerfile")
        or answer.get("build_pack") not in TRUSTED_ROLLBACK
        or answer.get("git_branch") in (None, branch)
    ):
        return ""
    return f"branch {answer['git_branch']!r} is stored and {branch!r} was deployed"


def serves(answer: t.Mapping[str, t.Any] | None, status: str) -> bool:
    """Whether a two-part status means that the application is up: with a health check only ``running:healthy`` does."""
    state, _colon, health = status.partition(":")
    if state != "running" or health.startswith("unhealthy"):
        return False
    return health.startswith("healthy") or not (answer or {}).get("health_check_enabled")


def roll_reasons(answer: t.Mapping[str, t.Any], pull_request: bool = False) -> list[str]:
    """Why Coolify cannot replace the container without stopping the old one first (knowledge.md HC-8)."""
    settings = answer.get("settings") or {}
    tests = (
        (answer.get("ports_mappings"), "a host port is mapped"),
        (answer.get("build_pack") == "dockercompose", "it is a compose application"),
        (settings.get("is_consistent_container_name_enabled"), "is_consistent_container_name_enabled is on"),
        (settings.get("custom_internal_name"), "custom_internal_name is set"),
        ("--ip" in str(answer.get("custom_docker_run_options") or ""), "a custom IP address is set"),
        (pull_request, "it is a pull-request deployment"),
    )
    return [text for test, text in tests if test]


# --- what the options may be ------------------------------------------------------------------------------------------------------


def checked_options(options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The options of a deployment, with the figures in host_evidence as numbers. Raises InputError for what would only be noticed after
    the deployment."""
    for option, (fits, words) in RANGES.items():
        given = options.get(option)
        for value in given if isinstance(given, list) else [given]:
            if value is not None and not fits(value):
                raise InputError(f"{option}: {value:g} is not {words}")
    for pattern in options.get("fail_on_log") or ():
        try:
            re.compile(pattern)
        except re.error as error:
            raise InputError(f"fail_on_log: {pattern!r} is no regular expression: {error}") from error
    point = options.get("rollback_point")
    if point is not None:
        _shape("rollback_point", point, t.Mapping, "a dictionary")
        _shape("rollback_point.configuration", point.get("configuration") or {}, t.Mapping, "a dictionary")
    return {**options, "host_evidence": _checked_evidence(options.get("host_evidence"))}


def _checked_evidence(evidence: t.Any) -> dict[str, t.Any] | None:
    """host_evidence may come out of a template, where a number is a text."""
    if evidence is None:
        return None
    _shape("host_evidence", evidence, t.Mapping, "a dictionary")
    result, figures, sockets = dict(evidence), evidence.get("metrics"), evidence.get("listening")
    if figures is not None:
        _shape("host_evidence.metrics", figures, t.Mapping, "a dictionary")
        given = {name: figures[name] for name in METRICS if figures.get(name) is not None}
        result["metrics"] = {**figures, **{name: _number(f"host_evidence.metrics.{name}", value) for name, value in given.items()}}
    if sockets is not None:
        _shape("host_evidence.listening", sockets, list, "a list")
        for socket in sockets:
            _shape("host_evidence.listening", socket, t.Mapping, "a dictionary with port")
        result["listening"] = [{**socket, "port": _number("host_evidence.listening: port", socket.get("port"))} for socket in sockets]
    return result


def _shape(where: str, value: t.Any, shape: t.Any, words: str) -> None:
    if not isinstance(value, shape):
        raise InputError(f"{where}: {_short(value)} is not {words}", "Give it as the task that it comes from returned it.")


def _number(where: str, value: t.Any) -> float:
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise InputError(f"{where}: {_short(value)} is no number", "Give it as the task that it comes from returned it.")
    return int(number) if number.is_integer() else number


def _short(value: t.Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


# --- planning -------------------------------------------------------------------------------------------------------------------


def plan_deployment(
    deploy: Deploy,
    wanted: t.Mapping[str, t.Any],
    rows: list[dict[str, t.Any]],
    declared: list[env.Variable],
    deleted: t.Sequence[dict[str, t.Any]],
) -> None:
    """Add the deployment to a plan that already holds the changes of configuration and variables. ``deleted`` are the rows that go."""
    options, plan, live = deploy.options, deploy.plan, deploy.live
    if options.get("docker_tag") and not options.get("pull_request_id"):
        raise InputError(
            "docker_tag needs pull_request_id: Coolify takes it for previews only; for the application set docker_registry_image_tag"
        )
    finished = deploy.history.finished
    plan.point.update(
        deployment_id=finished[0]["deployment_uuid"] if finished else None,
        commit=(finished[0].get("commit") if finished else None) or plan.before.get("git_commit_sha"),
    )
    plan.metrics["last_deploy_duration_seconds"] = _deployment.duration(finished[0]) if finished else None
    taken = (options.get("host_evidence") or {}).get("metrics") or {}
    plan.metrics.update({name: taken[name] for name in METRICS if name in taken})
    why = reason(deploy, rows)
    if not why:
        plan.details.update(
            deployment_uuid=finished[0]["deployment_uuid"], commit=finished[0].get("commit"), branch=live.answer.get("git_branch")
        )
        return
    plan.details["deployment_reason"] = why
    deploy.before_status = live.status
    _risks(deploy, wanted)
    _unprotected(deploy, rows, declared)
    if live.state == "running":
        plan.downtime_reasons += roll_reasons(_after(live.answer or {}, wanted), bool(options.get("pull_request_id")))
    plan.downtime = plan.downtime or bool(plan.downtime_reasons)
    plan.gates = _gates.judge(_facts(deploy, wanted, rows, declared, deleted), options)
    changes = list(plan.steps)
    late = [_trigger_step(deploy), *([_follow_step(deploy), _verify_step(deploy, wanted)] if options["wait"] else [])]
    plan.steps[:] = [
        gate_step(plan, deploy.ctx, live.words),
        *(replace(step, phase="before") for step in (_point_step(deploy), *_previous(deploy))),
        *changes,
        *(replace(step, phase="after") for step in late),
    ]
    plan.merge_diff({"before": {"deployment": plan.point["deployment_id"]}, "after": {"deployment": f"a new one, because {why}"}})


def _after(answer: t.Mapping[str, t.Any], wanted: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The application as it will be, as far as it matters for how Coolify replaces the container."""
    fields = {name: wanted[name] for name in ("ports_mappings", "build_pack", "custom_docker_run_options") if name in wanted}
    settings = {name: wanted[name] for name in ("is_consistent_container_name_enabled", "custom_internal_name") if name in wanted}
    return {**answer, **fields, "settings": {**(answer.get("settings") or {}), **settings}}


def _risks(deploy: Deploy, wanted: t.Mapping[str, t.Any]) -> None:
    options, plan, answer = deploy.options, deploy.plan, deploy.live.answer or {}
    if options["force"]:
        plan.risk("medium", "force rebuilds without the cache")
    branch = wanted.get("git_branch")
    if branch and answer.get("git_branch") and branch != answer["git_branch"]:
        plan.risk("low", f"branch {branch!r} differs from the current {answer['git_branch']!r}")
    if answer and not deploy.history.finished and options["state"] != "recreated":
        plan.risk("medium", "it was never deployed successfully, so there is nothing to go back to")
    undone = options["rollback_on_failure"] and options["state"] != "recreated"
    if answer.get("build_pack") == "dockerimage" and undone and "docker_registry_image_tag" not in wanted:
        tag = answer.get("docker_registry_image_tag")
        plan.risk("low", f"the tag {tag!r} stays; going back deploys the same tag again, whatever it names by then")
    if not options["rollback_on_failure"]:
        plan.risk("medium", "rollback_on_failure is off: a failure leaves things as they are then")
    if options["cancel_running"] and deploy.history.pending:
        plan.risk("medium", "a cancelled deployment is not started again when this one fails")


def _unprotected(deploy: Deploy, rows: t.Sequence[t.Mapping[str, t.Any]], declared: t.Sequence[env.Variable]) -> None:
    """A risk for each database of the environment that the variables name and nothing backs up: going back does not undo a migration."""
    client = deploy.ctx.client
    values = [str(row.get("value") or "") for row in rows] + [variable.value for variable in declared if isinstance(variable.value, str)]
    used = [
        (kind, item)
        for kind, table in database.KINDS.items()
        for item in (deploy.environment.get(table.listed, ()) if table.listed and table.backups else ())
        if any(item["uuid"] in value for value in values) and item["name"] not in deploy.options.get("backed_up", ())
    ]
    schedules = client.gather(*[lambda kind=kind, item=item: database.read_backups(client, item["uuid"], kind) for kind, item in used])
    for (_kind, item), found in zip(used, schedules):
        if not any(schedule.get("enabled") for schedule in found):
            deploy.plan.risk(
                "medium", f'database "{item["name"]}", which it uses, has no backups; what a migration does to it cannot be taken back'
            )


def _facts(
    deploy: Deploy,
    wanted: t.Mapping[str, t.Any],
    rows: list[dict[str, t.Any]],
    declared: list[env.Variable],
    deleted: t.Sequence[dict[str, t.Any]],
) -> _gates.Facts:
    ctx, options, answer = deploy.ctx, deploy.options, deploy.live.answer or {}
    version, server = ctx.client.gather(lambda: ctx.client.version, lambda: _server(deploy))
    domains = _public(options, _wanted_domains(wanted, answer)) if options["verify_domains"] else ()
    hosts = sorted({probes.host_and_port(url)[0] for url in domains})
    secure = sorted({probes.host_and_port(url) for url in domains if url.startswith("https://")})
    ca_path = options.get("ca_path")
    resolved = probes.each(probes.resolve, hosts)
    certificates = probes.each(lambda place: probes.certificate(*place, ca_path=ca_path), secure)
    kept = [row for row in rows if row not in deleted and not row.get("is_preview")]
    values = {row["key"]: bool(row["value"]) if "value" in row else True for row in kept}
    values.update({variable.key: bool(variable.value) for variable in declared if not variable.preview})
    mappings = wanted["ports_mappings"] if "ports_mappings" in wanted else split(answer.get("ports_mappings") or "")
    sensitive = "custom_labels" in answer if answer else None
    looks = options.get("fail_on_log") and options["wait"] and not options.get("pull_request_id")
    guarded = bool(looks) and version_tuple(version) >= version_tuple(LOGS_NEED_SENSITIVE)
    if guarded and sensitive is None:
        sensitive = sees_secrets(ctx)
    return _gates.Facts(
        version=version,
        sensitive=sensitive,
        log_is_hidden=guarded and sensitive is False,
        server=server,
        host=options.get("host_evidence"),
        domains=domains,
        resolved={item.host: item for item in resolved},
        certificates={item.host: item for item in certificates},
        deployed_before=bool(deploy.history.finished),
        container=deploy.live.uuid or "",
        ports_mappings=tuple(mappings or ()),
        mapped=_mapped(deploy, (server or {}).get("uuid")),
        values=values,
        needed_by_coolify=tuple(row["key"] for row in rows if row.get("is_required") and not row.get("is_preview")),
        unsafe=tuple(variable.key for variable in declared if _unsafe(variable)),
        pending=deploy.history.pending,
        destructive=tuple(step.action for step in deploy.plan.destructive),
        placement=deploy.placement if options.get("project") else None,
    )


def _unsafe(variable: env.Variable) -> bool:
    """Only declared plain ones are judged: those that exist are a matter of their owner."""
    return (
        not variable.secret
        and env.looks_secret(variable.key)
        and not variable.flags.get("is_shown_once")
        and not _gates.SHARED_REFERENCE.fullmatch(str(variable.value or ""))
    )


def _mapped(deploy: Deploy, server: str | None) -> dict[int, str]:
    """The host ports that other applications of the environment map on this server, each with the application. A stopped one holds none."""
    return {
        int(pair.split(":")[0]): f'application "{item["name"]}"'
        for item in deploy.environment.get("applications", ())
        if item["uuid"] != deploy.live.uuid and not str(item.get("status")).startswith("exited")
        if server and server == ((item.get("destination") or {}).get("server") or {}).get("uuid")
        for pair in split(item.get("ports_mappings") or "")
        if pair.split(":")[0].isdigit()
    }


def _server(deploy: Deploy) -> dict[str, t.Any] | None:
    server = ((deploy.live.answer or {}).get("destination") or {}).get("server") or {}
    if not server:
        wanted = deploy.options.get("server")
        server = next((item for item in deploy.ctx.client.items("/servers") if wanted in (item.get("name"), item.get("uuid"))), {})
    settings = server.get("settings") or server
    flags = {name: settings[name] for name in ("is_reachable", "is_usable") if name in settings}
    return {"uuid": server.get("uuid"), "name": server.get("name"), "ip": server.get("ip"), **flags} if server else None


def plan_rollback(deploy: Deploy, wanted: dict[str, t.Any], fields: t.Sequence[Field]) -> dict[str, t.Any]:
    """What to go back to: the configuration of a registered rollback point, a deployment, a commit or a tag; returns what to declare."""
    options, live, answer = deploy.options, deploy.live, deploy.live.answer
    if answer is None:
        raise NotFoundByName(f"there is no {live.words} to roll back", "Check name, project and environment.")
    point, target = options.get("rollback_point") or {}, options.get("rollback_to")
    if point:
        if target:
            raise InputError("rollback_point and rollback_to: give one of them")
        if point.get("resource_id") not in (None, live.uuid):
            raise InputError(
                f"rollback_point is of {point['resource_id']}, {live.words} is {live.uuid}", "Give the one of the same application."
            )
        if not point.get("configuration"):
            raise InputError(
                "rollback_point has no configuration, as that of a task that created the application",
                "Give the rollback_point of a task that changed it, or rollback_to.",
            )
        found = {
            row.name: row.wanted(value) if value is not None else None
            for row in fields
            for value in [_of(point, row.name)]
            if value is not ... and row.name != "name"
        }
        deploy.plan.risk("low", "variables are not part of a rollback point: they stay as they are")
        wanted = {**{name: value for name, value in found.items() if value is not None or _clearable(fields, name)}, **wanted}
        target = str(point.get("commit") or "")
    if answer.get("build_pack") == "dockerimage":
        return wanted if point else {**wanted, **_image_of(deploy, target or "previous")}
    if answer.get("dockerfile") and not point:
        raise InputError(
            f"{live.words} is made from a Dockerfile that Coolify holds, and Coolify keeps no earlier text of it",
            "Deploy it with the earlier text, or give a registered rollback_point.",
        )
    if target in (None, "", "previous") and not point:
        target = _earlier(deploy, "commit", _commit)
    elif not point:
        known = _named(deploy, target)
        target = str(known.get("commit") or "") if known else target
    if target and target != "HEAD":
        deploy.commit = target
        if not _can_roll_back(deploy):
            # Without a rollback API that can be trusted the commit is pinned
            deploy.plan.risk("medium", f"git_commit_sha is set to {target} and stays; set it to HEAD to follow the branch again")
            wanted = {**wanted, "git_commit_sha": target}
    return wanted


def _of(point: t.Mapping[str, t.Any], name: str) -> t.Any:
    return (point.get("configuration") or {}).get(name, ...)


def _clearable(fields: t.Sequence[Field], name: str) -> bool:
    return next(row for row in fields if row.name == name).clear is not NEVER


UUID = re.compile(r"(?=[a-z0-9]*[g-z])[a-z0-9]{24}")
"""A deployment of Coolify, and no commit."""


def _named(deploy: Deploy, target: str) -> dict[str, t.Any] | None:
    """The deployment whose uuid ``target`` is; None when it is something else."""
    if not UUID.fullmatch(target):
        return None
    found = next((row for row in deploy.history.rows if row["deployment_uuid"] == target), None)
    if found is None:
        try:
            found = deploy.ctx.client.get(path("deployments", target), has="status")
        except NotFound:
            found = {}
        if (found.get("application") or {}).get("uuid") != deploy.live.uuid:
            raise NotFoundByName(f"rollback_to: {deploy.live.words} has no deployment {target}", "Look at its deployments in Coolify.")
    if found["status"] != "finished":
        raise InputError(f"rollback_to: deployment {target} is {found['status']}", "Give one that finished, a commit or a tag.")
    return found


def _commit(row: t.Mapping[str, t.Any]) -> str:
    return "" if row.get("commit") in (None, "HEAD") else str(row["commit"])


def _earlier(deploy: Deploy, what: str, of: t.Callable[[t.Mapping[str, t.Any]], str]) -> str:
    """What ran before that which runs now was deployed first: what came in between has been taken back already."""

    def before(history: History) -> str:
        found = [of(row) for row in history.built]
        oldest = max((place for place, item in enumerate(found) if item == found[0]), default=0)
        return next((item for item in found[oldest + 1 :] if item), "")

    earlier = before(deploy.history)
    if not earlier:
        deploy.history = _deployment.history(deploy.ctx, deploy.live.uuid or "", before)
        earlier = before(deploy.history)
    if not earlier:
        now = of(deploy.history.built[0]) if deploy.history.built else ""
        raise NotFoundByName(
            f"{deploy.live.words} has no successful deployment of another {what} before {f'that of {now}' if now else 'the present one'}",
            f"Give {'a commit' if what == 'commit' else 'a tag'} or the uuid of a deployment in rollback_to.",
        )
    return earlier


def _image_of(deploy: Deploy, target: str) -> dict[str, t.Any]:
    """The image that ``target``, a deployment or a tag, means."""
    known = _named(deploy, target)
    if known is None and target != "previous":
        return {"docker_registry_image_tag": target}
    newest = known or (deploy.history.built[0] if deploy.history.built else None)
    if newest and not _deployment.source(newest):
        raise InputError(
            f"rollback_to: the image of a deployment of {deploy.live.words} is in its log only, and the token may not read that, or it has none",
            "Give the tag in rollback_to, a registered rollback_point, or a token with read:sensitive.",
        )
    image = _deployment.source(known) if known else _earlier(deploy, "image", _deployment.source)
    name, _colon, tag = image.rpartition(":")
    return {"docker_registry_image_name": name, "docker_registry_image_tag": tag}


# --- the steps ------------------------------------------------------------------------------------------------------------------


def gate_step(plan: Plan, ctx: Context, words: str) -> Step:
    def refuse() -> None:
        told, advice = _gates.blocking(plan.gates)
        if told:
            raise Blocked(f"gates blocked the deployment of {words} before anything was changed: {told}", advice)

    def apply() -> None:
        refuse()
        deploys = _may_deploy(ctx)
        plan.gates = [_gates.with_deploy(gate, deploys) for gate in plan.gates]
        refuse()
        ctx.say(_gates.summary(plan.gates))

    return Step("check the gates", apply, estimate=5.0, passive=True, phase="gates")


def _may_deploy(ctx: Context) -> bool | None:
    """Whether the token may deploy, asked with an empty request, which Coolify refuses before it does anything; None when that told nothing."""
    try:
        return may(lambda: ctx.client.post("/deploy"))
    except CoolifyError:
        # If that lasts, the deployment will say so better
        return None


def _point_step(deploy: Deploy) -> Step:
    """First in the plan, so that its undo comes last: what was running before runs again when the configuration is back."""

    def apply() -> None:
        urls = _urls(deploy, deploy.live.answer or {})
        if urls and deploy.before_status.startswith("running"):
            deploy.answered_before = {reply.url: reply.status for reply in _ask(deploy, urls) if reply.status and reply.status < 500}

    built = deploy.history.built
    was = (_deployment.source(built[0]) or str(built[0].get("commit") or "")) if built else ""
    return Step(
        "take the rollback point",
        apply,
        estimate=2.0,
        revert=lambda: _go_back(deploy),
        manual=f"have {deploy.live.words} run again as before{f' ({was})' if was else ''}: look at its log, then deploy it in Coolify",
        passive=True,
    )


def _previous(deploy: Deploy) -> list[Step]:
    """What happens to deployments that are queued or running."""
    steps = []
    for row in deploy.history.pending:
        uuid = row["deployment_uuid"]
        if deploy.options["cancel_running"]:
            steps.append(Step(f"cancel the deployment {uuid}", lambda uuid=uuid: cancel(deploy.ctx, uuid), revert=lambda: Undone(False)))
        elif deploy.options["wait_for_previous"]:
            steps.append(
                Step(
                    f"wait for the deployment {uuid}",
                    lambda uuid=uuid: _wait_for(deploy, uuid),
                    estimate=deploy.expected,
                    passive=True,
                )
            )
    return steps


def _wait_for(deploy: Deploy, uuid: str) -> None:
    """The end of somebody else's deployment, whatever it is."""
    try:
        _follow(deploy, uuid)
    except CoolifyError as error:
        if (error.facts.get("details") or {}).get("deployment_status") in _deployment.TERMINAL:
            return
        raise


def cancel(ctx: Context, uuid: str) -> None:
    """Before 4.3.0 Coolify cancels and answers 500 (versions.md), and it may have ended by itself: what counts is its status."""
    where = path("deployments", uuid)
    try:
        ctx.client.post(f"{where}/cancel")
    except (ApiError, Unreachable, Unreadable):
        if ctx.client.get(where, has="status")["status"] in _deployment.PENDING:
            raise


def _trigger_step(deploy: Deploy) -> Step:
    live, options = deploy.live, deploy.options

    def apply() -> None:
        live.read()
        deploy.stored()
        if not live.created:
            # Since the plan was made another deployment may have ended, such as one that was waited for
            deploy.history, deploy.before_status = _deployment.history(deploy.ctx, live.uuid or ""), live.status
            deploy.earlier = deploy.history.known
        deploy.triggered, deploy.began = True, deploy.ctx.clock.now()
        deploy.uuid = _trigger(deploy)
        deploy.plan.details["deployment_uuid"] = deploy.uuid
        if not options["wait"]:
            deploy.plan.details["pending"] = f"GET /api/v1/deployments/{deploy.uuid}"

    what = f" at commit {deploy.commit}" if deploy.commit else ""
    preview = f" for pull request {options['pull_request_id']}" if options.get("pull_request_id") else ""
    return Step(f"trigger the deployment of {live.words}{what}{preview}", apply, estimate=2.0, revert=lambda: _cancel_own(deploy))


def _cancel_own(deploy: Deploy) -> Undone:
    """End the triggered deployment, so that it cannot overtake what is undone next; a preview's is its pull request's business."""
    if deploy.triggered and deploy.live.uuid and not deploy.options.get("pull_request_id"):
        for row in _deployment.history(deploy.ctx, deploy.live.uuid).pending:
            if deploy.uuid == row["deployment_uuid"] or (deploy.uuid is None and row["deployment_uuid"] not in deploy.earlier):
                cancel(deploy.ctx, row["deployment_uuid"])
    return Undone(False)


def _trigger(deploy: Deploy) -> str:
    """Ask for the deployment and return the uuid of the one that really exists."""
    live, options = deploy.live, deploy.options
    if deploy.commit and _can_roll_back(deploy):
        return _queue(deploy, f"{live.path}/rollback", {"commit": deploy.commit}, deploy.earlier)
    body: dict[str, t.Any] = {"uuid": live.uuid, "force": options["force"]}
    if options.get("pull_request_id"):
        body["pull_request_id"] = options["pull_request_id"]
        if options.get("docker_tag"):
            body["docker_tag"] = options["docker_tag"]
        entry = _post(deploy, "/deploy", body, deploy.earlier)
        if not entry.get("deployment_uuid"):
            raise InputError(
                f"pull_request_id: {entry.get('message')}", "Open the pull request, or give docker_tag for an image application."
            )
        return _deployment.real_uuid(deploy.ctx, live.uuid or "", entry["deployment_uuid"], options["pull_request_id"])
    return _queue_anew(deploy, body)


def _queue_anew(deploy: Deploy, body: dict[str, t.Any]) -> str:
    """Coolify takes a request for a duplicate while another deployment of the same commit, or any of an image, is on its way. One that began
    before the changes does not have them: its end is waited for."""
    uuid = _queue(deploy, "/deploy", body, deploy.earlier)
    begun = {row["deployment_uuid"] for row in deploy.history.pending if row["status"] == "in_progress"}
    if uuid not in begun:
        return uuid
    words = f"deployment {uuid} of {deploy.live.words} was on its way already and does not have these changes"
    if not deploy.options["wait"]:
        deploy.plan.details["redeploy_required"] = True
        deploy.ctx.warn(f"{words}; deploy it again")
        return uuid
    deploy.ctx.say(f"{words}; waiting for its end")
    with after_acting():
        _wait_for(deploy, uuid)
    deploy.history = _deployment.history(deploy.ctx, deploy.live.uuid or "")
    deploy.earlier = deploy.history.known
    return _queue(deploy, "/deploy", body, deploy.earlier)


def _queue(deploy: Deploy, where: str, body: dict[str, t.Any] | None, earlier: t.Collection[str]) -> str:
    """Ask for a deployment of the application itself; the uuid of the one that really exists."""
    entry = _post(deploy, where, body, earlier)
    with after_acting():
        return _deployment.real_uuid(deploy.ctx, deploy.live.uuid or "", entry.get("deployment_uuid"))


def _post(deploy: Deploy, where: str, body: dict[str, t.Any] | None, earlier: t.Collection[str]) -> dict[str, t.Any]:
    """A request that deploys, never repeated: after a lost answer the history tells whether it was taken. Returns Coolify's entry."""
    deploy.last_online_at = (deploy.live.answer or {}).get("last_online_at")
    try:
        return _entry(deploy.ctx.client.post(where, body))
    except (Unreachable, Unreadable) as lost:
        if not lost.sent:
            raise
        with after_acting():
            rows = _deployment.history(deploy.ctx, deploy.live.uuid or "").of((body or {}).get("pull_request_id"))
            new = [row["deployment_uuid"] for row in rows if row["deployment_uuid"] not in earlier]
            if new:
                return {"deployment_uuid": new[0]}
            if lost.late:
                raise OutcomeUnknown(f"{lost}; a deployment may still begin", "Look at the application in Coolify.") from lost
        # It cannot have been taken: every deployment that Coolify accepts is in its history at once
        return _entry(deploy.ctx.client.post(where, body))


def _entry(answer: dict[str, t.Any]) -> dict[str, t.Any]:
    """/deploy answers a list with one entry, a rollback answers the entry itself."""
    return (answer["deployments"] or [{}])[0] if "deployments" in answer else answer


def _follow(deploy: Deploy, uuid: str) -> dict[str, t.Any]:
    """The deployment when it is finished; what else became of it is an error."""
    deployment = _deployment.follow(deploy.ctx, uuid, deploy.live.words, deploy.options["wait_timeout"], deploy.history.expected)
    deploy.finished_at = deployment.get("finished_at")
    return deployment


def _follow_step(deploy: Deploy) -> Step:
    def apply() -> None:
        deployment = _follow(deploy, deploy.uuid or "")
        deploy.plan.details.update(commit=deployment.get("commit"), branch=(deploy.live.answer or {}).get("git_branch"))

    return Step("wait for the deployment", apply, estimate=deploy.expected, passive=True)


def bring_up(deploy: Deploy, verb: str, *, alone: bool) -> None:
    """Start or restart, for which Coolify queues a deployment. ``alone``: nothing was changed before it, so that one on its way will do."""
    live, ctx = deploy.live, deploy.ctx
    deadline = ctx.clock.now() + deploy.options["wait_timeout"]
    if not live.created:
        deploy.history = _deployment.history(ctx, live.uuid or "")
        deploy.last_online_at = (live.answer or {}).get("last_online_at")
    earlier = deploy.history.pending[0]["deployment_uuid"] if deploy.history.pending else None
    join = bool(earlier) and alone and verb == "start"
    uuid = earlier if join and earlier else _queue(deploy, f"{live.path}/{verb}", None, deploy.history.known)
    deploy.plan.details["deployment_uuid"] = uuid
    with after_acting():
        if uuid == earlier and not alone:
            deploy.plan.details["redeploy_required"] = True
            ctx.warn(f"{live.words} was being deployed already; that deployment may not have all of these changes, deploy it again")
        if not ctx.flag("wait"):
            deploy.plan.details["pending"] = f"GET /api/v1/deployments/{uuid}"
            return
        deployment = _follow(deploy, uuid)
        deploy.plan.details.update(commit=deployment.get("commit"), branch=(live.answer or {}).get("git_branch"))
        # A container that is only just up still counts when the deployment took all the time
        left = max(deadline - ctx.clock.now(), LEAST_STATUS_WAIT)
        wait_for_status(
            live,
            "running",
            lambda status: status.startswith("running") and not status.startswith("running:unhealthy") and _reported_since(deploy),
            left,
        )


# --- verifying ------------------------------------------------------------------------------------------------------------------


def _verify_step(deploy: Deploy, wanted: t.Mapping[str, t.Any]) -> Step:
    def apply() -> None:
        options, live = deploy.options, deploy.live
        if options.get("pull_request_id"):
            # Coolify's API shows neither the status nor the domain of a preview
            deploy.ctx.say(f"the preview of pull request {options['pull_request_id']} is deployed; its status cannot be read")
            return
        try:
            _wait_until_serving(deploy, options["wait_timeout"])
            _check_identity(deploy, wanted)
            urls = _urls(deploy, live.answer)
            if urls:
                _wait_until_answering(deploy, urls)
                _measure(deploy, urls)
            _check_log(deploy)
        except CoolifyError as error:
            # Before it is taken back, which takes the log along
            error.log = error.log or _last_lines(deploy)
            if not error.log and isinstance(error, TimedOut):
                error.troubleshooting = (
                    f"coolify_diagnose with target {live.name!r} looks at the container and its log on the server. {error.troubleshooting}"
                )
            raise
        deploy.plan.metrics["deploy_time_seconds"] = round(deploy.ctx.clock.now() - deploy.began, 1)

    known = domains_of(deploy.live.answer or {}) if deploy.history.built else []
    first = any(url.startswith("https://") and url not in known for url in _wanted_domains(wanted, deploy.live.answer or {}))
    # With a history the time until it was healthy is in that of the deployment
    estimate = (
        VERIFY + (LEAST_STATUS_WAIT if deploy.history.expected else HEALTH) + CERTIFICATE * (first and deploy.options["verify_domains"])
    )
    return Step("verify what runs", apply, estimate=estimate, passive=True)


def _wait_until_serving(deploy: Deploy, limit: float) -> None:
    """Wait for a status that was reported after the deployment: right after it the old one is still told (applications.md 7)."""
    live = deploy.live
    wanted = "running:healthy" if live.read().get("health_check_enabled") else "running and not unhealthy"
    wait_for_status(live, wanted, lambda status: serves(live.answer, status) and _reported_since(deploy), limit)


def _reported_since(deploy: Deploy) -> bool:
    """Coolify looks at the containers after every deployment and notes when it did; two reports of one second are told apart as well."""
    told = (deploy.live.answer or {}).get("last_online_at")
    seen, end = moment(told), moment(deploy.finished_at)
    return seen is not None and told != deploy.last_online_at and (end is None or seen >= end)


def _check_identity(deploy: Deploy, wanted: t.Mapping[str, t.Any]) -> None:
    """The running deployment is ours, of the wanted commit or image; no other one came in between."""
    live = deploy.live
    last = _deployment.history(deploy.ctx, live.uuid or "").finished
    if not last or last[0]["deployment_uuid"] != deploy.uuid:
        other = last[0]["deployment_uuid"] if last else "none"
        raise NotVerified(f"{live.words} runs deployment {other}, wanted {deploy.uuid}: another one came in between")
    pinned = deploy.commit or (live.answer.get("git_commit_sha") or "HEAD")
    commit = str(last[0].get("commit") or "")
    if pinned != "HEAD" and commit != "HEAD" and not commit.startswith(pinned):
        raise NotVerified(f"{live.words} runs commit {commit}, wanted {pinned}")
    tag, has = wanted.get("docker_registry_image_tag"), live.answer.get("docker_registry_image_tag")
    if tag and tag != has:
        raise NotVerified(f"{live.words} is configured for the tag {has}, wanted {tag}")
    image, runs = _deployment.image(live.answer.get("docker_registry_image_name"), has), _deployment.source(last[0])
    if live.answer.get("build_pack") == "dockerimage" and runs and image not in ("", runs):
        raise NotVerified(f"{live.words} runs {runs}, wanted {image}")


def _wanted_domains(wanted: t.Mapping[str, t.Any], answer: t.Mapping[str, t.Any]) -> list[str]:
    """Those of the application once it is as declared."""
    after = dict(answer)
    if "domains" in wanted:
        after["fqdn"] = ",".join(wanted["domains"] or ())
    if wanted.get("docker_compose_domains"):
        after["docker_compose_domains"] = {item["name"]: item for item in wanted["docker_compose_domains"]}
    return domains_of(after)


def _public(options: t.Mapping[str, t.Any], domains: t.Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(probes.public(url, options.get("proxy_ports")) for url in domains))


def _urls(deploy: Deploy, answer: t.Mapping[str, t.Any]) -> list[str]:
    """Where to ask: every domain, with verify_path or the path of the domain itself."""
    if not deploy.options["verify_domains"]:
        return []
    where = deploy.options.get("verify_path")
    return [f"{base.rstrip('/')}/{where.lstrip('/')}" if where else base for base in _public(deploy.options, domains_of(answer))]


def _plain(deploy: Deploy) -> Plain:
    return Plain(validate_certs=deploy.options["verify_validate_certs"], ca_path=deploy.options.get("ca_path"), auth=_login(deploy))


def _login(deploy: Deploy) -> tuple[str, str] | None:
    """User and password that Coolify's proxy asks visitors for, where they are known."""
    answer = deploy.live.answer or {}
    user, password = (answer.get(name) or deploy.options.get(name) for name in ("http_basic_auth_username", "http_basic_auth_password"))
    return (str(user), str(password)) if answer.get("is_http_basic_auth_enabled") and user and password else None


def _ask(deploy: Deploy, urls: t.Sequence[str]) -> list[probes.Reply]:
    return probes.each(lambda url: probes.request(_plain(deploy), url), urls)


def _complaint(deploy: Deploy, reply: probes.Reply) -> str:
    """What is wrong with an answer; an empty text when it is as expected."""
    options = deploy.options
    if reply.status is None:
        return f"{reply.url} does not answer: {reply.error}"
    expected = options.get("verify_status")
    if reply.status == 401 and not expected and (deploy.live.answer or {}).get("is_http_basic_auth_enabled") and not _login(deploy):
        # The password cannot be read; what asks for it is the proxy, which is there
        return ""
    if reply.status not in expected if expected else not 200 <= reply.status < 400:
        return f"{reply.url} answers {reply.status}"
    if options.get("verify_text") and options["verify_text"] not in reply.text:
        return f"{reply.url} answers without the text {options['verify_text']!r}"
    return ""


def _complaints(deploy: Deploy, replies: t.Iterable[probes.Reply]) -> list[str]:
    return [text for text in (_complaint(deploy, reply) for reply in replies) if text]


def _wait_until_answering(deploy: Deploy, urls: list[str]) -> None:
    """Poll every domain until it answers as expected, at most verify_timeout seconds."""
    said = ""

    def look() -> list[str]:
        nonlocal said
        complaints = _complaints(deploy, _ask(deploy, urls))
        told = "; ".join(complaints) or f"{', '.join(urls)} answers as expected"
        if told != said:
            said = told
            deploy.ctx.say(told)
        return complaints

    done, complaints = until(look, lambda found: not found, deploy.options["verify_timeout"], deploy.ctx.clock)
    if not done:
        text = f"{deploy.live.words}: {'; '.join(complaints)} after {deploy.options['verify_timeout']} s"
        raise NotVerified(text, "Run coolify_diagnose on it, or look at the application's log and at the proxy in Coolify.")


def _measure(deploy: Deploy, urls: list[str]) -> None:
    """Response times and error rate of a handful of requests, and their limits."""
    samples = _ask(deploy, [url for url in urls for _number in range(SAMPLES)])
    times = sorted(reply.seconds * 1000 for reply in samples if reply.status is not None)
    bad = _complaints(deploy, samples)
    rate = 100.0 * len(bad) / len(samples)
    figures: dict[str, float] = {f"response_time_p{share}": percentile(times, share) for share in (50, 95, 99)} if times else {}
    deploy.plan.metrics.update(figures, error_rate_percent=round(rate, 2))
    limit, slowest = deploy.options.get("max_response_time_p95"), figures.get("response_time_p95")
    if limit is not None and slowest is not None and slowest > limit:
        raise NotVerified(
            f"{deploy.live.words} is too slow: 95 % of {len(times)} requests took up to {slowest:.0f} ms, the limit is {limit:g} ms"
        )
    allowed = deploy.options.get("max_error_rate")
    if rate > (0.0 if allowed is None else allowed):
        raise NotVerified(f"{deploy.live.words} fails too often: {len(bad)} of {len(samples)} requests, such as {bad[0]}")


def percentile(values: t.Sequence[float], share: float) -> float:
    """The nearest-rank percentile of sorted values, in the unit of the values."""
    rank = max(1, -(-len(values) * share // 100))
    return round(values[int(rank) - 1], 1)


def _last_lines(deploy: Deploy) -> list[str]:
    """Of the application's log, which Coolify shows while its container runs."""
    client, live = deploy.ctx.client, deploy.live
    with suppress(CoolifyError):
        log = client.get(f"{live.path}/logs", lines=LOG_LINES).get("logs")
        deploy.ctx.secrets |= env.secret_values(env.read(client, env.Target.application(live.uuid or "", live.name)))
        return masking.lines(str(log or ""), _deployment.LOG_SAMPLE)
    return []


def _check_log(deploy: Deploy) -> None:
    patterns = deploy.options.get("fail_on_log")
    if not patterns:
        return
    log = str(deploy.ctx.client.get(f"{deploy.live.path}/logs", lines=LOG_LINES).get("logs") or "")
    for pattern in patterns:
        found = [line for line in log.splitlines() if re.search(pattern, line)]
        if found:
            error = NotVerified(f"{deploy.live.words}: its log matches {pattern!r}", "Read the application's log; mend what it says.")
            error.stage, error.log = "application_startup", [without_password(line)[:300] for line in found[-5:]]
            raise error


# --- going back -----------------------------------------------------------------------------------------------------------------


def _can_roll_back(deploy: Deploy) -> bool:
    answer = deploy.live.answer or {}
    return (
        answer.get("build_pack") in TRUSTED_ROLLBACK
        and not answer.get("dockerfile")
        and version_tuple(deploy.ctx.client.version) >= (4, 3, 0)
    )


def _go_back(deploy: Deploy) -> Undone:
    """Have what ran before run again; the configuration has already been restored. Says what does not work as before."""
    live, ctx = deploy.live, deploy.ctx
    if not deploy.triggered or live.uuid is None or live.created or deploy.options.get("pull_request_id"):
        # What this run created has been removed by the undo of its creation
        return Undone(False)
    live.read()
    finished = _deployment.history(ctx, live.uuid).finished
    # Whoever triggered it, a deployment since then was of what has just been taken back
    newer = bool(finished) and finished[0]["deployment_uuid"] not in deploy.earlier
    if deploy.before_status.split(":")[0] in ("exited", ""):
        if live.state not in ("exited", ""):
            halt(live, deploy.options["wait_timeout"])
        return Undone(True, what=f"the deployment of {live.words}")
    if not newer and serves(live.answer, live.status) and _still_answers(deploy):
        ctx.say(f"{live.words}: the old container still serves ({live.status}), nothing to deploy again")
        return Undone(True, what=f"the deployment of {live.words}")
    _deploy_previous(deploy)
    if serves(live.answer, deploy.before_status):
        _wait_until_serving(deploy, deploy.options["wait_timeout"])
    return Undone(True, _not_answering(deploy), f"the deployment of {live.words}")


def _still_answers(deploy: Deploy) -> bool:
    """The status may be older than the failure: what answered before has to answer, or Coolify must not have stopped the old container."""
    return not _not_answering(deploy) if deploy.answered_before else not roll_reasons(deploy.live.answer or {})


def _deploy_previous(deploy: Deploy) -> None:
    """Deploy the commit that was running, or the restored image; the result has to finish."""
    live, ctx = deploy.live, deploy.ctx
    commit = (deploy.history.finished[0].get("commit") if deploy.history.finished else None) or "HEAD"
    image = (live.answer or {}).get("build_pack") == "dockerimage" or (live.answer or {}).get("dockerfile")
    earlier = _deployment.history(ctx, live.uuid or "").known
    pinned = (live.answer or {}).get("git_commit_sha") or "HEAD"
    ctx.say(f"going back: deploying {live.words} {'as it was' if image or commit == 'HEAD' else f'at commit {commit}'}")
    if not image and commit not in ("HEAD", pinned) and _can_roll_back(deploy):
        uuid = _queue(deploy, f"{live.path}/rollback", {"commit": commit}, earlier)
    elif not image and commit not in ("HEAD", pinned):
        # Without a rollback API the commit has to be pinned for the moment of the deployment
        ctx.client.patch(live.path, {"git_commit_sha": commit})
        try:
            uuid = _deploy_as_configured(deploy, earlier)
        finally:
            ctx.client.patch(live.path, {"git_commit_sha": pinned})
    else:
        uuid = _deploy_as_configured(deploy, earlier)
    _follow(deploy, uuid)
    live.read()
    deploy.plan.details["rollback_deployment_uuid"] = uuid


def _deploy_as_configured(deploy: Deploy, earlier: t.Collection[str]) -> str:
    # force: the same commit may be queued already in Coolify's eyes
    return _queue(deploy, "/deploy", {"uuid": deploy.live.uuid, "force": True}, earlier)


def _not_answering(deploy: Deploy) -> tuple[str, ...]:
    """The domains that do not answer what they answered before; a proxy needs a moment to notice. What the new version should answer does
    not count for the old one."""
    before = deploy.answered_before
    if not before:
        return ()

    def look() -> list[str]:
        replies = _ask(deploy, list(before))
        return [
            f"{reply.url} {f'answers {reply.status}' if reply.status else f'does not answer: {reply.error}'}, before it answered {before[reply.url]}"
            for reply in replies
            if reply.status != before[reply.url]
        ]

    _done, complaints = until(look, lambda found: not found, min(60, deploy.options["verify_timeout"]), deploy.ctx.clock)
    return tuple(complaints)
