# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deployments: the queue and its rules, following and cancelling, start, stop and restart (applications.md 7)."""

from __future__ import annotations

import json
import re
import typing as t

from . import views
from .applications import nested_application
from .copies import open_preview
from .core import RAW_TIME, Coolify, Crash, Refused, Row, invalid, refuse
from .databases import KINDS
from .databases import start as start_database
from .extras import tagged
from .http import Call, action, integer, route
from .php import boolean, public_id
from .validation import REQUIRED, validate

PENDING = ("queued", "in_progress")
QUEUE_FULL = "Deployment queue is full. Please wait for existing deployments to complete."
SKIPPED = "Deployment already queued for this commit."
COMMIT = r"^[A-Za-z0-9][A-Za-z0-9._/-]*$"


def queue(
    coolify: Coolify,
    app: Row,
    *,
    force: bool = False,
    restart: bool = False,
    at_once: bool = False,
    rollback: bool = False,
    commit: str | None = None,
    pull_request: int = 0,
    tag: str | None = None,
) -> tuple[str, str]:
    """("queued" | "skipped" | "full", uuid). The uuid is stored only for a queued one, as in Coolify."""
    server, uuid = coolify.server(app), public_id()
    commit = commit or app["git_commit_sha"] or "HEAD"
    waiting = coolify.rows("deployments", server_id=server["id"], status="queued")
    if len(waiting) >= server["settings"].get("deployment_queue_limit", 25):
        return "full", uuid
    same = [
        row
        for row in coolify.rows(
            "deployments", application_id=app["id"], commit=commit, pull_request_id=pull_request, docker_registry_image_tag=tag
        )
        if row["status"] in PENDING
    ]
    if same and not (force or rollback or at_once):
        return "skipped", uuid
    project, environment = coolify.project(app), coolify.environment(app)
    row = coolify.insert(
        "deployments",
        application_id=app["id"],
        application_name=app["name"],
        build_server_id=None,
        commit=commit,
        commit_message=None,
        configuration_hash="",
        current_process_id=None,
        deployment_url=f"/project/{project['uuid']}/environment/{environment['uuid']}/application/{app['uuid']}/deployment/{uuid}",
        deployment_uuid=uuid,
        destination_id=app["destination_id"],
        docker_registry_image_tag=tag,
        finished_at=None,
        force_rebuild=force,
        git_type=None,
        horizon_job_id=None,
        horizon_job_worker=None,
        is_api=True,
        is_webhook=False,
        logs=None,
        only_this_server=False,
        pull_request_id=pull_request,
        restart_only=restart,
        rollback=rollback,
        server_id=server["id"],
        server_name=server["name"],
        status="queued",
    )
    if at_once or _startable(coolify, row):
        _begin(coolify, row)
    return "queued", uuid


def _startable(coolify: Coolify, row: Row) -> bool:
    running = coolify.rows("deployments", status="in_progress")
    own = [
        other for other in running if (other["application_id"], other["pull_request_id"]) == (row["application_id"], row["pull_request_id"])
    ]
    here = [other for other in running if other["server_id"] == row["server_id"]]
    limit = coolify.table("servers")[row["server_id"]]["settings"].get("concurrent_builds", 2)
    return not own and len(here) < limit


def _log(coolify: Coolify, row: Row, *lines: str, kind: str = "stdout") -> None:
    entries = json.loads(row["logs"] or "[]")
    for line in lines:
        order = {"order": len(entries) + 1} if entries else {}
        entries.append({"command": None, "output": line, "type": kind, "timestamp": coolify.now(), "hidden": False, "batch": 1, **order})
    row["logs"] = json.dumps(entries)


def outcome_of(coolify: Coolify, app: Row, row: Row) -> Row:
    """What is going to become of a deployment, by the application's name and by what it deploys."""
    outcomes = coolify.switches.outcomes
    what = row["docker_registry_image_tag"] or app["docker_registry_image_tag"] if app["build_pack"] == "dockerimage" else row["commit"]
    return outcomes.get(f"{app['name']}@{what}") or outcomes.get(app["name"], {})


def _begin(coolify: Coolify, row: Row) -> None:
    coolify.update(row, status="in_progress")
    app = coolify.table("applications")[row["application_id"]]
    if row["commit"] == "HEAD" and app["git_repository"] != "coollabsio/coolify":
        # A git deployment replaces HEAD by what it resolved it to
        row["commit"] = coolify.switches.head
    # What is configured now is what is going to run
    row["_image"] = (
        f"{app['docker_registry_image_name']}:{row['docker_registry_image_tag'] or app['docker_registry_image_tag'] or 'latest'}"
    )
    row["_outcome"] = outcome_of(coolify, app, row)
    # ApplicationDeploymentJob: an image has its tag here, what is built from Git its branch
    what = row["_image"] if app["build_pack"] == "dockerimage" else f"{app['git_repository']}:{app['git_branch']}"
    _log(coolify, row, f"Starting deployment of {what} to {row['server_name']}.")
    coolify.later(row["_outcome"].get("seconds", coolify.switches.deploy_seconds), lambda: _end(coolify, row))


def _end(coolify: Coolify, row: Row) -> None:
    if row["status"] != "in_progress":
        return
    app = coolify.table("applications").get(row["application_id"])
    outcome = row["_outcome"]
    _log(coolify, row, *outcome.get("log", ("Rolling update completed.",)))
    coolify.update(row, status=outcome.get("deployment", "finished"), finished_at=coolify.now())
    if app and row["status"] == "finished" and not row["pull_request_id"]:
        _stored_labels(app)
        app.update(last_online_at=views.last_online_at(coolify, app), _unseen=True)
        app["_deployed"] = row["deployment_uuid"]
        app["_running"] = row["_image"] if app["build_pack"] == "dockerimage" else row["commit"]
        status = outcome.get("status", "running:healthy")
        coolify.later(coolify.switches.status_seconds, lambda: _container_seen(coolify, app, row, status))
    _promote(coolify)


def _stored_labels(app: Row) -> None:
    """A deployment stores labels as base64."""
    from .php import decode_base64, encode_base64

    text = app["custom_labels"] or ""
    if text and decode_base64(text) is None:
        app["custom_labels"] = encode_base64("\n".join(line for line in text.split("\n") if not line.startswith("coolify.")))


def _container_seen(coolify: Coolify, app: Row, row: Row, status: str) -> None:
    stopped_later = app.get("_stopped_by", 0) >= row["id"] and coolify.has("4.3.0")
    app["_unseen"] = app.get("_deployed") != row["deployment_uuid"]
    if app.get("_deployed") == row["deployment_uuid"] and not stopped_later:
        coolify.update(app, status=status, last_online_at=coolify.now(RAW_TIME))


def _promote(coolify: Coolify) -> None:
    for row in coolify.rows("deployments", status="queued"):
        if _startable(coolify, row):
            _begin(coolify, row)


# --- triggering --------------------------------------------------------------------------------------------------------------


def _triggered(message: str, outcome: tuple[str, str]) -> t.Any:
    """start and restart: a full queue looks like success, with a uuid that does not exist."""
    status, uuid = outcome
    return {"message": SKIPPED} if status == "skipped" else {"message": message, "deployment_uuid": uuid}


@action("/applications/<uuid>/start")
def start(call: Call) -> t.Any:
    app = call.find("applications", "Application")
    outcome = queue(call.coolify, app, force=boolean(call.input.get("force")), at_once=boolean(call.input.get("instant_deploy")))
    return _triggered("Deployment request queued.", outcome)


@action("/applications/<uuid>/restart")
def restart(call: Call) -> t.Any:
    return _triggered("Restart request queued.", queue(call.coolify, call.find("applications", "Application"), restart=True))


@action("/applications/<uuid>/stop")
def stop(call: Call) -> t.Any:
    app, coolify = call.find("applications", "Application"), call.coolify
    numbers = [row["id"] for row in coolify.rows("deployments", application_id=app["id"])]
    app["_stopped_by"] = max(numbers, default=0)
    busy = any(row["status"] == "in_progress" for row in coolify.rows("deployments", application_id=app["id"]))
    if coolify.has("4.3.0"):
        coolify.later(coolify.switches.status_seconds, lambda: coolify.update(app, status="exited:unhealthy"))
    elif not busy:
        # A running deployment goes on there and brings the container back
        coolify.later(coolify.switches.check_seconds, lambda: coolify.update(app, status="exited:unhealthy"))
    return {"message": "Application stopping request queued."}


@action("/deploy")
def deploy(call: Call) -> t.Any:
    data = call.input
    uuids, tags = data.get("uuid"), data.get("tag")
    pull_request = max(integer(data.get("pull_request_id", data.get("pr"))), 0)
    tag = data.get("docker_tag")
    if uuids and tags:
        refuse(400, "You can only use uuid or tag, not both.")
    if tags and pull_request:
        refuse(400, "You can only use tag or pr, not both.")
    if tag and not pull_request:
        refuse(400, "docker_tag requires pull_request_id.")
    if tags and not isinstance(tags, str):
        raise Crash
    if tags:
        return _deploy_tags(call, tags)
    if not uuids:
        refuse(400, "You must provide uuid or tag.")
    if not isinstance(uuids, str):
        raise Crash
    deployments = [item for uuid in uuids.split(",") if uuid for item in _deploy_one(call, uuid, pull_request, tag)]
    return {"deployments": deployments} if deployments else refuse(404, "No resources found.")


def _deploy_tags(call: Call, tags: str) -> Row:
    """Applications only; the answer has another shape than that of uuids."""
    names = [name for name in tags.split(",") if name] or refuse(400, "No TAGs provided.")
    messages: list[str] = []
    details: list[Row] = []
    for name in names:
        apps = tagged(call.coolify, name, call.team)
        if apps == []:
            messages.append(f"No resources found for tag {name}.")
        for app in apps or ():
            (item,) = _deploy_one(call, app["uuid"], 0, None)
            messages.append(item.pop("message"))
            details.append(item)
    if not messages:
        refuse(404, "No resources found with this tag.")
    return {"message": messages, **({"details": details} if details else {})}


def _deploy_one(call: Call, uuid: str, pull_request: int, tag: str | None) -> list[Row]:
    coolify = call.coolify
    for kind in KINDS:
        found = next(iter(coolify.owned(kind, call.team, uuid=uuid)), None)
        if found:
            if pull_request:
                raise Crash
            start_database(coolify, found)
            return [{"message": f"Database {found['name']} started.", "resource_uuid": uuid}]
    app = next(iter(coolify.owned("applications", call.team, uuid=uuid)), None)
    if app is None:
        return []
    if pull_request and not (app["build_pack"] == "dockerimage" and tag):
        return [{"message": f"Pull request {pull_request} not found for this resource.", "resource_uuid": uuid}]
    if pull_request:
        open_preview(coolify, app, pull_request, tag)
    status, deployment = queue(coolify, app, force=boolean(call.input.get("force")), pull_request=pull_request, tag=tag)
    if status == "full":
        raise Refused(429, {"message": QUEUE_FULL}, {"Retry-After": "60"})
    message = SKIPPED if status == "skipped" else f"Application {app['name']} deployment queued."
    return [{"message": message, "resource_uuid": uuid, "deployment_uuid": deployment}]


@route("GET", "/applications/<uuid>/rollback-images", since="4.3.0")
def rollback_images(call: Call) -> t.Any:
    call.find("applications", "Application")
    return {"current": None, "images": []}


@route("POST", "/applications/<uuid>/rollback", "deploy", since="4.3.0", json=True)
def rollback(call: Call) -> t.Any:
    app = call.find("applications", "Application")
    errors = validate(call.input, {"commit": ("required", "string")}, {"required": REQUIRED})
    errors.update({name: ["This field is not allowed."] for name in call.input if name != "commit"})
    if errors:
        invalid(errors)
    commit = call.input["commit"]
    if not re.fullmatch(COMMIT, commit):
        invalid({"commit": [f"Invalid rollback commit: {commit}"]})
    status, uuid = queue(call.coolify, app, rollback=True, commit=commit)
    if status == "full":
        refuse(400, QUEUE_FULL)
    return {"message": "Rollback deployment queued.", "deployment_uuid": uuid}


# --- reading -----------------------------------------------------------------------------------------------------------------


def _plain(row: Row, logs: bool) -> Row:
    view = {key: value for key, value in row.items() if key not in ("uuid", "logs") and not key.startswith("_")}
    view.update(application_id=str(row["application_id"]), destination_id=str(row["destination_id"]))
    return {**view, "logs": row["logs"]} if logs else view


def _of_team(call: Call, row: Row | None) -> bool:
    app = call.coolify.table("applications").get(row["application_id"]) if row else None
    return app is not None and call.coolify.team_of(app) == call.team


@route("GET", "/deployments")
def list_deployments(call: Call) -> t.Any:
    rows = [row for row in call.coolify.rows("deployments") if row["status"] in PENDING and _of_team(call, row)]
    return [views.ordered(_plain(row, call.sensitive)) for row in rows]


@route("GET", "/deployments/<uuid>")
def read_deployment(call: Call) -> t.Any:
    row = call.coolify.one("deployments", deployment_uuid=call.params["uuid"])
    if not _of_team(call, row):
        refuse(404, "Deployment not found.")
    app = call.coolify.table("applications")[row["application_id"]]
    return views.ordered({**_plain(row, call.sensitive), "application": nested_application(call.coolify, app)})


@route("GET", "/deployments/applications/<uuid>")
def list_of_application(call: Call) -> t.Any:
    errors = {}
    for name, low in (("skip", 0), ("take", 1)):
        value = call.input.get(name)
        if value is not None and (not str(value).lstrip("-").isdigit() or int(value) < low):
            text = "must be an integer." if not str(value).lstrip("-").isdigit() else f"must be at least {low}."
            errors[name] = [f"The {name} field {text}"]
    if errors:
        first = next(iter(errors.values()))[0]
        more = f" (and {len(errors) - 1} more error)" if len(errors) > 1 else ""
        raise Refused(422, {"message": first + more, "errors": errors})
    if "skip" in call.input and call.input["skip"] is None:
        raise Crash
    app = call.find("applications", "Application", dot="")
    rows = sorted(call.coolify.rows("deployments", application_id=app["id"]), key=lambda row: -row["id"])
    skip, take = integer(call.input.get("skip", 0)), integer(call.input.get("take", 10))
    # Logs were not hidden here before 4.2.0
    logs = call.sensitive or not call.coolify.has("4.2.0")
    return {"count": len(rows), "deployments": [_plain(row, logs) for row in rows[skip : skip + take]]}


@route("POST", "/deployments/<uuid>/cancel", "deploy")
def cancel(call: Call) -> t.Any:
    row = call.coolify.one("deployments", deployment_uuid=call.params["uuid"])
    if row is None:
        refuse(404, "Deployment not found.")
    if call.coolify.table("servers")[row["server_id"]]["team_id"] != call.team:
        refuse(403, "You do not have permission to cancel this deployment.")
    if row["status"] not in PENDING:
        refuse(400, f"Deployment cannot be cancelled. Current status: {row['status']}")
    was_running = row["status"] == "in_progress"
    _log(call.coolify, row, "Deployment cancelled by user via API.", kind="stderr")
    call.coolify.update(row, status="cancelled-by-user", finished_at=call.coolify.now() if was_running else None)
    _promote(call.coolify)
    if was_running and not call.coolify.has("4.3.0"):
        refuse(500, "Failed to cancel deployment: Undefined variable $application")
    return {"message": "Deployment cancelled successfully.", "deployment_uuid": row["deployment_uuid"], "status": row["status"]}
